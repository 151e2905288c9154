"""Reference pages made from JSON Schemas: bindings, rule packs, reports and fleets."""

from __future__ import annotations

from typing import Any

from shenhe.conformance.bindings.language.schema import binding_schema
from shenhe.conformance.fleet.results import fleet_schema
from shenhe.conformance.report import report_schema
from shenhe.rulebook.book import pack_schema

from .reference import cell, prose, table


def pages() -> dict[str, str]:
    """The pages, by name without ending."""
    return {
        "binding-keys": page("Keys of a binding", binding_schema(), "Printed by `shenhe doctor --schema`."),
        "pack-keys": page("Keys of a rule pack", pack_schema(), "Printed by `shenhe rules schema`."),
        "report-fields": page("Fields of report.json", report_schema(), "Printed by `shenhe check --schema`."),
        "fleet-fields": page("Fields of fleet.json", fleet_schema(), "In `conformance/fleet.schema.json`."),
    }


def page(title: str, schema: dict[str, Any], origin: str) -> str:
    """A schema: its top level, then each of its definitions, in alphabetical order."""
    parts = [f"# {title}", f"Made from the JSON Schema `{schema.get('$id', '')}`. {origin}"]
    parts += section("Top level", schema)
    for name, definition in sorted(schema.get("$defs", {}).items()):
        parts += section(name, definition)
    return "\n\n".join(parts) + "\n"


def section(name: str, definition: dict[str, Any]) -> list[str]:
    parts = [f"## {name}"]
    if definition.get("description"):
        parts.append(prose(definition["description"].replace("``", "`")))
    if "enum" in definition:
        parts.append("One of: " + ", ".join(f"`{value}`" for value in definition["enum"]))
    required = set(definition.get("required", ()))
    rows = [
        (
            f"`{key}`" + (" (required)" if key in required else ""),
            form(value),
            prose(value.get("description", "").replace("``", "`")).replace("|", "/")
            + (f" Default: `{value['default']}`." if value.get("default") not in (None, "", [], {}) else ""),
        )
        for key, value in definition.get("properties", {}).items()
    ]
    if rows:
        parts.append(table(("key", "form", "meaning"), rows))
    return parts


def form(value: dict[str, Any]) -> str:
    """The form of a value in a few words, with links to definitions."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in value:
            return " or ".join(dict.fromkeys(form(each) for each in value[key]))
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if value.get("type") == "array":
        return f"list of {form(value['items'])}" if isinstance(value.get("items"), dict) else "list"
    if value.get("type") == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"mapping to {form(value['additionalProperties'])}"
    return cell(value.get("type", "any"))
