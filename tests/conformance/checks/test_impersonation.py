"""Requests that name one account and are signed by another: what a binding sends, and whom the checks concern."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.entities import Account, Content, Identity, IdentityMethod, Ticket, TicketState
from shenhe.conformance.exchange import Exchange
from shenhe.conformance.provider import Accepted, Operation, Refused
from shenhe.sample import create_app, sample_binding
from shenhe.sample.variants import BindingText

CHECKS = ("token_of_another_publishes_nothing", "token_of_another_verifies_nobody", "token_of_another_opens_no_edit")


def asked(exchange: Exchange) -> str:
    headers = " ".join(f"{name}: {value}" for name, value in exchange.request.headers)
    return f"{exchange.request.url} {headers} {exchange.request.body.decode()}"


@pytest.mark.parametrize("variant", [None, "session-cookie"])
def test_the_account_named_is_one_and_the_signature_anothers(variant: str | None) -> None:
    binding = load_binding(sample_binding(variant), environ={})
    sent: list[tuple[str, str]] = []

    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        body = (await receive()).get("body", b"").decode()
        signature = headers.get("authorization", "") + headers.get("cookie", "")
        sent.append((signature, f"{scope['path']}?{scope['query_string'].decode()} {body}"))
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    a, b = (Account(f"acc_{who}", {"token": f"token_of_{who}"}) for who in "ab")
    forged = replace(a, signed_by=b)
    with binding.connect(transport=AsgiTransport(app)) as provider:
        for operation in (
            lambda: provider.publish(forged, Content("ast_1"), "title"),
            lambda: provider.verify_identity(forged, Identity(IdentityMethod.PHONE, "13800000000", "")),
            lambda: provider.report_status(forged, Ticket("tic_1", TicketState.RECEIVED)),
        ):
            assert isinstance(operation(), Refused)
    assert len(sent) == 3
    for signature, named in sent:
        assert "_of_b" in signature
        assert "_of_a" not in signature
        assert "acc_a" in named
        assert "acc_b" not in named


def test_templates_show_which_operations_name_the_account() -> None:
    named = {
        Operation.PUBLISH,
        Operation.EDIT,
        Operation.REPORT_STATUS,
        Operation.VERIFY_IDENTITY,
        Operation.DELETE_ACCOUNT,
    }
    assert load_binding(sample_binding(), environ={}).capabilities.accounts_named == named


@pytest.mark.costly
def test_without_account_ids_in_requests_forgery_checks_do_not_apply() -> None:
    text = re.sub(r',? *account: "\{\{ account.id [^"]*"', "", sample_binding().read_text(encoding="utf-8"))
    binding = load_binding(BindingText("plain.yaml", text), environ={})
    assert binding.capabilities.accounts_named == {Operation.VERIFY_IDENTITY, Operation.DELETE_ACCOUNT}
    with binding.connect(transport=AsgiTransport(create_app())) as provider:
        report = run_checks(provider, on=date(2026, 9, 1), examples=0, rules=["cn-dsp-2023/9.*", "cn-dsp-2023/14.2"])
    assert {check.name for check in report.checks} & set(CHECKS) == {CHECKS[1]}
    assert report.summary.exit_code == 0


def test_a_forged_request_is_refused_and_its_owners_is_not() -> None:
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app())) as provider:
        one, other = (provider.register({"name": name}) for name in ("one", "other"))
        assert isinstance(one, Accepted)
        assert isinstance(other, Accepted)
        identity = Identity(IdentityMethod.PHONE, "13800138000", "")
        refused = provider.verify_identity(replace(one.value, signed_by=other.value), identity)
        assert isinstance(refused, Refused)
        assert refused.status == 404
        assert one.value.id in asked(refused.exchanges[-1])
        assert isinstance(provider.verify_identity(one.value, identity), Accepted)
