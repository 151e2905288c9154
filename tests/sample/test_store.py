"""The sample store keeps the law, is reached by its bindings, and has a place in the code for every fault and variant."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.bindings.doctor.doctor import examine
from shenhe.rulebook import load_rulebook
from shenhe.sample import SampleServer
from shenhe.sample.appstore import STORE_FAULTS, STORE_VARIANTS, create_store, store_binding
from shenhe.sample.faults import UnknownFaultError
from shenhe.sample.samples import SAMPLES
from shenhe.sample.variants import UnknownVariantError

from .test_faults import named_in

ROOM = Path(__file__).parents[2] / "sample" / "appstore"
DEVELOPER = {"Authorization": "Bearer studio-token"}
RIVAL = {"Authorization": "Bearer rival-token"}
AUTHORITY = {"Authorization": "Bearer authority-token"}
FILING = {"number": "网信算备110108000000001240011号", "entity": "91110108MA0000011E", "assessment": "AQPG-2026-0001"}
APP = {
    "name": "应用甲",
    "version": "1.0.0",
    "description": "AI生成图片",
    "generative": True,
    "filing": FILING,
    "labels": "图片左下角",
}


def client(faults: tuple[str, ...] = (), variants: tuple[str, ...] = ()) -> TestClient:
    return TestClient(create_store(faults, variants=variants))


def submit(store: TestClient, *, headers: dict[str, str] = DEVELOPER, **changes: object) -> httpx.Response:
    return store.post("/developer/apps", json={**APP, **changes}, headers=headers)


def order(store: TestClient, app: str, measure: str, **more: object) -> httpx.Response:
    body = {"app": app, "measure": measure, "reasons": "未标识", "number": "令1", **more}
    return store.post("/authority/orders", json=body, headers=AUTHORITY)


def seen(store: TestClient, app: str, storefront: str = "phone") -> set[str]:
    surfaces = {
        surface
        for surface in ("page", "link", "download")
        if store.get(f"/storefronts/{storefront}/apps/{app}/{surface}").status_code == 200
    }
    found = store.get(f"/storefronts/{storefront}/apps", params={"q": "应用"}).json()["apps"]
    return surfaces | ({"search"} if app in found else set())


EVERYWHERE = {"page", "link", "download", "search"}


def test_a_lawful_app_is_listed_everywhere() -> None:
    store = client()
    app = submit(store).json()["id"]
    assert seen(store, app) == seen(store, app, "tablet") == EVERYWHERE


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"filing": {**FILING, "number": ""}}, "filing number is missing"),
        ({"filing": {**FILING, "number": "网信算备1号"}}, "malformed"),
        ({"filing": {**FILING, "number": "京ICP备12345678号-1"}}, "not the number of an algorithm filing"),
        ({"filing": {**FILING, "number": "网信算备999999000000001240011号"}}, "no such filing"),
        ({"filing": {**FILING, "number": "网信算备310115000000001240017号"}}, "another entity"),
        ({"filing": {**FILING, "number": "网信算备110108000000003240015号"}}, "cancelled"),
        ({"filing": {**FILING, "assessment": ""}}, "assessment is missing"),
        ({"filing": {**FILING, "assessment": "AQPG-2024-0007"}}, "expired"),
        ({"filing": {**FILING, "assessment": "AQPG-2026-0100"}}, "of another entity"),
        ({"labels": " "}, "material on labels is missing"),
        ({"generative": False}, "not declared"),
        ({"companion": True}, "mode for minors"),
    ],
)
def test_a_flawed_app_is_refused_with_its_reason(changes: dict[str, object], said: str) -> None:
    answer = submit(client(), **changes)
    assert answer.status_code == 422
    assert said in answer.json()["message"]


def test_another_developer_cannot_use_a_filing_or_touch_an_app() -> None:
    store = client()
    app = submit(store).json()["id"]
    assert submit(store, headers=RIVAL).status_code == 422
    assert store.post(f"/developer/apps/{app}/versions", json=APP, headers=RIVAL).status_code == 404
    assert store.post(f"/developer/apps/{app}/relisting", json={}, headers=RIVAL).status_code == 404


def test_an_order_takes_an_app_down_until_it_is_lifted_and_the_developer_asks() -> None:
    store = client()
    app = submit(store).json()["id"]
    assert order(store, app, "remove").status_code == 200
    assert seen(store, app) == seen(store, app, "tablet") == set()
    assert store.post(f"/developer/apps/{app}/versions", json=APP, headers=DEVELOPER).status_code == 409
    assert store.post(f"/developer/apps/{app}/relisting", json={}, headers=DEVELOPER).status_code == 409
    status = store.get(f"/developer/apps/{app}/listings/phone", headers=DEVELOPER).json()
    assert status["state"] == "removed"
    assert "未标识" in status["reasons"]
    order(store, app, "lift")
    assert seen(store, app) == set()
    assert store.post(f"/developer/apps/{app}/relisting", json={}, headers=DEVELOPER).status_code == 200
    assert seen(store, app) == EVERYWHERE


def test_an_order_reaches_the_storefronts_that_it_names() -> None:
    store = client()
    app = submit(store).json()["id"]
    order(store, app, "suspend-listing", storefronts=["phone"])
    assert seen(store, app) == set()
    assert seen(store, app, "tablet") == EVERYWHERE


def test_only_an_authority_gives_orders_and_reads_records() -> None:
    store = client()
    app = submit(store).json()["id"]
    body = {"app": app, "measure": "remove"}
    assert store.post("/authority/orders", json=body, headers=DEVELOPER).status_code == 403
    assert store.get("/authority/records", params={"kind": "order"}).status_code == 403


def test_a_founded_report_suspends_and_an_unfounded_one_does_not() -> None:
    store = client()
    good, bad = submit(store).json()["id"], submit(store, description="AI生成 [test: unlawful]").json()["id"]
    assert store.post(f"/apps/{good}/reports", json={}).json()["state"] == "rejected"
    assert store.post(f"/apps/{bad}/reports", json={}).json()["state"] == "upheld"
    assert seen(store, good) == EVERYWHERE
    assert seen(store, bad) == set()


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'{"name": 1'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    assert client().post("/developer/apps", content=body, headers=DEVELOPER).status_code == 400


def test_code_and_files_name_the_same_faults_and_variants() -> None:
    assert {name.lower().replace("_", "-") for name in named_in(ROOM, "StoreFault")} == set(STORE_FAULTS)
    bound = {path.stem.removesuffix(".whole") for path in (ROOM / "overlays").glob("*.yaml")}
    coded = {name.lower().replace("_", "-") for name in named_in(ROOM, "StoreVariant")}
    assert bound | coded == set(STORE_VARIANTS)


def test_faults_have_rules_of_the_rulebook_and_names_of_their_own() -> None:
    rules = load_rulebook().rules
    assert len(STORE_FAULTS) >= 30
    for fault in STORE_FAULTS.values():
        assert fault.rules <= rules.keys(), fault.name
        assert fault.summary.endswith(".")
    names = [name for sample in SAMPLES.values() for name in sample.faults]
    assert len(names) == len(set(names))


def test_unknown_names_are_refused_with_the_closest() -> None:
    with pytest.raises(UnknownFaultError, match="removal-late"):
        create_store(["removals-late"])
    with pytest.raises(UnknownVariantError, match="review-queue"):
        create_store(variants=["review-queues"])


@pytest.mark.parametrize("name", [None, *STORE_VARIANTS])
def test_the_doctor_finds_every_operation_of_the_binding_working(name: str | None) -> None:
    binding = load_binding(store_binding(name), environ={})
    app = create_store(variants=[name] if name else ())
    with binding.connect(transport=AsgiTransport(app)) as provider:
        outcomes = list(examine(binding, provider))
    assert {outcome.operation for outcome in outcomes if outcome.state == "works"} == {
        operation.value for operation in binding.capabilities.operations
    }
    refused = {"relist_app"} | ({"submit_app"} if name == "holds-updates" else set())
    assert {outcome.operation for outcome in outcomes if outcome.state != "works"} <= refused, outcomes


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (None, 200, ""),
        ("filing-number-missing", 422, "number of its filing"),
        ("agreement-silent", 422, "how content is labelled"),
    ],
)
def test_the_store_asks_the_service_before_it_lists_an_app(fault: str | None, status: int, words: str) -> None:
    with SampleServer([fault] if fault else []) as service:
        store = TestClient(create_store(service_url=service.url))
        answer = submit(store)
        assert answer.status_code == status
        assert words in answer.text
        assert submit(store, generative=False, description="计算器").status_code == 200


def test_a_service_that_does_not_answer_shows_no_number() -> None:
    assert "number of its filing" in submit(TestClient(create_store(service_url="http://127.0.0.1:9"))).text
    assert "number of its filing" in submit(TestClient(create_store(service_url="http://192.0.2.1"))).text


def test_a_developer_appeals_against_a_mistake_and_not_against_an_order() -> None:
    store = client()
    app = submit(store, description="计算器[test: removed by mistake]", generative=False).json()["id"]
    store.post(f"/apps/{app}/reports", json={"kind": "illegal", "statement": "x"})
    assert seen(store, app) == set()
    assert store.post(f"/developer/apps/{app}/appeals", json={}, headers=RIVAL).status_code == 404
    assert store.post(f"/developer/apps/{app}/appeals", json={}, headers=DEVELOPER).json()["state"] == "upheld"
    assert seen(store, app) == EVERYWHERE
    order(store, app, "remove")
    assert store.post(f"/developer/apps/{app}/appeals", json={}, headers=DEVELOPER).status_code == 409
