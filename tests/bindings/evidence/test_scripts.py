"""Scripts of findings: media in files beside them, new numbers in every run."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from random import Random

import pytest

from shenhe.conformance.checks.flawed import Flawed, flawed_identities, near_misses
from shenhe.conformance.checks.people import Persons, flaw
from shenhe.conformance.checks.requests import picture
from shenhe.conformance.entities import Identity, IdentityMethod
from shenhe.conformance.evidence.export import as_curl, as_pytest, carry_plan_of, write_scripts
from shenhe.conformance.evidence.export.folder import ScriptError
from shenhe.conformance.evidence.export.fresh import another, can_change
from shenhe.conformance.exchange import Exchange, ReceivedResponse, SentRequest
from shenhe.conformance.report import Attachment

from ...factories import check, finding, report, rule
from ..apps import raw_server

PNG = picture(64, 48).data
BOUNDARY = "x-1234"
ON = date(2026, 9, 1)
needs_shell = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash") and shutil.which("base64")), reason="needs curl, bash and base64"
)


def multipart() -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\n秋天 a@b "c"\r\n--{BOUNDARY}\r\n'
    file = 'Content-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    return head.encode() + file.encode() + PNG + f"\r\n--{BOUNDARY}--\r\n".encode()


def sent(body: bytes, kind: str) -> Exchange:
    headers = (("Content-Type", kind),)
    return Exchange(
        "upload", SentRequest("POST", "http://127.0.0.1:9/up", headers, body, len(body)), ReceivedResponse(200)
    )


UPLOADS = {
    "raw": sent(PNG, "image/png"),
    "json": sent(b'{"image": "data:image/png;base64,' + base64.b64encode(PNG) + b'", "n": 1}', "application/json"),
    "multipart": sent(multipart(), f"multipart/form-data; boundary={BOUNDARY}"),
}


def received(raw: bytes) -> bytes:
    """The picture in a request, however it was sent."""
    head, _, body = raw.partition(b"\r\n\r\n")
    kind = re.search(rb"(?im)^content-type: *([^\r\n]*)", head)
    if kind is not None and kind[1].startswith(b"multipart/"):
        message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind[1] + b"\r\n\r\n" + body)
        fields = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
        assert fields["title"].get_payload(decode=True).decode() == '秋天 a@b "c"'
        assert fields["file"].get_filename() == "a.png"
        assert fields["file"].get_content_type() == "image/png"
        return bytes(fields["file"].get_payload(decode=True))
    if kind is not None and b"json" in kind[1]:
        found = re.search(rb'base64,([^"]+)"', body)
        assert found is not None
        return base64.b64decode(found[1])
    return body


def answering(connection: object) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")  # type: ignore[attr-defined]


@pytest.mark.parametrize("way", UPLOADS)
@pytest.mark.parametrize("script", ["pytest", pytest.param("curl", marks=needs_shell)])
@pytest.mark.costly
def test_media_come_from_files_beside_the_script(way: str, script: str, tmp_path: Path) -> None:
    exchanges = [UPLOADS[way]]
    for name, data in carry_plan_of(exchanges).files.items():
        (tmp_path / name).write_bytes(data)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [PNG]
    text = as_pytest(exchanges) if script == "pytest" else as_curl(exchanges)
    assert max(map(len, re.findall(r"[A-Za-z0-9+/]+", text))) < 100
    path = tmp_path / ("test_it.py" if script == "pytest" else "replay.sh")
    path.write_text(text, encoding="utf-8")
    command = (
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"] if script == "pytest" else ["bash", "-eu"]
    )
    seen: list[bytes] = []
    with raw_server(answering, seen=seen) as port:
        environ = {**os.environ, "SHENHE_BASE_URL": f"http://127.0.0.1:{port}"}
        done = subprocess.run([*command, str(path)], cwd="/", env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert received(seen[0]) == PNG


@needs_shell
def test_a_download_goes_to_the_label_reader(tmp_path: Path) -> None:
    got = ReceivedResponse(200, (("Content-Type", "image/png"),), PNG, len(PNG))
    text = as_curl([Exchange("fetch", SentRequest("GET", "http://127.0.0.1:9/a.png"), got)])
    assert "| shenhe label read -" in text
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def answer(connection: object) -> None:
        connection.sendall(  # type: ignore[attr-defined]
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(PNG) + PNG
        )

    with raw_server(answer) as port:
        environ = {**os.environ, "PATH": path, "SHENHE_BASE_URL": f"http://127.0.0.1:{port}"}
        done = subprocess.run(["bash", "-euc", text], env=environ, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "-  (image/png)"), done.stderr


# --- numbers -------------------------------------------------------------------------------------------------


def test_a_new_number_has_the_flaw_of_the_old_one() -> None:
    """Over recipes of flaws as the checks draw them."""
    from hypothesis import given, settings
    from hypothesis import strategies as st

    recipes = st.one_of(
        near_misses(IdentityMethod.ID_CARD),
        near_misses(IdentityMethod.USCC),
        flawed_identities(IdentityMethod.ID_CARD),
        flawed_identities(IdentityMethod.PHONE),
    )

    @settings(max_examples=300, database=None, derandomize=True, deadline=None)
    @given(recipes, st.integers(0, 10**6))
    def holds(recipe: Flawed, seed: int) -> None:
        old = recipe.of(Persons(seed).adult())
        if not can_change(old.number):
            return
        new = Identity(old.method, another(old.number), old.name)
        before, after = flaw(old, ON), flaw(new, ON)
        assert (before is None) == (after is None), (old.number, new.number)

    holds()


def test_new_numbers_differ() -> None:
    person = Persons(1).adult()
    values = [person.identity(method).number for method in IdentityMethod] + [f"person-{person.phone}", "欧阳旻昱"]
    for value in values:
        assert can_change(value), value
        made = {another(value) for _ in range(20)}
        assert len(made) > 5
        assert all(can_change(each) and len(each) == len(value) for each in made), made


def test_only_invented_numbers_are_made_new() -> None:
    body = b'{"a": "110101199001011237", "b": "13800138000"}'
    text = as_pytest([sent(body, "application/json")], invented=["13800138000"])
    assert "'110101199001011237'" in text
    assert '"13800138000"' not in text.replace("'", '"')


@needs_shell
@pytest.mark.costly
def test_a_script_sends_another_number_each_time(tmp_path: Path) -> None:
    person = Persons(Random(1).randrange(99)).adult()
    numbers = [person.id_number, person.phone, person.uscc, "欧阳旻昱", f"person{person.phone[1:]}@example.org"]
    exchanges = [sent(repr(numbers).replace("'", '"').encode(), "application/json")]
    seen: list[bytes] = []
    with raw_server(answering, seen=seen) as port:
        environ = {**os.environ, "SHENHE_BASE_URL": f"http://127.0.0.1:{port}"}
        (tmp_path / "test_it.py").write_text(as_pytest(exchanges, invented=numbers), encoding="utf-8")
        pytest_ = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "test_it.py")]
        for command in (["bash", "-euc", as_curl(exchanges, numbers)],) * 2 + (pytest_,):
            done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stdout + done.stderr
    assert len({raw.partition(b"\r\n\r\n")[2] for raw in seen}) == 3
    for raw in seen:
        assert not any(number.encode() in raw for number in numbers)


# --- folders -------------------------------------------------------------------------------------------------


def made(name: str = "some_check", file: str = "media-1.png") -> object:
    files = [Attachment(name=file, data=base64.b64encode(PNG).decode())]
    shown = finding().model_copy(update={"files": files})
    return report([rule("cn-dsp-2023/9.2", "fail", name)], [check(name, "fail", "cn-dsp-2023/9.2", finding=shown)])


def test_each_finding_becomes_a_folder(tmp_path: Path) -> None:
    (folder,) = write_scripts(made(), tmp_path / "out")  # type: ignore[arg-type]
    assert folder.name == "some_check"
    assert sorted(path.name for path in folder.iterdir()) == ["media-1.png", "replay.sh", "test_replay.py"]
    assert (folder / "media-1.png").read_bytes() == PNG


@pytest.mark.parametrize(
    ("name", "file"),
    [("../x", "media-1.png"), ("a", "../evil"), ("a", "/etc/x"), ("a", "replay.sh"), ("a", ".bashrc"), ("a/b", "c")],
)
def test_no_file_leaves_its_folder(name: str, file: str, tmp_path: Path) -> None:
    with pytest.raises(ScriptError):
        write_scripts(made(name, file), tmp_path / "out")  # type: ignore[arg-type]
    assert not list(tmp_path.rglob("*evil*"))


def test_what_a_request_had_is_not_taken_from_the_answer_that_repeats_it() -> None:
    """A name that the redactor knows stood in the first request, and the script used it before it was there."""
    sent = SentRequest(
        "POST", "http://host/accounts", (("Content-Type", "application/json"),), b'{"n":"${name_1}"}', 17
    )
    answer = b'{"id":"acc_1x2y3z4w5v","n":"${name_1}","token":"${token_1}"}'
    received = ReceivedResponse(200, (("content-type", "application/json"),), answer, len(answer), "", 1.0)
    script = as_pytest([Exchange("register", sent, received, None, "x:1")] * 2, "it")
    assert "name_1 = answer" not in script
    assert script.count('os.environ["name_1"]') == 2
