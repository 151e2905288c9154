"""Answers that come in pieces or later: streams, jobs, pages; and what one answer gives to later requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.bindings import BindingError
from shenhe.conformance.entities import Content, GenerationRequest, Publication
from shenhe.conformance.provider import Accepted, Refused, Unavailable
from shenhe.rulebook import Service

from ..apps import Recorder, bind, talking

REQUEST = GenerationRequest(Service.TEXT, "text/plain", "x")

# --- streams
# ----------------------------------------------------------------------------------------------------

STREAM = """\
operations:
  generate:
    path: /g
    json: {stream: true}
    extract: {id: 'events[0].data.id'}
    stream: {text: 'choices[0].delta.content', done: '[DONE]'}
    refuse_when: events[?data.choices[0].finish_reason=='content_filter']
    reason: error.code || 'content_filter'
    media: {text: text}
"""


def event(content: str | None, finish: str | None = None) -> str:
    data = {
        "id": "chat-1",
        "choices": [{"delta": {"content": content} if content is not None else {}, "finish_reason": finish}],
    }
    return f"data: {json.dumps(data, ensure_ascii=False)}"


def stream(tmp_path: Path, text: str, media_type: str = "text/event-stream; charset=utf-8") -> Any:
    app = Recorder({("POST", "/g"): (200, {"content-type": media_type}, text.encode())})
    with talking(bind(tmp_path, STREAM), app) as provider:
        return provider.generate(None, REQUEST)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_pieces_of_a_stream_are_one_text(tmp_path: Path, end: str) -> None:
    lines = [
        "\ufeff: hello",
        "",
        event(None),
        "",
        event("春"),
        "",
        "event: ping",
        "data: not json",
        "",
        event("天"),
        "",
        event("。", "stop"),
        "",
    ]
    result = stream(tmp_path, end.join([*lines, "data: [DONE]", "", "data: after the end", "", ""]))
    assert isinstance(result, Accepted), result
    assert result.value.id == "chat-1"
    assert result.value.media is not None
    assert result.value.media.data.decode() == "春天。"


def test_data_on_several_lines_is_one_event(tmp_path: Path) -> None:
    whole = event("a b").removeprefix("data: ")
    half = whole.index(",") + 1
    result = stream(tmp_path, f"data:{whole[:half]}\ndata: {whole[half:]}\n\ndata: [DONE]\n\n")
    assert isinstance(result, Accepted)
    assert result.value.media.data == b"a b"


@pytest.mark.parametrize("text", [event("a") + "\n\n", event("a") + "\n\ndata: [DONE]", "", ": only a comment\n\n"])
def test_a_stream_that_breaks_off_is_no_answer(tmp_path: Path, text: str) -> None:
    result = stream(tmp_path, text)
    assert isinstance(result, Unavailable)
    assert "broke off, expected '[DONE]' at its end" in result.reason
    assert result.reason.startswith("binding.yaml:12: operations.generate.stream")


def test_a_refusal_inside_a_stream_and_one_instead_of_it(tmp_path: Path) -> None:
    result = stream(tmp_path, f"{event('a')}\n\n{event(None, 'content_filter')}\n\ndata: [DONE]\n\n")
    assert isinstance(result, Refused)
    assert result.reason == "content_filter"
    app = Recorder({("POST", "/g"): (400, {}, {"error": {"code": "policy"}})})
    with talking(bind(tmp_path, STREAM), app) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Refused)
    assert result.reason == "policy"


def test_an_endless_stream_is_bounded(tmp_path: Path) -> None:
    result = stream(tmp_path, "data: 1\n\n" * 30_000)
    assert isinstance(result, Unavailable)
    assert "more than 20,000 events" in result.reason


# --- jobs
# ----------------------------------------------------------------------------------------------------

JOB = """\
operations:
  generate:
    path: /g
    json: {}
    extract: {id: id}
    refuse_when: error
    reason: error
    poll: {location: %s, every: 1%s, timeout: 20}
