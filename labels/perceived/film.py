"""Moving pictures and compressed sound, decoded by PyAV: the label in the first frames, and the rhythm.

The demuxer is forced from our own sniffing, so that no playlist or session description makes the library
open what it names.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from ..findings import BeyondLimitError, Findings
from ..meaning.wording import has_elements
from ..model import Deviation
from . import rhythm
from .visible import Line, Sighting, glimpse_of, look, measured, recognise, shrunk, size_deviation, visible_label

if TYPE_CHECKING:
    from PIL.Image import Image

_STEP = 0.25
_REQUIRED_SECONDS = 2.0
_WORKING_SIDE = 720


def _open(data: bytes, demuxer: str) -> Any:
    if not demuxer:
        raise ValueError("no demuxer is known for this format")
    return av.open(io.BytesIO(data), format=demuxer, metadata_errors="replace")


def _frames(container: Any, found: Findings) -> tuple[list[tuple[float, Image]], float]:
    """(time, picture) about every quarter second of the first seconds, and how long the film is as far as
    was decoded.
    """
    stream = container.streams.video[0]
    width, height = stream.codec_context.width, stream.codec_context.height
    longest, shortest = found.limits.video_width, found.limits.video_height
    if max(width, height) > longest or min(width, height) > shortest:
        raise BeyondLimitError(f"{width}x{height} pixels are more than the {longest}x{shortest} allowed")
    stream.thread_type = "SLICE"
    stream.codec_context.thread_count = 1
    frames: list[tuple[float, Image]] = []
    first: float | None = None
    last = 0.0
    for count, frame in enumerate(container.decode(stream)):
        if max(frame.width, frame.height) > longest or count >= found.limits.video_frames:
            break
        time = float(frame.time) if frame.time is not None else count / 25
        first = time if first is None else first
        last = time - first
        if not frames or last - frames[-1][0] >= _STEP * 0.9:
            frames.append((last, shrunk(frame.to_image(), _WORKING_SIDE)))
        if last > found.limits.video_seconds:
            break
    rate = float(stream.average_rate or 25)
    return frames, last + 1 / max(rate, 1.0)


def read(data: bytes, media_type: str, demuxer: str, found: Findings) -> None:
    """Adds the label seen in the first seconds of a film: GB 45438-2025, 5.4 b) start frame, e) height, f)
    two seconds.
    """
    with _open(data, demuxer) as container:
        if not container.streams.video:
            found.note(f"{media_type}: holds no moving picture")
            return
        frames, length = _frames(container, found)
    if not frames:
        found.refuse("film", "no frame could be decoded")
        return
    notes: list[str] = []
    seen: list[tuple[float, Sighting]] = []
    place: Line | None = None
    for time, image in frames:
        sighting = _again(image, place) if place is not None else None
        if sighting is None:
            # Looking everywhere is dear: the first frame gets it, later ones their edges.
            sightings = look(image, notes, whole=time == 0)
            sighting = sightings[0] if sightings else None
        if sighting is not None:
            place = sighting.line
            seen.append((time, sighting))
    for note in dict.fromkeys(notes):
        found.note(note)
    if not seen:
        found.glimpse = glimpse_of(frames[0][1])
        return
    shown = _longest_stretch([time for time, _ in seen], [time for time, _ in frames])
    # The middle of the frames that could be measured: one frame in which a cut or a flash confuses it decides nothing.
    by_ink = sorted((sighting for _, sighting in seen if sighting.ink), key=lambda sighting: sighting.ink)
    best = by_ink[(len(by_ink) - 1) // 2] if by_ink else seen[0][1]
    deviations = [] if seen[0][0] == 0 else [Deviation.NOT_IN_START_FRAME]
    size = size_deviation(best, Deviation.VIDEO_TOO_SMALL, Deviation.VIDEO_SIZE_UNDECIDED)
    deviations += [size] if size else []
    # One step of tolerance: what is sampled every quarter second cannot be timed more exactly.
    if shown + _STEP < min(_REQUIRED_SECONDS, length - _STEP):
        deviations.append(Deviation.TOO_SHORT)
    if length < _REQUIRED_SECONDS:
        found.note(f"film: lasts {length:.2f} s; the label cannot be shown for 2 s")
    image = next(image for time, image in frames if time == seen[0][0])
    label = visible_label(
        best,
        tuple(deviations),
        image,
        f"{media_type.rpartition('/')[2]}:frames",
        first_seen=seen[0][0],
        shown_seconds=shown,
    )
    found.add(label)


def _again(image: Image, place: Line) -> Sighting | None:
    """Whether the label is still where it was: reading one small piece costs a tenth of looking everywhere."""
    margin = place.part_height
    left, top = max(0, int(place.left - margin)), max(0, int(place.top - margin))
    right, bottom = min(image.width, int(place.right + margin)), min(image.height, int(place.bottom + margin))
    piece = np.asarray(image.crop((left, top, right, bottom)), np.uint8)
    for line in recognise(piece):
        if has_elements(line.text):
            return measured(line.moved(left, top, 1), np.asarray(image, np.uint8))
    return None


def _longest_stretch(seen: list[float], sampled: list[float]) -> float:
    """Seconds from the first sight to the frame after the last one, without a sample between that lacks the
    label.
    """
    best = 0.0
    start: float | None = None
    visible = set(seen)
    for index, time in enumerate(sampled):
        if time in visible:
            start = time if start is None else start
            end = sampled[index + 1] if index + 1 < len(sampled) else time + _STEP
            best = max(best, end - start)
        else:
            start = None
    return round(best, 3)


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
