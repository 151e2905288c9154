"""What the user can correct and what is a bug in shenhe are told apart by type."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

from shenhe.cli import demo
from shenhe.cli.main import run
from shenhe.conformance.checks.outcome import Violation
from shenhe.core import errors
from shenhe.core.errors import ShenheError
from tests.test_architecture import MODULES


def drawn_tree() -> dict[str, str]:
    """The tree in the docstring of ``core/errors.py``: the parent of each class."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ((?:│   |    )*)(├── |└── |)(\w+)(?: {2,}|$)", line)
        if found is None:
            continue
        depth = len(found[1]) // 4 + bool(found[2])
        path[depth:] = [found[3]]
        if depth:
            parents[found[3]] = path[depth - 1]
    return parents


def subclasses(of: type[BaseException]) -> dict[str, str]:
    found = {}
    for each in of.__subclasses__():
        if not each.__module__.startswith("shenhe."):
            continue
        found[each.__name__] = of.__name__
        found |= subclasses(each)
    return found


def test_the_drawn_tree_holds_every_exception() -> None:
    for extra in ("av", "pypdf"):
        pytest.importorskip(extra)
    for module in MODULES:
        importlib.import_module(f"shenhe.{module}")
    assert drawn_tree() == subclasses(ShenheError)
    assert len(drawn_tree()) > 20


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (errors.MissingExtraError("install shenhe[media]"), 2, "shenhe: install shenhe[media]\n"),
        (FileNotFoundError(2, "No such file or directory", "x.yaml"), 2, "shenhe: x.yaml: No such file or directory\n"),
        (Violation("never meant for a user"), 70, "internal error (Violation: never meant for a user)"),
        (ValueError("bad"), 70, "this is a bug in shenhe. Re-run with `--debug` for a traceback and report it."),
    ],
)
def test_exit_code_follows_from_the_type(
    error: Exception,
    code: int,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(demo, "_checked", fail)
    monkeypatch.setattr(sys, "argv", ["shenhe", "demo", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as exit_:
        run()
    assert exit_.value.code == code
    assert text in capsys.readouterr().err


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("bad")

    monkeypatch.setattr(demo, "_checked", fail)
    monkeypatch.setattr(sys, "argv", ["shenhe", "demo", "--out", str(tmp_path), "--debug"])
    with pytest.raises(ValueError, match="bad"):
        run()
