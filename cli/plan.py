"""What a run of ``shenhe check`` would cost, before it is sent."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

from .output import echo_json

if TYPE_CHECKING:
    from shenhe.conformance.provider import Provider


def print_plan(provider: Provider, chosen: dict[str, Any], price: float | None, *, as_json: bool) -> None:
    """What a run would send, by operation, and what it would cost."""
    from shenhe.conformance.engine.rehearsal import plan_of
    from shenhe.conformance.engine.target import target_of

    planned = plan_of(provider, target_of(provider), **chosen)
    cost = None if price is None else round(planned.paid * price, 4)
    if as_json:
        document = {"requests": planned.requests, "paid": planned.paid, "cost": cost, "calls": dict(planned.calls)}
        echo_json(json.dumps(document, indent=1))
        return
    typer.echo(f"about {planned.requests:,} requests, {planned.paid:,} of them paid calls (generate, edit)")
    if cost is not None:
        typer.echo(f"about {cost:,.2f} at {price:g} per paid call")
    for operation, count in planned.calls.items():
        typer.echo(f"  {operation:<16} {count:>6,}")
    typer.echo("Counted against a simulated lawful target; an operation of several requests counts once.")


def affordable(
    provider: Provider, chosen: dict[str, Any], price: float | None, max_cost: float, most: int | None
) -> int:
    """How many paid calls a run may make. Asks before a run that is likely to need more."""
    if not price:
        raise typer.BadParameter("give the price of one paid call with --price", param_hint="--max-cost")
    from shenhe.conformance.engine.rehearsal import plan_of
    from shenhe.conformance.engine.target import target_of

    # A quotient such as 0.3 / 0.1 must not lose a call to rounding.
    buys = int(max_cost / price + 1e-9)
    planned = plan_of(provider, target_of(provider), **chosen)
    if planned.paid > buys:
        needed = f"this run needs about {planned.paid:,} paid calls ({planned.paid * price:,.2f})"
        if sys.stdin.isatty():
            typer.confirm(f"{needed}, and {max_cost:g} buys {buys:,}; run what it buys?", abort=True, err=True)
        else:
            typer.echo(f"shenhe: {needed}; only {buys:,} are made", err=True)
    return buys if most is None else min(buys, most)
