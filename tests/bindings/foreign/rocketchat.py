"""Rocket.Chat as its OpenAPI documents (November 2026, MIT) describe it: the operations that shenhe has a word for."""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .peertube import form_of

ROOM = "GENERAL"


def no(error: str, kind: str = "", status: int = 400) -> Response:
    return JSONResponse({"success": False, "error": error, **({"errorType": kind} if kind else {})}, status)


class RocketChat:
    def __init__(self, reader: str, token: str) -> None:
        #: By id: user name and password. By token: the id.
        self.users: dict[str, tuple[str, str]] = {reader: ("reader", "")}
        self.sessions = {token: reader}
        self.files: dict[str, bytes] = {}
        self.waiting: set[str] = set()
        self.messages: dict[str, dict[str, Any]] = {}
        self.reports: list[tuple[str, str]] = []
        self.made = 0

    def new(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.made:014d}"

    def me(self, request: Request) -> str | None:
        user = self.sessions.get(request.headers.get("x-auth-token", ""))
        return user if user is not None and user == request.headers.get("x-user-id") and user in self.users else None

    async def register(self, request: Request) -> Response:
        body = await request.json()
        for name in ("username", "email", "pass", "name"):
            if not body.get(name):
                return no(f"must have required property '{name}' [invalid-params]", "invalid-params")
        if body["username"] in {name for name, _ in self.users.values()}:
            return no("Username is already in use")
        user = self.new("u")
        self.users[user] = (body["username"], body["pass"])
        return JSONResponse({"user": {"_id": user, "username": body["username"], "active": True}, "success": True})

    async def login(self, request: Request) -> Response:
        body = await request.json()
        user = next((key for key, each in self.users.items() if each == (body["user"], body["password"])), None)
        if user is None:
            return JSONResponse({"status": "error", "error": "Unauthorized", "message": "Unauthorized"}, 401)
        token = self.new("token-")
        self.sessions[token] = user
        return JSONResponse({"status": "success", "data": {"authToken": token, "userId": user}})

    async def logout(self, request: Request) -> Response:
        if self.me(request) is None:
            return self.unknown()
        del self.sessions[request.headers["x-auth-token"]]
        return JSONResponse({"status": "success", "data": {"message": "You've been logged out!"}})

    @staticmethod
    def unknown() -> Response:
        return JSONResponse({"status": "error", "message": "You must be logged in to do this."}, 401)

    async def delete_own(self, request: Request) -> Response:
        user = self.me(request)
        if user is None:
            return self.unknown()
        if (await request.json()).get("password") != hashlib.sha256(self.users[user][1].encode()).hexdigest():
            return no("Invalid password [error-invalid-password]", "error-invalid-password")
        del self.users[user]
        return JSONResponse({"success": True})

    async def media(self, request: Request) -> Response:
        if self.me(request) is None:
            return self.unknown()
        form = await form_of(request)
        if request.path_params["rid"] != ROOM or "file" not in form:
            return no("[invalid-field]", "invalid-field")
        file = self.new("f")
        self.files[file] = form["file"]
        self.waiting.add(file)
        return JSONResponse({"file": {"_id": file, "url": f"/file-upload/{file}/file.png"}, "success": True})

    async def download(self, request: Request) -> Response:
        data = self.files.get(request.path_params["file"])
        if self.me(request) is None or data is None:
            return Response(status_code=403)
        return Response(data, media_type="image/png")

    async def confirm(self, request: Request) -> Response:
        user, file = self.me(request), request.path_params["file"]
        if user is None:
            return self.unknown()
        if file not in self.waiting:
            return no("[invalid-file]", "invalid-file")
        self.waiting.discard(file)
        message = {
            "_id": self.new("m"), "rid": ROOM, "msg": (await request.json()).get("msg", ""),
            "u": {"_id": user, "username": self.users[user][0]}, "file": {"_id": file, "name": "file.png"},
            "attachments": [{"title": "file.png", "title_link": f"/file-upload/{file}/file.png", "description": ""}],
        }  # fmt: skip
        self.messages[message["_id"]] = message
        return JSONResponse({"message": message, "success": True})

    async def delete(self, request: Request) -> Response:
        user, body = self.me(request), await request.json()
        message = self.messages.get(body["msgId"])
        if user is None:
            return self.unknown()
        if message is None or message["rid"] != body["roomId"]:
            return no(f'No message found with the id of "{body["msgId"]}".')
        if message["u"]["_id"] != user:
            return no("Not allowed [error-action-not-allowed]", "error-action-not-allowed")
        del self.messages[body["msgId"]]
        return JSONResponse({"_id": body["msgId"], "success": True})

    async def get(self, request: Request) -> Response:
        message = self.messages.get(request.query_params["msgId"])
        if self.me(request) is None:
            return self.unknown()
        return JSONResponse({"message": message, "success": True}) if message else JSONResponse({"success": False}, 400)

    async def room(self, request: Request) -> Response:
        if self.me(request) is None:
            return self.unknown()
        newest = list(self.messages.values())[::-1][: int(request.query_params["count"])]
        return JSONResponse({"messages": newest, "count": len(newest), "offset": 0, "success": True})

    async def search(self, request: Request) -> Response:
        if self.me(request) is None:
            return self.unknown()
        query = request.query_params
        found = [each for each in self.messages.values() if query["searchText"] in each["msg"]]
        first = int(query["offset"])
        return JSONResponse({"messages": found[first : first + int(query["count"])], "success": True})

    async def report(self, request: Request) -> Response:
        user, body = self.me(request), await request.json()
        if user is None:
            return self.unknown()
        if not body.get("messageId") or not body.get("description"):
            return no("must have required property 'messageId' [invalid-params]", "invalid-params")
        self.reports.append((body["messageId"], user))
        return JSONResponse({"success": True})


def app(reader: str, token: str) -> Starlette:
    chat = RocketChat(reader, token)
    routes = [
        ("POST", "/api/v1/users.register", chat.register),
        ("POST", "/api/v1/login", chat.login),
        ("POST", "/api/v1/logout", chat.logout),
        ("POST", "/api/v1/users.deleteOwnAccount", chat.delete_own),
        ("POST", "/api/v1/rooms.media/{rid}", chat.media),
        ("POST", "/api/v1/rooms.mediaConfirm/{rid}/{file}", chat.confirm),
        ("GET", "/file-upload/{file}/file.png", chat.download),
        ("POST", "/api/v1/chat.delete", chat.delete),
        ("GET", "/api/v1/chat.getMessage", chat.get),
        ("GET", "/api/v1/channels.messages", chat.room),
        ("GET", "/api/v1/chat.search", chat.search),
        ("POST", "/api/v1/chat.reportMessage", chat.report),
    ]
    return Starlette(routes=[Route(path, handler, methods=[method]) for method, path, handler in routes])
