"""What a binding file may say: the shape of the YAML, before templates and paths are compiled.

Values that are filled in at the time of a request (``path``, ``json`` …) stay as written here; :mod:`.compiler`
compiles them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shenhe.conformance.provider import IdentityMethod, Operation, TicketState
from shenhe.rulebook import Market, Service, Trait

Role: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
MediaType: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$")]
StatusClass = Literal["1xx", "2xx", "3xx", "4xx", "5xx"]
Status: TypeAlias = Annotated[int, Field(ge=100, le=599)] | StatusClass
Template: TypeAlias = Any
Host: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+(:[0-9]+)?$")]
BY_REFERENCE = r"\$\{[A-Za-z_]|\{\{"
"""What must be found in the text of a secret: a variable of the environment, or a value of the account. Never the
secret itself.
"""
Path: TypeAlias = Annotated[str, Field(min_length=1, max_length=2000)]
"""A JMESPath expression over the JSON of an answer."""

FacetName = Literal[
    "service",
    "media_type",
    "labelled",
    "agreed",
    "scope",
    "rendition",
    "surface",
    "topic",
    "kind",
    "method",
    "declared",
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TargetSection(_Model):
    """Who is probed, and what it declares it offers."""

    name: str = Field(min_length=1, max_length=200)
    base_url: str = Field(min_length=1, max_length=2000)
    environment: Literal["test", "production"] = "production"
    markets: tuple[Market, ...] = Field(default=(Market.CN,), min_length=1)
    roles: tuple[Literal["provider", "platform"], ...] = Field(default=("provider",), min_length=1)
    identities: Literal["synthetic", "supplied"] = "supplied"
    services: dict[Service, Annotated[tuple[MediaType, ...], Field(min_length=1)]] = {}
    surfaces: tuple[Name, ...] = ("page",)
    renditions: tuple[Name, ...] = ("original",)
    edit_scopes: tuple[Name, ...] = ()
    identity_methods: tuple[IdentityMethod, ...] = ()
    report_kinds: tuple[Name, ...] = ("illegal",)
    disclosure_topics: tuple[Name, ...] = ()
    consents_expire: bool = False
    traits: dict[Trait, bool] = {}
    text_labels: Literal["content", "interface"] = "content"
    markers: dict[Name, Annotated[str, Field(min_length=1, max_length=200)]] = {}
    media_hosts: tuple[Host, ...] = ()
    auth_hosts: tuple[Host, ...] = ()


class TlsSection(_Model):
    """Whom to trust, and who we are. Files are found from the folder of the binding. ``verify: false`` is for this
    machine alone.
    """

    ca: str | None = Field(default=None, min_length=1)
    certificate: str | None = Field(default=None, min_length=1)
    key: str | None = Field(default=None, min_length=1)
    key_password: str | None = Field(default=None, pattern=BY_REFERENCE)
    verify: bool = True

    @model_validator(mode="after")
    def _key_of_certificate(self) -> TlsSection:
        if self.certificate is None and (self.key is not None or self.key_password is not None):
            raise ValueError(
                "found a key without a certificate, expected both, or the certificate alone if the file holds both"
            )
        return self


class ProxySection(_Model):
    """The proxy that every request goes through. Without this section there is none, whatever the environment says."""

    url: str = Field(pattern=r"^https?://[^/@?#]+/?$")
    username: str = ""
    password: str = Field(default="", pattern=f"^$|{BY_REFERENCE}")


class EnvironmentSection(_Model):
    """Another place where the same provider runs: what stands here takes the place of the same keys of ``target``."""

    base_url: str = Field(min_length=1, max_length=2000)
    environment: Literal["test", "production"] | None = None
    identities: Literal["synthetic", "supplied"] | None = None
    markers: dict[Name, Annotated[str, Field(min_length=1, max_length=200)]] | None = None
    media_hosts: tuple[Host, ...] | None = None
    auth_hosts: tuple[Host, ...] | None = None
    tls: TlsSection | None = None
    proxy: ProxySection | None = None


class NoAuth(_Model):
    """Nothing is sent."""

    type: Literal["none"]


class BearerAuth(_Model):
    """``Authorization: Bearer <token>``."""

    type: Literal["bearer"]
    token: str = Field(min_length=1)


class HeaderAuth(_Model):
    """One header of any name."""

    type: Literal["header"]
    name: str = Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
    value: str = Field(min_length=1)


class BasicAuth(_Model):
    """``Authorization: Basic <base64 of username:password>``."""

    type: Literal["basic"]
    username: str = Field(min_length=1)
    password: str


class CookieAuth(_Model):
    """``Cookie: name=value; …``. A cookie of these names that an answer sets anew is used from then on, for that
    account alone.
    """

    type: Literal["cookie"]
    cookies: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")], str] = Field(min_length=1)


class OAuth2Auth(_Model):
    """The client credentials grant of RFC 6749, section 4.4: a token is fetched, used until it expires, and fetched
    anew once on 401.

    ``token_url`` is a path at the provider, or a URL whose host is in ``target.auth_hosts``.
    """

    type: Literal["oauth2"]
    token_url: str = Field(pattern=r"^(/|https?://)", max_length=2000)
    client_id: str = Field(min_length=1)
    client_secret: str = Field(pattern=BY_REFERENCE)
    client_auth: Literal["basic", "form"] = "basic"
    scope: str | None = None
    extra: dict[Name, str] = {}


Auth: TypeAlias = Annotated[
    NoAuth | BearerAuth | HeaderAuth | BasicAuth | CookieAuth | OAuth2Auth, Field(discriminator="type")
]


class AccountEntry(_Model):
    """A ready-made account. ``profile`` is what its holder told the provider (``phone``, ``email`` …), which nobody
    else may see.
    """

    id: str = Field(min_length=1)
    credentials: dict[str, str] = {}
    profile: dict[str, str] = {}

    @field_validator("id", mode="before")
    @classmethod
    def _number_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class IdentityEntry(_Model):
    """A ready-made identity document."""

    method: IdentityMethod
    number: str = Field(min_length=1)
    name: str = ""

    @field_validator("number", mode="before")
    @classmethod
    def _number_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class SubjectEntry(_Model):
    """A person whose face or voice may be edited."""

    id: str = Field(min_length=1)
    name: str = ""
    minor: bool = False


class ConsentEntry(_Model):
    """A consent on record: ``subject`` is a role of ``subjects``."""

    id: str = Field(min_length=1)
    subject: Role
    scope: Name


class HeaderSource(_Model):
    """A header of the answer."""

    header: str = Field(min_length=1)


class TextSource(_Model):
    """The whole body as text."""

    text: Literal[True]


class CookieSource(_Model):
    """The value of a cookie that the answer sets."""

    cookie: str = Field(min_length=1)


class ValueSource(_Model):
    """Not from the answer: a template, over the values of the operation and ``answer``."""

    value: str = Field(min_length=1)


Source: TypeAlias = Path | HeaderSource | TextSource | CookieSource | ValueSource


class LimitsSection(_Model):
    """Bounds on every request. Seconds and bytes."""

    requests_per_second: float | None = Field(default=None, gt=0, le=10_000)
    timeout: float = Field(default=10.0, gt=0, le=600)
    total_timeout: float = Field(default=30.0, gt=0, le=3600)
    max_body: int = Field(default=20_000_000, ge=1_000, le=1_000_000_000)
    retries: int = Field(default=2, ge=0, le=10)
    max_retry_after: float = Field(default=10.0, ge=0, le=600)


class PollSection(_Model):
    """Asking again until an answer is ready: at ``path`` (``answer`` is the JSON of the answer before), or at the URL
    that the first answer gives at ``location``. An answer with a status of ``pending_status`` is not ready; one that
    fulfils ``until`` is.
    """

    method: Literal["GET", "POST"] = "GET"
    path: str | None = Field(default=None, pattern="^/")
    location: Source | None = None
    query: dict[str, Template] = {}
    headers: dict[str, Template] = {}
    pending_status: tuple[Status, ...] = (202,)
    until: Path | None = None
    failed: Path | None = None
    refused: Path | None = None
    every: float = Field(default=1.0, ge=0, le=60)
    timeout: float = Field(default=60.0, gt=0, le=3600)

    @field_validator("pending_status", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, int | str) else value

    @model_validator(mode="after")
    def _one_place(self) -> PollSection:
        if (self.path is None) == (self.location is None):
            found = "neither path nor location" if self.path is None else "path and location"
            raise ValueError(f"found {found}, expected exactly one of them")
        if self.path is not None and self.until is None:
            raise ValueError("found no until, expected what an answer that is ready fulfils")
        return self


class PagesSection(_Model):
    """How the rest of a long list is had. ``page.number``, ``page.cursor`` and ``page.offset`` are values for the
    templates.

    ``next`` is where an answer gives the URL of the next page (``{header: Link}`` with ``rel="next"`` too), ``cursor``
    where it gives the value to ask for it with; with ``number`` pages are counted from that number on, until one is
    empty or ``more`` finds nothing. A list that is longer than ``most`` pages is no answer: what is on the rest is not
    known.
    """

    next: Source | None = None
    cursor: Path | None = None
    number: int | None = Field(default=None, ge=0, le=1)
    more: Path | None = None
    most: int = Field(default=20, ge=1, le=1000)

    @model_validator(mode="after")
    def _one_way(self) -> PagesSection:
        given = [name for name in ("next", "cursor", "number") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"found {' and '.join(given) or 'none of them'}, expected exactly one of next, cursor, number"
            )
        return self


class StreamSection(_Model):
    """An answer of server-sent events. It reads as JSON of the form ``{"events": [{"event": …, "data": …}], "text":
    …}``.

    ``text`` is where the data of an event has a piece of the text; ``done`` is the data that ends the stream, and a
    stream without it is taken to have broken off.
    """

    text: Path | None = None
    done: str | None = Field(default=None, min_length=1, max_length=200)


class MediaSection(_Model):
    """Where the bytes are: in the body, or at a JMESPath as base64, as text, or as the URL to get them from."""

    body: Literal[True] | None = None
    base64: Path | None = None
    url: Path | None = None
    text: Path | None = None
    type: Path | None = None
    media_type: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> MediaSection:
        given = [name for name in ("body", "base64", "url", "text") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ValueError(f"found {found}, expected exactly one of body, base64, url, text")
        return self


class Part(_Model):
    """A file in a multipart form."""

    data: Template
    filename: str | None = None
    type: str = "application/octet-stream"


class RequestSection(_Model):
    """How one operation is asked and its answer understood."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: str | None = Field(default=None, pattern="^/")
    query: dict[str, Template] = {}
    headers: dict[str, Template] = {}
    json_: Template = Field(default=None, alias="json")
    form: dict[str, Template] | None = None
    multipart: dict[str, Template] | None = None
    body: Template = None
    accept_status: tuple[Status, ...] = ("2xx",)
    accept_when: Path | None = None
    refuse_status: tuple[Status, ...] = ("4xx",)
    refuse_when: Path | None = None
    unavailable_when: Path | None = None
    extract: dict[str, Any] = {}
    states: dict[TicketState, tuple[str, ...]] = {}
    reason: Path | None = None
    notice: Path | None = None
    auth: Auth | None = None
    follow_redirects: bool = False
    media: Literal["body"] | MediaSection | None = None
    poll: PollSection | None = None
    pages: PagesSection | None = None
    stream: StreamSection | None = None

    @field_validator("accept_status", "refuse_status", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, int | str) else value

    @model_validator(mode="after")
    def _one_body(self) -> RequestSection:
        given = [name for name in BODIES if name in self.written]
        if len(given) > 1:
            raise ValueError(f"found {' and '.join(given)}, expected at most one of json, form, multipart, body")
        return self

    @property
    def written(self) -> frozenset[str]:
        """The keys that the file gives, by the names the file gives them."""
        return frozenset("json" if name == "json_" else name for name in self.model_fields_set)

    @property
    def bodies(self) -> tuple[Template, ...]:
        """What the file gives as body; at most one is allowed."""
        return tuple(each for each in (self.json_, self.form, self.multipart, self.body) if each is not None)


