"""The recipes of the page, each as a binding that a test can load."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from shenhe.conformance.bindings import AsgiTransport, Binding, load_binding
from shenhe.conformance.entities import (
    GenerationRequest,
    Media,
)
from shenhe.rulebook import Service

PAGE = (Path(__file__).parents[3] / "docs" / "binding-recipes.md").read_text(encoding="utf-8")


RECIPES = dict(re.findall(r"^## (.*?)\n.*?```yaml\n(.*?)```", PAGE, re.M | re.S))


TEXT = GenerationRequest(Service.TEXT, "text/plain", "春天")


PICTURE = Media(b"\x89PNG\r\n\x1a\n", "image/png")


def recipe(tmp_path: Path, title: str, **environ: str) -> Binding:
    path = tmp_path / "binding.yaml"
    path.write_text(RECIPES[title], encoding="utf-8")
    known = dict.fromkeys(re.findall(r"\$\{(\w+)\}", RECIPES[title]), "http://127.0.0.1:9")
    return load_binding(path, environ={**known, **environ})


def app(*routes: tuple[str, str, Any]) -> AsgiTransport:
    return AsgiTransport(Starlette(routes=[Route(path, handler, methods=[method]) for method, path, handler in routes]))
