"""A target that repeats a credential in encodings that are seldom used by accident: digits, groups, ciphers, archives, pieces."""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import gzip
import html
import io
import json
import lzma
import string
import zipfile
import zlib
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenhe.conformance.evidence.redaction import Redactor

from .test_redaction import CHINESE, ESCAPES, PERSON, TOKEN, seconds

Disguise = Callable[[str], str]
PASSWORD = "Tr0ub4dor&3-correct"
SECRETS = {"token": TOKEN, "number": PERSON, "name": CHINESE, "password": PASSWORD}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _deflated(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


def _uuencoded(text: str) -> str:
    data = text.encode()
    lines = [binascii.b2a_uu(data[at : at + 45], backtick=True).decode() for at in range(0, len(data), 45)]
    return "begin 644 note\n" + "".join(lines) + "`\nend"


def _in_base(alphabet: str) -> Disguise:
    def encode(text: str) -> str:
        number, digits = int.from_bytes(text.encode(), "big"), ""
        while number:
            number, digit = divmod(number, len(alphabet))
            digits = alphabet[digit] + digits
        return digits

    return encode


def _base45(text: str) -> str:
    """RFC 9285."""
    alphabet, data, digits = string.digits + string.ascii_uppercase + " $%*+-./:", text.encode(), ""
    for at in range(0, len(data) - 1, 2):
        high, rest = divmod(data[at] * 256 + data[at + 1], 45 * 45)
        digits += alphabet[rest % 45] + alphabet[rest // 45] + alphabet[high]
    return digits + (alphabet[data[-1] % 45] + alphabet[data[-1] // 45] if len(data) % 2 else "")


def _translated(alphabet: str) -> Disguise:
    table = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", alphabet)
    return lambda text: base64.b32encode(text.encode()).decode().translate(table)


def _shifted(shift: int) -> Disguise:
    lower, upper = string.ascii_lowercase, string.ascii_uppercase
    table = str.maketrans(lower + upper, lower[shift:] + lower[:shift] + upper[shift:] + upper[:shift])
    return lambda text: text.translate(table)


def _selectors(text: str) -> str:
    return "😀" + "".join(chr(0xFE00 + byte if byte < 16 else 0xE0100 + byte - 16) for byte in text.encode())


def _pieces(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]


def _wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def _mathematical(text: str) -> str:
    return "".join(chr(0x1D7F6 + int(char)) if char in string.digits else char for char in text)


ANY: dict[str, Disguise] = {
    "base85, Adobe": lambda text: base64.a85encode(text.encode()).decode(),
    "base85, Adobe, three before": lambda text: base64.a85encode(b"abc" + text.encode() + b"de").decode(),
    "base85, RFC 1924": lambda text: base64.b85encode(text.encode()).decode(),
    "base85, RFC 1924, one before": lambda text: base64.b85encode(b"a" + text.encode() + b"fgh").decode(),
    "base32hex": lambda text: base64.b32hexencode(text.encode()).decode(),
    "base32hex, one before": lambda text: base64.b32hexencode(b"x" + text.encode() + b"yz").decode(),
    "base32 of Crockford": _translated("0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
    "z-base-32": _translated("ybndrfg8ejkmcpqxot1uwisza345h769"),
    "base45": _base45,
    "base58": _in_base("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    "base62": _in_base(string.digits + string.ascii_uppercase + string.ascii_lowercase),
    "base36": _in_base(string.digits + string.ascii_uppercase),
    "one decimal number": lambda text: str(int.from_bytes(text.encode(), "big")),
    "uuencode": _uuencoded,
    "gzip in base64": lambda text: _base64(gzip.compress(text.encode())),
    "zlib in base64": lambda text: _base64(zlib.compress(json.dumps({"t": text}).encode())),
    "deflate in base64": lambda text: _base64(_deflated(b"some words before " + text.encode())),
    "bzip2 in base64": lambda text: _base64(bz2.compress(text.encode())),
    "xz in base64": lambda text: _base64(lzma.compress(text.encode())),
    "gzip in hexadecimal": lambda text: gzip.compress(text.encode()).hex(),
    "gzip in base64 in JSON in base64": lambda text: _base64(
        json.dumps({"z": _base64(gzip.compress(text.encode()))}).encode()
    ),
    "base64 in hexadecimal": lambda text: _base64(text.encode()).encode().hex(),
    "hexadecimal twice": lambda text: text.encode().hex().encode().hex(),
    "URL in hexadecimal": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()).encode().hex(),
    "binary": lambda text: "".join(f"{byte:08b}" for byte in text.encode()),
    "binary, three bits before": lambda text: "101" + "".join(f"{byte:08b}" for byte in text.encode()),
    "binary, apart": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
    "binary, a list": lambda text: json.dumps([f"{byte:08b}" for byte in text.encode()]).replace('"', ""),
    "octal, apart": lambda text: " ".join(f"{byte:03o}" for byte in text.encode()),
    "code points": lambda text: " ".join(f"U+{ord(char):04X}" for char in text),
    "variation selectors": _selectors,
    "characters in JSON": lambda text: json.dumps(list(text)),
    "characters in JSON, escaped": lambda text: json.dumps(list(text), ensure_ascii=True, indent=1),
}
TOKENS: dict[str, Disguise] = {
    **{f"letters moved by {shift}": _shifted(shift) for shift in (1, 3, 13, 25)},
    "rot47": lambda text: "".join(chr(33 + (ord(char) - 33 + 47) % 94) for char in text),
    "mirrored alphabet": lambda text: text.translate(
        str.maketrans(string.ascii_letters, string.ascii_lowercase[::-1] + string.ascii_uppercase[::-1])
    ),
    "Cyrillic": lambda text: text.translate(str.maketrans("aceopxyABEHKMOPCTX", "асеорхуАВЕНКМОРСТХ")),
    "reversed": lambda text: text[::-1],
    "reversed in base64": lambda text: _base64(text[::-1].encode()),
    "rot13 in base64": lambda text: _base64(codecs.encode(text, "rot13").encode()),
    "full width": _wide,
    "tags": lambda text: "".join(chr(0xE0000 + ord(char)) for char in text),
    "apart": lambda text: " ".join(text),
    "dashes": lambda text: "-".join(text),
    "stars": lambda text: "**".join(text),
    "groups of four": lambda text: "-".join(text[at : at + 4] for at in range(0, len(text), 4)),
    "elements between": lambda text: "<b></b>".join(text[at : at + 3] for at in range(0, len(text), 3)),
    "places to break": lambda text: "<wbr>".join(text),
    "highlighted": lambda text: f'<em class="hit">{text[:8]}</em>{text[8:15]}<mark>{text[15:]}</mark>',
    "comments between": lambda text: "<!-- x -->".join(text[at : at + 3] for at in range(0, len(text), 3)),
    "CDATA between": lambda text: "]]><![CDATA[".join(text[at : at + 5] for at in range(0, len(text), 5)),
    "characters as elements": lambda text: "".join(f"<c>{char}</c>" for char in text),
    "attributes": lambda text: "".join(f'<c v="{html.escape(char)}"/>' for char in text),
    "references with zeros": lambda text: "".join(f"&#{ord(char):010d};" for char in text),
    "values of objects": lambda text: json.dumps([{"at": at, "c": char} for at, char in enumerate(text)]),
    "values by number": lambda text: json.dumps({str(at): char for at, char in enumerate(text)}),
    "codes in objects": lambda text: json.dumps([{"code": ord(char)} for char in text]),
    "calls of chr": lambda text: "+".join(f"chr({ord(char)})" for char in text),
    "events of a stream": lambda text: "".join(f"data: {json.dumps({'d': char})}\n\n" for char in text),
    "lines of JSON": lambda text: "\n".join(json.dumps({"c": char}) for char in text),
    "rules of a style sheet": lambda text: "".join(
        f".c{at}::before{{content:{json.dumps(char)}}}" for at, char in enumerate(text)
    ),
    "fields of a form": lambda text: "&".join(f"c{at}={quote(char)}" for at, char in enumerate(text)),
    "numbered lines": lambda text: "\n".join(f"{at}: {text[at : at + 4]}" for at in range(0, len(text), 4)),
    "chunks": lambda text: "\n".join(f"5\r\n{text[at : at + 5]}\r" for at in range(0, len(text), 5)),
    "UTF-16, apart": lambda text: text.encode("utf-16-be").hex(" "),
    **{
        f"nothing seen, U+{code:04X}": lambda text, code=code: chr(code).join(text)
        for code in (0x061C, 0x115F, 0x180E, 0x2009, 0x2800, 0x3000, 0x3164, 0xE0020)
    },
    "hard spaces": lambda text: "\u00a0".join(text),
    "hard spaces of HTML": lambda text: "&nbsp;".join(text),
    "underlined": lambda text: "".join(f"{char}\u0332" for char in text),
    "CSS": lambda text: "".join(f"\\{ord(char):x} " for char in text),
    "CSS, six digits": lambda text: "".join(f"\\{ord(char):06x}" for char in text),
    "Perl": lambda text: "".join(f"\\x{{{ord(char):x}}}" for char in text),
    "Perl, octal": lambda text: "".join(f"\\o{{{ord(char):o}}}" for char in text),
    "parts of a form": lambda text: "".join(
        f'\r\n--b1\r\nContent-Disposition: form-data; name="p{at}"\r\nContent-Type: text/plain\r\n\r\n{piece}'
        for at, piece in enumerate(_pieces(text))
    ),
    "events with ids": lambda text: "".join(
        f"\nid: {at}\nevent: delta\ndata: {piece}\n" for at, piece in enumerate(_pieces(text))
    ),
    "events apart": lambda text: "".join(f"\n\ndata: {piece}" for piece in _pieces(text)),
    "chunks with extensions": lambda text: "".join(f"\r\n4;x=y\r\n{piece}" for piece in _pieces(text)),
    "lines of JSON with other texts": lambda text: "\n".join(
        json.dumps({"model": "m", "response": piece, "done": "no"}) for piece in _pieces(text)
    ),
    "events of a chat": lambda text: "".join(
        "data: "
        + json.dumps({"id": "chatcmpl-1234567890", "object": "chunk", "choices": [{"delta": {"content": piece}}]})
        + "\n\n"
        for piece in _pieces(text)
    ),
    "keys of an object": lambda text: json.dumps({piece: at for at, piece in enumerate(_pieces(text))}),
    "headers": lambda text: "".join(f"\nX-Part-{at}: {piece}" for at, piece in enumerate(_pieces(text))),
    "hexadecimal reversed": lambda text: text.encode().hex()[::-1],
    "gzip in lines of base64": lambda text: (
        "\n"
        + base64.encodebytes(
            gzip.compress((text + " and a text " * 9 + "0123456789abcdefghijklmnopqrstuvwxyz" * 2).encode())
        ).decode()
    ),
    "base64 reversed": lambda text: _base64(text.encode())[::-1],
    "Z85": lambda text: (
        base64.b85encode(text.encode())
        .decode()
        .translate(
            str.maketrans(
                string.digits + string.ascii_uppercase + string.ascii_lowercase + "!#$%&()*+-;<=>?@^_`{|}~",
                string.digits + string.ascii_lowercase + string.ascii_uppercase + ".-:+=^!/*?&<>()[]{}@%$#",
            )
        )
    ),
}
NUMBERS: dict[str, Disguise] = {
    "numerals": lambda text: text.translate(str.maketrans(string.digits, "〇一二三四五六七八九")),
    "numerals of accounts": lambda text: text.translate(str.maketrans(string.digits, "零壹贰叁肆伍陆柒捌玖")),
    "digits of mathematics": _mathematical,
    "groups": lambda text: f"{text[:6]}-{text[6:14]}-{text[14:]}",
    "digits moved by five": lambda text: text.translate(str.maketrans(string.digits, "5678901234")),
}
NAMES: dict[str, Disguise] = {
    "punycode": lambda text: "xn--" + text.encode("punycode").decode(),
    "UTF-7": lambda text: text.encode("utf-7").decode(),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", ANY)
def test_a_secret_in_an_unusual_encoding_is_replaced(name: str, secret: str) -> None:
    shown = Redactor({"KEY": SECRETS[secret]}).text(f"before {ANY[name](SECRETS[secret])} after")
    assert "${KEY}" in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize("name", [*TOKENS, *NUMBERS, *NAMES])
def test_letters_and_digits_that_were_exchanged_are_replaced(name: str) -> None:
    disguise = (TOKENS | NUMBERS | NAMES)[name]
    secrets = [PERSON] if name in NUMBERS else [CHINESE] if name in NAMES else [TOKEN, PASSWORD]
    for secret in secrets:
        shown = Redactor({"KEY": secret}).text(f"before {disguise(secret)} after")
        assert "${KEY}" in shown, shown
        assert shown.startswith("before ")


@pytest.mark.parametrize("outer", ["JSON", "JSON in JSON", "URL", "HTML"])
@pytest.mark.parametrize("name", [*ANY, *TOKENS])
def test_an_unusual_encoding_is_found_inside_escapes(name: str, outer: str) -> None:
    shown = Redactor({"KEY": PASSWORD}).text("before " + ESCAPES[outer]((ANY | TOKENS)[name](PASSWORD)) + " after")
    assert "${KEY}" in shown or "<redacted>" in shown


@given(
    secret=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=12, max_size=40),
    name=st.sampled_from([name for name in ANY if "code points" not in name]),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
)
@settings(max_examples=150, deadline=None)
@pytest.mark.costly
def test_any_secret_in_any_unusual_encoding(secret: str, name: str, before: str, after: str) -> None:
    letters = [char for char in secret if char.isalnum()]
    if len(set(secret)) < 6 or ("characters" in name and len(letters) < 12):
        return
    shown = Redactor({"KEY": secret}).text(f"{before} \n{ANY[name](secret)}\n {after}")
    assert "${KEY}" in shown or "<redacted>" in shown


@pytest.mark.parametrize("size", [3, 7, 11])
def test_a_token_in_pieces_over_the_fields_of_a_response_is_replaced(size: int) -> None:
    pieces = [TOKEN[at : at + size] for at in range(0, len(TOKEN), size)]
    for body in (
        {f"part{number}": piece for number, piece in enumerate(pieces)},
        [{"a": left, "n": 1, "b": right} for left, right in zip(pieces[::2], [*pieces[1::2], ""], strict=False)],
        {"data": pieces},
    ):
        shown = Redactor({"KEY": TOKEN}).text(json.dumps(body))
        kept = sum(a in shown and b in shown for a, b in pairwise(pieces))
        assert "${KEY}" in shown or "<redacted>" in shown
        assert kept <= 1, shown


def test_an_archive_in_a_response_is_searched() -> None:
    redactor = Redactor({"KEY": TOKEN})
    assert b"${KEY}" in redactor.captured(gzip.compress(TOKEN.encode() + b" and more"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("note", TOKEN)
    assert TOKEN.encode() not in redactor.captured(packed.getvalue())


TEXTS = {
    "Chinese": "本服务生成的内容由人工智能合成，请注意甄别。（２０２６年９月１日起施行）第 42 条：１２３。" * 40,
    "hashes": json.dumps(
        [{"id": f"{number * 7919:032x}", "n": number, "t": "2026-09-01T10:00:00Z"} for number in range(80)]
    ),
    "tables": "\n".join(" ".join(str(number * factor % 997) for factor in range(1, 12)) for number in range(60)),
    "base64": _base64(bytes(number * 31 % 251 for number in range(3000))),
    "bits": "".join(f"{number * 37 % 256:08b}" for number in range(300)),
    "code": "def f(a, b):\n    return {'a': a[0:1], \"b\": b | 0o17, 'c': '\\\\x41\\\\u0042'}\n" * 30,
    "gzip": _base64(gzip.compress(b"a text about the weather " * 100)),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_without_a_secret_stays(name: str) -> None:
    redactor = Redactor({"KEY": TOKEN, "NUMBER": PERSON, "NAME": "王小明", "PASSWORD": PASSWORD, "PIN": "4931"})
    assert redactor.text(TEXTS[name]) == TEXTS[name]


BOMBS: dict[str, Callable[[int], bytes]] = {
    "gzip": lambda size: _base64(gzip.compress(b"\0" * size * 100)[:size]).encode(),
    "many small archives": lambda size: b" ".join([_base64(zlib.compress(b"a" * 4000)).encode()] * (size // 40)),
    "deflate": lambda size: b" ".join([b"S0hKTklNS8_IzMrOyc3LLygsKi4pLSuvqAQA"] * (size // 40)),
    "bits": lambda size: b"01101" * (size // 5),
    "octal": lambda size: b"101 " * (size // 4),
    "strings": lambda size: b'{"a":"b\\"' * (size // 9),
    "backslashes and quotes": lambda size: b'["' + b'\\"' * (size // 2),
    "full width": lambda size: "ａ１，".encode() * (size // 9),
    "selectors": lambda size: "\ufe01".encode() * (size // 3),
    "lines": lambda size: (b"M" + b"!" * 60 + b"\n") * (size // 62),
    "code points": lambda size: b"U+0041 " * (size // 7),
    "calls": lambda size: b"chr(65)+" * (size // 8),
    "numbers almost apart": lambda size: b"65ab66ba" * (size // 8),
    "short values": lambda size: b'="a":"b' * (size // 7),
    "fields": lambda size: b"a=b&" * (size // 4),
    "heads of lines": lambda size: b"\n1: " * (size // 4),
    "parts of a form": lambda size: b"\n--a\nA: b\n\n" * (size // 12),
    "parts of a form without end": lambda size: b"\n--a\n" + b"A: b\n" * (size // 5),
    "keys": lambda size: b'"a":"b","c":"d",' * (size // 16),
    "keys without end": lambda size: b'"\\"' * (size // 3),
    "many keys": lambda size: b",".join(b'"k%d":"v"' % (number % 999) for number in range(size // 9)),
    "empty lines": lambda size: b"\n" * size,
    "events": lambda size: b"\nid:\nevent:" * (size // 11),
    "Greek": lambda size: "αb".encode() * (size // 3),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.costly
def test_unusual_encodings_cost_time_in_proportion(name: str) -> None:
    redactor = Redactor({"KEY": TOKEN, "NUMBER": PERSON, "NAME": CHINESE})
    small, large = BOMBS[name](8_000), BOMBS[name](64_000)
    short, long = seconds(lambda: redactor.data(small)), seconds(lambda: redactor.data(large))
    assert long < 24 * max(short, 0.002), f"{name}: {short:.4f} s for 8 kB, {long:.4f} s for 64 kB"
