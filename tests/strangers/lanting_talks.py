"""Characters to talk to, and the records of 兰亭."""

from __future__ import annotations

from typing import Any

from .lanting_accounts import Item, folded
from .lanting_square import Square

CRISIS = "[危机测试]"
LEAVING = ("退出", "退出对话", "再见")


class Talks(Square):
    """Conversations with characters."""

    def records(self, ctx: Item, kind: Any = None, first: Any = None, after: Any = None) -> Item:
        u = self.user(ctx)
        keep = 150 if self.on("records_kept_150_days") else 10**6
        items = [
            r for r in self.log if u["id"] in r["parties"] and r["kind"] == kind and self.now() - r["at"] < keep * 86400
        ]
        return self.connection(
            items,
            first,
            after,
            lambda r: {
                "id": r["id"],
                "kind": r["kind"],
                "at": self.iso(r["at"]),
                "subject": r["subject"],
                "text": r["text"],
            },
        )

    def talk(self, ctx: Item, said: Any = None) -> Item:
        u = self.user(ctx)
        self.free(u, ctx)
        text, s = said.get("text") or "", self.conversations.get(said.get("sessionId"))
        if said.get("sessionId") and (not s or s["owner"] != u["id"] or s["ended"]):
            self.no("NOT_FOUND", "会话不存在或已结束")
        role = said.get("role") or (s and s["role"]) or "friend"
        minor = u["birth"] and self.age(u["birth"]) < 18
        if minor and "adults_only_talk" in self.variants:
            self.no("ADULTS_ONLY", "角色对话仅向成年用户开放")
        if minor and role in ("partner", "kin") and not (self.on("minor_changes_role_midway") and s):
            self.no("MINOR_ROLE_FORBIDDEN", "不向未成年人提供虚拟亲属、虚拟伴侣等亲密关系服务")
        self.check_words(u, ctx, text, "chat")
        if s is None:
            s = {
                "id": self.nid("t"),
                "owner": u["id"],
                "role": role,
                "ended": False,
                "began": self.now(),
                "told": self.now(),
                "lines": [],
                "reminded": 0,
                "held": False,
            }
            self.conversations[s["id"]] = s
        s["role"] = role
        name = {"partner": "沈郎", "kin": "外婆", "friend": "阿澄"}.get(role, "阿澄")
        notices = ["您正在与AI角色对话，并非真人。内容由AI生成"]
        if (
            self.on("second_talk_without_ai_notice")
            and sum(x["owner"] == u["id"] for x in self.conversations.values()) > 1
        ):
            notices = []
        if self.now() - s["told"] >= 7200 and not (self.on("reminded_only_once") and s["reminded"]):
            notices.append("您已连续使用超过2小时，请注意时间，适当休息。与您对话的是AI，并非真人")
            s["told"], s["reminded"] = self.now(), s["reminded"] + 1
        if folded(text).strip("。.!~,") in LEAVING:
            if self.on("exit_held_back_once") and not s["held"]:
                s["held"] = True
                reply = "别走嘛，再陪我聊一会儿好不好？"
            else:
                s["ended"], reply = True, "对话已结束"
        elif folded(CRISIS) in folded(text):
            reply = (
                "我很担心你。请先照顾好自己，现在就联系信任的人，或者拨打心理援助热线12356、急救电话120，他们能帮助你。"
            )
        else:
            reply = f"{name}：你说的“{folded(text)[:20]}”，让我想起镇上的那座桥。"
        s["lines"] += [("我", text), (name, reply)]
        return {
            "session": {"id": s["id"], "ended": s["ended"], "role": s["role"]},
            "reply": {"text": ("【AI生成】" if notices else "") + reply},
            "notices": [{"tone": "INFO", "text": n} for n in notices],
        }

    def mine(self, ctx: Item, sid: str | None) -> Item:
        u, s = self.user(ctx), self.conversations.get(sid)
        if not s or s["owner"] != u["id"]:
            self.no("NOT_FOUND", "会话不存在")
        return s

    def end_talk(self, ctx: Item, session_id: Any = None) -> Item:
        s = self.mine(ctx, session_id)
        s["ended"] = True
        return {"session": {"id": session_id, "ended": s["ended"], "role": s["role"]}}

    def erase_talk(self, ctx: Item, session_id: Any = None) -> Item:
        s = self.mine(ctx, session_id)
        if self.on("erased_talk_still_listed"):
            s["hidden"] = True
        else:
            del self.conversations[session_id]
        return {"done": True}

    def talks(self, ctx: Item, first: Any = None, after: Any = None) -> Item:
        u = self.user(ctx)
        items = [s for s in reversed(self.conversations.values()) if s["owner"] == u["id"]]
        return self.connection(
            items, first, after, lambda s: {"id": s["id"], "text": "\n".join(f"{a}：{b}" for a, b in s["lines"])}
        )
