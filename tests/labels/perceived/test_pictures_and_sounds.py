"""PNG, JPEG and WAV: every place a label may stand, and writing that another reader understands."""

from __future__ import annotations

import io
import struct
import wave
import zlib

import pytest
from PIL import Image

from shenhe.labels import Deviation, LabelWriteError, Limits, read_labels, write_label
from shenhe.labels.model import Label

from .. import media

D = Deviation


def only(data: bytes, **options: object) -> Label:
    labels = read_labels(data, **options)  # type: ignore[arg-type]
    assert len(labels.labels) == 1, labels
    assert labels.labels[0].span is not None
    return labels.labels[0]


CASES = {
    "png:iTXt/xmp": (media.png_itxt(media.xmp_element()), set()),
    "png:iTXt compressed": (media.png_itxt(media.xmp_element(), compressed=True), set()),
    "png:iTXt attribute": (media.png_itxt(media.xmp_attribute()), {D.ATTRIBUTE_FORM}),
    "png:tEXt bare": (media.png_with((b"tEXt", b"AIGC\0" + media.VALUE.encode())), set()),
    "png:tEXt wrapped": (media.png_with((b"tEXt", b"AIGC\0" + media.WRAPPED.encode())), {D.WRAPPED}),
    "png:tEXt lower": (media.png_with((b"tEXt", b"aigc\0" + media.VALUE.encode())), {D.FIELD_NAME_CASE}),
    "png:zTXt": (media.png_with((b"zTXt", b"AIGC\0\0" + zlib.compress(media.VALUE.encode()))), set()),
    "png:iTXt plain": (media.png_with((b"iTXt", b"AIGC\0\0\0\0\0" + media.VALUE.encode())), set()),
    "png:eXIf": (
        media.png_with((b"eXIf", media.exif_block({}, b"ASCII\0\0\0" + media.WRAPPED.encode()))),
        set(),
    ),
    "jpeg:APP1/xmp": (media.jpeg_xmp(media.xmp_element()), set()),
    "jpeg user comment ascii": (
        media.jpeg_exif(tags={}, user_comment=b"ASCII\0\0\0" + media.WRAPPED.encode()),
        set(),
    ),
    "jpeg user comment utf-16": (
        media.jpeg_exif(tags={}, user_comment=b"UNICODE\0" + media.WRAPPED.encode("utf-16-be"), order=">"),
        set(),
    ),
    "jpeg user comment undefined charset": (
        media.jpeg_exif(tags={}, user_comment=b"\0" * 8 + media.WRAPPED.encode(), order=">"),
        set(),
    ),
    "jpeg user comment bare": (
        media.jpeg_exif(tags={}, user_comment=b"ASCII\0\0\0" + media.VALUE.encode()),
        {D.NOT_WRAPPED},
    ),
    "jpeg image description": (media.jpeg_exif(tags={0x010E: (2, media.WRAPPED.encode() + b"\0")}), set()),
    "jpeg bare segment": (media.jpeg_with((0xEB, b"AIGC" + media.VALUE.encode())), {D.UNUSUAL_PLACE}),
    "wav:AIGC": (media.wav_with((b"AIGC", media.VALUE.encode())), set()),
    "wav:LIST": (
        media.wav_with((b"LIST", b"INFO" + media.riff_chunk(b"AIGC", media.VALUE.encode()))),
        {D.UNUSUAL_PLACE},
    ),
    "wrong namespace": (
        media.png_itxt(media.xmp_element().replace(media.NAMESPACE.encode(), b"http://example.org/")),
        {D.NAMESPACE},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_place_is_read_with_its_departures(case: str) -> None:
    data, expected = CASES[case]
    label = only(data)
    assert label.fields["ContentProducer"] == media.CODE
    assert set(label.deviations) == expected
    start, end = label.span or (0, 0)
    assert 0 < start < end <= len(data)


def test_a_structure_in_xmp_is_read_and_named() -> None:
    inner = "".join(f"<TC260:{k}>{v}</TC260:{k}>" for k, v in media.FIELDS.as_dict().items())
    label = only(media.png_itxt(media.xmp_packet(f'<TC260:AIGC rdf:parseType="Resource">{inner}</TC260:AIGC>')))
    assert label.fields["Label"] == "1"
    assert D.STRUCTURED_FORM in label.deviations
    assert not label.conformant


def test_broken_xml_is_read_as_far_as_it_goes() -> None:
    label = only(media.png_itxt(media.xmp_element().replace(b"</x:xmpmeta>", b"")))
    assert label.deviations == (D.MALFORMED_XML,)
    assert label.fields["ProduceID"] == "a-1"


def test_extended_xmp_is_joined_from_its_pieces() -> None:
    packet = media.xmp_packet(
        f"<TC260:AIGC>{media.VALUE.replace(chr(34), '&quot;')}</TC260:AIGC>" + "<!--" + "x" * 500 + "-->"
    )
    half = len(packet) // 2
    mark = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32
    pieces = [
        (0xE1, mark + struct.pack(">II", len(packet), at) + part)
        for at, part in ((half, packet[half:]), (0, packet[:half]))
    ]
    assert only(media.jpeg_with(*pieces)).carrier == "jpeg:APP1/extended/xmp"
    broken = read_labels(media.jpeg_with(pieces[0]))
    assert not broken.labels
    assert "missing" in broken.refused[0].why


def test_two_labels_in_one_file_both_fail() -> None:
    data = media.png_with(
        (b"tEXt", b"AIGC\0" + media.VALUE.encode()),
        (b"zTXt", b"AIGC\0\0" + zlib.compress(media.VALUE.encode())),
    )
    labels = read_labels(data).aigc
    assert len(labels) == 2
    assert all(label.deviations == (D.TWO_LABELS,) and not label.conformant for label in labels)


def test_iptc_source_type_is_a_label_of_its_own_scheme() -> None:
    term = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    for packet in (
        media.xmp_packet("", f'Iptc4xmpExt:DigitalSourceType="{term}"'),
        media.xmp_packet(f"<Iptc4xmpExt:DigitalSourceType>{term}</Iptc4xmpExt:DigitalSourceType>"),
        media.xmp_packet(f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{term}"/>'),
    ):
        labels = read_labels(media.png_itxt(packet))
        assert [label.scheme for label in labels.implicit] == ["iptc"]
        assert labels.aigc == ()
    camera = media.xmp_packet(
        "", f'Iptc4xmpExt:DigitalSourceType="{term.replace("trainedAlgorithmicMedia", "digitalCapture")}"'
    )
    assert not read_labels(media.png_itxt(camera)).labels


def test_generator_parameters_are_noted_and_no_label() -> None:
    labels = read_labels(media.png_with((b"tEXt", b"parameters\0a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7")))
    assert not labels
    assert "Stable Diffusion web UI" in labels.notes[0]


@pytest.mark.parametrize(
    ("original", "carrier"),
    [
        (media.picture("PNG"), "png:iTXt/xmp"),
        (media.png_itxt(media.xmp_packet("<dc:x xmlns:dc='urn:d'>kept</dc:x>")), "png:iTXt/xmp"),
        (
            media.png_itxt(media.xmp_packet("<dc:x xmlns:dc='urn:d'>kept</dc:x>"), compressed=True),
            "png:iTXt/xmp",
        ),
        (media.picture("JPEG"), "jpeg:APP1/xmp"),
        (media.jpeg_xmp(media.xmp_packet("<dc:x xmlns:dc='urn:d'>kept</dc:x>")), "jpeg:APP1/xmp"),
        (media.jpeg_exif(tags={0x010E: (2, b"a cat\0")}), "jpeg:APP1/xmp"),
    ],
)
def test_written_labels_are_found_and_change_no_pixel(original: bytes, carrier: str) -> None:
    labelled = write_label(original, media.FIELDS)
    label = only(labelled)
    assert label.carrier == carrier
    assert label.conformant
    assert label.strict
    assert label.fields == media.FIELDS.as_dict()
    before, after = Image.open(io.BytesIO(original)), Image.open(io.BytesIO(labelled))
    assert before.tobytes() == after.tobytes()
    assert media.VALUE.encode() in (after.info.get("xmp") or after.info.get("XML:com.adobe.xmp", "").encode())
    if b"kept" in original:
        assert b"kept" in labelled
    if b"a cat" in original:
        assert b"a cat" in labelled


def test_labels_written_into_wav_are_found_and_change_no_sample() -> None:
    original = media.sound(0.1001)
    labelled = write_label(original, media.FIELDS)
    label = only(labelled)
    assert (label.carrier, label.raw) == ("wav:AIGC", media.VALUE)
    with wave.open(io.BytesIO(original)) as before, wave.open(io.BytesIO(labelled)) as after:
        assert before.readframes(10_000) == after.readframes(10_000)


def test_a_second_label_is_refused() -> None:
    for original in (media.picture("PNG"), media.picture("JPEG"), media.sound()):
        labelled = write_label(original, media.FIELDS)
        with pytest.raises(LabelWriteError, match="only one"):
            write_label(labelled, media.FIELDS)


def test_limits_refuse_in_words() -> None:
    bomb = media.png_with((b"zTXt", b"AIGC\0\0" + zlib.compress(b"{" * 50_000_000, 9)))
    assert "inflates to more" in read_labels(bomb).refused[0].why
    big = media.png_with((b"tEXt", b"AIGC\0" + b" " * 2_000_000))
    assert "larger than" in read_labels(big).refused[0].why
    many = media.png_with(*[(b"tEXt", b"a\0b")] * 30)
    assert "more than 20 parts" in read_labels(many, limits=Limits(parts=20)).refused[0].why
    assert "allowed" in read_labels(b"x" * 11, limits=Limits(file_bytes=10)).refused[0].why
    doctype = b'<!DOCTYPE x [<!ENTITY a "AIGC">]>' + media.xmp_element()
    assert "DOCTYPE" in read_labels(media.png_itxt(doctype)).refused[0].why
    deep = media.xmp_packet("<a>" * 1000 + "AIGC" + "</a>" * 1000)
    assert "nested deeper" in read_labels(media.png_itxt(deep)).refused[0].why
