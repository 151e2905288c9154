"""Endpoints from recorded traffic: a HAR file, or a Postman collection with its saved examples."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from shenhe.core.document import DocumentError, Fault, Limits, Mark, Readable, read_origin

from .fields import plain
from .openapi import SECRET, Description, Endpoint, Field

LIMITS = Limits(size=64 * 1024 * 1024)
MOST_ENDPOINTS = 2_000
_MADE_ID = re.compile(r"\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,}|[A-Za-z]{1,8}[_-][A-Za-z0-9]{6,}", re.I)
_STATIC = re.compile(r"\.(js|css|png|jpe?g|gif|svg|ico|woff2?|map)$", re.I)
_VARIABLE = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


def read_har(origin: Readable, name: str) -> Description:
    """The endpoints that the requests of a HAR file went to. Raises :class:`DocumentError` for another file."""
    document = _json(origin, name)
    entries = document.get("log", {}).get("entries") if isinstance(document.get("log"), dict) else None
    if not isinstance(entries, list):
        raise _fault(name, "found no log.entries, expected a HAR file as browsers save it")
    found: dict[str, Endpoint] = {}
    passed_over: list[str] = []
    schemes = Schemes()
    hosts = Counter(urlsplit(str(_mapping(_mapping(each).get("request")).get("url", ""))).netloc for each in entries)
    base = ""
    ids = _ids_in(entries)
    for entry in map(_mapping, entries):
        request, response = _mapping(entry.get("request")), _mapping(entry.get("response"))
        parts = urlsplit(str(request.get("url", "")))
        if not hosts or parts.netloc != hosts.most_common(1)[0][0]:
            continue
        if _STATIC.search(parts.path) or request.get("method") in {"OPTIONS", "HEAD", "CONNECT"}:
            continue
        base = f"{parts.scheme}://{parts.netloc}"
        signed = schemes.add_of_headers(_list(request.get("headers")), "name")
        posted = _mapping(request.get("postData"))
        given = response.get("status")
        status: int = given if isinstance(given, int) else 200
        if status in {307, 308} or (status in {301, 302, 303} and request.get("method") == "GET"):
            # What it leads to was asked next, and is an endpoint.
            continue
        content = _mapping(response.get("content"))
        endpoint = _endpoint(
            str(request.get("method", "GET")),
            _templated(parts.path, ids),
            "",
            [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True)],
            str(posted.get("mimeType", "")),
            _posted(posted),
            str(content.get("mimeType", "")),
            str(content.get("text", "")),
        )
        if 300 <= status < 400:
            endpoint = replace(endpoint, accepts=status)
        if any(SECRET.search(plain(each.name)) for each in endpoint.body):
            endpoint = replace(endpoint, session_cookie=schemes.add_session(_list(response.get("headers"))))
        known = found.get(str(endpoint))
        # What was asked once with credentials and once without them needs none.
        endpoint = replace(endpoint, open=not signed or (known is not None and known.open))
        if known is None or (not known.answer and endpoint.answer):
            found[str(endpoint)] = endpoint
        elif endpoint.open:
            found[str(endpoint)] = replace(known, open=True)
        if len(found) >= MOST_ENDPOINTS:
            passed_over.append(f"the endpoints after the first {MOST_ENDPOINTS:,}")
            break
    return Description(name, base, list(found.values()), schemes.found, tuple(schemes.found)[:1], passed_over)


def read_postman(origin: Readable, name: str) -> Description:
    """The requests of a Postman collection (format 2). Raises :class:`DocumentError` for another file."""
    document = _json(origin, name)
    document = _mapping(document.get("collection", document))  # as Postman's own API returns it
    info = _mapping(document.get("info"))
    if not isinstance(document.get("item"), list) or "schema" not in info:
        raise _fault(name, "found no collection, expected one that Postman exported in format 2.1")
    variables = {
        str(each.get("key")): str(each.get("value", "")) for each in map(_mapping, _list(document.get("variable")))
    }
    found: dict[str, Endpoint] = {}
    base = ""
    schemes = Schemes()
    schemes.add_of_collection(document.get("auth"))
    for item, folders in _items(document["item"], ()):
        request = item.get("request")
        request = {"url": request, "method": "GET"} if isinstance(request, str) else _mapping(request)
        schemes.add_of_collection(request.get("auth"))
        signed = schemes.add_of_headers(_list(request.get("header")), "key")
        own = request.get("auth") if request.get("auth") is not None else document.get("auth")
        signed = signed or str(_mapping(own).get("type", "noauth")) != "noauth"
        filled = _filled_in(_address(request.get("url")), variables)
        parts = urlsplit(filled if "://" in filled else "http://unknown/" + filled.lstrip("/"))
        if "://" in filled and not base and parts.netloc:
            base = f"{parts.scheme}://{parts.netloc}"
        kind, values = _sent(_mapping(request.get("body")))
        examples = [_mapping(each) for each in _list(item.get("response"))]
        good = next((each for each in examples if str(each.get("code", "200")).startswith("2")), {})
        endpoint = _endpoint(
            str(request.get("method", "GET")),
            re.sub(r"/:([\w-]+)", r"/{\1}", _templated(parts.path)),
            " ".join(str(item.get("name", "")).split())[:200],
            parse_qsl(parts.query, keep_blank_values=True),
            kind,
            values,
            "application/json" if _parsed(str(good.get("body", ""))) is not None else "",
            str(good.get("body", "")),
            tags=folders,
            documented=True,
        )
        known = found.get(str(endpoint))
        endpoint = replace(endpoint, open=not signed)
        found[str(endpoint)] = endpoint if known is None else _joined(known, endpoint)
        if len(found) >= MOST_ENDPOINTS:
            break
    title = str(info.get("name") or name)[:200]
    return Description(title, base, list(found.values()), schemes.found, tuple(schemes.found)[:1])


def _address(url: Any) -> str:
    """The address of a request: written out, or as the lists of its parts."""
    if isinstance(url, str):
        return url
    written = _mapping(url)
    if written.get("raw"):
        return str(written["raw"])
    host = ".".join(str(each) for each in _list(written.get("host")))
    path = "/".join(str(each) for each in _list(written.get("path")))
    query = "&".join(f"{each.get('key', '')}=" for each in map(_mapping, _list(written.get("query"))))
    return f"{host}/{path}" + (f"?{query}" if query else "")


def _filled_in(address: str, variables: Mapping[str, str]) -> str:
    """An address with the collection's variables. One without value is the base where it begins, else a parameter."""

    def value(match: re.Match[str]) -> str:
        known = _VARIABLE.sub(lambda inner: variables.get(inner[1], inner[0]), variables.get(match[1], ""))
        if known or match.start() == 0:
            return known
        return "" if match.string[: match.start()].endswith("://") else "{" + re.sub(r"\W", "_", match[1]) + "}"

    return _VARIABLE.sub(value, address)


def _sent(body: Mapping[str, Any]) -> tuple[str, Any]:
    """The media type and the fields of a body."""
    mode = str(body.get("mode", ""))
    if mode == "raw":
        values = _example(str(body.get("raw", "")))
        return ("application/json", values) if values is not None else ("", None)
    if mode in {"file", "binary"}:
        return "application/octet-stream", None
    if mode in {"urlencoded", "formdata"}:
        kind = "application/x-www-form-urlencoded" if mode == "urlencoded" else "multipart/form-data"
        return kind, {
            str(each.get("key")): each.get("value", "") if each.get("type") != "file" else b""
            for each in map(_mapping, _list(body.get(mode)))
            if not each.get("disabled")
        }
    return "", None


def _example(raw: str) -> Any:
    """The JSON of an example: the values of variables without quotes are unknown, and comments are left out."""
    for text in (raw, _COMMENTS.sub("", raw)):
        values = _parsed(_BARE_VARIABLE.sub(r"\1null", text))
        if values is not None:
            return values
    return None


#: A variable in the place of a value, and comments of lines and blocks.
_BARE_VARIABLE = re.compile(r"([:\[,]\s*)\{\{\s*[\w.-]+\s*\}\}(?=\s*[,\]}])")
_COMMENTS = re.compile(r"^[^\S\n]*+//[^\n]*$|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)", re.M | re.S)


def _joined(first: Endpoint, second: Endpoint) -> Endpoint:
    """Two examples of one endpoint: what only one of them sends is not required."""
    fields = {each.name: each for each in (*second.body, *first.body)}
    common = {each.name for each in first.body} & {each.name for each in second.body}
    body = tuple(replace(each, required=each.required and each.name in common) for each in fields.values())
    return replace(
        first,
        body=body or first.body,
        body_type=first.body_type or second.body_type,
        answer_type=first.answer_type or second.answer_type,
        answer=first.answer or second.answer,
    )


