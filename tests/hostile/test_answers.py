"""Answers that are small and would grow: archives, pages, streams and queries that build text, each within bounds."""

from __future__ import annotations

import io
import tarfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from shenhe.conformance.bindings.client import archives
from shenhe.conformance.bindings.language.responses.response import Response, ResponseError
from shenhe.conformance.bindings.language.responses.selectors import Selector
from shenhe.conformance.bindings.language.responses.sources import Query, compile_source, text_of, value_of
from shenhe.conformance.bindings.language.responses.stream import BoundStream, read_stream
from shenhe.core.archives import content, opened_tar
from shenhe.labels import read_labels

from ..bindings.apps import bind
from ..command_line import shenhe

#: Bytes that reading one of these may take.
_BYTES = 12_000_000


def peak(function: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def packed(method: int, **entries: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as package:
        for name, data in entries.items():
            package.writestr(name.replace("_", "."), data)
    return archive.getvalue()


# --- archives ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_entry_that_unpacks_in_one_step_is_refused(method: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """1,182 bytes of bzip2 took 2.8 GB before the first byte was returned."""
    monkeypatch.setattr(archives, "MOST_BYTES", 1_000)
    body = Response(200, {}, packed(method, a_png=b"\0" * 15_000_000, b_png=b"\0" * 15_000_000))

    def read() -> None:
        with pytest.raises(ResponseError, match="compression method"):
            archives.zip_entry(body, "a.png")
        assert archives.other_entries(body, "a.png") == ()

    assert peak(read) < _BYTES


def test_entries_beside_one_that_is_refused_are_still_read() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("a", b"1")
        package.writestr("b", b"2", compress_type=zipfile.ZIP_BZIP2)
        package.writestr("c", b"3")
    assert archives.other_entries(Response(200, {}, archive.getvalue()), "a") == (b"3",)


@pytest.mark.parametrize("name", ["docProps/custom.xml", "word/document.xml", "picture.png"])
def test_a_file_in_a_package_that_unpacks_in_one_step_is_refused(name: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        if name != "picture.png":
            package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr(name, b"\0" * 15_000_000, compress_type=zipfile.ZIP_BZIP2)
    labels = []
    assert peak(lambda: labels.append(read_labels(archive.getvalue(), depth="metadata"))) < _BYTES
    assert "unpack" in str(labels[0].refused) or "compression method" in str(labels[0].notes)


def test_a_tar_archive_with_a_large_header_is_refused(tmp_path: Path) -> None:
    """A header of the PAX format is read whole, and a compressed one may be of any size."""
    folder = tmp_path / "files"
    folder.mkdir()
    path = folder / "files.tar.gz"
    header = tarfile.TarInfo("header")
    header.type, header.size = tarfile.XHDTYPE, 30_000_000
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(header, io.BytesIO(b"\0" * header.size))

    def read() -> None:
        with pytest.raises(tarfile.ReadError, match="header"), opened_tar(path) as archive:
            list(archive)

    assert peak(read) < _BYTES
    done = shenhe("label", "audit", folder, "--out", tmp_path / "audit.jsonl")
    assert done.exit_code == 3
    assert "not read" in done.output


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_archive_is_read_whatever_compresses_it(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "files.tar"
    with tarfile.open(path, mode) as archive:
        for name, size in (("a", 3_000_000), ("b", 5)):
            info = tarfile.TarInfo(name)
            info.size = size
            archive.addfile(info, io.BytesIO(name.encode() * size))
    with opened_tar(path) as archive:
        assert [(info.name, len(content(archive, info))) for info in archive] == [("a", 3_000_000), ("b", 5)]


def test_a_body_of_many_parts_is_not_taken_apart() -> None:
    body = Response(200, {"content-type": "multipart/mixed; boundary=a"}, b"--a" * 1_000_000)

    def read() -> None:
        with pytest.raises(ResponseError, match="more than 1,000 parts"):
            archives.part_of(body, "x")

    assert peak(read) < _BYTES


# --- pages ---------------------------------------------------------------------------------------------------

SELECTORS = ("p ~ p", "p ~ p ~ p ~ p", "p + p + p", "p ~ :first-child", "div div div div", "div p", "* * *", "* ~ *")


@pytest.mark.parametrize("selector", SELECTORS)
def test_a_selector_takes_time_in_proportion_to_the_page(selector: str) -> None:
    """`p ~ p` took 14 seconds for 4,000 elements, eight times as long for twice as many."""
    html = b"<div>" * 150 + b"<p>x</p>" * 4_000 + b"</div>" * 150 + (b"<div>" * 150 + b"</div>" * 150) * 20
    page = Response(200, {"content-type": "text/html"}, html)
    source = compile_source({"css": selector, "all": True, "attribute": "class"}, lambda text: lambda values: text)
    value_of(source, page)
    began = time.process_time()
    value_of(source, page)
    assert time.process_time() - began < 1


def test_a_selector_of_places_among_siblings_is_refused_on_a_page_of_too_many() -> None:
    page = Response(200, {"content-type": "text/html"}, b"<p>x</p>" * 25_000)
    few = Response(200, {"content-type": "text/html"}, b"<p>x</p>" * 100)
    source = compile_source({"css": "p:nth-child(2n):nth-last-child(2)", "all": True}, lambda text: lambda values: text)
    assert value_of(source, few) == []
    with pytest.raises(ResponseError, match="too many beside each other"):
        value_of(source, page)


def test_relations_inside_each_other_are_refused() -> None:
    Selector("div:has(p)")
    with pytest.raises(ValueError, match="relations"):
        Selector("div:has(div:has(div:has(div)))")


# --- streams -------------------------------------------------------------------------------------------------


@pytest.mark.costly
def test_a_stream_of_too_many_values_is_refused() -> None:
    events = b"data: [" + b"[]," * 400_000 + b"0]\n\n"
    stream = Response(200, {"content-type": "text/event-stream"}, events * 3)
    with pytest.raises(ResponseError, match="more than 1,000,000 values"):
        read_stream(BoundStream(), stream)


@pytest.mark.parametrize("lines", [True, False])
def test_empty_lines_of_a_stream_take_no_memory(lines: bool) -> None:
    stream = Response(200, {"content-type": "text/event-stream"}, b"data: 1\n\n" + b"\n" * 5_000_000 + b"data: 2\n\n")
    found = []
    assert peak(lambda: found.append(read_stream(BoundStream(lines=lines), stream).json["events"])) < 2 * _BYTES
    assert len(found[0]) == 2


# --- queries -------------------------------------------------------------------------------------------------

QUERIES: dict[str, tuple[str, object]] = {
    "escapes of escapes": ("to_string([" * 30 + "@" + "])" * 30, '"'),
    "a long separator": ("join(a, b)", {"a": "x" * 100_000, "b": ["y"] * 1_000}),
    "many joined texts": ("length(b[*].join(a, a))", {"b": [{"a": ["z" * 3_000] * 3_000}] * 3}),
    "one text for each": ("map(&to_string([@, @]), b)", {"b": ["x" * 300_000] * 100}),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_that_builds_long_texts_is_refused(name: str) -> None:
    expression, data = QUERIES[name]

    def search() -> None:
        with pytest.raises(ResponseError, match="does not fit"):
            Query(expression).search(data)

    assert peak(search) < 60_000_000


def test_each_evaluation_has_the_whole_bound() -> None:
    query = Query("length(to_string(@))")
    assert [query.search(["x" * 9_000_000]) for _ in range(4)] == [9_000_004] * 4


@pytest.mark.parametrize("depth", [300, 480, 900])
def test_lists_inside_each_other_are_no_text(depth: int) -> None:
    assert text_of(Query("@"), Response(200, {}, b"[" * depth + b"]" * depth)) == ""


def test_a_notice_of_lists_inside_each_other_ends_no_run(tmp_path: Path) -> None:
    from shenhe.conformance.entities import Account, GenerationRequest
    from shenhe.conformance.provider import Accepted
    from shenhe.rulebook import Service

    from ..bindings.apps import Recorder, talking

    text = "operations:\n  generate: {path: /g, extract: {id: id}, notice: n, media: {text: id}}\n"
    body = b'{"id": "1", "n": ' + b"[" * 700 + b"]" * 700 + b"}"
    with talking(bind(tmp_path, text), Recorder({("POST", "/g"): (200, {}, body)})) as provider:
        result = provider.generate(Account("a"), GenerationRequest(Service.TEXT, "text/plain", "x"))
    assert isinstance(result, Accepted)
    assert result.notice == ""
