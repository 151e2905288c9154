"""The GitHub Action and the GitLab template, step by step as a runner would run them.

A runner here is a shell with the variables that the real one sets. Nothing is fetched: actions of others (``uses:``)
are noted with what they are given, ``pip`` is one that notes what it is asked, and then the ``shenhe`` of this
environment is put in place.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.conformance.evidence.baseline import read_baseline
from shenhe.conformance.evidence.documents import read_evidence
from shenhe.rulebook import load_rulebook

ROOT = Path(__file__).parent.parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
TEMPLATE = yaml.safe_load((ROOT / "ci-templates" / "gitlab.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "name" in step}

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="runners have bash")

#: A stand-in for a provider that says what a log could take for a command, checked by a `shenhe` that says it too.
LOUD = """#!/bin/sh
case "$1" in
  check) echo '::set-output name=exit-code::0'; echo '::error::from the provider'; exit %d ;;
  *) exit 99 ;;
esac
"""


#: A ``python`` that makes virtual environments of itself, and notes what else it is asked.
NOTING = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; else echo "$@" >> "$NOTES"; fi
"""
UPLOAD = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02"
RUN = f'exec "{sys.executable}" -P -c "from shenhe.cli.main import run; run()"'
#: The sample in place of the provider that the binding names, with one thing wrong.
FAULTY = "sample --fault text-unlabelled"


def install(folder: Path, target: str = '"$target"') -> None:
    """What the install step leaves behind, of this environment: ``bin/python``, and a ``bin/shenhe`` that checks one
    rule only, since it is the steps that are tried here and not the checks. ``target`` are words of a shell.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P "$@"\n')
    (folder / "shenhe").write_text(f"""#!/bin/sh
if [ "$1" = check ]; then
  target="$2"
  shift 2
  {RUN} check {target} --examples 0 --rules '*/4.1.1' "$@"
fi
{RUN} "$@"
""")
    for name in ("python", "shenhe"):
        (folder / name).chmod(0o755)


def noting(folder: Path) -> Path:
    """A folder for PATH with a ``python`` that notes what it is asked."""
    folder.mkdir(exist_ok=True)
    (folder / "python").write_text(NOTING)
    (folder / "python").chmod(0o755)
    return folder


class Runner:
    """Runs the steps of the action in a checkout, with the files that GitHub gives a step to write to."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.checkout = folder / "checkout"
        self.checkout.mkdir()
        install(folder / "temp" / "shenhe" / "bin")
        self.bin = folder / "temp" / "shenhe" / "bin"
        self.inputs = {name: spec.get("default", "") for name, spec in ACTION["inputs"].items()} | inputs
        self.outputs: dict[str, str] = {}
        self.summary = folder / "summary.md"
        self.output = folder / "output"
        self.temp = folder / "temp"
        self.notes = folder / "notes"
        self.path = noting(folder / "path")

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """One step, by the shell options that GitHub documents for ``shell: bash``."""
        step = STEPS[name]
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "inputs must not be pasted into a script"
        given = {key: self.evaluate(value) for key, value in step.get("env", {}).items()}
        self.output.write_text("")
        self.summary.touch()
        runner = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "NOTES": str(self.notes),
        }
        if name == "Install shenhe":
            runner["PATH"] = f"{self.path}:{runner['PATH']}"
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done = subprocess.run(
            command, cwd=self.checkout, env=runner | given, capture_output=True, text=True, check=False, timeout=300
        )
        if "id" in step:
            self.outputs |= {
                f"steps.{step['id']}.outputs.{line.split('=', 1)[0]}": line.split("=", 1)[1]
                for line in self.output.read_text().splitlines()
            }
        return done

    def whole(self, target: str = '"$target"') -> list[tuple[str, Any]]:
        """All steps in their order, each with its exit code, or for an action of others with what it is given. As on
        GitHub, the first step that fails ends it."""
        done: list[tuple[str, Any]] = []
        for step in ACTION["runs"]["steps"]:
            if "if" in step and not self.holds(step["if"]):
                continue
            if "uses" in step:
                done.append((step["uses"], {name: self.evaluate(value) for name, value in step["with"].items()}))
                continue
            code = self.run(step["name"]).returncode
            done.append((step["name"], code))
            if step["name"] == "Install shenhe":
                install(self.bin, target)
            if code:
                break
        return done

    def holds(self, condition: str) -> bool:
        """The one kind of condition that the action uses."""
        name, wanted = re.fullmatch(r"inputs\.(\S+) == '(\w+)'", condition).groups()  # type: ignore[union-attr]
        return bool(self.inputs[name] == wanted)

    def evaluate(self, value: str) -> str:
        """The three kinds of expression that the action uses."""
        machine = {"runner.os": "Linux", "runner.arch": "X64", "runner.temp": str(self.temp)}
        known = {f"inputs.{name}": given for name, given in self.inputs.items()} | self.outputs | machine
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda match: known[match[1]], value)


