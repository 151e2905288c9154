"""The lawful course through a provider, as its binding describes it, as an Arazzo 1.0 workflow.

Arazzo refers to operations of an OpenAPI document. If there is none, :func:`openapi_of` writes one from the binding.
What Arazzo cannot express (conditions and paths of JMESPath, templates that compute, polling) goes into the description
of the step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shenhe.conformance.bindings.language.format import (
    BasicAuth,
    BearerAuth,
    BindingFile,
    CookieAuth,
    HeaderAuth,
    OAuth2Auth,
    OneAuth,
    Part,
    QueryAuth,
    RequestSection,
)
from shenhe.conformance.provider import Operation
from shenhe.core.text import visible

VERSION = "1.0.1"
SOURCE = "provider"
LOGIN = "login"

ORDER = (
    Operation.REGISTER,
    LOGIN,
    Operation.VERIFY_IDENTITY,
    Operation.DISCLOSURES,
    Operation.GRANT_CONSENT,
    Operation.GENERATE,
    Operation.FETCH,
    Operation.UPLOAD,
    Operation.EDIT,
    Operation.PUBLISH,
    Operation.VIEW,
    Operation.SEARCH,
    Operation.REPORT,
    Operation.REPORT_STATUS,
    Operation.APPEAL,
    Operation.REFUTATIONS,
    Operation.RECORDS,
    Operation.CHAT,
    Operation.CHAT_HISTORY,
    Operation.LEAVE_CHAT,
    Operation.DELETE_CHAT,
    Operation.VERIFY_ORIGIN,
    Operation.REVOKE_CONSENT,
    Operation.DELETE_ACCOUNT,
)
"""The course. What only a sandbox has (the clock, the reset) is left out."""

_CHAIN = re.compile(r"\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*")
_HOLE = re.compile(r"\{\{((?:(?!\{\{).)*?)\}\}|\$\{([A-Za-z_]\w*)(?::-[^}]{0,1000})?\}", re.S)
_SIMPLE_PATH = re.compile(r"[A-Za-z_]\w*(?:\[\d+\])*(?:\.[A-Za-z_]\w*(?:\[\d+\])*)*")
_EQUALS = re.compile(r"(\S+)\s*==\s*(?:`([^`]*)`|'([^']*)')")

#: The step whose ``id`` a value of a template is.
_MADE_BY: Mapping[str, tuple[str, ...]] = {
    "account.id": ("register",),
    "content.id": ("generate", "upload"),
    "publication.id": ("publish",),
    "request.target.id": ("publish",),
    "ticket.id": ("report",),
    "consent.id": ("grant_consent",),
    "chat.id": ("chat",),
    "request.chat.id": ("chat",),
    "request.consent.id": ("grant_consent",),
}


@dataclass
class _Step:
    name: str
    method: str
    path: str
    parameters: list[dict[str, Any]] = field(default_factory=list)
    content_type: str = ""
    payload: Any = None
    operation: str = ""
    criteria: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def arazzo_of(file: BindingFile, name: str, openapi_url: str, base_url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The Arazzo document of a binding, and the OpenAPI document that it speaks of (to be published at
    ``openapi_url``).
    """
    course = _Course(file)
    steps = course.steps()
    first: dict[tuple[str, str], str] = {}
    for step in steps:
        step.operation = first.setdefault((step.method, step.path), step.name)
    title = visible(" ".join(file.target.name.split()))
    workflow: dict[str, Any] = {
        "workflowId": "lawful-course",
        "summary": f"The lawful course through {title}",
        "inputs": {"type": "object", "properties": course.inputs},
        "steps": [_step(step) for step in steps],
    }
    arazzo = {
        "arazzo": VERSION,
        "info": {
            "title": f"{title}: the lawful course",
            "version": "1",
            "description": f"Written by shenhe from {name}.",
        },
        "sourceDescriptions": [{"name": SOURCE, "url": openapi_url, "type": "openapi"}],
        "workflows": [workflow],
    }
    return arazzo, openapi_of(steps, title, base_url)


def openapi_of(steps: list[_Step], title: str, base_url: str) -> dict[str, Any]:
    """A small OpenAPI 3.1 document of the operations that ``steps`` ask for."""
    paths: dict[str, dict[str, Any]] = {}
    for step in steps:
        if step.operation != step.name:
            continue
        operation: dict[str, Any] = {
            "operationId": step.name,
            "summary": step.name.replace("_", " ").capitalize(),
            "responses": {"2XX": {"description": "accepted"}},
        }
        if step.parameters:
            operation["parameters"] = [
                {"name": each["name"], "in": each["in"], "required": each["in"] == "path", "schema": {}}
                for each in step.parameters
            ]
        if step.content_type:
            operation["requestBody"] = {"content": {step.content_type: {"schema": {}}}}
        paths.setdefault(step.path, {})[step.method.lower()] = operation
    info = {"title": title, "version": "1"}
    return {"openapi": "3.1.0", "info": info, "servers": [{"url": base_url}], "paths": paths}


