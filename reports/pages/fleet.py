"""The page of a fleet: verdicts by provider and behaviour, the most frequent failures, and unchecked providers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shenhe.conformance.fleet import Fleet, FleetRow
from shenhe.conformance.verdict import VerdictName
from shenhe.core.files import write_whole
from shenhe.core.text import one_line
from shenhe.rulebook import Behaviour, load_rulebook

from ..quantities import in_words
from ..terminal.league import CONCLUSIONS, UNJUDGED, called, decided_share
from .clauses import MARKS, VERDICTS
from .language import Language, translated
from .self_contained import rendered

#: Providers on the page; more stand in ``fleet.json``.
MAX_ROWS = 1000
MAX_RULES = 200
MAX_NAMED = 30
#: Verdicts, gravest first: what a cell shows is the first that any rule of the behaviour has.
_GRAVEST: tuple[VerdictName, ...] = ("error", "fail", "inconclusive", "review", "pass", "not applicable")


@dataclass(frozen=True)
class BehaviourCell:
    """Rules of one behaviour at one provider: the gravest verdict, how many were kept of those that apply, and all
    verdicts in words.
    """

    verdict: str
    kept: int
    total: int
    words: str


@dataclass(frozen=True)
class ProviderRow:
    """One provider as the page shows it. ``page`` leads to its own, if there is one."""

    name: str
    binding: str
    anchor: str
    page: str
    rank: str
    decided: str
    exit_code: int
    conclusion: str
    note: str
    failed: int
    unverified: int
    accepted: int | None
    cells: tuple[BehaviourCell | None, ...]
    run: str


@dataclass(frozen=True)
class BrokenRule:
    """A rule that some providers broke: its title where the rulebook of this version has it, and who they are (name,
    anchor).
    """

    rule: str
    title: str
    number: int
    providers: tuple[tuple[str, str], ...]


def write_fleet_page(path: Path, fleet: Fleet, pages: Mapping[str, str], language: Language = "en") -> None:
    """Write :func:`render_fleet_page` as UTF-8, by way of a temporary file in the same folder."""
    write_whole(path, render_fleet_page(fleet, pages, language))


def render_fleet_page(fleet: Fleet, pages: Mapping[str, str], language: Language = "en") -> str:
    """One self-contained page. ``pages`` are relative addresses of providers' own pages, by their name in the fleet."""
    behaviours = [
        each.value for each in Behaviour if any(each.value in provider.behaviours for provider in fleet.providers)
    ]
    rows = [
        _row(number, provider, behaviours, pages, language)
        for number, provider in enumerate(fleet.providers[:MAX_ROWS], 1)
    ]
    return rendered(
        "fleet.html",
        language=language,
        title=translated("Fleet report", language),
        with_figures=False,
        sheets=("page.css", "fleet.css"),
        lead=translated(_lead(fleet), language),
        fleet=fleet,
        behaviours=behaviours,
        rows=[row for row in rows if row.rank],
        unranked=[row for row in rows if not row.rank],
        left_out=max(0, len(fleet.providers) - MAX_ROWS),
        with_baselines=any(row.accepted is not None for row in rows),
        broken=_broken(fleet, rows, language),
        verdicts=VERDICTS,
        marks=MARKS,
    )


def _lead(fleet: Fleet) -> str:
    judged = [provider for provider in fleet.providers if provider.rank is not None]
    codes = Counter(provider.exit_code for provider in judged)
    results = {0: "passed every rule", 1: "failed some rules", 3: "could not be fully verified"}
    parts = [f"{in_words(codes[code])} {words}" for code, words in results.items() if codes[code]]
    if missing := len(fleet.providers) - len(judged):
        parts.append(f"{in_words(missing)} could not be checked")
    total, day = len(fleet.providers), one_line(fleet.on, 20)
    return (
        f"{in_words(total).capitalize()} provider{'s' if total != 1 else ''}, checked against the law of {day}:"
        f" {', '.join(parts)}."
    )


def _row(
    number: int, provider: FleetRow, behaviours: Sequence[str], pages: Mapping[str, str], language: Language
) -> ProviderRow:
    judged = provider.rank is not None
    return ProviderRow(
        name=called(provider),
        binding=one_line(provider.binding, 80),
        anchor=f"provider-{number}",
        page=pages.get(provider.name, ""),
        rank=str(provider.rank) if judged else "",
        decided=decided_share(provider),
        exit_code=provider.exit_code,
        conclusion=CONCLUSIONS[provider.exit_code][0] if judged else UNJUDGED[provider.outcome],
        note=one_line(provider.detail, 500),
        failed=len(provider.failed),
        unverified=len(provider.unverified),
        accepted=provider.baseline.accepted if provider.baseline else None,
        cells=tuple(_cell(provider.behaviours.get(behaviour, {}), language) for behaviour in behaviours),
        run=translated(_run(provider), language),
    )


def _run(provider: FleetRow) -> str:
    """When a provider was checked, how long it took, and the date of the law. The report may be of an earlier run."""
    timing = provider.timing
    if timing is None:
        return ""
    return (
        f"{one_line(timing.started, 40)}, {timing.seconds:,.0f} s, {provider.requests:,} requests, law of"
        f" {one_line(provider.on, 20)}"
    )


def _cell(tally: Mapping[VerdictName, int], language: Language) -> BehaviourCell | None:
    found = [(verdict, tally[verdict]) for verdict in _GRAVEST if tally.get(verdict)]
    if not found:
        return None
    words = translated(", ".join(f"{count} {verdict}" for verdict, count in found), language)
    applying = sum(count for verdict, count in found if verdict != "not applicable")
    return BehaviourCell(found[0][0] if applying else "not applicable", tally.get("pass", 0), applying, words)


def _broken(fleet: Fleet, rows: Sequence[ProviderRow], language: Language) -> list[BrokenRule]:
    who: dict[str, list[tuple[str, str]]] = {}
    for provider, row in zip(fleet.providers, rows, strict=False):
        for rule in provider.failed:
            who.setdefault(rule, []).append((row.name, row.anchor))
    known = load_rulebook().rules
    return [
        BrokenRule(
            rule=one_line(rule, 80),
            title=(known[rule].title.zh if language == "zh" else known[rule].title.en) if rule in known else "",
            number=len(providers),
            providers=tuple(providers[:MAX_NAMED]),
        )
        for rule, providers in sorted(who.items(), key=lambda item: (-len(item[1]), item[0]))[:MAX_RULES]
    ]
