"""A foreign assistant with exports, pictures, companions and a plaza, written from the law."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report

from ..labels.lettering import FACES
from ..sampling import drawn
from .dunlin import Dunlin
from .dunlin_desk import desk
from .dunlin_faults import FAULTS, VARIANTS
from .running import ON, asked, failures
from .styles import HERE

pytestmark = pytest.mark.skipif(not FACES, reason="no font has Chinese letters")

#: What a person is asked of the lawful service, too: checks, and how their reasons begin.
ASKED = {"only_the_right_code_counts": "register: a code a day later"}
#: Faults of which a person is asked: words may say what no pattern knows, other grounds than consent may remain, use may
#: be counted by chat, and a work that was removed may be another where it is published again.
REVIEWED = {
    "agreement_silent_on_labels",
    "complaints_without_limit",
    "deleted_account_stays_in_plaza",
    "download_of_others_works",
    "reminder_by_chat",
    "removed_can_be_republished",
    "withdrawal_keeps_thumbnails",
}
#: Faults that no check sees, and why.
UNSEEN = {
    "json_export_field_renamed": "metadata are looked for in pictures, films and sounds, not in texts",
    "md_export_without_metadata": "metadata are looked for in pictures, films and sounds, not in texts",
    "minor_switches_character": "roles are tried in first turns",
    "thumbnail_without_label": "a thumbnail is no copy that leaves the service",
}
#: Rules whose requests a fault shows itself in, besides the rules that it breaks.
SEEN_IN = {"refutation_names_reporter": {"cn-dsp-2023/11"}}


def run(faults: Iterable[str] = (), variants: Iterable[str] = (), rules: Iterable[str] | None = None) -> Report:
    loaded = load_binding(HERE / "dunlin.yaml", environ={})
    transport = AsgiTransport(desk(Dunlin(frozenset(faults), frozenset(variants))))
    with loaded.connect(transport=transport, sleep=lambda seconds: time.sleep(min(seconds, 0.02))) as provider:
        return run_checks(provider, on=ON, level="full", examples=0, rules=None if rules is None else list(rules))


@pytest.mark.parametrize("fault", drawn(1, sorted(FAULTS.keys() - UNSEEN)))
@pytest.mark.costly
def test_each_fault_of_a_foreign_assistant_is_found(fault: str) -> None:
    rules = {rule.partition("@")[0] for rule in FAULTS[fault][1]}
    report = run([fault], rules=rules | SEEN_IN.get(fault, set()))
    if fault in REVIEWED:
        assert not failures(report)
        assert asked(report, ASKED)
    else:
        assert failures(report)


@pytest.mark.parametrize("variant", drawn(1, sorted(VARIANTS)))
@pytest.mark.costly
def test_lawful_ways_of_a_foreign_assistant_fail_nothing(variant: str) -> None:
    assert failures(run(variants=[variant])) == {}


@pytest.mark.costly
def test_a_lawful_assistant_fails_nothing() -> None:
    report = run()
    assert failures(report) == {}
    assert asked(report, ASKED) == {}
    assert report.summary.counts["pass"] >= 68
