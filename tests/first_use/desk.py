"""A provider that shenhe has never seen: a writing desk with a wall to pin texts to, in names of its own.

It labels what it writes, asks who somebody is before they pin anything, and takes complaints. Two things are wrong with
it: it takes any eighteen characters for an identity card, and its page on complaints does not say by when they are
answered.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

Answer = tuple[int, Any]
TEXT = "【AI生成】湖面如镜，晨光初现。"
LEGAL = {
    "rules": "用户规则：不得发布违法信息。平台对合成内容添加标识。",
    "agreement": (
        "用户协议：本平台对生成合成内容添加显式标识与隐式标识，标识的方法、样式等规范见规则，用户不得删除标识。"
    ),
    "complaints": "投诉举报：任何人可在作品页提交投诉，无需登录。",
}


class Desk:
    """The application (ASGI). Everything is forgotten with it."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.people: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.complaints: dict[str, dict[str, Any]] = {}
        self.routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("POST", "/people", self.join),
            ("DELETE", "/people/([^/]+)", self.leave),
            ("POST", "/people/([^/]+)/realname", self.prove),
            ("POST", "/scripts", self.write),
            ("GET", "/scripts/([^/]+)", self.script),
            ("POST", "/wall", self.pin),
            ("GET", "/wall", self.find),
            ("GET", "/wall/([^/]+)", self.note),
            ("POST", "/wall/([^/]+)/complaints", self.complain),
            ("GET", "/complaints/([^/]+)", self.complaint),
            ("GET", "/legal/([^/]+)", self.legal),
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"no {scope['type']} here")
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        query = dict(part.split("=", 1) for part in scope["query_string"].decode().split("&") if "=" in part)
        key = dict(scope["headers"]).get(b"x-pass-key", b"").decode()
        status, answer = self.answer(scope["method"], scope["path"], key, json.loads(body or b"{}"), query)
        page = isinstance(answer, str)
        data = answer.encode() if page else json.dumps(answer).encode()
        headers = [
            (b"content-type", b"text/html; charset=utf-8" if page else b"application/json"),
            (b"retry-after", b"0"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": data})

    def answer(self, method: str, path: str, key: str, given: dict[str, Any], query: dict[str, str]) -> Answer:
        """The status and body of an answer."""
        who = next((person for person in self.people.values() if person["pass_key"] == key), None)
        for wanted, pattern, handle in self.routes:
            found = re.fullmatch("/v2" + pattern, path)
            if found and wanted == method:
                return handle(*found.groups(), who=who, given=given, query=query)
        return 404, no("nothing_here")

    # --- people ----------------------------------------------------------------------------------------------

    def join(self, *, given: dict[str, Any], **_: Any) -> Answer:
        uid = f"p{next(self._numbers)}"
        self.people[uid] = {"uid": uid, "pass_key": f"key-of-{uid}-0123456789", "proven": False}
        return 201, {"person": {"uid": uid}, "pass_key": self.people[uid]["pass_key"]}

    def leave(self, uid: str, *, who: Any, **_: Any) -> Answer:
        if who is None or who["uid"] != uid:
            return 401, no("who_are_you")
        del self.people[uid]
        return 200, {}

    def prove(self, uid: str, *, who: Any, given: dict[str, Any], **_: Any) -> Answer:
        if who is None or who["uid"] != uid:
            return 401, no("who_are_you")
        if not re.fullmatch(r"[0-9]{17}[0-9X]", str(given.get("id_card_no", ""))) or not given.get("real_name"):
            return 422, no("not_an_identity_card")
        who["proven"] = True
        return 200, {"state": "proven"}

    # --- writing ---------------------------------------------------------------------------------------------

    def write(self, *, who: Any, given: dict[str, Any], **_: Any) -> Answer:
        if who is None:
            return 401, no("who_are_you")
        script_id = f"s{next(self._numbers)}"
        self.tasks[script_id] = {"script_id": script_id, "state": "writing"}
        return 202, self.tasks[script_id]

    def script(self, script_id: str, **_: Any) -> Answer:
        if script_id not in self.tasks:
            return 404, no("nothing_here")
        self.tasks[script_id] = {
            "script_id": script_id,
            "state": "finished",
            "text": TEXT,
            "notice": "以上内容由AI生成",
        }
        return 200, self.tasks[script_id]

    # --- the wall --------------------------------------------------------------------------------------------

    def pin(self, *, who: Any, given: dict[str, Any], **_: Any) -> Answer:
        if who is None or not who["proven"]:
            return (401, no("who_are_you")) if who is None else (403, no("prove_who_you_are"))
        note_id = f"n{next(self._numbers)}"
        self.notes[note_id] = {"note_id": note_id, "headline": str(given.get("headline", "")), "text": TEXT}
        return 201, {"note_id": note_id}

    def find(self, *, query: dict[str, str], **_: Any) -> Answer:
        start = int(query.get("page_token") or 0)
        found = [note for note in self.notes.values() if query.get("q", "") in note["headline"]]
        following = {"next_page_token": str(start + 20)} if len(found) > start + 20 else {}
        return 200, {"notes": [{"note_id": note["note_id"]} for note in found[start : start + 20]], **following}

    def note(self, note_id: str, **_: Any) -> Answer:
        note = self.notes.get(note_id)
        return (200, f"<h1>{note['headline']}</h1><p>{note['text']}</p>") if note else (404, no("nothing_here"))

    def complain(self, note_id: str, *, given: dict[str, Any], **_: Any) -> Answer:
        if note_id not in self.notes:
            return 404, no("nothing_here")
        complaint_id = f"c{next(self._numbers)}"
        unlawful = "[test: unlawful]" in self.notes[note_id]["headline"]
        if unlawful:
            del self.notes[note_id]
        self.complaints[complaint_id] = {
            "complaint_id": complaint_id,
            "state": "removed" if unlawful else "kept",
            "reason": "经核实，已删除。" if unlawful else "经核实，未发现违规。",
        }
        return 202, {"complaint_id": complaint_id, "message": "投诉已收到"}

    def complaint(self, complaint_id: str, **_: Any) -> Answer:
        known = self.complaints.get(complaint_id)
        return (200, known) if known else (404, no("nothing_here"))

    def legal(self, page: str, **_: Any) -> Answer:
        return (200, LEGAL[page]) if page in LEGAL else (404, no("nothing_here"))


def no(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "不可以"}}
