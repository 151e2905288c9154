"""Services that nobody here wrote, bound in YAML from their public documents and tried against emulators of these."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, Binding, load_binding
from shenhe.conformance.bindings.doctor.diagnosis import Diagnosis
from shenhe.conformance.bindings.doctor.doctor import examine
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.entities import GenerationRequest
from shenhe.conformance.provider import Accepted, Operation, Refused
from shenhe.rulebook import Service

from . import aihorde, coral, discourse, iflytek, invokeai, kling, lemmy, misskey, peertube, rocketchat

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs" / "ready-made.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Foreign:
    """A service: the operations that its document has, and why any of them cannot be bound."""

    title: str
    app: Callable[..., Any]
    environ: Mapping[str, str]
    there: tuple[Operation, ...]
    unbound: Mapping[Operation, str]
    #: Operations that the doctor cannot try, and why.
    untried: Mapping[str, str]


ACCOUNTS = (Operation.REGISTER, Operation.DELETE_ACCOUNT, Operation.SIGN_IN, Operation.SIGN_OUT)
PLATFORM = (
    Operation.PUBLISH, Operation.UNPUBLISH, Operation.VIEW, Operation.SEARCH, Operation.REPORT, Operation.DECIDE,
    Operation.RECORDS, Operation.DISCLOSURES,
)  # fmt: skip
FOREIGN = {
    "peertube": Foreign(
        "PeerTube 8.1",
        lambda: peertube.app("moderator-password"),
        {"PEERTUBE_URL": "http://in-process", "PEERTUBE_MODERATOR_PASSWORD": "moderator-password"},
        (*ACCOUNTS, *PLATFORM, Operation.UPLOAD, Operation.FETCH, Operation.REPORT_STATUS),
        {},
        {},
    ),
    "lemmy": Foreign(
        "Lemmy 0.19",
        lambda: lemmy.app("moderator-password"),
        {"LEMMY_URL": "http://in-process", "LEMMY_MODERATOR_PASSWORD": "moderator-password"},
        (*ACCOUNTS, *PLATFORM, Operation.SHARE),
        {},
        {},
    ),
    "coral": Foreign(
        "Coral 9",
        lambda: coral.app("sso-secret-1", "moderator-token-1"),
        {
            "CORAL_URL": "http://in-process",
            "CORAL_SSO_SECRET": "sso-secret-1",
            "CORAL_MODERATOR_TOKEN": "moderator-token-1",
        },
        (
            Operation.REGISTER, Operation.DELETE_ACCOUNT, Operation.PUBLISH, Operation.VIEW, Operation.SEARCH,
            Operation.REPORT, Operation.REPORT_STATUS, Operation.DECIDE, Operation.RECORDS, Operation.DISCLOSURES,
        ),
        {},
        {},
    ),
    "iflytek": Foreign(
        "iFlytek speech",
        lambda: iflytek.app("app-0001", "key-0001", "secret-0001"),
        {
            "XFYUN_TTS_URL": "http://127.0.0.1:9",
            "XFYUN_JOBS_URL": "http://127.0.0.1:9",
            "XFYUN_APP_ID": "app-0001",
            "XFYUN_API_KEY": "key-0001",
            "XFYUN_API_SECRET": "secret-0001",
        },
        (Operation.GENERATE,),
        {},
        {},
    ),
    "invokeai": Foreign(
        "InvokeAI 6",
        lambda: invokeai.app("admin-password"),
        {
            "INVOKEAI_URL": "http://in-process",
            "INVOKEAI_ADMIN_EMAIL": "admin@example.org",
            "INVOKEAI_ADMIN_PASSWORD": "admin-password",
        },
        (*ACCOUNTS, Operation.GENERATE, Operation.FETCH),
        {},
        {},
    ),
    "discourse": Foreign(
        "Discourse",
        lambda: discourse.app("admin-key-0001"),
        {"DISCOURSE_URL": "http://in-process", "DISCOURSE_API_KEY": "admin-key-0001"},
        (
            Operation.REGISTER, Operation.DELETE_ACCOUNT, Operation.SIGN_OUT, Operation.UPLOAD, Operation.FETCH,
            Operation.PUBLISH, Operation.UNPUBLISH, Operation.VIEW, Operation.SEARCH, Operation.REPORT,
        ),
        {Operation.SIGN_OUT: "the document has no sessions: one key signs for every user"},
        {},
    ),
    "rocketchat": Foreign(
        "Rocket.Chat",
        lambda: rocketchat.app("reader-0001", "reader-token-0001"),
        {
            "ROCKETCHAT_URL": "http://in-process",
            "ROCKETCHAT_READER_ID": "reader-0001",
            "ROCKETCHAT_READER_TOKEN": "reader-token-0001",
        },
        (
            *ACCOUNTS, Operation.UPLOAD, Operation.FETCH, Operation.PUBLISH, Operation.UNPUBLISH, Operation.VIEW,
            Operation.SEARCH, Operation.REPORT,
        ),
        {},
        {},
    ),
    "kling": Foreign(
        "Kling",
        lambda: kling.app("access-0001", "secret-key-0001"),
        {"KLING_URL": "http://in-process", "KLING_ACCESS_KEY": "access-0001", "KLING_SECRET_KEY": "secret-key-0001"},
        (Operation.GENERATE, Operation.EDIT, Operation.FETCH),
        {},
        {},
    ),
    "aihorde": Foreign(
        "AI Horde",
        lambda: aihorde.app("horde-key-0001"),
        {"AIHORDE_URL": "http://in-process", "AIHORDE_KEY": "horde-key-0001"},
        (Operation.GENERATE, Operation.FETCH, Operation.DISCLOSURES),
        {},
        {},
    ),
    "misskey": Foreign(
        "Misskey",
        lambda: misskey.app("moderator-token-1"),
        {"MISSKEY_URL": "http://in-process", "MISSKEY_MODERATOR_TOKEN": "moderator-token-1"},
        (*ACCOUNTS, *PLATFORM, Operation.UPLOAD, Operation.FETCH, Operation.SHARE),
        {Operation.SIGN_IN: "an account has one token, which every sign-in returns: there are no further sessions"},
        {},
    ),
}  # fmt: skip


def bound(name: str) -> Binding:
    return load_binding(HERE / f"{name}.yaml", environ=dict(FOREIGN[name].environ))


def examined(name: str) -> list[Diagnosis]:
    transport = AsgiTransport(FOREIGN[name].app())
    with bound(name).connect(transport=transport, sleep=lambda seconds: None) as provider:
        return list(examine(bound(name), provider))


@pytest.mark.parametrize("name", FOREIGN)
def test_every_operation_of_the_document_works(name: str) -> None:
    foreign = FOREIGN[name]
    assert bound(name).capabilities.operations == set(foreign.there) - foreign.unbound.keys()
    outcomes = examined(name)
    assert {each.operation for each in outcomes} == {each.value for each in bound(name).capabilities.operations}
    assert [each for each in outcomes if each.state != "works" and each.operation not in foreign.untried] == []


def test_nine_operations_of_ten_are_bound_in_yaml() -> None:
    there = sum(len(foreign.there) for foreign in FOREIGN.values())
    unbound = sum(len(foreign.unbound) for foreign in FOREIGN.values())
    assert there >= 30
    assert unbound <= there / 10


def test_pieces_of_sound_are_joined_and_a_refusal_is_one() -> None:
    transport = AsgiTransport(FOREIGN["iflytek"].app())
    with bound("iflytek").connect(transport=transport, sleep=lambda seconds: None) as provider:

        def made(kind: str, prompt: str) -> Any:
            return provider.generate(None, GenerationRequest(Service.VOICE, kind, prompt))

        stream, job = made("audio/mpeg", "你好"), made("audio/pcm", "你好")
        assert isinstance(stream, Accepted)
        assert isinstance(job, Accepted)
        assert stream.value.media is not None
        assert job.value.media is not None
        assert stream.value.media.data == iflytek.MP3
        assert job.value.media.data == iflytek.PCM
        for kind, code in (("audio/mpeg", "10105"), ("audio/pcm", "10019")):
            refused = made(kind, "违禁")
            assert isinstance(refused, Refused)
            assert refused.reason == code


@pytest.mark.parametrize("kind", ["image/png", "video/mp4"])
def test_a_task_that_the_risk_control_ends_is_a_refusal(kind: str) -> None:
    transport = AsgiTransport(FOREIGN["kling"].app())
    with bound("kling").connect(transport=transport, sleep=lambda seconds: None) as provider:
        refused = provider.generate(None, GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, kind, "违禁"))
    assert isinstance(refused, Refused)
    assert "risk control" in (refused.reason or "")


def test_censored_pictures_and_corrupt_prompts_are_refusals() -> None:
    transport = AsgiTransport(FOREIGN["aihorde"].app())
    with bound("aihorde").connect(transport=transport, sleep=lambda seconds: None) as provider:
        for prompt in ("裸", "违禁"):
            request = GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, "image/webp", prompt)
            assert isinstance(provider.generate(None, request), Refused)


@pytest.mark.parametrize(
    ("blocks", "still"),
    [(True, "the address http://in-process/static/web-videos"), (False, "the publication is still seen")],
)
@pytest.mark.costly
def test_the_moderator_of_the_test_environment_upholds_reports(blocks: bool, still: str) -> None:
    """On a platform where people decide, no report is upheld by itself, and removal would stay open. A video that is
    blocked is seen no more, but for who kept the address of its file.
    """
    transport = AsgiTransport(peertube.app("moderator-password", blocks))
    with bound("peertube").connect(transport=transport, sleep=lambda seconds: None) as provider:
        report = run_checks(provider, rules=["cn-algorithm-2022/9.2"], examples=0)
    removal = next(each for each in report.checks if each.name == "upheld_report_removes_everywhere")
    assert removal.verdict == "fail"
    assert still in removal.reason


def test_the_page_states_what_was_bound() -> None:
    rows = {
        title: cells for title, *cells in (row.split(" | ") for row in re.findall(r"^\| (.* \| .*) \|$", PAGE, re.M))
    }
    for name, foreign in FOREIGN.items():
        lines = (HERE / f"{name}.yaml").read_text(encoding="utf-8").count("\n")
        there, count = len(foreign.there), len(foreign.there) - len(foreign.unbound)
        assert rows[foreign.title][1:3] == [f"{count} of {there}", str(lines)], name
