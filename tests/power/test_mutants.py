"""Mutants of the sample are changes, and those that were killed stay killed."""

from __future__ import annotations

import ast
import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ..sampling import commit
from .mutants import __main__ as command
from .mutants import trying
from .mutants.lawful import lawful
from .mutants.loading import SUBJECTS, Subject, copied, source
from .mutants.operators import OPERATORS, mutants_of, mutated
from .mutants.trying import Baseline, Tried, all_mutants, tried

KILLED: dict[str, str] = json.loads((Path(__file__).parent / "mutants" / "killed.json").read_text(encoding="utf-8"))
#: Of the killed mutants, so many are tried at each commit.
FEW = 6
SOURCE = """
LIMIT = 3

def allowed(house, account, number):
    if FaultName.ANYTHING in house.faults:
        return True
    if account is None or number > LIMIT:
        raise Refusal(403)
    house.note(account, number)
    return number in (1, 2) and house.store.row("SELECT 1 FROM t WHERE id = ? AND account = ?", number, account)
"""


def test_branches_of_faults_are_folded_away() -> None:
    assert "FaultName" not in ast.unparse(lawful(ast.parse(SOURCE)))


FOLDED = """
KEPT, LATE = 1, 72

def share(house, row):
    late, spared = 0, False
    leak = {"link": FaultName.ANYTHING}.get(row)
    named = FaultName.ANYTHING in house.faults
    back = "page" if FaultName.ANOTHER in house.faults else None
    if _overlooks(house, row) or not named:
        row = KEPT if back is None else LATE
    if named or not house.faults.isdisjoint({FaultName.ANYTHING}):
        raise Refusal(403)
    return row

def _overlooks(house, row):
    if row["shared"]:
        return FaultName.THIRD in house.faults
    return False
"""


def test_what_follows_from_faults_is_folded_away_too() -> None:
    assert ast.unparse(lawful(ast.parse(FOLDED))) == (
        "KEPT, LATE = (1, 72)\n\ndef share(house, row):\n    late, spared = (0, False)\n    row = KEPT\n    return row"
    )


def test_tables_of_faults_are_folded_away() -> None:
    code = (
        "def shows(self, age):\n    late = {FaultName.LATE: age < 72}\n"
        "    if any(late.get(each) for each in self.faults):\n        return False\n    return age > 12"
    )
    assert ast.unparse(lawful(ast.parse(code))) == "def shows(self, age):\n    return age > 12"


def test_rows_of_a_table_keep_their_length() -> None:
    code = 'ROUTES = (("GET", "/apps"), ("POST", "/apps"))\nSURFACES = ("page", "link")'
    shown = [mutant.original for mutant in mutants_of("module", ast.parse(code)) if mutant.operator == "element"]
    assert shown == ["(('GET', '/apps'), ('POST', '/apps'))"] * 2 + ["('page', 'link')"] * 2


def test_arguments_of_different_types_are_not_swapped() -> None:
    keys = [mutant.key for mutant in all_mutants(SUBJECTS["platform"]) if mutant.operator == "arguments"]
    assert not any("publication.found(house, target)" in key for key in keys)
    assert any("arguments 3 and 4 swapped:_open_ticket(house, caller, kind, target" in key for key in keys)


def test_a_platform_has_no_mutants_of_what_only_a_generator_runs() -> None:
    functions = {mutant.function for mutant in all_mutants(SUBJECTS["platform"]) if mutant.module == "domain.studio"}
    assert functions == {"take_in"}


def test_a_stale_cache_works_in_a_house_without_a_database() -> None:
    tree = ast.parse("def told(house, words: str) -> str:\n    return words + house.name")
    (mutant,) = [mutant for mutant in mutants_of("module", tree) if mutant.operator == "cache"]
    names: dict[str, Any] = {}
    exec(compile(mutated(tree, mutant), "module", "exec"), names)
    house = SimpleNamespace(name="a")
    assert names["told"](house, "x") == "xa"
    house.name = "b"
    assert names["told"](house, "x") == "xa"


