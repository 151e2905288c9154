"""iFlytek speech synthesis as its pages describe it: a signed WebSocket that gives the sound in pieces, and signed
jobs for long texts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

MP3 = b"\xff\xfb\x90\x00" + b"\x00" * 60
PCM = b"\x01\x00" * 160
_AUTHORIZATION = re.compile(
    r'api_key="([^"]+)", algorithm="hmac-sha256", headers="host date request-line", signature="([^"]+)"'
)


def signed(query: str, method: str, path: str, key: str, secret: str) -> bool:
    """Whether host, date and request line are signed as the pages say."""
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    if not {"host", "date", "authorization"} <= fields.keys():
        return False
    found = _AUTHORIZATION.fullmatch(base64.b64decode(fields["authorization"]).decode())
    parsedate_to_datetime(fields["date"])
    text = f"host: {fields['host']}\ndate: {fields['date']}\n{method} {path} HTTP/1.1"
    made = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
    return found is not None and found.groups() == (key, made)


def app(app_id: str, key: str, secret: str) -> Starlette:
    polls: dict[str, int] = {}

    async def tts(socket: WebSocket) -> None:
        if not signed(socket.url.query, "GET", "/v2/tts", key, secret):
            await socket.close(1008)
            return
        await socket.accept()
        asked = await socket.receive_json()
        text = base64.b64decode(asked["data"]["text"]).decode()
        if asked["common"]["app_id"] != app_id or asked["business"]["aue"] != "lame" or asked["data"]["status"] != 2:
            await socket.send_json({"code": 10313, "message": "invalid app_id", "sid": "tts1"})
        elif "违禁" in text:
            await socket.send_json({"code": 10105, "message": "illegal access", "sid": "tts1"})
        else:
            # Each piece is base64 by itself, with its own padding.
            for status, piece in ((1, MP3[:10]), (1, MP3[10:31]), (2, MP3[31:])):
                sound = {"audio": base64.b64encode(piece).decode(), "ced": "10", "status": status}
                await socket.send_json({"code": 0, "message": "success", "sid": "tts1", "data": sound})
        await socket.close()

    def refused(code: int, message: str) -> Response:
        return JSONResponse({"header": {"code": code, "message": message, "sid": "s"}})

    def rightly(request: Request) -> bool:
        return signed(request.url.query, "POST", request.url.path, key, secret)

    async def create(request: Request) -> Response:
        if not rightly(request):
            return JSONResponse({"message": "HMAC signature does not match"}, 403)
        body = await request.json()
        text = base64.b64decode(body["payload"]["text"]["text"]).decode()
        if body["header"]["app_id"] != app_id or not body["parameter"]["dts"]["vcn"]:
            return refused(10313, "invalid app_id")
        if "违禁" in text:
            return refused(10019, "illegal text")
        task = f"23051016{len(polls):08d}"
        polls[task] = 0
        return JSONResponse({"header": {"code": 0, "message": "success", "sid": "s", "task_id": task}})

    async def query(request: Request) -> Response:
        if not rightly(request):
            return JSONResponse({"message": "HMAC signature does not match"}, 403)
        header = (await request.json())["header"]
        polls[header["task_id"]] += 1
        done = polls[header["task_id"]] > 1
        answer: dict[str, Any] = {"code": 0, "message": "success", "sid": "s", "task_id": header["task_id"]}
        answer["task_status"] = "5" if done else "3"
        if not done:
            return JSONResponse({"header": answer})
        url = base64.b64encode(b"http://127.0.0.1:9/files/1.pcm").decode()
        return JSONResponse({"header": answer, "payload": {"audio": {"audio": url, "encoding": "raw"}}})

    async def file(request: Request) -> Response:
        return Response(PCM, media_type="application/octet-stream")

    routes = [
        Route("/v1/private/dts_create", create, methods=["POST"]),
        Route("/v1/private/dts_query", query, methods=["POST"]),
        Route("/files/1.pcm", file),
        WebSocketRoute("/v2/tts", tts),
    ]
    return Starlette(routes=routes)
