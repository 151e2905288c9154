"""The event log read back: every outcome from the log alone, and what must hold of any run.

This shares nothing with the counting in :mod:`.model`. It walks the rows of one replication and keeps its own account,
so that an error in either shows as a difference.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from .eventlog import Kind, Stream
from .scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from .replication import Run

TOLERANCE = 1e-9
"""Relative; sums of floats are taken in another order here. Counts are compared exactly."""

_KINDS = {kind.name.lower().replace("_", "-"): kind for kind in Kind}


def recomputed(scenario: Scenario, events: pd.DataFrame) -> dict[str, float]:
    """The outcomes of one replication from its rows of the log: the metrics of :data:`.outcomes.METRICS`."""
    account = _Account(scenario)
    columns = (events[name].tolist() for name in ("time", "kind", "provider", "case", "rule", "value"))
    for time, kind, provider, case, rule, value in zip(*columns, strict=True):
        account.add(time, _KINDS[kind], provider, case, rule, value)
    return account.outcomes()


def discrepancies(run: Run) -> list[str]:
    """What is wrong with a run: outcomes that the log does not give, Little's law, conservation. Empty when sound."""
    found: list[str] = []
    for number, events in run.events.groupby("replication", sort=True):
        try:
            found += [f"replication {number}: {line}" for line in broken_laws(run.scenario, events)]
        except KeyError as error:
            found.append(f"replication {number}: a row ends or concerns {error}, which no row before it began")
            continue
        counted = run.outcomes[run.outcomes["replication"] == number]
        again = recomputed(run.scenario, events)
        for name, value in again.items():
            outcome = float(counted[name].to_numpy()[0])
            if not _same(value, outcome):
                found.append(f"replication {number}: {name} is {outcome!r}, the log gives {value!r}")
    found += _sums(run)
    return found


def broken_laws(scenario: Scenario, events: pd.DataFrame) -> list[str]:
    """Little's law for the queue of cases, and that every case, appeal and suspension has one course."""
    account = _Account(scenario)
    found: list[str] = []
    columns = (events[name].tolist() for name in ("time", "kind", "provider", "case", "rule", "value"))
    before = 0.0
    for time, kind, provider, case, rule, value in zip(*columns, strict=True):
        if time < before:
            found.append(f"time runs back from {before} to {time}")
        before = time
        key = (provider, case)
        if _KINDS[kind] is Kind.CASE_OPENED and (key in account.opened or key in account.closed):
            found.append(f"case {case} of provider {provider} is opened twice")
        account.add(time, _KINDS[kind], provider, case, rule, value)
    number = account.kinds
    if number[Kind.CASE_OPENED] != sum(account.outcome.values()) + len(account.opened):
        found.append("cases opened are not those dismissed, sanctioned, lapsed and open")
    if number[Kind.APPEALED] < number[Kind.APPEAL_REJECTED] + number[Kind.APPEAL_UPHELD]:
        found.append("more appeals are decided than were made")
    account.settle_queue()
    if not math.isclose(account.backlog_area, account.waited, rel_tol=1e-9, abs_tol=1e-6):
        found.append(f"Little's law: the queue's area is {account.backlog_area}, the waits add up to {account.waited}")
    return found


def _same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=1e-6)


def _sums(run: Run) -> list[str]:
    """Providers and bins each add up to the outcomes."""
    found = []
    for what, frame, names in (
        ("providers", run.providers, ("fines", "harm", "downtime", "innocent_downtime")),
        ("series", run.series, ("fines", "harm", "violations", "cases_opened", "warnings")),
    ):
        for number, part in frame.groupby("replication"):
            outcome = run.outcomes[run.outcomes["replication"] == number]
            for name in names:
                total, expected = float(part[name].sum()), float(outcome[name].to_numpy()[0])
                if not _same(total, expected):
                    found.append(f"replication {number}: {name} of the {what} adds up to {total!r}, not {expected!r}")
    return found


