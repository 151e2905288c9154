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
