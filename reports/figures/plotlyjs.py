"""The vendored plotly.js: the cartesian bundle of the version that plotly.py draws for."""

from __future__ import annotations

import hashlib
from importlib.resources import files

VERSION = "4.1.1"
SHA256 = "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"


def source() -> str:
    """The script, which is safe inside a ``<script>`` element: it holds no closing tag.

    Raises :class:`RuntimeError` when the file is not the vendored one: a page must not carry a script that was never
    reviewed.
    """
    data = (files("shenhe.reports") / "vendor" / "plotly-cartesian.min.js").read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise RuntimeError("reports/vendor/plotly-cartesian.min.js was changed; install shenhe again")
    return data.decode("utf-8")
