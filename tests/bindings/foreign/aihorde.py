"""AI Horde as its reference describes it: queued requests, one place to ask whether they are done and what was made."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def webp() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), (90, 40, 20)).save(picture, "WEBP")
    return picture.getvalue()


def no(rc: str, message: str, status: int) -> Response:
    return JSONResponse({"message": message, "rc": rc}, status)


class Horde:
    def __init__(self, key: str) -> None:
        self.key = key
        self.waiting: dict[str, dict[str, Any]] = {}

    async def ask(self, request: Request) -> Response:
        body, text = await request.json(), "text" in request.url.path
        if request.headers.get("apikey") != self.key:
            return no("InvalidAPIKey", "No user matching sent API Key.", 401)
        if not body.get("prompt"):
            return no("MissingPrompt", "You cannot specify an empty prompt.", 400)
        if "违禁" in body["prompt"]:
            return no("CorruptPrompt", "This prompt appears to violate our terms of service.", 400)
        if not text and (body["params"]["width"] % 64 or not 0 <= body["params"]["cfg_scale"] <= 100):
            return no("ValidationError", "Input payload validation failed", 400)
        number = f"00000000-0000-4000-8000-{len(self.waiting):012d}"
        self.waiting[number] = {"text": text, "asked": 0, "censored": "裸" in body["prompt"]}
        return JSONResponse({"id": number, "kudos": 10.0}, 202)

    async def status(self, request: Request) -> Response:
        found = self.waiting.get(request.path_params["number"])
        if found is None or found["text"] != ("text" in request.url.path):
            return no("RequestNotFound", "Request with this ID not found.", 404)
        found["asked"] += 1
        done = found["asked"] > 2
        made: dict[str, Any] = {"id": f"g-{request.path_params['number']}", "model": "m", "state": "ok"}
        if found["text"]:
            made["text"] = "Spring has come to the garden."
        else:
            made |= {"img": base64.b64encode(webp()).decode(), "censored": found["censored"], "seed": "1"}
        whole = {"finished": int(done), "processing": int(not done), "waiting": 0, "done": done, "faulted": False}
        return JSONResponse({**whole, "is_possible": True, "generations": [made] if done else []})

    async def terms(self, request: Request) -> Response:
        page = "<p>By using this service you agree to these terms. Every user is responsible for what is made.</p>"
        return JSONResponse({"html": page} if request.query_params.get("format") == "html" else {"markdown": page})


def app(key: str) -> Starlette:
    horde = Horde(key)
    return Starlette(
        routes=[
            Route("/v2/generate/async", horde.ask, methods=["POST"]),
            Route("/v2/generate/text/async", horde.ask, methods=["POST"]),
            Route("/v2/generate/status/{number}", horde.status),
            Route("/v2/generate/text/status/{number}", horde.status),
            Route("/v2/documents/terms", horde.terms),
        ]
    )
