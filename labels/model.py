"""The parts of a reading: labels, their deviations from the standard, and refusals.

Rule names such as ``gb-e.c`` are the tails of the ids of ``cn-labeling-2025`` in the rulebook: ``gb-`` and
the clause of GB 45438-2025. Nothing here imports more than the standard library, so that a reading costs no
start-up time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache
from typing import Any, Literal, NamedTuple

from shenhe.core.extras import install_command

from .data import load_data

Kind = Literal["implicit", "explicit"]

#: Keys of the ``AIGC`` field in the order of Annex E of GB 45438-2025.
FIELD_KEYS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)


class Weight(StrEnum):
    """How much a deviation counts: a strict reader minds all of them, a lenient one only ``must``."""

    MUST = "must"
    SHOULD = "should"
    NOTE = "note"


class Deviation(StrEnum):
    """One way in which a label departs from its standard; its value is its name in ``--json``.

    Weight, rule and sentence are data (``deviations.yaml``). They are loaded at first use: the YAML library
    would take a third of the time of importing this package, and most readings need none of them.
    """

    FIELD_NAME_CASE = "field-name-case"
    FIELD_NAME_LONGER = "field-name-longer"
    NAMESPACE = "namespace"
    ATTRIBUTE_FORM = "attribute-form"
    STRUCTURED_FORM = "structured-form"
    UNUSUAL_PLACE = "unusual-place"
    IN_BODY = "in-body"
    TWO_LABELS = "two-labels"
    WRAPPED = "wrapped"
    NOT_WRAPPED = "not-wrapped"
    BASE64 = "base64"
    PREFIXED = "prefixed"
    JSON_IN_STRING = "json-in-string"
    DOUBLE_ESCAPED = "double-escaped"
    MALFORMED_JSON = "malformed-json"
    MALFORMED_XML = "malformed-xml"
    TEXT_ENCODING = "text-encoding"
    PADDED = "padded"
    OTHER_VOCABULARY = "other-vocabulary"
    KEY_CASE = "key-case"
    MISSPELT_KEY = "misspelt-key"
    MISSING_KEY = "missing-key"
    UNKNOWN_KEY = "unknown-key"
    DUPLICATE_KEY = "duplicate-key"
    NUMBER_FOR_STRING = "number-for-string"
    WRONG_TYPE = "wrong-type"
    LABEL_MISSING = "label-missing"
    LABEL_VALUE = "label-value"
    PRODUCER_MISSING = "producer-missing"
    PRODUCE_ID_MISSING = "produce-id-missing"
    PROPAGATOR_MISSING = "propagator-missing"
    PROPAGATOR_EMPTY = "propagator-empty"
    ILLEGAL_CHARACTER = "illegal-character"
    CODE_MALFORMED = "code-malformed"
    CODE_CHECKSUM = "code-checksum"
    GENERATION_ELEMENT_MISSING = "generation-element-missing"
    AI_ELEMENT_MISSING = "ai-element-missing"
    LOOKALIKE_CHARACTERS = "lookalike-characters"
    HIDDEN_CHARACTERS = "hidden-characters"
    REORDERED = "reordered"
    LETTER_CASE = "letter-case"
    NOT_AT_EDGE = "not-at-edge"
    TOO_SMALL = "too-small"
    SIZE_UNDECIDED = "size-undecided"
    LOW_CONTRAST = "low-contrast"
    NOT_IN_START_FRAME = "not-in-start-frame"
    VIDEO_TOO_SMALL = "video-too-small"
    VIDEO_SIZE_UNDECIDED = "video-size-undecided"
    TOO_SHORT = "too-short"
    CONTIGUOUS = "contiguous"
    WRONG_RHYTHM = "wrong-rhythm"
    TOO_QUIET = "too-quiet"
    OVER_THE_CONTENT = "over-the-content"
    UNTRUSTED_SIGNER = "untrusted-signer"
    EXPIRED_SIGNER = "expired-signer"
    TAMPERED = "tampered"
    REVOKED_SIGNER = "revoked-signer"
    INVALID_CREDENTIAL = "invalid-credential"
    INGREDIENT_CHANGED = "ingredient-changed"

    @property
    def weight(self) -> Weight:
        return _facts()[self].weight

    @property
    def rule(self) -> str:
        """The tail of the rule's id in ``cn-labeling-2025``, such as ``gb-e.b``; empty where no rule is concerned."""
        return _facts()[self].rule

    @property
    def sentence(self) -> str:
        return _facts()[self].sentence


