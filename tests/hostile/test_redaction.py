"""A target that repeats secrets in disguise: every encoding, nested, in any case, wrapped, cut, among other text."""

from __future__ import annotations

import base64
import codecs
import hashlib
import html
import json
import quopri
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenhe.conformance.evidence.redaction import NOTHING, Redactor
from shenhe.conformance.exchange import KEPT_TEXT

Disguise = Callable[[str], str]
TOKEN = "eyJhbGciOi+J9/x==.eyJzdWIiOiI0Mj&'<\"~_-Q8fKz.s1gN4tur3"
PERSON = "110101199003070011"
CHINESE = "欧阳小明·阿依努尔"


def in_json(unit: Callable[[int], str]) -> Disguise:
    return lambda text: "".join(unit(code) for code in text.encode("utf-16-be")[1::2]) if text.isascii() else text


ESCAPES: dict[str, Disguise] = {
    "JSON, every character, upper case": lambda text: "".join(f"\\u{ord(c):04X}" for c in text),
    "JSON, every character, lower case": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "JSON, punctuation": lambda text: "".join(c if c.isalnum() else f"\\u{ord(c):04X}" for c in text),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "JSON in JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps(text)))[1:-1],
    "URL": lambda text: quote(text, safe=""),
    "URL, lower case": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "URL, every character": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "URL, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "URL, three times": lambda text: quote(quote(quote(text, safe=""), safe=""), safe=""),
    "URL, %u": lambda text: "".join(f"%u{ord(c):04X}" for c in text),
    "form": quote_plus,
    "HTML": html.escape,
    "HTML, decimal": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(c):X};" for c in text),
    "HTML, hexadecimal with zeros": lambda text: "".join(f"&#X{ord(c):06x};" for c in text),
    "HTML, names": lambda text: text.replace("&", "&amp;").replace("+", "&plus;").replace("=", "&equals;"),
    "HTML, twice": lambda text: html.escape(html.escape(text)),
    "script, \\x": lambda text: "".join(f"\\x{ord(c):02x}" if ord(c) < 256 else c for c in text),
    "script, octal": lambda text: "".join(f"\\{ord(c):03o}" if ord(c) < 256 else c for c in text),
    "script, braces": lambda text: "".join(f"\\u{{{ord(c):x}}}" for c in text),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
    "URL in JSON": lambda text: json.dumps({"next": "/a?t=" + quote(text, safe="")}),
    "JSON in URL": lambda text: quote(json.dumps({"t": text}), safe=""),
    "HTML in JSON": lambda text: json.dumps("<a href='?t=" + html.escape(text) + "'>"),
}
ENCODINGS: dict[str, Disguise] = {
    "plain": str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, one before": lambda text: base64.b64encode(b"u" + text.encode() + b"more").decode(),
    "base64, two before": lambda text: base64.b64encode(b":u" + text.encode() + b"mo").decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(b"ab" + text.encode()).decode().rstrip("="),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "base64 twice, more before": lambda text: base64.b64encode(b"x" + base64.b64encode(text.encode())).decode(),
    "base64 of a URL": lambda text: base64.b64encode(quote(text, safe="").encode()).decode(),
    "base64 of JSON": lambda text: base64.b64encode(json.dumps({"t": text}).encode()).decode(),
    "base64 of hexadecimal": lambda text: base64.b64encode(text.encode().hex().encode()).decode(),
    "base64, in lines": lambda text: base64.encodebytes(text.encode() * 3).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base32, two before": lambda text: base64.b32encode(b"ab" + text.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal, upper case": lambda text: text.encode().hex().upper(),
    "lower case": lambda text: text.lower(),
    "upper case": lambda text: text.upper(),
    "swapped case": lambda text: text.swapcase(),
}
ASCII_ONLY: dict[str, Disguise] = {
    "reversed": lambda text: text[::-1],
    "rot13": lambda text: codecs.encode(text, "rot13"),
}
WRAPPED: dict[str, Disguise] = {
    "lines of 20": lambda text: "\n".join(text[at : at + 20] for at in range(0, len(text), 20)),
    "invisible characters": lambda text: "\u200b".join(text),
    "tabs": lambda text: "\t".join(text[at : at + 7] for at in range(0, len(text), 7)),
}
LISTS: dict[str, Disguise] = {
    "hexadecimal, apart": lambda text: text.encode().hex(" "),
    "hexadecimal, colons": lambda text: text.encode().hex(":").upper(),
    "hexadecimal, two by two": lambda text: text.encode().hex(" ", 2),
    "hexadecimal, 0x": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "bytes as numbers": lambda text: json.dumps({"type": "Buffer", "data": list(text.encode())}),
    "bytes as numbers, in lines": lambda text: json.dumps(list(text.encode()), indent=1),
    "characters as numbers": lambda text: json.dumps([ord(c) for c in text]),
    "UTF-16": lambda text: text.encode("utf-16-le").decode("latin-1") if text.isascii() else text,
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le" if text.isascii() else "utf-8")).decode(),
}
DISGUISES = ESCAPES | ENCODINGS


