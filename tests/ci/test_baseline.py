from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenhe.conformance.evidence.baseline import (
    Baseline,
    Entry,
    apply_baseline,
    draft_baseline,
    problems,
    read_baseline,
    signature,
)
from shenhe.conformance.report import Probes, Report
from shenhe.core.document import DocumentError

from ..factories import CONSENT, LABELLED, REAL_NAME, check, finding, mixed, passing, report, rule, step

TODAY = date(2026, 1, 15)
LATER = date(2026, 3, 31)


def failing(**given: object) -> Report:
    result = check("text_output_is_labelled", "fail", *LABELLED, **({"finding": finding()} | given))
    return report([rule(name, "fail", result.name) for name in LABELLED], [result])


def fixed() -> Report:
    result = check("text_output_is_labelled", "pass", *LABELLED)
    return report([rule(name, "pass", result.name) for name in LABELLED], [result])


def unfinished(verdict: str) -> Report:
    result = check("edit_needs_consent", verdict, CONSENT, reason="no clock")  # type: ignore[arg-type]
    return report([rule(CONSENT, verdict, result.name)], [result])  # type: ignore[arg-type]


def baseline(*entries: Entry) -> Baseline:
    return Baseline(entries=entries)


def entry(**given: object) -> Entry:
    return Entry.model_validate({"verdict": "fail", "reason": "known", "expires": LATER} | given)


CHECK = "text_output_is_labelled"


def test_without_entries_the_exit_code_is_the_report_s() -> None:
    for made in (failing(), fixed(), unfinished("review"), unfinished("inconclusive"), mixed(), passing()):
        assert apply_baseline(made, baseline(), TODAY).exit_code == made.summary.exit_code


def test_a_failure_accepted_by_its_check_passes_until_the_entry_expires() -> None:
    known = baseline(entry(check=CHECK))
    accepted = apply_baseline(failing(), known, LATER)
    assert accepted.exit_code == 0
    assert [problem.rule for problem, _ in accepted.accepted] == list(LABELLED)
    late = apply_baseline(failing(), known, LATER + timedelta(days=1))
    assert late.exit_code == 1
    assert late.expired == known.entries
    assert len(late.new) == len(LABELLED)


def test_an_expired_entry_breaks_even_without_failures() -> None:
    assert apply_baseline(fixed(), baseline(entry(check=CHECK)), LATER + timedelta(days=1)).exit_code == 1


def test_an_entry_for_one_rule_leaves_the_others_new() -> None:
    outcome = apply_baseline(failing(), baseline(entry(rule=LABELLED[0])), TODAY)
    assert outcome.exit_code == 1
    assert [problem.rule for problem in outcome.new] == [LABELLED[1]]


def test_a_stale_entry_breaks() -> None:
    for known in (entry(check=CHECK), entry(rule=LABELLED[0])):
        outcome = apply_baseline(fixed(), baseline(known), TODAY)
        assert (outcome.exit_code, outcome.stale, outcome.unobserved) == (1, (known,), ())


def test_an_entry_for_a_random_case_is_only_unobserved() -> None:
    known = entry(check=CHECK, found_by="generated")
    outcome = apply_baseline(fixed(), baseline(known), TODAY)
    assert (outcome.exit_code, outcome.stale, outcome.unobserved) == (0, (), (known,))


def test_an_entry_for_an_undecided_check_is_unobserved() -> None:
    known = (entry(check="another_check"), entry(rule="eu-dsa/17"))
    outcome = apply_baseline(fixed(), baseline(*known), TODAY)
    assert (outcome.exit_code, outcome.unobserved) == (0, known)


def test_another_failure_of_the_same_check_is_new() -> None:
    known = baseline(entry(check=CHECK, signature=signature(failing().checks[0])))
    assert apply_baseline(failing(), known, TODAY).exit_code == 0
    other = failing(finding=finding(steps=[step("set-up"), step("control"), step("probe", status=403)]))
    outcome = apply_baseline(other, known, TODAY)
    assert outcome.exit_code == 1
    assert len(outcome.new) == len(LABELLED)


def test_the_fingerprint_is_stable_between_runs() -> None:
    one, other = (
        failing().checks[0],
        failing(finding=finding("another generated text", curl="curl elsewhere")).checks[0],
    )
    assert signature(one) == signature(other)
    assert signature(one) != signature(one.model_copy(update={"name": "another_check"}))


@pytest.mark.parametrize("verdict", ["review", "inconclusive"])
def test_an_unverified_check_needs_an_entry_with_its_verdict(verdict: str) -> None:
    made = unfinished(verdict)
    assert apply_baseline(made, baseline(), TODAY).exit_code == 3
    assert apply_baseline(made, baseline(entry(rule=CONSENT, verdict=verdict)), TODAY).exit_code == 0
    failure_accepted = apply_baseline(made, baseline(entry(rule=CONSENT, verdict="fail")), TODAY)
    assert failure_accepted.exit_code == 3, "an accepted failure does not accept that nothing was decided"
    assert len(failure_accepted.unobserved) == 1, "what was not decided is not shown to be kept"


