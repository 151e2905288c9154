"""The interface of :class:`~tests.strangers.lantern.Lantern`: accounts, sessions, real names, consents, and a clock that
moves.
"""

from __future__ import annotations

import re
import secrets
from datetime import date, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from .lantern import Lantern
from .lantern_gallery import gallery
from .lantern_http import Adding, Routes, Said, hal, need, truthy
from .lantern_making import making, uploads
from .lantern_studio import DAY, HOUR, Item, Problem, iso, resident_id_ok, rfc1123
from .lantern_trust import pages, tools, trust


def desk(lantern: Lantern) -> Starlette:
    route = Routes(lantern)
    for part in (accounts, identities, consents, making, uploads, gallery, trust, tools, pages, sandbox):
        part(lantern, route)
    return Starlette(routes=route.all)


def accounts(lantern: Lantern, route: Adding) -> None:
    @route("/people", "POST")
    def register(request: Request, said: Said) -> Said | Response:
        need(said, "handle", "password")
        if any(p.handle.lower() == str(said["handle"]).lower() for p in lantern.people.values()):
            raise Problem(409, "handle-taken", "This handle is taken.")
        if not truthy(said.get("accept_terms")):
            raise Problem(422, "terms", "Read and accept the user agreement first.")
        if said.get("birth_date"):
            try:
                age = (
                    datetime.fromtimestamp(lantern.now()).date() - date.fromisoformat(said["birth_date"])
                ).days / 365.2425
            except ValueError:
                raise Problem(422, "invalid", "birth_date is a date.") from None
            if age < 14:
                raise Problem(403, "too-young", "Lantern is not for children under 14.")
        p = lantern.new_person(said)
        return hal(
            {
                "id": p.id,
                "handle": p.handle,
                "since": rfc1123(p.since),
                "verified": p.verified,
                "_links": {"self": {"href": f"/people/{p.handle}"}, "agreement": {"href": "/about/agreement"}},
            },
            201,
            Location=f"/people/{p.handle}",
        )

    @route("/oauth/token", "POST")
    def token(request: Request, said: Said) -> Said | Response:
        if said.get("grant_type") == "refresh_token":
            pid, until, old = lantern.refresh.pop(said.get("refresh_token"), (None, 0, None))
            if pid is None or until < lantern.now() or pid not in lantern.people:
                raise Problem(400, "invalid-grant", "The refresh token is not valid.", error="invalid_grant")
            lantern.access.pop(old, None)
            return lantern.session(lantern.people[pid])
        p = next(
            (
                p
                for p in lantern.people.values()
                if p.handle == said.get("username") and p.password == said.get("password")
            ),
            None,
        )
        if p is None:
            raise Problem(400, "invalid-grant", "Handle or password is wrong.", error="invalid_grant")
        return lantern.session(p)

    @route("/oauth/revoke", "POST")
    def revoke(request: Request, said: Said) -> Said | Response:
        # RFC 7009: no error for a token that has ended
        used = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        for token, (_, _, access) in list(lantern.refresh.items()):
            if access == used:
                del lantern.refresh[token]
        lantern.access.pop(used, None)
        return Response(status_code=200)

    @route("/people/me", "GET", "DELETE")
    def me(request: Request, said: Said) -> Said | Response:
        p = lantern.who(request)
        if request.method == "GET":
            return {
                "id": p.id,
                "handle": p.handle,
                "name": p.name,
                "email": p.email,
                "phone": p.phone,
                "verified": p.verified,
                "_links": {
                    "works": {"href": "/studio/works"},
                    "messages": {"href": "/people/me/messages"},
                    "ledger": {"href": "/people/me/ledger"},
                },
            }
        for q in lantern.posts.values():
            if (q.owner == p.id or q.item.owner == p.id) and q.state == "live":
                q.state = "withdrawn"
        for store in (lantern.works, lantern.uploads, lantern.consents):
            for k in [k for k, v in store.items() if v.owner == p.id]:
                del store[k]
        for k in [k for k, v in lantern.access.items() if v[0] == p.id]:
            if not lantern.on("deleted-still-signed-in"):
                del lantern.access[k]
        lantern.refresh = {k: v for k, v in lantern.refresh.items() if v[0] != p.id}
        if not lantern.on("deleted-still-signed-in"):
            del lantern.people[p.id]
        return Response(status_code=204)

    @route("/people/me/messages", "GET")
    def messages(request: Request, said: Said) -> Said | Response:
        return {"_embedded": {"messages": lantern.who(request).messages}}


