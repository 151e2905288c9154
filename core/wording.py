"""What is wrong with a value, in words: ``found X, expected Y``, without the words of the library that validates."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel

Steps: TypeAlias = tuple[str | int, ...]

_SECRET = re.compile(r"secret|password|passwd|token|authorization|api[-_]?key|credential|cookie", re.I)


def steps_of(detail: Mapping[str, Any]) -> Steps:
    """Where a fault lies; ``[key]`` is pydantic's word for "the key itself is wrong"."""
    steps: Steps = tuple(detail["loc"])
    return steps[:-1] if steps[-1:] == ("[key]",) else steps


def worded(detail: Mapping[str, Any], model: type[BaseModel] | None = None) -> str:
    """One entry of ``ValidationError.errors()`` as ``found X, expected Y``, for faults that no document holds."""
    steps, kind, context = steps_of(detail), detail["type"], detail.get("ctx", {})
    secret = any(_SECRET.search(str(step)) for step in steps)
    found = "a value (not shown)" if secret else shown(detail["input"])
    if kind == "missing":
        message = f"found no value, expected one for {steps[-1]!r}"
    elif kind == "extra_forbidden":
        message = f"found a field {shown(steps[-1])} that does not exist here"
        known = sorted(fields_at(model, steps[:-1])) if model else []
        close = difflib.get_close_matches(str(steps[-1])[:200], known, n=1)
        if close:
            message += f", expected {close[0]!r}"
        elif known:
            message += f", expected one of: {', '.join(known)}"
    elif kind in {"too_short", "too_long"}:
        bound = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        message = f"found {found}, expected {bound}"
    elif kind in {"value_error", "assertion_error"}:
        message = str(context.get("error", detail["msg"]))
    elif kind in {"enum", "literal_error"}:
        expected = str(context["expected"])
        message = f"found {found}, expected {expected}"
        options = re.findall(r"'([^']*)'", expected)
        close = difflib.get_close_matches(str(detail["input"])[:200], options, n=1)
        if close and len(options) > 1:
            message += f" (did you mean {close[0]!r}?)"
    elif kind == "union_tag_invalid":
        options = re.findall(r"'([^']*)'", str(context["expected_tags"]))
        message = f"found {context['tag']!r}, expected one of: {', '.join(options)}"
        close = difflib.get_close_matches(str(context["tag"]), options, n=1)
        if close:
            message += f" (did you mean {close[0]!r}?)"
    elif kind in _CONTAINERS:
        message = f"found {found}, expected {_CONTAINERS[kind]}"
    else:
        message = f"found {found}, expected {_expected(detail['msg'])}"
    return message


_CONTAINERS = {
    **dict.fromkeys(("tuple_type", "list_type", "frozen_set_type", "set_type"), "a list"),
    **dict.fromkeys(("dict_type", "model_type", "mapping_type", "model_attributes_type"), "a mapping"),
}


#: Parts of pydantic's messages, and what replaces them after ``expected``.
_PHRASES = (
    (r"^(?:Input|Value) should (?:be|have) ", ""),
    (r"^String should match pattern ", "text that matches "),
    (r"^String should have ", "text of "),
    (r"^String should ", "text that should "),
    (r", unable to parse .*$", ""),
    (r"^Unable to parse .*, exceeded maximum size$", "an integer of fewer digits"),
    (r"\bgreater than or equal to ", "at least "),
    (r"\bless than or equal to ", "at most "),
    (r"\bgreater than ", "more than "),
)


def _expected(message: str) -> str:
    """pydantic's ``Input should be a valid string`` as ``a valid string``."""
    for phrase, ours in _PHRASES:
        message = re.sub(phrase, ours, message)
    return message[:1].lower() + message[1:]


def shown(value: object, width: int = 60) -> str:
    """A value as a message may show it: short, on one line."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None:
        return "nothing"
    text = repr(value[: 4 * width]) if isinstance(value, str) else str(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def fields_at(model: type[BaseModel], steps: Steps) -> set[str]:
    """The field names allowed at ``steps`` inside ``model``, as they are written in a document."""
    candidates: list[type[BaseModel]] = [model]
    for step in steps:
        inner = [
            found
            for candidate in candidates
            for name, info in candidate.model_fields.items()
            if step in {name, info.alias}
            for found in _models(info.annotation)
        ]
        candidates = inner or candidates
    return {info.alias or name for candidate in candidates for name, info in candidate.model_fields.items()}


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
