"""What a run of ``shenhe check`` would cost and take, before it is sent."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from .output import echo_json

if TYPE_CHECKING:
    from shenhe.conformance.bindings.client.charges import Charges
    from shenhe.conformance.engine.rehearsal import Plan
    from shenhe.conformance.provider import Provider


def print_plan(
    provider: Provider,
    chosen: dict[str, Any],
    price: float | None,
    limits: Mapping[str, int | None] | None = None,
    max_cost: float | None = None,
    *,
    workers: int,
    as_json: bool,
) -> None:
    """What a run would send, by operation, what it would cost, how long it would take, and which limits would end it
    before that.
    """
    planned, charges = _planned(provider, chosen), _charges(provider, price)
    cost, seconds = charges.cost(planned.calls), charges.duration(planned.calls, workers)
    counts = {"--max-requests": planned.requests, "--max-generations": planned.paid, "--max-cost": cost}
    reached = [
        name
        for name, most in (*(limits or {}).items(), ("--max-cost", max_cost))
        if most is not None and (count := counts[name]) is not None and count > most
    ]
    if as_json:
        document = {
            "requests": planned.requests,
            "paid": planned.paid,
            "cost": None if cost is None else round(cost, 4),
            "seconds": round(seconds, 1),
            "limits_reached": reached,
            "calls": dict(planned.calls),
        }
        echo_json(json.dumps(document, indent=1))
        return
    typer.echo(f"about {planned.requests:,} requests, {planned.paid:,} of them paid calls (generate, edit)")
    if cost is None:
        typer.echo("no price is known: declare target.price in the binding, or pass --price")
    else:
        typer.echo(f"about {cost:,.2f}{_each(charges)}")
    typer.echo(f"about {_time(seconds)}{'' if charges.seconds else ' (assumed; declare target.seconds)'}")
    if reached:
        typer.echo(
            f"{' and '.join(reached)} would end the run before that: the rules that cost least are decided first"
        )
    for operation, calls in planned.calls.items():
        typer.echo(f"  {operation:<16} {calls:>6,}")
    typer.echo("Counted against a simulated lawful target; an operation of several requests counts once.")


def affordable(
    provider: Provider, chosen: dict[str, Any], price: float | None, max_cost: float, most: int | None
) -> int:
    """How many paid calls a run may make. Asks before a run that is likely to need more."""
    charges = _charges(provider, price)
    dearest = charges.dearest()
    if not dearest:
        raise typer.BadParameter(
            "give the price of one paid call with --price, or declare target.price in the binding",
            param_hint="--max-cost",
        )
    # A quotient such as 0.3 / 0.1 must not lose a call to rounding.
    buys = int(max_cost / dearest + 1e-9)
    planned = _planned(provider, chosen)
    if planned.paid > buys:
        cost = charges.cost(planned.calls) or 0.0
        needed = f"this run needs about {planned.paid:,} paid calls ({cost:,.2f})"
        if _asks():
            typer.confirm(f"{needed}, and {max_cost:g} buys {buys:,}; run what it buys?", abort=True, err=True)
        else:
            typer.echo(f"shenhe: {needed}; only {buys:,} are made", err=True)
    return buys if most is None else min(buys, most)


def _asks() -> bool:
    """Whether a person is there to answer a question."""
    return sys.stdin.isatty()


def _planned(provider: Provider, chosen: dict[str, Any]) -> Plan:
    from shenhe.conformance.engine.rehearsal import plan_of
    from shenhe.conformance.engine.target import target_of

    return plan_of(provider, target_of(provider), **chosen)


def _charges(provider: Provider, price: float | None) -> Charges:
    """What the binding declares; a price on the command line takes its place."""
    from shenhe.conformance.bindings.client.charges import Charges

    declared = getattr(provider, "charges", None) or Charges()
    return declared if price is None else replace(declared, price=price)


def _each(charges: Charges) -> str:
    if isinstance(charges.price, float | int):
        return f" at {charges.price:g} per paid call"
    return " at " + ", ".join(f"{price:g} per {name}" for name, price in (charges.price or {}).items())


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
