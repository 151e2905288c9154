"""Parts of a text that mean other bytes: lists of numbers, lookalike letters, hidden characters, pieces in a row.

Each function gives the changes to a text, in order: where a part begins, where it ends, and the bytes that it means.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

Changes = list[tuple[int, int, bytes]]
Rewrite = Callable[[bytes], Changes]

#: Bytes or characters as numbers, one after another.
_HEXADECIMAL_LIST = re.compile(
    rb"(?i)(?<![0-9a-z])(?:(?:0x)?(?:[0-9a-f]{2}){1,4}[\s:,;-]{1,3}){3,4000}(?:0x)?(?:[0-9a-f]{2}){1,4}(?![0-9a-z])"
)
_DECIMAL_LIST = re.compile(rb"(?<![0-9a-zA-Z])(?:[0-9]{1,7}[\s,;]{1,4}){3,4000}[0-9]{1,7}(?![0-9a-zA-Z])")
_OCTAL_LIST = re.compile(rb"(?<![0-9a-zA-Z])(?:0?o?[0-3][0-7]{2}[\s,;]{1,4}){3,4000}0?o?[0-3][0-7]{2}(?![0-9a-zA-Z])")
_BINARY_LIST = re.compile(rb"(?<![0-9a-zA-Z])(?:(?:0b)?[01]{7,9}[\s,;:_-]{1,3}){3,4000}(?:0b)?[01]{7,9}(?![0-9a-zA-Z])")
_BITS = re.compile(rb"[01]{32,}")
#: What all those lists have in common: between separators are numbers. Digits and signs of numbers are ``x`` here, and
#: separators are spaces, so that text without lists is recognised as such in one quick search.
_NUMBERS_APART = re.compile(rb" x{1,40}+ {1,4}+x{1,40}+ ")
_NUMERIC = bytes(
    ord("x" if chr(code) in "0123456789abcdefABCDEFxXoO" else " " if chr(code) in " \t\n\v\f\r,;:_-" else ".")
    for code in range(256)
)
_ONES = bytes(ord("1" if chr(code) in "01" else ".") for code in range(256))
_CODE_POINT = re.compile(rb"[Uu]\+([0-9A-Fa-f]{4,6})(?:[\s,;]{1,2}(?=[Uu]\+))?")
#: Letters and digits in full width, in circles, raised, lowered, and of mathematics. Full-width signs are in any text
#: in Chinese: they count only beside so many letters.
_LETTER_ALIKE = (
    rb"\xef\xbc[\x90-\x99\xa1-\xba]|\xef\xbd[\x81-\x9a]|\xf0\x9d[\x90-\x9f][\x80-\xbf]|\xe2[\x91-\x93][\x80-\xbf]"
    rb"|\xe2\x81[\xb0-\xbf]|\xe2\x82[\x80-\x8e]|\xf0\x9f[\x84-\x86][\x80-\xbf]"
)
_LETTERS_ALIKE = re.compile(rb"(?:(?:" + _LETTER_ALIKE + rb").?){4}", re.DOTALL)
_ALIKE = re.compile(_LETTER_ALIKE + rb"|\xef\xbc[\x81-\xbf]|\xef\xbd[\x80-\x9e]")
#: One of them, in text that was decoded: this is many times quicker to look for.
_ANY_ALIKE = re.compile(
    "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u2440-\u24ff\u2070-\u207f\u2080-\u208e\U0001d400-\U0001d7ff\U0001f100-\U0001f1bf]"
)
#: Characters that are drawn as nothing and carry a letter (tags) or a byte (variation selectors).
_HIDDEN = re.compile(rb"\xf3\xa0[\x80\x81][\x80-\xbf]|\xf3\xa0[\x84-\x87][\x80-\xbf]|\xef\xb8[\x80-\x8f]")
#: The end of a full line of uuencoding, with the length of the next line.
_UU_END = re.compile(
    rb"(?:\n(?<=[!-`]{60}\n)|\r\n(?<=[!-`]{60}\r\n)|\\n(?<=[!-`]{60}\\n)|\\r\\n(?<=[!-`]{60}\\r\\n))[!-`](?=[!-`]{2})"
)
_SIGNS = re.compile(rb"[\x00-/:-@\[-`{-\x7f]+")
#: Everything in ASCII that is neither a letter nor a digit.
SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())
#: Elements, comments and the marks of CDATA.
_TAG = re.compile(rb"<!--[^<>]{0,80}-->|<!\[CDATA\[|\]\]>|</?[A-Za-z][^<>]{0,120}>")
_STYLE_ESCAPE = re.compile(rb"\\{1,8}(?:([0-9a-fA-F]{2,6})[ \t\n]?|x\{([0-9a-fA-F]{1,6})\}|o\{([0-7]{1,7})\})")
#: Numbers with the same text between them each time: ``chr(115)+chr(107)``, ``{"code":115},{"code":107}``.
_NUMBERS_BETWEEN = re.compile(rb"(?<![0-9a-zA-Z])[0-9]{2,7}([^0-9]{2,24})(?:[0-9]{2,7}\1){2,4000}[0-9]{2,7}(?![0-9])")
#: A short text in quotes that follows the sign of a value: in JSON, attributes, style sheets, code, streams of these.
_SHORT_VALUE = re.compile(rb"""[:=,\[({+]\s{0,4}(?:"((?:[^"\\\s]|\\.){1,8})"|'((?:[^'\\\s]|\\.){1,8})')(?!\s{0,4}:)""")
#: A short field of a form.
_SHORT_FIELD = re.compile(rb"=([^&=\s]{1,64})(?=&|\Z|\s)")
#: The key of a member of an object, and the text that is its value.
_KEY = re.compile(rb'(?<!\\)"((?:[^"\\]|\\.){1,64})"\s{0,4}:')
_KEY_OF_TEXT = re.compile(rb'(?<!\\)"((?:[^"\\]|\\.){1,64})"\s{0,4}:\s{0,4}"')
_TEXT_OF = rb'"\s{0,4}:\s{0,4}"((?:[^"\\]|\\.){1,512})"'
#: So many keys that occur again and again are looked at.
_MOST_KEYS = 6


