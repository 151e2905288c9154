"""What the checks are worth: the lawful sample passes, and each fault fails exactly the rules it declares.

In process, through the same binding that a run over HTTP uses.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.checks import all_checks
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report
from shenhe.conformance.verdict import ExitCode, Level
from shenhe.rulebook import Keyword, Obligor, SeenBy, load_rulebook
from shenhe.sample import FAULTS, SampleServer, create_app, sample_binding
from shenhe.sample.appstore import STORE_FAULTS
from shenhe.sample.faults.fault import Reach

from ..sample.of_platforms import OF_CODES, OF_PLATFORMS, OF_SUPPORTERS
from ..sampling import only

ON = date(2026, 9, 1)
#: Enough for every fault of the core level, most of which an enumerated case finds.
EXAMPLES = 4
#: Not yet in force, or never: decided by checks that other rules' faults prove.
NOT_IN_FORCE = {rule.provision for rule in load_rulebook().rules.values()} - {
    rule.provision for rule in load_rulebook().rules.values() if rule.in_force(ON)
}


def sampled(level: Level) -> list[Any]:
    """The faults of a level: one of 48 on every run, all of them with the slow tests and in `make power`."""
    names = [
        name
        for name, fault in FAULTS.items()
        if fault.level == level and name not in {*OF_PLATFORMS, *OF_SUPPORTERS, *OF_CODES}
    ]
    return only([name for name in names[::48] if FAULTS[name].reach is not Reach.DRAWN], names)


def run(
    *faults: str, examples: int = EXAMPLES, seed: int = 0, level: Level = Level.CORE, salt: str | None = None
) -> tuple[Report, list[str]]:
    """A run against the sample with these faults, and everything that was sent, as text."""
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app(faults=faults))) as provider:
        report = run_checks(provider, on=ON, examples=examples, seed=seed, level=level, salt=salt)
        sent = [
            f"{exchange.request.method} {exchange.request.url} {exchange.request.headers}"
            f" {exchange.request.body.decode('utf-8', 'replace')}"
            for exchange in provider.log
        ]
    return report, sent


#: Faults that show in the words of a page only: a missing keyword is a reason to look, not a failure.
LEFT_TO_A_PERSON = {"agreement-silent", "agreement-without-methods", "time-limit-unpublished"}


def failed(report: Report) -> set[str]:
    """The rules found broken, those among them that are left to a person: the provisional, and those that bind by what
    no binding says.
    """
    return {rule.rule for rule in report.rules if rule.verdict in ("fail", "review")}


def broken(name: str, report: Report) -> frozenset[str]:
    """The rules of the packs of a run that a fault breaks, with those that ask the same."""
    return load_rulebook().decided_too(FAULTS[name].rules, report.packs, ON)


@pytest.mark.parametrize("name", sampled(Level.CORE))
@pytest.mark.costly
def test_a_fault_fails_exactly_its_rules(name: str) -> None:
    report, sent = run(name, examples=25 if FAULTS[name].reach is Reach.DRAWN else EXAMPLES)
    assert failed(report) == broken(name, report), [
        (check.name, check.verdict, check.reason) for check in report.checks if check.verdict != "pass"
    ]
    firm = name not in LEFT_TO_A_PERSON and any(
        not load_rulebook().rule(rule).provisional for rule in FAULTS[name].rules
    )
    assert report.summary.exit_code == (ExitCode.FAILED if firm else ExitCode.NOT_VERIFIED)
    assert not any(check.verdict == "error" for check in report.checks)
    assert not [request for request in sent if name in request], "a fault's name crossed the wire"


@pytest.mark.costly
def test_a_rule_from_memory_fails_with_its_status() -> None:
    report, _ = run("consent-for-any-scope", "time-limit-unpublished")
    verdicts = {rule.rule: (rule.verdict, rule.verification) for rule in report.rules}
    assert verdicts["cn-pipl/14.2"] == ("fail", "verified")
    assert verdicts["cn-dsp-2023/14.2"] == ("fail", "verified")
    assert verdicts["cn-dsp-2023/12.2"] == ("review", "from-memory")


#: Checks that the plain sample, which has no reposts, does not concern.
OF_REPOSTS = ("upheld_report_removes_reposts", "intimate_image_leaves_reposts_in_48_hours")


def test_the_lawful_sample_passes_everything() -> None:
    report, _ = run(examples=25)
    passed = [check for check in report.checks if check.name not in OF_REPOSTS]
    assert len(passed) == len(report.checks) - len(OF_REPOSTS)
    assert {check.name: check.reason for check in passed if check.verdict != "pass"} == {}
    assert report.summary.exit_code == ExitCode.PASSED
    for check in passed:
        assert check.probes.decided > 0, check.name
        assert check.probes.sent + check.probes.shared > 0, check.name
    for rule in report.rules:
        assert rule.probes.decided > 0, rule.rule


@pytest.mark.parametrize("name", sampled(Level.FULL))
@pytest.mark.costly
def test_a_perceptible_fault_fails_exactly_its_rules(name: str) -> None:
    pytest.importorskip("rapidocr")
    report, _ = run(name, examples=0, level=Level.FULL)
    assert failed(report) == broken(name, report)


@pytest.mark.costly
def test_the_lawful_sample_passes_at_every_level() -> None:
    pytest.importorskip("rapidocr")
    report, _ = run(examples=2, level=Level.FULL)
    undecided = {each.name: each.reason for each in report.checks if each.verdict not in {"pass", "not applicable"}}
    assert undecided == {}
    assert report.summary.exit_code == ExitCode.PASSED
    assert any(check.level == "full" for check in report.checks)


def test_every_rule_that_a_check_decides_has_a_fault() -> None:
    proved = {rule for fault in (*FAULTS.values(), *STORE_FAULTS.values()) for rule in fault.rules}
    decided = {rule for check in all_checks() for rule in check.rules}
    assert decided - proved - NOT_IN_FORCE == set()
    for check in all_checks():
        assert set(check.rules) & proved, check.name


def test_every_rule_that_a_probe_can_see_is_decided_by_a_check() -> None:
    """What no check decides is either for documents, with the reason in its pack, or an omission."""
    undecided = {
        rule.id
        for rule in load_rulebook().rules.values()
        if rule.seen_by is SeenBy.PROBE
        and {Obligor.PROVIDER, Obligor.PLATFORM} & set(rule.obligors)
        and rule.keyword is not Keyword.MAY
        and not any(check.decides(rule) for check in all_checks())
    }
    assert undecided == set()
    assert {rule for check in all_checks() for rule in check.rules} <= set(load_rulebook().rules.names)


@pytest.mark.costly
def test_drafts_are_decided_by_the_same_checks() -> None:
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app())) as provider:
        report = run_checks(provider, on=ON, examples=0, level=Level.EXTENDED, packs=["cn-dsp-2022-draft"])
    assert {rule.verdict for rule in report.rules} == {"pass"}
    assert {"cn-dsp-2022-draft/18.2", "cn-dsp-2022-draft/14.2", "cn-dsp-2022-draft/9"} <= {r.rule for r in report.rules}


def test_a_review_comes_with_its_exchanges() -> None:
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(
        transport=AsgiTransport(create_app(faults=["detection-tool-unlinked", "withdrawal-deletes-nothing"]))
    ) as provider:
        report = run_checks(provider, on=ON, level=Level.EXTENDED, examples=0, rules=["us-states/*", "cn-pipl/47"])
    left = [check for check in report.checks if check.verdict == "review"]
    assert {check.name for check in left} == {"detection_tool_is_offered", "withdrawal_deletes_what_was_made"}
    for check in left:
        assert check.finding is not None
        assert check.finding.seen in check.reason
        assert any(step.role == "probe" and step.response_body for step in check.finding.steps)
    assert "tool" in next(check for check in left if check.name.startswith("detection")).finding.evidence[0].data  # type: ignore[union-attr]


#: Faults of the core level that the draft of 2022 forbids too.
CORE_IN_THE_DRAFT = (
    "report-decided-late",
    "verified-by-naming-another",
    "consent-outlives-expiry",
    "report-needs-account",
)


@pytest.mark.parametrize(
    "name",
    only(
        CORE_IN_THE_DRAFT[::2],
        [
            *CORE_IN_THE_DRAFT,
            *(
                name
                for name, fault in FAULTS.items()
                if fault.level == Level.EXTENDED and name not in {*OF_PLATFORMS, *OF_SUPPORTERS, *OF_CODES}
            ),
        ],
    ),
)
@pytest.mark.costly
def test_a_fault_fails_exactly_its_rules_of_the_draft(name: str) -> None:
    fault = FAULTS[name]
    with load_binding(sample_binding(), environ={}).connect(
        transport=AsgiTransport(create_app(faults=[name]))
    ) as provider:
        report = run_checks(provider, on=ON, level=fault.level, examples=EXAMPLES, packs=["cn-dsp-2022-draft"])
    if fault.reach is not Reach.DRAWN:
        assert failed(report) == broken(name, report)


@pytest.mark.parametrize("name", sampled(Level.EXTENDED))
@pytest.mark.costly
def test_a_fault_beyond_the_core_fails_exactly_its_rules(name: str) -> None:
    report, sent = run(name, examples=12 if FAULTS[name].reach is Reach.DRAWN else 0, level=Level.EXTENDED)
    assert failed(report) == broken(name, report), [
        (check.name, check.verdict, check.reason) for check in report.checks if check.verdict != "pass"
    ]
    assert not [request for request in sent if name in request], "a fault's name crossed the wire"


def test_every_check_is_failed_by_some_fault() -> None:
    """A check that no fault fails could be one that cannot fail."""
    unproved = {
        check.name
        for check in all_checks()
        if not any(set(check.rules) & fault.rules for fault in (*FAULTS.values(), *STORE_FAULTS.values()))
    }
    assert unproved == set()


@pytest.mark.costly
def test_two_runs_give_the_same_report() -> None:
    """Equal but for timing and for what the server made: the sample makes the same of the same."""

    def told() -> dict[str, object]:
        report, _ = run("consent-borrowed", "text-unlabelled-when-asked", examples=10, seed=5, salt="0a1b2c3d")
        found: dict[str, object] = json.loads(report.model_dump_json())
        return found | {"timing": None}

    assert told() == told()


@pytest.mark.costly
def test_another_seed_asks_something_else_and_concludes_the_same() -> None:
    (first, sent), (second, others) = run(seed=1, examples=8), run(seed=2, examples=8)
    assert sent != others
    assert [rule.verdict for rule in first.rules] == [rule.verdict for rule in second.rules]


def test_every_refusal_has_an_accepted_control() -> None:
    report, _ = run()
    for check in report.checks:
        if check.probes.refused:
            assert check.probes.controls > 0, check.name


@pytest.mark.costly
def test_a_fault_that_hides_another_leaves_it_open() -> None:
    """Where nothing is labelled, the place of the label is not judged: inconclusive, never passed."""
    report, _ = run("text-unlabelled")
    verdicts = {check.name: check.verdict for check in report.checks}
    assert verdicts["text_label_stands_in_place"] == "inconclusive"
    assert verdicts["exported_copy_keeps_label"] == "inconclusive"


def _kept(report: Report) -> dict[str, Any]:
    """All but the time of day, and the exchanges of findings: the target numbers what it makes as requests come."""
    return report.model_dump(exclude={"timing": True, "checks": {"__all__": {"finding"}}})


@pytest.mark.parametrize(
    ("faults", "variant"),
    [
        pytest.param((), None, marks=pytest.mark.slow),
        pytest.param((), "decided-by-people", marks=pytest.mark.slow),
        pytest.param(
            ("consent-borrowed", "report-decided-late", "produce-id-reused", "deleted-account-publishes"),
            None,
            marks=pytest.mark.slow,
        ),
        (("consent-borrowed", "report-decided-late"), None),
    ],
)
@pytest.mark.costly
def test_reports_do_not_depend_on_workers(faults: tuple[str, ...], variant: str | None) -> None:
    reports = []
    for workers in (1, 4):
        with SampleServer(faults=faults, variants=[variant] if variant else ()) as server:
            binding = load_binding(sample_binding(variant), environ={"SHENHE_SAMPLE_URL": server.url})
            with binding.connect() as provider:
                # Two faults alone are held against the rules of their pack, in an eighth of the time.
                rules = ["cn-dsp-2023/*"] if len(faults) == 2 else None
                reports.append(run_checks(provider, on=ON, examples=3, rules=rules, workers=workers, salt="0a1b2c3d"))
    one, four = reports
    assert _kept(one) == _kept(four)
    assert failed(four) == {rule for fault in faults for rule in broken(fault, four)}


def test_a_sample_says_how_often_a_failed_check_fails() -> None:
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app(faults=["text-unlabelled"]))) as provider:
        report = run_checks(provider, on=ON, examples=0, sample=12, rules=["cn-labeling-2025/4.1.1"])
    sampled = [check.sample for check in report.checks if check.verdict == "fail" and check.sample is not None]
    assert sampled, "a check that fails is sampled as well"
    assert max(sample.failures for sample in sampled) > 1
    assert all(check.finding is not None for check in report.checks if check.verdict == "fail")


@pytest.mark.costly
def test_a_sample_finds_what_only_some_draws_show_and_bounds_the_rest() -> None:
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app())) as provider:
        report = run_checks(provider, on=ON, examples=0, sample=30, rules=["cn-labeling-2025/4.1.1", "cn-dsp-2023/9.1"])
    for check in report.checks:
        if check.sample is not None:
            assert check.sample.drawn == 30
            assert check.sample.failures == check.sample.undecided == 0
            assert check.sample.upper95 == pytest.approx(1 - 0.05 ** (1 / check.sample.judged), abs=1e-6)
            assert f"0 of {check.sample.judged} random cases failed" in check.sample.excludes
    assert sum(check.sample is not None for check in report.checks) >= 2
    assert report.summary.exit_code == ExitCode.PASSED