"""


class Job(Recorder):
    """Ready after ``times`` questions."""

    def __init__(self, first: Any, pending: Any, done: Any, times: int = 2) -> None:
        super().__init__({("POST", "/g"): first})
        self.left = times
        self.pending, self.done = pending, done
        self.answers["GET", "/jobs/1"] = self.job

    def job(self, asked: dict[str, Any]) -> Any:
        self.left -= 1
        return self.pending if self.left >= 0 else self.done


@pytest.mark.parametrize(
    ("location", "more", "first", "pending", "done"),
    [
        ("{header: Location}", "", (202, {"location": "/jobs/1"}, b""), (202, {}, b""), {"id": "9"}),
        (
            "{header: Operation-Location}",
            "",
            (202, {"operation-location": "jobs/1"}, b""),
            (202, {"retry-after": "3"}, b""),
            {"id": "9"},
        ),
        ("urls.get", ", until: id", {"urls": {"get": "http://in-process/jobs/1"}}, {"status": "busy"}, {"id": "9"}),
        (
            "{header: Location}",
            "",
            (202, {"location": "/jobs/1"}, b""),
            (202, {}, b""),
            (303, {"location": "/results/1"}, b""),
        ),
    ],
)
def test_a_job_is_polled_at_the_url_of_the_response(
    tmp_path: Path, location: str, more: str, first: Any, pending: Any, done: Any
) -> None:
    app = Job(first, pending, done)
    app.answers["GET", "/results/1"] = {"id": "9"}
    slept: list[float] = []
    with talking(bind(tmp_path, JOB % (location, more)), app, sleep=slept.append) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Accepted), result
    assert result.value.id == "9"
    waits = [1.0, 3.0, 3.0] if "Operation" in location else [1.0] * 3
    assert slept == waits


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ((202, {"location": "http://evil.example/j"}, b""), "its host 'evil.example' is not the provider's"),
        ((202, {"location": "file:///etc/passwd"}, b""), "its scheme is 'file'"),
        ((202, {}, b""), "found no header 'location'"),
    ],
)
def test_a_job_on_another_host_is_not_polled(tmp_path: Path, first: Any, words: str) -> None:
    app = Recorder({("POST", "/g"): first})
    with talking(bind(tmp_path, JOB % ("{header: Location}", "")), app, sleep=lambda _: None) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Unavailable)
    assert words in result.reason
    assert len(app.asked) == 1


def test_a_job_may_end_in_a_refusal(tmp_path: Path) -> None:
    app = Job((202, {"location": "/jobs/1"}, b""), (202, {}, b""), {"error": "moderated"})
    with talking(bind(tmp_path, JOB % ("{header: Location}", "")), app, sleep=lambda _: None) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Refused)
    assert result.reason == "moderated"


@pytest.mark.parametrize(("done", "kind"), [("censored", Refused), ("faulted", Unavailable), ("made", Accepted)])
def test_a_job_that_is_done_may_have_been_refused_or_have_failed(tmp_path: Path, done: str, kind: type) -> None:
    app = Job((202, {"location": "/jobs/1"}, b""), {"done": False}, {"done": True, "id": "9", done: True})
    more = ", until: done, refused: censored, failed: faulted"
    with talking(bind(tmp_path, JOB % ("{header: Location}", more)), app, sleep=lambda _: None) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, kind)


def test_a_job_that_is_never_ready_ends(tmp_path: Path) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    app = Job(
        (202, {"location": "/jobs/1", "retry-after": "6"}, b""), (202, {"retry-after": "6"}, b""), {}, times=10**6
    )
    with talking(bind(tmp_path, JOB % ("{header: Location}", "")), app, sleep=sleep, clock=lambda: now[0]) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Unavailable)
    assert "poll.timeout: the job was not ready within 20 s" in result.reason
    assert len(app.asked) == 4


# --- pages
# ----------------------------------------------------------------------------------------------------

SEARCH = """\
operations:
  search:
    path: /s
    query: {q: '{{ query }}', page: '{{ page.number }}', cursor: '{{ page.cursor }}', offset: '{{ page.offset }}'}
    extract: {publications: 'items[].id'}
    pages: {%s}
