"""Doctor names the line that is wrong: each defect is planted in the sample's own binding and must be found there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.bindings.doctor.diagnosis import Diagnosis
from shenhe.conformance.bindings.doctor.doctor import examine
from shenhe.conformance.engine.runner import run_checks
from shenhe.sample import SampleServer, create_app, sample_binding

from ...command_line import Done, shenhe
from ..apps import TARGET, Recorder, bind, raw_server, talking

ORIGINAL = sample_binding().read_text(encoding="utf-8")


def changed(tmp_path: Path, old: str, new: str) -> tuple[Path, int]:
    """The sample's binding with the first ``old`` replaced, and the line of the change."""
    assert old in ORIGINAL, old
    path = tmp_path / "binding.yaml"
    path.write_text(ORIGINAL.replace(old, new, 1), encoding="utf-8")
    return path, ORIGINAL[: ORIGINAL.index(old)].count("\n") + 1


def examined(path: Path) -> list[Diagnosis]:
    binding = load_binding(path)
    with binding.connect(transport=AsgiTransport(create_app())) as provider:
        return list(examine(binding, provider))


@pytest.mark.parametrize(
    ("operation", "old", "new", "words"),
    [
        (
            "register",
            "path: /v1/accounts\n",
            "path: /v1/acounts\n",
            "answered 404 to POST http://in-process/v1/acounts",
        ),
        ("delete_account", "method: DELETE", "method: PUT", "answered 405"),
        (
            "register",
            "{id: account.id, credentials: {token: access_token,",
            "{id: account.number, credentials: {token: access_token,",
            "found nothing at 'account.number'",
        ),
        (
            "register",
            "credentials: {token: access_token,",
            "credentials: {token: token,",
            "did you mean 'access_token'?",
        ),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, operation: str, old: str, new: str, words: str) -> None:
    path, line = changed(tmp_path, old, new)
    outcomes = examined(path)
    (outcome,) = [each for each in outcomes if each.operation == operation]
    assert outcome.state == "faulty"
    assert outcome.place == f"binding.yaml:{line}"
    assert words in outcome.message
    assert outcome.advice
    needing = [each for each in outcomes if each.state == "not tried"]
    assert (operation == "register") is bool(needing)
    assert all("it needs" in each.message for each in needing)


def test_auth_that_is_refused_points_to_auth(tmp_path: Path) -> None:
    path, line = changed(
        tmp_path,
        'auth: {type: bearer, token: "{{ account.credentials.token }}"}',
        'auth: {type: bearer, token: "x{{ account.credentials.token }}"}',
    )
    outcomes = [each for each in examined(path) if each.operation == "verify_identity"]
    assert [each.detail for each in outcomes] == ["id-card", "uscc", "phone", "national-network-id"]
    for outcome in outcomes:
        assert (outcome.state, outcome.place) == ("faulty", f"binding.yaml:{line}")
        assert "401" in outcome.message


def test_an_html_page_is_distinguished_from_a_response(tmp_path: Path) -> None:
    async def page(scope: dict[str, object], receive: object, send: object) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})  # type: ignore[operator]
            await send({"type": "http.response.body", "body": b"<h1>\x1b[31mWelcome</h1>"})  # type: ignore[operator]

    binding = load_binding(sample_binding())
    with binding.connect(transport=AsgiTransport(page)) as provider:
        first = next(iter(examine(binding, provider)))
    assert first.state == "faulty"
    assert "(text/html) that is not JSON, expected JSON" in first.message
    assert "page for people" in first.advice
    assert "\x1b" not in first.message


def run(*arguments: str) -> Done:
    return shenhe("doctor", *arguments)


def test_the_command_on_a_right_binding(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, "target:", "target:")
    with SampleServer() as server:
        code, out, err = run(str(path), "--base-url", server.url, "--json")
        assert (code, err) == (0, "")
        outcomes = json.loads(out)["outcomes"]
        assert {each["state"] for each in outcomes} == {"works"}
        code, out, _ = run(str(path), "--base-url", server.url)
        assert code == 0
        assert "✓ register" in out


