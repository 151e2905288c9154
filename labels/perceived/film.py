"""Moving pictures and compressed sound, decoded by PyAV: when a film shows its label, and the rhythm.

The demuxer is forced from our own sniffing, so that no playlist or session description makes the library
open what it names.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from numpy.typing import NDArray

from ..findings import BeyondLimitError, Findings
from ..meaning.wording import Phrase, as_read, judge
from ..model import Deviation, Limits
from . import rhythm
from .lines import Line, read_lines
from .measure import Sighting, measured, size_deviation
from .visible import glimpse_of, look, shrunk, visible_label

if TYPE_CHECKING:
    from PIL.Image import Image

#: Sampled so often in the first seconds, where the label has to be, and no more often afterwards.
_STEP, _LATER_STEP = 0.25, 1.0
_REQUIRED_SECONDS = 2.0
_WORKING_SIDE = 720
#: Two frames whose thumbnails differ by less than this (of 255, on the average) show the same.
_SAME = 1.0


@dataclass(slots=True)
class _Sample:
    """One frame that was looked at."""

    time: float
    image: Image
    sighting: Sighting | None = None


@dataclass(slots=True)
class _Film:
    """The frames looked at so far; ``length`` is the film's, as far as it is known."""

    length: float
    samples: list[_Sample] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    others: tuple[tuple[Sighting, Phrase], ...] = ()
    until: float = 0.0
    is_whole: bool = True

    @property
    def seen(self) -> list[_Sample]:
        return [sample for sample in self.samples if sample.sighting is not None]


def _open(data: bytes, demuxer: str) -> Any:
    if not demuxer:
        raise ValueError("no demuxer is known for this format")
    return av.open(io.BytesIO(data), format=demuxer, metadata_errors="replace")


class _Frames:
    """The frames of a film within the limits: closely at its start, then here and there up to its end.

    What is decoded is bounded in pixels, not in seconds, so that a busy machine sees as much of a film as an idle one.
    """

    def __init__(self, container: Any, limits: Limits) -> None:
        self._container = container
        self._limits = limits
        self._stream = container.streams.video[0]
        self._first: float | None = None
        self._decoded = 0
        self.last = 0.0
        self.is_whole = True
        width, height = self._stream.codec_context.width, self._stream.codec_context.height
        longest, shortest = limits.video_width, limits.video_height
        if max(width, height) > longest or min(width, height) > shortest:
            raise BeyondLimitError(f"{width}x{height} pixels are more than the {longest}x{shortest} allowed")
        self._stream.thread_type = "SLICE"
        self._stream.codec_context.thread_count = 1

    @property
    def rate(self) -> float:
        return max(float(self._stream.average_rate or 25), 1.0)

    @property
    def declared(self) -> float:
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        return float(self._container.duration or 0) / 1e6

    def _frames(self) -> Iterator[tuple[float, Any]]:
        for count, frame in enumerate(self._container.decode(self._stream)):
            self._decoded += frame.width * frame.height
            if max(frame.width, frame.height) > self._limits.video_width or self._decoded > self._limits.video_pixels:
                self.is_whole = False
                return
            time = float(frame.time) if frame.time is not None else count / self.rate
            self._first = time if self._first is None else self._first
            self.last = max(self.last, time - self._first)
            yield time - self._first, frame

    def at_start(self) -> Iterator[tuple[float, Image]]:
        """(time, picture) about every quarter second of the first seconds."""
        last: float | None = None
        for count, (time, frame) in enumerate(self._frames()):
            if count >= self._limits.video_frames:
                self.is_whole = False
                return
            if last is None or time - last >= _STEP * 0.9:
                last = time
                yield time, shrunk(frame.to_image(), _WORKING_SIDE)
            if time > self._limits.video_seconds:
                return

    def later(self, length: float) -> Iterator[tuple[float, Image]]:
        """The same of the rest, a second or more apart: the nearest frame that can be decoded by itself."""
        start = self.last
        count = min(self._limits.video_samples, int((length - start) / _LATER_STEP))
        if count < 1 or self._first is None:
            return
        last = start
        for number in range(1, count + 1):
            wanted = start + (length - start) * number / (count + 0.5)
            if wanted <= last + _STEP:
                continue
            try:
                self._container.seek(int((wanted + self._first) * 1e6), backward=True)
                found = self._nearest(wanted, last)
            except (av.FFmpegError, ValueError):
                self.is_whole = False
                return
            if found is None:
                if not self.is_whole:
                    return
                continue
            last = found[0]
            yield last, shrunk(found[1].to_image(), _WORKING_SIDE)

    def _nearest(self, wanted: float, last: float) -> tuple[float, Any] | None:
        """The frame behind a seek, or the first one later than ``last`` where the seek went too far back."""
        best = None
        for time, frame in self._frames():
            if time > last + _STEP:
                best = time, frame
            if best is not None and (time >= wanted - _LATER_STEP or frame.key_frame):
                return best
        return best


