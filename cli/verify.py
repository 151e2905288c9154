"""``shenhe verify``: check an attestation and say what it covers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shenhe.conformance.evidence.attestation import Statement


def verify(
    attestation: Annotated[Path, typer.Argument(metavar="FILE", help="What `shenhe attest` wrote.")],
    key: Annotated[Path, typer.Option("--key", metavar="PUBLIC_PEM", help="The signer's Ed25519 public key, in PEM.")],
    report: Annotated[
        Path | None, typer.Option("--report", metavar="REPORT", help="Also check that it is about this report.")
    ] = None,
    require_passed: Annotated[
        bool, typer.Option("--require-passed", help="Refuse what does not say that every rule was kept.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the statement as JSON.")] = False,
) -> None:
    """Check that an attestation is unchanged and signed by that key, and say what it covers.

    Exit code: 0 it holds, 1 it does not, 2 a mistake in what was asked for. What it holds to be true is the
    signer's word: that a run of this suite, rulebook and binding gave this report.

    Example:  shenhe verify attestation.json --key public.pem --report report.json
    """
    from shenhe.conformance.evidence.attestation import MAX_BYTES, MAX_KEY_BYTES, NotAttestedError
    from shenhe.conformance.evidence.attestation import verify as check
    from shenhe.conformance.report import read_report_bytes

    with key.open("rb") as stream:
        pem = stream.read(MAX_KEY_BYTES + 1)
    with attestation.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    report_bytes = read_report_bytes(report) if report is not None else None
    try:
        statement = check(data, pem, report_bytes=report_bytes)
        if require_passed and statement.predicate.result != "PASSED":
            raise NotAttestedError(f"it holds, and its result is {statement.predicate.result}, not PASSED")
    except NotAttestedError as refused:
        typer.echo(f"shenhe: {attestation}: refused: {refused}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(statement.model_dump(by_alias=True, exclude_none=True), indent=1, ensure_ascii=False))
    else:
        _print(statement, data, report)


def _print(statement: Statement, attestation: bytes, report: Path | None) -> None:
    from shenhe.conformance.evidence.attestation import verifying_key
    from shenhe.core.text import one_line
    from shenhe.rulebook import load_rulebook

    said = {name: one_line(str(value)) for name, value in statement.annotations.items()}
    predicate = statement.predicate
    rulebook, binding = statement.configured("rulebook"), statement.configured("binding")
    suite = statement.configured("shenhe")
    book = rulebook.digest.sha256 if rulebook and rulebook.digest else ""
    same = "the same as" if book == load_rulebook().hash else "another than"
    verdicts = statement.annotations.get("verdicts")
    counts = (
        ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()) if isinstance(verdicts, dict) else ""
    )
    packs = rulebook.annotations.get("packs", []) if rulebook else []
    about = "and is about the report given" if report else "the report itself was not given (--report)"
    rows = [
        ("holds", f"signed by key {verifying_key(attestation)}, unchanged; {about}"),
        ("result", f"{predicate.result}: {one_line(counts)}"),
        ("provider", f"{said.get('target', '')}, environment {said.get('environment', '')}"),
        ("scope", f"level {said.get('level', '')}, law of {said.get('lawOf', '')}, packs {one_line(', '.join(packs))}"),
        ("run", f"started {said.get('started', '')} by the signer's clock, {said.get('requests', '')} requests"),
        ("suite", one_line(suite.uri or "") if suite else ""),
        ("rulebook", f"sha256 {book} ({same} this installation's)"),
        ("binding", f"sha256 {binding.digest.sha256}" if binding and binding.digest else "none: bound by no file"),
        ("report", f"sha256 {statement.subject[0].digest.sha256}"),
        (
            "not covered",
            f"{said.get('undecided', '')} rules that this run does not decide; other environments; other days",
        ),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        typer.echo(f"{name:<{width}}  {value}")
