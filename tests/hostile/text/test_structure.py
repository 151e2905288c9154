"""Text with a meaning, a second list: every output has the same structure as with a harmless word, and only other text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from shenhe.core.text import UNSEEN
from shenhe.reports.formats.github import step_summary, workflow_commands
from shenhe.reports.formats.gitlab import code_quality
from shenhe.reports.formats.har import har
from shenhe.reports.formats.junit import junit
from shenhe.reports.formats.markdown import render_markdown
from shenhe.reports.formats.oscal import assessment_results
from shenhe.reports.formats.sarif import sarif
from shenhe.reports.pages.page import render_page
from shenhe.rulebook import load_rulebook

from ...factories import check, finding, report, rule
from .. import crafted

PAYLOADS = {
    "a link that runs": '<a href="java\tscript:alert(1)">x</a>',
    "links of Markdown": "![x](javascript:alert(1)) [y](data:text/html,<b>) <http://evil.example>",
    "a definition of Markdown": "x\n\n[shenhe]: http://evil.example\n[^1]: y",
    "a base": "<base href=//evil.example>",
    "a refresh": '<meta http-equiv=refresh content="0;url=//evil.example">',
    "a form": "<form action=//evil.example><input name=x autofocus>",
    "a style": "}</style><style>@import '//evil.example';*{background:url(//evil.example)}",
    "markup that changes when read twice": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "markup that was escaped before": "&lt;script&gt;alert(1)&lt;/script&gt;&#x3c;b&#x3e;",
    "an escape of JSON": "\\u003c/script\\u003e\\u003cscript\\u003e",
    "the rest as text": "<plaintext><xmp><listing>",
    "a comment that hides the rest": "<!--",
    "templates of five languages": "<%= 7*7 %>#{7*7}*{7*7}@(7*7){{#with 's'}}[[7*7]]",
    "the clipboard of a terminal": "\x1b]52;c;ZWNobyBldmls\x07\x1bP0;0q\x1b\\\x1b[?1049h",
    "orders to a forge": "\n/close\n/assign @all\ncloses #1 @everyone <!channel>",
    "the end of a block of code": "```\n# x\n~~~~\n````\n<b>\n",
    "a drawing": "```mermaid\nclick A href 'javascript:alert(1)'\n```",
    "a table": "x | y |\n| --- | --- |\n| z",
    "a formula of mathematics": "$\\href{javascript:alert(1)}{x}$ $$\\unicode{x202e}$$",
    "letters over letters": "Z" + "\u0351\u0341\u0489" * 40 + "\u2800\u3164\uffa0",
}


class _Structure(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, sorted(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(tag)

    def handle_comment(self, data: str) -> None:
        self.seen.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.seen.append("declaration")


def _of_html(text: str) -> list[Any]:
    parser = _Structure()
    parser.feed(text)
    parser.close()
    return parser.seen


def _of_xml(text: str) -> list[Any]:
    return [(element.tag, sorted(element.attrib)) for element in ElementTree.fromstring(text).iter()]


def _of_json(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _of_json(value) for key, value in data.items()}
    return [_of_json(value) for value in data] if isinstance(data, list) else type(data).__name__


def _outputs(text: str) -> dict[str, tuple[str, Any]]:
    """Every output about a finding whose fields are ``text``, and its structure."""
    fields = {"difference": text, "seen": text, "case": text, "expected": text, "invented": [text]}
    result = check("c", "fail", "cn-dsp-2023/9.2", finding=finding(text, **fields), reason=text, title=text)
    made = report([rule("cn-dsp-2023/9.2", "fail", "c", reason=text)], [result])
    page, summary, markdown = render_page([made], (), "en"), step_summary(made), render_markdown([made], [], "en")
    data = {
        "SARIF": sarif(made, load_rulebook().rules),
        "GitLab": code_quality(made),
        "HAR": har(made),
        "OSCAL": assessment_results(made, "ab" * 32),
    }
    unit = junit(made).decode()
    return {
        "page": (page, _of_html(page)),
        "JUnit": (unit, _of_xml(unit)),
        "summary": (summary, _of_markdown(summary)),
        "Markdown": (markdown, _of_markdown(markdown)),
        "commands": (commands := workflow_commands(made), len(commands.splitlines())),
        **{name: (json.dumps(document, ensure_ascii=False), _of_json(document)) for name, document in data.items()},
    }


def _of_markdown(text: str) -> list[Any]:
    """The tokens of Markdown without its text. Code is one token."""
    markdown_it = pytest.importorskip("markdown_it")
    reader = markdown_it.MarkdownIt("gfm-like", {"linkify": False})
    found = []
    for token in reader.parse(text):
        found.append((token.type, token.tag))
        found += [
            (child.type, child.tag) for child in token.children or () if child.type not in {"text", "text_special"}
        ]
    return [each for each in found if each[0] not in {"softbreak"}]


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_text_changes_the_structure_of_an_output(name: str) -> None:
    plain, made = _outputs("a harmless word"), _outputs(PAYLOADS[name])
    assert [kind for kind in plain if plain[kind][1] != made[kind][1]] == []
    assert [kind for kind, (text, _) in made.items() if UNSEEN.search(text)] == []


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_page_of_a_report_with_the_text_in_every_field_has_no_other_elements(name: str) -> None:
    from shenhe.conformance.report import parse_report

    made = [
        render_page([parse_report(crafted.everywhere(text), "report.json")], (), "en")
        for text in ("a harmless word", PAYLOADS[name])
    ]
    plain, other = ({str(each) for each in _of_html(page)} for page in made)
    assert other <= plain
    assert not re.search(r"(?i)(?:href|src|action)=[\"']?\s*(?:java\s*script|data:text)", made[1])
