"""Signed files: a label breaks their signature only where that is asked for, and a key signs them anew."""

from __future__ import annotations

import io

import pytest

from shenhe.labels import Deviation, LabelWriteError, SigningKey, read_labels, write_label

from .. import media
from ..perceivable import encoded
from ..perceived.stamps import ground, needs_credentials
from ..signing import credentials, signed

FORMS = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}


def picture(form: str) -> bytes:
    return signed(encoded(ground("gradient", (320, 240)), form), FORMS[form], "trainedAlgorithmicMedia")


def key() -> SigningKey:
    chain, private, _ = credentials()
    return SigningKey(chain, private)


@needs_credentials
@pytest.mark.parametrize("form", FORMS)
def test_a_file_with_a_credential_is_refused(form: str) -> None:
    data = picture(form)
    for explicit in (False, True):
        with pytest.raises(LabelWriteError, match="content credential"):
            write_label(data, media.FIELDS, explicit=explicit)


@needs_credentials
@pytest.mark.parametrize("form", FORMS)
def test_breaking_the_credential_needs_an_option(form: str) -> None:
    labels = read_labels(write_label(picture(form), media.FIELDS, break_credentials=True), depth="all")
    assert len(labels.aigc) == 1
    assert any(Deviation.TAMPERED in label.deviations for label in labels.labels if label.scheme == "c2pa")


@needs_credentials
@pytest.mark.parametrize("explicit", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_a_key_signs_the_labelled_file_again(form: str, explicit: bool) -> None:
    c2pa = pytest.importorskip("c2pa")
    labelled = write_label(picture(form), media.FIELDS, explicit=explicit, key=key())
    labels = read_labels(labelled, depth="all")
    assert len(labels.aigc) == 1
    credential = next(label for label in labels.labels if label.scheme == "c2pa")
    assert Deviation.TAMPERED not in credential.deviations
    with c2pa.Reader(FORMS[form], io.BytesIO(labelled)) as reader:
        assert reader.get_validation_state() in ("Valid", "Trusted")
        assert "c2pa.edited.metadata" in reader.json()
        assert "parentOf" in reader.json()


@needs_credentials
def test_a_key_signs_a_file_without_credential() -> None:
    labelled = write_label(media.picture("PNG"), media.FIELDS, key=key())
    assert b"c2pa" in labelled
    assert len(read_labels(labelled).aigc) == 1


@needs_credentials
def test_a_key_that_is_none_and_a_format_without_a_place_are_refused_in_words() -> None:
    with pytest.raises(LabelWriteError, match="cannot be signed"):
        write_label(media.picture("PNG"), media.FIELDS, key=SigningKey(b"no", b"key"))
    with pytest.raises(LabelWriteError, match="cannot be signed"):
        write_label(media.matroska(), media.FIELDS, key=key())


SIGNED = {
    "ooxml": media.zipped({"[Content_Types].xml": "<Types/>", "_xmlsignatures/sig1.xml": "<a/>"}),
    "odf": media.zipped({"meta.xml": "<a/>", "META-INF/documentsignatures.xml": "<a/>"}),
    "svg": media.SVG.replace(
        b"<rect",
        b"<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'><SignatureValue>x</SignatureValue></Signature><rect",
    ),
    "kept elsewhere": media.jpeg_xmp(
        media.xmp_packet("<dcterms:provenance xmlns:dcterms='urn:t'>https://example.org/a.c2pa</dcterms:provenance>")
    ),
}


@pytest.mark.parametrize("name", SIGNED)
def test_other_signatures_are_not_broken_silently(name: str) -> None:
    with pytest.raises(LabelWriteError, match="no longer match"):
        write_label(SIGNED[name], media.FIELDS)
