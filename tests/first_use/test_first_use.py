"""The page on first use, done as it says: its commands are run, its edits are made, and what it shows is what comes."""

from __future__ import annotations

import difflib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from .desk import Desk

HERE = Path(__file__).parent
PAGE = (HERE.parent.parent / "docs" / "first-use.md").read_text(encoding="utf-8")
PORT = "8000"
BLOCKS = re.findall(r"```(console|diff)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def port() -> Iterator[int]:
    """The desk on a free port of this machine."""
    # IPPROTO_TCP said outright: without it asyncio leaves Nagle's algorithm on, and each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Desk(), log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(timeout=10)


@dataclass
class Reader:
    """Somebody at a terminal in ``folder``, who does what the page says."""

    folder: Path
    port: int

    def run(self, command: str) -> str:
        """What a command says, output and errors as they come, with the port of the page and without times."""
        words = command.split()
        if words[0] == "shenhe":
            words = [sys.executable, "-P", "-c", "from shenhe.cli.main import run; run()", *words[1:]]
        environment = {**os.environ, "COLUMNS": "120", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        said = "\n".join(line.rstrip() for line in done.stdout.replace(str(self.port), PORT).splitlines())
        return f"{said}\nexit code {done.returncode}"

    def edit(self, hunk: str) -> None:
        """Make the edit of a hunk: the lines that it shows stand together in one place of the binding."""
        path = self.folder / "binding.yaml"
        text = path.read_text(encoding="utf-8")
        lines = hunk.splitlines()
        before = "\n".join(line[1:] for line in lines if line[:1] in (" ", "-"))
        after = "\n".join(line[1:] for line in lines if line[:1] in (" ", "+"))
        assert text.count(before) == 1, f"expected once in the binding:\n{before}"
        path.write_text(text.replace(before, after), encoding="utf-8")


def same(shown: str, said: str) -> bool:
    """Whether ``said`` is what is shown; ``…`` stands for anything, on a separate line for lines."""
    lines = [
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*?") + r"\n"
        for line in shown.strip("\n").splitlines()
    ]
    return re.fullmatch("".join(lines), said + "\n") is not None


@pytest.mark.costly
def test_the_commands_on_the_page_give_their_output(tmp_path: Path, port: int) -> None:
    document = (HERE / "openapi.yaml").read_text(encoding="utf-8")
    (tmp_path / "openapi.yaml").write_text(document.replace(PORT, str(port)), encoding="utf-8")
    binding = (HERE / "binding.yaml").read_text(encoding="utf-8")
    (tmp_path / "binding.yaml").write_text(binding.replace(PORT, str(port)), encoding="utf-8")
    reader = Reader(tmp_path, port)
    for kind, text in BLOCKS:
        if kind == "diff":
            for hunk in re.split(r"^@@.*\n", text, flags=re.MULTILINE):
                if hunk.strip():
                    reader.edit(hunk)
            continue
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            said = reader.run(command)
            wanted = shown if "\nexit code" in shown else f"{shown.rstrip()}\nexit code 0"
            difference = "\n".join(difflib.ndiff(wanted.strip("\n").splitlines(), said.splitlines()))
            assert same(wanted, said), f"$ {command}\n{difference}"


def test_the_page_counts_hand_written_lines() -> None:
    written = sum(line.startswith("+") for kind, text in BLOCKS if kind == "diff" for line in text.splitlines())
    (said,) = re.findall(r"\*\*(\d+) lines\*\* were written by hand", PAGE)
    assert int(said) == written
    endpoints = len(
        re.findall(r"^    (?:get|post|delete):$", (HERE / "openapi.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert endpoints == 11
