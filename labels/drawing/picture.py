"""Drawing the visible label into a picture, with everything else of the file kept as it was."""

from __future__ import annotations

import io
import re
import struct
from typing import Any

from ..containers.media import bmff, riff
from ..containers.pictures import jpeg as jpeg_file
from ..containers.pictures import png as png_file
from ..containers.table import Container
from ..findings import Findings, UnsuitableFileError
from . import animation
from .decoding import drawn_upright, open_picture, orientation_of
from .glyphs import draw_label

#: Chunks that describe a palette or its colours; they fall when the picture no longer has one.
_OF_THE_PALETTE = {b"PLTE", b"tRNS", b"bKGD", b"hIST", b"sBIT", b"sPLT"}


def _drawn(image: Any) -> Any:
    return drawn_upright(image, orientation_of(image), draw_label)


def png(_kind: Container, data: bytes, found: Findings) -> bytes:
    """PNG stays lossless, with its depth and transparency; only the corner's pixels change."""
    image = open_picture("PNG", data, found)
    if getattr(image, "n_frames", 1) > 1:
        return animation.png(data, image, found)
    if data[24] == 16:
        # Needs numpy, which a picture of eight bits does without.
        from . import deep

        return deep.png(data, image, found)
    mode, orientation = image.mode, orientation_of(image)
    transparent = "transparency" in image.info
    if mode not in ("LA", "RGBA"):
        grey = mode in ("1", "L")
        image = image.convert(("LA" if grey else "RGBA") if transparent else "L" if grey else "RGB")
    stream = io.BytesIO()
    drawn_upright(image, orientation, draw_label).save(stream, "PNG")
    painted = stream.getvalue()
    pixels = [(kind, painted[a:b]) for kind, a, b in png_file.chunks(painted, found) if kind in (b"IHDR", b"IDAT")]
    new = [png_file.chunk(*pixels[0])]
    drawn = False
    for kind, start, end in png_file.chunks(data, found):
        if kind == b"IHDR" or (kind in _OF_THE_PALETTE and (image.mode != mode or transparent)):
            continue
        if kind == b"IDAT":
            if not drawn:
                new += [png_file.chunk(*each) for each in pixels[1:]]
                drawn = True
            continue
        new.append(png_file.chunk(kind, data[start:end]))
    return png_file.SIGNATURE + b"".join(new) + data[png_file.end_of_chunks(data, found) :]


def jpeg(_kind: Container, data: bytes, found: Findings) -> bytes:
    """JPEG has to be encoded again, and keeps its quantisation tables, its colours and the data behind it."""
    image = open_picture("JPEG", data, found)
    if image.mode not in ("L", "RGB", "CMYK"):
        raise UnsuitableFileError(f"no label can be drawn on JPEG pictures in {image.mode}; convert them to RGB first")
    stream = io.BytesIO()
    options: dict[str, Any] = {"qtables": image.quantization, "progressive": bool(image.info.get("progressive"))}
    if image.mode == "RGB":
        from PIL import JpegImagePlugin

        options["subsampling"] = max(JpegImagePlugin.get_sampling(image), 0)
    _drawn(image).save(stream, "JPEG", **options)
    painted = stream.getvalue()
    kept = [(m, data[a:b]) for m, a, b in jpeg_file.segments(data, found) if _stays(m, data[a : a + 5])]
    drawn = [(m, painted[a:b]) for m, a, b in jpeg_file.segments(painted, found) if not _stays(m, painted[a : a + 5])]
    scan = max((b for _, _, b in jpeg_file.segments(painted, found)), default=2)
    behind = data[jpeg_file.end_of_picture(data) :]
    whole = painted[:2] + b"".join(jpeg_file.segment(*each) for each in kept + drawn) + painted[scan:] + behind
    return jpeg_file.with_index_put_right(data, whole, found)


def _stays(marker: int, begins: bytes) -> bool:
    """Whether a segment is metadata. Adobe's is not: it states how the encoder coded the colours."""
    return jpeg_file.is_metadata(marker) and not (marker == 0xEE and begins == b"Adobe")


_OF_THE_PICTURE = (b"VP8 ", b"VP8L", b"ALPH")


