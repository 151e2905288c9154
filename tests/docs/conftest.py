"""A furnished folder for every test that runs a documented command."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shenhe.sample import SampleServer

from .desk import furnish
from .pages import ROOT

# The builder of the documentation is no part of the package.
sys.path.insert(0, str(ROOT / "docs"))


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder, and the address of the provider that its bindings reach through SHENHE_SAMPLE_URL."""
    folder = tmp_path_factory.mktemp("documentation")
    with SampleServer() as server:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SHENHE_SAMPLE_URL", server.url)
            furnish(folder, server.url)
        yield folder, server.url


@pytest.fixture
def desk(furnished: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the furnished folder, as the current one."""
    folder = tmp_path / "desk"
    shutil.copytree(furnished[0], folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SHENHE_SAMPLE_URL", furnished[1])
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    return folder
