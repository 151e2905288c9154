"""Two runs side by side: what differs between their scenarios, and paired differences on common random numbers."""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..kernel.eventlog import KIND_NAMES, Kind
from ..scenario.overriding import Difference, differences
from ..scenario.policy import covers
from ..scenario.schema import Scenario
from .intervals import (
    change_within_bounds,
    interval_of,
    mean_interval,
    median_interval,
    relative_within_bounds,
    too_skewed,
)
from .outcomes import kind_of, metrics, spent_by
from .run import Run, RunError, rule_names
from .simultaneous import interval_for_all, level_for_all
from .tails import needed_for_parts

Floats = npt.NDArray[np.float64]
Source = Literal["lever", "law", "market", "world"]

SIZES: dict[str, tuple[str, str]] = {
    "violations": ("Violations", ""),
    "harm": ("Harm", "user-days"),
    "fines": ("Fines, net", "RMB"),
    "sanctions": ("Sanctions", ""),
    "wrongful": ("Wrongful sanctions", ""),
    "removals": ("Removals from stores", ""),
    "exits": ("Providers giving up", ""),
}
"""Outcomes by size class: title and unit."""

COUNTED = {"violations": Kind.VIOLATION, "removals": Kind.DELISTED}
"""Those of :data:`SIZES` that count events, so that standing breaches such as a missing filing are among them."""

BEHAVIOURS: dict[str, tuple[str, tuple[Kind, ...]]] = {
    "violations": ("Violations", (Kind.VIOLATION,)),
    "complaints": ("Complaints", (Kind.COMPLAINT,)),
    "cases": ("Cases opened", (Kind.CASE_OPENED,)),
    "dismissed": ("Cases dismissed", (Kind.DISMISSED,)),
}
"""Outcomes by behaviour: title, and the kinds of event counted under the rule of that behaviour."""


AUTHORITIES: dict[str, tuple[str, str]] = {
    "violations": ("Violations in its remit", ""),
    "cases": ("Cases opened", ""),
    "dismissed": ("Cases dismissed", ""),
    "sanctioned": ("Cases that ended in a sanction", ""),
    "fines": ("Fines imposed", "RMB"),
    "spent": ("Spent", "RMB"),
}
"""Outcomes by authority: title and unit. The first whose remit covers size class and behaviour is responsible."""


NUMBERS = (
    *("mean_a", "mean_b", "difference", "lo95", "hi95", "lo_all", "hi_all", "n", "skewed"),
    *("median", "median_lo95", "median_hi95", "interval_of"),
)
"""Columns of the tables of a comparison after metric, title and unit."""


