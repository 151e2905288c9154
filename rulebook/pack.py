"""One instrument of law as data: its rules and its penalties."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from .penalty import Penalty
from .rule import Entry, EntryId, Line, PackId, Rule, Source, Text, check_dates, in_force
from .vocabulary import Market, Obligor, PackStatus, Service, Verification


class KeyDate(Entry):
    """A day on which something falls due or begins that the dates of the rules do not say."""

    on: date
    title: Text
    rules: tuple[EntryId, ...] = ()
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    verification: Verification
    note: Line | None = None


class Pack(Entry):
    """One instrument, or a few that are applied as one.

    ``roles`` are those it binds. A draft has no ``valid_from``; a pack in force has one, and hands its dates
    down to the rules and penalties that give none. ``valid_to`` is the last day. ``scope`` says what the
    whole pack covers. ``dates`` are days to note that no rule's own dates show.
    """

    id: PackId
    title: Text
    instrument: Text
    market: Market
    roles: Annotated[tuple[Obligor, ...], Field(min_length=1)]
    status: PackStatus
    published: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    scope: Text | None = None
    note: Line | None = None
    provisional: bool = False
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    rules: tuple[Rule, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    dates: tuple[KeyDate, ...] = ()

    @property
    def services(self) -> frozenset[Service]:
        """The services that at least one rule covers; all of them where the pack contains no rules."""
        covered = frozenset(service for rule in self.rules for service in rule.applies.services)
        return covered or frozenset(Service)

    def in_force(self, on: date) -> bool:
        """Whether the instrument is law on that day. A draft never is."""
        return self.status is PackStatus.IN_FORCE and in_force(self.valid_from, self.valid_to, on)

    @model_validator(mode="before")
    @classmethod
    def _hand_down(cls, data: Any) -> Any:
        """Give rules and penalties the pack's dates, and rules its being provisional, where they say nothing
        themselves.
        """
        if not isinstance(data, dict):
            return data
        dates = {name: data[name] for name in ("valid_from", "valid_to") if data.get(name) is not None}
        handed = dict(data)
        for name in ("rules", "penalties"):
            entries = data.get(name)
            if isinstance(entries, list):
                given = {**dates, "provisional": data.get("provisional", False)} if name == "rules" else dates
                handed[name] = [{**given, **entry} if isinstance(entry, dict) else entry for entry in entries]
        return handed

    @field_validator("rules", "penalties")
    @classmethod
    def _named_after_the_pack(cls, entries: tuple[Rule | Penalty, ...], info: Any) -> tuple[Rule | Penalty, ...]:
        pack, seen = info.data.get("id"), set[str]()
        for entry in entries:
            if pack is not None and entry.pack != pack:
                raise ValueError(f"found the id {entry.id!r}, expected it to begin with {pack + '/'!r}")
            if entry.id in seen:
                raise ValueError(f"found the id {entry.id!r} a second time, expected each id once")
            seen.add(entry.id)
        return entries

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        check_dates(self.valid_from, self.valid_to)
        if self.status is PackStatus.IN_FORCE and self.valid_from is None:
            raise ValueError("found status 'in-force' without valid_from, expected the first day in force")
        first_days = [
            self.valid_from,
            *(e.valid_from for e in self.rules),
            *(e.valid_from for e in self.penalties),
        ]
        if self.status is PackStatus.DRAFT and any(first_days):
            raise ValueError("found valid_from in a draft, expected none: a draft is never in force")
        if not self.rules and not self.penalties:
            raise ValueError("found a pack without rules and penalties, expected at least one")
        bound = {obligor for rule in self.rules for obligor in rule.obligors}
        unnamed = ", ".join(sorted(bound.difference(self.roles)))
        if unnamed:
            raise ValueError(f"found rules that bind {unnamed}, expected them among the pack's roles")
        return self
