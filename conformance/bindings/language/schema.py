"""The JSON Schema of a binding file, by which editors complete and check it. ``shenhe check`` reads bindings by the
same models.
"""

from __future__ import annotations

from typing import Any

from shenhe.conformance.provider import Operation

from .format import BindingFile
from .shapes import SHAPES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def binding_schema() -> dict[str, Any]:
    """The schema (draft 2020-12). What an operation extracts is listed for each."""
    schema = BindingFile.model_json_schema(by_alias=True)
    schema["title"] = "A binding of shenhe"
    operations = schema["properties"]["operations"]
    operations.pop("propertyNames", None)
    operations["additionalProperties"] = False
    operations["properties"] = {operation.value: _operation(operation) for operation in Operation}
    return {"$schema": DIALECT, **schema}


def _operation(operation: Operation) -> dict[str, Any]:
    shape = SHAPES[operation]
    names = [*shape.extracts, *(["carry.*"] if shape.makes else [])]
    values = ", ".join(("account", "carried", *shape.values))
    extract = {
        "properties": {
            "extract": {"properties": {name.removesuffix(".*"): {} for name in names}, "additionalProperties": False}
        },
        "description": f"Values for templates: {values}.",
    }
    return {"allOf": [{"$ref": "#/$defs/OperationSection"}, extract]}
