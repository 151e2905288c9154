"""What requests share, and requests that are written without being sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shenhe.conformance.bindings import BindingError, HttpProvider
from shenhe.conformance.entities import Account, Content, GenerationRequest, Media, Publication
from shenhe.conformance.provider import Accepted, Operation, Refused
from shenhe.rulebook import Service

from ..apps import TARGET, Recorder, bind, talking

ONE_ADDRESS = """\
defaults:
  path: /rpc
  json: {version: 2, session: none}
operations:
  register:
    json: {method: user.create, name: "{{ profile.username }}"}
    extract: {id: id}
  generate:
    json: {method: text.make, session: own, prompt: "{{ request.prompt }}"}
    extract: {id: id}
    media: {text: id}
  upload:
    body: "{{ media.data }}"
    extract: {id: id}
  reset: {}
  view:
    path: /pages/{{ publication.id }}
    method: GET
"""


def _text(prompt: str) -> GenerationRequest:
    return GenerationRequest(Service.TEXT, "text/plain", prompt)


def test_one_address_and_one_envelope_are_written_once(tmp_path: Path) -> None:
    app = Recorder()
    with talking(bind(tmp_path, ONE_ADDRESS), app) as provider:
        provider.register({"username": "li"})
        provider.generate(None, _text("hello"))
        provider.reset()
    assert {(each["method"], each["path"]) for each in app.asked} == {("POST", "/rpc")}
    assert [json.loads(each["body"]) for each in app.asked] == [
        {"version": 2, "session": "none", "method": "user.create", "name": "li"},
        {"version": 2, "session": "own", "method": "text.make", "prompt": "hello"},
        {"version": 2, "session": "none"},
    ]


def test_a_request_with_its_own_address_or_body_takes_neither_from_the_defaults(tmp_path: Path) -> None:
    app = Recorder({("GET", "/pages/p1"): (200, {"content-type": "text/plain"}, b"page")})
    with talking(bind(tmp_path, ONE_ADDRESS), app) as provider:
        provider.upload(None, Media(b"bytes", "text/plain"), declared=False)
        provider.view(None, Publication("p1"))
    assert [(each["method"], each["path"], each["body"]) for each in app.asked[:1]] == [("POST", "/rpc", b"bytes")]
    assert (app.asked[1]["method"], app.asked[1]["path"]) == ("GET", "/pages/p1")


@pytest.mark.parametrize("shared", ["json: [1]", "extract: {id: id}", "url: http://127.0.0.1:9/a", "body: text"])
def test_unshared_keys_in_defaults_are_refused(tmp_path: Path, shared: str) -> None:
    text = f"defaults:\n  {shared}\noperations:\n  reset: {{path: /reset}}\n"
    with pytest.raises(BindingError, match=r"binding.yaml:8:\d+: defaults"):
        bind(tmp_path, text)


def test_a_preview_shows_every_step_and_sends_none(tmp_path: Path) -> None:
    text = """\
operations:
  register:
    steps:
      - name: sms
        path: /sms
        json: {phone: fixed}
        extract: {code: code}
    path: /users
    json: {code: "{{ steps.sms.code }}", name: "{{ profile.username }}", badge: "{{ profile.verified | default(omit) }}"}
    extract: {id: id}
"""
    app = Recorder()

    def written(provider: HttpProvider, **profile: str) -> object:
        return provider.preview(lambda other: other.register({"username": "li", **profile}))

    with talking(bind(tmp_path, text), app) as provider:
        plain, again, claimed = written(provider), written(provider), written(provider, verified="true")
        assert app.asked == []
    assert plain == again
    assert plain != claimed, "the claim is in the request after the step"
    assert isinstance(plain, tuple)
    assert [each[1].removeprefix("http://in-process") for each in plain] == ["/sms", "/users"]


def test_fields_of_a_page_are_spread_over_a_multipart_form(tmp_path: Path) -> None:
    text = """\
operations:
  upload:
    steps:
      - {name: page, path: /upload, extract: {fields: {form: form}}}
    path: /upload
    multipart:
      "...": "{{ steps.page.fields }}"
      file: {data: "{{ media.data }}", filename: a.txt, type: text/plain}
    accept_status: 303
    refuse_when: {css: p.error}
    reason: {css: p.error}
    extract: {id: {header: Location}}
