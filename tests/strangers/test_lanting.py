"""A foreign service with stories, a square and characters, written from the law and from how services behave."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report

from ..labels.lettering import FACES
from ..sampling import drawn
from .lanting import Lanting
from .lanting_desk import desk
from .lanting_faults import FAULTS, VARIANTS
from .running import ON, asked, failures
from .styles import HERE

pytestmark = pytest.mark.skipif(not FACES, reason="no font has Chinese letters")

#: What a person is asked of the lawful service, too: checks, and how their reasons begin.
ASKED = {
    "companion_reminds_of_the_time": "in another conversation",
    "detection_tool_is_offered": "detection tool:",
    "identity_card_is_one_persons": "under another name:",
    "marking_has_two_layers": "image/jpeg:",
    "removed_content_does_not_return": "published again",
    "removed_file_does_not_return": "uploaded again",
}
#: Faults of which a person is asked: a receipt may come by mail, and words may say what no pattern knows.
REVIEWED = {
    "agreement_silent_on_labels",
    "complaints_page_without_limit",
    "guests_get_no_receipt",
    "origin_by_field_alone",
    "rhythm_over_speech",
}
#: Faults that no check sees, and why.
UNSEEN = {
    "minor_changes_role_midway": "roles are tried in first turns",
    "traces_in_sound_ignored": "the law speaks of traces that a platform detects: one kind is enough",
}


def run(faults: Iterable[str] = (), variants: Iterable[str] = (), rules: Iterable[str] | None = None) -> Report:
    loaded = load_binding(HERE / "lanting.yaml", environ={})
    lanting = Lanting(frozenset(faults), frozenset(variants))

    def nap(seconds: float) -> None:
        """Reviews take their time by the clock of the service, which a pause between two looks moves on."""
        lanting.offset += seconds

    with loaded.connect(transport=AsgiTransport(desk(lanting)), sleep=nap) as provider:
        return run_checks(provider, on=ON, level="full", examples=0, rules=None if rules is None else list(rules))


@pytest.mark.parametrize("fault", drawn(1, sorted(FAULTS.keys() - UNSEEN)))
@pytest.mark.costly
def test_each_fault_of_a_foreign_square_is_found(fault: str) -> None:
    report = run([fault], rules={rule.partition("@")[0] for rule in FAULTS[fault][1]})
    if fault in REVIEWED:
        assert not failures(report)
        assert asked(report, ASKED)
    else:
        assert failures(report)


@pytest.mark.parametrize("variant", drawn(1, sorted(VARIANTS)))
@pytest.mark.costly
def test_lawful_ways_of_a_foreign_square_fail_nothing(variant: str) -> None:
    assert failures(run(variants=[variant])) == {}


@pytest.mark.costly
def test_a_lawful_square_fails_nothing() -> None:
    report = run()
    assert failures(report) == {}
    assert asked(report, ASKED) == {}
    assert report.summary.counts["pass"] >= 84