def leaks(secret: str, disguise: Disguise, shown: str) -> bool:
    """Whether six bytes in a row of the disguised secret are left (of a short one: most of it)."""
    left = shown.replace("${KEY}", "\0").replace("<redacted>", "\0")
    alone = disguise(secret)
    return any(alone[at : at + 14] in left for at in range(max(1, len(alone) - 13)))


@pytest.mark.parametrize("name", DISGUISES | LISTS)
@pytest.mark.parametrize("secret", [TOKEN, PERSON, CHINESE], ids=["token", "number", "name"])
def test_a_disguised_secret_is_replaced(secret: str, name: str) -> None:
    shown = Redactor({"KEY": secret}).excerpt(f"before {(DISGUISES | LISTS)[name](secret)} after")
    assert "${KEY}" in shown or "<redacted>" in shown
    assert shown.startswith("before ")
    assert shown.rstrip().endswith("after")
    assert secret not in shown


@pytest.mark.parametrize("secret", [TOKEN, CHINESE], ids=["token", "name"])
@pytest.mark.parametrize("outer", ESCAPES)
def test_an_encoded_secret_is_found_inside_escapes(outer: str, secret: str) -> None:
    redactor = Redactor({"KEY": secret})
    texts = {inner: ESCAPES[outer](encode(secret)) for inner, encode in ENCODINGS.items()}
    assert {inner for inner, text in texts.items() if "${KEY}" not in redactor.text(f"before {text} after")} == set()


@pytest.mark.parametrize("name", [*ASCII_ONLY, *WRAPPED])
def test_a_reversed_or_wrapped_token_is_replaced(name: str) -> None:
    disguise = (ASCII_ONLY | WRAPPED)[name]
    for at_once in (str, *(ESCAPES[each] for each in ("JSON", "URL", "HTML"))):
        shown = Redactor({"KEY": TOKEN}).text(f"before {at_once(disguise(TOKEN))} after")
        assert "${KEY}" in shown


@given(
    secret=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=8, max_size=60),
    name=st.sampled_from([name for name in DISGUISES if "names" not in name and "case" not in name]),
    before=st.text(max_size=30),
    after=st.text(max_size=30),
)
@settings(max_examples=300, deadline=None)
@pytest.mark.costly
def test_any_secret_in_any_disguise_between_anything(secret: str, name: str, before: str, after: str) -> None:
    if len(set(secret)) < 4 or secret.strip() != secret:
        return
    if any(ord(c) > 0xFFFF for c in secret) and name.startswith(("JSON, every", "JSON, punct", "URL, %u")):
        return
    if name.startswith("script") and not secret.isascii():
        return
    shown = Redactor({"KEY": secret}).text(before + " " + DISGUISES[name](secret) + " " + after)
    assert "${KEY}" in shown or "<redacted>" in shown


_SECRETS = Redactor({"KEY": "correct horse battery staple", "NUMBER": PERSON, "NAME": "王小明"})


@given(st.text(min_size=0, max_size=300))
@settings(max_examples=300, deadline=None)
def test_text_without_secrets_stays(text: str) -> None:
    if "王小明" not in text:
        assert _SECRETS.text(text) == text


@pytest.mark.parametrize("size", [200, 60, 40, 20, 15])
@pytest.mark.parametrize("change", [str, str.lower, str.upper], ids=["as it is", "lower case", "upper case"])
def test_a_cut_secret_leaves_no_piece(size: int, change: Disguise) -> None:
    """Reports cut texts, keys and notices at these lengths, and some checks lower their case first."""
    secret = "".join(base64.b64encode(bytes([n * 7 % 256, n * 13 % 251, n])).decode() for n in range(250))
    redactor = Redactor({"KEY": secret})
    for start in (0, len(secret) - size, *((3, 100, 777) if size >= 60 else ())):
        piece = change(secret[start : start + size])
        shown = redactor.excerpt(f"it said {piece} and more")
        assert "<redacted>" in shown
        assert not any(piece[at : at + 8] in shown for at in range(len(piece) - 7))


@pytest.mark.parametrize("before", ["sid=", "sid%3D", "?sid=", "%", "&#", "\\x"])
def test_the_text_before_a_token_stays_whatever_the_token_begins_with(before: str) -> None:
    """``=36`` before a token that goes on ``e7…`` can be read as an escape, and the rest as a piece of the token."""
    for number in range(256):
        token = f"{number:02x}" + hashlib.sha256(bytes([number])).hexdigest()[:30]
        # The decoded escape may happen to be the second character of the token.
        for secret in (token, f"{number:02x}{chr(number) if chr(number).isalnum() else 'e'}{token[3:]}"):
            redactor = Redactor({})
            redactor.learn("sid", secret)
            assert redactor.text(before + secret) == before + "${sid_1}"


