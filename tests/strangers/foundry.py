"""A model gateway that is no sample: a technical supporter and the merchants it works for, without any interface.

Its habits were written from the texts of the law alone (Deep Synthesis Provisions 10, 14 to 17 and 19, Labeling Measures
4, 5, 8 and 9, GB 45438-2025 Annex E, Personal Information Protection Law 47 and 51), before the checks of supporters
were looked at. ``faults`` are the unlawful ones.
"""

from __future__ import annotations

import io
import math
import secrets
import struct
import wave
from dataclasses import dataclass, field
from datetime import UTC, datetime

from PIL import Image

from shenhe.conformance.checks.people import uscc
from shenhe.labels import ImplicitFields, write_label

PROHIBITED = "【禁止样例】"
TEXT_LABEL = "（本文由AI生成）"
#: The code of the gateway itself.
OWN_CODE = f"0011{uscc('310115', 'MA0000044')}10001"
AUDIT = ("generated", "edited", "consent-granted", "unlabelled-copy", "uploaded")

FAULTS = {
    "own-name": "files name the gateway in place of the merchant",
    "first-merchant": "files name the merchant that came first",
    "second-of-batch": "the second picture of a batch names the gateway",
    "edits-unnamed": "edited pictures name the gateway",
    "voices-unnamed": "voices name the gateway",
    "same-prompt": "a merchant that sends a prompt again gets the file made for another",
    "export-unnamed": "exported files name the gateway",
    "export-bare": "exported files have no metadata label",
    "no-metadata": "no file has a metadata label",
    "unseen": "pictures have no visible label",
    "texts-bare": "texts have no label",
    "voices-silent": "voices have no audible label",
    "works-open": "a merchant fetches works of others",
    "works-open-exported": "a merchant fetches the exported form of works of others",
    "works-signed-out": "works are handed out without a key",
    "journal-open": "the journal of a merchant shows lines of others",
    "journal-by-name": "a merchant reads the journal of another by its id",
    "consents-shared": "a consent given to one merchant serves another",
    "consents-withdrawn-by-others": "a merchant withdraws the consent of another",
    "consent-any-person": "a consent serves edits of another person",
    "consent-any-scope": "a consent to a voice serves edits of a face",
    "consent-not-asked": "pictures of persons are edited without consent",
    "withdrawal-in-vain": "a withdrawn consent goes on serving",
    "closing-takes-all": "closing a merchant deletes the works of others",
    "closing-takes-consents": "closing a merchant deletes the consents of others",
    "closed-goes-on": "the key of a closed merchant works",
    "old-merchants-trusted": "the prompts of merchants with three works are not reviewed",
    "second-merchant-unreviewed": "only the prompts of the first merchant are reviewed",
    "pictures-unreviewed": "prompts of pictures are not reviewed",
    "all-suspended": "measures against one merchant close all",
    "never-suspended": "no violation has a consequence",
    "copies-unasked": "copies without label are made without the agreement",
    "copies-not-logged": "copies without label are not logged",
    "archive-of-all": "an archive holds the last work of another merchant",
    "callback-unsigned": "callbacks have no signature",
    "callback-own-secret": "callbacks are signed with one secret for all",
    "upload-for-all": "an upload serves every merchant",
    "no-filing-number": "the page on the filing has no number",
    "labels-unexplained": "the documentation does not say how content is labelled",
}


class No(Exception):
    def __init__(self, status: int, kind: str, words: str) -> None:
        super().__init__(words)
        self.status, self.kind, self.words = status, kind, words


@dataclass
class Merchant:
    id: str
    key: str
    secret: str
    code: str
    closed: bool = False
    violations: int = 0
    works: int = 0


@dataclass
class Work:
    id: str
    merchant: Merchant
    kind: str
    data: bytes
    exported: bytes


@dataclass
class Mandate:
    id: str
    merchant: Merchant
    subject: str
    scope: str
    live: bool = True


