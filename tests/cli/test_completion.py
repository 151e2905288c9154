"""What the shell completes, through the protocol that Typer speaks with bash."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..command_line import shenhe


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("shenhe che", "check"),
        ("shenhe check sam", "sample"),
        ("shenhe check bin", "binding.yaml"),
        ("shenhe check sample --fault text-unl", "text-unlabelled"),
        ("shenhe check sample --variant rpc", "rpc-gateway"),
        ("shenhe check sample --level e", "extended"),
        ("shenhe check sample --packs cn-dsp-2023", "cn-dsp-2023"),
        ("shenhe check sample --rules cn-dsp-2023/17.2", "cn-dsp-2023/17.2"),
        ("shenhe explain missing-k", "missing-key"),
        ("shenhe explain unverified_cannot_p", "unverified_cannot_publish"),
        ("shenhe rules show cn-dsp-2023/17.2", "cn-dsp-2023/17.2"),
        ("shenhe simulate cn-2023", "cn-2023"),
        ("shenhe compare cn-2023 cn-2022-d", "cn-2022-draft"),
        ("shenhe study run lev", "levers"),
    ],
)
def test_names_are_completed(words: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("binding.yaml").touch()
    monkeypatch.setenv("_SHENHE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert expected in shenhe().stdout.splitlines()
