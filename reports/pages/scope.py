"""The page of ``shenhe scope``: what binds a service, what does not and why, what is due, what is filed where."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from shenhe.rulebook import Text
from shenhe.rulebook.scope import Answer, Profile, Scope, question

from ..figures.drawing import Numbers
from .language import language_of
from .sections import Section, write_sections

_ANSWERS = {Answer.YES: ("yes", "适用"), Answer.OPEN: ("depends", "视情况"), Answer.NO: ("no", "不适用")}


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Numbers:
    return Numbers(heads, tuple(rows))


def write_scope_page(path: Path, found: Scope, profile: Profile, lang: str = "en") -> None:
    """Write the page in one language."""
    write_sections(path, *_content(found, profile, lang), language_of(lang))


def _content(found: Scope, profile: Profile, lang: str) -> tuple[str, str, list[Section], list[tuple[str, str]]]:
    zh = lang == "zh"

    def of(text: Text | None) -> str:
        return "" if text is None else text.zh if zh else text.en

    binding = [pack for pack in found.packs if pack.answer is not Answer.NO]
    free = [pack for pack in found.packs if pack.answer is Answer.NO]
    title = "适用法律一览" if zh else "Which law binds this service"
    lead = (
        f"{found.on}：{len(binding)}份文件适用或者视情况适用，{len(free)}份不适用。本页不构成法律意见。"
        if zh
        else f"On {found.on}, {len(binding)} instruments bind or may bind it and {len(free)} do not. Not legal advice."
    )
    head = (
        ("文件", "名称", "是否适用", "适用规则", "待定", "不适用")
        if zh
        else ("Pack", "Title", "Binds", "Rules that bind", "Open", "Not")
    )
    instruments = _table(
        head,
        [
            (
                pack.pack.id,
                of(pack.pack.title),
                _ANSWERS[pack.answer][zh],
                *(str(len(pack.of(answer))) for answer in (Answer.YES, Answer.OPEN, Answer.NO)),
            )
            for pack in binding
        ],
    )
    others = _table(
        ("文件", "名称", "理由") if zh else ("Pack", "Title", "Why not"),
        [(pack.pack.id, of(pack.pack.title), of(pack.reason)) for pack in free],
    )
    due = _table(
        ("日期", "事项", "内容", "文件", "核实状态") if zh else ("Date", "What", "Title", "Pack", "Status"),
        [(each.on.isoformat(), each.occasion, of(each.title), each.pack, each.verification) for each in found.dates],
    )
    filings = _table(
        ("规则", "内容", "受理机关") if zh else ("Rule", "What", "Where"),
        [(each.rule.provision, of(each.rule.title), of(each.rule.filed_with)) for each in found.filings],
    )
    open_questions = _table(
        ("事实", "问题", "相关规则数") if zh else ("Fact", "Question", "Rules"),
        [(fact.value, of(question(fact)), str(len(rules))) for fact, rules in found.questions],
    )
    rules = _table(
        ("规则", "名称", "是否适用", "理由", "核实状态") if zh else ("Rule", "Title", "Binds", "Why", "Status"),
        [
            (
                each.rule.provision,
                of(each.rule.title),
                _ANSWERS[each.answer][zh],
                of(each.reason),
                each.rule.verification,
            )
            for pack in binding
            for each in pack.rules
        ],
    )

    def section(anchor: str, english: str, chinese: str, table: Numbers, empty: tuple[str, str]) -> Section:
        name = chinese if zh else english
        if not table.rows:
            return Section(anchor, name, (empty[zh],))
        return Section(anchor, name, tables=((name, table),))

    none = ("Nothing.", "无。")
    sections = [
        section("binds", "What binds it", "适用的文件", instruments, none),
        section("not", "What does not bind it, and why", "不适用的文件及理由", others, none),
        section("depends", "Facts that decide", "取决于以下事实", open_questions, none),
        section("due", f"Due in the next {found.days} days", f"今后{found.days}日内到期或者施行", due, none),
        section("filed", "Filings", "备案、评估及受理机关", filings, none),
        section("rules", "Rule by rule", "逐条规则", rules, none),
    ]
    facts = [
        ("市场" if zh else "Markets", ", ".join(sorted(profile.markets))),
        ("角色" if zh else "Roles", ", ".join(sorted(profile.roles))),
        ("服务" if zh else "Services", ", ".join(sorted(profile.services))),
        (
            "特征" if zh else "Traits",
            ", ".join(f"{trait}: {'yes' if present else 'no'}" for trait, present in sorted(profile.traits.items()))
            or "-",
        ),
    ]
    return title, lead, sections, facts
