"""Files that are there whole or not at all, whatever ends the process that writes them, and folders with one writer."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, data: bytes | str) -> None:
    """Write ``data`` (text as UTF-8, its line ends as they are) by way of a temporary file in the same folder, which no
    other writer uses. Raises ``OSError``, which names ``path``.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        partial.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        # A full disk is reported without the name of a file.
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold an existing folder for this process; the system releases it when the process ends, however it ends.

    Raises ``BlockingIOError`` where another process holds it. Where the system or the file system knows no such locks,
    nothing is held.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise BlockingIOError(errno.EWOULDBLOCK, "another process writes to it", str(folder)) from None
            # Some network file systems know no locks.
        yield
    finally:
        os.close(handle)
