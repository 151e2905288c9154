"""The audible label behind compressed sound: FLAC and MP3.

Everything that is not sound stays byte for byte. MP3 frames stand for themselves, so that frames of the rhythm
are put behind the others; FLAC counts and sums up its samples in its first block, so that the sound is encoded
again, without loss. M4A and Ogg keep tables and page numbers over the whole file: there the rhythm has to be
mixed in before the sound is encoded. This is for a provider's own files: reading other people's goes through
the worker.
"""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from . import id3
from .findings import Findings
from .formats import FLAC, MP3, Format
from .rhythm import tones
from .vorbis import flac_blocks

_FRAMES_FLAG, _BYTES_FLAG = 1, 2
_STREAMINFO, _SEEK_TABLE = 0, 3


def with_rhythm(kind: Format, data: bytes, found: Findings) -> bytes:
    """``data`` with ``·– ··`` behind its sound. Raises ValueError where that cannot be."""
    try:
        if kind is MP3:
            return _mp3(data)
        if kind is FLAC:
            return _flac(data, found)
    except (av.error.FFmpegError, MemoryError) as error:
        raise ValueError(f"the sound cannot be encoded ({type(error).__name__})") from error
    raise ValueError(f"the rhythm is not put into {kind.media_type} files; mix it in before the sound is encoded")


def _opened(data: bytes, demuxer: str) -> Any:
    return av.open(io.BytesIO(data), format=demuxer)


def _encoded(codec: str, muxer: str, sound: NDArray[Any], like: Any, bit_rate: int, options: dict[str, str]) -> tuple[bytes, int]:
    """(file, packets) of ``sound``, 16-bit samples of shape (1, samples times channels), in the rate and layout of
    ``like``.
    """
    stream = io.BytesIO()
    with av.open(stream, "w", format=muxer, options=options) as out:
        track: Any = out.add_stream(codec, rate=like.sample_rate, layout=like.layout.name)
        if bit_rate:
            track.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(sound, format="s16", layout=like.layout.name)
        frame.sample_rate = like.sample_rate
        queue = av.AudioFifo()
        for each in av.AudioResampler(track.format.name, like.layout.name, like.sample_rate).resample(frame):
            queue.write(each)
        packets: list[Any] = []
        while part := queue.read(track.codec_context.frame_size or 4096, partial=True):
            packets += track.encode(part)
        packets += track.encode(None)
        for packet in packets:
            out.mux(packet)
    return stream.getvalue(), len(packets)


def _rhythm_like(context: Any) -> NDArray[np.int16]:
    """The rhythm in every channel, interleaved."""
    mono = (tones(context.sample_rate) * 32767).astype(np.int16)
    return np.repeat(mono, context.layout.nb_channels)[None, :]


def _mp3(data: bytes) -> bytes:
    with _opened(data, "mp3") as source:
        context = source.streams.audio[0].codec_context
        bit_rate = source.streams.audio[0].bit_rate or 128_000
    start = 0
    while length := id3.tag_length(data, start):
        start += length
    end = len(data) - 128 if data[-128:-125] == b"TAG" else len(data)
    if data[end - 10 : end - 7] == b"3DI" or data[end - 32 : end - 24] == b"APETAGEX":
        raise ValueError("a tag stands behind the sound, which the rhythm would have to go in front of")
    # Encoders put no header frame and no tag into such a stream: it is nothing but frames.
    added, count = _encoded("libmp3lame", "mp3", _rhythm_like(context), context, bit_rate, {"write_xing": "0", "id3v2_version": "0"})
    return data[:start] + _counted(data[start : start + 256], count, len(added)) + data[start + 256 : end] + added + data[end:]


def _counted(head: bytes, frames: int, size: int) -> bytes:
    """The first bytes of the first frame, with the number of frames and bytes that its header states put right."""
    if b"VBRI" in head:
        raise ValueError("the file states its length in a VBRI header, which is not put right here")
    at = max(head.find(b"Xing"), head.find(b"Info"))
    if at < 0:
        return head
    changed = bytearray(head)
    flags = int.from_bytes(head[at + 4 : at + 8], "big")
    place = at + 8
    for flag, more in ((_FRAMES_FLAG, frames), (_BYTES_FLAG, size)):
        if flags & flag:
            number = int.from_bytes(head[place : place + 4], "big") + more
            changed[place : place + 4] = number.to_bytes(4, "big")
            place += 4
    return bytes(changed)


def _flac(data: bytes, found: Findings) -> bytes:
    blocks = [(kind, data[start:end]) for kind, start, end, _ in flac_blocks(data, found)]
    parts: list[NDArray[np.int16]] = []
    with _opened(data, "flac") as source:
        context = source.streams.audio[0].codec_context
        if context.format.name != "s16":
            raise ValueError("only FLAC of 16 bits a sample is encoded again without loss here")
        size = 0
        for frame in source.decode(source.streams.audio[0]):
            parts.append(frame.to_ndarray())
            size += parts[-1].nbytes
            if size > 4 * found.limits.file_bytes:
                raise ValueError("the sound is too long to be encoded again here")
        sound = np.concatenate([*parts, _rhythm_like(context)], axis=1)
        whole, _ = _encoded("flac", "flac", sound, context, 0, {})
    made = list(flac_blocks(whole, found))
    kept = [(_STREAMINFO, next(whole[start:end] for kind, start, end, _ in made if kind == _STREAMINFO))]
    # Places to seek to lie elsewhere now; players do without.
    kept += [(kind, block) for kind, block in blocks if kind not in (_STREAMINFO, _SEEK_TABLE)]
    last = len(kept) - 1
    headers = [bytes((kind | (0x80 if number == last else 0),)) + block[1:] for number, (kind, block) in enumerate(kept)]
    return data[: data.index(b"fLaC") + 4] + b"".join(headers) + whole[made[-1][2] :]
