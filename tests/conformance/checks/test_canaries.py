"""Personal data leave the exchanges of a finding, and what stood in their place before stays."""

from __future__ import annotations

from shenhe.conformance.checks.canaries import _without
from shenhe.conformance.evidence.redaction import Redactor
from shenhe.conformance.exchange import Exchange, ReceivedResponse, RecordedExchange, SentRequest


def test_placeholders_of_captured_headers_stay_placeholders() -> None:
    request = SentRequest(
        "GET",
        "http://127.0.0.1/search?q=18812345678",
        (("Authorization", "Bearer ${token_6}"), ("X-Phone", "18812345678")),
        b"",
        0,
    )
    response = ReceivedResponse(200, (("Set-Cookie", "session=<redacted>"),), b"18812345678", 11, "", 1.0)
    exchange = Exchange("search", request, response)
    left = _without(RecordedExchange("probe", exchange), Redactor({"phone_number": "18812345678"})).exchange
    assert left.request.headers == (("Authorization", "Bearer ${token_6}"), ("X-Phone", "${phone_number}"))
    assert left.request.url == "http://127.0.0.1/search?q=${phone_number}"
    assert left.response is not None
    assert left.response.body == b"${phone_number}"
    assert left.response.headers == (("Set-Cookie", "session=<redacted>"),)
