"""The checks, one module per subject, in rooms by area of duty.

Every module below this package is loaded when the checks are first listed: a new one needs no entry here. ::

    labels/       what generated and handed-out content says about itself
    identity/     who acts, and whose face, voice and data is used
    moderation/   reports, prohibited content, rumours
    service/      duties of the service as a whole: companions, minors, records
    responses/    what responses give: addresses, fields, and what none may hold
    sequences     checks whose cases are sequences of operations
    registry      what a check is; outcome: how it ends
    the others    what several checks need: invented people, requests, surfaces, reports
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module

from shenhe.rulebook import Behaviour, Rule

from ..verdict import Level
from .registry import REGISTRY, Check

__all__ = ["all_checks", "deciding_levels"]


@cache
def _load() -> None:
    """Import every module of this package, in the order of their names, so that its checks are registered."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        import_module(module.name)


def all_checks() -> tuple[Check, ...]:
    """Every check in the order in which a run takes them: by behaviour, then as they were registered."""
    _load()
    order = list(Behaviour)
    return tuple(sorted(REGISTRY.values(), key=lambda check: order.index(check.behaviour)))


def deciding_levels(rules: Iterable[Rule]) -> dict[str, frozenset[Level]]:
    """By provision, the levels of the checks that decide each rule; empty for a rule without a check.

    One pass over the checks: asking each check about each rule is two hundred times the work, in every report of a run.
    """
    by_name: dict[str, set[Level]] = {}
    for check in all_checks():
        for name in check.rules:
            by_name.setdefault(name, set()).add(check.level)
    return {
        rule.provision: frozenset().union(*(by_name.get(name, ()) for name in (rule.provision, *rule.decided_with)))
        for rule in rules
    }
