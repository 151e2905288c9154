"""The outcomes of a replication: one row per replication, one row per provider, and counts in bins of 30 days.

``METRICS`` gives every column of the outcomes with title and unit. Outcomes are counted while the model runs, so that
they exist without a log; :func:`recomputed` derives them from only the log, and :func:`discrepancies` compares the two
and checks Little's law and conservation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from ..kernel.eventlog import Kind as EventKind
from ..kernel.replication import EXTRAS, TOTALS, Replication
from ..kernel.state import ACTIVE, FUNCTIONS, SERVICE, STATUS_NAMES
from ..scenario.schema import Scenario

if TYPE_CHECKING:
    from .intervals import Kind


class Metric(NamedTuple):
    """A column of the outcomes: what a person calls it, and its unit (empty for a count or a share)."""

    title: str
    unit: str


METRICS: dict[str, Metric] = {
    "occasions": Metric("Occasions to breach a rule", ""),
    "violations": Metric("Violations", ""),
    "compliance": Metric("Compliance: occasions that were no violation", "share"),
    "harm": Metric("Harm: users exposed, by severity and time", "user-days"),
    "complaints": Metric("Complaints", ""),
    "store_reports": Metric("Reports by app stores", ""),
    "inspections": Metric("Inspections", ""),
    "cases_opened": Metric("Cases opened", ""),
    "cases_dismissed": Metric("Cases dismissed", ""),
    "cases_sanctioned": Metric("Cases that ended in a sanction", ""),
    "cases_lapsed": Metric("Cases lapsed because the provider was gone", ""),
    "cases_open": Metric("Cases open at the end", ""),
    "wait_mean": Metric("Wait for an inspector", "days"),
    "action_p50": Metric("Time from suspicion to action, median", "days"),
    "action_p95": Metric("Time from suspicion to action, 95th percentile", "days"),
    "backlog_mean": Metric("Cases waiting for an inspector, over time", ""),
    "backlog_end": Metric("Cases waiting at the end", ""),
    "utilisation": Metric("Inspectors at work on a case", "share"),
    "warnings": Metric("Interviews and warnings", ""),
    "rectification_orders": Metric("Orders to rectify", ""),
    "fines_imposed": Metric("Fines imposed", ""),
    "update_suspensions": Metric("Suspensions of information updates", ""),
    "registration_suspensions": Metric("Suspensions of account registration", ""),
    "service_suspensions": Metric("Suspensions of service", ""),
    "removal_orders": Metric("Orders to remove from app stores", ""),
    "revocations": Metric("Revocations", ""),
    "fines": Metric("Fines, less those given back", "RMB"),
    "fine_mean": Metric("Mean fine", "RMB"),
    "not_rectified": Metric("Orders to rectify not met in time", ""),
    "recidivism": Metric("Sanctions on providers sanctioned before", "share"),
    "wrongful_sanctions": Metric("Sanctions on unfounded cases", ""),
    "wrongful_share": Metric("Sanctions that rest on an unfounded case", "share"),
    "appeals": Metric("Appeals", ""),
    "overturned_share": Metric("Appeals decided in favour of the provider", "share"),
    "downtime": Metric("Service suspended", "provider-days"),
    "innocent_downtime": Metric("Service suspended on an unfounded case", "provider-days"),
    "blocked_user_days": Metric("Users without a suspended service", "user-days"),
    "delistings": Metric("Removals from app stores", ""),
    "relistings": Metric("Relistings", ""),
    "copies_removed": Metric("Copies taken down by platforms", ""),
    "filed": Metric("Providers filed at the end", ""),
    "filing_days": Metric("Days in review until a filing is decided", "days"),
    "late_filings": Metric("Filings decided after the statutory limit", ""),
    "exits": Metric("Providers that gave up", ""),
    "active_end": Metric("Providers active at the end", ""),
    "deterred_own": Metric("Occasions forgone because of the provider's own sanctions", ""),
    "deterred_peers": Metric("Occasions forgone only because of sanctions on others", ""),
    "harm_outside": Metric("Harm by providers outside enforcement", "user-days"),
    "compliance_cost": Metric("Cost of effort at compliance", "RMB"),
    "regulator_cost": Metric("Cost of inspectors, reviewers and investigations", "RMB"),
    "lawful_blocked": Metric("Lawful use refused by filters", "user-days"),
    "takedowns": Metric("Violations taken down by providers after a complaint", ""),
    "takedown_p50": Metric("Time from complaint to the provider's takedown, median", "days"),
    "takedown_p95": Metric("Time from complaint to the provider's takedown, 95th percentile", "days"),
    "takedown_in_48h": Metric("Takedowns within 48 hours of the complaint", "share"),
    "account_measures": Metric("Accounts of users warned, limited, suspended or closed", ""),
    "self_reports": Metric("Violations that providers reported themselves", ""),
    "referrals": Metric("Referrals to prosecution", ""),
    "claims": Metric("Civil claims won by persons depicted", ""),
    "claims_awarded": Metric("Damages awarded", "RMB"),
    "supporter_sanctions": Metric("Sanctions on technical supporters", ""),
    "collateral_downtime": Metric("Service suspended for a breach of the supporter", "provider-days"),
    "over_removals": Metric("Removals by stores unasked, on an unfounded complaint", ""),
    "store_fines": Metric("Fines on app stores", "RMB"),
    "platform_fines": Metric("Fines on platforms", "RMB"),
    "relisting_refusals": Metric("Relistings refused", ""),
    "rumours_unrefuted": Metric("Rumours not refuted in time", ""),
    "moved_abroad": Metric("Providers that moved abroad", ""),
    "reentries": Metric("Providers back under another name", ""),
    "filings_cancelled": Metric("Filings cancelled", ""),
    "backlog_age": Metric("Age of the cases waiting at the end", "days"),
    "concentration": Metric("Concentration of users (Herfindahl index)", "share"),
    "insolvencies": Metric("Providers closed by the cost of enforcement", ""),
    "staff_fines": Metric("Fines on persons responsible", "RMB"),
    "confiscated": Metric("Gains of breaches confiscated", "RMB"),
    "disparity": Metric("Sanctions per violation, first size class over last", "ratio"),
}
"""Every column of the outcomes but ``replication``, those of one size class (``compliance_…``, ``exits_…``,
``insolvencies_…`` and ``sanction_rate_…``) and those of one authority (``spent_…`` and ``unfunded_…``).
"""

SERIES_KINDS: dict[str, EventKind] = {
    "violations": EventKind.VIOLATION,
    "complaints": EventKind.COMPLAINT,
    "inspections": EventKind.INSPECTION,
    "cases_opened": EventKind.CASE_OPENED,
    "cases_closed": EventKind.CASE_CLOSED,
    "warnings": EventKind.WARNING,
    "rectification_orders": EventKind.RECTIFY,
    "fines_imposed": EventKind.FINE,
    "update_suspensions": EventKind.SUSPEND_UPDATES,
    "registration_suspensions": EventKind.SUSPEND_REGISTRATION,
    "service_suspensions": EventKind.SUSPEND_SERVICE,
    "removal_orders": EventKind.APP_REMOVAL,
    "revocations": EventKind.REVOCATION,
    "delistings": EventKind.DELISTED,
    "relistings": EventKind.RELISTED,
    "exits": EventKind.EXITED,
    "appeals": EventKind.APPEALED,
}
"""Counts of the series: events of one kind in the bin."""

SERIES_SUMS = ("fines", "harm")
SERIES_LEVELS = ("backlog", "listings", "active", "filed", "service_suspended", "violations_live", "investigating")
"""Levels of the series: as they stand at the end of the bin."""


def metrics(scenario: Scenario) -> dict[str, Metric]:
    """All metrics of a scenario's outcomes, those by size class and by authority included."""
    by_class: dict[str, Metric] = {}
    for item in scenario.population.classes:
        column = _column(item.name)
        by_class[f"compliance_{column}"] = Metric(f"Compliance of {item.name} providers", "share")
        by_class[f"exits_{column}"] = Metric(f"Exits of {item.name} providers", "")
        by_class[f"sanction_rate_{column}"] = Metric(f"Sanctions per hundred violations of {item.name} providers", "")
        if item.capital is not None:
            by_class[f"insolvencies_{column}"] = Metric(f"Insolvencies of {item.name} providers", "")
    by_authority: dict[str, Metric] = {}
    for authority in scenario.policy.authorities:
        column = _column(authority.name)
        by_authority[spent_by(authority.name)] = Metric(f"Spent by {authority.name}", "RMB")
        by_authority[f"unfunded_{column}"] = Metric(f"{authority.name} out of money", "days")
    return METRICS | by_class | by_authority


