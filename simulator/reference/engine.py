"""One replication on SimPy, from a scenario to what it leaves."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import numpy as np

from ..kernel.draws import compiled, replication_seed
from ..kernel.eventlog import columns
from ..kernel.replication import Beginning, Replication, inspector_days
from ..kernel.state import as_arrays, initial_state
from ..kernel.tabulation import regimes
from .world import World

if TYPE_CHECKING:
    from ..scenario.schema import Scenario
    from .hook import Hook


@contextlib.contextmanager
def rare_collections() -> Generator[None, None, None]:
    """Let Python look for cyclic garbage seldom: there is little, and each search walks every waiting process."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def replicate(
    scenario: Scenario,
    seed: int,
    number: int,
    *,
    keep_log: bool = True,
    prepare: Callable[[Beginning], None] | None = None,
    policy: Hook | None = None,
) -> Replication:
    """Run replication ``number`` of a run with ``seed`` on SimPy; the same arguments give the same bits on every
    machine.

    ``prepare`` may change the arrays of the state before anything happens in the world, so that a provider can be put
    there whose compliance was measured.
    """
    numbers, own_seed = regimes(scenario), replication_seed(seed, number)
    draws = compiled().for_python()
    state = initial_state(scenario, numbers[0][1], draws, own_seed)
    if prepare is not None:
        prepare(Beginning(state, numbers[0][1]))
        # Compliance set from outside is what effort and failures start from.
        state.base[:] = state.compliance
    with rare_collections():
        world = World(state, numbers, draws, own_seed, keep_log=keep_log, hook=policy)
        world.start()
        world.env.run(until=world.table.horizon)
        world.finish()
    ends, kinds, extras, occasions, violations = zip(*world.bins, strict=True)
    return Replication(
        number=number,
        log=columns(world.rows),
        state=as_arrays(world.state),
        bin_ends=np.array(ends),
        kinds=np.array(kinds, dtype=np.int64),
        extras=np.array(extras, dtype=np.float64),
        class_occasions=np.array(occasions, dtype=np.int64),
        class_violations=np.array(violations, dtype=np.int64),
        action_delays=np.array(world.action_delays, dtype=np.float64),
        backlog_area=world.backlog_area,
        busy_area=world.busy_area,
        inspector_days=inspector_days(numbers),
        wait_total=world.wait_total,
        fines_gross=world.fines_gross,
        review_total=world.review_total,
        closed=(world.closed[0], world.closed[1], world.closed[2]),
        late_filings=world.late_filings,
        appeals=(world.appeals.filed, world.appeals.rejected, world.appeals.upheld),
        totals=np.array(world.totals, dtype=np.float64),
        staff_cost=world.staff_cost,
        waiting_since=world.waiting_since,
        takedown_delays=np.array(world.takedown_delays, dtype=np.float64),
        spent=np.array(world.authorities.spent, dtype=np.float64),
        unfunded=np.array(world.authorities.unfunded, dtype=np.float64),
        steps=world.clock.handled(),
        pending=world.clock.pending(),
    )
