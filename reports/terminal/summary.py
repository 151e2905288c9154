"""Results on a terminal: what was decided, what failed and why, what to look at next.

A summary fits on a screen. Text that a provider sent is made visible and is never read as markup; colour is used on a
terminal only (rich sees to that, and to ``NO_COLOR``).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from shenhe.core.text import cut, one_line, visible

from ..quantities import change, change_interval, interval, quantity

if TYPE_CHECKING:
    from shenhe.conformance.report import CheckResult, Report, RuleResult
    from shenhe.simulator import Comparison, Run

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

#: The outcomes that a summary shows, in this order, in words short enough for a terminal; a report has them all.
HEADLINES = {
    "compliance": "Compliance",
    "violations": "Violations",
    "harm": "Harm",
    "cases_opened": "Cases opened",
    "action_p50": "Time to action, median",
    "action_p95": "Time to action, 95th pct",
    "backlog_mean": "Cases waiting, mean",
    "warnings": "Interviews and warnings",
    "rectification_orders": "Orders to rectify",
    "fines_imposed": "Fines, number",
    "fines": "Fines, net",
    "update_suspensions": "Updates suspended",
    "registration_suspensions": "Registration suspended",
    "service_suspensions": "Services suspended",
    "removal_orders": "Removal orders",
    "revocations": "Revocations",
    "delistings": "Removals from stores",
    "wrongful_share": "Wrongful sanctions",
    "recidivism": "Repeat offenders",
    "exits": "Providers giving up",
    "active_end": "Providers at the end",
}


#: Costs, shown below the headlines of a comparison.
COSTS = {"regulator_cost": "Cost to the regulator", "compliance_cost": "Cost of compliance effort"}
#: Differences of parameters that a terminal lists; a comparison of two laws has dozens.
MANY_DIFFERENCES = 24


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
    """One line, cut at the width of the terminal."""
    console.print(text, no_wrap=True, overflow="ellipsis")


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
    if finding.case:
        _fact(console, "case", one_line(finding.case, 300))
    lines = [line for line in visible(cut(finding.curl.strip(), 20_000)).split("\n") if line]
    if lines:
        console.print(Text("  reproduce with", "dim"))
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


def print_run_summary(run: Run, console: Console | None = None) -> None:
    """The outcomes that matter most, each with its mean and 95 % interval over replications."""
    console = console or Console(highlight=False)
    _print_head(console, run.scenario.title, run)
    table = _numbers("outcome", "mean", "95 % interval")
    rows = {str(metric): row for metric, row in run.summary.to_dict("index").items()}
    for metric in _headlines(rows):
        row = rows[metric]
        unit = str(row["unit"])
        table.add_row(
            _named(metric, row["title"], unit),
            quantity(row["mean"], unit),
            interval(row["lo95"], row["hi95"], unit),
        )
    console.print(table)
    _print_few(console, run.replications)
    _print_skewed(console, [str(rows[name]["title"]) for name in _headlines(rows) if _hangs_on_few(run, name)])
    if run.replications == 1:
        console.print(Text("one replication has no interval; pass --replications 20 or more", "yellow"))


def print_comparison(
    comparison: Comparison,
    console: Console | None = None,
    metrics: Iterable[str] | None = None,
    by: Literal["size", "behaviour"] | None = None,
    prices: Mapping[str, float] | None = None,
) -> None:
    """What differs between two runs, their outcomes side by side with the paired difference, and the cost.

    ``metrics`` are those of ``HEADLINES`` and compliance by size class, or the ones named; ``by`` adds a breakdown,
    ``prices`` (RMB per unit of an outcome) a sum in money. What differs beyond chance is bold.
    """
    console = console or Console(highlight=False)
    a, b = comparison.a, comparison.b
    console.print(
        Text.assemble(("A  ", "dim"), (one_line(a.scenario.title, 200), "bold"), (f"  ({a.scenario.name})", "dim"))
    )
    console.print(
        Text.assemble(("B  ", "dim"), (one_line(b.scenario.title, 200), "bold"), (f"  ({b.scenario.name})", "dim"))
    )
    pairs = min(a.replications, b.replications)
    console.print(Text(f"{pairs} pairs of replications on the same random numbers; seed {a.seed}\n", "dim"))
    _print_differences(console, comparison)
    table = _numbers("outcome", "A", "B", "B − A", "95 % interval")
    rows = {str(row["metric"]): row for row in comparison.table.to_dict("records")}
    chosen = list(_headlines(rows) if metrics is None else metrics)
    if metrics is None:
        chosen += [name for name in COSTS if name in rows]
    for metric in chosen:
        _add_difference(table, _named(metric, rows[metric]["title"], str(rows[metric]["unit"])), rows[metric])
    console.print(table)
    if by is not None:
        _print_breakdown(console, comparison, by)
    _print_price(console, comparison)
    if prices:
        _print_sum(console, comparison, prices)
    _print_few(console, pairs)
    _print_skewed(console, [str(rows[name]["title"]) for name in chosen if rows[name]["skewed"]])
    console.print(
        Text(
            f"bold: beyond chance with all rows taken together ({len(comparison.table)} outcomes, or the breakdown;"
            " simultaneous 95 % intervals, max-t). ~: only the interval shown, of this row alone, excludes zero; of"
            " twenty rows without an effect, one does so by chance.",
            "dim",
        )
    )


def _hangs_on_few(run: Run, metric: str) -> bool:
    from shenhe.simulator.runs.intervals import too_skewed

    return too_skewed(run.outcomes[metric].to_numpy(dtype=float))


def _print_few(console: Console, replications: int) -> None:
    """Warn where intervals rest on so few replications that their coverage is not known."""
    from shenhe.simulator.runs.intervals import FEW

    if 1 < replications < FEW:
        console.print(
            Text(f"{replications} replications: below {FEW}, 95 % intervals may cover less than they say", "yellow")
        )


def _print_skewed(console: Console, titles: list[str]) -> None:
    """Name the outcomes whose mean hangs on a few replications."""
    if titles:
        console.print(
            Text(
                f"a few replications decide the mean of: {', '.join(titles)}. Their 95 % intervals may cover less than"
                " they say; use more replications",
                "yellow",
            )
        )


def _print_differences(console: Console, comparison: Comparison) -> None:
    """The parameters in which the two scenarios differ, with what each belongs to."""
    from shenhe.simulator.runs.comparison import source_of

    found = comparison.differences
    if not found:
        console.print(Text("A and B have the same parameters.\n"))
        return
    console.print(Text(f"{len(found)} parameters differ:" if len(found) > 1 else "One parameter differs:"))
    table = Table(box=None, padding=(0, 2, 0, 2), pad_edge=True, header_style="dim")
    for name in ("", "parameter", "A", "B"):
        table.add_column(name)
    for each in found[:MANY_DIFFERENCES]:
        table.add_row(
            Text(source_of(each.path), "dim"), Text(one_line(each.path, 80)), *map(_parameter, (each.a, each.b))
        )
    console.print(table)
    if len(found) > MANY_DIFFERENCES:
        console.print(Text(f"  and {len(found) - MANY_DIFFERENCES} more; --json lists them all", "dim"))
    console.print()


def _parameter(value: object) -> Text:
    return Text("–", "dim") if value is None else Text(one_line(str(value), 40))


def _add_difference(table: Table, name: Text, row: dict[Any, Any]) -> None:
    unit = str(row["unit"])
    alone = row["lo95"] > 0 or row["hi95"] < 0
    together = alone and (row["lo_all"] > 0 or row["hi_all"] < 0)
    mark = "" if together or not alone else " ~"
    table.add_row(
        name,
        quantity(row["mean_a"], unit),
        quantity(row["mean_b"], unit),
        change(row["difference"], unit),
        change_interval(row["lo95"], row["hi95"], unit) + mark,
        style="bold" if together else "",
    )


def _print_breakdown(console: Console, comparison: Comparison, by: Literal["size", "behaviour"]) -> None:
    frame, key = (comparison.by_size, "size_class") if by == "size" else (comparison.by_behaviour, "behaviour")
    console.print()
    table = _numbers("by size class" if by == "size" else "by behaviour", "A", "B", "B − A", "95 % interval")
    before = None
    for row in frame.to_dict("records"):
        if not (row["mean_a"] or row["mean_b"]):
            continue
        if row[key] != before:
            table.add_row(Text(one_line(str(row[key]), 60), "bold"))
            before = row[key]
        name = Text(f"  {row['title']}")
        if row["unit"]:
            name.append(f", {row['unit']}", "dim")
        _add_difference(table, name, row)
    console.print(table)


def _print_price(console: Console, comparison: Comparison) -> None:
    price, low, high = comparison.cost_per_harm_avoided
    if math.isfinite(price) and price > 0:
        between = f" ({quantity(low)} to {quantity(high)})" if math.isfinite(low) else ""
        console.print(
            Text(f"\nEach user-day of harm that B avoids costs the regulator {quantity(price)} RMB{between} more.")
        )


def _print_sum(console: Console, comparison: Comparison, prices: Mapping[str, float]) -> None:
    table = Table(box=None, pad_edge=False, title="In RMB, at the prices given", title_justify="left")
    for head in ("", "price per unit", "B costs more by", "from", "to"):
        table.add_column(head, justify="right" if head else "left", overflow="fold")
    for row in comparison.priced(prices).to_dict("records"):
        whole = row["metric"] == "total"
        price = "" if whole else quantity(row["price"])
        amounts = [quantity(row[name]) for name in ("difference", "lo95", "hi95")]
        table.add_row(str(row["title"]), price, *amounts, style="bold" if whole else "")
    console.print()
    console.print(table)


def _print_head(console: Console, title: str, run: Run) -> None:
    scenario = run.scenario
    console.print(Text.assemble((one_line(title, 200), "bold"), (f"  ({scenario.name})", "dim")))
    console.print(
        Text(
            f"{scenario.population.simulated:,} providers, {scenario.horizon:,.0f} days from {scenario.start}; "
            f"{run.replications} replications; seed {run.seed}\n",
            "dim",
        )
    )


def _numbers(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _headlines(metrics: Iterable[str]) -> list[str]:
    names = list(metrics)
    by_class = [name for name in names if name.startswith("compliance_") and name != "compliance_cost"]
    # Only scenarios with capital or with authorities have these.
    particular = [name for name in names if name.startswith(("insolvencies_", "spent_", "unfunded_"))]
    first, *others = HEADLINES
    chosen = [first, *by_class, *others, *particular]
    return [name for name in chosen if name in names]


def _named(metric: str, title: object, unit: str) -> Text:
    words = Text((HEADLINES | COSTS).get(metric) or one_line(str(title), 120))
    if unit and unit != "share":
        words.append(f", {unit}", "dim")
    return words
