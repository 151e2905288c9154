"""Files of :class:`~tests.strangers.dunlin.Dunlin`: drawing, and the AIGC field in PNG, JPEG and WebP."""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
import struct
import zlib
from functools import lru_cache
from html import unescape
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw

from ..labels import lettering

FACE = lettering.FACES[0] if lettering.FACES else ""
SIZES = {"square": (512, 512), "wide": (768, 432), "tall": (432, 768), "small": (300, 300)}
MEDIA = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
EXT = {mime: ext for ext, mime in MEDIA.items()}
Colour = tuple[int, int, int]


def _uscc(body17: str) -> str:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(body17))
    return body17 + alphabet[(31 - total % 31) % 31]


PRODUCER = "0011" + _uscc("91110105MA00DUN8L") + "1DL01"


def fields(produce_id: str, *, signed: bool = False) -> dict[str, Any]:
    seal = hashlib.sha256(f"dunlin|{produce_id}".encode()).hexdigest()[:32] if signed else ""
    return {
        "Label": "1",
        "ContentProducer": PRODUCER,
        "ProduceID": produce_id,
        "ReservedCode1": seal,
        "ContentPropagator": PRODUCER,
        "PropagateID": produce_id,
        "ReservedCode2": "",
    }


def _colour(rng: random.Random, low: int, high: int) -> Colour:
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


@lru_cache(maxsize=64)
def scene(seed: str, person: bool, size: tuple[int, int]) -> Image.Image:
    """A drawing: a landscape, or a person before one."""
    rng = random.Random(seed)
    width, height = size
    top, low = _colour(rng, 120, 220), _colour(rng, 60, 160)
    ramp = Image.linear_gradient("L").resize(size)
    picture = Image.composite(Image.new("RGB", size, low), Image.new("RGB", size, top), ramp)
    draw = ImageDraw.Draw(picture)
    for _ in range(4):
        x, y, r = rng.randint(0, width), rng.randint(height // 2, height), rng.randint(height // 8, height // 3)
        draw.ellipse((x - r, y - r // 3, x + r, y + r), fill=_colour(rng, 50, 200))
    if person:
        cx, cy, r = width // 2, int(height * 0.4), min(size) // 6
        draw.ellipse((cx - 2 * r, cy + r, cx + 2 * r, cy + 5 * r), fill=_colour(rng, 40, 180))
        draw.ellipse((cx - r, cy - int(1.3 * r), cx + r, cy + int(1.3 * r)), fill=(222, 184, 150))
        for dx in (-1, 1):
            eye = cx + dx * r // 2
            draw.ellipse((eye - r // 9, cy - r // 4, eye + r // 9, cy), fill=(40, 30, 30))
        draw.arc((cx - r // 2, cy, cx + r // 2, cy + r), 20, 160, fill=(150, 60, 60), width=max(2, r // 12))
    return picture


def mark(
    picture: Image.Image,
    words: str = "AI生成",
    corner: str = "br",
    share: float = 0.09,
    place: str = "corner",
    faint: bool = False,
) -> Image.Image:
    """The picture with words on a plate in a corner; ``share`` is their size as a part of the shortest side."""
    picture = picture.copy()
    shortest = min(picture.size)
    ink, pad = lettering.ink_of(words, FACE, max(6, round(shortest * share))), max(2, round(shortest * 0.018))
    width, height = ink.width + 2 * pad, ink.height + 2 * pad
    x = picture.width - width - pad if corner == "br" else pad
    y = picture.height - height - pad if corner == "br" else pad
    if place == "middle":
        x, y = (picture.width - width) // 2, (picture.height - height) // 2
    plate: Any = (24, 24, 28)
    letters: tuple[int, ...] = (255, 255, 255)
    if faint:
        at = min(x + width // 2, picture.width - 1), min(y + height // 2, picture.height - 1)
        plate = picture.getpixel(at)
        letters = tuple(min(255, each + 5) for each in plate)
    ImageDraw.Draw(picture).rectangle((x, y, x + width, y + height), fill=plate)
    picture.paste(letters, (x + pad, y + pad), ink)
    return picture


def _xmp(value: str) -> bytes:
    escaped = escape(value, {'"': "&quot;"})
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"><TC260:AIGC>{escaped}</TC260:AIGC>'
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _exif_comment(payload: bytes) -> bytes:
    """TIFF with an Exif directory that holds UserComment (0x9286, undefined)."""
    comment = b"ASCII\0\0\0" + payload
    first = struct.pack("<HHHII", 1, 0x8769, 4, 1, 26) + struct.pack("<I", 0)
    below = struct.pack("<HHHII", 1, 0x9286, 7, len(comment), 44) + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8) + first + below + comment


def _wrapped(value: str) -> bytes:
    return json.dumps({"AIGC": json.loads(value)}).encode()


def encode(picture: Image.Image, ext: str, values: list[str], *, annex_b: bool = False) -> bytes:
    """The file with each of ``values``, the JSON of a field, in its metadata: XMP, or the carriers of Annex B."""
    out, extra = io.BytesIO(), b""
    if ext == "png":
        picture.save(out, "PNG", compress_level=3)
        data = out.getvalue()
        for value in values:
            if annex_b:
                extra += _chunk(b"tEXt", b"AIGC\0" + _wrapped(value))
            else:
                extra += _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _xmp(value))
        return data[:33] + extra + data[33:]
    if ext == "jpg":
        picture.save(out, "JPEG", quality=92)
        data = out.getvalue()
        for value in values:
            head = b"Exif\0\0" + _exif_comment(_wrapped(value)) if annex_b else b""
            body = head or b"http://ns.adobe.com/xap/1.0/\0" + _xmp(value)
            extra += b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
        at = 2 + (2 + struct.unpack(">H", data[4:6])[0] if data[2:4] == b"\xff\xe0" else 0)
        return data[:at] + extra + data[at:]
    packet = {"xmp": _xmp(values[0])} if values else {}
    picture.save(out, "WEBP", quality=92, method=2, **packet)
    return out.getvalue()


def decode(data: bytes) -> tuple[Image.Image, str] | None:
    try:
        picture = Image.open(io.BytesIO(data))
        kind = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}.get(picture.format or "")
        if kind is None or picture.width * picture.height > 20_000_000:
            return None
        return picture.convert("RGB"), kind
    except Exception:
        return None


def own_values(data: bytes) -> list[str]:
    """Fields in the XMP of a file, as text."""
    found = re.findall(rb"<TC260:AIGC>(.*?)</TC260:AIGC>", data, re.S)
    return [unescape(each.decode("utf-8", "replace")) for each in found]
