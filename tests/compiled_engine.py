"""The compiled engine in a test process: small runs take a seventh of the time once it is loaded."""

from __future__ import annotations

import pytest

from shenhe.simulator.runs.engines import Engine, warm

_loaded: list[bool] = []


@pytest.fixture(autouse=True)
def _compiled_engine() -> None:
    """Load the compiled engine if its code is in the cache; nothing is compiled for the sake of a small run."""
    if not _loaded:
        from shenhe.simulator.compiled import is_cached, refusal

        if refusal() is None and is_cached():
            warm(Engine.COMPILED)
            _loaded.append(True)
    return
