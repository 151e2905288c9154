"""The target under test: a binding over HTTP, a binding with an application in this process, or a Python provider."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shenhe.core.errors import ShenheError

from .settings import Settings

if TYPE_CHECKING:
    from ..evidence.baseline import Baseline
    from ..provider import Provider
    from ..report import Report

#: Settings that are options of :func:`shenhe.conformance.check`.
_PASSED_ON = ("level", "packs", "rules", "seed", "examples")


@dataclass
class TargetUnderTest:
    """How to reach a target. Exactly one of ``binding`` and ``provider`` is given; ``app`` goes with a binding.

    ``provider`` is an object with the methods of :class:`~shenhe.conformance.provider.Provider`, or a class or function
    that makes one. ``app`` is an ASGI or WSGI application, or ``module:name`` of one.
    """

    settings: Settings
    binding: Path | None = None
    app: Any = None
    provider: Any = None

    @property
    def remote(self) -> bool:
        """Whether other processes may be using the target too."""
        return self.app is None and self.provider is None

    @contextmanager
    def open(self, *, sending: bool = True) -> Iterator[Provider]:
        """The provider, connected. Without ``sending``, an application need not be there yet."""
        if self.binding is None:
            yield (
                self.provider
                if hasattr(self.provider, "capabilities") and not isinstance(self.provider, type)
                else self.provider()
            )
            return
        from ..bindings import app_transport, load_binding

        loaded = load_binding(self.binding, environ=allowed_environ(self.binding, self.settings))
        transport = app_transport(application(self.app)) if self.app is not None and sending else None
        base_url = self.settings.base_url if sending else "http://127.0.0.1"
        with loaded.connect(base_url=base_url, transport=transport) as provider:
            yield provider

    def report(self, rules: tuple[str, ...]) -> Report:
        """Run the checks that decide these rules. The target is not reset first, since other tests may be using it."""
        from ..engine.runner import run_checks

        settings = self.settings
        with self.open() as provider:
            return run_checks(
                provider,
                packs=settings.packs,
                level=settings.level,
                rules=rules,
                seed=settings.seed,
                examples=settings.examples,
                reset=False,
            )

    def baseline(self) -> Baseline | None:
        """The accepted failures, read once per use."""
        if self.settings.baseline is None:
            return None
        from ..evidence.baseline import read_baseline

        return read_baseline(self.settings.baseline)


def application(app: Any) -> Any:
    """An application itself, or the one that ``module:name`` names."""
    if not isinstance(app, str):
        return app
    import importlib

    module, separator, name = app.partition(":")
    if not separator:
        raise pytest.UsageError(f"shenhe: app: found {app!r}, expected an application or 'module:name'")
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise pytest.UsageError(f"shenhe: app: {app!r} cannot be imported: {error}") from None
    return found


def allowed_environ(binding: Any, settings: Settings) -> Mapping[str, str] | None:
    """The variables that the settings allow a binding, ``None`` where they leave it to the project."""
    if settings.env is None or not isinstance(binding, str | os.PathLike) or not Path(binding).is_file():
        return None
    from ..bindings.client.environ import EnvironError, environ_of

    try:
        return environ_of(Path(binding), settings.env).values
    except EnvironError as error:
        raise pytest.UsageError(f"shenhe: {error}") from None


def checked(target: Any, app: Any, settings: Settings) -> Report:
    """Check a whole target, as :func:`shenhe.conformance.check` does."""
    __tracebackhide__ = True
    from .. import check

    options = {name: getattr(settings, name) for name in _PASSED_ON}
    try:
        return check(
            target,
            app=None if app is None else application(app),
            base_url=settings.base_url,
            baseline=settings.baseline,
            environ=allowed_environ(target, settings),
            strict=not settings.lenient,
            **options,
        )
    except (ShenheError, OSError) as error:
        raise pytest.UsageError(f"shenhe: {error}") from None


@contextmanager
def turn(config: pytest.Config, *, alone: bool) -> Iterator[None]:
    """Keep the workers of pytest-xdist out of each other's way: where time passes, it passes for all of them."""
    run = getattr(config, "workerinput", {}).get("testrunuid")
    try:
        import fcntl
    except ImportError:
        run = None
    if run is None:
        yield
        return
    with (Path(tempfile.gettempdir()) / f"shenhe-{run}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
