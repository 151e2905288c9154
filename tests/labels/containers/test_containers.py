"""Every other container: each place a label may stand, and what is written is found by readers that are not
ours.
"""

from __future__ import annotations

import html.parser
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from shenhe.labels import Deviation, LabelWriteError, read_labels, write_label
from shenhe.labels.model import Label

from .. import media

D = Deviation
V = media.VALUE
TXXX = b"TXXX"

READINGS: dict[str, tuple[bytes, str | None, str, set[Deviation]]] = {
    "webp": (media.picture("WEBP", xmp=media.xmp_element()), None, "webp:XMP/xmp", set()),
    "gif raw packet": (
        media.gif_with(b"\x21\xff\x0bXMP DataXMP" + media.xmp_element() + b"\x01" + bytes(range(255, -1, -1)) + b"\0"),
        None,
        "gif:XMP/xmp",
        set(),
    ),
    "gif sub-blocks": (
        media.gif_with(
            b"\x21\xff\x0bXMP DataXMP"
            + b"".join(
                bytes((len(part),)) + part
                for part in (media.xmp_element()[i : i + 255] for i in range(0, len(media.xmp_element()), 255))
            )
            + b"\0"
        ),
        None,
        "gif:XMP/xmp",
        set(),
    ),
    "gif comment": (
        media.gif_with(b"\x21\xfe" + bytes((len(media.WRAPPED),)) + media.WRAPPED.encode() + b"\0"),
        None,
        "gif:comment",
        {D.UNUSUAL_PLACE},
    ),
    "tiff": (media.picture("TIFF", tiffinfo={700: media.xmp_element()}), None, "tiff/xmp", set()),
    "avif": (media.picture("AVIF", xmp=media.xmp_element()), None, "heif:mime/xmp", set()),
    "mp4 keys": (media.movie(media.box(b"udta", media.keyed_meta("AIGC", V))), None, "mp4:moov.udta.meta/keys", set()),
    "mp4 meta under moov": (media.movie(media.keyed_meta("AIGC", V)), None, "mp4:moov.meta/keys", {D.UNUSUAL_PLACE}),
    "mov quicktime meta": (
        media.movie(
            media.box(
                b"meta",
                media.handler(b"mdta"),
                media.box(b"keys", b"\0\0\0\0\0\0\0\1", media.box(b"mdta", b"AIGC")),
                media.box(b"ilst", media.box(b"\0\0\0\1", media.data_box(V))),
            ),
            brand=b"qt  ",
        ),
        None,
        "mp4:moov.meta/keys",
        set(),
    ),
    "mp4 keyless list": (
        media.movie(media.itunes(media.box(b"AIGC", media.data_box(V)))),
        None,
        "mp4:moov.udta.meta/ilst",
        {D.UNUSUAL_PLACE},
    ),
    "mp4 keyless comment": (
        media.movie(media.itunes(media.box(b"\xa9cmt", media.data_box(media.WRAPPED)))),
        None,
        "mp4:moov.udta.meta/ilst",
        {D.UNUSUAL_PLACE},
    ),
    "m4a freeform": (
        media.movie(
            media.itunes(
                media.box(
                    b"----",
                    media.box(b"mean", b"\0\0\0\0com.apple.iTunes"),
                    media.box(b"name", b"\0\0\0\0AIGC"),
                    media.data_box(V),
                )
            ),
            brand=b"M4A ",
        ),
        None,
        "mp4:moov.udta.meta/freeform",
        {D.UNUSUAL_PLACE},
    ),
    "mp4 uuid xmp": (
        media.movie(behind=media.box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), media.xmp_element())),
        None,
        "mp4:uuid/xmp",
        set(),
    ),
    "mp4 fragmented": (
        media.movie(
            media.box(b"mvex", b""),
            media.box(b"udta", media.keyed_meta("AIGC", V)),
            behind=media.box(b"moof", media.box(b"mfhd", b"\0" * 8)),
        ),
        None,
        "mp4:moov.udta.meta/keys",
        set(),
    ),
    "mkv": (media.matroska(("AIGC", V)), None, "matroska:SimpleTag", set()),
    "mkv of unknown size": (media.matroska(("AIGC", V), unsized=True), None, "matroska:SimpleTag", set()),
    "mkv lower case": (media.matroska(("aigc", V)), None, "matroska:SimpleTag", {D.FIELD_NAME_CASE}),
    "mp3": (media.id3_tag(media.text_frame("AIGC", V)) + media.MP3_FRAME, None, "mp3:id3/TXXX", set()),
    "mp3 utf-16": (media.id3_tag(media.text_frame("AIGC", V, 1)) + media.MP3_FRAME, None, "mp3:id3/TXXX", set()),
    "mp3 2.4 utf-8": (
        media.id3_tag(media.text_frame("AIGC", V, 3, version=4), 4) + media.MP3_FRAME,
        None,
        "mp3:id3/TXXX",
        set(),
    ),
    "mp3 2.2": (
        media.id3_tag(media.text_frame("AIGC", V, name=b"TXX", version=2), 2) + media.MP3_FRAME,
        None,
        "mp3:id3/TXX",
        set(),
    ),
    "mp3 lower case wrapped": (
        media.id3_tag(media.text_frame("aigc", '{"aigc":{"Label":"1","ContentProducer":"m","ProduceID":"p"}}'))
        + media.MP3_FRAME,
        None,
        "mp3:id3/TXXX",
        {D.FIELD_NAME_CASE, D.WRAPPED, D.PROPAGATOR_MISSING, D.MISSING_KEY},
    ),
    "wav id3": (media.wav_with((b"id3 ", media.id3_tag(media.text_frame("AIGC", V)))), None, "wav:id3/TXXX", set()),
    "docx": (media.ooxml(media.custom_properties("AIGC", V)), None, "ooxml:docProps/custom.xml", set()),
    "odt": (media.odf(f'<meta:user-defined meta:name="AIGC">{V}</meta:user-defined>'), None, "odf:meta.xml", set()),
    "epub 3": (media.epub(f'<meta property="AIGC">{V}</meta>'), None, "epub:package", set()),
    "svg": (
        media.SVG.replace(b"<rect", b"<metadata>" + media.xmp_element()[33:-12] + b"</metadata><rect"),
        None,
        "svg:metadata/xmp",
        set(),
    ),
    "html": (
        media.PAGE.replace(b"<title>", b"<meta name='AIGC' content='" + V.encode() + b"'><title>"),
        None,
        "html:meta",
        set(),
    ),
    "markdown one line": (f"---\nAIGC: {V}\n---\nx".encode(), "text/markdown", "markdown:front-matter", set()),
    "markdown misspelt": (
        f"---\ntitle: x\nAIGC: {V.replace('ReservedCode', 'ReserveCode')}\n---\nx".encode(),
        "text/markdown",
        "markdown:front-matter",
        {D.MISSPELT_KEY},
    ),
    "markdown block": (
        ("---\nAIGC:\n" + "".join(f"  {k}: '{v}'\n" for k, v in media.FIELDS.as_dict().items()) + "---\nx").encode(),
        "text/markdown",
        "markdown:front-matter",
        {D.STRUCTURED_FORM},
    ),
    "json": (f'{{"text":"x","AIGC":{V}}}'.encode(), "application/json", "json:/AIGC", set()),
    "json string": (json.dumps({"AIGC": V}).encode(), "application/json", "json:/AIGC", set()),
    "plain text": (f"x\n{media.WRAPPED}\n".encode(), "text/plain", "text:body", {D.IN_BODY}),
}


