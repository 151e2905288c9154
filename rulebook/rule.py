"""One clause of law that someone must follow, as data."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from .vocabulary import Behaviour, CourtState, Keyword, Modality, Obligor, SeenBy, Service, Trait, Verification

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
PackId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
#: ``<pack>/<article>``, with ``@<first day>`` where a provision has several versions.
EntryId = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+([.-][a-z0-9]+)*(@[0-9]{4}(-[0-9]{2}){0,2})?$",
        max_length=120,
    ),
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class Entry(BaseModel):
    """What every part of a pack shares: immutable, and no field that the model does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Text(Entry):
    """The same thing said in English and in Chinese."""

    en: Line
    zh: Line


class Source(Entry):
    """Where a statement about the law comes from.

    ``cite`` is the place in the instrument; ``seen_in`` the publication in which it was read, absent where it
    was not read again.
    """

    cite: Line
    seen_in: Line | None = None
    url: Annotated[str, StringConstraints(pattern=r"^https?://")] | None = None


class Applies(Entry):
    """What a rule covers. All services and modalities unless narrowed.

    ``named_in_17_1``: ``true`` if the rule covers only services that Art. 17(1) of the Deep Synthesis
    Provisions names, ``false`` if only the others, absent if it makes no difference. ``traits``: facts about a
    service that must hold for the rule to reach it; ``unless``: facts that exempt it. ``users_over``: the rule
    reaches only services with more monthly users than this. ``jurisdiction`` is an ISO 3166-2 code where a
    rule reaches less than its pack's market.
    """

    services: Annotated[tuple[Service, ...], Field(min_length=1)] = tuple(Service)
    modalities: Annotated[tuple[Modality, ...], Field(min_length=1)] = tuple(Modality)
    named_in_17_1: bool | None = None
    traits: tuple[Trait, ...] = ()
    unless: tuple[Trait, ...] = ()
    users_over: Annotated[int, Field(gt=0)] | None = None
    jurisdiction: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$")] | None = None
    note: Line | None = None


class Deadline(Entry):
    """A time limit.

    ``within``: at most ``amount`` ``unit``; ``at-least``: no less (retention); ``published``: the limit that
    the obligor has to publish itself; ``prompt``: without a number in the text. ``counted_from`` says from
    what.
    """

    kind: Literal["within", "at-least", "published", "prompt"]
    amount: Annotated[float, Field(gt=0)] | None = None
    unit: Literal["seconds", "hours", "days", "working-days", "months"] | None = None
    counted_from: Text | None = None

    @model_validator(mode="after")
    def _number_where_the_kind_has_one(self) -> Self:
        numbered = self.kind in {"within", "at-least"}
        if numbered and (self.amount is None or self.unit is None):
            raise ValueError(f"found a deadline {self.kind!r} without amount and unit, expected both")
        if not numbered and (self.amount is not None or self.unit is not None):
            raise ValueError(f"found an amount or unit in a deadline {self.kind!r}, expected neither")
        return self


class Transition(Entry):
    """A later start for what was ``placed_before`` a day: not bound until the day ``until``."""

    placed_before: date
    until: date
    note: Line | None = None


class PenaltyLink(Entry):
    """A link from a rule to the penalty for its breach, and how well the link is founded.

    ``penalty`` is the id of one version (``cn-penalties/csl-69@2026``) or of all (``cn-penalties/csl-69``);
    in the second case the day decides.
    """

    penalty: EntryId
    verification: Verification
    note: Line | None = None


class CourtEvent(Entry):
    """What a court did to a rule on a day. It holds until the next event."""

    since: date
    state: CourtState
    court: Line
    case: Line | None = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    verification: Verification
    note: Line | None = None


class Reading(Entry):
    """One way to understand a provision that sources understand differently.

    Exactly one reading of a provision is ``taken``: the entry is written as that reading has it. Every other
    reading says in ``changes`` which fields of the entry it would write differently. ``because`` says why it
    is taken or not.
    """

    id: Slug
    text: Text
    held_by: Annotated[tuple[Line, ...], Field(min_length=1)]
    taken: bool = False
    because: Line
    changes: dict[str, Any] = {}


