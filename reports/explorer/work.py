"""What the explorer computes: runs and their summaries, heat maps, providers and their events, pages and tables.

Everything here takes plain values and returns plain values, since it usually runs in another process.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import pandas as pd

from shenhe.simulator import Run, Scenario, compare, simulate
from shenhe.simulator.kernel.eventlog import KIND_NAMES
from shenhe.simulator.runs.comparison import SIZES, Comparison
from shenhe.simulator.runs.intervals import mean_interval
from shenhe.simulator.runs.tails import needed_for_parts

from .series import SERIES, Lines, happenings, lines

MAX_ROWS = 200
"""Providers in a table; a filter brings up the others."""
MAX_EVENTS = 400
MAX_CELLS = 64

Span = tuple[float, float, float]
"""A mean, or a mean difference, and both ends of its 95 % interval."""
Progress = Callable[[int, int], None]


class PairedShift(NamedTuple):
    """A paired difference: its mean, its own 95 % interval, and whether it is beyond chance with all rows of its table
    taken together.
    """

    mean: float
    low: float
    high: float
    beyond: bool


class Stopped(Exception):  # the user pressed Cancel; nothing is wrong
    """The work was cancelled."""


@dataclass(frozen=True)
class Request:
    """Policies to run on the same random numbers; the first is what the others are compared with."""

    scenarios: tuple[Scenario, ...]
    replications: int
    seed: int


@dataclass(frozen=True)
class Arm:
    """What came of one policy. ``differences`` are paired, against the first; the first has none."""

    outcomes: Mapping[str, Span]
    differences: Mapping[str, PairedShift]
    by_size: Mapping[tuple[str, str], PairedShift]
    by_behaviour: Mapping[tuple[str, str], PairedShift]
    lines: Lines


@dataclass(frozen=True)
class Result:
    """What came of a request; ``key`` names the request."""

    arms: tuple[Arm, ...]
    units: Mapping[str, str]
    sizes: tuple[str, ...]
    behaviours: tuple[str, ...]
    replications: int
    start: str


@dataclass(frozen=True)
class Heat:
    """One cell per pair of values: the difference from the unchanged policy. NaN where no run was possible."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[tuple[Span, ...], ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProviderTable:
    rows: tuple[Mapping[str, Any], ...]
    total: int


@dataclass(frozen=True)
class Timeline:
    """The events of one provider, and the row that sums them up."""

    row: Mapping[str, Any]
    events: tuple[Mapping[str, Any], ...]
    total: int


@dataclass
class Workshop:
    """Finished runs, the latest last, so that only what changed is run again."""

    runs: OrderedDict[tuple[str, int, int], Run] = field(default_factory=OrderedDict)
    most: int = 12
    engine: Literal["auto", "simpy", "compiled"] = "auto"

    def run(self, scenario: Scenario, replications: int, seed: int, progress: Progress) -> Run:
        """The run of a scenario, from the store if it is there."""
        key = (scenario.hash, replications, seed)
        if key in self.runs:
            self.runs.move_to_end(key)
        else:
            self.runs[key] = simulate(scenario, replications, seed, progress=progress, engine=self.engine)
            while len(self.runs) > self.most:
                self.runs.popitem(last=False)
        return self.runs[key]

    def run_all(self, request: Request, progress: Progress) -> list[Run]:
        """One run per policy, with progress over all of them."""
        total = request.replications * len(request.scenarios)
        found: list[Run] = []

        def counted(done: int, _: int) -> None:
            progress(len(found) * request.replications + done, total)

        for scenario in request.scenarios:
            counted(0, 0)
            found.append(self.run(scenario, request.replications, request.seed, counted))
        progress(total, total)
        return found


def explore(shop: Workshop, request: Request, progress: Progress) -> Result:
    """Run the policies and sum up what came of them."""
    runs = shop.run_all(request, progress)
    first = runs[0]
    scenario = first.scenario
    return Result(
        tuple(_arm(run, compare(first, run) if place else None) for place, run in enumerate(runs)),
        {str(name): str(unit) for name, unit in first.summary["unit"].items()},
        tuple(item.name for item in scenario.population.classes),
        tuple(str(item.name) for item in scenario.behaviours),
        request.replications,
        scenario.start.isoformat(),
    )


def _arm(run: Run, comparison: Comparison | None) -> Arm:
    summary = run.summary
    outcomes = {
        str(name): (float(mean), float(low), float(high))
        for name, mean, low, high in zip(summary.index, summary["mean"], summary["lo95"], summary["hi95"], strict=True)
    }
    if comparison is None:
        return Arm(outcomes, {}, {}, {}, lines(run))
    return Arm(
        outcomes,
        {str(row["metric"]): _shift(row) for row in comparison.table.to_dict("records")},
        {(str(row["size_class"]), str(row["metric"])): _shift(row) for row in comparison.by_size.to_dict("records")},
        {
            (str(row["behaviour"]), str(row["metric"])): _shift(row)
            for row in comparison.by_behaviour.to_dict("records")
        },
        lines(run),
    )


