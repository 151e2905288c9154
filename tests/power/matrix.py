"""The kill matrix: what every fault of the sample targets fails, what every lawful variant passes, and how many of
twenty seeds find each fault.

``make power`` runs it whole. Everything happens in process, through the binding that a run over HTTP uses.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import cache, partial
from pathlib import Path

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report
from shenhe.conformance.verdict import Level
from shenhe.rulebook import load_rulebook
from shenhe.sample.faults.fault import Fault, Reach
from shenhe.sample.samples import PROVIDER, SAMPLES, Sample
from shenhe.sample.styles import FRONTS
from shenhe.sample.variants import OF_STYLE, VariantName

from ..sample.of_platforms import OF_CODES, OF_PLATFORMS, OF_SUPPORTERS

#: The day whose law applies: the day on which the sample's clock starts.
ON = date(2026, 9, 1)
#: What `shenhe check` draws per check unless told otherwise.
DEFAULT_EXAMPLES = 25
#: What a whole run draws where the fault needs no drawn case: enough that each strategy and machine says something of
#: every rule.
FEW_EXAMPLES = 5
SEEDS = 20
#: Faults that an interface cannot show, though they break rules that it is bound by: of generation, edits, consent,
#: chats and of fields that its binding does not read. The plain provider (``None``) has no reposts and no tenants.
HIDDEN_BEHIND: dict[str | None, frozenset[str]] = {
    None: frozenset({*OF_PLATFORMS, *OF_SUPPORTERS, *OF_CODES}),
    "supporter": frozenset({*OF_PLATFORMS, *OF_CODES}),
    "forms-platform": frozenset(
        {
            *OF_SUPPORTERS,
            *OF_CODES,
            "borrowed-consent-names-person",
            "cards-carry-tokens",
            "chats-continued-by-others",
            "chats-deleted-by-others",
            "chats-read-by-others",
            "consent-named-on-pages",
            "copies-lose-implicit-label",
            "edited-files-unmarked",
            "implicit-label-lost-in-long-prompts",
            "implicit-label-missing-avi",
            "implicit-label-missing-jpeg",
            "implicit-label-missing-png",
            "implicit-label-missing-wav",
            "media-links-outlive-removal",
            "refresh-tokens-outlive-the-account",
            "refused-tickets-name-reporters",
            "sessions-outlive-sign-out",
            "sessions-outlive-the-account",
            "small-links-stay-cached",
            "web-pages-outlive-removal",
            "drafts-unmarked",
            "edit-prompts-unreviewed",
            "edited-files-suspected",
            "exported-sounds-mistyped",
            "fake-news-written",
            "fetched-again-unmarked",
            "identity-tells-other-accounts",
            "implicit-label-in-an-odd-place",
            "implicit-label-misspelt-key",
            "implicit-label-named-in-small-letters",
            "implicit-label-wrapped-twice",
            "label-value-number",
            "label-value-suspected",
            "label-value-suspected-of-translations",
            "only-text-prompts-reviewed",
            "produce-id-with-spaces",
            "published-files-unmarked",
            "provider-code-checksum",
            "review-at-a-glance",
            "searches-suggest-removed",
            "two-implicit-labels",
        }
    ),
}


@dataclass(frozen=True)
class Kill:
    """What a run found of a fault: the rules that it should have failed and did not, and the other way round."""

    fault: str
    level: str
    reach: str
    caught: frozenset[str]
    missed: frozenset[str]
    beyond: frozenset[str]
    broken: tuple[str, ...]
    seconds: float
    requests: int

    @property
    def exact(self) -> bool:
        """Whether exactly the declared rules failed."""
        return not (self.missed or self.beyond or self.broken) and bool(self.caught)


@dataclass(frozen=True)
class Cleanness:
    """What a lawful provider was told by the checks of one level and those below it."""

    variant: str
    level: str
    passed: int
    open: tuple[str, ...]


@dataclass
class Power:
    """The whole matrix; ``shares`` are the parts of the seeds that catch a fault."""

    kills: list[Kill] = field(default_factory=list)
    variants: list[Cleanness] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether every fault is caught by exactly its rules and every variant is clean."""
        return all(kill.exact for kill in self.kills) and not any(clean.open for clean in self.variants)


#: The faults of every sample, by name; and the variants, those of other samples than the provider with its name.
ALL_FAULTS: Mapping[str, Fault] = {name: fault for sample in SAMPLES.values() for name, fault in sample.faults.items()}
ALL_VARIANTS = [
    name if sample is PROVIDER else f"{sample.name}/{name}" for sample in SAMPLES.values() for name in sample.variants
]


def sample_of(fault: str) -> Sample:
    """The sample that has a fault."""
    return next(sample for sample in SAMPLES.values() if fault in sample.faults)