def read(data: bytes, media_type: str, demuxer: str, found: Findings) -> None:
    """Adds the label that a film shows, with the whole time it is shown as far as was sampled: GB 45438-2025, 5.4 b)
    start frame, e) height, f) two seconds.
    """
    with _open(data, demuxer) as container:
        if not container.streams.video:
            found.note(f"{media_type}: holds no moving picture")
            return
        film = _looked_at(_Frames(container, found.limits))
    if not film.samples:
        found.refuse("film", "no frame could be decoded")
        return
    found.note(_extent(film))
    for note in dict.fromkeys(film.notes):
        found.note(note)
    carrier = f"{media_type.rpartition('/')[2]}:frames"
    if not film.seen:
        for sighting, phrase in film.others[:1]:
            image = film.samples[0].image
            found.state(visible_label(sighting, phrase.missing, image, carrier, language=phrase.language))
        found.glimpse = glimpse_of(film.samples[0].image)
        return
    _add_label(film, carrier, found)


def _looked_at(frames: _Frames) -> _Film:
    film = _Film(0.0)
    for time, image in frames.at_start():
        _look(film, time, image)
    film.length = max(frames.declared, frames.last + 1 / frames.rate if film.samples else 0.0)
    for time, image in frames.later(film.length):
        _look(film, time, image)
    film.until = film.samples[-1].time if film.samples else 0.0
    film.is_whole = frames.is_whole
    return film


def _look(film: _Film, time: float, image: Image) -> None:
    """Looks for the label in one more frame, first where it was seen last."""
    sample = _Sample(time, image)
    before = film.samples[-1] if film.samples else None
    film.samples.append(sample)
    if before is not None and _is_same(before.image, image):
        sample.sighting = before.sighting
        return
    earlier = next((each.sighting for each in reversed(film.samples) if each.sighting is not None), None)
    if earlier is not None:
        sample.sighting = _again(image, earlier.line)
    if sample.sighting is None:
        # Looking for faint and for very large letters is dear: the first frame gets it.
        seen = look(image, medium="film", thorough=before is None)
        film.notes += seen.notes
        film.others = film.others or seen.others
        sample.sighting = seen.labels[0] if seen.labels else None


def _is_same(a: Image, b: Image) -> bool:
    if a.size != b.size:
        return False
    small = [_thumbnail(image) for image in (a, b)]
    difference = np.abs(small[0] - small[1])
    return float(difference.mean()) < _SAME and float(difference.max()) < 12 * _SAME


def _thumbnail(image: Image) -> NDArray[np.float32]:
    return np.asarray(image.resize((96, 96)), np.float32)


def _again(image: Image, place: Line) -> Sighting | None:
    """Whether the label is still where it was: reading one small piece costs a tenth of looking everywhere."""
    margin = place.cell
    left, top = max(0, int(place.left - margin)), max(0, int(place.top - margin))
    right, bottom = min(image.width, int(place.right + margin)), min(image.height, int(place.bottom + margin))
    piece = np.asarray(image.crop((left, top, right, bottom)), np.uint8)
    for line in read_lines(piece, medium="film").lines:
        phrase = judge(as_read(line.text), "film")
        if phrase is not None and phrase.is_label:
            return measured(line.moved(left, top, 1), np.asarray(image, np.uint8))
    return None


