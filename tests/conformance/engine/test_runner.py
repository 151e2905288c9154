"""The run: nothing passes by accident, nothing fails for a reason that is not the provider's."""

from __future__ import annotations

import ast
import gc
import json
import weakref
from pathlib import Path
from typing import Any

import pytest

from shenhe import conformance
from shenhe.conformance import NotConformantError
from shenhe.conformance.apps import Measure
from shenhe.conformance.bindings import AsgiTransport, HttpProvider, load_binding
from shenhe.conformance.checks import all_checks
from shenhe.conformance.checks.flawed import Flawed
from shenhe.conformance.checks.identity.identities import Presented, identity_number_must_be_valid
from shenhe.conformance.checks.outcome import NotJudged, Violation
from shenhe.conformance.engine.conclusions import exit_code
from shenhe.conformance.engine.events import CheckFinished, CheckStarted, Event, RunFinished, RunStarted
from shenhe.conformance.engine.probing.probe import Probe
from shenhe.conformance.engine.probing.session import Session
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.engine.target import TargetRefused
from shenhe.conformance.entities import (
    Account,
    Content,
    GenerationRequest,
    Identity,
    IdentityMethod,
    Media,
)
from shenhe.conformance.provider import Accepted, Operation, ReadyMade, Refused, Unavailable
from shenhe.conformance.report import CheckResult, Report
from shenhe.conformance.verdict import ExitCode
from shenhe.rulebook import Service
from shenhe.sample import create_app, sample_binding

from .stubs import MEDIA, ON, AcceptsAll, RefusesAll, Stub, capabilities, results


class NeverThere(Stub):
    def answer(self, name: str) -> Any:
        return Unavailable("connection refused")


class Overloaded(Stub):
    def answer(self, name: str) -> Any:
        return Unavailable("503 Service Unavailable", status=503)


class Raises(Stub):
    def answer(self, name: str) -> Any:
        raise RuntimeError("secret-in-an-exception")


@pytest.mark.parametrize("kind", [RefusesAll, NeverThere, Overloaded, Raises])
def test_a_refusing_or_unreachable_provider_passes_nothing(kind: type[Stub]) -> None:
    report = run_checks(kind(), on=ON, examples=3)
    assert {result.verdict for result in report.checks} <= {"inconclusive", "fail", "review"}
    assert all(rule.verdict != "pass" for rule in report.rules)
    assert report.summary.exit_code in (ExitCode.FAILED, ExitCode.NOT_VERIFIED)


@pytest.mark.parametrize("kind", [RefusesAll, NeverThere, Overloaded, Raises])
def test_a_missing_response_is_not_a_failure(kind: type[Stub]) -> None:
    report = run_checks(kind(), on=ON, examples=3)
    assert [result.name for result in report.checks if result.verdict in ("fail", "error")] == []
    assert report.summary.exit_code == ExitCode.NOT_VERIFIED


def test_a_provider_that_is_not_there_is_given_up_soon() -> None:
    provider = NeverThere()
    report = run_checks(provider, on=ON)
    assert provider.calls < 20
    assert all("does not answer" in result.reason for result in report.checks[5:])


def test_a_provider_that_accepts_everything_fails() -> None:
    report = run_checks(AcceptsAll(), on=ON, examples=3)
    verdicts = {name: result.verdict for name, result in results(report).items()}
    for name in (
        "text_output_is_labelled",
        "unlabelled_copy_needs_agreement",
        "conversation_discloses_ai",
        "edit_needs_consent",
        "consent_binds_subject",
        "consent_binds_account",
        "revoked_consent_ends",
        "unverified_cannot_publish",
        "anonymous_cannot_publish",
        "deleted_account_cannot_publish",
        "identity_number_must_be_valid",
        "email_alone_is_no_identity",
        "identity_cannot_be_empty",
        "report_is_confirmed",
        "intimate_image_gone_in_48_hours",
        "report_is_decided",
    ):
        assert verdicts[name] == "fail", name
    for name in ("agreement_explains_labels", "complaint_process_is_published"):
        assert verdicts[name] == "review", f"{name}: one keyword on one page decides no failure"
    assert report.summary.exit_code == ExitCode.FAILED


