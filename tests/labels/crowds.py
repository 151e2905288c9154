"""Labels in pictures full of other words: pages of print, screens of programs, and circuit boards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw

from .lettering import FACES, ink_of, write
from .scenes import Scene

KINDS = ("page", "screen", "board")
LABELS = ("AI生成", "内容由AI生成", "人工智能合成", "本图片由AI生成", "AI合成", "图片由AI生成，请注意甄别")
_HAN = (
    "本办法所称深度合成技术是指利用深度学习虚拟现实等算法制作文本图像音频视频场景等网络信息提供者应当履行义务加强管理"
)
_LATIN = [
    "the",
    "quick",
    "brown",
    "review",
    "of",
    "content",
    "shall",
    "be",
    "published",
    "by",
    "providers",
    "under",
    "rules",
    "and",
    "notice",
    "every",
    "year",
]
_PARTS = ("GND", "3V3", "RESET", "USB", "TX RX", "STM32F103", "ATMEGA328P")


def crowded(count: int) -> Iterator[Scene]:
    """``count`` pictures with dozens of lines, each with one label of 5.5 % and more in a corner."""
    for number in range(count):
        draws = np.random.default_rng(number)
        kind = KINDS[number % len(KINDS)]
        image = {"page": _page, "screen": _screen, "board": _board}[kind](draws)
        words = str(draws.choice(LABELS))
        ink = ink_of(words, FACES[0], round(min(image.size) * draws.uniform(0.062, 0.1)))
        if ink.width > 0.9 * image.width:
            continue
        left = int(draws.choice([12, image.width - ink.width - 24]))
        top = int(draws.choice([10, image.height - ink.height - 24]))
        ImageDraw.Draw(image).rectangle((left - 8, top - 8, left + ink.width + 8, top + ink.height + 8), fill="black")
        image.paste(Image.new("RGB", ink.size, "white"), (left, top), ink)
        yield Scene(image, words, kind, ink.height / min(image.size))


def _page(draws: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (1000, 1000), "white")
    is_chinese = draws.random() < 0.6
    for number in range(int(draws.integers(14, 26))):
        text = _han(draws, 38) if is_chinese else _latin(draws, 12)
        write(image, (40, 30 + number * 39), text, FACES[0], 24, "black")
    return image


def _screen(draws: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (1280, 800), (245, 245, 248))
    for number in range(30):
        text = _han(draws, int(draws.integers(3, 14))) if draws.random() < 0.5 else _latin(draws, 4)
        place = 40 + number % 3 * 410, 25 + number // 3 * 76
        write(image, place, text, FACES[0], int(draws.choice([14, 16, 20, 24])), (30, 30, 40))
    return image


def _board(draws: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (1000, 1000), (20, 90, 50))
    for _ in range(90):
        text = (
            str(draws.choice(_PARTS))
            if draws.random() < 0.2
            else f"{draws.choice(list('RCUQLDJ'))}{draws.integers(99)}"
        )
        ink = ink_of(text, FACES[0], int(draws.choice([9, 10, 12, 14, 18]))).rotate(
            float(draws.choice([0, 0, 0, 90, 270])), expand=True
        )
        place = int(draws.integers(10, 900)), int(draws.integers(10, 950))
        ImageDraw.Draw(image).rectangle((place[0] - 14, place[1], place[0] - 4, place[1] + 12), fill=(10, 10, 10))
        image.paste(Image.new("RGB", ink.size, (240, 240, 235)), place, ink)
    return image


def _han(draws: np.random.Generator, count: int) -> str:
    return "".join(draws.choice(list(_HAN), count))


def _latin(draws: np.random.Generator, count: int) -> str:
    return " ".join(draws.choice(_LATIN, count))
