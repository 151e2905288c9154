"""Lantern's notices, appeals and decisions, its tools to tell where a file is from, and its pages."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from . import lantern_files as files
from .lantern import GROUNDS, Lantern
from .lantern_http import Adding, Said, file_of, hal, need, truthy
from .lantern_making import PROMPT
from .lantern_studio import DAY, Item, Problem, rfc1123

LIMIT_HOURS = 48  # the published time limit of the trust desk


def trust(lantern: Lantern, route: Adding) -> None:
    def ticket_hal(t: Item, fresh: bool = False) -> Said:
        out = {
            "id": t.id,
            "kind": t.kind,
            "about": t.about,
            "state": t.state,
            "received": rfc1123(t.at),
            "reasons": t.reasons or None,
            "redress": "You can lodge a complaint here within six months, go to an out-of-court dispute body, or to a court."
            if t.state != "open"
            else None,
            "_links": {"self": {"href": f"/tickets/{t.id}"}},
        }
        if lantern.on("tickets-open") or fresh:
            out["contact"] = t.contact or None
        if fresh:
            out["key"] = t.key
            if not (lantern.on("receipt-absent") and t.kind != "appeal"):
                out["receipt"] = f"We have received your notice {t.id} and answer within {LIMIT_HOURS} hours."
        return out

    @route("/notices", "POST")
    def notice(request: Request, said: Said) -> Said | Response:
        p = lantern.who(request, needed=lantern.on("notice-needs-account") and said.get("kind") == "intimate")
        kind = said.get("kind")
        if kind not in GROUNDS:
            raise Problem(422, "invalid", "kind is illegal, intimate or rumour.")
        need(said, "publication")
        q = lantern.live(str(said["publication"]).rsplit("/", 1)[-1])
        need(said, "explanation")
        if "contact-required" in lantern.variants and not p:
            need(said, "contact")
        if kind == "intimate" and not (
            said.get("signature") and said.get("contact") and truthy(said.get("good_faith"))
        ):
            raise Problem(
                422, "request-incomplete", "Sign the request, state your good faith and give us contact data."
            )
        t = Item(
            id="t" + secrets.token_hex(6),
            kind=kind,
            about=q.id,
            state="open",
            at=lantern.now(),
            by=p.id if p else None,
            key=secrets.token_hex(8),
            contact=said.get("contact") or "",
            said=str(said["explanation"]),
            reasons="",
            decided=0,
        )
        lantern.tickets[t.id] = t
        who = f" by {t.contact}" if lantern.on("ledger-names-reporter") and t.contact else ""
        lantern.log("reported", q.owner, q.id, f"Your publication {q.id} was reported ({kind}){who}.")
        lantern.tick()
        return hal(ticket_hal(t, True), 201 if t.by else 202, Location=f"/tickets/{t.id}")

    @route("/tickets/{id}", "GET")
    def ticket(request: Request, said: Said) -> Said | Response:
        t, p = lantern.tickets.get(request.path_params["id"]), lantern.who(request, needed=False)
        allowed = t and (
            (p and (p.moderator or p.id == t.by))
            or (t.by is None and request.headers.get("x-ticket-key") == t.key)
            or lantern.on("tickets-open")
        )
        if not allowed:
            raise Problem(404, "not-found", "There is no such ticket.")
        return ticket_hal(t)

    @route("/gallery/{id}/appeal", "POST")
    def appeal(request: Request, said: Said) -> Said | Response:
        p, q = lantern.who(request), lantern.posts.get(request.path_params["id"])
        if q is None or q.owner != p.id:
            raise Problem(404, "not-found", "There is no such publication of yours.")
        if q.state != "removed":
            raise Problem(409, "nothing-removed", "Nothing was decided against this publication.")
        if lantern.now() - q.removed_at > (30 if lantern.on("appeal-30-days") else 200) * DAY:
            raise Problem(410, "too-late", "Complaints can be made for 200 days.")
        need(said, "statement")
        t = Item(
            id="t" + secrets.token_hex(6),
            kind="appeal",
            about=q.id,
            state="open",
            at=lantern.now(),
            by=p.id,
            key=secrets.token_hex(8),
            contact="",
            said=str(said["statement"]),
            reasons="",
            decided=0,
        )
        lantern.tickets[t.id] = t
        return hal(ticket_hal(t, True), 201, Location=f"/tickets/{t.id}")

    @route("/moderation/decisions", "POST")
    def decide(request: Request, said: Said) -> Said | Response:
        p, t = lantern.who(request), lantern.tickets.get(said.get("ticket"))
        if not p.moderator:
            raise Problem(403, "moderators", "For moderators only.")
        if t is None:
            raise Problem(404, "not-found", "There is no such ticket.")
        wanted = said.get("outcome") == "act"
        if t.state == "open":
            lantern.settle(t, wanted, str(said.get("reasons") or "Decided by our trust team."))
        elif (t.state in ("action-taken", "reinstated")) != wanted:
            raise Problem(409, "decided", "This ticket is decided.")
        return ticket_hal(t)


def tools(lantern: Lantern, route: Adding) -> None:
    @route("/tools/origin", "POST")
    def origin(request: Request, said: Said) -> Said | Response:
        data = file_of(said) or said.get("raw", (b"", ""))[0]
        mime = files.sniff(data) or "text/plain"
        found = files.inspect(data, mime)[0] or {}
        signed = found.get("ContentProducer") == files.MAKER and found.get("ReservedCode1") == files.seal(
            found.get("ProduceID", "")
        )
        ours = signed or files.print_of(data, mime) in lantern.prints
        if lantern.on("origin-any-label"):
            ours = ours or bool(found)
        return {
            "made_by_lantern": ours,
            "system": "Lantern Studio 4.2" if ours else None,
            "number": found.get("ProduceID") if signed else None,
        }

    @route("/tools/detector", "POST")
    def detector(request: Request, said: Said) -> Said | Response:
        data = file_of(said) or said.get("raw", (b"", ""))[0]
        mime = files.sniff(data) or "text/plain"
        found, visible = files.inspect(data, mime)
        hit = bool(found) or visible or files.print_of(data, mime) in lantern.prints
        return {"synthetic": hit, "score": 0.98 if hit else 0.04}


def pages(lantern: Lantern, route: Adding) -> None:
    hours = (
        ""
        if lantern.on("limit-unpublished")
        else f'<p>We answer every notice, complaint and appeal within <b id="limit" data-hours="{LIMIT_HOURS}">{LIMIT_HOURS} hours</b>.</p>'
    )
    labels = (
        ""
        if lantern.on("agreement-silent-on-labels")
        else "<p>Label methods and styles: pictures show AI生成 in a corner, texts begin or end with AI生成, sounds begin with the "
        "rhythm short–long short–short; every file carries the AIGC field in its metadata. 标识方法与样式如上，请仔细阅读并理解。 Do not remove them.</p>"
    )
    texts = {
        "rules": "<p>Management rules and platform convention 管理规则和平台公约. 1. Obey the law. 2. No fake news. 3. No unlawful or intimate content. 4. Label what AI made.</p>",
        "agreement": f"<p>User agreement 用户协议. Please read and understand it before you accept.</p>{labels}<p>You have information security duties 信息安全义务: keep your "
        "account safe and make nothing that the law prohibits.</p>",
        "complaints": f"<p>How we handle appeals, complaints and reports 申诉、投诉、举报处理流程: send a notice at any publication, with or without an account; we confirm receipt, "
        f"people decide, and you get the result with reasons and redress.</p>{hours}",
        "takedown": "<p>Intimate images published without consent: you, or someone you authorise, can ask for removal at POST /notices with your signature, the address of the "
        "content, a statement of good faith and contact data. We remove the image and known identical copies within 48 hours.</p>",
        "filing": ""
        if lantern.on("filing-hidden")
        else '<p>Filing number <span class="filing">网信算备110108000000001240011号</span>, see <a class="registry" '
        'href="https://beian.cac.gov.cn/">the public information</a>.</p>',
        "detection-tool": "<p>Free disclosure verification tool, no account needed: POST a file to <a href='/tools/origin'>/tools/origin</a> to find out whether Lantern made or "
        "altered it.</p>",
        "uses": "<p>Lantern is for adults and for young people from 14, for portraits, narrations and narration voices in private and creative work.</p>",
        "editing": f"<p>{PROMPT}</p>",
        "upload": "<p>Please declare whether what you upload contains AI-generated content 请声明是否包含AI生成内容.</p>",
        "marking": "<p>You can switch the visible label on for every work 您可以使用显著标识功能; it is on unless you ask otherwise.</p>",
        "conversation": "<p>You are working with an AI system, not with a person. 您正在使用人工智能服务，并非真人。</p>",
    }

    @route("/about/{topic}", "GET")
    def about(request: Request, said: Said) -> Said | Response:
        text = texts.get(request.path_params["topic"])
        if text is None or text == "":
            raise Problem(404, "not-found", "There is no such page.")
        return HTMLResponse(
            f'<!doctype html><html lang="en"><head><title>Lantern</title></head><body><main>{text}</main></body></html>'
        )

    @route("/", "GET")
    def root(request: Request, said: Said) -> Said | Response:
        return {
            "_links": {
                "gallery": {"href": "/gallery"},
                "feed": {"href": "/feed.atom"},
                "studio": [{"href": f"/studio/{s}"} for s in ("portraits", "scripts", "voices")],
                "notices": {"href": "/notices"},
                "about": {"href": "/about/{topic}", "templated": True},
            },
            "filing": "网信算备110108000000001240011号",
        }
