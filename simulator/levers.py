"""What every parameter of a scenario means: group, unit, range, and words in English and Chinese.

``levers.yaml`` describes the parameters, one entry per path, and the schema gives their types and ranges. The terminal
(``shenhe levers``) and the explorer both read this module, so that a parameter is explained in one place.

>>> lever = lever_of("policy.staff.inspectors")
>>> lever.title["en"], lever.kind, lever.low, lever.high
('Inspectors', 'count', 1.0, 100000.0)
"""

from __future__ import annotations

import fnmatch
import functools
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Literal

import annotated_types
from pydantic import BaseModel

from shenhe.core.document import read_yaml

from .scenario.overriding import differences
from .scenario.schema import CHANGEABLE, FIXED, Basis, Scenario
from .scenario.values import LARGEST

Form = Literal["number", "count", "switch", "choice", "list", "text", "date"]
Words = Mapping[str, str]
"""A text by language: ``en`` and ``zh``."""

NO_LEVERS = ("name", "title", "story", "sources", "basis", "claim")
"""Fields of a scenario that tell about it and change nothing in the run."""


@dataclass(frozen=True)
class Group:
    """Levers that belong together. ``law`` says which provision, or which assumption, they express."""

    name: str
    title: Words
    law: Words


@dataclass(frozen=True)
class DescribedLever:
    """One parameter. ``path`` has ``*`` for an entry of a list or mapping.

    ``low`` and ``high`` are what the schema allows, ``usual`` the range worth exploring. ``options`` are the values of
    a choice, and what the entries of a list may be. ``fixed`` parameters hold for a whole run: ``changes`` cannot set
    them.
    """

    path: str
    group: str
    title: Words
    meaning: Words
    unit: Words
    kind: Form
    low: float | None = None
    high: float | None = None
    low_excluded: bool = False
    usual: tuple[float, float] | None = None
    options: tuple[str, ...] = ()
    optional: bool = False
    fixed: bool = False

    @property
    def of_policy(self) -> bool:
        """Whether the authorities decide it; every other parameter describes the world they act in."""
        return self.path.startswith("policy.")

    def range(self, language: str = "en") -> str:
        """The values that the schema allows, as a person writes them.

        >>> lever_of("policy.referral").range(), lever_of("policy.staff.triage").range()
        ('0 to 1', 'arrival | severity')
        """
        if self.options:
            return " | ".join(self.options)
        if self.kind == "switch":
            return "true | false"
        if self.low is None:
            return ""
        above, least, between = _RANGES[language]
        if self.high is None or self.high >= LARGEST:
            return (above if self.low_excluded else least).format(f"{self.low:g}")
        low = above.format(f"{self.low:g}") if self.low_excluded else f"{self.low:g}"
        return between.format(low, f"{self.high:,.15g}")


_RANGES = {"en": ("above {}", "{} or more", "{} to {}"), "zh": ("大于 {}", "不小于 {}", "{} 至 {}")}


@dataclass(frozen=True)
class Setting:
    """A lever as one scenario sets it. ``baseline`` is the value it is compared with, ``differs`` whether that is
    another one.
    """

    path: str
    lever: DescribedLever
    value: Any
    basis: Basis | None
    baseline: Any = None
    differs: bool = False


@functools.cache
def groups() -> Mapping[str, Group]:
    """The groups by name, in the order in which they are shown."""
    return {name: Group(name, _words(entry, 0), _words(entry, 1)) for name, entry in _document()["groups"].items()}


@functools.cache
def described_levers() -> Mapping[str, DescribedLever]:
    """Every lever by its path, in the order of the groups."""
    units, found = _document()["units"], {}
    fields = dict(schema_fields(Scenario))
    for group, described in _document()["groups"].items():
        for path, entry in described["levers"].items():
            form = _form(fields[path])
            usual = entry.get("usual")
            found[path] = DescribedLever(
                path,
                group,
                _words(entry, 0),
                _words(entry, 1),
                units[entry["unit"]],
                usual=(float(usual[0]), float(usual[1])) if usual else None,
                fixed=_is_fixed(path),
                **form,
            )
    return found


def lever_of(path: str) -> DescribedLever | None:
    """The lever behind a path of a scenario such as ``policy.ladder.2.fine.high``, or ``None`` where there is none."""
    steps = path.split(".")
    if steps[:2] == ["policy", "ladders"] and "steps" in steps[3:4]:
        steps = ["policy", "ladder", *steps[4:]]
    if steps[:1] == ["changes"] and steps[2:3] == ["set"]:
        return described_levers()["changes.*.set.*"]
    return _matching(tuple(steps))


