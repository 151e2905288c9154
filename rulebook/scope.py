"""Which rules bind a service, which do not and why, what falls due, and what is filed where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import partial

from .book import Rulebook
from .calendar import Due, Occasion, calendar
from .pack import Pack
from .rule import Rule, Text
from .vocabulary import Behaviour, CourtState, Keyword, Market, Obligor, PackStatus, Service, Trait

#: What is asked about each trait: "yes" means that the service has it.
QUESTIONS: Mapping[Trait, Text] = {
    Trait.COMPANION: Text(
        en="Does it, or for a store an app on sale there, simulate a person and keep up an emotional relationship with "
        "users, as a companion?",
        zh="该服务（应用商店则为其上架的应用）是否模拟自然人人格，与用户进行持续的情感互动（陪伴类服务）？",
    ),
    Trait.VIRTUAL_HUMAN: Text(en="Does it offer virtual humans?", zh="是否提供数字虚拟人？"),
    Trait.EMOTION_RECOGNITION: Text(
        en="Does it recognise emotions or sort people by biometric features?", zh="是否识别情绪或者依生物特征对人分类？"
    ),
    Trait.MCN: Text(en="Do MCN agencies run accounts on it?", zh="是否有MCN机构入驻运营账号？"),
    Trait.ADVERTISING: Text(en="Do you make or place advertisements with it?", zh="是否以其制作或者投放广告？"),
    Trait.PUBLIC_OPINION: Text(
        en="Can it shape public opinion or mobilise society, for example by publishing, groups or live streams?",
        zh="是否具有舆论属性或者社会动员能力（如信息发布、群组、直播等功能）？",
    ),
    Trait.PUBLISHING: Text(en="Can users publish to the public on it?", zh="用户能否在其上公开发布信息？"),
    Trait.RECOMMENDER: Text(
        en="Does it recommend or distribute content of others?", zh="是否推荐、传播他人制作的内容？"
    ),
    Trait.MINORS: Text(en="Can minors use it?", zh="未成年人能否使用？"),
    Trait.TRAINING: Text(en="Do you train or tune models?", zh="是否训练、优化模型？"),
    Trait.LICENSING: Text(en="Do you license models to others?", zh="是否向他人许可使用模型？"),
    Trait.FACES_OR_VOICES: Text(
        en="Does it handle the faces or voices of real people?", zh="是否处理真实自然人的人脸、人声？"
    ),
    Trait.STANDARD_EDITING: Text(
        en="Is it limited to standard editing, such as red-eye removal, that does not change the meaning?",
        zh="是否仅作标准编辑（如去红眼），不改变内容的含义？",
    ),
    Trait.OBVIOUSLY_AI: Text(
        en="Is it obvious to any reasonable person that they deal with AI?",
        zh="任何具有合理认知的人是否都能明显看出对方为人工智能？",
    ),
}


class Detail(StrEnum):
    """Facts on which a rule may depend that are no trait: they have a value, not yes or no."""

    USERS = "users"
    PLACED = "placed"


#: What is asked about each detail.
DETAILS: Mapping[Detail, Text] = {
    Detail.USERS: Text(en="How many monthly users does it have?", zh="月活跃用户有多少？"),
    Detail.PLACED: Text(en="On which day was it placed on the market?", zh="何时投放市场？"),
}


class Answer(StrEnum):
    """Whether something binds. ``OPEN``: it depends on a fact that was not given."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True)
class Profile:
    """What is known of a service. A trait or number that is not given is unknown."""

    markets: frozenset[Market]
    roles: frozenset[Obligor]
    services: frozenset[Service] = frozenset(Service)
    traits: Mapping[Trait, bool] = field(default_factory=dict)
    users: int | None = None
    placed: date | None = None


@dataclass(frozen=True)
class RuleScope:
    """Whether one rule binds, and why not or on what it depends. ``later`` is the day from which it will."""

    rule: Rule
    answer: Answer
    reason: Text | None = None
    question: Trait | Detail | None = None
    later: date | None = None


@dataclass(frozen=True)
class PackScope:
    """Whether an instrument binds: yes if any of its rules does. ``reason`` says why it does not."""

    pack: Pack
    answer: Answer
    reason: Text | None
    rules: tuple[RuleScope, ...]

    def of(self, answer: Answer) -> list[RuleScope]:
        """The rules with that answer."""
        return [each for each in self.rules if each.answer is answer]


