"""A signed statement of what a run concluded: in-toto Statement v1, test-result predicate v0.1, in a DSSE
envelope.

The statement covers the bytes of ``report.json`` by their hash, and names the suite, the rulebook and the
binding that led to it. It is signed with Ed25519. The file is strict: it has exactly one form, so that a
change of any byte is refused, those included that DSSE leaves unsigned.

Specifications: in-toto Attestation Framework v1 (statement, resource descriptor, test-result v0.1); DSSE
1.0.2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections import Counter
from typing import Annotated, Any, Final, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shenhe.core.errors import ShenheError

from ..report import Report, parse_report

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://in-toto.io/attestation/test-result/v0.1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"

#: An attestation lists every rule, so that a rulebook of ten thousand rules still fits.
MAX_BYTES = 4 * 1024 * 1024
MAX_KEY_BYTES = 16 * 1024

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class AttestationError(ShenheError, ValueError):
    """Something that cannot be signed, or a key that cannot be used."""


class NotAttestedError(AttestationError):
    """An attestation that does not hold. The message is a sentence that says why."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Digest(_Model):
    sha256: Sha256


class Subject(_Model):
    """What the statement is about: ``report.json``, with what it says of itself."""

    name: Literal["report.json"] = "report.json"
    digest: Digest
    annotations: dict[str, str | int | dict[str, int]]


class Configuration(_Model):
    """One thing that led to the result, as an in-toto resource descriptor: the suite, the rulebook, the
    binding.
    """

    name: Literal["shenhe", "rulebook", "binding"]
    uri: str | None = None
    digest: Digest | None = None
    annotations: dict[str, str | list[str]] = {}


class Predicate(_Model):
    """The result. ``warnedTests`` are rules left to review; ``failedTests`` are rules that are broken *or not
    verified*, because a reader of this predicate may take anything else for passed."""

    result: Literal["PASSED", "WARNED", "FAILED"]
    configuration: list[Configuration]
    passedTests: list[str]  # noqa: N815 - the names of the predicate
    warnedTests: list[str]  # noqa: N815
    failedTests: list[str]  # noqa: N815


