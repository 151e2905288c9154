"""How a secret may be written, and a text with its escapes and encodings taken out.

A service that repeats a secret seldom repeats it literally. It is in JSON, in a URL inside JSON, in HTML, or in base64.
:func:`views` gives a text without escapes, and the decoded text of everything in it that may be base64, and maps
places in each back to the original. :func:`spellings` and :func:`digits` write a secret in the ways that remain.

Everything here takes time linear in its input, which is text that a target chose.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import json
import re
import string
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from html.entities import html5
from typing import Self
from urllib.parse import quote, quote_plus

from . import rewrites
from .packed import MARKED, unpacked

#: Rounds of taking out escapes: a text in JSON, in a URL, in JSON, in a URL.
_ROUNDS = 4
#: Encodings inside one another.
_DEEPEST = 3
#: Text that may be encoded, and text that may be in lines of such.
_RUN = re.compile(rb"[A-Za-z0-9+/_-]{10,}")
_WRAPPED = re.compile(rb"(?<=[A-Za-z0-9+/_-]{20})(?:[ \t\r\n]|\\[rnt]){1,8}[A-Za-z0-9+/_-]{8}")
_BREAK = re.compile(rb"(?<=[A-Za-z0-9+/_-]{20})((?:[ \t\r\n]|\\[rnt]){1,8})(?=[A-Za-z0-9+/_=-]{2})")
#: A place where a line of encoded text may end, where every character of such text is ``x`` and what may follow is a
#: space: most texts have none, and this is many times quicker to look for.
_LINE_END = b"x" * 20 + b" "
_LINES = bytes(
    ord("x" if chr(code) in f"{string.ascii_letters}{string.digits}+/_-" else " " if code in b" \t\r\n\\" else ".")
    for code in range(256)
)
_HEXADECIMAL = re.compile(rb"(?:[0-9a-fA-F]{2}){8,}")
_STANDARD = bytes.maketrans(b"-_", b"+/")
#: What completes a run whose length leaves such a rest, and parts it from the next by a byte that is in no text.
_PADDED = (b"////", b"////", b"//", b"/")
#: Pieces of an encoded secret that are shorter do not identify it.
_SHORTEST_FORM = 6

_ESCAPE = re.compile(
    rb"%u([0-9a-fA-F]{4})|%([0-9a-fA-F]{2})|&#([0-9]{1,12});?|&#[xX]([0-9a-fA-F]{1,10});?|&([A-Za-z][A-Za-z0-9]{1,30});"
    rb"|(\\++)(?:u([dD][89abAB][0-9a-fA-F]{2})\\++u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|"
    rb"u\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|([0-7]{3})|([/\"']))?"
)
_QUOTED_PRINTABLE = re.compile(rb"=([0-9A-Fa-f]{2})|=(?:\r|\\r)?(?:\n|\\n)")
#: White space, and characters of UTF-8 that are drawn as nothing or over another.
_LINE_SPACE = b"\t\n\v\f\r"
_UNSEEN = (
    b"\\n", b"\\r", b"\\t", b"\xc2\xa0", b"\xc2\xad", b"\xcc", b"\xcd", b"\xd8\x9c", b"\xe1\x85", b"\xe1\x9a\x80",
    b"\xe1\xa0", b"\xe2\x80", b"\xe2\x81", b"\xe2\xa0\x80", b"\xe3\x80\x80", b"\xe3\x85\xa4", b"\xef\xbb",
    b"\xef\xbe\xa0", b"\xf3\xa0\x80",
)  # fmt: skip
_FILLING = re.compile(
    rb"[\t\n\v\f\r ]+|\\[nrt]|\xc2\xad|\xcd\x8f|\xe2\x80[\x80-\x8f\xa8-\xaf]|\xe2\x81[\x9f-\xaf]|\xef\xbb\xbf"
    rb"|\xc2\xa0|\xcc[\x80-\xbf]|\xcd[\x80-\xaf]|\xd8\x9c|\xe1\x85[\x9f\xa0]|\xe1\x9a\x80|\xe1\xa0[\x8b-\x8f]"
    rb"|\xe2\xa0\x80|\xe3\x80\x80|\xe3\x85\xa4|\xef\xbe\xa0|\xf3\xa0\x80[\x80-\xa0]"
)


def forms(secret: str) -> Iterator[bytes]:
    """The ways a secret may be written, the plain one first: its :func:`spellings`, and each of them in hexadecimal,
    base32 and base64.
    """
    plain = list(spellings(secret))
    yield from dict.fromkeys((*plain, *(form for each in plain for form in _encoded(each))))


def spellings(secret: str) -> Iterator[bytes]:
    """The plain text first, then escaped for a URL, JSON or HTML, in other character sets, and turned round."""
    yield from dict.fromkeys(_plain(secret))


def _plain(secret: str) -> Iterator[bytes]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield raw
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield quoted.encode()
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted).encode()
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        for slashed in (escaped, escaped.replace("/", "\\/")):
            yield slashed.encode("utf-8", "surrogatepass")
        # JSON as a text inside JSON, as in a response that repeats the body of its request.
        yield json.dumps(escaped, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")
        yield json.dumps(escaped)[1:-1].encode()
    yield html.escape(secret).encode("utf-8", "surrogatepass")
    if secret.isascii():
        yield codecs.encode(secret, "rot13").encode()
        if len(secret) >= 8:
            yield raw[::-1]
        return
    for other in (secret.lower(), secret.upper(), *(unicodedata.normalize(n, secret) for n in ("NFC", "NFD", "NFKC"))):
        yield other.encode("utf-8", "surrogatepass")
    for charset in ("gb18030", "big5", "utf-16-le", "utf-16-be", "latin-1"):
        try:
            yield secret.encode(charset)
        except UnicodeEncodeError:
            continue


def _encoded(raw: bytes) -> Iterator[bytes]:
    yield from digits(raw)
    yield from in_base64(raw)


def digits(raw: bytes) -> Iterator[bytes]:
    """``raw`` in hexadecimal and in base32."""
    if len(raw) >= 4:
        yield raw.hex().encode()
        yield from _in_base32(raw)


def in_base64(raw: bytes) -> Iterator[bytes]:
    """The part of the base64 text that does not depend on its neighbours, at each of three alignments, in both
    alphabets.
    """
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * before + raw)
        loose = (before + len(raw)) % 3
        core = encoded[skipped : len(encoded) - (4 if loose else 0)]
        if len(core) >= _SHORTEST_FORM:
            yield core
            if b"+" in core or b"/" in core:
                yield core.translate(bytes.maketrans(b"+/", b"-_"))


def _in_base32(raw: bytes) -> Iterator[bytes]:
    for before, skipped in ((0, 0), (1, 2), (2, 4), (3, 5), (4, 7)):
        encoded = base64.b32encode(b"\0" * before + raw)
        loose = (before + len(raw)) % 5
        core = encoded[skipped : len(encoded) - (8 if loose else 0)]
        if len(core) >= _SHORTEST_FORM + 2:
            yield core


class ReducedText:
    """A text with something taken out, and where each of its places was in the original.

    ``wrapped`` says that secrets may be broken into lines in it, ``long_only`` that short ones occur in it by chance.
    """

    wrapped = False
    long_only = False

    def __init__(
        self, data: bytes, rewrite: Callable[[bytes], list[tuple[int, int, bytes]]] | None, parent: ReducedText | None
    ):
        self.data = data
        self._rewrite = rewrite
        self._parent = parent
        self._here: list[int] = []
        self._there: list[int] = []

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that became ``data[start:end]``, whole escapes included."""
        if self._parent is None or self._rewrite is None:
            return start, end
        if not self._here:
            self._index(self._rewrite(self._parent.data))
        return self._parent.span(self._start(start), self._end(end))

    def _index(self, changes: list[tuple[int, int, bytes]]) -> None:
        """Note where unchanged text (even places) and each replacement (odd places) begin, here and in the parent."""
        here = there = 0
        self._here, self._there = [0], [0]
        for begin, end, new in changes:
            here += begin - there
            there = begin
            self._here += [here, here + len(new)]
            self._there += [begin, end]
            here, there = here + len(new), end

    def _start(self, place: int) -> int:
        """Where in the parent the byte at ``place`` begins: inside a replacement, where its escape does."""
        index = bisect_right(self._here, place) - 1
        return self._there[index] + (0 if index % 2 else place - self._here[index])

    def _end(self, place: int) -> int:
        """Where in the parent the byte before ``place`` ends: inside a replacement, where its escape does."""
        index = bisect_left(self._here, place)
        if index < len(self._here) and self._here[index] == place:
            return self._there[index]
        return self._there[index] if not index % 2 else self._there[index - 1] + place - self._here[index - 1]


