"""A secret in encodings that services seldom use by accident, but that a hostile one may choose.

The redactor looks for these texts literally, so that they cost a text nothing. Where an encoding works on groups of
bytes, each alignment of the secret is written, without the groups that it shares with its neighbours.
"""

from __future__ import annotations

import base64
import binascii
import string
from collections.abc import Callable, Iterator

#: A secret below this many bytes has too few groups. A text shorter than this many characters occurs by chance.
_SHORTEST_SECRET, _SHORTEST_TEXT = 6, 8
#: Numbers in another base take time that is quadratic in their length.
_LONGEST_NUMBER = 256

_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE32_ALPHABETS = (
    b"0123456789ABCDEFGHIJKLMNOPQRSTUV",  # base32hex
    b"0123456789ABCDEFGHJKMNPQRSTVWXYZ",  # Crockford
    b"ybndrfg8ejkmcpqxot1uwisza345h769",  # z-base-32
)
_BASE85 = string.digits.encode() + string.ascii_uppercase.encode() + string.ascii_lowercase.encode()
_RFC_1924 = _BASE85 + b"!#$%&()*+-;<=>?@^_`{|}~"
_Z85 = string.digits.encode() + string.ascii_lowercase.encode() + string.ascii_uppercase.encode()
_Z85 += b".-:+=^!/*?&<>()[]{}@%$#"
_BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BASE64 = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/").encode()
_UU = bytes([96, *range(33, 96)])
_PRINTABLE = bytes(range(33, 127))
_ROT47 = bytes.maketrans(_PRINTABLE, _PRINTABLE[47:] + _PRINTABLE[:47])
_LOWER, _UPPER = string.ascii_lowercase, string.ascii_uppercase
_NUMERALS = ("〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "零一二三四五六七八九", "٠١٢٣٤٥٦٧٨٩")


def unusual(secret: str) -> Iterator[bytes]:
    """``secret`` in each of these encodings. The first form of an encoding is its text as a whole."""
    raw = secret.encode("utf-8", "surrogatepass")
    if len(raw) < _SHORTEST_SECRET:
        return
    for form in (*_in_groups(raw), *_as_number(raw), *_letters(secret), *_other_charsets(secret)):
        if len(form) >= _SHORTEST_TEXT and form != raw:
            yield form


def _in_groups(raw: bytes) -> Iterator[bytes]:
    for encode in (base64.a85encode, base64.b85encode, _in_z85):
        yield from _aligned(raw, 4, encode)
    for core in _aligned(raw, 5, lambda data: base64.b32encode(data).rstrip(b"=")):
        for alphabet in _BASE32_ALPHABETS:
            yield core.translate(bytes.maketrans(_BASE32, alphabet))
    for core in _aligned(raw, 3, lambda data: base64.b64encode(data).rstrip(b"=")):
        yield core.translate(bytes.maketrans(_BASE64, _UU))
        yield core[::-1]
    for at in range(0, len(raw), 45):
        yield binascii.b2a_uu(raw[at : at + 45], backtick=True).rstrip()
    yield from _aligned(raw, 2, _in_base45)


def _aligned(raw: bytes, group: int, encode: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """All of ``raw`` encoded, then the whole groups of it at each alignment."""
    yield encode(raw)
    for skipped in range(group):
        whole = raw[skipped : len(raw) - (len(raw) - skipped) % group]
        if whole:
            yield encode(whole)


def _in_z85(data: bytes) -> bytes:
    return base64.b85encode(data).translate(bytes.maketrans(_RFC_1924, _Z85))


def _in_base45(data: bytes) -> bytes:
    text = []
    for at in range(0, len(data), 2):
        number, digits = int.from_bytes(data[at : at + 2], "big"), 3 if at + 1 < len(data) else 2
        for _ in range(digits):
            number, digit = divmod(number, 45)
            text.append(_BASE45[digit])
    return "".join(text).encode()


def _as_number(raw: bytes) -> Iterator[bytes]:
    if len(raw) > _LONGEST_NUMBER:
        return
    number = int.from_bytes(raw, "big")
    for alphabet in (string.digits, _BASE58, _BASE62, _BASE62[:36]):
        left, digits = number, []
        while left:
            left, digit = divmod(left, len(alphabet))
            digits.append(alphabet[digit])
        yield "".join(reversed(digits)).encode()


def _letters(secret: str) -> Iterator[bytes]:
    """Letters or digits of the secret exchanged for others."""
    if any(letter in secret for letter in string.ascii_letters):
        for shift in range(1, 26):
            shifted = str.maketrans(_LOWER + _UPPER, _LOWER[shift:] + _LOWER[:shift] + _UPPER[shift:] + _UPPER[:shift])
            yield secret.translate(shifted).encode("utf-8", "surrogatepass")
        mirrored = str.maketrans(_LOWER + _UPPER, _LOWER[::-1] + _UPPER[::-1])
        yield secret.translate(mirrored).encode("utf-8", "surrogatepass")
    if any(digit in secret for digit in string.digits):
        half = str.maketrans(string.digits, string.digits[5:] + string.digits[:5])
        yield secret.translate(half).encode("utf-8", "surrogatepass")
        for numerals in _NUMERALS:
            yield secret.translate(str.maketrans(string.digits, numerals)).encode("utf-8", "surrogatepass")
    yield secret.encode("utf-8", "surrogatepass").translate(_ROT47)
    yield secret[::-1].encode("utf-8", "surrogatepass")
    yield secret.encode("utf-8", "surrogatepass").hex().encode()[::-1]


def _other_charsets(secret: str) -> Iterator[bytes]:
    for charset in ("utf-7", "punycode", "cp037", "cp500"):
        try:
            yield secret.encode(charset)
        except (UnicodeError, ValueError):
            continue
