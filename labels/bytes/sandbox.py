"""A worker process for what libraries must decode: pixels, films, compressed sound, credentials, PDF.

Hostile files make such libraries run for minutes, take gigabytes or crash. The worker is another process
with limits on memory and processor time, no sockets and no core dumps; when it dies, that is a
refusal, and the next file gets a new one. Requests and answers are length-prefixed JSON and bytes, nothing
that could carry code.
"""

from __future__ import annotations

import atexit
import base64
import dataclasses
import json
import os
import selectors
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ..findings import Findings
from ..model import DEVIATIONS, INSTALL, Label, Limits, Refusal
from .pages import Source, pieces

_LONGEST_ANSWER = 64 << 20


class _WorkerError(Exception):
    """The worker gave no answer; the message says why."""


class _Patience:
    """How long a process may go on without using any processor time."""

    def __init__(self, process: int, seconds: float) -> None:
        self._process, self._seconds = process, seconds
        self._used = _processor_time(process)
        self._since = time.monotonic()

    def is_over(self) -> bool:
        """Whether the process has used no CPU time for longer than allowed. If that is unknown, any time counts."""
        used = _processor_time(self._process)
        if used != self._used:
            self._used, self._since = used, time.monotonic()
        return time.monotonic() - self._since > self._seconds


def _processor_time(process: int) -> str:
    """The processor time that a process has used, as Linux writes it; empty on other systems."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return " ".join(fields[11:13])


class Worker:
    """One warm worker process, started at its first request and again after it died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def ask(self, task: str, media_type: str, demuxer: str, data: Source, limits: Limits, found: Findings) -> None:
        """Runs one task on ``data`` and adds what it found, or the reason why it found nothing, to
        ``found``.
        """
        request = {
            "task": task,
            "media_type": media_type,
            "demuxer": demuxer,
            "limits": dataclasses.asdict(limits),
            "trust_anchors": found.trust_anchors,
            "length": len(data),
        }
        with self._lock:
            try:
                answer = self._exchange(json.dumps(request).encode(), data, limits)
            except _WorkerError as error:
                self.close()
                found.refuse(task, str(error))
                return
        for raw in answer["labels"]:
            found.add(label_from(raw))
        found.origins += [(who, term) for who, term in answer["origins"]]
        for raw in answer["statements"]:
            found.state(label_from(raw))
        for refusal in answer["refused"]:
            found.refuse(refusal["what"], refusal["why"])
        for note in answer["notes"]:
            found.note(note)
        if answer["glimpse"]:
            found.glimpse = base64.b64decode(answer["glimpse"])

    def _started(self, limits: Limits) -> subprocess.Popen[bytes]:
        process = self._process
        if process is not None and self._owner == os.getpid() and process.poll() is None:
            return process
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "VIRTUAL_ENV") if name in os.environ}
        environment = {**kept, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-P", "-m", f"{__package__}.worker", str(limits.worker_memory_bytes)]
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
        )
        self._owner = os.getpid()
        return self._process

    def _exchange(self, request: bytes, data: Source, limits: Limits) -> dict[str, Any]:
        process = self._started(limits)
        if process.stdin is None or process.stdout is None:
            raise _WorkerError("the worker has no pipes")
        try:
            process.stdin.write(struct.pack("<I", len(request)) + request)
            for piece in pieces(data):
                view = memoryview(piece)
                while view:
                    view = view[process.stdin.write(view) :]
        except (BrokenPipeError, OSError) as error:
            raise _WorkerError(self._cause(process, limits)) from error
        head = self._read(process, 4, limits)
        size = struct.unpack("<I", head)[0]
        if size > _LONGEST_ANSWER:
            raise _WorkerError("the worker's answer is longer than allowed")
        answer: dict[str, Any] = json.loads(self._read(process, size, limits))
        return answer

    def _read(self, process: subprocess.Popen[bytes], count: int, limits: Limits) -> bytes:
        """``count`` bytes of the answer. What may be used is processor time, which the worker limits itself; time that
        passes counts only while it uses none, so that a busy machine gives the same results as an idle one.
        """
        parts = []
        waiting = _Patience(process.pid, limits.worker_wall_seconds)
        with selectors.DefaultSelector() as selector:
            stream = process.stdout
            if stream is None:
                raise _WorkerError("the worker has no pipes")
            selector.register(stream, selectors.EVENT_READ)
            while count:
                if not selector.select(min(1.0, limits.worker_wall_seconds)):
                    if waiting.is_over():
                        raise _WorkerError(f"stopped after {limits.worker_wall_seconds:g} s without progress")
                    continue
                part = os.read(stream.fileno(), min(count, 1 << 20))
                if not part:
                    raise _WorkerError(self._cause(process, limits))
                parts.append(part)
                count -= len(part)
        return b"".join(parts)

    @staticmethod
    def _cause(process: subprocess.Popen[bytes], limits: Limits) -> str:
        try:
            code = process.wait(30)
        except subprocess.TimeoutExpired:
            return "the worker stopped answering"
        if code == -24:  # SIGXCPU
            return f"took more than {limits.worker_cpu_seconds} s of processor time"
        if code < 0:
            return f"the library that decodes it was killed by signal {-code}"
        return f"the worker ended with code {code}"

    def close(self) -> None:
        """Ends the process, if this process started it."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        process.kill()
        process.wait()


_worker = Worker()
atexit.register(_worker.close)


def ask(task: str, media_type: str, demuxer: str, data: Source, found: Findings) -> None:
    """One request to this process's worker."""
    _worker.ask(task, media_type, demuxer, data, found.limits, found)


def label_as(label: Label) -> dict[str, Any]:
    """A label as JSON can carry it."""
    raw = {each.name: getattr(label, each.name) for each in dataclasses.fields(label)}
    raw["fields"] = dict(label.fields)
    raw["evidence"] = base64.b64encode(label.evidence).decode() if label.evidence is not None else None
    return raw


def label_from(raw: dict[str, Any]) -> Label:
    evidence = base64.b64decode(raw["evidence"]) if raw["evidence"] else None
    span = (raw["span"][0], raw["span"][1]) if raw["span"] else None
    deviations = tuple(DEVIATIONS[name] for name in raw["deviations"])
    return Label(**{**raw, "evidence": evidence, "span": span, "deviations": deviations})


def answer_of(found: Findings) -> dict[str, Any]:
    return {
        "labels": [label_as(label) for label in found.labels],
        "origins": found.origins,
        "statements": [label_as(label) for label in found.statements],
        "refused": [dataclasses.asdict(refusal) for refusal in found.refused],
        "notes": found.notes,
        "glimpse": base64.b64encode(found.glimpse).decode() if found.glimpse is not None else None,
    }


def missing(library: str) -> Refusal:
    return Refusal("not checked", f"{library} is not installed; {INSTALL}")
