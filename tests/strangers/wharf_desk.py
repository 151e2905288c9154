"""The interface of the wharf: documents with `data`, `attributes` and `links`, cursors, and answers that have to be polled."""

from __future__ import annotations

import base64
import html
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .wharf import REMINDER, Berth, Claim, Crate, No, Wharf, written

TYPE = "application/vnd.wharf+json"
#: So many results stand on one page of a search.
_PAGE = 2
_PLACES = ("sheet", "stream", "embed", "leaf")
Handler = Callable[[Request], Awaitable[Response]]


def desk(wharf: Wharf) -> Starlette:
    """The board over HTTP."""
    counter = _Counter(wharf)
    routes: list[tuple[str, str, Callable[[Request, Any], Any]]] = [
        ("POST", "/members", counter.enrol),
        ("PATCH", "/members/me/identity", counter.prove),
        ("DELETE", "/members/me", counter.leave),
        ("POST", "/crates", counter.land),
        ("GET", "/crates/{crate}", counter.crate),
        ("POST", "/berths", counter.berth),
        ("POST", "/berths/{berth}/echoes", counter.echo),
        ("GET", "/berths", counter.search),
        ("GET", "/berths/{berth}/{place}", counter.show),
        ("POST", "/claims", counter.claim),
        ("GET", "/claims/{claim}", counter.look),
        ("POST", "/pleas", counter.plea),
        ("GET", "/pages/{page}", counter.page),
        ("GET", "/members/me/log", counter.log),
        ("POST", "/lab/tide", counter.tide),
    ]
    return Starlette(routes=[Route(path, _answering(act), methods=[method]) for method, path, act in routes])


def _answering(act: Callable[[Request, Any], Any]) -> Handler:
    async def handler(request: Request) -> Response:
        import json

        raw = await request.body()
        try:
            attributes = json.loads(raw)["data"]["attributes"] if raw else {}
            answer = act(request, attributes)
        except No as no:
            return _document({"errors": [{"status": str(no.status), "code": no.code, "detail": no.words}]}, no.status)
        except (ValueError, KeyError, TypeError) as wrong:
            return _document({"errors": [{"status": "400", "code": "malformed", "detail": repr(wrong)[:80]}]}, 400)
        return answer if isinstance(answer, Response) else _document(*answer)

    return handler


def _document(body: Any, status: int = 200, **headers: str) -> Response:
    return Response(written(body) if body is not None else b"", status, headers, TYPE)


def _data(kind: str, identity: str, **attributes: object) -> dict[str, Any]:
    return {"data": {"type": kind, "id": identity, "attributes": attributes}}


