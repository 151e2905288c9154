"""``shenhe rules``: list, show and compare the rules in the rulebook."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from . import completion
from .law_text import (
    checked_language,
    covers,
    fines,
    of,
    pack_lines,
    penalty_lines,
    print_fields,
    print_table,
    rule_lines,
    standing,
    step,
    time_limit,
)
from .law_words import heads, word
from .options import chosen_readings, writable_file
from .output import echo_json

if TYPE_CHECKING:
    from shenhe.rulebook import Pack, Penalty, Rule, Rulebook

E = TypeVar("E", bound=StrEnum)

app = typer.Typer(
    help="List the rules, show one in full, or print the matrix of rules and penalties.",
    no_args_is_help=True,
)

On = Annotated[
    str | None,
    typer.Option("--on", metavar="DATE", help="Apply the law of this date (YYYY-MM-DD). Default: today."),
]
Packs = Annotated[
    list[str] | None,
    typer.Option(
        "--packs",
        metavar="ID,…",
        help="Packs to include. Default: those in force on the date. Drafts are included only by name.",
    ),
]
Markets = Annotated[
    list[str] | None,
    typer.Option("--market", metavar="cn|eu|us|in|kr|vn", help="Market in which the service is offered."),
]
Services = Annotated[
    list[str] | None,
    typer.Option(
        "--service",
        metavar="NAME,…",
        help="text, voice, non-voice-audio, biometric-image-video, non-biometric-image-video, digital-person-scene.",
    ),
]
Behaviours = Annotated[
    list[str] | None,
    typer.Option(
        "--behaviour",
        metavar="NAME,…",
        help="labeling, consent, real-name, takedown, complaints, rumour-refutation, prohibited-content, "
        "disclosure, records, filing, governance, minors, user-control.",
    ),
]
SeenBys = Annotated[
    list[str] | None,
    typer.Option("--seen-by", metavar="probe|document|nobody", help="How a violation can be observed from outside."),
]
PackDirs = Annotated[
    list[Path] | None,
    typer.Option("--pack-dir", metavar="DIR", help="Folder with your own packs (*.yaml). Repeatable."),
]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        metavar="NAME,…",
        help="Only rules that bind this role: provider, technical-supporter, user, app-store, platform, regulator.",
    ),
]
Readings = Annotated[
    list[str] | None,
    typer.Option(
        "--reading",
        metavar="ID=READING",
        help="Take another reading of a rule or penalty; see `shenhe rules show`. Repeatable.",
    ),
]
Lang = Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of the output.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

LIST_EXAMPLES = """Example:  shenhe rules list --behaviour labeling --on 2025-08-31

Example:  shenhe rules list --packs cn-dsp-2022-draft"""
SHOW_EXAMPLES = """Example:  shenhe rules show cn-dsp-2023/14.2

Example:  shenhe rules show cn-penalties/csl-69 --on 2025-12-31"""
MATRIX_EXAMPLES = """Example:  shenhe rules matrix --market cn --seen-by probe

Example:  shenhe rules matrix --packs cn-dsp-2023 --json"""
DIFF_EXAMPLES = """Example:  shenhe rules diff --from 2025-12-31 --to 2026-01-01

Example:  shenhe rules diff --from 2026-08-01 --to 2026-11-29 --market us --json"""
CALENDAR_EXAMPLES = """Example:  shenhe rules calendar --market eu --days 180

