"""Labels in pictures with minimized metadata (the box `mini` of HEIF and AVIF)."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenhe.labels.read import read_labels
from shenhe.labels.write import LabelWriteError, write_label

FIELD = '{"Label":"1","ContentProducer":"a","ProduceID":"b"}'
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"><TC260:AIGC>'
    + FIELD.replace('"', "&quot;")
    + "</TC260:AIGC></rdf:Description></rdf:RDF></x:xmpmeta>"
).encode()
_TEXT = b'{"AIGC":' + FIELD.encode() + b"}\0"
EXIF = b"II*\0" + struct.pack("<IHHHII", 8, 1, 0x10E, 2, len(_TEXT), 26) + bytes(4) + _TEXT


class Packer:
    """Writes the packed part bit by bit, as the tables of the standard list it."""

    def __init__(self) -> None:
        self.bits = ""

    def put(self, value: int, count: int) -> None:
        self.bits += format(value, f"0{count}b")

    def packed(self) -> bytes:
        bits = self.bits + "0" * (-len(self.bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")


def light(to: Packer, present: int) -> None:
    """Light properties: six flags, then the bytes that each brings."""
    to.put(present, 6)
    for place, size in enumerate((32, 192)):
        if present >> (5 - place) & 1:
            to.put(0, size)
    if present >> 3 & 1:
        to.put(0b00010000, 8)  # primaries absent, one luminance present
        to.put(7, 32)
    for place, size in ((2, 64), (1, 128), (0, 32)):
        if present >> place & 1:
            to.put(0, size)


def picture(
    *,
    exif: bytes = b"",
    xmp: bytes = b"",
    icc: int = 0,
    alpha: bool = False,
    subsampling: int = 1,
    big: bool = False,
    gain_map: bool = False,
    lights: int = -1,
    cicp: bool = False,
    codecs: bool = False,
    deep: bool = False,
    large_flags: bool = True,
    compression: bool = True,
    compressed: bool = False,
    brand: bytes = b"avif",
) -> bytes:
    to = Packer()

    def size_flag(large: bool) -> None:
        to.put(int(large is large_flags), 1)

    hdr = gain_map or lights >= 0
    to.put(0, 2)
    for flag in (codecs, False, True, alpha, cicp, hdr, bool(icc), bool(exif), bool(xmp)):
        to.put(int(flag), 1)
    to.put(subsampling, 2)
    to.put(0, 3)
    size_flag(big)
    side = 15 if big else 7
    to.put(99, side)
    to.put(59, side)
    if subsampling in (1, 2):
        to.put(0, 3 - subsampling)
    to.put(int(deep), 1)
    if deep:
        to.put(1, 3)
    if alpha:
        to.put(1, 1)
    if cicp:
        to.put(1, 24 if subsampling else 16)
    if codecs:
        to.put(int.from_bytes(b"av01av1C", "big"), 64)
    if hdr:
        to.put(int(gain_map), 1)
        if gain_map:
            to.put(9, side)
            to.put(9, side)
            to.put(6, 8)
            to.put(1, 1)
            to.put(0, 2)
            to.put(0, 2)  # no floating point, 8 bits
            to.put(1, 1)  # a second profile
            to.put(1, 1)
            to.put(0, 25)
        light(to, max(lights, 0))
        if gain_map:
            light(to, 0b010000)
    if icc or exif or xmp or gain_map:
        size_flag(True)
    size_flag(False)
    size_flag(True)
    metadata, config, item = 20, 3, 28
    chunks = [b"\x81\0\x0c\0"]  # the configuration of the codec
    if icc:
        to.put(icc - 1, metadata)
        chunks.append(bytes(icc))
    if gain_map:
        to.put(10 - 1, metadata)
        to.put(12, metadata)
        to.put(31, item)
        to.put(0, config)
        chunks += [bytes(10), bytes(12), b"g" * 31]
    to.put(4, config)
    to.put(50 - 1, item)
    chunks.append(b"p" * 50)
    if alpha:
        to.put(21, item)
        to.put(4, config)
        chunks += [b"\x81\0\x0c\0", b"a" * 21]
    if compression and (exif or xmp):
        to.put(int(compressed), 1)
    if exif:
        to.put(len(exif) - 1, metadata)
    if xmp:
        to.put(len(xmp) - 1, metadata)
    body = to.packed() + b"".join(chunks) + exif + xmp
    return struct.pack(">I", 16) + b"ftypmif3" + brand + struct.pack(">I", 8 + len(body)) + b"mini" + body


options = st.fixed_dictionaries(
    {
        "icc": st.sampled_from([0, 1, 700]),
        "alpha": st.booleans(),
        "subsampling": st.integers(0, 3),
        "big": st.booleans(),
        "gain_map": st.booleans(),
        "lights": st.integers(-1, 63),
        "cicp": st.booleans(),
        "codecs": st.booleans(),
        "deep": st.booleans(),
        "large_flags": st.booleans(),
        "compression": st.booleans(),
    }
)


@given(options, st.sampled_from(["xmp", "exif", "both"]))
def test_labels_are_read_whatever_the_box_holds(options: dict[str, bool | int], place: str) -> None:
    data = picture(
        exif=EXIF if place != "xmp" else b"",
        xmp=XMP if place != "exif" else b"",
        **options,  # type: ignore[arg-type]
    )
    carriers = {label.carrier for label in read_labels(data).labels}
    expected = {"xmp": ["XMP"], "exif": ["Exif"], "both": ["Exif", "XMP"]}[place]
    assert {carrier.split("/")[1] for carrier in carriers} == set(expected)


@given(options)
def test_a_picture_without_metadata_has_no_label_and_is_understood(options: dict[str, bool | int]) -> None:
    result = read_labels(picture(**options))  # type: ignore[arg-type]
    assert not result.labels
    assert not [refusal for refusal in result.refused if refusal.what == "heif:mini"]


def test_compressed_metadata_are_refused() -> None:
    result = read_labels(picture(xmp=XMP, compressed=True))
    assert not result.labels
    assert [refusal.why for refusal in result.refused] == [
        "compressed Exif and XMP in minimized metadata (mini) are not read"
    ]


@given(st.integers(0, 400))
def test_a_box_cut_short_is_refused_or_cut_never_empty(cut: int) -> None:
    data = picture(xmp=XMP)
    result = read_labels(data[: len(data) - 1 - cut])
    assert not result.labels
    assert result.refused or result.cut_short


#: Made with libavif 1.4.2 (`AVIF_HEADER_MINI`) from a made picture of 8 by 8 and XMP.
BY_LIBAVIF = base64.b64decode(
    "AAAAEGZ0eXBtaWYzYXZpZgAAAahtaW5pCigHD4CAgIQAbFYAgQAMABIACgUYCL9gQjIsF8AJJJJEAAI01GbqCxwKXiQWJrwSD8p+"
    "2EBFcsOQ+4jjgh2X8Gy+pQzhJRw8eDp4bXBtZXRhIHhtbG5zOng9ImFkb2JlOm5zOm1ldGEvIj48cmRmOlJERiB4bWxuczpyZGY9"
    "Imh0dHA6Ly93d3cudzMub3JnLzE5OTkvMDIvMjItcmRmLXN5bnRheC1ucyMiPjxyZGY6RGVzY3JpcHRpb24geG1sbnM6VEMyNjA9"
    "Imh0dHA6Ly93d3cudGMyNjAub3JnLmNuL25zL0FJR0MvMS4wLyI+PFRDMjYwOkFJR0M+eyZxdW90O0xhYmVsJnF1b3Q7OiZxdW90"
    "OzEmcXVvdDssJnF1b3Q7Q29udGVudFByb2R1Y2VyJnF1b3Q7OiZxdW90O2EmcXVvdDssJnF1b3Q7UHJvZHVjZUlEJnF1b3Q7OiZx"
    "dW90O2ImcXVvdDt9PC9UQzI2MDpBSUdDPjwvcmRmOkRlc2NyaXB0aW9uPjwvcmRmOlJERj48L3g6eG1wbWV0YT4="
)


def test_a_file_of_the_reference_encoder_is_read() -> None:
    [label] = read_labels(BY_LIBAVIF).labels
    assert label.carrier.startswith("heif:mini/XMP")


def test_nothing_is_written_into_a_minimized_picture() -> None:
    with pytest.raises(LabelWriteError, match="mini"):
        write_label(picture(), {"Label": "1", "ContentProducer": "a", "ProduceID": "b"})
