"""Every key of a binding has advice, and is used by a binding that the documents, the samples or shenhe itself hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.cli.explain import explanation
from shenhe.conformance.bindings.client.loading import ready_names, ready_text
from shenhe.conformance.bindings.doctor.advice import SECTIONS, advice, advice_at, keys_like
from shenhe.conformance.bindings.language.schema import binding_schema
from shenhe.sample import sample_binding
from shenhe.sample.variants import VARIANTS

from ...command_line import shenhe
from ...docs.pages import PAGES, blocks

ROOT = Path(__file__).parents[3]


def declarable() -> dict[str, set[str]]:
    """The keys of the format by section, from its JSON Schema."""
    schema = binding_schema()
    models = {name: set(each["properties"]) for name, each in schema["$defs"].items() if "properties" in each}
    models["BindingFile"] = set(schema["properties"])
    known = {model for group in SECTIONS.values() for model in group}
    assert models.keys() - known == set(), "a model of the format that no section names"
    return {section: set().union(*(models[model] for model in group)) for section, group in SECTIONS.items()}


def test_every_key_has_advice_and_no_other() -> None:
    assert {section: set(keys) for section, keys in advice().items()} == declarable()


def test_advice_says_what_to_do() -> None:
    for section, keys in advice().items():
        for key, words in keys.items():
            assert re.fullmatch(r"[A-Z].*\.", words), f"{section}.{key}"
            assert len(words) < 160, f"{section}.{key}"


#: Keys of stores, whose sample has its own binding.
STORES = {
    "binding.filings", "filings.assessment", "filings.entity", "target.listing_surfaces", "target.orders",
    "target.storefronts",
}  # fmt: skip


def _bindings() -> Iterator[Any]:
    for page in PAGES:
        for block in blocks(page):
            if block.language in {"yaml", "yml"}:
                # What is no YAML by itself is a part that its page puts together; other tests read it there.
                with suppress(yaml.YAMLError):
                    yield yaml.safe_load(block.text)
    yield from (yaml.safe_load(ready_text(name)) for name in ready_names())
    yield from (yaml.safe_load(sample_binding(name).read_text(encoding="utf-8")) for name in (None, *VARIANTS))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def test_every_key_is_used_in_a_binding_that_tests_run() -> None:
    used = {key for document in _bindings() for key in _keys(document)}
    unused = {f"{section}.{key}" for section, keys in declarable().items() for key in keys if key not in used}
    assert {key for key in unused if key not in STORES} == set()


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("operations.generate.variants[1].media.url", "links to the file"),
        ("operations.generate.extract.id", "id and other values"),
        ("operations.generate.poll.every", "seconds between"),
        ("target.base_url", "trailing path"),
        ("login.extract.credentials.token", "id and other values"),
        ("nothing.at.all", ""),
    ],
)
def test_a_place_in_a_binding_has_the_advice_of_its_key(path: str, word: str) -> None:
    assert word in advice_at(path)
    assert bool(word) == bool(advice_at(path))


def test_explain_knows_the_keys() -> None:
    assert set(keys_like("timeout")) == {"limits.timeout", "poll.timeout"}
    assert explanation("limits.timeout")["keys"].keys() == {"limits.timeout"}
    assert "seconds for one response" in shenhe("explain", "limits.timeout").stdout
    missed = shenhe("explain", "limits.timeuot")
    assert missed.exit_code == 2
    assert "limits.timeout" in missed.stderr
