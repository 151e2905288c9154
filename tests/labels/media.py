"""Small real files made in memory, by writers that are not ours wherever one is at hand."""

from __future__ import annotations

import functools
import io
import shutil
import struct
import subprocess
import tempfile
import wave
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

import pytest
from PIL import Image

from shenhe.labels import ImplicitFields

CODE = "001191110102MACQD9K64010000"
FIELDS = ImplicitFields(CODE, "a-1")
VALUE = FIELDS.json()
WRAPPED = FIELDS.json(wrapped=True)
NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"


def picture(kind: str, size: tuple[int, int] = (48, 32), **options: object) -> bytes:
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def sound(seconds: float = 0.2, rate: int = 8000) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"\0\1" * int(seconds * rate))
    return stream.getvalue()


def xmp_packet(inner: str, attributes: str = "", head: str = "") -> bytes:
    return (
        f'{head}<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:TC260="{NAMESPACE}"'
        f' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" {attributes}>'
        f"{inner}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def xmp_element(value: str = VALUE) -> bytes:
    return xmp_packet(f"<TC260:AIGC>{escape(value)}</TC260:AIGC>")


def xmp_attribute(value: str = VALUE) -> bytes:
    return xmp_packet("", f"TC260:AIGC={quoteattr(value)}")


def png_chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with the given chunks behind its header."""
    base = picture("PNG")
    return base[:33] + b"".join(png_chunk(kind, payload) for kind, payload in chunks) + base[33:]


def png_itxt(packet: bytes, *, compressed: bool = False) -> bytes:
    body = zlib.compress(packet) if compressed else packet
    return png_with((b"iTXt", b"XML:com.adobe.xmp\0" + (b"\1" if compressed else b"\0") + b"\0\0\0" + body))


def jpeg_with(*segments: tuple[int, bytes]) -> bytes:
    """A JPEG with the given (marker, payload) segments in front."""
    base = picture("JPEG")
    added = b"".join(bytes((0xFF, m)) + struct.pack(">H", len(p) + 2) + p for m, p in segments)
    return base[:2] + added + base[2:]


def jpeg_xmp(packet: bytes) -> bytes:
    return jpeg_with((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet))


def exif_block(tags: dict[int, tuple[int, bytes]], user_comment: bytes | None = None, order: str = "<") -> bytes:
    """A TIFF structure with the given tags (type, value) in IFD0 and, if given, a UserComment in the EXIF
    directory.
    """
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = dict(tags)
    if user_comment is not None:
        entries[0x8769] = (4, b"\0\0\0\0")
    heap_at = 8 + 2 + 12 * len(entries) + 4
    heap = b""
    body = struct.pack(order + "H", len(entries))
    exif_at = None
    for tag in sorted(entries):
        kind, value = entries[tag]
        if tag == 0x8769:
            exif_at = len(body) + 8  # of the value, counted from the directory
            body += struct.pack(order + "HHII", tag, 4, 1, 0)
        elif len(value) <= 4:
            body += struct.pack(order + "HHI", tag, kind, len(value)) + value.ljust(4, b"\0")
        else:
            body += struct.pack(order + "HHII", tag, kind, len(value), heap_at + len(heap))
            heap += value
    body += struct.pack(order + "I", 0)
    if user_comment is not None and exif_at is not None:
        start = heap_at + len(heap)
        body = body[:exif_at] + struct.pack(order + "I", start) + body[exif_at + 4 :]
        heap += struct.pack(order + "HHHIII", 1, 0x9286, 7, len(user_comment), start + 18, 0) + user_comment
    return mark + struct.pack(order + "I", 8) + body + heap


def jpeg_exif(**options: object) -> bytes:
    return jpeg_with((0xE1, b"Exif\0\0" + exif_block(**options)))  # type: ignore[arg-type]


def riff_chunk(name: bytes, payload: bytes) -> bytes:
    return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) & 1)


def wav_with(*chunks: tuple[bytes, bytes]) -> bytes:
    base = sound()
    whole = base + b"".join(riff_chunk(name, payload) for name, payload in chunks)
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


# Films and sounds by the libraries of the `media` extra.


@functools.cache
def film(container: str, codec: str = "", *, frames: int = 12, options: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A short moving picture, muxed by PyAV; skips the test where it is not installed or lacks the codec."""
    av = pytest.importorskip("av")
    chosen = codec or {"webm": "libvpx-vp9", "flv": "flv1", "avi": "mpeg4"}.get(container, "mpeg4")
    try:
        av.Codec(chosen, "w")
    except Exception:
        pytest.skip(f"PyAV has no encoder {chosen}")
    # Muxers that go back to what they wrote need a real file.
    with (
        tempfile.TemporaryDirectory() as folder,
        av.open(f"{folder}/film", "w", format=container, container_options=dict(options)) as out,
    ):
        track = out.add_stream(chosen, rate=8)
        track.width, track.height, track.pix_fmt = 96, 64, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_image(Image.new("RGB", (96, 64), (number * 9 % 256, 90, 120)))
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
        out.close()
        return Path(folder, "film").read_bytes()


@functools.cache
def track(
    container: str,
    codec: str,
    *,
    rate: int = 48_000,
    seconds: float = 0.5,
    layout: str = "mono",
    sample: str | None = None,
) -> bytes:
    """A short sound, muxed by PyAV; skips the test where it is not installed or lacks the codec."""
    av = pytest.importorskip("av")
    np = pytest.importorskip("numpy")
    try:
        av.Codec(codec, "w")
    except Exception:
        pytest.skip(f"PyAV has no encoder {codec}")
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as out:
        sound_track = out.add_stream(codec, rate=rate, layout=layout)
        if sample is not None:
            sound_track.format = sample
        mono = (0.2 * np.sin(np.arange(int(rate * seconds)) / 20) * (2**31 - 1)).astype(np.int32)
        samples = np.repeat(mono, 1 if layout == "mono" else 2)[None, :]
        frame = av.AudioFrame.from_ndarray(samples, format="s32", layout=layout)
        frame.sample_rate = rate
        fifo = av.AudioFifo()
        resampler = av.AudioResampler(sound_track.format.name, layout, rate)
        for each in resampler.resample(frame):
            fifo.write(each)
        size = sound_track.codec_context.frame_size or 1024
        while part := fifo.read(size, partial=True):
            out.mux(sound_track.encode(part))
        out.mux(sound_track.encode(None))
    return stream.getvalue()


# Still pictures in HEVC.


@functools.cache
def heic(*, exif: bool = False) -> bytes:
    """A gradient of 64 x 64 by libheif's encoder, with an EXIF item where wished."""
    data = heic_by_libheif(
        picture("JPEG", (64, 64), **({"exif": b"Exif\0\0" + exif_block({0x0131: (2, b"Editor\0")})} if exif else {}))
    )
    assert (b"Editor" in data) is exif
    return data


def heic_by_libheif(jpeg: bytes) -> bytes:
    """A picture in HEVC by libheif's encoder; skips the test where it is not installed."""
    if shutil.which("heif-enc") is None:
        pytest.skip("heif-enc is not installed")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.jpg").write_bytes(jpeg)
        subprocess.run(["heif-enc", f"{folder}/a.jpg", "-o", f"{folder}/a.heic"], capture_output=True, check=True)
        return Path(folder, "a.heic").read_bytes()


class Coded(NamedTuple):
    """A picture coded in HEVC: what the decoder has to know, the picture, its width and height."""

    setup: bytes
    picture: bytes
    size: tuple[int, int]


def coded(image: Image.Image) -> Coded:
    """``image`` in HEVC by PyAV; skips the test where it is not installed or lacks the encoder."""
    av = pytest.importorskip("av")
    try:
        av.Codec("libx265", "w")
    except Exception:
        pytest.skip("PyAV has no encoder libx265")
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as out:
        track = out.add_stream("libx265", rate=1)
        track.width, track.height, track.pix_fmt = *image.size, "yuv420p"
        track.options = {"x265-params": "log-level=none:info=0:keyint=1:qp=20:pools=none:frame-threads=1"}
        out.mux(track.encode(av.VideoFrame.from_image(image)))
        out.mux(track.encode(None))
    stream.seek(0)
    with av.open(stream, format="mov") as source:
        packet = next(packet for packet in source.demux(video=0) if packet.size)
        return Coded(bytes(source.streams.video[0].codec_context.extradata), _slices(bytes(packet)), image.size)


def _slices(sample: bytes) -> bytes:
    """Without parameter sets (NAL units 32 to 34): of a still picture they stand in ``hvcC`` alone."""
    kept = []
    at = 0
    while at < len(sample):
        end = at + 4 + int.from_bytes(sample[at : at + 4], "big")
        if sample[at + 4] >> 1 & 63 not in (32, 33, 34):
            kept.append(sample[at:end])
        at = end
    return b"".join(kept)


def tiles(image: Image.Image, side: int) -> list[Coded]:
    """``image`` cut into squares, row by row; those at the right and lower side are filled up in black."""
    corners = [(left, top) for top in range(0, image.height, side) for left in range(0, image.width, side)]
    return [coded(image.crop((left, top, left + side, top + side))) for left, top in corners]


def heif(
    pictures: Sequence[Coded],
    *,
    grid: tuple[int, int, int, int] | None = None,
    turned: Sequence[bytes] = (),
    named: Sequence[int] | None = None,
    kind: bytes = b"hvc1",
) -> bytes:
    """A HEIF file of one picture, or of a ``grid`` (rows, columns, width, height) whose tiles they are.

    ``turned`` are properties of the whole; ``named`` are the tiles as the file names them (from 1; the grid is the item
    behind the last).
    """
    properties: list[bytes] = []

    def numbers(*contents: bytes) -> bytes:
        properties.extend(each for each in contents if each not in properties)
        return bytes((len(contents), *(0x80 | properties.index(each) + 1 for each in contents)))

    kinds = [kind] * len(pictures)
    associations = [
        numbers(box(b"hvcC", each.setup), box(b"ispe", struct.pack(">III", 0, *each.size)), *([] if grid else turned))
        for each in pictures
    ]
    layout = reference = b""
    if grid is not None:
        rows, columns, width, height = grid
        layout = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, width, height)
        kinds.append(b"grid")
        associations.append(numbers(box(b"ispe", struct.pack(">III", 0, width, height)), *turned))
        of = list(named) if named is not None else list(range(1, len(pictures) + 1))
        made = box(b"dimg", struct.pack(f">HH{len(of)}H", len(kinds), len(of), *of))
        reference = box(b"iref", b"\0\0\0\0", made)
    # Tiles are hidden: they are no pictures of their own.
    listed = [
        box(b"infe", struct.pack(">BxxBHH", 2, number < len(kinds), number, 0), each, b"\0")
        for number, each in enumerate(kinds, 1)
    ]
    pairs = [struct.pack(">H", number) + each for number, each in enumerate(associations, 1)]
    start = 0
    for _ in range(2):  # the second time knowing where the pictures lie
        at = start
        rows_of_places = []
        for number, each in enumerate(pictures, 1):
            rows_of_places.append(struct.pack(">HHHHII", number, 0, 0, 1, at, len(each.picture)))
            at += len(each.picture)
        if grid is not None:
            rows_of_places.append(struct.pack(">HHHHII", len(kinds), 1, 0, 1, 0, len(layout)))
        head = box(b"ftyp", b"heic", b"\0\0\0\0", b"mif1heic") + box(
            b"meta",
            b"\0\0\0\0",
            handler(b"pict"),
            box(b"pitm", b"\0\0\0\0", struct.pack(">H", len(kinds))),
            box(b"iloc", b"\1\0\0\0\x44\0", struct.pack(">H", len(kinds)), *rows_of_places),
            box(b"iinf", b"\0\0\0\0", struct.pack(">H", len(kinds)), *listed),
            reference,
            box(b"iprp", box(b"ipco", *properties), box(b"ipma", b"\0\0\0\0", struct.pack(">I", len(kinds)), *pairs)),
            box(b"idat", layout),
        )
        start = len(head) + 8
    return head + box(b"mdat", *(each.picture for each in pictures))


