"""ISO base media files: MP4, MOV and M4A, HEIF and AVIF.

Films keep the label as the key ``AIGC`` of ``moov.udta.meta`` (handler ``mdta``, boxes ``keys`` and
``ilst``), pictures as an XMP item of the file's ``meta`` box; both may hold an XMP packet in a ``uuid``
box.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ..bytes.pages import Source
from ..findings import BeyondLimitError, Findings, UnsuitableFileError
from ..meaning.aigc import is_name
from ..model import Deviation
from . import exif, xmp

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_USUAL = "moov.udta.meta"
_HEADER = struct.Struct(">I4s")


class Box(NamedTuple):
    """One box: its type, where it starts, where its content starts and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


def boxes(data: Source, start: int, end: int, found: Findings) -> Iterator[Box]:
    position = start
    while position + 8 <= end:
        found.step()
        size, kind = _HEADER.unpack(data[position : position + 8])
        body = position + 8
        if size == 1:
            size = int.from_bytes(data[body : body + 8], "big")
            body += 8
        elif size == 0:
            size = end - position
        if size < body - position:
            found.note(f"bmff: the box {kind.decode('latin-1')!r} names an impossible size")
            return
        if position + size > end:
            if kind != b"mdat":
                found.note(f"bmff: the box {kind.decode('latin-1')!r} is cut short")
            yield Box(kind, position, body, end)
            return
        yield Box(kind, position, body, position + size)
        position += size


def read(data: Source, found: Findings) -> None:
    _walk(data, 0, len(data), "", found, 0)


def _walk(data: Source, start: int, end: int, path: str, found: Findings, depth: int) -> None:
    if depth > found.limits.depth:
        raise BeyondLimitError(f"boxes nested deeper than {found.limits.depth}")
    for box in boxes(data, start, end, found):
        name = box.kind.decode("latin-1")
        where = f"{path}.{name}".lstrip(".")
        if box.kind in (b"moov", b"moof", b"trak", b"udta", b"traf"):
            _walk(data, box.body, box.end, where, found, depth + 1)
        elif box.kind == b"meta":
            _meta(data, box, where, found)
        elif box.kind == b"uuid" and data[box.body : box.body + 16] == _XMP_UUID:
            xmp.read_range(data, (box.body + 16, box.end), f"mp4:{where}", found)
        elif box.kind == b"XMP_":
            xmp.read_range(data, (box.body, box.end), f"mp4:{where}", found)
        elif path.endswith("udta") and (is_name(name) or box.kind[:1] == b"\xa9"):
            _user_data(data, box, where, found)


def _user_data(data: Source, box: Box, where: str, found: Findings) -> None:
    """A classic QuickTime user-data text: two bytes of length, two of language, then the text."""
    if not found.within(box.end - box.body, f"mp4:{where}"):
        return
    value = bytes(data[box.body : box.end])
    if value[:1] == b"\0" or len(value) - 4 == int.from_bytes(value[:2], "big"):
        value = value[4:]
    name = box.kind.decode("latin-1")
    chosen = name if is_name(name) else None
    standing = [Deviation.UNUSUAL_PLACE]
    if not found.field(value, f"mp4:{where}", (box.body, box.end), name=chosen, standing=standing):
        found.generator(value[:4096].decode("utf-8", "replace"), f"mp4:{where}")


def _inner(data: Source, box: Box) -> int:
    """Where the boxes inside ``meta`` begin: behind a version in ISO files, at once in QuickTime's."""
    return box.body if data[box.body + 4 : box.body + 8] in (b"hdlr", b"keys", b"ilst") else box.body + 4


