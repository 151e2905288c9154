"""The decision page: one question, what was changed, the bottom line, who gains and who loses, and what would flip it.

The page exists in English and in Chinese with the same content. Both languages are in ``decision_words.yaml``; nothing
here is translated word by word.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from shenhe.core.document import read_yaml
from shenhe.core.files import write_whole
from shenhe.core.text import one_line
from shenhe.simulator import Comparison
from shenhe.simulator.analysis import Analysis
from shenhe.simulator.levers import lever_of
from shenhe.simulator.scenario.overriding import Difference

from ..quantities import change, change_interval, interval, quantity
from .language import Language, speaker
from .self_contained import rendered

HEADLINES = ("violations", "harm", "wrongful_sanctions", "compliance")
MONEY = ("regulator_cost", "compliance_cost", "fines", "store_fines", "platform_fines", "claims_awarded")
BY_SIZE = ("violations", "harm", "sanctions", "wrongful", "fines", "removals", "exits")
MOST_CHANGES = 10


def write_decision_page(
    path: Path,
    comparison: Comparison,
    command: str,
    *,
    language: Language = "en",
    question: str = "",
    analyses: Sequence[Analysis] = (),
) -> None:
    """Write :func:`render_decision_page` as UTF-8, by way of a temporary file in the same folder."""
    page = render_decision_page(comparison, command, language=language, question=question, analyses=analyses)
    write_whole(path, page)


def render_decision_page(
    comparison: Comparison,
    command: str,
    *,
    language: Language = "en",
    question: str = "",
    analyses: Sequence[Analysis] = (),
) -> str:
    """The page about the difference that B makes against A; ``command`` makes it again.

    ``analyses`` are sensitivities of a difference (:func:`shenhe.simulator.analysis.sensitivity`): they say which
    assumption the result depends on and where it would flip. Without any, the page says so.
    """
    words = _words()[language]
    rows = {str(row["metric"]): row for row in comparison.table.to_dict("records")}
    a, b = comparison.a, comparison.b
    # Levers decide and rule ids only name: they come last.
    found = sorted(comparison.differences, key=lambda each: each.path.endswith((".rule", ".penalty")))
    title = one_line(question, 160) or _question(comparison, found, words, language)
    facts = {
        "a": f"{a.scenario.name} {a.scenario.hash[:12]}",
        "b": f"{b.scenario.name} {b.scenario.hash[:12]}",
        "replications": str(min(a.replications, b.replications)),
        "seed": str(a.seed),
        "model": a.model[:12],
        "command": command,
    }
    return rendered(
        "decision.html",
        with_figures=False,
        language=language,
        title=title,
        lead=_sentence(rows["violations"], "violations", words, language),
        words=words,
        changes=[
            (_named(each.path, language), _plain(each.a, words), _plain(each.b, words)) for each in found[:MOST_CHANGES]
        ]
        or [(words["none"], "–", "–")],
        more=words["more"].format(count=len(found) - MOST_CHANGES) if len(found) > MOST_CHANGES else "",
        sentences=[
            _sentence(rows["violations"], "violations", words, language),
            _sentence(rows["harm"], "harm", words, language),
            _sentence(rows["wrongful_sanctions"], "wrongful_sanctions", words, language),
        ],
        outcomes=[_row(rows[name], words["metrics"][name], language) for name in HEADLINES],
        who=_who(comparison, words, language),
        sizes=_sizes(comparison, words, language),
        size_heads=[words["class"], *(words["short"].get(name, words["metrics"][name]) for name in BY_SIZE)],
        money=[_row(rows[name], words["metrics"][name], language) for name in MONEY if name in rows],
        price=_price(comparison, words, language),
        hangs_on=_hangs_on(comparison, analyses, words, language),
        facts=[(words["facts"][name], one_line(value, 400)) for name, value in facts.items()],
    )


def _question(comparison: Comparison, found: Sequence[Difference], words: Mapping[str, Any], language: Language) -> str:
    """What the page asks: by the titles of the scenarios or, where these are the same, by the lever that was moved."""
    a, b = (one_line(speaker(language)(run.scenario.title), 120) for run in (comparison.a, comparison.b))
    if a != b or not found:
        return str(words["question"].format(a=a, b=b))
    lever = lever_of(found[0].path)
    name = lever.title[language] if lever else found[0].path
    more = words["question_more"].format(count=len(found) - 1) if len(found) > 1 else ""
    return str(
        words["question_lever"].format(
            lever=one_line(name, 80), a=_plain(found[0].a, words), b=_plain(found[0].b, words), more=more
        )
    )


def _named(path: str, language: Language) -> str:
    """A parameter by what it is called and by its path."""
    lever = lever_of(path)
    return f"{lever.title[language]} ({path})" if lever else path


@functools.cache
def _words() -> Mapping[str, Any]:
    data, _ = read_yaml(files("shenhe.reports.pages") / "decision_words.yaml", "decision_words.yaml")
    if not isinstance(data, dict):
        raise TypeError("decision_words.yaml holds no mapping")
    return data


def _plain(value: object, words: Mapping[str, Any]) -> str:
    """A value of a lever for people: sanctions and yes or no by their words, numbers with separators."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(words["affirmed" if value else "denied"])
    if isinstance(value, int | float):
        return f"{value:,.15g}"
    listed = value if isinstance(value, list) else [value]
    return one_line(words["listed"].join(str(words["values"].get(each, each)) for each in map(str, listed)), 90)


