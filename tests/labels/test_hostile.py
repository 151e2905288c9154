"""Hostile files: nothing raises, nothing hangs, and what is not read is said."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from shenhe.labels import Limits, findings, read_labels, read_metadata, write_label
from shenhe.labels.proof import films
from shenhe.labels.write import LabelWriteError

from . import fuzz, media
from .corpus import files


def test_a_sample_of_mutated_files() -> None:
    outcome = fuzz.run(seed=1, start=0, count=1_500)
    assert outcome.failures == []
    assert outcome.labelled > 300, "most mutations leave the label readable, else the sample shows nothing"
    assert outcome.refused > 30


@pytest.mark.skipif(find_spec("av") is None or find_spec("c2pa") is None, reason="the media extra is not installed")
def test_a_sample_of_mutated_files_that_are_decoded() -> None:
    outcome = fuzz.run(seed=1, start=0, count=60, depth="all")
    assert outcome.failures == []
    assert outcome.labelled > 0
    assert outcome.refused > 10


def test_a_box_of_absurd_size_is_sniffed_without_counting_to_it() -> None:
    tracemalloc.start()
    read_labels(b"\x89PNHmdat" + b"x" * 30)
    read_labels(b"\0\0\1\0mdat" + b"x" * 30)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_every_truncation_of_every_file_is_read() -> None:
    for name, (data, media_type) in files().items():
        for length in {0, 1, 2, 3, 4, 8, 12, 16, len(data) // 3, len(data) // 2, len(data) - 1}:
            labels = read_labels(data[:length], media_type=media_type)
            assert fuzz.inconsistent(labels, data[:length]) == "", name


def test_writing_into_damaged_files_refuses_or_leaves_a_readable_label() -> None:
    written = 0
    for index in range(600):
        _, data, media_type = fuzz.mutated(7, index)
        try:
            labelled = write_label(data, media.FIELDS, media_type=media_type)
        except LabelWriteError:
            continue
        written += 1
        assert fuzz.inconsistent(read_labels(labelled, media_type=media_type), labelled) == ""
    assert written > 20


def test_a_file_reads_like_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for name, (data, media_type) in files().items():
        path.write_bytes(data)
        assert read_metadata(path, media_type=media_type) == read_labels(data, media_type=media_type), name
    for index in range(400):
        name, data, media_type = fuzz.mutated(11, index)
        path.write_bytes(data)
        assert read_metadata(path, media_type=media_type) == read_labels(data, media_type=media_type), (index, name)
    path.write_bytes(b"x" * 11)
    assert "allowed" in read_metadata(path, limits=Limits(file_bytes=10)).refused[0].why


def test_bombs_are_refused() -> None:
    bombs = {
        "boxes": media.box(b"ftyp", b"isom", b"\0\0\0\0") + b"\0\0\0\x08free" * 200_000,
        "nested boxes": _nested(200),
        "gif frames": media.picture("GIF")[:-1] + b"\x2c\0\0\0\0\1\0\1\0\0\2\0" * 200_000 + b";",
        "gif sub-blocks": media.picture("GIF")[:-1] + b"\x21\xfe" + b"\1a" * 3_000_000 + b"\0;",
        "ebml": media.matroska(*[("a", "b")] * 30_000),
        "frames": media.id3_tag(media.text_frame("a", "b") * 30_000) + media.MP3_FRAME,
        "riff": media.wav_with(*[(b"abcd", b"")] * 30_000),
        "riff lists": _nested_lists(40),
        "directories": _looping_tiff(),
    }
    for name, data in bombs.items():
        labels = read_labels(data)
        assert labels.labels == ()
        if name != "directories":  # a loop is left, not refused
            assert labels.refused, name
            assert "more" in labels.refused[0].why or "deeper" in labels.refused[0].why, name


def _nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = media.box(b"moov", inner)
    return media.box(b"ftyp", b"isom", b"\0\0\0\0") + inner


def _nested_lists(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = media.riff_chunk(b"LIST", b"abcd" + inner)
    return media.wav_with((b"LIST", b"abcd" + inner))


def _looping_tiff() -> bytes:
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8)


def test_a_package_bomb_is_inflated_within_bounds() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("docProps/custom.xml", b" " * 50_000_000)
    labels = read_labels(stream.getvalue())
    assert "inflates to more" in labels.refused[0].why


def test_entities_and_doctypes_are_refused_everywhere() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "AIGC">]>'
    custom = bomb + media.custom_properties("AIGC", media.VALUE)
    assert "DOCTYPE" in read_labels(media.ooxml(custom)).refused[0].why
    svg = bomb.encode() + media.SVG
    assert "entities" in read_labels(svg).refused[0].why


def test_numbers_and_depth_in_json_are_bounded() -> None:
    for value in ("[" * 500_000, '{"AIGC":' * 100_000, "9" * 100_000, '{"AIGC":{"Label":' + "9" * 100_000 + "}}"):
        labels = read_labels(value.encode(), media_type="application/json")
        assert fuzz.inconsistent(labels, value.encode()) == ""


def test_paths_and_addresses_in_a_file_are_never_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins
    import socket

    def forbidden(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a reading opened something")

    monkeypatch.setattr(socket, "socket", forbidden)
    samples = [
        (media.epub().replace(b"OEBPS/content.opf", b"../../etc/passwd!"), None),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "video/mp4"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n", "video/mp4"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/a"/></svg>', None),
        (media.png_itxt(media.xmp_packet('<a xmlns="urn:a" href="file:///etc/passwd">AIGC</a>')), None),
    ]
    read_labels(samples[0][0])  # imports first
    real_open = builtins.open
    monkeypatch.setattr(builtins, "open", forbidden)
    try:
        readings = [read_labels(data, media_type=media_type) for data, media_type in samples]
    finally:
        monkeypatch.setattr(builtins, "open", real_open)
    assert all(reading.aigc == () for reading in readings)


def test_an_exif_block_that_points_outside_is_left() -> None:
    block = media.exif_block({0x010E: (2, b"x" * 40)})
    for at in range(8, len(block) - 4, 4):
        broken = block[:at] + b"\xff\xff\xff\xff" + block[at + 4 :]
        assert read_labels(media.jpeg_with((0xE1, b"Exif\0\0" + broken))).labels == ()


def test_a_compressed_value_is_inflated_within_its_limit() -> None:
    data = media.png_with((b"zTXt", b"AIGC\0\0" + zlib.compress(b"x" * 4096)))
    assert "inflates to more" in read_labels(data, limits=Limits(value_bytes=1000)).refused[0].why


def _directory_of_one_value(count: int) -> bytes:
    """A TIFF whose many entries all name one long value."""
    value = b"A" * 60_000
    at = 8 + 2 + 12 * count + 4
    row = struct.pack("<HHII", 0x010E, 2, len(value), at)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", count) + row * count + b"\0\0\0\0" + value


REPEATED: dict[str, tuple[Callable[[int], bytes], str | None]] = {
    "metadata elements that never end": (lambda n: b"<svg>" + b"<metadata>" * n, None),
    "packets that never end": (lambda n: b"<svg><metadata>" + b"<rdf:RDF " * n + b"</metadata>", None),
    "half an end": (lambda n: b"<svg><metadata><AIGC>" + b"</" * n + b"</metadata>", None),
    "broken properties": (lambda n: media.png_itxt(b"<x>AIGC</y>" + b"<AIGC " * n), None),
    "letters behind AI": (lambda n: ("AI " + "abc123 " * 3 + "。成").encode() * n, "text/plain"),
    "labels in a row": (lambda n: "春天来了，AI生成。".encode() * n, "text/plain"),
    "quoted labels": (lambda n: "“AI生成”，".encode() * n, "text/plain"),
    "tags that never end": (lambda n: b"<html>" + b"<a " * n, None),
    "comments that never end": (lambda n: b"<html>" + b"<!--" * n, None),
    "open quotes": (lambda n: b"<html>" + b"<a \"'" * n, None),
    "attributes": (lambda n: b"<html><a " + b'a="' * n, None),
}


@pytest.mark.parametrize("case", REPEATED)
def test_cost_grows_no_faster_than_size(case: str) -> None:
    """Eight times the size may cost sixteen times as much; what grows with the square would cost 64 times."""
    make, media_type = REPEATED[case]

    def cost(count: int) -> float:
        data = make(count)
        times = []
        for _ in range(2):
            began = time.process_time()
            read_labels(data, media_type=media_type)
            times.append(time.process_time() - began)
        return min(times)

    read_labels(make(10), media_type=media_type)
    assert cost(16_000) <= 16 * cost(2_000) + 0.05


def test_a_value_named_a_thousand_times_is_looked_at_within_bounds() -> None:
    """Without the bound these 90 kB would be read as 180 MB."""
    reading = read_labels(_directory_of_one_value(3_000), limits=Limits(inflated_bytes=1 << 18))
    assert [refusal.why for refusal in reading.refused] == ["more than 1,048,576 bytes of metadata values"]


def test_an_mp3_tag_that_names_more_than_the_file_has_is_refused_at_once() -> None:
    """Its padding made 256 MB of a file of one."""
    tag = b"ID3\x03\0\0\x7f\x7f\x7f\x7f" + b"TIT2" + (4).to_bytes(4, "big") + b"\0\0\0abc"
    tracemalloc.start()
    with pytest.raises(LabelWriteError, match="names more bytes than the file has"):
        write_label(tag + b"\xff\xfb\x90\0" * 50_000, media.FIELDS, media_type="audio/mpeg")
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


_MATROSKA_HEAD = media.element(0x1A45DFA3, media.element(0x4282, b"matroska"))
#: Megabytes of the smallest elements there are.
FLOODS = {
    "empty space": _MATROSKA_HEAD + media.element(0x18538067, b"\xec\x80" * 1_000_000),
    "tags": _MATROSKA_HEAD + media.element(0x18538067, media.element(0x1254C367, b"\x73\x73\x80" * 1_000_000)),
    "parts of a tag": _MATROSKA_HEAD
    + media.element(0x18538067, media.element(0x1254C367, media.element(0x7373, b"\x67\xc8\x80" * 1_000_000))),
    "blocks": _MATROSKA_HEAD + b"\x18\x53\x80\x67\xff\x1f\x43\xb6\x75\xff" + b"\xa3\x80" * 1_000_000,
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_film_of_the_smallest_elements_costs_little(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve megabytes of them took 4 to 7 seconds: the comparison with the original counted to the end."""
    monkeypatch.setattr(films, "_MOST_ELEMENTS", 20_000)
    limits = Limits(parts=1_000)
    began = time.process_time()
    labels = read_labels(FLOODS[name], media_type="video/x-matroska", depth="metadata", limits=limits)
    assert "more than 1000 parts" in str(labels.refused)
    with pytest.raises(LabelWriteError, match="more than .* (parts|elements)"):
        write_label(FLOODS[name], media.FIELDS, media_type="video/x-matroska", limits=limits)
    assert time.process_time() - began < 1


def test_archives_inside_archives_share_one_bound() -> None:
    """Each archive had its own: 30 kB of archives took ten seconds, and a megabyte of them hours."""
    data = media.zipped({"c.png": b"\0" * 900_000})
    for _ in range(2):
        data = media.zipped({f"{number}.zip": data for number in range(12)})
    limits = Limits(inflated_bytes=1_000_000)
    began = time.process_time()
    labels = read_labels(data, limits=limits, depth="metadata")
    assert "unpacks to more than" in str(labels.refused)
    assert time.process_time() - began < 1


def test_values_of_files_in_an_archive_share_one_bound() -> None:
    picture = media.png_with((b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(b"x" * 100_000)))
    archive = media.zipped({f"{number}.png": picture for number in range(40)})
    labels = read_labels(archive, limits=Limits(inflated_bytes=300_000), depth="metadata")
    assert "bytes of metadata values" in str(labels.refused)


def test_files_inside_a_file_that_take_long_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "_SLOW", -1.0)
    archive = media.zipped({f"{number}.png": media.png_with() for number in range(5)})
    assert "more than 3 files inside it took longer" in str(read_labels(archive, depth="metadata").refused)
