"""Reading YAML that a person wrote: bounded, with every fault at its line and column.

The one YAML reader of the project: packs, bindings and scenarios come through here.

The dialect is the JSON-like core of YAML 1.2. Only ``true`` and ``false`` are booleans (``on``, ``yes`` and
``no`` are text), ``1e-3`` is a number, dates and ``12:30`` are text, a number with a leading zero is a code
and stays text, keys are text. Anchors, aliases, merge keys, tags, duplicate keys and second documents are
refused, unless the document is ``foreign``: written by others for other readers, so that its anchors, merge keys and
tags mean what YAML says.

>>> data, locate = read_yaml("rules:\\n  - id: a/1\\n    days: 1e1\\n", "pack.yaml")
>>> data
{'rules': [{'id': 'a/1', 'days': 10.0}]}
>>> locate(("rules", 0, "days"))
Mark(line=3, column=11)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from .errors import ShenheError
from .files import read_up_to
from .wording import Steps, fields_at, shown, steps_of, worded

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
M = TypeVar("M", bound=BaseModel)

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
#: What YAML 1.1 reads as true or false, and this reader as text.
_WORDS = frozenset(form for word in ("yes", "no", "on", "off") for form in (word, word.capitalize(), word.upper()))
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)?\.[0-9]+|(?:0|[1-9][0-9]*)\.?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")


class Readable(Protocol):
    """A file that can be opened: a :class:`pathlib.Path` or a package resource."""

    def open(self, mode: Literal["rb"]) -> IO[bytes]: ...


@dataclass(frozen=True)
class Limits:
    """Bounds on one document: bytes of text, depth of nesting, number of values, digits of one number."""

    size: int = 2 * 1024 * 1024
    depth: int = 40
    values: int = 200_000
    digits: int = 400


class Mark(NamedTuple):
    """A place in a file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a document: where, and what was found against what was expected."""

    source: str
    mark: Mark
    steps: Steps
    message: str

    def __str__(self) -> str:
        inside = dotted(self.steps)
        place = f"{self.source}:{self.mark.line}:{self.mark.column}"
        return f"{place}: {inside}: {self.message}" if inside else f"{place}: {self.message}"


class DocumentError(ShenheError, ValueError):
    """A document that cannot be used. ``faults`` lists everything found; the text is one line per fault."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass
class _Node:
    mark: Mark
    key: Mark | None = None
    children: dict[str | int, _Node] = field(default_factory=dict)


class Locate:
    """Finds the line and column of a value by its path inside the document.

    ``locate(("rules", 0, "id"))`` is the place of the value; with ``key=True`` the place of its key. Steps
    that are not in the document (a missing field, the name of a union member in a pydantic location) are
    passed over, so the answer is the nearest enclosing value.
    """

    def __init__(self, source_name: str, root: _Node, words: Sequence[tuple[Steps, str]] = ()) -> None:
        self.source_name = source_name
        #: The values that YAML 1.1 reads as true or false, such as ``no`` without quotes: where, and which word.
        self.words = tuple(words)
        self._root = root

    def __call__(self, steps: Sequence[str | int], *, key: bool = False) -> Mark:
        node = self._node(steps)
        return (node.key or node.mark) if key else node.mark

    def known(self, steps: Sequence[str | int], *, missing: bool = True) -> Steps:
        """``steps`` without those not in the document, except a last one that names a ``missing`` field."""
        node, kept = self._root, []
        for position, step in enumerate(steps):
            child = node.children.get(step)
            if child is not None:
                node = child
                kept.append(step)
            elif missing and position == len(steps) - 1 and node.children and isinstance(step, str):
                kept.append(step)
        return tuple(kept)

    def _node(self, steps: Sequence[str | int]) -> _Node:
        node = self._root
        for step in steps:
            node = node.children.get(step, node)
        return node


