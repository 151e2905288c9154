"""A check that needs an extra which is not installed decides nothing: it neither passes nor counts as broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.checks import all_checks
from shenhe.conformance.checks.registry import REGISTRY
from shenhe.conformance.engine.runner import run_checks
from shenhe.labels.write import LabelNeedsExtraError
from shenhe.sample import create_app, sample_binding

MISSING = ModuleNotFoundError("No module named 'rapidocr'", name="rapidocr")


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        (MISSING, "inconclusive", "python -m pip install 'shenhe[media]'"),
        (LabelNeedsExtraError("needs av: install it."), "inconclusive", "needs av: install it."),
        (ModuleNotFoundError("No module named 'shenhe.typo'", name="shenhe.typo"), "error", "the check itself broke"),
    ],
)
def test_a_check_without_its_extra_is_inconclusive(
    error: Exception, verdict: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(probe: Any, case: Any) -> None:
        raise error

    all_checks()
    name = "text_output_is_labelled"
    monkeypatch.setitem(REGISTRY, name, replace(REGISTRY[name], judge=judge))
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        report = run_checks(provider, rules=["cn-labeling-2025/4.1.1"], examples=0)
    found = next(check for check in report.checks if check.name == name)
    assert found.verdict == verdict
    assert reason in found.reason
