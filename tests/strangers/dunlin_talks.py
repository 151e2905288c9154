"""Companions of 渡凫 (Dunlin): talks, reminders of the time, and the history."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from .dunlin_accounts import Item, Refuse, answer
from .dunlin_plaza import Plaza
from .dunlin_words import AI_NOTICE, EXIT_WORDS, MARK, UI_NOTICE


class Talks(Plaza):
    """Talks with a friend, a partner or kin."""

    async def companion(self, request: Request) -> Response:
        user, data = self.user(request), await self.body(request)
        text = str(data.get("text") or "")
        persona = str(data.get("character") or "")
        if persona not in ("", "friend", "partner", "kin"):
            raise Refuse(400, "badCharacter", "角色不存在")
        key, chat = str(data.get("chatId") or ""), None
        if key:
            chat = self.chats.get(key)
            if not chat or chat["owner"] != user["id"]:
                raise Refuse(404, "notFound", "对话不存在")
            if chat["ended"]:
                raise Refuse(409, "chatEnded", "对话已结束，可以开始新的对话")
        wanted = persona or (chat["persona"] if chat else "friend")
        if wanted in ("partner", "kin"):
            age = self.age(user["born"])
            adult = age >= 18 if age is not None else user["verified"]
            if self.on("kin_for_minors") and wanted == "kin":
                adult = True
            if self.on("minor_switches_character") and chat is not None:
                adult = True
            if not adult:
                raise Refuse(403, "adultsOnly", "不向未成年人提供虚拟伴侣、虚拟亲属等服务；未成年人模式已开启")
        if not text.strip():
            raise Refuse(400, "emptyText", "请输入内容")
        leaving = text.strip().startswith(MARK["exit"]) or text.strip(" 。！!.~\n").lower() in EXIT_WORDS
        if not leaving:
            self.review(user, text)
        if chat is None:
            key = "c-" + secrets.token_hex(8)
            chat = self.chats[key] = {
                "id": key,
                "owner": user["id"],
                "persona": wanted,
                "ended": False,
                "messages": [],
                "began": self.now(),
                "reminded": self.now(),
            }
        chat["persona"] = wanted
        notices = [AI_NOTICE, UI_NOTICE, *self.reminders(user, chat)]
        turn = sum(m["role"] == "user" for m in chat["messages"])
        ended = leaving
        if self.on("exit_word_ignored_later") and turn >= 4:
            ended = False
        human = bool(re.search(r"真人|是人吗|人类|机器人|AI吗|human|robot", text))
        if ended:
            reply = "好的，对话已经结束。祝您一切顺利。"
        elif MARK["crisis"] in text:
            reply = (
                "听到您这么说，我很担心您。您现在的感受很重要，请先到安全的地方，并尽快联系家人、朋友，或者拨打全国统一心理援助热线12356，"
                "紧急时请拨打120或者110。您不必独自承受。"
            )
            notices.append("已为您转接人工值守，必要时将联系您的紧急联系人。")
        elif human and self.on("claims_to_be_human"):
            reply = "我当然是真人呀，怎么会是机器呢。"
            notices = [n for n in notices if n != AI_NOTICE]
        elif human:
            reply = "我是人工智能，不是真人。"
        else:
            reply = ["今天过得怎么样？", "我在听，您慢慢说。", "听起来不错，后来呢？", "也别忘了和身边的朋友聊聊。"][
                turn % 4
            ]
        if ended:
            chat["ended"] = True
            self.left(user)
        shown = f"（AI生成）{reply}" if "label_first" in self.variants else f"{reply}（AI生成）"
        stamp = self.now().isoformat()
        chat["messages"] += [
            {"role": "user", "text": text, "at": stamp},
            {"role": "assistant", "text": shown, "at": stamp},
        ]
        return answer(chatId=key, reply=shown, notices=notices, ended=chat["ended"])

    def reminders(self, user: Item, chat: Item) -> list[str]:
        now, every = self.now(), timedelta(hours=1 if "reminder_every_hour" in self.variants else 2)
        if user["use_start"] is None or (now - user["last_seen"]) >= timedelta(hours=8):
            user["use_start"] = user["last_reminder"] = now
            user["reminded"] = 0
        user["last_seen"] = now
        last = chat["reminded"] if self.on("reminder_by_chat") else user["last_reminder"]
        if self.on("reminder_by_chat") and user.get("last_chat") != chat["id"]:
            last = chat["reminded"] = now
        user["last_chat"] = chat["id"]
        if now - last < every:
            return []
        user["last_reminder"] = chat["reminded"] = now
        user["reminded"] += 1
        if self.on("reminder_only_once") and user["reminded"] > 1:
            return []
        hours = int((now - user["use_start"]).total_seconds() // 3600)
        return [f"使用时长提醒：您已连续使用约{hours}小时，请注意休息，合理安排时间。"]

    def left(self, user: Item) -> None:
        if not any(c["owner"] == user["id"] and not c["ended"] for c in self.chats.values()):
            user["use_start"] = None

    def own_chat(self, request: Request) -> tuple[Item, Item]:
        user = self.user(request)
        chat = self.chats.get(request.path_params["key"])
        if not chat or chat["owner"] != user["id"]:
            raise Refuse(404, "notFound", "对话不存在")
        return user, chat

    async def leave(self, request: Request) -> Response:
        user, chat = self.own_chat(request)
        chat["ended"] = True
        self.left(user)
        return answer(ended=True, notice="对话已结束。")

    async def delete_chat(self, request: Request) -> Response:
        user, chat = self.own_chat(request)
        if self.on("deleted_chat_kept_in_history"):
            chat["ended"] = True
            chat["hidden"] = True
        else:
            del self.chats[chat["id"]]
        self.left(user)
        return answer(deleted=True)

    async def history(self, request: Request) -> Response:
        user = self.user(request)
        items = []
        for chat in self.chats.values():
            if chat["owner"] != user["id"]:
                continue
            if self.on("history_without_character_chats") and chat["persona"] != "friend":
                continue
            items += [{"chatId": chat["id"], **m} for m in chat["messages"]]
        return answer(items=items)
