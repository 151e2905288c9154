"""Studies: many policies under many uncertain worlds, many replications of each, kept on disk as they are made.

>>> from shenhe.simulator import study
>>> plan = study.load_study("inspections-or-fines")
>>> [arm.name for arm in plan.arms][:2]
['as-enacted', 'twice-the-inspectors']

``run_study(plan, "folder")`` runs it (or what is missing of it) and gives a :class:`StudyRun` whose frames are pandas;
``read_study("folder")`` reads a finished one. The analyses of :mod:`shenhe.simulator.analysis` take such a run.

A study folder holds ``run.json``, ``worlds.parquet`` (the design), ``results.parquet`` (one row per arm, world and
replication) and ``shards/``, one file per job, addressed by the hash of what it was made from. Everything but
``run.json`` follows only from the study and the model: the same bytes on any executor, with any number of workers,
however often it was interrupted.
"""

from __future__ import annotations

from shenhe.core.errors import MissingExtraError

from .document import Arm, Objective, Precision, Study, StudyError
from .estimate import Estimate
from .plan import STUDY_METRICS, Plan, load_study, names
from .results import StudyRun, read_study
from .running import run_study

__all__ = [
    "STUDY_METRICS",
    "Arm",
    "Estimate",
    "MissingExtraError",
    "Objective",
    "Plan",
    "Precision",
    "Study",
    "StudyError",
    "StudyRun",
    "load_study",
    "names",
    "read_study",
    "run_study",
]
