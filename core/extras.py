"""The optional packages of shenhe: which extra brings which module, and the message where one is not installed.

``pip install shenhe`` brings what checks, rules and label metadata need. Everything else is imported where it is used,
so that a missing package is reported by name and only by the feature that needs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from .errors import MissingExtraError, ShenheError

#: The modules that each extra brings, in the order in which an extra is recommended for a module of several.
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "sim": ("numba", "numpy", "pandas", "plotly", "pyarrow", "scipy", "simpy"),
    "media": ("av", "brotli", "c2pa", "cv2", "numpy", "onnxruntime", "pypdf", "rapidocr"),
    "studies": ("SALib", "pymoo", "xarray"),
    "cluster": ("dask", "distributed"),
    "explore": ("dash", "xlsxwriter"),
    "pytest": ("pytest",),
}


def install_command(extra: str) -> str:
    """
    >>> install_command("sim")
    "python -m pip install 'shenhe[sim]'"
    """
    return f"python -m pip install 'shenhe[{extra}]'"


def missing_extra(error: ImportError) -> ShenheError | None:
    """The message for a module of an extra that is not installed; ``None`` for every other import that fails.

    >>> print(missing_extra(ModuleNotFoundError("No module named 'scipy.stats'", name="scipy.stats")))
    this needs scipy, which is not installed; run: python -m pip install 'shenhe[sim]'
    >>> missing_extra(ModuleNotFoundError("No module named 'shenhe.cli.chekc'", name="shenhe.cli.chekc"))
    """
    if isinstance(error, ShenheError):
        return error
    module = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError):
        return None
    for extra, modules in EXTRAS.items():
        if module in modules:
            message = f"this needs {module}, which is not installed; run: {install_command(extra)}"
            return MissingExtraError(message, name=error.name)
    return None


@contextmanager
def extras_named() -> Iterator[None]:
    """Turn a failed import of an optional module into a :class:`MissingExtraError`."""
    try:
        yield
    except ImportError as error:
        missing = missing_extra(error)
        if missing is None or isinstance(error, ShenheError):
            raise
        raise missing from error