@pytest.mark.parametrize("case", READINGS)
def test_each_place_is_read_with_its_departures(case: str) -> None:
    data, media_type, carrier, expected = READINGS[case]
    labels = read_labels(data, media_type=media_type)
    assert [label.carrier for label in labels.aigc] == [carrier], labels
    label = labels.aigc[0]
    assert set(label.deviations) == expected
    assert label.fields["Label"] == "1"
    if label.span is not None:
        assert 0 <= label.span[0] < label.span[1] <= len(data)


NEAR_MISSES = {
    "aigc_label_type": media.id3_tag(media.text_frame("aigc_label_type", "1")) + media.MP3_FRAME,
    "iptc rights": media.png_itxt(
        media.xmp_packet("<dc:rights xmlns:dc='http://purl.org/dc/elements/1.1/'>AIGC rights reserved</dc:rights>")
    ),
    "comfyui": media.png_with((b"tEXt", b'prompt\0{"3":{"class_type":"KSampler"}}')),
    "a key that merely contains it": media.matroska(("MY_AIGC_TOOL", "v1.2")),
    "description": media.jpeg_exif(tags={0x010E: (2, b"an AIGC exhibition\0")}),
    "plain": "AI播客，每天一期。".encode(),
}


@pytest.mark.parametrize("case", NEAR_MISSES)
def test_near_misses_are_no_label(case: str) -> None:
    labels = read_labels(NEAR_MISSES[case])
    assert labels.labels == ()
    assert labels.refused == ()