def _shift(row: Mapping[Any, Any]) -> PairedShift:
    beyond = bool(row["lo_all"] > 0 or row["hi_all"] < 0)
    return PairedShift(float(row["difference"]), float(row["lo95"]), float(row["hi95"]), beyond)


def heat(
    shop: Workshop,
    base: Scenario,
    axes: tuple[tuple[str, Sequence[float]], tuple[str, Sequence[float]]],
    metric: str,
    size: tuple[int, int],
    progress: Progress,
) -> Heat:
    """Every combination of two levers against ``base``; ``size`` is (replications, seed).

    A combination that no scenario can have is left blank, with the reason.
    """
    (across, xs), (upwards, ys) = axes
    replications, seed = size
    total = len(xs) * len(ys) + 1
    if total > MAX_CELLS + 1:
        raise ValueError(f"found {total - 1} combinations, expected at most {MAX_CELLS}")
    progress(0, total)

    def step(done: int) -> Progress:
        return lambda *_: progress(done, total)

    before = shop.run(base, replications, seed, step(0))
    rows: list[tuple[Span, ...]] = []
    reasons: list[str] = []
    for y in ys:
        row: list[Span] = []
        for x in xs:
            done = 1 + len(rows) * len(xs) + len(row)
            progress(done, total)
            try:
                scenario = base.changed({across: _fitting(base, across, x), upwards: _fitting(base, upwards, y)})
            except ValueError as error:
                reasons.append(f"{across}={x:g}, {upwards}={y:g}: {error}")
                row.append((math.nan, math.nan, math.nan))
                continue
            after = simulate(scenario, replications, seed, progress=step(done), engine=shop.engine)
            mean, low, high, _ = mean_interval(after.values(metric) - before.values(metric))
            if min(needed_for_parts(run.scenario, run.outcomes, metric) for run in (before, after)) > replications:
                low = high = math.nan
            row.append((mean, low, high))
        rows.append(tuple(row))
    progress(total, total)
    return Heat(tuple(xs), tuple(ys), tuple(rows), tuple(reasons))


def _fitting(base: Scenario, path: str, value: float) -> float | int:
    """The value in the kind that the scenario has there."""
    own = dict(base.parameters()).get(path)
    return round(value) if isinstance(own, int) and not isinstance(own, bool) else value


def provider_table(
    run: Run,
    replication: int,
    *,
    size: str = "",
    status: str = "",
    sort: str = "sanctions",
    outcome: str = "",
    until: float | None = None,
) -> ProviderTable:
    """Providers of one replication, most first. With ``outcome``: those with such an event in the 30 days before."""
    frame = run.providers[run.providers["replication"] == replication]
    if size:
        frame = frame[frame["size_class"].astype(str) == size]
    if status:
        frame = frame[frame["status"].astype(str) == status]
    if outcome in SERIES and outcome != "harm":
        happened = happenings(run, outcome)
        inside = happened.replication == replication
        if until is not None:
            inside &= (happened.time <= until) & (happened.time > until - 30.0)
        frame = frame[frame["provider"].isin(happened.provider[inside])]
    shown = frame.sort_values([sort, "provider"], ascending=[False, True]).head(MAX_ROWS)
    return ProviderTable(tuple(_plain(row) for row in shown.to_dict("records")), len(frame))


def timeline(run: Run, replication: int, provider: int) -> Timeline:
    """What happened to one provider, in order. Raises :class:`ValueError` for one that there is none of."""
    found = run.providers[(run.providers["replication"] == replication) & (run.providers["provider"] == provider)]
    if found.empty:
        raise ValueError(f"there is no provider {provider} in replication {replication}")
    events = run.events
    own = events[(events["replication"] == replication) & (events["provider"] == provider)]
    return Timeline(
        _plain(found.to_dict("records")[0]),
        tuple(_plain(row) for row in own.head(MAX_EVENTS).to_dict("records")),
        len(own),
    )


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(key): None if value is None or value != value else value.item() if hasattr(value, "item") else value
        for key, value in row.items()
    }


def decision(runs: tuple[Run, Run], command: str, language: Literal["en", "zh"]) -> str:
    """The decision page about two runs."""
    from ..pages.decision import render_decision_page

    return render_decision_page(compare(*runs), command, language=language)


FORMATS = ("csv", "xlsx", "parquet")


