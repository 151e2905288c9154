"""``shenhe verify``: verify an attestation and print what it covers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shenhe.conformance.verdict import Level

from .options import day_of
from .output import echo_json

if TYPE_CHECKING:
    from shenhe.conformance.evidence.attestation import Coverage, Statement

#: No binding and no revocation list is larger.
_MAX_FILE = 4 * 1024 * 1024


def verify(
    attestation: Annotated[Path, typer.Argument(metavar="FILE", help="An attestation written by `shenhe attest`.")],
    key: Annotated[Path, typer.Option("--key", metavar="PUBLIC_PEM", help="The signer's Ed25519 public key, in PEM.")],
    report: Annotated[
        Path | None, typer.Option("--report", metavar="REPORT", help="Also verify that it covers this report.")
    ] = None,
    require_passed: Annotated[
        bool,
        typer.Option(
            "--require-passed", help="Require that every applicable rule that a check can decide passed (see --level)."
        ),
    ] = False,
    level: Annotated[
        Level, typer.Option("--level", help="With --require-passed: the level up to which rules must have passed.")
    ] = Level.FULL,
    target: Annotated[str | None, typer.Option("--target", metavar="NAME", help="Require this target.")] = None,
    binding: Annotated[
        Path | None,
        typer.Option("--binding", metavar="FILE", help="Require this binding file, byte for byte."),
    ] = None,
    binding_sha256: Annotated[
        str | None, typer.Option("--binding-sha256", metavar="HEX", help="Require the binding with this hash.")
    ] = None,
    max_age: Annotated[
        float | None,
        typer.Option(
            "--max-age", metavar="DAYS", min=0, max=36500, help="Refuse a run that started more than DAYS days ago."
        ),
    ] = None,
    expected_key: Annotated[
        str | None, typer.Option("--key-id", metavar="HEX", help="Require this key ID as the signer.")
    ] = None,
    revoked: Annotated[
        Path | None,
        typer.Option(
            "--revoked", metavar="FILE", help="Refuse the keys and reports in this file (one SHA-256 per line)."
        ),
    ] = None,
    law_of: Annotated[
        str | None,
        typer.Option("--law-of", metavar="DATE", help="With --require-passed: accept the law of this date."),
    ] = None,
    rulebook_sha256: Annotated[
        str | None,
        typer.Option(
            "--rulebook-sha256",
            metavar="HEX",
            help="With --require-passed: accept this rulebook instead of the installed one.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the statement as JSON.")] = False,
) -> None:
    """Verify that an attestation is unchanged and signed with the key, and print what it covers.

    An attestation is the signer's statement that a run of this suite, rulebook and binding produced this report. It
    does not prove that the run took place.

    Exit codes: 0 verified, 1 not verified, 2 a usage error.

    Example:  shenhe verify attestation.json --key public.pem --report report.json --require-passed --max-age 30
    """
    from datetime import UTC, datetime, timedelta

    from shenhe.conformance.evidence.attestation import (
        MAX_BYTES,
        MAX_KEY_BYTES,
        Expected,
        NotAttestedError,
        must_meet,
        read_revoked,
        verifying_key,
    )
    from shenhe.conformance.evidence.attestation import verify as check
    from shenhe.conformance.report import read_report_bytes
    from shenhe.core.text import visible
    from shenhe.rulebook import load_rulebook

    if binding is not None and binding_sha256 is not None:
        raise typer.BadParameter("expected a file or its hash, not both", param_hint="--binding, --binding-sha256")
    pem, data = _read(key, MAX_KEY_BYTES), _read(attestation, MAX_BYTES)
    report_bytes = read_report_bytes(report) if report is not None else None
    list_text = _read(revoked, _MAX_FILE).decode("utf-8", "replace") if revoked is not None else ""
    book = load_rulebook().hash
    expected = Expected(
        key=expected_key,
        revoked=read_revoked(list_text, str(revoked)),
        max_age=timedelta(days=max_age) if max_age is not None else None,
        target=target,
        binding=hashlib.sha256(_read(binding, _MAX_FILE)).hexdigest() if binding is not None else binding_sha256,
        passed=require_passed,
        level=level,
        law_of=day_of(law_of),
        rulebook=rulebook_sha256 or book,
    )
    try:
        statement = check(data, pem, report_bytes=report_bytes)
        must_meet(statement, verifying_key(data), expected, datetime.now(UTC))
    except NotAttestedError as refused:
        typer.echo(f"shenhe: {attestation}: refused: {visible(str(refused))}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        echo_json(json.dumps(statement.model_dump(by_alias=True, exclude_none=True), indent=1))
    else:
        _print(statement, verifying_key(data), book, report)


def _read(path: Path, limit: int) -> bytes:
    """A file up to one byte more than its limit, which its reader refuses."""
    from shenhe.core.files import read_up_to

    return read_up_to(path, limit)


def _print(statement: Statement, signer: str, own_book: str, report: Path | None) -> None:
    from shenhe.core.text import one_line

    covered, predicate = statement.annotations, statement.predicate
    rulebook, binding = statement.configured("rulebook"), statement.configured("binding")
    suite = statement.configured("shenhe")
    book = rulebook.digest.sha256 if rulebook and rulebook.digest else ""
    same = "the same as" if book == own_book else "another than"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in covered.verdicts.items())
    packs = rulebook.annotations.get("packs", []) if rulebook else []
    about = "and is about the report given" if report else "the report itself was not given (--report)"
    rows = [
        ("holds", f"signed by key {signer}, unchanged; {about}"),
        ("result", f"{predicate.result}: {counts}"),
        ("target", f"{covered.target}, environment {covered.environment}"),
        ("scope", f"level {covered.level}, law of {covered.lawOf}, packs {', '.join(packs)}"),
        ("selection", _selection(covered)),
        ("left out", _left_out(covered)),
        ("declared", f"services {', '.join(covered.services)}; markets {', '.join(covered.markets)}"),
        ("run", f"started {covered.started} by the signer's clock, {covered.requests} requests"),
        ("suite", suite.uri or "" if suite else ""),
        ("rulebook", f"sha256 {book} ({same} this installation's)"),
        ("binding", f"sha256 {binding.digest.sha256}" if binding and binding.digest else "none: bound by no file"),
        ("report", f"sha256 {statement.subject[0].digest.sha256}"),
        ("not covered", f"{covered.undecided} rules that this run does not decide; other environments; other days"),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        typer.echo(f"{name:<{width}}  {one_line(value)}")


def _selection(covered: Coverage) -> str:
    chosen = [f"packs {', '.join(covered.chosenPacks)}"] if covered.chosenPacks is not None else []
    chosen += [f"rules {', '.join(covered.chosenRules)}"] if covered.chosenRules is not None else []
    chosen += [f"at most {limit:g} {name}" for name, limit in covered.limits.items()]
    return "; ".join(chosen) or "every rule in force for the target, without limits"


def _left_out(covered: Coverage) -> str:
    reasons = {
        "packs": "by the choice of packs",
        "rules": "by the choice of rules",
        "extended": "decided only at level extended",
        "full": "decided only at level full",
    }
    parts = [f"{len(rules)} applicable rules {reasons[by]}" for by, rules in covered.leftOut.items()]
    return "; ".join(parts) or "no applicable rule that a check can decide"
