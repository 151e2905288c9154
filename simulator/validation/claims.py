"""The claims of scenario stories, tested: is it so, with an interval, and is it otherwise under the setting that
refutes it?

A claim says that a scenario has at least so much more, or less, of one outcome than the same scenario with something
else in place. It is judged on paired replications and for several seeds, and so is the setting that refutes it: a value
that is plausible for the parameter, under which the claim cannot be shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..runs.comparison import compare
from ..runs.engines import choose, using
from ..runs.outcomes import metrics
from ..runs.run import RunError, simulate
from ..scenario.schema import Claim, Scenario
from ..scenario.values import ScenarioError


class ClaimReading(NamedTuple):
    """One seed: mean outcome of the scenario and of what it is compared with, and the relative change, ours / theirs -
    1, with its 95 % interval.
    """

    seed: int
    ours: float
    theirs: float
    change: float
    lo95: float
    hi95: float

    def shows(self, claim: Claim) -> bool:
        """Whether the whole interval lies beyond what is claimed."""
        return self.lo95 > claim.by if claim.direction == "more" else self.hi95 < -claim.by


class Verdict(NamedTuple):
    """What became of one claim, seed by seed: as the scenario is, and with the setting that refutes it on both
    sides.
    """

    scenario: Scenario
    claim: Claim
    replications: int
    claimed: tuple[ClaimReading, ...]
    refuted: tuple[ClaimReading, ...]

    @property
    def holds(self) -> bool:
        """Every seed shows it."""
        return all(reading.shows(self.claim) for reading in self.claimed)

    @property
    def can_fail(self) -> bool:
        """Under the refuting setting no seed shows it, though the outcome is defined there."""
        return all(math.isfinite(reading.change) and not reading.shows(self.claim) for reading in self.refuted)


def judge(
    scenario: Scenario, *, quick: bool = True, replications: int = 12, seeds: Sequence[int] = (1,), workers: int = 1
) -> Verdict:
    """Test the claim of a scenario, at the size of its ``quick`` settings or in full.

    Raises :class:`ScenarioError` for a scenario without a claim, or whose claim names no metric of the outcomes, and
    :class:`RunError` where there are too few replications for an interval.
    """
    claim = scenario.claim
    if claim is None:
        raise ScenarioError(f"{scenario.name}: makes no claim, expected one under `claim`")
    if claim.metric not in metrics(scenario):
        raise ScenarioError(f"{scenario.name}: claim.metric: found {claim.metric!r}, expected a metric of the outcomes")
    if replications < 2:
        raise RunError(f"found {replications} replications, expected at least 2: a claim needs an interval")
    if not seeds:
        raise RunError("found no seed, expected at least one")
    small = claim.quick if quick else {}

    def sides(more: Mapping[str, Any]) -> tuple[Scenario, Scenario]:
        # What refutes a claim holds on both sides, even where it concerns what the claim compares.
        return scenario.changed({**small, **more}), scenario.changed({**small, **claim.against, **more})

    shown, refuted = sides({}), sides(claim.refuted_by)
    # One choice for all, since many short runs together may be worth the compiled engine where each is not.
    engine = choose(None, [(each, replications * len(seeds)) for each in (*shown, *refuted)])

    def read(pair: tuple[Scenario, Scenario], seed: int) -> ClaimReading:
        ours, theirs = (simulate(each, replications, seed, workers) for each in pair)
        comparison = compare(theirs, ours)
        row = comparison.table[comparison.table["metric"] == claim.metric]
        mean_ours, mean_theirs = (float(row[name].to_numpy()[0]) for name in ("mean_b", "mean_a"))
        change, low, high = comparison.relative(claim.metric)
        return ClaimReading(seed, mean_ours, mean_theirs, change, low, high)

    with using(engine.value):
        claimed, otherwise = (tuple(read(pair, seed) for seed in seeds) for pair in (shown, refuted))
        return Verdict(scenario, claim, replications, claimed, otherwise)
