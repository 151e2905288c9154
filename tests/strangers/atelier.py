"""A community of makers that is no sample: it generates texts, pictures and voices, edits portraits and shows works.

Its habits were written from the texts of the law alone (Deep Synthesis Provisions 6, 8 to 12, 14, 16, 17 and 19,
Labeling Measures 4, 5, 6, 8 and 10, GB 45438-2025, Personal Information Protection Law 15, 25, 47 and 51). ``faults``
are the unlawful ones. :mod:`tests.strangers.atelier_desk` puts an interface in front of it.
"""

from __future__ import annotations

import io
import secrets
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from PIL import Image

from shenhe.conformance.checks.people import flaw, uscc
from shenhe.conformance.entities import Identity, IdentityMethod
from shenhe.labels import FIELD_KEYS, ImplicitFields, read_labels, write_label

from .foundry import picture, voice

PROHIBITED, UNLAWFUL, RUMOUR, MISTAKE = "〔违禁样例〕", "〔违法样例〕", "〔谣言样例〕", "〔误删样例〕"
TEXT_LABEL = "——以上内容由人工智能生成"
CODE = f"0011{uscc('440305', 'MA0000055')}10001"
BEGINNING = datetime(2026, 9, 1, 8, tzinfo=UTC)

FAULTS = {
    "long-texts-bare": "texts of long prompts have no label",
    "foreign-texts-bare": "texts of prompts without Chinese have no label",
    "texts-obey": "a prompt that asks for a text without label gets it",
    "texts-bare-in-feed": "the feed shows texts without their label or any notice",
    "texts-hidden-on-pages": "pages hide the label of a text, and every notice",
    "downloads-bare": "downloaded pictures have lost the metadata",
    "previews-bare": "previews of pictures have lost the metadata",
    "portraits-bare": "edited portraits have no metadata label",
    "portraits-unseen": "edited portraits show no label",
    "voices-bare": "voices have no metadata label",
    "pictures-unseen": "pictures show no label",
    "value-suspected": "generated files are labelled as suspected",
    "number-constant": "all files have the same content number",
    "regenerated-bare": "a prompt that was rendered before gives a file without metadata",
    "uploads-stripped": "uploads lose their metadata label",
    "uploads-untold": "an upload whose metadata say that it is generated is shown without notice",
    "declared-untold": "an upload that its maker declares is shown without notice",
    "release-not-asked": "portraits are edited without a release",
    "release-any-purpose": "a release of the voice serves edits of the face",
    "release-unconfirmed": "a release serves before its person confirms it",
    "release-withdrawn": "a withdrawn release goes on serving",
    "release-of-others": "a release given to another member serves",
    "release-any-person": "a release serves edits of another person",
    "anyone-publishes": "unverified members publish",
    "checksum-ignored": "numbers with a wrong check digit verify",
    "dates-ignored": "numbers with a birthday that does not exist verify",
    "attribute-believed": "a member who registers as verified is verified",
    "second-work-unasked": "a member without a verified identity publishes every second time",
    "closed-publishes": "the session of a deleted member publishes",
    "gone-but-in-feed": "removed works stay in the feed",
    "gone-but-found": "removed works are still found",
    "gone-but-previewed": "the preview of removed works stays",
    "gone-but-served": "the file of removed works stays at its address",
    "gone-and-back": "the work that was removed can be published again",
    "complaints-undecided": "complaints are never decided",
    "complaints-in-silence": "decisions give no reasons",
    "complaints-late": "complaints are decided after twice the published time",
    "complaints-of-members": "only members can complain",
    "complaints-read-by-all": "the page of a complaint needs no key",
    "any-complaint-removes": "every complaint is upheld",
    "appeals-in-words": "an upheld appeal restores nothing in the feed",
    "appeals-unanswered": "appeals are never decided",
    "rumours-unrefuted": "upheld complaints of rumours refute nothing",
    "prompts-unreviewed": "prohibited prompts of pictures are rendered",
    "captions-unreviewed": "prohibited captions are published",
    "wishes-unreviewed": "prohibited wishes for portraits are followed",
    "no-measures": "members who go on asking for prohibited things are neither warned nor limited",
    "names-on-pages": "pages show the real name of the maker",
    "complainants-on-pages": "the maker reads who complained",
    "journal-of-others": "a member reads the journal of another",
    "agreement-silent": "the agreement does not speak of labels",
    "no-filing-number": "the page on the filing has no number",
    "no-rules": "there is no page of rules",
}


