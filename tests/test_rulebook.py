"""The shipped packs, and what the rulebook says of packs that are broken."""

from __future__ import annotations

import doctest
import importlib
import json
import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from shenhe.core.document import read_yaml
from shenhe.rulebook import (
    Behaviour,
    Keyword,
    Obligor,
    Pack,
    PackStatus,
    Penalty,
    Rule,
    Rulebook,
    RulebookError,
    SeenBy,
    Service,
    Verification,
    load_rulebook,
    pack_schema,
    read_pack,
)

PACKS = [
    "cn-dsp-2022-draft",
    "cn-dsp-2023",
    "cn-labeling-2025",
    "cn-penalties",
    "cn-pipl",
    "eu-ai-act-50",
    "eu-dsa",
    "us-states",
    "us-take-it-down",
]
IN_FORCE = [name for name in PACKS if name != "cn-dsp-2022-draft"]
SHIPPED = files("shenhe.rulebook")

DSP = """
6.1 6.2 7 8.1 8.2 9.1 9.2 10.1 10.2 10.3 10.4 10.5 11 12.1 12.2 12.3 13.1 13.2 14.1 14.2 15.1 15.2 16.1 16.2
17.1.1 17.1.2 17.1.3 17.1.4 17.1.5 17.2 18 19.1 19.2 19.3 20 21.1 21.2 22
"""
LABELING = """
4.1.1 4.1.2 4.1.3 4.1.4 4.1.5 4.1.6 4.2 5.1 5.2 6.1.1 6.1.2 6.1.3 6.1.4 6.2 7 8 9.1 9.2 9.3 10.1 10.2 11 12
gb-5.1.b gb-5.1.position gb-5.2.a gb-5.2.d gb-5.2.e gb-5.3.a gb-5.3.b gb-5.3.c gb-5.3.d gb-5.3.e gb-5.3.f
gb-5.4.a gb-5.4.c gb-5.4.f gb-5.4.g gb-5.5.c gb-5.6
gb-6.1.c gb-e.a gb-e.b gb-e.c gb-e.content-producer gb-e.produce-id gb-e.propagator gb-e.j provider-code
"""
NEEDED = [
    *(f"cn-dsp-2023/{article}" for article in DSP.split()),
    *(f"cn-labeling-2025/{article}" for article in LABELING.split()),
    *(f"eu-ai-act-50/50.{paragraph}" for paragraph in range(1, 6)),
    *(f"eu-dsa/{article}" for article in ("16.1", "16.4", "16.5", "16.6", "17", "20", "21")),
    *(f"us-take-it-down/3.{letter}" for letter in "abc"),
    *(f"us-states/{name}" for name in ("ny-8420a", "ny-gbl-1700", "ca-sb243", "tn-elvis", "ca-sb942.latent")),
]

#: Rules that the sources give from memory only, at least in part.
FROM_MEMORY = "8.2 10.1 10.2 10.3 10.4 10.5 12.1 12.2 12.3 13.2 13.3 15.2 19.3 20 22 24"

BROKEN = """\
id: my-pack
title: {en: A, zh: 甲}
instrument: {en: B, zh: 乙}
market: cn
roles: [provider]
status: in-force
valid_from: "2024-01-01"
sources: [{cite: here, seen_in: there}]
rules:
  - id: my-pack/1
    title: {en: C, zh: 丙}
    text: {en: D, zh: 丁}
    obligors: [provider]
    behaviour: labeling
    keyword: must
    seen_by: probe
    sources: [{cite: Art. 1, seen_in: there}]
    verification: verified
penalties:
  - kind: penalty
    id: my-pack/fine
    title: {en: E, zh: 戊}
    text: {en: F, zh: 己}
    trigger: {en: G, zh: 庚}
    rungs: [{step: first, condition: {en: H, zh: 辛}, fine: {maximum: 5000}, verification: verified}]
    fine_on: first-violation
    sources: [{cite: Art. 2, seen_in: there}]
    verification: verified
"""


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook()


def broken(old: str, new: str) -> str:
    """What is said of the sample pack with one passage replaced."""
    assert BROKEN.count(old) >= 1
    with pytest.raises(RulebookError) as caught:
        read_pack(BROKEN.replace(old, new, 1), "my.yaml")
    return str(caught.value)


