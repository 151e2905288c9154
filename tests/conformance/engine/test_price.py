"""What a run of each level costs, and that level core spends least where calls are paid for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock
from typing import cast

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.checks import all_checks
from shenhe.conformance.checks.prompted import crossed, file_prompts
from shenhe.conformance.checks.requests import ONE_OF_EACH_CLASS, PROMPTS, input_class
from shenhe.conformance.checks.scope import files
from shenhe.conformance.engine.budgeting import paid_share_of, strength_of
from shenhe.conformance.engine.rehearsal import StandIn, plan_of
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.engine.trial import Effort
from shenhe.conformance.entities import Account, Content, GenerationRequest
from shenhe.conformance.provider import Capabilities, Operation, Provider, ReadyMade, Result
from shenhe.conformance.verdict import Level
from shenhe.rulebook import Service
from shenhe.sample import create_app, sample_binding

ON = date(2026, 9, 1)
MANY = Capabilities(
    frozenset(),
    services=(Service.VOICE, Service.BIOMETRIC_IMAGE_VIDEO),
    media={
        Service.VOICE: ("audio/wav", "audio/mpeg", "audio/flac"),
        Service.BIOMETRIC_IMAGE_VIDEO: ("image/png", "image/jpeg", "video/mp4"),
    },
    options={Service.BIOMETRIC_IMAGE_VIDEO: {"quality": ("final", "draft")}},
    strength=strength_of(Level.CORE),
)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as connected:
        yield connected


@pytest.mark.costly
@pytest.mark.parametrize(("level", "requests", "paid"), [("core", 1200, 150), ("full", 3000, 450)])
def test_a_run_of_the_sample_stays_within_its_price(provider: Provider, level: str, requests: int, paid: int) -> None:
    planned = plan_of(provider, provider.target, level=level, on=ON)  # type: ignore[attr-defined]
    assert planned.requests <= requests
    assert planned.paid <= paid


def test_every_class_of_input_is_spread_over_many_media() -> None:
    prompts = [file_prompts(MANY, *medium) for medium in files(MANY)]
    assert {len(each) for each in prompts} == {2}
    assert {input_class(each[1]) for each in prompts} == set(map(input_class, ONE_OF_EACH_CLASS))


def test_one_medium_is_judged_by_several_classes_of_input() -> None:
    one = replace(MANY, services=(Service.VOICE,), media={Service.VOICE: ("audio/wav",)})
    assert len(file_prompts(one, Service.VOICE, "audio/wav")) == 3


def test_core_tries_every_option_of_every_medium() -> None:
    for service, media_type in files(MANY):
        if service not in MANY.options:
            continue
        cases = list(crossed(MANY, service, media_type, file_prompts(MANY, service, media_type)))
        assert {dict(case.options).get("quality", "final") for case in cases} == {"final", "draft"}
        assert len(cases) == 2


def test_levels_above_core_combine_pairs_and_draw_more_paid_cases() -> None:
    assert [strength_of(level) for level in Level] == [1, 2, 2]
    paid = next(check for check in all_checks() if check.name == "text_output_is_labelled")
    free = next(check for check in all_checks() if check.name == "anonymous_cannot_publish")
    drawn = [
        [Effort(examples=25, paid_share=paid_share_of(level)).examples_of(check) for level in Level]
        for check in (paid, free)
    ]
    assert drawn == [[1, 3, 3], [25, 25, 25]]


def test_report_says_how_many_values_the_level_combines(provider: Provider) -> None:
    def strength(**options: int) -> int:
        return run_checks(provider, rules=["cn-labeling-2025/8"], on=ON, **options).selection.strength  # type: ignore[arg-type]

    assert (strength(), strength(strength=2)) == (1, 2)


@dataclass
class _Busy(StandIn):
    """A lawful target in memory that counts how many outputs it makes at once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._counting, self.busy, self.most = Lock(), 0, 0

    def generate(self, account: Account | None, request: GenerationRequest) -> Result[Content]:
        with self._counting:
            self.busy += 1
            self.most = max(self.most, self.busy)
        time.sleep(0.02)
        with self._counting:
            self.busy -= 1
        return super().generate(account, request)


@pytest.mark.parametrize("workers", [1, 4])
def test_workers_make_the_outputs_of_several_checks_at_once(provider: Provider, workers: int) -> None:
    target = provider.target.model_copy(update={"transport": "python"})  # type: ignore[attr-defined]
    capabilities = replace(provider.capabilities, operations=frozenset({Operation.REGISTER, Operation.GENERATE}))
    busy = _Busy(ReadyMade(), capabilities, target)
    rules = ["cn-labeling-2025/4.1.1", "cn-labeling-2025/gb-5.1.position"]
    report = run_checks(cast(Provider, busy), rules=rules, examples=0, workers=workers, on=ON, salt="busy")
    assert {check.verdict for check in report.checks if check.level == "core"} == {"pass"}
    assert (busy.most, busy.calls["generate"]) == (workers, len(PROMPTS))
