"""A study with everything it names looked up and tried out: what is run."""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from shenhe.core.document import DocumentError, Locate, dotted, read_yaml, validate

from ..runs.outcomes import SERIES_KINDS, SERIES_LEVELS, SERIES_SUMS, Metric, metrics
from ..scenario.designs import INITIAL, DesignError, design
from ..scenario.loading import load_scenario
from ..scenario.overriding import override
from ..scenario.schema import Scenario
from ..scenario.values import ScenarioError, faults_of
from .document import Arm, Study, StudyError

STUDY_FORMAT = 1
"""Raised when a row of the results, or what a study file means, changes: old shards are then not taken for new ones."""

STUDY_METRICS: dict[str, Metric] = {
    "compliance_early": Metric("Compliance in the first fifth of the time", "share"),
    "compliance_late": Metric("Compliance in the last fifth of the time", "share"),
    "backlog_late": Metric("Cases waiting for an inspector in the last fifth of the time", ""),
    "staff_years": Metric("Inspectors and reviewers paid for", "person-years"),
}
"""Columns of a study's results in addition to the outcomes of a run."""


SERIES = (*SERIES_KINDS, *SERIES_SUMS, *SERIES_LEVELS)
"""The time series that a study can keep."""
SERIES_PREFIX = "series_"
"""How the columns of the results that hold a series begin: one list per row, a value per bin of 30 days."""


