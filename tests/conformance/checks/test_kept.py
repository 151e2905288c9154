"""What somebody kept is tried again: sessions after they ended, and addresses after a removal."""

from __future__ import annotations

import pytest

from shenhe.conformance.checks.responses.addresses import _same

from ...power import matrix


@pytest.mark.parametrize(
    ("fault", "check", "said"),
    [
        ("sessions-outlive-sign-out", "ended_session_opens_nothing", "after signing out"),
        ("sessions-outlive-the-account", "deleted_account_opens_nothing", "after the account was deleted"),
        ("refresh-tokens-outlive-the-account", "deleted_account_opens_nothing", "can be signed in to again"),
    ],
)
def test_sessions_that_should_have_ended_are_found(fault: str, check: str, said: str) -> None:
    report = matrix.examine([fault], level="extended", examples=0, rules=["cn-pipl/51"])
    (result,) = [each for each in report.checks if each.name == check]
    assert result.verdict in ("fail", "review")
    assert said in result.reason


def test_link_from_before_the_removal_is_followed_again() -> None:
    report = matrix.examine(["media-links-outlive-removal"], level="core", examples=0, rules=["cn-dsp-2023/10.4"])
    (result,) = [each for each in report.checks if each.name == "upheld_report_removes_everywhere"]
    assert result.verdict == "fail"
    assert "/m/lnk_" in result.reason
    assert result.finding is not None
    assert result.finding.steps[-1].url.startswith("http://in-process/m/")


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (b"<title>t1</title> seen 3 times", b"<title>t1</title> seen 41 times", True),
        (b"<title>t1</title> a poem", b"<title>t1</title> was removed", False),
        (b"\x89PNG", b"\x89PNG", True),
    ],
)
def test_page_that_says_it_was_removed_is_another_page(before: bytes, after: bytes, same: bool) -> None:
    assert _same(before, after) is same
