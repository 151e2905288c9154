"""What metadata, documents and credentials say of AI, and what they do not say."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from importlib.util import find_spec

import pytest

from shenhe.labels import Deviation, Labels, Limits, read_labels
from shenhe.labels.findings import Findings, library_words
from shenhe.labels.meaning import generators
from shenhe.labels.meaning.source_types import source_type

from .. import media

D = Deviation
FIELD = media.FIELDS.json(wrapped=True)
BARE = media.FIELDS.json()


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", "generated"),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia/", "generated"),
        ("digsrctype:trainedAlgorithmicMedia", "generated"),
        ("trainedalgorithmicmedia", "generated"),
        ("Trained Algorithmic Media", "generated"),
        ("Created using Generative AI", "generated"),
        ("http://c2pa.org/digitalsourcetype/trainedAlgorithmicData", "generated"),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia", "partly"),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia", "no"),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced", "no"),
        ("Algorithmically enhanced", "no"),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", "no"),
    ],
)
def test_a_source_type_is_known_by_address_term_and_name(value: str, says: str) -> None:
    known = source_type(value)
    assert known is not None
    assert known.says == says


def test_an_unknown_source_type_is_known_as_such() -> None:
    assert source_type("http://example.org/somethingElse") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Steps: 20, Sampler: Euler a, CFG scale: 7", "Stable Diffusion web UI"),
        ('workflow:{"nodes":[{"type":"KSampler"}]}', "ComfyUI"),
        ("Signature: " + "aB3/" * 20 + "==", "xAI"),
        ("Made with Google AI", "Google AI"),
        ("a photo of a red fox in the snow", ""),
        ("Signature: John Smith", ""),
    ],
)
def test_generators_are_recognised_by_their_traces(text: str, name: str) -> None:
    assert generators.recognised(text) == name


# Documents.


def _package(parts: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return stream.getvalue()


def docx(*paragraphs: str) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{p[:2]}</w:t></w:r><w:r><w:t>{p[2:]}</w:t></w:r></w:p>" for p in paragraphs)
    document = f'<w:document xmlns:w="urn:w"><w:body>{body}</w:body></w:document>'
    return _package({"[Content_Types].xml": "<Types/>", "word/document.xml": document})


def pptx(*slides: str) -> bytes:
    parts = {
        f"ppt/slides/slide{n}.xml": f'<p:sld xmlns:p="urn:p" xmlns:a="urn:a"><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:sld>'
        for n, words in enumerate(slides, 1)
    }
    return _package({"[Content_Types].xml": "<Types/>", **parts})


def odt(*paragraphs: str) -> bytes:
    body = "".join(f"<text:p>{p}</text:p>" for p in paragraphs)
    content = f'<office:document-content xmlns:office="urn:o" xmlns:text="urn:t">{body}</office:document-content>'
    return _package({"mimetype": "application/vnd.oasis.opendocument.text", "meta.xml": "<m/>", "content.xml": content})


def epub(*paragraphs: str) -> bytes:
    container = '<container><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>'
    page = "<!DOCTYPE html><html><body>" + "".join(f"<p>{p}</p>" for p in paragraphs) + "</body></html>"
    return _package(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "p.opf": "<package/>",
            "a.xhtml": page,
        }
    )


PROSE = "春天来了，河边的柳树发了芽。" * 20


@pytest.mark.parametrize("document", [docx, pptx, odt, epub])
def test_words_of_a_document_are_read(document: Callable[..., bytes]) -> None:
    reading = read_labels(document("本文内容由人工智能生成", PROSE))
    assert [label.scheme for label in reading.labels] == ["text"], reading
    assert reading.labels[0].conformant
    assert not reading.refused


@pytest.mark.parametrize("document", [docx, pptx, odt, epub])
def test_a_document_that_speaks_of_ai_has_no_label(document: Callable[..., bytes]) -> None:
    reading = read_labels(document("AI生成内容标识办法解读", PROSE, "本文并非AI生成"))
    assert reading.labels == ()
    assert any("near miss" in note for note in reading.notes)


@pytest.mark.skipif(find_spec("pypdf") is None, reason="the media extra is not installed")
def test_words_of_pdf_pages_are_read() -> None:
    from pypdf import PdfWriter
    from pypdf.generic import DictionaryObject, NameObject, StreamObject

    writer = PdfWriter()
    page = writer.add_blank_page(300, 200)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = StreamObject()
    stream.set_data(b"BT /F1 12 Tf 20 100 Td (This document was generated by AI.) Tj ET")
    page[NameObject("/Contents")] = writer._add_object(stream)
    out = io.BytesIO()
    writer.write(out)
    reading = read_labels(out.getvalue())
    assert [label.carrier for label in reading.labels] == ["pdf:page 1/text:start"], reading
    assert not reading.refused


def test_a_huge_document_is_read_to_the_limit_with_a_note() -> None:
    reading = read_labels(docx(*[PROSE] * 300), limits=Limits(inflated_bytes=20_000))
    assert any("were not looked at" in note for note in reading.notes), reading.notes


# Text formats.


def markdown(text: str) -> Labels:
    return read_labels(text.encode(), media_type="text/markdown")


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\n```\n本文由AI生成\n```\n",
        "# T\n\n~~~text\n本文由AI生成\n~~~\n",
        "# T\n\n```\n本文由AI生成\n",
        "# T\n\n写上 `本文由AI生成` 即可。\n",
        "# T\n\n    本文由AI生成\n\n结束。\n",
        "# T\n\n<!-- 本文由AI生成 -->\n\n" + PROSE,
    ],
)
def test_code_and_comments_of_markdown_hold_no_label(text: str) -> None:
    assert markdown(text).labels == ()


def test_words_beside_code_are_still_read() -> None:
    assert [label.scheme for label in markdown("```\nx = 1\n```\n\n（本文由AI生成）\n").labels] == ["text"]


@pytest.mark.parametrize(
    "text",
    [
        f"+++\ntitle = 'x'\nAIGC = '{BARE}'\n+++\n# a\n",
        f"---\nAIGC: '{BARE}'\n---\n# a\n",
        f"AIGC: {BARE}\n\n# a\n",
        f"# a\n\n<!-- AIGC: {BARE} -->\n",
    ],
)
def test_the_field_is_found_at_every_place_of_markdown(text: str) -> None:
    reading = markdown(text)
    assert [label.scheme for label in reading.labels] == ["gb45438"], reading
    assert reading.labels[0].fields["ContentProducer"] == media.CODE


def test_broken_toml_is_noted_and_the_words_are_read() -> None:
    reading = markdown("+++\nAIGC = {{{\n+++\n（本文由AI生成）\n")
    assert [label.scheme for label in reading.labels] == ["text"]
    assert any("TOML" in note for note in reading.notes)


def test_code_of_a_page_holds_no_label() -> None:
    page = "<html><body><pre>本文由AI生成</pre><p>正文</p></body></html>"
    assert read_labels(page.encode()).labels == ()


def test_the_disclosure_of_a_page_is_noted() -> None:
    for page in (
        '<html><head><meta name="ai-disclosure" content="ai-generated"></head><body><p>x</p></body></html>',
        '<html><body><section ai-disclosure="ai-assisted"><p>x</p></section></body></html>',
    ):
        assert any("ai-disclosure" in note for note in read_labels(page.encode()).notes), page


# Comments and descriptions, alike in every container.


def _remarks() -> dict[str, bytes]:
    import struct

    comment = FIELD.encode()
    jpeg = media.picture("JPEG")
    listed = b"LIST" + struct.pack("<I", 4 + 8 + len(comment)) + b"INFOICMT" + struct.pack("<I", len(comment)) + comment
    wav = media.sound()
    frame = b"COMM" + (len(comment) + 5).to_bytes(4, "big") + b"\0\0" + b"\0eng\0" + comment
    mp3 = b"ID3\x03\0\0" + bytes((0, 0, len(frame) >> 7 & 127, len(frame) & 127)) + frame + media.MP3_FRAME * 4
    return {
        "jpeg comment": jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:],
        "wav comment": wav[:4] + struct.pack("<I", len(wav) - 8 + len(listed)) + wav[8:] + listed,
        "mp3 comment": mp3,
        "docx description": _package(
            {
                "[Content_Types].xml": "<Types/>",
                "docProps/core.xml": f"<c><description>{FIELD}</description></c>",
            }
        ),
        "html description": f"<html><head><meta name='description' content='{FIELD}'></head><body></body></html>".encode(),
    }


@pytest.mark.parametrize("name", sorted(_remarks()))
def test_a_field_in_a_comment_is_a_label_at_an_unusual_place(name: str) -> None:
    data = _remarks()[name]
    reading = read_labels(data)
    assert [label.scheme for label in reading.labels] == ["gb45438"], reading
    assert D.UNUSUAL_PLACE in reading.labels[0].deviations


def test_words_in_a_comment_are_a_near_miss() -> None:
    jpeg = media.picture("JPEG")
    words = "本图片由AI生成".encode()
    reading = read_labels(jpeg[:2] + b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + jpeg[2:])
    assert reading.labels == ()
    assert any("people do not see it" in note for note in reading.notes)


# Credentials, as manifest stores.


def _store(
    types: dict[str, str], relations: dict[str, list[tuple[str, str]]], codes: tuple[str, ...] = ()
) -> dict[str, object]:
    base = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    manifests = {
        name: {
            "claim_generator_info": [{"name": "maker"}],
            "assertions": [
                {
                    "label": "c2pa.actions",
                    "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": base + term}]},
                }
            ],
            "ingredients": [{"relationship": how, "active_manifest": other} for other, how in relations.get(name, [])],
        }
        for name, term in types.items()
    }
    return {
        "active_manifest": next(iter(types)),
        "manifests": manifests,
        "validation_status": [{"code": code} for code in codes],
    }


def reported(store: dict[str, object]) -> Findings:
    pytest.importorskip("c2pa")
    from shenhe.labels.meaning.c2pa import report

    found = Findings(Limits())
    report(json.loads(json.dumps(store)), found)
    return found


@pytest.mark.parametrize(
    ("relationship", "where"),
    [("parentOf", "parent manifest"), ("componentOf", "component manifest"), ("inputTo", None)],
)
def test_an_ingredient_counts_by_its_relationship(relationship: str, where: str | None) -> None:
    found = reported(_store({"a": "humanEdits", "b": "trainedAlgorithmicMedia"}, {"a": [("b", relationship)]}))
    assert [label.fields["stands_in"] for label in found.labels] == ([where] if where else [])
    assert any("only an input" in note for note in found.notes) is (where is None)


def test_an_input_of_a_parent_is_an_input() -> None:
    types = {"a": "humanEdits", "b": "digitalCapture", "c": "trainedAlgorithmicMedia"}
    found = reported(_store(types, {"a": [("b", "parentOf")], "b": [("c", "inputTo")]}))
    assert found.labels == []


def test_an_ingredient_that_is_parent_and_input_is_a_parent() -> None:
    types = {"a": "humanEdits", "b": "trainedAlgorithmicMedia"}
    found = reported(_store(types, {"a": [("b", "inputTo"), ("b", "parentOf")]}))
    assert [label.fields["stands_in"] for label in found.labels] == ["parent manifest"]


@pytest.mark.parametrize(
    ("code", "deviation"),
    [
        ("assertion.dataHash.mismatch", D.TAMPERED),
        ("claimSignature.mismatch", D.TAMPERED),
        ("signingCredential.revoked", D.REVOKED_SIGNER),
        ("signingCredential.untrusted", D.UNTRUSTED_SIGNER),
        ("signingCredential.expired", D.EXPIRED_SIGNER),
        ("claim.malformed", D.INVALID_CREDENTIAL),
        ("signingCredential.invalid", D.INVALID_CREDENTIAL),
    ],
)
def test_every_credential_is_judged(code: str, deviation: Deviation) -> None:
    ai = reported(_store({"a": "trainedAlgorithmicMedia"}, {}, (code,)))
    assert ai.labels[0].deviations == (deviation,)
    other = reported(_store({"a": "digitalCapture"}, {}, (code,)))
    assert other.labels == []
    assert deviation.sentence in other.notes[-1]


def test_a_credential_of_a_camera_contradicts_a_label() -> None:
    from shenhe.labels.model import Label

    found = reported(_store({"a": "digitalCapture"}, {}))
    assert found.contradictions() == ()
    found.add(Label("gb45438", "implicit", "jpeg:APP1/xmp", {"Label": "1"}))
    assert "captured by a camera" in found.contradictions()[0]


def test_a_ring_of_ingredients_ends() -> None:
    found = reported(
        _store({"a": "humanEdits", "b": "digitalCapture"}, {"a": [("b", "parentOf")], "b": [("a", "parentOf")]})
    )
    assert found.labels == []


# Words of refusals.


@pytest.mark.parametrize(
    "error",
    [
        AttributeError("'NoneType' object has no attribute 'get'"),
        IndexError("list index out of range"),
        TypeError("a bytes-like object is required, not 'str'"),
        UnicodeDecodeError("utf-8", b"\xb1", 0, 1, "invalid start byte"),
        ValueError("invalid literal for int() with base 10: b'x'"),
        KeyError("/Root"),
        RecursionError("maximum recursion depth exceeded"),
    ],
)
def test_refusals_hold_no_word_of_python(error: Exception) -> None:
    assert library_words(error) == "its structure is broken"


def test_the_sentence_of_a_library_is_kept() -> None:
    assert library_words(ValueError("9000x9000 are more than 50,000,000 pixels")).startswith("9000x9000")
