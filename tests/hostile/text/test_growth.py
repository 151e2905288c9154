"""Functions that read foreign text take time in proportion to its length, and long tokens cost hardly more than short
ones."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import date
from types import FrameType
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.bindings.language.responses.response import Response
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.evidence.export import as_curl, as_pytest
from shenhe.conformance.evidence.redaction import Redactor, _disjoint, _Match
from shenhe.conformance.exchange import Exchange, ReceivedResponse, SentRequest, to_step
from shenhe.core.text import fenced, markdown, one_line, visible
from shenhe.labels import read_labels
from shenhe.labels.meaning.passages import read_text_labels
from shenhe.reports.formats.github import step_summary
from shenhe.reports.formats.junit import junit
from shenhe.sample import create_app, sample_binding
from shenhe.sample.domain.store import Store

from ...factories import check, finding, report, rule

#: What is repeated to slow a function down, whatever it is.
UNITS = (
    " ",
    "a",
    "\n",
    "AI生成",
    "由AI 生成 ",
    "(",
    "【",
    "<a:svg ",
    "<!--",
    "&#x41;",
    "{",
    '"\\',
    "From:",
    "`<|",
    "\u202ea",
    "$('",
    "%25",
)
SHORT, FACTOR = 12_000, 4
#: Seconds below which a ratio says nothing, and the most that a text four times as long may cost: linear is 4.
_FLOOR, _MOST = 0.04, 9.0
REDACTOR = Redactor({"KEY": "sk-0123456789-abcdefghij", "LONG": "a" * 1500})


def _exchange(text: str) -> Exchange:
    body = json.dumps({"id": "x", "text": text}).encode()
    answer = ReceivedResponse(200, (), body, len(body))
    return Exchange("generate", SentRequest("POST", "http://127.0.0.1/a", (), body, len(body)), answer)


def _rendered(text: str) -> object:
    made = report(
        [rule("cn-dsp-2023/9.2", "fail", "c")], [check("c", "fail", "cn-dsp-2023/9.2", finding=finding(text))]
    )
    return junit(made), step_summary(made)


def _labels(media_type: str) -> Callable[[str], object]:
    return lambda text: read_labels(text.encode("utf-8", "surrogatepass"), media_type=media_type)


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "redaction": lambda text: REDACTOR.excerpt(text),
    "visible": lambda text: (visible(text), one_line(text), markdown(text), fenced(text)),
    "a response in JSON": lambda text: Response(200, {}, json.dumps([text] * 4).encode()).json,
    "a step of a report": lambda text: to_step(_exchange(text), "probe"),
    "curl and pytest": lambda text: (as_curl([_exchange(text)]), as_pytest([_exchange(text)])),
    "JUnit and a summary": _rendered,
    "labels in words": read_text_labels,
    **{
        f"labels in {media_type}": _labels(media_type)
        for media_type in ("text/plain", "text/html", "text/markdown", "image/svg+xml", "application/json", "text/vtt")
    },
}


def _seconds(function: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    function(text)
    return time.process_time() - start


@pytest.mark.parametrize("name", FUNCTIONS)
def test_time_grows_with_the_length_of_a_text(name: str) -> None:
    function, slow = FUNCTIONS[name], {}
    for unit in UNITS:
        short = unit * (SHORT // len(unit))
        first, second = _seconds(function, short), _seconds(function, short * FACTOR)
        if second > _FLOOR and second > _MOST * first:
            # Again: the machine may have been busy.
            first = min(_seconds(function, short) for _ in range(3))
            second = min(_seconds(function, short * FACTOR) for _ in range(3))
            if second > _MOST * first:
                slow[unit] = (round(first, 3), round(second, 3))
    assert slow == {}


# --- long tokens ---------------------------------------------------------------------------------------------


class _Work:
    """Counts lines of the redactor that are executed: the work of a run in a unit that no busy machine changes."""

    def __init__(self) -> None:
        self.lines = 0

    def __enter__(self) -> _Work:
        self._before = sys.gettrace()  # that of coverage, which would measure nothing afterwards
        sys.settrace(self._called)
        return self

    def __exit__(self, *exc: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, argument: object) -> Any:
        name = frame.f_code.co_filename
        return self._line if name.endswith(("evidence/redaction.py", "evidence/disguises.py")) else None

    def _line(self, frame: FrameType, event: str, argument: object) -> Any:
        self.lines += event == "line"
        return self._line


def _redaction_work(length: int) -> tuple[int, int]:
    """Lines of the redactor that a run executes with tokens of that length, and the requests that it sends."""
    original = Store.new_name

    def named(self: Store, prefix: str, size: int = 16) -> str:
        return original(self, prefix, length if prefix == "tok" else size)

    with (
        pytest.MonkeyPatch.context() as patch,
        load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider,
    ):
        patch.setattr(Store, "new_name", named)
        with _Work() as work:
            made = run_checks(
                provider,
                on=date(2026, 9, 1),
                examples=0,
                salt="tokens",
                rules=["cn-dsp-2023/9.2", "cn-dsp-2023/12.1", "cn-dsp-2023/17.1.1"],
            )
    return work.lines, made.summary.requests


@pytest.mark.costly
def test_long_tokens_cost_hardly_more_than_short_ones() -> None:
    """Redaction is a part of a run: half as much again of it makes the whole run a tenth dearer
    (`benchmarks/growth.py --tokens`).
    """
    (short, requests), (long, same) = _redaction_work(32), _redaction_work(1500)
    assert requests == same > 50
    assert long / short < 1.5, (short, long)


def test_overlapping_matches_are_parted_without_going_over_the_text() -> None:
    """Each of 2,000 matches went over the same million characters: that took minutes."""
    matches = [_Match(0, 1_000_000 - number, b"${KEY}", number == 0) for number in range(2_000)]
    assert _disjoint(matches) == matches[:1]
    apart = [_Match(at, at + 6, b"${KEY}", True) for at in range(0, 60_000, 6)]
    assert _disjoint([*apart, *matches]) == [*apart, _Match(60_000, 1_000_000, b"${KEY}", False)]
