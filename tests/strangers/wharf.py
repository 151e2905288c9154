"""A board for pictures, sounds and notes that is no sample and generates nothing, without any interface.

Its habits and faults were written from the texts of the law alone (Labeling Measures 6 and 10 with Annex E of
GB 45438-2025, Algorithm Provisions 9 and 22, Cybersecurity Law 26 and 49, Personal Information Protection Law 25, 47 and
51, Digital Services Act 16, 17 and 20, TAKE IT DOWN Act 3, India's rules of 2026). ``faults`` are the unlawful ones.
"""

from __future__ import annotations

import io
import json
import secrets
import wave
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from PIL import Image

from shenhe.conformance.checks.people import flaw, uscc
from shenhe.conformance.entities import Identity, IdentityMethod
from shenhe.labels import ImplicitFields, LabelWriteError, read_labels, write_label

FAULTS = {
    "labels-unread": "nobody learns that a labelled file is generated",
    "jpegs-unread": "nobody learns that a labelled JPEG is generated",
    "stream-silent": "the stream shows labelled files without a notice",
    "members-only-notice": "only members who are signed in see the notice",
    "certain-called-possible": "labelled files are said to be possibly generated",
    "heads-only": "labels behind the beginning of a file are not seen",
    "sounds-heard-briefly": "labels in sounds are looked for in their first seconds",
    "declared-sounds-refused": "sounds that are declared are not taken",
    "declared-silent": "declared files have no notice",
    "declared-notes-silent": "declared notes have no notice",
    "traces-unsought": "labels in texts and sounds are not looked for",
    "second-berths-silent": "a file that is berthed a second time has no notice",
    "long-captions-silent": "a long caption leaves no room for the notice",
    "pins-silent": "a file that is pinned has no notice",
    "leaves-hide-notices": "the notice on a leaf is hidden by its style",
    "suspected-as-certain": "the field of a suspected file says that it is generated",
    "second-looks-bare": "who opens a file a second time gets it as it came",
    "notes-tidied": "labels that authors write into notes are taken out",
    "anyone-pins": "people without a verified identity pin",
    "removed-echoed": "what was removed can be echoed",
    "no-reminder": "who lands a file is not asked to declare it",
    "fields-unwritten": "the board adds nothing to the metadata",
    "producer-replaced": "the board names itself as the producer",
    "one-number": "all files get the same number",
    "declared-unmarked": "declared files get no field",
    "echoes-stripped": "files lose their field in an echo of a berth",
    "large-stripped": "large pictures lose their field",
    "weak-labels-stripped": "files that may be generated lose their field",
    "anyone-berths": "people without a verified identity publish",
    "anyone-echoes": "people without a verified identity echo what others published",
    "search-keeps": "what was removed is still found",
    "echoes-stay": "echoes of what was removed stay",
    "files-stay": "files of what was removed are still handed out",
    "stream-stays": "what was removed stays in the stream",
    "unlogged": "the log says nothing of removals",
    "claims-by-members": "only members can make a claim",
    "claims-forgotten": "claims are never decided",
    "strangers-forgotten": "claims of people without an account are never decided",
    "process-unpublished": "no page says how claims are handled",
    "no-confirmation": "claims are not confirmed",
    "claims-always-right": "every claim removes",
    "many-claims-right": "four claims remove whatever they are about",
    "no-grounds": "decisions have no grounds",
    "no-pleas": "authors cannot plead against a removal",
    "pleas-close": "pleas are taken for a month",
    "pleas-in-words": "a plea that is granted brings nothing back",
    "pleas-without-grounds": "decisions on pleas have no grounds",
    "intimate-slow": "intimate pictures are removed after three days",
    "intimate-twins-stay": "the same intimate picture of another berth stays",
    "intimate-by-members": "only members can ask for an intimate picture to be removed",
    "orders-slow": "orders are carried out after five hours",
    "claimants-named": "the log of an author names who made a claim",
    "phones-shown": "a berth shows the phone number of its author",
    "claims-open": "anyone who knows the number reads a claim",
    "claims-counted": "claims are numbered in a row and need no receipt",
    "crates-of-others": "members publish what others landed",
    "keys-outlive-members": "the key of a member who left goes on working",
}
#: The code of the board, which only passes content on.
OWN_CODE = f"0011{uscc('440300', 'MA0000088')}20001"
UNLAWFUL, INTIMATE, MISTAKEN = "〔违法样例〕", "〔私密样例〕", "〔误删样例〕"
NOTICES = {
    "1": "平台提示：该内容由人工智能生成。",
    "2": "平台提示：该内容可能由人工智能生成。",
    "3": "平台提示：该内容疑似由人工智能生成。",
}
REMINDER = "请声明内容是否由AI生成，并使用标识功能。"
_LARGE = 1_000_000
#: Bytes that are read of a file by who reads its beginning.
_HEAD = 32 * 1024
#: Characters of a caption beside which a notice has room, for who thinks so.
_ROOM = 100