@functools.lru_cache(maxsize=4096)
def _matching(steps: tuple[str, ...]) -> DescribedLever | None:
    exact = described_levers().get(".".join(steps))
    if exact is not None:
        return exact
    for path, lever in described_levers().items():
        parts = path.split(".")
        if len(parts) == len(steps) and all(part in ("*", step) for part, step in zip(parts, steps, strict=True)):
            return lever
    return None


def settings(scenario: Scenario, baseline: Scenario | None = None) -> list[Setting]:
    """Every parameter of a scenario with its lever, group by group, beside the values of ``baseline``."""
    before = dict(baseline.parameters()) if baseline is not None else {}
    changed = {each.path for each in differences(_of(baseline), _of(scenario))} if baseline is not None else set()
    found = []
    for path, value in scenario.parameters():
        lever = lever_of(path)
        if lever is not None:
            found.append(Setting(path, lever, value, scenario.basis_of(path), before.get(path), path in changed))
    for path in sorted(changed - {each.path for each in found}):
        lever = lever_of(path)
        if lever is not None:
            found.append(Setting(path, lever, None, None, before.get(path), True))
    order = list(groups())
    return sorted(found, key=lambda each: order.index(each.lever.group))


def _of(scenario: Scenario) -> dict[str, Any]:
    return dict(scenario.parameters())


def schema_fields(model: type[BaseModel], steps: tuple[str, ...] = ()) -> Iterator[tuple[str, list[Any]]]:
    """Every single value that a scenario file may hold: its path, and its type with the constraints on it.

    Values that only describe the scenario are left out: see :data:`NO_LEVERS`.
    """
    for name, field in model.model_fields.items():
        if not steps and name in NO_LEVERS:
            continue
        yield from _values(field.annotation, (*steps, name), list(field.metadata))


def _values(annotation: Any, steps: tuple[str, ...], constraints: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from schema_fields(annotation, steps)
    elif origin is typing.Annotated:
        constraints = [*constraints, *(part for each in inner[1:] for part in getattr(each, "metadata", [each]))]
        yield from _values(inner[0], steps, constraints)
    elif origin in (typing.Union, types.UnionType):
        for each in inner:
            if each is not type(None):
                yield from _values(each, steps, [*constraints, None])
    elif origin is dict:
        yield from _values(inner[1], (*steps, "*"), constraints)
    elif origin is list and isinstance(inner[0], type) and issubclass(inner[0], BaseModel):
        yield from schema_fields(inner[0], (*steps, "*"))
    else:
        yield ".".join(steps), [annotation, *constraints]


def _form(field: Sequence[Any]) -> dict[str, Any]:
    """Form, range and options of a value from its type and constraints."""
    annotation, constraints = field[0], field[1:]
    form: dict[str, Any] = {"kind": _kind(annotation), "optional": None in constraints}
    bounds: list[tuple[type[Any], str, str]] = [
        (annotated_types.Ge, "ge", "low"),
        (annotated_types.Gt, "gt", "low"),
        (annotated_types.Le, "le", "high"),
    ]
    for each in constraints:
        for kind, attribute, name in bounds:
            if isinstance(each, kind):
                form[name] = float(getattr(each, attribute))
                form |= {"low_excluded": True} if attribute == "gt" else {}
    if typing.get_origin(annotation) is Literal:
        form["options"] = tuple(map(str, typing.get_args(annotation)))
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) is list and hasattr(inner[0], "__members__"):
        form["options"] = tuple(str(each) for each in inner[0])
    return form


def _kind(annotation: Any) -> Form:
    plain: dict[Any, Form] = {bool: "switch", int: "count", float: "number", date: "date"}
    if annotation in plain:
        return plain[annotation]
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return "choice"
    return "list" if origin in (list, tuple) else "text"


def _is_fixed(path: str) -> bool:
    return path.split(".")[0] not in CHANGEABLE or any(fnmatch.fnmatch(path, each) for each in FIXED)


def _words(entry: Mapping[str, Any], place: int) -> Words:
    return {language: str(entry[language][place]) for language in ("en", "zh")}


@functools.cache
def _document() -> Mapping[str, Any]:
    data, _ = read_yaml(files("shenhe.simulator") / "levers.yaml", "levers.yaml")
    if not isinstance(data, dict):
        raise TypeError("levers.yaml holds no mapping")
    return data


__all__ = ["DescribedLever", "Group", "Setting", "described_levers", "groups", "lever_of", "schema_fields", "settings"]
