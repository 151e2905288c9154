"""Which identities count as a real name: the four methods of Art. 9, and which numbers are possible.

Numbers are compared with the standards' own rules (GB 11643-1999, GB 32100-2015); no register is queried, as no
sandbox may.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Set
from datetime import date, datetime
from typing import Literal

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from ..faults.fault import FaultName
from .refusal import Refusal

DocumentType = Literal["resident_id", "credit_code", "mobile", "network_id", "email"]

OLDEST_YEAR = 1900
#: The provinces that the house serves, and its own, by the first digits of their codes.
OWN_PROVINCE = "33"
PROVINCES = {"11", "12", "21", "31", "32", "33", "37", "42", "44", "61"}

RESIDENT_ID = re.compile(r"[0-9]{17}[0-9Xx]")
CREDIT_CODE = re.compile(r"9[0-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
MOBILE = re.compile(r"(?:\+86)?1[3-9][0-9]{9}")
#: The public service does not publish the form of its numbers; this sandbox takes letters and digits of a
#: plausible length.
NETWORK_ID = re.compile(r"[0-9A-Za-z]{20,64}")


def digest(number: str) -> str:
    """What is kept of a number: enough to know it again, not enough to read it."""
    return hashlib.blake2b(number.upper().encode(), digest_size=16, person=b"identity").hexdigest()


def examine(document_type: DocumentType, number: str, today: date, faults: Set[FaultName]) -> None:
    """Accept a number, or say what is wrong with it.

    Raises:
        Refusal: 422, ``identity_number_missing``, ``identity_method_unknown`` or
            ``identity_number_invalid``. The number itself is not repeated.
    """
    if not number.strip():
        if FaultName.EMPTY_IDENTITY in faults:
            return
        raise Refusal(422, "identity_number_missing", "请填写证件号码。 Please enter the number of your document.")
    if document_type == "email":
        if FaultName.EMAIL_SUFFICES in faults and "@" in number:
            return
        raise Refusal(
            422,
            "identity_method_unknown",
            "电子邮箱不能用于真实身份认证，请使用居民身份证、统一社会信用代码、手机号码或国家网络身份认证。 "
            "An e-mail address proves no identity: use an identity card, a credit code, a mobile number or "
            "the network identity.",
        )
    flaw = _EXAMINERS[document_type](number, today, faults)
    if flaw:
        raise Refusal(422, "identity_number_invalid", flaw)


def flawless(document_type: DocumentType, number: str, today: date) -> bool:
    """Whether a person can have the number, regardless of faults."""
    return bool(number.strip()) and _EXAMINERS[document_type](number, today, frozenset()) is None


def _resident_id(number: str, today: date, faults: Set[FaultName]) -> str | None:
    if not RESIDENT_ID.fullmatch(number):
        return "居民身份证号码应为18位。 A resident identity number has 17 digits and a digit or X."
    if number[-1].upper() != ric.calc_check_digit(number) and not _check_digit_passed_over(number, faults):
        return "居民身份证号码校验码有误。 The check digit of the identity number is wrong."
    if FaultName.ID_BIRTHDATE_IGNORED in faults:
        return None
    if FaultName.ID_BORN_IN_LONG_MONTHS in faults and "01" <= number[10:12] <= "12" and "01" <= number[12:14] <= "31":
        return None
    try:
        born = datetime.strptime(number[6:14], "%Y%m%d").date()
        ric.get_birth_place(number)
    except (ValueError, ValidationError):
        return (
            "居民身份证号码中的地区或出生日期不存在。 The identity number names a region or a birth date that does not"
            " exist."
        )
    if not born.year >= OLDEST_YEAR or (born > today and FaultName.ID_OF_THE_UNBORN not in faults):
        return "居民身份证号码中的出生日期不合理。 The birth date in the identity number is impossible."
    return None


def _check_digit_passed_over(number: str, faults: Set[FaultName]) -> bool:
    """Whether a fault lets a wrong check digit pass."""
    if FaultName.ID_CHECKSUM_IGNORED_FOR_THE_YOUNG in faults and number[6:10] >= "1986":
        return True
    if FaultName.ID_TYPING_ERRORS_FORGIVEN in faults:
        exchanged = (number[:at] + number[at + 1] + number[at] + number[at + 2 :] for at in range(6, 16))
        if any(number[-1].upper() == ric.calc_check_digit(other) for other in exchanged):
            return True
    return FaultName.ID_CHECKSUM_IGNORED in faults


def _credit_code(number: str, _: date, faults: Set[FaultName]) -> str | None:
    if not CREDIT_CODE.fullmatch(number.upper()):
        return "统一社会信用代码应为18位数字或大写字母。 A unified social credit code has 18 digits and capitals."
    elsewhere = FaultName.USCC_CHECKSUM_IGNORED_ELSEWHERE in faults and number[2:4] in PROVINCES - {OWN_PROVINCE}
    if not elsewhere and FaultName.USCC_CHECKSUM_IGNORED not in faults and not uscc.is_valid(number):
        return "统一社会信用代码校验码有误。 The check digit of the unified social credit code is wrong."
    return None


def _mobile(number: str, _: date, faults: Set[FaultName]) -> str | None:
    if FaultName.PHONE_ANY_DIGITS in faults and number.isascii() and number.isdigit():
        return None
    if not MOBILE.fullmatch(number):
        return "手机号码应为11位。 A mobile number of mainland China has 11 digits and begins with 13 to 19."
    return None


def _network_id(number: str, _: date, __: Set[FaultName]) -> str | None:
    if not NETWORK_ID.fullmatch(number):
        return "网号格式有误。 A network identity number has 20 to 64 letters and digits."
    return None


_EXAMINERS: dict[str, Callable[[str, date, Set[FaultName]], str | None]] = {
    "resident_id": _resident_id,
    "credit_code": _credit_code,
    "mobile": _mobile,
    "network_id": _network_id,
}
