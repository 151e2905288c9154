"""Secrets that a binding does not name: tokens and sessions in responses, known by the names of their fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shenhe.conformance.provider import Operation

from ...language.responses.response import Response, ResponseError
from .connection import Connection, Request

_NAME = r"(?:access|refresh|id|auth|session|bearer)[_-]?token|jwt|passw(?:or)?d|api[_-]?key|(?:client[_-]?)?secret"
#: A name that says this wherever it occurs, and one that says it where an account signs up or signs in.
_ALWAYS, _OF_ACCOUNTS = re.compile(_NAME, re.I), re.compile(_NAME + r"|token|session(?:[_-]?(?:id|key))?|sid", re.I)
_HINT = re.compile(rb"token|jwt|passw|key|secret|session|sid", re.I)
_HEADER = re.compile(r"(?:x-)?(?:(?:access|refresh|id|auth|session|bearer)-token|api-key|session)", re.I)
_SIGNING_IN = frozenset({Operation.REGISTER, Operation.SIGN_IN, Operation.VERIFY_IDENTITY, "login"})
#: What is no word: fields of such names hold the text of an error too.
_TOKEN = re.compile(r"(?=\S*\d)[\x21-\x7e]{8,}|[\x21-\x7e]{24,}")
_MOST, _LONGEST = 2_000, 1_000_000


def learn_named_secrets(connection: Connection, request: Request, response: Response) -> None:
    """Tell the redactor of the secrets in a response that the binding does not read. A value that the request sent is
    known already, or is no secret.
    """
    for name, value in response.headers.items():
        if _HEADER.fullmatch(name) and _TOKEN.fullmatch(value):
            connection.redactor.learn(name.lower().removeprefix("x-").replace("-", "_"), value)
    if len(response.body) > _LONGEST or not _HINT.search(response.body):
        return
    names = _OF_ACCOUNTS if request.operation in _SIGNING_IN else _ALWAYS
    for name, value in _named(response, names):
        if value.encode("utf-8", "replace") not in request.body and value not in request.url:
            connection.redactor.learn(re.sub(r"\W", "_", name.lower()), value)


def _named(response: Response, names: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    try:
        pending: list[Any] = [response.json]
    except ResponseError:
        return
    for _ in range(_MOST):
        if not pending:
            return
        each = pending.pop()
        if isinstance(each, list):
            pending += each[:_MOST]
        elif isinstance(each, Mapping):
            for name, value in each.items():
                if isinstance(value, str) and names.fullmatch(name) and _TOKEN.fullmatch(value):
                    yield name, value
                elif isinstance(value, Mapping | list):
                    pending.append(value)
