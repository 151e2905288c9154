"""The regulator: suspicions become cases, cases wait for an inspector, verdicts climb the ladder, appeals undo some."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from . import policy
from .clock import resize
from .draws import Purpose
from .eventlog import Kind, Stream, case_number
from .formulas import cases_affordable, fine_amount, fine_for_all, inspection_chance, inspection_emphasis, step_on_ladder
from .hook import View
from .state import ACTIVE, COLLATERALLY, EXITED, FUNCTIONS, REGISTRATION, RIGHTLY, SERVICE, UPDATES, WRONGLY

if TYPE_CHECKING:
    from .model import World
    from .policy import Table

INSPECTION, CASE_OPENED, INVESTIGATION = int(Kind.INSPECTION), int(Kind.CASE_OPENED), int(Kind.INVESTIGATION)
UPHELD, DISMISSED, CASE_CLOSED = int(Kind.UPHELD), int(Kind.DISMISSED), int(Kind.CASE_CLOSED)
WARNING, RECTIFY, FINE, REMOVAL = int(Kind.WARNING), int(Kind.RECTIFY), int(Kind.FINE), int(Kind.APP_REMOVAL)
SUSPEND = (int(Kind.SUSPEND_UPDATES), int(Kind.SUSPEND_REGISTRATION), int(Kind.SUSPEND_SERVICE))
RESTORED = (int(Kind.UPDATES_RESTORED), int(Kind.REGISTRATION_RESTORED), int(Kind.SERVICE_RESTORED))
RECTIFIED, NOT_RECTIFIED, FORGIVEN = int(Kind.RECTIFIED), int(Kind.NOT_RECTIFIED), int(Kind.FORGIVEN)
SANCTIONED, EXIT, REFERRED, FOCUSED = int(Kind.SANCTIONED), int(Kind.EXITED), int(Kind.REFERRED), int(Kind.FOCUSED)
SUPPORTER_SUSPENDED = int(Kind.SUPPORTER_SUSPENDED)
BUDGET_SPENT, BUDGET_RENEWED = int(Kind.BUDGET_SPENT), int(Kind.BUDGET_RENEWED)
APPEALED, REJECTED, OVERTURNED = int(Kind.APPEALED), int(Kind.APPEAL_REJECTED), int(Kind.APPEAL_UPHELD)

CLOSED_DISMISSED, CLOSED_SANCTIONED, CLOSED_LAPSED = range(3)

FUNDED = -1.0  # of Regulator.unfunded_since
YEAR = policy.YEAR

# Draws of one case that recur: at each step of the ladder, for each phase of an investigation.
STEPS, PHASES = 16, 32


class Case:
    """One suspected violation under investigation."""

    __slots__ = (
        "authority", "behaviour", "founded", "number", "opened", "overturned", "provider", "self_reported", "serious",
    )  # fmt: skip

    def __init__(
        self,
        provider: int,
        number: int,
        behaviour: int,
        founded: bool,
        serious: bool,
        opened: float,
        authority: int,
        self_reported: bool,
    ) -> None:
        self.provider = provider
        self.number = number
        self.behaviour = behaviour
        self.founded = founded
        self.serious = serious
        self.opened = opened
        self.overturned = False
        self.authority = authority
        self.self_reported = self_reported


class Imposed:
    """What one step of the ladder set in force, so that an appeal can undo it."""

    __slots__ = ("epochs", "fine", "removal")

    def __init__(self) -> None:
        self.fine = 0.0
        self.removal = False
        self.epochs = [-1] * FUNCTIONS


class Regulator:
    """One authority or several, each with its inspectors and its jurisdiction."""

    def __init__(self, world: World) -> None:
        self.world = world
        pool = simpy.PriorityResource if world.table.by_severity else simpy.Resource
        self.inspectors: list[Any] = [pool(world.env, size) for size in world.table.authority_inspectors.tolist()]
        self.authority_of = world.table.authority_of.tolist()
        self.budget: list[float] = world.table.authority_budget.tolist()
        self.left = self.budget.copy()  # of the budget of the year, RMB
        self.investigating = [0] * len(self.budget)  # cases paid for and under way
        self.unfunded_since = [FUNDED] * len(self.budget)
        self.spent = [0.0] * len(self.budget)  # since the beginning, RMB
        self.unfunded = [0.0] * len(self.budget)  # days without budget
        self.focus = -1  # the lot of providers that inspections concentrate on
        self.sanctioned_in_lot = [0] * world.table.lots
        self.adopt(world.table)

    def adopt(self, table: Table) -> None:
        """Read the numbers of another regime."""
        self.staff: list[int] = table.authority_inspectors.tolist()
        for authority in range(len(self.staff)):
            self.employ(authority)
        self.days = (table.step_updates.tolist(), table.step_registration.tolist(), table.step_service.tolist())
        self.sanctions = table.step_sanctions.tolist()
        self.deadline = table.step_deadline.tolist()
        self.removal = table.step_removal.tolist()
        self.low, self.high = table.step_fine_low.tolist(), table.step_fine_high.tolist()
        self.per_violation = table.step_per_violation.tolist()
        self.turnover = table.step_turnover.tolist()
        self.appealable = table.step_appealable.tolist()
        self.rectifies = table.class_rectifies.tolist()
        self.exits = table.class_exits.tolist()
        self.target = table.target_class.tolist()
        self.hides = table.class_hides.tolist()
        self.abroad = table.class_abroad.tolist()
        self.emphasised = (
            table.group_weight != 1.0
            or table.target_per_complaint > 0.0
            or table.focus_weight != 1.0
            or table.safe_harbour_factor != 1.0
        )

    def start(self) -> None:
        if min(self.budget) < math.inf:
            for authority in range(len(self.budget)):
                self.note_shortage(authority)
            self.world.env.process(self.renew())
        if self.world.table.lots > 1:
            self.world.env.process(self.concentrate())
        if self.world.table.inspection_ceiling > 0.0:
            self.world.env.process(self.inspect())

    # -- budgets

    def employ(self, authority: int) -> None:
        """As many inspectors work as there are, and as the budget of the year has cases for."""
        size = self.staff[authority]
        if self.budget[authority] < math.inf:
            busy = self.investigating[authority]
            size = busy + cases_affordable(self.left[authority], self.world.table.case_cost, size - busy)
        resize(self.inspectors[authority], size)

    def begin_investigation(self, authority: int) -> None:
        """Pay for one investigation."""
        cost = self.world.table.case_cost
        self.spent[authority] += cost
        self.investigating[authority] += 1
        if self.budget[authority] < math.inf:
            self.left[authority] -= cost
            self.employ(authority)
            self.note_shortage(authority)

    def end_investigation(self, authority: int) -> None:
        """An investigation ends. Its inspector takes up another case only if there is money for it."""
        self.investigating[authority] -= 1
        if self.budget[authority] < math.inf:
            self.employ(authority)

    def note_shortage(self, authority: int) -> None:
        """From now on there may be no money for another case this year."""
        world = self.world
        if self.unfunded_since[authority] == FUNDED and self.left[authority] < world.table.case_cost:
            self.unfunded_since[authority] = world.env.now
            world.log(BUDGET_SPENT, 0, authority, -1, self.budget[authority] - self.left[authority])

    def end_shortage(self, authority: int) -> None:
        """Book the days without budget so far."""
        if self.unfunded_since[authority] != FUNDED:
            self.unfunded[authority] += self.world.env.now - self.unfunded_since[authority]
            self.unfunded_since[authority] = FUNDED

    def renew(self) -> Generator[Any, Any, None]:
        """Each new year every budget is whole again; what was left of the old one has lapsed."""
        world, year = self.world, 0
        while True:
            yield world.clock.after(YEAR, BUDGET_RENEWED, 0, year)
            year += 1
            for authority, budget in enumerate(self.budget):
                if budget < math.inf:
                    self.end_shortage(authority)
                    self.left[authority] = budget
                    world.log(BUDGET_RENEWED, 0, authority, -1, budget)
                    self.note_shortage(authority)
                    self.employ(authority)

    # -- how cases begin

    def inspect(self) -> Generator[Any, Any, None]:
        """Inspections: one fixed stream of candidates for the whole market, thinned by targeting."""
        world = self.world
        state, draws, seed, providers = world.state, world.draws, world.seed, world.table.providers
        mean = 1.0 / (world.table.inspection_ceiling * providers)
        uniform = draws.uniform
        a, arrival = 0, 0.0
        while True:
            gap = draws.exponential(seed, 0, Purpose.INSPECTION_GAP, a) * mean
            arrival += gap
            yield world.clock.after(world.clock.until(arrival, gap), INSPECTION, 0, a)
            p = int(uniform(seed, 0, Purpose.INSPECTION_TARGET, a) * providers)
            if state.status[p] == ACTIVE and not state.outside[p]:
                table = world.table
                chance = inspection_chance(
                    table.inspection_rate,
                    table.inspection_ceiling,
                    table.target_per_strike,
                    world.providers.strikes(p),
                    table.target_cap,
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
        return inspection_emphasis(
            table.group_weight if state.group[p] else 1.0,
            state.complained[p],
            table.target_per_complaint,
            table.target_complaint_cap,
            table.focus_weight if p % table.lots == self.focus else 1.0,
            table.safe_harbour_factor if state.certified[p] else 1.0,
        )

    def concentrate(self) -> Generator[Any, Any, None]:
        """Dynamic concentration: at each turn, the lot of providers with most sanctions since the last one."""
        world = self.world
        turn = 0
        while True:
            counts = self.sanctioned_in_lot
            self.focus = counts.index(max(counts))
            world.log(FOCUSED, 0, turn, -1, float(self.focus))
            self.sanctioned_in_lot = [0] * world.table.lots
            turn += 1
            yield world.clock.after(world.table.focus_days, FOCUSED, 0, turn)

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
        if b >= 0 and hides > 0.0 and state.sanctions[p] and world.draws.uniform(world.seed, p, Purpose.HIDDEN, a) < hides:
            b = -1
        founded = b >= 0
        case = case_number(Stream.INSPECTION, a)
        if not founded:
            b = int(world.draws.uniform(world.seed, 0, Purpose.INSPECTION_BEHAVIOUR, a) * world.behaviours)
        world.log(INSPECTION, p, case, b, 1.0 if founded else 0.0)
        self.suspect(p, b, case, founded, False)

    def suspect(
        self, p: int, b: int, number: int, founded: bool, serious: bool, *, self_reported: bool = False
    ) -> None:
        """Open a case, unless the provider is gone or out of reach, or one on the same rule is open already."""
        world = self.world
        state = world.state
        if state.status[p] != ACTIVE or state.outside[p]:
            return
        if world.table.merge and state.open_cases[p * world.behaviours + b]:
            return
        state.open_cases[p * world.behaviours + b] += 1
        state.cases[p] += 1
        world.log(CASE_OPENED, p, number, b, 1.0 if founded else 0.0)
        authority = self.authority_of[state.size_class[p] * world.behaviours + b]
        world.env.process(self.handle(Case(p, number, b, founded, serious, world.env.now, authority, self_reported)))

    # -- a case from its opening to its end

    def handle(self, case: Case) -> Generator[Any, Any, None]:
        """One case: wait for an inspector, investigate, decide, and see an order through."""
        world = self.world
        p = case.provider
        world.queue_changed(1)
        world.waiting_since += case.opened
        with self.request(case) as turn:
            yield turn
            world.queue_changed(-1)
            world.waiting_since -= case.opened
            if world.state.status[p] != ACTIVE:
                self.close(case, CLOSED_LAPSED)
                return
            world.wait_total += world.env.now - case.opened
            world.log(INVESTIGATION, p, case.number, case.behaviour, world.env.now - case.opened)
            self.begin_investigation(case.authority)
            yield world.clock.after(self.investigation_time(case), INVESTIGATION, p, case.number)
            self.end_investigation(case.authority)
        if world.state.status[p] != ACTIVE:
            self.close(case, CLOSED_LAPSED)
            return
        if not self.verdict(case):
            world.log(DISMISSED, p, case.number, case.behaviour, 1.0 if case.founded else 0.0)
            self.forgive(case)
            self.close(case, CLOSED_DISMISSED)
            return
        world.log(UPHELD, p, case.number, case.behaviour, 1.0 if case.founded else 0.0)
        world.action_delays.append(world.env.now - case.opened)
        yield from self.climb(case)
        self.close(case, CLOSED_SANCTIONED)

    def request(self, case: Case) -> Any:
        pool = self.inspectors[case.authority]
        if self.world.table.by_severity:
            return pool.request(priority=0 if case.serious else 1)
        return pool.request()

    def investigation_time(self, case: Case) -> float:
        world = self.world
        phases = world.table.investigation_phases
        total = 0.0
        for phase in range(phases):
            index = case.number * PHASES + phase
            total += world.draws.exponential(world.seed, case.provider, Purpose.INVESTIGATION, index)
        return total * world.table.investigation_days / phases

    def verdict(self, case: Case) -> bool:
        """Evidence is imperfect: some true cases are dismissed, some unfounded ones upheld."""
        table = self.world.table
        chance = table.sensitivity if case.founded else 1.0 - table.specificity
        if case.founded and not self.world.state.records[case.provider]:
            chance *= table.without_records
        return self.world.draws.uniform(self.world.seed, case.provider, Purpose.VERDICT, case.number) < chance

    def forgive(self, case: Case) -> None:
        """An unfounded case dismissed speaks for a provider: one strike may be taken back."""
        world = self.world
        p = case.provider
        remembered = world.providers.strikes(p)
        if case.founded:
            return
        if world.state.group[p] and case.number & 7 == Stream.INSPECTION:
            u = world.draws.uniform(world.seed, p, Purpose.GROUP_BACK, case.number)
            if u < world.table.group_back:
                world.state.group[p] = 0
        if not remembered:
            return
        if world.draws.uniform(world.seed, p, Purpose.FORGIVEN, case.number) < world.table.forgiveness:
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
            world.providers.close(p, EXITED, EXIT, case.number, -1, driven_out=True)
            return
        step = step_on_ladder(world.providers.strikes(p), case.serious, world.steps)
        if world.hook is not None:
            step = min(max(world.hook.step(View(world, p), step, case.serious), 0), world.steps - 1)
        refused = False
        if case.founded:
            world.supporters.trace(p, case.number)
        while True:
            self.sanction(case, step, refused)
            deadline = self.deadline[step]
            if deadline == 0.0 or world.state.status[p] != ACTIVE:
                return
            index = case.number * STEPS + step
            if uniform(world.seed, p, Purpose.RECTIFIES, index) < self.rectifies[world.state.size_class[p]]:
                within = deadline * uniform(world.seed, p, Purpose.RECTIFICATION_TIME, index)
                yield world.clock.after(within, RECTIFIED, p, case.number)
                if world.state.status[p] == ACTIVE and not case.overturned:
                    world.providers.rectify(p, case.behaviour, case.number)
                return
            yield world.clock.after(deadline, NOT_RECTIFIED, p, case.number)
            if world.state.status[p] != ACTIVE or world.state.outside[p] or case.overturned or step + 1 == world.steps:
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
            state.strikes[p] = world.providers.strikes(p) + 1
            state.struck[p] = world.env.now
        state.group[p] = 1
        self.sanctioned_in_lot[p % table.lots] += 1
        state.repeated[p] += 1 if state.sanctions[p] else 0
        state.sanctions[p] += 1
        state.wrongful[p] += 0 if case.founded else 1
        world.providers.learn(p)
        world.log(SANCTIONED, p, case.number, world.penalty_rule(step), float(step))
        index = case.number * STEPS + step
        share = table.guilty_appeal if case.founded else table.innocent_appeal
        appeals = bool(self.appealable[step]) and world.draws.uniform(world.seed, p, Purpose.APPEALED, index) < share
        if appeals:
            world.log(APPEALED, p, case.number, world.penalty_rule(step), 0.0)
            world.appeals_filed += 1
            world.env.process(self.appeal(case, step, refused))
            if table.suspensive:
                return
        imposed = self.impose(case, step, refused)
        if appeals:
            world.imposed[(p, index)] = imposed

    def impose(self, case: Case, step: int, refused: bool) -> Imposed:
        """Set the sanctions of one step in force, mildest first."""
        world = self.world
        p, number, rule = case.provider, case.number, world.penalty_rule(step)
        bits = self.sanctions[step]
        imposed = Imposed()
        if bits & policy.WARNING:
            world.log(WARNING, p, number, rule, float(step))
        if bits & policy.RECTIFY:
            world.log(RECTIFY, p, number, rule, self.deadline[step])
        if bits & policy.FINE and (world.table.fine_on_first or refused or step > 0 or case.serious):
            u = world.draws.uniform(world.seed, p, Purpose.FINE, number * STEPS + step)
            fine = fine_amount(u, self.low[step], self.high[step], self.turnover[step], world.state.revenue[p])
            if self.per_violation[step]:
                live = world.state.live[p * world.behaviours + case.behaviour]
                fine = fine_for_all(fine, self.per_violation[step], live)
            if case.self_reported:
                fine *= 1.0 - world.table.self_report_discount
            if world.hook is not None:
                fine = max(0.0, world.hook.fine(View(world, p), fine, case.founded))
            imposed.fine = fine
            world.state.fines[p] += imposed.fine
            world.fines += imposed.fine
            world.fines_gross += imposed.fine
            world.log(FINE, p, number, rule, imposed.fine)
        for function, bit in (
            (UPDATES, policy.SUSPEND_UPDATES),
            (REGISTRATION, policy.SUSPEND_REGISTRATION),
            (SERVICE, policy.SUSPEND_SERVICE),
        ):
            if bits & bit:
                imposed.epochs[function] = self.suspend(case, function, self.days[function][step], rule)
        if bits & policy.APP_REMOVAL:
            imposed.removal = True
            world.log(REMOVAL, p, number, rule, self.removal[step])
            world.app_stores.order_removal(p, self.removal[step], number)
        if bits & policy.REVOCATION:
            world.providers.revoke(p, number, rule)
        elif bits & policy.SUSPEND_SERVICE:
            world.public.move_away(p, world.app_stores.count, 1.0, number)
        world.providers.settle(p, number)
        return imposed

    def suspend_for_supporter(self, p: int, days: float, number: int) -> None:
        """Suspend the service of a provider whose technical supporter has been sanctioned."""
        world = self.world
        world.log(SUPPORTER_SUSPENDED, p, number, -1, days)
        if self.interrupt_service(p, days, number, COLLATERALLY) >= 0:
            world.public.move_away(p, world.app_stores.count, 1.0, number)

    # -- suspensions

    def suspend(self, case: Case, function: int, days: float, rule: int) -> int:
        """Suspend one function of a provider; the epoch of the suspension, or -1 where a longer one is in force."""
        world = self.world
        state, now = world.state, world.env.now
        p = case.provider
        place = p * FUNCTIONS + function
        world.log(SUSPEND[function], p, case.number, rule, days)
        if function == SERVICE:
            return self.interrupt_service(p, days, case.number, RIGHTLY if case.founded else WRONGLY)
        if state.suspended[place] and now + days <= state.suspended_until[place]:
            return -1
        return self.set_suspended(p, function, days, case.number)

    def interrupt_service(self, p: int, days: float, number: int, nature: int) -> int:
        """Nobody can use the service for some days; its epoch, or -1 where a longer suspension is in force."""
        world = self.world
        state, now = world.state, world.env.now
        place = p * FUNCTIONS + SERVICE
        if state.suspended[place] and now + days <= state.suspended_until[place]:
            return -1
        # A new suspension of another nature begins a new account of downtime.
        self.end_downtime(p)
        world.service_suspended += 1
        state.service_since[p] = now
        state.wrongly[p] = nature
        epoch = self.set_suspended(p, SERVICE, days, number)
        world.accrue(p)
        return epoch

    def set_suspended(self, p: int, function: int, days: float, number: int) -> int:
        state, place = self.world.state, p * FUNCTIONS + function
        state.suspended[place] = 1
        state.suspended_until[place] = self.world.env.now + days
        state.suspension_epoch[place] += 1
        epoch: int = state.suspension_epoch[place]
        self.world.clock.call(days, RESTORED[function], p, number, self.expire, (p, function, epoch, number))
        return epoch

    def expire(self, event: Any) -> None:
        """A suspension has run its time. Some providers do not come back from one of their service."""
        p, function, epoch, number = event._value
        world = self.world
        if world.state.suspension_epoch[p * FUNCTIONS + function] != epoch:
            return
        self.restore(p, function, number)
        if function == SERVICE and world.state.status[p] == ACTIVE:
            u = world.draws.uniform(world.seed, p, Purpose.EXIT_AFTER_SANCTION, number)
            c = world.state.size_class[p]
            if u < self.exits[c]:
                if self.abroad[c] > 0.0 and world.draws.uniform(world.seed, p, Purpose.ABROAD, number) < self.abroad[c]:
                    world.providers.move_abroad(p, number)
                else:
                    world.providers.close(p, EXITED, EXIT, number, -1, driven_out=True)

    def restore(self, p: int, function: int, number: int) -> None:
        world = self.world
        state = world.state
        place = p * FUNCTIONS + function
        if function == SERVICE:
            self.end_downtime(p)
        state.suspended[place] = 0
        state.suspension_epoch[place] += 1
        if state.status[p] == ACTIVE:
            world.log(RESTORED[function], p, number, -1, 0.0)
            if function == SERVICE:
                world.public.come_back(p, world.app_stores.count)
            world.accrue(p)
            world.providers.settle(p, number)

    def end_downtime(self, p: int) -> None:
        """Book the days of service suspended so far, where it is."""
        world = self.world
        state = world.state
        if not state.suspended[p * FUNCTIONS + SERVICE] or state.status[p] != ACTIVE:
            return
        days = world.env.now - state.service_since[p]
        state.downtime[p] += days
        if state.wrongly[p] == WRONGLY:
            state.innocent_downtime[p] += days
        elif state.wrongly[p] == COLLATERALLY:
            state.collateral_downtime[p] += days
        world.service_suspended -= 1

    # -- appeals and the end of a case

    def appeal(self, case: Case, step: int, refused: bool) -> Generator[Any, Any, None]:
        """An appeal against one step: when it succeeds, what was imposed is undone."""
        world = self.world
        table, draws, seed = world.table, world.draws, world.seed
        p, number, index = case.provider, case.number, case.number * STEPS + step
        rule = world.penalty_rule(step)
        delay = draws.exponential(seed, p, Purpose.APPEAL_TIME, index) * table.appeal_days
        yield world.clock.after(delay, REJECTED, p, number)
        chance = table.overturned_guilty if case.founded else table.overturned_innocent
        imposed = world.imposed.pop((p, index), None)
        if draws.uniform(seed, p, Purpose.APPEAL_DECISION, index) >= chance:
            world.appeals_rejected += 1
            world.log(REJECTED, p, number, rule, 0.0)
            if imposed is None and world.state.status[p] == ACTIVE:
                self.impose(case, step, refused)
            return
        world.appeals_upheld += 1
        case.overturned = True
        fine = imposed.fine if imposed else 0.0
        world.state.fines[p] -= fine
        world.fines -= fine
        world.log(OVERTURNED, p, number, rule, fine)
        remembered = world.providers.strikes(p)
        if remembered and not case.self_reported:
            world.state.strikes[p] = remembered - 1
        if imposed is None or world.state.status[p] != ACTIVE:
            return
        for function, epoch in enumerate(imposed.epochs):
            if epoch >= 0 and world.state.suspension_epoch[p * FUNCTIONS + function] == epoch:
                self.restore(p, function, number)
        if imposed.removal:
            world.app_stores.reinstate(p, number)

    def close(self, case: Case, outcome: int) -> None:
        world = self.world
        world.closed[outcome] += 1
        world.state.open_cases[case.provider * world.behaviours + case.behaviour] -= 1
        world.log(CASE_CLOSED, case.provider, case.number, case.behaviour, float(outcome))
