"""The rendered sequences are really run: the pytest by pytest, the curl commands by bash, against a server with new ids
and tokens.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shenhe.conformance.bindings import load_binding
from shenhe.conformance.checks.people import Persons
from shenhe.conformance.entities import GenerationRequest, Media, ReportRequest
from shenhe.conformance.evidence.export import as_curl, as_pytest, carry_plan_of
from shenhe.conformance.exchange import Exchange, ReceivedResponse, SentRequest
from shenhe.conformance.provider import Accepted, Provider, Refused, Unavailable
from shenhe.rulebook import Service
from shenhe.sample import SampleServer, sample_binding

from ..apps import Recorder, bind, raw_server, talking


def value(result: object) -> object:
    assert isinstance(result, Accepted), result
    return result.value


def story(provider: Provider) -> None:
    """Every kind of carried value: tokens in headers, ids in paths, bodies and queries, bytes up and down, a
    refusal.
    """
    account = value(provider.register({"name": "李 '$(touch /tmp/never)' \"x\" `y` \\ \x1b[31m", "username": "ann"}))
    generated = value(
        provider.generate(account, GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, "image/png", 'it\'s a "cat"\n&猫'))
    )
    assert isinstance(provider.publish(account, generated, "too early"), Refused)
    assert isinstance(provider.verify_identity(account, Persons(3).adult().identity()), Accepted)
    publication = value(provider.publish(account, generated, "春"))
    media = value(provider.fetch(account, generated, "download"))
    assert isinstance(media, Media)
    value(provider.upload(account, media))
    ticket = value(provider.report(None, ReportRequest(publication, "illegal", "test")))
    value(provider.report_status(None, ticket))
    value(provider.view(None, publication, "page"))


@pytest.fixture
def recorded() -> list[Exchange]:
    with SampleServer(seed=1) as server, load_binding(sample_binding()).connect(server.url) as provider:
        story(provider)
        return list(provider.log)


def put_media_beside(script: Path, exchanges: list[Exchange]) -> None:
    for name, data in carry_plan_of(exchanges).files.items():
        (script.parent / name).write_bytes(data)


def run_pytest(path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(path.parent),
            "-c",
            os.devnull,
            str(path),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=path.parent,
        env={**os.environ, **environ},
    )


@pytest.mark.costly
def test_the_pytest_passes_against_the_same_behaviour_and_fails_against_another(
    recorded: list[Exchange], tmp_path: Path
) -> None:
    path = tmp_path / "test_replay.py"
    path.write_text(as_pytest(recorded, "publish-unverified"), encoding="utf-8")
    put_media_beside(path, recorded)
    assert "def test_publish_unverified():" in path.read_text(encoding="utf-8")
    with SampleServer(seed=2) as server:
        done = run_pytest(path, SHENHE_BASE_URL=server.url)
        assert done.returncode == 0, done.stdout
    with SampleServer(("publish-unverified",), seed=2) as server:
        done = run_pytest(path, SHENHE_BASE_URL=server.url)
        assert done.returncode == 1
        assert re.search(r"assert \d+ == 403", done.stdout)


def test_no_value_of_the_recording_is_left_in_a_replay(recorded: list[Exchange]) -> None:
    for text in (as_pytest(recorded), as_curl(recorded)):
        assert not re.findall(r"\b(?:acc|ast|pub|tic)_[a-z0-9]{10,}", re.sub(r"[A-Za-z0-9+/=]{60,}", "", text))
        assert "\x1b" not in text


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="curl or bash is not installed")
@pytest.mark.costly
def test_the_curl_commands_give_the_same_answers(recorded: list[Exchange], tmp_path: Path) -> None:
    script = tmp_path / "replay.sh"
    script.write_text("set -eu\n" + as_curl(recorded), encoding="utf-8")
    put_media_beside(script, recorded)
    with SampleServer(seed=2) as server:
        done = subprocess.run(
            ["bash", str(script)],
            capture_output=True,
            timeout=120,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "LC_ALL": "C.UTF-8",
                "SHENHE_BASE_URL": server.url,
            },
        )
    assert done.returncode == 0, done.stderr
    statuses = re.findall(rb"^(\d{3})$", done.stdout, re.M)
    assert b"403" in statuses
    assert statuses.count(b"200") >= 3
    assert not Path("/tmp/never").exists()


@pytest.mark.costly
def test_secrets_are_taken_from_the_environment(tmp_path: Path) -> None:
    environ = {"USERNAME": "user-of-ours", "PASSWORD": 'pass\'word "of" ours', "API_KEY": "key-1234567/+"}
    text = """\
auth: {type: basic, username: '${USERNAME}', password: '${PASSWORD}'}
operations:
  publish:
    path: /p
    headers: {X-Key: '${API_KEY}'}
    form: {key: '${API_KEY}', title: '{{ title }}', id: '{{ content.id }}'}
    extract: {id: id}
  generate: {path: /g, method: POST, extract: {id: data.id}}
