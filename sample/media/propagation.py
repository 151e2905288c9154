"""What a platform does to the label of a file that users bring: it reads it, adds itself, and informs the public.

The three cases of Art. 6 of the Labeling Measures: the metadata say that content is generated, the user declares it,
or other traces are found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Set
from contextlib import suppress

from shenhe.labels import LabelWriteError, read_labels, write_label
from shenhe.labels.containers.media import riff
from shenhe.labels.model import Label, Labels

from ..faults.fault import FaultName
from ..variants import VariantName
from . import pictures
from .marking import CREDIT_CODE, MARKED_TYPES, PROPAGATOR_CODE, amended, appended, provenance, put_again

PNG, JPEG, WAV = "image/png", "image/jpeg", "audio/wav"
#: The name of this platform, which may stand where its code may.
NAME = "Sample-Platform"
#: A code whose credit code has a wrong check character.
_MALFORMED_CODE = PROPAGATOR_CODE.replace(CREDIT_CODE, CREDIT_CODE[:-1] + "0")

#: The notice of a platform to the public about an upload, by the Label value that it found or wrote.
NOTICES = {
    "1": "本内容属于人工智能生成合成内容（AI生成）。 This content is AI-generated.",
    "2": "本内容可能为人工智能生成合成内容（AI生成）。 This content may be AI-generated.",
    "3": "本内容疑似人工智能生成合成内容（AI生成）。 This content is suspected to be AI-generated.",
}
#: The same in other words.
_OTHER_NOTICES = {
    "1": "AI合成内容",
    "2": "作者声明：可能含有AI合成内容",
    "3": "疑似含有AI合成内容，请注意甄别",
}
_PRESCRIBED_PLACES = ("png:iTXt/xmp", "jpeg:APP1/xmp", "wav:AIGC", "avi:INFO/AIGC")
_LARGE = 1_000_000
#: Characters in the content numbers that this platform gives.
_OWN_NUMBER = 12


def labels_of(data: bytes, media_type: str) -> Labels:
    """What an upload says of itself, to machines and (text and sound) to people."""
    return read_labels(data, media_type=media_type, depth="sound" if media_type == WAV else "metadata")


def passed_on(
    data: bytes,
    media_type: str,
    number: str,
    declared: bool,
    faults: Set[FaultName],
    variants: Collection[VariantName],
    *,
    recognised: Callable[[], bool] = lambda: False,
) -> tuple[bytes, str | None, str]:
    """An upload as the platform passes it on, the value of Label that it found or gave, and the notice to the public.

    What a file says of itself stays, and the platform adds itself as the propagator. A declared or detected file
    without the field gets one. Nothing is added where nothing suggests AI. ``recognised`` asks the services that may
    have made a file, where the file itself says nothing.
    """
    found = labels_of(data, media_type)
    read = _read(found, faults)
    if read is not None:
        value = str(read.fields.get("Label", ""))
        value = value if value in NOTICES else "1"
        if FaultName.PROPAGATOR_NOT_ADDED not in faults:
            data = _with_propagator(data, media_type, read, number, faults, variants)
        return data, value, _notice(value, media_type, declared, faults, variants, in_metadata=True)
    traces = bool(found.explicit or found.implicit) and not found.aigc and FaultName.UPLOAD_TRACES_UNSEEN not in faults
    given = "2" if declared else "3" if traces or recognised() else None
    if given is None:
        return data, None, ""
    if media_type in MARKED_TYPES and not _leaves_unmarked(given, media_type, faults):
        data = _labelled(data, media_type, given, number, faults, variants)
    return data, given, _notice(given, media_type, declared, faults, variants, in_metadata=False)


def _read(found: Labels, faults: Set[FaultName]) -> Label | None:
    """The field of a file, if this platform finds it."""
    if not found.aigc:
        return None
    label = found.aigc[0]
    if FaultName.EXIF_LABELS_UNREAD in faults and "exif" in label.carrier:
        return None
    if FaultName.TEXT_CHUNK_LABELS_UNREAD in faults and label.carrier.startswith("png:tEXt"):
        return None
    return label


def _notice(
    value: str,
    media_type: str,
    declared: bool,
    faults: Set[FaultName],
    variants: Collection[VariantName],
    *,
    in_metadata: bool,
) -> str:
    """What the public reads beside the file; empty where a fault keeps it from them."""
    silent = (
        (value == "1" and FaultName.UPLOAD_NOTICE_MISSING in faults)
        or (value == "1" and declared and FaultName.DECLARED_LABELS_UNTOLD in faults)
        or (not in_metadata and value == "2" and FaultName.UPLOAD_DECLARATION_UNTOLD in faults)
        or (not in_metadata and value == "2" and media_type == WAV and FaultName.DECLARED_SOUNDS_UNTOLD in faults)
        or (in_metadata and value != "1" and FaultName.WEAKER_LABELS_UNTOLD in faults)
    )
    if silent:
        return ""
    if not in_metadata and value == "2" and FaultName.UPLOAD_CERTAIN_BY_DECLARATION in faults:
        value = "1"
    if value == "1" and FaultName.LABELS_CALLED_POSSIBLE in faults:
        value = "2"
    return (_OTHER_NOTICES if VariantName.OTHER_NOTICES in variants else NOTICES)[value]


def _leaves_unmarked(value: str, media_type: str, faults: Set[FaultName]) -> bool:
    """Whether a fault keeps the platform from giving a file a field."""
    return (
        FaultName.PROPAGATOR_NOT_ADDED in faults
        or (value == "3" and FaultName.SUSPECTED_FILES_UNMARKED in faults)
        or (value == "2" and media_type == JPEG and FaultName.DECLARED_JPEGS_UNMARKED in faults)
    )


def _propagator(number: str, faults: Set[FaultName], variants: Collection[VariantName]) -> dict[str, str]:
    """The two fields in which the platform names itself and the content."""
    code = NAME if VariantName.PROPAGATOR_BY_NAME in variants else PROPAGATOR_CODE
    return {
        "ContentPropagator": code,
        "PropagateID": "P1" if FaultName.PROPAGATE_ID_CONSTANT in faults else number,
    }


def _with_propagator(
    data: bytes,
    media_type: str,
    label: Label,
    number: str,
    faults: Set[FaultName],
    variants: Collection[VariantName],
) -> bytes:
    """A file whose field names the platform too; one too odd for that stays as it came."""
    if not (label.strict and label.span):
        return data
    values = {key: str(value) for key, value in label.fields.items()} | _propagator(number, faults, variants)
    if FaultName.RESERVED_CODE_EMPTIED in faults:
        values["ReservedCode1"] = ""
    written = json.dumps(values, separators=(",", ":"))
    if FaultName.PROPAGATOR_APPENDED in faults and label.carrier in _PRESCRIBED_PLACES and media_type in MARKED_TYPES:
        return put_again(data, media_type, written)
    if label.carrier in _PRESCRIBED_PLACES:
        return amended(data, media_type, label.span, written)
    if media_type in (PNG, JPEG):
        with suppress(LabelWriteError, ValueError):
            return write_label(pictures.reencoded(data), values, media_type=media_type)
    return data


def _labelled(
    data: bytes,
    media_type: str,
    value: str,
    number: str,
    faults: Set[FaultName],
    variants: Collection[VariantName],
) -> bytes:
    """A file without a field with one of the platform's own."""
    code = _MALFORMED_CODE if FaultName.PLATFORM_CODE_MALFORMED in faults else PROPAGATOR_CODE
    values = provenance(number) | {"Label": value, "ContentProducer": code}
    if FaultName.OWN_FIELDS_NAME_ANOTHER_PLATFORM not in faults:
        values |= _propagator(number, faults, variants)
    if media_type == WAV and FaultName.PLATFORM_FIELD_IN_SMALL_LETTERS in faults:
        return appended(data, riff.riff_chunk(b"aigc", json.dumps(values, separators=(",", ":")).encode()))
    # A file too odd to take a label is passed on as it came; the notice is shown next to it.
    with suppress(LabelWriteError):
        data = write_label(data, values, media_type=media_type)
        if FaultName.PLATFORM_FIELD_MISSPELT in faults:
            return _replaced(
                data, media_type, {key.replace("ReservedCode1", "ReserveCode1"): values[key] for key in values}
            )
        if FaultName.PLATFORM_VALUE_A_NUMBER in faults:
            return _replaced(data, media_type, {**values, "Label": int(value)})
    return data


