"""Discourse as its OpenAPI document (August 2026, MIT) describes it: the operations that shenhe has a word for."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .peertube import form_of


def no(error: str, kind: str, status: int) -> Response:
    return JSONResponse({"errors": [error], "error_type": kind}, status)


class Discourse:
    def __init__(self, key: str) -> None:
        self.key = key
        self.users: dict[str, int] = {"system": -1}
        self.files: list[bytes] = []
        self.posts: dict[int, dict[str, Any]] = {}
        self.flags: set[tuple[int, str, int]] = set()

    def me(self, request: Request) -> str | None:
        name = request.headers.get("api-username")
        return name if request.headers.get("api-key") == self.key and name in self.users else None

    async def create_user(self, request: Request) -> Response:
        body = await request.json()
        if self.me(request) != "system":
            return no("You are not permitted to view the requested resource.", "invalid_access", 403)
        if body["username"] in self.users:
            return JSONResponse({"success": False, "message": "Username must be unique"})
        self.users[body["username"]] = len(self.users)
        number = self.users[body["username"]]
        return JSONResponse({"success": True, "active": body["active"], "message": "Active", "user_id": number})

    async def anonymize(self, request: Request) -> Response:
        if self.me(request) != "system":
            return no("You are not permitted to view the requested resource.", "invalid_access", 403)
        name = next(name for name, number in self.users.items() if number == int(request.path_params["id"]))
        self.users[f"anon{self.users.pop(name)}"] = -2
        return JSONResponse({"success": "OK", "username": f"anon{request.path_params['id']}"})

    async def upload(self, request: Request) -> Response:
        if self.me(request) is None:
            return no("You need to be logged in to do that.", "not_logged_in", 403)
        form = await form_of(request)
        if form["upload_type"] != b"composer" or form["synchronous"] != b"true":
            return no("Wrong parameters", "invalid_parameters", 422)
        self.files.append(form["file"])
        number = len(self.files)
        address = f"http://in-process/uploads/{number}.png"
        return JSONResponse({"id": number, "url": address, "short_url": f"upload://{number}.png", "extension": "png"})

    async def file(self, request: Request) -> Response:
        return Response(self.files[int(request.path_params["number"]) - 1], media_type="image/png")

    async def create_post(self, request: Request) -> Response:
        name = self.me(request)
        if name is None:
            return no("You need to be logged in to do that.", "not_logged_in", 403)
        body = await request.json()
        if not body.get("title") or not body.get("raw"):
            return no("Body is too short", "invalid_parameters", 422)
        number = len(self.posts) + 1
        raw = body["raw"]
        cooked = raw.replace("![picture](upload://", '<img src="http://in-process/uploads/').replace(".png)", '.png">')
        self.posts[number] = {
            "id": number, "raw": raw, "cooked": f"<p>{cooked}</p>", "username": name, "topic_id": number, "hidden": False,
        }  # fmt: skip
        return JSONResponse(self.posts[number])

    async def get_post(self, request: Request) -> Response:
        post = self.posts.get(int(request.path_params["id"]))
        if post is None:
            return no("The requested URL or resource could not be found.", "not_found", 404)
        return JSONResponse(post)

    async def delete_post(self, request: Request) -> Response:
        number = int(request.path_params["id"])
        if number not in self.posts or self.posts[number]["username"] != self.me(request):
            return no("You are not permitted to view the requested resource.", "invalid_access", 403)
        del self.posts[number]
        return Response(status_code=200)

    async def list_posts(self, request: Request) -> Response:
        return JSONResponse({"latest_posts": list(self.posts.values())[::-1][:50]})

    async def search(self, request: Request) -> Response:
        page, term = int(request.query_params["page"]), request.query_params["q"]
        found = [each for each in self.posts.values() if term in each["raw"]]
        more = True if len(found) > page * 50 else None
        answer = {
            "posts": found[(page - 1) * 50 : page * 50],
            "grouped_search_result": {"more_full_page_results": more},
        }
        return JSONResponse(answer)

    async def act(self, request: Request) -> Response:
        name, body = self.me(request), await request.json()
        if name is None:
            return no("You need to be logged in to do that.", "not_logged_in", 403)
        flag = (body["id"], name, body["post_action_type_id"])
        if flag in self.flags or flag[2] not in {4, 8}:
            return no("You already flagged this.", "invalid_access", 403)
        self.flags.add(flag)
        return JSONResponse(self.posts[body["id"]])


def app(key: str) -> Starlette:
    forum = Discourse(key)
    routes = [
        ("POST", "/users.json", forum.create_user),
        ("PUT", "/admin/users/{id}/anonymize.json", forum.anonymize),
        ("POST", "/uploads.json", forum.upload),
        ("GET", "/uploads/{number}.png", forum.file),
        ("POST", "/posts.json", forum.create_post),
        ("GET", "/posts.json", forum.list_posts),
        ("GET", "/posts/{id}.json", forum.get_post),
        ("DELETE", "/posts/{id}.json", forum.delete_post),
        ("GET", "/search.json", forum.search),
        ("POST", "/post_actions.json", forum.act),
    ]
    return Starlette(routes=[Route(path, handler, methods=[method]) for method, path, handler in routes])
