"""Kinds of wrong guesses that documents of others showed: each is drafted rightly, or left to the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.conformance.bindings.drafting.draft import draft
from shenhe.conformance.bindings.drafting.openapi import read_openapi
from shenhe.conformance.operations import TargetRole
from shenhe.core.document import DocumentError

from ...command_line import shenhe

OK: dict[str, Any] = {"200": {"description": "ok"}}


def text(**more: Any) -> dict[str, Any]:
    return {"type": "string", **more}


def answered(**properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties}
    return {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}


def asked(kind: str = "application/json", required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"requestBody": {"content": {kind: {"schema": schema}}}}


def drafted(tmp_path: Path, paths: dict[str, Any], role: TargetRole = TargetRole.PLATFORM) -> dict[str, Any]:
    """The operations and login of the draft for these paths."""
    path = tmp_path / "api.yaml"
    path.write_text(json.dumps({"openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "paths": paths}))
    whole = yaml.safe_load(draft(read_openapi(path, "api.yaml"), [role]).text)
    return {**whole["operations"], "login": whole.get("login")}


REGISTER = asked(required=("username", "password"), username=text(), password=text(), email=text())
POST = {"summary": "Create a post", **asked(title=text()), "responses": answered(id=text())}


def test_an_object_in_the_query_is_sent_by_its_properties(tmp_path: Path) -> None:
    wanted = {"type": "object", "properties": {"id": {"type": "integer"}}}
    view = {
        "summary": "Get a post",
        "parameters": [{"name": "GetPost", "in": "query", "schema": wanted}],
        "responses": answered(body=text()),
    }
    found = drafted(tmp_path, {"/post": {"get": view, "post": POST}})
    assert found["view"]["query"] == {"id": "{{ publication.id }}"}


def test_the_id_of_a_state_is_not_the_id_of_an_account(tmp_path: Path) -> None:
    state = {"type": "object", "properties": {"id": {"type": "integer"}, "label": text()}}
    register = {"summary": "Register a user", **REGISTER, "responses": answered(state=state)}
    found = drafted(tmp_path, {"/users/register": {"post": register}})
    assert found["register"]["extract"]["id"].startswith("${FILL_IN_")


def test_credentials_of_an_example_are_not_taken(tmp_path: Path) -> None:
    body = asked(
        "application/x-www-form-urlencoded",
        ("client_id", "client_secret", "grant_type", "username", "password"),
        client_id=text(example="v1ikx5hnfop4"),
        client_secret=text(example="AjWiOapPltI6En"),
        grant_type=text(enum=["password"]),
        username=text(),
        password=text(),
    )
    login = {"summary": "Login", **body, "responses": answered(access_token=text())}
    register = {"summary": "Register a user", **REGISTER, "responses": answered(id=text())}
    form = drafted(tmp_path, {"/login": {"post": login}, "/users/register": {"post": register}})["login"]["form"]
    assert form["grant_type"] == "password"
    assert {name: str(form[name])[:10] for name in ("client_id", "client_secret")} == {
        "client_id": "${FILL_IN_",
        "client_secret": "${FILL_IN_",
    }


def test_what_a_report_says_is_not_the_reason_of_its_decision(tmp_path: Path) -> None:
    body = asked(required=("post_id", "reason"), post_id={"type": "integer"}, reason=text())
    for name, expected in (("reason", None), ("decision", "decision")):
        response = answered(id={"type": "integer"}, **{name: text()})
        report = {"summary": "Report a post", **body, "responses": response}
        found = drafted(tmp_path, {"/posts/report": {"post": report}, "/post": {"post": POST}})
        assert found["report"]["extract"].get("reasons") == expected


@pytest.mark.parametrize("path", ["/abuses", "/abuse"])
def test_abuses_are_reports_in_the_plural_too(tmp_path: Path, path: str) -> None:
    body = asked(required=("post_id", "reason"), post_id={"type": "integer"}, reason=text())
    report = {"summary": "Send it", **body, "responses": answered(id={"type": "integer"})}
    assert "report" in drafted(tmp_path, {path: {"post": report}, "/post": {"post": POST}})


@pytest.mark.parametrize(("field", "mapped"), [("name", False), ("prompt", True)])
def test_changing_a_record_is_no_editing_of_a_voice(tmp_path: Path, field: str, mapped: bool) -> None:
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    body = asked("multipart/form-data", (field,), files=files, **{field: text()})
    edit = {"summary": "Edit voice", "tags": ["voices"], **body, "responses": answered(id=text())}
    given = [{"name": "voice_id", "in": "path", "required": True, "schema": text()}]
    speech = {"summary": "Create speech", **asked(required=("text",), text=text()), "responses": OK}
    paths = {"/voices/{voice_id}/edit": {"parameters": given, "post": edit}, "/text-to-speech": {"post": speech}}
    assert ("edit" in drafted(tmp_path, paths, TargetRole.PROVIDER)) is mapped


def test_a_draft_without_endpoints_holds_an_operation_of_its_role(tmp_path: Path) -> None:
    found = drafted(tmp_path, {"/weather": {"get": {"summary": "Get the weather", "responses": OK}}})
    assert set(found) == {"publish", "login"}


def test_the_terminal_is_not_flooded(tmp_path: Path) -> None:
    paths = {f"/weather/{number}": {"get": {"summary": "Get the weather", "responses": OK}} for number in range(40)}
    document = {"openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "paths": {"/post": {"post": POST}, **paths}}
    (tmp_path / "api.yaml").write_text(json.dumps(document))
    out = tmp_path / "draft.yaml"
    done = shenhe("init", "--openapi", str(tmp_path / "api.yaml"), "--role", "platform", "--out", str(out))
    assert "… and 28 more, listed at the end of the draft" in done.stderr
    assert done.stderr.count("/weather/") == 12
    assert out.read_text(encoding="utf-8").count("/weather/") == 40


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [
        ({"type": "http", "scheme": "Digest"}, "digest"),
        ({"type": "http", "scheme": "basic"}, "basic"),
        ({"type": "apiKey", "in": "query", "name": "api_key"}, "query"),
    ],
)
def test_the_draft_proves_who_asks_as_the_document_says(tmp_path: Path, scheme: dict[str, str], kind: str) -> None:
    document = {"openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "paths": {"/post": {"post": POST}}}
    path = tmp_path / "api.yaml"
    path.write_text(json.dumps({**document, "security": [{"s": []}], "components": {"securitySchemes": {"s": scheme}}}))
    text = draft(read_openapi(path, "api.yaml"), [TargetRole.PLATFORM]).text
    assert yaml.safe_load(text)["auth"]["type"] == kind


def test_an_upload_with_a_title_publishes(tmp_path: Path) -> None:
    file = text(format="binary")
    body = asked("multipart/form-data", ("name", "videofile"), name=text(), videofile=file, thumbnail=file)
    upload = {"summary": "Upload a video", **body, "responses": answered(id=text())}
    given = [{"name": "id", "in": "path", "required": True, "schema": text()}]
    item = {"parameters": given, "get": {"summary": "Get a video", "responses": answered(name=text())}}
    found = drafted(tmp_path, {"/videos/upload": {"post": upload}, "/videos/{id}": item})
    assert found["upload"] == {"held": True}
    assert found["publish"]["multipart"]["videofile"]["data"] == "{{ content.media.data }}"
    assert set(found["publish"]["multipart"]) == {"name", "videofile"}
    assert found["view"]["path"] == "/videos/{{ publication.id }}"


def test_a_publication_with_a_required_file_holds_the_upload(tmp_path: Path) -> None:
    body = asked("multipart/form-data", ("image",), caption=text(), image=text(format="binary"))
    share = {"summary": "Share a photo", **body, "responses": answered(id=text())}
    found = drafted(tmp_path, {"/photos": {"post": share}})
    assert found["upload"] == {"held": True}
    assert found["publish"]["multipart"]["image"]["data"] == "{{ content.media.data }}"


ITEM = [{"name": "id", "in": "path", "required": True, "schema": text()}]


def test_fields_inside_one_object_are_read(tmp_path: Path) -> None:
    article = {"type": "object", "properties": {"title": text()}, "required": ["title"]}
    publish = {"summary": "Publish article", **asked(article=article), "responses": answered(id=text())}
    withdraw = {"parameters": ITEM, "put": {"summary": "Unpublish an article", "responses": OK}}
    found = drafted(tmp_path, {"/articles": {"post": publish}, "/articles/{id}/unpublish": withdraw})
    assert found["publish"]["json"] == {"article": {"title": "{{ title }}"}}
    assert (found["unpublish"]["method"], found["unpublish"]["path"]) == (
        "PUT",
        "/articles/{{ publication.id }}/unpublish",
    )


def test_a_list_of_ids_holds_the_content(tmp_path: Path) -> None:
    """Also where the body is one of several objects: a text, or a text with media."""
    words = {"type": "object", "properties": {"status": text()}, "required": ["status"]}
    media = {"type": "object", "properties": {"media_ids": {"type": "array", "items": text()}}}
    body = {"content": {"application/json": {"schema": {"anyOf": [words, media]}}}}
    publish = {"summary": "Post a status", "requestBody": body, "responses": answered(id=text())}
    found = drafted(tmp_path, {"/statuses": {"post": publish}})
    assert found["publish"]["json"] == {"status": "{{ title }}", "media_ids": ["{{ content.id }}"]}


@pytest.mark.parametrize(
    ("path", "operation", "mapped"),
    [
        ("/admin/users", {"summary": "Create a user", **REGISTER}, set()),
        ("/users", {"summary": "Create a user", "description": "Requires admin.", **REGISTER}, set()),
        ("/users", {"summary": "Create a user", **REGISTER}, {"register"}),
        ("/users.createToken", {"summary": "Create a token", **asked(user=text(), secret=text())}, set()),
        ("/audio-to-text", {"operationId": "audioToText", "summary": "Convert Audio to Text", **asked("multipart/form-data", file=text(format="binary"))}, set()),
        ("/chats/{chat_id}/message", {"summary": "Send a message", **asked(content=text())}, set()),
        ("/chats", {"operationId": "create_chat", "summary": "Create Chat", "tags": ["chats"], "requestBody": {"content": {"application/json": {}}}}, set()),
    ],
)  # fmt: skip
def test_what_is_alike_only_in_name_is_left_out(
    tmp_path: Path, path: str, operation: dict[str, Any], mapped: set[str]
) -> None:
    found = drafted(tmp_path, {path: {"post": {**operation, "responses": answered(id=text())}}}, TargetRole.PROVIDER)
    blank = {name for name, keys in found.items() if not keys or str(keys.get("path")).startswith("/${FILL_IN_")}
    assert found.keys() - blank == mapped


def test_the_own_account_is_deleted_not_that_of_another(tmp_path: Path) -> None:
    paths = {
        "/users.register": {"post": {"summary": "Register User", **REGISTER, "responses": answered(id=text())}},
        "/users.delete": {"post": {"summary": "Delete User", **asked(userId=text()), "responses": OK}},
        "/users.deleteOwnAccount": {"post": {"summary": "Delete Own Account", **asked(password=text()), "responses": OK}},
    }  # fmt: skip
    assert drafted(tmp_path, paths)["delete_account"]["path"] == "/users.deleteOwnAccount"


@pytest.mark.parametrize(("path", "mapped"), [("/search", True), ("/posts/search", True), ("/roles/search", False)])
def test_a_search_for_something_else_is_not_the_search(tmp_path: Path, path: str, mapped: bool) -> None:
    given = [{"name": "query", "in": "query", "schema": text()}]
    search = {"summary": "Search", "parameters": given, "responses": answered(posts={"type": "array", "items": {}})}
    assert ("search" in drafted(tmp_path, {path: {"get": search}, "/posts": {"post": POST}})) is mapped


def test_the_console_of_a_store_is_not_its_public_page(tmp_path: Path) -> None:
    given = [{"name": "id", "in": "path", "required": True, "schema": text()}]
    console = {"summary": "Get an app", "parameters": given, "security": [{"s": []}], "responses": answered(id=text())}
    found = drafted(tmp_path, {"/v1/apps/{id}": {"get": console}}, TargetRole.STORE)
    assert "view_app" not in found


def test_a_name_that_begins_with_its_method_says_nothing_of_a_post(tmp_path: Path) -> None:
    create = {"operationId": "POST-wall", "summary": "Create a wall", **asked(title=text()), "responses": OK}
    assert drafted(tmp_path, {"/walls": {"post": create}})["publish"]["path"].startswith("/${FILL_IN_")


def test_a_chinese_summary_outweighs_the_names_of_the_house(tmp_path: Path) -> None:
    send = {"operationId": "sendBasicChatMessageCn", "summary": "发送对话消息", **asked(query=text()), "responses": OK}
    assert "chat" in drafted(tmp_path, {"/chat-messages": {"post": send}}, TargetRole.PROVIDER)


def test_a_job_is_asked_for_in_the_collection_that_made_it(tmp_path: Path) -> None:
    answer = answered(id=text(), state=text(enum=["queued", "completed", "failed"]), assets=text())
    make = {"summary": "Generate an image", **asked(prompt=text()), "responses": answer}
    item = {"parameters": ITEM, "get": {"summary": "Get a generation", "responses": answer}}
    found = drafted(tmp_path, {"/generations/image": {"post": make}, "/generations/{id}": item}, TargetRole.PROVIDER)
    assert found["generate"]["poll"]["path"] == "/generations/{{ first.id }}"


def test_anchors_merge_keys_and_tags_of_a_document_are_read(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(
        "openapi: 3.0.0\ninfo: {title: T, version: !!str 1}\npaths:\n  /posts:\n    post: {summary: Create a post,"
        " requestBody: {content: {application/json: {schema: &post {type: object, properties: {title: {type: string,"
        " maxLength: !!int 9}}}}}}, responses: &ok {'200': {description: ok, content: {application/json: {schema:"
        " {<<: *post, properties: {id: {type: string}}}}}}}}\n  /posts/{id}: {get: {summary: Get a post, responses: *ok}}"
        "\n",
        encoding="utf-8",
    )
    whole = yaml.safe_load(draft(read_openapi(path, "api.yaml"), [TargetRole.PLATFORM]).text)
    assert whole["operations"]["publish"]["json"] == {"title": "{{ title }}"}
    assert whole["operations"]["publish"]["extract"] == {"id": "id"}
    assert "view" in whole["operations"]


def test_anchors_that_multiply_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [" + "x," * 20 + "]"]
    lines += [f"a{step}: &a{step} [" + f"*a{step - 1}," * 20 + "]" for step in range(1, 8)]
    (tmp_path / "bomb.yaml").write_text("openapi: 3.0.0\n" + "\n".join(lines))
    with pytest.raises(DocumentError, match="more than 500,000 values"):
        read_openapi(tmp_path / "bomb.yaml", "bomb.yaml")


def test_the_id_behind_a_collection_is_found_whatever_it_is_called(tmp_path: Path) -> None:
    fields = {"track[title]": text(), "track[asset_data]": text(format="binary")}
    upload = {
        "summary": "Uploads a new track.",
        **asked("multipart/form-data", ("track[title]", "track[asset_data]"), **fields),
        "responses": answered(id=text()),
    }
    given = [{"name": "track_urn", "in": "path", "required": True, "schema": text()}]
    item = {"parameters": given, "get": {"summary": "Returns a track.", "responses": answered(title=text())}}
    other = {
        "parameters": [{**given[0], "name": "comment_urn"}],
        "delete": {"summary": "Delete a comment", "responses": OK},
    }
    found = drafted(
        tmp_path, {"/tracks": {"post": upload}, "/tracks/{track_urn}": item, "/comments/{comment_urn}": other}
    )
    assert found["view"]["path"] == "/tracks/{{ publication.id }}"
    assert found["publish"]["multipart"]["track[title]"] == "{{ title }}"
    assert found["publish"]["multipart"]["track[asset_data]"]["data"] == "{{ content.media.data }}"
    assert found["upload"] == {"held": True}
    assert "unpublish" not in found
