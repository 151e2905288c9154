"""Labels kept beside a file: an XMP packet (``a.xmp``, ``a.jpg.xmp``) or a C2PA manifest store (``a.c2pa``)."""

from __future__ import annotations

import io
import json
import os
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

from .bytes.pages import Source, opened
from .containers import xmp
from .containers.sniff import sniff
from .findings import Findings, library_words
from .model import Deviation, Label

_ENDINGS = (".xmp", ".c2pa")
_LENGTH = struct.Struct(">Q")


def sidecars_of(path: Path) -> list[Path]:
    """The files beside ``path`` that describe it, if there are any."""
    if path.suffix.lower() in _ENDINGS:
        return []
    names = {path.with_suffix(ending) for ending in _ENDINGS} | {
        path.with_name(path.name + ending) for ending in _ENDINGS
    }
    return sorted(each for each in names if _is_file(each))


def _is_file(path: Path) -> bool:
    """Whether there is such a file; a name may be too long with another ending."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_sidecar_file(path: Path, data: Source, media_type: str | None, *, credentials: bool, found: Findings) -> None:
    """Adds to ``found`` what the sidecar at ``path`` says of the file whose bytes are ``data``.

    ``credentials`` says whether manifest stores are read, which takes a library. Raises OSError where the sidecar
    cannot be opened.
    """
    handle, content = opened(path)
    try:
        if len(content) > found.limits.inflated_bytes:
            found.refuse(f"sidecar {path.name}", f"it has more than {found.limits.inflated_bytes:,} bytes")
        elif sniff(content).name == "xmp":
            inner = Findings(found.limits)
            xmp.read(bytes(content), "xmp", None, inner)
            _take_over(inner, path.name, found)
        elif credentials and sniff(content).name == "c2pa":
            from .bytes import sandbox

            inner = Findings(found.limits, found.trust_anchors)
            packed = _LENGTH.pack(len(content)) + bytes(content) + bytes(data)
            sandbox.ask("sidecar", sniff(data, media_type).media_type, "", packed, inner)
            _take_over(inner, path.name, found)
    finally:
        os.close(handle)


def _take_over(inner: Findings, name: str, found: Findings) -> None:
    """What a sidecar says, under its name. The field belongs into the file itself."""
    for label in inner.labels:
        found.add(_placed(label, f"sidecar {name}: {label.carrier}"))
    for refusal in inner.refused:
        found.refuse(f"sidecar {name}: {refusal.what}", refusal.why)
    for note in inner.notes:
        found.note(f"sidecar {name}: {note}")


def _placed(label: Label, carrier: str) -> Label:
    if label.scheme != "gb45438":
        return replace(label, carrier=carrier)
    marked = tuple(d for d in Deviation if d in label.deviations or d is Deviation.UNUSUAL_PLACE)
    return replace(label, carrier=carrier, deviations=marked, detail=" ".join(d.sentence for d in marked))


def read_credential(packed: bytes, media_type: str, _demuxer: str, found: Findings) -> None:
    """The worker's task: the length of a manifest store, the store, then the file that it describes."""
    import c2pa

    from .meaning.c2pa import report

    size = _LENGTH.unpack_from(packed)[0]
    store, data = packed[_LENGTH.size : _LENGTH.size + size], packed[_LENGTH.size + size :]
    context = c2pa.Context(settings=c2pa.Settings.from_dict(_settings(found.trust_anchors)))
    try:
        with c2pa.Reader(media_type, io.BytesIO(data), manifest_data=store, context=context) as reader:
            report(json.loads(reader.json()), found)
    except c2pa.C2paError as error:
        found.refuse("c2pa", f"the content credential cannot be read: {library_words(error)}")


def _settings(trust_anchors: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
    if trust_anchors:
        settings["trust"] = {"trust_anchors": trust_anchors}
    return settings


def read_store(data: Source, found: Findings) -> None:
    """A manifest store by itself: whether it matches can be said only with the file that it describes."""
    found.note(
        "a C2PA manifest store kept apart from its file; read the file that it describes, with the store beside it"
        f" ({len(data):,} bytes)"
    )


def is_store(data: Source) -> bool:
    """Whether the box at the beginning is a C2PA manifest store."""
    return b"c2pa\x00\x11\x00\x10" in data[:64]
