"""Append sound to an M4A file without encoding the existing sound again: frames go into a separate box at the end,
and the tables of the track are updated (ISO/IEC 14496-12).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..containers.media.bmff import Box, box, boxes
from ..containers.media.bmff_write import replaced
from ..findings import Findings, UnsuitableFileError

#: Samples in a frame of AAC-LC.
FRAME = 1024
_LC = 2


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """The one sound track of a file: its boxes by name, those around them from ``moov`` inwards, its ticks a second and
    the film's, and the first two bytes of its decoder configuration (ISO/IEC 14496-3: kind, rate, channels).
    """

    parts: dict[bytes, Box]
    parents: tuple[Box, ...]
    ticks: int
    film_ticks: int
    decoder: bytes


def sound_track(data: bytes, found: Findings) -> SoundTrack:
    """Raises ValueError where the file has no one track of AAC-LC with plain tables."""
    top = {each.kind: each for each in boxes(data, 0, len(data), found)}
    if b"moov" not in top or b"moof" in top:
        raise UnsuitableFileError("the file is fragmented or has no index, and its sound cannot be lengthened")
    moov = top[b"moov"]
    if b"iTunSMPB" in data[moov.body : moov.end]:
        raise UnsuitableFileError(
            "the file states where its sound ends (iTunSMPB), so players would stop before the rhythm"
        )
    tracks = [_parts(data, each, found) for each in boxes(data, moov.body, moov.end, found) if each.kind == b"trak"]
    sounds = [
        parts
        for parts in tracks
        if b"hdlr" in parts and data[parts[b"hdlr"].body + 8 : parts[b"hdlr"].body + 12] == b"soun"
    ]
    if len(sounds) != 1:
        raise UnsuitableFileError(f"the file has {len(sounds)} sound tracks; only a single one is lengthened")
    # Of the film's own boxes, ``trak`` would be another track.
    parts = _named(data, moov, found) | sounds[0]
    missing = [name for name in (b"mvhd", b"tkhd", b"mdhd", b"stsd", b"stts", b"stsc", b"stsz") if name not in parts]
    if missing or not {b"stco", b"co64"} & parts.keys():
        raise UnsuitableFileError(f"the sound track has no table {(missing or [b'stco'])[0].decode()}")
    if _number(data, parts[b"stsz"].body + 4, 4):
        raise UnsuitableFileError("the frames of the sound are all of one size, which those of AAC are not")
    parents = (moov, *(parts[name] for name in (b"trak", b"mdia", b"minf", b"stbl")))
    return SoundTrack(
        parts, parents, _ticks(data, parts[b"mdhd"]), _ticks(data, parts[b"mvhd"]), _decoder(data, parts[b"stsd"])
    )


def _named(data: bytes, parent: Box, found: Findings) -> dict[bytes, Box]:
    return {each.kind: each for each in boxes(data, parent.body, parent.end, found)}


def _parts(data: bytes, trak: Box, found: Findings) -> dict[bytes, Box]:
    """The boxes of one track that say something, by name."""
    parts = {b"trak": trak} | _named(data, trak, found)
    for name in (b"edts", b"mdia", b"minf", b"stbl"):
        if name in parts:
            parts |= _named(data, parts[name], found)
    return parts


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _ticks(data: bytes, header: Box) -> int:
    """Ticks a second of ``mdhd`` or ``mvhd``."""
    return _number(data, header.body + (20 if data[header.body] else 12), 4)


def _decoder(data: bytes, stsd: Box) -> bytes:
    """The content of tag 5, the last of the elementary stream's description."""
    at = data.find(b"esds", stsd.body, stsd.end)
    if data[stsd.body + 12 : stsd.body + 16] != b"mp4a" or at < 0:
        raise UnsuitableFileError("the sound is not AAC")
    at = data.find(b"\x05", data.find(b"\x04", at + 8, stsd.end) + 14, stsd.end) + 1
    while data[at] & 0x80:
        at += 1
    decoder = data[at + 1 : at + 3]
    if len(decoder) < 2 or decoder[0] >> 3 != _LC:
        raise UnsuitableFileError("the sound is another kind of AAC than LC")
    return decoder


