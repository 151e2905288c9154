"""Media that a request carries, kept in files beside the scripts instead of inside them."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import Final

from shenhe.conformance.exchange import SentRequest

from .request import content_type_of, is_text_body, is_whole

#: Media in base64, long enough to be in the way of a reader.
BASE64: Final = re.compile(r"[A-Za-z0-9+/]{120,}={0,2}")
_BEGINNINGS = (
    (b"\x89PNG", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"RIFF....WEBP", ".webp"),
    (b"RIFF....WAVE", ".wav"),
    (b"RIFF....AVI ", ".avi"),
    (b"ID3", ".mp3"),
    (b"....ftyp", ".mp4"),
    (b"%PDF", ".pdf"),
    (b"PK\x03\x04", ".zip"),
)
#: Names and file names that can stand in a form without quoting rules that differ from client to client.
_PLAIN = re.compile(r"[A-Za-z0-9_.\-\[\]]{1,80}")


@dataclass(frozen=True)
class FormField:
    """One field of a multipart form. ``filename`` is empty for a field of text."""

    name: str
    data: bytes
    filename: str = ""
    media_type: str = ""


def decoded_media(text: str) -> bytes | None:
    """The bytes that a text in base64 encodes, if encoding them gives the same text again."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def form_parts(request: SentRequest) -> list[FormField] | None:
    """The fields of a multipart form, in order; ``None`` for any other body and for a form that a client could not
    write the same way.
    """
    boundary = _boundary(request)
    if boundary is None or not is_whole(request):
        return None
    pieces = (b"\r\n" + request.body).split(b"\r\n--" + boundary)
    if len(pieces) < 3 or pieces[0] or pieces[-1].strip(b"\r\n") != b"--":
        return None
    parts = [_part(piece) for piece in pieces[1:-1]]
    return None if None in parts else [part for part in parts if part is not None]


def attached_media(requests: Iterable[SentRequest]) -> dict[str, bytes]:
    """The media of a sequence by the name of the file beside the script; equal media are one file."""
    files: dict[bytes, str] = {}
    for number, request in enumerate(requests, start=1):
        new = [(data, ending) for data, ending in dict(_media(request)).items() if data not in files]
        for count, (data, ending) in enumerate(new, start=1):
            files[data] = f"media-{number}{f'-{count}' if len(new) > 1 else ''}{ending}"
    return {name: data for data, name in files.items()}


def _media(request: SentRequest) -> Iterator[tuple[bytes, str]]:
    if not request.body or not is_whole(request):
        return
    parts = form_parts(request)
    if parts is not None:
        yield from ((part.data, _ending(part.data, part.media_type)) for part in parts if part.filename)
    elif not is_text_body(request.body):
        yield request.body, _ending(request.body, content_type_of(request))
    else:
        for match in BASE64.finditer(request.body.decode()):
            data = decoded_media(match[0])
            if data is not None:
                yield data, _ending(data, "")


def _ending(data: bytes, media_type: str) -> str:
    head = data[:12]
    for beginning, ending in _BEGINNINGS:
        if re.match(re.escape(beginning).replace(rb"\.", b"."), head, re.DOTALL):
            return ending
    return mimetypes.guess_extension(media_type) or ".bin"


def _boundary(request: SentRequest) -> bytes | None:
    value = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    if not value.lower().startswith("multipart/form-data"):
        return None
    found = re.search(r"boundary=\"?([0-9A-Za-z'()+_,./:=?-]{1,70})\"?\s*(?:;|$)", value)
    return found[1].encode() if found else None


def _part(piece: bytes) -> FormField | None:
    head, gap, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = BytesHeaderParser().parsebytes(head)
    if not gap or {name.lower() for name in headers} - {"content-disposition", "content-type", "content-length"}:
        return None
    name = headers.get_param("name", header="content-disposition")
    filename = headers.get_param("filename", "", header="content-disposition")
    media_type = headers.get_content_type() if "content-type" in headers else ""
    if not isinstance(name, str) or not _PLAIN.fullmatch(name) or not isinstance(filename, str):
        return None
    if filename and not _PLAIN.fullmatch(filename):
        return None
    if not filename and not is_text_body(data):
        return None
    return FormField(name, data, filename, media_type)
