from __future__ import annotations

import doctest
import importlib
import math

import pytest

from shenhe.reports.quantities import change, change_interval, interval, quantity


@pytest.mark.parametrize("module", ["reports.quantities", "core.text"])
def test_the_examples_in_the_documentation_hold(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"shenhe.{module}")).failed == 0


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0, "", "0"),
        (-0.0, "", "0"),
        (5530380000.0, "RMB", "5.53 billion"),
        (999.6, "", "1,000"),
        (0.00004, "", "0.000040"),
        (-0.00000123, "", "−0.0000012"),
        (0.000000015, "share", "0.0000015 %"),
        (1.5e-9, "", "1.5e−09"),
        (-1234.5, "", "−1,234"),
        (1.0, "share", "100 %"),
        (math.inf, "", "–"),
    ],
)
def test_a_number_has_few_significant_figures(value: float, unit: str, words: str) -> None:
    assert quantity(value, unit) == words


def test_an_interval_of_one_replication_is_a_dash() -> None:
    assert interval(math.nan, math.nan) == "–"
    assert change_interval(math.nan, 1.0, "share") == "–"


def test_no_change_is_zero_without_a_sign() -> None:
    assert change(-0.0) == "0"
    assert change_interval(0.0, 0.0) == "0 to 0"
