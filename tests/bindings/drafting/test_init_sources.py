"""Drafts from recorded traffic, Postman collections, GraphQL schemas and applications in Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.conformance.bindings import load_binding
from shenhe.conformance.bindings.drafting.application import ApplicationError, read_application
from shenhe.conformance.bindings.drafting.draft import draft
from shenhe.conformance.bindings.drafting.introspection import read_introspection
from shenhe.conformance.bindings.drafting.observed import read_har, read_postman
from shenhe.conformance.bindings.drafting.openapi import Description
from shenhe.conformance.entities import GenerationRequest, Media
from shenhe.conformance.operations import TargetRole
from shenhe.conformance.provider import Accepted
from shenhe.core.document import DocumentError
from shenhe.rulebook import Service

from ...command_line import shenhe
from ..apps import Recorder, talking


def served(description: Description) -> dict[str, str]:
    return {line.partition(": ")[0]: line.partition(": ")[2].partition(" (")[0] for line in draft(description).mapped}


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def entry(method: str, url: str, body: Any = None, response: Any = None) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method, "url": url}
    if body is not None:
        request["postData"] = {"mimeType": "application/json; charset=utf-8", "text": json.dumps(body)}
    content = {"mimeType": "application/json", "text": json.dumps(response if response is not None else {})}
    return {"request": request, "response": {"status": 200, "content": content}}


HAR = {
    "log": {
        "entries": [
            entry("GET", "https://studio.example/app.js"),
            entry("GET", "https://tracker.example/pixel"),
            entry(
                "POST",
                "https://studio.example/api/v1/generations",
                {"prompt": "spring", "watermark": True},
                {"id": "g1", "text": "x"},
            ),
            entry(
                "POST",
                "https://studio.example/api/v1/posts",
                {"content_id": "g1", "title": "t"},
                {"post_id": 8123, "ok": True},
            ),
            entry("GET", "https://studio.example/api/v1/posts/8123", None, {"id": 8123, "title": "t"}),
            entry("POST", "https://studio.example/api/v1/posts/8123/reports", {"reason": "r"}, {"report_id": 5}),
            entry("OPTIONS", "https://studio.example/api/v1/posts"),
        ]
    }
}


def test_recorded_traffic_becomes_a_draft(tmp_path: Path) -> None:
    description = read_har(written(tmp_path / "traffic.har", HAR), "traffic.har")
    assert description.server == "https://studio.example"
    assert served(description) == {
        "generate": "POST /api/v1/generations",
        "publish": "POST /api/v1/posts",
        "view": "GET /api/v1/posts/{post_id}",
        "report": "POST /api/v1/posts/{post_id}/reports",
    }
    text = draft(description).text
    assert 'path: "/api/v1/posts/{{ request.target.id }}/reports"' in text
    assert "spring" not in text


POSTMAN = {
    "info": {"name": "Studio", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
    "variable": [{"key": "baseUrl", "value": "https://studio.example"}],
    "item": [
        {
            "name": "Content",
            "item": [
                {
                    "name": "Generate text",
                    "request": {
                        "method": "POST",
                        "url": {"raw": "{{baseUrl}}/v1/text"},
                        "body": {"mode": "raw", "raw": '{"prompt": "{{words}}"}'},
                    },
                    "response": [{"code": 200, "body": '{"id": "1", "text": "x"}'}],
                },
                {
                    "name": "Upload an image",
                    "request": {
                        "method": "POST",
                        "url": {"raw": "{{baseUrl}}/v1/images"},
                        "body": {"mode": "formdata", "formdata": [{"key": "file", "type": "file"}]},
                    },
                    "response": [{"code": 201, "body": '{"id": "2"}'}],
                },
            ],
        },
        {"name": "Download an image", "request": "{{baseUrl}}/v1/images/:image_id/download"},
    ],
}


def test_a_postman_collection_becomes_a_draft(tmp_path: Path) -> None:
    description = read_postman(written(tmp_path / "studio.json", POSTMAN), "studio.json")
    assert (description.title, description.server) == ("Studio", "https://studio.example")
    assert served(description) == {
        "generate": "POST /v1/text",
        "upload": "POST /v1/images",
        "fetch": "GET /v1/images/{image_id}/download",
    }


def scalar(name: str) -> dict[str, Any]:
    return {"kind": "NON_NULL", "ofType": {"kind": "SCALAR", "name": name}}


SCHEMA = {
    "data": {
        "__schema": {
            "queryType": {"name": "Query"},
            "mutationType": {"name": "Mutation"},
            "types": [
                {
                    "kind": "OBJECT",
                    "name": "Query",
                    "fields": [
                        {
                            "name": "searchPosts",
                            "args": [{"name": "query", "type": scalar("String")}],
                            "type": {"kind": "LIST", "ofType": {"kind": "OBJECT", "name": "Post"}},
                        }
                    ],
                },
                {
                    "kind": "OBJECT",
                    "name": "Mutation",
                    "fields": [
                        {
                            "name": "generateText",
                            "args": [
                                {
                                    "name": "input",
                                    "type": {
                                        "kind": "NON_NULL",
                                        "ofType": {"kind": "INPUT_OBJECT", "name": "TextInput"},
                                    },
                                }
                            ],
                            "type": {"kind": "OBJECT", "name": "Text"},
                        },
                        {
                            "name": "publishPost",
                            "args": [
                                {"name": "contentId", "type": scalar("ID")},
                                {"name": "title", "type": scalar("String")},
                            ],
                            "type": {"kind": "OBJECT", "name": "Post"},
                        },
                    ],
                },
                {
                    "kind": "INPUT_OBJECT",
                    "name": "TextInput",
                    "inputFields": [{"name": "prompt", "type": scalar("String")}],
                },
                {
                    "kind": "OBJECT",
                    "name": "Text",
                    "fields": [
                        {"name": "id", "args": [], "type": scalar("ID")},
                        {"name": "text", "args": [], "type": scalar("String")},
                        {"name": "author", "args": [], "type": {"kind": "OBJECT", "name": "Text"}},
                    ],
                },
                {"kind": "OBJECT", "name": "Post", "fields": [{"name": "id", "args": [], "type": scalar("ID")}]},
            ],
        }
    }
}


def test_a_graphql_schema_becomes_a_draft_with_its_queries(tmp_path: Path) -> None:
    description = read_introspection(written(tmp_path / "schema.json", SCHEMA), "schema.json")
    drafted = draft(description)
    assert {line.partition(": ")[0] for line in drafted.mapped} == {"generate", "publish", "search"}
    path = tmp_path / "binding.yaml"
    text = drafted.text.replace("${FILL_IN_BASE_URL}", "http://127.0.0.1:9")
    assert 'publications: "data.searchPosts[].id"' in text
    path.write_text(text, encoding="utf-8")
    app = Recorder({("POST", "/graphql"): {"data": {"generateText": {"id": "1", "text": "好"}}}})
    with talking(load_binding(path, environ={}), app) as provider:
        made = provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "春"))
    assert isinstance(made, Accepted), made
    assert made.value.media == Media("好".encode(), "text/plain")
    sent = json.loads(app.asked[0]["body"])
    assert sent["variables"] == {"input": {"prompt": "春"}}
    assert sent["query"].startswith(
        "mutation Call($input: TextInput!) { generateText(input: $input) { id text author {"
    )


LANGUAGE = """
# The schema that introspection gives above.
schema @auth(by: {role: ADMIN}) { query: Query mutation: Mutation }
directive @auth(by: Rule = {role: USER}) on FIELD_DEFINITION | OBJECT
scalar Date @specifiedBy(url: "https://example.org/{}")
union Shown = Post | Text
enum Kind { "of text" TEXT @deprecated(reason: "none }") POST }
type Query { searchPosts(query: String!): [Post] }
type Mutation {
  generateText(input: TextInput!): Text
}
extend type Mutation { publishPost(contentId: ID!, title: String! = "a } b"): Post @auth }
input TextInput { prompt: String! = "x" }
interface Node { id: ID! }
\"""A text: "id" names it.\"""
type Text implements Node & Shown @auth { id: ID! text: String! author: Text }
type Post implements Node { id: ID! }
"""


