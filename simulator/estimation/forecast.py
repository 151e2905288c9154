"""What one measured provider faces: its ``report.json``, put into a scenario.

Three assumptions carry a forecast, and each is named:

- **Rates.** The share of cases that a check finds failing has a Beta posterior (Jeffreys' prior) from the counts of the
  report: see :func:`posterior`.
- **Link.** How a rate among probes, which look for edges, becomes a rate in the field is not known. A *link* multiplies
  the odds; every forecast is made under all of :data:`LINKS`.
- **Occasions.** What one occasion of a behaviour puts to the test: the check that is most likely to fail
  (``weakest-check``: every piece of content must pass them all, and they fail together), or one of the behaviour's
  checks at random (``one-check``). Every forecast is made under both. Behaviours that no check decided keep the
  compliance that the scenario gives a provider of that size.

The provider enters late in the scenario and is followed for some days. It is represented by ``paths``: several
providers of its size, each with rates drawn from the posteriors, in several replications; too few to change the market
around them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv

from ..kernel.eventlog import Kind
from ..kernel.replication import Beginning, Replication
from ..kernel.state import EXITED, REVOKED
from ..runs.engines import Engine, choose, replicate_on, warm
from ..runs.intervals import mean_interval, too_skewed
from ..runs.run import RunError
from ..scenario.schema import Scenario
from .measured import INDEPENDENT, Evidence, ForecastError, Measured, posterior

LINKS: Mapping[str, float] = {"edges-are-rare": 0.1, "as-probed": 1.0, "field-is-harder": 3.0}
"""Factor on the odds of failing, from probes to the field."""

OCCASIONS: Mapping[str, Callable[[Any], npt.NDArray[np.float64]]] = {
    "weakest-check": lambda rates: np.max(rates, axis=0),
    "one-check": lambda rates: np.mean(rates, axis=0),
}
"""How the failure rates of a behaviour's checks, by draw, become that of its occasions."""


WITHIN = 0.05
"""Share of the market that the measured provider's paths may be at most."""

MARKET = 300
"""Providers of the market that is simulated around it, where the scenario has more."""


# -- the report: the fields of its published format that are needed here


# -- from probes to the field


def in_the_field(rate: npt.NDArray[np.float64], factor: float) -> npt.NDArray[np.float64]:
    """A failure rate whose odds are ``factor`` times those of ``rate``."""
    return factor * rate / (1.0 - rate + factor * rate)


def check_options(scenario: Scenario, link: str, days: float, replications: int) -> None:
    """Refuse what no forecast can have, whether of a provider or of a store.

    Raises :class:`ForecastError` for a link or a number of days that cannot be, and :class:`RunError` for too few
    replications.
    """
    if link not in LINKS:
        raise ForecastError(f"--link {link}: expected one of: {', '.join(LINKS)}")
    if not 0 < days <= scenario.horizon:
        raise ForecastError(f"--days {days:g}: expected more than 0 and at most the horizon, {scenario.horizon:g}")
    if replications < 2:
        raise RunError(f"found {replications} replications, expected at least 2: an interval needs them")


