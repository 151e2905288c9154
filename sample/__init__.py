"""The sample provider: a small platform of synthetic media that obeys the law, unless it is made with a
fault.

It is reached like any other provider: over HTTP, through ``binding.yaml``. Lawful variants do the same in other ways,
each with an overlay of the binding where its interface differs.
"""

from __future__ import annotations

from .app import create_app
from .clock import Clock
from .faults import FAULTS, UnknownFaultError
from .faults.fault import Fault, FaultName
from .server import SampleServer
from .variants import VARIANTS, UnknownVariantError, Variant, VariantName, VariantNotInstalledError, sample_binding

__all__ = [
    "FAULTS",
    "VARIANTS",
    "Clock",
    "Fault",
    "FaultName",
    "SampleServer",
    "UnknownFaultError",
    "UnknownVariantError",
    "Variant",
    "VariantName",
    "VariantNotInstalledError",
    "create_app",
    "sample_binding",
]
