"""Understanding an answer: JMESPath over its JSON, a header, a cookie, or the text of its body."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError

from shenhe.core.document import shown
from shenhe.core.text import visible

from .format import CookieSource, HeaderSource, TextSource, ValueSource
from .response import Response, ResponseError
from .template import Fill, TemplateError

LONGEST = 100_000
"""Characters of one extracted text; the rest is cut."""


class Query:
    """A compiled JMESPath expression."""

    def __init__(self, expression: str) -> None:
        try:
            self._parsed = jmespath.compile(expression)
        except (JMESPathError, RecursionError) as error:
            first = str(error).splitlines()[0] if str(error) else "too deep"
            raise ValueError(f"found {shown(expression)}, expected a JMESPath expression ({first})") from None
        self.expression = expression

    def search(self, data: Any) -> Any:
        """The value there, or ``None``. Raises :class:`ResponseError` if a function meets the wrong type."""
        try:
            return self._parsed.search(data)
        except (JMESPathError, RecursionError, TypeError, ValueError) as error:
            raise ResponseError(f"{shown(self.expression)} does not fit the answer ({type(error).__name__})") from None


@dataclass(frozen=True)
class HeaderValue:
    """The value of a header."""

    name: str


@dataclass(frozen=True)
class WholeText:
    """The whole body."""


@dataclass(frozen=True)
class CookieValue:
    """The value of a cookie that the answer sets."""

    name: str


@dataclass(frozen=True)
class TemplateValue:
    """A template over what was asked, and ``answer``."""

    fill: Fill


Extraction: TypeAlias = Query | HeaderValue | WholeText | CookieValue | TemplateValue


def compile_source(value: Any, template: Callable[[str], Fill]) -> Extraction:
    """An extraction as the file writes it; ``template`` compiles what is one. Raises :class:`ValueError` with a
    sentence.
    """
    if isinstance(value, str) and value:
        return Query(value)
    if isinstance(value, dict) and set(value) == {"header"} and isinstance(value["header"], str):
        return HeaderValue(HeaderSource(**value).header.lower())
    if isinstance(value, dict) and value == {"text": True}:
        TextSource(**value)
        return WholeText()
    if isinstance(value, dict) and set(value) == {"cookie"} and isinstance(value["cookie"], str):
        return CookieValue(CookieSource(**value).cookie)
    if isinstance(value, dict) and set(value) == {"value"} and isinstance(value["value"], str):
        return TemplateValue(template(ValueSource(**value).value))
    raise ValueError(
        f"found {shown(value)}, expected a JMESPath expression, {{header: NAME}}, {{cookie: NAME}}, {{text: true}} or"
        " {value: TEMPLATE}"
    )


def value_of(source: Extraction, answer: Response) -> Any:
    """What ``source`` finds in ``answer``; ``None`` for nothing. Raises :class:`ResponseError`."""
    if isinstance(source, Query):
        return source.search(answer.json)
    if isinstance(source, HeaderValue):
        return answer.headers.get(source.name)
    if isinstance(source, CookieValue):
        return answer.cookies.get(source.name)
    if isinstance(source, TemplateValue):
        try:
            return source.fill({**answer.values, "answer": answer.json if answer.is_json else None})
        except TemplateError as error:
            raise ResponseError(str(error)) from None
    return answer.text


def truth(value: Any) -> bool:
    """JMESPath's own notion: false, null, and empty lists, mappings and texts are false; numbers are true, zero too."""
    return value not in (False, None, "", [], {}) or (isinstance(value, int | float) and not isinstance(value, bool))


def text_of(source: Extraction | None, answer: Response) -> str:
    """What ``source`` finds, as text for a person; ``""`` for nothing or an answer of another kind. Never raises."""
    if source is None:
        return ""
    try:
        return as_text(value_of(source, answer))
    except ResponseError:
        return ""


def as_text(value: Any) -> str:
    """A JSON value as one text: lists joined by spaces, mappings as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, list):
        return " ".join(filter(None, (as_text(item) for item in value[:1000])))[:LONGEST]
    return json.dumps(value, ensure_ascii=False)[:LONGEST]


def identifier_of(source: Extraction, answer: Response) -> str:
    """An id: text or a whole number, not empty. Raises :class:`ResponseError` that says what was there instead."""
    value = value_of(source, answer)
    if isinstance(value, str) and value and len(value) <= LONGEST:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ResponseError(f"found {describe(source, value, answer)}, expected an id (text or a whole number)")


def describe(source: Extraction, value: Any, answer: Response) -> str:
    """What was found at ``source``, and which keys there are where it was nothing. Values are not repeated: they may be
    secret.
    """
    kinds = {str: "text", int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "a mapping"}
    if value is not None and value != "":
        return f"{kinds.get(type(value), 'something else')} there"
    if isinstance(source, HeaderValue):
        return f"no header {source.name!r}"
    if isinstance(source, CookieValue):
        return f"no cookie {source.name!r}"
    if isinstance(source, Query):
        return (
            f"nothing at {source.expression!r}; the answer has {keys_of(answer)}{_nearest(source.expression, answer)}"
        )
    return "an empty body"


def keys_of(answer: Response) -> str:
    """The keys of an answer for a message: ``id, account.token``."""
    document = answer.json
    if isinstance(document, list):
        return f"a list of {len(document)}"
    if not isinstance(document, dict):
        return "a single value"
    names: list[str] = []
    for key, value in document.items():
        names.append(key)
        if isinstance(value, dict):
            names.extend(f"{key}.{inner}" for inner in list(value)[:8])
        if len(names) > 24:
            names = [*names[:24], "…"]
            break
    return "the keys " + ", ".join(visible(name)[:60] for name in names) if names else "no keys"


def _nearest(expression: str, answer: Response) -> str:
    """The path in the answer that is most like a plain one that found nothing."""
    paths = list(_paths(answer.json, "", 4))[:500]
    last = expression.rpartition(".")[2]
    ends = [(path, path.rpartition(".")[2]) for path in paths]
    close = (
        [path for path, end in ends if end == last][:1]
        or difflib.get_close_matches(expression, paths, n=1)
        or [path for path, end in ends if len(last) > 2 and last in end][:1]
    )
    return f" (did you mean {visible(close[0])[:100]!r}?)" if close else ""


def _paths(value: Any, prefix: str, depth: int) -> Iterator[str]:
    if not isinstance(value, dict) or not depth:
        return
    for key, inner in value.items():
        path = f"{prefix}.{key}" if prefix else key
        yield path
        yield from _paths(inner, path, depth - 1)
