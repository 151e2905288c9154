"""A draft as the text of a binding: YAML with, beside each line, the endpoint that it was drafted from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shenhe.core.text import visible

from ..language.shapes import LOGIN
from .blanks import Blank, Blanks
from .openapi import Description
from .security import auth_of
from .vocabulary import expression_of, vocabulary

DESTROYING = ("delete_account", "reset")
HEADER = """\
# Drafted by `shenhe init`. Fill in the ${FILL_IN_…} placeholders and read every line: the endpoints were chosen by
# their names and fields, with the score in the comment beside each. `shenhe doctor` then tries each operation once and
# names the line that is wrong.
"""


@dataclass
class DraftedOperation:
    """One operation, or one way of it, as it will be written. ``when`` says for which arguments."""

    keys: dict[str, Any]
    note: str
    when: dict[str, Any] = field(default_factory=dict)


def lines_of(
    description: Description,
    sections: Mapping[str, list[DraftedOperation]],
    blanks: Blanks,
    *,
    missing: Sequence[str],
    close: Sequence[str],
    unused: Sequence[str],
    passed_over: Sequence[str],
    roles: Sequence[str],
) -> Iterator[str]:
    """The lines of a binding with these ``sections``; what is ``missing``, ``unused`` and ``passed_over`` is told in
    comments at its end.

    What the document turns out not to say is added to ``blanks``.
    """
    auth, hosts = auth_of(description)
    register, login = sections.get("register"), sections.get(LOGIN)
    given = register[0].keys.get("extract", {}).get("credentials") if register else None
    guessed = not auth and bool(login or given)
    if guessed:
        auth = {"type": "bearer", "token": "{{ account.credentials.token }}"}
    yield from HEADER.splitlines()
    yield ""
    yield "target:"
    yield f"  name: {scalar(description.title.replace('${', '$${'))}"
    yield f"  base_url: {scalar(description.server) if description.server else scalar(blanks('base_url'))}"
    yield (
        "  environment: production         # write `test` once base_url is a place made for tests; only then is it"
        " probed"
    )
    yield "  markets: [cn]"
    yield f"  roles: [{', '.join(roles)}]"
    yield (
        f"  identities: {'synthetic' if register else 'supplied'}            # synthetic: invented persons may be"
        " registered"
    )
    services: dict[str, list[str]] = {}
    for section in sections.get("generate", []):
        services.setdefault(section.when["service"], []).append(section.when["media_type"])
    listed = ", ".join(
        f"{service}: [{', '.join(kinds)}]" for service, kinds in (services or {"text": ["text/plain"]}).items()
    )
    if services or not {"provider", "supporter"}.isdisjoint(roles):
        yield f"  services: {{{listed}}}"
    topics = [topic for section in sections.get("disclosures", []) for topic in section.when["topic"]]
    if topics:
        yield f"  disclosure_topics: [{', '.join(dict.fromkeys(topics))}]"
    if "verify_identity" in sections:
        yield "  identity_methods: [id-card]"
    if hosts:
        yield f"  auth_hosts: [{scalar(hosts[0])}]"
    yield ""
    if auth:
        yield "auth:" + ("  # the source does not say how the token is sent: this is the usual way" if guessed else "")
        yield from written(auth, 1)
        yield ""
    if auth and not register and "account" in json.dumps(auth):
        credentials = (
            {"username": "${ADULT_USERNAME}", "password": "${ADULT_PASSWORD}"}
            if login or auth["type"] == "basic"
            else {"token": "${ADULT_TOKEN}"}
        )
        yield "accounts:                           # ready-made, from the environment"
        yield "  verified_adult:"
        yield from written({"id": "${ADULT_ID}", "credentials": credentials}, 2)
        yield ""
    if login:
        yield f"login:  # {_comment(login[0].note)}"
        yield from written(login[0].keys, 1)
        yield ""
    yield "operations:"
    for name in vocabulary().operations:
        if name != LOGIN and name in sections:
            yield from _operation(name, sections[name], blanks, auth, login[0].keys if login else None)
    if not set(sections) - {LOGIN}:
        name = {"platform": "publish", "store": "submit_app"}.get(roles[0] if roles else "", "generate")
        yield f"  {name}:  # the document contains no recognisable operation: write at least one"
        yield from written({"path": "/" + blanks(f"{name} path").text, "extract": {"id": blanks(f"{name} id")}}, 2)
        yield ""
    for title, names in (
        ("Not mapped", missing),
        ("Close, but not chosen: check these by hand", close),
        ("Endpoints that no operation uses", unused),
        ("Passed over", passed_over),
    ):
        if names:
            yield f"# {title}:"
            yield from (f"#   {_comment(each)}" for each in names)


def _operation(
    name: str,
    sections: Sequence[DraftedOperation],
    blanks: Blanks,
    auth: Mapping[str, Any],
    login: Mapping[str, Any] | None,
) -> Iterator[str]:
    if name == "register" and login is None and "account.credentials." in json.dumps(auth):
        extract = sections[0].keys.setdefault("extract", {})
        given = extract.setdefault("credentials", {})
        for key in re.findall(r"account\.credentials\.(\w+)", json.dumps(auth)):
            if key not in given:
                given[key] = blanks(f"register {key}", f"JMESPath expression of the {key} in the response")
    elif name == "register" and login is not None:
        extract = sections[0].keys.setdefault("extract", {})
        extract["credentials"] = {
            "username": {"value": _name_in(login, sections[0].keys)},
            "password": {"value": "{{ profile.password }}"},
        }
    if name in DESTROYING:
        yield "  # This one destroys: read it twice."
    if len(sections) == 1:
        yield f"  {name}:  # {_comment(sections[0].note)}"
        yield from written(sections[0].keys, 2)
    else:
        yield f"  {name}:"
        yield "    variants:"
        for section in sections:
            arguments = ", ".join(f"{key}: {_plain(value)}" for key, value in section.when.items())
            yield f"      # {_comment(section.note)}"
            yield f"      - when: {{{arguments}}}"
            yield from written(section.keys, 4)
    yield ""


def _name_in(login: Mapping[str, Any], register: Mapping[str, Any]) -> str:
    """What a new account logs in with: the value that registration has for the field that the login names it in."""
    body = _sent(login)
    field = next((key for key, value in body.items() if value == "{{ account.credentials.username }}"), "")
    sent = _sent(register).get(field)
    if isinstance(sent, str) and sent.startswith("{{ profile."):
        return sent
    found = expression_of("register", field)
    return found if found is not None and found != "{{ profile.password }}" else "{{ profile.username }}"


def _sent(keys: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the body of a request, or the variables of its query."""
    bodies = (keys.get(kind) for kind in ("json", "form", "multipart"))
    body = next((each for each in bodies if each), keys.get("graphql", {}).get("variables", {}))
    flat: dict[str, Any] = {}
    for name, value in body.items():
        flat |= value if isinstance(value, dict) else {name: value}
    return flat


