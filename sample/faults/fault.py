"""The faults of ``faults.yaml``: what each is called, what it breaks, and what it takes to find it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from shenhe.core.document import read_yaml, validate

from ..names import NamesFromFile, members

#: The lowest level of a run that covers a fault.
Level = Literal["core", "extended", "full"]


class Reach(StrEnum):
    """What it takes to find a fault: one request, a sequence of three or more that change something, or a case that
    no enumeration holds."""

    REQUEST = "request"
    SEQUENCE = "sequence"
    DRAWN = "drawn"


class _Entry(BaseModel):
    """One fault as the file describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    summary: Annotated[str, Field(min_length=1)]
    behaviour: str
    rules: Annotated[tuple[str, ...], Field(min_length=1)]
    level: Level = "core"
    reach: Reach = Reach.REQUEST


class _File(RootModel[dict[Annotated[str, Field(pattern=r"^[a-z0-9-]+$")], _Entry]]):
    """The file: faults by name."""


@cache
def _entries(package: str) -> dict[str, _Entry]:
    data, locate = read_yaml(files(package) / "faults.yaml", "faults.yaml")
    return validate(_File, data, locate).root


def fault_names(package: str) -> dict[str, str]:
    """The members of an enum of the faults in the ``faults.yaml`` of a package."""
    return members(_entries(package))


class FaultName(StrEnum, metaclass=NamesFromFile):
    """The names of the faults: ``FaultName.TEXT_UNLABELLED`` is ``text-unlabelled``."""

    vars().update(fault_names("shenhe.sample.faults"))


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken behaviour: its name, what it does in a sentence, which behaviour of the law it concerns, which rules
    then fail, the lowest level of a run that finds it, and what it takes to find it.
    """

    name: str
    summary: str
    behaviour: str
    rules: frozenset[str]
    level: Level
    reach: Reach


def read_faults(package: str) -> dict[str, Fault]:
    """The faults in the ``faults.yaml`` of a package, by name."""
    return {
        name: Fault(name, entry.summary, entry.behaviour, frozenset(entry.rules), entry.level, entry.reach)
        for name, entry in _entries(package).items()
    }


#: The faults of the sample provider.
FAULTS: Mapping[str, Fault] = read_faults("shenhe.sample.faults")
