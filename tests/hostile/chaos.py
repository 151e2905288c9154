"""Runs that are killed at any moment, again and again: no finding may be lost. `make chaos` runs it.

A check reports each failure on a pipe once the listener that writes the report has returned, and is then killed. A fleet
is watched from outside: a failure that was on disk once must be there after the kill, and in the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FAULTS = ("text-unlabelled", "publish-unverified", "label-deletable", "edit-without-consent", "report-ignored")

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


def kill_fleets(kills: int, draw: random.Random, folder: Path) -> int:
    """Kill a fleet and run it again in the same folder, until it ends; the number of findings in the end."""
    from shenhe.sample import SampleServer, sample_binding

    bindings, out = folder / "bindings", folder / "fleet"
    bindings.mkdir()
    for name in ("a", "b", "c"):
        text = sample_binding().read_text(encoding="utf-8")
        (bindings / f"{name}.yaml").write_text(text, encoding="utf-8")
    reports = [out / "providers" / name / "report.json" for name in ("a", "b", "c")]
    command = [sys.executable, "-c", "from shenhe.cli.main import run; run()", "fleet", str(bindings)]
    command += ["--out", str(out), "--examples", "2", "--env", "SHENHE_SAMPLE_URL"]

    def on_disk() -> set[tuple[str, str]]:
        found = set()
        for path in reports:
            for each in (path, path.with_name("previous-report.json")):
                found |= {(path.parent.name, name) for name in failures(each)}
        return found

    with SampleServer(known_faults()) as server:
        environ = {**os.environ, "SHENHE_SAMPLE_URL": server.url}
        for number in range(kills + 1):
            again = [] if number == kills else ["--fresh"] if draw.random() < 0.3 else []
            with subprocess.Popen(
                [*command, *again],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environ,
                start_new_session=True,
            ) as process:
                if number == kills:
                    process.wait(600)
                    break
                end, seen = time.monotonic() + 2 + 6 * draw.random(), on_disk()
                while time.monotonic() < end and process.poll() is None:
                    time.sleep(0.1)
                    seen = on_disk() or seen
                process.send_signal(draw.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGINT)))
                process.wait(60)
            time.sleep(0.3)
            lost = seen - on_disk()
            if lost:
                raise SystemExit(f"fleet, kill {number}: lost {sorted(lost)}")
    fleet = json.loads((out / "fleet.json").read_text(encoding="utf-8"))
    if [provider["outcome"] for provider in fleet["providers"]] != ["checked"] * 3:
        raise SystemExit("fleet: not every provider was finished in the end")
    return sum(len(provider["failed"]) for provider in fleet["providers"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="Kills in all, three fifths of them of checks.")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    draw = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as name:
        checks = chosen.kills * 3 // 5
        kept = kill_checks(checks, draw, Path(name))
        print(f"{checks} kills of a check: {kept} findings seen, none lost")
        final = kill_fleets(chosen.kills - checks, draw, Path(name))
        print(f"{chosen.kills - checks} kills of a fleet: none lost, {final} failing rules in the end")


if __name__ == "__main__":
    main()
