"""The arguments of filters, checked when a binding is loaded: a wrong date format would be sent as it stands."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jinja2.tests import TESTS as DEFAULT_TESTS

from .filters import ALGORITHMS, FILTERS, TESTS, encoded_digest, zone_of

#: The letters of ``strftime`` that mean the same everywhere. glibc takes some with a flag, such as ``%-d``.
_DIRECTIVE = re.compile(r"%[-_0^#]?(.?)", re.S)
_LETTERS = frozenset("aAbBcdDefFHIjmMnpRsSTuUVwWxXyYzZ%")
_ENCODINGS = ("hex", "HEX", "base64", "base64url", "bytes")


def like(name: str) -> str:
    """The filters that a name may mean, as an error expects them."""
    close = difflib.get_close_matches(name, FILTERS, n=1)
    return repr(close[0]) if close else f"one of: {', '.join(sorted(FILTERS))}"


def check_arguments(name: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for arguments that the filter does not take. ``None`` is an argument not known yet."""
    if (place := _TEST_AT.get(name)) is not None:
        _test(arguments[place] if len(arguments) > place else None)
    function = FILTERS.get(name)
    if function is None:
        return
    signature = inspect.signature(function)
    try:
        bound = signature.bind(None, *arguments, **named)
    except TypeError:
        known = ", ".join(list(signature.parameters)[1:]) or "no arguments"
        wrong = next((key for key in named if key not in signature.parameters), None)
        found = f"the argument {wrong!r}" if wrong else "other arguments"
        raise ValueError(f"found {found} of the filter {name}, expected {known}") from None
    for key, value in bound.arguments.items():
        check = _CHECKS.get((name, key)) or _CHECKS.get(("", key))
        if check is not None and isinstance(value, str):
            check(value)


#: Filters that take the name of a test, and which argument it is.
_TEST_AT: Mapping[str, int] = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}


def _test(name: Any) -> None:
    known = {*DEFAULT_TESTS, *TESTS}
    if not isinstance(name, str) or name in known:
        return
    close = difflib.get_close_matches(name, known, n=1)
    words = ", ".join(sorted(each for each in known if each.isalpha()))
    raise ValueError(f"found the test {name[:40]!r}, expected {repr(close[0]) if close else f'one of: {words}'}")


def _format(value: str) -> None:
    if value in {"iso", "http"}:
        return
    wrong = next((match[0] for match in _DIRECTIVE.finditer(value) if match[1] not in _LETTERS), None)
    if wrong is not None:
        raise ValueError(f"found {wrong!r} in the date format {value[:40]!r}, expected directives such as %Y-%m-%d")
    if "%" not in value:
        raise ValueError(
            f"found the date format {value[:40]!r} without %, expected one such as %Y-%m-%d %H:%M:%S, iso or http"
        )
    datetime.now(UTC).strftime(value)


def _algorithm(value: str) -> None:
    if value not in ALGORITHMS:
        raise ValueError(f"found the hash {value[:40]!r}, expected one of: {', '.join(ALGORITHMS)}")


def _encoding(value: str) -> None:
    if value not in _ENCODINGS:
        encoded_digest(b"", value)


_CHECKS: Mapping[tuple[str, str], Callable[[str], object]] = {
    ("date", "form"): _format,
    ("date", "zone"): zone_of,
    ("", "algorithm"): _algorithm,
    ("", "encoding"): _encoding,
}
