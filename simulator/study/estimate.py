"""What a study will take: time and disk, from timing a few replications, and how large its jobs should be."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np

from ..runs.engines import Engine
from .jobs import Cell, make_job, run_job
from .plan import Plan

JOB_SECONDS = 3.0
"""How long a job should take: long against the cost of handing it over, short against what a kill may lose."""


@dataclass(frozen=True)
class Estimate:
    """What a study will take, from timing a few replications: before it starts, and at the most if it is adaptive.

    ``seconds`` of work, ``wall`` seconds on the workers at hand, ``disk`` bytes, ``replications`` still to be run.
    """

    seconds_per_replication: float
    bytes_per_replication: float
    replications: int
    workers: int

    @property
    def wall(self) -> float:
        return self.seconds_per_replication * self.replications / max(1, min(self.workers, os.cpu_count() or 1))

    @property
    def disk(self) -> float:
        # In its shard and in the merged results.
        return 2 * self.bytes_per_replication * self.replications

    def __str__(self) -> str:
        return (
            f"{self.replications:,} replications: about {duration(self.wall)} on {self.workers} workers,"
            f" {self.disk / 1e6:,.0f} MB"
        )


def duration(seconds: float) -> str:
    """Seconds in words.

    >>> duration(42), duration(1200), duration(9000)
    ('42 s', '20 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def time_pilot(plan: Plan, engine: Engine, seconds: float = 2.0) -> tuple[float, float]:
    """Mean seconds and bytes of one replication, over arms and worlds spread through the study."""
    worlds = np.linspace(0, len(plan.worlds) - 1, min(5, len(plan.worlds))).astype(int).tolist()
    cells = [Cell(world, arm, 0, 1) for world in worlds for arm in range(len(plan.arms))]
    order = np.random.default_rng(0).permutation(len(cells))
    run_job(make_job(plan, cells[:1], engine))  # the first is slow: it loads and compiles
    began, runs, size = time.perf_counter(), 0, 0
    for place in order:
        size += len(run_job(make_job(plan, [cells[place]], engine)))
        runs += 1
        if time.perf_counter() - began > seconds:
            break
    # A file of one row is nearly all header; eight bytes a column is the most that rows take once they are many.
    width = min(size / runs, 8.0 * (len(plan.metrics) + 3))
    return (time.perf_counter() - began) / runs, width


def job_size(estimate: Estimate) -> int:
    """Replications in one job: ``JOB_SECONDS`` of them, fewer where every worker would not get a few jobs."""
    fitting = JOB_SECONDS / max(estimate.seconds_per_replication, 1e-6)
    sharing = estimate.replications / (4 * estimate.workers)
    return max(1, int(min(fitting, max(sharing, fitting / 10))))
