"""What an OpenAPI document shows of answers that do not come at once and whole: in pieces, later, or page by page.

Each function gives keys of a binding, and says in a remark what it saw and could not write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .fields import Leaf, leaf, leaves, named, plain
from .openapi import Description, Endpoint
from .vocabulary import Deferral

#: Operations whose answers may be jobs.
JOBS = frozenset({"generate", "edit", "upload", "publish"})
#: What the bytes, text or address of what was made may be called.
MADE = (
    "b64json base64 imagebase64 audiobase64 url imageurl audiourl videourl downloadurl fileurl mediaurl output image"
    " images audio video text content result results"
)
#: Operations that give lists.
LISTS = frozenset({"search", "refutations", "records"})
_PLAIN_PLACE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_PLAIN_WORD = re.compile(r"[\w-]{1,40}")


@dataclass
class Deferred:
    """``keys`` of the binding; ``source`` is the endpoint whose answer holds the result, where it is another one."""

    keys: dict[str, Any] = field(default_factory=dict)
    source: Endpoint | None = None
    remark: str = ""


def stream_deferral(endpoint: Endpoint, words: Deferral, blank: Callable[[str], Any]) -> Deferred:
    """A response of server-sent events. If JSON is offered too, the draft requests JSON."""
    if endpoint.events is None:
        return Deferred()
    if endpoint.answer_type != "text/event-stream":
        return Deferred(remark="streams too; drafted for the answer in one piece")
    stream = {
        "text": named(list(leaves(endpoint.events)), words.pieces)
        or blank("where the data of an event has a piece of the text")
    }
    return Deferred({"stream": {**stream, **({"done": "[DONE]"} if "[DONE]" in endpoint.examples else {})}})


def polled(
    name: str, endpoint: Endpoint, description: Description, words: Deferral, blank: Callable[[str], Any]
) -> Deferred:
    """A job: the first response says that it was accepted, and the URL or id by which it is polled."""
    found = list(leaves(endpoint.answer))
    state = leaf(found, words.state)
    job = _job(endpoint, description, words)
    if name == "publish" and (
        (job is None and not endpoint.pending)
        or (job is not None and re.fullmatch(re.escape(endpoint.path) + r"/\{[^{}]*\}", job.path))
    ):
        # A publication may have states by itself, and is looked at where it is.
        return Deferred()
    waiting = endpoint.pending or (state is not None and bool(_of(state, words.pending)))
    if name not in JOBS or not (waiting or (job is not None and _only_a_job(name, found))):
        return Deferred()
    if job is not None:
        state = leaf(list(leaves(job.answer)), words.state) or state
    header = next((each for each in endpoint.answer_headers if plain(each) in words.location.split()), None)
    place = leaf(found, words.job_url)
    if header is not None or place is not None:
        until = _until(state, words, blank) if state is not None else {}
        location = {"header": header} if header is not None else place[0] if place else None
        return Deferred({"poll": {"location": location, **until}}, job)
    if job is None:
        return Deferred(
            remark="responds before the job is done, and the document does not show where to get the result"
        )
    in_path = re.findall(r"\{([^{}]*)\}", job.path)
    parameter = in_path[0] if in_path else job.body[0].name
    named_alike = named(found, f"{plain(parameter)} {words.job_id}")
    if named_alike is None or not _PLAIN_PLACE.fullmatch(named_alike):
        return Deferred(remark=f"answers before it is done, and its answer shows no id to ask {job} with")
    until = (_until(state, words, blank) if state is not None else {}) or {
        "until": blank("an expression that is true for a finished response, such as status == 'done'")
    }
    value = "{{ first." + named_alike + " }}"
    if not in_path:
        return Deferred({"poll": {"path": job.path, "json": {parameter: value}, **until}}, job)
    return Deferred({"poll": {"path": re.sub(r"\{[^{}]*\}", value, job.path), **until}}, job)


def _only_a_job(name: str, found: Sequence[Leaf]) -> bool:
    """Whether the first response has nothing but the name and state of a job: what was made comes later."""
    return name in {"generate", "edit"} and named(found, MADE) is None


def paged(name: str, endpoint: Endpoint, words: Deferral) -> Deferred:
    """A list that comes in pages: by a link, a cursor or a number."""
    if name not in LISTS:
        return Deferred()
    found = list(leaves(endpoint.answer))
    query = {plain(each.name): each for each in endpoint.parameters if each.place == "query"}
    more = leaf(found, words.more, frozenset({"boolean"}))
    rest = {"more": more[0]} if more else {}
    link = leaf(found, words.next_url)
    if link is not None:
        return Deferred({"pages": {"next": link[0], **rest}})
    if any(plain(each) == "link" for each in endpoint.answer_headers):
        return Deferred({"pages": {"next": {"header": "Link"}, **rest}})
    cursor = next((query[each] for each in words.cursor.split() if each in query), None)
    following = leaf(found, words.next_cursor)
    if cursor is not None and following is not None:
        return Deferred({"query": {cursor.name: "{{ page.cursor }}"}, "pages": {"cursor": following[0], **rest}})
    number = next((query[each] for each in words.number.split() if each in query), None)
    offset = next((query[each] for each in words.offset.split() if each in query), None)
    if number is not None:
        first = 0 if 0 in (number.given, number.schema.get("minimum")) else 1
        return Deferred({"query": {number.name: "{{ page.number }}"}, "pages": {"number": first, **rest}})
    if offset is not None:
        return Deferred({"query": {offset.name: "{{ page.offset }}"}, "pages": {"number": 0, **rest}})
    if cursor is not None or any(each in query for each in words.size.split()):
        return Deferred(remark="seems to come in pages, and the document does not show how the next one is had")
    return Deferred()


def paged_by_cursor(endpoint: Endpoint, places: Sequence[str]) -> dict[str, Any]:
    """The pages of a connection of GraphQL: the variable `after`, and the cursor where a page ends."""
    found = list(leaves(endpoint.answer))
    end, more = leaf(found, "endcursor"), leaf(found, "hasnextpage", frozenset({"boolean"}))
    if "after" not in places or end is None:
        return {}
    return {
        "graphql": {"variables": {"after": "{{ page.cursor }}"}},
        "pages": {"cursor": end[0], **({"more": more[0]} if more else {})},
    }


def _job(endpoint: Endpoint, description: Description, words: Deferral) -> Endpoint | None:
    """The one endpoint that sounds most like the place to ask for the result of another."""
    given = {plain(place.rpartition(".")[2]) for place, _ in leaves(endpoint.answer)}

    def count(other: Endpoint) -> int:
        parameters = [plain(each) for each in re.findall(r"\{([^{}]*)\}", other.path)]
        if other.method == "POST" and not parameters:
            # A gateway that takes only POST: the id of the job is the only thing it asks for.
            parameters = [plain(each.name) for each in other.body if each.required or len(other.body) == 1]
            if len(parameters) != 1 or parameters[0] not in words.job_id.split() or parameters[0] == "id":
                return 0
        elif other.method != "GET":
            return 0
        if len(parameters) != 1 or not leaf(list(leaves(other.answer)), words.state):
            return 0
        literal = re.sub(r"\{[^{}]*\}", " ", other.path).lower()
        return (
            3 * other.path.startswith(f"{endpoint.path.rstrip('/')}/{{")
            + 2 * (parameters[0] in words.job_id.split() and parameters[0] != "id")
            + 2 * (parameters[0] in given and parameters[0] != "id")
            + 2 * (bool(endpoint.answer) and other.answer == endpoint.answer and _is_collection_of(other, endpoint))
            + any(word in re.split(r"[^a-z]+", literal) for word in words.job.split())
        )

    ranked = sorted(description.endpoints, key=count, reverse=True)[:2]
    best = count(ranked[0]) if ranked else 0
    return ranked[0] if best >= 2 and (len(ranked) == 1 or count(ranked[1]) < best) else None


def _is_collection_of(item: Endpoint, maker: Endpoint) -> bool:
    """Whether an item is asked for in the collection to which another endpoint adds, as `/jobs/{id}` and
    `/jobs/image` are.
    """
    return f"{maker.path.rstrip('/')}/".startswith(item.path.partition("{")[0])


def _until(state: Leaf, words: Deferral, blank: Callable[[str], Any]) -> dict[str, Any]:
    place = state[0]
    ends = {
        key: _of(state, named)
        for key, named in (("until", words.done), ("failed", words.failed), ("refused", words.refused))
    }
    keys: dict[str, Any] = {key: _is_one_of(place, found) for key, found in ends.items() if found}
    if "until" not in keys:
        keys = {
            "until": blank(f"an expression that is true for a finished response, such as {place} == 'done'"),
            **keys,
        }
    return keys


def _of(state: Leaf, words: str) -> list[str]:
    """The values of a state's schema that are among ``words``, as the document spells them."""
    options = state[1].get("enum")
    known = words.split()
    return (
        [each for each in options if isinstance(each, str) and plain(each) in known and _PLAIN_WORD.fullmatch(each)]
        if (isinstance(options, list))
        else []
    )


def _is_one_of(place: str, values: Sequence[str]) -> str:
    if len(values) == 1:
        return f"{place} == '{values[0]}'"
    return f"contains([{', '.join(repr(each) for each in values)}], {place})"


def joined(keys: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """``keys`` with those of ``more``; what both have as mappings is joined."""
    both = {
        key: joined(keys[key], value) if isinstance(value, dict) and isinstance(keys.get(key), dict) else value
        for key, value in more.items()
    }
    return {**keys, **both}
