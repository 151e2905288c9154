"""Zip packages: OOXML (custom document properties), ODF (user-defined metadata) and EPUB (package metadata).

Entries are inflated within a bound whatever their headers say; no path named inside a package is ever opened.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from collections.abc import Callable
from xml.parsers import expat

from shenhe.core.archives import opened

from ...bytes.pages import Source, stream
from ...findings import BeyondLimitError, Findings, UnsuitableFileError
from ...meaning.aigc import is_name
from ...model import Deviation
from . import words
from .members import Members
from .zip_write import rewritten

_CUSTOM_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VARIANT_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_CUSTOM_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
_CUSTOM_CONTENT = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_ODF_META = "urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
_FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_DEPTH = 64


def _open(data: Source, found: Findings) -> zipfile.ZipFile:
    package = zipfile.ZipFile(stream(data))
    count = len(package.infolist())
    if count > found.limits.parts:
        raise BeyondLimitError(f"more than {found.limits.parts} entries in one package")
    return package


def _entry(package: zipfile.ZipFile, name: str, found: Findings) -> bytes | None:
    """One entry inflated within the limit; None where it is absent, encrypted or too large."""
    try:
        info = package.getinfo(name)
    except KeyError:
        return None
    if info.flag_bits & 1:
        found.refuse(f"package:{name}", "the entry is encrypted")
        return None
    try:
        with opened(package, info) as stream:
            content = stream.read(found.limits.value_bytes + 1)
    except NotImplementedError as error:
        found.refuse(f"package:{name}", f"cannot be unpacked: {error}")
        return None
    if len(content) > found.limits.value_bytes:
        found.refuse(f"package:{name}", f"inflates to more than {found.limits.value_bytes:,} bytes")
        return None
    return content


def kind_of(package: zipfile.ZipFile) -> str:
    """``ooxml``, ``odf``, ``epub`` or an empty string."""
    names = set(package.namelist())
    if "[Content_Types].xml" in names:
        return "ooxml"
    if "META-INF/container.xml" in names and "mimetype" in names:
        with opened(package, package.getinfo("mimetype")) as stream:
            if stream.read(64).strip() == b"application/epub+zip":
                return "epub"
    return "odf" if "meta.xml" in names else "epub" if "META-INF/container.xml" in names else ""


def is_archive_of_files(package: zipfile.ZipFile) -> bool:
    """Whether an opened package is neither OOXML, ODF nor EPUB, but an archive of separate files."""
    return not kind_of(package)


def read(data: Source, found: Findings) -> None:
    try:
        package = _open(data, found)
        kind = kind_of(package)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        found.refuse("package", f"not a readable package: {error}")
        return
    if kind == "ooxml":
        _read_ooxml(package, found)
    elif kind == "odf":
        _read_odf(package, found)
    elif kind == "epub":
        _read_epub(package, found)
    if kind:
        words.read(package, kind, found)
    else:
        _read_members(package, found)


def _read_members(package: zipfile.ZipFile, found: Findings) -> None:
    """An archive of other files: each is read as a separate file."""
    members = Members(found)
    for info in package.infolist():
        found.step()
        if info.is_dir():
            continue
        name = info.filename
        if info.flag_bits & 1:
            found.refuse(f"member {name[:120]}", "it is encrypted")
            continue
        largest = members.largest
        if info.file_size > largest:
            found.refuse(f"member {name[:120]}", f"it unpacks to more than {largest:,} bytes")
            continue
        try:
            with opened(package, info) as stream:
                content = stream.read(largest)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error):
            found.refuse(f"member {name[:120]}", "it cannot be unpacked")
            continue
        members.read(name, content)


_Start = Callable[[str, dict[str, str]], None]


def _parse(content: bytes, where: str, found: Findings, start: _Start, end: Callable[[str, str], None]) -> None:
    """Walks an XML document: ``start(local name, attributes by local name)`` and ``end(local name, text)``."""
    parser = expat.ParserCreate(namespace_separator=" ")
    text: list[str] = []
    depth = 0

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise BeyondLimitError(f"{where}: elements nested deeper than {_DEPTH}")
        found.step()
        text.clear()
        start(name.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in attributes.items()})

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name.rpartition(" ")[2], "".join(text))
        text.clear()

    def doctype(name: str, system: str | None, public: str | None, has_subset: bool) -> None:
        raise BeyondLimitError(f"{where}: holds a DOCTYPE")

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = doctype
    parser.buffer_text = True
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        found.refuse(where, f"not well-formed XML: {error}")


#: Elements of the descriptive metadata of all three families in which writers put a remark.
_REMARKS = {"description", "title", "subject", "keywords", "keyword", "category", "comments", "contentStatus"}


def _remarks(content: bytes | None, where: str, found: Findings) -> None:
    def end(local: str, text: str) -> None:
        if local in _REMARKS and text.strip():
            found.remark(text, f"{where}/{local}", None)

    if content is not None:
        _parse(content, where, found, lambda local, attributes: None, end)


def _read_ooxml(package: zipfile.ZipFile, found: Findings) -> None:
    _remarks(_entry(package, "docProps/core.xml", found), "ooxml:docProps/core.xml", found)
    content = _entry(package, "docProps/custom.xml", found)
    if content is None:
        return
    name = ""

    def start(local: str, attributes: dict[str, str]) -> None:
        nonlocal name
        if local == "property":
            name = attributes.get("name", "")

    def end(local: str, text: str) -> None:
        if local in ("lpwstr", "lpstr", "bstr"):
            if is_name(name):
                found.field(text, "ooxml:docProps/custom.xml", None, name=name)
            else:
                found.remark(text, f"ooxml:docProps/custom.xml/{name[:40]}", None)

    _parse(content, "ooxml:docProps/custom.xml", found, start, end)


def _read_odf(package: zipfile.ZipFile, found: Findings) -> None:
    content = _entry(package, "meta.xml", found)
    if content is None:
        return
    name = ""

    def start(local: str, attributes: dict[str, str]) -> None:
        nonlocal name
        if local == "user-defined":
            name = attributes.get("name", "")

    def end(local: str, text: str) -> None:
        if local == "user-defined" and is_name(name):
            found.field(text, "odf:meta.xml", None, name=name)
        elif local == "generator":
            found.generator(text, "odf:meta.xml")
        elif (local in _REMARKS or local == "user-defined") and text.strip():
            found.remark(text, f"odf:meta.xml/{local}", None)

    _parse(content, "odf:meta.xml", found, start, end)


def _package_document(package: zipfile.ZipFile, found: Findings) -> str | None:
    content = _entry(package, "META-INF/container.xml", found)
    paths: list[str] = []

    def start(local: str, attributes: dict[str, str]) -> None:
        if local == "rootfile" and "full-path" in attributes:
            paths.append(attributes["full-path"])

    if content is not None:
        _parse(content, "epub:META-INF/container.xml", found, start, lambda local, text: None)
    return paths[0] if paths else None


def _read_epub(package: zipfile.ZipFile, found: Findings) -> None:
    path = _package_document(package, found)
    content = _entry(package, path, found) if path else None
    if content is None:
        return
    where = "epub:package"
    attributes_of_meta: dict[str, str] = {}

    def start(local: str, attributes: dict[str, str]) -> None:
        nonlocal attributes_of_meta
        if local == "meta":
            attributes_of_meta = attributes
            name = attributes.get("name", "")
            if is_name(name) and attributes.get("content"):
                found.field(attributes["content"], where, None, name=name)

    def end(local: str, text: str) -> None:
        name = attributes_of_meta.get("property", "").rpartition(":")[2]
        if local == "meta" and is_name(name) and text.strip():
            found.field(text, where, None, name=name)
        elif is_name(local) and text.strip():
            found.field(text, where, None, name=local, standing=[Deviation.UNUSUAL_PLACE])
        elif local in _REMARKS and text.strip():
            found.remark(text, f"{where}/{local}", None)

    _parse(content, where, found, start, end)


# Writing.


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Adds the label to the package's own metadata part; every other entry is copied as it is."""
    package = _open(data, found)
    kind = kind_of(package)
    changes: dict[str, bytes] = {}

    def text(name: str) -> str:
        content = _entry(package, name, found)
        if content is None:
            raise UnsuitableFileError(f"the package has no readable {name}")
        return content.decode("utf-8-sig")

    escaped = html.escape(value)
    if kind == "ooxml":
        changes = _ooxml_changes(package, text, escaped)
    elif kind == "odf":
        changes["meta.xml"] = _inserted(
            text("meta.xml"),
            "meta",
            f'<m:user-defined xmlns:m="{_ODF_META}" m:name="AIGC" m:value-type="string">{escaped}</m:user-defined>',
        )
    elif kind == "epub":
        path = _package_document(package, found)
        if path is None:
            raise UnsuitableFileError("the package names no package document")
        entry = f'<meta name="AIGC" content="{escaped}"/>'
        changes[path] = _inserted(text(path), "metadata", entry)
    else:
        raise UnsuitableFileError("the archive is neither OOXML, ODF nor EPUB")
    return rewritten(data, package, changes)