@dataclass(frozen=True)
class Scope:
    """The whole answer for one service on one day. ``dates`` are those of the next ``days`` days."""

    on: date
    days: int
    packs: tuple[PackScope, ...]
    dates: tuple[Due, ...]

    @property
    def filings(self) -> list[RuleScope]:
        """The filings and assessments that bind or may bind."""
        return [
            each
            for pack in self.packs
            for each in pack.rules
            if each.rule.behaviour is Behaviour.FILING
            and each.rule.filed_with is not None
            and each.rule.keyword is Keyword.MUST
            and each.answer is not Answer.NO
        ]

    @property
    def questions(self) -> list[tuple[Trait | Detail, list[Rule]]]:
        """The facts on which something depends, each with the rules that do."""
        found = dict[Trait | Detail, list[Rule]]()
        for pack in self.packs:
            for each in pack.of(Answer.OPEN):
                if each.question is not None:
                    found.setdefault(each.question, []).append(each.rule)
        return list(found.items())


def question(fact: Trait | Detail) -> Text:
    """What to ask about a fact."""
    return DETAILS[fact] if isinstance(fact, Detail) else QUESTIONS[fact]


def assess(book: Rulebook, profile: Profile, on: date, days: int = 90) -> Scope:
    """Which instruments bind a service on a day, and what falls due in the ``days`` days after it."""
    packs = tuple(_pack(book, pack, profile, on) for pack in book.packs.values())
    last = on + timedelta(days=days)
    dates = calendar(book, on, last, partial(_may_concern, profile=profile))
    return Scope(on, days, packs, tuple(due for due in dates if _notable(book, due, profile)))


def _notable(book: Rulebook, due: Due, profile: Profile) -> bool:
    """Whether a date concerns the markets, and a transition the day on which the service was placed."""
    if book.packs[due.pack].market not in profile.markets:
        return False
    if due.occasion is not Occasion.TRANSITION_ENDS or profile.placed is None:
        return True
    transition = book.rule(due.rules[0]).transition
    return transition is None or profile.placed < transition.placed_before


def _may_concern(rule: Rule, profile: Profile) -> bool:
    return _fits(rule, profile).answer is not Answer.NO


def _pack(book: Rulebook, pack: Pack, profile: Profile, on: date) -> PackScope:
    if pack.market not in profile.markets:
        where = pack.market.value.upper()
        return PackScope(pack, Answer.NO, Text(en=f"not offered in the market {where}", zh=f"未在{where}市场提供"), ())
    if pack.status is PackStatus.DRAFT:
        return PackScope(pack, Answer.NO, Text(en="a draft, not law", zh="征求意见稿，尚未生效"), ())
    if not pack.rules:
        return PackScope(pack, Answer.NO, Text(en="contains no rules", zh="自身未规定义务"), ())
    rules = tuple(_rule(rule, profile, on) for rule in _current(book, pack, on))
    for answer in (Answer.YES, Answer.OPEN):
        if any(each.answer is answer for each in rules):
            return PackScope(pack, answer, None, rules)
    return PackScope(pack, Answer.NO, _commonest(rules), rules)


def _current(book: Rulebook, pack: Pack, on: date) -> list[Rule]:
    """One version of each provision: the one in force, else the next to come, else the last there was."""
    found = []
    for provision in dict.fromkeys(rule.provision for rule in pack.rules):
        versions = book.rules.of(provision)
        running = [rule for rule in versions if rule.valid_to is None or rule.valid_to >= on]
        found.append(running[0] if running else versions[-1])
    return found


def _commonest(rules: tuple[RuleScope, ...]) -> Text | None:
    reasons = [each.reason for each in rules if each.reason is not None]
    return max(reasons, key=reasons.count) if reasons else None


def _rule(rule: Rule, profile: Profile, on: date) -> RuleScope:
    """Whether a rule binds: enacted, not blocked, addressed to the service, and not in a transition."""
    fit = _fits(rule, profile)
    if fit.answer is Answer.NO:
        return fit
    if rule.valid_to is not None and rule.valid_to < on:
        return RuleScope(rule, Answer.NO, Text(en=f"ended on {rule.valid_to}", zh=f"已于{rule.valid_to}废止"))
    event = rule.court_on(on)
    if event is not None and event.state is CourtState.BLOCKED:
        reason = Text(en=f"blocked by a court since {event.since}", zh=f"自{event.since}起被法院中止或者否定")
        return RuleScope(rule, Answer.NO, reason)
    if rule.valid_from is None or rule.valid_from > on:
        reason = Text(en=f"binds from {rule.valid_from}", zh=f"自{rule.valid_from}起施行")
        return RuleScope(rule, Answer.NO, reason, later=rule.valid_from)
    change = rule.transition
    if change is not None and on < change.until:
        if profile.placed is None:
            reason = Text(
                en=f"if placed before {change.placed_before}, binds from {change.until}",
                zh=f"在{change.placed_before}之前投放的，自{change.until}起适用",
            )
            return RuleScope(rule, Answer.OPEN, reason, Detail.PLACED)
        if profile.placed < change.placed_before:
            reason = Text(en=f"transition to {change.until}", zh=f"过渡期至{change.until}")
            return RuleScope(rule, Answer.NO, reason, later=change.until)
    if rule.keyword is not Keyword.MUST:
        return RuleScope(rule, Answer.NO, _NO_DUTY[rule.keyword])
    return fit


