"""Pages in Chinese: every text of a page is looked up by its English form.

A page is made in English first. Texts of templates go through ``_`` of :func:`.self_contained.rendered`; sections,
figures and tables go through :func:`translated`. Both look in the same files (:data:`FILES`), which hold a text, or a
text with ``{placeholders}`` for numbers, names and other texts. What has no entry stays as it is: names, identifiers,
and what a file of the user says.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, Literal

from shenhe.core.document import read_yaml

Language = Literal["en", "zh"]

FILES = ("page_zh.yaml", "simulation_zh.yaml", "assurance_zh.yaml", "validation_zh.yaml", "scenarios_zh.yaml")
LONGEST = 4000
"""Longer texts are quoted, not of a page."""
TELLING = 11
"""Letters and spaces by which a text with placeholders is known, whatever the values."""
TOGETHER = 5
"""Sentences that an entry holds at most."""
DEPTH = 6
"""How deep a text may be composed of others."""

_LETTERS = re.compile(r"[A-Za-z]{2}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PROSE = re.compile(r"(?<![a-z])[a-z]{2,} [a-z]{2,}")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_NUMBER = re.compile(r"([+−±]? ?[\d.,]+(?:e[+−-]?\d+)?)( %| points| million| billion| trillion)?")
_CHANGE = re.compile(r"(.+) ([+−][\d.,]+ %)")
_SHARE = re.compile(r"([\d,]+) of ([\d,]+)")
_SENTENCE = re.compile(r"(?<=[.?!]) (?=[A-Z“0-9`(])")
#: Text of a figure's data that a reader sees, by the key that holds it.
_SEEN = frozenset({"name", "text", "x", "y", "ticktext", "categoryarray", "title", "hovertemplate", "customdata"})


def in_chinese(text: str) -> str:
    """A text of a page in Chinese; what has no entry stays as it is, such as the name of an operation.

    >>> in_chinese("Conformance report"), in_chinese("1.28 million to 2 million"), in_chinese("my-service")
    ('符合性报告', '128 万 至 200 万', 'my-service')
    """
    return _found(text, DEPTH).replace(" %", "%") if len(text) <= LONGEST else text


def language_of(text: object) -> Language:
    """``en`` or ``zh``; anything else is English.

    >>> language_of("zh"), language_of("?"), language_of(None)
    ('zh', 'en', 'en')
    """
    return "zh" if text == "zh" else "en"


def speaker(language: Language) -> Callable[[str], str]:
    """How a text of a page is said in a language."""
    return in_chinese if language == "zh" else str


def translated(value: Any, language: Language) -> Any:
    """The same sections, figures, tables and texts, however nested, in a language."""
    if language == "en":
        return value
    if isinstance(value, str):
        return in_chinese(value)
    if isinstance(value, tuple | list):
        return type(value)(translated(item, language) for item in value)
    if isinstance(value, Mapping):
        return {key: translated(item, language) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            each.name: _drawing(getattr(value, each.name))
            if each.name == "spec"
            else translated(getattr(value, each.name), language)
            for each in dataclasses.fields(value)
            if each.name not in ("name", "anchor")
        }
        return dataclasses.replace(value, **changed)
    return value


def _drawing(spec: str) -> str:
    """The JSON that plotly.js draws, with its names, axes and labels in Chinese."""
    figure = _spoken(json.loads(spec), "")
    if any(_DATE.match(str(x)) for trace in figure["data"] for x in list(trace.get("x", ()))[:1]):
        for name, axis in figure["layout"].items():
            if name.startswith("xaxis"):
                axis.setdefault("tickformat", "%Y-%m")
    return json.dumps(figure, ensure_ascii=False, separators=(",", ":"))


def _spoken(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _spoken(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_spoken(item, key) for item in value]
    return in_chinese(value) if isinstance(value, str) and key in _SEEN else value


@functools.lru_cache(maxsize=16_384)
def _found(text: str, depth: int) -> str:
    exact, patterns = _entries()
    if (said := exact.get(text) or exact.get(text.lower())) is not None:
        return said
    if not depth or not _LETTERS.search(text):
        return text
    return _quantity(text) or _matched(text, patterns, depth) or _composed(text, depth) or text


def _quantity(text: str) -> str:
    """A number or both ends of an interval, in the units of ten thousand in which Chinese counts."""
    if text.endswith(" (median)") and (said := _quantity(text.removesuffix(" (median)"))):
        return f"{said}（中位数）"
    if share := _SHARE.fullmatch(text):
        return f"{share[1]}/{share[2]}"
    ends = text.split(" to ")
    found = [_NUMBER.fullmatch(end) for end in ends]
    if len(ends) > 2 or not all(found):
        return ""
    unit = found[-1][2] or "" if found[-1] else ""
    return " 至 ".join(_counted(end[1], end[2] or (unit if unit != " %" else "")) for end in found if end)


def _counted(number: str, unit: str) -> str:
    if unit == " points":
        return f"{number} 个百分点"
    if unit in ("", " %"):
        return number + unit
    size = {" million": 1e6, " billion": 1e9, " trillion": 1e12}[unit]
    value = float(number.replace(",", "").replace("−", "-").replace("±", "").replace(" ", "")) * size
    scales: tuple[tuple[float, str], ...] = ((1e12, "万亿"), (1e8, "亿"), (1e4, "万"))
    scale, word = next(each for each in scales if abs(value) >= each[0] or each is scales[-1])
    sign = "±" if "±" in number else "+" if "+" in number else ""
    return f"{sign}{value / scale:,.4g} {word}".replace("-", "−")


def _matched(text: str, patterns: Mapping[str, list[_Pattern]], depth: int) -> str:
    candidates: list[_Pattern] = [*patterns.get(text[0], ()), *patterns.get("", ())]
    for pattern in candidates:
        values = pattern.values(text)
        if values is not None:
            said: dict[str, str] = {name: _found(value, depth - 1) for name, value in values.items()}
            # A text of few words fits much of what others wrote.
            whole = _whole(list(values.values()), list(said.values())) and not any(map(_PROSE.search, said.values()))
            if whole or len("".join(pattern.words)) >= TELLING:
                return pattern.filled(said)
    return ""


def _whole(parts: list[str], said: list[str]) -> bool:
    """Whether parts became Chinese, and no words were left behind."""
    kept = [part for part, chinese in zip(parts, said, strict=True) if part == chinese]
    return not any(map(_PROSE.search, kept)) and (len(kept) < len(parts) or not all(map(_LETTERS.search, parts)))


def _composed(text: str, depth: int) -> str:
    """A text made of others: sentences, a head and its matter, a list."""
    sentences = _SENTENCE.split(text)
    if len(sentences) > 1 and (said_all := _sentences(sentences, depth)):
        return said_all
    for between, chinese in ((": ", "："), ("; ", "；"), (", ", "、"), (" and ", "和"), (" · ", " · ")):
        parts = _parts(text, between)
        if len(parts) > 1:
            said = [_found(part, depth - 1) for part in parts]
            if _whole(parts, said):
                return chinese.join(said)
    if text.endswith(")") and (head := text[:-1].rpartition(" ("))[1]:
        said = [_found(head[0], depth - 1), _found(head[2], depth - 1)]
        if _whole([head[0], head[2]], said):
            return f"{said[0]}（{said[1]}）"
    if (changed := _CHANGE.fullmatch(text)) and (said_of := _found(changed[1], depth - 1)) != changed[1]:
        return f"{said_of} {changed[2]}"
    if text.endswith(".") and (said_of := _found(text[:-1], depth - 1)) != text[:-1]:
        return f"{said_of}。"
    return ""


def _sentences(sentences: list[str], depth: int) -> str:
    """Sentences in Chinese, one by one or as many together as an entry holds; empty where none has Chinese."""
    exact, patterns = _entries()
    parts, at, found = [], 0, False
    while at < len(sentences):
        said, end = _found(sentences[at], depth - 1), at + 1
        for last in range(min(len(sentences), at + TOGETHER), at + 1, -1):
            together = " ".join(sentences[at:last])
            if whole := exact.get(together) or _matched(together, patterns, depth):
                said, end = whole, last
                break
        changed = said != " ".join(sentences[at:end])
        parts.append(said if changed else f" {said} ")
        found, at = found or changed, end
    return "".join(parts).strip() if found else ""


def _parts(text: str, between: str) -> list[str]:
    """A text taken apart, but not within brackets."""
    parts: list[str] = []
    for part in text.split(between):
        if parts and parts[-1].count("(") > parts[-1].count(")"):
            parts[-1] += between + part
        else:
            parts.append(part)
    return parts


@dataclasses.dataclass(frozen=True)
class _Pattern:
    """An English text with placeholders, as the pieces between them."""

    fixed: tuple[str, ...]
    names: tuple[str, ...]
    chinese: str

    @property
    def words(self) -> list[str]:
        return [part for part in self.fixed if _LETTERS.search(part)]

    def values(self, text: str) -> dict[str, str] | None:
        """The text at each placeholder; None where the text is another. Takes time in proportion to its length."""
        if not text.startswith(self.fixed[0]) or not text.endswith(self.fixed[-1]):
            return None
        at, last, values = len(self.fixed[0]), len(text) - len(self.fixed[-1]), {}
        for name, stop in zip(self.names[:-1], self.fixed[1:-1], strict=True):
            end = text.find(stop, at, last)
            if end < 0:
                return None
            values[name] = text[at:end]
            at = end + len(stop)
        if at > last:
            return None
        values[self.names[-1]] = text[at:last]
        # A list of such texts is taken apart first, and so are sentences.
        if any(word in value for word in self.words for value in values.values()):
            return None
        return values if not any(map(_SENTENCE.search, values.values())) else None

    def filled(self, values: Mapping[str, str]) -> str:
        return _PLACEHOLDER.sub(lambda found: values[_name(found[0])], self.chinese)


def _name(placeholder: str) -> str:
    return placeholder[1:-1].partition(":")[0]


@functools.cache
def _entries() -> tuple[dict[str, str], dict[str, list[_Pattern]]]:
    """Texts without placeholders, and patterns by their first character, those that say the most first."""
    exact: dict[str, str] = {}
    for file in FILES:
        data, _ = read_yaml(files("shenhe.reports.pages") / file, file)
        if not isinstance(data, dict):
            raise TypeError(f"{file} holds no mapping")
        exact |= {str(key): str(value) for key, value in data.items()}
    patterns: dict[str, list[_Pattern]] = {}
    exact = {english.lower(): chinese for english, chinese in exact.items()} | exact
    for english in sorted(exact, key=lambda key: -len(_PLACEHOLDER.sub("", key))):
        names = tuple(_name(each) for each in _PLACEHOLDER.findall(english))
        if names:
            pattern = _Pattern(tuple(_PLACEHOLDER.split(english)), names, exact[english])
            patterns.setdefault(pattern.fixed[0][:1], []).append(pattern)
    return exact, patterns
