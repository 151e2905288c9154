"""Drafts of many documents in different styles: rarely wrong, mostly complete, and loadable once filled in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.conformance.bindings import load_binding
from shenhe.conformance.bindings.drafting.choosing.matching import matched
from shenhe.conformance.bindings.drafting.draft import draft
from shenhe.conformance.bindings.drafting.openapi import description_of, read_openapi
from shenhe.conformance.entities import (
    Account,
    GenerationRequest,
)
from shenhe.conformance.provider import Accepted
from shenhe.conformance.roles import operations_of
from shenhe.rulebook import Service

from ...command_line import shenhe
from ..apps import Recorder, talking
from .drafts import DOCUMENTS, drafted, filled, served


def test_an_unrelated_document_maps_no_operation(tmp_path: Path) -> None:
    draft = drafted("pets.yaml")
    assert draft.mapped == []
    assert len(draft.missing) == len(operations_of(["provider"]))
    assert draft.passed_over == ["$ref elsewhere.yaml#/Pet: leads out of the document and is not followed"]
    binding = filled(draft.text, tmp_path, {"GENERATE_PATH": "pets", "GENERATE_ID": "id"})
    with talking(binding, Recorder({("GET", "/pets"): {"id": 3}})) as provider:
        assert isinstance(provider.generate(Account("a"), GenerationRequest(Service.TEXT, "text/plain", "x")), Accepted)
    told = shenhe("init", "--openapi", str(DOCUMENTS / "pets.yaml"))
    assert told.exit_code == 3
    assert "not mapped" in told.stderr
    assert told.stdout == draft.text


def test_administrative_endpoints_are_not_mapped(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        "openapi: 3.0.0\npaths:\n  /organization/groups/{group_id}/users/{user_id}: {delete: {operationId:"
        " removeGroupUser, summary: Remove a user}}\n  /organization/service_accounts: {post: {operationId:"
        " createServiceAccount}}\n  /usage/sessions: {get: {operationId: getSessionToken}}\n "
        " /tenants/{tenant}/regions/{region}/posts: {post: {operationId: createPost}}\n  /account: {delete:"
        " {operationId: deleteAccount}}\n",
        encoding="utf-8",
    )
    found = draft(read_openapi(path, "spec.yaml"))
    assert served(found) == {"delete_account": ["DELETE /account"]}
    assert "# This one destroys: read it twice." in found.text


CORPUS = sorted((DOCUMENTS / "corpus").glob("*.yaml"))


def outcome_of(path: Path) -> tuple[int, list[str], int]:
    """How many endpoints were mapped rightly, which wrongly, and how many not at all; ``x-serves`` is the truth."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    truth = {
        f"{method.upper()} {place}": operation["x-serves"]
        for place, item in document["paths"].items()
        for method, operation in item.items()
        if "x-serves" in operation
    }
    mapped = {
        str(match.endpoint): name
        for name, matches in matched(read_openapi(path, path.name)).items()
        for match in matches
        if not match.held
    }
    wrong = [f"{path.stem}: {endpoint} as {name}" for endpoint, name in mapped.items() if truth.get(endpoint) != name]
    right = len(mapped) - len(wrong)
    return right, wrong, sum(1 for endpoint in truth if endpoint not in mapped)


@pytest.mark.costly
def test_drafts_of_many_styles_are_rarely_wrong_and_mostly_complete() -> None:
    outcomes = [outcome_of(path) for path in CORPUS]
    right, missed = sum(each[0] for each in outcomes), sum(each[2] for each in outcomes)
    wrong = [line for each in outcomes for line in each[1]]
    assert len(CORPUS) >= 12
    assert len(wrong) / (right + len(wrong)) < 0.05, wrong
    assert right / (right + len(wrong) + missed) > 0.85


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_draft_of_the_corpus_is_a_binding_once_it_is_filled_in(path: Path, tmp_path: Path) -> None:
    text = re.sub(r"\$\{FILL_IN_\w+\}", "filled_in", draft(read_openapi(path, path.name)).text)
    binding = tmp_path / "binding.yaml"
    binding.write_text(text, encoding="utf-8")
    load_binding(binding, environ=dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "some-value"))