_NO_DUTY: Mapping[Keyword, Text] = {
    Keyword.SHOULD: Text(en="recommended, no duty", zh="倡导性规定，非强制义务"),
    Keyword.MAY: Text(en="a power or permission, no duty", zh="授权或者许可性规定，非义务"),
}


def _fits(rule: Rule, profile: Profile) -> RuleScope:
    """Whether a rule addresses the service, whatever the day."""
    no = partial(RuleScope, rule, Answer.NO)
    bound = profile.roles.intersection(rule.obligors)
    if not bound:
        whom, chinese = ", ".join(rule.obligors), "、".join(OBLIGORS[each] for each in rule.obligors)
        return no(Text(en=f"binds {whom} only", zh=f"仅约束{chinese}"))
    if not profile.services.intersection(rule.applies.services):
        return no(Text(en="covers other kinds of service", zh="适用于其他服务类型"))
    traits = _traits(profile, bound)
    for trait in rule.applies.unless:
        if traits.get(trait):
            return no(Text(en=f"exempt: {trait}", zh=f"豁免：{TRAITS[trait]}"))
    lacking = [trait for trait in rule.applies.traits if traits.get(trait) is False]
    if lacking:
        return no(Text(en=f"only for: {lacking[0]}", zh=f"仅适用于：{TRAITS[lacking[0]]}"))
    over = rule.applies.users_over
    if over is not None and profile.users is not None and profile.users <= over:
        return no(Text(en=f"only above {over:,} monthly users", zh=f"仅适用于月活跃用户超过{over:,}的服务"))
    unknown = [trait for trait in rule.applies.traits if trait not in traits]
    unknown += [trait for trait in rule.applies.unless if trait not in traits]
    if unknown:
        reason = Text(en=f"depends on: {unknown[0]}", zh=f"取决于：{TRAITS[unknown[0]]}")
        return RuleScope(rule, Answer.OPEN, reason, unknown[0])
    if over is not None and profile.users is None:
        reason = Text(en=f"depends on: more than {over:,} monthly users", zh=f"取决于月活跃用户是否超过{over:,}")
        return RuleScope(rule, Answer.OPEN, reason, Detail.USERS)
    return RuleScope(rule, Answer.YES)


#: What a role has by what it is. A platform publishes, and so does who deploys a system; a provider may or may not.
_IMPLIED: Mapping[Obligor, Trait] = {Obligor.PLATFORM: Trait.PUBLISHING, Obligor.USER: Trait.PUBLISHING}


def _traits(profile: Profile, bound: frozenset[Obligor]) -> Mapping[Trait, bool]:
    """What is known of the traits of a service in the roles that a rule binds. What was said of it wins."""
    return {**{_IMPLIED[role]: True for role in bound if role in _IMPLIED}, **profile.traits}


OBLIGORS: Mapping[Obligor, str] = {
    Obligor.PROVIDER: "服务提供者",
    Obligor.TECHNICAL_SUPPORTER: "技术支持者",
    Obligor.USER: "使用者",
    Obligor.APP_STORE: "应用分发平台",
    Obligor.PLATFORM: "传播平台",
    Obligor.REGULATOR: "主管部门",
}
TRAITS: Mapping[Trait, str] = {
    Trait.COMPANION: "拟人化陪伴服务",
    Trait.VIRTUAL_HUMAN: "数字虚拟人",
    Trait.EMOTION_RECOGNITION: "情绪识别或者生物特征分类",
    Trait.MCN: "MCN机构",
    Trait.ADVERTISING: "广告",
    Trait.PUBLIC_OPINION: "舆论属性或者社会动员能力",
    Trait.PUBLISHING: "公开发布功能",
    Trait.RECOMMENDER: "推荐、传播他人内容",
    Trait.MINORS: "未成年人用户",
    Trait.TRAINING: "模型训练",
    Trait.LICENSING: "模型许可",
    Trait.FACES_OR_VOICES: "处理人脸、人声",
    Trait.STANDARD_EDITING: "仅标准编辑",
    Trait.OBVIOUSLY_AI: "明显为人工智能",
}
