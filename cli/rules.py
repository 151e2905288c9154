"""``shenhe rules``: list and show the rules in the rulebook."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from shenhe.rulebook import Fine, Pack, Penalty, Rule, Rulebook, Text

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
    list[str] | None, typer.Option("--market", metavar="cn|eu|us", help="Market in which the service is offered.")
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
        "disclosure, records, filing, governance.",
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
Lang = Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of titles.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

LIST_EXAMPLES = """Example:  shenhe rules list --behaviour labeling --on 2025-08-31

Example:  shenhe rules list --packs cn-dsp-2022-draft"""
SHOW_EXAMPLES = """Example:  shenhe rules show cn-dsp-2023/14.2

Example:  shenhe rules show cn-penalties/csl-69 --on 2025-12-31"""
MATRIX_EXAMPLES = """Example:  shenhe rules matrix --market cn --seen-by probe

Example:  shenhe rules matrix --packs cn-dsp-2023 --json"""
SCHEMA_EXAMPLES = "Example:  shenhe rules schema > pack.schema.json"


@app.command("list", epilog=LIST_EXAMPLES)
def list_rules(
    on: On = None,
    packs: Packs = None,
    market: Markets = None,
    service: Services = None,
    behaviour: Behaviours = None,
    seen_by: SeenBys = None,
    pack_dir: PackDirs = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """List the rules in force, pack by pack."""
    book, day = _book(pack_dir), _day(on)
    chosen = _choose(book, day, packs, market, service, behaviour, seen_by)
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
        typer.echo(typer.style(f"{pack.id}  {_said(pack.title, lang)}  ({_standing(pack)})", bold=True))
        _print_table(
            ("rule", "behaviour", "keyword", "seen by", "verification", "title"),
            [
                (
                    rule.id,
                    rule.behaviour,
                    rule.keyword,
                    rule.seen_by,
                    rule.verification,
                    _said(rule.title, lang),
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
    service: Services = None,
    behaviour: Behaviours = None,
    seen_by: SeenBys = None,
    pack_dir: PackDirs = None,
    as_json: AsJson = False,
) -> None:
    """Print each rule with its obligors, how a violation is observed, and its penalties."""
    book, day = _book(pack_dir), _day(on)
    chosen = _choose(book, day, packs, market, service, behaviour, seen_by)
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
    _print_table(("rule", "behaviour", "binds", "seen by", "verification", "penalties"), lines)
    if any("*" in line[-1] for line in lines):
        typer.echo("* the link from rule to penalty is inferred or from memory", err=True)
    _note_if_empty(chosen, day)


@app.command("show", epilog=SHOW_EXAMPLES)
def show(
    ids: Annotated[
        list[str], typer.Argument(metavar="ID…", help="IDs of rules, penalties or packs.", show_default=False)
    ],
    on: On = None,
    pack_dir: PackDirs = None,
    as_json: AsJson = False,
) -> None:
    """Show rules, penalties or packs in full, with sources and verification."""
    from shenhe.rulebook import Pack, Rule

    book, day = _book(pack_dir), _day(on)
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
        if isinstance(entry, Rule):
            lines = _rule_lines(book, entry, day)
        elif isinstance(entry, Pack):
            lines = _pack_lines(entry)
        else:
            lines = _penalty_lines(entry)
        typer.echo(typer.style(f"{entry.id}  {entry.title.en}  {entry.title.zh}", bold=True))
        _print_fields(lines)


@app.command("schema", epilog=SCHEMA_EXAMPLES)
def schema() -> None:
    """Print the JSON Schema of pack files, for editors and other programs."""
    from shenhe.rulebook import pack_schema

    _print_json(pack_schema())


def _book(pack_dirs: Sequence[Path] | None) -> Rulebook:
    from shenhe.rulebook import load_rulebook

    return load_rulebook(pack_dirs or ())


def _day(text: str | None) -> date:
    from shenhe.rulebook import RulebookError

    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RulebookError(f"--on: found {text!r}, expected a day such as 2025-09-01") from None


def _choose(
    book: Rulebook,
    day: date,
    packs: Sequence[str] | None,
    markets: Sequence[str] | None,
    services: Sequence[str] | None,
    behaviours: Sequence[str] | None,
    seen_bys: Sequence[str] | None,
) -> list[tuple[Pack, list[Rule]]]:
    """The packs chosen, each with the rules that pass every filter; packs with none are left out."""
    from shenhe.rulebook import Behaviour, Market, PackStatus, SeenBy, Service

    in_markets = _members(Market, markets, "--market")
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
    from shenhe.rulebook import RulebookError

    if name in book.rules:
        return [book.rules[name]]
    if name in book.packs:
        return [book.packs[name]]
    provisions = {penalty.provision for penalty in book.penalties.values()}
    if name in book.penalties or name in provisions:
        return [book.penalty(name, day)] if day else list(book.versions(name))
    raise RulebookError(book.unknown(name))


def _matrix_row(book: Rulebook, rule: Rule, day: date) -> dict[str, Any]:
    row = rule.model_dump(
        mode="json",
        include={"id", "title", "obligors", "behaviour", "keyword", "deadline", "seen_by", "verification"},
    )
    row["penalties"] = [
        {**link.model_dump(mode="json"), "penalty": penalty.id, "fines": _fines(penalty)}
        for link, penalty in book.penalties_of(rule, day)
    ]
    return row


def _fines(penalty: Penalty) -> list[str]:
    return [f"{rung.step}: {_money(rung.fine)}" for rung in penalty.rungs if rung.fine]


def _money(fine: Fine) -> str:
    """``50,000–500,000 RMB``, ``up to 15,000,000 EUR or 3 % of …, the higher``, ``5,000 USD per day``."""
    low, high = fine.minimum, fine.maximum
    parts = []
    if low is not None and high is not None:
        parts.append(f"{high:,.0f} {fine.currency}" if low == high else f"{low:,.0f}–{high:,.0f} {fine.currency}")
    elif high is not None:
        parts.append(f"up to {high:,.0f} {fine.currency}")
    elif low is not None:
        parts.append(f"from {low:,.0f} {fine.currency}")
    if fine.turnover_share is not None:
        parts.append(f"{'' if parts else 'up to '}{fine.turnover_share * 100:g} % of {fine.turnover_base}")
    text = " or ".join(parts)
    if fine.combine in {"higher", "lower"}:
        text += f", the {fine.combine}"
    if fine.per != "case":
        text += " per " + fine.per.replace("-and-", " and ")
    return text + (" (optional)" if fine.optional else "")


def _rule_lines(book: Rulebook, rule: Rule, day: date) -> list[tuple[str, str]]:
    applies = [" ".join(rule.applies.services) if len(rule.applies.services) < 6 else "all services"]
    if len(rule.applies.modalities) < 5:
        applies.append(" ".join(rule.applies.modalities))
    if rule.applies.named_in_17_1 is not None:
        applies.append("named in Art. 17(1)" if rule.applies.named_in_17_1 else "not named in Art. 17(1)")
    applies += [extra for extra in (rule.applies.jurisdiction, rule.applies.note) if extra]
    lines = [
        ("text", rule.text.en),
        ("", rule.text.zh),
        ("", "(paraphrase by this project; the official text prevails)"),
        ("binds", f"{', '.join(rule.obligors)} ({rule.keyword})"),
        ("behaviour", rule.behaviour),
        ("applies to", "; ".join(applies)),
    ]
    if rule.deadline:
        amount = f" {rule.deadline.amount:g} {rule.deadline.unit}" if rule.deadline.amount else ""
        since = f", counted from {rule.deadline.counted_from.en}" if rule.deadline.counted_from else ""
        lines.append(("deadline", f"{rule.deadline.kind}{amount}{since}"))
    for link, penalty in book.penalties_of(rule, day):
        note = f"; {link.note}" if link.note else ""
        lines.append(("penalty", f"{penalty.id}  {penalty.title.en} (link {link.verification}{note})"))
        lines += [("", f"  {fine}") for fine in _fines(penalty)]
    lines.append(("seen by", rule.seen_by + (f": {rule.seen_by_reason}" if rule.seen_by_reason else "")))
    if rule.transition:
        lines.append(("transition", f"if placed before {rule.transition.placed_before}: from {rule.transition.until}"))
    return lines + _footing(rule)


def _penalty_lines(penalty: Penalty) -> list[tuple[str, str]]:
    lines = [
        ("text", penalty.text.en),
        ("", penalty.text.zh),
        ("", "(paraphrase by this project; the official text prevails)"),
        ("trigger", penalty.trigger.en),
    ]
    for rung in penalty.rungs:
        imposed = ", ".join(rung.measures)
        if rung.fine:
            imposed += ("; " if imposed else "") + f"fine {_money(rung.fine)}"
        if rung.staff_fine:
            imposed += f"; staff {_money(rung.staff_fine)}"
        lines.append((rung.step, f"{rung.condition.en} {imposed} ({rung.verification})"))
        if rung.note:
            lines.append(("", rung.note))
    if penalty.refers_to:
        lines.append(("refers to", ", ".join(penalty.refers_to)))
    if penalty.fine_on:
        lines.append(("fine on", penalty.fine_on + (f": {penalty.fine_on_note}" if penalty.fine_on_note else "")))
    return lines + _footing(penalty)


def _pack_lines(pack: Pack) -> list[tuple[str, str]]:
    lines = [("instrument", pack.instrument.en), ("", pack.instrument.zh), ("market", pack.market)]
    lines += [("binds", ", ".join(pack.roles)), ("standing", _standing(pack))]
    if pack.scope:
        lines.append(("scope", pack.scope.en))
    if pack.note:
        lines.append(("note", pack.note))
    lines.append(("holds", f"{len(pack.rules)} rules, {len(pack.penalties)} penalties"))
    return lines


def _footing(entry: Rule | Penalty) -> list[tuple[str, str]]:
    lines = []
    for source in entry.sources:
        read = f", read in {source.seen_in}" if source.seen_in else ""
        lines.append(("source", f"{source.cite}{read}"))
    note = f": {entry.verification_note}" if entry.verification_note else ""
    lines.append(("verification", entry.verification + note))
    if entry.valid_from:
        lines.append(("in force", _span(entry.valid_from, entry.valid_to)))
    else:
        lines.append(("in force", "never: a draft"))
    return lines


def _standing(pack: Pack) -> str:
    if pack.valid_from is None:
        return f"draft of {pack.published}" if pack.published else "draft"
    return "in force " + _span(pack.valid_from, pack.valid_to)


def _span(first: date, last: date | None) -> str:
    return f"from {first} to {last}" if last else f"from {first}"


def _said(text: Text, lang: str) -> str:
    from shenhe.rulebook import RulebookError

    if lang not in {"en", "zh"}:
        raise RulebookError(f"--lang: found {lang!r}, expected en or zh")
    return text.zh if lang == "zh" else text.en


def _note_if_empty(chosen: Sequence[object], day: date) -> None:
    if not chosen:
        typer.echo(f"no rule in force on {day} passes these filters", err=True)


def _print_json(data: object) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table: drawn and fitted to the window on a terminal, plain aligned columns in a pipe."""
    if not rows:
        return
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="dim")
        for position, name in enumerate(head):
            table.add_column(name, no_wrap=position == 0, overflow="fold")
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
        Console(markup=False, highlight=False).print(table)
        return
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        typer.echo("  ".join([*cells, row[-1]]))


def _print_fields(lines: Sequence[tuple[str, str]]) -> None:
    """Names and values: folded to the window on a terminal, one line each in a pipe."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in lines:
            table.add_row(name, value)
        Console(markup=False, highlight=False).print(table)
        return
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        typer.echo(f"  {name.ljust(width)}  {value}")