@dataclass(frozen=True)
class Comparison:
    """The differences of ``b`` from ``a``. ``table`` has one row per metric, with the columns metric, title, unit,
    mean_a, mean_b, difference (b - a), lo95 and hi95 (only of this difference), lo_all and hi_all (of all rows of the
    table at once: :mod:`.simultaneous`), n (the pairs of replications in which both are defined), skewed (whether a
    few of them decide the mean: :func:`.intervals.too_skewed`), median, median_lo95 and median_hi95 (of the paired
    differences) and interval_of: ``mean``, or ``median`` where the mean difference has no interval with so few
    replications (:mod:`.tails`; its four ends are NaN), or ``none``."""

    a: Run
    b: Run
    table: pd.DataFrame
    alike: bool = False
    """Whether no outcome differs in any replication."""

    @property
    def differences(self) -> list[Difference]:
        """The parameters in which the two scenarios differ, by dotted path."""
        return scenario_differences(self.a.scenario, self.b.scenario)

    @functools.cached_property
    def by_size(self) -> pd.DataFrame:
        """The outcomes of :data:`SIZES` by size class: column ``size_class`` before those of ``table``."""
        left, right = _by_size(self.a), _by_size(self.b)
        classes = [item.name for item in self.a.scenario.population.classes]
        classes += [item.name for item in self.b.scenario.population.classes if item.name not in classes]
        rows = [
            (name, metric, title, unit, left.get((name, metric)), right.get((name, metric)))
            for name in classes
            for metric, (title, unit) in SIZES.items()
        ]
        return self._broken_down("size_class", rows)

    @functools.cached_property
    def by_behaviour(self) -> pd.DataFrame:
        """The outcomes of :data:`BEHAVIOURS` by behaviour: column ``behaviour`` before those of ``table``."""
        left, right = _by_behaviour(self.a), _by_behaviour(self.b)
        names = [str(item.name) for item in self.a.scenario.behaviours]
        names += [str(item.name) for item in self.b.scenario.behaviours if str(item.name) not in names]
        rows = [
            (name, metric, title, "", left.get((name, metric)), right.get((name, metric)))
            for name in names
            for metric, (title, _) in BEHAVIOURS.items()
        ]
        return self._broken_down("behaviour", rows)

    @functools.cached_property
    def by_authority(self) -> pd.DataFrame:
        """The outcomes of :data:`AUTHORITIES` by authority: column ``authority`` before those of ``table``. Empty where
        neither scenario divides the work."""
        left, right = _by_authority(self.a), _by_authority(self.b)
        names = list(dict.fromkeys(name for name, _ in (*left, *right)))
        rows = [
            (name, metric, title, unit, left.get((name, metric)), right.get((name, metric)))
            for name in names
            for metric, (title, unit) in AUTHORITIES.items()
        ]
        return self._broken_down("authority", rows)

    def _broken_down(
        self, key: str, rows: Sequence[tuple[str, str, str, str, Floats | None, Floats | None]]
    ) -> pd.DataFrame:
        """The paired differences of rows of group, metric, title, unit and the values of both runs."""
        n = min(self.a.replications, self.b.replications)
        nothing = np.full(n, np.nan)
        values = [[nothing if side is None else side[:n] for side in row[4:]] for row in rows]
        named = pd.DataFrame([row[:4] for row in rows], columns=[key, "metric", "title", "unit"])
        lacking = [False] * len(rows)
        for places in named.groupby(key, sort=False).groups.values():
            # A class has its own parts: few violations may decide its harm, though the market has many.
            own = [pd.DataFrame({rows[k][1]: values[k][side] for k in places}) for side in (0, 1)]
            for k in places:
                lacking[k] = _too_few(rows[k][1], (self.a.scenario, own[0]), (self.b.scenario, own[1]))
        return pd.concat([named, _paired(values, named, lacking, alike=self.alike)], axis=1)

    def _has_no_interval(self, metric: str) -> bool:
        """Whether the mean difference of an outcome has no interval with so few replications."""
        n = min(self.a.replications, self.b.replications)
        return _too_few(metric, (self.a.scenario, self.a.outcomes[:n]), (self.b.scenario, self.b.outcomes[:n]))

    @property
    def cost_per_harm_avoided(self) -> tuple[float, float, float]:
        """RMB of regulator's cost that ``b`` spends beyond ``a``, for each user-day of harm that it avoids, with a 95 %
        interval (jackknife over paired replications). NaN where ``b`` avoids no harm on the mean: then there is no such
        price. The interval is NaN where that of harm is.
        """
        (cost_a, cost_b), (harm_a, harm_b) = self._values("regulator_cost"), self._values("harm")
        avoided = harm_a - harm_b
        if not len(avoided) or avoided.mean() <= 0.0:
            return np.nan, np.nan, np.nan
        price, low, high = _ratio(cost_b - cost_a, avoided)
        return (price, np.nan, np.nan) if self._has_no_interval("harm") else (price, low, high)

    def priced(self, prices: Mapping[str, float]) -> pd.DataFrame:
        """The cost of ``b`` beyond that of ``a`` at these prices, in RMB per unit of a metric: one row per metric and
        one for all.

        The regulator's own cost always counts, at 1; nothing else has a price unless it is given. ``difference`` is the
        paired difference in RMB with its 95 % interval: NaN for an outcome whose mean has none with so few
        replications, and for the sum with it. A price of ``fines`` is what it costs to collect one RMB.

        Raises :class:`RunError` for what has no price: see :func:`check_prices`.
        """
        check_prices(prices, self.a.scenario, self.b.scenario)
        titles = dict(zip(self.table["metric"], self.table["title"], strict=True))
        units = dict(zip(self.table["metric"], self.table["unit"], strict=True))
        rows, total = [], np.zeros(min(self.a.replications, self.b.replications))
        lacks = {name: bool(price) and self._has_no_interval(name) for name, price in prices.items()}
        for name, price in {"regulator_cost": 1.0, **prices}.items():
            before, after = self._values(name)
            each = price * (after - before)
            total = total + each
            found = _without_ends(mean_interval(each), lacks.get(name, False))
            rows.append((name, titles[name], units[name], price, *found))
        rows.append(("total", "All of these", "", math.nan, *_without_ends(mean_interval(total), any(lacks.values()))))
        return pd.DataFrame(rows, columns=["metric", "title", "unit", "price", "difference", "lo95", "hi95", "n"])

    def relative(self, metric: str) -> tuple[float, float, float]:
        """How much more of a metric ``b`` has, as a share of what ``a`` has, with a 95 % interval (jackknife over
        paired replications in which both are defined). Zero where neither has any of it, NaN where only ``a`` has none.
        What is never negative cannot fall by more than all of it: the interval ends at -1. That of a share ends where
        the share would be 1.
        """
        a, b = self._values(metric)
        both = ~(np.isnan(a) | np.isnan(b))
        a, b = a[both], b[both]
        if len(a) and not a.any() and not b.any():
            return 0.0, 0.0, 0.0
        share, low, high = _ratio(b - a, a)
        if min(a.min(initial=0.0), b.min(initial=0.0)) < 0.0:
            return share, low, high
        unit = str(self.table.set_index("metric").loc[metric, "unit"])
        return share, *relative_within_bounds(low, high, float(a.mean()) if len(a) else math.nan, kind_of(metric, unit))

    def _values(self, metric: str) -> tuple[Floats, Floats]:
        n = min(self.a.replications, self.b.replications)
        return self.a.values(metric, n), self.b.values(metric, n)