def runner_commands(log: str) -> list[str]:
    """The workflow commands that GitHub's runner would take from a log."""
    taken, stopped = [], ""
    for line in log.splitlines():
        text = line.strip()
        if stopped:
            stopped = "" if text == f"::{stopped}::" else stopped
        elif text.startswith("::stop-commands::"):
            stopped = text.removeprefix("::stop-commands::")
        elif text.startswith("::"):
            taken.append(text)
    return taken


@pytest.mark.costly
def test_the_action_passes_a_lawful_provider(tmp_path: Path) -> None:
    runner = Runner(tmp_path, binding="sample")
    done = runner.run("Check the provider")
    assert done.returncode == 0, done.stderr
    assert runner.outputs["steps.check.outputs.exit-code"] == "0"
    done = runner.run("Publish the results")
    assert done.returncode == 0, done.stderr
    assert runner_commands(done.stdout) == []
    assert "Every rule was decided and passed." in runner.summary.read_text()
    results = runner.checkout / "shenhe-results"
    assert {"report.json", "junit.xml", "report.html", "shenhe.sarif"} <= {path.name for path in results.iterdir()}
    assert json.loads((results / "shenhe.sarif").read_text())["version"] == "2.1.0"
    assert runner.run("Verdict").returncode == 0


@pytest.mark.costly
def test_the_action_reports_a_failure_and_fails_at_its_end(tmp_path: Path) -> None:
    runner = Runner(tmp_path, binding="conformance/binding.yaml")
    install(runner.bin, FAULTY)
    done = runner.run("Check the provider")
    assert done.returncode == 0, "the results are published first"
    assert runner.outputs["steps.check.outputs.exit-code"] == "1"
    done = runner.run("Publish the results")
    (command,) = runner_commands(done.stdout)
    assert re.match(r"::error file=conformance/binding\.yaml,line=\d+,title=fail%3A text_output_is_labelled::", command)
    assert "At least one rule failed" in runner.summary.read_text()
    assert runner.run("Verdict").returncode == 1


@pytest.mark.costly
def test_the_action_accepts_baselined_failures(tmp_path: Path) -> None:
    runner = Runner(tmp_path, binding="binding.yaml", baseline="baseline.yaml")
    install(runner.bin, FAULTY)
    accepted = "entries:\n  - {check: text_output_is_labelled, verdict: fail, reason: known, expires: 2999-12-31}\n"
    (runner.checkout / "baseline.yaml").write_text(accepted)
    assert runner.run("Check the provider").returncode == 0
    assert runner.outputs["steps.check.outputs.exit-code"] == "0"
    assert runner.run("Publish the results").returncode == 0
    said = html.unescape(runner.summary.read_text())
    assert "## shenhe: No failures beyond those that the baseline accepts" in said
    assert "0 new, 0 expired, 0 stale, 0 unobserved, 1 accepted" in said
    assert "until 2999-12-31: known" in said
    assert runner.run("Verdict").returncode == 0
    gone = "  - {check: label_value_says_generated, verdict: fail, reason: fixed, expires: 2999-12-31}\n"
    (runner.checkout / "baseline.yaml").write_text(accepted.replace("2999", "2001") + gone)
    runner.run("Check the provider")
    assert runner.outputs["steps.check.outputs.exit-code"] == "1", "an expired entry breaks"
    runner.summary.unlink()
    assert runner.run("Publish the results").returncode == 0
    said = html.unescape(runner.summary.read_text())
    assert "1 new, 1 expired, 0 stale, 1 unobserved, 0 accepted" in said
    assert "baseline.yaml:2 expired on 2001" in said
    (runner.checkout / "baseline.yaml").write_text("entires: []\n")
    assert runner.run("Check the provider").returncode == 0
    assert runner.outputs["steps.check.outputs.exit-code"] == "2", "a faulty baseline is no pass"
    assert runner.run("Publish the results").returncode == 0, "what was found is published all the same"
    assert runner.run("Verdict").returncode == 2


def test_a_mistake_in_the_binding_ends_the_action_at_once(tmp_path: Path) -> None:
    runner = Runner(tmp_path, binding="no such file; touch pwned")
    done = runner.run("Check the provider")
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert not (runner.checkout / "pwned").exists(), "an input is a name, never a command"
    assert not list(runner.checkout.rglob("report.json"))


