"""Reading the labels of one file: the format is sniffed, its walker runs, and nothing a file holds raises
an exception.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from .bytes.pages import Source, opened
from .containers.sniff import STRUCTURED, sniff
from .containers.table import Container
from .findings import Findings, in_words
from .model import Labels, Limits

#: What is looked for beside metadata and words: nothing, sounds (numpy and scipy), or sounds, pictures and
#: credentials.
Depth = Literal["metadata", "sound", "all"]

_DEFAULT_LIMITS = Limits()


def read_labels(
    data: bytes,
    *,
    media_type: str | None = None,
    limits: Limits | None = None,
    depth: Depth = "metadata",
    trust_anchors: str = "",
) -> Labels:
    """Every label in the bytes of one file, and what was refused.

    ``media_type`` distinguishes text formats and is compared with what the bytes are; it never overrules
    them. ``trust_anchors`` are certificates in PEM: a content credential whose signer they vouch for loses the note
    that its signer is unknown. Never raises on what ``data`` holds.
    """
    limits = limits or _DEFAULT_LIMITS
    found = Findings(limits, trust_anchors)
    return read_source(bytes(data), media_type, depth, found)


def read_metadata(path: Path, *, media_type: str | None = None, limits: Limits | None = None) -> Labels:
    """As ``read_labels`` at the depth ``metadata``, for a file of which only the pieces that hold metadata are
    fetched: the way to go through many large files.

    Raises OSError where it cannot be opened or is no regular file.
    """
    handle, data = opened(path)
    try:
        return read_source(data, media_type, "metadata", Findings(limits or _DEFAULT_LIMITS))
    finally:
        os.close(handle)


def read_source(
    data: Source,
    media_type: str | None,
    depth: Depth,
    found: Findings,
    beside: Callable[[Findings], None] | None = None,
) -> Labels:
    """The reading of ``data``, gathered in ``found``; ``beside`` adds what is said of it elsewhere."""
    if len(data) > found.limits.file_bytes:
        return _too_large(len(data), media_type, found)
    if not len(data) and (media_type == STRUCTURED or not (media_type or "").startswith("text/")):
        found.refuse("file", "the file is empty")
        return Labels(_unseen(media_type), refused=tuple(found.refused))
    kind = sniff(data, media_type)
    _walk(kind, data, found)
    if depth != "metadata":
        _perceive(kind, data, depth, found)
    if media_type is not None:
        _compare(kind, media_type, found)
    if beside is not None:
        beside(found)
    found.mark_two_labels()
    return Labels(
        kind.media_type,
        tuple(found.labels),
        tuple(found.refused),
        tuple(found.notes),
        found.glimpse,
        tuple(found.statements),
        found.contradictions(),
        found.is_cut_short,
    )


def _too_large(size: int, media_type: str | None, found: Findings) -> Labels:
    found.refuse("file", f"{size:,} bytes are more than the {found.limits.file_bytes:,} allowed")
    return Labels(_unseen(media_type), (), tuple(found.refused), ())


def _unseen(media_type: str | None) -> str:
    """The media type of a file of which no byte was looked at."""
    return media_type if media_type and media_type != STRUCTURED else "application/octet-stream"


def _walk(kind: Container, data: Source, found: Findings) -> None:
    read = kind.read
    if read is None:
        found.refuse("file", "the format is not one whose labels are known")
    elif kind.confined:
        from .bytes import sandbox

        sandbox.ask(kind.name, kind.media_type, "", data, found)
    elif not kind.text:
        _guarded(kind.name, found, lambda: read(data, found))
    elif len(data) > found.limits.inflated_bytes:
        found.refuse(kind.name, f"text of more than {found.limits.inflated_bytes:,} bytes is not looked at")
    else:
        text = bytes(data)
        _guarded(kind.name, found, lambda: read(text, found))


def _perceive(kind: Container, data: Source, depth: Depth, found: Findings) -> None:
    """Reports what is heard and seen, and content credentials; the worker does whatever needs a decoder."""
    from .bytes import sandbox

    for sense in kind.senses:
        if sense == "rhythm":
            from .perceived import rhythm

            _guarded(f"{kind.name}/rhythm", found, lambda: rhythm.read(data, kind, found))
        elif sense == "unseen":
            if depth == "all":
                found.refuse(
                    "visible", f"pictures of the kind {kind.media_type} are not decoded here; convert it to PNG"
                )
        elif depth == "all" or (sense == "sound" and kind.main_type == "audio"):
            _ask(sandbox.ask, sense, kind, data, found)
    # Every credential carries its own mark; a search is a thousand times cheaper than asking the library.
    if depth == "all" and not kind.text and kind.read is not None and b"c2pa" in data:
        _ask(sandbox.ask, "c2pa", kind, data, found)


def _ask(ask: Callable[..., None], task: str, kind: Container, data: Source, found: Findings) -> None:
    _guarded(task, found, lambda: ask(task, kind.media_type, kind.demuxer, data, found))


def _guarded(what: str, found: Findings, read: Callable[[], None]) -> None:
    try:
        read()
    # Hostile bytes reach odd corners of parsers: each is a refusal, not a crash.
    except Exception as error:
        found.refuse(what, in_words(error))


def _compare(kind: Container, media_type: str, found: Findings) -> None:
    declared = media_type.partition(";")[0].strip().lower()
    # What an unknown ending is taken for says nothing about bytes that are no text.
    if not declared or declared in (kind.media_type, "application/octet-stream", "binary/octet-stream", STRUCTURED):
        return
    if declared.partition("/")[0] != kind.media_type.partition("/")[0]:
        found.note(f"declared as {declared[:80]}, but the bytes are {kind.media_type}")
