"""Everything that is checked of the model at once: closed forms, laws of every run, metamorphic properties, published
results.

A check compares a measurement with what it must be. Where chance is in it, the check has a standard error and passes
within :data:`LIMIT` of them; where there is none, it passes exactly or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from shenhe import scenarios

from ..runs.run import Run, simulate
from ..scenario.loading import load_scenario
from ..scenario.schema import Scenario
from .audit import discrepancies
from .every_lever import ALL_PROPERTIES
from .literature import (
    DETECTION,
    FIRST_FINE,
    GAINS,
    PUBLISHED_INCREASE,
    Escalation,
    Targeting,
    escalation,
    harrington,
    steepness_of_published,
)
from .metamorphic import QUICKLY_SURE, SURE, measured
from .oracles import ORACLES, stripped, times

LIMIT = 4.0
"""Standard errors beyond which model and expectation disagree: by chance once in sixteen thousand."""

STEEPNESSES = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
"""Factors from one fine to the next at which escalation is compared with flat fines."""

QUICK = 0.3
"""The effort of a quick validation."""

CLOSED, LAWS, METAMORPHIC, PUBLISHED = "closed form", "law of every run", "metamorphic", "published result"


class Check(NamedTuple):
    """One comparison. ``error`` is the standard error of ``measured``, 0 where no chance is in it; ``bound`` says
    whether ``expected`` is to be met (``=``), or is the most (``<=``) or the least (``>=``) allowed.
    """

    group: str
    name: str
    statement: str
    expected: float
    measured: float
    error: float = 0.0
    bound: str = "="

    @property
    def z(self) -> float:
        """Standard errors between measured and expected, positive above; NaN where no chance is in it."""
        return (self.measured - self.expected) / self.error if self.error > 0 else math.nan

    @property
    def passed(self) -> bool:
        """Whether ``measured`` is within :data:`LIMIT` standard errors of what ``bound`` allows. Without chance it must
        be exactly there.
        """
        away = self.measured - self.expected
        if self.bound == "<=":
            away = max(away, 0.0)
        elif self.bound == ">=":
            away = min(away, 0.0)
        return abs(away) < LIMIT * self.error if self.error > 0 else away == 0.0

    @property
    def tolerance(self) -> str:
        """How far ``measured`` may be from what ``bound`` allows, in words."""
        return f"{LIMIT:g} standard errors" if self.error > 0 else "exact"


class Validation(NamedTuple):
    """All checks, and the two published results as far as they were simulated."""

    seed: int
    quick: bool
    checks: tuple[Check, ...]
    targeting: Targeting
    escalations: tuple[Escalation, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that did not pass, in their order."""
        return tuple(check for check in self.checks if not check.passed)


def validate(
    seed: int = 2023, *, quick: bool = False, progress: Callable[[str], None] = lambda name: None
) -> Validation:
    """Run every check, in this process. ``quick`` takes :data:`QUICK` of the replications and one steepness instead of
    :data:`STEEPNESSES`. ``progress`` is called with the name of what is run next.

    The same seed gives the same result. A check that does not pass is no exception: see :attr:`Validation.failed`.
    """
    effort = QUICK if quick else 1.0
    checks: list[Check] = []
    for oracle in ORACLES:
        progress((oracle.__doc__ or oracle.__name__).splitlines()[0])
        checks.append(closed_form(oracle, seed, effort))
    for name in scenarios.names():
        progress(f"laws of {name}")
        checks.append(lawful(name, seed))
    for property_of in METAMORPHOSES:
        progress((property_of.__doc__ or property_of.__name__).splitlines()[0])
        checks += property_of(seed, effort)
    progress("Harrington 1988")
    targeting = harrington(seed, effort)
    checks += targeting_checks(targeting)
    progress("Blundell, Gowrisankaran and Langer 2020")
    steps = (6.0,) if quick else STEEPNESSES
    escalations = tuple(escalation(seed, effort, steepness) for steepness in steps)
    checks += escalation_checks(escalations)
    return Validation(seed, quick, tuple(checks), targeting, escalations)


