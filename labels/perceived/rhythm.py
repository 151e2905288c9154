"""The audible label as a rhythm: ``·– ··``, Morse for A I (GB 45438-2025, 5.3 c), found and written.

Every band of a spectrogram is searched for a tone that goes on and off. It is on where the band exceeds its
neighbours and its own surroundings in time. The rhythm is four on-times in the proportions short long short short,
with the gaps of Morse between them and quiet on both sides. Harmonics of speech exceed their neighbours too, but
not in these proportions.

Where there is none, other rhythms of two Morse letters of two signs each (``·· ·–``, I A) are looked for: a label in
the wrong order. A rhythm that is far quieter than the content, and one in whose gaps the content goes on, say so.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..bytes.pages import Source
from ..findings import Findings, Span
from ..model import Deviation, Label
from .tones import rhythm_samples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..containers.table import Container

_RATE = 8_000.0
_WINDOW = 256
_HOP = 64
_LOWEST, _HIGHEST = 250.0, 3_600.0
_STANDS_OUT_DB = 9.0
_SAME_LEVEL_DB = 8.0
_FLOOR = 1e-9
_UNIT = (0.045, 0.32)
#: Two signs each of two letters: the label, and what may have been meant for it. Four equal sounds are often signals.
_Signs = tuple[bool, bool, bool, bool]
_EITHER = (False, True)
_A_I: _Signs = (False, True, False, False)
_OTHERS: tuple[_Signs, ...] = tuple(
    signs for signs in itertools.product(_EITHER, _EITHER, _EITHER, _EITHER) if signs != _A_I and len(set(signs)) == 2
)
#: A rhythm is too quiet to be recognised clearly where its amplitude is below both: of full scale, of the content.
_QUIET, _QUIETER = 0.01, 0.02
#: The content goes on in the gaps of a rhythm where they have more than this part of its mean power elsewhere.
_GOES_ON = 0.1


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One occurrence: from ``start`` to ``end`` in seconds, at ``frequency`` Hz, with ``unit`` seconds for
    a short sound. ``signs`` tells which of the four sounds are long.

    ``contiguous`` means that the gap after the second sound is as short as the others; ``quiet``, that it cannot be
    recognised clearly beside the content; ``over``, that the content goes on in its gaps.
    """

    start: float
    end: float
    frequency: float
    unit: float
    contiguous: bool
    signs: _Signs = _A_I
    quiet: bool = False
    over: bool = False

    @property
    def written(self) -> str:
        """The signs in the order in which they sound: ``·– ··``."""
        first, second = (_written(signs) for signs in (self.signs[:2], self.signs[2:]))
        return first + second if self.contiguous else f"{first} {second}"

    @property
    def in_order(self) -> bool:
        return self.signs == _A_I


def _written(signs: Iterable[bool]) -> str:
    return "".join("–" if long else "·" for long in signs)


def find(samples: NDArray[np.float32], rate: float) -> list[Rhythm]:
    """Occurrences of the rhythm in one channel of samples in [-1, 1], in order of time; where there is none, rhythms
    of the same kind in another order.
    """
    import numpy as np

    if len(samples) < rate * 0.4:
        return []
    narrow, rate = _narrowed(samples, rate)
    power, step = _spectrogram(narrow, rate)
    on, band = _tones(power)
    if not on.any():
        return []
    # Runs of every band at once: a column of zeros on both sides makes each begin and end inside its own row.
    padded = np.zeros((on.shape[0], on.shape[1] + 2), np.int8)
    padded[:, 1:-1] = on
    edges = np.diff(padded, axis=1)
    rows, begins = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    if len(begins) < 4:
        return []
    totals = np.concatenate([np.zeros((on.shape[0], 1)), np.cumsum(band, axis=1, dtype=np.float64)], axis=1)
    level = (totals[rows, ends] - totals[rows, begins]) / (ends - begins)
    runs = _Runs(rows, begins, ends, level, step)
    return _rhythms(runs, [_A_I], power, rate) or _rhythms(runs, _OTHERS, power, rate)


