"""Files inside a response: an entry of a ZIP archive, a part of a multipart body. Both are read within bounds."""

from __future__ import annotations

import contextlib
import fnmatch
import io
import mimetypes
import re
import zipfile
import zlib

from shenhe.core.archives import opened

from ..language.responses.response import Response, ResponseError

MOST_ENTRIES = 1_000
MOST_BYTES = 100_000_000
"""Bytes of one unpacked entry."""
MOST_BESIDE, MOST_BYTES_BESIDE = 20, 10_000_000
"""Entries in addition to the wanted one, and bytes of each."""

#: What reading a broken archive may raise.
_BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, ValueError, EOFError)

_BOUNDARY = re.compile(r"(?i);\s*boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;]{1,200}))")


def zip_entry(response: Response, pattern: str) -> tuple[bytes, str]:
    """The first entry of a ZIP archive whose name matches, with the media type that its name suggests."""
    try:
        with zipfile.ZipFile(io.BytesIO(response.body)) as archive:
            names = archive.namelist()
            if len(names) > MOST_ENTRIES:
                raise ResponseError(f"found an archive of {len(names):,} entries, expected at most {MOST_ENTRIES:,}")
            name = next((each for each in names if fnmatch.fnmatchcase(each, pattern)), None)
            if name is None:
                raise ResponseError(f"found no entry {pattern!r} among {len(names)} entries of the archive")
            with opened(archive, archive.getinfo(name)) as stream:
                data = stream.read(MOST_BYTES + 1)
    except NotImplementedError as error:
        raise ResponseError(f"found an archive that cannot be unpacked: {error}") from None
    except _BROKEN as error:
        if isinstance(error, ResponseError):
            raise
        raise ResponseError(f"found a body of {len(response.body):,} bytes that is no ZIP archive") from None
    if len(data) > MOST_BYTES:
        raise ResponseError(f"found an entry of more than {MOST_BYTES:,} bytes, expected less")
    return data, mimetypes.guess_type(name)[0] or ""


def other_entries(response: Response, pattern: str) -> tuple[bytes, ...]:
    """The entries of a ZIP archive other than the first whose name matches: the first twenty, within bounds."""
    found: list[bytes] = []
    try:
        with zipfile.ZipFile(io.BytesIO(response.body)) as archive:
            entries = archive.infolist()
            taken = next((each for each in entries if fnmatch.fnmatchcase(each.filename, pattern)), None)
            for entry in [each for each in entries if each is not taken][:MOST_BESIDE]:
                with contextlib.suppress(*_BROKEN), opened(archive, entry) as stream:
                    found.append(stream.read(MOST_BYTES_BESIDE))
    except _BROKEN:
        return tuple(found)
    return tuple(found)


def part_of(response: Response, wanted: str) -> tuple[bytes, str]:
    """The first part of a multipart body with this name or media type (a pattern such as ``image/*``)."""
    boundary = _BOUNDARY.search(response.headers.get("content-type", ""))
    if not response.media_type.startswith("multipart/") or boundary is None:
        raise ResponseError(f"found a body of {response.media_type or 'no media type'}, expected multipart/…")
    mark = b"--" + (boundary[1] or boundary[2]).encode("latin-1", "replace")
    blocks = response.body.split(mark, MOST_ENTRIES + 1)[1:]
    if len(blocks) > MOST_ENTRIES:
        raise ResponseError(f"found a body of more than {MOST_ENTRIES:,} parts, expected fewer")
    for block in blocks:
        head, blank, content = block.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not blank:
            continue
        headers = head.decode("utf-8", "replace")
        media_type = re.search(r"(?im)^content-type:\s*([^\s;]+)", headers)
        name = re.search(r"(?i)\bname=\"?([^\";\r\n]+)", headers)
        kind = media_type[1].lower() if media_type else "text/plain"
        if fnmatch.fnmatchcase(kind, wanted) or (name is not None and name[1] == wanted):
            return content.removesuffix(b"\r\n"), kind
    raise ResponseError(f"found no part {wanted!r} in the body")
