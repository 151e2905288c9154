"""The dates of the law: what begins, changes or ends on which day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from .book import Rulebook, Versions
from .pack import Pack
from .penalty import Penalty
from .rule import Rule, Text
from .vocabulary import CourtState, PackStatus, Verification

V = TypeVar("V", Rule, Penalty)


class Occasion(StrEnum):
    """What happens on a day."""

    BEGINS = "begins"
    CHANGES = "changes"
    ENDS = "ends"
    TRANSITION_ENDS = "transition ends"
    PENALTY = "penalty begins"
    COURT = "court"
    NOTE = "note"


@dataclass(frozen=True)
class Due:
    """One date with what happens on it. ``rules`` are ids of rules, or of penalties for a penalty."""

    on: date
    occasion: Occasion
    pack: str
    title: Text
    rules: tuple[str, ...] = ()
    verification: Verification = Verification.VERIFIED


def calendar(book: Rulebook, first: date, last: date, wanted: Callable[[Rule], bool] = lambda rule: True) -> list[Due]:
    """What happens from ``first`` to ``last`` to the rules that are ``wanted``, by day. Drafts have no dates."""
    found = list[Due]()
    for pack in book.packs.values():
        if pack.status is PackStatus.DRAFT:
            continue
        rules = [rule for rule in pack.rules if wanted(rule)]
        if not rules and pack.rules:
            continue
        found += [*_rules(book, pack, rules), *_penalties(book, pack), *_notes(pack)]
    found = [due for due in found if first <= due.on <= last]
    return sorted(found, key=lambda due: (due.on, due.pack, due.occasion))


def _rules(book: Rulebook, pack: Pack, rules: Iterable[Rule]) -> Iterator[Due]:
    begin, change, end = dict[date, list[Rule]](), dict[date, list[Rule]](), dict[date, list[Rule]]()
    for rule in rules:
        if rule.valid_from is not None:
            (change if _before(book.rules, rule) else begin).setdefault(rule.valid_from, []).append(rule)
        if rule.valid_to is not None and not _after(book.rules, rule):
            end.setdefault(rule.valid_to + timedelta(days=1), []).append(rule)
        if rule.transition is not None:
            placed = rule.transition.placed_before
            title = Text(
                en=f"{rule.title.en}: also for systems placed on the market before {placed}",
                zh=f"{rule.title.zh}：{placed}之前投放的亦须适用",
            )
            yield Due(
                rule.transition.until, Occasion.TRANSITION_ENDS, pack.id, title, (rule.provision,), rule.verification
            )
        for event in rule.court:
            said = {CourtState.BLOCKED: "blocked", CourtState.IN_FORCE: "in force again"}
            chinese = {CourtState.BLOCKED: "被法院中止或者否定", CourtState.IN_FORCE: "恢复适用"}
            state = said.get(event.state, "under challenge")
            title = Text(
                en=f"{rule.title.en}: {state}, {event.court}",
                zh=f"{rule.title.zh}：{chinese.get(event.state, '在诉')}（{event.court}）",
            )
            yield Due(event.since, Occasion.COURT, pack.id, title, (rule.provision,), event.verification)
    for occasion, days in ((Occasion.BEGINS, begin), (Occasion.CHANGES, change), (Occasion.ENDS, end)):
        for day, concerned in days.items():
            yield Due(
                day,
                occasion,
                pack.id,
                _title(pack, occasion, concerned),
                tuple(rule.provision for rule in concerned),
                max((rule.verification for rule in concerned), key=lambda status: status.rank),
            )


def _title(pack: Pack, occasion: Occasion, rules: list[Rule]) -> Text:
    chinese = {Occasion.BEGINS: "开始施行", Occasion.CHANGES: "修正后施行", Occasion.ENDS: "废止"}[occasion]
    if len(rules) == 1:
        return Text(en=f"{rules[0].title.en}: {occasion}", zh=f"{rules[0].title.zh}：{chinese}")
    verb = {Occasion.BEGINS: "begin", Occasion.CHANGES: "change", Occasion.ENDS: "end"}[occasion]
    return Text(en=f"{pack.title.en}: {len(rules)} rules {verb}", zh=f"{pack.title.zh}：{len(rules)}条规则{chinese}")


def _penalties(book: Rulebook, pack: Pack) -> Iterator[Due]:
    """Penalties that begin on a later day than their pack, or change."""
    for penalty in pack.penalties:
        changed = _before(book.penalties, penalty)
        if penalty.valid_from is None or (penalty.valid_from == pack.valid_from and not changed):
            continue
        title = Text(
            en=f"{penalty.title.en}: {'changes' if changed else 'applies'}",
            zh=f"{penalty.title.zh}：{'修正后施行' if changed else '开始适用'}",
        )
        yield Due(penalty.valid_from, Occasion.PENALTY, pack.id, title, (penalty.provision,), penalty.verification)


def _notes(pack: Pack) -> Iterator[Due]:
    for entry in pack.dates:
        yield Due(entry.on, Occasion.NOTE, pack.id, entry.title, entry.rules, entry.verification)


def _before(entries: Versions[V], entry: V) -> bool:
    """Whether an earlier version of the provision exists."""
    return entries.of(entry.provision).index(entry) > 0


def _after(entries: Versions[V], entry: V) -> bool:
    """Whether a later version of the provision exists."""
    versions = entries.of(entry.provision)
    return versions.index(entry) < len(versions) - 1


def ics(dues: Iterable[Due], language: str = "en") -> str:
    """The dates as an iCalendar file (RFC 5545): one all-day event per date, the same bytes for the same dates."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//shenhe//rulebook//EN", "CALSCALE:GREGORIAN"]
    for due in dues:
        title = due.title.zh if language == "zh" else due.title.en
        details = [f"{due.pack}: {due.occasion}", *due.rules[:30], f"verification: {due.verification}"]
        key = "-".join((due.on.isoformat(), due.pack, due.occasion.replace(" ", "-"), *due.rules[:1])).replace("/", "-")
        lines += [
            "BEGIN:VEVENT",
            f"UID:{key}@shenhe",
            f"DTSTAMP:{due.on:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{due.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{due.on + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped(title)}",
            f"DESCRIPTION:{_escaped(chr(10).join(details))}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """A content line of at most 75 octets, continued after CRLF and a space, never inside a character."""
    parts, rest, room = [], line, 75
    while len(rest.encode()) > room:
        cut = rest.encode()[:room].decode(errors="ignore")
        parts.append(cut)
        rest, room = rest[len(cut) :], 74
    return "\r\n ".join([*parts, rest]) + "\r\n"
