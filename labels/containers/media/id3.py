"""ID3: the label is a user-defined text frame (TXXX, in ID3v2.2 TXX) with the description ``AIGC``."""

from __future__ import annotations

from collections.abc import Iterator

from ...bytes.pages import Source
from ...findings import Findings, UnsuitableFileError
from ...meaning.aigc import is_name
from .. import xmp

#: User-defined texts, comments, private data, and texts in which writers describe a sound or name themselves.
_LOOKED_AT = frozenset(
    (b"TXXX", b"TXX", b"COMM", b"COM", b"PRIV", b"TSSE", b"TENC", b"TIT1", b"TIT3", b"TDES", b"TCOP", b"TPUB", b"TSS")
)
#: Lyrics and chapters; names of other texts begin with T, of addresses with W.
_OTHER_TEXTS = frozenset((b"USLT", b"ULT", b"SYLT", b"CHAP", b"CTOC", b"IPLS"))
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


def synchsafe(value: bytes) -> int:
    """28 bits in four bytes whose highest bit is never set."""
    return (value[0] & 127) << 21 | (value[1] & 127) << 14 | (value[2] & 127) << 7 | value[3] & 127


def as_synchsafe(number: int) -> bytes:
    return bytes((number >> 21 & 127, number >> 14 & 127, number >> 7 & 127, number & 127))


def tag_length(data: Source, start: int) -> int:
    """Bytes of the ID3v2 tag at ``start``, header and footer included; 0 where there is none."""
    if data[start : start + 3] != b"ID3" or len(data) < start + 10:
        return 0
    return 10 + synchsafe(data[start + 6 : start + 10]) + (10 if data[start + 5] & 0x10 else 0)


def frames(data: Source, start: int, end: int, found: Findings) -> Iterator[tuple[bytes, int, int]]:
    """(id, start, end) of each frame's content in the ID3v2 tag at ``start``."""
    version, flags = data[start + 3], data[start + 5]
    stop = min(end, start + 10 + synchsafe(data[start + 6 : start + 10]))
    position = start + 10
    if flags & 0x40 and version > 2 and position + 4 <= stop:
        extra = (
            synchsafe(data[position : position + 4])
            if version == 4
            else 4 + int.from_bytes(data[position : position + 4], "big")
        )
        position += extra
    name_length, header = (3, 6) if version == 2 else (4, 10)
    while position + header <= stop and data[position]:
        found.step()
        name = bytes(data[position : position + name_length])
        raw = data[position + name_length : position + 2 * name_length]
        size = synchsafe(raw) if version == 4 else int.from_bytes(raw, "big")
        body = position + header
        if version == 4 and size != int.from_bytes(raw, "big") and not _is_frame_start(data, body + size, stop):
            # Some writers put plain sizes into version 2.4; believe whichever leads to another frame.
            plain = int.from_bytes(raw, "big")
            size = plain if _is_frame_start(data, body + plain, stop) else size
        if body + size > stop:
            found.cut(f"id3: the {name.decode('latin-1')} frame is cut short")
            return
        yield name, body, body + size
        position = body + size


def _is_frame_start(data: Source, position: int, stop: int) -> bool:
    name = bytes(data[position : position + 4])
    return position == stop or name == b"\0\0\0\0" or (position < stop and name.isalnum() and name.isupper())


def read_tag(data: Source, start: int, end: int, carrier: str, found: Findings) -> None:
    """Reports the user-defined texts, comments and XMP of the tag at ``start``."""
    if not tag_length(data, start):
        return
    unsynchronised = bool(data[start + 5] & 0x80)
    for name, body, stop in frames(data, start, end, found):
        if name not in _LOOKED_AT:
            if name[:1] in b"TW" or name in _OTHER_TEXTS:
                found.stray_at(data, (body, stop), f"{carrier}/{name.decode('latin-1')}")
            continue
        where = f"{carrier}/{name.decode()}"
        if not found.within(stop - body, where):
            continue
        content = bytes(data[body:stop])
        if unsynchronised:
            content = content.replace(b"\xff\0", b"\xff")
        if name == b"PRIV":
            if content.startswith(b"XMP\0"):
                xmp.read(content[4:], where, (body, stop), found)
        elif name in (b"TXXX", b"TXX"):
            description, value = _described(content)
            if is_name(description):
                found.field(value, where, (body, stop), name=description)
            else:
                found.remark(value, f"{where}/{description[:40]}", (body, stop))
        else:
            _, value = _described(content[:1] + content[4:]) if name in (b"COMM", b"COM") else ("", _decoded(content))
            found.remark(value, where, (body, stop))