class _Counter:
    def __init__(self, wharf: Wharf) -> None:
        self.wharf = wharf

    @staticmethod
    def _key(request: Request) -> str:
        return request.headers.get("authorization", "").removeprefix("Wharf ")

    # --- members ---

    def enrol(self, request: Request, given: Any) -> Any:
        member = self.wharf.enrol(str(given.get("phone", "")))
        return _data("member", member.id, key=member.key), 201

    def prove(self, request: Request, given: Any) -> Any:
        self.wharf.prove(self._key(request), str(given["means"]), str(given["number"]), str(given.get("holder", "")))
        return _data("identity", "me", standing="proved"), 200

    def leave(self, request: Request, given: Any) -> Any:
        self.wharf.leave(self._key(request))
        return None, 204

    def log(self, request: Request, given: Any) -> Any:
        sort = request.query_params.get("filter[sort]", "")
        lines = [line for line in self.wharf.must(self._key(request)).log if line["sort"] == sort]
        return {"data": [{"type": "line", "id": str(n), "attributes": line} for n, line in enumerate(lines)]}, 200

    # --- files ---

    def land(self, request: Request, given: Any) -> Any:
        data = base64.b64decode(given["file"], validate=True)
        crate = self.wharf.land(self._key(request), data, str(given["kind"]), bool(given.get("synthetic")))
        return self._crate(crate, 202)

    def crate(self, request: Request, given: Any) -> Any:
        crate = self.wharf.crates.get(request.path_params["crate"])
        if crate is None or crate.owner != self.wharf.must(self._key(request)).id:
            raise No(404, "no-such-crate")
        crate.looked += 1
        return self._crate(crate, 200)

    def _crate(self, crate: Crate, status: int) -> Any:
        ready = "ready" if crate.looked > 1 else "checking"
        reminder = "" if "no-reminder" in self.wharf.faults else REMINDER
        return _data("crate", crate.id, stage=ready, advice=reminder), status

    def berth(self, request: Request, given: Any) -> Any:
        return self._made(
            self.wharf.berth(self._key(request), str(given["crate"]), str(given["caption"]), given.get("pin") is True)
        )

    def echo(self, request: Request, given: Any) -> Any:
        return self._made(self.wharf.echo(self._key(request), request.path_params["berth"]))

    @staticmethod
    def _made(berth: Berth) -> Any:
        return _data("berth", berth.id, caption=berth.caption), 201

    def show(self, request: Request, given: Any) -> Any:
        place = request.path_params["place"]
        berth = self.wharf.seen(request.path_params["berth"], place)
        if place == "file":
            data, kind = self.wharf.file_of(berth)
            return Response(data, media_type=kind)
        if place not in _PLACES:
            raise No(404, "no-such-place")
        crate = self.wharf.crates[berth.crate]
        shown: dict[str, object] = {"caption": berth.caption, "note": ""}
        if crate.kind == "text/plain":
            note = crate.data.decode("utf-8", "replace")
            tidied = "notes-tidied" in self.wharf.faults
            shown["note"] = "\n".join(line for line in note.splitlines() if "AI" not in line) if tidied else note
        signed_in = self.wharf.member(self._key(request)) is not None
        declared_only = (crate.case == "2" and crate.brought != crate.data) or (
            crate.kind == "text/plain" and crate.case == "2"
        )
        shown["tips"] = self.wharf.notice(berth, place, signed_in, declared_only)
        if "phones-shown" in self.wharf.faults:
            owner = next(each for each in self.wharf.members.values() if each.id == berth.owner)
            shown["by"] = owner.phone
        if place == "leaf":
            return self._leaf(shown)
        return _data("berth", berth.id, **shown), 200

    def _leaf(self, shown: dict[str, Any]) -> Response:
        hidden = ' style="display:none"' if "leaves-hide-notices" in self.wharf.faults else ""
        tips = "".join(f"<p class=tip{hidden}>{html.escape(tip)}</p>" for tip in shown["tips"])
        words = html.escape(f"{shown['caption']}\n{shown['note']}")
        return Response(f"<!doctype html><article>{words}</article>{tips}", media_type="text/html")

    def search(self, request: Request, given: Any) -> Any:
        words, cursor = request.query_params.get("filter[words]", ""), request.query_params.get("page[after]", "")
        found = [
            each
            for each in reversed(self.wharf.berths.values())
            if words in each.caption and not self.wharf.is_gone(each, "search")
        ]
        if cursor:
            ids = [each.id for each in found]
            found = found[ids.index(cursor) + 1 :] if cursor in ids else []
        page = found[:_PAGE]
        after = page[-1].id if len(found) > _PAGE else None
        return {
            "data": [{"type": "berth", "id": each.id, "attributes": {"caption": each.caption}} for each in page],
            "links": {"next": after},
        }, 200

    # --- claims ---

    def claim(self, request: Request, given: Any) -> Any:
        signed = bool(str(given.get("signature", "")).strip()) and given.get("honest") is True
        claim = self.wharf.claim(
            self._key(request),
            str(given["berth"]),
            str(given["sort"]),
            str(given.get("words", "")),
            str(given.get("contact", "")),
            signed,
        )
        return self._told(claim, 202)

    def plea(self, request: Request, given: Any) -> Any:
        claim = self.wharf.plea(self._key(request), str(given["berth"]), str(given.get("words", "")))
        return self._told(claim, 202)

    def look(self, request: Request, given: Any) -> Any:
        receipt = request.query_params.get("receipt", "")
        return self._told(self.wharf.look(self._key(request), request.path_params["claim"], receipt), 200)

    @staticmethod
    def _told(claim: Claim, status: int) -> Any:
        done = claim.decided and claim.looked > 1
        outcome = ("granted" if claim.granted else "declined") if done else "in-hand"
        answer = _data("claim", claim.id, outcome=outcome, receipt=claim.receipt, grounds=claim.grounds if done else "")
        return answer, status

    # --- the rest ---

    def page(self, request: Request, given: Any) -> Any:
        pages = {
            "rules": "社区规则：禁止发布违法内容；AI生成内容须声明并标识。",
            "process": "投诉举报：任何人可在线提交，24小时内处理并反馈结果。申诉：六个月内可提出，由人工复核。",
        }
        if "process-unpublished" in self.wharf.faults:
            del pages["process"]
        name = request.path_params["page"]
        if name not in pages:
            raise No(404, "no-such-page")
        return _data("page", name, body=pages[name], hours=24 if name == "process" else None), 200

    def tide(self, request: Request, given: Any) -> Any:
        self.wharf.ahead += timedelta(hours=float(given["hours"]))
        return None, 204
