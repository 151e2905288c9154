"""The audible label behind compressed sound: MP3, M4A (AAC-LC), Opus, FLAC.

No existing sound is encoded again with a loss, and everything that is not sound stays byte for byte. Frames of MP3 and
packets of Opus are independent: those of the rhythm are appended. M4A also has tables, which are updated. FLAC counts
and hashes its samples in its first block: the sound is encoded again, without loss. Vorbis packets need the code books
of their file: there the rhythm has to be mixed in before the sound is encoded. This is for a provider's own files;
foreign files are read in the worker.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ..containers.media import id3, vorbis
from ..containers.media.vorbis import flac_blocks
from ..containers.table import Container
from ..findings import Findings, UnsuitableFileError
from ..perceived.rhythm import tones
from . import m4a as lengthening

_FRAMES_FLAG, _BYTES_FLAG = 1, 2
_STREAMINFO, _SEEK_TABLE = 0, 3


def _in_words(work: Callable[[bytes, Findings], bytes]) -> Callable[[Container, bytes, Findings], bytes]:
    """The function that the table of containers names: what a codec raises becomes a sentence."""

    @wraps(work)
    def explicit(_kind: Container, data: bytes, found: Findings) -> bytes:
        try:
            return work(data, found)
        except (av.error.FFmpegError, MemoryError) as error:
            raise UnsuitableFileError("the sound cannot be decoded and encoded again") from error

    return explicit


def _opened(data: bytes, demuxer: str) -> Any:
    return av.open(io.BytesIO(data), format=demuxer)


def _encoded(
    codec: str, muxer: str, sound: NDArray[Any], like: Any, bit_rate: int, options: dict[str, str]
) -> tuple[bytes, int]:
    """(file, packets) of ``sound``, samples of 16 or 32 bits of shape (1, samples times channels), in the rate and
    layout of ``like``.
    """
    stream = io.BytesIO()
    with av.open(stream, "w", format=muxer, options=options) as out:
        track: Any = out.add_stream(codec, rate=like.sample_rate, layout=like.layout.name)
        form = "s16" if sound.dtype == np.int16 else "s32"
        if bit_rate:
            track.bit_rate = bit_rate
        else:  # without loss, and so in the samples that are there
            track.format = form
        frame = av.AudioFrame.from_ndarray(sound, format=form, layout=like.layout.name)
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


def _packets(codec: str, rate: int, layout: str, bit_rate: int) -> tuple[list[bytes], bytes]:
    """(the rhythm as packets of ``codec``, its decoder configuration)."""
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout, encoder.bit_rate = rate, layout, bit_rate
    encoder.format = encoder.codec.audio_formats[0].name
    encoder.time_base = Fraction(1, rate)
    frame = av.AudioFrame.from_ndarray(_rhythm(rate, len(av.AudioLayout(layout).channels)), format="s16", layout=layout)
    frame.sample_rate = rate
    queue = av.AudioFifo()
    for each in av.AudioResampler(encoder.format.name, layout, rate).resample(frame):
        queue.write(each)
    encoder.open()
    packets: list[Any] = []
    while part := queue.read(encoder.frame_size, partial=True):
        packets += encoder.encode(part)
    packets += encoder.encode(None)
    return [bytes(packet) for packet in packets], bytes(encoder.extradata or b"")


def _rhythm(rate: int, channels: int) -> NDArray[np.int16]:
    """The rhythm in every channel, interleaved."""
    mono = (tones(rate) * 32767).astype(np.int16)
    return np.repeat(mono, channels)[None, :]


def _rhythm_like(context: Any) -> NDArray[np.int16]:
    return _rhythm(context.sample_rate, context.layout.nb_channels)


@_in_words
def m4a(data: bytes, found: Findings) -> bytes:
    track = lengthening.sound_track(data, found)
    with _opened(data, "mov") as source:
        stream = source.streams.audio[0]
        rate, layout, bit_rate = (
            stream.codec_context.sample_rate,
            stream.codec_context.layout.name,
            stream.bit_rate or 128_000,
        )
    frames, decoder = _packets("aac", rate, layout, bit_rate)
    if decoder[:2] != track.decoder:
        raise UnsuitableFileError("the sound is in a kind of AAC that cannot be encoded here")
    return lengthening.lengthened(data, frames, found)


@_in_words
def ogg(data: bytes, found: Findings) -> bytes:
    layout = "mono" if vorbis.opus_channels(data, found) == 1 else "stereo"
    packets, _ = _packets("libopus", 48_000, layout, 64_000)
    return vorbis.lengthened_opus(data, packets, found)


@_in_words
def mp3(data: bytes, _found: Findings) -> bytes:
    with _opened(data, "mp3") as source:
        context = source.streams.audio[0].codec_context
        bit_rate = source.streams.audio[0].bit_rate or 128_000
    start = 0
    while length := id3.tag_length(data, start):
        start += length
    end = len(data) - 128 if data[-128:-125] == b"TAG" else len(data)
    if data[end - 10 : end - 7] == b"3DI" or data[end - 32 : end - 24] == b"APETAGEX":
        raise UnsuitableFileError("a tag follows the audio, and the rhythm would have to precede it")
    # Encoders put no header frame and no tag into such a stream: it is nothing but frames.
    added, count = _encoded(
        "libmp3lame", "mp3", _rhythm_like(context), context, bit_rate, {"write_xing": "0", "id3v2_version": "0"}
    )
    return (
        data[:start]
        + _counted(data[start : start + 256], count, len(added))
        + data[start + 256 : end]
        + added
        + data[end:]
    )


def _counted(head: bytes, frames: int, size: int) -> bytes:
    """The first bytes of the first frame, with the number of frames and bytes that its header states put right."""
    if b"VBRI" in head:
        raise UnsuitableFileError("the file states its length in a VBRI header, which cannot be corrected here")
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


def _bits_a_sample(blocks: list[tuple[int, bytes]]) -> int:
    """Of the stream's first block (RFC 9639, 8.2): five bits, less one."""
    info = next((block for kind, block in blocks if kind == _STREAMINFO), b"")
    if len(info) < 22:
        raise UnsuitableFileError("the FLAC file has no whole first block")
    return ((info[16] & 1) << 4 | info[17] >> 4) + 1