def _described(content: bytes) -> tuple[str, str]:
    """Encoding byte, description, terminator of that encoding's width, value."""
    encoding = _ENCODINGS[content[0]] if content and content[0] < 4 else "latin-1"
    body = content[1:]
    width = 2 if encoding.startswith("utf-16") else 1
    # A description longer than this is not the one that is looked for.
    reach = min(len(body) - width + 1, 1024)
    split = next((i for i in range(0, reach, width) if not any(body[i : i + width])), len(body))
    description, value = body[:split], body[split + width :]
    if (
        encoding == "utf-16"
        and description[:2] in (b"\xff\xfe", b"\xfe\xff")
        and value[:2] not in (b"\xff\xfe", b"\xfe\xff")
    ):
        value = description[:2] + value
    if encoding == "latin-1":  # writers put UTF-8 there in spite of the byte
        encoding = "utf-8" if not value.isascii() and _is_utf8(value) else encoding
    return description.decode(encoding, "replace").strip("\0\ufeff"), value.decode(encoding, "replace").rstrip("\0")


def _decoded(content: bytes) -> str:
    encoding = _ENCODINGS[content[0]] if content and content[0] < 4 else "latin-1"
    return content[1:].decode(encoding, "replace").rstrip("\0")


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def read(data: Source, found: Findings) -> None:
    """An MP3 file: tags in front, one behind the other, and one that may stand at the end."""
    position = 0
    while length := tag_length(data, position):
        found.step()
        read_tag(data, position, len(data), "mp3:id3", found)
        position += length
    end = len(data) - 128 if data[-128:-125] == b"TAG" else len(data)
    if data[end - 10 : end - 7] == b"3DI":
        start = end - 20 - synchsafe(data[end - 4 : end])
        if start >= position:
            read_tag(data, start, end, "mp3:id3-end", found)


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Adds the frame to the tag in front, using its padding, or puts a new ID3v2.3 tag there. The sound
    stays as it is.
    """
    content = b"\0AIGC\0" + value.encode("ascii")
    length = tag_length(data, 0)
    if not length:
        # Readers that find a tag in front look at no other, so it takes over what an old one at the end says.
        tag = b"".join(_frame(name, text) for name, text in [*_old_tag(data), (b"TXXX", content)])
        return b"ID3\x03\0\0" + as_synchsafe(len(tag)) + tag + data
    if length > len(data):
        raise UnsuitableFileError("the ID3 tag names more bytes than the file has")
    version, flags = data[3], data[5]
    if version not in (2, 3, 4):
        raise UnsuitableFileError(f"the file has an ID3 tag of unknown version 2.{version}")
    if flags & 0x50:
        raise UnsuitableFileError(
            "the file's ID3 tag has an extended header or a footer, which would have to be rewritten"
        )
    size = as_synchsafe(len(content)) if version == 4 else len(content).to_bytes(3 if version == 2 else 4, "big")
    frame = (b"TXX" if version == 2 else b"TXXX") + size + (b"" if version == 2 else b"\0\0") + content
    ends = [stop for _, _, stop in frames(data, 0, len(data), found)]
    insert_at = ends[-1] if ends else 10
    padding = length - insert_at
    kept = padding - len(frame) if padding >= len(frame) else padding
    tag = data[10:insert_at] + frame + b"\0" * kept
    return data[:6] + as_synchsafe(len(tag)) + tag + data[length:]


def _frame(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "big") + b"\0\0" + content


def _old_tag(data: bytes) -> list[tuple[bytes, bytes]]:
    """(id, content) of ID3v2.3 frames that say what the ID3v1 tag at the end says."""
    tag = data[-128:]
    if tag[:3] != b"TAG":
        return []

    def text(start: int, stop: int) -> bytes:
        return tag[start:stop].split(b"\0")[0].rstrip()

    has_track = not tag[125] and tag[126]
    texts = {
        b"TIT2": text(3, 33),
        b"TPE1": text(33, 63),
        b"TALB": text(63, 93),
        b"TYER": text(93, 97),
        b"COMM": text(97, 125 if has_track else 127),
        b"TRCK": b"%d" % tag[126] if has_track else b"",
        b"TCON": b"(%d)" % tag[127] if tag[127] != 0xFF else b"",
    }
    heads = {b"COMM": b"\0und\0"}
    return [(name, heads.get(name, b"\0") + value) for name, value in texts.items() if value]
