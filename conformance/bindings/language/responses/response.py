"""A response as the expressions of a binding read it: its JSON and its text, each parsed when first needed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

#: The charsets that pages are read in, by the names that servers give them. Python knows more, among them some that are
#: no charset of text and some whose decoders take time without bound: no answer may choose among those.
CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "x-gbk"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-1", "latin1", "windows-1252"), "cp1252"),
    **{name: name for name in ("shift_jis", "euc-jp", "euc-kr", "utf-16")},
}


class ResponseError(ValueError):
    """A response that lacks what the binding expects in it."""


class NoPageError(ResponseError):
    """A body in which elements are looked for, and which is no HTML or XML."""


#: A prefix of JSON that keeps pages of other sites from including it, and a function call around it.
_PREFIX = re.compile(r"\s*(?:\)\]\}'?,?|for\s?\(;;\);|while\s?\(1\);|/\*-secure-)\s*")
_CALL = re.compile(r"\s*(?:/\*\*/\s*)?[A-Za-z_$][\w.$]{0,99}\s?\(")


def _unwrapped(body: bytes, charset: str) -> Any:
    """What JSON is inside a text; ``None`` where there is none."""
    try:
        text = body.decode(charset).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None
    prefix, call = _PREFIX.match(text), _CALL.match(text)
    if prefix is not None:
        text = text[prefix.end() :].removesuffix("*/")
    elif call is not None:
        text = text[call.end() :].rstrip().removesuffix(";").rstrip().removesuffix(")")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _fields(text: str) -> dict[str, str | list[str]]:
    """The fields of a form, those that occur several times as lists."""
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=10_000)
    except ValueError:
        raise ResponseError("found a form of more than 10,000 fields, expected fewer") from None
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


MOST_VALUES = 1_000_000
"""Values in one JSON body. Read, each takes up to some hundred bytes, whatever it took in the body."""


def values_in(json_text: str | bytes) -> int:
    """At least as many values as JSON holds."""
    if isinstance(json_text, bytes):
        return sum(map(json_text.count, (b",", b"[", b"{")))
    return sum(map(json_text.count, (",", "[", "{")))


@dataclass(frozen=True)
class Response:
    """A whole response. ``url`` is where it came from, redirects followed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    #: The cookies that it sets, by name.
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: The values of the templates of its request.
    values: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    url: str = field(default="", compare=False)

    @property
    def media_type(self) -> str:
        """The media type of ``Content-Type`` without parameters, in lower case; ``""`` where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """How the body is read as text: as ``Content-Type`` says where that is known, else as UTF-8."""
        found = re.search(r"(?i);\s*charset\s*=\s*[\"']?([\w.:-]{1,40})", self.headers.get("content-type", ""))
        return CHARSETS.get(found[1].lower(), "utf-8") if found else "utf-8"

    @cached_property
    def text(self) -> str:
        """The body as text; bytes that are no such text become the replacement character."""
        return self.body.decode(self.charset, "replace")

    @property
    def is_text(self) -> bool:
        """Whether the body is something to read: its media type does not say otherwise, and its bytes are text."""
        if self.media_type and not (self.media_type.startswith("text/") or self.media_type.endswith(("json", "xml"))):
            return False
        try:
            self.body.decode(self.charset)
        except UnicodeDecodeError:
            return False
        return True

    @cached_property
    def json(self) -> Any:
        """The body as JSON: in the charset that it names, behind a prefix against inclusion or in a call (JSONP). The
        fields of a URL-encoded form are read as a mapping. Raises :class:`ResponseError` where it is none, or has more
        values than fit in memory.
        """
        if len(self.body) > MOST_VALUES and values_in(self.body) > MOST_VALUES:
            raise ResponseError(f"found JSON of more than {MOST_VALUES:,} values, expected fewer")
        if self.media_type == "application/x-www-form-urlencoded":
            return _fields(self.text)
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ResponseError("found JSON nested too deeply to read") from None
        except ValueError:  # JSONDecodeError, UnicodeDecodeError, and integers of too many digits
            found = _unwrapped(self.body, self.charset)
            if found is not None:
                return found
            what = self.media_type or "no media type"
            raise ResponseError(
                f"found a body of {len(self.body):,} bytes ({what}) that is not JSON, expected JSON"
            ) from None

    @property
    def is_json(self) -> bool:
        """Whether the body can be read as JSON."""
        try:
            _ = self.json
        except ResponseError:
            return False
        return True
