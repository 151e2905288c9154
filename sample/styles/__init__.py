"""Fronts of the sample provider: the same conduct behind an interface of another style, each with its own binding.

A front is an ASGI application before the provider's own. Faults and law stay the provider's; only the wire differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.applications import Starlette

from ..variants import OF_STYLE, VariantName, style_of
from . import forms_platform, rpc_gateway, signed_gateway

Front = Callable[[Starlette], Starlette]

_STYLES: Mapping[VariantName, Front] = {
    VariantName.FORMS_PLATFORM: forms_platform.front,
    VariantName.RPC_GATEWAY: rpc_gateway.front,
    VariantName.SIGNED_GATEWAY: signed_gateway.front,
}
FRONTS: Mapping[VariantName, Front] = {**_STYLES, **{variant: _STYLES[style_of(variant)] for variant in OF_STYLE}}
