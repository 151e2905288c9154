"""A service that delivers no copy without a label: Article 9 does not apply, and a wrong binding does not hide it."""

from __future__ import annotations

from datetime import date

import yaml

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report
from shenhe.conformance.verdict import Level
from shenhe.sample import create_app, sample_binding
from shenhe.sample.variants import BindingText

RULES = ["cn-labeling-2025/9.1", "cn-labeling-2025/9.2", "cn-labeling-2025/9.3"]
STRICTER = "stricter"


def checked(text: str) -> Report:
    binding = load_binding(BindingText("sample.yaml", text), environ={})
    with binding.connect(transport=AsgiTransport(create_app(variants=[STRICTER]))) as provider:
        return run_checks(provider, on=date(2026, 9, 1), examples=0, rules=RULES, level=Level.EXTENDED)


def test_article_9_does_not_apply_without_unlabelled_copies() -> None:
    report = checked(sample_binding(STRICTER).read_text(encoding="utf-8"))
    assert {rule.verdict for rule in report.rules} == {"not applicable"}


def test_a_refused_agreement_names_the_line_to_remove() -> None:
    document = yaml.safe_load(sample_binding(STRICTER).read_text(encoding="utf-8"))
    document["operations"]["generate"]["json"]["label_duty_accepted"] = "{{ request.agreed }}"
    report = checked(yaml.safe_dump(document, allow_unicode=True))
    assert {rule.verdict for rule in report.rules} == {"inconclusive"}
    for check in (each for each in report.checks if each.verdict != "not applicable"):
        assert "remove `{{ request.agreed }}` from operations.generate" in check.reason, check.name
