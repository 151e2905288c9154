"""Still pictures in HEVC (HEIC): the primary item, coded whole or as a grid of tiles.

The `media` extra opens no such file as a picture, but decodes HEVC in films. So the boxes are walked here (ISO/IEC
14496-12: ``meta``, ``pitm``, ``iinf``, ``iloc``, ``idat``, ``iref``; ISO/IEC 23008-12: ``iprp``, ``ipco``, ``ipma``,
``ispe``, ``grid``, ``irot``, ``imir``; ``clap``), sizes are checked, and the decoder is given one coded picture at a
time, never the file.

Thumbnails, alpha and other auxiliary pictures are ignored. Only the properties of the picture give its orientation: an
orientation in EXIF does not count in these files. What is damaged inside a coded picture looks as it does in a viewer:
the decoder does not always report it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import av
from PIL import Image

from ..containers.media.bmff import Box, Extent, boxes, item_locations, item_types, primary_item
from ..findings import Findings

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_TRANSFORMS = (b"clap", b"irot", b"imir")
#: A property that is marked essential and not among these changes the picture in a way that is not known here.
_UNDERSTOOD = (*_TRANSFORMS, b"hvcC", b"ispe", b"pixi", b"colr", b"pasp")
#: A coded picture may be so much wider and higher than what is shown of it: the largest block of HEVC.
_BLOCK = 64


def load_heic(data: bytes, found: Findings) -> Picture:
    """The primary picture in RGB, upright.

    Raises ValueError, in words, beyond the limit on pixels, for what is broken and for what is not understood.
    """
    try:
        return _Items.of(data, found).primary()
    except (LookupError, ArithmeticError, struct.error) as error:
        raise ValueError("its boxes are broken") from error


class _Property(NamedTuple):
    kind: bytes
    essential: bool
    content: bytes


@dataclass(frozen=True, slots=True)
class _Items:
    """The items of one file, by id; ``tiles`` are those that a derived item is made from (``dimg``), in order."""

    data: bytes
    found: Findings
    primary_id: int
    types: dict[int, tuple[bytes, bytes]]
    extents: dict[int, list[Extent]]
    properties: dict[int, list[_Property]]
    tiles: dict[int, list[int]]
    idat: Box | None

    @classmethod
    def of(cls, data: bytes, found: Findings) -> _Items:
        top: dict[bytes, Box] = {}
        for box in boxes(data, 0, len(data), found):
            top.setdefault(box.kind, box)
        if b"mini" in top:
            raise ValueError("pictures with minimized metadata (mini) are not decoded")
        meta = top.get(b"meta")
        parts = {box.kind: box for box in boxes(data, meta.body + 4, meta.end, found)} if meta else {}
        absent = [kind.decode() for kind in (b"pitm", b"iinf", b"iloc", b"iprp") if kind not in parts]
        if absent:
            raise ValueError(f"it names no primary picture (without {', '.join(absent)})")
        return cls(
            data,
            found,
            primary_item(data, parts[b"pitm"]),
            item_types(data, parts[b"iinf"], found),
            item_locations(data, parts[b"iloc"], found),
            _properties(data, parts[b"iprp"], found),
            _references(data, parts[b"iref"], found) if b"iref" in parts else {},
            parts.get(b"idat"),
        )

    def primary(self) -> Picture:
        kind = self._kind(self.primary_id)
        if kind == b"grid":
            picture = self._grid(self.primary_id)
        elif kind == b"hvc1":
            picture = self._coded(self.primary_id)
        elif kind:
            raise ValueError(f"pictures of the kind {kind.decode('latin-1')!r} are not decoded here")
        else:
            raise ValueError("its primary picture is not among its items")
        for each in self._known(self.primary_id):
            picture = _transformed(picture, each)
        return picture

    def _kind(self, item: int) -> bytes:
        return self.types.get(item, (b"", b""))[0]

    def _known(self, item: int) -> list[_Property]:
        """The properties of an item. Raises ValueError where one that matters is not understood."""
        properties = self.properties.get(item, [])
        for each in properties:
            if each.essential and each.kind not in _UNDERSTOOD:
                raise ValueError(f"its property {each.kind.decode('latin-1')!r} is not understood")
        return properties

    def _property(self, item: int, kind: bytes) -> bytes:
        for each in self._known(item):
            if each.kind == kind:
                return each.content
        raise ValueError(f"an item has no property {kind.decode()}")

    def _size(self, item: int) -> tuple[int, int]:
        """(width, height) as the item's ``ispe`` says."""
        width, height = struct.unpack_from(">II", self._property(item, b"ispe"), 4)
        self._allow(width, height)
        return width, height

    def _allow(self, width: int, height: int) -> None:
        if not width or not height:
            raise ValueError("it has no pixels")
        if width * height > self.found.limits.pixels:
            raise ValueError(f"{width}x{height} are more than {self.found.limits.pixels:,} pixels")

    def _content(self, item: int) -> bytes:
        pieces = []
        for method, offset, length in self.extents.get(item, []):
            if method == 1 and self.idat is not None:
                start, end = self.idat.body + offset, self.idat.end
            elif method == 0:
                start, end = offset, len(self.data)
            else:
                raise ValueError("an item is kept in a way that is not understood")
            if not length or start + length > end:
                raise ValueError("an item is outside the file")
            pieces.append((start, start + length))
        if not pieces or sum(end - start for start, end in pieces) > len(self.data):
            raise ValueError("an item has no bytes, or more than the file")
        return b"".join(self.data[start:end] for start, end in pieces)

    def _coded(self, item: int) -> Picture:
        """One picture of the type ``hvc1``, as it was coded."""
        width, height = self._size(item)
        # A separate decoder for each tile: remains of one cannot appear in the next.
        decoder: Any = av.CodecContext.create("hevc", "r")
        decoder.extradata = self._property(item, b"hvcC")
        decoder.thread_count = 1
        # The first lets fewer slices that break off pass for a picture; the second bounds what the stream says of
        # itself.
        decoder.options = {"err_detect": "explode", "max_pixels": str((width + _BLOCK) * (height + _BLOCK))}
        try:
            frames = [*decoder.decode(av.Packet(self._content(item))), *decoder.decode(None)]
        # Report what is larger than allowed as a lack of memory.
        except av.error.FFmpegError as error:
            raise ValueError("the decoder of HEVC refuses it") from error
        if len(frames) != 1 or (frames[0].width, frames[0].height) != (width, height):
            seen = ", ".join(f"{frame.width}x{frame.height}" for frame in frames[:4]) or "nothing"
            raise ValueError(f"{seen} was decoded where {width}x{height} is announced")
        picture: Picture = frames[0].to_image()
        return picture

    def _grid(self, item: int) -> Picture:
        """A picture of the type ``grid``: tiles of one size, row by row, cut to its own size."""
        body = self._content(item)
        rows, columns = body[2] + 1, body[3] + 1
        width, height = struct.unpack_from(">II" if body[1] & 1 else ">HH", body, 4)
        self._allow(width, height)
        tiles = self.tiles.get(item, [])
        if len(tiles) != rows * columns:
            raise ValueError(f"its grid has {rows}x{columns} tiles, but {len(tiles)} are named")
        across, down = self._size(tiles[0])
        self._allow(across * columns, down * rows)
        if across * columns < width or down * rows < height:
            raise ValueError(f"{rows}x{columns} tiles of {across}x{down} do not fill {width}x{height}")
        whole = Image.new("RGB", (width, height))
        for number, tile in enumerate(tiles):
            self.found.step()
            is_plain = self._kind(tile) == b"hvc1" and not any(each.kind in _TRANSFORMS for each in self._known(tile))
            if not is_plain or self._size(tile) != (across, down):
                raise ValueError("its grid has tiles that are not alike, not in HEVC, or turned")
            whole.paste(self._coded(tile), (number % columns * across, number // columns * down))
        return whole


def _properties(data: bytes, iprp: Box, found: Findings) -> dict[int, list[_Property]]:
    """item id -> its properties, in the order in which they apply."""
    parts = list(boxes(data, iprp.body, iprp.end, found))
    known = []
    for box in (each for part in parts if part.kind == b"ipco" for each in boxes(data, part.body, part.end, found)):
        if box.end - box.body > found.limits.value_bytes:
            raise ValueError(f"a property has {box.end - box.body:,} bytes")
        known.append((box.kind, data[box.body : box.end]))
    associated: dict[int, list[_Property]] = {}
    for part in parts:
        if part.kind != b"ipma":
            continue
        id_form = ">I" if data[part.body] else ">H"
        index_form, index_bits = (">H", 15) if data[part.body + 3] & 1 else (">B", 7)
        (count,) = struct.unpack_from(">I", data, part.body + 4)
        position = part.body + 8
        for _ in range(count):
            (item,) = struct.unpack_from(id_form, data, position)
            position += struct.calcsize(id_form)
            for _ in range(data[position]):
                found.step()
                (index,) = struct.unpack_from(index_form, data, position + 1)
                position += struct.calcsize(index_form)
                number = index & ((1 << index_bits) - 1)
                if number:
                    kind, content = known[number - 1]
                    associated.setdefault(item, []).append(_Property(kind, bool(index >> index_bits), content))
            position += 1
            found.step()
    return associated


def _references(data: bytes, iref: Box, found: Findings) -> dict[int, list[int]]:
    """id of a derived item -> the items it is made from (``dimg``)."""
    size = 4 if data[iref.body] else 2
    form = "I" if data[iref.body] else "H"
    made: dict[int, list[int]] = {}
    for box in boxes(data, iref.body + 4, iref.end, found):
        if box.kind == b"dimg":
            item, count = struct.unpack_from(f">{form}H", data, box.body)
            found.step(count)
            made[item] = list(struct.unpack_from(f">{count}{form}", data, box.body + size + 2))
    return made


def _transformed(picture: Picture, each: _Property) -> Picture:
    """``picture`` turned, mirrored or cut as one of its properties says."""
    if each.kind == b"irot":
        turns = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
        turn = turns[each.content[0] & 3]
        return picture if turn is None else picture.transpose(turn)
    if each.kind == b"imir":
        # As the edition of 2022 says; that of 2017 could be read the other way round.
        sides = each.content[0] & 1
        return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT if sides else Image.Transpose.FLIP_TOP_BOTTOM)
    if each.kind == b"clap":
        numbers = struct.unpack_from(">IIIIiIiI", each.content)
        width, height, right, down = (Fraction(numbers[i], numbers[i + 1]) for i in range(0, 8, 2))
        left, top = int((picture.width - width) / 2 + right), int((picture.height - height) / 2 + down)
        box = (left, top, left + int(width), top + int(height))
        if not (0 <= box[0] < box[2] <= picture.width and 0 <= box[1] < box[3] <= picture.height):
            raise ValueError("its clean aperture is outside the image")
        return picture.crop(box)
    return picture