def test_a_broken_check_cannot_be_accepted() -> None:
    broken = report([rule(CONSENT, "error", "edit_needs_consent")], [check("edit_needs_consent", "error", CONSENT)])
    for verdict in ("fail", "review", "inconclusive"):
        assert apply_baseline(broken, baseline(entry(rule=CONSENT, verdict=verdict)), TODAY).exit_code == 1
    with pytest.raises(DocumentError, match="'error', expected"):
        read_baseline("entries:\n  - {rule: a/1, verdict: error, reason: known, expires: 2026-03-31}\n")
    assert "edit_needs_consent" not in draft_baseline(broken, "known", LATER)


def test_an_unreached_rule_is_a_separate_problem() -> None:
    unbound = report([rule(CONSENT, "inconclusive", reason="not bound")], [])
    assert apply_baseline(unbound, baseline(), TODAY).exit_code == 3
    assert apply_baseline(unbound, baseline(entry(rule=CONSENT, verdict="inconclusive")), TODAY).exit_code == 0
    drafted = read_baseline(draft_baseline(unbound, "known", LATER))
    assert apply_baseline(unbound, drafted, TODAY).exit_code == 0


def test_a_rule_keeps_its_milder_verdict() -> None:
    result = check("edit_needs_consent", "fail", CONSENT, REAL_NAME, finding=finding())
    made = report([rule(CONSENT, "review", result.name), rule(REAL_NAME, "fail", result.name)], [result])
    assert [(problem.rule, problem.verdict) for problem in problems(made)] == [(CONSENT, "review"), (REAL_NAME, "fail")]
    assert apply_baseline(made, read_baseline(draft_baseline(made, "known", LATER)), TODAY).exit_code == 0


def test_a_report_that_fails_for_another_reason_stays_failed() -> None:
    nothing_decided = report([], []).model_copy(
        update={"summary": report([], []).summary.model_copy(update={"exit_code": 3})}
    )
    assert apply_baseline(nothing_decided, baseline(), TODAY).exit_code == 3


def test_a_draft_accepts_exactly_the_open_failures() -> None:
    made = mixed()
    drafted = read_baseline(draft_baseline(made, "known", LATER))
    outcome = apply_baseline(made, drafted, TODAY)
    assert {problem.verdict for problem in outcome.new} == {"error"}
    assert outcome.stale == outcome.expired == outcome.unobserved == ()
    assert apply_baseline(passing(), read_baseline(draft_baseline(passing(), "known", LATER)), TODAY).exit_code == 0


def test_a_draft_marks_failures_found_by_chance() -> None:
    drawn = failing(probes=Probes(sent=9, enumerated=3, generated=6))
    assert read_baseline(draft_baseline(drawn, "known", LATER)).entries[0].found_by == "generated"
    assert read_baseline(draft_baseline(failing(), "known", LATER)).entries[0].found_by == "enumerated"


@given(st.text(min_size=3).filter(lambda text: len(" ".join(text.split())) >= 3))
def test_any_reason_survives_a_draft(reason: str) -> None:
    try:
        reason.encode()
    except UnicodeEncodeError:
        return
    assert read_baseline(draft_baseline(failing(), reason, LATER)).entries[0].reason == " ".join(reason.split())


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            "entries:\n  - verdict: fail\n    reason: known\n    expires: 2026-03-31\n",
            "known.yaml:2:",
            "neither a rule nor a check",
        ),
        (
            "entries:\n  - {rule: a, check: b, verdict: fail, reason: known, expires: 2026-03-31}\n",
            "known.yaml:2:",
            "both a rule",
        ),
        ("entries:\n  - {rule: a, verdict: fail, reason: known}\n", "known.yaml:2:", "expires"),
        ("entries:\n  - rule: a\n    verdict: fail\n    expires: soon\n    reason: known\n", "known.yaml:4:", "'soon'"),
        (
            "entries:\n  - rule: a\n    verdict: fail\n    expires: 2026-03-31\n    reason: ''\n",
            "known.yaml:5:",
            "reason",
        ),
        (
            "entries:\n  - rule: a\n    verdict: fial\n    expires: 2026-03-31\n    reason: known\n",
            "known.yaml:3:",
            "did you mean 'fail'",
        ),
        ("entires: []\n", "known.yaml:1:", "expected 'entries'"),
        ("format: shenhe-evidence\n", "known.yaml:1:", "shenhe-baseline"),
        ("entries: &a [*a]\n", "known.yaml:1:", "anchor"),
        ("entries: [\n", "known.yaml:", "not well-formed"),
        (
            (
                "entries:\n  - {rule: a, verdict: fail, reason: known, expires: 2026-03-31}\n"
                "  - {rule: a, verdict: fail, reason: again, expires: 2026-04-30}\n"
            ),
            "known.yaml:3:",
            "first on line 2",
        ),
    ],
)
def test_a_faulty_baseline_is_reported_by_line(text: str, place: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_baseline(text, "known.yaml")
    assert place in str(caught.value)
    assert message in str(caught.value)


def test_entries_know_their_lines() -> None:
    text = "entries:\n\n  - {rule: a, verdict: fail, reason: known, expires: 2026-03-31}\n"
    assert [known.line for known in read_baseline(text).entries] == [3]
