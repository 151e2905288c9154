"""Reading the body of an answer within bounds, whatever its headers promise."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator

import httpx

ENCODINGS = "gzip, deflate"
"""What is asked for: the encodings whose decoders can stop in the middle of a chunk."""


class BodyError(ValueError):
    """A body that is too long, too slow or not what its encoding says."""


def read_body(response: httpx.Response, *, limit: int, deadline: float) -> bytes:
    """The decoded body of a streaming ``response``, of at most ``limit`` bytes.

    Raises :class:`BodyError`; failures of the connection are passed on. The response is left for the caller to close.
    """
    declared = response.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise BodyError(f"found Content-Length {declared[:20]}, expected at most {limit:,} bytes")
    chunks: list[bytes] = []
    size = 0
    for chunk in _decoded(response, limit):
        size += len(chunk)
        if size > limit:
            raise BodyError(f"found a body of more than {limit:,} bytes, expected less")
        if time.monotonic() > deadline:
            raise BodyError("the body did not end in the time for the whole request")
        chunks.append(chunk)
    return b"".join(chunks)


def _decoded(response: httpx.Response, limit: int) -> Iterator[bytes]:
    raw = response.iter_raw()
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"identity", ""}:
        yield from raw
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise BodyError("found a Content-Encoding that was not requested, expected gzip, deflate or none")
    # 32 + 15: the header says whether it is gzip or zlib
    decoder = zlib.decompressobj(32 + zlib.MAX_WBITS)
    try:
        for chunk in raw:
            pending = chunk
            while pending and not decoder.eof:
                yield decoder.decompress(pending, 65_536)
                pending = decoder.unconsumed_tail
        yield decoder.flush()
    except zlib.error:
        raise BodyError(f"found a body that is not {encoding} although its Content-Encoding says so") from None
    if not decoder.eof and response.request.method != "HEAD":
        raise BodyError(f"found a {encoding} body that breaks off")
