from __future__ import annotations

import hashlib
from importlib.resources import files

import pytest
from plotly.offline import get_plotlyjs_version

from shenhe.reports.figures import plotlyjs

VENDOR = files("shenhe.reports") / "vendor"


def test_the_vendored_script_is_the_version_that_plotly_draws_for() -> None:
    assert get_plotlyjs_version() == plotlyjs.VERSION
    assert f"(cartesian - minified) v{plotlyjs.VERSION}\n" in plotlyjs.source()[:200]


def test_it_is_the_file_that_was_vendored_with_its_licence() -> None:
    data = (VENDOR / "plotly-cartesian.min.js").read_bytes()
    assert hashlib.sha256(data).hexdigest() == plotlyjs.SHA256
    assert "MIT License" in (VENDOR / "plotly.LICENSE.txt").read_text(encoding="utf-8")


def test_it_cannot_end_its_own_element() -> None:
    assert "</script" not in plotlyjs.source().lower()
    assert "<!--" not in plotlyjs.source()


def test_a_changed_script_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plotlyjs, "SHA256", "0" * 64)
    with pytest.raises(RuntimeError, match="was changed"):
        plotlyjs.source()
