"""Bounded decompression of Brotli streams (RFC 7932), with the library of the `media` extra."""

from __future__ import annotations

from ..model import INSTALL


class BrotliError(ValueError):
    """The stream cannot be decompressed; the message says why."""


def decompress(data: bytes, limit: int) -> bytes:
    """The content of one whole stream, of ``limit`` bytes at most.

    Raises BrotliError if the stream is broken, ends early or grows beyond ``limit``, or if the library is missing.
    """
    try:
        import brotli
    except ImportError:
        raise BrotliError(f"it is compressed with Brotli, which needs the media extra: {INSTALL}") from None
    stream = brotli.Decompressor()
    try:
        content: bytes = stream.process(data, output_buffer_limit=limit + 1)
        while not stream.is_finished() and len(content) <= limit:
            more = stream.process(b"", output_buffer_limit=limit + 1 - len(content))
            if not more and stream.can_accept_more_data():
                raise BrotliError("its Brotli stream ends too early")
            content += more
    except brotli.error:
        raise BrotliError("its Brotli stream is broken") from None
    if len(content) > limit:
        raise BrotliError(f"it grows beyond the {limit:,} bytes allowed")
    return content
