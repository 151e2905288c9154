"""The shape of the project: which room may import which, what a fresh import costs, and what the wheel holds.

The arrows are those of ARCHITECTURE.md. Each room has one test that names every file and import out of line.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: Rooms, lowest first, with the rooms that each may import besides itself.
ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "scenarios": {"core"},
    "rulebook": {"core"},
    "labels": {"core"},
    "sample": {"core", "labels"},
    "conformance": {"core", "labels", "rulebook"},
    "simulator": {"core", "rulebook", "scenarios"},
    "reports": {"core", "labels", "rulebook", "scenarios", "conformance", "simulator"},
    "cli": {"core", "labels", "rulebook", "scenarios", "sample", "conformance", "simulator", "reports"},
}

#: The same inside the rooms that have inner rooms. Files at the top of a room are not restricted here.
INNER: dict[str, set[str]] = {
    "conformance.bindings.language": set(),
    "conformance.bindings.client": {"conformance.bindings.language"},
    "conformance.bindings.drafting": {"conformance.bindings.language"},
    "conformance.bindings.doctor": {"conformance.bindings.language", "conformance.bindings.client"},
    "simulator.scenario": set(),
    "simulator.kernel": {"simulator.scenario"},
    "simulator.reference": {"simulator.kernel", "simulator.scenario"},
    "simulator.compiled": {"simulator.kernel", "simulator.scenario"},
}

#: Actors of an agent model and the world that they act in name one another; nothing else may.
MAY_BE_CIRCULAR = "simulator.reference."


def name_of(path: Path) -> str:
    """The dotted name of a module of the project, without ``shenhe.``."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for room in ALLOWED for path in sorted((ROOT / room).rglob("*.py"))}


def imported_names(text: str, place: Path) -> set[str]:
    """The absolute dotted names that a source text imports; relative ones are resolved against ``place``."""
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


def rooms_reached(text: str, place: Path) -> set[str]:
    """The rooms, other than its own, that a source text imports from."""
    own = place.relative_to(ROOT).parts[0]
    return {name.split(".")[1] for name in imported_names(text, place) if name.startswith("shenhe.")} - {own}


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of the project that a module imports, those for type checkers and inside functions included."""
    path = MODULES[module]
    names = {name.removeprefix("shenhe.") for name in imported_names(path.read_text(encoding="utf-8"), path)}
    found = {name if name in MODULES else name.rpartition(".")[0] for name in names}
    return frozenset(found & MODULES.keys() - {module})


@pytest.mark.parametrize("room", ALLOWED)
def test_imports_point_down(room: str) -> None:
    wrong = {
        f"{module} imports {target}"
        for module in MODULES
        if module.split(".")[0] == room
        for target in imports(module)
        if target.split(".")[0] not in {room, *ALLOWED[room]}
    }
    assert not wrong, f"{room} may import only {sorted(ALLOWED[room])}"


@pytest.mark.parametrize("room", INNER)
def test_imports_between_inner_rooms_point_down(room: str) -> None:
    parent = room.rpartition(".")[0]
    siblings = {other for other in INNER if other.rpartition(".")[0] == parent} - {room}
    wrong = {
        f"{module} imports {target}"
        for module in MODULES
        if f"{module}.".startswith(f"{room}.")
        for target in imports(module)
        for other in siblings - INNER[room]
        if f"{target}.".startswith(f"{other}.")
    }
    assert not wrong, f"{room} may import only {sorted(INNER[room])}"


def circles(graph: Mapping[str, Iterable[str]]) -> Iterator[set[str]]:
    """The strongly connected components of more than one node (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> Iterator[set[str]]:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in graph[node]:
            if target not in index:
                yield from visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            component = set()
            while node not in component:
                component.add(stack.pop())
            if len(component) > 1:
                yield component

    for node in graph:
        if node not in index:
            yield from visit(node)


def test_no_import_is_circular() -> None:
    graph = {module: imports(module) for module in MODULES}
    wrong = [
        sorted(circle) for circle in circles(graph) if not all(module.startswith(MAY_BE_CIRCULAR) for module in circle)
    ]
    assert wrong == []


def run_on_import(module: str) -> set[str]:
    """The modules that Python runs while it imports one, by its own statements and the packages these lie in."""
    path = MODULES[module]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    statements = [
        node
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Try)
        or (isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test))
    ]
    text = ast.unparse(ast.Module(statements, []))
    names = {name.removeprefix("shenhe.") for name in imported_names(text, path)}
    direct = {name if name in MODULES else name.rpartition(".")[0] for name in names}
    packages = {name.rsplit(".", depth)[0] for name in direct for depth in range(1, name.count(".") + 1)}
    own = {module, *(module.rsplit(".", depth)[0] for depth in range(1, module.count(".") + 1))}
    return (direct | packages) & MODULES.keys() - own


def test_every_module_can_be_imported_first() -> None:
    """A circle through a package's ``__init__`` works only while another module happens to be imported before."""
    graph = {module: run_on_import(module) for module in MODULES}
    assert [sorted(circle) for circle in circles(graph)] == []


def test_circles_are_found() -> None:
    assert list(circles({"a": ["b"], "b": ["c"], "c": ["b"]})) == [{"b", "c"}]
    assert list(circles({"a": ["b"], "b": []})) == []


def test_a_wrong_import_is_found_however_it_is_written() -> None:
    place = ROOT / "simulator" / "reference" / "model.py"
    for line in (
        "from shenhe.conformance import check",
        "from shenhe import conformance",
        "from ...conformance.report import Report",
        "def f():\n    import shenhe.conformance.report",
    ):
        assert rooms_reached(line, place) == {"conformance"}


def test_no_room_is_imported_by_its_bare_name() -> None:
    """From the root the rooms are importable as top-level modules too: that would be a second copy of every class."""
    files = [*MODULES.values(), *(path for room in ("tests", "benchmarks") for path in (ROOT / room).rglob("*.py"))]
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported_names(path.read_text(encoding="utf-8"), path)
        if name.split(".")[0] in ALLOWED
    }
    assert not wrong


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
    pytest.importorskip("setuptools", "77")
    tree = tmp_path / "tree"
    tree.mkdir()
    for room in ALLOWED:
        shutil.copytree(ROOT / room, tree / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "__main__.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(tree)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("shenhe/")}
    expected = {
        "shenhe/" + path.relative_to(ROOT).as_posix()
        for room in ALLOWED
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == expected | {f"shenhe/{name}" for name in ("__init__.py", "__main__.py", "py.typed")}
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = "import shenhe; print(shenhe.__version__)"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "site", check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() in wheel.name


def test_no_lock_file_names_a_host() -> None:
    for lock in (ROOT / "locks").iterdir():
        assert "://" not in lock.read_text(encoding="utf-8"), lock.name
