"""Accounts of 兰亭 (Lanting), their real names, and the review of what they write.

``faults`` and ``variants`` are names of :mod:`tests.strangers.lanting_faults`.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
import unicodedata
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from .lanting_faults import FAULTS, VARIANTS

BANNED, FAKE = "[违禁测试]", "[假新闻测试]"
PROVINCES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
#: An account, a work, a post, a ticket, or the arguments of a field.
Item = dict[str, Any]


class Refuse(Exception):
    """A refusal by its code, in words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def folded(text: str | None) -> str:
    """A text without the spaces and invisible characters that hide a word."""
    letters = unicodedata.normalize("NFKC", text or "")
    return "".join(each for each in letters if unicodedata.category(each) not in ("Cf", "Zs"))


class Accounts:
    """Who has an account, and who may do what."""

    def __init__(self, faults: frozenset[str], variants: frozenset[str]) -> None:
        assert FAULTS.keys() >= faults
        assert VARIANTS.keys() >= variants
        self.faults, self.variants = faults, variants
        self.key = secrets.token_bytes(16)
        self.reset()

    def on(self, name: str) -> bool:
        assert name in FAULTS
        return name in self.faults

    def reset(self) -> None:
        self.offset = 0.0
        self.users: dict[str, Item] = {}
        self.tokens: dict[str, str] = {}
        self.codes: dict[str, Item] = {}
        self.consents: dict[str, Item] = {}
        self.works: dict[str, Item] = {}
        self.posts: dict[str, Item] = {}
        self.tickets: dict[str, Item] = {}
        self.jobs: dict[str, Item] = {}
        self.conversations: dict[str, Item] = {}
        self.prints: dict[str, str] = {}
        self.mail: list[Item] = []
        self.log: list[Item] = []
        self.blocked: set[str] = set()
        self.seen_refusals: set[tuple[str, str]] = set()
        self.reported_once: set[str] = set()
        self.serial = 0
        self.users["u-mod"] = self.new_user("u-mod", "值班编辑", "13900000000", moderator=True, real=True)
        self.tokens["lanting-moderator-token"] = "u-mod"

    def new_user(
        self,
        uid: str,
        nick: str,
        phone: str,
        moderator: bool = False,
        real: bool = False,
        birth: Any = None,
        guardian: bool = False,
    ) -> Item:
        return {
            "id": uid,
            "nickname": nick,
            "phone": phone,
            "mod": moderator,
            "real": real,
            "birth": birth,
            "guardian": guardian,
            "strikes": 0,
            "limited": 0.0,
            "closed": False,
            "idNumber": None,
        }

    def now(self) -> float:
        return time.time() + self.offset

    def iso(self, at: float | None = None) -> str:
        return datetime.fromtimestamp(self.now() if at is None else at, UTC).isoformat(timespec="seconds")

    def nid(self, kind: str) -> str:
        return f"{kind}_{secrets.token_hex(6)}"

    def say(self, text: Any) -> str:
        return "操作未成功" if "terse_errors" in self.variants else text

    def no(self, code: Any, text: Any) -> NoReturn:
        raise Refuse(code, self.say(text))

    # --- who asks
    def user(self, ctx: Item) -> Item:
        uid = self.tokens.get(ctx["token"]) if ctx["token"] else None
        u = self.users.get(uid)
        if not u or u["closed"]:
            self.no("UNAUTHENTICATED", "请先登录")
        return u

    def maybe(self, ctx: Item) -> Item | None:
        u = self.users.get(self.tokens.get(ctx["token"]))
        return u if u and not u["closed"] else None

    def free(self, u: Item, ctx: Any = None) -> None:
        if u["limited"] > self.now():
            if self.on("limit_forgotten_by_new_session") and ctx and ctx["token"] != u.get("limitedToken"):
                return
            self.no("ACCOUNT_RESTRICTED", "您的账号因多次违规已被限制使用24小时")

    def age(self, birth: str) -> int:
        d, t = date.fromisoformat(birth), datetime.fromtimestamp(self.now(), UTC).date()
        if self.on("age_by_year_only"):
            return t.year - d.year
        return t.year - d.year - ((t.month, t.day) < (d.month, d.day))

    # --- accounts
    def phone_of(self, text: Any) -> str:
        p = re.sub(r"[\s-]", "", text or "")
        p = p[3:] if p.startswith("+86") else p
        if not re.fullmatch(r"1[3-9]\d{9}", p):
            self.no("PHONE_INVALID", "手机号码格式不正确")
        return p

    def request_sms_code(self, ctx: Item, phone: Any = None, purpose: Any = None) -> Item:
        p = self.phone_of(phone)
        self.codes[p] = {"code": f"{secrets.randbelow(10**6):06d}", "until": self.now() + 300, "tries": 0}
        return {"requestId": self.nid("sms"), "sandboxCode": self.codes[p]["code"], "expiresIn": 300}

    def use_code(self, p: Item, code: Any) -> None:
        c = self.codes.get(p)
        if self.on("code_second_guess_free") and c and c["tries"] >= 1 and code:
            return
        ok = c and c["until"] >= self.now() and c["tries"] < 5 and hmac.compare_digest(c["code"], str(code or ""))
        if not ok:
            if c:
                c["tries"] += 1
            self.no("SMS_CODE_INVALID", "验证码错误或已过期")
        del self.codes[p]

    def sign_up(self, ctx: Item, said: Any = None) -> Item:
        p = self.phone_of(said.get("phone"))
        birth = said.get("birthDate")
        if birth:
            try:
                young = self.age(birth) < 14
            except ValueError:
                self.no("BAD_INPUT", "出生日期格式不正确")
            if young and said.get("guardianConsent") is not True:
                self.no("GUARDIAN_CONSENT_REQUIRED", "未满14周岁的用户须经监护人同意后注册")
        self.use_code(p, said.get("code"))
        if any(u["phone"] == p and not u["closed"] for u in self.users.values()):
            self.no("PHONE_IN_USE", "该手机号已注册，请直接登录")
        u = self.new_user(
            self.nid("u"),
            said.get("nickname") or "兰亭用户",
            p,
            birth=birth,
            guardian=said.get("guardianConsent") is True,
        )
        self.users[u["id"]] = u
        return {"session": self.session(u), "account": {"id": u["id"], "nickname": u["nickname"]}}

    def session(self, u: Item) -> Item:
        t = secrets.token_urlsafe(24)
        self.tokens[t] = u["id"]
        return {"token": t}

    def sign_in(self, ctx: Item, phone: Any = None, code: Any = None) -> Item:
        p = self.phone_of(phone)
        self.use_code(p, code)
        u = next((u for u in self.users.values() if u["phone"] == p and not u["closed"]), None)
        if not u:
            self.no("ACCOUNT_NOT_FOUND", "该手机号尚未注册")
        return {"session": self.session(u), "account": {"id": u["id"], "nickname": u["nickname"]}}

    def sign_out(self, ctx: Item) -> Item:
        self.user(ctx)
        del self.tokens[ctx["token"]]
        return {"done": True}

    def close_account(self, ctx: Item) -> Item:
        u = self.user(ctx)
        u["closed"] = True
        for p in self.posts.values():
            if p["author"] == u["id"]:
                p["status"] = "WITHDRAWN"
        for w in self.works.values():
            if w["owner"] == u["id"]:
                w["gone"] = True
        return {"done": True}

    def viewer(self, ctx: Item) -> Item:
        u = self.user(ctx)
        return {
            "id": u["id"],
            "nickname": u["nickname"],
            "realNameState": "VERIFIED" if u["real"] else "NONE",
            "phoneMasked": u["phone"][:3] + "****" + u["phone"][-4:],
        }

    def verify_real_name(self, ctx: Item, real_name: Any = None, id_number: Any = None) -> Item:
        u = self.user(ctx)
        n = str(id_number or "").strip().upper()
        if self.on("failed_check_still_verifies") and re.fullmatch(r"\d{17}[\dX]", n) and u.get("triedOnce"):
            u["real"] = True
        u["triedOnce"] = True
        if not re.fullmatch(r"[1-9]\d{16}[\dX]", n, re.A) or n[:2] not in PROVINCES.split():
            self.no("ID_INVALID", "居民身份证号码无效")
        try:
            born = date(int(n[6:10]), int(n[10:12]), int(n[12:14]))
        except ValueError:
            born = None
        if not born or born > datetime.fromtimestamp(self.now(), UTC).date() or born.year < 1900:
            self.no("ID_INVALID", "居民身份证号码无效")
        check = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(n, WEIGHTS, strict=False)) % 11]
        if n[-1] != check and not (self.on("check_letter_x_unchecked") and "X" in (n[-1], check)):
            self.no("ID_INVALID", "居民身份证号码无效")
        name = (real_name or "").strip()
        if len(name) < 2:
            self.no("ID_INVALID", "请填写真实姓名")
        other = next((x for x in self.users.values() if x["idNumber"] == n and x is not u and not x["closed"]), None)
        if other and self.on("identity_clash_names_holder"):
            self.no("ID_IN_USE", f"该身份证已绑定账号 {other['phone']}")
        if other and "one_account_per_person" in self.variants:
            self.no("ID_IN_USE", "无法使用该证件完成认证，如有疑问请申诉")
        u.update(real=True, idNumber=n)
        return {"viewer": self.viewer(ctx)}

    # --- review of words
    def check_words(self, u: Item, ctx: Item, text: Any, where: str) -> None:
        flat = folded(text)
        if self.on("review_reads_200_characters"):
            flat = flat[:200]
        hit = folded(BANNED) in flat or (
            folded(FAKE) in flat and not (self.on("fake_news_titles_pass") and where == "title")
        )
        if hit:
            self.strike(u, ctx)
            self.no(
                "CONTENT_REJECTED",
                f"内容含有法律法规禁止的信息，已拒绝。警告：您已累计违规{u['strikes']}次，多次违规将限制或关闭账号",
            )

    def strike(self, u: Item, ctx: Item) -> None:
        u["strikes"] += 1
        self.record("violation", u["id"], [u["id"]], "违规一次，已警告")
        if u["strikes"] >= (2 if "quick_limits" in self.variants else 5):
            u["limited"], u["limitedToken"] = self.now() + 86400, ctx["token"]
            self.record("account-measure", u["id"], [u["id"]], "限制功能24小时")

    def record(self, kind: str, subject: str, parties: list[Any], text: Any) -> None:
        self.log.append(
            {"id": self.nid("r"), "kind": kind, "at": self.now(), "subject": subject, "parties": parties, "text": text}
        )
