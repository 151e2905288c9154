"""The page made from a hostile provider, opened in a browser: nothing that the provider wrote runs, and nobody is asked
for anything.

The browser is told of no host but this machine, where a server notes who comes by.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shenhe.conformance.bindings import AsgiTransport
from shenhe.conformance.engine.runner import run_checks
from shenhe.reports.pages.page import render_page

from ..apps import TARGET, Recorder, bind

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium here to open the page in")

#: Markup that shows by an attribute of the page that it ran, and by a request that it was loaded.
MARKUP = (
    "<script>document.documentElement.dataset.ran = 'script'</script>"
    '<img src="{here}/img" onerror="document.documentElement.dataset.ran = \'onerror\'">'
    "<svg onload=\"document.documentElement.dataset.ran = 'onload'\"></svg>"
    '<iframe src="{here}/frame"></iframe><link rel="stylesheet" href="{here}/style.css">'
    "<style>@import url({here}/import.css); body {{ background: url({here}/background) }}</style>"
    '<meta http-equiv="refresh" content="0; url={here}/refresh"><script src="{here}/script.js"></script>'
)
BREAKING_OUT = "\"'>]]>--></pre></code></td></title></textarea></style></script>"
BINDING = """\
operations:
  generate: {path: /g, extract: {id: id}, media: {text: text}, notice: text, reason: text}
  register: {path: /a, extract: {id: id}}
  verify_identity: {path: /i, json: {n: '{{ identity.number }}'}}
  disclosures: {path: '/d/{{ topic }}'}
"""


class Doorkeeper(ThreadingHTTPServer):
    """Notes the path of every request, and answers with nothing."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Turned)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Turned(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Doorkeeper)
        self.server.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *said: object) -> None:
        """Say nothing on stderr."""


@contextlib.contextmanager
def doorkeeper() -> Iterator[Doorkeeper]:
    with Doorkeeper() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def opened(page: str, folder: Path) -> str:
    """The document of a page after its scripts had their time."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    assert BROWSER is not None
    done = subprocess.run(
        [
            *(
                BROWSER,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
            ),
            *(
                "--disable-component-update",
                "--disable-sync",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ),
            *(f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=3000", "--dump-dom", f"file://{path}"),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    return done.stdout


def what_ran(document: str) -> str | None:
    found = re.search(r'<html[^>]*data-ran="(\w+)"', document)
    return found[1] if found else None


def hostile_page(markup: str, folder: Path) -> str:
    """The page of a run against a provider that says nothing but markup, in every string it may choose."""
    said = BREAKING_OUT + markup
    answers = {(method, path): {"id": said, "text": said} for method in ("GET", "POST") for path in ("/g", "/a", "/i")}
    pages = {
        ("GET", f"/d/{topic}"): (200, {"content-type": "text/html"}, said.encode())
        for topic in ("agreement", "complaints")
    }
    name = json.dumps(BREAKING_OUT + "<script>document.documentElement.dataset.ran = 'name'</script>")
    target = TARGET.replace("name: Test", f"name: {name}")
    binding = bind(folder, BINDING, target=target + "  disclosure_topics: [agreement, complaints]\n")
    with binding.connect(transport=AsgiTransport(Recorder({**answers, **pages}))) as provider:
        report = run_checks(provider, on=date(2026, 9, 1), examples=2)
    shown = [check.finding for check in report.checks if check.finding is not None]
    assert any(markup[:40] in step.response_body for finding in shown for step in finding.steps), (
        "the page shows what was said"
    )
    return render_page([report])


@pytest.mark.costly
def test_hostile_responses_are_inert_in_a_browser(tmp_path: Path) -> None:
    with doorkeeper() as door:
        document = opened(hostile_page(MARKUP.format(here=door.url), tmp_path), tmp_path)
    assert "dataset.ran" in document, "what the provider said is there to read"
    assert what_ran(document) is None
    assert door.asked == []


def test_the_policy_of_the_page_stops_markup_that_slipped_through(tmp_path: Path) -> None:
    """The second line: the same markup, put into the page as if nothing were escaped."""
    with doorkeeper() as door:
        markup = MARKUP.format(here=door.url).replace('<meta http-equiv="refresh"', "<meta data-was-refresh")
        page = hostile_page(markup, tmp_path).replace("</body>", markup + "</body>")
        document = opened(page, tmp_path)
    assert what_ran(document) is None
    assert door.asked == []


def test_the_canary_test_detects_a_leak(tmp_path: Path) -> None:
    """Without escaping and policy the same markup runs and asks: the tests above could fail."""
    with doorkeeper() as door:
        markup = MARKUP.format(here=door.url).replace('<meta http-equiv="refresh"', "<meta data-was-refresh")
        document = opened(f"<!doctype html><html><body>{markup}</body></html>", tmp_path)
    assert what_ran(document)
    assert {"/img", "/frame", "/style.css", "/script.js"} <= set(door.asked)
