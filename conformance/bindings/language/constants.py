"""The constants of a binding: values that its templates use by name, bytes among them."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from shenhe.core.files import read_up_to

from .format import ConstantSection

LARGEST = 20_000_000
"""Bytes of a file that is a constant."""


def constant_of(section: ConstantSection | bool | int | float | str, folder: Path | None) -> Any:
    """The value of a constant; files are found from ``folder``. Raises ``ValueError`` with a sentence."""
    if not isinstance(section, ConstantSection):
        return section
    try:
        if section.base64 is not None:
            return base64.b64decode(section.base64, validate=True)
        if section.hex is not None:
            return bytes.fromhex(section.hex)
    except (binascii.Error, ValueError):
        kind = "base64" if section.base64 is not None else "hexadecimal digits"
        raise ValueError(f"found text that is not {kind}, expected {kind}") from None
    path = Path(section.file or "").expanduser()
    path = path if path.is_absolute() or folder is None else folder / path
    try:
        data = read_up_to(path, LARGEST)
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror or type(error).__name__})") from None
    if len(data) > LARGEST:
        raise ValueError(f"found a file of more than {LARGEST:,} bytes, expected less")
    return data