def test_every_pack_loads(book: Rulebook) -> None:
    assert list(book.packs) == PACKS
    assert {entry.name.removesuffix(".yaml") for entry in (SHIPPED / "packs").iterdir()} == set(PACKS)
    assert load_rulebook() is book, "read once a process"


def test_the_example_of_the_package_holds() -> None:
    assert doctest.testmod(importlib.import_module("shenhe.rulebook")).failed == 0


@pytest.mark.parametrize("rule_id", NEEDED)
def test_the_rules_that_checks_and_scenarios_name_exist(book: Rulebook, rule_id: str) -> None:
    assert book.rule(rule_id).id == rule_id


def test_ids_are_unique_across_rules_and_penalties(book: Rulebook) -> None:
    ids = [rule.id for pack in book.packs.values() for rule in pack.rules]
    ids += [penalty.id for pack in book.packs.values() for penalty in pack.penalties]
    assert len(ids) == len(set(ids))
    assert len(book.rules) + len(book.penalties) == len(ids)


def test_links_resolve_and_each_says_how_well_it_is_founded(book: Rulebook) -> None:
    links = [(rule, link) for rule in book.rules.values() for link in rule.penalties]
    assert len(links) > 100
    for rule, link in links:
        assert book.versions(link.penalty), rule.id
        assert link.verification in Verification
    for penalty in book.penalties.values():
        for name in penalty.refers_to:
            assert book.versions(name)


def test_texts_are_bilingual_paraphrases(book: Rulebook) -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    entries: list[Rule | Penalty] = [*book.rules.values(), *book.penalties.values()]
    for entry in entries:
        assert entry.wording == "paraphrase"
        for text in (entry.title, entry.text):
            assert han.search(text.zh), entry.id
            assert re.search(r"[A-Za-z]{2}", text.en), entry.id
        assert not re.search(r"[,;?]", entry.text.zh), f"{entry.id}: western punctuation in Chinese"


def test_a_rule_no_probe_sees_says_why(book: Rulebook) -> None:
    hidden = [rule for rule in book.rules.values() if rule.seen_by is not SeenBy.PROBE]
    assert len(hidden) > 30
    assert all(rule.seen_by_reason for rule in hidden)


def test_stores_and_regulators_are_not_seen_through_a_providers_interface(book: Rulebook) -> None:
    for rule in book.rules.values():
        if set(rule.obligors) <= {Obligor.APP_STORE, Obligor.REGULATOR}:
            assert rule.seen_by is not SeenBy.PROBE, rule.id


@pytest.mark.parametrize("article", FROM_MEMORY.split())
def test_what_was_not_read_is_not_called_verified(book: Rulebook, article: str) -> None:
    assert book.rule(f"cn-dsp-2023/{article}").verification is Verification.FROM_MEMORY


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("cn-dsp-2023/3", "verified"),
        ("cn-dsp-2023/14.2", "verified"),
        ("cn-dsp-2023/16.1", "verified"),
        ("cn-dsp-2023/17.1.4", "verified"),
        ("cn-labeling-2025/9.3", "inferred"),
        ("cn-labeling-2025/gb-5.2.e", "verified"),
        ("cn-labeling-2025/gb-5.5.c", "from-memory"),
        ("cn-dsp-2022-draft/14.1", "verified"),
        ("cn-dsp-2022-draft/13.1", "from-memory"),
        ("cn-dsp-2022-draft/12.2", "inferred"),
        ("cn-dsp-2022-draft/penalty-22.1", "from-memory"),
        ("cn-dsp-2023/penalty-22", "from-memory"),
        ("cn-penalties/csl-69@2026", "verified"),
        ("cn-penalties/csl-69@2017", "inferred"),
        ("cn-penalties/csl-61", "verified"),
        ("cn-penalties/csl-70", "verified"),
        ("cn-penalties/csl-real-name", "from-memory"),
        ("cn-penalties/pipl-66", "from-memory"),
        ("cn-penalties/dsl-45", "from-memory"),
        ("cn-penalties/algorithm-31", "verified"),
        ("cn-penalties/algorithm-33", "from-memory"),
        ("cn-penalties/genai-21", "from-memory"),
        ("cn-penalties/discretion-2025", "verified"),
        ("eu-ai-act-50/50.2", "verified"),
        ("us-states/tn-elvis", "from-memory"),
    ],
)
def test_verification_is_carried_over(book: Rulebook, name: str, status: str) -> None:
    entry: Rule | Penalty = book.rules.get(name) or book.penalties[name]
    assert entry.verification == status


