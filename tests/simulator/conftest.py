"""Runs of these tests use the compiled engine, once it has been compiled."""

from ..compiled_engine import _compiled_engine

__all__ = ["_compiled_engine"]
