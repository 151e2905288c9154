"""Which renditions are copies to take away."""

from __future__ import annotations

import pytest

from shenhe.conformance.checks.scope import is_export


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("download", "image/png"),
        ("export", "audio/wav"),
        ("copy", "text/plain"),
        ("download_hd", "video/mp4"),
        ("export-pdf", "text/plain"),
        ("md", "text/plain"),
        ("HTML", "text/markdown; charset=utf-8"),
        ("sound.mp3", "audio/wav"),
    ],
)
def test_copies_in_a_format_are_exports(name: str, media_type: str) -> None:
    assert is_export(name, media_type)


@pytest.mark.parametrize("name", ["original", "preview", "thumbnail", "portable", "share", "texture", "downloads"])
def test_other_renditions_are_none_by_their_name(name: str) -> None:
    assert not is_export(name, "image/png")


@pytest.mark.parametrize(("name", "media_type"), [("mp3", "text/plain"), ("json", "image/png"), ("png", "audio/wav")])
def test_another_kind_of_thing_is_no_copy(name: str, media_type: str) -> None:
    assert not is_export(name, media_type)
