"""What the client makes of a response: accepted, refused or unusable, with ids, media, notices and reasons."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.entities import (
    Content,
    Identity,
    IdentityMethod,
    Media,
    Publication,
    ReportRequest,
    Ticket,
    TicketState,
)
from shenhe.conformance.provider import Accepted, Refused, Unavailable

from ..apps import Recorder, bind, talking
from .calls import ANN, REQUEST, generate


@pytest.mark.parametrize(
    ("text", "answer", "kind", "status"),
    [
        ("", (201, {}, {"id": "1"}), Accepted, None),
        ("", (403, {}, {"e": "no"}), Refused, 403),
        ("", (500, {}, {"e": "no"}), Unavailable, 500),
        ("", (302, {"location": "/x"}, b""), Unavailable, 302),
        ("", (408, {}, {}), Unavailable, 408),
        ("    accept_status: 202\n", (200, {}, {"id": "1"}), Unavailable, 200),
        ("    refuse_status: [451, 5xx]\n", (503, {}, {}), Refused, 503),
        ("    accept_when: ok\n", {"id": "1", "ok": True}, Accepted, None),
        ("    accept_when: ok\n", {"id": "1", "ok": False}, Refused, 200),
        ("    refuse_when: error\n", {"id": "1", "error": {"code": 7}}, Refused, 200),
        ("    refuse_when: error\n", {"id": "1", "error": None}, Accepted, None),
    ],
)
def test_responses_are_accepted_refused_or_unusable(
    tmp_path: Path, text: str, answer: Any, kind: type, status: int | None
) -> None:
    result, _, _ = generate(tmp_path, "---\n" + text, answer=answer)
    assert type(result) is kind, result
    if status is not None:
        assert result.status == status
    assert len(result.exchanges) >= 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html; charset=GB2312", "用户协议".encode("gbk")),
        ('text/html; charset="utf-16"', "用户协议".encode("utf-16")),
        ("text/html", "用户协议".encode()),
        ("text/html; charset=punycode", "用户协议".encode()),
        ("", "用户协议".encode()),
    ],
)
def test_a_page_is_read_in_its_charset(tmp_path: Path, kind: str, body: bytes) -> None:
    text = "operations:\n  disclosures: {path: '/d/{{ topic }}'}\n"
    with talking(
        bind(tmp_path, text), Recorder({("GET", "/d/rules"): (200, {"content-type": kind} if kind else {}, body)})
    ) as provider:
        page = provider.disclosures("rules")
    assert isinstance(page, Accepted)
    assert page.value.text == "用户协议"


@pytest.mark.parametrize(
    ("kind", "body"), [("image/png", b"\x89PNG"), ("text/html", b"\xff\xfe\xfd"), ("application/pdf", b"%PDF-1.7")]
)
def test_an_unreadable_body_is_not_a_page(tmp_path: Path, kind: str, body: bytes) -> None:
    text = "operations:\n  disclosures: {path: '/d/{{ topic }}'}\n"
    with talking(
        bind(tmp_path, text), Recorder({("GET", "/d/rules"): (200, {"content-type": kind}, body)})
    ) as provider:
        page = provider.disclosures("rules")
    assert isinstance(page, Unavailable)
    assert "that is not text, expected a page" in page.reason


def test_reason_and_notice(tmp_path: Path) -> None:
    text = "---\n    reason: error.code\n    notice: error.[message, hint]\n"
    result, _, _ = generate(
        tmp_path, text, answer=(403, {}, {"error": {"code": 4031, "message": "需同意", "hint": "ask"}})
    )
    assert (result.reason, result.notice) == ("4031", "需同意 ask")
    result, _, _ = generate(tmp_path, text, answer=(403, {}, b"<html>no</html>"))
    assert (result.status, result.reason, result.notice) == (403, "", "")


def test_a_response_without_the_id_names_the_line_and_its_keys(tmp_path: Path) -> None:
    result, _, _ = generate(tmp_path, "---\n", answer={"asset": {"id": "x", "size": 3}, "ok": True})
    assert isinstance(result, Unavailable)
    assert (
        "binding.yaml:11: operations.generate.extract.id: found nothing at 'id'; the answer has the keys asset,"
        " asset.id, asset.size, ok" in result.reason
    )
    assert "did you mean 'asset.id'?" in result.reason


@pytest.mark.parametrize("value", [None, "", True, 1.5, [], {}, ["a"]])
def test_only_text_and_whole_numbers_are_ids(tmp_path: Path, value: object) -> None:
    result, _, _ = generate(tmp_path, "---\n", answer={"id": value})
    assert isinstance(result, Unavailable)
    result, _, _ = generate(tmp_path, "---\n", answer={"id": 17})
    assert result.value.id == "17"


def test_a_template_that_cannot_be_filled_in_is_no_crash(tmp_path: Path) -> None:
    result, app, _ = generate(tmp_path, "---\n    json: {a: '{{ account.id }}'}\n", account=None)
    assert isinstance(result, Unavailable)
    assert "binding.yaml:12" in result.reason
    assert app.asked == []


PIXELS = base64.b64encode(b"\x89PNG").decode()


@pytest.mark.parametrize(
    ("media", "answer", "expected"),
    [
        ("body", (200, {"content-type": "image/webp; q=1"}, b'{"id": "1"}'), Media(b'{"id": "1"}', "image/webp")),
        (
            "{base64: img.b64, type: img.type}",
            {"id": "1", "img": {"b64": PIXELS, "type": "image/png"}},
            Media(b"\x89PNG", "image/png"),
        ),
        (
            "{base64: img, media_type: 'image/{{ 1 and \"gif\" }}'}",
            {"id": "1", "img": PIXELS},
            Media(b"\x89PNG", "image/gif"),
        ),
        ("{base64: img}", {"id": "1", "img": "data:image/jpeg;base64," + PIXELS}, Media(b"\x89PNG", "image/jpeg")),
        ("{url: img}", {"id": "1", "img": "data:text/plain,a%20b"}, Media(b"a b", "text/plain")),
        ("{text: reply}", {"id": "1", "reply": "你好"}, Media("你好".encode(), "text/plain")),
        ("{url: u}", {"id": "1", "u": "/files/1"}, Media(b"bytes", "audio/wav")),
    ],
)
def test_media(tmp_path: Path, media: str, answer: Any, expected: Media) -> None:
    app = Recorder({("GET", "/g"): answer, ("GET", "/files/1"): (200, {"content-type": "audio/wav"}, b"bytes")})
    text = f"operations:\n  generate: {{path: /g, extract: {{id: id}}}}\n  fetch:\n    path: /g\n    media: {media}\n"
    with talking(bind(tmp_path, text), app) as provider:
        result = provider.fetch(None, Content("1"))
    assert isinstance(result, Accepted), result
    assert result.value == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "http://in-process:81/x",
        "https://in-process/x",
        "http://user@in-process/x",
        "//evil.example/x",
        "gopher://in-process/",
        "http://[::1/",
        "javascript:alert(1)",
    ],
)
def test_media_are_fetched_only_from_the_provider(tmp_path: Path, url: str) -> None:
    text = "operations:\n  fetch:\n    path: /g\n    media: {url: u}\n"
    app = Recorder({("GET", "/g"): {"u": url}})
    with talking(bind(tmp_path, text), app) as provider:
        result = provider.fetch(None, Content("1"))
    assert isinstance(result, Unavailable)
    assert "found a URL that is not fetched" in result.reason
    assert len(app.asked) == 1


def test_a_named_media_host_is_allowed_and_gets_no_token(tmp_path: Path) -> None:
    from ..apps import TARGET

    auth = "auth: {type: bearer, token: '{{ account.credentials.token }}'}\n"
    text = auth + "operations:\n  fetch:\n    path: /g\n    media: {url: u}\n"
    app = Recorder({("GET", "/g"): {"u": "http://cdn.example/x"}, ("GET", "/x"): (200, {}, b"12")})
    with talking(bind(tmp_path, text, target=TARGET + "  media_hosts: [cdn.example]\n"), app) as provider:
        assert isinstance(provider.fetch(ANN, Content("1")), Accepted)
    assert ["authorization" in each["headers"] for each in app.asked] == [True, False]


def test_polling(tmp_path: Path) -> None:
    states = iter(["queued", "running", "done"])
    app = Recorder({("POST", "/g"): (202, {}, {"id": "j1", "state": "queued"})})
    app.answers["GET", "/jobs/j1"] = lambda asked: {"id": "j1", "state": next(states), "out": "好"}
    text = """\
