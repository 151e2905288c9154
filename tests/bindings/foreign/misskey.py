"""Misskey as its endpoints describe themselves: everything is a POST with JSON, and lists continue by an id."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CODES = {"NO_SUCH_NOTE": 400, "CREDENTIAL_REQUIRED": 401, "AUTHENTICATION_FAILED": 401, "ROLE_PERMISSION_DENIED": 403}


class Denied(Exception):
    """An error in the shape of the interface."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.response = JSONResponse(
            {"error": {"message": code.lower(), "code": code, "id": "0"}}, CODES.get(code, status)
        )


class Misskey:
    def __init__(self, moderator_token: str) -> None:
        self.users: dict[str, dict[str, Any]] = {"u0": {"id": "u0", "username": "moderator", "token": moderator_token}}
        self.files: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.reports: dict[str, dict[str, Any]] = {}
        self.logs: list[dict[str, Any]] = []
        self.made = 0

    def number(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.made:08d}"

    def me(self, request: Request, *, moderator: bool = False) -> dict[str, Any]:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            raise Denied("CREDENTIAL_REQUIRED")
        found = next((each for each in self.users.values() if each["token"] == token), None)
        if found is None:
            raise Denied("AUTHENTICATION_FAILED")
        if moderator and found["id"] != "u0":
            raise Denied("ROLE_PERMISSION_DENIED")
        return found

    async def signup(self, request: Request, body: Any) -> Any:
        if any(each["username"] == body["username"] for each in self.users.values()):
            raise Denied("DUPLICATED_USERNAME")
        number = self.number("u")
        user = {"id": number, "username": body["username"], "password": body["password"], "token": f"token-{number}"}
        self.users[number] = user
        return {"id": number, "username": user["username"], "token": user["token"]}

    async def signin(self, request: Request, body: Any) -> Any:
        for user in self.users.values():
            if user["username"] == body["username"] and user.get("password") == body["password"]:
                return {"finished": True, "id": user["id"], "i": user["token"]}
        raise Denied("INCORRECT_PASSWORD", 403)

    async def regenerate(self, request: Request, body: Any) -> Any:
        me = self.me(request)
        if me["password"] != body["password"]:
            raise Denied("INCORRECT_PASSWORD")
        me["token"] = f"token-{self.number('t')}"

    async def delete_account(self, request: Request, body: Any) -> Any:
        me = self.me(request)
        if me["password"] != body["password"]:
            raise Denied("INCORRECT_PASSWORD")
        del self.users[me["id"]]

    async def create_file(self, request: Request, body: Any) -> Any:
        me, number = self.me(request), self.number("f")
        head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
        message = message_from_bytes(head + await request.body())
        parts = {each.get_param("name", header="content-disposition"): each for each in message.get_payload()}
        kind, content = parts["file"].get_content_type(), parts["file"].get_payload(decode=True)
        data = {"id": number, "type": kind, "url": f"{request.base_url}files/{number}", "comment": None}
        self.files[number] = {**data, "bytes": content, "userId": me["id"]}
        return data

    async def create_note(self, request: Request, body: Any) -> Any:
        me = self.me(request)
        renoted = body.get("renoteId")
        if renoted and renoted not in self.notes:
            raise Denied("NO_SUCH_RENOTE_TARGET")
        if not (renoted or body.get("text") or body.get("fileIds")):
            raise Denied("INVALID_PARAM")
        files = [
            {key: value for key, value in self.files[each].items() if key != "bytes"}
            for each in body.get("fileIds", [])
        ]
        number = self.number("n")
        renote = self.notes.get(renoted or "")
        self.notes[number] = {
            "id": number, "userId": me["id"], "text": body.get("text"), "files": files, "renote": renote
        }  # fmt: skip
        return {"createdNote": self.notes[number]}

    async def delete_note(self, request: Request, body: Any) -> Any:
        me, note = self.me(request), self.note(body)
        if note["userId"] != me["id"] and me["id"] != "u0":
            raise Denied("ACCESS_DENIED", 403)
        if me["id"] == "u0":
            self.logs.append({
                "id": self.number("l"), "createdAt": "2026-11-30T08:00:00.000Z", "type": "deleteNote",
                "info": {"noteId": note["id"], "note": note},
            })  # fmt: skip
        del self.notes[note["id"]]

    def note(self, body: Any) -> dict[str, Any]:
        if body["noteId"] not in self.notes:
            raise Denied("NO_SUCH_NOTE")
        return self.notes[body["noteId"]]

    async def show(self, request: Request, body: Any) -> Any:
        return self.note(body)

    async def timeline(self, request: Request, body: Any) -> Any:
        return self.page(list(self.notes.values()), body)

    async def search(self, request: Request, body: Any) -> Any:
        return self.page([each for each in self.notes.values() if body["query"] in (each["text"] or "")], body)

    @staticmethod
    def page(items: list[dict[str, Any]], body: Any) -> list[dict[str, Any]]:
        if "untilId" in body and not isinstance(body["untilId"], str):
            raise Denied("INVALID_PARAM")
        older = [each for each in reversed(items) if each["id"][1:] < body.get("untilId", "z~")[1:]]
        return older[: body.get("limit", 10)]

    async def report(self, request: Request, body: Any) -> Any:
        me = self.me(request)
        if body["userId"] not in self.users:
            raise Denied("NO_SUCH_USER")
        number = self.number("r")
        self.reports[number] = {
            "id": number, "comment": body["comment"], "resolved": False, "reporterId": me["id"],
            "targetUserId": body["userId"], "resolvedAs": None,
        }  # fmt: skip

    async def list_reports(self, request: Request, body: Any) -> Any:
        self.me(request, moderator=True)
        wanted = {"resolved": True, "unresolved": False}.get(body.get("state"))
        return self.page([each for each in self.reports.values() if wanted in (None, each["resolved"])], body)

    async def resolve(self, request: Request, body: Any) -> Any:
        self.me(request, moderator=True)
        if body["reportId"] not in self.reports:
            raise Denied("NO_SUCH_ABUSE_REPORT", 404)
        self.reports[body["reportId"]] |= {"resolved": True, "resolvedAs": body["resolvedAs"]}

    async def moderation_logs(self, request: Request, body: Any) -> Any:
        self.me(request, moderator=True)
        return self.page([each for each in self.logs if each["type"] == body["type"]], body)

    async def meta(self, request: Request, body: Any) -> Any:
        return {
            "serverRules": ["No unlawful content.", "Label what AI has made."],
            "tosUrl": "https://example.org/terms",
        }

    async def file(self, request: Request) -> Response:
        found = self.files[request.path_params["number"]]
        return Response(found["bytes"], media_type=found["type"])


def app(moderator_token: str) -> Starlette:
    service = Misskey(moderator_token)
    endpoints = {
        "signup": service.signup, "signin-flow": service.signin, "i/regenerate-token": service.regenerate,
        "i/delete-account": service.delete_account, "drive/files/create": service.create_file,
        "notes/create": service.create_note, "notes/delete": service.delete_note, "notes/show": service.show,
        "notes/local-timeline": service.timeline, "notes/search": service.search, "users/report-abuse": service.report,
        "admin/abuse-user-reports": service.list_reports, "admin/resolve-abuse-user-report": service.resolve,
        "admin/show-moderation-logs": service.moderation_logs, "meta": service.meta,
    }  # fmt: skip

    async def call(request: Request) -> Response:
        json = request.headers["content-type"].startswith("application/json")
        try:
            data = await endpoints[request.path_params["name"]](request, await request.json() if json else {})
        except Denied as denied:
            return denied.response
        return Response(status_code=204) if data is None else JSONResponse(data)

    return Starlette(routes=[Route("/api/{name:path}", call, methods=["POST"]), Route("/files/{number}", service.file)])