def test_hidden_words_in_a_page_are_no_label() -> None:
    page = '<html><body><p>正文</p><p style="display:none">本内容由AI生成</p></body></html>'.encode()
    labels = read_labels(page)
    assert labels.explicit == ()
    assert "not shown" in labels.notes[0]
    shown = read_labels(page.replace(b' style="display:none"', b""))
    assert [label.carrier for label in shown.explicit] == ["html/text:end"]


# Writing: format -> (file, carrier, independent readers that must find it).

FILES: dict[str, tuple[Callable[[], bytes], str, tuple[str, ...]]] = {
    "a.webp": (lambda: media.picture("WEBP"), "webp:XMP/xmp", ("exiftool", "pillow")),
    "lossless.webp": (lambda: media.picture("WEBP", lossless=True), "webp:XMP/xmp", ("exiftool", "pillow")),
    "a.gif": (lambda: media.picture("GIF"), "gif:XMP/xmp", ("exiftool",)),
    "a.tif": (lambda: media.picture("TIFF"), "tiff/xmp", ("exiftool", "pillow")),
    "big.tif": (lambda: media.picture("TIFF", big_tiff=True), "tiff/xmp", ("exiftool", "pillow")),
    "a.avif": (lambda: media.picture("AVIF"), "heif:mime/xmp", ("exiftool", "pillow")),
    "exif.avif": (
        lambda: media.picture("AVIF", exif=b"Exif\0\0" + media.exif_block({})),
        "heif:mime/xmp",
        ("exiftool", "pillow"),
    ),
    "a.heic": (lambda: media.heic(), "heif:mime/xmp", ("exiftool", "heif-convert")),
    "exif.heic": (lambda: media.heic(exif=True), "heif:mime/xmp", ("exiftool", "heif-convert")),
    "a.png": (lambda: media.picture("PNG"), "png:iTXt/xmp", ("exiftool", "pillow")),
    "a.jpg": (lambda: media.picture("JPEG"), "jpeg:APP1/xmp", ("exiftool", "pillow")),
    "a.mp4": (lambda: media.film("mp4"), "mp4:moov.udta.meta/keys", ("exiftool", "ffprobe", "pyav")),
    "h264.mp4": (lambda: media.film("mp4", "libx264"), "mp4:moov.udta.meta/keys", ("exiftool", "ffprobe", "pyav")),
    "hevc.mp4": (lambda: media.film("mp4", "libx265"), "mp4:moov.udta.meta/keys", ("exiftool", "ffprobe", "pyav")),
    "faststart.mp4": (
        lambda: media.film("mp4", options=(("movflags", "faststart"),)),
        "mp4:moov.udta.meta/keys",
        ("exiftool", "ffprobe", "pyav"),
    ),
    "fragmented.mp4": (
        lambda: media.film("mp4", options=(("movflags", "frag_keyframe+empty_moov"),)),
        "mp4:moov.udta.meta/keys",
        ("exiftool", "ffprobe", "pyav"),
    ),
    "keyed.mp4": (
        lambda: media.film("mp4", options=(("movflags", "use_metadata_tags"),)),
        "mp4:moov.udta.meta/keys",
        ("exiftool", "ffprobe", "pyav"),
    ),
    "a.mov": (lambda: media.film("mov"), "mp4:moov.udta.meta/keys", ("exiftool", "ffprobe", "pyav")),
    "a.m4a": (lambda: media.track("ipod", "aac"), "mp4:moov.udta.meta/keys", ("exiftool", "ffprobe", "pyav")),
    "a.mkv": (lambda: media.film("matroska"), "matroska:SimpleTag", ("exiftool -U", "ffprobe", "pyav")),
    "a.webm": (lambda: media.film("webm"), "matroska:SimpleTag", ("exiftool -U", "ffprobe", "pyav")),
    "a.flv": (lambda: media.film("flv"), "flv:onMetaData", ("exiftool", "ffprobe", "pyav")),
    "a.avi": (lambda: media.film("avi"), "avi:INFO/AIGC", ("exiftool -U", "ffprobe", "pyav")),
    "a.mp3": (lambda: media.track("mp3", "libmp3lame"), "mp3:id3/TXXX", ("exiftool", "ffprobe", "pyav")),
    "bare.mp3": (lambda: media.MP3_FRAME * 30, "mp3:id3/TXXX", ("exiftool", "ffprobe")),
    "a.flac": (lambda: media.track("flac", "flac"), "flac:comment", ("exiftool", "ffprobe", "pyav")),
    "a.ogg": (lambda: media.track("ogg", "libopus"), "ogg:comment", ("exiftool", "ffprobe")),
    "vorbis.ogg": (lambda: media.track("ogg", "libvorbis"), "ogg:comment", ("exiftool", "ffprobe")),
    "a.wav": (lambda: media.sound(), "wav:AIGC", ("exiftool -U", "wave")),
    "a.docx": (lambda: media.ooxml(), "ooxml:docProps/custom.xml", ("exiftool", "zipfile")),
    "custom.docx": (
        lambda: media.ooxml(media.custom_properties("Other", "kept")),
        "ooxml:docProps/custom.xml",
        ("exiftool", "zipfile"),
    ),
    "a.odt": (lambda: media.odf(), "odf:meta.xml", ("exiftool", "zipfile")),
    "a.epub": (lambda: media.epub(), "epub:package", ("exiftool", "zipfile")),
    "a.svg": (lambda: media.SVG, "svg:metadata/xmp", ("exiftool",)),
    "a.html": (lambda: media.PAGE, "html:meta", ("html.parser",)),
    "a.pdf": (lambda: media.document(), "pdf:Info", ("exiftool", "pypdf")),
}

