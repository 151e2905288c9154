"""The interface of :class:`~tests.strangers.foundry.Foundry`: parameters in headers and queries, files as bodies and
archives, ids in headers, voices by callback, uploads to addresses that serve once, problems as ``application/problem+json``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import secrets
import threading
import urllib.request
import zipfile
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .foundry import Foundry, Merchant, No, Work


def desk(foundry: Foundry) -> Starlette:
    addresses: dict[str, Merchant] = {}

    def caller(request: Request) -> Merchant:
        return foundry.merchant(request.headers.get("partner-key", ""))

    async def enrol(request: Request) -> Response:
        made = foundry.open(unquote(request.headers.get("partner-code", "")))
        headers = {"Partner-Id": made.id, "Partner-Key": made.key, "Callback-Secret": made.secret}
        return Response(status_code=201, headers=headers)

    async def leave(request: Request) -> Response:
        foundry.close(caller(request))
        return Response(status_code=204)

    async def make(request: Request) -> Response:
        merchant, kind = caller(request), request.path_params["kind"]
        prompt, query = (await request.body()).decode(), request.query_params
        made = foundry.make(merchant, kind, prompt, labelled=query["label"] == "on", waiver=query["waiver"] == "yes")
        if kind == "text":
            return PlainTextResponse(made[0].data.decode(), headers={"Work-Id": made[0].id})
        if kind == "voice":
            threading.Thread(target=call_back, args=(merchant, made[0], query["notify"])).start()
            return Response(status_code=202, headers={"Work-Id": made[0].id})
        packed = foundry.archive(merchant, made)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for work in packed:
                archive.writestr(f"{work.id}.png", work.data)
        headers = {"Work-Id": made[0].id, "Work-Ids": json.dumps([work.id for work in packed])}
        return Response(out.getvalue(), media_type="application/zip", headers=headers)

    def call_back(merchant: Merchant, work: Work, address: str) -> None:
        body = json.dumps({"work": work.id, "audio": base64.b64encode(work.data).decode()}).encode()
        secret = foundry.one_secret if foundry.broken("callback-own-secret") else merchant.secret
        headers = {"Content-Type": "application/json"}
        if not foundry.broken("callback-unsigned"):
            headers["Foundry-Signature"] = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=10).close()

    async def fetch(request: Request) -> Response:
        at = request.path_params
        merchant = caller(request) if "partner-key" in request.headers else None
        data = foundry.work(merchant, at["work"], at["form"])
        kinds = {b"\x89PNG": "image/png", b"RIFF": "audio/wav"}
        return Response(data, media_type=kinds.get(data[:4], "text/plain; charset=utf-8"))

    async def begin_upload(request: Request) -> Response:
        token = secrets.token_urlsafe(12)
        addresses[token] = caller(request)
        return Response(status_code=201, headers={"Location": f"/up/{token}"})

    async def put(request: Request) -> Response:
        merchant = addresses.pop(request.path_params["token"], None)
        if merchant is None:
            raise No(404, "no_address", "上传地址无效")
        return Response(status_code=201, headers={"Work-Id": foundry.keep(merchant, await request.body()).id})

    async def mandate(request: Request) -> Response:
        at, query = request.path_params, request.query_params
        return Response(
            status_code=201, headers={"Consent": foundry.mandate(caller(request), at["who"], query["to"]).id}
        )

    async def withdraw(request: Request) -> Response:
        foundry.withdraw(caller(request), request.path_params["consent"])
        return Response(status_code=204)

    async def edit(request: Request) -> Response:
        merchant, query = caller(request), request.query_params
        at = request.path_params
        made = foundry.edit(
            merchant, await request.body(), at["who"], query["to"], query.get("consent", ""), query.get("wish", "")
        )
        return Response(made.data, media_type="image/png", headers={"Work-Id": made.id})

    async def journal(request: Request) -> Response:
        lines = foundry.read_journal(caller(request), request.path_params["partner"], request.query_params["of"])
        return JSONResponse({"lines": lines})

    async def page(request: Request) -> Response:
        return PlainTextResponse(foundry.page(request.path_params["name"]))

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, No)
        return JSONResponse(
            {"type": error.kind, "detail": error.words}, error.status, media_type="application/problem+json"
        )

    post, get = ["POST"], ["GET"]
    return Starlette(
        routes=[
            Route("/partners", enrol, methods=post),
            Route("/partners/self", leave, methods=["DELETE"]),
            Route("/partners/{partner}/journal", journal, methods=get),
            Route("/make/{kind}", make, methods=post),
            Route("/works/{work}/{form}", fetch, methods=get),
            Route("/uploads", begin_upload, methods=post),
            Route("/up/{token}", put, methods=["PUT"]),
            Route("/persons/{who}/consents", mandate, methods=post),
            Route("/consents/{consent}", withdraw, methods=["DELETE"]),
            Route("/persons/{who}/edits", edit, methods=post),
            Route("/docs/{name}", page, methods=get),
        ],
        exception_handlers={No: refused},
    )
