"""Which arm does least badly whatever the world: regret, and how often it is good enough."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..runs.intervals import mean_interval
from ..study import Objective, StudyError, StudyRun
from .answer import Analysis, aligned, arm_of, objective_of


def regret(costs: pd.DataFrame) -> pd.DataFrame:
    """How much worse each arm is than the best arm of the same world (Savage 1951).

    ``costs``: index world, a column for each arm, less is better. Same shape; never negative.
    """
    return costs.sub(costs.min(axis=1), axis=0)


def robustness(run: StudyRun, metric: str | None = None, baseline: str | None = None) -> Analysis:
    """Regret of each arm on a metric (the first objective), and the share of worlds where it is good enough; with
    ``baseline``, how each arm does against that one: see :func:`against_baseline`.

    ``table``: arm, mean, regret_mean, regret_p90, regret_max, worst_world, best_worlds (share of worlds in which it is
    the best), and where objectives have limits good_worlds (share of worlds in which all limits are met: Simon's
    satisficing). Sorted by the greatest regret. ``details["regret"]``: arm, world, value, regret.
    """
    objective = objective_of(run, metric)
    if baseline is not None:
        return against_baseline(run, objective, arm_of(run, baseline))
    costs = _by_world(run, objective.metric) * objective.sign
    if costs.isna().any().any():
        raise StudyError(f"found worlds in which some arm has no {objective.metric}; choose another metric")
    regrets = regret(costs)
    best = regrets.eq(0).div(regrets.eq(0).sum(axis=1), axis=0)
    table = pd.DataFrame(
        {
            "arm": run.arms,
            "mean": (costs.mean() * objective.sign).to_numpy(),
            "regret_mean": regrets.mean().to_numpy(),
            "regret_p90": regrets.quantile(0.9).to_numpy(),
            "regret_max": regrets.max().to_numpy(),
            "worst_world": regrets.idxmax().to_numpy(),
            "best_worlds": best.mean().to_numpy(),
        }
    )
    limited = [(item, item.limit) for item in run.study.objectives if item.limit is not None]
    units = dict.fromkeys(("mean", "regret_mean", "regret_p90", "regret_max"), run.metrics[objective.metric].unit)
    notes = [
        (
            "Regret is how much worse an arm is in a world than the best of these arms in that world; what counts is"
            " the worst case, for which no world needs a probability."
        ),
        "Each world is represented by the mean of its replications, so chance slightly inflates the largest regrets.",
    ]
    if limited:
        good = np.ones((len(run.worlds), len(run.arms)), dtype=bool)
        for item, limit in limited:
            good &= (_by_world(run, item.metric) * item.sign <= limit * item.sign).to_numpy()
        table["good_worlds"] = good.mean(axis=0)
        limits = " and ".join(
            f"{item.metric} at {'most' if item.sign > 0 else 'least'} {limit:g}" for item, limit in limited
        )
        notes.append(f"good_worlds: the share of worlds with {limits}.")
    table = table.sort_values("regret_max", kind="stable").reset_index(drop=True)
    words = run.metrics[objective.metric].title.lower()
    title = f"{table['arm'].iloc[0]} has the smallest greatest regret on {words}"
    long = pd.DataFrame(
        {
            "arm": np.tile(np.array(run.arms, dtype=object), len(run.worlds)),
            "world": np.repeat(np.arange(len(run.worlds)), len(run.arms)),
            "value": costs.to_numpy().ravel() * objective.sign,
            "regret": regrets.to_numpy().ravel(),
        }
    )
    return Analysis(
        "robust",
        title,
        table,
        tuple(notes),
        units | {"best_worlds": "share", "good_worlds": "share"},
        {"regret": long},
        {"metric": objective.metric},
    )


def against_baseline(run: StudyRun, objective: Objective, base: str) -> Analysis:
    """How robust the difference of each arm from ``base`` is over the worlds.

    ``table``: arm, difference (arm minus baseline, mean over worlds), best_case, p10, median, p90, worst_case (from the
    best world for the arm to the worst), worst_world, better_worlds, and clearly_better and clearly_worse (the share of
    worlds whose own 95 % interval of the paired difference excludes zero). Sorted by the worst case.
    ``details["regret"]``: arm, world, value (the difference), regret (how much worse the arm is than the baseline, or
    zero).
    """
    values = aligned(run, objective.metric)
    rows, long = [], []
    for arm in run.arms:
        if arm == base:
            continue
        paired = ((values[arm] - values[base]) * objective.sign).to_numpy(dtype=np.float64)
        means = np.array([mean_interval(row)[0] for row in paired])
        if np.isnan(means).any():
            raise StudyError(f"found worlds in which some arm has no {objective.metric}; choose another metric")
        ends = np.array([mean_interval(row)[1:3] for row in paired])
        quantiles = [float(np.quantile(means, q)) * objective.sign for q in (0.0, 0.1, 0.5, 0.9, 1.0)]
        clear = [float(np.mean(ends[:, 1] < 0)), float(np.mean(ends[:, 0] > 0))]
        worst = int(means.argmax())
        rows.append((arm, float(means.mean()) * objective.sign, *quantiles, worst, float(np.mean(means < 0)), *clear))
        long.append(
            pd.DataFrame(
                {
                    "arm": arm,
                    "world": np.arange(len(means)),
                    "value": means * objective.sign,
                    "regret": np.maximum(means, 0.0),
                }
            )
        )
    if not rows:
        raise StudyError("found one arm, expected at least two for a difference from a baseline")
    amounts = ["difference", "best_case", "p10", "median", "p90", "worst_case"]
    shares = ["better_worlds", "clearly_better", "clearly_worse"]
    table = pd.DataFrame(rows, columns=["arm", *amounts, "worst_world", *shares])
    order = (table["worst_case"] * objective.sign).sort_values(kind="stable").index
    table = table.loc[order].reset_index(drop=True)
    first = table.iloc[0]
    words = run.metrics[objective.metric].title.lower().split(":")[0]
    title = (
        f"{first['arm']} does best in its worst world against {base} on {words}: it is better in"
        f" {100 * float(first['better_worlds']):.0f} % of worlds"
    )
    notes = (
        (
            f"Differences are paired: in a world, an arm and {base} meet the same draws. From best_case to worst_case"
            " they are ordered from the arm's best world to its worst."
        ),
        (
            "clearly_better and clearly_worse: the share of worlds whose own 95 % interval excludes zero. `discover"
            f" --baseline {base}` says which worlds these are."
        ),
    )
    unit = run.metrics[objective.metric].unit
    return Analysis(
        "robust",
        title,
        table,
        notes,
        dict.fromkeys(amounts, unit) | dict.fromkeys(shares, "share"),
        {"regret": pd.concat(long, ignore_index=True)},
        {"metric": objective.metric, "baseline": base},
    )


def _by_world(run: StudyRun, metric: str) -> pd.DataFrame:
    cells = run.cells(metric).pivot(index="world", columns="arm", values="mean")
    cells.columns = cells.columns.astype(str)
    return cells.reindex(index=range(len(run.worlds)), columns=run.arms)
