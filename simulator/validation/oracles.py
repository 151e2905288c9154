"""Closed forms that the model must give when it is stripped down to what they describe.

Each oracle is a scenario with everything else switched off, a formula, and a measurement with its standard error. A
``z`` beyond four in absolute value means that model and formula disagree: by chance that happens once in sixteen
thousand. ``effort`` multiplies the number of replications of each: less is quicker and has a larger standard error.

Symbols: n providers, T years of horizon, lambda occasions per provider and year, c compliance, p and q the shares that
the docstring names, S a service time, m its mean, mu = 1/m, rho = lambda E[S] / c the load of c servers, D days of
suspension. M/G/1 is the formula of Pollaczek and Khinchine, and M/G/infinity has a Poisson number in service: Gross,
Shortle, Thompson and Harris, *Fundamentals of Queueing Theory* (2008). :mod:`.queues` has the other queues. The offence
rate is that of Becker, *Crime and Punishment: An Economic Approach* (1968).

An oracle takes a seed and an effort, simulates in this process, and returns a :class:`Reading`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..runs.run import Run, simulate
from ..scenario.overriding import merged
from ..scenario.schema import Scenario
from .queues import erlang_b, erlang_c_wait, finite_source_wait

YEAR = 365.0
LONG = 20_000.0
"""Days after which the state at the beginning no longer shows in a share of time."""


class Reading(NamedTuple):
    """What a formula says (``expected``), what the model gives (``measured``), and the standard error of the latter.
    Times are in days, shares between 0 and 1, the rest are counts.
    """

    name: str
    formula: str
    expected: float
    measured: float
    error: float

    @property
    def z(self) -> float:
        """Standard errors between measured and expected, positive where the model gives more."""
        return (self.measured - self.expected) / self.error


def stripped(changes: dict[str, Any]) -> Scenario:
    """A scenario in which nothing happens, changed by ``changes``: nested mappings as in a scenario file, merged as
    ``extends`` does.

    Raises :class:`pydantic.ValidationError` for changes that no scenario admits.
    """
    return Scenario.model_validate(merged(_STILL, changes))


_STILL: dict[str, Any] = {
    "name": "still",
    "title": "Nothing happens",
    "story": "Every provider complies, without complaints or inspections. Checks change one setting at a time.",
    "sources": ["none: a construction for checking the model"],
    "start": "2023-01-10",
    "horizon": 1000.0,
    "population": {
        "providers": 100,
        "arrivals": [[0, 1.0]],
        "compliance_spread": 0.0,
        "exit_rate": 0.0,
        "classes": [
            {
                "name": "all",
                "share": 1.0,
                "users": 100.0,
                "spread": 0.0,
                "revenue_per_user": 0.0,
                "activity": 1.0,
                "gain": 1.0,
                "rectifies": 1.0,
                "exits_after_suspension": 0.0,
                "compliance": {"labeling": 1.0},
            }
        ],
    },
    "behaviours": [
        {
            "name": "labeling",
            "rule": "cn-dsp-2023/16.1",
            "rate": 0.0,
            "severity": 1.0,
            "serious": 0.0,
            "serious_factor": 1.0,
            "lifetime": 1.0,
            "spreads": 0.0,
            "complained": 0.0,
            "seen_in_store": 0.0,
        }
    ],
    "public": {"complaint_delay": 0.0, "false_complaints": 0.0},
    "response": {
        "initial_belief": 0.0,
        "own_weight": 0.0,
        "peer_weight": 0.0,
        "memory": 1e6,
        "rectification_gain": 0.0,
        "updates_factor": 1.0,
        "registration_factor": 1.0,
    },
    "stores": [],
    "platforms": [],
    "registry": {
        "reviewers": 1,
        "review_days": 0.0,
        "supplement_probability": 0.0,
        "supplement_days": 0.0,
        "preparation_days": 0.0,
        "grace_days": 0.0,
        "limit_days": 42.0,
        "publication_interval": 30.0,
    },
    "policy": {
        "detection": {
            "inspection_rate": 0.0,
            "inspection_ceiling": 0.0,
            "complaints_taken_up": 0.0,
            "store_reports_taken_up": 0.0,
            "merge_open_cases": False,
        },
        "targeting": {"per_strike": 0.0, "strike_cap": 0, "classes": {}},
        "evidence": {"sensitivity": 1.0, "specificity": 1.0},
        "staff": {"inspectors": 1000, "investigation_days": 0.0, "investigation_phases": 1, "triage": "arrival"},
        "fine_on": "first-violation",
        "ladder": [{"sanctions": ["warning"], "penalty": "cn-penalties/genai-21"}],
        "strikes": {"memory_days": 1e6, "forgiveness": 0.0},
        "appeals": {
            "guilty_appeal": 0.0,
            "innocent_appeal": 0.0,
            "days": 0.0,
            "overturned_guilty": 0.0,
            "overturned_innocent": 0.0,
            "suspensive": False,
        },
        "stores": {"checks_filing": 0.0, "removes_unfiled": False},
    },
    "basis": {},
}


def times(replications: int, effort: float) -> int:
    """``replications`` times ``effort``, rounded: at least four, since an interval needs some."""
    return max(4, round(replications * effort))


def _queue(inspectors: int, days: float, phases: int, per_year: float) -> Scenario:
    return stripped(
        {
            "horizon": 3000.0,
            "policy": {
                "detection": {"inspection_rate": per_year, "inspection_ceiling": per_year},
                "staff": {"inspectors": inspectors, "investigation_days": days, "investigation_phases": phases},
            },
        }
    )


def _mean_and_error(values: Any) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values)))


def _waits(run: Run, warm_up: float = 300.0) -> tuple[float, float]:
    """Mean wait over replications, of cases that began their investigation after the queue had filled."""
    events = run.events
    started = events[(events["kind"] == "investigation") & (events["time"] > warm_up)]
    return _mean_and_error(started.groupby("replication")["value"].mean())


def waiting_many_inspectors(seed: int, effort: float = 1.0) -> Reading:
    """M/M/c: unfounded inspections of a complying market are a Poisson stream into c exponential inspectors."""
    scenario = _queue(inspectors=4, days=1.0, phases=1, per_year=12.0)
    measured, error = _waits(simulate(scenario, times(20, effort), seed))
    expected = erlang_c_wait(100 * 12 / YEAR, 1.0, 4)
    return Reading("M/M/c waiting time", "C / (c mu - lambda)", expected, measured, error)


def waiting_one_inspector(seed: int, effort: float = 1.0) -> Reading:
    """M/G/1 with Erlang-3 service: lambda E[S^2] / (2 (1 - rho)), where E[S^2] = m^2 (1 + 1/3)."""
    scenario = _queue(inspectors=1, days=0.25, phases=3, per_year=9.0)
    measured, error = _waits(simulate(scenario, times(20, effort), seed))
    arrivals = 100 * 9 / YEAR
    expected = arrivals * 0.25**2 * (1 + 1 / 3) / (2 * (1 - arrivals * 0.25))
    return Reading("M/G/1 waiting time", "lambda E[S^2] / (2 (1 - rho))", expected, measured, error)


def _thinned() -> Scenario:
    return stripped(
        {
            "horizon": 365.0,
            "population": {"providers": 200, "classes": [{"name": "all", "compliance": {"labeling": 0.4}}]},
            "behaviours": [{"name": "labeling", "rate": 10.0, "complained": 0.5}],
            "policy": {"detection": {"complaints_taken_up": 0.3}},
        }
    )


def thinned_cases(seed: int, effort: float = 1.0) -> Reading:
    """Cases are Poisson with mean n lambda (1 - c) p q T: thinning by compliance, complaint and take-up."""
    run = simulate(_thinned(), times(40, effort), seed)
    expected = 200 * 10 * 0.6 * 0.5 * 0.3
    measured = float(run.outcomes["cases_opened"].mean())
    return Reading("Thinned cases", "n lambda (1-c) p q T", expected, measured, math.sqrt(expected / run.replications))


def undetected_share(seed: int, effort: float = 1.0) -> Reading:
    """The share of providers without any case is exp(-lambda (1 - c) p q T)."""
    run = simulate(_thinned(), times(40, effort), seed)
    expected = math.exp(-10 * 0.6 * 0.5 * 0.3)
    measured = float((run.providers["cases"] == 0).mean())
    error = math.sqrt(expected * (1 - expected) / len(run.providers))
    return Reading("Providers never detected", "exp(-lambda (1-c) p q T)", expected, measured, error)


def false_positives(seed: int, effort: float = 1.0) -> Reading:
    """Unfounded complaints upheld: n f q (1 - specificity) T."""
    scenario = stripped(
        {
            "horizon": 365.0,
            "public": {"false_complaints": 6.0},
            "policy": {
                "detection": {"complaints_taken_up": 0.5},
                "evidence": {"specificity": 0.8},
            },
        }
    )
    run = simulate(scenario, times(40, effort), seed)
    expected = 100 * 6 * 0.5 * 0.2
    measured = float(run.outcomes["wrongful_sanctions"].mean())
    return Reading(
        "Wrongful sanctions", "n f q (1 - specificity) T", expected, measured, math.sqrt(expected / run.replications)
    )


def _suspending(days: float, appeals: dict[str, Any] | None = None) -> Scenario:
    return stripped(
        {
            "horizon": LONG,
            "population": {"providers": 60, "classes": [{"name": "all", "compliance": {"labeling": 0.2}}]},
            "behaviours": [{"name": "labeling", "rate": 10.0, "complained": 1.0}],
            "policy": {
                "detection": {"complaints_taken_up": 1.0},
                "evidence": {"sensitivity": 0.9},
                "ladder": [
                    {
                        "sanctions": ["suspend-service"],
                        "penalty": "cn-penalties/genai-21",
                        "service_days": days,
                        "appealable": True,
                    }
                ],
                "appeals": appeals or {},
            },
        }
    )


def suspension_share(seed: int, effort: float = 1.0) -> Reading:
    """Renewal-reward: D / (D + 1/r) of the time is spent suspended, with r = lambda (1 - c) s."""
    run = simulate(_suspending(30.0), 1, seed)
    measured, error = _mean_and_error(run.providers["downtime"] / LONG)
    expected = 30.0 / (30.0 + YEAR / (10 * 0.8 * 0.9))
    return Reading("Share of time suspended", "D / (D + 1/r)", expected, measured, error)


def suspension_share_with_appeals(seed: int, effort: float = 1.0) -> Reading:
    """The same with appeals: E[D] = D - p q (D - E min(D, A)), A exponential."""
    days, appeal, share, success = 30.0, 20.0, 0.8, 0.5
    appeals = {"guilty_appeal": share, "days": appeal, "overturned_guilty": success}
    run = simulate(_suspending(days, appeals), 1, seed)
    measured, error = _mean_and_error(run.providers["downtime"] / LONG)
    served = days - share * success * (days - appeal * (1 - math.exp(-days / appeal)))
    expected = served / (served + YEAR / (10 * 0.8 * 0.9))
    return Reading("Share of time suspended, with appeals", "E[D] / (E[D] + 1/r)", expected, measured, error)


def time_to_revocation(seed: int, effort: float = 1.0) -> Reading:
    """Pure birth: from step to step at rate r, with the suspensions between: sum 1/r + sum D."""
    scenario = stripped(
        {
            "horizon": 3000.0,
            "population": {"providers": 1500, "classes": [{"name": "all", "compliance": {"labeling": 0.2}}]},
            "behaviours": [{"name": "labeling", "rate": 10.0, "complained": 1.0}],
            "policy": {
                "detection": {"complaints_taken_up": 1.0},
                "evidence": {"sensitivity": 0.9},
                "ladder": [
                    {"sanctions": ["suspend-service"], "penalty": "cn-penalties/genai-21", "service_days": 10.0},
                    {"sanctions": ["suspend-service"], "penalty": "cn-penalties/genai-21", "service_days": 40.0},
                    {"sanctions": ["revocation"], "penalty": "cn-penalties/genai-21"},
                ],
            },
        }
    )
    run = simulate(scenario, 1, seed)
    measured, error = _mean_and_error(run.providers["ended"])
    return Reading("Time to revocation", "3/r + D1 + D2", 3 * YEAR / (10 * 0.8 * 0.9) + 50.0, measured, error)


def offence_rate(seed: int, effort: float = 1.0) -> Reading:
    """Becker: with exponential gains of mean b, offences come at lambda exp(-p f / b)."""
    scenario = stripped(
        {
            "horizon": 365.0,
            "population": {
                "providers": 200,
                "classes": [{"name": "all", "gain": 40000.0, "compliance": {"labeling": 0.0}}],
            },
            "behaviours": [{"name": "labeling", "rate": 20.0}],
            "response": {"initial_belief": 0.3},
            "policy": {
                "ladder": [
                    {
                        "sanctions": ["fine"],
                        "penalty": "cn-penalties/genai-21",
                        "fine": {"low": 50000.0, "high": 50000.0},
                    }
                ]
            },
        }
    )
    run = simulate(scenario, times(20, effort), seed)
    expected = 200 * 20 * math.exp(-0.3 * 50000 / 40000)
    measured = float(run.outcomes["violations"].mean())
    return Reading(
        "Offences under a feared fine",
        "lambda exp(-p f / b)",
        expected,
        measured,
        math.sqrt(expected / run.replications),
    )


def waiting_finite_source(seed: int, effort: float = 1.0) -> Reading:
    """Finite source: while a provider's case is open, complaints on the same rule are added to it and open no other."""
    sources, inspectors, per_year, days = 12, 2, 36.5, 5.0
    scenario = stripped(
        {
            "horizon": 3000.0,
            "population": {"providers": sources, "classes": [{"name": "all", "compliance": {"labeling": 0.0}}]},
            "behaviours": [{"name": "labeling", "rate": per_year, "complained": 1.0}],
            "policy": {
                "detection": {"complaints_taken_up": 1.0, "merge_open_cases": True},
                "staff": {"inspectors": inspectors, "investigation_days": days},
            },
        }
    )
    measured, error = _waits(simulate(scenario, times(12, effort), seed))
    expected = finite_source_wait(sources, inspectors, per_year / YEAR, days)
    return Reading("Finite source waiting time", "Lq / X, w_k of birth and death", expected, measured, error)


