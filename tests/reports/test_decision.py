"""The decision page: the same content in both languages, and nothing claimed that the runs do not show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from shenhe.core.document import read_yaml
from shenhe.reports.pages.decision import amount, render_decision_page
from shenhe.simulator import Comparison, compare, load_scenario, simulate
from shenhe.simulator.analysis import Analysis
from shenhe.simulator.scenario.policy import Sanction

from ..command_line import shenhe

SMALL = {"population.providers": 40, "horizon": 300.0}


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    more = load_scenario("cn-2023", {**SMALL, "policy.staff.inspectors": 2})
    return compare(simulate(load_scenario("cn-2023", SMALL), 6, 1), simulate(more, 6, 1))


def shape(value: Any) -> Any:
    """The keys of nested mappings, and the placeholders of texts."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return sorted(set(re.findall(r"\{\w+\}", str(value))))


def test_both_languages_have_the_same_words() -> None:
    path = Path(__file__).parents[2] / "reports" / "pages" / "decision_words.yaml"
    words: Any = read_yaml(path, path.name)[0]
    assert shape(words["en"]) == shape(words["zh"])


def test_every_sanction_has_its_word() -> None:
    path = Path(__file__).parents[2] / "reports" / "pages" / "decision_words.yaml"
    words: Any = read_yaml(path, path.name)[0]
    assert set(words["zh"]["values"]) == {each.value for each in Sanction}


def test_titles_and_values_of_levers_are_in_the_language_of_the_page() -> None:
    run = simulate(load_scenario("cn-2023", SMALL), 2, 1)
    draft = simulate(load_scenario("cn-2022-draft", SMALL), 2, 1)
    page = render_decision_page(compare(draft, run), "x", language="zh")
    seen = page.partition("<dl class=")[0].partition("<body")[2]
    assert "China, " not in seen
    assert "中国：" in seen
    assert "约谈、警告、责令改正、罚款、暂停服务" in seen
    assert "order-to-rectify" not in seen
    assert ">10,000<" in seen
    assert not re.search(r">(True|False)<", seen)
    assert not re.search(r"\d %", seen), "shares are written without a space, as everywhere in Chinese"
    english = render_decision_page(compare(draft, run), "x")
    assert "warning, order to rectify, fine, service suspended" in english
    assert ">yes<" in english


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_names_changes_and_intervals(comparison: Comparison, language: Any) -> None:
    page = render_decision_page(comparison, "shenhe report a b --decision", language=language)
    assert f'<html lang="{"zh-Hans" if language == "zh" else "en"}">' in page
    assert "policy.staff.inspectors" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    row = comparison.table.set_index("metric").loc["violations"]
    assert amount(float(row["mean_a"]), "", language) in page


@pytest.mark.parametrize(
    ("language", "median", "marked"),
    [("en", "the median of the paired differences", "(median)"), ("zh", "配对差值的中位数", "（中位数）")],
)
def test_a_mean_without_an_interval_is_not_said_to_have_one(language: Any, median: str, marked: str) -> None:
    """Harm of a few small markets hangs on single violations."""
    market = {"population.scale": 0.02, "horizon": 500.0}
    scenarios = [load_scenario(name, market) for name in ("cn-2022-draft", "cn-2023")]
    six = compare(*(simulate(each, 6, 1) for each in scenarios))
    assert six.table.set_index("metric").loc["harm", "interval_of"] == "median"
    page = render_decision_page(six, "x", language=language)
    assert median in page
    assert marked in page
    three = compare(*(simulate(each, 3, 1) for each in scenarios))
    assert median not in render_decision_page(three, "x", language=language), "three have none of the median, either"


def test_pairs_that_do_not_differ_are_counted() -> None:
    """The two drafts of the law make no difference in so small a market, but they might."""
    pair = compare(*(simulate(load_scenario(name, SMALL), 6, 1) for name in ("cn-2022-draft", "cn-2023")))
    assert not pair.alike
    assert "Violations: the same under A and B in all 6 pairs of replications." in render_decision_page(pair, "x")


def test_no_change_is_reported_as_none() -> None:
    run = simulate(load_scenario("cn-2023", SMALL), 3, 1)
    page = render_decision_page(compare(run, run), "x")
    assert "The two scenarios have the same parameters" in page
    assert "Violations: exactly the same under A and B." in page
    assert "No size class differs clearly" in page
    assert "so there is no price per harm avoided" in page


def test_a_study_lists_what_would_flip_the_result(comparison: Comparison) -> None:
    assert "was not examined" in render_decision_page(comparison, "x")
    table = pd.DataFrame({"parameter": ["belief", "gain"], "total": [0.7, 0.1], "switches_at": [0.042, float("nan")]})
    page = render_decision_page(comparison, "x", analyses=[Analysis("sensitivity", "t", table)])
    assert "The assumption that moves the difference most is belief." in page
    assert "The result would flip where belief passes 0.042" in page
    assert "gain passes" not in page
    assert "was not examined" not in page


def test_a_hostile_question_is_only_text(comparison: Comparison) -> None:
    page = render_decision_page(comparison, "<script>x</script>", question="</title><script>alert(1)</script>")
    assert "<script>alert(1)" not in page
    assert "<script>x" not in page


def test_the_command_takes_two_runs(tmp_path: Path) -> None:
    one = tmp_path / "one"
    few = ["-n", "2", "--set", "population.providers=30", "--set", "horizon=200"]
    assert shenhe("simulate", "cn-2023", *few, "--out", one).exit_code == 0
    out = tmp_path / "decision.html"
    assert shenhe("report", one, one, "--decision", "--lang", "zh", "--out", out).exit_code == 0
    assert "结论取决于什么" in out.read_text(encoding="utf-8")
    refused = shenhe("report", one, "--decision", "--out", out)
    assert refused.exit_code == 2
    assert "expected exactly two run folders" in " ".join(refused.stderr.replace("│", " ").split())
