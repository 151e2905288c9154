"""MPEG transport streams: timed metadata in ID3, as HTTP Live Streaming carries it, and the names of services."""

from __future__ import annotations

from ...bytes.pages import Source
from ...findings import Findings
from ..media import id3

_PACKET = 188
_LOOKED_AT = 16 << 20
#: The packets that describe services (EN 300 468), and the largest description.
_SERVICES, _DESCRIPTION = 0x11, 1024


def is_stream(data: Source) -> bool:
    """Whether packets of 188 bytes follow one another."""
    return len(data) >= 3 * _PACKET and all(data[at] == 0x47 for at in (0, _PACKET, 2 * _PACKET))


def read(data: Source, found: Findings) -> None:
    """ID3 tags that begin in a separate packet; film and sound are stepped over."""
    described = bytearray()
    tags: dict[int, bytearray] = {}
    piece = 1 << 16
    for start in range(0, min(len(data), _LOOKED_AT), _PACKET * piece):
        block = data[start : start + _PACKET * piece]
        for at in range(0, len(block) - _PACKET + 1, _PACKET):
            head = block[at + 1] << 8 | block[at + 2]
            stream, begins = head & 0x1FFF, head & 0x4000
            is_description = stream == _SERVICES and (bool(described) or begins) and len(described) < _DESCRIPTION
            if not begins and stream not in tags and not is_description:
                continue
            control = block[at + 3] >> 4 & 3
            payload = at + 4 + (1 + block[at + 4] if control & 2 else 0)
            if not control & 1 or payload >= at + _PACKET:
                continue
            content = block[payload : at + _PACKET]
            if is_description:
                described += content
                continue
            if begins:
                _report(tags.pop(stream, None), found)
                if content[:3] == b"\0\0\1" and len(content) > 9 and content[9 + content[8] :][:3] == b"ID3":
                    found.step()
                    tags[stream] = bytearray(content[9 + content[8] :])
            elif len(tags[stream]) < found.limits.value_bytes:
                tags[stream] += content
    for tag in tags.values():
        _report(tag, found)
    found.stray(bytes(described), "mpegts:service", None)


def _report(tag: bytearray | None, found: Findings) -> None:
    if tag is not None:
        id3.read_tag(bytes(tag), 0, len(tag), "mpegts:id3", found)
