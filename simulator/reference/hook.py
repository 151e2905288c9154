"""A policy of your own, in Python, on the SimPy engine: what a scenario's numbers cannot say.

Subclass :class:`Hook`, override what should be otherwise, and pass it to ``simulate(scenario, policy=...)``. Each
method is given what the scenario's policy would do, and a :class:`View` of what a regulator may know of the provider. A
hook must decide only by its arguments, or by draws keyed like those of the model (``view.uniform``). This keeps runs
reproducible and lets two policies meet the same world.
"""

from __future__ import annotations

import difflib
import inspect
import math
import numbers
from typing import TYPE_CHECKING

from shenhe.core.errors import ShenheError

from ..kernel.draws import Purpose

if TYPE_CHECKING:
    from .world import World


DECISIONS = ("inspection", "step", "fine")
"""The methods of a policy in Python that the model calls."""


class HookError(ShenheError, TypeError):
    """A policy in Python that cannot be used: no instance of :class:`Hook`, a misspelt method, or a decision that is no
    number.
    """


class View:
    """The regulator's knowledge of one provider at one moment."""

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
    """What a hook decides, kept within what is possible. Raises :class:`HookError` for what is no number."""

    def __init__(self, hook: Hook) -> None:
        self.hook = hook

    def inspection(self, view: View, chance: float) -> float:
        return _number(self.hook.inspection(view, chance), "inspection", "a probability")

    def step(self, view: View, step: int, serious: bool, steps: int) -> int:
        return min(max(int(_number(self.hook.step(view, step, serious), "step", "a step of the ladder")), 0), steps - 1)

    def fine(self, view: View, amount: float, founded: bool) -> float:
        return max(0.0, _number(self.hook.fine(view, amount, founded), "fine", "RMB"))


def _number(value: object, method: str, what: str) -> float:
    if not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise HookError(
            f"{method}() of the policy in Python returned {value!r}; expected {what}, a finite number. "
            "A method that decides nothing returns what it was given."
        )
    return float(value)


def check(policy: object) -> Hook:
    """The policy, if the model can use it. Raises :class:`HookError` for one that would be ignored or fail later."""
    if isinstance(policy, type) and issubclass(policy, Hook):
        raise HookError(
            f"found the class {policy.__name__} as policy; expected an instance: policy={policy.__name__}()"
        )
    if not isinstance(policy, Hook):
        raise HookError(f"found a policy of type {type(policy).__name__}; expected an instance of a subclass of Hook")
    kind = type(policy)
    for name in dir(kind):
        if name.startswith("_") or hasattr(Hook, name) or not callable(getattr(kind, name)):
            continue
        close = difflib.get_close_matches(name, DECISIONS, n=1, cutoff=0.7)
        if close:
            raise HookError(
                f"{kind.__name__}.{name}() is never called; did you mean {close[0]}()? "
                f"The model calls {', '.join(DECISIONS)}. Begin the name of a method of your own with an underscore."
            )
    for name in DECISIONS:
        wanted = list(inspect.signature(getattr(Hook, name)).parameters)[1:]
        try:
            inspect.signature(getattr(policy, name)).bind(*wanted)
        except TypeError as error:
            raise HookError(f"{kind.__name__}.{name}() cannot be called with ({', '.join(wanted)}): {error}") from None
    return policy


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