def dotted(steps: Sequence[str | int]) -> str:
    """``("rules", 3, "id")`` as ``rules[3].id``."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def read_yaml(
    origin: Readable | str, source_name: str | None = None, *, limits: Limits | None = None, foreign: bool = False
) -> tuple[Json, Locate]:
    """Read one YAML document: its data, and a :class:`Locate` that finds the line of each value.

    ``origin`` is a file (a path or package resource) or the text itself; ``source_name`` is what messages
    call it (by default the path, or ``<text>``). An empty document is ``None``. ``foreign`` allows anchors, aliases,
    merge keys and tags; an alias counts as all the values that it repeats.

    Raises :class:`DocumentError` for anything that is not a bounded, plain, well-formed document, and
    ``OSError`` for a file that cannot be read.
    """
    limits = limits or Limits()
    name = source_name or ("<text>" if isinstance(origin, str) else str(origin))
    text = _text(origin, name, limits)
    builder = _ForeignBuilder(name, limits) if foreign else _Builder(name, limits)
    loader = None
    try:
        loader = _Loader(text)
        data, root = builder.document(loader)
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = Mark(at.line + 1, at.column + 1) if at else Mark(1, 1)
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise DocumentError([Fault(name, mark, (), f"not well-formed YAML: {what}")]) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = f"found a character that YAML does not allow ({error.reason})"
        raise DocumentError([Fault(name, mark, (), message)]) from None
    finally:
        if loader is not None:
            loader.dispose()
    return data, Locate(name, root, builder.words)


def read_origin(origin: Readable, limit: int) -> bytes:
    """The first ``limit`` bytes of a file and one more where it is longer. Raises ``OSError``."""
    if isinstance(origin, Path):
        return read_up_to(origin, limit)
    with origin.open("rb") as stream:
        return stream.read(limit + 1)


def _text(origin: Readable | str, name: str, limits: Limits) -> str:
    raw = origin.encode("utf-8", "surrogatepass") if isinstance(origin, str) else read_origin(origin, limits.size)
    if len(raw) > limits.size:
        message = f"found more than {limits.size:,} bytes, expected a smaller document"
        raise DocumentError([Fault(name, Mark(1, 1), (), message)])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        mark = Mark(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        message = f"found byte 0x{raw[error.start]:02x}, expected text in UTF-8"
        raise DocumentError([Fault(name, mark, (), message)]) from None


class _Builder:
    """Turns parser events into plain data and a tree of marks, refusing what is out of bounds as it comes."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._values = 0
        self.words: list[tuple[Steps, str]] = []

    def document(self, loader: Any) -> tuple[Json, _Node]:
        loader.get_event()  # start of stream
        if loader.check_event(yaml.StreamEndEvent):
            return None, _Node(Mark(1, 1))
        loader.get_event()  # start of document
        data, node = self._value(loader, loader.get_event(), ())
        loader.get_event()  # end of document
        after = loader.get_event()
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._fault(after, (), "found a second document, expected one document per file")
        return data, node

    def _value(self, loader: Any, event: Any, steps: Steps) -> tuple[Json, _Node]:
        self._values += 1
        if self._values > self._limits.values:
            message = f"found more than {self._limits.values:,} values, expected fewer"
            raise self._fault(event, (), message)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            word = "an alias (*)" if isinstance(event, yaml.AliasEvent) else "an anchor (&)"
            raise self._fault(event, steps, f"found {word}, expected the value written out")
        if event.tag is not None and event.tag != "!":  # PyYAML gives "!" to some quoted scalars
            raise self._fault(event, steps, f"found the tag {event.tag}, expected a plain value")
        node = _Node(_mark(event))
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, steps), node
        if len(steps) >= self._limits.depth:
            message = f"found more than {self._limits.depth} levels, expected fewer"
            raise self._fault(event, steps[:3], message)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(loader, node, steps), node
        return self._mapping(loader, node, steps), node

    def _sequence(self, loader: Any, node: _Node, steps: Steps) -> list[Json]:
        items: list[Json] = []
        while not isinstance(event := loader.get_event(), yaml.SequenceEndEvent):
            item, child = self._value(loader, event, (*steps, len(items)))
            node.children[len(items)] = child
            items.append(item)
        return items

    def _mapping(self, loader: Any, node: _Node, steps: Steps) -> dict[str, Json]:
        mapping: dict[str, Json] = {}
        while not isinstance(event := loader.get_event(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or not self._is_plain(event):
                raise self._fault(event, steps, "found a key that is not plain text, expected a name")
            key = event.value
            if key == "<<" and not event.style:
                self._merge(loader, event, node, mapping, steps)
                continue
            at = _mark(event)
            if key in node.children:
                first = node.children[key].key or node.mark
                message = f"found the key a second time (first on line {first.line}), expected it once"
                raise self._fault(event, (*steps, key), message)
            mapping[key], child = self._value(loader, loader.get_event(), (*steps, key))
            child.key = at
            node.children[key] = child
        return mapping

    def _is_plain(self, key: Any) -> bool:
        return not key.anchor and not key.tag

    def _merge(self, loader: Any, event: Any, node: _Node, mapping: dict[str, Json], steps: Steps) -> None:
        raise self._fault(event, steps, "found a merge key (<<), expected the fields written out")

    def _scalar(self, event: Any, steps: Steps) -> Json:
        text: str = event.value
        if event.style:
            return text
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if text[0] not in "-+.0123456789":
            if text in _WORDS:
                self.words.append((steps, text))
            return text
        if _INT.match(text) or _FLOAT.match(text):
            if len(text) > self._limits.digits:
                message = f"found a number of {len(text):,} characters, expected at most {self._limits.digits}"
                raise self._fault(event, steps, message)
            return int(text) if _INT.match(text) else float(text)
        if _NOT_FINITE.match(text):
            return float(text.replace(".", "", 1))
        return text

    def _fault(self, event: Any, steps: Steps, message: str) -> DocumentError:
        return DocumentError([Fault(self._name, _mark(event), steps, message)])


class _ForeignBuilder(_Builder):
    """Also reads what YAML has to save its writer repetition: anchors, aliases, merge keys and tags."""

    def __init__(self, name: str, limits: Limits) -> None:
        super().__init__(name, limits)
        #: What each anchor names: the value, its marks, and how many values it has.
        self._anchors: dict[str, tuple[Json, _Node, int]] = {}

    def _value(self, loader: Any, event: Any, steps: Steps) -> tuple[Json, _Node]:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise self._fault(event, steps, f"found the alias *{event.anchor} before its anchor")
            data, node, size = self._anchors[event.anchor]
            self._values += size
            if self._values > self._limits.values:
                message = f"found more than {self._limits.values:,} values, expected fewer"
                raise self._fault(event, (), message)
            return data, node
        anchor, event.anchor = event.anchor, None
        text = event.tag == "tag:yaml.org,2002:str"
        event.tag = None
        before = self._values
        data, node = super()._value(loader, event, steps)
        if text and isinstance(event, yaml.ScalarEvent):
            data = event.value
        if anchor is not None:
            self._anchors[anchor] = data, node, self._values - before
        return data, node

    def _is_plain(self, key: Any) -> bool:
        return True

    def _merge(self, loader: Any, event: Any, node: _Node, mapping: dict[str, Json], steps: Steps) -> None:
        """Take the fields of other mappings that this one does not write itself."""
        merged, _ = self._value(loader, loader.get_event(), (*steps, "<<"))
        for source in merged if isinstance(merged, list) else [merged]:
            if not isinstance(source, dict):
                raise self._fault(event, steps, "found a merge key (<<) without a mapping, expected one")
            for key, value in source.items():
                mapping.setdefault(key, value)


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def validate(model: type[M], data: Json, locate: Locate) -> M:
    """``data`` as an instance of ``model``; raises :class:`DocumentError` with one line for each fault."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise DocumentError(explain(error, locate, model)) from None


def explain(error: ValidationError, locate: Locate, model: type[BaseModel] | None = None) -> tuple[Fault, ...]:
    """The faults of a failed validation, in document order, as ``path: found X, expected Y``.

    ``model`` lets an unknown field be answered with the nearest known one. Values under names that look like
    secrets are not repeated.
    """
    details = [dict(detail) for detail in error.errors(include_url=False)]
    faults = {
        _fault_of(detail, locate, model): None for detail in details if not _is_other_way(detail, details, locate)
    }
    return tuple(sorted(faults, key=lambda fault: fault.mark))


def _is_other_way(detail: Mapping[str, Any], details: Sequence[Mapping[str, Any]], locate: Locate) -> bool:
    """Whether a fault only says that a value is not of the plain type it could be too: what is wrong with it as the
    type that it is meant to be is said by another fault.
    """
    if detail["type"] not in _PLAIN_TYPES:
        return False
    place = locate.known(steps_of(detail), missing=False)
    others = (locate.known(steps_of(each), missing=False) for each in details if each["type"] not in _PLAIN_TYPES)
    return any(other[: len(place)] == place for other in others)


_PLAIN_TYPES = frozenset({"string_type", "int_type", "int_parsing", "float_parsing", "bool_parsing", "tuple_type"})


def _fault_of(detail: Mapping[str, Any], locate: Locate, model: type[BaseModel] | None) -> Fault:
    steps, kind = steps_of(detail), detail["type"]
    of_key = steps != detail["loc"]
    mark = locate(steps, key=of_key or kind == "extra_forbidden")
    # A last step that the document lacks is a field, or only the name by which a union knows its member.
    missing = kind == "missing" or model is None or (bool(steps) and steps[-1] in fields_at(model, steps[:-1]))
    return Fault(locate.source_name, mark, locate.known(steps, missing=missing), worded(detail, model))


__all__ = [
    "DocumentError",
    "Fault",
    "Json",
    "Limits",
    "Locate",
    "Mark",
    "Steps",
    "dotted",
    "explain",
    "read_yaml",
    "shown",
    "validate",
    "worded",
]
