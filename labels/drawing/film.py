"""Drawing the visible label into the first seconds of a film.

Frames have to be encoded again, with the same codec; sound and subtitles are copied as they are. This is
for a provider's own films: reading other people's goes through the worker.
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av

from ..containers.table import Container
from ..findings import Findings, UnsuitableFileError
from .glyphs import draw_label

#: GB 45438-2025, 5.4 f) asks for two seconds from the start frame on; one more leaves room for players that
#: skip.
_SECONDS = 3.0
_BITS_A_PIXEL = 0.15
_ENCODERS = {
    "h264": "libx264",
    "hevc": "libx265",
    "vp9": "libvpx-vp9",
    "vp8": "libvpx",
    "mpeg4": "mpeg4",
    "flv1": "flv",
}
_MUXERS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/x-matroska": "matroska",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/x-msvideo": "avi",
}


def with_visible_label(kind: Container, data: bytes, found: Findings) -> bytes:
    """``data`` with ``AI生成`` in the lower right corner of its first three seconds. Raises ValueError where
    it cannot be.
    """
    muxer = _MUXERS.get(kind.media_type)
    if muxer is None:
        raise UnsuitableFileError(f"films of the kind {kind.media_type} are not drawn on")
    out_file = io.BytesIO()
    try:
        with (
            av.open(io.BytesIO(data), format=kind.demuxer) as source,
            av.open(out_file, "w", format=muxer, container_options=_options(muxer)) as target,
        ):
            _copy(source, target, found)
    except (av.error.FFmpegError, MemoryError) as error:
        raise UnsuitableFileError(f"the film cannot be encoded again ({type(error).__name__})") from error
    return out_file.getvalue()


def _options(muxer: str) -> dict[str, str]:
    # Without it the library drops every metadata key it does not know, the label among them.
    return {"movflags": "use_metadata_tags"} if muxer in ("mp4", "mov") else {}


def _copy(source: Any, target: Any, found: Findings) -> None:
    if not source.streams.video:
        raise UnsuitableFileError("the file holds no moving picture")
    picture = source.streams.video[0]
    width, height = picture.codec_context.width, picture.codec_context.height
    if width * height > found.limits.video_width * found.limits.video_height:
        raise UnsuitableFileError(f"{width}x{height} pixels are more than are drawn on")
    encoder = _ENCODERS.get(picture.codec_context.name)
    if encoder is None:
        raise UnsuitableFileError(f"no encoder is known for {picture.codec_context.name}")
    drawn = target.add_stream(encoder, rate=picture.average_rate or Fraction(25))
    drawn.width, drawn.height = width, height
    drawn.pix_fmt = picture.codec_context.pix_fmt or "yuv420p"
    # The rate of a film that hardly moves is too low for letters that appear in it.
    rate = float(picture.average_rate or 25)
    drawn.bit_rate = max(picture.bit_rate or 0, int(width * height * rate * _BITS_A_PIXEL))
    if encoder == "libx265":
        drawn.options = {"x265-params": "log-level=none"}
    copies = {picture.index: drawn}
    for stream in source.streams:
        if stream.type in ("audio", "subtitle"):
            copies[stream.index] = target.add_stream_from_template(stream)
    target.metadata.update(source.metadata)
    for packet in source.demux():
        copy = copies.get(packet.stream.index)
        if packet.stream.index == picture.index:
            for frame in packet.decode():
                target.mux(drawn.encode(_labelled(frame)))
        elif copy is not None and packet.dts is not None:
            packet.stream = copy
            target.mux(packet)
    target.mux(drawn.encode(None))


def _labelled(frame: Any) -> Any:
    frame.pict_type = 0
    if frame.time is None or frame.time > _SECONDS:
        return frame
    frame_of: Any = av.VideoFrame.from_image
    new = frame_of(draw_label(frame.to_image())).reformat(format=frame.format.name)
    new.pts, new.time_base = frame.pts, frame.time_base
    return new
