"""Explicit labels in words: the two elements of GB 45438-2025, where they stand, and tricks that hide them.

A label names the AI element (``AI`` or ``人工智能``) and the generation element (``生成`` or ``合成``)
in one short statement about the content itself. A sentence that merely talks about AI generation, denies
it, asks about it or quotes the words is no label.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shenhe.core.text import HIDDEN

from ..model import Deviation, Label

#: Farther than this from both ends, only a line or bracket of its own is taken for a label.
_EDGE = 64
_LONGEST_STATEMENT = 60
_LONGEST_TEXT = 1 << 20
_CANDIDATES = 200

# Letters that look like the two of "AI": Greek, Cyrillic and small capitals, beyond what NFKC folds.
_LOOKALIKES = str.maketrans("ΑАᎪꓮΙІӀᏆꓲ", "AAAAIIIII")
# Full-width letters and the mathematical alphabets, which NFKC folds.
_WIDE = re.compile("[\uff21-\uff5a\U0001d400-\U0001d7ff]")
_UNCLEAN = re.compile(f"{HIDDEN.pattern}|[{''.join(map(chr, _LOOKALIKES))}]|{_WIDE.pattern}")
_SUPERSCRIPT_MARKS = ("ᴬᴵ", "ᴀɪ", "🅰🅸", "ᴬᴵᴳᶜ")
#: Matches a character that may disguise the letters of ``AI``, among the first 65,536. The two that choose the style of
#: an emoji are left out: they are on many pages.
DISGUISE = re.compile(f"(?![\ufe0e\ufe0f])[{HIDDEN.pattern[1:-1]}{''.join(map(chr, _LOOKALIKES))}ＡＩａｉᴬᴀ]")

_AI = r"(?:人工智能|(?<![A-Za-z])(?:AI|Ai|ai)(?:GC)?(?![A-Za-z]))"
_GENERATION = r"(?:生成|合成)"
_FILLER = (
    # Atomic, so that a run of letters is not split in every possible way.
    r"(?>技术|模型|大模型|大语言模型|算法|辅助|自动|智能|助手|工具|服务|软件|系统|平台|程序|创作|制作|编辑|修改|和|与|或|及|并|、|/|／|所|全部|部分|"
    r"（AI）|\(AI\)|[\s·・\-—_:：|｜+&]|[A-Za-z0-9.]{1,12})"
)
_OBJECT = (
    r"(?:的)?(?:合成|生成)?(?:的)?(?:此|该)?(?:式)?(?:内容|文本|文字|文章|文案|图片|图像|图|画面|画作|音频|声音|语音|配音|音乐|歌曲|视频|影像|短片|作品|"
    r"回答|回复|结果|信息|资料|报告|摘要|总结|翻译|虚拟场景|场景|数字人|人物|形象|标识|而成|产生|完成|的)?"
)
_FORWARD = re.compile(rf"({_AI}){_FILLER}{{0,6}}({_GENERATION}){_OBJECT}")
_BACKWARD = re.compile(
    rf"({_GENERATION})(?:者|方|式|方式|来源|工具|方法|主体|技术|内容|于|自|by|[\s:：（(\-]){{0,4}}({_AI})"
)
_ENGLISH = re.compile(
    r"\b(?:AI[- ](?:generated|made|created|synthesi[sz]ed)|(?:generated|created|made|synthesi[sz]ed|produced)"
    r"(?: (?:in part|entirely|automatically))? (?:by|with|using)(?: an?)? (?:AI|artificial intelligence)|"
    r"artificial(?:ly)? intelligence[- ]generated|artificially generated)\b",
    re.IGNORECASE,
)
_MENTION_OF_AI_ALONE = re.compile(
    rf"({_AI})(播客|主播|助手|对话|绘画|写作|视频|配音|创作|智能体|创意)|虚拟(?:主播|人|数字人)|数字人"
)
_REVERSED = re.compile(r"成生\s*(?:IA|能智工人)|(?:IA|能智工人)\s*成[生合]|成[生合]\s*(?:IA|能智工人)")
_NEGATED = re.compile(
    r"(?:非|不是|并非|不属于|未经|未使用|未采用|未|没有|没|无|不含|不用|不使用|拒绝|禁止|反对|不得|勿|杜绝|抵制|是否|不)\s*(?:由|使用|用|采用|经|为|是|含)?\s*$"
)
_NEGATED_ENGLISH = re.compile(r"\b(?:not|no|never|isn't|aren't|without|non)\b[- ]?(?:\w+ ){0,2}$", re.IGNORECASE)
_ABOUT_SOMETHING_ELSE = re.compile(
    r"我|你|他|她|它们|咱|喜欢|讨论|研究|关于|什么|如何|怎么|怎样|为何|为什么|学习|介绍|批评|探讨|随着|通过立法|关注|认为|据说|有人|很多|许多|治理|监管|识别|检测|区分|防范|打击|举报|标注|要求|应当|必须|如果|若"
)
_TAIL_OF_STATEMENT = re.compile(
    r"^[\s）)】\]」』”\"'〕〉》*~_|｜·.!！。，,;；:：\-—#]*(?:$|(?:仅供|请|不代表|供|注意|内容|可能|并经|已|由|经|来源|如有|未经|谨慎|后|且|with|by|仅|[A-Za-z0-9(（@©]))"
)
_SEPARATORS = re.compile(r"[\n\r。！!？?；;]|(?<=[】\]）)])|(?=[【\[（(])")
_QUOTES = {"“": "”", "「": "」", "『": "』", '"': '"', "‘": "’", "《": "》", "'": "'", "`": "`"}
_WORDS = re.compile(r"[\w\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Statement:
    """A short stretch of text that states AI generation: offsets into the original text, and what is wrong
    with it.
    """

    start: int
    end: int
    text: str
    deviations: tuple[Deviation, ...]
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class _Cleaned:
    """Text with invisible characters gone and lookalikes folded, each character with its place in the
    original.
    """

    text: str
    places: Sequence[int]
    folded: frozenset[int]
    after_invisible: frozenset[int]


def read_text_labels(text: str) -> tuple[Label, ...]:
    """The explicit labels of one text; ``carrier`` is ``text:start``, ``text:middle``, ``text:end`` or
    ``text:corner``.

    ``fields`` holds ``text``, ``position``, ``language`` and the character offsets ``start`` and ``end``
    (in characters of ``text``). Only the first and last half mebibyte of a longer text are looked at.
    """
    return find_text_labels(text)[0]


def find_text_labels(text: str) -> tuple[tuple[Label, ...], tuple[str, ...]]:
    """``read_text_labels`` together with the near misses it met, each as one sentence."""
    if len(text) > _LONGEST_TEXT:
        half = _LONGEST_TEXT // 2
        head, head_notes = find_text_labels(text[:half])
        tail, tail_notes = find_text_labels(text[-half:])
        middle = "only the first and last half mebibyte of the text were looked at"
        return (*head, *tail), (*head_notes, *tail_notes, middle)
    notes: list[str] = []
    cleaned = _clean(text)
    statements = _statements(cleaned, text, notes)
    labels = [_label(statement, text, cleaned) for statement in statements]
    if not labels:
        labels = [_corner(text, mark) for mark in _corner_marks(text)]
    if not labels:
        _near_misses(cleaned.text, notes)
    return tuple(labels), tuple(dict.fromkeys(notes))


def has_elements(text: str) -> bool:
    """Whether a short text, such as one read from a picture, holds both elements; an OCR's ``Al`` counts as
    ``AI``.
    """
    squeezed = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    ai = re.search(r"人工智能|(?<![A-Za-z])(?:AI|Al|A1|ai)(?:GC)?(?![A-Za-z])", squeezed)
    return ai is not None and (
        "生成" in squeezed or re.search(r"合成(?!橡胶|纤维|材料|氨|革|洗涤|器)", squeezed) is not None
    )


def _clean(text: str) -> _Cleaned:
    if text.isascii() or _UNCLEAN.search(text) is None:
        return _Cleaned(text, range(len(text)), frozenset(), frozenset())
    characters: list[str] = []
    places: list[int] = []
    folded: set[int] = set()
    after_invisible: set[int] = set()
    pending = False
    for place, character in enumerate(text):
        if HIDDEN.match(character):
            pending = True
            continue
        plain = character.translate(_LOOKALIKES)
        if plain == character and _WIDE.match(character):
            plain = unicodedata.normalize("NFKC", character)
        if plain != character:
            folded.add(len(characters))
        if pending:
            after_invisible.add(len(characters))
            pending = False
        characters.append(plain[:1])
        places.append(place)
    return _Cleaned("".join(characters), tuple(places), frozenset(folded), frozenset(after_invisible))


def _statements(cleaned: _Cleaned, text: str, notes: list[str]) -> list[Statement]:
    statements: list[Statement] = []
    # Most texts have none of the words at all; one search over the whole is far cheaper than taking it apart.
    english = _may_be_english(cleaned.text) and _ENGLISH.search(cleaned.text) is not None
    if "成" not in cleaned.text and not english:
        return statements
    for start, end in _promising(cleaned.text, english, notes) if english or _names_generation(cleaned.text) else ():
        segment = cleaned.text[start:end]
        if len(segment) > 2_000 and start > 2_000 and end < len(cleaned.text) - 2_000:
            continue
        statement = _statement(segment, start, cleaned, notes)
        if statement is not None:
            statements.append(statement)
            if len(statements) >= 16:
                break
    if not statements and any(c in text for c in "\u202e\u2067"):
        statements += _turned_round(text)
    if not statements and ("IA" in cleaned.text or "能智工人" in cleaned.text) and _REVERSED.search(cleaned.text):
        notes.append("near miss: the words of a label stand in reverse order")
    return statements


def _names_generation(text: str, start: int = 0, end: int | None = None) -> bool:
    return text.find("生成", start, end) >= 0 or text.find("合成", start, end) >= 0


def _may_be_english(text: str) -> bool:
    """Whether ``_ENGLISH`` is worth its search, which is slow where case does not count."""
    lowered = text.lower()
    if "ai" not in lowered and "artificial" not in lowered:
        return False
    return any(word in lowered for word in ("generated", "synthesi", "created", "made", "produced"))


def _promising(text: str, english: bool, notes: list[str]) -> list[tuple[int, int]]:
    """The segments that hold words of a label: at most so many from each end of a text that repeats them
    endlessly.
    """
    found = [
        (a, b) for a, b in _segments(text) if _names_generation(text, a, b) or (english and _ENGLISH.search(text, a, b))
    ]
    if len(found) <= 2 * _CANDIDATES:
        return found
    notes.append(f"only the first and last {_CANDIDATES} sentences with words of a label were looked at")
    return found[:_CANDIDATES] + found[-_CANDIDATES:]


def _segments(text: str) -> list[tuple[int, int]]:
    bounds = [0]
    for match in _SEPARATORS.finditer(text):
        bounds.append(match.start())
        bounds.append(match.end())
    bounds.append(len(text))
    return [(a, b) for a, b in pairwise(bounds) if b - a > 1 and _WORDS.search(text, a, b)]


def _statement(segment: str, offset: int, cleaned: _Cleaned, notes: list[str]) -> Statement | None:
    if "成" not in segment and "A" not in segment and "a" not in segment:
        return None
    language = "zh"
    match = _FORWARD.search(segment) or _BACKWARD.search(segment)
    if match is None:
        match, language = _ENGLISH.search(segment), "en"
    if match is None:
        return None
    before, after = segment[: match.start()], segment[match.end() :]
    shown = segment.strip()[:60]
    if (_NEGATED if language == "zh" else _NEGATED_ENGLISH).search(before.rstrip("“「『\"'‘ ")):
        notes.append(f"near miss: a statement that denies AI generation: {shown!r}")
        return None
    if _is_quoted(before, after):
        notes.append(f"near miss: the words of a label stand in quotation marks: {shown!r}")
        return None
    follows = cleaned.text[offset + len(segment) : offset + len(segment) + 1]
    if follows in ("？", "?") and follows:
        notes.append(f"near miss: a question about AI generation: {shown!r}")
        return None
    clause_before = re.split(r"[，,：:]", before)[-1]
    talks = language == "zh" and (_ABOUT_SOMETHING_ELSE.search(clause_before) or not _TAIL_OF_STATEMENT.match(after))
    if (
        talks
        or len(clause_before.strip()) > 20 + 20 * (language == "en")
        or len(segment.strip()) > _LONGEST_STATEMENT * (1 + (language == "en"))
    ):
        notes.append(f"near miss: a sentence about AI generation, not a label: {shown!r}")
        return None
    if not _stands_alone(cleaned.text, offset, segment):
        notes.append(f"near miss: the words of a label inside running text: {shown!r}")
        return None
    found = _trick_deviations(offset + match.start(), offset + match.end(), cleaned)
    if language == "en":
        found.append(Deviation.GENERATION_ELEMENT_MISSING)
        if not re.search(r"\bAI\b", match[0]):
            found.append(Deviation.AI_ELEMENT_MISSING)
    elif not re.search(r"人工智能|AI", match[0]):
        found.append(Deviation.LETTER_CASE)
    stripped_start = offset + len(segment) - len(segment.lstrip())
    return Statement(stripped_start, offset + len(segment.rstrip()), segment.strip(), tuple(found), language)


def _stands_alone(text: str, offset: int, segment: str) -> bool:
    """Near an end of the text a sentence will do; elsewhere the words need a line or a bracket of their
    own.
    """
    end = offset + len(segment)
    around = 4 * _EDGE
    if offset <= around and len(text[:offset].strip()) <= _EDGE:
        return True
    if len(text) - end <= around and len(text[end:].strip()) <= _EDGE:
        return True
    bracketed = segment.strip()[:1] in "【[（(" or text[end : end + 1] in ("】", "]", "）", ")")
    # A line of its own begins and ends next to the segment.
    before, after = text[max(0, offset - 8) : offset + 1], text[max(end - 1, offset) : end + 8]
    line_before = before.rpartition("\n")[2].strip() if "\n" in before else "more"
    line_after = after.partition("\n")[0].strip() if "\n" in after else "more"
    return bracketed or (len(line_before) <= 3 and len(line_after) <= 3)


def _is_quoted(before: str, after: str) -> bool:
    opened = before.rstrip()[-1:]
    closing = _QUOTES.get(opened)
    if closing is None or not after.lstrip().startswith(closing):
        return False
    outside = before.rstrip()[:-1] + after.lstrip()[1:]
    return _WORDS.search(outside) is not None


def _trick_deviations(start: int, end: int, cleaned: _Cleaned) -> list[Deviation]:
    found = []
    if any(i in cleaned.folded for i in range(start, end)):
        found.append(Deviation.LOOKALIKE_CHARACTERS)
    if any(i in cleaned.after_invisible for i in range(start + 1, end)):
        found.append(Deviation.HIDDEN_CHARACTERS)
    return found


def _turned_round(text: str) -> list[Statement]:
    """A right-to-left override shows ``成生IA`` as ``AI生成``: people see a label, software does not."""
    statements = []
    for match in list(re.finditer(r"[\u202e\u2067]([^\u202c\u2069\n]{2,80})", text))[:8]:
        shown = match[1][::-1]
        if _FORWARD.search(shown) or _BACKWARD.search(shown):
            statements.append(Statement(match.start(), match.end(), shown, (Deviation.REORDERED,)))
    return statements


def _label(statement: Statement, text: str, cleaned: _Cleaned) -> Label:
    reordered = Deviation.REORDERED in statement.deviations
    start = statement.start if reordered else cleaned.places[statement.start]
    end = statement.end if reordered else cleaned.places[statement.end - 1] + 1
    position = _position(text, start, end)
    fields = {
        "text": statement.text,
        "position": position,
        "language": statement.language,
        "start": start,
        "end": end,
    }
    detail = " ".join(d.sentence for d in statement.deviations) or f"A text label at the {position}."
    return Label("text", "explicit", f"text:{position}", fields, statement.deviations, None, text[start:end], detail)


def _position(text: str, start: int, end: int) -> str:
    before, after = len(text[:start].strip()), len(text[end:].strip(" \t\r\n。.!！）)】]*_"))
    if after == 0 and before:
        return "end"
    if before <= _EDGE and before <= after:
        return "start"
    return "end" if after <= _EDGE else "middle"


def _corner_marks(text: str) -> list[tuple[int, int, str]]:
    """A mark of ``AI`` alone, raised or bracketed or on a line of its own, at the very start or end."""
    stripped = text.strip()
    if not stripped:
        return []
    first = len(text) - len(text.lstrip())
    last = len(text.rstrip())
    marks = []
    for mark in _SUPERSCRIPT_MARKS:
        if stripped.startswith(mark):
            marks.append((first, first + len(mark), "start"))
        if stripped.endswith(mark):
            marks.append((last - len(mark), last, "end"))
    bracket = r"[\[【（(〔<＜「|]\s*(?:AI|人工智能)\s*[\]】）)〕>＞」|]"
    at_start = re.match(rf"{bracket}|(?:AI|人工智能)[ \t]*(?=\n)", stripped)
    at_end = re.search(rf"(?:{bracket}|(?<=\n)[ \t]*(?:AI|人工智能))$", stripped)
    if at_start:
        marks.append((first, first + at_start.end(), "start"))
    if at_end and not (at_start and at_end.start() < at_start.end()):
        marks.append((first + at_end.start(), last, "end"))
    return marks[:4]


def _corner(text: str, mark: tuple[int, int, str]) -> Label:
    start, end, position = mark
    fields = {
        "text": text[start:end].strip(),
        "position": position,
        "language": "zh",
        "start": start,
        "end": end,
    }
    detail = f"A corner mark at the {position}; such a mark may hold the AI element alone."
    return Label("text", "explicit", "text:corner", fields, (), None, text[start:end], detail)


def _near_misses(text: str, notes: list[str]) -> None:
    if not any(word in text for word in ("AI", "Ai", "ai", "人工智能", "虚拟", "数字人")):
        return
    for match in list(_MENTION_OF_AI_ALONE.finditer(text))[:3]:
        at_edge = match.start() <= _EDGE or len(text) - match.end() <= _EDGE
        if at_edge and len(notes) < 8:
            notes.append(f"near miss: {match[0]!r} lacks the generation element (生成 or 合成)")
    inside_a_word = re.search(r"[A-Za-z]AI\s*[生合]成", text)
    if inside_a_word is not None:
        notes.append(f"near miss: {inside_a_word[0]!r} holds the letters AI only inside another word")


def with_text_label(text: str) -> str:
    """``text`` with a conforming label at its end, on a line of its own."""
    body = text.rstrip("\n")
    return f"{body}\n\n（本内容由AI生成）\n" if body else "（本内容由AI生成）\n"
