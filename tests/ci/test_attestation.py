from __future__ import annotations

import base64
import json
import traceback
from importlib.metadata import version
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from shenhe.conformance.evidence.attestation import (
    MAX_BYTES,
    MAX_KEY_BYTES,
    AttestationError,
    NotAttestedError,
    key_id,
    pre_authentication,
    sign,
    statement,
    verify,
    verifying_key,
)
from shenhe.conformance.report import Report, ReportError
from shenhe.conformance.verdict import VerdictName
from shenhe.rulebook import load_rulebook

from ..factories import HOSTILE, REAL_NAME
from ..hostile.consistent import TARGET, consistent

RULES = ["cn-dsp-2023/9.1", "cn-dsp-2023/9.2", "cn-dsp-2023/17.1.1", "cn-dsp-2023/18"]


def mixed() -> Report:
    """Rules that passed, failed, broke and are inconclusive."""
    verdicts: dict[str, VerdictName] = {
        "text_output_is_labelled": "fail",
        "identity_number_must_be_valid": "inconclusive",
        "upload_keeps_labels": "error",
    }
    return consistent(verdicts, rules=RULES)


def passing() -> Report:
    return consistent(rules=RULES)


KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def pem(key: Any = KEY, encryption: KeySerializationEncryption | None = None) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))


def public(key: Any = KEY) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def written(made: Report) -> bytes:
    return (made.model_dump_json(indent=1) + "\n").encode()


def payload(attestation: bytes) -> Any:
    return json.loads(base64.b64decode(json.loads(attestation)["payload"]))


SIGNED = sign(written(mixed()), pem())


def test_the_signed_statement_is_an_in_toto_test_result() -> None:
    said = payload(SIGNED)
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert json.loads(SIGNED)["payloadType"] == "application/vnd.in-toto+json"
    assert said["predicate"]["result"] == "FAILED"
    assert said["predicate"]["passedTests"] == [REAL_NAME]
    assert set(said["predicate"]["failedTests"]) == set(RULES) - {REAL_NAME}, "an undecided rule has not passed"
    descriptors = {entry["name"]: entry for entry in said["predicate"]["configuration"]}
    assert descriptors["shenhe"]["uri"] == f"pkg:pypi/shenhe@{version('shenhe')}"
    assert descriptors["rulebook"]["digest"] == {"sha256": load_rulebook().hash}
    assert descriptors["binding"]["digest"] == {"sha256": "cd" * 32}


def test_a_signed_report_verifies_and_states_its_coverage() -> None:
    found = verify(SIGNED, public(), report_bytes=written(mixed()))
    assert found.annotations.verdicts == {"error": 1, "fail": 1, "inconclusive": 1, "pass": 1}
    assert found.annotations.environment == "test"
    assert verifying_key(SIGNED) == key_id(KEY.public_key())


def test_the_same_report_and_key_give_the_same_bytes() -> None:
    assert sign(written(mixed()), pem()) == SIGNED


@pytest.mark.costly
def test_every_changed_byte_is_refused() -> None:
    for position, byte in enumerate(SIGNED):
        for other in {byte ^ 1, byte ^ 0x20, ord(" "), ord("="), 0, 0xFF} - {byte}:
            with pytest.raises(NotAttestedError):
                verify(SIGNED[:position] + bytes([other]) + SIGNED[position + 1 :], public())


@given(st.data())
def test_removed_or_added_parts_are_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SIGNED)))
    end = data.draw(st.integers(start, len(SIGNED)))
    changed = SIGNED[:start] + data.draw(st.binary(max_size=8)) + SIGNED[end:]
    if changed == SIGNED:
        return
    with pytest.raises(NotAttestedError):
        verify(changed, public())


def test_a_changed_statement_with_its_old_signature_is_refused() -> None:
    envelope = json.loads(SIGNED)
    said = payload(SIGNED)
    said["predicate"]["result"] = "PASSED"
    envelope["payload"] = base64.b64encode(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).decode()
    with pytest.raises(NotAttestedError, match="signature does not match"):
        verify(json.dumps(envelope, indent=1).encode() + b"\n", public())


def test_editing_the_envelope_is_refused() -> None:
    with pytest.raises(NotAttestedError, match="edited"):
        verify(json.dumps(json.loads(SIGNED)).encode(), public())
    with pytest.raises(NotAttestedError, match="edited"):
        verify(json.dumps({**json.loads(SIGNED), "note": "approved"}, indent=1).encode() + b"\n", public())


def test_another_key_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    with pytest.raises(NotAttestedError, match="another key"):
        verify(SIGNED, public(other))
    envelope = json.loads(SIGNED)
    envelope["signatures"][0]["keyid"] = key_id(other.public_key())
    with pytest.raises(NotAttestedError, match="signature does not match"):
        verify(json.dumps(envelope, indent=1).encode() + b"\n", public(other))


def test_another_payload_type_is_refused_even_if_signed() -> None:
    envelope = json.loads(SIGNED)
    kind = "application/json"
    body = base64.b64decode(envelope["payload"])
    envelope["payloadType"] = kind
    envelope["signatures"][0]["sig"] = base64.b64encode(KEY.sign(pre_authentication(kind, body))).decode()
    with pytest.raises(NotAttestedError, match="payload"):
        verify(json.dumps(envelope, indent=1).encode() + b"\n", public())


