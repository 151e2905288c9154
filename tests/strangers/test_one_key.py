"""One key of the service in place of each account's credentials: the requests of two accounts are then the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .running import check, failures, run
from .test_false_failures import COPIES, EDITS
from .town import Town, User

KEY = "the-key-of-the-whole-service"
NAMED = "{{ account.… }}` in the auth of operations."
PUBLISHING, CONSENT, COPY = "cn-dsp-2023/9.2", "cn-dsp-2023/14.2", "cn-labeling-2025/9.1"


def keyed(changes: dict[str, Any], *operations: str) -> dict[str, Any]:
    """The changes with the key in the requests of these operations."""
    keys = {f"operations.{name}.auth": {"type": "bearer", "token": KEY} for name in operations}
    return {path: {**value} if isinstance(value, dict) else value for path, value in changes.items()} | keys


def town(*quirks: str) -> Town:
    made = Town(*quirks)
    made.users["service"] = made.tokens[KEY] = User("service", {}, verified=True)
    return made


@pytest.mark.parametrize(
    ("operations", "changes", "rule", "name"),
    [
        (["publish"], {}, PUBLISHING, "unverified_cannot_publish"),
        (["publish"], {}, PUBLISHING, "no_sequence_publishes_unverified"),
        (["edit", "grant_consent"], EDITS, CONSENT, "consent_binds_account"),
        (["edit", "grant_consent"], EDITS, CONSENT, "no_sequence_opens_an_edit"),
    ],
)
def test_accounts_that_requests_do_not_name_are_not_compared(
    operations: list[str], changes: dict[str, Any], rule: str, name: str, tmp_path: Path
) -> None:
    report = run("json", town(), tmp_path, keyed(changes, *operations), rules=[rule])
    assert failures(report) == {}
    assert check(report, name).verdict == "inconclusive"
    assert NAMED + operations[0] in check(report, name).reason


def test_an_agreement_of_the_same_key_is_not_that_of_another(tmp_path: Path) -> None:
    changes = keyed(COPIES, "generate")
    report = run("json", town("agreement-lasts"), tmp_path, changes, rules=[COPY])
    assert failures(report) == {}
    assert NAMED + "generate" in check(report, "unlabelled_copy_needs_agreement").reason


def test_consents_that_do_not_say_to_what_are_not_compared(tmp_path: Path) -> None:
    changes = keyed(EDITS) | {"target.edit_scopes": ["face", "voice"]}
    changes["operations.grant_consent"] = {**EDITS["operations.grant_consent"], "json": {"subject": "{{ subject.id }}"}}
    report = run("json", Town(), tmp_path, changes, rules=[CONSENT])
    assert failures(report) == {}
    assert "`{{ scope }}` under operations.grant_consent" in check(report, "consent_binds_scope").reason
