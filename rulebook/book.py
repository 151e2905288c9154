"""All packs together: looked up by id, picked by day, market, role and service."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from shenhe.core.document import DocumentError, Fault, Locate, Readable, dotted, read_yaml, validate
from shenhe.core.errors import ShenheError

from .pack import Pack
from .penalty import Penalty
from .rule import PenaltyLink, Rule, Versioned
from .vocabulary import Market, Obligor, SeenBy, Service, Trait

T = TypeVar("T")
V = TypeVar("V", bound=Versioned)


class RulebookError(ShenheError, ValueError):
    """A pack that cannot be used, or an id that is not in the rulebook."""


class Versions(Mapping[str, V], Generic[V]):
    """Entries by id, in the order given. An id without a version means the newest version."""

    def __init__(self, entries: Iterable[V]) -> None:
        self._entries = {entry.id: entry for entry in entries}
        provisions = dict[str, list[V]]()
        for entry in self._entries.values():
            provisions.setdefault(entry.provision, []).append(entry)
        self._provisions = {
            name: tuple(sorted(versions, key=lambda entry: entry.valid_from or date.min))
            for name, versions in provisions.items()
        }

    def __getitem__(self, name: str) -> V:
        found = self._entries.get(name)
        return found if found is not None else self._provisions[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def names(self) -> list[str]:
        """Every id that leads somewhere, with and without version."""
        return list(dict.fromkeys([*self._entries, *self._provisions]))

    def of(self, name: str) -> tuple[V, ...]:
        """The versions of an id, oldest first; none if it is unknown."""
        return (self._entries[name],) if name in self._entries else self._provisions.get(name, ())

    def overlaps(self) -> Iterator[tuple[V, V]]:
        """Two versions of one provision that apply on the same day."""
        for versions in self._provisions.values():
            for earlier, later in pairwise(versions):
                first = later.valid_from
                if first is None or earlier.valid_to is None or earlier.valid_to >= first:
                    yield earlier, later


class Rulebook:
    """Packs that refer to each other correctly.

    ``packs``, ``rules`` and ``penalties`` are read-only mappings by id, in the order in which packs were
    given. Raises :class:`RulebookError` where two packs share an id, two versions of a provision share a day,
    or a link leads nowhere.
    """

    def __init__(self, packs: Iterable[Pack]) -> None:
        by_id: dict[str, Pack] = {}
        for pack in packs:
            if pack.id in by_id:
                raise RulebookError(f"found the pack {pack.id!r} a second time, expected each pack once")
            by_id[pack.id] = pack
        self.packs: Mapping[str, Pack] = MappingProxyType(by_id)
        self.rules: Versions[Rule] = Versions(rule for pack in by_id.values() for rule in pack.rules)
        self.penalties: Versions[Penalty] = Versions(penalty for pack in by_id.values() for penalty in pack.penalties)
        for earlier, later in [*self.rules.overlaps(), *self.penalties.overlaps()]:
            raise RulebookError(
                f"{later.id}: found a first day on which {earlier.id} still applies, expected a later one"
            )
        for owner, steps, name in dangling(by_id.values(), self.rules.names, self.penalties.names):
            raise RulebookError(
                f"{owner}: {dotted(steps[2:])}: {_unresolved(steps, name, self.rules.names, self.penalties.names)}"
            )

    @cached_property
    def hash(self) -> str:
        """SHA-256 in hexadecimal over the canonical JSON of all packs, whatever their order."""
        content = {pack.id: pack.model_dump(mode="json") for pack in self.packs.values()}
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def pack(self, pack_id: str) -> Pack:
        """The pack of that id. Raises :class:`RulebookError` naming the closest ones."""
        return _find("pack", pack_id, self.packs)

    def rule(self, rule_id: str, on: date | None = None) -> Rule:
        """One version of a rule: named in full, or the one that binds ``on`` that day (else the newest).

        Raises :class:`RulebookError` naming the closest ids for an unknown one, or if no version binds that day.
        """
        return self._version("rule", self.rules, rule_id, on)

    def penalty(self, penalty_id: str, on: date | None = None) -> Penalty:
        """One version of a penalty: named in full, or the one in force ``on`` that day (else the newest).

        Raises :class:`RulebookError` for an unknown id, or if no version was in force that day.
        """
        return self._version("penalty", self.penalties, penalty_id, on)

    def versions(self, penalty_id: str) -> tuple[Penalty, ...]:
        """All versions of the penalty with an id, oldest first. Raises :class:`RulebookError` if unknown."""
        found = self.penalties.of(penalty_id)
        if not found:
            raise RulebookError(_no_such("penalty", penalty_id, self.penalties.names))
        return found

    def with_readings(self, readings: Mapping[str, str]) -> Rulebook:
        """The same rulebook with other readings taken: the id of a provision, and the id of a reading of it.

        Raises :class:`RulebookError` for a provision or a reading that does not exist.
        """
        if not readings:
            return self
        known = [*self.rules.names, *self.penalties.names]
        for name, reading in readings.items():
            entries: tuple[Versioned, ...] = (*self.rules.of(name), *self.penalties.of(name))
            if not entries:
                raise RulebookError(_no_such("rule or penalty", name, known))
            if not any(each.id == reading for entry in entries for each in entry.readings):
                self._read(entries[-1], reading)

        def taken(entry: V) -> V:
            for name in (entry.id, entry.provision):
                if name in readings and any(each.id == readings[name] for each in entry.readings):
                    return self._read(entry, readings[name])
            return entry

        return Rulebook(
            pack.model_copy(
                update={"rules": tuple(map(taken, pack.rules)), "penalties": tuple(map(taken, pack.penalties))}
            )
            for pack in self.packs.values()
        )

    @staticmethod
    def _read(entry: V, reading: str) -> V:
        try:
            return entry.read_as(reading)
        except ValueError as error:
            raise RulebookError(str(error)) from error

    @staticmethod
    def _version(what: str, entries: Versions[V], name: str, on: date | None) -> V:
        versions = entries.of(name)
        if not versions:
            raise RulebookError(_no_such(what, name, entries.names))
        if name == versions[-1].id or on is None:
            return versions[-1]
        for version in reversed(versions):
            if version.in_force(on):
                return version
        raise RulebookError(f"no version of {name!r} is in force on {on}")

    def penalties_of(self, rule: Rule, on: date | None = None) -> list[tuple[PenaltyLink, Penalty]]:
        """What a breach of ``rule`` leads to: each link with the version in force ``on`` that day.

        A link without a version in force that day is left out. Without a day, the newest version of each; a
        draft's own penalties are always included for a draft's rule.
        """
        found = []
        for link in rule.penalties:
            versions = self.versions(link.penalty)
            if on is not None and rule.valid_from is not None:
                versions = tuple(version for version in versions if version.in_force(on))
            if versions:
                found.append((link, versions[-1]))
        return found

    def in_force(
        self,
        on: date,
        markets: Collection[Market | str] | None = None,
        roles: Collection[Obligor | str] | None = None,
        services: Collection[Service | str] | None = None,
    ) -> list[Pack]:
        """The packs that are law on that day and concern any of the markets, roles and services given.

        ``None`` means all. Drafts are never among them: they are included only by name.
        """
        return [
            pack
            for pack in self.packs.values()
            if pack.in_force(on)
            and (markets is None or pack.market in markets)
            and (roles is None or any(role in roles for role in pack.roles))
            and (services is None or any(service in services for service in pack.services))
        ]

    def rules_in_force(
        self,
        on: date,
        markets: Collection[Market | str] | None = None,
        roles: Collection[Obligor | str] | None = None,
        services: Collection[Service | str] | None = None,
        traits: Mapping[Trait | str, bool] | None = None,
    ) -> list[Rule]:
        """The rules that bind on that day: of the packs of :meth:`in_force`, filtered one by one.

        ``traits`` says which traits a service has or lacks; see :func:`reaches`. ``None`` means all.
        """
        return [
            rule
            for pack in self.in_force(on, markets, roles, services)
            for rule in pack.rules
            if rule.in_force(on)
            and (roles is None or any(obligor in roles for obligor in rule.obligors))
            and (services is None or any(service in services for service in rule.applies.services))
            and (traits is None or reaches(rule, traits))
        ]

    def decided_too(self, rules: Collection[str], packs: Collection[str], on: date) -> frozenset[str]:
        """The given rules and those that the same checks decide, by provision.

        Only rules of ``packs`` that a probe can see, and that bind on the day or are a draft's.
        """
        return frozenset(
            rule.provision
            for rule in self.rules.values()
            if rule.pack in packs
            and rule.seen_by is SeenBy.PROBE
            and (rule.valid_from is None or rule.in_force(on))
            and (rule.provision in rules or set(rule.decided_with) & set(rules))
        )

    def unknown(self, name: str) -> str:
        """The sentence that says that ``name`` is no rule, penalty or pack, and what comes closest."""
        return _no_such("rule, penalty or pack", name, [*self.rules.names, *self.penalties.names, *self.packs])


def reaches(rule: Rule, traits: Mapping[Trait | str, bool]) -> bool:
    """Whether a rule reaches a service by its traits.

    A special trait (:attr:`Trait.special`) must be declared; any other is assumed unless the service says that it
    lacks it.
    """

    def has(trait: Trait) -> bool:
        return traits.get(trait, not trait.special)

    return all(map(has, rule.applies.traits)) and not any(map(has, rule.applies.unless))


def load_rulebook(extra_dirs: Iterable[Path | str] = ()) -> Rulebook:
    """The shipped packs (read once per process), and every ``*.yaml`` of the folders in ``extra_dirs``.

    Raises :class:`RulebookError` with one line per fault: file, line, column, path inside, what was found and
    expected.
    """
    folders = tuple(Path(folder) for folder in extra_dirs)
    if not folders:
        return _shipped()
    loaded = list(_shipped_packs())
    for folder in folders:
        if not folder.is_dir():
            raise RulebookError(f"{folder}: found no such folder, expected one with packs in *.yaml")
        names = sorted(folder.glob("*.yaml"))
        if not names:
            raise RulebookError(f"{folder}: found no *.yaml, expected at least one pack")
        loaded += [_load(name, str(name)) for name in names]
    return _assemble(loaded)


def read_pack(origin: Readable | str, source_name: str | None = None) -> Pack:
    """One pack from a file or from text, its links to other packs not followed.

    Raises :class:`RulebookError` with one line per fault.
    """
    return _load(origin, source_name or ("<text>" if isinstance(origin, str) else str(origin)))[0]


def pack_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a pack file, for editors and other programs."""
    schema = Pack.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:shenhe:schema:pack:1",
        **schema,
        "title": "shenhe rule pack",
    }


