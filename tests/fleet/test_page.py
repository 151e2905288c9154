"""The page of a fleet and its table on a terminal: right numbers, and nothing that a provider wrote comes alive."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from shenhe.conformance.fleet import BaselineCounts, Fleet, FleetRow, Options, ranked
from shenhe.conformance.report import Target, Timing
from shenhe.reports.pages.fleet import MAX_ROWS, render_fleet_page, write_fleet_page
from shenhe.reports.terminal.league import print_league
from tests.chinese import english_left

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'` [red]x[/red] "
    "\x1b[2J\x1b]0;t\x07 \u202eevil {{ 7*7 }} {% raw %}"
)


def provider(name: str, code: int = 0, **changes: Any) -> FleetRow:
    made: dict[str, Any] = {
        "outcome": "checked",
        "target": Target(
            name=name.title(), environment="test", transport="http", services=[], operations=[], markets=[], roles=[]
        ),
        "report_exit_code": code,
        "on": "2026-09-01",
        "counts": {"pass": 3, "not applicable": 1},
        "behaviours": {"labeling": {"pass": 2, "not applicable": 1}, "takedown": {"pass": 1}},
        "judged": 30,
        "requests": 1234,
        "timing": Timing(started="2026-09-01T10:00:00+00:00", seconds=12.3),
        "name": name,
        "binding": f"{name}.yaml",
        "binding_sha256": "0" * 64,
        "key": "",
        "rank": None,
        "exit_code": code,
        "report": f"providers/{name}/report.json",
    }
    return FleetRow(**(made | changes))


def broke(name: str, *rules: str, **changes: Any) -> FleetRow:
    tally = {
        "behaviours": {"labeling": {"pass": 1, "fail": len(rules)}, "takedown": {"inconclusive": 1}},
        "counts": {"pass": 1},
    }
    return provider(name, 1, failed=list(rules), unverified=["eu-dsa/17"], **(tally | changes))


def missing(name: str, **changes: Any) -> FleetRow:
    made = {
        "outcome": "not usable",
        "detail": f"{name}.yaml:1: wrong\n{name}.yaml:2: wrong too",
        "target": None,
        "report": None,
    }
    nothing = {"report_exit_code": None, "counts": {}, "behaviours": {}, "judged": 0, "timing": None}
    return provider(name, 2, **(made | nothing | changes))


def fleet(*providers: FleetRow, **changes: Any) -> Fleet:
    made: dict[str, Any] = {
        "shenhe_version": "1",
        "rulebook_sha256": "f" * 64,
        "options": Options(),
        "on": "2026-09-01",
        "exit_code": 1,
        "providers": ranked(providers),
    }
    return Fleet(**(made | changes))


def small() -> Fleet:
    rules = ("cn-labeling-2025/4.1.1", "cn-dsp-2023/17.1.1")
    return fleet(provider("lantern"), broke("kite", *rules), broke("river", rules[0]), missing("lost"))


class Read(HTMLParser):
    """A page as a browser takes it apart."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._silent = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_the_page_says_everything_in_chinese() -> None:
    page = render_fleet_page(small(), {"lantern": "providers/lantern/report.html"}, "zh")
    assert "各提供者分类别结果" in page
    names = [words for row in small().providers for words in (row.name, row.detail) if words]
    assert english_left(page, *names) == []


def test_the_table_has_every_provider_and_behaviour() -> None:
    page = Read(render_fleet_page(small(), {"lantern": "providers/lantern/report.html"}))
    cells = [
        item.get("title")
        for item in page.all("span")
        if item.get("class", "").startswith("verdict") and "title" in item
    ]
    assert cells == [
        "2 pass, 1 not applicable",
        "1 pass",
        "1 fail, 1 pass",
        "1 inconclusive",
        "2 fail, 1 pass",
        "1 inconclusive",
    ]
    assert "Lantern lantern.yaml passed · · 3/3 2/2 passed" in page.text
    assert "two failed some rules, one could not be checked" in page.text
    assert "governance" not in page.text, "a behaviour that no rule of the run is about has no column"


def test_links_lead_to_pages_there_are_and_to_places_of_the_page() -> None:
    page = Read(render_fleet_page(small(), {"lantern": "providers/lantern/report.html"}))
    links = [item["href"] for item in page.all("a")]
    assert [link for link in links if not link.startswith("#")] == ["providers/lantern/report.html"]
    places = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {link[1:] for link in links if link.startswith("#")} <= places


