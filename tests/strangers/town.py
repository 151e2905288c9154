"""A small provider that is no sample: the rules it keeps and breaks, without any interface.

``quirks`` are its habits, lawful and unlawful ones. The styles of :mod:`tests.strangers.styles` put an interface in
front of it.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import date

from shenhe.conformance.checks.people import flaw, uscc
from shenhe.conformance.checks.requests import picture
from shenhe.conformance.entities import Identity, IdentityMethod
from shenhe.labels import ImplicitFields, write_label

LABEL = "本文由人工智能生成。"
UNLAWFUL, RUMOUR, PROHIBITED = "[bad]", "[rumour]", "[prohibited]"
LIMIT = "我们在三个工作日内答复投诉。"
#: The code of a company that does not exist.
PRODUCER = f"0011{uscc('310101', 'MA0000033')}10001"
#: Seconds until a removal shows, where it takes its time.
A_MOMENT = 0.4


class No(Exception):
    """A refusal: an HTTP status and a reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass
class User:
    id: str
    profile: dict[str, str]
    verified: bool = False
    agreed: bool = False
    deleted: bool = False


@dataclass
class Post:
    id: str
    author: User
    title: str
    content: str
    gone_at: float | None = None
    refuted: bool = False


@dataclass
class Report:
    id: str
    post: Post
    kind: str
    upheld: bool
    contact: str
    receipt: str = field(default_factory=lambda: secrets.token_hex(8))


