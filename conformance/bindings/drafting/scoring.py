"""How well an endpoint fits the words and fields of an operation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from .fields import plain
from .openapi import SECRET, Description, Endpoint
from .vocabulary import OperationWords, expression_of, vocabulary

_UNKNOWN_PARAMETER = 4.0


_FOREIGN = 2.0


_MOST_FOREIGN = 6.0


_LACKS_FIELDS = 3.5


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


def words_of(text: str) -> list[str]:
    """The words of a name, path or sentence, in lower case: camel case and separators cut, Chinese kept in runs.

    >>> words_of("POST /v1/createUser 注册账号")
    ['post', 'v1', 'create', 'user', '注册账号']
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return [word.lower() for word in re.findall(r"[A-Za-z]+[0-9]*|[0-9]{1,40}[A-Za-z]+|[\u3400-\u9fff]+", spaced)]


@cache
def _acts() -> frozenset[str]:
    return frozenset(vocabulary().naming.acts.split())


@cache
def _neutral() -> frozenset[str]:
    return frozenset(vocabulary().naming.neutral.split())


def namespace_of(description: Description) -> frozenset[str]:
    """The words that most endpoints have in their names: they tell none from another."""
    endpoints = description.endpoints
    counts = Counter(word for each in endpoints for word in {*words_of(each.path), *words_of(each.name)})
    return frozenset(word for word, count in counts.items() if len(endpoints) >= 5 and count > 0.6 * len(endpoints))


#: Words and endpoints that are remembered: each is compared with every operation.
_REMEMBERED = 20_000


#: Words in -use, whose plural is no plural of a word in -us.
_IN_USE = ("abuse", "cause", "clause", "pause", "house", "excuse", "reuse", "misuse")


@lru_cache(_REMEMBERED)
def _singular(word: str) -> str:
    word = word.lower()
    if word.endswith("us"):
        return word
    if word.endswith("uses"):
        return word[:-1] if word[:-1].endswith(_IN_USE) else word[:-2]
    return word[:-3] + "y" if word.endswith("ies") else word[:-1] if word.endswith("s") and len(word) > 3 else word


@lru_cache(_REMEMBERED)
def _singulars(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_singular, words))


def subject_of(endpoint: Endpoint) -> _Subject:
    return _subject(tuple(_statics(endpoint)), _name(endpoint), endpoint.summary, endpoint.tags)


def _name(endpoint: Endpoint) -> str:
    """The name of an endpoint without the HTTP method that many generators put before it (`POST_videos`)."""
    named = re.match(r"(post|get|put|patch|delete|list)[-_.]", endpoint.name, re.I)
    return endpoint.name[named.end() :] if named else endpoint.name


@lru_cache(_REMEMBERED)
def _subject(statics: tuple[str, ...], name: str, summary: str, tags: tuple[str, ...]) -> _Subject:
    act: tuple[str, ...] = ()
    if statics and _is_act(statics[-1]):
        act, statics = tuple(words_of(statics[-1])), statics[:-1]
    head = tuple(words_of(statics[-1])) if statics else ()
    return _Subject(
        head,
        act,
        tuple(words_of(name)),
        tuple(words_of(summary)[:14]),
        tuple(words_of(" ".join(tags))),
        tuple(word for each in statics[:-1] for word in words_of(each)),
    )


def _is_act(segment: str) -> bool:
    words = words_of(segment)
    return bool(words) and (words[0] in _acts() or "".join(words) in _acts())