def test_a_run_without_decisions_verifies_nothing() -> None:
    assert exit_code([], []) is ExitCode.NOT_VERIFIED


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["pass"], 0),
        (["pass", "not applicable"], 0),
        (["not applicable"], 3),
        (["pass", "review"], 3),
        (["pass", "inconclusive"], 3),
        (["pass", "error"], 3),
        (["pass", "error", "fail"], 1),
        (["inconclusive", "fail"], 1),
    ],
)
def test_exit_codes(verdicts: list[Any], code: int) -> None:
    checks = [
        CheckResult(name=str(i), title="", level="core", behaviour="labeling", rules=[], verdict=verdict)
        for i, verdict in enumerate(verdicts)
    ]
    assert exit_code([], checks) == code


def test_a_wrong_generator_causes_no_failure() -> None:
    """A case that is labelled flawed and is not: the number sent decides, not what it was meant to be."""
    probe = Probe(Session(AcceptsAll(), on=ON))  # type: ignore[arg-type]
    valid = Flawed(IdentityMethod.ID_CARD, "wrong check character", lambda number: number)
    with pytest.raises(NotJudged):
        identity_number_must_be_valid(probe, Presented("id-card", valid))
    flawed = Flawed(IdentityMethod.ID_CARD, "nothing", lambda number: number[:17] + ("1" if number[17] != "1" else "2"))
    with pytest.raises(Violation, match="check character"):
        identity_number_must_be_valid(probe, Presented("id-card", flawed))


def test_a_refusal_without_an_accepted_control_decides_nothing() -> None:
    class OnlyVerifies(AcceptsAll):
        def answer(self, name: str) -> Any:
            return Refused(403, "closed today") if name in ("edit", "publish") else super().answer(name)

    found = results(run_checks(OnlyVerifies(), on=ON, examples=0))
    assert found["edit_needs_consent"].verdict == "inconclusive"
    assert "the control" in found["edit_needs_consent"].reason
    assert found["anonymous_cannot_publish"].verdict == "inconclusive"


def test_an_unconfirmed_violation_is_inconclusive_with_evidence() -> None:
    class OnceBare(AcceptsAll):
        bare = True

        def generate(self, account: Account | None, request: GenerationRequest) -> Any:
            text = "好的。" if self.bare else "好的。\n\n（本内容由AI生成）"
            type(self).bare = False
            return Accepted(Content("g", Media(text.encode(), "text/plain")))

    found = results(run_checks(OnceBare(), on=ON, examples=0, rules=["cn-labeling-2025/4.1.1"]))
    result = found["text_output_is_labelled"]
    assert result.verdict == "inconclusive"
    assert "not again" in result.reason
    assert result.finding is not None
    assert result.probes.generated == 0


def test_a_broken_check_is_an_error_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    from shenhe.conformance.checks.labels import text

    def broken(*_: object) -> None:
        raise KeyError("s3cret-token")

    monkeypatch.setattr(text, "labels_of_its_own", broken)
    report = run_checks(AcceptsAll(), on=ON, examples=0, rules=["cn-labeling-2025/4.1.1"])
    assert results(report)["text_output_is_labelled"].verdict == "error"
    assert "KeyError at test_runner.py" in results(report)["text_output_is_labelled"].reason
    assert "s3cret" not in report.model_dump_json()
    assert report.summary.exit_code == ExitCode.NOT_VERIFIED


def test_a_finding_has_roles_case_and_replays() -> None:
    report = run_checks(AcceptsAll(), on=ON, examples=3)
    failed = [result for result in report.checks if result.verdict == "fail"]
    assert failed
    for result in failed:
        finding = result.finding
        assert finding is not None
        assert finding.expected == result.title
        assert finding.seen
        assert finding.case
        assert {"probe", "observation"} & {step.role for step in finding.steps}
        assert finding.curl
        assert finding.pytest
        assert result.probes.generated == 0, "an enumerated failure ends a check"


