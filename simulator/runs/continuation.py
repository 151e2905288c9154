"""Go on with a finished run beyond its horizon.

The state of a run cannot be stored: on SimPy it lives in suspended generators. It need not be. Every random number is a
function of seed, entity, purpose and index, so a longer run of the same scenario begins with exactly the shorter one.
Continuing is therefore simulating again with a later horizon, and checking, row by row, that the beginning is the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import ValidationError

from ..kernel.eventlog import KIND_NAMES, Kind
from ..scenario.schema import Scenario
from ..scenario.values import faults_of
from .engines import Wanted
from .run import Progress, Run, RunError, model_hash, simulate


def longer_scenario(run: Run, horizon: float) -> Scenario:
    """The scenario of ``run`` with a later horizon.

    Raises :class:`RunError` for a horizon that is not later, and for a run of another version of the model.
    """
    if not horizon > run.scenario.horizon:
        raise RunError(f"found the horizon {horizon:g}, expected one after that of the run, {run.scenario.horizon:g}")
    if run.model != model_hash():
        raise RunError("found a run of another version of the model, expected this one: simulate the scenario again")
    data = run.scenario.model_dump(mode="json") | {"horizon": horizon}
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        faults = faults_of(error, Scenario)
        raise RunError(f"found the horizon {horizon:g}, with which the scenario is not valid: {faults}") from None


def continue_run(
    run: Run,
    horizon: float,
    workers: int = 1,
    out: Path | str | None = None,
    progress: Progress | None = None,
    *,
    command: str | None = None,
    engine: Wanted | None = None,
) -> Run:
    """``run`` as it goes on until ``horizon``, with the same seed and replications.

    Takes as long as the whole longer run. Raises :class:`RunError` where the longer run does not begin with the shorter
    one, which would be a fault of the model.
    """
    longer = simulate(
        longer_scenario(run, horizon),
        run.replications,
        run.seed,
        workers,
        out,
        progress,
        command=command,
        engine=engine,
    )
    _check_beginning(run, longer)
    return longer


def _check_beginning(shorter: Run, longer: Run) -> None:
    # The last row of each provider reports, at the horizon, how many occasions it met.
    before, after = (
        run.events[(run.events["time"] < shorter.scenario.horizon) & (run.events["kind"] != KIND_NAMES[Kind.OCCASION])]
        for run in (shorter, longer)
    )
    same = len(before) == len(after) and all(
        np.array_equal(before[name].astype(object).to_numpy(), after[name].astype(object).to_numpy())
        for name in ("replication", "kind", "provider", "case")
    )
    if not (same and np.array_equal(before["time"].to_numpy(), after["time"].to_numpy())):
        raise RunError("the longer run does not begin with the shorter one: please report this with the scenario")
