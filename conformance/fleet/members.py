"""The bindings of a folder, and the variables that each of them may know."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shenhe.core.document import DocumentError, read_yaml
from shenhe.core.errors import ShenheError
from shenhe.core.files import read_up_to

from ..bindings.language.template import variables

#: As many bytes of a binding as its hash is over.
_BINDING_BYTES = 4_000_000
#: No file of variables comes near this many bytes.
_VARIABLES_BYTES = 4 * 1024 * 1024
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class FleetError(ShenheError, ValueError):
    """The fleet cannot be run as asked; the text says what to write instead."""


@dataclass(frozen=True)
class Member:
    """A binding of the folder. ``name`` is that of its folder among the results; ``asked`` are the variables that it
    names, ``secret`` those that it names outside its target.
    """

    name: str
    path: Path
    sha256: str
    asked: frozenset[str]
    secret: frozenset[str]


def members(folder: Path) -> list[Member]:
    """The bindings of a folder: its ``*.yaml`` files, by name, without hidden ones and those that say that they are
    something else (``format: shenhe-baseline``).

    A file that cannot be read as YAML is a member too: its provider is reported as unusable. Raises
    :class:`FleetError` for a folder without any.
    """
    if not folder.is_dir():
        raise FleetError(
            f"{folder} is not a folder; name the folder that holds the bindings, one *.yaml file per provider"
        )
    found = [member for path in sorted(folder.glob("*.yaml")) if (member := _member(path)) is not None]
    if not found:
        raise FleetError(
            f"{folder} holds no binding: expected a *.yaml file for each provider, as `shenhe check` takes one"
        )
    named: dict[str, Member] = {}
    for member in found:
        if (other := named.setdefault(member.name, member)) is not member:
            raise FleetError(
                f"{other.path.name!r} and {member.path.name!r} would write to the same folder; rename one of them"
            )
    return found


def shared_secrets(fleet: Sequence[Member]) -> dict[str, list[str]]:
    """Variables that several bindings name outside their targets, each with the files that do."""
    users: dict[str, list[str]] = {}
    for member in fleet:
        for name in sorted(member.secret):
            users.setdefault(name, []).append(member.path.name)
    return {name: files for name, files in sorted(users.items()) if len(files) > 1}


def _member(path: Path) -> Member | None:
    if path.name.startswith(".") or (path.exists() and not path.is_file()):
        return None
    digest, data = "", None
    # An unreadable file is reported for its provider only, by the process that checks it.
    with contextlib.suppress(OSError, DocumentError):
        digest = hashlib.sha256(read_up_to(path, _BINDING_BYTES)[:_BINDING_BYTES]).hexdigest()
        data, _ = read_yaml(path, path.name)
    if isinstance(data, dict) and str(data.get("format", "")).startswith("shenhe-"):
        return None
    asked = [(steps, name) for steps, name, _ in variables(data)]
    public = {"target", "environments"}
    return Member(
        _folder_name(path),
        path,
        digest,
        frozenset(name for _, name in asked),
        frozenset(name for steps, name in asked if steps[0] not in public),
    )


def _folder_name(path: Path) -> str:
    """The stem of a file where that is plain, else what is plain of it with a hash of the whole: no name leads out of
    the folder.
    """
    if _PLAIN_NAME.match(path.stem):
        return path.stem
    plain = re.sub(r"[^A-Za-z0-9]+", "-", path.stem).strip("-")[:40]
    return f"{plain or 'provider'}-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}"


def read_variables(folder: Path, fleet: Sequence[Member]) -> dict[str, dict[str, str]]:
    """The variables of each binding from ``NAME.env`` of a folder (none where there is no such file): lines
    ``NAME=value``, taken literally; empty lines and those that begin with ``#`` are passed over.

    Raises :class:`FleetError` naming file and line, never the value.
    """
    if not folder.is_dir():
        raise FleetError(
            f"{folder} is not a folder; expected one with a file NAME.env for each NAME.yaml that needs variables"
        )
    return {member.name: _variables_of(folder / f"{member.path.stem}.env") for member in fleet}


def _variables_of(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    data = read_up_to(path, _VARIABLES_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FleetError(f"{path}: found bytes that are not UTF-8, expected text") from None
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not _VARIABLE.match(name.strip()):
            raise FleetError(f"{path}:{number}: found a line without an assignment, expected NAME=value")
        found[name.strip()] = value.strip()
    return found
