"""Which renditions are copies to take away."""

from __future__ import annotations

import pytest

from shenhe.conformance.checks.scope import is_export


@pytest.mark.parametrize("name", ["download", "export", "copy", "download_hd", "export-pdf", "md", "HTML", "audio.mp3"])
def test_copies_in_a_format_are_exports(name: str) -> None:
    assert is_export(name)


@pytest.mark.parametrize("name", ["original", "preview", "thumbnail", "portable", "share", "texture", "downloads"])
def test_other_renditions_are_none_by_their_name(name: str) -> None:
    assert not is_export(name)
