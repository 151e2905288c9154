"""Every form of the value in every carrier: a few hundred files, each read with the departures its value has."""

from __future__ import annotations

import html
import json
import zlib
from collections.abc import Callable

import pytest

from shenhe.labels import Deviation, read_labels
from shenhe.labels.meaning.aigc import parse

from .. import fuzz, media
from ..meaning.test_field import GOOD, with_key, without

CARRIERS: dict[str, Callable[[str], bytes]] = {
    "png xmp": lambda value: media.png_itxt(media.xmp_element(value)),
    "png compressed xmp": lambda value: media.png_itxt(media.xmp_element(value), compressed=True),
    "png text": lambda value: media.png_with((b"tEXt", b"AIGC\0" + value.encode())),
    "png compressed text": lambda value: media.png_with((b"zTXt", b"AIGC\0\0" + zlib.compress(value.encode()))),
    "jpeg xmp": lambda value: media.jpeg_xmp(media.xmp_element(value)),
    "webp": lambda value: media.picture("WEBP", xmp=media.xmp_element(value)),
    "gif": lambda value: media.gif_with(
        b"\x21\xff\x0bXMP DataXMP" + media.xmp_element(value) + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    ),
    "tiff": lambda value: media.picture("TIFF", tiffinfo={700: media.xmp_element(value)}),
    "avif": lambda value: media.picture("AVIF", xmp=media.xmp_element(value)),
    "mp4": lambda value: media.movie(media.box(b"udta", media.keyed_meta("AIGC", value))),
    "matroska": lambda value: media.matroska(("AIGC", value)),
    "wav": lambda value: media.wav_with((b"AIGC", value.encode())),
    "mp3": lambda value: media.id3_tag(media.text_frame("AIGC", value, 3)) + media.MP3_FRAME * 4,
    "docx": lambda value: media.ooxml(media.custom_properties("AIGC", value)),
    "html": lambda value: f'<html><head><meta name="AIGC" content="{html.escape(value)}"></head></html>'.encode(),
}

FORMS = {
    "good": GOOD,
    "wrapped": f'{{"AIGC":{GOOD}}}',
    "wrapped in small letters": f'{{"aigc":{GOOD}}}',
    "prefixed": "AIGC=" + GOOD,
    "a string": json.dumps(GOOD),
    "escaped twice": GOOD.replace('"', "&quot;"),
    "backslashes": GOOD.replace('"', '\\"'),
    "number": with_key(Label=1),
    "null": with_key(ReservedCode1=None),
    "wrong label": with_key(Label="4"),
    "empty label": with_key(Label=""),
    "no label": without("Label"),
    "no producer": without("ContentProducer"),
    "no number": without("ProduceID"),
    "no propagator": without("ContentPropagator"),
    "empty propagator": with_key(ContentPropagator="", PropagateID=""),
    "no reserve": without("ReservedCode2"),
    "another key": with_key(Other="x"),
    "misspelt key": GOOD.replace("ReservedCode1", "ReserveCode1"),
    "key in small letters": GOOD.replace("ContentProducer", "contentproducer"),
    "key twice": GOOD.replace("{", '{"Label":"2",', 1),
    "space": with_key(ProduceID="a b"),
    "short code": with_key(ContentProducer=media.CODE[:-1]),
    "wrong check character": with_key(ContentProducer=media.CODE.replace("64010000", "65010000")),
    "cut short": GOOD[:-1],
    "single quotes": GOOD.replace('"', "'"),
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_value_is_read_the_same_wherever_it_stands(carrier: str) -> None:
    for form, value in FORMS.items():
        expected = parse(value, name="AIGC")
        assert expected is not None
        data = CARRIERS[carrier](value)
        reading = read_labels(data)
        assert len(reading.aigc) == 1, (form, reading)
        label = reading.aigc[0]
        assert set(label.deviations) == set(expected.deviations), form
        assert dict(label.fields) == expected.fields, form
        assert fuzz.inconsistent(reading, data) == "", form


def test_the_forms_show_most_departures_a_value_can_have() -> None:
    shown = {
        deviation
        for value in FORMS.values()
        if (parsed := parse(value, name="AIGC"))
        for deviation in parsed.deviations
    }
    of_values = {each for each in Deviation if each.rule.startswith(("gb-e", "provider-code"))}
    # The rest is of the carrier, of encodings, or of another vendor's vocabulary: test_field and test_containers have
    # them.
    assert len(CARRIERS) * len(FORMS) > 300
    assert of_values - shown <= {
        Deviation.FIELD_NAME_LONGER,
        Deviation.NAMESPACE,
        Deviation.ATTRIBUTE_FORM,
        Deviation.STRUCTURED_FORM,
        Deviation.NOT_WRAPPED,
        Deviation.BASE64,
        Deviation.MALFORMED_XML,
        Deviation.TEXT_ENCODING,
        Deviation.PADDED,
        Deviation.OTHER_VOCABULARY,
    }
