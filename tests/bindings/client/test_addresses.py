"""Addresses in responses: which are found, and how they are visited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.bindings.client.provider import HttpProvider
from shenhe.conformance.entities import Account, Publication
from shenhe.conformance.exchange import Exchange, ReceivedResponse, SentRequest
from shenhe.conformance.provider import Accepted, Refused, Unavailable

BINDING = """
target: {name: Links, base_url: "https://api.example/base", environment: test, media_hosts: [cdn.example]}
auth: {type: bearer, token: "{{ account.credentials.token }}"}
operations:
  view: {path: "/posts/{{ publication.id }}", extract: {text: text}}
"""


async def _page(request: Request) -> Response:
    return PlainTextResponse(request.headers.get("authorization", "nobody"))


async def _gone(request: Request) -> Response:
    return Response(status_code=410)


async def _broken(request: Request) -> Response:
    return Response(status_code=500)


def provider(folder: Path) -> HttpProvider:
    app = Starlette(routes=[Route("/p/1", _page), Route("/p/2", _gone), Route("/p/3", _broken)])
    file = folder / "binding.yaml"
    file.write_text(BINDING, encoding="utf-8")
    return load_binding(file, environ={}).connect(transport=AsgiTransport(app))


def response(body: bytes, *headers: tuple[str, str], url: str = "http://in-process/posts/1") -> Exchange:
    return Exchange("view", SentRequest("GET", url), ReceivedResponse(200, headers, body, len(body)))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"media": {"url": "https://cdn.example/a.png?sig=1"}}, ["https://cdn.example/a.png?sig=1"]),
        ({"links": ["/p/1", "/p/1#top"]}, ["http://in-process/p/1"]),
        ({"text": "see http://in-process/p/1", "ratio": "/", "path": "a/b"}, []),
        (
            {
                "elsewhere": "https://other.example/p",
                "port": "https://cdn.example:8443/a",
                "scheme": "http://cdn.example:443/",
            },
            [],
        ),
        (
            {"ports": ["https://cdn.example:443/a", "http://cdn.example:80/a"]},
            ["https://cdn.example:443/a", "http://cdn.example:80/a"],
        ),
        ({"delete": "/p/1/delete", "leave": "/sign-out", "deleted": "/p/1"}, ["http://in-process/p/1"]),
        ({"self": "http://in-process/posts/1"}, []),
        ({"token": "https://cdn.example/a?t=${token_1}"}, []),
    ],
)
def test_json_names_addresses(body: object, found: list[str], tmp_path: Path) -> None:
    with provider(tmp_path) as links:
        assert links.addresses([response(json.dumps(body).encode())]) == found


def test_pages_and_headers_name_addresses(tmp_path: Path) -> None:
    page = b'<a href=\'../p/1\'>x</a><video poster="https://cdn.example/still.jpg"></video><a href="mailto:a@b">y</a>'
    headers = (("Location", "/p/2"), ("Link", '</p/3>; rel="next"'))
    with provider(tmp_path) as links:
        assert links.addresses([response(page, *headers)]) == [
            "http://in-process/p/2",
            "http://in-process/p/3",
            "http://in-process/p/1",
            "https://cdn.example/still.jpg",
        ]


def test_addresses_are_visited_with_and_without_credentials(tmp_path: Path) -> None:
    account = Account("a", {"token": "t-123456"})
    with provider(tmp_path) as links:
        links.view(account, Publication("1"))
        anonymous = links.visit(None, "http://in-process/p/1")
        signed = links.visit(account, "http://in-process/p/1")
        assert isinstance(anonymous, Accepted)
        assert anonymous.value.data == b"nobody"
        assert isinstance(signed, Accepted)
        assert signed.value.data == b"Bearer t-123456"
        assert isinstance(links.visit(None, "http://in-process/p/2"), Refused)
        assert isinstance(links.visit(None, "http://in-process/p/3"), Unavailable)
