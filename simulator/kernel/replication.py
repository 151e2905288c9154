"""What one replication leaves behind, whichever engine ran it, and the names of what is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .eventlog import Columns, Kind, Row
from .formulas import whole_steps
from .state import Arrays
from .table import Floats, Integers, Table

BIN = 30.0
"""Days of one bin of the series."""

KINDS = len(Kind)
EXTRAS = (
    "fines", "harm", "backlog", "listings", "active", "filed", "service_suspended", "violations_live", "investigating",
)  # fmt: skip
TOTALS = (
    "deterred_own", "deterred_peers", "store_fines", "platform_fines", "rumours_unrefuted", "staff_fines",
    "confiscated",
)  # fmt: skip
"""Counts that are not counts of one kind of event."""
DETERRED_OWN, DETERRED_PEERS, STORE_FINES, PLATFORM_FINES, UNREFUTED, STAFF_FINES, CONFISCATED = range(len(TOTALS))

BY_ITSELF, BY_PEERS = 1, 2  # values of a row of kind DETERRED
FUNDED = -1.0  # of the day since which an authority has no budget


@dataclass(frozen=True)
class Replication:
    """What one replication leaves: its log, final state, and the counts at each bin's end."""

    number: int
    log: Columns  # empty where no log was kept
    state: Arrays
    bin_ends: Floats  # (bins,) days
    kinds: Integers  # (bins, KINDS) events so far, by kind
    extras: Floats  # (bins, len(EXTRAS)) totals or levels at the end of each bin
    class_occasions: Integers  # (bins, C) so far
    class_violations: Integers  # (bins, C) so far
    action_delays: Floats
    backlog_area: float
    busy_area: float  # days that inspectors spent on investigations
    inspector_days: float  # days that there were inspectors for
    wait_total: float
    fines_gross: float
    review_total: float
    closed: tuple[int, int, int]  # cases dismissed, sanctioned, lapsed
    late_filings: int
    appeals: tuple[int, int, int]  # filed, rejected, upheld
    totals: Floats  # (len(TOTALS),)
    staff_cost: float  # RMB
    waiting_since: float  # sum of the days on which the cases still waiting were opened
    takedown_delays: Floats  # days from a complaint to the provider's own takedown
    spent: Floats  # (A,) RMB that each authority paid for investigations
    unfunded: Floats  # (A,) days that each authority's budget did not reach for another case
    # events that the engine handled, those included that it counts without handling; two engines count differently
    steps: int
    pending: int  # and those that were waiting at the horizon

    @property
    def rows(self) -> list[Row]:
        """The log as tuples."""
        return self.log.rows()


def inspector_days(regimes: Sequence[tuple[float, Table]]) -> float:
    """Days of all inspectors through the regimes of a scenario, each given with the day on which it begins."""
    first = regimes[0][1]
    # A regime begins on a step of the clock, like everything that the engines do.
    days = [min(whole_steps(day, first.clock_step), first.horizon) for day, _ in regimes]
    staff = (int(table.authorities.inspectors.sum()) for _, table in regimes)
    return float(sum(n * (end - day) for n, day, end in zip(staff, days, [*days[1:], first.horizon], strict=True)))


@dataclass(frozen=True)
class Beginning:
    """A world before anything happens in it: its state, which may still be changed, and its numbers."""

    state: Arrays
    table: Table
