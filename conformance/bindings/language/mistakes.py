"""Mistakes of a binding that would load as something else: a misspelt name, a callback that no request asks for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shenhe.core.document import Steps

from .format import BindingFile, RequestSection
from .inheritance import with_defaults
from .template import mentions

#: Names that checks look for, where a binding may use its own names too.
KNOWN: Mapping[str, frozenset[str]] = {
    "accounts": frozenset({
        "verified_adult", "unverified", "reporter", "moderator", "developer", "other_developer", "authority",
        "namesake",
    }),
    "subjects": frozenset({"subject", "minor"}),
    "filings": frozenset({"valid", "other_entity", "expired", "cancelled"}),
    "markers": frozenset({
        "unlawful", "prohibited", "mistaken", "rumour", "intimate", "fake_news", "output_only", "crisis", "exit",
    }),
    "report_kinds": frozenset({
        "illegal", "impersonation", "infringement", "intimate", "order", "rumour", "spam",
    }),
    "edit_scopes": frozenset({"face", "voice"}),
    "personas": frozenset({"kin", "partner"}),
    "disclosure_topics": frozenset({
        "agreement", "complaints", "conversation", "detection-tool", "editing", "filing", "marking", "rules", "upload",
        "uses",
    }),
}  # fmt: skip
_ALIKE = 0.8


def mistakes(file: BindingFile) -> Iterator[tuple[Steps, str]]:
    """What of a file is probably not meant as it stands, each with its place."""
    yield from _misspelt_names(file)
    for operation, section in file.operations.items():
        for steps, each in _requests(("operations", operation.value), section):
            yield from _unheard_callbacks(file, steps, each)


def declared_names(file: BindingFile) -> Mapping[str, frozenset[str]]:
    """The names that templates may use because the file declares them."""
    target = file.target
    services = target.services.values()
    marked = [target.markers, *(each.markers for each in services)]
    marked += [each.markers for each in file.environments.values() if each.markers is not None]
    return {
        "constants": frozenset(file.constants),
        "markers": frozenset(name for each in marked for name in each),
        "request.options": frozenset(name for each in services for name in each.options),
        "request.inputs": frozenset(name for each in services for name in each.inputs),
    }


def _requests(steps: Steps, section: Any) -> Iterator[tuple[Steps, RequestSection]]:
    if not section.variants or section.addressed:
        yield steps, section
    for index, variant in enumerate(section.variants):
        yield (*steps, "variants", index), section.with_variant(variant)


def _misspelt_names(file: BindingFile) -> Iterator[tuple[Steps, str]]:
    target = file.target
    groups: list[tuple[str, Steps, Iterable[str]]] = [
        ("accounts", ("accounts",), file.accounts),
        ("subjects", ("subjects",), file.subjects),
        ("filings", ("filings",), file.filings),
        ("markers", ("target", "markers"), target.markers),
    ]
    lists = ("report_kinds", "edit_scopes", "personas", "disclosure_topics")
    groups.extend((name, ("target", name), getattr(target, name)) for name in lists)
    for group, steps, names in groups:
        listed = isinstance(names, tuple)
        for index, name in enumerate(names):
            close = difflib.get_close_matches(name, KNOWN[group], n=1, cutoff=_ALIKE)
            if close and close[0] != name:
                at: Steps = (*steps, index if listed else name)
                yield at, f"found {name!r}, which no check looks for, expected {close[0]!r}"


def _unheard_callbacks(file: BindingFile, steps: Steps, section: RequestSection) -> Iterator[tuple[Steps, str]]:
    """A provider that is not told where to call back will not call."""
    whole, _ = with_defaults(section, file.defaults)
    if whole.poll is None or not whole.poll.callback:
        return
    given = [whole.path, whole.url, whole.query, whole.headers, *whole.bodies]
    given += [part for step in whole.steps for part in (step.path, step.url, step.query, step.headers, *step.bodies)]
    if not mentions([each for each in given if each is not None], "callback"):
        yield (
            (*steps, "poll", "callback"),
            "found a callback that the request does not ask for, expected {{ callback.url }} in it",
        )
