"""The files and refusals of :mod:`tests.strangers.echo`, and what it knows of numbers and birthdays."""

from __future__ import annotations

import io
import secrets
import wave
from datetime import date

from PIL import Image


class No(Exception):
    """A refusal by its number, in words."""

    def __init__(self, ret: int, tips: str) -> None:
        super().__init__(tips)
        self.ret, self.tips = ret, tips


def portrait() -> bytes:
    """A picture that moves, as a talking head does."""
    frames = []
    ground, shade = (tuple(secrets.token_bytes(3)) for _ in range(2))
    for at in range(3):
        image = Image.new("RGB", (260, 200), ground)
        image.paste(shade, (20 + 10 * at, 30, 90 + 10 * at, 110))
        frames.append(image)
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=900, loop=0)
    return out.getvalue()


def bare_of(data: bytes, media_type: str) -> bytes:
    """A file without its metadata."""
    if media_type == "audio/wav":
        out = io.BytesIO()
        with wave.open(io.BytesIO(data)) as sound, wave.open(out, "wb") as copy:
            copy.setparams(sound.getparams())
            copy.writeframes(sound.readframes(sound.getnframes()))
        return out.getvalue()
    if not media_type.startswith("image/"):
        return data
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        frames, length = [], int(image.info.get("duration", 900))
        for at in range(getattr(image, "n_frames", 1)):
            image.seek(at)
            frames.append(Image.frombytes("RGB", image.size, image.convert("RGB").tobytes()))
    if media_type == "image/gif":
        frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=length, loop=0)
    else:
        frames[0].save(out, "JPEG" if media_type == "image/jpeg" else "PNG")
    return out.getvalue()


def twice(data: bytes) -> bytes:
    """A WAV with its chunk AIGC once more, with another number."""
    at = data.find(b"AIGC")
    if at < 0:
        return data
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    chunk = data[at : at + 8 + size + size % 2]
    longer = data + chunk.replace(b'"ProduceID":"z', b'"ProduceID":"y')
    return longer[:4] + (len(longer) - 8).to_bytes(4, "little") + longer[8:]


def moved(number: str) -> str:
    """The number with a region that exists, and the check digit that goes with it."""
    digits = "330106" + number[6:17]
    if not digits.isdigit():
        return number
    weights = (pow(2, 17 - at, 11) for at in range(17))
    total = sum(int(each) * weight for each, weight in zip(digits, weights, strict=False))
    mine = sum(int(each) * pow(2, 17 - at, 11) for at, each in enumerate(number[:17]) if each.isdigit())
    right = "10X98765432"[mine % 11] == number[17].upper()
    return digits + "10X98765432"[total % 11] if right else number


def age_at(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
