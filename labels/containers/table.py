"""The table of containers: how each is recognised by its bytes, and what reads it, writes into it and compares it.

Adding a carrier takes one module beside this one and one row here. Modules are named, not imported, so that only the
code for the file at hand is loaded. Rows are tried in their order: the first whose magic number and ``accepts`` match
is the file's container.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .container import Container, Lazy

if TYPE_CHECKING:
    from ..bytes.pages import Source


def _start(*prefixes: bytes) -> tuple[tuple[int, bytes], ...]:
    return tuple((0, prefix) for prefix in prefixes)


# Where the magic number does not decide.

_HEIF_BRANDS = {
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2", b"mif3"),
    *(
        b"avci",
        b"avcs",
        b"jpeg",
        b"jpgs",
        b"j2ki",
        b"j2is",
        b"vvic",
        b"vvis",
        b"evbi",
        b"evbs",
        b"unif",
        b"MiHB",
        b"MiHE",
    ),
}
_AVIF_BRANDS = {b"avif", b"avis"}
_AUDIO_BRANDS = {b"M4A ", b"M4B ", b"M4P "}


def _brands(data: Source) -> tuple[bytes, set[bytes]]:
    """(the major brand, all brands) of a file that begins with ``ftyp``."""
    head = data[:256]
    size = min(int.from_bytes(head[:4], "big"), 256)
    return bytes(head[8:12]), {bytes(head[8:12]), *(bytes(head[i : i + 4]) for i in range(16, size, 4))}


def _is_avif(data: Source) -> bool:
    major, brands = _brands(data)
    if major == b"mif3":  # minimized metadata: the codec's brand is where the minor version usually is
        brands.add(bytes(data[12:16]))
    return major in _AVIF_BRANDS or (bool(brands & _AVIF_BRANDS) and major in _HEIF_BRANDS)


def _form(*kinds: bytes) -> Callable[[Source], bool]:
    return lambda data: data[8:12] in kinds


def _major(*brands: bytes) -> Callable[[Source], bool]:
    return lambda data: data[8:12] in brands


def _is_flac(data: Source) -> bool:
    """FLAC may have an ID3 tag in front; any other file behind such a tag is read as MP3."""
    if data[:3] != b"ID3":
        return True
    size = data[6:10]
    if len(size) < 4:
        return False
    end = 10 + ((size[0] & 127) << 21 | (size[1] & 127) << 14 | (size[2] & 127) << 7 | size[3] & 127)
    return data[end : end + 4] == b"fLaC"


def _is_mp3(data: Source) -> bool:
    head = data[:4]
    if head[:3] == b"ID3":
        return True
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[2] >> 4 not in (0, 15) and head[2] & 12 != 12


def _is_movie_without_brand(data: Source) -> bool:
    """A QuickTime file from before brands begins with any box of a film."""
    size = int.from_bytes(data[:4], "big")
    return size in (0, 1) or 8 <= size < 1 << 31


_RIFF = _start(b"RIFF", b"RF64", b"BW64")
_FTYP = ((4, b"ftyp"),)
_MOVIE_BOXES = tuple(
    (4, kind) for kind in (b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof", b"styp", b"sidx")
)
_PICTURE: tuple[str, ...] = ("visible",)
_FILM: tuple[str, ...] = ("film", "sound")
_SOUND: tuple[str, ...] = ("sound",)
_DRAW_ON_FILM = Lazy("drawing.film", "with_visible_label")


def _row(
    name: str,
    media_type: str,
    magic: tuple[tuple[int, bytes], ...] = (),
    accepts: Callable[[Source], bool] | None = None,
    *,
    module: str,
    read: str = "read",
    write: str = "write",
    writes_in: str = "",
    content: tuple[str, str] | None = None,
    **others: Any,
) -> Container:
    """A row whose functions are in one module of ``containers``; the writer may be in another."""
    parts = Lazy(*content) if content else None
    writer = Lazy(f"containers.{writes_in or module}", write) if write else None
    return Container(name, media_type, magic, accepts, Lazy(f"containers.{module}", read), writer, parts, **others)


def _movie(media_type: str, magic: tuple[tuple[int, bytes], ...], accepts: Callable[[Source], bool]) -> Container:
    if media_type.startswith("audio/"):
        explicit, senses = Lazy("drawing.audio", "m4a"), _SOUND
    else:
        explicit, senses = _DRAW_ON_FILM, _FILM
    return _row(
        "mp4",
        media_type,
        magic,
        accepts,
        module="media.bmff",
        writes_in="media.bmff_write",
        content=("proof.boxes", "content"),
        explicit=explicit,
        explicit_needs="av",
        demuxer="mov",
        senses=senses,
    )


def _film(
    name: str, media_type: str, magic: tuple[tuple[int, bytes], ...], accepts: Callable[[Source], bool] | None = None
) -> Container:
    module = "media." + ("riff" if name == "avi" else name)
    return _row(
        name,
        media_type,
        magic,
        accepts,
        module=module,
        content=("proof.films", name),
        explicit=_DRAW_ON_FILM,
        explicit_needs="av",
        demuxer=name,
        senses=_FILM,
    )


def _structured(name: str, media_type: str, refusal: str, **others: Any) -> Container:
    """Structured text, in which every line has a meaning and an added line would change it."""
    others |= {"refusal": refusal, "explicit_refusal": refusal}
    return _row(name, media_type, module="documents.text", read="read_text", write="", text=True, **others)


def _picture(name: str, media_type: str, magic: tuple[tuple[int, bytes], ...], **others: Any) -> Container:
    not_drawn = f"no visible label can be drawn into {media_type} files here; use PNG, JPEG or WebP"
    others.setdefault("content", ("proof.pictures", name))
    return _row(name, media_type, magic, senses=_PICTURE, explicit_refusal=not_drawn, **others)


def _sound(
    name: str, media_type: str, magic: tuple[tuple[int, bytes], ...], accepts: Any = None, **others: Any
) -> Container:
    return _row(
        name,
        media_type,
        magic,
        accepts,
        content=("proof.sounds", name),
        explicit=Lazy("drawing.audio", name),
        explicit_needs="av",
        demuxer=name,
        senses=_SOUND,
        **others,
    )


_MAIL = re.compile(
    r"\A(?:(?:From|To|Subject|Date|Received|Return-Path|MIME-Version|Message-ID|Delivered-To|Reply-To|X-[\w-]{1,40}|"
    r"DKIM-Signature|Authentication-Results|Content-Type):[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){2}",
    re.IGNORECASE,
)
_BITMAP_HEADERS = {size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124)}


def _rarer(
    name: str,
    media_type: str,
    magic: tuple[tuple[int, bytes], ...],
    module: str,
    read: str = "read",
    write: str = "write",
    *,
    accepts: Callable[[Source], bool] | None = None,
    **others: Any,
) -> Container:
    """A row whose functions, including the comparison, are in one module of ``containers.rarer``."""
    place = f"containers.rarer.{module}"
    senses = (
        others.pop("senses", None) or {"image": _PICTURE, "video": _FILM, "audio": _SOUND}[media_type.partition("/")[0]]
    )
    writer, parts = (Lazy(place, write), Lazy(place, "content")) if write else (None, None)
    return Container(name, media_type, magic, accepts, Lazy(place, read), writer, parts, senses=senses, **others)


CONTAINERS = (
    _picture(
        "png",
        "image/png",
        _start(b"\x89PNG\r\n\x1a\n"),
        module="pictures.png",
        explicit=Lazy("drawing.picture", "png"),
    ),
    _picture(
        "jpeg",
        "image/jpeg",
        _start(b"\xff\xd8\xff"),
        module="pictures.jpeg",
        explicit=Lazy("drawing.picture", "jpeg"),
    ),
    _picture(
        "gif",
        "image/gif",
        _start(b"GIF87a", b"GIF89a"),
        module="pictures.gif",
        explicit=Lazy("drawing.animation", "gif"),
    ),
    _picture(
        "webp",
        "image/webp",
        _start(b"RIFF"),
        accepts=_form(b"WEBP"),
        module="media.riff",
        explicit=Lazy("drawing.picture", "webp"),
    ),
    _picture(
        "tiff",
        "image/tiff",
        _start(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
        module="pictures.exif",
        read="read_tiff",
        write="write_file",
        explicit=Lazy("drawing.tiff", "with_label"),
    ),
    _picture(
        "heif",
        "image/avif",
        _FTYP,
        accepts=_is_avif,
        module="media.bmff",
        writes_in="media.bmff_write",
        explicit=Lazy("drawing.picture", "avif"),
        content=("proof.boxes", "content"),
    ),
    _picture(
        "heif",
        "image/heif",
        _FTYP,
        accepts=_major(*_HEIF_BRANDS),
        module="media.bmff",
        writes_in="media.bmff_write",
        content=("proof.boxes", "content"),
    ),
    _movie("video/quicktime", _FTYP, _major(b"qt  ")),
    _movie("audio/mp4", _FTYP, _major(*_AUDIO_BRANDS)),
    _movie("video/mp4", _FTYP, lambda _: True),
    _movie("video/quicktime", _MOVIE_BOXES, _is_movie_without_brand),
    _film("matroska", "video/webm", _start(b"\x1aE\xdf\xa3"), lambda data: b"webm" in data[:80]),
    _film("matroska", "video/x-matroska", _start(b"\x1aE\xdf\xa3")),
    _film("flv", "video/x-flv", _start(b"FLV\x01")),
    _film("avi", "video/x-msvideo", _start(b"RIFF"), _form(b"AVI ")),
    _row(
        "wav",
        "audio/wav",
        _RIFF,
        _form(b"WAVE"),
        module="media.riff",
        content=("proof.sounds", "wav"),
        explicit=Lazy("drawing.wav", "with_rhythm"),
        demuxer="wav",
        senses=("rhythm",),
    ),
    _sound(
        "flac",
        "audio/flac",
        _start(b"fLaC", b"ID3"),
        _is_flac,
        module="media.vorbis",
        read="read_flac",
        write="write_flac",
    ),
    _sound("mp3", "audio/mpeg", _start(b"ID3", b"\xff"), _is_mp3, module="media.id3"),
    _sound("ogg", "audio/ogg", _start(b"OggS"), module="media.vorbis", read="read_ogg", write="write_ogg"),
    _row(
        "package",
        "application/zip",
        _start(b"PK\x03\x04", b"PK\x05\x06"),
        module="documents.zip",
        content=("proof.documents", "package"),
    ),
    _rarer(
        "jxl",
        "image/jxl",
        _start(b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"),
        "jpegs",
        "read_jxl",
        "write_jxl",
        senses=("unseen",),
    ),
    _rarer("jp2", "image/jp2", _start(b"\0\0\0\x0cjP  \r\n\x87\n"), "jpegs", "read_jp2", "write_jp2"),
    _rarer("psd", "image/vnd.adobe.photoshop", _start(b"8BPS\0\1", b"8BPS\0\2"), "psd"),
    _rarer(
        "bmp",
        "image/bmp",
        _start(b"BM"),
        "bmp",
        write="",
        accepts=lambda data: data[6:10] == b"\0\0\0\0" and data[14:18] in _BITMAP_HEADERS,
        refusal="BMP has no place for metadata; convert the picture to PNG",
        explicit=Lazy("drawing.picture", "bmp"),
    ),
    _rarer("aiff", "audio/aiff", _start(b"FORM"), "aiff", accepts=_form(b"AIFF", b"AIFC"), demuxer="aiff"),
    _rarer("asf", "video/x-ms-asf", _start(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")), "asf", demuxer="asf"),
    _rarer(
        "mpegts",
        "video/mp2t",
        _start(b"G"),
        "mpegts",
        write="",
        accepts=Lazy("containers.rarer.mpegts", "is_stream"),
        refusal="a transport stream has no place for a label; put the film into MP4 or Matroska",
        demuxer="mpegts",
    ),
    Container(
        "c2pa",
        "application/c2pa",
        ((4, b"jumb"),),
        Lazy("sidecars", "is_store"),
        Lazy("sidecars", "read_store"),
        refusal="a manifest store says what its signer put into it; label the file that it describes",
    ),
    _row(
        "pdf",
        "application/pdf",
        accepts=lambda data: b"%PDF-" in data[:1024],
        module="documents.pdf",
        content=("proof.documents", "pdf"),
        confined=True,
        write_needs="pypdf",
    ),
    # Text has no magic number: ``sniff`` recognises its kinds by how they begin and by the declared type of the file.
    _row(
        "svg",
        "image/svg+xml",
        module="documents.markup",
        read="read_svg",
        write="write_svg",
        content=("proof.documents", "xml_text"),
        text=True,
    ),
    _row("html", "text/html", module="documents.markup", read="read_html", write="write_html", text=True),
    _row(
        "xmp",
        "application/rdf+xml",
        module="documents.text",
        read="read_sidecar",
        write="write_sidecar",
        content=("proof.documents", "packet"),
        begins=re.compile(r"<\?xpacket\b|<x:xmpmeta\b|(?:<\?xml[^>]*\?>\s*)?<(?:\w+:xmpmeta|rdf:RDF)\b"),
        text=True,
    ),
    _structured(
        "subtitles",
        "application/x-subrip",
        "a line of JSON would be shown with the last subtitle; label the film that the subtitles belong to",
        begins=re.compile(r"\d{1,6}[ \t]*\r?\n\d{1,3}:\d\d:\d\d[,.]\d{1,3}[ \t]*-->"),
    ),
    _row(
        "webvtt",
        "text/vtt",
        module="documents.text",
        read="read_text",
        write="write_vtt",
        explicit_refusal="words for people belong into the film, not into its subtitles",
        begins=re.compile(r"WEBVTT(?:[ \t\r\n]|\Z)"),
        text=True,
    ),
    _structured(
        "subtitles",
        "text/x-ssa",
        "a line of JSON would be no part of the subtitles; label the film that they belong to",
        begins=re.compile(r"\[Script Info\]"),
    ),
    _structured(
        "subtitles",
        "text/x-lrc",
        "a line of JSON would be shown with the words of the song; label the sound that they belong to",
        begins=re.compile(r"(?:\[(?:ti|ar|al|by|offset|\d{1,3}:\d\d(?:\.\d{1,3})?):?[^\]\r\n]*\][^\r\n]*\r?\n){2}"),
    ),
    _structured("table", "text/csv", "a line of JSON would be one more row of the table"),
    _structured("table", "text/tab-separated-values", "a line of JSON would be one more row of the table"),
    _structured(
        "json lines", "application/jsonl", "a JSON Lines label would be another record; label each record instead"
    ),
    _structured(
        "rich text",
        "application/rtf",
        "a line of JSON would break the document; save it as DOCX or ODT",
        begins=re.compile(r"\{\\rtf"),
    ),
    _row(
        "mail",
        "message/rfc822",
        module="rarer.mail",
        write="",
        refusal="a line of JSON would be part of the message; label its attachments",
        explicit_refusal="words put into a message may break its signatures; write them before it is sent",
        begins=_MAIL,
        text=True,
    ),
    _structured(
        "xml", "application/xml", "no place for a label is known in this kind of XML", begins=re.compile(r"<\?xml\b")
    ),
    _structured(
        "source",
        "text/x-structured",
        "a line of JSON would change what the file means; only plain text, Markdown, HTML, SVG, JSON and WebVTT have a"
        " place for a label",
    ),
    _row(
        "json",
        "application/json",
        module="documents.text",
        read="read_json",
        write="write_json",
        content=("proof.documents", "json_text"),
        explicit_refusal="which member of a JSON text people read is not known here; label that text itself",
        text=True,
    ),
    _row(
        "markdown",
        "text/markdown",
        module="documents.text",
        read="read_markdown",
        write="write_markdown",
        explicit=Lazy("containers.documents.text", "explain"),
        text=True,
    ),
    _row(
        "text",
        "text/plain",
        module="documents.text",
        read="read_text",
        write="write_text",
        explicit=Lazy("containers.documents.text", "explain"),
        text=True,
    ),
)
UNKNOWN = Container("unknown", "application/octet-stream", refusal="no place for a label is known in this format")

_PILLOW = {"image/jp2": "JPEG2000", "image/vnd.adobe.photoshop": "PSD", "image/avif": "AVIF"}


def pillow_format(media_type: str) -> str:
    """The name under which Pillow knows a picture's format."""
    return _PILLOW.get(media_type) or media_type.rpartition("/")[2].upper()


__all__ = ["CONTAINERS", "UNKNOWN", "Container", "Lazy", "pillow_format"]
