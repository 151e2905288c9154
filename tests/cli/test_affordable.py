"""How many paid calls a budget allows, and what a run that needs more says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import typer

from shenhe.cli.plan import affordable, print_plan


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A provider whose run needs ten paid calls."""
    plan = SimpleNamespace(requests=1200, paid=10, calls={"generate": 10, "publish": 1190})
    monkeypatch.setattr("shenhe.conformance.engine.rehearsal.plan_of", lambda *_, **__: plan)
    monkeypatch.setattr("shenhe.conformance.engine.target.target_of", lambda _: None)
    return object()


@pytest.mark.parametrize(
    ("cost", "most", "calls"),
    [(0.3, None, 3), (0.3, 2, 2), (0.3, 50, 3), (1.0, None, 10), (5.0, None, 50), (0.0, None, 0)],
)
def test_a_budget_buys_whole_calls(provider: Any, cost: float, most: int | None, calls: int) -> None:
    assert affordable(provider, {}, 0.1, cost, most) == calls


def test_a_run_that_needs_more_is_announced(provider: Any, capsys: pytest.CaptureFixture[str]) -> None:
    affordable(provider, {}, 0.1, 0.3, None)
    assert "this run needs about 10 paid calls (1.00); only 3 are made" in capsys.readouterr().err
    affordable(provider, {}, 0.1, 1.0, None)
    assert capsys.readouterr().err == ""


def test_a_person_may_decline_a_run_that_needs_more(provider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    questions: list[str] = []

    def decline(question: str, **_: Any) -> None:
        questions.append(question)
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", decline)
    with pytest.raises(typer.Abort):
        affordable(provider, {}, 0.1, 0.3, None)
    assert "and 0.3 buys 3" in questions[0]


@pytest.mark.parametrize("price", [None, 0.0])
def test_a_budget_needs_a_price(provider: Any, price: float | None) -> None:
    with pytest.raises(typer.BadParameter, match="--price"):
        affordable(provider, {}, price, 1.0, None)


def test_a_plan_lists_calls_and_cost(provider: Any, capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(provider, {}, 0.5, workers=1, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "about 1,200 requests, 10 of them paid calls (generate, edit)",
        "about 5.00 at 0.5 per paid call",
    ]
    assert "target.seconds" in lines[2]
    assert lines[3] == "  generate             10"
    print_plan(provider, {}, None, workers=1, as_json=False)
    assert "per paid call" not in capsys.readouterr().out
