"""How large every output of one run is, and what CPU it takes to make it.

    python benchmarks/outputs.py [faults, by comma]

The sample provider is checked once, in this process, at level extended with a few things wrong; each output is then
made from that report and from nothing else, five times. Sizes are the same on every run; times are the medians of CPU
milliseconds.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from rich.console import Console

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.evidence.attestation import sign
from shenhe.conformance.evidence.baseline import draft_baseline
from shenhe.conformance.report import Report
from shenhe.reports.formats.arazzo import arazzo_of
from shenhe.reports.formats.github import step_summary, workflow_commands
from shenhe.reports.formats.gitlab import code_quality
from shenhe.reports.formats.har import har
from shenhe.reports.formats.junit import junit
from shenhe.reports.formats.oscal import assessment_results
from shenhe.reports.formats.sarif import sarif
from shenhe.reports.pages.page import render_page
from shenhe.reports.terminal.summary import print_check_summary
from shenhe.rulebook import load_rulebook
from shenhe.sample import create_app, sample_binding

FAULTS = ("text-unlabelled", "id-checksum-ignored", "page-cached", "consent-borrowed", "implicit-label-misspelt-key")
ON = date(2026, 9, 1)


def plain(data: Any) -> bytes:
    return json.dumps(data, indent=1, ensure_ascii=False).encode()


def terminal(report: Report) -> bytes:
    screen = io.StringIO()
    print_check_summary(report, console=Console(file=screen, width=120))
    return screen.getvalue().encode()


def key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def main(faults: str = ",".join(FAULTS)) -> None:
    binding = load_binding(sample_binding(), environ={})
    began = time.process_time()
    with binding.connect(transport=AsgiTransport(create_app(faults=faults.split(",")))) as provider:
        report = run_checks(provider, on=ON, level="extended")
    took = time.process_time() - began
    data = report.model_dump_json(indent=1).encode()
    book, pem = load_rulebook(), key()
    outputs: dict[str, Callable[[], bytes]] = {
        "report.json": lambda: report.model_dump_json(indent=1).encode(),
        "terminal": lambda: terminal(report),
        "JUnit": lambda: junit(report),
        "HTML page": lambda: render_page([report]).encode(),
        "SARIF": lambda: plain(sarif(report, book.rules)),
        "GitLab code quality": lambda: plain(code_quality(report)),
        "GitHub annotations": lambda: workflow_commands(report).encode(),
        "GitHub summary": lambda: step_summary(report).encode(),
        "HAR": lambda: plain(har(report)),
        "OSCAL": lambda: plain(assessment_results(report, hashlib.sha256(data).hexdigest())),
        "attestation": lambda: sign(data, pem),
        "baseline": lambda: draft_baseline(report, "measured", ON).encode(),
        "Arazzo (of the binding)": lambda: plain(arazzo_of(binding.file, binding.name, "openapi.json", "/")[0]),
    }
    failed = sum(check.finding is not None for check in report.checks)
    print(
        f"{len(report.checks)} checks, {report.summary.requests:,} requests, {failed} findings, {took:.1f} s CPU for"
        " the run\n"
    )
    print("| output | bytes | gzipped | ms CPU |")
    print("|---|---|---|---|")
    for name, make in outputs.items():
        made, times = make(), []
        for _ in range(5):
            begins = time.process_time()
            make()
            times.append(time.process_time() - begins)
        print(f"| {name} | {len(made):,} | {len(gzip.compress(made)):,} | {1000 * statistics.median(times):.1f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