def kind_of(name: str, unit: str) -> Kind:
    """What the values of a metric can be, which decides the interval of its mean."""
    if unit == "share":
        return "share"
    return "amount" if unit or name == "backlog_mean" or name.startswith("sanction_rate_") else "count"


def spent_by(authority: str) -> str:
    """The outcome that holds what an authority spent."""
    return f"spent_{_column(authority)}"


def _column(name: str) -> str:
    return name.replace("-", "_")


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def outcomes_table(scenario: Scenario, run: Replication) -> pa.Table:
    """One row: ``replication`` and every metric; undefined shares and means are NaN."""
    row = outcomes_row(scenario, run)
    columns: list[Any] = [pa.array([run.number], pa.int32())]
    columns += [pa.array([value], pa.float64()) for value in row.values()]
    named = metrics(scenario)
    return described(
        pa.table(columns, names=["replication", *row]),
        {name: metric.unit for name, metric in named.items()},
        {name: metric.title for name, metric in named.items()},
    )


def outcomes_row(scenario: Scenario, run: Replication) -> dict[str, float]:
    """Every metric of one replication by its name; undefined shares and means are NaN."""
    state, kinds = run.state, run.kinds[-1]
    last = dict(zip(EXTRAS, run.extras[-1].tolist(), strict=True))
    filed, rejected, upheld = run.appeals
    occasions, violations = int(state.occasions.sum()), int(state.violations.sum())
    sanctions, wrongful = int(state.sanctions.sum()), int(state.wrongful.sum())
    closed = run.closed
    waits = kinds[EventKind.INVESTIGATION]
    row: dict[str, float] = {
        "occasions": occasions,
        "violations": int(kinds[EventKind.VIOLATION]),
        "compliance": 1.0 - _share(violations, occasions),
        "harm": last["harm"],
        "complaints": int(kinds[EventKind.COMPLAINT]),
        "store_reports": int(kinds[EventKind.STORE_REPORT]),
        "inspections": int(kinds[EventKind.INSPECTION]),
        "cases_opened": int(kinds[EventKind.CASE_OPENED]),
        "cases_dismissed": closed[0],
        "cases_sanctioned": closed[1],
        "cases_lapsed": closed[2],
        "cases_open": int(kinds[EventKind.CASE_OPENED] - kinds[EventKind.CASE_CLOSED]),
        "wait_mean": _share(run.wait_total, float(waits)),
        "action_p50": _quantile(run.action_delays, 0.5),
        "action_p95": _quantile(run.action_delays, 0.95),
        "backlog_mean": run.backlog_area / scenario.horizon,
        "backlog_end": last["backlog"],
        # Staff may be cut while its cases are under way.
        "utilisation": min(1.0, _share(run.busy_area, run.inspector_days)),
        "warnings": int(kinds[EventKind.WARNING]),
        "rectification_orders": int(kinds[EventKind.RECTIFY]),
        "fines_imposed": int(kinds[EventKind.FINE]),
        "update_suspensions": int(kinds[EventKind.SUSPEND_UPDATES]),
        "registration_suspensions": int(kinds[EventKind.SUSPEND_REGISTRATION]),
        "service_suspensions": int(kinds[EventKind.SUSPEND_SERVICE]),
        "removal_orders": int(kinds[EventKind.APP_REMOVAL]),
        "revocations": int(kinds[EventKind.REVOCATION]),
        "fines": last["fines"],
        "fine_mean": _share(run.fines_gross, float(kinds[EventKind.FINE])),
        "not_rectified": int(kinds[EventKind.NOT_RECTIFIED]),
        "recidivism": _share(int(state.repeated.sum()), sanctions),
        "wrongful_sanctions": wrongful,
        "wrongful_share": _share(wrongful, sanctions),
        "appeals": filed,
        "overturned_share": _share(upheld, rejected + upheld),
        "downtime": _sum(state.downtime),
        "innocent_downtime": _sum(state.innocent_downtime),
        "blocked_user_days": _sum(state.downtime * state.users),
        "delistings": int(kinds[EventKind.DELISTED]),
        "relistings": int(kinds[EventKind.RELISTED]),
        "copies_removed": int(kinds[EventKind.COPIES_REMOVED]),
        "filed": last["filed"],
        "filing_days": _share(run.review_total, float(kinds[EventKind.FILING_DECIDED])),
        "late_filings": run.late_filings,
        "exits": int(kinds[EventKind.EXITED]),
        "active_end": last["active"],
        **_further(run),
    }
    for position, item in enumerate(scenario.population.classes):
        seen = int(run.class_occasions[-1][position])
        column, members = _column(item.name), state.size_class == position
        broken = int(run.class_violations[-1][position])
        row[f"compliance_{column}"] = 1.0 - _share(broken, seen)
        row[f"exits_{column}"] = int(state.exits[members].sum())
        row[f"sanction_rate_{column}"] = 100.0 * _share(int(state.sanctions[members].sum()), broken)
        if item.capital is not None:
            row[f"insolvencies_{column}"] = int(state.insolvent[members].sum())
    for position, authority in enumerate(scenario.policy.authorities):
        row[spent_by(authority.name)] = float(run.spent[position])
        row[f"unfunded_{_column(authority.name)}"] = float(run.unfunded[position])
    return {name: float(value) for name, value in row.items()}


