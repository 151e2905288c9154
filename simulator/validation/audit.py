"""The event log read back: every outcome from only the log, and what must hold of any run.

This shares nothing with the counting in :mod:`..reference.model`. It walks the rows of one replication and keeps its
own account, so that an error in either shows as a difference.

``events`` is always a frame with one row per entry of the log, in order of time, with the columns ``time`` (days),
``kind``, ``provider``, ``case``, ``rule`` and ``value`` of :mod:`..kernel.eventlog`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from ..kernel.eventlog import Kind, Stream
from ..scenario.market import scaled
from ..scenario.policy import covers
from ..scenario.schema import Scenario
from .statistics import mean, quantile, ratio
from .totals import agree, broken_totals

if TYPE_CHECKING:
    import pandas as pd

    from ..runs.run import Run

_KINDS = {kind.name.lower().replace("_", "-"): kind for kind in Kind}


def recomputed(scenario: Scenario, events: pd.DataFrame) -> dict[str, float]:
    """The outcomes of one replication from its rows of the log, by name and in the units of
    :func:`..runs.outcomes.metrics`. Undefined means and shares are NaN.

    Raises :class:`KeyError` for a row that ends or concerns what no row before it began.
    """
    account = _Account(scenario)
    columns = (events[name].tolist() for name in ("time", "kind", "provider", "case", "rule", "value"))
    for time, kind, provider, case, rule, value in zip(*columns, strict=True):
        account.add(time, _KINDS[kind], provider, case, rule, value)
    return account.outcomes()


def discrepancies(run: Run) -> list[str]:
    """What is wrong with a run, one sentence each, which names the replication: outcomes that the log does not give,
    Little's law, conservation. Empty when sound. A log that contradicts itself is reported, not raised.
    """
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
            if not agree(value, outcome):
                found.append(f"replication {number}: {name} is {outcome!r}, the log gives {value!r}")
    found += broken_totals(run)
    return found


def broken_laws(scenario: Scenario, events: pd.DataFrame) -> list[str]:
    """What breaks Little's law for the queue of cases, and which case, appeal or suspension has no single course: one
    sentence each, empty when sound.

    Over a finite horizon Little's law is exact: the area under the queue equals the sum of the waits, those of cases
    that still wait counted up to the horizon (Little, *A Proof for the Queuing Formula L = lambda W*, 1961).

    Raises :class:`KeyError` for a row that ends or concerns what no row before it began.
    """
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
        self.suspended: dict[int, tuple[float, float, str]] = {}  # since, until, nature
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
        self.investigating: dict[tuple[int, int], float] = {}
        self.busy = self.inspector_days = 0.0
        self.waits: list[float] = []
        self.delays: list[float] = []
        self.reviews: list[float] = []
        self.fines = 0.0
        self.fines_back = 0.0
        self.staff_fines = self.confiscated = 0.0
        self.sanctioned: Counter[int] = Counter()
        self.repeated = 0
        self.wrongful = 0
        self.occasions: Counter[int] = Counter()
        self.broken: Counter[int] = Counter()
        self.outside: set[int] = set()
        self.harm_outside = 0.0
        self.collateral = 0.0
        self.complained: dict[tuple[int, int], float] = {}
        self.takedowns: list[float] = []
        self.deterred: Counter[int] = Counter()
        self.store_fines = self.platform_fines = self.claims = 0.0
        self.effort: dict[int, dict[str, float]] = defaultdict(dict)  # by rule
        self.effort_since: dict[int, float] = defaultdict(float)
        weights = {risk.rule: risk.effort_weight if risk.rate else 0.0 for risk in scenario.behaviours}
        self.effort_share = {rule: weight / (sum(weights.values()) or 1.0) for rule, weight in weights.items()}
        self.effort_paid = 0.0
        self.strictness: dict[int, float] = defaultdict(float)
        self.lawful_blocked = 0.0
        self.regimes = scenario.regimes()
        # A change on the first day holds from the beginning.
        self.lawful_factor = self.regimes[0][1].response.lawful_blocked
        self.reviewed_late = 0
        self.limit = self.regimes[0][1].registry.limit_days
        self.exits: Counter[int] = Counter()
        self.sanctions_of: Counter[int] = Counter()
        self.initial_users: dict[int, float] = {}
        self.unrefuted = 0
        self.behaviours = {risk.rule: risk.name for risk in scenario.behaviours}
        self.spent: dict[int, float] = defaultdict(float)
        self.unfunded: dict[int, float] = defaultdict(float)
        self.unfunded_since: dict[int, float] = {}
        self.insolvent: Counter[int] = Counter()
        self.paying, self.paid_at, self.staff_paid = self.regimes[0][1], 0.0, 0.0

    def add(self, time: float, kind: Kind, p: int, case: int, rule: str, value: float) -> None:
        self.kinds[kind] += 1
        key = (p, case)
        if kind in (Kind.DISMISSED, Kind.UPHELD, Kind.CASE_CLOSED) and key in self.investigating:
            self.busy += time - self.investigating.pop(key)
        if kind is Kind.ENTERED:
            self.size_class[p], self.users[p] = case, value
            self.initial_users[p] = value
            self.harm_at[p] = time
        elif kind in (Kind.EXITED, Kind.REVOCATION):
            self.accrue(p, time)
            self.end_downtime(p, time)
            self.book_effort(p, time)
            self.gone.add(p)
            self.live[p].clear()
            self.exits[p] += kind is Kind.EXITED
        elif kind is Kind.REENTERED:
            self.accrue(p, time)
            self.gone.discard(p)
            self.effort_since[p] = time
        elif kind is Kind.EXEMPT:
            self.outside.add(p)
        elif kind is Kind.MOVED_ABROAD:
            self.accrue(p, time)
            self.outside.add(p)
        elif kind is Kind.USERS_MOVED:
            self.accrue(p, time)
            self.users[p] += value
        elif kind is Kind.EFFORT:
            self.book_effort(p, time)
            self.effort[p][rule] = value
        elif kind is Kind.STRICTNESS:
            self.accrue(p, time)
            self.strictness[p] = value
        elif kind is Kind.POLICY_CHANGED:
            regime = self.regimes[int(value)][1]
            self.limit = regime.registry.limit_days
            self.staff(time, regime)
            for p_all in self.users:
                self.accrue(p_all, time)
            self.lawful_factor = regime.response.lawful_blocked
        elif kind is Kind.DETERRED:
            self.deterred[int(value)] += 1
        elif kind is Kind.COMPLAINT:
            self.complained[key] = time
        elif kind is Kind.STORE_FINED:
            self.store_fines += value
        elif kind is Kind.PLATFORM_FINED:
            self.platform_fines += value
        elif kind is Kind.CLAIM:
            self.claims += value
        elif kind is Kind.FILING_CANCELLED:
            self.filed.discard(p)
        elif kind is Kind.RUMOUR:
            self.unrefuted += value == 0.0
        elif kind is Kind.VIOLATION:
            self.accrue(p, time)
            self.live[p][rule, case] = value
            self.broken[p] += case & 7 == Stream.OCCASION
        elif kind in (Kind.VIOLATION_ENDED, Kind.TAKEN_DOWN):
            if kind is Kind.TAKEN_DOWN:
                self.takedowns.append(time - self.complained[key])
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
            self.spent[self.authority(p, rule)] += self.paying.policy.staff.case_cost
            self.leave_queue(key, time)
            self.waits.append(time - self.opened[key])
            self.investigating[key] = time
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
            self.sanctions_of[self.size_class[p]] += 1
            self.wrongful += not self.founded[key]
        elif kind is Kind.FINE:
            self.fines += value
        elif kind is Kind.STAFF_FINED:
            self.staff_fines += value
        elif kind is Kind.CONFISCATED:
            self.confiscated += value
        elif kind is Kind.APPEAL_UPHELD:
            self.fines_back += value
        elif kind is Kind.SUSPEND_SERVICE:
            self.suspend(p, time, value, "innocent" if not self.founded[key] else "")
        elif kind is Kind.SUPPORTER_SUSPENDED:
            self.suspend(p, time, value, "collateral")
        elif kind is Kind.SERVICE_RESTORED:
            self.accrue(p, time)
            self.end_downtime(p, time)
        elif kind is Kind.BUDGET_SPENT:
            self.unfunded_since[case] = time
        elif kind is Kind.BUDGET_RENEWED:
            self.end_shortage(case, time)
        elif kind is Kind.INSOLVENT:
            self.insolvent[self.size_class[p]] += 1
        elif kind is Kind.FILED:
            self.filed.add(p)
        elif kind is Kind.FILING_DECIDED:
            self.reviews.append(value)
            self.reviewed_late += value > self.limit
        elif kind is Kind.OCCASION:
            self.occasions[p] += int(value)

    def accrue(self, p: int, time: float) -> None:
        """Harm = users x severity of what is live x share who can reach it, and of copies in full, over time."""
        reached = 0.0
        if p not in self.gone and p not in self.suspended:
            reached = self.direct + sum(self.shares[s] for s in self.listed[p])
        severity = reached * sum(self.live[p].values()) + sum(self.copies[p].values())
        harm = self.users[p] * severity * (time - self.harm_at[p])
        self.harm[p] += harm
        self.harm_outside += harm if p in self.outside else 0.0
        blocked = self.strictness[p] * self.lawful_factor * reached
        self.lawful_blocked += self.users[p] * blocked * (time - self.harm_at[p])
        self.harm_at[p] = time

    def book_effort(self, p: int, time: float) -> None:
        """The squares of effort, each with its share of the cost of full effort, over time."""
        if p not in self.gone:
            cost = self.scenario.population.classes[self.size_class[p]].compliance_cost
            squares = math.fsum(self.effort_share[rule] * effort**2 for rule, effort in self.effort[p].items())
            self.effort_paid += cost * squares * (time - self.effort_since[p]) / 365.0
        self.effort_since[p] = time

    def suspend(self, p: int, time: float, days: float, nature: str) -> None:
        if p in self.suspended and time + days <= self.suspended[p][1]:
            return
        self.accrue(p, time)
        self.end_downtime(p, time)
        self.suspended[p] = (time, time + days, nature)

    def end_downtime(self, p: int, time: float) -> None:
        if p in self.suspended:
            since, _, nature = self.suspended.pop(p)
            self.downtime[p] += time - since
            self.innocent += time - since if nature == "innocent" else 0.0
            self.collateral += time - since if nature == "collateral" else 0.0

    def authority(self, p: int, rule: str) -> int:
        """Number of the authority with jurisdiction over a rule broken by a provider."""
        size = self.scenario.population.classes[self.size_class[p]].name
        behaviour = self.behaviours[rule]
        having = (n for n, item in enumerate(self.scenario.policy.authorities) if covers(item, size, behaviour))
        return next(having, 0)

    def end_shortage(self, authority: int, time: float) -> None:
        if authority in self.unfunded_since:
            self.unfunded[authority] += time - self.unfunded_since.pop(authority)

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
            self.book_effort(p, self.horizon)
        reach = [u for p, u in self.users.items() if p not in self.gone and p not in self.suspended]
        for p in list(self.suspended):
            self.end_downtime(p, self.horizon)
        self.settle_queue()
        self.busy += sum(self.horizon - since for since in self.investigating.values())
        self.staff(self.horizon, self.paying)
        n = self.kinds
        sanctions = sum(self.sanctioned.values())
        decided = n[Kind.APPEAL_REJECTED] + n[Kind.APPEAL_UPHELD]
        values = {
            "occasions": sum(self.occasions.values()),
            "violations": n[Kind.VIOLATION],
            "compliance": 1.0 - ratio(sum(self.broken.values()), sum(self.occasions.values())),
            "harm": sum(self.harm.values()),
            "complaints": n[Kind.COMPLAINT],
            "store_reports": n[Kind.STORE_REPORT],
            "inspections": n[Kind.INSPECTION],
            "cases_opened": n[Kind.CASE_OPENED],
            "cases_dismissed": self.outcome[0],
            "cases_sanctioned": self.outcome[1],
            "cases_lapsed": self.outcome[2],
            "cases_open": len(self.opened),
            "wait_mean": mean(self.waits),
            "action_p50": quantile(self.delays, 0.5),
            "action_p95": quantile(self.delays, 0.95),
            "backlog_mean": self.backlog_area / self.horizon,
            "backlog_end": len(self.waiting),
            "utilisation": min(1.0, ratio(self.busy, self.inspector_days)),
            "warnings": n[Kind.WARNING],
            "rectification_orders": n[Kind.RECTIFY],
            "fines_imposed": n[Kind.FINE],
            "update_suspensions": n[Kind.SUSPEND_UPDATES],
            "registration_suspensions": n[Kind.SUSPEND_REGISTRATION],
            "service_suspensions": n[Kind.SUSPEND_SERVICE],
            "removal_orders": n[Kind.APP_REMOVAL],
            "revocations": n[Kind.REVOCATION],
            "fines": self.fines - self.fines_back,
            "fine_mean": ratio(self.fines, n[Kind.FINE]),
            "not_rectified": n[Kind.NOT_RECTIFIED],
            "recidivism": ratio(self.repeated, sanctions),
            "wrongful_sanctions": self.wrongful,
            "wrongful_share": ratio(self.wrongful, sanctions),
            "appeals": n[Kind.APPEALED],
            "overturned_share": ratio(n[Kind.APPEAL_UPHELD], decided),
            "downtime": sum(self.downtime.values()),
            "innocent_downtime": self.innocent,
            "blocked_user_days": sum(days * self.initial_users[p] for p, days in self.downtime.items()),
            "delistings": n[Kind.DELISTED],
            "relistings": n[Kind.RELISTED],
            "copies_removed": n[Kind.COPIES_REMOVED],
            "filed": len(self.filed),
            "filing_days": mean(self.reviews),
            "late_filings": self.reviewed_late,
            "exits": n[Kind.EXITED],
            "active_end": len(self.users) - len(self.gone),
            **self.further(reach),
        }
        for position, item in enumerate(self.scenario.population.classes):
            members = [p for p, c in self.size_class.items() if c == position]
            broken = sum(self.broken[p] for p in members)
            met = sum(self.occasions[p] for p in members)
            name = item.name.replace("-", "_")
            values[f"compliance_{name}"] = 1.0 - ratio(broken, met)
            values[f"exits_{name}"] = sum(self.exits[p] for p in members)
            values[f"sanction_rate_{name}"] = 100.0 * ratio(self.sanctions_of[position], broken)
            if item.capital is not None:
                values[f"insolvencies_{name}"] = self.insolvent[position]
        for position, authority in enumerate(self.scenario.policy.authorities):
            name = authority.name.replace("-", "_")
            self.end_shortage(position, self.horizon)
            values[f"spent_{name}"] = self.spent[position]
            values[f"unfunded_{name}"] = self.unfunded[position]
        return {name: float(value) for name, value in values.items()}

    def staff(self, time: float, regime: Scenario) -> None:
        """Pay the staff of the regime so far; another one begins."""
        self.staff_paid += sum(staff_of(self.paying)) * self.paying.policy.staff.cost / 365.0 * (time - self.paid_at)
        self.inspector_days += staff_of(self.paying)[0] * (time - self.paid_at)
        self.paying, self.paid_at = regime, time

    def further(self, reach: list[float]) -> dict[str, float]:
        n = self.kinds
        by_class: Counter[int] = Counter()
        broken: Counter[int] = Counter()
        for p, c in self.size_class.items():
            broken[c] += self.broken[p]
            by_class[c] += self.sanctioned[p]
        last = len(self.scenario.population.classes) - 1
        return {
            "deterred_own": self.deterred[1],
            "deterred_peers": self.deterred[2],
            "harm_outside": self.harm_outside,
            "compliance_cost": self.effort_paid,
            "regulator_cost": self.staff_paid + sum(self.spent.values()),
            "lawful_blocked": self.lawful_blocked,
            "takedowns": n[Kind.TAKEN_DOWN],
            "takedown_p50": quantile(self.takedowns, 0.5),
            "takedown_p95": quantile(self.takedowns, 0.95),
            "takedown_in_48h": ratio(sum(days <= 2.0 for days in self.takedowns), len(self.takedowns)),
            "account_measures": n[Kind.ACCOUNT_MEASURE],
            "self_reports": n[Kind.SELF_REPORTED],
            "referrals": n[Kind.REFERRED],
            "claims": n[Kind.CLAIM],
            "claims_awarded": self.claims,
            "supporter_sanctions": n[Kind.SUPPORTER_SANCTIONED],
            "collateral_downtime": self.collateral,
            "staff_fines": self.staff_fines,
            "confiscated": self.confiscated,
            "over_removals": n[Kind.OVER_REMOVED],
            "store_fines": self.store_fines,
            "platform_fines": self.platform_fines,
            "relisting_refusals": n[Kind.RELISTING_REFUSED],
            "rumours_unrefuted": self.unrefuted,
            "moved_abroad": n[Kind.MOVED_ABROAD],
            "reentries": n[Kind.REENTERED],
            "filings_cancelled": n[Kind.FILING_CANCELLED],
            "backlog_age": mean([self.horizon - since for since in self.waiting.values()]),
            "concentration": ratio(sum(u * u for u in reach), sum(reach) ** 2),
            "insolvencies": sum(self.insolvent.values()),
            "disparity": ratio(ratio(by_class[0], broken[0]), ratio(by_class[last], broken[last])),
        }


def staff_of(scenario: Scenario) -> tuple[int, int]:
    """How many inspectors and reviewers a scenario has at its ``population.scale``, all authorities together. Each
    authority's share is rounded first, as the model does.
    """
    staff, scale = scenario.policy.staff, scenario.population.scale
    authorities, reviewers = scenario.policy.authorities, scenario.registry.reviewers
    pools = [scaled(staff.inspectors, scale * item.share) for item in authorities]
    offices = [scaled(reviewers, scale * item.reviewers) for item in authorities if item.reviewers]
    return sum(pools) or scaled(staff.inspectors, scale), sum(offices) or scaled(reviewers, scale)
