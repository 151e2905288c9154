"""Drawing the visible label on every frame of an animation: GIF, PNG and WebP."""

from __future__ import annotations

import io
import struct
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
    """An animated PNG with the label on every frame, without loss. Each frame is stored whole and shown as long."""
    orientation = orientation_of(image)
    if data[24] == 16:
        raise UnsuitableFileError("the animation has 16 bits per channel, which would be lost")
    old = [(kind, data[a:b]) for kind, a, b in png_file.chunks(data, found)]
    lengths = [payload[20:24] for kind, payload in old if kind == b"fcTL"]
    # A picture in front that is no frame is for readers without animation.
    kinds = [kind for kind, _ in old]
    apart = b"fcTL" not in kinds[: kinds.index(b"IDAT")]
    encoded = [
        _encoded(drawn_upright(frame.convert("RGBA"), orientation, draw_label)) for frame, _ in animation_frames(image)
    ]
    if len(encoded) != len(lengths) + apart:
        raise UnsuitableFileError("the animation does not have the number of frames that it states")
    header, in_front = encoded[0]
    new = [header, *(each for each in old if each[0] not in _FRAME_CHUNKS and each[0] != b"IEND")]
    new += [each for each in old if each[0] == b"acTL"]
    if apart:
        new.append((b"IDAT", in_front))
    number = 0
    for length, (_, pixels) in zip(lengths, encoded[apart:], strict=True):
        is_first = number == 0 and not apart
        new.append((b"fcTL", struct.pack(">I", number) + header[1][:8] + bytes(8) + length + bytes(2)))
        new.append((b"IDAT", pixels) if is_first else (b"fdAT", struct.pack(">I", number + 1) + pixels))
        number += 1 if is_first else 2
    new.append((b"IEND", b""))
    return png_file.SIGNATURE + b"".join(png_file.chunk(*each) for each in new)


def _encoded(frame: Any) -> tuple[tuple[bytes, bytes], bytes]:
    """(header chunk, coded pixels) of one picture."""
    stream = io.BytesIO()
    frame.save(stream, "PNG")
    painted = stream.getvalue()
    made = [(kind, painted[a:b]) for kind, a, b in png_file.chunks(painted, Findings(Limits(parts=1 << 20)))]
    return made[0], b"".join(payload for kind, payload in made if kind == b"IDAT")


def webp(data: bytes, image: Any) -> bytes:
    """An animated WebP with the label on every frame; without loss where the frames were."""
    orientation = orientation_of(image)
    frames = list(animation_frames(image))
    drawn = [drawn_upright(frame, orientation, draw_label) for frame, _ in frames]
    stream = io.BytesIO()
    options: dict[str, Any] = {"lossless": True, "exact": True} if b"VP8L" in data else {"quality": 95}
    drawn[0].save(
        stream,
        "WEBP",
        save_all=True,
        append_images=drawn[1:],
        duration=[int(length) for _, length in frames],
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
    """A GIF with the label on every frame. Colours stay where a frame has at most 250; others are chosen again."""
    image = open_picture("GIF", data, found)
    comments = [data[a:b] for label, a, _, b in gif_file.blocks(data, found) if label in (0xFE, 0xFF)]
    kept = [block for block in comments if not block[3:].startswith(b"NETSCAPE2.0")]
    frames = list(animation_frames(image))
    drawn = [_on_palette(frame) for frame, _ in frames]
    stream = io.BytesIO()
    options: dict[str, Any] = {"save_all": True, "append_images": drawn[1:], "disposal": 2} if len(drawn) > 1 else {}
    if "loop" in image.info:
        options["loop"] = image.info["loop"]
    if any(length for _, length in frames):
        options["duration"] = [int(length) for _, length in frames]
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
