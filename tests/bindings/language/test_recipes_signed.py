"""Recipes of signatures, tokens and hosts: what is signed, which key goes where, and which hosts are used."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shenhe.conformance.entities import (
    Consent,
    EditRequest,
    GenerationRequest,
    Media,
    Subject,
)
from shenhe.conformance.provider import Accepted, Refused, Unavailable
from shenhe.rulebook import Service

from .recipes import PICTURE, TEXT, app, recipe


def test_a_signed_gateway_verifies_the_signature(tmp_path: Path) -> None:
    secret = b"gateway-secret"

    async def text(request: Request) -> Response:
        body = await request.body()
        headers = request.headers
        signed = "\n".join(
            [
                "POST",
                "/v1/text",
                "lang=zh",
                headers["x-timestamp"],
                headers["x-nonce"],
                hashlib.sha256(body).hexdigest(),
            ]
        )
        wanted = base64.b64encode(hmac.new(secret, signed.encode(), "sha256").digest()).decode()
        if headers["authorization"] != f"HMAC-SHA256 Signature={wanted}" or headers["x-key-id"] != "key-id-1":
            return JSONResponse({"id": ""}, 401)
        return JSONResponse({"id": "1", "text": "好"})

    for key, expected in (("gateway-secret", Accepted), ("another-secret", Refused)):
        binding = recipe(tmp_path, "A signed gateway", GATEWAY_SECRET=key, GATEWAY_KEY="key-id-1")
        with binding.connect(transport=app(("POST", "/v1/text", text))) as provider:
            assert isinstance(provider.generate(None, TEXT), expected)


def test_sorted_fields_are_signed(tmp_path: Path) -> None:
    async def gateway(request: Request) -> Response:
        fields = dict(parse_qsl((await request.body()).decode()))
        sign = fields.pop("sign")
        text = "&".join(f"{name}={value}" for name, value in sorted(fields.items())) + "&key=gateway-secret"
        good = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper() == sign
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", fields["timestamp"])
        return JSONResponse({"code": "10000" if good else "40002", "data": {"id": "1", "text": "好"}})

    binding = recipe(tmp_path, "A signature among the fields", GATEWAY_SECRET="gateway-secret", GATEWAY_KEY="app-1")
    with binding.connect(transport=app(("POST", "/gateway", gateway))) as provider:
        assert isinstance(provider.generate(None, TEXT), Accepted)


def test_a_derived_key_signs_as_version_4_does(tmp_path: Path) -> None:
    async def invoke(request: Request) -> Response:
        headers = request.headers
        day = headers["x-amz-date"][:8]
        key = b"AWS4gateway-secret"
        for part in (day, "cn-north-1", "model", "aws4_request"):
            key = hmac.new(key, part.encode(), "sha256").digest()
        body = hashlib.sha256(await request.body()).hexdigest()
        canonical = f"POST\n/model/invoke\n\nhost:{headers['host']}\nx-amz-date:{headers['x-amz-date']}\n\nhost;x-amz-date\n{body}"
        scope = f"{day}/cn-north-1/model/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signed = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{digest}"
        wanted = hmac.new(key, signed.encode(), "sha256").hexdigest()
        good = headers["authorization"] == (
            f"AWS4-HMAC-SHA256 Credential=key-id-1/{scope}, SignedHeaders=host;x-amz-date, Signature={wanted}"
        )
        return JSONResponse({"id": "1", "text": "好"}, 200 if good else 403)

    binding = recipe(
        tmp_path,
        "A key that is derived",
        GATEWAY_URL="http://gateway.test",
        GATEWAY_SECRET="gateway-secret",
        GATEWAY_KEY="key-id-1",
    )
    with binding.connect("http://gateway.test", app(("POST", "/model/invoke", invoke))) as provider:
        assert isinstance(provider.generate(None, TEXT), Accepted)


def test_an_expired_token_is_refreshed_and_the_key_is_in_the_query(tmp_path: Path) -> None:
    grants: list[dict[str, str]] = []
    valid_tokens = ["access-1"]

    async def token(request: Request) -> Response:
        grants.append(dict(parse_qsl((await request.body()).decode())))
        number = len(grants)
        return JSONResponse({"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"})

    async def text(request: Request) -> Response:
        assert request.query_params["api_key"] == "key-of-app"
        valid = request.headers.get("authorization") == f"Bearer {valid_tokens[-1]}"
        return JSONResponse({"id": "1", "text": "好"}, 200 if valid else 401)

    binding = recipe(
        tmp_path,
        "OAuth 2 with refresh, and keys in the query",
        CLIENT_SECRET="client-secret",
        API_KEY="key-of-app",
        LI_PASSWORD="li-password",
    )
    with binding.connect(transport=app(("POST", "/oauth/token", token), ("POST", "/text", text))) as provider:
        account = provider.ready_made.accounts["verified_adult"]
        assert isinstance(provider.generate(account, TEXT), Accepted)
        valid_tokens.append("access-2")
        assert isinstance(provider.generate(account, TEXT), Accepted)
        assert [grant["grant_type"] for grant in grants] == ["password", "refresh_token"]
        assert grants[0]["username"] == "li"
        assert grants[1]["refresh_token"] == "refresh-1"
        assert isinstance(provider.generate(account, TEXT), Accepted)
        assert len(grants) == 2
        for secret in ("key-of-app", "access-2", "refresh-1", "li-password", "client-secret"):
            assert secret not in repr(provider.log)


@pytest.mark.parametrize("host", ["uploads.example", "uploads.example:8443", "evil.example"])
def test_a_presigned_url_is_used_at_named_hosts_only(tmp_path: Path, host: str) -> None:
    seen: list[tuple[str, str, str, bytes]] = []

    async def uploads(request: Request) -> Response:
        return JSONResponse({"upload_url": f"http://{host}/bucket/1?sig=abc", "key": "k1"})

    async def bucket(request: Request) -> Response:
        seen.append(("put", request.url.hostname or "", request.headers.get("authorization", ""), await request.body()))
        return Response(status_code=200, headers={"ETag": '"e1"'})

    async def agreements(request: Request) -> Response:
        return JSONResponse({"id": "a1"})

    async def edits(request: Request) -> Response:
        seen.append(
            ("edit", request.url.hostname or "", request.headers.get("authorization", ""), await request.body())
        )
        data = base64.b64encode(PICTURE.data).decode()
        return JSONResponse({"id": "c1", "images": [{"id": "c1", "data": data}, {"id": "c2", "data": data}]})

    transport = app(
        ("POST", "/uploads", uploads),
        ("PUT", "/bucket/1", bucket),
        ("POST", "/agreements", agreements),
        ("POST", "/edits", edits),
    )
    binding = recipe(
        tmp_path, "Upload to a presigned URL, then edit", API_TOKEN="api-token", JOBS_URL="http://jobs.test"
    )
    subject = Subject("s")
    request = EditRequest(Service.BIOMETRIC_IMAGE_VIDEO, PICTURE, subject, "face", "x")
    with binding.connect(transport=transport) as provider:
        result = provider.edit(None, request)
        if host != "uploads.example":
            assert isinstance(result, Unavailable)
            assert ("evil.example" if host == "evil.example" else "its port 8443") in result.reason
            assert seen == []
            return
        assert isinstance(result, Accepted), result
        assert result.value.batch == ("c1", "c2")
        assert seen[0] == ("put", "uploads.example", "", PICTURE.data)
        assert seen[1][:3] == ("edit", "jobs.test", "Bearer api-token")
        assert json.loads(seen[1][3]) == {"key": "k1", "etag": '"e1"', "agreement": None}
        consented = EditRequest(
            Service.BIOMETRIC_IMAGE_VIDEO, PICTURE, subject, "face", "x", Consent("k", subject, "face")
        )
        assert isinstance(provider.edit(None, consented), Accepted)
        assert json.loads(seen[3][3])["agreement"] == "a1"


def test_graphql_errors_refuse(tmp_path: Path) -> None:
    async def graphql(request: Request) -> Response:
        body = await request.json()
        assert body["query"].startswith("mutation Make($prompt: String!) {")
        if body["variables"]["prompt"] == "bad":
            return JSONResponse({"data": None, "errors": [{"message": "not allowed"}]})
        return JSONResponse({"data": {"make": {"id": "1", "text": {"body": "好"}}}})

    with recipe(tmp_path, "GraphQL").connect(transport=app(("POST", "/graphql", graphql))) as provider:
        good = provider.generate(None, TEXT)
        assert isinstance(good, Accepted)
        assert good.value.media == Media("好".encode(), "text/plain")
        bad = provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "bad"))
        assert isinstance(bad, Refused)
        assert bad.reason == "not allowed"
