"""Importing the reader must cost nothing: a check suite and a command line load it before they know what
they need.
"""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_reader_loads_no_heavy_library() -> None:
    program = (
        "import sys, shenhe.conformance.labels as labels\n"
        "labels.read_labels(b'\\x89PNG\\r\\n\\x1a\\n')\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & "
        "{'PIL', 'numpy', 'scipy', 'av', 'c2pa', 'pypdf', 'rapidocr', 'pydantic'}))"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