def lost_complaints(seed: int, effort: float = 1.0) -> Reading:
    """Erlang's B with one server and Erlang-8 service: complaints that meet an open case on the rule open none."""
    scenario = stripped(
        {
            "horizon": 2000.0,
            "population": {"providers": 60, "classes": [{"name": "all", "compliance": {"labeling": 0.0}}]},
            "behaviours": [{"name": "labeling", "rate": 20.0, "complained": 1.0}],
            "policy": {
                "detection": {"complaints_taken_up": 1.0, "merge_open_cases": True},
                "staff": {"investigation_days": 10.0, "investigation_phases": 8},
            },
        }
    )
    run = simulate(scenario, times(12, effort), seed)
    measured, error = _mean_and_error(1.0 - run.outcomes["cases_opened"] / run.outcomes["complaints"])
    return Reading(
        "Complaints merged into an open case",
        "B(rho, 1) = rho / (1 + rho)",
        erlang_b(20 / YEAR * 10, 1),
        measured,
        error,
    )


def _present(run: Run, began: str, ended: tuple[str, ...], spacing: float) -> npt.NDArray[np.int64]:
    """How many of something are under way at moments ``spacing`` days apart, all replications together."""
    moments = np.arange(200.0, run.scenario.horizon, spacing)
    counts = []
    for _, events in run.events.groupby("replication"):
        kinds, when = events["kind"].to_numpy(), events["time"].to_numpy()
        since = np.searchsorted(when[kinds == began], moments, side="right")
        until = np.searchsorted(when[np.isin(kinds, ended)], moments, side="right")
        counts.append(since - until)
    return np.concatenate(counts)


