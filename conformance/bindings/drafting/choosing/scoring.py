"""How well an endpoint fits the words and fields of an operation."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache

from ..fields import plain
from ..openapi import Description, Endpoint
from ..vocabulary import OperationWords, expression_of, vocabulary
from .requests import fields_fit, unknown_fields, unknown_parameters
from .wording import REMEMBERED, is_plain_summary, neutral_words, singular, stands, words_of

_UNKNOWN_PARAMETER = 4.0


_FOREIGN = 2.0


_MOST_FOREIGN = 6.0


_MOST_UNKNOWN_FIELDS = 2.0


_PLAIN_SUMMARY = 1.0


_MOST_FOREIGN_BESIDE_PLAIN_SUMMARY = 1.0


_DEPRECATED = 1.5


@dataclass(frozen=True)
class _Subject:
    """What the names of an endpoint speak of."""

    head: tuple[str, ...]
    act: tuple[str, ...]
    name: tuple[str, ...]
    summary: tuple[str, ...]
    tags: tuple[str, ...]
    path: tuple[str, ...]


@cache
def _acts() -> frozenset[str]:
    return frozenset(vocabulary().naming.acts.split())


def namespace_of(description: Description) -> frozenset[str]:
    """The words that most endpoints have in their names: they tell none from another."""
    endpoints = description.endpoints
    counts = Counter(word for each in endpoints for word in {*words_of(each.path), *words_of(each.name)})
    return frozenset(word for word, count in counts.items() if len(endpoints) >= 5 and count > 0.6 * len(endpoints))


def modules_of(description: Description) -> frozenset[str]:
    """What the paths of several calls begin with: `passport` of `/passport/login` and `/passport/logout`. Modules of
    others than users are none.
    """
    calls = [statics_of(each) for each in description.endpoints if "{" not in each.path]
    firsts = Counter(singular(word) for each in calls if len(each) > 1 for word in words_of(each[0]))
    return frozenset(word for word, count in firsts.items() if count > 1) - _OTHER_AUDIENCES


#: Modules whose calls are not for the users of a service.
_OTHER_AUDIENCES = frozenset({
    "admin", "administrator", "internal", "manage", "manager", "management", "console", "backend", "ops", "operator",
    "organization", "org", "team", "group", "project", "tenant", "workspace", "merchant", "billing", "order", "pay",
    "payment", "shop", "live", "comment", "follow", "friend", "oauth",
})  # fmt: skip


def subject_of(endpoint: Endpoint) -> _Subject:
    return _subject(tuple(statics_of(endpoint)), _name(endpoint), endpoint.summary, endpoint.tags)


def _name(endpoint: Endpoint) -> str:
    """The name of an endpoint without the HTTP method that many generators put before it (`POST_videos`)."""
    named = re.match(r"(post|get|put|patch|delete|list)[-_.]", endpoint.name, re.I)
    return endpoint.name[named.end() :] if named else endpoint.name


@lru_cache(REMEMBERED)
def _subject(statics: tuple[str, ...], name: str, summary: str, tags: tuple[str, ...]) -> _Subject:
    act: tuple[str, ...] = ()
    if statics and _is_act(statics[-1]):
        act, statics = tuple(words_of(statics[-1])), statics[:-1]
    named = tuple(each for each in statics if each.lower() not in _own()) or statics
    head = tuple(words_of(named[-1])) if named else ()
    return _Subject(
        head,
        act,
        tuple(words_of(name)),
        tuple(words_of(summary)[:14]),
        tuple(words_of(" ".join(tags))),
        tuple(word for each in statics if each != named[-1] for word in words_of(each)),
    )


def _is_act(segment: str) -> bool:
    words = words_of(segment)
    return bool(words) and (words[0] in _acts() or "".join(words) in _acts())


def score(
    name: str,
    words: OperationWords,
    endpoint: Endpoint,
    namespace: frozenset[str],
    modules: frozenset[str] = frozenset(),
) -> tuple[float, list[str]]:
    """How well an endpoint fits an operation, and the words that say so. The words of ``namespace`` tell nothing, and
    those of ``modules`` nothing of calls.
    """
    endpoint = endpoint.spoken or endpoint
    if endpoint.method in {"GET", "DELETE"} and endpoint.method != words.method and not may_delete(name, endpoint):
        return 0.0, []
    if words.method == "POST" and endpoint.method in {"PUT", "PATCH"} and not _ends_with_act(words, endpoint):
        return 0.0, []
    if name == "edit" and _changes_a_record(endpoint):
        return 0.0, []
    if name in _OF_ONESELF and _is_of_administrators(endpoint):
        return 0.0, []
    if name == "login" and _issues_for_a_key(endpoint):
        return 0.0, []
    if name == "chat" and any(plain(each.name) in PLACES for each in endpoint.body):
        # A message to a channel is read by many.
        return 0.0, []
    if name == "chat" and "{" in endpoint.path.rpartition("/")[0]:
        # The first message would need a chat that another request opened: steps, which a reader has to write.
        return 0.0, []
    if name == "view_app" and not (endpoint.open or _PUBLIC_PAGE.search(endpoint.path)):
        return 0.0, []
    subject = subject_of(endpoint)
    named = (*subject.head, *subject.act, *subject.name, *subject.path)
    named = named if subject.name else (*named, *subject.summary)
    joined = "".join((*subject.path, *subject.head, *subject.act))
    if any(stands(word, named, joined) for word in words.never.split()):
        return 0.0, []
    thing, thing_words = _thing(words, subject)
    if name == "generate" and not thing and any(plain(each.name) in _PROMPTS for each in endpoint.body):
        # Whatever the house calls it, what is asked for with a prompt is generated.
        thing, thing_words = _BY_PROMPT, ["prompt"]
    if name == "generate" and _FROM_WORDS.search(endpoint.summary) and not any(each.binary for each in endpoint.body):
        thing, thing_words = max(thing, _MADE_OF_WORDS), ["prompt"]
    if name == "generate" and endpoint.events is not None and "{{ request.prompt }}" in _values(name, endpoint):
        thing, thing_words = max(thing, _MADE_OF_WORDS), ["prompt"]
    if name == "edit" and not thing and _is_made_of_a_file(endpoint):
        thing, thing_words = _BY_PROMPT, ["prompt"]
    if name == "upload" and endpoint.resumable:
        thing, thing_words = _RESUMABLE, ["prompt"]
    if name == "fetch" and "{" in endpoint.path and endpoint.gives_media:
        thing, thing_words = max(thing, _BY_PROMPT) + 2.0, thing_words or [endpoint.answer_type]
    if endpoint.does == name:
        thing, thing_words = max(thing, _BY_PROMPT), thing_words or ["title" if name == "publish" else "password"]
    act, act_words = _act(words, subject, endpoint)
    if not thing or not act or (words.method == "GET" != endpoint.method and not act_words):
        return 0.0, []
    if name in _OF_ANY_MEDIUM and not act_words and set(thing_words).isdisjoint(words.alone.split()):
        return 0.0, []
    if name == "generate" and not endpoint.body and set(thing_words).isdisjoint(words.alone.split()):
        # To create a chat or an image of nothing is to make room for one.
        return 0.0, []
    total = thing + act + fields_fit(name, endpoint)
    plain_summary = is_plain_summary(words, endpoint.summary)
    told = plain_summary or (name == "fetch" and endpoint.gives_media)
    most = _MOST_FOREIGN_BESIDE_PLAIN_SUMMARY if told else _MOST_FOREIGN
    foreign = _foreign(words, subject, endpoint) - namespace
    if subject.act and "{" not in endpoint.path:
        # Of a call such as `/passport/user/logout`, what comes first is the module.
        foreign -= modules
    total -= 0.0 if thing_words == ["prompt"] or endpoint.does == name else min(most, _FOREIGN * len(foreign))
    if name == "search" and not foreign.isdisjoint(map(singular, (*subject.path, *subject.head))):
        # What is searched for stands beside the act: roles, members, tags.
        total -= 2 * _FOREIGN
    if name in _OF_ONESELF and not _own().isdisjoint((*subject.path, *subject.head, *subject.act)):
        total += _FOREIGN
    if name == "delete_account" and endpoint.method == "DELETE" and about_the_asker(endpoint):
        total += _PLAIN_SUMMARY
    total += _PLAIN_SUMMARY if plain_summary else 0.0
    total += _DOES if endpoint.does == name else 0.0
    total -= _DEPRECATED if endpoint.deprecated else 0.0
    total -= min(_MOST_UNKNOWN_FIELDS, unknown_fields(name, endpoint))
    total -= _UNKNOWN_PARAMETER * unknown_parameters(name, endpoint)
    return round(total, 2), sorted({*thing_words, *act_words})


#: Fields that only a generation has, and what such a field counts for.
_PROMPTS = frozenset({"prompt", "prompten", "positiveprompt", "提示词"})
_BY_PROMPT = 3.0
#: What counts for an upload whose bytes follow, for an endpoint that plainly serves an operation by what it does.
_RESUMABLE, _DOES = 4.0, 3.0
_MADE_OF_WORDS = 4.0
#: How summaries say that something is made of words.
_FROM_WORDS = re.compile(
    r"\bfrom (?:a |an |the |your )?(?:text |written )?"
    r"(?:prompt|description|text|lyrics|script|words|brief|idea|outline)s?\b"
    r"|\bturns? (?:text|words|a script) into\b",
    re.I,
)


def _is_made_of_a_file(endpoint: Endpoint) -> bool:
    """Whether a picture or sound is sent with words that say what becomes of it."""
    return any(each.binary for each in endpoint.body) and any(
        each.required and plain(each.name) in _PROMPTS for each in endpoint.body
    )


def _values(name: str, endpoint: Endpoint) -> set[str | None]:
    return {expression_of(name, each.name) for each in endpoint.body if each.required}


def about_the_asker(endpoint: Endpoint) -> bool:
    """Whether an endpoint is about the one account that asks."""
    return "{" not in endpoint.path and endpoint.path.rstrip("/").rpartition("/")[2] in {"account", "me", "self"}


#: Where many people read along.
PLACES = frozenset(
    {"channel", "channelid", "room", "roomid", "stream", "streamid", "board", "boardid", "group", "groupid"}
)
#: What people do for themselves. An administrator's endpoint for it does the same to others.
_OF_ONESELF = frozenset({"register", "login", "delete_account", "sign_out"})
#: Operations whose nouns are media: without a verb, `audio-to-text` would be one of them.
_OF_ANY_MEDIUM = frozenset({"detect", "verify_origin"})
_PUBLIC_PAGE = re.compile(r"store|public|detail|listing|page", re.I)
_ADMINISTRATORS = re.compile(r"\badmins?\b|\badministrators?\b|permission required|管理员", re.I)
_ITSELF = re.compile(r"(?:^|/)admin(?:/|$)|\badmin", re.I)


@cache
def _own() -> frozenset[str]:
    return frozenset({"own", "self", "myself", "current"})


def _is_of_administrators(endpoint: Endpoint) -> bool:
    """Whether an endpoint is for those who manage accounts, as its path, tags or description say."""
    return bool(
        _ITSELF.search(endpoint.path)
        or any(_ITSELF.search(tag) for tag in endpoint.tags)
        or _ADMINISTRATORS.search(f"{endpoint.summary} {endpoint.description}")
    )


def _issues_for_a_key(endpoint: Endpoint) -> bool:
    """Whether a token is given for a secret of the service, not for what an account knows."""
    names = {plain(each.name) for each in endpoint.body}
    return "secret" in names and expression_of("login", "password") not in {expression_of("login", n) for n in names}


def _ends_with_act(words: OperationWords, endpoint: Endpoint) -> bool:
    """Whether the last segment of a path is the operation's own act, as in `PUT /articles/{id}/unpublish`."""
    last = endpoint.path.rstrip("/").rpartition("/")[2].lower()
    return last in words.alone.split() and "/{" in endpoint.path


