"""One identity card under two names: looked for where names are told, and put to a person."""

from __future__ import annotations

import re
from datetime import date

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report
from shenhe.conformance.verdict import Level
from shenhe.sample import create_app, sample_binding
from shenhe.sample.faults.fault import FaultName
from shenhe.sample.variants import BindingText

CHECK = "identity_card_is_one_persons"


def checked(text: str, *faults: FaultName) -> Report:
    binding = load_binding(BindingText("sample.yaml", text), environ={})
    with binding.connect(transport=AsgiTransport(create_app(faults=faults))) as provider:
        return run_checks(provider, on=date(2026, 9, 1), examples=0, rules=["cn-dsp-2023/9.1"], level=Level.EXTENDED)


@pytest.mark.costly
def test_the_number_of_one_person_under_two_names_is_put_to_a_person() -> None:
    text = sample_binding().read_text(encoding="utf-8")
    report = checked(text, FaultName.IDENTITY_UNDER_ANY_NAME)
    assert [rule.verdict for rule in report.rules] == ["review"]
    found = next(each for each in report.checks if each.name == CHECK)
    assert "two names" in found.reason
    assert checked(text).summary.exit_code == 0


def test_without_names_two_accounts_of_one_number_belong_to_one_person() -> None:
    text = re.sub(r'\n *holder: "\{\{ identity.name \}\}"', "", sample_binding().read_text(encoding="utf-8"))
    report = checked(text, FaultName.IDENTITY_UNDER_ANY_NAME)
    assert CHECK not in {each.name for each in report.checks}
    assert report.summary.exit_code == 0