def _meta(data: Source, meta: Box, where: str, found: Findings) -> None:
    parts = {box.kind: box for box in boxes(data, _inner(data, meta), meta.end, found)}
    if b"iloc" in parts and b"iinf" in parts:
        for kind, start, packet, contiguous in _items(data, parts, found):
            span = (start, start + len(packet)) if contiguous else None
            if kind == b"Exif":
                offset = 4 + int.from_bytes(packet[:4], "big")
                if contiguous:
                    exif.read(data, start + offset, start + len(packet), "heif:Exif", found)
                else:
                    exif.read(packet, offset, len(packet), "heif:Exif", found)
            else:
                xmp.read(packet, "heif:mime", span, found)
    if b"ilst" in parts:
        names = _keys(data, parts[b"keys"], found) if b"keys" in parts else []
        _list(data, parts[b"ilst"], names, where, found)


def _keys(data: Source, box: Box, found: Findings) -> list[str]:
    names = []
    position = box.body + 8
    while position + 8 <= box.end:
        found.step()
        size = int.from_bytes(data[position : position + 4], "big")
        if size < 8 or position + size > box.end:
            break
        names.append(bytes(data[position + 8 : position + min(size, 264)]).decode("utf-8", "replace"))
        position += size
    return names


def _list(data: Source, ilst: Box, names: list[str], where: str, found: Findings) -> None:
    for item in boxes(data, ilst.body, ilst.end, found):
        index = int.from_bytes(item.kind, "big")
        keyed = 1 <= index <= len(names)
        name = names[index - 1] if keyed else item.kind.decode("latin-1")
        value: Box | None = None
        for part in boxes(data, item.body, item.end, found):
            if part.kind == b"name" and item.kind == b"----":
                name = bytes(data[part.body + 4 : min(part.end, part.body + 260)]).decode("utf-8", "replace")
            elif part.kind == b"data" and value is None:
                value = part
        if value is None or value.end - value.body < 8:
            continue
        label = "keys" if keyed else "freeform" if item.kind == b"----" else "ilst"
        carrier = f"mp4:{where}/{label}"
        span = (value.body + 8, value.end)
        if not found.within(span[1] - span[0], carrier):
            continue
        content = bytes(data[span[0] : span[1]])
        usual = keyed and where == _USUAL
        standing = [] if usual else [Deviation.UNUSUAL_PLACE]
        chosen = name.removeprefix("com.apple.quicktime.") if is_name(name) else None
        if not found.field(content, carrier, span, name=chosen, standing=standing):
            found.generator(content[:4096].decode("utf-8", "replace"), carrier)


# Items of pictures.


class Extent(NamedTuple):
    """A piece of an item: counted from the beginning of the file (``method`` 0) or of the box ``idat`` (1)."""

    method: int
    offset: int
    length: int


def item_types(data: Source, iinf: Box, found: Findings) -> dict[int, tuple[bytes, bytes]]:
    """item id -> (item type, content type)."""
    version = data[iinf.body]
    start = iinf.body + (6 if version == 0 else 8)
    types = {}
    for box in boxes(data, start, iinf.end, found):
        if box.kind != b"infe" or data[box.body] < 2:
            continue
        wide = data[box.body] >= 3
        at = box.body + 4
        item = int.from_bytes(data[at : at + (4 if wide else 2)], "big")
        at += (4 if wide else 2) + 2
        kind = bytes(data[at : at + 4])
        rest = bytes(data[at + 4 : min(box.end, at + 400)]).split(b"\0")
        types[item] = (kind, rest[1] if len(rest) > 1 else b"")
    return types


def item_locations(data: Source, iloc: Box, found: Findings) -> dict[int, list[Extent]]:
    """item id -> the pieces it is made of, in their order."""
    version = data[iloc.body]
    sizes = int.from_bytes(data[iloc.body + 4 : iloc.body + 6], "big")
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in (1, 2) else 0
    position = iloc.body + 6

    def number(size: int) -> int:
        nonlocal position
        value = int.from_bytes(data[position : position + size], "big")
        position += size
        return value

    count = number(4 if version == 2 else 2)
    locations: dict[int, list[Extent]] = {}
    for _ in range(count):
        found.step()
        if position >= iloc.end:
            break
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)
        base = number(base_size)
        extents = []
        for _ in range(number(2)):
            found.step()
            if position >= iloc.end:
                break
            number(index_size)
            offset = number(offset_size)
            extents.append(Extent(method, base + offset, number(length_size)))
        locations[item] = extents
    return locations


