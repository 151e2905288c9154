"""The interface of :class:`~tests.strangers.dunlin.Dunlin`: JSON, forms, pages, and events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .dunlin import Dunlin
from .dunlin_accounts import Refuse

Handler = Callable[[Request], Awaitable[Response]]


def desk(service: Dunlin) -> Starlette:
    def safe(handler: Handler) -> Handler:
        async def run(request: Request) -> Response:
            try:
                return await handler(request)
            except Refuse as stop:
                return JSONResponse(
                    {"success": False, "error": {"code": stop.code, "message": stop.message, **stop.more}},
                    status_code=stop.status,
                )

        return run

    def route(path: str, handler: Handler, method: str = "GET") -> Route:
        return Route(path, safe(handler), methods=[method])

    return Starlette(
        routes=[
            route("/", service.home),
            route("/help/{topic}", service.help),
            route("/login", service.login, "POST"),
            route("/register", service.register, "POST"),
            route("/logout", service.logout, "POST"),
            route("/api/sms", service.sms, "POST"),
            route("/api/me/identity", service.identity, "POST"),
            route("/api/me", service.delete_me, "DELETE"),
            route("/api/me/export", service.export_me),
            route("/api/me/standing", service.standing),
            route("/api/chat/completions", service.completions, "POST"),
            route("/api/chat/messages/{cid}", service.message),
            route("/api/pictures", service.make_pictures, "POST"),
            route("/api/pictures/tasks/{tid}", service.picture_task),
            route("/api/pictures/edits", service.edit_picture, "POST"),
            route("/api/contents/{cid}/{rendition}", service.content_file),
            route("/api/consents", service.grant, "POST"),
            route("/api/consents/{key}", service.revoke, "DELETE"),
            route("/api/works", service.publish, "POST"),
            route("/api/works/{wid}", service.unpublish, "DELETE"),
            route("/api/works/{wid}/reposts", service.repost, "POST"),
            route("/works/{wid}", service.page),
            route("/embed/{wid}", service.embed),
            route("/media/{wid}/{size}", service.media),
            route("/api/plaza", service.plaza),
            route("/api/plaza/search", service.search),
            route("/api/reports", service.report, "POST"),
            route("/api/appeals", service.appeal, "POST"),
            route("/api/tickets/{tid}", service.ticket),
            route("/api/refutations", service.refutation_list),
            route("/api/records", service.records),
            route("/api/companion/messages", service.companion, "POST"),
            route("/api/companion/history", service.history),
            route("/api/companion/chats/{key}/leave", service.leave, "POST"),
            route("/api/companion/chats/{key}", service.delete_chat, "DELETE"),
            route("/api/test/clock", service.clock, "POST"),
            route("/api/test/reset", service.reset, "POST"),
        ]
    )
