"""Filling in a request: sandboxed Jinja2 over JSON-like values.

A string that is one whole ``{{ expression }}`` keeps the type of its value; any other template gives text. ``${NAME}``
is replaced by an environment variable and is never parsed as a template itself.

>>> greet = compile_template(
...     {"name": "{{ profile.name }}", "adult": "{{ true }}"}, environ={}, known=frozenset({"profile"})
... )
>>> greet({"profile": {"name": "Li"}})
{'name': 'Li', 'adult': True}
"""

from __future__ import annotations

import functools
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import jinja2
from jinja2 import meta, nodes
from jinja2.exceptions import SecurityError

from shenhe.conformance.apps import App, AppOrder, AppSubmission
from shenhe.conformance.entities import (
    Account,
    Chat,
    ChatRequest,
    Consent,
    Content,
    EditRequest,
    GenerationRequest,
    Identity,
    Media,
    Publication,
    ReportRequest,
    Subject,
    Ticket,
)
from shenhe.core.document import shown

from .filter_arguments import check_arguments, like
from .filters import path_segment
from .sandbox import Sandbox

Fill: TypeAlias = Callable[[Mapping[str, Any]], Any]
VARIABLE = re.compile(r"\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]{0,1000}))?\}")
BLANK = "FILL_IN_"
"""How the names begin that stand in a draft for what its document does not say."""
SPREAD = "..."
"""The key under which a mapping is merged into the one around it: ``form: {"...": "{{ steps.page.fields }}"}``."""


class TemplateError(ValueError):
    """A template that cannot be compiled or filled in; the text says what was found and what was expected."""


class _Omit:
    """The value of ``{{ omit }}``: leave the key out."""

    def __repr__(self) -> str:
        return "omit"


OMIT = _Omit()


class Unknown(str):
    """The name of a value that is not known while requests are only written. It may stand for fields, too."""

    __slots__ = ()


TYPES: Mapping[str, tuple[type, ...]] = {
    "app": (App,),
    "submission": (AppSubmission,),
    "order": (AppOrder,),
    "account": (Account,),
    "identity": (Identity,),
    "subject": (Subject,),
    "consent": (Consent,),
    "content": (Content,),
    "publication": (Publication,),
    "ticket": (Ticket,),
    "media": (Media,),
    "chat": (Chat,),
    "request": (GenerationRequest, EditRequest, ReportRequest, ChatRequest),
}
"""The dataclasses behind the values, so that a misspelt attribute is found before anything is sent."""
MEMBERS: Mapping[str, frozenset[str]] = {
    **{
        name: frozenset(item.name for kind in kinds if is_dataclass(kind) for item in fields(kind))
        for name, kinds in TYPES.items()
    },
    "http": frozenset({
        "method", "path", "host", "url", "query", "raw_query", "headers", "fields", "values",
        "body", "body_bytes", "body_md5", "body_sha256",
    }),
    "page": frozenset({"cursor", "number", "offset"}),
    "callback": frozenset({"url"}),
}  # fmt: skip
"""The attributes of the values."""


def as_segment(value: Any) -> str:
    """One path segment of a template's value. Raises :class:`TemplateError` for one that could reach another path."""
    if isinstance(value, jinja2.Undefined):
        return str(value)
    if value is None:
        raise TemplateError("found an empty path segment, expected a value")
    try:
        return path_segment(value)
    except ValueError as error:
        raise TemplateError(str(error)) from None


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        raise TemplateError("found bytes inside a text; use the filter base64")
    return value


def _sandbox(finalize: Callable[[Any], Any]) -> Sandbox:
    sandbox = Sandbox(finalize)
    # YAML and JSON write `null` for what Jinja2 calls `none`.
    sandbox.globals = {"omit": OMIT, "null": None}
    return sandbox


_TEXT = _sandbox(_plain)
_PATH = _sandbox(as_segment)
_BUILT_IN = frozenset({"omit", "null", "range", "nonce", "now", "env_"})


def variables(value: Any) -> Iterator[tuple[tuple[str | int, ...], str, str | None]]:
    """Every ``${NAME}`` in a tree of values: where, which, and its default."""
    if isinstance(value, str):
        for match in VARIABLE.finditer(value):
            if match[2]:
                yield (), match[2], match[3]
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            for steps, name, default in variables(inner):
                yield (key, *steps), name, default
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            for steps, name, default in variables(inner):
                yield (index, *steps), name, default