def amount(value: float, unit: str, language: Language) -> str:
    """A number as a reader of the language writes it: Chinese counts in 万 and 亿.

    >>> amount(1_250_000.0, "RMB", "zh"), amount(1_250_000.0, "RMB", "en"), amount(0.5, "share", "zh")
    ('125 万', '1.25 million', '50%')
    """
    if language == "zh" and unit == "share":
        return quantity(value, unit).replace(" %", "%")
    if language == "zh" and unit != "share" and math.isfinite(value):
        for size, word in ((1e8, "亿"), (1e4, "万")):
            if abs(value) >= size:
                return f"{quantity(value / size)} {word}"
    return quantity(value, unit)


def difference_text(value: float, unit: str, language: Language) -> str:
    """A difference with its sign, as a reader of the language writes it."""
    if language == "en" or unit == "share":
        text = change(value, unit)
        return text.replace("points", "个百分点") if language == "zh" else text
    text = amount(value, unit, language)
    return f"+{text}" if value > 0 else text


def _between(row: Mapping[Any, Any], language: Language) -> str:
    """The interval of the mean difference, or of the median one where only it has an interval."""
    if row["interval_of"] == "median":
        return f"{_median_between(row, language)}{' (median)' if language == 'en' else '（中位数）'}"
    return interval_text(float(row["lo95"]), float(row["hi95"]), str(row["unit"]), language)


def _median_between(row: Mapping[Any, Any], language: Language) -> str:
    return interval_text(float(row["median_lo95"]), float(row["median_hi95"]), str(row["unit"]), language)