def views(data: bytes) -> Iterator[ReducedText]:
    """``data`` as it is, with its escapes taken out once, twice …, from quoted-printable, and decoded."""
    yield from _views(ReducedText(data, None, None), _DEEPEST)


def _views(first: ReducedText, depth: int) -> Iterator[ReducedText]:
    unescaped = [first, *_without_escapes(first)]
    unescaped[0].wrapped = unescaped[-1].wrapped = depth == _DEEPEST
    for view in unescaped:
        yield view
        if depth:
            for decoded in _decodings(view):
                yield from _views(decoded, depth - 1)
    if depth == _DEEPEST:
        yield from _rewritten(first, unescaped[-1])
        for each in unescaped:
            for rewrite in rewrites.pieces(each.data, whole=each is first):
                for values in _changed(each, rewrite):
                    # Each of these values may be or hold an escape; whole texts were searched without theirs.
                    pieces = rewrite is rewrites.short_values or isinstance(rewrite, partial)
                    for plain in (values, *(_without_escapes(values) if pieces else ())):
                        plain.long_only = True
                        yield plain
            if b"\\" in each.data:
                yield from _changed(each, rewrites.style_escapes)
    if first.data.count(b"\0") * 3 > len(first.data):
        # Text in UTF-16 has every other byte of ASCII zero.
        yield ReducedText(_applied(first.data, _zeros(first.data)), _zeros, first)
    if depth and _in_lines(first.data):
        last = unescaped[-1]
        # A word before the first line would move where it begins.
        for joined in (squeezed(last), *_changed(last, _line_breaks)):
            for decoded in _decodings(joined) if joined is not None else ():
                yield from _views(decoded, depth - 1)


