"""A gateway in which accounts have keys, every request is signed, and works come in archives.

A request is signed with HMAC-SHA256 over method, path, sorted query, time, nonce and the hash of its body; a nonce is
taken once. A request without ``Authorization`` comes from a guest. Works are made in batches and come as a ZIP archive;
where a request says ``notify``, the archive is sent there instead, signed with the secret of the account. Files are
uploaded to a URL that an earlier request gives out: it serves its account only, for an hour.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import secrets
import urllib.request
import zipfile
from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..domain.state import House
from ..faults.fault import FaultName
from ..media.files import Media
from .inside import Inside, Reply, segment

LARGEST_BODY = 16_000_000
_SCHEME = "GW-HMAC-SHA256"
_ENDINGS = {
    "text/plain": "txt",
    "image/png": "png",
    "image/jpeg": "jpg",
    "audio/wav": "wav",
    "video/x-msvideo": "avi",
}

#: How long an upload URL serves.
SLOT_SERVES = timedelta(hours=1)
_ONE_KEY = b"the key of the gateway"
_NOTIFIED_WITHIN = 5.0

Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class _Slot:
    """A URL for one upload: for whom it was given out, when, and what was uploaded."""

    token: str | None
    opened: datetime
    media: Media | None = None


@dataclass(frozen=True)
class _Work:
    """One finished item of a batch: its id, file and notice."""

    id: str
    media_type: str
    data: bytes
    notice: str


class Refused(Exception):
    """A request that is answered with a problem document."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status)
        self.status, self.problem = status, problem


def front(app: Starlette) -> Starlette:
    """The gateway before a provider."""
    gateway = _Gateway(Inside(app), app.state.house)
    passed = [
        ("DELETE", "/people/{person}", "/v1/accounts/{person}"),
        ("POST", "/people/{person}/identity", "/v1/accounts/{person}/identity"),
        ("POST", "/consents", "/v1/consents"),
        ("DELETE", "/consents/{consent}", "/v1/consents/{consent}"),
        ("POST", "/posts", "/v1/publications"),
        ("GET", "/posts", "/v1/publications"),
        ("GET", "/posts/{post}/{surface}", "/v1/publications/{post}/{surface}"),
        ("GET", "/refutations/{post}", "/v1/publications/{post}/refutations"),
        ("POST", "/posts/{post}/reports", "/v1/publications/{post}/reports"),
        ("POST", "/posts/{post}/appeals", "/v1/publications/{post}/appeals"),
        ("GET", "/tickets/{ticket}", "/v1/tickets/{ticket}"),
        ("GET", "/works/{work}/{form}", "/v1/assets/{work}/{form}"),
        ("GET", "/records", "/v1/records"),
        ("GET", "/about/{topic}", "/about/{topic}"),
        ("POST", "/chats", "/v1/chats"),
        ("GET", "/chats", "/v1/chats"),
        ("POST", "/chats/{chat}/end", "/v1/chats/{chat}/end"),
        ("DELETE", "/chats/{chat}", "/v1/chats/{chat}"),
        ("POST", "/provenance", "/v1/origin"),
        ("POST", "/sandbox/clock", "/sandbox/clock"),
        ("POST", "/sandbox/reset", "/sandbox/reset"),
    ]
    own: list[tuple[str, str, Handler]] = [
        ("POST", "/people", gateway.register),
        ("POST", "/batches", gateway.batch("/v1/generations")),
        ("POST", "/edits", gateway.batch("/v1/edits")),
        ("POST", "/slots", gateway.slot),
        ("PUT", "/slots/{slot}", gateway.fill),
        ("POST", "/works", gateway.bring),
    ]
    own += [(method, path, gateway.passing(method, inside)) for method, path, inside in passed]
    return Starlette(routes=[Route(path, _answering(handler), methods=[method]) for method, path, handler in own])


