"""The field in parts of a file that have another purpose: titles, captions, rights, chapters."""

from __future__ import annotations

import io
import struct
import uuid
from xml.sax.saxutils import escape, quoteattr

import pytest
from PIL import Image, TiffImagePlugin

from shenhe.labels import Deviation, LabelWriteError, read_labels, write_label
from shenhe.labels.meaning.scattered import fields_written_out

from .. import media

TEXT = media.WRAPPED.encode()


def _photoshop(records: bytes) -> bytes:
    """Photoshop's image resources with IPTC records."""
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + b"\0" * (len(records) & 1)


def _caption(text: bytes) -> bytes:
    """IPTC's record of a caption."""
    return b"\x1c\x02\x00\0\2\0\4" + b"\x1c\x02\x78" + struct.pack(">H", len(text)) + text


def _tiff(tag: int, value: str | bytes) -> bytes:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    if isinstance(value, bytes):
        info.tagtype[tag] = 7
    info[tag] = value
    stream = io.BytesIO()
    Image.new("RGB", (16, 16)).save(stream, "TIFF", tiffinfo=info)
    return stream.getvalue()


def _xmp(inner: str, attributes: str = "") -> bytes:
    spaces = (
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    )
    return media.jpeg_xmp(media.xmp_packet(inner, f"{spaces} {attributes}"))


def _bag(name: str, kind: str) -> str:
    items = f'<rdf:li xml:lang="x-default">a</rdf:li><rdf:li xml:lang="zh">{escape(media.WRAPPED)}</rdf:li>'
    return f"<dc:creator>c</dc:creator><{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>"


def _chapter(title: bytes) -> bytes:
    """An ID3 chapter, whose title is a frame of its own."""
    inner = b"TIT2" + struct.pack(">I", len(title)) + b"\0\0" + title
    content = b"ch0\0" + struct.pack(">IIII", 0, 500, 0xFFFFFFFF, 0xFFFFFFFF) + inner
    return b"CHAP" + struct.pack(">I", len(content)) + b"\0\0" + content


def _frame(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">I", len(content)) + b"\0\0" + content


def _chapters(title: bytes) -> bytes:
    return media.box(b"chpl", b"\1\0\0\0\0\0\0\0\1", b"\0" * 8, bytes((len(title),)), title)


def _asf(text: str) -> bytes:
    """A header with one object of markers."""
    content = b"\0" * 24 + text.encode("utf-16-le") + b"\0\0"
    markers = uuid.UUID("F487CD01-A951-11CF-8EE6-00C00C205365").bytes_le
    inside = markers + struct.pack("<Q", len(content) + 24) + content
    head = uuid.UUID("75B22630-668E-11CF-A6D9-00AA0062CE6C").bytes_le
    return head + struct.pack("<QI", len(inside) + 30, 1) + b"\1\2" + inside


def _matroska(name: int, *parts: bytes) -> bytes:
    base = media.matroska()
    head = media.element(0x1A45DFA3, media.element(0x4282, b"matroska"))
    return head + media.element(0x18538067, media.element(name, *parts), base[len(head) + 12 :])


def _stream(name: bytes) -> bytes:
    """A transport stream whose first packets describe a service with a long name."""
    section = b"\0\x42\xf0\xff" + b"\0" * 12 + name + b"\0" * 4
    pieces = [section[at : at + 184].ljust(184, b"\xff") for at in range(0, len(section), 184)]
    packets = [bytes((0x47, 0x40 * (not n), 0x11, 0x10 | n)) + piece for n, piece in enumerate(pieces)]
    return b"".join(packets) + (b"\x47\x1f\xff\x10" + b"\xff" * 184) * 3


def _psd(records: bytes) -> bytes:
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + b"\0" * (len(records) & 1)
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 1, 4, 4, 8, 1) + b"\0" * 4
    return head + struct.pack(">I", len(resource)) + resource + b"\0" * 6 + bytes(16)


