"""The faults and lawful variants of the sample store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from ..faults import UnknownFaultError
from ..faults.fault import Fault, fault_names, read_faults
from ..names import NamesFromFile
from ..variants import UnknownVariantError, Variant, read_variants, variant_names


class StoreFault(StrEnum, metaclass=NamesFromFile):
    """The names of the faults: ``StoreFault.FILING_MISSING_LISTED`` is ``filing-missing-listed``."""

    vars().update(fault_names("shenhe.sample.appstore"))


class StoreVariant(StrEnum, metaclass=NamesFromFile):
    """The names of the lawful variants."""

    vars().update(variant_names("shenhe.sample.appstore"))


STORE_FAULTS: Mapping[str, Fault] = read_faults("shenhe.sample.appstore")
STORE_VARIANTS: Mapping[str, Variant] = read_variants("shenhe.sample.appstore")


def store_faults(names: Iterable[str]) -> frozenset[StoreFault]:
    """The faults with these names.

    Raises:
        UnknownFaultError: there is no fault of one of the names.
    """
    chosen = tuple(names)
    for name in chosen:
        if name not in STORE_FAULTS:
            raise UnknownFaultError(name, STORE_FAULTS)
    return frozenset(map(StoreFault, chosen))


def store_variants(names: Iterable[str]) -> frozenset[StoreVariant]:
    """The variants with these names.

    Raises:
        UnknownVariantError: one of the names is unknown.
    """
    chosen = tuple(names)
    for name in chosen:
        if name not in STORE_VARIANTS:
            raise UnknownVariantError(name, STORE_VARIANTS)
    return frozenset(map(StoreVariant, chosen))