def _unlimited(seed: int, effort: float) -> npt.NDArray[np.int64]:
    """Cases under investigation by more inspectors than cases: 0.27 a day, Erlang-3 of 20 days each."""
    scenario = stripped(
        {
            "horizon": 12_000.0,
            "population": {"providers": 10},
            "policy": {
                "detection": {"inspection_rate": 10.0, "inspection_ceiling": 10.0},
                "staff": {"investigation_days": 20.0, "investigation_phases": 3},
            },
        }
    )
    run = simulate(scenario, times(8, effort), seed)
    return _present(run, "case-opened", ("case-closed",), 100.0)


def unlimited_inspectors(seed: int, effort: float = 1.0) -> Reading:
    """M/G/infinity: the number of cases under investigation is Poisson with mean lambda E[S]."""
    counts = _unlimited(seed, effort)
    expected = 10 * 10 / YEAR * 20
    return Reading(
        "Cases under way, unlimited staff",
        "lambda E[S]",
        expected,
        float(counts.mean()),
        math.sqrt(expected / len(counts)),
    )


def unlimited_inspectors_spread(seed: int, effort: float = 1.0) -> Reading:
    """M/G/infinity: a Poisson number has its mean as variance."""
    counts = _unlimited(seed, effort)
    measured = float(counts.var(ddof=1) / counts.mean())
    return Reading("Their variance over their mean", "1 (Poisson)", 1.0, measured, math.sqrt(2 / (len(counts) - 1)))


