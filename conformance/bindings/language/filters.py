"""The filters of templates in addition to Jinja's: encodings, digests, dates and path segments."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import html
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeAlias
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Undefined

Bytes: TypeAlias = bytes | str
ALGORITHMS: Mapping[str, Callable[..., Any]] = {
    "md5": hashlib.md5,
    "sha1": hashlib.sha1,
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
}
_LONGEST_PATH_VALUE = 4000


class PathText(str):
    """Text that is put into a path as it is: a filter has made it safe."""

    __slots__ = ()


def data_of(value: Any) -> bytes:
    """The bytes of a value: of text in UTF-8."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def encoded_digest(digest: bytes, encoding: str) -> Any:
    """A digest as ``hex``, ``HEX``, ``base64``, ``base64url`` or ``bytes``."""
    match encoding:
        case "bytes":
            return digest
        case "hex":
            return digest.hex()
        case "HEX":
            return digest.hex().upper()
        case "base64":
            return base64.b64encode(digest).decode()
        case "base64url":
            return base64.urlsafe_b64encode(digest).decode().rstrip("=")
    raise ValueError(f"found the encoding {encoding!r}, expected hex, HEX, base64, base64url or bytes")


def to_base64(value: Bytes) -> str:
    """Base64 of bytes, or of text in UTF-8."""
    return base64.b64encode(data_of(value)).decode()


def to_base64url(value: Bytes) -> str:
    """Base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(data_of(value)).decode().rstrip("=")


def from_base64(value: str) -> bytes:
    """The bytes that base64 text encodes."""
    padded = value + "=" * (-len(value) % 4)
    return base64.b64decode(padded.translate(str.maketrans("-_", "+/")), validate=True)


def to_text(value: Bytes) -> str:
    """Bytes as UTF-8 text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def to_xml(value: Any) -> str:
    """Text for a place in XML or HTML, between tags or in quotes."""
    return html.escape(str(value), quote=True)


def from_json(value: str | bytes) -> Any:
    """The value that a JSON text encodes."""
    try:
        return json.loads(value)
    except RecursionError:
        raise ValueError("found JSON nested too deeply to read") from None


def to_hex(value: Bytes) -> str:
    """The hexadecimal digits of bytes."""
    return data_of(value).hex()


def from_hex(value: str) -> bytes:
    """The bytes that hexadecimal digits encode."""
    try:
        return bytes.fromhex(value)
    except ValueError as error:
        raise binascii.Error(str(error)) from None


def data_url(value: Bytes, media_type: str) -> str:
    """A ``data:`` URL."""
    return f"data:{media_type};base64,{to_base64(value)}"


def dialogue(turns: Sequence[str], prompt: str) -> list[dict[str, str]]:
    """Earlier turns and the prompt in the form that most chat interfaces take; the user has the first turn."""
    earlier = [{"role": "assistant" if index % 2 else "user", "content": turn} for index, turn in enumerate(turns)]
    return [*earlier, {"role": "user", "content": prompt}]


def digest(algorithm: str) -> Callable[..., Any]:
    """The filter of one hash function."""

    def of(value: Bytes, encoding: str = "hex") -> Any:
        return encoded_digest(ALGORITHMS[algorithm](data_of(value)).digest(), encoding)

    return of


def keyed_digest(value: Bytes, key: Bytes, algorithm: str = "sha256", encoding: str = "hex") -> Any:
    """The HMAC of a value."""
    return encoded_digest(hmac.new(data_of(key), data_of(value), ALGORITHMS[algorithm]).digest(), encoding)


def json_web_token(claims: Mapping[str, Any], key: Bytes, headers: Mapping[str, Any] | None = None) -> str:
    """A JSON web token with these claims, signed by HMAC-SHA256 (HS256)."""
    head = {"alg": "HS256", "typ": "JWT", **(headers or {})}
    parts = [to_base64url(json.dumps(part, separators=(",", ":"), ensure_ascii=False)) for part in (head, dict(claims))]
    return ".".join([*parts, keyed_digest(".".join(parts), key, "sha256", "base64url")])


