"""Forms of files that were met in other projects' test suites, made small."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from shenhe.labels import LabelWriteError, read_labels, write_label
from shenhe.labels.record import media_type_of

from .. import media


def _one_label(data: bytes, media_type: str | None = None) -> None:
    labels = read_labels(data, media_type=media_type)
    assert [dict(label.fields) for label in labels.aigc] == [media.FIELDS.as_dict()]
    assert labels.aigc[0].conformant


def _document() -> bytes:
    """A DOCX as other tools write it: attributes of zero, sizes behind the content, extra fields."""
    stream = io.BytesIO()
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'
    relations = (
        '<pr:Relationships xmlns:pr="http://schemas.openxmlformats.org/package/2006/relationships"></pr:Relationships>'
    )
    with zipfile.ZipFile(stream, "w") as package:
        for name, text in (
            ("[Content_Types].xml", types),
            ("_rels/.rels", relations),
            ("word/document.xml", "<w/>" * 300),
        ):
            info = zipfile.ZipInfo(name, (2019, 5, 6, 7, 8, 10))
            info.compress_type, info.extra = zipfile.ZIP_DEFLATED, b"\xfe\xca\x02\x00ab"
            with package.open(info, "w", force_zip64=True) as entry:
                entry.write(text.encode())
            info.external_attr = info.create_system = 0
    return stream.getvalue()


def _packed(data: bytes, info: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry as they lie in the file."""
    name, extra = struct.unpack_from("<2H", data, info.header_offset + 26)
    start = info.header_offset + 30 + name + extra
    return data[start : start + info.compress_size]


def test_entries_of_a_package_are_copied_unchanged() -> None:
    before = _document()
    after = write_label(before, media.FIELDS)
    _one_label(after)
    with zipfile.ZipFile(io.BytesIO(before)) as old, zipfile.ZipFile(io.BytesIO(after)) as new:
        assert new.testzip() is None
        was, now = old.getinfo("word/document.xml"), new.getinfo("word/document.xml")
        assert _packed(before, was) == _packed(after, now)
        assert (now.external_attr, now.create_system, now.date_time) == (0, 0, was.date_time)
        assert b"\xfe\xca\x02\x00ab" in now.extra
        # The new element is in the namespace of the document that it joins, whose elements have a prefix.
        assert b'<Relationship xmlns="http://schemas.openxmlformats.org/package/2006/relationships"' in new.read(
            "_rels/.rels"
        )


