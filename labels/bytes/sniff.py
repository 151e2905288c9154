"""Which format a file is, told from its bytes alone: a name or a declared media type is only ever a second
opinion.

The table decides which walker reads a file and which demuxer a video is forced to, so that a playlist or
session description served as a video is never handed to a library that would open what it names.
"""

from __future__ import annotations

from dataclasses import dataclass

from .pages import Source


@dataclass(frozen=True, slots=True)
class Format:
    """``name`` picks the walker; ``media_type`` is what is reported; ``demuxer`` is the name PyAV is forced
    to, if any.
    """

    name: str
    media_type: str
    demuxer: str = ""


PNG = Format("png", "image/png")
JPEG = Format("jpeg", "image/jpeg")
GIF = Format("gif", "image/gif")
WEBP = Format("webp", "image/webp")
TIFF = Format("tiff", "image/tiff")
HEIF = Format("heif", "image/heif")
AVIF = Format("heif", "image/avif")
MP4 = Format("mp4", "video/mp4", "mov")
MOV = Format("mp4", "video/quicktime", "mov")
M4A = Format("mp4", "audio/mp4", "mov")
MATROSKA = Format("matroska", "video/x-matroska", "matroska")
WEBM = Format("matroska", "video/webm", "matroska")
FLV = Format("flv", "video/x-flv", "flv")
AVI = Format("avi", "video/x-msvideo", "avi")
WAV = Format("wav", "audio/wav", "wav")
MP3 = Format("mp3", "audio/mpeg", "mp3")
FLAC = Format("flac", "audio/flac", "flac")
OGG = Format("ogg", "audio/ogg", "ogg")
PDF = Format("pdf", "application/pdf")
ZIP = Format("package", "application/zip")
SVG = Format("svg", "image/svg+xml")
HTML = Format("html", "text/html")
JSON = Format("json", "application/json")
MARKDOWN = Format("markdown", "text/markdown")
TEXT = Format("text", "text/plain")
UNKNOWN = Format("unknown", "application/octet-stream")

_MAGIC_NUMBERS = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"FLV\x01", FLV),
    (b"fLaC", FLAC),
    (b"OggS", OGG),
    (b"%PDF-", PDF),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"ID3", MP3),
)
# By their first two bytes, because one look-up is cheaper than fifteen comparisons.
_MAGIC: dict[bytes, list[tuple[bytes, Format]]] = {}
for _magic, _format in _MAGIC_NUMBERS:
    _MAGIC.setdefault(_magic[:2], []).append((_magic, _format))
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"}
_AVIF_BRANDS = {b"avif", b"avis"}
_AUDIO_BRANDS = {b"M4A ", b"M4B ", b"M4P "}
_MOVIE_BOXES = {b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof", b"styp", b"sidx"}


def sniff(data: Source, media_type: str | None = None) -> Format:
    """The format of ``data``; ``media_type`` only tells the text formats apart, which have no magic number."""
    head = data[:4096]
    for magic, found in _MAGIC.get(head[:2], ()):
        if head.startswith(magic):
            return _after_id3(data) if found is MP3 else found
    if head[:4] in (b"RIFF", b"RF64", b"BW64"):
        return {b"WAVE": WAV, b"WEBP": WEBP, b"AVI ": AVI}.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _brand(head)
    if head[4:8] in _MOVIE_BOXES:
        size = int.from_bytes(head[:4], "big")
        if size in (0, 1) or 8 <= size < 1 << 31:
            return MOV
    if head[:4] == b"\x1aE\xdf\xa3":
        return WEBM if b"webm" in head[:80] else MATROSKA
    if _is_mp3_frame(head):
        return MP3
    if b"%PDF-" in head[:1024]:
        return PDF
    return _text_format(head, media_type)


def _brand(head: bytes) -> Format:
    size = min(int.from_bytes(head[:4], "big"), 256)
    major = head[8:12]
    brands = {major, *(head[i : i + 4] for i in range(16, size, 4))}
    if major in _AVIF_BRANDS or (brands & _AVIF_BRANDS and major in _HEIF_BRANDS):
        return AVIF
    if major in _HEIF_BRANDS:
        return HEIF
    if major == b"qt  ":
        return MOV
    return M4A if major in _AUDIO_BRANDS else MP4


def _after_id3(data: Source) -> Format:
    """FLAC may wear an ID3 tag in front; everything else behind one is read as MP3."""
    size = 10 + (
        (data[6] & 127) << 21 | (data[7] & 127) << 14 | (data[8] & 127) << 7 | data[9] & 127 if len(data) > 9 else 0
    )
    return FLAC if data[size : size + 4] == b"fLaC" else MP3


def _is_mp3_frame(head: bytes) -> bool:
    return (
        len(head) >= 4
        and head[0] == 0xFF
        and head[1] & 0xE6 == 0xE2
        and head[2] >> 4 not in (0, 15)
        and head[2] & 12 != 12
    )


def _text_format(head: bytes, media_type: str | None) -> Format:
    declared = (media_type or "").partition(";")[0].strip().lower()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        sample = head.decode("utf-16", "ignore")
    elif b"\0" in head:
        return UNKNOWN
    else:
        sample = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
        if sample.count("\ufffd") > 1 + len(sample) // 20:
            sample = head.decode("gb18030", "replace")
            if sample.count("\ufffd") > 1 + len(sample) // 20 or any(
                c < " " and c not in "\t\r\n\f\x1b" for c in sample
            ):
                return UNKNOWN
    start = sample.lstrip().lower()
    if start.startswith("<"):
        if "<svg" in start and "<html" not in start:
            return SVG
        if "<html" in start or "<!doctype html" in start or "<head" in start or "<body" in start:
            return HTML
    if start.startswith(("{", "[")) and declared in (
        "",
        "application/json",
        "application/octet-stream",
        "text/plain",
    ):
        return JSON if declared != "text/plain" else TEXT
    if start.startswith(("---\n", "---\r\n")):
        return MARKDOWN
    for found in (JSON, HTML, SVG, MARKDOWN):
        if declared == found.media_type or (found is JSON and declared.endswith("+json")):
            return found
    return TEXT
