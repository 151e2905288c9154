"""Samples of WAV files: read as one channel, and lengthened without touching what is there."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..bytes.pages import Source
from ..containers.media import riff
from ..findings import Findings, UnsuitableFileError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


@dataclass(frozen=True, slots=True)
class WavLayout:
    """Where the samples of a WAV file lie (``[start, end)``) and how one is written."""

    code: int
    channels: int
    rate: int
    bits: int
    start: int
    end: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8


def layout(data: Source, found: Findings) -> WavLayout:
    """Raises ValueError where the file is no PCM or float WAV of usual depth."""
    form: tuple[int, int, int, int] | None = None
    for name, start, end, inside in riff.riff_chunks(data, 12, len(data), found):
        if inside:
            continue
        if name == b"fmt " and end - start >= 16:
            code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", data[start : start + 16])
            if code == _EXTENSIBLE and end - start >= 26:
                code = int.from_bytes(data[start + 24 : start + 26], "little")
            form = (code, channels, rate, bits)
        elif name == b"data" and form is not None:
            code, channels, rate, bits = form
            usable = (code == _PCM and bits in (8, 16, 24, 32)) or (code == _FLOAT and bits in (32, 64))
            if not usable or not 1 <= channels <= 64 or not 4_000 <= rate <= 768_000:
                form_of_it = f"format {code}, {channels} channels, {bits} bits, {rate} Hz"
                raise UnsuitableFileError(f"WAV of {form_of_it} is not decoded here; convert it to PCM")
            frame = channels * bits // 8
            return WavLayout(code, channels, rate, bits, start, start + (end - start) // frame * frame)
    raise UnsuitableFileError("the WAV file states no format or holds no samples")


def samples(data: Source, shape: WavLayout, seconds: float) -> NDArray[np.float32]:
    """The channels' mean in [-1, 1], at most the first ``seconds``: shape (frames,)."""
    import numpy as np

    wanted = min(shape.end, shape.start + int(seconds * shape.rate) * shape.frame_bytes)
    raw = data[shape.start : wanted]
    values: NDArray[np.float32]
    if shape.code == _FLOAT:
        values = np.frombuffer(raw, f"<f{shape.bits // 8}").astype(np.float32)
        values = np.clip(np.nan_to_num(values), -1, 1)
    elif shape.bits == 8:
        values = (np.frombuffer(raw, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
    elif shape.bits == 24:
        thirds = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        joined = thirds[:, 1].astype(np.int32) + (thirds[:, 2].view(np.int8).astype(np.int32) << 8)
        values = joined.astype(np.float32) / np.float32(32768)
    else:
        whole = np.frombuffer(raw, f"<i{shape.bits // 8}").astype(np.float32)
        values = whole / np.float32(1 << (shape.bits - 1))
    if shape.channels == 1:
        return values
    mixed: NDArray[np.float32] = values.reshape(-1, shape.channels).mean(axis=1, dtype=np.float32)
    return mixed


def encoded(mono: NDArray[np.float64], shape: WavLayout) -> bytes:
    """Samples in [-1, 1] as the file writes them, the same in every channel."""
    import numpy as np

    frames = np.repeat(mono[:, None], shape.channels, axis=1).ravel()
    if shape.code == _FLOAT:
        return frames.astype(f"<f{shape.bits // 8}").tobytes()
    if shape.bits == 8:
        return np.round(frames * 127 + 128).astype(np.uint8).tobytes()
    whole = np.round(frames * (2 ** (shape.bits - 1) - 1)).astype("<i4" if shape.bits != 16 else "<i2")
    if shape.bits == 24:
        return bytes(whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes())
    return bytes(whole.tobytes())


def with_samples(data: bytes, added: bytes, shape: WavLayout) -> bytes:
    """``data`` with samples added at their end. Raises ValueError for the 64-bit form, whose sizes stand
    elsewhere.
    """
    if data[:4] != b"RIFF":
        raise ValueError("RF64 files are not lengthened here")
    size = int.from_bytes(data[shape.start - 4 : shape.start], "little")
    old_end = min(shape.start + size + (size & 1), len(data))
    body = data[shape.start : shape.end] + added
    whole = data[: shape.start - 4] + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1) + data[old_end:]
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]
