"""Ready-made bindings of platforms and stores against emulators that keep what they were given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from shenhe.conformance.apps import App, AppSubmission, ListingState
from shenhe.conformance.bindings import AsgiTransport, HttpProvider, load_binding
from shenhe.conformance.checks.requests import picture
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.entities import Publication, ReportRequest
from shenhe.conformance.provider import Accepted, Refused

from ...power.matrix import ON
from .emulators import AtProto, Emulator, Mastodon, Matrix, PlayConsole

ENVIRON = {
    "atproto": {
        "ATPROTO_DID": AtProto.did,
        "ATPROTO_ACCESS_TOKEN": Emulator.key,
        "ATPROTO_REPORTER_TOKEN": Emulator.key,
        "ATPROTO_BASE_URL": "https://pds.example",
        "ATPROTO_APPVIEW_URL": "https://pds.example",
    },
    "google-play": {"PLAY_ACCESS_TOKEN": Emulator.key, "PLAY_STORE_URL": "https://androidpublisher.googleapis.com"},
    "matrix": {
        "MATRIX_ACCESS_TOKEN": Emulator.key,
        "MATRIX_REPORTER_TOKEN": Emulator.key,
        "MATRIX_ROOM": Matrix.room,
    },
    "mastodon": {"MASTODON_ACCESS_TOKEN": Emulator.key, "MASTODON_REPORTER_TOKEN": Emulator.key},
}


@contextmanager
def connected(name: str, app: Any) -> Iterator[HttpProvider]:
    binding = load_binding(name, environ=ENVIRON[name], environment="test")
    with binding.connect(transport=AsgiTransport(app)) as provider:
        yield provider


def taken(result: object) -> Any:
    assert isinstance(result, Accepted), result
    return result.value


def test_a_picture_goes_through_the_at_protocol_and_back() -> None:
    app = AtProto()
    with connected("atproto", app) as provider:
        account = provider.ready_made.accounts["verified_adult"]
        media = picture(64, 48)
        content = taken(provider.upload(account, media))
        publication = taken(provider.publish(account, content, "dawn [t1]"))
        assert taken(provider.fetch(account, content)).data == media.data
        assert taken(provider.view(None, publication)).text == "dawn [t1]"
        assert "dawn [t1]" in taken(provider.view(None, publication, "feed")).text
        assert taken(provider.view(None, publication, "download")).media.data == media.data
        app.posts[publication.id]["labels"] = [{"val": "ai-generated"}]
        assert taken(provider.view(None, publication)).notices == ("ai-generated",)
        assert taken(provider.search(None, "[t1]")).publications == (publication.id,)
        assert taken(provider.share(account, publication)) == publication
        assert app.reposts == [publication.id]
        ticket = taken(provider.report(account, ReportRequest(publication, "intimate", "why")))
        assert ticket.id == "1"
        assert app.reports[0]["reasonType"] == "com.atproto.moderation.defs#reasonSexualAbuse"
        assert app.reports[0]["subject"]["cid"] == app.posts[publication.id]["cid"]
        assert app.reports[0]["proxy"] == "did:plc:labeler#atproto_labeler"
        taken(provider.appeal(account, publication, "a mistake"))
        assert app.reports[1]["reasonType"] == "com.atproto.moderation.defs#reasonAppeal"
        taken(provider.unpublish(account, publication))
        assert isinstance(provider.view(None, publication), Refused)
        assert isinstance(provider.view(None, publication, "download"), Refused)


@pytest.mark.parametrize(
    ("approves", "state", "shown"),
    [(True, ListingState.LISTED, "Sky 2 labelled"), (False, ListingState.REJECTED, "As it was.")],
)
def test_an_update_goes_through_the_console_of_a_store(approves: bool, state: ListingState, shown: str) -> None:
    app = PlayConsole(approves=approves)
    with connected("google-play", app) as provider:
        developer = provider.ready_made.accounts["developer"]
        submission = AppSubmission("Sky", "com.example.app", "2.0", "Sky 2", label_material="labelled", app=App("x"))
        made = taken(provider.submit_app(developer, submission))
        assert made == App(PlayConsole.package)
        listing = taken(provider.app_status(developer, made, "store"))
        assert listing.state is state
        assert listing.version == "2.0"
        assert shown in taken(provider.view_app(None, made, "page", "store")).text
        assert "Policies" in taken(provider.disclosures("rules")).text
        gone = provider.view_app(None, App("com.example.other"), "page", "store")
        assert isinstance(gone, Refused)
        stranger = provider.submit_app(type(developer)("other", {"token": "x" * 20}), submission)
        assert isinstance(stranger, Refused)
        assert stranger.reason == "UNAUTHENTICATED"
    assert app.asked[:4] == [
        "POST /androidpublisher/v3/applications/com.example.app/edits",
        "PUT /androidpublisher/v3/applications/com.example.app/edits/edit-1/listings/zh-CN",
        "PUT /androidpublisher/v3/applications/com.example.app/edits/edit-1/tracks/production",
        "POST /androidpublisher/v3/applications/com.example.app/edits/edit-1:commit",
    ]


STRIPPED = ["cn-labeling-2025/10.2"]


@pytest.mark.parametrize(("strips", "verdict"), [(False, "pass"), (True, "fail")])
def test_a_check_sees_whether_a_mastodon_compatible_platform_keeps_labels(strips: bool, verdict: str) -> None:
    with connected("mastodon", Mastodon(strips=strips)) as provider:
        report = run_checks(provider, on=ON, level="extended", examples=0, seed=1, rules=STRIPPED)
    assert {rule.rule: rule.verdict for rule in report.rules if rule.rule in STRIPPED} == dict.fromkeys(
        STRIPPED, verdict
    ), [(check.name, check.verdict, check.reason) for check in report.checks]


def test_a_picture_goes_through_a_matrix_room_and_is_withdrawn() -> None:
    app = Matrix()
    with connected("matrix", app) as provider:
        account = provider.ready_made.accounts["verified_adult"]
        media = picture(64, 48)
        content = taken(provider.upload(account, media))
        assert taken(provider.fetch(account, content)).data == media.data
        publication = taken(provider.publish(account, content, "dawn [t1]"))
        repost = taken(provider.share(account, publication))
        assert repost != publication
        for each in (publication, repost):
            assert taken(provider.view(None, each)).text == "dawn [t1]"
            assert taken(provider.view(None, each, "download")).media.data == media.data
        request = ReportRequest(publication, "illegal", "Generated, and not labelled.", "")
        assert taken(provider.report(account, request)).id == publication.id
        assert app.reports == [(publication.id, {"reason": "Generated, and not labelled.", "score": -100})]
        taken(provider.unpublish(account, publication))
        assert isinstance(provider.view(None, publication), Refused)
        assert isinstance(provider.view(None, publication, "download"), Refused)
        assert taken(provider.view(None, repost)).text == "dawn [t1]"


@pytest.mark.parametrize(("strips", "verdict"), [(False, "pass"), (True, "fail")])
def test_a_check_sees_whether_a_matrix_server_keeps_labels(strips: bool, verdict: str) -> None:
    with connected("matrix", Matrix(strips=strips)) as provider:
        report = run_checks(provider, on=ON, level="extended", examples=0, seed=1, rules=STRIPPED)
    assert [rule.verdict for rule in report.rules if rule.rule in STRIPPED] == [verdict], [
        (check.name, check.verdict, check.reason) for check in report.checks
    ]


def test_a_check_sees_that_the_at_protocol_keeps_labels() -> None:
    with connected("atproto", AtProto()) as provider:
        report = run_checks(provider, on=ON, level="extended", examples=0, seed=1, rules=STRIPPED)
    assert [rule.verdict for rule in report.rules if rule.rule in STRIPPED] == ["pass"], [
        (check.name, check.verdict, check.reason) for check in report.checks
    ]


def test_what_a_console_does_not_show_stays_open() -> None:
    with connected("google-play", PlayConsole()) as provider:
        report = run_checks(provider, on=ON, level="extended", examples=0, seed=1)
    assert report.summary.counts["fail"] == 0, [each for each in report.checks if each.verdict == "fail"]
    assert report.summary.counts["inconclusive"] + report.summary.counts["not applicable"] > 0


def test_an_unknown_publication_is_refused() -> None:
    with connected("mastodon", Mastodon()) as provider:
        assert isinstance(provider.view(None, Publication("7")), Refused)
