"""Which reports were written on this machine: their hashes, in the user's state folder.

A report tells `shenhe replay` what to send. A foreign or edited report could make it send
anything to any local port, so the user has to confirm first.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from shenhe.core.files import write_whole

#: So many reports are remembered.
_MOST = 2000


def state_file() -> Path:
    """Where the hashes are kept: below ``XDG_STATE_HOME``, else below the home folder."""
    folder = os.environ.get("XDG_STATE_HOME")
    return (Path(folder) if folder else Path.home() / ".local" / "state") / "shenhe" / "reports"


def remember(report: bytes) -> None:
    """Note that this report was written here. A folder that cannot be written is no error: the user then has to
    confirm.
    """
    digest = hashlib.sha256(report).hexdigest()
    with suppress(OSError, RuntimeError):
        path = state_file()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = _known(path)
        if digest not in known:
            write_whole(path, "\n".join([*known[-_MOST + 1 :], digest]) + "\n")


def is_own(report: bytes) -> bool:
    """Whether this report was written here, byte for byte."""
    with suppress(RuntimeError):
        return hashlib.sha256(report).hexdigest() in _known(state_file())
    return False


def _known(path: Path) -> list[str]:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("ascii").split()
    return []
