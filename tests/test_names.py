"""Rooms, files and names that a reader can take in: small levels, short files, one meaning per public name."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_architecture import ALLOWED, MODULES, ROOT

#: Most files at one level of a room, and most lines in a file.
FILES, LINES = 16, 500

#: Rooms with more files, and why.
CROWDED = {"cli": "one module per command"}


def test_rooms_and_files_are_small() -> None:
    levels = Counter(path.parent.relative_to(ROOT).as_posix() for path in MODULES.values() if path.stem != "__init__")
    crowded = {room: count for room, count in levels.items() if count > FILES}
    assert crowded.keys() == CROWDED.keys()
    long = {module: lines for module, path in MODULES.items() if (lines := len(path.read_bytes().splitlines())) > LINES}
    assert long == {}, "split by concept"


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
    ("sample", "Refused front", ("sample.styles.",), "every style is a separate front of the sample"),
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
