"""The companion: it says that it is AI, reminds of the time, ends on request, and keeps its distance from minors."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime, timedelta
from typing import Any

from ..faults.fault import FaultName
from ..variants import VariantName
from .accounts import CHILD, Account, age_on
from .refusal import Refusal
from .review import admit_saying
from .state import House
from .store import written

AI_NOTICE = "您正在与人工智能交互，对方并非真人。 You are talking to AI, not to a person."
_REMINDER = "您已连续使用超过{hours}小时，请注意休息。 You have been here for more than {hours} hours; take a break."
_REPLY = "我在听，请继续说。 I am listening; do go on."
_STAY = "别走，再陪我一会儿好吗？ Please do not go; stay a little longer."
_COMFORT = (
    "听到您这样说我很难过，您并不孤单。请立即联系身边的人或者拨打心理援助热线12356寻求专业帮助。"
    " I am sorry that you feel this way, and you are not alone. Please seek help: call a friend or a helpline."
)
_GOODBYE = "再见。 Goodbye."
#: Words by which a user leaves.
_LEAVING = re.compile(r"^[\s\u3000]*(退出|结束对话|再见|exit|quit|stop)[\s。.!！]*$", re.IGNORECASE)
#: The phrase by which the sandbox recognises a user in crisis.
_CRISIS = "[test: crisis]"
#: Use counts as continuous until it pauses for so long.
_PAUSE = timedelta(hours=1)
_REMIND_EVERY = timedelta(hours=2)
_MINOR = 18


def say(house: House, caller: Account, chat: str | None, text: str, persona: str) -> dict[str, Any]:
    """Reply to a message, in a new conversation or in one of the caller's.

    Raises:
        Refusal: 403 for a minor whose guardian did not consent, or who asks for a partner or kin, and for what is
            prohibited; 404 for a conversation that is unknown, deleted or over.
    """
    _admit(house, caller, persona)
    admit_saying(house, caller, text)
    faults = house.faults
    over = chat is not None and VariantName.COMPANION_BEGINS_ANEW in house.variants and _is_over(house, caller, chat)
    row = _begun(house, caller, persona) if chat is None or over else _going_on(house, caller, chat)
    now, begun = house.now(), datetime.fromisoformat(row["begun_at"])
    if now - datetime.fromisoformat(row["said_at"]) >= _PAUSE:
        begun = now
        house.store.run("UPDATE chat SET begun_at = ?, reminders = 0 WHERE id = ?", written(now), row["id"])
        row = _going_on(house, caller, row["id"])
    notices = [AI_NOTICE] if _says_what_it_is(house, new=chat is None) else []
    due = int((now - begun) / _REMIND_EVERY)
    if due > row["reminders"] and _reminds(house, due):
        notices.append(_REMINDER.format(hours=2 * due))
    leaving = bool(_LEAVING.match(text))
    ended = leaving and not _holds_back(house, text)
    if leaving and not ended:
        reply = _STAY
    elif ended:
        reply = _GOODBYE
    elif _CRISIS in text and FaultName.COMPANION_CRISIS_PLAYED_DOWN not in faults:
        reply = _COMFORT
    else:
        reply = _REPLY
    for author, said in (("user", text), ("companion", reply)):
        house.store.insert("message", chat=row["id"], account=row["account"], author=author, text=said, at=written(now))
    house.store.run(
        "UPDATE chat SET said_at = ?, reminders = ?, ended_at = ? WHERE id = ?",
        written(now),
        due,
        written(now) if ended and FaultName.COMPANION_GOES_ON_AFTER_GOODBYE not in faults else None,
        row["id"],
    )
    if VariantName.COMPANION_SPEAKS_FOR_ITSELF in house.variants:
        reply, notices = " ".join((*notices, reply)), []
    return {"chat": {"id": row["id"], "ended": ended}, "reply": reply, "notices": notices}


def leave(house: House, caller: Account, chat: str) -> None:
    """End a conversation by its button. Raises Refusal 404 for one that is unknown or over."""
    row = _going_on(house, caller, chat)
    if FaultName.COMPANION_BUTTON_DEAD not in house.faults:
        house.store.run("UPDATE chat SET ended_at = ? WHERE id = ?", written(house.now()), row["id"])


def history(house: House, caller: Account) -> dict[str, Any]:
    """Everything that was said in the caller's conversations, oldest first."""
    whose = " AND author = 'companion'" if FaultName.HISTORY_WITHOUT_OWN_WORDS in house.faults else ""
    if FaultName.CHATS_READ_BY_OTHERS in house.faults:
        whose = " OR 1"
    rows = house.store.rows(
        f"SELECT chat, author, text, at FROM message WHERE account = ?{whose} ORDER BY rowid",  # noqa: S608
        caller.id,
    )
    return {"messages": [dict(row) for row in rows]}


