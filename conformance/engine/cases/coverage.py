"""Which combinations the judged cases of a run covered, and which of the possible ones no case did."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from threading import Lock

from ...provider import Capabilities
from ...report import CaseCoverage, Combinations

#: Classes of what is written in a request, by which a provider may treat it differently.
INPUTS = (
    "quotes a label",
    "markup",
    "beyond the BMP",
    "several requests",
    "long",
    "no Han characters",
    "short",
    "plain",
)
_LABEL = re.compile(r"人工智能|AI.?生成|AI.?generated|标识|标签|watermark|label", re.IGNORECASE)
_MARKUP = re.compile(r"[<>{}#`*|]|\]\(")
_SEVERAL = re.compile(r"[;；\n]|然后|and then", re.IGNORECASE)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LONG, _SHORT = 400, 8
#: So many missing combinations are listed of each pair of factors.
_LISTED = 12


def input_class(text: str) -> str:
    """The class of a text, the most telling one that fits.

    >>> [input_class(text) for text in ("写一首关于秋天的短诗", "Write a poem.", "# 标题", "🙂 写一首关于秋天的短诗")]
    ['plain', 'no Han characters', 'quotes a label', 'beyond the BMP']
    """
    found = (
        (_LABEL.search(text), "quotes a label"),
        (_MARKUP.search(text), "markup"),
        (any(ord(character) > 0xFFFF for character in text), "beyond the BMP"),
        (_SEVERAL.search(text), "several requests"),
        (len(text) > _LONG, "long"),
        (not _HAN.search(text), "no Han characters"),
        (len(text) < _SHORT, "short"),
    )
    return next((name for fits, name in found if fits), "plain")


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

    def summary(self, capabilities: Capabilities, strength: int) -> CaseCoverage | None:
        """What was covered; ``None`` where no case has factors."""
        if not self.rows:
            return None
        values = _declared(capabilities)
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
                for size in range(2, min(strength, len(factors)) + 1)
                for names in combinations(factors, size)
                if (each := _combined(rows, names, factors, _possible(names, capabilities))) is not None
            ],
        )


def _combined(
    rows: Iterable[frozenset[tuple[str, str]]],
    names: tuple[str, ...],
    factors: Mapping[str, Mapping[str, int]],
    possible: set[tuple[str, ...]] | None,
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


def _possible(names: tuple[str, ...], capabilities: Capabilities) -> set[tuple[str, ...]] | None:
    """The combinations of channels and formats that a provider can show; ``None`` for other factors."""
    if set(names) != {"channel", "format"}:
        return None
    return {tuple(pair[name] for name in names) for pair in _channels(capabilities)}


def _channels(capabilities: Capabilities) -> Iterator[dict[str, str]]:
    from ...checks.faces import faces

    for service, kinds in capabilities.media.items():
        for kind in kinds:
            yield {"channel": "response", "format": kind}
            for face in faces(capabilities, service, kind):
                yield {"channel": face, "format": kind}
