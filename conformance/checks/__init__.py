"""The checks, one module a subject. Importing this registers all of them."""

from shenhe.rulebook import Behaviour

from . import (
    companion,
    consent,
    content,
    copies,
    disclosure,
    exposure,
    handed_out,
    impersonation,
    implicit,
    intended_use,
    label_forms,
    notices,
    origin,
    perceived,
    personal_data,
    platform,
    real_name,
    records,
    removal,
    resolution,
    rumour,
    sequences,
    shared_identity,
    text,
    uploads,
    withdrawal,
)
from .registry import REGISTRY, Check

__all__ = [
    "all_checks",
    "companion",
    "consent",
    "content",
    "copies",
    "disclosure",
    "exposure",
    "handed_out",
    "impersonation",
    "implicit",
    "intended_use",
    "label_forms",
    "notices",
    "origin",
    "perceived",
    "personal_data",
    "platform",
    "real_name",
    "records",
    "removal",
    "resolution",
    "rumour",
    "sequences",
    "shared_identity",
    "text",
    "uploads",
    "withdrawal",
]


def all_checks() -> tuple[Check, ...]:
    """Every check in the order in which a run takes them: by behaviour, then as they were registered."""
    order = list(Behaviour)
    return tuple(sorted(REGISTRY.values(), key=lambda check: order.index(check.behaviour)))
