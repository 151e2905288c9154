"""Drafting a binding: from quite different OpenAPI documents, from questions, from a ready-made one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shenhe.conformance.bindings import BindingError, load_binding
from shenhe.conformance.bindings.drafting.draft import draft
from shenhe.conformance.bindings.drafting.openapi import read_openapi
from shenhe.conformance.bindings.drafting.vocabulary import vocabulary
from shenhe.conformance.entities import (
    EditRequest,
    GenerationRequest,
    Identity,
    IdentityMethod,
    Media,
    Publication,
    ReportRequest,
    Subject,
    Ticket,
)
from shenhe.conformance.provider import Accepted, Operation, Refused, Unavailable
from shenhe.core.document import DocumentError
from shenhe.rulebook import Service

from ...command_line import shenhe
from ..apps import Recorder, talking
from .drafts import DOCUMENTS, drafted, filled, served

PICTURE = Media(b"PNG", "image/png")


def test_the_vocabulary_knows_every_operation_that_is_drafted() -> None:
    known = vocabulary()
    assert set(known.operations) == {operation.value for operation in Operation} | {"login"}
    assert set(known.fields) <= set(known.operations)


def test_resources_are_mapped_by_their_names() -> None:
    draft = drafted("studio.yaml")
    assert served(draft) == {
        "register": ["POST /accounts"],
        "verify_identity": ["POST /accounts/{account_id}/identity"],
        "generate": ["POST /generations/text", "POST /generations/images"],
        "fetch": ["GET /assets/{asset_id}/download"],
        "publish": ["POST /posts"],
        "upload": ["POST /assets"],
        "search": ["GET /posts"],
        "report": ["POST /posts/{post_id}/complaints"],
    }
    assert draft.unused == ["GET /metrics"]
    assert draft.passed_over == ["/odd/{{ config }}: the path holds characters that a binding does not carry"]
    assert {"view", "appeal", "records"} <= set(draft.missing)
    assert sorted(blank.text for blank in draft.blanks) == ["${FILL_IN_GENERATE_SEED_ID}", "${FILL_IN_REGISTER_PLAN}"]


def test_a_draft_is_refused_until_its_blanks_are_filled(tmp_path: Path) -> None:
    path = tmp_path / "binding.yaml"
    path.write_text(drafted("studio.yaml").text, encoding="utf-8")
    with pytest.raises(BindingError) as caught:
        load_binding(path, environ={})
    assert len(caught.value.faults) == 2
    assert "${FILL_IN_REGISTER_PLAN}" in str(caught.value)


def test_a_filled_draft_asks_as_the_document_says(tmp_path: Path) -> None:
    binding = filled(drafted("studio.yaml").text, tmp_path, {"GENERATE_SEED_ID": "seed-1", "REGISTER_PLAN": "free"})
    app = Recorder(
        {
            ("POST", "/accounts"): (201, {}, {"account": {"id": "a1"}, "access_token": "token-of-a1"}),
            ("POST", "/generations/text"): {"id": "g1", "text": "AI生成"},
            ("POST", "/generations/images"): (403, {}, {"error": {"code": "no_words", "message": "Say it otherwise."}}),
            ("POST", "/posts"): {"post_id": 7},
            ("GET", "/posts"): {"posts": [{"id": "7"}]},
        }
    )
    with talking(binding, app) as provider:
        registered = provider.register({"email": "a@example.org", "password": "p"})
        assert isinstance(registered, Accepted)
        ann = registered.value
        made = provider.generate(ann, GenerationRequest(Service.TEXT, "text/plain", "x"))
        assert isinstance(made, Accepted)
        assert made.value.media is not None
        assert made.value.media.data == "AI生成".encode()
        assert isinstance(provider.publish(ann, made.value, "title"), Accepted)
        found = provider.search(ann, "title")
        assert isinstance(found, Accepted)
        assert found.value.publications == ("7",)
        provider.report(None, ReportRequest(Publication("7"), "illegal", "why", "mail@example.org"))
    asked = {(each["method"], each["path"]): each for each in app.asked}
    assert asked["POST", "/generations/text"]["headers"]["authorization"] == "Bearer token-of-a1"
    assert asked["POST", "/generations/text"]["body"] == b'{"prompt":"x","watermark":true,"style":"plain"}'
    assert asked["POST", "/posts/7/complaints"]["body"] == b'{"reason":"why","email":"mail@example.org"}'
    assert "authorization" not in asked["POST", "/accounts"]["headers"]
    assert b'"plan":"free"' in asked["POST", "/accounts"]["body"]


def test_nothing_in_a_document_runs_or_reads_the_environment(tmp_path: Path) -> None:
    text = drafted("studio.yaml").text
    assert "\x1b" not in text
    assert "{{ 1 }}" not in text
    environ = {"HOME": "/secret/home"}
    binding = filled(text, tmp_path, {"GENERATE_SEED_ID": "s", "REGISTER_PLAN": "free"}, environ)
    with binding.connect() as provider:
        assert provider.target.name == "Studio {{ 7 * 7 }} ${HOME} \\x1b[31mred"


def test_chinese_words_and_envelopes(tmp_path: Path) -> None:
    draft = drafted("envelopes.json")
    assert served(draft) == {
        "login": ["POST /user/login"],
        "verify_identity": ["POST /user/realname"],
        "generate": ["POST /aigc/submit"],
        "publish": ["POST /works/publish"],
        "report": ["POST /complaint/submit"],
        "report_status": ["POST /complaint/progress"],
    }
    environ = {"ADULT_ID": "adult-1", "ADULT_USERNAME": "adult-name", "ADULT_PASSWORD": "adult-password"}
    binding = filled(draft.text, tmp_path, {"BASE_URL": "http://127.0.0.1:9/api"}, environ)
    app = Recorder(
        {
            ("POST", "/user/login"): {"code": 0, "msg": "ok", "data": {"token": "token-0123456789"}},
            ("POST", "/aigc/submit"): {"code": 40013, "msg": "内容不合规"},
            ("POST", "/user/realname"): {"code": 0, "msg": "ok", "data": None},
            ("POST", "/complaint/submit"): {"code": 0, "data": {"ticketId": "t1"}},
            ("POST", "/complaint/progress"): {"code": 0, "data": {"status": "received"}},
        }
    )
    with talking(binding, app) as provider:
        ann = provider.ready_made.accounts["verified_adult"]
        refused = provider.generate(ann, GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "春"))
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.notice) == ("40013", "内容不合规")
        assert isinstance(provider.verify_identity(ann, Identity(IdentityMethod.ID_CARD, "1", "王")), Accepted)
        reported = provider.report(ann, ReportRequest(Publication("p1"), "illegal", "why"))
        assert isinstance(reported, Accepted)
        assert reported.value.id == "t1"
        assert isinstance(provider.report_status(ann, Ticket("t1", reported.value.state)), Accepted)
    assert app.asked[1]["headers"]["x-access-token"] == "token-0123456789"
    assert app.asked[1]["body"] == '{"prompt":"春","modelId":"draw-v3","addWatermark":true}'.encode()
    assert app.asked[3]["body"] == b"targetId=p1&reason=why"


def test_streams_jobs_and_pages_are_drafted_as_the_document_shows_them(tmp_path: Path) -> None:
    found = drafted("jobs.yaml")
    assert found.blanks == []
    assert found.unused == [], "the place where a job is asked for is used"
    binding = filled(found.text, tmp_path, {})
    done = [{"image_id": "i1", "status": status} for status in ("queued", "running")]
    answers = iter([*done, {"image_id": "i1", "status": "succeeded", "output": {"url": "/files/1"}}])
    pages = iter(
        [{"posts": [{"id": "a"}], "next_cursor": "c2", "has_more": True}, {"posts": [{"id": "b"}], "has_more": False}]
    )
    numbered = iter([{"items": [{"text": "not so", "id": "p"}]}, {"items": []}])
    pieces = b"".join(
        b'data: {"id": "s1", "choices": [{"delta": {"content": "%s"}}]}\n\n' % each for each in (b"AI", b" made")
    )
    app = Recorder(
        {
            ("POST", "/chat/completions"): (200, {"content-type": "text/event-stream"}, pieces + b"data: [DONE]\n\n"),
            ("POST", "/speech"): {"id": "v1", "audio_base64": "UklGRg=="},
            ("POST", "/images"): (202, {}, {"image_id": "i1", "status": "queued"}),
            ("GET", "/images/i1"): lambda asked: next(answers),
            ("GET", "/files/1"): (200, {"content-type": "image/png"}, b"PNG"),
            ("POST", "/faces/swap"): (202, {"operation-location": "/operations/1"}, b""),
            ("GET", "/operations/1"): {"id": "e1"},
            ("GET", "/posts"): lambda asked: next(pages),
            ("GET", "/refutations"): lambda asked: next(numbered),
            ("GET", "/audit-logs"): {"logs": [{"action": "login", "created_at": "2026-09-01T00:00:00Z"}]},
        }
    )
    slept: list[float] = []
    with talking(binding, app, sleep=slept.append) as provider:
        text = provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "x"))
        voice = provider.generate(None, GenerationRequest(Service.VOICE, "audio/wav", "x"))
        image = provider.generate(None, GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "x"))
        swapped = provider.edit(None, EditRequest(Service.BIOMETRIC_IMAGE_VIDEO, PICTURE, Subject("s"), "face", "x"))
        posts, refuted = provider.search(None, "x"), provider.refutations(Publication("p"))
        logged = provider.records(None, "login")
    for result in (text, voice, image, swapped, posts, refuted, logged):
        assert isinstance(result, Accepted), result
    assert (text.value.id, text.value.media) == ("s1", Media(b"AI made", "text/plain"))
    assert voice.value.media == Media(b"RIFF", "audio/wav")
    assert image.value.media == Media(b"PNG", "image/png")
    assert swapped.value.id == "e1"
    assert posts.value.publications == ("a", "b")
    assert [each.text for each in refuted.value] == ["not so"]
    assert [(each.kind, each.at.year) for each in logged.value if each.at] == [("login", 2026)]
    assert len(slept) >= 3
    asked = [(each["path"], each["query"], each["body"]) for each in app.asked]
    assert asked[0][2] == b'{"messages":[{"role":"user","content":"x"}],"stream":true}'
    assert asked[1][2] == b'{"text":"x","stream":false}'
    assert ("/posts", "q=x&cursor=c2", b"") in asked
    assert ("/refutations", "postId=p&pageNo=2", b"") in asked


def test_a_job_ends_by_the_states_of_its_document(tmp_path: Path) -> None:
    binding = filled(drafted("jobs.yaml").text, tmp_path, {})
    for state, kind in (("rejected", Refused), ("canceled", Unavailable), ("failed", Unavailable)):
        app = Recorder(
            {
                ("POST", "/images"): (202, {}, {"image_id": "i1", "status": "queued"}),
                ("GET", "/images/i1"): {"status": state},
            }
        )
        with talking(binding, app, sleep=lambda _: None) as provider:
            result = provider.generate(None, GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "x"))
        assert isinstance(result, kind), (state, result)


def test_undraftable_later_responses_are_named() -> None:
    assert sorted(drafted("jobs.yaml").passed_over) == [
        "edit: POST /faces/swap: calls back when it is done; a binding asks instead, where there is a place to ask",
        "generate: POST /speech: streams too; drafted for the answer in one piece",
        "records: GET /audit-logs: seems to come in pages, and the document does not show how the next one is had",
        "upload: POST /assets: responds before the job is done, and the document does not show where to get the result",
    ]


JOB = """\
openapi: 3.0.0
paths:
  /generations:
    post:
      operationId: generate
      requestBody: {content: {application/json: {schema: {type: object, properties: {prompt: {type: string}}}}}}
      responses: {"202": {description: x, %s content: {application/json: {schema: {type: object, properties: {%s}}}}}}
  %s