def closed_form(oracle: Callable[..., Any], seed: int, effort: float) -> Check:
    """One oracle of :mod:`.oracles` as a check. ``effort`` multiplies its replications."""
    reading = oracle(seed, effort)
    return Check(CLOSED, reading.name, reading.formula, reading.expected, reading.measured, reading.error)


# -- laws of every run

PROVIDERS = 60
"""Providers of a shipped scenario when its runs are replayed or changed."""


def small(name: str, changes: dict[str, Any] | None = None, providers: int = PROVIDERS) -> Scenario:
    """The shipped scenario ``name`` with about ``providers`` providers, staff scaled with them, and ``changes`` by
    dotted path. Raises :class:`..scenario.values.ScenarioError` for an unknown name or impossible changes.
    """
    whole = load_scenario(name)
    return load_scenario(name, {"population.scale": providers / whole.population.providers, **(changes or {})})


def lawful(name: str, seed: int) -> Check:
    """Outcomes recomputed from the log, Little's law, conservation of cases, appeals, suspensions, fines and harm."""
    found = discrepancies(simulate(small(name), 2, seed))
    return Check(LAWS, f"Log, Little’s law, conservation: {name}", "no discrepancy", 0.0, float(len(found)))


# -- metamorphic properties


def shorter_waits(seed: int, effort: float) -> Iterator[Check]:
    """More inspectors never lengthen a wait: in order of arrival, case by case, on the same draws."""

    def waits(inspectors: int) -> Any:
        scenario = stripped(
            {
                "horizon": 1500.0,
                "policy": {
                    "detection": {"inspection_rate": 12.0, "inspection_ceiling": 12.0},
                    "staff": {"inspectors": inspectors, "investigation_days": 0.85, "investigation_phases": 2},
                },
            }
        )
        events = simulate(scenario, times(4, effort), seed).events
        started = events[events["kind"] == "investigation"]
        return started.set_index(["replication", "provider", "case"])["value"]

    three, four = waits(3), waits(4)
    # A case whose wait goes beyond the horizon is not in the log.
    longer = (four.reindex(three.index) - three).max()
    lengthened = max(0.0, round(float(longer), 9))
    yield Check(METAMORPHIC, "A fourth inspector lengthens no wait", "max(W4 - W3), days", 0.0, lengthened, 0.0, "<=")


def shorter_queue(seed: int, effort: float) -> Iterator[Check]:
    """More inspectors do not lengthen the queue of the full model in law, though providers react to them."""
    replications = times(16, effort)
    inspectors = load_scenario("cn-2023").policy.staff.inspectors
    few, many = (
        simulate(small("cn-2023", {"policy.staff.inspectors": inspectors * factor}, 150), replications, seed)
        for factor in (1, 2)
    )
    difference = (many.outcomes["backlog_mean"] - few.outcomes["backlog_mean"]).to_numpy(dtype=np.float64)
    mean, error = _mean_and_error(difference)
    yield Check(
        METAMORPHIC, "Twice the inspectors, cn-2023", "change of the mean backlog, cases", 0.0, mean, error, "<="
    )


def no_operation(seed: int, effort: float) -> Iterator[Check]:
    """A change without consequence changes nothing: not one row of the log."""
    no_appeals = {"policy.appeals.guilty_appeal": 0.0, "policy.appeals.innocent_appeal": 0.0}
    moot = {
        "policy.appeals.days": 7.0,
        "policy.appeals.overturned_guilty": 0.9,
        "policy.appeals.overturned_innocent": 0.1,
    }
    before, after = (simulate(small("cn-2023", changes), 2, seed) for changes in (no_appeals, no_appeals | moot))
    changed = 0.0 if before.events.equals(after.events) else 1.0
    difference = (
        (after.outcomes - before.outcomes)
        .abs()
        .to_numpy()
        .max(initial=0.0, where=~np.isnan(before.outcomes.to_numpy()))
    )
    yield Check(METAMORPHIC, "How appeals are decided, without any appeals", "logs that differ", 0.0, changed)
    yield Check(METAMORPHIC, "The same, in outcomes", "largest difference", 0.0, float(difference))