class _Facts(NamedTuple):
    weight: Weight
    rule: str
    sentence: str


@cache
def _facts() -> dict[Deviation, _Facts]:
    """``deviations.yaml``; raises ValueError if it and the names above differ."""
    raw: dict[str, dict[str, str]] = load_data("deviations.yaml")
    if set(raw) != set(Deviation):
        raise ValueError(f"deviations.yaml and Deviation differ in {', '.join(sorted(set(raw) ^ set(Deviation)))}")
    return {Deviation(name): _Facts(Weight(row["weight"]), row["rule"], row["sentence"]) for name, row in raw.items()}


#: Deviations by name.
DEVIATIONS: dict[str, Deviation] = {str(deviation): deviation for deviation in Deviation}

#: The command that installs the optional libraries.
INSTALL = install_command("media")


@dataclass(frozen=True, slots=True)
class Label:
    """One label found in a file.

    ``scheme`` is ``gb45438`` (the AIGC field), ``c2pa``, ``iptc``, ``text``, ``visible``, ``rhythm`` or
    ``spoken``; ``carrier`` says where in the file it is (``png:iTXt/xmp``); ``span`` is the half-open
    byte range ``[start, end)`` of that carrier, ``None`` where there is none (text given as text, pixels).
    ``fields`` holds what was read: for ``gb45438`` the keys of Annex E as strings, for measured labels text
    and ratios. ``raw`` is the value as found, cut to 4,096 characters. ``undecided`` means a measurement
    lies in the band where it cannot decide; ``evidence`` is a PNG of what was seen.
    """

    scheme: str
    kind: Kind
    carrier: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()
    span: tuple[int, int] | None = None
    raw: str = ""
    detail: str = ""
    undecided: bool = False
    evidence: bytes | None = field(default=None, repr=False)

    @property
    def conformant(self) -> bool:
        """No deviation from a binding clause, and nothing left undecided."""
        return not self.undecided and all(d.weight is not Weight.MUST for d in self.deviations)

    @property
    def strict(self) -> bool:
        """Conformant, and no deviation from a recommended clause."""
        return not self.undecided and all(d.weight is Weight.NOTE for d in self.deviations)

    def breaks(self, rule: str) -> tuple[Deviation, ...]:
        """The deviations of this label that concern one rule, given by the tail of its id (``gb-e.c``)."""
        return tuple(d for d in self.deviations if d.rule == rule)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not read, and why: a limit reached, a broken structure, a missing extra."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Labels:
    """Everything one reading found. Truth value: whether any label was found.

    ``statements`` are near misses that people still understand: they say that the content was made by AI,
    but not in the words of GB 45438-2025 ("本文由AI编写", "Made with AI" in a picture). Other rules may accept them.

    ``contradictions`` are pairs of statements in the file that cannot both be true, one sentence each.

    ``cut_short`` is true where the file ends too early: that no label was found then says nothing.

    ``glimpse`` shows content without a perceptible label: a small JPEG of the picture or the film's first frame, or
    a PNG spectrogram of a sound's ends.
    """

    media_type: str
    labels: tuple[Label, ...] = ()
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    glimpse: bytes | None = field(default=None, repr=False)
    statements: tuple[Label, ...] = ()
    contradictions: tuple[str, ...] = ()
    cut_short: bool = False

    @property
    def implicit(self) -> tuple[Label, ...]:
        return tuple(label for label in self.labels if label.kind == "implicit")

    @property
    def explicit(self) -> tuple[Label, ...]:
        return tuple(label for label in self.labels if label.kind == "explicit")

    @property
    def aigc(self) -> tuple[Label, ...]:
        """The implicit labels of GB 45438: the ``AIGC`` field, not C2PA or IPTC."""
        return tuple(label for label in self.labels if label.scheme == "gb45438")

    @property
    def decided(self) -> bool:
        """Whether everything at the requested depth could be read and measured."""
        return not self.refused and not any(label.undecided for label in self.labels)

    def __bool__(self) -> bool:
        return bool(self.labels)


