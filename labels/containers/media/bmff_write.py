"""Writing into ISO base media files: the key ``AIGC`` in films and sounds, an XMP item in pictures.

Samples and pictures stay as they are; whatever names their position is put right.
"""

from __future__ import annotations

import struct

from ...findings import Findings, UnsuitableFileError
from .. import xmp
from .bmff import Box, Extent, box, boxes, inner_start, item_locations, item_types, metadata_items, primary_item


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Adds the label where the kind of file keeps it. Samples and pictures stay as they are; what points at
    them is put right.

    Raises ValueError where boxes that hold positions cannot be put right.
    """
    top = list(boxes(data, 0, len(data), found))
    if any(each.end > len(data) for each in top):
        raise UnsuitableFileError("the file is cut short")
    items = next((each for each in top if each.kind == b"meta"), None)
    if items is not None and not any(each.kind == b"moov" for each in top):
        return _write_item(data, items, value, found)
    moov = next((each for each in top if each.kind == b"moov"), None)
    if moov is None:
        if any(each.kind == b"mini" for each in top):
            raise UnsuitableFileError(
                "it has minimized metadata (mini), which cannot be extended; write it again with a full meta box"
            )
        raise UnsuitableFileError("the file has no moov box")
    udta = next((e for e in boxes(data, moov.body, moov.end, found) if e.kind == b"udta"), None)
    # Several readers give the entries of a second list the names in the first, so a list that is there is joined.
    for parents in ([moov, udta], [moov]) if udta is not None else ([moov],):
        meta, parts = _keyed_meta(data, parents[-1], found)
        if meta is not None:
            return _joined(data, [*parents, meta], parts, value, found)
    if udta is None:
        return replaced(data, moov.end, moov.end, box(b"udta", _new_meta(value)), [moov], found)
    # User data may end in zeros that no box may follow. An iTunes list beside stays as it is: it has no keys.
    end = max((each.end for each in boxes(data, udta.body, udta.end, found)), default=udta.body)
    return replaced(data, end, end, _new_meta(value), [moov, udta], found)


def _joined(data: bytes, parents: list[Box], parts: dict[bytes, Box], value: str, found: Findings) -> bytes:
    """The label as one more entry of a list with names."""
    keys, ilst = parts[b"keys"], parts[b"ilst"]
    count = int.from_bytes(data[keys.body + 4 : keys.body + 8], "big")
    new_keys = data[keys.body : keys.body + 4] + struct.pack(">I", count + 1) + data[keys.body + 8 : keys.end] + _key()
    new_ilst = data[ilst.body : ilst.end] + _item(count + 1, value)
    # The later box first, so that the earlier one's place still holds.
    changes = sorted([(keys, box(b"keys", new_keys)), (ilst, box(b"ilst", new_ilst))], key=lambda c: -c[0].start)
    for old, new in changes:
        data = replaced(data, old.start, old.end, new, parents, found)
        growth = len(new) - (old.end - old.start)
        parents = [each._replace(end=each.end + growth) for each in parents]
    return data


def _keyed_meta(data: bytes, parent: Box, found: Findings) -> tuple[Box | None, dict[bytes, Box]]:
    """The meta box in ``parent`` whose entries have names, with the boxes inside."""
    for meta in boxes(data, parent.body, parent.end, found):
        if meta.kind == b"meta":
            parts = {each.kind: each for each in boxes(data, inner_start(data, meta), meta.end, found)}
            if b"keys" in parts and b"ilst" in parts:
                return meta, parts
    return None, {}


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
        raise UnsuitableFileError("boxes are nested too deep to be updated")
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
        elif each.kind == b"meta":
            for inner in boxes(data, inner_start(data, each), each.end, found):
                if inner.kind == b"iloc":
                    _shift_items(whole, data, inner, behind, delta)
        elif each.kind == b"sidx":
            _shift_index(whole, data, each, behind, delta)
        elif each.kind == b"saio":
            raise UnsuitableFileError(
                "the file has positions of encryption data (saio), which cannot be corrected here"
            )


def _shift_random_access(whole: bytearray, data: bytes, each: Box, behind: int, delta: int) -> None:
    wide = data[each.body]
    sizes = data[each.body + 11]
    rest = (sizes >> 4 & 3) + (sizes >> 2 & 3) + (sizes & 3) + 3
    row = (16 if wide else 8) + rest
    count = int.from_bytes(data[each.body + 12 : each.body + 16], "big")
    for at in range(each.body + 16, min(each.body + 16 + count * row, each.end - row + 1), row):
        _move(whole, at + (8 if wide else 4), ">Q" if wide else ">I", behind, delta)


def _shift_items(whole: bytearray, data: bytes, iloc: Box, behind: int, delta: int) -> None:
    """Positions of items count from the beginning of the file, by way of a base that their pieces share."""
    version = data[iloc.body]
    sizes = int.from_bytes(data[iloc.body + 4 : iloc.body + 6], "big")
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in (1, 2) else 0
    wide = 4 if version == 2 else 2
    at = iloc.body + 6 + wide
    for _ in range(int.from_bytes(data[at - wide : at], "big")):
        if at + wide + 6 + base_size > iloc.end:
            raise UnsuitableFileError("the list of places of the file's items is cut short")
        at += wide
        method = int.from_bytes(data[at : at + 2], "big") & 15 if version in (1, 2) else 0
        at += 4 if version in (1, 2) else 2
        base_at, base = at, int.from_bytes(data[at : at + base_size], "big")
        at += base_size
        count = int.from_bytes(data[at : at + 2], "big")
        at += 2
        places = [at + index_size + number * (index_size + offset_size + length_size) for number in range(count)]
        at += count * (index_size + offset_size + length_size)
        if method != 0:
            continue
        positions = [base + int.from_bytes(data[place : place + offset_size], "big") for place in places]
        if all(position < behind for position in positions):
            continue
        if (base_size and base >= behind) or not offset_size:
            if any(position < behind for position in positions):
                raise UnsuitableFileError("the pieces of an item lie on both sides of the label")
            _add(whole, base_at, base_size, delta)
            continue
        for place, position in zip(places, positions, strict=True):
            if position >= behind:
                _add(whole, place, offset_size, delta)


def _shift_index(whole: bytearray, data: bytes, sidx: Box, behind: int, delta: int) -> None:
    """A segment index counts from its own end to the first segment."""
    width = 8 if data[sidx.body] else 4
    at = sidx.body + (20 if data[sidx.body] else 16)
    if sidx.end <= behind <= sidx.end + int.from_bytes(data[at : at + width], "big"):
        _add(whole, at, width, delta)


def _add(whole: bytearray, at: int, size: int, delta: int) -> None:
    value = int.from_bytes(whole[at : at + size], "big") + delta
    if not 0 <= value < 1 << 8 * size:
        raise UnsuitableFileError("a position in the file would no longer fit into its field")
    whole[at : at + size] = value.to_bytes(size, "big")


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
        present = next((each for each in metadata_items(data, parts, found) if each[0] == b"mime"), None)
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
    if last.start > meta.start and data[last.start : last.start + 4] == b"\0\0\0\0":
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
