"""What a binding sends, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, BindingError, app_transport, load_binding
from shenhe.conformance.bindings.doctor.doctor import examine
from shenhe.conformance.entities import (
    Account,
    Content,
    GenerationRequest,
    Media,
)
from shenhe.conformance.provider import Accepted, Unavailable
from shenhe.rulebook import Service
from shenhe.sample import SampleServer, create_app, sample_binding

from ..apps import Recorder, bind, talking
from .calls import ANN, REQUEST, generate


def test_values_of_one_expression_keep_their_type(tmp_path: Path) -> None:
    fields = (
        "{p: '{{ request.prompt }}', l: '{{ request.labelled }}', t: '{{ request.turns }}', n: '{{ request.turns|length"
        " }}', s: 'x{{ 1 }}'}"
    )
    _, app, _ = generate(tmp_path, f"---\n    json: {fields}\n")
    assert json.loads(app.asked[0]["body"]) == {"p": "春 & 秋?", "l": True, "t": ["a", "b"], "n": 2, "s": "x1"}


def test_omit_and_null(tmp_path: Path) -> None:
    _, app, _ = generate(
        tmp_path,
        "---\n    json: {a: '{{ omit }}', b: '{{ none }}', c: ['{{ omit }}', 1]}\n    query: {q: '{{ none }}', r: [1,"
        " 2]}\n",
    )
    assert json.loads(app.asked[0]["body"]) == {"b": None, "c": [1]}
    assert app.asked[0]["query"] == "r=1&r=2"


HOSTILE_IDS = ("../../admin", "a/b?c=d#e", "..", "//evil.example/x", "..%2fadmin", "%252e%252e", "..;", "a\\b", "a\nb")


def test_an_id_that_may_reach_another_path_is_not_sent(tmp_path: Path) -> None:
    binding = bind(tmp_path, "operations:\n  fetch:\n    path: /c/{{ content.id }}/raw\n    media: body\n")
    app = Recorder()
    with talking(binding, app) as provider:
        for hostile in HOSTILE_IDS:
            result = provider.fetch(None, Content(hostile))
            assert isinstance(result, Unavailable)
            assert "several path segments" in result.reason
        provider.fetch(None, Content("猫 1"))
    assert [each["path"] for each in app.asked] == ["/c/%E7%8C%AB%201/raw"]


def test_an_id_with_slashes_is_sent_as_the_binding_says(tmp_path: Path) -> None:
    text = """\
operations:
  fetch:
    path: /c/{{ content.id }}
    media: body
    variants:
      - when: {rendition: segments}
        path: /c/{{ content.id | segments }}/raw
      - when: {rendition: encoded}
        path: /c/{{ content.id | encoded }}/raw
"""
    app = Recorder()
    with talking(bind(tmp_path, text), app) as provider:
        provider.fetch(None, Content("models/猫/1"), "segments")
        provider.fetch(None, Content("models/1"), "encoded")
        assert isinstance(provider.fetch(None, Content("models/../1"), "segments"), Unavailable)
    assert [each["path"] for each in app.asked] == ["/c/models/%E7%8C%AB/1/raw", "/c/models%2F1/raw"]


def test_forms_multipart_and_raw_bodies(tmp_path: Path) -> None:
    media = Media(b"\x89PNG\r\n\x00", "image/png")
    text = """\
operations:
  upload:
    path: /form
    extract: {id: id}
    variants:
      - when: {declared: true}
        path: /multipart
        multipart: {file: {data: '{{ media.data }}', filename: 'a".png', type: '{{ media.media_type }}'}, note: '{{ declared }}'}
      - when: {media_type: image/png}
        path: /raw
        method: PUT
        headers: {Content-Type: '{{ media.media_type }}'}
        body: '{{ media.data }}'
    form: {data: '{{ media.data | base64 }}', url: '{{ media.data | data_url(media.media_type) }}', off: false}
