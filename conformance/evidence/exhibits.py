"""What a person looks at to see for themselves why a label was judged as it was: the part of a picture, the
strip of a spectrogram, the metadata as they stand in the file."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from shenhe.labels import Label, Labels

from ..entities import Media
from ..report import Evidence
from .outline import parts_of


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


def changed(sent: Label, returned: Label, keys: Iterable[str]) -> str:
    """Which values of a field differ from the ones that it was sent with.

    >>> from shenhe.labels import read_labels
    >>> sent, returned = (read_labels(b'{"AIGC":{"Label":"1","ProduceID":"%s"}}' % i).aigc[0] for i in (b"a", b"b"))
    >>> changed(sent, returned, ["Label", "ProduceID"])
    "ProduceID was 'a' and is 'b'"
    """
    pairs = [(key, sent.fields.get(key, ""), returned.fields.get(key)) for key in keys]
    return "; ".join(
        f"{key} was {before[:120]!r} and is {'missing' if after is None else repr(after[:120])}"
        for key, before, after in pairs
        if before != after
    )


def carriers(labels: Labels, made: Media) -> list[Evidence]:
    """Where no field was found: the other marks and near misses, and the parts of the file that were searched."""
    others = [f"{label.scheme} at {label.carrier}: {label.raw}" for label in labels.implicit]
    found = (
        [Evidence(title="What else the file holds", data="\n".join([*others, *labels.notes]))]
        if others or labels.notes
        else []
    )
    parts = parts_of(made.data)
    listed = f"Its parts: {', '.join(parts)}." if parts else "Its parts have no names that could be listed."
    what = f"a file of type {labels.media_type or made.media_type} and {len(made.data):,} bytes"
    return [*found, Evidence(title=f"What was searched for an AIGC field: {what}", data=listed)]


def _picture(title: str, data: bytes) -> Evidence:
    media_type = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    return Evidence(title=title, media_type=media_type, data=base64.b64encode(data).decode("ascii"))
