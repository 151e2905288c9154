"""Propagation platforms: copies of what providers make live on them, until they fade or are taken down."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from ..kernel.draws import Purpose
from ..kernel.eventlog import Kind, Stream
from ..kernel.replication import PLATFORM_FINES

if TYPE_CHECKING:
    from ..kernel.table import Table
    from .world import World

COPIES_SPREAD, COPIES_REMOVED, COPIES_FADED = (
    int(Kind.COPIES_SPREAD),
    int(Kind.COPIES_REMOVED),
    int(Kind.COPIES_FADED),
)
FINED = int(Kind.PLATFORM_FINED)
NEGLECT_FOUND = Purpose.NEGLECT_FOUND
OCCASIONS = int(Stream.OCCASION)


class Platforms:
    """The platforms on which content spreads beyond its provider."""

    def __init__(self, world: World) -> None:
        self.world = world
        table = world.table
        self.cumulative = table.platforms.cumulative.tolist()
        self.lag = table.platforms.lag.tolist()
        self.misses = table.platforms.misses.tolist()
        self.fades = table.platforms.fades.tolist()
        self.handling = table.platforms.handling.tolist()
        self.attention = [1.0] * len(self.lag)  # what fines have left of the share that a platform misses
        self.staffed_at = [0.0] * len(self.lag)  # when the staff of a platform has handled the reports that it has

    def adopt(self, table: Table) -> None:
        self.lag = table.platforms.lag.tolist()
        self.misses = table.platforms.misses.tolist()
        self.fades = table.platforms.fades.tolist()
        self.handling = table.platforms.handling.tolist()

    def spread(self, p: int, b: int, k: int, severity: float, reported: float) -> None:
        """Copies of occasion ``k`` appear. ``reported``: days until a complaint, or -1.

        Unless reports wait for the platform's staff, everything that decides their end is known now, so one event is
        scheduled: the earlier of fading and of takedown, which follows a report after the platform's lag. The caller
        accrues harm.
        """
        world = self.world
        state, draws, seed = world.state, world.draws, world.seed
        platform = min(bisect_right(self.cumulative, draws.uniform(seed, p, Purpose.PLATFORM, k)), len(self.lag) - 1)
        state.copies[p] += severity
        state.copies_live[p] += 1
        case = k << 3 | OCCASIONS
        world.log(COPIES_SPREAD, p, case, b, severity)
        delay, kind = draws.exponential(seed, p, Purpose.COPY_FADE, k) * self.fades[platform], COPIES_FADED
        missed = self.misses[platform] * self.attention[platform]
        seen = reported >= 0.0 and draws.uniform(seed, p, Purpose.COPY_MISSED, k) >= missed
        found = world.table.platform_duty.found
        if reported >= 0.0 and not seen and found > 0.0 and draws.uniform(seed, p, NEGLECT_FOUND, k) < found:
            world.clock.call(reported, FINED, p, case, self.fine, p, platform, 1)
        if seen and reported < delay and self.handling[platform] > 0.0:
            left = delay - reported
            world.clock.call(reported, COPIES_SPREAD, p, case, self.take_up, p, b, k, platform, severity, left)
            return
        if seen and reported + self.lag[platform] < delay:
            delay, kind = reported + self.lag[platform], COPIES_REMOVED
            self.notice_delay(p, k, platform, self.lag[platform], delay)
        world.clock.call(delay, kind, p, case, self.end, kind, p, b, case, severity)

    def take_up(self, p: int, b: int, k: int, platform: int, severity: float, left: float) -> None:
        """A report reaches the platform's staff, ``left`` days before the copy would fade."""
        case = k << 3 | OCCASIONS
        lag = self.lag[platform] + self.wait_for_staff(platform)
        delay, kind = left, COPIES_FADED
        if lag < left:
            delay, kind = lag, COPIES_REMOVED
            self.notice_delay(p, k, platform, lag, lag)
        self.world.clock.call(delay, kind, p, case, self.end, kind, p, b, case, severity)

    def wait_for_staff(self, platform: int) -> float:
        """Days until the staff of a platform has handled another report, after those that it has."""
        now: float = self.world.env.now
        begins = self.staffed_at[platform] if self.staffed_at[platform] > now else now
        ends: float = begins + self.handling[platform]
        self.staffed_at[platform] = ends
        return ends - now

    def notice_delay(self, p: int, k: int, platform: int, lag: float, delay: float) -> None:
        """The regulator may notice that the copy which is taken down in ``delay`` days was up for ``lag`` days after
        the report.
        """
        world, duty = self.world, self.world.table.platform_duty
        took = world.clock.whole(lag)
        if not 0.0 < duty.limit_days < took or duty.found == 0.0:
            return
        if world.draws.uniform(world.seed, p, NEGLECT_FOUND, k) < duty.found:
            times = int(took / duty.limit_days)
            world.clock.call(delay, FINED, p, k << 3 | OCCASIONS, self.fine, p, platform, times)

    def fine(self, p: int, platform: int, times: int) -> None:
        """The regulator notices a reported copy that a platform left up, or left up too long."""
        table = self.world.table
        amount = times * table.platform_duty.fine
        self.world.totals[PLATFORM_FINES] += amount
        self.attention[platform] *= 1.0 - table.platform_duty.learns
        self.world.log(FINED, p, platform, -1, amount)

    def end(self, kind: int, p: int, b: int, case: int, severity: float) -> None:
        state = self.world.state
        state.copies_live[p] -= 1
        state.copies[p] = state.copies[p] - severity if state.copies_live[p] else 0.0
        self.world.log(kind, p, case, b, severity)
        self.world.accrue(p)
