"""A first binding from the description of an API.

:mod:`.matching` scores which endpoint serves which operation, and prefers silence to a wrong guess. The score is a
comment beside each drafted operation, with the alternatives that came close. Where the document does not say what to
write, the draft has a placeholder ``${FILL_IN_…}``, and it cannot be used until that is filled in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shenhe.conformance.operations import Operation, TargetRole
from shenhe.conformance.roles import operations_of

from ..language.shapes import LOGIN
from . import deferred
from .blanks import Blank, Blanks, can_stand
from .choosing.matching import Match, find_matches, service_of, topics_of
from .choosing.requests import in_path_of
from .deferred import Deferred
from .fields import leaves, plain
from .openapi import Description, Endpoint, Field, GraphqlField
from .responses import envelope, keys_of_answer, place_of
from .security import wants_token
from .vocabulary import expression_of, vocabulary
from .yaml_text import DraftedOperation, lines_of


@dataclass
class Draft:
    """A drafted binding.

    ``missing`` names the operations that no endpoint serves, ``close`` the endpoints that came close to serving one,
    ``blanks`` the placeholders to fill in.
    """

    text: str
    mapped: list[str]
    missing: list[str]
    close: list[str]
    unused: list[str]
    passed_over: list[str]
    blanks: list[Blank]


def draft(description: Description, roles: Sequence[TargetRole] = (TargetRole.PROVIDER,)) -> Draft:
    """A binding drafted from a document, of the operations that a target with these roles has."""
    return _Drafter(description, roles).draft()


#: The file that an operation sends.
_FILES = {"upload": "media", "edit": "request.source", "publish": "content.media"}


#: What people write, and what no list of values holds.
_FREE_TEXTS = frozenset({"{{ title }}", "{{ request.statement }}", "{{ request.prompt }}", "{{ statement }}"})


class _Drafter:
    def __init__(self, description: Description, roles: Sequence[TargetRole]) -> None:
        self.description = description
        self.roles = roles
        self.operations = frozenset(operation.value for operation in operations_of(roles))
        self.with_token = wants_token(description) or not description.schemes
        self.blanks = Blanks()
        #: What an endpoint does that could not be written, and the endpoints that others are asked for by.
        self.remarks: list[str] = []
        self.asked: list[str] = []

    def draft(self) -> Draft:
        matching = find_matches(self.description, self.operations)
        matches = matching.found
        close = [f"{name}: {', '.join(rows)}" for name, rows in matching.close.items()]
        sections = {name: [self._section(name, match) for match in found] for name, found in matches.items()}
        used = {str(match.endpoint) for found in matches.values() for match in found} | set(self.asked)
        missing: list[str] = [
            each.value for each in Operation if each.value in self.operations and each.value not in sections
        ]
        unused = [str(endpoint) for endpoint in self.description.endpoints if str(endpoint) not in used]
        mapped = [f"{name}: {section.note}" for name in vocabulary().operations for section in sections.get(name, [])]
        passed_over = [*self.description.passed_over, *self.remarks]
        lines = lines_of(
            self.description,
            sections,
            self.blanks,
            missing=missing,
            close=close,
            unused=unused,
            passed_over=passed_over,
            roles=self.roles,
        )
        return Draft("\n".join(lines) + "\n", mapped, missing, close, unused, passed_over, self.blanks.found)

    def _section(self, name: str, match: Match) -> DraftedOperation:
        endpoint = match.endpoint
        if match.held:
            return DraftedOperation({"held": True}, f"nothing is sent: {endpoint} takes the file with its title", {})
        keys: dict[str, Any] = {}
        if endpoint.method != ("POST" if endpoint.body else "GET"):
            keys["method"] = endpoint.method
        if endpoint.graphql is not None:
            return self._graphql_section(name, match, endpoint.graphql)
        if name == "upload" and endpoint.resumable:
            return self._resumable_section(match)
        keys["path"] = self._path(name, endpoint)
        for place in ("query", "headers"):
            fields = [
                each for each in endpoint.parameters if each.place == place.removesuffix("s") or each.place == place
            ]
            filled = self._filled(name, fields)
            if filled:
                keys[place] = filled
        if endpoint.body:
            kind = {"multipart/form-data": "multipart", "application/x-www-form-urlencoded": "form"}.get(
                endpoint.body_type, "json"
            )
            streams = endpoint.answer_type == "text/event-stream"
            filled = self._filled(name, endpoint.body, files=kind == "multipart", streams=streams)
            filled = _nested(filled, endpoint.body)
            keys[kind] = {endpoint.wrapped_in: filled} if endpoint.wrapped_in else filled
            if kind == "json" and endpoint.body_type.endswith("+json"):
                keys["headers"] = {**keys.get("headers", {}), "Content-Type": endpoint.body_type}
        elif endpoint.body_type.endswith("json") and name != "upload" and endpoint.described_by_requests:
            keys["json"] = {}
        elif endpoint.body_type:
            keys["headers"] = {
                **keys.get("headers", {}),
                "Content-Type": "{{ media.media_type }}" if name == "upload" else endpoint.body_type,
            }
            keys["body"] = "{{ media.data }}" if name == "upload" else self.blanks(f"{name} body", endpoint.body_type)
        if endpoint.accepts:
            keys["accept_status"] = endpoint.accepts
        later, streamed = self._later(name, endpoint), self._streamed(name, endpoint)
        keys |= keys_of_answer(name, later.source or endpoint, self.blanks, with_token=self.with_token) | envelope(
            endpoint
        )
        if streamed.keys:
            keys |= self._pieces(name, endpoint)
        for each in (streamed, later, deferred.paged(name, endpoint, vocabulary().deferral)):
            keys = deferred.joined(keys, each.keys)
            if each.remark:
                self.remarks.append(f"{name}: {endpoint}: {each.remark}")
        if name == "publish" and "upload" in self.operations and "content." not in str((keys, later.keys)):
            self.remarks.append(
                f"{name}: {endpoint}: its request names no content, so that only its title is published: send the file "
                f"in `steps`, or hold it with `upload: {{held: true}}`"
            )
        if endpoint.callbacks:
            self.remarks.append(
                f"{name}: {endpoint}: calls back when it is done; a binding asks instead, where there is a place to ask"
            )
        if later.source is not None:
            self.asked.append(str(later.source))
        if endpoint.open and name != LOGIN and self.description.schemes:
            keys["auth"] = {"type": "none"}
        note = f"{endpoint} ({match.total:g}: {', '.join(match.words)})"
        if match.alternatives:
            note += f"; or {', '.join(match.alternatives)}"
        if later.source is not None:
            note += f", then {later.source}"
        return DraftedOperation(keys, note, _when(name, endpoint))

    def _resumable_section(self, match: Match) -> DraftedOperation:
        """An upload by the tus protocol: one request opens it, the next sends the bytes to the URL that it returned."""
        endpoint = match.endpoint
        kept = {"tusresumable", "uploadlength", "uploadmetadata"}
        fields = [each for each in endpoint.parameters if each.place == "header" and plain(each.name) not in kept]
        version = {"Tus-Resumable": "1.0.0"}
        created = {
            "name": "created",
            "method": "POST",
            "path": self._path("upload", endpoint),
            "headers": {
                **version,
                "Upload-Length": "{{ media.data | length }}",
                "Upload-Metadata": "filename {{ 'source' | base64 }},filetype {{ media.media_type | base64 }}",
                **self._filled("upload", fields),
            },
            "extract": {"url": {"header": "Location"}},
        }
        keys = {
            "steps": [created],
            "method": "PATCH",
            "url": "{{ steps.created.url }}",
            "headers": {**version, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
            "body": "{{ media.data }}",
            "extract": {"id": {"value": "{{ steps.created.url | last_segment }}"}},
        }
        self.asked += [str(each) for each in self.description.endpoints if _is_part_of(each, endpoint)]
        return DraftedOperation(keys, f"{endpoint} ({match.total:g}: resumable), then PATCH at its Location", {})

    def _graphql_section(self, name: str, match: Match, graphql: GraphqlField) -> DraftedOperation:
        endpoint = match.endpoint
        filled = self._filled(name, endpoint.body)
        variables: dict[str, Any] = {}
        files = {each.name for each in endpoint.body if each.binary}
        for place, field in graphql.inputs:
            if field not in filled or field in files:
                continue
            outer, dot, inner = place.partition(".")
            if dot:
                variables.setdefault(outer, {})[inner] = filled[field]
            else:
                variables[outer] = filled[field]
        keys: dict[str, Any] = {
            "path": graphql.path,
            "graphql": {"query": graphql.query, **({"variables": variables} if variables else {})},
        }
        file = next((place for place, field in graphql.inputs if field in files and name in _FILES), "")
        if file:
            keys = {"path": graphql.path, "multipart": _multipart_of(graphql.query, variables, file, _FILES[name])}
        keys |= keys_of_answer(name, endpoint, self.blanks, with_token=False)
        if name in deferred.LISTS:
            keys = deferred.joined(keys, deferred.paged_by_cursor(endpoint, [place for place, _ in graphql.inputs]))
        note = f"{endpoint.name} ({match.total:g}: {', '.join(match.words)})"
        return DraftedOperation(keys, note, _when(name, endpoint))

    def _streamed(self, name: str, endpoint: Endpoint) -> Deferred:
        if name != "generate":
            return Deferred()
        return deferred.stream_deferral(
            endpoint, vocabulary().deferral, lambda hint: self.blanks(f"{name} piece", hint)
        )

    def _later(self, name: str, endpoint: Endpoint) -> Deferred:
        return deferred.polled(
            name, endpoint, self.description, vocabulary().deferral, lambda hint: self.blanks(f"{name} until", hint)
        )

    def _pieces(self, name: str, endpoint: Endpoint) -> dict[str, Any]:
        """What is found in a stream: its text, and an id in the data of its first event, where the document shows
        one.
        """
        place = place_of(name, "id", list(leaves(endpoint.events or {})))
        found: Any = f"events[0].data.{place}" if place else {"value": f"{name}-{{{{ nonce }}}}"}
        return {"extract": {"id": found}, "media": {"text": "text"}}

    def _path(self, name: str, endpoint: Endpoint) -> str:
        def value(match: re.Match[str]) -> str:
            expression = in_path_of(name, endpoint, match[1])
            return (
                expression if expression is not None else self.blanks(f"{name} {match[1]}", "a part of the path").text
            )

        return re.sub(r"\{([^{}]*)\}", value, endpoint.path)

    def _filled(
        self, name: str, fields: Sequence[Field], *, files: bool = False, streams: bool = False
    ) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        taken: set[str] = set()
        for each in fields:
            expression = expression_of(name, each.called)
            if expression in _FREE_TEXTS and isinstance(each.schema.get("enum"), list):
                # One of a few values is asked for, and no words.
                expression = None
            if each.binary and files and name in _FILES and (source := _FILES[name]) not in taken:
                taken.add(source)
                filled[each.name] = {
                    "data": "{{ " + source + ".data }}",
                    "filename": "source",
                    "type": "{{ " + source + ".media_type }}",
                }
            elif (
                expression is not None
                and (expression not in taken or (each.required and expression == "{{ title }}"))
                and each.schema.get("type") not in {"object", "array"}
            ):
                taken.add(expression)
                filled[each.name] = expression
            elif expression is not None and each.name.lower() == "messages":
                filled[each.name] = expression
            elif each.schema.get("type") == "array" and (one := _one_of(name, each.called)) is not None:
                filled[each.name] = [one]
            elif (
                each.name == "stream"
                and each.schema.get("type") == "boolean"
                and (each.required or each.given or streams)
            ):
                filled[each.name] = streams
            elif each.required:
                filled[each.name] = (
                    each.given if can_stand(each.given) else self.blanks(f"{name} {each.name}", each.hint)
                )
        return filled


def _multipart_of(query: str, variables: Mapping[str, Any], file: str, source: str) -> dict[str, Any]:
    """A call of GraphQL with a file, as the specification of multipart requests has it."""
    outer, dot, inner = file.partition(".")
    sent = {**variables, outer: {**variables.get(outer, {}), inner: None} if dot else None}
    return {
        "operations": re.sub(
            r'"\{\{ ([^{}]*) \}\}"', r"{{ (\1) | json }}", json.dumps({"query": query, "variables": sent})
        ),
        "map": json.dumps({"0": [f"variables.{file}"]}),
        "0": {
            "data": "{{ " + source + ".data }}",
            "filename": "source",
            "type": "{{ " + source + ".media_type }}",
        },
    }


def _is_part_of(endpoint: Endpoint, opened: Endpoint) -> bool:
    """Whether an endpoint sends the bytes of an upload that another opened."""
    return endpoint.method == "PATCH" and endpoint.path.startswith(opened.path.rstrip("/") + "/{")


def _nested(filled: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    """The values of fields where the body has them."""
    places = {each.name: each.inside or (each.name,) for each in fields}
    made: dict[str, Any] = {}
    for name, value in filled.items():
        *outer, last = places.get(name, (name,))
        inner = made
        for step in outer:
            inner = inner.setdefault(step, {})
        inner[last] = value
    return made


def _one_of(name: str, given: str) -> str | None:
    """The content that a list of ids holds, as `media_ids` does."""
    one = expression_of(name, given.removesuffix("s")) if given.lower().endswith("ids") else None
    return one if one == "{{ content.id }}" else None


def _when(name: str, endpoint: Endpoint) -> dict[str, Any]:
    """The arguments for which an endpoint is called, if an operation has one endpoint for each."""
    if name == "generate":
        service, media_type = service_of(endpoint)
        return {"service": service, "media_type": media_type}
    return {"topic": list(topics_of(endpoint))} if name == "disclosures" else {}
