"""Sources and conditions: where something is in a response, and what a response must be like."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from .common import (
    EXPECTED_SOURCE,
    AttributeName,
    Flag,
    HeaderName,
    Path,
    Section,
    Status,
    one_or_several,
    text_or_mapping,
)


class HeaderSource(Section):
    """A header of the response."""

    header: HeaderName
    json_: Path | None = Field(default=None, alias="json")


class TextSource(Section):
    """The whole body as text."""

    text: Literal[True]


class BodySource(Section):
    """The whole body as bytes, for a later step."""

    body: Literal[True]


class StatusSource(Section):
    """The status of the response."""

    status: Literal[True]


class UrlSource(Section):
    """Where the response came from, redirects followed."""

    url: Literal[True]


class CookieSource(Section):
    """The value of a cookie that the response sets."""

    cookie: HeaderName
    json_: Path | None = Field(default=None, alias="json")


class CssSource(Section):
    """Elements of an HTML or XML page, by CSS selector: the text of the first one, or its ``attribute``.

    ``all`` gives a list. ``each`` gives a list of mappings, with one selector per name inside each element. ``json`` is
    a JMESPath expression over the JSON that the element contains.
    """

    css: str = Field(min_length=1, max_length=1000)
    attribute: AttributeName | None = None
    all: Flag = False
    each: dict[str, str | CssSource] = {}
    json_: Path | None = Field(default=None, alias="json")


class FormSource(Section):
    """The fields of an HTML form, hidden ones included, by name: what a browser would send unchanged."""

    form: str = Field(min_length=1, max_length=1000)


class WhenSource(Section):
    """Whether a condition holds: true or false."""

    when: Condition


class ValueSource(Section):
    """A template over the values of the operation, ``answer`` (the JSON of the response) and ``response``."""

    value: str = Field(min_length=1)


SOURCE_KEYS = ("css", "header", "cookie", "text", "body", "status", "url", "form", "value", "when")
"""The key by which a source that is a mapping is known."""


def _source_kind(value: object) -> str | None:
    """Which kind of source a value is meant to be: only the error of that kind is of use to its author."""
    if isinstance(value, str):
        return "a path"
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    return next((f"a source {key}" for key in SOURCE_KEYS if key in keys), None)


OneSource: TypeAlias = Annotated[
    Annotated[Path, Tag("a path")]
    | Annotated[HeaderSource, Tag("a source header")]
    | Annotated[TextSource, Tag("a source text")]
    | Annotated[BodySource, Tag("a source body")]
    | Annotated[StatusSource, Tag("a source status")]
    | Annotated[UrlSource, Tag("a source url")]
    | Annotated[CookieSource, Tag("a source cookie")]
    | Annotated[CssSource, Tag("a source css")]
    | Annotated[FormSource, Tag("a source form")]
    | Annotated[ValueSource, Tag("a source value")]
    | Annotated[WhenSource, Tag("a source when")],
    Discriminator(_source_kind, custom_error_type="source", custom_error_message=EXPECTED_SOURCE),
]
Source: TypeAlias = Annotated[
    Annotated[OneSource, Tag("no list")] | Annotated[tuple[OneSource, ...], Field(min_length=1), Tag("a list")],
    Discriminator(one_or_several),
]
"""A place in a response, or several of which the first that finds something is used."""


class ConditionSection(Section):
    """What a response must be like. Several keys must hold together.

    A source (``json``, ``header``, ``cookie``, ``css``, ``url``, ``text``) without ``is``, ``in``, ``contains``,
    ``starts_with`` or ``ends_with`` must find something.
    """

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = Field(default=None, alias="not")
    status: Status | tuple[Status, ...] | None = None
    media_type: str | None = Field(default=None, min_length=1, max_length=100)
    json_: Path | None = Field(default=None, alias="json")
    header: HeaderName | None = None
    cookie: HeaderName | None = None
    css: str | None = Field(default=None, min_length=1, max_length=1000)
    attribute: AttributeName | None = None
    url: Literal[True] | None = None
    text: Literal[True] | None = None
    is_: bool | int | float | str | None = Field(default=None, alias="is")
    in_: tuple[bool | int | float | str, ...] | None = Field(default=None, alias="in")
    contains: str | None = Field(default=None, min_length=1)
    starts_with: str | None = Field(default=None, min_length=1)
    ends_with: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_subject(self) -> ConditionSection:
        sources = [name for name in ("json_", "header", "cookie", "css", "url", "text") if getattr(self, name)]
        tests = [
            name for name in ("is_", "in_", "contains", "starts_with", "ends_with") if name in self.model_fields_set
        ]
        if len(sources) > 1:
            found = " and ".join(name.rstrip("_") for name in sources)
            raise ValueError(f"found {found}, expected one source (join several with all or any)")
        if tests and not sources:
            raise ValueError(f"found {tests[0].rstrip('_')} without a source, expected one of json, header, css, url …")
        if self.attribute is not None and self.css is None:
            raise ValueError("found attribute without css, expected both")
        if not self.model_fields_set:
            raise ValueError("found no condition, expected one such as status: 302")
        return self


_TESTS = ("is_", "in_", "contains", "starts_with", "ends_with")
Condition: TypeAlias = Annotated[
    Annotated[Path, Tag("a path")] | Annotated[ConditionSection, Tag("a section")], Discriminator(text_or_mapping)
]
"""A JMESPath expression that must find something, or a mapping of conditions."""


WhenSource.model_rebuild()
ConditionSection.model_rebuild()
