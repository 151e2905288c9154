"""PDF: the label is the entry ``/AIGC`` of the document information dictionary, or the XMP property of its
metadata stream.
"""

from __future__ import annotations

import io
import logging

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import NameObject, StreamObject, TextStringObject

from ...findings import Findings, UnsuitableFileError, library_words
from ...meaning.aigc import is_name
from .. import xmp
from .text import read_words

#: Words are looked at on so many pages at the start and at the end of a document: labels stand there.
_FIRST_PAGES, _LAST_PAGES = 12, 4

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(data: bytes, _media_type: str, _demuxer: str, found: Findings) -> None:
    """Reads also what object streams and an empty user password hide."""
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            found.refuse("pdf", "encrypted with a password")
            return
        information = reader.trailer.get("/Info")
        information = information.get_object() if information is not None else {}
        entries = [(str(key), information[key]) for key in list(information)[:256]]
        metadata = reader.root_object.get("/Metadata")
        stream = metadata.get_object() if metadata is not None else None
        packet = stream.get_data() if isinstance(stream, StreamObject) else b""
    except PyPdfError as error:
        found.refuse("pdf", f"the document cannot be read: {library_words(error)}")
        return
    for key, value in entries:
        name = key.removeprefix("/")
        text = bytes(value) if isinstance(value, bytes) else str(value)
        if is_name(name):
            found.field(text, "pdf:Info", _span(data, key), name=name)
        elif isinstance(text, str):
            found.remark(text, f"pdf:Info/{name[:40]}", _span(data, key))
    if packet:
        at = data.find(packet[:64])
        xmp.read(packet, "pdf:metadata", (at, at + len(packet)) if at >= 0 else None, found)
    _read_pages(reader, found)


def _read_pages(reader: PdfReader, found: Findings) -> None:
    """Adds the labels in the words of the pages. What is no text, such as a scan, shows none."""
    try:
        count = len(reader.pages)
        numbers = sorted({*range(min(count, _FIRST_PAGES)), *range(max(0, count - _LAST_PAGES), count)})
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        found.note("pdf: its pages cannot be listed, so that their words were not looked at")
        return
    left = found.limits.inflated_bytes
    unread = []
    for number in numbers:
        try:
            text = reader.pages[number].extract_text()[:left]
        # Fonts and content of damaged pages lead the library to many kinds of error; the metadata was read before.
        except Exception:
            unread.append(number + 1)
            continue
        left -= len(text)
        read_words(text, f"pdf:page {number + 1}", found)
    if unread:
        found.note(f"pdf: the words of {len(unread)} pages cannot be read, page {unread[0]} first")
    if len(numbers) < count:
        found.note(f"pdf: looked at the words of {len(numbers)} of {count} pages, the first and the last")


def _span(data: bytes, key: str) -> tuple[int, int] | None:
    """Where the entry stands, if it stands in the open."""
    at = data.rfind(key.encode("latin-1", "replace"))
    return (at, min(at + len(key) + 512, len(data))) if at >= 0 else None


def write(data: bytes, value: str, _found: Findings) -> bytes:
    """Adds the entry in an incremental update: every byte of the document stays, more follow. Raises
    ValueError.
    """
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise UnsuitableFileError("the document is encrypted; remove its protection first")
        writer = PdfWriter(io.BytesIO(data), incremental=True)
        writer.add_metadata({NameObject("/AIGC"): TextStringObject(value)})
        stream = io.BytesIO()
        writer.write(stream)
    except PyPdfError as error:
        raise UnsuitableFileError(f"the document cannot be changed: {library_words(error)}") from error
    return stream.getvalue()
