"""One request and its answer, kept as evidence.

Exchanges are immutable and redacted when they are captured: whatever is a secret (tokens, supplied identities) stands in them only
as the ``${NAME}`` it came from, so that nothing built from an exchange (a report, a log line, an exception) can leak it.
"""

from __future__ import annotations

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
