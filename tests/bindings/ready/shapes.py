"""One call of a ready-made binding, and the responses that its API documents."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shenhe.conformance.entities import Media
from shenhe.rulebook import Service

KEY = "key-0123456789abcdef"
PNG, MP3, MP4 = b"\x89PNG\r\n\x1a\n...", b"ID3\x04mp3", b"\0\0\0\x18ftypmp42"
BASE64 = base64.b64encode(PNG).decode()
PICTURE = Service.BIOMETRIC_IMAGE_VIDEO


@dataclass(frozen=True)
class Shape:
    """One call of a binding: its routes, what the responses come to, and what the first request has to look like."""

    binding: str
    service: Service
    media_type: str
    routes: dict[tuple[str, str], Any]
    expected: Any
    header: tuple[str, str] = ("authorization", f"Bearer {KEY}")
    body: dict[str, Any] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    then: str = ""
    whole: bool = False
    """Whether `body` is all of the body."""


def in_turn(*responses: Any) -> Callable[[Any], Any]:
    left = list(responses)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]


def refused(reason: str) -> tuple[str, str]:
    return ("refused", reason)


TEXT = Media("春天来了".encode(), "text/plain")
CHAT = {"id": "c1", "choices": [{"message": {"role": "assistant", "content": "春天来了"}, "finish_reason": "stop"}]}


def stopped(reason: str) -> dict[str, Any]:
    return {"id": "c1", "choices": [{"message": {"role": "assistant", "content": ""}, "finish_reason": reason}]}
