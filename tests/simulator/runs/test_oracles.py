"""Closed forms. Each reading states its standard error; |z| < 4 fails by chance once in sixteen thousand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from shenhe.simulator.validation.oracles import ORACLES, Reading, erlang_c_wait


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.__name__)
def test_model_gives_the_closed_form(oracle: Callable[..., Reading]) -> None:
    reading = oracle(2023, 0.3)
    assert reading.error > 0
    # an error as large as the figure would prove nothing
    assert reading.error < 0.1 * reading.expected
    assert abs(reading.z) < 4, reading


def test_erlangs_formula_for_one_server_is_that_of_mm1() -> None:
    assert erlang_c_wait(0.8, 1.0, 1) == pytest.approx(0.8 / (1 - 0.8))


def test_erlangs_formula_against_tabulated_value() -> None:
    """M/M/2 at load 1: P(wait) = 1/3, mean wait 1/3."""
    assert erlang_c_wait(1.0, 1.0, 2) == pytest.approx(1 / 3)
    assert math.isclose(erlang_c_wait(3.2, 1.0, 4), 0.745541, rel_tol=1e-5)
