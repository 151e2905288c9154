"""Every command and snippet of README and docs/ does what the page says it does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.cli.project import ProjectSettings
from shenhe.conformance.bindings import load_binding
from shenhe.conformance.chain.document import read_chain
from shenhe.conformance.evidence.baseline import read_baseline
from shenhe.conformance.evidence.documents import read_evidence
from shenhe.conformance.pytest_plugin import SETTINGS
from shenhe.rulebook import Rule, load_rulebook
from shenhe.simulator import load_scenario
from shenhe.simulator.study import load_study

from ..sampling import drawn
from .desk import only_parsed, parse, run, run_script
from .pages import COMMANDS, FILES, OUTPUT, PAGES, PYTHON, ROOT, Block, Command, blocks, commands

BLOCKS = [block for page in PAGES for block in blocks(page)]

#: Commands that are documented to exit with another code than 0, by the start of their line.
EXIT_CODES = {
    "shenhe check sample --fault": 1,
    "shenhe check sample-store --fault": 1,
    "shenhe check sample --variant forms-platform --fault": 1,
    "shenhe check sample --variant supporter --fault": 1,
    "shenhe doctor my-provider.yaml": 2,  # the draft still has its placeholders
    "shenhe check my-provider.yaml": 2,
    # The example allows PROVIDER_TOKEN only, so that this binding does not get its address.
    "shenhe check vendor/binding.yaml --env PROVIDER_TOKEN": 3,
    "shenhe label judge picture.png": 1,  # it has no label
}


def test_every_block_has_a_known_language() -> None:
    known = COMMANDS | PYTHON | FILES | OUTPUT
    assert not [str(block) for block in BLOCKS if block.language not in known]
    assert sum(block.language in COMMANDS for block in BLOCKS) > 15


#: Pages whose commands take ten seconds and more: each commit tries one of them.
LENGTHY = ("docs/sample.md", "docs/benchmarks.md", "docs/calibration.md", "docs/pytest.md", "docs/ci.md")


@pytest.mark.parametrize("page", drawn(1, PAGES, always=[page for page in PAGES if page not in LENGTHY]))
@pytest.mark.costly
def test_commands_run_as_documented(page: str, desk: Path) -> None:
    for block in blocks(page):
        if block.language in COMMANDS:
            for command in commands(block):
                check_command(block, command, desk)


def check_command(block: Block, command: Command, desk: Path) -> None:
    match command.words[0]:
        case "shenhe" if only_parsed(command):
            parse(command.words[1:])
        case "shenhe":
            done = run(command, desk)
            wanted = next((code for start, code in EXIT_CODES.items() if str(command).startswith(start)), 0)
            assert done.exit_code == wanted, f"{block}: {command}\n{done.output}"
        case "make":
            targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            assert set(command.words[1:]) <= set(targets), f"{block}: {command}"
        case "python":
            check_install(block, command)
        case "docker":
            # Needs a daemon: only the files are looked at.
            assert (ROOT / "Containerfile").exists()
        case program:
            assert program in {"openssl", "pytest"}, f"{block}: {command}: no way to run it here"
            check_other_program(block, command, desk)


def check_install(block: Block, command: Command) -> None:
    """`python -m pip install`: its extras and lock files exist. Nothing is installed."""
    words = list(command.words)
    assert words[1:4] == ["-m", "pip", "install"], f"{block}: {command}"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for word in words[4:]:
        if (named := re.search(r"\[([a-z,]+)\]$", word)) is not None:
            assert set(named[1].split(",")) <= set(extras), f"{block}: {command}"
        if word.startswith("locks/"):
            assert (ROOT / word).exists(), f"{block}: {command}"


def check_other_program(block: Block, command: Command, desk: Path) -> None:
    words = list(command.words)
    if words[0] == "pytest":
        # Collecting shows that the options exist; running the checks is the plugin's own test.
        words = [sys.executable, "-m", *words, "--collect-only", "-q", "-p", "no:cacheprovider"]
    elif shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(words, cwd=desk, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{block}: {command}\n{done.stdout}{done.stderr}"


SCRIPTS = [block for block in BLOCKS if block.language in PYTHON]

#: What a snippet takes for granted, by a line of it. Everything else stands in the snippet.
GIVEN = {
    "read_labels(labelled": "from pathlib import Path\ndata = Path('picture.png').read_bytes()\n",
    "app_transport(app)": "from shenhe.sample import create_app\napp = create_app()\n",
    "from myapp import app": (
        "import sys, types\nfrom shenhe.sample import create_app\n"
        "sys.modules['myapp'] = types.SimpleNamespace(app=create_app())\n"
    ),
    "validate(Binding": "from shenhe.conformance.bindings.language.format import BindingFile as Binding\n",
    "def anonymous_cannot_publish": (
        "from shenhe.conformance.checks.identity.real_name import *\n"
        "from shenhe.conformance.checks.identity.real_name import TITLES, _titles, _drawn_titles\n"
        "from shenhe.conformance.checks.registry import REGISTRY\n"
        "REGISTRY.pop('anonymous_cannot_publish')\n"
    ),
}

#: A line of each script that takes a minute or more: they run with the slow tests.
LONG = ('run_study("first-look"',)
#: Snippets that cannot run here, by a line of them, and why.
NOT_RUN = {"SLURMCluster": "needs a cluster"}


def _timed(block: Block) -> Any:
    marks = [pytest.mark.slow] if any(line in block.text for line in LONG) else []
    return pytest.param(block, marks=marks, id=str(block))


@pytest.mark.parametrize("block", [_timed(block) for block in SCRIPTS])
@pytest.mark.costly
def test_scripts_run(block: Block, desk: Path) -> None:
    if any(line in block.text for line in NOT_RUN):
        compile(block.text, str(block), "exec")
        return
    given = "".join(text for line, text in GIVEN.items() if line in block.text)
    done = run_script(given + block.text, desk)
    assert done.returncode == 0, f"{block}\n{done.stderr}"


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language in FILES], ids=str)
def test_files_are_valid(block: Block, desk: Path) -> None:
    if block.language == "toml":
        check_settings(tomllib.loads(block.text))
        return
    data = yaml.safe_load(block.text)
    path = desk / "snippet.yaml"
    path.write_text(block.text, encoding="utf-8")
    kind = kind_of(data)
    READERS[kind](path, data)


def check_settings(data: dict[str, Any]) -> None:
    """Every setting of a TOML snippet exists."""
    tool = data.get("tool", {"shenhe": data})
    assert set(tool) <= {"shenhe", "pytest"}
    assert set(tool.get("shenhe", {})) <= {setting.name for setting in fields(ProjectSettings)} - {"source"}
    for name in tool.get("pytest", {}).get("ini_options", {}):
        assert name.removeprefix("shenhe_").replace("_", "-") in {setting for setting, _, _ in SETTINGS}


def kind_of(data: object) -> str:
    """What a YAML snippet is, by its keys."""
    if isinstance(data, list):
        return "rules"
    assert isinstance(data, dict)
    keys = set(data)
    for kind, of in (
        ("baseline", {"entries"}),
        ("evidence", {"documents"}),
        ("workflow", {"jobs"}),
        ("hooks", {"repos"}),
        ("pipeline", {"include"}),
        ("study", {"arms"}),
        ("scenario", {"extends"}),
        ("scenario part", {"basis"}),
        ("study part", {"search"}),
        ("study part", {"precision"}),
        ("chain", {"targets"}),
        ("binding", {"target", "operations"}),
    ):
        if of <= keys:
            return kind
    return "binding part"


def read_as_chain(path: Path, data: object) -> None:
    read_chain(path)


def read_as_binding(path: Path, data: object) -> None:
    text = path.read_text("utf-8")
    for name in re.findall(r"\b[\w-]+\.(?:pem|key)\b", text):
        (path.parent / name).touch()
    load_binding(path, environ={name: f"x-{name}" for name in re.findall(r"\$\{(\w+)", text)})


#: What a part of a binding is read with: the sections that the part leaves out.
REST_OF_BINDING = {
    "target": {"name": "x", "base_url": "http://127.0.0.1:9", "environment": "test"},
    "operations": {"disclosures": {"path": "/legal/{{ topic }}", "auth": {"type": "none"}}},
}


def read_as_binding_part(path: Path, data: dict[str, object]) -> None:
    path.write_text(yaml.safe_dump({**REST_OF_BINDING, **data}, allow_unicode=True), encoding="utf-8")
    read_as_binding(path, data)


def read_as_rules(path: Path, data: list[dict[str, object]]) -> None:
    book = load_rulebook()
    for entry in data:
        shipped = json.loads(book.rule(str(entry["id"])).model_dump_json())
        Rule.model_validate({**shipped, **entry})


def read_as_scenario(path: Path, data: object) -> None:
    load_scenario(path)


def read_as_scenario_part(path: Path, data: dict[str, object]) -> None:
    whole = {"extends": "cn-2023", "name": "x", "title": "x", "story": "x", "sources": ["x"], **data}
    path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    load_scenario(path)


def read_as_study(path: Path, data: object) -> None:
    load_study(path)


def read_as_study_part(path: Path, data: dict[str, object]) -> None:
    shipped = yaml.safe_load((ROOT / "scenarios" / "studies" / "levers.yaml").read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**shipped, **data}, allow_unicode=True), encoding="utf-8")
    load_study(path)


def read_as_hooks(path: Path, data: dict[str, Any]) -> None:
    known = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert {hook["id"] for repository in data["repos"] for hook in repository["hooks"]} <= known


def read_as_workflow(path: Path, data: dict[str, object]) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    steps = data["jobs"]["conformance"]["steps"]  # type: ignore[index,call-overload]
    (used,) = [step["with"] for step in steps if "with" in step]
    assert set(used) <= set(action["inputs"])


def read_as_pipeline(path: Path, data: dict[str, dict[str, dict[str, str]]]) -> None:
    template = (ROOT / "ci-templates" / "gitlab.yml").read_text(encoding="utf-8")
    assert data["conformance"]["extends"] in yaml.safe_load(template)
    assert all(name in template for name in data["conformance"]["variables"])


READERS: dict[str, Callable[[Path, Any], object]] = {
    "baseline": lambda path, _: read_baseline(path),
    "evidence": lambda path, _: read_evidence(path),
    "workflow": read_as_workflow,
    "hooks": read_as_hooks,
    "pipeline": read_as_pipeline,
    "study": read_as_study,
    "study part": read_as_study_part,
    "scenario": read_as_scenario,
    "scenario part": read_as_scenario_part,
    "binding": read_as_binding,
    "chain": read_as_chain,
    "binding part": read_as_binding_part,
    "rules": read_as_rules,
}