def money_is_a_unit(seed: int, effort: float) -> Iterator[Check]:
    """Gains, revenue and fines all doubled: no provider acts otherwise."""

    def run(unit: float) -> Run:
        return simulate(
            stripped(
                {
                    "population": {
                        "providers": 100,
                        "classes": [
                            {
                                "name": "all",
                                "gain": 20_000.0 * unit,
                                "revenue_per_user": 50.0 * unit,
                                "compliance": {"labeling": 0.2},
                            }
                        ],
                    },
                    "behaviours": [{"name": "labeling", "rate": 10.0, "complained": 0.5}],
                    "response": {"initial_belief": 0.2, "own_weight": 0.3, "memory": 500.0},
                    "policy": {
                        "detection": {"complaints_taken_up": 1.0},
                        "ladder": [
                            {
                                "sanctions": ["fine"],
                                "penalty": "cn-penalties/genai-21",
                                "fine": {"low": 10_000.0 * unit, "high": 90_000.0 * unit, "turnover_share": 0.01},
                            }
                        ],
                    },
                }
            ),
            2,
            seed,
        )

    once, twice = run(1.0), run(2.0)
    columns = ["time", "kind", "provider", "case"]
    same = once.events[columns].equals(twice.events[columns])
    yield Check(METAMORPHIC, "All money doubled", "logs that differ, amounts apart", 0.0, 0.0 if same else 1.0)


def perfect_evidence(seed: int, effort: float) -> Iterator[Check]:
    """With perfect specificity there are no wrongful sanctions; without sensitivity, no sanctions at all."""
    certain = simulate(small("cn-2023", {"policy.evidence.specificity": 1.0}), 2, seed)
    blind = simulate(
        small("cn-2023", {"policy.evidence.specificity": 1.0, "policy.evidence.sensitivity": 0.0}), 2, seed
    )
    yield Check(
        METAMORPHIC, "Specificity 1", "wrongful sanctions", 0.0, float(certain.outcomes["wrongful_sanctions"].sum())
    )
    yield Check(
        METAMORPHIC,
        "Sensitivity 0 in addition",
        "cases that end in a sanction",
        0.0,
        float(blind.outcomes["cases_sanctioned"].sum()),
    )


def levers(seed: int, effort: float) -> Iterator[Check]:
    """Single levers: what each must move, and what none may.

    A quick validation has too few replications to show some small effects at :data:`SURE` standard errors, so it asks
    for :data:`QUICKLY_SURE`, and measures with all replications what it cannot show.
    """
    for prop in ALL_PROPERTIES:
        found, sure = measured(prop, seed, effort), SURE if effort >= 1.0 else QUICKLY_SURE
        if prop.moves and effort < 1.0 and found.away > -sure:
            found, sure = measured(prop, seed, 1.0), SURE
        if prop.moves:
            yield Check(METAMORPHIC, prop.name, "standard errors by which it falls", -sure, found.away, 0.0, "<=")
        else:
            error = found.error if found.change > 0.0 else 0.0
            yield Check(METAMORPHIC, prop.name, "rise", prop.tolerance, found.change, error, "<=")


def same_rates_at_scale(seed: int, effort: float) -> Iterator[Check]:
    """Providers and staff doubled together: what happens per provider stays, within error."""
    replications = times(16, effort)
    # Ample staff, since a longer queue with more servers waits less: that economy of scale is no error.
    ample = {"policy.staff.inspectors": 6 * load_scenario("cn-2023").policy.staff.inspectors}
    runs = [
        simulate(small("cn-2023", ample, providers), replications, seed + k) for k, providers in enumerate((100, 200))
    ]
    for metric, words in (
        ("violations", "violations"),
        ("cases_opened", "cases"),
        ("rectification_orders", "orders to rectify"),
    ):
        (one, one_error), (two, two_error) = (
            _mean_and_error(run.outcomes[metric].to_numpy(dtype=np.float64) / run.scenario.population.simulated)
            for run in runs
        )
        yield Check(
            METAMORPHIC,
            f"Providers and staff doubled: {words}",
            "per provider, twice the size against once",
            one,
            two,
            math.hypot(one_error, two_error),
        )


