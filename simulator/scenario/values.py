"""What a value in a scenario file may be, and the error that says what it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, ValidationError
from pydantic_core import ErrorDetails

from shenhe.core.document import dotted, worded
from shenhe.core.errors import ShenheError

SMALLEST, LARGEST = 1e-9, 1e15
"""Bounds of a quantity that is not 0. Within them no formula of the model leaves the range of a double."""


MOST_USERS = 1e10
"""Median users of a provider, at most: more than there are people."""


def _not_vanishing(value: float) -> float:
    if 0.0 < value < SMALLEST:
        raise ValueError(f"found {value:g}, expected 0 or at least {SMALLEST:g}: smaller numbers lose their meaning")
    return value


def _of_people(value: Any) -> Any:
    if isinstance(value, int | float) and value > MOST_USERS:
        raise ValueError(
            f"found {value:g} users, expected at most {MOST_USERS:,.0f}: there are no more people than that"
        )
    return value


NotVanishing = AfterValidator(_not_vanishing)
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
NonNegative = Annotated[float, Strict(), Field(ge=0, le=LARGEST, allow_inf_nan=False), NotVanishing]
Positive = Annotated[float, Strict(), Field(gt=0, le=LARGEST, allow_inf_nan=False), NotVanishing]
People = Annotated[
    float, Strict(), Field(gt=0, le=MOST_USERS, allow_inf_nan=False), NotVanishing, BeforeValidator(_of_people)
]
Probability = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Strict(), Field(ge=0, le=1_000_000)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
ScenarioName = Annotated[str, Field(pattern=r"^\w[\w-]{0,39}$")]
Line = Annotated[str, Field(min_length=1, max_length=2000)]


class ScenarioError(ShenheError, ValueError):
    """A scenario that cannot be simulated; the text is one line per fault, each with file, path and what is allowed."""


class Contradiction(ValueError):
    """Values that cannot go together, found in a whole that holds both: ``at`` is the path to the one to look at
    first.
    """

    def __init__(self, message: str, *at: str | int) -> None:
        super().__init__(message)
        self.at = at


def placed(error: ValidationError) -> list[ErrorDetails]:
    """The faults of a failed validation, a contradiction at the value that it names."""
    details = error.errors(include_url=False)
    for detail in details:
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, Contradiction):
            detail["loc"] = (*detail["loc"], *cause.at)
    return details


def faults_of(error: ValidationError, model: type[BaseModel] | None = None, within: str = "") -> str:
    """The faults of a failed validation on one line, each as ``path: found X, expected Y``. ``within`` comes before
    every path.
    """
    places = ((dotted(detail["loc"]), worded(detail, model)) for detail in placed(error))
    return "; ".join(f"{within}{place}: {message}" if place else message for place, message in places)


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def distinct(names: Sequence[str], what: str) -> None:
    """Raise ``ValueError`` for a name that is there twice."""
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"found the {what} {str(name)!r} twice, expected each once")
