"""Which marks survived on the way from one file to another: through a pipeline, a platform, a converter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shenhe.core.errors import ShenheError

from .model import Label, Labels, Limits
from .read import Depth
from .record import read_file

#: ``kept``: the same mark is there. ``changed``: one of its scheme is, with another content. ``lost`` and ``added`` as
#: they say. ``unknown``: it is not there, but the file after could not be read whole.
Fate = Literal["kept", "changed", "lost", "added", "unknown"]


class SurvivalError(ShenheError, ValueError):
    """Files that cannot be compared."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark and what became of it: where it stood before and after, and how the two differ."""

    scheme: str
    kind: str
    fate: Fate
    before: str = ""
    after: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Survival:
    """The marks of one pair of files. ``refused`` is what could not be read of either."""

    before: str
    after: str
    marks: tuple[Mark, ...]
    refused: tuple[str, ...] = ()

    @property
    def lost(self) -> tuple[Mark, ...]:
        return tuple(mark for mark in self.marks if mark.fate in ("lost", "changed"))

    @property
    def decided(self) -> bool:
        return not self.refused and all(mark.fate != "unknown" for mark in self.marks)


def compare(before: Labels, after: Labels) -> tuple[Mark, ...]:
    """What became of every label of ``before``, then what is new in ``after``."""
    left = list(after.labels)
    marks: list[Mark] = []
    for label in before.labels:
        found = _closest(label, left)
        if found is None:
            fate: Fate = "unknown" if after.refused else "lost"
            marks.append(Mark(label.scheme, label.kind, fate, label.carrier))
            continue
        left.remove(found)
        detail = _difference(label, found)
        marks.append(
            Mark(label.scheme, label.kind, "changed" if detail else "kept", label.carrier, found.carrier, detail)
        )
    return (*marks, *(Mark(each.scheme, each.kind, "added", "", each.carrier) for each in left))


def _closest(label: Label, others: list[Label]) -> Label | None:
    """The mark of the same scheme that says most of the same."""
    same = [each for each in others if (each.scheme, each.kind) == (label.scheme, label.kind)]
    return max(same, key=lambda each: (each.fields == label.fields, each.carrier == label.carrier), default=None)


def _difference(label: Label, other: Label) -> str:
    """How a mark differs from what it was; empty where it says the same and conforms as before."""
    parts = []
    if label.scheme in ("gb45438", "iptc"):
        keys = {**label.fields, **other.fields}
        parts += [
            f"{key}: {label.fields.get(key, '')!s} became {other.fields.get(key, '')!s}"
            for key in keys
            if label.fields.get(key) != other.fields.get(key)
        ]
    if label.conformant and not other.conformant:
        parts.append("no longer conforms: " + ", ".join(d.value for d in other.deviations if d not in label.deviations))
    return "; ".join(parts)[:400]


def pairs(before: Path, after: Path) -> Iterator[tuple[Path, Path | None]]:
    """(file, the file it became) of two files, or of two folders by their paths; a converted file may end otherwise.

    Raises SurvivalError where one is a folder and the other is not.
    """
    if before.is_dir() != after.is_dir():
        raise SurvivalError(f"one of {before} and {after} is a folder; give two files, or two folders")
    if not before.is_dir():
        yield before, after
        return
    there = sorted(path for path in after.rglob("*") if path.is_file())
    exactly = {path.relative_to(after): path for path in there}
    by_stem: dict[Path, list[Path]] = {}
    for path in there:
        by_stem.setdefault(path.relative_to(after).with_suffix(""), []).append(path)
    for path in sorted(path for path in before.rglob("*") if path.is_file()):
        name = path.relative_to(before)
        alike = by_stem.get(name.with_suffix(""), [])
        yield path, exactly.get(name) or (alike[0] if len(alike) == 1 else None)


def survival(before: Path, after: Path | None, *, depth: Depth = "all", limits: Limits | None = None) -> Survival:
    """What became of the marks of ``before``; all are lost where there is no file after. Raises OSError."""
    _, old = read_file(before, depth=depth, limits=limits)
    if after is None:
        marks = tuple(Mark(label.scheme, label.kind, "lost", label.carrier, "", "no such file") for label in old.labels)
        return Survival(str(before), "", marks, ())
    _, new = read_file(after, depth=depth, limits=limits)
    refused = [f"before: {each.what}: {each.why}" for each in old.refused]
    refused += [f"after: {each.what}: {each.why}" for each in new.refused]
    return Survival(str(before), str(after), compare(old, new), tuple(refused))
