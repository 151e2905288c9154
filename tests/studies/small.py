"""A study small enough for a test, and how to run the command line in a separate process."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-c", "from shenhe.cli.main import run; run()"]
"""What a test starts as ``shenhe``."""

RESULTS = ("worlds.parquet", "results.parquet")


def small_study(**changes: Any) -> dict[str, Any]:
    """Two arms and one that changes nothing, in four worlds, ten replications: about a second of work."""
    study: dict[str, Any] = {
        "name": "small",
        "title": "A small study",
        "scenario": "cn-2023",
        "set": {
            "population.providers": 12,
            "population.arrivals": [[0, 1.0]],
            "horizon": 240.0,
            "policy.staff.inspectors": 1,
            "policy.detection.inspection_ceiling": 16.0,
        },
        "arms": [
            {"name": "as-enacted"},
            {"name": "inspect-more", "set": {"policy.detection.inspection_rate": 1.0}},
            {"name": "the-same", "set": {"policy.staff.inspectors": 1}},
        ],
        "worlds": {
            "design": "sobol",
            "size": 4,
            "seed": 3,
            "parameters": [
                {"path": "response.initial_belief", "low": 0.01, "high": 0.3, "scale": "log"},
                {"path": "population.classes.*.gain", "name": "gain", "low": 0.5, "high": 2.0, "apply": "multiply"},
            ],
        },
        "replications": 10,
        "objectives": [{"metric": "violations"}, {"metric": "inspections"}],
    }

    return study | changes


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of the results of a study and of its shards, by name: all that has to be the same."""
    paths = [folder / name for name in RESULTS] + sorted((folder / "shards").glob("*.parquet"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def results(folder: Path) -> dict[str, str]:
    """The same without shards, whose cut may differ between machines."""
    return {name: digest for name, digest in digests(folder).items() if name in RESULTS}