"""


TASKS = (
    "/tasks/{task_id}: {get: {responses: {'200': {content: {application/json: {schema: {type: object, properties: "
    "{state: {type: string%s}, id: {type: string}}}}}}}}}"
)


@pytest.mark.parametrize(
    ("headers", "answer", "place", "poll"),
    [
        (
            "headers: {Location: {schema: {type: string}}},",
            "id: {type: string}",
            "",
            "location:\n        header: Location",
        ),
        ("", "id: {type: string}, status_url: {type: string}", "", "location: status_url"),
        (
            "",
            "task_id: {type: string}",
            TASKS % ", enum: [PENDING, DONE, Error]",
            'path: "/tasks/{{ first.task_id }}"\n      until: "state == \'DONE\'"\n      failed: "state == \'Error\'"',
        ),
        (
            "",
            "task_id: {type: string}",
            TASKS % "",
            'path: "/tasks/{{ first.task_id }}"\n      until: ${FILL_IN_GENERATE_UNTIL}',
        ),
    ],
)
def test_a_job_is_polled_by_header_url_or_id(tmp_path: Path, headers: str, answer: str, place: str, poll: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(JOB % (headers, answer, place), encoding="utf-8")
    assert f"    poll:\n      {poll}" in draft(read_openapi(path, "spec.yaml")).text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("swagger: '1.2'\npaths: {}\n", "found swagger '1.2', expected a document of OpenAPI 3.0 or 3.1"),
        ("openapi: 2.5.0\n", "found openapi '2.5.0'"),
        ("[]\n", "found neither"),
        ("openapi: 3.0.0\na: *x\n", "found the alias *x before its anchor"),
        ("openapi: 3.1.0\n" + "  " * 0 + "x: " + "[" * 100 + "]" * 100, "levels"),
    ],
)
def test_another_kind_of_document_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError, match=re.escape(words)):
        read_openapi(path, "spec.yaml")


def test_references_that_go_round_end(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        "openapi: 3.0.0\npaths:\n  /generate: {post: {operationId: generate, requestBody: {$ref: '#/a'}, responses:"
        " {'200': {$ref: '#/b/c~1d/~0e'}}}}\na: {$ref: '#/a'}\nb: {'c/d': {'~e': {content: {application/json: {schema:"
        " {$ref: '#/s'}}}}}}\ns: {allOf: [{$ref: '#/s'}], properties: {id: {type: string}, inner: {$ref: '#/s'}}}\n",
        encoding="utf-8",
    )
    found = draft(read_openapi(path, "spec.yaml"))
    assert served(found) == {"generate": ["POST /generate"]}
    assert "#/a: goes round in circles" in found.passed_over[0]
    assert "id: id" in found.text


def test_the_command_writes_and_does_not_overwrite(tmp_path: Path) -> None:
    out = tmp_path / "binding.yaml"
    arguments = ["init", "--openapi", str(DOCUMENTS / "studio.yaml"), "--out", str(out)]
    first = shenhe(*arguments)
    assert first.exit_code == 0
    assert "generate: POST /generations/text (" in first.stderr
    assert out.read_text(encoding="utf-8") == drafted("studio.yaml").text
    again = shenhe(*arguments)
    assert again.exit_code == 2
    assert shenhe(*arguments, "--force").exit_code == 0
    assert shenhe("init").exit_code == 2


def test_a_ready_made_binding_is_copied_whole() -> None:
    told = shenhe("init", "--ready", "openai")
    assert told.exit_code == 0
    assert "/chat/completions" in told.stdout
    assert shenhe("init", "--ready", "openai-chatt").exit_code == 2


def test_questions_make_a_binding_that_loads(tmp_path: Path) -> None:
    paths = ["POST /people", "", "/make", "", "", "GET /p/{{ publication.id }}", "", "", ""]
    answers = ["Our studio", "http://127.0.0.1:9", "y", "y", "text", "bearer", *paths]
    out = tmp_path / "draft.yaml"
    told = shenhe("init", "--interactive", "--out", str(out), stdin="\n".join(answers) + "\n")
    assert told.exit_code == 0, told.output
    blanks = {"REGISTER_ID": "id", "REGISTER_TOKEN": "token", "GENERATE_ID": "id", "GENERATE_TEXT": "text"}
    binding = filled(out.read_text(encoding="utf-8"), tmp_path, blanks)
    assert {each.value for each in binding.capabilities.operations} == {"register", "generate", "view"}
    app = Recorder(
        {("POST", "/people"): {"id": "1", "token": "token-987654"}, ("POST", "/make"): {"id": "2", "text": "hi"}}
    )
    with talking(binding, app) as provider:
        registered = provider.register({"username": "u", "name": "n", "email": "e", "phone": "1", "password": "p"})
        assert isinstance(registered, Accepted)
        assert isinstance(
            provider.generate(registered.value, GenerationRequest(Service.TEXT, "text/plain", "x")), Accepted
        )


@pytest.mark.parametrize(("auth", "service"), [("beerer", "text"), ("bearer", "txt")])
def test_an_unusable_answer_is_reported(auth: str, service: str) -> None:
    answers = ["S", "http://h", "n", "n", service, auth] + [""] * 9
    told = shenhe("init", "--interactive", stdin="\n".join(answers) + "\n")
    assert told.exit_code == 2
    assert "expected one of" in told.stderr.replace("\n", " ")
