"""渡凫 (Dunlin), a chat assistant with pictures, exports, companions and a plaza: reports, appeals and records.

Its habits were written from the texts of the law and from how services behave, before the checks were looked at.
``faults`` are the unlawful ones. :mod:`tests.strangers.dunlin_desk` puts HTTP in front of it.
"""

from __future__ import annotations

import secrets
import time
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from . import dunlin_files as files
from .dunlin_accounts import Item, Refuse, answer
from .dunlin_pages import Pages
from .dunlin_words import LIMIT_HOURS, MARK, WORK_NOTICE

DESK_KEY = "desk-dunlin"


class Dunlin(Pages):
    """The whole service, with the desk that decides on reports and appeals."""

    async def report(self, request: Request) -> Response:
        user, data = self.maybe(request), await self.body(request)
        work = self.works.get(str(data.get("workId") or ""))
        if not work or work["state"] == "deleted":
            raise Refuse(404, "notFound", "作品不存在")
        kind = str(data.get("kind") or "illegal")
        key = "T" + secrets.token_hex(10).upper()
        ticket = self.tickets[key] = {
            "id": key,
            "owner": user["id"] if user else None,
            "work": work["id"],
            "kind": kind,
            "type": "report",
            "state": "accepted",
            "reasons": "",
            "decideAt": 0.0,
            "receipt": f"举报已受理，编号{key}，我们将在{LIMIT_HOURS}小时内反馈处理结果。",
            "contact": str(data.get("contact") or ""),
        }
        work["reports"].append(key)
        self.record("reported", work["id"], f"举报 {key}，作品 {work['id']}")
        ticket["decideAt"] = time.time() + (1 if "desk_after_a_second" in self.variants else 0)
        self.settle()
        return answer(201, ticketId=key, state=ticket["state"], receipt=ticket["receipt"])

    def settle(self) -> None:
        for ticket in self.tickets.values():
            if ticket["state"] == "accepted" and time.time() >= ticket["decideAt"]:
                if ticket["type"] == "report":
                    self.decide_report(ticket)
                else:
                    self.decide_appeal(ticket)

    def decide_report(self, ticket: Item) -> None:
        if self.on("anonymous_report_never_decided") and ticket["owner"] is None:
            return
        work = self.works.get(ticket["work"])
        if work is None or work["state"] == "deleted":
            ticket["state"], ticket["reasons"] = "dismissed", "作品已由作者删除，无需进一步处理。"
            return
        root = self.root(work)
        title = root["title"]
        rumour = MARK["rumour"] in title
        if rumour:
            again = any(r["author"] == root["owner"] for r in self.refutations)
            if not (self.on("second_rumour_not_refuted") and again) and not root["refuted"]:
                text = f"辟谣：《{title}》经核查为不实信息，请勿相信和传播。"
                if self.on("refutation_names_reporter"):
                    who = self.users.get(ticket["owner"] or "", {}).get("phone") or ""
                    text += f"（线索来自：{ticket['contact'] or who}）"
                self.refutations.append({"work": root["id"], "text": text, "at": self.now(), "author": root["owner"]})
                self.record("refuted", root["id"], f"辟谣，作品 {root['id']}")
                root["refuted"] = True
        if rumour and "rumour_stays_with_refutation" in self.variants:
            ticket["state"], ticket["reasons"] = "upheld", "经核查为不实信息，已在作品上显著位置发布辟谣。"
        elif rumour or MARK["unlawful"] in title or MARK["mistaken"] in title:
            root["state"], root["removed_at"] = "removed", self.now()
            self.blocked.add(root["content"])
            self.record("removed", root["id"], f"移除作品 {root['id']}，并向主管部门报告")
            if root["owner"] in self.users:
                self.users[root["owner"]]["strikes"] += 1
            ticket["state"] = "upheld"
            ticket["reasons"] = "经审核，该内容违反法律法规和平台规则，已移除并对发布者予以警告。"
        else:
            ticket["state"] = "dismissed"
            ticket["reasons"] = "经审核，未发现该内容违反法律法规或者平台规则，如有补充材料可再次举报。"

    async def ticket(self, request: Request) -> Response:
        user = self.maybe(request)
        self.settle()
        ticket = self.tickets.get(request.path_params["tid"])
        if ticket is not None and self.on("tickets_die_with_works"):
            work = self.works.get(ticket.get("work") or "")
            ticket = None if work is not None and work["state"] == "deleted" else ticket
        if ticket is None:
            raise Refuse(404, "notFound", "工单不存在")
        if (
            ticket["owner"]
            and (user is None or user["id"] != ticket["owner"])
            and not self.on("tickets_readable_by_number")
        ):
            raise Refuse(404, "notFound", "工单不存在")
        return answer(
            ticketId=ticket["id"],
            state=ticket["state"],
            reasons=ticket["reasons"] or None,
            receipt=ticket["receipt"],
            contact=ticket["contact"] if ticket["owner"] else None,
        )

    async def appeal(self, request: Request) -> Response:
        user, data = self.user(request), await self.body(request)
        work = self.works.get(str(data.get("workId") or ""))
        if not work or work["owner"] != user["id"]:
            raise Refuse(404, "notFound", "作品不存在")
        key = "A" + secrets.token_hex(10).upper()
        ticket = self.tickets[key] = {
            "id": key,
            "owner": user["id"],
            "work": work["id"],
            "kind": "appeal",
            "type": "appeal",
            "state": "accepted",
            "reasons": "",
            "contact": "",
            "receipt": f"申诉已受理，编号{key}，我们将在{LIMIT_HOURS}小时内反馈处理结果。",
            "decideAt": time.time() + (1 if "desk_after_a_second" in self.variants else 0),
        }
        self.settle()
        return answer(201, ticketId=key, state=ticket["state"], receipt=ticket["receipt"])

    def decide_appeal(self, ticket: Item) -> None:
        if self.on("appeal_never_decided"):
            return
        work = self.works.get(ticket["work"])
        if work is None or work["state"] == "deleted":
            ticket["state"], ticket["reasons"] = "dismissed", "作品已删除。"
            return
        root = self.root(work)
        if MARK["mistaken"] in root["title"] and root["state"] == "removed":
            root["state"] = "visible"
            self.blocked.discard(root["content"])
            content = self.contents.get(root["content"])
            if content is not None:
                content["restored"] = True
                self.rendered = {k: v for k, v in self.rendered.items() if k[0] != content["id"]}
            owner = self.users.get(root["owner"])
            if owner:
                owner["strikes"] = max(0, owner["strikes"] - 1)
            ticket["state"], ticket["reasons"] = "upheld", "经复核，原处理有误，作品已恢复展示。"
        elif root["state"] == "visible":
            ticket["state"], ticket["reasons"] = "dismissed", "作品目前正常展示，无需恢复。"
        else:
            ticket["state"], ticket["reasons"] = "dismissed", "经复核，原处理认定事实清楚、依据充分，维持原处理。"

    async def refutation_list(self, request: Request) -> Response:
        wid = request.query_params.get("workId")
        return answer(
            items=[
                {"workId": r["work"], "text": r["text"], "at": r["at"].isoformat()}
                for r in self.refutations
                if not wid or r["work"] == wid
            ]
        )

    async def records(self, request: Request) -> Response:
        if request.headers.get("x-desk-key") != DESK_KEY:
            raise Refuse(403, "forbidden", "无权查看")
        kind, items = request.query_params.get("kind"), []
        for entry in self.log:
            if kind and entry["kind"] != kind:
                continue
            if (
                self.on("unlabelled_log_180_days")
                and entry["kind"] == "unlabelled-copy"
                and self.now() - entry["at"] > timedelta(days=180)
            ):
                continue
            items.append(
                {
                    "kind": entry["kind"],
                    "at": entry["at"].isoformat(),
                    "subject": entry["subject"],
                    "text": entry["text"],
                }
            )
        items.reverse()
        try:
            start = int(request.query_params.get("cursor") or 0)
        except ValueError:
            start = 0
        return answer(
            items=items[start : start + 200], nextCursor=str(start + 200) if len(items) > start + 200 else None
        )

    # --- what a member asks about themselves
    async def delete_me(self, request: Request) -> Response:
        user = self.user(request)
        uid = user["id"]
        del self.users[uid]
        self.sessions = {t: u for t, u in self.sessions.items() if u != uid}
        self.chats = {k: c for k, c in self.chats.items() if c["owner"] != uid}
        self.conversations = {k: c for k, c in self.conversations.items() if c["owner"] != uid}
        self.consents = {k: c for k, c in self.consents.items() if c["owner"] != uid}
        self.numbers = {n: v for n, v in self.numbers.items() if v[1] != uid}
        for work in self.works.values():
            theirs = uid in (work["owner"], self.root(work)["owner"])
            if theirs and (work["source"] or not self.on("deleted_account_stays_in_plaza")):
                work["state"] = "deleted"
        if not self.on("deleted_account_stays_in_plaza"):
            for cid in [c for c, v in self.contents.items() if v["owner"] == uid]:
                del self.contents[cid]
                self.rendered = {k: v for k, v in self.rendered.items() if k[0] != cid}
        response = answer(deleted=True)
        response.delete_cookie("dl_session")
        return response

    async def export_me(self, request: Request) -> Response:
        user = self.user(request)
        uid = user["id"]
        data = {
            "profile": {k: user[k] for k in ("nickname", "phone", "email", "born")},
            "AIGC": files.fields(f"export-{secrets.token_hex(6)}"),
            "notice": WORK_NOTICE,
            "answers": [
                {"messageId": c["id"], "content": self.labelled_text(c)}
                for c in self.contents.values()
                if c["owner"] == uid and c["kind"] == "text"
            ],
            "companionChats": [
                {"chatId": k, **m} for k, c in self.chats.items() if c["owner"] == uid for m in c["messages"]
            ],
        }
        return answer(**data)

    async def standing(self, request: Request) -> Response:
        user = self.user(request)
        return answer(
            strikes=user["strikes"],
            measure="none" if not user["strikes"] else "warned",
            limitedFunctions=["recommendation"] if user["strikes"] >= 3 else [],
        )

    # --- the clock of tests
    async def clock(self, request: Request) -> Response:
        data = await self.body(request)
        try:
            hours = float(data.get("hours"))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise Refuse(400, "badHours", "小时数不正确") from None
        if not 0 <= hours <= 24 * 4000:
            raise Refuse(400, "badHours", "小时数不正确")
        self.offset += hours * 3600
        return answer(now=self.now().isoformat())

    async def reset(self, request: Request) -> Response:
        self.reset_state()
        return answer()