def _inserted(document: str, element: str, added: str) -> bytes:
    """``document`` with the element ``added`` at the end of ``element``, and in its namespace."""
    matches = list(re.finditer(rf"</(\w[\w.-]*:)?{element}\s*>", document))
    if not matches:
        raise UnsuitableFileError("the metadata part has no place for a property")
    prefix, at = (matches[-1][1] or "").rstrip(":"), matches[-1].start()
    declared = re.search(rf'xmlns:{re.escape(prefix)}\s*=\s*["\']([^"\']*)', document) if prefix else None
    own = f' xmlns="{declared[1]}"' if declared and ":" not in added.split()[0] else ""
    return (document[:at] + re.sub(r"\s", own + " ", added, count=1) + document[at:]).encode()


def _ooxml_changes(package: zipfile.ZipFile, text: Callable[[str], str], escaped: str) -> dict[str, bytes]:
    def prop(number: int) -> str:
        return (
            f'<property fmtid="{_FORMAT_ID}" pid="{number}" name="AIGC"><vt:lpwstr xmlns:vt="{_VARIANT_TYPES}">'
            f"{escaped}</vt:lpwstr></property>"
        )

    part = "docProps/custom.xml"
    if part in package.namelist():
        document = text(part)
        numbers = [int(n) for n in re.findall(r'\bpid="(\d{1,9})"', document)]
        return {part: _inserted(document, "Properties", prop(max([1, *numbers]) + 1))}
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    content_types, relations = text("[Content_Types].xml"), text("_rels/.rels")
    if re.search(r'/custom-?[pP]roperties"', relations):
        raise UnsuitableFileError("the package keeps its custom properties in a part of another name")
    used = set(re.findall(r'\bId="([^"]*)"', relations))
    identity = next(f"rId{n}" for n in range(1, len(used) + 2) if f"rId{n}" not in used)
    return {
        part: f'{head}<Properties xmlns="{_CUSTOM_PROPERTIES}">{prop(2)}</Properties>'.encode(),
        "[Content_Types].xml": _inserted(
            content_types, "Types", f'<Override PartName="/{part}" ContentType="{_CUSTOM_CONTENT}"/>'
        ),
        "_rels/.rels": _inserted(
            relations,
            "Relationships",
            f'<Relationship Id="{identity}" Type="{_CUSTOM_RELATION}" Target="{part}"/>',
        ),
    }