def test_secrets_of_a_provider_in_python_are_in_no_report() -> None:
    class Supplied(AcceptsAll):
        def __init__(self) -> None:
            super().__init__(identities="supplied")
            self.ready_made = ReadyMade(
                accounts={
                    "verified_adult": Account("alice", {"token": "s3cret-token"}),
                    "unverified": Account("bob", {"token": "s3cret-token"}),
                },
                identities={"verified_adult": Identity(IdentityMethod.ID_CARD, "110101199003074258", "真名")},
            )

    text = run_checks(Supplied(), on=ON, examples=3).model_dump_json()  # type: ignore[arg-type]
    for secret in ("s3cret-token", "110101199003074258", "真名"):
        assert secret not in text


def test_people_are_invented_only_where_that_is_declared() -> None:
    provider = AcceptsAll(identities="supplied")
    provider.register = None  # type: ignore[assignment]
    provider = AcceptsAll(identities="supplied", operations=frozenset(Operation) - {Operation.RESET})
    asked: list[str] = []
    original = provider.answer

    def answer(name: str) -> Any:
        asked.append(name)
        return original(name)

    provider.answer = answer  # type: ignore[method-assign]
    run_checks(provider, on=ON, examples=0)
    assert "register" not in asked


def test_a_budget_leaves_the_rest_open() -> None:
    provider = AcceptsAll()
    report = run_checks(provider, on=ON, examples=0, max_requests=10)
    assert provider.calls <= 10
    assert report.summary.requests <= 10
    stopped = [result for result in report.checks if "10 requests" in result.reason]
    assert len(stopped) > 10
    assert {result.verdict for result in stopped} == {"inconclusive"}


def test_ctrl_c_keeps_finished_checks() -> None:
    class Interrupted(AcceptsAll):
        def answer(self, name: str) -> Any:
            if name == "revoke_consent":
                raise KeyboardInterrupt
            return super().answer(name)

    report = run_checks(Interrupted(), on=ON, examples=0)
    found = results(report)
    assert found["text_output_is_labelled"].verdict == "fail"
    assert report.stopped is not None
    assert report.stopped.kind == "interrupted"
    assert found["revoked_consent_ends"].reason == report.stopped.reason
    assert found["anyone_can_report"].reason == report.stopped.reason
    assert len(report.checks) == len(run_checks(AcceptsAll(), on=ON, examples=0).checks)


def test_a_run_emits_its_events_in_order() -> None:
    events: list[Event] = []
    report = run_checks(RefusesAll(), on=ON, examples=0, listen=events.append, rules=["cn-dsp-2023/9.2"])
    first, *middle, last = events
    assert isinstance(first, RunStarted)
    assert len(first.checks) == 7
    assert last == RunFinished(report)
    started = [(event.name, event.done) for event in middle if isinstance(event, CheckStarted)]
    finished = [(event.name, event.done) for event in middle if isinstance(event, CheckFinished)]
    assert started == [(name, done) for done, name in enumerate(first.checks)]
    assert finished == [(name, done + 1) for done, name in enumerate(first.checks)]


def test_a_report_so_far_leaves_the_other_checks_open() -> None:
    reports: list[Report] = []

    def listen(event: Event) -> None:
        if isinstance(event, CheckFinished):
            reports.append(event.report())

    whole = run_checks(RefusesAll(), on=ON, examples=0, listen=listen, rules=["cn-dsp-2023/9.2"])
    assert reports[0].stopped is not None
    assert reports[0].stopped.kind == "interrupted"
    assert [check.name for check in reports[0].checks] == [check.name for check in whole.checks]
    assert reports[0].checks[0] == whole.checks[0]
    assert {check.reason for check in reports[0].checks[1:]} == {reports[0].stopped.reason}
    assert reports[-1].stopped is None
    assert reports[-1].checks == whole.checks


