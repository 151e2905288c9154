"""A command loads what it needs and no other command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shenhe.cli.main import COMMANDS, needed

from ..labels import media

LOADED = (
    "import sys; from shenhe.cli.main import run\ntry:\n    run()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
)


def test_reading_labels_loads_no_other_command_and_no_library_of_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(media.picture("PNG"))
    command = [sys.executable, "-P", "-c", LOADED, "label", "read", "--metadata", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "no label found" in done.stdout
    assert "shenhe.labels.read" in loaded
    assert not {f"shenhe.cli.{name}" for name in COMMANDS if name != "label"} & loaded
    assert not {"numpy", "cv2", "PIL", "pandas", "shenhe.labels.write"} & loaded


@pytest.mark.parametrize(
    ("words", "environ", "expected"),
    [
        (["label", "read", "a.png"], {}, ["label"]),
        (["--debug", "check", "sample"], {}, ["check"]),
        (["--help"], {}, COMMANDS),
        ([], {}, COMMANDS),
        (["lable"], {}, COMMANDS),
        (["label"], {"_SHENHE_COMPLETE": "complete_bash"}, COMMANDS),
    ],
)
def test_only_a_command_that_is_named_is_loaded_alone(
    words: list[str], environ: dict[str, str], expected: list[str]
) -> None:
    assert list(needed(words, environ)) == list(expected)