def _extent(film: _Film) -> str:
    """How much of the film was looked at, as a sentence."""
    close = sum(sample.time <= film.samples[0].time + 3.25 for sample in film.samples)
    later = len(film.samples) - close
    text = f"film: looked at {close} frames of the first {min(film.length, 3.0):.1f} s"
    if later:
        text += f" and {later} up to {film.until:.1f} s"
    text += f" of {film.length:.1f} s"
    return text if film.is_whole else f"{text}; the rest is beyond the limits or cannot be decoded"


def _add_label(film: _Film, carrier: str, found: Findings) -> None:
    spans = _spans(film)
    longest = max(end - start for start, end in spans)
    first = film.seen[0]
    # The middle of the frames that could be measured: one frame in which a cut or a flash confuses it decides nothing.
    sightings = [sample.sighting for sample in film.seen if sample.sighting is not None]
    by_ink = sorted((sighting for sighting in sightings if sighting.ink), key=lambda sighting: sighting.ink)
    best = by_ink[(len(by_ink) - 1) // 2] if by_ink else sightings[0]
    deviations = [] if first.time == 0 else [Deviation.NOT_IN_START_FRAME]
    size = size_deviation(best, Deviation.VIDEO_TOO_SMALL, Deviation.VIDEO_SIZE_UNDECIDED)
    deviations += [size] if size else []
    # One step of tolerance: what is sampled every quarter second cannot be timed more exactly.
    if longest + _STEP < min(_REQUIRED_SECONDS, film.length - _STEP):
        deviations.append(Deviation.TOO_SHORT)
    if film.length < _REQUIRED_SECONDS:
        found.note(f"film: lasts {film.length:.2f} s; the label cannot be shown for 2 s")
    found.add(
        visible_label(
            best,
            tuple(deviations),
            first.image,
            carrier,
            first_seen=first.time,
            shown_seconds=round(longest, 3),
            shown=[[round(start, 2), round(end, 2)] for start, end in spans],
            frames_with_label=f"{len(film.seen)} of {len(film.samples)}",
        )
    )


def _spans(film: _Film) -> list[tuple[float, float]]:
    """The stretches of time in which every sample shows the label, each up to the next sample or the film's end."""
    spans: list[tuple[float, float]] = []
    is_open = False
    for index, sample in enumerate(film.samples):
        if sample.sighting is None:
            is_open = False
            continue
        last = index + 1 == len(film.samples)
        end = max(film.length, sample.time + _STEP) if last and film.is_whole else sample.time + _STEP
        end = end if last else film.samples[index + 1].time
        spans = [*spans[:-1], (spans[-1][0], end)] if is_open else [*spans, (sample.time, end)]
        is_open = True
    return spans


def read_sound(data: bytes, media_type: str, demuxer: str, found: Findings) -> None:
    """Adds the rhythm in a compressed sound, or in the sound track of a film."""
    limit = found.limits.audio_seconds
    with _open(data, demuxer) as container:
        if not container.streams.audio:
            if not media_type.startswith("video/"):
                found.note(f"{media_type}: holds no sound")
            return
        stream = container.streams.audio[0]
        rate = stream.codec_context.sample_rate or 48_000
        resampler = av.AudioResampler("flt", "mono", rate)
        parts = []
        heard = 0
        for frame in container.decode(stream):
            for each in resampler.resample(frame):
                parts.append(each.to_ndarray().ravel())
                heard += len(parts[-1])
            if heard > limit * rate:
                break
        declared = float(container.duration or 0) / 1e6
    if not parts:
        found.refuse("sound", "no samples could be decoded")
        return
    mono = np.concatenate(parts)[: int(limit * rate)].astype(np.float32)
    carrier = f"{media_type.rpartition('/')[2]}:samples"
    rhythm.read_samples(mono, rate, max(declared, heard / rate), carrier, None, found)
    if media_type.startswith("video/"):
        found.glimpse = None  # of a film, its start frame is shown
