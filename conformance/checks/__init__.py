"""The checks, one module a behaviour. Importing this registers all of them, in the order in which they run."""

from ..registry import REGISTRY, Check
from . import labeling, consent, real_name, takedown  # noqa: F401, I001 - the order is that of the runs


def all_checks() -> tuple[Check, ...]:
    """Every check, in the order in which a run takes them."""
    return tuple(REGISTRY.values())


__all__ = ["all_checks"]
