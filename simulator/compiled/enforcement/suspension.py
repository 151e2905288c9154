"""Suspensions of updates, registration and service: imposed, run out, undone."""

from __future__ import annotations

from typing import Any

from ...kernel.eventlog import Kind
from ...kernel.state import ACTIVE, COLLATERALLY, EXITED, FUNCTIONS, RIGHTLY, SERVICE, WRONGLY
from ..life import EXIT, close, end_downtime, move_abroad, settle
from ..machine.agenda import SUSPENSION_EXPIRES, schedule
from ..machine.compilation import jit
from ..machine.pure import Purpose, uniform
from ..machine.stream import follow_status
from ..users import come_back, move_away
from ..world import accrue, log

SUSPEND = (int(Kind.SUSPEND_UPDATES), int(Kind.SUSPEND_REGISTRATION), int(Kind.SUSPEND_SERVICE))
RESTORED = (int(Kind.UPDATES_RESTORED), int(Kind.REGISTRATION_RESTORED), int(Kind.SERVICE_RESTORED))
SUPPORTER_SUSPENDED = int(Kind.SUPPORTER_SUSPENDED)
NOT_IMPOSED = -1


@jit
def suspend(w: Any, p: int, number: int, founded: bool, function: int, days: float, rule: int) -> int:
    """Suspend one function of a provider; the epoch of the suspension, or -1 where a longer one is in force."""
    log(w, SUSPEND[function], p, number, rule, days)
    if function == SERVICE:
        return interrupt_service(w, p, days, number, RIGHTLY if founded else WRONGLY)
    held = w.functions[p * FUNCTIONS + function]
    if held.suspended != 0 and w.now + days <= held.suspended_until:
        return NOT_IMPOSED
    return set_suspended(w, p, function, days, number)


@jit
def interrupt_service(w: Any, p: int, days: float, number: int, nature: int) -> int:
    """The service is down for some days. Return its epoch, or -1 where a longer suspension is in force."""
    held = w.functions[p * FUNCTIONS + SERVICE]
    if held.suspended != 0 and w.now + days <= held.suspended_until:
        return NOT_IMPOSED
    # A new suspension of another nature begins a new account of downtime.
    end_downtime(w, p)
    w.service_suspended += 1
    w.providers[p].service_since = w.now
    w.providers[p].wrongly = nature
    epoch = set_suspended(w, p, SERVICE, days, number)
    accrue(w, p)
    return epoch


@jit
def set_suspended(w: Any, p: int, function: int, days: float, number: int) -> int:
    held = w.functions[p * FUNCTIONS + function]
    held.suspended = 1
    if function == SERVICE:
        follow_status(w, p)
    held.suspended_until = w.now + days
    held.suspension_epoch += 1
    due = schedule(w, days, RESTORED[function], p, number, SUSPENSION_EXPIRES)
    due.behaviour = function
    due.subject = held.suspension_epoch
    return held.suspension_epoch  # type: ignore[no-any-return]


@jit
def expire(w: Any, p: int, function: int, epoch: int, number: int) -> None:
    """A suspension has run its time. Some providers do not come back from one of their service."""
    if w.functions[p * FUNCTIONS + function].suspension_epoch != epoch:
        return
    restore(w, p, function, number)
    provider = w.providers[p]
    if function == SERVICE and provider.status == ACTIVE:
        size = w.classes[w.regime, provider.size_class]
        if uniform(w.seed, p, Purpose.EXIT_AFTER_SANCTION, number) < size.exits:
            if size.abroad > 0.0 and uniform(w.seed, p, Purpose.ABROAD, number) < size.abroad:
                move_abroad(w, p, number)
            else:
                close(w, p, EXITED, EXIT, number, -1, True)


@jit
def restore(w: Any, p: int, function: int, number: int) -> None:
    held = w.functions[p * FUNCTIONS + function]
    if function == SERVICE:
        end_downtime(w, p)
    held.suspended = 0
    if function == SERVICE:
        follow_status(w, p)
    held.suspension_epoch += 1
    if w.providers[p].status == ACTIVE:
        log(w, RESTORED[function], p, number, -1, 0.0)
        if function == SERVICE:
            come_back(w, p, w.stores.shape[1])
        accrue(w, p)
        settle(w, p, number)


@jit
def suspend_for_supporter(w: Any, p: int, days: float, number: int) -> None:
    """Suspend the service of a provider whose technical supporter has been sanctioned."""
    log(w, SUPPORTER_SUSPENDED, p, number, -1, days)
    if interrupt_service(w, p, days, number, COLLATERALLY) >= 0:
        move_away(w, p, w.stores.shape[1], 1.0, number)
