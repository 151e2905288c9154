"""What follows a breach: ladders of measures and fines, versioned by date."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .rule import Entry, EntryId, Line, Source, Text, Versioned, check_dates, check_sources
from .vocabulary import Currency, Effect, FineOn, Measure, Per, Step, Verification


class Fine(Entry):
    """A range of money.

    ``minimum`` and ``maximum`` are in whole units of ``currency`` and may be open on either side;
    ``turnover_share`` is a fraction of ``turnover_base`` (0.05 for 5 %). ``combine`` says which of amount and
    share is the cap. ``optional``: the authority may impose it, or leave it.
    """

    currency: Currency = Currency.RMB
    minimum: Annotated[float, Field(ge=0)] | None = None
    maximum: Annotated[float, Field(gt=0)] | None = None
    turnover_share: Annotated[float, Field(gt=0, le=1)] | None = None
    turnover_base: Line | None = None
    combine: Literal["higher", "lower", "either"] | None = None
    per: Per = Per.CASE
    optional: bool = False
    note: Line | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if self.minimum is None and self.maximum is None and self.turnover_share is None:
            raise ValueError("found a fine without an amount, expected minimum, maximum or turnover_share")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"found minimum {self.minimum:,.0f} above maximum {self.maximum:,.0f}, expected it below")
        if (self.turnover_share is None) is not (self.turnover_base is None):
            raise ValueError("found turnover_share and turnover_base apart, expected both or neither")
        both = self.turnover_share is not None and self.maximum is not None
        if both is not (self.combine is not None):
            raise ValueError("found combine without a maximum and a share to combine, or these without it")
        return self


class Rung(Entry):
    """One step of a ladder: when it is reached, what may be imposed on the obligor and on its staff."""

    step: Step
    condition: Text
    measures: tuple[Measure, ...] = ()
    fine: Fine | None = None
    staff_fine: Fine | None = None
    verification: Verification
    note: Line | None = None

    @model_validator(mode="after")
    def _imposes_something(self) -> Self:
        if not self.measures and self.fine is None and self.staff_fine is None:
            raise ValueError("found a rung without a sanction, expected measures, fine or staff_fine")
        return self


class Penalty(Versioned):
    """One provision that punishes, in one of its versions.

    ``id`` ends in ``@<year>`` where the provision was amended: ``cn-penalties/csl-69@2026``. ``effect`` is
    ``ladder`` (``rungs``, lowest first), ``referral`` (``refers_to`` names penalties elsewhere) or
    ``discretion`` (how fines are weighed). ``fine_on`` says whether a first breach can already be fined.
    ``text`` is a paraphrase written by this project.
    """

    kind: Literal["penalty"]
    title: Text
    text: Text
    wording: Literal["paraphrase"] = "paraphrase"
    effect: Effect = Effect.LADDER
    trigger: Text
    rungs: tuple[Rung, ...] = ()
    refers_to: tuple[EntryId, ...] = ()
    fine_on: FineOn | None = None
    fine_on_note: Line | None = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    verification: Verification
    verification_note: Line | None = None

    @property
    def fines(self) -> bool:
        """Whether any rung carries a fine on the obligor itself."""
        return any(rung.fine for rung in self.rungs)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.effect is Effect.LADDER and not self.rungs:
            raise ValueError("found effect 'ladder' without rungs, expected at least one rung")
        if self.effect is Effect.REFERRAL and not self.refers_to:
            raise ValueError("found effect 'referral' without refers_to, expected the penalties it refers to")
        if self.effect is not Effect.LADDER and self.rungs:
            raise ValueError(f"found rungs under {self.effect.value!r}, expected them only under 'ladder'")
        if self.fines is not (self.fine_on is not None):
            raise ValueError("found fine_on and the rungs at odds, expected it exactly where a rung has a fine")
        weak = [rung.step.value for rung in self.rungs if rung.verification.rank > self.verification.rank]
        if weak:
            raise ValueError(f"found verification {self.verification.value!r} over weaker rungs ({', '.join(weak)})")
        check_sources(self.verification, self.sources, self.verification_note)
        check_dates(self.valid_from, self.valid_to)
        return self
