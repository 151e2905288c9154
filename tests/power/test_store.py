"""Faults of the sample store are each caught by exactly the rules they break, and its lawful variants are clean."""

from __future__ import annotations

import pytest

from shenhe.conformance.verdict import Level
from shenhe.sample.appstore import STORE_FAULTS, STORE_VARIANTS

from ..sampling import only
from . import matrix


@pytest.mark.parametrize("name", only(("assessment-expired-listed", "siblings-removed"), STORE_FAULTS))
@pytest.mark.costly
def test_a_fault_of_a_store_is_caught_by_exactly_its_rules(name: str) -> None:
    found = matrix.kill(name)
    assert found.exact, found


@pytest.mark.parametrize("name", only(("rejects-by-message",), STORE_VARIANTS))
@pytest.mark.costly
def test_a_lawful_variant_of_a_store_is_clean(name: str) -> None:
    told = matrix.cleanness(f"sample-store/{name}", levels=[Level.FULL])
    assert told[0].open == ()
    assert told[0].passed >= 15


def test_a_fault_breaks_the_rules_of_the_draft_too() -> None:
    assert matrix.broken_rules("filing-missing-listed", ["cn-dsp-2022-draft"]) == {"cn-dsp-2022-draft/16"}
