"""``shenhe check``: what a person types, reads and gets written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shenhe.conformance.report import Report
from shenhe.sample import sample_binding

from ..command_line import Done, shenhe

FEW = ["--on", "2026-09-01", "--examples", "0", "--rules", "cn-labeling-2025/4.1.1,cn-dsp-2023/9.2"]


def run(*args: str | Path) -> Done:
    return shenhe("check", *args)


def test_the_sample_passes_over_http() -> None:
    result = run("sample", *FEW)
    assert result.exit_code == 0, result.output
    assert "pass" in result.stdout


def test_a_fault_is_found_over_http_and_reported() -> None:
    result = run("sample", "--fault", "text-unlabelled", "--fault", "publish-anonymous", "-v", *FEW)
    assert result.exit_code == 1
    assert "curl" in result.stdout
    assert "cn-labeling-2025/4.1.1" in result.stdout
    assert "/v1/generations" in result.stdout
    assert "\x1b[" not in result.stdout, "colour is for terminals"


def test_stdout_contains_only_json() -> None:
    result = run("sample", "--json", "--seed", "3", *FEW)
    report = Report.model_validate_json(result.stdout)
    assert report.seed == 3
    assert report.target.environment == "test"
    assert report.target.transport == "http"
    assert {rule.verdict for rule in report.rules} == {"pass"}


def test_reports_are_written_to_the_given_paths(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    result = run("sample", "--out", str(out), "--junit", str(tmp_path / "j.xml"), *FEW)
    assert result.exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.json"]
    assert (tmp_path / "j.xml").read_text().startswith("<?xml")
    assert Report.model_validate_json((out / "report.json").read_text()).summary.exit_code == 0
    assert str(out / "report.json") in result.stderr


def test_the_working_folder_stays_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("sample", "--on", "2026-09-01", "--examples", "3", "--rules", "cn-dsp-2023/9.1").exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_provider_that_is_not_there_is_not_verified(tmp_path: Path) -> None:
    result = run("sample", "--base-url", "http://127.0.0.1:9", "--report", str(tmp_path / "r.json"), *FEW)
    assert result.exit_code == 3
    assert "the provider does not answer: could not connect" in result.stderr
    report = Report.model_validate_json((tmp_path / "r.json").read_text())
    assert {check.verdict for check in report.checks} == {"inconclusive"}


def test_a_binding_file_is_a_target(tmp_path: Path) -> None:
    from shenhe.sample import SampleServer

    binding = tmp_path / "binding.yaml"
    binding.write_text(sample_binding().read_text())
    with SampleServer(faults=["report-needs-account"]) as server:
        args = [str(binding), "--base-url", server.url, "--on", "2026-09-01", "--examples", "0"]
        assert run(*args, "--rules", "eu-dsa/16.1").exit_code == 1
        assert run(*args, "--rules", "eu-dsa/16.4").exit_code == 0


def test_a_production_system_is_not_probed(tmp_path: Path) -> None:
    binding = tmp_path / "binding.yaml"
    binding.write_text(sample_binding().read_text().replace("environment: test", "environment: production"))
    result = run(str(binding), "--base-url", "https://provider.example", *FEW)
    assert result.exit_code == 2
    assert "environment: test" in result.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], "expected a binding file or `sample`"),
        (["sample", "--on", "soon"], "expected a date"),
        (["sample", "--level", "some"], "core"),
        (["sample", "--seed", "-1"], "seed"),
        (["sample", "--examples", "many"], "examples"),
        (["sample", "--report", "/dev/null/report.json"], "/dev/null is a file, expected a folder"),
        (["binding.yaml", "--fault", "text-unlabelled"], "only sample targets have faults"),
    ],
)
def test_a_usage_mistake_exits_with_code_2(args: list[str], told: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["sample", "--fault", "text-unlabeled"], "text-unlabelled"),
        (["sample", "--packs", "cn-dsp-2032"], "cn-dsp-2023"),
        (["sample", "--rules", "cn-dsp-2023/9.22"], "cn-dsp-2023/9.2"),
        (["sample", "--rules", "cn-dsp-2023/7"], "no check of level core"),
    ],
)
def test_a_misspelt_name_is_reported_with_the_nearest(args: list[str], told: str) -> None:
    """The command line turns what shenhe raises on purpose into a sentence and exit code 2."""
    result = run(*args)
    assert result.exit_code == 2
    assert told in result.stderr


def test_checks_are_listed() -> None:
    listed = json.loads(run("--list", "--json").stdout)
    assert {"name", "title", "behaviour", "level", "rules"} == set(listed[0])
    assert len(listed) >= 30
    assert "edit_needs_consent" in run("--list").stdout


@pytest.mark.costly
def test_a_baseline_decides_the_exit_code_and_leaves_the_report(tmp_path: Path) -> None:
    report, baseline = tmp_path / "report.json", tmp_path / "baseline.yaml"
    faulty = ["sample", "--fault", "text-unlabelled", *FEW]
    assert run(*faulty, "--report", str(report)).exit_code == 1
    entry = "  - check: text_output_is_labelled\n    verdict: fail\n    reason: known\n    expires: {}\n"
    baseline.write_text("format: shenhe-baseline\nentries:\n" + entry.format("2999-01-01"))
    accepted = run(*faulty, "--baseline", str(baseline), "--report", str(report))
    assert accepted.exit_code == 0, accepted.output
    assert "accepted    fail: cn-labeling-2025/4.1.1" in accepted.stdout
    assert Report.model_validate_json(report.read_text()).summary.exit_code == 1
    assert run("sample", "--baseline", str(baseline), *FEW).exit_code == 1, "the entry is stale"
    baseline.write_text("format: shenhe-baseline\nentries:\n" + entry.format("2020-01-01"))
    assert "expired" in run(*faulty, "--baseline", str(baseline)).stdout


def test_a_broken_baseline_is_reported_before_any_request(tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.yaml"
    baseline.write_text("format: shenhe-baseline\nentries: [{check: x}]\n")
    result = run("sample", "--base-url", "http://127.0.0.1:9", "--baseline", str(baseline), *FEW)
    assert result.exit_code == 2
    assert "baseline.yaml" in result.stderr


@pytest.mark.costly
def test_documents_are_listed_and_never_pass(tmp_path: Path) -> None:
    evidence = tmp_path / "evidence.yaml"
    evidence.write_text(
        "format: shenhe-evidence\ndocuments:\n  - document: Ethics review\n    owner: office\n    date: 2025-01-01\n"
        "    expires: 2999-01-01\n    sha256: " + "0" * 64 + "\n    rules: [cn-dsp-2023/7]\n"
    )
    result = run(
        "sample", "--on", "2026-09-01", "--examples", "0", "--packs", "cn-dsp-2023", "--evidence", str(evidence)
    )
    assert "evidence offered cn-dsp-2023/7" in " ".join(result.stdout.split())
    assert "missing" in result.stdout
    assert "none of these passes" in result.stdout


@pytest.mark.costly
def test_bounds_leave_the_rest_open(tmp_path: Path) -> None:
    result = run("sample", "--json", "--on", "2026-09-01", "--examples", "0", "--max-generations", "2")
    report = Report.model_validate_json(result.stdout)
    verdicts = {check.name: (check.verdict, check.reason) for check in report.checks}
    assert result.exit_code == 3
    assert verdicts["text_output_is_labelled"][0] == "inconclusive"
    assert "2 generations were sent" in verdicts["text_output_is_labelled"][1]
    assert verdicts["complaint_process_is_published"][0] == "pass", "what costs nothing goes on"
    result = run(
        "sample", "--json", "--on", "2026-09-01", "--examples", "500", "--max-time", "0.2", "--rules", "cn-dsp-2023/9.*"
    )
    report = Report.model_validate_json(result.stdout)
    assert result.exit_code == 3
    assert any("0.2 seconds have passed" in check.reason for check in report.checks)


@pytest.mark.costly
def test_workers_and_a_sample_are_options() -> None:
    result = run("sample", "--workers", "3", "--sample", "5", *FEW)
    assert result.exit_code == 0, result.output
    assert "0 of 5 random cases failed" in result.stdout


def test_a_lawful_variant_passes_and_another_provider_has_none(tmp_path: Path) -> None:
    assert run("sample", "--variant", "envelope", *FEW).exit_code == 0
    assert "only sample targets have variants" in run("binding.yaml", "--variant", "envelope").stderr.replace("│", " ")
