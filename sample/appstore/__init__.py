"""The sample store: an app store that obeys the law, unless it is created with a fault.

It verifies filings against the list of :mod:`.registry`, executes orders, and decides reports. Like the sample provider
it is reached over HTTP only, through ``binding.yaml``.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from ..variants import BindingText, overlaid
from .front import create_store
from .switches import STORE_FAULTS, STORE_VARIANTS, StoreFault, StoreVariant, store_variants

__all__ = ["STORE_FAULTS", "STORE_VARIANTS", "StoreFault", "StoreVariant", "create_store", "store_binding"]


def store_binding(variant: str | None = None) -> Traversable | BindingText:
    """The binding of the sample store, with the overlay of a variant if it has one.

    Raises:
        UnknownVariantError: the name is unknown.
    """
    here = files(__package__)
    plain = here.joinpath("binding.yaml")
    if variant is None:
        return plain
    (name,) = store_variants([variant])
    whole = here.joinpath("overlays", f"{name.value}.whole.yaml")
    if whole.is_file():
        return whole
    return overlaid(plain, here.joinpath("overlays", f"{name.value}.yaml"), STORE_VARIANTS[name])