def test_mixed_penalties_keep_the_status_of_each_rung(book: Rulebook) -> None:
    assert [rung.verification for rung in book.penalty("cn-penalties/dsl-45").rungs] == [
        "verified",
        "from-memory",
        "from-memory",
    ]
    assert [rung.verification for rung in book.penalty("cn-penalties/pipl-66").rungs] == [
        "verified",
        "from-memory",
        "verified",
    ]


def test_links_upward_are_not_called_verified(book: Rulebook) -> None:
    for rule in book.packs["cn-dsp-2023"].rules:
        for link in rule.penalties:
            assert link.verification is not Verification.VERIFIED, rule.id


@pytest.mark.parametrize(
    ("day", "version", "cap"),
    [
        (date(2025, 12, 31), "cn-penalties/csl-69@2017", 500_000),
        (date(2026, 1, 1), "cn-penalties/csl-69@2026", 10_000_000),
    ],
)
def test_the_day_picks_the_version_of_a_penalty(book: Rulebook, day: date, version: str, cap: float) -> None:
    penalty = book.penalty("cn-penalties/csl-69", day)
    assert penalty.id == version
    assert max(rung.fine.maximum or 0 for rung in penalty.rungs if rung.fine) == cap
    found = {penalty.id for _, penalty in book.penalties_of(book.rule("cn-dsp-2023/10.4"), day)}
    assert found == {"cn-dsp-2023/penalty-22", version}


def test_without_a_day_the_newest_version_counts_and_a_full_id_stays(book: Rulebook) -> None:
    assert book.penalty("cn-penalties/csl-69").id == "cn-penalties/csl-69@2026"
    assert book.penalty("cn-penalties/csl-69@2017", date(2026, 6, 1)).id == "cn-penalties/csl-69@2017"
    assert [penalty.id[-4:] for penalty in book.versions("cn-penalties/csl-69")] == ["2025", "2026"]
    with pytest.raises(RulebookError, match="no version of 'cn-penalties/csl-69' is in force on 2010-01-01"):
        book.penalty("cn-penalties/csl-69", date(2010, 1, 1))


def test_the_final_text_names_no_amounts_and_refers_upward(book: Rulebook) -> None:
    referral = book.penalty("cn-dsp-2023/penalty-22")
    assert not referral.fines
    assert {"cn-penalties/csl-69", "cn-penalties/pipl-66", "cn-penalties/dsl-45"} <= set(referral.refers_to)


def test_the_fine_of_the_draft_is_disputed(book: Rulebook) -> None:
    penalty = book.penalty("cn-dsp-2022-draft/penalty-22.1")
    (fine,) = [rung.fine for rung in penalty.rungs if rung.fine]
    assert (fine.minimum, fine.maximum, fine.currency) == (10_000, 100_000, "RMB")
    assert penalty.fine_on == "disputed"
    assert penalty.fine_on_note


def test_claims_that_were_rejected_are_no_rules(book: Rulebook) -> None:
    assert not any("sb1000" in rule_id or "sb-1000" in rule_id for rule_id in book.rules)
    (rung,) = book.penalty("us-take-it-down/penalty-ftc").rungs
    assert rung.fine is not None
    assert (rung.fine.maximum, rung.fine.per) == (53_088, "violation")
    assert "prevent" not in book.rule("us-take-it-down/3.c").text.en
    (rung,) = book.penalty("eu-ai-act-50/penalty-99.4").rungs
    assert rung.fine is not None
    assert (rung.fine.maximum, rung.fine.turnover_share) == (15_000_000, 0.03)
    assert book.rule("cn-dsp-2023/12.2").deadline is not None
    assert all(
        fine.minimum != 5000
        for penalty in book.penalties.values()
        if penalty.pack == "cn-penalties"
        for rung in penalty.rungs
        if (fine := rung.fine)
    )


