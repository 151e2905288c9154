"""Run the checks of a chain."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version

from ..engine.conclusions import total
from ..engine.target import target_of
from ..report import Summary, Timing
from ..verdict import ExitCode, Verdict
from .checks import CHAIN_CHECKS, ChainProperty
from .document import Chain
from .result import ChainCheck, ChainReport


def run_chain(
    chain: Chain,
    *,
    on: date,
    seed: int = 0,
    salt: str = "",
    checks: Sequence[ChainProperty] = CHAIN_CHECKS,
    listen: Callable[[ChainCheck], None] | None = None,
) -> ChainReport:
    """Follow a file through a chain once per check, and judge every hop."""
    began, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    results = []
    for each in checks:
        found = each.run(chain)
        results.append(found)
        if listen is not None:
            listen(found)
    verdicts = [each.result.verdict for each in results]
    return ChainReport(
        shenhe_version=version("shenhe"),
        name=chain.name,
        on=on.isoformat(),
        seed=seed,
        salt=salt,
        targets={station.name: target_of(station.probe.provider) for station in chain.stations},
        links=[station.name for station in chain.path],
        beside=[station.name for station in chain.stores],
        checks=results,
        summary=Summary(
            counts={each.title: verdicts.count(each.title) for each in Verdict},
            exit_code=_exit_code(verdicts),
            requests=sum(station.probe.session.requests for station in chain.stations),
            probes=total([each.result.probes for each in results]),
        ),
        timing=Timing(started=started, seconds=round(time.monotonic() - began, 3)),
    )


def _exit_code(verdicts: Sequence[str]) -> ExitCode:
    if "fail" in verdicts:
        return ExitCode.FAILED
    undecided = {"inconclusive", "review", "error"} & set(verdicts)
    return ExitCode.NOT_VERIFIED if undecided or "pass" not in verdicts else ExitCode.PASSED
