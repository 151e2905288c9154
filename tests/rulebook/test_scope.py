"""``shenhe scope``: which law binds typical services, which does not and why, and what falls due."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shenhe.cli.main import app
from shenhe.rulebook import Market, Obligor, RulebookError, Service, Trait, load_rulebook
from shenhe.rulebook.scope import QUESTIONS, TRAITS, Answer, PackScope, Profile, Scope, assess
from shenhe.sample import sample_binding

DAY = date(2026, 11, 29)


def service(
    *markets: str,
    roles: tuple[str, ...] = ("provider",),
    services: tuple[str, ...] = (),
    users: int | None = None,
    placed: date | None = None,
    on: date = DAY,
    **traits: bool,
) -> Scope:
    profile = Profile(
        frozenset(map(Market, markets)),
        frozenset(map(Obligor, roles)),
        frozenset(map(Service, services)) or frozenset(Service),
        {Trait(name.replace("_", "-")): present for name, present in traits.items()},
        users,
        placed,
    )
    return assess(load_rulebook(), profile, on)


def packs(found: Scope, answer: Answer) -> set[str]:
    return {pack.pack.id for pack in found.packs if pack.answer is answer}


def pack(found: Scope, name: str) -> PackScope:
    return next(each for each in found.packs if each.pack.id == name)


def answers(found: Scope) -> dict[str, Answer]:
    return {each.rule.provision: each.answer for pack in found.packs for each in pack.rules}


ALL_NO = {trait.value.replace("-", "_"): False for trait in Trait}

#: Typical services, the packs that bind each, and rules that do and do not.
TYPICAL: dict[str, tuple[dict[str, Any], set[str], set[str], set[str]]] = {
    "picture generator in China": (
        {
            "markets": ("cn",),
            "services": ("biometric-image-video", "non-biometric-image-video"),
            **ALL_NO,
            "publishing": True,
            "public_opinion": True,
            "faces_or_voices": True,
        },
        {"cn-dsp-2023", "cn-labeling-2025", "cn-genai-2023", "cn-pipl", "cn-civil-code", "cn-algorithm-2022"},
        {"cn-labeling-2025/4.1.3", "cn-dsp-2023/19.1", "cn-pipl/47", "cn-genai-2023/17"},
        {"cn-labeling-2025/4.1.2", "cn-anthropomorphic-2026/18.4", "cn-genai-2023/7.1", "cn-labeling-2025/6.1.1"},
    ),
    "companion in China": (
        {"markets": ("cn",), "services": ("text", "voice"), **ALL_NO, "companion": True, "minors": True},
        {"cn-anthropomorphic-2026", "cn-minors", "cn-genai-2023"},
        {"cn-anthropomorphic-2026/18.4", "cn-anthropomorphic-2026/14.1", "cn-anthropomorphic-2026/26"},
        {"cn-anthropomorphic-2026/11", "cn-dsp-2023/19.1"},
    ),
    "photo editor in the EU": (
        {"markets": ("eu",), "services": ("non-biometric-image-video",), **ALL_NO, "standard_editing": True},
        {"eu-ai-act-50"},
        {"eu-ai-act-50/50.5"},
        {"eu-ai-act-50/50.2", "eu-ai-act-50/50.4", "eu-ai-act-50/code-1.1", "eu-dsa/16.1"},
    ),
    "picture gallery with a generator in the EU": (
        {"markets": ("eu",), "services": ("biometric-image-video",), **ALL_NO, "publishing": True},
        {"eu-ai-act-50", "eu-dsa"},
        {"eu-ai-act-50/50.4", "eu-dsa/16.1", "eu-dsa/20"},
        {"eu-ai-act-50/code-1.1", "eu-ai-act-50/50.3"},
    ),
    "chat assistant in China": (
        {"markets": ("cn",), "services": ("text",), **ALL_NO, "minors": True},
        {"cn-dsp-2023", "cn-genai-2023", "cn-labeling-2025", "cn-minors", "cn-pipl"},
        {"cn-pipl/15.1", "cn-pipl/31.1", "cn-pipl/47", "cn-minors/7", "cn-penalties/csl-51"},
        {"cn-pipl/29", "cn-minors/31", "cn-minors/43", "cn-penalties/csl-identity", "cn-labeling-2025/5.2"},
    ),
    "companion in the US for adults": (
        {"markets": ("us",), "services": ("text", "voice"), **ALL_NO, "companion": True},
        {"us-states"},
        {"us-states/ny-gbl-1700", "us-states/ca-sb243.misled", "us-states/hi-248"},
        {"us-states/ca-sb243", "us-states/hi-248.minors", "us-states/co-1263", "us-take-it-down/3.b"},
    ),
    "app store in China": (
        {"markets": ("cn",), "roles": ("app-store",), **ALL_NO, "companion": True},
        {"cn-dsp-2023", "cn-labeling-2025", "cn-anthropomorphic-2026", "cn-penalties", "cn-civil-code"},
        {"cn-dsp-2023/13.1", "cn-labeling-2025/7", "cn-anthropomorphic-2026/25", "cn-penalties/csl-50.2"}
        | {"cn-civil-code/1019", "cn-penalties/csl-logs"},
        {"cn-dsp-2023/16.1", "cn-penalties/csl-49"},
    ),
    "large platform in India and the US": (
        {"markets": ("in", "us"), "roles": ("platform",), "users": 9_000_000, **ALL_NO, "publishing": True},
        {"in-2026", "us-take-it-down"},
        {"in-2026/declaration", "in-2026/intimate-2h", "us-take-it-down/3.b"},
        {"us-states/ca-sb942.platform", "us-states/ca-ab2655"},
    ),
}


@pytest.mark.parametrize("name", TYPICAL)
def test_typical_service_is_bound_by_its_law_and_no_other(name: str) -> None:
    facts, binding, some, not_these = TYPICAL[name]
    found = service(*facts["markets"], **{key: value for key, value in facts.items() if key != "markets"})
    assert packs(found, Answer.YES) >= binding
    assert not packs(found, Answer.OPEN), "every fact was given"
    by_rule = answers(found)
    assert {by_rule[rule] for rule in some} == {Answer.YES}
    assert {by_rule[rule] for rule in not_these} == {Answer.NO}
    for each in found.packs:
        assert (each.reason is not None) is (each.answer is Answer.NO), each.pack.id
        for rule in each.rules:
            assert (rule.reason is None) is (rule.answer is Answer.YES), rule.rule.id


def test_a_fact_not_given_leaves_rules_open_and_asks_for_it() -> None:
    found = service("cn")
    assert pack(found, "cn-anthropomorphic-2026").answer is Answer.OPEN
    asked = {trait: {rule.provision for rule in rules} for trait, rules in found.questions}
    assert "cn-anthropomorphic-2026/18.4" in asked[Trait.COMPANION]
    assert not service("cn", **ALL_NO).questions


def test_platform_and_deployer_publish_by_what_they_are() -> None:
    assert answers(service("us", roles=("platform",)))["us-take-it-down/3.b"] is Answer.YES
    assert answers(service("us", roles=("provider",)))["us-take-it-down/3.b"] is Answer.OPEN
    assert answers(service("eu", roles=("user",)))["eu-ai-act-50/50.4"] is Answer.YES
    assert answers(service("eu", roles=("platform",), publishing=False))["eu-dsa/16.1"] is Answer.NO, (
        "what is said wins"
    )


def test_recommendation_is_no_duty_and_raises_no_question() -> None:
    found = next(
        each for each in pack(service("eu"), "eu-ai-act-50").rules if each.rule.provision.endswith("/code-1.1")
    )
    assert found.answer is Answer.NO
    assert found.reason is not None
    assert found.reason.en == "recommended, no duty"
    asked = {rule.provision for _, rules in service("eu").questions for rule in rules}
    assert "eu-ai-act-50/code-1.1" not in asked


def test_every_trait_decides_some_rule() -> None:
    rules = load_rulebook().rules.values()
    used = {trait for rule in rules for trait in (*rule.applies.traits, *rule.applies.unless)}
    assert used == set(Trait)


def test_number_of_users_decides_where_the_law_has_a_threshold() -> None:
    def washington(users: int | None) -> Answer:
        return answers(service("us", users=users, on=date(2027, 3, 1), **ALL_NO))["us-states/wa-1170"]

    assert washington(None) is Answer.OPEN
    assert washington(1_000_000) is Answer.NO
    assert washington(1_000_001) is Answer.YES


def test_numbers_and_days_that_decide_are_asked_for() -> None:
    def asked(*markets: str, users: int | None = None, placed: date | None = None) -> dict[str, set[str]]:
        found = service(*markets, roles=("provider", "platform"), users=users, placed=placed, **ALL_NO)
        return {fact.value: {rule.provision for rule in rules} for fact, rules in found.questions}

    assert asked("in") == {"users": {"in-2026/declaration"}}
    assert asked("in", users=9_000_000) == {}
    assert asked("eu") == {"placed": {"eu-ai-act-50/50.2"}}
    assert asked("eu", placed=date(2026, 9, 1)) == {}


def test_day_of_placing_decides_a_transition() -> None:
    def marking(placed: date | None, on: date) -> Answer:
        return answers(service("eu", placed=placed, on=on, **ALL_NO))["eu-ai-act-50/50.2"]

    assert marking(None, DAY) is Answer.OPEN
    assert marking(date(2026, 8, 1), DAY) is Answer.NO
    assert marking(date(2026, 8, 2), DAY) is Answer.YES
    assert marking(date(2026, 8, 1), date(2026, 12, 2)) is Answer.YES


def test_due_dates_concern_the_markets_and_the_service() -> None:
    def due(*markets: str, **facts: Any) -> set[tuple[str, str]]:
        return {(each.on.isoformat(), each.pack) for each in service(*markets, **facts).dates}

    assert ("2026-12-02", "eu-ai-act-50") in due("eu")
    assert due("cn", **ALL_NO) == set()
    assert ("2027-01-22", "kr-2026") in due("kr")
    washington = service("us", **{**ALL_NO, "users": 10}).dates
    assert not any("Washington" in each.title.en for each in washington), "below the threshold"
    newer = service("eu", placed=date(2026, 9, 1), **ALL_NO).dates
    assert not any(each.occasion == "transition ends" for each in newer), "it never was in transition"


def test_filings_name_their_authority() -> None:
    found = service("cn", **{**ALL_NO, "companion": True})
    where = {each.rule.provision: each.rule.filed_with.en for each in found.filings if each.rule.filed_with}
    assert where["cn-anthropomorphic-2026/22"] == "Cyberspace administration of the province"
    assert "cn-dsp-2023/19.1" not in where, "no public-opinion attributes"


def test_every_trait_has_a_question_and_a_chinese_name() -> None:
    assert set(QUESTIONS) == set(TRAITS) == set(Trait)


# --- the command ---------------------------------------------------------------------------------------------


def scope(*words: str, typed: str = "") -> Any:
    result = CliRunner().invoke(app, ["scope", *words], input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_command_answers_from_a_binding() -> None:
    data = json.loads(scope(str(sample_binding()), "--on", "2026-11-29", "--json").stdout)
    assert data["profile"]["markets"] == ["cn", "eu", "us"]
    assert data["profile"]["traits"] == {"companion": True, "faces-or-voices": True, "publishing": True}
    by_pack = {pack["pack"]: pack["binds"] for pack in data["packs"]}
    assert by_pack["cn-anthropomorphic-2026"] == "yes"
    assert by_pack["in-2026"] == "no"
    changed = json.loads(scope(str(sample_binding()), "--lacks", "companion", "--market", "cn", "--json").stdout)
    assert changed["profile"]["traits"]["companion"] is False, "an option wins over the binding"
    assert {pack["pack"]: pack["binds"] for pack in changed["packs"]}["cn-anthropomorphic-2026"] == "no"


def test_command_asks_until_it_understands() -> None:
    asked = scope("--ask", "--market", "cn", "--json", typed="perhaps\nyes\n" + "no\n" * 20)
    data = json.loads(asked.stdout)
    assert data["profile"]["traits"]["companion"] is True
    assert data["open"] == {}
    skipped = json.loads(scope("--ask", "--market", "cn", "--json", typed="\n" * 20).stdout)
    assert skipped["profile"]["traits"] == {}


def test_command_prints_both_languages() -> None:
    english = scope("--market", "eu", "--on", "2026-11-29", "--rules").stdout
    assert "What does not, and why" in english
    assert re.search(r"^2026-12-02 +transition ends +eu-ai-act-50", english, re.MULTILINE)
    chinese = scope("--market", "eu", "--on", "2026-11-29", "--lang", "zh").stdout
    assert "不适用的文件及理由" in chinese
    assert "未在CN市场提供" in chinese


def test_page_and_command_agree(tmp_path: Path) -> None:
    page = tmp_path / "适用.html"
    words = ["--market", "cn", "--on", "2026-11-29", "--has", "companion"]
    data = json.loads(scope(*words, "--html", str(page), "--ics", str(tmp_path / "d.ics"), "--json").stdout)
    text = page.read_text(encoding="utf-8")
    for each in data["packs"]:
        assert each["pack"] in text
    bound = [rule["rule"] for pack in data["packs"] for rule in pack["rules"] if pack["binds"] != "no"]
    assert all(rule in text for rule in bound)
    assert not re.search(r"<script[^>]+src=", text), "nothing loaded from elsewhere"
    assert (tmp_path / "d.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--has", "companions"], "--has: found 'companions', expected one of: companion"),
        (["--has", "minors", "--lacks", "minors"], "--lacks: found 'minors' in both --has and --lacks"),
        (["--market", "uk"], "--market: found 'uk', expected one of: cn, eu"),
        (["--placed", "soon"], "--placed: found 'soon', expected a day"),
    ],
)
def test_wrong_facts_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(RulebookError) as caught:
        scope(*words)
    assert message in str(caught.value)