# Packages and pages.

_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def zipped(entries: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in entries.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            # Without a date of its own an entry gets the present one, and no two runs would mutate the same bytes.
            out.writestr(zipfile.ZipInfo(name), content, compress_type=stored)
    return stream.getvalue()


def ooxml(custom: str = "") -> bytes:
    entries: dict[str, str | bytes] = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATION}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": "<w:document xmlns:w='urn:w'><w:body/></w:document>",
    }
    if custom:
        entries["docProps/custom.xml"] = custom
    return zipped(entries)


def custom_properties(name: str, value: str) -> str:
    return (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
        'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="2" name="{name}"><vt:lpwstr>{escape(value)}'
        "</vt:lpwstr></property></Properties>"
    )


def odf(extra: str = "") -> bytes:
    meta = (
        '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"><office:meta>'
        f"<meta:generator>Writer</meta:generator>{extra}</office:meta></office:document-meta>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "meta.xml": meta, "content.xml": "<a/>"})


def epub(extra: str = "") -> bytes:
    container = '<container><rootfiles><rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>t</dc:title>{extra}</metadata></package>"
    )
    return zipped(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "OEBPS/content.opf": package}
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="4" height="4"/></svg>'
PAGE = "<!DOCTYPE html><html><head><title>t</title></head><body><p>正文</p></body></html>".encode()


