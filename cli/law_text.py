"""Rules, penalties and packs in words for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import typer

from .law_words import word, words

if TYPE_CHECKING:
    from shenhe.rulebook import Deadline, Fine, Pack, Penalty, Rule, Rulebook, Rung, Text
    from shenhe.rulebook.rule import Applies

Lines = list[tuple[str, str]]

#: Names of fields: English, Chinese.
_FIELDS: Mapping[str, tuple[str, str]] = {
    "binds": ("Binds", "义务主体"),
    "covers": ("Covers", "适用范围"),
    "deadline": ("Deadline", "期限"),
    "in force": ("In force", "效力"),
    "court": ("Court", "司法状态"),
    "transition": ("Transition", "过渡期"),
    "breach": ("If breached", "法律责任"),
    "filed": ("Filed with", "受理机关"),
    "tested": ("Tested", "检测方式"),
    "decided": ("Decided by", "检测项"),
    "limits": ("Limits", "检测局限"),
    "source": ("Source", "来源"),
    "status": ("Status", "核实状态"),
    "reading": ("Readings", "不同理解"),
    "wording": ("Wording", "说明"),
    "trigger": ("Applies to", "适用情形"),
    "refers": ("Refers to", "转致"),
    "fine on": ("Fine on", "罚款适用条件"),
    "instrument": ("Instrument", "文件"),
    "market": ("Market", "市场"),
    "scope": ("Scope", "适用范围"),
    "note": ("Note", "备注"),
    "content": ("Content", "内容"),
    "dates": ("Dates", "日期"),
}
_STATUS: Mapping[str, tuple[str, str]] = {
    "verified": ("the text or a verbatim quotation was read", "已核对条文原文或者逐字引文"),
    "secondary": ("a summary or excerpt was read, not the text", "仅读到转述或者摘录，未见原文"),
    "inferred": ("concluded from other statements", "由其他内容推知"),
    "from-memory": ("written down without reading a source again", "凭记忆写入，未再核对来源"),
}
_STEPS: Mapping[str, tuple[str, str]] = {
    "first": ("first", "初次"),
    "refusal-or-serious": ("refusal or serious", "拒不改正或者情节严重"),
    "especially-serious": ("especially serious", "特别严重"),
    "repeated": ("repeated", "再次"),
}
_MEASURES: Mapping[str, str] = {
    "interview": "约谈",
    "warning": "警告",
    "public-notice": "通报批评",
    "order-to-rectify": "责令改正",
    "confiscation": "没收违法所得",
    "order-app-to-stop": "责令应用程序暂停或者终止服务",
    "suspend-updates": "暂停信息更新",
    "suspend-registration": "暂停账号注册",
    "suspend-service": "停止提供服务",
    "suspend-business": "暂停相关业务、停业整顿",
    "close-site-or-app": "关闭网站或者应用程序",
    "app-removal": "下架",
    "revoke-licence": "吊销许可",
    "revoke-filing": "撤销备案",
    "staff-ban": "限制从业",
    "public-security-penalty": "治安管理处罚",
    "criminal-referral": "追究刑事责任",
    "private-action": "民事诉讼",
    "loss-of-safe-harbour": "丧失避风港保护",
}
_TESTED: Mapping[str, tuple[str, str]] = {
    "probe": ("through an interface", "可通过接口检测"),
    "document": ("in documents only", "仅可通过文件核查"),
    "nobody": ("not at all", "无法检测"),
}


def of(text: Text, lang: str) -> str:
    """A text in one language."""
    return text.zh if lang == "zh" else text.en


def checked_language(lang: str) -> str:
    """``en`` or ``zh``. Raises :class:`~shenhe.rulebook.RulebookError` for anything else."""
    from shenhe.rulebook import RulebookError

    if lang not in {"en", "zh"}:
        raise RulebookError(f"--lang: found {lang!r}, expected en or zh")
    return lang


def money(fine: Fine) -> str:
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


def money_zh(fine: Fine) -> str:
    """``50,000元以上500,000元以下``, ``15,000,000欧元以下或者营业额3%以下，以较高者为准``."""
    unit = {"RMB": "元", "EUR": "欧元", "USD": "美元", "KRW": "韩元"}[fine.currency]
    low, high = fine.minimum, fine.maximum
    parts = []
    if low is not None and low == high:
        parts.append(f"{low:,.0f}{unit}")
    elif low is not None or high is not None:
        least = f"{low:,.0f}{unit}以上" if low is not None else ""
        parts.append(least + (f"{high:,.0f}{unit}以下" if high is not None else ""))
    if fine.turnover_share is not None:
        parts.append(f"营业额{fine.turnover_share * 100:g}%以下")
    text = "或者".join(parts)
    if fine.combine in {"higher", "lower"}:
        text += "，以较高者为准" if fine.combine == "higher" else "，以较低者为准"
    per = {"violation": "（每次违反）", "day": "（每日）", "violation-and-day": "（每次违反、每日）"}
    return text + per.get(fine.per, "") + ("（可以并处）" if fine.optional else "")


def fines(penalty: Penalty) -> list[str]:
    """The fine of each step that has one."""
    return [f"{rung.step}: {money(rung.fine)}" for rung in penalty.rungs if rung.fine]


def step(rung: Rung, lang: str) -> str:
    """One step of a ladder: what may be imposed on the violator and on its staff."""
    zh = lang == "zh"
    imposed = [_MEASURES[each] if zh else each.replace("-", " ") for each in rung.measures]
    if rung.fine:
        imposed.append(f"罚款{money_zh(rung.fine)}" if zh else f"fine {money(rung.fine)}")
    if rung.staff_fine:
        imposed.append(f"对责任人员罚款{money_zh(rung.staff_fine)}" if zh else f"staff {money(rung.staff_fine)}")
    return f"{_STEPS[rung.step][zh]}: {('、' if zh else ', ').join(imposed)}"


def rule_lines(book: Rulebook, rule: Rule, day: date, lang: str) -> Lines:
    """A rule in full: obligors, dates in force, penalties, how it is tested, and how well it is verified."""
    from shenhe.rulebook.scope import OBLIGORS

    zh = lang == "zh"
    whom = "、".join(OBLIGORS[each] for each in rule.obligors) if zh else ", ".join(rule.obligors)
    strength = word(rule.keyword, lang)
    lines: Lines = [("binds", f"{whom}（{strength}）" if zh else f"{whom} ({strength})")]
    covered = covers(rule.applies, lang)
    if covered:
        lines.append(("covers", covered))
    if rule.deadline:
        lines.append(("deadline", time_limit(rule.deadline, lang)))
    lines.append(("in force", _in_force(rule, day, lang)))
    for event in rule.court:
        case = f", {event.case}" if event.case else ""
        note = f" ({event.note})" if event.note else ""
        lines.append(("court", f"{event.since}: {word(event.state, lang)}, {event.court}{case}{note}"))
    if rule.transition:
        change = rule.transition
        text = (
            f"{change.placed_before}之前投放的，自{change.until}起适用"
            if zh
            else f"systems placed on the market before {change.placed_before} are bound from {change.until}"
        )
        lines.append(("transition", text + (f" ({change.note})" if change.note else "")))
    for link, penalty in book.penalties_of(rule, day):
        weak = (
            "" if link.verification == "verified" else f" [{'关联' if zh else 'link'} {word(link.verification, lang)}]"
        )
        lines.append(("breach", f"{of(penalty.title, lang)} ({penalty.id}){weak}"))
        lines += [("", f"  {step(rung, lang)}") for rung in penalty.rungs]
        if not penalty.rungs and penalty.refers_to:
            lines.append(("", f"  {'转致' if zh else 'refers to'} {', '.join(penalty.refers_to)}"))
        if link.note:
            lines.append(("", f"  {link.note}"))
    if rule.filed_with:
        lines.append(("filed", of(rule.filed_with, lang)))
    lines.append(("tested", _TESTED[rule.seen_by][zh]))
    checks = _checks(rule)
    if checks:
        lines.append(("decided", ", ".join(checks)))
    if rule.seen_by_reason:
        lines.append(("limits", rule.seen_by_reason))
    return lines + _footing(rule, lang)


def penalty_lines(penalty: Penalty, lang: str) -> Lines:
    """A penalty in full: its trigger, its steps, and how well it is founded."""
    lines: Lines = [("trigger", of(penalty.trigger, lang)), ("in force", _in_force(penalty, None, lang))]
    for rung in penalty.rungs:
        weak = "" if rung.verification == penalty.verification else f" [{word(rung.verification, lang)}]"
        lines.append(("breach" if rung is penalty.rungs[0] else "", f"{step(rung, lang)}{weak}"))
        lines.append(("", f"  {of(rung.condition, lang)}"))
        if rung.note:
            lines.append(("", f"  {rung.note}"))
    if penalty.refers_to:
        lines.append(("refers", ", ".join(penalty.refers_to)))
    if penalty.fine_on:
        lines.append(("fine on", penalty.fine_on + (f": {penalty.fine_on_note}" if penalty.fine_on_note else "")))
    return lines + _footing(penalty, lang)


def pack_lines(pack: Pack, lang: str) -> Lines:
    """A pack in full, without its rules."""
    from shenhe.rulebook.scope import OBLIGORS

    zh = lang == "zh"
    whom = "、".join(OBLIGORS[each] for each in pack.roles) if zh else ", ".join(pack.roles)
    lines: Lines = [("instrument", of(pack.instrument, lang)), ("market", word(pack.market, lang)), ("binds", whom)]
    lines.append(("in force", standing(pack, lang)))
    if pack.scope:
        lines.append(("scope", of(pack.scope, lang)))
    if pack.note:
        lines.append(("note", pack.note))
    lines += [("dates", f"{entry.on}: {of(entry.title, lang)}") for entry in pack.dates]
    count = f"{len(pack.rules)} rules, {len(pack.penalties)} penalties"
    lines.append(("content", f"{len(pack.rules)}条规则，{len(pack.penalties)}条罚则" if zh else count))
    return lines


def covers(applies: Applies, lang: str) -> str:
    """What a rule covers, in one line; nothing if it covers everything."""
    from shenhe.rulebook.scope import TRAITS

    zh = lang == "zh"
    parts = []
    if len(applies.services) < 6:
        parts.append(words(applies.services, lang))
    if len(applies.modalities) < 5:
        parts.append(("内容：" if zh else "as ") + words(applies.modalities, lang))
    if applies.named_in_17_1 is not None:
        named = ("services that Art. 17(1) names", "第十七条第一款所列服务")
        other = ("services that Art. 17(1) does not name", "第十七条第一款所列以外的服务")
        parts.append((named if applies.named_in_17_1 else other)[zh])
    parts += [f"限于：{TRAITS[trait]}" if zh else f"only with: {trait}" for trait in applies.traits]
    parts += [f"除外：{TRAITS[trait]}" if zh else f"not with: {trait}" for trait in applies.unless]
    if applies.users_over:
        parts.append(
            f"月活跃用户超过{applies.users_over:,}" if zh else f"more than {applies.users_over:,} monthly users"
        )
    parts += [extra for extra in (applies.jurisdiction, applies.note) if extra]
    return ("；" if zh else "; ").join(parts)


def time_limit(deadline: Deadline, lang: str) -> str:
    """A time limit in words, with what it is counted from."""
    zh = lang == "zh"
    units = {"seconds": "秒", "hours": "小时", "days": "日", "working-days": "个工作日", "months": "个月"}
    if deadline.amount is None or deadline.unit is None:
        said = {"published": ("as the provider publishes", "以提供者公布的时限为准")}
        text = said.get(deadline.kind, ("promptly", "及时"))[zh]
    elif zh:
        text = f"{'不少于' if deadline.kind == 'at-least' else ''}{deadline.amount:g}{units[deadline.unit]}"
        text += "内" if deadline.kind == "within" else ""
    else:
        text = f"{deadline.kind.replace('-', ' ')} {deadline.amount:g} {deadline.unit.replace('-', ' ')}"
    if deadline.counted_from is None:
        return text
    return f"{text}（{deadline.counted_from.zh}）" if zh else f"{text}, counted from {deadline.counted_from.en}"


def _in_force(entry: Rule | Penalty, day: date | None, lang: str) -> str:
    zh = lang == "zh"
    if entry.valid_from is None:
        return "征求意见稿，从未生效" if zh else "never: a draft"
    text = span(entry.valid_from, entry.valid_to, lang)
    if day is not None and not entry.in_force(day):
        text += f"；{day}不适用" if zh else f" (not on {day})"
    return text


def _checks(rule: Rule) -> list[str]:
    from shenhe.conformance.checks import all_checks

    return [check.name for check in all_checks() if check.decides(rule)]


def _footing(entry: Rule | Penalty, lang: str) -> Lines:
    zh = lang == "zh"
    lines: Lines = []
    for source in entry.sources:
        read = ("，见" if zh else ", read in ") + source.seen_in if source.seen_in else ""
        lines.append(("source", f"{source.cite}{read}"))
    note = f"{'。' if zh else '. '}{entry.verification_note}" if entry.verification_note else ""
    lines.append(
        ("status", f"{word(entry.verification, lang)}{'：' if zh else ': '}{_STATUS[entry.verification][zh]}{note}")
    )
    for reading in entry.readings:
        taken = ("（采用）" if zh else " (taken)") if reading.taken else ""
        lines.append(("reading", f"{reading.id}{taken}{'：' if zh else ': '}{of(reading.text, lang)}"))
        held = "；".join(reading.held_by) if zh else "; ".join(reading.held_by)
        lines.append(("", f"  持此见解：{held}。{reading.because}" if zh else f"  held by: {held}. {reading.because}"))
        if not reading.taken:
            lines.append(("", f"  --reading {entry.provision}={reading.id}"))
    wording = ("paraphrase by this project; the official text prevails", "本项目转述，以官方文本为准")[zh]
    lines.append(("wording", wording))
    return lines


def standing(pack: Pack, lang: str = "en") -> str:
    """``in force from 2023-01-10``, or ``draft of 2022-01-28``."""
    if pack.valid_from is None:
        if lang == "zh":
            return f"{pack.published}征求意见稿" if pack.published else "征求意见稿"
        return f"draft of {pack.published}" if pack.published else "draft"
    return ("" if lang == "zh" else "in force ") + span(pack.valid_from, pack.valid_to, lang)


def span(first: date, last: date | None, lang: str = "en") -> str:
    """``from 2023-01-10``, or ``from 2017-06-01 to 2025-12-31``."""
    if lang == "zh":
        return f"自{first}起施行，至{last}止" if last else f"自{first}起施行"
    return f"from {first} to {last}" if last else f"from {first}"


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
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
    widths = [max(map(_width, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row[:-1], widths, strict=False)]
        typer.echo("  ".join([*cells, row[-1]]))


def print_fields(lines: Lines, lang: str) -> None:
    """Names and values: folded to the window on a terminal, one line each in a pipe. A name is printed once."""
    named, last = [], None
    for name, value in lines:
        label = _FIELDS[name][lang == "zh"] if name and name != last else ""
        named.append((label, value))
        last = name or last
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for label, value in named:
            table.add_row(label, value)
        Console(markup=False, highlight=False).print(table)
        return
    width = max(_width(label) for label, _ in named)
    for label, value in named:
        typer.echo(f"  {label}{' ' * (width - _width(label))}  {value}")


def _width(text: str) -> int:
    """Columns that a text takes on a terminal: Chinese characters take two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)
