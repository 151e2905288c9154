"""The JSON Schema of a binding file, by which editors complete and check it. ``shenhe check`` reads bindings by the
same models.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from shenhe.conformance.provider import Operation

from .format import BindingFile, Source
from .shapes import SHAPES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SOURCE = {"$ref": "#/$defs/Source"}
#: Keys that take one value in place of a list of one.
_ONE_OR_MANY = frozenset({"accept_status", "refuse_status", "pending_status", "expired_status"})


def binding_schema() -> dict[str, Any]:
    """The schema (draft 2020-12). What an operation extracts is listed for each."""
    schema = BindingFile.model_json_schema(by_alias=True)
    source = TypeAdapter(Source).json_schema(by_alias=True, ref_template="#/$defs/{model}")
    schema["$defs"] |= source.pop("$defs")
    schema["$defs"]["Source"] = source
    schema["title"] = "A binding of shenhe"
    for definition in schema["$defs"].values():
        for name, value in definition.get("properties", {}).items():
            if name in _ONE_OR_MANY:
                definition["properties"][name] = {"anyOf": [value["items"], value], "default": value.get("default")}
    services = schema["$defs"]["TargetSection"]["properties"]["services"]
    media = schema["$defs"]["ServiceSection"]["properties"]["media"]
    services["additionalProperties"] = {"anyOf": [services["additionalProperties"], media]}
    operations = schema["properties"]["operations"]
    operations.pop("propertyNames", None)
    operations["additionalProperties"] = False
    operations["properties"] = {operation.value: _operation(operation) for operation in Operation}
    return {"$schema": DIALECT, "$id": "urn:shenhe:schema:binding:1", **schema}


def _operation(operation: Operation) -> dict[str, Any]:
    shape = SHAPES[operation]
    names = [*shape.extracts, *(["carry.*"] if shape.makes else [])]
    values = ", ".join(("account", "carried", *shape.values))
    group = {"type": "object", "additionalProperties": _SOURCE}
    properties = {name.removesuffix(".*"): group if name.endswith(".*") else _SOURCE for name in names}
    extract = {
        "properties": {"extract": {"properties": properties, "additionalProperties": False}},
        "description": f"Values for templates: {values}.",
    }
    return {"allOf": [{"$ref": "#/$defs/OperationSection"}, extract]}
