"""What the sections of a binding file share: names, statuses and the strict base model."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shenhe.core.document import shown

Role: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
MediaType: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$")]
StatusClass = Literal["1xx", "2xx", "3xx", "4xx", "5xx"]


def _flag(value: object) -> object:
    """A switch is true or false. A variable gives it as text."""
    if isinstance(value, bool) or value in ("true", "false"):
        return value
    meant = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}.get(
        str(value).lower()
    )
    hint = f" (did you mean {meant}?)" if meant is not None and not isinstance(value, float) else ""
    raise ValueError(f"found {shown(value)}, expected true or false{hint}")


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"found {str(value).lower()}, expected a number")
    return value


Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag)]
Number: TypeAlias = Annotated[float, BeforeValidator(_number)]
Whole: TypeAlias = Annotated[int, BeforeValidator(_number)]
HeaderName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=200)]
AttributeName: TypeAlias = Annotated[str, Field(pattern=r"""^[^\s"'<>/={}]+$""", max_length=100)]
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
    """The name of a member of a union. No name of a member is one of a key, so that errors find their places."""
    return "a list" if isinstance(value, list | tuple) else "no list"


def text_or_mapping(value: object) -> str:
    return "a section" if isinstance(value, dict | BaseModel) else "a path"


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
