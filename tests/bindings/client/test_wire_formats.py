"""Responses and requests in the shapes that interfaces of many years and makers use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.entities import Account, GenerationRequest, Media
from shenhe.conformance.provider import Accepted, Unavailable
from shenhe.rulebook import Service

from ..apps import Recorder, bind, talking

TEXT = GenerationRequest(Service.TEXT, "text/plain", 'a <lake> & "sea"')


def asked(tmp_path: Path, section: str, answer: Any, method: str = "GET") -> tuple[Any, dict[str, Any]]:
    """What one generation gives, and the request that was sent."""
    app = Recorder({(method, "/g"): answer})
    with talking(bind(tmp_path, f"operations:\n  generate: {{path: /g, {section}}}\n", environ={}), app) as provider:
        return provider.generate(Account("a"), TEXT), app.asked[0]


ANSWERS: dict[str, tuple[str, bytes, str]] = {
    "a form": ("application/x-www-form-urlencoded", b"id=7&text=%E6%98%A5", "extract: {id: id}, media: {text: text}"),
    "JSON in GBK": (
        "application/json; charset=gbk",
        '{"id": "7", "text": "春"}'.encode("gbk"),
        "extract: {id: id}, media: {text: text}",
    ),
    "JSON in a call": (
        "application/javascript",
        '/**/ cb_1.x({"id": "7", "text": "春"});\n'.encode(),
        "extract: {id: id}, media: {text: text}",
    ),
    "JSON behind a prefix": (
        "application/json",
        ')]}\',\n{"id": "7", "text": "春"}'.encode(),
        "extract: {id: id}, media: {text: text}",
    ),
    "JSON behind a loop": (
        "text/javascript",
        'for (;;);{"id": "7", "text": "春"}'.encode(),
        "extract: {id: id}, media: {text: text}",
    ),
    "JSON behind a byte order mark": (
        "application/json",
        '\ufeff{"id": "7", "text": "春"}'.encode(),
        "extract: {id: id}, media: {text: text}",
    ),
    "JSON in a text of JSON": (
        "application/json",
        '{"data": "{\\"id\\": \\"7\\", \\"text\\": \\"春\\"}"}'.encode(),
        'extract: {id: "from_json(data).id"}, media: {text: "from_json(data).text"}',
    ),
    "XML with namespaces": (
        "application/xml",
        '<?xml version="1.0"?><o xmlns:x="urn:x"><x:id>7</x:id><Text>春</Text></o>'.encode(),
        "extract: {id: {css: id}}, media: {text: {css: Text}}",
    ),
    "a line of words": (
        "text/plain",
        "OK 7 春 done".encode(),
        (
            "extract: {id: {value: \"{{ response.text | after('OK ') | before(' ') }}\"}},"
            " media: {text: {value: \"{{ response.text | after('7 ') | before(' ') }}\"}}"
        ),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_read(name: str, tmp_path: Path) -> None:
    kind, body, section = ANSWERS[name]
    result, _ = asked(tmp_path, section, (200, {"Content-Type": kind}, body))
    assert isinstance(result, Accepted), result
    assert (result.value.id, result.value.media) == ("7", Media("春".encode(), "text/plain"))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/javascript", b"cb(not json)"),
        ("application/json", b")]}',\n"),
        ("application/json", b'{"data": "{broken"}'),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 20_000)),
        ("application/javascript", b"a(" * 50_000),
    ],
)
def test_a_broken_answer_is_no_answer(kind: str, body: bytes, tmp_path: Path) -> None:
    section = 'extract: {id: "from_json(data).id"}' if b"data" in body else "extract: {id: id}"
    assert isinstance(asked(tmp_path, section, (200, {"Content-Type": kind}, body))[0], Unavailable)


REQUESTS: dict[str, tuple[str, str, str]] = {
    "other methods": ("method: PROPFIND", "PROPFIND", r"^$"),
    "lists in a form": ('form: {"m[]": [a, "{{ 1 + 1 }}"]}', "POST", r"^m%5B%5D=a&m%5B%5D=2$"),
    "lists in a multipart form": (
        "multipart: {m: [a, b]}",
        "POST",
        r'(?s)^--\w+\r\n.*name="m"\r\n\r\na\r\n--.*name="m"\r\n\r\nb\r\n--\w+--\r\n$',
    ),
    "XML": (
        'method: POST, headers: {Content-Type: application/xml}, body: "<p>{{ request.prompt | xml }}</p>"',
        "POST",
        r"^<p>a &lt;lake&gt; &amp; &quot;sea&quot;</p>$",
    ),
    "a list as the whole body": ('json: ["{{ request.prompt[:6] }}"]', "POST", r'^\["a <lak"\]$'),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_written(name: str, tmp_path: Path) -> None:
    section, method, expected = REQUESTS[name]
    result, sent = asked(tmp_path, f"{section}, extract: {{id: id}}", {"id": "1"}, method)
    assert isinstance(result, Accepted), result
    assert re.search(expected, sent["body"].decode()), sent["body"]
