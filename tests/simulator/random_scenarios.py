"""Random scenarios over the whole space of levers: small worlds in which everything may happen, often at once.

Values lie where a few hundred days with a few dozen providers show what they do, with more than their share of the ends
(probabilities of 0 and 1, delays of 0, one inspector), since that is where two engines part. Scenario ``number`` is
always the same.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from shenhe.rulebook import load_rulebook
from shenhe.simulator.scenario.policy import Sanction
from shenhe.simulator.scenario.schema import Change, Scenario
from shenhe.simulator.scenario.values import ScenarioError

BEHAVIOURS = (
    "labeling",
    "consent",
    "real-name",
    "takedown",
    "complaints",
    "rumour-refutation",
    "prohibited-content",
    "disclosure",
    "records",
    "filing",
)
_BOOK = load_rulebook()
RULES = {name: next(rule.id for rule in _BOOK.rules.values() if rule.behaviour == name) for name in BEHAVIOURS}
PENALTIES = list(_BOOK.penalties)[:3]
SANCTIONS = [str(sanction) for sanction in Sanction]

T = TypeVar("T")


class Dice:
    """What random values are drawn with: ``number`` of a series of independent ones."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(f"scenario {number}")

    def share(self) -> float:
        """A probability; three in twenty are 0 and one in ten is 1."""
        return self._random.choices([0.0, 1.0, round(self._random.random(), 3)], [3, 2, 15])[0]

    def some(self) -> float:
        """A probability above 0 and below 1."""
        return round(self._random.uniform(0.02, 0.98), 3)

    def days(self, most: float, *, least: float = 0.0) -> float:
        """A time; one in five is ``least``, two in five are whole days."""
        drawn = self._random.uniform(least, most)
        return self._random.choices([least, max(float(round(drawn)), least), drawn], [1, 2, 2])[0]

    def number(self, low: float, high: float) -> float:
        """A number whose logarithm is uniform."""
        return float(low * (high / low) ** self._random.random())

    def often(self, chance: float) -> bool:
        return self._random.random() < chance

    def count(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def one(self, values: Sequence[T]) -> T:
        return self._random.choice(values)

    def several(self, values: Sequence[T], most: int) -> list[T]:
        """One or more of ``values``, in their order."""
        taken = set(self._random.sample(range(len(values)), self.count(1, min(most, len(values)))))
        return [value for place, value in enumerate(values) if place in taken]

    def shares(self, count: int, *, whole: bool = True) -> list[float]:
        """``count`` shares that add up to 1, or to less."""
        weights = [self._random.uniform(0.1, 1.0) for _ in range(count)]
        total = sum(weights) * (1.0 if whole else self._random.uniform(1.0, 2.0))
        return [weight / total for weight in weights]


class Shape(NamedTuple):
    """What a world has of each kind: what a change of regime leaves as it is."""

    behaviours: list[str]
    classes: list[str]
    stores: int
    platforms: int
    supporters: bool


def random_scenario(number: int) -> Scenario:
    """Scenario ``number`` of an endless series; always the same one."""
    dice = Dice(number)
    shape = Shape(
        behaviours=dice.several(BEHAVIOURS, len(BEHAVIOURS)),
        classes=["small", "medium", "large"][: dice.count(1, 3)],
        stores=dice.count(0, 3),
        platforms=dice.count(0, 3),
        supporters=dice.often(0.6),
    )
    data = _world(dice, shape)
    data["name"] = f"random-{number}"
    scenario = Scenario.model_validate(data)
    for _ in range(dice.count(0, 4) if dice.often(0.6) else 0):
        data["changes"].append(_change(dice, shape, scenario))
        try:
            scenario = Scenario.model_validate(data)
            scenario.regimes()
        except (ValidationError, ScenarioError):
            # Most changes are possible; those that ask for more inspections than the ceiling, say, are not.
            data["changes"].pop()
            scenario = Scenario.model_validate(data)
    return scenario


def _world(dice: Dice, shape: Shape) -> dict[str, Any]:
    behaviours, classes = shape.behaviours, shape.classes
    horizon = dice.one([90.0, 200.0, dice.number(60.0, 900.0), dice.number(60.0, 900.0)])
    false_complaints = dice.one([0.0, dice.number(0.05, 5.0)])
    supporters = {
        "count": dice.count(1, 6),
        "used_by": dice.share(),
        "traced": dice.share() * dice.share(),
        "service_days": dice.days(60.0),
    }
    data: dict[str, Any] = {
        "name": "random",
        "title": "A random world",
        "story": "Drawn to compare engines.",
        "sources": ["none"],
        "start": "2023-01-10",
        "horizon": horizon,
        "clock": dice.one(["continuous", "daily", "weekly"]),
        "population": {
            # Some are large enough for everything that grows to grow more than once.
            "providers": (
                dice.count(100, 300)
                if dice.often(0.04)
                else dice.one([1, dice.count(2, 10), *[dice.count(10, 60)] * 2])
            ),
            "scale": dice.one([1.0, 1.0, 0.5, 1.7]),
            "arrivals": _arrivals(dice, horizon),
            "compliance_spread": dice.share(),
            "exit_rate": dice.one([0.0, dice.number(0.01, 2.0)]),
            "classes": [
                _size_class(dice, name, share, behaviours)
                for name, share in zip(classes, dice.shares(len(classes)), strict=True)
            ],
        },
        "behaviours": [_risk(dice, name, shape.platforms > 0) for name in behaviours],
        "public": {
            "complaint_delay": dice.days(20.0),
            "false_complaints": false_complaints,
            "false_complaint_ceiling": dice.one([0.0, false_complaints + dice.number(0.05, 5.0)]),
            "false_evidence": dice.share(),
            "migrates": dice.share(),
            "destinations": dice.one([1, dice.count(2, 8)]),
            "returns": dice.share(),
            "anonymity": dice.one([1.0, dice.number(1.0, 5.0)]),
            "rumours": dice.one([0.0, dice.number(0.5, 20.0)]) if "rumour-refutation" in behaviours else 0.0,
            "rumour_reach": dice.share(),
            "claim_days": dice.days(200.0),
            "reach_spread": dice.one([0.0, dice.number(0.1, 3.0)]),
            "audience": dice.one([0.0, dice.number(1.0, 1e5)]),
            "audience_exponent": dice.one([1.0, dice.some()]),
        },
        "response": {
            "model": dice.one(["adaptive", "adaptive", "rational", "salience", "fixed"]),
            "initial_belief": dice.share(),
            "impunity_seen": dice.share(),
            "generalises": dice.share(),
            "closure_years": dice.number(0.1, 30.0),
            "staff_weight": dice.one([1.0, dice.number(0.1, 10.0)]),
            "updates_loss": dice.share(),
            "registration_loss": dice.share(),
            "own_weight": dice.share(),
            "peer_weight": dice.share(),
            "memory": dice.number(5.0, 1000.0),
            "rectification_gain": dice.share(),
            "updates_factor": dice.share(),
            "registration_factor": dice.share(),
            "review_days": dice.one([0.0, dice.days(200.0, least=7.0)]),
            "strictness_scale": dice.one([0.0, dice.number(1e3, 1e6)]),
            "lawful_blocked": dice.share(),
            "handles": dice.share(),
            "handling_days": dice.days(10.0),
            "account_measures": dice.share(),
            "reentry_days": dice.days(100.0),
            "foresight": dice.one([0.0, 0.0, dice.number(10.0, 1000.0)]),
        },
        "stores": [
            {
                "name": f"store-{place}",
                "share": share,
                "review_days": dice.days(10.0),
                "monitors": dice.share(),
                "monitor_delay": dice.days(20.0),
                "obeys_after": dice.days(10.0),
                "relisting_days": dice.days(20.0),
                "relists": dice.share(),
                "diligence": dice.share(),
                "over_removes": dice.share(),
                "hurry_cost": dice.one([0.0, dice.number(1e2, 1e6)]),
                "removals_per_day": dice.one([0.0, dice.number(0.05, 5.0)]),
            }
            for place, share in enumerate(dice.shares(shape.stores, whole=False))
        ],
        "platforms": [
            {
                "name": f"platform-{place}",
                "share": share,
                "takedown_lag": dice.days(10.0),
                "misses": dice.share(),
                "fades_after": dice.number(0.5, 60.0),
                "takedowns_per_day": dice.one([0.0, dice.number(0.05, 5.0)]),
                "hurry_cost": dice.one([0.0, dice.number(1e2, 1e6)]),
            }
            for place, share in enumerate(dice.shares(shape.platforms))
        ],
        "supporters": supporters if shape.supporters else {},
        "registry": {
            "reviewers": dice.count(1, 4),
            "review_days": dice.days(15.0),
            "supplement_probability": dice.one([0.0, dice.some()]),
            "supplement_days": dice.days(20.0),
            "preparation_days": dice.days(30.0),
            "grace_days": dice.days(30.0),
            "limit_days": dice.days(60.0, least=1.0),
            "publication_interval": dice.days(90.0, least=1.0),
        },
        "policy": _policy(dice, classes, behaviours),
        "changes": [],
    }
    ladders = [None, *(ladder["name"] for ladder in data["policy"]["ladders"])]
    for risk in data["behaviours"]:
        risk["ladder"] = dice.one(ladders)
    if data["supporters"]:
        simulated = max(1, int(supporters["count"] * data["population"]["scale"] + 0.5))
        data["failures"] = [
            {
                "day": dice.days(horizon * 0.95),
                "days": dice.days(horizon, least=1.0),
                "supporter": dice.count(0, simulated - 1),
                "compliance_factor": dice.share(),
            }
            for _ in range(dice.count(0, 3))
        ]
    return data


def _arrivals(dice: Dice, horizon: float) -> list[list[float]]:
    if dice.often(0.5):
        return [[0.0, 1.0]]
    days = sorted({dice.days(1.2 * horizon) for _ in range(dice.count(1, 4))})
    shares = sorted(dice.share() for _ in days[1:])
    return [list(point) for point in zip(days, [*shares, 1.0], strict=True)]


def _size_class(dice: Dice, name: str, share: float, behaviours: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "share": share,
        "users": dice.number(10.0, 1e7),
        "spread": dice.one([0.0, dice.some()]),
        "revenue_per_user": dice.one([0.0, dice.number(0.5, 20.0)]),
        "activity": 0.0 if dice.often(0.05) else dice.number(0.2, 4.0),
        "gain": dice.number(1e2, 1e6),
        "rectifies": dice.share(),
        "exits_after_suspension": dice.share(),
        "compliance": {behaviour: dice.one([dice.share(), 0.5 * dice.some()]) for behaviour in behaviours},
        "exempt": dice.one([0.0, 0.0, dice.some()]),
        "compliance_cost": dice.one([0.0, dice.number(1e3, 1e6)]),
        "reenters": dice.share(),
        "abroad": dice.share(),
        "hides": dice.share(),
        "keeps_records": dice.share(),
        "certifies": dice.share(),
        "capital": dice.one([None, None, dice.number(1e3, 1e7)]),
    }


def _risk(dice: Dice, name: str, platforms: bool) -> dict[str, Any]:
    standing = name == "filing"
    return {
        "name": name,
        "rule": RULES[name],
        "rate": 0.0 if standing or (name == "rumour-refutation" and dice.often(0.7)) else dice.number(0.5, 30.0),
        "severity": dice.number(1e-3, 1.0),
        "serious": dice.share(),
        "serious_factor": dice.one([1.0, dice.number(1.0, 10.0)]),
        "lifetime": dice.number(0.5, 200.0),
        "spreads": dice.share() if platforms and not standing else 0.0,
        "complained": 0.0 if standing else dice.share(),
        "seen_in_store": dice.share(),
        "misused": dice.share(),
        "claimed": dice.share(),
        "award": dice.one([0.0, dice.number(1e3, 1e5)]),
        "reach": dice.one([1.0, dice.number(1e-3, 1.0)]),
        "effort_weight": dice.one([1.0, dice.number(0.1, 5.0)]),
    }


def _policy(dice: Dice, classes: list[str], behaviours: list[str]) -> dict[str, Any]:
    rate = dice.one([0.0, dice.number(0.05, 8.0)])
    case_cost = dice.one([0.0, dice.number(1e2, 1e4)])
    targeting = {
        "per_strike": dice.one([0.0, dice.number(0.1, 3.0)]),
        "strike_cap": dice.count(0, 3),
        "classes": {name: dice.number(0.1, 4.0) for name in classes if dice.often(0.5)},
        "per_complaint": dice.one([0.0, dice.number(0.1, 3.0)]),
        "complaint_cap": dice.count(0, 3),
        "group_weight": dice.one([1.0, dice.number(0.2, 5.0)]),
        "group_back": dice.share(),
        "lots": dice.one([1, 1, dice.count(2, 5)]),
        "focus_days": dice.days(100.0, least=5.0),
        "focus_weight": dice.one([1.0, dice.number(1.0, 4.0)]),
    }
    fastest = max(targeting["classes"].get(name, 1.0) for name in classes)
    fastest *= 1 + targeting["per_strike"] * targeting["strike_cap"]
    fastest *= 1 + targeting["per_complaint"] * targeting["complaint_cap"]
    fastest *= max(1.0, targeting["group_weight"]) * max(1.0, targeting["focus_weight"])
    return {
        "detection": {
            "inspection_rate": rate,
            "inspection_ceiling": max(rate * fastest, 0.5) * dice.one([1.0, 1.5]),
            "complaints_taken_up": dice.share(),
            "store_reports_taken_up": dice.share(),
            "merge_open_cases": dice.often(0.5),
        },
        "targeting": targeting,
        "evidence": {"sensitivity": dice.share(), "specificity": dice.share(), "without_records": dice.share()},
        "staff": {
            "inspectors": dice.count(1, 6),
            "investigation_days": dice.days(40.0),
            "investigation_phases": dice.one([1, 1, dice.count(2, 8)]),
            "triage": dice.one(["arrival", "severity"]),
            "cost": dice.one([0.0, 300000.0]),
            "case_cost": case_cost,
        },
        "fine_on": dice.one(["first-violation", "refusal-or-serious"]),
        "ladder": _ladder(dice),
        "ladders": _ladders(dice),
        "strikes": {"memory_days": dice.number(10.0, 1000.0), "forgiveness": dice.share()},
        "appeals": {
            "guilty_appeal": dice.share(),
            "innocent_appeal": dice.share(),
            "days": dice.days(60.0),
            "overturned_guilty": dice.share(),
            "overturned_innocent": dice.share(),
            "suspensive": dice.often(0.5),
        },
        "stores": {
            "checks_filing": dice.share(),
            "removes_unfiled": dice.often(0.5),
            "audit_days": dice.one([0.0, dice.days(60.0, least=5.0)]),
            "sweep_days": dice.one([0.0, dice.days(60.0, least=5.0)]),
            "sweep_finds": dice.share(),
            "sweep_removal_days": dice.days(60.0),
            "limit_days": dice.days(10.0),
            "neglect_fine": dice.one([0.0, dice.number(1e3, 1e5)]),
            "learns": dice.share(),
        },
        "platforms": {
            "found": dice.share(),
            "fine": dice.one([0.0, dice.number(1e3, 1e5)]),
            "learns": dice.share(),
            "limit_days": dice.one([0.0, dice.days(10.0)]),
        },
        "self_report": {"probability": dice.share(), "discount": dice.share()},
        "safe_harbour": {
            "offered": dice.often(0.5),
            "gain": dice.share(),
            "inspection_factor": dice.share(),
            "false_share": dice.share(),
            "selection": dice.one([0.0, 2.0 * dice.some() - 1.0]),
            "valid_days": dice.one([0.0, dice.days(400.0, least=1.0)]),
            "lost_on_sanction": dice.often(0.5),
        },
        "publicity": dice.one([0.0, 1.0, dice.number(0.2, 3.0)]),
        "referral": dice.share() * dice.share(),
        "authorities": _authorities(dice, classes, behaviours, case_cost),
    }


def _ladder(dice: Dice) -> list[dict[str, Any]]:
    steps = [_step(dice) for _ in range(dice.count(1, 6))]
    for step in steps[:-1]:
        _without_revocation(step)
    return steps


def _without_revocation(step: dict[str, Any]) -> None:
    """Nothing can follow a revocation: it may stand at the last step alone."""
    step["sanctions"] = [item for item in step["sanctions"] if item != "revocation"] or ["warning"]


def _step(dice: Dice) -> dict[str, Any]:
    sanctions = dice.several(SANCTIONS, 5)
    low = dice.number(1e2, 1e5)
    measures = {
        "order-to-rectify": ("deadline", 40.0),
        "suspend-updates": ("updates_days", 90.0),
        "suspend-registration": ("registration_days", 90.0),
        "suspend-service": ("service_days", 90.0),
        "app-removal": ("removal_days", 90.0),
        "public-notice": ("publicity", 5.0),
    }
    step: dict[str, Any] = {
        "sanctions": sanctions,
        "penalty": dice.one(PENALTIES),
        "appealable": dice.often(0.6),
        "fine": None,
        "staff_fine": None,
        "confiscates": dice.some() if "confiscation" in sanctions else 0.0,
    }
    for sanction, (measure, most) in measures.items():
        step[measure] = dice.days(most, least=0.5) if sanction in sanctions else 0.0
    if "fine" in sanctions:
        step["fine"] = {
            "low": low,
            "high": low * dice.one([1.0, dice.number(1.5, 20.0)]),
            "turnover_share": dice.one([0.0, dice.some() * 0.1]),
            "per_violation": dice.one([0.0, dice.number(1e2, 1e4)]),
        }
    if "staff-fine" in sanctions:
        step["staff_fine"] = {"low": low, "high": low * dice.one([1.0, dice.number(1.5, 20.0)])}
    return step


def _ladders(dice: Dice) -> list[dict[str, Any]]:
    """Ladders of other legal bases."""
    return [{"name": f"law-{place}", "steps": _ladder(dice)} for place in range(dice.count(0, 3))]


def _authorities(dice: Dice, classes: list[str], behaviours: list[str], case_cost: float) -> list[dict[str, Any]]:
    if dice.often(0.4):
        return []
    count = dice.count(1, 3)
    reviewing = "filing" in behaviours and dice.often(0.6)
    authorities = [
        {
            "name": f"authority-{place}",
            "tier": dice.one(["national", "provincial", "local"]),
            "share": share,
            "reviewers": reviewers if reviewing else 0.0,
            # From a fraction of one case a year to a few dozen cases.
            "budget": case_cost * dice.number(0.5, 40.0) if case_cost and dice.often(0.7) else None,
            "classes": dice.several(classes, 2) if dice.often(0.5) else [],
            "behaviours": dice.several(behaviours, 3) if dice.often(0.5) else [],
        }
        for place, (share, reviewers) in enumerate(zip(dice.shares(count), dice.shares(count), strict=True))
    ]
    # The last has jurisdiction over all that no other has.
    authorities[-1] |= {"classes": [], "behaviours": []}
    return authorities


def _change(dice: Dice, shape: Shape, scenario: Scenario) -> dict[str, Any]:
    """A change of some parameters to what another random world of the same shape has there."""
    other = dict(Scenario.model_validate(_world(dice, shape)).parameters())
    possible = [path for path, _ in scenario.parameters() if path in other and _may_change(path)]
    values = {path: other[path] for path in dice.several(possible, 12)}
    if scenario.policy.ladders:
        # Another legal basis, as a reform brings it.
        names = [None, *(ladder.name for ladder in scenario.policy.ladders)]
        values |= {f"behaviours.{name}.ladder": dice.one(names) for name in dice.several(shape.behaviours, 3)}
    if dice.often(0.5):
        place, step = dice.count(0, len(scenario.policy.ladder) - 1), _step(dice)
        if place < len(scenario.policy.ladder) - 1:
            _without_revocation(step)
        values |= {f"policy.ladder.{place}.{name}": value for name, value in step.items() if name != "penalty"}
    day = dice.days(scenario.horizon * 0.95)
    until = day + dice.days(scenario.horizon, least=1.0)
    return {"title": "a change", "day": day, "until": until if dice.often(0.5) else None, "set": values}


def _may_change(path: str) -> bool:
    """Whether a change may set this one value. The measures of a step go together, and are changed together."""
    try:
        Change.model_validate({"title": "a change", "day": 0.0, "set": {path: None}})
    except ValidationError:
        return False
    return not path.startswith("policy.ladder") and not path.endswith(".ladder")
