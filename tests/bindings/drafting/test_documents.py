"""Documents in other forms: Swagger 2.0, several files, and resources of JSON:API."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from starlette.applications import Starlette
from starlette.routing import Route

from shenhe.conformance.bindings.drafting.application import read_application
from shenhe.conformance.bindings.drafting.documents import split
from shenhe.conformance.bindings.drafting.documents.views import taken_by
from shenhe.conformance.bindings.drafting.draft import draft
from shenhe.conformance.bindings.drafting.observed import read_har, read_postman
from shenhe.conformance.bindings.drafting.openapi import read_openapi
from shenhe.core.document import DocumentError

from ...command_line import shenhe
from .drafts import DOCUMENTS, served


def test_a_document_in_several_files_is_read_whole() -> None:
    found = draft(read_openapi(DOCUMENTS / "split" / "openapi.yaml", "openapi.yaml"))
    assert served(found) == {
        "register": ["POST /register"],
        "generate": ["POST /texts"],
        "publish": ["POST /articles"],
        "search": ["GET /articles"],
        "view": ["GET /articles/{id}"],
        "unpublish": ["DELETE /articles/{id}"],
        "report": ["POST /reports"],
    }
    assert not any("$ref" in line for line in found.passed_over)
    assert 'email: "{{ profile.email }}"' in found.text


@pytest.mark.parametrize(
    "reference", ["../outside.yaml", "/etc/passwd", "https://host.example/a.yaml", "absent.yaml", "a\0b", "."]
)
def test_files_elsewhere_are_not_read(reference: str, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("post: {operationId: generate, summary: SECRET}", encoding="utf-8")
    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "linked.yaml").symlink_to(tmp_path / "outside.yaml")
    for each in (reference, "linked.yaml"):
        document = {"openapi": "3.0.0", "paths": {"/a": {"$ref": each}}}
        (folder / "openapi.json").write_text(yaml.safe_dump(document), encoding="utf-8")
        description = read_openapi(folder / "openapi.json", "openapi.json")
        assert description.endpoints == []
        assert any("is not followed" in line for line in description.passed_over)


def test_files_that_refer_to_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text("openapi: 3.0.0\npaths: {/a: {$ref: a.yaml}}\n", encoding="utf-8")
    (tmp_path / "a.yaml").write_text("$ref: b.yaml\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("$ref: a.yaml\n", encoding="utf-8")
    assert read_openapi(tmp_path / "openapi.yaml", "openapi.yaml").passed_over == [
        "$ref #/x-files/a.yaml: goes round in circles"
    ]


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "MOST_FILES", 3)
    paths = {f"/{number}": {"$ref": f"{number}.yaml"} for number in range(5)}
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump({"openapi": "3.0.0", "paths": paths}), encoding="utf-8")
    for number in range(5):
        (tmp_path / f"{number}.yaml").write_text("{}", encoding="utf-8")
    with pytest.raises(DocumentError, match="more than 3 files"):
        read_openapi(tmp_path / "openapi.yaml", "openapi.yaml")


def test_a_resource_of_json_api_is_drafted_in_its_envelope() -> None:
    text = draft(read_openapi(DOCUMENTS / "corpus" / "json-api.yaml", "json-api.yaml")).text
    publish = yaml.safe_load(text)["operations"]["publish"]
    assert publish["json"] == {
        "data": {
            "type": "posts",
            "attributes": {"title": "{{ title }}"},
            "relationships": {"rendering": {"data": {"type": "renderings", "id": "{{ content.id }}"}}},
        }
    }
    assert publish["headers"]["Content-Type"] == "application/vnd.api+json"
    assert publish["extract"]["id"] == "data.id"


def test_swagger_2_is_drafted_like_openapi_3(tmp_path: Path) -> None:
    done = shenhe("init", "--openapi", DOCUMENTS / "corpus" / "swagger-2.yaml", "--out", tmp_path / "binding.yaml")
    binding = yaml.safe_load((tmp_path / "binding.yaml").read_text(encoding="utf-8"))
    assert binding["target"]["base_url"] == "https://api.facelab.example/v2", done.stderr
    assert binding["auth"]["name"] == "X-Auth-Token"
    assert set(binding["operations"]["edit"]["multipart"]) == {"picture", "face_id"}
    assert binding["operations"]["fetch"]["media"] == "body"


@pytest.mark.parametrize("version", ["1.2", "3.0", "2.1"])
def test_other_versions_are_refused(version: str, tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text(f"swagger: '{version}'\npaths: {{}}\n", encoding="utf-8")
    with pytest.raises(DocumentError, match="expected a document of OpenAPI 3.0 or 3.1, or of Swagger 2.0"):
        read_openapi(path, "old.yaml")


def _speak(request: Any) -> Any:
    """Synthesize speech from text."""
    data = request.get_json(force=True) or {}
    return data["text"], data.get("voice"), request.args.get("trace")


def _publish(request: Any) -> Any:
    """Publish a recording."""
    return request.form["audio_id"], request.form.get("title"), request.files["cover"], {"other": 1}["other"]


async def _report(request: Any) -> Any:
    """Report illegal content."""
    body = await request.json()
    return body["post_id"], body["reason"]


def test_what_a_view_takes_is_read_from_its_source() -> None:
    assert set(taken_by(_speak)) == {("text", "json", True), ("voice", "json", False), ("trace", "query", False)}
    assert set(taken_by(_publish)) == {("audio_id", "form", True), ("title", "form", False), ("cover", "file", True)}
    assert set(taken_by(_report)) == {("post_id", "json", True), ("reason", "json", True)}
    assert taken_by(len) == taken_by(None) == []


def test_an_application_without_schemas_is_drafted_with_its_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = [Route("/tts", _speak, methods=["POST"]), Route("/report", _report, methods=["POST"])]
    module = ModuleType("an_app_without_schemas")
    module.app = Starlette(routes=routes)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    operations = yaml.safe_load(draft(read_application("an_app_without_schemas:app")).text)["operations"]
    assert operations["generate"]["json"]["text"] == "{{ request.prompt }}"
    assert operations["report"]["json"] == {
        "post_id": "{{ request.target.id }}",
        "reason": "{{ request.statement }}",
    }


def _entry(method: str, path: str, token: str = "", answer: object = None) -> dict[str, Any]:
    headers = [{"name": "Authorization", "value": f"Bearer {token}"}] if token else []
    return {
        "request": {"method": method, "url": f"https://api.example{path}", "headers": headers},
        "response": {"status": 200, "content": {"mimeType": "application/json", "text": json.dumps(answer)}},
    }


def test_a_recording_is_signed_as_the_browser_signed_it(tmp_path: Path) -> None:
    entries = [
        _entry("GET", "/posts/p1", answer={"id": "p1", "title": "x"}),
        _entry("DELETE", "/posts/p1", "tok-12345678", {}),
        _entry("POST", "/posts", "tok-12345678", {"id": "p1"}),
        _entry("GET", "/search?q=a", "tok-12345678", {"posts": [{"id": "p1"}]}),
        _entry("GET", "/search?q=b", answer={"posts": [{"id": "p1"}]}),
    ]
    sent = {"mimeType": "application/json", "text": json.dumps({"asset_id": "a1", "title": "x"})}
    entries[2]["request"]["postData"] = sent
    path = tmp_path / "browser.har"
    path.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    found = {str(each): each.open for each in read_har(path, "browser.har").endpoints}
    assert found == {
        "GET /posts/{post_id}": True,
        "DELETE /posts/{post_id}": False,
        "POST /posts": False,
        "GET /search": True,
    }
    text = draft(read_har(path, "browser.har")).text
    assert "tok-12345678" not in text
    assert "auth" not in yaml.safe_load(text)["operations"]["unpublish"]


def test_a_collection_is_signed_as_it_says(tmp_path: Path) -> None:
    items = [
        {"name": "Publish", "request": {"method": "POST", "url": "https://api.example/posts"}},
        {
            "name": "View",
            "request": {"method": "GET", "url": "https://api.example/posts/1", "auth": {"type": "noauth"}},
        },
    ]
    document = {"info": {"name": "C", "schema": "v2.1.0"}, "auth": {"type": "bearer"}, "item": items}
    path = tmp_path / "collection.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert {each.method: each.open for each in read_postman(path, "c").endpoints} == {"POST": False, "GET": True}
