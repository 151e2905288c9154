"""A binding is checked whole before anything is sent, and each fault is told by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from shenhe.conformance.bindings import BindingError, load_binding
from shenhe.conformance.entities import IdentityMethod
from shenhe.conformance.operations import TargetRole
from shenhe.conformance.provider import Operation
from shenhe.conformance.roles import operations_of
from shenhe.sample import sample_binding

from ..apps import TARGET, bind

GENERATE = "operations:\n  generate:\n    path: /g\n    extract: {id: id}\n"


def faults(tmp_path: Path, text: str, **options: object) -> list[str]:
    with pytest.raises(BindingError) as caught:
        bind(tmp_path, text, **options)  # type: ignore[arg-type]
    return str(caught.value).replace(str(tmp_path) + "/", "").splitlines()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("operation: {}\n" + GENERATE, 7, "found a field 'operation' that does not exist here, expected 'operations'"),
        (GENERATE + "    methud: GET\n", 11, "expected 'method'"),
        (GENERATE + "  generat:\n    path: /x\n", 11, "generat"),
        (GENERATE + "    json: {prompt: '{{ request.promt }}'}\n", 11, "found request.promt, expected one of: "),
        (
            GENERATE + "    json: {prompt: '{{ prompt }}'}\n",
            11,
            "found the value 'prompt', expected one of: account, carried, clock, constants, markers, nonce, now, omit, request",
        ),
        (GENERATE + "    json: {prompt: '{{ request.prompt '}\n", 11, "found a template that cannot be read"),
        (GENERATE + "    json: {prompt: '{{ ${KEY} }}'}\n", 11, "found"),
        (GENERATE + "    reason: 'error[['\n", 11, "expected a JMESPath expression"),
        (
            GENERATE + "    media: {url: a, text: b}\n",
            11,
            "found url and text, expected exactly one of body, base64, hex, url, urls, text, zip, part",
        ),
        (GENERATE + "    json: {}\n    form: {}\n", 9, "found json and form, expected at most one"),
        (
            GENERATE + "    headers: {X: '${NOT_SET_ANYWHERE}'}\n",
            11,
            "found no value for ${NOT_SET_ANYWHERE}, expected it in the environment",
        ),
        ("operations:\n  generate:\n    path: /g\n", 8, "found no extract.id"),
        ("operations:\n  generate:\n    path: g\n    extract: {id: id}\n", 9, "path"),
        ("operations:\n  fetch:\n    path: /f\n", 8, "such as media: body"),
        (
            GENERATE + "    variants:\n      - when: {surface: page}\n        path: /p\n",
            12,
            "found 'surface', expected one of: service",
        ),
        (
            (
                "operations:\n  generate:\n    extract: {id: id}\n    variants:\n      - when: {service: voice}\n      "
                "  path: /v\n"
            ),
            8,
            "no variant for service text",
        ),
        (
            "consents: {c: {id: '1', subject: nobody, scope: face}}\n" + GENERATE,
            7,
            "found 'nobody', expected a role of subjects",
        ),
        (GENERATE + "    extract: {id: id, colour: c}\n", 11, "found the key a second time"),
        ("auth: {type: beerer, token: x}\n" + GENERATE, 7, "bearer"),
        (
            (
                "auth: {type: bearer, token: '{{ account.credentials.token }}'}\n"
                "operations:\n  register:\n    path: /a\n    extract: {id: id}\n"
            ),
            7,
            "operations.register.extract.credentials (or login) to say where token is",
        ),
    ],
)
def test_a_mistake_is_reported_with_line_and_expectation(tmp_path: Path, text: str, line: int, words: str) -> None:
    told = faults(tmp_path, text)
    assert any(each.startswith(f"binding.yaml:{line}:") and words in each for each in told), told


def test_malformed_yaml_is_reported_by_line_and_column(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, "operations:\n  generate: {path: /g\n")
    assert told.startswith("binding.yaml:9:1: not well-formed YAML")


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    told = faults(tmp_path, GENERATE + "    reason: '[['\n    notice: '(('\n    query: {q: '{{ nothing }}'}\n")
    assert [each.split(":")[1] for each in told] == ["11", "12", "13"]


def test_a_file_that_is_not_there_is_a_binding_error(tmp_path: Path) -> None:
    with pytest.raises(BindingError, match="cannot be read"):
        load_binding(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    "content", [b"", b"[1, 2]", b"\xff\xfe\x00", b"a: &x 1\nb: *x\n", b"!!python/object:os.system {}\n"]
)
def test_a_file_that_is_not_a_binding_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "binding.yaml"
    path.write_bytes(content)
    with pytest.raises(BindingError):
        load_binding(path)


def test_a_secret_too_short_to_redact_is_refused(tmp_path: Path) -> None:
    text = GENERATE + "    headers: {X: '${KEY}'}\n"
    (told,) = faults(tmp_path, text, environ={"KEY": "42"})
    assert "too short" in told
    assert bind(tmp_path, text, environ={"KEY": "王伟"})


def test_no_message_repeats_a_secret(tmp_path: Path) -> None:
    text = "accounts: {verified_adult: {id: a, credentials: '${PASSWORD}'}}\n" + GENERATE
    told = faults(tmp_path, text, environ={"PASSWORD": "hunter2hunter2"})
    assert "hunter2" not in "\n".join(told)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/",
        "http://",
        "http://user:pw@host/",
        "https://host/?q=1",
        "http://ho st/",
        "http://h:99999",
        "file:///etc/passwd",
    ],
)
def test_a_base_url_that_is_no_plain_http_is_refused(tmp_path: Path, url: str) -> None:
    binding = bind(tmp_path, GENERATE)
    with pytest.raises(BindingError, match="base URL"):
        binding.connect(url)


def test_a_missing_base_url_is_reported_when_connecting(tmp_path: Path) -> None:
    binding = bind(tmp_path, GENERATE, target=TARGET.replace("http://127.0.0.1:9", "${NOT_SET_ANYWHERE}"))
    with pytest.raises(BindingError, match=r"binding\.yaml:3.*NOT_SET_ANYWHERE"):
        binding.connect()
    with binding.connect("http://127.0.0.1:1") as provider:
        assert provider.loopback


def test_loopback_is_recognised(tmp_path: Path) -> None:
    binding = bind(tmp_path, GENERATE)
    for url, here in (
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("https://api.example.org/v1", False),
        ("http://10.0.0.1", False),
    ):
        with binding.connect(url) as provider:
            assert provider.loopback is here, url


def test_the_sample_binding_covers_the_sample() -> None:
    binding = load_binding(sample_binding())
    offered = binding.capabilities.operations
    of_stores = operations_of([TargetRole.STORE]) - operations_of([TargetRole.PROVIDER, TargetRole.PLATFORM])
    assert set(Operation) - offered - of_stores == {
        Operation.UNPUBLISH,
        Operation.SHARE,
        Operation.DETECT,
        Operation.DECIDE,
    }
    assert IdentityMethod.USCC in binding.capabilities.identity_methods
    assert len(binding.sha256) == 64


def test_ready_made_people_come_from_the_environment(tmp_path: Path) -> None:
    text = """\
accounts: {verified_adult: {id: a1, credentials: {token: '${TOKEN}'}}}
identities: {verified_adult: {method: id-card, number: '${NUMBER}', name: '${NAME}'}}
subjects: {subject: {id: s1, minor: true}}
consents: {subject_face: {id: c1, subject: subject, scope: face}}
"""
    environ = {"TOKEN": "secret-token", "NUMBER": "110101199003070011", "NAME": "王伟"}
    ready = bind(tmp_path, text + GENERATE, environ=environ).ready_made
    assert ready.accounts["verified_adult"].credentials == {"token": "secret-token"}
    assert ready.identities["verified_adult"].number == environ["NUMBER"]
    assert ready.consents["subject_face"].subject.minor
    assert "secret-token" not in repr(ready.accounts)
