"""Text with a meaning for whatever shows it, in every field of a finding and every output."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from shenhe.core.text import UNSEEN
from shenhe.reports.formats.github import step_summary, workflow_commands
from shenhe.reports.formats.gitlab import code_quality
from shenhe.reports.formats.har import har
from shenhe.reports.formats.junit import junit
from shenhe.reports.formats.oscal import assessment_results
from shenhe.reports.formats.sarif import sarif
from shenhe.reports.pages.page import write_page
from shenhe.rulebook import load_rulebook

from ...factories import check, finding, report, rule

PAYLOADS = {
    "a tag with a slash": "<svg/onload=alert(1)>",
    "MathML": "<math><mi//xlink:href='data:x,<script>1'>",
    "a quoted attribute": '" onmouseover=alert(1) x="',
    "the end of a style": "</style><script>alert(1)</script>",
    "the end of a text area": "</textarea><img src=x onerror=1>",
    "the end of a comment": "--><script>1</script><!--",
    "the end of CDATA": "]]><script>1</script>",
    "odd spelling": "</ScRiPt ><script >1</script >",
    "separators of lines": "\u2028alert(1)\u2029",
    "a template of Vue": "{{constructor.constructor('alert(1)')()}}",
    "a template of Jinja": "{% for x in ().__class__ %}x{% endfor %}{{ 7*7 }}",
    "an element that opens": "<details open ontoggle=alert(1)>",
    "a command of a workflow": "%0A::error::x\n::warning file=a::b\r::set-env name=A::b",
    "commands of a terminal": "\x1b[8mhidden\x1b]8;;http://evil\x07l\x9b31m\x9d0;t\x9c",
    "turned text": "\u202egnp.exe\u2066\u200f",
    "zero bytes": "\x00\x01\x7f\x08",
    "half a character": "\ud800",
    "entities of XML": "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
    "markup of a terminal library": "[bold red]x[/] [link=http://evil]y[/link]",
    "three hundred thousand characters": "A" * 300_000,
    "a formula": '=HYPERLINK("http://evil")',
    "variables": "${{ github.token }} ${PATH} $(id) `id`",
}
_ACTIVE = ("<svg/onload", "<script>alert", "<script>1", "<script >1", "onerror=1>", "ontoggle=alert(1)>", "<math>")


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_stays_text_in_every_output(name: str, tmp_path: Path) -> None:
    text = PAYLOADS[name]
    fields = {"difference": text, "seen": text, "case": text, "expected": text, "invented": [text]}
    result = check("c", "fail", "cn-dsp-2023/9.2", finding=finding(text, **fields), reason=text, title=text)
    made = report([rule("cn-dsp-2023/9.2", "fail", "c", reason=text)], [result])
    page = tmp_path / "page.html"
    write_page(page, [made])
    outputs = {
        "page": page.read_text(encoding="utf-8"),
        "JUnit": junit(made).decode(),
        "summary": step_summary(made),
        "commands": workflow_commands(made),
        "SARIF": json.dumps(sarif(made, load_rulebook().rules)),
        "GitLab": json.dumps(code_quality(made)),
        "HAR": json.dumps(har(made)),
        "OSCAL": json.dumps(assessment_results(made, "ab" * 32)),
    }
    assert [kind for kind, shown in outputs.items() if UNSEEN.search(shown)] == []
    ElementTree.fromstring(outputs["JUnit"])
    assert [sign for sign in _ACTIVE if sign in text and sign in outputs["page"]] == []
    commands = [line for line in outputs["commands"].splitlines() if line.startswith("::")]
    assert all(re.match(r"::(error|warning|notice)[ :]", line) for line in commands)
    assert len(commands) == 1
