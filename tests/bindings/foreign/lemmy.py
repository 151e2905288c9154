"""Lemmy as its OpenAPI document (0.19.11, AGPL) describes it: the operations that shenhe has a word for."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class No(Exception):
    """``{"error": …}`` with a status."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.answer = JSONResponse({"error": error}, status)


class Lemmy:
    def __init__(self, moderator_password: str) -> None:
        self.users = {"moderator": moderator_password}
        self.sessions: dict[str, str] = {}
        self.posts: dict[int, dict[str, Any]] = {}
        self.reports: dict[int, dict[str, Any]] = {}
        self.removals: list[dict[str, Any]] = []

    def me(self, request: Request) -> str:
        user = self.sessions.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if user is None or user not in self.users:
            raise No("incorrect_login", 401)
        return user

    def session(self, user: str) -> dict[str, Any]:
        token = f"jwt-{len(self.sessions):08d}"
        self.sessions[token] = user
        return {"jwt": token, "registration_created": False, "verify_email_sent": False}

    def view(self, post: dict[str, Any]) -> dict[str, Any]:
        shown = {key: value for key, value in post.items() if key != "owner"}
        return {"post": shown, "community": {"id": 3, "name": "main"}, "creator": {"name": post["owner"]}}

    async def register(self, request: Request) -> Response:
        body = await request.json()
        if body["password"] != body["password_verify"]:
            raise No("passwords_do_not_match")
        if body["username"] in self.users:
            raise No("user_already_exists")
        self.users[body["username"]] = body["password"]
        return JSONResponse(self.session(body["username"]))

    async def login(self, request: Request) -> Response:
        body = await request.json()
        if self.users.get(body["username_or_email"]) != body["password"]:
            raise No("incorrect_login")
        return JSONResponse(self.session(body["username_or_email"]))

    async def logout(self, request: Request) -> Response:
        self.me(request)
        del self.sessions[request.headers["authorization"].removeprefix("Bearer ")]
        return JSONResponse({"success": True})

    async def delete_account(self, request: Request) -> Response:
        user, body = self.me(request), await request.json()
        if self.users[user] != body["password"] or not isinstance(body["delete_content"], bool):
            raise No("incorrect_login")
        del self.users[user]
        return JSONResponse({"success": True})

    async def community(self, request: Request) -> Response:
        if request.query_params["name"] != "main":
            raise No("couldnt_find_community", 404)
        return JSONResponse({"community_view": {"community": {"id": 3, "name": "main"}}})

    async def post(self, request: Request) -> Response:
        owner, body = self.me(request), await request.json()
        if body["community_id"] != 3:
            raise No("couldnt_find_community", 404)
        number = len(self.posts) + 1
        self.posts[number] = {
            "id": number,
            "name": body["name"],
            "url": body.get("url"),
            "ap_id": f"http://in-process/post/{number}",
            "owner": owner,
            "removed": False,
            "deleted": False,
        }
        return JSONResponse({"post_view": self.view(self.posts[number])})

    async def get_post(self, request: Request) -> Response:
        post = self.posts.get(int(request.query_params["id"]))
        if post is None:
            raise No("couldnt_find_post", 404)
        # The document gives a removed post its flag, not another status.
        return JSONResponse({"post_view": self.view({**post, "url": None})})

    def visible(self) -> list[dict[str, Any]]:
        return [self.view(each) for each in self.posts.values() if not each["removed"] and not each["deleted"]]

    async def list_posts(self, request: Request) -> Response:
        return JSONResponse({"posts": self.visible()[::-1][: int(request.query_params["limit"])]})

    async def search(self, request: Request) -> Response:
        limit, page = int(request.query_params["limit"]), int(request.query_params["page"])
        found = [each for each in self.visible() if request.query_params["q"] in each["post"]["name"]]
        return JSONResponse({"type_": "Posts", "posts": found[(page - 1) * limit : page * limit]})

    async def delete_post(self, request: Request) -> Response:
        owner, body = self.me(request), await request.json()
        post = self.posts[body["post_id"]]
        if post["owner"] != owner:
            raise No("no_post_edit_allowed")
        post["deleted"] = body["deleted"]
        return JSONResponse({"post_view": self.view(post)})

    async def remove_post(self, request: Request) -> Response:
        if self.me(request) != "moderator":
            raise No("not_a_moderator")
        body = await request.json()
        post = self.posts[body["post_id"]]
        post["removed"] = body["removed"]
        entry = {"reason": body["reason"], "when_": "2026-11-30T02:00:00.000000Z"}
        self.removals.append({"mod_remove_post": entry, "post": {"id": post["id"]}, "community": {"id": 3}})
        return JSONResponse({"post_view": self.view(post)})

    async def report(self, request: Request) -> Response:
        self.me(request)
        body = await request.json()
        number = len(self.reports) + 1
        self.reports[number] = {"id": number, "post_id": body["post_id"], "reason": body["reason"], "resolved": False}
        return JSONResponse({"post_report_view": {"post_report": self.reports[number]}})

    async def list_reports(self, request: Request) -> Response:
        if self.me(request) != "moderator":
            raise No("not_a_moderator")
        found = [{"post_report": each} for each in self.reports.values() if not each["resolved"]]
        return JSONResponse({"post_reports": found})

    async def resolve(self, request: Request) -> Response:
        if self.me(request) != "moderator":
            raise No("not_a_moderator")
        body = await request.json()
        self.reports[body["report_id"]]["resolved"] = body["resolved"]
        return JSONResponse({"post_report_view": {"post_report": self.reports[body["report_id"]]}})

    async def modlog(self, request: Request) -> Response:
        limit, page = int(request.query_params["limit"]), int(request.query_params["page"])
        return JSONResponse({"removed_posts": self.removals[(page - 1) * limit : page * limit]})

    async def site(self, request: Request) -> Response:
        site = {"site": {"sidebar": "Be lawful."}, "local_site": {"legal_information": "Terms."}}
        return JSONResponse({"site_view": site})


def app(moderator_password: str) -> Starlette:
    lemmy = Lemmy(moderator_password)
    base = "/api/v3"
    routes = [
        ("POST", "/user/register", lemmy.register),
        ("POST", "/user/login", lemmy.login),
        ("POST", "/user/logout", lemmy.logout),
        ("POST", "/user/delete_account", lemmy.delete_account),
        ("GET", "/community", lemmy.community),
        ("POST", "/post", lemmy.post),
        ("GET", "/post", lemmy.get_post),
        ("GET", "/post/list", lemmy.list_posts),
        ("POST", "/post/delete", lemmy.delete_post),
        ("POST", "/post/remove", lemmy.remove_post),
        ("GET", "/search", lemmy.search),
        ("POST", "/post/report", lemmy.report),
        ("GET", "/post/report/list", lemmy.list_reports),
        ("PUT", "/post/report/resolve", lemmy.resolve),
        ("GET", "/modlog", lemmy.modlog),
        ("GET", "/site", lemmy.site),
    ]

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, No)
        return error.answer

    return Starlette(
        routes=[Route(base + path, handler, methods=[method]) for method, path, handler in routes],
        exception_handlers={No: refused},
    )
