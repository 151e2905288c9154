"""``shenhe simulate`` and ``shenhe compare``: what a person and a program read."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from shenhe.cli import simulate
from shenhe.core.files import only_writer
from shenhe.simulator import load_scenario
from shenhe.simulator.runs.engines import using
from shenhe.simulator.scenario.loading import parse_override

from ...command_line import shenhe

FEW = ["-n", "3", "--set", "population.providers=60", "--set", "horizon=400"]


def test_list_names_the_shipped_scenarios() -> None:
    code, out, _ = shenhe("simulate", "--list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == sorted(line.split()[0] for line in out.splitlines())
    assert "cn-2022-draft" in out
    rows = json.loads(shenhe("simulate", "--list", "--json")[1])
    assert {"cn-2022-draft", "cn-2023", "no-enforcement"} <= {row["name"] for row in rows}
    assert all(row["story"] and row["sources"] for row in rows)


def test_simulate_prints_a_summary_and_leaves_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    code, out, err = shenhe("simulate", "cn-2023", *FEW, "--out", str(folder))
    assert code == 0
    assert "95 % interval" in out
    assert str(folder) in err
    note = json.loads((folder / "run.json").read_text())
    assert note["command"] == (
        "shenhe simulate cn-2023 --replications 3 --seed 1 --set population.providers=60 --set horizon=400"
    )
    assert note["scenario"]["horizon"] == 400


def test_simulate_json_has_every_metric() -> None:
    code, out, err = shenhe("simulate", "no-enforcement", *FEW, "--json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert document["metrics"]["fines"]["mean"] == 0
    assert document["metrics"]["fine_mean"]["mean"] is None
    assert document["metrics"]["violations"]["lo95"] < document["metrics"]["violations"]["hi95"]


def test_compare_of_a_scenario_with_itself_is_zero() -> None:
    _, out, _ = shenhe("compare", "cn-2023", "cn-2023", *FEW, "--json")
    metrics = json.loads(out)["metrics"]
    assert all(entry["difference"] in (0, None) for entry in metrics.values())
    assert metrics["violations"]["mean_a"] > 0


def test_compare_takes_folders_and_changes_of_one_side(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shenhe("simulate", "cn-2023", *FEW, "--out", str(folder))
    _, out, _ = shenhe("compare", str(folder), str(folder), "--json")
    assert json.loads(out)["metrics"]["violations"]["difference"] == 0
    _, out, _ = shenhe(
        "compare",
        "cn-2023",
        "cn-2023",
        *FEW,
        "--set",
        "horizon=900",
        "--set-b",
        "policy.detection.complaints_taken_up=0",
        "--json",
    )
    assert json.loads(out)["metrics"]["cases_opened"]["difference"] < 0
    code, out, _ = shenhe("compare", "cn-2022-draft", "cn-2023", *FEW)
    assert code == 0
    assert "B" in out
    refused = shenhe("compare", str(folder), str(folder), "--set", "horizon=3")
    assert refused.exit_code == 2
    assert "finished run" in refused.stderr


def test_usage_errors_have_code_2() -> None:
    code, _, err = shenhe("simulate")
    assert code == 2
    assert "expected a scenario name or file" in err
    assert shenhe("simulate", "cn-2023", "-n", "0")[0] == 2
    assert shenhe("simulate", "cn-2023", "-n", "many")[0] == 2
    misspelt, incomplete = shenhe("simulate", "cn-2203"), shenhe("simulate", "cn-2023", "--set", "horizon")
    assert (misspelt.exit_code, incomplete.exit_code) == (2, 2)
    assert "did you mean" in misspelt.stderr
    assert "--set" in incomplete.stderr


def test_a_large_market_reports_its_memory_need_first() -> None:
    scenario = load_scenario("cn-2023", {"population.providers": 1_000_000})
    with using("simpy"):
        said = simulate.memory_needed(scenario, 2, 2)
    assert said.startswith("1,000,000 providers will need about 30.0 GB of memory in each of 2 workers")
    assert "in this machine" in said


# -- comparing what can be compared


def test_compare_lists_differences_and_breaks_outcomes_down() -> None:
    done = shenhe("compare", "cn-2023", "cn-2023", *FEW, "--set-b", "policy.staff.inspectors=×2", "--json")
    document = json.loads(done.stdout)
    assert document["differences"] == [{"path": "policy.staff.inspectors", "a": 80, "b": 160}]
    sizes = {(row["size_class"], row["metric"]): row for row in document["by_size"]}
    total = sum(sizes[name, "violations"]["mean_a"] for name in ("small", "medium", "large", "giant"))
    assert total == pytest.approx(document["metrics"]["violations"]["mean_a"])
    behaviours = [row["mean_a"] for row in document["by_behaviour"] if row["metric"] == "violations"]
    assert sum(behaviours) == pytest.approx(document["metrics"]["violations"]["mean_a"])
    printed = shenhe(
        "compare", "cn-2023", "cn-2023", *FEW, "--set-b", "policy.staff.inspectors=×2", "--by", "behaviour"
    )
    assert "policy.staff.inspectors" in printed.stdout
    assert "Cost to the regulator" in printed.stdout


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (("--set-b", "horizon=200"), "horizon: found 400 days in A and 200 days in B"),
        (("--set-b", "population.providers=30"), "population: found 60 providers (scale 1) in A and 30 providers"),
        (("--set-b", "clock=weekly"), "clock: found continuous in A and weekly in B"),
    ],
)
def test_runs_of_different_worlds_are_compared_only_on_demand(changes: tuple[str, ...], reason: str) -> None:
    refused = shenhe("compare", "cn-2023", "cn-2023", *FEW, *changes)
    assert (refused.exit_code, reason in refused.stderr) == (2, True), refused.stderr
    assert shenhe("compare", "cn-2023", "cn-2023", *FEW, *changes, "--anyway").exit_code == 0


def test_a_run_of_another_model_is_compared_only_on_demand(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shenhe("simulate", "cn-2023", *FEW, "--out", folder)
    note = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(note | {"model_hash": "0" * 64}))
    shenhe("simulate", "cn-2023", *FEW, "--out", tmp_path / "other")
    refused = shenhe("compare", folder, tmp_path / "other")
    assert refused.exit_code == 2
    assert "two versions of the model" in refused.stderr


def test_compare_writes_its_tables(tmp_path: Path) -> None:
    out = tmp_path / "tables"
    assert shenhe("compare", "cn-2023", "cn-2023", *FEW, "--out", out).exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(
        f"{name}.{kind}"
        for name in ("differences", "outcomes", "by-size", "by-behaviour")
        for kind in ("csv", "parquet")
    )
    assert "violations" in (out / "outcomes.csv").read_text()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("policy.staff.inspectors=88", "which is 4.4 and would be rounded to 4; set 80 or 100, or another scale"),
        ("policy.staff.inspectors=×1.001", "set 80 or 81"),
        ("policy.staff.triage=+1", "found 'arrival' there, expected a number that +1 can change"),
        ("behaviours.labeling.rate=1e9", "occasions per replication"),
        ("public.false_complaints=1e9", "occasions per replication"),
    ],
)
def test_a_change_that_would_be_rounded_away_is_refused(change: str, reason: str) -> None:
    done = shenhe("simulate", "cn-2023", "--set", "population.scale=0.05", "--set", change, "-n", "2")
    assert done.exit_code == 2
    assert reason in done.stderr.replace("\n", " "), done.stderr


def test_workable_counts_hold_where_authorities_divide_them() -> None:
    """A tenth of 120 inspectors is 12, and 1.2, 1.2, 2.4 and 7.2 of them are rounded to 11 in all."""
    words = ("simulate", "inspector-crunch", "--set", "population.scale=0.1", "-n", "1")
    refused = shenhe(*words, "--set", "policy.staff.inspectors=120")
    assert "set 110 or 130, or another scale" in refused.stderr.replace("\n", " ")
    for number in (110, 130):
        change = {"population.scale": 0.1, "policy.staff.inspectors": number}
        assert (
            load_scenario("inspector-crunch", change, exact=True).whole_counts()["policy.staff.inspectors"][1]
            == number / 10
        )


def test_outcomes_by_authority_add_up_to_those_of_the_market() -> None:
    words = ("compare", "inspector-crunch", "inspector-crunch", "--set", "population.scale=0.1", "--set", "horizon=400")
    done = shenhe(*words, "--set-b", "policy.staff.case_cost=×2", "-n", "2", "--by", "authority", "--json")
    data = json.loads(done.stdout)
    by = pd.DataFrame(data["by_authority"])
    whole = data["metrics"]
    for metric, total in (("cases", "cases_opened"), ("sanctioned", "cases_sanctioned")):
        for side in ("mean_a", "mean_b"):
            assert by.loc[by["metric"] == metric, side].sum() == pytest.approx(whole[total][side])
    spent = by[by["metric"] == "spent"]
    assert spent["mean_b"].sum() == pytest.approx(2 * spent["mean_a"].sum())
    small = by[(by["authority"] == "public-security") & (by["metric"] == "violations")]
    assert 0 < small["mean_a"].item() < by.loc[by["metric"] == "violations", "mean_a"].sum()


def test_a_breakdown_by_authority_needs_authorities() -> None:
    done = shenhe("compare", "cn-2023", "cn-2023", *FEW, "--by", "authority")
    assert done.exit_code == 2
    assert "policy.authorities" in done.stderr


def test_relative_and_wildcard_changes() -> None:
    sets = dict(
        map(
            parse_override,
            ("policy.staff.inspectors=+40", "population.classes.*.activity=×2", "behaviours.*.rate=+50%"),
        )
    )
    plain, changed = load_scenario("cn-2023"), load_scenario("cn-2023", sets)
    assert changed.policy.staff.inspectors == plain.policy.staff.inspectors + 40
    assert [c.activity for c in changed.population.classes] == [2 * c.activity for c in plain.population.classes]
    assert [b.rate for b in changed.behaviours] == pytest.approx([1.5 * b.rate for b in plain.behaviours])


def test_fewer_replications_never_cut_a_finished_run(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shenhe("simulate", "cn-2023", *FEW, "--out", folder)
    refused = shenhe("simulate", "cn-2023", *FEW, "-n", "2", "--out", folder)
    assert refused.exit_code == 2
    assert "holds 3 finished replications" in refused.stderr
    assert shenhe("compare", folder, folder).exit_code == 0


def test_a_damaged_note_does_not_lose_the_parts(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shenhe("simulate", "cn-2023", *FEW, "--out", folder)
    before = {path.name: path.stat().st_mtime_ns for path in (folder / "parts").iterdir()}
    (folder / "run.json").write_text("{")
    assert shenhe("simulate", "cn-2023", *FEW, "--out", folder).exit_code == 0
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "parts").iterdir()} == before
    assert (folder / "run.json.damaged").read_text() == "{"


def test_two_runs_never_share_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with only_writer(folder):
        refused = shenhe("simulate", "cn-2023", *FEW, "--out", folder)
    assert refused.exit_code == 2
    assert "another process runs a simulation into this folder" in refused.stderr
    assert shenhe("simulate", "cn-2023", *FEW, "--out", folder).exit_code == 0


def test_a_scenario_may_have_a_chinese_name(tmp_path: Path) -> None:
    file = tmp_path / "情景.yaml"
    file.write_text("extends: cn-2023\nname: 深圳试点\n", encoding="utf-8")
    done = shenhe("simulate", file, *FEW, "--json")
    assert json.loads(done.stdout)["scenario"] == "深圳试点"


@pytest.mark.parametrize("words", [("cn-2023", "nothere"), ("cn-2023", "cn-2023", "--out", "{file}/under")])
def test_compare_checks_everything_before_it_simulates(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("shenhe.cli.compare.run_scenario", lambda *_: pytest.fail("simulated before checking"))
    done = shenhe("compare", *(word.replace("{file}", str(tmp_path / "file")) for word in words))
    assert done.exit_code == 2


def test_prices_are_an_input_and_none_is_assumed() -> None:
    market = ("--set", "population.providers=40", "--set", "horizon=300", "--set-b", "policy.staff.inspectors=160")
    common = ("compare", "cn-2023", "cn-2023", *market, "-n", "3", "--seed", "2", "--json")
    assert json.loads(shenhe(*common).stdout)["priced"] == []
    priced = json.loads(shenhe(*common, "--price", "harm=2", "--price", "wrongful_sanctions=50000").stdout)
    rows = {row["metric"]: row for row in priced["priced"]}
    assert list(rows) == ["regulator_cost", "harm", "wrongful_sanctions", "total"]
    assert rows["harm"]["difference"] == pytest.approx(2 * priced["metrics"]["harm"]["difference"])
    parts = [rows[name]["difference"] for name in ("regulator_cost", "harm", "wrongful_sanctions")]
    assert rows["total"]["difference"] == pytest.approx(sum(parts))
    assert rows["total"]["lo95"] is None, "harm has no interval of its mean with so few violations"
    alone = json.loads(shenhe(*common, "--price", "wrongful_sanctions=50000").stdout)["priced"][-1]
    assert alone["lo95"] <= alone["difference"] <= alone["hi95"]


@pytest.mark.parametrize(
    ("price", "message"),
    [
        ("harms=1", "did you mean 'harm'?"),
        ("harm", "expected OUTCOME=RMB"),
        ("harm=much", "expected OUTCOME=RMB"),
        ("harm=nan", "expected RMB per unit"),
        ("regulator_cost=2", "always counts"),
    ],
)
def test_a_price_of_nothing_is_refused_before_the_run(
    price: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shenhe.cli.compare.run_scenario", lambda *_: pytest.fail("it ran"))
    result = shenhe("compare", "cn-2023", "cn-2023", "--price", price)
    assert result.exit_code == 2
    assert message in result.output