def test_the_command_on_a_wrong_binding(tmp_path: Path) -> None:
    path, line = changed(tmp_path, "path: /v1/accounts\n", "path: /v1/acounts\n")
    with SampleServer() as server:
        code, out, _ = run(str(path), "--base-url", server.url)
    assert code == 2
    assert f"{path.name}:{line}: answered 404" in out
    assert "→ the path does not exist" in out


def test_the_command_without_a_provider_ends_at_once(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, "target:", "target:")
    code, out, _ = run(str(path), "--base-url", "http://127.0.0.1:9")
    assert code == 2
    assert "binding.yaml:5: could not connect: connection refused" in out
    assert out.count("✗") == 1


def test_the_command_refuses_production_environments(tmp_path: Path) -> None:
    path, line = changed(tmp_path, "environment: test", "environment: production")
    code, out, err = run(str(path), "--base-url", "https://api.example.org")
    assert (code, out) == (2, "")
    assert f"binding.yaml:{line}: nothing was sent" in err


@pytest.mark.parametrize(
    ("content", "words"),
    [("target: {\n", "binding.yaml:2:1: not well-formed YAML"), ("target: {name: x}\n", "base_url")],
)
def test_the_command_on_a_file_that_is_no_binding(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "binding.yaml"
    path.write_text(content)
    code, out, err = run(str(path))
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_supplied_people_are_used_and_never_lost(tmp_path: Path) -> None:
    """With `identities: supplied` nobody is invented, and no supplied account is deleted."""
    with SampleServer() as server:
        text = ORIGINAL.replace("identities: synthetic  ", "identities: supplied   ")
        path = tmp_path / "binding.yaml"
        path.write_text(text, encoding="utf-8")
        code, out, _ = run(str(path), "--base-url", server.url, "--json")
    outcomes = {each["operation"]: each for each in json.loads(out)["outcomes"]}
    assert code == 3
    assert outcomes["register"]["state"] == outcomes["delete_account"]["state"] == "not tried"
    assert "accounts.verified_adult" in outcomes["publish"]["message"] or "generate" in outcomes["publish"]["message"]
    assert outcomes["disclosures"]["state"] == "works"


def test_a_platform_without_generation_is_tried_completely() -> None:
    binding = load_binding(sample_binding("forms-platform"), environ={})
    with binding.connect(transport=AsgiTransport(create_app(variants=["forms-platform"]))) as provider:
        found = list(examine(binding, provider))
    assert {str(each.operation) for each in found} >= {"upload", "publish", "view", "report", "appeal"}
    assert {each.state for each in found} == {"works"}


def test_every_report_kind_is_tried(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, "report_kinds: [", "report_kinds: [no-such-kind, ")
    outcomes = {each.detail: each for each in examined(path) if each.operation == "report"}
    assert {"illegal", "rumour", "no-such-kind"} <= outcomes.keys()
    assert outcomes["illegal"].state == "works"
    assert outcomes["no-such-kind"].state != "works"


def test_a_receipt_that_the_status_loses_is_found(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, "receipt: ticket.receipt, reasons", "receipt: ticket.state, reasons")
    found = next(each for each in examined(path) if each.operation == "report_status")
    assert found.state == "faulty"
    assert "gave the receipt" in found.message
    whole = tmp_path / "whole.yaml"
    whole.write_text(ORIGINAL, encoding="utf-8")
    assert next(each for each in examined(whole) if each.operation == "report_status").state == "works"


def test_the_words_of_the_target_are_shown_beside_the_advice(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, "{id: account.id, credentials", "{id: account.number, credentials")
    found = next(each for each in examined(path) if each.operation == "register")
    assert ', and said: {"account": {' in found.message


def test_people_register_with_names_of_the_form_that_checks_use(tmp_path: Path) -> None:
    """A provider that refuses a form of name refuses it to the doctor too."""
    whole = tmp_path / "whole.yaml"
    whole.write_text(ORIGINAL, encoding="utf-8")
    binding = load_binding(whole)
    with binding.connect(transport=AsgiTransport(create_app())) as provider:
        list(examine(binding, provider))
        bodies = [each.request.body.decode() for each in provider.log if each.operation == "register"]
    with binding.connect(transport=AsgiTransport(create_app())) as provider:
        run_checks(provider, rules=["cn-dsp-2023/9.2"], examples=0)
        checked = [each.request.body.decode() for each in provider.log if each.operation == "register"]
    form = re.compile(r"\bt[0-9a-f]{10}\b")
    assert bodies
    assert all(form.search(body) for body in [*bodies, *checked])


@pytest.mark.parametrize("name", ["sample", "sample-store"])
def test_doctor_starts_a_sample_target_by_its_name(name: str) -> None:
    done = shenhe("doctor", name)
    assert done.exit_code == 0, done.output
    assert "works (" in done.stdout


def test_a_value_of_the_first_response_of_a_job_is_placed(tmp_path: Path) -> None:
    text = """\
accounts: {verified_adult: {id: application}}
operations:
  generate:
    path: /g
    method: POST
    extract: {id: data.id}
    poll: {path: "/jobs/{{ answer.data.id }}", until: done, every: 0}
    media: {text: text}
"""
    answers = {("POST", "/g"): {"data": {"id": "1"}}, ("GET", "/jobs/1"): {"done": True, "text": "春天"}}
    target = TARGET.replace("identities: synthetic", "identities: supplied")
    binding = bind(tmp_path, text, target=target)
    with talking(binding, Recorder(answers), sleep=lambda seconds: None) as provider:
        (outcome,) = examine(binding, provider)
    assert outcome.state == "faulty"
    assert '`{value: "{{ first.data.id }}"}`' in outcome.advice


def test_where_one_key_signs_for_all_an_account_is_named(tmp_path: Path) -> None:
    text = "operations:\n  generate: {path: /g, extract: {id: id}, media: {text: text}}\n"
    binding = bind(tmp_path, text, target=TARGET.replace("identities: synthetic", "identities: supplied"))
    with talking(binding, Recorder({})) as provider:
        (outcome,) = examine(binding, provider)
    assert "accounts: {verified_adult: {id: application}}" in outcome.advice


def test_a_host_of_files_that_is_not_reached_is_told_from_the_provider(tmp_path: Path) -> None:
    text = """\
accounts: {verified_adult: {id: application}}
operations:
  generate: {path: /g, method: POST, extract: {id: id}, media: {url: url}}
"""
    target = TARGET.replace("identities: synthetic", "identities: supplied") + "  media_hosts: [files.invalid]\n"
    body = b'{"id": "1", "url": "http://files.invalid/1.txt"}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with raw_server(lambda stream: stream.sendall(head + body)) as port:
        binding = bind(tmp_path, text, target=target.replace("127.0.0.1:9", f"127.0.0.1:{port}"))
        with binding.connect() as provider:
            (outcome,) = examine(binding, provider)
    assert outcome.state == "faulty"
    assert "link leads to a host that cannot be reached" in outcome.advice


def test_what_waits_for_one_operation_is_one_paragraph(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, "path: /v1/accounts\n", "path: /v1/acounts\n")
    with SampleServer() as server:
        code, out, _ = run(str(path), "--base-url", server.url)
    assert code == 2
    paragraphs = [line for line in out.splitlines() if "not tried: " in line]
    assert len(paragraphs) == len(set(paragraphs)) <= 4
    assert re.search(r"^– \d\d not tried: it needs account, which register", out, re.MULTILINE)
    listed = " ".join(out.split())
    assert all(name in listed for name in ("sign_in", "generate text text/plain", "view page", "report illegal"))
    assert "where one key signs for all" not in out, "register is bound: its own line is to be mended"


def test_a_reason_that_finds_nothing_gives_way_to_the_body(tmp_path: Path) -> None:
    path, _ = changed(
        tmp_path,
        'auth: {type: bearer, token: "{{ account.credentials.token }}"}',
        'auth: {type: bearer, token: "x{{ account.credentials.token }}"}',
    )
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("reason: error.code", "reason: to_string(nothing)"), encoding="utf-8")
    outcome = next(each for each in examined(path) if each.operation == "verify_identity")
    assert "401" in outcome.message
    assert "null" not in outcome.message
    assert ', and said: {"error"' in outcome.message
