"""The manners of Lantern on the wire: hypermedia in HAL, refusals as RFC 9457 has them, bodies in JSON, forms or parts."""

from __future__ import annotations

import email.parser
import email.policy
import json
from collections.abc import Callable
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .lantern import Lantern
from .lantern_studio import Problem

Said = dict[str, Any]
Answering = Callable[[Request, Said], "Response | Said"]
Adding = Callable[..., Callable[[Answering], Answering]]


async def fields_of(request: Request) -> Said:
    """JSON, a form, or parts; files are (bytes, type)."""
    body, kind = await request.body(), request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        try:
            data = json.loads(body or b"{}")
        except ValueError:
            raise Problem(400, "malformed", "The body is not JSON.") from None
        if not isinstance(data, dict):
            raise Problem(400, "malformed", "A JSON object is expected.")
        return data
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if kind.startswith("multipart/form-data"):
        whole = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
            b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body
        )
        out = {}
        for part in whole.iter_parts():
            name, data = part.get_param("name", header="content-disposition"), part.get_payload(decode=True) or b""
            out[name] = (data, part.get_content_type()) if part.get_filename() else data.decode("utf-8", "replace")
        return out
    return {} if not body else {"raw": (body, kind.split(";")[0])}


def hal(body: Said, status: int = 200, **headers: str) -> Response:
    return JSONResponse(
        body, status, {k.replace("_", "-"): v for k, v in headers.items()}, media_type="application/hal+json"
    )


def need(said: Said, *names: str) -> None:
    for name in names:
        if said.get(name) in (None, ""):
            raise Problem(422, "invalid", f"'{name}' is required.", field=name)


def truthy(value: object) -> bool:
    return value is True or str(value).lower() in ("true", "1", "on", "yes")


def file_of(said: Said, name: str = "file") -> bytes:
    """The file of a request, which is empty without one."""
    part = said.get(name)
    return part[0] if isinstance(part, tuple) else b""


class Routes:
    """The addresses of one Lantern."""

    def __init__(self, lantern: Lantern) -> None:
        self.lantern, self.all = lantern, list[Route]()

    def __call__(self, path: str, *methods: str) -> Callable[[Answering], Answering]:
        def add(answer: Answering) -> Answering:
            async def endpoint(request: Request) -> Response:
                try:
                    said = await fields_of(request) if request.method in ("POST", "PUT", "PATCH") else {}
                    self.lantern.tick()
                    out = await run_in_threadpool(answer, request, said)
                except Problem as problem:
                    return self._refusal(problem)
                return out if isinstance(out, Response) else hal(out)

            self.all.append(Route(path, endpoint, methods=list(methods)))
            return answer

        return add

    def _refusal(self, problem: Problem) -> Response:
        body = problem.body
        if "terse" in self.lantern.variants and problem.status in (401, 404, 410):
            body = {key: body[key] for key in ("type", "title", "status")}
        headers = {**problem.headers, "Date": formatdate(usegmt=True)}
        return JSONResponse(body, problem.status, headers, media_type="application/problem+json")
