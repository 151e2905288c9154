"""Media files that a stranger wrote: parts without end, packed text, trees, lies about sizes, in every kind of container."""

from __future__ import annotations

import io
import re
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from shenhe.core.text import UNSEEN

from ..command_line import shenhe

_PYTHON = re.compile(r"Traceback|Errno|codec|NoneType|<class|[a-z]Error\b|0x[0-9a-f]{8}")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(*chunks: bytes) -> bytes:
    rows = zlib.compress(b"".join(b"\0" + b"\0\0\0" * 8 for _ in range(8)))
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def _boxes_in_boxes() -> bytes:
    data = b""
    for number in range(6_000):
        data = _box(b"meta" if number % 2 else b"moov", b"\0\0\0\0" + data)
    return _FILM + data


def _id3(frames: bytes) -> bytes:
    size = len(frames)
    return b"ID3\x04\0\0" + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + frames


def _zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def _directories() -> bytes:
    one = struct.pack("<H", 1) + struct.pack("<HHII", 270, 2, 4, 0x41414141)
    return b"II*\0\x08\0\0\0" + b"".join(one + struct.pack("<I", 8 + 18 * (at + 1)) for at in range(50_000))


_FILM = _box(b"ftyp", b"isom\0\0\0\0isom")
_SOUND = b"\xff\xfb\x90\0" * 200
_LAUGHS = b"".join(
    b'<!ENTITY a%d "%s">' % (number, b"&a%d;" % (number - 1) * 10 if number else b"lol") for number in range(12)
)
_FIELD = b'{"AIGC":{"Label":"1","ContentProducer":"\x1b[2J\xe2\x80\xae","ProduceID":"1"}}'
_WAV = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"

FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a label that commands a terminal": (
        "a.png",
        lambda: _png(_chunk(b"iTXt", b"AIGC\0\0\0\x1b]0;x\x07\0\xe2\x80\xae\0" + _FIELD)),
    ),
    "packed texts": ("a.png", lambda: _png(*[_chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(b"x" * 9_000_000))] * 30)),
    "labels without end": ("a.png", lambda: _png(*[_chunk(b"tEXt", b'AIGC\0{"Label":"1"}')] * 30_000)),
    "entities in entities": (
        "a.svg",
        lambda: b'<?xml version="1.0"?><!DOCTYPE svg [' + _LAUGHS + b"]><svg>&a11;</svg>",
    ),
    "groups in groups": ("a.svg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg">' + b"<g>" * 60_000),
    "attributes": (
        "a.svg",
        lambda: b"<svg " + b" ".join(b'a%d="x"' % number for number in range(60_000)) + b">AI</svg>",
    ),
    "a drawing of itself": (
        "a.svg",
        lambda: (
            b'<svg xmlns="http://www.w3.org/2000/svg" width="99999999" height="1e308"><g id="a"><use href="#a"/></g>'
            + b'<use href="#a"/>' * 20_000
            + b"<text font-size='1e308'>AI generated</text></svg>"
        ),
    ),
    "boxes in boxes": ("a.mp4", _boxes_in_boxes),
    "comments of a film": (
        "a.mp4",
        lambda: _FILM + _box(b"moov", _box(b"udta", _box(b"\xa9cmt", b"\0\4\0\0AIGC") * 60_000)),
    ),
    "a box beyond every size": ("a.mp4", lambda: _FILM + struct.pack(">I4sQ", 1, b"moov", 2**63 - 1) + b"x" * 99),
    "frames of a tag": ("a.mp3", lambda: _id3((b"TXXX\0\0\0\x0e\0\0\3A\0" + b'{"Label":"1"'[:11]) * 40_000) + _SOUND),
    "a chain of tags": ("a.mp3", lambda: _id3(bytes(10)) * 40_000 + _SOUND),
    "names that lead out": (
        "a.epub",
        lambda: _zip(
            {"mimetype": b"application/epub+zip"} | {f"../../{at}\x1b[2J.xhtml": b"AI" for at in range(9_000)}
        ),
    ),
    "packed documents": (
        "a.docx",
        lambda: _zip(
            {"[Content_Types].xml": b"<Types/>"} | {f"word/{at}.xml": b"<w>" + bytes(4_000_000) for at in range(40)}
        ),
    ),
    "comments of a picture": (
        "a.gif",
        lambda: b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + (b"\x21\xfe\xff" + b"A" * 255 + b"\0") * 5_000 + b";",
    ),
    "a directory of itself": (
        "a.tiff",
        lambda: b"II*\0\x08\0\0\0" + struct.pack("<HHHIIHHIII", 2, 270, 2, 2**32 - 1, 8, 0x8769, 4, 1, 8, 8),
    ),
    "a chain of directories": ("a.tiff", _directories),
    "a comment of four gigabytes": (
        "a.flac",
        lambda: b"fLaC\0\0\0\x22" + bytes(34) + b"\x84\xff\xff\xff\0\0\0\0\xff\xff\xff\xff" + b"\4\0\0\0AIGC" * 60_000,
    ),
    "pages that break off": (
        "a.ogg",
        lambda: b"OggS\0\2" + bytes(20) + b"\1\x1e\1vorbis" + bytes(23) + (b"OggS" + bytes(22) + b"\xff" * 99) * 2_000,
    ),
    "elements that stay open": ("a.html", lambda: b"<!doctype html>" + b'<div style="display:none">' * 60_000 + b"AI"),
    "labels of a page": (
        "a.html",
        lambda: b"<!doctype html>" + b'<meta name="AIGC" content="{}">' * 60_000 + b"<meta " * 9_000,
    ),
    "objects in objects": ("a.json", lambda: b'{"AIGC":' * 200_000 + b"1" + b"}" * 200_000),
    "one field again and again": ("a.json", lambda: b"[" + b'{"AIGC":{"Label":"1"}},' * 60_000 + b"1]"),
    "packets that do not fit": (
        "a.jpg",
        lambda: (
            b"\xff\xd8" + (b"\xff\xe1\0\x4bhttp://ns.adobe.com/xmp/extension/\0" + b"A" * 38) * 25_000 + b"\xff\xd9"
        ),
    ),
    "chunks of a sound": ("a.wav", lambda: _WAV + b"LIST\x0c\0\0\0INFOICMT\0\0\0\0" * 40_000 + b"data\xff\xff\xff\xff"),
    "objects that refer to themselves": (
        "a.pdf",
        lambda: (
            b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]/Metadata 1 0 R>>endobj\nxref\n0 1\n"
            b"0000000000 65535 f \ntrailer<</Size 1/Root 1 0 R/Prev 9/Info 1 0 R>>\nstartxref\n9\n%%EOF"
        ),
    ),
    "a head of one key": (
        "a.md",
        lambda: b"---\n" + b'AIGC: {"Label":"1"}\n' * 30_000 + b"a: &a [*a]\n---\n" + b"```\n" * 30_001,
    ),
    "packets of a picture": (
        "a.webp",
        lambda: b"RIFF\xff\xff\xff\x7fWEBPVP8X\x0a\0\0\0\x04\0\0\0" + b"\xff" * 6 + b"XMP \4\0\0\0<a/>" * 40_000,
    ),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.costly
def test_a_file_of_a_stranger_is_read_within_bounds(name: str, tmp_path: Path) -> None:
    file, make = FILES[name]
    path = tmp_path / file
    path.write_bytes(make())
    for words in (
        ("read",),
        ("judge",),
        ("write", "--out", tmp_path / "out", "--force", "--producer", "x", "--id", "1"),
    ):
        began = time.process_time()
        done = shenhe("label", words[0], path, *words[1:])
        assert time.process_time() - began < 4
        assert done.exit_code in {0, 1, 2, 3}
        assert not [char for char in UNSEEN.findall(done.output) if char not in "\n\t"], ascii(done.output[:500])
        assert not _PYTHON.search(done.output), done.output[:2000]
        assert len(done.output) < 60_000
    assert {each.name for each in tmp_path.iterdir()} <= {file, "out"}