class Statement(_Model):
    """The payload of an attestation."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: Annotated[list[Subject], Field(min_length=1, max_length=1)]
    predicateType: Literal["https://in-toto.io/attestation/test-result/v0.1"]  # noqa: N815
    predicate: Predicate

    @property
    def annotations(self) -> dict[str, str | int | dict[str, int]]:
        """What the report says of itself: target, environment, level, day of the law, counts …"""
        return self.subject[0].annotations

    def configured(self, name: str) -> Configuration | None:
        """The suite, rulebook or binding; ``None`` for a provider that no file binds."""
        return next((found for found in self.predicate.configuration if found.name == name), None)


def statement(report_bytes: bytes, source: str = "report.json") -> Statement:
    """What an attestation of that report says.

    Raises :class:`~shenhe.conformance.report.ReportError` for what is no report, and
    :class:`AttestationError` for one whose summary is not what its rules say.
    """
    report = parse_report(report_bytes, source)
    counts = Counter(rule.verdict for rule in report.rules)
    told = {verdict: count for verdict, count in report.summary.counts.items() if count}
    if told != dict(counts):
        found = f"found {_words(told)}, expected what the rules say: {_words(counts)}"
        raise AttestationError(f"{source}: summary.counts: {found}")
    return Statement(
        _type=STATEMENT_TYPE,
        predicateType=PREDICATE_TYPE,
        subject=[
            Subject(
                digest=Digest(sha256=hashlib.sha256(report_bytes).hexdigest()),
                annotations=_annotations(report),
            )
        ],
        predicate=_predicate(report),
    )


def sign(report_bytes: bytes, key_pem: bytes, *, passphrase: bytes | None = None, source: str = "report.json") -> bytes:
    """The attestation of a report as the bytes of its file, signed with an Ed25519 private key in PEM (PKCS
    #8).

    Raises :class:`AttestationError` for a report or a key that cannot be used. No message repeats any of
    the key.
    """
    key = _private_key(key_pem, passphrase)
    payload = _canonical(statement(report_bytes, source).model_dump(by_alias=True, exclude_none=True))
    return _envelope(payload, key_id(key.public_key()), key.sign(pre_authentication(PAYLOAD_TYPE, payload)))


def verify(attestation: bytes, key_pem: bytes, *, report_bytes: bytes | None = None) -> Statement:
    """The statement of an attestation that holds: signed by that key, unchanged, and about that report
    where one is given.

    ``key_pem`` is an Ed25519 public key in PEM. Raises :class:`NotAttestedError` with a sentence for an
    attestation that does not hold, and :class:`AttestationError` for a key that cannot be used.
    """
    key = _public_key(key_pem)
    payload, named, signature = _opened(attestation)
    if named != key_id(key):
        raise NotAttestedError(f"it names another key ({named[:16]}…) than the one given ({key_id(key)[:16]}…)")
    try:
        key.verify(signature, pre_authentication(PAYLOAD_TYPE, payload))
    except InvalidSignature:
        raise NotAttestedError(
            "the signature does not match: it was changed after it was signed, or signed by another key"
        ) from None
    if _envelope(payload, named, signature) != attestation:
        raise NotAttestedError("what was signed is unchanged, but the file around it was edited")
    try:
        signed = Statement.model_validate_json(payload)
    except ValidationError:
        raise NotAttestedError(
            "the signature is good, but what is signed is no statement of this version of shenhe"
        ) from None
    if report_bytes is not None:
        _check_report(signed, report_bytes)
    return signed


def verifying_key(attestation: bytes) -> str:
    """The id of the key that an attestation names as its signer's. Raises :class:`NotAttestedError`."""
    return _opened(attestation)[1]


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the public key's DER form (SubjectPublicKeyInfo), in hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """The bytes that DSSE signs: type and payload, each with its length.

    >>> pre_authentication("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _check_report(signed: Statement, report_bytes: bytes) -> None:
    found = hashlib.sha256(report_bytes).hexdigest()
    wanted = signed.subject[0].digest.sha256
    if found != wanted:
        raise NotAttestedError(f"it is about another report (sha256 {wanted[:16]}…) than the one given ({found[:16]}…)")
    said = statement(report_bytes).predicate
    if said != signed.predicate:
        raise NotAttestedError("it is about this report, but does not say what the report says")


def _annotations(report: Report) -> dict[str, str | int | dict[str, int]]:
    return {
        "target": report.target.name,
        "environment": report.target.environment,
        "level": report.level,
        "lawOf": report.on,
        "started": report.timing.started,
        "seed": report.seed,
        "examples": report.examples,
        "requests": report.summary.requests,
        "exitCode": report.summary.exit_code,
        "verdicts": {verdict: count for verdict, count in sorted(report.summary.counts.items()) if count},
        "undecided": len(report.undecided),
    }


def _predicate(report: Report) -> Predicate:
    passed = [rule.rule for rule in report.rules if rule.verdict == "pass"]
    warned = [rule.rule for rule in report.rules if rule.verdict == "review"]
    failed = [rule.rule for rule in report.rules if rule.verdict in {"fail", "error", "inconclusive"}]
    configuration = [
        Configuration(name="shenhe", uri=f"pkg:pypi/shenhe@{report.shenhe_version}"),
        Configuration(
            name="rulebook",
            digest=_digest(report.rulebook_sha256, "rulebook_sha256"),
            annotations={"packs": list(report.packs)},
        ),
    ]
    if report.target.binding_sha256:
        configuration.append(
            Configuration(name="binding", digest=_digest(report.target.binding_sha256, "target.binding_sha256"))
        )
    result: Literal["PASSED", "WARNED", "FAILED"] = "PASSED"
    if failed or not passed or (report.summary.exit_code and not warned):
        result = "FAILED"
    elif warned:
        result = "WARNED"
    return Predicate(
        result=result, configuration=configuration, passedTests=passed, warnedTests=warned, failedTests=failed
    )


def _digest(sha256: str, name: str) -> Digest:
    try:
        return Digest(sha256=sha256)
    except ValidationError:
        raise AttestationError(f"report.json: {name}: found {sha256[:80]!r}, expected 64 hexadecimal digits") from None


def _opened(attestation: bytes) -> tuple[bytes, str, bytes]:
    """Payload, name of the key and signature of an envelope. Raises :class:`NotAttestedError` for what is
    none of ours.
    """
    if len(attestation) > MAX_BYTES:
        raise NotAttestedError(f"it is larger than {MAX_BYTES:,} bytes, which no attestation of shenhe is")
    try:
        envelope = json.loads(attestation)
        (entry,) = envelope["signatures"]
        payload_type, keyid = envelope["payloadType"], entry["keyid"]
        payload = base64.b64decode(envelope["payload"], validate=True)
        signature = base64.b64decode(entry["sig"], validate=True)
        if not isinstance(keyid, str):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        raise NotAttestedError("it is not a DSSE envelope with one signature") from None
    if payload_type != PAYLOAD_TYPE:
        raise NotAttestedError(f"its payload is not of the type {PAYLOAD_TYPE}")
    return payload, keyid, signature


def _envelope(payload: bytes, keyid: str, signature: bytes) -> bytes:
    """The one form that the file of an attestation has."""
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": keyid, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(envelope, indent=1).encode() + b"\n"


def _canonical(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _private_key(pem: bytes, passphrase: bytes | None) -> Ed25519PrivateKey:
    expected = "expected an Ed25519 private key in PEM (openssl genpkey -algorithm ed25519 -out key.pem)"
    if len(pem) > MAX_KEY_BYTES:
        raise AttestationError(f"the key file is larger than {MAX_KEY_BYTES:,} bytes, {expected}")
    try:
        key = load_pem_private_key(pem, passphrase)
    except TypeError:
        needed = (
            "is protected by a passphrase, and none was given"
            if passphrase is None
            else "is not protected, but a passphrase was given"
        )
        raise AttestationError(f"the key {needed}") from None
    except (ValueError, UnsupportedAlgorithm):
        wrong = " or the passphrase is wrong" if passphrase is not None else ""
        raise AttestationError(f"the key could not be read{wrong}, {expected}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise AttestationError(f"the key is of another kind, {expected}")
    return key


def _public_key(pem: bytes) -> Ed25519PublicKey:
    expected = "expected an Ed25519 public key in PEM (openssl pkey -in key.pem -pubout -out public.pem)"
    if len(pem) > MAX_KEY_BYTES:
        raise AttestationError(f"the key file is larger than {MAX_KEY_BYTES:,} bytes, {expected}")
    if b"PRIVATE KEY" in pem:
        raise AttestationError(f"the key given is a private one, {expected}; keep the private one to yourself")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise AttestationError(f"the key could not be read, {expected}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise AttestationError(f"the key is of another kind, {expected}")
    return key


def _words(counts: dict[Any, int]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()) if count) or "none"
