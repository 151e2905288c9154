"""A first binding from an OpenAPI document.

Which endpoint serves an operation is decided by counting words: each operation has words that name it (in English and Chinese), and
nouns that do together with a verb; a word counts more in an operationId or path than in a description. The count stands beside each
line that was drafted, and what reached too few is named as not mapped. Nothing is guessed silently: where the document does not say
what to write, a blank ``${FILL_IN_…}`` stands, and the draft is refused until it is filled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from ..exchange import visible
from ..provider import Operation
from . import deferred
from .deferred import Deferred
from .openapi import Description, Endpoint, Field
from .places import Leaf, leaves, named, plain, quoted
from .shapes import SHAPES
from .template import BLANK
from .vocabulary import Words, vocabulary

ENOUGH = 4.0
"""The count below which an endpoint is not taken to serve an operation."""

UNKNOWN_PARAMETER = 4.0
"""What a parameter of the path that the operation has no value for takes off the count."""

WEIGHTS = {"name": 2.0, "path": 2.0, "summary": 2.0, "tags": 1.0, "description": 0.5}
"""What one word counts by where it stands."""


LOGIN = "login"
_MESSAGE = "message msg errmsg errormessage detail errordetail error_description reason"
_ID = {
    "account": "accountid userid uid memberid openid",
    "content": "contentid assetid workid imageid mediaid fileid resourceid generationid taskid resultid jobid",
    "publication": "postid publicationid noteid shareid workid targetid objectid",
    "ticket": "ticketid reportid complaintid caseid appealid",
    "consent": "consentid authorizationid",
}
"""What the id of each thing may be called in an answer, besides ``id``."""
_ITEMS = {
    "refutations": {"publication": f"{_ID['publication']} id", "text": "text content statement body message"},
    "records": {
        "kind": "kind type action event category",
        "at": "at time timestamp createdat loggedat occurredat date",
        "subject": f"subject {_ID['publication']} {_ID['content']}",
        "text": "text message detail description content",
    },
}
"""What is looked for in each item of a list, by the names it may have."""


@dataclass(frozen=True)
class Blank:
    """Something that the document does not say. It is written as ``${FILL_IN_…}``, which no reader takes for a value."""

    name: str
    hint: str = ""

    @property
    def text(self) -> str:
        return "${" + BLANK + re.sub(r"[^A-Z0-9]+", "_", self.name.upper()).strip("_") + "}"


Value: TypeAlias = Any


DESTROYING = ("delete_account", "reset")
HEADER = """\
# Drafted by `shenhe init` from an OpenAPI document. Fill in what stands as ${FILL_IN_…}, and read every line: a count of words chose
# the endpoints (it stands beside each). `shenhe doctor` then tries each operation once and names the line that is wrong.
"""


@dataclass
class Section:
    """One operation, or one way of it, as it will be written."""

    operation: str
    keys: dict[str, Value]
    note: str
    when: str = ""
    service: tuple[str, str] = ("", "")


@dataclass
class Draft:
    """A drafted binding. ``missing`` names the operations that nothing in the document serves, ``blanks`` what is to be filled in."""

    text: str
    mapped: list[str]
    missing: list[str]
    unused: list[str]
    passed_over: list[str]
    blanks: list[Blank] = field(default_factory=list)


# --- counting words --------------------------------------------------------------------------------------------------------------


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


def _assigned(description: Description) -> dict[str, list[tuple[Endpoint, float, list[str]]]]:
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
    assigned: dict[str, list[tuple[Endpoint, float, list[str]]]] = {}
    for total, _, name, endpoint, words in sorted(counted, key=lambda item: (-item[0], -item[1], item[2])):
        if str(endpoint) in taken or (name in assigned and name != "generate"):
            continue
        if name == "generate":
            service = "/".join(_service(endpoint)[:2])
            if service in services:
                continue
            services.add(service)
        taken.add(str(endpoint))
        assigned.setdefault(name, []).append((endpoint, total, words))
    return assigned


def _unknown_parameters(name: str, endpoint: Endpoint) -> int:
    return sum(_expression(name, parameter) is None for parameter in re.findall(r"\{([^}]*)\}", endpoint.path))


def _service(endpoint: Endpoint) -> tuple[str, str]:
    found = words_of(" ".join((endpoint.name, endpoint.path, endpoint.summary, *endpoint.tags)))
    joined = "".join(found)
    known = vocabulary().services
    best = max(known, key=lambda each: sum(_stands(word, found, joined) for word in each.words.split()))
    told, kind = endpoint.answer_type, best.media_type
    return best.service.value, told if told.split("/")[0] in {"image", "audio", "video"} else kind


# --- drafting --------------------------------------------------------------------------------------------------------------------


def draft(description: Description) -> Draft:
    """A binding drafted from a document."""
    return _Drafter(description).draft()


class _Drafter:
    def __init__(self, description: Description) -> None:
        self.description = description
        self.blanks: list[Blank] = []
        #: What an endpoint does that could not be written, and the endpoints that others are asked for by.
        self.remarks: list[str] = []
        self.asked: list[str] = []

    def draft(self) -> Draft:
        assigned = _assigned(self.description)
        sections = {
            name: [self._section(name, endpoint, total, words) for endpoint, total, words in found] for name, found in assigned.items()
        }
        used = {str(endpoint) for found in assigned.values() for endpoint, _, _ in found} | set(self.asked)
        missing = [operation.value for operation in Operation if operation.value not in sections]
        unused = [str(endpoint) for endpoint in self.description.endpoints if str(endpoint) not in used]
        mapped = [f"{name}: {section.note}" for name in vocabulary().operations for section in sections.get(name, [])]
        text = "\n".join(self._lines(sections, missing, unused)) + "\n"
        return Draft(text, mapped, missing, unused, [*self.description.passed_over, *self.remarks], self.blanks)

    def _blank(self, name: str, hint: str = "") -> Blank:
        blank = Blank(name, hint)
        self.blanks.append(blank)
        return blank

    def _section(self, name: str, endpoint: Endpoint, total: float, words: list[str]) -> Section:
        keys: dict[str, Value] = {}
        if endpoint.method != ("POST" if endpoint.body else "GET"):
            keys["method"] = endpoint.method
        keys["path"] = self._path(name, endpoint)
        for place in ("query", "headers"):
            fields = [each for each in endpoint.parameters if each.place == place.removesuffix("s") or each.place == place]
            filled = self._filled(name, fields)
            if filled:
                keys[place] = filled
        if endpoint.body:
            kind = {"multipart/form-data": "multipart", "application/x-www-form-urlencoded": "form"}.get(endpoint.body_type, "json")
            streams = endpoint.answer_type == "text/event-stream"
            keys[kind] = self._filled(name, endpoint.body, files=kind == "multipart", streams=streams)
        elif endpoint.body_type:
            keys["headers"] = {
                **keys.get("headers", {}),
                "Content-Type": "{{ media.media_type }}" if name == "upload" else endpoint.body_type,
            }
            keys["body"] = "{{ media.data }}" if name == "upload" else self._blank(f"{name} body", endpoint.body_type)
        later, streamed = self._later(name, endpoint), self._streamed(name, endpoint)
        keys |= self._answers(name, later.source or endpoint) | _envelope(endpoint)
        if streamed.keys:
            keys |= self._pieces(name, endpoint)
        for each in (streamed, later, deferred.paged(name, endpoint, vocabulary().deferral)):
            keys = deferred.joined(keys, each.keys)
            if each.remark:
                self.remarks.append(f"{name}: {endpoint}: {each.remark}")
        if endpoint.callbacks:
            self.remarks.append(f"{name}: {endpoint}: calls back when it is done; a binding asks instead, where there is a place to ask")
        if later.source is not None:
            self.asked.append(str(later.source))
        if endpoint.open and name != LOGIN and self.description.schemes:
            keys["auth"] = {"type": "none"}
        note = f"{endpoint} ({total:g}: {', '.join(words)})"
        if later.source is not None:
            note += f", then {later.source}"
        if name != "generate":
            return Section(name, keys, note)
        return Section(name, keys, note, service=_service(endpoint))

    def _streamed(self, name: str, endpoint: Endpoint) -> Deferred:
        if name != "generate":
            return Deferred()
        return deferred.streamed(endpoint, vocabulary().deferral, lambda hint: self._blank(f"{name} piece", hint))

    def _later(self, name: str, endpoint: Endpoint) -> Deferred:
        return deferred.polled(name, endpoint, self.description, vocabulary().deferral, lambda hint: self._blank(f"{name} until", hint))

    def _pieces(self, name: str, endpoint: Endpoint) -> dict[str, Value]:
        """What is found in a stream: its text, and an id in the data of its first event, where the document shows one."""
        place = self._found(name, "id", list(leaves(endpoint.events or {})))
        found: Value = f"events[0].data.{place}" if place else {"value": f"{name}-{{{{ nonce }}}}"}
        return {"extract": {"id": found}, "media": {"text": "text"}}

    def _path(self, name: str, endpoint: Endpoint) -> str:
        def value(match: re.Match[str]) -> str:
            expression = _expression(name, match[1])
            return expression if expression is not None else self._blank(f"{name} {match[1]}", "a part of the path").text

        return re.sub(r"\{([^}]*)\}", value, endpoint.path)

    def _filled(self, name: str, fields: Sequence[Field], *, files: bool = False, streams: bool = False) -> dict[str, Value]:
        filled: dict[str, Value] = {}
        taken: set[str] = set()
        for each in fields:
            expression = _expression(name, each.name)
            if each.binary and files and name in {"upload", "edit"}:
                source = "media" if name == "upload" else "request.source"
                filled[each.name] = {
                    "data": "{{ " + source + ".data }}",
                    "filename": "source",
                    "type": "{{ " + source + ".media_type }}",
                }
            elif expression is not None and expression not in taken and each.schema.get("type") not in {"object", "array"}:
                taken.add(expression)
                filled[each.name] = expression
            elif expression is not None and each.name.lower() == "messages":
                filled[each.name] = expression
            elif each.name == "stream" and each.schema.get("type") == "boolean" and (each.required or each.given or streams):
                filled[each.name] = streams
            elif each.required:
                filled[each.name] = each.given if _safe(each.given) else self._blank(f"{name} {each.name}", each.hint)
        return filled

    def _answers(self, name: str, endpoint: Endpoint) -> dict[str, Value]:
        keys: dict[str, Value] = {}
        shape = SHAPES[Operation(name)] if name != LOGIN else None
        places = list(leaves(endpoint.answer))
        extract: dict[str, Value] = {}
        if name == LOGIN or (name == "register" and self._wants_token()):
            token = named(places, "token accesstoken sessiontoken jwt sessionid")
            if name == LOGIN:
                extract["credentials"] = {"token": token or self._blank("login token", "where the answer has the token")}
            elif token:
                extract["credentials"] = {"token": token}
        for wanted in shape.required if shape else ():
            found: Value = self._found(name, wanted, places)
            if found is None and wanted == "id" and not endpoint.answer_type.endswith("json") and endpoint.answer_type:
                found = {"value": f"{name}-{{{{ nonce }}}}"}
            extract[wanted] = found or self._blank(f"{name} {wanted}", f"where the answer has {wanted}, a JMESPath expression")
        if name in {"report", "report_status", "appeal"}:
            for wanted, names in (
                ("state", "state status result"),
                ("receipt", "receipt"),
                ("reasons", "reasons reason decision explanation"),
            ):
                place = named(places, names)
                if place and wanted not in extract:
                    extract[wanted] = place
        if name in _ITEMS:
            extract |= _of_items(places, _ITEMS[name])
        if extract:
            keys["extract"] = {key: extract[key] for key in ("id", *extract) if key in extract}
        if shape is not None and (shape.media_required or name in {"generate"}):
            keys["media"] = self._media(name, endpoint, places)
        return keys

    def _found(self, name: str, wanted: str, places: Sequence[Leaf]) -> str | None:
        if wanted == "id":
            kind = SHAPES[Operation(name)].makes
            return named(places, f"{_ID.get(kind, '')} id")
        if wanted == "publications":
            lists = [path for path, _ in places if re.search(r"\[0\]\.(id|postId|post_id|publicationId|publication_id|noteId)$", path)]
            return lists[0].replace("[0]", "[]") if lists else None
        return named(places, "state status")

    def _media(self, name: str, endpoint: Endpoint, places: Sequence[Leaf]) -> Value:
        service, kind = _service(endpoint) if name == "generate" else ("", "")
        if endpoint.answer_type and not endpoint.answer_type.endswith("json"):
            return "body"
        if service == "text":
            place = named(places, "content text answer reply output result message response completion")
            return {"text": place or self._blank(f"{name} text", "where the answer has the text")}
        for way, names in (
            ("base64", "b64json base64 imagebase64 audiobase64 data imagedata audiodata"),
            ("url", "url imageurl audiourl videourl downloadurl fileurl mediaurl link"),
        ):
            place = named(places, names)
            if place:
                return {way: place, **({"media_type": kind} if kind and way == "base64" else {})}
        if name == "fetch" and not endpoint.answer_type:
            return "body"
        return {"url": self._blank(f"{name} url", "where the answer has the URL of the bytes; or write base64, or media: body")}

    # --- auth --------------------------------------------------------------------------------------------------------------------

    def _wants_token(self) -> bool:
        return bool(self._auth()[0]) and "account.credentials.token" in json.dumps(self._auth()[0])

    def _auth(self) -> tuple[dict[str, Value], list[str]]:
        """The auth section and the hosts that tokens come from."""
        schemes = self.description.schemes
        name = next((each for each in self.description.required_schemes if each in schemes), next(iter(schemes), None))
        scheme = schemes.get(name or "", {})
        kind, token = scheme.get("type"), "{{ account.credentials.token }}"
        if kind == "http" and str(scheme.get("scheme")).lower() == "basic":
            return {"type": "basic", "username": "{{ account.credentials.username }}", "password": "{{ account.credentials.password }}"}, []
        if kind == "http":
            return {"type": "bearer", "token": token}, []
        if kind == "apiKey" and scheme.get("in") == "cookie":
            return {"type": "cookie", "cookies": {str(scheme.get("name")): token}}, []
        if kind == "apiKey" and scheme.get("in") == "header":
            return {"type": "header", "name": str(scheme.get("name")), "value": token}, []
        flows = scheme.get("flows")
        flow = flows.get("clientCredentials") if isinstance(flows, dict) else None
        if kind == "oauth2" and isinstance(flow, dict) and _safe(flow.get("tokenUrl")):
            url = str(flow["tokenUrl"])
            host = urlsplit(url).netloc
            own = urlsplit(self.description.server).netloc
            section = {"type": "oauth2", "token_url": url, "client_id": "${CLIENT_ID}", "client_secret": "${CLIENT_SECRET}"}
            return section, [host] if host and host != own else []
        return ({"type": "bearer", "token": token}, []) if schemes else ({}, [])

    # --- writing -----------------------------------------------------------------------------------------------------------------

    def _lines(self, sections: Mapping[str, list[Section]], missing: Sequence[str], unused: Sequence[str]) -> Iterator[str]:
        auth, hosts = self._auth()
        register, login = sections.get("register"), sections.get(LOGIN)
        yield from HEADER.splitlines()
        yield ""
        yield "target:"
        yield f"  name: {scalar(self.description.title.replace('${', '$${'))}"
        yield f"  base_url: {scalar(self.description.server) if self.description.server else scalar(self._blank('base_url'))}"
        yield "  environment: production         # write `test` once base_url is a place made for tests; only then is it probed"
        yield "  markets: [cn]"
        yield "  roles: [provider]"
        yield f"  identities: {'synthetic' if register else 'supplied'}            # synthetic: invented persons may be registered"
        services: dict[str, list[str]] = {}
        for section in sections.get("generate", []):
            services.setdefault(section.service[0], []).append(section.service[1])
        listed = ", ".join(f"{service}: [{', '.join(kinds)}]" for service, kinds in (services or {"text": ["text/plain"]}).items())
        yield f"  services: {{{listed}}}"
        if "disclosures" in sections:
            yield "  disclosure_topics: [rules, agreement, complaints]"
        if "verify_identity" in sections:
            yield "  identity_methods: [id-card]"
        if hosts:
            yield f"  auth_hosts: [{scalar(hosts[0])}]"
        yield ""
        if auth:
            yield "auth:"
            yield from written(auth, 1)
            yield ""
        if auth and not register and "account" in json.dumps(auth):
            credentials = (
                {"username": "${ADULT_USERNAME}", "password": "${ADULT_PASSWORD}"}
                if login or auth["type"] == "basic"
                else {"token": "${ADULT_TOKEN}"}
            )
            yield "accounts:                           # ready-made, from the environment"
            yield "  verified_adult:"
            yield from written({"id": "${ADULT_ID}", "credentials": credentials}, 2)
            yield ""
        if login:
            yield f"login:  # {_comment(login[0].note)}"
            yield from written(login[0].keys, 1)
            yield ""
        yield "operations:"
        for name in vocabulary().operations:
            if name != LOGIN and name in sections:
                yield from self._operation(name, sections[name], auth, bool(login))
        if not set(sections) - {LOGIN}:
            yield "  generate:  # nothing in the document sounds like an operation: write at least one"
            yield from written({"path": "/" + self._blank("generate path").text, "extract": {"id": self._blank("generate id")}}, 2)
            yield ""
        for title, names in (
            ("Not mapped", missing),
            ("Endpoints that no operation uses", unused),
            ("Passed over", [*self.description.passed_over, *self.remarks]),
        ):
            if names:
                yield f"# {title}:"
                yield from (f"#   {_comment(each)}" for each in names)

    def _operation(self, name: str, sections: Sequence[Section], auth: Mapping[str, Value], login: bool) -> Iterator[str]:
        if name == "register" and not login and "account.credentials." in json.dumps(auth):
            extract = sections[0].keys.setdefault("extract", {})
            given = extract.setdefault("credentials", {})
            for key in re.findall(r"account\.credentials\.(\w+)", json.dumps(auth)):
                if key not in given:
                    given[key] = self._blank(f"register {key}", f"where the answer has the {key}")
        elif name == "register" and login:
            extract = sections[0].keys.setdefault("extract", {})
            extract["credentials"] = {"username": {"value": "{{ profile.username }}"}, "password": {"value": "{{ profile.password }}"}}
        if name in DESTROYING:
            yield "  # This one destroys: read it twice."
        if len(sections) == 1:
            yield f"  {name}:  # {_comment(sections[0].note)}"
            yield from written(sections[0].keys, 2)
        else:
            yield f"  {name}:"
            yield "    variants:"
            for section in sections:
                service, kind = section.service
                yield f"      # {_comment(section.note)}"
                yield f"      - when: {{service: {service}, media_type: {kind}}}"
                yield from written(section.keys, 4)
        yield ""


def _expression(name: str, given: str) -> str | None:
    """The value of an operation that a name of the document means."""
    known = plain(given)
    for each in vocabulary().fields.get(name, ()):
        if known in each.names.split():
            return each.value
    if known in _ID["account"].split() and name not in {"register", LOGIN}:
        return "{{ account.id }}"
    return None


def _of_items(places: Sequence[Leaf], names: Mapping[str, str]) -> dict[str, Value]:
    """The first list of an answer, and what each of its items has."""
    first = next((path for path, _ in places if "[0]" in path), None)
    if first is None:
        return {}
    within = first.partition("[0]")[0]
    inside = [(path.removeprefix(f"{within}[0]."), schema) for path, schema in places if path.startswith(f"{within}[0].")]
    found = {key: named(inside, wanted) for key, wanted in names.items()}
    return {"items": within or "@", **{key: place for key, place in found.items() if place}}


def _safe(value: Any) -> bool:
    """Whether a value of the document can stand in the draft as it is: nothing in it is a template or a variable."""
    return value is not None and not (isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value or "${" in value))


def _envelope(endpoint: Endpoint) -> dict[str, Value]:
    """How the document says yes and no: a code of its own in every answer, or an error body."""
    properties = endpoint.answer.get("properties")
    keys: dict[str, Value] = {}
    names = {plain(name): name for name in properties} if isinstance(properties, dict) else {}
    code = next((names[each] for each in ("code", "errcode", "ret", "retcode", "errno", "statuscode") if each in names), None)
    if code is not None and isinstance(properties, dict) and ({"data", "result"} & set(names) or {"msg", "message", "errmsg"} & set(names)):
        schema = properties[code] if isinstance(properties[code], dict) else {}
        options = [schema.get("const"), schema.get("example"), schema.get("default"), *(schema.get("enum") or [])[:1]]
        given = next((each for each in options if isinstance(each, int | str) and not isinstance(each, bool)), None)
        good = given if given is not None else "0" if schema.get("type") == "string" else 0
        if _safe(good):
            keys["accept_when"] = f"{quoted(code)} == `{json.dumps(good)}`"
            keys["reason"] = quoted(code)
            message = next((names[each] for each in ("msg", "message", "errmsg", "errormessage") if each in names), None)
            if message:
                keys["notice"] = quoted(message)
            return keys
    places = list(leaves(endpoint.refusal))
    reason, notice = named(places, "code errorcode errcode error type"), named(places, _MESSAGE)
    return {**({"reason": reason} if reason else {}), **({"notice": notice} if notice else {})}


# --- YAML ------------------------------------------------------------------------------------------------------------------------


def written(value: Mapping[str, Value], depth: int) -> Iterator[str]:
    """A mapping as lines of YAML; ``depth`` counts steps of two spaces."""
    indent = "  " * depth
    for key, inner in value.items():
        shown = key if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", key) and key not in {"null", "true", "false"} else scalar(key)
        if isinstance(inner, dict) and inner:
            yield f"{indent}{shown}:"
            yield from written(inner, depth + 1)
        else:
            hint = f"  # {_comment(inner.hint)}" if isinstance(inner, Blank) and inner.hint else ""
            yield f"{indent}{shown}: {scalar(inner)}{hint}"


def scalar(value: Value) -> str:
    """A value as YAML: text in double quotes unless it is plain, with what would be a variable written so that it is none."""
    if isinstance(value, Blank):
        return value.text
    if isinstance(value, str):
        if re.fullmatch(r"[A-Za-z/][A-Za-z0-9_./-]*", value) and value.lower() not in {"null", "true", "false"}:
            return value
        return json.dumps(value, ensure_ascii=not value.isprintable())
    return json.dumps(value)


def _comment(text: str) -> str:
    return visible(" ".join(text.split()))[:200]


__all__ = ["Blank", "Draft", "count", "draft", "words_of", "written"]
