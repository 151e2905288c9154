"""What a request has, against what an operation needs: its fields, and the parameters of its path."""

from __future__ import annotations

import re

from ..fields import plain
from ..openapi import SECRET, Endpoint
from ..vocabulary import expression_of, vocabulary
from .wording import singular

_LACKS_FIELDS = 3.5


def fields_fit(name: str, endpoint: Endpoint) -> float:
    """What the request has, against what the operation needs."""
    in_path = re.findall(r"\{([^{}]*)\}", endpoint.path)
    given = (*in_path, *(each.name for each in (*endpoint.parameters, *endpoint.body)))
    found = [*(in_path_of(name, endpoint, each) for each in in_path), *(expression_of(name, each) for each in given)]
    values = " ".join(expression for expression in found if expression is not None)
    if name == "upload":
        return (
            1.0
            if endpoint.resumable
            or any(each.binary for each in endpoint.body)
            or endpoint.body_type.startswith("image/")
            else (0.5 if "media.data" in values else -_LACKS_FIELDS)
        )
    if name in {"detect"}:
        return 1.0 if any(each.binary for each in endpoint.body) or "media.data" in values else -1.0
    if name == "edit" and any(each.binary for each in endpoint.body):
        return 1.0
    needs = _NEEDS.get(name)
    if needs is None:
        return 0.0
    lacking = [group for group in needs if not any(value in values for value in group)]
    described = bool(given)
    if endpoint.body_type.endswith("json") and not endpoint.body:
        # A body of which nothing is known is not one that is known to say what is needed.
        return -_LACKS_FIELDS
    if not described:
        # A document without any request is no evidence against it. The endpoint of a list is not the page of an item.
        return (-_LACKS_FIELDS if name in _OF_ONE_ITEM else 0.0) if endpoint.method == "GET" else -1.0
    return 1.0 if not lacking else -_LACKS_FIELDS


def unknown_fields(name: str, endpoint: Endpoint) -> int:
    """How many fields of the body are required, and are neither known nor given by the document."""
    settings = vocabulary().naming.settings.split()
    return sum(
        bool(each.required)
        and each.given is None
        and not each.binary
        and str(each.schema.get("type")) == "string"
        and plain(each.name) not in settings
        and not SECRET.search(plain(each.name))
        and expression_of(name, each.name) is None
        for each in endpoint.body
    )


#: Operations on one item of a collection.
_BY_ID = frozenset(
    {"disclosures", "view", "unpublish", "share", "report", "report_status", "leave_chat", "delete_chat"}
)


def in_path_of(name: str, endpoint: Endpoint, parameter: str) -> str | None:
    """The template for a parameter of a path. Whatever it is called, what stands behind the collection that an
    operation is about is the id: `/tracks/{track_urn}`.
    """
    called = {each.name: each.called for each in endpoint.parameters if each.place == "path"}
    known = expression_of(name, called.get(parameter, parameter))
    collection = re.search(r"([^/{}]+)/\{" + re.escape(parameter) + r"\}", endpoint.path)
    if known is None and name == "fetch" and endpoint.gives_media and endpoint.path.count("{") == 1:
        return expression_of(name, "contentid")
    if known is None and collection is not None and plain(parameter) == singular(collection[1]):
        known = expression_of(name, f"{parameter}id")
    if known is not None or collection is None or name not in _BY_ID:
        return known
    # A report is about a publication.
    speaking = ("report", "view") if name == "report" else (name,)
    nouns = {singular(each) for one in speaking for each in vocabulary().operations[one].nouns.split()}
    if name == "disclosures":
        nouns |= {singular(each) for each in vocabulary().operations[name].alone.split()}
        return expression_of(name, "topic") if singular(collection[1]) in nouns else None
    return expression_of(name, "id") if singular(collection[1]) in nouns else None


def unknown_parameters(name: str, endpoint: Endpoint) -> int:
    settings = vocabulary().naming.settings.split()
    return sum(
        in_path_of(name, endpoint, parameter) is None and plain(parameter) not in settings
        for parameter in re.findall(r"\{([^{}]*)\}", endpoint.path)
    )


_OF_ONE_ITEM = frozenset({"view", "view_app", "report_status"})
#: Of these groups of values a request needs one each, or the operation makes no sense.
_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "register": (("profile.",), ("profile.password", "profile.phone")),
    "login": (("account.",),),
    "verify_identity": (("identity.number",),),
    "grant_consent": (("subject.", "scope", "statement"),),
    "generate": (("request.prompt",),),
    "edit": (("request.",),),
    "publish": (("content.", "title"),),
    "report": (("request.target", "request.statement"), ("request.target",)),
    "appeal": (("statement", "publication."),),
    "advance_clock": (("hours",),),
    "search": (("query",),),
    "view": (("publication.",),),
    "search_apps": (("query",),),
    "order_app": (("order.",),),
    "view_app": (("app.id",),),
    "app_status": (("app.id",),),
    "report_status": (("ticket.",),),
    "unpublish": (("publication.",),),
    "share": (("publication.",),),
    "chat": (("request.text",),),
}