@dataclass(frozen=True, slots=True)
class _Runs:
    """Sounds of single bands: the band, the first frame and the one after the last, the mean power, and the seconds
    from frame to frame.
    """

    rows: NDArray[np.intp]
    begins: NDArray[np.intp]
    ends: NDArray[np.intp]
    level: NDArray[np.float64]
    step: float


def _rhythms(runs: _Runs, orders: Iterable[_Signs], power: NDArray[np.float32], rate: float) -> list[Rhythm]:
    import numpy as np

    found: list[tuple[float, Rhythm]] = []
    rows, begins, ends, level, step = runs.rows, runs.begins, runs.ends, runs.level, runs.step
    loudest, frames = power.max(axis=0), power.sum(axis=0, dtype=np.float64)
    for signs in orders:
        for index in _matches(runs, signs):
            if _gaps_are_filled(index, begins, ends, level, loudest):
                continue
            sounds = (ends[index : index + 4] - begins[index : index + 4]) * step
            gaps = (begins[index + 1 : index + 4] - ends[index : index + 3]) * step
            contiguous = bool(gaps[1] < 1.75 * (gaps[0] + gaps[2]) / 2)
            tone = float(level[index : index + 4].mean())
            content = _beside(frames, int(begins[index]), int(ends[index + 3]))
            over = _in_gaps(frames, begins[index : index + 4], ends[index : index + 4]) > _GOES_ON * content > 0.0
            if signs != _A_I and (contiguous or over):
                # Harmonics of speech and melodies have such proportions now and then.
                continue
            rhythm = Rhythm(
                round(float(begins[index] * step), 3),
                round(float(ends[index + 3] * step), 3),
                round(float((rows[index] + int(_LOWEST / rate * _WINDOW)) * rate / _WINDOW), 1),
                round(float(np.median(sounds[[n for n in range(4) if not signs[n]]])), 3),
                contiguous,
                signs,
                _amplitude(tone) < min(_QUIET, _QUIETER * _amplitude(content)),
                over,
            )
            found.append((tone, rhythm))
    return _without_echoes(found)


def _amplitude(power: float) -> float:
    """The amplitude of a tone that has this power in three neighbouring bands of a windowed spectrum."""
    return math.sqrt(power / 1.5) / (_WINDOW / 4)


def _beside(frames: NDArray[np.float64], begin: int, end: int) -> float:
    """The mean power of what sounds before and behind a rhythm, pauses left out; 0 where nothing does."""
    import numpy as np

    rest = np.concatenate([frames[: max(begin - 8, 0)], frames[end + 8 :]])
    if not len(rest):
        return 0.0
    loud = rest[rest > rest.max() / 1e4]
    return float(loud.mean()) if len(loud) and rest.max() > _FLOOR * _WINDOW**2 else 0.0


def _in_gaps(frames: NDArray[np.float64], begins: NDArray[np.intp], ends: NDArray[np.intp]) -> float:
    """The mean power in the gaps of a rhythm, without the frames that its own sounds reach into."""
    import numpy as np

    gaps = [frames[ends[n] + 4 : begins[n + 1] - 4] for n in range(3)]
    inside = np.concatenate(gaps)
    return float(inside.mean()) if len(inside) else 0.0