def test_a_signed_payload_that_is_no_statement_is_refused() -> None:
    for body in (b"{}", b"null", b'{"_type": "https://in-toto.io/Statement/v0.1"}', b"\xff"):
        envelope = {
            "payload": base64.b64encode(body).decode(),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [
                {
                    "keyid": key_id(KEY.public_key()),
                    "sig": base64.b64encode(
                        KEY.sign(pre_authentication("application/vnd.in-toto+json", body))
                    ).decode(),
                }
            ],
        }
        with pytest.raises(NotAttestedError, match="is not a statement"):
            verify(json.dumps(envelope, indent=1).encode() + b"\n", public())


def test_another_report_is_refused() -> None:
    with pytest.raises(NotAttestedError, match="another report"):
        verify(SIGNED, public(), report_bytes=written(passing()))
    with pytest.raises(NotAttestedError, match="another report"):
        verify(SIGNED, public(), report_bytes=written(mixed()) + b" ")


def test_a_statement_that_contradicts_the_report_is_refused() -> None:
    said = payload(SIGNED)
    said["predicate"] |= {"result": "PASSED", "failedTests": [], "warnedTests": []}
    body = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    envelope = {
        "payload": base64.b64encode(body).decode(),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [
            {
                "keyid": key_id(KEY.public_key()),
                "sig": base64.b64encode(KEY.sign(pre_authentication("application/vnd.in-toto+json", body))).decode(),
            }
        ],
    }
    lie = json.dumps(envelope, indent=1).encode() + b"\n"
    assert verify(lie, public()).predicate.result == "PASSED", "without the report, the signer's word stands"
    with pytest.raises(NotAttestedError, match="its content differs"):
        verify(lie, public(), report_bytes=written(mixed()))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"[" * 100_000, b'{"payload": 1}', b"\xff\xfe", b"x" * (MAX_BYTES + 1)]
)
def test_a_file_that_is_not_an_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(NotAttestedError):
        verify(data, public())


@pytest.mark.parametrize(
    ("verdict", "result"),
    [
        ("pass", "PASSED"),
        ("not applicable", "PASSED"),
        ("review", "WARNED"),
        ("inconclusive", "FAILED"),
        ("fail", "FAILED"),
        ("error", "FAILED"),
    ],
)
def test_one_rule_decides_the_result(verdict: VerdictName, result: str) -> None:
    made = consistent({"text_output_is_labelled": verdict})
    assert statement(written(made)).predicate.result == result


def test_a_run_without_decisions_has_not_passed() -> None:
    assert statement(written(consistent(otherwise="not applicable"))).predicate.result == "FAILED"


def test_a_report_that_is_none_is_not_signed() -> None:
    with pytest.raises(ReportError):
        sign(b"{}", pem())


def test_a_report_without_a_binding_file_is_signed_without_one() -> None:
    classy = consistent(target=TARGET.model_copy(update={"binding_sha256": ""}))
    assert verify(sign(written(classy), pem()), public()).configured("binding") is None


def test_hostile_text_is_signed_unchanged() -> None:
    made = consistent(otherwise="review", text=HOSTILE, target=TARGET.model_copy(update={"name": HOSTILE}))
    found = verify(sign(written(made), pem()), public(), report_bytes=written(made))
    assert found.annotations.target == HOSTILE


def test_a_protected_key_needs_its_passphrase() -> None:
    locked = pem(encryption=BestAvailableEncryption(b"correct horse"))
    assert sign(written(mixed()), locked, passphrase=b"correct horse") == SIGNED
    for passphrase in (None, b"wrong"):
        with pytest.raises(AttestationError, match="passphrase"):
            sign(written(mixed()), locked, passphrase=passphrase)
    with pytest.raises(AttestationError, match="not protected"):
        sign(written(mixed()), pem(), passphrase=b"correct horse")


def unusable_private_keys() -> dict[str, bytes]:
    text = pem()
    return {
        "empty": b"",
        "garbage": b"-----BEGIN PRIVATE KEY-----\n" + b"QUJD" * 20 + b"\n-----END PRIVATE KEY-----\n",
        "cut": text[:-40],
        "altered": text.replace(text[40:44], b"!!!!"),
        "public": public(),
        "other kind": pem(ec.generate_private_key(ec.SECP256R1())),
        "huge": text + b"#" * MAX_KEY_BYTES,
    }


@pytest.mark.parametrize("kind", unusable_private_keys())
def test_no_message_repeats_a_private_key(kind: str) -> None:
    text = unusable_private_keys()[kind]
    with pytest.raises(AttestationError) as caught:
        sign(written(mixed()), text)
    told = "".join(traceback.format_exception(caught.value))
    body = text.decode("ascii", "replace").replace("\n", "")
    windows = {
        body[start : start + 12] for start in range(max(0, len(body) - 12)) if "KEY" not in body[start : start + 12]
    }
    assert not any(window in told for window in windows if window.strip("-#"))


def test_a_private_key_is_not_taken_for_a_public_one() -> None:
    with pytest.raises(AttestationError, match="private one"):
        verify(SIGNED, pem())
    with pytest.raises(AttestationError, match="another kind"):
        verify(SIGNED, public(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(AttestationError, match="could not be read"):
        verify(SIGNED, b"ssh-ed25519 AAAA")


def test_the_encoding_is_that_of_the_specification() -> None:
    assert (
        pre_authentication("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pre_authentication("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "
