"""Sweeps: a campaign looks through the stores for apps without a filing."""

from __future__ import annotations

from typing import Any

from ...kernel.eventlog import Kind, Stream
from ...kernel.state import ACTIVE
from .. import registry
from ..app_store import order_removal
from ..machine.agenda import STORES_SWEPT, schedule
from ..machine.compilation import jit
from ..machine.pure import Purpose, case_number, uniform
from ..world import log

ORDERED, SWEPT = int(Kind.APP_REMOVAL), int(Kind.SWEPT)
FOUND_BY_SWEEP = int(Stream.SWEEP)


@jit
def expect_sweep(w: Any, number: int) -> None:
    schedule(w, w.law[w.regime].store_duty.sweep_days, SWEPT, 0, number, STORES_SWEPT)


@jit
def sweep(w: Any, number: int) -> None:
    """A campaign looks through the stores for apps without a filing, and orders all that it finds out at once."""
    stores, found = w.stores.shape[1], 0
    duty, filing = w.law[w.regime].store_duty, w.law[0].filing
    case = case_number(FOUND_BY_SWEEP, number)
    if duty.sweep_finds > 0.0 and filing >= 0:
        for p in range(len(w.providers)):
            provider = w.providers[p]
            if provider.status != ACTIVE or provider.outside != 0 or provider.filed >= 0.0:
                continue
            listed = 0
            for s in range(stores):
                listed += w.listings[p * stores + s].listed
            if listed == 0:
                continue
            u = uniform(w.seed, p, Purpose.SWEPT, number)
            if u < duty.sweep_finds:
                found += 1
                log(w, ORDERED, p, case, filing, duty.sweep_removal_days)
                order_removal(w, p, duty.sweep_removal_days, case)
                if u < duty.sweep_finds * w.classes[w.regime, provider.size_class].rectifies:
                    registry.submit(w, p)
    log(w, SWEPT, 0, number, -1, float(found))
    expect_sweep(w, number + 1)