operations:
  generate:
    path: /g
    method: POST
    extract: {id: id}
    media: {text: out}
    poll:
      path: /jobs/{{ answer.id }}
      until: state == 'done'
      failed: state == 'broken'
      refused: state == 'rejected'
      every: 5
      timeout: 50
"""
    slept: list[float] = []
    binding = bind(tmp_path, text)
    with talking(binding, app, sleep=slept.append) as provider:
        result = provider.generate(None, REQUEST)
        assert isinstance(result, Accepted)
        assert result.value.media == Media("好".encode(), "text/plain")
        assert (slept, len(result.exchanges)) == ([5, 5, 5], 4)
        for state, kind in (("broken", Unavailable), ("rejected", Refused)):
            app.answers["GET", "/jobs/j1"] = {"id": "j1", "state": state}
            assert isinstance(provider.generate(None, REQUEST), kind)
    short = bind(tmp_path, text.replace("timeout: 50", "timeout: 1"))
    with talking(short, app, sleep=slept.append) as provider:
        result = provider.generate(None, REQUEST)
        assert isinstance(result, Unavailable)
        assert "poll.timeout: the job was not ready within 1 s" in result.reason


def test_retry_after_is_honoured_a_bounded_number_of_times(tmp_path: Path) -> None:
    answers = iter([(429, {"retry-after": "3"}, {}), (503, {"retry-after": "1"}, {}), (200, {}, {"id": "1"})])
    app = Recorder({("GET", "/g"): lambda asked: next(answers)})
    text = "operations:\n  generate: {path: /g, extract: {id: id}}\n"
    slept: list[float] = []
    with talking(bind(tmp_path, text), app, sleep=slept.append) as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)
        assert slept == [3, 1]
        app.answers["GET", "/g"] = (429, {"retry-after": "0"}, {})
        result = provider.generate(None, REQUEST)
        assert isinstance(result, Unavailable)
        assert (result.status, len(result.exchanges)) == (429, 3)
        app.answers["GET", "/g"] = (429, {"retry-after": "86400"}, {})
        result = provider.generate(None, REQUEST)
        assert len(result.exchanges) == 1
        app.answers["GET", "/g"] = (
            503,
            {"retry-after": "Sun, 22 Nov 2026 00:00:05 GMT", "date": "Sun, 22 Nov 2026 00:00:00 GMT"},
            {},
        )
        slept.clear()
        provider.generate(None, REQUEST)
        assert slept == [5, 5]


def test_the_rate_is_kept(tmp_path: Path) -> None:
    slept: list[float] = []
    text = "limits: {requests_per_second: 0.5}\noperations:\n  generate: {path: /g, extract: {id: id}}\n"
    with talking(bind(tmp_path, text), Recorder(), sleep=slept.append) as provider:
        for _ in range(3):
            provider.generate(None, REQUEST)
    assert [round(each) for each in slept] == [2, 4]


def test_redirects_are_followed_only_if_bound_and_on_known_hosts(tmp_path: Path) -> None:
    text = "operations:\n  generate: {path: /g, method: POST, extract: {id: id}, follow_redirects: true}\n"
    app = Recorder({("POST", "/g"): (303, {"location": "/there"}, b""), ("GET", "/there"): {"id": "9"}})
    with talking(bind(tmp_path, text), app) as provider:
        result = provider.generate(None, REQUEST)
        assert isinstance(result, Accepted)
        assert len(result.exchanges) == 2
        for place in (
            "http://169.254.169.254/",
            "file:///etc/passwd",
            "https://evil.example/",
            "http://in-process:8080/",
        ):
            app.answers["POST", "/g"] = (302, {"location": place}, b"")
            assert isinstance(provider.generate(None, REQUEST), Unavailable)
        app.answers["POST", "/g"] = app.answers["GET", "/there"] = (302, {"location": "/there"}, b"")
        result = provider.generate(None, REQUEST)
        assert isinstance(result, Unavailable)
        assert len(result.exchanges) == 6
    assert all(each["headers"]["host"] == "in-process" for each in app.asked)


def test_variants_are_chosen_by_arguments(tmp_path: Path) -> None:
    text = """\
