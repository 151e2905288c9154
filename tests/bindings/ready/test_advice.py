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
from shenhe.conformance.bindings.doctor.advice import SECTIONS, advice, advice_at, keys_like
from shenhe.conformance.bindings.language.schema import binding_schema
from shenhe.conformance.provider import Operation

from ...command_line import shenhe
from ...docs.pages import PAGES, blocks
from ...docs.test_snippets import kind_of

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


def documented() -> Iterator[Any]:
    """The bindings of the documents, whole or in part. ``tests/docs`` loads each; the recipes are run too."""
    for page in PAGES:
        for block in blocks(page):
            if block.language in {"yaml", "yml"}:
                # What is no YAML by itself is a part that its page puts together; other tests read it there.
                with suppress(yaml.YAMLError):
                    data = yaml.safe_load(block.text)
                    if kind_of(data) in {"binding", "binding part"}:
                        yield data


def places(value: Any, node: Any, schema: Any) -> Iterator[str]:
    """The keys of ``value``, each with the model that the schema has at its place: ``PollSection.every``."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        yield from places(value, {**schema["$defs"][name], "model": name}, schema)
        return
    for each in (*node.get("allOf", ()), *node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from places(value, each, schema)
    if isinstance(value, list):
        for item in value:
            yield from places(item, node.get("items", {}), schema)
    if not isinstance(value, dict):
        return
    own = node.get("properties", {})
    rest = next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties"))
    if any(name in value and value[name] != kind["const"] for name, kind in own.items() if "const" in kind):
        return  # another kind of auth
    if not isinstance(rest, dict) and own and not value.keys() <= own.keys():
        return  # another kind of source or condition
    for key, inner in value.items():
        if key in own:
            if "model" in node:
                yield f"{node['model']}.{key}"
            yield from places(inner, own[key], schema)
            if key == "extract" and isinstance(inner, dict):
                # Values, and groups of values such as credentials.
                for each in (*inner.values(), *(one for group in inner.values() for one in _inside(group))):
                    yield from places(each, {"$ref": "#/$defs/Source"}, schema)
        elif isinstance(rest, dict):
            yield from places(inner, rest, schema)


def _inside(group: Any) -> Iterator[Any]:
    yield from group.values() if isinstance(group, dict) else ()


def used_in(documents: Iterator[Any]) -> set[str]:
    """The keys that the documents use, by section."""
    schema = binding_schema()
    whole = {**schema, "model": "BindingFile"}
    section_of = {model: section for section, group in SECTIONS.items() for model in group}
    found = {place.partition(".")[::2] for document in documents for place in places(document, whole, schema)}
    return {f"{section_of[model]}.{key}" for model, key in found if model in section_of}


def test_every_key_of_the_schema_has_a_documented_example() -> None:
    """At its own place: `timeout` under `limits` is no example of `timeout` under `poll`."""
    wanted = {f"{section}.{key}" for section, keys in declarable().items() for key in keys}
    assert wanted - used_in(documented()) == set()


#: Sections whose models are kinds of one thing: a key of each has an example there, not only in another kind.
KINDS = ("auth", "oauth2", "signature", "source")


def test_every_key_of_every_kind_has_a_documented_example() -> None:
    schema = binding_schema()
    whole = {**schema, "model": "BindingFile"}
    models = [model for section in KINDS for model in SECTIONS[section] if model in schema["$defs"]]
    wanted = {f"{model}.{key}" for model in models for key in schema["$defs"][model]["properties"]}
    used = {place for document in documented() for place in places(document, whole, schema)}
    assert wanted - used == set()


def test_every_operation_has_a_documented_example() -> None:
    written = {name for document in documented() for name in document.get("operations", {})}
    assert {operation.value for operation in Operation} - written == set()


def test_a_key_elsewhere_is_no_example() -> None:
    elsewhere = {"limits": {"timeout": 3}, "operations": {"view": {"path": "/p", "extract": {"every": "x"}}}}
    assert used_in(iter([elsewhere])) == {
        "binding.limits", "limits.timeout", "binding.operations", "operation.path", "operation.extract",
    }  # fmt: skip


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