"""
    app = Recorder()
    with talking(bind(tmp_path, text), app) as provider:
        assert isinstance(provider.upload(None, media, declared=True), Accepted)
        assert isinstance(provider.upload(None, media), Accepted)
        assert isinstance(provider.upload(None, Media(b"hi", "text/plain")), Accepted)
    multipart, raw, form = app.asked
    assert multipart["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    assert b'filename="a%22.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x00\r\n' in multipart["body"]
    assert b'name="note"\r\n\r\ntrue\r\n' in multipart["body"]
    assert (raw["method"], raw["body"], raw["headers"]["content-type"]) == ("PUT", media.data, "image/png")
    assert form["body"] == b"data=aGk%3D&url=data%3Atext%2Fplain%3Bbase64%2CaGk%3D&off=false"


@pytest.mark.parametrize(
    ("auth", "account", "header"),
    [
        ("{type: bearer, token: '{{ account.credentials.token }}'}", ANN, ("authorization", "Bearer token-of-ann-123")),
        ("{type: bearer, token: '{{ account.credentials.token }}'}", None, ("authorization", None)),
        ("{type: header, name: X-Key, value: '${KEY}'}", None, ("x-key", "key-from-outside")),
        (
            "{type: basic, username: '{{ account.id }}', password: '${KEY}'}",
            ANN,
            ("authorization", "Basic " + base64.b64encode(b"ann:key-from-outside").decode()),
        ),
        ("{type: none}", ANN, ("authorization", None)),
    ],
)
def test_auth(tmp_path: Path, auth: str, account: Account | None, header: tuple[str, str | None]) -> None:
    _, app, _ = generate(tmp_path, f"auth: {auth}\n---\n", account=account, environ={"KEY": "key-from-outside"})
    assert app.asked[0]["headers"].get(header[0]) == header[1]


def test_extra_headers_and_query_join_every_request(tmp_path: Path) -> None:
    app = Recorder()
    with talking(bind(tmp_path, "operations:\n  generate: {path: '/g?a=1', extract: {id: id}}\n"), app) as provider:
        forged = provider.with_extra({"X-Verified": "true"}, {"verified": "1"})
        forged.generate(None, REQUEST)
        provider.generate(None, REQUEST)
        assert provider.requests == forged.requests == len(provider.log) == 2
    assert app.asked[0]["query"] == "a=1&verified=1"
    assert app.asked[0]["headers"]["x-verified"] == "true"
    assert "x-verified" not in app.asked[1]["headers"]


def test_no_cookie_passes_from_one_account_to_another(tmp_path: Path) -> None:
    _, app, provider = generate(
        tmp_path, "---\n", answer=(200, {"set-cookie": "session=abcdefgh; Path=/"}, {"id": "1"})
    )
    with talking(bind(tmp_path, "operations:\n  generate: {path: /g, extract: {id: id}}\n"), app) as again:
        again.generate(None, REQUEST)
        again.generate(None, REQUEST)
    assert all("cookie" not in each["headers"] for each in app.asked)
    assert "abcdefgh" not in repr(provider.log)


def test_every_operation_works_in_process_and_over_loopback() -> None:
    binding = load_binding(sample_binding())
    with binding.connect(transport=AsgiTransport(create_app())) as provider:
        inside = [(each.operation, each.detail, each.state) for each in examine(binding, provider)]
    with SampleServer() as server, binding.connect(server.url) as provider:
        outside = [(each.operation, each.detail, each.state) for each in examine(binding, provider)]
    assert inside == outside
    assert {operation for operation, _, _ in inside} == {
        operation.value for operation in binding.capabilities.operations
    }
    assert [each for each in inside if each[2] != "works"] == []


def test_an_application_that_raises_answers_500(tmp_path: Path) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("secret of the application")

    with talking(bind(tmp_path, "operations:\n  generate: {path: /g, extract: {id: id}}\n"), broken) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Unavailable)
    assert result.status == 500
    assert "secret" not in repr(result)


def test_a_wsgi_application(tmp_path: Path) -> None:
    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"id": environ["PATH_INFO"]}).encode()]

    binding = bind(tmp_path, "operations:\n  generate: {path: /g, extract: {id: id}}\n")
    with binding.connect(transport=app_transport(app)) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Accepted)
    assert result.value.id == "/g"
    assert isinstance(app_transport(create_app()), AsgiTransport)


def test_an_application_is_reached_while_another_loop_runs(tmp_path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"id": "1"}'})

    async def in_a_notebook() -> Any:
        with talking(bind(tmp_path, "operations:\n  generate: {path: /g, extract: {id: id}}\n"), app) as provider:
            return provider.generate(None, REQUEST)

    result = asyncio.run(in_a_notebook())
    assert isinstance(result, Accepted)
    assert result.value.id == "1"


def test_the_lifespan_of_an_application_is_run(tmp_path: Path) -> None:
    events: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                events.append((await receive())["type"])
                await send({"type": f"lifespan.{kind}.complete"})
            return
        await Recorder()(scope, receive, send)

    with talking(bind(tmp_path, "operations:\n  generate: {path: /g, extract: {id: id}}\n"), app) as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)
    assert events == ["lifespan.startup", "lifespan.shutdown"]


def test_a_binding_error_is_a_value_error() -> None:
    assert issubclass(BindingError, ValueError)


def test_uncalled_requests_are_listed_by_line(tmp_path: Path) -> None:
    text = """\
operations:
  generate:
    extract: {id: id}
    variants:
      - {when: {labelled: true}, path: /a}
      - {when: {labelled: false}, path: /b}
  unpublish: {method: DELETE, path: '/c/{{ publication.id }}'}
"""
    with talking(bind(tmp_path, text), Recorder()) as provider:
        provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "x"))
        assert provider.unused() == [
            "binding.yaml:12: operations.generate.variants[1]",
            "binding.yaml:13: operations.unpublish",
        ]
        assert provider.with_extra({"X-A": "1"}).unused() == provider.unused()
