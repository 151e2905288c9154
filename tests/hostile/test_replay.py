"""Words of others in requests to be sent again: ids that look like variables, reports by strangers, bodies that name files."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenhe.conformance.bindings import AsgiTransport
from shenhe.conformance.evidence.export import as_curl, as_pytest, carry_plan_of, needed
from shenhe.conformance.evidence.own import is_own, remember
from shenhe.conformance.evidence.redaction import Redactor
from shenhe.conformance.evidence.resend import RepeatError, planned, repeat
from shenhe.conformance.exchange import Exchange, ReceivedResponse, SentRequest, to_step
from shenhe.conformance.report import Finding, Report, Step

from ..bindings.apps import Recorder
from ..command_line import shenhe
from .consistent import consistent

BASE = "http://127.0.0.1:9"
REDACTOR = Redactor({"API_KEY": "key-of-the-binding"})

#: Ids of a target that mean something to a shell, a template, Python, or a reader of placeholders.
IDS = (
    "x${AWS_SECRET_ACCESS_KEY}",
    "${PATH}",
    "${BASH_ENV}",
    "${API_KEY}",
    "${token_1}",
    "$${nothing}{HOME}",
    "${nothing}{HOME}",
    "$${HOME}",
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "\\u0024{HOME}",
    "%24%7BHOME%7D",
    "@/etc/passwd",
    "{{ 7*7 }}",
    '" + __import__("os").system("touch pwned") + "',
    "a\nb",
    "$'x'",
    "!!",
    "*",
)


def exchange(method: str, url: str, sent: Any = None, got: Any = None, kind: str = "application/json") -> Exchange:
    """One exchange as the client keeps it."""
    body = b"" if sent is None else sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    answer = json.dumps(got).encode() if not isinstance(got, bytes) else got
    headers = REDACTOR.headers((("Content-Type", kind), ("X-Key", "key-of-the-binding")))
    return Exchange(
        "publish",
        SentRequest(method, REDACTOR.captured_text(url), headers, REDACTOR.captured(body), len(body)),
        ReceivedResponse(200, (), REDACTOR.captured(answer), len(answer)),
    )


def story(identifier: str) -> list[Exchange]:
    """A target gives an id, and later requests carry it in a path, a query, JSON and a form."""
    from urllib.parse import quote, quote_plus

    return [
        exchange("POST", f"{BASE}/a", {"n": 1}, {"id": identifier}),
        exchange("GET", f"{BASE}/a/{quote(identifier, safe='')}?id={quote_plus(identifier)}", got={"ok": True}),
        exchange("POST", f"{BASE}/b", {"id": identifier}, {"ok": True}),
        exchange(
            "POST",
            f"{BASE}/c",
            f"id={quote_plus(identifier)}".encode(),
            {"ok": True},
            "application/x-www-form-urlencoded",
        ),
        exchange("POST", f"{BASE}/d", f"raw {identifier}".encode(), {"ok": True}, "text/plain"),
    ]


def finding(exchanges: list[Exchange], **changes: Any) -> Finding:
    names = sorted(needed(carry_plan_of(exchanges), exchanges))
    steps = [to_step(each, "probe") for each in exchanges]
    return Finding(expected="x", seen="y", steps=steps, curl="", pytest="", variables=names).model_copy(update=changes)


@pytest.mark.parametrize("identifier", IDS)
def test_an_id_of_a_target_never_becomes_a_variable(identifier: str) -> None:
    exchanges = story(identifier)
    assert needed(carry_plan_of(exchanges), exchanges) == {"API_KEY"}
    app = Recorder()
    for path in ("/a", "/b", "/c", "/d"):
        app.answers["POST", path] = {"id": identifier} if path == "/a" else {"ok": True}
    repeat(finding(exchanges), BASE, {"API_KEY": "key-of-the-binding"} | dict(os.environ), transport=AsgiTransport(app))
    sent = repr([(asked["query"], asked["body"]) for asked in app.asked])
    assert os.environ["PATH"] not in sent
    assert os.environ.get("HOME", "\0") not in sent
    assert json.loads(app.asked[2]["body"])["id"] == identifier
    assert app.asked[4]["body"].decode() == f"raw {identifier}"


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="curl or bash is not installed")
@pytest.mark.parametrize("identifier", IDS)
def test_a_shell_script_treats_an_id_as_data(identifier: str, tmp_path: Path) -> None:
    fake = tmp_path / "bin"
    fake.mkdir()
    answer = json.dumps({"id": identifier})
    (fake / "curl").write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" >> {tmp_path}/log\nprintf %s '{_single(answer)}'\n")
    (fake / "curl").chmod(0o755)
    script = as_curl(story(identifier)) + '\nprintf "%s" "$PATH" > path\n'
    path = f"{fake}:{os.environ['PATH']}"
    environ = {"PATH": path, "API_KEY": "k", "AWS_SECRET_ACCESS_KEY": "leaked-secret", "HOME": "/leaked-home"}
    subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environ, check=False, capture_output=True, timeout=60)
    assert not list(tmp_path.rglob("pwned"))
    log = (tmp_path / "log").read_text()
    assert "leaked" not in log
    assert (tmp_path / "path").read_text() == path, "the script must not assign PATH"
    assert f"raw {identifier}" in log


def _single(text: str) -> str:
    return text.replace("'", "'\\''")


@pytest.mark.parametrize("identifier", IDS)
def test_a_pytest_treats_an_id_as_data(identifier: str) -> None:
    code = as_pytest(story(identifier))
    compile(code, "test_replay.py", "exec")
    assert set(re.findall(r'os\.environ\["(\w+)"\]', code)) == {"API_KEY"}


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_id_comes_back_unchanged(identifier: str) -> None:
    try:
        identifier.encode()
    except UnicodeEncodeError:
        return
    exchanges = story(identifier or "x")
    assert needed(carry_plan_of(exchanges), exchanges) <= {"API_KEY"}
    compile(as_pytest(exchanges), "test_replay.py", "exec")


def test_a_body_that_begins_with_an_at_sign_uploads_no_file() -> None:
    script = as_curl([exchange("POST", f"{BASE}/a", b"@/etc/passwd", {}, "text/plain")])
    assert "--data-raw @/etc/passwd" in script


def test_utf16_hides_no_placeholder() -> None:
    answer = json.dumps({"id": "${HOME}"}).encode("utf-16")
    exchanges = [
        exchange("POST", f"{BASE}/a", {}, answer),
        exchange("POST", f"{BASE}/b", {"id": "${HOME}"}, {}),
    ]
    assert needed(carry_plan_of(exchanges), exchanges) == {"API_KEY"}


# --- reports by others ------------------------------------------------------------------------------------------------


def by_a_stranger(**step: Any) -> Finding:
    values: dict[str, Any] = {"role": "probe", "operation": "x", "method": "POST", "url": f"{BASE}/a", "status": 200}
    return Finding(expected="x", seen="y", steps=[Step(**(values | step))], curl="", pytest="")


@pytest.mark.parametrize(
    "step",
    [
        {"url": f"{BASE}/?k=${{HOME}}"},
        {"request_body": "${HOME}"},
        {"request_headers": {"X": "${HOME}"}},
        {"request_headers": {"Authorization": "Basic JHtIT01FfTp4"}},
    ],
)
def test_a_variable_that_a_report_does_not_name_is_not_filled_in(step: dict[str, Any]) -> None:
    app = Recorder()
    with pytest.raises(RepeatError, match="does not name among its variables"):
        repeat(by_a_stranger(**step), BASE, dict(os.environ), transport=AsgiTransport(app))
    assert app.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "HTTP://127.0.0.1:9/x",
        "http://127.0.0.1:9@evil.example/",
        "http://127.0.0.1:9.evil.example/",
        "http://127.0.0.1:9\\@evil.example/",
        "http://127.0.0.1:99/",
        "http://localhost:9/",
        "file:///etc/passwd",
        "//evil.example/",
    ],
)
def test_every_request_stays_on_the_first_host(url: str) -> None:
    app = Recorder()
    forged = by_a_stranger()
    forged = forged.model_copy(update={"steps": [*forged.steps, forged.steps[0].model_copy(update={"url": url})]})
    with pytest.raises(RepeatError):
        repeat(forged, BASE, {}, transport=AsgiTransport(app))
    assert app.asked == []


def stored(tmp_path: Path, found: Finding) -> Path:
    report: Report = consistent({"text_output_is_labelled": "fail"})
    checks = [
        check.model_copy(update={"finding": found}) if check.verdict == "fail" else check for check in report.checks
    ]
    path = tmp_path / "report.json"
    report.model_copy(update={"checks": checks}).write(path)
    return path


def test_a_report_of_a_stranger_is_not_sent_without_consent(tmp_path: Path) -> None:
    path = stored(tmp_path, by_a_stranger(url="http://127.0.0.1:1/admin/delete", method="DELETE"))
    asked = shenhe("replay", path, "--rule", "text_output_is_labelled")
    assert asked.exit_code == 2
    assert "1. DELETE http://127.0.0.1:1/admin/delete" in asked.stderr
    assert "nothing was sent" in asked.stderr
    assert shenhe("replay", path, "--rule", "text_output_is_labelled", "--yes").exit_code == 3
    remember(path.read_bytes())
    assert is_own(path.read_bytes())
    assert shenhe("replay", path, "--rule", "text_output_is_labelled").exit_code == 3
    path.write_bytes(path.read_bytes().replace(b"/admin/delete", b"/admin/format"))
    assert shenhe("replay", path, "--rule", "text_output_is_labelled").exit_code == 2, (
        "an edited report is nobody's own"
    )


def test_variables_of_a_stranger_s_report_are_allowed_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOY_KEY", "deploy-secret")
    found = by_a_stranger(url="http://127.0.0.1:1/?k=${DEPLOY_KEY}").model_copy(update={"variables": ["DEPLOY_KEY"]})
    path = stored(tmp_path, found)
    refused = shenhe("replay", path, "--rule", "text_output_is_labelled", "--yes")
    assert "environment variable DEPLOY_KEY: is not allowed" in refused.stderr
    assert refused.exit_code == 2
    allowed = shenhe("replay", path, "--rule", "text_output_is_labelled", "--yes", "--env", "DEPLOY_KEY")
    assert allowed.exit_code == 3
    assert "deploy-secret" not in allowed.output


def test_hostile_errors_of_a_report_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = stored(tmp_path, by_a_stranger(url="http://127.0.0.1:1/", error="\x1b[2J\u202e", status=None))
    done = shenhe("replay", path, "--rule", "text_output_is_labelled", "--yes")
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output


def test_the_plan_names_requests_and_variables() -> None:
    plan = planned(finding(story("id-1")), "http://127.0.0.1:8000")
    assert plan.variables == ("API_KEY",)
    assert plan.requests[0] == ("POST", "http://127.0.0.1:8000/a")


def test_files_are_fetched_again_from_declared_hosts_only_and_without_credentials() -> None:
    made = itertools.count(2)
    app = Recorder({("POST", "/a"): lambda _: {"url": f"https://media.example/f{next(made)}.png"}})
    exchanges = [
        exchange("POST", f"{BASE}/a", {"n": 1}, {"url": "https://media.example/f1.png"}),
        exchange("GET", "https://media.example/f1.png", got=b"\x89PNG\xff", kind="image/png"),
    ]
    steps = finding(exchanges)
    assert [url for _, url in planned(steps, BASE, ["media.example"]).requests][-1] == "https://media.example/f1.png"
    assert len(planned(steps, BASE).requests) == 1
    assert len(planned(steps, BASE, ["media.example:8443"]).requests) == 1
    environ = {"API_KEY": "a-key"}
    done = repeat(steps, BASE, environ, transport=AsgiTransport(app), media_hosts=["media.example"])
    assert [request["path"] for request in app.asked] == ["/a", "/f2.png"]
    assert "a-key" in str(app.asked[0]["headers"])
    assert "a-key" not in str(app.asked[1])
    assert done.steps[1].responded
    done = repeat(steps, BASE, environ, transport=AsgiTransport(app), media_hosts=["other.example"])
    assert [request["path"] for request in app.asked[2:]] == ["/a"]
    assert not done.steps[1].responded


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/admin", "https://media.example:22/admin"])
def test_a_file_that_moved_to_an_undeclared_host_or_port_is_not_fetched(url: str) -> None:
    app = Recorder({("POST", "/a"): {"url": url}})
    exchanges = [
        exchange("POST", f"{BASE}/a", {"n": 1}, {"url": "https://media.example/f1.png"}),
        exchange("GET", "https://media.example/f1.png", got=b"\x89PNG\xff", kind="image/png"),
    ]
    repeat(finding(exchanges), BASE, {"API_KEY": "x"}, transport=AsgiTransport(app), media_hosts=["media.example"])
    assert [request["path"] for request in app.asked] == ["/a"]