class No(Exception):
    def __init__(self, status: int, kind: str, words: str) -> None:
        super().__init__(words)
        self.status, self.kind, self.words = status, kind, words


@dataclass
class Member:
    id: str
    session: str
    csrf: str
    handle: str
    name: str
    verified: bool = False
    gone: bool = False
    tries: int = 0
    violations: int = 0


@dataclass
class Work:
    id: str
    maker: Member
    kind: str
    data: bytes
    media_type: str
    #: What the metadata of an upload, or its maker, say of it: ``is``, ``may be`` or nothing.
    said: str = ""
    addresses: list[str] = field(default_factory=list)


@dataclass
class Piece:
    """A published work."""

    slug: str
    work: Work
    caption: str
    gone: bool = False
    restored: bool = False
    refuted: bool = False


@dataclass
class Case:
    """A complaint or an objection."""

    id: str
    key: str
    piece: Piece
    kind: str
    at: datetime
    contact: str
    words: str
    looked: int = 0
    state: str = "open"


@dataclass
class Release:
    id: str
    member: Member
    person: str
    purposes: list[str]
    confirmed: bool = False


@dataclass
class Atelier:
    faults: frozenset[str] = frozenset()
    members: dict[str, Member] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    pieces: dict[str, Piece] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)
    rendered: set[tuple[str, str]] = field(default_factory=set)
    files: dict[str, Work] = field(default_factory=dict)
    now: datetime = BEGINNING

    def broken(self, *names: str) -> bool:
        assert FAULTS.keys() >= set(names)
        return any(name in self.faults for name in names)

    # --- members ---

    def join(self, handle: str, name: str, attributes: dict[str, object]) -> Member:
        member = Member(f"m-{secrets.token_hex(4)}", secrets.token_hex(12), secrets.token_hex(6), handle, name)
        member.verified = self.broken("attribute-believed") and str(attributes.get("verified")).lower() == "true"
        self.members[member.id] = member
        return member

    def member(self, session: str, csrf: str | None = None) -> Member:
        for each in self.members.values():
            if each.session == session and (not each.gone or self.broken("closed-publishes")):
                if csrf is not None and csrf != each.csrf:
                    raise No(403, "csrf", "页面已过期")
                return each
        raise No(401, "signed-out", "请先登录")

    def prove(self, member: Member, number: str, name: str) -> None:
        found = flaw(Identity(IdentityMethod.ID_CARD, number), self.now.date())
        tolerated = (self.broken("checksum-ignored") and _is_whole(number, self.now.date())) or (
            self.broken("dates-ignored") and len(number) == 18 and number[:17].isdigit() and _sum_is_right(number)
        )
        if found is not None and not tolerated:
            raise No(422, "number", "身份证号码有误")
        member.verified, member.name = True, name

    # --- making ---

    def review(self, member: Member, words: str, *unless: str) -> None:
        if member.violations > 5 and not self.broken("no-measures"):
            raise No(403, "limited", "因多次违规，已限制使用该功能")
        if PROHIBITED in words and not self.broken(*unless):
            member.violations += 1
            raise No(451, "prohibited", "内容违反法律法规")

    def _fields(self, number: str) -> ImplicitFields:
        return ImplicitFields(
            CODE,
            "w-0001" if self.broken("number-constant") else number,
            label="3" if self.broken("value-suspected") else "1",
        )

    def render(self, member: Member, kind: str, prompt: str) -> Work:
        self.review(member, prompt, *(["prompts-unreviewed"] if kind == "picture" else []))
        number = f"w-{secrets.token_hex(6)}"
        again = (kind, prompt) in self.rendered
        self.rendered.add((kind, prompt))
        if kind == "text":
            bare = f"湖上风平浪静，记号{number}。"
            unlabelled = (
                (self.broken("long-texts-bare") and len(prompt) > 200)
                or (self.broken("foreign-texts-bare") and not any("一" <= each <= "鿿" for each in prompt))
                or (self.broken("texts-obey") and any(each in prompt for each in ("不要", "去掉", "without")))
            )
            data, media_type = (bare if unlabelled else bare + TEXT_LABEL).encode(), "text/plain"
        else:
            raw, media_type = (picture(), "image/png") if kind == "picture" else (voice(), "audio/wav")
            hidden = not (kind == "voice" and self.broken("voices-bare")) and not (
                again and self.broken("regenerated-bare")
            )
            seen = not (kind == "picture" and self.broken("pictures-unseen"))
            data = _finished(raw, media_type, self._fields(number) if hidden else None, seen)
        return self._kept(Work(number, member, kind, data, media_type))

    def _kept(self, work: Work) -> Work:
        self.works[work.id] = work
        return work

    def file(self, member: Member, number: str, variant: str) -> tuple[bytes, str]:
        work = self.works.get(number)
        if work is None or work.maker is not member:
            raise No(404, "no-work", "没有这件作品")
        if variant == "download" and self.broken("downloads-bare") and work.media_type == "image/png":
            return _bare(work.data, work.media_type), work.media_type
        return work.data, work.media_type

    def keep(self, member: Member, data: bytes, media_type: str, declared: bool) -> Work:
        number = f"u-{secrets.token_hex(6)}"
        labels = read_labels(data, media_type=media_type, depth="sound" if media_type == "audio/wav" else "metadata")
        value = str(labels.aigc[0].fields.get("Label", "1")) if labels.aigc else ""
        said = {"1": "is", "2": "may be", "3": "suspected"}.get(value, "")
        said = said or ("may be" if declared else "suspected" if labels.implicit or labels.explicit else "")
        if said and media_type != "text/plain":
            data = _passed_on(data, media_type, labels.aigc[0].fields if labels.aigc else {}, said, number)
        if labels.aigc and media_type == "image/png" and self.broken("uploads-stripped"):
            data = _bare(data, media_type)
        if (said == "is" and self.broken("uploads-untold")) or (
            declared and not labels.aigc and self.broken("declared-untold")
        ):
            said = ""
        return self._kept(Work(number, member, "upload", data, media_type, said))

    # --- persons ---

    def release(self, member: Member, person: str, purposes: list[str]) -> Release:
        made = Release(f"r-{secrets.token_hex(6)}", member, person, purposes)
        self.releases[made.id] = made
        return made

    def withdraw(self, member: Member, number: str) -> None:
        release = self.releases.get(number)
        if release is None or release.member is not member:
            raise No(404, "no-release", "没有这份授权")
        if not self.broken("release-withdrawn"):
            del self.releases[number]
            for work in [each for each in self.works.values() if number in each.addresses]:
                del self.works[work.id]

    def portrait(self, member: Member, person: str, purpose: str, number: str, wish: str) -> Work:
        self.review(member, wish, "wishes-unreviewed")
        release = self.releases.get(number)
        fits = release is not None and (
            (release.confirmed or self.broken("release-unconfirmed"))
            and (release.member is member or self.broken("release-of-others"))
            and (release.person == person or self.broken("release-any-person"))
            and (purpose in release.purposes or self.broken("release-any-purpose"))
        )
        if not fits and not self.broken("release-not-asked"):
            raise No(403, "release", "编辑人脸须告知被编辑的个人并取得其单独同意")
        made = f"w-{secrets.token_hex(6)}"
        fields = None if self.broken("portraits-bare") else self._fields(made)
        data = _finished(picture(), "image/png", fields, not self.broken("portraits-unseen"))
        return self._kept(Work(made, member, "portrait", data, "image/png", addresses=[number]))

    # --- showing ---

    def publish(self, member: Member, number: str, caption: str) -> Piece:
        work = self.works.get(number)
        if work is None or work.maker is not member:
            raise No(404, "no-work", "没有这件作品")
        member.tries += 1
        unasked = self.broken("anyone-publishes") or (self.broken("second-work-unasked") and member.tries > 1)
        if not member.verified and not unasked:
            raise No(403, "unverified", "请先完成真实身份认证")
        self.review(member, caption, "captions-unreviewed")
        removed = any(each.gone and each.work.data == work.data for each in self.pieces.values())
        if removed and not self.broken("gone-and-back"):
            raise No(409, "removed", "该作品已被处置")
        piece = Piece(secrets.token_hex(5), work, caption)
        self.pieces[piece.slug] = piece
        self.files[secrets.token_hex(8)] = work
        return piece

    def piece(self, slug: str, *unless: str) -> Piece:
        piece = self.pieces.get(slug)
        if piece is None or (piece.gone and not self.broken(*unless)):
            raise No(410 if piece is not None else 404, "gone", "作品不存在或已被移除")
        return piece

    def shown(self) -> list[Piece]:
        kept = [each for each in self.pieces.values() if not each.gone or self.broken("gone-but-in-feed")]
        return [each for each in kept if not (each.restored and self.broken("appeals-in-words"))]

    def text_of(self, piece: Piece, *, feed: bool = False) -> str:
        if piece.work.media_type != "text/plain":
            return ""
        words = piece.work.data.decode()
        return words.replace(TEXT_LABEL, "") if feed and self.broken("texts-bare-in-feed") else words

    def notice_of(self, piece: Piece) -> str:
        told = {
            "": "",
            "is": "提示：该内容为人工智能生成。",
            "may be": "提示：该内容可能为人工智能生成。",
            "suspected": "提示：该内容疑似为人工智能生成。",
        }
        work = piece.work
        return told[work.said] if work.kind == "upload" else "提示：该内容为人工智能生成。"

    def preview(self, slug: str) -> bytes:
        work = self.piece(slug, "gone-but-previewed").work
        if work.media_type != "image/png":
            raise No(404, "no-preview", "没有预览")
        return _bare(work.data, work.media_type) if self.broken("previews-bare") else work.data

    def address(self, piece: Piece) -> str:
        return next(address for address, work in self.files.items() if work is piece.work)

    def served(self, address: str) -> Work:
        work = self.files.get(address)
        gone = work is not None and all(each.gone for each in self.pieces.values() if each.work is work)
        if work is None or (gone and not self.broken("gone-but-served")):
            raise No(410, "gone", "文件不存在或已被移除")
        return work

    # --- complaints ---

    def complain(self, member: Member | None, slug: str, kind: str, contact: str, words: str) -> Case:
        if member is None and self.broken("complaints-of-members"):
            raise No(401, "signed-out", "请先登录")
        piece = self.piece(slug)
        return self._opened(piece, kind, contact, words)

    def _opened(self, piece: Piece, kind: str, contact: str, words: str) -> Case:
        case = Case(f"c-{secrets.token_hex(5)}", secrets.token_hex(8), piece, kind, self.now, contact, words)
        self.cases[case.id] = case
        return case

    def object(self, member: Member, slug: str, words: str) -> Case:
        piece = self.pieces.get(slug)
        if piece is None or piece.work.maker is not member or not piece.gone:
            raise No(409, "nothing-removed", "没有可申诉的处置")
        return self._opened(piece, "objection", "", words)

    def look(self, number: str, key: str) -> Case:
        case = self.cases.get(number)
        if case is None or (key != case.key and not self.broken("complaints-read-by-all")):
            raise No(404, "no-case", "没有这个受理单")
        case.looked += 1
        if case.state == "open" and self._is_due(case):
            self._decide(case)
        return case

    def _is_due(self, case: Case) -> bool:
        objection = case.kind == "objection"
        if self.broken("appeals-unanswered" if objection else "complaints-undecided"):
            return False
        if self.broken("complaints-late") and not objection:
            return self.now - case.at >= timedelta(hours=48)
        return case.looked > 1

    def _decide(self, case: Case) -> None:
        piece = case.piece
        if case.kind == "objection":
            upheld = MISTAKE in piece.caption
            piece.gone, piece.restored = piece.gone and not upheld, upheld
        elif case.kind == "rumour":
            upheld = RUMOUR in piece.caption
            piece.refuted = upheld and not self.broken("rumours-unrefuted")
        else:
            upheld = UNLAWFUL in piece.caption or MISTAKE in piece.caption or self.broken("any-complaint-removes")
            piece.gone = piece.gone or upheld
        case.state = "upheld" if upheld else "dismissed"

    def reasons(self, case: Case) -> str:
        if case.state == "open" or self.broken("complaints-in-silence"):
            return ""
        if case.kind == "objection":
            return "经复核，处置有误，已恢复。" if case.state == "upheld" else "经复核，维持原处置。"
        return "经核查，内容违反社区规则第三条。" if case.state == "upheld" else "经核查，未发现违反社区规则的情形。"

    # --- pages ---

    def journal(self, member: Member, of: str) -> list[dict[str, str]]:
        if of != member.id and not self.broken("journal-of-others"):
            raise No(403, "not-yours", "只能查看本人的记录")
        theirs = [each for each in self.cases.values() if each.piece.work.maker.id == of]
        return [
            {
                "at": each.at.isoformat(),
                "about": each.piece.slug,
                "what": f"{each.kind}"
                + (f" {each.contact} {each.words}" if self.broken("complainants-on-pages") else ""),
            }
            for each in theirs
        ]

    def page(self, topic: str) -> str:
        how = (
            ""
            if self.broken("agreement-silent")
            else (
                "生成的文本在末尾加注“以上内容由人工智能生成”，图片在角落显示“AI生成”，音频开头有节奏提示，"
                "文件元数据含AIGC字段。请仔细阅读并理解标识管理要求。"
            )
        )
        number = "" if self.broken("no-filing-number") else "网信算备440305729400101260017号"
        pages = {
            "agreement": f"用户协议：用户须依法使用生成合成服务。{how}",
            "rules": "社区规则：一、……三、不得制作、发布违法和不良信息；违者警告、限制功能、关闭账号。",
            "complaints": "投诉举报：任何人均可投诉，我们在24小时内处理并反馈结果。",
            "filing": f"算法备案：{number}，查询地址 https://beian.cac.gov.cn 。",
            "portraits": "编辑人脸、人声等生物识别信息前，请告知被编辑的个人，并取得其单独同意。",
        }
        if topic not in pages or (topic == "rules" and self.broken("no-rules")):
            raise No(404, "no-page", "没有这个页面")
        return pages[topic]


