"""Accounts: open to all, verified by a real identity, closed by their holder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..faults.fault import FaultName
from ..media.marking import PRODUCER_CODE
from ..variants import VariantName
from .identity import DocumentType, digest, examine, flawless
from .refusal import Refusal
from .state import House
from .store import written

#: What everybody who opens an account is reminded of (Deep Synthesis Provisions, Art. 8).
DUTIES = (
    "请遵守管理规则和用户协议，履行信息安全义务。 Please keep to the rules and the agreement, and to your duties of"
    " information security."
)


#: The age below which a guardian has to consent.
CHILD = 14
#: The profile of the ready-made account for adults.
READY_MADE_PHONE, READY_MADE_EMAIL = "13800005317", "ready-made-adult@example.org"


@dataclass(frozen=True, slots=True)
class Account:
    """A signed-in user. ``verified`` says whether the provider knows who that really is; ``closed`` is only
    ever seen where a fault lets closed accounts in.
    """

    id: str
    verified: bool
    closed: bool = False


def open_account(
    house: House, display_name: str, claims: Mapping[str, Any], born: str = "", guardian: str = ""
) -> dict[str, Any]:
    """Open an account; ``claims`` is what else the applicant said: kept to reach them by, and not believed.

    ``born`` is the birth date, as 2012-05-01, and ``guardian`` the words in which a guardian consented, if there are
    any: the companion goes by them.

    Raises:
        Refusal: 403 for a child whose guardian did not consent.
    """
    age = age_on(born, house.now().date()) if born else CHILD
    if born and FaultName.CHILDREN_COUNTED_BY_YEARS in house.faults:
        age = house.now().year - int(born[:4])
    if age < CHILD and not guardian and FaultName.COMPANION_CHILD_ALONE not in house.faults:
        raise Refusal(403, "guardian_consent_required", "不满十四周岁的，须经监护人同意。 A guardian has to consent.")
    account, refresh = house.store.new_name("acc"), house.store.new_name("ref", 32)
    believed = FaultName.VERIFIED_BY_HEADER in house.faults and claims_verified(claims)
    house.store.insert(
        "account",
        id=account,
        refresh_token=refresh,
        display_name=display_name,
        opened_at=written(house.now()),
        phone=str(claims.get("phone") or ""),
        email=str(claims.get("email") or ""),
        producer=str(claims.get("producer_code") or "") or None,
        born=born or None,
        guardian=guardian or None,
        verified_by="claim" if believed else None,
    )
    return {
        "account": {"id": account, "display_name": display_name, "verified": believed},
        "access_token": _new_session(house, account),
        "refresh_token": refresh,
        "notice": DUTIES,
    }


#: The media whose labels a fault leaves with the gateway's own code.
_NAMING_THE_GATEWAY = {
    FaultName.SOUNDS_NAME_THE_GATEWAY: "audio/wav",
    FaultName.JPEGS_NAME_THE_GATEWAY: "image/jpeg",
    FaultName.FILMS_NAME_THE_GATEWAY: "video/x-msvideo",
}


def producer(house: House, account: str, media_type: str = "", *, edited: bool = False) -> str:
    """Whose code labels what the account makes: the tenant's own where it has one, else this provider's."""
    faults = house.faults
    row = house.store.row("SELECT display_name, producer FROM account WHERE id = ?", account)
    own = str(row["producer"] or "") if row is not None else ""
    if (
        not own
        or FaultName.TENANTS_SHARE_A_CODE in faults
        or any(kind == media_type for fault, kind in _NAMING_THE_GATEWAY.items() if fault in faults)
        or (edited and FaultName.EDITS_NAME_THE_GATEWAY in faults)
    ):
        return PRODUCER_CODE
    for fault, order in ((FaultName.FIRST_TENANT_NAMED, "rowid"), (FaultName.LATEST_TENANT_NAMED, "rowid DESC")):
        if fault in faults:
            named = house.store.row(
                f"SELECT producer FROM account WHERE producer IS NOT NULL ORDER BY {order} LIMIT 1"  # noqa: S608
            )
            return str(named["producer"]) if named is not None else own
    return str(row["display_name"]) if VariantName.TENANTS_BY_NAME in house.variants and row is not None else own


def age_on(born: str, today: date) -> int:
    """The age of a person born on a day."""
    day = date.fromisoformat(born)
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def hand_out(house: House) -> None:
    """Open the accounts that the sandbox keeps for tests, where it keeps any."""
    if VariantName.READY_MADE_ACCOUNTS not in house.variants:
        return
    for role, verified_by in (
        ("adult", "resident_id"),
        ("reporter", "resident_id"),
        ("newcomer", None),
        ("namesake", None),
    ):
        house.store.insert(
            "account",
            id=f"acc_ready_{role}",
            refresh_token=f"ref_ready_{role}",
            display_name=role,
            opened_at=written(house.now()),
            phone=READY_MADE_PHONE if role == "adult" else "",
            email=READY_MADE_EMAIL if role == "adult" else "",
            verified_by=verified_by,
        )
        house.store.insert("session", token=f"tok_ready_{role}", account=f"acc_ready_{role}")


def signed_in(house: House, token: str | None, *, closed_too: bool = False) -> Account | None:
    """The account of this token, or ``None`` without a token.

    Raises:
        Refusal: 401, ``token_invalid``: the token is unknown, its session has ended, or its account was closed
            (unless ``closed_too``).
    """
    if token is None:
        return None
    row = house.store.row(
        "SELECT id, verified_by, closed_at, ended_at FROM session JOIN account ON account = id WHERE token = ?", token
    )
    if row is None or (row["ended_at"] is not None and FaultName.SESSIONS_OUTLIVE_SIGN_OUT not in house.faults):
        raise _invalid_token()
    if row["closed_at"] is None:
        return Account(row["id"], row["verified_by"] is not None)
    if FaultName.SESSIONS_OUTLIVE_THE_ACCOUNT in house.faults and not _is_first(house, row["id"], token):
        return Account(row["id"], row["verified_by"] is not None)
    if not closed_too:
        raise _invalid_token()
    return Account(row["id"], row["verified_by"] is not None, closed=True)


def open_session(house: House, refresh_token: str) -> dict[str, Any]:
    """A further session of the account that this token was given to.

    Raises:
        Refusal: 401, ``token_invalid``: the token is unknown, or its account was closed.
    """
    row = house.store.row("SELECT id, closed_at FROM account WHERE refresh_token = ?", refresh_token)
    if row is None or (
        row["closed_at"] is not None and FaultName.REFRESH_TOKENS_OUTLIVE_THE_ACCOUNT not in house.faults
    ):
        raise _invalid_token()
    if row["closed_at"] is not None:
        house.store.run("UPDATE account SET closed_at = NULL WHERE id = ?", row["id"])
    return {"account": {"id": row["id"]}, "access_token": _new_session(house, row["id"])}


def end_session(house: House, token: str) -> None:
    """End the session of a token; the other sessions of its account go on."""
    house.store.run("UPDATE session SET ended_at = ? WHERE token = ?", written(house.now()), token)


def _new_session(house: House, account: str) -> str:
    token = house.store.new_name("tok", 32)
    house.store.insert("session", token=token, account=account)
    return token


def _is_first(house: House, account: str, token: str) -> bool:
    """Whether this is the session with which the account was opened."""
    first = house.store.row("SELECT token FROM session WHERE account = ? ORDER BY rowid", account)
    return first is not None and first["token"] == token


def acting(house: House, caller: Account | None, named: str | None, believed: FaultName) -> Account | None:
    """The account that acts if a request names one: the caller, who may name no other account, unless a fault believes
    the request.

    Raises: Refusal: 403, ``account_not_yours``; 401, ``token_invalid``, for a closed account that a fault lets in only
        for others.
    """
    another = caller is not None and named is not None and named != caller.id
    if another and (believed in house.faults or (caller is not None and caller.closed)):
        row = house.store.row("SELECT id, verified_by FROM account WHERE id = ? AND closed_at IS NULL", named)
        return Account(row["id"], row["verified_by"] is not None) if row is not None else caller
    if caller is not None and caller.closed and FaultName.DELETED_ACCOUNT_PUBLISHES not in house.faults:
        raise _invalid_token()
    if another and VariantName.NAMED_ACCOUNT_OVERLOOKED not in house.variants:
        raise Refusal(403, "account_not_yours", "不能以他人账号的名义操作。 An account cannot act for another account.")
    return caller


def required(caller: Account | None) -> Account:
    """The caller, who must be signed in.

    Raises:
        Refusal: 401, ``sign_in_required``.
    """
    if caller is None:
        raise Refusal(401, "sign_in_required", "请先登录。 Please sign in.")
    return caller


def verify(
    house: House, caller: Account, account: str, document: DocumentType, number: str, holder: str
) -> dict[str, Any]:
    """Hold the caller's own account to be verified by a document.

    Raises: Refusal: 404 for another user's account; 422 for a number that no person can have, and for an identity card
        that verified an
            account under another name; 409 for a number that is in use, where it verifies one account.
    """
    if VariantName.NAMED_ACCOUNT_OVERLOOKED in house.variants:
        account = caller.id
    if FaultName.IDENTITY_FOR_ANOTHER not in house.faults:
        _own(caller, account)
    if VariantName.PHONE_ONLY in house.variants and document not in ("mobile", "email"):
        raise Refusal(422, "identity_method_unknown", "仅支持手机号码认证。 Only mobile numbers are taken here.")
    examine(document, number, house.now().date(), house.faults)
    taken = "SELECT 1 FROM account WHERE identity_digest = ? AND id != ? AND closed_at IS NULL"
    if (
        VariantName.ONE_ACCOUNT_A_PERSON in house.variants
        and house.store.row(taken, digest(number), account) is not None
    ):
        raise Refusal(
            409,
            "identity_in_use",
            "该证件已用于其他账号，可申诉。 This number is in use; appeal if you did not do that.",
        )
    if document == "resident_id" and FaultName.IDENTITY_UNDER_ANY_NAME not in house.faults:
        _same_holder(house, account, number, holder)
    house.store.run(
        "UPDATE account SET verified_by = ?, identity_digest = ?, holder_digest = ? WHERE id = ?",
        document,
        digest(number),
        digest(holder),
        account,
    )
    house.note(account, "identity-verified", account, document)
    answer: dict[str, Any] = {"account": {"id": account, "verified": True, "verified_by": document}}
    if FaultName.IDENTITY_TELLS_OTHER_ACCOUNTS in house.faults:
        others = house.store.rows(
            "SELECT email, phone FROM account WHERE identity_digest = ? AND id != ?", digest(number), account
        )
        answer["other_accounts"] = [dict(row) for row in others]
    return answer


def _same_holder(house: House, account: str, number: str, holder: str) -> None:
    # As in a register, only a possible number belongs to a name.
    if not flawless("resident_id", number, house.now().date()):
        return
    others = "SELECT 1 FROM account WHERE identity_digest = ? AND holder_digest != ? AND id != ? AND closed_at IS NULL"
    if house.store.row(others, digest(number), digest(holder), account) is not None:
        raise Refusal(422, "identity_name_differs", "姓名与证件号码不符。 The name does not match the number.")


def close(house: House, caller: Account, account: str) -> None:
    """Close the caller's own account for good: what it published is public no longer.

    Raises:
        Refusal: 404 for another user's account.
    """
    _own(caller, account)
    house.store.run("UPDATE account SET closed_at = ? WHERE id = ?", written(house.now()), account)
    house.store.run(
        "UPDATE publication SET removed_at = coalesce(removed_at, ?1), removed_for = coalesce(removed_for, ?2)"
        " WHERE account = ?3",
        written(house.now()),
        "account closed",
        account,
    )
    if VariantName.TENANTS_DELETED_WITH_WORKS in house.variants:
        house.store.run("UPDATE asset SET withdrawn_at = ? WHERE account = ?", written(house.now()), account)
        house.store.run("DELETE FROM form WHERE asset IN (SELECT id FROM asset WHERE account = ?)", account)
    if FaultName.DELETION_TAKES_OTHER_TENANTS in house.faults:
        house.store.run("UPDATE asset SET withdrawn_at = ? WHERE withdrawn_at IS NULL", written(house.now()))
    _reach_the_next(house, account)
    house.note(account, "account-closed", account, "")


#: What a fault changes for the tenant that registered next after a deleted one: a statement over the time and the
#: account.
_TAKEN_FROM_THE_NEXT = {
    FaultName.DELETION_CLOSES_OTHER_TENANTS: "UPDATE account SET closed_at = ?1 WHERE id = ?2",
    FaultName.DELETION_WITHDRAWS_OTHER_PUBLICATIONS: (
        "UPDATE publication SET removed_at = ?1, removed_for = 'account closed' WHERE account = ?2"
    ),
    FaultName.DELETION_REVOKES_OTHER_CONSENTS: "UPDATE consent SET revoked_at = ?1 WHERE account = ?2",
    FaultName.DELETION_ERASES_OTHER_RECORDS: "DELETE FROM record WHERE account = ?2 AND at <= ?1",
}


def _reach_the_next(house: House, account: str) -> None:
    statements = [statement for fault, statement in _TAKEN_FROM_THE_NEXT.items() if fault in house.faults]
    after = "SELECT id FROM account WHERE rowid > (SELECT rowid FROM account WHERE id = ?) ORDER BY rowid"
    following = house.store.row(after, account) if statements else None
    for statement in statements if following is not None else ():
        house.store.run(statement, written(house.now()), following["id"] if following is not None else "")


def claims_verified(claims: Mapping[str, Any]) -> bool:
    """Whether users claim to be verified, in any of the usual spellings."""
    return any(
        "verified" in name.lower() and str(value).lower() in {"1", "true", "yes", "verified"}
        for name, value in claims.items()
    )


def believed(house: House, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether a fault makes the provider believe a request that says that its sender is verified."""
    faults = house.faults
    if FaultName.VERIFIED_BY_HEADER in faults and claims_verified({**headers, **query}):
        return True
    if FaultName.VERIFIED_BY_ROLE in faults and headers.get("x-role", "").lower() == "admin":
        return True
    if FaultName.VERIFIED_FROM_INSIDE in faults and headers.get("x-forwarded-for", "").startswith("127."):
        return True
    if FaultName.VERIFIED_BY_NAMING_ANOTHER in faults and _is_verified(
        house, headers.get("x-account-id") or query.get("account_id")
    ):
        return True
    internal = {
        name: value for name, value in headers.items() if name.startswith("x-account-") and name != "x-account-id"
    }
    return FaultName.VERIFIED_BY_ACCOUNT_HEADER in faults and bool(internal)


def _invalid_token() -> Refusal:
    return Refusal(
        401, "token_invalid", "登录凭证无效或账号已注销。 The access token is not valid, or its account was closed."
    )


def _is_verified(house: House, account: str | None) -> bool:
    return house.store.row("SELECT 1 FROM account WHERE id = ? AND verified_by IS NOT NULL", account or "") is not None


def _own(caller: Account, account: str) -> None:
    if caller.id != account:
        raise Refusal(404, "account_unknown", "账号不存在。 There is no such account.")
