"""What readers that are not ours find in files with a label, and whether they decode the same content as before.

Run: python -m tests.labels.readers [FOLDER] in the checkout. Without a folder, the files of ``dialects`` and one of each
document format are labelled; with one, every file in it that takes a label. The table is Markdown, as in docs/label-recognition.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from shenhe.labels import LabelWriteError, read_labels, write_label
from shenhe.labels.record import media_type_of

from . import dialects, media

CODE = media.FIELDS.content_producer
#: Whether a reader finds the label; None where it does not know such files.
Finding = bool | None


def sources(folder: Path | None) -> Iterator[tuple[str, bytes]]:
    if folder is not None:
        yield from ((path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if path.is_file())
        return
    yield from ((name, dialects.made(name)) for name in sorted(dialects.names()))
    yield from (
        ("a.docx", media.ooxml()),
        ("a.odt", media.odf()),
        ("a.epub", media.epub()),
        ("a.pdf", media.document()),
    )
    yield "a.html", b"<!doctype html><html><head><title>a</title></head><body>b</body></html>"


def by_exiftool(folder: Path) -> dict[str, tuple[bool, set[str]]]:
    """File name -> (whether the label is found, warnings) of every file in a folder."""
    command = ["exiftool", "-j", "-G1", "-a", "-U", "-struct", "-api", "largefilesupport=1", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False)
    rows = json.loads(done.stdout.decode("utf-8", "replace") or "[]", strict=False)
    return {
        Path(row["SourceFile"]).name: (
            CODE in json.dumps(row),
            {str(value) for key, value in row.items() if key.endswith((":Warning", ":Error"))},
        )
        for row in rows
    }


def by_ffprobe(path: Path) -> Finding:
    if read_labels(path.read_bytes()).media_type.partition("/")[0] not in ("audio", "video"):
        return None
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", str(path)]
    return CODE.encode() in subprocess.run(command, capture_output=True, check=False).stdout


def packets(path: Path) -> bytes:
    """A digest of the packets of each track, by ffmpeg."""
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(path),
        "-map",
        "0",
        "-map",
        "-0:d?",
        "-c",
        "copy",
        "-f",
        "streamhash",
        "-",
    ]
    return subprocess.run(command, capture_output=True, check=False).stdout


def by_pillow(path: Path) -> Finding:
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            said = [*image.info.values(), *dict(getattr(image, "tag_v2", {})).values()]
            if image.format == "GIF":  # shows the kind of an application block, not its content
                return None
            return any(CODE in (v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v)) for v in said)
    except OSError:
        return None


def pixels(path: Path) -> list[bytes] | None:
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            found = []
            for number in range(min(getattr(image, "n_frames", 1), 20)):
                image.seek(number)
                found.append(image.tobytes())
            return found
    # Pillow raises whatever a broken file leads it to.
    except Exception:
        return None


def by_pypdf(path: Path) -> Finding:
    if path.suffix != ".pdf" or find_spec("pypdf") is None:
        return None
    from pypdf import PdfReader

    return CODE in str((PdfReader(path).metadata or {}).get("/AIGC"))


def by_zipfile(path: Path) -> Finding:
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as package:
        return package.testzip() is None and any(CODE.encode() in package.read(name) for name in package.namelist())


def by_html_parser(path: Path) -> Finding:
    if path.suffix not in (".html", ".htm"):
        return None
    found: list[str] = []

    class Page(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value or "" for _, value in attrs if tag == "meta")

    Page().feed(path.read_text(encoding="utf-8", errors="replace"))
    return any(CODE in value for value in found)


READERS: dict[str, Callable[[Path], Finding]] = {
    "ffprobe": by_ffprobe,
    "Pillow": by_pillow,
    "pypdf": by_pypdf,
    "zipfile": by_zipfile,
    "html.parser": by_html_parser,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="files to label; default: those of tests.labels.dialects")
    given = parser.parse_args()
    tools = [name for name in ("exiftool", "ffprobe", "ffmpeg") if shutil.which(name) is None]
    if tools:
        print(f"not installed: {', '.join(tools)}")
        return 2
    rows: dict[str, dict[str, list[bool]]] = {}
    changed: list[str] = []
    refused: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as old, tempfile.TemporaryDirectory() as new:
        for number, (name, data) in enumerate(sources(given.folder)):
            media_type = media_type_of(Path(name))
            kind = read_labels(data, media_type=media_type).media_type
            try:
                after = write_label(data, media.FIELDS, media_type=media_type, break_credentials=True)
            except LabelWriteError:
                refused[kind] = refused.get(kind, 0) + 1
                continue
            before_path, after_path = (Path(each, f"{number}{Path(name).suffix}") for each in (old, new))
            before_path.write_bytes(data)
            after_path.write_bytes(after)
            row = rows.setdefault(kind, {})
            for reader, find in READERS.items():
                found = find(after_path)
                if found is not None:
                    row.setdefault(reader, []).append(found)
            same = pixels(before_path) == pixels(after_path)
            if kind.partition("/")[0] in ("audio", "video"):
                same = same and packets(before_path) == packets(after_path)
            row.setdefault("same content", []).append(same)
            if not same:
                changed.append(name)
            row.setdefault("files", []).append(number > -1)
        warned = by_exiftool(Path(old))
        for name, (found, complaints) in by_exiftool(Path(new)).items():
            row = rows[read_labels(Path(new, name).read_bytes(), media_type=media_type_of(Path(name))).media_type]
            row.setdefault("exiftool", []).append(found)
            row.setdefault("no new warning", []).append(complaints <= warned.get(name, (False, set()))[1])
    columns = ["exiftool", *READERS, "same content", "no new warning"]
    print(f"| written into | files | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 2)}")
    for kind, row in sorted(rows.items()):
        cells = (f"{sum(row[name])}/{len(row[name])}" if name in row else "" for name in columns)
        print(f"| `{kind}` | {len(row['files'])} | {' | '.join(cells)} |")
    print(f"\nrefused: {', '.join(f'{kind} {count}' for kind, count in sorted(refused.items())) or 'none'}")
    print(f"content that differs: {', '.join(changed) or 'none'}")
    return 1 if changed else 0


if __name__ == "__main__":
    raise SystemExit(main())