def test_drafts_are_never_in_force(book: Rulebook) -> None:
    draft = book.packs["cn-dsp-2022-draft"]
    assert draft.status is PackStatus.DRAFT
    for day in (date(2022, 2, 1), date(2023, 6, 1), date(2026, 11, 1), date.max):
        assert draft not in book.in_force(day)
        assert not any(rule.in_force(day) for rule in draft.rules)


@pytest.mark.parametrize(
    ("day", "packs"),
    [
        (date(2023, 1, 9), {"cn-penalties", "cn-pipl"}),
        (date(2023, 1, 10), {"cn-penalties", "cn-pipl", "cn-dsp-2023"}),
        (date(2025, 8, 31), {"cn-penalties", "cn-pipl", "cn-dsp-2023"}),
        (date(2025, 9, 1), {"cn-penalties", "cn-pipl", "cn-dsp-2023", "cn-labeling-2025"}),
    ],
)
def test_the_day_picks_the_packs(book: Rulebook, day: date, packs: set[str]) -> None:
    assert {pack.id for pack in book.in_force(day, markets=["cn"])} == packs


def test_everything_but_the_draft_is_in_force_in_the_end(book: Rulebook) -> None:
    assert [pack.id for pack in book.in_force(date(2026, 11, 1))] == IN_FORCE


def test_packs_are_picked_by_market_role_and_service(book: Rulebook) -> None:
    day = date(2026, 11, 1)
    assert {pack.id for pack in book.in_force(day, markets=["eu"])} == {"eu-ai-act-50", "eu-dsa"}
    assert {pack.id for pack in book.in_force(day, roles=[Obligor.APP_STORE])} == {
        "cn-dsp-2023",
        "cn-labeling-2025",
        "cn-penalties",
    }
    only_text = {pack.id for pack in book.in_force(day, services=[Service.TEXT])}
    assert "us-take-it-down" not in only_text
    assert "cn-dsp-2023" in only_text


def test_rules_are_picked_one_by_one(book: Rulebook) -> None:
    day = date(2026, 11, 1)
    consent = [rule.id for rule in book.rules_in_force(day, ["cn"]) if rule.behaviour is Behaviour.CONSENT]
    assert consent == ["cn-dsp-2023/14.2", "cn-pipl/14.2", "cn-pipl/15.1", "cn-pipl/31.1"]
    assert not any(rule.behaviour is Behaviour.CONSENT for rule in book.rules_in_force(day, ["cn"], services=["text"]))
    assert {rule.id for rule in book.rules_in_force(day, ["cn"], roles=["app-store"])} >= {
        "cn-dsp-2023/13.1",
        "cn-labeling-2025/7",
        "cn-penalties/csl-50.2",
    }
    platforms = book.rule("us-states/ca-sb942.platform")
    assert platforms not in book.rules_in_force(date(2026, 12, 31))
    assert platforms in book.rules_in_force(date(2027, 1, 1))


def test_old_systems_have_until_december_for_marking_in_the_eu(book: Rulebook) -> None:
    with_transition = [rule for rule in book.rules.values() if rule.transition]
    assert [rule.id for rule in with_transition] == ["eu-ai-act-50/50.2"]
    transition = with_transition[0].transition
    assert transition is not None
    assert (transition.placed_before, transition.until) == (date(2026, 8, 2), date(2026, 12, 2))
    assert book.packs["eu-ai-act-50"].valid_from == date(2026, 8, 2)


def test_deadlines(book: Rulebook) -> None:
    assert {
        rule.id: (rule.deadline.kind, rule.deadline.amount, rule.deadline.unit)
        for rule in book.rules.values()
        if rule.deadline and rule.deadline.unit in {"hours", "seconds"}
    } == {
        "cn-labeling-2025/gb-5.4.g": ("at-least", 2, "seconds"),
        "us-take-it-down/3.b": ("within", 48, "hours"),
        "us-take-it-down/3.c": ("within", 48, "hours"),
        "us-states/ca-sb942.licensee": ("within", 96, "hours"),
        "us-states/ca-sb243": ("within", 3, "hours"),
        "us-states/ny-gbl-1700": ("within", 3, "hours"),
    }


def test_recommendations_are_not_duties(book: Rulebook) -> None:
    soft = {rule.article for rule in book.packs["cn-labeling-2025"].rules if rule.keyword is Keyword.SHOULD}
    assert soft == {"5.2", "gb-e.propagator", "gb-e.j", "provider-code", "container"}
    for rule in book.rules.values():
        assert rule.keyword is Keyword.MUST or not rule.penalties, rule.id


