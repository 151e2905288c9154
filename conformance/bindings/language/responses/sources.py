"""Places in a response: JMESPath over its JSON, CSS selectors over its page, a header, a cookie, its text or URL."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError
from pydantic import BaseModel, ValidationError

from shenhe.core.document import dotted, shown, worded
from shenhe.core.text import visible

from ..format import (
    EXPECTED_SOURCE,
    BodySource,
    CookieSource,
    CssSource,
    FormSource,
    HeaderSource,
    StatusSource,
    TextSource,
    UrlSource,
    ValueSource,
)
from ..template import Fill, TemplateError
from .markup import document_of, fields_of_form, text_of_element
from .response import Response, ResponseError
from .selectors import Selector

LONGEST = 100_000
"""Characters of one extracted text; the rest is cut."""
MOST_LISTED = 10_000
"""Elements of a page that a selector lists."""


#: By how much an expression may multiply the values of a response: `[@, @][] | [@, @][] | …` doubles them each time.
_MOST_GROWTH = 10_000


def _growth(node: Any) -> int:
    """The product of the sizes of all lists that an expression builds."""
    product, waiting = 1, [node]
    while waiting and product <= _MOST_GROWTH:
        each = waiting.pop()
        if each["type"] in {"multi_select_list", "multi_select_dict"}:
            product *= max(1, len(each["children"]))
        waiting += [child for child in each.get("children", ()) if isinstance(child, dict)]
    return product


MOST_BUILT = 20_000_000
"""Characters of text that one evaluation of an expression may build or parse."""


class _Functions(functions.Functions):
    """The functions of JMESPath, and one for JSON that is written into a text.

    ``to_string`` inside ``to_string`` doubles the escapes each time, and ``join`` repeats its separator: what one
    evaluation builds is bounded.
    """

    def __init__(self) -> None:
        super().__init__()
        self._left = MOST_BUILT

    def _spend(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            raise ValueError("too much text")

    @functions.signature({"types": ["string"]})
    def _func_from_json(self, text: str) -> Any:
        self._spend(len(text))
        return json.loads(text)

    @functions.signature({"types": []})
    def _func_to_string(self, value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=str)
        self._spend(len(text))
        return text

    @functions.signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, parts: list[str]) -> str:
        self._spend(len(separator) * len(parts) + sum(map(len, parts)))
        return separator.join(parts)


class Query:
    """A compiled JMESPath expression."""

    def __init__(self, expression: str) -> None:
        try:
            self._parsed = jmespath.compile(expression)
        except (JMESPathError, RecursionError) as error:
            first = str(error).splitlines()[0] if str(error) else "too deep"
            raise ValueError(f"found {shown(expression)}, expected a JMESPath expression ({first})") from None
        if _growth(self._parsed.parsed) > _MOST_GROWTH:
            raise ValueError(f"found {shown(expression)}, expected an expression that does not multiply what it reads")
        self.expression = expression

    def search(self, data: Any) -> Any:
        """The value there, or ``None``. Raises :class:`ResponseError` if a function meets the wrong type."""
        try:
            return self._parsed.search(data, options=jmespath.Options(custom_functions=_Functions()))
        except (JMESPathError, RecursionError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise ResponseError(f"{shown(self.expression)} does not fit the answer ({type(error).__name__})") from None


@dataclass(frozen=True)
class HeaderValue:
    """The value of a header."""

    name: str
    json: Query | None = None


@dataclass(frozen=True)
class WholeText:
    """The whole body as text."""


@dataclass(frozen=True)
class WholeBody:
    """The whole body as bytes."""


@dataclass(frozen=True)
class StatusValue:
    """The status."""


@dataclass(frozen=True)
class UrlValue:
    """Where the response came from."""


@dataclass(frozen=True)
class CookieValue:
    """The value of a cookie that the response sets."""

    name: str
    json: Query | None = None


@dataclass(frozen=True)
class CssValue:
    """Elements of a page."""

    selector: Selector
    attribute: str | None = None
    all: bool = False
    each: Mapping[str, CssValue] = field(default_factory=dict)
    json: Query | None = None


@dataclass(frozen=True)
class FormFields:
    """The fields of a form."""

    selector: Selector


@dataclass(frozen=True)
class TemplateValue:
    """A template over the values of the operation, ``answer`` and ``response``."""

    fill: Fill


@dataclass(frozen=True)
class Truth:
    """Whether a condition on the response holds."""

    test: Callable[[Response], bool]


@dataclass(frozen=True)
class FirstOf:
    """The first of several sources that finds something."""

    sources: tuple[Source, ...]


Source: TypeAlias = (
    Query
    | HeaderValue
    | WholeText
    | WholeBody
    | StatusValue
    | UrlValue
    | CookieValue
    | CssValue
    | FormFields
    | TemplateValue
    | Truth
    | FirstOf
)


def compile_source(value: Any, template: Callable[[str], Fill]) -> Source:
    """A source as the file writes it; ``template`` compiles a template. Raises ``ValueError`` with a sentence."""
    if isinstance(value, str) and value:
        return Query(value)
    if isinstance(value, list | tuple) and value:
        return FirstOf(tuple(compile_source(each, template) for each in value))
    if isinstance(value, dict):
        given = {key: item for key, item in value.items() if item is not None}
        kind = next((name for name in _MODELS if name in given), None)
        if kind is not None:
            try:
                section = _MODELS[kind].model_validate(given)
            except ValidationError as error:
                raise ValueError(said_of(error, _MODELS[kind])) from None
            return _compiled(section, template)
    raise ValueError(f"found {shown(value)}, expected {EXPECTED_SOURCE}")


def said_of(error: ValidationError, model: type[BaseModel]) -> str:
    """The first thing wrong with a mapping, and where in it."""
    first = error.errors(include_url=False)[0]
    place = dotted([step for step in first["loc"] if step != "a section"])
    message = worded(dict(first), model)
    return message if first["type"] in {"extra_forbidden", "missing"} or not place else f"{place}: {message}"


_MODELS: Mapping[str, type[BaseModel]] = {
    "css": CssSource,
    "header": HeaderSource,
    "cookie": CookieSource,
    "text": TextSource,
    "body": BodySource,
    "status": StatusSource,
    "url": UrlSource,
    "form": FormSource,
    "value": ValueSource,
}


def _compiled(section: BaseModel, template: Callable[[str], Fill]) -> Source:
    match section:
        case HeaderSource(header=name):
            return HeaderValue(name.lower(), _query(section.json_))
        case CookieSource(cookie=name):
            return CookieValue(name, _query(section.json_))
        case CssSource():
            return _css(section)
        case FormSource(form=selector):
            return FormFields(Selector(selector))
        case ValueSource(value=text):
            return TemplateValue(template(text))
        case BodySource():
            return WholeBody()
        case StatusSource():
            return StatusValue()
        case UrlSource():
            return UrlValue()
    return WholeText()


def _css(section: CssSource) -> CssValue:
    each = {
        name: CssValue(Selector(inner)) if isinstance(inner, str) else _css(inner)
        for name, inner in section.each.items()
    }
    return CssValue(Selector(section.css), section.attribute, section.all, each, _query(section.json_))


def _query(expression: str | None) -> Query | None:
    return None if expression is None else Query(expression)


def value_of(source: Source, response: Response) -> Any:
    """What ``source`` finds in ``response``; ``None`` for nothing. Raises :class:`ResponseError`."""
    match source:
        case Query():
            return source.search(response.json)
        case HeaderValue(name=name, json=query):
            return _inside(response.headers.get(name), query)
        case CookieValue(name=name, json=query):
            return _inside(response.cookies.get(name), query)
        case CssValue():
            return _elements(source, document_of(response))
        case FormFields(selector=selector):
            forms = selector.select(document_of(response))
            return fields_of_form(forms[0]) if forms else None
        case TemplateValue(fill=fill):
            document = response.json if response.is_json else None
            try:
                return fill({"first": document, **response.values, "answer": document, "response": response})
            except TemplateError as error:
                raise ResponseError(str(error)) from None
        case Truth(test=test):
            return test(response)
        case FirstOf(sources=sources):
            return _first(sources, response)
        case WholeBody():
            return response.body
        case StatusValue():
            return response.status
        case UrlValue():
            return response.url
    return response.text


def _first(sources: tuple[Source, ...], response: Response) -> Any:
    """The first value there is. A source that does not fit the response is passed over unless all are such."""
    failure: ResponseError | None = None
    empty = False
    for source in sources:
        try:
            value = value_of(source, response)
        except ResponseError as error:
            failure = error
            continue
        if truth(value):
            return value
        empty = True
    if failure is not None and not empty:
        raise failure
    return None


def _inside(text: str | None, query: Query | None) -> Any:
    """``text``, or what ``query`` finds in the JSON that it is. Servers percent-encode JSON in cookies; a percent sign
    begins no JSON.
    """
    if query is None or text is None:
        return text
    try:
        return query.search(json.loads(unquote(text) if text.startswith("%") else text))
    except (ValueError, RecursionError):
        raise ResponseError(f"found text that is not JSON, expected JSON for {query.expression!r}") from None


def _elements(source: CssValue, element: Any) -> Any:
    found = source.selector.select(element)
    if source.each:
        return [{name: _elements(inner, each) for name, inner in source.each.items()} for each in found[:MOST_LISTED]]
    values = [
        each.get(source.attribute) if source.attribute is not None else text_of_element(each)
        for each in found[:MOST_LISTED]
    ]
    if source.json is not None:
        values = [_inside(value, source.json) for value in values]
    if source.all:
        return [value for value in values if value is not None]
    return values[0] if values else None


def truth(value: Any) -> bool:
    """JMESPath's own notion: false, null, and empty lists, mappings and texts are false; numbers are true, zero too."""
    return value not in (False, None, "", [], {}) or (isinstance(value, int | float) and not isinstance(value, bool))