def _narrowed(samples: NDArray[np.float32], rate: float) -> tuple[NDArray[np.float32], float]:
    """The samples at about 8 kHz: a windowed low pass, computed only for the samples that are kept."""
    import numpy as np

    factor = int(rate // _RATE)
    if factor <= 1:
        return samples, rate
    taps = 8 * factor + 1
    at = np.arange(taps) - taps // 2
    kernel = np.sinc(at / factor * 0.95) * np.hanning(taps)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    padded = np.pad(samples, (taps // 2, taps // 2))
    views = np.lib.stride_tricks.sliding_window_view(padded, taps)[::factor]
    return views @ kernel, rate / factor


def _spectrogram(samples: NDArray[np.float32], rate: float) -> tuple[NDArray[np.float32], float]:
    """(power of shape (bands, frames) between the lowest and highest tone, seconds per frame)."""
    import numpy as np

    padded = np.pad(samples, (_WINDOW // 2, _WINDOW))
    views = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    spectrum = np.fft.rfft(views * np.hanning(_WINDOW).astype(np.float32), axis=1)
    low = int(_LOWEST / rate * _WINDOW) - 6
    high = min(int(_HIGHEST / rate * _WINDOW) + 6, spectrum.shape[1])
    chosen = spectrum[:, max(low, 0) : high]
    power = (chosen.real**2 + chosen.imag**2).T.astype(np.float32)
    return np.ascontiguousarray(power), _HOP / rate


def _tones(power: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """(where a band is on, its power), both of shape (bands, frames) without the six guard bands on each
    side.
    """
    import numpy as np

    inner = slice(6, -6)
    band = power[5:-7] + power[inner] + power[7:-5]
    below = (power[0:-12] + power[1:-11] + power[2:-10]) / 3
    above = (power[10:-2] + power[11:-1] + power[12:]) / 3
    around = np.maximum(below, above)
    stands_out = (band > 10 ** (_STANDS_OUT_DB / 10) * around) & (band > _FLOOR * _WINDOW**2)
    loud = np.where(stands_out, band, 0)
    on = stands_out & (band * 10 ** (_SAME_LEVEL_DB / 10) >= _greatest_within(loud, 12))
    # A frame that drops out inside a sound, or one that appears in a gap, is noise.
    on[:, 1:-1] |= on[:, :-2] & on[:, 2:]
    on[:, 1:-1] &= on[:, :-2] | on[:, 2:]
    return on, band


def _greatest_within(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """The greatest value at most ``reach`` frames away, by doubling windows."""
    import numpy as np

    size = 2 * reach + 1
    padded = np.pad(values, ((0, 0), (reach, reach)))
    width = 1
    while width * 2 <= size:
        padded = np.maximum(padded[:, :-width], padded[:, width:])
        width *= 2
    rest = size - width
    return np.maximum(padded[:, : padded.shape[1] - rest], padded[:, rest:]) if rest else padded


def _matches(runs: _Runs, signs: _Signs) -> list[int]:
    """Index of the first of four runs that have the proportions of these signs."""
    import numpy as np

    rows, begins, ends, level, step = runs.rows, runs.begins, runs.ends, runs.level, runs.step
    short, long = ([n for n in range(4) if signs[n] is each] for each in (False, True))
    count = len(rows) - 3
    first = np.arange(count)
    same_band = rows[:count] == rows[3:]
    sounds = np.stack([(ends[i : i + count] - begins[i : i + count]) for i in range(4)]) * step
    gaps = np.stack([(begins[i + 1 : i + 1 + count] - ends[i : i + count]) for i in range(3)]) * step
    unit = np.median(sounds[short], axis=0)
    levels = np.stack([level[i : i + count] for i in range(4)])
    before, after = _neighbours(rows, begins, ends, level, step, unit, levels.mean(axis=0))
    even = np.abs(sounds[short] - unit).max(axis=0)
    short_gap = (gaps[0] + gaps[2]) / 2
    fits = (
        same_band
        & (unit >= _UNIT[0])
        & (unit <= _UNIT[1])
        & (even <= np.maximum(0.3 * unit, 2.1 * step))
        & (sounds[long] >= 2.1 * unit).all(axis=0)
        & (sounds[long] <= 4.4 * unit).all(axis=0)
        & (np.abs(gaps[0] - gaps[2]) <= np.maximum(0.4 * short_gap, 2.1 * step))
        & (short_gap >= 0.45 * unit)
        & (short_gap <= 1.9 * unit)
        & (gaps[1] >= 0.75 * short_gap)
        & (gaps[1] <= 5.5 * np.maximum(unit, short_gap))
        & (before >= 1.6 * unit)
        & (after >= 1.6 * unit)
        & (levels.max(axis=0) <= levels.min(axis=0) * 10 ** (_SAME_LEVEL_DB / 10))
    )
    return [int(i) for i in first[fits]]


def _neighbours(
    rows: NDArray[np.intp],
    begins: NDArray[np.intp],
    ends: NDArray[np.intp],
    level: NDArray[np.float64],
    step: float,
    unit: NDArray[np.float64],
    tone: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds to the sound before and behind each group of four in its band; infinite where there is none.

    A neighbour as loud as the tone, as long as a short or long sound and within five units belongs to a longer
    message. Its distance counts as zero.
    """
    import numpy as np

    count = len(unit)
    here = np.arange(count)
    result: list[NDArray[np.float64]] = []
    for near in (here - 1, here + 4):
        inside = (near >= 0) & (near < len(rows))
        near = np.clip(near, 0, len(rows) - 1)
        inside &= rows[near] == rows[:count]
        apart = np.maximum(begins[:count] - ends[near], begins[near] - ends[3 : 3 + count]) * step
        distance = np.where(inside, apart, np.inf)
        length = (ends[near] - begins[near]) * step / unit
        sign = ((length > 0.6) & (length < 1.4)) | ((length > 2.1) & (length < 4.4))
        alike = np.abs(10 * np.log10(np.maximum(level[near], 1e-30) / np.maximum(tone, 1e-30))) < 4
        result.append(np.where(inside & sign & alike & (distance < 5 * unit), 0.0, distance))
    return result[0], result[1]


def _gaps_are_filled(
    index: int,
    begins: NDArray[np.intp],
    ends: NDArray[np.intp],
    level: NDArray[np.float64],
    loudest: NDArray[np.float32],
) -> bool:
    """Whether other tones as loud sound in two of the three gaps: then this is a melody, not a rhythm."""
    import numpy as np

    tone = float(level[index : index + 4].mean()) / 10**0.5
    filled = 0
    for each in range(index, index + 3):
        gap = loudest[ends[each] + 2 : max(begins[each + 1] - 2, ends[each] + 3)]
        filled += bool(len(gap)) and float(np.median(gap)) > tone
    return filled >= 2


def _without_echoes(found: list[tuple[float, Rhythm]]) -> list[Rhythm]:
    """Keep only the loudest of occurrences at the same time: neighbouring bands and harmonics repeat a rhythm."""
    kept: list[Rhythm] = []
    for _, each in sorted(found, key=lambda pair: (-pair[0], pair[1].start, pair[1].frequency)):
        if all(each.start >= other.end or each.end <= other.start for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda r: r.start)


def read(data: Source, kind: Container, found: Findings) -> None:
    """Adds the rhythm of a WAV file as an explicit label. Other formats need a decoder and come by
    ``read_samples``.
    """
    from . import pcm

    try:
        shape = pcm.layout(data, found)
    except ValueError as error:
        found.refuse("wav/rhythm", f"the samples cannot be read: {error}")
        return
    seconds = (shape.end - shape.start) / shape.frame_bytes / shape.rate
    mono = pcm.samples(data, shape, found.limits.audio_seconds)
    read_samples(mono, shape.rate, seconds, f"{kind.name}:samples", (shape.start, shape.end), found)


def read_samples(
    mono: NDArray[np.float32], rate: float, seconds: float, carrier: str, span: Span | None, found: Findings
) -> None:
    """Adds the rhythm found in ``mono``, the beginning of a recording of ``seconds``."""
    heard = len(mono) / rate
    if seconds > heard + 0.5:
        found.refuse(carrier, f"only the first {heard:.0f} of {seconds:.0f} seconds were listened to")
    rhythms = find(mono, rate)[:8]
    if not any(rhythm.in_order for rhythm in rhythms):
        found.glimpse = ends(mono, rate)
    for rhythm in rhythms:
        position = "over the content" if rhythm.over else _position(rhythm, heard)
        named = {
            Deviation.WRONG_RHYTHM: not rhythm.in_order,
            Deviation.TOO_QUIET: rhythm.quiet,
            Deviation.OVER_THE_CONTENT: rhythm.over,
            Deviation.CONTIGUOUS: rhythm.contiguous,
        }
        deviations = tuple(each for each, holds in named.items() if holds)
        fields = {
            "rhythm": rhythm.written,
            "position": position,
            "start_seconds": rhythm.start,
            "end_seconds": rhythm.end,
            "frequency_hz": rhythm.frequency,
            "unit_seconds": rhythm.unit,
        }
        heard_as = " ".join("long" if long else "short" for long in rhythm.signs).capitalize()
        where = position if rhythm.over else f"at the {position}"
        detail = " ".join(
            [f"{heard_as} at {rhythm.frequency:.0f} Hz, {where}.", *(each.sentence for each in deviations)]
        )
        picture = strip(mono, rate, rhythm)
        found.add(
            Label("rhythm", "explicit", carrier, fields, deviations, span, rhythm.written, detail, evidence=picture)
        )
    found.note(f"{carrier}: a spoken notice was not checked (no speech recogniser is part of this)")


def _position(rhythm: Rhythm, seconds: float) -> str:
    if seconds - rhythm.end <= 1.5 and rhythm.start > seconds / 2:
        return "end"
    return "start" if rhythm.start <= 1.5 else "end" if seconds - rhythm.end <= 1.5 else "middle"


def strip(mono: NDArray[np.float32], rate: float, rhythm: Rhythm) -> bytes:
    """The spectrogram around one occurrence as a PNG, low tones at the bottom."""
    first = max(0, int((rhythm.start - 0.5) * rate))
    return _drawn(mono[first : int((rhythm.end + 0.5) * rate)], rate)


_END_SECONDS = 3.0


def ends(mono: NDArray[np.float32], rate: float) -> bytes | None:
    """The spectrogram of the first and last three seconds as a PNG, with a bar between them."""
    import numpy as np

    count = int(_END_SECONDS * rate)
    if len(mono) < rate * 0.1:
        return None
    if len(mono) <= 2 * count:
        return _drawn(mono, rate)
    # The bar is a tenth of a second of every tone at once: noise.
    bar = np.random.default_rng(0).normal(size=int(rate / 10)).astype(np.float32)
    return _drawn(np.concatenate([mono[:count], bar * np.abs(mono).max(), mono[-count:]]), rate)


def _drawn(mono: NDArray[np.float32], rate: float) -> bytes:
    """A spectrogram as a PNG, time to the right, low tones at the bottom."""
    import io

    import numpy as np
    from PIL import Image

    narrow, lower_rate = _narrowed(mono, rate)
    power, _ = _spectrogram(narrow, lower_rate)
    decibel = 10 * np.log10(np.maximum(power[::-1], 1e-12))
    scaled = np.clip((decibel - decibel.max() + 70) / 70 * 255, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(scaled).resize((min(900, scaled.shape[1] * 3), scaled.shape[0] * 2)).save(stream, "PNG")
    return stream.getvalue()


def tones(rate: float, *, unit: float = 0.12, frequency: float = 900.0, level: float = 0.4) -> NDArray[np.float64]:
    """The samples of :func:`shenhe.labels.perceived.tones.rhythm_samples` as an array."""
    import numpy as np

    return np.array(rhythm_samples(rate, unit=unit, frequency=frequency, level=level))


def write(data: bytes, found: Findings) -> bytes:
    """A WAV file with the rhythm behind its sound. Raises ValueError where the samples are compressed."""
    from . import pcm

    shape = pcm.layout(data, found)
    return pcm.with_samples(data, pcm.encoded(tones(shape.rate), shape), shape)