def _plain(value: str | list[str]) -> str:
    """A word, or the words of a list, in flow style."""
    return value if isinstance(value, str) else f"[{', '.join(value)}]"


def written(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    """A mapping as lines of YAML; ``depth`` counts steps of two spaces."""
    indent = "  " * depth
    for key, inner in value.items():
        shown = (
            key
            if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", key) and key not in {"null", "true", "false"}
            else scalar(key)
        )
        if isinstance(inner, dict) and inner:
            yield f"{indent}{shown}:"
            yield from written(inner, depth + 1)
        elif isinstance(inner, list) and inner and all(isinstance(each, dict) and each for each in inner):
            yield f"{indent}{shown}:"
            for each in inner:
                first, *rest = written(each, depth + 2)
                yield f"{indent}  - {first.lstrip()}"
                yield from rest
        else:
            hint = f"  # {_comment(inner.hint)}" if isinstance(inner, Blank) and inner.hint else ""
            yield f"{indent}{shown}: {scalar(inner)}{hint}"


#: Words that are no text without quotes, to this reader or to one of YAML 1.1.
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off"})


def scalar(value: Any) -> str:
    """A value as YAML: text in double quotes unless it is plain, with what would be a variable written so that it is
    none.
    """
    if isinstance(value, Blank):
        return value.text
    if isinstance(value, str):
        if re.fullmatch(r"[A-Za-z/][A-Za-z0-9_./-]*", value) and value.lower() not in _WORDS:
            return value
        return json.dumps(value, ensure_ascii=not value.isprintable())
    return json.dumps(value)


def _comment(text: str) -> str:
    return visible(" ".join(text.split()))[:200]