BODIES = ("json", "form", "multipart", "body")


class VariantSection(RequestSection):
    """An operation asked differently for some of its arguments."""

    when: dict[FacetName, bool | str | list[bool | str]] = Field(min_length=1)


class OperationSection(RequestSection):
    """An operation and its variants, of which the first that matches is used."""

    variants: tuple[VariantSection, ...] = ()

    def with_variant(self, variant: RequestSection) -> RequestSection:
        """The operation's keys with the variant's own in place of them; a body of the variant's replaces the
        operation's whole.
        """
        update: dict[str, Any] = {name: getattr(variant, name) for name in variant.model_fields_set if name != "when"}
        if any(name in variant.written for name in BODIES):
            update = {**{"json_" if name == "json" else name: None for name in BODIES}, **update}
        return self.model_copy(update=update)


class LoginSection(RequestSection):
    """How an account that has no session yet gets one: ``extract.credentials`` says what it then has.

    It is asked when ``auth`` needs such a credential of an account, and once more when an answer has a status of
    ``expired_status`` or ``expired_when`` finds something in it.
    """

    expired_status: tuple[Status, ...] = (401,)
    expired_when: Path | None = None

    @field_validator("expired_status", mode="before")
    @classmethod
    def _one_status(cls, value: object) -> object:
        return [value] if isinstance(value, int | str) else value


class BindingFile(_Model):
    """A whole binding file."""

    target: TargetSection
    environments: dict[Name, EnvironmentSection] = {}
    auth: Auth = NoAuth(type="none")
    login: LoginSection | None = None
    tls: TlsSection | None = None
    proxy: ProxySection | None = None
    accounts: dict[Role, AccountEntry] = {}
    identities: dict[Role, IdentityEntry] = {}
    subjects: dict[Role, SubjectEntry] = {}
    consents: dict[Role, ConsentEntry] = {}
    limits: LimitsSection = LimitsSection()
    operations: dict[Operation, OperationSection] = Field(min_length=1)


FACETS: frozenset[str] = frozenset(get_args(FacetName))