def lengthened(data: bytes, frames: list[bytes], found: Findings) -> bytes:
    """``data`` with ``frames`` of AAC-LC, each of 1,024 samples of the track's own rate and channels, behind its sound.
    Raises ValueError as ``sound_track`` does.
    """
    # Each change moves the boxes behind it, so look up every box again.
    for kind in (b"stts", b"stsz", b"stsc"):
        track = sound_track(data, found)
        table = track.parts[kind]
        data = replaced(
            data, table.start, table.end, box(kind, _table(data, kind, track, frames)), list(track.parents), found
        )
    data = _placed(data, found)
    track = sound_track(data, found)
    offsets = track.parts.get(b"co64") or track.parts[b"stco"]
    size = 8 if offsets.kind == b"co64" else 4
    added = box(b"mdat", b"".join(frames))
    if size == 4 and len(data) + len(added) >= 1 << 32:
        raise UnsuitableFileError("the file would grow beyond what its table can address (4 GiB)")
    whole = bytearray(_with_known_end(data, found))
    whole[offsets.end - size : offsets.end] = (len(data) + 8).to_bytes(size, "big")
    for header, wide_at, narrow_at, ticks in _durations(data, track, found):
        more = len(frames) * FRAME * ticks // _rate(data, track)
        wide = bool(data[header.body])
        at, width = (wide_at, 8) if wide else (narrow_at, 4)
        place = header.body + at
        whole[place : place + width] = (_number(data, place, width) + more).to_bytes(width, "big")
    return bytes(whole) + added


def _rate(data: bytes, track: SoundTrack) -> int:
    """Samples a second, of the sample entry."""
    return _number(data, track.parts[b"stsd"].body + 8 + 32, 2)


def _table(data: bytes, kind: bytes, track: SoundTrack, frames: list[bytes]) -> bytes:
    """The content of one table with the entries for ``frames`` as one more chunk."""
    old = track.parts[kind]
    count_at = old.body + (8 if kind == b"stsz" else 4)
    count = _number(data, count_at, 4)
    if kind == b"stsz":
        new, more = b"".join(struct.pack(">I", len(each)) for each in frames), len(frames)
    elif kind == b"stts":
        new, more = struct.pack(">II", len(frames), FRAME * track.ticks // _rate(data, track)), 1
    else:
        chunks = track.parts.get(b"co64") or track.parts[b"stco"]
        new, more = struct.pack(">III", _number(data, chunks.body + 4, 4) + 1, len(frames), 1), 1
    return data[old.body : count_at] + struct.pack(">I", count + more) + data[count_at + 4 : old.end] + new


def _placed(data: bytes, found: Findings) -> bytes:
    """``data`` with room for one more position in the table of chunks; those behind the table are moved on."""
    track = sound_track(data, found)
    old = track.parts.get(b"co64") or track.parts[b"stco"]
    size = 8 if old.kind == b"co64" else 4
    count = _number(data, old.body + 4, 4)
    if old.body + 8 + count * size != old.end:
        raise UnsuitableFileError("the table of chunks does not have the size that it states")
    moved = []
    for place in range(old.body + 8, old.end, size):
        at = _number(data, place, size)
        moved.append(at + size if at >= old.end else at)
    content = data[old.body : old.body + 4] + struct.pack(">I", count + 1)
    content += b"".join(each.to_bytes(size, "big") for each in (*moved, 0))
    return replaced(data, old.start, old.end, box(old.kind, content), list(track.parents), found)


def _durations(data: bytes, track: SoundTrack, found: Findings) -> Iterator[tuple[Box, int, int, int]]:
    """(box, where its 64-bit form has the duration, where its 32-bit form, ticks a second) of all that state one."""
    yield track.parts[b"mdhd"], 24, 16, track.ticks
    yield track.parts[b"mvhd"], 24, 16, track.film_ticks
    yield track.parts[b"tkhd"], 28, 20, track.film_ticks
    edits = track.parts.get(b"elst")
    if edits is not None and (count := _number(data, edits.body + 4, 4)):
        wide, narrow = 8 + (count - 1) * 20, 8 + (count - 1) * 12
        yield edits, wide, narrow, track.film_ticks


def _with_known_end(data: bytes, found: Findings) -> bytes:
    """``data`` with the size of its last box stated, where it said no more than that it is the last."""
    last = list(boxes(data, 0, len(data), found))[-1]
    if last.end > len(data):
        raise UnsuitableFileError("the file is cut short")
    if data[last.start : last.start + 4] != b"\0\0\0\0":
        return data
    return data[: last.start] + struct.pack(">I", last.end - last.start) + data[last.start + 4 :]