def appeals_pending(seed: int, effort: float = 1.0) -> Reading:
    """M/G/infinity: no appeal waits to be heard, so pending ones are Poisson with mean lambda q E[S]."""
    scenario = stripped(
        {
            "horizon": 12_000.0,
            "population": {"providers": 10},
            "policy": {
                "detection": {"inspection_rate": 10.0, "inspection_ceiling": 10.0},
                "evidence": {"specificity": 0.0},
                "ladder": [{"sanctions": ["warning"], "penalty": "cn-penalties/genai-21", "appealable": True}],
                "appeals": {"innocent_appeal": 0.6, "days": 30.0, "overturned_innocent": 0.4},
            },
        }
    )
    counts = _present(
        simulate(scenario, times(6, effort), seed), "appealed", ("appeal-rejected", "appeal-upheld"), 200.0
    )
    expected = 10 * 10 / YEAR * 0.6 * 30
    return Reading(
        "Appeals pending", "lambda q E[S]", expected, float(counts.mean()), math.sqrt(expected / len(counts))
    )


ORACLES: tuple[Callable[..., Reading], ...] = (
    waiting_many_inspectors,
    waiting_one_inspector,
    waiting_finite_source,
    lost_complaints,
    unlimited_inspectors,
    unlimited_inspectors_spread,
    appeals_pending,
    thinned_cases,
    undetected_share,
    false_positives,
    suspension_share,
    suspension_share_with_appeals,
    time_to_revocation,
    offence_rate,
)
