"""The ``AIGC`` field: its value parsed from whatever text a file holds, normative or not (GB 45438-2025,
Annex E).

Real writers wrap the value, encode it, misspell its keys or cut it short. The parser reads as much as it can and
records every deviation. Strict and lenient verdicts follow from one reading.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ..model import FIELD_KEYS, Deviation

NAME = "AIGC"
NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"

_ORDER = {deviation: place for place, deviation in enumerate(Deviation)}
_BY_FOLDED = {key.casefold(): key for key in FIELD_KEYS}
# Spellings met in real files, and one vendor's older vocabulary that carries the same meaning.
_MISSPELT = {
    "reservecode1": "ReservedCode1",
    "reservecode2": "ReservedCode2",
    "producerid": "ProduceID",
    "propagatorid": "PropagateID",
    "contentproduce": "ContentProducer",
    "contentpropagate": "ContentPropagator",
    "contentpropagater": "ContentPropagator",
}
_OTHER_VOCABULARY = {
    "serviceprovider": "ServiceProvider",
    "serviceuser": "ServiceUser",
    "time": "Time",
    "contentid": "ContentId",
}
_PAIR = re.compile(
    r"""["']?([A-Za-z]{4,20}[12]?)["']?\s*[:=]\s*(?:"((?:[^"\\]|\\.){0,1024})"|'([^']{0,1024})'|([\w.+-]{1,200}))"""
)
# What a value without a name must hold to be looked into, or the same as Base64 begins.
_TELLING = re.compile(r"aigc|contentproducer|serviceprovider|\A(?:QUlHQ|eyJBSUdD|eyAiQUlHQy)", re.IGNORECASE)
_PREFIX = re.compile(r"aigc\s*[:=]?\s*(?=[{\[\"])", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_CHARSETS = {
    b"ASCII\0\0\0": "ascii",
    b"UNICODE\0": "utf-16",
    b"JIS\0\0\0\0\0": "shift_jis",
    b"\0\0\0\0\0\0\0\0": "utf-8",
}

# Annex E j): 0x21, 0x23-0x5B, 0x5D-0x7E.
_PERMITTED = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]*")
# The value to the letter as Annex E has it: every key, in its order, nothing else, and the five that need a value
# with one. What a JSON parser and seven comparisons find out of such a value, this finds in a tenth of the time.
_PRESCRIBED_VALUES = dict.fromkeys(FIELD_KEYS, _PERMITTED.pattern[:-1] + "+") | {
    "Label": "[123]",
    "ReservedCode1": _PERMITTED.pattern,
    "ReservedCode2": _PERMITTED.pattern,
}
_AS_PRESCRIBED = re.compile(
    r"\{" + ",".join(f'"{key}":"({values})"' for key, values in _PRESCRIBED_VALUES.items()) + r"\}"
)
PROVIDER_CODE = re.compile(r"00[0-9A-Z]{25}")
_ORGANISATION_CODE = re.compile(r"0011[0-9A-Z]{18}(?:[12][0-9A-Z]{4}|00000)")
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Value:
    """One parsed value: the keys of Annex E with their values, and its deviations from the prescribed form."""

    fields: dict[str, str]
    deviations: tuple[Deviation, ...]
    raw: str


def text_of(value: str | bytes, found: list[Deviation], *, big_endian: bool = False) -> str:
    """Decodes a metadata value: charset prefixes of EXIF, byte-order marks, UTF-16 without one, UTF-8, else
    GB 18030.
    """
    if isinstance(value, str):
        text = value
    else:
        charset = _CHARSETS.get(value[:8]) if len(value) >= 8 else None
        body = value[8:] if charset else value
        text = _decode(body, charset, found, big_endian)
    stripped = text.strip("\0\ufeff \t\r\n")
    if stripped != text and stripped != text.rstrip("\0"):
        found.append(Deviation.PADDED)
    return stripped


def _decode(body: bytes, charset: str | None, found: list[Deviation], big_endian: bool) -> str:
    if body[:3] == b"\xef\xbb\xbf":
        found.append(Deviation.PADDED)
        return body[3:].decode("utf-8", "replace")
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    head = body[:64]
    # ASCII characters as UTF-16 have every other byte zero: that shows without a mark and in spite of a
    # wrong charset.
    if len(head) >= 4 and head[1::2].count(0) * 4 > len(head) and head[0::2].count(0) == 0:
        wide = "utf-16-le"
    elif len(head) >= 4 and head[0::2].count(0) * 4 > len(head) and head[1::2].count(0) == 0:
        wide = "utf-16-be"
    else:
        wide = ""
    if wide:
        if charset != "utf-16":
            found.append(Deviation.TEXT_ENCODING)
        return body.decode(wide, "replace")
    if charset == "utf-16":
        stripped = body.rstrip(b"\0")
        if stripped.isascii():
            found.append(Deviation.TEXT_ENCODING)
            return stripped.decode("ascii")
        return body.decode("utf-16-be" if big_endian else "utf-16-le", "replace")
    try:
        text = body.decode("utf-8")
        if charset == "ascii" and not body.isascii():
            found.append(Deviation.TEXT_ENCODING)
        return text
    except UnicodeDecodeError:
        found.append(Deviation.TEXT_ENCODING)
        return body.decode("gb18030", "replace")


def is_name(key: str) -> bool:
    """Whether a metadata key may name the field: Annex E a) asks that it contain ``AIGC``."""
    return "aigc" in key.casefold()


def parse(
    value: str | bytes, *, name: str | None, standing: Iterable[Deviation] = (), big_endian: bool = False
) -> Value | None:
    """Parse the field's value. None if it is no label.

    ``name`` is the metadata key, or None for a carrier without keys (EXIF UserComment, a comment), where only the
    wrapped form is unambiguous. ``standing`` are deviations that the reader of the carrier has found.
    """
    if name == NAME:
        text = value if isinstance(value, str) else value.decode("ascii", "replace")
        prescribed = _AS_PRESCRIBED.fullmatch(text) if len(text) <= 4096 and "&" not in text else None
        if prescribed is not None:
            fields = dict(zip(FIELD_KEYS, prescribed.groups(), strict=True))
            codes = code_deviations(fields["ContentProducer"]) + code_deviations(fields["ContentPropagator"])
            return Value(fields, _in_order({*standing, *codes}) if codes or standing else (), text)
    found: list[Deviation] = list(standing)
    text = text_of(value, found, big_endian=big_endian)
    raw = text[:4096]
    if not text:
        return Value({}, _judged({}, [*found, Deviation.MALFORMED_JSON]), raw) if _names_exactly(name) else None
    if name is None and _TELLING.search(text) is None:
        return None
    text = _unprefixed(text, found)
    text = _unencoded(text, found)
    wrapped, pairs = _pairs(text, found)
    if pairs is None:
        if not _names_exactly(name) and not wrapped:
            return None
        return Value({}, _judged({}, [*found, Deviation.MALFORMED_JSON]), raw)
    known, fields = _matched(pairs, found)
    if not known and not _names_exactly(name):
        return None
    if name is None and not wrapped:
        # Without the name, only a dictionary that has the two telling keys is taken for a label.
        if not {"Label", "ContentProducer"} <= set(fields) and not {"ServiceProvider", "ContentId"} <= set(fields):
            return None
        found.append(Deviation.NOT_WRAPPED)
    elif name is not None and wrapped:
        found.append(Deviation.WRAPPED)
    if name is not None and name != NAME:
        found.append(Deviation.FIELD_NAME_CASE if name.casefold() == "aigc" else Deviation.FIELD_NAME_LONGER)
    return Value(fields, _judged(fields, found), raw)


def from_structure(pairs: list[tuple[str, str]], *, name: str, standing: Iterable[Deviation] = ()) -> Value | None:
    """Parse a field that a container holds as separate values instead of one string (an XMP structure, a
    YAML mapping).
    """
    found = [*standing, Deviation.STRUCTURED_FORM]
    known, fields = _matched([(key, value) for key, value in pairs], found)
    if not known:
        return None
    if name != NAME:
        found.append(Deviation.FIELD_NAME_CASE if name.casefold() == "aigc" else Deviation.FIELD_NAME_LONGER)
    return Value(fields, _judged(fields, found), json.dumps(dict(pairs), ensure_ascii=False)[:4096])


def _names_exactly(name: str | None) -> bool:
    return name is not None and name.casefold() == "aigc"


def _unprefixed(text: str, found: list[Deviation]) -> str:
    prefix = _PREFIX.match(text)
    if prefix is None:
        return text
    found.append(Deviation.PREFIXED)
    return text[prefix.end() :]


def _unencoded(text: str, found: list[Deviation]) -> str:
    if text[:1] not in '{["' and _BASE64.fullmatch(text):
        try:
            inner = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
            decoded = inner.decode("utf-8").strip()
        except (binascii.Error, ValueError):
            return text
        if "{" in decoded:
            found.append(Deviation.BASE64)
            return _unprefixed(decoded, found)
    if "&quot;" in text or "&#34;" in text or "&amp;" in text or "&#x22;" in text:
        for _ in range(3):
            unescaped = html.unescape(text)
            if unescaped == text:
                break
            text = unescaped
        found.append(Deviation.DOUBLE_ESCAPED)
    return text


def _pairs(text: str, found: list[Deviation]) -> tuple[bool, list[tuple[str, object]] | None]:
    """(whether wrapped in the name, key-value pairs in their order) of a JSON text; pairs None where none
    can be recognised.
    """
    wrapped = False
    current: object = text
    for _ in range(4):
        if isinstance(current, str):
            if current is not text:
                found.append(Deviation.JSON_IN_STRING)
            broken = current
            try:
                current = _DECODER.decode(broken.strip())
            except (ValueError, RecursionError):
                loose = _loose_pairs(broken, found)
                return wrapped or loose[0], loose[1]
            continue
        if not isinstance(current, _Pairs):
            return wrapped, None
        inner = [item for key, item in current if key.casefold() == "aigc"]
        if not inner or wrapped:
            return wrapped, list(current)
        wrapped = True
        if any(key != NAME for key, _item in current if key.casefold() == "aigc"):
            found.append(Deviation.FIELD_NAME_CASE)
        if len(inner) > 1:
            found.append(Deviation.DUPLICATE_KEY)
        if len(current) > len(inner):
            found.append(Deviation.UNKNOWN_KEY)
        current = inner[0]
        if isinstance(current, _Pairs):
            return wrapped, list(current)
    return wrapped, None


class _Pairs(list[tuple[str, object]]):
    """A JSON object as its pairs, because a dictionary would hide that a key occurs twice."""


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs)


def _loose_pairs(text: str, found: list[Deviation]) -> tuple[bool, list[tuple[str, object]] | None]:
    unslashed = text.replace('\\"', '"') if '\\"' in text else text
    if unslashed != text:
        try:
            whole = _DECODER.decode(unslashed)
        except (ValueError, RecursionError):
            whole = None
        if isinstance(whole, _Pairs):
            found.append(Deviation.DOUBLE_ESCAPED)
            return _pairs_of_whole(whole)
    pairs: list[tuple[str, object]] = [
        (match[1], match[2] if match[2] is not None else match[3] if match[3] is not None else match[4])
        for match in _PAIR.finditer(unslashed[:65_536])
        if match[1].casefold() in _BY_FOLDED
    ]
    if not pairs:
        return False, None
    found.append(Deviation.MALFORMED_JSON)
    return re.search(r"""["']AIGC["']\s*:\s*\{""", unslashed, re.IGNORECASE) is not None, pairs


def _pairs_of_whole(whole: _Pairs) -> tuple[bool, list[tuple[str, object]]]:
    for key, item in whole:
        if key.casefold() == "aigc" and isinstance(item, _Pairs):
            return True, list(item)
    return False, list(whole)


def _matched(pairs: Iterable[tuple[str, object]], found: list[Deviation]) -> tuple[int, dict[str, str]]:
    """(how many keys belong to the field, the fields under the names of Annex E)."""
    fields: dict[str, str] = {}
    known = 0
    for key, item in list(pairs)[:64]:
        name = key if key in FIELD_KEYS else None
        if name is None:
            folded = key.casefold().strip()
            if folded in _BY_FOLDED:
                name = _BY_FOLDED[folded]
                found.append(Deviation.KEY_CASE)
            elif folded in _OTHER_VOCABULARY:
                name = _OTHER_VOCABULARY[folded]
                found.append(Deviation.OTHER_VOCABULARY)
            elif folded in _MISSPELT or (close := difflib.get_close_matches(folded[:40], _BY_FOLDED, 1, 0.9)):
                name = _MISSPELT.get(folded) or _BY_FOLDED[close[0]]
                found.append(Deviation.MISSPELT_KEY)
        if name is None:
            found.append(Deviation.UNKNOWN_KEY)
            continue
        known += 1
        if name in fields:
            found.append(Deviation.DUPLICATE_KEY)
            continue
        fields[name] = _string(item, found)
    return known, fields


def _string(item: object, found: list[Deviation]) -> str:
    if isinstance(item, str):
        return item[:65_536]
    if isinstance(item, bool) or not isinstance(item, int | float):
        found.append(Deviation.WRONG_TYPE)
        return "" if item is None else json.dumps(item, ensure_ascii=False, default=str)[:1024]
    found.append(Deviation.NUMBER_FOR_STRING)
    try:
        return str(item)
    except ValueError:  # integers beyond 4,300 digits
        return ""


def _judged(fields: dict[str, str], found: list[Deviation]) -> tuple[Deviation, ...]:
    """Deviations of the values, combined with those of the form, without duplicates and in the order of the enum."""
    seen = set(found)
    if not fields.get("Label"):
        seen.add(Deviation.LABEL_MISSING)
    elif fields["Label"] not in ("1", "2", "3"):
        seen.add(Deviation.LABEL_VALUE)
    if not fields.get("ContentProducer"):
        seen.add(Deviation.PRODUCER_MISSING)
    if not fields.get("ProduceID"):
        seen.add(Deviation.PRODUCE_ID_MISSING)
    for key in ("ContentPropagator", "PropagateID"):
        if key not in fields:
            seen.add(Deviation.PROPAGATOR_MISSING)
        elif not fields[key]:
            seen.add(Deviation.PROPAGATOR_EMPTY)
    if any(key not in fields for key in ("ReservedCode1", "ReservedCode2")):
        seen.add(Deviation.MISSING_KEY)
    for key in FIELD_KEYS:
        if not _PERMITTED.fullmatch(fields.get(key, "")):
            seen.add(Deviation.ILLEGAL_CHARACTER)
    for key in ("ContentProducer", "ContentPropagator"):
        seen.update(code_deviations(fields.get(key, "")))
    return _in_order(seen)


def _in_order(seen: set[Deviation]) -> tuple[Deviation, ...]:
    return tuple(sorted(seen, key=_ORDER.__getitem__)) if seen else ()


@lru_cache(1024)
def code_deviations(value: str) -> tuple[Deviation, ...]:
    """Deviations of a provider code. A provider's name is permitted instead and gives none.

    27 characters 0-9 A-Z: "00", subject type, binding, 18 characters of unified social credit code, service
    type, model.
    """
    if not (value.startswith("00") and 20 <= len(value) <= 40 and value.isalnum() and value.isascii()):
        return ()
    if not PROVIDER_CODE.fullmatch(value) or (value[2:4] == "11" and not _ORGANISATION_CODE.fullmatch(value)):
        return (Deviation.CODE_MALFORMED,)
    if value[2:4] == "11" and not uscc_is_valid(value[4:22]):
        return (Deviation.CODE_CHECKSUM,)
    return ()


def uscc_is_valid(code: str) -> bool:
    """Check character of a unified social credit code (GB 32100-2015): weights 3^i mod 31, 31 minus the
    sum.
    """
    if len(code) != 18 or any(c not in _USCC_ALPHABET for c in code):
        return False
    total = sum(_USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
    return _USCC_ALPHABET[(31 - total % 31) % 31] == code[17]
