"""Drafting the binding of an app store: `--role store` maps the operations of stores, and no others."""

from __future__ import annotations

from typing import Any

import yaml

from shenhe.conformance.bindings.drafting.draft import draft
from shenhe.conformance.bindings.drafting.openapi import description_of
from shenhe.conformance.operations import TargetRole


def fields(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


def body(*names: str) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": fields(*names)}}}}


def answer(*names: str) -> dict[str, Any]:
    return {"responses": {"200": {"description": "ok", "content": {"application/json": {"schema": fields(*names)}}}}}


APP_ID = {"parameters": [{"name": "app_id", "in": "path", "required": True, "schema": {"type": "string"}}]}
STORE = {
    "openapi": "3.0.3",
    "info": {"title": "Lotus Market", "version": "2"},
    "servers": [{"url": "https://sandbox.lotus.example/api"}],
    "paths": {
        "/apps": {
            "post": {"summary": "Submit an app for listing", **body("title", "filing_number"), **answer("app_id")},
            "get": {"operationId": "searchApps", "summary": "Search listed apps", **answer("apps")},
        },
        "/apps/{app_id}": {"get": {"operationId": "getAppDetails", "summary": "Page of an app", **APP_ID, **answer()}},
        "/apps/{app_id}/review-status": {"get": {"summary": "Review status", **APP_ID, **answer("state", "reason")}},
        "/apps/{app_id}/relist": {"post": {"operationId": "relistApp", "summary": "List again", **APP_ID, **answer()}},
        "/regulator/orders": {
            "post": {
                "operationId": "issueOrder",
                "summary": "Order about an app",
                **body("app_id", "action"),
                **answer(),
            }
        },
        "/images": {"post": {"summary": "Generate an image", **body("prompt"), **answer("id")}},
    },
}


def test_a_store_is_drafted_by_its_operations_only() -> None:
    found = draft(description_of(STORE, "store.json"), [TargetRole.STORE])
    mapped = dict(line.split(" (")[0].split(": ", 1) for line in found.mapped)
    assert mapped == {
        "submit_app": "POST /apps",
        "app_status": "GET /apps/{app_id}/review-status",
        "view_app": "GET /apps/{app_id}",
        "search_apps": "GET /apps",
        "order_app": "POST /regulator/orders",
        "relist_app": "POST /apps/{app_id}/relist",
    }
    assert "generate" not in found.missing
    document = yaml.safe_load(found.text)
    assert document["target"]["roles"] == ["store"]
    assert "services" not in document["target"]
    assert document["operations"]["view_app"]["path"] == "/apps/{{ app.id }}"
    assert document["operations"]["submit_app"]["json"]["filing_number"] == "{{ submission.filing.number }}"


def test_a_provider_has_no_operations_of_a_store() -> None:
    found = draft(description_of(STORE, "store.json"))
    assert [line.split(":")[0] for line in found.mapped] == ["generate"]
