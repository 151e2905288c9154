"""The field written out inside a part of a file that has another purpose: a title, a caption, a list of chapters.

Such parts are binary structures of many kinds around texts. The field is recognised by the key of its producer, and its
braces say where it begins and ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_MARKS = tuple((form, "ContentProducer".encode(form)) for form in ("utf-8", "utf-16-le", "utf-16-be"))
#: What stands before the braces of a value that is wrapped in the field's name.
_WRAPPING = re.compile(r"""\{\s*\\?["']AIGC\\?["']\s*:\s*\Z""", re.IGNORECASE)
#: How far the field reaches before and behind the key of its producer, and how far its wrapping, in bytes.
_BEFORE, _BEHIND, _WRAPPED = 2048, 16_384, 48
_MOST = 8
_DECODER = json.JSONDecoder()


def may_hold_field(value: bytes) -> bool:
    """Whether the key of the producer is somewhere in ``value``."""
    return any(mark in value for _, mark in _MARKS)


def fields_written_out(value: bytes) -> list[tuple[str, int, int]]:
    """(text of the field, where it begins and ends in ``value``) of the first few fields in it."""
    found = [each for form, mark in _MARKS for each in _in_form(value, form, mark)]
    kept: list[tuple[str, int, int]] = []
    # Letters in UTF-16 of one byte order are nearly those of the other, one byte on: whole objects come first.
    for _, text, start, end in sorted(found, key=lambda each: not each[0]):
        if all(end <= first or start >= last for _, first, last in kept):
            kept.append((text, start, end))
    return sorted(kept, key=lambda each: each[1])[:_MOST]


def _in_form(value: bytes, form: str, mark: bytes) -> Iterator[tuple[bool, str, int, int]]:
    """(whether it is a whole object, its text, where it begins and ends) of each field in one encoding."""
    width = len(mark) // len("ContentProducer")
    position = 0
    for _ in range(_MOST):
        at = value.find(mark, position)
        if at < 0:
            return
        position = at + len(mark)
        start = _start(value, at, "{".encode(form))
        if start < 0:
            continue
        before = value[max(start % width, start - _WRAPPED) : start].decode(form, "replace")
        wrapping = _WRAPPING.search(before)
        if wrapping:
            start -= len(wrapping[0].encode(form))
        text = value[start : at + _BEHIND].decode(form, "replace")
        is_whole, text = _object(text, is_wrapped=wrapping is not None)
        position = max(position, min(start + len(text.encode(form, "replace")), len(value)))
        yield is_whole, text, start, position


def _start(value: bytes, at: int, brace: bytes) -> int:
    """Where the last brace before ``at`` is, in whole characters; -1 where there is none."""
    start = value.rfind(brace, max(0, at - _BEFORE), at)
    while start >= 0 and (at - start) % len(brace):
        start = value.rfind(brace, max(0, at - _BEFORE), start + len(brace) - 1)
    return start


def _object(text: str, *, is_wrapped: bool) -> tuple[bool, str]:
    """(whether ``text`` begins with a whole object, that object); of a broken one what its braces enclose."""
    try:
        return True, text[: _DECODER.raw_decode(text)[1]]
    except (ValueError, RecursionError):
        end = re.search(r"\}\s*\}" if is_wrapped else r"\}", text)
        return False, text[: end.end() if end else len(text)]