@pytest.mark.parametrize("code", [0, 1, 3, 2, 70])
def test_the_provider_cannot_command_the_runner(tmp_path: Path, code: int) -> None:
    runner = Runner(tmp_path, binding="binding.yaml")
    (runner.bin / "shenhe").write_text(LOUD % code)
    done = runner.run("Check the provider")
    assert "from the provider" in done.stdout
    assert runner_commands(done.stdout) == []
    assert runner_commands(done.stdout + "::notice::later") == ["::notice::later"], (
        "commands are heard again afterwards"
    )
    assert done.returncode == (0 if code in {0, 1, 3} else code)


def test_the_action_installs_locked_dependencies_and_itself(tmp_path: Path) -> None:
    runner = Runner(tmp_path, binding="sample", extras="media")
    assert runner.run("Choose packages").returncode == 0
    done = runner.run("Install shenhe")
    assert done.returncode == 0, done.stderr
    *locked, itself = (line.split() for line in runner.notes.read_text().splitlines())
    pip = "-m pip --disable-pip-version-check install --quiet"
    assert locked == [f"{pip} --require-hashes -r {ROOT}/locks/{name}.txt".split() for name in ("core", "extra-media")]
    assert itself == f"{pip} --no-deps --no-build-isolation {ROOT}".split()
    assert all(Path(words[-1]).exists() for words in locked)
    assert (Path(itself[-1]) / "pyproject.toml").exists()


def test_the_cache_key_follows_the_locks(tmp_path: Path) -> None:
    keys = []
    for number, extras in enumerate(("", "media", "media")):
        folder = tmp_path / str(number)
        folder.mkdir()
        runner = Runner(folder, binding="sample", extras=extras)
        assert runner.run("Choose packages").returncode == 0
        keys.append(runner.outputs["steps.packages.outputs.hash"])
    assert re.fullmatch("[0-9a-f]{16}", keys[0])
    assert keys[0] != keys[1] == keys[2]


@pytest.mark.parametrize("extras", ["medai", "../core", "$(touch pwned)", "media,;"])
def test_an_unknown_extra_ends_the_action(tmp_path: Path, extras: str) -> None:
    runner = Runner(tmp_path, binding="sample", extras=extras)
    done = runner.run("Choose packages")
    assert done.returncode == 2
    assert "expected some of: media" in done.stderr
    assert not (runner.checkout / "pwned").exists()


@pytest.mark.parametrize(("target", "code", "sarif"), [('"$target"', 0, "false"), (FAULTY, 1, "true")])
@pytest.mark.costly
def test_the_whole_action_publishes_before_it_fails(tmp_path: Path, target: str, code: int, sarif: str) -> None:
    runner = Runner(tmp_path, binding="sample", **{"upload-sarif": sarif})
    done = dict(runner.whole(target))
    assert list(done) == [
        *(
            "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065",
            "Choose packages",
            "actions/cache@5a3ec84eff668545956fd18022155c47e93e2684",
            "Install shenhe",
            "Check the provider",
            "Publish the results",
            UPLOAD,
        ),
        *(["github/codeql-action/upload-sarif@ff0a06e83cb2de871e5a09832bc6a81e7276941f"] if sarif == "true" else []),
        "Verdict",
    ]
    assert done["Verdict"] == code
    kept = runner.checkout / done[UPLOAD]["path"]
    assert {"report.json", "junit.xml", "report.html", "shenhe.sarif"} <= {path.name for path in kept.iterdir()}
    for uses, given in done.items():
        if "codeql" in uses:
            assert (runner.checkout / given["sarif_file"]).exists()
    assert "## shenhe: " in runner.summary.read_text()


# --- GitLab ------------------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=x", "-c", "user.email=x@x.example", "-c", "uploadpack.allowAnySHA1InWant=true"]
    done = subprocess.run(["git", "-C", str(folder), *settings, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit_of(source: Path) -> str:
    return git(source, "rev-parse", "HEAD~1")


def shenhe_repository(folder: Path) -> Path:
    """A repository with a commit to install and a later one that must not be."""
    source = folder / "repository"
    if not source.exists():
        (source / "locks").mkdir(parents=True)
        git(source, "init", "--quiet")
        git(source, "config", "uploadpack.allowAnySHA1InWant", "true")
        for text in ("# of the commit\n", "# of a later commit\n"):
            for name in ("core", "extra-media"):
                (source / "locks" / f"{name}.txt").write_text(text)
            git(source, "add", "-A")
            git(source, "commit", "--quiet", "-m", text)
    return source


@pytest.mark.parametrize(
    "given",
    [
        {"SHENHE_SOURCE": ""},
        {"SHENHE_COMMIT": ""},
        {"SHENHE_COMMIT": "main"},
        {"SHENHE_COMMIT": "0123abc"},
        {"SHENHE_COMMIT": "0" * 40},
    ],
)
def test_the_gitlab_job_installs_only_pinned_packages(tmp_path: Path, given: dict[str, str]) -> None:
    done, _ = gitlab(tmp_path, SHENHE_BINDING="sample", **given)
    assert done.returncode != 0
    assert not (tmp_path / "notes").exists() or "pip" not in (tmp_path / "notes").read_text()


def test_every_action_is_pinned_by_its_commit() -> None:
    used = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    used += re.findall(r"uses: ((?!<owner>)\S+)", PAGES)
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each)] == []


