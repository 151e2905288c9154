"""A wrong value of each part of the language: the error names the line and the path, and what to write instead.

The bindings are the recipes of docs/binding-recipes.md, each with one line made wrong.
"""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.conformance.bindings import BindingError, load_binding
from shenhe.conformance.bindings.language.mistakes import KNOWN
from shenhe.core.document import read_yaml

from ...docs.pages import PAGES, blocks
from ..apps import TARGET, bind

ABSENT = object()
#: By the part of the language: the recipe, the place, the wrong value there, and what the error says.
CASES: dict[str, tuple[str, str, Any, str]] = {
    "step without a name": ("RPC gateway", "operations.register.steps.0.name", ABSENT, "expected one for 'name'"),
    "step that is not there": (
        "RPC gateway", "operations.register.json.code", "{{ steps.smss.code }}",
        "found steps.smss.code, expected one of: steps.sms.code",
    ),
    "value of a step": (
        "RPC gateway", "operations.register.json.code", "{{ steps.sms.cod }}",
        "found steps.sms.cod, expected one of: steps.sms.code",
    ),
    "condition in JMESPath": (
        "RPC gateway", "operations.generate.poll.until", "data.state = 'DONE'", "expected a JMESPath expression",
    ),
    "key of a condition": (
        "RPC gateway", "operations.generate.poll.failed", {"json": "data.state", "inn": ["x"]},
        "found a field 'inn' that does not exist here, expected 'in'",
    ),
    "test without a subject": (
        "RPC gateway", "operations.generate.poll.failed", {"in": ["x"]}, "found in without a source, expected one of json",
    ),
    "two subjects": (
        "RPC gateway", "operations.generate.poll.failed", {"json": "a", "header": "b", "is": 1},
        "found json and header, expected one source",
    ),
    "class of statuses": (
        "RPC gateway", "operations.generate.poll.failed", {"status": "6xx"},
        "status: found '6xx', expected '1xx', '2xx', '3xx', '4xx' or '5xx' (did you mean '5xx'?)",
    ),
    "list of a condition": (
        "RPC gateway", "defaults.unavailable_when", {"json": "code", "in": 50001}, "found 50001, expected a list",
    ),
    "condition of a source": (
        "Companion", "operations.chat.extract.ended", {"when": {"json": "state", "conatins": "over"}},
        "found a field 'conatins' that does not exist here, expected 'contains'",
    ),
    "selector": ("Forum", "operations.view.extract.text", {"css": "article >> h1"}, "expected a CSS selector"),
    "key of a source": (
        "Forum", "operations.view.extract.text", {"css": "h1", "al": True},
        "found a field 'al' that does not exist here, expected 'all'",
    ),
    "key of pages": (
        "Forum", "operations.search.pages.next", {"css": "a", "attr": "href"}, "'attr' that does not exist here, expected 'attribute'",
    ),
    "host": ("Presigned", "operations.edit.host", "jbos", "found 'jbos', expected one of: jobs"),
    "key of auth": ("RPC gateway", "auth.type", "haeder", "found 'haeder', expected one of: none, bearer, header"),
    "credential": (
        "RPC gateway", "auth.value", "{{ account.credential.token }}",
        "found account.credential, expected one of: account.credentials, account.id",
    ),
    "hash of a signature": ("Signed gateway", "auth.algorithm", "sha3", "(did you mean 'sha1'?)"),
    "encoding of a signature": ("Signed gateway", "auth.encoding", "b64", "(did you mean 'base64'?)"),
    "canonical string": ("Signed gateway", "auth.string", "{{ http.metod }}", "found http.metod, expected one of: http.body"),
    "place of a signature": ("Signed gateway", "auth.header", ABSENT, "expected exactly one of header, query_name, field"),
    "hash of a filter": (
        "Sorted fields", "auth.string", "{{ 'x' | hmac('k', 'sha999') }}", "found the hash 'sha999', expected one of: md5, sha1",
    ),
    "encoding of a filter": (
        "Sorted fields", "auth.string", "{{ 'x' | sha256('b64') }}", "found the encoding 'b64', expected hex, HEX, base64",
    ),
    "grant": ("OAuth", "auth.0.grant", "code", "expected 'client_credentials', 'password' or 'refresh_token'"),
    "directive of a date": (
        "Sorted fields", "auth.fields.timestamp", "{{ now | date('%Q') }}", "found '%Q' in the date format '%Q', expected",
    ),
    "date format": (
        "Sorted fields", "auth.fields.timestamp", "{{ now | date('YYYY-MM-DD') }}",
        "found the date format 'YYYY-MM-DD' without %, expected one such as %Y-%m-%d",
    ),
    "zone": (
        "Sorted fields", "auth.fields.timestamp", "{{ now | date('%Y', zone='Asia/Beijing') }}",
        "found the time zone 'Asia/Beijing', expected a name such as Asia/Shanghai",
    ),
    "argument of a filter": (
        "Sorted fields", "auth.fields.timestamp", "{{ now | date('%Y', hourz=1) }}",
        "found the argument 'hourz' of the filter date, expected form, zone, hours, days",
    ),
    "test of a filter": (
        "Platform",
        "operations.unpublish.path",
        "/p/{{ [publication] | selectattr('id', 'contain', publication.id) | first }}",
        "found the test 'contain', expected 'contains'",
    ),
    "filter": ("Platform", "operations.unpublish.path", "/p/{{ publication.id | segment }}", "the filter 'segment', expected 'segments'"),
    "constant": ("Platform", "operations.detect.multipart.probe.data", "{{ constants.pixl }}", "expected constants.pixel"),
    "bytes of a constant": ("Platform", "constants.pixel", {"hex": "zz"}, "expected hexadecimal digits"),
    "marker in a template": (
        "Platform", "operations.generate.json.prompt", "{{ markers.unlawful }}", "expected it under target.markers",
    ),
    "place of a marker": (
        "Platform", "target.markers", {"unlawful": {"phrase": "x", "place": "middle"}}, "expected 'start', 'end' or 'anywhere'",
    ),
    "option": (
        "Platform", "operations.generate.json.length", "{{ request.options.lenght }}", "expected request.options.length",
    ),
    "input": (
        "Platform", "operations.generate.json.avoid", "{{ request.inputs.negativ }}", "expected request.inputs.negative",
    ),
    "way to publish": ("Platform", "operations.publish.variants.0.when.way", "fed", "found no variant for way feed"),
    "role of an account": ("Platform", "accounts.moderater", {"id": "m"}, "which no check looks for, expected 'moderator'"),
    "kind of report": ("Platform", "target.report_kinds", ["illegl"], "expected 'illegal'"),
    "states": ("Platform", "operations.decide.states", {"removed": ["x"]}, "expected one of: received, upheld, rejected"),
    "carried value": (
        "Channel", "operations.publish.multipart.ai", "{{ carried.content.made_by_ia }}", "expected one of: carried.content.made_by_ai",
    ),
    "file of a form": ("Channel", "operations.publish.multipart.file.dat", "x", "found 'dat', expected data, and filename"),
    "callback without a receiver": (
        "Callback", "operations.generate.json.notify", "x", "found a callback that the request does not ask for, expected {{ callback.url }}",
    ),
    "receiver without a callback": (
        "RPC gateway", "operations.generate.json.notify", "{{ callback.url }}", "found the value 'callback', expected one of",
    ),
    "signature of a callback": (
        "Callback", "operations.generate.poll.signature.string", "{{ http.bdy }}", "found http.bdy, expected one of: http.body",
    ),
    "query of GraphQL": ("GraphQL", "operations.generate.graphql.qery", "x", "'qery' that does not exist here, expected 'query'"),
    "end of lines by a name": (
        "Streams",
        "operations.generate.variants.0.stream.done_event",
        ["end"],
        "found done_event with format: lines, expected done or done_when",
    ),
    "end of messages by a name": (
        "Streams",
        "operations.generate.variants.1.stream.done_event",
        ["end"],
        "found done_event with websocket, expected done or done_when",
    ),
    "pieces of a stream": ("Streams", "operations.generate.variants.0.stream.format", "line", "(did you mean 'lines'?)"),
    "media": ("RPC gateway", "operations.generate.media", {"base46": "data.image"}, "expected 'base64'"),
    "operation": ("RPC gateway", "operations.generat", {"path": "/x"}, "(did you mean 'generate'?)"),
    "service": ("RPC gateway", "target.services", {"txt": ["text/plain"]}, "(did you mean 'text'?)"),
    "environment": ("A service with unusual habits", "environments.local.base_ur", "x", "expected 'base_url'"),
}  # fmt: skip

