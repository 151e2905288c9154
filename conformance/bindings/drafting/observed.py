"""Endpoints from recorded traffic: a HAR file, or a Postman collection with its saved examples."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from shenhe.core.document import DocumentError, Fault, Limits, Mark, Readable

from .openapi import Description, Endpoint, Field

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
    hosts = Counter(urlsplit(str(_mapping(_mapping(each).get("request")).get("url", ""))).netloc for each in entries)
    base = ""
    for entry in map(_mapping, entries):
        request, response = _mapping(entry.get("request")), _mapping(entry.get("response"))
        parts = urlsplit(str(request.get("url", "")))
        if not hosts or parts.netloc != hosts.most_common(1)[0][0]:
            continue
        if _STATIC.search(parts.path) or request.get("method") in {"OPTIONS", "HEAD", "CONNECT"}:
            continue
        base = f"{parts.scheme}://{parts.netloc}"
        posted = _mapping(request.get("postData"))
        content = _mapping(response.get("content"))
        endpoint = _endpoint(
            str(request.get("method", "GET")),
            _templated(parts.path),
            "",
            [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True)],
            str(posted.get("mimeType", "")),
            _posted(posted),
            str(content.get("mimeType", "")),
            str(content.get("text", "")),
        )
        known = found.get(str(endpoint))
        if known is None or (not known.answer and endpoint.answer):
            found[str(endpoint)] = endpoint
        if len(found) >= MOST_ENDPOINTS:
            passed_over.append(f"the endpoints after the first {MOST_ENDPOINTS:,}")
            break
    return Description(name, base, list(found.values()), {}, (), passed_over)


def read_postman(origin: Readable, name: str) -> Description:
    """The requests of a Postman collection (format 2). Raises :class:`DocumentError` for another file."""
    document = _json(origin, name)
    info = _mapping(document.get("info"))
    if not isinstance(document.get("item"), list) or "schema" not in info:
        raise _fault(name, "found no collection, expected one that Postman exported in format 2.1")
    variables = {
        str(each.get("key")): str(each.get("value", "")) for each in map(_mapping, _list(document.get("variable")))
    }
    endpoints: list[Endpoint] = []
    base = ""
    for item, folders in _items(document["item"], ()):
        request = item.get("request")
        request = {"url": request, "method": "GET"} if isinstance(request, str) else _mapping(request)
        url = request.get("url")
        raw = url if isinstance(url, str) else str(_mapping(url).get("raw", ""))
        filled = _VARIABLE.sub(lambda match: variables.get(match[1], ""), raw)
        parts = urlsplit(filled if "://" in filled else "http://unknown" + filled)
        if "://" in filled and not base:
            base = f"{parts.scheme}://{parts.netloc}"
        body = _mapping(request.get("body"))
        mode = str(body.get("mode", ""))
        kind = {"urlencoded": "application/x-www-form-urlencoded", "formdata": "multipart/form-data"}.get(mode, "")
        values: Any = None
        if mode == "raw":
            kind, values = "application/json", _parsed(_VARIABLE.sub("value", str(body.get("raw", ""))))
        elif mode in {"urlencoded", "formdata"}:
            values = {
                str(each.get("key")): each.get("value", "") if each.get("type") != "file" else b""
                for each in map(_mapping, _list(body.get(mode)))
            }
        examples = [_mapping(each) for each in _list(item.get("response"))]
        good = next((each for each in examples if str(each.get("code", "200")).startswith("2")), {})
        endpoints.append(
            _endpoint(
                str(request.get("method", "GET")),
                re.sub(r"/:([\w-]+)", r"/{\1}", _templated(parts.path)),
                " ".join(str(item.get("name", "")).split())[:200],
                parse_qsl(parts.query, keep_blank_values=True),
                kind,
                values,
                "application/json" if _parsed(str(good.get("body", ""))) is not None else "",
                str(good.get("body", "")),
                tags=folders,
            )
        )
    return Description(str(info.get("name") or name)[:200], base, endpoints[:MOST_ENDPOINTS], {}, ())


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
) -> Endpoint:
    kind = body_type.partition(";")[0].strip()
    fields = [
        Field(key, "body", True, {"type": "string", "format": "binary"} if value == b"" else schema_of(value))
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


def _templated(path: str) -> str:
    """A path with ids in it as one with parameters, named after what stands before them."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment and _MADE_ID.fullmatch(segment) and segments and not re.fullmatch(r"v\d+", segment):
            before = re.sub(r"\W", "_", segments[-1]).strip("_") or "item"
            segment = "{" + (before[:-1] if before.endswith("s") else before) + "_id}"
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


def _json(origin: Readable, name: str) -> dict[str, Any]:
    with origin.open("rb") as stream:
        data = stream.read(LIMITS.size + 1)
    if len(data) > LIMITS.size:
        raise _fault(name, f"found more than {LIMITS.size:,} bytes, expected less")
    text = data.decode("utf-8", "replace")
    document = _parsed(text)
    if document is None and _is_too_deep(text):
        raise _fault(name, "found values nested more deeply than Python reads, expected fewer levels")
    if not isinstance(document, dict):
        raise _fault(name, "found no JSON object, expected one")
    return document


def _fault(name: str, message: str) -> DocumentError:
    return DocumentError([Fault(name, Mark(1, 1), (), message)])


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
