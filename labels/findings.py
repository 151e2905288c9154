"""The findings of one reading. Container readers report values here, and only here do values become labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from shenhe.core.text import visible

from .bytes.pages import Source
from .meaning import aigc, scattered
from .model import INSTALL, Deviation, Label, Limits, Refusal

Span = tuple[int, int]

_AI_IN_WORDS = re.compile(r"(?<![A-Za-z])(?:AI|AIGC|ai)(?![A-Za-z])|artificial|人工智", re.IGNORECASE)


class BeyondLimitError(Exception):
    """A limit was reached while reading a file. The message names the limit and becomes a refusal."""


class UnsuitableFileError(ValueError):
    """A file violates its format or needs an unsupported feature. The message is a sentence for users."""


def in_words(error: Exception) -> str:
    """An error in words for users: the sentence of our own exception, the missing library, or that the structure is
    broken.

    Hostile bytes lead parsers to IndexError, RecursionError, UnicodeError and the like. Their messages help no user.
    """
    if isinstance(error, (UnsuitableFileError, BeyondLimitError)):
        return str(error)
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, ImportError):
        return f"{error.name} is not installed; {INSTALL}"
    return "its structure is broken"


#: Words of Python and of the libraries' insides, which tell a reader of refusals nothing.
_INSIDES = re.compile(
    r"\bobject\b|codec|NoneType|literal for|argument|out of range|unpack|subscriptable|attribute|__|<class|bytes-like|"
    r"byte 0x|\bat 0x|0x[0-9a-f]{8}|\wError\b|\wException\b|\bdict\b|\btuple\b|\bstr\b|\bint\b|\.py\b|Traceback|"
    r"\bkey\b|float|iterable|\bNone\b|buffer|index\b|recursion|\bb['\"]"
)


def library_words(error: Exception) -> str:
    """A library's message about a file without internals such as addresses, or that the structure is broken if
    nothing is left. The same file always gives the same message.
    """
    text = re.sub(r"\s?<[^<>]*>|\[Errno -?[0-9]+\]\s?|:\s?'[^']*'$", "", str(error)).strip()
    is_of_python = type(error).__module__ in ("builtins", "struct", "zlib") and type(error) not in (ValueError, OSError)
    if not text or is_of_python or _INSIDES.search(text) or not re.search(r"[a-z]{2} [a-z]{2}", text):
        return in_words(error)
    return text[:160].rstrip(". ")


#: The files inside a file may unpack to so many times what one of them may.
_IN_ALL = 8
#: Files inside a file that may each take so many seconds.
_SLOW, _MOST_SLOW = 10.0, 3


@dataclass
class Spent:
    """The cost so far of reading a file and all files nested in it, which share one instance."""

    limits: Limits
    unpacked: int = 0
    looked_at: int = 0
    slow: int = 0

    @property
    def left(self) -> int:
        """Bytes that may still be unpacked."""
        return max(0, self.limits.inflated_bytes * _IN_ALL - self.unpacked)

    def unpack(self, size: int) -> None:
        """Count unpacked bytes. Raises BeyondLimitError for too many."""
        self.unpacked += size
        most = self.limits.inflated_bytes * _IN_ALL
        if self.unpacked > most:
            raise BeyondLimitError(f"it unpacks to more than {most:,} bytes in all, files inside it included")

    def look_at(self, size: int) -> None:
        """Count bytes of values. Raises BeyondLimitError for too many."""
        self.looked_at += size
        if self.looked_at > self.limits.inflated_bytes * 4:
            # Directories may name one long value a thousand times.
            raise BeyondLimitError(f"more than {self.limits.inflated_bytes * 4:,} bytes of metadata values")

    def take(self, seconds: float) -> None:
        """Count the time spent on a nested file, in seconds. Raises BeyondLimitError if several were slow."""
        self.slow += seconds > _SLOW
        if self.slow > _MOST_SLOW:
            raise BeyondLimitError(f"more than {_MOST_SLOW} files inside it took longer than {_SLOW:g} seconds each")


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
        #: (who says it, the term of a digital source type) of every statement on where the content comes from.
        self.origins: list[tuple[str, str]] = []
        self.is_cut_short = False
        self.glimpse: bytes | None = None
        #: How many files this one lies inside of.
        self.nesting = 0
        #: What reading it has cost, with the files inside it.
        self.spent = Spent(limits)
        self._parts = 0

    def step(self, count: int = 1) -> None:
        """Counts one more box, chunk, tag or entry. Raises BeyondLimitError past ``limits.parts``."""
        self._parts += count
        if self._parts > self.limits.parts:
            raise BeyondLimitError(f"more than {self.limits.parts} parts (boxes, chunks, tags) in one file")

    def refuse(self, what: str, why: str) -> None:
        if len(self.refused) < 64:
            self.refused.append(Refusal(visible(what), visible(why)))

    def note(self, text: str) -> None:
        """Keep a remark. Names of parts of a file are the author's: control characters are written out."""
        text = visible(text)
        if len(self.notes) < 64 and text not in self.notes:
            self.notes.append(text)

    def cut(self, text: str) -> None:
        """Note that the file is truncated: a label may have been in the missing part."""
        self.is_cut_short = True
        self.note(text)

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
        self.spent.look_at(size)
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
        """Report a value that may be the AIGC field. It becomes a label, a note for a near miss, or nothing.
        Returns whether it is a label.
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

    def stray(self, value: bytes, carrier: str, start: int | None) -> bool:
        """Report a field written into a part with another purpose, such as a title or a caption, at offset
        ``start`` of the file. A copy of a label found before is ignored. Returns whether it is a label.
        """
        if len(value) < _SHORTEST_FIELD or not scattered.may_hold_field(value):
            return False
        seen = False
        for text, first, last in scattered.fields_written_out(value):
            span = None if start is None else (start + first, start + last)
            if any(label.raw == text for label in self.labels):
                continue
            seen |= self.field(text, carrier, span, name=None, standing=(Deviation.UNUSUAL_PLACE,))
        return seen

    def stray_at(self, data: Source, span: Span, carrier: str) -> None:
        """Like ``stray``, but fetches the part only if it is small enough to be text."""
        size = span[1] - span[0]
        if _SHORTEST_FIELD <= size <= _LARGEST_TEXT:
            self.spent.look_at(size)
            self.stray(bytes(data[span[0] : span[1]]), carrier, span[0])

    def source_type(self, value: str, carrier: str, span: Span | None) -> None:
        """IPTC DigitalSourceType: a label where it states generative AI, a note where it names anything else."""
        from .meaning.source_types import source_type

        known = source_type(value)
        if known is None:
            term = re.split(r"[/#]", value.strip().rstrip("/"))[-1][:60]
            self.note(f"{carrier}: digital source type {term!r} is not one of the vocabulary")
        elif not known.is_ai:
            self.origins.append((f"IPTC digital source type at {carrier}", known.term))
            self.note(f"{carrier}: digital source type {known.term}: {known.meaning}; it states no generative AI")
        else:
            fields = {"DigitalSourceType": value.strip()[:400], "term": known.term, "says": known.says}
            detail = f"IPTC digital source type: {known.meaning}. It is no AIGC field."
            self.add(Label("iptc", "implicit", carrier, fields, (), span, value[:400], detail))

    def system_used(self, values: dict[str, str], carrier: str, span: Span | None) -> None:
        """The fields of IPTC Photo Metadata 2025.1 on generative AI: a label where they name the system."""
        named = {key: value.strip()[:1000] for key, value in values.items() if value.strip()}
        if "AISystemUsed" in named:
            detail = f"IPTC names the AI system that was used: {named['AISystemUsed'][:200]}. It is no AIGC field."
            self.add(Label("iptc", "implicit", carrier, named, (), span, named["AISystemUsed"][:400], detail))
        elif named:
            self.note(f"near miss: {carrier} holds IPTC's {', '.join(sorted(named))}, but not the AI system used")

    def generator(self, text: str, carrier: str) -> None:
        """Note the parameters of a known generator. They describe how a picture was made and are no label."""
        from .meaning.generators import recognised

        name = recognised(text[:4096])
        if name:
            self.note(f"near miss: {carrier} holds generator parameters ({name}); they are no label")

    def remark(
        self,
        value: str | bytes,
        carrier: str,
        span: Span | None,
        *,
        standing: Iterable[Deviation] = (Deviation.UNUSUAL_PLACE,),
        big_endian: bool = False,
        name: str = "",
    ) -> bool:
        """Report free text such as a comment or a description. It may hold the AIGC field, a generator's traces,
        the words of a label, or none of these. ``name`` is the key of the text, if it has a meaningful one. Returns
        whether it is a label.
        """
        if len(value) < _SHORT and _says_nothing(value, big_endian, name):
            return False
        return self._remark(value, carrier, span, standing, big_endian, name)

    def _remark(
        self,
        value: str | bytes,
        carrier: str,
        span: Span | None,
        standing: Iterable[Deviation],
        big_endian: bool,
        name: str,
    ) -> bool:
        if self.field(value, carrier, span, name=None, standing=standing, big_endian=big_endian):
            return True
        text = value if isinstance(value, str) else aigc.text_of(value[:16_384], [], big_endian=big_endian)
        before = len(self.notes)
        self.generator(f"{text[:4096]} {name}".rstrip(), carrier)
        if len(self.notes) == before:
            self._words(text[:4096], carrier)
        return False

    def _words(self, text: str, carrier: str) -> None:
        """Note words in metadata that would be a label if they were visible."""
        if _AI_IN_WORDS.search(text) is None:
            return
        from .meaning.passages import read_passage

        passage = read_passage(text)
        for label in (*passage.labels, *passage.others)[:2]:
            self.note(f"near miss: {carrier} says {label.raw[:60]!r} in words; people do not see it there")

    def explicit_labels(self) -> list[Label]:
        return [label for label in self.labels if label.kind == "explicit"]

    def contradictions(self) -> tuple[str, ...]:
        """Statements that exclude each other, such as captured wholly by a camera and generated by AI."""
        if not self.origins:
            return ()
        from .meaning.source_types import source_type

        generated = [
            label
            for label in self.labels
            if label.fields.get("says") != "partly" and label.fields.get("Label", "1") == "1"
        ]
        found: list[str] = []
        for who, term in self.origins:
            kind = source_type(term)
            if kind is not None and kind.is_captured:
                start = f"The {who} says that the content was {kind.meaning}"
                found += [
                    f"{start}; the {x.scheme} label at {x.carrier} says that it is AI-generated." for x in generated
                ]
        return tuple(dict.fromkeys(found))[:8]

    def mark_two_labels(self) -> None:
        """Mark every label of a file that has several: GB 45438-2025, 6.1 c) allows one implicit label per file."""
        if len(self.labels) < 2:
            return
        of_file = [i for i, label in enumerate(self.labels) if label.scheme == "gb45438" and _is_of_file(label)]
        if len(of_file) < 2:
            return
        for i in of_file:
            label = self.labels[i]
            marked = tuple(d for d in Deviation if d in label.deviations or d is Deviation.TWO_LABELS)
            self.labels[i] = replace(label, deviations=marked, detail=" ".join(d.sentence for d in marked))


def _is_of_file(label: Label) -> bool:
    """Whether a label is in the file itself, not in a member of it or in a file next to it."""
    return not label.carrier.startswith(("member ", "sidecar "))


_SHORT = 64
#: The shortest text that can hold the field with its producer, and the largest part that is searched for it.
_SHORTEST_FIELD, _LARGEST_TEXT = 40, 1 << 16


@lru_cache(4096)
def _says_nothing(value: str | bytes, big_endian: bool, name: str) -> bool:
    """Whether a short text gives neither a label nor a note. Cached, because cameras and editors write the same few
    names into all their files.
    """
    probe = Findings(Limits())
    probe._remark(value, "", None, (), big_endian, name)
    return not (probe.labels or probe.notes or probe.refused)
