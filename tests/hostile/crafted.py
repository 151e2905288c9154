"""Reports made to harm their reader: large in one respect, no JSON, or with the same words in every field.

``python -m tests.hostile.crafted`` prints the memory that each command takes for the largest ones.
"""

from __future__ import annotations

import copy
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shenhe.conformance.report import Report

from .consistent import consistent
from .test_attestation import PRIVATE, PUBLIC

RULE = "cn-dsp-2023/9.2"
Document = dict[str, Any]


def document() -> Document:
    """A report with one failure, as data."""
    return consistent({"unverified_cannot_publish": "fail"}).model_dump(mode="json")


def finding(of: Document) -> Document:
    """The finding of a report of :func:`document`."""
    found: Document = next(check["finding"] for check in of["checks"] if check["finding"])
    return found


def commands(path: Path, folder: Path, rule: str = RULE) -> dict[str, list[str | Path]]:
    """Every command that reads a report; what they write goes to ``folder``. ``rule`` is replayed."""
    (folder / "key.pem").write_bytes(PRIVATE)
    (folder / "public.pem").write_bytes(PUBLIC)
    (folder / "accepted.yaml").write_text("format: shenhe-baseline\nentries: []\n")
    forms = ("sarif", "junit", "gitlab", "github-annotations", "github-summary", "har", "oscal")
    return {
        **{f"export {form}": ["export", form, path, "--out", folder / f"{form}.out"] for form in forms},
        "export scripts": ["export", "scripts", path, "--out", folder / "scripts"],
        "report": ["report", path, "--out", folder / "page.html"],
        "report zh": ["report", path, "--out", folder / "page-zh.html", "--lang", "zh"],
        "report md": ["report", path, "--out", folder / "page.md"],
        "report junit": ["report", path, "--junit", folder / "page.xml"],
        "attest": ["attest", path, "--key", folder / "key.pem", "--out", folder / "attestation.json"],
        "verify": ["verify", path, "--key", folder / "public.pem"],
        "replay": ["replay", path, f"--rule={rule}", "--base-url", "http://127.0.0.1:9", "--yes"],
        "replay with a binding": ["replay", path, f"--rule={rule}", "--binding", "openai-chat"],
        "baseline write": ["baseline", "write", path, "--reason", "known", "--expires", "2099-01-01"],
        "baseline apply": ["baseline", "apply", path, folder / "accepted.yaml"],
        "forecast": ["forecast", path, "--replications", "2"],
    }


# --- large in one respect ------------------------------------------------------------------------------------


def _many(number: int) -> dict[str, Callable[[Document], None]]:
    """What a report may hold many of."""

    def checks(of: Document) -> None:
        of["checks"] += [{**of["checks"][0], "name": f"c{at}"} for at in range(number)]

    def rules(of: Document) -> None:
        of["rules"] += [{**of["rules"][0], "rule": f"cn-dsp-2023/{at}"} for at in range(number)]

    def undecided(of: Document) -> None:
        of["undecided"] += [{**of["undecided"][0], "rule": f"cn-dsp-2023/{at}"} for at in range(number)]

    def findings(of: Document) -> None:
        failing = next(check for check in of["checks"] if check["finding"])
        of["checks"] += [{**failing, "name": f"c{at}"} for at in range(number)]

    def steps(of: Document) -> None:
        finding(of)["steps"] *= number

    def evidence(of: Document) -> None:
        finding(of)["evidence"] = [{"title": "x", "data": "x"}] * number

    def files(of: Document) -> None:
        finding(of)["files"] = [{"name": f"f{at}", "data": ""} for at in range(number)]

    def headers(of: Document) -> None:
        finding(of)["steps"][0]["response_headers"] = {f"h{at}": "x" for at in range(5 * number)}

    def packs(of: Document) -> None:
        of["packs"] = [str(at) for at in range(5 * number)]

    def nothing(of: Document) -> None:
        of["packs"] = [[]] * (10 * number)

    return {
        made.__name__: made
        for made in (checks, rules, undecided, findings, steps, evidence, files, headers, packs, nothing)
    }


