"""Results on a terminal: what was decided, what failed and why, what to look at next.

A summary fits on a screen. Text that a provider sent is made visible and is never read as markup; colour is used on a
terminal only (rich sees to that, and to ``NO_COLOR``).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from shenhe.core.text import cut, one_line, visible

if TYPE_CHECKING:
    from shenhe.conformance.report import CheckResult, Report, RuleResult

#: Verdicts in the order of the summary, with the mark and the style of each.
VERDICTS: dict[str, tuple[str, str]] = {
    "error": ("!", "bold red"),
    "fail": ("✗", "bold red"),
    "inconclusive": ("?", "magenta"),
    "review": ("◐", "yellow"),
    "pass": ("✓", "green"),
    "not applicable": ("–", "dim"),
}
#: Findings printed in full; the others are only named. Fifty failures are for a report, not for a terminal.
FULL_FINDINGS = 8
#: Causes of failures that are shown without ``verbose``: with details, and in all.
DETAILED = 3
MOST_CAUSES = 7
NOT_VERIFIED = ("inconclusive", "review")
CURL_LINES = 36
CURL_WIDTH = 1500
SHORT_REASONS = 12


def print_check_summary(report: Report, console: Console | None = None, *, verbose: bool = False) -> None:
    """Print what a conformance run concluded: failures first, grouped by cause, then what could not be verified.

    It fits on a screen. ``verbose`` adds verdicts by behaviour, and each failure with its case and the shortest
    sequence of requests as curl.
    """
    console = console or Console(highlight=False)
    target = report.target
    console.print(
        Text.assemble(
            (one_line(target.name, 80), "bold"),
            f"  {one_line(target.transport, 20)}, environment {one_line(target.environment, 20)}"
            f"; level {report.level}; law of {one_line(report.on, 10)}; seed {report.seed}"
            + (f", salt {one_line(report.salt, 40)}" if report.salt else ""),
        )
    )
    console.print(_counts(report))
    failed = [check for check in report.checks if check.verdict in ("fail", "error")]
    if verbose:
        console.print()
        console.print(_behaviours(report.rules))
        _print_failures(report, failed, console)
        _print_open(report.checks, console)
    else:
        _print_causes(report.checks, console)
    _print_tail(report, console, failed=bool(failed), verbose=verbose)


def _print_failures(report: Report, failed: list[CheckResult], console: Console) -> None:
    """Each failure in full, up to a limit, and the titles of the others."""
    rules = {rule.rule: rule for rule in report.rules}
    for check in failed[:FULL_FINDINGS]:
        console.print()
        _print_failure(check, rules, console)
    if len(failed) > FULL_FINDINGS:
        console.print(Text(f"\n{len(failed) - FULL_FINDINGS} more checks failed:"))
        for check in failed[FULL_FINDINGS:]:
            console.print(_line(check.verdict, check.title, ", ".join(check.rules)))


def _causes(checks: Iterable[CheckResult]) -> list[list[CheckResult]]:
    """Checks grouped by their reason, in the order of the report."""
    groups: dict[tuple[str, str], list[CheckResult]] = {}
    for check in checks:
        groups.setdefault((check.verdict, _cause(check)), []).append(check)
    return list(groups.values())


def _cause(check: CheckResult) -> str:
    """Why a check has its verdict, without the case that it was seen in where that does not matter."""
    if check.verdict == "inconclusive" and check.causes:
        return check.causes[0]
    return check.finding.seen if check.finding else check.reason


def _print_causes(checks: Iterable[CheckResult], console: Console) -> None:
    """Failures by cause, the gravest with the line to correct, then the causes of what was not verified."""
    for verdicts, detailed, most in ((("error",), 1, 3), (("fail",), DETAILED, MOST_CAUSES), (NOT_VERIFIED, 0, 4)):
        groups = _causes(check for check in checks if check.verdict in verdicts)
        if groups:
            console.print()
        for number, group in enumerate(groups[:most]):
            _print_cause(group, console, detailed=number < detailed)
        if len(groups) > most:
            _print_cut(console, Text(f"  … and {len(groups) - most} more: -v", "dim"))


def _print_cause(group: list[CheckResult], console: Console, *, detailed: bool) -> None:
    first = group[0]
    mark, style = VERDICTS.get(first.verdict, ("?", ""))
    reason = one_line(_cause(first), 600) or "no reason was given"
    if first.verdict in NOT_VERIFIED:
        count = f" ({len(group)} checks)" if len(group) > 1 else ""
        _print_cut(console, Text.assemble((f"{mark} {first.verdict}", style), f"  {reason}{count}"))
        return
    count = f" and {len(group) - 1} more checks" if len(group) > 1 else ""
    _print_cut(
        console, Text.assemble((f"{mark} {first.verdict}", style), "  ", (one_line(first.title, 300), "bold"), count)
    )
    if detailed:
        _print_cut(console, Text.assemble("  ", (reason, "red")))
        origin = (
            next((step.origin for step in reversed(first.finding.steps) if step.origin), "") if first.finding else ""
        )
        rules = ", ".join(one_line(rule, 80) for rule in first.rules[:3])
        _print_cut(
            console,
            Text("  " + "; ".join(filter(None, (one_line(first.name, 80), rules, one_line(origin, 120)))), "dim"),
        )


def _print_cut(console: Console, text: Text) -> None:
    """One line, cut at the width of a terminal. A file or a CI log has no width, and keeps it whole."""
    if console.is_terminal or "COLUMNS" in os.environ:
        console.print(text, no_wrap=True, overflow="ellipsis")
    else:
        console.print(text, soft_wrap=True)


def _counts(report: Report) -> Text:
    counts = report.summary.counts
    text = Text()
    for verdict, (mark, style) in VERDICTS.items():
        if number := counts.get(verdict, 0):  # type: ignore[call-overload]  # the keys of VERDICTS are the verdicts
            text.append(f"{mark} {number} {verdict}", style)
            text.append("   ")
    if not text:
        text.append("no rule was decided   ", "magenta")
    meaning = {0: "all decided and passed", 1: "something failed", 3: "not fully verified"}.get(
        report.summary.exit_code, ""
    )
    text.append(f"exit code {report.summary.exit_code}: {meaning}")
    return text


def _behaviours(rules: Iterable[RuleResult]) -> Table:
    tally: dict[str, Counter[str]] = {}
    for rule in rules:
        tally.setdefault(rule.behaviour, Counter())[rule.verdict] += 1
    shown = [verdict for verdict in reversed(VERDICTS) if any(counter[verdict] for counter in tally.values())]
    shown.sort(key=lambda verdict: verdict != "pass")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("rules on")
    for verdict in shown:
        table.add_column(verdict, justify="right")
    for behaviour, counter in tally.items():
        cells = [
            Text(str(counter[verdict]), VERDICTS[verdict][1]) if counter[verdict] else Text("·", "dim")
            for verdict in shown
        ]
        table.add_row(Text(one_line(behaviour, 40)), *cells)
    return table


def _print_failure(check: CheckResult, rules: dict[str, RuleResult], console: Console) -> None:
    console.print(_line(check.verdict, check.title, check.behaviour))
    for number, name in enumerate(check.rules):
        # The rules of one check say much the same: print the first in full and name the others.
        words = one_line(rules[name].text.en, 300) if number == 0 and name in rules else ""
        _fact(console, one_line(name, 80), words, "bold")
    finding = check.finding
    if finding is None:
        _fact(console, "why", one_line(check.reason, 600) or "no reason was given")
        return
    if finding.expected.strip() != check.title.strip():
        _fact(console, "expected", one_line(finding.expected, 600))
    _fact(console, "observed", one_line(finding.seen, 600), "red")
    if finding.wrong_at:
        _fact(console, "where", one_line(finding.wrong_at, 200))
    if finding.case:
        _fact(console, "case", one_line(finding.case, 300))
    if finding.difference:
        _fact(console, "what makes the difference", one_line(finding.difference, 300))
    lines = [line for line in visible(cut(finding.curl.strip(), 20_000)).split("\n") if line]
    if lines:
        console.print(Text("  reproduce with", "dim"))
        first = next((number for number, line in enumerate(lines) if line.startswith("# 1. ")), 0)
        if first > 2:
            console.print(Text(f"    … {first} lines that set variables: shenhe export scripts", "dim"))
            lines = lines[first:]
        for line in lines[:CURL_LINES]:
            words = line if len(line) <= CURL_WIDTH else f"{line[:CURL_WIDTH]}… (whole in the report)"
            console.print(Text("    " + words), soft_wrap=True)
        if len(lines) > CURL_LINES:
            console.print(Text(f"    … {len(lines) - CURL_LINES} more lines in the report", "dim"))


def _fact(console: Console, name: str, words: str, style: str = "") -> None:
    console.print(Padding(Text.assemble((name, style or "dim"), "  ", words), (0, 0, 0, 2)))


def _line(verdict: str, title: str, tail: str) -> Text:
    mark, style = VERDICTS.get(verdict, ("?", ""))
    return Text.assemble(
        (f"{mark} {verdict}", style), "  ", (one_line(title, 160), "bold"), "  ", (one_line(tail, 200), "dim")
    )


def _print_open(checks: Iterable[CheckResult], console: Console) -> None:
    undecided = [check for check in checks if check.verdict in ("inconclusive", "review")]
    if not undecided:
        return
    console.print(Text("\nnot verified", "dim"))
    for check in undecided[:SHORT_REASONS]:
        console.print(_line(check.verdict, check.title, ""))
        if check.reason:
            console.print(Padding(Text(one_line(check.reason, 300), "dim"), (0, 0, 0, 4)))
    if len(undecided) > SHORT_REASONS:
        console.print(Text(f"  … and {len(undecided) - SHORT_REASONS} more", "dim"))


def _print_tail(report: Report, console: Console, *, failed: bool, verbose: bool) -> None:
    counts: Counter[str] = Counter(rule.seen_by for rule in report.undecided)
    words = {
        "document": "need a document",
        "nobody": "cannot be observed from outside",
        "probe": "are not covered by this run",
    }
    parts = [f"{counts[key]} {text}" for key, text in words.items() if counts[key]]
    console.print()
    if parts:
        console.print(Text("rules without a verdict: " + ", ".join(parts), "dim"))
    probes = report.summary.probes
    console.print(
        Text(
            f"{report.summary.requests:,} requests, {probes.decided:,} cases judged, {probes.controls:,} controls"
            f" accepted, {report.timing.seconds:.1f} s",
            "dim",
        )
    )
    if failed and not verbose:
        console.print(Text("next: shenhe explain CHECK; -v for the requests; --html FILE for all evidence", "dim"))
