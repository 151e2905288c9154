"""Every text of a page has Chinese: those of templates, of figures, of sections, of analyses and of metrics."""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest

import shenhe.core
from shenhe.core.document import read_yaml
from shenhe.reports.pages.language import DEPTH, FILES, LONGEST, in_chinese
from shenhe.reports.pages.page import render_page
from shenhe.scenarios import names as shipped
from shenhe.simulator import load_scenario, simulate
from shenhe.simulator.runs.outcomes import METRICS
from shenhe.simulator.validation.every_lever import ALL_PROPERTIES
from shenhe.simulator.validation.metamorphic import Property
from tests.chinese import ENGLISH, english_left

ROOT = Path(shenhe.core.__file__).resolve().parents[1]
TEMPLATES = sorted(path.name for path in (ROOT / "reports" / "templates").glob("*.html"))
#: Modules whose texts stand on pages. Those of the rulebook and of findings are quoted as they are recorded.
MODULES = (
    *("reports/pages/page.py", "reports/pages/study.py", "reports/pages/forecast.py", "reports/pages/calibration.py"),
    *("reports/pages/validation.py", "reports/pages/fleet.py", "reports/pages/chain.py", "reports/pages/audit.py"),
    *("reports/figures/figures.py", "reports/figures/study.py", "reports/terminal/store_forecast.py"),
    *(f"simulator/analysis/{name}.py" for name in ("answer", "contrasts", "discovery", "enough", "pareto", "response")),
    *(f"simulator/analysis/{name}.py" for name in ("robustness", "selection", "sensitivity", "tipping")),
    *("simulator/runs/outcomes.py", "reports/pages/actor_forecast.py", "simulator/estimation/platforms.py"),
    *(
        "simulator/estimation/forecast.py",
        "simulator/estimation/stores.py",
        "simulator/estimation/calibration.py",
        "simulator/estimation/actors.py",
    ),
)
#: Parts of a sentence that has an entry whole, and the lead that has a Chinese form of its own.
ELSEWHERE = re.compile(
    r"^(7 providers were checked|it failed 7|one failed 7|7 of 7 checks have no sample|passed every rule$)|With delays$"
    r"|^There, 7 7|^(a copy stays|an order takes)$|^top (right|left)$|^(failed some rules|could not be fully verified)$"
)


def texts(path: Path) -> list[str]:
    """The texts of a module that read like words for people: literals, with a sample of each value put into them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            skipped |= set(ast.walk(node))
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            skipped |= set(ast.walk(node.annotation))
        if isinstance(node, ast.JoinedStr):
            skipped |= set(ast.walk(node)) - {node}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "progress":
            skipped |= set(ast.walk(node))
    found = []
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            found.append("".join(map(sample, node.values)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    words = (re.sub(r"^7 (?=[A-Z])|(?<=\.) 7$", "", text.strip()) for text in found)
    return [text for text in words if ENGLISH.search(text) and not ELSEWHERE.search(text)]


def sample(part: ast.expr) -> str:
    """What a part of a formatted string may be: its text, the first of two words, or a number."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = part.value if isinstance(part, ast.FormattedValue) else part
    if isinstance(value, ast.IfExp) and isinstance(value.body, ast.Constant):
        return str(value.body.value)
    if isinstance(value, ast.IfExp) and isinstance(value.body, ast.JoinedStr):
        return "".join(map(sample, value.body.values))
    return "7"


def left(text: str) -> list[str]:
    """English words that a text has in Chinese, but for those in code."""
    return ENGLISH.findall(re.sub(r"`[^`]*`|“[^”]*”|<[^>]*>", "", in_chinese(text)))


