"""The file that names the targets of a chain and the path of a file through them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shenhe.core.document import read_yaml, validate
from shenhe.core.errors import ShenheError

from ..bindings import Binding, load_binding
from ..engine.probing.probe import Probe
from ..engine.probing.session import Bounds, Session
from ..engine.target import must_be_a_test, target_of
from ..operations import TargetRole
from ..provider import Operation, Provider


class ChainError(ShenheError, ValueError):
    """The file of a chain cannot be used; the message says where and what to write instead."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TargetEntry(_Model):
    """One target: the binding by which it is reached, and its address where that is not the one of the binding."""

    binding: Annotated[str, Field(min_length=1)]
    base_url: str | None = None
    role: TargetRole | None = None


class ChainFile(_Model):
    """Targets by name, in the order in which a file passes them. A store is not on the path."""

    name: Annotated[str, Field(min_length=1)] = "Chain"
    targets: Annotated[dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,60}$")], TargetEntry], Field(min_length=2)]


@dataclass(frozen=True)
class Station:
    """One target of a chain: its name in the file, its role there, and a probe of it."""

    name: str
    role: TargetRole
    probe: Probe

    def offers(self, *operations: Operation) -> bool:
        """Whether the target is bound for all of these operations."""
        return self.probe.offers(*operations)


@dataclass(frozen=True)
class Chain:
    """All targets of a file: ``path`` are those that a file passes, in order, and ``stores`` those beside it."""

    name: str
    path: tuple[Station, ...]
    stores: tuple[Station, ...]

    @property
    def stations(self) -> tuple[Station, ...]:
        """Every target."""
        return (*self.path, *self.stores)


def read_chain(path: Path) -> ChainFile:
    """Read a chain file.

    Raises:
        DocumentError: the file is not YAML of this form; the message has the line.
    """
    data, locate = read_yaml(path, str(path))
    return validate(ChainFile, data, locate)


def bindings_of(file: ChainFile, path: Path, environs: Mapping[str, Mapping[str, str]]) -> dict[str, Binding]:
    """The bindings of all targets, read before anything is sent; ``environs`` are the variables of each."""
    return {
        name: load_binding(binding_path(entry, path), environ=environs.get(name, {}))
        for name, entry in file.targets.items()
    }


def binding_path(entry: TargetEntry, path: Path) -> str:
    """A binding beside the chain file, or else a ready-made one of that name."""
    beside = path.parent / entry.binding
    return str(beside) if beside.is_file() else entry.binding


def connected(
    stack: ExitStack,
    file: ChainFile,
    bindings: Mapping[str, Binding],
    *,
    seed: int,
    salt: str,
    on: date,
    max_requests: int | None = None,
) -> Chain:
    """The chain, connected to its targets for as long as ``stack`` is open.

    Raises:
        ChainError: no two targets lie on the path of a file, or the first of them makes nothing.
        TargetRefused: a target is neither on this machine nor a test environment.
    """
    stations = []
    for name, entry in file.targets.items():
        provider = stack.enter_context(bindings[name].connect(base_url=entry.base_url))
        stations.append(station_of(name, entry.role, provider, seed=seed, salt=salt, on=on, max_requests=max_requests))
    return chain_of(file.name, stations)


def station_of(
    name: str,
    role: TargetRole | None,
    provider: Provider,
    *,
    seed: int = 0,
    salt: str = "",
    on: date | None = None,
    max_requests: int | None = None,
) -> Station:
    """A target as a station of a chain. Its role is the one named, else the last one that its binding declares."""
    must_be_a_test(provider, target_of(provider))
    roles = [TargetRole(each) for each in provider.capabilities.roles]
    session = Session(
        provider, seed=seed, on=on or date.today(), salt=f"{salt}/{name}", bounds=Bounds(requests=max_requests)
    )
    return Station(name, role or (roles[-1] if roles else TargetRole.PROVIDER), Probe(session))


def chain_of(name: str, stations: list[Station]) -> Chain:
    """The stations in the order of a file's path, and the stores beside it.

    Raises:
        ChainError: no two targets lie on the path, the first makes nothing, or another takes nothing in.
    """
    path = tuple(each for each in stations if each.role is not TargetRole.STORE)
    stores = tuple(each for each in stations if each.role is TargetRole.STORE)
    if len(path) < 2:
        raise ChainError("a chain needs two targets that are no store: one that makes a file, and one that takes it in")
    if not path[0].offers(Operation.GENERATE):
        raise ChainError(
            f"{path[0].name} is the first target of the chain and has no operation generate: put the target that makes"
            " content first"
        )
    for station in path[1:]:
        if not station.offers(Operation.UPLOAD):
            raise ChainError(
                f"{station.name} accepts no file: describe operations.upload in its binding, or leave it out"
            )
    return Chain(name, path, stores)
