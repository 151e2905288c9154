"""Reading the labels of one file: the format is sniffed, its walker runs, and nothing a file holds raises
an exception.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Literal

from .findings import BeyondLimitError, Findings
from .formats import Format, sniff
from .label import Labels, Limits

#: What is looked for beside metadata and words: nothing, sounds (numpy and scipy), or sounds, pictures and
#: credentials.
Depth = Literal["metadata", "sound", "all"]

# Format name -> module and function, imported when a file of that format is first read.
_WALKERS = {
    "png": ("png", "read"),
    "jpeg": ("jpeg", "read"),
    "webp": ("riff", "read"),
    "wav": ("riff", "read"),
    "avi": ("riff", "read"),
    "mp3": ("id3", "read"),
    "gif": ("gif", "read"),
    "tiff": ("exif", "read_file"),
    "heif": ("bmff", "read"),
    "mp4": ("bmff", "read"),
    "matroska": ("matroska", "read"),
    "flv": ("flv", "read"),
    "flac": ("vorbis", "read_flac"),
    "ogg": ("vorbis", "read_ogg"),
    "package": ("package", "read"),
    "svg": ("markup", "read_svg"),
    "html": ("markup", "read_html"),
    "text": ("documents", "read_text"),
    "markdown": ("documents", "read_markdown"),
    "json": ("documents", "read_json"),
}


def walker(name: str) -> Callable[[bytes, Findings], None] | None:
    """The function that walks files of one format, or None for a format that is not known."""
    entry = _WALKERS.get(name)
    if entry is None:
        return None
    function: Callable[[bytes, Findings], None] = getattr(import_module(f".{entry[0]}", __package__), entry[1])
    return function


def read_labels(
    data: bytes,
    *,
    media_type: str | None = None,
    limits: Limits | None = None,
    depth: Depth = "metadata",
) -> Labels:
    """Every label in the bytes of one file, and what was refused.

    ``media_type`` tells text formats apart and is compared with what the bytes are; it never overrules
    them. Never raises on what ``data`` holds.
    """
    limits = limits or Limits()
    found = Findings(limits)
    if len(data) > limits.file_bytes:
        found.refuse("file", f"{len(data):,} bytes are more than the {limits.file_bytes:,} allowed")
        return Labels(media_type or "application/octet-stream", (), tuple(found.refused), ())
    data = bytes(data)
    kind = sniff(data, media_type)
    _walk(kind, data, found)
    if depth != "metadata":
        _listen(kind, data, found)
    _compare(kind, media_type, found)
    found.mark_two_labels()
    return Labels(kind.media_type, tuple(found.labels), tuple(found.refused), tuple(found.notes))


def _walk(kind: Format, data: bytes, found: Findings) -> None:
    read = walker(kind.name)
    if read is None:
        found.refuse("file", "the format is not one whose labels are known" if data else "the file is empty")
        return
    try:
        read(data, found)
    except BeyondLimitError as error:
        found.refuse(kind.name, str(error))
    # Hostile bytes reach odd corners of parsers (IndexError, RecursionError, UnicodeError): each is a
    # refusal, not a crash.
    except Exception as error:
        found.refuse(kind.name, f"the structure is broken ({type(error).__name__})")


def _listen(kind: Format, data: bytes, found: Findings) -> None:
    """The rhythm in a WAV file, whose samples need no decoder."""
    if kind.name != "wav":
        return
    from . import rhythm

    try:
        rhythm.read(data, kind, found)
    except BeyondLimitError as error:
        found.refuse("wav/rhythm", str(error))
    # As above: odd headers reach odd corners of the arithmetic.
    except Exception as error:
        found.refuse("wav/rhythm", f"the samples cannot be read ({type(error).__name__})")


def _compare(kind: Format, media_type: str | None, found: Findings) -> None:
    declared = (media_type or "").partition(";")[0].strip().lower()
    if not declared or declared in (kind.media_type, "application/octet-stream", "binary/octet-stream"):
        return
    if declared.partition("/")[0] != kind.media_type.partition("/")[0]:
        found.note(f"declared as {declared[:80]}, but the bytes are {kind.media_type}")
