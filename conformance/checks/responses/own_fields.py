"""Fields of a target's own responses, sent back to it: where a response says ``"verified": false``, an account tries
``"verified": true`` in a request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...exchange import Exchange, RecordedExchange, body_text

#: Names of fields that say who an account is and what it may do.
_STANDING = re.compile(r"verif|certif|kyc|real_?name|auth(?!or)|role|level|tier|status|state|is_|admin|staff", re.I)
#: Names of fields that say whether something is labelled.
_LABELLED = re.compile(r"label|water_?mark|aigc|ai_?gen|disclos|provenance|c2pa|credential|notice_?shown", re.I)
_ROLES = re.compile(r"role|group|tier", re.I)
_DEEPEST, _LONGEST = 4, 24
#: So many fields are sent at once.
MOST = 12


def claims_of_standing(recorded: Iterable[RecordedExchange]) -> dict[str, Any]:
    """The fields of a verified account, as responses spelt them: what those about identities said, and what those about
    accounts would hold for an account that may do more.
    """
    claims: dict[str, Any] = {}
    for taken in recorded:
        if taken.exchange.operation == "register":
            for name, value in _fields(taken.exchange):
                if value is False and _STANDING.search(name):
                    claims[name] = True
                elif isinstance(value, str) and _ROLES.search(name):
                    claims[name] = "admin"
        elif taken.exchange.operation == "verify_identity":
            claims |= {
                name: value
                for name, value in _fields(taken.exchange)
                if _STANDING.search(name) and (value is True or isinstance(value, str))
            }
    return dict(list(claims.items())[:MOST])


def switches_of_labels(recorded: Iterable[RecordedExchange]) -> dict[str, Any]:
    """The fields by which responses say that something is labelled, each switched off."""
    switched: dict[str, Any] = {}
    for taken in recorded:
        if taken.exchange.operation in ("generate", "edit"):
            for name, value in _fields(taken.exchange):
                if value is True and _LABELLED.search(name):
                    switched[name] = False
    return dict(list(switched.items())[:MOST])


def _fields(exchange: Exchange) -> Iterator[tuple[str, Any]]:
    """The flags and short words of a JSON response, by the names of their fields."""
    response = exchange.response
    if response is None or response.status // 100 != 2:
        return
    try:
        document = json.loads(body_text(response.body) or "")
    except (ValueError, RecursionError):
        return
    pending: list[tuple[Any, int]] = [(document, 0)]
    while pending:
        value, depth = pending.pop(0)
        if not isinstance(value, Mapping):
            continue
        for name, each in value.items():
            if isinstance(each, bool) or (isinstance(each, str) and 0 < len(each) <= _LONGEST and "${" not in each):
                yield name, each
            elif depth < _DEEPEST:
                pending.append((each, depth + 1))
