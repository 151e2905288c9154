"""PeerTube as its OpenAPI document (8.1.0, AGPL) describes it: the operations that shenhe has a word for."""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT = {"client_id": "v1ikx5hnfop4mdpnci8nsqh93c45rldf", "client_secret": "AjWiOapPltI6EnsWQwlFarRtLh4u8tDt"}
PENDING, REJECTED, ACCEPTED = 1, 2, 3
PUBLIC, PRIVATE = 1, 3


async def form_of(request: Request) -> dict[str, bytes]:
    """The fields of a form of either kind, and the bytes of its files."""
    body, kind = await request.body(), request.headers["content-type"]
    if kind == "application/x-www-form-urlencoded":
        return {name: value.encode() for name, value in parse_qsl(body.decode(), keep_blank_values=True)}
    parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body).get_payload()
    found = {}
    for part in parts:
        name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
        data = part.get_payload(decode=True)  # type: ignore[union-attr]
        found[str(name)] = data if isinstance(data, bytes) else b""
    return found


class Problem(Exception):
    """A refusal, with its status and its ``code`` (RFC 7807, as the document says)."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.answer = JSONResponse({"status": status, "code": code, "detail": code, "type": "about:blank"}, status)


class PeerTube:
    def __init__(self, moderator_password: str, blocks: bool = True) -> None:
        #: Whether what a moderator blocks is hidden.
        self.blocks = blocks
        self.users: dict[str, str] = {"moderator": moderator_password}
        self.tokens: dict[str, str] = {}
        self.videos: dict[int, dict[str, Any]] = {}
        self.abuses: dict[int, dict[str, Any]] = {}
        self.notices: list[dict[str, Any]] = []

    def me(self, request: Request) -> str:
        user = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if user is None:
            raise Problem(401, "invalid_token")
        return user

    def moderator(self, request: Request) -> None:
        if self.me(request) != "moderator":
            raise Problem(403, "missing_right")

    def video(self, request: Request, viewer: str = "") -> dict[str, Any]:
        video = self.videos.get(int(request.path_params["id"]))
        if video is None:
            raise Problem(404, "video_not_found")
        if viewer != video["owner"] and (video["blacklisted"] or video["privacy"] != PUBLIC):
            raise Problem(401, "requires_authentication")
        return video

    async def client(self, request: Request) -> Response:
        return JSONResponse(CLIENT)

    async def register(self, request: Request) -> Response:
        body = await request.json()
        if not {"username", "password", "email"} <= body.keys() or not re.fullmatch(r"[a-z0-9._]+", body["username"]):
            raise Problem(400, "invalid_request")
        if body["username"] in self.users:
            raise Problem(409, "user_exists")
        self.users[body["username"]] = body["password"]
        return JSONResponse({"state": {"id": 2, "label": "Accepted"}})

    async def token(self, request: Request) -> Response:
        form = {name: value.decode() for name, value in (await form_of(request)).items()}
        if {name: form.get(name) for name in CLIENT} != CLIENT:
            raise Problem(400, "invalid_client")
        if form["grant_type"] != "password" or self.users.get(form["username"]) != form["password"]:
            raise Problem(400, "invalid_grant")
        token = f"token-{len(self.tokens):08d}"
        self.tokens[token] = form["username"]
        return JSONResponse({"token_type": "Bearer", "access_token": token, "refresh_token": "r", "expires_in": 14399})

    async def revoke(self, request: Request) -> Response:
        self.me(request)
        del self.tokens[request.headers["authorization"].removeprefix("Bearer ")]
        return JSONResponse({})

    async def whoami(self, request: Request) -> Response:
        return JSONResponse({"username": self.me(request), "videoChannels": [{"id": 1}]})

    async def leave(self, request: Request) -> Response:
        self.users.pop(self.me(request))
        return Response(status_code=204)

    async def upload(self, request: Request) -> Response:
        owner, form = self.me(request), await form_of(request)
        if not {"name", "channelId", "videofile"} <= form.keys():
            raise Problem(400, "invalid_request")
        number = len(self.videos) + 1
        self.videos[number] = {
            "id": number,
            "name": form["name"].decode(),
            "privacy": int(form["privacy"]),
            "owner": owner,
            "data": form["videofile"],
            "blacklisted": False,
            "looks": 0,
        }
        return JSONResponse(
            {"video": {"id": number, "uuid": f"9c9de5e8-0a1e-484a-b099-{number:012d}", "shortUUID": "x"}}
        )

    async def show(self, request: Request) -> Response:
        named = request.headers.get("authorization")
        video = self.video(request, self.me(request) if named else "")
        video["looks"] += 1
        transcoded = video["looks"] > 1
        file = f"http://in-process/static/web-videos/{video['id']}.mp4"
        return JSONResponse(
            {
                **{key: video[key] for key in ("id", "name", "blacklisted")},
                "state": {"id": 1, "label": "Published"} if transcoded else {"id": 2, "label": "To transcode"},
                "description": None,
                "support": None,
                "nsfwSummary": "AI-generated",
                "files": [{"fileUrl": file}] if transcoded else [],
                "streamingPlaylists": [],
            }
        )

    async def change(self, request: Request) -> Response:
        video, form = self.video(request, self.me(request)), await form_of(request)
        video["name"], video["privacy"] = form["name"].decode(), int(form["privacy"])
        return Response(status_code=204)

    async def remove(self, request: Request) -> Response:
        video = self.video(request, self.me(request))
        del self.videos[video["id"]]
        return Response(status_code=204)

    async def file(self, request: Request) -> Response:
        number = int(request.path_params["name"].removesuffix(".mp4"))
        return Response(self.videos[number]["data"], media_type="video/mp4")

    async def search(self, request: Request) -> Response:
        start, count = int(request.query_params["start"]), int(request.query_params["count"])
        found = [
            {"id": video["id"]}
            for video in self.videos.values()
            if video["privacy"] == PUBLIC
            and not video["blacklisted"]
            and request.query_params["search"] in video["name"]
        ]
        return JSONResponse({"total": len(found), "data": found[start : start + count]})

    async def report(self, request: Request) -> Response:
        reporter, body = self.me(request), await request.json()
        if not body["reason"] or not isinstance(body["video"]["id"], int):
            raise Problem(400, "invalid_request")
        number = len(self.abuses) + 1
        self.abuses[number] = {"id": number, "by": reporter, "video": body["video"], "state": {"id": PENDING}}
        return JSONResponse({"abuse": {"id": number}})

    def listed(self, request: Request, by: str = "") -> Response:
        wanted = int(request.query_params["id"])
        found = [abuse for abuse in self.abuses.values() if abuse["id"] == wanted and by in ("", abuse["by"])]
        return JSONResponse({"total": len(found), "data": found})

    async def my_abuses(self, request: Request) -> Response:
        return self.listed(request, self.me(request))

    async def all_abuses(self, request: Request) -> Response:
        self.moderator(request)
        return self.listed(request)

    async def decide(self, request: Request) -> Response:
        self.moderator(request)
        body = await request.json()
        abuse = self.abuses[int(request.path_params["number"])]
        abuse |= {"state": {"id": body["state"]}, "moderationComment": body["moderationComment"]}
        return Response(status_code=204)

    async def block(self, request: Request) -> Response:
        self.moderator(request)
        video = self.videos[int(request.path_params["id"])]
        video["blacklisted"] = self.blocks
        entry = {"id": 1, "video": {"id": video["id"], "name": video["name"]}}
        at = "2026-11-30T02:00:00.000Z"
        self.notices.append({"owner": video["owner"], "type": 4, "videoBlacklist": entry, "createdAt": at})
        return Response(status_code=204)

    async def notifications(self, request: Request) -> Response:
        me, start = self.me(request), int(request.query_params["start"])
        found = [notice for notice in self.notices if notice["owner"] == me]
        return JSONResponse({"total": len(found), "data": found[start:]})

    async def about(self, request: Request) -> Response:
        texts = {"terms": "Terms.", "codeOfConduct": "Be lawful.", "moderationInformation": "We answer in 24 hours."}
        return JSONResponse({"instance": texts})


def app(moderator_password: str, blocks: bool = True) -> Starlette:
    tube = PeerTube(moderator_password, blocks)
    base = "/api/v1"
    routes = [
        ("GET", f"{base}/oauth-clients/local", tube.client),
        ("POST", f"{base}/users/register", tube.register),
        ("POST", f"{base}/users/token", tube.token),
        ("POST", f"{base}/users/revoke-token", tube.revoke),
        ("GET", f"{base}/users/me", tube.whoami),
        ("DELETE", f"{base}/users/me", tube.leave),
        ("GET", f"{base}/users/me/abuses", tube.my_abuses),
        ("GET", f"{base}/users/me/notifications", tube.notifications),
        ("POST", f"{base}/videos/upload", tube.upload),
        ("GET", f"{base}/videos/{{id:int}}", tube.show),
        ("PUT", f"{base}/videos/{{id:int}}", tube.change),
        ("DELETE", f"{base}/videos/{{id:int}}", tube.remove),
        ("POST", f"{base}/videos/{{id:int}}/blacklist", tube.block),
        ("GET", f"{base}/search/videos", tube.search),
        ("POST", f"{base}/abuses", tube.report),
        ("GET", f"{base}/abuses", tube.all_abuses),
        ("PUT", f"{base}/abuses/{{number:int}}", tube.decide),
        ("GET", f"{base}/config/about", tube.about),
        ("GET", "/static/web-videos/{name}", tube.file),
    ]

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return error.answer

    return Starlette(
        routes=[Route(path, handler, methods=[method]) for method, path, handler in routes],
        exception_handlers={Problem: refused},
    )