class Schemes:
    """How the requests that were seen prove who sends them, in the words of OpenAPI. Values are not kept."""

    def __init__(self) -> None:
        self.found: dict[str, Mapping[str, Any]] = {}

    def add_of_collection(self, auth: Any) -> None:
        """The ``auth`` of a Postman collection or request."""
        kind = str(_mapping(auth).get("type", ""))
        if kind in {"bearer", "oauth2", "jwt"}:
            self.found.setdefault("bearer", {"type": "http", "scheme": "bearer"})
        elif kind in {"basic", "digest"}:
            self.found.setdefault(kind, {"type": "http", "scheme": kind})
        elif kind == "apikey":
            rows = _mapping(auth).get("apikey")
            pairs = (
                _list(rows) if isinstance(rows, list) else [{"key": k, "value": v} for k, v in _mapping(rows).items()]
            )
            told = {str(_mapping(each).get("key")): str(_mapping(each).get("value")) for each in pairs}
            place = "query" if told.get("in") == "query" else "header"
            self.found.setdefault("key", {"type": "apiKey", "in": place, "name": told.get("key", "X-Api-Key")})

    def add_of_headers(self, headers: list[Any], name_of: str) -> bool:
        """The headers of a request, as a list of names and values; whether one of them says who asks."""
        signed = False
        for each in map(_mapping, headers):
            name, value = str(each.get(name_of, "")), str(each.get("value", ""))
            if name.lower() == "authorization":
                scheme = "basic" if value.lower().startswith("basic") else "bearer"
                self.found.setdefault(scheme, {"type": "http", "scheme": scheme})
                signed = True
            elif re.search(r"(?:api|access|auth)[-_]?(?:key|token)$", name, re.I):
                self.found.setdefault("key", {"type": "apiKey", "in": "header", "name": name})
                signed = True
            elif name.lower() == "cookie" and "session" in self.found:
                signed = signed or f"{self.found['session']['name']}=" in value
        return signed

    def add_session(self, headers: list[Any]) -> str:
        """The cookie that the response to a login sets, by the headers of that response; empty for none."""
        set_by = (str(each.get("value", "")) for each in map(_mapping, headers) if _is_set_cookie(each))
        names = [line.partition("=")[0].strip() for each in set_by for line in each.split("\n") if "=" in line]
        known = [each for each in names if re.fullmatch(r"[\w.-]{1,80}", each) and not _OTHER_COOKIE.search(each)]
        if not known:
            return ""
        name = next((each for each in known if _SESSION.search(each)), known[0])
        self.found.setdefault("session", {"type": "apiKey", "in": "cookie", "name": name})
        return name


#: Names of cookies that hold a session, and of those that do not.
_SESSION = re.compile(r"sess|sid|auth|token|login", re.I)
_OTHER_COOKIE = re.compile(r"csrf|xsrf|theme|lang|locale|consent|^_ga|^_gid", re.I)


def _is_set_cookie(header: Mapping[str, Any]) -> bool:
    return str(header.get("name", "")).lower() == "set-cookie"


def _items(items: list[Any], folders: tuple[str, ...]) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    for item in map(_mapping, items):
        if isinstance(item.get("item"), list) and len(folders) < 10:
            yield from _items(item["item"], (*folders, str(item.get("name", ""))[:100]))
        elif "request" in item:
            yield item, folders


def _endpoint(
    method: str,
    path: str,
    summary: str,
    query: list[tuple[str, str]],
    body_type: str,
    values: Any,
    answer_type: str,
    answer: str,
    tags: tuple[str, ...] = (),
    *,
    documented: bool = False,
) -> Endpoint:
    """An endpoint as one request shows it. Values of ``documented`` requests are examples for every reader; those of
    recorded ones are a user's data, and are not kept.
    """
    kind = body_type.partition(";")[0].strip()
    wrapped_in = ""
    if isinstance(values, dict) and len(values) == 1 and kind.endswith("json"):
        only = next(iter(values))
        if isinstance(values[only], dict) and values[only]:
            wrapped_in, values = str(only), values[only]
    fields = [
        Field(
            key,
            "body",
            True,
            {"type": "string", "format": "binary"} if value == b"" else schema_of(value),
            value if documented and _is_example(key, value) else None,
        )
        for key, value in (values.items() if isinstance(values, dict) else ())
    ]
    parameters = [Field(name, "path", True, {"type": "string"}) for name in re.findall(r"\{([^{}]*)\}", path)]
    parameters += [Field(key, "query", False, {"type": "string"}) for key, _ in dict(query).items()]
    media_type = answer_type.partition(";")[0].strip()
    document = _parsed(answer) if media_type.endswith("json") else None
    return Endpoint(
        method=method.upper(),
        path=path or "/",
        name="",
        summary=summary,
        description="",
        tags=tags,
        parameters=tuple(parameters),
        body_type=kind,
        body=tuple(fields),
        answer_type=media_type,
        answer=schema_of(document) if document is not None else {},
        refusal={},
        open=True,
        wrapped_in=wrapped_in,
        described_by_requests=True,
    )


