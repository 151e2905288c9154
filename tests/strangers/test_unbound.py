"""Whatever a binding leaves out, a lawful target does not fail: what is unbound is inconclusive or does not apply.

`make unbound` tries every removal on every target; these are some of them, others at every commit.
"""

from __future__ import annotations

import pytest

from shenhe.conformance.bindings import AsgiTransport
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.entities import Account, Content
from shenhe.sample import create_app

from .. import sampling
from .running import ON, check
from .unbound import TARGETS, Removal, document_of, drawn, loaded, removals, without, wrong

#: Removals that once made a lawful target fail, and whether they are tried in the ordinary tests.
KNOWN: tuple[tuple[str, Removal, bool], ...] = (
    ("sample", ("operations", "refutations", "extract"), False),
    ("sample", ("operations", "chat_history", "extract", "text"), False),
    ("sample", ("operations", "records", "extract"), False),
    ("sample", ("operations", "generate", "json", "visible_label"), False),
    ("sample", ("operations", "publish", "json", "title"), True),
    ("sample", ("operations", "view", "variants", 0, "extract", "notices"), False),
    ("sample", ("operations", "records", "extract", "subject"), False),
    ("sample", ("operations", "edit", "json", "prompt"), False),
    ("sample", ("operations", "chat", "extract", "notices"), False),
    ("sample", ("operations", "chat", "json", "chat"), False),
    ("sample", ("operations", "chat", "json", "persona"), False),
    ("forms", ("operations", "view"), True),
    ("forms-platform", ("operations", "search", "query"), False),
    ("signed-gateway", ("operations", "records", "query", "kind"), False),
    ("rpc-gateway", ("operations", "disclosures", "json", "params", "topic"), False),
    ("rpc-gateway", ("operations", "fetch", "json", "params", "work"), False),
    ("rpc-gateway", ("operations", "view", "json", "params", "post"), False),
    ("rpc-gateway", ("operations", "appeal", "json", "params", "post"), False),
    ("rpc-gateway", ("operations", "refutations", "json", "params", "post"), False),
    ("rpc-gateway", ("operations", "leave_chat", "json", "params", "chat"), False),
    ("rpc-gateway", ("operations", "view", "json", "method"), False),
    ("signed-gateway", ("operations", "generate", "notice"), False),
    ("tenants-verified-first", ("target", "identity_methods", 0), False),
)
#: Removals per target in the ordinary tests.
_FEW = 1


@pytest.mark.parametrize(
    ("target", "removal"),
    [
        pytest.param(
            target, removal, id=".".join(map(str, (target, *removal))), marks=() if quick else pytest.mark.slow
        )
        for target, removal, quick in KNOWN
    ],
)
@pytest.mark.costly
def test_former_false_failures_are_gone(target: str, removal: Removal) -> None:
    assert wrong(target, removal) == (True, {})


@pytest.mark.parametrize("sent", [True, False])
def test_fields_of_a_page_do_not_hide_what_is_never_sent(sent: bool) -> None:
    """The form is filled with the fields of a page, which are not known before it is fetched."""
    document = document_of("forms-platform")
    binding = loaded(document if sent else without(document, ("operations", "publish", "form", "title")))
    content = Content("c-1")
    with binding.connect(transport=AsgiTransport(create_app(variants=["forms-platform"]))) as provider:
        one, other = (
            provider.preview(lambda asked, title=title: asked.publish(Account("a-1", {}), content, title))
            for title in ("a", "b")
        )
    assert one is not None
    assert (one != other) is sent


TOPIC = ("operations", "disclosures", "json", "params", "topic")
CALLS = {
    name: ("operations", name, "json", "params", key)
    for name, key in (("fetch", "work"), ("view", "post"), ("appeal", "post"), ("leave_chat", "chat"))
}
SEARCH, KIND = ("operations", "search", "query"), ("operations", "records", "query", "kind")


@pytest.mark.parametrize(
    ("removal", "name", "decides", "line"),
    [
        (SEARCH, "public_pages_tell_nothing_of_people", "cn-pipl/25", "`{{ query }}` under operations.search"),
        (KIND, "rumour_is_refuted", "cn-dsp-2023/11", "`{{ kind }}` under operations.records"),
        (KIND, "unlabelled_copies_are_recorded", "cn-labeling-2025/9.2", "`{{ kind }}` under operations.records"),
        (
            CALLS["fetch"],
            "exported_copy_keeps_label",
            "cn-labeling-2025/4.2",
            "`{{ content.id }}` under operations.fetch",
        ),
        (CALLS["view"], "upheld_report_removes_everywhere", "cn-dsp-2023/10.4", "`{{ publication.id }}`"),
        (CALLS["appeal"], "appeals_are_taken", "cn-dsp-2023/12.1", "`{{ publication.id }}` under operations.appeal"),
        (CALLS["leave_chat"], "companion_ends_when_told_to", "cn-anthropomorphic-2026/19", "`{{ chat.id }}`"),
        (TOPIC, "complaint_process_is_published", "cn-dsp-2023/12.2", "`{{ topic }}` under operations.disclosures"),
    ],
)
def test_what_is_never_sent_is_not_judged(removal: Removal, name: str, decides: str, line: str) -> None:
    gateways = dict.fromkeys((TOPIC, *CALLS.values()), "rpc-gateway")
    target = {SEARCH: "forms-platform", **gateways}.get(removal, "signed-gateway")
    binding = loaded(without(document_of(target), removal))
    with binding.connect(transport=AsgiTransport(create_app(variants=[target]))) as provider:
        report = run_checks(provider, on=ON, level="full", examples=0, rules=[decides])
    result = check(report, name)
    assert result.verdict == "inconclusive"
    assert line in result.reason


def test_a_guardian_that_no_request_names_decides_nothing() -> None:
    """The profile as a whole names the guardian, too."""
    document = document_of("signed-gateway")
    for key in ("guardian", "profile"):
        document = without(document, ("operations", "register", "json", key))
    with loaded(document).connect(transport=AsgiTransport(create_app(variants=["signed-gateway"]))) as provider:
        report = run_checks(provider, on=ON, level="full", examples=0, rules=["cn-pipl/31.1"])
    result = check(report, "child_registers_with_its_guardian")
    assert result.verdict == "inconclusive"
    assert "`{{ profile.guardian_consent | default(omit) }}` under operations.register" in result.reason


@pytest.mark.parametrize("target", sampling.drawn(3, TARGETS))
@pytest.mark.costly
def test_unbound_parts_never_fail(target: str) -> None:
    tried = 0
    for removal in drawn(target, len(list(removals(document_of(target))))):
        possible, found = wrong(target, removal)
        tried += possible
        assert found == {}, removal
        if tried == _FEW:
            break
    assert tried


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_no_removal_at_all_fails(target: str) -> None:
    found = {removal: wrong(target, removal)[1] for removal in removals(document_of(target))}
    assert {removal: failing for removal, failing in found.items() if failing} == {}