def _endpoint(method: str, summary: str, *fields: str, deprecated: bool = False) -> dict[str, Any]:
    """An endpoint of an OpenAPI document whose names say nothing: only the summary does."""
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in fields}, "required": list(fields)}
    body = {"requestBody": {"content": {"application/json": {"schema": schema}}}} if fields else {}
    return {method: {"summary": summary, "deprecated": deprecated, "responses": {"200": {"description": "ok"}}, **body}}


def _mapped(paths: dict[str, Any]) -> dict[str, str]:
    document = {"openapi": "3.1.0", "info": {"title": "Any", "version": "1"}, "paths": paths}
    found = matched(description_of(document, "any.json"))
    return {name: str(match.endpoint) for name, matches in found.items() for match in matches}


@pytest.mark.parametrize(
    ("summary", "fields", "operation"),
    [
        ("Register a person", ("handle", "password"), "register"),
        ("Publish a text on the wall", ("content_id", "title"), "publish"),
        ("Generate an image from a prompt", ("prompt",), "generate"),
        ("Complain about a post", ("post_id", "reason"), "report"),
    ],
)
def test_a_plain_summary_outweighs_names_of_the_house(summary: str, fields: tuple[str, ...], operation: str) -> None:
    assert _mapped({"/quux/frob": _endpoint("post", summary, *fields)}) == {operation: "POST /quux/frob"}


@pytest.mark.parametrize(
    "summary",
    ["Register a webhook", "Publish a package to the registry", "Generate an invoice", "Report a bug", "Upload a file"],
)
def test_an_unrelated_summary_maps_no_operation(summary: str) -> None:
    assert _mapped({"/quux/frob": _endpoint("post", summary, "name", "content")}) == {}


def test_of_two_versions_the_newer_and_of_two_ways_the_kept_one_is_drafted() -> None:
    media = _endpoint("post", "Upload media", "file")
    assert _mapped({"/v1/media": media, "/v2/media": media})["upload"] == "POST /v2/media"
    old = _endpoint("post", "Upload media", "file", deprecated=True)
    assert _mapped({"/v1/media": media, "/v2/media": old})["upload"] == "POST /v1/media"


def test_only_topics_that_have_a_page_are_declared() -> None:
    def page(path: str, *, asked: str = "") -> dict[str, Any]:
        parameters = [{"name": asked, "in": "path", "required": True, "schema": {"type": "string"}}] if asked else []
        return {path: {"get": {"parameters": parameters, "responses": {"200": {"description": "ok"}}}}}

    def declared(paths: dict[str, Any]) -> str:
        document = {"openapi": "3.1.0", "info": {"title": "Any", "version": "1"}, "paths": paths}
        return draft(description_of(document, "any.json")).text

    apart = declared({**page("/instance/rules"), **page("/instance/terms")})
    assert "  disclosure_topics: [rules, agreement]" in apart.splitlines()
    assert "      - when: {topic: [agreement]}\n        path: /instance/terms" in apart
    assert "  disclosure_topics: [rules]" in declared(page("/legal/rules")).splitlines()
    asked = declared(page("/legal/{page}", asked="page"))
    assert "  disclosure_topics: [rules, agreement, complaints]" in asked.splitlines()
    assert 'path: "/legal/{{ topic }}"' in asked


def test_near_matches_are_listed_with_their_score() -> None:
    drafted = draft(read_openapi(DOCUMENTS / "corpus" / "short-videos.yaml", "short-videos.yaml"))
    assert any("POST /api/app/v1/passport/register (" in line for line in drafted.close)
    assert "# Close, but not chosen: check these by hand:" in drafted.text
