"""The target of a run, and whether it may be probed."""

from __future__ import annotations

from shenhe.core.errors import ShenheError

from ..provider import Provider
from ..report import Target


class TargetRefused(ShenheError, ValueError):
    """The target is no test environment, so that nothing is sent to it."""


def target_of(provider: Provider) -> Target:
    """The target as a report describes it: in the provider's own words, else by its class."""
    known = getattr(provider, "target", None)
    if isinstance(known, Target):
        return known
    capabilities = provider.capabilities
    return Target(
        name=type(provider).__name__,
        environment="test",
        transport="python",
        services=[service.value for service in capabilities.services],
        operations=sorted(operation.value for operation in capabilities.operations),
        markets=list(capabilities.markets),
        roles=list(capabilities.roles),
        edit_scopes=list(capabilities.edit_scopes),
        traits=dict(capabilities.traits),
    )


def must_have_methods(provider: Provider) -> None:
    """Raise ``TypeError`` for a provider that declares an operation and has no such method."""
    missing = sorted(
        operation.value
        for operation in provider.capabilities.operations
        if not callable(getattr(provider, operation.value, None))
    )
    if missing:
        raise TypeError(
            f"{type(provider).__name__} declares {', '.join(missing)} in capabilities.operations and has no such"
            " method: write the method, or declare only what there is"
        )


def must_be_a_test(provider: Provider, target: Target) -> None:
    """Raise :class:`TargetRefused` for a target that is neither on this machine nor a test environment."""
    if target.environment != "test" and not getattr(provider, "loopback", False):
        raise TargetRefused(
            f"{target.name} is not on this machine, and its binding does not say `environment: test`. Checks make"
            " accounts, publish and report: write `environment: test` once you are sure that this is no"
            " production system."
        )