def _further(run: Replication) -> dict[str, float]:
    state, kinds, last = run.state, run.kinds[-1], dict(zip(EXTRAS, run.extras[-1].tolist(), strict=True))
    totals = dict(zip(TOTALS, run.totals.tolist(), strict=True))
    reached = (state.status == ACTIVE) & (state.suspended.reshape(-1, FUNCTIONS)[:, SERVICE] == 0)
    reach = np.where(reached, state.present, 0.0)
    whole = _sum(reach)
    sizes = len(run.class_violations[-1])
    rates = [
        _share(float(state.sanctions[state.size_class == c].sum()), float(run.class_violations[-1][c]))
        for c in (0, sizes - 1)
    ]
    waiting = last["backlog"]
    return {
        "deterred_own": totals["deterred_own"],
        "deterred_peers": totals["deterred_peers"],
        "harm_outside": _sum(state.harm_outside),
        "compliance_cost": _sum(state.compliance_cost),
        "regulator_cost": run.staff_cost + _sum(run.spent),
        "lawful_blocked": _sum(state.lawful_blocked),
        "takedowns": int(kinds[EventKind.TAKEN_DOWN]),
        "takedown_p50": _quantile(run.takedown_delays, 0.5),
        "takedown_p95": _quantile(run.takedown_delays, 0.95),
        "takedown_in_48h": _share(float(np.count_nonzero(run.takedown_delays <= 2.0)), float(len(run.takedown_delays))),
        "account_measures": int(kinds[EventKind.ACCOUNT_MEASURE]),
        "self_reports": int(kinds[EventKind.SELF_REPORTED]),
        "referrals": int(kinds[EventKind.REFERRED]),
        "claims": int(kinds[EventKind.CLAIM]),
        "claims_awarded": _sum(state.claims),
        "supporter_sanctions": int(kinds[EventKind.SUPPORTER_SANCTIONED]),
        "collateral_downtime": _sum(state.collateral_downtime),
        "over_removals": int(kinds[EventKind.OVER_REMOVED]),
        "store_fines": totals["store_fines"],
        "platform_fines": totals["platform_fines"],
        "relisting_refusals": int(kinds[EventKind.RELISTING_REFUSED]),
        "rumours_unrefuted": totals["rumours_unrefuted"],
        "moved_abroad": int(kinds[EventKind.MOVED_ABROAD]),
        "reentries": int(kinds[EventKind.REENTERED]),
        "filings_cancelled": int(kinds[EventKind.FILING_CANCELLED]),
        "backlog_age": _share(run.bin_ends[-1] * waiting - run.waiting_since, waiting),
        "concentration": _share(_sum(reach * reach), whole * whole),
        "insolvencies": int(kinds[EventKind.INSOLVENT]),
        "staff_fines": totals["staff_fines"],
        "confiscated": totals["confiscated"],
        "disparity": _share(rates[0], rates[1]),
    }


