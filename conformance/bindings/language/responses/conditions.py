"""Conditions on a response: on its status, media type, URL, headers, cookies, JSON, text and page."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..format import Condition as Written
from ..format import ConditionSection
from .response import Response, ResponseError
from .sources import Query, Source, as_text, compile_source, truth, value_of


@dataclass(frozen=True)
class Found:
    """A source finds something, or something that passes a test."""

    source: Source
    test: Callable[[Any], bool] = truth


@dataclass(frozen=True)
class StatusIs:
    """The status is one of these."""

    statuses: frozenset[int]


@dataclass(frozen=True)
class MediaTypeIs:
    """The media type matches a pattern such as ``image/*``."""

    pattern: str


@dataclass(frozen=True)
class AllOf:
    """Every one of the conditions holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """One of the conditions holds; those that do not fit the response are passed over."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The condition does not hold, or does not fit the response."""

    condition: Condition


Condition: TypeAlias = Found | StatusIs | MediaTypeIs | AllOf | AnyOf | Not


def compile_condition(written: Written, statuses: Callable[[Any], frozenset[int]]) -> Condition:
    """A condition as the file writes it. Raises ``ValueError`` with a sentence."""
    if isinstance(written, str):
        return Found(Query(written))
    parts: list[Condition] = []
    if written.all is not None:
        parts.append(AllOf(tuple(compile_condition(each, statuses) for each in written.all)))
    if written.any is not None:
        parts.append(AnyOf(tuple(compile_condition(each, statuses) for each in written.any)))
    if written.not_ is not None:
        parts.append(Not(compile_condition(written.not_, statuses)))
    if written.status is not None:
        parts.append(StatusIs(statuses(written.status if isinstance(written.status, tuple) else (written.status,))))
    if written.media_type is not None:
        parts.append(MediaTypeIs(written.media_type.lower()))
    source = _source(written)
    if source is not None:
        parts.append(Found(source, _test(written)))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _source(written: ConditionSection) -> Source | None:
    def none(text: str) -> Any:
        raise ValueError("found a template, expected a source")

    for key, value in (
        ("header", written.header),
        ("cookie", written.cookie),
        ("url", written.url),
        ("text", written.text),
    ):
        if value is not None:
            return compile_source({key: value}, none)
    if written.json_ is not None:
        return Query(written.json_)
    if written.css is not None:
        return compile_source({"css": written.css, "attribute": written.attribute}, none)
    return None


def _test(written: ConditionSection) -> Callable[[Any], bool]:
    tests: list[Callable[[Any], bool]] = []
    if "is_" in written.model_fields_set:
        tests.append(lambda value: _equal(value, written.is_))
    if written.in_ is not None:
        listed = written.in_
        tests.append(lambda value: any(_equal(value, each) for each in listed))
    if written.contains is not None:
        tests.append(_text_test(written.contains, str.__contains__))
    if written.starts_with is not None:
        tests.append(_text_test(written.starts_with, str.startswith))
    if written.ends_with is not None:
        tests.append(_text_test(written.ends_with, str.endswith))
    return (lambda value: all(test(value) for test in tests)) if tests else truth


def _text_test(part: str, test: Callable[[str, str], bool]) -> Callable[[Any], bool]:
    return lambda value: value is not None and test(as_text(value), part)


def _equal(value: Any, wanted: Any) -> bool:
    """Equal as JSON values; text from a header or a page equals a number that is written the same."""
    if isinstance(value, str) and not isinstance(wanted, str):
        return value == as_text(wanted)
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return bool(value == wanted)


def holds(condition: Condition, response: Response) -> bool:
    """Whether a response fulfils a condition. Raises :class:`ResponseError` if it cannot be read as needed."""
    match condition:
        case Found(source=source, test=test):
            return test(value_of(source, response))
        case StatusIs(statuses=statuses):
            return response.status in statuses
        case MediaTypeIs(pattern=pattern):
            return fnmatch.fnmatchcase(response.media_type, pattern)
        case AllOf(conditions=conditions):
            return all(holds(each, response) for each in conditions)
        case AnyOf(conditions=conditions):
            return any(met(each, response) for each in conditions)
        case Not(condition=inner):
            return not met(inner, response)


def met(condition: Condition | None, response: Response) -> bool:
    """Whether there is a condition and a response fulfils it. A response of another kind does not."""
    if condition is None:
        return False
    try:
        return holds(condition, response)
    except ResponseError:
        return False
