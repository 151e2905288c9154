"""Traces that known generators leave in metadata. They are evidence, not labels, and only ever become
notes.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SIGNS = (
    ("Stable Diffusion web UI", re.compile(r"Steps: \d+.{0,400}?Sampler: ", re.DOTALL)),
    ("ComfyUI", re.compile(r'"class_type"\s*:\s*"|"last_node_id"\s*:')),
    ("InvokeAI", re.compile(r'"app_version"\s*:\s*"[^"]*invoke|invokeai_metadata', re.IGNORECASE)),
    ("NovelAI", re.compile(r"NovelAI")),
    ("Midjourney", re.compile(r"Midjourney|--v \d+(?:\.\d+)?(?:\s|$)|Job ID: [0-9a-f]{8}-")),
    ("Stable Diffusion", re.compile(r"Stable ?Diffusion|StabilityAI|\bSDXL\b", re.IGNORECASE)),
    ("DALL-E", re.compile(r"DALL[-·.]?E", re.IGNORECASE)),
    ("Adobe Firefly", re.compile(r"Adobe Firefly", re.IGNORECASE)),
    ("Google AI", re.compile(r"Made with Google AI|Edited with Google AI|\bImagen\b", re.IGNORECASE)),
    ("FLUX", re.compile(r"\bFLUX\.?1?\b|Black Forest Labs")),
    ("Suno", re.compile(r"\bmade with suno\b|suno\.(?:com|ai)", re.IGNORECASE)),
    ("Samsung AI editing", re.compile(r"PhotoEditor_Re_Edit_Data|genAIType", re.IGNORECASE)),
)  # fmt: skip


def recognised(text: str) -> str:
    """The generator whose traces ``text`` shows, or an empty string."""
    return _recognised_before(text) if len(text) < 64 else _recognised(text)


def _recognised(text: str) -> str:
    return next((name for name, sign in _SIGNS if sign.search(text)), "")


# Cameras and editors leave the same few names in all their files.
_recognised_before = lru_cache(512)(_recognised)
