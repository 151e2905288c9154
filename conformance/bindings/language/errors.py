"""The error of a binding file that cannot be used."""

from __future__ import annotations

from shenhe.core.document import DocumentError


class BindingError(DocumentError):
    """A binding that cannot be used. ``faults`` lists everything found, each at its line."""
