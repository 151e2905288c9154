"""Mutants of the model: one formula, lever or actor changed at a time, and which validation notices.

    python -m tests.simulator.mutants                 every mutant against the properties and closed forms it should break
    python -m tests.simulator.mutants --all           and, where those do not notice, against all others
    python -m tests.simulator.mutants --only ladder   the mutants whose name holds a word

A mutant that nothing notices is a gap of `shenhe validate`. Mutants run on the SimPy engine, since the compiled one would
have to be compiled for each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from shenhe.simulator.kernel import tabulation
from shenhe.simulator.reference import (
    app_store,
    deterrence,
    life,
    occasion,
    platform,
    public,
    registry,
    supporter,
    users,
    world,
)
from shenhe.simulator.reference.enforcement import appeal, authority, casework, docket, inspection, sanction, suspension
from shenhe.simulator.runs.engines import using
from shenhe.simulator.validation.every_lever import ALL_PROPERTIES
from shenhe.simulator.validation.metamorphic import measured
from shenhe.simulator.validation.oracles import ORACLES
from shenhe.simulator.validation.suite import closed_form, lawful

Change = Callable[[Any], Any]


class Mutant(NamedTuple):
    """``change`` makes the mutated function of the true one. ``hints`` are words in the names of checks to try first."""

    name: str
    holder: Any
    attribute: str
    change: Change
    hints: tuple[str, ...]


def constant(value: object) -> Change:
    return lambda true: lambda *arguments, **named: value


def argument(place: int, value: Callable[[Any], Any]) -> Change:
    """One argument replaced before the true function is called."""

    def change(true: Any) -> Any:
        def mutated(*arguments: Any, **named: Any) -> Any:
            changed = list(arguments)
            changed[place] = value(changed[place])
            return true(*changed, **named)

        return mutated

    return change


def zero(value: Any) -> Any:
    return [0.0] * len(value) if isinstance(value, list) else 0.0


def first(*arguments: Any) -> Any:
    return arguments[0]


M = Mutant
MUTANTS: tuple[Mutant, ...] = (
    M(
        "belief: sanctions teach nothing",
        deterrence,
        "belief_raised",
        lambda true: first,
        ("realised", "touch", "peers"),
    ),
    M("belief: impunity teaches nothing", deterrence, "belief_lowered", lambda true: first, ("Impunity", "paper")),
    M(
        "belief: own experience is lost",
        deterrence,
        "belief_beside",
        lambda true: first,
        ("own sanctions", "oneself", "touched before"),
    ),
    M("belief: nothing is believed", deterrence, "belief_beside", constant(0.0), ("touch", "frighten")),
    M("belief: never fades", deterrence, "belief_remembered", argument(2, zero), ("Forgetting",)),
    M(
        "belief: fades at once",
        deterrence,
        "belief_remembered",
        lambda true: lambda b, floor, *rest: floor,
        ("Learning",),
    ),
    M("belief: no action is counted", deterrence, "share_acted_on", constant(0.0), ("rational",)),
    M("fear: the ladder ahead is ignored", deterrence, "cost_ahead", argument(11, zero), ("behind warnings",)),
    M("fear: refusal leads nowhere", deterrence, "cost_ahead", argument(10, lambda x: 1.0), ("Refusals",)),
    M("fear: closure costs nothing", deterrence, "cost_ahead", argument(9, zero), ("Closure frightens",)),
    M("fear: fines cost nothing", deterrence, "cost_ahead", argument(3, zero), ("Higher fines",)),
    M("fear: turnover is ignored", deterrence, "cost_ahead", argument(4, zero), ("share of turnover",)),
    M("fear: lost days cost nothing", deterrence, "cost_ahead", argument(5, zero), ("Suspension frightens",)),
    M("fear: prosecution is ignored", deterrence, "cost_ahead", argument(2, zero), ("Prosecution",)),
    M("fear: the wrong step", deterrence, "cost_ahead", argument(0, lambda s: 0), ("next step", "strikes frighten")),
    M("fear: the record counts for ever", deterrence, "repetition_weight", constant(0.99), ("that are forgotten",)),
    M("act: fear is ignored", occasion, "violation_chance", argument(1, zero), ("touch", "Higher fines", "Exp")),
    M("act: gain is doubled", occasion, "violation_chance", argument(3, lambda g: 2 * g), ("Offence", "Becker")),
    M(
        "act: compliance is ignored",
        occasion,
        "violation_chance",
        argument(0, zero),
        ("Fear beside compliance", "Thinned"),
    ),
    M("misuse: names make no difference", occasion, "misuse_chance", lambda true: first, ("Real names",)),
    M("reach: everybody", occasion, "reach_of", constant(1.0), ("reach more users",)),
    M("complaints: audience is ignored", public, "complaint_chance", argument(1, lambda p: 1000.0), ("audience",)),
    M("complaints: everybody complains", public, "complaint_chance", constant(1.0), ("audience", "Lost")),
    M("effort: none", deterrence, "best_effort", constant(0.0), ("costs less", "Reviews")),
    M("effort: has no effect", life, "compliance_at", argument(1, zero), ("costs less", "Reviews")),
    M("supporters: failure has no effect", life, "compliance_at", argument(2, lambda f: 1.0), ("failing supporter",)),
    M("filters: none", deterrence, "filter_strictness", constant(0.0), ("Filters",)),
    M("rectification: has no effect", life, "compliance_after_rectification", lambda true: first, ("lasts",)),
    M("capital: outlays are forgotten", life, "outlays", constant(0.0), ("Thin capital",)),
    M("inspections: strikes are ignored", inspection, "inspection_chance", argument(2, zero), ("Repeat offenders",)),
    M(
        "inspections: size is ignored",
        inspection,
        "inspection_chance",
        argument(5, lambda w: 1.0),
        ("The giants", "small"),
    ),
    M(
        "inspections: twice as many",
        inspection,
        "inspection_chance",
        argument(0, lambda r: 2 * r),
        ("A higher ceiling", "M/M/c"),
    ),
    M("inspections: no emphasis", inspection, "inspection_emphasis", constant(1.0), ("draw", "bad group", "spares")),
    M(
        "ladder: strikes are ignored",
        casework,
        "step_on_ladder",
        argument(0, lambda s: 0),
        ("revocation", "long memory"),
    ),
    M("ladder: gravity is ignored", casework, "step_on_ladder", argument(1, lambda s: False), ("serious", "gravity")),
    M("strikes: never lapse", deterrence, "strikes_remembered", lambda true: first, ("long memory",)),
    M("strikes: lapse at once", deterrence, "strikes_remembered", constant(0), ("revocation", "long memory")),
    M(
        "fines: always the least",
        sanction,
        "fine_amount",
        argument(0, lambda u: 0.0),
        ("All money", "equal", "mean fine"),
    ),
    M("fines: turnover is ignored", sanction, "fine_amount", argument(3, zero), ("turnover is fined",)),
    M("fines: violations are ignored", sanction, "fine_for_all", lambda true: first, ("fine for each",)),
    M("budget: without end", authority, "cases_affordable", lambda true: lambda left, cost, hands: hands, ("budget",)),
    M("registry: published at once", registry, "next_publication", constant(0.0), ("batches",)),
    M("actor: impunity is not noticed", deterrence.Deterrence, "get_away", constant(None), ("Impunity", "paper")),
    M("actor: sanctions teach no provider", deterrence.Deterrence, "learn", constant(None), ("touch", "Publicity")),
    M("actor: stores are never fined", app_store.AppStores, "fine", constant(None), ("Audits",)),
    M("actor: stores overlook filings", app_store.AppStores, "report", constant(None), ("Store reports",)),
    M("actor: stores do not remove", app_store.AppStores, "order_removal", constant(None), ("tighter limit",)),
    M("actor: stores never overreact", app_store.AppStores, "overreact", constant(None), ("Removals on",)),
    M(
        "actor: cases are always merged",
        docket.Docket,
        "suspect",
        lambda true: _merging(true),
        ("M/M/c", "Cases merged"),
    ),
    M("actor: verdicts convict everybody", casework.Casework, "verdict", constant(True), ("acquits", "False pos")),
    M("actor: no strike is forgiven", casework.Casework, "forgive", constant(None), ("forgiven",)),
    M(
        "actor: investigations take no time",
        casework.Casework,
        "investigation_time",
        constant(0.0),
        ("M/M/c", "Quick inv"),
    ),
    M("actor: appeals are not decided", appeal.Appeals, "file", constant(None), ("innocent", "Appeals")),
    M("actor: suspensions do not end", suspension.Suspensions, "expire", constant(None), ("suspension share",)),
    M("actor: users never move", users.Users, "move_away", constant(None), ("leave",)),
    M(
        "platforms: staff is without end",
        platform.Platforms,
        "wait_for_staff",
        constant(0.0),
        ("Platforms with staff",),
    ),
    M("platforms: delay is never noticed", platform.Platforms, "notice_delay", constant(None), ("fined for delay",)),
    M("platforms: delay costs one fine", platform.Platforms, "fine", argument(3, lambda n: 1), ("long delay",)),
    M("complaints: evidence is not asked for", public.Public, "looks_sound", constant(True), ("without evidence",)),
    M("stores: staff is without end", app_store.AppStores, "wait_for_staff", constant(0.0), ("Staff of stores",)),
    M("actor: copies do not spread", platform.Platforms, "spread", constant(None), ("miss nothing",)),
    M("actor: supporters are not traced", supporter.Supporters, "trace", constant(None), ("traced",)),
    M("actor: no provider exits", life.Lives, "leave", constant(None), ("Exits",)),
    M("actor: staff costs nothing", world.World, "pay_staff", constant(None), ("Log", "Staff")),
    M("stores: limits are ignored", tabulation, "obeying_days", lambda true: first, ("tighter limit", "hurry")),
    M("table: closure costs the same for all", tabulation, "_closure", constant(1.0), ("Years that closure",)),
    M(
        "table: effort is shared equally",
        tabulation,
        "_effort_shares",
        lambda true: _equal(true),
        ("costs most of the",),
    ),
)


def _merging(true: Any) -> Any:
    def suspect(self: Any, p: int, b: int, *arguments: Any, **named: Any) -> None:
        if not self.world.state.open_cases[p * self.world.behaviours + b]:
            true(self, p, b, *arguments, **named)

    return suspect


def _equal(true: Any) -> Any:
    return lambda scenario: true(scenario) * 0.0 + 1.0 / len(scenario.behaviours)


class Trial(NamedTuple):
    """A check by its name, and whether the model as it is now passes it."""

    name: str
    passes: Callable[[], bool]


def trials(seed: int, effort: float) -> Iterator[Trial]:
    for prop in ALL_PROPERTIES:
        yield Trial(prop.name, lambda prop=prop: measured(prop, seed, effort).holds)  # type: ignore[misc]
    for oracle in ORACLES:
        name = f"{oracle.__name__.replace('_', ' ')}: {(oracle.__doc__ or '').splitlines()[0]}"
        yield Trial(name, lambda oracle=oracle: closed_form(oracle, seed, effort).passed)  # type: ignore[misc]
    yield Trial("Log, Little, conservation of cn-2023", lambda: lawful("cn-2023", seed).passed)


@contextmanager
def in_place(mutant: Mutant) -> Iterator[None]:
    true = getattr(mutant.holder, mutant.attribute)
    setattr(mutant.holder, mutant.attribute, mutant.change(true))
    try:
        yield
    finally:
        setattr(mutant.holder, mutant.attribute, true)


def killer(mutant: Mutant, every: list[Trial], *, beyond_hints: bool) -> str | None:
    """The first check that fails on a mutant, None where none of those tried does."""
    hinted = [trial for hint in mutant.hints for trial in every if hint.lower() in trial.name.lower()]
    others = [trial for trial in every if trial not in hinted] if beyond_hints else []
    for trial in [*hinted, *others]:
        try:
            with in_place(mutant):
                passed = trial.passes()
        except Exception as error:
            return f"{trial.name} ({type(error).__name__})"
        if not passed:
            return trial.name
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="try every check where the hinted ones do not notice")
    parser.add_argument("--only", default="", help="mutants whose name holds this")
    parser.add_argument("--seed", type=int, default=2023)
    parser.add_argument(
        "--effort", type=float, default=0.5, help="share of the replications of a full validation (0.5)"
    )
    options = parser.parse_args()
    every = list(trials(options.seed, options.effort))
    chosen = [mutant for mutant in MUTANTS if options.only in mutant.name]
    survivors = 0
    with using("simpy"):
        for mutant in chosen:
            found = killer(mutant, every, beyond_hints=options.all)
            survivors += found is None
            print(f"{mutant.name:45} {'SURVIVES' if found is None else f'killed by: {found}'}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants killed")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
