"""A gallery of AI portraits, narrated texts and cloned voices that is no sample.

Its habits were written from the texts of the law and from how services behave, before the checks were looked at: rules
of China, the European Union and the United States. ``faults`` are the unlawful ones. :mod:`tests.strangers.lantern_desk`
puts an interface with hypermedia in front of it.
"""

from __future__ import annotations

import secrets
from typing import Any

from . import lantern_files as files
from .lantern_studio import DAY, HOUR, MARKS, Item, Problem, Studio, iso

GROUNDS = {
    "illegal": ("unlawful", "prohibited", "intimate"),
    "intimate": ("intimate",),
    "rumour": ("rumour", "fake_news"),
}
TIERS = {
    "1": "本内容属于AI生成内容 · This content is AI-generated.",
    "2": "本内容可能为AI生成内容 · This content may be AI-generated; its creator says so.",
    "3": "本内容疑似AI生成内容 · This content is suspected to be AI-generated.",
}


class Lantern(Studio):
    """The studio, the gallery that shows its works, and the desk that decides on notices."""

    # --- gallery
    def show(self, p: Item) -> list[str]:
        """The notice around a publication."""
        if (self.on("suspected-silent") and p.tier == "3") or (self.on("repost-no-notice") and p.parent):
            return []
        return [TIERS[p.tier]] if p.tier else []

    def carry(self, p: Item, source: str, data: bytes, mime: str, field: dict[str, Any] | None) -> bytes:
        """The file that the gallery serves: its own name and number beside the producer's."""
        if not p.tier:
            return data
        own = {"Label": p.tier, "ContentProducer": files.CARRIER, "ProduceID": p.number, "ReservedCode1": ""}
        if field:
            own = {
                k: field.get(k, "") for k in ("Label", "ContentProducer", "ProduceID", "ReservedCode1", "ReservedCode2")
            }
            if own["Label"] != "1":
                own["Label"] = p.tier
            own["ContentProducer"] = own["ContentProducer"] or files.CARRIER
            own["ProduceID"] = own["ProduceID"] or p.number
        if source == "upload":
            if self.on("upload-jpeg-strips") and mime == "image/jpeg":
                return files.strip(data, mime)
            if self.on("producer-overwritten"):
                own["ContentProducer"] = files.CARRIER
        try:
            return files.write(
                files.strip(data, mime, only=b"AIGC"),
                mime,
                {**own, "ContentPropagator": files.CARRIER, "PropagateID": p.number},
            )
        except ValueError:
            return data

    def post(self, person: Item, item: Item, title: str, parent: Item | None = None) -> Item:
        p = Item(
            id="g" + secrets.token_hex(6),
            owner=person.id,
            handle=person.handle,
            title=title,
            item=item,
            parent=parent.id if parent else None,
            at=self.now(),
            state="live",
            rev=1,
            number="LG-" + secrets.token_hex(8).upper(),
            reasons="",
            removed_at=0,
            refuted="",
            cause=None,
        )
        if item.id.startswith("w"):
            data, mime, field, source = item.data, item.mime, files.inspect(item.data, item.mime)[0], "work"
            if not item.marked and item.service != "text":  # the gallery shows nothing without a visible label
                data = (
                    files.encode(self.draw(item.plain, mime, True), mime)
                    if item.service != "voice"
                    else self.sound(item.plain, mime, True)
                )
            if not item.marked and item.service == "text":
                data = f"AI生成 · AI-generated\n\n{item.bare.decode()}\n".encode()
            p.tier, p.text = "1", item.text
            field = field or {"Label": "1", "ContentProducer": files.MAKER, "ProduceID": item.number}
            if not item.marked and item.text:
                p.text = data.decode()
        else:
            data, mime, source, p.text = item.data, item.mime, "upload", None
            field, visible = files.inspect(data, mime)
            value = str((field or {}).get("Label", ""))
            declared = item.declared and not self.on("declaration-ignored")
            seen = visible and not self.on("visible-not-detected")
            p.tier = "1" if value == "1" else "2" if value == "2" or declared else "3" if value or seen else ""
        p.mime, p.data = mime, self.carry(p, source, data, mime, field)
        p.print = files.print_of(data, mime)
        self.posts[p.id] = p
        self.order.insert(0, p.id)
        return p

    def remove(self, p: Item, reasons: str, cause: str, copies: bool = False) -> None:
        gone = [p]
        for q in self.posts.values():  # reposts come after what they repost
            if q.parent in {g.id for g in gone} and not self.on("reposts-stay"):
                gone.append(q)
        if copies and not self.on("copies-stay"):
            gone += [q for q in self.posts.values() if q.print == p.print and q not in gone]
        for q in gone:
            if q.state == "live":
                q.state, q.reasons, q.removed_at, q.cause = "removed", reasons, self.now(), cause
                owner = self.people.get(q.owner)
                if owner:
                    owner.removals += 1
                    owner.messages.append(
                        {
                            "at": iso(self.now()),
                            "about": q.id,
                            "reasons": reasons,
                            "redress": "You can appeal within six months.",
                        }
                    )
                self.log("removed", q.owner, q.id, f"Publication {q.id} removed. {reasons}")

    def settle(self, t: Item, upheld: bool, reasons: str) -> None:
        p = self.posts.get(t.about)
        if t.kind == "appeal":
            t.state = "reinstated" if upheld else "decision-stands"
            if upheld and p and not self.on("appeal-no-effect"):
                cause = p.cause
                for q in self.posts.values():
                    if q.cause == cause and q.state == "removed":
                        q.state, q.cause = "live", None
        else:
            t.state = "action-taken" if upheld else "no-action"
            if upheld and p:
                self.remove(p, reasons, t.id, copies=t.kind == "intimate")
                if t.kind == "rumour" and not self.on("refutation-absent"):
                    p.refuted = f"Refutation: the claim in this publication is false. {reasons}"
                    self.log("refuted", p.owner, p.id, f"Publication {p.id} refuted: {reasons}")
        t.reasons = "" if self.on("reasons-absent") else reasons
        t.decided = self.now()

    def tick(self) -> None:
        """The trust desk works through what is open."""
        wait = {"intimate": 6, "appeal": 30}
        for t in list(self.tickets.values()):
            if t.state != "open":
                continue
            hours = 0 if "prompt-desk" in self.variants and t.kind != "appeal" else wait.get(t.kind, 20)
            if self.on("intimate-72-hours") and t.kind == "intimate":
                hours = 72
            if self.on("desk-asleep") and t.kind == "illegal":
                hours = 24 * 30
            if self.now() - t.at >= hours * HOUR:
                p = self.posts.get(t.about)
                said = " ".join([p.title, getattr(p.item, "prompt", "") or ""]) if p else ""
                good = any(MARKS[m] in said for m in GROUNDS.get(t.kind, ()))
                found = (
                    "the content breaks the law and rule 3 of the gallery."
                    if good
                    else "we found no breach of law or of our rules."
                )
                self.settle(t, good, f"Our trust team reviewed this notice: {found}")
        copies = 150 if self.on("unlabelled-log-150-days") else 400
        self.ledger = [
            e for e in self.ledger if self.now() - e.at < (copies if e.kind == "unlabelled-copy" else 400) * DAY
        ]

    def live(self, pid: str) -> Item:
        p = self.posts.get(pid)
        if p is None or p.state == "withdrawn":
            raise Problem(404, "not-found", "There is no such publication.")
        if p.state == "removed":
            raise Problem(
                404 if "gone-is-404" in self.variants else 410, "gone", "This publication is no longer available."
            )
        return p

    def hal(self, p: Item) -> dict[str, Any]:
        ext = files.EXT[p.mime]
        return {
            "id": p.id,
            "title": p.title,
            "creator": p.handle,
            "published": iso(p.at),
            "notices": self.show(p),
            "type": p.mime,
            "repost_of": p.parent,
            "_links": {
                "self": {"href": f"/gallery/{p.id}"},
                "page": {"href": f"/p/{p.id}"},
                "media": {"href": f"/media/{p.id}.{ext}", "type": p.mime},
                "refutations": {"href": f"/gallery/{p.id}/refutations"},
            },
        }