def _changes_a_record(endpoint: Endpoint) -> bool:
    """Whether an endpoint changes the fields of a thing, as `/voices/{id}/edit` may, and no picture by a wish."""
    return _OF_A_RECORD.search(endpoint.path) is not None and not any(
        plain(each.name) in {"prompt", "instruction", "instructions", "text"} for each in endpoint.body
    )


_OF_A_RECORD = re.compile(r"\}/(?:edit|update)$")


def may_delete(name: str, endpoint: Endpoint) -> bool:
    """Whether an operation that is usually a POST may be a DELETE."""
    return endpoint.method == "DELETE" and name in {"unpublish", "sign_out", "revoke_consent", "delete_account"}


def _thing(words: OperationWords, subject: _Subject) -> tuple[float, list[str]]:
    """How clearly the names of an endpoint name the thing of an operation."""
    total = 0.0
    seen: list[str] = []
    head = (*subject.head, *subject.act)
    for place, alone, noun in (
        (head, 4.0, 3.0),
        (subject.name, 3.0, 2.0),
        (subject.summary, 3.0, 1.5),
        (subject.tags, 0.5, 0.5),
    ):
        joined = "".join(place)
        for group, weight in ((words.alone, alone), (words.nouns, noun)):
            word = next((each for each in group.split() if stands(each, place, joined)), None)
            if word is not None:
                total = max(total, weight) + (0.5 if total else 0.0)
                seen.append(word)
                break
    strong = any(
        stands(each, place, "".join(place))
        for place in (head, subject.name, subject.summary)
        for each in (*words.alone.split(), *words.nouns.split())
    )
    return (total, seen) if strong else (0.0, [])