# Hand-made boxes, elements and tags, for forms that no writer at hand makes.


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", len(content) + 8) + kind + content


def data_box(value: str, kind: int = 1) -> bytes:
    return box(b"data", struct.pack(">II", kind, 0), value.encode())


def handler(kind: bytes) -> bytes:
    return box(b"hdlr", b"\0" * 8 + kind + b"\0" * 13)


def keyed_meta(key: str, value: str, namespace: bytes = b"mdta") -> bytes:
    keys = box(b"keys", struct.pack(">II", 0, 1), box(namespace, key.encode()))
    return box(b"meta", b"\0\0\0\0", handler(b"mdta"), keys, box(b"ilst", box(b"\0\0\0\1", data_box(value))))


def itunes(*items: bytes) -> bytes:
    """User data with an iTunes list, whose entries have no keys."""
    return box(b"udta", box(b"meta", b"\0\0\0\0", handler(b"mdir"), box(b"ilst", *items)))


def movie(*inside: bytes, brand: bytes = b"isom", behind: bytes = b"") -> bytes:
    return (
        box(b"ftyp", brand, b"\0\0\0\0", brand)
        + box(b"moov", box(b"mvhd", b"\0" * 100), *inside)
        + box(b"mdat", b"x" * 64)
        + behind
    )


