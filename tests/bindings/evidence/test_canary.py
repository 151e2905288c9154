"""A provider that repeats every secret in every form and puts escapes and markup into every string: nothing of it is
live in any output.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from rich.console import Console

from shenhe.conformance import NotConformantError
from shenhe.conformance.bindings import AsgiTransport
from shenhe.conformance.bindings.doctor.doctor import examine
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.evidence.disguises import forms
from shenhe.conformance.report import Report
from shenhe.reports.formats.arazzo import arazzo_of
from shenhe.reports.formats.github import step_summary, workflow_commands
from shenhe.reports.formats.gitlab import code_quality
from shenhe.reports.formats.har import har
from shenhe.reports.formats.junit import junit
from shenhe.reports.formats.oscal import assessment_results
from shenhe.reports.formats.sarif import sarif
from shenhe.reports.pages.page import render_page
from shenhe.reports.terminal.summary import print_check_summary
from shenhe.rulebook import load_rulebook

from ..apps import Recorder, bind

SECRETS = {
    "CLIENT_SECRET": "canary-client-secret/+=&é",
    "API_KEY": "canary-api-key-0123456789",
    "ADULT_PASSWORD": 'canary"password<b>王',
    "ADULT_NUMBER": "11010119900307001X",
    "ACCESS": "canary-access-token-abcdef",
    "SESSION": "canary-session-token-uvwxyz",
}
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'` [red]x[/red] ]]>&amp;"
    " ::error::gotcha\r\n::set-output name=x::y \x1b[2J\x1b]8;;http://evil.example\x07 \x9b31m \u202eevil\u2066"
    " \u200b\x00\x08 {{ 7*7 }} ${HOME} javascript:alert(3) <!--"
)
TARGET = """\
target:
  name: "Canary </script><script>alert(1)</script> \\e[31m \\u202e [red] {{ 7*7 }}"
  base_url: http://127.0.0.1:9
  environment: test
  services: {text: [text/plain]}
  disclosure_topics: [rules, agreement]
"""
BINDING = """\
auth: {type: oauth2, token_url: /token, client_id: us, client_secret: '${CLIENT_SECRET}'}
login: {path: /login, json: {p: '{{ account.credentials.password }}'}, extract: {credentials: {session: session}}}
accounts: {verified_adult: {id: adult, credentials: {password: '${ADULT_PASSWORD}'}}}
identities: {verified_adult: {method: id-card, number: '${ADULT_NUMBER}'}}
operations:
  generate:
    path: /g
    query: {key: '${API_KEY}'}
    headers: {X-Session: '{{ account.credentials.session if account else none }}'}
    auth: {type: oauth2, token_url: /token, client_id: '{{ account.id }}', client_secret: '${CLIENT_SECRET}'}
    json: {prompt: '{{ request.prompt }}'}
    extract: {id: id}
    reason: error
    notice: notice
    media: {text: text}
  verify_identity: {path: /i, json: {n: '{{ identity.number }}'}, headers: {X: '{{ account.credentials.session }}'}}
  publish:
    path: /p
    auth: {type: header, name: X-Session, value: '{{ account.credentials.session }}'}
    json: {t: '{{ title }}'}
    extract: {id: id}
  disclosures: {path: '/d/{{ topic }}', auth: {type: none}}
