"""Metadata that JPEG XL files keep compressed by Brotli."""

from __future__ import annotations

import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenhe.labels.bytes.brotli import BrotliError, decompress
from shenhe.labels.read import read_labels
from shenhe.labels.write import LabelWriteError, write_label

brotli = pytest.importorskip("brotli")

FIELD = '{"Label":"1","ContentProducer":"a","ProduceID":"b"}'
PLAIN = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/">'
    "<dc:rights>kept</dc:rights>{label}</rdf:Description></rdf:RDF></x:xmpmeta>"
)
LABEL = "<TC260:AIGC>" + FIELD.replace('"', "&quot;") + "</TC260:AIGC>"
FIELDS = {"Label": "1", "ContentProducer": "a", "ProduceID": "b"}


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def picture(kind: bytes, content: bytes) -> bytes:
    head = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return head + box(b"brob", kind + content) + box(b"jxlc", b"\xff\x0a" + bytes(20))


def test_compressed_xmp_is_read() -> None:
    [label] = read_labels(picture(b"xml ", brotli.compress(PLAIN.format(label=LABEL).encode()))).labels
    assert label.carrier.startswith("jxl:brob/xml")


def test_compressed_exif_is_read() -> None:
    text = b'{"AIGC":' + FIELD.encode() + b"}\0"
    tiff = b"II*\0" + struct.pack("<IHHHII", 8, 1, 0x10E, 2, len(text), 26) + bytes(4) + text
    [label] = read_labels(picture(b"Exif", brotli.compress(bytes(4) + tiff))).labels
    assert label.carrier == "jxl:brob/Exif/ImageDescription"


def test_a_label_is_written_beside_compressed_properties() -> None:
    before = picture(b"xml ", brotli.compress(PLAIN.format(label="").encode()))
    after = write_label(before, FIELDS)
    [label] = read_labels(after).labels
    assert label.fields["ProduceID"] == "b"
    assert b"<dc:rights>kept</dc:rights>" in after
    assert b"brob" not in after


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xff\xff", "broken"),
        (brotli.compress(PLAIN.encode())[:-4], "too early"),
        (brotli.compress(bytes(40_000_000), quality=1), "grows beyond"),
    ],
)
def test_a_stream_that_cannot_be_trusted_is_refused(content: bytes, why: str) -> None:
    data = picture(b"xml ", content)
    result = read_labels(data)
    assert [why in refusal.why for refusal in result.refused if refusal.what == "jxl:brob"] == [True]
    with pytest.raises(LabelWriteError, match=why):
        write_label(data, FIELDS)


def test_without_the_library_the_file_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    result = read_labels(picture(b"xml ", brotli.compress(PLAIN.format(label=LABEL).encode())))
    assert not result.labels
    assert "shenhe[media]" in result.refused[0].why


@given(st.binary(max_size=300), st.integers(0, 400))
def test_whole_streams_within_the_limit_come_back(content: bytes, limit: int) -> None:
    stream = brotli.compress(content)
    if len(content) <= limit:
        assert decompress(stream, limit) == content
    else:
        with pytest.raises(BrotliError, match="beyond"):
            decompress(stream, limit)