operations:
  verify_identity:
    path: /other
    json: {number: '{{ identity.number }}'}
    variants:
      - when: {method: [phone, email]}
        path: /contact
      - when: {method: uscc}
        path: /company
        form: {code: '{{ identity.number }}'}
"""
    app = Recorder({("POST", path): {"ok": 1} for path in ("/other", "/contact", "/company")})
    with talking(bind(tmp_path, text), app) as provider:
        for method in (IdentityMethod.EMAIL, IdentityMethod.USCC, IdentityMethod.ID_CARD):
            result = provider.verify_identity(ANN, Identity(method, "123"))
            assert isinstance(result, Accepted)
            assert result.value.verified
    assert [each["path"] for each in app.asked] == ["/contact", "/company", "/other"]
    assert [each["body"] for each in app.asked] == [b'{"number":"123"}', b"code=123", b'{"number":"123"}']
    assert [each.origin.partition(".yaml")[2] for each in provider.log] == [":12", ":14", ":8"]


def test_tickets_and_their_states(tmp_path: Path) -> None:
    text = """\
operations:
  report: {path: /r, json: {}, extract: {id: no, receipt: receipt}}
  report_status:
    path: /r/{{ ticket.id }}
    extract: {state: status, reasons: why}
    states: {upheld: [removed], rejected: [kept]}
