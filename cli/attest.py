"""``shenhe attest``: sign what a run concluded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

#: Where the passphrase of a protected key is read from: never from the command line, which others can see.
PASSPHRASE = "SHENHE_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable


def attest(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="The report.json of a run.")],
    key: Annotated[Path, typer.Option("--key", metavar="PEM", help="Your Ed25519 private key, in PEM.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Write the attestation here.")],
) -> None:
    """Sign a report: an in-toto statement (test result) in a DSSE envelope, with Ed25519.

    The statement covers the bytes of the report, the version of shenhe, the rulebook, the binding and what the run
    left out. A report that was edited is refused: its rules are recomputed from its checks. The passphrase of a
    protected key is read from the environment variable SHENHE_KEY_PASSPHRASE.

    Make a pair of keys:  openssl genpkey -algorithm ed25519 -out key.pem;  openssl pkey -in key.pem -pubout -out
    public.pem

    Example:  shenhe attest results/report.json --key key.pem --out results/attestation.json
    """
    import os

    from shenhe.conformance.evidence.attestation import MAX_KEY_BYTES, sign, verifying_key
    from shenhe.conformance.report import read_report_bytes
    from shenhe.core.files import write_whole

    with key.open("rb") as stream:
        pem = stream.read(MAX_KEY_BYTES + 1)
    passphrase = os.environ.get(PASSPHRASE)
    secret = passphrase.encode() if passphrase else None
    attestation = sign(read_report_bytes(report), pem, passphrase=secret, source=str(report))
    write_whole(out, attestation)
    typer.echo(f"written: {out} (signed by key {verifying_key(attestation)[:16]}…)", err=True)
