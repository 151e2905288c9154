"""A wrong value of every key of the language, generated from its JSON Schema: of each other type, outside its bounds,
misspelt. Each is answered at its line with what was found and what was expected.

The binding uses every key, which a test holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from shenhe.conformance.bindings.language.compiler import Compiler
from shenhe.conformance.bindings.language.format import BindingFile
from shenhe.conformance.bindings.language.schema import binding_schema
from shenhe.core.document import DocumentError, Fault, Locate, Steps, read_yaml, validate

SCHEMA = binding_schema()
#: One value of each type of JSON.
VALUES: Mapping[str, Any] = {
    "null": None, "boolean": True, "integer": 7, "number": 7.5, "string": "words", "array": ["words"], "object": {"words": 1},
}  # fmt: skip
#: Every key of the language in one binding.
BINDING = """
target:
  name: Every key
  base_url: https://api.example
  environment: test
  markets: [cn]
  roles: [provider]
  identities: supplied
  settling_seconds: 3
  consents_expire: false
  dialogue: false
  text_labels: content
  price: {generate: 0.5}
  seconds: {generate: 2}
  traits: {companion: false}
  surfaces: [page]
  renditions: [original]
  edit_scopes: [face]
  identity_methods: [phone]
  report_kinds: [illegal]
  record_kinds: [refuted]
  disclosure_topics: [rules]
  personas: [kin]
  publish_ways: [feed]
  uploads: [image/png]
  orders: [warn]
  media_hosts: [cdn.example]
  markers: {unlawful: x}
  services:
    text:
      media: [text/plain]
      surfaces: [page]
      renditions: [original]
      report_kinds: [illegal]
      options: {size: [1, 2]}
      inputs: [negative]
      markers: {unlawful: {phrase: x}}
  storefronts: [cn]
  listing_surfaces: [page]
  hosts: {files: "https://files.example"}
  auth_hosts: [sso.example]
environments:
  staging:
    base_url: https://staging.example
    environment: test
    identities: synthetic
    markers: {unlawful: {phrase: x, place: end, services: [text], in: [title]}}
    hosts: {files: "https://files.staging.example"}
    media_hosts: [cdn.staging.example]
    auth_hosts: [sso.staging.example]
    tls: {ca: ca.pem, certificate: c.pem, key: k.pem, key_password: "${P}", verify: true}
    proxy: {url: "http://proxy.example:1", username: u, password: "${P}"}
tls: {ca: ca.pem, certificate: c.pem, key: k.pem, key_password: "${P}", verify: true}
proxy: {url: "http://proxy.example:1", username: u, password: "${P}"}
limits: {requests_per_second: 5, timeout: 5, total_timeout: 9, max_body: 5000, retries: 1, max_retry_after: 2}
auth:
  - {type: none}
  - {type: bearer, token: t}
  - {type: basic, username: u, password: p}
  - {type: digest, username: u, password: p}
  - {type: header, name: X-Key, value: v}
  - {type: query, name: key, value: v}
  - {type: cookie, cookies: {sid: v}}
  - {type: oauth2, token_url: /t, client_id: c, client_secret: "${S}", grant: password, username: u, password: "${S}",
     refresh_token: "${S}", client_auth: form, scope: s, extra: {audience: a}}
  - {type: signature, key: k, string: s, algorithm: sha256, keyed: hmac, derive: [d], encoding: hex, value: v,
     headers: {X-A: a}, query: {q: a}, fields: {f: a}, header: X-Sign}
  - {type: signature, key: k, string: s, query_name: sign}
  - {type: signature, key: k, string: s, field: sign}
