"""The files that describe the project to people and tools agree with each other."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import yaml

from .conftest import HEAVY

ROOT = Path(__file__).parent.parent


def test_the_citation_names_the_version_and_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert project["description"].lower() in citation["title"].lower()


def test_issue_forms_are_complete() -> None:
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert len(forms) >= 3
    for path in forms:
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert {"name", "description", "body"} <= set(form), path.name
        assert any(part.get("validations", {}).get("required") for part in form["body"]), path.name


def test_no_package_and_no_large_file_is_tracked() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    assert [path.name for path in paths if path.suffix in (".whl", ".gz", ".zip") and path.parent == ROOT] == []
    assert [path.name for path in paths if path.is_file() and path.stat().st_size > 2_000_000] == []


def test_every_heavy_test_exists() -> None:
    missing = [place for place in HEAVY if not (ROOT / "tests" / place).exists()]
    assert missing == [], "moved or renamed: `make quick` would run them"