@dataclass(frozen=True, slots=True)
class ImplicitFields:
    """The seven values of the ``AIGC`` field (GB 45438-2025, Annex E).

    ``label`` is "1" (is AI-generated), "2" (may be) or "3" (suspected). Left out, the propagator's values
    equal the producer's, as note 1 of Annex E has it for the first writing. Raises ValueError for a value
    that the annex excludes.
    """

    content_producer: str
    produce_id: str
    label: str = "1"
    reserved_code1: str = ""
    content_propagator: str = ""
    propagate_id: str = ""
    reserved_code2: str = ""

    def __post_init__(self) -> None:
        if self.label not in ("1", "2", "3"):
            raise ValueError(f"Label is {self.label!r}; it must be the string '1', '2' or '3'.")
        for key, value in self.as_dict().items():
            wrong = [c for c in value if not is_permitted_character(c)]
            if wrong:
                raise ValueError(
                    f"{key} holds {wrong[0]!r}; permitted are the characters 0x21, 0x23-0x5B and 0x5D-0x7E"
                    " (no spaces, no quotation marks, no Chinese: use the provider's code)."
                )
        if not self.content_producer or not self.produce_id:
            raise ValueError("ContentProducer and ProduceID must not be empty.")

    @classmethod
    def from_mapping(cls, values: Mapping[str, str]) -> ImplicitFields:
        """From the keys of Annex E (``ContentProducer``); raises ValueError for an unknown key or a missing
        required one.
        """
        unknown = sorted(set(values) - set(FIELD_KEYS))
        if unknown:
            raise ValueError(f"unknown key {unknown[0]!r}; the keys are {', '.join(FIELD_KEYS)}.")
        not_text = [key for key, value in values.items() if not isinstance(value, str)]
        if not_text:
            raise ValueError(f"{not_text[0]} must be a string.")
        return cls(
            label=values.get("Label", "1"),
            content_producer=values.get("ContentProducer", ""),
            produce_id=values.get("ProduceID", ""),
            reserved_code1=values.get("ReservedCode1", ""),
            content_propagator=values.get("ContentPropagator", ""),
            propagate_id=values.get("PropagateID", ""),
            reserved_code2=values.get("ReservedCode2", ""),
        )

    def as_dict(self) -> dict[str, str]:
        """The values by the keys of Annex E, in their order."""
        return dict(
            zip(
                FIELD_KEYS,
                (
                    self.label,
                    self.content_producer,
                    self.produce_id,
                    self.reserved_code1,
                    self.content_propagator or self.content_producer,
                    self.propagate_id or self.produce_id,
                    self.reserved_code2,
                ),
                strict=True,
            )
        )

    def json(self, *, wrapped: bool = False) -> str:
        """The value as one JSON string, for a carrier that has a name, or ``wrapped`` for one
        without.
        """
        values = self.as_dict()
        return json.dumps({"AIGC": values} if wrapped else values, separators=(",", ":"), ensure_ascii=True)


def is_permitted_character(character: str) -> bool:
    """Annex E j): 0x21, 0x23-0x5B, 0x5D-0x7E of GB 18030, the same code points as in ASCII."""
    code = ord(character)
    return code == 0x21 or 0x23 <= code <= 0x5B or 0x5D <= code <= 0x7E


MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one reading. A file beyond a limit is refused with a reason, never silently read in part."""

    file_bytes: int = 200 * MEBIBYTE
    value_bytes: int = MEBIBYTE
    parts: int = 20_000
    depth: int = 8
    inflated_bytes: int = 8 * MEBIBYTE
    labels: int = 64
    pixels: int = 50_000_000
    video_width: int = 3840
    video_height: int = 2160
    video_seconds: float = 3.0
    video_frames: int = 400
    video_samples: int = 48
    video_pixels: int = 3_000_000_000
    audio_seconds: float = 120.0
    worker_memory_bytes: int = 1536 * MEBIBYTE
    worker_cpu_seconds: int = 20
    #: Only for a worker that hangs without computing: a busy machine never reaches it before the processor time.
    worker_wall_seconds: float = 120.0

    def __post_init__(self) -> None:
        for each in fields(self):
            if getattr(self, each.name) <= 0:
                raise ValueError(f"the limit {each.name} must be greater than 0.")