def check_prices(prices: Mapping[str, float], *scenarios: Scenario) -> None:
    """Raises :class:`RunError` for a price of what these scenarios have no outcome for, or that is no finite number."""
    have = set.intersection(*(set(metrics(scenario)) for scenario in scenarios)) - {"regulator_cost"}
    for name, price in prices.items():
        if name not in have:
            close = difflib.get_close_matches(name, sorted(have), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            own = "; the regulator's own cost always counts" if name == "regulator_cost" else ""
            raise RunError(f"found a price of {name!r}, which is no outcome that can have one{hint}{own}")
        if not math.isfinite(price):
            raise RunError(f"found {price} as the price of {name}, expected RMB per unit")


def _without_ends(found: tuple[float, float, float, int], lacking: bool) -> tuple[float, float, float, int]:
    return (found[0], math.nan, math.nan, found[3]) if lacking else found


def _too_few(metric: str, *sides: tuple[Scenario, pd.DataFrame]) -> bool:
    """Whether neither side, a scenario and its outcomes, has enough replications for an interval of the mean
    difference. One side is enough: a policy under which nothing of the kind happens has no parts to count.
    """
    return all(needed_for_parts(scenario, outcomes, metric) > len(outcomes) for scenario, outcomes in sides)


def _paired(
    sides: Sequence[Sequence[Floats]], named: pd.DataFrame, lacking: Sequence[bool], *, alike: bool
) -> pd.DataFrame:
    """The numbers of a table of differences, a row per pair of sides: see :class:`Comparison`. ``named`` has the metric
    and the unit of each, ``lacking`` says whose mean difference has no interval.

    Where no pair differs, the mean difference has no interval, either: it may differ in a history yet unseen. It is
    exactly zero if no outcome of these runs differs (``alike``), or if it never varies and is not zero.
    """
    differences = [after - before for before, after in sides]
    differs = [bool(each[~np.isnan(each)].any()) for each in differences]
    lacking = [
        lacks if differing else not (alike or _fixed(before))
        for differing, lacks, (before, _) in zip(differs, lacking, sides, strict=True)
    ]
    level = level_for_all([each for each, lacks in zip(differences, lacking, strict=True) if not lacks])
    rows = []
    kinds = [kind_of(str(metric), str(unit)) for metric, unit in zip(named["metric"], named["unit"], strict=True)]
    for (before, after), difference, kind, lacks in zip(sides, differences, kinds, lacking, strict=True):
        both = ~np.isnan(difference)
        mean, low, high, pairs = _without_ends(mean_interval(difference), lacks)
        low, high = change_within_bounds(low, high, kind)
        ends = (math.nan, math.nan) if lacks else change_within_bounds(*interval_for_all(difference, level), kind)
        means = mean_interval(before[both])[0], mean_interval(after[both])[0]
        middle = median_interval(difference)
        shown = interval_of(low, middle[1])
        rows.append((*means, mean, low, high, *ends, pairs, too_skewed(difference), *middle, shown))
    return pd.DataFrame(rows, columns=NUMBERS)


def _fixed(values: Floats) -> bool:
    """Whether an outcome is the same in all replications, and not for want of events."""
    defined = values[~np.isnan(values)]
    return bool(len(defined)) and bool(np.ptp(defined) == 0.0) and bool(defined[0])


def _ratio(above: Floats, below: Floats) -> tuple[float, float, float]:
    """Mean of ``above`` over mean of ``below`` with a 95 % interval by the jackknife; NaN where it is not defined."""
    n = len(above)
    if n < 2 or below.sum() == 0.0 or not (below.sum() - below).all():
        return np.nan, np.nan, np.nan
    ratio = float(above.mean() / below.mean())
    left_out = (above.sum() - above) / (below.sum() - below)
    low, high = mean_interval(n * ratio - (n - 1) * left_out)[1:3]
    return ratio, low, high


def compare(a: Run, b: Run, *, anyway: bool = False) -> Comparison:
    """Differences between two runs of the same seed, replication by replication, with 95 % intervals.

    Replication ``k`` of both has the same random numbers, so a change without consequence differs by exactly zero.
    Runs of different length are compared on the replications that both have.

    Raises :class:`RunError` when the seeds differ, so that nothing is paired that does not belong together, and when
    the runs are not comparable (:func:`reasons_against`, or two versions of the model) unless ``anyway``.
    """
    if a.seed != b.seed:
        raise RunError(f"found runs of seeds {a.seed} and {b.seed}, expected the same seed: pairs need the same draws")
    if not anyway:
        require_comparable(a.scenario, b.scenario)
        if a.model != b.model:
            raise RunError(
                f"found runs of two versions of the model ({a.model[:12]} and {b.model[:12]}), expected one;"
                " simulate both again, or compare them with `shenhe compare --anyway`"
            )
    n = min(a.replications, b.replications)
    named = metrics(a.scenario) | metrics(b.scenario)
    shared = [name for name in a.outcomes.columns if name != "replication" and name in b.outcomes.columns]
    values = [[run.values(name, n) for run in (a, b)] for name in shared]
    titles = pd.DataFrame([(name, *named[name]) for name in shared], columns=["metric", "title", "unit"])
    sides = (a.scenario, a.outcomes[:n]), (b.scenario, b.outcomes[:n])
    lacking = [_too_few(name, *sides) for name in shared]
    alike = all(np.array_equal(before, after, equal_nan=True) for before, after in values)
    return Comparison(a, b, pd.concat([titles, _paired(values, titles, lacking, alike=alike)], axis=1), alike)


def require_comparable(a: Scenario, b: Scenario) -> None:
    """Raise :class:`RunError` with the :func:`reasons_against` a comparison, if there are any."""
    reasons = reasons_against(a, b)
    if reasons:
        raise RunError(
            "\n".join([*reasons, "a difference would mix this with the policy; `compare --anyway` compares them still"])
        )


def reasons_against(a: Scenario, b: Scenario) -> list[str]:
    """Why runs of two scenarios are not comparable, a sentence each: horizon, calendar or size of the market differ, or
    a change of staff is lost in rounding. Empty where they are comparable.
    """
    facts = [
        ("horizon", f"{a.horizon:g} days", f"{b.horizon:g} days"),
        ("start", str(a.start), str(b.start)),
        ("clock", a.clock, b.clock),
        ("population", _market(a), _market(b)),
    ]
    reasons = [
        f"{path}: found {left} in A and {right} in B, expected the same" for path, left, right in facts if left != right
    ]
    before, after = a.whole_counts(), b.whole_counts()
    for path, (wanted, number) in before.items():
        other, simulated = after.get(path, (wanted, number))
        if wanted != other and number == simulated:
            reasons.append(
                f"{path}: found {wanted} in A and {other} in B, which are both {number} at population.scale"
                f" {a.population.scale:g}: the change is lost in rounding; use a larger scale or a larger change"
            )
    return reasons


def _market(scenario: Scenario) -> str:
    population = scenario.population
    return f"{population.simulated:,} providers (scale {population.scale:g})"


def scenario_differences(a: Scenario, b: Scenario) -> list[Difference]:
    """The parameters in which two scenarios differ, by dotted path; names and prose are left out."""
    return differences(*(dict(each.parameters()) for each in (a, b)))


def source_of(path: str) -> Source:
    """What a parameter belongs to: a ``lever`` of the policy, the ``law`` (ladder, rules), the ``market``, the
    ``world`` (behaviour of providers and the public)."""
    if path.startswith(("policy.ladder", "changes")) or path.endswith((".rule", ".penalty", ".ladder")):
        return "law"
    if path.startswith("policy."):
        return "lever"
    return "market" if path.startswith(("population", "stores", "platforms", "supporters")) else "world"


def _by_size(run: Run) -> Mapping[tuple[str, str], Floats]:
    """(size class, metric) -> one value per replication."""
    providers = run.providers.assign(exits=(run.providers["status"].astype(str) == "exited").astype(np.float64))
    place = ["replication", "provider"]
    for metric, kind in COUNTED.items():
        counts = run.events.loc[run.events["kind"] == KIND_NAMES[kind]].groupby(place, observed=True).size()
        providers[metric] = counts.reindex(pd.MultiIndex.from_frame(providers[place])).fillna(0.0).to_numpy()
    summed = providers.groupby(["size_class", "replication"], observed=False)[list(SIZES)].sum()
    return {
        (str(name), metric): _series(summed.loc[name, metric], run.replications)
        for name in summed.index.get_level_values(0).unique()
        for metric in SIZES
    }


def _by_behaviour(run: Run) -> Mapping[tuple[str, str], Floats]:
    """(behaviour, metric) -> one value per replication."""
    events = run.events
    rules = dict(zip(rule_names(run.scenario), (str(item.name) for item in run.scenario.behaviours), strict=False))
    # By category, not by row: the log has hundreds of thousands of rows and a few rules.
    behaviour = events["rule"].astype("category").map(lambda rule: rules.get(str(rule), ""))
    found: dict[tuple[str, str], Floats] = {}
    for metric, (_, kinds) in BEHAVIOURS.items():
        wanted = events["kind"].isin([KIND_NAMES[kind] for kind in kinds])
        counts = (
            events.loc[wanted].groupby([behaviour[wanted], events.loc[wanted, "replication"]], observed=True).size()
        )
        for item in run.scenario.behaviours:
            name = str(item.name)
            have = name in counts.index.get_level_values(0)
            series = counts.loc[name] if have else pd.Series(dtype=np.float64)
            found[name, metric] = _series(series, run.replications)
    return found


def _by_authority(run: Run) -> Mapping[tuple[str, str], Floats]:
    """(authority, metric) -> one value per replication."""
    authorities = run.scenario.policy.authorities
    if not authorities:
        return {}
    responsible = {
        (size.name, rule): next(
            (each.name for each in authorities if covers(each, size.name, risk)), authorities[0].name
        )
        for size in run.scenario.population.classes
        for rule, risk in zip(rule_names(run.scenario), (each.name for each in run.scenario.behaviours), strict=False)
    }
    kinds = [
        KIND_NAMES[each] for each in (Kind.VIOLATION, Kind.CASE_OPENED, Kind.DISMISSED, Kind.CASE_CLOSED, Kind.FINE)
    ]
    events = run.events.loc[run.events["kind"].isin(kinds)].merge(
        run.providers[["replication", "provider", "size_class"]], on=["replication", "provider"], how="left"
    )
    case = ["replication", "provider", "case"]
    opened = events.loc[events["kind"] == KIND_NAMES[Kind.CASE_OPENED]].set_index(case)["rule"]
    # What follows the opening of a case names the penalty, or nothing: the rule is that of the case.
    of_case = opened[~opened.index.duplicated()].reindex(pd.MultiIndex.from_frame(events[case])).to_numpy()
    own = events["kind"] == KIND_NAMES[Kind.VIOLATION]
    rule = np.where(own, events["rule"].astype(str), of_case.astype(str))
    events["authority"] = [
        responsible.get(place, "") for place in zip(events["size_class"].astype(str), rule, strict=True)
    ]
    chosen = {
        "violations": own,
        "cases": events["kind"] == KIND_NAMES[Kind.CASE_OPENED],
        "dismissed": events["kind"] == KIND_NAMES[Kind.DISMISSED],
        "sanctioned": (events["kind"] == KIND_NAMES[Kind.CASE_CLOSED]) & (events["value"] == 1.0),
        "fines": events["kind"] == KIND_NAMES[Kind.FINE],
    }
    found: dict[tuple[str, str], Floats] = {}
    for each in authorities:
        for metric, wanted in chosen.items():
            mine = events.loc[wanted & (events["authority"] == each.name)].groupby("replication", observed=True)[
                "value"
            ]
            found[each.name, metric] = _series(mine.sum() if metric == "fines" else mine.size(), run.replications)
        found[each.name, "spent"] = run.outcomes[spent_by(each.name)].to_numpy(dtype=np.float64)
    return found


def _series(values: Any, replications: int) -> Floats:
    return np.asarray(values.reindex(range(replications)).fillna(0.0).to_numpy(dtype=np.float64))


__all__ = [
    "AUTHORITIES",
    "BEHAVIOURS",
    "SIZES",
    "Comparison",
    "check_prices",
    "compare",
    "reasons_against",
    "require_comparable",
    "scenario_differences",
    "source_of",
]
