"""The parts of text, XML, packages and PDF.

Text is compared as a whole: taking out one insertion must give the file as it was.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from xml.parsers import expat

from ..findings import UnsuitableFileError
from .packets import Part, events, properties


def json_text(data: bytes) -> Iterator[Part]:
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnsuitableFileError("the text is not well-formed JSON in UTF-8") from error
    if isinstance(whole, dict):
        whole = {key: value for key, value in whole.items() if key != "AIGC"}
    yield "text", repr(whole).encode("utf-8", "surrogatepass")


def xml_text(data: bytes) -> Iterator[Part]:
    """Nothing but that the text is well-formed; its words are compared as a whole."""
    parser = expat.ParserCreate()
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnsuitableFileError("the file is not well-formed XML") from error
    yield "root", b"well-formed"


def packet(data: bytes) -> Iterator[Part]:
    """What an XMP packet in a file of its own says."""
    yield "metadata in XMP", properties(data)


def package(data: bytes) -> Iterator[Part]:
    """Every entry of a package by its name, with its content; the metadata parts without the label."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            yield "comment", opened.comment
            for info in opened.infolist():
                name = info.filename
                if info.flag_bits & 1:
                    raise UnsuitableFileError(f"the entry {name} of the package is encrypted")
                content = opened.read(info)
                if (name.endswith((".xml", ".rels", ".opf")) and b"AIGC" in content) or _holds_list(name):
                    yield from _metadata(name, content)
                    continue
                how = (info.compress_type, info.date_time, info.external_attr, info.create_system)
                yield f"entry {name}", repr(how).encode()
                yield f"entry {name}", content
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise UnsuitableFileError("the package is broken") from error


def _holds_list(name: str) -> bool:
    return name in ("[Content_Types].xml", "_rels/.rels", "docProps/custom.xml", "meta.xml") or name.endswith(".opf")


def _metadata(name: str, content: bytes) -> Iterator[Part]:
    """What a metadata part says besides the label and the entries that name the part it stands in."""
    kept: list[tuple[str, ...]] = []
    skipping = 0
    for event in events(content.removeprefix(b"\xef\xbb\xbf"), f"the entry {name} of the package"):
        if skipping:
            skipping += (event[0] == "start") - (event[0] == "end")
        elif event[0] == "start" and _is_ours(event):
            skipping = 1
        else:
            kept.append(event)
    root_alone = [event for event in kept if event[0] != "end"][1:] == []
    if not (root_alone and name == "docProps/custom.xml"):
        yield f"entry {name}", repr(kept).encode()


def _is_ours(event: tuple[str, ...]) -> bool:
    local = event[1].rpartition(" ")[2]
    if local in ("property", "user-defined", "meta"):
        return any(each.rpartition(" ")[2] == "name=AIGC" for each in event[2:])
    if local == "Override":
        return "PartName=/docProps/custom.xml" in event[2:]
    return local == "Relationship" and "Target=docProps/custom.xml" in event[2:]


def pdf(data: bytes) -> Iterator[Part]:
    """Pages and document information, as pypdf reads them."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise UnsuitableFileError("the document is encrypted; remove its protection first")
        yield "pages", str(len(reader.pages)).encode()
        for page in list(reader.pages)[:200]:
            yield "page", repr((page.mediabox, page.get("/Contents"), page.get("/Resources"))).encode()
        for key, value in (reader.metadata or {}).items():
            if key != "/AIGC":
                yield f"information {key}", repr(value).encode()
        yield "catalogue", repr(sorted(map(str, reader.root_object))).encode()
    except PyPdfError as error:
        raise UnsuitableFileError("the document cannot be read") from error
