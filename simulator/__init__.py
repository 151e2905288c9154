"""Many providers under enforcement: a discrete-event simulation of a regulator's policy.

>>> from shenhe.simulator import load_scenario
>>> scenario = load_scenario("cn-2023", overrides={"policy.detection.inspection_rate": 0.1})
>>> scenario.policy.detection.inspection_rate
0.1

``simulate(scenario, replications=20, seed=1)`` gives a :class:`Run` with pandas frames (``outcomes``, ``providers``,
``series``, ``events``, ``summary``), ``compare(run_a, run_b)`` paired differences, ``read_run(folder)`` a run from
disk. Importing this package imports none of the heavy libraries; they come with the first name that needs them, and
raise :class:`~shenhe.core.errors.MissingExtraError` where the extra ``sim`` is not installed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from shenhe.core.extras import extras_named

if TYPE_CHECKING:
    from .reference.hook import Hook, View
    from .runs.comparison import Comparison, compare
    from .runs.continuation import continue_run
    from .runs.convergence import Convergence, converge, converge_difference
    from .runs.outcomes import METRICS, Metric, metrics
    from .runs.run import Run, RunError, read_run, simulate
    from .scenario.loading import load_scenario
    from .scenario.schema import Scenario
    from .scenario.values import ScenarioError

__all__ = [
    "METRICS",
    "Comparison",
    "Convergence",
    "Hook",
    "Metric",
    "Run",
    "RunError",
    "Scenario",
    "ScenarioError",
    "View",
    "compare",
    "continue_run",
    "converge",
    "converge_difference",
    "load_scenario",
    "metrics",
    "read_run",
    "simulate",
]

_HOMES = {
    "METRICS": "runs.outcomes",
    "Comparison": "runs.comparison",
    "Convergence": "runs.convergence",
    "Hook": "reference.hook",
    "View": "reference.hook",
    "continue_run": "runs.continuation",
    "converge": "runs.convergence",
    "converge_difference": "runs.convergence",
    "Metric": "runs.outcomes",
    "Run": "runs.run",
    "RunError": "runs.run",
    "Scenario": "scenario.schema",
    "ScenarioError": "scenario.values",
    "compare": "runs.comparison",
    "load_scenario": "scenario.loading",
    "metrics": "runs.outcomes",
    "read_run": "runs.run",
    "simulate": "runs.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with extras_named():
        value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