login: {path: /l, form: {u: v}, extract: {credentials: {t: t}}, expired_status: [401], expired_when: {status: 419}}
accounts: {verified_adult: {id: a, credentials: {t: t}, profile: {phone: p}}}
identities: {verified_adult: {method: phone, number: "1", name: n}}
filings: {valid: {number: n, entity: e, holder: h, assessment: a}}
subjects: {subject: {id: s, name: n, minor: false, number: "1"}}
consents: {subject_face: {id: c, subject: subject, scope: face}}
constants: {a: {base64: eA==}, b: {hex: "00"}, c: {file: x.png}, d: 1}
defaults: {path: /rpc, headers: {X-A: a}, query: {q: a}, json: {a: b}, method: POST, accept_status: [200]}
operations:
  generate:
    host: files
    method: POST
    path: /g
    headers: {X-A: a}
    query: {q: a}
    body: text
    accept_status: [200]
    refuse_status: [400]
    accept_when: {all: [{status: 200}, {json: a, is: true}], any: [{media_type: text/plain}], not: {url: true, starts_with: a, ends_with: b}}
    refuse_when: {css: p, attribute: class, contains: x}
    unavailable_when: {header: X-A, is: a}
    absent_when: {cookie: c, in: [a]}
    follow_redirects: true
    keep_cookies: true
    extract: {id: {header: X-Id, json: id}}
    reason: [{css: p, attribute: class, all: true, json: a}, {css: ul, each: {a: b}}, {cookie: c, json: a}, {body: true}]
    notice: [{status: true}, {url: true}, {form: f}, {when: {text: true, contains: a}}, {value: v}, {text: true}]
    media: {zip: "*.png", type: {header: A}, media_type: image/png}
    poll:
      method: POST
      path: /p
      query: {q: a}
      headers: {X-A: a}
      json: {a: b}
      pending_status: [202]
      until: a
      failed: b
      refused: c
      every: 2
      timeout: 3
    stream: {format: lines, text: a, done: b, done_when: c}
    variants:
      - {when: {service: text}, media: {part: "image/*"}, poll: {location: {header: L}, form: {a: b}}}
      - {when: {labelled: false}, graphql: {query: "query Q { a }", variables: {a: b}, operation_name: Q}}
      - {when: {agreed: true}, websocket: {send: [a]}, media: {base64: a}}
      - {when: {media_type: a/b}, multipart: {f: {data: a, filename: b, type: c/d}}, media: {hex: a}}
      - {when: {media_type: a/c}, url: "https://api.example/", media: {url: a}}
      - {when: {media_type: a/d}, media: {text: a}, stream: {done_event: [d]}}
      - {when: {media_type: a/e}, media: {body: true}}
      - {when: {media_type: a/h}, media: {urls: a}}
      - when: {media_type: a/f}
        auth: {type: none}
        poll:
          callback: true
          signature: {key: k, string: s, header: X-S, algorithm: sha1, keyed: none, derive: [d], encoding: HEX, value: v}
    steps: [{name: one, if: "{{ true }}", path: /s, extract: {a: b}}]
  upload: {held: true, extract: {id: a}}
  fetch: {url: "https://files.example/{{ content.id }}", media: body}
  report_status: {path: /r, extract: {state: s}, states: {upheld: [a]}}
  search: {path: /s, extract: {publications: a}, pages: {next: a, more: b, most: 3}}
  refutations: {path: /s, pages: {cursor: c}}
  records: {path: /s, pages: {number: 1}}
