"""Codes by SMS: faults of the gateway that asks for them are found, and its lawful variants are clean."""

from __future__ import annotations

import pytest

from shenhe.conformance.report import CheckResult
from shenhe.conformance.verdict import Level

from ..sample.of_platforms import OF_CODES
from ..sampling import only
from . import matrix

RULE = "cn-dsp-2023/9.1"
#: The one of them that is no fault of codes: its rule and check.
CONFIRMATION = "unconfirmed-consents-count"
#: The law sets no time, and does not say whether a new code ends the one before.
LEFT_TO_A_PERSON = {"earlier-codes-count", "codes-count-for-ever"}


def check_of(faults: list[str], variant: str) -> CheckResult:
    report = matrix.examine(faults, variant=variant, level=Level.EXTENDED, examples=0, rules=[RULE])
    return next(check for check in report.checks if check.name == "only_the_right_code_counts")


@pytest.mark.parametrize("name", only(("codes-of-others-count",), [name for name in OF_CODES if name != CONFIRMATION]))
def test_a_code_that_was_not_sent_for_this_does_not_count(name: str) -> None:
    assert check_of([name], "rpc-gateway").verdict == ("review" if name in LEFT_TO_A_PERSON else "fail")


@pytest.mark.parametrize("variant", only(("codes-sent-again",), ("rpc-gateway", "codes-sent-again")))
def test_a_lawful_gateway_takes_the_right_code_only(variant: str) -> None:
    assert check_of([], variant).verdict == "pass"


@pytest.mark.parametrize(("faults", "verdict"), [([CONFIRMATION], "fail"), ([], "pass")])
@pytest.mark.costly
def test_a_consent_serves_once_its_person_confirmed_it(faults: list[str], verdict: str) -> None:
    report = matrix.examine(faults, variant="rpc-gateway", level=Level.EXTENDED, examples=0, rules=["cn-dsp-2023/14.2"])
    found = {check.name: check.verdict for check in report.checks}
    assert found.pop("unconfirmed_consent_opens_nothing") == verdict
    assert set(found.values()) <= {"pass", "not applicable"}
