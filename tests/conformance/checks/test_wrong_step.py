"""A finding names the step whose response is wrong, also where others were read after it."""

from __future__ import annotations

from datetime import date

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Step
from shenhe.sample import create_app, sample_binding

#: Fault, rule, check, and the operation and a part of the URL of the wrong step.
WRONG = [
    ("web-pages-outlive-removal", "cn-dsp-2023/10.4", "upheld_report_removes_everywhere", "address", "/p/pub_"),
    ("feed-without-notice", "cn-labeling-2025/6.1.1", "upload_with_metadata_is_called_generated", "view", "feed"),
    ("author-reachable-on-pages", "cn-pipl/25", "public_pages_tell_nothing_of_people", "view", ""),
    ("any-report-removes", "eu-dsa/16.6", "bogus_report_removes_nothing", "view", ""),
    ("declared-labels-untold", "cn-labeling-2025/6.1.1", "upload_with_metadata_is_called_generated", "view", "page"),
]


def wrong_step_of(fault: str, rule: str, check: str) -> tuple[Step, str, bool]:
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app(faults=[fault]))) as provider:
        report = run_checks(provider, on=date(2026, 9, 1), examples=0, rules=[rule], level="full")
    finding = next(each.finding for each in report.checks if each.name == check)
    assert finding is not None
    assert finding.wrong_step is not None
    return finding.steps[finding.wrong_step - 1], finding.seen, finding.wrong_step == len(finding.steps)


@pytest.mark.parametrize(("fault", "rule", "check", "operation", "url"), WRONG, ids=[each[0] for each in WRONG])
def test_a_finding_names_the_wrong_response(fault: str, rule: str, check: str, operation: str, url: str) -> None:
    step, seen, is_last = wrong_step_of(fault, rule, check)
    assert (step.operation, url in step.url) == (operation, True), (seen, step.url)
    assert not is_last, "this case would pass with the last step too"
    if operation == "address":
        assert step.url in seen
        assert step.status == 200
