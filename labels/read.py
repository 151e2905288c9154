"""Reading the labels of one file: the format is sniffed, its walker runs, and nothing a file holds raises
an exception.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Literal

from .bytes.pages import Source, opened
from .bytes.sniff import Format, sniff
from .findings import BeyondLimitError, Findings
from .model import Labels, Limits

#: What is looked for beside metadata and words: nothing, sounds (numpy and scipy), or sounds, pictures and
#: credentials.
Depth = Literal["metadata", "sound", "all"]

# Format name -> module and function, imported when a file of that format is first read.
_WALKERS = {
    "png": ("containers.png", "read"),
    "jpeg": ("containers.jpeg", "read"),
    "webp": ("containers.riff", "read"),
    "wav": ("containers.riff", "read"),
    "avi": ("containers.riff", "read"),
    "mp3": ("containers.id3", "read"),
    "gif": ("containers.gif", "read"),
    "tiff": ("containers.exif", "read_file"),
    "heif": ("containers.bmff", "read"),
    "mp4": ("containers.bmff", "read"),
    "matroska": ("containers.matroska", "read"),
    "flv": ("containers.flv", "read"),
    "flac": ("containers.vorbis", "read_flac"),
    "ogg": ("containers.vorbis", "read_ogg"),
    "package": ("containers.zip", "read"),
    "svg": ("containers.markup", "read_svg"),
    "html": ("containers.markup", "read_html"),
    "text": ("containers.text", "read_text"),
    "markdown": ("containers.text", "read_markdown"),
    "json": ("containers.text", "read_json"),
}


_DEFAULT_LIMITS = Limits()
_TEXT_FORMATS = ("text", "markdown", "json", "html", "svg")


@cache
def walker(name: str) -> Callable[[Source, Findings], None] | None:
    """The function that walks files of one format, or None for a format that is not known."""
    entry = _WALKERS.get(name)
    if entry is None:
        return None
    function: Callable[[Source, Findings], None] = getattr(import_module(f".{entry[0]}", __package__), entry[1])
    return function


def read_labels(
    data: bytes,
    *,
    media_type: str | None = None,
    limits: Limits | None = None,
    depth: Depth = "metadata",
    trust_anchors: str = "",
) -> Labels:
    """Every label in the bytes of one file, and what was refused.

    ``media_type`` tells text formats apart and is compared with what the bytes are; it never overrules
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


def read_source(data: Source, media_type: str | None, depth: Depth, found: Findings) -> Labels:
    """The reading of ``data``, gathered in ``found``."""
    if len(data) > found.limits.file_bytes:
        return _too_large(len(data), media_type, found)
    if not len(data) and not (media_type or "").startswith("text/"):
        found.refuse("file", "the file is empty")
        return Labels(media_type or "application/octet-stream", refused=tuple(found.refused))
    kind = sniff(data, media_type)
    _walk(kind, data, found)
    if depth != "metadata":
        _perceive(kind, data, depth, found)
    if media_type is not None:
        _compare(kind, media_type, found)
    found.mark_two_labels()
    return Labels(kind.media_type, tuple(found.labels), tuple(found.refused), tuple(found.notes), found.glimpse)


def _too_large(size: int, media_type: str | None, found: Findings) -> Labels:
    found.refuse("file", f"{size:,} bytes are more than the {found.limits.file_bytes:,} allowed")
    return Labels(media_type or "application/octet-stream", (), tuple(found.refused), ())


def _walk(kind: Format, data: Source, found: Findings) -> None:
    if kind.name == "pdf":
        from .bytes import sandbox

        sandbox.ask("pdf", kind.media_type, "", data, found)
        return
    if kind.name in _TEXT_FORMATS and len(data) > found.limits.inflated_bytes:
        found.refuse(kind.name, f"text of more than {found.limits.inflated_bytes:,} bytes is not looked at")
        return
    read = walker(kind.name)
    if read is None:
        found.refuse("file", "the format is not one whose labels are known")
        return
    if kind.name in _TEXT_FORMATS:
        data = bytes(data)
    _guarded(kind.name, found, lambda: read(data, found))


def _perceive(kind: Format, data: Source, depth: Depth, found: Findings) -> None:
    """What is heard and seen, and content credentials; whatever needs a decoder goes to the worker."""
    from .bytes import sandbox

    main = kind.media_type.partition("/")[0]
    if kind.name == "wav":
        from .perceived import rhythm

        _guarded("wav/rhythm", found, lambda: rhythm.read(data, kind, found))
    elif main == "audio":
        _guarded("sound", found, lambda: sandbox.ask("sound", kind.media_type, kind.demuxer, data, found))
    if depth != "all":
        return
    if main == "image" and kind.name != "svg":
        _guarded("visible", found, lambda: sandbox.ask("visible", kind.media_type, "", data, found))
    elif main == "video":
        _guarded("film", found, lambda: sandbox.ask("film", kind.media_type, kind.demuxer, data, found))
        _guarded("sound", found, lambda: sandbox.ask("sound", kind.media_type, kind.demuxer, data, found))
    # Every credential carries its own mark; a search is a thousand times cheaper than asking the library.
    if main in ("image", "video", "audio", "application") and b"c2pa" in data:
        _guarded("c2pa", found, lambda: sandbox.ask("c2pa", kind.media_type, "", data, found))


def _guarded(what: str, found: Findings, read: Callable[[], None]) -> None:
    try:
        read()
    except BeyondLimitError as error:
        found.refuse(what, str(error))
    # Hostile bytes reach odd corners of parsers (IndexError, RecursionError, UnicodeError): each is a
    # refusal, not a crash.
    except Exception as error:
        found.refuse(what, f"the structure is broken ({type(error).__name__})")


def _compare(kind: Format, media_type: str, found: Findings) -> None:
    declared = media_type.partition(";")[0].strip().lower()
    if not declared or declared in (kind.media_type, "application/octet-stream", "binary/octet-stream"):
        return
    if declared.partition("/")[0] != kind.media_type.partition("/")[0]:
        found.note(f"declared as {declared[:80]}, but the bytes are {kind.media_type}")
