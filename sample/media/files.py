"""Files as they travel: bytes with a media type, inside JSON or by themselves."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from ..domain.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Media:
    """The bytes of a file and their declared type (``media_type``; empty without a declaration)."""

    data: bytes
    media_type: str

    def as_json(self) -> dict[str, Any]:
        """Text as text, everything else in Base64."""
        if self.media_type == "text/plain":
            return {"media_type": self.media_type, "encoding": "utf-8", "data": self.data.decode()}
        return {
            "media_type": self.media_type,
            "encoding": "base64",
            "data": base64.b64encode(self.data).decode("ascii"),
        }


def decoded(text: str) -> bytes:
    """The bytes of a Base64 text.

    Raises:
        Refusal: 422, ``base64_invalid``.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(422, "base64_invalid", "文件编码有误。 The file is not valid Base64.") from None


def sniffed(data: bytes) -> str | None:
    """What the bytes are, of the formats this provider knows."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] in (b"WAVE", b"AVI "):
        return "audio/wav" if data[8:12] == b"WAVE" else "video/x-msvideo"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "text/plain" if data and b"\0" not in data else None
