"""The pytest plugin: one test per rule, for a binding, an application in this process or a Python class.

Three ways in, all described in ``docs/pytest.md``:

* ``pytest binding.yaml`` or ``pytest --shenhe binding.yaml`` collects the binding as a file whose tests are rules.
* A test function that takes the fixture ``shenhe_rule`` runs once per rule. The marker ``shenhe`` names the target.
* The fixture ``shenhe_check`` checks a target as a whole inside a test of your own.

Without any of them the plugin does nothing, and imports only the modules of this room.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from shenhe.conformance.report import Report

    from .items import BindingTests
    from .rules import RuleUnderTest

BINDING = "--shenhe"

#: Every setting: its name, the form of its option, and its help. The ini option is ``shenhe_NAME``; the marker has a
#: keyword of the same name.
SETTINGS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("base-url", {"metavar": "URL"}, "Address of the target. Default: base_url of the binding."),
    ("level", {"choices": ("core", "extended", "full")}, "How many rules the run covers (default: core)."),
    ("packs", {"metavar": "PACK", "action": "append"}, "Check by this pack. Repeatable. Default: the law in force."),
    ("rules", {"metavar": "PATTERN", "action": "append"}, "Only rules that match, such as 'eu-*'. Repeatable."),
    ("seed", {"metavar": "N", "type": int}, "Random seed. The same seed sends the same requests (default: 0)."),
    ("examples", {"metavar": "N", "type": int}, "Random cases per check, after its fixed ones (default: 25)."),
    ("baseline", {"metavar": "FILE"}, "Accepted failures: their tests are reported as xfailed."),
    ("env", {"metavar": "NAME", "action": "append"}, "Let the binding read this variable, and no others. Repeatable."),
    ("lenient", {"action": "store_true"}, "Skip, instead of fail, rules that could not be verified."),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options and their ini equivalents."""
    group = parser.getgroup("shenhe", "conformance of a service with the law on synthetic media (shenhe)")
    group.addoption(
        BINDING, metavar="BINDING", default=None, help="Check the target of this binding, one test per rule."
    )
    for name, form, text in SETTINGS:
        group.addoption(f"--shenhe-{name}", default=None, help=text, **form)
        kind: Any = {"append": "linelist", "store_true": "bool"}.get(form.get("action", ""), "string")
        parser.addini(f"shenhe_{name.replace('-', '_')}", text, type=kind, default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and collect the binding of ``--shenhe`` in addition to what pytest collects."""
    config.addinivalue_line(
        "markers",
        "shenhe(binding=None, app=None, provider=None, **settings): the target of a test with the fixture shenhe_rule"
        " (see docs/pytest.md of shenhe); also on every test that a binding gives.",
    )
    binding = config.getoption(BINDING)
    if binding is None:
        return
    path = Path(config.invocation_params.dir, binding)
    if not path.is_file():
        raise pytest.UsageError(f"{BINDING} {binding}: no such file; expected a binding")
    if str(path) not in config.args and binding not in config.args:
        config.args.append(str(path))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> BindingTests | None:
    """A binding named on the command line, whether as an argument, as part of a node id or by ``--shenhe``."""
    if file_path.suffix not in (".yaml", ".yml") or file_path not in _named_files(parent.config):
        return None
    from .items import BindingTests, is_binding

    if not is_binding(file_path):
        return None
    return BindingTests.from_parent(parent, path=file_path)


def _named_files(config: pytest.Config) -> set[Path]:
    """The files that arguments name. pytest's own list lacks those inside a folder that another argument names."""
    start = config.invocation_params.dir
    # Not resolved: pytest does not follow links either.
    return {Path(os.path.normpath(start / argument.partition("::")[0])) for argument in config.args}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per rule for a function that takes ``shenhe_rule``."""
    if "shenhe_rule" in metafunc.fixturenames:
        from .rules import parameters_of

        metafunc.parametrize("shenhe_rule", parameters_of(metafunc), indirect=True)


@pytest.fixture
def shenhe_app() -> Any:
    """The application under test, for those who make it in a fixture: override this one in your ``conftest.py``.

    ``None`` means that the marker ``shenhe`` names the target.
    """
    return None


@pytest.fixture
def shenhe_rule(request: pytest.FixtureRequest) -> RuleUnderTest:
    """One rule of the target that the marker ``shenhe`` names. ``shenhe_rule.check()`` decides it."""
    rule: RuleUnderTest = request.param
    app = request.getfixturevalue("shenhe_app")
    if app is not None:
        rule.run.use(app)
    return rule


@pytest.fixture
def shenhe_check(pytestconfig: pytest.Config) -> Callable[..., Report]:
    """Check a target as a whole: :func:`shenhe.conformance.check` with the settings of the project as its defaults."""
    from .settings import Settings
    from .target import checked

    def check(target: Any, **settings: Any) -> Report:
        __tracebackhide__ = True
        app = settings.pop("app", None)
        return checked(target, app, Settings.of(pytestconfig, settings, Path.cwd()))

    return check
