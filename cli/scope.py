"""``shenhe scope``: which instruments bind a service, which do not and why, and what falls due."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from .environment import binding_environ
from .law_text import checked_language, of, print_table
from .options import chosen_readings, page_file, writable_file
from .rules import PackDirs, Readings

if TYPE_CHECKING:
    from shenhe.rulebook import Trait
    from shenhe.rulebook.scope import PackScope, Profile, RuleScope, Scope

E = TypeVar("E", bound=StrEnum)

EXAMPLES = """Example:  shenhe scope --market cn,eu --service text,voice --has companion,minors --lacks training

Example:  shenhe scope binding.yaml --html scope.html

Example:  shenhe scope --ask"""


def scope(
    binding: Annotated[
        Path | None,
        typer.Argument(metavar="[BINDING]", help="Binding file to take the answers from.", show_default=False),
    ] = None,
    market: Annotated[
        list[str] | None, typer.Option("--market", metavar="cn|eu|us|in|kr|vn", help="Markets in which it is offered.")
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role",
            metavar="NAME,…",
            help="provider, technical-supporter, user, app-store, platform. Default: provider.",
        ),
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(
            "--service",
            metavar="NAME,…",
            help="text, voice, non-voice-audio, biometric-image-video, non-biometric-image-video, "
            "digital-person-scene. Default: all.",
        ),
    ] = None,
    has: Annotated[
        list[str] | None,
        typer.Option(
            "--has",
            metavar="TRAIT,…",
            help="Traits of the service: companion, virtual-human, emotion-recognition, mcn, advertising, "
            "public-opinion, publishing, recommender, minors, training, licensing, "
            "faces-or-voices, standard-editing, obviously-ai.",
        ),
    ] = None,
    lacks: Annotated[
        list[str] | None,
        typer.Option("--lacks", metavar="TRAIT,…", help="Traits that the service lacks; the same names."),
    ] = None,
    users: Annotated[int | None, typer.Option("--users", metavar="N", min=0, help="Monthly users.")] = None,
    placed: Annotated[
        str | None,
        typer.Option("--placed", metavar="DATE", help="Day on which it was placed on the market, for transitions."),
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Prompt for missing answers, one question at a time.")] = False,
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="DATE", help="Apply the law of this date (YYYY-MM-DD). Default: today."),
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, help="How many days ahead to look.")] = 90,
    reading: Readings = None,
    pack_dir: PackDirs = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE.html", callback=page_file, help="Write a page.")
    ] = None,
    ics: Annotated[
        Path | None,
        typer.Option("--ics", metavar="FILE.ics", callback=writable_file, help="Write the dates as iCalendar."),
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List every rule, not only the instruments.")] = False,
    lang: Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of the output.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a summary.")] = False,
) -> None:
    """Find out which law binds a service, which does not and why, what falls due, and what is filed where.

    Not legal advice: the answer is as good as the rulebook, whose status each rule shows.
    """
    from shenhe.core.files import write_whole
    from shenhe.rulebook import load_rulebook
    from shenhe.rulebook.calendar import ics as as_ics
    from shenhe.rulebook.scope import assess

    checked_language(lang)
    day = _date(on, "--on") or date.today()
    profile = _profile(binding, market, role, service, has, lacks, users, _date(placed, "--placed"))
    if ask:
        profile = _asked(profile, lang)
    book = load_rulebook(pack_dir or ()).with_readings(chosen_readings(reading))
    found = assess(book, profile, day, days)
    if html is not None:
        from shenhe.reports.pages.scope import write_scope_page

        write_scope_page(html, found, profile, lang)
    if ics is not None:
        write_whole(ics, as_ics(found.dates, lang))
    if as_json:
        typer.echo(json.dumps(_data(found, profile), ensure_ascii=False, indent=2))
        return
    _print(found, lang, rules=rules)


def _profile(
    binding: Path | None,
    markets: list[str] | None,
    roles: list[str] | None,
    services: list[str] | None,
    has: list[str] | None,
    lacks: list[str] | None,
    users: int | None,
    placed: date | None,
) -> Profile:
    """What is known of the service: from the options, which win, else from the binding."""
    from shenhe.rulebook import Market, Obligor, RulebookError, Service, Trait
    from shenhe.rulebook.scope import Profile

    known = _from_binding(binding) if binding is not None else None
    in_markets = _members(Market, markets, "--market") or (known.markets if known else frozenset({Market.CN}))
    as_roles = _members(Obligor, roles, "--role") or (known.roles if known else frozenset({Obligor.PROVIDER}))
    of_services = _members(Service, services, "--service") or (known.services if known else frozenset(Service))
    with_traits, without = _members(Trait, has, "--has"), _members(Trait, lacks, "--lacks")
    both = with_traits & without
    if both:
        raise RulebookError(f"--lacks: found {min(both).value!r} in both --has and --lacks, expected it in only one")
    traits = {**(known.traits if known else {}), **dict.fromkeys(with_traits, True), **dict.fromkeys(without, False)}
    return Profile(in_markets, as_roles, of_services, traits, users, placed)


def _from_binding(path: Path) -> Profile:
    """The profile that a binding declares. What it binds shows some traits; what it does not say stays unknown."""
    from shenhe.conformance.bindings import load_binding
    from shenhe.conformance.provider import Operation
    from shenhe.conformance.roles import obligors_of
    from shenhe.rulebook import Market, Service, Trait
    from shenhe.rulebook.scope import Profile

    with load_binding(path, environ=binding_environ(path, None)).connect() as provider:
        declared = provider.capabilities
    traits = {Trait(name): present for name, present in declared.traits.items()}
    if declared.edit_scopes:
        traits.setdefault(Trait.FACES_OR_VOICES, True)
    if Operation.PUBLISH in declared.operations and declared.surfaces:
        traits.setdefault(Trait.PUBLISHING, True)
    return Profile(
        frozenset(map(Market, declared.markets)),
        obligors_of(declared.roles),
        frozenset(map(Service, declared.services)) or frozenset(Service),
        traits,
    )


def _asked(profile: Profile, lang: str) -> Profile:
    """Ask every open question and return the profile with the answers. An empty answer leaves a question open."""
    from dataclasses import replace

    from shenhe.rulebook.scope import QUESTIONS

    traits: dict[Trait, bool] = dict(profile.traits)
    hint = "是/否/回车跳过" if lang == "zh" else "yes/no/Enter to skip"
    for trait, question in QUESTIONS.items():
        if trait in traits:
            continue
        while True:
            typer.echo(f"{of(question, lang)} [{hint}] ", nl=False, err=True)
            answer = sys.stdin.readline().strip().lower()
            if answer in {"y", "yes", "是"}:
                traits[trait] = True
            elif answer in {"n", "no", "否"}:
                traits[trait] = False
            elif answer:
                continue
            break
    return replace(profile, traits=traits)


def _members(kind: type[E], values: Iterable[str] | None, option: str) -> frozenset[E]:
    import difflib

    from shenhe.rulebook import RulebookError

    found = set()
    for value in (part.strip() for each in values or () for part in each.split(",") if part.strip()):
        try:
            found.add(kind(value))
        except ValueError:
            known = [member.value for member in kind]
            close = difflib.get_close_matches(value, known, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise RulebookError(f"{option}: found {value!r}, expected one of: {', '.join(known)}{hint}") from None
    return frozenset(found)


def _date(text: str | None, option: str) -> date | None:
    from shenhe.rulebook import RulebookError

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RulebookError(f"{option}: found {text!r}, expected a day such as 2026-01-31") from None


def _counts(pack: PackScope) -> tuple[int, int, int]:
    from shenhe.rulebook.scope import Answer

    yes, open_, no = (len(pack.of(answer)) for answer in (Answer.YES, Answer.OPEN, Answer.NO))
    return yes, open_, no


def _print(found: Scope, lang: str, *, rules: bool) -> None:
    from shenhe.rulebook.scope import Answer, question

    zh = lang == "zh"
    binding = [pack for pack in found.packs if pack.answer is not Answer.NO]
    typer.echo(typer.style(f"{'适用的文件' if zh else 'What binds it'} ({found.on})", bold=True))
    rows = []
    for pack in binding:
        yes, open_, no = _counts(pack)
        answer = {Answer.YES: ("yes", "适用"), Answer.OPEN: ("depends", "视情况")}[pack.answer][zh]
        rows.append((pack.pack.id, answer, str(yes), str(open_), str(no), of(pack.pack.title, lang)))
    head = (
        ("文件", "是否适用", "适用规则", "待定", "不适用", "名称")
        if zh
        else ("pack", "binds", "rules", "open", "not", "title")
    )
    print_table(head, rows)
    typer.echo("\n" + typer.style("不适用的文件及理由" if zh else "What does not, and why", bold=True))
    print_table(
        ("文件", "理由", "名称") if zh else ("pack", "why not", "title"),
        [
            (pack.pack.id, of(pack.reason, lang) if pack.reason else "", of(pack.pack.title, lang))
            for pack in found.packs
            if pack.answer is Answer.NO
        ],
    )
    if rules:
        typer.echo("\n" + typer.style("逐条规则" if zh else "Rule by rule", bold=True))
        print_table(
            ("规则", "是否适用", "理由", "名称") if zh else ("rule", "binds", "why", "title"),
            [_rule_row(each, lang) for pack in binding for each in pack.rules],
        )
    if found.questions:
        typer.echo("\n" + typer.style("取决于以下事实" if zh else "Facts that decide", bold=True))
        print_table(
            ("事实", "规则数", "问题") if zh else ("fact", "rules", "question"),
            [(fact, str(len(each)), of(question(fact), lang)) for fact, each in found.questions],
        )
    title = f"今后{found.days}日内到期或者施行" if zh else f"Due in the next {found.days} days"
    typer.echo("\n" + typer.style(title, bold=True))
    print_table(
        ("日期", "事项", "文件", "内容") if zh else ("date", "what", "pack", "title"),
        [(due.on.isoformat(), due.occasion, due.pack, of(due.title, lang)) for due in found.dates],
    )
    if not found.dates:
        typer.echo("无" if zh else "nothing")
    if found.filings:
        typer.echo("\n" + typer.style("备案、评估及受理机关" if zh else "Filings", bold=True))
        print_table(
            ("规则", "内容", "受理机关") if zh else ("rule", "what", "where"),
            [
                (each.rule.provision, of(each.rule.title, lang), of(each.rule.filed_with, lang))
                for each in found.filings
                if each.rule.filed_with
            ],
        )


def _rule_row(each: RuleScope, lang: str) -> tuple[str, str, str, str]:
    return (
        each.rule.provision,
        each.answer,
        of(each.reason, lang) if each.reason else "",
        of(each.rule.title, lang),
    )


def _data(found: Scope, profile: Profile) -> dict[str, Any]:
    """The answer for a program."""

    def names(values: Iterable[StrEnum]) -> list[str]:
        return sorted(value.value for value in values)

    return {
        "on": found.on.isoformat(),
        "profile": {
            "markets": names(profile.markets),
            "roles": names(profile.roles),
            "services": names(profile.services),
            "traits": {trait.value: present for trait, present in sorted(profile.traits.items())},
            "users": profile.users,
            "placed": profile.placed.isoformat() if profile.placed else None,
        },
        "packs": [
            {
                "pack": pack.pack.id,
                "title": pack.pack.title.model_dump(),
                "binds": pack.answer,
                "reason": pack.reason.model_dump() if pack.reason else None,
                "rules": [
                    {
                        "rule": each.rule.provision,
                        "binds": each.answer,
                        "reason": each.reason.model_dump() if each.reason else None,
                        "depends_on": each.question,
                        "from": each.later.isoformat() if each.later else None,
                        "verification": each.rule.verification,
                    }
                    for each in pack.rules
                ],
            }
            for pack in found.packs
        ],
        "open": {fact.value: [rule.provision for rule in rules] for fact, rules in found.questions},
        "due": [
            {
                "date": due.on.isoformat(),
                "what": due.occasion,
                "pack": due.pack,
                "title": due.title.model_dump(),
                "rules": list(due.rules),
                "verification": due.verification,
            }
            for due in found.dates
        ],
        "filings": [
            {"rule": each.rule.provision, "binds": each.answer, "where": each.rule.filed_with.model_dump()}
            for each in found.filings
            if each.rule.filed_with
        ],
    }
