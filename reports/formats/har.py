"""The requests of findings as an HTTP Archive (HAR 1.2), which browsers' developer tools and proxies open.

A report keeps no times of single requests, so every entry carries the start of the run and no duration.
Bodies are the redacted excerpts of the report.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from shenhe.conformance.report import CheckResult, Report, ReportError, Step
from shenhe.core.errors import ShenheError
from shenhe.core.text import one_line, visible

#: Not known, in sizes and in the optional times.
_UNKNOWN = -1


class UnknownFindingError(ShenheError, ValueError):
    """A report has no finding of that check or rule."""


def har(report: Report, *, only: str = "") -> dict[str, Any]:
    """The archive, as plain JSON data: one page for each finding, one entry for each of its requests, in
    their order.

    ``only`` keeps the findings of one check or one rule. Raises :class:`UnknownFindingError` where there are none.
    """
    checks = [
        check for check in report.checks if check.finding and (not only or only == check.name or only in check.rules)
    ]
    if only and not checks:
        known = sorted(name for check in report.checks if check.finding for name in (check.name, *check.rules))
        raise UnknownFindingError(
            f"found no finding of {only!r} in this report, it has: {one_line(', '.join(known), 500) or 'none at all'}"
        )
    started = timestamp(report.timing.started)
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "shenhe", "version": report.shenhe_version},
            "pages": [_page(check, started) for check in checks],
            "entries": [
                _entry(step, check.name, started)
                for check in checks
                for step in (check.finding.steps if check.finding else ())
            ],
            "comment": "Redacted by shenhe; times of single requests were not kept.",
        }
    }


def timestamp(text: str) -> str:
    """A moment of a report in the form of RFC 3339, in UTC to the second. Raises :class:`ReportError` for
    none.
    """
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        wrong = f"found {text[:60]!r}, expected a moment as 2026-01-31T08:00:00Z"
        raise ReportError(f"timing.started: {wrong}") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _page(check: CheckResult, started: str) -> dict[str, Any]:
    return {
        "startedDateTime": started,
        "id": check.name,
        "title": one_line(f"{check.name} ({check.verdict}): {', '.join(check.rules)}"),
        "pageTimings": {},
    }


def _entry(step: Step, page: str, started: str) -> dict[str, Any]:
    return {
        "pageref": page,
        "startedDateTime": started,
        "time": 0,
        "request": _request(step),
        "response": _response(step),
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "comment": one_line(f"{step.role}: {step.operation}" + (f" ({step.origin})" if step.origin else "")),
    }


def _request(step: Step) -> dict[str, Any]:
    url = _url(step.url)
    request: dict[str, Any] = {
        "method": one_line(step.method, 40),
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(step.request_headers),
        "queryString": [{"name": name, "value": visible(value)} for name, value in _query(url)],
        "headersSize": _UNKNOWN,
        "bodySize": len(step.request_body.encode("utf-8", "replace")),
    }
    if step.request_body:
        request["postData"] = {
            "mimeType": _media_type(step.request_headers),
            "text": visible(step.request_body),
        }
    return request


def _response(step: Step) -> dict[str, Any]:
    answered = step.status is not None
    response: dict[str, Any] = {
        "status": step.status if step.status is not None else 0,
        "statusText": _phrase(step.status) if step.status is not None else one_line(step.error or "no answer"),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(step.response_headers),
        "content": {
            "size": len(step.response_body.encode("utf-8", "replace")),
            "mimeType": _media_type(step.response_headers) if answered else "x-unknown",
            "text": visible(step.response_body),
        },
        "redirectURL": next(
            (visible(v) for name, v in step.response_headers.items() if name.lower() == "location"), ""
        ),
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
    }
    return response


def _headers(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": one_line(name), "value": one_line(value, 8000)} for name, value in headers.items()]


def _url(url: str) -> str:
    """The URL with what may not stand in one (the braces of ``${NAME}``, controls) percent-encoded."""
    return quote(url, safe="%/:?#[]@!$&'()*+,;=~-._", errors="replace")


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return []


def _media_type(headers: dict[str, str]) -> str:
    return next((one_line(value, 200) for name, value in headers.items() if name.lower() == "content-type"), "")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
