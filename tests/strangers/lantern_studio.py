"""The studio of Lantern: AI portraits, narrated texts and cloned narration voices.

All data are in memory. ``faults`` and ``variants`` are names of :mod:`tests.strangers.lantern_faults`.
"""

from __future__ import annotations

import re
import secrets
import time
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image
from starlette.requests import Request

from . import lantern_files as files
from .lantern_faults import FAULTS, VARIANTS

HOUR, DAY = 3600, 86400
MARKS = {
    "unlawful": "[lamp: unlawful]",
    "intimate": "[lamp: intimate]",
    "rumour": "[lamp: rumour]",
    "prohibited": "[lamp: prohibited]",
    "fake_news": "[lamp: fake news]",
    "output_only": "[lamp: withheld]",
}
PROVINCES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
#: A person, a work, a publication, a consent or a ticket.
Item = SimpleNamespace


class Problem(Exception):
    """A refusal as RFC 9457 describes it."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str = "",
        headers: dict[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(title)
        self.status, self.headers = status, headers or {}
        self.body = {
            "type": f"https://lantern.example/problems/{kind}",
            "title": title,
            "status": status,
            "detail": detail or title,
            **more,
        }


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone(timedelta(hours=2))).isoformat(timespec="seconds")


def rfc1123(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(moment, UTC), usegmt=True)


def resident_id_ok(n: str, faults: frozenset[str]) -> bool:
    if "id-length-19" in faults and len(n) == 19:
        n = n[:18]
    if not re.fullmatch(r"\d{17}[\dX]", n) or n[:2] not in PROVINCES.split():
        return False
    try:
        born = date(int(n[6:10]), int(n[10:12]), int(n[12:14]))
        if born > date.today() or born.year < 1900:
            return False
    except ValueError:
        return False
    return "10X98765432"[sum(int(c) * (2 ** (17 - i) % 11) for i, c in enumerate(n[:17])) % 11] == n[17]


class Studio:
    """People, their sessions, and the works that they make."""

    def __init__(self, faults: frozenset[str], variants: frozenset[str]) -> None:
        assert FAULTS.keys() >= faults
        assert VARIANTS.keys() >= variants
        self.faults, self.variants = faults, variants
        self.reset()

    def reset(self) -> None:
        self.offset = 0.0
        self.people: dict[str, Item] = {}
        self.works: dict[str, Item] = {}
        self.jobs: dict[str, Item] = {}
        self.consents: dict[str, Item] = {}
        self.uploads: dict[str, Item] = {}
        self.posts: dict[str, Item] = {}
        self.tickets: dict[str, Item] = {}
        self.codes: dict[str, Item] = {}
        self.access: dict[str, tuple[str, float]] = {}
        self.refresh: dict[str, tuple[str, float, str]] = {}
        self.prints: dict[str, str] = {}
        self.feed_cache: dict[str, tuple[str, str]] = {}
        self.ledger: list[Item] = []
        self.order: list[str] = []
        desk = self.new_person(
            {
                "handle": "desk-ines",
                "name": "Ines",
                "password": "lamp-desk-1",
                "email": "desk@lantern.example",
                "phone": "",
            }
        )
        desk.moderator = desk.verified = True

    def now(self) -> float:
        return time.time() + self.offset

    def on(self, fault: str) -> bool:
        assert fault in FAULTS
        return fault in self.faults

    # --- people and sessions
    def new_person(self, said: dict[str, Any]) -> Item:
        p = Item(
            id="p" + secrets.token_hex(5),
            handle=said["handle"],
            name=said.get("name", ""),
            email=said.get("email") or "",
            phone=said.get("phone") or "",
            password=said["password"],
            verified=False,
            moderator=False,
            number="",
            strikes=0,
            until=0.0,
            made=0,
            since=self.now(),
            messages=[],
            removals=0,
        )
        if self.on("profile-claim") and said.get("verified") in (True, "true"):
            p.verified = True
        self.people[p.id] = p
        return p

    def who(self, request: Request, needed: bool = True) -> Any:
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        pid, until = self.access.get(token, (None, 0))
        person = self.people.get(pid)
        if person and until > self.now():
            return person
        if token:  # also where signing in is optional (RFC 6750)
            raise Problem(
                401,
                "token-expired",
                "The access token has expired or is not valid.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        if needed:
            raise Problem(401, "sign-in", "Sign in first.", headers={"WWW-Authenticate": "Bearer"})
        return None

    def session(self, person: Item) -> dict[str, Any]:
        access, refresh = "at_" + secrets.token_urlsafe(18), "rt_" + secrets.token_urlsafe(18)
        lasts = 300 if "short-tokens" in self.variants else HOUR
        self.access[access] = (person.id, self.now() + lasts)
        self.refresh[refresh] = (person.id, self.now() + 30 * DAY, access)
        return {
            "token_type": "Bearer",
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": lasts,
        }

    def log(self, kind: str, who: str, subject: str, text: str) -> None:
        self.ledger.append(Item(kind=kind, at=self.now(), who=who, subject=subject, text=text))

    # --- review
    def review(self, person: Item, text: str, service: str, where: str) -> None:
        """Input review, with graded measures."""
        if person.until > self.now() and not self.on("measures-none"):
            raise Problem(
                403,
                "limited",
                "Your account is limited.",
                f"Creation is suspended until {rfc1123(person.until)} after repeated breaches.",
            )
        seen = text[:160] if self.on("review-first-160") else text
        hit = next((k for k in ("prohibited", "fake_news") if MARKS[k] in seen), None)
        unread = (self.on("review-not-voice") and service == "voice") or (
            self.on("review-not-titles") and where == "title"
        )
        if unread:
            hit = None
        if self.on("fake-news-texts") and hit == "fake_news" and service == "text":
            hit = None
        if not hit:
            return
        person.strikes += 1
        measure = ""
        if not self.on("measures-none"):
            measure = f" This is warning {person.strikes}; after six, creation is suspended for a day."
            if person.strikes >= 6:
                person.until = self.now() + DAY
        raise Problem(
            422,
            "content-refused",
            "This content is not allowed.",
            "Our rules do not allow this content." + measure,
            measure="warning" if measure else None,
        )

    # --- marking
    def label(self, data: bytes, mime: str, work: Item) -> bytes:
        """The metadata of a work of ours."""
        fields = {
            "Label": "1",
            "ContentProducer": files.MAKER,
            "ProduceID": work.number,
            "ReservedCode1": files.seal(work.number),
            "ContentPropagator": files.MAKER,
            "PropagateID": work.number,
        }
        if self.on("mp3-field-lost") and mime == "audio/mpeg":
            return data
        if self.on("produce-id-constant"):
            fields["ProduceID"] = fields["PropagateID"] = "LANTERN-1"
        if mime in ("image/png", "image/jpeg", "audio/wav"):
            if self.on("producer-empty") and mime == "image/png":
                return files.crude(data, mime, files.field({**fields, "ContentProducer": ""}))
            if self.on("label-is-number"):
                return files.crude(data, mime, files.field(fields).replace('"Label":"1"', '"Label":1'))
        return files.write(data, mime, fields)

    def draw(self, im: Image.Image, mime: str, marked: bool) -> Image.Image:
        if not marked or (self.on("webp-bare") and mime == "image/webp"):
            return im
        other = "other-words" in self.variants
        share = 0.03 if self.on("mark-small") else 0.12 if other else 0.10
        return files.stamp(im, "人工智能合成" if other else "AI生成", share, faint=self.on("mark-faint"), top=other)

    def sound(self, pcm: files.Sound, mime: str, marked: bool) -> bytes:
        if marked and not (self.on("mp3-no-rhythm") and mime == "audio/mpeg"):
            beat = files.rhythm(".. .-" if self.on("rhythm-reversed") else ".- ..")
            if self.on("rhythm-mixed-in"):
                pcm = np.concatenate([pcm, pcm]).astype(int)
                pcm[2000 : 2000 + len(beat)] += beat // 2
                pcm = np.clip(pcm, -32000, 32000).astype("<i2")
            else:
                pcm = np.concatenate([pcm, beat] if "mark-at-end" in self.variants else [beat, pcm])
        wav = files.to_wav(pcm)
        return files.mp3(wav) if mime == "audio/mpeg" else wav

    def words(self, prompt: str, person: Item, marked: bool) -> str:
        told = re.sub(r"\s+", " ", prompt).strip()[:400]
        story = f"Here is a narration about {told!r}. The lamp is lit, the reader sits down, and the tale takes its time.\nIt ends as the light goes out."
        mark = "AI生成 · AI-generated"
        if self.on("text-mark-no-verb"):
            mark = "AI narration"
        if self.on("text-bare-second") and person.made > 1:
            return story
        if not marked or (self.on("text-bare-long") and len(prompt) > 180):
            return story
        return f"{story}\n\n（{mark.split(' · ')[0]}）\n" if "mark-at-end" in self.variants else f"{mark}\n\n{story}\n"

    def work(
        self,
        person: Item,
        service: str,
        mime: str,
        prompt: str,
        marked: bool,
        source: Any = None,
        consent: str | None = None,
    ) -> Item:
        w = Item(
            id="w" + secrets.token_hex(6),
            owner=person.id,
            service=service,
            mime=mime,
            prompt=prompt,
            marked=marked,
            at=self.now(),
            consent=consent,
            number="LW-" + secrets.token_hex(8).upper(),
            text=None,
            source=source,
        )
        person.made += 1
        if service == "text":
            w.text = self.words(prompt, person, marked)
            w.bare = w.text.encode()
        elif service == "voice":
            pcm = files.tone(prompt) if source is None else source
            w.bare, w.plain = self.sound(pcm, mime, marked), pcm
        else:
            im = files.portrait(w.id) if source is None else source
            w.bare, w.plain = files.encode(self.draw(im, mime, marked), mime), im
        bare = (self.on("unlabelled-no-field") and not marked) or (self.on("edit-no-field") and source is not None)
        w.data = w.bare if bare else self.label(w.bare, mime, w)
        self.works[w.id] = w
        self.prints[files.print_of(w.data, mime)] = w.number
        if not marked:
            self.log(
                "unlabelled-copy",
                person.id,
                w.id,
                f"Copy without visible label of {w.id} supplied to {person.handle} on request.",
            )
        return w

    def rendition(self, w: Item, kind: str) -> tuple[bytes, str]:
        """(bytes, type) of one form of a work."""
        mime, data = w.mime, w.data
        if kind == "original":
            return data, mime
        if kind == "download":
            if self.on("download-bare") and w.service == "biometric-image-video":
                return self.label(files.encode(w.plain, mime), mime, w), mime
            if self.on("text-download-bare") and w.text:
                return self.label(re.sub(r"^AI生成[^\n]*\n\n", "", w.bare.decode()).encode(), mime, w), mime
            return data, mime
        if kind == "copy":  # for the web: JPEG, MP3, plain text
            if w.service == "biometric-image-video":
                out = files.encode(self.draw(w.plain, "image/jpeg", w.marked), "image/jpeg")
                out = self.label(out, "image/jpeg", w) if w.marked or not self.on("unlabelled-no-field") else out
                if self.on("copy-two-fields"):
                    out = files.crude(
                        out,
                        "image/jpeg",
                        files.field({"Label": "1", "ContentProducer": files.MAKER, "ProduceID": w.number + "C"}),
                    )
                self.prints[files.print_of(out, "image/jpeg")] = w.number
                return out, "image/jpeg"
            if w.service == "voice" and files.FFMPEG:
                out = self.label(self.sound(w.plain, "audio/mpeg", w.marked), "audio/mpeg", w)
                self.prints[files.print_of(out, "audio/mpeg")] = w.number
                return out, "audio/mpeg"
            return data, mime
        if kind == "export":
            if self.on("export-strips-field"):
                data = files.strip(data, mime)
            return files.archive(
                f"work.{files.EXT[mime]}", data, {"work": w.id, "made": iso(w.at), "notice": "AI生成 · AI-generated"}
            ), "application/zip"
        raise Problem(404, "no-such-file", "There is no such rendition.")
