"""The sample behind one key of the service: what the requests do not distinguish is not judged, whichever check asks.

Without the guards these checks failed the lawful sample, or passed it although nobody else had asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine import runner
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.provider import Accepted
from shenhe.conformance.report import Report
from shenhe.sample import create_app, sample_binding

from .running import ON, check, failures

OTHERS, PUBLISHING, IDENTITY, CONSENT = "cn-pipl/51", "cn-dsp-2023/9.2", "cn-dsp-2023/9.1", "cn-dsp-2023/14.2"
COMPANIONS = "cn-anthropomorphic-2026"
#: The requests without the account that they name.
UNNAMED: dict[str, Any] = {
    "operations.edit.json.account": None,
    "operations.delete_account.path": "/v1/accounts/nobody",
}


def changed(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    for path, value in changes.items():
        *steps, last = path.split(".")
        place = document
        for step in steps:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return document


@cache
def whole_binding(variant: str) -> str:
    return sample_binding(variant or None).read_text(encoding="utf-8")


def run_with_one_key(
    folder: Path, variant: str, operation: str, rule: str, changes: dict[str, Any] | None = None
) -> Report:
    """A run in which an operation is called with the token of one account of the service."""
    app = create_app(variants=[variant] if variant else [])
    with load_binding(sample_binding(variant or None), environ={}).connect(transport=AsgiTransport(app)) as provider:
        service = provider.register({"username": "service", "name": "王小明", "producer_code": "0011" + "1" * 23})
        assert isinstance(service, Accepted)
        token = next(iter(service.value.credentials.values()))
    document = changed(yaml.safe_load(whole_binding(variant)), changes or {})
    for name in [operation, "grant_consent"] if operation == "edit" else [operation]:
        document["operations"][name]["auth"] = {"type": "bearer", "token": token}
    path = folder / "binding.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with load_binding(path, environ={}).connect(transport=AsgiTransport(app)) as provider:
        return run_checks(provider, on=ON, level="full", examples=0, rules=[rule], reset=False)


@pytest.fixture
def one_check(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Leaves out the other checks that decide the rule."""

    def only(name: str) -> None:
        chosen = runner.chosen_checks
        monkeypatch.setattr(runner, "chosen_checks", lambda *how: [each for each in chosen(*how) if each.name == name])

    return only


@pytest.mark.parametrize(
    ("variant", "operation", "rule", "name", "unnamed"),
    [
        ("", "edit", OTHERS, "others_are_told_nothing_of_people", True),
        ("", "chat", OTHERS, "conversations_are_private", False),
        ("", "chat_history", OTHERS, "conversations_are_private", False),
        ("", "delete_chat", OTHERS, "conversations_are_private", False),
        ("", "chat", f"{COMPANIONS}/14.1", "minors_get_no_intimate_persona", False),
        ("supporter", "records", OTHERS, "records_are_kept_apart", False),
        ("supporter", "delete_account", OTHERS, "deletion_spares_other_tenants", True),
        ("supporter", "generate", "cn-labeling-2025/gb-e.content-producer", "label_names_the_tenant", False),
    ],
)
def test_what_one_key_does_not_distinguish_is_not_judged(
    variant: str,
    operation: str,
    rule: str,
    name: str,
    unnamed: bool,
    tmp_path: Path,
    one_check: Callable[[str], None],
) -> None:
    one_check(name)
    changes = {path: value for path, value in UNNAMED.items() if unnamed and path.split(".")[1] == operation}
    report = run_with_one_key(tmp_path, variant, operation, rule, changes)
    assert failures(report) == {}
    result = check(report, name)
    assert result.verdict == "inconclusive", result.reason
    assert f"{{{{ account.… }}}}` in the auth of operations.{operation}" in result.reason


@pytest.mark.parametrize(
    ("operation", "rule", "name"),
    [
        ("publish", PUBLISHING, "token_of_another_publishes_nothing"),
        ("verify_identity", IDENTITY, "token_of_another_verifies_nobody"),
        ("edit", CONSENT, "token_of_another_opens_no_edit"),
    ],
)
def test_nobody_signs_for_another_with_the_key_of_all(
    operation: str, rule: str, name: str, tmp_path: Path, one_check: Callable[[str], None]
) -> None:
    one_check(name)
    report = run_with_one_key(tmp_path, "", operation, rule)
    assert failures(report) == {}
    assert [each.verdict for each in report.checks] == []


def test_records_that_one_key_opens_are_no_authors(tmp_path: Path, one_check: Callable[[str], None]) -> None:
    """What an operator reads, no author is told: the other responses are judged all the same."""
    one_check("others_are_told_nothing_of_people")
    report = run_with_one_key(tmp_path, "", "records", OTHERS)
    assert check(report, "others_are_told_nothing_of_people").verdict == "pass"
