"""What the requests of a binding share: the keys under ``defaults``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .format import DefaultsSection, LoginSection, RequestSection, StepSection

MERGED = ("headers", "query")


def with_defaults(
    section: RequestSection, defaults: DefaultsSection | None
) -> tuple[RequestSection, Mapping[str, frozenset[str]]]:
    """``section`` with the keys of ``defaults`` that it does not write, and which keys these are.

    Headers and query values are merged by name: those that come from ``defaults`` are under ``headers.`` and
    ``query.``. A step or a login has no steps of its own.
    """
    if defaults is None:
        return section, {}
    from_defaults = defaults.model_fields_set - section.model_fields_set
    if isinstance(section, StepSection | LoginSection):
        from_defaults -= {"steps"}
    update: dict[str, Any] = {name: getattr(defaults, name) for name in from_defaults}
    inherited = {"json" if name == "json_" else name: frozenset[str]() for name in from_defaults}
    for name in MERGED:
        if name in defaults.model_fields_set and name in section.model_fields_set:
            own, shared = getattr(section, name), getattr(defaults, name)
            update[name] = {**shared, **own}
            inherited[f"{name}."] = frozenset(shared.keys() - own.keys())
    return section.model_copy(update=update), inherited
