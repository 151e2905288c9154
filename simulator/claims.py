"""The claims of scenario stories, tested: is it so, with an interval, and is it otherwise under the setting that refutes it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .comparison import compare
from .outcomes import metrics
from .replication import RunError, simulate
from .scenario import Scenario
from .values import ScenarioError


class Reading(NamedTuple):
    """The paired difference, scenario less what it is compared with, with its 95 % interval."""

    difference: float
    lo95: float
    hi95: float

    def shows(self, direction: str) -> bool:
        """Whether the whole interval lies on the claimed side of zero."""
        return self.lo95 > 0.0 if direction == "more" else self.hi95 < 0.0


class Verdict(NamedTuple):
    """What became of one claim. It holds when ``claimed`` shows it, and says something when ``refuted`` does not."""

    scenario: str
    text: str
    metric: str
    direction: str
    claimed: Reading
    refuted: Reading

    @property
    def holds(self) -> bool:
        return self.claimed.shows(self.direction)

    @property
    def can_fail(self) -> bool:
        return not self.refuted.shows(self.direction)


def judge(scenario: Scenario, *, quick: bool = True, replications: int = 6, seed: int = 1, workers: int = 1) -> Verdict:
    """Test the claim of a scenario, at the size of its ``quick`` settings or in full.

    Raises :class:`ScenarioError` for a scenario without a claim, or whose claim names no metric of the outcomes.
    """
    claim = scenario.claim
    if claim is None:
        raise ScenarioError(f"{scenario.name}: makes no claim, expected one under `claim`")
    if claim.metric not in metrics(scenario):
        raise ScenarioError(f"{scenario.name}: claim.metric: found {claim.metric!r}, expected a metric of the outcomes")
    small = claim.quick if quick else {}

    def read(more: Mapping[str, Any]) -> Reading:
        # What refutes a claim holds on both sides, even where it concerns what the claim compares.
        ours = simulate(scenario.changed({**small, **more}), replications, seed, workers)
        theirs = simulate(scenario.changed({**small, **claim.against, **more}), replications, seed, workers)
        table = compare(theirs, ours).table
        row = table[table["metric"] == claim.metric]
        return Reading(*(float(row[name].to_numpy()[0]) for name in ("difference", "lo95", "hi95")))

    if replications < 2:
        raise RunError(f"found {replications} replications, expected at least 2: a claim needs an interval")
    return Verdict(
        scenario.name, claim.text, claim.metric, claim.direction, read({}), read(claim.refuted_by)
    )
