"""Where a schema has what: the places of an answer as JMESPath expressions, found by their names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

#: A place with the schema of what is there.
Leaf: TypeAlias = tuple[str, Mapping[str, Any]]


def leaves(schema: Mapping[str, Any], path: str = "", depth: int = 0) -> Iterator[Leaf]:
    """The places of an answer as JMESPath expressions, the shallow ones first."""
    if depth > 5:
        return
    properties = schema.get("properties")
    if isinstance(properties, dict):
        inner = [
            (f"{path}.{quoted(name)}" if path else quoted(name), each)
            for name, each in properties.items()
            if isinstance(each, dict)
        ]
        yield from ((place, each) for place, each in inner if "properties" not in each and "items" not in each)
        for place, each in inner:
            yield from leaves(each, place, depth + 1)
    items = schema.get("items")
    if isinstance(items, dict):
        if "properties" not in items:
            yield f"{path}[0]", items
        yield from leaves(items, f"{path}[0]", depth + 1)


def quoted(name: str) -> str:
    """A name as JMESPath writes it."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else json.dumps(name, ensure_ascii=False)


def plain(name: str) -> str:
    """A name without separators and in lower case, as the vocabulary has names.

    >>> plain("next_pageToken")
    'nextpagetoken'
    """
    return re.sub(r"[^a-z0-9\u3400-\u9fff]", "", name.lower())


def last(path: str) -> str:
    """The last name of a place, plain."""
    return plain(re.split(r"[.\[]", path.replace("[0]", ""))[-1])


def leaf(among: Sequence[Leaf], names: str, types: frozenset[str] | None = None) -> Leaf | None:
    """The first place whose last name is one of ``names``, in their order; of those ``types`` of value, where given."""
    for wanted in names.split():
        for path, schema in among:
            kind = schema.get("type")
            if last(path) == wanted and (kind in types if types else kind not in {"object", "boolean", "array"}):
                return path, schema
    return None


def named(among: Sequence[Leaf], names: str) -> str | None:
    """As :func:`leaf`, the place alone."""
    found = leaf(among, names)
    return found[0] if found else None