def _line_breaks(data: bytes) -> list[tuple[int, int, bytes]]:
    """The breaks between lines of encoded text, and no others."""
    return [(match.start(1), match.end(1), b"") for match in _BREAK.finditer(data)]


def _in_lines(data: bytes) -> bool:
    return _LINE_END in data.translate(_LINES) and _WRAPPED.search(data) is not None


def _rewritten(first: ReducedText, view: ReducedText) -> Iterator[ReducedText]:
    """``view`` with lists of numbers as the bytes or characters that they encode, and with lookalikes as letters. An
    address or a date is a list too, and encodes nothing.

    Of ``first``, the text before its escapes were taken out, too: the lines of uuencoding.
    """
    for rewrite in rewrites.lists(view.data):
        yield from _changed(view, rewrite)
    if b"<" in view.data or b"]]>" in view.data:
        for unmarked in _changed(view, rewrites.tags):
            # Two parts of a page that follow one another make short secrets by chance.
            unmarked.long_only = True
            yield unmarked
            if (joined := squeezed(unmarked)) is not None:
                joined.long_only = True
                yield joined
    if b"\n" in first.data or b"\\n" in first.data:
        for each in dict.fromkeys((first, view)):
            yield from _changed(each, rewrites.uu_ends)
    if (inside := unpacked(first.data, unmarked=False)) is not None:
        whole = _Packed(first)
        whole.add(0, len(first.data), inside)
        yield from _views(whole.complete(), _DEEPEST - 1)