class _Account:
    """One replication as far as the log has been read."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.horizon = float(scenario.horizon)
        self.shares = [store.share for store in scenario.stores]
        self.direct = max(0.0, 1.0 - sum(self.shares))
        self.kinds: Counter[Kind] = Counter()
        self.size_class: dict[int, int] = {}
        self.users: dict[int, float] = {}
        self.gone: set[int] = set()
        self.filed: set[int] = set()
        self.live: dict[int, dict[tuple[str, int], float]] = defaultdict(dict)
        self.copies: dict[int, dict[int, float]] = defaultdict(dict)
        self.listed: dict[int, set[int]] = defaultdict(set)
        self.harm: dict[int, float] = defaultdict(float)
        self.harm_at: dict[int, float] = defaultdict(float)
        self.suspended: dict[int, tuple[float, float, bool]] = {}  # since, until, wrongly
        self.downtime: dict[int, float] = defaultdict(float)
        self.innocent = 0.0
        self.opened: dict[tuple[int, int], float] = {}
        self.founded: dict[tuple[int, int], bool] = {}
        self.waiting: dict[tuple[int, int], float] = {}
        self.closed: set[tuple[int, int]] = set()
        self.outcome: Counter[int] = Counter()
        self.backlog_area = 0.0
        self.queue_at = 0.0
        self.waited = 0.0
        self.waits: list[float] = []
        self.delays: list[float] = []
        self.reviews: list[float] = []
        self.fines = 0.0
        self.fines_back = 0.0
        self.sanctioned: Counter[int] = Counter()
        self.repeated = 0
        self.wrongful = 0
        self.occasions: Counter[int] = Counter()
        self.broken: Counter[int] = Counter()

    def add(self, time: float, kind: Kind, p: int, case: int, rule: str, value: float) -> None:
        self.kinds[kind] += 1
        key = (p, case)
        if kind is Kind.ENTERED:
            self.size_class[p], self.users[p] = case, value
        elif kind in (Kind.EXITED, Kind.REVOCATION):
            self.accrue(p, time)
            self.end_downtime(p, time)
            self.gone.add(p)
            self.live[p].clear()
        elif kind is Kind.VIOLATION:
            self.accrue(p, time)
            self.live[p][rule, case] = value
            self.broken[p] += case & 7 == Stream.OCCASION
        elif kind is Kind.VIOLATION_ENDED:
            self.accrue(p, time)
            del self.live[p][rule, case]
        elif kind is Kind.RECTIFIED:
            self.accrue(p, time)
            self.live[p] = {place: severity for place, severity in self.live[p].items() if place[0] != rule}
        elif kind is Kind.COPIES_SPREAD:
            self.accrue(p, time)
            self.copies[p][case] = value
        elif kind in (Kind.COPIES_REMOVED, Kind.COPIES_FADED):
            self.accrue(p, time)
            del self.copies[p][case]
        elif kind in (Kind.LISTED, Kind.RELISTED):
            self.accrue(p, time)
            self.listed[p].add(int(value))
        elif kind is Kind.DELISTED:
            self.accrue(p, time)
            self.listed[p].discard(int(value))
        elif kind is Kind.CASE_OPENED:
            self.queue(time)
            self.opened[key] = self.waiting[key] = time
            self.founded[key] = value == 1.0
        elif kind is Kind.INVESTIGATION:
            self.leave_queue(key, time)
            self.waits.append(time - self.opened[key])
        elif kind is Kind.UPHELD:
            self.delays.append(time - self.opened[key])
        elif kind is Kind.CASE_CLOSED:
            self.leave_queue(key, time)
            self.outcome[int(value)] += 1
            del self.opened[key]
            self.closed.add(key)
        elif kind is Kind.SANCTIONED:
            self.repeated += self.sanctioned[p] > 0
            self.sanctioned[p] += 1
            self.wrongful += not self.founded[key]
        elif kind is Kind.FINE:
            self.fines += value
        elif kind is Kind.APPEAL_UPHELD:
            self.fines_back += value
        elif kind is Kind.SUSPEND_SERVICE:
            self.suspend(p, case, time, value)
        elif kind is Kind.SERVICE_RESTORED:
            self.accrue(p, time)
            self.end_downtime(p, time)
        elif kind is Kind.FILED:
            self.filed.add(p)
        elif kind is Kind.FILING_DECIDED:
            self.reviews.append(value)
        elif kind is Kind.OCCASION:
            self.occasions[p] += int(value)

    def accrue(self, p: int, time: float) -> None:
        """Harm = users x severity of what is live x share who can reach it, and of copies in full, over time."""
        reached = 0.0
        if p not in self.gone and p not in self.suspended:
            reached = self.direct + sum(self.shares[s] for s in self.listed[p])
        severity = reached * sum(self.live[p].values()) + sum(self.copies[p].values())
        self.harm[p] += self.users[p] * severity * (time - self.harm_at[p])
        self.harm_at[p] = time

    def suspend(self, p: int, case: int, time: float, days: float) -> None:
        if p in self.suspended and time + days <= self.suspended[p][1]:
            return
        self.accrue(p, time)
        self.end_downtime(p, time)
        self.suspended[p] = (time, time + days, not self.founded[p, case])

    def end_downtime(self, p: int, time: float) -> None:
        if p in self.suspended:
            since, _, wrongly = self.suspended.pop(p)
            self.downtime[p] += time - since
            self.innocent += time - since if wrongly else 0.0

    def queue(self, time: float) -> None:
        self.backlog_area += len(self.waiting) * (time - self.queue_at)
        self.queue_at = time

    def leave_queue(self, key: tuple[int, int], time: float) -> None:
        if key in self.waiting:
            self.queue(time)
            self.waited += time - self.waiting.pop(key)

    def settle_queue(self) -> None:
        """Cases still waiting have waited until the horizon."""
        self.queue(self.horizon)
        self.waited += sum(self.horizon - since for since in self.waiting.values())

    def outcomes(self) -> dict[str, float]:
        for p in self.users:
            self.accrue(p, self.horizon)
        for p in list(self.suspended):
            self.end_downtime(p, self.horizon)
        self.settle_queue()
        n = self.kinds
        sanctions = sum(self.sanctioned.values())
        decided = n[Kind.APPEAL_REJECTED] + n[Kind.APPEAL_UPHELD]
        values = {
            "occasions": sum(self.occasions.values()),
            "violations": n[Kind.VIOLATION],
            "compliance": 1.0 - _ratio(sum(self.broken.values()), sum(self.occasions.values())),
            "harm": sum(self.harm.values()),
            "complaints": n[Kind.COMPLAINT],
            "store_reports": n[Kind.STORE_REPORT],
            "inspections": n[Kind.INSPECTION],
            "cases_opened": n[Kind.CASE_OPENED],
            "cases_dismissed": self.outcome[0],
            "cases_sanctioned": self.outcome[1],
            "cases_lapsed": self.outcome[2],
            "cases_open": len(self.opened),
            "wait_mean": _mean(self.waits),
            "action_p50": _quantile(self.delays, 0.5),
            "action_p95": _quantile(self.delays, 0.95),
            "backlog_mean": self.backlog_area / self.horizon,
            "backlog_end": len(self.waiting),
            "warnings": n[Kind.WARNING],
            "rectification_orders": n[Kind.RECTIFY],
            "fines_imposed": n[Kind.FINE],
            "update_suspensions": n[Kind.SUSPEND_UPDATES],
            "registration_suspensions": n[Kind.SUSPEND_REGISTRATION],
            "service_suspensions": n[Kind.SUSPEND_SERVICE],
            "removal_orders": n[Kind.APP_REMOVAL],
            "revocations": n[Kind.REVOCATION],
            "fines": self.fines - self.fines_back,
            "fine_mean": _ratio(self.fines, n[Kind.FINE]),
            "not_rectified": n[Kind.NOT_RECTIFIED],
            "recidivism": _ratio(self.repeated, sanctions),
            "wrongful_sanctions": self.wrongful,
            "wrongful_share": _ratio(self.wrongful, sanctions),
            "appeals": n[Kind.APPEALED],
            "overturned_share": _ratio(n[Kind.APPEAL_UPHELD], decided),
            "downtime": sum(self.downtime.values()),
            "innocent_downtime": self.innocent,
            "blocked_user_days": sum(days * self.users[p] for p, days in self.downtime.items()),
            "delistings": n[Kind.DELISTED],
            "relistings": n[Kind.RELISTED],
            "copies_removed": n[Kind.COPIES_REMOVED],
            "filed": len(self.filed),
            "filing_days": _mean(self.reviews),
            "late_filings": sum(days > self.scenario.registry.limit_days for days in self.reviews),
            "exits": n[Kind.EXITED],
            "active_end": len(self.users) - len(self.gone),
        }
        for position, item in enumerate(self.scenario.population.classes):
            members = [p for p, c in self.size_class.items() if c == position]
            broken = sum(self.broken[p] for p in members)
            met = sum(self.occasions[p] for p in members)
            values[f"compliance_{item.name.replace('-', '_')}"] = 1.0 - _ratio(broken, met)
        return {name: float(value) for name, value in values.items()}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return _ratio(math.fsum(listed), len(listed))


def _quantile(values: list[float], q: float) -> float:
    return float(np.quantile(values, q)) if values else math.nan
