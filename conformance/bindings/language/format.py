"""What a binding file may say: the shape of the YAML, before templates and paths are compiled.

Values that are filled in at the time of a request (``path``, ``json`` …) stay as written here; :mod:`.compiler`
compiles them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

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
    "way",
    "upheld",
    "persona",
]


EXPECTED_SOURCE = (
    "a JMESPath expression, {css: SELECTOR}, {header: NAME}, {cookie: NAME}, {text: true}, {url: true},"
    " {status: true}, {form: SELECTOR}, {when: CONDITION} or {value: TEMPLATE}"
)


def _one_or_several(value: object) -> str:
    return "several" if isinstance(value, list | tuple) else "one"


def _text_or_mapping(value: object) -> str:
    return "mapping" if isinstance(value, dict | BaseModel) else "path"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class MarkerEntry(_Model):
    """A phrase by which the test environment recognises test content, and where it recognises it."""

    phrase: str = Field(min_length=1, max_length=200)
    place: Literal["start", "end", "anywhere"] = "start"
    services: tuple[Service, ...] | None = None
    texts: tuple[Literal["prompt", "title"], ...] | None = Field(default=None, alias="in")


MarkerText: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]


class ServiceSection(_Model):
    """What one service offers: its media types, and what a request may choose.

    The first value of an option is its default. ``inputs`` are text fields besides the prompt. ``surfaces``,
    ``renditions`` and ``report_kinds`` replace those of the target for this service.
    """

    media: Annotated[tuple[MediaType, ...], Field(min_length=1)]
    options: dict[Name, Annotated[tuple[bool | int | float | str, ...], Field(min_length=1)]] = {}
    inputs: tuple[Name, ...] = ()
    surfaces: tuple[Name, ...] | None = None
    renditions: tuple[Name, ...] | None = None
    report_kinds: tuple[Name, ...] | None = None
    markers: dict[Name, MarkerText | MarkerEntry] = {}


class TargetSection(_Model):
    """Who is probed, and what it declares it offers."""

    name: str = Field(min_length=1, max_length=200)
    base_url: str = Field(min_length=1, max_length=2000)
    environment: Literal["test", "production"] = "production"
    markets: tuple[Market, ...] = Field(default=(Market.CN,), min_length=1)
    roles: tuple[Literal["provider", "platform"], ...] = Field(default=("provider",), min_length=1)
    identities: Literal["synthetic", "supplied"] = "supplied"
    services: dict[Service, ServiceSection] = {}
    surfaces: tuple[Name, ...] = ("page",)
    renditions: tuple[Name, ...] = ("original",)
    edit_scopes: tuple[Name, ...] = ()
    identity_methods: tuple[IdentityMethod, ...] = ()
    report_kinds: tuple[Name, ...] = ("illegal",)
    disclosure_topics: tuple[Name, ...] = ()
    record_kinds: tuple[Name, ...] | None = None
    consents_expire: bool = False
    traits: dict[Trait, bool] = {}
    personas: tuple[Name, ...] = ()
    text_labels: Literal["content", "interface"] = "content"
    dialogue: bool | None = None
    settling_seconds: float = Field(default=5.0, ge=0, le=600)
    markers: dict[Name, MarkerText | MarkerEntry] = {}
    media_hosts: tuple[Host, ...] = ()
    auth_hosts: tuple[Host, ...] = ()
    hosts: dict[Name, Annotated[str, Field(min_length=1, max_length=2000)]] = {}
    uploads: tuple[MediaType, ...] = ()
    publish_ways: tuple[Name, ...] = ()

    @field_validator("services", mode="before")
    @classmethod
    def _media_only(cls, value: object) -> object:
        """``text: [text/plain]`` is short for ``text: {media: [text/plain]}``."""
        if not isinstance(value, dict):
            return value
        return {name: {"media": each} if isinstance(each, list | tuple) else each for name, each in value.items()}


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
                "found a key without a certificate, expected both, or only the certificate if its file holds both"
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
    markers: dict[Name, MarkerText | MarkerEntry] | None = None
    hosts: dict[Name, Annotated[str, Field(min_length=1, max_length=2000)]] | None = None
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


class QueryAuth(_Model):
    """One query value of any name, such as an API key."""

    type: Literal["query"]
    name: str = Field(min_length=1, max_length=200)
    value: str = Field(min_length=1)


class SignatureAuth(_Model):
    """A signature over the request, by a recipe.

    ``string`` is the text that is signed: a template over ``http`` (``method``, ``path``, ``query`` (sorted),
    ``host``, ``headers``, ``body``, ``body_sha256``, ``body_md5``, ``fields`` (sorted ``name=value`` pairs of query and
    body)), ``now`` and ``nonce``. ``headers`` and ``query`` are added before the signature is made. ``derive`` makes
    the signing key from ``key`` by one more HMAC per item. The signature goes into one ``header``, ``query_name`` or
    ``field`` of the body; ``value`` is its text there, a template over ``signature``.
    """

    type: Literal["signature"]
    key: str = Field(min_length=1)
    string: str = Field(min_length=1)
    algorithm: Literal["md5", "sha1", "sha256", "sha512"] = "sha256"
    keyed: Literal["hmac", "none"] = "hmac"
    derive: tuple[str, ...] = ()
    encoding: Literal["hex", "HEX", "base64", "base64url"] = "hex"
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    fields: dict[str, str] = {}
    header: str | None = None
    query_name: str | None = None
    field: str | None = None
    value: str = "{{ signature }}"

    @model_validator(mode="after")
    def _one_place(self) -> SignatureAuth:
        places = [name for name in ("header", "query_name", "field") if getattr(self, name) is not None]
        if len(places) != 1:
            found = " and ".join(places) or "none of them"
            raise ValueError(f"found {found}, expected exactly one of header, query_name, field")
        return self


class OAuth2Auth(_Model):
    """A grant of RFC 6749: a token is fetched, used until it expires, and renewed once on 401.

    ``grant: password`` needs ``username`` and ``password``, ``grant: refresh_token`` needs ``refresh_token``. A refresh
    token in a response is used for the next renewal.

    ``token_url`` is a path at the provider, or a URL whose host is in ``target.auth_hosts``.
    """

    type: Literal["oauth2"]
    token_url: str = Field(pattern=r"^(/|https?://)", max_length=2000)
    client_id: str = Field(min_length=1)
    client_secret: str = Field(pattern=BY_REFERENCE)
    grant: Literal["client_credentials", "password", "refresh_token"] = "client_credentials"
    username: str | None = None
    password: str | None = Field(default=None, pattern=BY_REFERENCE)
    refresh_token: str | None = Field(default=None, pattern=BY_REFERENCE)
    client_auth: Literal["basic", "form"] = "basic"
    scope: str | None = None
    extra: dict[Name, str] = {}

    @model_validator(mode="after")
    def _grant_is_complete(self) -> OAuth2Auth:
        needed = {"password": ("username", "password"), "refresh_token": ("refresh_token",)}.get(self.grant, ())
        missing = [name for name in needed if getattr(self, name) is None]
        if missing:
            raise ValueError(f"found no {missing[0]}, which the grant {self.grant} needs")
        return self


OneAuth: TypeAlias = Annotated[
    NoAuth | BearerAuth | HeaderAuth | QueryAuth | BasicAuth | CookieAuth | SignatureAuth | OAuth2Auth,
    Field(discriminator="type"),
]
Auth: TypeAlias = Annotated[
    Annotated[OneAuth, Tag("one")] | Annotated[tuple[OneAuth, ...], Field(min_length=1), Tag("several")],
    Discriminator(_one_or_several),
]
"""One way to say who asks, or several that every request carries together."""


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
    number: str = ""

    @field_validator("number", mode="before")
    @classmethod
    def _number_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class ConsentEntry(_Model):
    """A consent on record: ``subject`` is a role of ``subjects``."""

    id: str = Field(min_length=1)
    subject: Role
    scope: Name


class HeaderSource(_Model):
    """A header of the response."""

    header: str = Field(min_length=1)
    json_: Path | None = Field(default=None, alias="json")


class TextSource(_Model):
    """The whole body as text."""

    text: Literal[True]


class BodySource(_Model):
    """The whole body as bytes, for a later step."""

    body: Literal[True]


class StatusSource(_Model):
    """The status of the response."""

    status: Literal[True]


class UrlSource(_Model):
    """Where the response came from, redirects followed."""

    url: Literal[True]


class CookieSource(_Model):
    """The value of a cookie that the response sets."""

    cookie: str = Field(min_length=1)
    json_: Path | None = Field(default=None, alias="json")


class CssSource(_Model):
    """Elements of an HTML or XML page, by CSS selector: the text of the first one, or its ``attribute``.

    ``all`` gives a list. ``each`` gives a list of mappings, with one selector per name inside each element. ``json`` is
    a JMESPath expression over the JSON that the element contains.
    """

    css: str = Field(min_length=1, max_length=1000)
    attribute: str | None = Field(default=None, min_length=1, max_length=100)
    all: bool = False
    each: dict[str, str | CssSource] = {}
    json_: Path | None = Field(default=None, alias="json")


class FormSource(_Model):
    """The fields of an HTML form, hidden ones included, by name: what a browser would send unchanged."""

    form: str = Field(min_length=1, max_length=1000)


class WhenSource(_Model):
    """Whether a condition holds: true or false."""

    when: Condition


class ValueSource(_Model):
    """A template over the values of the operation, ``answer`` (the JSON of the response) and ``response``."""

    value: str = Field(min_length=1)


SOURCE_KEYS = ("css", "header", "cookie", "text", "body", "status", "url", "form", "value", "when")
"""The key by which a source that is a mapping is known."""


def _source_kind(value: object) -> str | None:
    """Which kind of source a value is meant to be: only the error of that kind is of use to its author."""
    if isinstance(value, str):
        return "path"
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    return next((key for key in SOURCE_KEYS if key in keys), None)


OneSource: TypeAlias = Annotated[
    Annotated[Path, Tag("path")]
    | Annotated[HeaderSource, Tag("header")]
    | Annotated[TextSource, Tag("text")]
    | Annotated[BodySource, Tag("body")]
    | Annotated[StatusSource, Tag("status")]
    | Annotated[UrlSource, Tag("url")]
    | Annotated[CookieSource, Tag("cookie")]
    | Annotated[CssSource, Tag("css")]
    | Annotated[FormSource, Tag("form")]
    | Annotated[ValueSource, Tag("value")]
    | Annotated[WhenSource, Tag("when")],
    Discriminator(_source_kind, custom_error_type="source", custom_error_message=EXPECTED_SOURCE),
]
Source: TypeAlias = Annotated[
    Annotated[OneSource, Tag("one")] | Annotated[tuple[OneSource, ...], Field(min_length=1), Tag("several")],
    Discriminator(_one_or_several),
]
"""A place in a response, or several of which the first that finds something is used."""


class ConditionSection(_Model):
    """What a response must be like. Several keys must hold together.

    A source (``json``, ``header``, ``cookie``, ``css``, ``url``, ``text``) without ``is``, ``in``, ``contains``,
    ``starts_with`` or ``ends_with`` must find something.
    """

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = Field(default=None, alias="not")
    status: Status | tuple[Status, ...] | None = None
    media_type: str | None = Field(default=None, min_length=1, max_length=100)
    json_: Path | None = Field(default=None, alias="json")
    header: str | None = Field(default=None, min_length=1)
    cookie: str | None = Field(default=None, min_length=1)
    css: str | None = Field(default=None, min_length=1, max_length=1000)
    attribute: str | None = Field(default=None, min_length=1, max_length=100)
    url: Literal[True] | None = None
    text: Literal[True] | None = None
    is_: bool | int | float | str | None = Field(default=None, alias="is")
    in_: tuple[bool | int | float | str, ...] | None = Field(default=None, alias="in")
    contains: str | None = Field(default=None, min_length=1)
    starts_with: str | None = Field(default=None, min_length=1)
    ends_with: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_subject(self) -> ConditionSection:
        sources = [name for name in ("json_", "header", "cookie", "css", "url", "text") if getattr(self, name)]
        tests = [
            name for name in ("is_", "in_", "contains", "starts_with", "ends_with") if name in self.model_fields_set
        ]
        if len(sources) > 1:
            raise ValueError(f"found {' and '.join(sources)}, expected one source (join several with all or any)")
        if tests and not sources:
            raise ValueError(f"found {tests[0].rstrip('_')} without a source, expected one of json, header, css, url …")
        if self.attribute is not None and self.css is None:
            raise ValueError("found attribute without css, expected both")
        if not self.model_fields_set:
            raise ValueError("found no condition, expected one such as status: 302")
        return self


_TESTS = ("is_", "in_", "contains", "starts_with", "ends_with")
Condition: TypeAlias = Annotated[
    Annotated[Path, Tag("path")] | Annotated[ConditionSection, Tag("mapping")], Discriminator(_text_or_mapping)
]
"""A JMESPath expression that must find something, or a mapping of conditions."""


class LimitsSection(_Model):
    """Bounds on every request. Seconds and bytes."""

    requests_per_second: float | None = Field(default=None, gt=0, le=10_000)
    timeout: float = Field(default=10.0, gt=0, le=600)
    total_timeout: float = Field(default=30.0, gt=0, le=3600)
    max_body: int = Field(default=20_000_000, ge=1_000, le=1_000_000_000)
    retries: int = Field(default=2, ge=0, le=10)
    max_retry_after: float = Field(default=10.0, ge=0, le=600)


class PollSection(_Model):
    """How a job is polled: at ``path`` (``answer`` is the JSON of the response before), at the URL that the first
    response gives at ``location``, or not at all where the provider calls back (``callback``). A response with a
    status of ``pending_status`` is not ready; one that fulfils ``until`` is.
    """

    method: Literal["GET", "POST", "PUT"] | None = None
    path: str | None = Field(default=None, pattern="^/")
    location: Source | None = None
    callback: bool = False
    query: dict[str, Template] = {}
    headers: dict[str, Template] = {}
    json_: Template = Field(default=None, alias="json")
    form: dict[str, Template] | None = None
    pending_status: tuple[Status, ...] = (202,)
    until: Condition | None = None
    failed: Condition | None = None
    refused: Condition | None = None
    every: float = Field(default=1.0, ge=0, le=60)
    timeout: float = Field(default=60.0, gt=0, le=3600)

    @field_validator("pending_status", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, int | str) else value

    @model_validator(mode="after")
    def _one_place(self) -> PollSection:
        places = [name for name in ("path", "location") if getattr(self, name) is not None]
        places += ["callback"] if self.callback else []
        if len(places) != 1:
            found = " and ".join(places) or "neither path nor location nor callback"
            raise ValueError(f"found {found}, expected exactly one of path, location, callback")
        if self.path is not None and self.until is None:
            raise ValueError("found no until, expected an expression that is true for a finished response")
        if self.json_ is not None and self.form is not None:
            raise ValueError("found json and form, expected at most one of them")
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
    cursor: Source | None = None
    number: int | None = Field(default=None, ge=0, le=1)
    more: Condition | None = None
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
    """A response in pieces: server-sent events, or lines of JSON (``format: lines``). It reads as JSON of the form
    ``{"events": [{"event": …, "data": …}], "text": …}``.

    ``text`` is where the data of an event has a piece of the text. ``done`` is the data that ends the stream,
    ``done_when`` a JMESPath expression that the last data fulfils; a stream without its end has broken off.
    """

    format: Literal["events", "lines"] = "events"
    text: Path | None = None
    done_when: Path | None = None
    done: str | None = Field(default=None, min_length=1, max_length=200)


class MediaSection(_Model):
    """Where the bytes are: in the body, or at a place in the response as base64, hexadecimal, text or a URL.

    ``zip`` is the name pattern of an entry of a ZIP archive, ``part`` the name or media type of a part of a multipart
    response.
    """

    body: Literal[True] | None = None
    base64: Source | None = None
    hex: Source | None = None
    url: Source | None = None
    text: Source | None = None
    zip: str | None = Field(default=None, min_length=1, max_length=200)
    part: str | None = Field(default=None, min_length=1, max_length=200)
    type: Source | None = None
    media_type: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> MediaSection:
        given = [name for name in MEDIA_KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ValueError(f"found {found}, expected exactly one of {', '.join(MEDIA_KINDS)}")
        return self


Media: TypeAlias = Annotated[
    Annotated[Literal["body"], Tag("path")] | Annotated[MediaSection, Tag("mapping")], Discriminator(_text_or_mapping)
]
MEDIA_KINDS = ("body", "base64", "hex", "url", "text", "zip", "part")


class Part(_Model):
    """A file in a multipart form."""

    data: Template
    filename: str | None = None
    type: str = "application/octet-stream"


class GraphqlSection(_Model):
    """A GraphQL request, sent as JSON. ``errors`` in the response refuse it unless ``refuse_when`` is given."""

    query: str = Field(min_length=1)
    variables: dict[str, Template] = {}
    operation_name: str | None = None


class WebsocketSection(_Model):
    """Messages that are sent over a WebSocket once it is open. The responses read like a stream."""

    send: tuple[Template, ...] = Field(min_length=1)


class RequestSection(_Model):
    """How one operation is requested and its response understood.

    The request goes to ``path`` below ``target.base_url``, or below the base URL that ``target.hosts`` gives ``host``;
    or to ``url``, a template for a whole URL of one of these hosts or of ``target.media_hosts``.
    """

    steps: tuple[StepSection, ...] = ()
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    host: Name | None = None
    path: str | None = Field(default=None, pattern="^/")
    url: str | None = Field(default=None, min_length=1, max_length=2000)
    query: dict[str, Template] = {}
    headers: dict[str, Template] = {}
    json_: Template = Field(default=None, alias="json")
    form: dict[str, Template] | None = None
    multipart: dict[str, Template] | None = None
    body: Template = None
    graphql: GraphqlSection | None = None
    websocket: WebsocketSection | None = None
    accept_status: tuple[Status, ...] = ("2xx",)
    accept_when: Condition | None = None
    refuse_status: tuple[Status, ...] = ("4xx",)
    refuse_when: Condition | None = None
    unavailable_when: Condition | None = None
    extract: dict[str, Any] = {}
    states: dict[TicketState, tuple[str, ...]] = {}
    reason: Source | None = None
    notice: Source | None = None
    auth: Auth | None = None
    follow_redirects: bool = False
    keep_cookies: bool = False
    media: Media | None = None
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
            raise ValueError(f"found {' and '.join(given)}, expected at most one of {', '.join(BODIES)}")
        if self.path is not None and self.url is not None:
            raise ValueError("found path and url, expected one of them")
        return self

    @property
    def addressed(self) -> bool:
        """Whether it says where the request goes."""
        return self.path is not None or self.url is not None

    @property
    def written(self) -> frozenset[str]:
        """The keys that the file gives, by the names the file gives them."""
        return frozenset("json" if name == "json_" else name for name in self.model_fields_set)

    @property
    def bodies(self) -> tuple[Template, ...]:
        """The templates of the body; at most one body is allowed."""
        own = (self.json_, self.form, self.multipart, self.body)
        graphql = self.graphql and self.graphql.variables
        websocket = self.websocket and list(self.websocket.send)
        return tuple(each for each in (*own, graphql, websocket) if each is not None)


BODIES = ("json", "form", "multipart", "body", "graphql", "websocket")


class StepSection(RequestSection):
    """A request that an operation needs before its own. ``extract`` names values for later requests:
    ``steps.NAME.VALUE``. Under ``if`` stands a template; the step is skipped unless its value is true.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    if_: str | None = Field(default=None, alias="if", min_length=1)

    @model_validator(mode="after")
    def _flat(self) -> StepSection:
        if self.steps:
            raise ValueError("found steps inside a step, expected one list of steps")
        return self