@dataclass
class Foundry:
    faults: frozenset[str] = frozenset()
    merchants: dict[str, Merchant] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    mandates: dict[str, Mandate] = field(default_factory=dict)
    journal: list[tuple[str, str, str, str]] = field(default_factory=list)
    made: dict[tuple[str, str], list[Work]] = field(default_factory=dict)
    one_secret: str = "shared-by-all"

    def broken(self, *names: str) -> bool:
        assert FAULTS.keys() >= set(names)
        return any(name in self.faults for name in names)

    # --- merchants ---

    def open(self, code: str) -> Merchant:
        made = Merchant(f"m{secrets.token_hex(4)}", secrets.token_hex(12), secrets.token_hex(12), code or OWN_CODE)
        self.merchants[made.id] = made
        return made

    def merchant(self, key: str) -> Merchant:
        for each in self.merchants.values():
            if each.key == key and (not each.closed or self.broken("closed-goes-on")):
                return each
        raise No(401, "key", "密钥无效")

    def close(self, merchant: Merchant) -> None:
        merchant.closed = True
        for work in list(self.works.values()):
            if work.merchant is merchant or self.broken("closing-takes-all"):
                del self.works[work.id]
        for mandate in list(self.mandates.values()):
            if mandate.merchant is merchant or self.broken("closing-takes-consents"):
                del self.mandates[mandate.id]
        self.journal = [line for line in self.journal if line[3] != merchant.id]

    def note(self, merchant: Merchant, kind: str, about: str) -> None:
        self.journal.append((datetime.now(UTC).isoformat(), kind, about, merchant.id))

    def read_journal(self, merchant: Merchant, of: str, kind: str) -> list[tuple[str, str, str, str]]:
        if of != merchant.id and not self.broken("journal-by-name"):
            raise No(403, "not_yours", "只能查看本商户的日志")
        return [line for line in self.journal if line[1] == kind and (line[3] == of or self.broken("journal-open"))]

    # --- works ---

    def review(self, merchant: Merchant, prompt: str, kind: str) -> None:
        suspended = merchant.violations >= 3
        if self.broken("all-suspended"):
            suspended = any(each.violations >= 3 for each in self.merchants.values())
        if suspended and not self.broken("never-suspended"):
            raise No(403, "suspended", "因多次违规，功能已暂停")
        if PROHIBITED not in prompt:
            return
        if self.broken("old-merchants-trusted") and merchant.works >= 3:
            return
        if self.broken("second-merchant-unreviewed") and merchant is not next(iter(self.merchants.values())):
            return
        if self.broken("pictures-unreviewed") and kind == "picture":
            return
        merchant.violations += 1
        raise No(403, "prohibited", "提示词含有禁止的内容")

    def _fields(self, merchant: Merchant, number: str, *gateway: str) -> ImplicitFields:
        code = merchant.code
        if self.broken("own-name", *gateway):
            code = OWN_CODE
        if self.broken("first-merchant"):
            code = next(iter(self.merchants.values())).code
        return ImplicitFields(code, number)

    def _finished(
        self, raw: bytes, media_type: str, fields: ImplicitFields, *, seen: bool, hidden: bool = True
    ) -> bytes:
        hidden = hidden and not self.broken("no-metadata")
        if not hidden and not seen:
            return raw
        return write_label(raw, fields if hidden else None, media_type=media_type, explicit=seen)

    def make(self, merchant: Merchant, kind: str, prompt: str, *, labelled: bool, waiver: bool) -> list[Work]:
        self.review(merchant, prompt, kind)
        if not labelled and not waiver and not self.broken("copies-unasked"):
            raise No(403, "waiver", "请先同意自行标识的责任")
        if self.broken("same-prompt") and (kind, prompt) in self.made:
            return self.made[kind, prompt]
        made = [self._work(merchant, kind, at, labelled) for at in range(2 if kind == "picture" else 1)]
        for work in made:
            self.note(merchant, "generated", work.id)
            if not labelled and not self.broken("copies-not-logged"):
                self.note(merchant, "unlabelled-copy", work.id)
        self.made.setdefault((kind, prompt), made)
        merchant.works += 1
        return made

    def _work(self, merchant: Merchant, kind: str, at: int, labelled: bool) -> Work:
        number = f"w{secrets.token_hex(6)}"
        if kind == "text":
            bare = f"今日风平浪静，第{number}号。"
            data = exported = (bare + TEXT_LABEL if labelled and not self.broken("texts-bare") else bare).encode()
        else:
            raw, media_type = (picture(), "image/png") if kind == "picture" else (voice(), "audio/wav")
            seen = labelled and not self.broken("unseen" if kind == "picture" else "voices-silent")
            gateway = ("second-of-batch",) if at else ()
            gateway += ("voices-unnamed",) if kind == "voice" else ()
            data = self._finished(raw, media_type, self._fields(merchant, number, *gateway), seen=seen)
            fields = self._fields(merchant, number, "export-unnamed", *gateway)
            exported = self._finished(raw, media_type, fields, seen=seen, hidden=not self.broken("export-bare"))
        self.works[number] = Work(number, merchant, kind, data, exported)
        return self.works[number]

    def archive(self, merchant: Merchant, made: list[Work]) -> list[Work]:
        others = [w for w in self.works.values() if w.merchant is not merchant and w.kind == "picture"]
        return [*made, others[-1]] if others and self.broken("archive-of-all") else made

    def work(self, merchant: Merchant | None, number: str, form: str) -> bytes:
        work = self.works.get(number)
        if work is None:
            raise No(404, "no_work", "没有这个作品")
        open_to_all = (
            self.broken("works-open")
            or (form == "exported" and self.broken("works-open-exported"))
            or (work.kind == "upload" and self.broken("upload-for-all"))
        )
        if merchant is None and not self.broken("works-signed-out"):
            raise No(401, "key", "密钥无效")
        if merchant is not None and work.merchant is not merchant and not open_to_all:
            raise No(404, "no_work", "没有这个作品")
        return work.exported if form == "exported" else work.data

    def keep(self, merchant: Merchant, data: bytes) -> Work:
        number = f"u{secrets.token_hex(6)}"
        self.works[number] = Work(number, merchant, "upload", data, data)
        self.note(merchant, "uploaded", number)
        return self.works[number]

    # --- persons ---

    def mandate(self, merchant: Merchant, subject: str, scope: str) -> Mandate:
        made = Mandate(f"c{secrets.token_hex(6)}", merchant, subject, scope)
        self.mandates[made.id] = made
        self.note(merchant, "consent-granted", made.id)
        return made

    def withdraw(self, merchant: Merchant, number: str) -> None:
        mandate = self.mandates.get(number)
        if mandate is None or (mandate.merchant is not merchant and not self.broken("consents-withdrawn-by-others")):
            raise No(404, "no_consent", "没有这个同意")
        mandate.live = self.broken("withdrawal-in-vain")

    def edit(self, merchant: Merchant, source: bytes, subject: str, scope: str, number: str, prompt: str) -> Work:
        self.review(merchant, prompt, "picture")
        given = self.mandates.get(number)
        fits = given is not None and (
            given.live
            and (given.merchant is merchant or self.broken("consents-shared"))
            and (given.subject == subject or self.broken("consent-any-person"))
            and (given.scope == scope or self.broken("consent-any-scope"))
        )
        if not fits and not self.broken("consent-not-asked"):
            raise No(403, "consent", "请告知被编辑的个人，并取得其单独同意")
        made = f"w{secrets.token_hex(6)}"
        fields = self._fields(merchant, made, "edits-unnamed")
        data = self._finished(picture(), "image/png", fields, seen=not self.broken("unseen"))
        self.works[made] = Work(made, merchant, "edit", data, data)
        self.note(merchant, "edited", made)
        return self.works[made]

    # --- pages ---

    def page(self, name: str) -> str:
        number = "" if self.broken("no-filing-number") else "网信算备310104729400101250013号"
        how = (
            ""
            if self.broken("labels-unexplained")
            else (
                "标识说明：文本在末尾加“AI生成”，图片在角落加“AI生成”，音频开头有节奏提示；文件元数据含AIGC字段。请阅读并理解标识要求。"
            )
        )
        pages = {
            "beian": f"备案信息：{number}，可在互联网信息服务算法备案系统 https://beian.cac.gov.cn 查询。",
            "xieyi": f"服务协议：商户须履行生成合成内容标识与安全义务。{how}",
            "guize": "管理规则：不得利用本服务制作违法信息；违规将被警告、限制功能、暂停服务或关闭账号。",
            "tousu": "投诉举报：提交后5个工作日内受理并反馈。",
            "bianji": "编辑人脸、人声前，请告知被编辑的个人，并取得其单独同意。",
        }
        if name not in pages:
            raise No(404, "no_page", "没有这个页面")
        return pages[name]


def picture() -> bytes:
    """A picture that there was not before."""
    image = Image.new("RGB", (240, 180), tuple(secrets.token_bytes(3)))
    image.paste(tuple(secrets.token_bytes(3)), (20, 20, 120, 90))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def voice() -> bytes:
    """A second and a half of a hum."""
    pitch = 150 + secrets.randbelow(100)
    frames = b"".join(struct.pack("<h", int(6000 * math.sin(at * pitch * math.tau / 8000))) for at in range(12_000))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(frames)
    return out.getvalue()
