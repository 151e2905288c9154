"""As much of GraphQL as 兰亭 needs: one operation, variables, nested selections, aliases."""

from __future__ import annotations

import re
from typing import Any

TOKEN = re.compile(r'\s*(?:#[^\n]*\n\s*)*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|\.\.\.|[A-Za-z_]\w*|[!$():=@\[\]{}|,&])')
#: A field by its alias, its name, its arguments and its own selection.
Selection = list[tuple[str, str, dict[str, Any], Any]]


class Bad(Exception):
    """An operation that is no GraphQL, or not ours."""


def tokens(text: str) -> list[str]:
    out, at = [], 0
    text = text.rstrip()
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            raise Bad(f"Syntax Error: unexpected character at {at}")
        if m[1] != ",":
            out.append(m[1])
        at = m.end()
    return out


class Parser:
    """Reads one operation and puts its variables in."""

    def __init__(self, text: str, variables: dict[str, Any]) -> None:
        self.tokens, self.at, self.variables = tokens(text), 0, variables

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, want: str | None = None) -> str:
        got = self.peek()
        if not got or (want and got != want):
            raise Bad(f"Syntax Error: expected {want or 'a token'}, found {got or '<EOF>'}")
        self.at += 1
        return got

    def operation(self) -> tuple[str, Selection]:
        kind = "query"
        if self.peek() != "{":
            kind = self.take()
            if kind not in ("query", "mutation"):
                raise Bad(f"Syntax Error: unexpected name {kind}")
            if self.peek() not in ("(", "{"):
                self.take()
            if self.peek() == "(":
                self.take()
                while self.peek() != ")":
                    self.take("$")
                    name = self.take()
                    self.take(":")
                    need = ""
                    while self.peek() not in ("$", ")", "="):
                        need = self.take()
                    if self.peek() == "=":
                        self.take()
                        self.variables.setdefault(name, self.value())
                    elif need == "!" and self.variables.get(name) is None:
                        raise Bad(f'变量 "${name}" 为必填项')
                self.take(")")
        return kind, self.selection()

    def selection(self) -> Selection:
        self.take("{")
        out = []
        while self.peek() != "}":
            alias = name = self.take()
            if self.peek() == ":":
                self.take()
                name = self.take()
            args = {}
            if self.peek() == "(":
                self.take()
                while self.peek() != ")":
                    k = self.take()
                    self.take(":")
                    args[k] = self.value()
                self.take(")")
            out.append((alias, name, args, self.selection() if self.peek() == "{" else None))
        self.take("}")
        return out

    def value(self) -> Any:
        t = self.take()
        if t == "$":
            return self.variables.get(self.take())
        if t == "[":
            out = []
            while self.peek() != "]":
                out.append(self.value())
            self.take("]")
            return out
        if t == "{":
            out = {}
            while self.peek() != "}":
                k = self.take()
                self.take(":")
                out[k] = self.value()
            self.take("}")
            return out
        if t[0] == '"':
            return re.sub(r"\\(.)", r"\1", t[1:-1])
        if re.fullmatch(r"-?\d+", t):
            return int(t)
        if re.fullmatch(r"-?\d+\.\d+", t):
            return float(t)
        return {"true": True, "false": False, "null": None}.get(t, t)


def project(value: Any, selection: Selection | None) -> Any:
    """The fields of a value that were asked for."""
    if value is None:
        return None
    if isinstance(value, list):
        return [project(v, selection) for v in value]
    if selection is None:
        if isinstance(value, dict):
            raise Bad("必须选择子字段")
        return value
    out = {}
    for alias, name, _, sub in selection:
        if name == "__typename":
            out[alias] = "Node"
        elif name not in value:
            raise Bad(f'Cannot query field "{name}"')
        else:
            out[alias] = project(value[name], sub)
    return out