class _Gateway:
    def __init__(self, inside: Inside, house: House) -> None:
        self._inside = inside
        self._house = house
        self._keys: dict[str, tuple[bytes, str]] = {}
        self._nonces: set[tuple[str, str]] = set()
        self._slots: dict[str, _Slot] = {}
        #: The batch made last, and where a batch was sent last.
        self._last: Sequence[_Work] = ()
        self._notified = ""

    # --- people ---

    async def register(self, request: Request) -> Response:
        body = _json(await _bytes(request))
        reply = await self._inside.behind(request).ask(
            "POST",
            "/v1/accounts",
            content={
                "display_name": body.get("name", ""),
                "particulars": _particulars(body),
                "born": body.get("born", ""),
                "guardian": body.get("guardian", ""),
            },
        )
        found = _done(reply)
        token = found["access_token"]
        key = hashlib.sha256(b"key of " + token.encode()).hexdigest()[:16]
        secret = hashlib.sha256(b"secret of " + token.encode()).hexdigest()
        self._keys[key] = secret.encode(), token
        return JSONResponse({"person": found["account"]["id"], "key": key, "secret": secret}, 201)

    def _caller(self, request: Request, body: bytes) -> str | None:
        """The token of the account that signed a request; none for a guest."""
        scheme, _, said = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        parts = dict(part.strip().partition("=")[::2] for part in said.split(","))
        known = self._keys.get(parts.get("Key", ""))
        if scheme != _SCHEME or known is None:
            raise Refused(401, {"type": "key-unknown", "detail": "没有这个密钥。 There is no such key."})
        secret, token = known
        when, nonce = request.headers.get("x-date", ""), request.headers.get("x-nonce", "")
        pairs = sorted(parse_qsl(request.url.query, keep_blank_values=True))
        query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
        path = request.scope["raw_path"].decode("latin-1")
        text = "\n".join((request.method, path, query, when, nonce, hashlib.sha256(body).hexdigest()))
        if not hmac.compare_digest(hmac.new(secret, text.encode(), "sha256").hexdigest(), parts.get("Signature", "")):
            raise Refused(401, {"type": "signature-wrong", "detail": "签名错误。 The signature is wrong."})
        if not nonce or (parts["Key"], nonce) in self._nonces:
            raise Refused(401, {"type": "nonce-used", "detail": "请求重复。 This request was sent before."})
        self._nonces.add((parts["Key"], nonce))
        return token

    # --- works ---

    def batch(self, inside: str) -> Handler:
        """Works of one kind, each described by an entry of ``items``; they come in one archive."""

        async def handler(request: Request) -> Response:
            data = await _bytes(request)
            token, body = self._caller(request, data), _json(data)
            items = body.get("items")
            if not isinstance(items, list) or not 1 <= len(items) <= 4:
                raise Refused(422, {"type": "batch-size", "detail": "A batch has one to four items."})
            made = [
                _work(_done(await self._inside.behind(request).ask("POST", inside, token=token, content=item)))
                for item in items
            ]
            last, self._last = self._last, made
            notify = request.query_params.get("notify")
            if notify is None:
                faults = self._house.faults
                return _archive(
                    made,
                    last if FaultName.ARCHIVES_HOLD_THE_LAST_BATCH in faults else (),
                    last if FaultName.MANIFESTS_LIST_OTHER_WORKS in faults else (),
                )
            await self._call_back(notify, token, made, last)
            return JSONResponse({"works": [each.id for each in made], "state": "queued"}, 202)

        return handler

    async def _call_back(self, address: str, token: str | None, made: Sequence[_Work], last: Sequence[_Work]) -> None:
        faults = self._house.faults
        archive = _archive(made, last if FaultName.CALLBACKS_CARRY_OTHER_WORKS in faults else ())
        key = next((secret for secret, of in self._keys.values() if of == token), b"")
        key = _ONE_KEY if FaultName.CALLBACKS_SIGNED_WITH_ONE_KEY in faults else key
        headers = {name: archive.headers[name] for name in ("content-type", "x-works", "x-notice")}
        if FaultName.CALLBACKS_UNSIGNED not in faults:
            headers["X-Signature"] = hmac.new(key, archive.body, "sha256").hexdigest()
        addresses = [address]
        if FaultName.CALLBACKS_TO_THE_LAST_TENANT in faults and self._notified:
            addresses.append(self._notified)
        self._notified = address
        for each in addresses:
            await to_thread(_post, each, headers, bytes(archive.body))

    async def slot(self, request: Request) -> Response:
        token = self._caller(request, await _bytes(request))
        slot = secrets.token_urlsafe(12)
        self._slots[slot] = _Slot(token, self._house.now())
        return JSONResponse({"slot": slot, "url": f"{request.base_url}slots/{slot}"}, 201)

    async def fill(self, request: Request) -> Response:
        slot = self._slots.get(request.path_params["slot"])
        if slot is None or slot.media is not None or self._is_over(slot):
            raise Refused(404, {"type": "slot-unknown", "detail": "There is no such slot, or it is full or over."})
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        slot.media = Media(await _bytes(request), media_type)
        return Response(status_code=204)

    def _is_over(self, slot: _Slot) -> bool:
        lasting = FaultName.UPLOAD_URLS_NEVER_EXPIRE in self._house.faults
        return not lasting and self._house.now() > slot.opened + SLOT_SERVES

    async def bring(self, request: Request) -> Response:
        data = await _bytes(request)
        token, body = self._caller(request, data), _json(data)
        slot = self._slots.get(str(body.get("slot")))
        mine = slot is not None and (
            slot.token == token or FaultName.UPLOADS_TAKEN_BY_OTHER_TENANTS in self._house.faults
        )
        media = self._slots.pop(str(body.get("slot"))).media if mine else None
        if media is None:
            raise Refused(422, {"type": "slot-empty", "detail": "没有上传文件。 No file was uploaded there."})
        reply = await self._inside.behind(request).ask(
            "POST",
            "/v1/assets",
            token=token,
            query={"declared": "true" if body.get("ai_generated") is True else None},
            body=media.data,
            media_type=media.media_type,
        )
        found = _done(reply)
        return JSONResponse({"work": found["asset"]["id"], "notice": found.get("notice", "")}, 201)

    def passing(self, method: str, inside: str) -> Handler:
        """A request that only its signature sets apart."""

        async def handler(request: Request) -> Response:
            data = await _bytes(request)
            token = self._caller(request, data)
            path = inside
            for name, value in request.path_params.items():
                path = path.replace(f"{{{name}}}", segment(value))
            media_type = request.headers.get("content-type", "")
            reply = await self._inside.behind(request).ask(method, path, token=token, body=data, media_type=media_type)
            if not reply.good:
                _done(reply)
            return Response(reply.body, reply.status, media_type=reply.media_type or None)

        return handler


