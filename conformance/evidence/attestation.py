"""A signed statement of what a run concluded: in-toto Statement v1, test-result predicate v0.1, in a DSSE
envelope.

The statement covers the bytes of ``report.json`` by their hash. It names the suite, the rulebook and the binding, and
says what the run covered and which applicable rules it left out. Only a report that adds up is signed
(:mod:`~shenhe.conformance.evidence.consistency`). The signature is Ed25519. The file has exactly one form, so that a
change of any byte is refused, including bytes that DSSE leaves unsigned.

Specifications: in-toto Attestation Framework v1 (statement, resource descriptor, test-result v0.1); DSSE
1.0.2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
from shenhe.core.strict_json import parse_json

from ..report import Report, parse_report
from ..verdict import Level
from .consistency import must_add_up

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


class Coverage(_Model):
    """What the run covered, as annotations of the report: the target, the law, the selection and the effort.

    ``leftOut`` names the applicable rules that the run did not decide, by what left them out: ``packs``, ``rules`` or
    the level that would have decided them. ``undecided`` counts the rules that no run of this level decides.
    """

    target: str
    environment: str
    services: list[str]
    operations: list[str]
    markets: list[str]
    roles: list[str]
    traits: dict[str, bool]
    level: Literal["core", "extended", "full"]
    lawOf: str  # noqa: N815 - annotations of in-toto are in camel case
    started: str
    seed: int
    examples: int
    sample: int
    requests: int
    limits: dict[Literal["requests", "seconds", "generations"], float]
    chosenPacks: list[str] | None = None  # noqa: N815
    chosenRules: list[str] | None = None  # noqa: N815
    leftOut: dict[Literal["packs", "rules", "extended", "full"], list[str]]  # noqa: N815
    notApplicable: list[str]  # noqa: N815
    undecided: int
    verdicts: dict[str, int]
    exitCode: int  # noqa: N815


class AttestedReport(_Model):
    """The subject of the statement: ``report.json``, with what the run covered."""

    name: Literal["report.json"] = "report.json"
    digest: Digest
    annotations: Coverage


class Configuration(_Model):
    """One thing that led to the result, as an in-toto resource descriptor: the suite, the rulebook, the
    binding.
    """

    name: Literal["shenhe", "rulebook", "binding"]
    uri: str | None = None
    digest: Digest | None = None
    annotations: dict[str, str | list[str]] = {}


class Predicate(_Model):
    """The result. ``warnedTests`` are rules left to review. ``failedTests`` are rules that are broken *or not
    verified*, because a reader of this predicate may take anything else for passed. The result is ``PASSED`` only if
    every applicable rule that a check can decide passed: a run that left rules out is at best ``WARNED``.
    """

    result: Literal["PASSED", "WARNED", "FAILED"]
    configuration: list[Configuration]
    passedTests: list[str]  # noqa: N815 - the names of the predicate
    warnedTests: list[str]  # noqa: N815
    failedTests: list[str]  # noqa: N815


class Statement(_Model):
    """The payload of an attestation."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: Annotated[list[AttestedReport], Field(min_length=1, max_length=1)]
    predicateType: Literal["https://in-toto.io/attestation/test-result/v0.1"]  # noqa: N815
    predicate: Predicate

    @property
    def annotations(self) -> Coverage:
        """What the run covered."""
        return self.subject[0].annotations

    def configured(self, name: str) -> Configuration | None:
        """The suite, rulebook or binding; ``None`` for a provider that no file binds."""
        return next((found for found in self.predicate.configuration if found.name == name), None)


