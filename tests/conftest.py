"""Settings that all tests share."""

import atexit
import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from . import sampling
from .browsers import CHROMIUM

#: For tests of the plugin: projects with tests of their own.
pytest_plugins = ["pytester"]

# The same examples on every run, so that red means broken. To look for new ones: HYPOTHESIS_PROFILE=explore.
settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# A shell without job control starts what it puts in the background deaf to Ctrl-C, and so would every command be that a
# test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Commands note the reports that they write; the notes of tests go to a folder that ends with the run.
_STATE = tempfile.mkdtemp(prefix="shenhe-state-")
os.environ["XDG_STATE_HOME"] = _STATE
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)

#: Folders and modules that compile the engine, decode media, run whole checks or start many servers. `make quick`
#: leaves them out; everything else must stay under a minute on two processors together.
HEAVY = (
    "bindings/client/test_browser.py",
    "bindings/client/test_hostile.py",
    "bindings/evidence",
    "calibration",
    "ci/test_templates.py",
    "cli/test_light_core.py",
    "conformance",
    "docs",
    "explorer",
    "first_use",
    "fleet",
    "hostile",
    "labels/commands",
    "labels/containers/test_crossed.py",
    "labels/containers/test_dialects.py",
    "labels/containers/test_proof.py",
    "labels/meaning/test_cases.py",
    "labels/perceived",
    "power",
    "reports",
    "sample",
    "simulator/engines",
    "simulator/model/test_foresight.py",
    "simulator/model/test_hook.py",
    "simulator/model/test_lever_directions.py",
    "simulator/model/test_model.py",
    "simulator/runs/test_claims.py",
    "simulator/runs/test_oracles.py",
    "simulator/runs/test_replay.py",
    "simulator/runs/test_replication.py",
    "strangers",
    "studies",
    "test_validation_first.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run every costly test, and not those drawn by the commit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    # A folder that was moved would silently join the quick tests.
    if missing := [heavy for heavy in HEAVY if not (root / heavy).exists()]:
        raise pytest.UsageError(f"tests/conftest.py: HEAVY: found no {', '.join(missing)} below {root}")
    heavy = {path: _is_heavy(path, root) for path in {item.path for item in items}}
    whole = items[0].config.getoption("whole") if items else False
    for item in items:
        if heavy[item.path]:
            item.add_marker("heavy")
        if item.get_closest_marker("costly") and not whole and not sampling.is_drawn(item.nodeid):
            item.add_marker("slow")


def pytest_collection_finish() -> None:
    """Take what collection made out of the garbage collector, which would look through it again and again: that was a
    third of the processor time of many tests.
    """
    gc.collect()
    gc.freeze()


def _is_heavy(path: Path, root: Path) -> bool:
    return path.is_relative_to(root) and any(path.relative_to(root).is_relative_to(heavy) for heavy in HEAVY)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium that the tests of a module share; they have the marks of :mod:`tests.browsers`."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as starter:
        found = starter.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()
