"""Endpoints of an application in Python: FastAPI, Starlette, Flask or Django, imported by ``module:name``."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from shenhe.core.errors import ShenheError

from .documents.views import django_form_fields, returned_by, taken_by
from .openapi import Description, Endpoint, Field, description_of

_HTTP_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class ApplicationError(ShenheError, ValueError):
    """An application that cannot be imported, or whose routes cannot be read."""


def read_application(target: str) -> Description:
    """The endpoints of an application. Importing it runs its code. Raises :class:`ApplicationError`."""
    module_name, colon, name = target.partition(":")
    name, called = name.removesuffix("()"), name.endswith("()")
    if not colon or not re.fullmatch(r"[A-Za-z_][\w.]*", module_name) or not re.fullmatch(r"[A-Za-z_][\w.]*", name):
        raise ApplicationError(f"found {target!r}, expected module:name, such as service.main:app")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        app: Any = importlib.import_module(module_name)
        for part in name.split("."):
            app = getattr(app, part)
        app = app() if called else app
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        raise ApplicationError(f"{target} cannot be imported: {type(error).__name__}: {said}") from None
    if callable(getattr(app, "openapi", None)):
        document = app.openapi()
        # What a framework hands out may share parts; JSON makes it a document like any other.
        return description_of(json.loads(json.dumps(document, default=str)), target)
    if hasattr(app, "url_map"):
        return Description(target, "", list(_flask(app)), {}, ())
    if hasattr(app, "routes"):
        return Description(target, "", list(_starlette(app.routes, "")), {}, ())
    if type(app).__module__.startswith("django."):
        return Description(target, "", list(_django()), {}, ())
    if callable(app) and type(app).__name__ == "function":
        raise ApplicationError(f"{target} is a function: write {target}() if it makes the application")
    raise ApplicationError(f"{target} is a {type(app).__name__}, expected a FastAPI, Starlette, Flask or Django app")


def _flask(app: Any) -> Iterator[Endpoint]:
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<>:]*:)?([^<>]+)>", r"{\1}", rule.rule)
        view = app.view_functions.get(rule.endpoint)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield _with_taken(_endpoint(method, path, rule.endpoint.replace(".", "_"), view), view)


def _starlette(routes: Any, prefix: str) -> Iterator[Endpoint]:
    for route in routes:
        path = prefix + re.sub(r"\{([^{}:]+)(?::[^{}]*)?\}", r"{\1}", getattr(route, "path", ""))
        if getattr(route, "methods", None):
            for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
                view = getattr(route, "endpoint", None)
                yield _with_taken(_endpoint(method, path, str(getattr(route, "name", "")), view), view)
        elif getattr(route, "routes", None):
            yield from _starlette(route.routes, path.rstrip("/"))


def _with_taken(endpoint: Endpoint, view: Any, form: Any = None) -> Endpoint:
    """An endpoint with what its function takes from the request and responds with."""
    taken = [*taken_by(view), *django_form_fields(form)]
    returned = returned_by(view)
    if returned and not endpoint.answer:
        endpoint = replace(endpoint, answer_type="application/json", answer=returned)
    query = [Field(name, "query", required, {"type": "string"}) for name, place, required in taken if place == "query"]
    if endpoint.method == "GET":
        return replace(endpoint, parameters=(*endpoint.parameters, *query))
    kinds = {place for _, place, _ in taken}
    media_type = "multipart/form-data" if "file" in kinds else "application/json" if "json" in kinds else ""
    media_type = media_type or ("application/x-www-form-urlencoded" if "form" in kinds else endpoint.body_type)
    body = tuple(
        Field(name, "body", required, {"type": "string", **({"format": "binary"} if place == "file" else {})})
        for name, place, required in taken
        if place != "query"
    )
    return replace(
        endpoint, parameters=(*endpoint.parameters, *query), body=body or endpoint.body, body_type=media_type
    )


def _django() -> Iterator[Endpoint]:
    """The routes of the active settings, without those of Django's administration."""
    yield from _django_routes(importlib.import_module("django.urls").get_resolver().url_patterns, "")


