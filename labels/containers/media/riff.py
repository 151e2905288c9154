"""RIFF: WAV (chunk ``AIGC``), AVI (``AIGC`` in LIST INFO), WebP (chunk ``XMP``), with ID3 and EXIF where
they occur.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...bytes.pages import Source
from ...findings import BeyondLimitError, Findings, UnsuitableFileError
from ...meaning.aigc import is_name
from ...model import Deviation
from .. import xmp
from ..pictures import exif

_LARGE = 0xFFFFFFFF
_PIXELS_AND_SAMPLES = (b"data", b"fmt ", b"VP8 ", b"VP8L", b"VP8X", b"idx1", b"JUNK")
_HEADER = struct.Struct("<4sI")


def riff_chunks(
    data: Source, start: int, end: int, found: Findings, depth: int = 0
) -> Iterator[tuple[bytes, int, int, bytes]]:
    """(id, start, end, list type) of each chunk's payload, entering LIST chunks; payloads cut short end
    where the data ends.
    """
    if depth > found.limits.depth:
        raise BeyondLimitError(f"lists nested deeper than {found.limits.depth}")
    position = start
    while position + 8 <= end:
        found.step()
        name, size = _HEADER.unpack(data[position : position + 8])
        body = position + 8
        if size == _LARGE and name == b"data":
            size = _large_data_size(data)
        stop = min(body + size, end)
        if body + size > end and name != b"data":
            found.cut(f"riff: the {name.decode('latin-1')} chunk is cut short")
        if name == b"LIST" and stop - body >= 4:
            kind = bytes(data[body : body + 4])
            if kind != b"movi":
                for inner, inner_start, inner_end, _ in riff_chunks(data, body + 4, stop, found, depth + 1):
                    yield inner, inner_start, inner_end, kind
        else:
            yield name, body, stop, b""
        position = body + size + (size & 1)


def _large_data_size(data: Source) -> int:
    """RF64 keeps the true size of ``data`` in the ds64 chunk, which comes first."""
    return int.from_bytes(data[28:36], "little") if data[12:16] == b"ds64" else 0


def read(data: Source, found: Findings) -> None:
    form = bytes(data[8:12])
    if form == b"AVI ":
        _read_each(data, "avi", found)
    else:
        _read_chunks(data, 12, len(data), "wav" if form == b"WAVE" else "webp", found)


def _read_each(data: Source, prefix: str, found: Findings) -> None:
    """An AVI beyond 1 GiB is a row of RIFF chunks, one behind the other."""
    position = 0
    while position + 12 <= len(data) and data[position : position + 4] == b"RIFF":
        found.step()
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        _read_chunks(data, position + 12, min(len(data), position + 8 + size), prefix, found)
        position += 8 + size + (size & 1)


def _read_chunks(data: Source, start: int, end: int, prefix: str, found: Findings) -> None:
    from . import id3

    for name, body, stop, inside in riff_chunks(data, start, end, found):
        if not inside and name in _PIXELS_AND_SAMPLES:
            continue
        text = name.decode("latin-1")
        carrier = f"{prefix}:{inside.decode('latin-1')}/{text.strip()}" if inside else f"{prefix}:{text.strip()}"
        if is_name(text):
            misplaced = (prefix == "wav" and inside) or (prefix == "avi" and inside != b"INFO") or prefix == "webp"
            standing = [Deviation.UNUSUAL_PLACE] if misplaced else []
            if found.within(stop - body, carrier):
                found.field(bytes(data[body:stop]), carrier, (body, stop), name=text, standing=standing)
        elif name in (b"XMP ", b"XMP\0", b"_PMX"):
            xmp.read_range(data, (body, stop), carrier, found)
        elif name == b"EXIF":
            exif.read(data, body + (6 if data[body : body + 6] == b"Exif\0\0" else 0), stop, f"{prefix}:EXIF", found)
        elif name in (b"id3 ", b"ID3 "):
            id3.read_tag(data, body, stop, f"{prefix}:id3", found)
        elif inside == b"INFO" and stop - body <= found.limits.value_bytes:
            found.remark(bytes(data[body:stop]), carrier, (body, stop))
        elif prefix != "webp":
            found.stray_at(data, (body, stop), carrier)


def riff_chunk(name: bytes, payload: bytes) -> bytes:
    return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) & 1)


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Adds the chunk this kind of RIFF file keeps the label in; sound, frames and pixels stay as they are."""
    form = bytes(data[8:12])
    if form == b"WAVE":
        return _write_wav(data, riff_chunk(b"AIGC", value.encode()))
    if form == b"AVI ":
        return _write_avi(data, value, found)
    return _write_webp(data, value, found)


def _appended(data: bytes, added: bytes) -> bytes:
    """``data`` with one more chunk at the end of its RIFF, and the sizes that name its length put right."""
    size = int.from_bytes(data[4:8], "little")
    end = 8 + size
    if end > len(data):
        raise UnsuitableFileError("the file is cut short")
    whole = data[:end] + b"\0" * (end & 1) + added
    if len(whole) - 8 >= _LARGE:
        raise UnsuitableFileError("the file would grow beyond what RIFF can name (4 GiB)")
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:] + data[end + (end & 1) :]


