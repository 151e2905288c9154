"""The model of a pack: what is valid, what a broken pack is told, and what a rulebook refuses."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from shenhe.core.document import read_yaml
from shenhe.rulebook import Keyword, Pack, Rulebook, RulebookError, load_rulebook, pack_schema, read_pack

SHIPPED = files("shenhe.rulebook")

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


def test_the_hash_is_of_content_not_of_order(book: Rulebook) -> None:
    turned = Rulebook(reversed(list(book.packs.values())))
    assert re.fullmatch("[0-9a-f]{64}", book.hash)
    assert turned.hash == book.hash
    assert Rulebook(pack for pack in book.packs.values() if pack.id != "cn-mcn-2026").hash != book.hash


def test_the_committed_schema_is_the_models_own() -> None:
    committed = json.loads((SHIPPED / "schema" / "pack.schema.json").read_text(encoding="utf-8"))
    assert committed == pack_schema(), "write it again with: shenhe rules schema > rulebook/schema/pack.schema.json"


def test_every_pack_satisfies_the_schema() -> None:
    schema = pack_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for entry in (SHIPPED / "packs").iterdir():
        name = entry.name
        data, _ = read_yaml(entry, name)
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
        ("market: cn", "", "my.yaml:1:1: market: found no value, expected one for 'market'"),
        ("market: cn", "market: fr", "my.yaml:4:9: market: found 'fr', expected 'cn', 'eu', 'us'"),
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
        ("verification: verified\npen", "verification: inferred\npen", "expected verification_note to name its source"),
        ('"2024-01-01"', '"2024-13-01"', "my.yaml:7:13: valid_from: found '2024-13-01', expected"),
        ('"2024-01-01"', '"2024-01-01"\nvalid_to: "2023-01-01"', "found valid_to 2023-01-01 with valid_from"),
        ("status: in-force", "status: draft", "found valid_from in a draft, expected none"),
        ('valid_from: "2024-01-01"\n', "", "found status 'in-force' without valid_from"),
        (
            "maximum: 5000",
            "maximum: -5",
            "penalties[0].rungs[0].fine.maximum: found -5, expected more than 0",
        ),
        ("maximum: 5000", "maximum: .nan", "fine.maximum: found nan, expected a finite number"),
        ("maximum: 5000", "minimum: 9, maximum: 5", "found minimum 9 above maximum 5"),
        (
            "maximum: 5000",
            "turnover_share: 5",
            "fine.turnover_share: found 5, expected at most 1",
        ),
        ("maximum: 5000", "turnover_share: 0.05", "found turnover_share and turnover_base apart"),
        ("fine: {maximum: 5000}, ", "", "found a rung without a sanction"),
        ("fine_on: first-violation", "fine_on: disputed", "penalties[0].fine_on: found 'disputed', expected"),
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
    assert list(book.packs) == [*load_rulebook().packs, "my-pack"]
    assert book.hash != load_rulebook().hash
    ((_, penalty),) = book.penalties_of(book.rule("my-pack/1"), date(2026, 1, 1))
    assert penalty.id == "cn-penalties/csl-69@2026"


def test_a_dangling_link_is_reported_with_its_line(tmp_path: Path) -> None:
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


def test_folders_without_packs_are_reported(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match=r"found no \*\.yaml"):
        load_rulebook([tmp_path])
    with pytest.raises(RulebookError, match="found no such folder"):
        load_rulebook([tmp_path / "absent"])
    (tmp_path / "dir.yaml").mkdir()
    with pytest.raises(RulebookError, match="found an unreadable file"):
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


# --- versions ------------------------------------------------------------------------------------------------

TWO_VERSIONS = BROKEN.replace("id: my-pack/1\n", 'id: my-pack/1@2024\n    valid_to: "2024-06-30"\n').replace(
    "penalties:\n",
    """  - id: my-pack/1@2024-07
    title: {en: C, zh: 丙}
    text: {en: New, zh: 新}
    obligors: [provider]
    behaviour: labeling
    keyword: should
    seen_by: probe
    sources: [{cite: Art. 1, seen_in: there}]
    verification: verified
    valid_from: "2024-07-01"