def dangling(
    packs: Iterable[Pack], rules: Collection[str], penalties: Collection[str]
) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    """Links that lead nowhere: the id of the entry, the path inside its pack, the id named."""
    known = set(penalties)
    for pack in packs:
        for i, rule in enumerate(pack.rules):
            for j, link in enumerate(rule.penalties):
                if link.penalty not in known:
                    yield rule.id, ("rules", i, "penalties", j, "penalty"), link.penalty
            for j, name in enumerate(rule.decided_with):
                if name not in rules:
                    yield rule.id, ("rules", i, "decided_with", j), name
        for i, penalty in enumerate(pack.penalties):
            for j, name in enumerate(penalty.refers_to):
                if name not in known:
                    yield penalty.id, ("penalties", i, "refers_to", j), name
        for i, entry in enumerate(pack.dates):
            for j, name in enumerate(entry.rules):
                if name not in rules:
                    yield pack.id, ("dates", i, "rules", j), name


def _unresolved(steps: tuple[str | int, ...], name: str, rules: Collection[str], penalties: Collection[str]) -> str:
    penalty = "penalties" in steps and "decided_with" not in steps
    return _no_such("penalty", name, penalties) if penalty else _no_such("rule", name, rules)


def _load(origin: Readable | str, source_name: str) -> tuple[Pack, Locate]:
    try:
        data, locate = read_yaml(origin, source_name)
        return validate(Pack, data, locate), locate
    except DocumentError as error:
        raise RulebookError(str(error)) from error
    except OSError as error:
        raise RulebookError(f"{source_name}: found an unreadable file ({error.strerror})") from error


