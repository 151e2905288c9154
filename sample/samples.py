"""Every sample target, by the name that `shenhe check` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from starlette.types import ASGIApp

from .app import create_app
from .appstore import STORE_FAULTS, STORE_VARIANTS, create_store, store_binding
from .faults import FAULTS
from .faults.fault import Fault
from .variants import VARIANTS, BindingText, Variant, sample_binding


@dataclass(frozen=True)
class Sample:
    """One sample target: how its application is created, its binding, and its faults and lawful variants.

    ``create`` takes names of faults, a seed, a clock and names of variants, as :func:`.app.create_app` does.
    """

    name: str
    title: str
    create: Callable[..., ASGIApp]
    binding: Callable[[str | None], Traversable | BindingText]
    faults: Mapping[str, Fault]
    variants: Mapping[str, Variant]


PROVIDER = Sample("sample", "sample provider", create_app, sample_binding, FAULTS, VARIANTS)
STORE = Sample("sample-store", "sample store", create_store, store_binding, STORE_FAULTS, STORE_VARIANTS)

SAMPLES: Mapping[str, Sample] = {sample.name: sample for sample in (PROVIDER, STORE)}
