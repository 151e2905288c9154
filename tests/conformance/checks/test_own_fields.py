"""Fields of responses become claims: what is taken from them, and what is not."""

from __future__ import annotations

import json
from typing import Any

from shenhe.conformance.bindings.client.requests import _with_fields
from shenhe.conformance.checks.responses.own_fields import claims_of_standing, switches_of_labels
from shenhe.conformance.exchange import Exchange, ReceivedResponse, RecordedExchange, SentRequest


def recorded(operation: str, body: Any, status: int = 200) -> RecordedExchange:
    data = json.dumps(body).encode()
    exchange = Exchange(operation, SentRequest("POST", "https://x/"), ReceivedResponse(status, (), data, len(data)))
    return RecordedExchange("set-up", exchange)


def test_flags_of_new_accounts_are_turned_round_and_those_of_verified_ones_repeated() -> None:
    claims = claims_of_standing(
        [
            recorded("register", {"user": {"id": "u1", "is_verified": False, "role": "member", "newsletter": False}}),
            recorded("verify_identity", {"data": {"kyc_level": "full", "name": "某甲", "token": "${token_1}"}}),
            recorded("register", {"is_admin": False}, status=400),
        ]
    )
    assert claims == {"is_verified": True, "role": "admin", "kyc_level": "full"}


def test_labels_that_responses_claim_are_switched_off() -> None:
    body = {"result": {"watermark": True, "safe": True, "ai_generated": True, "label": "AI"}}
    assert switches_of_labels([recorded("generate", body), recorded("view", {"labelled": True})]) == {
        "watermark": False,
        "ai_generated": False,
    }


def test_fields_go_where_the_request_has_its_own() -> None:
    assert _with_fields({"title": "a", "verified": 0}, {"verified": True, "role": "admin"}) == {
        "title": "a",
        "verified": 0,
        "role": "admin",
    }
    call = {"method": "post.create", "params": {"title": "a"}}
    assert _with_fields(call, {"verified": True})["params"] == {"title": "a", "verified": True}
    two = {"a": {"x": 1}, "b": {"y": 1}}
    assert _with_fields(two, {"verified": True}) == {**two, "verified": True}