PROVIDER_UNITS = {
    **dict.fromkeys(("entered", "filed", "ended", "first_sanction", "first_removal"), "days since the start"),
    **dict.fromkeys(("downtime", "innocent_downtime"), "days"),
    "users": "users",
    "revenue": "RMB per year",
    "compliance": "share",
    "fines": "RMB",
    "harm": "user-days",
    "listed": "share of users",
}
SERIES_UNITS = {"start": "days since the start", "end": "days since the start", "fines": "RMB", "harm": "user-days"}
"""Units of the columns of the providers and of the series; those without are counts, numbers or names."""


def described(table: pa.Table, units: Mapping[str, str], titles: Mapping[str, str] | None = None) -> pa.Table:
    """The table with the unit (and title) of each column that has one in its field's metadata, which Parquet keeps."""
    fields = []
    for field in table.schema:
        facts = {"unit": units.get(field.name, ""), "title": (titles or {}).get(field.name, "")}
        fields.append(field.with_metadata({name: text for name, text in facts.items() if text} or None))
    return table.cast(pa.schema(fields))


def _quantile(values: Any, q: float) -> float:
    return float(np.quantile(values, q)) if len(values) else math.nan


def _sum(values: Any) -> float:
    """The sum in order of provider: another engine's loop gives the same bits."""
    return float(np.add.accumulate(values)[-1])