def identities(lantern: Lantern, route: Adding) -> None:
    @route("/people/me/phone-codes", "POST")
    def phone_code(request: Request, said: Said) -> Said | Response:
        p = lantern.who(request)
        phone = re.sub(r"[\s-]", "", str(said.get("phone") or p.phone))
        if not re.fullmatch(r"(\+86|\+?0086)?1[3-9]\d{9}", phone):
            raise Problem(422, "phone", "This is not a mobile number that can receive codes.")
        code = f"{secrets.randbelow(10**6):06d}"
        lantern.codes[p.id] = Item(code=code, phone=phone, until=lantern.now() + 600, tries=0)
        return hal(
            {"sent_to": "•••" + phone[-2:], "valid_until": rfc1123(lantern.now() + 600), "sandbox": {"code": code}}, 201
        )

    @route("/people/me/identity", "POST")
    def identity(request: Request, said: Said) -> Said | Response:
        p = lantern.who(request)
        kind, number = said.get("kind"), str(said.get("number") or "")
        if kind not in ("resident-id", "passport", "phone"):
            raise Problem(
                422, "identity-kind", "Only a resident id, a passport or a mobile number, each with a phone code."
            )
        c = lantern.codes.get(p.id)
        if lantern.on("code-of-anyone") and not (c and c.code == said.get("code")):
            c = next((x for x in lantern.codes.values() if x.code == said.get("code")), c)
        if c is None or c.until < lantern.now() or c.tries >= 5:
            raise Problem(422, "code", "Ask for a new phone code.")
        wrong = c.code != str(said.get("code") or "")
        if lantern.on("code-second-try") and c.tries >= 1:
            wrong = False
        if wrong:
            c.tries += 1
            raise Problem(422, "code", "The code is wrong.")
        if kind == "phone" and re.sub(r"[\s-]", "", number) != c.phone:
            raise Problem(422, "number", "The code was sent to another number.")
        holds = resident_id_ok(number, lantern.faults) and str(said.get("name") or "").strip()
        if kind == "resident-id" and not holds:
            raise Problem(422, "number", "This is not a valid resident id and name.")
        if kind == "passport" and not re.fullmatch(r"[A-Z]{1,2}\d{7,8}", number):
            raise Problem(422, "number", "This is not a passport number.")
        other = next((q for q in lantern.people.values() if q.number == number and q.id != p.id), None)
        if other and lantern.on("holder-named"):
            raise Problem(
                409, "number", "This number is in use.", f"This number belongs to {other.name} ({other.phone})."
            )
        if other and "one-account-per-number" in lantern.variants:
            raise Problem(409, "number", "This number cannot be used for this account.")
        lantern.codes.pop(p.id, None)
        p.verified, p.number = True, number
        return {"state": "verified", "method": kind, "verified_on": rfc1123(lantern.now())}

    @route("/people/{handle}", "GET")
    def profile(request: Request, said: Said) -> Said | Response:
        p = next((p for p in lantern.people.values() if p.handle == request.path_params["handle"]), None)
        if p is None:
            raise Problem(404, "not-found", "There is no such person.")
        return {
            "handle": p.handle,
            "since": rfc1123(p.since),
            "_links": {"gallery": {"href": f"/gallery?creator={p.handle}"}},
        }

    @route("/people/me/ledger", "GET")
    def ledger(request: Request, said: Said) -> Said | Response:
        p = lantern.who(request)
        kind = request.query_params.get("kind")
        entries = [e for e in lantern.ledger if (p.moderator or e.who == p.id) and kind in (None, e.kind)]
        return {
            "_embedded": {
                "entries": [{"kind": e.kind, "at": iso(e.at), "subject": e.subject, "text": e.text} for e in entries]
            }
        }


def consents(lantern: Lantern, route: Adding) -> None:
    @route("/consents", "POST")
    def consent(request: Request, said: Said) -> Said | Response:
        p = lantern.who(request)
        person = said.get("person") or {}
        if not isinstance(person, dict) or not person.get("id") or said.get("covers") not in ("face", "voice"):
            raise Problem(422, "invalid", "person.id and covers (face or voice) are required.")
        if truthy(person.get("minor")) and not lantern.on("minor-consents"):
            raise Problem(
                422,
                "minor",
                "This person is a minor.",
                "For a minor we accept no consent but that of a parent or guardian, by post.",
            )
        days = said.get("days")
        c = Item(
            id="c" + secrets.token_hex(6),
            owner=p.id,
            person=person["id"],
            name=person.get("name", ""),
            covers=said["covers"],
            until=lantern.now() + float(days) * DAY if days else None,
            withdrawn=False,
        )
        lantern.consents[c.id] = c
        return hal(
            {
                "id": c.id,
                "covers": c.covers,
                "until": iso(c.until) if c.until else None,
                "_links": {"self": {"href": f"/consents/{c.id}"}},
            },
            201,
            Location=f"/consents/{c.id}",
        )

    @route("/consents/{id}", "GET", "DELETE")
    def consent_one(request: Request, said: Said) -> Said | Response:
        p, c = lantern.who(request), lantern.consents.get(request.path_params["id"])
        if c is None or c.owner != p.id:
            raise Problem(404, "not-found", "There is no such consent.")
        if request.method == "GET":
            return {"id": c.id, "covers": c.covers, "withdrawn": c.withdrawn}
        c.withdrawn = not lantern.on("withdrawal-no-effect")
        if not lantern.on("works-outlive-consent"):
            for w in [w for w in lantern.works.values() if w.consent == c.id]:
                del lantern.works[w.id]
                for q in lantern.posts.values():
                    if q.item is w:
                        q.state = "withdrawn"
        return Response(status_code=204)


def sandbox(lantern: Lantern, route: Adding) -> None:
    @route("/sandbox/clock", "POST")
    def clock(request: Request, said: Said) -> Said | Response:
        lantern.offset += float(said.get("hours") or 0) * HOUR
        lantern.tick()
        return {"now": iso(lantern.now())}

    @route("/sandbox/reset", "POST")
    def reset(request: Request, said: Said) -> Said | Response:
        lantern.reset()
        return Response(status_code=204)
