"""Files of many dialects: what is written is found by readers that are not ours, and decodes as before."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shenhe.labels import LabelWriteError, read_labels, write_label
from shenhe.labels.record import media_type_of

from ...sampling import drawn, only
from .. import dialects, media, readers

#: Dialects that are refused -> a word of the reason.
REFUSED = {
    "toml.md": "TOML",
    "array.json": "not an object",
    "lines.jsonl": "record",
    "table.csv": "row",
    "archive.zip": "neither",
    "theora and vorbis.ogv": "several streams",
    "subtitles.srt": "subtitle",
    "still.bmp": "PNG",
    "film.ts": "Matroska",
    "message.eml": "attachments",
    "subtitles.ass": "subtitles",
}
WRITTEN = [name for name in dialects.names() if name not in REFUSED]
#: The dialects of this commit. All tests take the same, since making one costs more than any test of it.
DRAWN = [each.values[0] for each in drawn(32, WRITTEN) if not each.marks]
FILMS_AND_SOUNDS = [
    ".mp4",
    ".mov",
    ".3gp",
    ".m4v",
    ".f4v",
    ".ismv",
    ".m4a",
    ".mkv",
    ".webm",
    ".mka",
    ".flv",
    ".avi",
    ".wav",
    ".mp3",
    ".flac",
    ".ogg",
    ".ogv",
    ".aiff",
    ".wma",
    ".wmv",
    ".ts",
]
PICTURES = [".png", ".apng", ".jpg", ".gif", ".webp", ".tif", ".tiff", ".avif", ".jp2"]


def dialects_of(*suffixes: str, leave_out: Sequence[str] = ()) -> list[Any]:
    """The dialects that end so (all without ``suffixes``) as parameters. Those not drawn are marked slow."""
    names = [name for name in WRITTEN if name.endswith(suffixes or ("",)) and not name.endswith(tuple(leave_out))]
    return only([name for name in DRAWN if name in names], names)


def made(name: str) -> bytes:
    found = dialects.made(name)
    if not found:
        pytest.skip("the tool that makes this dialect is not installed")
    return found


@cache
def labelled(name: str) -> bytes:
    return write_label(made(name), media.FIELDS, media_type=media_type_of(Path(name)))


@pytest.mark.parametrize("name", dialects_of())
def test_a_dialect_takes_the_label(name: str) -> None:
    before, after = made(name), labelled(name)
    labels = read_labels(after, media_type=media_type_of(Path(name)))
    assert len(labels.aigc) == 1
    # A list of names directly in the film is joined, since readers confuse it with another one beside it.
    assert labels.aigc[0].strict or (labels.aigc[0].carrier == "mp4:moov.meta/keys" and labels.aigc[0].conformant)
    assert labels.refused == ()
    assert len(after) < len(before) + 20_000
    assert after.count(b"kept") >= before.count(b"kept")


@pytest.mark.parametrize("name", REFUSED)
def test_a_dialect_without_a_place_is_refused(name: str) -> None:
    with pytest.raises(LabelWriteError, match=REFUSED[name]):
        labelled(name)


#: Files of boxes only, made to try where the label goes: there is nothing in them to decode.
NO_STREAMS = {"zeros behind user data.mov", "free behind user data.mp4", "meta and moov.mp4"}


def decoded(data: bytes, ending: str, tmp_path: Path) -> tuple[list[str], set[str]]:
    """Digests of every frame and sample by ffmpeg, and what it complains of."""
    path = tmp_path / f"a{ending}"
    path.write_bytes(data)
    command = [
        "ffmpeg",
        "-v",
        "warning",
        "-nostdin",
        "-i",
        str(path),
        "-map",
        "0:v?",
        "-map",
        "0:a?",
        "-f",
        "framemd5",
        "-",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    frames = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    return frames, {line.partition("] ")[2] or line for line in done.stderr.splitlines()}


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("name", dialects_of(*FILMS_AND_SOUNDS))
def test_ffmpeg_decodes_the_same_frames_and_samples(name: str, tmp_path: Path) -> None:
    before, complained = decoded(made(name), Path(name).suffix, tmp_path)
    after, complains = decoded(labelled(name), Path(name).suffix, tmp_path)
    assert after == before
    assert complains <= complained
    assert (len(after) > 0) == (name not in NO_STREAMS)


@pytest.mark.parametrize("name", dialects_of(*PICTURES))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_pillow_decodes_the_same_pixels(name: str) -> None:
    before, after = (Image.open(io.BytesIO(data)) for data in (made(name), labelled(name)))
    assert (before.mode, before.size) == (after.mode, after.size)
    for number in range(getattr(before, "n_frames", 1)):
        before.seek(number)
        after.seek(number)
        assert before.tobytes() == after.tobytes()


#: exiftool names neither the tags of these formats nor their chunks.
_UNNAMED = (
    "speex.ogg",
    ".mkv",
    ".webm",
    ".mka",
    ".wav",
    ".avi",
    ".wma",
    ".wmv",
    ".txt",
    ".md",
    ".json",
    ".html",
    ".vtt",
)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("name", dialects_of(leave_out=_UNNAMED))
def test_exiftool_finds_the_label_and_no_damage(name: str, tmp_path: Path) -> None:
    before, after = (tmp_path / f"{each}{Path(name).suffix}" for each in ("before", "after"))
    before.write_bytes(made(name))
    after.write_bytes(labelled(name))
    validate = ("-validate", "-warning", "-error", "-a")
    was_wrong, is_wrong, found = _exiftool([*validate, before], [*validate, after], ["-a", "-G1", "-j", after])
    assert complaints(is_wrong) <= complaints(was_wrong)
    assert media.CODE in found


def complaints(validated: str) -> set[str]:
    """What exiftool finds wrong with a file. A list with keys beside one without is where films keep the label."""
    found = validated.splitlines()
    second = tuple(f"Duplicate tag '{each}' at MOV-Movie-UserData" for each in ("meta", "hdlr", "ilst"))
    return {line for line in found if not line.startswith("Validate") and not any(each in line for each in second)}


def _exiftool(*runs: list[str | Path]) -> list[str]:
    """What exiftool prints for each list of arguments. One process runs all: starting it takes longer than a file."""
    mark = "-- next run --"
    command: list[str | Path] = ["exiftool"]
    for run in runs:
        command += ["-echo", mark, *run, "-execute"]
    done = subprocess.run(command[:-1], capture_output=True, text=True, check=False)
    printed = done.stdout.split(f"{mark}\n")[1:]
    assert len(printed) == len(runs), done.stderr
    return printed


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
# ffprobe names no chunks of WAV, and takes the first list of keys in a file for the names of all lists.
@pytest.mark.parametrize("name", dialects_of(*FILMS_AND_SOUNDS, leave_out=(".wav", ".mov", "xmp.mp4")))
def test_ffprobe_finds_the_label(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{Path(name).suffix}"
    path.write_bytes(labelled(name))
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", str(path)]
    assert media.CODE in subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("name", [name for name in WRITTEN if Path(name).suffix in (".docx", ".odt", ".epub")])
def test_every_other_entry_of_a_package_stays(name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(made(name))) as before, zipfile.ZipFile(io.BytesIO(labelled(name))) as after:
        assert after.testzip() is None
        changed = {n for n in before.namelist() if before.read(n) != after.read(n)}
    assert changed <= {"[Content_Types].xml", "_rels/.rels", "docProps/custom.xml", "meta.xml", "OEBPS/content.opf"}


def test_files_for_other_readers_are_made() -> None:
    assert next(readers.sources(None))[0] == min(dialects.names())
