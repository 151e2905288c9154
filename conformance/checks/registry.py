"""A check: a property of a provider that decides one or more rules.

A check is a function ``(probe, case) -> None`` whose docstring's first line says what is expected. It returns
where the case shows nothing wrong, and raises an exception of :mod:`.outcome` otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from shenhe.rulebook import Behaviour, Rule

from ..provider import Capabilities, Operation
from ..roles import operations_of
from ..verdict import Level
from .outcome import Absent, Case

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from ..engine.cases.lifecycle import Life
    from ..engine.probing.probe import Probe


CaseT = TypeVar("CaseT", bound=Case)
Property = Callable[["Probe", CaseT], None]
#: Why the check does not concern a provider of these capabilities, or ``None``.
Applies = Callable[[Capabilities], Absent | None]


#: What a service need not offer at all: without it, a check that is about it does not concern the service.
OPTIONAL = frozenset({Operation.DELETE_ACCOUNT, Operation.SIGN_IN, Operation.SIGN_OUT})


@dataclass(frozen=True)
class Check:
    """One registered property. ``rules`` are those it decides; ``needs`` the operations it cannot do without."""

    name: str
    title: str
    behaviour: Behaviour
    level: Level
    rules: tuple[str, ...]
    needs: tuple[Operation, ...]
    applies: tuple[Applies, ...]
    cases: Callable[[Capabilities], Iterable[Case]]
    strategy: Callable[[Capabilities], SearchStrategy[Any]] | None
    judge: Callable[[Probe, Any], None]
    #: The machine that draws sequences, for a check whose cases are sequences.
    machine: Callable[[], type[Life]] | None = None
    #: Whether it lets time pass by the provider's clock, which all users share.
    waits: bool = False
    #: Whether every case has something made that a provider may charge for, though the check could do without.
    pays: bool = False
    #: Whether its cases are prompts, and each is judged by an output that all checks share (``Probe.generated``).
    shares: bool = False
    #: Whether it judges what the watch saw of all other checks, and so comes after them.
    ambient: bool = False

    def decides(self, rule: Rule) -> bool:
        """Whether this check decides a rule, or a rule that asks the same."""
        return rule.provision in self.rules or not set(rule.decided_with).isdisjoint(self.rules)

    def absent(self, capabilities: Capabilities) -> Absent | None:
        """Why this check cannot run against such a provider, or ``None`` where it can."""
        bound, of_roles = capabilities.operations, operations_of(capabilities.roles)
        foreign = [operation for operation in self.needs if operation not in bound | of_roles]
        if foreign:
            names = ", ".join(operation.value for operation in foreign)
            return Absent(f"a {' and '.join(capabilities.roles)} has no operation {names}")
        for applies in self.applies:
            if (absent := applies(capabilities)) is not None:
                return absent
        missing = [operation for operation in self.needs if operation not in bound]
        if missing:
            names = ", ".join(operation.value for operation in missing)
            causes = tuple(
                f"the binding has no operation {operation.value}: describe it under operations.{operation.value}"
                for operation in missing
                if operation not in OPTIONAL
            )
            return Absent(f"the binding has no operation {names}", required=bool(causes), causes=causes)
        return None


#: Every registered check by name, in the order of registration.
REGISTRY: dict[str, Check] = {}


def check(
    *,
    rules: Iterable[str],
    behaviour: Behaviour,
    cases: Callable[[Capabilities], Iterable[CaseT]],
    needs: Iterable[Operation] = (),
    applies: Iterable[Applies] = (),
    level: Level = Level.CORE,
    strategy: Callable[[Capabilities], SearchStrategy[CaseT]] | None = None,
    waits: bool = False,
    machine: Callable[[], type[Life]] | None = None,
    pays: bool = False,
    shares: bool = False,
    ambient: bool = False,
) -> Callable[[Property[CaseT]], Property[CaseT]]:
    """Register a property as a check.

    ``cases`` gives the enumerated cases in a fixed order, the plainest first; ``strategy`` draws more of them;
    ``machine`` draws sequences instead; ``waits`` is for checks that let time pass, ``pays`` for those whose cases each
    need something new that is made, ``shares`` for those whose cases are prompts, judged by outputs that other checks
    judge too, ``ambient`` for those that judge what the watch saw of all other checks. Raises ``TypeError`` for a
    property without a docstring, a name that is taken, or rules that are one string.
    """

    def register(judge: Property[CaseT]) -> Property[CaseT]:
        name = judge.__name__
        if isinstance(rules, str):
            raise TypeError(f"{name} names its rules in one string: they are a tuple of ids")
        if not judge.__doc__:
            raise TypeError(f"{name} has no docstring: its first line must state the expected behaviour")
        if name in REGISTRY:
            raise TypeError(f"there is a check {name} already")
        paragraph = judge.__doc__.strip().partition("\n\n")[0]
        REGISTRY[name] = Check(
            name=name,
            title=re.sub(r"\s+", " ", paragraph).strip(),
            behaviour=behaviour,
            level=level,
            rules=tuple(rules),
            needs=tuple(needs),
            applies=tuple(applies),
            cases=cases,
            strategy=strategy,
            judge=judge,
            waits=waits,
            machine=machine,
            pays=pays,
            shares=shares,
            ambient=ambient,
        )
        return judge

    return register