def _heads(end: bytes, char: bytes) -> re.Pattern[bytes]:
    """What lines may begin with: an event of a stream, a part of a form, the size of a chunk, a number, a name. A line
    is any number of ``char`` and its ``end``.
    """
    return re.compile(
        end
        + rb"(?:(?:" + end + rb"){0,3}(?:(?:id|event|retry):" + char + rb"{0,80}" + end + rb"){0,3}data:[ \t]{0,8}"
        + rb"|--" + char + rb"{1,80}" + end
        + rb"(?:[A-Za-z][\w-]{0,40}:" + char + rb"{0,200}" + end + rb"){1,6}" + end
        + rb"|[0-9a-fA-F]{1,4}(?:;" + char + rb"{0,80})?" + end
        + rb"|[ \t]{0,8}(?:[0-9]{1,5}[:.)|]|[A-Za-z][\w-]{0,40}:)[ \t]{0,8})"
    )  # fmt: skip


_LINE_HEAD = _heads(rb"\r?\n", rb"[^\r\n]")
_ESCAPED_LINE_HEAD = _heads(rb"(?:\\{1,4}r)?\\{1,4}n", rb"[^\\]")
#: So many pieces make one text.
_FEWEST_PIECES = 4
#: Letters of Cyrillic and Greek that look like letters of Latin.
_LOOKALIKES = {
    other.encode(): latin.encode()
    for other, latin in zip(
        "асеорхуіјѕԁԛԝһАВЕКМНОРСТХУІЈЅԌαοινρυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aceopxyijsdqwhABEKMHOPCTXYIJSGaoivpuxABEZHIKMNOPTYX",
        strict=True,
    )
}
_LOOKALIKE = re.compile(rb"[\xce\xcf\xd0-\xd4][\x80-\xbf]")
#: A string of JSON that is a value, not a key.
_VALUE = re.compile(rb'(?<!\\)"((?:[^"\\]|\\.)*+)"\s{0,8}[,\]}]', re.DOTALL)


