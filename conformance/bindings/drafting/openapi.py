"""Reading an OpenAPI 3 document, or one of Swagger 2.0, as far as a draft of a binding needs it: what can be asked
where, with what, and what comes back.

Only references into the document itself (``#/…``) and to files beside it are followed, a bounded number of steps;
nothing is fetched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from shenhe.core.document import DocumentError, Fault, Limits, Mark, Readable, read_yaml

from .documents.split import in_one
from .documents.swagger import upgraded
from .fields import plain

LIMITS = Limits(size=8 * 1024 * 1024, depth=60, values=500_000)
METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST = 30
"""So many references are followed one after another."""
MOST_ENDPOINTS = 3_000
"""So many endpoints of a document are compared with the operations."""
SCHEMAS_EACH, SCHEMAS_ALL = 3_000, 200_000
"""So many schemas are read of one parameter, body or answer, and of a whole document: schemas that refer to each other
grow with every step.
"""

_PLAIN_PATH = re.compile(r"/(?:[^{}\s?#$%\\\x00-\x1f]|\{[^{}\s/%]+\})*")


@dataclass(frozen=True)
class Field:
    """A parameter, or a property of a body. ``given`` is a value that the document itself offers: a constant, default
    or example.
    """

    name: str
    place: str
    required: bool
    schema: Mapping[str, Any]
    given: Any = None
    #: Where in the body it is, if that is not under its own name.
    inside: tuple[str, ...] = ()
    #: What it is usually called, where the document has a word of the house for it.
    known: str = ""

    @property
    def called(self) -> str:
        """The name by which its meaning is found."""
        return self.known or self.name

    @property
    def binary(self) -> bool:
        """Whether it is a file."""
        return (
            self.schema.get("format") == "binary"
            or "contentMediaType" in self.schema
            or self.schema.get("contentEncoding") == "binary"
        )

    @property
    def hint(self) -> str:
        """What the document says it is, on one line."""
        said = str(self.schema.get("description") or self.schema.get("title") or "")
        if values := _list(self.schema.get("enum")):
            said = f"one of: {', '.join(map(str, values[:12]))}"
        return " ".join(f"{self.schema.get('type', 'value')} {said}".split())[:100]


@dataclass(frozen=True)
class GraphqlField:
    """How a field of a GraphQL schema is queried. ``inputs`` are the places of its variables, with their names."""

    path: str
    query: str
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Endpoint:
    """One method of one path."""

    method: str
    path: str
    name: str
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: tuple[Field, ...]
    body_type: str
    body: tuple[Field, ...]
    answer_type: str
    answer: Mapping[str, Any]
    refusal: Mapping[str, Any]
    open: bool
    #: The schema of the data of an event, where an answer of server-sent events is documented.
    events: Mapping[str, Any] | None = None
    #: Whether an answer may say that it is not ready yet (202).
    pending: bool = False
    answer_headers: tuple[str, ...] = ()
    #: What the document shows of answers, as text.
    examples: str = ""
    callbacks: bool = False
    graphql: GraphqlField | None = None
    #: The one field of the body that holds all others, as in `{"article": {"title": …}}`.
    wrapped_in: str = ""
    deprecated: bool = False
    #: The same endpoint in everyday words, where the document has words of the house.
    spoken: Endpoint | None = None
    #: The redirect by which it says yes, and the cookie that begins a session, where recorded traffic shows them.
    accepts: int = 0
    session_cookie: str = ""
    #: Whether requests that were sent describe it, and no schema does.
    described_by_requests: bool = False
    #: The operation that it serves by what it does.
    does: str = ""

    @property
    def gives_media(self) -> bool:
        """Whether its response is a file."""
        return self.answer_type.split("/")[0] in {"image", "audio", "video"} or self.answer_type.endswith(
            "octet-stream"
        )

    @property
    def resumable(self) -> bool:
        """Whether it opens an upload whose bytes follow in further requests (tus)."""
        headers = {plain(each.name) for each in self.parameters if each.place == "header"}
        return self.method == "POST" and "uploadlength" in headers

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Description:
    """A document. ``passed_over`` says what in it could not be used, a line each."""

    title: str
    server: str
    endpoints: list[Endpoint]
    schemes: dict[str, Mapping[str, Any]]
    required_schemes: tuple[str, ...]
    passed_over: list[str] = field(default_factory=list)


def read_openapi(origin: Readable, name: str) -> Description:
    """The endpoints of a document. Raises :class:`DocumentError` for anything that is no OpenAPI 3 or Swagger 2.0."""
    data, _ = read_yaml(origin, name, limits=LIMITS, foreign=True)
    return description_of(in_one(data, origin, LIMITS) if isinstance(origin, Path) else data, name)


def description_of(data: Any, name: str) -> Description:
    """The endpoints of a parsed document. Raises :class:`DocumentError` as :func:`read_openapi`."""
    version = data.get("openapi") if isinstance(data, dict) else None
    if isinstance(data, dict) and version is None and re.match(r"2\.0?$", str(data.get("swagger", ""))):
        return _Reader(upgraded(data)).description()
    if not isinstance(data, dict) or not re.match(r"3\.[01](\.|$)", str(version)):
        old = data.get("swagger") if isinstance(data, dict) else None
        found = f"openapi {version!r}" if version is not None else f"swagger {old!r}" if old is not None else "neither"
        why = f"found {found}, expected a document of OpenAPI 3.0 or 3.1, or of Swagger 2.0"
        raise DocumentError([Fault(name, Mark(1, 1), (), why)])
    return _Reader(data).description()


class _Reader:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self.passed_over: list[str] = []
        self._left_of_all = SCHEMAS_ALL
        self._left = 0
        #: What each reference leads to.
        self._referred: dict[str, Mapping[str, Any]] = {}

    def description(self) -> Description:
        document = self._document
        info = _mapping(document.get("info"))
        schemes = _mapping(_mapping(document.get("components")).get("securitySchemes"))
        endpoints = list(islice(self._endpoints(), MOST_ENDPOINTS))
        if len(endpoints) == MOST_ENDPOINTS:
            self.passed_over.append(f"endpoints after the first {MOST_ENDPOINTS:,}: cut the document to what you offer")
        return Description(
            title=_line(info.get("title")) or "A provider",
            server=self._server(),
            endpoints=endpoints,
            schemes={str(key): self._resolved(value) for key, value in schemes.items()},
            required_schemes=tuple(
                dict.fromkeys(name for each in _list(document.get("security")) for name in _mapping(each))
            ),
            passed_over=self.passed_over,
        )

    def _server(self) -> str:
        for server in map(_mapping, _list(self._document.get("servers"))):
            url = str(server.get("url", ""))
            for name, variable in _mapping(server.get("variables")).items():
                url = url.replace("{" + name + "}", str(_mapping(variable).get("default", "")))
            if re.fullmatch(r"https?://[A-Za-z0-9.:_/~-]+", url):
                return url.rstrip("/")
        return ""

    def _endpoints(self) -> Iterator[Endpoint]:
        security = self._document.get("security")
        for path, unresolved in _mapping(self._document.get("paths")).items():
            item = self._resolved(unresolved)
            if not _PLAIN_PATH.fullmatch(path):
                self.passed_over.append(f"{_line(path)}: the path holds characters that a binding does not carry")
                continue
            for method in METHODS:
                operation = item.get(method)
                if not isinstance(operation, dict):
                    continue
                fields = [
                    field
                    for each in (*_list(item.get("parameters")), *_list(operation.get("parameters")))
                    for field in self._parameter(each)
                ]
                body_type, body, wrapped_in = self._body(operation)
                answer_type, answer = self._answer(operation, "2")
                _, refusal = self._answer(operation, "4")
                responses = {
                    status: self._resolved(each)
                    for status, each in _mapping(operation.get("responses")).items()
                    if status.startswith("2")
                }
                secured = operation.get("security", security)
                yield Endpoint(
                    method=method.upper(),
                    path=path,
                    name=_line(operation.get("operationId")),
                    summary=_line(operation.get("summary")) or _first_sentence(operation.get("description")),
                    description=_line(operation.get("description"))[:500],
                    tags=tuple(_line(tag) for tag in _list(operation.get("tags"))),
                    parameters=tuple({(each.place, each.name): each for each in fields}.values()),
                    body_type=body_type,
                    body=body,
                    answer_type=answer_type,
                    answer=answer,
                    refusal=refusal,
                    open=not _list(secured) or any(not _mapping(each) for each in _list(secured)),
                    events=self._events(responses),
                    pending="202" in responses,
                    answer_headers=tuple(
                        dict.fromkeys(name for each in responses.values() for name in _mapping(each.get("headers")))
                    ),
                    examples=_line(operation.get("description")) + json.dumps(responses, default=str)[:20_000],
                    callbacks=bool(_mapping(operation.get("callbacks"))),
                    wrapped_in=wrapped_in,
                    deprecated=operation.get("deprecated") is True,
                )

    def _parameter(self, unresolved: Any) -> Iterator[Field]:
        """A parameter; or, of an object in the query, its properties: each is sent by itself (``explode``)."""
        parameter = self._resolved(unresolved)
        name, place = parameter.get("name"), parameter.get("in")
        if not isinstance(name, str) or place not in {"path", "query", "header"}:
            return
        self._begin()
        schema = self.schema(parameter.get("schema"))
        exploded = parameter.get("style", "form") == "form" and parameter.get("explode") is not False
        if place == "query" and exploded and _mapping(schema.get("properties")):
            for each in self._properties(schema, {}):
                yield replace(each, place="query")
            return
        described = {**schema, "description": parameter.get("description") or schema.get("description", "")}
        required = parameter.get("required") is True or place == "path"
        yield Field(name, str(place), required, described, _given({**schema, **_only(parameter, "example")}))

    def _body(self, operation: Mapping[str, Any]) -> tuple[str, tuple[Field, ...], str]:
        """The media type of the body, its fields, and the name of the one field that holds all of them, if one does."""
        content = _mapping(self._resolved(operation.get("requestBody")).get("content"))
        kinds = ("application/json", "multipart/form-data", "application/x-www-form-urlencoded")
        kind = next((kind for kind in kinds if kind in content), next(iter(content), ""))
        media = _mapping(content.get(kind))
        self._begin()
        example = _mapping(media.get("example"))
        schema = self.schema(media.get("schema"))
        fields = tuple(self._properties(schema, example))
        if len(fields) == 1 and (kind.endswith("json") or not kind):
            inner = tuple(self._properties(fields[0].schema, _mapping(example.get(fields[0].name))))
            if inner:
                return kind, tuple(self._of_resource(inner)), fields[0].name
        return kind, fields, ""

    def _of_resource(self, fields: tuple[Field, ...]) -> Iterator[Field]:
        """The fields of a resource of JSON:API: its attributes, and the ids of what it is related to."""
        if not {each.name for each in fields} & {"attributes", "relationships"}:
            yield from fields
            return
        for each in fields:
            if each.name == "attributes":
                yield from (replace(one, inside=("attributes", one.name)) for one in self._properties(each.schema, {}))
            elif each.name == "relationships":
                for name, unresolved in _mapping(each.schema.get("properties")).items():
                    to = self.schema(_mapping(self.schema(unresolved).get("properties")).get("data"))
                    place = ("relationships", name, "data")
                    kind = _given(self.schema(_mapping(to.get("properties")).get("type")))
                    yield Field(f"{name}_id", "body", True, {"type": "string"}, None, (*place, "id"))
                    yield Field(f"{name}_type", "body", True, {"type": "string"}, kind or f"{name}s", (*place, "type"))
            else:
                yield replace(each, required=each.required or each.name == "type")

    def _properties(self, schema: Mapping[str, Any], example: Mapping[str, Any]) -> Iterator[Field]:
        required = {str(name) for name in _list(schema.get("required"))}
        for name, unresolved in _mapping(schema.get("properties")).items():
            inner = self.schema(unresolved)
            if inner.get("readOnly") is True:
                continue
            if SECRET.search(plain(name)):
                # What an example gives is another user's credential.
                inner = {key: value for key, value in inner.items() if key not in {"example", "examples"}}
                yield Field(name, "body", name in required, inner, _given(inner))
                continue
            given = _given(inner)
            yield Field(name, "body", name in required, inner, example.get(name) if given is None else given)

    def _answer(self, operation: Mapping[str, Any], digit: str) -> tuple[str, Mapping[str, Any]]:
        for status, unresolved in sorted(_mapping(operation.get("responses")).items()):
            if not status.startswith(digit):
                continue
            content = _mapping(self._resolved(unresolved).get("content"))
            kind = next((kind for kind in content if kind.endswith("json")), next(iter(content), ""))
            if kind:
                self._begin()
                return kind, self._expanded(_mapping(content.get(kind)).get("schema"), 0)
        return "", {}

    def _events(self, responses: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
        for response in responses.values():
            media = _mapping(response.get("content")).get("text/event-stream")
            if isinstance(media, dict):
                self._begin()
                return self._expanded(media.get("itemSchema", media.get("schema")), 0)
        return None

    def _begin(self) -> None:
        """Begin with another parameter, body or answer."""
        self._left = SCHEMAS_EACH

    def _exhausted(self) -> bool:
        """Count one more schema; whether there were too many."""
        self._left -= 1
        self._left_of_all -= 1
        if self._left >= 0 and self._left_of_all >= 0:
            return False
        what = "the document" if self._left_of_all < 0 else "one of its schemas"
        line = f"{what} has more schemas inside each other than are read: parts of it were left out"
        if line not in self.passed_over:
            self.passed_over.append(line)
        return True

    def _expanded(self, unresolved: Any, depth: int) -> Mapping[str, Any]:
        """A schema with the references inside it resolved, down to the depth at which anything is looked for."""
        schema = dict(self.schema(unresolved))
        if depth >= 5 or self._left < 0 or self._left_of_all < 0:
            return schema
        if "properties" in schema:
            properties = list(_mapping(schema["properties"]).items())[:100]
            schema["properties"] = {name: self._expanded(inner, depth + 1) for name, inner in properties}
        if "items" in schema:
            schema["items"] = self._expanded(schema["items"], depth + 1)
        return schema

    def schema(self, unresolved: Any, depth: int = 0) -> Mapping[str, Any]:
        """A schema with its own reference followed and ``allOf`` merged; of ``oneOf`` and ``anyOf`` the first that is
        not null, with the properties of the others if all are objects.
        """
        resolved = self._resolved(unresolved)
        plain_type = not isinstance(resolved.get("type"), list)
        if depth > 5 or self._exhausted() or (plain_type and resolved.keys().isdisjoint(_COMBINED)):
            return resolved
        schema = dict(resolved)
        parts = [self.schema(part, depth + 1) for part in _list(schema.pop("allOf", None))[:50]]
        for part in (*parts, dict(schema)) if parts else ():
            # A later schema adds to the same property.
            properties = {**_mapping(schema.get("properties")), **_mapping(part.get("properties"))}
            required = [*_list(schema.get("required")), *_list(part.get("required"))]
            schema = {**schema, **part, "properties": properties, "required": required}
        for key in ("oneOf", "anyOf"):
            options = [self.schema(each, depth + 1) for each in _list(schema.pop(key, None))[:20]]
            options = [each for each in options if each.get("type") != "null"]
            if options:
                schema = {**options[0], **_united(options), **schema}
        kind = schema.get("type")
        if isinstance(kind, list):
            schema["type"] = next((each for each in kind if each != "null"), "null")
        return schema

    def _resolved(self, value: Any) -> Mapping[str, Any]:
        seen = 0
        first = value.get("$ref") if isinstance(value, dict) else None
        if isinstance(first, str) and (known := self._referred.get(first)) is not None:
            return known
        while isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
            seen += 1
            if not reference.startswith("#/") or seen > DEEPEST:
                why = "goes round in circles" if seen > DEEPEST else "leads out of the document and is not followed"
                line = f"$ref {_line(reference)[:200]}: {why}"
                if line not in self.passed_over:
                    self.passed_over.append(line)
                return {}
            target: Any = self._document
            for step in reference[2:].split("/"):
                key = step.replace("~1", "/").replace("~0", "~")
                target = target.get(key) if isinstance(target, dict) else None
            value = target
        found = value if isinstance(value, dict) else {}
        if isinstance(first, str):
            self._referred[first] = found
        return found


def _united(options: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The properties of several objects, of which only those required by all are required."""
    if len(options) < 2 or not all(_mapping(each.get("properties")) for each in options):
        return {}
    properties = {name: inner for each in reversed(options) for name, inner in each["properties"].items()}
    first = {name: properties[name] for name in options[0]["properties"]}
    required = [
        name
        for name in _list(options[0].get("required"))
        if all(name in _list(each.get("required")) for each in options)
    ]
    return {"properties": {**first, **properties}, "required": required}


#: The keys by which a schema is made of several.
_COMBINED = frozenset({"allOf", "oneOf", "anyOf"})
#: How the names of fields end that hold credentials.
SECRET = re.compile(r"(secret|password|token|apikey|accesskey|clientid|appid|appkey|apiusername)$")


def _given(schema: Mapping[str, Any]) -> Any:
    """A value that the schema itself offers, if it is a plain one."""
    options = [
        schema.get("const"),
        schema.get("default"),
        schema.get("example"),
        *_list(schema.get("examples"))[:1],
        *_list(schema.get("enum"))[:1],
    ]
    return next((value for value in options if isinstance(value, str | int | float | bool)), None)


def _only(mapping: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {key: mapping[key]} if key in mapping else {}


def _line(value: Any) -> str:
    return " ".join(value.split())[:300] if isinstance(value, str) else ""


def _first_sentence(text: Any) -> str:
    """What a description begins with, where an endpoint has no summary."""
    sentence = re.split(r"(?<=[.。!])\s|\n\n", str(text or ""), maxsplit=1)[0]
    return _line(sentence)[:120]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
