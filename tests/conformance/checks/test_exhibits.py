"""What a finding shows of a file: its parts by name and the values that differ, never its bytes."""

from __future__ import annotations

import pytest

from shenhe.conformance.entities import Media
from shenhe.conformance.evidence import exhibits
from shenhe.conformance.evidence.outline import parts_of
from shenhe.labels import read_labels

from ...labels import media


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (media.picture("PNG"), ["IHDR", "IDAT", "IEND"]),
        (media.picture("JPEG"), ["APP0", "DQT", "SOF0", "DHT", "SOS"]),
        (media.sound(), ["fmt", "data"]),
        (media.movie(), ["ftyp", "moov", "mdat"]),
        (b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0\x1b]8;" + bytes(4), ["]8;"]),
        (b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffIDAT", ["IDAT"]),
        (b"RIFF\0\0\0\0WAVE" + b"a   \0\0\0\0b   \0\0\0\0" * 500, ["a", "b"] * 20 + ["…"]),
        (b"no file", []),
        (b"", []),
    ],
)
def test_the_parts_of_a_file_are_listed_by_their_names(data: bytes, parts: list[str]) -> None:
    assert parts_of(data) == parts


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_file_without_a_field_is_shown_by_its_parts_and_not_by_its_bytes(kind: str) -> None:
    made = Media(media.picture(kind), f"image/{kind.lower()}")
    (shown,) = exhibits.carriers(read_labels(made.data), made)
    assert f"{len(made.data):,} bytes" in shown.title
    assert shown.data.startswith("Its parts: ")
    assert "·" not in shown.data
