"""For each operation: the values that templates get, those that distinguish variants, and what a response must give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shenhe.conformance.apps import ListingState
from shenhe.conformance.entities import TicketState
from shenhe.conformance.provider import Operation


@dataclass(frozen=True)
class Shape:
    """Of one operation: names of ``values`` for templates, ``facets`` of variants, ``extracts`` that it knows and those
    it requires.
    """

    values: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    extracts: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    media: bool = False
    media_required: bool = False
    #: The states that ``extract.state`` is translated to.
    states: type[TicketState] | type[ListingState] | None = None
    #: What the operation makes, to which further values may be attached.
    makes: str = ""
    #: The name under which ``extract`` finds the list of an operation whose response may come in pages.
    items: str = ""


SHAPES: Mapping[Operation, Shape] = {
    Operation.REGISTER: Shape(values=("profile",), extracts=("id", "credentials.*"), required=("id",), makes="account"),
    Operation.VERIFY_IDENTITY: Shape(values=("identity",), facets=("method",), extracts=("verified",)),
    Operation.DELETE_ACCOUNT: Shape(),
    Operation.SIGN_IN: Shape(extracts=("credentials.*",)),
    Operation.SIGN_OUT: Shape(),
    Operation.GRANT_CONSENT: Shape(
        values=("subject", "scope", "statement", "days"),
        facets=("scope",),
        extracts=("id",),
        required=("id",),
        makes="consent",
    ),
    Operation.REVOKE_CONSENT: Shape(values=("consent",), facets=("scope",)),
    Operation.GENERATE: Shape(
        values=("request",),
        facets=("service", "media_type", "labelled", "agreed"),
        extracts=("id", "batch"),
        required=("id",),
        media=True,
        makes="content",
    ),
    Operation.EDIT: Shape(
        values=("request",),
        facets=("service", "media_type", "scope"),
        extracts=("id", "batch"),
        required=("id",),
        media=True,
        makes="content",
    ),
    Operation.FETCH: Shape(values=("content", "rendition"), facets=("rendition",), media=True, media_required=True),
    Operation.PUBLISH: Shape(
        values=("content", "title", "way"), facets=("way",), extracts=("id",), required=("id",), makes="publication"
    ),
    Operation.UNPUBLISH: Shape(values=("publication",)),
    Operation.SHARE: Shape(values=("publication",), extracts=("id",), required=("id",), makes="publication"),
    Operation.DETECT: Shape(values=("media",), facets=("media_type",), extracts=("synthetic", "score", "text")),
    Operation.VIEW: Shape(
        values=("publication", "surface"),
        facets=("surface",),
        extracts=("text", "notices", "items", "id"),
        media=True,
        items="items",
    ),
    Operation.UPLOAD: Shape(
        values=("media", "declared"),
        facets=("media_type", "declared"),
        extracts=("id", "batch"),
        required=("id",),
        media=True,
        makes="content",
    ),
    Operation.SEARCH: Shape(
        values=("query",), extracts=("publications",), required=("publications",), items="publications"
    ),
    Operation.REPORT: Shape(
        values=("request",),
        facets=("kind", "about"),
        extracts=("id", "state", "receipt", "reasons"),
        required=("id",),
        states=TicketState,
        makes="ticket",
    ),
    Operation.REPORT_STATUS: Shape(
        values=("ticket",), extracts=("id", "state", "receipt", "reasons"), required=("state",), states=TicketState
    ),
    Operation.DECIDE: Shape(
        values=("ticket", "upheld", "reasons"),
        facets=("upheld",),
        extracts=("id", "state", "receipt", "reasons"),
        states=TicketState,
    ),
    Operation.APPEAL: Shape(
        values=("publication", "statement", "evidence"),
        facets=("about",),
        extracts=("id", "state", "receipt", "reasons"),
        required=("id",),
        states=TicketState,
        makes="ticket",
    ),
    Operation.REFUTATIONS: Shape(values=("publication",), extracts=("items", "publication", "text"), items="items"),
    Operation.DISCLOSURES: Shape(values=("topic",), facets=("topic",), extracts=("text", "fields.*")),
    Operation.RECORDS: Shape(
        values=("kind",), facets=("kind",), extracts=("items", "kind", "at", "subject", "text"), items="items"
    ),
    Operation.CHAT: Shape(
        values=("request",),
        facets=("persona",),
        extracts=("id", "text", "notices", "ended"),
        required=("id",),
        makes="chat",
    ),
    Operation.LEAVE_CHAT: Shape(values=("chat",)),
    Operation.CHAT_HISTORY: Shape(extracts=("items", "chat", "text"), items="items"),
    Operation.DELETE_CHAT: Shape(values=("chat",)),
    Operation.VERIFY_ORIGIN: Shape(values=("media",), facets=("media_type",), extracts=("own",), required=("own",)),
    Operation.SUBMIT_APP: Shape(
        values=("submission",), facets=("update", "generative"), extracts=("id",), required=("id",), makes="app"
    ),
    Operation.APP_STATUS: Shape(
        values=("app", "storefront"),
        facets=("storefront",),
        extracts=("state", "reasons", "version"),
        required=("state",),
        states=ListingState,
    ),
    Operation.APP_MESSAGES: Shape(values=("app",), extracts=("items", "text"), items="items"),
    Operation.VIEW_APP: Shape(
        values=("app", "surface", "storefront"),
        facets=("surface", "storefront"),
        extracts=("text", "version", "notices"),
    ),
    Operation.SEARCH_APPS: Shape(
        values=("query", "storefront"), facets=("storefront",), extracts=("apps",), required=("apps",), items="apps"
    ),
    Operation.ORDER_APP: Shape(values=("order",), facets=("measure",)),
    Operation.RELIST_APP: Shape(values=("app", "statement")),
    Operation.ADVANCE_CLOCK: Shape(values=("hours",)),
    Operation.RESET: Shape(),
}

LOGIN = "login"
"""A request in addition to the operations: the sign-in of an account."""
LOGIN_SHAPE = Shape(extracts=("credentials.*",))
STEP_SHAPE = Shape(extracts=("credentials.*", "*"))
"""A step extracts whatever later requests need."""
