"""Keeping secrets out of evidence, in whatever form they come back."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import RLock
from urllib.parse import quote, quote_plus

from ..exchange import Headers

SHORTEST = 4
"""ASCII secrets below this many characters would turn ordinary text into placeholders."""

RECENT = 6
"""So many of the tokens used last are looked for anywhere in a text; older ones, which are many, only as whole words of
it.
"""

_WORD = re.compile(rb"[\w.~+/=%-]{4,}")
_COOKIE = re.compile(r"^([^=;]+)=([^;]*)")
#: Where an excerpt may have been cut: at an ellipsis, and at quotes around it.
_CUT = re.compile(r"""(\s*\[?…\]?\s*|['"])""")
_PRIVATE = frozenset({"authorization", "proxy-authorization", "cookie"})


def long_enough(secret: str) -> bool:
    """Whether a secret can be looked for in text: one Chinese name of two characters can, ``"42"`` cannot."""
    return len(secret) >= SHORTEST or (len(secret) >= 2 and not secret.isascii())


def forms(secret: str) -> Iterator[bytes]:
    """The ways a secret may be written in a URL, a header, JSON, HTML or base64."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield raw
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield quoted.encode()
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted).encode()
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        for slashed in (escaped, escaped.replace("/", "\\/")):
            yield slashed.encode("utf-8", "surrogatepass")
            yield re.sub(r"\\u[0-9a-f]{4}", lambda match: "\\u" + match[0][2:].upper(), slashed).encode(
                "utf-8", "surrogatepass"
            )
        # JSON as a text inside JSON, as a server has it that repeats the body it was sent.
        yield json.dumps(escaped, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")
        yield json.dumps(escaped)[1:-1].encode()
    yield html.escape(secret).encode("utf-8", "surrogatepass")
    yield from _in_base64(raw)


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """The part of the base64 text that does not depend on what stands before and after ``raw``, at each of three
    alignments.
    """
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * before + raw)
        loose = (before + len(raw)) % 3
        core = encoded[skipped : len(encoded) - (4 if loose else 0)]
        if len(core) >= 6:
            yield core
            yield core.translate(bytes.maketrans(b"+/", b"-_"))


class Redactor:
    """Replaces secrets by ``${NAME}``: those known from the start, and tokens learned on the way (``${token_1}``)."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._known: dict[bytes, bytes] = {}
        for name, secret in secrets.items():
            self._add(self._known, secret, name)
        self._known = _longest_first(self._known)
        self._names: dict[str, str] = {secret: name for name, secret in secrets.items()}
        self._tokens: dict[str, dict[bytes, bytes]] = {}
        self._recent: OrderedDict[str, dict[bytes, bytes]] = OrderedDict()
        self._words: dict[bytes, bytes] = {}
        self._count: dict[str, int] = {}
        # Several checks may ask at once, each teaching the redactor tokens of its own.
        self._lock = RLock()

    @staticmethod
    def _add(needles: dict[bytes, bytes], secret: str, name: str) -> None:
        if long_enough(secret):
            placeholder = b"${" + name.encode() + b"}"
            for form in forms(secret):
                needles.setdefault(form, placeholder)

    def learn(self, kind: str, secret: str) -> None:
        """From now on replace ``secret`` by ``${kind_N}``, N counted from 1."""
        with self._lock:
            if secret in self._names or not long_enough(secret):
                return
            self._count[kind] = number = self._count.get(kind, 0) + 1
            name = self._names[secret] = f"{kind}_{number}"
            needles: dict[bytes, bytes] = {}
            self._add(needles, secret, name)
            self._words.update(needles)
            self._tokens[secret] = _longest_first(needles)
            self.use(secret)

    def use(self, secret: str) -> None:
        """A learned token goes out with a request: expect it back."""
        with self._lock:
            needles = self._tokens.get(secret)
            if needles is None:
                return
            self._recent[secret] = needles
            self._recent.move_to_end(secret)
            if len(self._recent) > RECENT:
                self._recent.popitem(last=False)

    def data(self, data: bytes) -> bytes:
        """``data`` with every secret replaced."""
        with self._lock:
            recent = tuple(self._recent.values())
        for needles in (self._known, *recent):
            for needle, placeholder in needles.items():
                if needle in data:
                    data = data.replace(needle, placeholder)
        if len(self._tokens) > len(self._recent):
            words = self._words
            data = _WORD.sub(lambda match: words.get(match[0], match[0]), data)
        return data

    def text(self, text: str) -> str:
        """``text`` with every secret replaced."""
        return self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def excerpt(self, text: str) -> str:
        """As :meth:`text`, for what was cut out of a longer text: of a secret that the cut went through, the rest goes
        too.
        """
        with self._lock:
            needles = [*self._known, *(needle for needles in self._tokens.values() for needle in needles)]
        parts = _CUT.split(self.text(text))
        parts[::2] = [_without_ends(part.encode("utf-8", "surrogatepass"), needles) for part in parts[::2]]
        return "".join(parts)

    def headers(self, headers: Headers) -> Headers:
        """``headers`` with every secret replaced; cookies and unknown credentials lose their values whole."""
        return tuple((name, self._header(name.lower(), value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        if name == "set-cookie":
            return _COOKIE.sub(lambda match: f"{match[1]}=<redacted>", self.text(value))
        if name in _PRIVATE and value[:6].lower() == "basic ":
            return "Basic " + self._basic(value[6:])
        return self.text(value)

    def _basic(self, encoded: str) -> str:
        """Base64 of ``user:password`` with its secrets replaced, so that a replay can put them back."""
        try:
            plain = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return self.text(encoded)
        return base64.b64encode(self.data(plain)).decode()


def _without_ends(data: bytes, needles: list[bytes]) -> str:
    """``data`` without a start that is the end of a secret, and without an end that is the start of one."""
    end = max((size for needle in needles for size in _sizes(needle) if data.endswith(needle[:size])), default=0)
    start = max((size for needle in needles for size in _sizes(needle) if data.startswith(needle[-size:])), default=0)
    left = data[start : len(data) - end] if start + end < len(data) else b""
    mark = b"<redacted>"
    return ((mark if start else b"") + left + (mark if end else b"")).decode("utf-8", "ignore")


def _sizes(needle: bytes) -> range:
    return range(SHORTEST, len(needle))


def _longest_first(needles: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return dict(sorted(needles.items(), key=lambda item: -len(item[0])))


def class_and_place(error: Exception) -> str:
    """What may be told of an exception, whose text may hold what no report may: ``KeyError at marks.py:41``."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
