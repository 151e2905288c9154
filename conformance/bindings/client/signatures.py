"""Signatures over requests, by the recipes of a binding (``auth: {type: signature}``)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from ..language.bound import BoundAuth, BoundSignature
from ..language.filters import ALGORITHMS, canonical_pairs, data_of, encoded_digest
from ..language.responses.response import Response
from ..language.template import Fill, TemplateError
from .http.connection import Request


def signed(request: Request, auth: BoundAuth, values: Mapping[str, Any]) -> Request:
    """``request`` with a signature in a header or query value.

    The headers and query values of the recipe are added first: the signature covers them. Raises
    :class:`TemplateError` naming the line.
    """
    recipe = auth.signature
    if recipe is None or recipe.field is not None:
        return request
    plain = {**values, "http": _described(request, _query_of(request.url))}
    added = _render(auth, "headers", recipe.headers, plain)
    headers = (*_without(request.headers, added), *((name, str(value)) for name, value in added.items()))
    query = _render(auth, "query", recipe.query, plain)
    url = _with_query(request.url, query)
    request = replace(request, headers=headers, url=url)
    signature, text = _signature(auth, recipe, values, _described(request, _query_of(url)))
    if recipe.query_name is not None:
        return replace(request, url=_with_query(request.url, {recipe.query_name: text or signature}))
    name = recipe.header or "Authorization"
    return replace(request, headers=(*_without(request.headers, {name: ""}), (name, text)))


def is_signed(auth: BoundAuth, callback: Response, values: Mapping[str, Any]) -> bool:
    """Whether a callback carries the signature that the recipe makes over it. Raises :class:`TemplateError`."""
    recipe = auth.signature
    if recipe is None or recipe.header is None:
        return False
    http = {
        "headers": callback.headers,
        "body": callback.body.decode("utf-8", "replace"),
        "body_bytes": callback.body,
        "body_md5": hashlib.md5(callback.body, usedforsecurity=False).hexdigest(),
        "body_sha256": hashlib.sha256(callback.body).hexdigest(),
    }
    _, text = _signature(auth, recipe, {**values, "http": http}, http)
    sent = callback.headers.get(recipe.header.lower(), "")
    return hmac.compare_digest(sent.encode(), text.encode())


def with_signed_fields(
    document: Any,
    signatures: Sequence[BoundAuth],
    values: Mapping[str, Any],
    url: str,
    query: Sequence[tuple[str, str]],
) -> Any:
    """The fields of a body with those of each recipe that signs the fields themselves."""
    for auth in signatures:
        recipe = auth.signature
        if recipe is None or recipe.field is None:
            continue
        if not isinstance(document, dict):
            raise TemplateError(f"{auth.place('field')}: found a body without fields, expected a mapping to sign")
        document = {**document, **_render(auth, "fields", recipe.fields, values)}
        parts = urlsplit(url)
        http = {
            "method": "POST",
            "path": parts.path,
            "host": parts.netloc,
            "query": canonical_pairs(dict(query)),
            "fields": canonical_pairs({**dict(query), **document}),
            "values": document,
        }
        _, text = _signature(auth, recipe, values, http)
        document[recipe.field] = text
    return document


def _signature(
    auth: BoundAuth, recipe: BoundSignature, values: Mapping[str, Any], http: Mapping[str, Any]
) -> tuple[Any, str]:
    """The signature, and the text in which it is sent."""
    given = {**values, "http": http}
    make = ALGORITHMS[recipe.algorithm]
    message = data_of(_render(auth, "string", recipe.string, given))
    key = data_of(_render(auth, "key", recipe.key, given))
    for fill in recipe.derive:
        key = hmac.new(key, data_of(_render(auth, "derive", fill, given)), make).digest()
    digest = hmac.new(key, message, make).digest() if recipe.keyed == "hmac" else make(message).digest()
    signature = encoded_digest(digest, recipe.encoding)
    return signature, str(_render(auth, "value", recipe.value, {**given, "signature": signature}))


def _query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _described(request: Request, fields: Mapping[str, str]) -> dict[str, Any]:
    """What the templates of a recipe see of a request."""
    parts = urlsplit(request.url)
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    return {
        "method": request.method,
        "path": parts.path or "/",
        "host": parts.netloc,
        "url": request.url,
        "query": "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs),
        "raw_query": parts.query,
        "headers": {name.lower(): value for name, value in request.headers},
        "body": request.body.decode("utf-8", "replace"),
        "body_md5": hashlib.md5(request.body, usedforsecurity=False).hexdigest(),
        "body_sha256": hashlib.sha256(request.body).hexdigest(),
        "fields": canonical_pairs(fields),
    }


def _render(auth: BoundAuth, key: str, fill: Fill, values: Mapping[str, Any]) -> Any:
    try:
        return fill(values)
    except TemplateError as error:
        raise TemplateError(f"{auth.place(key)}: {error}") from None


def _without(headers: Sequence[tuple[str, str]], names: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    lowered = {name.lower() for name in names}
    return tuple((name, value) for name, value in headers if name.lower() not in lowered)


def _with_query(url: str, query: Mapping[str, Any]) -> str:
    if not query:
        return url
    pairs = "&".join(f"{quote(name, safe='-_.~')}={quote(str(value), safe='-_.~')}" for name, value in query.items())
    return url + ("&" if "?" in url else "?") + pairs
