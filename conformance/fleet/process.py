"""A process for one provider: it reads its job from standard input, is bounded in time, ended with all that it started.

The process's own side is :mod:`.worker`.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .results import Options, Result

#: No job, and no answer of a worker, comes near this many bytes.
LONGEST = 4 * 1024 * 1024
#: What the interpreter needs of its environment; nothing that a binding could ask for.
_NEEDED = ("PATH", "SYSTEMROOT", "VIRTUAL_ENV", "TMPDIR")


class Job(BaseModel):
    """The job of a worker, on its standard input: paths, the variables of only this binding, options, bytes of
    memory.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    binding: str
    sha256: str
    environ: dict[str, str] = Field(repr=False)
    options: Options
    report: str
    memory: int


def worked(job: Job, seconds: float, stop: threading.Event) -> Result:
    """What a separate process answers to the job within ``seconds``, or what became of it. ``stop`` ends it early.

    Raises ``OSError`` where no process can be started.
    """
    try:
        message = job.model_dump_json().encode() + b"\n"
    except ValueError:
        return Result(outcome="not usable", detail="the name of its file, or a variable that it names, is not UTF-8")
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [sys.executable, "-P", "-m", f"{__package__}.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _NEEDED if name in os.environ},
        bufsize=0,
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes to the process")
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(message)
        answer, why = _answer(process.stdout.fileno(), time.monotonic() + seconds, stop)
        if why == "interrupted":
            return Result(outcome="not run", detail="the fleet was interrupted before it was finished")
        if why:
            return Result(outcome="stopped", detail=f"it was not finished after {seconds:g} seconds, and was ended")
        try:
            return Result.model_validate_json(answer)
        except ValidationError:
            return Result(outcome="broken", detail=_cause(process))
    finally:
        # The whole session: a process may have started others to read files.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.stdin.close()
        process.stdout.close()
        process.wait()


def _answer(stream: int, deadline: float, stop: threading.Event) -> tuple[bytes, Literal["", "late", "interrupted"]]:
    """All that a process writes until it closes its output, or why it was not waited for."""
    parts, size = [], 0
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while size <= LONGEST:
            left = deadline - time.monotonic()
            if stop.is_set():
                return b"", "interrupted"
            if left <= 0:
                return b"", "late"
            if not selector.select(min(left, 0.2)):
                continue
            part = os.read(stream, 1 << 16)
            if not part:
                break
            parts.append(part)
            size += len(part)
    return b"".join(parts), ""


def _cause(process: subprocess.Popen[bytes]) -> str:
    """Why a process closed its output without an answer."""
    try:
        code = process.wait(2)
    except subprocess.TimeoutExpired:
        return "its process gave no answer that can be read"
    if code < 0:
        return f"its process was ended by signal {-code}, perhaps for want of memory"
    return f"its process ended with code {code} and no answer, perhaps for want of memory"
