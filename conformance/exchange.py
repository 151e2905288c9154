"""One request and its answer, kept as evidence.

Exchanges are immutable and redacted when they are captured: whatever is a secret (tokens, supplied identities) stands in them only
as the ``${NAME}`` it came from, so that nothing built from an exchange (a report, a log line, an exception) can leak it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SentRequest:
    """What went out. ``body`` is what was sent, cut at the capture limit; ``body_size`` is the whole size in bytes."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    body_size: int = 0


@dataclass(frozen=True, slots=True)
class ReceivedResponse:
    """What came back. ``body`` is cut at the capture limit; ``body_size`` and ``body_sha256`` speak of all that was read."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    body_size: int = 0
    body_sha256: str = ""
    elapsed_ms: float = 0.0

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer, or with the reason why none came."""

    operation: str
    request: SentRequest
    response: ReceivedResponse | None = None
    error: str | None = None
    #: Where the request was described: ``binding.yaml:41``; empty for a provider that is not bound by a file.
    origin: str = ""


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")


def visible(text: str) -> str:
    """``text`` with the characters that a terminal or a reader would obey instead of show (escapes, bidirectional and zero-width marks)
    written out: ``\\x1b``, ``\\u202e``. Tabs and line feeds stay.

    >>> visible("red \\x1b[31m")
    'red \\\\x1b[31m'
    """
    return _CONTROL.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
