"""Sweeps: a campaign looks through the stores for apps without a filing."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from ...kernel.draws import Purpose
from ...kernel.eventlog import Kind, Stream, case_number
from ...kernel.state import ACTIVE

if TYPE_CHECKING:
    from ...kernel.table import Table
    from ..world import World

ORDERED, SWEPT = int(Kind.APP_REMOVAL), int(Kind.SWEPT)


class Sweeps:
    """What a campaign does beside single cases."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.adopt(world.table)

    def adopt(self, table: Table) -> None:
        """Read the numbers of another regime."""
        self.rectifies = table.classes.rectifies.tolist()

    def start(self) -> None:
        if self.world.table.store_duty.sweep_days > 0.0 and self.world.app_stores.count:
            self.world.env.process(self.sweep())

    def sweep(self) -> Generator[Any, Any, None]:
        """A campaign looks through the stores for apps without a filing, and orders all that it finds out at once."""
        world, stores = self.world, self.world.app_stores
        state, number = world.state, 0
        while True:
            yield world.clock.after(world.table.store_duty.sweep_days, SWEPT, 0, number)
            duty, filing, found = world.table.store_duty, world.table.filing, 0
            case = case_number(Stream.SWEEP, number)
            if duty.sweep_finds > 0.0 and filing >= 0:
                for p in range(world.table.providers):
                    if state.status[p] != ACTIVE or state.outside[p] or state.filed[p] >= 0.0:
                        continue
                    if not any(state.listed[p * stores.count : (p + 1) * stores.count]):
                        continue
                    u = world.draws.uniform(world.seed, p, Purpose.SWEPT, number)
                    if u < duty.sweep_finds:
                        found += 1
                        world.log(ORDERED, p, case, filing, duty.sweep_removal_days)
                        stores.order_removal(p, duty.sweep_removal_days, case)
                        if u < duty.sweep_finds * self.rectifies[state.size_class[p]]:
                            world.registry.submit(p)
            world.log(SWEPT, 0, number, -1, float(found))
            number += 1
