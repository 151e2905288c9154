"""A binding compiled: everything that a request needs, with templates and paths read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shenhe.conformance.apps import ListingState
from shenhe.conformance.entities import TicketState

from .responses.conditions import Condition
from .responses.sources import CssValue, FirstOf, Query, Source
from .responses.stream import BoundStream
from .template import Fill

#: The name by which a step extracts a code that proves something: that of a message, of a mail, of an app.
CODE = "code"


@dataclass(frozen=True)
class BoundPart:
    """One part of a multipart form; ``filename`` is ``None`` for an ordinary field."""

    name: str
    data: Fill
    filename: Fill | None = None
    type: Fill | None = None


@dataclass(frozen=True)
class BoundTokens:
    """Where an access token is fetched, and with what (RFC 6749)."""

    token_url: str
    client_id: Fill
    client_secret: Fill
    in_form: bool
    extra: Mapping[str, Fill]
    grant: str = "client_credentials"
    #: ``username`` and ``password``, or ``refresh_token``, by the grant.
    proof: Mapping[str, Fill] = field(default_factory=dict)


@dataclass(frozen=True)
class BoundSignature:
    """A signature over a request: what is signed, with which key, and where the result goes."""

    string: Fill
    key: Fill
    derive: tuple[Fill, ...]
    algorithm: str
    keyed: str
    encoding: str
    headers: Fill
    query: Fill
    fields: Fill
    value: Fill
    header: str | None = None
    query_name: str | None = None
    field: str | None = None


@dataclass(frozen=True)
class BoundAuth:
    """One way in which a request says who asks. It is left out if it needs an account and none is signed in."""

    header: str
    value: Fill
    of_account: bool
    bearer: bool = False
    basic: tuple[Fill, Fill] | None = None
    #: User name and password, for a request that is sent again with a digest of them.
    digest: tuple[Fill, Fill] | None = None
    cookies: Mapping[str, Fill] = field(default_factory=dict)
    tokens: BoundTokens | None = None
    signature: BoundSignature | None = None
    #: The name of the query value that takes the place of the header.
    query_name: str | None = None
    #: Where the file describes it, for messages.
    place: Callable[..., str] = lambda *keys: "auth"


@dataclass(frozen=True)
class BoundMedia:
    """Where the bytes of an answer are."""

    kind: str
    at: Source | None = None
    type: Source | None = None
    #: The name pattern of an entry of an archive, or the name or media type of a part.
    entry: str = ""
    media_type: Fill | None = None


@dataclass(frozen=True)
class BoundPoll:
    """How to poll a job until it is done."""

    method: str
    path: Fill | None
    location: Source | None
    callback: bool
    query: Fill
    headers: Fill
    json: Fill | None
    form: Fill | None
    pending: frozenset[int]
    until: Condition | None
    failed: Condition | None
    refused: Condition | None
    every: float
    timeout: float
    #: How the provider signs callbacks, if it does.
    signature: BoundAuth | None = None


@dataclass(frozen=True)
class BoundPages:
    """How to get the next page of a list, and how many pages there may be."""

    next: Source | None
    cursor: Source | None
    number: int | None
    more: Condition | None
    most: int


@dataclass(frozen=True)
class BoundWebsocket:
    """The messages that are sent once a WebSocket is open."""

    send: tuple[Fill, ...]


@dataclass(frozen=True)
class BoundStep:
    """A request before that of the operation. ``condition`` decides whether it is sent."""

    name: str
    request: BoundRequest
    condition: Fill | None = None


@dataclass(frozen=True)
class BoundRequest:
    """One way to ask for an operation. ``place`` gives ``binding.yaml:41: operations.x.path`` for a key of it."""

    operation: str
    origin: str
    place: Callable[..., str]
    when: Mapping[str, frozenset[Any]]
    method: str
    path: Fill
    query: Fill
    headers: Fill
    json: Fill | None
    form: Fill | None
    multipart: tuple[BoundPart, ...] | None
    body: Fill | None
    accepts: frozenset[int]
    refuses: frozenset[int]
    accept_when: Condition | None
    refuse_when: Condition | None
    extract: Mapping[str, Source]
    states: Mapping[str, TicketState | ListingState]
    reason: Source | None
    notice: Source | None
    auth: tuple[BoundAuth, ...]
    media: BoundMedia | None
    poll: BoundPoll | None
    steps: tuple[BoundStep, ...] = ()
    #: The name of the base URL in ``target.hosts``; ``""`` for ``target.base_url``.
    host: str = ""
    #: A whole URL that takes the place of base URL and path.
    url: Fill | None = None
    websocket: BoundWebsocket | None = None
    keep_cookies: bool = False
    unavailable_when: Condition | None = None
    #: Holds for a response which says that there is no such thing, whatever its status.
    absent_when: Condition | None = None
    pages: BoundPages | None = None
    stream: BoundStream | None = None
    #: The credentials of an account that the request speaks of, in its auth or anywhere else.
    needs: frozenset[str] = frozenset()
    #: Whether it also names the account by its id, in addition to being signed by it.
    names_account: bool = False
    #: Whether it sends the name of the holder of an identity.
    names_holder: bool = False
    #: Whether it sends the birth date of the person who registers.
    names_age: bool = False
    names_producer: bool = False
    #: Whether it says that its user agreed to the duty to label.
    names_agreement: bool = False
    follow_redirects: bool = False
    #: Nothing is sent: the file waits for the operation that publishes it.
    held: bool = False
    groups: Mapping[str, Mapping[str, Source]] = field(default_factory=dict)

    @property
    def asks_for_code(self) -> bool:
        """Whether a step before it extracts a code."""
        return any(CODE in (*each.request.extract, *each.request.groups.get("credentials", {})) for each in self.steps)

    @property
    def of_items(self) -> frozenset[str]:
        """The names that ``each`` gives to parts of a listed element: they need not be extracted once more."""
        source = self.extract.get("items")
        found = source.sources if isinstance(source, FirstOf) else (source,)
        return frozenset(name for each in found if isinstance(each, CssValue) for name in each.each)

    @property
    def channels(self) -> frozenset[str]:
        """The names of the values that are read from a response. A notice that is sought in JSON is not read where the
        response is a file, such as by a default for all operations.
        """
        found = {*self.extract, *self.groups, *self.of_items}
        found |= {name for name in ("reason", "notice", "media") if getattr(self, name) is not None}
        sought = self.notice.sources if isinstance(self.notice, FirstOf) else (self.notice,)
        is_file = self.media is not None and self.media.kind in ("body", "zip")
        if is_file and all(isinstance(each, Query) for each in sought):
            found.discard("notice")
        if self.media is not None and self.media.kind == "urls":
            found.add("pieces")
        return frozenset(found)

    def matches(self, facets: Mapping[str, Any]) -> bool:
        """Whether this way serves a request with these ``facets``; a facet that is not known is taken to match."""
        return all(facets[name] in wanted for name, wanted in self.when.items() if name in facets)


@dataclass(frozen=True)
class BoundLogin:
    """How an account gets a session, what it then has, and by what an answer shows that the session is over."""

    request: BoundRequest
    gives: frozenset[str]
    expired: frozenset[int]
    expired_when: Condition | None
