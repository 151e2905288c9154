"""A draft that is complete is tried at once, and the additions that open most rules are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shenhe.sample import SampleServer

from ...command_line import shenhe
from .test_kinds import answered, asked, text


def document(url: str) -> dict[str, object]:
    """The part of the sample's API that makes texts, as its users would describe it."""
    given = [{"name": "topic", "in": "path", "required": True, "schema": text()}]
    make = {"summary": "Generate a text", **asked(required=("prompt",), prompt=text())}
    paths = {
        "/generations": {"post": {**make, "responses": answered(id=text(), text=text())}},
        "/about/{topic}": {"parameters": given, "get": {"summary": "Rules", "responses": answered(text=text())}},
    }
    return {"openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "servers": [{"url": url}], "paths": paths}


@pytest.mark.costly
def test_a_complete_draft_is_tried_and_what_opens_most_rules_is_named(tmp_path: Path) -> None:
    with SampleServer() as server:
        (tmp_path / "api.json").write_text(json.dumps(document(server.url)))
        done = shenhe("init", "--openapi", str(tmp_path / "api.json"), "--out", str(tmp_path / "binding.yaml"))
    *_, tried, title, first, second, third = [
        line for line in done.stderr.splitlines() if line.startswith(("tried:", "these", "  the binding", "  the prov"))
    ]
    assert tried.startswith("tried: ")
    assert title == "these additions open most rules:"
    counts = [int(line.rsplit("(", 1)[1].split()[0]) for line in (first, second, third)]
    assert all(count > 0 for count in counts)


def test_a_draft_with_a_blank_names_the_first_line_to_complete(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(json.dumps({**document("http://127.0.0.1:9"), "servers": []}))
    done = shenhe("init", "--openapi", str(tmp_path / "api.json"), "--out", str(tmp_path / "binding.yaml"))
    assert "before its first use (1 line to complete): " in done.stderr
    assert "target.base_url" in done.stderr
