"""Running `shenhe` in tests: in this process, which is quick, or in one of its own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from shenhe.cli.main import INTERNAL_ERROR, run


class Done(NamedTuple):
    """How a command ended and what it printed."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams, for the message of a failed assertion."""
        return self.stdout + self.stderr


def shenhe(*words: str | Path, stdin: str = "") -> Done:
    """Run a command in this process, its outermost layer included. An internal error fails the test."""
    code: int | str | None = 0
    with CliRunner().isolation(input=stdin) as (stdout, stderr, _), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["shenhe", *map(str, words)])
        try:
            run()
        except SystemExit as stop:
            code = stop.code
        sys.stdout.flush()
        sys.stderr.flush()
        done = Done(int(code or 0), stdout.getvalue().decode(), stderr.getvalue().decode())
    assert done.exit_code != INTERNAL_ERROR, done.output
    return done


def shenhe_process(*words: str | Path, **environ: str) -> Done:
    """Run a command in a separate process, through the outermost layer. A traceback fails the test."""
    command = [sys.executable, "-P", "-c", "from shenhe.cli.main import run; run()", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environ})
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)