"""
    app = Recorder({("POST", "/g"): {"data": {"id": 90210}}, ("POST", "/p"): {"id": "1"}})
    with talking(bind(tmp_path, text, environ=environ), app) as provider:
        content = value(provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "x")))
        value(provider.publish(None, content, "a&b"))  # type: ignore[arg-type]
    path = tmp_path / "test_replay.py"
    path.write_text(as_pytest(provider.log), encoding="utf-8")
    assert "key-1234567" not in path.read_text()
    seen: list[bytes] = []

    def handle(connection: object) -> None:
        body = b'{"data": {"id": 777}, "id": "1"}'
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)  # type: ignore[attr-defined]

    with raw_server(handle, seen=seen) as port:
        done = run_pytest(path, SHENHE_BASE_URL=f"http://127.0.0.1:{port}", **environ)
        assert done.returncode == 0, done.stdout
        first = list(seen)
        seen.clear()
        script = tmp_path / "replay.sh"
        script.write_text("set -eu\n" + as_curl(provider.log), encoding="utf-8")
        if shutil.which("curl") and shutil.which("bash"):
            shell = subprocess.run(
                ["bash", str(script)],
                capture_output=True,
                timeout=60,
                env={**os.environ, **environ, "SHENHE_BASE_URL": f"http://127.0.0.1:{port}"},
            )
            assert shell.returncode == 0, shell.stderr
            seen_before = len(seen)
            bare = {name: value for name, value in os.environ.items() if name not in environ}
            bare["SHENHE_BASE_URL"] = f"http://127.0.0.1:{port}"
            unset = subprocess.run(["bash", str(script)], capture_output=True, timeout=60, env=bare)
            assert unset.returncode != 0
            assert b"API_KEY: set it in the environment" in unset.stderr
            assert len(seen) == seen_before, "an empty value was sent"
    import base64

    basic = base64.b64encode(b'user-of-ours:pass\'word "of" ours')
    for heads in filter(None, (first, seen)):
        assert len(heads) == 2
        for head in heads:
            assert b"Basic " + basic in head
        assert b"key-1234567/+" in heads[1]
        assert b"id=777" in heads[1]


def test_a_step_without_answer_and_one_with_a_body_that_was_cut() -> None:
    dead = Exchange("view", SentRequest("GET", "http://127.0.0.1:9/x"), None, "timed out")
    assert "with pytest.raises(httpx.HTTPError):" in as_pytest([dead])
    cut = Exchange(
        "upload", SentRequest("POST", "http://127.0.0.1:9/x", (), b"x" * 1_000_000, 5_000_000), ReceivedResponse(200)
    )
    assert "pytest.skip" in as_pytest([cut])
    assert "not kept whole" in as_curl([cut])
    assert as_curl([]) == ""


def test_an_id_next_to_a_long_text_is_still_carried(tmp_path: Path) -> None:
    text = (
        "operations:\n  generate: {path: /g, method: POST, extract: {id: id}}\n  fetch: {path: '/c/{{ content.id }}',"
        " media: body}\n"
    )
    app = Recorder({("POST", "/g"): {"b64": "A" * 300_000, "id": "made-77"}, ("GET", "/c/made-77"): (200, {}, b"x")})
    with talking(bind(tmp_path, text), app) as provider:
        content = value(provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "x")))
        value(provider.fetch(None, content))  # type: ignore[arg-type]
    assert provider.log[0].response is not None
    assert provider.log[0].response.body_size > 300_000 > len(provider.log[0].response.body)
    assert "made-77" not in as_pytest(provider.log)
    assert "quote(str(id_1)" in as_pytest(provider.log)


def test_hostile_names_stay_data() -> None:
    """A provider chooses the keys and values that are carried; none may become code."""
    answer = ReceivedResponse(
        200,
        (("Content-Type", "application/json"),),
        b'{"\\"]); import os; os.abort() #id": "a1b2c3d4", "x;rm -rf /;id": "e5f6a7b8"}',
    )
    first = Exchange("register", SentRequest("POST", "http://127.0.0.1/a"), answer, origin="b.yaml:1\nimport os")
    headers = (("Content-Type", "application/json"),)
    body = b'{"one": "a1b2c3d4", "two": ["e5f6a7b8", "\'\'\'\\u0000$(id)"]}'
    second = Exchange(
        "view", SentRequest("POST", "http://127.0.0.1/b/a1b2c3d4", headers, body, len(body)), ReceivedResponse(200)
    )
    code = as_pytest([first, second])
    compile(code, "replay", "exec")
    assert "import os; os.abort()" not in re.sub(r"'[^'\n]*'", "''", code)
    if shutil.which("bash"):
        assert (
            subprocess.run(
                ["bash", "-n"], input=as_curl([first, second]).encode(), timeout=10, capture_output=True
            ).returncode
            == 0
        )


@pytest.mark.costly
def test_unavailable_is_not_replayed_as_an_answer(tmp_path: Path) -> None:
    binding = bind(tmp_path, "limits: {timeout: 0.2}\noperations:\n  generate: {path: /g, extract: {id: id}}\n")
    with binding.connect("http://127.0.0.1:1") as provider:
        assert isinstance(provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "x")), Unavailable)
    path = tmp_path / "test_replay.py"
    path.write_text(as_pytest(provider.log), encoding="utf-8")
    assert run_pytest(path).returncode == 0