@dataclass(frozen=True)
class Plan:
    """A study with everything it names looked up: ``scenarios`` of the arms, in their order, and the ``worlds``."""

    study: Study
    scenarios: tuple[Scenario, ...]
    worlds: pd.DataFrame = field(repr=False)

    @property
    def arms(self) -> list[Arm]:
        return self.study.arms

    @functools.cached_property
    def metrics(self) -> dict[str, Metric]:
        """Every column of the results but arm, world and replication; those of any arm."""
        found: dict[str, Metric] = {}
        for scenario in self.scenarios:
            found |= metrics(scenario)
        return found | STUDY_METRICS

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 over all that decides the results: not over titles, objectives, or what is made of the results."""
        worlds = self.study.worlds.model_dump(mode="json") if self.study.worlds else None
        said = {
            "format": STUDY_FORMAT,
            "arms": [[arm.name, scenario.hash] for arm, scenario in zip(self.arms, self.scenarios, strict=True)],
            "worlds": worlds,
            "replications": self.study.replications,
            "precision": self.study.precision.model_dump(mode="json") if self.study.precision else None,
            "seed": self.study.seed,
        }
        if self.study.series:
            said["series"] = self.study.series
        return sha256_of(said)

    def overrides(self, arm: int, world: int) -> dict[str, Any]:
        """The changes of a world to the scenario of an arm, by dotted path."""
        changed: dict[str, Any] = {}
        for parameter in self.study.worlds.parameters if self.study.worlds else ():
            value = self.worlds[parameter.label].iloc[world]
            changed |= parameter.overrides(self.known[arm], value.item() if hasattr(value, "item") else value)
        return changed

    @functools.cached_property
    def known(self) -> list[dict[str, Any]]:
        """The parameters of each arm's scenario, by dotted path."""
        return [dict(scenario.parameters()) for scenario in self.scenarios]

    def world_seed(self, world: int) -> int:
        """The seed of a world: the same for all its arms; for all worlds if draws are common."""
        if self.study.worlds is None or self.study.worlds.draws == "common":
            return self.study.seed
        digest = hashlib.sha256(f"world/{self.study.seed}/{world}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 2


def names() -> list[str]:
    """The names of the shipped studies."""
    entries = (entry.name for entry in files("shenhe.scenarios").joinpath("studies").iterdir())
    return sorted(name.removesuffix(".yaml") for name in entries if name.endswith(".yaml"))


def load_study(name: str | Path | Mapping[str, Any]) -> Plan:
    """A study by the name of a shipped one, by file, or as a mapping of what such a file says.

    A scenario that a study file names by file is looked for beside it. Raises :class:`StudyError`, one line per fault
    with file, line and path, when something in it is unknown or impossible; worlds are tried out before anything runs.
    """
    if isinstance(name, Mapping):
        try:
            study, locate, near = Study.model_validate(dict(name)), None, Path()
        except ValidationError as error:
            raise StudyError(faults_of(error, Study)) from None
    else:
        study, locate, near = _read(name)
    at = functools.partial(_at, locate)
    scenarios = []
    for number, arm in enumerate(study.arms):
        named = arm.scenario or study.scenario
        source = near / named if named.endswith((".yaml", ".yml")) else named
        try:
            scenarios.append(load_scenario(source, {**study.set, **arm.set}))
        except ScenarioError as error:
            place = ("arms", number) if arm.set or arm.scenario else ("scenario",)
            raise StudyError(at(place, str(error))) from None
    try:
        plan = Plan(study, tuple(scenarios), design(study.worlds))
    except DesignError as error:
        raise StudyError(at(("worlds",), str(error))) from None
    _check_names(plan, at)
    _check_worlds(plan, at)
    return plan


def _read(name: str | Path) -> tuple[Study, Locate, Path]:
    text = str(name)
    origin: Any
    if text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text:
        origin, source, near = Path(text), text, Path(text).parent
    elif text in names():
        origin, source, near = files("shenhe.scenarios").joinpath("studies", f"{text}.yaml"), f"{text}.yaml", Path()
    else:
        raise StudyError(
            f"no study is called {text!r}; shipped are: {', '.join(names())}. One of your own is named by its file."
        )
    try:
        data, locate = read_yaml(origin, source)
        return validate(Study, data, locate), locate, near
    except DocumentError as error:
        raise StudyError(str(error)) from None
    except OSError as error:
        raise StudyError(f"{text}: cannot be read ({error.strerror or error})") from None


def _at(locate: Locate | None, steps: tuple[str | int, ...], message: str) -> str:
    """The message with the place in the study file that it is about."""
    if locate is None:
        return f"{dotted(steps)}: {message}"
    mark = locate(steps)
    return f"{locate.source_name}:{mark.line}:{mark.column}: {dotted(steps)}: {message}"


def _check_names(plan: Plan, at: Callable[[tuple[str | int, ...], str], str]) -> None:
    study = plan.study
    asked: list[tuple[tuple[str | int, ...], str]] = [
        (("objectives", number, "metric"), objective.metric) for number, objective in enumerate(study.objectives)
    ]
    if study.precision:
        asked.append((("precision", "metric"), study.precision.metric))
    if study.tipping:
        asked.append((("tipping", "end"), study.tipping.end))
    for number, name in enumerate(study.series):
        if name not in SERIES:
            close = difflib.get_close_matches(name, SERIES, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected one of: {', '.join(SERIES)}"
            raise StudyError(at(("series", number), f"found {name!r}, which is no series of a run; {hint}"))
    for place, metric in asked:
        if metric not in plan.metrics:
            close = difflib.get_close_matches(metric, list(plan.metrics), n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected one of: {', '.join(plan.metrics)}"
            raise StudyError(at(place, f"found {metric!r}, which no result has; {hint}"))
    for number, lever in enumerate(study.search.levers if study.search else ()):
        try:
            lever.overrides(plan.known[0], lever.value(0.5))
        except ScenarioError as error:
            raise StudyError(at(("search", "levers", number), str(error))) from None


TRIED = 64
"""How many worlds are tried out before a study starts: all of a small one, else evenly spread ones and the extremes."""


def _check_worlds(plan: Plan, at: Callable[[tuple[str | int, ...], str], str]) -> None:
    """Build the scenarios of the worlds, so that an impossible one is found now and not after hours."""
    if plan.study.worlds is None:
        return
    parameters = plan.study.worlds.parameters
    tried = dict.fromkeys(np.linspace(0, len(plan.worlds) - 1, min(TRIED, len(plan.worlds))).astype(int).tolist())
    for parameter in parameters:
        column = plan.worlds[parameter.label]
        if column.dtype != object and column.dtype != bool:
            tried |= dict.fromkeys((int(column.argmin()), int(column.argmax())))
    several = dict(zip((scenario.hash for scenario in plan.scenarios), range(len(plan.arms)), strict=True))
    arms = list(several.values())[: max(1, 500 // len(tried))]
    for arm in arms:
        for number, parameter in enumerate(parameters):
            try:
                parameter.overrides(plan.known[arm], parameter.value(0.5))
            except ScenarioError as error:
                raise StudyError(at(("worlds", "parameters", number), str(error))) from None
        for world in tried:
            try:
                changed(plan.scenarios[arm], plan.overrides(arm, world))
            except ScenarioError as error:
                values = ", ".join(f"{p.label} = {plan.worlds[p.label].iloc[world]}" for p in parameters)
                where = f"arm {plan.arms[arm].name} in world {world} ({values})"
                raise StudyError(at(("worlds",), f"{where} is not a valid scenario: {error}")) from None


def changed(scenario: Scenario, overrides: Mapping[str, Any]) -> Scenario:
    """The scenario with other values at dotted paths; raises :class:`ScenarioError` where it is none any more.

    Initial states are no part of a scenario, and are passed over.
    """
    of_scenario = {path: value for path, value in overrides.items() if path not in INITIAL}
    if not of_scenario:
        return scenario
    data = scenario.model_dump(mode="json")
    for path, value in of_scenario.items():
        override(data, path, value)
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        raise ScenarioError(faults_of(error, Scenario)) from None


def sha256_of(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
