"""Pages as PDF, printed by the Chromium or Chrome of this computer: the page has its print style and its numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from shenhe.core.errors import ShenheError
from shenhe.core.files import write_whole

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 120
"""Time that the browser has to print a page."""


class PdfError(ShenheError, OSError):
    """A PDF that cannot be made; the text says what to install or do."""


def browser() -> str:
    """The browser that prints: the one that ``SHENHE_BROWSER`` names, or the first of :data:`BROWSERS` on the path.

    Raises :class:`PdfError` where there is none.
    """
    named = os.environ.get("SHENHE_BROWSER")
    for name in [named] if named else BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    looked = named or "Chromium or Chrome"
    raise PdfError(
        f"a PDF is printed by a browser, and {looked} was not found: install chromium, set SHENHE_BROWSER to the"
        " program, or write --format html and print that page"
    )


def write_pdf(page: str, path: Path) -> None:
    """Print a self-contained page to ``path``. Raises :class:`PdfError` where the browser cannot."""
    program = browser()
    with tempfile.TemporaryDirectory(prefix="shenhe-pdf-") as folder:
        source, target = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, encoding="utf-8")
        command = [
            program,
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-extensions",
            f"--user-data-dir={folder}/profile",
            "--virtual-time-budget=10000",
            "--no-pdf-header-footer",
            f"--print-to-pdf={target}",
            source.as_uri(),
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium refuses to start as root with its sandbox
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise PdfError(f"{program} did not print the page within {SECONDS} seconds; try --format html") from None
        if done.returncode != 0 or not target.is_file():
            words = done.stderr.decode(errors="replace").strip().splitlines()
            raise PdfError(f"{program} could not print the page: {words[-1] if words else 'it gave no reason'}")
        write_whole(path, target.read_bytes())
