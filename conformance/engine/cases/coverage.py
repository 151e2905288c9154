"""Which combinations the judged cases of a run covered, and which of the possible ones no case did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from itertools import combinations, product
from threading import Lock

from ...provider import Capabilities
from ...report import CaseCoverage, Combinations

#: So many missing combinations are listed of each pair of factors.
_LISTED = 12


@dataclass
class Covered:
    """The combinations of the cases that were judged so far. May be used from several threads."""

    rows: Counter[frozenset[tuple[str, str]]] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, combination: Mapping[str, str]) -> None:
        """Count one judged case; a case without factors says nothing of coverage."""
        if combination:
            with self._lock:
                self.rows[frozenset(combination.items())] += 1

    def summary(
        self, capabilities: Capabilities, strength: int, channels: Iterable[tuple[str, str]] = ()
    ) -> CaseCoverage | None:
        """What was covered; ``None`` where no case has factors. ``channels`` are those that can be, with formats."""
        if not self.rows:
            return None
        values = _declared(capabilities)
        possible: dict[tuple[str, ...], set[tuple[str, ...]]] = {("channel", "format"): set(channels)}
        rows = Counter[frozenset[tuple[str, str]]]()
        for row, count in self.rows.items():
            rows[frozenset({**_defaults(dict(row), capabilities), **dict(row)}.items())] += count
        cases: dict[str, Counter[str]] = {}
        for row, count in rows.items():
            for name, value in row:
                cases.setdefault(name, Counter())[value] += count
        for name, known in values.items():
            for value in known:
                cases.setdefault(name, Counter()).setdefault(value, 0)
        factors = {name: dict(sorted(counted.items())) for name, counted in sorted(cases.items())}
        return CaseCoverage(
            strength=strength,
            cases=rows.total(),
            factors=factors,
            combinations=[
                each
                for size in range(2, min(max(2, strength), len(factors)) + 1)
                for names in combinations(factors, size)
                if (each := _combined(rows, names, factors, possible.get(names) or None)) is not None
            ],
        )


def _combined(
    rows: Iterable[frozenset[tuple[str, str]]],
    names: tuple[str, ...],
    factors: Mapping[str, Mapping[str, int]],
    possible: Set[tuple[str, ...]] | None,
) -> Combinations | None:
    """How many of the combinations of these factors occurred; ``None`` where no case has all of them."""
    having = (dict(row) for row in rows)
    seen = {tuple(row[name] for name in names) for row in having if row.keys() >= set(names)}
    if not seen:
        return None
    # Where some case could not have every value, what the factors have together is all that is possible.
    together = [sorted({row[place] for row in seen} | _idle(factors[name])) for place, name in enumerate(names)]
    wanted = (possible if possible is not None else set(product(*together))) | seen
    missing = sorted(wanted - seen)
    return Combinations(
        factors=list(names),
        covered=len(seen),
        possible=len(wanted),
        missing=[list(each) for each in missing[:_LISTED]],
    )


def _defaults(row: Mapping[str, str], capabilities: Capabilities) -> dict[str, str]:
    """The options that a case leaves at their default: of every service that makes its format."""
    return {
        f"option {name}": str(choices[0])
        for service, options in capabilities.options.items()
        if row.get("format") in capabilities.media.get(service, ())
        for name, choices in options.items()
    }


def _idle(counted: Mapping[str, int]) -> set[str]:
    """The declared values that no case had."""
    return {value for value, count in counted.items() if not count}


def _declared(capabilities: Capabilities) -> dict[str, list[str]]:
    """The values that a provider declares, by factor."""
    values: dict[str, list[str]] = {}
    formats = sorted({kind for kinds in capabilities.media.values() for kind in kinds})
    if formats:
        values["format"] = formats
    for options in capabilities.options.values():
        for name, choices in options.items():
            values[f"option {name}"] = sorted({*values.get(f"option {name}", []), *map(str, choices)})
    return values
