"""How the provider speaks HTTP: plainly, or in one of the ways that lawful variants choose. What is answered is the
same; only its wrapping differs.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..domain.refusal import Refusal
from ..domain.state import House
from ..media.files import Media
from . import VariantName

_BUSY_EVERY = 20
_SLOWNESS = 0.004
#: How often a job is asked after before it is done.
_PATIENCE = 1
_OTHER_STATUSES = {201: 200, 204: 200, 401: 403, 410: 404, 415: 400, 422: 400}


class Manners:
    """The wrapping of one provider's answers, with the jobs and links that some of it needs."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._asked = 0
        self._jobs: dict[str, tuple[int, dict[str, Any]]] = {}
        self._links: dict[str, tuple[str, Media]] = {}

    async def hold_up(self) -> Response | None:
        """What delays a request before it is handled."""
        self._asked += 1
        if self._has(VariantName.BUSY) and self._asked % _BUSY_EVERY == 0:
            return Response(status_code=429, headers={"Retry-After": "0"})
        if self._has(VariantName.SLOW):
            await asyncio.sleep(_SLOWNESS)
        return None

    def token(self, request: Request) -> str | None:
        """The token by which a request says who asks; none where it does not say.

        Raises:
            Refusal: 401, ``token_invalid``, for another way of signing in.
        """
        if self._has(VariantName.SESSION_COOKIE):
            return request.cookies.get("session")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise Refusal(401, "token_invalid", "Sign in with a bearer token.")
        return token.strip()

    def made(self, request: Request, answer: dict[str, Any], media: Media) -> Response:
        """The answer to who had something made: with its bytes, with a link to them, or with a job to ask after."""
        if self._has(VariantName.FILES_BY_LINK) and media.media_type != "text/plain":
            name = self._house.store.new_name("fil")
            self._links[name] = str(answer["asset"]["id"]), media
            answer = answer | {"content": {"media_type": media.media_type, "url": f"{request.base_url}files/{name}"}}
        else:
            answer = answer | {"content": media.as_json()}
        if not self._has(VariantName.ASYNCHRONOUS):
            return self.json(201, answer)
        job = self._house.store.new_name("job")
        self._jobs[job] = (_PATIENCE, answer)
        return self.json(202, {"job": {"id": job}, "state": "queued"})

    def job(self, name: str) -> Response:
        """How far a job is.

        Raises:
            Refusal: 404, ``job_unknown``.
        """
        if name not in self._jobs:
            raise Refusal(404, "job_unknown", "没有这个任务。 There is no such job.")
        left, answer = self._jobs[name]
        if left:
            self._jobs[name] = (left - 1, answer)
            return self.json(200, {"job": {"id": name}, "state": "running"})
        return self.json(200, answer | {"state": "done"})

    def link(self, name: str) -> Media:
        """The file behind a link.

        Raises:
            Refusal: 404, ``file_unknown``.
        """
        asset, media = self._links.get(name, ("", None))
        kept = self._house.store.row("SELECT withdrawn_at FROM asset WHERE id = ?", asset)
        if media is None or kept is None or kept["withdrawn_at"] is not None:
            raise Refusal(404, "file_unknown", "没有这个文件。 There is no such file.")
        return media

    def found(self, answer: dict[str, Any]) -> Response:
        """What a search found."""
        if self._has(VariantName.PAGED_SEARCH):
            return self.json(200, {"page": {"items": answer["results"], "cursor": answer["next_offset"]}})
        return self.json(200, answer)

    def json(self, status: int, content: dict[str, Any]) -> Response:
        """An answer in JSON."""
        if self._has(VariantName.ENVELOPE):
            status, content = 200, {"code": 0, **content}
        return _json(self._status(status), content)

    def nothing(self) -> Response:
        """The answer to something done that leaves nothing to say."""
        if self._has(VariantName.ENVELOPE) or self._has(VariantName.OTHER_STATUSES):
            return self.json(200, {})
        return Response(status_code=204)

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """A refusal. Where a file was asked for, no envelope holds it."""
        error = {"code": refusal.code, "message": refusal.message, **refusal.details}
        if self._has(VariantName.ENVELOPE) and not _asks_for_a_file(request):
            return _json(200, {"code": refusal.status, "error": error})
        return _json(self._status(refusal.status), {"error": error})

    def _has(self, variant: VariantName) -> bool:
        return variant in self._house.variants

    def _status(self, status: int) -> int:
        return _OTHER_STATUSES.get(status, status) if self._has(VariantName.OTHER_STATUSES) else status


def _asks_for_a_file(request: Request) -> bool:
    return "form" in request.path_params or request.path_params.get("surface") in ("thumbnail", "download")


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(
        json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"),
        status,
        media_type="application/json",
    )
