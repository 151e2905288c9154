"""What one reading has gathered so far. Walkers report here; here alone values become labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from .meaning import aigc
from .model import Deviation, Label, Limits, Refusal

Span = tuple[int, int]

#: IPTC digital source types that say a machine made or changed the content
#: (cv.iptc.org/newscodes/digitalsourcetype/).
AI_SOURCE_TYPES = {
    "trainedalgorithmicmedia": "made by a trained model",
    "compositewithtrainedalgorithmicmedia": "composed with parts made by a trained model",
    "algorithmicmedia": "made by an algorithm without training data",
    "compositesynthetic": "a composite with synthetic parts",
    "algorithmicallyenhanced": "changed by an algorithm",
}


class BeyondLimitError(Exception):
    """A limit was reached while walking a file; the message says which, and becomes a refusal."""


class UnsuitableFileError(ValueError):
    """A file is not as its kind prescribes, or asks for what is not done here. The message is a sentence for people."""


def in_words(error: Exception) -> str:
    """What went wrong, in words for people: a sentence of our own, or that the structure is broken.

    Hostile bytes lead parsers to IndexError, RecursionError, UnicodeError and the like, whose words help nobody.
    """
    if isinstance(error, (UnsuitableFileError, BeyondLimitError)):
        return str(error)
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    return "its structure is broken"


def without_addresses(error: Exception) -> str:
    """An error's words without memory addresses, so that two readings of one file say the same."""
    return re.sub(r"\s*<[^<>]* at 0x[0-9a-f]+>", "", str(error))[:160].strip() or type(error).__name__


class Findings:
    """Labels, refusals and notes of one file, within ``limits``."""

    def __init__(self, limits: Limits, trust_anchors: str = "") -> None:
        self.limits = limits
        #: Certificates in PEM whose content credentials the caller trusts.
        self.trust_anchors = trust_anchors
        self.labels: list[Label] = []
        self.refused: list[Refusal] = []
        self.notes: list[str] = []
        self.statements: list[Label] = []
        self.glimpse: bytes | None = None
        self._parts = 0
        self._looked_at = 0

    def step(self, count: int = 1) -> None:
        """Counts one more box, chunk, tag or entry. Raises BeyondLimitError past ``limits.parts``."""
        self._parts += count
        if self._parts > self.limits.parts:
            raise BeyondLimitError(f"more than {self.limits.parts} parts (boxes, chunks, tags) in one file")

    def refuse(self, what: str, why: str) -> None:
        if len(self.refused) < 64:
            self.refused.append(Refusal(what, why))

    def note(self, text: str) -> None:
        if len(self.notes) < 64 and text not in self.notes:
            self.notes.append(text)

    def add(self, label: Label) -> None:
        if len(self.labels) >= self.limits.labels:
            raise BeyondLimitError(f"more than {self.limits.labels} labels in one file")
        self.labels.append(label)

    def state(self, label: Label) -> None:
        """A statement of AI origin that lacks an element of the standard, in the form of a label."""
        if len(self.statements) < self.limits.labels:
            self.statements.append(label)

    def within(self, size: int, carrier: str) -> bool:
        """Whether a metadata value of ``size`` bytes is small enough to be looked at; refuses it in words where not."""
        self._looked_at += size
        if self._looked_at > self.limits.inflated_bytes * 4:
            # Directories may name one long value a thousand times.
            raise BeyondLimitError(f"more than {self.limits.inflated_bytes * 4:,} bytes of metadata values")
        if size <= self.limits.value_bytes:
            return True
        self.refuse(carrier, f"a value of {size:,} bytes is larger than the {self.limits.value_bytes:,} allowed")
        return False

    def field(
        self,
        value: str | bytes,
        carrier: str,
        span: Span | None,
        *,
        name: str | None,
        standing: Iterable[Deviation] = (),
        big_endian: bool = False,
    ) -> bool:
        """A value that may be the AIGC field: becomes a label, a note for a near miss, or nothing. True for
        a label.
        """
        if not self.within(len(value), carrier):
            return False
        parsed = aigc.parse(value, name=name, standing=standing, big_endian=big_endian)
        if parsed is None:
            if name is not None and aigc.is_name(name):
                self.note(f"near miss: {carrier} is named {name[:60]!r}, but its value is not the AIGC field")
            return False
        self._implicit(parsed, carrier, span)
        return True

    def structure(
        self,
        pairs: list[tuple[str, str]],
        carrier: str,
        span: Span | None,
        *,
        name: str,
        standing: Iterable[Deviation] = (),
    ) -> bool:
        """As ``field``, where the container holds the keys separately."""
        parsed = aigc.from_structure(pairs, name=name, standing=standing)
        if parsed is None:
            self.note(f"near miss: {carrier} is named {name[:60]!r}, but its parts are not those of the AIGC field")
            return False
        self._implicit(parsed, carrier, span)
        return True

    def _implicit(self, parsed: aigc.Value, carrier: str, span: Span | None) -> None:
        detail = " ".join(d.sentence for d in parsed.deviations)
        self.add(Label("gb45438", "implicit", carrier, parsed.fields, parsed.deviations, span, parsed.raw, detail))

    def source_type(self, value: str, carrier: str, span: Span | None) -> None:
        """IPTC DigitalSourceType: a label where it names a machine, a note where it names a camera."""
        term = value.strip().rstrip("/").rpartition("/")[2]
        meaning = AI_SOURCE_TYPES.get(term.casefold())
        if meaning is None:
            self.note(f"{carrier}: digital source type {term[:60]!r} does not say that the content is AI-generated")
            return
        detail = f"IPTC digital source type: {meaning}. It is no AIGC field."
        self.add(
            Label(
                "iptc",
                "implicit",
                carrier,
                {"DigitalSourceType": value.strip()[:400]},
                (),
                span,
                value[:400],
                detail,
            )
        )

    def generator(self, text: str, carrier: str) -> None:
        """Notes a known generator's parameters; they say how a picture was made, but label nothing."""
        from .meaning.generators import recognised

        name = recognised(text[:4096])
        if name:
            self.note(f"near miss: {carrier} holds generator parameters ({name}); they are no label")

    def explicit_labels(self) -> list[Label]:
        return [label for label in self.labels if label.kind == "explicit"]

    def mark_two_labels(self) -> None:
        """GB 45438-2025, 6.1 c): only one implicit label a file."""
        if len(self.labels) < 2:
            return
        of_file = [i for i, label in enumerate(self.labels) if label.scheme == "gb45438"]
        if len(of_file) < 2:
            return
        for i in of_file:
            label = self.labels[i]
            marked = tuple(d for d in Deviation if d in label.deviations or d is Deviation.TWO_LABELS)
            self.labels[i] = replace(label, deviations=marked, detail=" ".join(d.sentence for d in marked))