"""


class Parrot(Recorder):
    """Repeats all secrets that it was given or gave out so far."""

    def __init__(self) -> None:
        places = [
            (method, path) for method in ("GET", "POST") for path in ("/g", "/i", "/p", "/d/rules", "/d/agreement")
        ]
        super().__init__(dict.fromkeys(places, self.echo))
        self.given = {name: secret for name, secret in SECRETS.items() if name not in {"ACCESS", "SESSION"}}
        self.answers["POST", "/token"] = lambda asked: self.give("ACCESS", "access_token")
        self.answers["POST", "/login"] = lambda asked: self.give("SESSION", "session")

    def give(self, name: str, key: str) -> Any:
        self.given[name] = SECRETS[name]
        return {key: SECRETS[name], "echo": list(self.given.values())}

    def echo(self, asked: dict[str, Any]) -> Any:
        return echo(self.given)


def echo(secrets: dict[str, str]) -> Any:
    """What is secret, in many spellings, next to everything hostile; in values, keys and headers."""
    told: dict[str, Any] = {"id": HOSTILE, "text": HOSTILE, "error": HOSTILE, "notice": HOSTILE, HOSTILE: HOSTILE}
    for name, secret in secrets.items():
        spelt = [
            secret,
            quote(secret, safe=""),
            json.dumps(secret),
            base64.b64encode(f"u:{secret}".encode()).decode(),
            f"a{secret}b",
        ]
        told |= {name: spelt, secret: {secret: spelt}}
        told["text"] += " ".join(spelt)
        told["notice"] += secret
        told["error"] += secret
    headers = {
        "x-key": SECRETS["API_KEY"],
        "set-cookie": f"sid={secrets.get('SESSION')}",
        "x-hostile": "<script>alert(1)</script> \x1b[2J".replace("\x1b", ""),
    }
    return 200, {"content-type": "application/json", **headers}, json.dumps(told).encode()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, dict[str, str]]:
    """The report of a run, and every output there is as text."""
    app = Parrot()
    environ = {name: SECRETS[name] for name in ("CLIENT_SECRET", "API_KEY", "ADULT_PASSWORD", "ADULT_NUMBER")}
    binding = bind(tmp_path_factory.mktemp("canary"), BINDING, target=TARGET, environ=environ)
    with binding.connect(transport=AsgiTransport(app)) as provider:
        report = run_checks(provider, rules=["cn-labeling-2025/*", "cn-dsp-2023/*"], examples=2)
        doctor = [repr(outcome) for outcome in examine(binding, provider)]
        log = repr(provider.log)
    return report, {
        **rendered(report),
        "doctor": "\n".join(doctor),
        "log": log,
        "arazzo": plain(arazzo_of(binding.file, "b", "o", "/")),
    }


def plain(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


def rendered(report: Report) -> dict[str, str]:
    screen = io.StringIO()
    print_check_summary(report, console=Console(file=screen, force_terminal=True, width=200))
    views: dict[str, Callable[[], str]] = {
        "report.json": report.model_dump_json,
        "terminal": screen.getvalue,
        "junit": lambda: junit(report).decode(),
        "sarif": lambda: plain(sarif(report, load_rulebook().rules)),
        "har": lambda: plain(har(report)),
        "oscal": lambda: plain(assessment_results(report, "ee" * 32)),
        "html": lambda: render_page([report]),
        "github-annotations": lambda: workflow_commands(report),
        "github-summary": lambda: step_summary(report),
        "gitlab": lambda: plain(code_quality(report)),
        "assertion": lambda: str(NotConformantError(report)),
        "curl": lambda: "\n".join(check.finding.curl for check in report.checks if check.finding),
        "pytest": lambda: "\n".join(check.finding.pytest for check in report.checks if check.finding),
    }
    return {name: view() for name, view in views.items()}


OUTPUTS = (
    "report.json",
    "terminal",
    "junit",
    "sarif",
    "har",
    "oscal",
    "html",
    "github-annotations",
    "github-summary",
    "gitlab",
    "assertion",
    "curl",
    "pytest",
)


def test_there_is_something_to_leak(results: tuple[Report, dict[str, str]]) -> None:
    report, _ = results
    findings = [check.finding for check in report.checks if check.finding]
    assert findings
    steps = [step for finding in findings for step in finding.steps]
    assert any("${CLIENT_SECRET}" in step.response_body for step in steps)
    assert any("${access_token_1}" in value for step in steps for value in step.request_headers.values())
    assert any("${API_KEY}" in step.url for step in steps)


@pytest.mark.parametrize("output", [*OUTPUTS, "doctor", "log", "arazzo"])
def test_no_secret_is_in_any_output_in_any_form(results: tuple[Report, dict[str, str]], output: str) -> None:
    text = results[1][output].encode("utf-8", "surrogatepass")
    for name, secret in SECRETS.items():
        for form in forms(secret):
            assert form not in text, f"{name} as {form!r} in {output}"
    assert b"canary-" not in text


@pytest.mark.parametrize("output", [*OUTPUTS, "doctor"])
def test_no_output_contains_terminal_escapes(results: tuple[Report, dict[str, str]], output: str) -> None:
    text = results[1][output]
    if output == "terminal":
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)  # the colours are ours
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", text)
    if output == "terminal":
        assert "\x1b]8" not in results[1][output]


def test_no_markup_of_the_provider_is_live(results: tuple[Report, dict[str, str]]) -> None:
    page = results[1]["html"]
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "onerror=alert(2)>" not in re.sub(r"&lt;.*?&gt;", "", page)
    assert "<script>alert" not in results[1]["junit"].replace("&lt;", "")
    assert "\n::set-output" not in results[1]["github-annotations"]
    summary = results[1]["github-summary"]
    assert "<script>alert" not in re.sub(r"(?s)(`{3,}).*?\1", "", summary)


def test_a_template_in_an_answer_is_text(results: tuple[Report, dict[str, str]]) -> None:
    assert all("Canary" not in text or "x 49" not in text for text in results[1].values())
