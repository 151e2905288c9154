"""Which endpoint of a document serves which operation.

A wrong line in a draft costs more than a missing one, so an endpoint is taken only if everything about it fits:

* its last path segment, operationId and summary name the *thing* of the operation, and its method or a verb the *act*;
* words that belong to neither count against it (``remove_from_followers`` is about followers, not about accounts),
  though hardly at all where the summary is a plain sentence about the operation ("Publish a text on the wall");
* its request has the fields without which the operation makes no sense (a report needs what is reported);
* operations that build on another (looking at a publication, the status of a report) have to be about the same
  resource as that other one;
* no other endpoint, and no other operation, fits nearly as well. What is close is listed as an alternative instead.
  An older version of the same path is no rival, and a deprecated endpoint gives way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from ...language.shapes import LOGIN
from ..openapi import Description, Endpoint
from ..vocabulary import expression_of, vocabulary
from .everyday import HouseWords, house_words, in_everyday_words
from .requests import in_path_of
from .scoring import _VERSION, _acts, about_the_asker, modules_of, namespace_of, score, statics_of
from .wording import singular, stands, words_of

ENOUGH = 5.25
"""The score below which an endpoint is not taken to serve an operation."""
MARGIN = 0.75
"""By so much the best endpoint has to exceed the next one."""


#: The operation whose resource an operation has to be about.
_BUILDS_ON: dict[str, tuple[str, ...]] = {
    "fetch": ("generate", "edit", "upload"),
    "report_status": ("report",),
    "decide": ("report", "appeal"),
    "view": ("publish",),
    "unpublish": ("publish", "view"),
    "share": ("publish", "view"),
    "revoke_consent": ("grant_consent",),
    "leave_chat": ("chat",),
    "chat_history": ("chat",),
    "delete_chat": ("chat",),
    "app_status": ("submit_app",),
    "app_messages": ("submit_app",),
    "relist_app": ("submit_app",),
}
#: Operations that make sense only beside another, whatever its resource is.
_BESIDE: dict[str, tuple[str, ...]] = {
    "delete_account": ("register",),
    "search": ("publish", "upload", "report"),
    "sign_out": ("register", "login"),
}
#: The names of what a file is published under, bracketed or not (`track[title]`).
_TITLED = re.compile(r"\b(title|name|headline)\]?$", re.I)
ASKED_TOPICS = ("rules", "agreement", "complaints")
"""The topics that a draft asks for where one endpoint serves every page."""


@dataclass(frozen=True)
class Match:
    """An endpoint that serves an operation: how well it fits, the words that say so, and what fits nearly as well."""

    endpoint: Endpoint
    total: float
    words: list[str]
    alternatives: tuple[str, ...] = ()
    #: Whether the request is left to another operation, which carries the file.
    held: bool = False


@dataclass(frozen=True)
class Matches:
    """The endpoints of each operation, and for operations without one the endpoints that came close."""

    found: dict[str, list[Match]] = field(default_factory=dict)
    close: dict[str, list[str]] = field(default_factory=dict)


def matched(description: Description) -> dict[str, list[Match]]:
    """The endpoints of each operation, best first; each endpoint serves one. Generation may have one per service."""
    return find_matches(description).found


def find_matches(description: Description, operations: Collection[str] | None = None) -> Matches:
    """The endpoints of each operation (``None``: of any role) and of a login, and those that came close.

    What is found first tells what the words of the house mean, by which more is found.
    """
    result, house = _find(description, operations), HouseWords()
    for _ in range(_ROUNDS):
        endpoints = {name: [match.endpoint for match in matches] for name, matches in result.found.items()}
        more = house_words(description, endpoints, house)
        if more == house:
            break
        house = more
        result = _find(in_everyday_words(description, house), operations)
    return result


#: Accounts and publications are found first, then what is asked about them, then what became of that.
_ROUNDS = 4


def _find(description: Description, operations: Collection[str] | None) -> Matches:
    scored: dict[str, list[tuple[float, Endpoint, list[str]]]] = {}
    namespace, modules = namespace_of(description), modules_of(description)
    for name, words in vocabulary().operations.items():
        if operations is not None and name not in {*operations, LOGIN}:
            continue
        rows = [(*score(name, words, endpoint, namespace, modules), endpoint) for endpoint in description.endpoints]
        ranked = sorted(((total, endpoint, seen) for total, seen, endpoint in rows if total > 0), key=_rank)
        scored[name] = ranked
    result = Matches()
    taken: dict[str, tuple[str, float]] = {}
    for name in sorted(scored, key=lambda each: (each in _BUILDS_ON, each in _BESIDE, -_best(scored[each]))):
        candidates = [row for row in scored[name] if row[0] >= ENOUGH - 2]
        if name in _BUILDS_ON:
            if {"publish", "upload"} <= scored.keys():
                _publish_by_upload(result)
            bases = [match.endpoint for base in _BUILDS_ON[name] for match in result.found.get(base, [])]
            candidates = [row for row in scored[name] if any(_same_resource(row[1], base) for base in bases)]
            candidates = sorted(((row[0] + _item_bonus(row[1], bases), *row[1:]) for row in candidates), key=_rank)
        if name in _BESIDE and not any(base in result.found for base in _BESIDE[name]):
            candidates = [row for row in candidates if about_the_asker(row[1])]
        if name == "fetch":
            # Bytes are nearer to a file than what is said about it.
            candidates = [row for row in candidates if row[1].gives_media and row[0] >= ENOUGH] or candidates
        if name == "generate":
            _add_one_of_each(result, name, service_of, candidates, scored, taken)
            continue
        if name == "disclosures":
            _add_one_of_each(result, name, topics_of, candidates, scored, taken)
            continue
        _add(result, name, candidates, scored, taken)
    found = dict(sorted(result.found.items(), key=lambda item: -item[1][0].total))
    return Matches(found, {name: rows for name, rows in result.close.items() if name not in found})


def _publish_by_upload(result: Matches) -> None:
    """Many platforms have one request for both: where nothing publishes, and the upload takes a title with the file,
    the upload publishes; where nothing uploads, and the publication takes a file, the file is held for it.
    """
    upload = next(iter(result.found.get("upload", ())), None)
    publish = next(iter(result.found.get("publish", ())), None)
    if upload is None and publish is not None and any(each.binary for each in publish.endpoint.body):
        result.found["upload"] = [replace(publish, held=True)]
    if upload is None or upload.held or publish is not None:
        return
    titles = (each for each in upload.endpoint.body if each.required and _TITLED.search(each.name))
    titled = any(expression_of("publish", each.name) == "{{ title }}" for each in titles)
    if titled and any(each.binary for each in upload.endpoint.body):
        result.found["publish"] = [upload]
        result.found["upload"] = [replace(upload, held=True)]
        result.close.pop("publish", None)


def _add(
    result: Matches,
    name: str,
    candidates: Sequence[tuple[float, Endpoint, list[str]]],
    scored: dict[str, list[tuple[float, Endpoint, list[str]]]],
    taken: dict[str, tuple[str, float]],
) -> None:
    """Add the one endpoint of an operation, or the near matches if none is clearly best."""
    free = [row for row in candidates if str(row[1]) not in taken and not _fits_better(name, row, scored)]
    sure = [row for row in free if row[0] >= ENOUGH]
    if not sure:
        _note(result, name, free)
        return
    best, *others = sure
    close = [row for row in sure if best[0] - row[0] < MARGIN and _versionless(row[1]) == _versionless(best[1])]
    best = max(close, key=lambda row: (not row[1].deprecated, _version(row[1])))
    rivals = [
        row
        for row in others
        if best[0] - row[0] < MARGIN and not _deeper(row[1], best[1]) and _versionless(row[1]) != _versionless(best[1])
    ]
    if rivals:
        _note(result, name, [best, *rivals])
        return
    taken[str(best[1])] = (name, best[0])
    alternatives = tuple(f"{row[1]} ({row[0]:g})" for row in free if row is not best)[:3]
    result.found[name] = [Match(best[1], best[0], best[2], alternatives)]


def _add_one_of_each(
    result: Matches,
    name: str,
    kind_of: Callable[[Endpoint], tuple[str, ...]],
    candidates: Sequence[tuple[float, Endpoint, list[str]]],
    scored: dict[str, list[tuple[float, Endpoint, list[str]]]],
    taken: dict[str, tuple[str, float]],
) -> None:
    """Add the best endpoint of each kind: of each service that is generated, and of each topic of public pages."""
    kinds: set[tuple[str, ...]] = set()
    for row in candidates:
        total, endpoint, seen = row
        kind = kind_of(endpoint)
        if total < ENOUGH or not kind or kind in kinds or str(endpoint) in taken or _fits_better(name, row, scored):
            continue
        kinds.add(kind)
        taken[str(endpoint)] = (name, total)
        result.found.setdefault(name, []).append(Match(endpoint, total, seen))
    if name not in result.found:
        _note(result, name, candidates)


def _note(result: Matches, name: str, rows: Sequence[tuple[float, Endpoint, list[str]]]) -> None:
    if rows:
        result.close[name] = [f"{row[1]} ({row[0]:g})" for row in rows[:3]]


def _fits_better(
    name: str,
    row: tuple[float, Endpoint, list[str]],
    scored: dict[str, list[tuple[float, Endpoint, list[str]]]],
) -> bool:
    """Whether another operation fits an endpoint clearly better."""
    return any(
        total > row[0] + MARGIN
        for other, rows in scored.items()
        if other != name
        for total, endpoint, _ in rows
        if endpoint is row[1]
    )


def _rank(row: tuple[float, Endpoint, list[str]]) -> tuple[float, int, str]:
    return -row[0], row[1].path.count("/"), str(row[1])


def _best(rows: Sequence[tuple[float, Endpoint, list[str]]]) -> float:
    return rows[0][0] if rows else 0.0


def _item_bonus(endpoint: Endpoint, bases: Sequence[Endpoint]) -> float:
    """What it adds that an endpoint is about one item of the very collection that another adds to."""
    path = endpoint.path.removesuffix(".json")
    collections = (re.escape(base.path.removesuffix(".json")) for base in bases)
    return 1.5 if any(re.fullmatch(collection + r"/\{[^}]*\}", path) for collection in collections) else 0.0


def _versionless(endpoint: Endpoint) -> str:
    """The method and path without version segments: what two versions of one endpoint have in common."""
    return endpoint.method + "/".join(part for part in endpoint.path.split("/") if not _VERSION.fullmatch(part))


def _version(endpoint: Endpoint) -> tuple[int, ...]:
    """The numbers in the version segments of a path."""
    parts = [part for part in endpoint.path.split("/") if _VERSION.fullmatch(part)]
    return tuple(int(number[:9]) for part in parts for number in re.findall(r"\d+", part)[:2])


def _deeper(endpoint: Endpoint, other: Endpoint) -> bool:
    """Whether one path lies below the other: then the other is the plain one."""
    return endpoint.path.startswith(other.path.rstrip("/") + "/")


def _same_resource(endpoint: Endpoint, base: Endpoint) -> bool:
    """Whether two endpoints are about the same resource: the same collection, or the same last noun."""
    ours, theirs = statics_of(endpoint), statics_of(base)
    if ours and theirs and singular(ours[-1]) == singular(theirs[-1]):
        return True
    ours = [each for each in ours if each.lower() not in _acts()] or ours
    theirs = [each for each in theirs if each.lower() not in _acts()] or theirs
    if not ours or not theirs:
        return False
    named = {singular(each) for each in words_of(theirs[-1])}
    if endpoint.graphql is not None and _nouns(ours[-1]) == _nouns(theirs[-1]):
        return True
    if endpoint.gives_media and singular(theirs[-1]) in map(singular, ours):
        return True
    return singular(ours[-1]) == singular(theirs[-1]) or singular(ours[-1]) in named or ours[: len(theirs)] == theirs


def _nouns(name: str) -> set[str]:
    """The words of the name of a call that are no verbs: of `deletePost`, post."""
    return {singular(each) for each in words_of(name) if each not in _acts()}


def topics_of(endpoint: Endpoint) -> tuple[str, ...]:
    """The topics of public information that an endpoint has: those that its request may name, else the one that its own
    names speak of; none where they speak of none.
    """
    named = [expression_of("disclosures", each.name) for each in endpoint.parameters]
    if any(each is not None for each in named):
        return ASKED_TOPICS
    if any(
        each is not None
        for each in (in_path_of("disclosures", endpoint, name) for name in re.findall(r"\{([^{}]*)\}", endpoint.path))
    ):
        return ASKED_TOPICS
    found = words_of(" ".join((endpoint.path, endpoint.name, endpoint.summary)))
    joined = "".join(found)
    for known in vocabulary().topics:
        if any(stands(word, found, joined) for word in known.words.split()):
            return (known.topic,)
    return ()


def service_of(endpoint: Endpoint) -> tuple[str, str]:
    """The service that an endpoint generates for, and the media type of what it makes."""
    found = words_of(" ".join((endpoint.name, endpoint.path, endpoint.summary, *endpoint.tags)))
    joined = "".join(found)
    known = vocabulary().services
    best = max(known, key=lambda each: sum(stands(word, found, joined) for word in each.words.split()))
    told, kind = endpoint.answer_type, best.media_type
    return best.service.value, told if told.split("/")[0] in {"image", "audio", "video"} else kind