def _is_example(name: str, value: Any) -> bool:
    return (
        isinstance(value, bool | int | float | str)
        and not SECRET.search(plain(name))
        and not _VARIABLE.search(str(value))
    )


def schema_of(value: Any, depth: int = 0) -> dict[str, Any]:
    """The schema that an example suggests."""
    if isinstance(value, dict):
        properties = {str(key): schema_of(inner, depth + 1) for key, inner in list(value.items())[:100]}
        return {"type": "object", "properties": properties} if depth < 6 else {"type": "object"}
    if isinstance(value, list):
        return {"type": "array", "items": schema_of(value[0], depth + 1) if value and depth < 6 else {}}
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return {"type": kinds.get(type(value), "null")}


#: Fields whose values are ids, and values that a path may have for one: a word without a digit may be a name.
_ID_FIELD = re.compile(r"(?:^|_|[a-z])(?:id|ID|Id|uuid|slug)$")
_SHORT_ID = re.compile(r"(?=[^0-9]*[0-9])[\w.~-]{1,80}")


def _ids_in(entries: list[Any]) -> frozenset[str]:
    """The ids that responses of a recording gave."""
    found: set[str] = set()
    for entry in map(_mapping, entries):
        content = _mapping(_mapping(entry.get("response")).get("content"))
        if "json" not in str(content.get("mimeType", "")):
            continue
        pending = [_parsed(str(content.get("text", "")))]
        while pending and len(found) < MOST_ENDPOINTS:
            value = pending.pop()
            if isinstance(value, dict):
                pending += value.values()
                ids = (each for name, each in value.items() if _ID_FIELD.search(name))
                found |= {str(each) for each in ids if isinstance(each, str | int) and _SHORT_ID.fullmatch(str(each))}
            elif isinstance(value, list):
                pending += value[:200]
    return frozenset(found)


def _templated(path: str, ids: frozenset[str] = frozenset()) -> str:
    """A path with ids in it as one with parameters, named after the segments before them. ``ids`` are those that
    responses gave.
    """
    segments: list[str] = []
    for segment in path.split("/"):
        bare = segment.removesuffix(".json")
        if bare and (_MADE_ID.fullmatch(bare) or bare in ids) and segments and not re.fullmatch(r"v\d+", segment):
            before = re.sub(r"\W", "_", segments[-1]).strip("_") or "item"
            segment = "{" + (before[:-1] if before.endswith("s") else before) + "_id}" + segment[len(bare) :]
        segments.append(segment)
    return "/".join(segments)


def _posted(posted: Mapping[str, Any]) -> Any:
    kind = str(posted.get("mimeType", ""))
    if "json" in kind:
        return _parsed(str(posted.get("text", "")))
    parameters = [_mapping(each) for each in _list(posted.get("params"))]
    if parameters:
        return {
            str(each.get("name")): b"" if each.get("fileName") else str(each.get("value", "")) for each in parameters
        }
    return dict(parse_qsl(str(posted.get("text", "")))) if "urlencoded" in kind else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_too_deep(text: str) -> bool:
    try:
        json.loads(text)
    except RecursionError:
        return True
    except ValueError:
        return False
    return False


def read_text(origin: Readable, name: str) -> str:
    """The text of a file, bounded. Raises :class:`DocumentError` for a larger one."""
    data = read_origin(origin, LIMITS.size)
    if len(data) > LIMITS.size:
        raise _fault(name, f"found more than {LIMITS.size:,} bytes, expected less")
    return data.decode("utf-8", "replace")


def _json(origin: Readable, name: str) -> dict[str, Any]:
    text = read_text(origin, name)
    document = _parsed(text)
    if document is None and _is_too_deep(text):
        raise _fault(name, "found JSON nested too deeply to read")
    if not isinstance(document, dict):
        raise _fault(name, "found no JSON object, expected one")
    return document


def _fault(name: str, message: str) -> DocumentError:
    return DocumentError([Fault(name, Mark(1, 1), (), message)])


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