def providers_table(scenario: Scenario, run: Replication) -> pa.Table:
    """One row per provider: who it is, what it did, what was done to it."""
    state, n = run.state, len(run.state.status)
    names = pa.array([item.name for item in scenario.population.classes], pa.string())
    stores = len(scenario.stores)
    shares = np.array([store.share for store in scenario.stores])
    listed = state.listed.reshape(n, stores) @ shares if stores else np.zeros(n)
    with np.errstate(invalid="ignore", divide="ignore"):
        compliance = np.where(state.occasions > 0, 1.0 - state.violations / state.occasions, np.nan)
    entered = np.where(state.status > 0, state.entry, np.nan)
    columns: dict[str, Any] = {
        "replication": pa.array(np.full(n, run.number, dtype=np.int32)),
        "provider": pa.array(np.arange(n, dtype=np.int32)),
        "size_class": pa.DictionaryArray.from_arrays(pa.array(state.size_class.astype(np.int16)), names),
        "status": pa.DictionaryArray.from_arrays(
            pa.array(state.status.astype(np.int16)), pa.array(STATUS_NAMES, pa.string())
        ),
        "users": pa.array(state.users),
        "revenue": pa.array(state.revenue),
        "entered": pa.array(entered),
        "filed": pa.array(state.filed),
        "ended": pa.array(state.ended),
        "occasions": pa.array(state.occasions),
        "violations": pa.array(state.violations),
        "compliance": pa.array(compliance),
        "cases": pa.array(state.cases),
        "sanctions": pa.array(state.sanctions),
        "wrongful": pa.array(state.wrongful),
        "strikes": pa.array(state.strikes),
        "fines": pa.array(state.fines),
        "downtime": pa.array(state.downtime),
        "innocent_downtime": pa.array(state.innocent_downtime),
        "harm": pa.array(state.harm),
        "listed": pa.array(listed.astype(np.float64)),
        "first_sanction": pa.array(state.first_sanction),
        "first_removal": pa.array(state.first_removal),
    }
    return described(pa.table(list(columns.values()), names=list(columns)), PROVIDER_UNITS)


def series_table(scenario: Scenario, run: Replication) -> pa.Table:
    """One row per bin of 30 days (the last may be shorter): counts, sums, and levels at its end."""
    bins = len(run.bin_ends)
    starts = np.concatenate([[0.0], run.bin_ends[:-1]])
    columns: dict[str, Any] = {
        "replication": pa.array(np.full(bins, run.number, dtype=np.int32)),
        "bin": pa.array(np.arange(bins, dtype=np.int32)),
        "start": pa.array(starts),
        "end": pa.array(run.bin_ends),
    }
    for name, kind in SERIES_KINDS.items():
        columns[name] = pa.array(np.diff(run.kinds[:, kind], prepend=0))
    for name in SERIES_SUMS:
        columns[name] = pa.array(np.diff(run.extras[:, EXTRAS.index(name)], prepend=0.0))
    for name in SERIES_LEVELS:
        columns[name] = pa.array(run.extras[:, EXTRAS.index(name)].astype(np.int64))
    for position, item in enumerate(scenario.population.classes):
        columns[f"occasions_{_column(item.name)}"] = pa.array(np.diff(run.class_occasions[:, position], prepend=0))
        columns[f"violations_{_column(item.name)}"] = pa.array(np.diff(run.class_violations[:, position], prepend=0))
    return described(pa.table(list(columns.values()), names=list(columns)), SERIES_UNITS)
