"""The parts of text, XML, packages and PDF.

Text is compared as a whole: taking out one insertion must give the file as it was.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from xml.parsers import expat

from shenhe.core.archives import opened

from ..findings import UnsuitableFileError
from ..model import Limits
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
    """What an XMP packet in a separate file says."""
    yield "metadata in XMP", properties(data)


def package(data: bytes) -> Iterator[Part]:
    """Every entry of a package by its name, with its content; the metadata parts without the label."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            yield "comment", opened.comment
            left = _MOST_INFLATED
            for info in opened.infolist():
                name = info.filename
                if info.flag_bits & 1:
                    raise UnsuitableFileError(f"the entry {name} of the package is encrypted")
                content = _inflated(opened, info, left)
                left -= len(content)
                if (name.endswith((".xml", ".rels", ".opf")) and b"AIGC" in content) or _holds_list(name):
                    yield from _metadata(name, content)
                    continue
                how = (info.compress_type, info.date_time, info.external_attr, info.create_system, info.comment)
                yield f"entry {name}", repr(how).encode()
                yield f"entry {name}", content
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise UnsuitableFileError("the package is broken") from error


#: As much as a file may have in all.
_MOST_INFLATED = Limits().file_bytes


def _inflated(package: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    with opened(package, info) as stream:
        content = stream.read(most + 1)
        if len(content) > most:
            raise UnsuitableFileError(f"the package inflates to more than {_MOST_INFLATED:,} bytes")
        stream.read(1)  # the checksum is compared at the end
    return content


def _holds_list(name: str) -> bool:
    return name in ("[Content_Types].xml", "_rels/.rels", "docProps/custom.xml", "meta.xml") or name.endswith(".opf")


def _metadata(name: str, content: bytes) -> Iterator[Part]:
    """The content of a metadata part except the label and the entries that name the part."""
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
    """Every object of a document and its information without the label, as pypdf reads them."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError
    from pypdf.generic import IndirectObject, StreamObject

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise UnsuitableFileError("the document is encrypted; remove its protection first")
        yield "pages", str(len(reader.pages)).encode()
        information = reader.trailer.raw_get("/Info") if "/Info" in reader.trailer else None
        if isinstance(information, IndirectObject):
            yield "information", _without_label(information.get_object())
        elif information is not None:
            yield "information", _without_label(information)
        for key in ("/Root", "/Encrypt"):
            if key in reader.trailer:
                yield f"{key[1:].lower()} of the document", repr(_plain(reader.trailer.raw_get(key))).encode()
        known = {(number, generation) for generation, table in reader.xref.items() for number in table}
        known |= {(number, 0) for number in reader.xref_objStm}
        if isinstance(information, IndirectObject):
            known.discard((information.idnum, information.generation))
        if len(known) > _MOST_OBJECTS:
            raise UnsuitableFileError(f"the document has more than {_MOST_OBJECTS:,} objects")
        for number, generation in sorted(known):
            try:
                found = reader.get_object(IndirectObject(number, generation, reader))
            # Tables name objects that are not there; what uses them does without.
            except (PyPdfError, KeyError, ValueError, TypeError, AttributeError, RecursionError):
                continue
            if isinstance(found, StreamObject) and found.get("/Type") in ("/XRef", "/ObjStm"):
                continue
            yield f"object {number}", repr(_plain(found)).encode("utf-8", "surrogatepass")
    except PyPdfError as error:
        raise UnsuitableFileError("the document cannot be read") from error


#: A page has a few dozen objects; the slowest document with so many takes some ten seconds.
_MOST_OBJECTS = 100_000


def _without_label(information: object) -> bytes:
    plain = _plain(information)
    if isinstance(plain, dict):
        plain.pop("/AIGC", None)
        return repr(plain).encode("utf-8", "surrogatepass") if plain else b""
    return repr(plain).encode("utf-8", "surrogatepass")


def _plain(found: object) -> object:
    """An object of a document in a form that two readers share: references by number, streams by their bytes."""
    from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NullObject, StreamObject

    if isinstance(found, IndirectObject):
        return f"{found.idnum} {found.generation} R"
    if isinstance(found, DictionaryObject):
        items = {str(key): _plain(dict.__getitem__(found, key)) for key in sorted(found)}
        if isinstance(found, StreamObject):
            items.pop("/Length", None)
            items["stream"] = hashlib.blake2b(found._data, digest_size=16).hexdigest()
        return items
    if isinstance(found, ArrayObject):
        return [_plain(each) for each in list.__iter__(found)]
    return None if found is None or isinstance(found, NullObject) else repr(found)
