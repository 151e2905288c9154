"""The interface of :class:`~tests.strangers.lanting.Lanting`: one address for GraphQL, files in parts of a form, and signed
links to media.
"""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .lanting import Lanting
from .lanting_accounts import Refuse
from .lanting_graphql import Bad, Parser, project

EXT = {
    "text/plain": "txt",
    "text/markdown": "md",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "audio/wav": "wav",
}

QUERIES = "viewer job mediaLink checkOrigin post square authorPosts searchPosts refutations inbox records talks page"
MUTATIONS = (
    "requestSmsCode signUp signIn signOut closeAccount verifyRealName createWork editPortrait recordConsent "
    "withdrawConsent uploadFile publishWork repost withdrawPost submitReport fileAppeal decideTicket talk endTalk "
    "eraseTalk sandboxAdvance sandboxReset checkOrigin"
)


def snake(name: str) -> str:
    """The name of a field or an argument in Python."""
    builtin = {"input": "said", "id": "key"}
    return builtin.get(name) or re.sub(r"[A-Z]+", lambda found: f"_{found[0].lower()}", name)


def parts(body: bytes, content_type: str) -> dict[str, Any]:
    """The parts of a form: files with their types, and texts. Raises ``TypeError`` for one without names."""
    boundary: Any = re.search(r'boundary="?([^";]+)"?', content_type)
    out: dict[str, Any] = {}
    for piece in body.split(b"--" + boundary[1].encode())[1:-1]:
        before, _, data = piece[2:].partition(b"\r\n\r\n")
        data, head = data[:-2], before.decode("utf-8", "replace")
        name: Any = re.search(r'name="([^"]*)"', head)
        kind = re.search(r"(?i)content-type:\s*([^\s;]+)", head)
        out[name[1]] = (
            {"data": data, "type": kind[1] if kind else "text/plain"} if "filename=" in head else data.decode()
        )
    return out


def filled(got: dict[str, Any]) -> dict[str, Any]:
    """The operation of a form whose files are in parts (GraphQL multipart request specification)."""
    document: dict[str, Any] = json.loads(got["operations"])
    for name, paths in json.loads(got["map"]).items():
        for path in paths:
            *keys, last = path.split(".")
            target = document
            for key in keys:
                target = target[key]
            target[last] = got.get(name)
    return document


def desk(app: Lanting) -> Starlette:
    def execute(doc: dict[str, Any], token: str | None) -> tuple[int, dict[str, Any]]:
        app.settle()
        try:
            kind, roots = Parser(doc.get("query") or "", dict(doc.get("variables") or {})).operation()
            data = {}
            for alias, name, args, sub in roots:
                if name not in (QUERIES if kind == "query" else MUTATIONS).split():
                    raise Bad(f'Cannot query field "{name}" on type "{kind.title()}"')
                value = getattr(app, snake(name))({"token": token}, **{snake(key): each for key, each in args.items()})
                data[alias] = project(value, sub)
            return 200, {"data": data}
        except Refuse as refusal:
            statuses = {"UNAUTHENTICATED": 401, "NOT_FOUND": 404, "CONTENT_REMOVED": 410}
            status = statuses.get(refusal.code, 422) if "http_statuses" in app.variants else 200
            return status, {
                "data": None,
                "errors": [{"message": refusal.message, "extensions": {"code": refusal.code}}],
            }
        except (Bad, TypeError, AttributeError, ValueError) as error:
            return 400, {
                "errors": [{"message": f"请求无效：{error}", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]
            }

    async def graphql(request: Request) -> Response:
        body, kind = await request.body(), request.headers.get("content-type", "")
        try:
            doc = filled(parts(body, kind)) if kind.startswith("multipart/form-data") else json.loads(body)
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"errors": [{"message": "请求体无法解析", "extensions": {"code": "BAD_REQUEST"}}]}, 400)
        auth = request.headers.get("authorization", "")
        status, out = await run_in_threadpool(execute, doc, auth[7:] if auth.startswith("Bearer ") else None)
        return JSONResponse(
            out, status, media_type="application/graphql-response+json" if "http_statuses" in app.variants else None
        )

    async def file(request: Request) -> Response:
        app.settle()
        q = request.query_params
        status, got = app.serve(
            request.path_params["owner"], request.path_params["form"], q.get("expires", ""), q.get("sign", "")
        )
        if status != 200:
            return JSONResponse(got, status)
        data, mime = got
        headers = {}
        if request.path_params["form"] in ("download", "export"):
            headers["Content-Disposition"] = f'attachment; filename="lanting.{EXT[mime]}"'
        return Response(data, media_type=mime, headers=headers)

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"]), Route("/media/{owner}/{form}", file)])