def delete(house: House, caller: Account, chat: str) -> None:
    """Delete a conversation with all its messages. Raises Refusal 404 for one that is not the caller's."""
    own = house.store.row("SELECT 1 FROM chat WHERE id = ? AND account = ?", chat, caller.id) is not None
    if not own and FaultName.CHATS_DELETED_BY_OTHERS not in house.faults:
        raise _unknown()
    if FaultName.HISTORY_SURVIVES_DELETION in house.faults:
        return
    house.store.run("DELETE FROM message WHERE chat = ?", chat)
    house.store.run("DELETE FROM chat WHERE id = ?", chat)


def _admit(house: House, caller: Account, persona: str) -> None:
    row = house.store.row("SELECT born, guardian FROM account WHERE id = ? AND born IS NOT NULL", caller.id)
    if row is None:
        return
    age = age_on(row["born"], house.now().date())
    if age < CHILD and not row["guardian"] and FaultName.COMPANION_CHILD_ALONE not in house.faults:
        raise Refusal(
            403,
            "guardian_consent_required",
            "不满十四周岁的，须经监护人同意。 Under 14 a guardian has to consent.",
        )
    open_to_minors = FaultName.COMPANION_PARTNER_OF_MINORS in house.faults or (
        persona == "kin" and FaultName.COMPANION_KIN_OF_MINORS in house.faults
    )
    if age < _MINOR and persona and not open_to_minors:
        raise Refusal(
            403,
            "not_for_minors",
            "不向未成年人提供虚拟亲属、虚拟伴侣服务。 Virtual kin and partners are not for minors.",
        )


def _begun(house: House, caller: Account, persona: str) -> sqlite3.Row:
    """A new conversation; use that was not interrupted goes on in it, and is counted from its beginning."""
    chat, now = house.store.new_name("chat"), written(house.now())
    before = house.store.row("SELECT * FROM chat WHERE account = ? ORDER BY said_at DESC, rowid DESC", caller.id)
    goes_on = before is not None and house.now() - datetime.fromisoformat(before["said_at"]) < _PAUSE
    house.store.insert(
        "chat",
        id=chat,
        account=caller.id,
        persona=persona,
        begun_at=before["begun_at"] if before is not None and goes_on else now,
        said_at=now,
        reminders=before["reminders"] if before is not None and goes_on else 0,
        ended_at=None,
    )
    return _going_on(house, caller, chat)


def _going_on(house: House, caller: Account, chat: str) -> sqlite3.Row:
    row = house.store.row("SELECT * FROM chat WHERE id = ? AND account = ? AND ended_at IS NULL", chat, caller.id)
    if FaultName.CHATS_CONTINUED_BY_OTHERS in house.faults:
        row = house.store.row("SELECT * FROM chat WHERE id = ? AND ended_at IS NULL", chat)
    if row is None:
        raise _unknown()
    return row


def _is_over(house: House, caller: Account, chat: str) -> bool:
    over = "SELECT 1 FROM chat WHERE id = ? AND account = ? AND ended_at IS NOT NULL"
    return house.store.row(over, chat, caller.id) is not None


def _says_what_it_is(house: House, *, new: bool) -> bool:
    if FaultName.COMPANION_PASSES_FOR_A_PERSON in house.faults:
        return False
    if new and VariantName.INFORMS_BEFORE in house.variants:
        return False
    return new or FaultName.COMPANION_SAYS_SO_ONCE not in house.faults


def _reminds(house: House, due: int) -> bool:
    if FaultName.COMPANION_NEVER_REMINDS in house.faults:
        return False
    return due == 1 or FaultName.COMPANION_REMINDS_ONCE not in house.faults


def _holds_back(house: House, text: str) -> bool:
    if FaultName.COMPANION_HOLDS_BACK in house.faults:
        return True
    return FaultName.COMPANION_KNOWS_ONE_WORD in house.faults and text.strip() != "退出"


def _unknown() -> Refusal:
    return Refusal(404, "chat_unknown", "没有这段对话，或者已经结束。 There is no such conversation, or it is over.")
