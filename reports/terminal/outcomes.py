"""Results of simulations on a terminal: outcomes of a run, and of two runs side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shenhe.core.text import one_line

from ..quantities import change, quantity, shown_change, shown_interval

Breakdown = Literal["size", "behaviour", "authority"]

if TYPE_CHECKING:
    from shenhe.simulator import Comparison, Run, Scenario

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
            shown_interval(row),
        )
    console.print(table)
    _print_few(console, run.replications)
    _print_notices(console, run.scenario)
    _print_medians(console, [rows[name] for name in _headlines(rows)] if run.replications > 1 else [])
    _print_skewed(console, [str(rows[name]["title"]) for name in _headlines(rows) if _hangs_on_few(run, name, rows)])
    if run.replications == 1:
        console.print(Text("one replication has no interval; pass --replications 20 or more", "yellow"))


def print_comparison(
    comparison: Comparison,
    console: Console | None = None,
    metrics: Iterable[str] | None = None,
    by: Breakdown | None = None,
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
    _print_notices(console, a.scenario)
    _print_medians(console, [rows[name] for name in chosen] if pairs > 1 else [])
    _print_skewed(
        console,
        [
            str(row["title"])
            for row in (rows[name] for name in chosen)
            if row["skewed"] and row["interval_of"] == "mean"
        ],
    )
    console.print(
        Text(
            f"bold: beyond chance with all rows taken together ({len(comparison.table)} outcomes, or the breakdown;"
            " simultaneous 95 % intervals, max-t). ~: only the interval shown, of this row alone, excludes zero; of"
            " twenty rows without an effect, one does so by chance.",
            "dim",
        )
    )


def _hangs_on_few(run: Run, metric: str, rows: Mapping[str, Any]) -> bool:
    from shenhe.simulator.runs.intervals import too_skewed

    return rows[metric]["interval_of"] == "mean" and too_skewed(run.values(metric))


def _print_few(console: Console, replications: int) -> None:
    """Warn where intervals rest on so few replications that their coverage is not known."""
    from shenhe.simulator.runs.intervals import FEW

    if 1 < replications < FEW:
        console.print(
            Text(f"{replications} replications: below {FEW}, 95 % intervals may cover less than they say", "yellow")
        )


def _print_notices(console: Console, scenario: Scenario) -> None:
    """Warn of size classes that have less than one member at the scale of the run."""
    for sentence in scenario.population.notices:
        console.print(Text(sentence, "yellow"))


def _print_medians(console: Console, rows: Iterable[Mapping[Any, Any]]) -> None:
    """Say why intervals are those of medians, or missing, for outcomes that differ or happen at all."""
    lacking = [
        row for row in rows if row["interval_of"] != "mean" and row["difference" if "difference" in row else "mean"]
    ]
    named = [str(row["title"]).split(":")[0] for row in lacking]
    if named:
        console.print(
            Text(
                f"too few replications for an interval of the mean of: {', '.join(named)}. It rests on rare or very"
                " large events. (median): the interval of the median instead. --precision 5% --watch harm finds out how"
                " many replications it takes",
                "yellow",
            )
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

    # Levers decide and rule ids only name: they come last.
    found = sorted(comparison.differences, key=lambda each: each.path.endswith((".rule", ".penalty")))
    if not found:
        console.print(Text("A and B have the same parameters.\n"))
        return
    console.print(Text(f"{len(found)} parameters differ:" if len(found) > 1 else "One parameter differs:"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    # Names of levers stay whole where there is room, and the values wrap.
    shown = [(source_of(each.path), each) for each in found[:MANY_DIFFERENCES]]
    named = min(max(len(each.path) for _, each in shown), console.width // 2 - 4)
    left = console.width - max(len(source) for source, _ in shown) - named - 3 * 2
    table.add_column("parameter", overflow="fold", width=named)
    for name in ("A", "B"):
        table.add_column(name, overflow="fold", max_width=max(left // 2, 8))
    for source, each in shown:
        table.add_row(Text(source, "dim"), Text(one_line(each.path, 80)), *map(_parameter, (each.a, each.b)))
    console.print(table)
    if len(found) > MANY_DIFFERENCES:
        console.print(Text(f"  and {len(found) - MANY_DIFFERENCES} more; --json lists them all", "dim"))
    console.print()


def _parameter(value: object) -> Text:
    if value is None:
        return Text("–", "dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, int | float):
        return Text(f"{value:,.15g}")
    listed = value if isinstance(value, list) else [value]
    return Text(one_line(", ".join(map(str, listed)), 80))


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
        shown_change(row) + mark,
        style="bold" if together else "",
    )


def _print_breakdown(console: Console, comparison: Comparison, by: Breakdown) -> None:
    frame, key = getattr(comparison, f"by_{by}"), "size_class" if by == "size" else by
    console.print()
    table = _numbers("by size class" if by == "size" else f"by {by}", "A", "B", "B − A", "95 % interval")
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
