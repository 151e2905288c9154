"""Sequences: what the machines draw, what they find that takes a sequence, and how small it gets."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.checks import all_checks
from shenhe.conformance.checks.outcome import Violation
from shenhe.conformance.checks.registry import Check
from shenhe.conformance.engine.cases.examples import Explored, explore_sequences, undisturbed
from shenhe.conformance.engine.cases.sequences import Lived, Must
from shenhe.conformance.engine.probing.probe import Probe
from shenhe.conformance.engine.probing.session import Session
from shenhe.conformance.provider import Operation
from shenhe.sample import create_app, sample_binding

from ... import sampling

ON = date(2026, 9, 1)
CHECKS = {check.name: check for check in all_checks() if check.machine is not None}


def drawn(name: str, *faults: str, examples: int = 30, seed: int = 0) -> tuple[Explored[Any], list[Lived]]:
    """What the machine of a check finds alone, without the enumerated sequence, and every sequence it judged."""
    check: Check = CHECKS[name]
    assert check.machine is not None
    judged: list[Lived] = []
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app(faults=faults))) as provider, undisturbed():
        session = Session(provider, on=ON)
        names = session.names(name)

        def judge(case: Lived) -> None:
            judged.append(case)
            check.judge(Probe(session, names, waits=check.waits), case)

        found = explore_sequences(judge, check.machine(), provider.capabilities, seed=seed, examples=examples)
    return found, judged


@pytest.mark.parametrize("name", sampling.drawn(1, CHECKS))
@pytest.mark.costly
def test_the_lawful_sample_keeps_every_sequence(name: str) -> None:
    found, judged = drawn(name)
    assert found.failing is None
    assert found.undecided is None
    assert found.ran >= 15
    assert any(step.must is not Must.HAPPEN for case in judged for step in case.steps)
    assert max(len(case.steps) for case in judged) >= 5


@pytest.mark.parametrize(
    ("name", "fault", "most"),
    [
        ("no_sequence_opens_an_edit", "consent-remembered-after-use", 4),
        ("no_sequence_opens_an_edit", "consent-of-the-account", 3),
        pytest.param("no_sequence_opens_an_edit", "consent-borrowed", 3, marks=pytest.mark.slow),
        ("no_sequence_publishes_unverified", "deleted-account-publishes", 4),
        pytest.param("no_sequence_publishes_unverified", "publish-unverified", 2, marks=pytest.mark.slow),
        ("no_sequence_brings_back_what_was_removed", "page-cached", 4),
        pytest.param("no_sequence_brings_back_what_was_removed", "feed-survives", 4, marks=pytest.mark.slow),
        pytest.param("no_sequence_brings_back_what_was_removed", "search-survives", 4, marks=pytest.mark.slow),
        ("no_sequence_frees_from_the_agreement", "unlabelled-copy-after-any-agreement", 2),
    ],
)
@pytest.mark.costly
def test_a_fault_falls_to_a_sequence_and_the_sequence_is_small(name: str, fault: str, most: int) -> None:
    found, judged = drawn(name, fault, examples=60)
    assert isinstance(found.violation, Violation), f"{len(judged)} sequences did not show it"
    assert len(found.failing.steps) <= most, str(found.failing)


def test_a_sequence_describes_its_steps() -> None:
    found, _ = drawn("no_sequence_opens_an_edit", "consent-outlives-revocation", examples=60)
    told = str(found.failing)
    assert "gives account" in told
    assert "is withdrawn; account" in told
    assert told.endswith("which must be refused")
    assert [step.operation for step in found.failing.steps] == [
        Operation.GRANT_CONSENT,
        Operation.REVOKE_CONSENT,
        Operation.EDIT,
    ]


@pytest.mark.costly
def test_the_same_seed_draws_the_same_sequences() -> None:
    assert drawn("no_sequence_publishes_unverified", seed=3)[1] == drawn("no_sequence_publishes_unverified", seed=3)[1]
    assert drawn("no_sequence_publishes_unverified", seed=3)[1] != drawn("no_sequence_publishes_unverified", seed=4)[1]