def test_the_hash_is_of_content_not_of_order(book: Rulebook) -> None:
    turned = Rulebook(reversed(list(book.packs.values())))
    assert re.fullmatch("[0-9a-f]{64}", book.hash)
    assert turned.hash == book.hash
    assert Rulebook(pack for pack in book.packs.values() if pack.id != "eu-dsa").hash != book.hash


def test_the_committed_schema_is_the_models_own() -> None:
    committed = json.loads((SHIPPED / "schema" / "pack.schema.json").read_text(encoding="utf-8"))
    assert committed == pack_schema(), "write it anew with: shenhe rules schema > rulebook/schema/pack.schema.json"


def test_every_pack_satisfies_the_schema() -> None:
    schema = pack_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for name in PACKS:
        data, _ = read_yaml((SHIPPED / "packs" / f"{name}.yaml"), name)
        assert not list(validator.iter_errors(data)), name


def test_the_sample_of_this_test_is_sound() -> None:
    pack = read_pack(BROKEN)
    assert pack.rules[0].valid_from == date(2024, 1, 1), "handed down from the pack"
    assert pack.rules[0].in_force(date(2024, 1, 1))
    assert not pack.rules[0].in_force(date(2023, 12, 31))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("market: cn", "market: [cn", "my.yaml:5:6: not well-formed YAML"),
        ("market: cn", "", "my.yaml:1:1: market: found nothing, expected a value for 'market'"),
        ("market: cn", "market: fr", "my.yaml:4:9: market: found 'fr', expected 'cn', 'eu' or 'us'"),
        ("keyword: must", "keyword: musst", "(did you mean 'must'?)"),
        ("keyword: must", "keywords: must", "my.yaml:15:5: rules[0].keywords: found a field 'keywords'"),
        ("zh: 丁", "fr: E", "my.yaml:12:19: rules[0].text.fr: found a field 'fr' that does not exist here"),
        (
            "id: my-pack/1",
            "id: your-pack/1",
            "found the id 'your-pack/1', expected it to begin with 'my-pack/'",
        ),
        ("id: my-pack/1", "id: my pack/1", "my.yaml:10:9: rules[0].id: found 'my pack/1', expected"),
        ("obligors: [provider]", "obligors: []", "my.yaml:13:15: rules[0].obligors: found a list of 0"),
        ("obligors: [provider]", "obligors: [user]", "found rules that bind user, expected them among"),
        ("seen_by: probe", "seen_by: document", "my.yaml:10:5: rules[0]: found seen_by 'document' without"),
        ("Art. 1, seen_in: there", "Art. 1", "rules[0]: found verification 'verified' without a source"),
        ("verification: verified\npen", "verification: inferred\npen", "expected verification_note to say"),
        ('"2024-01-01"', '"2024-13-01"', "my.yaml:7:13: valid_from: found '2024-13-01', expected"),
        ('"2024-01-01"', '"2024-01-01"\nvalid_to: "2023-01-01"', "found valid_to 2023-01-01 with valid_from"),
        ("status: in-force", "status: draft", "found valid_from in a draft, expected none"),
        ('valid_from: "2024-01-01"\n', "", "found status 'in-force' without valid_from"),
        (
            "maximum: 5000",
            "maximum: -5",
            "penalties[0].rungs[0].fine.maximum: found -5, expected greater than 0",
        ),
        ("maximum: 5000", "maximum: .nan", "fine.maximum: found nan, expected a finite number"),
        ("maximum: 5000", "minimum: 9, maximum: 5", "found minimum 9 above maximum 5"),
        (
            "maximum: 5000",
            "turnover_share: 5",
            "fine.turnover_share: found 5, expected less than or equal to 1",
        ),
        ("maximum: 5000", "turnover_share: 0.05", "found turnover_share and turnover_base apart"),
        ("fine: {maximum: 5000}, ", "", "found a rung that imposes nothing"),
        ("fine_on: first-violation", "fine_on: disputed", "found fine_on 'disputed' alone"),
        ("    fine_on: first-violation\n", "", "found fine_on and the rungs at odds"),
        (
            "verification: verified}]",
            "verification: from-memory}]",
            "found verification 'verified' over weaker rungs",
        ),
        ("rungs: [", "effect: referral\n    rungs: [", "found effect 'referral' without refers_to"),
        ("keyword: must", "keyword: must\n    deadline: {kind: within}", "found a deadline 'within' without"),
        ("keyword: must", "keyword: must\n    deadline: {kind: prompt, unit: days}", "expected neither"),
    ],
)
def test_a_broken_pack_names_file_path_and_fault(old: str, new: str, message: str) -> None:
    said = broken(old, new)
    assert said.startswith("my.yaml:")
    assert message in said


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_packs_of_ones_own_join_the_shipped_ones(tmp_path: Path) -> None:
    link = "penalties: [{penalty: cn-penalties/csl-69, verification: inferred}]\n    seen_by: probe"
    book = load_rulebook([write(tmp_path, "my.yaml", BROKEN.replace("seen_by: probe", link))])
    assert list(book.packs) == [*PACKS, "my-pack"]
    assert book.hash != load_rulebook().hash
    ((_, penalty),) = book.penalties_of(book.rule("my-pack/1"), date(2026, 1, 1))
    assert penalty.id == "cn-penalties/csl-69@2026"


