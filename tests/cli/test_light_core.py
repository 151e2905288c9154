"""`pip install shenhe` without extras: every command works, or names the extra that it needs.

One process runs all commands with the modules of every extra hidden from it and from the processes that it starts.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shenhe.cli.main import app
from shenhe.core import extras
from shenhe.labels import write_label
from shenhe.sample import sample_binding

from ..factories import mixed
from ..labels import media

ROOT = Path(__file__).parents[2]

#: Start-up code of every process of the test: the modules of all extras cannot be found.
HIDE_EXTRAS = f"""
import sys
from importlib.machinery import PathFinder

class WithoutExtras(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        hidden = name.partition(".")[0] in {sorted({m for modules in extras.EXTRAS.values() for m in modules})!r}
        return None if hidden else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutExtras
"""

#: Runs a list of command lines, one after another, and prints how each ended.
RUN_ALL = """
import contextlib, io, json, sys
from shenhe.cli.main import run

results = []
for words in json.load(sys.stdin):
    sys.argv = ["shenhe", *words]
    stdout, stderr = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code = 0
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            run()
        except SystemExit as stop:
            code = stop.code or 0
    results.append([code, *(stream.buffer.getvalue().decode() for stream in (stdout, stderr))])
print(json.dumps(results))
"""

#: Command lines and the exit code of each without extras.
WORKS: tuple[tuple[str, int], ...] = (
    ("check sample --rules cn-dsp-2023/16* --out {folder}/checked", 0),
    ("explain cn-dsp-2023/17.2", 0),
    ("explain missing-key", 0),
    # Each provider has its own process, in which the modules may not be hidden: then its file is read and passes.
    ("fleet {folder}/bindings --rules cn-dsp-2023/16* --out {folder}/fleet", (0, 3)),
    ("check sample-store", 0),
    ("chain --schema", 0),
    ("chain nothere.yaml", 2),
    ("doctor {binding} --base-url http://127.0.0.1:9", 2),
    ("init --ready openai", 0),
    ("lint {binding} {baseline}", 0),
    ("init --openapi {openapi}", 0),
    ("export sarif {report} --out {folder}/a.sarif", 0),
    ("export junit {report} --out {folder}/junit.xml", 0),
    ("export oscal {report} --out {folder}/oscal.json", 0),
    ("export github-summary {report} --out {folder}/summary.md", 0),
    ("replay {folder}/checked/report.json --rule cn-dsp-2023/16.1 --base-url http://127.0.0.1:9", 2),
    ("attest {checked} --key {key} --out {folder}/attestation.json", 0),
    ("verify {folder}/attestation.json --key {public_key} --report {checked}", 0),
    ("levers", 0),
    ("levers cn-2023", 0),
    ("scope --market cn,eu --service text", 0),
    ("report {report} --out {folder}/page.html", 0),
    ("baseline write {report} --reason known --expires 2099-03-31 --out {folder}/baseline.yaml", 0),
    ("baseline apply {report} {folder}/baseline.yaml", 1),
    ("sample faults", 0),
    ("sample variants", 0),
    ("sample binding", 0),
    ("sample serve --fault nothere", 2),
    ("label read {picture}", 0),
    ("label judge {picture}", 1),
    ("label write {plain} --producer 001191110102MACQD9K64010000 --id a --out {folder}/b.png", 0),
    ("label audit {files} --out {folder}/audit", 0),
    ("label diff {picture} {picture}", 0),
    ("rules list", 0),
    ("rules matrix", 0),
    ("rules show cn-dsp-2023/17.2", 0),
    ("rules diff --from 2025-12-31 --to 2026-01-01", 0),
    ("rules calendar", 0),
    ("rules schema", 0),
)

#: Command lines that need an extra: they end with code 2 and one sentence.
NEEDS: tuple[tuple[str, str], ...] = (
    ("demo --out {folder}/demo", "sim"),
    ("explore --no-browser", "explore"),
    ("simulate cn-2023", "sim"),
    ("simulate --list", "sim"),
    ("study list", "sim"),
    ("compare cn-2023 cn-2022-draft", "sim"),
    ("validate --quick", "sim"),
    ("claims", "sim"),
    ("engines cn-2023", "sim"),
    ("calibrate", "sim"),
    ("forecast {report} --scenario cn-2023", "sim"),
    ("study run targeting --out {folder}/study", "sim"),
    ("study analyse pareto {folder}", "sim"),
    ("study search targeting --out {folder}/search", "sim"),
    ("scope --market cn --html {folder}/scope.html", "sim"),
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """How each command line of both tables ended: exit code, stdout, stderr."""
    folder = tmp_path_factory.mktemp("light")
    (folder / "files").mkdir()
    (folder / "bindings").mkdir()
    (folder / "start").mkdir()
    (folder / "start" / "sitecustomize.py").write_text(HIDE_EXTRAS, encoding="utf-8")
    picture = folder / "files" / "a.png"
    picture.write_bytes(write_label(media.picture("PNG", (200, 150)), media.FIELDS))
    (folder / "files" / "plain.png").write_bytes(media.picture("PNG", (200, 150)))
    (folder / "bindings" / "sample.yaml").write_text(sample_binding().read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "bindings" / "accepted.yaml").write_text("format: shenhe-baseline\nentries: []\n", encoding="utf-8")
    mixed().write(folder / "report.json")
    private, public = keys(folder)
    places = {
        "folder": folder,
        "files": folder / "files",
        "picture": picture,
        "report": folder / "report.json",
        "checked": folder / "checked" / "report.json",
        "plain": folder / "files" / "plain.png",
        "binding": folder / "bindings" / "sample.yaml",
        "baseline": folder / "bindings" / "accepted.yaml",
        "key": private,
        "public_key": public,
        "openapi": ROOT / "tests" / "first_use" / "openapi.yaml",
    }
    lines = [line for line, _ in (*WORKS, *NEEDS)]
    done = subprocess.run(
        [sys.executable, "-P", "-c", RUN_ALL],
        input=json.dumps([line.format(**places).split() for line in lines]),
        env={**os.environ, "PYTHONPATH": str(folder / "start"), "TERM": "dumb"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(lines, map(tuple, json.loads(done.stdout)), strict=True))


def keys(folder: Path) -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    private, public = folder / "key.pem", folder / "public.pem"
    pem = serialization.Encoding.PEM
    private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.mark.parametrize(("line", "code"), WORKS)
@pytest.mark.costly
def test_a_command_of_the_light_core_works(
    line: str, code: int | tuple[int, ...], results: dict[str, tuple[int, str, str]]
) -> None:
    exit_code, stdout, stderr = results[line]
    assert exit_code in (code if isinstance(code, tuple) else (code,)), stdout + stderr
    assert "shenhe[" not in stderr


@pytest.mark.parametrize(("line", "extra"), NEEDS)
def test_a_missing_extra_is_one_sentence_with_its_command(
    line: str, extra: str, results: dict[str, tuple[int, str, str]]
) -> None:
    exit_code, stdout, stderr = results[line]
    assert (exit_code, stdout) == (2, "")
    command = re.escape(extras.install_command(extra))
    assert re.fullmatch(
        rf"shenhe: .* needs \w+, which is not installed[;:] (run: )?{command}\nsee: shenhe explain \w+, .*\n", stderr
    )


@pytest.mark.costly
def test_every_command_is_tried() -> None:
    tried = {" ".join(line.split()[: len(name.split())]) for line, _ in (*WORKS, *NEEDS) for name in commands()}
    assert set(commands()) <= tried


def commands() -> list[str]:
    """Every command, without groups of commands."""

    def walk(command: Any, names: tuple[str, ...]) -> Iterator[str]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield " ".join(names)
            return
        for name, each in inner.items():
            yield from walk(each, (*names, name))

    return list(walk(typer.main.get_command(app), ()))


def test_the_extras_of_the_project_are_those_of_the_messages() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = declared["optional-dependencies"]
    assert set(extras.EXTRAS) == set(named) - {"all"}
    assert set(re.findall(r"[a-z]+", named["all"][0].partition("[")[2])) == set(extras.EXTRAS)
    modules = {"c2pa-python": "c2pa"}
    for extra, requirements in named.items():
        packages = [re.split(r"[<>=]", requirement)[0] for requirement in requirements]
        own = {modules.get(package, package) for package in packages if not package.startswith("shenhe")}
        assert own <= set(extras.EXTRAS.get(extra, ())), extra
    base = {re.split(r"[<>=]", requirement)[0] for requirement in declared["dependencies"]}
    assert not base & {module for modules_ in extras.EXTRAS.values() for module in modules_}


def test_the_examples_of_the_messages() -> None:
    assert doctest.testmod(extras).failed == 0
