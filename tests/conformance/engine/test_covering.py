"""Covering arrays hold every combination, in few rows."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from shenhe.conformance.engine.cases.covering import covering

FACTORS = {"size": ("s", "m", "l"), "quality": ("draft", "full"), "style": ("a", "b", "c", "d"), "seed": (1, 2)}


@pytest.mark.parametrize("strength", [1, 2, 3, 4])
def test_every_combination_occurs(strength: int) -> None:
    rows = covering(FACTORS, strength)
    for names in combinations(FACTORS, strength):
        wanted = set(product(*(FACTORS[name] for name in names)))
        assert {tuple(row[name] for name in names) for row in rows} == wanted


def test_pairs_take_far_fewer_rows_than_all_combinations() -> None:
    assert len(covering(FACTORS)) <= 14
    assert len(covering(FACTORS, 4)) == 48


def test_the_first_row_is_the_plainest() -> None:
    assert covering(FACTORS)[0] == {"size": "s", "quality": "draft", "style": "a", "seed": 1}


def test_a_factor_without_values_is_left_out() -> None:
    assert covering({"size": ("s",), "none": ()}) == [{"size": "s"}]
    assert covering({}) == []
