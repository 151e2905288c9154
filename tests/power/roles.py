"""The kill table by role: what the faults of a store, a platform and a supporter fail over several seeds, and whether
their lawful variants are clean. ``python -m tests.power.roles`` writes it for the documentation.

Each fault is run by the checks that decide its rules, those of other checks too; ``tests.power.matrix`` runs all checks.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.selection import chosen_rules
from shenhe.conformance.verdict import Level
from shenhe.rulebook import load_rulebook
from shenhe.sample.samples import PROVIDER, STORE
from shenhe.sample.variants import OF_STYLE, VariantName

from ..sample.of_platforms import OF_PLATFORMS, OF_SUPPORTERS
from . import matrix

SEEDS = 5


@dataclass(frozen=True)
class Role:
    """One role: its faults, its lawful variants, and the variant behind which its faults are tried."""

    name: str
    faults: tuple[str, ...]
    variants: tuple[str, ...]
    behind: str | None


def _of(style: VariantName) -> tuple[str, ...]:
    return (style.value, *(name.value for name, of in OF_STYLE.items() if of is style))


ROLES = {
    role.name: role
    for role in (
        Role("store", tuple(STORE.faults), tuple(f"{STORE.name}/{name}" for name in STORE.variants), None),
        Role("platform", tuple(OF_PLATFORMS), _of(VariantName.FORMS_PLATFORM), "forms-platform"),
        Role("supporter", tuple(OF_SUPPORTERS), _of(VariantName.SUPPORTER), "supporter"),
    )
}


@cache
def rules_of(behind: str | None, store: bool) -> frozenset[str]:
    """The rules that bind the target of a role on the day of the matrix."""
    sample = STORE if store else PROVIDER
    app = sample.create(variants=[behind] if behind else ())
    book = load_rulebook()
    with load_binding(sample.binding(behind), environ={}).connect(transport=AsgiTransport(app)) as provider:
        packs = [pack.id for pack in book.in_force(matrix.ON, provider.capabilities.markets)]
        return frozenset(chosen_rules(book, provider.capabilities, packs, None, matrix.ON))


def binding(role: Role, name: str) -> frozenset[str]:
    """The rules that a fault breaks and that bind the target of its role."""
    book = load_rulebook()
    packs = [pack.id for pack in book.in_force(matrix.ON, ["cn", "eu", "us", "in"])]
    broken = book.decided_too(matrix.ALL_FAULTS[name].rules, packs, matrix.ON)
    return broken & rules_of(role.behind, role.name == "store")


@dataclass(frozen=True)
class Found:
    """What one seed finds of a fault."""

    fault: str
    failed: frozenset[str]
    expected: frozenset[str]
    checks: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether exactly the rules failed that it breaks and that a check decided."""
        return bool(self.failed) and self.failed == self.expected


def find(role: Role, name: str, seed: int) -> Found:
    """Run the checks that decide the rules of a fault with one seed, listed cases only."""
    broken = binding(role, name)
    report = matrix.examine(
        [name], variant=role.behind, level=Level.EXTENDED, examples=0, seed=seed, rules=sorted(broken)
    )
    judged = {rule.rule for rule in report.rules if rule.verdict in ("pass", "fail", "review")}
    checks = tuple(check.name for check in report.checks if check.verdict in ("fail", "review"))
    return Found(name, matrix.failed(report), broken & judged, checks)


def clean(name: str) -> tuple[str, int, tuple[str, ...]]:
    """A lawful variant: its name, how many checks pass, and those that do not."""
    report = matrix.examine(variant=name, level=Level.EXTENDED, examples=0)
    still_open = tuple(f"{c.name}: {c.verdict}" for c in report.checks if c.verdict not in ("pass", "not applicable"))
    return name, sum(check.verdict == "pass" for check in report.checks), still_open


def _find(task: tuple[str, str, int]) -> Found:
    role, name, seed = task
    return find(ROLES[role], name, seed)


def table(role: Role, found: dict[str, list[Found]], variants: Sequence[tuple[str, int, tuple[str, ...]]]) -> str:
    """The faults and variants of one role in Markdown."""
    always = sum(all(each.exact for each in several) for several in found.values())
    spotless = sum(not still_open for _, _, still_open in variants)
    lines = [
        f"## {role.name.capitalize()}",
        "",
        f"{always} of {len(found)} faults fail exactly their rules with every seed.",
        f"{spotless} of {len(variants)} lawful variants are clean.",
        "",
        "| fault | rules that fail | found by | seeds |",
        "|---|---|---|---|",
    ]
    for name, several in found.items():
        rules = ", ".join(sorted(frozenset.union(*(each.failed for each in several)))) or "none"
        checks = ", ".join(dict.fromkeys(check for each in several for check in each.checks))
        exact = sum(each.exact for each in several)
        lines.append(f"| {name} | {rules} | {checks} | {exact} of {len(several)} |")
    lines += ["", "| lawful variant | checks passed | not clean |", "|---|---|---|"]
    lines += [f"| {name} | {passed} | {', '.join(still_open)} |" for name, passed, still_open in variants]
    return "\n".join(lines) + "\n"


HEAD = """# What the checks find by role

`python -m tests.power.roles` writes this page: each fault of the sample store, platform and supporter, run by the checks that decide its rules, with {seeds}
seeds. `make power` runs every check against every fault.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 1 if a fault is not found by exactly its rules with every seed, or a variant is not clean."""
    parser = argparse.ArgumentParser(prog="python -m tests.power.roles", description=__doc__)
    parser.add_argument("--role", action="append", choices=sorted(ROLES), help="these roles only")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--first-seed", type=int, default=0, help="the others follow it")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="file for the page")
    chosen = parser.parse_args(arguments)
    pages, sound = [HEAD.format(seeds=chosen.seeds)], True
    with ProcessPoolExecutor(chosen.workers) as pool:
        for role in (ROLES[name] for name in chosen.role or ROLES):
            seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
            tasks = [(role.name, name, seed) for name in role.faults for seed in seeds]
            found: dict[str, list[Found]] = {}
            for each in pool.map(_find, tasks):
                found.setdefault(each.fault, []).append(each)
                sound &= each.exact
                print(f"{each.fault}: {'exact' if each.exact else f'NOT EXACT {each}'}", file=sys.stderr, flush=True)
            variants = []
            for variant in pool.map(clean, role.variants):
                variants.append(variant)
                sound &= not variant[2]
                print(f"{variant[0]}: {variant[2] or 'clean'}", file=sys.stderr, flush=True)
            pages.append(table(role, found, variants))
    text = "\n".join(pages)
    if chosen.out is not None:
        chosen.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0 if sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