#: Where the error stands if not at the place that is wrong.
ELSEWHERE = {
    "way to publish": "operations.publish",
    "callback without a receiver": "operations.generate.poll.callback",
    "file of a form": "operations.publish.multipart.file",
}


#: A whole binding, of which one line each is wrong.
WHOLE = """\
target:
  name: T
  base_url: https://api.example
  environment: test
  services: {text: {media: [text/plain], options: {loud: [true, false]}}}
  edit_scopes: [face]
  personas: [kin]
  auth_hosts: [sso.example]
auth:
  - {type: header, name: X-Date, value: now}
  - {type: signature, key: k, string: "{{ http.headers['x-date'] }}", header: X-Sign}
accounts: {moderator: {id: m}}
subjects: {subject: {id: s}}
consents: {subject_face: {id: c, subject: subject, scope: face}}
limits: {timeout: 5}
operations:
  register: {path: /r, json: {agree: true, flag: "no"}, extract: {id: id}}
  generate:
    path: /g
    accept_when: {json: ok, is: true}
    extract: {id: id}
    variants: [{when: {service: text}, path: /g/text}]
  edit: {path: /e, form: {}, extract: {id: id}, variants: [{when: {scope: face}, path: /e/face}]}
  chat: {path: /c, form: {}, extract: {id: id}, variants: [{when: {persona: kin}, path: /c/kin}]}
  decide: {path: /d, form: {}, variants: [{when: {upheld: true}, path: /d/up}]}
"""
#: By what is meant wrongly: the text, what replaces it, the line of the error, and what the error says.
MEANINGS: dict[str, tuple[str, str, str]] = {
    "header in capitals": ("headers['x-date']", "headers['X-Date']", "expected http.headers['x-date']"),
    "header that no request has": ("headers['x-date']", "headers['x-dat']", "which no request has, expected one of"),
    "word for true": ("agree: true", "agree: yes", "found yes without quotes, which is a text here; write true, or 'yes'"),
    "word in an option": ("loud: [true, false]", "loud: [on, off]", "found off without quotes"),
    "word in a condition": ("json: ok, is: true", "json: ok, is: yes", "write true"),
    "word of a switch": ("upheld: true", "upheld: 'yes'", "found 'yes', expected true or false"),
    "truth as a number": ("timeout: 5", "timeout: true", "found true, expected a number"),
    "truth as a name": ("scope: face}, path", "scope: true}, path", "found true, expected a name"),
    "service that is not there": ("service: text", "service: txt", "(did you mean 'text'?)"),
    "scope of a variant": ("scope: face}, path", "scope: fcae}, path", "(did you mean 'face'?)"),
    "scope of a consent": ("scope: face}}", "scope: hair}}", "found 'hair', expected one of: face"),
    "base URL": ("https://api.example", "api.example", "expected one such as https://api.example.com/v1"),
    "template in an account": ("{id: m}", '{id: "{{ nonce }}"}', "found the template '{{ nonce }}', expected a plain value"),
    "template in a condition": ("json: ok, is: true", "json: ok, is: '{{ request.prompt }}'", "no template is filled in here"),
    "file of an authority": ("limits:", "tls: {ca: absent.pem}\nlimits:", "the file cannot be read (No such file"),
    "host of tokens": (
        "auth:\n", 'auth:\n  - {type: oauth2, token_url: "https://sso.exmaple/t", client_id: c, client_secret: "${S}"}\n',
        "found the host 'sso.exmaple', expected the provider's own or sso.exmaple under target.auth_hosts",
    ),
    "port of tokens": (
        "auth:\n", 'auth:\n  - {type: oauth2, token_url: "https://sso.example:8443/t", client_id: c, client_secret: "${S}"}\n',
        "found the host 'sso.example:8443'",
    ),
    "name of a header": ("name: X-Date", "name: X Date", "found 'X Date'"),
}  # fmt: skip
#: What is lawful and has no effect: the text, what replaces it, and what is said.
DOUBTS: dict[str, tuple[str, str, str]] = {
    "no moderator": ("accounts: {moderator", "accounts: {reporter", "found decide without accounts.moderator"),
    "production": ("environment: test", "environment: production", "found production with the operation decide, which is for tests"),
    "personas without a chat": ("  chat: {path: /c, form: {}, extract: {id: id}, variants: [{when: {persona: kin}, path: /c/kin}]}\n", "", "target.personas: found personas without the operation chat"),
    "scope that is not declared": ("scope: face}, path", "scope: hair}, path", "target.edit_scopes does not declare"),
}  # fmt: skip


