"""Files of :class:`~tests.strangers.lanting.Lanting`: drawing, sound, and the AIGC field in PNG, JPEG, WebP, WAV and text."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import struct
import wave
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from shenhe.labels import read_labels, write_label

from ..labels import lettering

FACE = lettering.FACES[0] if lettering.FACES else ""
Sound = npt.NDArray[Any]
RATE = 16000
KEYS = ("Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2")


def uscc(body17: str) -> str:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(body17))
    return body17 + alphabet[(31 - total % 31) % 31]


FIRM = uscc("91110108MA01LT7X2")
MAKER = "0011" + FIRM + "1" + "LT01"  # service type 1: generation
CARRIER = "0011" + FIRM + "2" + "GC01"  # service type 2: propagation


def _random(seed: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big"))


def picture(seed: str, size: tuple[int, int]) -> Image.Image:
    random, (width, height) = _random(seed), size
    above, below = random.integers(60, 190, 3), random.integers(60, 190, 3)
    ramp = np.linspace(0, 1, height)[:, None, None]
    ground = np.broadcast_to(above * (1 - ramp) + below * ramp, (height, width, 3))
    image = Image.fromarray(ground.astype("uint8"))
    pen = ImageDraw.Draw(image)
    x, y, r = width // 2, height // 2 - height // 12, min(width, height) // 5
    red, green, blue = (int(each) for each in random.integers(150, 230, 3))
    pen.ellipse((x - r, y - r, x + r, y + r), fill=(red, green, blue))
    pen.ellipse((x - r // 2, y - r // 4, x - r // 4, y), fill=(30, 30, 30))
    pen.ellipse((x + r // 4, y - r // 4, x + r // 2, y), fill=(30, 30, 30))
    return image


def with_face(data: bytes) -> Image.Image:
    """The picture of a file with another face in its middle."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    if min(image.size) < 200:
        factor = 200 / min(image.size)
        image = image.resize((round(image.width * factor), round(image.height * factor)))
    x, y, r = image.width // 2, image.height // 2, min(image.size) // 7
    ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=(214, 178, 150))
    return image


def stamp(image: Image.Image, words: str, share: float, *, centred: bool = False) -> Image.Image:
    """The picture with words in its lower left corner; ``share`` is their size as a part of the shortest side."""
    image = image.convert("RGB")
    size = max(6, round(min(image.size) * share))
    ink, pad = lettering.ink_of(words, FACE, size), max(2, size // 4)
    width, height = ink.width + 2 * pad, ink.height + 2 * pad
    left, upper = 0, image.height - height
    if centred:
        left, upper = (image.width - width) // 2, (image.height - height) // 2
    ImageDraw.Draw(image).rectangle((left, upper, left + width, upper + height), fill=(16, 16, 16))
    image.paste((250, 250, 250), (left + pad, upper + pad), ink)
    return image


def encode(image: Image.Image, mime: str) -> bytes:
    out = io.BytesIO()
    kind = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}[mime]
    options: dict[str, Any] = {} if kind == "PNG" else {"quality": 92}
    image.convert("RGB").save(out, kind, **options)
    return out.getvalue()


def speech(seed: str, seconds: float) -> Sound:
    """Something like a voice: a buzz of 110 to 180 Hz in syllables, never a steady tone of one length."""
    random = _random(seed)
    at = np.arange(int(RATE * seconds)) / RATE
    pitch = 140 + 25 * np.sin(2 * np.pi * 0.7 * at + random.random() * 6)
    phase = np.cumsum(2 * np.pi * pitch / RATE)
    sound = sum(np.sin(k * phase) / k for k in range(1, 9))
    level = np.clip(np.interp(at, np.linspace(0, seconds, 25), random.random(25) * 0.8 + 0.1), 0, 1)
    return (sound / 3 * level + random.normal(0, 0.01, at.size)) * 0.35


def rhythm(pattern: str) -> Sound:
    """Short and long beeps, after a pause and before one."""
    unit = 0.12

    def silence(units: float) -> Sound:
        return np.zeros(int(RATE * unit * units))

    def beep(units: int) -> Sound:
        at = np.arange(int(RATE * unit * units)) / RATE
        edge = np.minimum(1, np.minimum(at, at[::-1]) / 0.005)
        return np.sin(2 * np.pi * 880 * at) * 0.4 * edge

    parts = [silence(3.4)]
    for sign in pattern:
        parts += [silence(2)] if sign == " " else [beep(1 if sign == "." else 3), silence(1)]
    return np.concatenate([*parts, silence(3)])


def cloned(data: bytes) -> Sound:
    """The sound of a WAV a little faster, and higher by that."""
    sound, rate = unwav(data)
    faster = np.interp(np.arange(0, len(sound), 1.06), np.arange(len(sound)), sound)
    return np.interp(np.arange(0, len(faster), rate / RATE), np.arange(len(faster)), faster)


def wav(sound: Sound) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32000).astype("<i2").tobytes())
    return out.getvalue()