@pytest.mark.parametrize(("verdict", "status"), [("pass", "survived"), ("inconclusive", "inconclusive")])
def test_a_check_that_decides_more_than_alone_notices_nothing(
    monkeypatch: pytest.MonkeyPatch, verdict: str, status: str
) -> None:
    subject = SUBJECTS["store"]
    mutant = all_mutants(subject)[0]
    result = SimpleNamespace(name="watches", verdict=verdict, reason="nothing was seen")
    monkeypatch.setattr(trying, "run", lambda *arguments, **options: SimpleNamespace(checks=[result]))
    alone = {"pass": "inconclusive", "inconclusive": "pass"}[verdict]
    reached = {"watches": frozenset({(mutant.module, mutant.statement or 0)})}
    assert tried(mutant, Baseline({"watches": alone}, reached, {"watches": 0.0}), subject).status == status


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=lambda subject: subject.name)
def test_lawful_code_can_be_loaded(subject: Subject) -> None:
    with copied({module: source(module) for module in subject.modules}, subject=subject) as create:
        assert create() is not None


def test_names_that_change_are_not_folded() -> None:
    code = "def f(house, rows):\n    found = False\n    for row in rows:\n        found = True\n    return found"
    assert ast.unparse(lawful(ast.parse(code))) == code


@pytest.mark.parametrize("operator", sorted(set(OPERATORS) - {"cache"}))
def test_each_operator_changes_the_code(operator: str) -> None:
    tree = lawful(ast.parse(SOURCE))
    found = [mutant for mutant in mutants_of("module", tree) if mutant.operator == operator]
    assert found
    for mutant in found:
        changed = mutated(tree, mutant)
        compile(changed, "module", "exec")
        assert ast.unparse(changed) != ast.unparse(tree), mutant


def test_keys_are_unique_and_say_where_the_change_is() -> None:
    mutants = all_mutants()
    assert len({mutant.key for mutant in mutants}) == len(mutants) > 1000


def test_most_killed_mutants_are_still_there() -> None:
    keys = {mutant.key for mutant in all_mutants()}
    assert sum(key in keys for key in KILLED) >= len(KILLED) * 0.7


@pytest.mark.costly
def test_killed_mutants_stay_killed() -> None:
    known = {mutant.key: mutant for mutant in all_mutants() if mutant.key in KILLED}
    chosen = random.Random(commit()).sample(sorted(known), min(FEW, len(known)))
    for key in chosen:
        check, mutant = KILLED[key], known[key]
        reached = {check: frozenset({(mutant.module, mutant.statement or 0)})}
        found = tried(mutant, Baseline({check: "pass"}, reached, {check: 0.0}))
        assert found.status == "killed", (key, found)


def test_classes_of_survivors_have_reasons() -> None:
    classes = {"equivalent", "no law", "lawful", "limit", "caught now"}
    meanings = command._meanings()
    assert {each["class"] for each in meanings} <= classes
    assert all(each["why"].endswith(".") for each in meanings)
    key = "app:Desk.report:arguments:arguments 5 and 6 swapped:…"
    assert command.meaning_of(key)[0] == "no law"
    assert command.meaning_of("module:new:change") == (command.UNCLASSIFIED, "")


def test_survivors_that_nobody_classified_count_against_the_checks() -> None:
    mutants = all_mutants()[:3]
    rows = [
        command.row(Tried(mutants[0], "killed", "a_check")),
        {**command.row(Tried(mutants[1], "survived")), "key": "new:one"},
        {**command.row(Tried(mutants[2], "survived")), "key": "app:Desk.ticket:constant"},
    ]
    assert (
        "Of 2 mutants that a rule speaks of and that a check passed or failed, 1 are killed (50%)."
        in command.markdown(rows)
    )


def test_results_are_a_table_with_survivors() -> None:
    mutants = all_mutants()[:2]
    rows = [command.row(Tried(mutants[0], "killed", "a_check")), command.row(Tried(mutants[1], "survived"))]
    table = command.markdown(rows)
    assert "| all | 2 | 1 | 1 |" in table
    assert f"`{mutants[1].module}.{mutants[1].function}`" in table
