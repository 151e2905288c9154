"""The square of 兰亭, where people publish: notices, lists, search, and the fields that files are passed on with."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

from PIL import Image

from . import lanting_files as files
from .lanting_accounts import Item, folded
from .lanting_studio import Studio

NOTICE = {
    "1": "本内容属于AI生成合成内容",
    "2": "本内容可能为AI生成合成内容（作者声明）",
    "3": "本内容疑似AI生成合成内容",
}


class Square(Studio):
    """What people publish."""

    # --- square
    def level(self, w: Item, data: bytes, mime: str) -> tuple[str | None, Any]:
        """'1' is, '2' may be, '3' suspected, None; and the field that the file has."""
        got, traces = files.read(data, mime)
        lab = str((got or {}).get("Label", ""))
        if not w["uploaded"]:
            return "1", got
        if self.on("declaration_hides_metadata") and w["declared"]:
            return "2", got
        found = [lab] if lab in ("1", "2", "3") else (["3"] if got else [])
        if self.on("jpeg_metadata_unread") and mime == "image/jpeg":
            found = []
        if w["declared"] and not (self.on("webp_declaration_lost") and mime == "image/webp"):
            found.append("2")
        if (traces or files.essence(data, mime) in self.prints) and not (
            self.on("traces_in_sound_ignored") and mime == "audio/wav"
        ):
            found.append("3")
        return (min(found) if found else None), got

    def carried(self, w: Item, post: Item) -> tuple[bytes, str]:
        data, mime = w["forms"]["original"]
        level, got = self.level(w, data, mime)
        post["level"] = level
        if level is None:
            return data, mime
        if self.on("declared_files_get_no_field") and level == "2" and not got:
            return data, mime
        f = dict(files.fields(files.CARRIER, post["id"], level))
        if got and all(isinstance(got.get(k, ""), str) for k in files.KEYS):
            f.update(
                {k: got[k] for k in ("ContentProducer", "ProduceID", "ReservedCode1", "ReservedCode2") if got.get(k)}
            )
        f["Label"] = level
        if self.on("platform_takes_over_producer") and got:
            f["ContentProducer"], f["ProduceID"], f["ReservedCode1"] = files.CARRIER, post["id"], ""
        if self.on("second_field_appended") and got and mime in ("image/png", "audio/wav"):
            return files.imprint(data, mime, f), mime
        try:
            return files.imprint(files.strip(data, mime), mime, f), mime
        except Exception:
            return data, mime

    def publish_work(self, ctx: Item, work_id: Any = None, title: Any = None) -> Item:
        u, w = self.user(ctx), self.works.get(work_id)
        if not u["real"]:
            self.no("REAL_NAME_REQUIRED", "请先完成实名认证，未认证用户不能发布内容")
        self.free(u, ctx)
        if not w or w["gone"] or w["owner"] != u["id"]:
            self.no("NOT_FOUND", "作品不存在")
        if not (title or "").strip() or len(title) > 300:
            self.no("BAD_INPUT", "标题须为1至300字")
        p = {
            "id": self.nid("p"),
            "author": u["id"],
            "work": work_id,
            "title": title,
            "status": "IN_REVIEW",
            "at": self.now(),
            "root": None,
            "due": self.now() + (2.0 if "slow_review" in self.variants else 0.15),
            "why": None,
            "refutations": [],
            "token": ctx["token"],
        }
        p["file"] = self.carried(w, p)
        self.posts[p["id"]] = p
        return {"post": self.post_view(p)}

    def repost(self, ctx: Item, post_id: Any = None) -> Item:
        u, o = self.user(ctx), self.posts.get(post_id)
        if not u["real"] and not self.on("repost_without_real_name"):
            self.no("REAL_NAME_REQUIRED", "请先完成实名认证，未认证用户不能转发内容")
        self.free(u, ctx)
        if not o or not self.alive(o):
            self.no("CONTENT_REMOVED", "内容不存在或已下架")
        p = {
            **o,
            "id": self.nid("p"),
            "author": u["id"],
            "at": self.now(),
            "root": o["root"] or o["id"],
            "via": o["id"],
            "refutations": [],
        }
        if self.on("reposts_lose_the_field") and p["file"][1].startswith("image/"):
            p["file"] = (files.encode(Image.open(io.BytesIO(p["file"][0])), p["file"][1]), p["file"][1])
        self.posts[p["id"]] = p
        return {"post": self.post_view(p)}

    def withdraw_post(self, ctx: Item, post_id: Any = None) -> Item:
        u, p = self.user(ctx), self.posts.get(post_id)
        if not p or p["author"] != u["id"]:
            self.no("NOT_FOUND", "作品不存在")
        p["status"] = "WITHDRAWN"
        return {"done": True}

    def alive(self, p: Item) -> bool:
        if (
            p["status"] == "TAKEN_DOWN"
            and self.on("removal_undone_next_day")
            and self.now() - p.get("takenAt", 0) > 86400
        ):
            return True
        return p["status"] == "PUBLISHED"

    def post_view(self, p: Item, place: str = "page") -> Item:
        author = self.users[p["author"]]
        notices = [NOTICE[p["level"]]] if p["level"] else []
        if self.on("square_without_notices") and place == "square":
            notices = []
        root = self.posts.get(p["root"]) or p
        for r in root["refutations"]:
            notices.append("辟谣：" + r["text"])
        nick = author["nickname"]
        if self.on("search_shows_phone") and place == "search":
            nick += f"（{author['phone']}）"
        c = self.consents.get(self.works[p["work"]]["consent"]) if p["work"] in self.works else None
        blocks = [{"kind": "HEADING", "text": p["title"]}, {"kind": "BYLINE", "text": nick}]
        if c and self.on("page_names_the_person") and place == "page":
            blocks.append({"kind": "CREDIT", "text": f"出镜：{c['name']}"})
        if p["file"][1] == "text/plain" and self.alive(p):
            blocks.append({"kind": "PARAGRAPH", "text": files.strip(p["file"][0], "text/plain").decode()})
        return {
            "id": p["id"],
            "title": p["title"],
            "status": p["status"],
            "rejectReason": p["why"],
            "author": {"id": author["id"], "nickname": nick},
            "blocks": blocks,
            "notices": [{"tone": "INFO", "text": n} for n in notices],
            "publishedAt": self.iso(p["at"]),
            "media": self.media_of(p),
        }

    def media_of(self, p: Item) -> Item | None:
        return {"mimeType": p["file"][1], **self.link(p["id"], "file")} if self.alive(p) else None

    def post(self, ctx: Item, key: Any = None) -> Item:
        u, p = self.maybe(ctx), self.posts.get(key)
        if p is None:
            self.no("NOT_FOUND", "内容不存在或已下架")
        if self.alive(p):
            return self.post_view(p)
        if u and p["author"] == u["id"]:
            return {**self.post_view(p), "media": None}
        if p["status"] == "TAKEN_DOWN" and "tombstones" in self.variants:
            return {
                "id": key,
                "title": "该内容已下架",
                "status": "TAKEN_DOWN",
                "rejectReason": None,
                "author": {"id": "", "nickname": ""},
                "blocks": [],
                "notices": [{"tone": "INFO", "text": "该内容因违规已下架"}],
                "publishedAt": None,
                "media": None,
            }
        return self.no("CONTENT_REMOVED", "内容不存在或已下架")

    def connection(self, items: list[Item], first: Any, after: Any, view: Callable[[Item], Item]) -> Item:
        start = 0
        if after:
            try:
                key = base64.b64decode(after).decode().split(":", 1)[1]
                start = next(i for i, x in enumerate(items) if x["id"] == key) + 1
            except (ValueError, StopIteration, IndexError):
                self.no("BAD_CURSOR", "游标无效")
        part = items[start : start + max(1, min(int(first or 20), 50))]
        cur = [base64.b64encode(f"cursor:{x['id']}".encode()).decode() for x in part]
        return {
            "edges": [{"cursor": c, "node": view(x)} for c, x in zip(cur, part, strict=True)],
            "totalCount": len(items),
            "pageInfo": {
                "hasNextPage": start + len(part) < len(items),
                "endCursor": cur[-1] if cur and start + len(part) < len(items) else None,
            },
        }

    def square(self, ctx: Item, first: Any = None, after: Any = None) -> Item:
        items = [p for p in reversed(self.posts.values()) if self.alive(p)]
        return self.connection(items, first, after, lambda p: self.post_view(p, "square"))

    def author_posts(self, ctx: Item, author_id: Any = None, first: Any = None, after: Any = None) -> Item:
        items = [p for p in reversed(self.posts.values()) if p["author"] == author_id and self.alive(p)]
        return self.connection(items, first, after, lambda p: self.post_view(p, "author"))

    def search_posts(self, ctx: Item, keyword: Any = None, first: Any = None, after: Any = None) -> Item:
        k = folded(keyword).lower()
        ok = [
            p
            for p in reversed(self.posts.values())
            if k
            and k in folded(p["title"]).lower()
            and (self.alive(p) or (self.on("search_index_stale") and p["status"] == "TAKEN_DOWN"))
        ]
        return self.connection(ok, first, after, lambda p: self.post_view(p, "search"))

    def refutations(self, ctx: Item, post_id: Any = None) -> list[Item]:
        p = self.posts.get(post_id)
        if not p:
            self.no("NOT_FOUND", "内容不存在")
        return (self.posts.get(p["root"]) or p)["refutations"]