def unwav(data: bytes) -> tuple[Sound, int]:
    """The samples of a WAV of 8 or 16 bits as one channel, from -1 to 1, and their rate."""
    with wave.open(io.BytesIO(strip(data, "audio/wav"))) as file:
        channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
        raw = np.frombuffer(file.readframes(file.getnframes()), {1: "u1", 2: "<i2"}[width]).astype(float)
    raw = (raw - 128) / 128 if width == 1 else raw / 32768
    return raw.reshape(-1, channels).mean(axis=1), rate


def fields(maker: str, number: str, label: str = "1") -> dict[str, Any]:
    return dict(zip(KEYS, (label, maker, number, "", maker, number, ""), strict=True))


def _xmp(value: str) -> bytes:
    escaped = value.replace("&", "&amp;").replace("<", "&lt;")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"><TC260:AIGC>{escaped}</TC260:AIGC>'
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def imprint(data: bytes, mime: str, values: Mapping[str, Any], value: str | None = None) -> bytes:
    """``data`` with the field. ``value`` replaces its JSON text."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":")) if value is None else value
    if mime == "image/png":
        return data[:33] + _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _xmp(text)) + data[33:]
    if mime == "image/jpeg":
        body = b"http://ns.adobe.com/xap/1.0/\0" + _xmp(text)
        at = 2 + (2 + struct.unpack(">H", data[4:6])[0] if data[2:4] == b"\xff\xe0" else 0)
        return data[:at] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[at:]
    if mime == "audio/wav":
        body = text.encode()
        data = data + b"AIGC" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
        return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    if mime == "text/plain":
        return data.rstrip(b"\n") + b"\n" + f'{{"AIGC":{text}}}'.encode() + b"\n"
    if mime == "text/markdown":
        return f"---\nAIGC: '{text}'\n---\n".encode() + data
    return write_label(data, values, media_type=mime)


def strip(data: bytes, mime: str) -> bytes:
    """``data`` without any AIGC field; the picture or sound stays as it is."""
    if mime == "image/png":
        return _without_chunks(data)
    if mime == "image/jpeg":
        return _without_segments(data)
    if mime in ("image/webp", "audio/wav"):
        return _without_pieces(data)
    if mime == "text/plain":
        return b"\n".join(each for each in data.split(b"\n") if not each.startswith(b'{"AIGC"'))
    if mime == "text/markdown" and data.startswith(b"---\nAIGC"):
        return data.split(b"\n---\n", 1)[1]
    return data


def _without_chunks(data: bytes) -> bytes:
    out, at = data[:8], 8
    while at + 8 <= len(data):
        size = struct.unpack(">I", data[at : at + 4])[0]
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if kind in (b"zTXt", b"iTXt") and b"AIGC" not in body:
            with contextlib.suppress(Exception):  # what cannot be unpacked holds no field
                head: Any = re.search(rb"\0\0|\0\1\0.*?\0.*?\0", body)
                body += zlib.decompress(body[head.end() :])
        if not (kind in (b"iTXt", b"tEXt", b"zTXt", b"eXIf") and b"AIGC" in body):
            out += data[at : at + 12 + size]
        at += 12 + size
    return out


def _without_segments(data: bytes) -> bytes:
    out, at = data[:2], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xDA, 0xD9):
        size = struct.unpack(">H", data[at + 2 : at + 4])[0] + 2
        segment, kind = data[at : at + size], data[at + 1]
        if not ((0xE0 <= kind <= 0xEF or kind == 0xFE) and b"AIGC" in segment):
            out += segment
        at += size
    return out + data[at:]


def _without_pieces(data: bytes) -> bytes:
    out, at, gone = b"", 12, 0
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        piece = data[at : at + 8 + size + size % 2]
        if kind not in (b"data", b"VP8 ", b"VP8L", b"ANMF") and b"AIGC" in piece:
            gone |= {b"XMP ": 4, b"EXIF": 8}.get(kind, 0)
        else:
            out += piece
        at += 8 + size + size % 2
    if gone and out[:4] == b"VP8X":
        out = out[:8] + bytes([out[8] & ~gone]) + out[9:]
    return data[:4] + struct.pack("<I", len(out) + 4) + data[8:12] + out


def read(data: bytes, mime: str, *, deep: bool = True) -> tuple[dict[str, Any] | None, bool]:
    """The field of a file, if it has one, and whether there are other traces of generation."""
    got = read_labels(data, media_type=mime, depth="all" if deep else "metadata")
    own = next((each.fields for each in got.labels if each.scheme == "gb45438" and each.fields), None)
    return (dict(own) if own else None), any(each.scheme != "gb45438" for each in got.labels)


def essence(data: bytes, mime: str) -> str:
    """A number of the picture or sound itself, without metadata."""
    with contextlib.suppress(Exception):  # a file that cannot be read is told by its bytes
        if mime.startswith("image/"):
            image = Image.open(io.BytesIO(data)).convert("RGB")
            return hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest()
        if mime == "audio/wav":
            return hashlib.sha256(unwav(data)[0].tobytes()).hexdigest()
    return hashlib.sha256(strip(data, mime)).hexdigest()


def sniff(data: bytes) -> str | None:
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "image/png"
    if data[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12])
    return None
