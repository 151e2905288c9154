"""Leave out each operation, reading and declaration of a binding, one at a time: a lawful target must not fail.

``python -m tests.strangers.unbound`` tries every removal on the sample and on every stranger. Only those checks run
again that use what was removed: that call the operation, or look at the declaration.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from shenhe.conformance.bindings import AsgiTransport, BindingError, load_binding
from shenhe.conformance.checks import all_checks
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.engine.selection import NothingToCheck, decidable
from shenhe.conformance.provider import Capabilities
from shenhe.conformance.report import Report
from shenhe.rulebook import load_rulebook
from shenhe.sample import create_app, sample_binding
from shenhe.sample.styles import FRONTS

from .running import ON, STYLES, failures
from .styles import app, binding_text
from .town import Town

Document: TypeAlias = dict[str, Any]
Removal: TypeAlias = tuple[str | int, ...]
#: Variants of the sample with an interface of their own.
INTERFACES = tuple(name.value for name in FRONTS)
TARGETS = ("sample", *INTERFACES, *STYLES)
#: What can be read from a response and need not be.
_READ = ("extract", "reason", "notice", "media", "variants")
#: Declarations that decide which rules bind the target, and so may change anything.
_DECISIVE = frozenset({"markets", "roles", "services", "media", "identities"})


@cache
def document_of(target: str) -> Document:
    """The whole binding of a target."""
    if target in STYLES:
        text = binding_text(target)
    else:
        text = sample_binding(target if target in INTERFACES else None).read_text(encoding="utf-8")
    document: Document = yaml.safe_load(text)
    document["target"]["settling_seconds"] = 0
    return document


def removals(document: Document) -> Iterator[Removal]:
    """Every part of a binding that can be left out, one at a time, by its place."""
    for name, value in document["target"].items():
        if name not in ("name", "base_url", "environment", "services", "settling_seconds"):
            yield ("target", name)
        if isinstance(value, list):
            yield from (("target", name, index) for index in range(len(value)))
        if name == "markers":
            yield from (("target", name, marker) for marker in value)
        if name == "services" and len(value) > 1:
            yield from (("target", name, service) for service in value)
    for operation, section in document["operations"].items():
        yield ("operations", operation)
        for steps, part in [
            ((), section),
            *(((("variants", i)), v) for i, v in enumerate(section.get("variants", []))),
        ]:
            where = ("operations", operation, *steps)
            yield from ((*where, name) for name in _READ if name in part)
            yield from ((*where, "extract", name) for name in part.get("extract", {}))
            for body in ("json", "form", "query", "multipart"):
                yield from ((*where, body, *place) for place in _places(part.get(body)))


def _places(value: Any, depth: int = 2) -> Iterator[Removal]:
    """The keys of a body, and those inside them."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield (name,)
        if depth > 1:
            yield from ((name, *place) for place in _places(inner, depth - 1))


def without(document: Document, removal: Removal) -> Document:
    """The binding without that part."""
    changed: Document = yaml.safe_load(yaml.safe_dump(document, allow_unicode=True))
    *steps, last = removal
    place: Any = changed
    for step in steps:
        place = place[step]
    del place[last]
    return changed


