"""Where two engines part: the first moment at which their states differ, and the rows of the log around it.

A draw is keyed and nothing looks ahead, so a run with an earlier horizon is the beginning of the same run. Replaying
both engines up to a day therefore shows the state of that day, and halving finds the first day on which it differs;
neither engine needs to know how to stop.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from pydantic import PrivateAttr

from ..kernel.eventlog import KIND_NAMES, Columns, Row
from ..kernel.replication import Replication
from ..kernel.sameness import OWN, bits_of, differing_fields, same
from ..kernel.state import FIELDS
from ..scenario.schema import Scenario
from .engines import Engine, Prepare, replicate_on

ENGINES = (Engine.SIMPY, Engine.COMPILED)

Replicate = Callable[[float], Replication]
"""Runs one replication up to a horizon, in days."""


class FieldDifference(NamedTuple):
    """A number that differs: which, of which provider (-1: of none), and its value in each engine."""

    field: str
    provider: int
    one: float
    other: float


@dataclass(frozen=True)
class Divergence:
    """Where two engines part.

    ``day``: the first moment at which anything differs; ``differences`` what differs then; ``provider`` the first
    provider concerned (-1: none). ``row``: the first row of the whole log that differs, None where only numbers do;
    ``around``: the rows of each engine from a few before to a few after it (or around the moment), the first of which
    is row ``first``. ``state``: for that provider each number of its state at that moment, as each engine has it.
    """

    day: float
    provider: int
    differences: tuple[FieldDifference, ...]
    row: int | None
    first: int
    around: tuple[tuple[Row, ...], tuple[Row, ...]]
    state: tuple[FieldDifference, ...]


def first_divergence(
    scenario: Scenario,
    seed: int,
    number: int,
    *,
    prepare: Prepare | None = None,
    margin: int = 6,
) -> Divergence | None:
    """Run one replication in both engines; None when they agree, else where they part.

    Takes about twenty replications of each engine. ``margin``: how many rows before and after the first that differs
    are given.
    """

    def run(engine: Engine) -> Replicate:
        return lambda horizon: replicate_on(engine, cut_at(scenario, horizon), seed, number, prepare=prepare)

    return divergence(run(ENGINES[0]), run(ENGINES[1]), scenario, margin)


def divergence(one: Replicate, other: Replicate, scenario: Scenario, margin: int = 6) -> Divergence | None:
    """Where two ways to run ``scenario`` part; None when they agree up to its horizon."""
    whole = one(scenario.horizon), other(scenario.horizon)
    if not differing_fields(*whole):
        return None
    row = _first_row(whole[0].log, whole[1].log)
    moments = np.unique(np.concatenate([run.log.time for run in whole])).tolist()
    # Invariant: they agree just before moments[low], and differ just after moments[high] or at the horizon.
    low, high = 0, len(moments)
    while low < high:
        middle = (low + high) // 2
        after = math.nextafter(moments[middle], math.inf)
        if after < scenario.horizon and not differing_fields(one(after), other(after)):
            low = middle + 1
        else:
            high = middle
    day = min(math.nextafter(moments[low], math.inf), scenario.horizon) if low < len(moments) else scenario.horizon
    parted = one(day), other(day)
    found = _numbers(*parted, scenario)
    provider = next((entry.provider for entry in found if entry.provider >= 0), -1)
    if provider < 0 and row is not None:
        provider = next(int(run.log.provider[row]) for run in whole if row < len(run.log.time))
    place = row if row is not None else int(np.searchsorted(whole[0].log.time, day))
    first = max(0, place - margin)
    around = [Columns._make(column[first : place + margin + 1] for column in run.log).rows() for run in whole]
    state = tuple(entry for entry in _numbers(*parted, scenario, everything=True) if entry.provider == provider >= 0)
    return Divergence(day, provider, tuple(found), row, first, (tuple(around[0]), tuple(around[1])), state)


class _Beginning(Scenario):
    """A scenario with an earlier horizon. What would come after it stays in and is never reached: a failure is known by
    its number.
    """

    _whole: Scenario = PrivateAttr()

    def regimes(self) -> list[tuple[float, Scenario]]:
        whole = self._whole.regimes()
        return [
            (day, regime.model_copy(update={"horizon": self.horizon})) for day, regime in whole if day < self.horizon
        ]


def cut_at(scenario: Scenario, horizon: float) -> Scenario:
    """The scenario up to an earlier horizon: the beginning of the same run."""
    if horizon >= scenario.horizon:
        return scenario
    beginning = _Beginning.model_construct(**dict(scenario) | {"horizon": horizon})
    beginning._whole = scenario
    return beginning


def _first_row(a: Columns, b: Columns) -> int | None:
    common = min(len(a.time), len(b.time))
    differs = np.zeros(common, dtype=np.bool_)
    for x, y in zip(a, b, strict=True):
        differs |= bits_of(np.asarray(x)[:common]) != bits_of(np.asarray(y)[:common])
    if differs.any():
        return int(np.argmax(differs))
    return common if len(a.time) != len(b.time) else None


def _numbers(
    one: Replication, other: Replication, scenario: Scenario, *, everything: bool = False
) -> list[FieldDifference]:
    """Each number that differs (or each, with ``everything``), those of providers by the name of what they are
    about.
    """
    found = []
    providers = len(one.state.size_class)
    for name, a, b in zip(FIELDS, one.state.values(), other.state.values(), strict=True):
        names = _parts(name, max(1, len(a) // providers), scenario)
        for place, (x, y) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
            if everything or not same(x, y):
                part = names[place % len(names)]
                found.append(
                    FieldDifference(f"{name}[{part}]" if part else name, place // len(names), float(x), float(y))
                )
    for name in one.__dataclass_fields__:
        a, b = getattr(one, name), getattr(other, name)
        if name not in (*OWN, "log", "state") and not same(a, b):
            x, y = np.atleast_1d(np.asarray(a, dtype=float)), np.atleast_1d(np.asarray(b, dtype=float))
            if x.shape != y.shape:
                found.append(FieldDifference(f"length of {name}", -1, float(len(x)), float(len(y))))
                continue
            for index in zip(*np.nonzero(bits_of(x) != bits_of(y)), strict=True):
                where = ", ".join(map(str, index))
                found.append(
                    FieldDifference(f"{name}[{where}]" if x.size > 1 else name, -1, float(x[index]), float(y[index]))
                )
    return found


def _parts(name: str, width: int, scenario: Scenario) -> list[str]:
    """What the ``width`` numbers that a provider has of one field are called; their positions where no name is
    known.
    """
    stores = [store.name for store in scenario.stores]
    if name in ("compliance", "live", "live_severity", "live_epoch", "open_cases", "base"):
        named = [str(risk.name) for risk in scenario.behaviours]
    elif name in ("suspended", "suspended_until", "suspension_epoch"):
        named = ["updates", "registration", "service"]
    elif name in ("listed", "listing_epoch", "removed"):
        named = stores
    else:
        named = [""] if width == 1 else []
    return named if len(named) == width else [str(place) for place in range(width)]


def row_text(row: Row, rules: Sequence[str]) -> str:
    """One row of the log as a line of text."""
    time, kind, provider, case, rule, value = row
    name = rules[rule] if 0 <= rule < len(rules) else "-"
    return f"{time!r:>20}  {KIND_NAMES[kind]:<22} provider {provider:<6} case {case:<8} {name:<28} {value!r}"


def explained(found: Divergence, rules: Sequence[str]) -> str:
    """A divergence as text: when, what differs, the rows around it, and the provider's state in both engines."""
    where = f"row {found.row}" if found.row is not None else "none: only numbers differ"
    lines = [f"the engines differ from day {found.day!r}; first row of the log that differs: {where}"]
    for entry in found.differences[:40]:
        whose = f"provider {entry.provider}: " if entry.provider >= 0 else ""
        lines.append(f"  {whose}{entry.field}: {ENGINES[0]} {entry.one!r}, {ENGINES[1]} {entry.other!r}")
    for engine, rows in zip(ENGINES, found.around, strict=True):
        lines += ["", str(engine)]
        for place, row in enumerate(rows, start=found.first):
            lines.append(f"{'>' if place == found.row else ' '} {place:>8}  {row_text(row, rules)}")
    if found.state:
        lines += ["", f"{f'provider {found.provider} at that moment':<50}{ENGINES[0]:>24}{ENGINES[1]:>24}"]
        for entry in found.state:
            mark = " " if same(entry.one, entry.other) else ">"
            lines.append(f"{mark} {entry.field:<48}{entry.one!r:>24}{entry.other!r:>24}")
    return "\n".join(lines)