@cache
def recipes() -> dict[str, Any]:
    page = next(each for each in PAGES if str(each).endswith("binding-recipes.md"))
    found = (yaml.safe_load(block.text) for block in blocks(page) if block.language == "yaml")
    return {each["target"]["name"]: each for each in found}


def steps_of(place: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in place.split(".")]


def lines_of(text: str, place: str) -> set[int]:
    """The lines of a place of a document: of its key, its value and what is in it, or of what lacks it."""
    data, locate = read_yaml(text)
    steps = steps_of(place)
    inner: Any = data
    for step in steps:
        inner = inner[step] if isinstance(inner, list) or step in inner else None
        if inner is None:
            return {locate(steps[:-1]).line, locate(steps[:-1], key=True).line}
    first, last = locate(steps, key=True).line, locate(steps).line
    return set(range(first, last + len(yaml.safe_dump(inner).splitlines()) + 1))


def changed(document: Any, place: str, value: Any) -> Any:
    document = copy.deepcopy(document)
    *outer, last = steps_of(place)
    inner = document
    for step in outer:
        inner = inner[step]
    if value is ABSENT:
        del inner[last]
    else:
        inner[last] = value
    return document


@pytest.mark.parametrize("what", CASES)
def test_a_wrong_value_is_answered_with_its_line_and_what_to_write(what: str, tmp_path: Path) -> None:
    recipe, place, value, words = CASES[what]
    text = yaml.safe_dump(changed(recipes()[recipe], place, value), allow_unicode=True, sort_keys=False)
    path = tmp_path / "binding.yaml"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    names = re.findall(r"\$\{(\w+)", text)
    with pytest.raises(BindingError) as caught:
        load_binding(path, environ={name: "http://127.0.0.1:9" if "URL" in name else "value-1" for name in names})
    lines = [str(fault) for fault in caught.value.faults if words in str(fault)]
    assert lines, caught.value
    number = int(lines[0].removeprefix("binding.yaml:").partition(":")[0])
    assert number in lines_of(text, ELSEWHERE.get(what, place))