penalties:
""",
)


def test_day_picks_the_version_of_a_rule() -> None:
    made = Rulebook([read_pack(TWO_VERSIONS)])
    assert made.rule("my-pack/1", date(2024, 6, 30)).keyword is Keyword.MUST
    assert made.rule("my-pack/1", date(2024, 7, 1)).keyword is Keyword.SHOULD
    assert made.rule("my-pack/1").id == "my-pack/1@2024-07", "without a day, the newest"
    assert made.rules["my-pack/1"] is made.rules["my-pack/1@2024-07"]
    for day in (date(2024, 6, 30), date(2024, 7, 1)):
        assert [rule.provision for rule in made.rules_in_force(day)] == ["my-pack/1"]
    with pytest.raises(RulebookError, match="no version of 'my-pack/1' is in force on 2023-01-01"):
        made.rule("my-pack/1", date(2023, 1, 1))


@pytest.mark.parametrize("last", ["2024-07-01", None])
def test_versions_that_share_a_day_are_refused(last: str | None) -> None:
    text = TWO_VERSIONS.replace('    valid_to: "2024-06-30"\n', f'    valid_to: "{last}"\n' if last else "")
    with pytest.raises(
        RulebookError, match="my-pack/1@2024-07: found a first day on which my-pack/1@2024 still applies"
    ):
        Rulebook([read_pack(text)])


# --- courts --------------------------------------------------------------------------------------------------


def with_court(*events: tuple[str, str]) -> Rulebook:
    lines = "".join(
        f"      - {{since: '{since}', state: {state}, court: A court, sources: [{{cite: A v. B, seen_in: there}}],"
        " verification: secondary}\n"
        for since, state in events
    )
    return Rulebook([read_pack(BROKEN.replace("    seen_by: probe\n", f"    court:\n{lines}    seen_by: probe\n"))])


def test_a_blocked_rule_does_not_bind_until_it_is_restored() -> None:
    made = with_court(("2024-03-01", "under-challenge"), ("2024-05-01", "blocked"), ("2024-09-01", "in-force"))
    binding = {
        day: bool(made.rules_in_force(date.fromisoformat(day)))
        for day in ("2024-02-29", "2024-03-01", "2024-04-30", "2024-05-01", "2024-08-31", "2024-09-01")
    }
    assert binding == {
        "2024-02-29": True,
        "2024-03-01": True,
        "2024-04-30": True,
        "2024-05-01": False,
        "2024-08-31": False,
        "2024-09-01": True,
    }
    event = made.rule("my-pack/1").court_on(date(2024, 4, 1))
    assert event is not None
    assert event.state == "under-challenge"


def test_court_events_out_of_order_are_refused() -> None:
    with pytest.raises(RulebookError, match="found court events out of order"):
        with_court(("2024-05-01", "blocked"), ("2024-03-01", "in-force"))


# --- readings ------------------------------------------------------------------------------------------------

READINGS = """    readings:
      - {id: strict, text: {en: S, zh: 严}, held_by: [us], taken: true, because: The text.}
      - {id: lax, text: {en: L, zh: 宽}, held_by: [them], because: A summary., changes: {keyword: should}}
    seen_by: probe
"""


def test_another_reading_changes_the_rule_and_the_hash() -> None:
    made = Rulebook([read_pack(BROKEN.replace("    seen_by: probe\n", READINGS))])
    other = made.with_readings({"my-pack/1": "lax"})
    assert (made.rule("my-pack/1").keyword, other.rule("my-pack/1").keyword) == ("must", "should")
    assert [reading.id for reading in other.rule("my-pack/1").readings if reading.taken] == ["lax"]
    assert made.hash != other.hash
    assert made.with_readings({"my-pack/1": "strict"}).hash == made.hash
    with pytest.raises(RulebookError, match=r"my-pack/1: found no reading 'loose', expected one of: strict, lax"):
        made.with_readings({"my-pack/1": "loose"})
    with pytest.raises(RulebookError, match=r"found no rule or penalty 'my-pack/2', closest: my-pack/1"):
        made.with_readings({"my-pack/2": "lax"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("taken: true, ", "", "found readings of which not exactly one is taken"),
        ("id: lax", "id: strict", "found two readings of one id"),
        (", changes: {keyword: should}", "", "found the reading 'lax' with taken and changes at odds"),
        ("{keyword: should}", "{id: my-pack/2}", "found changes to id, expected fields of the entry other than id"),
        ("{keyword: should}", "{keywords: should}", "found changes to keywords, expected fields"),
        ("{keyword: should}", "{keyword: never}", "keyword"),
    ],
)
def test_broken_readings_are_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(RulebookError) as caught:
        read_pack(BROKEN.replace("    seen_by: probe\n", READINGS.replace(old, new, 1)))
    assert message in str(caught.value)
