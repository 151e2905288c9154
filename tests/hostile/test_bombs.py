"""Small files that would grow: each is refused, or read within bounds, with a message that says what is too large."""

from __future__ import annotations

import json
import resource
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.bindings.drafting.openapi import description_of
from shenhe.conformance.entities import Account, GenerationRequest
from shenhe.conformance.provider import Accepted, Unavailable
from shenhe.conformance.report import ReportError, parse_report
from shenhe.core.text import UNSEEN
from shenhe.rulebook import Service

from ..bindings.apps import Recorder, bind, talking
from ..command_line import shenhe
from ..factories import check, finding, report, rule
from .test_attestation import PRIVATE

#: Seconds and bytes that one of these may take; each took minutes, or gigabytes.
_SECONDS, _BYTES = 4.0, 200_000_000


@contextmanager
def bounded() -> Iterator[None]:
    tracemalloc.start()
    began = time.process_time()
    try:
        yield
        spent, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Tracing doubles the time.
    assert spent < 2 * _SECONDS, spent
    assert peak < _BYTES, peak


# --- descriptions of APIs ------------------------------------------------------------------------------------


def _document(schemas: dict[str, Any], first: str, paths: int = 1) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{first}"}}}
    operation = {"requestBody": {"content": content}, "responses": {"200": {"content": content}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {f"/generate{number}": {"post": operation} for number in range(paths)},
        "components": {"schemas": schemas},
    }


def _refer(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_NAMES = ("id", "text", "url", "data", "prompt", "media", "image", "token")
DOCUMENTS: dict[str, dict[str, Any]] = {
    "a schema of itself": _document(
        {
            "A": {"allOf": [_refer("A"), _refer("B")], "properties": {"a": _refer("A"), "b": _refer("B")}},
            "B": {"anyOf": [_refer("A")] * 20},
        },
        "A",
    ),
    "eight to the power of forty": _document(
        {f"S{level}": {"properties": {name: _refer(f"S{level + 1}") for name in _NAMES}} for level in range(40)}, "S0"
    ),
    "many answers of this kind": _document(
        {f"S{level}": {"properties": {name: _refer(f"S{level + 1}") for name in _NAMES}} for level in range(9)},
        "S0",
        paths=120,
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.costly
def test_schemas_inside_each_other_are_cut(name: str) -> None:
    with bounded():
        description = description_of(DOCUMENTS[name], "openapi.json")
    assert any("more schemas inside each other than are read" in line for line in description.passed_over)


def test_endpoints_without_end_are_cut(tmp_path: Path) -> None:
    document = _document({}, "X")
    document["paths"] = {f"/p{number}": {"get": {"responses": {}}} for number in range(9_000)}
    description = description_of(document, "openapi.json")
    assert len(description.endpoints) == 3_000
    assert any("after the first 3,000" in line for line in description.passed_over)


@pytest.mark.parametrize("option", ["--har", "--postman", "--graphql"])
def test_deep_files_say_that_they_are_deep(option: str, tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000 + "]" * 100_000)
    done = shenhe("init", option, path)
    assert done.exit_code == 2
    assert "nested too deeply" in done.stderr


# --- reports -------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_report_is_read_once() -> None:
    """Each of the fields that it lacks took another copy of it: 915 MB for 4 MB."""
    data = json.dumps({"log": [{"id": number, "text": "x" * 60} for number in range(40_000)]}).encode()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with bounded(), pytest.raises(ReportError, match="found no value"):
        parse_report(data, "report.json")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.parametrize("text", ["[" * 50_000, '{"seed": ' + "9" * 100_000 + "}", '{"a":' * 50_000, "\x00" * 9])
def test_a_report_that_cannot_be_parsed_is_refused_in_words(text: str) -> None:
    with pytest.raises(ReportError, match="cannot be read as JSON"):
        parse_report(text.encode(), "report.json")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"verdict": "fail"', '"verdict": "pass", "verdict": "fail"', "the key 'verdict' occurs twice in one object"),
        ('"seed": ', '"\\u202eseed": 1, "\\u202eseed": 2, "seed": ', "the key '\\\\u202eseed' occurs twice"),
        ('"packs": ', '"x": NaN, "packs": ', "NaN is no number of JSON"),
        ('"packs": ', '"x": -Infinity, "packs": ', "-Infinity is no number of JSON"),
    ],
)
def test_a_report_that_readers_understand_differently_is_refused(old: str, new: str, words: str) -> None:
    """Of two verdicts under one key, a reader may show one and the signer another."""
    document = report(
        [rule("cn-dsp-2023/9.2", "fail", "c")], [check("c", "fail", "cn-dsp-2023/9.2", finding=finding())]
    )
    text = json.dumps(document.model_dump(mode="json"))
    assert parse_report(text.encode(), "report.json") == document
    with pytest.raises(ReportError) as caught:
        parse_report(text.replace(old, new, 1).encode(), "report.json")
    assert words in str(caught.value)


def test_names_in_a_report_reach_no_terminal(tmp_path: Path) -> None:
    hidden = "a\u202eb\u2066c\x07d"
    document = report(
        [rule("cn-dsp-2023/9.2", "fail", "c")], [check("c", "fail", "cn-dsp-2023/9.2", finding=finding())]
    )
    path, key = tmp_path / "report.json", tmp_path / "key.pem"
    text = json.dumps(document.model_dump(mode="json")).replace('"cn-dsp-2023/9.2"', json.dumps(hidden))
    path.write_text(text, encoding="utf-8")
    key.write_bytes(PRIVATE)
    for command in (["export", "sarif", path], ["export", "har", path], ["attest", "--key", key, path]):
        output = shenhe(*command).output
        assert output
        assert not UNSEEN.search(output), ascii(output)


# --- templates and queries of a binding ----------------------------------------------------------------------

_BINDING = """\
operations:
  generate: {path: /g, json: {a: '%s', prompt: "{{ request.prompt }}"}, extract: {id: %s}, media: {text: text}}
"""
TEMPLATES = {
    "a loop": "{%% for i in range(10**9) %%}x{%% endfor %%}",
    "loops in loops": "{%% for i in range(9000) %%}{%% for j in range(9000) %%}x{%% endfor %%}{%% endfor %%}",
    "a power": "{{ 9**9**9**9 }}",
    "a long text": '{{ "x" * 10**10 }}',
    "a wide format": '{{ "%%99999999999d" %% 1 }}',
    "a wide centre": '{{ "x".center(10**10) }}',
    "a list": "{{ range(10**10) | list }}",
    "insides": "{{ request.__class__.__mro__[1].__subclasses__() }}",
    "globals": "{{ cycler.__init__.__globals__ }}",
}


def _asked(text: str, tmp_path: Path, answer: Any) -> Any:
    app = Recorder({("POST", "/g"): answer})
    with talking(bind(tmp_path, text, environ={}), app) as provider:
        return provider.generate(Account("a"), GenerationRequest(Service.TEXT, "text/plain", "a lake"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_that_would_grow_are_refused(name: str, tmp_path: Path) -> None:
    from shenhe.conformance.bindings import BindingError

    with bounded():
        try:
            result = _asked(_BINDING % (TEMPLATES[name].replace("%%", "%"), "id"), tmp_path, {"id": "1", "text": "x"})
        except BindingError:
            return
    assert isinstance(result, Unavailable), result


QUERIES: dict[str, Callable[[], str]] = {
    "projections": lambda: "a[*]." * 3000 + "b",
    "parentheses": lambda: "(" * 3000 + "a" + ")" * 3000,
    "negations": lambda: "!" * 20_000 + "a",
    "flattening": lambda: "a" + "[]" * 5000,
    "alternatives": lambda: " || ".join(["a"] * 5000),
}


@pytest.mark.parametrize("name", QUERIES)
def test_queries_that_would_grow_are_refused_or_read(name: str, tmp_path: Path) -> None:
    from shenhe.conformance.bindings import BindingError

    with bounded():
        try:
            result = _asked(_BINDING % ("x", json.dumps(QUERIES[name]())), tmp_path, {"id": "1", "text": "x"})
        except BindingError:
            return
    assert isinstance(result, Unavailable | Accepted), result


# --- answers -------------------------------------------------------------------------------------------------

ANSWERS: dict[str, bytes] = {
    "lists in lists": b"[" * 300_000 + b"]" * 300_000,
    "objects in objects": b'{"id":' * 200_000 + b"1" + b"}" * 200_000,
    "a long number": b'{"id": ' + b"9" * 1_000_000 + b"}",
    "many keys": b"{" + b",".join(b'"k%d":1' % number for number in range(300_000)) + b"}",
    "one key many times": b"{" + b",".join([b'"id":1'] * 300_000) + b"}",
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.costly
def test_answers_that_would_grow_are_bounded(name: str, tmp_path: Path) -> None:
    text = _BINDING % ("x", "id")
    body = ANSWERS[name]
    with bounded():
        result = _asked(text, tmp_path, (200, {"Content-Type": "application/json"}, body))
    assert isinstance(result, Unavailable | Accepted), result