def written(tmp_path: Path, old: str, new: str) -> tuple[Path, set[int]]:
    """The whole binding with one text replaced, and the lines that the text is on."""
    assert WHOLE.count(old) == 1, old
    path = tmp_path / "binding.yaml"
    path.write_text(WHOLE.replace(old, new), encoding="utf-8")
    first = WHOLE[: WHOLE.index(old)].count("\n") + 1
    return path, set(range(first, first + new.count("\n") + 1))


@pytest.mark.parametrize("what", MEANINGS)
def test_a_value_of_wrong_meaning_is_answered(what: str, tmp_path: Path) -> None:
    old, new, words = MEANINGS[what]
    path, lines = written(tmp_path, old, new)
    with pytest.raises(BindingError) as caught:
        load_binding(path, environ={"S": "secret-1"})
    found = [fault for fault in caught.value.faults if words in str(fault)]
    assert found, caught.value
    assert found[0].mark.line in lines


@pytest.mark.parametrize("what", DOUBTS)
def test_what_has_no_effect_is_said(what: str, tmp_path: Path) -> None:
    old, new, words = DOUBTS[what]
    path, _ = written(tmp_path, old, new)
    assert any(words in str(doubt) for doubt in load_binding(path, environ={}).doubts)
    path, _ = written(tmp_path, "name: T", "name: T2")
    assert not load_binding(path, environ={}).doubts


def test_the_names_that_checks_look_for_are_those_of_the_samples() -> None:
    """A name that a shipped binding uses is known, or its near misses would be taken for others."""
    for path in sorted((Path(__file__).parents[3] / "sample").rglob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(data, dict) and isinstance(data.get("target"), dict):
            for group in ("accounts", "filings"):
                assert set(data.get(group, {})) <= KNOWN[group], path
            for group in ("markers", "report_kinds", "edit_scopes", "personas", "disclosure_topics"):
                assert set(data["target"].get(group, ())) <= KNOWN[group], path


@pytest.mark.parametrize(
    ("operation", "states", "expected"),
    [
        ("report_status", "recieved", "expected one of: received, upheld, rejected (did you mean 'received'?)"),
        ("report_status", "listed", "expected one of: received, upheld, rejected"),
        ("app_status", "in-reviw", "suspended, removed (did you mean 'in-review'?)"),
        ("generate", "upheld", "expected no states for this operation"),
    ],
)
def test_a_wrong_state_is_one_mistake_with_the_states_of_its_operation(
    tmp_path: Path, operation: str, states: str, expected: str
) -> None:
    keys = {"path": "/x", "extract": {"state": "state"}, "states": {states: ["x"]}}
    keys = keys if operation != "generate" else {**keys, "extract": {"id": "id"}}
    text = f"operations:\n  {operation}: {json.dumps(keys)}\n"
    with pytest.raises(BindingError) as failure:
        bind(tmp_path, text, target=f"{TARGET}  roles: [provider, platform, store]\n")
    (fault,) = failure.value.faults
    assert str(fault).endswith(expected)
    assert f"operations.{operation}.states.{states}" in str(fault)


def test_every_name_that_checks_look_for_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "binding.md").read_text(encoding="utf-8")
    section = page.partition("## Names that checks look for\n")[2].partition("\n## ")[0]
    for key, names in KNOWN.items():
        assert f"{key}`" in section
        assert [name for name in sorted(names) if f"`{name}`" not in section] == []