def test_rules_are_ranked_by_violators() -> None:
    page = Read(render_fleet_page(small(), {}))
    told = page.text.partition("Most frequent failures Rule")[2]
    assert told.index("cn-labeling-2025/4.1.1 2 River , Kite") < told.index("cn-dsp-2023/17.1.1 1 Kite")


def test_unjudged_providers_are_listed_separately_with_reasons() -> None:
    page = Read(render_fleet_page(small(), {}))
    assert (
        "lost.yaml lost.yaml unusable binding lost.yaml:1: wrong"
        in page.text.partition("No rule could be decided for these providers")[2]
    )
    alone = Read(render_fleet_page(fleet(missing("lost")), {}))
    assert "No provider could be checked." in alone.text


def test_accepted_failures_have_a_column_with_baselines() -> None:
    accepted = BaselineCounts(baseline="kite.yaml", new=0, accepted=5, stale=0, expired=0)
    with_one = fleet(provider("lantern"), broke("kite", "cn-labeling-2025/4.1.1", baseline=accepted))
    assert ">Accepted<" in render_fleet_page(with_one, {})
    assert 'data-label="Accepted">5<' in render_fleet_page(with_one, {})
    assert ">Accepted<" not in render_fleet_page(small(), {})


def test_the_policy_names_every_script_and_style_and_nothing_comes_from_elsewhere() -> None:
    page = render_fleet_page(small(), {})
    read = Read(page)
    (policy,) = [item["content"] for item in read.all("meta") if item.get("http-equiv") == "Content-Security-Policy"]
    named = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
    assert named["default-src"] == ["'none'"]
    for tag, source in (("script", "script-src"), ("style", "style-src")):
        bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
        assert named[source] == [
            "'sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() + "'" for body in bodies
        ]
    assert not [
        value
        for _, attributes in read.elements
        for name, value in attributes.items()
        if name == "src" or "://" in value
    ]
    assert not [
        name for _, attributes in read.elements for name in attributes if name.startswith("on") or name == "style"
    ]


def hostile() -> Fleet:
    target = Target(
        name=HOSTILE, environment="test", transport="http", services=[], operations=[], markets=[], roles=[]
    )
    spoilt = broke("evil", HOSTILE, target=target, binding=HOSTILE, detail=HOSTILE, outcome="cut short", on=HOSTILE)
    return fleet(
        spoilt,
        missing("evil-too", binding=HOSTILE, detail=HOSTILE),
        options=Options(packs=(HOSTILE,), rules=(HOSTILE,)),
    )


def test_no_name_comes_alive_on_the_page() -> None:
    page = render_fleet_page(hostile(), {"evil": "providers/evil/report.html"})
    read, lawful = Read(page), Read(render_fleet_page(small(), {}))
    assert len(read.all("script")) == len(lawful.all("script")) == 1
    assert read.all("img") == []
    assert "49" not in read.text
    assert not set(page) & {"\x1b", "\x07", "\u202e"}


def test_no_name_comes_alive_on_the_terminal() -> None:
    stream = io.StringIO()
    print_league(hostile(), Console(file=stream, width=80, highlight=False, force_terminal=True))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert "[red]x[/red]" in plain or "…" in plain
    assert not set(plain) & {"\x1b", "\x07", "\u202e"}
    assert max(len(line) for line in plain.splitlines()) <= 80


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_table_keeps_its_numbers_at_any_width(width: int) -> None:
    stream = io.StringIO()
    long = broke("long", *[f"r/{number}" for number in range(123)], target=None, binding="x" * 200)
    print_league(fleet(provider("lantern"), long), Console(file=stream, width=width, highlight=False))
    table = stream.getvalue()
    assert "not verified" in table
    assert re.search(r"^ *2\..* 123 ", table, re.M)
    assert re.search(r"^ *1\..*\bpassed\b", table, re.M)


def test_a_fleet_too_large_for_a_page_is_reported() -> None:
    many = [provider(f"p{number}") for number in range(MAX_ROWS + 5)]
    page = Read(render_fleet_page(fleet(*many), {}))
    assert "5 more providers are in fleet.json" in page.text


def test_it_is_written_whole(tmp_path: Path) -> None:
    write_fleet_page(tmp_path / "index.html", small(), {})
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == render_fleet_page(small(), {})
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_browser_reports_no_violation(tmp_path: Path) -> None:
    write_fleet_page(tmp_path / "index.html", hostile(), {"evil": "providers/evil/report.html"})
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
                "--virtual-time-budget=4000",
            ),
            *("--dump-dom", f"file://{tmp_path / 'index.html'}"),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    assert "CONSOLE" not in done.stderr, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert "Fleet report" in done.stdout