def test_a_spent_budget_is_the_reason_of_a_stop() -> None:
    report = run_checks(AcceptsAll(), on=ON, examples=0, max_requests=3)
    assert report.stopped is not None
    assert report.stopped.kind == "budget"
    assert report.summary.requests <= 4


def test_only_a_test_environment_or_this_machine_is_probed() -> None:
    from shenhe.conformance.engine.target import target_of

    provider = RefusesAll()
    production = target_of(provider).model_copy(update={"environment": "production"})  # type: ignore[arg-type]
    with pytest.raises(TargetRefused, match="environment: test"):
        run_checks(provider, on=ON, target=production)
    assert provider.calls == 0


@pytest.mark.costly
def test_a_report_repeats_but_for_its_timing() -> None:
    def told() -> str:
        report = run_checks(AcceptsAll(), on=ON, examples=10, seed=4, salt="once more")
        return json.dumps({**json.loads(report.model_dump_json()), "timing": None}, sort_keys=True)

    assert told() == told()


def test_one_function_asserts_conformance() -> None:
    with pytest.raises(NotConformantError, match=r"names both AI") as caught:
        conformance.check(AcceptsAll(), on=ON, examples=0)  # type: ignore[arg-type]
    assert caught.value.report.summary.exit_code == ExitCode.FAILED
    assert isinstance(caught.value, AssertionError)


def test_an_unverified_rule_raises_unless_lenient() -> None:
    with pytest.raises(NotConformantError):
        conformance.check(RefusesAll(), on=ON, examples=0)  # type: ignore[arg-type]
    report = conformance.check(RefusesAll(), on=ON, examples=0, strict=False)  # type: ignore[arg-type]
    assert report.summary.exit_code == ExitCode.NOT_VERIFIED


def test_checks_labels_and_runner_do_not_know_the_sample() -> None:
    folder = Path(conformance.__file__).parent
    sources = [source for source in folder.rglob("*.py") if "sample" not in source.relative_to(folder).parts]
    assert len(sources) > 20
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            assert not any("sample" in part.split(".") for part in [module, *names]), source


def test_every_check_states_its_expectation() -> None:
    checks = all_checks()
    assert len(checks) >= 30
    assert {check.behaviour.value for check in checks} >= {"labeling", "consent", "real-name", "takedown"}
    declared = capabilities(
        orders=tuple(Measure),
        orders_signed=True,
        codes=frozenset({Operation.REGISTER}),
        record_kinds=("reported", "removed"),
        publish_ways=("post", "story"),
        services=tuple(Service),
        media={
            **MEDIA,
            Service.BIOMETRIC_IMAGE_VIDEO: ("image/png", "video/mp4"),
            Service.NON_BIOMETRIC_IMAGE_VIDEO: ("image/png",),
            Service.NON_VOICE_AUDIO: ("audio/wav",),
            Service.DIGITAL_PERSON_SCENE: ("image/png",),
        },
        archived=((Service.NON_BIOMETRIC_IMAGE_VIDEO, "image/png"),),
        called_back=((Service.NON_BIOMETRIC_IMAGE_VIDEO, "image/png"),),
        signed_back=((Service.NON_BIOMETRIC_IMAGE_VIDEO, "image/png"),),
    )
    for check in checks:
        assert check.title.endswith("."), check.name
        cases = list(check.cases(declared))
        assert cases, check.name
        assert all(str(case) for case in cases)
        assert list(check.cases(declared)) == cases, "enumerated cases are the same on every run"


@pytest.mark.costly
def test_no_provider_data_survives_its_run() -> None:
    """A fleet is hundreds of runs in one process; what Hypothesis keeps of a machine of sequences must not hold
    them.
    """

    def checked() -> weakref.ref[HttpProvider]:
        with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
            report = run_checks(provider, on=ON, level="extended", rules=["cn-dsp-2023/14.2"], examples=30)
            assert any(check.probes.generated for check in report.checks if check.level == "extended")
            return weakref.ref(provider)

    over = checked()
    gc.collect()
    assert over() is None
