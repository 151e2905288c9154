"""Where Lantern shows what people published: pages, lists, a feed, and the files."""

from __future__ import annotations

import html
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from . import lantern_files as files
from .lantern import Lantern
from .lantern_http import Adding, Said, hal, need
from .lantern_studio import Item, Problem, iso, rfc1123


def gallery(lantern: Lantern, route: Adding) -> None:
    def listed(request: Request, words: str | None = None) -> tuple[list[Item], str | None]:
        now = [lantern.posts[each] for each in lantern.order if lantern.posts[each].state == "live"]
        if words is not None:
            now = [p for p in now if words.lower() in p.title.lower()] if words.strip() else []
        if request.query_params.get("creator"):
            now = [p for p in now if p.handle == request.query_params["creator"]]
        size, after = 3 if "small-pages" in lantern.variants else 20, request.query_params.get("after")
        if after:
            rank = lantern.order.index(after) if after in lantern.order else len(lantern.order)
            now = [p for p in now if lantern.order.index(p.id) > rank]
        page, more = now[:size], len(now) > size
        return page, (page[-1].id if more else None)

    def linked(request: Request, body: Said, cursor: str | None) -> Response:
        headers = {}
        if cursor:
            keep = {k: v for k, v in request.query_params.items() if k != "after"}
            headers["Link"] = f'<{request.url.path}?{urlencode({**keep, "after": cursor})}>; rel="next"'
        return JSONResponse(body, 200, headers, media_type="application/hal+json")

    @route("/gallery", "GET")
    def wall(request: Request, said: Said) -> Said | Response:
        page, cursor = listed(request)
        return linked(request, {"_embedded": {"publications": [lantern.hal(p) for p in page]}}, cursor)

    @route("/gallery/search", "GET")
    def search(request: Request, said: Said) -> Said | Response:
        page, cursor = listed(request, request.query_params.get("q", ""))
        return linked(
            request,
            {"_embedded": {"results": [{"id": p.id, "title": p.title, "notices": lantern.show(p)} for p in page]}},
            cursor,
        )

    def gate(p: Item, repost: bool = False) -> None:
        if not p.verified and not (lantern.on("repost-unverified") and repost):
            raise Problem(403, "identity-required", "Confirm your identity before you publish.")

    @route("/gallery", "POST")
    def publish(request: Request, said: Said) -> Said | Response:
        p = lantern.who(request)
        need(said, "item", "title")
        item = lantern.works.get(said["item"]) or lantern.uploads.get(said["item"])
        if item is None or item.owner != p.id:
            raise Problem(404, "not-found", "There is no such work or upload of yours.")
        gate(p)
        lantern.review(p, str(said["title"]), "", "title")
        if any(q.item is item and q.state == "removed" for q in lantern.posts.values()):
            raise Problem(409, "removed-before", "This item was removed from the gallery; you can appeal.")
        q = lantern.post(p, item, str(said["title"]))
        return hal(lantern.hal(q), 201, Location=f"/gallery/{q.id}", ETag=f'"{q.rev}"')

    @route("/gallery/{id}/reposts", "POST")
    def repost(request: Request, said: Said) -> Said | Response:
        p, q = lantern.who(request), lantern.live(request.path_params["id"])
        gate(p, repost=True)
        r = lantern.post(p, q.item, q.title, parent=q)
        r.tier = q.tier
        return hal(lantern.hal(r), 201, Location=f"/gallery/{r.id}")

    @route("/gallery/{id}", "GET", "PATCH", "DELETE")
    def item(request: Request, said: Said) -> Said | Response:
        q = lantern.live(request.path_params["id"])
        if request.method == "GET":
            return hal(lantern.hal(q), ETag=f'"{q.rev}"', Last_Modified=rfc1123(q.at))
        p = lantern.who(request)
        if q.owner != p.id:
            raise Problem(403, "not-yours", "This is not your publication.")
        tag = request.headers.get("if-match")
        if tag is None:
            raise Problem(428, "if-match", "Send If-Match with the ETag of the publication.")
        if tag != f'"{q.rev}"':
            raise Problem(412, "changed", "The publication has changed.")
        if request.method == "DELETE":
            q.state = "withdrawn"
            return Response(status_code=204)
        lantern.review(p, str(said.get("title") or ""), "", "title")
        q.title, q.rev = str(said.get("title") or q.title), q.rev + 1
        return hal(lantern.hal(q), ETag=f'"{q.rev}"')

    @route("/gallery/{id}/refutations", "GET")
    def refutations(request: Request, said: Said) -> Said | Response:
        q = lantern.posts.get(request.path_params["id"])
        if q is None:
            raise Problem(404, "not-found", "There is no such publication.")
        return {"_embedded": {"refutations": [{"publication": q.id, "text": q.refuted}] if q.refuted else []}}

    @route("/media/{name}", "GET")
    def media(request: Request, said: Said) -> Said | Response:
        pid = request.path_params["name"].rsplit(".", 1)[0]
        q = lantern.posts.get(pid) if lantern.on("media-stays") else lantern.live(pid)
        if q is None:
            raise Problem(404, "not-found", "There is no such file.")
        return Response(
            q.data, media_type=q.mime, headers={"Cache-Control": "public, max-age=60", "ETag": f'"{q.number}"'}
        )

    @route("/p/{id}", "GET")
    def page(request: Request, said: Said) -> Said | Response:
        q = lantern.live(request.path_params["id"])
        e = html.escape
        notices = [] if lantern.on("page-notice-meta-only") else lantern.show(q)
        url = f"/media/{q.id}.{files.EXT[q.mime]}"
        body = (
            f'<img alt="" src="{url}" data-media="{url}">'
            if q.mime.startswith("image/")
            else f'<audio controls src="{url}" data-media="{url}"></audio>'
            if q.mime.startswith("audio/")
            else f'<article>{e(q.text or "")}</article><a data-media="{url}" href="{url}">Plain text</a>'
        )
        return HTMLResponse(f"""<!doctype html><html lang="en"><head><title>{e(q.title)} – Lantern</title><meta property="og:title" content="{e(q.title)}">
<meta property="og:type" content="article"><meta property="og:image" content="{url}"><meta property="og:description" content="{e(" ".join(lantern.show(q)))}">
</head><body><header><a href="/about/complaints">Report or complain</a></header><main><h1>{e(q.title)}</h1>
{"".join(f'<p class="ai-notice" role="note">{e(n)}</p>' for n in notices)}<p class="by">by <a href="/people/{e(q.handle)}">{e(q.handle)}</a></p>
{body}</main><footer>网信算备110108000000001240011号 · <a href="/about/filing">Filing</a></footer></body></html>""")

    @route("/feed.atom", "GET")
    def feed(request: Request, said: Said) -> Said | Response:
        newest = lantern.order[0] if lantern.order else ""
        if lantern.on("feed-cached") and lantern.feed_cache.get(request.url.query, ("", ""))[0] == newest != "":
            return Response(lantern.feed_cache[request.url.query][1], media_type="application/atom+xml")
        page, cursor = listed(request)
        e = html.escape
        entries = ""
        for q in page:
            note = "" if lantern.on("feed-no-notice") else " ".join(lantern.show(q))
            mail = (
                lantern.people[q.owner].email if lantern.on("feed-author-email") and q.owner in lantern.people else ""
            )
            entries += (
                f'<entry><id>tag:lantern.example,2026:{q.id}</id><category scheme="https://lantern.example/item" term="{q.id}"/><title>{e(q.title)}</title>'
                f"<author><name>{e(q.handle)}</name>{f'<email>{e(mail)}</email>' if mail else ''}</author><updated>{iso(q.at)}</updated><rights>{e(note)}</rights>"
                f'<link rel="alternate" href="/p/{q.id}"/><link rel="enclosure" type="{q.mime}" href="/media/{q.id}.{files.EXT[q.mime]}"/></entry>'
            )
        more = f'<link rel="next" href="/feed.atom?after={cursor}"/>' if cursor else ""
        out = (
            f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>tag:lantern.example,2026:feed</id><title>Lantern gallery</title>'
            f'<updated>{iso(lantern.now())}</updated><link rel="self" href="/feed.atom"/>{more}{entries}</feed>'
        )
        lantern.feed_cache[request.url.query] = (newest, out)
        return Response(out, media_type="application/atom+xml")
