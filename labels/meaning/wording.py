"""Classify a short statement about AI generation: a label, a label in other words, or a mere mention.

A label names the AI element (``AI`` or ``人工智能``) and the generation element (``生成`` or ``合成``) of GB 45438-2025
in one short statement about the content that contains it. The whole statement has to be the label: a headline, a
denial, a question, an advertisement or the name of an event may contain the same words. A grammar, whose words are
data (``wording.yaml``), is therefore matched against the whole statement.

>>> judge("本图片由AI生成，仅供参考", "picture").sense.value
'label'
>>> judge("AI生成式大模型峰会", "picture").sense.value
'speaks of it'
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, Literal

from ..data import load_data
from ..model import Deviation

#: The medium of a statement. Decides which objects a statement without a subject may name ("AI生成图片" in a text is a
#: heading).
Medium = Literal["text", "picture", "film", "sound"]

_LONGEST = 80
_CJK = "\u3400-\u9fff\uff0c\u3002\uff1a\uff1b\u3001\uff08\uff09"
_BESIDE_CHINESE = re.compile(rf"[{_CJK}]")
_ORNAMENT = re.compile(r"^[^\w#《〈“‘「『\"'（(【\[]+|[^\w》〉”’」』\"'）)】\]？?]+$")
_BRACKETS = {"(": ")", "（": "）", "[": "]", "【": "】", "〔": "〕", "<": ">", "〈": "〉", "{": "}"}
_QUOTES = {"“": "”", "「": "」", "『": "』", '"': '"', "‘": "’", "'": "'", "`": "`"}
_MISREAD = re.compile(r"(?<![A-Za-z0-9])A(?:[lI1|丨](?![A-Za-z0-9])|[!\-](?=[生合]成))")
#: A column of characters has no spaces: "KimiAI生成".
_JOINED = re.compile(r"(?<=[a-z])AI(?=[生合]成)")
_MISREAD_AIGC = re.compile(r"(?<![A-Za-z0-9])A[lI1|]GC(?![A-Za-z])")


class Sense(StrEnum):
    """The sense in which a statement uses the words of a label."""

    LABEL = "label"
    OTHER_WORDS = "other words"
    DENIED = "denied"
    QUESTION = "question"
    QUOTED = "quoted"
    TITLE = "title"
    TAG = "tag"
    MARK = "mark"
    SPEAKS_OF_IT = "speaks of it"


#: Why a statement is no label, in the words of a note.
REASONS = {
    Sense.DENIED: "a statement that denies AI generation",
    Sense.QUESTION: "a question about AI generation",
    Sense.QUOTED: "the words of a label are in quotation marks",
    Sense.TITLE: "the words of a label are in a title",
    Sense.TAG: "the words of a label are a topic tag",
    Sense.SPEAKS_OF_IT: "a sentence about AI generation, not a label",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """The judgement of one statement.

    ``missing`` holds a deviation per missing element. ``plain`` is true if the statement names no subject, which a
    heading or a button does not either. ``names_object`` is true if it ends in the kind of content generated.
    """

    sense: Sense
    language: Literal["zh", "en"] = "zh"
    missing: tuple[Deviation, ...] = ()
    plain: bool = False
    names_object: bool = False

    @property
    def is_label(self) -> bool:
        return self.sense is Sense.LABEL


def _any_of(words: Iterable[str]) -> str:
    return "(?:" + "|".join(re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w))) + ")"


class _Grammar:
    """The patterns, compiled from the word lists once per process."""

    def __init__(self, words: dict[str, Any]) -> None:
        self.media: dict[str, list[str]] = words["media"]
        self.translation = str.maketrans(words["traditional"])
        medium = _any_of(word for group in self.media.values() for word in group)
        ai = rf"(?:{_latin(words['ai'])}|{_any_of(w for w in words['ai'] if not w.isascii())})"
        ai_else = _any_of(words["ai_in_other_words"])
        made = _any_of(words["generation"])
        made_else = _any_of(words["generation_in_other_words"])
        services = _any_of([*words["services"]["seen"], *words["services"]["named"]])
        joint = r"(?:[、/／和与及或&+]|以及)"
        latin = r"(?:[A-Za-z][A-Za-z0-9_.\-]{0,15}\s?|[\d.]{1,5}\s?)"
        name = rf"(?:{services}|{latin})"
        subject = (
            rf"(?:{_any_of(words['subjects'])}{{1,2}}{_any_of(words['measures'])}?(?:{_any_of(words['places'])})?(?:的|中的|提供的|展示的)?(?:{medium}(?:{joint}?{medium}){{0,3}})?"
            rf"|{medium}(?:{joint}?{medium}){{0,3}})"
        )
        links = rf"(?:{_any_of(words['links'])}){{0,4}}"
        announcement = rf"(?:{_any_of(words['announcements'])}(?:[:：—|｜/／\-]|为)?)"
        instrument = _any_of(words["instruments"])
        by_whom = rf"(?:(?:由|{instrument})(?P<maker>[^\s，。,;；:：?？!！、]{{1,16}}?))"
        doubt = rf"(?:{_any_of(words['doubts'])}{instrument}(?={ai}))"
        lead = (
            rf"(?:(?:{_any_of(words['leads'])}|{announcement})[，,、。·|｜:：\s]*){{0,3}}"
            rf"(?:(?P<subject>(?:{subject}){{1,3}}){links}(?:[,，:：]?{instrument}?{links})?|{links}{doubt}?)"
        )
        fillers = _any_of([*words["fillers"], "（AI）", "(AI)", "的"])
        filler = rf"(?:{fillers}|{joint}|[·\-—_:：|｜]|{services}|[A-Za-z][A-Za-z0-9_.\-]{{0,15}})"
        many = rf"(?:{joint}?(?:{made}|{made_else})){{0,3}}"
        thing = rf"(?:的?(?:{made})?的?(?P<object>{medium}(?:{joint}?{medium}){{0,3}}))"
        ending = rf"{_any_of(words['endings'])}{{0,2}}"
        hedged = rf"{_any_of(words['tail_nouns'])}[^，,。]{{0,4}}{_any_of(words['tail_hedges'])}"
        pause = r"[\s，,。.;；、·|｜—\-~～(（]"
        credit = rf"(?:{hedged}|{services}|[©@]|https?:|[A-Za-z0-9])"
        tail = (
            rf"(?P<tail>{pause}*{_any_of(words['tails'])}.{{0,60}}|{pause}+{credit}.{{0,60}}|[©@].{{1,60}}"
            rf"|(?:19|20)\d\d[年.\-/].{{0,40}}|{pause}+)?"
        )

        def whole(an_ai: str, is_made: str) -> str:
            forward = (
                rf"(?:{name}){{0,2}}{by_whom}?(?:{name}){{0,2}}(?P<ai>{an_ai}){filler}{{0,6}}(?P<made>{is_made}){many}"
            )
            way = rf"{_any_of(words['ways'])}(?:[:：（(]|为|是|(?<=[于自]))"
            backward = rf"{way}(?:{name}){{0,2}}(?P<ai2>{an_ai}){filler}{{0,4}}"
            return rf"{lead}(?:{forward}{thing}?{ending}|{backward}){tail}"

        self._label = whole(ai, made)
        self._other_words = whole(rf"(?:{ai}|{ai_else})", rf"(?:{made}|{made_else})")
        self.loose = re.compile(
            rf"(?:{ai}|{ai_else}).{{0,12}}?(?:{made}|{made_else})|(?:{made}).{{0,8}}?{ai}", re.DOTALL
        )
        self.loosest = re.compile(rf"{ai}.{{0,24}}?{made}|{made}.{{0,24}}?{ai}", re.DOTALL)
        self.elements = re.compile(rf"{ai}[\s\S]*(?:生成|合成(?!{_any_of(words['compounds'])}))|(?:{made})[\s\S]*{ai}")
        self.denied = re.compile(
            rf"{_any_of(words['denials'])}(?:由|使用|用|采用|经|为|是|含|任何|一切|以)?[“「『\"'‘]?\s*$"
        )
        self.about = re.compile(_any_of(words["about"]))
        self.chemistry = re.compile(rf"合成{_any_of(words['compounds'])}")
        self.mark = re.compile(rf"(?:{_any_of(words['marks'])}|{services}\s?AI)", re.IGNORECASE)
        self.mention = re.compile(
            rf"(?:{ai}){_any_of(words['products'])}|{_any_of(words['marks'])}|{_any_of(words['roles'])}"
        )
        self.lookalikes = str.maketrans({c: k for k, cs in words["lookalikes"].items() for c in cs})
        self.raised_marks = tuple(words["raised_marks"])
        self._english(words["english"])

    # Compiled at their first use: they take longest, and most text does not come to them.

    @cached_property
    def label(self) -> re.Pattern[str]:
        return re.compile(self._label)

    @cached_property
    def other_words(self) -> re.Pattern[str]:
        return re.compile(self._other_words)

    @cached_property
    def english(self) -> re.Pattern[str]:
        return re.compile(self._english_label, re.IGNORECASE)

    def _english(self, words: dict[str, list[str]]) -> None:
        def some(key: str) -> str:
            return _any_of(words[key])

        ai = r"(?:A\.?I\.?|artificial intelligence|gen(?:erative)?[ -]?AI)"
        name = r"(?:an?|the|generative|advanced|[A-Z][\w.]{1,15})"
        media = rf"{some('media')}(?:\s*(?:,|and|&|/|or)\s*{some('media')}){{0,3}}"
        subject = rf"(?P<subject>(?:{some('subjects')}\s+){{0,3}}{media}\s+)"
        links = rf"(?:{some('links')}\s+){{0,5}}"
        dash = r"[\s\-\u2010-\u2014]*"
        adjective = (
            rf"(?:{ai}|artificially){dash}{some('adjectives')}"
            rf"(?:\s*(?:and|or|/)\s*(?:{some('adjectives')}|edited|modified))?"
        )
        verb = (
            rf"{some('verbs')}(?:\s+(?:and|or)\s+{some('verbs')})?(?:\s+{some('adverbs')}){{0,2}}"
            rf"\s+(?:by|with|using|through|via)(?:\s+{name}){{0,3}}\s+{ai}(?:\s+{some('means')}){{0,2}}"
        )
        thing = rf"(?P<object>(?:\s+(?:{some('media')})){{0,2}})"
        tail = rf"(?:[\s.,;:|·—–\-(]+(?:{some('tails')})\b.{{0,100}})?"
        announcement = rf"(?:{some('announcements')}\s*[:—–\-]\s*)?"
        self._english_label = rf"{announcement}(?:{subject})?{links}(?:{adjective}|{verb}){thing}{tail}"
        self.english_loose = re.compile(
            rf"(?<![a-z])(?:{ai}|artificially){dash}{some('adjectives')}\b"
            rf"|\b{some('verbs')}(?:\s+\w+){{0,3}}\s+(?:by|with|using)(?:\s+\w+){{0,3}}?\s+{ai}(?![a-z])",
            re.IGNORECASE,
        )
        #: "Report AI-generated content": what begins like a thing is a verb.
        self.english_demand = re.compile(
            rf"{some('media')}\s+(?:{ai}|artificially){dash}{some('adjectives')}", re.IGNORECASE
        )
        self.english_denied = re.compile(rf"\b{some('denials')}\b[- ]?(?:\w+ ){{0,3}}$", re.IGNORECASE)


_LATIN_WORDS = re.compile(r"[A-Za-z]{2}.*[A-Za-z]{4}")
_BETWEEN = " ·/|｜,，;；—–-:：()（）"
_GAP = re.compile(rf"[{re.escape(_BETWEEN)}]+|(?=AI)|(?=人)")


def _latin(words: list[str]) -> str:
    """A pattern for whole words in Latin letters, in upper, lower or title case."""
    spelt = {form for word in words if word.isascii() for form in (word, word.lower(), word.capitalize())}
    return rf"(?<![A-Za-z]){_any_of(spelt)}(?![A-Za-z])"


@cache
def grammar() -> _Grammar:
    return _Grammar(load_words())


def simplified(text: str) -> str:
    """``text`` with the traditional characters that occur in labels replaced by simplified ones, one for one."""
    return text.translate(grammar().translation)


def as_read(text: str) -> str:
    """A line from text recognition, normalised, with common misreadings of ``AI`` corrected."""
    text = unicodedata.normalize("NFKC", text).translate(grammar().lookalikes)
    return _MISREAD_AIGC.sub("AIGC", _JOINED.sub(" AI", _MISREAD.sub("AI", text)))


def judge(statement: str, medium: Medium, *, follows: str = "") -> Phrase | None:
    """Classify a statement. None if it does not mention AI generation. ``follows`` is the character after the
    statement: a question mark makes it a question.
    """
    words = grammar()
    text = _without_space_beside_chinese(simplified(statement)).strip()
    if len(text) > 3 * _LONGEST or not _worth_a_look(text):
        return _judged_english(statement, follows)
    bare = _undecorated(text)
    if _is_label_form(words.label.fullmatch(bare), text, follows):
        return _label_phrase(words.label.fullmatch(bare), text, medium)
    if (twice := _said_in_both_languages(bare, medium, follows)) is not None:
        return twice
    said_otherwise = words.other_words.fullmatch(bare)
    loose = words.loose.search(text) or words.loosest.search(text)
    if said_otherwise is None and loose is None:
        return _judged_english(statement, follows) or _mark(bare)
    if words.chemistry.search(text) and "生成" not in text:
        return None
    sense = _why_not(text, loose or said_otherwise, follows)
    if sense is Sense.SPEAKS_OF_IT and said_otherwise is not None and _is_label_form(said_otherwise, text, follows):
        missing = _missing(said_otherwise)
        if said_otherwise["subject"] or Deviation.GENERATION_ELEMENT_MISSING not in missing:
            return Phrase(Sense.OTHER_WORDS, missing=missing, plain=said_otherwise["subject"] is None)
    if words.loose.search(text) is None and words.loosest.search(text) is None:
        return _mark(bare)
    return Phrase(sense)


def _said_in_both_languages(bare: str, medium: Medium, follows: str) -> Phrase | None:
    """A label in Chinese beside the same in English: "AI生成 AI-generated", "Made with AI | 本图由AI生成"."""
    han = [found.start() for found in _BESIDE_CHINESE.finditer(bare)]
    if not han or len(bare) > _LONGEST or not _LATIN_WORDS.search(bare):
        return None
    # After the last Chinese character; or at a gap before the first one, behind which the Chinese may begin with "AI".
    places = [han[-1] + 1, *(gap.start() for gap in _GAP.finditer(bare, 0, han[0] + 1))]
    for place in places[:8]:
        parts = [part.strip(_BETWEEN) for part in (bare[:place], bare[place:])]
        chinese, english = parts if _BESIDE_CHINESE.search(parts[0]) else reversed(parts)
        if _BESIDE_CHINESE.search(english):
            continue
        match = grammar().label.fullmatch(_undecorated(chinese))
        other = _judged_english(english, follows)
        if _is_label_form(match, chinese, follows) and other is not None and other.sense is Sense.OTHER_WORDS:
            return _label_phrase(match, chinese, medium)
    return None


def _worth_a_look(text: str) -> bool:
    return (
        "成" in text or "AI" in text.upper() or any(each in text for each in ("人工智", "大模型", "大语言模型", "机器"))
    )


def _undecorated(text: str) -> str:
    """``text`` without ornaments and the brackets or quotation marks around the whole."""
    for _ in range(3):
        bare = _ORNAMENT.sub("", text).strip()
        closing = _BRACKETS.get(bare[:1]) or _QUOTES.get(bare[:1])
        if closing is not None and bare.endswith(closing) and len(bare) > 2:
            bare = bare[1:-1].strip()
        elif bare[:1] in _BRACKETS and bare[1:].find(_BRACKETS[bare[0]]) < 0:
            bare = bare[1:]
        elif bare[-1:] in _BRACKETS.values() and not any(opening in bare for opening in _BRACKETS):
            bare = bare[:-1]
        if bare == text:
            break
        text = bare
    return text


def _is_label_form(match: re.Match[str] | None, text: str, follows: str) -> bool:
    if match is None or follows in ("?", "？") or text.lstrip().startswith(("《", "〈", "#")):
        return False
    tail = (match["tail"] or "").strip()
    about = grammar().about
    maker = match["maker"] or ""
    return (
        len(text) <= _LONGEST
        and not text.rstrip().endswith(("?", "？", "吗", "么", "呢"))
        and not re.search(r"[?？]|月入|报名|课|教程|免费|优惠|下载", tail)
        and not (re.match(r"[（(\s]*[A-Za-z]", tail) and about.search(tail))
        and not about.search(maker.removesuffix("公司").removesuffix("的"))
        and grammar().denied.search(maker) is None
    )


def _label_phrase(match: re.Match[str] | None, text: str, medium: Medium) -> Phrase:
    if match is None:
        raise ValueError("no label")
    plain = match["subject"] is None and match["ai2"] is None
    thing = match["object"] or ""
    if thing and plain and not _fits(thing, medium):
        return Phrase(Sense.SPEAKS_OF_IT)
    return Phrase(Sense.LABEL, plain=plain, names_object=bool(thing))


def _fits(thing: str, medium: Medium) -> bool:
    """Whether a label in this medium may name such an object: "AI生成图片" in a picture or film, but not at the head of
    a text.
    """
    groups = {
        "text": ("any", "text"),
        "picture": ("any", "picture", "scene"),
        "film": ("any", "picture", "film", "sound", "scene"),
        "sound": ("any", "sound"),
    }
    media = grammar().media
    return any(thing.endswith(word) for group in groups[medium] for word in media[group])


def _missing(match: re.Match[str]) -> tuple[Deviation, ...]:
    lists = load_words()
    missing = []
    if (match["made"] or "生成") not in lists["generation"]:
        missing.append(Deviation.GENERATION_ELEMENT_MISSING)
    named = match["ai"] or match["ai2"] or ""
    if "AI" not in named.upper() and "人工智能" not in named:
        missing.append(Deviation.AI_ELEMENT_MISSING)
    return tuple(missing)


@cache
def load_words() -> dict[str, Any]:
    words: dict[str, Any] = load_data("meaning/wording.yaml")
    return words


def _why_not(text: str, loose: re.Match[str] | None, follows: str) -> Sense:
    before = text[: loose.start()] if loose else ""
    after = text[loose.end() :] if loose else ""
    if re.search(r"(?:并非|不是|非|未|没有|无)[^，,。]{0,6}$", before) or grammar().denied.search(before):
        return Sense.DENIED
    if follows in ("?", "？") or re.search(r"[?？]|[吗呢么]$|如何|怎么|怎样|什么|是否|为何|能否", text):
        return Sense.QUESTION
    if "《" in before or "》" in after:
        return Sense.TITLE
    if before.rstrip()[-1:] in _QUOTES and re.search(r"[”」』\"’'`]", after):
        return Sense.QUOTED
    if text.lstrip().startswith("#"):
        return Sense.TAG
    return Sense.SPEAKS_OF_IT


def _mark(bare: str) -> Phrase | None:
    if len(bare) <= 12 and grammar().mark.fullmatch(bare):
        return Phrase(Sense.MARK, missing=(Deviation.GENERATION_ELEMENT_MISSING,), plain=True)
    return None


def _judged_english(statement: str, follows: str) -> Phrase | None:
    lowered = statement.lower()
    if "ai" not in lowered and "artificial" not in lowered and "a.i" not in lowered:
        return None
    words = grammar()
    text = re.sub(r"\s+", " ", statement).strip()
    loose = words.english_loose.search(text)
    if loose is None:
        return None
    if words.english_denied.search(text[: loose.start()]):
        return Phrase(Sense.DENIED, "en")
    if follows in ("?", "？") or "?" in text or "？" in text:
        return Phrase(Sense.QUESTION, "en")
    if text.startswith("#") and not text.startswith("# "):
        return Phrase(Sense.TAG, "en")
    bare = _undecorated(text)
    match = words.english.fullmatch(bare)
    if match is None or len(bare) > 2 * _LONGEST:
        before, after = text[: loose.start()], text[loose.end() :]
        quoted = before.rstrip()[-1:] in _QUOTES and re.match(r"\s*[”\"’']", after)
        return Phrase(Sense.QUOTED if quoted else Sense.SPEAKS_OF_IT, "en")
    if match["object"].strip() and words.english_demand.match(bare):
        return Phrase(Sense.SPEAKS_OF_IT, "en")
    missing = [Deviation.GENERATION_ELEMENT_MISSING]
    if not re.search(r"\bAI\b", bare):
        missing.append(Deviation.AI_ELEMENT_MISSING)
    return Phrase(
        Sense.OTHER_WORDS, "en", tuple(missing), plain=match["subject"] is None, names_object=bool(match["object"])
    )


def _without_space_beside_chinese(text: str) -> str:
    """``text`` without white space before or after a Chinese character."""

    def kept(space: re.Match[str]) -> str:
        before, after = text[space.start() - 1 : space.start()], text[space.end() : space.end() + 1]
        return "" if _BESIDE_CHINESE.match(before) or _BESIDE_CHINESE.match(after) else space[0]

    return re.sub(r"\s+", kept, text)


def has_elements(text: str) -> bool:
    """Whether a short text, such as a transcript, names both elements. ``Al``, a common misreading, counts as
    ``AI``."""
    return grammar().elements.search(_without_space_beside_chinese(as_read(text))) is not None


def with_text_label(text: str) -> str:
    """``text`` with a conforming label at its end, on a separate line."""
    body = text.rstrip("\n")
    return f"{body}\n\n（本内容由AI生成）\n" if body else "（本内容由AI生成）\n"
