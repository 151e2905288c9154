"""The variables of a binding file: put in where the text is used as it is, and kept out of the evidence where they are
secret.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from shenhe.conformance.evidence.redaction import long_enough
from shenhe.core.document import Fault, Locate

from .auth import auth_texts
from .errors import BindingError
from .format import BindingFile
from .template import expand, missing, not_allowed, variables

#: Sections whose text is used as it is; in the others ``${NAME}`` is put in when a request is filled in.
_PLAIN = ("constants", "accounts", "identities", "subjects", "consents", "limits")


def expanded(data: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The file with its variables put in, in the sections whose text is used as it is."""
    return {key: _expand(value, environ) if key in _PLAIN else value for key, value in data.items()}


def _expand(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return expand(value, environ)
    if isinstance(value, dict):
        return {key: _expand(inner, environ) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expand(inner, environ) for inner in value]
    return value


def secrets_of(
    data: dict[str, Any], locate: Locate, environ: Mapping[str, str], refused: Collection[str] = ()
) -> dict[str, str]:
    """The variables that the file uses with their values. Those of ``target`` and of ``environments`` are public and
    checked when connecting. ``refused`` are variables that the file may not take. Raises :class:`BindingError` naming
    the line of each that is missing or too short.
    """
    secrets: dict[str, str] = {}
    faults = []
    for steps, name, default in variables(data):
        if steps[:1] in {("target",), ("environments",)}:
            continue
        value = environ.get(name) or default
        if value is None:
            why = not_allowed(name) if name in refused else missing(name)
        elif environ.get(name) and not long_enough(value):
            why = (
                f"found a value for ${{{name}}} that is too short to be kept out of the evidence, expected 4 characters"
                " or more"
            )
        else:
            if environ.get(name):
                secrets[name] = value
            continue
        faults.append(Fault(locate.source_name, locate(steps), locate.known(steps), why))
    if faults:
        raise BindingError(faults)
    return secrets


def written_secrets(file: BindingFile) -> dict[str, str]:
    """Secrets written in the file itself, against all advice: they are still kept out of the evidence."""
    sections = [
        file.auth,
        *(each.auth for section in file.operations.values() for each in (section, *section.variants) if each.auth),
    ]
    found: dict[str, str] = {}
    for auth in sections:
        for key, text in auth_texts(auth).items():
            public = key.rpartition(".")[2] in {"username", "client_id"} or ".added." in f".{key}"
            if "{{" not in text and "${" not in text and not public:
                found.setdefault("auth_" + re.sub(r"[^a-z0-9_]", "_", key), text)
    for role, entries in file.accounts.items():
        for number, entry in enumerate(entries if isinstance(entries, tuple) else (entries,)):
            given = {**entry.credentials, **entry.profile}
            mark = f"{role}_{number + 1}" if number else role
            found |= {f"{mark}_{re.sub(r'[^a-zA-Z0-9_]', '_', name)}": value for name, value in given.items()}
    return {name: value for name, value in found.items() if long_enough(value)}