def score(name: str, words: OperationWords, endpoint: Endpoint, namespace: frozenset[str]) -> tuple[float, list[str]]:
    """How well an endpoint fits an operation, and the words that say so."""
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
    if name == "chat" and "{" in endpoint.path.rpartition("/")[0]:
        # The first message would need a chat that another request opened: steps, which a reader has to write.
        return 0.0, []
    if name == "view_app" and not (endpoint.open or _PUBLIC_PAGE.search(endpoint.path)):
        return 0.0, []
    subject = subject_of(endpoint)
    named = (*subject.head, *subject.act, *subject.name, *subject.path)
    named = named if subject.name else (*named, *subject.summary)
    joined = "".join((*subject.path, *subject.head, *subject.act))
    if any(_stands(word, named, joined) for word in words.never.split()):
        return 0.0, []
    thing, thing_words = _thing(words, subject)
    if name == "generate" and not thing and any(plain(each.name) in _PROMPTS for each in endpoint.body):
        # Whatever the house calls it, what is asked for with a prompt is generated.
        thing, thing_words = _BY_PROMPT, ["prompt"]
    act, act_words = _act(words, subject, endpoint)
    if not thing or not act or (words.method == "GET" != endpoint.method and not act_words):
        return 0.0, []
    if name in _OF_ANY_MEDIUM and not act_words and set(thing_words).isdisjoint(words.alone.split()):
        return 0.0, []
    if name == "generate" and not endpoint.body and set(thing_words).isdisjoint(words.alone.split()):
        # To create a chat or an image of nothing is to make room for one.
        return 0.0, []
    total = thing + act + _fields_fit(name, endpoint)
    plain_summary = _is_plain_summary(words, endpoint)
    most = _MOST_FOREIGN_BESIDE_PLAIN_SUMMARY if plain_summary else _MOST_FOREIGN
    foreign = _foreign(words, subject, endpoint) - namespace
    total -= 0.0 if thing_words == ["prompt"] else min(most, _FOREIGN * len(foreign))
    if name == "search" and not foreign.isdisjoint(map(_singular, (*subject.path, *subject.head))):
        # What is searched for stands beside the act: roles, members, tags.
        total -= 2 * _FOREIGN
    if name in _OF_ONESELF and not _own().isdisjoint((*subject.path, *subject.head, *subject.act)):
        total += _FOREIGN
    if name == "delete_account" and endpoint.method == "DELETE" and about_the_asker(endpoint):
        total += _PLAIN_SUMMARY
    total += _PLAIN_SUMMARY if plain_summary else 0.0
    total -= _DEPRECATED if endpoint.deprecated else 0.0
    total -= min(_MOST_UNKNOWN_FIELDS, _unknown_fields(name, endpoint))
    total -= _UNKNOWN_PARAMETER * _unknown_parameters(name, endpoint)
    return round(total, 2), sorted({*thing_words, *act_words})


#: Fields that only a generation has, and what such a field counts for.
_PROMPTS = frozenset({"prompt", "prompten", "positiveprompt", "提示词"})
_BY_PROMPT = 3.0


def about_the_asker(endpoint: Endpoint) -> bool:
    """Whether an endpoint is about the one account that asks."""
    return "{" not in endpoint.path and endpoint.path.rstrip("/").rpartition("/")[2] in {"account", "me", "self"}


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


def _is_plain_summary(words: OperationWords, endpoint: Endpoint) -> bool:
    """Whether the summary is a sentence whose verb and object are those of the operation, as in "Publish a text on the
    wall". What follows the object says where or how, and is passed over.
    """
    spoken = words_of(endpoint.summary)
    if not spoken:
        return False
    if not spoken[0].isascii():
        return _is_plain_chinese(words, endpoint.summary)
    verb, rest = _singular(spoken[0]), spoken[1:]
    verbs = {each for each in (*words.verbs.split(), *words.alone.split()) if each.isascii()}
    if verb not in verbs and verb + "e" not in verbs and spoken[0] not in verbs:
        return False
    known = {_singular(each) for group in (words.alone, words.nouns, words.about) for each in group.split()}
    named = False
    for word in rest:
        if word in _prepositions():
            break
        if _singular(word) in known:
            named = True
        elif word not in _neutral():
            return False
    alone = {_singular(each) for each in words.alone.split()}
    return named or verb in alone


def _is_plain_chinese(words: OperationWords, summary: str) -> bool:
    """Whether a Chinese summary says nothing but the verb and object of an operation, as 发送对话消息 does."""
    known = [each for group in (words.alone, words.nouns, words.verbs) for each in group.split()]
    rest = re.sub(r"[\s、，。（）()]", "", summary)
    named = False
    for word in sorted((each for each in known if not each.isascii()), key=len, reverse=True):
        named = named or (word in rest and word not in words.verbs.split())
        rest = rest.replace(word, "")
    for word in vocabulary().naming.neutral_chinese.split():
        rest = rest.replace(word, "")
    return named and not rest


@cache
def _prepositions() -> frozenset[str]:
    return frozenset(vocabulary().naming.prepositions.split())


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
            word = next((each for each in group.split() if _stands(each, place, joined)), None)
            if word is not None:
                total = max(total, weight) + (0.5 if total else 0.0)
                seen.append(word)
                break
    strong = any(
        _stands(each, place, "".join(place))
        for place in (head, subject.name, subject.summary)
        for each in (*words.alone.split(), *words.nouns.split())
    )
    return (total, seen) if strong else (0.0, [])


