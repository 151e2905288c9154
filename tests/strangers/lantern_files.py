"""Drawing, marking and re-marking the files of :class:`~tests.strangers.lantern.Lantern`.

MP3 needs ffmpeg. Where it is missing, ``FFMPEG`` is false and all sounds are WAV.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import io
import json
import shutil
import subprocess
import wave
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from shenhe.labels import ImplicitFields, read_labels, write_label

from ..labels import lettering

FFMPEG = shutil.which("ffmpeg") is not None
SOUNDS = ("audio/wav", "audio/mpeg") if FFMPEG else ("audio/wav",)
Sound = npt.NDArray[Any]

MAKER = "001191110108MA0000011E1LAN1"  # generation service of Lantern
#: A heavy face, if there is one.
BOLD = next((each for each in lettering.FACES if "Bold" in each), lettering.FACES[0] if lettering.FACES else "")
CARRIER = "001191110108MA0000011E2LAN1"  # propagation service of Lantern (the gallery)
SECRET = b"lantern-origin-key"
RATE = 16000
EXT = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "text/plain": "txt",
}


def seal(text: str) -> str:
    return hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()[:24]


# --- pictures
def portrait(seed: str) -> Image.Image:
    bits = hashlib.sha256(seed.encode()).digest()
    size = 288
    y, x = np.mgrid[0:size, 0:size]
    planes = [(bits[i] // 3 + 60 + (x * (bits[3 + i] % 3) + y * (bits[6 + i] % 3)) // 8) % 200 for i in range(3)]
    image = Image.fromarray(np.stack(planes, -1).astype("uint8"))
    pen = ImageDraw.Draw(image)
    pen.ellipse((90, 50, 200, 190), fill=(bits[9] // 2 + 100, bits[10] // 3 + 90, bits[11] // 3 + 70))
    for eye in (122, 168):
        pen.ellipse((eye - 8, 105, eye + 8, 117), fill=(30, 30, 40))
    pen.arc((118, 125, 172, 165), 20, 160, fill=(120, 30, 40), width=4)
    for i in range(16):  # every portrait is unlike every other
        pen.point((96 + i * 5, 60 + bits[16 + i] % 20), fill=(bits[i], bits[31 - i], bits[(i * 7) % 32]))
    return image


def warmer(data: bytes) -> Image.Image:
    """The picture of a file in warmer colours, with room below it, as an edited face."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    short = min(image.size)
    if short < 200:
        image = image.resize((image.width * 200 // short, image.height * 200 // short))
    out = Image.new("RGB", (image.width, image.height + max(40, image.height // 6)), (70, 64, 60))
    out.paste(Image.fromarray((np.asarray(image) * np.array([1, 0.93, 0.86])).astype("uint8")), (0, 0))
    return out


def stamp(image: Image.Image, words: str, share: float, *, faint: bool = False, top: bool = False) -> Image.Image:
    """The picture with words in a corner on the left; ``share`` is their size as a part of the shortest side."""
    image = image.convert("RGB")
    short = min(image.size)
    ink = lettering.ink_of(words, BOLD, max(6, round(short * share * 1.15)))
    pad = max(2, short // 40)
    left, upper = pad, (pad if top else image.height - ink.height - 3 * pad)
    if faint:
        ground: Any = image.getpixel((left + ink.width // 2, upper + ink.height // 2))
        image.paste(tuple(min(255, each + 3) for each in ground), (left + pad, upper + pad), ink)
        return image
    ImageDraw.Draw(image).rectangle(
        (left, upper, left + ink.width + 2 * pad, upper + ink.height + 2 * pad), (16, 18, 24)
    )
    image.paste((255, 255, 255), (left + pad, upper + pad), ink)
    return image


def encode(image: Image.Image, mime: str) -> bytes:
    out = io.BytesIO()
    image = image.convert("RGB")
    if mime == "image/png":
        image.save(out, "PNG")
    elif mime == "image/jpeg":
        image.save(out, "JPEG", quality=92)
    else:
        image.save(out, "WEBP", lossless=True)
    return out.getvalue()


# --- sounds


def tone(seed: str, seconds: float = 1.6) -> Sound:
    step = hashlib.sha256(seed.encode()).digest()[0] % 8
    at = np.arange(int(RATE * seconds)) / RATE
    waves = [np.sin(2 * np.pi * each * at) for each in (140 + 9 * step, 290 + 11 * step, 2100 + 40 * step)]
    sound = sum(each / (i + 1) for i, each in enumerate(waves))
    return (sound * (0.55 + 0.45 * np.sin(2 * np.pi * 3.1 * at)) * 5000).astype("<i2")


def rhythm(pattern: str) -> Sound:
    """Short and long beeps, after a pause and before one."""
    unit = 0.13
    parts = [np.zeros(int(RATE * 0.25))]
    for sign in pattern:
        if sign == " ":
            parts.append(np.zeros(int(RATE * unit * 2)))
            continue
        count = int(RATE * unit * (3 if sign == "-" else 1))
        edges = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 120)
        parts += [np.sin(2 * np.pi * 880 * np.arange(count) / RATE) * edges, np.zeros(int(RATE * unit))]
    parts.append(np.zeros(int(RATE * 0.35)))
    return (np.concatenate(parts) * 16000).astype("<i2")


def softer(data: bytes) -> Sound:
    """The sound of a file at nine tenths of its level, as a cloned voice."""
    sound = np.frombuffer(decoded(data), "<i2") if FFMPEG else resampled(data)
    return (sound.astype(int) * 9 // 10).astype("<i2")


def to_wav(sound: Sound) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    return out.getvalue()


def from_wav(data: bytes) -> Sound:
    with wave.open(io.BytesIO(data)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")[:: file.getnchannels()]


def resampled(data: bytes) -> Sound:
    """The samples of a WAV of 8 or 16 bits as one channel at our rate. Raises ``KeyError`` for one of other widths."""
    with wave.open(io.BytesIO(data)) as file:
        kind, middle, scale = {1: ("u1", 128, 256), 2: ("<i2", 0, 1)}[file.getsampwidth()]
        raw = np.frombuffer(file.readframes(file.getnframes()), kind).astype(int)
        mono = ((raw - middle) * scale).reshape(-1, file.getnchannels()).mean(axis=1)
        at = np.arange(0, len(mono), file.getframerate() / RATE)
    return np.interp(at, np.arange(len(mono)), mono).astype("<i2")


@functools.lru_cache(maxsize=256)
def mp3(wav: bytes) -> bytes:
    flags = "-map_metadata -1 -fflags +bitexact -c:a libmp3lame -b:a 64k -f mp3"
    return ffmpeg(wav, flags)


@functools.lru_cache(maxsize=64)
def decoded(data: bytes) -> bytes:
    return ffmpeg(data, f"-ac 1 -ar {RATE} -f s16le")


def ffmpeg(data: bytes, flags: str) -> bytes:
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", *flags.split(), "pipe:1"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


# --- the field


def strip(data: bytes, mime: str, only: bytes = b"") -> bytes:
    """The same file without metadata, or without the pieces of metadata that hold ``only``."""
    if mime == "image/png":
        return _without_chunks(data, only)
    if mime == "image/jpeg":
        return _without_segments(data, only)
    if mime in ("image/webp", "audio/wav"):
        return _without_pieces(data, only)
    if mime == "audio/mpeg" and data[:3] == b"ID3":
        return data[10 + ((data[6] << 21) | (data[7] << 14) | (data[8] << 7) | data[9]) :]
    if mime == "text/plain":
        lines = [each for each in data.decode().split("\n") if '"AIGC"' not in each and "AIGC:" not in each]
        return "\n".join(lines).rstrip("\n").encode() + b"\n"
    return data


def _without_chunks(data: bytes, only: bytes) -> bytes:
    out, at = data[:8], 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big") + 12
        chunk = data[at : at + size]
        if chunk[4:8] not in (b"iTXt", b"tEXt", b"zTXt", b"eXIf") or only not in chunk:
            out += chunk
        at += size
    return out


def _without_segments(data: bytes, only: bytes) -> bytes:
    out, at = data[:2], 2
    while data[at + 1] != 0xDA:
        size = int.from_bytes(data[at + 2 : at + 4], "big") + 2
        segment, kind = data[at : at + size], data[at + 1]
        holds = kind == 0xFE or (0xE1 <= kind <= 0xEF and kind not in (0xE2, 0xEE))
        if not holds or only not in segment:
            out += segment
        at += size
    return out + data[at:]


def _without_pieces(data: bytes, only: bytes) -> bytes:
    body, at = b"", 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        piece = data[at : at + 8 + size + size % 2]
        if kind == b"VP8X":
            for mark, bit in ((b"XMP ", 4), (b"EXIF", 8)):
                found = data.find(mark, at)
                end = found + 8 + int.from_bytes(data[found + 4 : found + 8], "little")
                if found > 0 and only in data[found:end]:
                    piece = piece[:8] + bytes([piece[8] & ~bit]) + piece[9:]
        if kind not in (b"XMP ", b"EXIF", b"AIGC", b"LIST", b"ID3 ", b"id3 ") or only not in piece:
            body += piece
        at += 8 + size + size % 2
    return data[:4] + (len(body) + 4).to_bytes(4, "little") + data[8:12] + body


def write(data: bytes, mime: str, fields: Mapping[str, str]) -> bytes:
    values = ImplicitFields(
        fields["ContentProducer"],
        fields["ProduceID"],
        fields.get("Label", "1"),
        fields.get("ReservedCode1", ""),
        fields.get("ContentPropagator", ""),
        fields.get("PropagateID", ""),
        fields.get("ReservedCode2", ""),
    )
    return write_label(data, values, media_type=mime)


def crude(data: bytes, mime: str, value: str) -> bytes:
    """A field as a careless writer makes it (PNG, JPEG and WAV; other files are left bare)."""
    if mime == "image/png":
        body = b"AIGC\0" + value.encode("latin-1", "replace")
        chunk = len(body).to_bytes(4, "big") + b"tEXt" + body + zlib.crc32(b"tEXt" + body).to_bytes(4, "big")
        return data[:33] + chunk + data[33:]
    if mime == "image/jpeg":
        escaped = value.replace("&", "&amp;").replace('"', "&quot;")
        packet = (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/">'
            f"<TC260:AIGC>{escaped}</TC260:AIGC></rdf:Description></rdf:RDF></x:xmpmeta>"
        )
        segment = b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()
        return data[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:]
    if mime == "audio/wav":
        body = value.encode()
        chunk = b"AIGC" + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
        return data[:4] + (len(data) + len(chunk) - 8).to_bytes(4, "little") + data[8:] + chunk
    return data


def field(fields: Mapping[str, str]) -> str:
    keys = (
        "Label",
        "ContentProducer",
        "ProduceID",
        "ReservedCode1",
        "ContentPropagator",
        "PropagateID",
        "ReservedCode2",
    )
    return json.dumps({key: fields.get(key, "") for key in keys}, separators=(",", ":"))


def print_of(data: bytes, mime: str) -> str:
    """A fingerprint of what people perceive: pixels, frames or words."""
    try:
        if mime.startswith("image/"):
            return hashlib.sha256(Image.open(io.BytesIO(data)).convert("RGB").tobytes()).hexdigest()
        if mime == "audio/wav":
            return hashlib.sha256(from_wav(data).tobytes()).hexdigest()
        return hashlib.sha256(strip(data, mime).strip()).hexdigest()
    except Exception:
        return ""


@functools.lru_cache(maxsize=512)
def inspect(data: bytes, mime: str) -> tuple[dict[str, Any] | None, bool]:
    """The field of a file, if it has one, and whether people can perceive a label."""
    found = read_labels(data, media_type=mime, depth="all")
    marks = [each for each in found.labels if each.scheme == "gb45438"]
    return (dict(marks[0].fields) if marks else None), any(each.kind == "explicit" for each in found.labels)


def sniff(data: bytes) -> str:
    heads = {
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"\xff\xd8\xff": "image/jpeg",
        b"ID3": "audio/mpeg",
        b"\xff\xfb": "audio/mpeg",
        b"\xff\xf3": "audio/mpeg",
    }
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12], "")
    return next((mime for head, mime in heads.items() if data.startswith(head)), "")


def archive(name: str, data: bytes, sheet: Mapping[str, object]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)
        file.writestr(zipfile.ZipInfo("about.json", (2026, 1, 1, 0, 0, 0)), json.dumps(sheet))
    return out.getvalue()