@pytest.mark.parametrize("module", MODULES)
def test_every_text_of_a_module_has_chinese(module: str) -> None:
    assert [text for text in texts(ROOT / module) if left(text)] == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_text_of_a_template_has_chinese(template: str) -> None:
    text = (files("shenhe.reports") / "templates" / template).read_text(encoding="utf-8")
    own = re.findall(r'_\("([^"]*)"\)', text)
    assert [each for each in own if in_chinese(each) == each] == []
    written = re.sub(r"\{[{%].*?[%}]\}|<[^>]*>|\{#.*?#\}", "", text, flags=re.S)
    assert ENGLISH.findall(written) == []


def entries() -> dict[str, str]:
    return {
        key: value
        for file in FILES
        for key, value in read_yaml(files("shenhe.reports.pages") / file, file)[0].items()  # type: ignore[union-attr]
    }


def test_every_entry_keeps_its_values_and_no_text_has_two() -> None:
    for english, chinese in entries().items():
        found = [set(re.findall(r"\{(\w*)", text)) for text in (english, chinese)]
        assert found[0] == found[1], english
    keys = [key for file in FILES for key in read_yaml(files("shenhe.reports.pages") / file, file)[0]]
    assert len(keys) == len(set(keys))


def test_every_metric_and_shipped_title_has_chinese() -> None:
    assert [metric.title for metric in METRICS.values() if in_chinese(metric.title) == metric.title] == []
    titles = [load_scenario(name).title for name in shipped()]
    assert [title for title in titles if in_chinese(title) == title] == []


@pytest.mark.costly
def test_a_page_of_runs_says_everything_in_chinese() -> None:
    sets = {"population.scale": 0.01, "horizon": 200}
    runs = [simulate(load_scenario("cn-2023", each), 3, 1, engine="simpy") for each in (sets, sets | {"horizon": 200})]
    page = render_page([], runs, "zh")
    assert english_left(page) == []
    assert "责令改正" in page
    assert "95%" in page


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("1.2 to 1.5 million", "120 万 至 150 万"),
        ("−5.20 to −4.10 billion", "−52 亿 至 −41 亿"),
        ("+3.42 points", "+3.42 个百分点"),
        ("87.3 %", "87.3%"),
        (
            "312 under a (24 of them fines) and 290 under b (20 of them fines)",
            "a 下 312 次（其中罚款 24 次）和b 下 290 次（其中罚款 20 次）",
        ),
        (
            "How the outcome responds to x. Half-widths (conf) are of 95 % intervals by bootstrap. Unknown words here.",
            "结果随 x 的变化。半宽为自助法 95% 置信区间的半宽。 Unknown words here.",
        ),
        (
            "Two of the objectives, with 95 % intervals. A policy may be on the front for an objective that is not drawn. Words that others wrote.",
            "图为其中两个目标，附 95% 置信区间。方案也可能因未画出的目标而位于前沿。 Words that others wrote.",
        ),
        ("what others wrote of a thing", "what others wrote of a thing"),
        ("the first of May", "the first of May"),
        ("", ""),
    ],
)
def test_texts_made_of_others(english: str, chinese: str) -> None:
    assert in_chinese(english) == chinese


@pytest.mark.parametrize(
    "text", ["a, " * 1300, "a: b; c (" * 400, "x of " * 700, "7 under a and " * 250, "(" * LONGEST]
)
def test_hostile_texts_take_no_time(text: str) -> None:
    import time

    before = time.process_time()
    in_chinese(text[:LONGEST])
    assert time.process_time() - before < 5
    assert DEPTH < 10


@pytest.mark.parametrize("prop", ALL_PROPERTIES, ids=lambda prop: prop.name)
def test_every_check_of_the_simulator_has_a_chinese_name(prop: Property) -> None:
    assert re.search("[\u4e00-\u9fff]", in_chinese(prop.name))


def test_the_failed_checks_of_a_validation_are_named_in_chinese() -> None:
    lead = "245 checks, 2 failed: A share of turnover is fined, Higher fines."
    assert in_chinese(lead) == "共 245 项检验，2 项未通过：按营业额比例罚款、提高罚款。"
