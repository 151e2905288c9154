"""Documents with words of the house: publications, accounts and reports are found by what their endpoints do."""

from __future__ import annotations

from pathlib import Path

import pytest

from shenhe.conformance.bindings.drafting.draft import draft
from shenhe.conformance.bindings.drafting.openapi import read_openapi
from shenhe.conformance.entities import Account, Media
from shenhe.conformance.operations import TargetRole
from shenhe.conformance.provider import Accepted

from ..apps import Recorder, talking
from .drafts import DOCUMENTS, filled
from .test_kinds import answered, asked, drafted, text

ITEM = [{"name": "thing", "in": "path", "required": True, "schema": text()}]
JOIN = {
    "summary": "Come aboard",
    "security": [],
    **asked(required=("email", "password"), email=text(), password=text()),
    "responses": answered(id=text()),
}


def wares(sub: str = "protests") -> dict[str, object]:
    """Things that are added with a title, looked at, taken away and objected to, under names of the house."""
    add = asked(required=("headline",), headline=text())
    item = {"parameters": ITEM, "get": {"summary": "One ware", "responses": answered(headline=text())}}
    remove = {"delete": {"summary": "Take it away", "responses": {"204": {"description": "gone"}}}}
    protest = {"summary": "Say what is wrong with it", **asked(required=("grounds",), grounds=text())}
    return {
        "/wares": {"post": {"summary": "Put it out", **add, "responses": answered(id=text())}},
        "/wares/{thing}": {**item, **remove},
        f"/wares/{{thing}}/{sub}": {"parameters": ITEM, "post": {**protest, "responses": answered(id=text())}},
    }


def test_what_is_added_looked_at_and_objected_to_is_a_publication(tmp_path: Path) -> None:
    found = drafted(tmp_path, wares("objections"))
    assert {name: found[name]["path"] for name in ("publish", "view", "unpublish", "report")} == {
        "publish": "/wares",
        "view": "/wares/{{ publication.id }}",
        "unpublish": "/wares/{{ publication.id }}",
        "report": "/wares/{{ request.target.id }}/objections",
    }
    assert found["report"]["json"] == {"grounds": "{{ request.statement }}"}


def test_things_that_nothing_shows_to_be_publications_are_left_to_the_reader(tmp_path: Path) -> None:
    assert "wares" not in str(drafted(tmp_path, wares("coupons")))


def test_who_gives_a_first_password_becomes_an_account(tmp_path: Path) -> None:
    found = drafted(tmp_path, {"/guests": {"post": JOIN}})
    assert found["register"]["path"] == "/guests"
    reset = {**JOIN, **asked(required=("email", "password", "token"), email=text(), password=text(), token=text())}
    assert "register" not in drafted(tmp_path, {"/guests/fresh": {"post": reset}})


def test_an_account_logs_in_with_what_the_login_names(tmp_path: Path) -> None:
    login = {**JOIN, "summary": "Sign in", "responses": answered(token=text())}
    found = drafted(tmp_path, {"/members": {"post": JOIN}, "/sessions": {"post": login}})
    assert found["register"]["extract"]["credentials"]["username"] == {"value": "{{ profile.email }}"}


@pytest.mark.parametrize(("field", "operation"), [("channel", "publish"), ("character", "chat")])
def test_a_message_to_a_channel_is_published(tmp_path: Path, field: str, operation: str) -> None:
    body = asked(required=(field, "text"), text=text(), **{field: text()})
    post = {"operationId": "chat.postMessage", "summary": "Sends a message", **body, "responses": answered(ts=text())}
    delete = {"summary": "Deletes a message", **asked(required=("ts",), ts=text()), "responses": answered()}
    paths = {"/chat.postMessage": {"post": post}, "/chat.delete": {"post": delete}}
    served = {
        name
        for role in (TargetRole.PLATFORM, TargetRole.PROVIDER)
        for name, keys in drafted(tmp_path, paths, role).items()
        if keys and keys.get("path") == "/chat.postMessage"
    }
    assert served == {operation}


def test_an_upload_that_is_resumed_sends_its_bytes_after_it_is_opened(tmp_path: Path) -> None:
    found = draft(read_openapi(DOCUMENTS / "corpus" / "tus-clips.yaml", "tus-clips.yaml"), [TargetRole.PLATFORM])
    assert "#   PATCH /ingest/{ingest_id}" not in found.text
    binding = filled(found.text, tmp_path, {})
    app = Recorder(
        {
            ("POST", "/ingest"): (201, {"location": "/ingest/a1"}, b""),
            ("PATCH", "/ingest/a1"): (204, {"upload-offset": "5"}, b""),
        }
    )
    with talking(binding, app) as provider:
        done = provider.upload(Account("li", {"token": "t"}), Media(b"bytes", "image/png"), declared=True)
    assert isinstance(done, Accepted)
    assert done.value.id == "a1"
    opened, sent = app.asked
    assert opened["headers"]["upload-length"] == "5"
    assert (sent["headers"]["upload-offset"], sent["body"]) == ("0", b"bytes")


def test_a_document_without_summaries_is_read_by_its_descriptions(tmp_path: Path) -> None:
    body = asked(required=("post_id", "reason"), post_id=text(), reason=text())
    report = {"description": "Complain about a post. Moderators look at it.", **body, "responses": answered(id=text())}
    assert "report" in drafted(tmp_path, {"/quux/frob": {"post": report}})


def test_endings_of_addresses_say_nothing(tmp_path: Path) -> None:
    body = asked(required=("title",), title=text())
    post = {"summary": "Publish an episode", **body, "responses": answered(id=text())}
    assert drafted(tmp_path, {"/episode/publish.do": {"post": post}})["publish"]["path"] == "/episode/publish.do"


@pytest.mark.parametrize(("module", "mapped"), [("passport", True), ("admin", False)])
def test_the_module_of_a_call_is_not_held_against_it(tmp_path: Path, module: str, mapped: bool) -> None:
    body = asked(required=("mobile", "password"), mobile=text(), password=text())
    login = {"operationId": "login", "summary": "手机号密码登录", **body, "responses": answered(token=text())}
    paths = {f"/{module}/mobile/login": {"post": login}, f"/{module}/mobile/send": {"post": {"responses": answered()}}}
    assert (drafted(tmp_path, paths)["login"] is not None) is mapped


def test_a_text_that_comes_as_a_stream_is_generated(tmp_path: Path) -> None:
    stream = {"200": {"description": "ok", "content": {"text/event-stream": {"schema": {"type": "object"}}}}}
    write = {"summary": "Go on", **asked(required=("brief",), brief=text()), "responses": stream}
    assert drafted(tmp_path, {"/workshop/pages": {"post": write}}, TargetRole.PROVIDER)["generate"]["json"] == {
        "brief": "{{ request.prompt }}"
    }