def _act(words: OperationWords, subject: _Subject, endpoint: Endpoint) -> tuple[float, list[str]]:
    """How clearly the method and the verbs of an endpoint name the act of an operation."""
    for place, weight in ((subject.act, 2.0), (subject.name, 2.0), (subject.summary, 1.5), (subject.head, 1.5)):
        joined = "".join(place)
        for group in (words.verbs, words.alone):
            word = next((each for each in group.split() if _stands(each, place, joined)), None)
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
    things = {_singular(each) for group in (words.alone, words.nouns) for each in group.split()}
    if not subject.name and all(_singular(each) in things for each in subject.summary):
        return 1.5 if not subject.summary else 1.0, []
    return 0.5, []


def _foreign(words: OperationWords, subject: _Subject, endpoint: Endpoint) -> set[str]:
    """The words of an endpoint that belong neither to the operation nor to everyday names."""
    known = {
        _singular(each)
        for group in (words.alone, words.nouns, words.verbs, words.about)
        for each in group.split()
        if each.isascii()
    }
    naming, neutral = vocabulary().naming, _neutral()
    verbs = frozenset(getattr(naming, endpoint.method.lower(), "").split())
    spoken: tuple[str, ...] = (*subject.path, *subject.head, *subject.act)
    if any(word.isascii() for word in subject.name):
        spoken = (*spoken, *subject.name)
    run = "".join((*subject.head, *subject.act, *subject.name))
    found = set()
    for word in spoken:
        single = _singular(word)
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


def _fields_fit(name: str, endpoint: Endpoint) -> float:
    """What the request has, against what the operation needs."""
    in_path = re.findall(r"\{([^{}]*)\}", endpoint.path)
    given = (*in_path, *(each.name for each in (*endpoint.parameters, *endpoint.body)))
    found = [*(in_path_of(name, endpoint, each) for each in in_path), *(expression_of(name, each) for each in given)]
    values = " ".join(expression for expression in found if expression is not None)
    if name == "upload":
        return (
            1.0
            if any(each.binary for each in endpoint.body) or endpoint.body_type.startswith("image/")
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
        # A document that describes no request at all says nothing against it; one of a list is no page of one item.
        return (-_LACKS_FIELDS if name in _OF_ONE_ITEM else 0.0) if endpoint.method == "GET" else -1.0
    return 1.0 if not lacking else -_LACKS_FIELDS


def _stands(word: str, found: Sequence[str], joined: str) -> bool:
    if not word.isascii():
        return any(word in each for each in found)
    if word in found or (len(word) >= 6 and word in joined):
        return True
    return _singular(word) in _singulars(tuple(found))


def _unknown_fields(name: str, endpoint: Endpoint) -> int:
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
_BY_ID = frozenset({"view", "unpublish", "share", "report", "report_status", "leave_chat", "delete_chat"})


def in_path_of(name: str, endpoint: Endpoint, parameter: str) -> str | None:
    """The template for a parameter of a path. Whatever it is called, what stands behind the collection that an
    operation is about is the id: `/tracks/{track_urn}`.
    """
    known = expression_of(name, parameter)
    collection = re.search(r"([^/{}]+)/\{" + re.escape(parameter) + r"\}", endpoint.path)
    if known is not None or collection is None or name not in _BY_ID:
        return known
    # What is reported is a publication.
    speaking = ("report", "view") if name == "report" else (name,)
    nouns = {_singular(each) for one in speaking for each in vocabulary().operations[one].nouns.split()}
    return expression_of(name, "id") if _singular(collection[1]) in nouns else None


def _unknown_parameters(name: str, endpoint: Endpoint) -> int:
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


_VERSION = re.compile(r"v\d+(alpha|beta)?\d*|\d+", re.I)


#: Between a thing and an act in one segment: `models:generate`, `users.create`.
_PARTS = re.compile(r":|(?<=[A-Za-z])\.(?=[A-Za-z])")


def _statics(endpoint: Endpoint) -> list[str]:
    """The path segments that are names, without versions and file endings."""
    found: list[str] = []
    for segment in endpoint.path.split("/"):
        bare = re.sub(r"\(\{[^{}]*\}\)|\{[^{}]*\}", "", segment).removesuffix(".json")
        found += [part for part in _PARTS.split(bare) if part and not _VERSION.fullmatch(part)]
    return [part for part in found if part.lower() not in {"api", "openapi", "rest", "_matrix", "client", "me"}]