@_in_words
def flac(data: bytes, found: Findings) -> bytes:
    blocks = [(kind, data[start:end]) for kind, start, end, _ in flac_blocks(data, found)]
    parts: list[NDArray[Any]] = []
    with _opened(data, "flac") as source:
        context = source.streams.audio[0].codec_context
        bits = _bits_a_sample(blocks)
        if bits not in (16, 24):
            raise UnsuitableFileError(f"FLAC of {bits} bits per sample cannot be encoded again here, only 16 and 24")
        size = 0
        for frame in source.decode(source.streams.audio[0]):
            parts.append(frame.to_ndarray())
            size += parts[-1].nbytes
            if size > 4 * found.limits.file_bytes:
                raise UnsuitableFileError("the sound is too long to be encoded again here")
        # Samples of 24 bits come in the upper part of 32.
        rhythm = _rhythm_like(context) if bits == 16 else _rhythm_like(context).astype(np.int32) << 16
        sound = np.concatenate([*parts, rhythm], axis=1)
        whole, _ = _encoded("flac", "flac", sound, context, 0, {})
    made = list(flac_blocks(whole, found))
    kept = [(_STREAMINFO, next(whole[start:end] for kind, start, end, _ in made if kind == _STREAMINFO))]
    # Places to seek to lie elsewhere now; players do without.
    kept += [(kind, block) for kind, block in blocks if kind not in (_STREAMINFO, _SEEK_TABLE)]
    last = len(kept) - 1
    headers = [
        bytes((kind | (0x80 if number == last else 0),)) + block[1:] for number, (kind, block) in enumerate(kept)
    ]
    return data[: data.index(b"fLaC") + 4] + b"".join(headers) + whole[made[-1][2] :]
