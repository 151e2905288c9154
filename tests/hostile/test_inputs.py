"""Wrong kinds of file given to every command: each is refused in one sentence, and no command waits for one."""

from __future__ import annotations

import gzip
import os
import re
import time
from pathlib import Path

import pytest

from shenhe.core.text import UNSEEN
from shenhe.sample import sample_binding

from ..command_line import shenhe
from ..factories import check, finding, report, rule

BINDING = sample_binding().read_bytes()
_PYTHON = re.compile(r"Traceback|codec|NoneType|object has no|<class|\bdict\b|sys\.|Errno|[a-z]Error\b")

#: Files by name, none of which is an OpenAPI document, a baseline, a scenario or a chain.
FILES: dict[str, bytes] = {
    "UTF-16": BINDING.decode().encode("utf-16"),
    "a mark of the byte order": b"\xef\xbb\xbf" + BINDING,
    "returns": BINDING.replace(b"\n", b"\r"),
    "gzip": gzip.compress(BINDING),
    "a zero": BINDING + b"\0",
    "Latin-1": BINDING + "# \u00e9".encode("latin-1"),
    "tabs": BINDING.replace(b"  ", b"\t"),
    "commands of a terminal": BINDING.replace(b"name: ", b"name: \xe2\x80\xae\x1b[2J", 1),
    "a list": b"- a\n- b\n",
    "lists in lists": b"a: " + b"[" * 20_000,
    "aliases of aliases": b"a: &a [x]\nb: &b [*a,*a,*a]\nc: [*b,*b]\n",
    "a long key": b"k" * 900_000 + b": 1\n",
    "a key of a megabyte": b'? "' + b"k" * 1_000_000 + b'"\n: 1\n',
    "two documents": BINDING + b"\n---\n" + BINDING,
    "a long number": b"target: {base_url: " + b"9" * 100_000 + b"}\n",
    "no number": b"limits: {timeout: .nan}\n",
    "a tag that runs": b'!!python/object/apply:os.system ["id"]\n',
    "a key without end": b"a: 1\n" * 300_000,
    "half a pair": b'name: "\\ud800"\n',
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
    "directives": b"%YAML 9.9\n%TAG ! tag:evil,2000:\n---\na: 1\n",
    **{
        f"many {sign.decode().strip()}": sign * 50_000
        for sign in (b'"', b"{", b": ", b"- ", b"? ", b"&a ", b"!a ", b"|\n")
    },
}


def _special(folder: Path) -> dict[str, Path]:
    """What is no file, or not only one."""
    names = ("folder", "pipe", "loop", "dangling", "endless")
    paths = {name: folder / f"{name}.yaml" for name in names}
    paths["folder"].mkdir()
    os.mkfifo(paths["pipe"])
    paths["loop"].symlink_to("loop.yaml")
    paths["dangling"].symlink_to("nowhere")
    paths["endless"].symlink_to("/dev/zero")
    return paths


def _commands(path: Path, folder: Path) -> list[list[str | Path]]:
    document = report(
        [rule("cn-dsp-2023/9.2", "fail", "c")], [check("c", "fail", "cn-dsp-2023/9.2", finding=finding())]
    )
    document.write(folder / "a-report.json")
    return [
        ["init", "--openapi", path],
        ["init", "--har", path],
        ["init", "--graphql", path],
        ["baseline", "apply", folder / "a-report.json", path],
        ["simulate", path],
        ["chain", path],
    ]


def _try(words: list[str | Path]) -> None:
    began, clock = time.process_time(), time.monotonic()
    done = shenhe(*words)
    said = done.stderr.partition("see: ")[0]
    assert done.exit_code == 2, done.output[:500]
    assert not _PYTHON.search(said), said
    assert not [char for char in UNSEEN.findall(said) if char not in "\n\t"], ascii(said)
    assert len(said) < 6000
    assert time.process_time() - began < 4
    assert time.monotonic() - clock < 30


@pytest.mark.parametrize("name", FILES)
def test_another_file_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / "input.yaml"
    path.write_bytes(FILES[name])
    for words in _commands(path, tmp_path):
        _try(words)


@pytest.mark.parametrize("command", range(6))
def test_what_is_no_file_is_refused_and_not_waited_for(command: int, tmp_path: Path) -> None:
    for path in _special(tmp_path).values():
        _try(_commands(path, tmp_path)[command])


@pytest.mark.parametrize("name", ["check", "lint", "doctor"])
def test_a_pipe_in_place_of_a_binding_is_not_waited_for(name: str, tmp_path: Path) -> None:
    paths = _special(tmp_path)
    if name == "lint":
        # It names the kinds of files that it reads, and passes over others.
        del paths["endless"]
    for path in paths.values():
        _try([name, path, *(["--plan"] if name == "check" else [])])
