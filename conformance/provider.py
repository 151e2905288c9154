"""What can be asked of any provider of synthetic media, and what it answers.

Every operation is optional: a provider is any object with some of the methods of :class:`Provider`. Results are data. A
provider that says no is an answer like any other (:class:`Refused`), and one that could not answer is one too
(:class:`Unavailable`); no operation raises for either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

from shenhe.rulebook import Service

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
    IdentityMethod,
    Marker,
    Media,
    Origin,
    Publication,
    Reading,
    Record,
    Refutation,
    ReportRequest,
    SearchPage,
    Subject,
    Ticket,
    Verification,
    View,
    as_marker,
)
from .exchange import Exchange

T = TypeVar("T")


class Operation(StrEnum):
    """Something that can be asked of a provider. The value is the name of the method of :class:`Provider` that asks
    it.
    """

    REGISTER = "register"
    VERIFY_IDENTITY = "verify_identity"
    DELETE_ACCOUNT = "delete_account"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    GRANT_CONSENT = "grant_consent"
    REVOKE_CONSENT = "revoke_consent"
    GENERATE = "generate"
    EDIT = "edit"
    FETCH = "fetch"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"
    SHARE = "share"
    VIEW = "view"
    UPLOAD = "upload"
    DETECT = "detect"
    SEARCH = "search"
    REPORT = "report"
    REPORT_STATUS = "report_status"
    DECIDE = "decide"
    APPEAL = "appeal"
    REFUTATIONS = "refutations"
    DISCLOSURES = "disclosures"
    RECORDS = "records"
    CHAT = "chat"
    LEAVE_CHAT = "leave_chat"
    CHAT_HISTORY = "chat_history"
    DELETE_CHAT = "delete_chat"
    VERIFY_ORIGIN = "verify_origin"
    ADVANCE_CLOCK = "advance_clock"
    RESET = "reset"


def where_to_bind(operation: Operation, channel: str) -> str:
    """The key of a binding under which a value is read from a response."""
    outside = channel in ("notice", "reason", "media")
    return f"operations.{operation.value}.{channel if outside else f'extract.{channel}'}"


@dataclass(frozen=True, slots=True)
class Accepted(Generic[T]):
    """The provider did as asked. ``value`` was extracted from the last of ``exchanges``; ``notice`` is what it told the
    user.
    """

    value: T
    exchanges: tuple[Exchange, ...] = ()
    notice: str = ""


#: Statuses that say that there is nothing at an address, or that it takes no such request.
NO_SUCH_THING = frozenset({404, 405, 410, 501})


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no. ``status`` is the HTTP status (or its nearest likeness), ``reason`` its own code or
    words. ``absent``: it said that there is no such thing, which the status need not tell.
    """

    status: int
    reason: str = ""
    exchanges: tuple[Exchange, ...] = ()
    notice: str = ""
    absent: bool = False

    @property
    def no_such_thing(self) -> bool:
        """Whether what was asked for does not exist, by the status or by what the response says."""
        return self.absent or self.status in NO_SUCH_THING


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No usable answer: timeout, reset, 429, 5xx, an oversized or unreadable body. Never counts for or against the
    provider's conduct.
    """

    reason: str
    exchanges: tuple[Exchange, ...] = ()
    status: int | None = None


Result: TypeAlias = Accepted[T] | Refused | Unavailable


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider declares it offers. What is not declared is not failed; what is declared and absent is.

    ``media`` gives the media types each service makes; ``surfaces`` the places a publication can be seen on;
    ``renditions`` the forms a piece of content can be fetched in (``original``, ``download``, ``export``, ``thumbnail``
    …); ``record_kinds`` the kinds of record that it lists (``None``: not declared); ``edit_scopes`` what can be edited
    of a person (``face``, ``voice``). ``markers`` names the phrases by which the provider's test environment knows test
    content that it must treat as ``unlawful`` or ``intimate``. ``identities`` is ``synthetic`` where invented persons
    may be registered, else ``supplied``. ``consents_expire`` says that a consent can be given for a number of days.
    ``text_labels`` is ``interface`` where the notice beside a text says what it is and the text itself does not, but
    for copies that are taken away. ``accounts_named`` are the operations whose requests name the account by its id,
    besides being signed by it. ``holders_named`` says that the name of whoever an identity is of is presented with it.
    ``dialogue`` says whether the text service is a dialogue (``None``: not declared). ``settling_seconds`` is how long
    a decision may take to show its effect on every surface. ``readings`` say what is read from the responses; an
    operation without an entry reads everything. ``traits`` are facts that decide which rules reach the provider, such
    as ``companion``. ``personas`` are the intimate roles in which it can be asked to speak (``partner``, ``kin``), and
    ``ages_named`` says that the birth date of whoever registers is sent.
    """

    operations: frozenset[Operation]
    services: tuple[Service, ...] = ()
    media: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    surfaces: tuple[str, ...] = ("page",)
    renditions: tuple[str, ...] = ("original",)
    edit_scopes: tuple[str, ...] = ()
    identity_methods: tuple[IdentityMethod, ...] = ()
    report_kinds: tuple[str, ...] = ("illegal",)
    disclosure_topics: tuple[str, ...] = ()
    record_kinds: tuple[str, ...] | None = None
    markers: Mapping[str, str | Marker] = field(default_factory=dict)
    markets: tuple[str, ...] = ("cn",)
    roles: tuple[str, ...] = ("provider",)
    identities: Literal["synthetic", "supplied"] = "supplied"
    consents_expire: bool = False
    text_labels: Literal["content", "interface"] = "content"
    accounts_named: frozenset[Operation] = frozenset()
    holders_named: bool = False
    dialogue: bool | None = None
    settling_seconds: float = 5.0
    readings: Mapping[Operation, tuple[Reading, ...]] = field(default_factory=dict)

    def reads(self, operation: Operation, channel: str, **facets: object) -> bool:
        """Whether a response of this operation is looked through for ``channel``: what is not read is never missing.

        A facet that is not named may be of any value.
        """
        if operation not in self.readings:
            return True
        serving = [
            reading
            for reading in self.readings[operation]
            if all(facets[name] in wanted for name, wanted in reading.when.items() if name in facets)
        ]
        certain = set(facets) >= {name for reading in serving[:1] for name in reading.when}
        return any(channel in reading.channels for reading in (serving[:1] if certain else serving))

    @property
    def file_surfaces(self) -> list[str]:
        """The surfaces that give a published file as it is, a download first. A thumbnail is another file."""
        if not {Operation.PUBLISH, Operation.VIEW} <= self.operations:
            return []
        surfaces = [each for each in self.surfaces if each != "thumbnail"]
        surfaces.sort(key=lambda name: name != "download")
        return [each for each in surfaces if self.reads(Operation.VIEW, "media", surface=each)]

    def marker(self, name: str, service: Service | None = None) -> Marker | None:
        """The marker of that name, where the binding declares one; ``service`` may have one of its own."""
        own = self.markers_of.get(service, {}) if service is not None else {}
        marker = own.get(name) or self.markers.get(name)
        return None if not marker else as_marker(marker)

    traits: Mapping[str, bool] = field(default_factory=dict)
    #: The choices that requests for a service have, by name; the first value is the default.
    options: Mapping[Service, Mapping[str, tuple[bool | int | float | str, ...]]] = field(default_factory=dict)
    #: The text fields that requests for a service have besides the prompt.
    inputs: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    #: The media types that can be uploaded; empty if the binding does not say.
    uploads: tuple[str, ...] = ()
    #: The named ways of publishing (``feed``, ``story`` …); empty if there is only one.
    publish_ways: tuple[str, ...] = ()
    #: Surfaces, renditions, report kinds and markers of a service where they differ from those of the whole provider.
    surfaces_of: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    renditions_of: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    report_kinds_of: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    markers_of: Mapping[Service, Mapping[str, str | Marker]] = field(default_factory=dict)
    personas: tuple[str, ...] = ()
    ages_named: bool = False


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """Accounts, identities and consents that a binding supplies by role (``verified_adult``, ``unverified``, ``minor``,
    ``subject``, ``reporter``), for gateways that refuse invented people. ``profiles`` are what the holders of the
    accounts told the provider.
    """

    accounts: Mapping[str, Account] = field(default_factory=dict)
    identities: Mapping[str, Identity] = field(default_factory=dict)
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    consents: Mapping[str, Consent] = field(default_factory=dict)
    profiles: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    #: All accounts of a role that has several; ``accounts`` holds the first.
    further_accounts: Mapping[str, tuple[Account, ...]] = field(default_factory=dict)


