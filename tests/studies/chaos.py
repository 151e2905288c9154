"""Kill drivers and workers of a study at random moments, resume with the same command, and compare bytes.

Every second time, two drivers are started in one folder at once: one must be refused, and spoil nothing.

Run by hand or by ``make chaos``: ``python -P tests/studies/chaos.py --kills 50 --seed 1``. Linux only: it finds the
workers in ``/proc``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

COMMAND = [sys.executable, "-c", "from shenhe.cli.main import run; run()"]
RESULTS = ("worlds.parquet", "results.parquet")


class Tally(NamedTuple):
    """What happened: kills by whom they hit, drivers refused because another one was at work, runs that ended by
    themselves, and comparisons of finished studies.
    """

    drivers: int
    workers: int
    refused: int
    finished: int
    different: int


def workers_of(driver: int) -> list[int]:
    """The process ids of a driver's workers, and of nothing else that it started."""
    try:
        children = Path(f"/proc/{driver}/task/{driver}/children").read_text().split()
        return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    except OSError:
        return []


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for name in RESULTS:
        total.update((folder / name).read_bytes())
    return total.hexdigest()


def start(study: Path, out: Path) -> subprocess.Popen[bytes]:
    # On the engine that begins at once: loading the other takes longer than this study, and kills would rarely meet
    # work.
    command = [
        *COMMAND,
        "study",
        str(study),
        "--out",
        str(out),
        "--workers",
        "2",
        "--engine",
        "simpy",
        "--yes",
        "--json",
    ]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def contend(study: Path, out: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start two drivers in one folder. Returns the one that works, and how many were refused.

    Raises :class:`RuntimeError` if a driver ends in another way than refused or finished.
    """
    rivals = [start(study, out), start(study, out)]
    while all(rival.poll() is None for rival in rivals):
        time.sleep(0.02)
    ended, other = rivals if rivals[0].poll() is not None else rivals[::-1]
    _, message = ended.communicate()
    if ended.returncode == 2 and b"another process" in message:
        return other, 1
    if ended.returncode == 0:
        return other, 0
    other.kill()
    raise RuntimeError(f"beside another, a driver ended with {ended.returncode}: {message.decode()}")


def chaos(study: Path, folder: Path, kills: int, seed: int, *, tell: bool = False) -> Tally:
    """Kill ``kills`` times, half drivers and half workers, at moments spread over the time that a study takes.

    Each study that finishes is compared with one that was left alone; then another is begun. Raises
    :class:`RuntimeError` when a driver ends by itself with an error.
    """
    dice = random.Random(seed)
    began = time.monotonic()
    quiet = start(study, folder / "quiet")
    _, told = quiet.communicate()
    if quiet.returncode != 0:
        raise RuntimeError(f"the study fails when it is not disturbed: {told.decode()}")
    longest = time.monotonic() - began
    expected = digest(folder / "quiet")
    drivers = workers = refused = finished = different = number = before = rounds = 0
    out = folder / "storm-0"
    while True:
        rounds += 1
        if rounds % 2:
            driver = start(study, out)
        else:
            driver, turned_away = contend(study, out)
            refused += turned_away
        started = time.monotonic()
        while drivers + workers < kills:
            try:
                driver.wait(dice.uniform(0.05, longest))
                break
            except subprocess.TimeoutExpired:
                pass
            if drivers <= workers:
                driver.kill()
                drivers += 1
                break
            found = workers_of(driver.pid)
            if found:
                os.kill(dice.choice(found), signal.SIGKILL)
                workers += 1
        if tell:
            print(
                f"{drivers} drivers and {workers} workers killed, {refused} drivers refused, {finished} studies"
                f" finished, {different} different",
                flush=True,
            )
        _, told = driver.communicate()
        if driver.returncode == 0:
            finished += 1
            if drivers + workers == before:
                # No kill came in time: the machine has become quicker, or later kills would never come.
                longest = min(longest, time.monotonic() - started)
            before = drivers + workers
            different += digest(out) != expected
            number += 1
            out = folder / f"storm-{number}"
            if drivers + workers >= kills:
                return Tally(drivers, workers, refused, finished, different)
        elif driver.returncode != -signal.SIGKILL:
            raise RuntimeError(f"the driver ended with {driver.returncode}: {told.decode()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        study = folder / "storm.yaml"
        study.write_text(json.dumps(STUDY))
        began = time.monotonic()
        tally = chaos(study, folder, options.kills, options.seed, tell=True)
    print(
        f"{tally.drivers} drivers and {tally.workers} workers killed, {tally.refused} drivers refused beside another;"
        f" {tally.finished} studies finished, {tally.different} of them with"
    )
    print(f"other bytes than an undisturbed study ({time.monotonic() - began:.0f} s, seed {options.seed})")
    sys.exit(1 if tally.different else 0)


STUDY = {
    "name": "storm",
    "title": "A study to be interrupted",
    "scenario": "cn-2023",
    "set": {
        "population.providers": 20,
        "population.arrivals": [[0, 1.0]],
        "horizon": 365.0,
        "policy.staff.inspectors": 1,
    },
    "arms": [{"name": "as-enacted"}, {"name": "two-inspectors", "set": {"policy.staff.inspectors": 2}}],
    "worlds": {
        "design": "latin-hypercube",
        "size": 8,
        "parameters": [{"path": "response.initial_belief", "low": 0.01, "high": 0.3}],
    },
    "replications": 20,
    "precision": {"metric": "violations", "half_width": 0.01, "of": "mean", "most": 40},
}
"""A few seconds of work for one processor: eight worlds, two arms, twenty to forty replications."""


if __name__ == "__main__":
    main()
