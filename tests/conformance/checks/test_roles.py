"""Roles of targets: the operations that each has, the rules that bind it, and the checks that concern it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import cast

import pytest

from shenhe.conformance.bindings import BindingError, load_binding
from shenhe.conformance.checks import all_checks
from shenhe.conformance.engine.selection import chosen_rules
from shenhe.conformance.operations import Operation, TargetRole
from shenhe.conformance.provider import Capabilities, Provider
from shenhe.conformance.roles import COMMON, GROUPS, OBLIGORS, operations_of
from shenhe.rulebook import Obligor, load_rulebook

ON = date(2026, 9, 1)


def test_every_operation_is_of_some_role_and_a_method_of_provider() -> None:
    assert operations_of(TargetRole) == frozenset(Operation)
    assert all(callable(getattr(Provider, operation.value)) for operation in Operation)


def test_every_method_of_a_group_is_an_operation() -> None:
    names = {operation.value for operation in Operation}
    for group in {group for groups in GROUPS.values() for group in groups}:
        methods = {name for name, member in vars(group).items() if callable(member) and not name.startswith("_")}
        assert methods <= names, group


def test_every_role_has_the_common_groups_and_an_obligor() -> None:
    assert GROUPS.keys() == OBLIGORS.keys() == set(TargetRole)
    assert all(set(COMMON) <= set(groups) for groups in GROUPS.values())


@pytest.mark.parametrize("role", TargetRole)
def test_rules_are_chosen_by_obligor(role: TargetRole) -> None:
    chosen = chosen_rules(load_rulebook(), Capabilities(frozenset(), roles=(role,)), None, None, ON)
    assert chosen
    obligors = {OBLIGORS[role]} | ({Obligor.USER} if role is not TargetRole.STORE else set())
    assert all(obligors & set(rule.obligors) for rule in chosen.values())


def test_several_roles_are_bound_by_the_rules_of_each() -> None:
    book = load_rulebook()

    def rules(*roles: TargetRole) -> set[str]:
        return set(chosen_rules(book, Capabilities(frozenset(), roles=roles), None, None, ON))

    assert rules(TargetRole.STORE, TargetRole.PLATFORM) == rules(TargetRole.STORE) | rules(TargetRole.PLATFORM)


def test_a_check_of_another_role_does_not_concern_a_store() -> None:
    store = Capabilities(frozenset(), roles=(TargetRole.STORE,))
    generating = [check for check in all_checks() if Operation.GENERATE in check.needs]
    assert generating
    for check in generating:
        absent = check.absent(store)
        assert absent is not None
        assert not absent.required, check.name


def test_an_operation_of_no_role_of_the_target_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "binding.yaml"
    path.write_text(
        "target: {name: T, base_url: http://127.0.0.1:9, roles: [provider]}\n"
        "operations: {relist_app: {path: '/apps/{{ app.id }}/relist'}}\n",
        encoding="utf-8",
    )
    with pytest.raises(BindingError, match=r"found relist_app, an operation of a store; expected that role"):
        load_binding(path, environ={})


@pytest.mark.parametrize(
    ("operation", "state", "word"), [("report", "listed", "received"), ("app_status", "upheld", "in-review")]
)
def test_states_are_those_of_the_operation(operation: str, state: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "binding.yaml"
    path.write_text(
        "target: {name: T, base_url: http://127.0.0.1:9, roles: [store]}\n"
        f"operations: {{{operation}: {{path: /x, extract: {{id: id, state: s}}, states: {{{state}: [A]}}}}}}\n".replace(
            "id: id, ", "id: id, " if operation == "report" else ""
        ),
        encoding="utf-8",
    )
    with pytest.raises(BindingError) as caught:
        load_binding(path, environ={})
    assert f"found '{state}', expected one of: {word}" in str(cast(BindingError, caught.value))
