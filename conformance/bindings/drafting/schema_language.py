"""The schema language of GraphQL (`type Post { id: ID! }`), read into the form that introspection gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_TOKEN = re.compile(
    r'(?P<skip>[\s,\ufeff]+|#[^\n\r]*)|(?P<block>"""(?:[^"\\]|\\.|"(?!""))*""")|(?P<text>"(?:[^"\\\n\r]|\\.)*")'
    r"|(?P<name>[_A-Za-z][_0-9A-Za-z]*)|(?P<number>-?\d[0-9.eE+-]*)|(?P<mark>\.\.\.|[!$&():=@\[\]{}|])",
    re.S,
)
_CLOSING = {"(": ")", "{": "}", "[": "]"}
_DEEPEST = 40
_KINDS = {"type": "OBJECT", "interface": "INTERFACE", "input": "INPUT_OBJECT"}


class SchemaError(ValueError):
    """Text that is no schema; ``line`` says where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def introspected(text: str) -> dict[str, Any]:
    """The schema of a text in the schema language, as the value of ``__schema``. Raises :class:`SchemaError`."""
    return _Reader(text).schema()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str, int]] = []
        self._at = 0
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise SchemaError(f"found {text[position]!r}, expected a schema of GraphQL", self._line(position))
            position = match.end()
            if match.lastgroup != "skip":
                self._tokens.append((str(match.lastgroup), match[0], match.start()))

    def _line(self, position: int) -> int:
        return self._text.count("\n", 0, position) + 1

    def schema(self) -> dict[str, Any]:
        roots = {"query": "Query", "mutation": "Mutation"}
        types: dict[str, dict[str, Any]] = {}
        while self._at < len(self._tokens):
            self._description()
            word = self._name()
            if word == "extend":
                word = self._name()
            if word == "schema":
                self._directives()
                if self._next() == "{":
                    roots |= {name: _name_in(kind) for name, kind in self._entries(self._root)}
                continue
            name = self._directive() if word == "directive" else self._name()
            if word in _KINDS:
                self._type(word, name, types)
            elif word == "enum":
                types[name] = {"kind": "ENUM", "name": name, "enumValues": [{"name": each} for each in self._values()]}
            elif word in {"scalar", "union", "directive"}:
                self._rest()
            else:
                raise SchemaError(f"found {word!r}, expected type, input, interface, enum …", self._line_before())
        named = {f"{kind}Type": {"name": roots[kind]} for kind in ("query", "mutation")}
        return {**named, "types": list(types.values())}

    def _type(self, word: str, name: str, types: dict[str, dict[str, Any]]) -> None:
        key = "inputFields" if word == "input" else "fields"
        known = types.setdefault(name, {"kind": _KINDS[word], "name": name, key: []})
        while self._next() not in {"{", ""} and not self._begins():
            self._skip()
        if self._next() == "{":
            known.setdefault(key, []).extend(each for _, each in self._entries(self._field))

    def _entries(self, read: Callable[[], Any]) -> list[tuple[str, Any]]:
        closing = _CLOSING[self._take()]
        found = []
        while self._next() != closing:
            description = self._description()
            name = self._name()
            entry = read()
            found.append((name, {**entry, "name": name, "description": description} if read != self._root else entry))
        self._take()
        return found

    def _values(self) -> list[str]:
        """The values of an enumeration."""
        self._directives()
        if self._next() != "{":
            return []
        self._take()
        found = []
        while self._next() != "}":
            self._description()
            found.append(self._name())
            self._directives()
        self._take()
        return found

    def _root(self) -> Any:
        self._expect(":")
        return self._type_reference(0)

    def _field(self) -> dict[str, Any]:
        arguments = [each for _, each in self._entries(self._field)] if self._next() == "(" else []
        self._expect(":")
        kind = self._type_reference(0)
        if self._next() == "=":
            self._take()
            self._skip()
        self._directives()
        return {"args": arguments, "type": kind}

    def _type_reference(self, depth: int) -> dict[str, Any]:
        if depth > _DEEPEST:
            raise SchemaError("found lists nested too deeply", self._line_before())
        if self._next() == "[":
            self._take()
            kind: dict[str, Any] = {"kind": "LIST", "ofType": self._type_reference(depth + 1)}
            self._expect("]")
        else:
            kind = {"kind": "", "name": self._name()}
        if self._next() == "!":
            self._take()
            return {"kind": "NON_NULL", "ofType": kind}
        return kind

    def _directives(self) -> None:
        while self._next() == "@":
            self._take()
            self._name()
            if self._next() == "(":
                self._skip()

    def _directive(self) -> str:
        self._expect("@")
        return self._name()

    def _rest(self) -> None:
        """What follows the name of a definition whose content is of no use here."""
        while self._at < len(self._tokens) and not self._begins():
            self._skip()

    def _begins(self) -> bool:
        """Whether a definition begins: a keyword in front of a name, or a description before one."""
        kind, word, _ = self._tokens[self._at]
        if kind in {"block", "text"}:
            return True
        after = self._tokens[self._at + 1][0] if self._at + 1 < len(self._tokens) else ""
        starts = {"extend", "scalar", "union", "enum", *_KINDS}
        return kind == "name" and ((word in starts and after == "name") or word in {"schema", "directive"})

    def _skip(self) -> None:
        """Pass over one token, or over everything in one pair of brackets."""
        open_brackets: list[str] = []
        while True:
            token = self._take()
            if token in _CLOSING:
                open_brackets.append(_CLOSING[token])
            elif open_brackets and token == open_brackets[-1]:
                open_brackets.pop()
            if not open_brackets:
                return

    def _description(self) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][0] in {"block", "text"}:
            return " ".join(self._take().strip('"').split())
        return ""

    def _next(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        if self._at >= len(self._tokens):
            raise SchemaError("found the end, expected more of the schema", self._line(len(self._text)))
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _name(self) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][0] != "name":
            self._at += 1
            raise SchemaError(f"found {self._tokens[self._at - 1][1][:40]!r}, expected a name", self._line_before())
        return self._take()

    def _expect(self, mark: str) -> None:
        found = self._take()
        if found != mark:
            raise SchemaError(f"found {found[:40]!r}, expected {mark!r}", self._line_before())

    def _line_before(self) -> int:
        return self._line(self._tokens[self._at - 1][2])


def _name_in(kind: dict[str, Any]) -> str:
    return str(kind.get("name") or _name_in(kind["ofType"]))
