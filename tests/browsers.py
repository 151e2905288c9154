"""Chromium for tests that look at pages, where playwright and a browser are installed."""

from __future__ import annotations

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

#: The marks of a module whose tests need the browser.
IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.heavy,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
