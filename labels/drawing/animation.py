"""Drawing the visible label on every frame of an animation: GIF, PNG and WebP."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from ..containers.media import riff
from ..containers.pictures import gif as gif_file
from ..containers.pictures import png as png_file
from ..containers.table import Container
from ..findings import Findings, UnsuitableFileError
from ..model import Limits
from .decoding import drawn_upright, open_picture, orientation_of
from .glyphs import draw_label, in_mode, plate

_FRAME_CHUNKS = {b"acTL", b"fcTL", b"fdAT", b"IDAT", b"IHDR", b"PLTE", b"tRNS", b"bKGD", b"hIST", b"sBIT", b"sPLT"}


def animation_frames(image: Any) -> Iterator[tuple[Any, float]]:
    """(frame as it is shown, how many milliseconds) of a picture that Pillow opened."""
    for number in range(getattr(image, "n_frames", 1)):
        try:
            image.seek(number)
            image.load()
        # Pillow raises whatever a broken file leads it to.
        except Exception as error:
            raise UnsuitableFileError(f"frame {number + 1} of the picture cannot be decoded") from error
        yield image.copy(), float(image.info.get("duration") or 0)


def png(data: bytes, image: Any, found: Findings) -> bytes:
    """An animated PNG with the label on every frame, without loss."""
    orientation, loop = orientation_of(image), int(image.info.get("loop", 0))
    if data[24] == 16:
        raise UnsuitableFileError("the animation has 16 bits a channel, which would be lost")
    apart = bool(image.info.get("default_image"))
    shown = [(frame.convert("RGBA"), length) for frame, length in animation_frames(image)]
    drawn = [drawn_upright(frame, orientation, draw_label) for frame, _ in shown]
    lengths = [length for _, length in shown]
    stream = io.BytesIO()
    drawn[0].save(
        stream,
        "PNG",
        save_all=True,
        append_images=drawn[1:],
        duration=lengths[1:] if apart else lengths,
        loop=loop,
        default_image=apart,
        disposal=0,
        blend=0,
    )
    painted = stream.getvalue()
    made = [(kind, painted[a:b]) for kind, a, b in png_file.chunks(painted, found) if kind in _FRAME_CHUNKS]
    others = [(kind, data[a:b]) for kind, a, b in png_file.chunks(data, found) if kind not in _FRAME_CHUNKS]
    new = [made[0], *(each for each in others if each[0] != b"IEND"), *made[1:], (b"IEND", b"")]
    return png_file.SIGNATURE + b"".join(png_file.chunk(*each) for each in new)


def webp(data: bytes, image: Any) -> bytes:
    """An animated WebP with the label on every frame; without loss where the frames were."""
    orientation = orientation_of(image)
    shown = list(animation_frames(image))
    drawn = [drawn_upright(frame, orientation, draw_label) for frame, _ in shown]
    stream = io.BytesIO()
    options: dict[str, Any] = {"lossless": True, "exact": True} if b"VP8L" in data else {"quality": 95}
    drawn[0].save(
        stream,
        "WEBP",
        save_all=True,
        append_images=drawn[1:],
        duration=[int(length) for _, length in shown],
        loop=int(image.info.get("loop", 0)),
        background=image.info.get("background", (0, 0, 0, 0)),
        **options,
    )
    painted, whole = stream.getvalue(), Findings(Limits(parts=1 << 20))
    new = [(name, painted[a:b]) for name, a, b, _ in riff.riff_chunks(painted, 12, len(painted), whole)]
    old = [(name, data[a:b]) for name, a, b, _ in riff.riff_chunks(data, 12, len(data), whole)]
    others = [each for each in old if each[0] not in (b"VP8X", b"ANIM", b"ANMF")]
    flags = bytes((old[0][1][0] & 0x2C | new[0][1][0] & 0x12,))
    before = [each for each in others if each[0] == b"ICCP"]
    behind = [each for each in others if each[0] != b"ICCP"]
    parts = [(b"VP8X", flags + new[0][1][1:]), *before, *new[1:], *behind]
    body = b"WEBP" + b"".join(riff.riff_chunk(*each) for each in parts)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def gif(_kind: Container, data: bytes, found: Findings) -> bytes:
    """A GIF with the label on every frame. Colours stay where a frame has at most 250; others are chosen anew."""
    image = open_picture("GIF", data, found)
    comments = [data[a:b] for label, a, _, b in gif_file.blocks(data, found) if label in (0xFE, 0xFF)]
    kept = [block for block in comments if not block[3:].startswith(b"NETSCAPE2.0")]
    shown = list(animation_frames(image))
    drawn = [_on_palette(frame) for frame, _ in shown]
    stream = io.BytesIO()
    options: dict[str, Any] = {"save_all": True, "append_images": drawn[1:], "disposal": 2} if len(drawn) > 1 else {}
    if "loop" in image.info:
        options["loop"] = image.info["loop"]
    if any(length for _, length in shown):
        options["duration"] = [int(length) for _, length in shown]
    drawn[0].save(stream, "GIF", optimize=False, **options)
    painted = stream.getvalue()
    at = gif_file.end_of_header(painted)
    return b"GIF89a" + painted[6:at] + b"".join(kept) + painted[at:]


def _on_palette(frame: Any) -> Any:
    """The frame with the label in two colours, so that few are needed; transparency stays."""
    full = frame.convert("RGBA")
    corner, ground = plate(full.size)
    full.paste(in_mode(ground.point(lambda level: 255 if level > 128 else 24), "RGBA"), corner)
    if full.getextrema()[3][0] == 255:
        return full.convert("RGB").quantize(256, dither=0)
    return full
