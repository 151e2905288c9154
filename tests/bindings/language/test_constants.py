"""Constants of a binding: plain values, bytes, files, and the sentences for those that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.bindings.language import constants
from shenhe.conformance.bindings.language.constants import constant_of
from shenhe.conformance.bindings.language.format import ConstantSection


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("plain", "plain"),
        (True, True),
        (ConstantSection(base64="aGk="), b"hi"),
        (ConstantSection(hex="68 69"), b"hi"),
    ],
)
def test_a_constant_has_its_value(section: Any, value: Any) -> None:
    assert constant_of(section, None) == value


def test_a_file_is_found_from_the_folder_of_the_binding(tmp_path: Path) -> None:
    (tmp_path / "key.bin").write_bytes(b"\x00\xff")
    assert constant_of(ConstantSection(file="key.bin"), tmp_path) == b"\x00\xff"
    assert constant_of(ConstantSection(file=str(tmp_path / "key.bin")), tmp_path / "elsewhere") == b"\x00\xff"


@pytest.mark.parametrize(
    ("section", "kind"),
    [(ConstantSection(base64="no base64!"), "base64"), (ConstantSection(hex="xy"), "hexadecimal digits")],
)
def test_text_of_another_kind_is_refused_without_repeating_it(section: ConstantSection, kind: str) -> None:
    with pytest.raises(ValueError, match=f"found text that is not {kind}, expected {kind}$") as caught:
        constant_of(section, None)
    assert caught.value.__suppress_context__


def test_a_missing_file_is_named_by_its_problem(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the file cannot be read \\(No such file or directory\\)"):
        constant_of(ConstantSection(file="none.bin"), tmp_path)
    with pytest.raises(ValueError, match="the file cannot be read \\(Is a directory\\)"):
        constant_of(ConstantSection(file="."), tmp_path)


def test_a_file_above_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "LARGEST", 4)
    (tmp_path / "fits").write_bytes(b"1234")
    (tmp_path / "large").write_bytes(b"12345")
    assert constant_of(ConstantSection(file="fits"), tmp_path) == b"1234"
    with pytest.raises(ValueError, match="found a file of more than 4 bytes, expected less"):
        constant_of(ConstantSection(file="large"), tmp_path)
