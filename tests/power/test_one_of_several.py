"""Faults of one way among several are each caught by exactly the rules they break."""

from __future__ import annotations

import pytest

from ..sample.one_of_several import ONE_OF_SEVERAL
from . import matrix

#: A few of them, for every run of the tests.
SAMPLED = ("fetched-again-unmarked", "verified-by-body", "impersonation-report-unconfirmed", "chats-read-by-others")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in SAMPLED else pytest.mark.slow) for name in ONE_OF_SEVERAL],
)
def test_a_fault_of_one_way_is_caught_by_exactly_its_rules(name: str) -> None:
    fault = matrix.ALL_FAULTS[name]
    report = matrix.examine([name], level=fault.level, examples=0, rules=sorted(fault.rules))
    assert matrix.failed(report) == fault.rules
