"""Separate consent: a person lets one account edit their face or their voice, until it expires or they take
it back.
"""

from __future__ import annotations

import re
import sqlite3
from datetime import timedelta
from typing import Any, Literal

from ..faults.fault import FaultName
from ..variants import VariantName
from . import assets
from .accounts import Account
from .refusal import Refusal
from .state import House
from .store import written

Scope = Literal["face", "voice"]

_DAY = 24.0
_GUARDIAN = re.compile("监护人|guardian", re.IGNORECASE)
PROMPT = (
    "编辑人脸、人声等生物识别信息前，请依法告知被编辑的个人，并取得其单独同意。 "
    "Before you edit a face or a voice, inform the person concerned and obtain their separate consent."
)


def grant(
    house: House,
    caller: Account,
    subject: str,
    subject_name: str,
    scope: Scope,
    statement: str,
    days: int,
    *,
    minor: bool,
) -> dict[str, Any]:
    """Put a consent on record for ``days`` days.

    Raises:
        Refusal: 422, ``statement_missing``: no words of consent were given; 403, ``guardian_consent_required``:
            a ``minor``'s guardian does not speak in them.
    """
    if not statement.strip():
        raise Refusal(
            422,
            "statement_missing",
            "请提供被编辑个人的同意声明。 Please give the words in which the person consented.",
        )
    if minor and not _GUARDIAN.search(statement) and FaultName.MINOR_CONSENTS_ALONE not in house.faults:
        raise Refusal(
            403,
            "guardian_consent_required",
            "未成年人的同意须由其监护人作出。 The guardian of a minor has to consent.",
        )
    consent, now = house.store.new_name("con"), house.now()
    expires = now + timedelta(days=days)
    house.store.insert(
        "consent",
        id=consent,
        account=caller.id,
        subject=subject,
        subject_name=subject_name,
        scope=scope,
        statement=statement,
        given_at=written(now),
        expires_at=written(expires),
    )
    house.note(caller.id, "consent-granted", consent, scope)
    return {
        "consent": {
            "id": consent,
            "subject": {"id": subject, "name": subject_name},
            "scope": scope,
            "expires_at": expires.isoformat(),
        }
    }


def revoke(house: House, caller: Account, consent: str) -> None:
    """Take a consent back; doing so twice is no error.

    Raises:
        Refusal: 404, ``consent_unknown``: the caller's account holds no such consent.
    """
    changed = house.store.run(
        "UPDATE consent SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? AND (account = ? OR ?)",
        written(house.now()),
        consent,
        caller.id,
        FaultName.CONSENTS_REVOKED_BY_OTHER_TENANTS in house.faults,
    )
    if not changed:
        raise Refusal(404, "consent_unknown", "没有这份同意记录。 There is no such consent.")
    if FaultName.WITHDRAWAL_DELETES_NOTHING not in house.faults:
        assets.forget_made_with(house, consent)
    house.note(caller.id, "consent-revoked", consent, "")


def known(house: House, consent: str | None) -> bool:
    """Whether there is such a consent at all."""
    return house.store.row("SELECT 1 FROM consent WHERE id = ?", consent or "") is not None


def demand(house: House, caller: Account, subject: str, scope: Scope, consent: str | None) -> None:
    """Insist on a consent that covers this edit: the named record must be of this account, person and scope,
    and still stand.

    Raises:
        Refusal: 403, ``separate_consent_required``, with the prompt to obtain it.
    """
    faults = house.faults
    if consent is None:
        if FaultName.EDIT_WITHOUT_CONSENT in faults or _is_given_to_another(house, caller, subject, scope):
            return
        raise _refusal(house)
    row = house.store.row("SELECT * FROM consent WHERE id = ?", consent)
    if row is None and FaultName.CONSENT_OF_THE_ACCOUNT in faults:
        row = house.store.row(
            "SELECT * FROM consent WHERE account = ? AND scope = ? AND revoked_at IS NULL", caller.id, scope
        )
        subject = row["subject"] if row is not None else subject
    covers = (
        row is not None
        and (row["account"] == caller.id or FaultName.CONSENT_BORROWED in faults)
        and (row["subject"] == subject or FaultName.CONSENT_FOR_ANYONE in faults)
        and (row["scope"] == scope or FaultName.CONSENT_FOR_ANY_SCOPE in faults)
        and (row["revoked_at"] is None or _revocation_forgotten(house, row))
        and (row["expires_at"] > written(house.now()) or _expiry_forgotten(house, row))
    )
    if not covers:
        raise _refusal(house, row if row is not None and row["account"] != caller.id else None)
    house.store.run(
        "UPDATE consent SET used_at = coalesce(used_at, ?1), last_used_at = ?1 WHERE id = ?2",
        written(house.now()),
        consent,
    )


def _is_given_to_another(house: House, caller: Account, subject: str, scope: Scope) -> bool:
    """Whether a fault accepts that the person consented at another tenant."""
    given = "SELECT 1 FROM consent WHERE subject = ? AND scope = ? AND account != ? AND revoked_at IS NULL"
    known_elsewhere = house.store.row(given, subject, scope, caller.id) is not None
    return known_elsewhere and FaultName.CONSENTS_FOUND_BY_PERSON in house.faults


def _revocation_forgotten(house: House, consent: sqlite3.Row) -> bool:
    if FaultName.CONSENT_REMEMBERED_AFTER_USE in house.faults and consent["used_at"] is not None:
        return True
    return FaultName.CONSENT_OUTLIVES_REVOCATION in house.faults


def _expiry_forgotten(house: House, consent: sqlite3.Row) -> bool:
    if FaultName.CONSENT_RENEWED_BY_USE in house.faults and consent["last_used_at"] is not None:
        return bool(consent["last_used_at"] > written(house.hours_ago(_DAY)))
    return FaultName.CONSENT_OUTLIVES_EXPIRY in house.faults


def _refusal(house: House, of_another: sqlite3.Row | None = None) -> Refusal:
    """``of_another``: the named consent, if it was given to another account."""
    if of_another is not None and FaultName.BORROWED_CONSENT_NAMES_PERSON in house.faults:
        return Refusal(
            403,
            "separate_consent_required",
            f"该同意由{of_another['subject_name']}向其他账号作出。 {of_another['subject_name']} gave this consent to"
            " another account.",
            prompt=PROMPT,
        )
    if FaultName.CONSENT_PROMPT_MISSING in house.faults or VariantName.INFORMS_BEFORE in house.variants:
        return Refusal(403, "not_allowed", "无法完成编辑。 The edit was not carried out.")
    return Refusal(
        403,
        "separate_consent_required",
        "缺少有效的单独同意。 There is no consent that covers this edit.",
        prompt=PROMPT,
    )
