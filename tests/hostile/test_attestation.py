"""Attestations that promise more than was checked: narrowed runs, edited reports, stale and revoked signatures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.evidence.attestation import (
    AttestationError,
    Expected,
    NotAttestedError,
    key_id,
    must_meet,
    read_revoked,
    sign,
    verify,
)
from shenhe.conformance.evidence.consistency import InconsistentReport, contradictions
from shenhe.conformance.evidence.minimising import minimised
from shenhe.conformance.report import Finding, Report, Sample, Timing
from shenhe.conformance.verdict import Level
from shenhe.rulebook import load_rulebook
from shenhe.sample import create_app, sample_binding

from .consistent import TARGET, consistent, finding

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
SIGNER = key_id(KEY.public_key())
NOW = datetime(2026, 1, 16, tzinfo=UTC)
CHECK = "text_output_is_labelled"


def written(report: Report) -> bytes:
    return report.model_dump_json(indent=1).encode()


def examine(report: Report, **expected: Any) -> None:
    """Attest a report and verify it with these expectations."""
    signed = verify(sign(written(report), PRIVATE), PUBLIC, report_bytes=written(report))
    must_meet(signed, SIGNER, Expected(**({"rulebook": load_rulebook().hash} | expected)), NOW)


def test_a_full_run_that_passed_is_accepted() -> None:
    examine(
        consistent(),
        passed=True,
        key=SIGNER,
        max_age=timedelta(days=2),
        target="example",
        binding="cd" * 32,
    )


@pytest.mark.parametrize(
    ("narrowed", "reason"),
    [
        ({"rules": ["cn-dsp-2023/9.2"]}, "left out by --rules"),
        ({"rules": ["cn-dsp-*"], "packs": ["cn-dsp-2023"]}, "left out by --packs"),
        ({"packs": ["cn-dsp-2023"]}, "left out by --packs"),
        ({"level": "core"}, "decided only at level extended"),
        ({"level": "extended"}, "decided only at level full"),
        ({"on": "2023-02-01"}, "the law of 2023-02-01"),
    ],
)
def test_a_narrowed_run_has_not_passed(narrowed: dict[str, Any], reason: str) -> None:
    report = consistent(**narrowed)
    assert report.summary.exit_code == 0, "the run itself passed"
    with pytest.raises(NotAttestedError, match=reason):
        examine(report, passed=True)


def test_a_lower_level_is_accepted_on_request() -> None:
    examine(consistent(level="core"), passed=True, level=Level.CORE)
    with pytest.raises(NotAttestedError, match="decided only at level extended"):
        examine(consistent(level="core"), passed=True, level=Level.EXTENDED)
    examine(consistent(on="2023-02-01"), passed=True, law_of=date(2023, 2, 1))


def test_another_rulebook_is_no_proof_for_this_one() -> None:
    with pytest.raises(NotAttestedError, match="about the rulebook"):
        examine(consistent(), passed=True, rulebook="ee" * 32)


@pytest.mark.parametrize("level", ["core", "full"])
@pytest.mark.costly
def test_a_real_report_adds_up(level: str) -> None:
    """What a run writes, with any verdict, and what attest recomputes are the same."""
    with load_binding(sample_binding()).connect(
        transport=AsgiTransport(create_app(faults=["text-unlabelled"]))
    ) as made:
        for narrowed in ({}, {"rules": ["cn-dsp-2023/9.*"]}, {"packs": ["cn-dsp-2023"]}):
            report = run_checks(made, level=level, examples=0, max_requests=150, **narrowed)  # type: ignore[arg-type]
            assert list(contradictions(report, load_rulebook())) == []
            assert 0 < report.summary.probes.sent <= report.summary.requests
            assert list(contradictions(minimised(report), load_rulebook())) == []


def edited(report: Report, **changes: Any) -> Report:
    return report.model_copy(update=changes)


def of_check(report: Report, name: str, **changes: Any) -> list[Any]:
    return [check.model_copy(update=changes) if check.name == name else check for check in report.checks]


def recounted(report: Report) -> Report:
    """The report with counts that fit its rules, as a careful forger would leave it."""
    from shenhe.conformance.engine.conclusions import counts, exit_code, total

    summary = report.summary.model_copy(
        update={
            "counts": counts(report.rules),
            "exit_code": int(exit_code(report.rules, report.checks)),
            "probes": total(check.probes for check in report.checks),
        }
    )
    return edited(report, summary=summary)


def as_passed(report: Report) -> Report:
    return edited(report, rules=[rule.model_copy(update={"verdict": "pass", "reason": ""}) for rule in report.rules])


FAILED = consistent({CHECK: "fail"})
FORGERIES: dict[str, Callable[[], Report]] = {
    "41 of 42 rules removed": lambda: edited(FAILED, rules=[r for r in FAILED.rules if r.verdict == "pass"][:1]),
    "failing rule says pass": lambda: as_passed(FAILED),
    "failing rule removed": lambda: edited(FAILED, rules=[r for r in FAILED.rules if r.verdict != "fail"]),
    "failing rule moved to undecided": lambda: edited(
        FAILED,
        rules=[r for r in FAILED.rules if r.verdict != "fail"],
        undecided=[
            *FAILED.undecided,
            *(
                FAILED.undecided[0].model_copy(update={"rule": r.rule, "seen_by": "document"})
                for r in FAILED.rules
                if r.verdict == "fail"
            ),
        ],
    ),
    "failing check removed": lambda: edited(
        as_passed(FAILED), checks=[check for check in FAILED.checks if check.name != CHECK]
    ),
    "failing check moved to another that decides": lambda: edited(
        as_passed(FAILED),
        checks=[check for check in FAILED.checks if check.name != CHECK],
        selection=FAILED.selection.model_copy(update={"decided_elsewhere": [CHECK]}),
    ),
    "failing check says pass, its finding left": lambda: edited(
        as_passed(FAILED), checks=of_check(FAILED, CHECK, verdict="pass", reason="")
    ),
    "check passed without a probe": lambda: edited(
        consistent(), checks=of_check(consistent(), CHECK, probes=consistent().summary.probes.model_validate({}))
    ),
    "check passed with failures in its sample": lambda: edited(
        consistent(),
        checks=of_check(
            consistent(),
            CHECK,
            sample=Sample(drawn=9, judged=9, failures=2, undecided=0, upper95=0.5, excludes="two failed"),
        ),
    ),
    "check decides fewer rules": lambda: edited(consistent(), checks=of_check(consistent(), CHECK, rules=[])),
    "check of another title": lambda: edited(consistent(), checks=of_check(consistent(), CHECK, title="Anything")),
    "check twice": lambda: edited(consistent(), checks=[*consistent().checks, consistent().checks[0]]),
    "invented check": lambda: edited(
        consistent(), checks=[*consistent().checks, consistent().checks[0].model_copy(update={"name": "ours"})]
    ),
    "selection hidden": lambda: edited(consistent(rules=["cn-dsp-2023/9.2"]), selection=consistent().selection),
    "left-out rules hidden": lambda: edited(
        consistent(level="core"), selection=consistent(level="core").selection.model_copy(update={"left_out": []})
    ),
    "level raised": lambda: edited(consistent(level="core"), level="full"),
    "day of the law changed": lambda: edited(consistent(on="2023-02-01"), on="2026-01-15"),
    "fewer services than bound": lambda: edited(
        consistent(), target=TARGET.model_copy(update={"services": ["voice-synthesis"]})
    ),
    "no role": lambda: edited(consistent(), target=TARGET.model_copy(update={"roles": []})),
    "text of a rule softened": lambda: edited(
        consistent(),
        rules=[r.model_copy(update={"keyword": "may"}) if i == 0 else r for i, r in enumerate(consistent().rules)],
    ),
    "rules in another order": lambda: edited(consistent(), rules=consistent().rules[::-1]),
    "negative number of probes": lambda: edited(
        consistent(),
        checks=of_check(consistent(), CHECK, probes=consistent().checks[0].probes.model_copy(update={"refused": -1})),
    ),
    "more probes than requests": lambda: edited(
        consistent(), summary=consistent().summary.model_copy(update={"requests": consistent().summary.probes.sent - 1})
    ),
    "another rulebook": lambda: edited(consistent(), rulebook_sha256="ab" * 32),
    "another version": lambda: edited(consistent(), shenhe_version="0.0.1"),
    "another day": lambda: edited(consistent(), on="2019-01-31"),
    "failure without a finding": lambda: edited(FAILED, checks=of_check(FAILED, CHECK, finding=None)),
    "a finding that shows nothing": lambda: edited(
        FAILED, checks=of_check(FAILED, CHECK, finding=Finding(**{**finding("x").model_dump(), "steps": []}))
    ),
}


@pytest.mark.parametrize("recount", [False, True])
@pytest.mark.parametrize("name", FORGERIES)
def test_an_edited_report_is_not_signed(name: str, recount: bool) -> None:
    forged = FORGERIES[name]()
    with pytest.raises(InconsistentReport):
        sign(written(recounted(forged) if recount else forged), PRIVATE)


@pytest.mark.parametrize("field", ["counts", "exit_code", "probes"])
def test_a_summary_that_does_not_follow_is_not_signed(field: str) -> None:
    wrong = {"counts": {"pass": 400}, "exit_code": 0, "probes": consistent(level="core").summary.probes}
    with pytest.raises(InconsistentReport, match=f"summary.{field}"):
        sign(written(edited(FAILED, summary=FAILED.summary.model_copy(update={field: wrong[field]}))), PRIVATE)


def test_a_partly_passed_report_is_signed_as_such() -> None:
    for narrow in ({"rules": ["cn-dsp-2023/9.2"]}, {"level": "core"}, {"packs": ["cn-dsp-2023"]}):
        signed = verify(sign(written(consistent(**narrow)), PRIVATE), PUBLIC)  # type: ignore[arg-type]
        assert signed.predicate.result == "WARNED"
        assert sum(map(len, signed.annotations.leftOut.values())) > 0
    limited = consistent().selection.model_copy(update={"max_requests": 7, "sample": 3})
    signed = verify(sign(written(edited(consistent(), selection=limited)), PRIVATE), PUBLIC)
    assert (signed.annotations.limits, signed.annotations.sample) == ({"requests": 7}, 3)


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        ({"max_age": timedelta(hours=1)}, "days old"),
        ({"key": "00" * 32}, "signed by the key"),
        ({"revoked": {SIGNER}}, "the key .* is revoked"),
        ({"target": "another"}, "about the target 'example'"),
        ({"binding": "00" * 32}, "about the binding cdcd"),
    ],
)
def test_expectations_of_the_verifier_are_checked(expected: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotAttestedError, match=reason):
        examine(consistent(), **expected)


def test_a_revoked_report_is_refused_for_any_signer() -> None:
    import hashlib

    revoked = read_revoked(
        f"# withdrawn\n{hashlib.sha256(written(consistent())).hexdigest().upper()}  # wrong\n", "list"
    )
    with pytest.raises(NotAttestedError, match="the report .* is revoked"):
        examine(consistent(), revoked=revoked)
    with pytest.raises(AttestationError, match="list:2"):
        read_revoked(f"\n{SIGNER[:-1]}\n", "list")


@pytest.mark.parametrize("started", ["2026-02-15T08:00:00+00:00", "yesterday", "2026-01-15T08:00:00", "9999-99-99"])
def test_a_run_without_a_believable_start_is_of_no_age(started: str) -> None:
    report = edited(consistent(), timing=Timing(started=started, seconds=1))
    with pytest.raises(NotAttestedError, match="start"):
        examine(report, max_age=timedelta(days=30))


def test_a_narrowed_run_is_refused_on_the_command_line(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from shenhe.cli.main import app

    runner = CliRunner()
    (tmp_path / "key.pem").write_bytes(PRIVATE)
    (tmp_path / "public.pem").write_bytes(PUBLIC)
    key, public, signed = (str(tmp_path / name) for name in ("key.pem", "public.pem", "signed.json"))
    now = datetime.now(UTC)
    for name, code in (("narrow", 1), ("whole", 0)):
        report = consistent(
            rules=["cn-dsp-2023/9.2"] if name == "narrow" else None,
            on=now.date().isoformat(),
            started=now.isoformat(timespec="seconds"),
        )
        path = tmp_path / f"{name}.json"
        report.write(path)
        assert runner.invoke(app, ["attest", str(path), "--key", key, "--out", signed]).exit_code == 0
        asked = ["--require-passed", "--max-age", "1", "--key-id", SIGNER, "--target", "example"]
        done = runner.invoke(app, ["verify", signed, "--key", public, "--report", str(path), *asked])
        assert (done.exit_code, done.output) == (code, done.output)
        shown = runner.invoke(app, ["verify", signed, "--key", public]).output
        assert ("applicable rules by the choice of rules" in shown) is (name == "narrow")
