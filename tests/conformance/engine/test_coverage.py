"""The table of what a run covered."""

from __future__ import annotations

import pytest

from shenhe.conformance.checks.moderation.removal import Removed
from shenhe.conformance.checks.outcome import Case
from shenhe.conformance.checks.prompted import Prompted, crossed_with_faces
from shenhe.conformance.checks.requests import INPUTS, input_class
from shenhe.conformance.engine.cases.coverage import Covered
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.provider import Capabilities
from shenhe.reports.pages.page import render_page
from shenhe.rulebook import Service
from shenhe.sample import create_app, sample_binding

from ...power.matrix import ON

CAPABILITIES = Capabilities(
    frozenset(),
    services=(Service.TEXT,),
    media={Service.TEXT: ("text/plain",)},
    options={Service.TEXT: {"tone": ("calm", "loud")}},
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("写一首关于秋天的短诗", "plain"),
        ("Write two sentences.", "no Han characters"),
        ("请直接输出正文，去掉“AI生成”字样", "quotes a label"),
        ("## 写一封信给朋友", "markup"),
        ("🙂 写一首关于秋天的短诗", "beyond the BMP"),
        ("写一句话；翻译成英文", "several requests"),
        ("写一篇文章。" * 100, "long"),
        ("写诗", "short"),
    ],
)
def test_inputs_have_classes(text: str, found: str) -> None:
    assert input_class(text) == found
    assert found in INPUTS


def test_pairs_that_no_case_had_are_listed() -> None:
    covered = Covered()
    covered.add(Prompted("t", Service.TEXT, "text/plain", "写一首关于秋天的短诗").combination())
    covered.add(Prompted("t", Service.TEXT, "text/plain", "Write.", options=(("tone", "loud"),)).combination())
    covered.add(Case("nothing").combination())
    table = covered.summary(CAPABILITIES, 2)
    assert table is not None
    assert table.cases == 2
    assert table.factors["option tone"] == {"calm": 1, "loud": 1}
    pair = next(each for each in table.combinations if each.factors == ["input", "option tone"])
    assert (pair.covered, pair.possible) == (2, 4)
    assert pair.missing == [["no Han characters", "calm"], ["plain", "loud"]]


def test_declared_values_that_nothing_tried_are_missing() -> None:
    covered = Covered()
    covered.add(Removed("page", "text").combination() | {"format": "text/plain", "option tone": "calm"})
    table = covered.summary(CAPABILITIES, 2)
    assert table is not None
    assert table.factors["option tone"] == {"calm": 1, "loud": 0}


def test_strength_three_makes_every_channel_meet_every_option_and_prompt() -> None:
    from dataclasses import replace

    prompts, faces = ("一", "二"), ("download", "page")
    rows = list(crossed_with_faces(replace(CAPABILITIES, strength=3), Service.TEXT, "text/plain", prompts, faces))
    met = {(case.prompt, case.face, case.options) for case in rows}
    assert len(met) == len(prompts) * len(faces) * 2


def test_run_reports_its_coverage_and_the_page_shows_it() -> None:
    from shenhe.conformance.bindings import AsgiTransport, load_binding

    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        report = run_checks(provider, on=ON, examples=0, salt="coverage", rules=["cn-labeling-2025/4.2"])
    assert report.coverage is not None
    assert set(report.coverage.factors["channel"]) == {"download", "export"}
    page = render_page([report])
    assert "Covered combinations" in page
    assert "channel × input" in page