def _act(words: OperationWords, subject: _Subject, endpoint: Endpoint) -> tuple[float, list[str]]:
    """How clearly the method and the verbs of an endpoint name the act of an operation."""
    for place, weight in ((subject.act, 2.0), (subject.name, 2.0), (subject.summary, 1.5), (subject.head, 1.5)):
        joined = "".join(place)
        for group in (words.verbs, words.alone):
            word = next((each for each in group.split() if stands(each, place, joined)), None)
            if word is not None:
                return weight, [word]
    if subject.summary[:1] == ("post",) and endpoint.method == "POST" and "publish" in words.alone.split():
        return 1.5, ["post"]
    if endpoint.method != "POST" and (
        endpoint.method == words.method or (endpoint.method == "DELETE" and "delete" in words.verbs.split())
    ):
        return 1.0, []
    if endpoint.method != "POST" or endpoint.path.endswith("}"):
        return 0.0, []
    # Recorded traffic has no names, and a collection of requests may name only things: the method says what is done.
    things = {singular(each) for group in (words.alone, words.nouns) for each in group.split()}
    if not subject.name and all(singular(each) in things for each in subject.summary):
        return 1.5 if not subject.summary else 1.0, []
    return 0.5, []


def _foreign(words: OperationWords, subject: _Subject, endpoint: Endpoint) -> set[str]:
    """The words of an endpoint that belong neither to the operation nor to everyday names."""
    known = {
        singular(each)
        for group in (words.alone, words.nouns, words.verbs, words.about)
        for each in group.split()
        if each.isascii()
    }
    naming, neutral = vocabulary().naming, neutral_words()
    verbs = frozenset(getattr(naming, endpoint.method.lower(), "").split())
    spoken: tuple[str, ...] = (*subject.path, *subject.head, *subject.act)
    if any(word.isascii() for word in subject.name):
        spoken = (*spoken, *subject.name)
    run = "".join((*subject.head, *subject.act, *subject.name))
    found = set()
    for word in spoken:
        single = singular(word)
        if (
            word in neutral
            or single in neutral
            or word in _own()
            or word in verbs
            or _VERSION.fullmatch(word)
            or not word.isascii()
        ):
            continue
        if single in known or any(
            len(each) >= 6 and (each in word or (word in each and each in run)) for each in known
        ):
            continue
        found.add(single)
    return found


_VERSION = re.compile(r"v\d+(alpha|beta)?\d*|\d+", re.I)


#: What servers of pages and scripts have at the end of their addresses.
_ENDING = re.compile(r"\.(?:json|xml|do|action|php|aspx?|ashx|jsp|cgi|html?)$", re.I)
#: Between a thing and an act in one segment: `models:generate`, `users.create`.
_PARTS = re.compile(r":|(?<=[A-Za-z])\.(?=[A-Za-z])")


def statics_of(endpoint: Endpoint) -> list[str]:
    """The path segments that are names, without versions and file endings."""
    found: list[str] = []
    for segment in endpoint.path.split("/"):
        bare = re.sub(r"\(\{[^{}]*\}\)|\{[^{}]*\}", "", segment)
        bare = _ENDING.sub("", bare)
        found += [part for part in _PARTS.split(bare) if part and not _VERSION.fullmatch(part)]
    return [part for part in found if part.lower() not in {"api", "openapi", "rest", "_matrix", "client", "me"}]
