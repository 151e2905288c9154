"""Uncertain worlds: which parameters are unknown, between which bounds, and the points at which a study tries them.

A design is a table with one row per world and one column per parameter. Space-filling designs come from
:mod:`scipy.stats.qmc`; those that sensitivity indices need (``saltelli``, ``morris``) from SALib, which the extra
``studies`` installs.
"""

from __future__ import annotations

import difflib
import fnmatch
import itertools
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, model_validator

from shenhe.core.errors import MissingExtraError, ShenheError

from .values import Line, Number, Part, ScenarioError

MAX_WORLDS = 1_000_000
MORRIS_LEVELS = 4
UNIT_PREFIX = "unit:"
INITIAL = ("initial.belief",)
"""States in which a history may begin: what providers believe at the start, which then fades like any belief."""

Choice = bool | int | float | str
Floats = npt.NDArray[np.float64]


class DesignError(ShenheError, ValueError):
    """A design that cannot be made; the text says what to change."""


class Parameter(Part):
    """One uncertain parameter of the scenario.

    ``path`` is dotted, and ``*`` matches any one step (``population.classes.*.gain``), or it is one of ``INITIAL``.
    Either ``low`` and ``high`` (``scale: log`` spreads them evenly over orders of magnitude, ``integer`` rounds) or a
    list of ``values``. ``apply: multiply`` multiplies what the scenario says instead of replacing it; that is what a
    ``*`` is good for. ``levels``: how many values between ``low`` and ``high`` a grid takes. ``source``: why these
    bounds. ``lever``: the regulator sets this one; it is sampled together with what is unknown, and analyses say which
    is which.
    """

    path: Line
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.*-]{0,79}$")] | None = None
    low: Number | None = None
    high: Number | None = None
    scale: Literal["linear", "log"] = "linear"
    integer: bool = False
    values: list[Choice] | None = Field(default=None, min_length=1, max_length=1000)
    apply: Literal["replace", "multiply"] = "replace"
    levels: Annotated[int, Field(ge=2, le=1000)] | None = None
    source: Line | None = None
    lever: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.values is None) == (self.low is None and self.high is None):
            raise ValueError("found neither or both of values and low/high, expected one of the two")
        if self.values is None:
            if self.low is None or self.high is None or self.low >= self.high:
                raise ValueError(f"found low {self.low} and high {self.high}, expected low below high")
            if self.scale == "log" and self.low <= 0:
                raise ValueError(f"found scale log from {self.low:g}, expected low above 0")
        elif self.apply == "multiply" and not all(isinstance(v, int | float) for v in self.values):
            raise ValueError("found apply: multiply with values that are no numbers, expected numbers")
        return self

    @property
    def label(self) -> str:
        """What the column of this parameter is called: ``name``, or the path."""
        return self.name or self.path

    def value(self, unit: float) -> Choice:
        """The value at a point of the unit interval [0, 1]."""
        if self.values is not None:
            return self.values[min(int(unit * len(self.values)), len(self.values) - 1)]
        low, high = self.low or 0.0, self.high or 0.0
        if self.integer:
            # Each integer has the same share of the unit interval, the first and the last too.
            first, last = math.ceil(low), math.floor(high)
            return min(first + int(unit * (last - first + 1)), last)
        if self.scale == "log":
            return float(math.exp(math.log(low) + unit * (math.log(high) - math.log(low))))
        return float(low + unit * (high - low))

    def grid(self) -> list[Choice]:
        """The values that a grid takes."""
        if self.values is not None:
            return list(self.values)
        count = self.levels or 5
        if self.integer:
            first, last = math.ceil(self.low or 0), math.floor(self.high or 0)
            return list(dict.fromkeys(round(first + (last - first) * k / (count - 1)) for k in range(count)))
        return [self.value(k / (count - 1)) for k in range(count)]

    def overrides(self, known: Mapping[str, Any], value: Choice) -> dict[str, Any]:
        """What ``value`` of this parameter changes in a scenario, whose parameters are ``known``: dotted path and new
        value of each place.

        Raises :class:`ScenarioError` when the scenario has no such parameter.
        """
        if self.path in INITIAL:
            return {self.path: value}
        places = (
            [path for path in known if _matches(path, self.path)]
            if "*" in self.path
            else [self.path] * (self.path in known)
        )
        if not places:
            close = difflib.get_close_matches(self.path, list(known), n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see docs/scenarios.md"
            raise ScenarioError(f"found {self.path!r}, which is no parameter of the scenario; {hint}")
        if self.apply == "replace":
            return dict.fromkeys(places, value)
        changed = {}
        for path in places:
            found = known[path]
            if isinstance(found, bool) or not isinstance(found, int | float):
                raise ScenarioError(f"found apply: multiply for {path}, which is {found!r}, expected a number")
            product = found * value if isinstance(value, int | float) else found
            changed[path] = round(product) if isinstance(found, int) else float(product)
        return changed


def _matches(path: str, pattern: str) -> bool:
    steps, wanted = path.split("."), pattern.split(".")
    return len(steps) == len(wanted) and all(fnmatch.fnmatchcase(a, b) for a, b in zip(steps, wanted, strict=True))


class Worlds(Part):
    """The uncertain worlds of a study.

    ``design``: ``grid`` (every combination), ``latin-hypercube``, ``sobol`` (scrambled, a power of two is best),
    ``saltelli`` (for Sobol indices: ``size`` base points, ``size * (parameters + 2)`` worlds) or ``morris`` (for
    elementary effects: ``size`` trajectories, ``size * (parameters + 1)`` worlds). ``seed`` scrambles the design.
    ``draws: own`` gives each world separate random numbers, shared by its arms; ``common`` gives all worlds the
    same, which suits sensitivity and tipping points.
    """

    design: Literal["grid", "latin-hypercube", "sobol", "saltelli", "morris"]
    size: Annotated[int, Field(ge=1, le=MAX_WORLDS)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    draws: Literal["own", "common"] = "own"
    parameters: list[Parameter] = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.design == "grid") is not (self.size is None):
            said = "no size" if self.size is None else f"size {self.size}"
            wanted = "none: its size follows from the parameters" if self.design == "grid" else "one"
            raise ValueError(f"found the design {self.design} with {said}, expected {wanted}")
        labels = [parameter.label for parameter in self.parameters]
        for label in labels:
            if labels.count(label) > 1:
                raise ValueError(f"found the parameter {label!r} twice, expected each once")
        return self


def design(worlds: Worlds | None) -> pd.DataFrame:
    """The table of worlds: ``world``, a column for each parameter, and (but for a grid) ``unit:<name>`` in [0, 1].

    Without uncertain parameters there is one world. Raises :class:`DesignError` when it would have too many rows,
    and :class:`MissingExtraError` where SALib is wanted and absent.
    """
    if worlds is None:
        return pd.DataFrame({"world": np.zeros(1, dtype=np.int32)})
    labels = [parameter.label for parameter in worlds.parameters]
    if worlds.design == "grid":
        grids = [parameter.grid() for parameter in worlds.parameters]
        if math.prod(map(len, grids)) > MAX_WORLDS:
            raise DesignError(f"found a grid of {math.prod(map(len, grids)):,} worlds, expected at most {MAX_WORLDS:,}")
        columns: dict[str, Any] = dict(zip(labels, zip(*itertools.product(*grids), strict=True), strict=True))
        return _numbered(columns)
    points = unit_points(worlds.design, len(labels), worlds.size or 1, worlds.seed)
    if len(points) > MAX_WORLDS:
        raise DesignError(f"found a design of {len(points):,} worlds, expected at most {MAX_WORLDS:,}")
    columns = {
        label: [parameter.value(unit) for unit in points[:, position]]
        for position, (label, parameter) in enumerate(zip(labels, worlds.parameters, strict=True))
    }
    columns |= {UNIT_PREFIX + label: points[:, position] for position, label in enumerate(labels)}
    return _numbered(columns)


def _numbered(columns: Mapping[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(dict(columns))
    frame.insert(0, "world", np.arange(len(frame), dtype=np.int32))
    return frame


def unit_points(kind: str, dimensions: int, size: int, seed: int) -> Floats:
    """The points of a design in the unit cube, shape (worlds, dimensions)."""
    points: Floats
    if kind in ("latin-hypercube", "sobol"):
        from scipy.stats import qmc

        if kind == "latin-hypercube":
            return np.asarray(qmc.LatinHypercube(dimensions, rng=np.random.default_rng(seed)).random(size))
        sampler = qmc.Sobol(dimensions, rng=np.random.default_rng(seed))
        # Drawing the whole power of two and keeping the head is what scipy warns about otherwise.
        return np.asarray(sampler.random_base2(max(0, math.ceil(math.log2(size))))[:size])
    salib = import_salib()
    problem = unit_problem([f"x{k}" for k in range(dimensions)])
    if kind == "saltelli":
        base = 2 ** math.ceil(math.log2(size))
        if base != size:
            raise DesignError(f"found size {size} of a saltelli design, expected a power of two, such as {base}")
        points = salib["sample.sobol"].sample(problem, size, calc_second_order=False, seed=seed)
    else:
        points = salib["sample.morris"].sample(problem, size, num_levels=MORRIS_LEVELS, seed=seed)
    return np.asarray(points, dtype=np.float64)


def unit_problem(names: list[str]) -> dict[str, Any]:
    """What SALib calls a problem: these parameters, each between 0 and 1."""
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def import_salib() -> dict[str, Any]:
    """The modules of SALib that are used here; raises :class:`MissingExtraError` where it is not installed."""
    try:
        import SALib.analyze.morris
        import SALib.analyze.rbd_fast
        import SALib.analyze.sobol
        import SALib.sample.morris
        import SALib.sample.sobol
    except ImportError:
        raise MissingExtraError(
            "global sensitivity needs SALib, which is not installed: python -m pip install 'shenhe[studies]'"
        ) from None
    return {
        "sample.sobol": SALib.sample.sobol,
        "sample.morris": SALib.sample.morris,
        "analyze.sobol": SALib.analyze.sobol,
        "analyze.morris": SALib.analyze.morris,
        "analyze.rbd_fast": SALib.analyze.rbd_fast,
    }
