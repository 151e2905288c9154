"""PDF: the label is the entry ``/AIGC`` of the document information dictionary, or the XMP property of its
metadata stream.
"""

from __future__ import annotations

import io
import logging
import re
import struct

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

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
        found.note("pdf: its pages cannot be listed, so their text was not searched")
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
    """The position of the entry, unless it is inside a compressed stream."""
    at = data.rfind(key.encode("latin-1", "replace"))
    return (at, min(at + len(key) + 512, len(data))) if at >= 0 else None


def write(data: bytes, value: str, _found: Findings) -> bytes:
    """Adds the entry in an incremental update: every byte of the document stays, and one object and its table follow.

    The update is made here, because pypdf's own also writes other objects again and may round their numbers.
    """
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise UnsuitableFileError("the document is encrypted; remove its protection first")
        reference, information = _information(reader)
        table, is_stream = _last_table(data)
        size = 1 + max((number for section in reader.xref.values() for number in section), default=0)
        size = max(size, 1 + max(reader.xref_objStm, default=0), int(reader.trailer.get("/Size", 0)))
        number, generation = reference or (size, 0)
        information[NameObject("/AIGC")] = TextStringObject(value)
        trailer = DictionaryObject()
        for key in ("/Root", "/ID"):
            if key in reader.trailer:
                trailer[NameObject(key)] = reader.trailer.raw_get(key)
        trailer[NameObject("/Info")] = IndirectObject(number, generation, reader)
        trailer[NameObject("/Prev")] = NumberObject(table)
        stream = io.BytesIO()
        stream.write(data if data.endswith((b"\n", b"\r")) else data + b"\n")
        at = stream.tell()
        stream.write(b"%d %d obj\n" % (number, generation))
        information.write_to_stream(stream)
        stream.write(b"\nendobj\n")
        _write_table(stream, {number: (at, generation)}, trailer, max(size, number + 1), is_stream=is_stream)
    except PyPdfError as error:
        raise UnsuitableFileError(f"the document cannot be changed: {library_words(error)}") from error
    return stream.getvalue()


def _information(reader: PdfReader) -> tuple[tuple[int, int] | None, DictionaryObject]:
    """(number and generation of the document information, a copy of it); no number where it has none."""
    raw = reader.trailer.raw_get("/Info") if "/Info" in reader.trailer else None
    found = raw.get_object() if raw is not None else None
    copy = DictionaryObject()
    if isinstance(found, DictionaryObject):
        copy.update({key: found.raw_get(key) for key in found})
        if isinstance(raw, IndirectObject):
            return (raw.idnum, raw.generation), copy
    return None, copy


def _last_table(data: bytes) -> tuple[int, bool]:
    """(position of the newest table of objects, whether it is a stream)."""
    marks = list(re.finditer(rb"startxref\s+(\d{1,10})", data[-4096:]))
    at = int(marks[-1][1]) if marks else len(data)
    start = data[at : at + 64].lstrip()
    if start.startswith(b"xref"):
        return at, False
    if re.match(rb"\d{1,10}\s+\d{1,5}\s+obj", start):
        return at, True
    raise UnsuitableFileError("the document's table of objects is not where the document says; repair it first")


def _write_table(
    stream: io.BytesIO, places: dict[int, tuple[int, int]], trailer: DictionaryObject, size: int, *, is_stream: bool
) -> None:
    """The table of the objects that were added, of the same form as the one before it."""
    at = stream.tell()
    if is_stream:
        number, places = size, places | {size: (at, 0)}
        size += 1
        entries = b"".join(struct.pack(">BIH", 1, *places[each]) for each in sorted(places))
        trailer[NameObject("/Type")] = NameObject("/XRef")
        trailer[NameObject("/W")] = ArrayObject(map(NumberObject, (1, 4, 2)))
        trailer[NameObject("/Index")] = ArrayObject(NumberObject(n) for each in sorted(places) for n in (each, 1))
        trailer[NameObject("/Length")] = NumberObject(len(entries))
    trailer[NameObject("/Size")] = NumberObject(size)
    if is_stream:
        stream.write(b"%d 0 obj\n" % number)
        trailer.write_to_stream(stream)
        stream.write(b"\nstream\n" + entries + b"\nendstream\nendobj\n")
    else:
        rows = b"".join(b"%d 1\n%010d %05d n \n" % (each, *places[each]) for each in sorted(places))
        stream.write(b"xref\n" + rows + b"trailer\n")
        trailer.write_to_stream(stream)
    stream.write(b"\nstartxref\n%d\n%%%%EOF\n" % at)
