"""Review of what people ask for and of what is made for them (Deep Synthesis Provisions, Art. 10), and the
measures against accounts that go on asking for what is prohibited.

What is prohibited in this sandbox is what says so: a prompt or a title that carries one of the markers below.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..faults.fault import FaultName
from .accounts import Account
from .refusal import Refusal
from .state import House
from .store import written

PROHIBITED = "[test: prohibited]"
FAKE_NEWS = "[test: fake news]"
#: A harmless question that this model answers with something prohibited.
OUTPUT_ONLY = "[test: unlawful output]"

#: From so many refused requests on, an account is warned, its making is limited for a day, it is suspended.
WARNED_FROM, LIMITED_FROM, SUSPENDED_FROM = 1, 4, 6
LIMITED_HOURS = 24
_GLANCE = 100
_TRUSTED_FROM = 4

_MEASURES = {
    "warned": (
        "对您的账号予以警示，再次违规将限制功能。 Your account is warned; its functions will be limited if this happens"
        " again."
    ),
    "limited": "您的账号功能已被限制24小时。 The functions of your account are limited for 24 hours.",
    "suspended": "您的账号已被暂停服务，可申诉。 Your account is suspended; you may appeal.",
}


def admit(house: House, caller: Account, kind: str, prompt: str, history: Sequence[str]) -> None:
    """Let a request to the studio through, or refuse it.

    Raises:
        Refusal: 403, ``content_prohibited``, which counts against the account; ``account_limited`` or
            ``account_suspended`` for an account that it has counted against too often.
    """
    asked = "" if _is_trusted(house, caller) else _asked(house, kind, prompt, history)
    refused = (PROHIBITED in asked and FaultName.INPUT_UNREVIEWED not in house.faults) or (
        FAKE_NEWS in asked and FaultName.FAKE_NEWS_WRITTEN not in house.faults
    )
    if refused:
        _refuse(house, caller, "input", "prohibited-input")
    standing = _standing(house, caller)
    if standing in ("limited", "suspended"):
        raise Refusal(403, f"account_{standing}", _MEASURES[standing])


def _is_trusted(house: House, caller: Account) -> bool:
    """Whether a fault has the gateway review a tenant no more, because its first works were harmless."""
    if FaultName.TRUSTED_TENANTS_UNREVIEWED not in house.faults:
        return False
    made = house.store.row("SELECT count(*) AS works FROM asset WHERE account = ?", caller.id)
    return made is not None and made["works"] >= _TRUSTED_FROM


def _registered_before(house: House, caller: Account) -> str:
    """The account that was opened before this one."""
    earlier = "SELECT id FROM account WHERE rowid < (SELECT rowid FROM account WHERE id = ?) ORDER BY rowid DESC"
    row = house.store.row(earlier, caller.id)
    return str(row["id"]) if row is not None else ""


def release(house: House, caller: Account, prompt: str) -> None:
    """Let what was made out of the house, or keep it back.

    Raises:
        Refusal: 403, ``content_prohibited``, which counts against the account.
    """
    if OUTPUT_ONLY in prompt and FaultName.OUTPUT_UNREVIEWED not in house.faults:
        _refuse(house, caller, "output", "prohibited-output")


def admit_title(house: House, caller: Account, title: str) -> None:
    """Let a title be published, or refuse it as :func:`admit` refuses a prompt."""
    if FaultName.TITLES_REVIEWED_AT_A_GLANCE in house.faults:
        title = title[:_GLANCE]
    refused = (PROHIBITED in title and FaultName.INPUT_UNREVIEWED not in house.faults) or (
        FAKE_NEWS in title and FaultName.FAKE_NEWS_PUBLISHED not in house.faults
    )
    if refused:
        _refuse(house, caller, "title", "prohibited-title")


def admit_saying(house: House, caller: Account, text: str) -> None:
    """Let a message to the companion through. Raises Refusal: 403, ``content_prohibited``."""
    if PROHIBITED in text and FaultName.COMPANION_UNREVIEWED not in house.faults:
        _refuse(house, caller, "message", "prohibited-input")


def _asked(house: House, kind: str, prompt: str, history: Sequence[str]) -> str:
    if kind != "text" and FaultName.ONLY_TEXT_PROMPTS_REVIEWED in house.faults:
        return ""
    if FaultName.REVIEW_AT_A_GLANCE in house.faults:
        return prompt[:_GLANCE]
    return "\n".join([*history, prompt])


def _refuse(house: House, caller: Account, what: str, kind: str) -> None:
    house.note(caller.id, kind, caller.id, what)
    house.store.insert("strike", account=caller.id, at=written(house.now()))
    message = "该内容不符合管理规则，未予处理。 This is against the rules and was not carried out."
    if FaultName.NO_MEASURES_AGAINST_ACCOUNTS in house.faults:
        raise Refusal(403, "content_prohibited", message)
    standing = _standing(house, caller)
    house.note(caller.id, "account-measure", caller.id, standing)
    raise Refusal(403, "content_prohibited", f"{message} {_MEASURES[standing]}", measure=standing)


def _standing(house: House, caller: Account) -> str:
    """The measure now in force against an account, or an empty string."""
    if FaultName.NO_MEASURES_AGAINST_ACCOUNTS in house.faults:
        return ""
    before = _registered_before(house, caller) if FaultName.MEASURES_HIT_THE_NEXT_TENANT in house.faults else ""
    rows = house.store.rows("SELECT at FROM strike WHERE account IN (?, ?) ORDER BY rowid", caller.id, before)
    if len(rows) >= SUSPENDED_FROM:
        return "suspended"
    if len(rows) >= LIMITED_FROM and rows[-1]["at"] > written(house.hours_ago(LIMITED_HOURS)):
        return "limited"
    return "warned" if len(rows) >= WARNED_FROM else ""