def _assemble(loaded: list[tuple[Pack, Locate]]) -> Rulebook:
    """A rulebook. Errors across packs are reported by file and line."""
    rules = Versions(rule for pack, _ in loaded for rule in pack.rules)
    penalties = Versions(penalty for pack, _ in loaded for penalty in pack.penalties)
    faults, places = [], dict[str, Locate]()
    for pack, locate in loaded:
        if pack.id in places:
            first = places[pack.id].source_name
            message = f"found {pack.id!r} again (first in {first}), expected each pack once"
            faults.append(Fault(locate.source_name, locate(("id",)), ("id",), message))
        places[pack.id] = locate
        for _, steps, name in dangling([pack], rules.names, penalties.names):
            message = _unresolved(steps, name, rules.names, penalties.names)
            faults.append(Fault(locate.source_name, locate(steps), steps, message))
    if faults:
        raise RulebookError("\n".join(map(str, faults)))
    return Rulebook(pack for pack, _ in loaded)


@cache
def _shipped() -> Rulebook:
    return _assemble(list(_shipped_packs()))


@cache
def _shipped_packs() -> tuple[tuple[Pack, Locate], ...]:
    folder = files(__package__) / "packs"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return tuple(_load(folder / name, f"rulebook/packs/{name}") for name in names)


def _find(what: str, name: str, entries: Mapping[str, T]) -> T:
    try:
        return entries[name]
    except KeyError:
        raise RulebookError(_no_such(what, name, list(entries))) from None


def _no_such(what: str, name: str, known: Iterable[str]) -> str:
    close = list(dict.fromkeys(difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)))
    return f"found no {what} {name!r}" + (f", closest: {', '.join(close)}" if close else "")
