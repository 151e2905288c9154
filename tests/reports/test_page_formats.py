"""Pages as Markdown and PDF, in Chinese, and figures as objects."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shenhe.cli.main import app
from shenhe.conformance.report import Report
from shenhe.reports.figures.drawing import Numbers
from shenhe.reports.figures.objects import colours, run_figures
from shenhe.reports.formats import pdf
from shenhe.reports.formats.markdown import escaped, fenced, render_markdown
from shenhe.reports.pages.language import in_chinese
from shenhe.reports.pages.page import render_page
from shenhe.rulebook import Behaviour
from shenhe.simulator import Run, load_scenario, simulate
from tests.factories import check, finding, hostile, report, rule

TEMPLATES = Path(__file__).parents[2] / "reports" / "templates"


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    sets = {"population.scale": 0.01, "horizon": 300}
    more = sets | {"policy.staff.inspectors": 200}
    return [simulate(load_scenario("cn-2023", each), 3, 1, engine="simpy") for each in (sets, more)]


@pytest.fixture
def failed() -> Report:
    shown = finding(expected="a label", seen="no label | <img src=x>")
    return report(
        [rule("cn-dsp-2023/9.2", "fail", "unverified_cannot_publish")],
        [check("unverified_cannot_publish", "fail", "cn-dsp-2023/9.2", finding=shown)],
    )


def test_markdown_has_verdict_and_failures_first(failed: Report) -> None:
    text = render_markdown([failed])
    lines = [line for line in text.splitlines() if line]
    assert lines[0].startswith("# Conformance report")
    assert "1 of 1 rules failed." in lines[1]
    assert lines[2] == "## What to fix"
    assert "no label \\| \\<img src=x\\>" in text
    assert all(line.count(" | ") == 3 for line in lines if line.startswith("| **fail**"))


def test_markdown_comes_in_chinese(failed: Report) -> None:
    text = render_markdown([failed], language="zh")
    assert "## 需要整改的问题" in text
    assert "**不符合**" in text


def test_markdown_of_runs_has_differences_with_intervals(runs: list[Run]) -> None:
    text = render_markdown([], runs)
    assert "## Outcomes" in text
    assert "## Differences:" in text
    row = next(line for line in text.splitlines() if line.startswith("| Violations | ") and "to" in line)
    assert row.count("|") >= 6


def test_a_hostile_report_stays_text() -> None:
    text = render_markdown([hostile()])
    outside = re.sub(r"^(```+)sh$.*?^\1$", "", text, flags=re.S | re.M)
    assert "\x1b" not in text
    assert not re.search(r"(?<!\\)[<`](script|img|/code)", outside)
    assert not re.search(r"(?<!\\)\]\(javascript", outside)


def test_text_cannot_become_markup() -> None:
    assert escaped("![x](http://e) `a`") == "!\\[x\\](http://e) \\`a\\`"
    assert fenced("```\nx", "sh")[0] == "````sh"


@pytest.fixture
def saved(failed: Report, tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(failed.model_dump_json(), encoding="utf-8")
    return path


def command(*words: object) -> str:
    result = CliRunner().invoke(app, ["report", *map(str, words)])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_ending_of_the_file_chooses_the_format(saved: Path, tmp_path: Path) -> None:
    command(saved, "--out", tmp_path / "a.md", "--lang", "zh")
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("# 符合性报告")
    command(saved, "--out", tmp_path / "a.html", "--lang", "zh")
    assert '<html lang="zh-Hans">' in (tmp_path / "a.html").read_text(encoding="utf-8")
    command(saved, "--out", tmp_path / "b.txt", "--format", "md")
    assert (tmp_path / "b.txt").read_text(encoding="utf-8").startswith("# Conformance")


def test_a_missing_browser_is_a_sentence(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENHE_BROWSER", "no-such-browser")
    result = CliRunner().invoke(app, ["report", str(saved), "--out", str(tmp_path / "a.pdf")])
    assert isinstance(result.exception, pdf.PdfError)
    assert "install chromium" in str(result.exception)
    assert not (tmp_path / "a.pdf").exists()


def test_a_browser_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "browser"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("SHENHE_BROWSER", str(broken))
    with pytest.raises(pdf.PdfError, match="no display"):
        pdf.write_pdf("<p>x</p>", tmp_path / "a.pdf")


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, pdf.BROWSERS)), reason="no Chromium on this machine")
def test_a_pdf_has_the_numbers_of_the_figures(runs: list[Run], tmp_path: Path) -> None:
    path = tmp_path / "runs.pdf"
    pdf.write_pdf(render_page([], runs), path)
    assert path.read_bytes().startswith(b"%PDF")
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
    assert "All outcomes with their intervals" in text
    assert "Interviews and warnings" in text


def test_every_text_of_the_template_has_chinese() -> None:
    template = (files("shenhe.reports") / "templates" / "page.html").read_text(encoding="utf-8")
    texts = set(re.findall(r'_\("([^"]*)"\)', template))
    assert len(texts) > 60
    assert [text for text in texts if in_chinese(text) == text] == []
    for text in texts:
        assert re.findall(r"\{\w*", text) == re.findall(r"\{\w*", in_chinese(text)) or set(
            re.findall(r"\{\w+", text)
        ) == set(re.findall(r"\{\w+", in_chinese(text))), text


def test_every_behaviour_and_verdict_has_chinese() -> None:
    for each in [*(behaviour.value for behaviour in Behaviour), "pass", "fail", "inconclusive", "review", "error"]:
        assert in_chinese(each) != each, each


def test_the_chinese_page_says_what_the_english_one_says(failed: Report) -> None:
    english, chinese = (render_page([failed], (), language) for language in ("en", "zh"))  # type: ignore[arg-type]
    for page, words in ((english, ("What to fix", "Rule by rule")), (chinese, ("需要整改的问题", "逐条规则"))):
        assert all(word in page for word in words)
        assert page.count("<section") == english.count("<section")
        assert page.count("<table") == english.count("<table")
    assert "What to fix" not in chinese


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_can_be_restyled(runs: list[Run], theme: str) -> None:
    for name, figure in run_figures(runs, theme).items():  # type: ignore[arg-type]
        assert "var(--" not in figure.to_json(), name
        figure.update_layout(font_family="Noto Serif CJK SC", colorway=["#000000"])
    assert colours("light")["--ink"] != colours("dark")["--ink"]


def test_a_column_without_a_head_is_refused() -> None:
    with pytest.raises(ValueError, match="without a head"):
        Numbers(("", "Mean"), ())


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_regions_that_scroll_are_reached_by_keyboard_and_named(path: Path) -> None:
    for region in re.findall(r'<div class="scroll"[^>]*', path.read_text(encoding="utf-8")):
        assert 'tabindex="0" role="group" aria-label="' in region