def missing(name: str) -> str:
    """What is wrong with a ``${NAME}`` that has no value."""
    if name.startswith(BLANK):
        return f"found the blank ${{{name}}} of a draft, expected the value that your provider uses"
    return f"found no value for ${{{name}}}, expected it in the environment"


def not_allowed(name: str) -> str:
    """What is wrong with a ``${NAME}`` that is in the environment and that a binding may not take."""
    return (
        f"found ${{{name}}}, which a binding outside the working folder does not get: allow it (--env {name}, or `env`"
        " in shenhe.toml) if you trust its author"
    )


def expand(text: str, environ: Mapping[str, str]) -> str:
    """``text`` with its variables put in. Raises :class:`KeyError` for one that is missing or empty and has no
    default.
    """

    def value(match: re.Match[str]) -> str:
        if match[1]:
            return "${"
        return environ.get(match[2]) or (match[3] if match[3] is not None else _missing(match[2]))

    return VARIABLE.sub(value, text)


def _missing(name: str) -> str:
    raise KeyError(name)


def compile_template(value: Any, *, environ: Mapping[str, str], known: frozenset[str], path: bool = False) -> Fill:
    """A function from values to ``value`` filled in.

    ``known`` are the names a template may use. With ``path=True`` every value put in is percent-encoded as one path
    segment. Raises :class:`TemplateError`, at compile time for what can be known then, and when filling in for the
    rest.
    """
    if isinstance(value, str):
        return _compile_text(value, environ, known, path)
    if isinstance(value, Mapping):
        pairs = [(key, compile_template(inner, environ=environ, known=known)) for key, inner in value.items()]

        def fill_mapping(values: Mapping[str, Any]) -> Any:
            filled: dict[str, Any] = {}
            for key, fill in pairs:
                item = fill(values)
                if key == SPREAD and isinstance(item, Unknown):
                    filled[f"{SPREAD} {item}"] = str(item)
                elif key == SPREAD:
                    if item is not None and not isinstance(item, Mapping):
                        raise TemplateError(f"found {shown(item)} under {SPREAD!r}, expected a mapping")
                    filled |= item or {}
                elif item is not OMIT:
                    filled[key] = item
            return filled

        return fill_mapping
    if isinstance(value, list | tuple):
        items = [compile_template(inner, environ=environ, known=known) for inner in value]

        def fill_list(values: Mapping[str, Any]) -> Any:
            return [item for item in (fill(values) for fill in items) if item is not OMIT]

        return fill_list
    return lambda values: value


def _with_variables(kind: str, piece: str) -> str:
    """A token of a template with its ``${NAME}`` made values: in the text outside ``{{ }}``, and in a string inside."""
    if kind == "data":
        return VARIABLE.sub(lambda match: "{{ '${' }}" if match[1] else "{{ env_." + match[2] + " }}", piece)
    if kind != "string" or VARIABLE.search(piece) is None:
        return piece
    quote = piece[0]
    inner = VARIABLE.sub(lambda match: "${" if match[1] else f"{quote} ~ env_.{match[2]} ~ {quote}", piece[1:-1])
    return f"({quote}{inner}{quote})"


def _compile_text(text: str, environ: Mapping[str, str], known: frozenset[str], path: bool) -> Fill:
    if "{{" not in text and "{%" not in text and "{#" not in text:
        constant = _constant(text, environ, path)
        return lambda values: constant
    used = {match[2]: _lookup(match, environ) for match in VARIABLE.finditer(text) if match[2]}
    compiled = _compiled if len(text) <= _LONGEST_KEPT else _compiled.__wrapped__
    source, evaluate = compiled(text, known, path)

    def fill(values: Mapping[str, Any]) -> Any:
        given = {**values, "env_": used}
        if "nonce" in source and "nonce" not in given:
            given["nonce"] = secrets.token_hex(8)
        if "now" in source and "now" not in given:
            given["now"] = datetime.now(UTC)
        try:
            result = evaluate(given)
            if isinstance(result, jinja2.Undefined):
                str(result)
            return result
        except (TemplateError, ValueError) as error:
            if isinstance(error, TemplateError):
                raise
            raise TemplateError(f"{shown(text)} cannot be filled in: {str(error)[:300]}") from None
        except SecurityError as error:
            raise TemplateError(f"{shown(text)} cannot be filled in: {str(error)[:300]}") from None
        except jinja2.UndefinedError as error:
            raise TemplateError(f"found no value for {shown(text)}: {error.message}") from None
        except Exception as error:
            raise TemplateError(f"{shown(text)} cannot be filled in ({type(error).__name__})") from None

    return fill