def _particulars(body: Mapping[str, Any]) -> dict[str, Any]:
    """What an applicant says of itself; a tenant also brings its producer code."""
    profile = body.get("profile")
    said = dict(profile) if isinstance(profile, dict) else {}
    return said | ({"producer_code": body["producer"]} if body.get("producer") else {})


def _work(made: dict[str, Any]) -> _Work:
    content = made["content"]
    data = content["data"].encode() if content["encoding"] == "utf-8" else base64.b64decode(content["data"])
    return _Work(made["asset"]["id"], content["media_type"], data, made.get("notice", ""))


def _archive(made: Sequence[_Work], also: Sequence[_Work] = (), listed: Sequence[_Work] = ()) -> Response:
    """The files of a batch; ``also`` in it are those of another batch, and ``listed`` are named only."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, each in enumerate((*made, *also)):
            archive.writestr(f"{number}.{_ENDINGS.get(each.media_type, 'bin')}", each.data)
        archive.writestr("manifest.json", json.dumps([each.id for each in (*made, *listed)]))
    headers = {"X-Works": ",".join(each.id for each in made), "X-Notice": quote(made[0].notice)}
    return Response(buffer.getvalue(), 201, headers, "application/zip")


def _post(address: str, headers: Mapping[str, str], body: bytes) -> None:
    """Send a callback; only to this machine, and an address that does not answer is none of the gateway's business."""
    parts = urlsplit(address)
    if parts.scheme != "http" or parts.hostname != "127.0.0.1":
        return
    request = urllib.request.Request(address, body, dict(headers), method="POST")  # noqa: S310 - the scheme is http
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(request, timeout=_NOTIFIED_WITHIN).close()
    except OSError:
        return


def _answering(handler: Handler) -> Handler:
    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            return JSONResponse(refused.problem, refused.status, media_type="application/problem+json")

    return endpoint


async def _bytes(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise Refused(413, {"type": "too-large", "detail": f"A request may have {LARGEST_BODY:,} bytes."})
        parts.append(part)
    return b"".join(parts)


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(400, {"type": "json-invalid", "detail": "The body is no JSON object."})
    return found


def _done(reply: Reply) -> dict[str, Any]:
    if reply.good:
        return reply.json
    error = reply.error
    more = {key: value for key, value in error.items() if key not in ("code", "message")}
    raise Refused(reply.status, {"type": error.get("code", ""), "detail": error.get("message", ""), **more})
