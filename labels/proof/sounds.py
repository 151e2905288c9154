"""The parts of WAV, MP3, FLAC and Ogg files."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..findings import UnsuitableFileError
from .packets import Part, in_letters

_CUT_SHORT = "the file is cut short"
_STREAMED = {0, 0xFFFFFFFF}


def wav(data: bytes) -> Iterator[Part]:
    """Chunks as a player takes them: samples without a stated size go on to the end of the file."""
    view = memoryview(data)
    large = data[:4] in (b"RF64", b"BW64")
    position, long_size, sound = 12, 0, False
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        start = position + 8
        if any(not 32 <= each < 127 for each in name):
            yield "data behind the sound", view[position:]
            break
        if name == b"ds64" and size >= 28:
            long_size = int.from_bytes(data[start + 8 : start + 16], "little")
            yield "ds64 chunk", view[start + 16 : start + size]
            position = start + size + (size & 1)
            continue
        if name == b"data":
            if large and size == 0xFFFFFFFF and long_size:
                size = long_size
            elif (size in _STREAMED and not _is_chain(data, start)) or (
                size >= 0x7F000000 and start + size > len(data)
            ):
                size = len(data) - start
        end = start + size
        if end > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        if name == b"data":
            if sound:
                raise UnsuitableFileError("the file holds two pieces of sound")
            sound = True
            yield "sound", view[start:end]
        elif name != b"AIGC":
            yield "format of the sound" if name == b"fmt " else f"{in_letters(name)} chunk", view[start:end]
        position = end + (size & 1)
    else:
        rest = bytes(view[position:])
        if rest.strip(b"\0"):
            yield "data behind the sound", rest
    if not sound:
        raise UnsuitableFileError("the file holds no sound")


def _is_chain(data: bytes, position: int) -> bool:
    """Whether nothing but whole chunks follows."""
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        if not name.isascii() or not name.strip().isalnum():
            return False
        position += 8 + size + (size & 1)
    return position in (len(data), len(data) + 1)


def _synchsafe(value: bytes) -> int:
    return (value[0] & 127) << 21 | (value[1] & 127) << 14 | (value[2] & 127) << 7 | value[3] & 127


def mp3(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    position = 0
    first = True
    while data[position : position + 3] == b"ID3" and position + 10 <= len(data):
        version, flags = data[position + 3], data[position + 5]
        end = position + 10 + _synchsafe(data[position + 6 : position + 10])
        if end > len(data):
            raise UnsuitableFileError("the ID3 tag names more bytes than the file has")
        if first and version in (2, 3, 4) and not flags & 0x50:
            yield from _frames(data, position, end, version)
            yield "ID3 header", data[position + 3 : position + 6] if _has_frames(data, position, end) else b""
        else:
            yield "ID3 tag", view[position:end]
        position = end + (10 if flags & 0x10 else 0)
        first = False
    if first:
        yield from _old_tag(data)
    if position >= len(data):
        raise UnsuitableFileError("the file holds no sound")
    yield "sound", view[position:]


def _old_tag(data: bytes) -> Iterator[Part]:
    """What an ID3v1 tag says, as the frames of the tag that is put in front for the label say it."""
    if data[-128:-125] != b"TAG":
        return
    *texts, comment, genre = struct.unpack("<3x30s30s30s4s30sB", data[-128:])
    track = comment[29] if comment[28] == 0 else 0
    frames = [(name, b"\0", text) for name, text in zip(("TIT2", "TPE1", "TALB", "TYER"), texts, strict=True)]
    frames.append(("COMM", b"\0und\0", comment[:28] if track else comment))
    frames.append(("TRCK", b"\0", str(track).encode() if track else b""))
    frames.append(("TCON", b"\0", f"({genre})".encode() if genre != 255 else b""))
    with_text = [(name, head + text) for name, head, full in frames if (text := full.split(b"\0")[0].rstrip())]
    yield from ((f"{name} frame", b"\0\0" + content) for name, content in with_text)
    if with_text:
        yield "ID3 header", b"\3\0\0"


def id3_frames(data: bytes, start: int, end: int) -> Iterator[Part]:
    """Frames of the ID3 tag at ``start``, the label left out."""
    if data[start : start + 3] != b"ID3" or end - start < 10:
        raise UnsuitableFileError("the ID3 chunk holds no tag")
    stop = start + 10 + _synchsafe(data[start + 6 : start + 10])
    if stop > end:
        raise UnsuitableFileError("the ID3 tag names more bytes than its chunk has")
    yield from _frames(data, start, stop, data[start + 3])


def _has_frames(data: bytes, position: int, end: int) -> bool:
    return any(True for _ in _frames(data, position, end, data[position + 3]))


def _frames(data: bytes, start: int, end: int, version: int) -> Iterator[Part]:
    width, header = (3, 6) if version == 2 else (4, 10)
    position = start + 10
    while position + header <= end and data[position]:
        raw = data[position + width : position + 2 * width]
        size = int.from_bytes(raw, "big")
        if version == 4 and not any(each & 128 for each in raw):
            safe = _synchsafe(raw)
            size = safe if _begins_frame(data, position + header + safe, end) else size
        stop = position + header + size
        if stop > end:
            raise UnsuitableFileError("a frame of the ID3 tag is cut short")
        name = data[position : position + width]
        content = data[position + header : stop]
        if not (name in (b"TXXX", b"TXX") and content.startswith(b"\0AIGC\0")):
            yield f"{in_letters(name)} frame", data[position + 2 * width : position + header] + content
        position = stop


def _begins_frame(data: bytes, position: int, end: int) -> bool:
    name = data[position : min(position + 4, end)]
    return position == end or not name.strip(b"\0") or (name.isalnum() and name.isupper())


def _comments(block: bytes) -> Iterator[Part]:
    """The vendor and the comments of a block, the label left out."""
    position = 4 + int.from_bytes(block[:4], "little")
    yield "vendor", block[4:position]
    if position + 4 > len(block):
        raise UnsuitableFileError("the comments in the file are cut short")
    count = int.from_bytes(block[position : position + 4], "little")
    position += 4
    for _ in range(count):
        size = int.from_bytes(block[position : position + 4], "little")
        comment = block[position + 4 : position + 4 + size]
        if position + 4 + size > len(block):
            raise UnsuitableFileError("the comments in the file are cut short")
        if comment[:5] != b"AIGC=":
            yield "comment", comment
        position += 4 + size
    yield "data behind the comments", block[position:]


def flac(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    position = 10 + _synchsafe(data[6:10]) if data[:3] == b"ID3" else 0
    yield "ID3 tag", view[:position]
    if data[position : position + 4] != b"fLaC":
        raise UnsuitableFileError("the file does not begin with the mark of FLAC")
    position += 4
    last = False
    while not last:
        if position + 4 > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        kind, last = data[position] & 0x7F, bool(data[position] & 0x80)
        end = position + 4 + int.from_bytes(data[position + 1 : position + 4], "big")
        if end > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        if kind == 4:
            entries = list(_comments(data[position + 4 : end]))
            # A block of comments that was made for the label says nothing else.
            yield from (each for each in entries if each != ("vendor", b"shenhe") and each[1])
        elif kind != 1:
            yield "sound" if kind == 0 else f"block {kind}", view[position + 4 : end]
        position = end
    if position >= len(data):
        raise UnsuitableFileError("the file holds no sound")
    yield "sound", view[position:]


def ogg(data: bytes) -> Iterator[Part]:
    """Packets of each stream: its comments one by one, the other headers whole, then page by page."""
    from ..containers.media.vorbis import checksum

    position = 0
    packets: dict[int, int] = {}
    pieces: dict[int, list[bytes]] = {}
    numbers: dict[int, int] = {}
    firsts: dict[int, bytes] = {}
    while position < len(data):
        if data[position : position + 4] != b"OggS" or position + 27 > len(data):
            yield "data behind the sound", data[position:]
            return
        flags, granule, serial, number, sum_, count = struct.unpack_from("<xBqIIIB", data, position + 4)
        lacing = data[position + 27 : position + 27 + count]
        body = position + 27 + count
        end = body + sum(lacing)
        if len(lacing) < count or end > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        page = data[position:end]
        if checksum(page[:22] + b"\0\0\0\0" + page[26:]) != sum_:
            raise UnsuitableFileError("the checksum of an Ogg page does not match its content")
        if numbers.get(serial, number - 1) != number - 1:
            raise UnsuitableFileError("a page of the Ogg stream is missing")
        numbers[serial] = number
        done = packets.setdefault(serial, 0)
        if done >= 3 and not pieces.get(serial):
            yield "sound", struct.pack("<BqI", flags, granule, serial) + lacing + page[27 + count :]
        else:
            at = body
            for size in lacing:
                pieces.setdefault(serial, []).append(data[at : at + size])
                at += size
                if size < 255:
                    packet = b"".join(pieces.pop(serial))
                    speex = firsts.setdefault(serial, packet).startswith(b"Speex   ")
                    yield from _packet(packet, packets[serial], granule, speex)
                    packets[serial] += 1
        position = end


def _packet(packet: bytes, number: int, granule: int, speex: bool) -> Iterator[Part]:
    for head in (b"\x03vorbis", b"OpusTags", b"\x81theora") if number == 1 else ():
        if packet.startswith(head):
            yield from _comments(packet[len(head) :])
            return
    if number == 1 and packet[:1] in (b"\x04", b"\x84") and 4 + int.from_bytes(packet[1:4], "big") == len(packet):
        yield from _comments(packet[4:])
        return
    if number == 1 and speex:
        yield from _comments(packet)
        return
    yield ("header of the sound", packet) if number < 3 and granule <= 0 else ("sound", packet)
