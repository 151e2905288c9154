"""Personal data that leak are found, and stand nowhere in what is told of it."""

from __future__ import annotations

import base64
import json
import re
from datetime import date
from urllib.parse import quote

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.checks.canaries import Canaries
from shenhe.conformance.checks.identity.personal_data import follows
from shenhe.conformance.checks.outcome import Violation
from shenhe.conformance.engine.probing.probe import Probe
from shenhe.conformance.engine.probing.recording import RecordedExchange
from shenhe.conformance.engine.probing.session import Session
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.evidence.disguises import forms
from shenhe.conformance.exchange import Exchange, ReceivedResponse, SentRequest
from shenhe.conformance.report import Report
from shenhe.conformance.verdict import Level
from shenhe.sample import create_app, sample_binding
from shenhe.sample.domain.accounts import READY_MADE_EMAIL, READY_MADE_PHONE
from shenhe.sample.variants import BindingText

from ...bindings.evidence.test_canary import rendered

ON = date(2026, 9, 1)
PHONE = "13912345678"


def run(*faults: str) -> tuple[Report, set[str]]:
    """A run of the checks on personal data, and every datum that somebody confided in it."""
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app(faults=faults))) as provider:
        report = run_checks(provider, on=ON, level=Level.EXTENDED, examples=3, rules=["cn-pipl/25", "cn-pipl/51"])
        confided: set[str] = set()
        for exchange in provider.log:
            if exchange.request.method != "POST" or not exchange.request.body.startswith(b"{"):
                continue
            said = json.loads(exchange.request.body)
            confided |= {said.get("contact"), said.get("signature"), said.get("document", {}).get("number")}
            confided |= {said.get("particulars", {}).get(key) for key in ("phone", "email")}
            if isinstance(said.get("subject"), dict):
                confided.add(said["subject"]["name"])
    return report, {datum for datum in confided if datum and datum != "reporter@example.org"}


@pytest.mark.parametrize(
    "name",
    [
        "author-reachable-on-pages",
        "consent-named-on-pages",
        "reporter-named-on-pages",
        "search-finds-by-phone",
        "reporter-told-to-author",
        "identity-tells-other-accounts",
        "borrowed-consent-names-person",
    ],
)
@pytest.mark.costly
def test_leaked_values_are_not_in_the_report(name: str) -> None:
    report, confided = run(name)
    failed = [check for check in report.checks if check.finding is not None]
    assert failed
    assert {check.verdict for check in failed} == {"fail"}
    assert len(confided) > 3
    written = report.model_dump_json() + json.dumps(report.model_dump(), ensure_ascii=False, default=str)
    assert [datum for datum in confided if datum in written] == []
    for found in failed:
        assert found.finding is not None
        assert "${" in found.finding.pytest or "${" in found.finding.curl


def taken(said: bytes, *, asked: bytes = b"", kind: str = "application/json") -> RecordedExchange:
    request = SentRequest("POST", "http://127.0.0.1/x", (), asked, len(asked))
    return RecordedExchange(
        "probe", Exchange("view", request, ReceivedResponse(200, (("content-type", kind),), said, len(said)))
    )


def shown(*exchanges: RecordedExchange, data: str = PHONE, rendered: tuple[bytes, ...] = ()) -> Violation | None:
    class Silent:
        capabilities = None

    probe = Probe(Session(Silent(), on=ON))  # type: ignore[arg-type]
    probe.recorded.extend(exchanges)
    try:
        Canaries({"phone_number": data}).must_not_stand_in(probe, 0, "the account", "the page", rendered=rendered)
    except Violation as violation:
        assert not any(
            data.encode() in (each.exchange.response or each.exchange.request).body for each in probe.recorded
        )
        return violation
    return None


@pytest.mark.parametrize(
    "said",
    [
        PHONE.encode(),
        json.dumps({"author": {"phone": PHONE}}).encode(),
        b"<a href=tel:" + PHONE.encode() + b">",
        base64.b64encode(b"tel: " + PHONE.encode() + b"."),
    ],
)
def test_a_datum_is_found_in_whatever_form(said: bytes) -> None:
    violation = shown(taken(said))
    assert violation is not None
    assert violation.seen == "the page reveals the phone number of the account"
    assert PHONE not in violation.evidence[0].data
    assert "${phone_number}" in violation.evidence[0].data


@pytest.mark.parametrize("said", [quote("王芳t1").encode(), json.dumps("王芳t1").encode(), "王芳t1".encode()])
def test_a_name_is_found_in_whatever_form(said: bytes) -> None:
    assert shown(taken(said), data="王芳t1") is not None


