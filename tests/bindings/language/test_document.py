"""The example in the documentation is a binding that loads and works as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from shenhe.conformance.bindings import load_binding
from shenhe.conformance.bindings.language.shapes import SHAPES
from shenhe.conformance.entities import (
    EditRequest,
    GenerationRequest,
    Media,
    Publication,
    ReportRequest,
    Ticket,
    TicketState,
)
from shenhe.conformance.provider import Accepted, Operation, Refused
from shenhe.rulebook import Service

from ..apps import Recorder, talking

PAGE = Path(__file__).parents[3] / "docs" / "binding.md"
#: The first is a whole binding, the others are parts of one.
BLOCKS = re.findall(r"```ya?ml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
PEOPLE = (
    "ADULT_ID ADULT_TOKEN ADULT_PHONE ADULT_MAIL ADULT_NUMBER ADULT_NAME "
    "NEWCOMER_ID NEWCOMER_TOKEN REPORTER_ID REPORTER_TOKEN SUBJECT_NAME CONSENT_ID"
)
ENVIRON = {name: f"value-of-{name.lower()}" for name in PEOPLE.split()}


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "binding.yaml"
    path.write_text(BLOCKS[0], encoding="utf-8")
    return path


def test_the_example_is_a_valid_binding(example: Path) -> None:
    binding = load_binding(example, environ=ENVIRON)
    app = Recorder(
        {
            ("POST", "/chat"): {"asset": {"id": "t1"}, "reply": {"text": "【AI生成】好", "notice": "AI生成"}},
            ("POST", "/generations"): (202, {}, {"asset": {"id": "g1"}, "status": "queued"}),
            ("GET", "/generations/g1"): {
                "asset": {"id": "g1", "url": "http://cdn.studio.example/g1.png"},
                "status": "done",
            },
            ("GET", "/g1.png"): (200, {"content-type": "image/png"}, b"\x89PNG"),
            ("POST", "/edits"): (403, {}, {"error": {"code": "no_consent", "message": "需单独同意"}}),
            ("GET", "/public/page/p1"): {"title": "春", "notices": ["AI生成"], "image": None},
            ("POST", "/reports"): (202, {}, {"ticket": "r1", "message": "received"}),
            ("GET", "/reports/r1"): {"state": "removed", "decision": {"reasons": "why"}},
            ("GET", "/legal/complaints"): {"complaint_hours": 24},
        }
    )
    with talking(binding, app, sleep=lambda seconds: None) as provider:
        ready = provider.ready_made
        adult = ready.accounts["verified_adult"]
        text = provider.generate(adult, GenerationRequest(Service.TEXT, "text/plain", "x", turns=("a",)))
        assert isinstance(text, Accepted)
        assert (text.value.media, text.notice) == (Media("【AI生成】好".encode(), "text/plain"), "AI生成")
        image = provider.generate(adult, GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "x"))
        assert isinstance(image, Accepted)
        assert image.value.media == Media(b"\x89PNG", "image/png")
        request = EditRequest(
            Service.BIOMETRIC_IMAGE_VIDEO, Media(b"\x89PNG", "image/png"), ready.subjects["subject"], "face", "x"
        )
        refused = provider.edit(adult, request)
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.notice) == ("no_consent", "需单独同意")
        view = provider.view(None, Publication("p1"))
        assert isinstance(view, Accepted)
        assert (view.value.text, view.value.notices, view.value.media) == ("春", ("AI生成",), None)
        report = provider.report(None, ReportRequest(Publication("p1"), "illegal", "s"))
        assert isinstance(report, Accepted)
        status = provider.report_status(None, report.value)
        assert isinstance(status, Accepted)
        assert status.value == Ticket("r1", TicketState.UPHELD, "received", "why")
        page = provider.disclosures("complaints")
        assert isinstance(page, Accepted)
        assert page.value.fields == {"time_limit_hours": "24"}
    assert json.loads(app.asked[0]["body"]) == {"prompt": "x", "history": ["a"], "watermark": True}
    assert app.asked[0]["headers"]["authorization"] == "Bearer value-of-adult_token"
    assert b'name="consent"' not in app.asked[4]["body"]


#: What the shorter examples take from the environment.
SECRETS = {name: name.lower() for name in ("KEY_PASSWORD", "PROXY_PASSWORD", "DEVELOPER_TOKEN", "AUTHORITY_TOKEN")}


@pytest.mark.parametrize("block", BLOCKS[1:])
def test_the_shorter_examples_load(block: str, tmp_path: Path) -> None:
    if "operations:" not in block:
        block += "operations: {reset: {path: /reset}}\n"
    path = tmp_path / "binding.yaml"
    if not block.startswith("target:"):
        block = "target: {name: T, base_url: http://127.0.0.1:9, services: {text: [text/plain]}}\n" + block
    path.write_text(block, encoding="utf-8")
    for name in ("our-ca.pem", "client.pem", "client.key"):
        (tmp_path / name).touch()
    load_binding(path, environ=SECRETS)


def test_the_table_lists_every_operation_with_its_values_and_extracts() -> None:
    page = PAGE.read_text(encoding="utf-8").partition("\n## Names that checks look for")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)$", page, re.M))
    assert set(rows) == {operation.value for operation in Operation}
    for operation, shape in SHAPES.items():
        values, _, extracts = rows[operation.value].partition(" | ")
        assert set(re.findall(r"`(\w+)`", values)) == set(shape.values), operation
        for name in shape.extracts:
            assert name.removesuffix(".*") in extracts, operation
        assert set(re.findall(r"\*\*(\w+)\*\*", extracts)) == set(shape.required) | (
            {"media"} if shape.media_required else set()
        ), operation
