"""A folder with every file that the documentation's examples name, and how a command of the documentation runs in it."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import typer.main

from shenhe.cli.main import app
from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.labels import write_label
from shenhe.reports.formats.junit import write_junit
from shenhe.sample import SampleServer, sample_binding
from shenhe.sample.appstore import create_store, store_binding
from shenhe.simulator import load_scenario, simulate
from tests.command_line import Done, shenhe
from tests.first_use.test_first_use import HERE as FIRST_USE
from tests.labels.media import FIELDS, film, picture, sound, xmp_element, xmp_packet
from tests.labels.signing import credentials, signed

from .pages import ROOT, Command

#: Where the options of a command follow: each costs minutes as documented, so it runs on a smaller market.
SMALLER = {
    "simulate": ("--set", "population.scale=0.0125", "-n", "2", "--engine", "simpy"),
    "compare": ("--set", "population.scale=0.025", "-n", "2", "--engine", "simpy"),
    "forecast": ("--set", "population.scale=0.0125", "-n", "2", "--engine", "simpy"),
    "engines": ("--set", "population.scale=0.0125"),
}


#: Commands that take minutes, or wait to be stopped. Their options are parsed, and their own tests run them.
ONLY_PARSED = {"demo", "validate", "calibrate", "claims", "engines", "study", "fleet", "sample serve", "explore"}


def only_parsed(command: Command) -> bool:
    """Whether a command is too long to be run here, or needs a browser to print with."""
    if any(word.endswith(".pdf") for word in command.words):
        return True
    return " ".join(command.words[1:3]) in ONLY_PARSED or command.words[1] in ONLY_PARSED


def furnish(folder: Path, url: str) -> None:
    """Write the files that examples name into ``folder``. The bindings reach the provider that SHENHE_SAMPLE_URL names."""
    binding = sample_binding().read_text(encoding="utf-8")
    for name in (
        "binding.yaml",
        "vendor/binding.yaml",
        "conformance/binding.yaml",
        "bindings/lantern.yaml",
        "bindings/kite.yaml",
    ):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(binding, encoding="utf-8")
    (folder / "chain.yaml").write_text(
        "targets:\n  studio: {binding: binding.yaml, role: provider}\n  platform: {binding: binding.yaml, role: platform}\n",
        encoding="utf-8",
    )
    for name in ("lantern", "kite"):
        (folder / "secrets").mkdir(exist_ok=True)
        (folder / "secrets" / f"{name}.env").write_text("", encoding="utf-8")
    (folder / "accepted").mkdir()
    shutil.copy(FIRST_USE / "openapi.yaml", folder / "openapi.yaml")
    shutil.copy(FIRST_USE / "openapi.yaml", folder / "openapi.json")
    shutil.copy(FIRST_USE / "openapi.yaml", folder / "store-api.json")
    _reports(folder, url)
    for name in ("cn-2022-draft", "cn-2023"):
        simulate(load_scenario(name, {"population.scale": 0.0125}), replications=2, seed=1, out=folder / "runs" / name)
    (folder / "my-city.yaml").write_text("extends: cn-2023\nname: my-city\n", encoding="utf-8")
    (folder / "my-world.yaml").write_text("extends: cn-2023\nname: my-world\n", encoding="utf-8")
    (folder / "picture.png").write_bytes(picture("png", (256, 256)))
    (folder / "a.png").write_bytes(picture("png", (256, 256)))
    (folder / "photo.jpg").write_bytes(picture("jpeg"))
    (folder / "sound.wav").write_bytes(sound())
    (folder / "film.mp4").write_bytes(film("mp4"))
    _labels(folder)
    (folder / "roots.pem").write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", encoding="ascii")


def _labels(folder: Path) -> None:
    """Signed and labelled pictures, and a key to sign with."""
    chain, key, _ = credentials()
    (folder / "chain.pem").write_bytes(chain)
    (folder / "key.pem").write_bytes(key)
    (folder / "elsewhere.xmp").write_bytes(xmp_packet(xmp_element()))
    (folder / "signed.jpg").write_bytes(signed(picture("jpeg"), "image/jpeg", "trainedAlgorithmicMedia"))
    labelled = write_label(picture("png"), FIELDS)
    for name in ("original.png", "downloaded.jpg", "originals/a.png", "downloads/a.png", "photos/a.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(labelled)


def _reports(folder: Path, url: str) -> None:
    with load_binding(folder / "binding.yaml", environ={"SHENHE_SAMPLE_URL": url}).connect(base_url=url) as provider:
        report = run_checks(provider, examples=0, on=date(2026, 9, 1))
    for name in ("results", "a", "b", "."):
        (folder / name).mkdir(exist_ok=True)
        report.write(folder / name / "report.json")
        write_junit(report, folder / name / "junit.xml")
    for name in ("a.json", "b.json", "platform.json"):
        report.write(folder / name)
    with load_binding(store_binding(), environ={}).connect(transport=AsgiTransport(create_store())) as store:
        run_checks(store, examples=0, on=date(2026, 9, 1)).write(folder / "store.json")


@functools.cache
def whole_command() -> Any:
    """The command line with all commands. Making it takes longer than parsing a hundred lines."""
    return typer.main.get_command(app)


def parse(words: tuple[str, ...]) -> None:
    """Parse a command line as ``shenhe`` would, without running it. Raises ``click.UsageError`` for a wrong one."""
    command = whole_command()
    context = command.make_context("shenhe", list(words))
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


def run(command: Command, folder: Path) -> Done:
    """Run a ``shenhe`` command of the documentation in ``folder``, which must be the current one."""
    words = [name for word in command.words[1:] for name in _expanded(word, folder)]
    if "--expires" in words:  # the page shows a date that may be past
        words[words.index("--expires") + 1] = str(date.today() + timedelta(days=30))
    if (
        words
        and words[0] in SMALLER
        and "--list" not in words
        and not any(word.startswith("runs/") for word in words[1:3])
    ):
        words += SMALLER[words[0]]
    if words[0] == "check":
        words += ["--examples", "0"]
        if "--sample" in words:
            words[words.index("--sample") + 1] = "1"
    done = shenhe(*words)
    if command.output:
        path = folder / os.path.expandvars(command.output)
        with path.open("a" if command.appends else "w", encoding="utf-8") as stream:
            stream.write(done.stdout)
    return done


def _expanded(word: str, folder: Path) -> list[str]:
    """A word with its wildcards expanded, as a shell does: one that matches no file stays as it is."""
    if "*" not in word or "/" in word:
        return [word]
    return sorted(str(path.relative_to(folder)) for path in folder.glob(word)) or [word]


def run_script(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a Python snippet as a script in ``folder``, with smaller markets and fewer replications."""
    text = re.sub(r'load_scenario\("([\w-]+)"\)', r'load_scenario("\1", {"population.scale": 0.0125})', text)
    text = re.sub(
        r'load_scenario\("([\w-]+)", \{(?!"population)', r'load_scenario("\1", {"population.scale": 0.0125, ', text
    )
    text = re.sub(r"replications=\d+", "replications=2", text)
    path = folder / "snippet.py"
    path.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-P", str(path)], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )


__all__ = ["ROOT", "SampleServer", "furnish", "only_parsed", "parse", "run", "run_script"]
