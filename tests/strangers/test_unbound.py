"""Whatever a binding leaves out, a lawful target does not fail: what is unbound is inconclusive or does not apply.

One operation, one value that is read or one declaration is removed at a time. The bindings of the strangers are tried
whole; that of the sample, which has everything, by the checks that are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.conformance.bindings import AsgiTransport, BindingError, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report
from shenhe.sample import create_app, sample_binding

from .running import ON, failures
from .styles import app, binding_text
from .town import Town

Removal = tuple[str | int, ...]
#: What can be read from a response and need not be.
_READ = ("extract", "reason", "notice", "media", "states", "accept_when", "variants")


def removals(document: dict[str, Any]) -> Iterator[Removal]:
    """Every part of a binding that can be left out, one at a time, by where it is."""
    for name, value in document["target"].items():
        if name not in ("name", "base_url", "environment", "services"):
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
            yield from ((*where, name) for name in _READ if name in part and name not in ("states", "accept_when"))
            yield from ((*where, "extract", name) for name in part.get("extract", {}))
            yield from ((*where, "json", name) for name in part.get("json", {}) if isinstance(part["json"], dict))


def without(document: dict[str, Any], removal: Removal) -> dict[str, Any]:
    changed: dict[str, Any] = yaml.safe_load(yaml.safe_dump(document, allow_unicode=True))
    *steps, last = removal
    place: Any = changed
    for step in steps:
        place = place[step]
    del place[last]
    return changed


def judged(document: dict[str, Any], application: Any, file: Path, **options: Any) -> Report | None:
    """A run by this binding; ``None`` where the binding says nothing any more."""
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    try:
        loaded = load_binding(file, environ={})
    except BindingError:
        return None
    with loaded.connect(transport=AsgiTransport(application)) as provider:
        return run_checks(provider, on=ON, level="full", **options)


@pytest.mark.parametrize(
    "style", ["chat", *(pytest.param(style, marks=pytest.mark.slow) for style in ("json", "rpc", "headers"))]
)
def test_nothing_that_a_stranger_leaves_out_fails(style: str, tmp_path: Path) -> None:
    document = yaml.safe_load(binding_text(style))
    tried = 0
    for removal in removals(document):
        changed = without(document, removal)
        changed["target"]["settling_seconds"] = 0
        report = judged(changed, app(style, Town()), tmp_path / "binding.yaml", examples=0)
        if report is not None:
            tried += 1
            assert failures(report) == {}, removal
    assert tried >= 8


SAMPLE = yaml.safe_load(sample_binding().read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("removal", list(removals(SAMPLE)), ids=lambda removal: ".".join(map(str, removal)))
def test_nothing_that_the_sample_leaves_out_fails(removal: Removal, tmp_path: Path) -> None:
    report = judged(without(SAMPLE, removal), create_app(), tmp_path / "binding.yaml", examples=1)
    if report is not None:
        assert failures(report) == {}
