"""The plaza of 渡凫 (Dunlin): works, reposts, their pages, and search."""

from __future__ import annotations

import html
import json
import secrets

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from . import dunlin_files as files
from .dunlin_accounts import Item, Refuse, answer
from .dunlin_pictures import Pictures
from .dunlin_words import FILING, FILING_LINK, UI_NOTICE, WORK_NOTICE


class Plaza(Pictures):
    """Works, and where they are shown."""

    def may_publish(self, user: Item) -> bool:
        return user["verified"] or (self.on("pending_counts_as_verified") and user["submitted"])

    async def publish(self, request: Request) -> Response:
        user, data = self.user(request), await self.body(request)
        if not self.may_publish(user):
            raise Refuse(403, "realNameRequired", "发布前请先完成实名认证")
        content = self.contents.get(str(data.get("contentId") or ""))
        if not content or content["owner"] != user["id"]:
            raise Refuse(404, "notFound", "内容不存在")
        if content["id"] in self.blocked and not self.on("removed_can_be_republished"):
            raise Refuse(403, "contentBlocked", "该内容已被移除，不能再次发布")
        if self.withdrawn(content):
            raise Refuse(403, "consentWithdrawn", "被编辑者已撤回同意，不能发布")
        title = str(data.get("title") or "")[:500]
        self.review(user, title, title=True)
        key = "w-" + secrets.token_hex(8)
        self.works[key] = {
            "id": key,
            "owner": user["id"],
            "content": content["id"],
            "title": title,
            "state": "visible",
            "source": None,
            "at": self.now(),
            "reports": [],
            "refuted": False,
        }
        return answer(201, workId=key, notice=UI_NOTICE)

    async def unpublish(self, request: Request) -> Response:
        user = self.user(request)
        work = self.works.get(request.path_params["wid"])
        if not work or work["owner"] != user["id"]:
            raise Refuse(404, "notFound", "作品不存在")
        for other in self.works.values():
            if other is work or self.root(other) is work:
                other["state"] = "deleted"
        return answer(deleted=True)

    async def repost(self, request: Request) -> Response:
        user = self.user(request)
        if not self.may_publish(user) and not self.on("repost_by_unverified"):
            raise Refuse(403, "realNameRequired", "转发前请先完成实名认证")
        work = self.works.get(request.path_params["wid"])
        if not work or not (self.visible(work) or self.on("removed_works_reposted")):
            raise self.gone()
        key = "w-" + secrets.token_hex(8)
        self.works[key] = {
            **work,
            "id": key,
            "owner": user["id"],
            "state": "visible",
            "source": self.root(work)["id"],
            "at": self.now(),
            "reports": [],
        }
        return answer(201, workId=key)

    def root(self, work: Item) -> Item:
        return self.works.get(work["source"], work) if work["source"] else work

    def visible(self, work: Item, surface: str = "page") -> bool:
        if work["state"] == "deleted":
            return False
        root = self.root(work)
        if root["state"] == "deleted" and not self.on("deleted_account_stays_in_plaza"):
            return False
        content = self.contents.get(work["content"])
        if content is None:
            return False
        if self.withdrawn(content) and not (self.on("withdrawal_keeps_thumbnails") and surface == "thumb"):
            return False
        if work["state"] == "removed":
            return (surface == "embed" and self.on("removal_misses_embed")) or (
                surface in ("full", "thumb") and self.on("removal_misses_files")
            )
        if work["source"] and root["state"] == "removed":
            later = work["at"] > root.get("removed_at", work["at"])
            return self.on("removal_misses_reposts") or (later and self.on("removed_works_reposted"))
        return True

    def work_text(self, content: Item) -> str:
        return self.labelled_text({**content, "labelled": True})

    def notices(self, work: Item) -> list[str]:
        notes = [WORK_NOTICE]
        content = self.contents[work["content"]]
        if self.on("restored_without_label") and content.get("restored"):
            notes = []
        if self.root(work)["refuted"]:
            notes.insert(0, "辟谣：经核查，该内容为不实信息，请勿传播。")
        return notes

    async def page(self, request: Request) -> Response:
        return self.work_page(request.path_params["wid"], "page")

    async def embed(self, request: Request) -> Response:
        return self.work_page(request.path_params["wid"], "embed")

    def work_page(self, wid: str, surface: str) -> Response:
        work = self.works.get(wid)
        if not work or not self.visible(work, surface):
            status = 404 if "gone_as_404" in self.variants or not work else 410
            return HTMLResponse(
                "<!DOCTYPE html><html><body><p class='missing'>内容不存在或者已被移除</p></body></html>", status
            )
        content = self.contents[work["content"]]
        author = self.users.get(work["owner"], {"nickname": "已注销用户", "phone": ""})
        notes = "".join(f'<p class="notice">{html.escape(n)}</p>' for n in self.notices(work))
        meta = ""
        if content["kind"] == "text":
            line = json.dumps(self.fields(content))
            meta = f'<meta name="AIGC" content="{html.escape(line)}">'
            text = self.work_text(content)
            if self.on("restored_without_label") and content.get("restored"):
                text = content["body"]
            main = f'<div class="body" style="white-space:pre-wrap">{html.escape(text)}</div>'
        else:
            main = f'<img class="work" alt="作品" src="/media/{wid}/full">'
        by, title = html.escape(author["nickname"]), html.escape(work["title"])
        if surface == "embed" and self.on("embed_shows_phone"):
            by += f"<span data-uid hidden>{author['phone']}</span>"
        return HTMLResponse(
            f'<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8">{meta}'
            f"<title>{title} - 渡凫</title></head>"
            f'<body><article data-id="{wid}"><h1>{title}</h1>{notes}{main}'
            f"<footer>作者：{by}</footer></article>"
            + (
                ""
                if surface == "embed"
                else f'<a href="/help/complaints">举报</a><p>{FILING} <a href="{FILING_LINK}">备案公示</a></p>'
            )
            + "</body></html>"
        )

    async def media(self, request: Request) -> Response:
        work, size = self.works.get(request.path_params["wid"]), request.path_params["size"]
        if size not in ("full", "thumb") or not work or not self.visible(work, size):
            raise self.gone()
        content = self.contents[work["content"]]
        if content["kind"] != "image":
            raise self.gone()
        data = self.render(content, "thumb" if size == "thumb" else "public", labelled=True, public=True)
        return Response(data, media_type=files.MEDIA[content["ext"]], headers={"cache-control": "no-store"})

    def item(self, work: Item) -> Item:
        content = self.contents[work["content"]]
        author = self.users.get(work["owner"], {"nickname": "已注销用户"})
        data = {
            "workId": work["id"],
            "title": work["title"],
            "author": author["nickname"],
            "notices": self.notices(work),
        }
        if content["kind"] == "text":
            data["text"] = (
                content["body"]
                if self.on("restored_without_label") and content.get("restored")
                else self.work_text(content)
            )
        else:
            data["imageUrl"] = f"/media/{work['id']}/thumb"
        return data

    async def plaza(self, request: Request) -> Response:
        works = sorted(
            (w for w in self.works.values() if self.visible(w, "plaza")), key=lambda w: w["at"], reverse=True
        )
        return self.listing(request, works)

    async def search(self, request: Request) -> Response:
        query = request.query_params.get("q", "").strip().lower()
        works = [w for w in self.works.values() if query and query in w["title"].lower() and self.visible(w, "search")]
        return self.listing(request, sorted(works, key=lambda w: w["at"], reverse=True))

    def listing(self, request: Request, works: list[Item]) -> Response:
        try:
            start = int(request.query_params.get("cursor") or 0)
        except ValueError:
            start = 0
        return answer(
            items=[self.item(w) for w in works[start : start + 50]],
            nextCursor=str(start + 50) if len(works) > start + 50 else None,
        )
