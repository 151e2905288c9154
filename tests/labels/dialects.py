"""Files in many dialects, made by other people's tools where one is at hand: ffmpeg, Pillow, exiftool.

`files()` maps a name to the bytes. A dialect whose tool is missing is left out, so that tests over it say how many
there must be at least.
"""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from PIL import Image

from . import media

_FILM = ("-f", "lavfi", "-i", "testsrc2=size=96x64:rate=8:duration=2")
_SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=1")
_H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "8")
_BOTH = (*_FILM, *_SOUND, *_H264, "-c:a", "aac", "-shortest")

#: Name (whose ending picks the muxer) -> arguments of ffmpeg.
FFMPEG: dict[str, tuple[str, ...]] = {
    "plain.mp4": _BOTH,
    "index in front.mp4": (*_BOTH, "-movflags", "faststart"),
    "fragments.mp4": (*_BOTH, "-movflags", "frag_keyframe+empty_moov"),
    "fragments with base.mp4": (*_BOTH, "-movflags", "frag_keyframe"),
    "fragments and segment index.mp4": (*_BOTH, "-movflags", "frag_keyframe+empty_moov+dash+global_sidx"),
    "fragments, base is moof.mp4": (*_BOTH, "-movflags", "frag_keyframe+empty_moov+default_base_moof"),
    "keys.mp4": (*_BOTH, "-movflags", "use_metadata_tags", "-metadata", "custom=kept", "-metadata", "title=kept"),
    "tags.mp4": (*_BOTH, "-metadata", "title=kept", "-metadata", "comment=kept"),
    "subtitles track.mp4": (*_BOTH, "-metadata:s:a:0", "language=zho"),
    "hevc.mp4": (*_FILM, "-c:v", "libx265", "-x265-params", "log-level=none"),
    "av1.mp4": (*_FILM, "-c:v", "libaom-av1", "-cpu-used", "8", "-t", "0.5"),
    "timecode.mov": (*_BOTH, "-timecode", "01:00:00:00"),
    "prores.mov": (*_FILM, "-c:v", "prores_ks"),
    "pcm.mov": (*_SOUND, "-c:a", "pcm_s16le"),
    "a.3gp": (*_FILM, "-c:v", "mpeg4"),
    "a.m4v": (*_FILM, *_H264),
    "a.f4v": (*_BOTH,),
    "smooth streaming.ismv": (*_BOTH,),
    "aac.m4a": (*_SOUND, "-c:a", "aac"),
    "alac.m4a": (*_SOUND, "-c:a", "alac"),
    "tags.m4a": (*_SOUND, "-c:a", "aac", "-metadata", "title=kept", "-metadata", "artist=kept"),
    "sequence.avif": (*_FILM, "-c:v", "libaom-av1", "-cpu-used", "8", "-t", "0.5"),
    "still by ffmpeg.avif": (*_FILM, "-c:v", "libaom-av1", "-cpu-used", "8", "-frames:v", "1", "-still-picture", "1"),
    "plain.mkv": _BOTH,
    "cues in front.mkv": (*_BOTH, "-cues_to_front", "1"),
    "room for an index.mkv": (*_BOTH, "-reserve_index_space", "2000"),
    "no checksums.mkv": (*_BOTH, "-write_crc32", "0"),
    "tags.mkv": (*_BOTH, "-metadata", "title=kept", "-metadata", "custom=kept"),
    "vp9.webm": (*_FILM, "-c:v", "libvpx-vp9"),
    "live.webm": (*_FILM, "-c:v", "libvpx", "-live", "1"),
    "opus.webm": (*_SOUND, "-c:a", "libopus"),
    "a.mka": (*_SOUND, "-c:a", "flac"),
    "plain.flv": (*_FILM, *_SOUND, "-c:v", "flv", "-c:a", "libmp3lame", "-shortest"),
    "index.flv": (*_BOTH, "-flvflags", "add_keyframe_index"),
    "no length.flv": (*_BOTH, "-flvflags", "no_duration_filesize"),
    "plain.avi": (*_FILM, *_SOUND, "-c:v", "mpeg4", "-c:a", "libmp3lame", "-shortest"),
    "pcm.avi": (*_FILM, *_SOUND, "-c:v", "mjpeg", "-c:a", "pcm_s16le", "-shortest"),
    "tags.avi": (*_FILM, "-c:v", "mpeg4", "-metadata", "title=kept"),
    "pcm.wav": _SOUND,
    "24 bits.wav": (*_SOUND, "-c:a", "pcm_s24le"),
    "float.wav": (*_SOUND, "-c:a", "pcm_f32le"),
    "odd.wav": (*_SOUND, "-c:a", "pcm_u8", "-t", "0.10001"),
    "a-law.wav": (*_SOUND, "-c:a", "pcm_alaw"),
    "adpcm.wav": (*_SOUND, "-c:a", "adpcm_ima_wav"),
    "broadcast.wav": (*_SOUND, "-write_bext", "1", "-metadata", "description=kept"),
    "tags.wav": (*_SOUND, "-metadata", "title=kept"),
    "rf64.wav": (*_SOUND, "-rf64", "always"),
    "six channels.wav": (*_SOUND, "-ac", "6"),
    "plain.mp3": (*_SOUND, "-c:a", "libmp3lame"),
    "variable.mp3": (*_SOUND, "-c:a", "libmp3lame", "-q:a", "4", "-metadata", "title=kept"),
    "no header frame.mp3": (*_SOUND, "-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"),
    "tag 2.3.mp3": (*_SOUND, "-c:a", "libmp3lame", "-id3v2_version", "3", "-metadata", "title=保留"),
    "tag 2.4.mp3": (*_SOUND, "-c:a", "libmp3lame", "-id3v2_version", "4", "-metadata", "title=保留"),
    "tag 1.mp3": (*_SOUND, "-c:a", "libmp3lame", "-write_id3v1", "1", "-metadata", "title=kept"),
    "plain.flac": (*_SOUND, "-c:a", "flac"),
    "tags.flac": (*_SOUND, "-c:a", "flac", "-metadata", "title=kept"),
    "24 bits.flac": (*_SOUND, "-c:a", "flac", "-sample_fmt", "s32"),
    "opus.ogg": (*_SOUND, "-c:a", "libopus"),
    "vorbis.ogg": (*_SOUND, "-c:a", "libvorbis", "-metadata", "title=kept"),
    "speex.ogg": (*_SOUND, "-ar", "16000", "-c:a", "libspeex"),
    "flac.ogg": (*_SOUND, "-c:a", "flac"),
    "theora.ogv": (*_FILM, "-c:v", "libtheora"),
    "theora and vorbis.ogv": (*_FILM, *_SOUND, "-c:v", "libtheora", "-c:a", "libvorbis", "-shortest"),
    "16 bits.png": (*_FILM, "-frames:v", "1", "-pix_fmt", "rgb48be"),
    "grey with alpha.png": (*_FILM, "-frames:v", "1", "-pix_fmt", "ya8"),
    "animation.apng": (*_FILM, "-t", "1", "-plays", "0"),
    "by ffmpeg.jpg": (*_FILM, "-frames:v", "1"),
    "animation.gif": (*_FILM, "-t", "1"),
    "by ffmpeg.webp": (*_FILM, "-frames:v", "1", "-c:v", "libwebp"),
    "animation.webp": (*_FILM, "-t", "1", "-c:v", "libwebp_anim", "-loop", "0"),
    "by ffmpeg.tiff": (*_FILM, "-frames:v", "1"),
    "deflate.tiff": (*_FILM, "-frames:v", "1", "-compression_algo", "deflate"),
    "still.jxl": (*_FILM, "-frames:v", "1", "-c:v", "libjxl"),
    "still.jp2": (*_FILM, "-frames:v", "1", "-c:v", "jpeg2000"),
    "still.bmp": (*_FILM, "-frames:v", "1"),
    "pcm.aiff": _SOUND,
    "tags.aiff": (*_SOUND, "-write_id3v2", "1", "-metadata", "title=kept"),
    "sound.wma": (*_SOUND, "-c:a", "wmav2", "-metadata", "title=kept"),
    "film.wmv": (*_FILM, *_SOUND, "-c:v", "wmv2", "-c:a", "wmav2", "-shortest"),
    "film.ts": _BOTH,
    "subtitles.srt": ("-f", "srt", "-i", "{srt}"),
    "subtitles.vtt": ("-f", "srt", "-i", "{srt}"),
    "subtitles.ass": ("-f", "srt", "-i", "{srt}"),
}
_SRT = "1\n00:00:00,000 --> 00:00:01,000\n你好\n\n2\n00:00:01,000 --> 00:00:02,000\nbye\n"


