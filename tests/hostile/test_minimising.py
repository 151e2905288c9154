"""Reports that are kept or shown: with --minimise nothing that a target said about people is left."""

from __future__ import annotations

from pathlib import Path

from shenhe.conformance.evidence.consistency import contradictions
from shenhe.conformance.evidence.minimising import minimised
from shenhe.conformance.report import read_report
from shenhe.rulebook import load_rulebook

from ..command_line import shenhe
from .consistent import consistent

SAID = "Zhang San, 110101199003070011"


def test_no_text_of_the_target_is_left() -> None:
    report = consistent({"text_output_is_labelled": "fail"}, otherwise="inconclusive", text=f"it said '{SAID}'")
    assert SAID in report.model_dump_json()
    small = minimised(report)
    assert SAID not in small.model_dump_json()
    assert [rule.verdict for rule in small.rules] == [rule.verdict for rule in report.rules]
    assert small.summary == report.summary


def test_a_minimised_report_still_adds_up() -> None:
    for otherwise in ("pass", "review", "inconclusive", "fail"):
        report = minimised(consistent({"text_output_is_labelled": "fail"}, otherwise=otherwise))  # type: ignore[arg-type]
        assert list(contradictions(report, load_rulebook())) == []


def test_every_output_of_a_check_is_minimised(tmp_path: Path) -> None:
    done = shenhe(
        *("check", "sample", "--fault", "text-unlabelled", "--rules", "cn-labeling-2025/4.1.1", "--examples", "1"),
        *("--minimise", "--out", str(tmp_path)),
    )
    assert done.exit_code == 1
    report = read_report(tmp_path / "report.json")
    (finding,) = [check.finding for check in report.checks if check.finding is not None][:1]
    assert finding.steps
    assert all(not (step.request_body or step.response_body or step.request_headers) for step in finding.steps)
    for name in ("report.json", "junit.xml", "report.html"):
        assert "acc_" not in (tmp_path / name).read_text(encoding="utf-8"), "no id of an account"
