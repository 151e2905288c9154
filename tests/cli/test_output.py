"""Commands print on terminals and pipes of any encoding."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys

import pytest

from shenhe.cli.output import PLAIN

RUN = "import sys; from shenhe.cli.main import run; run()"


@functools.cache
def printed(encoding: str, *words: str) -> bytes:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", RUN, *words], capture_output=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr.decode(encoding, "replace")
    return done.stdout


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gbk", "utf-8"])
@pytest.mark.costly
def test_every_encoding_can_show_a_rule(encoding: str) -> None:
    text = printed(encoding, "rules", "show", "cn-dsp-2023/9.1").decode(encoding)
    assert ("真实身份信息认证" in text) == (encoding in {"gbk", "utf-8"})
    assert ("\\u771f" in text) == (encoding in {"latin-1", "cp1252"})


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gbk"])
def test_json_is_the_same_in_every_encoding(encoding: str) -> None:
    words = ("rules", "show", "cn-dsp-2023/9.1", "--json")
    assert json.loads(printed(encoding, *words).decode(encoding)) == json.loads(printed("utf-8", *words).decode())


def test_characters_outside_the_basic_plane_become_valid_json() -> None:
    code = (
        "import json, sys; from shenhe.cli.output import use_any_encoding; use_any_encoding();"
        " print(json.dumps('\\U0001f600\\udc80', ensure_ascii=False))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert json.loads(done.stdout) == "\U0001f600\udc80"


def test_plain_forms_are_ascii() -> None:
    assert all(text.isascii() for text in PLAIN.values())


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "shenhe", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("shenhe ")