def primary_item(data: Source, pitm: Box) -> int:
    """The id of the item that is the picture."""
    return int.from_bytes(data[pitm.body + 4 : pitm.body + (6 if data[pitm.body] == 0 else 8)], "big")


def _items(data: Source, parts: dict[bytes, Box], found: Findings) -> Iterator[tuple[bytes, int, bytes, bool]]:
    """(type, start, content, whether it lies in one piece) of the metadata items."""
    types = item_types(data, parts[b"iinf"], found)
    locations = item_locations(data, parts[b"iloc"], found)
    for item, (kind, content_type) in types.items():
        if kind != b"Exif" and not (kind == b"mime" and b"rdf+xml" in content_type):
            continue
        extents = locations.get(item, [])
        total = sum(extent.length for extent in extents)
        if not extents or total > found.limits.value_bytes:
            if extents:
                found.refuse("heif:meta", f"a metadata item of {total:,} bytes is larger than allowed")
            continue
        found.step(1 + total // 4096)
        pieces = []
        starts = []
        for method, offset, length in extents:
            start = offset + (parts[b"idat"].body if method == 1 and b"idat" in parts else 0)
            starts.append(start)
            pieces.append(bytes(data[start : start + length]))
        yield kind, starts[0], b"".join(pieces), len(pieces) == 1


# Writing.


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Adds the label where the kind of file keeps it. Samples and pictures stay as they are; what points at
    them is put right.

    Raises ValueError where boxes that hold positions cannot be put right.
    """
    top = list(boxes(data, 0, len(data), found))
    if any(each.end > len(data) for each in top):
        raise UnsuitableFileError("the file is cut short")
    meta = next((each for each in top if each.kind == b"meta"), None)
    if meta is not None and not any(each.kind == b"moov" for each in top):
        return _write_item(data, meta, value, found)
    moov = next((each for each in top if each.kind == b"moov"), None)
    if moov is None:
        raise UnsuitableFileError("the file has no moov box")
    udta = next((e for e in boxes(data, moov.body, moov.end, found) if e.kind == b"udta"), None)
    if udta is None:
        return replaced(data, moov.end, moov.end, box(b"udta", _new_meta(value)), [moov], found)
    inner, parts = _keyed_meta(data, udta, found)
    if inner is None:
        # QuickTime ends user data with a zero that a box may not follow. An iTunes list beside stays as it
        # is: it has no keys.
        zero = data[udta.end - 4 : udta.end] == b"\0" * 4 and _ends_in_zero(data, udta, found)
        end = udta.end - 4 if zero else udta.end
        return replaced(data, end, end, _new_meta(value), [moov, udta], found)
    keys, ilst = parts[b"keys"], parts[b"ilst"]
    count = int.from_bytes(data[keys.body + 4 : keys.body + 8], "big")
    new_keys = data[keys.body : keys.body + 4] + struct.pack(">I", count + 1) + data[keys.body + 8 : keys.end] + _key()
    new_ilst = data[ilst.body : ilst.end] + _item(count + 1, value)
    # The later box first, so that the earlier one's place still holds.
    changes = sorted([(keys, box(b"keys", new_keys)), (ilst, box(b"ilst", new_ilst))], key=lambda c: -c[0].start)
    for old, new in changes:
        data = replaced(data, old.start, old.end, new, [moov, udta, inner], found)
        inner = inner._replace(end=inner.end + len(new) - (old.end - old.start))
        udta = udta._replace(end=udta.end + len(new) - (old.end - old.start))
        moov = moov._replace(end=moov.end + len(new) - (old.end - old.start))
    return data


def _keyed_meta(data: bytes, udta: Box, found: Findings) -> tuple[Box | None, dict[bytes, Box]]:
    """The meta box of user data whose entries have names, with the boxes inside."""
    for meta in boxes(data, udta.body, udta.end, found):
        if meta.kind == b"meta":
            parts = {each.kind: each for each in boxes(data, _inner(data, meta), meta.end, found)}
            if b"keys" in parts and b"ilst" in parts:
                return meta, parts
    return None, {}


def _ends_in_zero(data: bytes, udta: Box, found: Findings) -> bool:
    ends = [e.end for e in boxes(data, udta.body, udta.end - 4, found)]
    return not ends or ends[-1] == udta.end - 4


def _key() -> bytes:
    return box(b"mdta", b"AIGC")


def _item(index: int, value: str) -> bytes:
    return box(struct.pack(">I", index), box(b"data", struct.pack(">II", 1, 0) + value.encode()))


def _new_meta(value: str) -> bytes:
    handler = box(b"hdlr", b"\0" * 8 + b"mdta" + b"\0" * 13)
    return box(
        b"meta", b"\0\0\0\0" + handler + box(b"keys", struct.pack(">II", 0, 1) + _key()) + box(b"ilst", _item(1, value))
    )


def replaced(data: bytes, start: int, end: int, new: bytes, parents: list[Box], found: Findings) -> bytes:
    """``data`` with ``[start, end)`` replaced, the parents' sizes and every position behind the change put
    right.
    """
    delta = len(new) - (end - start)
    whole = bytearray(data)
    if delta:
        _shift(whole, data, 0, len(data), end, delta, found, 0)
    for parent in parents:
        size = parent.end - parent.start + delta
        first = int.from_bytes(data[parent.start : parent.start + 4], "big")
        if first == 1:
            whole[parent.start + 8 : parent.start + 16] = struct.pack(">Q", size)
        elif first:
            whole[parent.start : parent.start + 4] = struct.pack(">I", size)
    whole[start:end] = new
    return bytes(whole)


_HOLDERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mfra", b"edts"}


def _shift(
    whole: bytearray, data: bytes, start: int, end: int, behind: int, delta: int, found: Findings, depth: int
) -> None:
    """Adds ``delta`` to each absolute position at or behind ``behind`` that a box holds."""
    if depth > 12:
        raise UnsuitableFileError("boxes are nested too deep to be put right")
    for each in boxes(data, start, end, found):
        if each.kind in _HOLDERS:
            _shift(whole, data, each.body, each.end, behind, delta, found, depth + 1)
        elif each.kind in (b"stco", b"co64"):
            form, size = (">I", 4) if each.kind == b"stco" else (">Q", 8)
            count = int.from_bytes(data[each.body + 4 : each.body + 8], "big")
            for at in range(each.body + 8, min(each.body + 8 + count * size, each.end - size + 1), size):
                _move(whole, at, form, behind, delta)
        elif each.kind == b"tfhd" and data[each.body + 3] & 1:
            _move(whole, each.body + 8, ">Q", behind, delta)
        elif each.kind == b"tfra":
            _shift_random_access(whole, data, each, behind, delta)
        elif each.kind == b"saio":
            raise UnsuitableFileError("the file has positions of encryption data (saio), which are not put right here")


def _shift_random_access(whole: bytearray, data: bytes, each: Box, behind: int, delta: int) -> None:
    wide = data[each.body]
    sizes = data[each.body + 11]
    rest = (sizes >> 4 & 3) + (sizes >> 2 & 3) + (sizes & 3) + 3
    row = (16 if wide else 8) + rest
    count = int.from_bytes(data[each.body + 12 : each.body + 16], "big")
    for at in range(each.body + 16, min(each.body + 16 + count * row, each.end - row + 1), row):
        _move(whole, at + (8 if wide else 4), ">Q" if wide else ">I", behind, delta)


def _move(whole: bytearray, at: int, form: str, behind: int, delta: int) -> None:
    position = struct.unpack_from(form, whole, at)[0]
    if position >= behind:
        try:
            struct.pack_into(form, whole, at, position + delta)
        except struct.error as error:
            raise UnsuitableFileError("a position would grow beyond 4 GiB") from error


def _write_item(data: bytes, meta: Box, value: str, found: Findings) -> bytes:
    """An XMP item for a picture: listed in iinf, located in iloc, tied to the primary item in iref, kept
    behind the rest.
    """
    parts = {each.kind: each for each in boxes(data, meta.body + 4, meta.end, found)}
    if b"iinf" not in parts or b"iloc" not in parts or b"pitm" not in parts:
        raise UnsuitableFileError("the picture file has no complete list of items")
    types = item_types(data, parts[b"iinf"], found)
    locations = item_locations(data, parts[b"iloc"], found)
    primary = primary_item(data, parts[b"pitm"])
    old = next((i for i, (kind, content) in types.items() if kind == b"mime" and b"rdf+xml" in content), None)
    if old is not None:
        present = next((each for each in _items(data, parts, found) if each[0] == b"mime"), None)
        if present is None:
            raise UnsuitableFileError("the file's XMP item cannot be read")
        packet = xmp.with_property(present[2], value)
        item = old
    else:
        packet = xmp.new_packet(value)
        item = max([*types, *locations]) + 1
    if item > 0xFFFF:
        raise UnsuitableFileError("the picture file has no item number left")
    replaced: dict[bytes, bytes] = {}
    if old is None:
        iinf = parts[b"iinf"]
        wide = data[iinf.body] != 0
        at = iinf.body + 4
        count = int.from_bytes(data[at : at + (4 if wide else 2)], "big") + 1
        entry = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", item, 0) + b"mime\0application/rdf+xml\0\0")
        listed = data[at + (4 if wide else 2) : iinf.end]
        replaced[b"iinf"] = box(
            b"iinf", data[iinf.body : at] + struct.pack(">I" if wide else ">H", count) + listed + entry
        )
        reference = box(b"cdsc", struct.pack(">HHH", item, 1, primary))
        if b"iref" in parts:
            iref = parts[b"iref"]
            if data[iref.body]:
                reference = box(b"cdsc", struct.pack(">IHI", item, 1, primary))
            replaced[b"iref"] = box(b"iref", data[iref.body : iref.end] + reference)
        else:
            replaced[b"iref"] = box(b"iref", b"\0\0\0\0" + reference)
    growth = 0
    for _ in range(2):  # the second time with the growth that the first one found
        moved = {
            each: [
                e._replace(offset=e.offset + growth) if e.method == 0 and e.offset >= meta.end else e for e in extents
            ]
            for each, extents in locations.items()
        }
        moved[item] = [Extent(0, len(data) + growth + 8, len(packet))]
        replaced[b"iloc"] = _iloc(moved)
        inside = b"".join(
            replaced.get(each.kind, data[each.start : each.end]) for each in boxes(data, meta.body + 4, meta.end, found)
        )
        if b"iref" in replaced and b"iref" not in parts:
            inside += replaced[b"iref"]
        new_meta = box(b"meta", data[meta.body : meta.body + 4] + inside)
        growth = len(new_meta) - (meta.end - meta.start)
    last = list(boxes(data, 0, len(data), found))[-1]
    tail = data[meta.end :]
    if data[last.start : last.start + 4] == b"\0\0\0\0":
        at = last.start - meta.end
        tail = tail[:at] + struct.pack(">I", last.end - last.start) + tail[at + 4 :]
    return data[: meta.start] + new_meta + tail + box(b"mdat", packet)


def _iloc(locations: dict[int, list[Extent]]) -> bytes:
    """Version 1, 32-bit offsets and lengths, no base offsets."""
    rows = []
    for item, extents in locations.items():
        method = extents[0].method if extents else 0
        rows.append(struct.pack(">HHHH", item, method, 0, len(extents)))
        for extent in extents:
            if extent.offset + extent.length >= 1 << 32:
                raise UnsuitableFileError("the file is too large for 32-bit positions")
            rows.append(struct.pack(">II", extent.offset, extent.length))
    return box(b"iloc", b"\1\0\0\0" + b"\x44\0" + struct.pack(">H", len(locations)) + b"".join(rows))