def run_tables(runs: Sequence[Run], letters: str) -> dict[str, pd.DataFrame]:
    """Every table behind the figures, one frame each, the policy in the first column."""
    found: dict[str, list[pd.DataFrame]] = {
        "outcomes": [],
        "series": [],
        "differences": [],
        "by-size": [],
        "by-behaviour": [],
        "levers": [],
    }
    for place, (letter, run) in enumerate(zip(letters, runs, strict=False)):
        found["outcomes"].append(run.summary.reset_index().assign(policy=letter))
        found["series"].append(run.series.assign(policy=letter))
        if place == 0:
            continue
        comparison = compare(runs[0], run)
        found["differences"].append(comparison.table.assign(policy=letter))
        found["by-size"].append(comparison.by_size.assign(policy=letter))
        found["by-behaviour"].append(comparison.by_behaviour.assign(policy=letter))
        changed = [(letter, each.path, str(each.a), str(each.b)) for each in comparison.differences]
        found["levers"].append(pd.DataFrame(changed, columns=["policy", "path", "a", "b"]))
    return {
        name: frame[["policy", *(column for column in frame.columns if column != "policy")]]
        for name, frames in found.items()
        if frames
        for frame in [pd.concat(frames, ignore_index=True)]
    }


def packed(frames: Mapping[str, pd.DataFrame], kind: str) -> bytes:
    """The tables as one file: an archive of CSV or Parquet files, or a workbook with a sheet each."""
    data = io.BytesIO()
    if kind == "xlsx":
        with pd.ExcelWriter(data, engine="xlsxwriter", engine_kwargs={"options": {"nan_inf_to_errors": True}}) as book:
            for name, frame in frames.items():
                frame.head(1_000_000).to_excel(book, sheet_name=name, index=False)
        return data.getvalue()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, frame in frames.items():
            one = io.BytesIO()
            if kind == "csv":
                one.write(frame.to_csv(index=False).encode("utf-8-sig"))
            else:
                frame.to_parquet(one, index=False, compression="zstd")
            archive.writestr(f"{name}.{kind}", one.getvalue())
    return data.getvalue()


def event_log(run: Run) -> bytes:
    """The event log of a run as one Parquet file."""
    data = io.BytesIO()
    run.events.to_parquet(data, index=False, compression="zstd")
    return data.getvalue()


JOBS: dict[str, Callable[..., Any]] = {}
"""What a worker can be asked for, by name: each takes the workshop, its arguments and the progress."""


def job(function: Callable[..., Any]) -> Callable[..., Any]:
    JOBS[function.__name__.removesuffix("_job")] = function
    return function


@job
def explore_job(shop: Workshop, progress: Progress, *, request: Request) -> Result:
    return explore(shop, request, progress)


@job
def heat_job(shop: Workshop, progress: Progress, *, base: Scenario, axes: Any, metric: str, size: Any) -> Heat:
    return heat(shop, base, axes, metric, size, progress)


@job
def providers_job(
    shop: Workshop, progress: Progress, *, request: Request, place: int, replication: int, filters: Mapping[str, Any]
) -> ProviderTable:
    run = shop.run(request.scenarios[place], request.replications, request.seed, progress)
    return provider_table(run, replication, **filters)


@job
def timeline_job(
    shop: Workshop, progress: Progress, *, request: Request, place: int, replication: int, provider: int
) -> Timeline:
    run = shop.run(request.scenarios[place], request.replications, request.seed, progress)
    return timeline(run, replication, provider)


@job
def decision_job(
    shop: Workshop, progress: Progress, *, request: Request, place: int, command: str, language: Literal["en", "zh"]
) -> str:
    first, other = (shop.run(request.scenarios[k], request.replications, request.seed, progress) for k in (0, place))
    return decision((first, other), command, language)


@job
def tables_job(shop: Workshop, progress: Progress, *, request: Request, letters: str, kind: str) -> bytes:
    return packed(run_tables(shop.run_all(request, progress), letters), kind)


@job
def events_job(shop: Workshop, progress: Progress, *, request: Request, place: int) -> bytes:
    return event_log(shop.run(request.scenarios[place], request.replications, request.seed, progress))


@job
def yaml_job(shop: Workshop, progress: Progress, *, scenario: Scenario) -> bytes:
    return scenario_file(scenario)


def scenario_file(scenario: Scenario) -> bytes:
    """The whole scenario as a YAML file that ``shenhe simulate`` reads."""
    import yaml

    data = scenario.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120)
    return text.encode()


__all__ = [
    "JOBS",
    "KIND_NAMES",
    "SIZES",
    "Heat",
    "ProviderTable",
    "Request",
    "Result",
    "Stopped",
    "Timeline",
    "Workshop",
]