def test_a_schema_in_its_language_is_read_as_introspection_gives_it(tmp_path: Path) -> None:
    path = tmp_path / "schema.graphql"
    path.write_text(LANGUAGE, encoding="utf-8")
    drafts = [
        draft(read_introspection(each, each.name)).text for each in (path, written(tmp_path / "schema.json", SCHEMA))
    ]
    assert drafts[0] == drafts[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("type Query {\n  posts: [Post\n}", "3:1: found '}', expected ']'"),
        ("type Query {\n  posts(: Int): Post\n}", "2:1: found ':', expected a name"),
        ("type Query { posts: Post", "found the end, expected more of the schema"),
        ("type Query { a: ~ }", "found '~', expected a schema of GraphQL"),
        ("type Query { a: " + "[" * 5000, "found lists nested too deeply"),
        ("type A { a: B }\nfragment F on A { a }", "2:1: found 'fragment', expected type, input"),
    ],
)
def test_what_is_wrong_with_a_schema_is_found_at_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "schema.graphql"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read_introspection(path, "schema.graphql")
    assert words in str(caught.value)


FASTAPI = """
class App:
    def openapi(self):
        return {"openapi": "3.1.0", "info": {"title": "T"}, "paths": {"/posts": {"post": {
            "operationId": "publish_post", "requestBody": {"content": {"application/json": {"schema": {
                "type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}}}},
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": {
                "type": "object", "properties": {"id": {"type": "string"}}}}}}}}}}}
app = App()
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.routing import Mount, Route
def upload_image(request): "Upload an image"
def report_post(request): "Report a post"
app = Starlette(routes=[Mount("/v1", routes=[Route("/images", upload_image, methods=["POST"]),
    Route("/posts/{post_id:int}/report", report_post, methods=["POST"])])])
"""
FLASK = """
class Rule:
    def __init__(self, rule, endpoint, methods): self.rule, self.endpoint, self.methods = rule, endpoint, methods
class Map:
    def iter_rules(self): return [Rule("/posts/<int:post_id>/report", "report_post", {"POST", "OPTIONS"})]
class App:
    url_map = Map()
    view_functions = {"report_post": lambda: None}
app = App()
"""


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("fast_service", FASTAPI, ["POST /posts"]),
        ("star_service", STARLETTE, ["POST /v1/images", "POST /v1/posts/{post_id}/report"]),
        ("flask_service", FLASK, ["POST /posts/{post_id}/report"]),
    ],
)
def test_the_routes_of_an_application_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, source: str, expected: list[str]
) -> None:
    (tmp_path / f"{module}.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    description = read_application(f"{module}:app")
    assert [str(endpoint) for endpoint in description.endpoints] == expected


@pytest.mark.parametrize("target", ["nothing", "no_such_module:app", "os:path", "../x:y"])
def test_a_target_that_is_no_application_is_named(target: str) -> None:
    with pytest.raises(ApplicationError, match=r"expected|cannot be imported"):
        read_application(target)


@pytest.mark.parametrize("read", [read_har, read_postman, read_introspection])
@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"log": 1, "info": [], "data": 3}', b"[" * 99_999])
def test_another_file_is_refused_with_its_name(tmp_path: Path, read: Any, content: bytes) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=r"other\.json"):
        read(path, "other.json")


