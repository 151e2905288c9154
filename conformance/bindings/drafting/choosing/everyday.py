"""Words of the house: what a document calls publications, accounts and reports, found by what its endpoints do.

A document may call a publication a clip, a listing or an exhibit. That is read from its endpoints: what people add with
a title, look at by its id and object to is a publication, whatever its name. The endpoints are then compared with
the operations a second time, in everyday words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from ..fields import last, leaves, plain
from ..openapi import Description, Endpoint, Field
from ..vocabulary import expression_of, vocabulary
from .scoring import PLACES, statics_of
from .wording import neutral_words, singular, words_of


@dataclass(frozen=True)
class HouseWords:
    """``words`` of a document with the everyday words for them, and ``ids``: names of fields with the usual name of
    what they hold.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    #: The endpoint that serves an operation by what it does.
    does: Mapping[str, str] = field(default_factory=dict)


#: What holds the words of a publication. A name or a description may be those of a group or a channel.
_WORDING = frozenset(
    {"title", "headline", "heading", "caption", "text", "body", "content", "message", "status", "words"}
)
#: How the names of fields end that hold the id of a thing.
_ENDINGS = ("", "id", "ids", "uid", "uuid", "no")
#: The usual name of the id of each thing.
_USUAL_IDS = {"publication": "publicationid", "account": "accountid", "report": "reportid", "content": "contentid"}
_ADDING = frozenset({"post", "send", "publish", "create", "add"})
#: Fields of a request that takes a password for another purpose than a first one.
_NO_FIRST_PASSWORD = frozenset({"token", "code", "oldpassword", "newpassword", "currentpassword", "granttype"})
#: Names that an id may have which says nothing of what it identifies.
_BARE_IDS = frozenset({"ts", "urn", "uri", "slug", "key", "guid", "uuid", "ref", "permalink", "hash"})


#: What the methods of one publication's address do.
_OF_ONE = {"GET": "view", "DELETE": "unpublish"}


def house_words(description: Description, found: Mapping[str, Sequence[Endpoint]], known: HouseWords) -> HouseWords:
    """The words of a document for what the operations ``found`` so far leave open, in addition to those ``known``."""
    words, ids, does = dict(known.words), dict(known.ids), dict(known.does)
    for each in _only(_accounts(description)) if "register" not in found else ():
        does["register"] = str(each)
        words |= {_noun(each): "account"} if _noun(each) not in _taken() else {}
    for each in found.get("register", ()):
        if (noun := _noun(each)) and noun not in _taken() and statics_of(each)[-1] in each.path.rpartition("/")[2]:
            words[noun] = "account"
    posted = _only(_messages(description))
    if "publish" not in found or posted:
        makers = {_noun(each): each for name in ("generate", "edit", "upload") for each in found.get(name, ())}
        for each in posted or _only(_publications(description, makers)):
            does["publish"] = str(each)
            made = {_noun(one) for name in ("generate", "edit") for one in found.get(name, ())}
            words |= {word: "publication" for word in _publication_words(each) if word not in made}
            ids |= {
                plain(f"{maker}{ending}"): "contentid"
                for maker in makers
                for ending in ("", "id", "ids", "uid", "uuid", "no")
            }
    for each in found.get("publish", ()):
        ids |= dict.fromkeys(_returned(each), "publicationid")
        one = re.compile(re.escape(each.path.rstrip("/")) + r"/\{[^{}]*\}")
        for other in description.endpoints:
            if one.fullmatch(other.path) and (name := _OF_ONE.get(other.method)) and name not in found:
                does[name] = str(other)
        for other in description.endpoints:
            asked = any(expression_of("search", one.called) for one in other.parameters if one.place == "query")
            if other.method == "GET" and asked and "search" not in found and _is_list_of(other, each):
                does["search"] = str(other)
    if "report_status" not in found:
        for each in found.get("report", ()):
            for ticket in _only(_tickets(description, each)):
                words[_noun(ticket)] = "report"
                does["report_status"] = str(ticket)
    return HouseWords(words, ids, does)


