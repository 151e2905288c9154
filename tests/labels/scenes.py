"""Pictures with words in them: labels of every look and direction, and scenes whose words only speak of AI.

Scenes are what people publish: posters, banners, adverts, screens of programs, subtitles, chats, book covers, menus and
pages of text. They are drawn in several type faces, sizes and layouts on grounds of several kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from . import wordings
from .lettering import FACES, ink_of, write
from .perceivable import ground

SIZES = ((1000, 1000), (1280, 720), (720, 1280), (1080, 1440), (800, 600))
WAYS = ("across", "down", "up", "over", "stacked", "slanted")
LOOKS = ("light", "dark", "outlined", "plate", "half", "faint", "shadow", "colour")
PLACES = ("br", "bl", "tr", "tl", "bc", "tc")


@dataclass(frozen=True)
class Scene:
    """A picture and what is true of it: the words, and of a label the height of its ink by the shortest side."""

    image: Image.Image
    words: str
    kind: str
    height: float = 0.0


def _ink_height(text: str, face: str, size: int) -> int:
    """Rows of ink of the highest character of ``text`` in pixels."""
    return max(ink_of(character, face, size).height for character in text if not character.isspace())


def _paste(image: Image.Image, mask: Image.Image, left: int, top: int, look: str, draws: np.random.Generator) -> None:
    around = image.convert("L").crop((left, top, left + mask.width, top + mask.height))
    is_bright = float(np.asarray(around).mean()) > 140
    fore, back = ((15, 15, 15), (245, 245, 245)) if is_bright else ((250, 250, 250), (10, 10, 10))
    alpha = 255
    if look == "light":
        fore = (255, 255, 255)
    elif look == "dark":
        fore = (0, 0, 0)
    elif look == "half":
        alpha = 140
    elif look == "faint":
        alpha = 76
    elif look == "colour":
        fore = ((200, 20, 20), (20, 60, 190), (250, 210, 0), (240, 90, 160))[int(draws.integers(4))]
    if look == "plate":
        pad = max(3, mask.height // 4)
        plate = Image.new("L", (mask.width + 2 * pad, mask.height + 2 * pad), 190)
        image.paste(Image.new("RGB", plate.size, back), (left - pad, top - pad), plate)
    if look in ("outlined", "shadow"):
        grown = np.zeros((mask.height + 8, mask.width + 8), np.uint8)
        source = np.asarray(mask)
        reach = range(-2, 3) if look == "outlined" else range(1, 4)
        for dy in reach:
            for dx in reach:
                part = grown[4 + dy : 4 + dy + mask.height, 4 + dx : 4 + dx + mask.width]
                np.maximum(part, source, out=part)
        rim = Image.fromarray(grown)
        image.paste(Image.new("RGB", rim.size, back), (left - 4, top - 4), rim)
    image.paste(Image.new("RGB", mask.size, fore), (left, top), mask.point(lambda v: v * alpha // 255))


def labelled_kind(number: int) -> str:
    """The direction and the look of the label with this number."""
    way = WAYS[number // 3 % len(WAYS)] if number % 3 == 0 else "across"
    return f"{way} {LOOKS[int(np.random.default_rng([7, number]).integers(len(LOOKS)))]}"


def labelled(number: int, low: float, high: float, texts: tuple[str, ...] = wordings.LABELS) -> Scene | None:
    """The label with this number: its text, face, size, look, place and direction follow from it. None where it does
    not fit into its picture.
    """
    draws = np.random.default_rng([7, number])
    text = texts[number % len(texts)]
    draws.integers(len(LOOKS))  # the look
    way, look = labelled_kind(number).split()
    face = FACES[int(draws.integers(len(FACES)))]
    width, height = SIZES[int(draws.integers(len(SIZES)))]
    shortest = min(width, height)
    share = float(draws.uniform(low, high))
    size = max(8, round(shortest * share / 0.9))
    kind = ("gradient", "photo")[int(draws.integers(2))]
    image = ground(kind, draws, (width, height))
    if look in ("light", "dark"):  # a ground on which they can be read
        shift = 0.45 if look == "light" else 1.0
        image = image.point(lambda v: int(v * shift + (0 if look == "light" else 110) * (1 - v / 400)))
    mask = ink_of(text, face, size, stacked=way == "stacked")
    if way in ("down", "up", "over"):
        turn = {"down": Image.Transpose.ROTATE_270, "up": Image.Transpose.ROTATE_90, "over": Image.Transpose.ROTATE_180}
        mask = mask.transpose(turn[way])
    elif way == "slanted":
        mask = mask.rotate(float(draws.uniform(-30, 30)), expand=True, resample=Image.Resampling.BICUBIC)
        mask = mask.crop(mask.getbbox() or (0, 0, 1, 1))
    margin = max(4, round(0.03 * shortest))
    if mask.width + 2 * margin > width or mask.height + 2 * margin > height:
        return None
    place = PLACES[int(draws.integers(len(PLACES)))]
    left = {"l": margin, "r": width - mask.width - margin, "c": (width - mask.width) // 2}[place[1]]
    top = {"t": margin, "b": height - mask.height - margin}[place[0]]
    if number % 4 == 1:
        _add_words(image, draws, avoid=(left, top, left + mask.width, top + mask.height))
    _paste(image, mask, left, top, look, draws)
    return Scene(image, text, f"{way} {look}", _ink_height(text, face, size) / shortest)


_OTHER = (
    "夏日限定",
    "新鲜蔬菜",
    "小城图书馆",
    "周二上午十点",
    "SALE 50%",
    "北京·故宫",
    "手工陶器",
    "Vol. 12",
    "欢迎光临",
    "第3集",
)


def _add_words(image: Image.Image, draws: np.random.Generator, avoid: tuple[int, int, int, int]) -> None:
    """Other words, away from the label."""
    for _ in range(int(draws.integers(1, 4))):
        text = _OTHER[int(draws.integers(len(_OTHER)))]
        size = max(12, round(min(image.size) * float(draws.uniform(0.03, 0.09))))
        mask = ink_of(text, FACES[int(draws.integers(len(FACES)))], size)
        if mask.width >= image.width - 10:
            continue
        left = int(draws.integers(2, image.width - mask.width - 2))
        top = int(draws.integers(2, image.height - mask.height - 2))
        gap = 2 * size
        apart = (
            left > avoid[2] + gap or left + mask.width < avoid[0] - gap or top > avoid[3] + gap
            or top + mask.height < avoid[1] - gap
        )  # fmt: skip
        if apart:
            _paste(image, mask, left, top, "outlined", draws)


# Scenes without a label.


def unlabelled() -> Iterator[Scene]:
    """One scene for each statement of ``wordings.talk``, in a layout that suits its kind."""
    for number in range(len(_talk())):
        yield unlabelled_at(number)


@cache
def _talk() -> list[tuple[str, str]]:
    return list(wordings.talk())


def unlabelled_at(number: int) -> Scene:
    """The scene of one statement."""
    kind, text = _talk()[number]
    draws = np.random.default_rng([11, number])
    size = SIZES[number % len(SIZES)]
    layout = {
        "screen": (_screen, _menu),
        "subtitle": (_subtitle, _chat),
        "headline": (_banner, _page, _wrapped),
        "law": (_page, _banner, _cover),
        "event": (_poster, _wrapped, _cover),
        "advert": (_poster, _banner, _corner),
        "product": (_screen, _banner, _corner),
        "denial": (_corner, _poster, _wrapped),
        "question": (_banner, _wrapped, _chat),
        "title": (_cover, _corner),
    }.get(kind, (_corner, _banner, _chat))
    return Scene(layout[number // 7 % len(layout)](text, size, draws), text, kind)


def _canvas(size: tuple[int, int], draws: np.random.Generator, *, plain: bool = False) -> Image.Image:
    if plain:
        tone = int(draws.choice([250, 240, 28, 255]))
        return Image.new("RGB", size, (tone, tone, tone))
    return ground(("gradient", "photo")[int(draws.integers(2))], draws, size)


def _fitting(text: str, face: str, size: int, width: int) -> Image.Image:
    while True:
        mask = ink_of(text, face, size)
        if mask.width <= width or size <= 12:
            return mask
        size = round(size * 0.9)


def _write(
    image: Image.Image, text: str, share: float, across: float, down: float, draws: np.random.Generator, look: str = ""
) -> None:
    """``text`` with its middle at a share of the width and height."""
    face = FACES[int(draws.integers(len(FACES)))]
    mask = _fitting(text, face, max(12, round(min(image.size) * share)), round(image.width * 0.92))
    left = int(min(max(4, image.width * across - mask.width / 2), image.width - mask.width - 4))
    top = int(min(max(4, image.height * down - mask.height / 2), image.height - mask.height - 4))
    _paste(image, mask, left, top, look or ("outlined", "shadow", "plate")[int(draws.integers(3))], draws)


def _corner(text: str, size: tuple[int, int], draws: np.random.Generator) -> Image.Image:
    image = _canvas(size, draws)
    _write(image, text, 0.06, float(draws.choice([0.05, 0.95, 0.5])), float(draws.choice([0.06, 0.94])), draws)
    return image


def _banner(text: str, size: tuple[int, int], draws: np.random.Generator) -> Image.Image:
    image = _canvas(size, draws)
    _write(image, text, 0.1, 0.5, float(draws.choice([0.1, 0.5, 0.88])), draws)
    _write(image, "晚间播报 20:30", 0.04, 0.12, 0.05, draws)
    return image


def _poster(text: str, size: tuple[int, int], draws: np.random.Generator) -> Image.Image:
    image = _canvas(size, draws)
    _write(image, text, 0.12, 0.5, 0.3, draws)
    _write(image, "10月18日 14:00 市民中心二层", 0.045, 0.5, 0.55, draws)
    _write(image, "主办：小城文化馆", 0.04, 0.5, 0.92, draws)
    return image


def _wrapped(text: str, size: tuple[int, int], draws: np.random.Generator) -> Image.Image:
    """A headline over two or three lines, cut before or behind the words of a label where that is possible."""
    image = _canvas(size, draws)
    core = next((each for each in ("AI生成", "AI合成", "人工智能生成", "AIGC生成") if each in text), None)
    if core and text != core:
        before, after = text.split(core, 1)
        lines = [part for part in (before, core, after) if part]
    else:
        lines = [text[: len(text) // 2], text[len(text) // 2 :]]
    face = FACES[int(draws.integers(len(FACES)))]
    cell = round(min(image.size) * 0.11)
    while max(ink_of(line, face, cell).width for line in lines) > image.width * 0.92:
        cell = round(cell * 0.9)
    down = float(draws.choice([0.12, 0.4, 0.62]))
    centred = bool(draws.integers(2))
    for index, line in enumerate(lines):
        mask = ink_of(line, face, cell)
        left = (image.width - mask.width) // 2 if centred else round(image.width * 0.06)
        _paste(image, mask, left, round(image.height * down + index * cell * 1.35), "outlined", draws)
    return image


def _subtitle(text: str, size: tuple[int, int], draws: np.random.Generator) -> Image.Image:
    image = _canvas(size, draws)
    _write(image, text, 0.06, 0.5, 0.9, draws, "outlined")
    return image


def _screen(text: str, size: tuple[int, int], draws: np.random.Generator) -> Image.Image:
    """A program: a bar, buttons, and the words on one of them."""
    image = _canvas(size, draws, plain=True)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, image.width, image.height // 12), fill=(60, 90, 200))
    _write(image, "我的作品", 0.045, 0.12, 0.04, draws, "light")
    for index, word in enumerate(("首页", text, "设置", "帮助")):
        y = 0.25 + index * 0.17
        box = (image.width * 0.2, image.height * (y - 0.06), image.width * 0.8, image.height * (y + 0.06))
        pen.rounded_rectangle(box, 12, outline=(120, 120, 120), width=2)
        _write(image, word, 0.05, 0.5, y, draws, "colour")
    return image


def _menu(text: str, size: tuple[int, int], draws: np.random.Generator) -> Image.Image:
    image = _canvas(size, draws, plain=True)
    for index, word in enumerate(("新建", "打开", text, "导出", "退出")):
        _write(image, word, 0.055, 0.3, 0.15 + 0.16 * index, draws, "colour")
    return image


def _chat(text: str, size: tuple[int, int], draws: np.random.Generator) -> Image.Image:
    image = _canvas(size, draws, plain=True)
    pen = ImageDraw.Draw(image)
    for index, word in enumerate(("在吗？", "周末去看展吧", text, "好的")):
        y, side = 0.15 + index * 0.2, 0.35 if index % 2 else 0.65
        pen.rounded_rectangle(
            (image.width * (side - 0.33), image.height * (y - 0.06), image.width * (side + 0.33), image.height * (y + 0.06)),
            14,
            fill=(150, 220, 120) if index % 2 else (225, 225, 225),
        )  # fmt: skip
        _write(image, word, 0.045, side, y, draws, "dark")
    return image


def _cover(text: str, size: tuple[int, int], draws: np.random.Generator) -> Image.Image:
    image = _canvas(size, draws)
    _write(image, text, 0.1, 0.5, 0.25, draws)
    _write(image, "陈露 著", 0.05, 0.5, 0.4, draws)
    _write(image, "小城出版社", 0.045, 0.5, 0.93, draws)
    return image


def _page(text: str, size: tuple[int, int], draws: np.random.Generator) -> Image.Image:
    """A page of text with the words in its middle, broken into lines where they happen to end."""
    image = Image.new("RGB", size, "white")
    body = "会议讨论了收成与新桥的建设，" * 3 + text + "，与会者认为值得继续关注，图书馆傍晚总是坐满了人。" * 3
    cell = max(16, round(min(size) * 0.042))
    each = max(6, int(size[0] * 0.86 / cell))
    face = FACES[int(draws.integers(len(FACES)))]
    for index in range(0, len(body), each):
        top = round(size[1] * 0.05 + index // each * cell * 1.5)
        if top + cell < size[1]:
            write(image, (round(size[0] * 0.06), top), body[index : index + each], face, cell, (20, 20, 20))
    return image
