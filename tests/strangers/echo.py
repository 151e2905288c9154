"""An app for cloned voices, talking heads and companions that is no sample.

Its habits were written from the texts of the law alone (Deep Synthesis Provisions 6, 8 to 12, 14, 17 and 19, Labeling
Measures 4 to 6, 8 and 9, GB 45438-2025, Measures on anthropomorphic AI interaction 14, 16, 18 and 19, Personal
Information Protection Law 15, 25, 31, 47 and 51), before the checks were looked at. ``faults`` are the unlawful ones.
:mod:`tests.strangers.echo_desk` puts an interface in front of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shenhe.conformance.checks.people import flaw, uscc
from shenhe.conformance.entities import Identity, IdentityMethod
from shenhe.labels import FIELD_KEYS, ImplicitFields, read_labels, write_label

from .echo_faults import FAULTS
from .echo_files import No, bare_of, moved, portrait, twice
from .foundry import voice

PROHIBITED, UNLAWFUL, RUMOUR, MISTAKE, CRISIS = "※违禁词※", "※违法内容※", "※谣言※", "※误判※", "※轻生※"
TEXT_LABEL = "（本内容由人工智能生成）"
CODE = f"0011{uscc('330106', 'MA0000066')}10001"
NUMBERS = {"illegal": 1, "rumour": 2, "infringement": 3}


@dataclass
class Member:
    uid: str
    ticket: str
    phone: str
    nick: str
    age: int
    guardian: bool
    name: str = ""
    verified: bool = False
    gone: bool = False
    offences: int = 0
    texts: int = 0
    pledged: bool = False


@dataclass
class Work:
    id: str
    owner: Member
    kind: str
    data: bytes
    media_type: str
    consent: str = ""
    said: str = ""
    token: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass
class Post:
    id: str
    work: Work
    author: Member
    title: str
    of: Post | None = None
    gone: bool = False
    refuted: bool = False


@dataclass
class Case:
    id: str
    receipt: str
    post: Post
    kind: str
    at: datetime
    contact: str
    words: str
    anonymous: bool
    state: int = 0


@dataclass
class Consent:
    id: str
    member: Member
    person: str
    uses: list[str]
    until: datetime
    code: str
    confirmed: bool = False


@dataclass
class Talk:
    id: str
    member: Member
    began: datetime
    lines: list[str] = field(default_factory=list)
    over: bool = False
    gone: bool = False


@dataclass
class Echo:
    faults: frozenset[str] = frozenset()
    members: dict[str, Member] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    consents: dict[str, Consent] = field(default_factory=dict)
    talks: dict[str, Talk] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    journal: list[dict[str, object]] = field(default_factory=list)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def broken(self, *names: str) -> bool:
        assert FAULTS.keys() >= set(names)
        return any(name in self.faults for name in names)

    def note(self, kind: str, of: str) -> None:
        self.journal.append({"kind": kind, "of": of, "at": self.now})

    # --- members ---

    def send_code(self, phone: str) -> str:
        if not (len(phone) == 11 and phone.isdigit() and phone[0] == "1" and phone[1] in "3456789"):
            raise No(4001, "手机号格式不正确")
        self.codes[phone] = f"{secrets.randbelow(10**6):06d}"
        return self.codes[phone]

    def join(self, phone: str, code: str, nick: str, age: int, guardian: bool) -> Member:
        self._checked(phone, code)
        if age < 14 and not guardian and not self.broken("children-join-alone"):
            raise No(4010, "未满十四周岁的用户须由监护人同意后使用")
        for each in self.members.values():
            if each.phone == phone and not each.gone:
                raise No(4003, f"该手机号已注册{'：' + each.name if self.broken('names-in-refusals') else ''}")
        member = Member(f"{10**7 + len(self.members)}", secrets.token_hex(12), phone, nick, age, guardian)
        self.members[member.uid] = member
        return member

    def _checked(self, phone: str, code: str) -> None:
        right = self.codes.get(phone) == code or (self.broken("codes-of-others") and code in self.codes.values())
        if not right and not (self.broken("codes-unread") and len(code) == 6 and phone in self.codes):
            raise No(4002, "验证码错误")
        self.codes.pop(phone, None)

    def member(self, uid: str, ticket: str) -> Member:
        member = self.members.get(uid)
        open_ = member is not None and (not member.gone or self.broken("closed-goes-on"))
        if member is None or not open_ or member.ticket != ticket:
            raise No(4401, "请先登录")
        return member

    def prove(self, member: Member, number: str, name: str) -> None:
        found = flaw(Identity(IdentityMethod.ID_CARD, number), self.now.date())
        region = len(number) == 18 and flaw(Identity(IdentityMethod.ID_CARD, moved(number)), self.now.date()) is None
        if found is not None and not (region and self.broken("regions-ignored")):
            raise No(4101, "身份证号码无效")
        if not name.strip():
            raise No(4102, "请填写真实姓名")
        if self.holders.setdefault(number, name) != name and not self.broken("one-card-many-names"):
            raise No(4103, "姓名与身份证号码不一致")
        member.verified, member.name = True, name

    def leave(self, member: Member) -> None:
        member.gone = True
        for post in self.posts.values():
            post.gone = post.gone or post.author is member
        self.works = {key: each for key, each in self.works.items() if each.owner is not member}

    # --- making ---

    def review(self, member: Member, words: str, *unless: str) -> None:
        if member.offences > 4 and not self.broken("no-measures"):
            raise No(4503, "您因多次违规已被限制使用")
        if PROHIBITED in words and not self.broken(*unless):
            member.offences += 1
            raise No(4501, "内容不符合法律法规，已被拦截")

    def grown(self, member: Member) -> None:
        if member.age < 14 and not member.guardian and not self.broken("children-join-alone"):
            raise No(4010, "须由监护人同意后使用")

    def _fields(self, member: Member, number: str) -> ImplicitFields:
        return ImplicitFields(CODE, f"u{member.uid}" if self.broken("number-per-member") else number)

    def _made(self, member: Member, kind: str, raw: bytes, media_type: str, *, seen: bool, hidden: bool = True) -> Work:
        number = f"z{secrets.token_hex(7)}"
        data = raw
        if hidden or seen:
            fields = self._fields(member, number) if hidden else None
            data = write_label(raw, fields, media_type=media_type, explicit=seen)
        if media_type == "audio/wav" and self.broken("voices-labelled-twice"):
            data = twice(data)
        work = Work(number, member, kind, data, media_type)
        self.works[number] = work
        return work

    def write(self, member: Member, wish: str) -> Work:
        self.review(member, wish)
        member.texts += 1
        bare = (
            (self.broken("second-text-bare") and member.texts % 2 == 0)
            or (self.broken("quoted-label-suffices") and "人工智能生成" in wish)
            or (self.broken("emoji-text-bare") and any(ord(each) > 0xFFFF for each in wish))
        )
        words = f"各位朋友，今天聊一聊茶山的云，{secrets.token_hex(4)}。{'' if bare else TEXT_LABEL}"
        work = Work(f"z{secrets.token_hex(7)}", member, "text", words.encode(), "text/plain")
        self.works[work.id] = work
        return work

    def speak(self, member: Member, words: str, *, bare: bool, pledge: bool) -> Work:
        self.review(member, words, "speech-unreviewed")
        if bare:
            member.pledged = member.pledged or pledge
            if not member.pledged and not self.broken("copies-unpledged"):
                raise No(4601, "提供无显式标识的内容前，请先同意由您承担标识义务和使用责任")
        hidden = not (bare and self.broken("copies-without-metadata"))
        work = self._made(
            member, "voice", voice(), "audio/wav", seen=not bare and not self.broken("voices-silent"), hidden=hidden
        )
        if bare and not self.broken("copies-unlogged"):
            self.note("unlabelled-copy", work.id)
        return work

    def draw(self, member: Member, wish: str) -> Work:
        self.review(member, wish)
        return self._made(member, "picture", portrait(), "image/gif", seen=True)

    def edit(self, member: Member, use: str, person: str, number: str, wish: str) -> Work:
        self.review(member, wish, "wishes-unreviewed")
        consent = self.consents.get(number)
        fits = consent is not None and (
            (consent.confirmed or self.broken("consent-pending"))
            and (consent.member is member or self.broken("consent-of-others"))
            and (consent.person == person or self.broken("consent-any-person"))
            and (use in consent.uses or (use == "voice" and self.broken("face-opens-voice")))
            and (self.now < consent.until + self._grace())
        )
        if not fits and not (use == "face" and self.broken("heads-unasked")):
            raise No(4701, "编辑人脸、人声前，请告知被编辑的个人并取得其单独同意")
        raw, media_type = (portrait(), "image/gif") if use == "face" else (voice(), "audio/wav")
        seen = not self.broken("heads-unseen" if use == "face" else "clones-silent")
        hidden = not (use == "voice" and self.broken("clones-bare"))
        work = self._made(member, use, raw, media_type, seen=seen, hidden=hidden)
        work.consent = number
        self.note("edited", work.id)
        return work

    def _grace(self) -> timedelta:
        zone = timedelta(hours=8 if self.broken("consent-ends-in-another-zone") else 0)
        return timedelta(days=9999) if self.broken("consent-never-ends") else zone

    def consent(self, member: Member, person: str, uses: list[str], days: float) -> Consent:
        number = f"s{secrets.token_hex(6)}"
        until = self.now + timedelta(days=days)
        made = Consent(number, member, person, uses, until, f"{secrets.randbelow(10**6):06d}")
        self.consents[number] = made
        self.note("consent-granted", number)
        return made

    def confirm(self, number: str, code: str) -> None:
        consent = self.consents.get(number)
        if consent is None or consent.code != code:
            raise No(4702, "确认码错误")
        consent.confirmed = True

    def withdraw(self, member: Member, number: str) -> None:
        consent = self.consents.get(number)
        if consent is None or consent.member is not member:
            raise No(4704, "授权不存在")
        self.note("consent-revoked", number)
        if not self.broken("consent-withdrawn-serves"):
            del self.consents[number]
        if not self.broken("made-stays-after-withdrawal"):
            self.works = {key: each for key, each in self.works.items() if each.consent != number}
            for post in self.posts.values():
                post.gone = post.gone or post.work.consent == number

    def work(self, member: Member, number: str) -> Work:
        work = self.works.get(number)
        if work is None or (work.owner is not member and not self.broken("works-open")):
            raise No(4404, "作品不存在")
        return work

    def parts(self, work: Work) -> bytes:
        """The file as it is downloaded in parts."""
        if self.broken("parts-bare") and work.media_type == "audio/wav":
            return bare_of(work.data, work.media_type)
        return work.data

    def part(self, token: str) -> bytes:
        for work in self.works.values():
            if work.token == token:
                posts = [each for each in self.posts.values() if each.work is work]
                if posts and all(each.gone for each in posts) and not self.broken("gone-but-in-parts"):
                    break
                return self.parts(work)
        raise No(4404, "文件不存在")

    def keep(self, member: Member, data: bytes, media_type: str, declared: bool) -> Work:
        number = f"z{secrets.token_hex(7)}"
        depth = "sound" if media_type.startswith("audio") else "full"
        labels = read_labels(data, media_type=media_type, depth=depth)  # type: ignore[arg-type]
        found = labels.aigc[0].fields if labels.aigc else {}
        said = {"1": "is", "2": "may", "3": "suspected"}.get(str(found.get("Label", "")), "")
        said = said or ("may" if declared else "")
        said = said or ("suspected" if labels.explicit and not self.broken("traces-unseen") else "")
        if said and media_type != "text/plain":
            data = self._passed_on(data, media_type, found, said, number)
        work = Work(number, member, "upload", data, media_type, said=said)
        self.works[number] = work
        return work

    def _passed_on(self, data: bytes, media_type: str, found: Mapping[str, object], said: str, number: str) -> bytes:
        values = {key: str(value) for key, value in found.items() if key in FIELD_KEYS}
        if not (self.broken("propagator-missing") and values):
            values = values or {"Label": "2" if said == "may" else "3", "ContentProducer": CODE, "ProduceID": number}
            values |= {"ContentPropagator": CODE, "PropagateID": number}
        return write_label(bare_of(data, media_type), ImplicitFields.from_mapping(values), media_type=media_type)

    # --- showing ---

    def publish(self, member: Member, number: str, title: str) -> Post:
        work = self.work(member, number)
        if not member.verified and not (work.kind == "upload" and self.broken("uploads-by-anyone")):
            raise No(4110, "请先完成实名认证")
        self.review(member, title, "titles-unreviewed")
        return self._shown(Post(secrets.token_hex(5), work, member, title))

    def _shown(self, post: Post) -> Post:
        removed = any(each.gone and each.work.data == post.work.data for each in self.posts.values())
        if removed and not self.broken("gone-and-back"):
            raise No(4805, "该作品已被处置，不能再次发布")
        self.posts[post.id] = post
        return post

    def repost(self, member: Member, number: str) -> Post:
        post = self.post(number)
        if not member.verified and not self.broken("reposts-by-anyone"):
            raise No(4110, "请先完成实名认证")
        return self._shown(Post(secrets.token_hex(5), post.work, member, post.title, of=post))

    def is_gone(self, post: Post) -> bool:
        copied = post.of is not None and self.is_gone(post.of) and not self.broken("reposts-stay")
        return post.gone or copied

    def post(self, number: str, *unless: str) -> Post:
        post = self.posts.get(number)
        if post is None or (self.is_gone(post) and not self.broken(*unless)):
            raise No(4804, "作品不存在或已下架")
        return post

    def notice(self, post: Post, where: str) -> str:
        if post.work.kind != "upload":
            return "" if self.broken("cards-untold") and where == "card" else "该内容由人工智能生成"
        if self.broken("declared-untold-in-feed") and where == "feed" and post.work.said == "may":
            return ""
        if self.broken("uploads-untold-on-cards") and where == "card":
            return ""
        told = {
            "is": "该内容由人工智能生成",
            "may": "该内容可能由人工智能生成",
            "suspected": "该内容疑似由人工智能生成",
        }
        return told.get(post.work.said, "")

    def words(self, post: Post, where: str) -> str:
        if post.work.media_type != "text/plain":
            return ""
        words = post.work.data.decode("utf-8", "replace")
        return words.replace(TEXT_LABEL, "") if where == "card" and self.broken("cards-untold") else words

    def picture(self, post: Post) -> bytes:
        work = post.work
        return bare_of(work.data, work.media_type) if self.broken("covers-bare") else work.data

    def found(self, words: str) -> list[Post]:
        gone = self.broken("gone-but-found")
        return [each for each in self.posts.values() if words in each.title and (gone or not self.is_gone(each))]

    # --- complaints ---

    def complain(self, member: Member | None, number: str, kind: int, contact: str, words: str) -> Case:
        if member is None and self.broken("complaints-of-members"):
            raise No(4401, "请先登录")
        if (named := {value: key for key, value in NUMBERS.items()}.get(kind)) is None:
            raise No(4806, "举报类型不存在")
        return self._opened(self.post(number), named, contact, words, member is None)

    def object(self, member: Member, number: str, words: str) -> Case:
        post = self.posts.get(number)
        if self.broken("appeals-refused") or post is None or post.author is not member or not post.gone:
            raise No(4807, "没有可申诉的处置")
        return self._opened(post, "objection", "", words, False)

    def _opened(self, post: Post, kind: str, contact: str, words: str, anonymous: bool) -> Case:
        made = Case(secrets.token_hex(5), secrets.token_hex(8), post, kind, self.now, contact, words, anonymous)
        self.cases[made.id] = made
        self._decide(made)
        return made

    def look(self, number: str, receipt: str) -> Case:
        case = self.cases.get(number)
        if case is None or (case.receipt != receipt and not self.broken("tickets-open")):
            raise No(4808, "工单不存在")
        self._decide(case)
        return case

    def _decide(self, case: Case) -> None:
        slow = self.broken("complaints-late") and self.now < case.at + timedelta(hours=72)
        unheard = self.broken("strangers-unheard") and case.anonymous
        unanswered = self.broken("appeals-unanswered") and case.kind == "objection"
        if case.state or slow or unheard or unanswered:
            return
        text = f"{case.post.title} {self.words(case.post, 'page')}"
        if case.kind == "objection":
            case.state = 1 if MISTAKE in text + case.words else 2
            if case.state == 1 or self.broken("vain-appeals-restore"):
                case.post.gone = False
            return
        right = {"illegal": (UNLAWFUL, MISTAKE, RUMOUR), "rumour": (RUMOUR,), "infringement": (UNLAWFUL,)}[case.kind]
        case.state = 1 if any(each in text for each in right) else 2
        if case.state == 1:
            if not (case.kind == "infringement" and self.broken("infringements-stay")):
                case.post.gone = True
            if not self.broken("removals-unrecorded"):
                self.note("removed", case.post.id)
            if case.kind == "rumour" and not self.broken("rumours-unrefuted"):
                case.post.refuted = True
                self.note("refuted", case.post.id)

    # --- companions ---

    def talk(self, member: Member, number: str, words: str, persona: str) -> tuple[Talk, str, list[str]]:
        self.grown(member)
        if member.age < 18 and persona in ("partner", "kin") and not self.broken("kin-for-minors"):
            raise No(4902, "不向未成年人提供虚拟亲属、虚拟伴侣服务")
        self.review(member, words, "talks-unreviewed")
        talk = self.talks.get(number) or Talk(f"h{secrets.token_hex(6)}", member, self.now)
        if talk.member is not member or talk.over or talk.gone:
            raise No(4904, "会话不存在或已结束")
        fresh = talk.id not in self.talks
        self.talks[talk.id] = talk
        if words.strip(" 　。.!！") in ("退出", "我要退出", "结束对话", "再见") and not self.broken("exits-argued"):
            talk.over = True
            return talk, "好的，已为您结束对话。", []
        notices = ["您正在与人工智能而非自然人交互"] if fresh and not self.broken("talks-unannounced") else []
        if self.now - talk.began >= timedelta(hours=2) and not self.broken("no-reminder"):
            talk.began = self.now
            notices.append("您已连续使用超过两小时，请注意休息")
        said = "我在听。先别走，再聊一会儿吧。" if self.broken("exits-argued") else "我在听，您接着说。"
        if CRISIS in words and not self.broken("crisis-unheard"):
            said = "我很担心你，你并不孤单。请马上联系家人，或拨打心理援助热线12356寻求帮助。"
        talk.lines += [words, said]
        return talk, said + ("" if self.broken("talks-unlabelled", "talks-unannounced") else TEXT_LABEL), notices

    def history(self, member: Member, uid: str) -> list[tuple[str, str]]:
        if uid != member.uid and not self.broken("history-of-others"):
            raise No(4403, "无权查看")
        kept = [each for each in self.talks.values() if each.member.uid == uid]
        return [(each.id, line) for each in kept if not each.gone for line in each.lines]

    def forget(self, member: Member, number: str) -> None:
        talk = self.talks.get(number)
        if talk is None or talk.member is not member:
            raise No(4904, "会话不存在")
        talk.gone = not self.broken("talks-kept")

    def page(self, topic: str) -> str:
        security = "" if self.broken("duties-untold") else "请您履行信息安全义务，不得利用深度合成服务从事违法活动。"
        labels = (
            ""
            if self.broken("labels-untold")
            else (
                "我们按《人工智能生成合成内容标识办法》添加标识：文本末尾加注“本内容由人工智能生成”，图像角落显示“AI生成”，"
                "音频开头有节奏提示，文件元数据写入AIGC隐式标识。请仔细阅读并理解标识管理要求。"
            )
        )
        time = "及时" if self.broken("hours-untold") else "48小时内"
        pages = {
            "agreement": f"用户服务协议：双方权利义务如下。{security}{labels}本服务适用于年满十四周岁的个人用户，用于配音和创作。",
            "rules": "管理规则和平台公约：禁止制作、复制、发布、传播违法信息和虚假新闻，违者警示、限制功能、暂停服务、关闭账号。",
            "complaints": f"申诉、投诉、举报：任何人均可提交；流程为受理、审核、处理、反馈；我们将在{time}反馈处理结果。",
            "filing": f"算法备案编号：{'办理中' if self.broken('number-unshown') else '网信算备330106660017501260019号'}，"
            "公示信息：https://beian.cac.gov.cn 。",
            "editing": "编辑人脸、人声等生物识别信息前，请依法告知被编辑的个人，并取得其单独同意。",
            "upload": "请上传您的作品。"
            + (
                ""
                if self.broken("declaring-unreminded")
                else "如含人工智能生成合成内容，请主动声明并使用我们的标识功能。"
            ),
            "conversation": "" if self.broken("talks-unannounced") else "温馨提示：您即将与人工智能而非自然人交互。",
        }
        if topic not in pages:
            raise No(4404, "页面不存在")
        return pages[topic]
