"""What a reading is made of: labels, how each departs from the standard, and what was refused.

Rule names such as ``gb-e.c`` are the tails of the ids of ``cn-labeling-2025`` in the rulebook: ``gb-`` and
the clause of GB 45438-2025. Nothing here imports more than the standard library, so that a reading costs no
start-up time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal

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
    """One way in which a label departs from the standard; its value is its stable name in `--json`."""

    weight: Weight
    rule: str
    sentence: str

    def __new__(cls, name: str, weight: Weight, rule: str, sentence: str) -> Deviation:
        member = str.__new__(cls, name)
        member._value_ = name
        member.weight = weight
        member.rule = rule
        member.sentence = sentence
        return member

    # How the field is named and where it stands.
    FIELD_NAME_CASE = (
        "field-name-case",
        Weight.SHOULD,
        "gb-e.a",
        "The field's name is written in another case than `AIGC`.",
    )
    FIELD_NAME_LONGER = (
        "field-name-longer",
        Weight.NOTE,
        "gb-e.a",
        "The field's name contains `AIGC` among other characters.",
    )
    NAMESPACE = (
        "namespace",
        Weight.SHOULD,
        "gb-e.a",
        "The XMP property stands in another namespace than http://www.tc260.org.cn/ns/AIGC/1.0/.",
    )
    ATTRIBUTE_FORM = (
        "attribute-form",
        Weight.NOTE,
        "gb-e.b",
        "The XMP property is written as an attribute, not as an element.",
    )
    STRUCTURED_FORM = (
        "structured-form",
        Weight.MUST,
        "gb-e.b",
        "The field is a structure of separate values instead of one JSON string.",
    )
    UNUSUAL_PLACE = (
        "unusual-place",
        Weight.SHOULD,
        "5.1",
        "The field stands where the practice guide for this format does not put it.",
    )
    IN_BODY = (
        "in-body",
        Weight.NOTE,
        "5.1",
        "The format has no metadata, so the field stands in the body of the text.",
    )
    TWO_LABELS = (
        "two-labels",
        Weight.MUST,
        "gb-6.1.c",
        "The file holds more than one implicit label; there may be only one.",
    )
    # How the value is written.
    WRAPPED = (
        "wrapped",
        Weight.NOTE,
        "gb-e.b",
        'The value repeats the field\'s name: {"AIGC": {...}} inside a field that already has this name.',
    )
    NOT_WRAPPED = (
        "not-wrapped",
        Weight.SHOULD,
        "gb-e.a",
        'The value stands in a carrier without a name of its own and is not wrapped in {"AIGC": {...}}.',
    )
    BASE64 = (
        "base64",
        Weight.MUST,
        "gb-e.b",
        "The value is Base64; that belongs to the transport of some interfaces, not into the file.",
    )
    PREFIXED = ("prefixed", Weight.MUST, "gb-e.b", "Text such as `AIGC=` stands before the JSON string.")
    JSON_IN_STRING = ("json-in-string", Weight.MUST, "gb-e.b", "The JSON is itself a string inside JSON.")
    DOUBLE_ESCAPED = (
        "double-escaped",
        Weight.MUST,
        "gb-e.b",
        "Characters of the JSON are escaped once more than the container asks for.",
    )
    MALFORMED_JSON = (
        "malformed-json",
        Weight.MUST,
        "gb-e.b",
        "The value is not well-formed JSON; what could be told apart was read.",
    )
    MALFORMED_XML = (
        "malformed-xml",
        Weight.MUST,
        "gb-e.b",
        "The XMP packet around the value is not well-formed XML.",
    )
    TEXT_ENCODING = (
        "text-encoding",
        Weight.NOTE,
        "gb-e.b",
        "The value is in another text encoding than the container names.",
    )
    PADDED = (
        "padded",
        Weight.NOTE,
        "gb-e.b",
        "NUL bytes, a byte-order mark or white space stand around the value.",
    )
    OTHER_VOCABULARY = (
        "other-vocabulary",
        Weight.MUST,
        "gb-e.b",
        "The keys are another vendor's (ServiceProvider, ServiceUser, Time, ContentId).",
    )
    # Its keys.
    KEY_CASE = ("key-case", Weight.MUST, "gb-e.b", "A key is written in another case than Annex E gives.")
    MISSPELT_KEY = ("misspelt-key", Weight.MUST, "gb-e.b", "A key is misspelt, such as `ReserveCode1`.")
    MISSING_KEY = (
        "missing-key",
        Weight.NOTE,
        "gb-e.b",
        "A key of the form in Annex E that needs no value is absent.",
    )
    UNKNOWN_KEY = ("unknown-key", Weight.SHOULD, "gb-e.b", "A key is not among those of Annex E.")
    DUPLICATE_KEY = (
        "duplicate-key",
        Weight.MUST,
        "gb-e.b",
        "A key occurs more than once, so that two readers may see two values.",
    )
    # Its values.
    NUMBER_FOR_STRING = (
        "number-for-string",
        Weight.MUST,
        "gb-e.b",
        "A value is a JSON number where a string is prescribed.",
    )
    WRONG_TYPE = ("wrong-type", Weight.MUST, "gb-e.b", "A value is neither a string nor a number.")
    LABEL_MISSING = ("label-missing", Weight.MUST, "gb-e.c", "`Label` is absent or empty.")
    LABEL_VALUE = (
        "label-value",
        Weight.MUST,
        "gb-e.c",
        '`Label` is none of "1" (is), "2" (may be), "3" (suspected).',
    )
    PRODUCER_MISSING = (
        "producer-missing",
        Weight.MUST,
        "gb-e.content-producer",
        "`ContentProducer` is absent or empty.",
    )
    PRODUCE_ID_MISSING = (
        "produce-id-missing",
        Weight.MUST,
        "gb-e.produce-id",
        "`ProduceID` is absent or empty.",
    )
    PROPAGATOR_MISSING = (
        "propagator-missing",
        Weight.SHOULD,
        "gb-e.propagator",
        "`ContentPropagator` or `PropagateID` is absent.",
    )
    PROPAGATOR_EMPTY = (
        "propagator-empty",
        Weight.SHOULD,
        "gb-e.propagator",
        "`ContentPropagator` or `PropagateID` is empty; on first writing they equal the producer's.",
    )
    ILLEGAL_CHARACTER = (
        "illegal-character",
        Weight.SHOULD,
        "gb-e.j",
        "A value holds characters outside 0x21, 0x23-0x5B, 0x5D-0x7E, such as a space or Chinese.",
    )
    CODE_MALFORMED = (
        "code-malformed",
        Weight.SHOULD,
        "provider-code",
        "A provider code is not 27 characters 0-9 A-Z in the prescribed order.",
    )
    CODE_CHECKSUM = (
        "code-checksum",
        Weight.SHOULD,
        "provider-code",
        "The unified social credit code inside a provider code fails its check character.",
    )
    # Explicit labels.
    GENERATION_ELEMENT_MISSING = (
        "generation-element-missing",
        Weight.MUST,
        "gb-5.1.a",
        "The label says AI but neither 生成 nor 合成.",
    )
    AI_ELEMENT_MISSING = (
        "ai-element-missing",
        Weight.MUST,
        "gb-5.1.a",
        "The label says neither AI nor 人工智能.",
    )
    LOOKALIKE_CHARACTERS = (
        "lookalike-characters",
        Weight.SHOULD,
        "gb-5.1.a",
        "The label uses full-width or lookalike letters, so that software does not find it as written.",
    )
    HIDDEN_CHARACTERS = (
        "hidden-characters",
        Weight.SHOULD,
        "gb-5.1.a",
        "Invisible characters stand inside the label, so that software does not find it.",
    )
    REORDERED = (
        "reordered",
        Weight.MUST,
        "gb-5.1.a",
        "The label is stored backwards and turned round by direction marks.",
    )
    LETTER_CASE = ("letter-case", Weight.NOTE, "gb-5.1.a", "`AI` is written in small letters.")
    NOT_AT_EDGE = (
        "not-at-edge",
        Weight.MUST,
        "gb-5.2.d",
        "The label stands neither at an edge nor in a corner of the picture.",
    )
    TOO_SMALL = (
        "too-small",
        Weight.MUST,
        "gb-5.2.e",
        "The characters are lower than 5 % of the shortest side.",
    )
    SIZE_UNDECIDED = (
        "size-undecided",
        Weight.NOTE,
        "gb-5.2.e",
        "The characters measure so near 5 % of the shortest side that the measurement cannot decide.",
    )
    LOW_CONTRAST = (
        "low-contrast",
        Weight.SHOULD,
        "gb-5.2.a",
        "The characters hardly differ from the ground they stand on.",
    )
    NOT_IN_START_FRAME = (
        "not-in-start-frame",
        Weight.MUST,
        "gb-5.4.b",
        "The label is not in the first frame of the video.",
    )
    VIDEO_TOO_SMALL = (
        "video-too-small",
        Weight.MUST,
        "gb-5.4.e",
        "The characters are lower than 5 % of the frame's shortest side.",
    )
    VIDEO_SIZE_UNDECIDED = (
        "video-size-undecided",
        Weight.NOTE,
        "gb-5.4.e",
        "The characters measure so near 5 % of the frame's shortest side that the measurement cannot decide.",
    )
    TOO_SHORT = ("too-short", Weight.MUST, "gb-5.4.f", "The label is shown for less than 2 seconds.")
    CONTIGUOUS = (
        "contiguous",
        Weight.NOTE,
        "gb-5.3.c",
        "The four sounds follow without a longer gap after the second, which Morse reads as L, not A I.",
    )
    # Other schemes.
    UNTRUSTED_SIGNER = (
        "untrusted-signer",
        Weight.NOTE,
        "",
        "The content credential's signer is not on a trust list known here; this says nothing of tampering.",
    )
    EXPIRED_SIGNER = (
        "expired-signer",
        Weight.NOTE,
        "",
        "The content credential's certificate has expired; this says nothing of tampering.",
    )
    TAMPERED = (
        "tampered",
        Weight.MUST,
        "",
        "The content credential no longer matches the file: something was changed after signing.",
    )
    INGREDIENT_CHANGED = (
        "ingredient-changed",
        Weight.SHOULD,
        "",
        "A file that went into this one no longer matched its own content credential; this file matches its own.",
    )


#: Deviations by name.
DEVIATIONS: dict[str, Deviation] = {str(deviation): deviation for deviation in Deviation}

#: What a reading that needs the optional libraries tells people to run.
INSTALL = "pip install 'shenhe[media]'"


@dataclass(frozen=True, slots=True)
class Label:
    """One label found in a file.

    ``scheme`` is ``gb45438`` (the AIGC field), ``c2pa``, ``iptc``, ``text``, ``visible``, ``rhythm`` or
    ``spoken``; ``carrier`` says where in the file it stands (``png:iTXt/xmp``); ``span`` is the half-open
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
        """Conformant, and nothing that a binding or a recommended clause would have otherwise."""
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

    ``glimpse`` is what was looked at or listened to without finding a label that people perceive: a small JPEG of
    the picture or the film's first frame, or a PNG spectrogram of a sound's ends.
    """

    media_type: str
    labels: tuple[Label, ...] = ()
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    glimpse: bytes | None = field(default=None, repr=False)

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
        """Whether everything that was asked for could be read and measured."""
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
        """Keys of Annex E in their order."""
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
        """The value as one JSON string, for a carrier with a name of its own, or ``wrapped`` for one
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
    """What a reading may cost; a file beyond a limit is refused in words, never read in part without saying
    so.
    """

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
    audio_seconds: float = 120.0
    worker_memory_bytes: int = 1536 * MEBIBYTE
    worker_cpu_seconds: int = 10
    worker_wall_seconds: float = 30.0

    def __post_init__(self) -> None:
        for each in fields(self):
            if getattr(self, each.name) <= 0:
                raise ValueError(f"the limit {each.name} must be greater than 0.")
