"""Results of a study, read from its folder."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from shenhe.core.errors import MissingExtraError

from ..kernel.replication import BIN
from ..runs.note import read_note
from ..runs.outcomes import Metric
from ..scenario.schema import Scenario
from ..scenario.values import faults_of
from .document import Study, StudyError
from .plan import SERIES_PREFIX, Plan


@dataclass(frozen=True)
class StudyRun:
    """A study that was run. Its frames are pandas; columns are read when asked for, since all may not fit in memory."""

    plan: Plan
    folder: Path
    note: Mapping[str, Any] = field(repr=False)

    @property
    def study(self) -> Study:
        return self.plan.study

    @property
    def arms(self) -> list[str]:
        """The names of the arms, in their order; the first is what others are compared with."""
        return [arm.name for arm in self.plan.arms]

    @property
    def worlds(self) -> pd.DataFrame:
        """The design: ``world``, a column for each uncertain parameter, and ``unit:<name>`` in [0, 1]."""
        return self.plan.worlds

    @property
    def metrics(self) -> dict[str, Metric]:
        return self.plan.metrics

    @property
    def quarantined(self) -> Mapping[str, str]:
        """Jobs that could not be run, and why. Their rows are missing."""
        found: Mapping[str, str] = self.note.get("quarantined", {})
        return found

    def results(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """One row per world, arm and replication, in that order, with the metrics named (all by default)."""
        wanted = list(columns) if columns is not None else list(self.metrics)
        self.check_metrics(wanted)
        frame: pd.DataFrame = pq.read_table(
            self.folder / "results.parquet", columns=["world", "arm", "replication", *dict.fromkeys(wanted)]
        ).to_pandas()
        return frame

    def check_metrics(self, wanted: Iterable[str]) -> None:
        """Raise :class:`StudyError` for a name that no result has."""
        for name in wanted:
            if name not in self.metrics:
                close = difflib.get_close_matches(name, list(self.metrics), n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"expected one of: {', '.join(self.metrics)}"
                raise StudyError(f"found the metric {name!r}, which no result has; {hint}")

    def cells(self, metric: str) -> pd.DataFrame:
        """One row per world and arm: ``mean`` and ``sd`` of a metric over the ``n`` replications that have it."""
        grouped = self.results([metric]).groupby(["world", "arm"], observed=True, sort=False)[metric]
        return grouped.agg(mean="mean", sd="std", n="count").reset_index()

    def values(self, metric: str) -> dict[str, pd.DataFrame]:
        """For each arm a frame of a metric: index world, columns replication; NaN where undefined or missing."""
        frame = self.results([metric])
        return {
            arm: frame[frame["arm"] == arm].pivot(index="world", columns="replication", values=metric)
            for arm in self.arms
        }

    def series(self, name: str) -> dict[str, pd.DataFrame]:
        """For each arm a frame of a time series: index world and replication, columns the day on which each bin ends.

        Raises :class:`StudyError` where the study did not keep it.
        """
        if name not in self.study.series:
            kept = ", ".join(self.study.series) or "none"
            raise StudyError(f"found the series {name!r}, which this study did not keep; it kept: {kept}")
        column = SERIES_PREFIX + name
        frame = pq.read_table(
            self.folder / "results.parquet", columns=["world", "arm", "replication", column]
        ).to_pandas()
        found = {}
        for arm, scenario in zip(self.arms, self.plan.scenarios, strict=True):
            rows = frame[frame["arm"] == arm].set_index(["world", "replication"])[column]
            wide = pd.DataFrame(rows.map(list).tolist(), index=rows.index)
            wide.columns = pd.Index([min(BIN * (place + 1), scenario.horizon) for place in range(wide.shape[1])])
            found[arm] = wide
        return found

    def to_xarray(self) -> Any:
        """The results as an :class:`xarray.Dataset` over arm, world and replication, with units as attributes, and the
        uncertain parameters as coordinates of the worlds.

        Raises :class:`~shenhe.core.errors.MissingExtraError` where xarray is not installed.
        """
        try:
            import xarray
        except ImportError:
            raise MissingExtraError(
                "the export needs xarray, which is not installed: python -m pip install 'shenhe[studies]'"
            ) from None
        frame = self.results().set_index(["arm", "world", "replication"])
        dataset = xarray.Dataset.from_dataframe(frame)
        for name, metric in self.metrics.items():
            dataset[name].attrs = {"long_name": metric.title} | ({"units": metric.unit} if metric.unit else {})
        labels = [parameter.label for parameter in self.study.worlds.parameters] if self.study.worlds else []
        dataset = dataset.reindex(arm=self.arms, world=self.worlds["world"].to_numpy())
        return dataset.assign_coords({label: ("world", self.worlds[label].to_numpy()) for label in labels})


def read_study(folder: str | Path, *, partial: bool = False) -> StudyRun:
    """A study from its folder. Raises :class:`StudyError` when there is none, or it was not finished: then nothing is
    read unless ``partial`` allows rows that are missing because their jobs were put in quarantine."""
    folder = Path(folder)
    note = read_note(folder, StudyError)
    if note is None or "study_hash" not in note:
        raise StudyError(f"{folder}: no study here (found no run.json of a study)")
    if not (folder / "results.parquet").exists() or not (note.get("complete") or (partial and "quarantined" in note)):
        how = note.get("command") or "the call that began it"
        lost = "; ".join(f"{name}: {reason}" for name, reason in (note.get("quarantined") or {}).items())
        raise StudyError(f"{folder}: this study was not finished{f' ({lost})' if lost else ''}; go on with: {how}")
    try:
        study = Study.model_validate(note["study"])
        scenarios = tuple(Scenario.model_validate(item) for item in note["scenarios"])
        worlds = pq.read_table(folder / "worlds.parquet").to_pandas()
    except ValidationError as error:
        raise StudyError(f"{folder}/run.json: {faults_of(error)}; expected a study of this version of shenhe") from None
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as error:
        raise StudyError(f"{folder}: this study cannot be read ({type(error).__name__}: {error})") from None
    return StudyRun(Plan(study, scenarios, worlds), folder, note)
