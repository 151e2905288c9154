"""What a scenario file may say: the world of one simulation and the regulator's policy in it.

``basis`` says for each parameter whether it is a datum or an assumption, and where it comes from. Money is in RMB, time
in days, rates are per year of 365 days. :mod:`.market` and :mod:`.policy` hold the parts, :mod:`.loading` reads the
file.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, Strict, ValidationError, model_validator

from shenhe.rulebook import Behaviour

from .market import (
    MAX_STORES,
    BehaviourRisk,
    Failure,
    Platform,
    Population,
    PublicConfig,
    RegistryConfig,
    Response,
    Store,
    SupporterConfig,
    scaled,
)
from .overriding import leaves, override
from .policy import MAX_ALL_STEPS, PolicyRules, Sanction, covers
from .values import (
    Contradiction,
    Line,
    NonNegative,
    NotVanishing,
    Part,
    Positive,
    ScenarioError,
    ScenarioName,
    distinct,
    faults_of,
)

MAX_BEHAVIOURS = 16
MAX_CHANGES = 16
MAX_OCCASIONS = 1e9
"""Occasions per replication: more would take hours and hundreds of gigabytes, and is a slip of the pen."""
CHANGEABLE = ("policy", "public", "response", "registry", "stores", "platforms", "behaviours")
FIXED = (
    "policy.detection.inspection_ceiling",
    "policy.staff.triage",
    "policy.staff.case_cost",
    "policy.authorities*",
    "policy.targeting.lots",
    "policy.targeting.focus_days",
    "policy.stores.audit_days",
    "policy.stores.sweep_days",
    "policy.safe_harbour*",
    "policy.ladder.*.penalty",
    "policy.ladder",
    "policy.ladders.*.name",
    "policy.ladders.*.steps.*.penalty",
    "public.false_complaint_ceiling",
    "public.destinations",
    "public.rumours",
    "response.review_days",
    "stores.*.share",
    "stores.*.diligence",
    "platforms.*.share",
    "behaviours.*.rate",
    "behaviours.*.rule",
)
"""Paths that decide what processes and streams of draws there are; they hold for the whole of a run."""


AUTHORITIES = ("policy", "authorities")


class Change(Part):
    """What is different from ``day`` on, until the day ``until`` where that is given: a reform, a campaign, a shock.

    ``set`` maps dotted paths to values, as ``--set`` does, below ``policy``, ``public``, ``response``, ``registry``,
    ``stores``, ``platforms`` or ``behaviours``. What shapes the world's fixed streams cannot change: see :data:`FIXED`.
    """

    title: Line
    day: NonNegative
    until: Positive | None = None
    set: dict[str, Any] = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until is not None and self.until <= self.day:
            raise ValueError(f"found a change from day {self.day:g} until day {self.until:g}, expected a later day")
        for path, value in self.set.items():
            # A whole part could smuggle in what is fixed; the two exceptions hold nothing of the kind.
            if isinstance(value, dict | list) and not path.endswith((".fine", ".staff_fine", ".sanctions")):
                raise ValueError(f"found a change of the whole of {path}, expected a path to one of its values")
            if path.split(".")[0] not in CHANGEABLE or any(fnmatch.fnmatch(path, fixed) for fixed in FIXED):
                raise ValueError(
                    f"found a change of {path}, which is fixed while a world runs; "
                    f"expected a path below {', '.join(CHANGEABLE)}, not one of {', '.join(FIXED)}"
                )
        return self


class Basis(Part):
    """Whether a parameter is a ``datum`` or an ``assumption``, and its source or reason."""

    kind: Literal["datum", "assumption"]
    source: Line


class Claim(Part):
    """What the story says of one outcome, in a form that can be tested: this scenario has more (or less) of ``metric``
    than the same scenario with ``against`` set, by more than the share ``by`` of what that has; with ``refuted_by`` set
    on both sides it is not so.

    ``quick`` makes both sides small enough for a test.
    """

    text: Line
    metric: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")]
    direction: Literal["more", "less"]
    by: NonNegative = 0.0
    against: dict[str, Any] = Field(min_length=1)
    refuted_by: dict[str, Any] = Field(min_length=1)
    quick: dict[str, Any] = Field(default_factory=dict)


class Scenario(Part):
    """One world and one policy. See ``docs/scenarios.md`` for every field with its unit."""

    name: ScenarioName
    title: Line
    story: Line
    sources: list[Line] = Field(min_length=1)
    start: date
    horizon: Annotated[float, Strict(), Field(gt=0, le=36_500, allow_inf_nan=False), NotVanishing]
    clock: Literal["continuous", "daily", "weekly"] = "continuous"
    population: Population
    behaviours: list[BehaviourRisk] = Field(min_length=1, max_length=MAX_BEHAVIOURS)
    public: PublicConfig
    response: Response
    stores: list[Store] = Field(default_factory=list, max_length=MAX_STORES)
    platforms: list[Platform] = Field(default_factory=list, max_length=16)
    supporters: SupporterConfig = SupporterConfig()
    failures: list[Failure] = Field(default_factory=list, max_length=64)
    registry: RegistryConfig
    policy: PolicyRules
    changes: list[Change] = Field(default_factory=list, max_length=MAX_CHANGES)
    claim: Claim | None = None
    basis: dict[str, Basis] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        distinct([item.name for item in self.behaviours], "behaviour")
        distinct([item.name for item in self.stores], "store")
        distinct([item.name for item in self.platforms], "platform")
        if self.expected_occasions > MAX_OCCASIONS:
            raise Contradiction(
                f"found rates that give about {self.expected_occasions:.2g} occasions per replication (providers, times"
                f" rates per year, times years), expected at most {MAX_OCCASIONS:.0e}",
                "behaviours",
            )
        for path, count in self._repetitions():
            if count > MAX_OCCASIONS:
                raise Contradiction(
                    f"found a value that gives about {count:.2g} events per replication, "
                    f"expected at most {MAX_OCCASIONS:.0e}",
                    *path,
                )
        names = {item.name for item in self.behaviours}
        for number, item in enumerate(self.population.classes):
            place = ("population", "classes", number, "compliance")
            missing = sorted(names - set(item.compliance))
            if missing:
                raise Contradiction(
                    f"found no compliance with {missing[0]} in size class {item.name}, expected one", *place
                )
            unknown = sorted(set(item.compliance) - names)
            if unknown:
                raise Contradiction(
                    f"found compliance with {unknown[0]} in size class {item.name}, expected one of:"
                    f" {', '.join(sorted(names))}",
                    *place,
                )
        classes = [item.name for item in self.population.classes]
        for name in self.policy.targeting.classes:
            if name not in classes:
                raise Contradiction(
                    f"found targeting of class {name!r}, expected one of: {', '.join(classes)}",
                    "policy",
                    "targeting",
                    "classes",
                )
        total = sum(store.share for store in self.stores)
        if total > 1 + 1e-9:
            raise Contradiction(f"found shares of the stores that add up to {total:g}, expected at most 1", "stores")
        total = sum(platform.share for platform in self.platforms)
        if self.platforms and abs(total - 1) > 1e-9:
            raise Contradiction(f"found shares of the platforms that add up to {total:g}, expected 1", "platforms")
        if not self.platforms and any(item.spreads for item in self.behaviours):
            raise Contradiction(
                "found a behaviour that spreads and no platforms, expected platforms or spreads: 0", "behaviours"
            )
        for number, risk in enumerate(self.behaviours):
            if risk.name is Behaviour.FILING and (risk.rate or risk.spreads or risk.complained):
                raise Contradiction(
                    "found filing with a rate, spreads or complained above 0, expected 0: it is standing",
                    "behaviours",
                    number,
                )
        fastest = max(self.policy.targeting.classes.get(name, 1.0) for name in classes)
        targeting = self.policy.targeting
        fastest *= 1 + targeting.per_strike * targeting.strike_cap
        fastest *= 1 + targeting.per_complaint * targeting.complaint_cap
        fastest *= max(1.0, targeting.group_weight) * max(1.0, targeting.focus_weight)
        needed = self.policy.detection.inspection_rate * fastest
        if needed > self.policy.detection.inspection_ceiling * (1 + 1e-9):
            raise Contradiction(
                f"found inspections of up to {needed:g} per provider and year (the rate times "
                f"what targeting makes of it), "
                f"expected at most policy.detection.inspection_ceiling = {self.policy.detection.inspection_ceiling:g}",
                "policy",
                "detection",
                "inspection_rate",
            )
        self._check_authorities(classes)
        self._check_ladder()
        for number, failure in enumerate(self.failures):
            supporters = self.supporters.simulated(self.population.scale)
            if failure.supporter >= supporters:
                raise Contradiction(
                    f"found a failure of supporter {failure.supporter}, expected a number below {supporters}",
                    "failures",
                    number,
                    "supporter",
                )
            if failure.day >= self.horizon:
                raise Contradiction(
                    f"found a failure on day {failure.day:g}, expected one before the horizon {self.horizon:g}",
                    "failures",
                    number,
                    "day",
                )
        if self.public.rumours and Behaviour.RUMOUR_REFUTATION not in names:
            raise Contradiction(
                "found rumours and no behaviour rumour-refutation, expected one that they breach", "public", "rumours"
            )
        for number, change in enumerate(self.changes):
            if "public.false_complaints" in change.set and not self.public.false_complaint_ceiling:
                raise Contradiction(
                    f"found a change of public.false_complaints by {change.title!r} and no "
                    f"public.false_complaint_ceiling, "
                    "expected the highest rate that any change sets: complaints are thinned from a stream of that rate",
                    "changes",
                    number,
                    "set",
                )
            if change.day >= self.horizon:
                raise Contradiction(
                    f"found the change {change.title!r} on day {change.day:g}, expected one before "
                    f"the horizon {self.horizon:g}",
                    "changes",
                    number,
                    "day",
                )
        return self

    def _check_authorities(self, classes: list[str]) -> None:
        authorities = self.policy.authorities
        if not authorities:
            return
        distinct([item.name for item in authorities], "authority")
        total = sum(item.share for item in authorities)
        if abs(total - 1) > 1e-9:
            raise Contradiction(f"found shares of the authorities that add up to {total:g}, expected 1", *AUTHORITIES)
        for number, item in enumerate(authorities):
            if item.budget is not None and not self.policy.staff.case_cost:
                raise Contradiction(
                    f"found a budget of authority {item.name} but no cost per case, expected "
                    f"policy.staff.case_cost above 0",
                    *AUTHORITIES,
                    number,
                    "budget",
                )
            for name in item.classes:
                if name not in classes:
                    raise Contradiction(
                        f"found authority {item.name} over class {name!r}, expected one of: {', '.join(classes)}",
                        *AUTHORITIES,
                        number,
                        "classes",
                    )
        for size in classes:
            for risk in self.behaviours:
                if not any(covers(item, size, risk.name) for item in authorities):
                    raise Contradiction(
                        f"found no authority over {risk.name} of {size} providers, expected one with that jurisdiction",
                        *AUTHORITIES,
                    )
        reviewing = sum(item.reviewers for item in authorities)
        if not reviewing:
            return
        if abs(reviewing - 1) > 1e-9:
            raise Contradiction(
                f"found shares of the reviewers that add up to {reviewing:g}, expected 1, or none at all", *AUTHORITIES
            )
        if Behaviour.FILING not in {risk.name for risk in self.behaviours}:
            raise Contradiction(
                "found authorities with reviewers and no behaviour filing, expected one for them to review",
                *AUTHORITIES,
            )
        for size in classes:
            first = next(item for item in authorities if covers(item, size, Behaviour.FILING))
            if not first.reviewers:
                raise Contradiction(
                    f"found no reviewers at {first.name}, expected some: the filings of {size} providers go there",
                    *AUTHORITIES,
                )

    def _check_ladder(self) -> None:
        """A step after which nothing can follow makes the steps above it unreachable."""
        policy = self.policy
        distinct([item.name for item in policy.ladders], "ladder")
        if len(policy.steps) > MAX_ALL_STEPS:
            raise Contradiction(
                f"found {len(policy.steps)} steps in all ladders together, expected at most {MAX_ALL_STEPS}",
                "policy",
                "ladders",
            )
        places: list[tuple[str | int, ...]] = [
            ("ladder",),
            *(("ladders", n, "steps") for n in range(len(policy.ladders))),
        ]
        for place, steps in zip(places, [policy.ladder, *(item.steps for item in policy.ladders)], strict=True):
            for number, step in enumerate(steps[:-1]):
                if Sanction.REVOCATION in step.sanctions:
                    raise Contradiction(
                        f"found revocation at step {number} of the ladder followed by another step, which is "
                        "unreachable; expected revocation only at the last step",
                        "policy",
                        *place,
                        number,
                        "sanctions",
                    )
        for number, risk in enumerate(self.behaviours):
            try:
                policy.reach(risk.ladder)
            except KeyError:
                known = ", ".join(item.name for item in policy.ladders) or "none: policy.ladders is empty"
                raise Contradiction(
                    f"found the ladder {risk.ladder!r}, expected one of policy.ladders: {known}",
                    "behaviours",
                    number,
                    "ladder",
                ) from None

    def changed(self, overrides: Mapping[str, Any]) -> Scenario:
        """This scenario with other values by dotted path, as ``--set`` gives them.

        Raises :class:`ScenarioError`, with every fault on one line, for an unknown path or an impossible value.
        """
        data = self.model_dump(mode="json")
        for path, value in overrides.items():
            override(data, path, value)
        try:
            return Scenario.model_validate(data)
        except ValidationError as error:
            raise ScenarioError(faults_of(error, Scenario)) from None

    def regimes(self) -> list[tuple[float, Scenario]]:
        """What holds from which day on: the scenario itself from day 0, and one entry per day on which something
        changes, in order.

        Raises :class:`ScenarioError` where a change makes the scenario impossible.
        """
        days = sorted({0.0} | {c.day for c in self.changes} | {c.until for c in self.changes if c.until is not None})
        result = []
        for day in days:
            if day >= self.horizon:
                continue
            active = [c for c in self.changes if c.day <= day and (c.until is None or day < c.until)]
            values = {path: value for change in active for path, value in change.set.items()}
            plain = self.model_copy(update={"changes": []})
            result.append((day, plain.changed(values) if values else plain))
        return result

    def canonical(self) -> str:
        """The scenario as JSON with sorted keys, without prose: what its hash is taken over."""
        data = self.model_dump(mode="json", exclude={"title", "story", "sources", "basis", "claim"})
        return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @property
    def hash(self) -> str:
        """SHA-256 over :meth:`canonical`."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    @property
    def expected_occasions(self) -> float:
        """Occasions and unfounded complaints that one replication draws, before anything deters: its size in events."""
        population, years = self.population, self.horizon / 365.0
        activity = sum(item.share * item.activity for item in population.classes)
        rates = sum(item.rate for item in self.behaviours) * activity
        false = max(self.public.false_complaints, self.public.false_complaint_ceiling or 0.0)
        return population.simulated * years * (rates + false)

    def _repetitions(self) -> Iterator[tuple[tuple[str, ...], float]]:
        """How often per replication that which repeats itself does, and the path of the value that decides it."""
        providers, years = self.population.simulated, self.horizon / 365.0
        periods = (
            (("response", "review_days"), self.response.review_days, providers),
            (("registry", "publication_interval"), self.registry.publication_interval, 1),
            (("policy", "stores", "audit_days"), self.policy.stores.audit_days, len(self.stores)),
            (("policy", "stores", "sweep_days"), self.policy.stores.sweep_days, len(self.stores)),
            (("policy", "targeting", "focus_days"), self.policy.targeting.focus_days, 1),
        )
        for path, days, members in periods:
            if days:
                yield path, self.horizon / days * members
        yield (
            ("policy", "detection", "inspection_ceiling"),
            self.policy.detection.inspection_ceiling * providers * years,
        )
        yield ("public", "rumours"), self.public.rumours * years

    def whole_counts(self) -> dict[str, tuple[int, int]]:
        """Counts that ``population.scale`` scales to whole numbers, by path: the number given and the number simulated.

        Inspectors and reviewers that authorities share are divided among these first, and each part is rounded.
        """
        scale, staff, registry = self.population.scale, self.policy.staff, self.registry
        authorities = self.policy.authorities
        inspectors = [scaled(staff.inspectors, scale * item.share) for item in authorities]
        reviewers = [scaled(registry.reviewers, scale * item.reviewers) for item in authorities if item.reviewers]
        counts = {
            "policy.staff.inspectors": (
                staff.inspectors,
                sum(inspectors) if inspectors else scaled(staff.inspectors, scale),
            ),
            "registry.reviewers": (
                registry.reviewers,
                sum(reviewers) if reviewers else scaled(registry.reviewers, scale),
            ),
        }
        if self.supporters.count:
            counts["supporters.count"] = (self.supporters.count, scaled(self.supporters.count, scale))
        return counts

    def parameters(self) -> Iterator[tuple[str, Any]]:
        """Every number and choice as (dotted path, value); entries with a name are addressed by it."""
        data = self.model_dump(mode="json", exclude={"name", "title", "story", "sources", "basis", "claim"})
        yield from leaves(data)

    def basis_of(self, path: str) -> Basis | None:
        """The entry of ``basis`` that covers a parameter: the longest matching one; ``*`` matches one step."""
        steps = path.split(".")
        best: tuple[int, int] | None = None
        found = None
        for pattern, basis in self.basis.items():
            parts = pattern.split(".")
            matches = len(parts) <= len(steps) and all(a in ("*", b) for a, b in zip(parts, steps, strict=False))
            rank = (len(parts), -parts.count("*"))
            if matches and (best is None or rank > best):
                best, found = rank, basis
        return found
