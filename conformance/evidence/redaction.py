"""Keeping secrets out of evidence, in whatever form they come back.

The redactor looks for short pieces of each secret at regular distances in the text, and in the text without its escapes
and encodings (:func:`~shenhe.conformance.evidence.disguises.views`). Where a piece is found, the match is extended to
both sides. This takes time linear in the text, however many secrets there are and however long they are, and it also
finds secrets that were cut.
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import RLock
from typing import Final, Literal, TypeAlias

from ..exchange import Headers
from .disguises import ReducedText, bare, digits, in_base64, spellings, squeezed, views
from .encodings import unusual
from .rewrites import SIGNS

SHORTEST = 4
"""ASCII secrets below this many characters would turn ordinary text into placeholders."""

CUT_MARGIN = 2048
"""Bytes that :meth:`Redactor.captured` reads beyond the part of a body that is kept."""

MOST_DECODED = 2_000_000
"""Bytes from which on a text is searched only as it is. Of a longer body no report keeps so much."""

NOTHING = "nothing"
"""The placeholder of an empty text. It goes between a dollar sign and a brace that a target wrote, so that no text of
a target reads as a placeholder.
"""

#: Bytes of a piece that is looked up, and so the distance at which the text is sampled: of secrets with 15 bytes or
#: more, of those with 7 or more. A secret shorter than that is searched for as a whole.
_LONG, _MIDDLE = 8, 4
#: How so many bytes are read as a number.
_NUMBER: Final[dict[int, Literal["Q", "I"]]] = {_LONG: "Q", _MIDDLE: "I"}
#: A common part of a text and a long secret is a piece of the secret from so many bytes on.
_PIECE = 2 * _LONG - 1
#: Of a secret longer than the first, pieces are taken only at every so many bytes: of it, of its other spellings.
_EVERY_PIECE, _WINDOWS, _FEW_WINDOWS = 512, 32, 500
#: So many header values of so many characters are remembered with what replaces them.
_REMEMBERED, _LONGEST_REMEMBERED = 200, 4_000
_WHOLE = re.compile(r"(?:Bearer )?\$\{\w+\}")
#: Letters and digits from which on a secret is searched for without the signs in it and in the text.
_BARE = 10
#: Places of one piece that are tried: more only occur in secrets that repeat themselves.
_TRIED = 4

_COOKIE = re.compile(r"^([^=;]+)=([^;]*)")
#: Where an excerpt may have been cut: at an ellipsis, and at quotes around it.
_CUT = re.compile(r"""(\[?…\]?|['"\n])""")
_PRIVATE = frozenset({"authorization", "proxy-authorization", "cookie"})
#: A dollar sign before a brace, each written literally or escaped for a URL or JSON.
_TEMPLATE = re.compile(rb"(?:\$|%24|\\u0024)(?=\{|%7[bB]|\\u007[bB])")


def long_enough(secret: str) -> bool:
    """Whether a secret can be looked for in text: one Chinese name of two characters can, ``"42"`` cannot."""
    return len(secret) >= SHORTEST or (len(secret) >= 2 and not secret.isascii())


@dataclass(frozen=True, slots=True, eq=False)
class _Needle:
    """One form of a secret, in lower case, and what replaces it."""

    text: bytes
    placeholder: bytes
    every: int = _WINDOWS


@dataclass(frozen=True, slots=True)
class _Match:
    """A part of a text that is a secret, or a piece of one (``whole`` false)."""

    start: int
    end: int
    placeholder: bytes
    whole: bool


class _Index:
    """Pieces of needles, by which they are found."""

    def __init__(self) -> None:
        self._pieces: dict[int, dict[bytes, list[tuple[_Needle, int]]]] = {_LONG: {}, _MIDDLE: {}}
        #: The same pieces as numbers, by which whole texts are compared at once.
        self._numbers: dict[int, set[int]] = {_LONG: set(), _MIDDLE: set()}
        self._tiny: dict[_Needle, None] = {}

    def add(self, needle: _Needle) -> None:
        size = len(needle.text)
        if size < 2 * _MIDDLE - 1:
            self._tiny[needle] = None
            return
        length = _LONG if size >= _PIECE else _MIDDLE
        table, text = self._pieces[length], needle.text
        for at in _places(size, length, needle.every):
            piece = text[at : at + length]
            entries = table.get(piece)
            if entries is None:
                table[piece] = [(needle, at)]
                if size > _EVERY_PIECE:
                    self._numbers[length].add(int.from_bytes(piece, sys.byteorder))
            elif len(entries) < _TRIED:
                entries.append((needle, at))

        if size <= _EVERY_PIECE:
            for at in range(length):
                self._numbers[length].update(_as_numbers(text[at:], length))

    def matches(self, data: bytes, *, long_only: bool = False) -> Iterator[_Match]:
        """What of ``data`` (in lower case) is one of the needles, or a piece of a long one."""
        for length in (_LONG,) if long_only else (_LONG, _MIDDLE):
            table = self._pieces[length]
            if not table or self._numbers[length].isdisjoint(_as_numbers(data, length)):
                continue
            covered = 0
            for at in range(0, len(data) - length + 1, length):
                entries = table.get(data[at : at + length])
                if entries is None or at + length <= covered:
                    continue
                best = max((_extended(data, at, needle, place) for needle, place in entries), key=_rank)
                if best.whole or (length == _LONG and best.end - best.start >= _PIECE):
                    covered = best.end
                    yield best
        if long_only:
            return
        for needle in self._tiny:
            at = data.find(needle.text)
            while at >= 0:
                yield _Match(at, at + len(needle.text), needle.placeholder, True)
                at = data.find(needle.text, at + len(needle.text))


def _as_numbers(data: bytes, length: int) -> list[int]:
    """The pieces of ``data`` of this many bytes, one after another, each as a number."""
    return memoryview(data)[: len(data) // length * length].cast(_NUMBER[length]).tolist()


def _places(size: int, length: int, every: int) -> Iterable[int]:
    """Where in a secret of that many bytes its pieces are taken: everywhere, or in windows of a long one, the last at
    its end. A window is as wide as the distance at which the text is sampled.
    """
    last = size - length
    if size <= _EVERY_PIECE:
        return range(last + 1)
    starts = (*range(0, last - length, every), last - length + 1)
    return (at for start in starts for at in range(start, start + length))


def _rank(match: _Match) -> tuple[bool, int]:
    return match.whole, match.end - match.start


def _extended(data: bytes, at: int, needle: _Needle, place: int) -> _Match:
    """The longest common part of ``data`` and ``needle`` in which ``data[at]`` is ``needle[place]``."""
    text = needle.text
    start = at - place
    if start >= 0 and data.startswith(text, start):
        return _Match(start, start + len(text), needle.placeholder, True)
    after = _common(data, at, text, place)
    before = _common(data[max(0, at - place) : at][::-1], 0, text[:place][::-1], 0)
    return _Match(at - before, at + after, needle.placeholder, before + after == len(text))


def _common(first: bytes, at: int, second: bytes, place: int) -> int:
    """How many bytes the two have in common from these places on."""
    low, high = 0, min(len(first) - at, len(second) - place)
    step = 16
    while low < high:
        size = min(step, high - low)
        if first[at + low : at + low + size] == second[place + low : place + low + size]:
            low, step = low + size, step * 2
        elif size == 1:
            break
        else:
            high, step = low + size - 1, max(1, size // 2)
    return low


class Redactor:
    """Replaces secrets by ``${NAME}``: those known from the start, and tokens learned on the way (``${token_1}``).

    A piece of a secret becomes ``<redacted>``.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._index = _Index()
        # Known secrets without their signs.
        self._bare = _Index()
        self._names: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self._count: dict[str, int] = {}
        # Secrets, and secrets read backwards, by their first bytes.
        self._starts: dict[bytes, list[bytes]] = {}
        self._finals: dict[bytes, list[bytes]] = {}
        # Headers repeat themselves.
        self._known: dict[str, str] = {}
        # Several checks may ask at once, each teaching the redactor other tokens.
        self._lock = RLock()
        for name, secret in secrets.items():
            if long_enough(secret) and secret not in self._names:
                self._add(secret, name)
                for form in unusual(secret):
                    self._index.add(_Needle(form.lower(), _placeholder(name), _FEW_WINDOWS))
                letters = secret.encode("utf-8", "surrogatepass").lower().translate(None, SIGNS)
                if len(letters) >= _BARE:
                    self._bare.add(_Needle(letters, _placeholder(name)))
            self._names.setdefault(secret, name)

    def _add(self, secret: str, name: str) -> None:
        for needle in _needles(secret, name):
            self._index.add(needle)
        folded = secret.encode("utf-8", "surrogatepass").lower()
        self._starts.setdefault(folded[:SHORTEST], []).append(folded)
        self._finals.setdefault(folded[::-1][:SHORTEST], []).append(folded[::-1])

    def learn(self, kind: str, secret: str) -> None:
        """From now on replace ``secret`` by ``${kind_N}``, N counted from 1."""
        with self._lock:
            if secret in self._names or not long_enough(secret):
                return
            taken = self._names.values()
            self._count[kind] = self._count.get(kind, 0) + 1
            while (name := f"{kind}_{self._count[kind]}") in taken and kind in self._reserved():
                self._count[kind] += 1
            self._names[secret] = self._tokens[secret] = name
            self._add(secret, name)
            # What is a secret as a whole, and nothing else, holds no other one.
            self._known = {text: known for text, known in self._known.items() if _WHOLE.fullmatch(known)}

    def _reserved(self) -> set[str]:
        return {name.rpartition("_")[0] for secret, name in self._names.items() if secret not in self._tokens}

    def data(self, data: bytes) -> bytes:
        """``data`` with every secret replaced."""
        return self._replaced(data, templates=False)

    def captured(self, data: bytes, limit: int | None = None) -> bytes:
        """As :meth:`data`, for what a target or a binding wrote: nothing in the result but a redacted secret reads as a
        placeholder. At most ``limit`` bytes are kept.
        """
        if limit is None or len(data) <= limit:
            return self._replaced(data, templates=True)[:limit]
        kept = self._replaced(data[: limit + CUT_MARGIN], templates=True)[:limit]
        return self._ends(kept.decode("utf-8", "surrogateescape"), start=False).encode("utf-8", "surrogateescape")

    def text(self, text: str) -> str:
        """``text`` with every secret replaced."""
        return _decoded(self.data(text.encode("utf-8", "surrogatepass")))

    def captured_text(self, text: str) -> str:
        """As :meth:`captured`, for a URL or a header."""
        known = self._known.get(text)
        if known is None:
            known = _decoded(self.captured(text.encode("utf-8", "surrogatepass")))
            if len(text) <= _LONGEST_REMEMBERED and len(self._known) < _REMEMBERED:
                self._known[text] = known
        return known

    def cut(self, text: str, limit: int) -> str:
        """The first characters of ``text``, as it is, without the start of a secret at their end."""
        return text if len(text) <= limit else self._ends(text[:limit], start=False)

    def excerpt(self, text: str) -> str:
        """As :meth:`text`, for what was cut out of a longer text: of a secret that the cut went through, the rest goes
        too.
        """
        parts = _CUT.split(self.text(text))
        parts[::2] = [self._ends(part) for part in parts[::2]]
        return "".join(parts)

    def headers(self, headers: Headers) -> Headers:
        """``headers`` with every secret replaced; cookies and unknown credentials lose their values whole."""
        return tuple((self.captured_text(name), self._header(name.lower(), value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        if name == "set-cookie":
            return _COOKIE.sub(lambda match: f"{match[1]}=<redacted>", self.captured_text(value))
        if name in _PRIVATE and value[:6].lower() == "basic ":
            return "Basic " + self._basic(value[6:])
        return self.captured_text(value)

    def _basic(self, encoded: str) -> str:
        """Base64 of ``user:password`` with its secrets replaced, so that a replay can put them back."""
        try:
            plain = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return self.captured_text(encoded)
        return base64.b64encode(self.captured(plain)).decode()

    def _replaced(self, data: bytes, *, templates: bool) -> bytes:
        matches = self._matches(data)
        if not matches:
            return _TEMPLATE.sub(_set_apart, data) if (templates and b"{" in data) or b"%7" in data else data
        parts: list[bytes] = []
        last = 0
        for match in matches:
            parts += [data[last : match.start], match.placeholder if match.whole else b"<redacted>"]
            last = match.end
        parts.append(data[last:])
        if templates:
            parts[::2] = [_TEMPLATE.sub(_set_apart, part) for part in parts[::2]]
        return b"".join(parts)

    def _matches(self, data: bytes) -> list[_Match]:
        """Parts of ``data`` to replace, in order and without overlap. Whole and long ones come before others."""
        found: list[_Match] = []
        with self._lock:
            for view in views(data) if len(data) <= MOST_DECODED else (ReducedText(data, None, None),):
                found += _in_original(view, self._index.matches(view.data.lower(), long_only=view.long_only))
                if not view.wrapped or len(data) > MOST_DECODED:
                    continue
                if (joined := squeezed(view)) is not None:
                    found += _in_original(joined, self._index.matches(joined.data.lower(), long_only=True))
                letters = bare(joined or view)
                found += _in_original(letters, self._bare.matches(letters.data.lower()))
        found.sort(key=lambda match: (not match.whole, match.start - match.end))
        return _disjoint(found)

    def _ends(self, part: str, *, start: bool = True) -> str:
        """``part`` without a start that is the end of a secret, and without an end that is the start of one."""
        data = part.encode("utf-8", "surrogateescape" if not start else "surrogatepass")
        folded = data.lower()
        tail = _overlap(folded, self._starts)
        head = _overlap(folded[::-1], self._finals) if start else 0
        if not tail and not head:
            return part
        left = data[head : len(data) - tail] if head + tail < len(data) else b""
        mark = b"<redacted>"
        return ((mark if head else b"") + left + (mark if tail else b"")).decode("utf-8", "ignore")


def _overlap(text: bytes, starts: Mapping[bytes, list[bytes]]) -> int:
    """The most bytes, below a piece that is found anyway, at the end of ``text`` that are the start of a secret.

    ``starts`` has the secrets by their first bytes.
    """
    for size in range(min(_PIECE + SHORTEST, len(text)), SHORTEST - 1, -1):
        tail = text[-size:]
        if any(size < len(secret) and secret.startswith(tail) for secret in starts.get(tail[:SHORTEST], ())):
            return size
    return 0


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        # A secret in another character set began or ended inside a character.
        return data.decode("utf-8", "replace")


def _placeholder(name: str) -> bytes:
    return b"${" + name.encode() + b"}"


def _needles(secret: str, name: str) -> Iterator[_Needle]:
    """What to look for. Base64 is decoded where it is found, but nothing decodes it once its case was changed."""
    placeholder = _placeholder(name)
    plain = list(spellings(secret))
    for number, text in enumerate(
        dict.fromkeys(form.lower() for form in (*plain, *in_base64(plain[0]), *digits(plain[0])))
    ):
        yield _Needle(text, placeholder, _FEW_WINDOWS if number else _WINDOWS)


def _set_apart(match: re.Match[bytes]) -> bytes:
    return match[0] + _placeholder(NOTHING)


def _in_original(view: ReducedText, matches: Iterable[_Match]) -> Iterator[_Match]:
    for match in matches:
        start, end = view.span(match.start, match.end)
        yield _Match(start, end, match.placeholder, match.whole)


def _disjoint(found: list[_Match]) -> list[_Match]:
    """The matches in the order of the text. Where two overlap, the rest of the later one is a piece.

    A few bytes beside a whole secret are not a piece of that secret: in ``sid=36e7…`` they are what another view takes
    for the escape ``=36``.
    """
    ordered = sorted(found, key=lambda match: match.start)
    if all(left.end <= right.start for left, right in pairwise(ordered)):
        return ordered
    # What earlier matches hold, as intervals that do not touch: where they begin and end, and the placeholders there.
    begins: list[int] = []
    ends: list[int] = []
    edges: list[tuple[bytes, bytes]] = []
    kept: list[_Match] = []
    for match in found:
        low, high = bisect_left(ends, match.start), bisect_right(begins, match.end)
        held = list(zip(begins[low:high], ends[low:high], edges[low:high], strict=True))
        gaps = _gaps(match, held)
        whole = match.whole and [gap[:2] for gap in gaps] == [(match.start, match.end)]
        for start, end, before, behind in gaps:
            if whole or match.placeholder not in (before, behind) or end - start >= SHORTEST:
                kept.append(_Match(start, end, match.placeholder, whole))
                edge = match.placeholder if whole else b"<redacted>"
                held.append((start, end, (edge, edge)))
        joined = _joined(sorted(held))
        begins[low:high] = [start for start, _, _ in joined]
        ends[low:high] = [end for _, end, _ in joined]
        edges[low:high] = [edge for _, _, edge in joined]
    return sorted(kept, key=lambda match: match.start)


_Held: TypeAlias = tuple[int, int, tuple[bytes, bytes]]


def _gaps(match: _Match, held: list[_Held]) -> list[tuple[int, int, bytes, bytes]]:
    """The parts of a match that nothing holds yet: start, end, and the placeholders that touch it on both sides."""
    gaps = []
    at, before = match.start, b""
    for start, end, (first, last) in held:
        if at < start:
            gaps.append((at, start, before, first))
        at, before = max(at, end), last
    if at < match.end:
        gaps.append((at, match.end, before, b""))
    return gaps


def _joined(held: list[_Held]) -> list[_Held]:
    """Intervals in order, those that touch made one."""
    joined: list[_Held] = []
    for start, end, edge in held:
        if joined and joined[-1][1] == start:
            begin, _, (first, _) = joined.pop()
            joined.append((begin, end, (first, edge[1])))
        else:
            joined.append((start, end, edge))
    return joined


def class_and_place(error: Exception) -> str:
    """A safe description of an exception, whose text may hold what no report may: ``KeyError at marks.py:41``."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