METAMORPHOSES: tuple[Callable[[int, float], Iterator[Check]], ...] = (
    shorter_waits,
    shorter_queue,
    no_operation,
    money_is_a_unit,
    perfect_evidence,
    same_rates_at_scale,
    levers,
)


# -- published results


def targeting_checks(found: Targeting) -> list[Check]:
    """Harrington's compliance in the middle regime, his gain, and that both policies cost the same."""
    low, middle, high = range(3)
    compliance, error = _mean_and_error(found.targeted[middle].compliance)
    gain, gain_error = _mean_and_error(found.targeted[middle].compliance - found.random[middle].compliance)
    cost, cost_error = _mean_and_error(found.targeted[middle].inspections - found.random[middle].inspections)
    expected = found.expected(found.costs[middle])
    return [
        Check(
            PUBLISHED,
            "Harrington: compliance in two groups",
            "p1/(p1 + p2 u), an occasion first",
            expected[0],
            compliance,
            error,
        ),
        Check(
            PUBLISHED,
            "Harrington: gain over random inspection",
            "compliance, targeted less random",
            expected[0] - expected[1],
            gain,
            gain_error,
        ),
        Check(
            PUBLISHED, "Harrington: at equal cost", "inspections per year, targeted less random", 0.0, cost, cost_error
        ),
        Check(
            PUBLISHED,
            "Harrington: no gain beyond c*",
            "compliance where c > c*",
            0.0,
            float(found.targeted[high].compliance.max()),
        ),
        Check(
            PUBLISHED,
            "Harrington: a year’s look ahead is too short",
            "compliance, c above the threshold of one year",
            0.0,
            float(found.near.compliance.max()),
        ),
        Check(
            PUBLISHED,
            "Harrington: without end it is not",
            "the same cost of compliance, p1/(p1 + p2 u)",
            found.expected(found.groups.between)[0],
            *_mean_and_error(found.far.compliance),
        ),
        Check(
            PUBLISHED,
            "Harrington: none where c is low",
            "compliance, random less targeted",
            0.0,
            float((found.random[low].compliance - found.targeted[low].compliance).min()),
            0.0,
            ">=",
        ),
    ]


def escalation_checks(found: tuple[Escalation, ...]) -> list[Check]:
    """The direction of Blundell, Gowrisankaran and Langer where the last fine deters, at equal fines."""
    steep = next(each for each in found if each.steepness == 6.0)
    increase, error = steep.increase
    fines, fines_error = _mean_and_error(steep.fines[1] / steep.fines[0].mean() - 1.0)
    fines_error = math.hypot(
        fines_error, float(steep.fines[0].std(ddof=1) / steep.fines[0].mean()) / math.sqrt(steep.fines.shape[1])
    )
    beyond = max(increase - LIMIT * error, 0.0)
    return [
        Check(PUBLISHED, "Escalation: fines are equal", "flat over escalating, less 1", 0.0, fines, fines_error),
        Check(
            PUBLISHED,
            "Escalation: flat fines leave more harm",
            f"increase less {LIMIT:g} s.e. above 0",
            1.0,
            float(beyond > 0),
        ),
    ]


def published_size(found: tuple[Escalation, ...]) -> str:
    """What can be said of the published size, in a sentence."""
    sizes = ", ".join(f"{each.increase[0]:+.0%} at {each.steepness:g}" for each in found)
    met = steepness_of_published(found)
    where = f", which the curve passes where each fine is {met:.1f} times the one before" if math.isfinite(met) else ""
    return (
        "The change of harm under flat fines with the same total, by the factor from one escalating fine to the next:"
        f" {sizes}. The published estimate is {PUBLISHED_INCREASE:+.0%}{where}. These values are chosen, not"
        f" estimated: that factor, three steps, a first fine of {FIRST_FINE:,.0f} RMB, two halves of the market to whom"
        f" a breach is worth {GAINS[0]:,.0f} and {GAINS[1]:,.0f} RMB on average, and a chance of detection of"
        f" {DETECTION:.0%}. So a suitable choice reproduces the published size, which is no evidence. The result is the"
        " direction and where it turns. Where the last fine is still paid often, a flat fine that raises as much is"
        " high enough to deter more, and flat fines leave less harm."
    )


def _mean_and_error(values: Any) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values)))