def _django_routes(patterns: Any, prefix: str) -> Iterator[Endpoint]:
    for pattern in patterns:
        path = prefix + _django_path(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            if "admin" not in (pattern.namespace, pattern.app_name):
                yield from _django_routes(pattern.url_patterns, path)
        elif "{format}" not in path:
            yield from _django_endpoints(pattern, path)


def _django_path(pattern: Any) -> str:
    """The path of a route or of a regular expression, with its parameters in braces."""
    if type(pattern).__name__ != "RegexPattern":
        return re.sub(r"<(?:[^<>:]*:)?([^<>]+)>", r"{\1}", str(pattern))
    ways = importlib.import_module("django.utils.regex_helper").normalize(str(pattern))
    return re.sub(r"%\(([^()]*)\)s", r"{\1}", ways[0][0]) if ways else ""


def _django_endpoints(pattern: Any, path: str) -> Iterator[Endpoint]:
    """One endpoint per method. A view set of the REST framework says which of its methods serves which."""
    view, name = pattern.callback, str(pattern.name or "")
    cls = getattr(view, "view_class", None) or getattr(view, "cls", None)
    actions: dict[str, str] = getattr(view, "actions", None) or {}
    if actions:
        for method, action in actions.items():
            if method not in {"head", "options"}:
                serves = getattr(cls, action, cls)
                endpoint = _endpoint(method.upper(), "/" + path, f"{action}_{name}", serves, _fields(cls))
                yield _with_taken(endpoint, serves)
        return
    allowed = _allowed(view)
    if cls is not None:
        allowed = [each for each in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(cls, each.lower())]
    for method in allowed or ["GET", "POST"]:
        serves = getattr(cls, method.lower(), None)
        documented = serves if getattr(serves, "__doc__", None) else cls or view
        body = _fields(cls) if method != "GET" else ()
        form = getattr(cls, "form_class", None) if method == "POST" else None
        yield _with_taken(_endpoint(method, "/" + path, name, documented, body), serves or view, form)


def _allowed(view: Any) -> list[str]:
    """The methods that ``require_http_methods`` and its like let through to a function."""
    while view is not None:
        for cell in getattr(view, "__closure__", None) or ():
            found = cell.cell_contents
            if isinstance(found, list | tuple) and found and all(each in _HTTP_METHODS for each in found):
                return [each for each in found if each not in {"HEAD", "OPTIONS"}]
        view = getattr(view, "__wrapped__", None)
    return []


def _fields(cls: Any) -> tuple[Field, ...]:
    """What the serializer of a view of the REST framework takes."""
    serializer = getattr(cls, "serializer_class", None)
    try:
        fields = serializer().get_fields() if serializer is not None else {}
    except Exception:
        # The fields of a serializer may depend on a request or on a database.
        return ()
    kinds = {"Boolean": "boolean", "Integer": "integer", "Float": "number", "List": "array", "File": "string"}
    return tuple(
        Field(
            name,
            "body",
            bool(each.required),
            {
                "type": next((kind for word, kind in kinds.items() if word in type(each).__name__), "string"),
                **({"format": "binary"} if type(each).__name__ in {"FileField", "ImageField"} else {}),
            },
        )
        for name, each in fields.items()
        if not each.read_only
    )


def _endpoint(method: str, path: str, name: str, view: Any, body: tuple[Field, ...] = ()) -> Endpoint:
    text = " ".join(str(getattr(view, "__doc__", "") or "").split())
    if isinstance(view, type) and any(getattr(base, "__doc__", "") == view.__doc__ for base in view.__mro__[1:]):
        text = ""
    parameters = tuple(Field(each, "path", True, {"type": "string"}) for each in re.findall(r"\{([^{}]*)\}", path))
    kind = "application/json" if body else ""
    return Endpoint(method, path, name, text[:200], "", (), parameters, kind, body, "", {}, {}, True)
