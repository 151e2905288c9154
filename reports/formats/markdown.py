"""Results as Markdown: for a ticket, a wiki or a merge request. Verdict and failures first, as on the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from shenhe.conformance.report import CheckResult, Report
from shenhe.core.files import write_whole
from shenhe.core.text import one_line, visible

from ..quantities import change, quantity, shown_change, shown_interval

if TYPE_CHECKING:
    from shenhe.simulator import Run

Language = Literal["en", "zh"]
MAX_FAILURES = 50
MAX_COMMANDS = 4000

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Conformance report",
        "kept": "Every rule was decided and passed.",
        "failed": "{failed} of {total} rules failed.",
        "open": "{count} rules could not be verified.",
        "law": "Law of {on}; level {level}; {requests} requests; seed {seed}.",
        "fix": "What to fix",
        "heads": "Check|Observed|Rules|Binding",
        "unknown": "not known",
        "more": "{count} more failures are in report.json.",
        "expected": "Expected",
        "observed": "Observed",
        "where": "Where",
        "reproduce": "Reproduce",
        "undecided": "Not decided",
        "undecided_heads": "Check|Verdict|Reason",
        "rules": "Rules by verdict",
        "rules_heads": "Verdict|Rules",
        "caution": "Rules are paraphrases made for testing. This is not legal advice.",
        "runs": "Simulated enforcement",
        "outcomes": "Outcomes",
        "outcome": "Outcome",
        "mean": "mean",
        "interval": "95 % interval",
        "median": "median",
        "differences": "Differences: {b} against {a}",
        "difference_heads": "Outcome|A|B|B − A|95 % interval",
        "model": "A simulation shows what follows from its assumptions, not what will happen.",
    },
    "zh": {
        "title": "符合性报告",
        "kept": "全部规则均已判定并通过。",
        "failed": "{total} 条规则中有 {failed} 条不符合。",
        "open": "{count} 条规则未能验证。",
        "law": "适用 {on} 的规定；等级 {level}；{requests} 次请求；随机种子 {seed}。",
        "fix": "需要整改的问题",
        "heads": "检查|实际结果|规则|绑定文件位置",
        "unknown": "未知",
        "more": "另有 {count} 项不符合，见 report.json。",
        "expected": "应有结果",
        "observed": "实际结果",
        "where": "位置",
        "reproduce": "复现",
        "undecided": "未能判定",
        "undecided_heads": "检查|结论|原因",
        "rules": "按结论统计的规则数",
        "rules_heads": "结论|规则数",
        "caution": "规则为便于检测而作的转述，不构成法律意见。",
        "runs": "执法模拟",
        "outcomes": "结果",
        "outcome": "指标",
        "mean": "均值",
        "interval": "95% 置信区间",
        "median": "中位数",
        "differences": "差异：{b} 相对于 {a}",
        "difference_heads": "指标|A|B|B − A|95% 置信区间",
        "model": "模拟显示的是假设的推论，而非对未来的预测。",
    },
}


def write_markdown(path: Path, reports: Sequence[Report], runs: Sequence[Run], language: Language = "en") -> None:
    """Write :func:`render_markdown` as UTF-8, by way of a temporary file in the same folder."""
    write_whole(path, render_markdown(reports, runs, language))


def render_markdown(reports: Sequence[Report], runs: Sequence[Run] = (), language: Language = "en") -> str:
    """Conformance reports and simulation runs as one Markdown document."""
    words = _WORDS[language]
    parts = [line for report in reports for line in _report(report, words, language)]
    if runs:
        parts += _runs(runs, words)
    return "\n".join(parts).rstrip() + "\n"


def _report(report: Report, words: Mapping[str, str], language: Language) -> list[str]:
    counts = report.summary.counts
    failed, total = counts.get("fail", 0), sum(counts.values())
    waiting = counts.get("inconclusive", 0) + counts.get("review", 0) + counts.get("error", 0)
    verdicts = [words["failed"].format(failed=failed, total=total)] if failed else []
    verdicts += [words["open"].format(count=waiting)] if waiting else []
    titles = {rule.rule: rule.title.zh if language == "zh" else rule.title.en for rule in report.rules}
    failures = [check for check in report.checks if check.verdict in ("fail", "error")]
    undecided = [check for check in report.checks if check.verdict in ("inconclusive", "review")]
    law = words["law"].format(
        on=escaped(str(report.on)),
        level=escaped(str(report.level)),
        requests=f"{report.summary.requests:,}",
        seed=report.seed,
    )
    lines = [
        f"# {words['title']}: {escaped(_name(report))}",
        "",
        f"**{' '.join(verdicts) or words['kept']}** {law}",
        "",
    ]
    if failures:
        rows = [
            (
                f"**{_verdict(check.verdict, language)}** {escaped(check.title)}",
                escaped(_seen(check)),
                "; ".join(f"{escaped(titles.get(rule, ''))} ({_code(rule)})" for rule in check.rules[:4]),
                _code(place) if (place := _place(check)) else words["unknown"],
            )
            for check in failures[:MAX_FAILURES]
        ]
        lines += [f"## {words['fix']}", "", *pipe_table(words["heads"].split("|"), rows), ""]
        if len(failures) > MAX_FAILURES:
            lines += [words["more"].format(count=len(failures) - MAX_FAILURES), ""]
        for check in failures[:MAX_FAILURES]:
            lines += _failure(check, words)
    if undecided:
        reasons = [(escaped(each.title), _verdict(each.verdict, language), escaped(each.reason)) for each in undecided]
        lines += [f"## {words['undecided']}", "", *pipe_table(words["undecided_heads"].split("|"), reasons), ""]
    lines += [f"## {words['rules']}", ""]
    lines += [
        *pipe_table(
            words["rules_heads"].split("|"), [(_verdict(name, language), str(n)) for name, n in counts.items() if n]
        ),
        "",
    ]
    return [*lines, words["caution"], ""]


def _verdict(verdict: str, language: Language) -> str:
    from ..pages.language import in_chinese

    return in_chinese(verdict) if language == "zh" else verdict


def _failure(check: CheckResult, words: Mapping[str, str]) -> list[str]:
    if check.finding is None:
        return []
    lines = [f"### {escaped(check.title)}", ""]
    lines += [f"{words['expected']}: {escaped(check.finding.expected)}", ""]
    lines += [f"{words['observed']}: {escaped(check.finding.seen)}", ""]
    if check.finding.wrong_at:
        lines += [f"{words['where']}: {escaped(check.finding.wrong_at)}", ""]
    if check.finding.curl and len(check.finding.curl) <= MAX_COMMANDS:
        lines += [f"{words['reproduce']}:", "", *fenced(check.finding.curl, "sh"), ""]
    return lines


def _name(report: Report) -> str:
    return one_line(report.target.name or report.target.transport, 80)


def _seen(check: CheckResult) -> str:
    return one_line(check.finding.seen if check.finding else check.reason, 200)


def _place(check: CheckResult) -> str:
    origins = [step.origin for step in check.finding.steps if step.origin] if check.finding else []
    return one_line(origins[-1], 120).replace("`", "") if origins else ""


def _runs(runs: Sequence[Run], words: Mapping[str, str]) -> list[str]:
    from shenhe.simulator import RunError, compare

    from ..figures.figures import names

    named = dict(zip(names(runs), runs, strict=True))
    lines = [f"# {words['runs']}", "", words["model"], ""]
    for name, run in named.items():
        lines += [f"* **{escaped(name)}**: {escaped(run.scenario.title)}"]
    heads = [words["outcome"], *(part for name in named for part in (f"{name}, {words['mean']}", words["interval"]))]
    rows = [
        (escaped(_titled(row)), *(cell for run in runs for cell in _cells(run, str(metric), words)))
        for metric, row in runs[0].summary.iterrows()
    ]
    lines += ["", f"## {words['outcomes']}", "", *pipe_table(heads, rows), ""]
    first, *others = named.items()
    for name, run in others:
        try:
            found = compare(first[1], run)
        except RunError as error:
            lines += [escaped(str(error)), ""]
            continue
        shifts = [
            (
                escaped(_titled(row)),
                quantity(float(row["mean_a"]), row["unit"]),
                quantity(float(row["mean_b"]), row["unit"]),
                change(float(row["difference"]), row["unit"]),
                shown_change(row, median=words["median"]),
            )
            for row in found.table.to_dict("records")
        ]
        title = words["differences"].format(a=escaped(first[0]), b=escaped(name))
        lines += [f"## {title}", "", *pipe_table(words["difference_heads"].split("|"), shifts), ""]
    return lines


def _titled(row: Any) -> str:
    return f"{row['title']} ({row['unit']})" if row["unit"] not in ("", "share") else str(row["title"])


def _cells(run: Run, metric: str, words: Mapping[str, str]) -> tuple[str, str]:
    if metric not in run.summary.index:
        return "–", "–"
    row: Any = run.summary.loc[metric]
    unit = str(row["unit"])
    return quantity(float(row["mean"]), unit), shown_interval(row, words["median"])


def pipe_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A pipe table, a line per row."""
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |"]
    return lines + [f"| {' | '.join(cells)} |" for cells in rows]


def escaped(text: str) -> str:
    """Text in which nothing acts as Markdown or HTML, on one line.

    >>> escaped("a|b <img> [x](y)")
    'a\\|b \\<img\\> \\[x\\](y)'
    """
    words = one_line(text, 600).replace("\\", "\\\\")
    return "".join(f"\\{character}" if character in "`*_[]<>|#~" else character for character in words)


def _code(text: str) -> str:
    """A short text as code; one that holds anything but names and places stays escaped text."""
    return f"`{text}`" if re.fullmatch(r"[\w./:@,+-]{1,300}", text) else escaped(text)


def fenced(text: str, language: str) -> list[str]:
    """A code block whose fence is longer than any inside; characters that are not seen are written out."""
    text = visible(text)
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"{fence}{language}", *text.rstrip().splitlines(), fence]
