"""The views against the schemas that their owners publish.

The schemas are not part of this repository. Put them into a folder and name it in ``SHENHE_SCHEMAS``; what is not there
is skipped:

    sarif-schema-2.1.0.json      OASIS, sarif-spec
    oscal_complete_schema.json   NIST, a release of OSCAL 1.2
    har/*.json                   the har-schema package, 2.0
    github-action.json           SchemaStore
    gitlab-ci.json               SchemaStore
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT6

from shenhe.conformance.report import Report, read_report
from shenhe.reports.formats.har import har
from shenhe.reports.formats.oscal import assessment_results
from shenhe.reports.formats.sarif import sarif
from shenhe.rulebook import load_rulebook

from ..factories import hostile_provider, mixed, passing, report

ROOT = Path(__file__).parent.parent.parent
#: A report of a real run may be tried too.
REAL = os.environ.get("SHENHE_REPORT")


def published(name: str) -> Any:
    folder = os.environ.get("SHENHE_SCHEMAS")
    if not folder or not (Path(folder) / name).exists():
        pytest.skip(f"SHENHE_SCHEMAS has no {name}")
    return json.loads((Path(folder) / name).read_text(encoding="utf-8"))


def reports() -> Iterator[Report]:
    yield from (mixed(), passing(), hostile_provider(), report([], []))
    if REAL:
        yield read_report(Path(REAL))


def test_sarif_is_valid() -> None:
    schema = published("sarif-schema-2.1.0.json")
    for made in reports():
        jsonschema.Draft4Validator(schema).validate(sarif(made, load_rulebook().rules))


def test_oscal_is_valid() -> None:
    text = json.dumps(published("oscal_complete_schema.json"))
    # Python's expressions have no classes of Unicode properties; these say the same.
    schema = json.loads(text.replace(r"\\p{L}", r"[^\\W\\d_]").replace(r"\\p{N}", r"\\d"))
    for made in reports():
        jsonschema.Draft7Validator(schema).validate(assessment_results(made, "ee" * 32))


def test_har_is_valid() -> None:
    published("har/har.json")
    folder = Path(os.environ["SHENHE_SCHEMAS"]) / "har"
    parts = {path.name: DRAFT6.create_resource(json.loads(path.read_text())) for path in folder.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        [*parts.items(), *((f"{name}#", part) for name, part in parts.items())]
    )
    for made in reports():
        jsonschema.Draft6Validator({"$ref": "har.json"}, registry=registry).validate(har(made))


def test_the_github_action_is_valid() -> None:
    schema = published("github-action.json")
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8")))


def test_the_gitlab_template_is_valid() -> None:
    schema = published("gitlab-ci.json")
    template = yaml.safe_load((ROOT / "ci-templates" / "gitlab.yml").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(template)