def drawn(target: str, count: int) -> list[Removal]:
    """Some of the removals, others at every commit."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    every = list(removals(document_of(target)))
    return random.Random(f"{commit} {target}").sample(every, min(count, len(every)))


class _Watched:
    """The capabilities of a provider, which notes what is looked at."""

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities
        self.seen: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.seen |= {"markers", "markers_of"} if name == "marker" else {name}
        return getattr(self._capabilities, name)


@dataclass
class _Use:
    """What the checks of some rules use of a binding."""

    rules: tuple[str, ...]
    operations: set[str] = field(default_factory=set)
    declarations: set[str] = field(default_factory=set)


def loaded(document: Document) -> Any:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump(document, file, allow_unicode=True)
        file.flush()
        return load_binding(Path(file.name), environ={})


def _application(target: str) -> Any:
    if target in STYLES:
        return app(target, Town())
    return create_app(variants=[target] if target in INTERFACES else [])


@cache
def _uses(target: str) -> list[_Use]:
    document = document_of(target)
    bound = loaded(document)
    with bound.connect(transport=AsgiTransport(_application(target))) as provider:
        groups = decidable(provider.capabilities, level="full", on=ON)
    found = []
    for group in groups:
        with bound.connect(transport=AsgiTransport(_application(target))) as provider:
            watched = provider._capabilities = _Watched(provider.capabilities)
            called: set[str] = set()
            requests = provider._client._operations
            run_checks(provider, on=ON, level="full", examples=0, rules=list(group.rules))
            called = {str(name) for name, bound in requests.items() if _called(provider, bound)}
        found.append(_Use(group.rules, called, watched.seen))
    return found


def _called(provider: Any, requests: Any) -> bool:
    return any(bound.place() in provider._client._called for bound in requests)


def affected(target: str, removal: Removal, full: Capabilities, changed: Capabilities) -> list[str] | None:
    """The rules whose checks may come to another verdict without that part of the binding; ``None`` for all."""
    differing = {each.name for each in fields(Capabilities) if getattr(full, each.name) != getattr(changed, each.name)}
    if differing & _DECISIVE:
        return None
    book = load_rulebook()
    other = {check.name for check in all_checks() if str(check.absent(full)) != str(check.absent(changed))}
    found: list[str] = []
    for use in _uses(target):
        checks = [check for check in all_checks() if any(check.decides(book.rule(name)) for name in use.rules)]
        called = removal[0] == "operations" and removal[1] in use.operations
        if called or use.declarations & (differing - {"operations", "readings"}) or other & {c.name for c in checks}:
            found += use.rules
    return found


def judged(target: str, removal: Removal, *, examples: int = 0) -> Report | None:
    """A run without that part of the binding; ``None`` where the binding is refused, or no check is left."""
    try:
        bound = loaded(without(document_of(target), removal))
    except BindingError:
        return None
    full = loaded(document_of(target)).connect(transport=AsgiTransport(_application(target))).capabilities
    with bound.connect(transport=AsgiTransport(_application(target))) as provider:
        rules = affected(target, removal, full, provider.capabilities)
        try:
            open_rules = {
                name for group in decidable(provider.capabilities, level="full", on=ON) for name in group.rules
            }
            wanted = None if rules is None else sorted(open_rules & set(rules))
            if wanted == []:
                return None
            return run_checks(provider, on=ON, level="full", examples=examples, rules=wanted)
        except NothingToCheck:
            return None


def wrong(target: str, removal: Removal, examples: int = 0) -> tuple[bool, dict[str, str]]:
    """Whether a run was possible, and the checks that fail in it with their reasons."""
    report = judged(target, removal, examples=examples)
    return report is not None, failures(report) if report is not None else {}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", nargs="*", default=list(TARGETS), choices=TARGETS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--examples", type=int, default=0, help="drawn cases per check, besides those listed")
    parser.add_argument("--sample", type=int, help="so many removals per target, others at every commit")
    options = parser.parse_args()
    failed = 0
    with ProcessPoolExecutor(options.workers) as pool:
        for target in options.targets:
            began = time.monotonic()
            every = list(removals(document_of(target)))
            tried = drawn(target, options.sample) if options.sample is not None else every
            ran = 0
            judge = partial(wrong, target, examples=options.examples)
            for removal, (possible, found) in zip(tried, pool.map(judge, tried, chunksize=4), strict=True):
                ran += possible
                for name, reason in found.items():
                    failed += 1
                    print(f"{target}: without {'.'.join(map(str, removal))}: {name}: {reason}", flush=True)
            print(
                f"{target}: {len(tried)} of {len(every)} removals tried, {ran} with a check that uses it, "
                f"{time.monotonic() - began:.0f} s",
                flush=True,
            )
    print(f"{failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