def _publication_words(endpoint: Endpoint) -> Iterator[str]:
    """What a publication is called: the collection that it is added to, or the message of a call and its module."""
    if "." not in endpoint.path.rpartition("/")[2]:
        yield _noun(endpoint)
        return
    yield from (singular(words_of(part)[-1]) for part in statics_of(endpoint)[-2:] if words_of(part))


def in_everyday_words(description: Description, house: HouseWords) -> Description:
    """The document with what its words mean: each endpoint has itself in everyday words as ``spoken``."""
    return replace(description, endpoints=[_with_meaning(each, house) for each in description.endpoints])


def _only(found: Iterator[Endpoint]) -> list[Endpoint]:
    """The one endpoint that was found; none where several were, since nothing tells which is meant."""
    endpoints = list(found)
    return endpoints if len(endpoints) == 1 else []


def _noun(endpoint: Endpoint) -> str:
    """The last word of what an endpoint adds to."""
    names = [word for each in statics_of(endpoint)[-1:] for word in words_of(each)]
    return singular(names[-1]) if names else ""


@cache
def _taken() -> frozenset[str]:
    """Words that mean something else already."""
    known = vocabulary().operations
    groups = (group for name in _OTHER_THINGS for group in (known[name].alone, known[name].nouns))
    taken = {singular(word) for group in groups for word in group.split()}
    return frozenset({*taken, *neutral_words(), *_BESIDE_PUBLICATIONS})


#: Operations whose things are neither accounts nor publications, and things that people add beside publications.
_OTHER_THINGS = ("register", "login", "verify_identity", "grant_consent", "report", "report_status", "appeal",
                 "disclosures", "records", "chat", "upload", "submit_app", "order_app", "reset")  # fmt: skip
_BESIDE_PUBLICATIONS = frozenset(
    {"comment", "like", "follower", "order", "review", "playlist", "album", "draft", "list", "group", "channel"}
)


def _accounts(description: Description) -> Iterator[Endpoint]:
    """What people become who give a name and a first password, before they are known."""
    login = vocabulary().operations["login"]
    others = {singular(word) for word in (*login.alone.split(), *login.nouns.split())}
    for each in description.endpoints:
        taken = {expression_of("register", one.name) for one in each.body if one.required}
        who = {"{{ profile.username }}", "{{ profile.email }}", "{{ profile.phone }}"}
        first = "{{ profile.password }}" in taken and taken & who
        if each.method != "POST" or "{" in each.path or not each.open or not first:
            continue
        named = {singular(word) for word in words_of(f"{each.path} {each.name}")}
        if named & others or {plain(one.name) for one in each.body} & _NO_FIRST_PASSWORD:
            continue
        yield each


def _publications(description: Description, makers: Mapping[str, Endpoint]) -> Iterator[Endpoint]:
    """What people add with a title, look at by its id, and object to or make of what they made before."""
    report = vocabulary().operations["report"]
    objections = {singular(word) for word in f"{report.alone} {report.nouns}".split()}
    posts = [each for each in description.endpoints if each.method == "POST"]
    objecting = [each for each in posts if _noun(each) in objections]
    #: The collections whose items are objected to, and the fields that say what is.
    collections = {each.path.partition("/{")[0] for each in objecting if "/{" in each.path}
    fields = {plain(one.name) for each in objecting for one in each.body}
    looked_at = {
        match[1] for each in description.endpoints if each.method == "GET" and (match := _ITEM.match(each.path))
    }
    makings = {plain(maker) for maker in makers}
    for each in posts:
        if "{" in each.path or not any(plain(one.name) in _WORDING for one in each.body):
            continue
        word, collection = _noun(each), each.path.rstrip("/")
        if not word or word in _taken() or collection not in looked_at:
            continue
        made = any(
            re.sub(r"(u?u?ids?|no)$", "", plain(one.name)) in makings
            or expression_of("publish", re.sub(r"s$", "", one.name)) == "{{ content.id }}"
            for one in each.body
        )
        if made or collection in collections or fields & {word, f"{word}id"}:
            yield each


