"""Text formats: plain text, JSON and Markdown, with the AIGC field in them and the explicit labels in their
words.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from itertools import islice
from typing import Any

from ...bytes.encodings import editable, readable
from ...findings import Findings, Span, UnsuitableFileError
from ...meaning.aigc import is_name
from ...meaning.passages import read_passage
from ...meaning.wording import with_text_label
from ...model import Deviation, Label
from .. import xmp
from ..table import Container

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.{0,65536}?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_TOML_FRONT_MATTER = re.compile(r"\A\+\+\+[ \t]*\r?\n(.{0,65536}?)\r?\n\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_LINE_FIELD = re.compile(
    r"^[ \t>#*/-]{0,8}(AIGC)[ \t]{0,8}[:=：][ \t]{0,8}(\{[^\n]{0,8192}\})[ \t]*\r?$", re.MULTILINE | re.I
)
#: Code in Markdown: what it says is quoted. Fences end with the text where they are not closed.
_CODE = re.compile(
    r"^[ ]{0,3}(`{3,}+|~{3,}+)[^\n]*+\n.*?(?:^[ ]{0,3}\1[`~]*[ \t]*$|\Z)|(?<!`)(`{1,2})(?!`)[^\n`]{1,400}\2(?!`)"
    r"|(?<=\n\n)(?:(?:[ ]{4}|\t)[^\n]*\n)+",
    re.DOTALL | re.MULTILINE,
)
_BODY_FIELD = re.compile(r"""\{\s*["']AIGC["']\s*:\s*\{[^{}]{0,8192}\}\s*\}""", re.IGNORECASE)


def decoded(data: bytes) -> str:
    """Text of unknown encoding: byte-order marks first, then UTF-8, then GB 18030."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def byte_span(data: bytes, text: str, start: int, end: int) -> Span | None:
    """Byte range of a range of characters; only where the file is UTF-8."""
    mark = 3 if data[:3] == b"\xef\xbb\xbf" else 0
    before = mark + len(text[:start].encode("utf-8", "replace"))
    after = before + len(text[start:end].encode("utf-8", "replace"))
    return (
        (before, after)
        if after <= len(data) and data[before:after] == text[start:end].encode("utf-8", "replace")
        else None
    )


def stripped_lines(text: str) -> str:
    """``text`` without white space at the ends of lines and without empty lines."""
    return "\n".join(line for each in text.split("\n") if (line := each.strip()))


def read_words(text: str, carrier: str, found: Findings) -> None:
    """Adds the explicit text labels of ``text``; ``carrier`` is put in front of their own."""
    passage = read_passage(text)
    for label in passage.labels:
        found.add(_standing_in(label, carrier))
    for label in passage.others:
        found.state(_standing_in(label, carrier))
    for note in passage.notes:
        found.note(f"{carrier}: {note}" if carrier else note)


def _standing_in(label: Label, carrier: str) -> Label:
    return replace(label, carrier=f"{carrier}/{label.carrier}" if carrier else label.carrier)


def read_text(data: bytes, found: Findings) -> None:
    text = decoded(data)
    read_words(_without_fields(data, text, text, "text", found), "", found)


def _without_fields(data: bytes, whole: str, text: str, format_name: str, found: Findings) -> str:
    """``text``, the end of ``whole``, without the fields in its body, which are reported: an object, or a line
    ``AIGC: {…}``.
    """
    offset = len(whole) - len(text)
    words = []
    at = 0
    matches = [*islice(_BODY_FIELD.finditer(text), 8), *islice(_LINE_FIELD.finditer(text), 8)]
    for match in sorted(matches, key=lambda each: each.start()):
        if match.start() < at:
            continue
        span = byte_span(data, whole, offset + match.start(), offset + match.end())
        name, value = (match[1], match[2]) if match.re is _LINE_FIELD else (None, match[0])
        if found.field(value, f"{format_name}:body", span, name=name, standing=[Deviation.IN_BODY]):
            words.append(text[at : match.start()])
            at = match.end()
    return "".join([*words, text[at:]])


def read_markdown(data: bytes, found: Findings) -> None:
    text = decoded(data)
    front = _FRONT_MATTER.match(text)
    if front is not None:
        _read_front_matter(front[1], byte_span(data, text, front.start(1), front.end(1)), found)
        text = text[front.end() :]
    elif (toml := _TOML_FRONT_MATTER.match(text)) is not None:
        _read_toml(toml[1], byte_span(data, text, toml.start(1), toml.end(1)), found)
        text = text[toml.end() :]
    text, comments = _parted(_without_fields(data, decoded(data), text, "markdown", found))
    for comment in comments[:64]:
        read_comment(comment, "markdown:comment", found)
    # Blanks instead of code keep the lines around it apart.
    text = _CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    read_words(text, "markdown", found)


def _parted(text: str) -> tuple[str, list[str]]:
    """(``text`` without its comments, the comments)."""
    kept, comments = [], []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        comments.append(text[start + 4 : end])
        at = end + 3
    return " ".join([*kept, text[at:]]), comments


def read_comment(text: str, carrier: str, found: Findings, span: Span | None = None) -> None:
    """A comment of a page, where exporters in the wild put the field; browsers show none of it."""
    named = re.match(r"\s*(\w{0,20}AIGC\w{0,20})\s*[:=：]?\s*(\{.*\})\s*\Z", text, re.DOTALL | re.IGNORECASE)
    if named is not None:
        found.field(html.unescape(named[2]), carrier, span, name=named[1], standing=[Deviation.UNUSUAL_PLACE])
    else:
        found.remark(html.unescape(text.strip()), carrier, span)


def _read_toml(block: str, span: Span | None, found: Findings) -> None:
    import tomllib

    try:
        matter = tomllib.loads(block.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        found.note("markdown: the TOML front matter is broken and was not looked at")
        return
    for key, value in islice(matter.items(), 256):
        if not is_name(key):
            continue
        if isinstance(value, dict):
            pairs = [(k, v if isinstance(v, str) else json.dumps(v, default=str)) for k, v in value.items()]
            found.structure(pairs[:64], "markdown:front-matter", span, name=key)
        elif isinstance(value, str):
            found.field(value, "markdown:front-matter", span, name=key)


def _read_front_matter(block: str, span: Span | None, found: Findings) -> None:
    """The one key that matters, read line by line: a YAML parser has no business with untrusted front
    matter.
    """
    lines = block.splitlines()
    for number, line in enumerate(lines):
        found.step()
        match = re.match(r"""["']?([\w.\-]{1,60})["']?\s*:\s*(.*)$""", line)
        if match is None or not is_name(match[1]):
            continue
        value = match[2].strip()
        nested = _indented(lines[number + 1 :])
        if value in ("", "|", ">", "|-", ">-", "|+", ">+"):
            joined = "".join(nested).strip()
            pairs = [
                (m[1], _unquoted(m[2]))
                for m in map(re.compile(r"""\s*["']?(\w{1,60})["']?\s*:\s*(.*)$""").match, nested)
                if m
            ]
            if joined.startswith(("{", "'", '"')) and not joined.endswith(":"):
                found.field(_unquoted(joined), "markdown:front-matter", span, name=match[1])
            elif pairs:
                found.structure(pairs, "markdown:front-matter", span, name=match[1])
        else:
            found.field(_unquoted(value), "markdown:front-matter", span, name=match[1])


def _indented(lines: list[str]) -> list[str]:
    inner = []
    for line in lines[:64]:
        if line[:1] not in (" ", "\t") and line.strip():
            break
        inner.append(line)
    return inner


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'")
    if len(value) >= 2 and value[0] == value[-1] == '"':
        try:
            inner = json.loads(value)
        except ValueError:
            return value[1:-1]
        return inner if isinstance(inner, str) else value
    return value


class _Object(list[tuple[str, Any]]):
    """A JSON object as pairs, so that a key given twice is not lost."""


def read_json(data: bytes, found: Findings) -> None:
    text = decoded(data)
    try:
        whole = json.loads(text, object_pairs_hook=_Object)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        found.refuse("json", f"not well-formed JSON{where}")
        read_text(data, found)
        return
    _walk(whole, "", 0, found)


def _walk(node: Any, path: str, depth: int, found: Findings) -> None:
    if depth > found.limits.depth:
        found.note(f"json: values deeper than {found.limits.depth} levels were not looked at")
        return
    if isinstance(node, _Object):
        for key, value in node:
            found.step()
            where = f"{path}/{key[:60]}"
            if is_name(key) and (isinstance(value, _Object) or (isinstance(value, str) and "{" in value)):
                _field(key, value, f"json:{where}", found)
            else:
                _walk(value, where, depth + 1, found)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            found.step()
            _walk(value, f"{path}/{index}", depth + 1, found)
    elif isinstance(node, str) and node:
        read_words(node, f"json:{path}", found)


def _field(key: str, value: Any, where: str, found: Findings) -> None:
    """In JSON the field is naturally an object; a string that holds JSON is the literal reading of Annex E.
    Both are taken.
    """
    if isinstance(value, str):
        found.field(value, where, None, name=key)
        return
    duplicates = len({name for name, _ in value}) < len(value)
    standing = [Deviation.DUPLICATE_KEY] if duplicates else []
    found.field(json.dumps(_plain(value), ensure_ascii=False), where, None, name=key, standing=standing)


def _plain(node: Any) -> Any:
    if isinstance(node, _Object):
        first: dict[str, Any] = {}
        for key, value in node:
            first.setdefault(key, _plain(value))
        return first
    return [_plain(item) for item in node] if isinstance(node, list) else node


def write_text(data: bytes, value: str, found: Findings) -> bytes:
    """Plain text has no metadata: the field becomes the last line."""
    file = editable(data)
    ending = "\r\n" if "\r\n" in file.text else "\n"
    separator = "" if not file.text or file.text.endswith("\n") else ending
    return file.bytes_of(f'{file.text}{separator}{{"AIGC":{value}}}{ending}')


def write_markdown(data: bytes, value: str, found: Findings) -> bytes:
    """One line of front matter, which is begun where there is none."""
    file = editable(data)
    line = f"AIGC: '{value.replace(chr(39), chr(39) * 2)}'"
    if file.text.startswith("+++"):
        raise UnsuitableFileError("the front matter is TOML; only YAML front matter is written into")
    ending = "\r\n" if "\r\n" in file.text else "\n"
    front = _FRONT_MATTER.match(file.text)
    if front is not None:
        at = front.end(1)
        return file.bytes_of(f"{file.text[:at]}{ending}{line}{file.text[at:]}")
    return file.bytes_of(f"---{ending}{line}{ending}---{ending}{file.text}")


def write_json(data: bytes, value: str, found: Findings) -> bytes:
    """One member in front of the others; the rest of the text stays as it is."""
    file = editable(data)
    try:
        whole = json.loads(file.text) if file.encoding == "utf-8" else None
    except (ValueError, RecursionError) as error:
        raise UnsuitableFileError("the text is not well-formed JSON") from error
    if not isinstance(whole, dict):
        raise UnsuitableFileError(
            "the top level of the JSON text is not an object in UTF-8; only an object can hold the field"
        )
    brace = file.text.index("{")
    comma = "," if whole else ""
    return file.bytes_of(f'{file.text[: brace + 1]}"AIGC":{value}{comma}{file.text[brace + 1 :]}')


_NOTE = re.compile(r"\AWEBVTT[^\r\n]*(\r\n|\n|\r)")


def write_vtt(data: bytes, value: str, found: Findings) -> bytes:
    """WebVTT has comments, which players do not show: one behind the header."""
    file = editable(data)
    header = _NOTE.match(file.text)
    if header is None:
        raise UnsuitableFileError("the file does not begin with the header of WebVTT")
    ending = header[1]
    blank = file.text.find(ending * 2)
    at = blank + len(ending) if blank >= 0 else len(file.text)
    return file.bytes_of(f'{file.text[:at]}{ending}NOTE {{"AIGC":{value}}}{ending}{file.text[at:]}')


def read_sidecar(data: bytes, found: Findings) -> None:
    """An XMP packet in a separate file, beside the file that it describes."""
    xmp.read(data, "xmp:sidecar", (0, len(data)), found)


def write_sidecar(data: bytes, value: str, found: Findings) -> bytes:
    """Joins the property to the packet."""
    return xmp.with_property(data, value)


def explain(_kind: Container, data: bytes, _found: Findings) -> bytes:
    """``data`` with an explicit text label at the end of its words."""
    file = readable(data)
    return file.bytes_of(with_text_label(file.text))
