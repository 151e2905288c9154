"""Publications that are seen in a list, files that come in pieces, and times as numbers."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shenhe.conformance.bindings import BindingError
from shenhe.conformance.bindings.client.results.acceptance import time_of
from shenhe.conformance.bindings.language.filters import date_text, epoch_milliseconds
from shenhe.conformance.entities import Account, Content, GenerationRequest, Media, Publication, Subject
from shenhe.conformance.provider import Accepted, Refused, Result, Unavailable
from shenhe.rulebook import Service

from ..apps import Recorder, bind, talking

FEED = """\
operations:
  view:
    path: /feed
    query: {after: "{{ page.cursor }}"}
    pages: {cursor: next}
    extract: {items: posts, id: n, text: title, notices: notice}
"""
PAGES: list[dict[str, object]] = [
    {"posts": [{"n": 1, "title": "春", "notice": "AI生成"}], "next": "x"},
    {"posts": [{"n": 2, "title": "秋"}], "next": None},
]
HTML = """\
operations:
  view:
    path: /feed
    extract: {items: {css: li, each: {id: {css: a, attribute: href}, text: p}}}
"""
PIECES = """\
operations:
  fetch: {path: "/works/{{ content.id }}", media: {urls: PLACE, media_type: audio/wav}}
limits: {max_body: 20000}
"""


def feed(request: dict[str, str]) -> dict[str, object]:
    return PAGES[1 if request["query"] == "after=x" else 0]


@pytest.mark.parametrize(("number", "text", "notices"), [("1", "春", ("AI生成",)), ("2", "秋", ())])
def test_publication_is_seen_in_the_list_that_has_it(
    tmp_path: Path, number: str, text: str, notices: tuple[str, ...]
) -> None:
    app = Recorder({("GET", "/feed"): feed})
    with talking(bind(tmp_path, FEED), app) as provider:
        seen = provider.view(None, Publication(number), "feed")
    assert isinstance(seen, Accepted)
    assert (seen.value.text, seen.value.notices) == (text, notices)


def test_publication_that_the_list_lacks_is_absent(tmp_path: Path) -> None:
    app = Recorder({("GET", "/feed"): feed})
    with talking(bind(tmp_path, FEED), app) as provider:
        seen = provider.view(None, Publication("3"), "feed")
    assert isinstance(seen, Refused)
    assert seen.no_such_thing


def test_list_of_elements_gives_the_publication_too(tmp_path: Path) -> None:
    page = "<ul><li><a href=p1>x</a><p>春</p><li><a href=p2>x</a><p>秋</p></ul>".encode()
    app = Recorder({("GET", "/feed"): (200, {"content-type": "text/html; charset=utf-8"}, page)})
    with talking(bind(tmp_path, HTML), app) as provider:
        seen = provider.view(None, Publication("p2"), "feed")
    assert isinstance(seen, Accepted)
    assert seen.value.text == "秋"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (FEED.replace("id: n, ", ""), "without extract.id, by which the publication is found"),
        (FEED.replace("items: posts, ", ""), "found pages, but the response is no list without extract.items"),
        (FEED.replace("    pages:", "    media: body\n    pages:"), "found media, but the items of a list"),
    ],
)
def test_mistake_in_a_list_is_named(tmp_path: Path, changed: str, said: str) -> None:
    with pytest.raises(BindingError, match=said):
        bind(tmp_path, changed)


def pieces(tmp_path: Path, place: str, body: bytes, media_type: str = "application/json") -> Result[Media]:
    answers = {
        ("GET", "/works/w"): (200, {"content-type": media_type}, body),
        ("GET", "/a/1"): (200, {}, b"one"),
        ("GET", "/a/2"): (200, {}, b"two"),
        ("GET", "/works/2"): (200, {}, b"two"),
        ("GET", "/a/3"): (404, {}, b""),
        ("GET", "/large"): (200, {}, b"x" * 900),
    }
    with talking(bind(tmp_path, PIECES.replace("PLACE", place)), Recorder(answers)) as provider:
        return provider.fetch(None, Content("w"))


@pytest.mark.parametrize(
    ("place", "body", "media_type"),
    [
        ("parts", b'{"parts": ["/a/1", "/a/2"]}', "application/json"),
        (
            "{text: true}",
            b"#EXTM3U\n#EXTINF:4,\n/a/1\n\n#EXTINF:4,\n2\n#EXT-X-ENDLIST\n",
            "application/vnd.apple.mpegurl",
        ),
    ],
)
def test_file_in_pieces_is_joined(tmp_path: Path, place: str, body: bytes, media_type: str) -> None:
    fetched = pieces(tmp_path, place, body, media_type)
    assert isinstance(fetched, Accepted)
    assert (fetched.value.data, fetched.value.media_type) == (b"onetwo", "audio/wav")


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        ([], "found no list of URLs and no playlist"),
        ([1], "found no list of URLs and no playlist"),
        (["/a/1"] * 1001, "found 1,001 pieces, expected 1000 at most"),
        (["/a/1", "/a/3"], "status 404"),
        (["/large"] * 40, "found pieces of more than 20,000 bytes, which limits.max_body allows"),
        (["https://elsewhere.example/1"], "found a URL that is not fetched"),
    ],
)
def test_pieces_that_make_no_file_are_named(tmp_path: Path, urls: list[object], said: str) -> None:
    fetched = pieces(tmp_path, "parts", json.dumps({"parts": urls}).encode())
    assert isinstance(fetched, Unavailable)
    assert said in fetched.reason


JOB = """\
operations:
  generate:
    path: /jobs
    json: {}
    poll: {path: "/jobs/{{ response.headers['x-job'] }}", until: done, every: 0.001}
    extract: {id: {header: X-Work}}