def lists(data: bytes) -> Iterator[Rewrite]:
    """The rewrites that may find lists of numbers in ``data``."""
    if _NUMBERS_APART.search(data.translate(_NUMERIC)):
        yield hexadecimal_lists
        if _DECIMAL_LIST.search(data) or b"0o" in data:
            yield from (decimal_lists, octal_lists)
    if b"0" in data or b"1" in data:
        yield numbers_between
        if b"0" in data and b"1" in data:
            yield binary_lists
    if b"1" * 32 in data.translate(_ONES):
        yield from (partial(bits, skipped=skipped) for skipped in range(8))
    if b"+" in data:
        yield code_points
    if not data.isascii():
        yield characters
        if _LOOKALIKE.search(data):
            yield lookalikes


def pieces(data: bytes, *, whole: bool) -> Iterator[Rewrite]:
    """The rewrites that may join pieces of a text which a response gives one after another; ``whole`` where it is as it
    came.
    """
    if whole and data[:1] in (b"{", b"["):
        yield between_values
    if data.count(b'"') + data.count(b"'") >= 2 * _FEWEST_PIECES:
        yield short_values
        if data.count(b'":') + data.count(b'" :') >= _FEWEST_PIECES:
            yield keys
            counted = Counter(match[1] for match in _KEY_OF_TEXT.finditer(data))
            for key, number in counted.most_common(_MOST_KEYS):
                if number >= _FEWEST_PIECES:
                    yield partial(values_of, key=key)
    if data.count(b"&") >= _FEWEST_PIECES - 1 and b"=" in data:
        yield short_fields
    if data.count(b"\n") + data.count(b"\\n") >= _FEWEST_PIECES - 1:
        yield line_heads


def hexadecimal_lists(data: bytes) -> Changes:
    changes = []
    for match in _HEXADECIMAL_LIST.finditer(data):
        digits = re.sub(rb"0[xX]|[^0-9A-Fa-f]", b"", match[0])
        if len(digits) % 2 == 0:
            changes.append((match.start(), match.end(), bytes.fromhex(digits.decode()).replace(b"\0", b"")))
    return changes


def decimal_lists(data: bytes) -> Changes:
    changes = []
    for match in _DECIMAL_LIST.finditer(data):
        text = _text_of([int(number) for number in re.findall(rb"[0-9]+", match[0])])
        if text is not None:
            changes.append((match.start(), match.end(), text))
    return changes


def numbers_between(data: bytes) -> Changes:
    """Numbers with the same text between them, as the bytes or characters that they encode."""
    changes = []
    for match in _NUMBERS_BETWEEN.finditer(data):
        text = _text_of([int(number) for number in re.findall(rb"[0-9]+", match[0])])
        if text is not None:
            changes.append((match.start(), match.end(), text))
    return changes


def _text_of(numbers: list[int]) -> bytes | None:
    """The text that numbers encode, each a byte (zeros are those of UTF-16), or else a character."""
    if max(numbers) < 256:
        return bytes(number for number in numbers if number)
    if max(numbers) < 0x110000:
        return "".join(map(chr, numbers)).encode("utf-8", "surrogatepass")
    return None


def octal_lists(data: bytes) -> Changes:
    return [
        (match.start(), match.end(), bytes(int(number, 8) for number in re.findall(rb"[0-7]{3}(?![0-9])", match[0])))
        for match in _OCTAL_LIST.finditer(data)
    ]


def binary_lists(data: bytes) -> Changes:
    return [
        (match.start(), match.end(), bytes(int(number, 2) & 0xFF for number in re.findall(rb"[01]{7,9}", match[0])))
        for match in _BINARY_LIST.finditer(data)
    ]


def bits(data: bytes, skipped: int) -> Changes:
    changes = []
    for match in _BITS.finditer(data):
        size = (len(match[0]) - skipped) // 8
        number = int(match[0][skipped : skipped + 8 * size], 2)
        changes.append((match.start(), match.end(), number.to_bytes(size, "big")))
    return changes


