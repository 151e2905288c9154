"""The published schema of report.json is that of the code, and holds for a real run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import report_schema
from shenhe.core.links import check_link, rule_link
from shenhe.sample import create_app, sample_binding


def test_the_published_schema_is_that_of_the_code() -> None:
    published = Path(__file__).parents[2] / "conformance" / "report.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == report_schema()


@pytest.mark.costly
def test_a_report_with_failures_holds_to_the_schema_and_a_changed_one_does_not() -> None:
    app = create_app(faults=["text-unlabelled", "search-survives"])
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(app)) as provider:
        report = run_checks(provider, on=date(2026, 9, 1), examples=0)
    assert report.summary.counts["fail"] > 0
    data = json.loads(report.model_dump_json())
    validator = jsonschema.Draft202012Validator(report_schema())
    validator.validate(data)
    assert [rule.rule for rule in report.rules if rule.docs != rule_link(rule.rule)] == []
    assert [check.name for check in report.checks if check.docs != check_link(check.name)] == []
    data["rules"][0]["verdict"] = "probably fine"
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(data)
