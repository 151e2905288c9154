"""Labels of AI-generated content, read out of the bytes that people download, and written into them.

Importing this loads nothing else. The modules are loaded at the first use of a name; Pillow, numpy and the recognisers
when a reading needs them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .meaning.passages import read_text_labels
    from .model import FIELD_KEYS, Deviation, ImplicitFields, Label, Labels, Limits, Refusal, Weight
    from .read import read_labels, read_metadata
    from .signing import SigningKey
    from .write import LabelWriteError, write_label

__all__ = [
    "FIELD_KEYS",
    "Deviation",
    "ImplicitFields",
    "Label",
    "LabelWriteError",
    "Labels",
    "Limits",
    "Refusal",
    "SigningKey",
    "Weight",
    "read_labels",
    "read_metadata",
    "read_text_labels",
    "write_label",
]

_MODULES = {
    "LabelWriteError": ".write",
    "SigningKey": ".signing",
    "read_labels": ".read",
    "read_metadata": ".read",
    "read_text_labels": ".meaning.passages",
    "write_label": ".write",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(_MODULES.get(name, ".model"), __name__), name)
    return value