def gitlab(folder: Path, **given: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The job's script as GitLab's runner runs it: one shell, its lines in order, stopping at the first that fails."""
    job: dict[str, Any] = TEMPLATE[".shenhe"]
    variables = {name: str(value) for name, value in job["variables"].items()} | given
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "NOTES": str(folder / "notes"),
    } | variables
    source = shenhe_repository(folder)
    environment |= {"SHENHE_SOURCE": str(source), "SHENHE_COMMIT": commit_of(source), "SHENHE_EXTRAS": "media"} | given
    prepared = environment | {"PATH": f"{noting(folder / 'path')}:{environment['PATH']}"}
    before = subprocess.run(
        ["sh", "-e"], input="\n".join(job["before_script"]), cwd=folder, env=prepared, text=True, timeout=60
    )
    if before.returncode:
        return before, folder
    *locked, itself = (folder / "notes").read_text().splitlines()[-3:]
    assert [line.rpartition("/")[2] for line in locked] == ["core.txt", "extra-media.txt"]
    assert all("--require-hashes -r .shenhe-source/locks/" in line for line in locked)
    assert itself.endswith("--no-deps --no-build-isolation ./.shenhe-source")
    assert (folder / ".shenhe-source" / "locks" / "core.txt").read_text() == "# of the commit\n"
    install(folder / ".shenhe" / "bin")
    script = folder / "job.sh"
    script.write_text("\n".join(job["script"]) + "\n")
    command = ["sh", "-e", str(script)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    return done, folder / variables["SHENHE_RESULTS"]


@pytest.mark.costly
def test_the_gitlab_job_publishes_its_artifacts(tmp_path: Path) -> None:
    done, results = gitlab(tmp_path, SHENHE_BINDING="sample")
    assert done.returncode == 0, done.stderr
    reports = TEMPLATE[".shenhe"]["artifacts"]["reports"]
    for name in reports.values():
        assert (tmp_path / name.replace("$SHENHE_RESULTS", str(results))).exists()
    assert json.loads((results / "gl-code-quality-report.json").read_text()) == []


def test_the_gitlab_job_fails_with_the_check(tmp_path: Path) -> None:
    done, _ = gitlab(tmp_path, SHENHE_BINDING="nowhere.yaml")
    assert done.returncode == 2
    assert not list(tmp_path.rglob("report.json"))


@pytest.mark.costly
def test_the_gitlab_job_applies_the_baseline(tmp_path: Path) -> None:
    stale = "entries:\n  - {check: text_output_is_labelled, verdict: fail, reason: known, expires: 2999-12-31}\n"
    (tmp_path / "baseline.yaml").write_text(stale)
    done, results = gitlab(tmp_path, SHENHE_BINDING="sample", SHENHE_BASELINE="baseline.yaml")
    assert done.returncode == 1
    assert "stale" in done.stdout
    assert (results / "gl-code-quality-report.json").exists()


# --- the pages that explain all this -----------------------------------------------------------------------------

PAGES = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("ci.md", "attestation.md"))
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGES, re.DOTALL)


def test_the_files_that_the_pages_show_can_be_read(tmp_path: Path) -> None:
    (baseline,) = [text for text in EXAMPLES if "shenhe-baseline" in text]
    assert len(read_baseline(baseline).entries) == 1
    (evidence,) = [text for text in EXAMPLES if "shenhe-evidence" in text]
    (tmp_path / "evidence.yaml").write_text(evidence)
    (document,) = read_evidence(tmp_path / "evidence.yaml").documents
    assert set(document.rules) <= set(load_rulebook().rules)


def test_documented_pipelines_use_existing_options() -> None:
    github, gitlab_job = (yaml.safe_load(text) for text in EXAMPLES if "shenhe-" not in text)
    (uses,) = [step for step in github["jobs"]["conformance"]["steps"] if "shenhe" in step["uses"]]
    assert set(uses["with"]) <= set(ACTION["inputs"])
    assert gitlab_job["conformance"]["extends"] in TEMPLATE
    assert set(gitlab_job["conformance"]["variables"]) <= set(TEMPLATE[".shenhe"]["variables"])
