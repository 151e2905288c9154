"""The draws and the formulas of the model, compiled: the same code that CPython runs on SimPy."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ...kernel import draws, eventlog, formulas
from .compilation import jit

Purpose: Any = ModuleType("purposes")
"""The purposes of draws: numba takes constants from a module, but not from a class."""
vars(Purpose).update({name: code for name, code in vars(draws.Purpose).items() if name.isupper()})

_draws = draws.compiled()
uniform = _draws.uniform
exponential = _draws.exponential
uniform_within = draws.inlined_uniform()

belief_lowered = jit(formulas.belief_lowered)
belief_raised = jit(formulas.belief_raised)
belief_remembered = jit(formulas.belief_remembered)
belief_beside = jit(formulas.belief_beside)
best_effort = jit(formulas.best_effort)
case_number = jit(eventlog.case_number)
certificate_counts = jit(formulas.certificate_counts)
cases_affordable = jit(formulas.cases_affordable)
compliance_after_rectification = jit(formulas.compliance_after_rectification)
compliance_at = jit(formulas.compliance_at)
complies_looking_ahead = jit(formulas.complies_looking_ahead)
complaint_chance = jit(formulas.complaint_chance)
cost_ahead = jit(formulas.cost_ahead)
filter_strictness = jit(formulas.filter_strictness)
fine_amount = jit(formulas.fine_amount)
fine_for_all = jit(formulas.fine_for_all)
inspection_chance = jit(formulas.inspection_chance)
inspection_emphasis = jit(formulas.inspection_emphasis)
misuse_chance = jit(formulas.misuse_chance)
next_publication = jit(formulas.next_publication)
outlays = jit(formulas.outlays)
reach_of = jit(formulas.reach_of)
repetition_weight = jit(formulas.repetition_weight)
share_acted_on = jit(formulas.share_acted_on)
step_on_ladder = jit(formulas.step_on_ladder)
strikes_remembered = jit(formulas.strikes_remembered)
violation_chance = jit(formulas.violation_chance)
whole_steps = jit(formulas.whole_steps)


@jit
def bisect_right(cumulative: object, value: float) -> int:
    """How many of the rising numbers ``cumulative`` are at most ``value``: as ``bisect.bisect_right``."""
    low, high = 0, len(cumulative)  # type: ignore[arg-type]
    while low < high:
        middle = (low + high) // 2
        if value < cumulative[middle]:  # type: ignore[index]
            high = middle
        else:
            low = middle + 1
    return low