def _replaced(data: bytes, media_type: str, values: Mapping[str, str | int]) -> bytes:
    """A file with other values in the field that was just written."""
    (label,) = read_labels(data, media_type=media_type).aigc
    assert label.span is not None  # noqa: S101 - it was written a moment ago
    return amended(data, media_type, label.span, json.dumps(values, separators=(",", ":")))


def strips(data: bytes, media_type: str, found: Labels, declared: bool, faults: Set[FaultName]) -> bool:
    """Whether a fault re-encodes an upload and loses its label."""
    if not found.aigc:
        return False
    if FaultName.UPLOAD_STRIPS_UNDECLARED in faults and not declared:
        return True
    if FaultName.UPLOAD_STRIPS_SHORT_NUMBERS in faults:
        return any(len(label.fields.get("ProduceID", "")) < _OWN_NUMBER for label in found.aigc)
    if FaultName.JPEG_UPLOADS_STRIPPED in faults and media_type == JPEG:
        return True
    if FaultName.SOUND_UPLOADS_STRIPPED in faults and media_type == WAV:
        return True
    if FaultName.LARGE_UPLOADS_STRIPPED in faults and media_type in (PNG, JPEG):
        picture, _ = pictures.opened(data)
        return picture.width * picture.height > _LARGE
    if FaultName.WEAKER_LABELS_STRIPPED in faults:
        return any(label.fields.get("Label") in ("2", "3") for label in found.aigc)
    return FaultName.UPLOAD_STRIPS_LABELS in faults


def without_labels(data: bytes, media_type: str, number: str) -> bytes:
    """A file that was re-encoded as one that the platform itself says it made."""
    if media_type not in MARKED_TYPES:
        return data
    values = provenance(number) | {"ContentProducer": PROPAGATOR_CODE, "ContentPropagator": PROPAGATOR_CODE}
    return write_label(data, values, media_type=media_type)


def as_jpeg(data: bytes) -> bytes:
    """A PNG in JPEG, with the field that it carries."""
    found = read_labels(data, media_type=PNG).aigc
    picture, _ = pictures.opened(data)
    converted = pictures.encoded(picture, JPEG)
    if not found or not found[0].fields:
        return converted
    with suppress(LabelWriteError, ValueError):
        return write_label(converted, dict(found[0].fields), media_type=JPEG)
    return converted
