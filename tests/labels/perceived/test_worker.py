"""The worker process that decoders run in: its limits, and what happens where it dies."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shenhe.labels import Limits
from shenhe.labels.bytes import sandbox
from shenhe.labels.findings import Findings

from .stamps import needs_films


def test_without_the_media_extra_a_message_appears_and_no_file_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    from shenhe.labels.bytes import worker

    def absent(name: str, package: str | None = None) -> object:
        raise ModuleNotFoundError("No module named 'rapidocr'", name="rapidocr")

    monkeypatch.setattr(worker, "import_module", absent)
    request = {"task": "visible", "media_type": "image/png", "demuxer": "", "limits": dataclasses.asdict(Limits())}
    answer = worker.run(request, b"")
    assert answer["labels"] == []
    assert answer["refused"] == [
        {"what": "visible: not checked", "why": "rapidocr is not installed; python -m pip install 'shenhe[media]'"}
    ]


def test_a_worker_that_is_killed_is_a_refusal_and_is_replaced() -> None:
    worker = sandbox.Worker()
    try:
        found = Findings(Limits())
        worker.ask("visible", "image/png", "", b"nothing", Limits(), found)
        assert found.refused, "bytes that are no picture are refused by the decoder"
        process = worker._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        began = time.monotonic()
        stopped = Findings(Limits())
        worker.ask("visible", "image/png", "", b"nothing", Limits(worker_wall_seconds=0.3), stopped)
        assert "stopped after 0.3 s" in stopped.refused[0].why
        assert time.monotonic() - began < 20
        again = Findings(Limits())
        worker.ask("visible", "image/png", "", b"nothing", Limits(), again)
        assert again.refused[0].why == found.refused[0].why
    finally:
        worker.close()


def test_the_worker_has_no_sockets_and_no_children() -> None:
    program = (
        "import socket, subprocess\n"
        "from shenhe.labels.bytes.worker import confine\n"
        "confine(1 << 30)\n"
        "for attempt in (lambda: socket.create_connection(('127.0.0.1', 9)), lambda: subprocess.Popen(['true'])):\n"
        "    try:\n"
        "        attempt()\n"
        "    except PermissionError as error:\n"
        "        print(error)\n"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.count("is not allowed while reading a file") == 2


@needs_films
def test_a_playlist_served_as_a_film_opens_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("x")
    found = Findings(Limits())
    playlist = f"ffconcat version 1.0\nfile '{secret}'\n".encode()
    sandbox.ask("film", "video/mp4", "mov", playlist, found)
    assert found.labels == []
    assert "cannot be decoded" in found.refused[0].why
