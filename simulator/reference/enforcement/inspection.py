"""Inspections: which providers the regulator visits unprompted, and what it finds there."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from ...kernel.draws import Purpose
from ...kernel.eventlog import Kind, Stream, case_number
from ...kernel.formulas import certificate_counts, inspection_chance, inspection_emphasis
from ...kernel.state import ACTIVE
from ..clock import Course, run
from ..hook import View

if TYPE_CHECKING:
    from ...kernel.table import Table
    from ..world import World

INSPECTION, FOCUSED = int(Kind.INSPECTION), int(Kind.FOCUSED)


class Inspections:
    """One stream of candidate visits for the whole market, thinned by targeting."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.focus = -1  # the lot of providers that inspections concentrate on
        self.sanctioned_in_lot = [0] * world.table.targeting.lots
        self.adopt(world.table)

    def adopt(self, table: Table) -> None:
        """Read the numbers of another regime."""
        self.target = table.classes.target.tolist()
        self.hides = table.classes.hides.tolist()
        self.emphasised = (
            table.targeting.group_weight != 1.0
            or table.targeting.per_complaint > 0.0
            or table.targeting.focus_weight != 1.0
            or table.safe_harbour.inspection_factor != 1.0
        )

    def start(self) -> None:
        if self.world.table.targeting.lots > 1:
            self.world.env.process(self.concentrate())
        if self.world.table.detection.inspection_ceiling > 0.0:
            run(self.world.env, self.inspect())

    def inspect(self) -> Course:
        """The fixed stream of candidates, and what targeting leaves of it."""
        wait = yield
        world, clock = self.world, self.world.clock
        state, draws, seed, providers = world.state, world.draws, world.seed, world.table.providers
        mean = 1.0 / (world.table.detection.inspection_ceiling * providers)
        uniform = draws.uniform
        a, arrival = 0, 0.0
        while True:
            gap = draws.exponential(seed, 0, Purpose.INSPECTION_GAP, a) * mean
            arrival += gap
            wait(clock.until(arrival, gap), clock.key(INSPECTION, 0, a))
            yield
            p = int(uniform(seed, 0, Purpose.INSPECTION_TARGET, a) * providers)
            if state.status[p] == ACTIVE and not state.outside[p]:
                table = world.table
                chance = inspection_chance(
                    table.detection.inspection_rate,
                    table.detection.inspection_ceiling,
                    table.targeting.per_strike,
                    world.deterrence.strikes(p),
                    table.targeting.strike_cap,
                    self.target[state.size_class[p]],
                )
                if self.emphasised:
                    chance *= self.emphasis(p)
                if world.hook is not None:
                    chance = world.hook.inspection(View(world, p), chance)
                if uniform(seed, 0, Purpose.INSPECTION_ACCEPTED, a) < chance:
                    self.visit(p, a)
            a += 1

    def emphasis(self, p: int) -> float:
        state, table = self.world.state, self.world.table
        harbour = table.safe_harbour
        counts = certificate_counts(state.certified[p], self.world.env.now - state.entry[p], harbour.valid_days)
        return inspection_emphasis(
            table.targeting.group_weight if state.group[p] else 1.0,
            state.complained[p],
            table.targeting.per_complaint,
            table.targeting.complaint_cap,
            table.targeting.focus_weight if p % table.targeting.lots == self.focus else 1.0,
            harbour.inspection_factor if counts else 1.0,
        )

    def concentrate(self) -> Generator[Any, Any, None]:
        """Dynamic concentration: at each turn, the lot of providers with most sanctions since the last one."""
        world = self.world
        turn = 0
        while True:
            counts = self.sanctioned_in_lot
            self.focus = counts.index(max(counts))
            world.log(FOCUSED, 0, turn, -1, float(self.focus))
            self.sanctioned_in_lot = [0] * world.table.targeting.lots
            turn += 1
            yield world.clock.after(world.table.targeting.focus_days, FOCUSED, 0, turn)

    def visit(self, p: int, a: int) -> None:
        """An inspection opens a case on the gravest live violation, or on a rule that is being kept."""
        world = self.world
        state, first = world.state, p * world.behaviours
        b, gravest = -1, 0.0
        for place in range(world.behaviours):
            if state.live[first + place] and state.live_severity[first + place] >= gravest:
                b, gravest = place, state.live_severity[first + place]
        state.complained[p] = 0
        hides = self.hides[state.size_class[p]]
        if (
            b >= 0
            and hides > 0.0
            and state.sanctions[p]
            and world.draws.uniform(world.seed, p, Purpose.HIDDEN, a) < hides
        ):
            b = -1
        founded = b >= 0
        case = case_number(Stream.INSPECTION, a)
        if not founded:
            b = int(world.draws.uniform(world.seed, 0, Purpose.INSPECTION_BEHAVIOUR, a) * world.behaviours)
        world.log(INSPECTION, p, case, b, 1.0 if founded else 0.0)
        world.docket.suspect(p, b, case, founded, False)
