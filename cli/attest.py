"""``shenhe attest``: sign a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import writable_file

#: The environment variable with the passphrase of the key. Other users could read a command-line option.
PASSPHRASE = "SHENHE_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable


def attest(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="The report.json of a run.")],
    key: Annotated[Path, typer.Option("--key", metavar="PEM", help="Your Ed25519 private key, in PEM.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", callback=writable_file, help="Write the attestation here.")
    ],
) -> None:
    """Sign a report with an Ed25519 key: an in-toto test-result statement in a DSSE envelope.

    The statement covers the bytes of the report, the version of shenhe, the rulebook, the binding and what the run
    left out. The command recomputes the rules from the checks and refuses an edited report. Set
    SHENHE_KEY_PASSPHRASE if the key is protected by a passphrase.

    Example:  openssl genpkey -algorithm ed25519 -out key.pem

    Example:  openssl pkey -in key.pem -pubout -out public.pem

    Example:  shenhe attest results/report.json --key key.pem --out results/attestation.json
    """
    import os

    from shenhe.conformance.evidence.attestation import MAX_KEY_BYTES, sign, verifying_key
    from shenhe.conformance.report import read_report_bytes
    from shenhe.core.files import read_up_to, write_whole

    pem = read_up_to(key, MAX_KEY_BYTES)
    passphrase = os.environ.get(PASSPHRASE)
    secret = passphrase.encode() if passphrase else None
    attestation = sign(read_report_bytes(report), pem, passphrase=secret, source=str(report))
    write_whole(out, attestation)
    typer.echo(f"written: {out} (signed by key {verifying_key(attestation)[:16]}…)", err=True)
