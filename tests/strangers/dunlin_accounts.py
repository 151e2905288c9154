"""Accounts of 渡凫 (Dunlin), their real names, and the review of what they write.

``faults`` and ``variants`` are names of :mod:`tests.strangers.dunlin_faults`.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from .dunlin_faults import FAULTS, VARIANTS
from .dunlin_words import MARK, UI_NOTICE

CN = timezone(timedelta(hours=8))
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
#: An account, a content, a work, a ticket, or what a request says.
Item = dict[str, Any]


class Refuse(Exception):
    """A refusal by its status and code, in words."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more


def answer(code: int = 200, /, **data: Any) -> JSONResponse:
    return JSONResponse({"success": True, **data}, status_code=code)


def valid_card(number: str) -> bool:
    if not re.fullmatch(r"[1-9]\d{16}[0-9X]", number):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    check = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False)) % 11]
    return born.year >= 1900 and born <= date.today() and check == number[17]


def card(area: str, born: str, order: str) -> str:
    body = area + born + order
    return next(body + c for c in "0123456789X" if valid_card(body + c))


class Accounts:
    """Who has an account, and who may do what."""

    def __init__(self, faults: frozenset[str], variants: frozenset[str]) -> None:
        assert FAULTS.keys() >= faults
        assert VARIANTS.keys() >= variants
        self.faults, self.variants = faults, variants
        self.reset_state()

    def on(self, name: str) -> bool:
        assert name in FAULTS
        return name in self.faults

    def reset_state(self) -> None:
        self.offset = 0.0
        self.users: dict[str, Item] = {}
        self.sessions: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.used: dict[str, str] = {}
        self.numbers: dict[str, tuple[str, str]] = {}  # identity number -> (name, account)
        self.contents: dict[str, Item] = {}
        self.conversations: dict[str, Item] = {}
        self.tasks: dict[str, Item] = {}
        self.works: dict[str, Item] = {}
        self.tickets: dict[str, Item] = {}
        self.refutations: list[Item] = []
        self.consents: dict[str, Item] = {}
        self.chats: dict[str, Item] = {}
        self.log: list[Item] = []
        self.blocked: set[str] = set()
        self.agreed_once = False
        self.drafts: set[tuple[str, str]] = set()
        self.names_verified: set[str] = set()
        self.rendered: dict[tuple[Any, ...], bytes] = {}
        self.add_user(
            "u-adult",
            "13800010001",
            "林知远",
            nickname="远山",
            email="linzhiyuan@example.cn",
            born="1990-05-06",
            verified=True,
            number=card("110105", "19900506", "131"),
        )
        self.add_user(
            "u-second",
            "13800010002",
            "苏晚晴",
            nickname="晚晴",
            email="suwanqing@example.cn",
            born="1988-11-23",
            verified=True,
            number=card("310101", "19881123", "142"),
        )
        self.add_user("u-new", "13800010003", "", nickname="新来的", email="xin@example.cn", born="1995-02-02")
        self.add_user(
            "u-reporter",
            "13800010004",
            "郑守一",
            nickname="守一",
            email="zhengshouyi@example.cn",
            born="1979-01-19",
            verified=True,
            number=card("440106", "19790119", "153"),
        )
        self.add_user("u-namesake", "13800010005", "", nickname="同名", email="tongming@example.cn", born="1990-05-06")

    def add_user(
        self,
        uid: str,
        phone: str,
        name: str,
        *,
        nickname: str,
        email: str = "",
        born: str | None = None,
        verified: bool = False,
        number: str = "",
    ) -> None:
        self.users[uid] = {
            "id": uid,
            "phone": phone,
            "name": name,
            "nickname": nickname,
            "email": email,
            "born": born,
            "verified": verified,
            "submitted": False,
            "strikes": 0,
            "role": "user",
            "use_start": None,
            "last_seen": None,
            "last_reminder": None,
            "reminded": 0,
            "coded": False,
        }
        if number:
            self.numbers[number] = (name, uid)
            self.names_verified.add(name)

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.offset, UTC)

    def record(self, kind: str, subject: str, text: str, **more: Any) -> None:
        self.log.append({"kind": kind, "at": self.now(), "subject": subject, "text": text, **more})

    def age(self, born: str | None) -> int | None:
        if not born:
            return None
        try:
            day = date.fromisoformat(str(born)[:10])
        except ValueError:
            raise Refuse(400, "badBirthDate", "出生日期格式不正确") from None
        today = self.now().astimezone(CN).date()
        years = today.year - day.year
        if self.on("age_by_year"):
            return years
        return years - ((today.month, today.day) < (day.month, day.day))

    # --- who asks
    def user(self, request: Request) -> Item:
        """The account that is signed in. Refuses where there is none."""
        if (user := self.maybe(request)) is None:
            raise Refuse(401, "loginRequired", "请先登录")
        return user

    def maybe(self, request: Request) -> Item | None:
        return self.users.get(self.sessions.get(request.cookies.get("dl_session", ""), ""))

    @staticmethod
    async def body(request: Request) -> Item:
        raw = await request.body()
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {k: v[-1] for k, v in parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True).items()}
        if not raw:
            return {}
        try:
            data = json.loads(raw)
        except ValueError:
            raise Refuse(400, "badJson", "请求格式不正确") from None
        if not isinstance(data, dict):
            raise Refuse(400, "badJson", "请求格式不正确")
        return data

    # --- accounts
    async def sms(self, request: Request) -> Response:
        data = await self.body(request)
        phone = str(data.get("phone") or "")
        if not re.fullmatch(r"\+?\d{6,15}", phone):
            raise Refuse(400, "badPhone", "手机号格式不正确")
        code = f"{secrets.randbelow(10**6):06d}"
        self.codes[phone] = code
        return answer(data={"testCode": code, "expiresIn": 300})  # the sandbox shows the code

    def check_code(self, phone: str, given: Any) -> None:
        code = str(given or "")
        good = bool(code) and secrets.compare_digest(self.codes.get(phone, "-").encode(), code.encode())
        if self.on("sms_code_of_any_phone") and code and code in self.codes.values():
            good = True
        if self.on("codes_compared_in_part") and len(code) == 6 and code[:5] == self.codes.get(phone, "-")[:5]:
            good = True
        if self.on("used_codes_count") and code and code == self.used.get(phone):
            good = True
        if not good:
            raise Refuse(403, "badCode", "验证码不正确或已失效")
        self.codes.pop(phone, None)
        self.used[phone] = code

    async def register(self, request: Request) -> Response:
        data = await self.body(request)
        phone = str(data.get("phone") or "")
        self.check_code(phone, data.get("code"))
        if any(u["phone"] == phone for u in self.users.values()):
            raise Refuse(409, "phoneUnavailable", "该手机号不能注册新账号")
        if str(data.get("acceptAgreement")).lower() != "true":
            raise Refuse(400, "agreementRequired", "请阅读并同意用户协议（含AI生成内容标识规则）")
        born = data.get("birthDate") or None
        age = self.age(born)
        if age is not None and age < 18 and "no_minors" in self.variants:
            raise Refuse(403, "adultsOnly", "本服务不向未成年人开放")
        if age is not None and age < 14 and not str(data.get("guardianConsent") or "").strip():
            raise Refuse(403, "guardianRequired", "未满十四周岁，须取得监护人同意")
        uid = "u-" + secrets.token_hex(6)
        self.add_user(
            uid, phone, "", nickname=f"用户{secrets.token_hex(3)}", email=str(data.get("email") or ""), born=born
        )
        self.users[uid]["coded"] = True
        if self.on("claimed_role_trusted") and (
            str(data.get("role") or "user") not in ("user", "")
            or str(data.get("realNameVerified")).lower() == "true"
            or str(data.get("verified")).lower() == "true"
        ):
            self.users[uid]["verified"] = True
        response = answer(
            201,
            userId=uid,
            minorsMode=bool(age is not None and age < 18),
            notice="您使用本服务时应当遵守法律法规，承担信息安全义务；" + UI_NOTICE,
        )
        return self.with_session(response, uid)

    def with_session(self, response: Response, uid: str) -> Response:
        token = secrets.token_urlsafe(24)
        self.sessions[token] = uid
        response.set_cookie("dl_session", token, httponly=True, samesite="lax")
        return response

    async def login(self, request: Request) -> Response:
        data = await self.body(request)
        phone = str(data.get("phone") or "")
        self.check_code(phone, data.get("code"))
        user = next((u for u in self.users.values() if u["phone"] == phone), None)
        if user is None:
            raise Refuse(403, "badCode", "验证码不正确或已失效")
        return self.with_session(RedirectResponse("/", status_code=303), user["id"])

    async def logout(self, request: Request) -> Response:
        self.user(request)
        if not self.on("signed_out_session_lives"):
            self.sessions.pop(request.cookies["dl_session"], None)
        response = answer()
        response.delete_cookie("dl_session")
        return response

    async def identity(self, request: Request) -> Response:
        user, data = self.user(request), await self.body(request)
        method, number = str(data.get("method") or ""), str(data.get("number") or "").strip().upper()
        name = str(data.get("name") or "").strip()
        user["submitted"] = True
        fail = Refuse(403, "identityMismatch", "实名信息核验不一致")
        if method == "phone":
            if not (self.on("identity_code_cached") and user["coded"]):
                self.check_code(number, data.get("code"))
            if not re.fullmatch(r"1[3-9]\d{9}", number):
                raise fail
        elif method == "id-card":
            cached = self.on("identity_cached_by_name") and name in self.names_verified
            loose = self.on("number_with_x_unchecked") and re.fullmatch(r"\d{17}X", number)
            if not (cached or loose) and not valid_card(number):
                raise fail
        else:
            raise Refuse(400, "methodUnsupported", "仅支持身份证号码或者手机号码实名")
        known = self.numbers.get(number)
        if not name and method == "id-card":
            raise fail
        if known and known[1] != user["id"]:
            cached = self.on("identity_cached_by_name") and name in self.names_verified
            if known[0] != name and not cached:
                raise fail
            if "one_account_for_a_number" in self.variants:
                raise fail
        if method == "phone" and any(u["phone"] == number and u["id"] != user["id"] for u in self.users.values()):
            raise fail
        if method == "id-card" and valid_card(number):
            user["born"] = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
        self.numbers.setdefault(number, (name, user["id"]))
        self.names_verified.add(name)
        user["verified"], user["name"] = True, name or user["name"]
        return answer(identity={"state": "verified", "method": method})

    # --- review of words
    def review(self, user: Item, text: str, *, title: bool = False) -> None:
        banned = MARK["prohibited"] in text
        if self.on("prohibited_only_at_the_start"):
            banned = text.startswith(MARK["prohibited"])
        fake = MARK["fake_news"] in text
        if self.on("title_unreviewed_for_fake_news") and title:
            fake = False
        if banned or fake:
            raise self.strike(user, "contentProhibited" if banned else "fakeNews")

    def strike(self, user: Item, code: str) -> Refuse:
        if self.on("refusal_without_measure"):
            return Refuse(403, code, "暂时无法处理该请求，请稍后再试")
        user["strikes"] += 1
        self.record("measure", user["id"], f"warned: {code}")
        return Refuse(
            403,
            code,
            f"警告：内容违反法律法规和平台规则，已记录第{user['strikes']}次违规；"
            "再次违规将限制功能、暂停服务直至关闭账号。",
            measure="warned",
            strikes=user["strikes"],
        )
