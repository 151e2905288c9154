"""What a run may cost: how much each level tries, and where a budget is spent, which is on the rules that cost least,
so that most of them are decided before it is used up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from shenhe.rulebook import Rule

from ..checks.prompted import Prompted
from ..checks.registry import Check
from ..provider import Capabilities, Operation
from ..report import CheckResult, RuleResult
from ..verdict import Level
from .probing.session import PAID, PAIRS, SINGLES, Bounds

#: What a call that a provider may charge for weighs against one that it does not, and what it weighs where a run may
#: send as many of the others as it likes.
_PAID_WEIGHT, _ONLY_PAID_WEIGHT = 5, 100


def strength_of(level: Level) -> int:
    """How many values of different factors the listed cases of a level combine."""
    return SINGLES if level is Level.CORE else PAIRS


def paid_share_of(level: Level) -> int:
    """Of so many drawn cases, a level judges one where each case may be charged for: draws go where calls are free."""
    return 25 if level is Level.CORE else 10


def by_worth(
    tasks: list[tuple[int, Check]],
    rules: dict[str, Rule],
    capabilities: Capabilities,
    bounds: Bounds | None = None,
) -> list[tuple[int, Check]]:
    """The checks in the order in which they decide most rules for least.

    A rule is decided once all of its checks have run, so they are taken rule by rule: next comes the rule that costs
    least per rule decided, together with those that can be judged from the same outputs.
    """
    only_paid = bounds is not None and bounds.generations is not None and bounds.requests is None
    weight = _ONLY_PAID_WEIGHT if only_paid else _PAID_WEIGHT
    needs = {number: _needs(check, capabilities, weight) for number, check in tasks}
    left = {name: {number for number, check in tasks if check.decides(rule)} for name, rule in rules.items()}
    left = {name: numbers for name, numbers in left.items() if numbers}
    order: list[int] = []
    made: set[object] = set()
    while left:
        _, names = min((_bundle(name, left, needs, made, weight) for name in left), key=lambda each: (each[0], each[1]))
        for name in names:
            order += sorted(left.pop(name))
        made.update(each for number in order for each in needs[number].outputs)
        left = {name: rest for name, numbers in left.items() if (rest := numbers.difference(order))}
    known = dict(tasks)
    order = list(dict.fromkeys(order))
    return [(number, known[number]) for number in order] + [task for task in tasks if task[0] not in order]


def _bundle(
    name: str, left: dict[str, set[int]], needs: dict[int, _Needs], made: set[object], weight: int
) -> tuple[float, list[str]]:
    """What a rule costs per rule decided, and the rules that are decided with it.

    Those are the rules that can be judged from the same outputs for less than one paid call.
    """

    def outputs(numbers: set[int]) -> set[object]:
        return {each for number in numbers for each in needs[number].outputs}

    had = made | outputs(left[name])
    names, numbers = [name], set(left[name])
    for other, further in left.items():
        if outputs(further) <= had and sum(needs[number].cost for number in further - numbers) < weight:
            names += [other] if other != name else []
            numbers |= further
    cost = sum(needs[number].cost for number in numbers) + weight * len(had - made)
    return cost / len(names), names


@dataclass(frozen=True)
class _Needs:
    """An estimate, from its cases, of what a check sends: the weight of its own calls, and the outputs that it
    judges, which other checks may judge too.
    """

    cost: int = 0
    outputs: frozenset[object] = frozenset()


def _needs(check: Check, capabilities: Capabilities, weight: int) -> _Needs:
    if check.absent(capabilities) is not None:
        return _Needs()
    cases = list(check.cases(capabilities))
    if PAID.isdisjoint(check.needs) and not check.pays:
        # Content is made before it is published.
        makes = Operation.PUBLISH in check.needs and Operation.GENERATE in capabilities.operations
        return _Needs(len(cases) + (weight if makes else 0))
    return _Needs(len(cases) + (0 if check.shares else weight * len(cases)), frozenset(outputs_of(check, capabilities)))


def outputs_of(check: Check, capabilities: Capabilities) -> list[Prompted]:
    """The outputs that a check judges and shares with others, as plain cases in their order."""
    if not check.shares or check.absent(capabilities) is not None:
        return []
    cases = (case for case in check.cases(capabilities) if isinstance(case, Prompted))
    plain = (
        Prompted(each.media_type, each.service, each.media_type, each.prompt, options=each.options) for each in cases
    )
    return list(dict.fromkeys(plain))


def outputs_of_several(checks: Iterable[Check], capabilities: Capabilities) -> list[Prompted]:
    """The outputs that at least two of these checks judge, in the order in which they are first needed."""
    counted = Counter(each for check in checks for each in outputs_of(check, capabilities))
    return [output for output, count in counted.items() if count > 1]


def longest_first(tasks: list[tuple[int, Check]], capabilities: Capabilities) -> list[tuple[int, Check]]:
    """The checks in the order in which workers begin them: by their own paid calls, which take longest, so that no long
    check is left at the end.
    """
    return sorted(tasks, key=lambda task: _needs(task[1], capabilities, _ONLY_PAID_WEIGHT).cost, reverse=True)


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