PLACES = {
    "IPTC caption of a JPEG": media.jpeg_with((0xED, _photoshop(_caption(TEXT)))),
    "IPTC records of a TIFF": _tiff(0x83BB, _caption(TEXT)),
    "name of a TIFF document": _tiff(0x010D, media.WRAPPED),
    "name of a TIFF page": _tiff(0x011D, media.WRAPPED),
    "IPTC records of a PSD": _psd(_caption(TEXT)),
    "XMP keywords": _xmp(_bag("dc:subject", "Bag")),
    "XMP rights": _xmp(_bag("dc:rights", "Alt")),
    "XMP keywords of a PDF": _xmp(f"<pdf:Keywords>{escape(media.WRAPPED)}</pdf:Keywords>"),
    "XMP attribute": _xmp("", f"xmp:Nickname={quoteattr(media.WRAPPED)}"),
    "title of an MP3": media.id3_tag(_frame(b"TIT2", b"\0" + TEXT)) + media.MP3_FRAME,
    "artist in UTF-16": media.id3_tag(_frame(b"TPE1", b"\1" + media.WRAPPED.encode("utf-16"))) + media.MP3_FRAME,
    "lyrics": media.id3_tag(_frame(b"USLT", b"\3eng\0" + TEXT)) + media.MP3_FRAME,
    "chapter of an MP3": media.id3_tag(_chapter(b"\3" + TEXT)) + media.MP3_FRAME,
    "title of a 3GPP film": media.movie(media.box(b"udta", media.box(b"titl", b"\0" * 4, b"\x55\xc4" + TEXT + b"\0"))),
    "name of a track": media.movie(media.box(b"trak", media.box(b"udta", media.box(b"name", TEXT)))),
    "chapters of an MP4": media.movie(media.box(b"udta", _chapters(TEXT))),
    "title of a Matroska film": _matroska(0x1549A966, media.element(0x7BA9, TEXT)),
    "chapters of a Matroska film": _matroska(0x1043A770, media.element(0x45B9, media.element(0x85, TEXT))),
    "description of a broadcast WAV": media.wav_with((b"bext", TEXT.ljust(602, b"\0"))),
    "markers of a WMV": _asf(media.WRAPPED),
    "comment of a JPEG 2000": media.picture("JPEG2000", comment=media.WRAPPED),
    "service of a transport stream": _stream(b"s" + TEXT),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_field_in_a_part_with_another_purpose_is_a_label_in_an_unusual_place(place: str) -> None:
    labels = read_labels(PLACES[place])
    assert [dict(label.fields) for label in labels.aigc] == [media.FIELDS.as_dict()]
    assert Deviation.UNUSUAL_PLACE in labels.aigc[0].deviations
    assert labels.aigc[0].raw == media.WRAPPED


def test_a_second_label_is_refused_beside_one_in_a_caption() -> None:
    with pytest.raises(LabelWriteError, match="already holds an implicit label"):
        write_label(PLACES["IPTC caption of a JPEG"], media.FIELDS)


def test_a_copy_of_a_label_in_a_caption_is_no_second_label() -> None:
    description = (0xE1, b"Exif\0\0" + media.exif_block({0x010E: (2, TEXT + b"\0")}))
    labels = read_labels(media.jpeg_with(description, (0xED, _photoshop(_caption(TEXT)))))
    assert [label.carrier for label in labels.aigc] == ["jpeg:APP1/exif/ImageDescription"]


@pytest.mark.parametrize("form", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("value", [media.VALUE, media.WRAPPED, '{ "AIGC" : ' + media.VALUE + " }"])
def test_field_is_cut_out_at_its_braces(form: str, value: str) -> None:
    before, behind = "标题 {x} ".encode(form), " } 尾".encode(form)
    whole = before + value.encode(form) + behind
    ((text, start, end),) = fields_written_out(whole)
    assert text == value
    # Letters of one byte order read as those of the other from one byte on.
    assert abs(start - len(before)) <= 1
    assert abs(end - start - len(value.encode(form))) <= 1


def test_words_about_the_field_are_no_label() -> None:
    for words in (b"The key ContentProducer names the provider of a service.", b"{ContentProducer} is a placeholder."):
        labels = read_labels(media.jpeg_with((0xED, _photoshop(_caption(words)))))
        assert not labels.aigc


def test_a_text_that_many_entries_name_is_searched_within_limits() -> None:
    count, size = 2_000, 60_000
    rows = b"".join(struct.pack("<HHII", 0x8000 + number, 2, size, 8) for number in range(count))
    whole = b"II*\0" + struct.pack("<I", 8 + size) + b"a" * size + struct.pack("<H", count) + rows + b"\0" * 4
    labels = read_labels(whole)
    assert "bytes of metadata values" in labels.refused[0].why
