"""Text that is edited in the encoding it has: UTF-8, UTF-16 with a byte-order mark, or one of the older encodings."""

from __future__ import annotations

from dataclasses import dataclass

from ..findings import UnsuitableFileError

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class EditableText:
    """A text, its byte-order mark, and the encoding that turns it into bytes again.

    With ``letters``, the characters are known. Without, the encoding is one of the older ones that extend ASCII: each
    character is one byte, and only ASCII may be added.
    """

    text: str
    mark: bytes
    encoding: str
    letters: bool

    def bytes_of(self, text: str) -> bytes:
        """``text`` in the encoding of the file. Raises UnsuitableFileError where that has no such letters."""
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise UnsuitableFileError("the encoding of the text has no letters for the label") from error


def editable(data: bytes) -> EditableText:
    """``data`` as text to insert ASCII into, whatever its encoding is."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return EditableText(data[len(mark) :].decode(encoding), mark, encoding, True)
            except UnicodeDecodeError as error:
                raise UnsuitableFileError(f"the text is not well-formed {encoding.upper()[:6]}") from error
    try:
        return EditableText(data.decode("utf-8"), b"", "utf-8", True)
    except UnicodeDecodeError:
        return EditableText(data.decode("latin-1"), b"", "latin-1", False)


def readable(data: bytes) -> EditableText:
    """``data`` as text whose letters are known, to insert any words into. Raises UnsuitableFileError otherwise."""
    found = editable(data)
    if found.letters:
        return found
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    if not text or text.encode("gb18030") != data:
        raise UnsuitableFileError("the encoding of the text is not known; convert it to UTF-8 first")
    return EditableText(text, b"", "gb18030", True)