def moment(value: Any) -> datetime:
    """A time, or one in ISO 8601 such as a birth date; a date begins at midnight, and what names no zone is in UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"found {value[:40]!r}, expected a time such as 1990-03-07 (ISO 8601)") from None
    if not isinstance(value, datetime):
        raise TypeError("a time is expected")
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def date_text(
    value: datetime | str, form: str = "%Y-%m-%dT%H:%M:%SZ", zone: str = "UTC", hours: float = 0, days: float = 0
) -> str:
    """A time moved by ``hours`` and ``days``, in a time zone (``Asia/Shanghai``, ``+08:00``), by a strftime format.

    The format ``http`` is that of HTTP headers, ``iso`` that of ISO 8601 with the offset of the zone.
    """
    moved = (moment(value) + timedelta(hours=hours, days=days)).astimezone(zone_of(zone))
    if form == "http":
        days_of_week = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
        moved = moved.astimezone(UTC)
        return f"{days_of_week[moved.weekday()]}, {moved:%d} {months[moved.month - 1]} {moved:%Y %H:%M:%S} GMT"
    if form == "iso":
        return moved.isoformat(timespec="seconds")
    return moved.strftime(form)


def epoch_seconds(value: datetime | str, hours: float = 0, days: float = 0) -> int:
    """A time in whole seconds since 1970."""
    return int((moment(value) + timedelta(hours=hours, days=days)).timestamp())


def epoch_milliseconds(value: datetime | str, hours: float = 0, days: float = 0) -> int:
    """A time in whole milliseconds since 1970."""
    return int((moment(value) + timedelta(hours=hours, days=days)).timestamp() * 1000)


def zone_of(name: str) -> Any:
    """The time zone of a name or an offset such as ``+08:00``."""
    if name == "UTC":
        return UTC
    if name[:1] in "+-" and len(name) == 6 and name[3] == ":":
        sign = -1 if name[0] == "-" else 1
        return timezone(sign * timedelta(hours=int(name[1:3]), minutes=int(name[4:6])))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"found the time zone {name[:40]!r}, expected a name such as Asia/Shanghai, or +08:00"
        ) from None


def canonical_pairs(value: Mapping[str, Any], joiner: str = "&", equals: str = "=") -> str:
    """The scalar values of a mapping as ``name=value`` pairs in the order of their names; empty ones left out."""
    pairs = sorted((str(name), _scalar_text(item)) for name, item in value.items() if item is not None)
    return joiner.join(f"{name}{equals}{text}" for name, text in pairs if text)


def _scalar_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def path_segment(value: Any) -> str:
    """One path segment. Raises ``ValueError`` for a value that a server might take for several.

    Many servers decode ``%2F`` before they look for the route, so that percent-encoding is no protection.
    """
    if isinstance(value, PathText):
        return value
    text = str(value)
    if _reaches_further(text):
        raise ValueError(
            f"found the id {text[:60]!r}, which a server may read as several path segments; if it is one, write"
            " | encoded, if it is several, | segments"
        )
    return quote(text, safe="")


def encoded_segment(value: Any) -> PathText:
    """One path segment, percent-encoded whole: for servers that do not decode ``%2F`` before routing."""
    text = quote(str(value), safe="")
    return PathText(text.replace(".", "%2E") if text in {".", ".."} else text)


def path_segments(value: Any) -> PathText:
    """Several path segments, each percent-encoded. Raises ``ValueError`` for ``..``, ``.`` and empty ones."""
    parts = str(value).strip("/").split("/")
    for part in parts:
        if not part or _reaches_further(part):
            raise ValueError(f"found the path {str(value)[:60]!r}, expected segments without '..'")
    return PathText("/".join(quote(part, safe="") for part in parts))


def _reaches_further(text: str) -> bool:
    """Whether text, decoded as often as it can be, has a separator or is a step up."""
    if len(text) > _LONGEST_PATH_VALUE:
        return True
    while True:
        # "；" parameters: some servers cut a segment at a semicolon before they resolve dots.
        bare = text.partition(";")[0]
        if "/" in text or "\\" in text or bare.strip() in {".", ".."} or not text or any(ord(c) < 32 for c in text):
            return True
        decoded = unquote(text)
        if decoded == text:
            return False
        text = decoded


def before(value: str, separator: str) -> str:
    """The text before the first separator."""
    return str(value).partition(separator)[0]


def after(value: str, separator: str) -> str:
    """The text after the first separator; empty without one."""
    return str(value).partition(separator)[2]


def last_segment(value: str) -> str:
    """The last path segment of a URL, decoded."""
    return unquote(str(value).partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2])


def or_default(value: Any, fallback: Any = "", boolean: bool = False) -> Any:
    """``value``, or ``fallback`` for one that is missing or ``none``; with ``boolean`` also for an empty one."""
    missing = value is None or isinstance(value, Undefined)
    return fallback if missing or (boolean and not value) else value


FILTERS: Mapping[str, Callable[..., Any]] = {
    "default": or_default,
    "d": or_default,
    "base64": to_base64,
    "base64url": to_base64url,
    "from_base64": from_base64,
    "hex": to_hex,
    "from_hex": from_hex,
    "as_text": to_text,
    "data_url": data_url,
    "dialogue": dialogue,
    "hmac": keyed_digest,
    "jwt": json_web_token,
    "date": date_text,
    "epoch": epoch_seconds,
    "epoch_ms": epoch_milliseconds,
    "pairs": canonical_pairs,
    **dict.fromkeys(("xml", "escape", "e"), to_xml),
    "from_json": from_json,
    "json": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    "percent": lambda value: quote(str(value), safe=""),
    "segments": path_segments,
    "encoded": encoded_segment,
    "before": before,
    "after": after,
    "last_segment": last_segment,
    **{name: digest(name) for name in ALGORITHMS},
}


def _contains(value: Any, part: Any) -> bool:
    """Whether a text has a part, or a list an item."""
    return part in value if isinstance(value, str | list | tuple | dict) else False


#: Tests that templates have in addition to those of Jinja2, as in `selectattr('comment', 'contains', ticket.id)`.
TESTS: Mapping[str, Callable[..., bool]] = {"contains": _contains}
