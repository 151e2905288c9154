"""Drafts of documents, and bindings made of them with their blanks filled in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from shenhe.conformance.bindings import load_binding
from shenhe.conformance.bindings.drafting.draft import Draft, draft
from shenhe.conformance.bindings.drafting.openapi import read_openapi

DOCUMENTS = Path(__file__).parents[1] / "openapi"


BLANK = re.compile(r"\$\{FILL_IN_(\w+)\}")


def drafted(name: str) -> Draft:
    return draft(read_openapi(DOCUMENTS / name, name))


def filled(text: str, tmp_path: Path, blanks: dict[str, str], environ: dict[str, str] | None = None) -> Any:
    """The binding of a draft once its blanks are filled in as a person would."""
    path = tmp_path / "binding.yaml"
    path.write_text(BLANK.sub(lambda match: blanks[match[1]], text), encoding="utf-8")
    return load_binding(path, environ=environ or {})


def served(draft: Draft) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in draft.mapped:
        name, _, rest = line.partition(": ")
        found.setdefault(name, []).append(rest.partition(" (")[0])
    return found
