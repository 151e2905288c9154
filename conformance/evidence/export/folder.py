"""The scripts of every finding of a report in a folder, each with the media that it needs."""

from __future__ import annotations

import re
from pathlib import Path

from shenhe.conformance.report import Report
from shenhe.core.errors import ShenheError
from shenhe.core.files import write_whole

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
_CHECK_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,120}")


class ScriptError(ShenheError, ValueError):
    """A finding whose scripts cannot be written."""


def write_scripts(report: Report, folder: Path) -> list[Path]:
    """Write ``CHECK/replay.sh``, ``CHECK/test_replay.py`` and their media for each finding; the folders, in the order
    of the report.

    Raises :class:`ScriptError` for a check or a file whose name would lead out of the folder.
    """
    folders = []
    for check in report.checks:
        finding = check.finding
        if finding is None or not finding.curl:
            continue
        if not _CHECK_NAME.fullmatch(check.name):
            raise ScriptError(f"found a check named {check.name[:80]!r}, expected letters, digits and _")
        place = folder / check.name
        names = {"replay.sh", "test_replay.py"}
        for file in finding.files:
            if not _FILE_NAME.fullmatch(file.name) or file.name in names:
                raise ScriptError(f"found a file named {file.name[:80]!r} in the finding of {check.name}")
            names.add(file.name)
        place.mkdir(parents=True, exist_ok=True)
        write_whole(place / "replay.sh", f"#!/usr/bin/env bash\n{finding.curl.rstrip()}\n".encode())
        write_whole(place / "test_replay.py", finding.pytest.encode())
        for file in finding.files:
            write_whole(place / file.name, file.content)
        folders.append(place)
    return folders
