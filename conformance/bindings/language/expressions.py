"""The templates, sources and conditions of a binding file, compiled. Each error names its own line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from shenhe.core.document import Fault, Locate, Steps

from .format import Condition as Written
from .format import WhenSource
from .responses.conditions import Condition, Found, compile_condition, holds
from .responses.sources import FirstOf, Query, Source, Truth, compile_source, said_of
from .template import Fill, TemplateError, compile_template

_CARRIED = re.compile(r"\bcarried\.(\w+)\.(\w+)")
_STEP_VALUE = re.compile(r"\bsteps\.(\w+)\.(\w+)")
_DECLARED = re.compile(r"\b(constants|markers|request\.options|request\.inputs)\.(\w+)")


WHERE_DECLARED: Mapping[str, str] = {
    "constants": "it under constants",
    "markers": "it under target.markers",
    "request.options": "it under options of a service in target.services",
    "request.inputs": "it under inputs of a service in target.services",
}
"""Where a name has to stand before a template may use it."""


class Expressions:
    """Compiles the values of one file, and collects their mistakes in ``faults``.

    ``carried`` are the values that operations of the file carry to others, as pairs of what they are attached to and
    their name; ``declared`` are the names under ``constants``, ``markers``, ``request.options`` and ``request.inputs``.
    """

    def __init__(
        self,
        locate: Locate,
        environ: Mapping[str, str],
        carried: frozenset[tuple[str, str]],
        declared: Mapping[str, frozenset[str]],
    ) -> None:
        self.faults: list[Fault] = []
        self._locate = locate
        self._environ = environ
        self._carried = carried
        self._declared = declared
        #: The values of the steps that templates may use just now, by the name of the step.
        self.step_values: Mapping[str, frozenset[str]] = {}

    def fault(self, steps: Steps, message: str) -> None:
        """Something is wrong at ``steps``."""
        self.faults.append(
            Fault(self._locate.source_name, self._locate(steps, key=True), self._locate.known(steps), message)
        )

    def fill(self, value: Any, steps: Steps, known: frozenset[str], *, path: bool = False) -> Fill:
        """A template compiled, leaf by leaf, so that a fault is found at its own line. ``known`` are the names it may
        use.
        """
        if isinstance(value, Mapping):
            for key, inner in value.items():
                self.fill(inner, (*steps, key), known)
        elif isinstance(value, list | tuple):
            for index, inner in enumerate(value):
                self.fill(inner, (*steps, index), known)
        for kind, name in _CARRIED.findall(value) if isinstance(value, str) else ():
            if (kind, name) not in self._carried:
                offered = (
                    ", ".join(f"carried.{one}.{other}" for one, other in sorted(self._carried))
                    or "no operation extracts carry"
                )
                self.fault(steps, f"found carried.{kind}.{name}, expected one of: {offered}")
        for step, name in _STEP_VALUE.findall(value) if isinstance(value, str) else ():
            if name not in self.step_values.get(step, ()):
                values = [f"steps.{one}.{other}" for one, names in self.step_values.items() for other in sorted(names)]
                expected = ", ".join(values) or "no step before it extracts a value"
                self.fault(steps, f"found steps.{step}.{name}, expected one of: {expected}")
        for group, name in _DECLARED.findall(value) if isinstance(value, str) else ():
            if name not in self._declared[group]:
                offered = ", ".join(f"{group}.{each}" for each in sorted(self._declared[group]))
                self.fault(steps, f"found {group}.{name}, expected {offered or WHERE_DECLARED[group]}")
        try:
            return compile_template(value, environ=self._environ, known=known, path=path)
        except TemplateError as error:
            if isinstance(value, str):
                self.fault(steps, str(error))
            return lambda values: None

    def query(self, expression: str, steps: Steps) -> Query:
        """A JMESPath expression compiled."""
        try:
            return Query(expression)
        except ValueError as error:
            self.fault(steps, str(error))
            return Query("@")

    def source(self, value: Any, steps: Steps, known: frozenset[str]) -> Source:
        """A place in a response, compiled. ``known`` are the names that a template in it may use."""
        value = as_written(value)
        if isinstance(value, list) and value:
            return FirstOf(tuple(self.source(each, (*steps, index), known) for index, each in enumerate(value)))
        if isinstance(value, dict) and set(value) == {"when"}:
            return self._truth(value, steps)
        try:
            return compile_source(value, lambda text: self.fill(text, (*steps, "value"), known))
        except ValueError as error:
            self.fault(steps, str(error))
            return Query("@")

    def _truth(self, value: dict[str, Any], steps: Steps) -> Source:
        try:
            condition = self.condition(WhenSource.model_validate(value).when, (*steps, "when"))
        except ValidationError as error:
            self.fault((*steps, "when"), said_of(error, WhenSource))
            return Query("@")
        return Truth(lambda response: holds(condition, response))

    def condition(self, value: Written, steps: Steps) -> Condition:
        """A condition on a response, compiled."""
        try:
            return compile_condition(value, statuses)
        except ValueError as error:
            self.fault(steps, str(error))
            return Found(Query("@"))


def as_written(value: Any) -> Any:
    """A source as the file has it, from what pydantic made of it."""
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True, exclude_unset=True)
    if isinstance(value, tuple):
        return [as_written(each) for each in value]
    return value


def statuses(given: tuple[int | str, ...]) -> frozenset[int]:
    """The statuses of a list of numbers and classes. A class leaves out those that ask for patience: 408, 425, 429."""
    found: set[int] = set()
    for item in given:
        if isinstance(item, int):
            found.add(item)
        else:
            found.update(range(int(item[0]) * 100, int(item[0]) * 100 + 100))
            found -= {408, 425, 429} - {other for other in given if isinstance(other, int)}
    return frozenset(found)
