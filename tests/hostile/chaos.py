"""Runs that are killed at any moment, again and again: no finding may be lost. `make chaos` runs it.

A check reports each failure on a pipe once the listener that writes the report has returned, and is then killed. A fleet
is watched from outside: a failure that was on disk once must be there after the kill, and in the end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

FAULTS = ("text-unlabelled", "publish-unverified", "label-deletable", "edit-without-consent", "report-ignored")
NAMES = ("a", "b", "c")

_DRIVER = """
import sys
from pathlib import Path
from shenhe.conformance.bindings import load_binding
from shenhe.conformance.engine.events import CheckFinished
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.evidence.partial import PartialReport
from shenhe.sample import SampleServer, sample_binding
partial = PartialReport(Path(sys.argv[1]), lambda trouble: None)
def listen(event):
    partial(event)
    if isinstance(event, CheckFinished) and event.result is not None and event.result.verdict == "fail":
        sys.stdout.write(event.result.name + "\\n")
        sys.stdout.flush()
with SampleServer(sys.argv[3:]) as server, load_binding(sample_binding()).connect(server.url) as provider:
    run_checks(provider, listen=listen, examples=2, workers=int(sys.argv[2]))
print("end")
"""


def known_faults() -> list[str]:
    """Those of the faults above that the sample has, else any five."""
    from shenhe.sample.faults import FaultName

    names = [fault.value for fault in FaultName]
    return [name for name in FAULTS if name in names] or names[:5]


def failures(path: Path) -> set[str]:
    """The failing checks of a report on disk, which must be whole."""
    if not path.exists():
        return set()
    report = json.loads(path.read_text(encoding="utf-8"))
    return {check["name"] for check in report["checks"] if check["verdict"] == "fail" and check["finding"]}


def kill_checks(kills: int, draw: random.Random, folder: Path) -> int:
    """Kill runs of a check; the number of findings that were seen and kept."""
    kept = 0
    for number in range(kills):
        path = folder / f"report-{number}.json"
        command = [sys.executable, "-c", _DRIVER, str(path), str(draw.choice((1, 3))), *known_faults()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout is not None
            wanted, seen = draw.randrange(1, 6), set()
            for line in process.stdout:
                seen.add(line.strip())
                if len(seen) >= wanted:
                    break
            time.sleep(draw.random() * 0.3)
            process.send_signal(draw.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)))
            seen |= {line.strip() for line in process.stdout}
        lost = seen - {"end"} - failures(path)
        if lost:
            raise SystemExit(f"kill {number}: lost {', '.join(sorted(lost))}")
        if list(folder.glob("*.json.part*")) and number == kills - 1:
            print("note: temporary files of killed writers are left", file=sys.stderr)
        kept += len(seen - {"end"})
    return kept


def findings_of(folder: Path) -> set[str]:
    """The failing checks in any report of a provider."""
    return set().union(*(failures(each) for each in folder.glob("*report*.json")))


def workers_of(fleet: int) -> list[int]:
    """The process ids of a fleet's workers: each thread has the children that it started."""
    with contextlib.suppress(OSError):
        threads = Path(f"/proc/{fleet}/task").glob("*/children")
        return [int(child) for thread in threads for child in thread.read_text().split()]
    return []


def killed(process: subprocess.Popen[bytes], draw: random.Random) -> str:
    """Kill a fleet or one of its workers; what was done."""
    kind = draw.choice(("fleet", "fleet", "fleet interrupted", "worker"))
    if kind == "worker":
        workers = workers_of(process.pid)
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(draw.choice(workers), signal.SIGKILL)
            process.wait(600)
            return kind
        kind = "fleet"
    process.send_signal(signal.SIGINT if kind == "fleet interrupted" else signal.SIGKILL)
    process.wait(60)
    return kind


def kill_fleets(kills: int, draw: random.Random, folder: Path) -> tuple[Counter[str], int]:
    """Kill a fleet and run it again in the same folder, until each kill met a fleet at work and the last fleet ended.

    What was on disk once must be there until a later fleet has finished the same provider. Returns the kills by what
    they hit, and the number of findings that were seen.
    """
    from shenhe.sample import SampleServer, sample_binding

    bindings, out = folder / "bindings", folder / "fleet"
    bindings.mkdir()
    for name in NAMES:
        text = sample_binding().read_text(encoding="utf-8")
        (bindings / f"{name}.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", "from shenhe.cli.main import run; run()", "fleet", str(bindings)]
    command += ["--out", str(out), "--examples", "2", "--env", "SHENHE_SAMPLE_URL"]
    seen: dict[str, set[str]] = {name: set() for name in NAMES}
    hits: Counter[str] = Counter()

    def look() -> None:
        for name in NAMES:
            there = findings_of(out / "providers" / name)
            if lost := seen[name] - there:
                raise SystemExit(f"fleet, kill {hits.total()}: {name} lost {sorted(lost)}")
            seen[name] |= there

    kept = 0
    with SampleServer(known_faults()) as server:
        environ = {**os.environ, "SHENHE_SAMPLE_URL": server.url}
        while True:
            last = hits.total() == kills
            with subprocess.Popen(
                [*command, *(["--fresh"] if not last and draw.random() < 0.3 else [])],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environ,
                start_new_session=True,
            ) as process:
                end = time.monotonic() + 1.5 + 6 * draw.random()
                while (last or time.monotonic() < end) and process.poll() is None:
                    time.sleep(0.1)
                    look()
                if process.poll() is None:
                    hits[killed(process, draw)] += 1
            time.sleep(0.3)
            look()
            if process.returncode in {0, 1, 3} and all(_finished(out, name) for name in NAMES):
                kept += sum(map(len, seen.values()))
                seen = {name: set() for name in NAMES}
                shutil.rmtree(out)
                if last:
                    return hits, kept


def _finished(out: Path, name: str) -> bool:
    fleet = json.loads((out / "fleet.json").read_text(encoding="utf-8"))
    return any(each["name"] == name and each["outcome"] == "checked" for each in fleet["providers"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="Kills of checks, and as many of fleets.")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    draw = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as name:
        kept = kill_checks(chosen.kills, draw, Path(name))
        print(f"{chosen.kills} kills of a check: {kept} findings seen, none lost", flush=True)
        hits, kept = kill_fleets(chosen.kills, draw, Path(name))
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(hits.items()))
        print(f"{chosen.kills} kills of a fleet ({kinds}): {kept} findings seen, none lost")


if __name__ == "__main__":
    main()