Example:  shenhe rules calendar --days 365 --ics law.ics"""
SCHEMA_EXAMPLES = "Example:  shenhe rules schema > pack.schema.json"


@app.command("list", epilog=LIST_EXAMPLES)
def list_rules(
    on: On = None,
    packs: Packs = None,
    market: Markets = None,
    role: Roles = None,
    service: Services = None,
    behaviour: Behaviours = None,
    seen_by: SeenBys = None,
    reading: Readings = None,
    pack_dir: PackDirs = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """List the rules in force, pack by pack."""
    checked_language(lang)
    book, day = _book(pack_dir, reading), _day(on)
    chosen = _choose(book, day, packs, market, role, service, behaviour, seen_by)
    if as_json:
        _print_json(
            {
                "on": day.isoformat(),
                "rulebook_sha256": book.hash,
                "packs": [
                    {
                        **pack.model_dump(mode="json", exclude={"rules", "penalties"}),
                        "rules": [rule.model_dump(mode="json") for rule in rules],
                    }
                    for pack, rules in chosen
                ],
            }
        )
        return
    for position, (pack, rules) in enumerate(chosen):
        if position:
            typer.echo()
        typer.echo(typer.style(f"{pack.id}  {of(pack.title, lang)}  ({standing(pack, lang)})", bold=True))
        print_table(
            heads(("rule", "behaviour", "keyword", "seen by", "verification", "title"), lang),
            [
                (
                    rule.id,
                    word(rule.behaviour, lang),
                    word(rule.keyword, lang),
                    word(rule.seen_by, lang),
                    word(rule.verification, lang),
                    of(rule.title, lang),
                )
                for rule in rules
            ],
        )
    _note_if_empty(chosen, day)


@app.command("matrix", epilog=MATRIX_EXAMPLES)
def matrix(
    on: On = None,
    packs: Packs = None,
    market: Markets = None,
    role: Roles = None,
    service: Services = None,
    behaviour: Behaviours = None,
    seen_by: SeenBys = None,
    reading: Readings = None,
    pack_dir: PackDirs = None,
    as_json: AsJson = False,
) -> None:
    """Print each rule with its obligors, how a violation is observed, and its penalties."""
    book, day = _book(pack_dir, reading), _day(on)
    chosen = _choose(book, day, packs, market, role, service, behaviour, seen_by)
    if as_json:
        rows = [_matrix_row(book, rule, day) for _, rules in chosen for rule in rules]
        _print_json({"on": day.isoformat(), "rulebook_sha256": book.hash, "rows": rows})
        return
    lines = []
    for _, rules in chosen:
        for rule in rules:
            links = [
                penalty.id.removeprefix(rule.pack + "/") + ("" if link.verification == "verified" else "*")
                for link, penalty in book.penalties_of(rule, day)
            ]
            obligors = " ".join(rule.obligors)
            lines.append((rule.id, rule.behaviour, obligors, rule.seen_by, rule.verification, " ".join(links) or "-"))
    print_table(("rule", "behaviour", "binds", "seen by", "verification", "penalties"), lines)
    if any("*" in line[-1] for line in lines):
        typer.echo("* the link from rule to penalty is inferred or from memory", err=True)
    _note_if_empty(chosen, day)


@app.command("show", epilog=SHOW_EXAMPLES)
def show(
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID…", autocompletion=completion.rules, help="IDs of rules, penalties or packs.", show_default=False
        ),
    ],
    on: On = None,
    reading: Readings = None,
    pack_dir: PackDirs = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Show rules, penalties or packs in full, with sources, status and readings."""
    from shenhe.rulebook import Pack, Rule

    checked_language(lang)
    book, day = _book(pack_dir, reading), _day(on)
    entries = [entry for name in ids for entry in _entries(book, name, day if on else None)]
    if as_json:
        shown = []
        for entry in entries:
            data = entry.model_dump(mode="json")
            if isinstance(entry, Rule):
                data["penalties"] = _matrix_row(book, entry, day)["penalties"]
            shown.append(data)
        _print_json(shown)
        return
    for position, entry in enumerate(entries):
        if position:
            typer.echo()
        typer.echo(typer.style(f"{entry.id}  {of(entry.title, lang)}", bold=True))
        if lang == "en":
            typer.echo(f"{' ' * len(entry.id)}  {entry.title.zh}")
        if isinstance(entry, Pack):
            print_fields(pack_lines(entry, lang), lang)
            continue
        texts = [entry.text.zh] if lang == "zh" else [entry.text.en, entry.text.zh]
        typer.echo()
        for text in texts:
            typer.echo(f"  {text}")
        typer.echo()
        lines = rule_lines(book, entry, day, lang) if isinstance(entry, Rule) else penalty_lines(entry, lang)
        print_fields(lines, lang)