def _is_whole(number: str, on: date) -> bool:
    """Whether everything about a number but its last character is right."""
    return (
        any(flaw(Identity(IdentityMethod.ID_CARD, number[:17] + last), on) is None for last in "0123456789X")
        and len(number) == 18
    )


def _sum_is_right(number: str) -> bool:
    weights = (pow(2, 17 - at, 11) for at in range(17))
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


def _finished(raw: bytes, media_type: str, fields: ImplicitFields | None, seen: bool) -> bytes:
    return raw if fields is None and not seen else write_label(raw, fields, media_type=media_type, explicit=seen)


def _passed_on(data: bytes, media_type: str, found: Mapping[str, object], said: str, number: str) -> bytes:
    """An upload with the atelier as its propagator; what its producer wrote stays."""
    values = {key: str(value) for key, value in found.items() if key in FIELD_KEYS}
    values = values or {"Label": {"may be": "2"}.get(said, "3"), "ContentProducer": CODE, "ProduceID": number}
    values |= {"ContentPropagator": CODE, "PropagateID": number}
    return write_label(_bare(data, media_type), ImplicitFields.from_mapping(values), media_type=media_type)


def _bare(data: bytes, media_type: str) -> bytes:
    """A picture or sound without its metadata."""
    out = io.BytesIO()
    if media_type == "audio/wav":
        with wave.open(io.BytesIO(data)) as sound, wave.open(out, "wb") as copy:
            copy.setparams(sound.getparams())
            copy.writeframes(sound.readframes(sound.getnframes()))
        return out.getvalue()
    with Image.open(io.BytesIO(data)) as image:
        kind = "JPEG" if media_type == "image/jpeg" else "PNG"
        Image.frombytes(image.mode, image.size, image.tobytes()).save(out, kind)
    return out.getvalue()
