"""From a bound request and values to a request ready to be sent: method, URL, headers and bytes."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urljoin

from ..language.bound import BoundAuth, BoundPart, BoundRequest
from ..language.template import SPREAD, TemplateError
from .http.body import ENCODINGS
from .http.connection import Headers, Request
from .signatures import signed, with_signed_fields


class Previewed(Exception):
    """The requests of one operation, its steps first, that were written to be looked at and not sent."""

    def __init__(self, requests: tuple[Request, ...]) -> None:
        super().__init__(f"{len(requests)} requests")
        self.requests = requests


@dataclass(frozen=True, slots=True)
class Additions:
    """What a request carries in addition to the binding's text: credentials, claims, cookies and signatures."""

    headers: Headers = ()
    query: Headers = ()
    signatures: tuple[BoundAuth, ...] = ()
    extra_headers: Headers = ()
    extra_query: Headers = ()
    #: Fields that join those of a JSON or form body.
    extra_fields: Mapping[str, Any] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)


def request_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with one nonce and one time for all templates of a request."""
    return {"now": datetime.now(UTC), "nonce": secrets.token_hex(8), **values}


def build_request(bound: BoundRequest, base_url: str, values: Mapping[str, Any], additions: Additions) -> Request:
    """The request that ``bound`` describes, to the base URL ``base_url`` or to a separate whole URL.

    Raises :class:`TemplateError` naming the line that cannot be filled in.
    """
    if bound.url is not None:
        url = urljoin(base_url + "/", str(render(bound, "url", bound.url, values)))  # links of pages name no host
    else:
        url = base_url + render(bound, "path", bound.path, values)
    pairs = [*pairs_of(render(bound, "query", bound.query, values)), *additions.query, *additions.extra_query]
    own = tuple(pairs_of(render(bound, "headers", bound.headers, values)))
    content_type, body = body_of(bound, values, additions.signatures, url, pairs, additions.extra_fields)
    more = (("Content-Type", content_type),) if content_type else ()
    auth = with_cookies(additions.headers, additions.cookies)
    request = Request(
        str(bound.operation),
        bound.method,
        with_query(url, pairs),
        headers_of(own, auth=auth, more=more, extra=additions.extra_headers),
        body,
        bound.origin,
        bound.follow_redirects,
        values,
    )
    for auth_of_request in additions.signatures:
        request = signed(request, auth_of_request, values)
    return request


def with_cookies(headers: Headers, cookies: Mapping[str, str]) -> Headers:
    """``headers`` with further cookies in the one ``Cookie`` header."""
    if not cookies:
        return headers
    own = "; ".join(value for name, value in headers if name.lower() == "cookie")
    taken = {pair.partition("=")[0].strip() for pair in own.split(";")}
    more = [f"{name}={value}" for name, value in cookies.items() if name not in taken]
    others = tuple((name, value) for name, value in headers if name.lower() != "cookie")
    return (*others, ("Cookie", "; ".join(filter(None, [own, *more]))))


def with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    """``url`` with further query values."""
    return url + ("&" if "?" in url else "?") + urlencode(pairs) if pairs else url


def headers_of(own: Headers, *, auth: Headers = (), more: Headers = (), extra: Headers = ()) -> Headers:
    """All headers of a request. What the binding writes (``own``) replaces what would be added."""
    named = {name.lower() for name, _ in (*own, *extra)}
    return (
        *(pair for pair in (("Accept", "*/*"), *more) if pair[0].lower() not in named),
        ("Accept-Encoding", ENCODINGS),
        *own,
        *(pair for pair in auth if pair[0].lower() not in named),
        *extra,
    )


def body_of(
    bound: BoundRequest,
    values: Mapping[str, Any],
    signatures: tuple[BoundAuth, ...] = (),
    url: str = "",
    query: Sequence[tuple[str, str]] = (),
    extra: Mapping[str, Any] | None = None,
) -> tuple[str, bytes]:
    """The body of a request with its media type; ``("", b"")`` for none. ``extra`` fields, and signatures over fields,
    are added to it.
    """
    if bound.json is not None:
        document = render(bound, "json", bound.json, values)
        if extra and isinstance(document, dict):
            document = _with_fields(document, extra)
        return json_body(bound, "json", with_signed_fields(document, signatures, values, url, query))
    if bound.form is not None:
        fields = {**(extra or {}), **render(bound, "form", bound.form, values)}
        filled = with_signed_fields(fields, signatures, values, url, query)
        return form_body(filled)
    if bound.multipart is not None:
        return _multipart(bound, bound.multipart, values)
    if bound.body is not None:
        filled = render(bound, "body", bound.body, values)
        return "", filled if isinstance(filled, bytes) else str(filled).encode("utf-8", "surrogatepass")
    return "", b""


def _with_fields(document: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """A document with these fields added, replacing none that it has: at its top, and in the one object in it that
    holds the arguments, such as the ``params`` of a remote call.
    """
    inner = [name for name, value in document.items() if isinstance(value, dict)]
    nested = {inner[0]: {**extra, **document[inner[0]]}} if len(inner) == 1 else {}
    return {**extra, **document, **nested}


def json_body(bound: BoundRequest, key: str, document: Any) -> tuple[str, bytes]:
    """A JSON body. Raises :class:`TemplateError` for a value that JSON cannot express."""
    try:
        return "application/json", _json(document).encode("utf-8")
    except UnicodeEncodeError:
        return "application/json", json.dumps(document).encode()
    except TypeError:
        raise TemplateError(
            f"{bound.place(key)}: found a value that JSON does not carry (bytes need the filter base64)"
        ) from None


def form_body(filled: Mapping[str, Any]) -> tuple[str, bytes]:
    """A form body."""
    return "application/x-www-form-urlencoded", urlencode(pairs_of(filled), errors="surrogatepass").encode()


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _multipart(bound: BoundRequest, parts: tuple[BoundPart, ...], values: Mapping[str, Any]) -> tuple[str, bytes]:
    """A form whose boundary follows from its content: equal requests are equal bytes."""
    blocks: list[bytes] = []
    for part in parts:
        data = render(bound, "multipart", part.data, values, part.name)
        if part.name == SPREAD and isinstance(data, Mapping):
            for name, text in pairs_of(data):
                field = f'Content-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{text}\r\n'
                blocks.append(field.encode("utf-8", "surrogatepass"))
            continue
        if isinstance(data, list | tuple):
            for text in data:
                field = f'Content-Disposition: form-data; name="{_quoted(part.name)}"\r\n\r\n{_scalar(text)}\r\n'
                blocks.append(field.encode("utf-8", "surrogatepass"))
            continue
        if data is None:
            continue
        head = f'Content-Disposition: form-data; name="{_quoted(part.name)}"'
        if part.filename is not None and part.type is not None:
            head += f'; filename="{_quoted(str(render(bound, "multipart", part.filename, values, part.name)))}"'
            head += f"\r\nContent-Type: {_quoted(str(render(bound, 'multipart', part.type, values, part.name)))}"
        content = data if isinstance(data, bytes) else _scalar(data).encode("utf-8", "surrogatepass")
        blocks.append(head.encode("utf-8", "surrogatepass") + b"\r\n\r\n" + content + b"\r\n")
    boundary = hashlib.sha256(b"".join(blocks)).hexdigest()[:32]
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\r\n" + block for block in blocks) + mark + b"--\r\n"
    return f"multipart/form-data; boundary={boundary}", body


def _quoted(text: str) -> str:
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _scalar(value: Any) -> str:
    """A value in a form, query or header: booleans as ``true`` and ``false``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _json(value)
    return str(value)


def pairs_of(filled: Any) -> list[tuple[str, str]]:
    """Names with values, those that are ``null`` left out and lists repeated."""
    pairs: list[tuple[str, str]] = []
    for name, value in filled.items():
        items = value if isinstance(value, list | tuple) else [value]
        pairs.extend((name, _scalar(item)) for item in items if item is not None)
    return pairs


def render(
    bound: BoundRequest, key: str, fill: Callable[[Mapping[str, Any]], Any], values: Mapping[str, Any], *inner: str
) -> Any:
    """A template of ``bound`` filled in. Raises :class:`TemplateError` naming its line."""
    try:
        return fill(values)
    except TemplateError as error:
        raise TemplateError(f"{bound.place(key, *inner)}: {error}") from None