@app.command("diff", epilog=DIFF_EXAMPLES)
def diff(
    before: Annotated[str, typer.Option("--from", metavar="DATE", help="First date (YYYY-MM-DD).", show_default=False)],
    after: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Second date (YYYY-MM-DD). Default: today.")
    ] = None,
    market: Markets = None,
    pack_dir: PackDirs = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Show which rules and penalties began, ended or were amended between two dates."""
    from shenhe.rulebook import Market
    from shenhe.rulebook.changes import changes

    checked_language(lang)
    book, first, last = _book(pack_dir), _day(before, "--from"), _day(after, "--to")
    markets = _members(Market, market, "--market")
    found = [
        change for change in changes(book, first, last) if book.packs[change.id.partition("/")[0]].market in markets
    ]
    if as_json:
        rows = [
            {
                "change": change.kind,
                "what": change.what,
                "id": change.id,
                "title": change.title.model_dump(),
                "fields": {name: {"from": old, "to": new} for name, (old, new) in change.fields.items()},
            }
            for change in found
        ]
        _print_json({"from": first.isoformat(), "to": last.isoformat(), "changes": rows})
        return
    print_table(
        heads(("change", "what", "id", "title"), lang),
        [(word(change.kind, lang), word(change.what, lang), change.id, of(change.title, lang)) for change in found],
    )
    for change in found:
        if not change.fields:
            continue
        typer.echo(f"\n{change.id}")
        for name, (old, new) in change.fields.items():
            typer.echo(f"  {name}")
            typer.echo(f"    - {_short(old, lang)}")
            typer.echo(f"    + {_short(new, lang)}")
    if not found:
        typer.echo(f"nothing changed between {first} and {last}", err=True)


@app.command("calendar", epilog=CALENDAR_EXAMPLES)
def dates(
    on: On = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, help="How many days ahead.")] = 90,
    market: Markets = None,
    ics: Annotated[
        Path | None, typer.Option("--ics", metavar="FILE.ics", callback=writable_file, help="Write an iCalendar file.")
    ] = None,
    pack_dir: PackDirs = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """List what begins, changes or ends in the coming days."""
    from datetime import timedelta

    from shenhe.core.files import write_whole
    from shenhe.rulebook import Market
    from shenhe.rulebook.calendar import calendar
    from shenhe.rulebook.calendar import ics as as_ics

    checked_language(lang)
    book, day = _book(pack_dir), _day(on)
    markets = _members(Market, market, "--market")
    found = [due for due in calendar(book, day, day + timedelta(days=days)) if book.packs[due.pack].market in markets]
    if ics is not None:
        write_whole(ics, as_ics(found, lang))
    if as_json:
        _print_json(
            [
                {
                    "date": due.on.isoformat(),
                    "occasion": due.occasion,
                    "pack": due.pack,
                    "title": due.title.model_dump(),
                    "rules": list(due.rules),
                    "verification": due.verification,
                }
                for due in found
            ]
        )
        return
    print_table(
        heads(("date", "what", "pack", "verification", "title"), lang),
        [
            (due.on.isoformat(), word(due.occasion, lang), due.pack, word(due.verification, lang), of(due.title, lang))
            for due in found
        ],
    )
    if not found:
        typer.echo(f"nothing is due in the {days} days after {day}", err=True)


@app.command("schema", epilog=SCHEMA_EXAMPLES)
def schema() -> None:
    """Print the JSON Schema of pack files, for editors and other programs."""
    from shenhe.rulebook import pack_schema

    _print_json(pack_schema())


def _book(pack_dirs: Sequence[Path] | None, readings: list[str] | None = None) -> Rulebook:
    from shenhe.rulebook import load_rulebook

    return load_rulebook(pack_dirs or ()).with_readings(chosen_readings(readings))


def _day(text: str | None, option: str = "--on") -> date:
    from shenhe.rulebook import RulebookError

    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RulebookError(f"{option}: found {text!r}, expected a day such as 2025-09-01") from None


def _short(value: Any, lang: str) -> str:
    """One side of an amendment, on one line."""
    from shenhe.rulebook.penalty import Rung
    from shenhe.rulebook.rule import Applies, Deadline

    if isinstance(value, dict):
        names = set(value)
        if {"en", "zh"} <= names:
            return str(value[lang])
        if {"step", "measures"} <= names:
            return step(Rung.model_validate(value), lang)
        if {"services", "modalities"} <= names:
            return covers(Applies.model_validate(value), lang) or "-"
        if {"kind", "counted_from"} <= names:
            return time_limit(Deadline.model_validate(value), lang)
        if "penalty" in names:
            return str(value["penalty"])
        return ", ".join(f"{name}: {_short(each, lang)}" for name, each in value.items() if each not in (None, []))
    if isinstance(value, list):
        return "; ".join(_short(each, lang) for each in value) or "-"
    return "-" if value is None else str(value)


def _choose(
    book: Rulebook,
    day: date,
    packs: Sequence[str] | None,
    markets: Sequence[str] | None,
    roles: Sequence[str] | None,
    services: Sequence[str] | None,
    behaviours: Sequence[str] | None,
    seen_bys: Sequence[str] | None,
) -> list[tuple[Pack, list[Rule]]]:
    """The packs chosen, each with the rules that pass every filter; packs with none are left out."""
    from shenhe.rulebook import Behaviour, Market, Obligor, PackStatus, SeenBy, Service

    in_markets = _members(Market, markets, "--market")
    in_roles = _members(Obligor, roles, "--role")
    in_services = _members(Service, services, "--service")
    in_behaviours = _members(Behaviour, behaviours, "--behaviour")
    seen = _members(SeenBy, seen_bys, "--seen-by")
    named = [book.pack(name) for name in dict.fromkeys(_split(packs))]
    chosen = []
    for pack in named or book.in_force(day):
        binding = [r for r in pack.rules if pack.status is PackStatus.DRAFT or (pack.in_force(day) and r.in_force(day))]
        if named and len(binding) < len(pack.rules):
            left_out = len(pack.rules) - len(binding)
            typer.echo(f"{pack.id}: {left_out} of {len(pack.rules)} rules are not in force on {day}", err=True)
        rules = [
            rule
            for rule in binding
            if pack.market in in_markets
            and in_roles.intersection(rule.obligors)
            and in_services.intersection(rule.applies.services)
            and rule.behaviour in in_behaviours
            and rule.seen_by in seen
        ]
        if rules:
            chosen.append((pack, rules))
    return chosen


def _split(values: Iterable[str] | None) -> list[str]:
    return [part.strip() for value in values or () for part in value.split(",") if part.strip()]


def _members(kind: type[E], values: Sequence[str] | None, option: str) -> set[E]:
    """The members named by an option, all of them where it was not given."""
    import difflib

    from shenhe.rulebook import RulebookError

    known = [member.value for member in kind]
    for value in _split(values):
        if value not in known:
            close = difflib.get_close_matches(value, known, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise RulebookError(f"{option}: found {value!r}, expected one of: {', '.join(known)}{hint}")
    return {kind(value) for value in _split(values)} or set(kind)


def _entries(book: Rulebook, name: str, day: date | None) -> list[Rule | Penalty | Pack]:
    """Entries with this id: a pack, or the version of a rule or penalty on this day, or else all its versions."""
    from shenhe.rulebook import RulebookError

    if name in book.packs:
        return [book.packs[name]]
    if name in book.rules:
        return [book.rule(name, day)] if day else list(book.rules.of(name))
    if name in book.penalties:
        return [book.penalty(name, day)] if day else list(book.penalties.of(name))
    raise RulebookError(book.unknown(name))


def _matrix_row(book: Rulebook, rule: Rule, day: date) -> dict[str, Any]:
    row = rule.model_dump(
        mode="json",
        include={"id", "title", "obligors", "behaviour", "keyword", "deadline", "seen_by", "verification"},
    )
    row["penalties"] = [
        {**link.model_dump(mode="json"), "penalty": penalty.id, "fines": fines(penalty)}
        for link, penalty in book.penalties_of(rule, day)
    ]
    return row


def _note_if_empty(chosen: Sequence[object], day: date) -> None:
    if not chosen:
        typer.echo(f"no rule in force on {day} passes these filters", err=True)


def _print_json(data: object) -> None:
    echo_json(json.dumps(data, ensure_ascii=False, indent=2))
