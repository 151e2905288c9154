"""Endpoints of an application in Python: FastAPI, Starlette, Flask or Django, imported by ``module:name``."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shenhe.core.errors import ShenheError

from .openapi import Description, Endpoint, Field, description_of


class ApplicationError(ShenheError, ValueError):
    """An application that cannot be imported, or whose routes cannot be read."""


def read_application(target: str) -> Description:
    """The endpoints of an application. Importing it runs its code. Raises :class:`ApplicationError`."""
    module_name, colon, name = target.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z_][\w.]*", module_name) or not re.fullmatch(r"[A-Za-z_][\w.]*", name):
        raise ApplicationError(f"found {target!r}, expected module:name, such as service.main:app")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        app: Any = importlib.import_module(module_name)
        for part in name.split("."):
            app = getattr(app, part)
    except Exception as error:
        raise ApplicationError(f"{target} cannot be imported: {type(error).__name__}: {str(error)[:300]}") from None
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
    raise ApplicationError(f"{target} is a {type(app).__name__}, expected a FastAPI, Starlette, Flask or Django app")


def _flask(app: Any) -> Iterator[Endpoint]:
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<>:]*:)?([^<>]+)>", r"{\1}", rule.rule)
        view = app.view_functions.get(rule.endpoint)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield _endpoint(method, path, rule.endpoint.replace(".", "_"), view)


def _starlette(routes: Any, prefix: str) -> Iterator[Endpoint]:
    for route in routes:
        path = prefix + re.sub(r"\{([^{}:]+)(?::[^{}]*)?\}", r"{\1}", getattr(route, "path", ""))
        if getattr(route, "methods", None):
            for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
                yield _endpoint(method, path, str(getattr(route, "name", "")), getattr(route, "endpoint", None))
        elif getattr(route, "routes", None):
            yield from _starlette(route.routes, path.rstrip("/"))


def _django() -> Iterator[Endpoint]:
    resolver = importlib.import_module("django.urls").get_resolver()

    def walk(patterns: Any, prefix: str) -> Iterator[Endpoint]:
        for pattern in patterns:
            path = prefix + re.sub(r"<(?:[^<>:]*:)?([^<>]+)>", r"{\1}", str(pattern.pattern).lstrip("^").rstrip("$"))
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, path)
                continue
            view = pattern.callback
            cls = getattr(view, "view_class", None) or getattr(view, "cls", None)
            methods = [each for each in ("get", "post", "put", "patch", "delete") if hasattr(cls, each)] if cls else []
            for method in methods or ["get", "post"]:
                yield _endpoint(method.upper(), "/" + path, str(pattern.name or ""), cls or view)

    yield from walk(resolver.url_patterns, "")


def _endpoint(method: str, path: str, name: str, view: Any) -> Endpoint:
    text = " ".join(str(getattr(view, "__doc__", "") or "").split())
    parameters = tuple(Field(each, "path", True, {"type": "string"}) for each in re.findall(r"\{([^{}]*)\}", path))
    return Endpoint(method, path, name, text[:200], "", (), parameters, "", (), "", {}, {}, True)