def element(name: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (len(content) | 1 << 56).to_bytes(8, "big") + content


def matroska(*tags: tuple[str, str], unsized: bool = False) -> bytes:
    simple = [element(0x67C8, element(0x45A3, n.encode()), element(0x4487, v.encode())) for n, v in tags]
    head = element(0x1A45DFA3, element(0x4282, b"matroska"))
    cluster = element(0x1F43B675, element(0xE7, b"\0"), element(0xA3, b"\x81\0\0\x80abc"))
    inside = (cluster[:4] + b"\x01" + b"\xff" * 7 + cluster[12:] if unsized else cluster) + element(
        0x1254C367, element(0x7373, *simple)
    )
    if unsized:
        return head + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + inside
    return head + element(0x18538067, inside)


def id3_tag(frames: bytes, version: int = 3) -> bytes:
    size = len(frames)
    return b"ID3" + bytes((version, 0, 0, size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127)) + frames


def text_frame(description: str, value: str, encoding: int = 0, name: bytes = b"TXXX", version: int = 3) -> bytes:
    codec, gap = (("latin-1", b"\0"), ("utf-16", b"\0\0"), ("utf-16-be", b"\0\0"), ("utf-8", b"\0"))[encoding]
    content = bytes((encoding,)) + description.encode(codec) + gap + value.encode(codec)
    size = len(content)
    if version == 2:
        return name + size.to_bytes(3, "big") + content
    sizes = (
        bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))
        if version == 4
        else size.to_bytes(4, "big")
    )
    return name + sizes + b"\0\0" + content


MP3_FRAME = b"\xff\xfb\x90\x00" + b"\0" * 413


def gif_with(block: bytes) -> bytes:
    base = picture("GIF")
    at = 13 + (3 << ((base[10] & 7) + 1) if base[10] & 0x80 else 0)
    return base[:at] + block + base[at:]


@functools.cache
def document() -> bytes:
    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter()
    writer.add_blank_page(72, 72)
    writer.add_metadata({"/Title": "kept"})
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()
