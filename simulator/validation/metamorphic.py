"""How a metamorphic property of a lever is measured: two versions of one market on the same draws, and an outcome.

A property either moves an outcome in a direction, beyond chance (then the measured number is standard errors, and must
be below minus :data:`SURE`), or may not move it in the other direction. What it says of behaviour does not depend on
the size of any assumption, so that a failure is a fault of the model. The list is in :mod:`.properties`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..runs.run import Run, simulate
from ..scenario.loading import load_scenario
from ..scenario.schema import Scenario
from .oracles import times

SURE = 4.0
"""Standard errors that a lever must move an outcome by."""
QUICKLY_SURE = 3.0
"""The same in a quick validation."""

Changes = Mapping[str, Any]
Measure = Callable[[Run], npt.NDArray[np.float64]]
"""One number per replication."""

MARKET: Changes = {
    "population.scale": 200 / 7180,
    "population.arrivals": [[0, 1.0]],
    "horizon": 900.0,
    "policy.detection.complaints_taken_up": 0.6,
    "policy.staff.inspectors": 100_000,
    "policy.fine_on": "first-violation",
}
"""The market of cn-2023, small and all there from the first day, with staff for every case."""


def outcome(metric: str, sign: int = 1) -> Measure:
    """An outcome of each replication; with ``sign`` -1 a rise counts as a fall."""
    return lambda run: sign * run.outcomes[metric].to_numpy(dtype=np.float64)


def events(kind: str, sign: int = 1) -> Measure:
    """How many events of a kind there are in each replication."""

    def count(run: Run) -> npt.NDArray[np.float64]:
        counts = run.events[run.events["kind"] == kind].groupby("replication").size()
        numbers = counts.reindex(range(run.replications), fill_value=0)
        return np.asarray(sign * numbers, dtype=np.float64)

    return count


def untouched(run: Run) -> npt.NDArray[np.float64]:
    """Violations per occasion of providers that were never sanctioned: what only fear prevents."""
    free = run.providers[run.providers["sanctions"] == 0]
    sums = free.groupby("replication")[["violations", "occasions"]].sum()
    return (sums["violations"] / sums["occasions"]).to_numpy(dtype=np.float64)


def labels_missing(run: Run) -> npt.NDArray[np.float64]:
    """Breaches of the labeling rule."""
    rule = next(risk.rule for risk in run.scenario.behaviours if risk.name == "labeling")
    breaches = run.events[(run.events["kind"] == "violation") & (run.events["rule"] == rule)]
    counts = breaches.groupby("replication").size().reindex(range(run.replications), fill_value=0)
    return np.asarray(counts, dtype=np.float64)


def late_fear(run: Run) -> npt.NDArray[np.float64]:
    """The share of temptations that fear averts in the last third of the horizon."""
    late = run.events[run.events["time"] > run.scenario.horizon * 2 / 3]
    feared = (late["kind"] == "deterred").groupby(late["replication"]).sum().astype(float)
    taken = (late["kind"] == "violation").groupby(late["replication"]).sum().astype(float)
    return np.asarray((feared / (feared + taken)), dtype=np.float64)


def obeying(run: Run) -> npt.NDArray[np.float64]:
    """Mean days from an order to remove to the first store that obeys."""
    keys = ["replication", "provider", "case"]
    ordered = run.events[run.events["kind"] == "app-removal"].groupby(keys)["time"].min()
    obeyed = run.events[run.events["kind"] == "delisted"].groupby(keys)["time"].min()
    days = (obeyed - ordered).dropna().groupby("replication").mean()
    return days.to_numpy(dtype=np.float64)


def late_temptations(run: Run) -> npt.NDArray[np.float64]:
    """Minus the share of temptations in the last third that fear averts in providers never sanctioned so far."""
    late = run.events[run.events["time"] > run.scenario.horizon * 2 / 3]
    first = run.events[run.events["kind"] == "sanctioned"].groupby(["replication", "provider"])["time"].min()
    joined = late.join(first.rename("touched"), on=["replication", "provider"])
    free = joined[~(joined["touched"] < joined["time"])]
    feared = (free["kind"] == "deterred").groupby(free["replication"]).sum().astype(float)
    taken = (free["kind"] == "violation").groupby(free["replication"]).sum().astype(float)
    return np.asarray(-(feared / (feared + taken)), dtype=np.float64)


def log_of(metric: str, sign: int = 1) -> Measure:
    """The logarithm of an outcome with a heavy tail."""
    return lambda run: sign * np.log(run.outcomes[metric].to_numpy(dtype=np.float64))


NONE: Changes = MappingProxyType({})


class Property(NamedTuple):
    """``measure`` of the market with ``after`` less that with ``before``, on top of ``common``.

    ``moves``: it must fall beyond chance. Otherwise it must not rise beyond chance, or by more than ``tolerance``.
    """

    name: str
    measure: Measure
    before: Changes
    after: Changes | Callable[[], Changes]
    common: Changes = NONE
    moves: bool = True
    tolerance: float = 0.0


def market(changes: Changes) -> Scenario:
    return load_scenario("cn-2023", {**MARKET, **changes})


CLASSES = ("small", "medium", "large", "giant")
STORES = ("store-a", "store-b")


def each(path: str, value: object, names: tuple[str, ...] = CLASSES) -> dict[str, Any]:
    """The same value for each class (or store); ``*`` in the path is replaced by its name."""
    return {path.replace("*", name): value for name in names}


OFF: Changes = {
    "policy.detection.inspection_rate": 0.0,
    "policy.detection.complaints_taken_up": 0.0,
    "policy.detection.store_reports_taken_up": 0.0,
    "policy.self_report.probability": 0.0,
}
"""Enforcement on paper only."""

PENALTY = "cn-penalties/algorithm-31"


def step(*sanctions: str, low: float = 0.0, high: float = 0.0, **measures: object) -> dict[str, Any]:
    """One step of a ladder; a fine where ``high`` is given."""
    fine = {"fine": {"low": low, "high": high}} if high else {}
    return {"sanctions": list(sanctions), "penalty": PENALTY, **fine, **measures}


WARNING = step("warning")
FINE = step("fine", low=50_000.0, high=200_000.0)
SUSPENSION = step("suspend-service", service_days=60.0)
CLOSURE = step("revocation")


def falls(name: str, measure: Measure, path: str, before: object, after: object, **common: Any) -> Property:
    """A property of one lever."""
    return Property(name, measure, {path: before}, {path: after}, common)


class Found(NamedTuple):
    """One property, measured: the mean change and its standard error."""

    of: Property
    change: float
    error: float

    @property
    def away(self) -> float:
        """Standard errors of the change; infinite where it has none."""
        if self.error > 0.0:
            return self.change / self.error
        return math.copysign(math.inf, self.change) if self.change else 0.0

    @property
    def holds(self) -> bool:
        if self.of.moves:
            return self.away < -SURE
        return self.change < self.of.tolerance + SURE * self.error or self.change <= 0.0


def measured(prop: Property, seed: int, effort: float = 1.0, replications: int = 8) -> Found:
    """Simulate both versions on the same draws and compare them."""
    number = times(replications, effort)
    before, after = (
        prop.measure(simulate(market({**prop.common, **(changes() if callable(changes) else changes)}), number, seed))
        for changes in (prop.before, prop.after)
    )
    difference = after - before
    difference = difference[~np.isnan(difference)]
    if len(difference) < 2:
        return Found(prop, 0.0, 0.0)
    return Found(prop, float(difference.mean()), float(difference.std(ddof=1) / math.sqrt(len(difference))))