def webp(_kind: Container, data: bytes, found: Findings) -> bytes:
    """WebP has to be encoded again, without loss where it was; its other chunks stay."""
    image = open_picture("WEBP", data, found)
    if getattr(image, "n_frames", 1) > 1:
        return animation.webp(data, image)
    parts = [(name, data[body:stop]) for name, body, stop, _ in riff.riff_chunks(data, 12, len(data), found)]
    lossless = any(name == b"VP8L" for name, _ in parts)
    orientation = orientation_of(image)
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA")
    stream = io.BytesIO()
    options: dict[str, Any] = {"lossless": True, "exact": True} if lossless else {"quality": 95}
    drawn_upright(image, orientation, draw_label).save(stream, "WEBP", **options)
    painted = stream.getvalue()
    new = [(name, painted[body:stop]) for name, body, stop, _ in riff.riff_chunks(painted, 12, len(painted), found)]
    if parts[0][0] != b"VP8X":
        others = b"".join(riff.riff_chunk(*each) for each in parts if each[0] not in _OF_THE_PICTURE)
        body = painted[8:] + others
        return b"RIFF" + struct.pack("<I", len(body)) + body
    alpha = image.mode == "RGBA"
    flags = bytes((parts[0][1][0] & ~0x10 | 0x10 * alpha,))
    whole = [(b"VP8X", flags + parts[0][1][1:])]
    drawn = False
    for name, payload in parts[1:]:
        if name not in _OF_THE_PICTURE:
            whole.append((name, payload))
        elif not drawn:
            whole += [each for each in new if each[0] in _OF_THE_PICTURE]
            drawn = True
    body = b"WEBP" + b"".join(riff.riff_chunk(*each) for each in whole)
    return b"RIFF" + struct.pack("<I", len(body)) + body


_ALPHA = {b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"}
#: Items that are encoded again: pictures, whole or in tiles, and metadata.
_ITEMS = {b"av01", b"grid", b"Exif", b"mime"}


def avif(_kind: Container, data: bytes, found: Findings) -> bytes:
    """AVIF has to be encoded again, with its EXIF, XMP and colour profile."""
    _refuse_what_would_be_lost(data, found)
    image = open_picture("AVIF", data, found)
    frames = list(animation.animation_frames(image))
    drawn = [drawn_upright(frame, orientation_of(image), draw_label) for frame, _ in frames]
    extras = {key: image.info[key] for key in ("exif", "xmp", "icc_profile") if image.info.get(key)}
    if len(drawn) > 1:
        extras |= {"save_all": True, "append_images": drawn[1:], "duration": [round(length) for _, length in frames]}
    stream = io.BytesIO()
    drawn[0].save(stream, "AVIF", quality=90, **extras)
    return stream.getvalue()


def _refuse_what_would_be_lost(data: bytes, found: Findings) -> None:
    """Raises UnsuitableFileError for an AVIF that holds more than pictures of 8 bits, opacity and metadata."""
    at = data.find(b"av1C")
    if at >= 0 and data[at + 6 : at + 7] and data[at + 6] & 0x40:
        raise UnsuitableFileError("the picture has more than 8 bits per channel, which would be lost")
    if re.search(rb"hdlr.{8}soun", data, re.DOTALL):
        raise UnsuitableFileError("the picture has sound, which would be lost")
    for each in bmff.boxes(data, 0, len(data), found):
        if each.kind != b"meta":
            continue
        for part in bmff.boxes(data, bmff.inner_start(data, each), each.end, found):
            if part.kind == b"iinf":
                kinds = {kind for kind, _ in bmff.item_types(data, part, found).values()}
                if b"tmap" in kinds:
                    raise UnsuitableFileError("the picture has a gain map (HDR), which would be lost")
                if kinds - _ITEMS:
                    raise UnsuitableFileError("the picture is composed of other pictures, which would be lost")
    if set(re.findall(rb"auxC\0{4}(urn:[^\0]+)\0", data)) - _ALPHA:
        raise UnsuitableFileError("the picture has further pictures, such as one of depth, which would be lost")


def bmp(_kind: Container, data: bytes, found: Findings) -> bytes:
    """BMP holds pixels only."""
    image = open_picture("BMP", data, found)
    image = image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGB")
    stream = io.BytesIO()
    draw_label(image).save(stream, "BMP")
    return stream.getvalue()
