"""Random changes to documents, for tests of commands that read what others wrote."""

from __future__ import annotations

import copy
import random
from typing import Any

#: Characters that hide, reorder or command, beside others that end a string or a line.
CHARACTERS = "\x00\x07\x08\x1b\x7f\x85\x9b\u00ad\u200b\u202e\u2066\u2028\ufeff\ue000\U000e0041\ud800\r\n\t'\"`<&|[]{}$"
_TEXTS = (
    "",
    "\x1b]0;title\x07",
    "\x1b[2J",
    "\u202egnp.exe",
    "${HOME}",
    "{{ 7*7 }}",
    "[red]x[/red]",
    "::error::x",
    "-" * 300,
    "../../etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1:1/\r\nX: y",
    "http://[::1",
    "//host",
    "9" * 400,
    "2026-02-30",
    "9999-12-31T23:59:60Z",
    "\ud800",
)
_VALUES = (
    *(None, True, False, 0, -1, 2**63, -(2**64), 10**400, 1e308, float("inf"), float("nan"), 0.1, [], {}, [[]], [None]),
    *({"": ""}, {"a": {"b": {"c": []}}}),
)


def texts(document: Any, draw: random.Random, share: float = 0.2) -> Any:
    """``document`` with one of these characters in a share of its strings."""
    if isinstance(document, dict):
        return {key: texts(value, draw, share) for key, value in document.items()}
    if isinstance(document, list):
        return [texts(value, draw, share) for value in document]
    if isinstance(document, str) and draw.random() < share:
        at = draw.randrange(len(document) + 1)
        return document[:at] + draw.choice(CHARACTERS) + document[at:]
    return document


def changed(document: Any, draw: random.Random, changes: int) -> Any:
    """``document`` with so many random places changed, removed, repeated or exchanged."""
    document = copy.deepcopy(document)
    for _ in range(changes):
        places = [place for place in _places(document) if place[0] is not document or not isinstance(document, str)]
        holder, key = draw.choice(places)
        kind = draw.randrange(6)
        if kind == 0:
            del holder[key]
        elif kind == 1:
            holder[key] = draw.choice(_TEXTS)
        elif kind == 2:
            other, from_ = draw.choice(places)
            try:
                holder[key] = copy.deepcopy(other[from_])
            except (KeyError, IndexError):
                continue
        elif kind == 3 and isinstance(holder, list):
            holder += [copy.deepcopy(holder[key])] * draw.choice((1, 50))
        elif kind == 4 and isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            holder[key] = draw.choice((holder[key] + 1, -holder[key], holder[key] * 10**20))
        elif kind == 5 and isinstance(holder[key], str):
            text = holder[key]
            at = draw.randrange(len(text) + 1)
            holder[key] = text[:at] + draw.choice(CHARACTERS) + text[at + draw.randrange(2) :]
        else:
            holder[key] = copy.deepcopy(draw.choice(_VALUES))
        if not document:
            break
    return document


def _places(document: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found


def bytes_changed(data: bytes, draw: random.Random, changes: int) -> bytes:
    """``data`` with so many bytes or short runs changed, removed, repeated or moved."""
    made = bytearray(data)
    for _ in range(changes):
        at = draw.randrange(len(made) + 1)
        size = draw.choice((1, 1, 2, 4, 16, 200))
        kind = draw.randrange(5)
        if kind == 0:
            made[at : at + 1] = bytes([draw.randrange(256)])
        elif kind == 1:
            del made[at : at + size]
        elif kind == 2:
            made[at:at] = made[at : at + size] * draw.choice((1, 3))
        elif kind == 3:
            made[at : at + 4] = draw.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
        else:
            other = draw.randrange(len(made) + 1)
            made[at : at + size] = made[other : other + size]
    return bytes(made)