class Provider(Protocol):
    """The operations. Implement any subset and say which in ``capabilities.operations``.

    An ``account`` of ``None`` means that nobody is signed in.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def ready_made(self) -> ReadyMade: ...

    def register(self, profile: Mapping[str, str]) -> Result[Account]: ...
    def verify_identity(self, account: Account | None, identity: Identity) -> Result[Verification]: ...
    def delete_account(self, account: Account) -> Result[None]: ...

    def sign_in(self, account: Account) -> Result[Account]:
        """Another session of the account: the result holds the credentials of the new one."""
        ...

    def sign_out(self, account: Account) -> Result[None]:
        """End the session whose credentials the account holds."""
        ...

    def grant_consent(
        self, account: Account, subject: Subject, scope: str, statement: str, days: int | None = None
    ) -> Result[Consent]:
        """``days`` is asked for only where consents expire; ``None`` is the provider's own limit, or none."""
        ...

    def revoke_consent(self, account: Account, consent: Consent) -> Result[None]: ...

    def generate(self, account: Account | None, request: GenerationRequest) -> Result[Content]: ...
    def edit(self, account: Account | None, request: EditRequest) -> Result[Content]: ...
    def fetch(self, account: Account | None, content: Content, rendition: str = "original") -> Result[Media]: ...
    def publish(self, account: Account | None, content: Content, title: str, way: str = "") -> Result[Publication]:
        """``way`` is one of ``capabilities.publish_ways``; ``""`` is the first of them, or the only way."""
        ...

    def unpublish(self, account: Account, publication: Publication) -> Result[None]: ...

    def share(self, account: Account, publication: Publication) -> Result[Publication]:
        """Pass on a publication in the account's own name."""
        ...

    def view(self, account: Account | None, publication: Publication, surface: str = "page") -> Result[View]: ...
    def upload(self, account: Account | None, media: Media, declared: bool = False) -> Result[Content]: ...
    def detect(self, account: Account | None, media: Media) -> Result[Detection]: ...
    def search(self, account: Account | None, query: str) -> Result[SearchPage]: ...

    def report(self, account: Account | None, request: ReportRequest) -> Result[Ticket]: ...
    def report_status(self, account: Account | None, ticket: Ticket) -> Result[Ticket]: ...

    def decide(self, account: Account | None, ticket: Ticket, upheld: bool, reasons: str) -> Result[Ticket]:
        """Decide a report or an appeal as a moderator (``ready_made.accounts["moderator"]``), in test environments."""
        ...

    def appeal(
        self, account: Account, publication: Publication, statement: str, evidence: Media | None = None
    ) -> Result[Ticket]: ...

    def refutations(self, publication: Publication) -> Result[tuple[Refutation, ...]]: ...
    def disclosures(self, topic: str) -> Result[Disclosure]: ...
    def records(self, account: Account | None, kind: str) -> Result[tuple[Record, ...]]: ...

    def chat(self, account: Account, request: ChatRequest) -> Result[ChatTurn]: ...
    def leave_chat(self, account: Account, chat: Chat) -> Result[None]: ...
    def chat_history(self, account: Account) -> Result[tuple[ChatMessage, ...]]: ...
    def delete_chat(self, account: Account, chat: Chat) -> Result[None]: ...
    def verify_origin(self, account: Account | None, media: Media) -> Result[Origin]: ...

    def advance_clock(self, hours: float) -> Result[None]: ...
    def reset(self) -> Result[None]: ...
