"""The comparison behind every write notices what a faulty writer would do."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from shenhe.labels import LabelWriteError, Limits, read_labels, write_label
from shenhe.labels import write as writing
from shenhe.labels.containers.media import matroska
from shenhe.labels.containers.sniff import sniff
from shenhe.labels.containers.table import Container
from shenhe.labels.findings import Findings, UnsuitableFileError
from shenhe.labels.proof.compare import same_parts, same_pixels, same_reading
from shenhe.labels.record import media_type_of

from .. import dialects, fuzz, media

HAND_MADE = {
    name: data for name, data in dialects.hand_made().items() if name.endswith((".wav", ".mov", ".mp4", ".tif"))
}
FILES: dict[str, Callable[[], bytes]] = {
    **{name: (lambda data=data: data) for name, data in HAND_MADE.items()},  # type: ignore[misc]
    "a.png": lambda: media.picture("PNG"),
    "a.jpg": lambda: media.picture("JPEG"),
    "a.gif": lambda: media.picture("GIF"),
    "a.webp": lambda: media.picture("WEBP"),
    "a.avif": lambda: media.picture("AVIF"),
    "film.mp4": lambda: media.film("mp4", "libx264"),
    "fragments.mp4": lambda: media.film("mp4", options=(("movflags", "frag_keyframe+empty_moov"),)),
    "film.mkv": lambda: media.film("matroska"),
    "film.flv": lambda: media.film("flv"),
    "film.avi": lambda: media.film("avi"),
    "sound.mp3": lambda: media.track("mp3", "libmp3lame"),
    "sound.flac": lambda: media.track("flac", "flac"),
    "sound.ogg": lambda: media.track("ogg", "libopus"),
    "sound.m4a": lambda: media.track("ipod", "aac"),
    "a.docx": lambda: media.ooxml(media.custom_properties("Other", "kept")),
    "a.psd": dialects.psd,
}


def noticed(name: str, before: bytes, after: bytes) -> bool:
    """Whether a file would be refused as what the writer returned for ``before``."""
    media_type = media_type_of(Path(name))
    kind = sniff(before, media_type)
    try:
        same_parts(kind, before, after, explicit=False)
        same_pixels(kind, before, after, Limits())
        same_reading(
            read_labels(before, media_type=media_type), read_labels(after, media_type=media_type), media.FIELDS
        )
    except UnsuitableFileError:
        return True
    return False


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_noticed(name: str) -> None:
    before = FILES[name]()
    after = write_label(before, media.FIELDS, media_type=media_type_of(Path(name)))
    assert not noticed(name, before, after)
    draws = random.Random(7)
    # Padding may change.
    counted = [at for at in range(len(after)) if any(after[max(0, at - 24) : at + 24])]
    places = draws.sample(counted, min(40, len(counted)))
    missed = [at for at in places if not noticed(name, before, _flipped(after, at))]
    # What remains are sizes that no reader needs and the packet around the label.
    assert len(missed) <= 12, missed


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :]


@pytest.mark.parametrize("name", FILES)
def test_bytes_moved_or_lost_are_noticed(name: str) -> None:
    before = FILES[name]()
    after = write_label(before, media.FIELDS, media_type=media_type_of(Path(name)))
    inside = len(before) // 2
    found = after.find(before[inside : inside + 24])
    middle = found if found >= 0 else len(after) // 2
    assert noticed(name, before, after[: middle - 8] + after[middle:])
    assert noticed(name, before, after[:middle] + b"\1\2\3\4" + after[middle:])
    assert noticed(name, before, after[:-40])
    assert noticed(name, before, before)


def test_a_failing_writer_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(kind: Container, data: bytes, fields: object, found: object) -> bytes:
        labelled = bytes(kind.write(data, media.VALUE, found) if kind.write else data)
        return labelled.replace(b"IDAT", b"IDaT", 1)

    monkeypatch.setattr(writing, "_implicit", careless)
    with pytest.raises(LabelWriteError, match="no label written"):
        write_label(media.picture("PNG"), media.FIELDS)


@pytest.mark.costly
def test_a_sample_of_mutated_files_is_written_well_or_refused() -> None:
    outcome = fuzz.run_writer(seed=1, start=0, count=400)
    assert outcome.failures == []
    assert outcome.labelled > 100
    assert outcome.refused > 100


@pytest.mark.parametrize("size", [0x7E, 0x00])
def test_a_film_with_a_broken_block_gets_no_label(size: int) -> None:
    """Players look for the next sound element by its place, and would play another film once a tag moved it."""
    data = bytearray(media.film("matroska"))
    segment = matroska.segment_of(bytes(data))
    found = Findings(Limits())
    cluster = next(
        each
        for each in matroska.children(bytes(data), segment.body, segment.end, found)
        if each.name == matroska.CLUSTER
    )
    first = next(matroska.children(bytes(data), cluster.body, cluster.end, found))
    data[first.start + 1] = size | 0x80 if size else 0
    with pytest.raises(LabelWriteError, match="no whole element"):
        write_label(bytes(data), media.FIELDS, media_type="video/x-matroska")
