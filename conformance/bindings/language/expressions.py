"""The templates and queries of a binding file, compiled; what is wrong with one is told at its own line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shenhe.core.document import Fault, Locate, Steps

from .extraction import Extraction, Query, compile_source
from .template import Fill, TemplateError, compile_template

_CARRIED = re.compile(r"\bcarried\.(\w+)\.(\w+)")


class Expressions:
    """Compiles what stands in one file, and gathers in ``faults`` what is wrong with it.

    ``carried`` are the values that operations of the file carry to others, as pairs of what they are attached to and
    their name.
    """

    def __init__(self, locate: Locate, environ: Mapping[str, str], carried: frozenset[tuple[str, str]]) -> None:
        self.faults: list[Fault] = []
        self._locate = locate
        self._environ = environ
        self._carried = carried

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

    def source(self, value: Any, steps: Steps, known: frozenset[str]) -> Extraction:
        """What ``extract`` has under a name, compiled."""
        try:
            return compile_source(value, lambda text: self.fill(text, (*steps, "value"), known))
        except ValueError as error:
            self.fault(steps, str(error))
            return Query("@")
