"""Ready-made bindings against responses in the shapes that the APIs document. docs/ready-made.md lists what each covers."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from shenhe.conformance.bindings import AsgiTransport, HttpProvider, load_binding, ready_names, ready_text
from shenhe.conformance.entities import Account, GenerationRequest, Media, ReportRequest
from shenhe.conformance.provider import Accepted, Refused, Unavailable
from shenhe.rulebook import Service

from ..apps import Recorder
from . import shapes_abroad, shapes_china
from .shapes import KEY, MP4, PICTURE, PNG, Shape

PAGE = (Path(__file__).parents[3] / "docs" / "ready-made.md").read_text(encoding="utf-8")
SHAPES = [*shapes_abroad.SHAPES, *shapes_china.SHAPES]


def connected(name: str, app: Recorder, **environ: str) -> HttpProvider:
    known = dict.fromkeys(re.findall(r"\$\{(\w+)\}", ready_text(name)), KEY)
    binding = load_binding(name, environ={**known, **environ})
    return binding.connect("http://in-process", AsgiTransport(app), sleep=lambda seconds: None)


@pytest.mark.parametrize(
    "shape", SHAPES, ids=lambda shape: f"{shape.binding} {shape.media_type} {shape.expected!s:.12}"
)
def test_a_documented_response_is_understood(shape: Shape) -> None:
    keys = {f"{shape.binding.split('-', maxsplit=1)[0].upper()}_API_KEY": KEY, "AZURE_OPENAI_API_KEY": KEY}
    app = Recorder(dict(shape.routes))
    with connected(shape.binding, app, **keys) as provider:
        account = provider.ready_made.accounts["verified_adult"]
        result = provider.generate(account, GenerationRequest(shape.service, shape.media_type, "春"))
        first = app.asked[0]
        assert first["headers"][shape.header[0]] == shape.header[1]
        if shape.body:
            sent = json.loads(first["body"])
            assert (sent if shape.whole else {name: sent[name] for name in shape.body}) == shape.body
        if shape.expected is Unavailable:
            assert isinstance(result, Unavailable)
        elif isinstance(shape.expected, tuple):
            assert isinstance(result, Refused), result
            assert result.reason == shape.expected[1]
        else:
            assert isinstance(result, Accepted), result
            assert result.value.media == shape.expected
            if shape.then == "fetch":
                file = provider.fetch(account, result.value)
                assert isinstance(file, Accepted), file
                assert file.value == Media(MP4, "video/mp4")
        assert KEY not in repr(provider.log)


def test_hunyuan_pictures_are_signed_as_tencent_cloud_documents() -> None:
    secret = "tencent-secret-key"

    def cloud(asked: dict[str, Any]) -> Any:
        headers = asked["headers"]
        stamp = headers["x-tc-timestamp"]
        authorization = headers["authorization"]
        day = re.search(r"Credential=secret-id-1/(\d{4}-\d\d-\d\d)/hunyuan/tc3_request", authorization)
        assert day is not None
        canonical = (
            f"POST\n/\n\ncontent-type:{headers['content-type']}\nhost:{headers['host']}\n\ncontent-type;host\n"
            + hashlib.sha256(asked["body"]).hexdigest()
        )
        text = (
            f"TC3-HMAC-SHA256\n{stamp}\n{day[1]}/hunyuan/tc3_request\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        )
        key = f"TC3{secret}".encode()
        for part in (day[1], "hunyuan", "tc3_request"):
            key = hmac.new(key, part.encode(), "sha256").digest()
        assert authorization.endswith(f"Signature={hmac.new(key, text.encode(), 'sha256').hexdigest()}")
        if headers["x-tc-action"] == "SubmitHunyuanImageJob":
            assert json.loads(asked["body"]) == {"Prompt": "春", "LogoAdd": 1}
            return {"Response": {"JobId": "j1", "RequestId": "r1"}}
        assert json.loads(asked["body"]) == {"JobId": "j1"}
        url = "https://aiart-1258344699.cos.ap-guangzhou.myqcloud.com/1.png"
        return {"Response": {"JobStatusCode": "5", "ResultImage": [url], "RequestId": "r2"}}

    app = Recorder({("POST", "/"): cloud, ("GET", "/1.png"): (200, {"content-type": "image/png"}, PNG)})
    environ = {
        "TENCENT_SECRET_KEY": secret,
        "TENCENT_SECRET_ID": "secret-id-1",
        "TENCENT_BASE_URL": "https://hunyuan.tencentcloudapi.com",
    }
    with connected("hunyuan", app, **environ) as provider:
        made = provider.generate(None, GenerationRequest(PICTURE, "image/png", "春"))
        assert isinstance(made, Accepted), made
        file = provider.fetch(None, made.value)
        assert isinstance(file, Accepted), file
        assert file.value == Media(PNG, "image/png")
        assert secret not in repr(provider.log)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("OperationFailed.TextIllegalDetected", Refused),
        ("RequestLimitExceeded.JobNumExceed", Unavailable),
        ("AuthFailure.SignatureFailure", Unavailable),
    ],
)
def test_only_some_errors_of_hunyuan_are_refusals(code: str, expected: type) -> None:
    app = Recorder({("POST", "/"): {"Response": {"Error": {"Code": code, "Message": "no"}, "RequestId": "r1"}}})
    environ = {
        "TENCENT_SECRET_KEY": "tencent-secret-key",
        "TENCENT_SECRET_ID": "secret-id-1",
        "TENCENT_BASE_URL": "https://hunyuan.tencentcloudapi.com",
    }
    with connected("hunyuan", app, **environ) as provider:
        assert isinstance(provider.generate(None, GenerationRequest(PICTURE, "image/png", "春")), expected)


def test_a_mastodon_compatible_platform_is_bound() -> None:
    app = Recorder(
        {
            ("POST", "/api/v2/media"): {"id": "m1", "url": None},
            ("POST", "/api/v1/statuses"): {"id": "s1", "content": "<p>t</p>"},
            ("GET", "/api/v1/statuses/s1"): {
                "id": "s1",
                "content": "<p>t</p>",
                "account": {"id": "a9"},
                "media_attachments": [],
            },
            ("GET", "/api/v1/timelines/public"): [{"id": "s1"}, {"id": "s0"}],
            ("POST", "/api/v1/statuses/s1/reblog"): {"id": "s2"},
            ("DELETE", "/api/v1/statuses/s1"): {"id": "s1"},
            ("GET", "/api/v2/search"): lambda asked: {
                "statuses": [{"id": "s1"}] if parse_qs(asked["query"]).get("offset") == ["0"] else []
            },
            ("POST", "/api/v1/reports"): {"id": "r1", "action_taken": False},
            ("GET", "/api/v1/instance/rules"): [{"id": "1", "text": "Be kind."}, {"id": "2", "text": "No spam."}],
        }
    )
    with connected("mastodon", app, MASTODON_ACCESS_TOKEN=KEY) as provider:
        account = provider.ready_made.accounts["verified_adult"]
        uploaded = provider.upload(account, Media(PNG, "image/png"))
        assert isinstance(uploaded, Accepted)
        published = provider.publish(account, uploaded.value, "t")
        assert isinstance(published, Accepted)
        for surface, text in (("page", "<p>t</p>"), ("feed", "s1 s0")):
            view = provider.view(None, published.value, surface)
            assert isinstance(view, Accepted), view
            assert view.value.text == text
        assert isinstance(provider.share(account, published.value), Accepted)
        found = provider.search(account, "t")
        assert isinstance(found, Accepted)
        assert found.value.publications == ("s1",)
        ticket = provider.report(account, ReportRequest(published.value, "illegal", "why"))
        assert isinstance(ticket, Accepted)
        report = next(each for each in app.asked if each["path"] == "/api/v1/reports")
        assert json.loads(report["body"]) == {
            "account_id": "a9",
            "status_ids": ["s1"],
            "comment": "why",
            "category": "other",
        }
        rules = provider.disclosures("rules")
        assert isinstance(rules, Accepted)
        assert rules.value.text == "Be kind. No spam."
        assert isinstance(provider.unpublish(account, published.value), Accepted)


def test_a_matrix_room_is_bound_with_its_odd_ids() -> None:
    event = "$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg"
    sent: list[dict[str, Any]] = []

    class Room(Recorder):
        async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
            path = scope["raw_path"].decode() if scope["type"] == "http" else ""
            answer: Any = {"event_id": event}
            if path.endswith("/upload"):
                answer = {"content_uri": "mxc://matrix.example/AbC"}
            elif "/event/" in path:
                image = {"msgtype": "m.image", "body": "t", "url": "mxc://matrix.example/AbC"}
                answer = {"content": image, "event_id": event}
            self.answers = {(scope.get("method", ""), path): answer}
            await super().__call__(scope, receive, send)
            sent.append(self.asked[-1])

    with connected("matrix", Room(), MATRIX_ACCESS_TOKEN=KEY, MATRIX_ROOM="!room:matrix.example") as provider:
        account = provider.ready_made.accounts["verified_adult"]
        uploaded = provider.upload(account, Media(PNG, "image/png"))
        assert isinstance(uploaded, Accepted)
        published = provider.publish(account, uploaded.value, "t")
        assert isinstance(published, Accepted)
        assert published.value.id == event
        assert json.loads(sent[-1]["body"])["url"] == "mxc://matrix.example/AbC"
        view = provider.view(account, published.value)
        assert isinstance(view, Accepted)
        assert view.value.text == "t"
        assert isinstance(provider.report(account, ReportRequest(published.value, "illegal", "why")), Accepted)
        assert isinstance(provider.share(account, published.value), Accepted)
        assert json.loads(sent[-1]["body"])["url"] == "mxc://matrix.example/AbC"
        assert isinstance(provider.unpublish(account, published.value), Accepted)
        assert isinstance(provider.fetch(account, uploaded.value), Accepted)
        assert sent.pop()["path"] == "/_matrix/client/v1/media/download/matrix.example/AbC"
        assert isinstance(provider.view(None, published.value, "download"), Accepted)
        assert sent.pop()["path"] == "/_matrix/client/v1/media/download/matrix.example/AbC"
        assert all("/rooms/%21room%3Amatrix.example/" in each["path"] for each in sent[1:])


def test_the_page_lists_ready_made_bindings_and_their_gaps() -> None:
    rows = {row[0]: row for row in re.findall(r"^\| `([\w-]+)` \| (.*?) \| (.*?) \| (.*?) \|$", PAGE, re.M)}
    assert sorted(rows) == ready_names()
    tested = (
        {shape.binding for shape in SHAPES}
        | {"openai", "openai-chat", "mastodon", "matrix"}
        | {"atproto", "google-play"}
    )
    assert tested == set(ready_names())
    assert all(row[3].strip() for row in rows.values())


def test_unsigned_callers_get_no_key() -> None:
    app = Recorder({("POST", "/v1/messages"): {"id": "m", "content": []}})
    with connected("anthropic", app, ANTHROPIC_API_KEY=KEY) as provider:
        provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "x"))
        provider.generate(
            Account("other", {"key": "another-key-1"}), GenerationRequest(Service.TEXT, "text/plain", "x")
        )
    assert "x-api-key" not in app.asked[0]["headers"]
    assert app.asked[1]["headers"]["x-api-key"] == "another-key-1"
