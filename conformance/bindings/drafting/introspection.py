"""Endpoints from a GraphQL schema, as introspection or the schema language gives it: each query and mutation is one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shenhe.core.document import DocumentError, Fault, Mark, Readable

from .observed import _json, _list, _mapping, read_text
from .openapi import Description, Endpoint, Field, GraphqlField
from .schema_language import SchemaError, introspected

_DEPTH = 3
_SCALARS = {"Int": "integer", "Float": "number", "Boolean": "boolean"}


def read_introspection(origin: Readable, name: str, path: str = "/graphql") -> Description:
    """The queries and mutations of a schema. Raises :class:`DocumentError` for another file."""
    text = read_text(origin, name)
    schema = _schema_language(text, name) if _SCHEMA_LANGUAGE.match(text) else {}
    if not schema:
        document = _json(origin, name)
        schema = _mapping(_mapping(document.get("data", document)).get("__schema"))
    if not schema:
        raise DocumentError(
            [Fault(name, Mark(1, 1), (), "found no __schema, expected the response to a GraphQL introspection query")]
        )
    types = {str(each.get("name")): each for each in map(_mapping, _list(schema.get("types")))}
    endpoints: list[Endpoint] = []
    for kind, method in (("queryType", "GET"), ("mutationType", "POST")):
        root = types.get(str(_mapping(schema.get(kind)).get("name")), {})
        endpoints += [_endpoint(field, method, types, path) for field in map(_mapping, _list(root.get("fields")))]
    return Description("A GraphQL API", "", endpoints, {}, ())


#: How a text begins that is no JSON: with a comment, a description or a keyword.
_SCHEMA_LANGUAGE = re.compile(
    r'[\s\ufeff]*(#|"""|"[^"\n]*"\s*[a-z]|(schema|type|input|enum|scalar|interface|union|directive|extend)\b)'
)


def _schema_language(text: str, name: str) -> dict[str, Any]:
    try:
        return introspected(text)
    except SchemaError as error:
        raise DocumentError([Fault(name, Mark(error.line, 1), (), str(error))]) from None


def _endpoint(field: Mapping[str, Any], method: str, types: Mapping[str, Any], path: str) -> Endpoint:
    name = str(field.get("name"))
    arguments = [_mapping(each) for each in _list(field.get("args"))]
    inputs = list(_inputs(arguments, types))
    schema, selection = _selected(_mapping(field.get("type")), types, 0)
    if _is_list(_mapping(field.get("type"))):
        schema = {"type": "array", "items": schema}
    declared = ", ".join(f"${each['name']}: {_written(_mapping(each.get('type')))}" for each in arguments)
    given = ", ".join(f"{each['name']}: ${each['name']}" for each in arguments)
    kind = "mutation" if method == "POST" else "query"
    query = f"{kind} Call{f'({declared})' if declared else ''} {{ {name}{f'({given})' if given else ''}{selection} }}"
    return Endpoint(
        method=method,
        path=f"/{name}",
        name=name,
        summary=" ".join(str(field.get("description") or "").split())[:200],
        description="",
        tags=(),
        parameters=(),
        body_type="application/json",
        body=tuple(each for _, each in inputs),
        answer_type="application/json",
        answer={"properties": {"data": {"properties": {name: schema}}}},
        refusal={},
        open=True,
        graphql=GraphqlField(path, query, tuple((place, each.name) for place, each in inputs)),
    )


def _inputs(arguments: list[dict[str, Any]], types: Mapping[str, Any]) -> Iterator[tuple[str, Field]]:
    """The scalar arguments, those inside one input object included, with the place of each."""
    for argument in arguments:
        name, kind = str(argument.get("name")), _mapping(argument.get("type"))
        inner = types.get(_name_of(kind), {})
        if inner.get("kind") == "INPUT_OBJECT":
            for field in map(_mapping, _list(inner.get("inputFields"))):
                required = _mapping(field.get("type")).get("kind") == "NON_NULL"
                schema = _scalar(_mapping(field.get("type")), types)
                yield f"{name}.{field.get('name')}", Field(str(field.get("name")), "body", required, schema)
        else:
            yield name, Field(name, "body", kind.get("kind") == "NON_NULL", _scalar(kind, types))


def _scalar(kind: Mapping[str, Any], types: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an argument: its type, the values of an enumeration, and whether it is a file."""
    name = _name_of(kind)
    if name == "Upload":
        return {"type": "string", "format": "binary"}
    values = [str(_mapping(each).get("name")) for each in _list(_mapping(types.get(name)).get("enumValues"))]
    return {"type": _SCALARS.get(name, "string"), **({"enum": values} if values else {})}


def _selected(kind: Mapping[str, Any], types: Mapping[str, Any], depth: int) -> tuple[dict[str, Any], str]:
    """The schema of a type, and the selection that asks for its scalar fields."""
    named = types.get(_name_of(kind), {})
    fields = [_mapping(each) for each in _list(named.get("fields"))]
    if named.get("kind") not in {"OBJECT", "INTERFACE"} or depth >= _DEPTH:
        return {"type": _SCALARS.get(_name_of(kind), "string")}, ""
    properties: dict[str, Any] = {}
    parts: list[str] = []
    for field in fields[:40]:
        if any(_mapping(_mapping(each).get("type")).get("kind") == "NON_NULL" for each in _list(field.get("args"))):
            continue
        inner = types.get(_name_of(_mapping(field.get("type"))), {})
        schema, selection = _selected(_mapping(field.get("type")), types, depth + 1)
        if inner.get("kind") in {"OBJECT", "INTERFACE"} and not selection:
            continue
        if inner.get("kind") == "UNION":
            continue
        properties[str(field.get("name"))] = (
            {"type": "array", "items": schema} if _is_list(_mapping(field.get("type"))) else schema
        )
        parts.append(f"{field.get('name')}{selection}")
    return {"type": "object", "properties": properties}, f" {{ {' '.join(parts)} }}" if parts else ""


def _name_of(kind: Mapping[str, Any]) -> str:
    for _ in range(10):
        if kind.get("name"):
            return str(kind["name"])
        kind = _mapping(kind.get("ofType"))
    return ""


def _is_list(kind: Mapping[str, Any]) -> bool:
    for _ in range(10):
        if kind.get("kind") == "LIST":
            return True
        kind = _mapping(kind.get("ofType"))
    return False


def _written(kind: Mapping[str, Any]) -> str:
    match kind.get("kind"):
        case "NON_NULL":
            return f"{_written(_mapping(kind.get('ofType')))}!"
        case "LIST":
            return f"[{_written(_mapping(kind.get('ofType')))}]"
    return str(kind.get("name"))