def _changed(view: ReducedText, rewrite: rewrites.Rewrite) -> Iterator[ReducedText]:
    if changes := rewrite(view.data):
        yield ReducedText(_applied(view.data, changes), rewrite, view)


def _without_escapes(first: ReducedText) -> Iterator[ReducedText]:
    if b"=" in first.data and (changes := _quoted_printable(first.data)):
        yield ReducedText(_applied(first.data, changes), _quoted_printable, first)
    view = first
    for _ in range(_ROUNDS):
        if not any(sign in view.data for sign in (b"%", b"&", b"\\")):
            break
        changes = _escapes(view.data)
        if not changes:
            break
        view = ReducedText(_applied(view.data, changes), _escapes, view)
        yield view


def _decodings(view: ReducedText) -> Iterator[ReducedText]:
    """What may be base64 in ``view``, decoded from each of the four places where a unit may begin, and hexadecimal; and
    what is compressed in these.
    """
    runs = [match.span() for match in _RUN.finditer(view.data)]
    if not runs:
        return
    packed = _Packed(view)
    standard = view.data.translate(_STANDARD)
    for skipped in range(4):
        decoded = _Decoded(view)
        decoded.add_base64(standard, [(start + skipped, end) for start, end in runs])
        for (start, end), first in zip(runs, decoded.first_bytes(), strict=True):
            if first in MARKED or not skipped:
                plain = _from_base64(standard[start + skipped : end])
                if (inside := unpacked(plain, unmarked=not skipped)) is not None:
                    packed.add(start, end, inside)
        yield decoded.complete()
    digits_ = _Decoded(view, of=1, digits=2)
    for match in _HEXADECIMAL.finditer(view.data):
        start, end = match.span()
        plain = bytes.fromhex(match[0].decode())
        digits_.add(start, end, plain)
        if (inside := unpacked(plain, unmarked=True)) is not None:
            packed.add(start, end, inside)
    for each in (digits_, packed):
        if each.buffer:
            yield each.complete()


class _Decoded(ReducedText):
    """The decoded parts of a view, one after another with a zero byte between them: ``of`` bytes from ``digits``."""

    def __init__(self, parent: ReducedText, of: int = 3, digits: int = 4):
        super().__init__(b"", None, parent)
        self.buffer = bytearray()
        self._decoded = parent
        self._of, self._digits = of, digits
        self._ends: list[int] = []

    def add(self, start: int, end: int, decoded: bytes) -> None:
        """Add what ``parent.data[start:end]`` decodes to."""
        if len(decoded) >= 4:
            self._here.append(len(self.buffer))
            self._there.append(start)
            self._ends.append(end)
            self.buffer += decoded + b"\0"

    def add_base64(self, text: bytes, runs: list[tuple[int, int]]) -> None:
        """Add what each of ``runs``, at least seven characters long, decodes to, one after another."""
        parts, at = [], 0
        for start, end in runs:
            size = end - start
            parts += [text[start : end - (size % 4 == 1)], _PADDED[size % 4]]
            self._here.append(at)
            self._there.append(start)
            self._ends.append(end)
            at += size // 4 * 3 + 3
        self.buffer += binascii.a2b_base64(b"".join(parts))

    def first_bytes(self) -> bytes:
        """The first byte of each decoded part."""
        return bytes(self.buffer[at] for at in self._here)

    def complete(self) -> Self:
        """The view itself, to which nothing more is added."""
        self.data = bytes(self.buffer)
        return self

    def span(self, start: int, end: int) -> tuple[int, int]:
        index = bisect_right(self._here, start) - 1
        first, begin = self._here[index], self._there[index]
        units = (start - first) // self._of, -(-(end - first) // self._of)
        last = min(begin + self._digits * units[1], self._ends[index])
        return self._decoded.span(begin + self._digits * units[0], last)


