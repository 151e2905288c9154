"""A first binding from answers to a few questions: paths as they were given, and every value of an operation in its
body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shenhe.conformance.provider import Operation
from shenhe.rulebook import Service

from ..language.shapes import SHAPES
from .blanks import Blank
from .vocabulary import vocabulary
from .yaml_text import written

AUTH: Mapping[str, dict[str, object]] = {
    "none": {"type": "none"},
    "bearer": {"type": "bearer", "token": "{{ account.credentials.token }}"},
    "basic": {
        "type": "basic",
        "username": "{{ account.credentials.username }}",
        "password": "{{ account.credentials.password }}",
    },
    "cookie": {"type": "cookie", "cookies": {"session": "{{ account.credentials.token }}"}},
    "oauth2": {
        "type": "oauth2",
        "token_url": "/oauth/token",
        "client_id": "${CLIENT_ID}",
        "client_secret": "${CLIENT_SECRET}",
    },
}
OPERATIONS: Mapping[str, str] = {
    "register": "POST /accounts",
    "verify_identity": "POST /accounts/me/identity",
    "generate": "POST /generations",
    "fetch": "GET /assets/{{ content.id }}/{{ rendition }}",
    "publish": "POST /posts",
    "view": "GET /posts/{{ publication.id }}",
    "report": "POST /reports",
    "report_status": "GET /reports/{{ ticket.id }}",
    "disclosures": "GET /about/{{ topic }}",
}
"""The operations that are asked for, with an example of each; the others are in the documentation."""

_MEDIA = {"text": "text/plain", "voice": "audio/wav", "non-voice-audio": "audio/wav"}


@dataclass(frozen=True)
class Answers:
    """What was asked. ``paths`` are methods with paths, by operation."""

    name: str
    base_url: str
    test: bool
    synthetic: bool
    services: Sequence[str]
    auth: str
    paths: Mapping[str, str]


def binding_text(answers: Answers) -> str:
    """The binding. Raises :class:`ValueError` with a sentence for an answer that cannot be used."""
    return "\n".join(_lines(answers)) + "\n"


def _lines(answers: Answers) -> Iterator[str]:
    if answers.auth not in AUTH:
        raise ValueError(f"found the answer {answers.auth!r}, expected one of: {', '.join(AUTH)}")
    known = [service.value for service in Service]
    wrong = [each for each in answers.services if each not in known]
    if wrong:
        raise ValueError(f"found the service {wrong[0]!r}, expected one of: {', '.join(known)}")
    yield ("# Replace each ${FILL_IN_…} with the JMESPath expression for that value in your provider's responses.")
    yield ""
    yield "target:"
    yield f"  name: {json.dumps(answers.name, ensure_ascii=False)}"
    yield f"  base_url: {json.dumps(answers.base_url)}"
    yield f"  environment: {'test' if answers.test else 'production'}"
    yield f"  identities: {'synthetic' if answers.synthetic else 'supplied'}"
    listed = ", ".join(f"{each}: [{_MEDIA.get(each, 'image/png')}]" for each in answers.services)
    yield f"  services: {{{listed}}}"
    yield ""
    if answers.auth != "none":
        yield "auth:"
        yield from written(AUTH[answers.auth], 1)
        yield ""
    if not answers.synthetic and "account." in json.dumps(AUTH[answers.auth]):
        names = re.findall(r"account\.credentials\.(\w+)", json.dumps(AUTH[answers.auth]))
        yield "accounts:"
        yield "  verified_adult:"
        yield from written(
            {"id": "${ADULT_ID}", "credentials": {name: "${ADULT_" + name.upper() + "}" for name in names}}, 2
        )
        yield ""
    yield "operations:"
    for operation, given in (answers.paths or {"generate": OPERATIONS["generate"]}).items():
        yield from _operation(Operation(operation), given, answers.auth)


def _operation(operation: Operation, given: str, auth: str) -> Iterator[str]:
    method, _, path = given.partition(" ") if " " in given else ("", "", given)
    if method.upper() not in {"", "GET", "POST", "PUT", "PATCH", "DELETE"} or not path.strip().startswith("/"):
        raise ValueError(
            f"found {given!r} for {operation.value}, expected a method and a path, such as"
            f" {OPERATIONS[operation.value]}"
        )
    shape = SHAPES[operation]
    keys: dict[str, object] = {"method": method.upper()} if method else {}
    keys["path"] = path.strip()
    if method.upper() not in {"GET", "DELETE"}:
        fields = [each for each in vocabulary().fields.get(operation.value, ()) if each.value not in path]
        body = {each.names.split()[0]: each.value for each in fields if "|" not in each.value}
        if body:
            keys["json"] = body
    extract: dict[str, object] = {name: Blank(f"{operation.value} {name}") for name in shape.required}
    if operation is Operation.REGISTER and auth not in {"none", "oauth2"}:
        names = re.findall(r"account\.credentials\.(\w+)", json.dumps(AUTH[auth]))
        extract["credentials"] = {name: Blank(f"register {name}") for name in names}
    if extract:
        keys["extract"] = extract
    if operation is Operation.GENERATE:
        keys["media"] = {"text": Blank("generate text")}
    elif shape.media_required:
        keys["media"] = "body"
    yield f"  {operation.value}:"
    yield from written(keys, 2)
    yield ""


__all__ = ["AUTH", "OPERATIONS", "Answers", "binding_text"]
