"""The shape of the project: which folder may import which, what a fresh import costs, and what the wheel holds."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("rulebook", "conformance", "simulator", "scenarios", "reports", "cli")

#: What each folder may import besides itself.
ALLOWED = {
    "rulebook": set(),
    "scenarios": set(),
    "conformance": {"rulebook"},
    "simulator": {"rulebook", "scenarios"},
    "reports": {"conformance", "simulator", "rulebook", "scenarios"},
    "cli": {"reports", "conformance", "simulator", "rulebook", "scenarios"},
}

SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
EVERY_FILE = SOURCES + sorted(path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))


def imported_modules(text: str, place: Path) -> set[str]:
    """The absolute dotted names that a source text imports, relative ones resolved against the place of its file."""
    package = ["shenhe", *place.relative_to(ROOT).parent.parts]
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            stem = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*stem, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def folders_reached(text: str, place: Path) -> set[str]:
    """The top-level folders, other than its own, that a source text imports from."""
    names = imported_modules(text, place)
    own = place.relative_to(ROOT).parts[0]
    return {name.split(".")[1] for name in names if name.startswith("shenhe.")} - {own}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    allowed = ALLOWED[path.relative_to(ROOT).parts[0]]
    assert folders_reached(path.read_text(encoding="utf-8"), path) <= allowed, f"may import {sorted(allowed)} only"


def test_a_wrong_arrow_is_seen_however_it_is_written() -> None:
    place = ROOT / "simulator" / "model.py"
    for line in (
        "from shenhe.conformance import check",
        "from shenhe import conformance",
        "from ..conformance.report import Report",
        "def f():\n    import shenhe.conformance.report",
    ):
        assert folders_reached(line, place) == {"conformance"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_judges_does_not_know_the_sample(path: Path) -> None:
    parts = path.relative_to(ROOT).parts
    if parts[0] == "cli" or parts[:2] == ("conformance", "sample"):
        return
    names = imported_modules(path.read_text(encoding="utf-8"), path)
    assert not {name for name in names if name.startswith("shenhe.conformance.sample")}


@pytest.mark.parametrize("path", EVERY_FILE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_folder_is_imported_by_its_bare_name(path: Path) -> None:
    """From the root the folders are importable as top-level modules too: that would be a second copy of every class."""
    names = imported_modules(path.read_text(encoding="utf-8"), path)
    assert not {name for name in names if name.split(".")[0] in FOLDERS}


HEAVY = (
    *("pandas", "numpy", "scipy", "numba", "hypothesis", "httpx", "plotly", "pyarrow", "faker", "simpy"),
    *("starlette", "PIL"),
)


def test_the_command_line_starts_without_heavy_imports() -> None:
    code = f"import sys, shenhe.cli.main; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_wheel_holds_every_file_of_the_tree(tmp_path: Path) -> None:
    """A forgotten subpackage or data file imports from a checkout and is missing from the wheel."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(tree)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("shenhe/")}
    expected = {
        "shenhe/" + path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == expected


def test_no_lock_file_names_a_host() -> None:
    for lock in (ROOT / "locks").iterdir():
        assert "://" not in lock.read_text(encoding="utf-8"), lock.name
