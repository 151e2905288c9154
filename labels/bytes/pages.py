"""A file's bytes, fetched by the piece: what a walk over metadata reads of a large file, and no more.

Reads like ``bytes`` as far as walkers need it. A map of the file would do as well, but costs more to set up than
most walks take, and kills the process where another shortens the file meanwhile; here that only ends the bytes.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias, overload

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

#: Fetched at once on opening: it holds most metadata, and small files entirely.
HEAD = 16_384
_PIECE = 1 << 20


class Pages:
    """The bytes of an open regular file of ``size`` bytes, of which ``head`` is the beginning.

    Items and slices as of ``bytes``, a step included; only ``bytes(pages)`` brings the whole into memory.
    """

    __slots__ = ("_handle", "_head", "_reach", "_size")

    def __init__(self, handle: int, size: int, head: bytes) -> None:
        self._handle = handle
        self._size = size
        self._head = head
        self._reach = len(head)

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, key: int) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> bytes: ...
    def __getitem__(self, key: int | slice) -> int | bytes:
        if isinstance(key, slice):
            start, stop = key.start, key.stop
            # Walkers ask for pieces of a few bytes by the hundred: the usual forms first.
            if start is not None and stop is not None and key.step is None and 0 <= start <= stop:
                if stop <= self._reach:
                    return self._head[start:stop]
                return self._fetched(start, min(stop, self._size))
            start, stop, step = key.indices(self._size)
            if step != 1:
                return bytes(self._fetched(start, max(start, stop))[::step]) if step > 0 else bytes(self)[key]
            return self._fetched(start, stop)
        at = key if key >= 0 else key + self._size
        if 0 <= at < self._reach:
            return self._head[at]
        one = self._fetched(at, at + 1) if 0 <= at < self._size else b""
        if not one:
            raise IndexError("index out of range")
        return one[0]

    def _fetched(self, start: int, stop: int) -> bytes:
        if start >= stop:
            return b""
        found = os.pread(self._handle, stop - start, start)
        while len(found) < stop - start:
            more = os.pread(self._handle, stop - start - len(found), start + len(found))
            if not more:  # shortened since it was opened
                break
            found += more
        return found

    def pieces(self) -> Iterator[bytes]:
        """The whole from its beginning, a mebibyte at a time."""
        for start in range(0, self._size, _PIECE):
            yield self[start : start + _PIECE]

    def __bytes__(self) -> bytes:
        return self._fetched(0, self._size)

    def __contains__(self, sought: bytes) -> bool:
        kept = b""
        for piece in self.pieces():
            if sought in kept + piece:
                return True
            kept = piece[1 - len(sought) :] if len(sought) > 1 else b""
        return False


#: What walkers read from.
Source: TypeAlias = bytes | Pages


def pieces(data: Source) -> Iterator[bytes | memoryview]:
    """``data`` from its beginning, a mebibyte at a time, without a copy of the whole."""
    if isinstance(data, Pages):
        yield from data.pieces()
        return
    view = memoryview(data)
    for start in range(0, len(view), _PIECE):
        yield view[start : start + _PIECE]


class _Stream(io.RawIOBase):
    """``Pages`` as a file that can be sought in."""

    def __init__(self, source: Pages) -> None:
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        at = offset + (0, self._at, len(self._source))[whence]
        if at < 0:
            raise OSError(errno.EINVAL, "a place before the beginning")
        self._at = at
        return at

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        part = self._source[self._at : self._at + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)


def stream(data: Source) -> IO[bytes]:
    """``data`` for a library that reads files."""
    return io.BufferedReader(_Stream(data)) if isinstance(data, Pages) else io.BytesIO(data)


def opened(path: Path) -> tuple[int, Source]:
    """(handle, which the caller closes; the bytes) of a regular file.

    Raises OSError where it cannot be opened or is no regular file: a pipe or a device might never end.
    """
    # Opening a pipe would wait until a process writes into it.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            why = "is a directory" if stat.S_ISDIR(status.st_mode) else "is no regular file"
            raise OSError(errno.EINVAL, why, str(path))
        head = os.read(handle, HEAD)
    except BaseException:
        os.close(handle)
        raise
    return handle, head if len(head) == status.st_size else Pages(handle, status.st_size, head)
