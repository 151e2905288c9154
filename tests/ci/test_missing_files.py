"""A file that is not there is told of in words, whichever command wants it."""

from __future__ import annotations

import pytest

from shenhe.cli.main import run


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay", "gone.json", "--rule", "x"],
        ["init", "--openapi", "gone.json"],
        ["attest", "r.json", "--key", "gone.json", "--out", "o"],
    ],
)
def test_a_missing_file_is_named_without_a_number(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["shenhe", *arguments])
    with pytest.raises(SystemExit) as ended:
        run()
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.err == "shenhe: gone.json: No such file or directory\n"
    assert said.out == ""