"""


def test_job_is_polled_by_a_header_of_the_response_that_began_it(tmp_path: Path) -> None:
    answers = {
        ("POST", "/jobs"): (200, {"x-job": "j7", "content-type": "application/json"}, b"{}"),
        ("GET", "/jobs/j7"): (200, {"x-work": "w7", "content-type": "application/json"}, b'{"done": true}'),
    }
    with talking(bind(tmp_path, JOB), Recorder(answers)) as provider:
        made = provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "x"))
    assert isinstance(made, Accepted)
    assert made.value.id == "w7"


def test_time_as_number_or_date_is_read() -> None:
    moment = datetime(2026, 9, 1, 8, tzinfo=UTC)
    seconds = int(moment.timestamp())
    assert {time_of(str(each)) for each in (seconds, seconds * 1000, seconds * 1_000_000, f"{seconds}.0")} == {moment}
    assert time_of("2026-09-01T08:00:00+00:00") == moment
    assert time_of("12345") is None
    assert epoch_milliseconds("2026-09-01T08:00:00Z") == seconds * 1000
    assert epoch_milliseconds("1970-01-02") == 86_400_000
    assert date_text("1990-03-07", "%d/%m/%Y") == "07/03/1990"
    with pytest.raises(ValueError, match="found 'soon', expected a time such as 1990-03-07"):
        epoch_milliseconds("soon")


CLOCKED = """\
operations:
  grant_consent:
    steps: [{name: asked, path: /ask, json: {until: "{{ clock | epoch_ms }}"}, extract: {id: id}}]
    path: /consents
    json: {person: "{{ subject.id }}", until: "{{ clock | epoch_ms }}", asked: "{{ steps.asked.id }}"}
    extract: {id: id}
"""


def test_time_at_the_target_makes_no_difference_between_two_requests(tmp_path: Path) -> None:
    """A request equal to its control but for the time is no case."""
    with talking(bind(tmp_path, CLOCKED), Recorder()) as provider:
        account, adult = Account("a"), Subject("s", "Li")
        previews = []
        for subject in (adult, replace(adult, minor=True)):
            previews.append(provider.preview(lambda each: each.grant_consent(account, subject, "face", "x")))  # noqa: B023
            time.sleep(0.005)
    assert previews[0] == previews[1] is not None
