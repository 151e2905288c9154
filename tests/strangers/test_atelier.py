"""A foreign community of makers whose faults were written from the law alone: each is found, and the lawful one fails
nothing.
"""

from __future__ import annotations

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report

from .atelier import Atelier
from .atelier_desk import desk
from .running import ON, check, failures
from .styles import HERE


def run(*faults: str, rules: list[str] | None = None) -> Report:
    loaded = load_binding(HERE / "atelier.yaml", environ={})
    with loaded.connect(transport=AsgiTransport(desk(Atelier(frozenset(faults))))) as provider:
        return run_checks(provider, on=ON, level="full", examples=0, rules=rules)


def test_a_label_between_the_tags_of_a_page_is_seen() -> None:
    """Pages are read with their tags where the binding names no part of them."""
    result = check(run(rules=["cn-labeling-2025/4.1.1"]), "published_text_is_labelled")
    assert result.verdict == "pass", result.reason


def test_a_label_that_a_page_hides_is_not_seen() -> None:
    report = run("texts-hidden-on-pages", rules=["cn-labeling-2025/4.1.1"])
    assert "published_text_is_labelled" in failures(report)


def test_a_receipt_lasts_where_the_status_does_not_repeat_it() -> None:
    report = run(rules=["cn-dsp-2023/12.3"])
    assert {each.verdict for each in report.rules} == {"pass"}


@pytest.mark.costly
def test_a_lawful_atelier_fails_nothing() -> None:
    report = run()
    assert failures(report) == {}
    assert report.summary.counts["pass"] >= 50
