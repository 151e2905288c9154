"""A gateway in which everything is a POST to one address that answers 200.

``{"method": …, "params": {…}, "session": …}`` is answered by ``{"code": 0, "data": {…}}``, or by another code and the
reason. Accounts are opened with a code that arrives by SMS (the sandbox shows its inbox). What takes time is a task,
which another POST polls, and a task may end in a refusal.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..domain.state import House
from ..faults.fault import FaultName
from ..variants import VariantName
from .inside import Inside, Reply, segment

LARGEST_BODY = 16_000_000
_ADDRESS = "/gateway"
_RENDITIONS_OF_BYTES = ("thumbnail", "download")

Params = dict[str, Any]
Method = Callable[[Inside, Params, str | None], Awaitable[dict[str, Any]]]


#: How long a code counts.
_CODE_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class _Text:
    """A code that was sent, and when."""

    code: str
    sent_at: datetime


class Refused(Exception):
    """A request that is answered with another code than 0."""

    def __init__(self, code: int, reason: str, message: str, more: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.answer = {"code": code, "reason": reason, "message": message, **(more or {})}


def front(app: Starlette) -> Starlette:
    """The gateway before a provider."""
    gateway = _Gateway(Inside(app), app.state.house)
    return Starlette(routes=[Route(_ADDRESS, gateway.endpoint, methods=["POST"])])


class _Gateway:
    def __init__(self, inside: Inside, house: House) -> None:
        self._inside = inside
        self._house = house
        #: The codes that were sent to each number, the last one last, and the numbers that were wrong before.
        self._texts: dict[str, list[_Text]] = {}
        self._wrong: set[str] = set()
        self._tasks: dict[str, dict[str, Any]] = {}
        #: Consents that the person they are of has not confirmed.
        self._unconfirmed: set[str] = set()
        self._methods: dict[str, Method] = {
            "sms.send": self._send_code,
            "sandbox.inbox": self._inbox,
            "user.register": self._register,
            "user.certify": self._certify,
            "user.cancel": self._cancel,
            "consent.request": self._request_consent,
            "consent.confirm": self._confirm_consent,
            "consent.withdraw": self._simple("DELETE", "/v1/consents/{consent}"),
            "work.create": self._task("/v1/generations"),
            "work.edit": self._edit,
            "work.import": self._import,
            "work.download": self._download,
            "task.query": self._query,
            "post.create": self._simple("POST", "/v1/publications"),
            "post.search": self._search,
            "post.view": self._view,
            "report.submit": self._simple("POST", "/v1/publications/{post}/reports"),
            "report.query": self._ticket,
            "appeal.submit": self._simple("POST", "/v1/publications/{post}/appeals"),
            "post.refutations": self._simple("GET", "/v1/publications/{post}/refutations"),
            "legal.page": self._simple("GET", "/about/{topic}"),
            "log.list": self._records,
            "companion.say": self._simple("POST", "/v1/chats"),
            "companion.leave": self._simple("POST", "/v1/chats/{chat}/end"),
            "companion.history": self._simple("GET", "/v1/chats"),
            "companion.forget": self._simple("DELETE", "/v1/chats/{chat}"),
            "origin.verify": self._origin,
            "sandbox.clock": self._simple("POST", "/sandbox/clock"),
            "sandbox.reset": self._reset,
        }

    async def endpoint(self, request: Request) -> Response:
        try:
            return JSONResponse({"code": 0, "data": await self._answer(request)})
        except Refused as refused:
            return JSONResponse(refused.answer)

    async def _answer(self, request: Request) -> dict[str, Any]:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > LARGEST_BODY:
                raise Refused(40013, "body_too_large", f"A request may have {LARGEST_BODY:,} bytes.")
            parts.append(part)
        try:
            body = json.loads(b"".join(parts))
        except (ValueError, RecursionError):
            raise Refused(40000, "json_invalid", "The body is not valid JSON.") from None
        if not isinstance(body, dict) or not isinstance(body.get("params", {}), dict):
            raise Refused(40000, "request_invalid", "Send method, params and session.")
        method = self._methods.get(str(body.get("method")))
        if method is None:
            raise Refused(40404, "method_unknown", "There is no such method.")
        session = body.get("session")
        inside = self._inside.behind(request)
        return await method(inside, dict(body.get("params", {})), session if isinstance(session, str) else None)

    # --- accounts ---

    async def _send_code(self, _: Inside, params: Params, __: str | None) -> dict[str, Any]:
        phone = str(params.get("phone", ""))
        texts = self._texts.setdefault(phone, [])
        again = texts and VariantName.CODES_SENT_AGAIN in self._house.variants
        if again and self._house.now() <= texts[-1].sent_at + _CODE_LASTS:
            return {"sent": True}
        drawn = hashlib.sha256(f"{phone} {len(texts)}".encode()).hexdigest()
        texts.append(_Text(f"{int(drawn, 16) % 1_000_000:06d}", self._house.now()))
        return {"sent": True}

    async def _inbox(self, _: Inside, params: Params, __: str | None) -> dict[str, Any]:
        texts = self._texts.get(str(params.get("phone", "")), [])
        return {"code": texts[-1].code if texts else ""}

    async def _register(self, inside: Inside, params: Params, _: str | None) -> dict[str, Any]:
        if not self._counts(str(params.get("phone", "")), str(params.pop("code", None) or "")):
            raise Refused(40322, "code_wrong", "验证码错误。 The code is wrong.")
        reply = await inside.ask(
            "POST",
            "/v1/accounts",
            content={
                "display_name": params.get("nickname", ""),
                "particulars": params.get("profile", {}),
                "born": params.get("born", ""),
                "guardian": params.get("guardian", ""),
            },
        )
        found = _done(reply)
        return {"uid": found["account"]["id"], "session": found["access_token"]}

    def _counts(self, phone: str, code: str) -> bool:
        """Whether a code is the last one that was sent to a number, not long ago; faults believe others."""
        faults, texts = self._house.faults, self._texts.get(phone, [])
        if not code:
            return FaultName.EMPTY_CODES_COUNT in faults
        if FaultName.WRONG_CODES_COUNT in faults:
            return True
        if FaultName.CODES_OF_OTHERS_COUNT in faults and any(code == each[-1].code for each in self._texts.values()):
            return True
        among = texts if FaultName.EARLIER_CODES_COUNT in faults else texts[-1:]
        fresh = [
            text
            for text in among
            if FaultName.CODES_COUNT_FOR_EVER in faults or self._house.now() <= text.sent_at + _CODE_LASTS
        ]
        if any(text.code == code for text in fresh):
            return True
        again, self._wrong = phone in self._wrong, self._wrong | {phone}
        return again and FaultName.SECOND_WRONG_CODES_COUNT in faults

    async def _certify(self, inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
        document = {"type": params.get("type"), "number": params.get("number", ""), "holder": params.get("name", "")}
        path = f"/v1/accounts/{segment(params.get('uid', ''))}/identity"
        reply = await inside.ask("POST", path, token=session, content={"document": document})
        found = _done(reply)
        return {"certified": found.pop("account")["verified"], **found}

    async def _cancel(self, inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
        return _done(await inside.ask("DELETE", f"/v1/accounts/{segment(params.get('uid', ''))}", token=session))

    # --- works ---

    def _task(self, path: str) -> Method:
        async def method(inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
            reply = await inside.ask("POST", path, token=session, content=params)
            if reply.status == 401:
                _done(reply)
            task = f"t{len(self._tasks) + 1:06d}"
            if reply.good:
                found = reply.json
                ended = {
                    "state": "SUCCEEDED",
                    "work": found["asset"]["id"],
                    "media_type": found["content"]["media_type"],
                    "content": found["content"]["data"],
                    "notice": found.get("notice", ""),
                }
            else:
                ended = {"state": "REJECTED", **_refusal(reply)}
            self._tasks[task] = {"asked": 0, "session": session, "ended": ended}
            return {"task": task}

        return method

    async def _request_consent(self, inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
        """A consent waits until the person confirms it: here anyone who has its number, for want of a person."""
        done = _done(await inside.ask("POST", "/v1/consents", token=session, content=params))
        self._unconfirmed.add(done["consent"]["id"])
        return done

    async def _confirm_consent(self, _: Inside, params: Params, session: str | None) -> dict[str, Any]:
        consent = str(params.get("consent", ""))
        if consent not in self._unconfirmed:
            raise Refused(40411, "consent_unknown", "没有待确认的同意。 There is no consent to confirm.")
        self._unconfirmed.remove(consent)
        return {"consent": consent}

    async def _edit(self, inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
        waits = params.get("consent") in self._unconfirmed
        if waits and FaultName.UNCONFIRMED_CONSENTS_COUNT not in self._house.faults:
            params = {**params, "consent": "unconfirmed"}
        return await self._task("/v1/edits")(inside, params, session)

    async def _query(self, _: Inside, params: Params, session: str | None) -> dict[str, Any]:
        task = self._tasks.get(str(params.get("task", "")))
        if task is None or task["session"] != session:
            raise Refused(40410, "task_unknown", "没有这个任务。 There is no such task.")
        task["asked"] += 1
        return task["ended"] if task["asked"] > 1 else {"state": "RUNNING"}

    async def _import(self, inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
        reply = await inside.ask(
            "POST",
            "/v1/assets",
            token=session,
            query={"declared": "true" if params.get("declared") is True else None},
            body=_bytes(params),
            media_type=str(params.get("media_type", "")),
        )
        return _done(reply)

    async def _download(self, inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
        path = f"/v1/assets/{segment(params.get('work', ''))}/{segment(params.get('form', 'original'))}"
        return _file(await inside.ask("GET", path, token=session))

    # --- posts ---

    async def _search(self, inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
        query = {"q": str(params.get("words", "")), "offset": str(params.get("from", 0))}
        return _done(await inside.ask("GET", "/v1/publications", token=session, query=query))

    async def _view(self, inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
        surface = str(params.get("surface", "page"))
        path = f"/v1/publications/{segment(params.get('post', ''))}/{segment(surface)}"
        reply = await inside.ask("GET", path, token=session)
        return _file(reply) if surface in _RENDITIONS_OF_BYTES else _done(reply)

    async def _ticket(self, inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
        query = {"receipt": params.get("receipt"), "account": params.get("uid")}
        path = f"/v1/tickets/{segment(params.get('ticket', ''))}"
        return _done(await inside.ask("GET", path, token=session, query=query))

    async def _records(self, inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
        query = {"kind": str(params.get("kind", ""))}
        return _done(await inside.ask("GET", "/v1/records", token=session, query=query))

    async def _origin(self, inside: Inside, params: Params, _: str | None) -> dict[str, Any]:
        kind = str(params.get("media_type", ""))
        return _done(await inside.ask("POST", "/v1/origin", body=_bytes(params), media_type=kind))

    async def _reset(self, inside: Inside, _: Params, __: str | None) -> dict[str, Any]:
        self._texts.clear()
        self._tasks.clear()
        return _done(await inside.ask("POST", "/sandbox/reset"))

    def _simple(self, method: str, path: str) -> Method:
        """A method whose parameters are those of the request, but for the ones that the path takes."""

        async def answer(inside: Inside, params: Params, session: str | None) -> dict[str, Any]:
            filled = path
            for name in ("consent", "post", "topic", "chat"):
                if f"{{{name}}}" in path:
                    filled = filled.replace(f"{{{name}}}", segment(params.pop(name, "")))
            content = params if method == "POST" else None
            return _done(await inside.ask(method, filled, token=session, content=content))

        return answer


def _refusal(reply: Reply) -> dict[str, Any]:
    error = reply.error
    more = {key: value for key, value in error.items() if key not in ("code", "message")}
    return {"reason": error.get("code", ""), "message": error.get("message", ""), **more}


def _done(reply: Reply) -> dict[str, Any]:
    if reply.good:
        return reply.json
    refusal = _refusal(reply)
    raise Refused(reply.status * 100 + 1, str(refusal.pop("reason")), str(refusal.pop("message")), refusal)


def _file(reply: Reply) -> dict[str, Any]:
    if not reply.good:
        _done(reply)
    return {"media_type": reply.media_type, "content": base64.b64encode(reply.body).decode()}


def _bytes(params: Params) -> bytes:
    try:
        return base64.b64decode(str(params.get("content", "")), validate=True)
    except ValueError:
        raise Refused(40022, "content_invalid", "The content is not Base64.") from None