def text_of(source: Source | None, answer: Response) -> str:
    """What ``source`` finds, as text for a person; ``""`` for nothing or an answer of another kind. Never raises."""
    if source is None:
        return ""
    try:
        return as_text(value_of(source, answer))
    except ResponseError:
        return ""


def as_text(value: Any) -> str:
    """A JSON value as one text: lists joined by spaces, mappings as JSON. What is nested too deeply is no text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    try:
        if isinstance(value, list):
            return " ".join(filter(None, (as_text(item) for item in value[:1000])))[:LONGEST]
        return json.dumps(value, ensure_ascii=False)[:LONGEST]
    except RecursionError:
        return ""


def identifier_of(source: Source, answer: Response) -> str:
    """An id: text or a whole number, not empty. Raises :class:`ResponseError` that says what was there instead."""
    value = value_of(source, answer)
    if isinstance(value, str) and value and len(value) <= LONGEST:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ResponseError(f"found {describe(source, value, answer)}, expected an id (text or a whole number)")


def describe(source: Source, value: Any, answer: Response) -> str:
    """What was found at ``source``, and which keys there are where it was nothing. Values are not repeated: they may be
    secret.
    """
    kinds = {str: "text", int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "a section"}
    if value is not None and value != "":
        return f"{kinds.get(type(value), 'something else')} there"
    if isinstance(source, HeaderValue):
        return f"no header {source.name!r}"
    if isinstance(source, CookieValue):
        return f"no cookie {source.name!r}"
    if isinstance(source, CssValue | FormFields):
        return f"no element {source.selector.text!r}"
    if isinstance(source, Query) and value == "":
        return f"an empty text at {source.expression!r}"
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