class Versioned(Entry):
    """What rules and penalties share: an id with a pack, a provision and a version, days, and readings."""

    id: EntryId
    valid_from: date | None = None
    valid_to: date | None = None
    readings: tuple[Reading, ...] = ()

    @property
    def pack(self) -> str:
        """The id of the pack that contains this entry."""
        return self.id.partition("/")[0]

    @property
    def provision(self) -> str:
        """The id without its version: what all versions of a provision share."""
        return self.id.partition("@")[0]

    def in_force(self, on: date) -> bool:
        """Whether this version applies on that day. Never, for a draft."""
        return in_force(self.valid_from, self.valid_to, on)

    def read_as(self, reading: str) -> Self:
        """The entry as another reading of it has it. Raises ``ValueError`` naming the readings there are."""
        for each in self.readings:
            if each.id == reading:
                return self._changed(each) if each.changes else self
        known = ", ".join(each.id for each in self.readings) or "none"
        raise ValueError(f"{self.provision}: found no reading {reading!r}, expected one of: {known}")

    def _changed(self, reading: Reading) -> Self:
        readings = [
            {**each.model_dump(mode="json", exclude={"taken", "changes"}), "taken": each.id == reading.id}
            for each in self.readings
        ]
        data = self.model_dump(mode="json", exclude={"readings"})
        changed = type(self).model_validate({**data, **reading.changes})
        return changed.model_copy(update={"readings": tuple(Reading.model_validate(each) for each in readings)})

    @field_validator("readings")
    @classmethod
    def _one_reading_taken(cls, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        if readings and sum(reading.taken for reading in readings) != 1:
            raise ValueError("found readings of which not exactly one is taken, expected one with taken: true")
        if len({reading.id for reading in readings}) < len(readings):
            raise ValueError("found two readings of one id, expected each id once")
        for reading in readings:
            if reading.taken is bool(reading.changes):
                raise ValueError(
                    f"found the reading {reading.id!r} with taken and changes at odds, expected changes exactly in"
                    " the readings that are not taken"
                )
            unknown = sorted(set(reading.changes) - set(cls.model_fields) | {"id", "readings"} & set(reading.changes))
            if unknown:
                raise ValueError(f"found changes to {', '.join(unknown)}, expected fields of the entry other than id")
        return readings

    @model_validator(mode="after")
    def _readings_hold(self) -> Self:
        for reading in self.readings:
            if reading.changes:
                self._changed(reading)
        return self


class Rule(Versioned):
    """One clause of one instrument that binds someone.

    ``id`` is ``<pack>/<article>[.<paragraph>[.<item>]]``, with a descriptive tail where the sources give no
    letter, and ``@<first day>`` where the provision was amended. ``text`` is a paraphrase written by this
    project and never a quotation; the official text prevails. A breach of a ``provisional`` rule, of which no
    part was read in any source, is left to a person: no check fails it. ``seen_by_reason`` says what hides a
    breach from a probe, and for a probe rule which part of it stays hidden. ``valid_from`` and ``valid_to``
    (the last day) are the pack's unless given; both are absent in a draft. ``court`` is what courts did to the
    rule, oldest first. ``filed_with`` says with whom a filing or assessment is lodged.
    ``decided_with`` names rules with the same demand on other obligors: their checks decide this rule too.
    """

    kind: Literal["rule"] = "rule"
    title: Text
    text: Text
    wording: Literal["paraphrase"] = "paraphrase"
    obligors: Annotated[tuple[Obligor, ...], Field(min_length=1)]
    behaviour: Behaviour
    keyword: Keyword
    applies: Applies = Applies()
    deadline: Deadline | None = None
    penalties: tuple[PenaltyLink, ...] = ()
    seen_by: SeenBy
    seen_by_reason: Line | None = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    verification: Verification
    verification_note: Line | None = None
    transition: Transition | None = None
    court: tuple[CourtEvent, ...] = ()
    filed_with: Text | None = None
    decided_with: tuple[EntryId, ...] = ()
    provisional: bool = False

    @property
    def article(self) -> str:
        """The part of the id inside the pack, without the version: ``17.1.3``."""
        return self.provision.partition("/")[2]

    def court_on(self, on: date) -> CourtEvent | None:
        """The court event that holds on that day, if there is one."""
        past = [event for event in self.court if event.since <= on]
        return past[-1] if past else None

    def in_force(self, on: date) -> bool:
        """Whether the rule binds on that day: enacted, not repealed, and not blocked by a court."""
        event = self.court_on(on)
        return super().in_force(on) and (event is None or event.state is not CourtState.BLOCKED)

    @model_validator(mode="after")
    def _reasons_given(self) -> Self:
        if self.seen_by is not SeenBy.PROBE and self.seen_by_reason is None:
            raise ValueError(
                f"found seen_by {self.seen_by.value!r} without seen_by_reason, expected what hides a breach"
            )
        check_sources(self.verification, self.sources, self.verification_note)
        check_dates(self.valid_from, self.valid_to)
        days = [event.since for event in self.court]
        if days != sorted(set(days)):
            raise ValueError("found court events out of order, expected the oldest first and one per day")
        return self


def in_force(valid_from: date | None, valid_to: date | None, on: date) -> bool:
    """Whether ``on`` lies between the first and the last day, both included. Without a first day, never."""
    return valid_from is not None and valid_from <= on and (valid_to is None or on <= valid_to)


def check_sources(verification: Verification, sources: tuple[Source, ...], note: str | None) -> None:
    """Raise ``ValueError`` where a statement claims more, or explains less, than its sources carry."""
    read = any(source.seen_in for source in sources)
    if verification in {Verification.VERIFIED, Verification.SECONDARY} and not read:
        raise ValueError(
            f"found verification {verification.value!r} without a source that was read, expected seen_in in a source"
        )
    if verification is Verification.INFERRED and note is None:
        raise ValueError("found verification 'inferred' without a note, expected verification_note to name its source")


def check_dates(valid_from: date | None, valid_to: date | None) -> None:
    """Raise ``ValueError`` for an interval that ends before it begins, or has only an end."""
    if valid_to is not None and (valid_from is None or valid_to < valid_from):
        raise ValueError(f"found valid_to {valid_to} with valid_from {valid_from}, expected a later day")
