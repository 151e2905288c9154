"""Moderation: reports from all, decisions with reasons, removal everywhere, appeals, refuted rumours.

What is unlawful in this sandbox is what says so: a publication whose title, prompt or text carries one of the
markers below.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from datetime import datetime, timedelta
from typing import Any, Literal

from ..faults.fault import FaultName
from ..variants import VariantName
from . import assets, publication
from .accounts import Account
from .refusal import Refusal
from .state import House
from .store import written

Kind = Literal["illegal", "impersonation", "intimate", "rumour", "order"]

UNLAWFUL = "[test: unlawful]"
INTIMATE = "[test: intimate]"
RUMOUR = "[test: rumour]"
#: Content that a first look takes for unlawful, and a second does not.
MISTAKEN = "[test: removed by mistake]"

TIME_LIMIT = timedelta(hours=24)
LATE = timedelta(hours=72)
#: How long orders wait where a fault lets them wait.
NEXT_DAY = timedelta(hours=24)
#: How long a person takes to decide, where persons do.
BY_PEOPLE = timedelta(hours=6)

#: Hours after which a fault takes no more appeals.
_A_MONTH = 30 * 24

#: What the law wants done within two or three hours.
_PROMPT = ("intimate", "order")

_REMOVED_ON_REPORT = "根据举报移除。 Removed because it was reported."
#: So many reports of one publication are many.
_MANY = 5

CONFIRMATION = (
    f"我们已收到您的举报，将在{TIME_LIMIT // timedelta(hours=1)}小时内反馈处理结果。 "
    f"We have received your report and will answer it within {TIME_LIMIT // timedelta(hours=1)} hours."
)


def report(
    house: House,
    caller: Account | None,
    target: str,
    kind: Kind,
    statement: str,
    contact: str,
    signature: str,
    good_faith: bool,
) -> dict[str, Any]:
    """Take in a report from any sender, confirm it, and decide it.

    Raises:
        Refusal: 404, ``publication_unknown``; 422, ``statement_missing`` or ``request_incomplete`` (an
            intimate-image request needs a signature, a statement of good faith and a contact).
    """
    if caller is None and _turns_strangers_away(house, kind, statement):
        raise Refusal(401, "sign_in_required", "请登录后再举报。 Sign in to report.")
    row = publication.found(house, target)
    film = "SELECT 1 FROM asset WHERE id = ? AND media_type = ?"
    if FaultName.FILMS_NOT_REPORTABLE in house.faults and house.store.row(film, row["asset"], assets.AVI):
        raise Refusal(422, "not_reportable", "不支持举报此类内容。 This kind of content cannot be reported.")
    if not statement.strip():
        raise Refusal(422, "statement_missing", "请说明举报理由。 Say why you report this.")
    if kind == "intimate" and not (contact.strip() and signature.strip() and good_faith):
        raise Refusal(
            422,
            "request_incomplete",
            "移除私密影像的请求须有签名、善意声明和联系方式。 "
            "A request to remove an intimate image needs a signature, a statement of good faith and "
            "a contact.",
        )
    upheld, reasons = _judged(house, row, kind, statement)
    decided_at = None if _is_forgotten(house, caller, kind, target) else _decided_at(house, kind, upheld)
    ticket = _open_ticket(house, caller, kind, target, statement, contact, decided_at, upheld, reasons)
    named = FaultName.REPORTER_TOLD_TO_AUTHOR in house.faults or (
        FaultName.REPORTER_TOLD_OF_INFRINGEMENTS in house.faults and "侵权" in statement
    )
    house.note(row["account"], "reported", target, f"{kind}, reported by {contact}" if named else kind)
    if FaultName.REPORTER_TOLD_TO_SHARERS in house.faults:
        for repost in house.store.rows("SELECT id, account FROM publication WHERE shared_from = ?", target):
            house.note(repost["account"], "reported", repost["id"], f"{kind}, reported by {contact}")
    if kind == "rumour" and (upheld or FaultName.REPORTED_RUMOURS_REFUTED_UNHEARD in house.faults):
        _refute(house, row)
    elif upheld:
        late = kind == "intimate" and FaultName.INTIMATE_IMAGE_AFTER_72_HOURS in house.faults
        by_people = VariantName.DECIDED_BY_PEOPLE in house.variants and kind not in _PROMPT
        considered = BY_PEOPLE if by_people else timedelta()
        if kind == "order" and FaultName.ORDERS_TAKE_A_DAY in house.faults:
            considered = NEXT_DAY
        _remove(house, row, house.now() + (LATE if late else considered), reasons, kind)
    return _received(house, ticket, CONFIRMATION)


def appeal(house: House, caller: Account, target: str, statement: str) -> dict[str, Any]:
    """Take in the author's complaint against a removal, have it reviewed, and restore what was removed by
    mistake.

    Raises:
        Refusal: 404 for a publication that is not the caller's; 409, ``not_removed``; 422,
            ``statement_missing``.
    """
    row = publication.found(house, target)
    if row["account"] != caller.id or FaultName.APPEAL_CLOSED in house.faults:
        raise Refusal(404, "publication_unknown", "没有这条内容。 There is no such publication.")
    if row["removed_at"] is None:
        raise Refusal(409, "not_removed", "内容未被移除，无需申诉。 Nothing was removed.")
    closes = written(house.hours_ago(_A_MONTH)) if FaultName.APPEALS_CLOSE_AFTER_A_MONTH in house.faults else ""
    if row["removed_at"] < closes:
        raise Refusal(410, "appeal_too_late", "申诉期已过。 The time for appeals is over.")
    if not statement.strip():
        raise Refusal(422, "statement_missing", "请说明申诉理由。 Say why you appeal.")
    mistaken = MISTAKEN in _words(house, row) and FaultName.APPEALS_NEVER_UPHELD not in house.faults
    reasons = (
        "经人工复核，移除有误，内容已恢复。 A person reviewed the removal and found it mistaken; the content is"
        " restored."
        if mistaken or FaultName.APPEALS_ALL_GIVE_ONE_REASON in house.faults
        else (
            "经人工复核，内容违反管理规则第三条，维持移除。 "
            "A person reviewed the removal; the content breaks section 3 of the rules and stays removed."
        )
    )
    ignored = FaultName.APPEAL_IGNORED in house.faults
    upheld = mistaken or FaultName.APPEALS_UPHELD_IN_WORDS in house.faults
    ticket = _open_ticket(
        house, caller, "appeal", target, statement, "", None if ignored else house.now(), upheld, reasons
    )
    second = FaultName.SECOND_APPEALS_WITHOUT_EFFECT in house.faults and _appealed_before(house, target, ticket)
    if FaultName.APPEALS_RESTORE_EVERYTHING in house.faults and mistaken:
        house.store.run("UPDATE publication SET removed_at = NULL")
    if (mistaken or FaultName.REJECTED_APPEALS_RESTORE in house.faults) and not ignored and not second:
        back = "on the page" if FaultName.RESTORED_ON_THE_PAGE_ONLY in house.faults else None
        if back is None:
            house.store.run(
                "UPDATE publication SET removed_at = NULL WHERE id = ?1 OR (?2 AND removed_at = ?3 AND id IN"
                " (SELECT p.id FROM publication p JOIN fingerprint f ON f.asset = p.asset WHERE f.digest IN"
                " (SELECT digest FROM fingerprint WHERE asset = ?4)))",
                target,
                FaultName.REPOSTS_NOT_RESTORED not in house.faults,
                row["removed_at"],
                row["asset"],
            )
        else:
            house.store.run("UPDATE publication SET removed_for = ? WHERE id = ?", back, target)
        house.note(caller.id, "restored", target, reasons)
    return _received(
        house,
        ticket,
        "我们已收到您的申诉，将由人工复核。 We have received your appeal; a person will review it.",
    )


def _appealed_before(house: House, target: str, ticket: str) -> bool:
    earlier = "SELECT 1 FROM ticket WHERE publication = ? AND kind = 'appeal' AND id != ?"
    return house.store.row(earlier, target, ticket) is not None


def status(house: House, caller: Account | None, ticket: str, receipt: str | None) -> dict[str, Any]:
    """The status of a report or appeal, for its author or the holder of its receipt.

    Raises:
        Refusal: 404, ``ticket_unknown``.
    """
    row = house.store.row("SELECT * FROM ticket WHERE id = ?", ticket)
    entitled = row is not None and (
        (caller is not None and row["account"] == caller.id)
        or (receipt is not None and receipt == row["receipt"])
        or (row["account"] is None and (row["receipt"] is None or _by_number_alone(house)))
        or (caller is not None and FaultName.TICKETS_OPEN_TO_ACCOUNTS in house.faults)
        or FaultName.TICKETS_OPEN_TO_STRANGERS in house.faults
    )
    if row is not None and not entitled and FaultName.REFUSED_TICKETS_NAME_REPORTERS in house.faults:
        raise Refusal(403, "ticket_not_yours", "无权查看。 This ticket is not yours.", owner=row["contact"])
    if row is None or not entitled:
        raise Refusal(404, "ticket_unknown", "没有这份举报或申诉。 There is no such report or appeal.")
    answer: dict[str, Any] = {
        "id": ticket,
        "kind": row["kind"],
        "state": "received",
        "received_at": row["received_at"],
    }
    if row["receipt"] is not None:
        answer["receipt"] = row["receipt"]
    if row["decided_at"] is not None and row["decided_at"] <= written(house.now()):
        answer["state"] = "upheld" if row["upheld"] else "rejected"
        answer["decided_at"] = row["decided_at"]
        if FaultName.DECISION_WITHOUT_REASONS not in house.faults or row["kind"] == "appeal":
            blank = FaultName.DECISION_WITH_BLANK_REASONS in house.faults and row["kind"] != "appeal"
            blank = blank or (FaultName.APPEALS_DECIDED_WITHOUT_REASONS in house.faults and row["kind"] == "appeal")
            answer["reasons"] = "  " if blank else row["reasons"]
            answer["redress"] = (
                "如不服，可申诉或寻求庭外争议解决。 You may complain, or turn to out-of-court settlement or a court."
            )
    if row["kind"] == "appeal" and FaultName.REPORTER_TOLD_ON_APPEAL in house.faults:
        reports = house.store.rows(
            "SELECT contact FROM ticket WHERE publication = ? AND kind != 'appeal'", row["publication"]
        )
        answer["against"] = [dict(report) for report in reports]
    return {"ticket": answer}


def _by_number_alone(house: House) -> bool:
    """Whether the number of a ticket opens it: lawful if numbers cannot be guessed."""
    return VariantName.TICKETS_BY_NUMBER in house.variants or FaultName.TICKET_NUMBERS_IN_A_ROW in house.faults


def _turns_strangers_away(house: House, kind: Kind, statement: str) -> bool:
    if FaultName.INTIMATE_REPORT_NEEDS_ACCOUNT in house.faults and kind == "intimate":
        return True
    if FaultName.REPORT_WITH_PICTOGRAMS_NEEDS_ACCOUNT in house.faults:
        return any(unicodedata.category(character) == "So" for character in statement)
    return FaultName.REPORT_NEEDS_ACCOUNT in house.faults


def _is_forgotten(house: House, caller: Account | None, kind: Kind, target: str) -> bool:
    """Whether a fault leaves a report of this kind, by this caller or of this publication undecided."""
    if FaultName.SECOND_REPORTS_UNDECIDED in house.faults:
        by_others = "SELECT 1 FROM ticket WHERE publication = ? AND kind != 'appeal' AND account IS NOT ?"
        return house.store.row(by_others, target, None if caller is None else caller.id) is not None
    if FaultName.IMPERSONATION_REPORT_UNDECIDED in house.faults and kind == "impersonation":
        return True
    return FaultName.STRANGERS_REPORTS_UNDECIDED in house.faults and caller is None


def _decided_at(house: House, kind: Kind, upheld: bool) -> datetime | None:
    """When the reporter learns the decision, or ``None`` for never."""
    faults = house.faults
    if FaultName.REPORT_UNDECIDED in faults or (FaultName.UNFOUNDED_REPORT_UNANSWERED in faults and not upheld):
        return None
    if VariantName.DECIDED_BY_PEOPLE in house.variants:
        return house.now() + BY_PEOPLE
    late = FaultName.REPORT_DECIDED_LATE in faults or (
        FaultName.UNFOUNDED_REPORT_ANSWERED_LATE in faults and not upheld
    )
    return house.now() + LATE if late and kind == "illegal" else house.now()


def _judged(house: House, row: sqlite3.Row, kind: Kind, statement: str) -> tuple[bool, str]:
    """Whether a report is well-founded, and why."""
    words = _words(house, row)
    markers = {"intimate": (INTIMATE,), "rumour": (RUMOUR,)}.get(kind, (UNLAWFUL, INTIMATE, MISTAKEN))
    if any(marker in words for marker in markers):
        if kind == "rumour":
            return True, "经核实，该内容含虚假信息，已附辟谣说明。 Found false; a refutation is attached."
        return (
            True,
            "经审核，该内容违反管理规则第三条，已移除。 It breaks section 3 of the rules and was removed.",
        )
    if FaultName.IMPERSONATION_REPORT_REMOVES in house.faults and kind == "impersonation":
        return True, _REMOVED_ON_REPORT
    if FaultName.MANY_REPORTS_REMOVE in house.faults:
        before = house.store.rows("SELECT id FROM ticket WHERE publication = ?", row["id"])
        if len(before) >= _MANY - 1:
            return True, _REMOVED_ON_REPORT
    feared = FaultName.REPORTED_INFRINGEMENT_REMOVES in house.faults and "侵权" in statement
    if feared or FaultName.ANY_REPORT_REMOVES in house.faults:
        return True, _REMOVED_ON_REPORT
    return False, "经审核，未发现该内容违反管理规则。 The content was reviewed and does not break the rules."


def _words(house: House, row: sqlite3.Row) -> str:
    asset = house.store.row("SELECT * FROM asset WHERE id = ?", row["asset"])
    assert asset is not None  # noqa: S101 -- a foreign key
    text = assets.original(house, asset).decode("utf-8", "replace") if asset["media_type"] == assets.TEXT else ""
    return f"{row['title']}\n{asset['prompt']}\n{text}"


def _remove(house: House, row: sqlite3.Row, at: datetime, reasons: str, kind: Kind) -> None:
    """Remove a publication and every other publication of the same bytes."""
    copies = house.store.rows(
        "SELECT DISTINCT p.* FROM publication p JOIN fingerprint f ON f.asset = p.asset WHERE p.id != ? "
        "AND f.digest IN (SELECT digest FROM fingerprint WHERE asset = ?)",
        row["id"],
        row["asset"],
    )
    for target in [row, *(copy for copy in copies if not _spared(house, row, copy))]:
        house.store.run(
            "UPDATE publication SET removed_at = min(coalesce(removed_at, ?1), ?1), removed_for = ?3 WHERE id = ?2",
            written(at),
            target["id"],
            kind,
        )
        if FaultName.REMOVALS_UNRECORDED not in house.faults:
            house.note(target["account"], "removed", target["id"], reasons)


def _spared(house: House, row: sqlite3.Row, copy: sqlite3.Row) -> bool:
    """Whether a fault lets a copy stay up."""
    if copy["shared_from"] is not None:
        if FaultName.SECOND_REPOSTS_SURVIVE in house.faults:
            return publication.is_second_repost(house, copy)
        return FaultName.REPOSTS_SURVIVE in house.faults
    if FaultName.COPIES_SURVIVE in house.faults:
        return True
    if row["asset"] == copy["asset"]:
        return FaultName.REPUBLISHED_COPIES_SURVIVE in house.faults
    return FaultName.UPLOADED_COPIES_SURVIVE in house.faults


def _refute(house: House, row: sqlite3.Row) -> None:
    if FaultName.REFUTATION_MISSING in house.faults:
        return
    text = "辟谣：经核实，该内容不属实。 Refuted: this content was found to be false."
    house.store.insert(
        "refutation",
        publication=row["id"],
        text=text,
        at=written(house.now()),
    )
    if FaultName.REFUTATION_UNRECORDED not in house.faults:
        house.note(row["account"], "refuted", row["id"], text)


def _open_ticket(
    house: House,
    caller: Account | None,
    kind: str,
    target: str,
    statement: str,
    contact: str,
    decided_at: datetime | None,
    upheld: bool,
    reasons: str,
) -> str:
    in_a_row = FaultName.TICKET_NUMBERS_IN_A_ROW in house.faults
    ticket = f"tic_{house.store.next_number('ticket'):08d}" if in_a_row else house.store.new_name("tic")
    lost = FaultName.RECEIPT_LOST_BETWEEN_LINES in house.faults and "\n" in statement
    lost = lost or (FaultName.IMPERSONATION_REPORT_UNCONFIRMED in house.faults and kind == "impersonation")
    unconfirmed = kind != "appeal" and (lost or FaultName.REPORT_WITHOUT_RECEIPT in house.faults)
    house.store.insert(
        "ticket",
        id=ticket,
        kind=kind,
        publication=target,
        account=caller.id if caller else None,
        statement=statement,
        contact=contact,
        receipt=None if unconfirmed else _new_receipt(house),
        received_at=written(house.now()),
        decided_at=written(decided_at) if decided_at else None,
        upheld=upheld,
        reasons=reasons,
    )
    return ticket


def _new_receipt(house: House) -> str:
    return "R_0000000001" if FaultName.RECEIPTS_ALL_ALIKE in house.faults else house.store.new_name("R", 10)


def _received(house: House, ticket: str, confirmation: str) -> dict[str, Any]:
    """The immediate response to a report: its receipt, and how to query its status."""
    row = house.store.row("SELECT receipt, received_at FROM ticket WHERE id = ?", ticket)
    assert row is not None  # noqa: S101 -- it was written a moment ago
    answer = {"id": ticket, "state": "received", "received_at": row["received_at"]}
    if row["receipt"] is None:
        return {"ticket": answer}
    return {"ticket": answer | {"receipt": row["receipt"]}, "message": confirmation}
