"""Archives by others: entries and members are unpacked in steps of bounded size, or not at all.

The modules of Python that read archives bound what they return, but not what they unpack on the way. A kilobyte of
bzip2 in a ZIP archive takes gigabytes before the first byte is returned, and so does the header of a TAR archive.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

#: The methods of ZIP whose decompressors stop in the middle.
_BOUNDED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
#: Bytes that a reader of a TAR archive may ask for at once: it reads headers whole.
_LARGEST_READ = 1 << 20
#: A compressed archive may inflate to this many times its size, plus this many bytes.
_MULTIPLE, _MORE = 200, 1 << 30
_COMPRESSED: tuple[tuple[bytes, Callable[[Any], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ", lzma.LZMAFile),
    (b"\x5d\x00\x00", lzma.LZMAFile),
)


def opened(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """An entry of a ZIP archive, ready to be read. Raises ``NotImplementedError``, as ``zipfile`` does for methods that
    it does not know, for those that cannot be unpacked within bounds.
    """
    if info.compress_type not in _BOUNDED:
        raise NotImplementedError(f"found the compression method {info.compress_type}, expected none or deflate")
    return package.open(info)


@contextmanager
def opened_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """A TAR archive, compressed or not. Reading it raises ``tarfile.ReadError`` where a header is too large, and where
    it unpacks to many times its size.
    """
    with path.open("rb") as file:
        start = file.read(6)
        file.seek(0)
        unpacker = next((each for magic, each in _COMPRESSED if start.startswith(magic)), None)
        size = path.stat().st_size
        stream = _Bounded(unpacker(file), _MULTIPLE * size + _MORE) if unpacker else _Bounded(file, size)
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            yield archive


def content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    """The content of a regular member, of which a TAR archive asks for a little at a time."""
    stream = archive.extractfile(info)
    return b"" if stream is None else b"".join(iter(lambda: stream.read(1 << 16), b""))


class _Bounded(io.RawIOBase):
    """A stream that refuses to read too much at once, and to go too far."""

    def __init__(self, inner: Any, furthest: int) -> None:
        self._inner, self._furthest = inner, furthest

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_READ:
            raise tarfile.ReadError(f"found a header of more than {_LARGEST_READ:,} bytes, expected a smaller one")
        data: bytes = self._inner.read(size)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET and offset > self._furthest:
            raise tarfile.ReadError(f"found an archive of more than {self._furthest:,} bytes, expected a smaller one")
        place: int = self._inner.seek(offset, whence)
        return place

    def tell(self) -> int:
        place: int = self._inner.tell()
        return place

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True
