"""Labels of every look and direction are seen; scenes that only speak of AI show none.

A sample of what `make label-quality` measures whole.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from shenhe.labels import read_text_labels
from shenhe.labels.meaning.wording import judge

from ...sampling import drawn
from .. import scenes, wordings
from ..lettering import FACES, ink_of, write

pytestmark = pytest.mark.skipif(
    find_spec("rapidocr") is None or not FACES,
    reason="the media extra or a font with Chinese letters is missing",
)


def look(image: Image.Image) -> visible.Seen:
    return visible.look(image)


if find_spec("rapidocr") is not None:
    from shenhe.labels.perceived import visible


#: Looks that a person reads at once on any ground.
CLEAR = ("outlined", "plate", "shadow")
#: A comma hangs below the letters, so that the ink of its line is higher than that of any character.
UNPUNCTUATED = ("AI生成", "内容由AI生成", "人工智能合成", "本图片由AI生成")


@pytest.mark.parametrize("way", drawn(2, scenes.WAYS))
def test_a_label_is_seen_in_every_direction(way: str) -> None:
    kinds = {f"{way} {each}" for each in CLEAR}
    numbers = (n for n in range(0, 400, 3) if scenes.labelled_kind(n) in kinds)
    found = list(islice(filter(None, (scenes.labelled(n, 0.06, 0.09, UNPUNCTUATED) for n in numbers)), 2))
    assert found
    for scene in found:
        seen = look(scene.image)
        assert seen.labels, (scene.kind, scene.words, seen.notes)
        assert seen.labels[0].least <= scene.height * 1.06
        assert seen.labels[0].most >= scene.height * 0.94, (scene.kind, scene.words, scene.height, seen.labels[0])


@pytest.mark.parametrize("kind", drawn(2, scenes.LOOKS))
def test_a_label_of_every_look_is_seen(kind: str) -> None:
    numbers = (n for n in range(1, 400, 3) if scenes.labelled_kind(n) == f"across {kind}")
    scene = next(filter(None, (scenes.labelled(n, 0.06, 0.09) for n in numbers)))
    assert look(scene.image).labels, (scene.kind, scene.words)


@pytest.mark.parametrize("way", drawn(1, ["across", "down", "up", "stacked"]))
def test_a_small_label_never_passes(way: str) -> None:
    numbers = (n for n in range(0, 600, 3) if scenes.labelled_kind(n).startswith(f"{way} "))
    scene = next(filter(None, (scenes.labelled(n, 0.03, 0.042) for n in numbers)))
    assert all(sighting.least < 0.055 for sighting in look(scene.image).labels), (scene.kind, scene.words)


@pytest.mark.parametrize("number", drawn(3, range(10)))
def test_a_scene_that_speaks_of_ai_has_no_label(number: int) -> None:
    scene = scenes.unlabelled_at(number * 61 + 3)
    seen = look(scene.image)
    assert not seen.labels, (scene.kind, scene.words)
    assert not seen.others, (scene.kind, scene.words)


#: Lines below one another, and whether they are a label.
NO_LABELS = (("拒绝", "AI生成"), ("AI生成", "技术大会"), ("如何识别", "AI生成", "的图片"))
LABELS = (("内容由AI生成", "请仔细甄别"), ("豆包", "AI生成"), ("@xiaolin", "AI生成"))


@pytest.mark.parametrize("lines", [*drawn(1, NO_LABELS), *drawn(1, LABELS)])
def test_lines_that_belong_together_are_judged_together(lines: tuple[str, ...]) -> None:
    image = Image.new("RGB", (900, 600), (40, 90, 120))
    for index, line in enumerate(lines):
        write(image, (450 - ink_of(line, FACES[0], 70).width / 2, 300 + index * 92), line, FACES[0], 70, "white")
    assert bool(look(image).labels) is (lines in LABELS)


def test_entries_of_a_menu_are_no_labels() -> None:
    image = Image.new("RGB", (900, 700), "white")
    for index, line in enumerate(("AI生成图片", "AI生成内容", "AI生成作品")):
        write(image, (40, 60 + index * 200), line, FACES[0], 60, "black")
    seen = look(image)
    assert not seen.labels
    assert any("menu" in note for note in seen.notes)


def test_the_same_picture_gives_the_same_result() -> None:
    scene = scenes.labelled(1, 0.06, 0.09)
    assert scene is not None
    first, second = look(scene.image), look(scene.image)
    assert [s.ink for s in first.labels] == [s.ink for s in second.labels]
    assert first.notes == second.notes


def test_the_corpora_are_as_large_as_they_should_be() -> None:
    assert sum(1 for _ in wordings.talk()) >= 500
    assert sum(1 for _ in wordings.texts()) >= 300
    assert len({text for _, text in wordings.talk()}) >= 500


def test_no_text_that_speaks_of_ai_has_a_label() -> None:
    assert [text[:80] for _, text in wordings.texts() if read_text_labels(text)] == []


@pytest.mark.parametrize("text", wordings.LABELS + wordings.TRADITIONAL)
def test_the_words_of_every_label_are_known(text: str) -> None:
    phrase = judge(text, "picture")
    assert phrase is not None
    assert phrase.is_label


def test_a_picture_without_words_has_no_label() -> None:
    draws = np.random.default_rng(3)
    assert look(Image.fromarray(draws.integers(0, 256, (400, 500, 3), dtype=np.uint8))).labels == ()
