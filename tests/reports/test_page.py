from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

from shenhe.conformance.report import Report
from shenhe.reports.figures.figures import MAX_RUNS
from shenhe.reports.pages.clauses import MAX_FINDINGS, MAX_PROVIDERS, PageError, matrix
from shenhe.reports.pages.page import render_page, write_page
from shenhe.simulator import Run

from ..factories import (
    LABELLED,
    PIXEL,
    REAL_NAME,
    TAKEDOWN,
    check,
    finding,
    hostile,
    mixed,
    passing,
    report,
    rule,
    run,
    step,
)

BYTES = 3_000_000


class Read(HTMLParser):
    """A page as a browser takes it apart: elements with attributes, and the text of each."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = ["document"]
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in ("meta", "link", "br", "img", "input"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1], data))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, *without: str) -> str:
        return " ".join(" ".join(text for tag, text in self.texts if tag not in ("script", "style", *without)).split())

    @property
    def policy(self) -> dict[str, list[str]]:
        (meta,) = [item for item in self.all("meta") if item.get("http-equiv") == "Content-Security-Policy"]
        return {name: values for name, *values in (part.split() for part in meta["content"].split(";"))}


def both() -> str:
    return render_page([passing(), mixed()], [run(), run(name="cn-2022-draft", factor=2.0)])


PAGES: dict[str, tuple[Sequence[Report], Sequence[Run]]] = {
    "conformance": ([mixed()], []),
    "simulation": ([], [run()]),
    "both": ([passing(), mixed()], [run(), run(name="cn-2022-draft", factor=2.0)]),
    "hostile": ([hostile(), hostile()], []),
    "hostile and simulation": ([hostile()], [run(), run()]),
}


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return render_page(*PAGES[request.param])


def sha(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


# --- the policy ----------------------------------------------------------------------------------------------------


def test_the_policy_names_exactly_the_scripts_and_the_style(page: str) -> None:
    policy = Read(page).policy
    assert policy["default-src"] == ["'none'"]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert policy["script-src"] == [sha(script) for script in scripts]
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    sheets = policy.get("style-src") or policy["style-src-elem"]
    assert sheets[0] == sha(style)
    assert "'unsafe-inline'" not in policy["script-src"] + sheets
    assert "'unsafe-eval'" not in page.split("<title>")[0]


def test_the_security_policy_precedes_all_content(page: str) -> None:
    assert page.index("Content-Security-Policy") < min(page.index("<style"), page.index("<script"))


def test_the_page_loads_nothing_and_runs_no_inline_script(page: str) -> None:
    allowed = ("#", "data:image/png;base64,", "data:,")
    for tag, attributes in Read(page).elements:
        assert tag not in ("iframe", "object", "embed", "base", "form", "audio", "video", "img") or tag == "img"
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", tag
            if name in ("src", "href", "action", "srcset", "poster"):
                assert value.startswith(allowed), (tag, name, value[:80])


def test_every_script_is_ours_or_data(page: str) -> None:
    for attributes in Read(page).all("script"):
        assert set(attributes) in (set(), {"type", "id"})
        assert attributes.get("type", "application/json") == "application/json"


# --- the whole ------------------------------------------------------------------------------------------------------


def test_links_lead_somewhere_and_names_are_unique(page: str) -> None:
    elements = Read(page).elements
    names = Counter(attributes["id"] for _, attributes in elements if "id" in attributes)
    assert {name for name, count in names.items() if count > 1} == set()
    targets = {attributes["href"][1:] for _, attributes in elements if attributes.get("href", "").startswith("#")}
    assert targets <= set(names)


def test_figures_have_their_data(page: str) -> None:
    data = dict(re.findall(r'<script type="application/json" id="([^"]+)">(.*?)</script>', page, re.DOTALL))
    wanted = [attributes["data-figure"] for attributes in Read(page).all("div") if "data-figure" in attributes]
    assert sorted(wanted) == sorted(data)
    for text in data.values():
        assert "<" not in text
        assert json.loads(text)["data"]


@pytest.mark.parametrize("name", PAGES)
def test_it_is_small_enough_and_the_same_every_time(name: str) -> None:
    page, again = render_page(*PAGES[name]), render_page(*PAGES[name])
    assert len(page.encode()) < BYTES
    assert page == again


def test_the_page_declares_its_language_and_fits_a_phone(page: str) -> None:
    read = Read(page)
    assert read.all("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in read.all("meta")
    for picture in read.all("img"):
        assert picture["alt"]


def test_a_page_without_runs_carries_no_plotting() -> None:
    page = render_page([mixed()])
    assert len(page) < 150_000
    assert "plotly.js" not in page
    assert Read(page).policy["style-src"]


# --- what it tells ---------------------------------------------------------------------------------------------------


def test_providers_are_shown_side_by_side() -> None:
    found = matrix([passing(), mixed()])
    rows = {row.rule: row for section in found.sections for row in section.rows}
    assert [section.pack for section in found.sections] == [
        "cn-dsp-2023",
        "cn-labeling-2025",
        "us-take-it-down",
        "eu-dsa",
    ]
    assert [cell.verdict if cell else None for cell in rows[REAL_NAME].cells] == ["pass", "pass"]
    assert rows[TAKEDOWN].cells[0] is None
    assert rows[REAL_NAME].kept
    assert not rows[LABELLED[0]].kept
    assert [subject.name for subject in found.subjects] == ["example", "example (2)"]


def test_what_to_fix_comes_first_with_its_evidence_rule_and_binding_line() -> None:
    page = render_page([mixed()])
    assert page.index('id="fix"') < page.index('id="providers"') < page.index('id="failures"')
    fixes = page.partition('id="fix"')[2].partition('id="providers"')[0]
    assert 'href="#finding-1-1"' in fixes
    assert re.search(r'href="#rule-\d+"', fixes)
    assert "conformance/my provider.yaml:41" in fixes
    assert 'id="fix"' not in render_page([passing()])


def test_checks_without_a_verdict_are_folded_under_their_cause() -> None:
    (causes,) = matrix([mixed()]).causes
    (still_open,) = matrix([mixed()]).open
    listed = [item.name for cause in causes for item in cause.checks]
    assert sorted(listed) == sorted(item.name for item in still_open)
    assert all(cause.text for cause in causes)
    assert [len(cause.checks) for cause in causes] == sorted((len(cause.checks) for cause in causes), reverse=True)


def test_a_failure_has_its_evidence() -> None:
    page = render_page([mixed()])
    text = Read(page).text()
    for words in (
        "a text that carries a label",
        "a text without a label: hello",
        "text/plain hello",
        f"Text of {LABELLED[0]}.",
        "正文。",
        "curl -X POST 'http://127.0.0.1:8000/v1/texts'",
        "def test_it(): ...",
        "binding line: conformance/my provider.yaml:41",
        "6 cases judged (4 listed, 2 generated), 3 controls accepted",
        "the check broke: hello",
        "Title of cn-dsp-2023/7",
        "only a document shows it",
    ):
        assert words in text, words
    assert {picture["src"] for picture in Read(page).all("img")} == {f"data:image/png;base64,{PIXEL}"}


def test_the_method_is_described() -> None:
    text = Read(both()).text()
    for words in (
        "ab" * 32,
        "cd" * 32,
        "seed 7",
        "2026-01-15",
        "seed 1",
        "from published data",
        run().scenario.hash,
    ):
        assert words in text, words


def test_the_lead_sums_it_up() -> None:
    assert (
        "Two providers were checked against the law of 2026-01-15: one passed every rule, one failed 3 of"
        " 8. Two policies were simulated with 30 providers over 90 days." in Read(both()).text()
    )


def test_the_lead_of_one_provider_speaks_of_it() -> None:
    assert (
        "One provider was checked against the law of 2026-01-15: it failed 3 of 8 rules."
        in Read(render_page([mixed()])).text()
    )
    assert (
        "One provider was checked against the law of 2026-01-15: it passed every rule"
        in Read(render_page([passing()])).text()
    )


def test_runs_without_the_same_draws_are_not_compared() -> None:
    page = render_page([], [run(seed=1), run(seed=2, name="cn-2022-draft")])
    assert "pairs need the same draws" in Read(page).text()
    assert 'id="difference-' not in page


# --- what must not happen
# ----------------------------------------------------------------------------------------------


def test_hostile_text_is_inert() -> None:
    plain, bad = Read(render_page([mixed()])), Read(render_page([hostile()]))
    assert {tag for tag, _ in bad.elements} <= {tag for tag, _ in plain.elements}
    assert not [attributes for attributes in bad.all("script") if "src" in attributes]
    assert len(bad.all("script")) == len(plain.all("script"))
    assert "alert(1)" in bad.text()
    assert "{{ 7*7 }}" in bad.text(), "a template in the text is text"
    assert "49 {%" not in bad.text()


def test_invisible_characters_are_written_out() -> None:
    page = render_page([hostile()], [run()])
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page.replace(_plotly(), ""))
    assert "\\u202e" in page
    assert "\\x1b[2J" in page


def _plotly() -> str:
    from shenhe.reports.figures import plotlyjs

    return plotlyjs.source()


def test_only_checked_pictures_become_pictures() -> None:
    assert Read(render_page([hostile()])).all("img") == []


def test_huge_text_is_bounded() -> None:
    assert len(render_page([hostile("A<" * 2_000_000)]).encode()) < 500_000


def test_very_many_findings_are_bounded() -> None:
    count = 400
    big = finding(
        steps=[step(request_headers={}, request_body="A" * 50_000, response_body="B" * 50_000) for _ in range(60)],
        curl="c" * 50_000,
    )
    made = report(
        [rule(f"p/{number}", "fail", f"c{number}") for number in range(count)],
        [check(f"c{number}", "fail", f"p/{number}", finding=big) for number in range(count)],
    )
    page = render_page([made, made], [run()])
    assert len(page.encode()) < BYTES
    assert page.count('class="finding"') == MAX_FINDINGS
    assert f"{2 * count - MAX_FINDINGS} more failed checks are in report.json." in page


def test_no_input_and_too_many_inputs_are_refused() -> None:
    with pytest.raises(PageError, match="at least one"):
        render_page([])
    with pytest.raises(PageError, match=f"at most {MAX_PROVIDERS}"):
        render_page([passing()] * (MAX_PROVIDERS + 1))
    with pytest.raises(PageError, match=f"at most {MAX_RUNS}"):
        render_page([], [run()] * (MAX_RUNS + 1))


def test_it_is_written_whole(tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", [mixed()])
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == render_page([mixed()])
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_browser_draws_the_figures_and_reports_no_violation(tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", [mixed(), hostile()], [run(), run(name="cn-2022-draft", factor=2.0)])
    done = subprocess.run(
        [
            *(
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
            ),
            *(
                "--enable-logging=stderr",
                "--v=0",
                f"--user-data-dir={tmp_path / 'profile'}",
                "--virtual-time-budget=8000",
            ),
            *("--dump-dom", f"file://{tmp_path / 'page.html'}"),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    assert "CONSOLE" not in done.stderr, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    figures = Read((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert done.stdout.count('class="drawing js-plotly-plot"') == len(
        [1 for item in figures.all("div") if "data-figure" in item]
    )