"""
    app = Recorder(
        {("POST", "/r"): {"no": 7, "receipt": "got it"}, ("GET", "/r/7"): {"status": "removed", "why": ["a", "b"]}}
    )
    with talking(bind(tmp_path, text), app) as provider:
        result = provider.report(None, ReportRequest(Publication("p"), "illegal", "s"))
        assert isinstance(result, Accepted)
        assert result.value == Ticket("7", TicketState.RECEIVED, "got it")
        status = provider.report_status(None, result.value)
        assert isinstance(status, Accepted)
        assert status.value == Ticket("7", TicketState.UPHELD, "got it", "a b")
        app.answers["GET", "/r/7"] = {"status": "pondering"}
        odd = provider.report_status(None, result.value)
        assert isinstance(odd, Unavailable)
        assert "found 'pondering', expected one of: received, upheld, rejected, removed, kept" in odd.reason


def test_an_unbound_operation_is_unavailable(tmp_path: Path) -> None:
    with talking(bind(tmp_path, "operations:\n  generate: {path: /g, extract: {id: id}}\n"), Recorder()) as provider:
        result = provider.reset()
        assert isinstance(result, Unavailable)
        assert result.exchanges == ()


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_whose_file_is_gone_still_shows_its_words(tmp_path: Path, status: int) -> None:
    """It counted as no usable answer, and a repost without its picture as gone."""
    text = "operations:\n  view:\n    path: /p\n    extract: {text: title}\n    media: {url: u}\n"
    app = Recorder({("GET", "/p"): (200, {}, {"title": "a lake", "u": "/f.png"}), ("GET", "/f.png"): (status, {}, {})})
    with talking(bind(tmp_path, text), app) as provider:
        result = provider.view(None, Publication("p-1"), "page")
    assert isinstance(result, Accepted), result
    assert (result.value.text, result.value.media) == ("a lake", None)


@pytest.mark.parametrize(("extract", "status"), [("", 404), ("    extract: {text: title}\n", 500)])
def test_a_page_without_words_or_with_an_error_is_no_answer(tmp_path: Path, extract: str, status: int) -> None:
    text = f"operations:\n  view:\n    path: /p\n{extract}    media: {{url: u}}\n"
    app = Recorder({("GET", "/p"): (200, {}, {"title": "a lake", "u": "/f.png"}), ("GET", "/f.png"): (status, {}, {})})
    with talking(bind(tmp_path, text), app) as provider:
        result = provider.view(None, Publication("p-1"), "page")
    assert isinstance(result, Unavailable), result
