"""What can be asked of any provider of synthetic media, and what it answers.

Every operation is optional: a provider is any object with some of the methods of :class:`Provider`. Results are data. A
provider that says no is an answer like any other (:class:`Refused`), and one that could not answer is one too
(:class:`Unavailable`); no operation raises for either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

from shenhe.rulebook import Service

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


# --- answers
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted(Generic[T]):
    """The provider did as asked. ``value`` was extracted from the last of ``exchanges``; ``notice`` is what it told the
    user.
    """

    value: T
    exchanges: tuple[Exchange, ...] = ()
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no. ``status`` is the HTTP status (or its nearest likeness), ``reason`` its own code or
    words.
    """

    status: int
    reason: str = ""
    exchanges: tuple[Exchange, ...] = ()
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No usable answer: timeout, reset, 429, 5xx, an oversized or unreadable body. Never counts for or against the
    provider's conduct.
    """

    reason: str
    exchanges: tuple[Exchange, ...] = ()
    status: int | None = None


Result: TypeAlias = Accepted[T] | Refused | Unavailable


# --- what is asked about
# -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """An account at the provider. ``credentials`` (a token, a cookie …) is secret: it has no place in ``repr`` or in
    evidence.

    ``signed_by`` is another account whose credentials sign what is asked in this one's name: a forgery, which only
    operations in :attr:`Capabilities.accounts_named` are asked for.
    """

    id: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    signed_by: Account | None = None


class IdentityMethod(StrEnum):
    """How a person or organisation says who it is. ``EMAIL`` is none of the methods that Art. 9 lists."""

    ID_CARD = "id-card"
    USCC = "uscc"
    PHONE = "phone"
    NATIONAL_NETWORK_ID = "national-network-id"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity document as it is presented: ``number`` may be malformed on purpose."""

    method: IdentityMethod
    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the provider holds the account to be verified after it accepted an identity.

    ``stated`` is false where the response does not say so and ``verified`` only repeats that the request was accepted.
    """

    verified: bool
    stated: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """The person whose face or voice is edited: ``id`` names them to the provider, ``name`` to people."""

    id: str
    name: str = ""
    minor: bool = False
    #: The number of an identity document, for providers that record consent with it.
    number: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent on record: to edit the ``scope`` (``face``, ``voice``) of ``subject``, given to one account."""

    id: str
    subject: Subject
    scope: str


@dataclass(frozen=True, slots=True)
class Media:
    """Bytes with the media type that the provider gave them."""

    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """Make something of a prompt. ``labelled=False`` asks for the copy without explicit label; ``agreed`` says whether
    the user accepted the agreement that moves the duty to label to the user. ``turns`` are earlier turns of a dialogue;
    ``dialogue`` says that the prompt is a turn of one, the first turn included.
    """

    service: Service
    media_type: str
    prompt: str
    labelled: bool = True
    agreed: bool = False
    turns: tuple[str, ...] = ()
    dialogue: bool = False
    #: Choices among :attr:`Capabilities.options`; the client adds the default of each that is not chosen.
    options: Mapping[str, bool | int | float | str] = field(default_factory=dict, hash=False)
    #: Texts for the further fields that :attr:`Capabilities.inputs` declares.
    inputs: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class EditRequest:
    """Change the face or voice of ``subject`` in ``source``. ``consent`` is the record the user relies on, if any."""

    service: Service
    source: Media
    subject: Subject
    scope: str
    prompt: str
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """Something made or uploaded: ``media`` where the answer carried the bytes, else they are had by
    :meth:`Provider.fetch`.
    """

    id: str
    media: Media | None = None
    #: The ids of all content of the same request, if it made several.
    batch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detection:
    """What the provider's own detection says of media: ``None`` if it does not decide."""

    synthetic: bool | None
    score: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """Content made visible to the public."""

    id: str


@dataclass(frozen=True, slots=True)
class View:
    """A surface (page, feed, thumbnail, download, share …) as the public sees it: its text, its bytes, and what notices
    stand there.
    """

    media: Media | None = None
    text: str = ""
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """A notice about a publication. ``kind`` is ``illegal``, ``impersonation``, ``intimate`` (TAKE IT DOWN) …; a valid
    intimate-image request carries ``signature``, ``good_faith`` and ``contact``.
    """

    target: Publication
    kind: str
    statement: str
    contact: str = ""
    signature: str = ""
    good_faith: bool = False


class TicketState(StrEnum):
    """Where a report or appeal stands."""

    RECEIVED = "received"
    UPHELD = "upheld"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A report or an appeal on its way: ``receipt`` is what confirms that it arrived, ``reasons`` explain the
    decision.
    """

    id: str
    state: TicketState
    receipt: str = ""
    reasons: str = ""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The publications that a search lists."""

    publications: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A public page of the provider: ``rules``, ``complaints``, ``agreement``, ``filing`` …, with its published
    ``fields`` (``time_limit_hours``, ``filing_number``, ``link`` …) where the binding extracts any.
    """

    topic: str
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refutation:
    """A rumour refutation attached to a publication."""

    publication: str
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the provider's own log of what it did."""

    kind: str
    at: datetime | None
    subject: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """A phrase by which a test environment recognises test content.

    ``place`` is where it is recognised: at the ``start`` of the text, at its ``end``, or ``anywhere``. ``services`` are
    the services whose prompts are looked at (``None``: the binding does not say), ``texts`` the kinds of text
    (``prompt``, ``title``) that are.
    """

    phrase: str
    place: Literal["start", "end", "anywhere"] = "start"
    services: tuple[Service, ...] | None = None
    texts: tuple[Literal["prompt", "title"], ...] | None = None

    def in_text(self, words: str) -> str:
        """``words`` with the phrase where it is recognised."""
        return f"{words} {self.phrase}" if self.place == "end" else f"{self.phrase} {words}"


def as_marker(marker: str | Marker) -> Marker:
    """A marker given as its phrase alone."""
    return Marker(marker) if isinstance(marker, str) else marker


@dataclass(frozen=True, slots=True)
class Reading:
    """What one way of sending an operation reads from the response: ``when`` are the facets it serves, ``channels`` the
    names of the values (``notice``, ``reason``, ``receipt`` …) that the binding extracts.
    """

    when: Mapping[str, frozenset[object]]
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation with a companion."""

    id: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Something said to a companion. ``chat`` is the conversation that it continues, ``None`` for a new one;
    ``persona`` asks for a role of :attr:`Capabilities.personas`, ``""`` for none.
    """

    text: str
    chat: Chat | None = None
    persona: str = ""


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """What a companion replied, what notices came with the reply, and whether the conversation is over."""

    chat: Chat
    text: str
    notices: tuple[str, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the history that a user can copy."""

    chat: str
    text: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What the provider's verification tool says of a file: whether its own system made it."""

    own: bool


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