def examine(
    faults: Iterable[str] = (),
    *,
    level: Level | str = Level.CORE,
    examples: int = DEFAULT_EXAMPLES,
    seed: int = 0,
    rules: Sequence[str] | None = None,
    packs: Sequence[str] | None = None,
    variant: str | None = None,
) -> Report:
    """One run against the sample that has these faults, in the ways of a variant, by the packs in force or by these.

    A variant of another sample than the provider is named with it, as in ``sample-store/rpc``.
    """
    names = tuple(faults)
    named, _, way = (variant or "").rpartition("/")
    sample = sample_of(names[0]) if names else SAMPLES[named or PROVIDER.name]
    app = sample.create(faults=names, variants=[way] if way else ())
    with load_binding(sample.binding(way or None), environ={}).connect(transport=AsgiTransport(app)) as provider:
        return run_checks(
            provider, on=ON, level=level, examples=examples, seed=seed, salt=f"power-{seed}", rules=rules, packs=packs
        )


def broken_rules(name: str, packs: Sequence[str] | None = None, variant: str | None = None) -> frozenset[str]:
    """The rules that a fault declares to break: of the packs in force, or of these, a draft among them. Behind a variant
    with their own interface, those of them that a run against it decides.
    """
    book = load_rulebook()
    if packs is None:
        packs = [pack.id for pack in book.in_force(ON, ["cn", "eu", "us", "in"] if variant else ["cn", "eu", "us"])]
    broken = book.decided_too(ALL_FAULTS[name].rules, packs, ON)
    return broken if variant is None else broken & decided(variant)


@cache
def decided(variant: str) -> frozenset[str]:
    """The rules that a run against the lawful variant decides."""
    report = examine(variant=variant, level=Level.EXTENDED, examples=FEW_EXAMPLES)
    return frozenset(rule.rule for rule in report.rules if rule.verdict == "pass")


def failed(report: Report) -> frozenset[str]:
    """The rules that a run holds to be broken: failed, or put to a person (``review``).

    A provisional rule is never failed, and some bind by what no binding says: what was found against them is a
    finding all the same.
    """
    return frozenset(rule.rule for rule in report.rules if rule.verdict in ("fail", "review"))


def kill(name: str, *, seed: int = 0, packs: Sequence[str] | None = None, variant: str | None = None) -> Kill:
    """What a whole run at the fault's own level finds. The default budget is for faults that only drawn cases show."""
    fault, broken, began = ALL_FAULTS[name], broken_rules(name, packs, variant), time.monotonic()
    examples = DEFAULT_EXAMPLES if fault.reach is Reach.DRAWN else FEW_EXAMPLES
    level = Level.EXTENDED if variant else fault.level
    report = examine([name], level=level, examples=examples, seed=seed, packs=packs, variant=variant)
    found = failed(report)
    return Kill(
        name,
        fault.level,
        fault.reach.value,
        found & broken,
        broken - found,
        found - broken,
        tuple(check.name for check in report.checks if check.verdict == "error"),
        time.monotonic() - began,
        report.summary.requests,
    )


def cleanness(variant: str, *, levels: Sequence[Level], packs: Sequence[str] | None = None) -> list[Cleanness]:
    """What a lawful variant is told at each level, from one run at the highest: it holds the checks of all of them."""
    report = examine(variant=variant, level=levels[-1], packs=packs)
    told = []
    for level in levels:
        checks = [check for check in report.checks if level.includes(Level(check.level))]
        still_open = tuple(
            f"{check.name}: {check.verdict}" for check in checks if check.verdict not in ("pass", "not applicable")
        )
        told.append(Cleanness(variant, level.value, sum(check.verdict == "pass" for check in checks), still_open))
    return told


def caught(task: tuple[str, int], *, packs: Sequence[str] | None = None) -> bool:
    """Whether a run with this seed and the default budget finds the fault, by any of its rules.

    Enumerated cases come first in every run: what they find needs no more, though people, words and numbers in them
    follow from the seed too.
    """
    name, seed = task
    level, broken = ALL_FAULTS[name].level, broken_rules(name, packs)
    return any(
        failed(examine([name], level=level, seed=seed, rules=sorted(broken), packs=packs, examples=examples)) & broken
        for examples in (0, DEFAULT_EXAMPLES)
    )


def share_of_seeds(name: str, *, seeds: int, packs: Sequence[str] | None = None) -> float:
    """The part of ``seeds`` seeds that find a fault."""
    return sum(caught((name, seed), packs=packs) for seed in range(1, seeds + 1)) / seeds


def measure(
    names: Sequence[str],
    variants: Sequence[str] = (),
    *,
    levels: Sequence[Level] = tuple(Level),
    packs: Sequence[str] | None = None,
    variant: str | None = None,
    seeds: int = SEEDS,
    workers: int = 2,
    progress: Callable[[str], None] = lambda said: None,
) -> Power:
    """The matrix for these faults, and for these variants at these levels.

    Over the seeds only the checks run that decide the rules of a fault: the others are seen in its whole run.
    """
    power = Power()
    with ProcessPoolExecutor(workers) as pool:
        for told in pool.map(partial(cleanness, levels=levels, packs=packs), variants):
            power.variants += told
            progress(f"{told[-1].variant}: {told[-1].open or 'clean'}")
        for found in pool.map(partial(kill, packs=packs, variant=variant), names):
            power.kills.append(found)
            progress(f"{found.fault}: {'exact' if found.exact else 'NOT EXACT'} ({found.seconds:.1f} s)")
        for name, share in (
            zip(names, pool.map(partial(share_of_seeds, seeds=seeds, packs=packs), names), strict=True) if seeds else ()
        ):
            power.shares[name] = share
            progress(f"{name}: caught by {share:.0%} of {seeds} seeds")
    return power


