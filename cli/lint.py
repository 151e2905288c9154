"""``shenhe lint``: check the form of files that shenhe reads, without sending anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from shenhe.core.files import read_up_to

from . import completion

#: Kinds of files by the keys that each has at its top, in the order in which they are tried.
_KINDS: tuple[tuple[str, frozenset[str]], ...] = (
    ("binding", frozenset({"target", "operations"})),
    ("pack", frozenset({"instrument", "rules"})),
    ("baseline", frozenset({"entries"})),
    ("evidence", frozenset({"documents"})),
    ("study", frozenset({"arms"})),
    ("scenario", frozenset({"extends"})),
    ("scenario", frozenset({"policy", "population"})),
)
_KEY = re.compile(r"^([A-Za-z_][\w-]*):", re.MULTILINE)
_BINDING = re.compile(r"\bbinding:")


def lint(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            autocompletion=completion.files_of_shenhe,
            help="Bindings, chains, packs, baselines, lists of documents, scenarios and studies (YAML).",
            show_default=False,
        ),
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Also refuse YAML files of another kind, instead of skipping them.")
    ] = False,
) -> None:
    """Check the form of files: bindings, chains, packs, baselines, lists of documents, scenarios and studies.

    Nothing is sent. A binding may name environment variables that are not set.

    Exit codes: 0 no fault, 1 a file has faults, 2 a usage error.

    Example:  shenhe lint binding.yaml
    """
    from shenhe.core.errors import ShenheError

    faulty = False
    for path in files:
        kind = kind_of(path)
        if kind is None:
            if strict:
                faulty = True
                typer.echo(f"{path}: found another kind of file, expected one of: {', '.join(_READERS)}")
            else:
                typer.echo(f"{path}: skipped, because it is not one of these: {', '.join(_READERS)}", err=True)
            continue
        try:
            _READERS[kind](path)
        except ShenheError as error:
            faulty = True
            typer.echo(str(error))
        else:
            typer.echo(f"{path}: {kind}, no fault", err=True)
    raise typer.Exit(1 if faulty else 0)


def kind_of(path: Path) -> str | None:
    """What a file is, by its keys. Raises ``OSError`` for a file that cannot be read."""
    text = read_up_to(path, 1_000_000)[:1_000_000].decode("utf-8", "replace")
    keys = set(_KEY.findall(text))
    # Files of other programs have `targets`, too; those of a chain name bindings in it, and nothing else beside it.
    if "targets" in keys <= {"name", "targets"} and _BINDING.search(text):
        return "chain"
    return next((kind for kind, of in _KINDS if of <= keys), None)


def _read_binding(path: Path) -> None:
    from shenhe.conformance.bindings import load_binding
    from shenhe.conformance.bindings.language.template import VARIABLE

    named = {match[2] for match in VARIABLE.finditer(path.read_text("utf-8", "replace")) if match[2]}
    # Any value will do: what the environment holds on another machine is not this file's fault.
    load_binding(path, environ={name: f"http://{name.lower().replace('_', '-')}.example" for name in named})


def _read_pack(path: Path) -> None:
    from shenhe.rulebook.book import read_pack

    read_pack(path)


def _read_baseline(path: Path) -> None:
    from shenhe.conformance.evidence.baseline import read_baseline

    read_baseline(path)


def _read_evidence(path: Path) -> None:
    from shenhe.conformance.evidence.documents import read_evidence

    read_evidence(path)


def _read_scenario(path: Path) -> None:
    from shenhe.simulator import load_scenario

    load_scenario(path)


def _read_study(path: Path) -> None:
    from shenhe.simulator.study import load_study

    load_study(path)


def _read_chain(path: Path) -> None:
    from shenhe.conformance.chain.document import read_chain

    read_chain(path)


_READERS: dict[str, Callable[[Path], None]] = {
    "chain": _read_chain,
    "binding": _read_binding,
    "pack": _read_pack,
    "baseline": _read_baseline,
    "evidence": _read_evidence,
    "scenario": _read_scenario,
    "study": _read_study,
}
