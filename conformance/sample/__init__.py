"""The sample provider: a small platform of synthetic media that obeys the law, unless it is made with a
fault.

It is reached like any other provider: over HTTP, through ``binding.yaml``.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from .app import create_app
from .clock import Clock
from .faults import FAULTS, Fault, FaultName, UnknownFaultError
from .server import SampleServer

__all__ = [
    "FAULTS",
    "Clock",
    "Fault",
    "FaultName",
    "SampleServer",
    "UnknownFaultError",
    "create_app",
    "sample_binding",
]


def sample_binding() -> Traversable:
    """The binding file by which the sample provider is reached."""
    return files(__name__).joinpath("binding.yaml")