def _by_ffmpeg(name: str, arguments: tuple[str, ...]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "in.srt").write_text(_SRT, encoding="utf-8")
        chosen = [each.replace("{srt}", f"{folder}/in.srt") for each in arguments]
        path = Path(folder, name.replace(" ", "_"))
        command = ["ffmpeg", "-v", "error", "-nostdin", *chosen, "-fflags", "+bitexact", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return path.read_bytes() if done.returncode == 0 else b""


def _by_exiftool(data: bytes, ending: str, *arguments: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a.{ending}")
        path.write_bytes(data)
        command = ["exiftool", "-q", "-q", "-m", "-overwrite_original", *arguments, str(path)]
        subprocess.run(command, capture_output=True, check=False)
        return path.read_bytes()


_TAGS = ("-XMP-dc:Title=kept", "-XMP-dc:Creator=kept", "-XMP-photoshop:City=城市")
#: Name -> (file, ending, arguments of exiftool).
EXIFTOOL: dict[str, tuple[Callable[[], bytes], str, tuple[str, ...]]] = {
    "xmp.png": (lambda: media.picture("PNG"), "png", _TAGS),
    "compressed xmp.png": (lambda: media.picture("PNG"), "png", (*_TAGS, "-z")),
    "exif and xmp.png": (lambda: media.picture("PNG"), "png", (*_TAGS, "-EXIF:Artist=kept")),
    "exif, xmp and iptc.jpg": (lambda: media.picture("JPEG"), "jpg", (*_TAGS, "-EXIF:Artist=kept", "-IPTC:City=x")),
    "xmp and comment.jpg": (lambda: media.picture("JPEG"), "jpg", (*_TAGS, "-Comment=kept")),
    "extended xmp.jpg": (lambda: media.picture("JPEG"), "jpg", (*_TAGS, "-XMP-dc:Description=" + "long " * 14_000)),
    "xmp.gif": (lambda: media.picture("GIF"), "gif", (*_TAGS, "-Comment=kept")),
    "xmp.tif": (lambda: media.picture("TIFF"), "tif", (*_TAGS, "-EXIF:Artist=kept", "-GPSLatitude=30")),
    "xmp.webp": (lambda: media.picture("WEBP"), "webp", (*_TAGS, "-EXIF:Artist=kept")),
    "xmp.avif": (lambda: media.picture("AVIF"), "avif", (*_TAGS, "-EXIF:Artist=kept")),
    "xmp.mp4": (
        lambda: _by_ffmpeg("a.mp4", FFMPEG["plain.mp4"]),
        "mp4",
        (*_TAGS, "-Keys:Title=kept", "-UserData:Title=x"),
    ),
    "item list.m4a": (lambda: _by_ffmpeg("a.m4a", FFMPEG["aac.m4a"]), "m4a", ("-ItemList:Title=kept", *_TAGS)),
    "xmp.mov": (lambda: _by_ffmpeg("a.mov", FFMPEG["timecode.mov"]), "mov", (*_TAGS, "-Keys:Title=kept")),
    "xmp.jp2": (lambda: _by_ffmpeg("a.jp2", FFMPEG["still.jp2"]), "jp2", _TAGS),
    "xmp.jxl": (lambda: _by_ffmpeg("a.jxl", FFMPEG["still.jxl"]), "jxl", _TAGS),
    "xmp.psd": (lambda: psd(), "psd", _TAGS),
    "info.pdf": (media.document, "pdf", ("-PDF:Title=kept", *_TAGS)),
}


@cache
def hand_made() -> dict[str, bytes]:
    wav = media.sound(0.1)
    size = len(wav) - 44
    grey = Image.linear_gradient("L").resize((64, 64))
    multiple = io.BytesIO()
    grey.save(multiple, "TIFF", save_all=True, append_images=[grey.rotate(90), grey.rotate(180)])
    jp2 = io.BytesIO()
    grey.convert("RGB").save(jp2, "JPEG2000")
    icon = io.BytesIO()
    grey.convert("RGB").save(icon, "AVIF", exif=b"Exif\0\0" + media.exif_block({0x0131: (2, b"Editor\0")}))
    page = media.PAGE.decode()
    return {
        "streamed, no sizes.wav": wav[:4] + b"\0" * 4 + wav[8:40] + b"\0" * 4 + wav[44:],
        "streamed, largest sizes.wav": wav[:4] + b"\xff" * 4 + wav[8:40] + b"\xff" * 4 + wav[44:],
        "streamed by sox.wav": wav[:4] + struct.pack("<I", 0x7FFFFFFF) + wav[8:40] + struct.pack("<I", 0x7FFFF000) + wav[44:],
        "wrong size of all.wav": wav[:4] + struct.pack("<I", 36) + wav[8:],
        "size of all too large.wav": wav[:4] + struct.pack("<I", len(wav) + 100) + wav[8:],
        "tag behind.wav": wav + b"TAG" + b"\0" * 125,
        "list behind.wav": wav + media.riff_chunk(b"LIST", b"INFO" + media.riff_chunk(b"INAM", b"kept\0")),
        "odd without padding.wav": wav[:4] + struct.pack("<I", size + 35) + wav[8:40] + struct.pack("<I", size - 1) + wav[44:-1],
        "data behind.png": media.picture("PNG") + b"behind",
        "motion.jpg": media.picture("JPEG") + b"MotionPhoto_Data" + b"\0\0\0\x18ftypmp42",
        "further picture.jpg": further_picture(),
        "zeros behind user data.mov": media.movie(
            media.box(b"udta", media.box(b"\xa9nam", b"\0\4\0\0kept"), b"\0\0\0\0"), brand=b"qt  "
        ),
        "free behind user data.mp4": media.movie(media.box(b"udta", media.box(b"free", b"\0" * 64))),
        "meta and moov.mp4": media.movie(media.itunes(media.box(b"\xa9nam", media.data_box("kept")), media.box(b"free", b""))),
        "multiple.tif": multiple.getvalue(),
        "by pillow.jp2": jp2.getvalue(),
        "picture.psd": psd(),
        "message.eml": b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nhello\r\n",
        "exif.avif": icon.getvalue(),
        "gbk.html": page.replace("<head>", '<head><meta charset="gbk">').encode("gbk"),
        "latin-1.html": b'<html><head><meta charset="iso-8859-1"><title>caf\xe9</title></head><body>\xe9t\xe9</body></html>',
        "utf-16.html": b"\xff\xfe" + page.encode("utf-16-le"),
        "xhtml.html": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head>'
        b"<body><p>x</p></body></html>",
        "gbk.txt": "春天来了，鸟飞回北方。".encode("gbk"),
        "utf-16.txt": b"\xff\xfe" + "春天来了。".encode("utf-16-le"),
        "big-endian utf-16.txt": b"\xfe\xff" + "春天来了。".encode("utf-16-be"),
        "mark.txt": b"\xef\xbb\xbf" + "春天来了。".encode(),
        "latin-1.txt": b"caf\xe9 au lait, tr\xe8s bon",
        "windows.txt": "一\r\n二\r\n".encode(),
        "no newline.txt": "春天来了".encode(),
        "front matter.md": b"---\ntitle: kept\ntags: [a, b]\n---\n# Title\n",
        "windows.md": b"---\r\ntitle: kept\r\n---\r\n# Title\r\n",
        "plain.md": "# 标题\n\n正文\n".encode(),
        "toml.md": b"+++\ntitle = 'kept'\n+++\n# Title\n",
        "mark.json": b"\xef\xbb\xbf" + json.dumps({"text": "春"}, ensure_ascii=False).encode(),
        "array.json": b"[1, 2]",
        "numbers.json": b'{"big": 123456789012345678901234567890, "e": 1e5, "dup": 1, "dup": 2}',
        "lines.jsonl": b'{"a": 1}\n{"a": 2}\n',
        "table.csv": b"a,b\n1,2\n",
        "sidecar.xmp": media.xmp_packet("<dc:x xmlns:dc='urn:d'>kept</dc:x>", head='<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>')
        + b"\n<?xpacket end='w'?>",
        "illustrator.svg": b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg" width="9"'
        b' height="9"><metadata>kept</metadata><rect width="4" height="4"/></svg>',
        "properties.docx": media.ooxml(media.custom_properties("Other", "kept")),
        "plain.docx": media.ooxml(),
        "plain.odt": media.odf(),
        "plain.epub": media.epub(),
        "archive.zip": media.zipped({"a.txt": "x"}),
    }  # fmt: skip


def psd() -> bytes:
    """A grey PSD of 16 x 16 with one image resource."""
    resource = b"8BIM" + struct.pack(">HHI", 1005, 0, 16) + struct.pack(">IHHIHH", 72 << 16, 1, 1, 72 << 16, 1, 1)
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 1, 16, 16, 8, 1)
    return (
        head
        + struct.pack(">I", 0)
        + struct.pack(">I", len(resource))
        + resource
        + struct.pack(">I", 0)
        + b"\0\0"
        + bytes(256)
    )


def further_picture() -> bytes:
    """A JPEG with a second picture behind it and an index (MPF) that says where."""
    first, second = media.picture("JPEG"), media.picture("JPEG", (16, 16))
    body = b"MPF\0II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0xB002, 7, 32, 26) + b"\0" * 4
    length = 2 + len(body) + 32
    place = len(first) + 2 + length - (2 + 4 + 4)
    rows = struct.pack("<IIII", 0x030000, len(first) + 2 + length, 0, 0) + struct.pack(
        "<IIII", 0, len(second), place, 0
    )
    return first[:2] + b"\xff\xe2" + struct.pack(">H", length) + body + rows + first[2:] + second


def names() -> list[str]:
    """Every dialect, whether it can be made here or not."""
    return [*FFMPEG, *EXIFTOOL, *hand_made()]


@cache
def made(name: str) -> bytes:
    """One dialect; empty where the tool that makes it is not installed or cannot."""
    if name in (by_hand := hand_made()):
        return by_hand[name]
    if name in FFMPEG:
        return _by_ffmpeg(name, FFMPEG[name]) if shutil.which("ffmpeg") else b""
    make, ending, arguments = EXIFTOOL[name]
    return _by_exiftool(make(), ending, *arguments) if shutil.which("exiftool") else b""
