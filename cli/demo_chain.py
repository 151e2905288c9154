"""The part of ``shenhe demo`` that follows one picture through a chain of sample services."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from .chain import show

#: The targets of the chain in order: role, sample, and its variant. This platform re-encodes every picture.
TARGETS = (
    ("supporter", "sample", "supporter"),
    ("provider", "sample", None),
    ("platform", "sample", "uploads-as-jpeg"),
    ("store", "sample-store", None),
)


def demo_chain(out: Path, seed: int) -> int:
    """Serve the samples on loopback, follow a picture through them, and write the page; the exit code of the chain."""
    from datetime import date

    from shenhe.conformance.bindings import load_binding
    from shenhe.conformance.chain.document import chain_of, station_of
    from shenhe.conformance.chain.running import run_chain
    from shenhe.conformance.operations import TargetRole
    from shenhe.sample import SampleServer
    from shenhe.sample.samples import SAMPLES

    today = date.today()
    with ExitStack() as stack:
        stations = []
        urls: dict[str, str] = {}
        for number, (role, name, variant) in enumerate(TARGETS):
            sample = SAMPLES[name]
            variants = [variant] if variant else []
            # The store asks the provider about its filing and its labels before it lists an app, and the platform asks
            # it about uploads that say nothing of themselves.
            known = {"store": "service_url", "platform": "producer_url"}
            asked = {known[role]: urls["provider"]} if role in known else {}
            app = sample.create(seed=number, variants=variants, **asked)
            server = stack.enter_context(SampleServer(app=app))
            urls[role] = server.url
            environ = {**os.environ, "SHENHE_SAMPLE_URL": server.url}
            binding = load_binding(sample.binding(variant), environ=environ)
            provider = stack.enter_context(binding.connect(base_url=server.url))
            stations.append(station_of(role, TargetRole(role), provider, seed=seed, on=today))
        report = run_chain(chain_of("A picture through a chain of services", stations), on=today, seed=seed)
    show(report, out=out, html=None, as_json=False)
    return int(report.summary.exit_code)
