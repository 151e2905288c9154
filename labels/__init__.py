"""Labels of AI-generated content, read out of the bytes that people download, and written into them.

Importing this loads the standard library only; Pillow, numpy and the recognisers are loaded when a reading
needs them.
"""

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