class No(Exception):
    """A request that the board turns down: status, code and words."""

    def __init__(self, status: int, code: str, words: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.words = status, code, words or code


@dataclass
class Member:
    """Someone who has a key."""

    id: str
    key: str
    phone: str = ""
    verified: bool = False
    left: bool = False
    log: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Crate:
    """A landed file: what was brought, what is passed on, and the case of the notice."""

    id: str
    owner: str
    kind: str
    brought: bytes
    data: bytes
    case: str
    number: str
    looked: int = 0


@dataclass
class Berth:
    """Something public; ``echo_of`` is what it passes on."""

    id: str
    owner: str
    crate: str
    caption: str
    echo_of: str = ""
    gone_at: datetime | None = None
    restored: bool = False
    pinned: bool = False
    opened: int = 0


@dataclass
class Claim:
    """A report or a plea, decided when it is looked at for the second time."""

    id: str
    about: str
    kind: str
    by: str
    receipt: str
    contact: str = ""
    granted: bool = False
    decided: bool = True
    grounds: str = ""
    looked: int = 0


class Wharf:
    """The board and everything on it."""

    def __init__(self, faults: frozenset[str] = frozenset()) -> None:
        assert faults <= FAULTS.keys(), faults - FAULTS.keys()
        self.faults = faults
        self.members: dict[str, Member] = {}
        self.crates: dict[str, Crate] = {}
        self.berths: dict[str, Berth] = {}
        self.claims: dict[str, Claim] = {}
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    # --- people ---

    def enrol(self, phone: str) -> Member:
        member = Member(f"m-{secrets.token_hex(6)}", secrets.token_urlsafe(18), phone)
        self.members[member.key] = member
        return member

    def member(self, key: str) -> Member | None:
        found = self.members.get(key)
        return None if found is None or (found.left and "keys-outlive-members" not in self.faults) else found

    def must(self, key: str) -> Member:
        found = self.member(key)
        if found is None:
            raise No(401, "key-required", "请先登录。")
        return found

    def prove(self, key: str, means: str, number: str, holder: str) -> None:
        member = self.must(key)
        if means == "email" or flaw(Identity(IdentityMethod(means), number, holder), self.now().date()) is not None:
            raise No(422, "identity-refused", "证件无法核验。")
        member.verified = True

    def leave(self, key: str) -> None:
        self.must(key).left = True

    # --- landing ---

    def land(self, key: str, data: bytes, kind: str, declared: bool) -> Crate:
        member, number = self.must(key), f"W{secrets.token_hex(8)}"
        if "one-number" in self.faults:
            number = "W0000000000000001"
        if declared and kind == "audio/wav" and "declared-sounds-refused" in self.faults:
            raise No(422, "kind-refused", "不支持该文件类型。")
        seen = data[:_HEAD] if "heads-only" in self.faults else data
        if kind == "audio/wav" and "sounds-heard-briefly" in self.faults:
            found = read_labels(seen, media_type=kind, depth="metadata")
            found = found if found.implicit else read_labels(_first_seconds(seen), media_type=kind, depth="sound")
        else:
            found = read_labels(seen, media_type=kind, depth="sound" if kind == "audio/wav" else "metadata")
        unread = "labels-unread" in self.faults or ("jpegs-unread" in self.faults and kind == "image/jpeg")
        case, passed = "", data
        if found.aigc and not unread:
            case = str(found.aigc[0].fields.get("Label", "1"))
            passed = self._signed(data, kind, {k: str(v) for k, v in found.aigc[0].fields.items()}, number)
        elif declared:
            case = "2"
        elif (found.explicit or found.implicit) and not found.aigc and "traces-unsought" not in self.faults:
            case = "3"
        if case and not found.aigc and kind != "text/plain" and not (declared and "declared-unmarked" in self.faults):
            label = "1" if case == "3" and "suspected-as-certain" in self.faults else case
            fields = ImplicitFields(OWN_CODE, number, label=label, content_propagator=OWN_CODE, propagate_id=number)
            passed = _written(data, kind, fields.as_dict()) if "fields-unwritten" not in self.faults else data
        weak = "weak-labels-stripped" in self.faults and bool(found.aigc) and case in ("2", "3")
        if weak or ("large-stripped" in self.faults and kind.startswith("image/") and _pixels(data) > _LARGE):
            passed = _bare(passed, kind)
        crate = Crate(f"c-{secrets.token_hex(6)}", member.id, kind, data, passed, case, number)
        self.crates[crate.id] = crate
        return crate

    def _signed(self, data: bytes, kind: str, fields: dict[str, str], number: str) -> bytes:
        if "fields-unwritten" in self.faults:
            return data
        if "producer-replaced" in self.faults:
            fields |= {"ContentProducer": OWN_CODE, "ProduceID": number}
        fields |= {"ContentPropagator": OWN_CODE, "PropagateID": number}
        return _written(_bare(data, kind), kind, fields)

    def notice(self, berth: Berth, place: str, signed_in: bool, declared_only: bool) -> list[str]:
        """What is read beside a file."""
        crate = self.crates[berth.crate]
        before = [each for each in self.berths.values() if each.crate == crate.id and not each.echo_of]
        silent = (
            (
                "second-berths-silent" in self.faults
                and not berth.echo_of
                and berth is not before[0]
                and not berth.pinned
            )
            or ("long-captions-silent" in self.faults and len(berth.caption) > _ROOM)
            or ("pins-silent" in self.faults and berth.pinned)
            or ("stream-silent" in self.faults and place == "stream")
            or ("members-only-notice" in self.faults and not signed_in)
            or ("declared-silent" in self.faults and declared_only)
            or ("declared-notes-silent" in self.faults and declared_only and crate.kind == "text/plain")
        )
        case = "2" if crate.case == "1" and "certain-called-possible" in self.faults else crate.case
        return [NOTICES.get(case, NOTICES["1"])] if case and not silent else []

    # --- berths ---

    def berth(self, key: str, crate_id: str, caption: str, pinned: bool = False) -> Berth:
        member = self.must(key)
        opened = "anyone-berths" in self.faults or (pinned and "anyone-pins" in self.faults)
        if not member.verified and not opened:
            raise No(403, "identity-required", "请先完成真实身份认证。")
        crate = self.crates.get(crate_id)
        if crate is None or (crate.owner != member.id and "crates-of-others" not in self.faults):
            raise No(404, "no-such-crate", "没有该文件。")
        berth = Berth(f"b-{secrets.token_hex(6)}", member.id, crate.id, caption, pinned=pinned)
        self.berths[berth.id] = berth
        return berth

    def echo(self, key: str, berth_id: str) -> Berth:
        member = self.must(key)
        first = self.berths[berth_id] if "removed-echoed" in self.faults else self.seen(berth_id)
        if not member.verified and "anyone-echoes" not in self.faults:
            raise No(403, "identity-required", "请先完成真实身份认证。")
        echo = Berth(f"b-{secrets.token_hex(6)}", member.id, first.crate, first.caption, first.id)
        self.berths[echo.id] = echo
        return echo

    def is_gone(self, berth: Berth, place: str = "sheet") -> bool:
        if berth.gone_at is None or berth.gone_at > self.now():
            return False
        if "echoes-stay" in self.faults and berth.echo_of:
            return False
        kept = {"search": "search-keeps", "file": "files-stay", "stream": "stream-stays"}.get(place, "")
        return kept not in self.faults

    def seen(self, berth_id: str, place: str = "sheet") -> Berth:
        berth = self.berths.get(berth_id)
        if berth is None:
            raise No(404, "no-such-berth", "没有该内容。")
        if self.is_gone(berth, place):
            raise No(410, "berth-removed", "内容已移除。")
        return berth

    def file_of(self, berth: Berth) -> tuple[bytes, str]:
        crate = self.crates[berth.crate]
        berth.opened += 1
        if "second-looks-bare" in self.faults and berth.opened > 1 and crate.case:
            return _bare(crate.data, crate.kind), crate.kind
        stripped = "echoes-stripped" in self.faults and berth.echo_of
        return (_bare(crate.data, crate.kind) if stripped else crate.data), crate.kind

    # --- claims ---

    def claim(self, key: str, berth_id: str, kind: str, words: str, contact: str, signed: bool) -> Claim:
        member = self.member(key)
        barred = "claims-by-members" in self.faults or ("intimate-by-members" in self.faults and kind == "intimate")
        if member is None and barred:
            raise No(401, "key-required", "请先登录。")
        berth = self.berths.get(berth_id)
        if berth is None:
            raise No(404, "no-such-berth", "没有该内容。")
        if kind == "intimate" and not signed:
            raise No(422, "claim-incomplete", "缺少签名或者声明。")
        caption = berth.caption
        granted = any(
            mark in caption for mark in ((INTIMATE,) if kind == "intimate" else (UNLAWFUL, MISTAKEN, INTIMATE))
        )
        before = sum(each.about == berth.id for each in self.claims.values())
        granted = (
            granted or "claims-always-right" in self.faults or ("many-claims-right" in self.faults and before >= 3)
        )
        forgotten = "claims-forgotten" in self.faults or ("strangers-forgotten" in self.faults and member is None)
        grounds = "内容违反社区规则第二条，已移除。" if granted else "未发现违规。"
        made = self._opened(berth.id, kind, member, contact, granted, not forgotten, grounds)
        author = next(each for each in self.members.values() if each.id == berth.owner)
        told = f"{kind} {contact}" if "claimants-named" in self.faults else kind
        author.log.append({"sort": "claimed", "about": berth.id, "note": told})
        if granted:
            self._remove(berth, kind)
        return made

    def _opened(
        self, about: str, kind: str, by: Member | None, contact: str, granted: bool, decided: bool, grounds: str
    ) -> Claim:
        number = f"{len(self.claims) + 1:08d}" if "claims-counted" in self.faults else secrets.token_hex(8)
        receipt = "" if "no-confirmation" in self.faults and kind != "plea" else f"R{secrets.token_hex(6)}"
        claim = Claim(f"q-{number}", about, kind, by.id if by else "", receipt, contact, granted, decided, grounds)
        bare = "pleas-without-grounds" if kind == "plea" else "no-grounds"
        if bare in self.faults:
            claim.grounds = ""
        self.claims[claim.id] = claim
        return claim

    def _remove(self, berth: Berth, kind: str) -> None:
        wait = timedelta()
        if kind == "intimate" and "intimate-slow" in self.faults:
            wait = timedelta(hours=72)
        if kind == "order" and "orders-slow" in self.faults:
            wait = timedelta(hours=5)
        source = self.crates[berth.crate].brought
        spared = kind == "intimate" and "intimate-twins-stay" in self.faults
        for each in self.berths.values():
            family = each is berth or each.echo_of == berth.id or self._root(each) == self._root(berth)
            twin = source in (self.crates[each.crate].brought, self.crates[each.crate].data)
            twin = twin or self.crates[berth.crate].data == self.crates[each.crate].brought
            if (family or (twin and not spared)) and each.gone_at is None:
                each.gone_at = self.now() + wait
                if "unlogged" not in self.faults:
                    owner = next(one for one in self.members.values() if one.id == each.owner)
                    owner.log.append({"sort": "removed", "about": each.id, "note": kind})

    def _root(self, berth: Berth) -> str:
        while berth.echo_of:
            berth = self.berths[berth.echo_of]
        return berth.id

    def plea(self, key: str, berth_id: str, words: str) -> Claim:
        member, berth = self.must(key), self.berths.get(berth_id)
        if berth is None or berth.owner != member.id or "no-pleas" in self.faults:
            raise No(404, "no-such-berth", "没有该内容。")
        if berth.gone_at is None:
            raise No(409, "not-removed", "内容未被移除。")
        if "pleas-close" in self.faults and self.now() > berth.gone_at + timedelta(days=30):
            raise No(410, "plea-too-late", "申诉期已过。")
        granted = MISTAKEN in berth.caption
        grounds = "复核认为移除有误，予以恢复。" if granted else "复核维持移除：违反社区规则第二条。"
        made = self._opened(berth.id, "plea", member, "", granted, True, grounds)
        if granted and "pleas-in-words" not in self.faults:
            for each in self.berths.values():
                if self._root(each) == self._root(berth):
                    each.gone_at = None
        return made

    def look(self, key: str, claim_id: str, receipt: str) -> Claim:
        claim, member = self.claims.get(claim_id), self.member(key)
        open_to_all = "claims-open" in self.faults or (
            "claims-counted" in self.faults and claim is not None and not claim.by
        )
        allowed = claim is not None and (
            open_to_all
            or (member is not None and member.id == claim.by)
            or (receipt != "" and receipt == claim.receipt)
            or (not claim.by and not claim.receipt)
        )
        if claim is None or not allowed:
            raise No(404, "no-such-claim", "没有该投诉。")
        claim.looked += 1
        return claim


def _written(data: bytes, kind: str, fields: dict[str, str]) -> bytes:
    try:
        return write_label(data, fields, media_type=kind)
    except (LabelWriteError, ValueError):
        return data


def _bare(data: bytes, kind: str) -> bytes:
    """A file without metadata."""
    if kind.startswith("image/"):
        saved = io.BytesIO()
        with Image.open(io.BytesIO(data)) as opened:
            opened.convert("RGB").save(saved, "PNG" if kind == "image/png" else "JPEG", quality=92)
        return saved.getvalue()
    if kind == "audio/wav":
        return _without_chunk(data, b"AIGC")
    return data


def _without_chunk(data: bytes, name: bytes) -> bytes:
    at, kept = 12, bytearray(data[:12])
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size + (size & 1)
        if data[at : at + 4] != name:
            kept += data[at:end]
        at = end
    kept[4:8] = (len(kept) - 8).to_bytes(4, "little")
    return bytes(kept)


def _pixels(data: bytes) -> int:
    with Image.open(io.BytesIO(data)) as opened:
        return opened.width * opened.height


def written(document: object) -> bytes:
    """JSON as the board writes it."""
    return json.dumps(document, ensure_ascii=False).encode()


def _first_seconds(sound: bytes) -> bytes:
    stream = io.BytesIO()
    with wave.open(io.BytesIO(sound)) as whole, wave.open(stream, "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(5 * whole.getframerate() // 2))
    return stream.getvalue()
