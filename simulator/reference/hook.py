"""A policy of your own, in Python, on the SimPy engine: what a scenario's numbers cannot say.

Subclass :class:`Hook`, override what should be otherwise, and pass it to ``simulate(scenario, policy=...)``. Each
method is given what the scenario's policy would do, and a :class:`View` of what a regulator may know of the provider. A
hook must decide by its arguments alone, or by draws keyed like those of the model (``view.uniform``), so that a run
stays reproducible and two policies meet the same world.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..kernel.draws import Purpose

if TYPE_CHECKING:
    from .world import World


class View:
    """What a regulator knows of one provider at one moment."""

    __slots__ = ("_world", "provider")

    def __init__(self, world: World, provider: int) -> None:
        self._world = world
        self.provider = provider

    @property
    def day(self) -> float:
        return float(self._world.env.now)

    @property
    def size_class(self) -> int:
        return int(self._world.state.size_class[self.provider])

    @property
    def users(self) -> float:
        return float(self._world.state.present[self.provider])

    @property
    def strikes(self) -> int:
        return self._world.deterrence.strikes(self.provider)

    @property
    def sanctions(self) -> int:
        return int(self._world.state.sanctions[self.provider])

    @property
    def complaints(self) -> int:
        """Since the last inspection."""
        return int(self._world.state.complained[self.provider])

    @property
    def filed(self) -> bool:
        return bool(self._world.state.filed[self.provider] >= 0.0)

    @property
    def certified(self) -> bool:
        return bool(self._world.state.certified[self.provider])

    def uniform(self, index: int) -> float:
        """A number in (0, 1), the same for the same provider and index in every run of one seed."""
        return self._world.draws.uniform(self._world.seed, self.provider, Purpose.HOOK, index)


class Bounded:
    """What a hook decides, kept within what is possible. Raises :class:`TypeError` for what is no number."""

    def __init__(self, hook: Hook) -> None:
        self.hook = hook

    def inspection(self, view: View, chance: float) -> float:
        return _number(self.hook.inspection(view, chance), "inspection")

    def step(self, view: View, step: int, serious: bool, steps: int) -> int:
        return min(max(int(_number(self.hook.step(view, step, serious), "step")), 0), steps - 1)

    def fine(self, view: View, amount: float, founded: bool) -> float:
        return max(0.0, _number(self.hook.fine(view, amount, founded), "fine"))


def _number(value: object, method: str) -> float:
    if not isinstance(value, (int, float)) or math.isnan(value):
        raise TypeError(f"found {value!r} from {method}() of the policy in Python, expected a number")
    return float(value)


class Hook:
    """The scenario's own policy: each method returns what it is given."""

    def inspection(self, view: View, chance: float) -> float:
        """Probability that a candidate inspection takes place (thins the fixed stream: at most 1)."""
        return chance

    def step(self, view: View, step: int, serious: bool) -> int:
        """Step of the ladder at which a new case is sanctioned."""
        return step

    def fine(self, view: View, amount: float, founded: bool) -> float:
        """RMB of one fine."""
        return amount
