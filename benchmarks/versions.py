"""Events per second of the compiled engine, against earlier revisions of it: all in one run, in turns.

    python -P benchmarks/versions.py REVISION [REVISION ...] [--providers 500] [--rounds 15] [--years 5] [--json]

Needs the git history. Each revision is unpacked into a folder and runs in a process of its own, as does the installed
version (``installed``). The processes take turns, replication by replication, so that all meet the same load of the
machine. The model is `cn-2023` of each revision with everybody present from the first day and no event log, as in
``engine.py``. Models differ between revisions, so the figure is CPU time per event, the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

INSTALLED = "installed"


def unpack(revision: str, folder: Path) -> Path:
    """The folders of a revision as the package ``shenhe`` in ``folder``; returns what belongs into ``sys.path``."""
    package = folder / revision / "shenhe"
    package.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", revision], capture_output=True, check=True).stdout
    subprocess.run(["tar", "x", "-C", str(package)], input=archive, check=True)
    (package / "__init__.py").touch()
    return package.parent


def serve(path: str, providers: int, years: float) -> None:
    """Run one replication per line of standard input, and print its CPU seconds and events."""
    if path != INSTALLED:
        sys.path.insert(0, path)
    from shenhe.simulator import load_scenario

    try:
        from shenhe.simulator.runs.engines import Engine, replicate_on
    except ModuleNotFoundError:  # revisions before the rooms
        from shenhe.simulator.engines import Engine
        from shenhe.simulator.engines import replicate as replicate_on
    scenario = load_scenario(
        "cn-2023",
        {
            "population.providers": providers,
            "population.arrivals": [[0, 1.0]],
            "horizon": 365.0 * years,
            "policy.staff.inspectors": max(1, providers // 75),
            "registry.reviewers": max(1, providers // 60),
        },
    )
    replicate_on(Engine.COMPILED, scenario, 1, 0, keep_log=False)
    print("ready", flush=True)
    for line in sys.stdin:
        began = time.process_time()
        result = replicate_on(Engine.COMPILED, scenario, 1, int(line), keep_log=False)
        print(time.process_time() - began, result.steps, flush=True)


def measure(revisions: list[str], providers: int, years: float, rounds: int) -> dict[str, dict[str, float]]:
    """Nanoseconds per event of each revision and of the installed version, and how it compares with the first."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {revision: str(unpack(revision, Path(folder))) for revision in revisions} | {INSTALLED: INSTALLED}
        command = [sys.executable, "-P", __file__, "--providers", str(providers), "--years", str(years), "--serve"]
        servers = {
            name: subprocess.Popen([*command, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for name, path in paths.items()
        }
        times: dict[str, list[float]] = {name: [] for name in servers}
        events: dict[str, list[int]] = {name: [] for name in servers}
        for server in servers.values():
            _ask(server, None)
        for number in range(rounds):
            for name, server in servers.items():
                seconds, steps = _ask(server, number).split()
                times[name].append(float(seconds) / int(steps))
                events[name].append(int(steps))
        for server in servers.values():
            server.stdin.close()  # type: ignore[union-attr]
            server.wait()
    first = times[revisions[0]]
    return {
        name: {
            "events": statistics.median(events[name]),
            "nanoseconds_per_event": 1e9 * statistics.median(each),
            "rate_against_first": statistics.median(a / b for a, b in zip(first, each, strict=True)),
        }
        for name, each in times.items()
    }


def _ask(server: Any, number: int | None) -> str:
    if number is not None:
        server.stdin.write(f"{number}\n")
        server.stdin.flush()
    answer: str = server.stdout.readline()
    if not answer:
        raise SystemExit("versions.py: a revision stopped; its message is above")
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revisions", nargs="*", metavar="REVISION")
    parser.add_argument("--providers", type=int, default=500)
    parser.add_argument("--years", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.providers, options.years)
        return
    if not options.revisions:
        print("versions.py: name a revision to compare with, such as one that git log shows")
        return
    found = measure(options.revisions, options.providers, options.years, options.rounds)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print("| version | events | ns per event | rate, first revision = 1 |\n|---|---|---|---|")
    for name, entry in found.items():
        print(
            f"| {name} | {entry['events']:,.0f} | {entry['nanoseconds_per_event']:.0f} |"
            f" {entry['rate_against_first']:.2f} |"
        )


if __name__ == "__main__":
    main()
