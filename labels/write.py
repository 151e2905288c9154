"""Writing labels: an implicit one into the place prescribed for the format, an explicit one that people
perceive.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from zipfile import BadZipFile

from shenhe.core.errors import ShenheError

from .bytes.sniff import Format, sniff
from .findings import BeyondLimitError, Findings
from .model import INSTALL, ImplicitFields, Limits
from .read import Depth, read_labels


class LabelWriteError(ShenheError, ValueError):
    """The label was not written; the message says why and what could be done instead."""


def write_label(
    data: bytes,
    fields: ImplicitFields | Mapping[str, str] | None,
    *,
    media_type: str | None = None,
    explicit: bool = False,
    look_first: bool = False,
    limits: Limits | None = None,
) -> bytes:
    """``data`` with the AIGC field in its metadata and, with ``explicit``, a label that people perceive.

    ``fields`` are the values of Annex E (a mapping by its keys, or ImplicitFields); None writes an explicit
    label alone. With ``look_first`` pixels are searched, too, for an explicit label that is there already
    (this needs the `media` extra and some tenths of a second). Metadata that is there stays.

    Raises LabelWriteError where the file already holds a label of the kind to be written, where the format
    has no prescribed place, or where its structure does not permit a change; ValueError for fields that
    Annex E excludes.
    """
    limits = limits or Limits()
    if fields is None and not explicit:
        raise LabelWriteError("nothing to write: give the fields of an implicit label, or ask for an explicit one.")
    if len(data) > limits.file_bytes:
        raise LabelWriteError(f"the file has {len(data):,} bytes; {limits.file_bytes:,} are allowed.")
    chosen = fields if isinstance(fields, ImplicitFields) or fields is None else ImplicitFields.from_mapping(fields)
    kind = sniff(data, media_type)
    depth: Depth = "metadata" if not explicit else "all" if look_first else "sound"
    present = read_labels(data, media_type=media_type, limits=limits, depth=depth)
    if chosen is not None and present.aigc:
        where = present.aigc[0].carrier
        raise LabelWriteError(
            f"the file already holds an implicit label ({where}): there may be only one (GB 45438-2025,"
            " 6.1 c)."
            " Remove or amend that one instead."
        )
    if explicit and any(label.conformant for label in present.explicit):
        raise LabelWriteError(f"the file already holds an explicit label ({present.explicit[0].carrier}).")
    try:
        if explicit:
            data = _explicit(kind, data, Findings(limits))
        if chosen is not None:
            data = _implicit(kind, data, chosen, Findings(limits))
    except LabelWriteError:
        raise
    except (ValueError, BeyondLimitError) as error:
        raise LabelWriteError(f"no label written into this {kind.media_type} file: {error}.") from error
    # What a broken structure leads the standard library's parsers to.
    except (LookupError, ArithmeticError, RuntimeError, EOFError, struct.error, zlib.error, BadZipFile) as error:
        why = f"its structure is broken ({type(error).__name__})"
        raise LabelWriteError(f"no label written into this {kind.media_type} file: {why}.") from error
    return data


# Format name -> module and function that writes the field into its metadata.
_WRITERS = {
    "png": ("containers.png", "write"),
    "jpeg": ("containers.jpeg", "write"),
    "webp": ("containers.riff", "write"),
    "wav": ("containers.riff", "write"),
    "avi": ("containers.riff", "write"),
    "gif": ("containers.gif", "write"),
    "tiff": ("containers.exif", "write_file"),
    "heif": ("containers.bmff", "write"),
    "mp4": ("containers.bmff", "write"),
    "matroska": ("containers.matroska", "write"),
    "flv": ("containers.flv", "write"),
    "mp3": ("containers.id3", "write"),
    "flac": ("containers.vorbis", "write_flac"),
    "ogg": ("containers.vorbis", "write_ogg"),
    "package": ("containers.zip", "write"),
    "pdf": ("containers.pdf", "write"),
    "svg": ("containers.markup", "write_svg"),
    "html": ("containers.markup", "write_html"),
    "markdown": ("containers.text", "write_markdown"),
    "json": ("containers.text", "write_json"),
}


def _implicit(kind: Format, data: bytes, fields: ImplicitFields, found: Findings) -> bytes:
    if kind.name == "text":
        from .containers import text

        return text.write_text(data, fields.json(wrapped=True))
    if kind.name not in _WRITERS:
        raise ValueError("no place for a label is known in this format")
    if kind.name == "pdf" and find_spec("pypdf") is None:
        raise LabelWriteError(f"PDF needs pypdf: {INSTALL}.")
    module, name = _WRITERS[kind.name]
    write: Callable[[bytes, str, Findings], bytes] = getattr(import_module(f".{module}", __package__), name)
    return write(data, fields.json(), found)


def _explicit(kind: Format, data: bytes, found: Findings) -> bytes:
    if kind.name in ("text", "markdown", "json"):
        from .containers import text

        return text.explain(data, kind.media_type)
    if kind.name == "wav":
        from .perceived import rhythm

        return rhythm.write(data, found)
    if kind.media_type.startswith("image/"):
        from .drawing import picture

        return picture.with_visible_label(kind, data, found)
    if kind.media_type.startswith("video/"):
        if find_spec("av") is None:
            raise LabelWriteError(f"drawing on films needs PyAV: {INSTALL}.")
        from .drawing import film

        return film.with_visible_label(kind, data, found)
    if kind.media_type.startswith("audio/"):
        if find_spec("av") is None:
            raise LabelWriteError(f"compressed sound needs PyAV: {INSTALL}.")
        from .drawing import audio

        return audio.with_rhythm(kind, data, found)
    raise ValueError(f"no explicit label can be put into {kind.media_type} files here")