class DefaultsSection(RequestSection):
    """Keys that all operations and their steps share unless they write their own. Headers and query values are
    merged.
    """

    @model_validator(mode="after")
    def _shared_only(self) -> DefaultsSection:
        own = sorted(self.written & {*BODIES, "path", "url", "extract", "media", "poll", "pages", "stream"})
        if own:
            raise ValueError(f"found {own[0]}, which only an operation can have")
        return self


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
    expired_when: Condition | None = None

    @field_validator("expired_status", mode="before")
    @classmethod
    def _one_status(cls, value: object) -> object:
        return [value] if isinstance(value, int | str) else value


class ConstantSection(_Model):
    """Bytes for templates: in base64, in hexadecimal, or the content of a file beside the binding."""

    base64: str | None = None
    hex: str | None = None
    file: str | None = Field(default=None, min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _one_form(self) -> ConstantSection:
        if sum(each is not None for each in (self.base64, self.hex, self.file)) != 1:
            raise ValueError("found none or several of base64, hex, file, expected exactly one")
        return self


Accounts: TypeAlias = Annotated[
    Annotated[AccountEntry, Tag("one")] | Annotated[tuple[AccountEntry, ...], Field(min_length=1), Tag("several")],
    Discriminator(_one_or_several),
]
"""One account of a role, or several."""
Constant: TypeAlias = Annotated[
    Annotated[ConstantSection, Tag("mapping")] | Annotated[bool | int | float | str, Tag("path")],
    Discriminator(_text_or_mapping),
]


class BindingFile(_Model):
    """A whole binding file."""

    target: TargetSection
    constants: dict[Role, Constant] = {}
    defaults: DefaultsSection | None = None
    environments: dict[Name, EnvironmentSection] = {}
    auth: Auth = NoAuth(type="none")
    login: LoginSection | None = None
    tls: TlsSection | None = None
    proxy: ProxySection | None = None
    accounts: dict[Role, Accounts] = {}
    identities: dict[Role, IdentityEntry] = {}
    subjects: dict[Role, SubjectEntry] = {}
    consents: dict[Role, ConsentEntry] = {}
    limits: LimitsSection = LimitsSection()
    operations: dict[Operation, OperationSection] = Field(min_length=1)


FACETS: frozenset[str] = frozenset(get_args(FacetName))

RequestSection.model_rebuild()
WhenSource.model_rebuild()
