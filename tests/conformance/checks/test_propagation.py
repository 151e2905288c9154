"""Files that are brought to platforms, and how their lives are crossed."""

from __future__ import annotations

import itertools

import pytest

from shenhe.conformance.checks.labels.propagation import ELSEWHERE, IS, brought, tier
from shenhe.conformance.checks.own_files import labelled, makeable, own_file, places, uploadable
from shenhe.conformance.provider import Capabilities
from shenhe.labels import ImplicitFields, read_labels

FIELDS = ImplicitFields(ELSEWHERE, "E1", label="2", reserved_code1="R1")


@pytest.mark.parametrize(
    ("media_type", "place"), [(media_type, place) for media_type in makeable() for place in places(media_type)]
)
def test_every_file_carries_its_label_in_the_place_named(media_type: str, place: str) -> None:
    plain = own_file(media_type, (10, 20, 30))
    assert plain.media_type == media_type
    assert not read_labels(plain.data, media_type=media_type).implicit
    (label,) = read_labels(labelled(plain, FIELDS, place).data, media_type=media_type).aigc
    assert dict(label.fields) == FIELDS.as_dict()
    assert label.strict, label.deviations


@pytest.mark.parametrize("media_type", makeable())
def test_no_two_files_are_alike(media_type: str) -> None:
    assert own_file(media_type, (10, 20, 30)).data != own_file(media_type, (90, 20, 130)).data


@pytest.mark.parametrize("media_type", makeable())
def test_large_files_are_larger_than_a_beginning(media_type: str) -> None:
    """A reader that stops after 64 KiB has not read all of it. The same colour makes the same file."""
    large = own_file(media_type, (10, 20, 30), large=True)
    assert len(large.data) > 64 * 1024
    assert large == own_file(media_type, (10, 20, 30), large=True)


def test_files_that_say_that_they_are_generated_come_in_both_sizes() -> None:
    cases = list(brought(Capabilities(frozenset(), uploads=("image/png", "image/jpeg", "audio/wav"))))
    kinds = {(case.media_type, case.place) for case in cases if case.value}
    both = {((case.media_type, case.place), case.large) for case in cases if case.value == IS}
    assert both == set(itertools.product(kinds, (False, True)))
    assert {(case.value, case.large) for case in cases} == set(itertools.product(("", "1", "2", "3"), (False, True)))


def test_every_kind_of_file_meets_every_claim() -> None:
    capabilities = Capabilities(frozenset(), uploads=("image/png", "image/jpeg", "audio/wav", "text/plain"))
    cases = list(brought(capabilities))
    kinds = {(case.media_type, case.place) for case in cases if case.value}
    claims = {(case.value, case.declared) for case in cases if case.value}
    met = {((case.media_type, case.place), (case.value, case.declared)) for case in cases}
    assert len(kinds) == 5
    assert set(itertools.product(kinds, claims)) <= met
    assert {case.media_type for case in cases if not case.value} == set(capabilities.uploads)
    assert len(cases) == len(set(cases))


def test_only_what_is_taken_is_brought() -> None:
    assert uploadable(Capabilities(frozenset(), uploads=("audio/wav", "application/pdf"))) == ["audio/wav"]
    assert uploadable(Capabilities(frozenset())) == ["image/png"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("本内容属于人工智能生成合成内容", "1"),
        ("作者声明：可能含有AI合成内容", "2"),
        ("This content is suspected to be AI-generated.", "3"),
        ("A lake at dawn", None),
        ("AI news of the day", None),
    ],
)
def test_notices_are_told_apart(words: str, expected: str | None) -> None:
    assert tier(words) == expected
