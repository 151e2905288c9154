"""XMP packets and other XML compared by what they say, without the label in them."""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from ..findings import UnsuitableFileError
from ..meaning.aigc import NAMESPACE

Part = tuple[str, bytes | memoryview]
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DEPTH = 256
_FRAME = {f"{_RDF} RDF", "adobe:ns:meta/ xmpmeta"}


def in_letters(name: bytes) -> str:
    """The name of a box, chunk or frame as a message shows it, without what is no letter on a screen."""
    return "".join(chr(each) if 32 < each < 127 else "?" for each in name[:40])


def events(document: bytes, what: str) -> list[tuple[str, ...]]:
    """The elements, attributes and words of an XML document in their order; white space between elements is left out.

    Raises UnsuitableFileError where it is not well-formed or declares a document type.
    """
    seen: list[tuple[str, ...]] = []
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise UnsuitableFileError(f"{what} nests its elements deeper than {_DEPTH}")
        seen.append(("start", name, *(f"{key}={attributes[key]}" for key in sorted(attributes))))

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        seen.append(("end", name))

    def text(characters: str) -> None:
        if not characters.isspace():
            seen.append(("text", characters))

    def doctype(*_: object) -> None:
        raise UnsuitableFileError(f"{what} declares a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise UnsuitableFileError(f"{what} is not well-formed XML") from error
    return seen


def properties(packet: bytes, what: str = "the XMP packet in the file") -> bytes:
    """The content of an XMP packet except the label, in a form that can be compared."""
    trimmed = packet.strip(b"\0 \t\r\n")
    if not trimmed:
        return b""
    seen = events(trimmed, what)
    label = f"{NAMESPACE} AIGC"
    kept: list[tuple[str, ...]] = []
    skipping = 0
    for event in seen:
        if skipping:
            skipping += (event[0] == "start") - (event[0] == "end")
            continue
        if event[0] == "start" and event[1] == label:
            skipping = 1
            # The description that the label was put into held nothing else, if it is empty now.
        elif event[0] in ("start", "end") and event[1] in _FRAME:
            continue
        else:
            kept.append(event)
    return repr(list(_without_empty(kept))).encode()


def _without_empty(seen: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Without descriptions that hold nothing."""
    description = f"{_RDF} Description"
    at = 0
    while at < len(seen):
        event = seen[at]
        following = seen[at + 1] if at + 1 < len(seen) else ()
        only_about = all(each.startswith(f"{_RDF} about=") for each in event[2:])
        if event[:2] == ("start", description) and only_about and following == ("end", description):
            at += 2
            continue
        yield event
        at += 1


def inserted(before: bytes, after: bytes) -> bytes | None:
    """What was put into ``before`` at one place to make ``after``; None where more than that was done."""
    more = len(after) - len(before)
    if more < 0:
        return None
    # As much as agrees in front, found by halves: comparing slices is what the interpreter does fast.
    low, high = 0, len(before)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if after[low:middle] == before[low:middle] else (low, middle - 1)
    return after[low : low + more] if after[low + more :] == before[low:] else None
