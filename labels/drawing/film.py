"""Drawing the visible label into the first seconds of a film.

Frames have to be encoded again, with the same codec; sound and subtitles are copied as they are. This is
for a provider's own films: reading other people's goes through the worker.
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
from PIL.Image import Transpose

from ..containers.table import Container
from ..findings import Findings, UnsuitableFileError
from ..proof.streams import same_film, turn_of
from .glyphs import draw_label

#: GB 45438-2025, 5.4 f) asks for two seconds from the start frame on; one more leaves room for players that
#: skip.
_SECONDS = 3.0
_BITS_A_PIXEL = 0.15
#: Codec -> encoder.
_ENCODERS = {
    "av1": "libsvtav1",
    "flv1": "flv",
    "h264": "libx264",
    "hevc": "libx265",
    "mjpeg": "mjpeg",
    "mpeg2video": "mpeg2video",
    "mpeg4": "mpeg4",
    "prores": "prores_ks",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
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
        raise UnsuitableFileError(f"no label can be drawn on films of the kind {kind.media_type}")
    out_file = io.BytesIO()
    try:
        with (
            av.open(io.BytesIO(data), format=kind.demuxer) as source,
            av.open(out_file, "w", format=muxer, container_options=_options(muxer)) as target,
        ):
            _copy(source, target, turn_of(data, kind.demuxer), found)
    except (av.error.FFmpegError, MemoryError) as error:
        raise UnsuitableFileError("the film cannot be decoded and encoded again") from error
    same_film(data, out_file.getvalue(), kind.demuxer)
    return out_file.getvalue()


def _options(muxer: str) -> dict[str, str]:
    # Without it the library drops every metadata key it does not know, the label among them.
    return {"movflags": "use_metadata_tags"} if muxer in ("mp4", "mov") else {}


def _copy(source: Any, target: Any, turn: float, found: Findings) -> None:
    if not source.streams.video:
        raise UnsuitableFileError("the file holds no moving picture")
    picture = source.streams.video[0]
    width, height = picture.codec_context.width, picture.codec_context.height
    if width * height > found.limits.video_width * found.limits.video_height:
        raise UnsuitableFileError(f"{width}x{height} pixels are more than a label can be drawn on")
    codec = picture.codec_context.codec.canonical_name
    if codec not in _ENCODERS:
        raise UnsuitableFileError(f"films in {codec} cannot be encoded again here")
    if any(key.lower() == "alpha_mode" and value == "1" for key, value in picture.metadata.items()):
        raise UnsuitableFileError("the film has transparency, which would be lost")
    drawn = _encoder(target, picture)
    copies = {picture.index: drawn}
    for stream in source.streams:
        if stream.type in ("audio", "subtitle") or stream.disposition & _COVER:
            copies[stream.index] = target.add_stream_from_template(stream)
            copies[stream.index].disposition = stream.disposition
    for index, copy in copies.items():
        copy.metadata.update(source.streams[index].metadata)
    target.metadata.update(source.metadata)
    if source.chapters():
        target.set_chapters(source.chapters())
    if turn:
        drawn.set_display_rotation(turn)
    for packet in source.demux():
        copy = copies.get(packet.stream.index)
        if packet.stream.index == picture.index:
            for frame in packet.decode():
                target.mux(drawn.encode(_labelled(frame)))
        elif copy is not None and (packet.dts is not None or packet.stream.disposition & _COVER):
            packet.stream = copy
            target.mux(packet)
    target.mux(drawn.encode(None))


_COVER = av.stream.Disposition.attached_pic
_COLOURS = ("color_primaries", "color_trc", "colorspace", "color_range")


def _encoder(target: Any, picture: Any) -> Any:
    """A track that is encoded as ``picture`` is, with its shape, colours and times."""
    context = picture.codec_context
    encoder = _ENCODERS[context.codec.canonical_name]
    drawn = target.add_stream(encoder, rate=picture.average_rate or Fraction(25))
    drawn.width, drawn.height = context.width, context.height
    drawn.pix_fmt = context.pix_fmt or "yuv420p"
    fits = encoder != "mpeg2video" and (encoder not in ("mpeg4", "flv") or picture.time_base.denominator < 1 << 16)
    if fits:  # frames keep their times, also where they are no even distance apart
        drawn.codec_context.time_base = picture.time_base
    if picture.sample_aspect_ratio:
        drawn.codec_context.sample_aspect_ratio = picture.sample_aspect_ratio
    for name in _COLOURS:
        if getattr(context, name, None):
            setattr(drawn.codec_context, name, getattr(context, name))
    # The rate of a film that hardly moves is too low for letters that appear in it.
    rate = float(picture.average_rate or 25)
    drawn.bit_rate = max(picture.bit_rate or 0, int(context.width * context.height * rate * _BITS_A_PIXEL))
    if encoder == "libx265":
        drawn.options = {"x265-params": "log-level=none"}
    return drawn


def _labelled(frame: Any) -> Any:
    """``frame`` with the label, if it is one of the first; drawn upright, as the frame is shown."""
    frame.pict_type = 0
    if frame.time is None or frame.time > _SECONDS:
        return frame
    turns = round(frame.rotation / 90) % 4
    image = frame.to_image()
    there, back = _TURNS[turns]
    image = image.transpose(there) if there is not None else image
    image = draw_label(image)
    image = image.transpose(back) if back is not None else image
    frame_of: Any = av.VideoFrame.from_image
    new = frame_of(image).reformat(format=frame.format.name)
    new.pts, new.time_base = frame.pts, frame.time_base
    return new


#: By quarter turns: how an image is set upright, and turned back.
_TURNS = (
    (None, None),
    (Transpose.ROTATE_90, Transpose.ROTATE_270),
    (Transpose.ROTATE_180, Transpose.ROTATE_180),
    (Transpose.ROTATE_270, Transpose.ROTATE_90),
)