TABLE = [(name, reader) for name, (_, _, readers) in FILES.items() for reader in readers]


def _labelled(name: str) -> bytes:
    return write_label(FILES[name][0](), media.FIELDS)


@pytest.mark.parametrize("name", FILES)
def test_written_labels_are_found_once_and_conform(name: str) -> None:
    make, carrier, _ = FILES[name]
    original = make()
    labelled = write_label(original, media.FIELDS)
    labels = read_labels(labelled)
    assert labels.refused == ()
    assert [label.carrier for label in labels.aigc] == [carrier]
    assert labels.aigc[0].strict
    assert labels.aigc[0].fields == media.FIELDS.as_dict()
    with pytest.raises(LabelWriteError, match="only one"):
        write_label(labelled, media.FIELDS)


@pytest.mark.parametrize(("name", "reader"), TABLE)
def test_an_independent_reader_finds_written_labels(name: str, reader: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(_labelled(name))
    assert media.CODE in READERS[reader](path)


def _exiftool(path: Path) -> str:
    return _tool("exiftool", "-a", "-G1", "-j", str(path))


def _exiftool_unknown(path: Path) -> str:
    """What exiftool shows of tags and chunks that it has no name for."""
    return _tool("exiftool", "-U", "-b", "-*AIGC*", str(path))


def _heif_convert(path: Path) -> str:
    """libheif decodes the picture and writes the packet out."""
    _tool("heif-convert", "--with-xmp", str(path), str(path.with_suffix(".png")))
    with Image.open(path.with_suffix(".png")) as image:
        assert image.size == (64, 64)
    return path.with_suffix(".xmp").read_text()


def _ffprobe(path: Path) -> str:
    return _tool("ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path))


def _tool(name: str, *arguments: str) -> str:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return subprocess.run([name, *arguments], capture_output=True, text=True, check=True).stdout


def _pillow(path: Path) -> str:
    with Image.open(path) as image:
        info = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
        if not info and path.suffix == ".tif":
            info = image.tag_v2.get(700, b"")  # type: ignore[attr-defined]
        return info if isinstance(info, str) else bytes(info).decode()


def _pyav(path: Path) -> str:
    av = pytest.importorskip("av")
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode()) > 3
        return str(container.metadata)


def _pypdf(path: Path) -> str:
    pypdf = pytest.importorskip("pypdf")
    return str(pypdf.PdfReader(path).metadata["/AIGC"])


def _zipfile(path: Path) -> str:
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        return "".join(package.read(name).decode() for name in package.namelist())


def _wave(path: Path) -> str:
    import wave

    with wave.open(str(path)) as sound:
        assert sound.getnframes() == 1600
    data = path.read_bytes()
    at = data.index(b"AIGC")
    return data[at + 8 : at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")].decode()


class _Meta(html.parser.HTMLParser):
    content = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "meta" and values.get("name") == "AIGC":
            self.content = values.get("content") or ""


def _html(path: Path) -> str:
    parser = _Meta()
    parser.feed(path.read_text())
    return parser.content


READERS: dict[str, Callable[[Path], str]] = {
    "exiftool": _exiftool,
    "exiftool -U": _exiftool_unknown,
    "heif-convert": _heif_convert,
    "ffprobe": _ffprobe,
    "pillow": _pillow,
    "pyav": _pyav,
    "pypdf": _pypdf,
    "zipfile": _zipfile,
    "wave": _wave,
    "html.parser": _html,
}


@pytest.mark.parametrize("name", [n for n, (_, _, readers) in FILES.items() if "pyav" in readers])
def test_no_frame_or_sample_changes(name: str) -> None:
    av = pytest.importorskip("av")

    def packets(data: bytes) -> list[bytes]:
        with av.open(io.BytesIO(data)) as container:
            return [bytes(packet) for packet in container.demux() if packet.size]

    original = FILES[name][0]()
    assert packets(original) == packets(_labelled(name))


@pytest.mark.parametrize("name", [n for n, (_, _, readers) in FILES.items() if "pillow" in readers])
def test_no_pixel_changes(name: str) -> None:
    before = Image.open(io.BytesIO(FILES[name][0]()))
    after = Image.open(io.BytesIO(_labelled(name)))
    assert before.tobytes() == after.tobytes()


def test_an_existing_packet_is_joined_in_every_picture_format() -> None:
    packet = media.xmp_packet("<dc:x xmlns:dc='urn:d'>kept</dc:x>")
    for kind, options in (("WEBP", {"xmp": packet}), ("TIFF", {"tiffinfo": {700: packet}}), ("AVIF", {"xmp": packet})):
        labelled = write_label(media.picture(kind, **options), media.FIELDS)
        assert b"kept" in labelled, kind
        labels: tuple[Label, ...] = read_labels(labelled).aigc
        assert len(labels) == 1, kind
        assert labels[0].strict, kind
        Image.open(io.BytesIO(labelled)).load()


def test_pdf_metadata_hidden_by_encryption_and_object_streams_is_read() -> None:
    pypdf = pytest.importorskip("pypdf")
    for encrypted in (False, True):
        writer = pypdf.PdfWriter()
        writer.add_blank_page(72, 72)
        writer.add_metadata({"/AIGC": V, "/Title": "kept"})
        if encrypted:
            writer.encrypt("", "owner", algorithm="RC4-128")
        stream = io.BytesIO()
        writer.write(stream)
        labels = read_labels(stream.getvalue())
        assert [label.carrier for label in labels.aigc] == ["pdf:Info"], labels
        assert labels.aigc[0].strict
    locked = pypdf.PdfWriter()
    locked.add_blank_page(72, 72)
    locked.encrypt("secret", algorithm="RC4-128")
    stream = io.BytesIO()
    locked.write(stream)
    assert "password" in read_labels(stream.getvalue()).refused[0].why
    with pytest.raises(LabelWriteError, match="encrypted"):
        write_label(stream.getvalue(), media.FIELDS)