def code_points(data: bytes) -> Changes:
    return [
        (match.start(), match.end(), chr(number).encode("utf-8", "surrogatepass"))
        for match in _CODE_POINT.finditer(data)
        if (number := int(match[1], 16)) < 0x110000
    ]


def characters(data: bytes) -> Changes:
    """Lookalikes of letters and digits, and characters that hide a byte."""
    changes = []
    if b"\xf3\xa0" in data or b"\xef\xb8" in data:
        changes = [(match.start(), match.end(), _hidden(ord(match[0].decode()))) for match in _HIDDEN.finditer(data)]
    if _ANY_ALIKE.search(data.decode("utf-8", "ignore")) and _LETTERS_ALIKE.search(data):
        for match in _ALIKE.finditer(data):
            plain = unicodedata.normalize("NFKC", match[0].decode("utf-8", "replace"))
            if plain.isascii():
                changes.append((match.start(), match.end(), plain.encode()))
        changes.sort()
    return changes


def lookalikes(data: bytes) -> Changes:
    """Letters of other alphabets as the Latin ones that they look like."""
    return [
        (match.start(), match.end(), latin)
        for match in _LOOKALIKE.finditer(data)
        if (latin := _LOOKALIKES.get(match[0])) is not None
    ]


def _hidden(code: int) -> bytes:
    if code >= 0xE0100:
        return bytes([(code - 0xE0100 + 16) & 0xFF])
    return bytes([code - 0xFE00 if code < 0xFF00 else code & 0x7F])


def uu_ends(data: bytes) -> Changes:
    return [(match.start(), match.end(), b"") for match in _UU_END.finditer(data)]


def signs(data: bytes) -> Changes:
    return [(match.start(), match.end(), b"") for match in _SIGNS.finditer(data)]


def tags(data: bytes) -> Changes:
    """Markup inside a word: elements, comments and the marks of CDATA, which a reader does not see."""
    return [(match.start(), match.end(), b"") for match in _TAG.finditer(data)]


def style_escapes(data: bytes) -> Changes:
    """Escapes of CSS, which end at a space, and those of Perl in braces."""
    changes = []
    for match in _STYLE_ESCAPE.finditer(data):
        octal = match[3] is not None
        number = int(match[1] or match[2] or match[3], 8 if octal else 16)
        if number < 0x110000:
            changes.append((match.start(), match.end(), chr(number).encode("utf-8", "surrogatepass")))
    return changes


def between_values(data: bytes) -> Changes:
    """What is between the texts of a JSON document, so that they follow one another."""
    return _between(_VALUE, data, 1)


def short_values(data: bytes) -> Changes:
    """What is between short texts in quotes, in whatever they stand."""
    return _between(_SHORT_VALUE, data, _FEWEST_PIECES)


def keys(data: bytes) -> Changes:
    """What is between the keys of a JSON document."""
    return _between(_KEY, data, _FEWEST_PIECES)


def values_of(data: bytes, key: bytes) -> Changes:
    """What is between the texts that one key has in several objects, as in lines or events of JSON."""
    return _between(re.compile(rb'(?<!\\)"' + re.escape(key) + _TEXT_OF), data, _FEWEST_PIECES)


def short_fields(data: bytes) -> Changes:
    """What is between the values of short fields of a form."""
    return _between(_SHORT_FIELD, data, _FEWEST_PIECES)


def line_heads(data: bytes) -> Changes:
    """What lines begin with, so that what follows it on each line is one text."""
    pattern = _LINE_HEAD if data.count(b"\n") >= _FEWEST_PIECES - 1 else _ESCAPED_LINE_HEAD
    changes = [(match.start(), match.end(), b"") for match in pattern.finditer(data)]
    return changes if len(changes) >= _FEWEST_PIECES - 1 else []


def _between(pattern: re.Pattern[bytes], data: bytes, fewest: int) -> Changes:
    """What is around the groups of all matches, if there are enough."""
    changes, last = [], 0
    for match in pattern.finditer(data):
        start, end = match.span(match.lastindex or 0)
        changes.append((last, start, b""))
        last = end
    return [*changes, (last, len(data), b"")] if len(changes) >= fewest else []
