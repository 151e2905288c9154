"""What a study file may say. See ``docs/studies.md``."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from shenhe.core.errors import ShenheError

from ..kernel.draws import MAX_SEED
from ..scenario.designs import Parameter, Worlds
from ..scenario.values import Line, Name, Part, Positive

MAX_ARMS = 10_000
MAX_REPLICATIONS = 100_000
MORE_IS_BETTER = ("compliance", "filed", "relistings", "active_end")
"""How metrics begin of which more is better, unless an objective says otherwise."""


class StudyError(ShenheError, ValueError):
    """A study that cannot be run, resumed or read; the text says what to do about it."""


class Arm(Part):
    """One policy: a scenario (by default the study's) with changes by dotted path."""

    name: Name
    title: Line | None = None
    scenario: Line | None = None
    set: dict[str, Any] = Field(default_factory=dict)


class Objective(Part):
    """The goal of a study: a metric, whether ``less`` or ``more`` of it is better, and what is good enough."""

    metric: Line
    better: Literal["less", "more"] | None = None
    limit: float | None = None

    @property
    def sign(self) -> int:
        """1 if less is better, -1 if more is: ``sign * value`` is minimised."""
        return -1 if self.direction == "more" else 1

    @property
    def direction(self) -> Literal["less", "more"]:
        return self.better or ("more" if self.metric.startswith(MORE_IS_BETTER) else "less")


class Precision(Part):
    """Replicate until a 95 % interval is narrow enough.

    In each world the number of replications is doubled, from ``replications`` up to ``most``, until the half-width of
    the interval of ``metric`` is at most ``half_width``: of each arm's mean (``of: mean``) or of each arm's paired
    difference to the first (``of: difference``), as a share of the first arm's mean unless ``relative`` is false.
    """

    metric: Line
    half_width: Positive
    of: Literal["mean", "difference"] = "difference"
    relative: bool = True
    most: Annotated[int, Field(ge=2, le=MAX_REPLICATIONS)] = 1024


class Lever(Parameter):
    """A parameter of the policy that a search may set."""


class Search(Part):
    """A search over policies: which levers it may move, and how long it looks (see :mod:`.analysis.pareto`)."""

    levers: list[Lever] = Field(min_length=1, max_length=50)
    population: Annotated[int, Field(ge=4, le=1000)] = 24
    generations: Annotated[int, Field(ge=1, le=1000)] = 12
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0


class Tipping(Part):
    """Which parameter of the worlds is the state that a history starts in, along which other one its ends are
    compared, and the metric that shows where it ends."""

    start: Line
    along: Line | None = None
    end: Line = "compliance_late"


class Study(Part):
    """Arms in worlds, replicated. See ``docs/studies.md``.

    ``series`` names the time series to keep, in bins of 30 days: columns of the series of a run.
    """

    name: Name
    title: Line
    story: Line | None = None
    scenario: Line
    set: dict[str, Any] = Field(default_factory=dict)
    arms: list[Arm] = Field(min_length=1, max_length=MAX_ARMS)
    worlds: Worlds | None = None
    replications: Annotated[int, Field(ge=1, le=MAX_REPLICATIONS)]
    precision: Precision | None = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 1
    objectives: list[Objective] = Field(default_factory=lambda: [Objective(metric="harm")], min_length=1, max_length=20)
    series: list[Line] = Field(default_factory=list, max_length=40)
    search: Search | None = None
    tipping: Tipping | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [arm.name for arm in self.arms]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"found the arm {name!r} twice, expected each once")
        if self.precision and self.precision.most < self.replications:
            raise ValueError(f"found precision.most {self.precision.most} below the {self.replications} replications")
        if self.precision and self.replications < 2:
            raise ValueError("found precision with 1 replication to begin with, expected at least 2")
        if self.tipping:
            labels = [parameter.label for parameter in self.worlds.parameters] if self.worlds else []
            for label in filter(None, (self.tipping.start, self.tipping.along)):
                if label not in labels:
                    raise ValueError(f"found tipping by {label!r}, expected a parameter of the worlds")
        return self