def test_the_command_drafts_from_each_source_and_names_the_next_step(tmp_path: Path) -> None:
    har = written(tmp_path / "traffic.har", HAR)
    done = shenhe("init", "--har", str(har))
    assert done.exit_code == 0
    assert "mapped:\n" in done.stderr
    assert "bind these next: they open most rules:" in done.stderr
    both = shenhe("init", "--har", str(har), "--ready", "openai")
    assert both.exit_code == 2
    listed = shenhe("init", "--list-ready")
    assert "openai-chat" in listed.stdout.splitlines()


def posted(path: Any, summary: str, body: Any, method: str = "POST", **request: Any) -> dict[str, Any]:
    sent = {"mode": "raw", "raw": json.dumps(body)} if body is not None else {}
    return {"name": summary, "request": {"method": method, "url": path, "body": sent, **request}}


def test_collections_of_others_become_drafts(tmp_path: Path) -> None:
    """Their variables have no values, requests name only things, addresses come in parts, fields in one object."""
    bearer = {"key": "Authorization", "value": "Bearer {{token}}"}
    parts = {"host": ["{{base_url}}"], "path": ["articles", "{{slug}}"], "query": [{"key": "lang", "value": "en"}]}
    person = {"username": "u", "email": "e", "password": "p"}
    collection = {
        "info": POSTMAN["info"],
        "auth": {"type": "apikey", "apikey": [{"key": "key", "value": "X-Key"}, {"key": "in", "value": "header"}]},
        "item": [
            posted("{{base_url}}/users", "users", {"user": person}, header=[bearer]),
            posted("{{base_url}}/users", "users", {"user": {**person, "active": "true"}}),
            posted("{{base_url}}/articles", "articles", {"api_key": "{{api_key}}", "title": "t", "kind": "note"}),
            posted(parts, "articles", None, "GET"),
            posted("{{base_url}}/articles/33.json", "articles", None, "DELETE"),
        ],
    }
    path = written(tmp_path / "studio.json", {"collection": collection})
    description = read_postman(path, "studio.json")
    assert [str(each) for each in description.endpoints] == [
        "POST /users",
        "POST /articles",
        "GET /articles/{slug}",
        "DELETE /articles/{article_id}.json",
    ]
    drafted = draft(description, [TargetRole.PLATFORM])
    found = yaml.safe_load(drafted.text)
    assert found["auth"] == {"type": "header", "name": "X-Key", "value": "{{ account.credentials.token }}"}
    assert set(found["operations"]) == {"register", "publish", "view", "unpublish"}
    register, publish = found["operations"]["register"], found["operations"]["publish"]
    assert set(register["json"]["user"]) == {"username", "email", "password"}
    assert publish["json"] == {"api_key": "${FILL_IN_PUBLISH_API_KEY}", "title": "{{ title }}", "kind": "note"}


def test_recorded_requests_show_how_they_are_signed(tmp_path: Path) -> None:
    one = entry("POST", "https://studio.example/posts", {"title": "t"}, {"id": 1})
    one["request"]["headers"] = [{"name": "Authorization", "value": "Bearer abc-secret-123"}]
    description = read_har(written(tmp_path / "traffic.har", {"log": {"entries": [one]}}), "traffic.har")
    text = draft(description, [TargetRole.PLATFORM]).text
    assert yaml.safe_load(text)["auth"]["type"] == "bearer"
    assert "abc-secret" not in text
