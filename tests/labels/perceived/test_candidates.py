"""Lines that cannot be labels are not read, and those that can be are read however many others there are."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ..crowds import crowded
from ..lettering import FACES, write

if find_spec("rapidocr") is None:
    pytest.skip("the media extra is missing", allow_module_level=True)

from shenhe.labels.perceived import lines as reading
from shenhe.labels.perceived.candidates import Effort, choose
from shenhe.labels.perceived.recognition import Pixels, TextBox
from shenhe.labels.perceived.visible import look

SIZE = (1000, 1000)


def box(x: float, y: float, width: float, height: float) -> TextBox:
    """A level box by its upper left corner."""
    return TextBox(np.array([x + width / 2, y + height / 2]), np.array([1.0, 0.0]), width / 2, height / 2)


def page(lines: int, *, leading: float = 40.0) -> list[TextBox]:
    return [box(50, 50 + number * leading, 900, 30) for number in range(lines)]


def test_of_running_text_only_the_ends_are_read() -> None:
    lines = page(8)
    choice = choose(lines, SIZE, 1000)
    assert {id(each) for each in choice.inside} == {id(each) for each in lines[1:-1]}
    assert {id(each) for each in choice.then} == {id(lines[0]), id(lines[-1])}
    assert [(id(end), id(inner)) for end, inner in choice.ends] == [
        (id(lines[0]), id(lines[1])),
        (id(lines[-1]), id(lines[-2])),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        page(4),
        page(8, leading=100),
        [box(50, 50 + number * 40, 250, 30) for number in range(8)],
        [box(50, 50 + number * 90, 900, 30 if number % 2 else 60) for number in range(8)],
        [box(20 if number % 2 else 520, 50 + number * 40, 400, 30) for number in range(8)],
    ],
    ids=["few", "far apart", "short", "of two sizes", "in two columns"],
)
def test_other_lines_are_not_running_text(lines: list[TextBox]) -> None:
    assert choose(lines, SIZE, 1000).inside == ()


def test_two_columns_of_running_text_are_two_blocks() -> None:
    lines = [box(20 + 500 * (number % 2), 50 + number // 2 * 40, 400, 30) for number in range(14)]
    choice = choose(lines, SIZE, 1000)
    assert len(choice.inside) == 10
    assert len(choice.ends) == 4


def test_the_same_characters_in_two_columns_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "recognise", lambda crop: ("合", 0.99))
    boxes = [box(100 + 400 * (number % 2), 100 + number // 2 * 70, 60, 60) for number in range(8)]
    pixels: Pixels = np.zeros((*SIZE, 3), np.uint8)
    texts = [line.text for line in reading.read_lines(pixels, boxes).lines]
    assert texts.count("合" * 4) == 2


SIDES = st.floats(3, 900)


@given(st.lists(st.builds(box, SIDES, SIDES, SIDES, st.floats(3, 200)), max_size=40), st.integers(8, 2000))
def test_every_box_is_read_or_left_for_one_reason(boxes: list[TextBox], shortest: int) -> None:
    choice = choose(boxes, SIZE, shortest)
    chosen = [id(each) for each in (*choice.first, *choice.then, *choice.inside)]
    assert len(chosen) == len(set(chosen))
    assert set(chosen) <= {id(each) for each in boxes}
    assert all(id(inner) in {id(each) for each in choice.inside} for _, inner in choice.ends)
    assert all(2 * each.half_depth >= 0.036 * shortest for each in choice.first)


def test_two_characters_are_read_only_beside_others() -> None:
    lone, left, right = box(500, 500, 30, 20), box(50, 50, 30, 20), box(90, 50, 60, 20)
    choice = choose([lone, left, right], SIZE, 1000)
    assert {id(each) for each in (*choice.first, *choice.then)} == {id(left), id(right)}


def test_large_characters_are_read_even_alone() -> None:
    assert len(choose([box(500, 500, 80, 80)], SIZE, 1000).first) == 1


def test_lines_of_the_required_height_are_read_first() -> None:
    small = [box(10 + 90 * (number % 10), 10 + 60 * (number // 10), 60, 20) for number in range(60)]
    large = box(400, 700, 300, 60)
    choice = choose([*small, large], SIZE, 1000)
    assert choice.first == (large,)
    assert len(choice.then) == len(small)


def test_effort_bounds_the_small_lines_and_the_result_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "recognise", lambda crop: ("words", 0.99))
    boxes = [box(10 + 110 * (number % 8), 10 + 60 * (number // 8), 80, 20) for number in range(80)]
    pixels: Pixels = np.zeros((*SIZE, 3), np.uint8)
    result = reading.read_lines(pixels, boxes, effort=Effort(2_000))
    assert 5 <= 80 - result.left_out <= 15
    whole = reading.read_lines(pixels, boxes, effort=Effort(10**6))
    assert whole.left_out == len(boxes) - reading.MOST_LINES


@pytest.mark.costly
@pytest.mark.skipif(not FACES, reason="no font with Chinese letters is installed")
def test_a_label_below_a_page_of_print_is_seen() -> None:
    image = Image.new("RGB", SIZE, "white")
    for number in range(20):
        write(
            image, (40, 30 + number * 39), "本办法所称深度合成技术是指利用深度学习虚拟现实等生成", FACES[0], 24, "black"
        )
    write(image, (560, 900), "本页内容由AI生成", FACES[0], 60, "black")
    seen = look(image)
    assert [sighting.line.text for sighting in seen.labels] == ["本页内容由AI生成"]
    assert not seen.others


@pytest.mark.costly
@pytest.mark.skipif(not FACES, reason="no font with Chinese letters is installed")
def test_a_label_is_seen_among_dozens_of_lines() -> None:
    for scene in crowded(3):
        seen = look(scene.image)
        assert seen.labels, (scene.kind, scene.words, seen.notes)


@pytest.mark.costly
@pytest.mark.skipif(not FACES, reason="no font with Chinese letters is installed")
def test_the_last_line_of_running_text_is_no_label() -> None:
    image = Image.new("RGB", SIZE, "white")
    for number in range(12):
        words = "随着算法的发展与普及越来越多的人在日常工作中开始使用各种工具并且"
        write(image, (40, 30 + number * 39), words, FACES[0], 26, "black")
    write(image, (40, 30 + 12 * 39), "AI生成内容", FACES[0], 26, "black")
    assert look(image).labels == ()
