"""Lawful variants differ from the plain sample, are reached by their own binding, and pass."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from pathlib import Path

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.provider import Operation
from shenhe.labels import read_labels
from shenhe.sample import FAULTS, VARIANTS, UnknownVariantError, VariantName, create_app, sample_binding

from ..sampling import only
from .visitor import Walk, content

ON = date(2026, 9, 1)


def test_there_are_a_dozen_and_every_name_has_a_summary() -> None:
    assert len(VARIANTS) >= 12
    assert set(VARIANTS) == {name.value for name in VariantName}
    assert not VARIANTS.keys() & FAULTS.keys()
    assert all(variant.summary.endswith(".") for variant in VARIANTS.values())


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_bound_whole(name: str) -> None:
    """Its binding declares no more than the plain one, but for reposts on a platform, and can be connected."""
    plain = load_binding(sample_binding(), environ={}).capabilities
    bound = load_binding(sample_binding(name), environ={}).capabilities
    assert bound.operations - {Operation.SHARE} <= plain.operations
    assert set(bound.services) <= set(plain.services)


@pytest.mark.parametrize("name", only(("asynchronous", "writer-only"), VARIANTS))
@pytest.mark.costly
def test_a_variant_passes(name: str) -> None:
    _needs_what_it_writes(name)
    app = create_app(variants=[name])
    with load_binding(sample_binding(name), environ={}).connect(transport=AsgiTransport(app)) as provider:
        report = run_checks(provider, on=ON, examples=3)
    assert {
        check.name: check.reason for check in report.checks if check.verdict not in ("pass", "not applicable")
    } == {}
    assert report.summary.exit_code == 0


@pytest.mark.parametrize(
    "name",
    ["one-account-a-person", "tickets-by-number", "authors-named", "ready-made-accounts", "named-account-overlooked"],
)
@pytest.mark.costly
def test_lawful_disclosures_about_people_pass(name: str) -> None:
    app = create_app(variants=[name])
    with load_binding(sample_binding(name), environ={}).connect(transport=AsgiTransport(app)) as provider:
        report = run_checks(
            provider, on=ON, examples=2, level="extended", rules=["cn-pipl/25", "cn-pipl/51", "cn-dsp-2023/9.1"]
        )
    judged = [check for check in report.checks if check.verdict != "not applicable"]
    assert len(judged) >= 4
    assert {check.name: check.reason for check in judged if check.verdict != "pass"} == {}


def test_credentials_and_the_field_coexist() -> None:
    pytest.importorskip("c2pa")
    with Walk(create_app(variants=["credentials-besides"])) as walk:
        made = walk.citizen("author").generate("picture", "image", "image/png")
    labels = read_labels(content(made), media_type="image/png", depth="all")
    assert len(labels.aigc) == 1
    assert {label.scheme for label in labels.implicit} == {"gb45438", "c2pa"}


@pytest.mark.costly
def test_credentials_without_the_field_are_only_a_mark() -> None:
    pytest.importorskip("c2pa")
    app = create_app(faults=["implicit-label-missing-png"], variants=["credentials-besides"])
    rules = ["eu-ai-act-50/50.2", "cn-dsp-2023/16.1", "cn-labeling-2025/5.1"]
    with load_binding(sample_binding("credentials-besides"), environ={}).connect(
        transport=AsgiTransport(app)
    ) as provider:
        report = run_checks(provider, on=ON, examples=0, rules=rules)
    assert {rule.rule: rule.verdict for rule in report.rules} == {
        "cn-dsp-2023/16.1": "pass",
        "cn-labeling-2025/5.1": "fail",
        "eu-ai-act-50/50.2": "pass",
    }


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("chat-undisclosed", {"cn-dsp-2023/17.1.1", "cn-labeling-2025/4.1.1", "cn-labeling-2025/gb-5.1.b"}),
        ("text-unlabelled", {"cn-labeling-2025/4.2"}),
    ],
)
def test_interface_labels_are_judged_in_the_interface_and_on_export(fault: str, broken: set[str]) -> None:
    name = "label-in-the-interface"
    app = create_app(faults=[fault], variants=[name])
    rules = ["cn-dsp-2023/17.1.1", "cn-labeling-2025/4.*", "cn-labeling-2025/gb-5.1.b"]
    with load_binding(sample_binding(name), environ={}).connect(transport=AsgiTransport(app)) as provider:
        report = run_checks(provider, on=ON, examples=0, rules=rules)
    assert {rule.rule for rule in report.rules if rule.verdict == "fail"} == broken


def _needs_what_it_writes(name: str) -> None:
    if name == "credentials-besides":
        pytest.importorskip("c2pa")


def test_a_variant_breaks_the_law_as_the_plain_sample_does() -> None:
    """What differs is the way, not what is found: a fault is found through an envelope too."""
    app = create_app(faults=["page-survives"], variants=["envelope"])
    with load_binding(sample_binding("envelope"), environ={}).connect(transport=AsgiTransport(app)) as provider:
        report = run_checks(provider, on=ON, examples=0, rules=["us-take-it-down/*"])
    assert {rule.rule for rule in report.rules if rule.verdict == "fail"} == {"us-take-it-down/3.b"}


@pytest.mark.parametrize(
    ("style", "fault", "rules"),
    [
        ("rpc-gateway", "page-survives", {"us-take-it-down/3.b"}),
        ("rpc-gateway", "upload-strips-labels", {"cn-dsp-2023/18"}),
        ("rpc-gateway", "verified-by-header", {"cn-dsp-2023/9.2"}),
        ("signed-gateway", "page-survives", {"us-take-it-down/3.b"}),
        ("signed-gateway", "verified-by-header", {"cn-dsp-2023/9.2"}),
        ("forms-platform", "page-survives", {"us-take-it-down/3.b"}),
        ("forms-platform", "upload-strips-labels", {"cn-dsp-2023/18"}),
        ("forms-platform", "uploaded-copies-survive", {"us-take-it-down/3.c"}),
        ("rpc-gateway", "rules-unpublished", {"cn-dsp-2023/8.1"}),
        ("rpc-gateway", "named-account-publishes", {"cn-dsp-2023/9.2"}),
        ("forms-platform", "author-reachable-on-pages", {"cn-pipl/25"}),
    ],
)
def test_a_fault_is_found_behind_an_interface_of_another_style(style: str, fault: str, rules: set[str]) -> None:
    app = create_app(faults=[fault], variants=[style])
    with load_binding(sample_binding(style), environ={}).connect(transport=AsgiTransport(app)) as provider:
        report = run_checks(provider, on=ON, level="extended", examples=0, rules=sorted(rules))
    assert {rule.rule for rule in report.rules if rule.verdict == "fail"} == rules


def test_the_gateway_takes_a_signed_request_once() -> None:
    import asyncio

    import httpx

    async def statuses() -> list[int]:
        transport = httpx.ASGITransport(create_app(variants=["signed-gateway"]))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            person = (await client.post("/people", json={"name": "Li"})).json()
            text = "\n".join(("GET", "/chats", "", "now", "n1", hashlib.sha256(b"").hexdigest()))
            signature = hmac.new(person["secret"].encode(), text.encode(), "sha256").hexdigest()
            value = f"GW-HMAC-SHA256 Key={person['key']}, Signature={signature}"
            headers = {"X-Date": "now", "X-Nonce": "n1", "Authorization": value}
            changed = {**headers, "X-Nonce": "n2"}
            return [(await client.get("/chats", headers=each)).status_code for each in (headers, headers, changed)]

    assert asyncio.run(statuses()) == [200, 401, 401]


@pytest.mark.parametrize("style", ["rpc-gateway", "forms-platform", "signed-gateway"])
def test_the_documentation_gives_the_length_of_each_binding(style: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sample.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{style}` |")]
    assert f"| {len(sample_binding(style).read_text(encoding='utf-8').splitlines())} lines |" in row


@pytest.mark.costly
def test_a_platform_without_generation_is_fully_decided() -> None:
    app = create_app(variants=["forms-platform"])
    with load_binding(sample_binding("forms-platform"), environ={}).connect(transport=AsgiTransport(app)) as provider:
        report = run_checks(provider, on=ON, level="extended", examples=2)
    counts = report.summary.counts
    assert counts["pass"] > 15
    assert counts["fail"] == counts["inconclusive"] == counts["review"] == 0


def test_the_busy_one_asks_to_come_back() -> None:
    with Walk(create_app(variants=["busy"])) as walk:
        answers = [walk.ask("rules", "GET", "/about/rules") for _ in range(20)]
    assert [answer.status for answer in answers].count(429) == 1


def test_an_envelope_holds_refusals_too() -> None:
    with Walk(create_app(variants=["envelope"])) as walk:
        answer = walk.ask("publish", "POST", "/v1/publications", json={"asset": "none"})
    assert (answer.status, answer.json["code"], answer.json["error"]["code"]) == (200, 401, "sign_in_required")


def test_an_unknown_variant_is_reported_with_the_closest() -> None:
    with pytest.raises(UnknownVariantError, match="envelope"):
        create_app(variants=["envelop"])
    with pytest.raises(UnknownVariantError, match="envelope"):
        sample_binding("envelop")