def test_a_response_may_repeat_its_own_request() -> None:
    assert shown(taken(PHONE.encode(), asked=b'{"phone": "' + PHONE.encode() + b'"}')) is None
    assert shown(taken(b"nothing")) is None


def test_rendered_text_of_a_page_is_searched_too() -> None:
    violation = shown(rendered=(b"call " + PHONE.encode(),))
    assert violation is not None
    assert violation.evidence == ()


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("41", "42", True),
        ("tic_00000041", "tic_00000042", True),
        ("2026-11-22/0009", "2026-11-22/0010", True),
        ("R-7f3a", "R-9b21", False),
        ("550e8400-e29b-41d4-a716-446655440000", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", False),
        ("1000000000", "9482771203", False),
    ],
)
def test_consecutive_numbers_are_distinguished_from_random_ones(first: str, second: str, expected: bool) -> None:
    assert follows(first, second) is expected


SUPPLIED = {
    "ADULT_PHONE": READY_MADE_PHONE,
    "ADULT_MAIL": READY_MADE_EMAIL,
    "ADULT_NUMBER": "120101198503179010",
    "SUBJECT_NAME": "王某某乙",
}
ACCOUNTS = """
accounts:
  verified_adult: {id: acc_ready_adult, credentials: {token: tok_ready_adult, refresh: ref_ready_adult}, profile: {phone: "${ADULT_PHONE}", email: "${ADULT_MAIL}"}}
  reporter: {id: acc_ready_reporter, credentials: {token: tok_ready_reporter}}
  unverified: {id: acc_ready_newcomer, credentials: {token: tok_ready_newcomer}}
  namesake: {id: acc_ready_namesake, credentials: {token: tok_ready_namesake}}
identities:
  verified_adult: {method: id-card, number: "${ADULT_NUMBER}"}
subjects:
  subject: {id: person-ready-1, name: "${SUBJECT_NAME}"}
  another: {id: person-ready-2, name: "某丙"}
"""


def supplied(*faults: str, accounts: str = ACCOUNTS, written_out: bool = False) -> Report:
    """A run where nobody may be invented: the binding holds whom it needs, in the environment or written out."""
    text = (
        sample_binding().read_text(encoding="utf-8").replace("identities: synthetic", "identities: supplied") + accounts
    )
    for name, value in SUPPLIED.items() if written_out else ():
        text = text.replace("${" + name + "}", value)
    binding = load_binding(BindingText("supplied.yaml", text), environ={} if written_out else SUPPLIED)
    app = create_app(faults=faults, variants=["ready-made-accounts"])
    with binding.connect(transport=AsgiTransport(app)) as provider:
        return run_checks(provider, on=ON, level=Level.EXTENDED, examples=2, rules=["cn-pipl/25", "cn-pipl/51"])


def test_with_supplied_accounts_their_profile_data_is_searched_for() -> None:
    report = supplied()
    undecided = {each.name: each.reason for each in report.checks if each.verdict not in {"pass", "not applicable"}}
    assert undecided == {}


@pytest.mark.parametrize("written_out", [False, True])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("author-reachable-on-pages", "reveals the phone number of the account that published"),
        ("search-finds-by-phone", "a search for the phone number of the account that published"),
        ("consent-named-on-pages", "reveals the name of the person who consented"),
        ("borrowed-consent-names-person", "reveals the name of the person who consented"),
        ("identity-tells-other-accounts", "of the holder of an identity number"),
    ],
)
def test_leaked_supplied_data_is_found_and_in_no_output(name: str, told: str, written_out: bool) -> None:
    report = supplied(name, written_out=written_out)
    findings = [check.finding for check in report.checks if check.verdict == "fail" and check.finding is not None]
    assert any(told in finding.seen for finding in findings)
    outputs = rendered(report)
    assert len(outputs) > 10
    for output, text in outputs.items():
        for secret in SUPPLIED.values():
            for form in forms(secret):
                assert form.decode("utf-8", "replace") not in text, (output, form)


def test_missing_supplied_data_is_requested() -> None:
    few = re.sub(
        r", profile: \{.*\}\}|identities:\n.*\n|  namesake: .*\n",
        lambda found: "}" if "profile" in found[0] else "",
        ACCOUNTS,
    )
    report = supplied(accounts=few.replace('name: "${SUBJECT_NAME}"', 'name: ""'))
    reasons = {check.name: (check.verdict, check.reason) for check in report.checks}
    public, others = reasons["public_pages_tell_nothing_of_people"], reasons["others_are_told_nothing_of_people"]
    assert public[0] == others[0] == "inconclusive"
    assert "supply `accounts.verified_adult.profile`" in public[1] or "supply `subjects.subject.name`" in public[1]
    assert "supply `" in others[1]
