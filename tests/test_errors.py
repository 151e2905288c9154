"""What the user can correct and what is a bug in shenhe are told apart by type."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shenhe.cli import demo
from shenhe.cli.error_texts import error_texts
from shenhe.cli.explain import explanation
from shenhe.cli.main import app, run
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


def test_every_error_says_what_it_means_and_what_to_do() -> None:
    texts = error_texts()
    assert texts.keys() == drawn_tree().keys() | {"ShenheError"}
    assert all(text.meaning.endswith(".") and text.fix for text in texts.values())
    assert len(EXAMPLES) > 20
    document = explanation("TargetRefused")
    assert (document["kind"], document["title"]) == ("error", texts["TargetRefused"].meaning)
    assert document["docs"].endswith("reference/errors.html#error-targetrefused")


EXAMPLES = [name for name, text in error_texts().items() if text.says]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_of_an_error_causes_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = error_texts()[name]
    monkeypatch.chdir(tmp_path)
    for file, content in text.files.items():
        (tmp_path / file).write_text(content, encoding="utf-8")
    for variable, value in text.env.items():
        monkeypatch.setenv(variable, value)
    found: BaseException | None = None
    if text.command:
        found = CliRunner().invoke(app, shlex.split(text.command)[1:]).exception
    else:
        try:
            exec(text.python, {})  # an example of ours
        except ShenheError as error:
            found = error
    assert name in {each.__name__ for each in type(found).__mro__}
    assert name == "ShenheError" or type(found).__name__ == name
    assert str(found).startswith(text.says)


def test_the_last_line_names_the_page_of_the_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["shenhe", "fleet", "nowhere", "--out", "results", "--json"])
    monkeypatch.setenv("SHENHE_DOCS_URL", "https://docs.example/")
    with pytest.raises(SystemExit):
        run()
    out, err = capsys.readouterr()
    page = "https://docs.example/reference/errors.html#error-fleeterror"
    assert err.splitlines()[-1] == f"see: shenhe explain FleetError, {page}"
    assert out == ""