_LONGEST_KEPT = 1_000
"""Characters of the longest template that is kept compiled."""


@functools.lru_cache(maxsize=2_000)
def _compiled(text: str, known: frozenset[str], path: bool) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
    """The source of a template, in which each ``${NAME}`` is a value, and a function that fills it in.

    Neither contains the values of variables, so all bindings of a process share them. Compiling templates was four
    fifths of the time that loading a binding took.
    """
    sandbox = _PATH if path else _TEXT
    try:
        source = "".join(_with_variables(kind, piece) for _, kind, piece in sandbox.lex(text))
        tree = sandbox.parse(source)
        _check_names(tree, known)
        single = _single_expression(tree, source)
        if single is not None and not path:
            return source, sandbox.expression(single)
        return source, sandbox.bounded(tree)
    except jinja2.TemplateSyntaxError as error:
        if "'$'" in str(error.message):
            raise TemplateError("found ${…} inside {{ }}, expected it in quotes there: '${NAME}'") from None
        unknown = re.match(r"No filter named '(\w+)'", str(error.message))
        if unknown is not None:
            raise TemplateError(f"found the filter {unknown[1]!r}, expected {like(unknown[1])}") from None
        raise TemplateError(f"found a template that cannot be read: {error.message}") from None


def _constant(text: str, environ: Mapping[str, str], path: bool) -> str:
    if not path:
        return expand(text, environ)
    return VARIABLE.sub(lambda match: "${" if match[1] else as_segment(_lookup(match, environ)), text)


def _lookup(match: re.Match[str], environ: Mapping[str, str]) -> str:
    return expand(match[0], environ)


def _single_expression(tree: nodes.Template, source: str) -> nodes.Expr | None:
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return None
    inner = tree.body[0].nodes
    whole = re.fullmatch(r"\{\{.*\}\}", source, re.S)
    if len(inner) != 1 or isinstance(inner[0], nodes.TemplateData) or whole is None:
        return None
    return inner[0]


def _check_names(tree: nodes.Template, known: frozenset[str]) -> None:
    unknown = sorted(meta.find_undeclared_variables(tree) - known - _BUILT_IN)
    if unknown:
        raise TemplateError(
            f"found the value {unknown[0]!r}, expected one of: {', '.join(sorted(known | {'nonce', 'now', 'omit'}))}"
        )
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name in MEMBERS:
            allowed = MEMBERS[node.node.name]
            if node.attr not in allowed:
                expected = ", ".join(f"{node.node.name}.{name}" for name in sorted(allowed))
                raise TemplateError(f"found {node.node.name}.{node.attr}, expected one of: {expected}")
    for use in tree.find_all(nodes.Filter):
        _check_filter(use)


def _check_filter(use: nodes.Filter) -> None:
    """What can be known of the arguments of a filter before there is a value to apply it to."""
    arguments = [_known_argument(each) for each in use.args]
    named = {str(each.key): _known_argument(each.value) for each in use.kwargs}
    try:
        check_arguments(use.name, arguments, named)
    except ValueError as error:
        raise TemplateError(str(error)) from None


def _known_argument(node: nodes.Expr) -> Any:
    """The value of an expression without variables; ``None`` for any other."""
    try:
        return node.as_const()
    except nodes.Impossible:
        return None


def mentions(value: Any, name: str) -> bool:
    """Whether a template anywhere in ``value`` uses the value ``name``."""
    if isinstance(value, str):
        names = _names if len(value) <= _LONGEST_KEPT else _names.__wrapped__
        return ("{{" in value or "{%" in value) and name in names(value)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(mentions(item, name) for item in inner)


@functools.lru_cache(maxsize=2_000)
def _names(text: str) -> frozenset[str]:
    """The values that a template uses; none for one that cannot be read."""
    try:
        return frozenset(meta.find_undeclared_variables(_TEXT.parse(VARIABLE.sub("", text))))
    except jinja2.TemplateSyntaxError:
        return frozenset()
