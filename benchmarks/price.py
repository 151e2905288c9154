"""What a verdict costs: requests and paid calls of a run of the sample, and how near its plan comes.

Paid calls are those of `generate` and `edit`, which providers charge for. With `--checks`, the same by check: what
several checks share counts for the one that asked first. `--out` keeps the figures, `--before` compares with kept ones.
This is how the price came down, in this order:

* every case made content and its own lawful twin: core 3,177 requests with 1,049 paid calls, full 5,996 and 2,071;
* outputs were shared: core 1,791 with 262, full 3,222 with 486;
* controls were shared between refusals for one reason, and ten checks were added: core 1,252 with 198, full 2,961
  with 449;
* core tries every value and no longer every pair, draws where calls are free, and shares edits and renditions.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import local
from typing import Any

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.probing.session import PAID
from shenhe.conformance.engine.probing.watch import Watch
from shenhe.conformance.engine.rehearsal import plan_of
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.engine.trial import Trial
from shenhe.sample import create_app, sample_binding

ON = date(2026, 9, 1)
LEVELS = ("core", "extended", "full")


@dataclass
class Costs:
    """Requests and paid calls by check."""

    requests: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, list[int]]:
        return {name: [count, self.paid[name]] for name, count in self.requests.items()}


def measured(level: str) -> tuple[dict[str, Any], Costs]:
    """One run of the sample: its figures, and what each check cost."""
    costs, now = Costs(), local()
    run, look = Trial.run, Watch.look

    def named(trial: Trial) -> None:
        now.check = trial.tally.check.name
        run(trial)

    def counted(watch: Watch, operation: str, args: Any, result: Any, recorded: Any) -> None:
        costs.requests[now.check] += max(1, len(result.exchanges))
        costs.paid[now.check] += operation in PAID
        look(watch, operation, args, result, recorded)

    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        planned = plan_of(provider, provider.target, level=level, on=ON)
        Trial.run, Watch.look = named, counted  # type: ignore[method-assign,assignment]
        try:
            report = run_checks(provider, level=level, on=ON, salt="price")
        finally:
            Trial.run, Watch.look = run, look  # type: ignore[method-assign]
    figures = {
        "requests": report.summary.requests,
        "paid": costs.paid.total(),
        "decided": sum(count for verdict, count in report.summary.counts.items() if verdict in ("pass", "fail")),
        "planned": [planned.requests, planned.paid],
    }
    return figures, costs


def table(costs: dict[str, list[int]], before: dict[str, list[int]]) -> str:
    """The costs by check, the dearest first; with those before, only of checks that differ."""
    nothing = [0, 0]
    names = sorted(
        {*costs, *before},
        key=lambda name: (*map(int.__neg__, reversed(before.get(name, costs.get(name, nothing)))), name),
    )
    if not before:
        lines = ["| check | requests | paid calls |", "|---|---|---|"]
        return "\n".join([*lines, *(f"| `{name}` | {costs[name][0]} | {costs[name][1]} |" for name in names)])
    lines = ["| check | requests before | now | paid calls before | now |", "|---|---|---|---|---|"]
    for name in names:
        (was, had), (requests, paid) = before.get(name, nothing), costs.get(name, nothing)
        if (was, had) != (requests, paid):
            lines.append(f"| `{name}` | {was} | {requests} | {had} | {paid} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--level", action="append", choices=LEVELS, help="these levels only")
    parser.add_argument("--checks", action="store_true", help="print what each check costs, too")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    parser.add_argument("--before", type=Path, help="JSON file of earlier figures to compare with")
    chosen = parser.parse_args()
    earlier = json.loads(chosen.before.read_text()) if chosen.before else {}
    kept = {}
    print("| level | requests | paid calls | rules decided | requests planned | paid calls planned |")
    print("|---|---|---|---|---|---|")
    for level in chosen.level or LEVELS:
        figures, costs = measured(level)
        kept[level] = {**figures, "checks": costs.as_json()}
        cells = (level, f"{figures['requests']:,}", figures["paid"], figures["decided"], *figures["planned"])
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
    if chosen.out:
        chosen.out.write_text(json.dumps(kept, indent=1) + "\n")
    if chosen.checks:
        for level, figures in kept.items():
            before = earlier.get(level, {}).get("checks", {})
            print(f"\nLevel {level}:\n\n{table(figures['checks'], before)}")


if __name__ == "__main__":
    main()