def test_a_link_to_nowhere_is_told_with_its_line(tmp_path: Path) -> None:
    link = "penalties:\n      - {penalty: cn-penalties/csl-96, verification: inferred}\n    seen_by: probe"
    write(tmp_path, "my.yaml", BROKEN.replace("seen_by: probe", link))
    with pytest.raises(RulebookError, match=r"my\.yaml:17:19: rules\[0\]\.penalties\[0\]\.penalty: ") as caught:
        load_rulebook([tmp_path])
    assert "found no penalty 'cn-penalties/csl-96', closest: cn-penalties/csl-69" in str(caught.value)


def test_two_packs_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", BROKEN)
    write(tmp_path, "b.yaml", BROKEN)
    with pytest.raises(RulebookError, match=r"b\.yaml:1:5: id: found 'my-pack' again \(first in .*a\.yaml\)"):
        load_rulebook([tmp_path])


def test_a_rule_twice_is_refused() -> None:
    lines = BROKEN.splitlines(keepends=True)
    with pytest.raises(RulebookError, match="found the id 'my-pack/1' a second time"):
        read_pack("".join([*lines[:18], *lines[9:18], *lines[18:]]))


def test_folders_without_packs_are_told(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match=r"found no \*\.yaml"):
        load_rulebook([tmp_path])
    with pytest.raises(RulebookError, match="found no such folder"):
        load_rulebook([tmp_path / "absent"])
    (tmp_path / "dir.yaml").mkdir()
    with pytest.raises(RulebookError, match="found a file that cannot be read"):
        load_rulebook([tmp_path])


def test_unknown_ids_are_answered_with_the_closest(book: Rulebook) -> None:
    with pytest.raises(RulebookError, match=r"found no rule 'cn-dsp-2023/17\.1\.9', closest: cn-dsp-2023/17"):
        book.rule("cn-dsp-2023/17.1.9")
    with pytest.raises(ValueError, match="found no pack 'cn-dsp', closest: cn-dsp-2023"):
        book.pack("cn-dsp")
    with pytest.raises(RulebookError, match="closest: cn-penalties/pipl-66"):
        book.penalty("cn-penalties/pipl-65")


def test_a_rulebook_of_packs_checks_their_links(book: Rulebook) -> None:
    with pytest.raises(RulebookError, match=r"cn-dsp-2023/6\.1: .*found no penalty 'cn-penalties/csl-69'"):
        Rulebook([book.packs["cn-dsp-2023"]])
    with pytest.raises(RulebookError, match="found the pack 'eu-dsa' a second time"):
        Rulebook([book.packs["eu-dsa"], book.packs["eu-dsa"]])


def test_entries_cannot_be_changed(book: Rulebook) -> None:
    with pytest.raises(ValueError, match="frozen"):
        book.rule("cn-dsp-2023/16.1").keyword = Keyword.MAY
    with pytest.raises(TypeError):
        book.rules["x"] = book.rule("cn-dsp-2023/16.1")  # type: ignore[index]
    assert isinstance(book.packs["eu-dsa"], Pack)
