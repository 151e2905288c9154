"""Papers that promise what is not so: the page of the corpus, the threat model, the bill of materials."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from .corpus import PAGE, page

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_corpus_is_that_of_the_tests() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make corpus`"


def test_the_threat_model_names_tests_and_commands_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for name in re.findall(r"`(tests/[\w/]+\.py|docs/[\w-]+\.md)`", text):
        assert (ROOT / name).exists(), name
    for attacker in ("target", "binding", "report", "media file"):
        assert attacker in text.lower()


def test_the_bill_of_materials_lists_every_locked_package(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-P", str(ROOT / ".ci" / "sbom.py"), str(tmp_path)], check=True, capture_output=True
    )
    made = json.loads((tmp_path / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    listed = {(each["name"], each["version"]) for each in made["components"]}
    for lock in ("base.txt", "dev.txt"):
        text = (ROOT / "locks" / lock).read_text(encoding="utf-8")
        pins = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.M)
        assert pins
        assert {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in pins} <= listed
    assert all(each["hashes"] for each in made["components"])
    notices = (tmp_path / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    assert "GPL" in notices[notices.index("**av**") :], "the codecs inside PyAV are named"