_UNSTATED = (0, _LARGE)
#: Programs that write to a pipe state a size near the largest that they can.
_TOO_LARGE_TO_BE_MEANT = 0x7F000000


def _write_wav(data: bytes, added: bytes) -> bytes:
    """``data`` with one more chunk behind the last. Sizes that were left open, or that are wrong, are stated.

    A recording that was streamed states no size for its sound, which then goes on to the end of the file.
    """
    large = data[:4] in (b"RF64", b"BW64")
    sound_at = sound_size = 0
    position = 12
    while position + 8 <= len(data):
        name, size = _HEADER.unpack(data[position : position + 8])
        if any(not 32 <= each < 127 for each in name):
            break
        start = position + 8
        if name == b"data":
            size = _sound_size(data, start, size, large)
            sound_at, sound_size = start, size
        if start + size > len(data):
            what = "sound" if name == b"data" else f"chunk {name.decode('latin-1')!r}"
            raise UnsuitableFileError(
                f"the {what} is cut short: {size:,} bytes are stated, {len(data) - start:,} are there"
            )
        position = start + size + (size & 1)
    if not sound_size:
        # Readers take everything behind an empty chunk of sound for sound.
        raise UnsuitableFileError("the file holds no sound")
    body = bytearray(data[:position]) + b"\0" * (position - len(data))
    rest = data[position:]
    size = len(body) + len(added) - 8
    if large:
        if body[12:16] != b"ds64":
            raise UnsuitableFileError("the file is an RF64 without the chunk that states its sizes")
        body[20:36] = struct.pack("<QQ", size, sound_size)
        body[sound_at - 4 : sound_at] = struct.pack("<I", _LARGE)
    elif size >= _LARGE:
        raise UnsuitableFileError("the file would grow beyond what RIFF can name (4 GiB)")
    else:
        body[4:8] = struct.pack("<I", size)
        body[sound_at - 4 : sound_at] = struct.pack("<I", sound_size)
    return bytes(body) + added + rest


def _sound_size(data: bytes, start: int, stated: int, large: bool) -> int:
    """Bytes of sound at ``start``, where the header may leave them open."""
    if large and stated == _LARGE and (long := _large_data_size(data)):
        return long
    left = len(data) - start
    if stated in _UNSTATED:
        return 0 if stated == 0 and _only_chunks(data, start) else left
    return left if stated >= _TOO_LARGE_TO_BE_MEANT and stated > left else stated


def _only_chunks(data: bytes, position: int) -> bool:
    """Whether nothing but whole chunks follows, so that there is no sound."""
    while position + 8 <= len(data):
        name, size = _HEADER.unpack(data[position : position + 8])
        if not name.strip().isalnum():
            return False
        position += 8 + size + (size & 1)
    return position in (len(data), len(data) + 1)


def _write_avi(data: bytes, value: str, found: Findings) -> bytes:
    added = riff_chunk(b"LIST", b"INFO" + riff_chunk(b"AIGC", value.encode() + b"\0"))
    first_end = 8 + int.from_bytes(data[4:8], "little")
    if data[first_end + (first_end & 1) :][:4] != b"RIFF":
        return _appended(data, added)
    # Indexes of the later RIFF chunks hold absolute positions: nothing may move, so the label has to fit
    # into padding.
    for name, body, stop, inside in riff_chunks(data, 12, first_end, found):
        if name == b"JUNK" and not inside and stop - body >= len(added) + 8:
            rest = stop - (body - 8) - len(added) - 8
            return data[: body - 8] + added + b"JUNK" + struct.pack("<I", rest) + data[stop - rest :]
    raise UnsuitableFileError(
        "this AVI has several RIFF parts and no padding that could hold the label without moving its frames"
    )


def _write_webp(data: bytes, value: str, found: Findings) -> bytes:
    parts = [(name, body, stop) for name, body, stop, _ in riff_chunks(data, 12, len(data), found)]
    for name, body, stop in parts:
        if name == b"XMP ":
            joined = riff_chunk(b"XMP ", xmp.with_property(data[body:stop], value))
            whole = data[: body - 8] + joined + data[stop + (stop & 1) :]
            return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]
    if not parts:
        raise UnsuitableFileError("the WebP file holds no chunks")
    if parts[0][0] != b"VP8X":
        data = _extended_webp(data, parts[0])
    flagged = data[:20] + bytes((data[20] | 0x04,)) + data[21:]
    return _appended(flagged, riff_chunk(b"XMP ", xmp.new_packet(value)))


def _extended_webp(data: bytes, image: tuple[bytes, int, int]) -> bytes:
    """A simple WebP becomes an extended one, with a VP8X header in front: only extended files hold metadata."""
    name, body, _ = image
    if name == b"VP8 ":
        width, height = (int.from_bytes(data[body + at : body + at + 2], "little") & 0x3FFF for at in (6, 8))
        alpha = 0
    elif name == b"VP8L":
        bits = int.from_bytes(data[body + 1 : body + 5], "little")
        width, height, alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bits >> 28 & 1
    else:
        raise UnsuitableFileError("the WebP file does not begin with its picture or its header")
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    whole = data[:12] + riff_chunk(b"VP8X", bytes((alpha << 4, 0, 0, 0)) + canvas) + data[12:]
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]
