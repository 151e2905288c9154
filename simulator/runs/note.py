"""``run.json``: what a folder of results was made from, and how far it is. Runs and studies have one each."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shenhe.core.files import read_up_to

#: No note comes near this many bytes.
MAX_NOTE_BYTES = 16 * 1024 * 1024


def read_note(folder: Path, error: Callable[[str], Exception]) -> dict[str, Any] | None:
    """The ``run.json`` of a folder, or None where there is none; raises an ``error`` with a sentence when it cannot be
    read.
    """
    try:
        data = read_up_to(folder / "run.json", MAX_NOTE_BYTES)
        if len(data) > MAX_NOTE_BYTES:
            raise error(f"{folder}/run.json: found more than {MAX_NOTE_BYTES:,} bytes, expected a run.json of shenhe")
        note = json.loads(data)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise error(f"{folder}: is a file, expected a folder") from None
    except OSError as why:
        raise error(f"{folder}/run.json: cannot be read ({why.strerror or why})") from None
    except RecursionError:
        raise error(f"{folder}/run.json: cannot be read (it is nested too deeply)") from None
    except ValueError as why:
        raise error(f"{folder}/run.json: cannot be read ({why})") from None
    if not isinstance(note, dict):
        raise error(f"{folder}/run.json: expected a JSON object")
    return note


def note_text(note: dict[str, Any]) -> str:
    """The note as it is written: indented JSON with a final newline."""
    return json.dumps(note, indent=2, ensure_ascii=False) + "\n"


def surroundings(*packages: str) -> dict[str, Any]:
    """What all results depend on in addition to the model: versions of ``packages`` and of this machine."""
    return {
        "versions": {name: importlib.metadata.version(name) for name in packages},
        "host": {"python": platform.python_version(), "system": sys.platform, "processors": os.cpu_count()},
    }