def _long(size: int) -> dict[str, Callable[[Document], None]]:
    """Which texts of a report may be long, each of characters that grow when they are written."""

    def reason(of: Document) -> None:
        of["checks"][0]["reason"] = "<" * size

    def name(of: Document) -> None:
        of["checks"][0]["name"] = "\u202e" * (size // 3)

    def target(of: Document) -> None:
        of["target"]["name"] = "&" * size

    def seen(of: Document) -> None:
        finding(of)["seen"] = "\u202e" * (size // 3)

    def body(of: Document) -> None:
        finding(of)["steps"][0]["response_body"] = "<" * size

    def request(of: Document) -> None:
        finding(of)["steps"][0]["request_body"] = "${X}" * (size // 4)

    def url(of: Document) -> None:
        finding(of)["steps"][0]["url"] = "http://a/" + "%41" * (size // 3)

    def picture(of: Document) -> None:
        finding(of)["evidence"] = [{"title": "x", "media_type": "image/png", "data": "A" * size}]

    def script(of: Document) -> None:
        finding(of)["pytest"] = "<\n" * (size // 2)

    def bodies(of: Document) -> None:
        step = finding(of)["steps"][0]
        finding(of)["steps"] = [{**step, "response_body": "<" * 50_000}] * (size // 50_000)

    return {made.__name__: made for made in (reason, name, target, seen, body, request, url, picture, script, bodies)}


def large(number: int, size: int, only: str = "") -> Iterator[tuple[str, bytes]]:
    """Reports with so many of one thing, and with one text of so many bytes; ``only`` one of these."""
    kinds = {f"many {name}": change for name, change in _many(number).items()}
    for name, change in {**kinds, **{f"long {name}": change for name, change in _long(size).items()}}.items():
        if only not in ("", name):
            continue
        made = document()
        change(made)
        yield name, json.dumps(made, ensure_ascii=False).encode()


# --- no report, or one that readers understand differently ---------------------------------------------------


def _text(of: Document) -> str:
    return json.dumps(of)


def broken() -> dict[str, bytes]:
    """Files that every command refuses in words."""
    text = _text(document())
    data = text.encode()
    nested: Document = document()
    nested["checks"] = {"0": nested["checks"]}
    wrong: Document = document()
    wrong["rules"], wrong["checks"] = wrong["checks"], wrong["rules"]
    return {
        "UTF-16": text.encode("utf-16"),
        "UTF-16 without a mark": text.encode("utf-16-le"),
        "UTF-32": text.encode("utf-32"),
        "Latin-1": text.replace("example", "ex\u00e9mple").encode("latin-1"),
        "gzip": gzip.compress(data),
        "a part of gzip": gzip.compress(data)[:200],
        "nothing": b"",
        "a mark and nothing": b"\xef\xbb\xbf",
        "zeros": bytes(5000),
        "a part": data[: len(data) // 2],
        "two reports": data + data,
        "a list": b"[" + data + b"]",
        "a text": json.dumps(text).encode(),
        "a number": b"7",
        "lists in lists": b"[" * 200_000,
        "checks as an object": _text(nested).encode(),
        "rules as checks": _text(wrong).encode(),
        "a key twice": data.replace(b'"seed":', b'"seed": 1, "seed":'),
        "not a number": data.replace(b'"seed": 1', b'"seed": NaN'),
        "endless": data.replace(b'"seconds": 2.5', b'"seconds": 1e999'),
        "a long number": data.replace(b'"seed": 1', b'"seed": ' + b"9" * 100_000),
        "half a pair": data.replace(b'"example"', b'"\\ud800"'),
        "a later version": data.replace(b'"format_version": 1', b'"format_version": 2'),
        "a version in words": data.replace(b'"format_version": 1', b'"format_version": "one"'),
        "another format": data.replace(b'"shenhe-report"', b'"shenhe-chain"'),
        "a long key": data.replace(b'"seed":', b'"' + b"k" * 3_000_000 + b'": 1, "seed":'),
        "a key that commands": data.replace(b'"seed":', b'"\\u001b[2J\\u202e": 1, "seed":'),
        "a day that is none": data.replace(b'"on": "2026-01-15"', b'"on": "2026-02-30"'),
        "a day of another calendar": data.replace(b'"on": "2026-01-15"', '"on": "二〇二六年"'.encode()),
    }


# --- the same words in every field ---------------------------------------------------------------------------

WORDS = {
    "control characters": "\x1b[2J\x07\x9b31m\x00\x7f",
    "reordering": "a\u202egnp.exe\u2066b\u200bc\ufeff",
    "a path": "../../../../tmp/shenhe-escaped",
    "an absolute path": "/tmp/shenhe-escaped/x",
    "templates": "{{ 7*7 }}${HOME}$(id)`id`%s%(x)s{0}",
    "HTML": "</script><img src=x onerror=alert(1)>",
    "XML": "]]><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "YAML": "- &a !!python/object/apply:os.system ['id']\n---\n# x",
    "a workflow command": "\n::error file=x::y\n##vso[task.complete]",
    "a dash": "-rf",
    "dots": "..",
    "nothing": "",
    "a line": "\r\nSet-Cookie: x=1\r\n\r\n",
    "an impossible date": "9999-12-31T23:59:60+99:99",
    "an early date": "0001-01-01T00:00:00+23:59",
    "a spreadsheet": "=cmd|'/c calc'!A1",
    "long": "w" * 100_000,
    "Windows": 'CON.\\\\?\\C:\\x|*?"',
}


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        if isinstance(each, str):
            yield (*path, key)
        else:
            yield from _places(each, (*path, key))


def _put(of: Document, path: tuple[Any, ...], words: str) -> None:
    holder: Any = of
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = words


def small() -> Document:
    """A report with few of everything, so that each kind of field is there once."""
    made = document()
    failing = next(check for check in made["checks"] if check["finding"])
    made["checks"] = [failing]
    made["rules"] = [rule for rule in made["rules"] if failing["name"] in rule["checks"]][:1]
    made["undecided"] = made["undecided"][:1]
    made["causes"] = [{"reason": "r", "checks": [failing["name"]], "rules": failing["rules"]}]
    made["stopped"] = {"kind": "gone", "reason": "r", "rules": failing["rules"]}
    made["unused"] = ["x"]
    failing["also"] = [{"verdict": "review", "reason": "x"}]
    failing["causes"] = ["x"]
    found = failing["finding"]
    found |= {"evidence": [{"title": "x", "data": "x"}, {"title": "x", "media_type": "image/png", "data": "iVBORw=="}]}
    found |= {"files": [{"name": "x.png", "data": "iVBORw=="}], "invented": ["x"], "variables": ["X"], "wrong_step": 1}
    found["steps"][0] |= {"request_headers": {"a": "b"}, "response_headers": {"a": "b"}, "request_body": "x"}
    found["steps"][0] |= {"status": 200, "origin": "x"}
    return made


def everywhere(words: str) -> bytes:
    """A report with these words in every field that takes any text, also as the keys of headers."""
    plain, made = small(), small()
    for path in _places(plain):
        tried = copy.deepcopy(plain)
        _put(tried, path, words)
        try:
            Report.model_validate(tried)
        except ValidationError:
            continue
        _put(made, path, words)
    finding(made)["steps"][0]["response_headers"] = {words: words}
    return json.dumps(made, ensure_ascii=False).encode("utf-8", "surrogatepass")


# --- the table of memory -------------------------------------------------------------------------------------


#: Runs the command from a small process. A process inherits the peak memory of the one that it is forked from.
_LAUNCHER = """
import json, os, resource, sys
child = os.fork()
if child == 0:
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
    os.execv(sys.executable, [sys.executable, "-c", "from shenhe.cli.main import run; run()", *sys.argv[2:]])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), usage.ru_maxrss // 1024, usage.ru_utime + usage.ru_stime], file)
"""


def cost(words: list[str | Path]) -> tuple[int, int, float, str]:
    """Exit code, peak memory in MB and processor seconds of a command in a process, and what it printed."""
    with tempfile.NamedTemporaryFile("r") as usage, tempfile.TemporaryFile() as output:
        subprocess.run(
            [sys.executable, "-c", _LAUNCHER, usage.name, *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=True,
        )
        code, memory, seconds = json.load(usage)
        output.seek(0)
        text = output.read(300).decode("utf-8", "replace")
    return code, memory, seconds, text


def main(number: int, size: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "report.json"
        for kind, data in large(number, size):
            path.write_bytes(data)
            for command, words in commands(path, folder).items():
                code, memory, seconds, text = cost(words)
                first = text.replace(name, "").splitlines()[:1] if code == 2 else ""
                print(
                    f"{kind:16} {len(data) / 1e6:6.1f} MB  {command:22} exit {code} {memory:5} MB {seconds:5.1f} s  {first}",
                    flush=True,
                )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3] or ("100000", "20000000")))