def mean_and_range(draws: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean, 2.5 % and 97.5 % quantile of draws."""
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(draws.mean()), float(low), float(high)


class Assumed(NamedTuple):
    """A link and a reading of occasions, by name."""

    link: str
    occasions: str


def drawn_rates(
    measured: Measured,
    behaviours: Sequence[str],
    assumed: Assumed,
    size: int,
    seed: Sequence[int],
    repaired: str | None = None,
) -> dict[str, npt.NDArray[np.float64]]:
    """Field failure rates by behaviour, ``size`` draws of each; behaviours that were not measured are left out.

    ``repaired`` names a check taken to be passed like any other. Draws are the same whatever is repaired and whatever
    the link.
    """
    rates: dict[str, npt.NDArray[np.float64]] = {}
    generator = np.random.default_rng(list(seed))
    uniforms = {each.check: generator.random(size) for each in measured.evidence}
    for behaviour in dict.fromkeys(each.behaviour for each in measured.evidence):
        alike = [each for each in measured.evidence if each.behaviour == behaviour]
        failing = [each for each in alike if each.failures and each.check != repaired]
        passing = [each for each in alike if each not in failing]
        pooled = generator.random(size)
        parts = [_field_rate(*each.posterior, uniforms[each.check], assumed) for each in failing]
        if passing:
            # What passed is evidence together: taken apart, many checks with few cases each would look as if one must
            # fail.
            judged = sum(each.judged for each in passing if not each.failures) or INDEPENDENT
            parts += [_field_rate(*posterior(0, judged), pooled, assumed)] * len(passing)
        if behaviour in behaviours:
            rates[behaviour] = OCCASIONS[assumed.occasions](parts)
    return rates


def _field_rate(a: float, b: float, uniform: npt.NDArray[np.float64], assumed: Assumed) -> npt.NDArray[np.float64]:
    """The quantile of Beta(a, b) at ``uniform``, in the field."""
    rates: npt.NDArray[np.float64] = np.clip(betaincinv(a, b, uniform), 0.0, 1.0 - 1e-12)
    return in_the_field(rates, LINKS[assumed.link])


# -- the forecast

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "sanctions": ("Sanctions", ""),
    "sanctioned": ("Sanctioned at least once", "share"),
    "fined": ("Fined at least once", "share"),
    "suspended": ("Service suspended at least once", "share"),
    "removed": ("Removed from an app store at least once", "share"),
    "ended": ("Revoked, or gave up", "share"),
    "fines": ("Fines", "RMB"),
    "downtime": ("Days of suspended service", "days"),
    "off_store": ("Days out of stores, by share of users", "days"),
    "cost": ("Cost: fines, damages, and revenue lost with service, stores or the end", "RMB"),
}
"""The outcomes of each path: title and unit."""

LEFT_OUT = (
    "what compliance saves or costs the provider",
    "fines on persons and gains confiscated",
    "criminal prosecution",
    "users and advertisers who leave because of publicity",
    "the harm to the people concerned",
)
"""What the cost of a forecast does not count. Without it, a low cost would read as advice to break the law."""


class Future(NamedTuple):
    """What followed under one assumption: ``paths`` has one row a path with replication and every outcome."""

    name: str
    paths: pd.DataFrame

    def mean(self, outcome: str) -> tuple[float, float, float]:
        """Mean over paths and its 95 % interval, taken over replications, whose paths share a market.

        A share that never occurred has the upper end that this many paths without one exclude at 95 %.
        """
        mean, low, high, _ = mean_interval(self.paths.groupby("replication")[outcome].mean().to_numpy())
        if mean == 0.0 and OUTCOMES[outcome][1] == "share":
            high = 1.0 - 0.05 ** (1.0 / len(self.paths))
        if OUTCOMES[outcome][1] == "share":
            low, high = max(0.0, low), min(1.0, high)
        return mean, low, high

    @property
    def skewed(self) -> list[str]:
        """The outcomes whose mean a few replications decide, so that their intervals may cover less than they say."""
        by_replication = self.paths.groupby("replication")
        return [outcome for outcome in OUTCOMES if too_skewed(by_replication[outcome].mean().to_numpy())]

    def quantile(self, outcome: str, q: float) -> float:
        return float(self.paths[outcome].quantile(q))


class Driver(NamedTuple):
    """One failing check: what would be saved were it repaired, paired over replications, with 95 % intervals."""

    evidence: Evidence
    sanctions: tuple[float, float, float]
    cost: tuple[float, float, float]


class Forecast(NamedTuple):
    """What the provider faces over ``days``: under each link, beside a typical provider of its size, and why."""

    measured: Measured
    scenario: Scenario
    size_class: str
    days: float
    assumed: Assumed
    seed: int
    replications: int
    paths: int
    rates: dict[str, dict[str, tuple[float, float, float]]]
    """Assumption: behaviour: mean, 2.5 % and 97.5 % of the failure rate in the field."""
    futures: tuple[Future, ...]
    """One for each link, one for the other reading of occasions, and last the typical provider."""
    drivers: tuple[Driver, ...]

    @property
    def main(self) -> Future:
        return next(each for each in self.futures if each.name == self.assumed.link)


TYPICAL = "typical"


def forecast(
    measured: Measured,
    scenario: Scenario,
    *,
    size_class: str | None = None,
    days: float = 365.0,
    link: str = "as-probed",
    occasions: str = "weakest-check",
    replications: int = 20,
    seed: int = 1,
    most_drivers: int = 4,
    progress: Callable[[str], None] = lambda name: None,
) -> Forecast:
    """Simulate the provider under each link, and with each of its failing checks repaired.

    ``size_class`` is the largest of the scenario unless given. The market is made smaller where the scenario has more
    than :data:`MARKET` providers.

    Raises :class:`ForecastError` for a size class, link or number of days that cannot be.
    """
    names = [item.name for item in scenario.population.classes]
    chosen = size_class or max(scenario.population.classes, key=lambda item: item.share).name
    if chosen not in names:
        raise ForecastError(f"--size {chosen}: expected one of: {', '.join(names)}")
    check_options(scenario, link, days, replications)
    if occasions not in OCCASIONS:
        raise ForecastError(f"--occasions {occasions}: expected one of: {', '.join(OCCASIONS)}")
    market = smaller_market(scenario)
    behaviours = [str(risk.name) for risk in market.behaviours]
    assumed = Assumed(link, occasions)
    other = next(name for name in OCCASIONS if name != occasions)
    variants = {name: Assumed(name, occasions) for name in LINKS} | {f"{link}, {other}": Assumed(link, other)}
    markets = len(variants) + 1 + min(most_drivers, len(measured.failing))
    engine = choose(None, [(market, markets * replications)])
    warm(engine)
    place = _Place(market, names.index(chosen), days, seed, replications, engine)
    futures = []
    for name, variant in variants.items():
        progress(name)
        futures.append(Future(name, place.simulated(measured, variant)))
    progress(f"a typical {chosen} provider")
    futures.append(Future(TYPICAL, place.simulated(None, assumed)))
    before = next(each for each in futures if each.name == link).paths
    drivers = []
    heaviest = sorted(measured.failing, key=lambda each: -_weight(each, measured, market))
    for each in heaviest[:most_drivers]:
        progress(f"{each.check} repaired")
        after = place.simulated(measured, assumed, repaired=each.check)
        drivers.append(Driver(each, _saved(before, after, "sanctions"), _saved(before, after, "cost")))
    drivers.sort(key=lambda driver: (-driver.cost[0], -driver.sanctions[0]))
    rates = {}
    for name, variant in variants.items():
        drawn = drawn_rates(measured, behaviours, variant, 4000, (seed,))
        rates[name] = {behaviour: mean_and_range(values) for behaviour, values in drawn.items()}
    return Forecast(
        measured, market, chosen, days, assumed, seed, replications, len(before), rates, tuple(futures), tuple(drivers)
    )


def smaller_market(scenario: Scenario) -> Scenario:
    """The scenario with at most :data:`MARKET` providers."""
    population = scenario.population
    if population.simulated <= MARKET:
        return scenario
    smaller = population.model_copy(update={"scale": population.scale * MARKET / population.simulated})
    return scenario.model_copy(update={"population": smaller})


def _weight(each: Evidence, measured: Measured, scenario: Scenario) -> float:
    """How much a check's failures add to what the regulator can see, before anything is simulated."""
    risk = next((risk for risk in scenario.behaviours if str(risk.name) == each.behaviour), None)
    if risk is None:
        return 0.0
    alike = sum(other.behaviour == each.behaviour for other in measured.evidence)
    a, b = each.posterior
    return risk.rate * (risk.complained + risk.seen_in_store) * (a / (a + b)) / alike


def _saved(before: pd.DataFrame, after: pd.DataFrame, outcome: str) -> tuple[float, float, float]:
    means = [frame.groupby("replication")[outcome].mean() for frame in (before, after)]
    mean, low, high, _ = mean_interval((means[0] - means[1]).to_numpy())
    return mean, low, high


class _Place:
    """The place of the provider in the market: which ids, from which day."""

    def __init__(
        self, scenario: Scenario, size_class: int, days: float, seed: int, replications: int, engine: Engine
    ) -> None:
        self.scenario = scenario
        self.engine = engine
        self.size_class = size_class
        self.entry = scenario.horizon - days
        self.seed = seed
        self.replications = replications
        self.behaviours = [str(risk.name) for risk in scenario.behaviours]
        self.shares = [store.share for store in scenario.stores]

    def simulated(self, measured: Measured | None, assumed: Assumed, repaired: str | None = None) -> pd.DataFrame:
        """One row a path."""
        frames = []
        for number in range(self.replications):
            members: list[int] = []

            def prepare(world: Beginning, number: int = number, members: list[int] = members) -> None:
                members += self.settle(world, number, measured, assumed, repaired)

            result = replicate_on(self.engine, self.scenario, self.seed, number, prepare=prepare)
            frames.append(self.followed(result, members).assign(replication=number))
        frame = pd.concat(frames, ignore_index=True)
        if frame.empty:
            raise ForecastError("found no provider of that size in the market, expected some: choose another --size")
        return frame

    def settle(
        self, world: Beginning, number: int, measured: Measured | None, assumed: Assumed, repaired: str | None
    ) -> list[int]:
        """Put the paths into the market before it begins: the first providers of that size, few of all."""
        state, behaviours = world.state, len(self.behaviours)
        most = max(1, round(WITHIN * len(state.size_class)))
        members = [p for p, c in enumerate(state.size_class) if c == self.size_class][:most]
        for p in members:
            state.entry[p] = self.entry
        if measured is None:
            return members
        rates = drawn_rates(measured, self.behaviours, assumed, len(members), (self.seed, number), repaired)
        for b, behaviour in enumerate(self.behaviours):
            for j, p in enumerate(members):
                if behaviour in rates:
                    self.comply(state, p * behaviours + b, 1.0 - float(rates[behaviour][j]))
        return members

    @staticmethod
    def comply(state: Any, place: int, compliance: float) -> None:
        state.compliance[place] = compliance
        # What effort starts from, where providers choose their effort.
        state.base[place] = compliance

    def followed(self, result: Replication, members: list[int]) -> pd.DataFrame:
        """What happened to each of ``members``, from the log and the final state."""
        state = result.state
        index = {p: j for j, p in enumerate(members)}
        counts = {kind: np.zeros(len(members)) for kind in (Kind.FINE, Kind.SUSPEND_SERVICE, Kind.DELISTED)}
        off_store = np.zeros(len(members))
        gone_since: dict[tuple[int, int], float] = {}
        for time, kind, p, _, _, value in result.rows:
            if p not in index:
                continue
            if kind in counts:
                counts[Kind(kind)][index[p]] += 1
            if kind == Kind.DELISTED:
                gone_since[p, int(value)] = time
            elif kind == Kind.RELISTED and (p, int(value)) in gone_since:
                off_store[index[p]] += self.shares[int(value)] * (time - gone_since.pop((p, int(value))))
        for (p, store), since in gone_since.items():
            ended = state.ended[p]
            until = self.scenario.horizon if math.isnan(ended) else float(ended)
            off_store[index[p]] += self.shares[store] * max(0.0, until - since)
        places = np.array(members, dtype=np.int64)
        fines, downtime = state.fines[places], state.downtime[places]
        ended = np.isin(state.status[places], (EXITED, REVOKED))
        closed = np.where(ended, self.scenario.horizon - state.ended[places], 0.0)
        return pd.DataFrame(
            {
                "path": places,
                "sanctions": state.sanctions[places],
                "sanctioned": (state.sanctions[places] > 0).astype(float),
                "fined": (counts[Kind.FINE] > 0).astype(float),
                "suspended": (counts[Kind.SUSPEND_SERVICE] > 0).astype(float),
                "removed": (counts[Kind.DELISTED] > 0).astype(float),
                "ended": ended.astype(float),
                "fines": fines,
                "downtime": downtime,
                "off_store": off_store,
                "cost": fines + state.claims[places] + state.revenue[places] / 365.0 * (downtime + off_store + closed),
            }
        )