#: The address of one item of a collection.
_ITEM = re.compile(r"([^{}]*)/\{[^{}]*\}$")


def _messages(description: Description) -> Iterator[Endpoint]:
    """What posts the messages of an API of calls (`chat.postMessage`) to a place where many people read them."""
    for each in description.endpoints:
        _, dot, call = each.path.rpartition("/")[2].rpartition(".")
        named = words_of(call)
        to = {plain(one.name) for one in each.body}
        posts = len(named) == 2 and named[0] in _ADDING and named[1] == "message"
        if each.method == "POST" and dot and posts and to & PLACES and to & _WORDING:
            yield each


def _returned(endpoint: Endpoint) -> Iterator[str]:
    """The ids that a publication is returned with, and that the request did not have: others ask for it by them."""
    asked = {plain(each.name) for each in endpoint.body}
    for place, _ in leaves(endpoint.answer):
        if last(place) in _BARE_IDS - asked:
            yield last(place)


def _is_list_of(endpoint: Endpoint, publish: Endpoint) -> bool:
    return endpoint.path.rstrip("/") == publish.path.rstrip("/")


def _tickets(description: Description, report: Endpoint) -> Iterator[Endpoint]:
    """Where a report is looked at under the name of what it became: `/objections/{objection}`."""
    word = _noun(report)
    for each in description.endpoints:
        one = each.method == "GET" and each.path.endswith("}") and each.path.count("{") == 1
        if one and word and word not in neutral_words() and _noun(each) == word:
            yield each


def _with_meaning(endpoint: Endpoint, house: HouseWords) -> Endpoint:
    behind = {
        match[2]: house.words[word]
        for match in re.finditer(r"(?<![^/{}])([^/{}]+)/\{([^{}]*)\}", endpoint.path)
        if (word := singular((words_of(match[1]) or [""])[-1])) in house.words
    }

    def known(one: Field) -> str:
        if one.place == "path" and one.name in behind:
            return _USUAL_IDS[behind[one.name]]
        name = plain(one.name)
        if name in house.ids:
            return house.ids[name]
        base = re.sub(r"(u?u?ids?|no|slug|ts|urn|key)$", "", name)
        return _USUAL_IDS.get(house.words.get(base, ""), "") if name != base or one.place == "path" else ""

    own = replace(
        endpoint,
        parameters=tuple(replace(one, known=known(one)) for one in endpoint.parameters),
        body=tuple(replace(one, known=known(one)) for one in endpoint.body),
    )
    called = {one.name: one.called for one in own.parameters if one.place == "path"}
    path = "".join(
        "{" + called.get(part[1:-1], part[1:-1]) + "}" if part.startswith("{") else _said(part, house)
        for part in re.split(r"(\{[^{}]*\})", endpoint.path)
    )
    spoken = replace(
        own,
        path=path,
        name=_said(endpoint.name, house),
        summary=_said(endpoint.summary, house),
        parameters=tuple(replace(one, name=one.called) for one in own.parameters),
        body=tuple(replace(one, name=one.called) for one in own.body),
    )
    does = next((name for name, each in house.does.items() if each == str(endpoint)), "")
    return replace(own, spoken=replace(spoken, does=does))


def _said(text: str, house: HouseWords) -> str:
    """A text with the everyday words for those of the house, singular or plural and capital or not as they were."""

    def word(match: re.Match[str]) -> str:
        everyday = house.words.get(singular(match[0].lower()))
        if everyday is None:
            return match[0]
        everyday += "s" if singular(match[0].lower()) != match[0].lower() else ""
        return everyday.capitalize() if match[0][0].isupper() else everyday

    return re.sub(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", word, text)
