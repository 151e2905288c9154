"""One public name means one thing in a package, so that a reader never has to ask which one is meant."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_architecture import ALLOWED, MODULES

#: Names that several modules of a package define on purpose: package, names (``*``: all), where, and the reason.
SHARED = (
    ("cli", "*", ("cli.",), "the function of a command has the name of the command: `rules diff`, `label diff`"),
    ("conformance", "check", ("conformance",), "the public function, and the decorator that makes a check"),
    ("labels", "read write", ("labels.",), "every carrier has these two functions, used as `png.read`"),
    ("labels", "content", ("labels.containers.", "labels.proof."), "every format says what its content is"),
    (
        "labels",
        "flac gif jpeg mp3 ogg png webp",
        ("labels.drawing.", "labels.proof."),
        "the table of containers names the drawing and the comparison of a format by its name",
    ),
    ("sample", "draw edited reencoded", ("sample.media.",), "every medium has these functions, used as `film.draw`"),
    ("simulator", "*", ("simulator.compiled.",), "the compiled engine mirrors the reference, name by name"),
)


def public_names(path: Path) -> Iterator[str]:
    """The public classes and functions that a module defines."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name


def is_shared(package: str, name: str, module: str) -> bool:
    """Whether a module may define a name that another module of its package defines too."""
    return any(
        package == room and (names == "*" or name in names.split()) and f"{module}.".startswith(places)
        for room, names, places, _ in SHARED
    )


@pytest.mark.parametrize("package", ALLOWED)
def test_a_public_name_means_one_thing_in_its_package(package: str) -> None:
    homes = defaultdict(list)
    for module, path in MODULES.items():
        if module.split(".")[0] == package:
            for name in public_names(path):
                if not is_shared(package, name, module):
                    homes[name].append(module)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def test_every_exception_is_needed() -> None:
    homes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for module, path in MODULES.items():
        for name in public_names(path):
            homes[module.split(".")[0], name].append(module)
    for package, names, places, reason in SHARED:
        for name in names.split() if names != "*" else ():
            modules = [module for module in homes[package, name] if f"{module}.".startswith(places)]
            assert len(modules) > 1, f"{name} is defined once in {package}: delete its exception ({reason})"
