"""``shenhe simulate`` and ``shenhe compare``: what a person and a program read."""

from __future__ import annotations

import json
from pathlib import Path

from shenhe.cli import simulate
from shenhe.simulator import load_scenario
from shenhe.simulator.runs.engines import using

from ..command_line import shenhe

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
        "compare", "cn-2023", "cn-2023", *FEW, "--set-b", "policy.detection.complaints_taken_up=0", "--json"
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


def test_a_large_market_says_what_it_needs_before_it_starts() -> None:
    scenario = load_scenario("cn-2023", {"population.providers": 1_000_000})
    with using("simpy"):
        said = simulate.memory_needed(scenario, 2, 2)
    assert said.startswith("1,000,000 providers will need about 30.0 GB of memory in each of 2 workers")
    assert "in this machine" in said