def statement(report_bytes: bytes, source: str = "report.json") -> Statement:
    """What an attestation of that report says.

    Raises :class:`~shenhe.conformance.report.ReportError` for a file that is not a report, and
    :class:`~shenhe.conformance.evidence.consistency.InconsistentReport` for one that does not add up.
    """
    report = parse_report(report_bytes, source)
    must_add_up(report, source)
    return Statement(
        _type=STATEMENT_TYPE,
        predicateType=PREDICATE_TYPE,
        subject=[
            AttestedReport(
                digest=Digest(sha256=hashlib.sha256(report_bytes).hexdigest()),
                annotations=_coverage(report),
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
        raise NotAttestedError("the signed content is unchanged, but the file around it was edited")
    try:
        signed = Statement.model_validate_json(payload)
    except ValidationError:
        raise NotAttestedError(
            "the signature is valid, but the signed content is not a statement of this version of shenhe"
        ) from None
    if report_bytes is not None:
        _check_report(signed, report_bytes)
    return signed


@dataclass(frozen=True)
class Expected:
    """What a reader expects of an attestation beyond its signature. Everything that is ``None`` is not checked.

    ``revoked`` holds ids of keys and SHA-256 hashes of reports. ``max_age`` counts from the start of the run, by the
    signer's clock. ``passed`` asks that every applicable rule passed: at every level, or up to ``level``, by the law of
    the day of the run (or of ``law_of``) and the rulebook with the hash ``rulebook``.
    """

    key: str | None = None
    revoked: Collection[str] = ()
    max_age: timedelta | None = None
    target: str | None = None
    binding: str | None = None
    passed: bool = False
    level: Level = Level.FULL
    law_of: date | None = None
    rulebook: str | None = None


def must_meet(signed: Statement, signer: str, expected: Expected, now: datetime) -> None:
    """Raise :class:`NotAttestedError` with the first expectation that a statement signed by ``signer`` fails."""
    covered, report = signed.annotations, signed.subject[0].digest.sha256
    if expected.key is not None and expected.key.lower() != signer:
        raise NotAttestedError(f"it is signed by the key {signer}, expected {expected.key}")
    for name, value in (("key", signer), ("report", report)):
        if value in expected.revoked:
            raise NotAttestedError(f"the {name} {value} is revoked")
    if expected.max_age is not None:
        _must_be_recent(covered.started, expected.max_age, now)
    if expected.target is not None and covered.target != expected.target:
        raise NotAttestedError(f"it is about the target {covered.target!r}, expected {expected.target!r}")
    binding = signed.configured("binding")
    found = binding.digest.sha256 if binding and binding.digest else None
    if expected.binding is not None and found != expected.binding.lower():
        raise NotAttestedError(f"it is about the binding {found or 'of no file'}, expected {expected.binding}")
    if expected.passed:
        _must_have_passed(signed, expected)


def _must_be_recent(started: str, max_age: timedelta, now: datetime) -> None:
    try:
        age = now - datetime.fromisoformat(started)
    except (ValueError, TypeError, OverflowError):
        raise NotAttestedError(f"the start of the run is {started[:40]!r}, expected a time with its zone") from None
    if age > max_age:
        raise NotAttestedError(f"the run is {age.days} days old (started {started}), expected at most {max_age.days}")
    if age < -timedelta(hours=1):
        raise NotAttestedError(f"the run starts in the future ({started})")


def _must_have_passed(signed: Statement, expected: Expected) -> None:
    predicate, covered = signed.predicate, signed.annotations
    if predicate.failedTests:
        raise NotAttestedError(f"{len(predicate.failedTests)} rules failed or were not verified, {predicate.result}")
    if predicate.warnedTests:
        raise NotAttestedError(f"{len(predicate.warnedTests)} rules are left to review, {predicate.result}")
    if not predicate.passedTests or predicate.result == "FAILED":
        raise NotAttestedError(f"no rule passed, or the run did not end well: {predicate.result}")
    for by, rules in covered.leftOut.items():
        if by in ("packs", "rules"):
            raise NotAttestedError(f"{len(rules)} applicable rules were left out by --{by}: {_first(rules)}")
        if expected.level.includes(Level(by)):
            raise NotAttestedError(
                f"{len(rules)} applicable rules are decided only at level {by}: {_first(rules)}; the run was of level "
                f"{covered.level}"
            )
    if not Level(covered.level).includes(expected.level) and expected.level is not Level.FULL:
        raise NotAttestedError(f"the run was of level {covered.level}, expected {expected.level.value}")
    try:
        law, begun = date.fromisoformat(covered.lawOf), datetime.fromisoformat(covered.started).date()
    except ValueError:
        raise NotAttestedError("its day of the law or start is not a date") from None
    if expected.law_of is not None and law != expected.law_of:
        raise NotAttestedError(f"it applies the law of {law}, expected {expected.law_of}")
    if expected.law_of is None and abs(law - begun) > timedelta(days=1):
        raise NotAttestedError(f"it applies the law of {law} to a run of {begun}: name that day to accept it")
    rulebook = signed.configured("rulebook")
    found = rulebook.digest.sha256 if rulebook and rulebook.digest else None
    if found != expected.rulebook:
        raise NotAttestedError(f"it is about the rulebook {found}, expected {expected.rulebook}")


def read_revoked(text: str, source: str) -> frozenset[str]:
    """The ids of a revocation list: one per line, of a key or of a report (SHA-256); ``#`` begins a comment.

    Raises :class:`AttestationError` naming the line that is neither, because a mistyped id would revoke nothing.
    """
    found = set()
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip().lower()
        if entry and not re.fullmatch(r"[0-9a-f]{64}", entry):
            raise AttestationError(f"{source}:{number}: found {entry[:80]!r}, expected 64 hexadecimal digits")
        if entry:
            found.add(entry)
    return frozenset(found)


def _first(rules: list[str]) -> str:
    return ", ".join(rules[:3]) + (" …" if len(rules) > 3 else "")


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
        raise NotAttestedError("it refers to this report, but its content differs")


def _coverage(report: Report) -> Coverage:
    selection = report.selection
    left_out: dict[Literal["packs", "rules", "extended", "full"], list[str]] = {}
    for each in selection.left_out:
        by: Any = each.level if each.by == "level" else each.by
        left_out.setdefault(by, []).append(each.rule)
    limits: dict[Literal["requests", "seconds", "generations"], float | None] = {
        "requests": selection.max_requests,
        "seconds": selection.max_seconds,
        "generations": selection.max_generations,
    }
    return Coverage(
        target=report.target.name,
        environment=report.target.environment,
        services=report.target.services,
        operations=report.target.operations,
        markets=report.target.markets,
        roles=report.target.roles,
        traits=report.target.traits,
        level=report.level,
        lawOf=report.on,
        started=report.timing.started,
        seed=report.seed,
        examples=report.examples,
        sample=selection.sample,
        requests=report.summary.requests,
        limits={name: limit for name, limit in limits.items() if limit is not None},
        chosenPacks=selection.packs,
        chosenRules=selection.rules,
        leftOut=left_out,
        notApplicable=[rule.rule for rule in report.rules if rule.verdict == "not applicable"],
        undecided=len(report.undecided),
        verdicts={verdict: count for verdict, count in sorted(report.summary.counts.items()) if count},
        exitCode=report.summary.exit_code,
    )


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
    elif warned or report.selection.left_out:
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
        envelope = parse_json(attestation, values=100)
        (entry,) = envelope["signatures"]
        payload_type, keyid = envelope["payloadType"], entry["keyid"]
        payload = base64.b64decode(envelope["payload"], validate=True)
        signature = base64.b64decode(entry["sig"], validate=True)
        if not isinstance(keyid, str):
            raise TypeError
    except (ValueError, TypeError, KeyError, binascii.Error):
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
        raise AttestationError(f"this is a private key, {expected}; keep the private one to yourself")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise AttestationError(f"the key could not be read, {expected}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise AttestationError(f"the key is of another kind, {expected}")
    return key
