"""Scenario files: the shipped ones are complete and honest, and what is wrong with a file is said at its place."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import Any

import pytest

from shenhe import scenarios
from shenhe.rulebook import load_rulebook
from shenhe.simulator import Scenario, ScenarioError, load_scenario
from shenhe.simulator.scenario.loading import parse_override
from shenhe.simulator.scenario.policy import Sanction

SHIPPED = scenarios.names()


def test_the_first_three_are_shipped() -> None:
    assert {"cn-2022-draft", "cn-2023", "no-enforcement"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_parameter_is_a_datum_or_an_assumption_with_its_source(name: str) -> None:
    scenario = load_scenario(name)
    unmarked = [path for path, _ in scenario.parameters() if scenario.basis_of(path) is None]
    assert unmarked == []
    kinds = {scenario.basis_of(path).kind for path, _ in scenario.parameters()}  # type: ignore[union-attr]
    assert kinds == {"datum", "assumption"}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_basis_covers_a_parameter(name: str) -> None:
    scenario = load_scenario(name)
    used = {id(scenario.basis_of(path)) for path, _ in scenario.parameters()}
    idle = [path for path, basis in scenario.basis.items() if id(basis) not in used]
    # an entry all of whose parameters have a nearer one says something that is not so
    assert idle == []


@pytest.mark.parametrize("name", SHIPPED)
def test_has_a_story_and_sources(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert len(scenario.story) > 200
    assert scenario.sources


@pytest.mark.parametrize("name", SHIPPED)
def test_rules_and_penalties_are_those_of_the_rulebook(name: str) -> None:
    book = load_rulebook()
    scenario = load_scenario(name)
    for risk in scenario.behaviours:
        assert str(book.rule(risk.rule).behaviour) == str(risk.name), risk.rule
    for step in scenario.policy.ladder:
        assert step.penalty in book.penalties


def test_steps_of_the_draft_impose_the_fines_of_its_article_22() -> None:
    own = [
        step for step in load_scenario("cn-2022-draft").policy.ladder if step.penalty.startswith("cn-dsp-2022-draft/")
    ]
    assert own
    assert all(step.fine and (step.fine.low, step.fine.high) == (10_000, 100_000) for step in own)
    assert Sanction.SUSPEND_SERVICE in own[0].sanctions, "the business concerned is suspended on a first finding"


def test_only_the_press_reading_fines_a_first_violation() -> None:
    assert load_scenario("cn-2022-draft").policy.fine_on == "refusal-or-serious"
    assert load_scenario("cn-2022-draft-press").policy.fine_on == "first-violation"


def test_stores_verify_filings_under_the_draft_as_under_the_final_text() -> None:
    assert load_scenario("cn-2022-draft").policy.stores == load_scenario("cn-2023").policy.stores


def test_arrivals_are_the_filing_batches() -> None:
    """The curve in the scenario is the cumulative share of the batches of the data, 90 days earlier."""
    with (scenarios.path("cn-2023").parent / "data" / "deep_synthesis_filings.csv").open(encoding="utf-8") as file:  # type: ignore[attr-defined]
        rows = list(csv.DictReader(file))
    start = datetime.date(2023, 1, 10)
    known: dict[int, int] = {}
    for row in rows:
        published = row["published"]
        if published:
            date = datetime.date.fromisoformat(published if len(published) == 10 else f"{published}-15")
            known[int(row["batch"])] = (date - start).days
    total, reached = sum(int(row["filings"]) for row in rows), 0
    expected: list[tuple[float, float]] = [(0, 0.0)]
    for row in rows:
        batch = int(row["batch"])
        before = max(k for k in known if k <= batch)
        after = min(k for k in known if k >= batch)
        day: float = known[before]
        if after != before:
            day += (known[after] - known[before]) * (batch - before) / (after - before)
        reached += int(row["filings"])
        expected.append((day - 90, reached / total))
    found = load_scenario("cn-2023").population.arrivals
    assert len(found) == len(expected)
    for (found_day, share), (expected_day, expected_share) in zip(found, expected, strict=True):
        assert found_day == pytest.approx(expected_day, abs=0.7)
        assert share == pytest.approx(expected_share, abs=6e-5)


def written(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


BAD_FILES = {
    "unknown field": (
        "extends: cn-2023\nname: mine\npolicy:\n  evidense: {}\n",
        ["mine.yaml:4:3", "evidense", "'evidence'"],
    ),
    "wrong type": (
        "extends: cn-2023\npolicy:\n  staff:\n    inspectors: lots\n",
        ["mine.yaml:4:17", "'lots'", "integer"],
    ),
    "text for a number": ("extends: cn-2023\nhorizon: '100'\n", ["mine.yaml:2:10", "horizon", "number"]),
    "negative rate": (
        "extends: cn-2023\npopulation:\n  exit_rate: -1\n",
        ["mine.yaml:3:14", "-1", "at least 0"],
    ),
    "probability above one": (
        "extends: cn-2023\npolicy:\n  evidence:\n    sensitivity: 1.5\n",
        ["1.5", "at most 1"],
    ),
    "not a number": ("extends: cn-2023\npolicy:\n  evidence:\n    sensitivity: .nan\n", ["sensitivity", "nan"]),
    "endless horizon": ("extends: cn-2023\nhorizon: .inf\n", ["horizon", "inf"]),
    "no horizon": ("extends: cn-2023\nhorizon: 0\n", ["horizon", "more than 0"]),
    "nobody": (
        "extends: cn-2023\npopulation:\n  providers: 0\n",
        ["population.providers", "at least 1"],
    ),
    "malformed": ("name: a\n  b: [\n", ["mine.yaml:2:4", "not well-formed YAML"]),
    "a list": ("- 1\n", ["mine.yaml:1:1", "expected a mapping"]),
    "unknown parent": ("extends: cn-2032\n", ["'cn-2032'", "did you mean 'cn-2023'"]),
    "parent that is no name": ("extends: 3\n", ["mine.yaml:1:10", "extends"]),
    "shares": (
        "extends: cn-2023\nstores:\n  - {name: store-a, share: 0.9}\n",
        ["mine.yaml:3:3: stores", "shares of the stores that add up to 1.2", "at most 1"],
    ),
    "unknown rule": (
        "extends: cn-2023\nbehaviours:\n  - {name: consent, rule: cn-dsp-2023/14.3}\n",
        ["'cn-dsp-2023/14.3'", "no rule of the rulebook", "cn-dsp-2023/14.2"],
    ),
    "fine without amount": (
        "extends: cn-2023\npolicy:\n  ladder:\n    - {sanctions: [fine], penalty: cn-penalties/genai-21}\n",
        ["mine.yaml:4:19: policy.ladder[0].sanctions", "the sanction 'fine' without its measure"],
    ),
    "amount without fine": (
        (
            "extends: cn-2023\npolicy:\n  ladder:\n"
            "    - {sanctions: [warning], penalty: cn-penalties/genai-21, service_days: 5}\n"
        ),
        ["policy.ladder[0].service_days", "without the sanction 'suspend-service'"],
    ),
    "reversed fine": (
        (
            "extends: cn-2023\npolicy:\n  ladder:\n    - {sanctions: [fine], penalty: cn-penalties/genai-21, fine:"
            " {low: 5, high: 1}}\n"
        ),
        ["a fine from 5 to 1"],
    ),
    "unknown sanction": (
        "extends: cn-2023\npolicy:\n  ladder:\n    - {sanctions: [fines], penalty: cn-penalties/genai-21}\n",
        ["'fines'", "did you mean 'fine'"],
    ),
    "inspections above their ceiling": (
        "extends: cn-2023\npolicy:\n  detection:\n    inspection_rate: 50\n",
        ["mine.yaml:4:22: policy.detection.inspection_rate", "inspections of up to", "inspection_ceiling = 4"],
    ),
    "revocation with steps after it": (
        (
            "extends: cn-2023\npolicy:\n  ladder:\n    - {sanctions: [revocation], penalty: cn-penalties/genai-21}\n"
            "    - {sanctions: [warning], penalty: cn-penalties/genai-21}\n"
        ),
        ["mine.yaml:4:19: policy.ladder[0].sanctions", "revocation at step 0", "which is unreachable"],
    ),
    "no inspectors": (
        "extends: cn-2023\npolicy:\n  staff: {inspectors: 0}\n",
        ["inspectors", "at least 1"],
    ),
    "negative staff": ("extends: cn-2023\npolicy:\n  staff: {inspectors: -4}\n", ["-4", "at least 1"]),
    "deadline in the past": (
        (
            "extends: cn-2023\npolicy:\n  ladder:\n"
            "    - {sanctions: [order-to-rectify], penalty: cn-penalties/genai-21, deadline: -3}\n"
        ),
        ["-3", "at least 0"],
    ),
    "change beyond the horizon": (
        "extends: cn-2023\nchanges:\n  - {title: late, day: 5000, set: {policy.publicity: 2.0}}\n",
        ["mine.yaml:3:24: changes[0].day", "'late'", "day 5000", "before the horizon 1285"],
    ),
    "change that ends before it begins": (
        "extends: cn-2023\nchanges:\n  - {title: x, day: 50, until: 40, set: {policy.publicity: 2.0}}\n",
        ["from day 50 until day 40", "a later day"],
    ),
    "change of what is fixed": (
        "extends: cn-2023\nchanges:\n  - {title: x, day: 50, set: {population.providers: 9}}\n",
        ["population.providers", "fixed while a world runs"],
    ),
    "change of a whole part": (
        "extends: cn-2023\nchanges:\n  - {title: x, day: 50, set: {policy.staff: {inspectors: 3}}}\n",
        ["the whole of policy.staff", "one of its values"],
    ),
    "change of the candidates": (
        "extends: cn-2023\nchanges:\n  - {title: x, day: 50, set: {policy.detection.inspection_ceiling: 9.0}}\n",
        ["policy.detection.inspection_ceiling", "fixed while a world runs"],
    ),
    "change to something out of range": (
        "extends: cn-2023\nchanges:\n  - {title: x, day: 50, set: {policy.evidence.sensitivity: 1.5}}\n",
        ["mine.yaml: changes", "policy.evidence.sensitivity", "at most 1"],
    ),
    "change of a misspelt lever": (
        "extends: cn-2023\nchanges:\n  - {title: x, day: 50, set: {policy.evidence.sensitivty: 0.5}}\n",
        ["mine.yaml: changes", "'sensitivty' that does not exist here, expected 'sensitivity'"],
    ),
    "campaign above the ceiling": (
        "extends: cn-2023\nchanges:\n  - {title: x, day: 50, set: {policy.detection.inspection_rate: 40.0}}\n",
        ["mine.yaml: changes", "inspections of up to"],
    ),
    "authority over nobody": (
        "extends: cn-2023\npolicy:\n  authorities:\n    - {name: a, tier: national, share: 1.0, classes: [huge]}\n",
        ["authority a", "'huge'", "small"],
    ),
    "cases without an authority": (
        (
            "extends: cn-2023\npolicy:\n  authorities:\n    - {name: a, tier: national, share: 1.0, behaviours:"
            " [consent]}\n"
        ),
        ["no authority over labeling of small providers"],
    ),
    "budget for nothing": (
        "extends: cn-2023\npolicy:\n  authorities:\n    - {name: a, tier: national, share: 1.0, budget: 9000}\n",
        ["mine.yaml:4:53: policy.authorities[0].budget", "budget of authority a", "case_cost above 0"],
    ),
    "shares of reviewers": (
        "extends: cn-2023\npolicy:\n  authorities:\n    - {name: a, tier: national, share: 1.0, reviewers: 0.5}\n",
        ["policy.authorities", "shares of the reviewers that add up to 0.5", "or none at all"],
    ),
    "filings for an office without people": (
        (
            "extends: cn-2023\npolicy:\n  authorities:\n    - {name: a, tier: national, share: 0.5, classes: [small]}\n"
            "    - {name: b, tier: local, share: 0.5, reviewers: 1.0}\n"
        ),
        ["policy.authorities", "no reviewers at a", "filings of small providers"],
    ),
    "shares of authorities": (
        "extends: cn-2023\npolicy:\n  authorities:\n    - {name: a, tier: national, share: 0.5}\n",
        ["shares of the authorities that add up to 0.5", "expected 1"],
    ),
    "failure of nobody": (
        (
            "extends: cn-2023\nsupporters: {count: 3}\nfailures:\n  - {day: 1, days: 5, supporter: 3,"
            " compliance_factor: 0.5}\n"
        ),
        ["mine.yaml:4:34: failures[0].supporter", "failure of supporter 3", "below 3"],
    ),
    "failure beyond the horizon": (
        "extends: cn-2023\nfailures:\n  - {day: 5000, days: 5, supporter: 3, compliance_factor: 0.5}\n",
        ["mine.yaml:3:11: failures[0].day", "day 5000", "before the horizon 1285"],
    ),
    "complaints above their ceiling": (
        "extends: cn-2023\npublic: {false_complaints: 2.0, false_complaint_ceiling: 1.0}\n",
        ["public.false_complaints", "false_complaint_ceiling = 1"],
    ),
    "complaints that rise without a ceiling": (
        "extends: cn-2023\nchanges:\n  - {title: x, day: 50, set: {public.false_complaints: 2.0}}\n",
        ["changes[0].set", "no public.false_complaint_ceiling"],
    ),
    "an hourly clock": ("extends: cn-2023\nclock: hourly\n", ["mine.yaml:2:8: clock", "'hourly'", "'daily'"]),
    "rumours that breach nothing": (
        "extends: cn-2023\nbehaviours:\n  - {name: rumour-refutation, remove: true}\npopulation:\n  classes:\n"
        + "".join(
            f"    - {{name: {size}, compliance: {{rumour-refutation: null}}}}\n"
            for size in ("small", "medium", "large", "giant")
        ),
        ["rumours and no behaviour rumour-refutation"],
    ),
    "too large a market": (
        "extends: cn-2023\npopulation: {scale: 900}\n",
        ["population.providers", "7180 providers at scale 900", "at most 1,048,575"],
    ),
    "filing by the occasion": ("extends: cn-2023\nbehaviours:\n  - {name: filing, rate: 2}\n", ["filing", "standing"]),
}


@pytest.mark.parametrize("case", sorted(BAD_FILES))
def test_mistakes_are_reported_at_their_place(case: str, tmp_path: Path) -> None:
    text, expected = BAD_FILES[case]
    with pytest.raises(ScenarioError) as error:
        load_scenario(written(tmp_path, text))
    for part in expected:
        assert part in str(error.value)


BAD_OVERRIDES: dict[str, tuple[str, Any, list[str]]] = {
    "misspelt field": ("policy.staff.inspektors", 3, ["--set policy.staff.inspektors=3", "'inspectors'"]),
    "misspelt name": ("behaviours.labelling.rate", 3, ["no 'labelling'", "'labeling'"]),
    "misspelt part": ("polcy.staff.inspectors", 3, ["no 'polcy'", "'policy'"]),
    "contradiction": (
        "policy.detection.inspection_rate",
        9,
        ["--set policy.detection.inspection_rate=9: found inspections of up to"],
    ),
    "negative": ("policy.staff.inspectors", -3, ["--set policy.staff.inspectors=-3", "at least 1"]),
    "beyond a value": ("horizon.days", 3, ["single value"]),
    "a whole part": ("policy.staff", 3, ["one of its parts"]),
    "position outside": ("policy.ladder.17.deadline", 3, ["no '17'"]),
}


@pytest.mark.parametrize("case", sorted(BAD_OVERRIDES))
def test_a_bad_override_is_named_as_the_option(case: str) -> None:
    path, value, expected = BAD_OVERRIDES[case]
    with pytest.raises(ScenarioError) as error:
        load_scenario("cn-2023", {path: value})
    for part in expected:
        assert part in str(error.value)


def test_overrides_reach_mappings_lists_and_named_entries() -> None:
    scenario = load_scenario(
        "cn-2023",
        {
            "policy.staff.inspectors": 12,
            "population.classes.small.users": 5.0,
            "population.classes.1.users": 6.0,
            "policy.ladder.2.fine.high": 200_000,
            "policy.ladder.0.sanctions": ["warning"],
            "policy.ladder.0.deadline": 0,
            "policy.targeting.classes.small": 0.5,
        },
    )
    assert scenario.policy.staff.inspectors == 12
    assert [item.users for item in scenario.population.classes[:2]] == [5.0, 6.0]
    assert scenario.policy.ladder[2].fine is not None
    assert scenario.policy.ladder[2].fine.high == 200_000
    assert scenario.policy.targeting.classes["small"] == 0.5


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("a.b=1", ("a.b", 1)),
        ("a=1e-3", ("a", 0.001)),
        ("a=true", ("a", True)),
        ("a = x", ("a", "x")),
        ("a=[1, 2]", ("a", [1, 2])),
    ],
)
def test_overrides_are_read_as_yaml(text: str, parsed: tuple[str, Any]) -> None:
    assert parse_override(text) == parsed


@pytest.mark.parametrize("text", ["a", "=1", "a=", "a=[1"])
def test_an_override_that_is_none(text: str) -> None:
    with pytest.raises(ScenarioError, match="--set"):
        parse_override(text)


def test_the_hash_is_of_numbers_not_of_prose() -> None:
    base = load_scenario("cn-2023")
    assert base.hash == load_scenario("cn-2023").hash
    assert base.hash == Scenario.model_validate({**base.model_dump(), "story": "another"}).hash
    assert base.hash != load_scenario("cn-2023", {"policy.staff.inspectors": 9}).hash


def test_a_file_may_extend_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("extends: cn-2023\nname: base\nhorizon: 77\n", encoding="utf-8")
    scenario = load_scenario(written(tmp_path, "extends: base.yaml\nname: mine\n"))
    assert (scenario.name, scenario.horizon) == ("mine", 77)


def test_files_that_extend_each_other_end_in_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="without end"):
        load_scenario(written(tmp_path, "extends: mine.yaml\n"))


def test_unknown_scenario_is_answered_with_the_closest() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'cn-2023'"):
        load_scenario("cn-2203")
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario("./nowhere.yaml")


def test_inherited_keys_can_be_removed(tmp_path: Path) -> None:
    sizes = "".join(
        f"    - {{name: {size}, compliance: {{consent: null}}}}\n" for size in ("small", "medium", "large", "giant")
    )
    text = (
        "extends: cn-2023\nname: mine\nbehaviours:\n  - {name: consent, remove: true}\npopulation:\n "
        f" classes:\n{sizes}"
    )
    scenario = load_scenario(written(tmp_path, text))
    assert "consent" not in [risk.name for risk in scenario.behaviours]
    assert all("consent" not in item.compliance for item in scenario.population.classes)


def test_changes_make_regimes_that_end() -> None:
    scenario = load_scenario(
        "cn-2023",
        {
            "changes": [
                {"title": "a", "day": 10, "until": 30, "set": {"policy.publicity": 2.0, "policy.referral": 0.5}},
                {"title": "b", "day": 20, "set": {"policy.publicity": 3.0}},
            ]
        },
    )
    regimes = scenario.regimes()
    assert [day for day, _ in regimes] == [0, 10, 20, 30]
    assert [regime.policy.publicity for _, regime in regimes] == [1, 2, 3, 3]
    assert [regime.policy.referral for _, regime in regimes] == [0.002, 0.5, 0.5, 0.002]


def test_a_claim_is_not_inherited(tmp_path: Path) -> None:
    assert load_scenario("campaign-2025").claim is not None
    assert load_scenario(written(tmp_path, "extends: campaign-2025\nname: mine\n")).claim is None


def test_changed_keeps_the_rest() -> None:
    scenario = load_scenario("campaign-2025")
    other = scenario.changed({"policy.staff.inspectors": 5})
    assert other.policy.staff.inspectors == 5
    assert other.changes == scenario.changes
    with pytest.raises(ScenarioError, match="inspectors"):
        scenario.changed({"policy.staff.inspectors": -5})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("supporters.count", 7),
        ("policy.platforms.found", 0.5),
        ("policy.self_report.discount", 0.5),
        ("policy.safe_harbour.offered", True),
        ("policy.publicity", 2.0),
        ("response.handles", 0.1),
        ("stores.store-b.diligence", 0.1),
        ("policy.targeting.lots", 3),
        ("policy.ladder.2.fine.per_violation", 5.0),
    ],
)
def test_every_lever_can_be_set_from_outside(path: str, value: Any) -> None:
    scenario = load_scenario("cn-2023", {path: value})
    assert dict(scenario.parameters())[path] == value
    assert dict(load_scenario("cn-2023").changed({path: value}).parameters())[path] == value


def test_what_the_caller_sets_is_not_changed_by_a_further_path() -> None:
    platforms = [{"name": "one", "share": 1.0, "takedown_lag": 1.0, "misses": 0.0, "fades_after": 9.0}]
    held = {"platforms": platforms, "platforms.one.misses": 0.5}
    assert load_scenario("cn-2023", held).platforms[0].misses == 0.5
    assert platforms[0]["misses"] == 0.0


def test_a_star_addresses_the_entries_that_have_the_rest_of_the_path() -> None:
    changed = load_scenario("cn-2023", {"policy.ladder.*.fine.high": parse_override("x=×2")[1]})
    before = load_scenario("cn-2023")
    fines = [
        (a.fine.high, b.fine.high)
        for a, b in zip(before.policy.steps, changed.policy.steps, strict=True)
        if a.fine and b.fine
    ]
    assert len(fines) == sum(step.fine is not None for step in before.policy.steps) > 1
    assert all(after == 2 * old for old, after in fines)
    assert [step.fine is None for step in changed.policy.steps] == [step.fine is None for step in before.policy.steps]
    with pytest.raises(ScenarioError, match="there is no 'fin'"):
        load_scenario("cn-2023", {"policy.ladder.*.fin.high": 1.0})


def test_a_class_with_less_than_one_member_says_so() -> None:
    assert load_scenario("cn-2023").population.notices == []
    small = load_scenario("cn-2023", {"population.scale": 0.005}).population
    names = [item.name for item in small.classes if 0 < item.share * small.simulated < 1]
    assert names
    for name, sentence in zip(names, small.notices, strict=True):
        assert sentence.startswith(f"{name}: ")
    enough = float(small.notices[-1].split("population.scale to ")[1].split()[0])
    larger = load_scenario("cn-2023", {"population.scale": 1.1 * enough}).population
    assert not any(sentence.startswith(names[-1]) for sentence in larger.notices)
