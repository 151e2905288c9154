"""Files fetched by the piece read like their bytes, and only regular files are opened."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenhe.labels import read_labels, read_metadata
from shenhe.labels.bytes.pages import HEAD, Pages, opened, pieces, stream

from .. import media

SIZE = HEAD + 5_000
BYTES = bytes(number * number % 251 for number in range(SIZE))
PLACES = st.none() | st.integers(-SIZE - 3, SIZE + 3) | st.integers(HEAD - 3, HEAD + 3)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    path = tmp_path_factory.mktemp("pages") / "file"
    path.write_bytes(BYTES)
    _, source = opened(path)
    assert isinstance(source, Pages)
    return source


@given(PLACES, PLACES, st.sampled_from((None, 1, 2, 255, 256, -1, -7)))
def test_slices_are_those_of_bytes(pages: Pages, start: int | None, stop: int | None, step: int | None) -> None:
    assert pages[start:stop:step] == BYTES[start:stop:step]


@given(st.integers(-SIZE - 3, SIZE + 3))
def test_items_are_those_of_bytes(pages: Pages, place: int) -> None:
    if -SIZE <= place < SIZE:
        assert pages[place] == BYTES[place]
    else:
        with pytest.raises(IndexError):
            pages[place]


def test_the_whole_is_searched_hashed_and_read(pages: Pages, tmp_path: Path) -> None:
    assert (len(pages), bytes(pages), b"".join(pieces(pages))) == (SIZE, BYTES, BYTES)
    assert stream(pages).read() == BYTES
    assert BYTES[-7:] in pages
    assert b"\xff\xff" not in pages
    path = tmp_path / "file"
    # Sought bytes lie across the border of two pieces.
    path.write_bytes(b"a" * ((1 << 20) - 2) + b"c2pa" + b"a" * 10)
    assert b"c2pa" in opened(path)[1]


def test_a_file_shortened_while_it_is_read_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(media.wav_with((b"data", b"\0" * 100_000), (b"AIGC", media.VALUE.encode())))
    assert read_metadata(path).aigc
    handle, source = opened(path)
    os.truncate(path, HEAD)
    assert source[50_000:50_010] == b""
    os.close(handle)


def test_of_a_large_file_only_little_is_fetched(tmp_path: Path) -> None:
    """150 MB of samples before the label, on a disk that keeps no zeros."""
    path = tmp_path / "long.wav"
    tail = media.riff_chunk(b"AIGC", media.VALUE.encode())
    size = 150_000_000
    with path.open("wb") as out:
        whole = media.wav_with((b"data", b""))
        out.write(whole[:-4] + size.to_bytes(4, "little"))
        out.seek(size, os.SEEK_CUR)
        out.write(tail)
    read_metadata(path)
    tracemalloc.start()
    assert [label.carrier for label in read_metadata(path).aigc] == ["wav:AIGC"]
    assert tracemalloc.get_traced_memory()[1] < 1 << 18
    tracemalloc.stop()


def test_a_special_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, why in (("pipe", "no regular file"), (".", "a directory"), ("none", "No such file")):
        with pytest.raises(OSError, match=why):
            read_metadata(tmp_path / name)
    (tmp_path / "empty").touch()
    assert read_metadata(tmp_path / "empty") == read_labels(b"")
