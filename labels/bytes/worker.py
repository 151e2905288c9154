"""The worker's side of ``sandbox``: limits itself, then answers requests from standard input until it ends."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import struct
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO

from ..findings import BeyondLimitError, Findings, library_words
from ..model import Limits
from .sandbox import answer_of, missing

# Task -> (module, function, what has to be installed).
_TASKS = {
    "visible": ("perceived.visible", "read_picture"),
    "film": ("perceived.film", "read"),
    "sound": ("perceived.film", "read_sound"),
    "c2pa": ("meaning.c2pa", "read"),
    "sidecar": ("sidecars", "read_credential"),
    "pdf": ("containers.documents.pdf", "read"),
}
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_FORBIDDEN = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "subprocess.Popen", "os.system",
              "os.exec", "os.fork", "os.posix_spawn")  # fmt: skip

Task = Callable[[bytes, str, str, Findings], None]


def confine(memory: int) -> None:
    """Memory limit, no core dumps, no network where the system lets a process give it up, and no sockets in
    any case.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with contextlib.suppress(OSError, AttributeError):  # not Linux: the hook below still applies
        ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK)
    sys.addaudithook(_refuse)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"{event} is not allowed while reading a file")


def allow_seconds(seconds: int) -> None:
    """Processor time for one request, counted from what was used so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, hard))


def run(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    """One task; whatever goes wrong in it becomes a refusal."""
    limits = Limits(**request["limits"])
    found = Findings(limits, request.get("trust_anchors", ""))
    name, function = _TASKS[request["task"]]
    try:
        module = import_module(f"shenhe.labels.{name}")
        task: Task = getattr(module, function)
        task(data, request["media_type"], request["demuxer"], found)
    except ImportError as error:
        absent = missing(error.name or name)
        found.refuse(f"{request['task']}: {absent.what}", absent.why)
    except BeyondLimitError as error:
        found.refuse(request["task"], str(error))
    except MemoryError:
        found.refuse(request["task"], f"needs more than {limits.worker_memory_bytes >> 20} MiB of memory")
    # Decoders raise what they like on hostile bytes.
    except Exception as error:
        found.refuse(request["task"], f"cannot be decoded: {library_words(error)}")
    return answer_of(found)


def _exactly(stream: BinaryIO, count: int) -> bytes:
    parts = []
    while count:
        part = stream.read(min(count, 1 << 20))
        if not part:
            return b""
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def main() -> None:
    # Libraries that print must not write into the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    confine(int(sys.argv[1]))
    requests = sys.stdin.buffer
    while head := _exactly(requests, 4):
        request = json.loads(_exactly(requests, struct.unpack("<I", head)[0]))
        data = _exactly(requests, request["length"])
        if len(data) != request["length"]:
            return
        allow_seconds(request["limits"]["worker_cpu_seconds"])
        answer = json.dumps(run(request, data)).encode()
        answers.write(struct.pack("<I", len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    main()
