"""Explicit labels in texts: their position, statements that are no labels, and tricks that hide the words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from shenhe.core.text import HIDDEN

from ..model import Deviation, Label
from .wording import REASONS, Phrase, Sense, grammar, judge, simplified

#: Farther than this from both ends, only a separate line or bracket counts as a label.
_EDGE = 64
_LONGEST_TEXT = 1 << 20
_CANDIDATES = 200
#: A longer run of one line is not looked at, except at the ends of the text.
_LONGEST_SEGMENT = 2_000

# Full-width letters and the mathematical alphabets, which NFKC folds.
_WIDE = re.compile("[\uff21-\uff5a\U0001d400-\U0001d7ff]")
#: Choose whether a sign is drawn as text or as an emoji.
_STYLES = "\ufe0e\ufe0f"
_REST = re.compile(r"[\w\u4e00-\u9fff][^\n\r。！!？?；;，,]{0,40}")
_OPENINGS = ("（", "(", "【", "[")
_MENTION = re.compile(r"AI|Ai|ai|人工智能|人工智慧|机器|機器|大模型|虚拟|數字人|数字人")
_SEPARATORS = re.compile(r"[\n\r。！!？?；;]|(?<=[】〕\]）)])|(?=[【〔\[（(])|(?<=[a-z]{2}[.])\s+(?=[A-Z])")
_WORDS = re.compile(r"[\w\u4e00-\u9fff]")
_REVERSED = re.compile(r"成生\s*(?:IA|能智工人)|(?:IA|能智工人)\s*成[生合]|成[生合]\s*(?:IA|能智工人)")


@dataclass(frozen=True, slots=True)
class Statement:
    """A short stretch of text that states AI generation: its offsets in the cleaned text, and its deviations."""

    start: int
    end: int
    text: str
    deviations: tuple[Deviation, ...]
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Passage:
    """The statements of one text about AI generation.

    ``labels`` are labels; ``others`` are statements that say the same to people but lack an element of the standard
    ("本文由AI编写"), in the form of labels; ``notes`` are near misses, one sentence each.
    """

    labels: tuple[Label, ...] = ()
    others: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cleaned:
    """Text without invisible characters and with lookalikes folded, and the original offset of each character."""

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
    return read_passage(text).labels


def read_passage(text: str) -> Passage:
    """Like ``read_text_labels``, with near misses."""
    if len(text) > _LONGEST_TEXT:
        half = _LONGEST_TEXT // 2
        head, tail = read_passage(text[:half]), read_passage(text[-half:])
        shortened = "only the first and last half mebibyte of the text were looked at"
        return Passage(head.labels + tail.labels, head.others + tail.others, (*head.notes, *tail.notes, shortened))
    if text.isascii() and not _MENTION.search(text) and "artificial" not in text.lower():
        return Passage()
    notes: list[str] = []
    cleaned = _clean(text)
    statements, others = _statements(cleaned, text, notes)
    labels = [_label(statement, text, cleaned) for statement in statements]
    if not labels:
        labels = [_corner(text, mark) for mark in _corner_marks(text)]
    if not labels:
        _near_misses(cleaned.text, notes)
    in_other_words = tuple(_label(statement, text, cleaned) for statement in others)
    return Passage(tuple(labels), in_other_words, tuple(dict.fromkeys(notes)))


@cache
def disguise() -> re.Pattern[str]:
    """Matches a character that may disguise the letters of ``AI``, among the first 65,536. The two that choose the
    style of an emoji are left out: they are on many pages.
    """
    hidden = HIDDEN.pattern[1:-1].replace("\ufe00-\ufe0f", "\ufe00-\ufe0d")
    return re.compile(f"[{hidden}{''.join(map(chr, grammar().lookalikes))}ＡＩａｉᴬᴀ]")


@cache
def _unclean() -> re.Pattern[str]:
    return re.compile(f"{HIDDEN.pattern}|[{''.join(map(chr, grammar().lookalikes))}]|{_WIDE.pattern}")


def _clean(text: str) -> _Cleaned:
    if text.isascii() or _unclean().search(text) is None:
        return _Cleaned(text, range(len(text)), frozenset(), frozenset())
    characters: list[str] = []
    places: list[int] = []
    folded: set[int] = set()
    after_invisible: set[int] = set()
    pending = False
    lookalikes = grammar().lookalikes
    for place, character in enumerate(text):
        if HIDDEN.match(character):
            # A sign chooses its style of an emoji with one; inside words it hides something.
            pending = pending or character not in _STYLES or not characters or characters[-1].isalnum()
            continue
        plain = character.translate(lookalikes)
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


def _statements(cleaned: _Cleaned, text: str, notes: list[str]) -> tuple[list[Statement], list[Statement]]:
    """(labels, statements in other words)."""
    labels: list[Statement] = []
    others: list[Statement] = []
    # Most texts have none of the words at all; one search over the whole is far cheaper than taking it apart.
    for start, end in _promising(cleaned.text, notes) if _may_speak_of_it(cleaned.text) else ():
        segment = cleaned.text[start:end]
        if len(segment) > _LONGEST_SEGMENT and start > _LONGEST_SEGMENT and end < len(cleaned.text) - _LONGEST_SEGMENT:
            continue
        statement, is_label = _statement(segment, start, cleaned, notes)
        if statement is not None:
            (labels if is_label else others).append(statement)
            if len(labels) + len(others) >= 16:
                break
    if not labels and any(c in text for c in "\u202e\u2067"):
        labels += _turned_round(text)
    if not labels and ("IA" in cleaned.text or "能智工人" in cleaned.text) and _REVERSED.search(cleaned.text):
        notes.append("near miss: the words of a label are in reverse order")
    return labels, others


def _may_speak_of_it(text: str) -> bool:
    lowered = text.lower()
    if not any(each in lowered for each in ("ai", "artificial", "人工智", "机器", "機器", "大模型", "大语言模型")):
        return False
    return not text.isascii() or any(
        each in lowered
        for each in (
            "generated",
            "synthesi",
            "created",
            "made",
            "produced",
            "written",
            "drawn",
            "composed",
            "manipul",
            "alter",
            "translat",
            "designed",
        )
    )


def _promising(text: str, notes: list[str]) -> list[tuple[int, int]]:
    """Segments that may mention AI generation: at most a fixed number from each end of a text that is full of them."""
    words = grammar()
    found = []
    for a, b in _segments(text):
        segment = text[a:b]
        if not _may_speak_of_it(segment):
            continue
        plain = re.sub(r"\s+", "", simplified(segment[: 2 * _LONGEST_SEGMENT]))
        if (
            words.loose.search(plain)
            or words.loosest.search(plain)
            or words.english_loose.search(segment[:_LONGEST_SEGMENT])
        ):
            found.append((a, b))
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


def _statement(segment: str, offset: int, cleaned: _Cleaned, notes: list[str]) -> tuple[Statement | None, bool]:
    """(the statement, whether it is a label) of one segment."""
    end = offset + len(segment)
    phrase = judge(segment, "text", follows=cleaned.text[end : end + 1])
    if phrase is None or phrase.sense is Sense.MARK:
        return None, False
    if phrase.is_label and cleaned.text[end : end + 1] in _OPENINGS:
        # Brackets behind it belong to it: "AI生成（仅供参考）" is a label, "AI生成（测试版）" none.
        # So do words behind the bracket: "AI生成内容（AIGC）产业报告".
        closing = min((at for c in "）)】]" if (at := cleaned.text.find(c, end, end + 60)) >= 0), default=-1)
        rest = _REST.match(cleaned.text, closing + 1)
        stop = rest.end() if rest is not None else closing + 1
        whole = judge(segment + cleaned.text[end:stop], "text") if closing >= 0 else phrase
        if whole is None or not whole.is_label:
            phrase = Phrase(Sense.SPEAKS_OF_IT)
    quoted = segment.strip()[:60]
    if phrase.sense in REASONS:
        notes.append(f"near miss: {REASONS[phrase.sense]}: {quoted!r}")
        return None, False
    if _inside_quotes(cleaned.text, offset, end):
        notes.append(f"near miss: {REASONS[Sense.QUOTED]}: {quoted!r}")
        return None, False
    if not _stands_alone(cleaned.text, offset, segment, phrase):
        notes.append(f"near miss: the words of a label inside running text: {quoted!r}")
        return None, False
    start = end - len(segment.lstrip())
    stop = offset + len(segment.rstrip())
    found = [*_trick_deviations(start, stop, cleaned), *phrase.missing]
    if phrase.language == "zh" and phrase.is_label and not re.search(r"人工智能|AI", segment):
        found.append(Deviation.LETTER_CASE)
    statement = Statement(start, stop, segment.strip(), tuple(found), phrase.language)
    if phrase.sense is Sense.OTHER_WORDS and phrase.language == "zh":
        lacks = " and ".join(d.sentence.removesuffix(".").removeprefix("The label says ") for d in phrase.missing)
        notes.append(f"near miss: {quoted!r} says {lacks}")
        return statement, False
    return statement, True


def _stands_alone(text: str, offset: int, segment: str, phrase: Phrase) -> bool:
    """Whether a segment is separate enough to be a label. Near an end of the text a sentence suffices. Elsewhere it
    needs brackets or, unless it may be a heading, a separate line.
    """
    end = offset + len(segment)
    bracketed = segment.strip()[:1] in "【〔[（(" or text[end : end + 1] in ("】", "〕", "]", "）", ")")
    # A separate line begins and ends next to the segment.
    before, after = text[max(0, offset - 8) : offset + 1], text[max(end - 1, offset) : end + 8]
    line_before = before.rpartition("\n")[2].strip() if "\n" in before else "more" if text[:offset].strip() else ""
    line_after = after.partition("\n")[0].strip() if "\n" in after else "more" if text[end:].strip() else ""
    own_line = len(line_before) <= 3 and len(line_after) <= 3
    around = 4 * _EDGE
    if offset <= around and len(text[:offset].strip()) <= _EDGE:
        return bracketed or own_line or not phrase.plain or len(text[:offset].strip()) <= 3
    if len(text) - end <= around and len(text[end:].strip()) <= _EDGE:
        return True
    return bracketed or (own_line and not (phrase.plain and phrase.names_object))


def _inside_quotes(text: str, start: int, end: int) -> bool:
    """Whether the segment lies between two quotation marks with other words on the same line."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    before, after = (
        text[max(line_start, start - 200) : start],
        text[end : line_end if line_end >= 0 else len(text)][:200],
    )
    for opening, closing in (("“", "”"), ("「", "」"), ("『", "』"), ("《", "》")):
        if before.rfind(opening) > before.rfind(closing) and 0 <= after.find(closing) <= (
            after.find(opening) if opening in after else len(after)
        ):
            return True
    return False


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
        turned = match[1][::-1]
        phrase = judge(turned, "text")
        if phrase is not None and phrase.is_label:
            statements.append(Statement(match.start(), match.end(), turned, (Deviation.REORDERED,)))
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
    """A mark of only ``AI``, raised or bracketed or on a separate line, at the very start or end."""
    stripped = text.strip()
    if not stripped:
        return []
    first = len(text) - len(text.lstrip())
    last = len(text.rstrip())
    marks = []
    for mark in grammar().raised_marks:
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
    detail = f"A corner mark at the {position}; such a mark needs only the AI element."
    return Label("text", "explicit", "text:corner", fields, (), None, text[start:end], detail)


def _near_misses(text: str, notes: list[str]) -> None:
    if not any(word in text for word in ("AI", "Ai", "ai", "人工智能", "虚拟", "数字人")):
        return
    for match in list(grammar().mention.finditer(text))[:3]:
        at_edge = match.start() <= _EDGE or len(text) - match.end() <= _EDGE
        if at_edge and len(notes) < 8:
            notes.append(f"near miss: {match[0]!r} lacks the generation element (生成 or 合成)")
    inside_a_word = re.search(r"[A-Za-z]AI\s*[生合]成", text)
    if inside_a_word is not None:
        notes.append(f"near miss: {inside_a_word[0]!r} holds the letters AI only inside another word")
