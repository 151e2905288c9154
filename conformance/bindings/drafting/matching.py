"""Which endpoint of a document serves which operation, decided by counting words.

Each operation has words that name it (in English and Chinese), and nouns that do together with a verb; a word counts
more in an operationId or path than in a description.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .openapi import Description, Endpoint
from .vocabulary import Words, expression_of, vocabulary

ENOUGH = 4.0
"""The count below which an endpoint is not taken to serve an operation."""

UNKNOWN_PARAMETER = 4.0
"""What a parameter of the path that the operation has no value for takes off the count."""

WEIGHTS = {"name": 2.0, "path": 2.0, "summary": 2.0, "tags": 1.0, "description": 0.5}
"""What one word counts by where it stands."""


@dataclass(frozen=True)
class Match:
    """An endpoint that serves an operation, how much it sounds like it, and the words that say so."""

    endpoint: Endpoint
    total: float
    words: list[str]


def words_of(text: str) -> list[str]:
    """The words of a name, path or sentence, in lower case: camel case and separators cut, Chinese kept in runs.

    >>> words_of("POST /v1/createUser 注册账号")
    ['post', 'v1', 'create', 'user', '注册账号']
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return [word.lower() for word in re.findall(r"[A-Za-z]+[0-9]*|[0-9]+[A-Za-z]+|[\u3400-\u9fff]+", spaced)]


def count(endpoint: Endpoint, words: Words) -> tuple[float, list[str]]:
    """How much an endpoint sounds like an operation, and the words that say so."""
    if endpoint.method in {"GET", "DELETE"} and endpoint.method != words.method:
        return 0.0, []
    total, seen = 0.0, set[str]()
    noun = verb = False
    for place, weight in WEIGHTS.items():
        text = " ".join(endpoint.tags) if place == "tags" else str(getattr(endpoint, place))
        if place == "path":
            text = re.sub(r"\{[^}]*\}", " ", text)
        found = words_of(text)
        joined = "".join(found)
        said = place != "description"  # a description speaks of other operations too
        if said and any(_stands(word, found, joined) for word in words.never.split()):
            return 0.0, []
        for group, factor in (("alone", 2.0), ("nouns", 1.0), ("verbs", 1.0)):
            word = next((word for word in getattr(words, group).split() if _stands(word, found, joined)), None)
            if word is None:
                continue
            total += weight * factor
            seen.add(word)
            noun = noun or (said and group != "verbs")
            verb = verb or (said and group != "nouns")
    verb = verb or endpoint.method == words.method != "POST"
    if not (noun and verb):
        return 0.0, []
    total += 1.0 if endpoint.method == words.method else 0.0
    return total, sorted(seen)


def _stands(word: str, found: Sequence[str], joined: str) -> bool:
    if not word.isascii():
        return any(word in each for each in found)
    return word in found or (len(word) >= 6 and word in joined)


def matched(description: Description) -> dict[str, list[Match]]:
    """The endpoints of each operation, best first; each endpoint serves one. Generation may have one a service."""
    counted = [
        (total - less, -index, name, endpoint, words)
        for index, endpoint in enumerate(description.endpoints)
        for name, known in vocabulary().operations.items()
        for total, words in [count(endpoint, known)]
        if total - (less := UNKNOWN_PARAMETER * _unknown_parameters(name, endpoint)) >= ENOUGH
    ]
    taken: set[str] = set()
    services: set[str] = set()
    matches: dict[str, list[Match]] = {}
    for total, _, name, endpoint, words in sorted(counted, key=lambda item: (-item[0], -item[1], item[2])):
        if str(endpoint) in taken or (name in matches and name != "generate"):
            continue
        if name == "generate":
            service = "/".join(service_of(endpoint))
            if service in services:
                continue
            services.add(service)
        taken.add(str(endpoint))
        matches.setdefault(name, []).append(Match(endpoint, total, words))
    return matches


def _unknown_parameters(name: str, endpoint: Endpoint) -> int:
    return sum(expression_of(name, parameter) is None for parameter in re.findall(r"\{([^}]*)\}", endpoint.path))


def service_of(endpoint: Endpoint) -> tuple[str, str]:
    """The service that an endpoint generates for, and the media type of what it makes."""
    found = words_of(" ".join((endpoint.name, endpoint.path, endpoint.summary, *endpoint.tags)))
    joined = "".join(found)
    known = vocabulary().services
    best = max(known, key=lambda each: sum(_stands(word, found, joined) for word in each.words.split()))
    told, kind = endpoint.answer_type, best.media_type
    return best.service.value, told if told.split("/")[0] in {"image", "audio", "video"} else kind
