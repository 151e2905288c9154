"""The voice studio: a synthetic voice, and before it the rhythm that says so (GB 45438-2025, 5.3 c)."""

from __future__ import annotations

import io
import wave
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from shenhe.labels.perceived.rhythm import tones

from ..domain.refusal import Refusal

RATE = 8_000
LONGEST = 60.0
_VOICES = 32

Samples = NDArray[np.int16]


def speak(prompt: str, number: str, audible_label: bool) -> bytes:
    """A voice for ``prompt`` as a WAV file without metadata. No two numbers give the same bytes."""
    voice = blake2b(prompt.encode("utf-8", "replace"), digest_size=1).digest()[0] % _VOICES
    # Dither far below hearing distinguishes two recordings of one voice.
    dither = np.frombuffer(blake2b(number.encode(), digest_size=32).digest(), np.uint8) % 4
    return wav(
        b"".join((rhythm(RATE) if audible_label else b"", dither.astype("<i2").tobytes(), _voice(voice))),
        RATE,
    )


@lru_cache(maxsize=16)
def rhythm(rate: int) -> bytes:
    """The rhythm with quiet on both sides, as 16-bit samples."""
    return _samples(tones(rate)).tobytes()


@lru_cache(maxsize=_VOICES)
def _voice(voice: int) -> bytes:
    """A little over a second of syllables: a buzzing pitch that glides, under an envelope, through two
    resonances.
    """
    time = np.arange(int(1.2 * RATE)) / RATE
    pitch = 110 + 4 * voice + 12 * np.sin(2 * np.pi * 1.3 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    buzz = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 7))
    envelope = np.clip(np.sin(2 * np.pi * (2.5 + voice % 5 / 4) * time), 0, 1) ** 0.6
    return _samples(0.3 * envelope * buzz).tobytes()


def play(prompt: str, number: str, audible_label: bool) -> bytes:
    """A chord for ``prompt`` as a WAV file without metadata. No two numbers give the same bytes."""
    key = blake2b(prompt.encode("utf-8", "replace"), digest_size=1).digest()[0] % _VOICES
    dither = np.frombuffer(blake2b(number.encode(), digest_size=32).digest(), np.uint8) % 4
    return wav(b"".join((rhythm(RATE) if audible_label else b"", dither.astype("<i2").tobytes(), _chord(key))), RATE)


@lru_cache(maxsize=_VOICES)
def _chord(key: int) -> bytes:
    """A little over a second of three notes that fade."""
    time = np.arange(int(1.2 * RATE)) / RATE
    notes = sum(np.sin(2 * np.pi * 110 * 2 ** ((key % 12 + step) / 12) * time) for step in (0, 4, 7))
    return _samples(0.2 * np.exp(-2 * time) * notes).tobytes()


def edited(source: bytes, prompt: str, audible_label: bool) -> bytes:
    """The voice in a WAV file made to sound like another, with or without the rhythm before it.

    Raises:
        Refusal: 422, ``source_unreadable``; 413, ``source_too_large``.
    """
    samples, rate = _opened(source)
    shift = 1.1 + blake2b(prompt.encode("utf-8", "replace"), digest_size=1).digest()[0] / 512
    changed = _samples(samples[(np.arange(int(len(samples) / shift)) * shift).astype(np.int64)] / 32768)
    return wav((rhythm(rate) if audible_label else b"") + changed.tobytes(), rate)


def lasts(data: bytes, seconds: float) -> bool:
    """Whether a sound is about so long. Raises as :func:`edited` does."""
    samples, rate = _opened(data)
    return abs(len(samples) / rate - seconds) < 0.05


def reencoded(data: bytes) -> bytes:
    """The same sound in a new file, without any metadata. Raises as :func:`edited` does."""
    samples, rate = _opened(data)
    return wav(samples.astype("<i2").tobytes(), rate)


def wav(samples: bytes, rate: int) -> bytes:
    """A WAV file of 16-bit mono samples."""
    head = b"WAVEfmt " + b"".join(
        value.to_bytes(width, "little")
        for value, width in ((16, 4), (1, 2), (1, 2), (rate, 4), (rate * 2, 4), (2, 2), (16, 2))
    )
    body = head + b"data" + len(samples).to_bytes(4, "little") + samples
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _opened(data: bytes) -> tuple[Samples, int]:
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
    whole = np.frombuffer(frames[: len(frames) // (2 * channels) * (2 * channels)], "<i2")
    return whole[::channels], rate


def _samples(sound: NDArray[np.float64]) -> Samples:
    return (np.clip(sound, -1, 1) * 32767).astype("<i2")
