"""InvokeAI as its OpenAPI document (6, Apache-2.0) describes it: the operations that shenhe has a word for."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

#: The fields of a node that an edge of the graph has to fill.
NEEDS = {
    "main_model_loader": set(),
    "noise": set(),
    "compel": {"clip"},
    "denoise_latents": {"unet", "positive_conditioning", "negative_conditioning", "noise"},
    "l2i": {"latents", "vae"},
}
MODEL = {"key": "k1", "hash": "h1", "name": "sd", "base": "sd-1", "type": "main"}


def png(number: int) -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), (number % 256, 40, 90)).save(picture, "PNG")
    return picture.getvalue()


def no(detail: str, status: int) -> Response:
    return JSONResponse({"detail": detail}, status)


class InvokeAI:
    def __init__(self, admin_password: str) -> None:
        self.users = {"admin@example.org": {"user_id": "u0", "password": admin_password, "is_admin": True}}
        self.tokens: dict[str, str] = {}
        self.items: dict[int, dict[str, Any]] = {}
        self.asked: dict[int, int] = {}

    def me(self, request: Request) -> dict[str, Any] | None:
        email = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return self.users.get(email or "")

    async def login(self, request: Request) -> Response:
        body = await request.json()
        user = self.users.get(body["email"])
        if user is None or user["password"] != body["password"]:
            return no("Incorrect email or password", 401)
        token = f"token-{len(self.tokens):08d}"
        self.tokens[token] = body["email"]
        return JSONResponse({"token": token, "user": {"user_id": user["user_id"]}, "expires_in": 3600})

    async def logout(self, request: Request) -> Response:
        if self.me(request) is None:
            return no("Missing authentication credentials", 401)
        del self.tokens[request.headers["authorization"].removeprefix("Bearer ")]
        return JSONResponse({"success": True})

    async def create_user(self, request: Request) -> Response:
        me, body = self.me(request), await request.json()
        if me is None or not me["is_admin"]:
            return no("Admin privileges required", 403)
        if body["email"] in self.users:
            return no("Email already exists", 400)
        user = {"user_id": f"u{len(self.users)}", "password": body["password"], "is_admin": body["is_admin"]}
        self.users[body["email"]] = user
        return JSONResponse({"user_id": user["user_id"], "email": body["email"], "is_active": True}, 201)

    async def delete_user(self, request: Request) -> Response:
        me = self.me(request)
        if me is None or not me["is_admin"]:
            return no("Admin privileges required", 403)
        gone = [email for email, user in self.users.items() if user["user_id"] == request.path_params["user_id"]]
        if not gone:
            return no("User not found", 404)
        del self.users[gone[0]]
        return Response(status_code=204)

    async def models(self, request: Request) -> Response:
        found = [{**MODEL, "description": "made for the test"}] if request.query_params["model_type"] == "main" else []
        return JSONResponse({"models": found})

    async def enqueue(self, request: Request) -> Response:
        if self.me(request) is None:
            return no("Missing authentication credentials", 401)
        batch = (await request.json())["batch"]
        nodes, edges = batch["graph"]["nodes"], batch["graph"]["edges"]
        if batch["runs"] != 1 or any(name != node["id"] for name, node in nodes.items()):
            return no("Node ids and keys must match", 422)
        for node in nodes.values():
            given = {each["destination"]["field"] for each in edges if each["destination"]["node_id"] == node["id"]}
            if not NEEDS[node["type"]] <= given:
                return no(f"{node['type']} lacks inputs", 422)
        if nodes["model"]["model"] != MODEL:
            return no("Unknown model", 422)
        number = len(self.items) + 1
        self.items[number] = {"item_id": number, "session": {"results": {"x1": {"type": "noise_output"}, "x2": {
            "type": "image_output", "image": {"image_name": f"picture-{number}.png"}, "width": 512, "height": 512,
        }}}}  # fmt: skip
        return JSONResponse({"queue_id": "default", "enqueued": 1, "requested": 1, "item_ids": [number]}, 201)

    async def item(self, request: Request) -> Response:
        number = request.path_params["item_id"]
        self.asked[number] = self.asked.get(number, 0) + 1
        if self.asked[number] < 3:
            return JSONResponse({"item_id": number, "status": "in_progress", "session": {"results": {}}})
        return JSONResponse({**self.items[number], "status": "completed"})

    async def image(self, request: Request) -> Response:
        number = int(request.path_params["name"].removeprefix("picture-").removesuffix(".png"))
        if number not in self.items:
            return no("Image not found", 404)
        return Response(png(number), media_type="image/png")


def app(admin_password: str) -> Starlette:
    service = InvokeAI(admin_password)
    routes = [
        ("POST", "/api/v1/auth/login", service.login),
        ("POST", "/api/v1/auth/logout", service.logout),
        ("POST", "/api/v1/auth/users", service.create_user),
        ("DELETE", "/api/v1/auth/users/{user_id}", service.delete_user),
        ("GET", "/api/v2/models/", service.models),
        ("POST", "/api/v1/queue/default/enqueue_batch", service.enqueue),
        ("GET", "/api/v1/queue/default/i/{item_id:int}", service.item),
        ("GET", "/api/v1/images/i/{name}/full", service.image),
        ("GET", "/api/v1/images/i/{name}/thumbnail", service.image),
    ]
    return Starlette(routes=[Route(path, handler, methods=[method]) for method, path, handler in routes])
