"""What each authority may spend in a year, and what investigations cost it."""

from __future__ import annotations

import math
from typing import Any

from ...kernel.eventlog import Kind
from ...kernel.replication import FUNDED
from ...kernel.table import YEAR
from ..machine.agenda import BUDGETS_RENEWED, schedule
from ..machine.compilation import jit
from ..machine.pools import resize
from ..machine.pure import cases_affordable
from ..world import inspectors_busy, log

BUDGET_SPENT, BUDGET_RENEWED = int(Kind.BUDGET_SPENT), int(Kind.BUDGET_RENEWED)


@jit
def begin_budgets(w: Any) -> None:
    limited = False
    for authority in range(len(w.authorities)):
        limited = limited or w.budgets[0, authority] < math.inf
    if limited:
        for authority in range(len(w.authorities)):
            note_shortage(w, authority)
        schedule(w, YEAR, BUDGET_RENEWED, 0, 0, BUDGETS_RENEWED)


@jit
def employ(w: Any, authority: int) -> None:
    """As many inspectors work as there are, and as the budget of the year has cases for."""
    size = w.inspectors[w.regime, authority]
    office = w.authorities[authority]
    if w.budgets[0, authority] < math.inf:
        busy = office.investigating
        size = busy + cases_affordable(office.left, w.law[w.regime].staff.case_cost, size - busy)
    resize(w, authority, size)


@jit
def begin_investigation(w: Any, authority: int) -> None:
    """Pay for one investigation."""
    office, cost = w.authorities[authority], w.law[w.regime].staff.case_cost
    office.spent += cost
    office.investigating += 1
    inspectors_busy(w, 1)
    if w.budgets[0, authority] < math.inf:
        office.left -= cost
        employ(w, authority)
        note_shortage(w, authority)


@jit
def end_investigation(w: Any, authority: int) -> None:
    """An investigation ends. Its inspector takes up another case only if there is money for it."""
    w.authorities[authority].investigating -= 1
    inspectors_busy(w, -1)
    if w.budgets[0, authority] < math.inf:
        employ(w, authority)


@jit
def note_shortage(w: Any, authority: int) -> None:
    """From now on there may be no money for another case this year."""
    office = w.authorities[authority]
    if office.unfunded_since == FUNDED and office.left < w.law[w.regime].staff.case_cost:
        office.unfunded_since = w.now
        log(w, BUDGET_SPENT, 0, authority, -1, w.budgets[0, authority] - office.left)


@jit
def end_shortage(w: Any, authority: int) -> None:
    """Book the days without budget so far."""
    office = w.authorities[authority]
    if office.unfunded_since != FUNDED:
        office.unfunded += w.now - office.unfunded_since
        office.unfunded_since = FUNDED


@jit
def renew(w: Any, year: int) -> None:
    """Each new year every budget is whole again; what was left of the old one has lapsed."""
    for authority in range(len(w.authorities)):
        budget = w.budgets[0, authority]
        if budget < math.inf:
            end_shortage(w, authority)
            w.authorities[authority].left = budget
            log(w, BUDGET_RENEWED, 0, authority, -1, budget)
            note_shortage(w, authority)
            employ(w, authority)
    schedule(w, YEAR, BUDGET_RENEWED, 0, year + 1, BUDGETS_RENEWED)
