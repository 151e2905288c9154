"""What stays of a film whose frames were encoded again: its other streams, when each frame is shown, and how."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import Any

import av

from ..findings import UnsuitableFileError

#: Containers count time in different units, the coarsest in milliseconds.
_TOLERANCE = 0.0021
_COLOURS = ("color_primaries", "color_trc", "colorspace", "color_range")


@dataclass
class _Stream:
    kind: str
    codec: str
    look: dict[str, object] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    content: Any = field(default_factory=hashlib.blake2b)


def same_film(before: bytes, after: bytes, demuxer: str) -> None:
    """Raises UnsuitableFileError unless both films have the same streams, shown at the same times, and every stream
    but the one with the label holds the same packets.
    """
    try:
        old, new = _streams(before, demuxer), _streams(after, demuxer)
    except (av.error.FFmpegError, MemoryError) as error:
        raise UnsuitableFileError("the film could no longer be read") from error
    # Containers put sound in front of the picture, or behind it.
    old.sort(key=lambda stream: stream.kind)
    new.sort(key=lambda stream: stream.kind)
    if len(old) != len(new):
        left = [stream.kind for stream in new]
        for stream in old:
            if stream.kind not in left:
                raise UnsuitableFileError(f"the {stream.kind} track {stream.codec} would be lost".replace("  ", " "))
            left.remove(stream.kind)
        raise UnsuitableFileError("a track would be added")
    drawn = next((number for number, stream in enumerate(old) if stream.kind == "video"), None)
    shift = _shift(old, new)
    for number, (one, other) in enumerate(zip(old, new, strict=True)):
        what = f"{one.kind} track {number + 1}"
        if one.codec != other.codec:
            raise UnsuitableFileError(f"the {what} would change from {one.codec} to {other.codec}")
        changed = next((key for key in one.look if one.look[key] != other.look[key]), None)
        if changed == "is a cover":
            raise UnsuitableFileError(f"the cover picture of the film ({what}) would no longer be marked as one")
        if changed is not None:
            was, would_be = one.look[changed], other.look[changed]
            raise UnsuitableFileError(f"the {changed} of the {what} would change from {was} to {would_be}")
        if number != drawn and one.content.digest() != other.content.digest():
            raise UnsuitableFileError(f"the {what} would change")
        late = [abs(b - a - shift) for a, b in zip(one.times, other.times, strict=False)]
        if len(one.times) != len(other.times) or max(late, default=0) > _TOLERANCE:
            raise UnsuitableFileError(f"the {what} would not be shown at the same times")


def _shift(old: list[_Stream], new: list[_Stream]) -> float:
    """How much later everything is shown; a film may begin at another time than zero."""
    pairs = [(a.times, b.times) for a, b in zip(old, new, strict=True) if a.times and b.times]
    return pairs[0][1][0] - pairs[0][0][0] if pairs else 0.0


def turn_of(data: bytes, demuxer: str) -> float:
    """By how many degrees the pictures of a film are turned when they are shown."""
    with _opened(data, demuxer) as container:
        if not container.streams.video:
            return 0.0
        return next((float(frame.rotation) for frame in container.decode(video=0)), 0.0)


def _opened(data: bytes, demuxer: str) -> Any:
    return av.open(io.BytesIO(data), format=demuxer)


def _streams(data: bytes, demuxer: str) -> list[_Stream]:
    with _opened(data, demuxer) as container:
        found = [
            _Stream(each.type, each.codec_context.name if each.codec_context else "") for each in container.streams
        ]
        chapters = [(float(each["start"] * each["time_base"]), each["metadata"]) for each in container.chapters()]
        for stream, each in zip(container.streams, found, strict=True):
            if stream.type == "video":
                each.look = _look(stream)
        for packet in container.demux():
            each = found[packet.stream.index]
            if not packet.size:
                continue
            if packet.pts is not None:
                each.times.append(float(packet.pts * packet.time_base))
            if each.kind != "video" or each.look["is a cover"]:
                each.content.update(bytes(packet))
    for each in found:
        each.times.sort()
        if each.kind == "video" and not each.look["is a cover"]:
            each.look["turn"] = turn_of(data, demuxer)
    return [*found, _Stream("chapters", "", {"list": chapters})] if chapters else found


def _look(stream: Any) -> dict[str, object]:
    context = stream.codec_context
    ratio = stream.sample_aspect_ratio
    look: dict[str, object] = {
        "size": (context.width, context.height),
        "depth": context.pix_fmt,
        "shape of pixels": str(ratio) if ratio else "1",
        "is a cover": bool(stream.disposition & av.stream.Disposition.attached_pic),
    }
    return look | {key.replace("_", " "): int(getattr(context, key, 0) or 0) for key in _COLOURS}