def interval_text(low: float, high: float, unit: str, language: Language, *, signed: bool = True) -> str:
    """Both ends of an interval, of a difference unless ``signed`` is false; a dash where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "–"
    if language == "en":
        return change_interval(low, high, unit) if signed else interval(low, high, unit)
    ends = [difference_text(end, unit, language) if signed else amount(end, unit, language) for end in (low, high)]
    return " 至 ".join(ends)


def _row(row: Mapping[Any, Any], name: str, language: Language) -> tuple[str, ...]:
    unit = str(row["unit"])
    return (
        name,
        amount(float(row["mean_a"]), unit, language),
        amount(float(row["mean_b"]), unit, language),
        difference_text(float(row["difference"]), unit, language),
        _between(row, language),
    )


def _sentence(row: Mapping[Any, Any], metric: str, words: Mapping[str, Any], language: Language) -> str:
    """One outcome in a sentence that says whether chance could have made the difference."""
    low, high, difference = float(row["lo95"]), float(row["hi95"]), float(row["difference"])
    unit, name = str(row["unit"]), words["metrics"][metric]
    if row["interval_of"] == "median":
        middle = float(row["median"])
        moved = middle or row["median_lo95"] < 0 or row["median_hi95"] > 0
        said = words["median" if moved else "most_pairs" if difference else "no_pair"].format(
            name=name,
            size=difference_text(middle if moved else difference, unit, language),
            between=_median_between(row, language),
            count=int(row["n"]),
        )
        return str(said)
    if row["interval_of"] == "none":
        return str(words["no_interval"].format(name=name, size=difference_text(difference, unit, language)))
    if low == high == difference == 0:
        return str(words["unchanged"].format(name=name))
    if not (low > 0 or high < 0):
        return str(words["unclear"].format(name=name, between=_between(row, language)))
    share = difference / float(row["mean_a"]) if row["mean_a"] else math.nan
    relative = words["relative"].format(share=amount(abs(share), "share", language)) if math.isfinite(share) else ""
    text = words["more_of"] if difference > 0 else words["less_of"]
    return str(
        text.format(
            name=name,
            size=amount(abs(difference), unit, language),
            relative=relative,
            between=_between(row, language),
        )
    )


def _sizes(comparison: Comparison, words: Mapping[str, Any], language: Language) -> list[tuple[str, ...]]:
    """One row per size class: B − A of each outcome of ``BY_SIZE``, marked where the interval excludes zero."""
    rows = []
    for name, table in comparison.by_size.groupby("size_class", sort=False):
        found = {str(row["metric"]): row for row in table.to_dict("records")}
        cells = []
        for metric in BY_SIZE:
            row = found[metric]
            clear = " *" if row["lo_all"] > 0 or row["hi_all"] < 0 else ""
            cells.append(f"{difference_text(float(row['difference']), str(row['unit']), language)}{clear}")
        rows.append((words["classes"].get(str(name), one_line(str(name), 40)), *cells))
    return rows


def _who(comparison: Comparison, words: Mapping[str, Any], language: Language) -> list[str]:
    """Which size classes bear more sanctions and which cause less harm, as far as the intervals tell."""
    sentences = []
    for metric, better, worse in (
        ("sanctions", "fewer_sanctions", "more_sanctions"),
        ("harm", "less_harm", "more_harm"),
    ):
        table = comparison.by_size[comparison.by_size["metric"] == metric]
        for key, chosen in ((worse, table[table["lo_all"] > 0]), (better, table[table["hi_all"] < 0])):
            names = [words["classes"].get(str(name), one_line(str(name), 40)) for name in chosen["size_class"]]
            if names:
                sentences.append(str(words[key].format(names=words["joiner"].join(names))))
    return sentences or [str(words["nobody"])]


def _price(comparison: Comparison, words: Mapping[str, Any], language: Language) -> str:
    price, low, high = comparison.cost_per_harm_avoided
    if not math.isfinite(price) or price <= 0:
        return str(words["no_price"])
    if not math.isfinite(low):
        return str(words["price_alone"].format(price=amount(price, "RMB", language)))
    between = f"{amount(low, 'RMB', language)}–{amount(high, 'RMB', language)}"
    return str(words["price"].format(price=amount(price, "RMB", language), between=between))


def _hangs_on(
    comparison: Comparison, analyses: Sequence[Analysis], words: Mapping[str, Any], language: Language
) -> list[str]:
    scenario = comparison.b.scenario
    kinds = [basis.kind if (basis := scenario.basis_of(path)) else "assumption" for path, _ in scenario.parameters()]
    sentences = [str(words["basis"].format(data=kinds.count("datum"), assumptions=kinds.count("assumption")))]
    for analysis in analyses:
        if analysis.kind != "sensitivity" or "switches_at" not in analysis.table or analysis.table.empty:
            continue
        top = analysis.table.iloc[0]
        name = one_line(str(top["parameter"]), 80)
        sentences.append(str(words["hangs_on"].format(parameter=name)))
        flips = analysis.table.dropna(subset=["switches_at"])
        for row in flips.to_dict("records"):
            parameter, value = one_line(str(row["parameter"]), 80), quantity(float(row["switches_at"]))
            sentences.append(str(words["flips"].format(parameter=parameter, value=value)))
        if flips.empty:
            sentences.append(str(words["never_flips"]))
    if len(sentences) == 1:
        sentences.append(str(words["no_study"]))
    return sentences
