"""Turns that are ended before they finish, again and again: what was found stays until a later one has finished."""

from __future__ import annotations

import hashlib
from pathlib import Path

from shenhe.conformance.fleet import Options, Result, members
from shenhe.conformance.fleet.turns import Turn, turn_of
from shenhe.conformance.report import read_report

from ..factories import check, finding, report, rule
from .providers import small

RULE = "cn-dsp-2023/9.2"


def _turn(folder: Path) -> Turn:
    bindings = folder / "bindings"
    bindings.mkdir()
    small(bindings, "a", "http://127.0.0.1:9")
    (member,) = members(bindings)
    turn = turn_of(member, folder / "out", {}, Options(), 2 << 30, {})
    turn.folder.mkdir(parents=True)
    return turn


def _write(turn: Turn, *failing: str) -> str:
    checks = [check(name, "fail", RULE, finding=finding()) for name in failing]
    report([rule(RULE, "fail", *failing)], checks).write(turn.report)
    return hashlib.sha256(turn.report.read_bytes()).hexdigest()


def _kept(turn: Turn) -> dict[str, list[str]]:
    return {path.name: [each.name for each in read_report(path).checks] for path in sorted(turn.folder.glob("*.json"))}


def test_turns_that_were_ended_lose_no_failure(tmp_path: Path) -> None:
    turn = _turn(tmp_path)
    for failing in (["x", "y"], [], ["x"], ["y", "z"], ["x", "z"]):
        _write(turn, *failing)
        turn.set_aside()
        assert not turn.report.exists()
    assert _kept(turn) == {"previous-report.json": ["x", "y"], "previous-report-2.json": ["y", "z"]}


def test_a_finished_turn_replaces_what_was_found_before(tmp_path: Path) -> None:
    turn = _turn(tmp_path)
    for failing in (["x"], ["y"]):
        _write(turn, *failing)
        turn.set_aside()
    sha256 = _write(turn, "z")
    turn.keep(Result(outcome="checked", report_exit_code=1, judged=1, report_sha256=sha256))
    assert turn.kept() is not None
    turn.set_aside()
    assert _kept(turn) == {"previous-report.json": ["z"]}