"""


def search(tmp_path: Path, pages: str, answer: Any) -> tuple[Any, Recorder]:
    app = Recorder({("GET", "/s"): answer})
    with talking(bind(tmp_path, SEARCH % pages), app) as provider:
        return provider.search(None, "春"), app


def listed(*ids: object, **more: object) -> dict[str, Any]:
    return {"items": [{"id": each} for each in ids], **more}


def test_pages_by_number_end_with_an_empty_one(tmp_path: Path) -> None:
    def answer(asked: dict[str, Any]) -> Any:
        number = int(asked["query"].split("page=")[1].split("&")[0])
        return listed(2 * number - 1, 2 * number) if number < 4 else listed()

    result, app = search(tmp_path, "number: 1", answer)
    assert isinstance(result, Accepted)
    assert result.value.publications == ("1", "2", "3", "4", "5", "6")
    assert [each["query"].split("&")[1:] for each in app.asked] == [
        [f"page={n}", f"offset={2 * n - 2}"] for n in (1, 2, 3, 4)
    ]
    assert len(result.exchanges) == 4


def test_pages_by_cursor(tmp_path: Path) -> None:
    def answer(asked: dict[str, Any]) -> Any:
        return listed("b") if "cursor=c%2B1" in asked["query"] else listed("a", next="c+1")

    result, _ = search(tmp_path, "cursor: next", answer)
    assert isinstance(result, Accepted)
    assert result.value.publications == ("a", "b")


@pytest.mark.parametrize(
    ("pages", "first"),
    [
        ("next: links.next", (200, {}, listed("a", links={"next": "/s2?x=1"}))),
        (
            "next: {header: Link}",
            (200, {"link": '</s0>; rel="prev", <http://in-process/s2?x=1>; rel="next"'}, listed("a")),
        ),
    ],
)
def test_pages_by_link(tmp_path: Path, pages: str, first: Any) -> None:
    app = Recorder({("GET", "/s"): first, ("GET", "/s2"): (200, {"link": '</s>; rel="prev"'}, listed("b", links={}))})
    with talking(bind(tmp_path, SEARCH % pages), app) as provider:
        result = provider.search(None, "q")
    assert isinstance(result, Accepted), result
    assert result.value.publications == ("a", "b")
    assert app.asked[1]["query"] == "x=1"


@pytest.mark.parametrize(
    ("pages", "answer", "words"),
    [
        ("number: 1, most: 3", lambda asked: listed(asked["query"]), "pages.most: the list goes on after 4 items"),
        ("number: 1", listed("a"), "found the same page twice"),
        ("cursor: next", lambda asked: listed(asked["query"], next="same"), "found the cursor 'same' twice"),
        ("next: next", listed("a", next="http://evil.example/s"), "is not the provider's"),
        (
            "cursor: next",
            lambda asked: (500, {}, {}) if "cursor" in asked["query"] else listed("a", next="n"),
            "the next page was refused",
        ),
    ],
)
def test_an_incomplete_list_is_not_usable(tmp_path: Path, pages: str, answer: Any, words: str) -> None:
    result, app = search(tmp_path, pages, answer)
    assert isinstance(result, Unavailable)
    assert words in result.reason
    assert len(app.asked) <= 4


def test_paging_is_only_for_lists(tmp_path: Path) -> None:
    with pytest.raises(BindingError, match="found pages, which this operation does not give"):
        bind(tmp_path, "operations:\n  reset:\n    path: /r\n    pages: {number: 1}\n")
    with pytest.raises(BindingError, match="expected exactly one of next, cursor, number"):
        bind(tmp_path, SEARCH % "next: a, cursor: b")


# --- no answer, and values carried
# ------------------------------------------------------------------------------------------------


def test_a_busy_response_with_200_is_not_usable(tmp_path: Path) -> None:
    text = (
        "operations:\n  generate: {path: /g, extract: {id: id}, refuse_when: code, unavailable_when: code == `50300`}\n"
    )
    app = Recorder({("GET", "/g"): {"code": 50300}})
    with talking(bind(tmp_path, text), app) as provider:
        assert isinstance(provider.generate(None, REQUEST), Unavailable)
        app.answers["GET", "/g"] = {"code": 40300}
        assert isinstance(provider.generate(None, REQUEST), Refused)


CARRY = """\
operations:
  generate: {path: /g, extract: {id: id, carry: {thread: thread.id, version: version}}}
  publish:
    path: /p/{{ carried.content.thread }}
    json: {version: '{{ carried.content.version }}', tag: '{{ carried.content.tag | default("none") }}'}
    extract: {id: id, carry: {share: share}}
  upload: {path: /u, body: '{{ media.data }}', extract: {id: id, carry: {tag: tag}}}
  view: {path: '/v/{{ carried.publication.share }}'}
"""


def test_values_of_a_response_are_carried_to_later_requests(tmp_path: Path) -> None:
    app = Recorder(
        {
            ("GET", "/g"): {"id": "c1", "thread": {"id": "t-1"}, "version": 3},
            ("POST", "/p/t-1"): {"id": "p1", "share": "s1"},
            ("GET", "/v/s1"): {"text": "x"},
        }
    )
    with talking(bind(tmp_path, CARRY), app) as provider:
        made = provider.generate(None, REQUEST)
        assert isinstance(made, Accepted)
        published = provider.publish(None, made.value, "t")
        assert isinstance(published, Accepted)
        assert isinstance(provider.view(None, published.value), Accepted)
        unknown = provider.publish(None, Content("other"), "t")
        assert isinstance(unknown, Unavailable)
        assert "operations.publish.path: found an empty path segment" in unknown.reason
        assert isinstance(provider.view(None, Publication("other")), Unavailable)
    assert json.loads(app.asked[1]["body"]) == {"version": 3, "tag": "none"}


def test_a_value_that_nothing_carries_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(BindingError) as caught:
        bind(tmp_path, CARRY.replace("carried.publication.share", "carried.publication.shared"))
    assert "binding.yaml:14" in str(caught.value)
    assert "found carried.publication.shared, expected one of: carried.content.tag, carried.content.thread" in str(
        caught.value
    )


def test_an_id_may_be_given_by_the_binding(tmp_path: Path) -> None:
    text = "operations:\n  generate: {path: /g, extract: {id: {value: 'x-{{ answer.n }}-{{ request.prompt }}'}}}\n"
    with talking(bind(tmp_path, text), Recorder({("GET", "/g"): {"n": 5}})) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Accepted)
    assert result.value.id == "x-5-x"