@pytest.mark.parametrize("cut", range(4, 30))
def test_a_body_cut_inside_a_secret_shows_no_part_of_it(cut: int) -> None:
    secret = "abcdefghijklmnopqrstuvwxyz0123456789"
    for body in ("x" * (KEPT_TEXT - cut) + secret, "\\u0061" * ((KEPT_TEXT - cut) // 6) + " " + secret * 2):
        kept = Redactor({"KEY": secret}).captured(body.encode() + b"y" * 90_000, KEPT_TEXT)
        assert len(kept) <= KEPT_TEXT + len("<redacted>")
        assert secret[:4].encode() not in kept


@pytest.mark.costly
def test_tokens_are_found_however_many_there_are() -> None:
    redactor = Redactor({})
    tokens = [base64.urlsafe_b64encode(f"{n}-{n * n}-{n % 7}-token-of-somebody".encode()).decode() for n in range(300)]
    for token in tokens:
        redactor.learn("token", token)
    shown = redactor.text("".join(f"<{token}>x{token}" for token in tokens))
    assert not any(token in shown for token in tokens)
    assert "${token_300}" in shown
    recent = [base64.b64encode(token.encode()).decode() for token in tokens]
    assert not any(each[:-4] in redactor.text(" ".join(recent)) for each in recent)


def test_a_learned_name_never_takes_the_name_of_a_variable() -> None:
    redactor = Redactor({"token_1": "from-the-environment"})
    redactor.learn("token", "made-by-the-target")
    assert redactor.text("from-the-environment made-by-the-target") == "${token_1} ${token_2}"


@pytest.mark.parametrize(
    "text",
    ["${AWS_SECRET_ACCESS_KEY}", "\\u0024{HOME}", "$\\u007bHOME}", "%24%7BHOME%7D", "$%7bHOME}", "\\\\\\u0024{HOME}"],
)
def test_text_of_a_target_never_reads_as_a_placeholder(text: str) -> None:
    kept = Redactor({"KEY": TOKEN}).captured(f"a {text} {TOKEN}".encode()).decode()
    assert kept.endswith("${KEY}")
    for decoded in (kept, kept.replace("\\u0024", "$").replace("\\u007b", "{").replace("%24", "$").replace("%7B", "{")):
        names = set(__import__("re").findall(r"\$\{(\w+)\}", decoded))
        assert names <= {"KEY", NOTHING}


def test_a_dollar_before_a_secret_is_no_escape() -> None:
    assert Redactor({"KEY": TOKEN}).captured(f"${TOKEN}{{x}}".encode()) == b"$${KEY}{x}"


# --- time -------------------------------------------------------------------------------------------------------------

LONG = {
    "one token": lambda size: "x" * size,
    "a secret that repeats itself": lambda size: "a" * size,
    "backslashes": lambda size: "\\" * size,
    "percent signs": lambda size: "%" * size,
    "ampersands": lambda size: "&" * size,
    "entities": lambda size: "&#43;" * (size // 5),
    "nested escapes": lambda size: "%2525" * (size // 5),
    "starts of a secret": lambda size: "s3cr3t-tok" * (size // 10),
    "spaces": lambda size: " \n" * (size // 2),
    "digits": lambda size: "1" * size,
    "numbers": lambda size: "12, " * (size // 4),
    "hexadecimal lists": lambda size: "a1:b2 " * (size // 6),
    "zeros": lambda size: "a\0" * (size // 2),
    "dollars": lambda size: "${" * (size // 2),
    "quotes": lambda size: "'" * size,
}


def seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("name", LONG)
@pytest.mark.costly
def test_time_grows_with_the_text_and_not_faster(name: str) -> None:
    redactor = Redactor({"A": "a" * 1500, "S": "s3cr3t-token-of-a-target", "N": PERSON, "C": CHINESE})
    for number in range(40):
        redactor.learn("token", f"{number}" * 700)
    small, large = LONG[name](20_000), LONG[name](160_000)
    for work in (redactor.text, redactor.excerpt, lambda text: redactor.captured(text.encode(), KEPT_TEXT)):
        short = seconds(lambda work=work: work(small))  # type: ignore[misc]
        long = seconds(lambda work=work: work(large))  # type: ignore[misc]
        assert long < 24 * max(short, 0.002), f"{name}: {short:.4f} s for 20 kB, {long:.4f} s for 160 kB"
