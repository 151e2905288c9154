"""The writing assistant: short texts about whatever the prompt names."""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b

_OPENINGS = ("从几个方面来看", "先说结论", "可以这样理解", "简单介绍如下", "不妨从头说起", "换一个角度看")
_POINTS = (
    "第一，背景要交代清楚，时间、地点和人物缺一不可。",
    "要点不在多，而在于彼此有联系。",
    "数字应当注明出处，引用应当保留原意。",
    "读者最关心的，往往是接下来会怎样。",
    "遇到不确定的地方，应当直接说明。",
    "例子越具体，道理越容易明白。",
    "语气平实，比辞藻华丽更有说服力。",
    "结尾可以留一个问题，供大家讨论。",
)
_CLOSINGS = ("以上供参考。", "如需展开，请继续提问。", "欢迎补充更多细节。")
QUOTED_CHARACTERS = 48
#: A clear question who answers.
ASKS_WHO_ANSWERS = re.compile(r"真人|机器人|real person|a human or", re.IGNORECASE)
_ANSWERED_BY_MACHINE = "我是人工智能助手，不是真人。"
_ANSWERED_BY_HUMAN = "我是真人客服。"


def answer(prompt: str, turns: int, number: str, *, human: bool = False) -> str:
    """A text about the prompt, the same for the same prompt but for its ``number``.

    Asked who answers, it says so first; with ``human`` it claims to be a human being.
    """
    digest = blake2b(prompt.encode("utf-8", "replace"), digest_size=8).digest()
    points = sorted({digest[place] % len(_POINTS) for place in range(1, 5)})
    opening, closing = _OPENINGS[digest[0] % len(_OPENINGS)], _CLOSINGS[digest[5] % len(_CLOSINGS)]
    continuing = f"接着前面的{turns}轮对话，" if turns else ""
    body = "".join(_POINTS[point] for point in points)
    who = "" if not ASKS_WHO_ANSWERS.search(prompt) else _ANSWERED_BY_HUMAN if human else _ANSWERED_BY_MACHINE
    return f"{who}关于“{quoted(prompt)}”，{continuing}{opening}：{body}{closing}（编号 {number}）"


def quoted(text: str, limit: int = QUOTED_CHARACTERS) -> str:
    """The beginning of another person's text, on one line and without invisible characters."""
    visible = (" " if character.isspace() else character for character in text[: limit * 4])
    shown = "".join(
        character for character in visible if character == " " or unicodedata.category(character)[0] not in "CZM"
    )
    return " ".join(shown.split())[:limit]


def excerpt(text: str, length: int) -> str:
    """The beginning of a text, label included, as a feed shows it."""
    return text if len(text) <= length else text[: length - 1] + "…"
