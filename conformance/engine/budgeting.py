"""What a run may cost: how much each level tries, and where a budget is spent, which is on the rules that cost least,
so that most of them are decided before it is used up.
"""

from __future__ import annotations

from collections.abc import Iterable

from shenhe.rulebook import Rule

from ..checks.registry import Check
from ..provider import Capabilities
from ..report import CheckResult, RuleResult
from ..verdict import Level
from .probing.session import PAID, PAIRS, SINGLES

#: What a case that a provider may charge for weighs against one that it does not.
_PAID_WEIGHT = 5


def strength_of(level: Level) -> int:
    """How many values of different factors the listed cases of a level combine."""
    return SINGLES if level is Level.CORE else PAIRS


def paid_share_of(level: Level) -> int:
    """Of so many drawn cases, a level judges one where each case may be charged for: draws go where calls are free."""
    return 25 if level is Level.CORE else 10


def by_worth(
    tasks: list[tuple[int, Check]], rules: dict[str, Rule], capabilities: Capabilities
) -> list[tuple[int, Check]]:
    """The checks in the order in which they decide most rules for least: a rule is decided once all of its checks have
    run, so they are taken rule by rule, the cheapest first.
    """
    cost = {number: _cost(check, capabilities) for number, check in tasks}
    left = {name: {number for number, check in tasks if check.decides(rule)} for name, rule in rules.items()}
    order: list[int] = []
    done: set[int] = set()
    left = {name: numbers for name, numbers in left.items() if numbers}
    while left:
        cheapest = min(left, key=lambda name: (sum(cost[number] for number in left[name] - done), name))
        fresh = sorted(left.pop(cheapest) - done)
        order += fresh
        done.update(fresh)
        left = {name: numbers for name, numbers in left.items() if numbers - done}
    known = dict(tasks)
    return [(number, known[number]) for number in order] + [task for task in tasks if task[0] not in done]


def _cost(check: Check, capabilities: Capabilities) -> int:
    """How much a check may send, as near as its cases tell that."""
    if check.absent(capabilities) is not None:
        return 0
    cases = sum(1 for _ in check.cases(capabilities))
    return cases * (1 if PAID.isdisjoint(check.needs) and not check.pays else _PAID_WEIGHT)


def beyond_budget(rules: Iterable[RuleResult], results: Iterable[CheckResult], reason: str) -> list[str]:
    """The rules without a verdict that a larger budget would decide: nothing else is open of them."""
    waiting = {result.name for result in results if result.verdict == "inconclusive" and set(result.causes) <= {reason}}
    open_otherwise = {
        result.name for result in results if result.verdict == "inconclusive" and result.name not in waiting
    }
    return [
        rule.rule
        for rule in rules
        if rule.verdict == "inconclusive"
        and waiting.intersection(rule.checks)
        and not open_otherwise.intersection(rule.checks)
    ]
