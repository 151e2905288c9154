"""A listed case that fails is reduced to what sets it apart from one that passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from shenhe.conformance.checks.outcome import Case
from shenhe.conformance.engine.cases.narrowing import MOST_TRIES, narrowed
from shenhe.conformance.entities import Media


@dataclass(frozen=True)
class Asked(Case):
    prompt: str = "a lake"
    turns: tuple[str, ...] = ()
    size: int = 1
    media_type: str = "image/png"
    source: Media | None = None
    declared: bool = False


PLAIN = Asked("image")
LONG = "写一首关于秋天的诗，" * 20
CASES: dict[str, tuple[Asked, Callable[[Asked], bool], str]] = {
    "length": (replace(PLAIN, prompt=LONG), lambda case: len(case.prompt) > 70, "prompt has 71 characters or more"),
    "character": (
        replace(PLAIN, prompt="please draw a café by the sea"),
        lambda case: not case.prompt.isascii(),
        "prompt contains 'é'",
    ),
    "word": (
        replace(PLAIN, prompt="a picture, no watermark please, of a lake"),
        lambda case: "no watermark" in case.prompt,
        "prompt contains 'no watermark'",
    ),
    "nothing": (replace(PLAIN, prompt=""), lambda case: not case.prompt, "prompt is empty"),
    "turns": (
        replace(PLAIN, turns=("a", "b", "c", "d", "e", "f")),
        lambda case: len(case.turns) > 3,
        "turns: 4 or more of them",
    ),
    "number": (replace(PLAIN, size=4096), lambda case: case.size >= 1025, "size is 1025 or more"),
    "format": (
        replace(PLAIN, media_type="image/webp", prompt=LONG, size=9),
        lambda case: case.media_type != "image/png",
        "media type is 'image/webp'",
    ),
    "two at once": (
        replace(PLAIN, media_type="image/webp", size=9),
        lambda case: case.media_type != "image/png" and case.size > 4,
        "size is 5 or more; media type is 'image/webp'",
    ),
    "yes or no": (replace(PLAIN, declared=True), lambda case: case.declared, "declared is true"),
    "file": (
        replace(PLAIN, source=Media(b"12345", "audio/wav")),
        lambda case: case.source is not None,
        "source is a file of type audio/wav and 5 bytes",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_difference_is_named_and_the_case_is_the_smallest(name: str) -> None:
    case, fails, expected = CASES[name]
    found = narrowed(case, PLAIN, fails)
    assert found.difference == expected
    assert fails(found.case)
    assert len(found.case.prompt) <= len(case.prompt)


def test_fields_that_do_not_matter_are_set_back() -> None:
    case = replace(PLAIN, prompt=LONG, turns=("a", "b"), size=7)
    assert narrowed(case, PLAIN, lambda case: case.size > 6).case == replace(PLAIN, size=7)


def test_narrowing_is_bounded_and_claims_nothing_that_it_did_not_try() -> None:
    tried: list[Asked] = []

    def fails(case: Asked) -> bool:
        tried.append(case)
        return len(case.prompt) >= 54_321

    found = narrowed(replace(PLAIN, prompt="x" * 100_000), PLAIN, fails)
    assert len(tried) <= MOST_TRIES
    assert "or more" not in found.difference
    assert len(found.case.prompt) >= 54_321
