"""JSON that others wrote: refused in words where it is too large to read cheaply, or where readers of JSON differ."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from .document import dotted, shown
from .text import visible

#: Values in one document. No result of this project comes near: a full run of the sample with every fault has 22,000.
MAX_VALUES = 400_000
#: Digits of one number.
MAX_DIGITS = 400
#: A string, whether its end is there or not, or a sign that begins a value. Possessive, so that no text is read twice.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|[,\[{]', re.S)
#: An escape that is half of a pair, as of characters beyond the first 65,536; without its other half it is no text.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_ENCODINGS = (
    (b"\xff\xfe", "UTF-16 or UTF-32"),
    (b"\xfe\xff", "UTF-16"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF"),
)


def parse_json(data: bytes, *, values: int = MAX_VALUES) -> Any:
    """The value of a JSON document in UTF-8, with or without a byte order mark.

    Raises ``ValueError`` with what was found: more than so many values, nesting too deep to read, a key that occurs
    twice in one object, a number that JSON does not have or that no reader keeps, a string that is no text.

    >>> parse_json(b'{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    >>> parse_json(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
        ...
    ValueError: the key 'a' occurs twice in one object
    """
    for beginning, what in _ENCODINGS:
        if data.startswith(beginning):
            raise ValueError(f"it is {what} and not text in UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1:,} is not UTF-8") from None
    if data.count(b",") + data.count(b"[") + data.count(b"{") > values:
        _count(data, values)
    try:
        found = json.loads(
            text, object_pairs_hook=_once, parse_constant=_not_finite, parse_int=_integer, parse_float=_finite
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at").removesuffix(" starting")
        raise ValueError(f"line {error.lineno:,}, column {error.colno:,}: {what}") from None
    if _HALF.search(data):
        _must_be_whole(found)
    return found


def place_of(steps: Sequence[str | int]) -> str:
    """``dotted`` for a message about a document of others, whose keys may be of any length and number."""
    return dotted([step if isinstance(step, int) else step[:60] for step in steps[:8]]) or "top level"


def _count(data: bytes, most: int) -> None:
    """Raises ``ValueError`` for a document of more values. Each follows a comma or opens a list or an object."""
    found = 1
    for token in _TOKEN.finditer(data):
        if token[0] in b",[{":
            found += 1
            if found > most:
                raise ValueError(f"it has more than {most:,} values")


def _must_be_whole(document: Any) -> None:
    """Raises ``ValueError`` for a string that cannot be written as UTF-8."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.keys()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise ValueError(f"a string has \\u{ord(value[error.start]):04x} without its other half") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {shown(visible(twice[:60]))} occurs twice in one object")
    return found


def _not_finite(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits, expected at most {MAX_DIGITS}")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number