"""


class AnyVariable(dict[str, str]):
    """An environment in which every variable is set."""

    def get(self, key: str, default: Any = None) -> Any:
        return f"value-of-{key}"


@cache
def document() -> tuple[Any, Locate]:
    """The binding that uses every key, and where everything is."""
    data, locate = read_yaml(BINDING, "binding.yaml")
    faults = compiled(data, locate)
    assert not faults, "\n".join(map(str, faults))
    return data, locate


def whole(node: Any) -> Iterator[dict[str, Any]]:
    """The alternatives of a schema, references followed."""
    if "$ref" in node:
        yield from whole(SCHEMA["$defs"][node["$ref"].rpartition("/")[2]])
    elif inner := [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]:
        for each in inner:
            yield from whole(each)
    else:
        yield node


def inside(nodes: list[dict[str, Any]], key: str | int) -> list[dict[str, Any]]:
    """The schemas of a value in a mapping or list of one of these."""
    found: list[Any] = []
    for node in nodes:
        if isinstance(key, int):
            found.append(node.get("items"))
        elif key in node.get("properties", {}):
            found.append(node["properties"][key])
        else:
            found.append(node.get("additionalProperties"))
            found += [each for pattern, each in node.get("patternProperties", {}).items() if re.search(pattern, key)]
    return [each for node in found if isinstance(node, dict) for each in whole(node)]


def identity(node: dict[str, Any]) -> str:
    return f"{node.get('title')}{sorted(node.get('properties', {}))}"


def places() -> Iterator[tuple[Steps, list[dict[str, Any]]]]:
    """One place of each key of each kind of section, and the schemas there."""
    seen: set[object] = set()
    pending: list[tuple[Steps, Any, list[dict[str, Any]], object]] = [((), document()[0], list(whole(SCHEMA)), "")]
    while pending:
        steps, value, nodes, key = pending.pop()
        if key not in seen and steps:
            seen.add(key)
            yield steps, nodes
        for name, each in inner_of(value):
            mine = [node for node in nodes if fits(node, value)]
            known = any(name in node.get("properties", {}) for node in mine)
            label = (tuple(sorted({identity(node) for node in mine})), name if known else "*")
            pending.append(((*steps, name), each, inside(mine, name), label))


def inner_of(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def fits(node: dict[str, Any], value: Any) -> bool:
    """Whether a mapping can be of this kind: it has what the kind needs, and nothing that it does not know."""
    if not isinstance(value, dict):
        return True
    if "const" in node.get("properties", {}).get("type", {}):
        return bool(node["properties"]["type"]["const"] == value.get("type"))
    known = node.get("properties", {})
    closed = node.get("additionalProperties") is False
    return set(node.get("required", ())) <= value.keys() and not (closed and value.keys() - known.keys())


def types_of(nodes: list[dict[str, Any]]) -> set[str]:
    """The types that a value there may have."""
    found: set[str] = set()
    for node in nodes:
        kind = node.get("type")
        if kind is None:
            values = node.get("enum", [node["const"]] if "const" in node else None)
            if values is None:
                return set(VALUES)
            found |= {{str: "string", bool: "boolean", int: "integer"}.get(type(each), "null") for each in values}
        else:
            found |= set(kind) if isinstance(kind, list) else {kind}
    if "number" in found:
        found.add("integer")
    return found


def wrong_values(steps: Steps, nodes: list[dict[str, Any]]) -> Iterator[Any]:
    """What cannot be there: other types, and values outside of bounds and lists."""
    if not nodes:
        return
    types = types_of(nodes)
    texts = [node for node in nodes if node.get("type") == "string" or "enum" in node or "const" in node]
    free = any(node.get("type") == "string" and not node.keys() & {"enum", "const", "pattern"} for node in nodes)
    # An id or a number may be written without quotes, and a variable gives a number or a switch as text.
    spoken = steps[-1] in {"id", "number"} and "string" in types
    for name, value in VALUES.items():
        if name in types or (name in {"integer", "number"} and spoken):
            continue
        yield value
    if "string" in types and not free and texts and set(VALUES) != types:
        yield "\x7f words"
    for node in nodes:
        if node.get("type") in {"integer", "number"}:
            if "minimum" in node or "exclusiveMinimum" in node:
                yield node.get("minimum", node.get("exclusiveMinimum", 0)) - 1
            if "maximum" in node:
                yield node["maximum"] + 1
        for each in node.get("enum", ()):
            if isinstance(each, str) and len(each) > 3:
                yield each[1] + each[0] + each[2:]


def faults_of(steps: Steps, value: Any) -> tuple[Fault, ...]:
    """What is wrong with the binding once ``value`` is there."""
    data, locate = document()
    try:
        return compiled(replaced(data, steps, value), locate)
    except DocumentError as error:
        return error.faults


def replaced(data: Any, steps: Steps, value: Any) -> Any:
    """A copy of ``data`` with ``value`` at ``steps``."""
    if not steps:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    inner = copy.get(steps[0]) if isinstance(copy, dict) else copy[int(steps[0])]
    copy[steps[0]] = replaced(inner, steps[1:], value)  # type: ignore[index,call-overload]
    return copy


def compiled(data: Any, locate: Locate) -> tuple[Fault, ...]:
    """The faults of a binding whose sections are well formed. Raises :class:`DocumentError` for others."""
    compiler = Compiler(validate(BindingFile, data, locate), locate, AnyVariable())
    compiler.operations()
    compiler.login()
    return tuple(compiler.faults)


def test_the_binding_uses_every_key_of_the_language() -> None:
    """A key that it does not use would be tried with no wrong value."""
    used: set[tuple[str, str]] = set()
    pending = [(document()[0], list(whole(SCHEMA)))]
    while pending:
        value, nodes = pending.pop()
        mine = [node for node in nodes if fits(node, value)]
        if isinstance(value, dict):
            used |= {(identity(node), name) for node in mine for name in value if name in node.get("properties", {})}
        pending += [(each, inside(mine, name)) for name, each in inner_of(value)]
    every = {(identity(node), name) for node in SCHEMA["$defs"].values() for name in node.get("properties", {})}
    assert not {(named(kind), name) for kind, name in every} - {(named(kind), name) for kind, name in used}


def named(kind: str) -> str:
    """The kind of a section: operations, their variants and steps, defaults and the login share their keys."""
    name = kind.partition("[")[0]
    requests = ("OperationSection", "StepSection", "VariantSection", "DefaultsSection", "LoginSection")
    return "request" if name in requests else name


@pytest.mark.costly
def test_a_wrong_value_of_every_key_is_answered_at_its_line() -> None:
    silent, unclear, tried = [], [], 0
    for steps, nodes in places():
        for value in wrong_values(steps, nodes):
            tried += 1
            faults = faults_of(steps, value)
            if not faults:
                silent.append((steps, value))
                continue
            line = document()[1](steps).line
            here = [
                each for each in faults if steps[: len(each.steps)] == each.steps or each.steps[: len(steps)] == steps
            ]
            clear = [each for each in here if re.search("found .*(expected|does not exist here)", each.message)]
            if not clear or clear[0].mark.line > line:
                unclear.append((steps, value, [str(each) for each in faults]))
    assert not silent, f"{len(silent)} of {tried} load: {silent[:20]}"
    assert not unclear, f"{len(unclear)} of {tried}: {unclear[:5]}"
    assert tried > 1500


def test_a_misspelt_key_is_answered_with_the_right_one() -> None:
    wrong = []
    for steps, _ in places():
        *outer, last = steps
        if not isinstance(last, str) or len(last) < 4:
            continue
        above, parents = document()[0], list(whole(SCHEMA))
        for step in outer:
            parents = inside([node for node in parents if fits(node, above)], step)
            above = above[step]
        closed = [node for node in parents if fits(node, above) and node.get("additionalProperties") is False]
        if not any(last in node.get("properties", {}) for node in closed):
            continue
        faults = faults_of((*outer, last[:2] + last[1:]), above[last])
        if not any(repr(last) in each.message or f" {last}" in each.message for each in faults):
            wrong.append((steps, [str(each) for each in faults][:2]))
    assert not wrong, wrong[:8]
