"""Files that are there whole or not at all, whatever ends the process that writes them, folders with one writer, and
files of others, which are read up to a limit.
"""

from __future__ import annotations

import errno
import os
import select
import stat
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


#: Seconds for which the other end of a pipe may be silent.
_SILENCE = 60.0


def read_up_to(path: Path, limit: int) -> bytes:
    """The first ``limit`` bytes of a file, and one more where it is longer, so that the caller can refuse it.

    A pipe (``<(…)`` of a shell) is read to its end. Raises ``OSError``, which names ``path``: also for a pipe that no
    program writes to, or whose writer is silent for a minute, which would otherwise be waited for without end.
    """
    # Without this flag, opening a pipe waits for a writer.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    parts, left = [], limit + 1
    try:
        status = os.fstat(handle)
        kind = status.st_mode
        # A file is read at once, since parts of it would be joined to a second copy.
        most = max(1 << 20, status.st_size + 1) if stat.S_ISREG(kind) else 1 << 20
        while left > 0:
            try:
                part = os.read(handle, min(left, most))
            except BlockingIOError:
                # There is a writer, which has written nothing yet. Without a writer, a read returns nothing.
                if not select.select([handle], [], [], _SILENCE)[0]:
                    raise TimeoutError(
                        errno.ETIMEDOUT, f"nothing came for {_SILENCE:.0f} seconds, expected a file"
                    ) from None
                continue
            if not part:
                break
            parts.append(part)
            left -= len(part)
        if stat.S_ISFIFO(kind) and not parts:
            raise OSError(errno.ENXIO, "no program writes to this pipe, expected a file")
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        os.close(handle)
    return b"".join(parts)


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