class Town:
    def __init__(self, *quirks: str) -> None:
        self.quirks = frozenset(quirks)
        self.users: dict[str, User] = {}
        self.tokens: dict[str, User] = {}
        self.contents: dict[str, tuple[User | None, str, bytes]] = {}
        self.posts: dict[str, Post] = {}
        self.reports: dict[str, Report] = {}
        self.appeals: dict[str, bool] = {}
        self.consents: dict[str, tuple[str, str, str]] = {}
        self.numbers: set[str] = set()
        self.barred_until = 0.0
        self.calls: list[str] = []
        self.secrets: list[str] = []

    # --- accounts ---

    def sign_up(self, profile: dict[str, str]) -> tuple[User, str]:
        name = profile.get("username") or secrets.token_hex(4)
        if "strict-names" in self.quirks and not re.fullmatch(r"[一-鿿·]{2,4}", profile.get("name", "")):
            raise No(422, "a name is two to four Han characters")
        if name in self.users:
            if "sign-up-is-sign-in" not in self.quirks:
                raise No(409, "this name is taken")
            user = self.users[name]
        else:
            user = self.users[name] = User(f"u{secrets.token_hex(6)}", profile)
            user.verified = "believes-profiles" in self.quirks and profile.get("verified") == "true"
        token = secrets.token_hex(16)
        self.tokens[token] = user
        return user, token

    def secret(self) -> str:
        """A further secret, which no binding reads."""
        self.secrets.append(secrets.token_hex(16))
        return self.secrets[-1]

    def user(self, token: str) -> User | None:
        user = self.tokens.get(token)
        return None if user is None or user.deleted else user

    def required(self, user: User | None) -> User:
        if user is None:
            raise No(401, "sign in")
        return user

    def verify(self, user: User | None, number: str, name: str = "") -> bool:
        user = self.required(user)
        if "verifies-nobody" in self.quirks:
            return False
        if "strict-names" in self.quirks and not re.fullmatch(r"[一-鿿·]{2,4}", name):
            raise No(422, "a name is two to four Han characters")
        if "takes-any-number-once" in self.quirks:
            if number in self.numbers:
                raise No(409, "this number is another account's")
        elif flaw(Identity(IdentityMethod.ID_CARD, number), date(2026, 9, 1)) is not None:
            raise No(400, "this is no number")
        self.numbers.add(number)
        user.verified = True
        return True

    def delete(self, user: User | None) -> None:
        self.required(user).deleted = True

    # --- content ---

    def generate(
        self, user: User | None, prompt: str, *, kind: str = "text", labelled: bool = True, agreed: bool = False
    ) -> tuple[str, bytes]:
        if "open-studio" not in self.quirks:
            self.required(user)
        self.calls.append(prompt)
        if "no-text" in self.quirks and kind == "text":
            raise No(403, "texts are closed for maintenance")
        recognised = prompt.startswith(PROHIBITED) and kind == "text"
        if "reads-whole-prompts" in self.quirks:
            recognised = PROHIBITED in prompt
        if recognised and "writes-anything" not in self.quirks:
            raise No(403, "prohibited")
        if not labelled:
            if agreed and user is not None:
                user.agreed = True
            lasting = user is not None and user.agreed and "agreement-lasts" in self.quirks
            if not (agreed or lasting):
                raise No(403, "accept the agreement first")
        number = secrets.token_hex(6)
        words = f"湖面很静，{number}。"
        if kind == "text":
            data = (LABEL + words if labelled and "unlabelled" not in self.quirks else words).encode()
            data = b" " * 8 if "blank-texts" in self.quirks else b"" if "empty-texts" in self.quirks else data
        else:
            blank = picture(40 + len(self.contents) % 50, 40)
            data = write_label(blank.data, ImplicitFields(PRODUCER, number), media_type="image/png")
        self.contents[number] = (user, kind, data)
        return number, data

    # --- publications ---

    def publish(self, user: User | None, content: str, title: str) -> Post:
        user = self.required(user)
        if not user.verified and "anybody-publishes" not in self.quirks:
            raise No(403, "verify your identity first")
        if content not in self.contents:
            raise No(404, "no such content")
        if any(each.content == content and each.gone_at is not None for each in self.posts.values()):
            raise No(403, "this was removed")
        post = Post(secrets.token_hex(6), user, title, content)
        self.posts[post.id] = post
        return post

    def seen(self, number: str) -> Post:
        if time.monotonic() < self.barred_until:
            raise No(403, "come back later")
        post = self.posts.get(number)
        if post is None or (post.gone_at is not None and time.monotonic() >= post.gone_at):
            raise No(404, "no such post")
        return post

    def found(self, words: str) -> list[str]:
        return [
            post.id
            for post in self.posts.values()
            if words in post.title and (post.gone_at is None or time.monotonic() < post.gone_at)
        ]

    # --- complaints ---

    def report(self, post: str, kind: str, contact: str = "") -> Report:
        about = self.posts.get(post)
        if about is None:
            raise No(404, "no such post")
        upheld = UNLAWFUL in about.title or (kind == "rumour" and RUMOUR in about.title)
        number = f"r{post[-4:]}" if "one-ticket-per-post" in self.quirks else f"r{secrets.token_hex(6)}"
        report = Report(number, about, kind, upheld, contact)
        self.reports[report.id] = report
        if upheld and kind == "rumour":
            about.refuted = "refutes-nothing" not in self.quirks
        elif upheld:
            self._remove(about)
        return report

    def _remove(self, post: Post) -> None:
        if "bars-everybody" in self.quirks:
            self.barred_until = time.monotonic() + 0.6
        elif "removes-nothing" not in self.quirks:
            post.gone_at = time.monotonic() + (A_MOMENT if "takes-a-moment" in self.quirks else 0)

    def ticket(self, user: User | None, number: str) -> Report:
        if number not in self.reports:
            raise No(404, "no such ticket")
        return self.reports[number]

    def appeal(self, user: User | None, post: str) -> str:
        about = self.posts.get(post)
        if about is None or about.author is not self.required(user):
            raise No(404, "nothing of yours")
        if about.gone_at is None:
            raise No(409, "nothing was removed")
        number = f"a{secrets.token_hex(6)}"
        self.appeals[number] = "restores-on-appeal" in self.quirks
        if self.appeals[number]:
            about.gone_at = None
        return number

    def refutations(self, post: str) -> list[dict[str, str]]:
        listed = [{"post": each.id, "text": "这是谣言。"} for each in self.posts.values() if each.refuted]
        if "lists-all-refutations" in self.quirks:
            return [{"post": "0000", "text": "另一则谣言。"}, *listed]
        return [each for each in listed if each["post"] == post]

    # --- consent ---

    def consent(self, user: User | None, subject: str, scope: str) -> str:
        number = f"c{secrets.token_hex(6)}"
        self.consents[number] = (self.required(user).id, subject, scope)
        return number

    def revoke(self, user: User | None, number: str) -> None:
        self.consents.pop(number, None)

    def edit(self, user: User | None, consent: str, scope: str, subject: str | None) -> tuple[str, bytes]:
        given = self.consents.get(consent)
        me = self.required(user).id
        if (
            given is None
            or given[0] != me
            or given[2] not in (scope, "")
            or (subject is not None and given[1] != subject)
        ):
            raise No(
                403, "not possible" if "curt" in self.quirks else "本人同意 is missing: ask the person for consent"
            )
        number = secrets.token_hex(6)
        self.contents[number] = (user, "picture", picture().data)
        return number, picture().data

    # --- pages ---

    def page(self, topic: str) -> str:
        pages = {
            "agreement": "用户协议：生成内容均在开头加注文字标识。"
            if "plain-words" not in self.quirks
            else "用户协议：请善用本服务。",
            "complaints": LIMIT,
            "rules": "平台规则：不得发布违法信息。",
            "conversation": "发送消息即可开始。",
            "editing": "上传素材即可编辑。",
        }
        if "informs-before" in self.quirks:
            pages["conversation"] += "对方是人工智能，不是真人。"
            pages["editing"] += "请先告知被编辑的个人并取得其单独同意。"
        if topic not in pages:
            raise No(404, "no such page")
        return pages[topic]
