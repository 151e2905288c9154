"""What a run is about: the rules that bind a provider, and the checks that decide them."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shenhe.core.errors import ShenheError
from shenhe.rulebook import Obligor, Rule, Rulebook, RulebookError, SeenBy, Service, load_rulebook, reaches

from ..checks.registry import Check
from ..provider import Capabilities
from ..report import LeftOutRule
from ..roles import obligors_of
from ..verdict import Level


class NothingToCheck(ShenheError, ValueError):
    """No rule of the chosen packs is decided by any check: what was asked for is a mistake."""


def chosen_rules(
    book: Rulebook,
    capabilities: Capabilities,
    packs: Sequence[str] | None,
    patterns: Sequence[str] | None,
    on: date,
) -> dict[str, Rule]:
    """The rules of the packs that bind the provider on the day, by id, in the order of the packs."""
    if packs is None:
        named = book.in_force(on, capabilities.markets, obligors_of(capabilities.roles), capabilities.services or None)
    else:
        named = [book.pack(name) for name in packs]
    rules = {
        rule.provision: rule
        for pack in named
        for rule in pack.rules
        if (packs is not None and rule.valid_from is None) or rule.in_force(on)
        if _binds(rule, capabilities)
    }
    if patterns:
        for pattern in patterns:
            if not any(fnmatch.fnmatchcase(name, pattern) for name in rules):
                raise RulebookError(_no_match(book, pattern, list(rules)))
        rules = {
            name: rule
            for name, rule in rules.items()
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        }
    return rules


#: The service that an edit of this scope is.
_EDITS = {"face": Service.BIOMETRIC_IMAGE_VIDEO, "voice": Service.VOICE}


def _binds(rule: Rule, capabilities: Capabilities) -> bool:
    """Whether a rule binds one of the provider's roles for a service it offers.

    What binds users is seen at the target that serves them, where a check looks at it; a store serves developers.
    """
    obligors = set(obligors_of(capabilities.roles))
    if obligors != {Obligor.APP_STORE}:
        obligors.add(Obligor.USER)
    services = set(capabilities.services)
    if services:
        # A provider that edits faces or voices offers that service, whether it is listed or not.
        services |= {_EDITS.get(scope, Service.BIOMETRIC_IMAGE_VIDEO) for scope in capabilities.edit_scopes}
    return (
        not obligors.isdisjoint(rule.obligors)
        and (not services or bool(services & set(rule.applies.services)))
        and reaches(rule, capabilities.traits)
    )


def _no_match(book: Rulebook, pattern: str, chosen: list[str]) -> str:
    if any(fnmatch.fnmatchcase(name, pattern) for name in book.rules.names):
        return f"the rule {pattern!r} is in no pack that was chosen or does not bind this target"
    try:
        book.rule(pattern)
    except RulebookError as error:
        return str(error)
    return f"no rule matches {pattern!r}; there are {len(chosen)} to choose from, see `shenhe rules list`"


def chosen_checks(
    chosen: dict[str, Rule],
    level: Level,
    packs: Sequence[str] | None,
    patterns: Sequence[str] | None,
) -> list[Check]:
    """The checks up to a level that decide one of the chosen rules, in their order.

    Raises :class:`NothingToCheck` where there is none, in words of what was asked for.
    """
    from ..checks import all_checks

    seen = [rule for rule in chosen.values() if rule.seen_by is SeenBy.PROBE]
    checks = [check for check in all_checks() if level.includes(check.level) and any(map(check.decides, seen))]
    if not checks:
        among = f"the packs {', '.join(packs)}" if packs else "the packs in force for this target"
        narrowed = f" that match {', '.join(patterns)}" if patterns else ""
        raise NothingToCheck(
            f"no check of level {level.value} decides any of the {len(chosen)} rules of {among}{narrowed}"
        )
    return checks


@dataclass(frozen=True)
class Together:
    """Rules that share checks, so that one run decides all of them. ``waits``: time passes in it for everybody."""

    rules: tuple[str, ...]
    waits: bool


def decidable(
    capabilities: Capabilities,
    *,
    level: Level | str = Level.CORE,
    packs: Sequence[str] | None = None,
    rules: Sequence[str] | None = None,
    book: Rulebook | None = None,
    on: date | None = None,
) -> list[Together]:
    """The rules that checks of a level decide for such a provider, grouped by what is best run together; no request is
    sent to it.

    Raises as :func:`run_checks` does for what is chosen.
    """
    law = book if book is not None else load_rulebook()
    chosen = chosen_rules(law, capabilities, packs, rules, on or date.today())
    checks = chosen_checks(chosen, Level(level), packs, rules)
    groups: list[tuple[set[str], bool]] = []
    for check in checks:
        names, waits = {name for name, rule in chosen.items() if check.decides(rule)}, check.waits
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names, waits = names | group[0], waits or group[1]
        groups.append((names, waits))
    order = list(chosen)
    found = [Together(tuple(sorted(names, key=order.index)), waits) for names, waits in groups]
    return sorted(found, key=lambda together: order.index(together.rules[0]))


def left_out_rules(
    book: Rulebook,
    capabilities: Capabilities,
    chosen: Mapping[str, Rule],
    packs: Sequence[str] | None,
    patterns: Sequence[str] | None,
    level: Level,
    on: date,
) -> list[LeftOutRule]:
    """The rules in force that bind the provider and that some check decides, but none of this run."""
    from ..checks import deciding_levels

    narrowed = chosen_rules(book, capabilities, packs, None, on) if packs is not None else None
    found = []
    bound = chosen_rules(book, capabilities, None, None, on)
    by_rule = deciding_levels(bound.values())
    for name, rule in bound.items():
        levels = by_rule[rule.provision]
        if not levels or rule.seen_by is not SeenBy.PROBE:
            continue
        lowest = min(levels, key=list(Level).index)
        by: Literal["packs", "rules", "level"] | None = None
        if narrowed is not None and name not in narrowed:
            by = "packs"
        elif patterns and name not in chosen:
            by = "rules"
        elif not level.includes(lowest):
            by = "level"
        if by is not None:
            found.append(LeftOutRule(rule=name, by=by, level=lowest.value))
    return found


def pack_names(chosen: dict[str, Rule], packs: Sequence[str] | None) -> list[str]:
    """The packs of a run: those named, else those that its rules are from."""
    return list(packs) if packs is not None else list(dict.fromkeys(rule.pack for rule in chosen.values()))
