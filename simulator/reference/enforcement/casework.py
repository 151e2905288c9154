"""The course of a case: it waits for an inspector, is investigated and decided, and its order is seen through."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from ...kernel.case import CLOSED_DISMISSED, CLOSED_LAPSED, CLOSED_SANCTIONED, PHASES, STEPS, Case
from ...kernel.draws import Purpose
from ...kernel.eventlog import Kind, Stream
from ...kernel.formulas import step_on_ladder
from ...kernel.state import ACTIVE, EXITED
from ..hook import View

if TYPE_CHECKING:
    from ...kernel.table import Table
    from ..world import World

INVESTIGATION, UPHELD, DISMISSED = int(Kind.INVESTIGATION), int(Kind.UPHELD), int(Kind.DISMISSED)
CASE_CLOSED, FORGIVEN, REFERRED = int(Kind.CASE_CLOSED), int(Kind.FORGIVEN), int(Kind.REFERRED)
RECTIFIED, NOT_RECTIFIED = int(Kind.RECTIFIED), int(Kind.NOT_RECTIFIED)
SANCTIONED, EXIT = int(Kind.SANCTIONED), int(Kind.EXITED)


class Casework:
    """What becomes of a case: a verdict, and sanctions step by step."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.adopt(world.table)

    def adopt(self, table: Table) -> None:
        """Read the numbers of another regime."""
        self.deadline = table.steps.deadline.tolist()
        self.appealable = table.steps.appealable.tolist()
        self.place, self.ends = table.steps.place.tolist(), table.steps.ends.tolist()
        self.first, self.after = table.behaviours.first_step.tolist(), table.behaviours.after_step.tolist()
        self.rectifies = table.classes.rectifies.tolist()

    def handle(self, case: Case) -> Generator[Any, Any, None]:
        """One case: wait for an inspector, investigate, decide, and see an order through."""
        world = self.world
        p = case.provider
        world.queue_changed(1)
        world.waiting_since += case.opened
        with world.authorities.inspector(case.authority, case.serious) as turn:
            yield turn
            world.queue_changed(-1)
            world.waiting_since -= case.opened
            if world.state.status[p] != ACTIVE:
                self.close(case, CLOSED_LAPSED)
                return
            world.wait_total += world.env.now - case.opened
            world.log(INVESTIGATION, p, case.number, case.behaviour, world.env.now - case.opened)
            world.authorities.begin_investigation(case.authority)
            yield world.clock.after(self.investigation_time(case), INVESTIGATION, p, case.number)
            world.authorities.end_investigation(case.authority)
        if world.state.status[p] != ACTIVE:
            self.close(case, CLOSED_LAPSED)
            return
        if not self.verdict(case):
            world.log(DISMISSED, p, case.number, case.behaviour, 1.0 if case.founded else 0.0)
            if case.founded:
                world.deterrence.get_away(p, case.behaviour)
            self.forgive(case)
            self.close(case, CLOSED_DISMISSED)
            return
        world.log(UPHELD, p, case.number, case.behaviour, 1.0 if case.founded else 0.0)
        world.action_delays.append(world.env.now - case.opened)
        yield from self.climb(case)
        self.close(case, CLOSED_SANCTIONED)

    def investigation_time(self, case: Case) -> float:
        world = self.world
        phases = world.table.staff.investigation_phases
        total = 0.0
        for phase in range(phases):
            index = case.number * PHASES + phase
            total += world.draws.exponential(world.seed, case.provider, Purpose.INVESTIGATION, index)
        return total * world.table.staff.investigation_days / phases

    def verdict(self, case: Case) -> bool:
        """Evidence is imperfect: some true cases are dismissed, some unfounded ones upheld."""
        table = self.world.table
        chance = table.evidence.sensitivity if case.founded else 1.0 - table.evidence.specificity
        if case.founded and not self.world.state.records[case.provider]:
            chance *= table.evidence.without_records
        return self.world.draws.uniform(self.world.seed, case.provider, Purpose.VERDICT, case.number) < chance

    def forgive(self, case: Case) -> None:
        """An unfounded case dismissed speaks for a provider: one strike may be taken back."""
        world = self.world
        p = case.provider
        remembered = world.deterrence.strikes(p)
        if case.founded:
            return
        if world.state.group[p] and case.number & 7 == Stream.INSPECTION:
            u = world.draws.uniform(world.seed, p, Purpose.GROUP_BACK, case.number)
            if u < world.table.targeting.group_back:
                world.state.group[p] = 0
        if not remembered:
            return
        if world.draws.uniform(world.seed, p, Purpose.FORGIVEN, case.number) < world.table.strikes.forgiveness:
            world.state.strikes[p] = remembered - 1
            world.state.struck[p] = world.env.now
            world.log(FORGIVEN, p, case.number, case.behaviour, 0.0)

    def climb(self, case: Case) -> Generator[Any, Any, None]:
        """Impose a step; while its order to rectify is not met, impose the next one."""
        world = self.world
        p, uniform = case.provider, world.draws.uniform
        grave = case.founded and case.serious and world.table.referral > 0.0
        if grave and uniform(world.seed, p, Purpose.REFERRED, case.number) < world.table.referral:
            world.log(REFERRED, p, case.number, case.behaviour, 0.0)
            world.lives.close(p, EXITED, EXIT, case.number, -1, driven_out=True)
            return
        first, steps = self.first[case.behaviour], self.after[case.behaviour] - self.first[case.behaviour]
        step = step_on_ladder(world.deterrence.strikes(p), case.serious, steps)
        if world.hook is not None:
            step = world.hook.step(View(world, p), step, case.serious, steps)
        step += first
        refused = False
        if case.founded:
            world.supporters.trace(p, case.number)
        while True:
            self.sanction(case, step, refused)
            deadline = self.deadline[step]
            if deadline == 0.0 or world.state.status[p] != ACTIVE:
                return
            index = case.number * STEPS + self.place[step]
            if uniform(world.seed, p, Purpose.RECTIFIES, index) < self.rectifies[world.state.size_class[p]]:
                within = deadline * uniform(world.seed, p, Purpose.RECTIFICATION_TIME, index)
                yield world.clock.after(within, RECTIFIED, p, case.number)
                if world.state.status[p] == ACTIVE and not case.overturned:
                    world.lives.rectify(p, case.behaviour, case.number)
                return
            yield world.clock.after(deadline, NOT_RECTIFIED, p, case.number)
            if world.state.status[p] != ACTIVE or world.state.outside[p] or case.overturned or self.ends[step]:
                return
            step += 1
            refused = True
            world.log(NOT_RECTIFIED, p, case.number, case.behaviour, float(step))

    def sanction(self, case: Case, step: int, refused: bool) -> None:
        """Impose one step, at once or, where an appeal suspends it, when the appeal has failed."""
        world = self.world
        state, table = world.state, world.table
        p = case.provider
        if not case.self_reported:
            state.strikes[p] = world.deterrence.strikes(p) + 1
            state.struck[p] = world.env.now
        state.group[p] = 1
        if table.safe_harbour.lost_on_sanction:
            state.certified[p] = 0
        world.inspections.sanctioned_in_lot[p % table.targeting.lots] += 1
        state.repeated[p] += 1 if state.sanctions[p] else 0
        state.sanctions[p] += 1
        if state.sanctions[p] == 1:
            state.first_sanction[p] = world.env.now
        state.wrongful[p] += 0 if case.founded else 1
        world.deterrence.learn(p, case.behaviour, table.steps.publicity.item(step))
        place = p * world.behaviours + case.behaviour
        state.punished[place] = state.live[place]
        world.log(SANCTIONED, p, case.number, world.penalty_rule(step), float(step))
        index = case.number * STEPS + self.place[step]
        share = table.appeals.guilty_appeal if case.founded else table.appeals.innocent_appeal
        appeals = bool(self.appealable[step]) and world.draws.uniform(world.seed, p, Purpose.APPEALED, index) < share
        if appeals:
            world.appeals.file(case, step, refused)
            if table.appeals.suspensive:
                return
        imposed = world.sanctions.impose(case, step, refused)
        if appeals:
            world.appeals.imposed[(p, index)] = imposed

    def close(self, case: Case, outcome: int) -> None:
        world = self.world
        world.closed[outcome] += 1
        world.state.open_cases[case.provider * world.behaviours + case.behaviour] -= 1
        world.log(CASE_CLOSED, case.provider, case.number, case.behaviour, float(outcome))
