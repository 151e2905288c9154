"""Drawn cases: bounded, repeatable, minimal, and leaving nothing behind."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from shenhe.conformance.checks.outcome import NotJudged, Undecided, Violation
from shenhe.conformance.checks.requests import picture, pictures, prompts, statements, tone, tones
from shenhe.conformance.engine.cases.examples import explore, undisturbed


def _drawn(seed: int, examples: int = 20) -> list[str]:
    seen: list[str] = []
    with undisturbed():
        explore(seen.append, prompts(), seed=seed, examples=examples)
    return seen


def test_the_same_seed_draws_the_same() -> None:
    assert _drawn(7) == _drawn(7)
    assert _drawn(7) != _drawn(8)


def test_loaded_modules_do_not_change_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis takes constants out of whatever local module is loaded; while a run lasts it must not."""
    before = _drawn_integers()
    module = types.ModuleType("local_constants")
    source = tmp_path / "local_constants.py"
    source.write_text("VALUES = [123456789, 987654321, 555555555]\n")
    module.__file__ = str(source)
    monkeypatch.setitem(sys.modules, "local_constants", module)
    assert _drawn_integers() == before


def _drawn_integers() -> list[int]:
    seen: list[int] = []
    with undisturbed():
        explore(seen.append, st.integers(), seed=3, examples=100)
    return seen


def test_the_place_where_constants_are_pinned_is_still_there() -> None:
    """Should this fail, Hypothesis has moved it: find the new place, or seeds no longer repeat."""
    assert callable(providers._get_local_constants)
    with undisturbed():
        constants = providers._get_local_constants()
        assert not any((constants.integers, constants.strings, constants.bytes, constants.floats))


def test_nothing_is_written_to_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with undisturbed():
        explore(lambda _: None, st.text(), seed=0, examples=10)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_is_made_small() -> None:
    def judge(value: int) -> None:
        if value > 1000:
            raise Violation(f"saw {value}")

    with undisturbed():
        found = explore(judge, st.integers(), seed=1, examples=200)
    assert found.failing == 1001
    assert str(found.violation) == "saw 1001"
    assert not found.flaky


def test_shrinking_is_bounded_and_keeps_the_best() -> None:
    runs = 0

    def judge(value: list[int]) -> None:
        nonlocal runs
        runs += 1
        if sum(value) > 10_000:
            raise Violation("too much")

    with undisturbed():
        found = explore(judge, st.lists(st.integers(0, 9999)), seed=2, examples=500, shrinks=5)
    assert found.failing is not None
    assert sum(found.failing) > 10_000
    assert runs <= found.ran + 5


def test_a_failure_that_does_not_recur_is_flaky() -> None:
    failed = False

    def judge(value: int) -> None:
        nonlocal failed
        if value > 5 and not failed:
            failed = True
            raise Violation("once")

    with undisturbed():
        assert explore(judge, st.integers(), seed=1, examples=100).flaky


def test_examples_that_ran_are_counted() -> None:
    with undisturbed():
        assert explore(lambda _: None, st.booleans(), seed=0, examples=100).ran == 2

        def declined(value: int) -> None:
            raise NotJudged("no")

        assert explore(declined, st.integers(), seed=0, examples=10).ran == 0


def test_an_undecided_case_ends_the_search() -> None:
    runs = 0

    def judge(value: int) -> None:
        nonlocal runs
        runs += 1
        raise Undecided("no answer")

    with undisturbed():
        found = explore(judge, st.integers(), seed=0, examples=100)
    assert runs == 1
    assert found.undecided is not None
    assert found.failing is None


def test_another_exception_is_the_callers() -> None:
    def judge(value: int) -> None:
        raise ZeroDivisionError

    with undisturbed(), pytest.raises(ZeroDivisionError):
        explore(judge, st.integers(), seed=0, examples=10)


def test_media_match_their_type() -> None:
    from io import BytesIO

    from PIL import Image

    image = Image.open(BytesIO(picture(40, 30).data))
    assert (image.format, image.size) == ("PNG", (40, 30))
    image.load()
    import wave

    with wave.open(BytesIO(tone(0.5).data)) as sound:
        assert sound.getnframes() / sound.getframerate() == 0.5

    def judge(drawn: tuple[object, ...]) -> None:
        assert len(drawn) == 3

    with undisturbed():
        explore(judge, st.tuples(pictures(), tones(), statements()), seed=0, examples=5)
