"""The GitHub Action and the GitLab template, step by step as a runner would run them.

A runner here is a shell with the variables that the real one sets. The steps that fetch something (``uses:``, ``pip install``) are
not run: in their place stands the ``shenhe`` of this environment.
"""

from __future__ import annotations

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

from shenhe.conformance.baseline import read_baseline
from shenhe.conformance.documents import read_evidence
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


RUN = f'exec "{sys.executable}" -P -c "from shenhe.cli.main import run; run()"'
#: The sample in place of the provider that the binding names, with one thing wrong.
FAULTY = "sample --fault text-unlabelled"


def install(folder: Path, target: str = '"$target"') -> None:
    """What the install step leaves behind, of this environment: ``bin/python``, and a ``bin/shenhe`` that checks one rule
    only, since it is the steps that are tried here and not the checks. ``target`` are words of a shell."""
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
        }
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done = subprocess.run(command, cwd=self.checkout, env=runner | given, capture_output=True, text=True, check=False, timeout=300)
        if "id" in step:
            self.outputs |= {
                f"steps.{step['id']}.outputs.{line.split('=', 1)[0]}": line.split("=", 1)[1]
                for line in self.output.read_text().splitlines()
            }
        return done

    def evaluate(self, value: str) -> str:
        """The two kinds of expression that the action uses."""
        known = {f"inputs.{name}": given for name, given in self.inputs.items()} | self.outputs
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


def test_the_action_passes_a_lawful_provider(tmp_path: Path) -> None:
    runner = Runner(tmp_path, binding="sample")
    done = runner.run("Check the provider")
    assert done.returncode == 0, done.stderr
    assert runner.outputs["steps.check.outputs.exit-code"] == "0"
    done = runner.run("Publish the results")
    assert done.returncode == 0, done.stderr
    assert runner_commands(done.stdout) == []
    assert "Every rule of this run was decided and is kept." in runner.summary.read_text()
    results = runner.checkout / "shenhe-results"
    assert {"report.json", "junit.xml", "report.html", "shenhe.sarif"} <= {path.name for path in results.iterdir()}
    assert json.loads((results / "shenhe.sarif").read_text())["version"] == "2.1.0"
    assert runner.run("Verdict").returncode == 0


def test_the_action_reports_a_failure_and_fails_at_its_end(tmp_path: Path) -> None:
    runner = Runner(tmp_path, binding="conformance/binding.yaml")
    install(runner.bin, FAULTY)
    done = runner.run("Check the provider")
    assert done.returncode == 0, "the results are published first"
    assert runner.outputs["steps.check.outputs.exit-code"] == "1"
    done = runner.run("Publish the results")
    (command,) = runner_commands(done.stdout)
    assert re.match(r"::error file=conformance/binding\.yaml,line=\d+,title=fail%3A text_output_is_labelled::", command)
    assert "At least one rule is broken" in runner.summary.read_text()
    assert runner.run("Verdict").returncode == 1


def test_the_action_accepts_what_the_baseline_does(tmp_path: Path) -> None:
    runner = Runner(tmp_path, binding="binding.yaml", baseline="baseline.yaml")
    install(runner.bin, FAULTY)
    accepted = "entries:\n  - {check: text_output_is_labelled, verdict: fail, reason: known, expires: 2999-12-31}\n"
    (runner.checkout / "baseline.yaml").write_text(accepted)
    assert runner.run("Check the provider").returncode == 0
    assert runner.outputs["steps.check.outputs.exit-code"] == "0"
    assert runner.run("Verdict").returncode == 0
    (runner.checkout / "baseline.yaml").write_text(accepted.replace("2999", "2001"))
    runner.run("Check the provider")
    assert runner.outputs["steps.check.outputs.exit-code"] == "1", "an expired entry breaks"
    (runner.checkout / "baseline.yaml").write_text("entires: []\n")
    assert runner.run("Check the provider").returncode == 0
    assert runner.outputs["steps.check.outputs.exit-code"] == "2", "a faulty baseline is no pass"
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
    assert runner_commands(done.stdout + "::notice::later") == ["::notice::later"], "commands are heard again afterwards"
    assert done.returncode == (0 if code in {0, 1, 3} else code)


def test_the_action_installs_what_is_locked() -> None:
    install_step = STEPS["Install shenhe"]["run"]
    assert (ROOT / "locks" / "base.txt").exists()
    assert "--require-hashes" in install_step
    done = subprocess.run(["bash", "-n"], input=install_step, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


# --- GitLab ------------------------------------------------------------------------------------------------------


def gitlab(folder: Path, **given: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The job's script as GitLab's runner runs it: one shell, its lines in order, stopping at the first that fails."""
    job: dict[str, Any] = TEMPLATE[".shenhe"]
    install(folder / ".shenhe" / "bin")
    variables = {name: str(value) for name, value in job["variables"].items()} | given
    script = folder / "job.sh"
    script.write_text("\n".join(job["script"]) + "\n")
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | variables
    command = ["sh", "-e", str(script)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    return done, folder / variables["SHENHE_RESULTS"]


def test_the_gitlab_job_publishes_what_its_artifacts_name(tmp_path: Path) -> None:
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


def test_the_gitlab_job_applies_the_baseline(tmp_path: Path) -> None:
    stale = "entries:\n  - {check: text_output_is_labelled, verdict: fail, reason: known, expires: 2999-12-31}\n"
    (tmp_path / "baseline.yaml").write_text(stale)
    done, results = gitlab(tmp_path, SHENHE_BINDING="sample", SHENHE_BASELINE="baseline.yaml")
    assert done.returncode == 1
    assert "stale" in done.stdout
    assert (results / "gl-code-quality-report.json").exists()


# --- the page that explains all this -----------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_files_that_the_page_shows_can_be_read(tmp_path: Path) -> None:
    (baseline,) = [text for text in EXAMPLES if "shenhe-baseline" in text]
    assert len(read_baseline(baseline).entries) == 1
    (evidence,) = [text for text in EXAMPLES if "shenhe-evidence" in text]
    (tmp_path / "evidence.yaml").write_text(evidence)
    (document,) = read_evidence(tmp_path / "evidence.yaml").documents
    assert set(document.rules) <= set(load_rulebook().rules)


def test_the_pipelines_that_the_page_shows_use_what_there_is() -> None:
    github, gitlab_job = (yaml.safe_load(text) for text in EXAMPLES if "shenhe-" not in text)
    (uses,) = [step for step in github["jobs"]["conformance"]["steps"] if "shenhe" in step["uses"]]
    assert set(uses["with"]) <= set(ACTION["inputs"])
    assert gitlab_job["conformance"]["extends"] in TEMPLATE
    assert set(gitlab_job["conformance"]["variables"]) <= set(TEMPLATE[".shenhe"]["variables"])
