"""A chain on a terminal: each check with its verdict, and the hops of those that do not pass."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from shenhe.conformance.chain.result import ChainCheck, ChainReport
from shenhe.core.text import one_line

_STYLES = {
    "pass": ("✓", "green"),
    "fail": ("✗", "bold red"),
    "error": ("!", "bold red"),
    "inconclusive": ("?", "magenta"),
    "review": ("◐", "yellow"),
    "not applicable": ("–", "dim"),
}
_SEEN = 200


def print_check(check: ChainCheck, console: Console | None = None) -> None:
    """Print one check, and its hops unless it passes."""
    console = console or Console(highlight=False)
    result = check.result
    sign, style = _STYLES[result.verdict]
    console.print(Text.assemble((f"{sign} {result.verdict}", style), f"  {result.title}"))
    if result.verdict in ("pass", "not applicable"):
        if result.reason:
            console.print(Text(f"    {one_line(result.reason, _SEEN)}", "dim"))
        return
    for hop in check.hops:
        sign, style = _STYLES[hop.verdict]
        seen = f": {one_line(hop.seen, _SEEN)}" if hop.seen else ""
        console.print(Text.assemble(("    " + sign, style), f" {hop.target}, {hop.step}", (seen, "dim")))


def print_chain(chain: ChainReport, console: Console | None = None) -> None:
    """Print the targets and every check."""
    console = console or Console(highlight=False)
    beside = f"; beside it {', '.join(chain.beside)}" if chain.beside else ""
    console.print(Text.assemble((chain.name, "bold"), f"  {' → '.join(chain.links)}{beside}; law of {chain.on}"))
    for check in chain.checks:
        print_check(check, console)
    console.print(
        f"\n{chain.summary.requests:,} requests, {chain.timing.seconds:.1f} s, exit code {chain.summary.exit_code}"
    )
