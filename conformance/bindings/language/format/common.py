"""What the sections of a binding file share: names, statuses and the strict base model."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Role: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
MediaType: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$")]
StatusClass = Literal["1xx", "2xx", "3xx", "4xx", "5xx"]
Status: TypeAlias = Annotated[int, Field(ge=100, le=599)] | StatusClass
Template: TypeAlias = Any
Host: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+(:[0-9]+)?$")]
BY_REFERENCE = r"\$\{[A-Za-z_]|\{\{"
"""What must be found in the text of a secret: a variable of the environment, or a value of the account. Never the
secret itself.
"""
Path: TypeAlias = Annotated[str, Field(min_length=1, max_length=2000)]
"""A JMESPath expression over the JSON of an answer."""

FacetName = Literal[
    "service",
    "media_type",
    "labelled",
    "agreed",
    "scope",
    "rendition",
    "surface",
    "topic",
    "kind",
    "method",
    "declared",
    "way",
    "upheld",
    "persona",
    "about",
    "update",
    "generative",
    "storefront",
    "measure",
]


EXPECTED_SOURCE = (
    "a JMESPath expression, {css: SELECTOR}, {header: NAME}, {cookie: NAME}, {text: true}, {url: true},"
    " {status: true}, {form: SELECTOR}, {when: CONDITION} or {value: TEMPLATE}"
)


def one_or_several(value: object) -> str:
    return "several" if isinstance(value, list | tuple) else "one"


def text_or_mapping(value: object) -> str:
    return "mapping" if isinstance(value, dict | BaseModel) else "path"


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
