"""Importing the reader must cost nothing: a check suite and a command line load it before they know what
they need.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from shenhe.labels import write_label

from .. import media

#: Put in front of a program, it makes the libraries of the media extra absent.
_WITHOUT_MEDIA = """
import sys
from importlib.machinery import PathFinder

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        absent = name.partition(".")[0] in {"rapidocr", "onnxruntime", "cv2", "av", "pypdf", "c2pa", "numpy"}
        return None if absent else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
"""
#: Reads every file of a folder; the worker is an interpreter of its own and gets the same hole.
_PROGRAM = """
import json, pathlib
from shenhe.labels import LabelWriteError, read_labels, write_label
from shenhe.labels.bytes import sandbox

started = sandbox.subprocess.Popen

def start(command, **options):
    program = f"{hole}\\nfrom shenhe.labels.bytes.worker import main\\nmain()"
    return started([command[0], "-P", "-c", program, command[-1]], **options)

sandbox.subprocess.Popen = start
found = {}
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    media_type = "text/plain" if path.suffix == ".txt" else None
    reading = read_labels(path.read_bytes(), media_type=media_type, depth="all")
    found[path.name] = [label.scheme for label in reading.labels if label.conformant], [r.why for r in reading.refused]
for name, of in (("written", "a.mp3"), ("sound", "b.wav")):
    try:
        write_label((pathlib.Path(sys.argv[1]) / of).read_bytes(), None, explicit=True)
    except LabelWriteError as error:
        found[name] = [], [str(error)]
print(json.dumps(found))
"""


def test_importing_the_reader_loads_no_heavy_library() -> None:
    program = (
        "import sys, shenhe.labels as labels\n"
        "labels.read_labels(b'\\x89PNG\\r\\n\\x1a\\n')\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & "
        "{'PIL', 'numpy', 'scipy', 'av', 'c2pa', 'pypdf', 'rapidocr', 'pydantic', 'yaml'}))"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_without_the_media_extra_the_unread_parts_are_reported(tmp_path: Path) -> None:
    samples = {
        "a.png": write_label(media.picture("PNG", (200, 150)), media.FIELDS, explicit=True),
        "a.wav": write_label(media.sound(), media.FIELDS, explicit=True),
        "b.wav": media.sound(),
        "a.txt": write_label("天气很好。".encode(), media.FIELDS, media_type="text/plain", explicit=True),
        "a.docx": write_label(media.ooxml(), media.FIELDS),
        "a.mp3": write_label(media.MP3_FRAME * 30, media.FIELDS),
    }
    for name, data in samples.items():
        (tmp_path / name).write_bytes(data)
    program = f"{_WITHOUT_MEDIA}\nhole = {_WITHOUT_MEDIA!r}\n{_PROGRAM}"
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["a.txt"] == [["gb45438", "text"], []]
    assert found["a.docx"] == [["gb45438"], []]
    for name in ("a.png", "a.mp3", "a.wav"):
        schemes, refused = found[name]
        assert schemes == ["gb45438"], "what needs the extra is never taken for read"
        assert "python -m pip install 'shenhe[media]'" in refused[0], name
    for name in ("written", "sound"):
        assert "python -m pip install 'shenhe[media]'" in found[name][1][0]
