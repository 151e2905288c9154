"""What a person looks at to see for themselves why a label was judged as it was: the part of a picture, the
strip of a spectrogram, the metadata as they stand in the file."""

from __future__ import annotations

import base64

from shenhe.labels import Label, Labels

from ..entities import Media
from ..report import Evidence


def seen(label: Label) -> list[Evidence]:
    """The crop or spectrogram strip that the reader kept of a label that people perceive, with its measures."""
    if label.evidence is None:
        return []
    what = "Spectrogram around the label" if label.scheme == "rhythm" else "The label as read"
    return [_picture(f"{what}: {label.detail}", label.evidence)]


def unlabelled(labels: Labels) -> list[Evidence]:
    """What was looked at or listened to without a label: the picture, the film's start frame, a sound's ends."""
    if labels.glimpse is None:
        return []
    kind = labels.media_type.partition("/")[0]
    title = {"audio": "Spectrogram of the sound, its first and last seconds", "video": "The film's start frame"}.get(
        kind, "The picture"
    )
    return [_picture(f"{title}: no label was found", labels.glimpse)]


def field(label: Label) -> Evidence:
    """An implicit label as it is in the file, with its place and every departure from the standard."""
    place = f", bytes {label.span[0]:,} to {label.span[1]:,} of the file" if label.span is not None else ""
    departures = "".join(
        f"\n- {deviation.value} ({deviation.weight.value}): {deviation.sentence}" for deviation in label.deviations
    )
    return Evidence(title=f"The field as found ({label.carrier}{place})", data=f"{label.raw}{departures}")


def carriers(labels: Labels, made: Media) -> list[Evidence]:
    """Where no field was found: the other marks and near misses, and the head of the file, where most formats keep
    metadata.
    """
    others = [f"{label.scheme} at {label.carrier}: {label.raw}" for label in labels.implicit]
    found = (
        [Evidence(title="What else the file holds", data="\n".join([*others, *labels.notes]))]
        if others or labels.notes
        else []
    )
    return [
        *found,
        Evidence(title=f"The first bytes of the file ({len(made.data):,} in all)", data=_printed(made.data)),
    ]


def _printed(data: bytes) -> str:
    """The first bytes with a dot for each that cannot be printed, up to the last such: words stay whole, so that a
    secret among them is still known for one when the finding is redacted.
    """
    head = data[:320]
    if len(head) < len(data):
        head = head[: max((at + 1 for at, byte in enumerate(head) if not 0x20 <= byte < 0x7F), default=0)]
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in head)


def _picture(title: str, data: bytes) -> Evidence:
    media_type = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    return Evidence(title=title, media_type=media_type, data=base64.b64encode(data).decode("ascii"))
