"""The progress line: bounded, with the time left, and silent without a terminal."""

from __future__ import annotations

import contextlib
import doctest
import io
from collections.abc import Iterator

import pytest

from shenhe.cli import progress
from shenhe.cli.progress import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("CI", raising=False)
    return Terminal()


@contextlib.contextmanager
def watching(terminal: Terminal) -> Iterator[None]:
    """Standard error is this terminal. Set inside the test: pytest replaces the stream after fixtures."""
    with contextlib.redirect_stderr(terminal):
        yield


def lines(terminal: Terminal) -> list[str]:
    return terminal.getvalue().split("\r\x1b[K")[1:]


def test_the_line_fits_the_terminal_and_names_the_time_left(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 30.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with watching(terminal):
        ProgressLine().show(10, 40, "unverified cannot publish anything at all")
    (line,) = lines(terminal)
    assert len(line) < 60
    assert "10/40, about 90 s left" in line


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_nothing_is_drawn_in_logs(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    line = ProgressLine()
    with watching(terminal):
        line.show(1, 2)
        line.clear()
    assert terminal.getvalue() == ""


def test_a_drawn_line_is_removed(terminal: Terminal) -> None:
    line = ProgressLine()
    with watching(terminal):
        line.show(2, 2)
        line.clear()
    assert lines(terminal)[-1] == ""


def test_the_examples() -> None:
    assert doctest.testmod(progress).failed == 0
