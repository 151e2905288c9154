"""Whether a report adds up: its rules, counts and selection are recomputed from its checks and from the rulebook.

A report is a text file that anyone can edit. Recomputing cannot prove that a run took place, but it finds every edit
that does not change the result of a check, such as a rule left out, a verdict that its checks do not support, or a
selection that hides how little was covered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from importlib.metadata import version

from pydantic import BaseModel

from shenhe.core.errors import ShenheError
from shenhe.rulebook import Rule, Rulebook, load_rulebook

from ..engine.conclusions import by_rule, causes, counts, exit_code, total
from ..engine.selection import chosen_checks, chosen_rules, left_out_rules, pack_names
from ..provider import Capabilities
from ..report import CheckResult, Report
from ..verdict import Level

#: Contradictions named in full. The rest is counted.
_NAMED = 5


class InconsistentReport(ShenheError, ValueError):
    """A report that contradicts itself or the rulebook that it names."""


def must_add_up(report: Report, source: str, book: Rulebook | None = None) -> None:
    """Raise :class:`InconsistentReport` with what contradicts what. ``book`` is the installed rulebook unless given."""
    found = list(contradictions(report, book if book is not None else load_rulebook()))
    if not found:
        return
    lines = [f"{source}: {line}" for line in found[:_NAMED]]
    if len(found) > _NAMED:
        lines.append(f"{source}: and {len(found) - _NAMED} more")
    raise InconsistentReport("\n".join([*lines, "expected a report as `shenhe check` wrote it"]))


def contradictions(report: Report, book: Rulebook) -> Iterator[str]:
    """Every contradiction as one sentence, in the order of the report."""
    installed = version("shenhe")
    if report.shenhe_version != installed or report.rulebook_sha256 != book.hash:
        yield (
            f"it was made by shenhe {report.shenhe_version[:40]} with the rulebook {report.rulebook_sha256[:16]}…, and "
            f"this is shenhe {installed} with the rulebook {book.hash[:16]}…: use the installation that made it"
        )
        return
    try:
        yield from _against_the_rulebook(report, book)
    except ShenheError as error:
        yield f"its selection cannot be repeated: {error}"
    except ValueError:
        yield f"on: found {report.on[:40]!r}, expected a date"


def declared(report: Report) -> Capabilities:
    """What decides which rules bind the target of a report."""
    return Capabilities(
        operations=frozenset(),
        services=tuple(report.target.services),  # type: ignore[arg-type]
        markets=tuple(report.target.markets),
        roles=tuple(report.target.roles),
        edit_scopes=tuple(report.target.edit_scopes),
        traits=report.target.traits,
    )


def rules_of(report: Report, book: Rulebook) -> dict[str, Rule]:
    """The rules that a run with the selection of a report is about. Raises as the run does."""
    on = date.fromisoformat(report.on)
    return chosen_rules(book, declared(report), report.selection.packs, report.selection.rules, on)


def _against_the_rulebook(report: Report, book: Rulebook) -> Iterator[str]:
    selection, level, on = report.selection, Level(report.level), date.fromisoformat(report.on)
    bound, chosen = declared(report), rules_of(report, book)
    yield from _of_the_checks(report, chosen, level)
    if report.summary.probes.sent > report.summary.requests:
        yield f"summary: found {report.summary.probes.sent:,} probes among {report.summary.requests:,} requests"
    decided, undecided = by_rule(chosen, report.checks, level)
    yield from _compared("rules", report.rules, decided)
    yield from _compared("undecided", report.undecided, undecided)
    left_out = left_out_rules(book, bound, chosen, selection.packs, selection.rules, level, on)
    yield from _compared("selection.left_out", selection.left_out, left_out)
    if report.packs != (names := pack_names(chosen, selection.packs)):
        yield f"packs: found {_listed(report.packs)}, expected {_listed(names)}"
    summary = report.summary
    for name, found, expected in (
        ("counts", {k: n for k, n in summary.counts.items() if n}, {k: n for k, n in counts(decided).items() if n}),
        ("exit_code", summary.exit_code, int(exit_code(decided, report.checks))),
        ("causes", report.causes, causes(report.checks)),
        ("probes", summary.probes, total(check.probes for check in report.checks)),
    ):
        if found != expected:
            place = name if name == "causes" else f"summary.{name}"
            yield f"{place}: found {str(found)[:300]}, expected {str(expected)[:300]}, which follows from the checks"


def _of_the_checks(report: Report, chosen: dict[str, Rule], level: Level) -> Iterator[str]:
    """What is wrong with the list of checks, and with each check by itself."""
    expected = {check.name: check for check in chosen_checks(chosen, level, report.selection.packs, None)}
    names = [check.name for check in report.checks] + report.selection.decided_elsewhere
    for name in sorted(expected.keys() - set(names)):
        yield f"checks: {name} is missing, which a run of this selection and level includes"
    for name in sorted(set(names) - expected.keys()):
        yield f"checks: {name[:80]} is not part of a run of this selection and level"
    if len(names) != len(set(names)):
        yield "checks: a check appears twice"
    for name in report.selection.decided_elsewhere:
        if name in expected and not expected[name].applies:
            yield f"selection.decided_elsewhere: {name} is never decided by another check"
    for result in report.checks:
        if (check := expected.get(result.name)) is None:
            continue
        rules = [rule.provision for rule in chosen.values() if check.decides(rule)]
        own = (check.title, check.level.value, check.behaviour.value, rules)
        if (result.title, result.level, result.behaviour, result.rules) != own:
            yield f"checks: {result.name}: its title, level, behaviour or rules are not those of the check"
        yield from _of_one_check(result)


def _of_one_check(result: CheckResult) -> Iterator[str]:
    probes = result.probes
    if min(probes.model_dump().values()) < 0:
        yield f"checks: {result.name}: a number of probes is negative"
    if result.verdict == "pass":
        if result.finding is not None:
            yield f"checks: {result.name}: found a finding with verdict pass, expected none"
        if not probes.decided or not (probes.sent or probes.shared):
            yield f"checks: {result.name}: found verdict pass, and no probe that decided it"
        if result.sample is not None and result.sample.failures:
            yield f"checks: {result.name}: found verdict pass, and failures in its sample"
    if result.verdict == "fail" and (result.finding is None or not result.finding.steps):
        yield f"checks: {result.name}: found verdict fail, and no finding that shows it"
    if result.verdict in {"inconclusive", "error", "review"} and not result.reason:
        yield f"checks: {result.name}: found verdict {result.verdict} without a reason"


def _compared(place: str, found: Iterable[BaseModel], expected: Iterable[BaseModel]) -> Iterator[str]:
    """Where two lists of entries about rules differ, entry by entry."""
    found, expected = list(found), list(expected)
    ours, wanted = {_rule_of(each): each for each in found}, {_rule_of(each): each for each in expected}
    for name in sorted(wanted.keys() - ours.keys()):
        yield f"{place}: {name} is missing"
    for name in sorted(ours.keys() - wanted.keys()):
        yield f"{place}: {name[:80]} does not belong there"
    for name in sorted(ours.keys() & wanted.keys()):
        mine, theirs = ours[name].model_dump(), wanted[name].model_dump()
        for field in mine:
            if mine[field] != theirs[field]:
                yield (
                    f"{place}: {name}: {field}: found {str(mine[field])[:80]!r}, expected {str(theirs[field])[:80]!r}, "
                    "which follows from its checks"
                )
    if len(found) != len(ours):
        yield f"{place}: a rule appears twice"
    elif ours.keys() == wanted.keys() and list(ours) != list(wanted):
        yield f"{place}: found in another order than that of the rulebook"


def _rule_of(entry: BaseModel) -> str:
    return str(getattr(entry, "rule"))  # noqa: B009 - three models with this field and no common base


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name[:60] for name in names) or "none"