def _pdf(*, information: bool) -> bytes:
    """A page with a size that is no whole number and resources that are objects of their own."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.2800 841.89] /Contents 4 0 R /Resources 5 0 R >>",
        b"<< /Length 8 >>\nstream\n0 0 m  f\nendstream",
        b"<< /ProcSet [/PDF /Text] >>",
        *([b"<< /Title (kept) >>"] if information else []),
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    more = b" /Info 6 0 R" if information else b""
    out += b"trailer\n<< /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, more, at)
    return bytes(out)


@pytest.mark.parametrize("information", [True, False])
def test_a_pdf_gains_one_object_and_keeps_every_byte(information: bool) -> None:
    pytest.importorskip("pypdf")
    before = _pdf(information=information)
    after = write_label(before, media.FIELDS)
    _one_label(after)
    assert after.startswith(before)
    added = after[len(before) :]
    assert added.count(b" obj\n") == 1
    assert (b"kept" in added) == information


def test_a_list_of_names_in_an_apple_film_is_joined() -> None:
    apple = media.box(
        b"meta",
        media.handler(b"mdta"),
        media.box(b"keys", b"\0\0\0\0\0\0\0\1", media.box(b"mdta", b"com.apple.quicktime.make")),
        media.box(b"ilst", media.box(b"\0\0\0\1", media.data_box("Apple"))),
    )
    after = write_label(media.movie(apple, brand=b"qt  "), media.FIELDS)
    label = read_labels(after).aigc[0]
    assert (label.carrier, label.strict) == ("mp4:moov.meta/keys", True)
    assert after.count(b"keys") == 1


def test_a_new_tag_keeps_the_content_of_the_old_one() -> None:
    sound = b"\xff\xfb\x90\x00" + b"\0" * 413
    old = struct.pack("<3s30s30s30s4s28sBBB", b"TAG", b"Song", b"Band", b"Album", b"2004", b"fine", 0, 7, 17)
    after = write_label(sound * 3 + old, media.FIELDS)
    _one_label(after)
    assert after.endswith(sound * 3 + old)
    for frame in (
        b"TIT2\0\0\0\5\0\0\0Song",
        b"TPE1\0\0\0\5\0\0\0Band",
        b"TRCK\0\0\0\2\0\0\0007",
        b"TCON\0\0\0\5\0\0\0(17)",
    ):
        assert frame in after


def test_sound_that_is_empty_is_refused() -> None:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", 0)
    with pytest.raises(LabelWriteError, match="no sound"):
        write_label(b"RIFF" + struct.pack("<I", len(body)) + body, media.FIELDS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.yaml", "---\nname: a\n"),
        ("index.ts", "export const a = 1\n"),
        ("setup.cfg", "[metadata]\nname = a\n"),
        ("Makefile", "all:\n\techo\n"),
        ("CMakeLists.txt", "project(a)\n"),
        (".gitignore", "*.pyc\n"),
        ("run", "#!/bin/sh\necho\n"),
        ("feed.rss", '<?xml version="1.0"?><rss><item>&lt;html&gt; <html></html></item></rss>'),
    ],
)
def test_text_for_programs_is_refused(name: str, text: str) -> None:
    with pytest.raises(LabelWriteError, match="no label written into this (text/x-structured|application/xml) file"):
        write_label(text.encode(), media.FIELDS, media_type=media_type_of(Path(name)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README", "Read me.\n"),
        ("notes.log", "a\n"),
        ("page.mdx", "# A\n"),
        ("book.ipynb", '{"cells": []}'),
        ("short.html", "<!doctype html>\n<title>a</title><p>b"),
        ("old.html", "<!-- <head></head> -->\n<!DOCTYPE html><html><head><title>a</title></head></html>"),
    ],
)
def test_text_for_people_takes_the_label(name: str, text: str) -> None:
    media_type = media_type_of(Path(name))
    after = write_label(text.encode(), media.FIELDS, media_type=media_type)
    _one_label(after, media_type)


def test_an_unknown_file_extension_is_not_evidence() -> None:
    notes = read_labels(media.picture("PNG"), media_type=media_type_of(Path("a.jpg"))).notes
    assert not any("declared" in note for note in notes)


def _photograph(colour: int) -> Image.Image:
    return Image.effect_mandelbrot((320, 240), (-2, -1, 1, 1), 30).convert("RGB").point(lambda v: (v + colour) % 256)


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def test_a_jpeg_from_photoshop_takes_a_visible_label() -> None:
    data = _saved(_photograph(0), "JPEG")
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01"
    after = write_label(data[:2] + adobe + data[2:], None, explicit=True)
    with Image.open(io.BytesIO(after)) as drawn:
        assert drawn.mode == "RGB"
        drawn.load()


@pytest.mark.parametrize("explicit", [False, True])
def test_further_pictures_in_a_jpeg_are_found_where_the_index_says(explicit: bool) -> None:
    before = _saved(_photograph(0), "MPO", save_all=True, append_images=[_photograph(90), _photograph(160)])
    after = write_label(before, media.FIELDS, explicit=explicit)
    assert after != before
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert (new.n_frames, new.format) == (3, "MPO")
        for number in (1, 2):
            old.seek(number)
            new.seek(number)
            assert old.tobytes() == new.tobytes()


@pytest.mark.parametrize(("disposal", "blend"), [(0, 1), (1, 0), (2, 1), (1, 1)])
@pytest.mark.parametrize("default_image", [False, True])
def test_an_animated_png_keeps_its_frames_and_their_lengths(disposal: int, blend: int, default_image: bool) -> None:
    frames = [_photograph(level).convert("RGBA") for level in (0, 40, 80)]
    for number, frame in enumerate(frames):
        frame.putalpha(80 * (number + 1))
    lengths = [70, 130, 100]
    options = {"duration": lengths[default_image:], "disposal": disposal, "blend": blend, "loop": 3}
    before = _saved(frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=default_image, **options)
    after = write_label(before, None, explicit=True)
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert (new.n_frames, new.info["loop"]) == (old.n_frames, 3)
        for number in range(new.n_frames):
            old.seek(number)
            new.seek(number)
            assert new.info.get("duration") == old.info.get("duration")
            corner = (0, 0, 200, 120)
            assert new.convert("RGBA").crop(corner).tobytes() == old.convert("RGBA").crop(corner).tobytes()
            assert new.convert("RGBA").tobytes() != old.convert("RGBA").tobytes()


@pytest.mark.parametrize("behind", [b"\0", b"ab", b"a film that a camera put here"])
def test_bytes_behind_a_jpeg_stay(behind: bytes) -> None:
    after = write_label(_saved(_photograph(0), "JPEG") + behind, None, explicit=True)
    assert after.endswith(b"\xff\xd9" + behind)


@pytest.mark.parametrize(
    "start",
    ["<!DOCTYPE html>" + "\n" * 4000, "<?xml ?>" * 500, "<!---->" * 580, "<!--" * 1000, "<" + " " * 4000, "<a:" * 1300],
)
def test_the_kind_of_a_text_is_told_in_bounded_time(start: str) -> None:
    seconds = []
    for _ in range(3):  # the first may import a reader, and any may be disturbed
        began = time.process_time()
        read_labels(start.encode())
        seconds.append(time.process_time() - began)
    assert min(seconds) < 0.5
