"""Digital source types of IPTC and C2PA: which of them state generative AI."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple

from ..data import load_data

Says = Literal["generated", "partly", "no"]


class SourceType(NamedTuple):
    """One term: its last word in the vocabulary, whether it states generative AI, and its meaning in words."""

    term: str
    says: Says
    meaning: str

    @property
    def is_ai(self) -> bool:
        return self.says != "no"

    @property
    def is_captured(self) -> bool:
        """Whether the whole content comes from a camera, a recorder or a scanner."""
        return self.says == "no" and self.meaning.startswith(("captured", "scanned"))


@cache
def _known() -> dict[str, SourceType]:
    known: dict[str, SourceType] = {}
    for term, row in load_data("meaning/source_types.yaml").items():
        each = SourceType(term, row["says"], row["meaning"])
        for name in (term, row["name"], *row["also"]):
            known.setdefault(_folded(name), each)
    return known


def _folded(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.casefold())


def source_type(value: str) -> SourceType | None:
    """The type that an address, its last word or its display name means; None if unknown.

    >>> source_type("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia").says
    'generated'
    >>> source_type("Trained Algorithmic Media").says
    'generated'
    """
    text = value.strip().rstrip("/")
    last = re.split(r"[/#]", text)[-1] if "://" in text else text.rpartition(":")[2]
    return _known().get(_folded(last))
