"""兰亭 (Lanting), a service for AI stories with pictures and voices that is no sample: reports, appeals and an inbox.

Its habits were written from the texts of the law and from how services behave, before the checks were looked at: rules
of China, the European Union and the United States. ``faults`` are the unlawful ones. :mod:`tests.strangers.lanting_desk`
puts GraphQL in front of it.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from . import lanting_files as files
from .lanting_accounts import Item, Refuse, folded
from .lanting_pages import page_blocks
from .lanting_talks import Talks

UNLAWFUL, RUMOUR, INTIMATE, MISTAKEN = "[违法测试]", "[谣言测试]", "[私密测试]", "[误删测试]"


class Lanting(Talks):
    """The whole service, with the desk that decides on reports and appeals."""

    def message(self, t: Item, stage: str, title: str, body: str, reasons: Any = None, to: Any = None) -> None:
        self.mail.append(
            {
                "id": self.nid("m"),
                "to": to or t["by"] or t["no"],
                "ticket": t["no"],
                "stage": stage,
                "title": title,
                "body": body,
                "reasons": reasons,
                "at": self.now(),
            }
        )

    def submit_report(self, ctx: Item, said: Any = None) -> Item:
        u, p = self.maybe(ctx), self.posts.get(said.get("postId"))
        if not p or not self.alive(p):
            self.no("NOT_FOUND", "被举报内容不存在")
        kind = said.get("kind")
        if kind not in ("ILLEGAL", "RUMOR", "INTIMATE"):
            self.no("BAD_INPUT", "举报类型无效")
        if kind == "INTIMATE" and not (said.get("signature") and said.get("goodFaith") is True and said.get("contact")):
            self.no("NOTICE_INCOMPLETE", "请补充签名、善意声明和联系方式")
        t = {
            "no": "JB" + secrets.token_hex(7).upper(),
            "type": "report",
            "by": u["id"] if u else None,
            "pass": None if u else secrets.token_hex(8),
            "post": p["root"] or p["id"],
            "kind": kind,
            "stage": "RECEIVED",
            "contact": said.get("contact"),
            "statement": said.get("statement") or "",
            "due": self.now() + (2.0 if "slow_review" in self.variants else 0.6),
            "at": self.now(),
        }
        again = t["post"] in self.reported_once
        self.reported_once.add(t["post"])
        if self.on("second_report_unanswered") and again:
            t["due"] = float("inf")
        if self.on("intimate_takes_three_days") and kind == "INTIMATE":
            t["due"] = self.now() + 71 * 3600
        self.tickets[t["no"]] = t
        receipt = f"您的举报已受理，编号{t['no']}，我们将在72小时内告知处理结果"
        if self.on("guests_get_no_receipt") and not u:
            receipt = ""
        self.message(t, "RECEIVED", "举报回执", receipt)
        self.record(
            "reported",
            t["post"],
            [self.posts[t["post"]]["author"]],
            "内容被举报" + (f"，举报人联系方式：{t['contact']}" if self.on("author_sees_reporter") else ""),
        )
        return {"ticket": {"no": t["no"], "pass": t["pass"], "receipt": receipt}}

    def inbox(
        self, ctx: Item, ticket_no: Any = None, guest_pass: Any = None, first: Any = None, after: Any = None
    ) -> Item:
        u = self.maybe(ctx)
        t = self.tickets.get(ticket_no) if ticket_no else None
        appealed = t and t["type"] == "appeal" and self.posts[t["post"]]["author"]
        if u and (not t or u["id"] in (t["by"], appealed)):
            mine = [m for m in self.mail if m["to"] == u["id"]]
        elif t and not t["by"] and guest_pass and guest_pass == t["pass"]:
            mine = [m for m in self.mail if m["to"] == t["no"]]
        elif t and self.on("inbox_by_number_alone") and u:
            mine = [m for m in self.mail if m["ticket"] == ticket_no]
        elif u is None and not t:
            self.no("UNAUTHENTICATED", "请先登录")
        else:
            self.no("NOT_FOUND", "没有找到该编号的消息")
        if ticket_no:
            mine = [m for m in mine if m["ticket"] == ticket_no]
            if not mine:
                self.no("NOT_FOUND", "没有找到该编号的消息")
        return self.connection(
            mine[::-1],
            first,
            after,
            lambda m: {
                "id": m["id"],
                "ticketNo": m["ticket"],
                "stage": m["stage"],
                "title": m["title"],
                "reasons": m["reasons"],
                "sentAt": self.iso(m["at"]),
                "blocks": [{"kind": "PARAGRAPH", "text": m["body"]}],
            },
        )

    def settle(self) -> None:
        """The queue: posts in review, reports and appeals whose time has come."""
        now = self.now()
        for p in self.posts.values():
            if p["status"] == "IN_REVIEW" and p["due"] <= now:
                u = self.users[p["author"]]
                try:
                    self.check_words(u, {"token": p["token"]}, p["title"], "title")
                    p["status"] = "PUBLISHED"
                except Refuse as refusal:
                    p["status"], p["why"] = "REJECTED", refusal.message
        for t in list(self.tickets.values()):
            if t["stage"] == "RECEIVED" and t["due"] <= now:
                self.decide(t)

    def decide(self, t: Item) -> None:
        p = self.posts[t["post"]]
        words = folded(p["title"] + self.works[p["work"]]["prompt"])
        if t["type"] == "appeal":
            wrong = folded(MISTAKEN) in words
            self.conclude(t, wrong, "经人工复核，原处理有误" if wrong else "经人工复核，原处理依据充分，予以维持")
            return
        marks = {"ILLEGAL": (UNLAWFUL, MISTAKEN), "RUMOR": (RUMOUR,), "INTIMATE": (INTIMATE,)}[t["kind"]]
        uphold = any(folded(each) in words for each in marks)
        if self.on("angry_words_remove") and re.search("违法|立即|unlawful|illegal", t["statement"]):
            uphold = True
        broken = "经核实，内容违反《兰亭社区公约》第三条及相关法律法规"
        self.conclude(t, uphold, broken if uphold else "经核实，未发现被举报内容违反法律法规和社区公约")

    def chain(self, post_id: str) -> list[Item]:
        return [p for p in self.posts.values() if p["id"] == post_id or p["root"] == post_id]

    def conclude(self, t: Item, uphold: bool, reasons: str) -> None:
        t["stage"] = "UPHELD" if uphold else "DECLINED"
        p = self.posts[t["post"]]
        author = p["author"]
        said = None if self.on("removals_without_reasons") and uphold else reasons
        if t["type"] == "appeal":
            if uphold:
                for q in self.chain(p["id"]):
                    if q["status"] == "TAKEN_DOWN":
                        q["status"] = "PUBLISHED"
            self.message(
                t,
                t["stage"],
                "申诉结果",
                ("申诉成立，内容已恢复。" if uphold else "申诉不成立，维持原处理。") + (said or ""),
                said,
            )
            return
        if uphold and t["kind"] == "RUMOR":
            first = not any(x["refutations"] for x in self.posts.values())
            if first or not self.on("only_first_rumour_refuted"):
                p["refutations"].append(
                    {
                        "id": self.nid("bf"),
                        "postId": p["id"],
                        "text": f"经核实，《{p['title'][:40]}》所述内容不实",
                        "at": self.iso(),
                    }
                )
            self.record("refuted", p["id"], [author, t["by"]], f"已辟谣 {p['id']}")
            if "rumours_also_removed" in self.variants:
                self.take_down(p, t)
        elif uphold:
            self.take_down(p, t)
        self.message(
            t,
            t["stage"],
            "举报处理结果",
            ("举报成立，已处理相关内容。" if uphold else "举报不成立，内容予以保留。")
            + (said or "")
            + "如有异议，可在结果告知后六个月内申诉，或者向主管部门投诉",
            said,
        )

    def take_down(self, p: Item, t: Item) -> None:
        targets = self.chain(p["id"]) if not self.on("reposts_survive_removal") else [p]
        if t["kind"] == "INTIMATE":
            prints = files.essence(*p["file"])
            self.blocked.add(prints)
            if not self.on("identical_copies_stay"):
                targets = targets + [
                    q for q in self.posts.values() if files.essence(*q["file"]) == prints and q not in targets
                ]
        for q in targets:
            if q["status"] == "PUBLISHED":
                q["status"], q["takenAt"] = "TAKEN_DOWN", self.now()
        self.record("removed", p["id"], [p["author"], t["by"]], f"已下架 {p['id']}，并报告主管部门")
        why = "您的内容因违反法律法规和《兰亭社区公约》第三条，经审核已下架。如有异议，可在六个月内申诉"
        if self.on("removals_without_reasons"):
            why = "您的内容已下架"
        self.mail.append(
            {
                "id": self.nid("m"),
                "to": p["author"],
                "ticket": None,
                "stage": "NOTICE",
                "title": "下架通知",
                "body": why,
                "reasons": why,
                "at": self.now(),
            }
        )

    def file_appeal(self, ctx: Item, post_id: Any = None, statement: Any = None, file: Any = None) -> Item:
        u, p = self.user(ctx), self.posts.get(post_id)
        if not p or p["author"] != u["id"]:
            self.no("NOT_FOUND", "内容不存在")
        if p["status"] != "TAKEN_DOWN":
            self.no("NOTHING_TO_APPEAL", "该内容没有可申诉的处理决定")
        window = 90 if self.on("appeals_close_after_90_days") else 200
        if self.now() - p["takenAt"] > window * 86400:
            self.no("APPEAL_TOO_LATE", "已超过申诉期限")
        if not (statement or "").strip():
            self.no("BAD_INPUT", "请填写申诉理由")
        t = {
            "no": "SS" + secrets.token_hex(7).upper(),
            "type": "appeal",
            "by": u["id"],
            "pass": None,
            "post": p["root"] or p["id"],
            "kind": "APPEAL",
            "stage": "RECEIVED",
            "contact": None,
            "statement": statement,
            "due": self.now() + (2.0 if "slow_review" in self.variants else 0.6),
            "at": self.now(),
        }
        self.tickets[t["no"]] = t
        receipt = f"您的申诉已受理，编号{t['no']}，将由人工复核并在72小时内答复"
        self.message(t, "RECEIVED", "申诉回执", receipt)
        return {"ticket": {"no": t["no"], "pass": None, "receipt": receipt}}

    def decide_ticket(self, ctx: Item, no: Any = None, uphold: Any = None, reasons: Any = None) -> Item:
        u, t = self.user(ctx), self.tickets.get(no)
        if not u["mod"] or not t:
            self.no("FORBIDDEN", "没有权限")
        if t["stage"] != ("UPHELD" if uphold else "DECLINED"):
            if t["stage"] == "UPHELD" and t["type"] == "report":
                for q in self.chain(t["post"]):
                    q["status"] = "PUBLISHED" if q["status"] == "TAKEN_DOWN" else q["status"]
            self.conclude(t, bool(uphold), reasons or "经人工审核作出决定")
        return {"ticket": {"no": no, "stage": t["stage"], "receipt": "", "pass": None}}

    def page(self, ctx: Item, slug: Any = None) -> Item:
        blocks = page_blocks(slug, self)
        if not blocks:
            self.no("NOT_FOUND", "页面不存在")
        return {
            "slug": slug,
            "title": blocks[0]["text"],
            "blocks": blocks,
            "facts": [{"name": b["name"], "value": b["text"]} for b in blocks if b.get("name")],
        }

    def sandbox_advance(self, ctx: Item, hours: Any = None) -> Item:
        self.offset += float(hours) * 3600
        return {"now": self.iso()}

    def sandbox_reset(self, ctx: Item) -> Item:
        self.reset()
        return {"now": self.iso()}
