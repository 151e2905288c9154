"""A foreign app for cloned voices, talking heads and companions, written from the law before the checks were looked at."""

from __future__ import annotations

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report

from ..sampling import drawn
from .echo import Echo
from .echo_desk import desk
from .echo_faults import FAULTS
from .running import ON, check, failures
from .styles import HERE

#: Faults of which a person is asked: a notice may be spoken, a cover may be part of its page, a copy may have another
#: author, a ground other than consent may remain, and words may say what no pattern knows.
REVIEWED = {
    "appeals-refused",
    "clones-silent",
    "covers-bare",
    "crisis-unheard",
    "duties-untold",
    "gone-and-back",
    "hours-untold",
    "labels-untold",
    "made-stays-after-withdrawal",
    "one-card-many-names",
    "talks-unreviewed",
    "voices-silent",
}
#: What no check sees: the screen around a talk may carry its label, and numbers of works may be secrets.
UNSEEN = {"talks-unlabelled", "works-open"}
#: Found only since a check, a case or a reading was added for what they show.
ALWAYS = (
    "second-text-bare",
    "copies-unpledged",
    "regions-ignored",
    "uploads-by-anyone",
    "closed-goes-on",
    "gone-but-in-parts",
    "infringements-stay",
    "appeals-refused",
    "names-in-refusals",
    "history-of-others",
    "talks-unreviewed",
)


def run(*faults: str, rules: list[str] | None = None) -> Report:
    loaded = load_binding(HERE / "echo.yaml", environ={})
    with loaded.connect(transport=AsgiTransport(desk(Echo(frozenset(faults))))) as provider:
        return run_checks(provider, on=ON, level="full", examples=0, rules=rules)


@pytest.mark.costly
def test_a_feed_that_is_a_list_shows_what_was_removed() -> None:
    """Removal is decided on a surface that is a list, and where a file comes in pieces."""
    assert check(run(rules=["cn-dsp-2023/10.4"]), "upheld_report_removes_everywhere").verdict == "pass"


def test_a_labelled_copy_needs_no_record() -> None:
    """A text that is labelled although it was requested without label is no copy without label."""
    assert failures(run(rules=["cn-labeling-2025/9.2"])) == {}


def test_one_page_serves_two_topics() -> None:
    assert check(run(rules=["cn-labeling-2025/8"]), "agreement_explains_labels").verdict == "pass"


@pytest.mark.parametrize("fault", drawn(1, sorted(FAULTS.keys() - UNSEEN), always=ALWAYS))
@pytest.mark.costly
def test_each_fault_of_a_foreign_app_is_found(fault: str) -> None:
    report = run(fault, rules=list(FAULTS[fault][1]))
    if fault in REVIEWED:
        assert not failures(report)
        assert any(each.verdict == "review" for each in report.rules)
    else:
        assert failures(report)


@pytest.mark.costly
def test_a_lawful_app_fails_nothing() -> None:
    report = run()
    assert failures(report) == {}
    assert report.summary.counts["pass"] >= 68
