"""Kling as its public pages describe it: signed tokens, tasks that are polled, files at other addresses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import time
from typing import Any

from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

FILES = {"png": "image/png", "mp4": "video/mp4", "mp3": "audio/mpeg"}
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + b"\x00\x00\x00\x08mdat"
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(413)


def png() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), (20, 40, 90)).save(picture, "PNG")
    return picture.getvalue()


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Kling:
    def __init__(self, access_key: str, secret_key: str, base: str) -> None:
        self.access_key, self.secret_key, self.base = access_key, secret_key, base
        self.tasks: dict[str, dict[str, Any]] = {}

    def signed(self, request: Request) -> str:
        """Why a token is not accepted; empty where it is."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token.count(".") != 2:
            return "Authorization is empty"
        head, body, signature = token.split(".")
        wanted = hmac.new(self.secret_key.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
        claims, now = decoded(body), time.time()
        if decoded(head) != {"alg": "HS256", "typ": "JWT"} or unpadded(wanted) != signature:
            return "Authorization is invalid"
        return "" if claims["iss"] == self.access_key and claims["nbf"] <= now < claims["exp"] else "Token has expired"

    def answer(self, request: Request, data: dict[str, Any], code: int = 0, message: str = "SUCCEED") -> Response:
        return JSONResponse({"code": code, "message": message, "request_id": "r-1", "data": data})

    async def create(self, request: Request) -> Response:
        if why := self.signed(request):
            return JSONResponse({"code": 1004, "message": why, "request_id": "r-1"}, 401)
        body, kind = await request.json(), request.url.path.removeprefix("/v1/")
        text = body.get("prompt") or body.get("text")
        if not text:
            return JSONResponse({"code": 1201, "message": "prompt is invalid", "request_id": "r-1"}, 400)
        if kind == "images/generations" and body["aspect_ratio"] not in {"16:9", "1:1"}:
            return JSONResponse({"code": 1201, "message": "aspect_ratio is invalid", "request_id": "r-1"}, 400)
        if kind == "videos/image2video":
            base64.b64decode(body["image"], validate=True)
        number = f"86{len(self.tasks):04d}"
        self.tasks[number] = {"kind": kind, "risk": "违禁" in text, "asked": 0}
        if kind == "audio/tts":
            files = {"audios": [{"url": f"{self.base}/files/{number}.mp3"}]}
            return self.answer(request, {"task_id": number, "task_status": "succeed", "task_result": files})
        return self.answer(request, {"task_id": number, "task_status": "submitted", "created_at": 1, "updated_at": 1})

    async def query(self, request: Request) -> Response:
        if why := self.signed(request):
            return JSONResponse({"code": 1004, "message": why, "request_id": "r-1"}, 401)
        number = request.path_params["task"]
        task = self.tasks.get(number)
        if task is None or task["kind"] != request.url.path.removeprefix("/v1/").rpartition("/")[0]:
            return JSONResponse({"code": 1203, "message": "task not found", "request_id": "r-1"}, 404)
        task["asked"] += 1
        data = {"task_id": number, "task_status": "processing", "task_status_msg": ""}
        if task["asked"] > 1 and task["risk"]:
            return self.answer(
                request, {**data, "task_status": "failed", "task_status_msg": "Failure to pass the risk control system"}
            )
        if task["asked"] > 1:
            made = ("images", "png") if task["kind"].startswith("images") else ("videos", "mp4")
            files = {made[0]: [{"index": 0, "url": f"{self.base}/files/{number}.{made[1]}"}]}
            data |= {"task_status": "succeed", "task_result": files}
        return self.answer(request, data)

    async def file(self, request: Request) -> Response:
        kind = request.path_params["name"].rpartition(".")[2]
        return Response({"png": png(), "mp4": MP4, "mp3": MP3}[kind], media_type=FILES[kind])


def app(access_key: str, secret_key: str, base: str = "http://in-process") -> Starlette:
    service = Kling(access_key, secret_key, base)
    kinds = ("images/generations", "videos/text2video", "videos/image2video", "audio/tts")
    routes = [Route(f"/v1/{kind}", service.create, methods=["POST"]) for kind in kinds]
    routes += [Route(f"/v1/{kind}/{{task}}", service.query) for kind in kinds]
    return Starlette(routes=[*routes, Route("/files/{name}", service.file)])