class _Course:
    def __init__(self, file: BindingFile) -> None:
        self._file = file
        self._outputs: dict[str, set[str]] = {}
        self.inputs: dict[str, dict[str, str]] = {}

    def steps(self) -> list[_Step]:
        return [self._described(str(name), section) for name in ORDER if (section := self._section(name)) is not None]

    def _section(self, name: str) -> RequestSection | None:
        if name == LOGIN:
            return self._file.login
        section = self._file.operations.get(Operation(name))
        if section is None:
            return None
        return section.with_variant(section.variants[0]) if section.variants else section

    def _described(self, name: str, section: RequestSection) -> _Step:
        bodies = {"json": section.json_, "form": section.form, "multipart": section.multipart, "body": section.body}
        kind, body = next(((key, value) for key, value in bodies.items() if value is not None), ("", None))
        step = _Step(name, section.method or ("POST" if kind else "GET"), "")
        step.path = self._path(step, section.path or "/")
        for place, given in (("query", section.query), ("header", section.headers)):
            for key, value in given.items():
                if place == "header" and key.lower() == "content-type":
                    step.content_type = str(value) if "{{" not in str(value) else "application/octet-stream"
                else:
                    step.parameters.append({"name": key, "in": place, "value": self._filled(name, key, value)})
        step.parameters += self._auth(name, section)
        if kind:
            kinds = {
                "json": "application/json",
                "form": "application/x-www-form-urlencoded",
                "multipart": "multipart/form-data",
            }
            step.content_type = kinds.get(kind) or step.content_type or "application/octet-stream"
            step.payload = self._filled(name, kind, body)
        step.criteria = list(self._criteria(step, section))
        self._extract(step, section)
        if section.poll is not None:
            where = section.poll.path or "the URL that the answer gives"
            step.notes.append(
                f"the result may come later: {where} is asked every {section.poll.every:g} s until {section.poll.until}"
            )
        if section.pages is not None:
            step.notes.append("the list may go on on further pages")
        return step

    def _path(self, step: _Step, template: str) -> str:
        base, mark, query = template.partition("?")

        def hole(match: re.Match[str]) -> str:
            chain = _CHAIN.fullmatch(match[1] or "")
            words = (chain[1] if chain else match[2] or "value").split(".")
            stem = "_".join(words[-2:])
            taken = {each["name"] for each in step.parameters}
            name = next(each for each in (stem, *(f"{stem}_{number}" for number in range(2, 99))) if each not in taken)
            step.parameters.append({"name": name, "in": "path", "value": self._filled(step.name, name, match[0])})
            return "{" + name + "}"

        path = _HOLE.sub(hole, base)
        for pair in query.split("&") if mark else ():
            key, _, value = pair.partition("=")
            step.parameters.append({"name": key, "in": "query", "value": self._filled(step.name, key, value)})
        return re.sub(r"\{%(?:(?!\{%).)*?%\}", "", path)

    def _auth(self, name: str, section: RequestSection) -> Iterator[dict[str, Any]]:
        auth = section.auth or self._file.auth
        if name == LOGIN and section.auth is None:
            return
        for each in auth if isinstance(auth, tuple) else (auth,):
            yield from self._one_auth(name, each)

    def _one_auth(self, name: str, auth: OneAuth) -> Iterator[dict[str, Any]]:
        match auth:
            case QueryAuth():
                yield {"name": auth.name, "in": "query", "value": self._filled(name, "value", auth.value)}
            case BearerAuth():
                yield {
                    "name": "Authorization",
                    "in": "header",
                    "value": self._filled(name, "token", f"Bearer {auth.token}"),
                }
            case HeaderAuth():
                yield {"name": auth.name, "in": "header", "value": self._filled(name, "value", auth.value)}
            case CookieAuth():
                for key, value in auth.cookies.items():
                    yield {"name": key, "in": "cookie", "value": self._filled(name, key, value)}
            case BasicAuth():
                yield {
                    "name": "Authorization",
                    "in": "header",
                    "value": self._input("basic_authorization", "Basic, user name and password"),
                }
            case OAuth2Auth():
                token = self._input("access_token", f"an access token from {auth.token_url} (client credentials)")
                yield {"name": "Authorization", "in": "header", "value": f"Bearer {{{token}}}"}

    def _filled(self, step: str, key: str, value: Any) -> Any:
        """A value of a template as Arazzo says it; what computes becomes an input that describes it."""
        if isinstance(value, Part):
            return self._filled(step, key, value.data)
        if isinstance(value, Mapping):
            return {str(inner): self._filled(step, str(inner), each) for inner, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._filled(step, key, each) for each in value]
        if not isinstance(value, str) or ("{{" not in value and "{%" not in value and "${" not in value):
            return value
        holes = list(_HOLE.finditer(value))
        if "{%" in value or any(hole[1] is not None and not _CHAIN.fullmatch(hole[1]) for hole in holes):
            return self._input(f"{step}_{key}", f"computed in the binding: {value}")
        if len(holes) == 1 and holes[0][0] == value:
            return self._expression(step, holes[0])
        return _HOLE.sub(lambda match: "{" + self._expression(step, match) + "}", value)

    def _expression(self, step: str, hole: re.Match[str]) -> str:
        if hole[2]:
            return self._input(hole[2], f"${{{hole[2]}}} of the environment")
        chain = (_CHAIN.fullmatch(hole[1]) or [hole[1], hole[1]])[1]
        words = chain.split(".")
        makers, output = _MADE_BY.get(chain, ()), "id"
        if words[:2] == ["account", "credentials"] and len(words) == 3:
            makers, output = (LOGIN, "register"), words[2]
        elif words[0] == "carried" and len(words) == 3:
            makers, output = tuple(self._outputs), f"carry_{words[2]}"
        for maker in makers:
            if maker != step and output in self._outputs.get(maker, ()):
                return f"$steps.{maker}.outputs.{output}"
        shared = words[0] in {"account", "content", "publication", "ticket", "consent", "carried"}
        return self._input("_".join(words) if shared else f"{step}_{'_'.join(words)}", chain)

    def _input(self, name: str, description: str) -> str:
        key = re.sub(r"[^A-Za-z0-9_-]", "_", name)
        self.inputs.setdefault(key, {"description": visible(" ".join(description.split()))[:500]})
        return f"$inputs.{key}"

    def _criteria(self, step: _Step, section: RequestSection) -> Iterator[str]:
        tests = []
        for status in section.accept_status:
            low = int(str(status)[0]) * 100
            tests.append(
                f"$statusCode == {status}"
                if isinstance(status, int)
                else f"$statusCode >= {low} && $statusCode < {low + 100}"
            )
        yield " || ".join(tests)
        for key, condition in (("accept_when", section.accept_when), ("refuse_when", section.refuse_when)):
            if condition is None:
                continue
            if not isinstance(condition, str):
                step.notes.append(
                    f"{key} of the binding: {condition.model_dump_json(exclude_unset=True, by_alias=True)}"
                )
                continue
            equal = _EQUALS.fullmatch(condition.strip())
            place = _pointer(equal[1]) if equal else None
            if key == "accept_when" and equal and place:
                literal = f"'{equal[3]}'" if equal[2] is None else _literal(equal[2])
                yield f"{place} == {literal}"
            else:
                step.notes.append(f"{key} of the binding is JMESPath: {condition}")

    def _extract(self, step: _Step, section: RequestSection) -> None:
        sources: dict[str, Any] = {}
        for name, source in section.extract.items():
            if name in {"credentials", "carry", "fields"} and isinstance(source, dict):
                prefix = "carry_" if name == "carry" else "field_" if name == "fields" else ""
                sources |= {f"{prefix}{inner}": each for inner, each in source.items()}
            else:
                sources[name] = source
        for name, source in sources.items():
            found = _pointer(source) if isinstance(source, str) else None
            if isinstance(source, dict) and isinstance(source.get("header"), str):
                found = f"$response.header.{source['header']}"
            key = re.sub(r"[^A-Za-z0-9._-]", "_", name)
            if found:
                step.outputs[key] = found
            else:
                step.notes.append(f"{name} is taken from the answer by {json.dumps(source, ensure_ascii=False)}")
        self._outputs[step.name] = set(step.outputs)


def _pointer(expression: str) -> str | None:
    """A plain JMESPath path as a runtime expression: ``a.b[0]`` as ``$response.body#/a/b/0``."""
    if not _SIMPLE_PATH.fullmatch(expression):
        return None
    return "$response.body#/" + "/".join(re.findall(r"[A-Za-z_]\w*|\d+", expression))


def _literal(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def _step(step: _Step) -> dict[str, Any]:
    described: dict[str, Any] = {"stepId": step.name}
    if step.notes:
        described["description"] = visible("; ".join(step.notes))
    described["operationId"] = step.operation
    if step.parameters:
        described["parameters"] = step.parameters
    if step.content_type:
        described["requestBody"] = {"contentType": step.content_type, "payload": step.payload}
    described["successCriteria"] = [{"condition": condition} for condition in step.criteria]
    if step.outputs:
        described["outputs"] = step.outputs
    return described
