"""The roles a target may have, and the operations of each.

The operations are grouped by subject, one protocol per group; a role consists of groups. Groups that several roles
share exist once. A target may have several roles, and then has the operations of all of them.

To add an operation: a member of :class:`.operations.Operation`, its method in a protocol here, its shape in
``bindings/language/shapes.py``, and its method in a module of ``bindings/client/``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Protocol

from shenhe.rulebook import Obligor

from .apps import App, AppOrder, AppPage, AppSubmission, AppView, Listing
from .entities import (
    Account,
    Chat,
    ChatMessage,
    ChatRequest,
    ChatTurn,
    Consent,
    Content,
    Detection,
    Disclosure,
    EditRequest,
    GenerationRequest,
    Identity,
    Media,
    Origin,
    Publication,
    Record,
    Refutation,
    ReportRequest,
    SearchPage,
    Subject,
    Ticket,
    Verification,
    View,
)
from .operations import Operation, TargetRole
from .results import Result

OBLIGORS: Mapping[TargetRole, Obligor] = {
    TargetRole.PROVIDER: Obligor.PROVIDER,
    TargetRole.PLATFORM: Obligor.PLATFORM,
    TargetRole.STORE: Obligor.APP_STORE,
    TargetRole.SUPPORTER: Obligor.TECHNICAL_SUPPORTER,
}
"""The obligor of the rules for each role."""


class Members(Protocol):
    """People who use the target."""

    def register(self, profile: Mapping[str, str]) -> Result[Account]: ...
    def verify_identity(self, account: Account | None, identity: Identity) -> Result[Verification]: ...
    def delete_account(self, account: Account) -> Result[None]: ...

    def sign_in(self, account: Account) -> Result[Account]:
        """Another session of the account: the result holds the credentials of the new one."""
        ...

    def sign_out(self, account: Account) -> Result[None]:
        """End the session whose credentials the account holds."""
        ...


class Making(Protocol):
    """Content that is generated or edited, the consent that an edit needs, and where content is from."""

    def grant_consent(
        self, account: Account, subject: Subject, scope: str, statement: str, days: int | None = None
    ) -> Result[Consent]:
        """``days`` is passed only if consents expire; ``None`` is the provider's own limit, or none."""
        ...

    def revoke_consent(self, account: Account, consent: Consent) -> Result[None]: ...

    def generate(self, account: Account | None, request: GenerationRequest) -> Result[Content]: ...
    def edit(self, account: Account | None, request: EditRequest) -> Result[Content]: ...
    def detect(self, account: Account | None, media: Media) -> Result[Detection]: ...
    def verify_origin(self, account: Account | None, media: Media) -> Result[Origin]: ...


class Publishing(Protocol):
    """Content that users upload, publish, find and pass on."""

    def upload(self, account: Account | None, media: Media, declared: bool = False) -> Result[Content]: ...
    def fetch(self, account: Account | None, content: Content, rendition: str = "original") -> Result[Media]: ...
    def publish(self, account: Account | None, content: Content, title: str, way: str = "") -> Result[Publication]:
        """``way`` is one of ``capabilities.publish_ways``; ``""`` is the first of them, or the only way."""
        ...

    def unpublish(self, account: Account, publication: Publication) -> Result[None]: ...

    def share(self, account: Account, publication: Publication) -> Result[Publication]:
        """Pass on a publication in the account's own name."""
        ...

    def view(self, account: Account | None, publication: Publication, surface: str = "page") -> Result[View]: ...
    def search(self, account: Account | None, query: str) -> Result[SearchPage]: ...
    def refutations(self, publication: Publication) -> Result[tuple[Refutation, ...]]: ...


class Companionship(Protocol):
    """Conversations with a companion."""

    def chat(self, account: Account, request: ChatRequest) -> Result[ChatTurn]: ...
    def leave_chat(self, account: Account, chat: Chat) -> Result[None]: ...
    def chat_history(self, account: Account) -> Result[tuple[ChatMessage, ...]]: ...
    def delete_chat(self, account: Account, chat: Chat) -> Result[None]: ...


class Distribution(Protocol):
    """Apps that developers submit and a store lists."""

    def submit_app(self, account: Account, submission: AppSubmission) -> Result[App]:
        """Submit a new app, or an update of one. Accepted means submitted: whether it is listed shows elsewhere."""
        ...

    def app_status(self, account: Account, app: App, storefront: str = "") -> Result[Listing]: ...
    def app_messages(self, account: Account, app: App) -> Result[tuple[str, ...]]:
        """What the store wrote to the developer about an app."""
        ...

    def view_app(
        self, account: Account | None, app: App, surface: str = "page", storefront: str = ""
    ) -> Result[AppView]: ...
    def search_apps(self, account: Account | None, query: str, storefront: str = "") -> Result[AppPage]: ...

    def order_app(self, account: Account | None, order: AppOrder) -> Result[None]:
        """Give the store an order as an authority (``ready_made.accounts["authority"]``), in test environments."""
        ...

    def relist_app(self, account: Account, app: App, statement: str) -> Result[None]:
        """Ask, as the developer, for an app to be listed again after rectification."""
        ...


class Takedown(Protocol):
    """Reports of users, decisions and appeals. About an app, ``target`` and ``publication`` name the app."""

    def report(self, account: Account | None, request: ReportRequest) -> Result[Ticket]: ...
    def report_status(self, account: Account | None, ticket: Ticket) -> Result[Ticket]: ...

    def decide(self, account: Account | None, ticket: Ticket, upheld: bool, reasons: str) -> Result[Ticket]:
        """Decide a report or an appeal as a moderator (``ready_made.accounts["moderator"]``), in test environments."""
        ...

    def appeal(
        self, account: Account, publication: Publication, statement: str, evidence: Media | None = None
    ) -> Result[Ticket]: ...


class Openness(Protocol):
    """What the target publishes and records about its own conduct."""

    def disclosures(self, topic: str) -> Result[Disclosure]: ...
    def records(self, account: Account | None, kind: str) -> Result[tuple[Record, ...]]: ...


class TestEnvironment(Protocol):
    """What only a test environment offers."""

    def advance_clock(self, hours: float) -> Result[None]: ...
    def reset(self) -> Result[None]: ...


COMMON = (Members, Takedown, Openness, TestEnvironment)
"""The groups that every role has."""

GROUPS: Mapping[TargetRole, tuple[type, ...]] = {
    TargetRole.PROVIDER: (*COMMON, Making, Publishing, Companionship),
    TargetRole.PLATFORM: (*COMMON, Publishing),
    TargetRole.STORE: (*COMMON, Distribution),
    TargetRole.SUPPORTER: (*COMMON, Making, Publishing, Companionship),
}
"""The groups of operations that each role has."""


def operations_of(roles: Iterable[TargetRole | str]) -> frozenset[Operation]:
    """The operations of targets with these roles."""
    return _operations_of(frozenset(roles))


@cache  # every check asks for every report of a run
def _operations_of(roles: frozenset[TargetRole | str]) -> frozenset[Operation]:
    return frozenset(
        operation
        for role in roles
        for group in GROUPS[TargetRole(role)]
        for operation in Operation
        if operation.value in vars(group)
    )


def obligors_of(roles: Iterable[TargetRole | str]) -> frozenset[Obligor]:
    """The obligors of the rules that bind targets with these roles."""
    return frozenset(OBLIGORS[TargetRole(role)] for role in roles)
