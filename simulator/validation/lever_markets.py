"""Markets and measures that the properties of single levers share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..runs.run import Run
from .metamorphic import FINE, OFF, each, step
from .properties import AT_RANDOM, UNAFRAID

Floats = npt.NDArray[np.float64]


def spread_of_compliance(run: Run) -> Floats:
    """Minus the standard deviation of compliance over providers."""
    return np.asarray(-run.providers.groupby("replication")["compliance"].std().to_numpy(dtype=np.float64))


def two_authorities(share: float = 0.01, reviewers: float | None = None, **of_second: object) -> dict[str, object]:
    """A second authority with a share of the staff, beside one for all the rest."""
    offices = ({}, {}) if reviewers is None else ({"reviewers": reviewers}, {"reviewers": 1.0 - reviewers})
    second = {"name": "second", "tier": "local", "share": share, **offices[0], **of_second}
    return {"policy.authorities": [second, {"name": "rest", "tier": "national", "share": 1.0 - share, **offices[1]}]}


def in_platforms(path: str, value: float) -> dict[str, float]:
    return {f"platforms.platform-{name}.{path}": value for name in "ab"}


APPEALED = {"policy.ladder": [{**FINE, "appealable": True}], **UNAFRAID}
LONG_SUSPENSION = {**step("suspend-service", service_days=400.0), "appealable": True}
HARBOUR = {"policy.safe_harbour.offered": True, **each("population.classes.*.certifies", 0.5)}
SPARED = {**HARBOUR, **AT_RANDOM, "policy.safe_harbour.inspection_factor": 0.0}
CROWDED = {"policy.staff.inspectors": 200, **UNAFRAID}
UNFILED = {"registry.preparation_days": 800.0, "policy.stores.checks_filing": 0.0}
SWEPT = {**UNFILED, **UNAFRAID, "policy.stores.sweep_days": 90.0, "policy.stores.sweep_finds": 0.5}
SWEPT |= {"policy.stores.removes_unfiled": False}
STEADILY = {"population.arrivals": [[0, 0.0], [900, 1.0]]}
AUDITED = {"policy.stores.audit_days": 10.0, "policy.stores.checks_filing": 1.0, "policy.stores.limit_days": 0.0}
SEEN = {"behaviours.labeling.complained": 0.5, "public.audience": 10.0}
GRAVE = {**OFF, "behaviours.labeling.severity": 1.0, "behaviours.labeling.serious": 0.5}
MISUSED = {"behaviours.labeling.misused": 0.5, "response.account_measures": 0.5, **SEEN}
STAFF_FINE = step("staff-fine", staff_fine={"low": 1e5, "high": 1e6})
CLAIMED = {"behaviours.labeling.claimed": 0.5, "behaviours.labeling.award": 1e5, **OFF}
TRACED = {"supporters.traced": 0.2, "supporters.used_by": 1.0, **UNAFRAID}
COPIED = {**OFF, **SEEN, "behaviours.labeling.spreads": 0.5}
ONLY_A = {"platforms.platform-a.misses": 0.0, "platforms.platform-b.misses": 1.0, **COPIED}


def shares_of(a: float) -> dict[str, float]:
    return {"platforms.platform-a.share": a, "platforms.platform-b.share": 1.0 - a}


QUICK = {**COPIED, **in_platforms("misses", 0.0), **in_platforms("takedown_lag", 0.1)}
"""Platforms that miss nothing and act at once."""
SLOW = {**QUICK, **in_platforms("takedown_lag", 20.0), "policy.platforms.found": 1.0}
"""The same with a lag of twenty days, of which the regulator knows."""


def campaign(until: float = 730.0, taken_up: float = 1.0) -> dict[str, object]:
    """Complaints are taken up from the first day until one, or in part."""
    change = {"title": "x", "day": 0.0, "until": until, "set": {"policy.detection.complaints_taken_up": taken_up}}
    return {"changes": [change]}
