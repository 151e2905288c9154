"""Drawing the visible label into a picture, with everything else of the file kept as it was."""

from __future__ import annotations

import io
from typing import Any

from ..containers import jpeg as jpeg_file
from ..containers import png as png_file
from ..containers.table import Container
from ..findings import Findings, UnsuitableFileError
from . import glyphs

#: Chunks that describe a palette or its colours; they fall when a palette picture has to become a
#: true-colour one.
_OF_THE_PALETTE = {b"PLTE", b"tRNS", b"bKGD", b"hIST", b"sBIT", b"sPLT"}


def _opened(form: str, data: bytes, found: Findings) -> Any:
    """The picture, decoded by Pillow as one of the format ``form``. Raises ValueError where it cannot be drawn on."""
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(data), formats=[form])
        if image.width * image.height > found.limits.pixels:
            raise UnsuitableFileError(
                f"{image.width}x{image.height} pixels are more than the {found.limits.pixels:,} allowed"
            )
        if getattr(image, "n_frames", 1) > 1:
            raise UnsuitableFileError("the picture is animated; only still pictures are drawn on")
        image.load()
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnsuitableFileError(f"the picture cannot be decoded ({error})") from error
    return image


def png(_kind: Container, data: bytes, found: Findings) -> bytes:
    """PNG stays lossless, and only the corner's pixels change."""
    image = _opened("PNG", data, found)
    mode = image.mode
    if mode not in ("L", "LA", "RGB", "RGBA"):
        if mode.startswith("I"):
            raise UnsuitableFileError("pictures with 16 bits a channel would lose depth")
        transparent = mode in ("P", "1") and "transparency" in image.info
        image = image.convert("RGBA" if transparent else "L" if mode == "1" else "RGB")
    stream = io.BytesIO()
    glyphs.draw_label(image).save(stream, "PNG")
    painted = stream.getvalue()
    pixels = [(kind, painted[a:b]) for kind, a, b in png_file.chunks(painted, found) if kind in (b"IHDR", b"IDAT")]
    new = [png_file.chunk(*pixels[0])]
    drawn = False
    for kind, start, end in png_file.chunks(data, found):
        if kind == b"IHDR" or (kind in _OF_THE_PALETTE and image.mode != mode):
            continue
        if kind == b"IDAT":
            if not drawn:
                new += [png_file.chunk(*each) for each in pixels[1:]]
                drawn = True
            continue
        if kind in (b"acTL", b"fcTL", b"fdAT"):
            continue
        new.append(png_file.chunk(kind, data[start:end]))
    return png_file.SIGNATURE + b"".join(new)


def jpeg(_kind: Container, data: bytes, found: Findings) -> bytes:
    """JPEG has to be encoded again, and keeps its quantisation tables."""
    image = _opened("JPEG", data, found)
    if image.mode not in ("L", "RGB"):
        raise UnsuitableFileError(f"JPEG pictures in {image.mode} are not drawn on; convert them to RGB first")
    stream = io.BytesIO()
    options: dict[str, Any] = {"qtables": image.quantization}
    if image.mode == "RGB":
        from PIL import JpegImagePlugin

        options["subsampling"] = max(JpegImagePlugin.get_sampling(image), 0)
    glyphs.draw_label(image).save(stream, "JPEG", **options)
    painted = stream.getvalue()
    kept = b"".join(
        jpeg_file.segment(m, data[a:b]) for m, a, b in jpeg_file.segments(data, found) if jpeg_file.is_metadata(m)
    )
    picture = b"".join(
        jpeg_file.segment(m, painted[a:b])
        for m, a, b in jpeg_file.segments(painted, found)
        if not jpeg_file.is_metadata(m)
    )
    scan = max((b for _, _, b in jpeg_file.segments(painted, found)), default=2)
    return painted[:2] + kept + picture + painted[scan:]


def webp(_kind: Container, data: bytes, found: Findings) -> bytes:
    """WebP has to be encoded again."""
    image = _opened("WEBP", data, found)
    info = image.info
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA")
    stream = io.BytesIO()
    extras = {key: info[key] for key in ("exif", "xmp", "icc_profile") if info.get(key)}
    glyphs.draw_label(image).save(stream, "WEBP", quality=95, **extras)
    return stream.getvalue()
