"""What can go wrong between a request and its response, distinguished by exception type, and the sentence for each.

httpcore raises for sockets, httpx for applications in this process and for cassettes.
"""

from __future__ import annotations

import socket
import ssl

import httpcore
import httpx

UNWRITABLE = "the request could not be written: a header or URL holds characters that HTTP does not carry"

FAILURES: tuple[type[Exception], ...] = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpx.HTTPError,
    httpx.InvalidURL,
    OSError,
)
"""Everything that sending a request and reading its response may raise."""

_TIMEOUT = (httpcore.TimeoutException, httpx.TimeoutException, TimeoutError)
_CONNECT = (httpcore.ConnectError, httpx.ConnectError, ConnectionRefusedError, socket.gaierror)
_BROKEN_RESPONSE = (httpcore.RemoteProtocolError, httpx.RemoteProtocolError)
_BROKEN_REQUEST = (httpcore.LocalProtocolError, httpx.LocalProtocolError)
_BAD_URL = (httpx.InvalidURL, httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol)


class SurplusError(httpcore.RemoteProtocolError):
    """Bytes came behind the end of a response: its length is wrong, or it is followed by a response to no request."""


class RecordedFailure(httpx.TransportError):
    """A cassette holds a failure instead of a response, or no entry for the request."""


def failure_text(error: Exception) -> str:
    """One sentence for a failed request. It repeats nothing of the request."""
    causes = tuple(_causes(error))
    if isinstance(error, RecordedFailure):
        return str(error)
    untrusted = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if untrusted is not None:
        why = untrusted.verify_message or "unknown reason"
        return f"TLS failed: the certificate is not trusted ({why})"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "TLS failed: the other side does not speak TLS as expected"
    if isinstance(error, _TIMEOUT):
        return "timed out"
    if isinstance(error, _CONNECT):
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            return "could not connect: connection refused"
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            return "could not connect: the host name is not known"
        return "could not connect"
    if isinstance(error, SurplusError):
        return "bytes follow the end of the response: its Content-Length is wrong, or a second response came"
    if isinstance(error, _BROKEN_RESPONSE):
        return "the answer broke off or is not HTTP"
    if isinstance(error, _BROKEN_REQUEST):
        return UNWRITABLE
    if isinstance(error, _BAD_URL):
        return "the URL cannot be used"
    if isinstance(error, httpx.NetworkError | httpcore.NetworkError):
        return "the connection broke: the other side reset or closed it"
    return f"the connection failed ({type(error).__name__})"


#: Seconds by which the timer of a socket may fire early: it counts in whole milliseconds.
_EARLY = 0.02


def is_late(error: BaseException, left: float) -> bool:
    """Whether a request failed because its time was over, ``left`` seconds before its deadline: by the clock, or by the
    timer of a socket that was set to it.
    """
    return left <= (_EARLY if isinstance(error, _TIMEOUT) else 0.0)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what it was raised from, outermost first."""
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found and len(found) < 20:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found
