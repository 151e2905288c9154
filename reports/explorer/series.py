"""Outcomes over time from the event log: for the whole market, by size class and by behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from shenhe.simulator import Run
from shenhe.simulator.kernel.eventlog import KIND_NAMES, Kind
from shenhe.simulator.runs.run import rule_names

from ..figures.curves import MONTH, Curve, curve_of

Breakdown = Literal["all", "size", "behaviour"]
Floats = npt.NDArray[np.float64]

SERIES: Mapping[str, tuple[Breakdown, ...]] = {
    "sanctions": ("all", "size", "behaviour"),
    "wrongful": ("all", "size", "behaviour"),
    "violations": ("all", "size", "behaviour"),
    "harm": ("all",),
    "backlog": ("all", "size", "behaviour"),
    "exits": ("all", "size"),
    "removals": ("all", "size"),
    "complaints": ("all", "size", "behaviour"),
}
"""What is shown over time, and how it can be broken down. Harm is logged for the whole market only."""

LEVELS = frozenset({"backlog"})
"""Those that are a level at the end of each 30 days; the others are counts within them."""

_COUNTED = {
    "violations": Kind.VIOLATION,
    "exits": Kind.EXITED,
    "removals": Kind.DELISTED,
    "complaints": Kind.COMPLAINT,
}

Lines = dict[tuple[str, Breakdown], dict[str, Curve]]
"""Per outcome and breakdown: a curve for each size class or behaviour; for the whole market under the empty name."""


@dataclass(frozen=True)
class Happenings:
    """Events of one outcome: when, in which replication, of which size class and behaviour, counting how much."""

    replication: npt.NDArray[np.int64]
    time: Floats
    provider: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]
    behaviour: npt.NDArray[np.int64]
    weight: Floats


def lines(run: Run) -> Lines:
    """Every outcome of :data:`SERIES` over time, in each of its breakdowns."""
    found: Lines = {}
    horizon = run.scenario.horizon
    ends = np.append(np.arange(MONTH, horizon, MONTH), horizon)
    sizes = [item.name for item in run.scenario.population.classes]
    behaviours = [str(item.name) for item in run.scenario.behaviours]
    events = _events(run)
    for outcome, breakdowns in SERIES.items():
        if outcome == "harm":
            found[outcome, "all"] = {"": _total(run, "harm")}
            continue
        happened = happenings(run, outcome, events)
        level = outcome in LEVELS
        for breakdown in breakdowns:
            names, codes = [""], np.zeros(len(happened.time), dtype=np.int64)
            if breakdown == "size":
                names, codes = sizes, happened.size
            elif breakdown == "behaviour":
                names, codes = behaviours, happened.behaviour
            counts = _binned(happened, codes, len(names), ends, run.replications)
            values = counts.cumsum(axis=2) if level else counts
            found[outcome, breakdown] = {name: curve_of(ends, values[place]) for place, name in enumerate(names)}
    return found


def happenings(run: Run, outcome: str, events: pd.DataFrame | None = None) -> Happenings:
    """The events behind an outcome of :data:`SERIES` other than harm."""
    frame = _events(run) if events is None else events
    kind = frame["code"].to_numpy()
    weight = np.ones(len(frame))
    if outcome in _COUNTED:
        chosen = kind == _COUNTED[outcome]
    elif outcome == "backlog":
        chosen, weight = _queue(frame)
    else:
        chosen = kind == Kind.SANCTIONED
        if outcome == "wrongful":
            chosen &= ~_founded(frame)
    rows = frame[chosen]
    return Happenings(
        rows["replication"].to_numpy(np.int64),
        rows["time"].to_numpy(np.float64),
        rows["provider"].to_numpy(np.int64),
        rows["size"].to_numpy(np.int64),
        rows["behaviour"].to_numpy(np.int64),
        weight[chosen],
    )


def _events(run: Run) -> pd.DataFrame:
    """The log with the code of each kind, the size class of the provider and the behaviour of the case."""
    frame = run.events[["replication", "time", "kind", "provider", "case", "rule", "value"]].copy()
    names = {name: code for code, name in enumerate(KIND_NAMES)}
    frame["code"] = _coded(frame["kind"], names)
    frame["case"] = frame["case"].fillna(-1).to_numpy(np.int64)
    frame["provider"] = frame["provider"].fillna(-1).to_numpy(np.int64)
    frame["replication"] = frame["replication"].to_numpy(np.int64)
    entered = run.providers[["replication", "provider", "size_class"]]
    sizes = {item.name: place for place, item in enumerate(run.scenario.population.classes)}
    codes = _coded(entered["size_class"], sizes)
    many = int(run.providers["provider"].max()) + 1
    table = np.full(run.replications * many, -1, dtype=np.int64)
    table[entered["replication"].to_numpy(np.int64) * many + entered["provider"].to_numpy(np.int64)] = codes
    place = frame["replication"].to_numpy() * many + np.maximum(frame["provider"].to_numpy(), 0)
    frame["size"] = np.where(frame["provider"].to_numpy() >= 0, table[place], -1)
    rules = {rule: place for place, rule in reversed(list(enumerate(rule_names(run.scenario))))}
    behaviours = len(run.scenario.behaviours)
    own = _coded(frame["rule"], rules)
    own = np.where(own < behaviours, own, -1)
    opened = frame["code"].to_numpy() == Kind.CASE_OPENED
    keys = _keys(frame)
    first, at = np.unique(keys[opened], return_index=True)
    frame["founded"] = False
    if len(first):
        found = np.clip(np.searchsorted(first, keys), 0, len(first) - 1)
        known = first[found] == keys
        frame["behaviour"] = np.where(known, own[opened][at][found], own)
        frame["founded"] = known & (frame["value"].to_numpy()[opened][at][found] > 0)
    else:
        frame["behaviour"] = own
    return frame


def _coded(column: pd.Series, codes: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """The code of each value of a categorical column, −1 for none: looked up once per category, not per row."""
    names = column.cat.categories
    table = np.array([*(codes.get(str(name), -1) for name in names), -1], dtype=np.int64)
    return np.asarray(table[column.cat.codes.to_numpy()], dtype=np.int64)


def _keys(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """One number per case; events without a case get one that no case has."""
    replication, provider = frame["replication"].to_numpy(np.int64), frame["provider"].to_numpy(np.int64)
    case = frame["case"].to_numpy(np.int64)
    many, cases = int(provider.max(initial=0)) + 1, int(case.max(initial=0)) + 1
    keys = (replication * many + provider) * cases + case
    return np.asarray(np.where((provider >= 0) & (case >= 0), keys, -1 - np.arange(len(keys))), dtype=np.int64)


def _founded(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return frame["founded"].to_numpy(np.bool_)


def _queue(frame: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Cases that join the queue (+1) and leave it (−1): with their investigation, or closed before it."""
    code = frame["code"].to_numpy()
    opened = code == Kind.CASE_OPENED
    leaving = np.isin(code, [Kind.INVESTIGATION, Kind.CASE_CLOSED])
    keys = _keys(frame)
    places = np.flatnonzero(leaving)
    _, first = np.unique(keys[places], return_index=True)
    left = np.zeros(len(frame), dtype=np.bool_)
    left[places[first]] = True
    left &= np.isin(keys, keys[opened])
    return opened | left, np.where(left, -1.0, 1.0)


def _binned(happened: Happenings, codes: npt.NDArray[np.int64], keys: int, ends: Floats, replications: int) -> Floats:
    """Sums of weights: key, replication, bin."""
    bins = np.minimum(np.searchsorted(ends, happened.time, side="right"), len(ends) - 1)
    inside = codes >= 0
    flat = (codes * replications + happened.replication) * len(ends) + bins
    counts = np.bincount(flat[inside], weights=happened.weight[inside], minlength=keys * replications * len(ends))
    return np.asarray(counts.reshape(keys, replications, len(ends)), dtype=np.float64)


def _total(run: Run, column: str) -> Curve:
    wide = run.series.pivot(index="replication", columns="bin", values=column)
    return curve_of(run.series.groupby("bin")["end"].first().to_numpy(), wide.to_numpy(np.float64))
