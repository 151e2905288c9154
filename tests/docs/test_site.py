"""The reference pages made from code: every link that the program prints leads to an anchor of them.

`make docs` builds the whole site and takes any warning as an error.
"""

from __future__ import annotations

import doctest
import re
from functools import cache
from pathlib import Path

import pytest
from builder import accessible, build, reference, schemas

from shenhe.conformance.checks import all_checks
from shenhe.core import links
from shenhe.labels.model import Deviation
from shenhe.rulebook import load_rulebook
from shenhe.simulator.kernel.eventlog import Kind
from shenhe.simulator.levers import described_levers

from .test_help import COMMANDS

ROOT = Path(__file__).parents[2]


@cache
def pages() -> dict[str, str]:
    return {**reference.pages(), **schemas.pages()}


@cache
def anchors() -> dict[str, set[str]]:
    """The anchors of each page, by the path that a link has."""
    return {f"reference/{name}.html": set(re.findall(r"^\((\S+)\)=$", text, re.M)) for name, text in pages().items()}


def leads_somewhere(link: str) -> bool:
    page, _, place = link.partition("#")
    return place in anchors()[page]


def test_every_rule_check_and_deviation_has_its_place() -> None:
    rules = {rule.provision for rule in load_rulebook().rules.values()} | set(load_rulebook().rules)
    assert [rule for rule in rules if not leads_somewhere(links.rule_link(rule))] == []
    assert [check.name for check in all_checks() if not leads_somewhere(links.check_link(check.name))] == []
    assert [each for each in Deviation if not leads_somewhere(links.deviation_link(each.value))] == []


def test_every_error_has_its_place() -> None:
    errors = reference.errors()
    assert len(errors) > 20
    assert [error for error in errors if not leads_somewhere(links.error_link(error.__name__))] == []


def test_no_anchor_is_used_twice() -> None:
    found = [anchor for text in pages().values() for anchor in re.findall(r"^\((\S+)\)=$", text, re.M)]
    assert len(found) == len(set(found))


def test_links_between_reference_pages_lead_somewhere() -> None:
    for name, text in pages().items():
        for target, place in re.findall(r"\]\(([\w./-]+)\.md#([\w-]+)\)", text):
            page = (Path("reference") / name).parent / f"{target}.html"
            path = Path(*[part for part in page.parts if part != ".."])
            path = Path("reference") / target.removeprefix("../") if "../" in target else path.with_suffix("")
            assert place in anchors()[f"{path}.html"], f"{name}: {target}#{place}"


def test_the_pages_hold_everything() -> None:
    commands = pages()["commands"]
    assert [name for name in COMMANDS if f"## shenhe {name}\n" not in commands] == []
    levers = pages()["levers"]
    assert [path for path in described_levers() if f"`{path}`" not in levers] == []
    log = pages()["event-log"]
    assert [kind.name for kind in Kind if f"`{kind.name.lower()}`" not in log] == []


@pytest.mark.parametrize(
    ("text", "prefix", "expected"),
    [
        ("[a](labels.md#b)", "", "[a](labels.md#b)"),
        ("[a](../CHANGELOG.md)", "", "[a](project/CHANGELOG.md)"),
        ("[a](../locks/core.txt), [b]", "", "a, [b]"),
        ("[a](docs/labels.md)", "docs/", "[a](../labels.md)"),
        ("[a](https://example.org)", "docs/", "[a](https://example.org)"),
    ],
)
def test_links_fit_the_site(text: str, prefix: str, expected: str) -> None:
    assert build.relinked(text, prefix) == expected


def test_the_examples() -> None:
    assert doctest.testmod(links).failed == 0


@pytest.mark.parametrize(
    ("built", "changed"),
    [
        ('<p class="caption" role="heading">Guides', '<p class="caption" role="heading" aria-level="2">Guides'),
        ('<aside class="toc-drawer">', '<aside class="toc-drawer" aria-label="On this page">'),
        ("<pre><span>shenhe</span></pre>", '<pre tabindex="0"><span>shenhe</span></pre>'),
        ('<div class="table-wrapper docutils">', '<div class="table-wrapper docutils" tabindex="0">'),
        ('<th class="head"><p></p></th><th class="head"><p>a</p></th>', '<td></td><th class="head"><p>a</p></th>'),
        ('<div id="search-results"></div>', '<h1>Search</h1><div id="search-results"></div>'),
    ],
)
def test_pages_are_made_accessible_once(built: str, changed: str) -> None:
    assert accessible.make_accessible(built) == changed
    assert accessible.make_accessible(changed) == changed
