"""The voice studio: a synthetic voice, and before it the rhythm that says so (GB 45438-2025, 5.3 c)."""

from __future__ import annotations

import io
import sys
import wave
from array import array
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from math import exp, pi, sin

from shenhe.labels.perceived.tones import rhythm_samples

from ..domain.refusal import Refusal

RATE = 8_000
LONGEST = 60.0
_VOICES = 32

_LENGTH = int(1.2 * RATE)


def speak(prompt: str, number: str, audible_label: bool) -> bytes:
    """A voice for ``prompt`` as a WAV file without metadata. No two numbers give the same bytes."""
    return _recorded(_voice(_key(prompt)), number, audible_label)


@lru_cache(maxsize=16)
def rhythm(rate: int) -> bytes:
    """The rhythm with quiet on both sides, as 16-bit samples."""
    return _encoded(rhythm_samples(rate))


@lru_cache(maxsize=_VOICES)
def _voice(voice: int) -> bytes:
    """A little over a second of syllables: a buzzing pitch that glides, under an envelope, through two
    resonances.
    """
    times = [at / RATE for at in range(_LENGTH)]
    phases = accumulate(2 * pi * (110 + 4 * voice + 12 * sin(2 * pi * 1.3 * time)) / RATE for time in times)
    return _encoded(
        0.3
        * max(0.0, sin(2 * pi * (2.5 + voice % 5 / 4) * time)) ** 0.6
        * sum(sin(harmonic * phase) / harmonic for harmonic in range(1, 7))
        for time, phase in zip(times, phases, strict=True)
    )


def play(prompt: str, number: str, audible_label: bool) -> bytes:
    """A chord for ``prompt`` as a WAV file without metadata. No two numbers give the same bytes."""
    return _recorded(_chord(_key(prompt)), number, audible_label)


@lru_cache(maxsize=_VOICES)
def _chord(key: int) -> bytes:
    """A little over a second of three notes that fade."""
    pitches = [2 * pi * 110 * 2 ** ((key % 12 + step) / 12) for step in (0, 4, 7)]
    times = (at / RATE for at in range(_LENGTH))
    return _encoded(0.2 * exp(-2 * time) * sum(sin(pitch * time) for pitch in pitches) for time in times)


def _key(prompt: str) -> int:
    return blake2b(prompt.encode("utf-8", "replace"), digest_size=1).digest()[0] % _VOICES


def _recorded(sound: bytes, number: str, audible_label: bool) -> bytes:
    # Dither far below hearing distinguishes two recordings of one sound.
    dither = b"".join(bytes((value % 4, 0)) for value in blake2b(number.encode(), digest_size=32).digest())
    return wav((rhythm(RATE) if audible_label else b"") + dither + sound, RATE)


def edited(source: bytes, prompt: str, audible_label: bool) -> bytes:
    """The voice in a WAV file made to sound like another, with or without the rhythm before it.

    Raises:
        Refusal: 422, ``source_unreadable``; 413, ``source_too_large``.
    """
    samples, rate = _opened(source)
    shift = 1.1 + blake2b(prompt.encode("utf-8", "replace"), digest_size=1).digest()[0] / 512
    changed = _encoded(samples[int(at * shift)] / 32768 for at in range(int(len(samples) / shift)))
    return wav((rhythm(rate) if audible_label else b"") + changed, rate)


def lasts(data: bytes, seconds: float) -> bool:
    """Whether a sound is about so long. Raises as :func:`edited` does."""
    samples, rate = _opened(data)
    return abs(len(samples) / rate - seconds) < 0.05


def reencoded(data: bytes) -> bytes:
    """The same sound in a new file, without any metadata. Raises as :func:`edited` does."""
    samples, rate = _opened(data)
    return wav(_little_endian(samples), rate)


def wav(samples: bytes, rate: int) -> bytes:
    """A WAV file of 16-bit mono samples."""
    head = b"WAVEfmt " + b"".join(
        value.to_bytes(width, "little")
        for value, width in ((16, 4), (1, 2), (1, 2), (rate, 4), (rate * 2, 4), (2, 2), (16, 2))
    )
    body = head + b"data" + len(samples).to_bytes(4, "little") + samples
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _opened(data: bytes) -> tuple[array[int], int]:
    try:
        with wave.open(io.BytesIO(data)) as sound:
            rate, channels, width, count = (
                sound.getframerate(),
                sound.getnchannels(),
                sound.getsampwidth(),
                sound.getnframes(),
            )
            if not 4_000 <= rate <= 96_000 or width != 2 or not 1 <= channels <= 8:
                raise Refusal(422, "source_unreadable", "仅支持16位PCM。 Sounds must be 16-bit PCM at 4 to 96 kHz.")
            if count > LONGEST * rate:
                raise Refusal(413, "source_too_large", f"音频过长。 A sound may last {LONGEST:.0f} seconds.")
            frames = sound.readframes(count)
    except (wave.Error, EOFError, ValueError, RuntimeError):
        raise Refusal(422, "source_unreadable", "无法读取音频。 The sound could not be read.") from None
    whole = array("h", frames[: len(frames) // (2 * channels) * (2 * channels)])
    if sys.byteorder == "big":
        whole.byteswap()
    return whole[::channels], rate


def _encoded(sound: Iterable[float]) -> bytes:
    """Samples in [-1, 1], cut off beyond, as 16-bit integers."""
    return _little_endian(array("h", (int(max(-1.0, min(1.0, value)) * 32767) for value in sound)))


def _little_endian(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples = samples[:]
        samples.byteswap()
    return samples.tobytes()
