"""The workflow of a binding: well-formed, with every reference to something that an earlier step or an input gives."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shenhe.conformance.bindings import Binding, load_binding
from shenhe.reports.formats.arazzo import arazzo_of
from shenhe.sample import sample_binding

from ..command_line import shenhe

TRICKY = """\
target: {name: "Odd \\u001b[31m", base_url: http://127.0.0.1:9, services: {text: [text/plain]}}
auth: {type: cookie, cookies: {sid: "{{ account.credentials.sid }}"}}
login: {path: /login, json: {u: "${LOGIN_USER}", p: "{{ account.credentials.password }}"}, extract: {credentials: {sid: {cookie: sid}}}}
operations:
  generate:
    method: POST
    path: /g/{{ 'a' if request.labelled else 'b' }}/x?mode=fast&user={{ account.id }}
    json: {prompt: "say {{ request.prompt }} twice", turns: "{{ request.turns | dialogue(request.prompt) }}", fixed: [1, true, null]}
    extract: {id: "items[0].id", carry: {thread: thread.id}}
    accept_when: code == `0`
    refuse_when: contains(words, 'no')
    poll: {path: "/jobs/{{ answer.id }}", until: done}
  publish:
    path: /p/{{ content.id }}/{{ carried.content.thread }}
    multipart: {file: {data: "{{ content.id }}", filename: f}}
    extract: {id: "max(ids)"}
  view: {path: "/p/{{ publication.id }}/{{ surface }}"}
"""


def tricky(tmp_path: Path) -> Binding:
    path = tmp_path / "binding.yaml"
    path.write_text(TRICKY, encoding="utf-8")
    return load_binding(path, environ={"LOGIN_USER": "user-name"})


def documents(binding: Binding) -> tuple[dict[str, Any], dict[str, Any]]:
    return arazzo_of(binding.file, binding.name, "provider.openapi.json", "http://127.0.0.1:9")


@pytest.fixture(params=["sample", "tricky", "openai"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    binding = {
        "sample": lambda: load_binding(sample_binding()),
        "tricky": lambda: tricky(tmp_path),
        "openai": lambda: load_binding("openai", environ={"OPENAI_API_KEY": "key-of-ours"}),
    }[request.param]()
    return documents(binding)


def test_every_reference_is_to_something_given_before(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    arazzo, openapi = pair
    (workflow,) = arazzo["workflows"]
    operations = {operation["operationId"] for item in openapi["paths"].values() for operation in item.values()}
    given: set[str] = {f"$inputs.{name}" for name in workflow["inputs"]["properties"]}
    for step in workflow["steps"]:
        assert step["operationId"] in operations
        used = re.findall(
            r"\$(?:inputs\.[\w-]+|steps\.\w+\.outputs\.\w+)",
            json.dumps([step.get("parameters"), step.get("requestBody")]),
        )
        assert set(used) <= given, step["stepId"]
        given |= {f"$steps.{step['stepId']}.outputs.{name}" for name in step.get("outputs", {})}


def test_path_parameters_are_those_of_the_path(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for path, item in pair[1]["paths"].items():
        for operation in item.values():
            named = [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]
            assert sorted(named) == sorted(re.findall(r"\{([^}]*)\}", path))


def test_no_template_secret_or_escape_is_left(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for document in pair:
        text = json.dumps(
            [
                document.get("paths"),
                [step | {"description": ""} for step in document.get("workflows", [{}])[0].get("steps", [])],
            ]
        )
        assert "{{" not in text
        assert "user-name" not in text
        assert "key-of-ours" not in text
        assert "\\u001b" not in json.dumps(document)


def test_the_course_of_the_sample() -> None:
    arazzo, _ = documents(load_binding(sample_binding()))
    steps = {step["stepId"]: step for step in arazzo["workflows"][0]["steps"]}
    assert list(steps)[:2] == ["register", "verify_identity"]
    assert not {"reset", "advance_clock"} & set(steps)
    publish = steps["publish"]
    assert publish["requestBody"]["payload"] == {
        "asset": "$steps.generate.outputs.id",
        "title": "$inputs.publish_title",
        # A template with a condition in it is more than Arazzo can say.
        "account": "$inputs.publish_account",
    }
    assert {"name": "Authorization", "in": "header", "value": "Bearer {$steps.register.outputs.token}"} in publish[
        "parameters"
    ]
    assert publish["outputs"] == {"id": "$response.body#/publication/id"}
    assert publish["successCriteria"] == [{"condition": "$statusCode >= 200 && $statusCode < 300"}]


def test_details_beyond_arazzo_are_described(tmp_path: Path) -> None:
    arazzo, _ = documents(tricky(tmp_path))
    steps = {step["stepId"]: step for step in arazzo["workflows"][0]["steps"]}
    generate = steps["generate"]
    assert {"condition": "$response.body#/code == 0"} in generate["successCriteria"]
    assert generate["outputs"] == {"id": "$response.body#/items/0/id", "carry_thread": "$response.body#/thread/id"}
    assert "refuse_when of the binding is JMESPath: contains(words, 'no')" in generate["description"]
    assert "is asked every 1 s until done" in generate["description"]
    assert generate["requestBody"]["payload"]["prompt"] == "say {$inputs.generate_request_prompt} twice"
    assert "max(ids)" in steps["publish"]["description"]
    assert {"name": "publication_id", "in": "path", "value": "$inputs.publication_id"} in steps["view"]["parameters"]
    assert steps["publish"]["parameters"][:2] == [
        {"name": "content_id", "in": "path", "value": "$steps.generate.outputs.id"},
        {"name": "content_thread", "in": "path", "value": "$steps.generate.outputs.carry_thread"},
    ]


def test_the_command_writes_both_documents(tmp_path: Path) -> None:
    path = tmp_path / "binding.yaml"
    path.write_text(TRICKY.replace("${LOGIN_USER}", "me"), encoding="utf-8")
    out = tmp_path / "course.arazzo.json"
    assert shenhe("export", "arazzo", str(path), "--out", str(out)).exit_code == 0
    arazzo = json.loads(out.read_text(encoding="utf-8"))
    assert (tmp_path / arazzo["sourceDescriptions"][0]["url"]).is_file()
    told = shenhe("export", "arazzo", str(path), "--openapi", "https://studio.example/openapi.json")
    assert json.loads(told.stdout)["sourceDescriptions"][0]["url"] == "https://studio.example/openapi.json"
    assert shenhe("export", "arazzo", str(path)).exit_code == 2


def test_the_documents_fit_the_published_schema(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    path = Path(os.environ.get("SHENHE_SCHEMAS", "")) / "arazzo-1.0.json"
    if not path.is_file():
        pytest.skip("SHENHE_SCHEMAS has no arazzo-1.0.json")
    jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8"))).validate(pair[0])
