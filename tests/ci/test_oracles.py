"""Our outputs and readers against libraries that others wrote and keep."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shenhe.conformance.bindings.language.responses.stream import events_of
from shenhe.conformance.evidence.attestation import PAYLOAD_TYPE, NotAttestedError, sign, verify
from shenhe.conformance.report import Report
from shenhe.reports.formats.junit import write_junit
from shenhe.reports.formats.oscal import assessment_results
from shenhe.reports.formats.sarif import sarif
from shenhe.rulebook import load_rulebook

from ..factories import HOSTILE, hostile_provider, mixed, passing
from ..hostile.consistent import consistent

REPORTS = {"mixed": mixed, "passing": passing, "hostile": hostile_provider}


@pytest.fixture(params=REPORTS)
def report(request: pytest.FixtureRequest) -> Report:
    return REPORTS[request.param]()


def test_junitparser_counts_the_same_verdicts(report: Report, tmp_path: Path) -> None:
    junitparser = pytest.importorskip("junitparser")
    write_junit(report, tmp_path / "junit.xml")
    found = junitparser.JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    cases = [case for suite in found for case in suite]
    kinds = [{type(result).__name__ for result in case.result} for case in cases]
    verdicts = [rule.verdict for rule in report.rules]
    assert sum("Error" in kind for kind in kinds) == verdicts.count("error") + verdicts.count("inconclusive")
    assert sum("Failure" in kind for kind in kinds) == verdicts.count("fail")
    assert sum("Skipped" in kind for kind in kinds) == verdicts.count("review") + verdicts.count("not applicable")
    for suite in found:
        assert suite.tests == sum(1 for _ in suite)
        assert suite.failures == sum(
            any(isinstance(each, junitparser.Failure) for each in case.result) for case in suite
        )


def test_trestle_reads_the_oscal_document(report: Report) -> None:
    pytest.importorskip("trestle")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from trestle.oscal.assessment_results import Model
    document = assessment_results(report, "ee" * 32)
    results = Model.parse_obj(document).assessment_results.results[0]
    assert [finding.title for finding in results.findings or ()] == [
        finding["title"] for finding in document["assessment-results"]["results"][0].get("findings", ())
    ]
    satisfied = [finding.target.status.state for finding in results.findings or ()]
    assert [str(getattr(state, "value", state)) for state in satisfied].count("satisfied") == sum(
        rule.verdict == "pass" for rule in report.rules
    )


def test_titles_in_oscal_are_readable(report: Report) -> None:
    titles = json.dumps(assessment_results(report, "ee" * 32), ensure_ascii=False)
    assert "&#" not in titles


def test_sarif_pydantic_reads_the_log(report: Report) -> None:
    models = pytest.importorskip("sarif_pydantic")
    made = sarif(report, load_rulebook().rules)
    (run,) = models.Sarif.model_validate(made).runs
    assert run.tool.driver.name == "shenhe"
    assert str(run.tool.driver.information_uri).startswith("pkg:pypi/shenhe@"), "SARIF2005"
    assert len(run.results) == len(made["runs"][0]["results"])


def keys() -> tuple[bytes, bytes, Any]:
    key = Ed25519PrivateKey.generate()
    return (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        key.public_key(),
    )


def test_securesystemslib_verifies_and_makes_the_same_envelopes() -> None:
    dsse = pytest.importorskip("securesystemslib.dsse")
    signer = pytest.importorskip("securesystemslib.signer")
    private, public, key = keys()
    ours = sign(consistent().model_dump_json().encode(), private)
    (entry,) = json.loads(ours)["signatures"]
    theirs = signer.SSlibKey.from_crypto(key, keyid=entry["keyid"])
    envelope = dsse.Envelope.from_dict(json.loads(ours))
    assert envelope.payload_type == PAYLOAD_TYPE
    assert list(envelope.verify([theirs], 1)) == [entry["keyid"]]

    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    crypto = signer.CryptoSigner(load_pem_private_key(private, None), theirs)
    again = dsse.Envelope(envelope.payload, PAYLOAD_TYPE, {})
    again.sign(crypto)
    # Ed25519 signs alike every time, so both libraries must make the same signature.
    assert again.to_dict()["signatures"][0]["sig"] == entry["sig"]
    verify(ours, public)
    again.payload += b" "
    with pytest.raises(NotAttestedError):
        verify(json.dumps(again.to_dict()).encode(), public)


def test_in_toto_reads_our_statements() -> None:
    statements = pytest.importorskip("in_toto_attestation.v1.statement")
    from google.protobuf import json_format

    dsse = pytest.importorskip("securesystemslib.dsse")
    private, _, _ = keys()
    envelope = dsse.Envelope.from_dict(json.loads(sign(consistent().model_dump_json().encode(), private)))
    found = statements.Statement([], "", {})
    json_format.Parse(envelope.payload, found.pb)
    found.validate()


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["", "data: a", "data:b", "data", "event: e", "event:", ": comment", "id: 1", "retry: 5", "x: y"]
        ),
        st.text(alphabet="a:é 生\t", max_size=8),
    ),
    max_size=12,
)


@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_httpx_sse_reads_the_same_events(lines: list[str], end: str) -> None:
    httpx_sse = pytest.importorskip("httpx_sse")
    text = end.join([*lines, "", ""])
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=text.encode())
    theirs = [(event.event, event.data) for event in httpx_sse.EventSource(response).iter_sse() if event.data]
    assert [(name, data) for name, data in events_of(text) if data] == theirs


def test_hostile_text_shows_as_itself_in_oscal_markup() -> None:
    markdown_it = pytest.importorskip("markdown_it")
    from shenhe.reports.formats.oscal import markup

    shown = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).parseInline(markup(HOSTILE, 2000))[0].children or []
    assert {token.type for token in shown} <= {"text", "text_special", "softbreak"}