class _Packed(_Decoded):
    """The unpacked parts of a view: a part of one is all of what was packed."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        first, last = bisect_right(self._here, start) - 1, bisect_right(self._here, max(start, end - 1)) - 1
        return self._decoded.span(self._there[first], self._ends[last])


def _from_base64(run: bytes) -> bytes:
    return binascii.a2b_base64(run[: len(run) // 4 * 4] + _rest(run))


def _rest(run: bytes) -> bytes:
    loose = run[len(run) // 4 * 4 :]
    return loose + b"=" * (4 - len(loose)) if len(loose) > 1 else b""


def squeezed(view: ReducedText) -> ReducedText | None:
    """``view`` without white space and invisible characters; ``None`` where nothing but spaces is between words."""
    changes = _fillings(view.data) if _is_broken(view.data) else []
    return ReducedText(_applied(view.data, changes), _fillings, view) if changes else None


def _is_broken(data: bytes) -> bool:
    """Whether white space other than spaces, or a character that is drawn as nothing, is in a text."""
    return len(data.translate(None, _LINE_SPACE)) < len(data) or any(sign in data for sign in _UNSEEN)


def bare(view: ReducedText) -> ReducedText:
    """``view`` with nothing of ASCII but letters and digits."""
    return ReducedText(view.data.translate(None, rewrites.SIGNS), rewrites.signs, view)


def _applied(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    parts, last = [], 0
    for begin, end, new in changes:
        parts += [data[last:begin], new]
        last = end
    return b"".join([*parts, data[last:]])


def _escapes(data: bytes) -> list[tuple[int, int, bytes]]:
    changes = []
    for match in _ESCAPE.finditer(data):
        written = match[0]
        new = _meanings.get(written) or _remembered(match)
        if new is not None and new != written:
            changes.append((*match.span(), new))
    return changes


#: Escapes repeat themselves: what some mean, but for those whose meaning depends on their neighbours.
_meanings: dict[bytes, bytes] = {}
_MOST_MEANINGS, _LONGEST_ESCAPE = 5_000, 16
#: The groups of those that do: a byte in hexadecimal and one in octal.
_BYTES = (11, 12)


def _remembered(match: re.Match[bytes]) -> bytes | None:
    meaning = _meaning(match)
    if (
        meaning
        and match.lastindex not in _BYTES
        and len(match[0]) <= _LONGEST_ESCAPE
        and len(_meanings) < _MOST_MEANINGS
    ):
        _meanings[match[0]] = meaning
    return meaning


def _quoted_printable(data: bytes) -> list[tuple[int, int, bytes]]:
    return [
        (match.start(), match.end(), bytes.fromhex(match[1].decode()) if match[1] else b"")
        for match in _QUOTED_PRINTABLE.finditer(data)
    ]


def _zeros(data: bytes) -> list[tuple[int, int, bytes]]:
    return [(match.start(), match.end(), b"") for match in re.finditer(rb"\0+", data)]


def _fillings(data: bytes) -> list[tuple[int, int, bytes]]:
    return [(match.start(), match.end(), b"") for match in _FILLING.finditer(data)]


def _meaning(match: re.Match[bytes]) -> bytes | None:
    """The meaning of an escape; ``None`` for what only looks like one."""
    wide, byte, decimal, hexadecimal, name, run, high, low, unit, braced, short, octal, sign = match.groups()
    if byte:
        return bytes.fromhex(byte.decode())
    if short or octal:
        value = int(short, 16) if short else int(octal, 8) & 0xFF
        # A byte of UTF-8 has neighbours that are escaped too. On its own it is a character, as in JavaScript.
        complete = (
            not match.string.startswith(b"\\", match.end())
            and b"\\" not in match.string[match.start() - 4 : match.start()]
        )
        return chr(value).encode() if complete else bytes([value])
    if high:
        code = 0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)
        return chr(code).encode()
    number = next((int(text, 16) for text in (wide, hexadecimal, unit, braced) if text), None)
    number = int(decimal) if decimal else number
    if number is not None:
        return chr(number).encode("utf-8", "surrogatepass") if number < 0x110000 else None
    if name:
        meant = html5.get(name.decode() + ";")
        return meant.encode() if meant is not None else None
    if sign:
        return bytes(sign)
    return b"\\" if len(run) > 1 else None
