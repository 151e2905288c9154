"""A binding by another author takes only the environment variables that its user allows, whichever command runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shenhe.cli import environment
from shenhe.conformance import check, fleet
from shenhe.conformance.bindings import BindingError, load_binding
from shenhe.conformance.pytest_plugin.settings import Settings
from shenhe.conformance.pytest_plugin.target import TargetUnderTest

from ..command_line import shenhe

BINDING = """\
target: {name: "${OTHER:-x}", base_url: "http://127.0.0.1:9", services: {text: [text/plain]}}
auth: {type: bearer, token: "${DEPLOY_KEY}"}
operations: {generate: {path: /g, extract: {id: id}, media: {text: text}}}
"""


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A binding outside of the working folder."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("DEPLOY_KEY", "deploy-secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws-secret")
    path = tmp_path / "downloaded.yaml"
    path.write_text(BINDING)
    return path


def test_a_foreign_binding_reads_only_allowed_variables(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert environment.binding_environ(elsewhere, None) == {}
    assert "not allowed: DEPLOY_KEY" in capsys.readouterr().err
    assert environment.binding_environ(elsewhere, ["DEPLOY_KEY"]) == {"DEPLOY_KEY": "deploy-secret"}
    assert "takes from the environment: DEPLOY_KEY" in capsys.readouterr().err
    for name, text in (
        ("shenhe.toml", 'env = ["DEPLOY_KEY"]'),
        ("pyproject.toml", '[tool.shenhe]\nenv = ["DEPLOY_KEY"]'),
    ):
        Path(name).write_text(text)
        assert environment.binding_environ(elsewhere, None) == {"DEPLOY_KEY": "deploy-secret"}
        Path(name).unlink()


def test_a_list_binds_one_s_own_bindings_too(elsewhere: Path) -> None:
    own = Path("binding.yaml")
    own.write_text(BINDING)
    assert environment.binding_environ(own, None) == {"DEPLOY_KEY": "deploy-secret"}
    Path("shenhe.toml").write_text("env = []")
    assert environment.binding_environ(own, None) == {}
    own.unlink()
    own.symlink_to(elsewhere)
    Path("shenhe.toml").unlink()
    assert environment.binding_environ(own, None) == {}, "a link out of the folder is no binding of one's own"


@pytest.mark.parametrize("text", ["env = 3", "env = ['a b']", "env =", "[env]\na = 1"])
def test_an_unreadable_list_is_an_error(elsewhere: Path, text: str) -> None:
    Path("shenhe.toml").write_text(text)
    with pytest.raises(Exception, match=r"shenhe\.toml"):
        environment.binding_environ(elsewhere, None)


# --- the same rule in everything that reads a binding ---------------------------------------------------------


class _TakenError(Exception):
    """Ends a run once it is known what the binding takes."""


def _by_library(path: Path, names: list[str] | None) -> set[str]:
    if names is not None:
        pytest.skip("the library takes the variables themselves")
    return set(load_binding(path)._environ)


def _by_assertion(path: Path, names: list[str] | None) -> set[str]:
    environ = None if names is None else dict.fromkeys(names, "value")
    with pytest.raises((AssertionError, BindingError)) as raised:
        check(path, environ=environ, examples=0)
    if isinstance(raised.value, BindingError):
        raise raised.value
    return {"DEPLOY_KEY"}


def _by_plugin(path: Path, names: list[str] | None) -> set[str]:
    settings = Settings(env=None if names is None else tuple(names))
    with TargetUnderTest(settings, binding=path).open() as provider:
        assert provider.capabilities.operations
    return {"DEPLOY_KEY"}


def _by_fleet(path: Path, names: list[str] | None) -> set[str]:
    taken: dict[str, Any] = {}

    def run_fleet(members: Any, out: Path, **options: Any) -> Any:
        taken.update(options["own_environ"][path.stem])
        raise _TakenError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fleet, "run_fleet", run_fleet)
        with pytest.raises((_TakenError, AssertionError)):
            shenhe_(["fleet", path.parent, "--out", path.parent / "out"], names)
    return set(taken)


def _by_export(path: Path, names: list[str] | None) -> set[str]:
    done = shenhe_(["export", "arazzo", path, "--openapi", "http://127.0.0.1/openapi.json"], names)
    if done.exit_code:
        assert "${DEPLOY_KEY}" in done.stderr
        return set()
    return {"DEPLOY_KEY"}


def shenhe_(words: list[Any], names: list[str] | None) -> Any:
    return shenhe(*words, *(word for name in names or () for word in ("--env", name)))


READERS: dict[str, Callable[[Path, list[str] | None], set[str]]] = {
    "library": _by_library,
    "assertion": _by_assertion,
    "pytest plugin": _by_plugin,
    "fleet": _by_fleet,
    "export": _by_export,
}


@pytest.mark.parametrize("reader", READERS)
def test_whatever_reads_a_foreign_binding_withholds_variables(reader: str, elsewhere: Path) -> None:
    try:
        taken = READERS[reader](elsewhere, None)
    except BindingError as error:
        taken = set() if "outside the working folder" in str(error) else {str(error)}
    assert taken == set()


@pytest.mark.parametrize("reader", READERS)
def test_whatever_reads_a_foreign_binding_gives_it_what_is_allowed(reader: str, elsewhere: Path) -> None:
    assert READERS[reader](elsewhere, ["DEPLOY_KEY"]) == {"DEPLOY_KEY"}


@pytest.mark.parametrize("reader", READERS)
def test_the_list_of_a_project_holds_for_every_reader(reader: str, elsewhere: Path) -> None:
    Path("shenhe.toml").write_text('env = ["DEPLOY_KEY"]')
    assert READERS[reader](elsewhere, None) == {"DEPLOY_KEY"}


@pytest.mark.parametrize("reader", READERS)
def test_a_binding_in_the_working_folder_gets_what_it_names(reader: str, elsewhere: Path) -> None:
    folder = Path("bindings")
    folder.mkdir()
    own = folder / "own.yaml"
    own.write_text(BINDING)
    assert READERS[reader](own.absolute(), None) == {"DEPLOY_KEY"}