"""
    page = b'<form><input type="hidden" name="csrf" value="t1"><input type="hidden" name="lang" value="zh"></form>'
    refused = b'<p class="error">too large</p>'
    answers: dict[tuple[str, str], object] = {
        ("GET", "/upload"): (200, {"content-type": "text/html"}, page),
        ("POST", "/upload"): (303, {"location": "/d/1"}, b""),
    }
    app = Recorder(answers)
    with talking(bind(tmp_path, text), app) as provider:
        assert isinstance(provider.upload(None, Media(b"hello", "text/plain"), declared=False), Accepted)
        body = app.asked[-1]["body"]
        assert b'name="csrf"\r\n\r\nt1\r\n' in body
        assert b'name="lang"\r\n\r\nzh\r\n' in body
        assert b'name="..."' not in body
        answers["POST", "/upload"] = (200, {"content-type": "text/html"}, refused)
        no = provider.upload(None, Media(b"hello", "text/plain"), declared=False)
    assert isinstance(no, Refused), "a page that says no, where a redirect would have been a yes"
    assert no.reason == "too large"


def test_a_200_that_reports_absence_is_no_mere_refusal(tmp_path: Path) -> None:
    text = """\
defaults:
  path: /rpc
  refuse_when: "code != `0`"
  absent_when: {json: code, in: [40401]}
operations:
  disclosures: {json: {page: "{{ topic }}"}}
"""
    answers: dict[tuple[str, str], object] = {("POST", "/rpc"): {"code": 40401}}
    with talking(bind(tmp_path, text), Recorder(answers)) as provider:
        absent = provider.disclosures("rules")
        answers["POST", "/rpc"] = {"code": 40301}
        refused = provider.disclosures("rules")
    assert isinstance(absent, Refused)
    assert isinstance(refused, Refused)
    assert (absent.no_such_thing, refused.no_such_thing) == (True, False)


@pytest.mark.parametrize(
    ("auth", "request_line", "named"),
    [
        ("{type: bearer, token: '{{ account.credentials.t }}'}", "json: {who: '{{ account.id }}'}", True),
        ("{type: none}", "json: {who: '{{ account.id }}', session: '{{ account.credentials.t }}'}", True),
        ("{type: none}", "json: {session: '{{ account.credentials.t }}'}", False),
        ("{type: none}", "json: {who: '{{ account.id }}'}", False),
    ],
)
def test_credentials_in_a_body_can_be_tried_for_another_account(
    tmp_path: Path, auth: str, request_line: str, named: bool
) -> None:
    text = f"""\
auth: {auth}
operations:
  register:
    path: /people
    auth: {{type: none}}
    method: POST
    extract: {{id: id, credentials: {{t: id}}}}
  publish:
    path: /posts
    {request_line}
    extract: {{id: id}}
"""
    app = Recorder()
    with talking(bind(tmp_path, text), app) as provider:
        assert (Operation.PUBLISH in provider.capabilities.accounts_named) is named
        if "session" in request_line:
            owner, other = Account("owner", {"t": "own"}), Account("other", {"t": "foreign"})
            provider.publish(Account(owner.id, owner.credentials, signed_by=other), Content("c"), "title")
            assert json.loads(app.asked[-1]["body"])["session"] == "foreign"


def test_declared_surfaces_and_topics_that_no_call_names_are_listed(tmp_path: Path) -> None:
    target = TARGET + "  surfaces: [page, share]\n  disclosure_topics: [rules]\n  report_kinds: [illegal]\n"
    text = """\
operations:
  view: {path: "/p/{{ publication.id }}/{{ surface }}"}
  disclosures: {path: "/about/{{ topic }}"}
"""
    app = Recorder()
    with talking(bind(tmp_path, text, target=target), app) as provider:
        provider.preview(lambda other: other.view(None, Publication("p"), "share"))
        provider.view(None, Publication("p"), "page")
        unused = provider.unused()
    assert unused == [
        "binding.yaml:12: operations.disclosures",
        "target.surfaces: share",
        "target.disclosure_topics: rules",
    ]
