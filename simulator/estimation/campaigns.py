"""The campaign of 2026 beside that of 2025: how many providers a fit expects each to deal with.

Campaigns announce products that they dealt with, across everything that uses AI, as lower bounds and without the
sanctions (``scenarios/data/README.md``). One comparison with the model is left: how many times as many products phase 1
of 2026 dealt with as phase 1 of 2025. If deep synthesis has the same share of both, that share cancels.

These figures enter no fit. The model has the measures that ``campaign-2025`` assumes in both years, for as many days up
to the announcement, since the measures and first days of 2026 were not published.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..runs.intervals import mean_interval
from ..runs.run import Run, simulate
from ..scenario.loading import load_scenario
from .published import START, CalibrationError, Years, published_rows

PHASES = ("2025 phase 1", "2026 phase 1")
"""The two campaigns that announced products."""

STORY = "campaign-2025"
"""The scenario whose measures both campaigns have."""


class Phase(NamedTuple):
    """A campaign as announced: the day of the announcement, and how many products it dealt with at least."""

    name: str
    published: datetime.date
    products: float


class CampaignTest(NamedTuple):
    """What a fit says of the two campaigns.

    ``dealt_with``: providers of the whole market that are sanctioned during each, on average. ``said``: how many times
    as many in 2026 as in 2025, with a 95 % interval. ``published``: the same of the products, which are lower bounds.
    """

    share: float
    dealt_with: tuple[float, float]
    said: tuple[float, float, float]
    published: float

    @property
    def inside(self) -> bool:
        return self.said[1] <= self.published <= self.said[2]


def phases() -> tuple[Phase, Phase]:
    """The campaigns of 2025 and 2026 that announced products. Raises :class:`CalibrationError` where one is missing."""
    found = {row["phase"]: row for row in published_rows("campaigns.csv") if row["products"]}
    missing = [name for name in PHASES if name not in found]
    if missing:
        raise CalibrationError(f"campaigns.csv: found no products of {', '.join(missing)}, expected them")
    first, second = (
        Phase(name, datetime.date.fromisoformat(found[name]["published"]), float(found[name]["products"]))
        for name in PHASES
    )
    return first, second


def windows() -> tuple[tuple[float, float], tuple[float, float]]:
    """First and last day of both campaigns in a scenario that begins at :data:`~.published.START`."""
    change = load_scenario(STORY).changes[0]
    if change.until is None:
        raise CalibrationError(f"{STORY}: found a campaign without an end, expected `until`")
    length = change.until - change.day
    first, second = (float((each.published - START).days) for each in phases())
    return (first - length, first), (second - length, second)


def campaign_changes(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that put both campaigns into a scenario with ``overrides``."""
    story = load_scenario(STORY)
    measures = dict(story.changes[0].model_dump(mode="json")["set"])
    staff = overrides.get("policy.staff.inspectors", story.policy.staff.inspectors)
    measures["policy.staff.inspectors"] = round(
        measures["policy.staff.inspectors"] / story.policy.staff.inspectors * staff
    )
    ceiling = max(
        float(overrides.get("policy.detection.inspection_ceiling", 0.0)), story.policy.detection.inspection_ceiling
    )
    entries = [
        {"title": name, "day": begins, "until": ends, "set": measures}
        for name, (begins, ends) in zip(PHASES, windows(), strict=True)
    ]
    return {**overrides, "changes": entries, "policy.detection.inspection_ceiling": ceiling}


def campaigns_compared(
    name: str, share: float, overrides: Mapping[str, Any], seed: int, scale: float, replications: int, years: Years
) -> CampaignTest:
    """Simulate a fitted scenario with both campaigns, at ``scale`` of its market."""
    begun = load_scenario(name)
    changes = {**campaign_changes(overrides), "population.scale": scale * begun.population.scale}
    changes["horizon"] = max(windows()[1][1] + 1.0, begun.horizon)
    run = simulate(load_scenario(name, changes), replications, seed)
    counts = np.array([sanctioned(run, *window) for window in windows()]) / scale
    # Half a provider keeps the logarithm finite where none was dealt with.
    ratios = np.log((counts[1] + 0.5 / scale) / (counts[0] + 0.5 / scale))
    mean, low, high, _ = mean_interval(ratios)
    error = (high - low) / 2.0 / 1.96 if replications > 1 else 0.0
    reach = years.reach(1, error**2)
    first, second = phases()
    return CampaignTest(
        share,
        (float(counts[0].mean()), float(counts[1].mean())),
        (math.exp(mean), math.exp(mean - reach), math.exp(mean + reach)),
        second.products / first.products,
    )


def sanctioned(run: Run, begins: float, ends: float) -> list[int]:
    """How many providers were sanctioned in a time, one number per replication."""
    events = run.events
    within = events[(events["kind"] == "sanctioned") & (events["time"] >= begins) & (events["time"] <= ends)]
    counts = within.groupby("replication")["provider"].nunique()
    return [int(counts.get(number, 0)) for number in range(run.replications)]
