"""A fleet on a terminal: the ranking, the providers that could not be checked, and the most frequent failures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from shenhe.core.text import one_line

if TYPE_CHECKING:
    from shenhe.conformance.fleet import Fleet, FleetRow

#: The result of one provider by exit code, with its style.
CONCLUSIONS = {
    0: ("passed", "green"),
    1: ("failed", "bold red"),
    2: ("configuration error", "bold red"),
    3: ("not fully verified", "yellow"),
}
#: Why a provider has no rank.
UNJUDGED = {
    "checked": "no rule could be decided",
    "cut short": "no rule was decided within the time limit",
    "gone": "does not respond",
    "not usable": "unusable binding",
    "stopped": "killed at the time limit",
    "broken": "crashed without a result",
    "not run": "not run",
}
TOP_RULES = 5
_NAME = 40
_REASON = 300
_WIDE = 80


def print_league(fleet: Fleet, console: Console | None = None) -> None:
    """Print the ranking, then the providers without a rank, then the most frequent failures."""
    console = console or Console(highlight=False)
    judged = [provider for provider in fleet.providers if provider.rank is not None]
    others = [provider for provider in fleet.providers if provider.rank is None]
    console.print(
        Text.assemble(
            (f"{len(fleet.providers)} provider{'s' if len(fleet.providers) != 1 else ''}", "bold"),
            f"  level {fleet.options.level}; law of {one_line(fleet.on, 20)}; seed {fleet.options.seed}",
        )
    )
    if judged:
        console.print()
        console.print(_table(judged, console.width))
    if others:
        console.print(Text("\nnot ranked", "dim"))
        for provider in others:
            reason = UNJUDGED[provider.outcome]
            console.print(Text.assemble(f"  {called(provider, _NAME)}  ", (reason, CONCLUSIONS[provider.exit_code][1])))
            if provider.detail:
                console.print(Padding(Text(first_line(provider.detail), "dim"), (0, 0, 0, 4)))
    cut = [provider for provider in judged if provider.outcome in ("cut short", "gone")]
    if cut:
        console.print(Text("\nstopped early", "dim"))
        for provider in cut:
            console.print(Text.assemble(f"  {called(provider, _NAME)}  ", (first_line(provider.detail), "dim")))
    broken = Counter(rule for provider in fleet.providers for rule in provider.failed).most_common(TOP_RULES)
    if broken:
        console.print(Text("\nmost frequent failures", "dim"))
        for rule, number in broken:
            console.print(Text.assemble(f"  {number:>4}  ", one_line(rule, 80)))


def called(provider: FleetRow, limit: int = 60) -> str:
    """The name that a provider's binding gives it, or else the name of the file."""
    name = provider.target.name if provider.target is not None else provider.binding
    return one_line(name, limit) or one_line(provider.binding, limit)


def decided_share(provider: FleetRow) -> str:
    """The share of the applicable rules that were decided, such as ``39/41``."""
    return f"{provider.decided}/{provider.applicable}"


def first_line(detail: str, limit: int = _REASON) -> str:
    """The first line of a reason, made inert, and how many more there are."""
    first, *others = detail.splitlines() or [""]
    words = one_line(first, limit)
    return f"{words} (and {len(others)} more)" if others else words


def _table(providers: list[FleetRow], width: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", justify="right", no_wrap=True)
    with_baselines = any(provider.baseline for provider in providers)
    # A narrow terminal has no room for the share; the counts beside it say nearly as much.
    with_share = width >= _WIDE
    # On a narrow terminal, names are cut, numbers are not.
    table.add_column(
        "provider",
        max_width=max(12, min(_NAME, width - (70 if with_baselines else 60) - (9 if with_share else 0))),
        no_wrap=True,
    )
    table.add_column("", no_wrap=True)
    for head in ("passed", "failed", "not verified", *(("decided",) if with_share else ())):
        table.add_column(head, justify="right", no_wrap=True)
    if with_baselines:
        table.add_column("accepted", justify="right", no_wrap=True)
    for provider in providers:
        words, style = CONCLUSIONS[provider.exit_code]
        cells = [
            Text(f"{provider.rank}."),
            Text(called(provider, _NAME)),
            Text(words, style),
            _count(provider.counts.get("pass", 0), "green"),
            _count(len(provider.failed), "bold red"),
            _count(len(provider.unverified), "yellow"),
            *([Text(decided_share(provider))] if with_share else []),
        ]
        if with_baselines:
            cells.append(_count(provider.baseline.accepted if provider.baseline else 0, ""))
        table.add_row(*cells)
    return table


def _count(number: int, style: str) -> Text:
    return Text(str(number), style) if number else Text("·", "dim")
