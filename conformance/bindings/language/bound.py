"""A binding compiled: everything that a request needs, with templates and paths read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shenhe.conformance.provider import TicketState

from .extraction import Extraction, Query
from .stream import BoundStream
from .template import Fill


@dataclass(frozen=True)
class BoundPart:
    """One part of a multipart form; ``filename`` is ``None`` for an ordinary field."""

    name: str
    data: Fill
    filename: Fill | None = None
    type: Fill | None = None


@dataclass(frozen=True)
class BoundTokens:
    """Where an access token is fetched, and with what (RFC 6749, section 4.4)."""

    token_url: str
    client_id: Fill
    client_secret: Fill
    in_form: bool
    extra: Mapping[str, Fill]


@dataclass(frozen=True)
class BoundAuth:
    """How a request says who asks: one header, sent only when somebody is signed in if it speaks of the account."""

    header: str
    value: Fill
    of_account: bool
    bearer: bool = False
    basic: tuple[Fill, Fill] | None = None
    cookies: Mapping[str, Fill] = field(default_factory=dict)
    tokens: BoundTokens | None = None


@dataclass(frozen=True)
class BoundMedia:
    """Where the bytes of an answer are."""

    kind: str
    at: Query | None = None
    type: Query | None = None
    media_type: Fill | None = None


@dataclass(frozen=True)
class BoundPoll:
    """How to ask again until an answer is ready."""

    method: str
    path: Fill | None
    location: Extraction | None
    query: Fill
    headers: Fill
    pending: frozenset[int]
    until: Query | None
    failed: Query | None
    refused: Query | None
    every: float
    timeout: float


@dataclass(frozen=True)
class BoundPages:
    """How the next page of a list is had, and how many there may be."""

    next: Extraction | None
    cursor: Query | None
    number: int | None
    more: Query | None
    most: int


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
    accept_when: Query | None
    refuse_when: Query | None
    extract: Mapping[str, Extraction]
    states: Mapping[str, TicketState]
    reason: Query | None
    notice: Query | None
    auth: BoundAuth | None
    media: BoundMedia | None
    poll: BoundPoll | None
    unavailable_when: Query | None = None
    pages: BoundPages | None = None
    stream: BoundStream | None = None
    #: The credentials of an account that the request speaks of, in its auth or anywhere else.
    needs: frozenset[str] = frozenset()
    #: Whether it names the account by its id, besides being signed by it.
    names_account: bool = False
    #: Whether it tells the name of whoever an identity is of.
    names_holder: bool = False
    follow_redirects: bool = False
    groups: Mapping[str, Mapping[str, Extraction]] = field(default_factory=dict)

    def matches(self, facets: Mapping[str, Any]) -> bool:
        """Whether this way serves a request with these ``facets``; a facet that is not known is taken to match."""
        return all(facets[name] in wanted for name, wanted in self.when.items() if name in facets)


@dataclass(frozen=True)
class BoundLogin:
    """How an account gets a session, what it then has, and by what an answer shows that the session is over."""

    request: BoundRequest
    gives: frozenset[str]
    expired: frozenset[int]
    expired_when: Query | None
