"""Small real files made in memory, by writers that are not ours wherever one is at hand."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from xml.sax.saxutils import escape, quoteattr

from PIL import Image

from shenhe.conformance.labels import ImplicitFields

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


def exif_block(
    tags: dict[int, tuple[int, bytes]], user_comment: bytes | None = None, order: str = "<"
) -> bytes:
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
