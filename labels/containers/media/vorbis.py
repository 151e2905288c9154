"""FLAC and Ogg (Vorbis, Opus): the label is a Vorbis comment with the key ``AIGC``."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ...bytes.pages import Source
from ...findings import Findings, UnsuitableFileError
from ...meaning.aigc import is_name
from . import id3

_COMMENT_BLOCK, _PADDING_BLOCK = 4, 1
# First packet of a stream -> (what the packet of comments begins with, how many packets of headers there are).
_CODECS = {
    b"\x01vorbis": (b"\x03vorbis", 3),
    b"OpusHead": (b"OpusTags", 2),
    b"\x80theora": (b"\x81theora", 3),
    b"Speex   ": (b"", 2),
}


def comments(data: Source, start: int, end: int, found: Findings) -> Iterator[tuple[str, int, int]]:
    """(key, start and end of the value) of each comment in the block at ``start``. Stops at a length that points
    outside the block.
    """
    position = start + 4 + int.from_bytes(data[start : start + 4], "little")
    if position + 4 > end:
        return
    count = int.from_bytes(data[position : position + 4], "little")
    position += 4
    for _ in range(count):
        if position + 4 > end:
            return
        found.step()
        length = int.from_bytes(data[position : position + 4], "little")
        position += 4
        if position + length > end:
            found.cut("vorbis: a comment is cut short")
            return
        key, equals, _ = data[position : position + min(length, 200)].partition(b"=")
        if equals:
            yield key.decode("utf-8", "replace"), position + len(key) + 1, position + length
        position += length


def _report(block: Source, start: int, end: int, offset: int | None, carrier: str, found: Findings) -> None:
    for key, a, b in comments(block, start, end, found):
        if not is_name(key) and b - a > found.limits.value_bytes:
            continue  # a cover picture in Base64
        if not found.within(b - a, carrier):
            continue
        span = (a + offset, b + offset) if offset is not None else None
        if is_name(key):
            # Vorbis comment keys have no case, so that any case is the prescribed one.
            found.field(bytes(block[a:b]), carrier, span, name="AIGC" if key.upper() == "AIGC" else key)
        else:
            found.remark(bytes(block[a:b]), f"{carrier}/{key[:40]}", span)


def _with_comment(block: bytes, value: str) -> bytes:
    """A comment block with one more comment. Data after the list, such as a framing bit or padding, stays after it."""
    position = 4 + int.from_bytes(block[:4], "little")
    count = int.from_bytes(block[position : position + 4], "little")
    end = position + 4
    for _ in range(count):
        end += 4 + int.from_bytes(block[end : end + 4], "little")
        if end > len(block):
            raise UnsuitableFileError("the comments in the file are cut short")
    comment = b"AIGC=" + value.encode()
    added = struct.pack("<I", len(comment)) + comment
    return block[:position] + struct.pack("<I", count + 1) + block[position + 4 : end] + added + block[end:]


# FLAC.


def flac_blocks(data: Source, found: Findings) -> Iterator[tuple[int, int, int, bool]]:
    """(type, start of the header, end, whether it is the last) of each metadata block."""
    position = id3.tag_length(data, 0) + 4
    while position + 4 <= len(data):
        found.step()
        end = position + 4 + int.from_bytes(data[position + 1 : position + 4], "big")
        last = bool(data[position] & 0x80)
        yield data[position] & 0x7F, position, min(end, len(data)), last
        if last:
            return
        position = end


def read_flac(data: Source, found: Findings) -> None:
    id3.read_tag(data, 0, len(data), "flac:id3", found)
    for kind, start, end, _ in flac_blocks(data, found):
        if kind == _COMMENT_BLOCK:
            _report(data, start + 4, end, 0, "flac:comment", found)


def write_flac(data: bytes, value: str, found: Findings) -> bytes:
    """Add the comment, in the space of the padding if it is large enough. The sound does not change."""
    blocks = list(flac_blocks(data, found))
    if not blocks or not blocks[-1][3]:
        raise UnsuitableFileError("the metadata of the FLAC file is cut short")
    parts: list[tuple[int, bytes]] = [(kind, data[start + 4 : end]) for kind, start, end, _ in blocks]
    index = next((i for i, (kind, _) in enumerate(parts) if kind == _COMMENT_BLOCK), None)
    before = sum(len(body) + 4 for _, body in parts)
    if index is None:
        vendor = b"shenhe"
        empty = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
        parts.insert(1, (_COMMENT_BLOCK, _with_comment(empty, value)))
    else:
        parts[index] = (_COMMENT_BLOCK, _with_comment(parts[index][1], value))
    growth = sum(len(body) + 4 for _, body in parts) - before
    for i, (kind, body) in enumerate(parts):
        if kind == _PADDING_BLOCK and len(body) >= growth:
            parts[i] = (kind, body[growth:])
            break
    out = [data[: blocks[0][1]]]
    for i, (kind, body) in enumerate(parts):
        if len(body) >= 1 << 24:
            raise UnsuitableFileError("the comments exceed the size of a FLAC block (16 MiB)")
        last = 0x80 if i == len(parts) - 1 else 0
        out.append(bytes((kind | last,)) + len(body).to_bytes(3, "big") + body)
    return b"".join(out) + data[blocks[-1][2] :]


# Ogg.


class _Page(NamedTuple):
    start: int
    body: int
    end: int
    serial: int
    lacing: bytes


def _pages(data: Source, start: int, found: Findings) -> Iterator[_Page]:
    position = start
    while position + 27 <= len(data) and data[position : position + 4] == b"OggS":
        found.step()
        count = data[position + 26]
        lacing = bytes(data[position + 27 : position + 27 + count])
        body = position + 27 + count
        end = body + sum(lacing)
        if end > len(data):
            found.cut("ogg: a page is cut short")
            return
        yield _Page(position, body, end, int.from_bytes(data[position + 14 : position + 18], "little"), lacing)
        position = end


def _headers(data: Source, found: Findings) -> dict[int, list[tuple[bytes, int, int | None]]]:
    """serial -> (packet, end of its last page, where it lies if in one piece) of the first three packets of
    each stream.
    """
    packets: dict[int, list[tuple[bytes, int, int | None]]] = {}
    partial: dict[int, tuple[list[bytes], int | None]] = {}
    total = 0
    for page in _pages(data, 0, found):
        done = packets.setdefault(page.serial, [])
        at = page.body
        for size in page.lacing:
            pieces, where = partial.setdefault(page.serial, ([], at))
            pieces.append(bytes(data[at : at + size]))
            total += size
            if total > found.limits.inflated_bytes:
                found.refuse("ogg:comment", f"headers of more than {found.limits.inflated_bytes:,} bytes")
                return packets
            at += size
            if size < 255:
                packet = b"".join(pieces)
                whole = where is not None and bytes(data[where : where + len(packet)]) == packet
                done.append((packet, page.end, where if whole else None))
                del partial[page.serial]
                if len(done) >= 3:
                    break
        if all(len(each) >= 2 for each in packets.values()) and not partial:
            break
        if all(len(each) >= 3 for each in packets.values()):
            break
    return packets


def _shape(packets: list[tuple[bytes, int, int | None]]) -> tuple[int, int]:
    """(where the comments begin in the second packet, how many packets of headers); 0 packets for an unknown codec."""
    if len(packets) < 2:
        return 0, 0
    first, second = packets[0][0], packets[1][0]
    for begins, (head, count) in _CODECS.items():
        if first.startswith(begins) and second.startswith(head):
            return len(head), count
    # FLAC in Ogg: the block of comments has its header of four bytes in front.
    if first.startswith(b"\x7fFLAC") and second[:1] in (b"\x04", b"\x84"):
        return 4, 1 + int.from_bytes(first[7:9], "big")
    return 0, 0


def read_ogg(data: Source, found: Findings) -> None:
    for packets in _headers(data, found).values():
        head, count = _shape(packets)
        if count:
            packet, _, where = packets[1]
            _report(packet, head, len(packet), where, "ogg:comment", found)


def checksum(page: bytes) -> int:
    """The page checksum of RFC 3533: CRC-32 of 0x04c11db7, not reflected, started at zero.

    zlib computes the reflected form: reflecting every byte before and the result after gives the same.
    """
    reflected = zlib.crc32(page.translate(_REFLECTED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(reflected.to_bytes(4, "little").translate(_REFLECTED), "big")


_REFLECTED = bytes(int(f"{i:08b}"[::-1], 2) for i in range(256))


def write_ogg(data: bytes, value: str, found: Findings) -> bytes:
    """Add the comment and lace the header packets again. Sound pages change only in their sequence number."""
    streams = _headers(data, found)
    if len(streams) != 1:
        raise UnsuitableFileError("the Ogg file holds several streams; only files with a single stream are changed")
    serial, packets = next(iter(streams.items()))
    head, count = _shape(packets)
    if not count:
        raise UnsuitableFileError("the Ogg stream has no comments of a known kind")
    if len(packets) < count or count > 3:
        raise UnsuitableFileError("the headers of the Ogg stream are cut short, or larger than supported")
    comments_of = _with_comment(packets[1][0][head:], value)
    front = packets[1][0][:head]
    if packets[0][0].startswith(b"\x7fFLAC"):
        front = front[:1] + len(comments_of).to_bytes(3, "big")
    changed = front + comments_of
    rest = [packet for packet, _, _ in packets[2:count]]
    header_end = packets[count - 1][1]
    pages = list(_pages(data, 0, found)) if len(data) < 1 << 20 else _some_pages(data, header_end, found)
    first = pages[0]
    if header_end <= first.end or any(page.end > header_end and page.start < header_end for page in pages):
        raise UnsuitableFileError("the headers of the Ogg stream share a page with sound")
    new_pages = _laced([changed, *rest], serial, 1)
    old_count = sum(1 for page in pages if first.end <= page.start < header_end)
    out = [data[: first.end], *new_pages]
    if len(new_pages) == old_count:
        out.append(data[header_end:])
        return b"".join(out)
    number = 1 + len(new_pages)
    for page in _pages(data, header_end, Findings(replace(found.limits, parts=1 << 24))):
        body = bytearray(data[page.start : page.end])
        struct.pack_into("<I", body, 18, number)
        out.append(_summed(body))
        number += 1
    return b"".join(out)


def _some_pages(data: Source, end: int, found: Findings) -> list[_Page]:
    pages = []
    for page in _pages(data, 0, found):
        pages.append(page)
        if page.start >= end:
            break
    return pages


def _laced(packets: list[bytes], serial: int, number: int) -> list[bytes]:
    """Header pages that hold ``packets``, with sequence numbers from ``number``."""
    lacing: list[int] = []
    for packet in packets:
        lacing += [255] * (len(packet) // 255) + [len(packet) % 255]
    body = b"".join(packets)
    pages = []
    at = 0
    for first in range(0, len(lacing), 255):
        row = lacing[first : first + 255]
        size = sum(row)
        flags = 1 if first and lacing[first - 1] == 255 else 0
        # A page on which no packet ends has no position in time.
        position = -1 if all(each == 255 for each in row) else 0
        page = (
            b"OggS\0"
            + struct.pack("<BqIII", flags, position, serial, number, 0)
            + bytes((len(row),))
            + bytes(row)
            + body[at : at + size]
        )
        pages.append(page[:22] + struct.pack("<I", checksum(page)) + page[26:])
        at += size
        number += 1
    return pages


# More sound.

_ENDS = 4
_PACKETS_A_PAGE = 50


def opus_channels(data: bytes, found: Findings) -> int:
    """Channels of the one Opus stream of the file. Raises ValueError where it holds another sound, or several."""
    streams = _headers(data, found)
    head = next(iter(streams.values()))[0][0] if len(streams) == 1 else b""
    if not head.startswith(b"OpusHead") or len(head) < 19 or head[18]:
        why = "the file does not hold one Opus stream of one or two channels"
        raise UnsuitableFileError(f"{why}; mix the rhythm in before the sound is encoded")
    return head[9]


def opus_samples(packet: bytes) -> int:
    """Samples at 48 kHz that one packet decodes to (RFC 6716, 3.1). Raises ValueError where it holds no frame."""
    if not packet:
        raise UnsuitableFileError("a packet of the Opus stream is empty")
    kind, code = packet[0] >> 3, packet[0] & 3
    if kind < 12:
        frame = (480, 960, 1920, 2880)[kind & 3]
    elif kind < 16:
        frame = (480, 960)[kind & 1]
    else:
        frame = (120, 240, 480, 960)[kind & 3]
    if code == 3 and len(packet) < 2:
        raise UnsuitableFileError("a packet of the Opus stream is cut short")
    return frame * (1, 2, 2, packet[1] & 63 if code == 3 else 0)[code]


def lengthened_opus(data: bytes, packets: list[bytes], found: Findings) -> bytes:
    """``data`` with ``packets`` appended to its Opus stream. Packets are independent, so before them only the end
    mark and position of the last page change. Raises ValueError as ``opus_channels`` does.
    """
    opus_channels(data, found)
    pages = list(_pages(data, 0, Findings(replace(found.limits, parts=1 << 24))))
    last = pages[-1]
    if last.end != len(data) or last.lacing[-1:] == b"\xff":
        raise UnsuitableFileError("the Opus stream is cut short")
    if len(pages) < 3 or last.body - 27 - len(last.lacing) < pages[1].end:
        raise UnsuitableFileError("the Opus stream holds no sound")
    # The last page may end before its last packet does; sound that goes on cannot.
    position = _position(data, pages[-2]) if len(pages) > 3 else 0
    position += sum(opus_samples(packet) for packet in _begun(data, last))
    body = bytearray(data[last.start : last.end])
    body[5] &= ~_ENDS
    struct.pack_into("<qI", body, 6, position, last.serial)
    out = [data[: last.start], _summed(body)]
    number = int.from_bytes(data[last.start + 18 : last.start + 22], "little")
    for first in range(0, len(packets), _PACKETS_A_PAGE):
        held = packets[first : first + _PACKETS_A_PAGE]
        position += sum(map(opus_samples, held))
        number += 1
        lacing = b"".join(b"\xff" * (len(each) // 255) + bytes((len(each) % 255,)) for each in held)
        if len(lacing) > 255:
            raise UnsuitableFileError("the packets of the rhythm are too long for one page")
        flags = _ENDS if first + _PACKETS_A_PAGE >= len(packets) else 0
        head = struct.pack("<BqIII", flags, position, last.serial, number, 0)
        out.append(_summed(bytearray(b"OggS\0" + head + bytes((len(lacing),)) + lacing + b"".join(held))))
    return b"".join(out)


def _position(data: bytes, page: _Page) -> int:
    """Samples decoded up to the last packet that ends on the page."""
    return int.from_bytes(data[page.start + 6 : page.start + 14], "little", signed=True)


def _begun(data: bytes, page: _Page) -> list[bytes]:
    """The first bytes of each packet that ends on the page; one that began on an earlier page is refused."""
    if data[page.start + 5] & 1:
        raise UnsuitableFileError("the last page of the Opus stream goes on with a packet of the page in front of it")
    packets, at, start = [], page.body, page.body
    for size in page.lacing:
        at += size
        if size < 255:
            packets.append(data[start:at])
            start = at
    return packets


def _summed(page: bytearray) -> bytes:
    """The page with its checksum recomputed."""
    struct.pack_into("<I", page, 22, 0)
    struct.pack_into("<I", page, 22, checksum(bytes(page)))
    return bytes(page)
