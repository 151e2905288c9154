"""What the requests of a binding share: the keys under ``defaults``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .format import BODIES, DefaultsSection, LoginSection, RequestSection, StepSection

MERGED = ("headers", "query", "json", "form")
_ADDRESSES = {"path", "url"}


def with_defaults(
    section: RequestSection, defaults: DefaultsSection | None
) -> tuple[RequestSection, Mapping[str, frozenset[str]]]:
    """``section`` with the keys of ``defaults`` that it does not write, and which keys these are.

    Headers, query values and the fields of a JSON or form body are merged by name: those that come from ``defaults``
    are under ``headers.``, ``query.``, ``json.`` and ``form.``. A section with its own address or body takes none from
    there, a GET takes no body, and a step or a login has no steps.
    """
    if defaults is None:
        return section, {}
    from_defaults = defaults.model_fields_set - section.model_fields_set
    if isinstance(section, StepSection | LoginSection):
        from_defaults -= {"steps"}
    if section.written & _ADDRESSES:
        from_defaults -= _ADDRESSES
    if section.written & set(BODIES) or section.method == "GET":
        from_defaults -= {_attribute(name) for name in BODIES}
    update: dict[str, Any] = {name: getattr(defaults, name) for name in from_defaults}
    inherited = {"json" if name == "json_" else name: frozenset[str]() for name in from_defaults}
    for name in MERGED:
        attribute = _attribute(name)
        if attribute in defaults.model_fields_set and attribute in section.model_fields_set:
            own, shared = getattr(section, attribute), getattr(defaults, attribute)
            if not isinstance(own, dict) or not isinstance(shared, dict):
                continue
            update[attribute] = {**shared, **own}
            inherited[f"{name}."] = frozenset(shared.keys() - own.keys())
    return section.model_copy(update=update), inherited


def addresses(defaults: DefaultsSection | None) -> bool:
    """Whether requests that say nothing of where they go go to the address under ``defaults``."""
    return defaults is not None and defaults.addressed


def has_address(section: RequestSection, defaults: DefaultsSection | None) -> bool:
    """Whether a section with variants is also a request itself, for the arguments that no variant has: it has an
    address, or takes the one under ``defaults`` for a body, a query or a method that it writes.
    """
    if section.addressed:
        return True
    return addresses(defaults) and bool(section.written & {*BODIES, "query", "method"})


def _attribute(name: str) -> str:
    """The attribute of a section that holds a key of the file."""
    return "json_" if name == "json" else name
