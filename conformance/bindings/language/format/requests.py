"""The sections about requests: operations, their steps and variants, login and defaults."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, JsonValue, Tag, field_validator, model_validator

from shenhe.conformance.apps import ListingState
from shenhe.conformance.entities import TicketState

from .auth import Auth, CallbackSignature
from .common import FacetName, Flag, HeaderName, Name, Number, Path, Section, Status, Template, Whole, text_or_mapping
from .places import Condition, Source

#: The states of tickets and of apps. Which of them an operation has is known where it is compiled.
_STATES: list[JsonValue] = [each.value for kind in (TicketState, ListingState) for each in kind]


class LimitsSection(Section):
    """Bounds on every request. Seconds and bytes."""

    requests_per_second: Number | None = Field(default=None, gt=0, le=10_000)
    timeout: Number = Field(default=10.0, gt=0, le=600)
    total_timeout: Number = Field(default=30.0, gt=0, le=3600)
    max_body: Whole = Field(default=20_000_000, ge=1_000, le=1_000_000_000)
    retries: Whole = Field(default=2, ge=0, le=10)
    max_retry_after: Number = Field(default=10.0, ge=0, le=600)


class PollSection(Section):
    """How a job is polled: at ``path`` (``answer`` is the JSON of the response before), at the URL that the first
    response gives at ``location``, or not at all where the provider calls back (``callback``), with a ``signature`` if
    it signs callbacks. A response with a
    status of ``pending_status`` is not ready; one that fulfils ``until`` is.
    """

    method: Literal["GET", "POST", "PUT"] | None = None
    path: str | None = Field(default=None, pattern="^/")
    location: Source | None = None
    callback: Flag = False
    signature: CallbackSignature | None = None
    query: dict[str, Template] = {}
    headers: dict[HeaderName, Template] = {}
    json_: Template = Field(default=None, alias="json")
    form: dict[str, Template] | None = None
    pending_status: tuple[Status, ...] = (202,)
    until: Condition | None = None
    failed: Condition | None = None
    refused: Condition | None = None
    every: Number = Field(default=1.0, ge=0, le=60)
    timeout: Number = Field(default=60.0, gt=0, le=3600)

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
        if self.signature is not None and not self.callback:
            raise ValueError("found a signature without callback, expected callback: true")
        if self.path is not None and self.until is None:
            raise ValueError("found no until, expected an expression that is true for a finished response")
        if self.json_ is not None and self.form is not None:
            raise ValueError("found json and form, expected at most one of them")
        return self


class PagesSection(Section):
    """How to get the rest of a long list. ``page.number``, ``page.cursor`` and ``page.offset`` are values for the
    templates.

    ``next`` is where an answer gives the URL of the next page (``{header: Link}`` with ``rel="next"`` too), ``cursor``
    where it gives the value to ask for it with; with ``number`` pages are counted from that number on, until one is
    empty or ``more`` finds nothing. A list that is longer than ``most`` pages is no answer: what is on the rest is not
    known.
    """

    next: Source | None = None
    cursor: Source | None = None
    number: Whole | None = Field(default=None, ge=0, le=1)
    more: Condition | None = None
    most: Whole = Field(default=20, ge=1, le=1000)

    @model_validator(mode="after")
    def _one_way(self) -> PagesSection:
        given = [name for name in ("next", "cursor", "number") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"found {' and '.join(given) or 'none of them'}, expected exactly one of next, cursor, number"
            )
        return self


class StreamSection(Section):
    """A response in pieces: server-sent events, or lines of JSON (``format: lines``). It reads as JSON of the form
    ``{"events": [{"event": …, "data": …}], "text": …}``.

    ``text`` is where the data of an event has a piece of the text. ``done`` is the data that ends the stream,
    ``done_when`` a JMESPath expression that the last data fulfils, ``done_event`` the names that
    the last event may have; a stream without its end has broken off.
    """

    format: Literal["events", "lines"] = "events"
    text: Path | None = None
    done_when: Path | None = None
    done: str | None = Field(default=None, min_length=1, max_length=200)
    done_event: tuple[Name, ...] = ()


class MediaSection(Section):
    """Where the bytes are: in the body, or at a place in the response as base64, hexadecimal, text or a URL.

    ``urls`` are those of the pieces of one file, a list or a playlist. ``zip`` is the name pattern of an entry of a ZIP
    archive, ``part`` the name or media type of a part of a multipart response.
    """

    body: Literal[True] | None = None
    base64: Source | None = None
    hex: Source | None = None
    url: Source | None = None
    urls: Source | None = None
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
    Annotated[Literal["body"], Tag("a path")] | Annotated[MediaSection, Tag("a section")],
    Discriminator(text_or_mapping),
]
MEDIA_KINDS = ("body", "base64", "hex", "url", "urls", "text", "zip", "part")


class Part(Section):
    """A file in a multipart form."""

    data: Template
    filename: str | None = None
    type: str = "application/octet-stream"


class GraphqlSection(Section):
    """A GraphQL request, sent as JSON. ``errors`` in the response refuse it unless ``refuse_when`` is given."""

    query: str = Field(pattern=r"^\s*(?:#[^\n]*\n\s*)*(?:\{|(?:query|mutation|subscription|fragment)\b)")
    variables: dict[str, Template] = {}
    operation_name: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=200)


class WebsocketSection(Section):
    """Messages that are sent over a WebSocket once it is open. The responses read like a stream."""

    send: tuple[Template, ...] = Field(min_length=1)


#: The usual methods, and those of WebDAV, OData and the draft of QUERY.
Method: TypeAlias = Literal[
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY", "SEARCH", "MERGE", "REPORT", "LINK", "UNLINK",
    "COPY", "MOVE", "LOCK", "UNLOCK", "MKCOL", "PROPFIND", "PROPPATCH",
]  # fmt: skip


class RequestSection(Section):
    """How one operation is requested and its response understood.

    The request goes to ``path`` below ``target.base_url``, or below the base URL that ``target.hosts`` gives ``host``;
    or to ``url``, a template for a whole URL of one of these hosts or of ``target.media_hosts``. An upload that is
    ``held`` sends nothing: the file waits for ``publish``, which has it as ``content.media``.
    """

    steps: tuple[StepSection, ...] = ()
    held: Flag = False
    method: Method | None = None
    host: Name | None = None
    path: str | None = Field(default=None, pattern="^/")
    url: str | None = Field(default=None, min_length=1, max_length=2000)
    query: dict[str, Template] = {}
    headers: dict[HeaderName, Template] = {}
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
    absent_when: Condition | None = None
    extract: dict[str, Any] = {}
    states: dict[str, tuple[str, ...]] = Field({}, json_schema_extra={"propertyNames": {"enum": _STATES}})
    reason: Source | None = None
    notice: Source | None = None
    auth: Auth | None = None
    follow_redirects: Flag = False
    keep_cookies: Flag = False
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
        sent = sorted(self.written & {*BODIES, *_SENDING}) if self.held else []
        if sent:
            raise ValueError(f"found held and {sent[0]}, expected only extract.carry: a held upload is not sent")
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


_SENDING = (
    "steps", "method", "host", "path", "url", "query", "headers", "media", "poll", "pages", "stream", "auth", "notice",
)  # fmt: skip
BODIES = ("json", "form", "multipart", "body", "graphql", "websocket")


class StepSection(RequestSection):
    """A request that an operation needs before its own. ``extract`` names values for later requests:
    ``steps.NAME.VALUE``. ``if`` is a template: the step is skipped unless its value is true.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    if_: str | None = Field(default=None, alias="if", min_length=1)

    @model_validator(mode="after")
    def _flat(self) -> StepSection:
        if self.steps:
            raise ValueError("found steps inside a step, expected one list of steps")
        return self


class DefaultsSection(RequestSection):
    """Keys that all operations and their steps share unless they write their own. Headers, query values and the fields
    of a ``json`` or ``form`` body are merged.
    """

    @model_validator(mode="after")
    def _shared_only(self) -> DefaultsSection:
        shared_bodies = {"json", "form"}
        own = sorted(
            self.written & ({*BODIES, "held", "url", "extract", "media", "poll", "pages", "stream"} - shared_bodies)
        )
        if own:
            raise ValueError(f"found {own[0]}, which only an operation can have")
        if "json" in self.written and not isinstance(self.json_, dict):
            raise ValueError("found a json that is no mapping, expected fields that every request has")
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


RequestSection.model_rebuild()
