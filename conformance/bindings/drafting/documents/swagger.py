"""A document of Swagger 2.0 as one of OpenAPI 3.0, as far as a draft reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
_MOVED = {
    "#/definitions/": "#/components/schemas/",
    "#/responses/": "#/components/responses/",
    "#/parameters/": "#/components/parameters/",
}
#: Keys of a parameter that describe its value.
_OF_SCHEMA = ("type", "format", "items", "enum", "default", "minimum", "maximum", "pattern", "description", "example")


def upgraded(document: Mapping[str, Any]) -> dict[str, Any]:
    """``document`` in the form of OpenAPI 3.0. What is not of the expected kind is left out."""
    shared = _mapping(document.get("parameters"))
    made: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": document.get("info", {}),
        "servers": [{"url": url}] if (url := _server(document)) else [],
        "paths": {},
        "components": {
            "schemas": _moved(_mapping(document.get("definitions"))),
            "securitySchemes": {
                name: _scheme(_mapping(each)) for name, each in _mapping(document.get("securityDefinitions")).items()
            },
            "responses": {
                name: _response(_mapping(each), _texts(document.get("produces")))
                for name, each in _mapping(document.get("responses")).items()
            },
            "parameters": {
                name: _parameter(_mapping(each))
                for name, each in shared.items()
                if _mapping(each).get("in") not in {"body", "formData"}
            },
        },
    }
    if "security" in document:
        made["security"] = document["security"]
    for path, item in _mapping(document.get("paths")).items():
        before = _parameters(_mapping(item).get("parameters"), shared)
        made["paths"][path] = {
            method: _operation(_mapping(operation), before, shared, document)
            for method, operation in _mapping(item).items()
            if method in _METHODS
        }
    return made


def _server(document: Mapping[str, Any]) -> str:
    host = document.get("host")
    if not isinstance(host, str):
        return ""
    schemes = _texts(document.get("schemes"))
    scheme = "https" if "https" in schemes or not schemes else schemes[0]
    base = document.get("basePath")
    return f"{scheme}://{host}{base if isinstance(base, str) else ''}"


def _operation(
    operation: Mapping[str, Any], before: list[dict[str, Any]], shared: Mapping[str, Any], document: Mapping[str, Any]
) -> dict[str, Any]:
    named = {(each.get("in"), each.get("name")): each for each in before}
    named |= {(each.get("in"), each.get("name")): each for each in _parameters(operation.get("parameters"), shared)}
    produces = _texts(operation.get("produces", document.get("produces"))) or ["application/json"]
    consumes = _texts(operation.get("consumes", document.get("consumes")))
    kept = {key: each for key, each in operation.items() if key not in {"parameters", "responses"}}
    made: dict[str, Any] = {
        **kept,
        "parameters": [_parameter(each) for (place, _), each in named.items() if place not in {"body", "formData"}],
        "responses": {
            str(status): _response(_mapping(each), produces)
            for status, each in _mapping(operation.get("responses")).items()
        },
    }
    bodies = [each for (place, _), each in named.items() if place == "body"]
    fields = [each for (place, _), each in named.items() if place == "formData"]
    if bodies:
        schema = _moved(bodies[0].get("schema", {}))
        made["requestBody"] = {"content": {kind: {"schema": schema} for kind in consumes or ["application/json"]}}
    elif fields:
        files = any(each.get("type") == "file" for each in fields)
        usual = "multipart/form-data" if files else "application/x-www-form-urlencoded"
        schema = {
            "type": "object",
            "properties": {str(each.get("name")): _schema(each) for each in fields},
            "required": [str(each.get("name")) for each in fields if each.get("required") is True],
        }
        kinds = [kind for kind in consumes if kind.startswith(("multipart/", "application/x-www-form"))] or [usual]
        made["requestBody"] = {"content": {kind: {"schema": schema} for kind in kinds}}
    return made


def _parameters(given: Any, shared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters of a list, those of the whole document by reference included."""
    found = []
    for each in given if isinstance(given, list) else []:
        parameter = _mapping(each)
        reference = parameter.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/parameters/"):
            parameter = _mapping(shared.get(reference.removeprefix("#/parameters/")))
        found.append(parameter)
    return found


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: each for key, each in parameter.items() if key in {"name", "in", "required", "description", "$ref"}}
    return _moved(kept) if "$ref" in kept else {**kept, "schema": _schema(parameter)}


def _schema(parameter: Mapping[str, Any]) -> dict[str, Any]:
    schema = {key: _moved(parameter[key]) for key in _OF_SCHEMA if key in parameter}
    return {**schema, "type": "string", "format": "binary"} if schema.get("type") == "file" else schema


def _response(response: Mapping[str, Any], produces: list[str]) -> dict[str, Any]:
    if "$ref" in response:
        return dict(_moved(response))
    made: dict[str, Any] = {"description": response.get("description", "")}
    if "headers" in response:
        made["headers"] = response["headers"]
    schema = _mapping(response.get("schema"))
    if schema:
        file = schema.get("type") == "file"
        plain = {"type": "string", "format": "binary"} if file else _moved(schema)
        kinds = [kind for kind in produces if not (file and kind.endswith("json"))] or ["application/octet-stream"]
        made["content"] = {kind: {"schema": plain} for kind in kinds}
    return made


def _scheme(scheme: Mapping[str, Any]) -> dict[str, Any]:
    if scheme.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if scheme.get("type") != "oauth2":
        return dict(scheme)
    names = {"application": "clientCredentials", "accessCode": "authorizationCode"}
    flow = str(scheme.get("flow"))
    kept = {key: scheme[key] for key in ("authorizationUrl", "tokenUrl", "scopes") if key in scheme}
    return {"type": "oauth2", "flows": {names.get(flow, flow): kept}}


def _moved(value: Any) -> Any:
    """A value with its references where OpenAPI 3 has them."""
    if isinstance(value, list):
        return [_moved(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {key: _moved(each) for key, each in value.items()}
    reference = made.get("$ref")
    if isinstance(reference, str):
        for old, new in _MOVED.items():
            made["$ref"] = new + reference.removeprefix(old) if reference.startswith(old) else made["$ref"]
    return made


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