def write(power: Power, folder: Path) -> None:
    """``power.csv``, ``variants.csv`` and ``power.md`` in a folder, without anything of the clock, so that two runs
    compare.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "power.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["fault", "level", "reach", "exact", "caught", "missed", "beyond", "share_of_seeds"])
        for found in power.kills:
            share = power.shares.get(found.fault)
            table.writerow(
                [
                    found.fault,
                    found.level,
                    found.reach,
                    found.exact,
                    *(" ".join(sorted(rules)) for rules in (found.caught, found.missed, found.beyond)),
                    "" if share is None else f"{share:.2f}",
                ]
            )
    with (folder / "variants.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["variant", "level", "checks_passed", "not_clean"])
        table.writerows([clean.variant, clean.level, clean.passed, " ".join(clean.open)] for clean in power.variants)
    (folder / "power.md").write_text(markdown(power), encoding="utf-8")


def markdown(power: Power) -> str:
    """The matrix as a table for people."""
    exact = sum(found.exact for found in power.kills)
    variants, unclean = (
        {clean.variant for clean in power.variants},
        {clean.variant for clean in power.variants if clean.open},
    )
    lines = [
        "# What the checks are worth",
        "",
        f"{exact} of {len(power.kills)} faults are caught by exactly the rules they break; {_seeds_line(power)}.",
        f"{len(variants - unclean)} of {len(variants)} lawful variants are clean at every level.",
        "",
        "| fault | level | reach | rules that fail | missed | beyond | seeds |",
        "|---|---|---|---|---|---|---|",
    ]
    for found in power.kills:
        share = power.shares.get(found.fault)
        rules = (", ".join(sorted(rules)) for rules in (found.caught, found.missed, found.beyond))
        lines.append(
            f"| {found.fault} | {found.level} | {found.reach} | {' | '.join(rules)} |"
            f" {'' if share is None else f'{share:.0%}'} |"
        )
    if power.variants:
        lines += ["", "| lawful variant | level | checks passed | not clean |", "|---|---|---|---|"]
        lines += [
            f"| {clean.variant} | {clean.level} | {clean.passed} | {', '.join(clean.open)} |"
            for clean in power.variants
        ]
    return "\n".join(lines) + "\n"


def _seeds_line(power: Power) -> str:
    if not power.shares:
        return "seeds were not varied"
    always = sum(share == 1 for share in power.shares.values())
    return (
        f"{always} of {len(power.shares)} are caught by every seed tried, the rarest by"
        f" {min(power.shares.values()):.0%}"
    )


def _is_of(name: str, style: str | None) -> bool:
    """Whether a lawful variant has this interface; every variant counts where none is chosen."""
    if style is None or name == style:
        return True
    above = None if "/" in name else OF_STYLE.get(VariantName(name))
    return above is not None and _is_of(above.value, style)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the matrix; 1 if a fault is not caught by exactly its rules, or a variant is not clean."""
    parser = argparse.ArgumentParser(prog="python -m tests.power.matrix", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for power.md and power.csv")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="seeds a fault; 0 for the matrix alone")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--level", action="append", choices=[level.value for level in Level], help="these levels only")
    parser.add_argument(
        "--packs", action="append", metavar="PACK", help="go by these packs, drafts too, and not by those in force"
    )
    parser.add_argument(
        "--variant", choices=sorted(FRONTS), help="try the faults behind this interface: those that break its rules"
    )
    parser.add_argument("--only", action="append", metavar="PATTERN", help="faults and variants of these names only")
    chosen = parser.parse_args(arguments)
    levels = [level for level in Level if not chosen.level or level.value in chosen.level]

    def wanted(name: str) -> bool:
        return not chosen.only or any(fnmatch.fnmatchcase(name, pattern) for pattern in chosen.only)

    power = measure(
        [
            name
            for name, fault in ALL_FAULTS.items()
            if fault.level in levels and wanted(name) and broken_rules(name, chosen.packs, chosen.variant)
            if name not in HIDDEN_BEHIND.get(chosen.variant, ())
        ],
        [name for name in ALL_VARIANTS if wanted(name) and _is_of(name, chosen.variant)],
        levels=levels,
        packs=chosen.packs,
        variant=chosen.variant,
        seeds=chosen.seeds if chosen.variant is None else 0,
        workers=chosen.workers,
        progress=lambda said: print(said, file=sys.stderr, flush=True),
    )
    if chosen.out is not None:
        write(power, chosen.out)
    sys.stdout.write(markdown(power))
    return 0 if power.sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
