"""The pytest plugin: tests per rule from a binding, an application or a class; nothing at all unless asked."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import pytest

from shenhe.sample import SampleServer, sample_binding

PLUGIN = ("-p", "shenhe.conformance.pytest_plugin")

#: Rules that a run of a second decides.
INI = """
[pytest]
shenhe_examples = 0
shenhe_rules =
    cn-dsp-2023/9.*
    cn-labeling-2025/4.1.1
"""

#: An application whose sample publishes without credentials.
APP = """
from shenhe.sample import create_app
app = create_app(faults=["publish-anonymous"])
"""

MARKED = """
import pytest
from app import app

@pytest.mark.shenhe(binding="binding.yaml", app=app{settings})
def test_law(shenhe_rule):
    shenhe_rule.check()
"""

BASELINE = """
format: shenhe-baseline
entries:
  - check: {check}
    verdict: fail
    reason: fixed in the March release
    expires: {expires}
"""

ANONYMOUS = "anonymous_cannot_publish"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with a binding of the sample, an application, settings and its own test."""
    monkeypatch.setenv("SHENHE_SAMPLE_URL", "http://127.0.0.1:9")
    pytester.makefile(".yaml", binding=sample_binding().read_text(encoding="utf-8"))
    pytester.makeini(INI)
    pytester.makepyfile(app=APP, test_own="def test_something_else():\n    pass\n")
    pytester.syspathinsert()
    return pytester


@pytest.fixture
def faulty() -> Iterator[str]:
    """The address of a sample provider that publishes without credentials."""
    with SampleServer(faults=["publish-anonymous"]) as server:
        yield server.url


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """pytest in this process, with the plugin as its entry point would load it."""
    loaded = () if project.plugins or _installed() else PLUGIN
    return project.runpytest_inprocess(*loaded, "-p", "no:cacheprovider", "-q", "-rA", *arguments)


def _installed() -> bool:
    from importlib.metadata import entry_points

    return any(point.value.startswith("shenhe.") for point in entry_points(group="pytest11"))


def outcomes(result: pytest.RunResult) -> dict[str, str]:
    """Node ids with their outcomes, of the short summary."""
    found = re.findall(r"^(PASSED|FAILED|SKIPPED|XFAIL|ERROR) (\S+)", result.stdout.str(), re.MULTILINE)
    return {node: outcome for outcome, node in found}


def test_the_plugin_is_inactive_by_default(project: pytest.Pytester) -> None:
    assert outcomes(run(project)) == {"test_own.py::test_something_else": "PASSED"}


@pytest.mark.costly
def test_a_binding_is_a_file_of_tests(project: pytest.Pytester, faulty: str) -> None:
    result = run(project, "--shenhe", "binding.yaml", "--shenhe-base-url", faulty)
    assert outcomes(result) == {
        "test_own.py::test_something_else": "PASSED",
        "binding.yaml::cn-dsp-2023/9.1": "PASSED",
        "binding.yaml::cn-dsp-2023/9.2": "FAILED",
        "binding.yaml::cn-labeling-2025/4.1.1": "PASSED",
    }
    printed = result.stdout.str()
    assert "a request without credentials published" in printed
    assert "curl" in printed
    assert "Traceback" not in printed


def test_a_node_id_of_a_binding_runs_its_rule_again(project: pytest.Pytester, faulty: str) -> None:
    result = run(project, "binding.yaml::cn-dsp-2023/9.2", "--shenhe-base-url", faulty)
    assert outcomes(result) == {"binding.yaml::cn-dsp-2023/9.2": "FAILED"}


def test_other_yaml_files_are_left_alone(project: pytest.Pytester) -> None:
    project.makefile(".yaml", other="a: 1\n")
    assert run(project, "other.yaml", "test_own.py").ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.costly
def test_an_application_in_this_process(project: pytest.Pytester) -> None:
    project.makepyfile(test_law=MARKED.format(settings=""))
    result = run(project, "test_law.py")
    assert outcomes(result) == {
        "test_law.py::test_law[cn-dsp-2023/9.1]": "PASSED",
        "test_law.py::test_law[cn-dsp-2023/9.2]": "FAILED",
        "test_law.py::test_law[cn-labeling-2025/4.1.1]": "PASSED",
    }
    printed = result.stdout.str()
    assert re.search(r"RuleNotKept: fail: cn-dsp-2023/9\.2 ", printed), "the summary has room for the rule"
    assert "shenhe_rule.check()" in printed
    assert "conformance/pytest_plugin/rules.py" not in printed, "frames of shenhe are hidden"
    again = run(project, "test_law.py::test_law[cn-dsp-2023/9.2]")
    assert outcomes(again) == {"test_law.py::test_law[cn-dsp-2023/9.2]": "FAILED"}


def test_an_application_from_a_fixture_or_by_name(project: pytest.Pytester) -> None:
    project.makeconftest("import pytest\nimport app\n\n@pytest.fixture\ndef shenhe_app():\n    return app.app\n")
    project.makepyfile(
        test_law=MARKED.replace(", app=app", "").format(settings=", rules=['cn-dsp-2023/9.2']"),
        test_named=MARKED.replace("app=app", "app='app:app'").format(settings=", rules=['cn-dsp-2023/9.2']"),
    )
    found = outcomes(run(project, "test_law.py", "test_named.py", "-o", "shenhe_rules="))
    assert found == {
        "test_law.py::test_law[cn-dsp-2023/9.2]": "FAILED",
        "test_named.py::test_law[cn-dsp-2023/9.2]": "FAILED",
    }


WSGI = {
    "flask": """
        import flask
        app = flask.Flask("lamp")

        @app.post("/texts")
        def text():
            return {"text": "（AI生成）湖光山色", "id": "1"}
    """,
    "django": """
        import django
        from django.conf import settings
        from django.http import JsonResponse
        from django.urls import path
        from django.core.handlers.wsgi import WSGIHandler

        settings.configure(ROOT_URLCONF="lamp", SECRET_KEY="x", ALLOWED_HOSTS=["*"], DEBUG=False)
        django.setup()

        def text(request):
            return JsonResponse({"text": "a lake", "id": "1"})

        urlpatterns = [path("texts", text)]
        app = WSGIHandler()
    """,
    "fastapi": """
        import fastapi
        app = fastapi.FastAPI()

        @app.post("/texts")
        async def text():
            return {"text": "（AI生成）湖光山色", "id": "1"}
    """,
}

LAMP = """
target: {name: Lamp, base_url: http://127.0.0.1, environment: test, services: {text: [text/plain]}}
auth: {type: none}
accounts:
  verified_adult: {id: someone, credentials: {}}
operations:
  generate:
    path: /texts
    json: {prompt: "{{ request.prompt }}"}
    extract: {id: id}
    media: {text: text}
"""


@pytest.mark.parametrize(("framework", "outcome"), [("flask", "PASSED"), ("django", "FAILED"), ("fastapi", "PASSED")])
@pytest.mark.costly
def test_applications_of_other_frameworks(framework: str, outcome: str, project: pytest.Pytester) -> None:
    pytest.importorskip(framework)
    project.makefile(".yaml", lamp=LAMP)
    project.makepyfile(lamp=textwrap.dedent(WSGI[framework]))
    project.makepyfile(
        test_law=MARKED.replace("from app", "from lamp")
        .replace("binding.yaml", "lamp.yaml")
        .format(settings=", rules=['cn-labeling-2025/4.1.1']")
    )
    result = run_separately(project, "test_law.py", "-o", "shenhe_rules=")
    assert outcomes(result) == {"test_law.py::test_law[cn-labeling-2025/4.1.1]": outcome}, result.stdout.str()


def run_separately(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """pytest in its own process, for what changes the process."""
    loaded = () if _installed() else PLUGIN
    return project.runpytest_subprocess(*loaded, "-p", "no:cacheprovider", "-q", "-rA", *arguments)


PROVIDER = """
import pytest
from shenhe.conformance.provider import Accepted, Capabilities, Operation, ReadyMade
from shenhe.conformance.entities import Account, Content, Media
from shenhe.rulebook import Service

class Lamp:
    capabilities = Capabilities(frozenset({Operation.GENERATE}), (Service.TEXT,), {Service.TEXT: ("text/plain",)})
    ready_made = ReadyMade({"verified_adult": Account("1")})

    def generate(self, account, request):
        return Accepted(Content("1", Media(b"a lake", "text/plain")))

@pytest.mark.shenhe(provider=Lamp, rules=["cn-labeling-2025/4.1.1"])
def test_law(shenhe_rule):
    assert shenhe_rule.result.verdict == "fail"
"""


def test_a_python_class(project: pytest.Pytester) -> None:
    project.makepyfile(test_class=PROVIDER)
    found = outcomes(run(project, "test_class.py", "-o", "shenhe_rules="))
    assert found == {"test_class.py::test_law[cn-labeling-2025/4.1.1]": "PASSED"}


@pytest.mark.costly
def test_accepted_failures_are_xfailed_and_stale_entries_fail(project: pytest.Pytester) -> None:
    project.makepyfile(test_law=MARKED.format(settings=", baseline='accepted.yaml'"))
    project.makefile(".yaml", accepted=BASELINE.format(check=ANONYMOUS, expires="2999-12-31"))
    result = run(project, "test_law.py", "-k", "9.2")
    assert "1 xfailed" in result.stdout.str() or result.parseoutcomes()["xfailed"] == 1
    project.makefile(".yaml", accepted=BASELINE.format(check=ANONYMOUS, expires="2001-12-31"))
    assert run(project, "test_law.py", "-k", "9.2").parseoutcomes()["failed"] == 1
    project.makefile(".yaml", accepted=BASELINE.format(check="text_output_is_labelled", expires="2999-12-31"))
    result = run(project, "test_law.py", "-k", "4.1.1")
    assert result.parseoutcomes()["failed"] == 1
    assert "accepted.yaml:3: text_output_is_labelled is kept now; delete the entry" in result.stdout.str()


def test_the_command_line_wins_over_the_marker_and_the_marker_over_the_ini_file(project: pytest.Pytester) -> None:
    project.makepyfile(test_law=MARKED.format(settings=", rules=['cn-dsp-2023/9.1']"))
    collected = run(project, "test_law.py", "--collect-only").stdout.str()
    assert re.findall(r"\[(.*)\]", collected) == ["cn-dsp-2023/9.1"]
    collected = run(project, "test_law.py", "--collect-only", "--shenhe-rules", "cn-dsp-2023/9.2").stdout.str()
    assert re.findall(r"\[(.*)\]", collected) == ["cn-dsp-2023/9.2"]


def test_a_whole_check_in_a_test_of_ones_own(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_whole="""
        from app import app

        def test_whole(shenhe_check):
            shenhe_check("binding.yaml", app=app, rules=["cn-dsp-2023/9.2"])
        """
    )
    result = run(project, "test_whole.py")
    assert outcomes(result) == {"test_whole.py::test_whole": "FAILED"}
    printed = result.stdout.str()
    assert "does not keep every rule (core, seed 0)" in printed
    assert "conformance/__init__.py" not in printed


MISTAKES = {
    "no target": ("@pytest.mark.shenhe()", "expected the target of the rules"),
    "no file": ("@pytest.mark.shenhe(binding='bindign.yaml')", "found no file bindign.yaml"),
    "setting": ("@pytest.mark.shenhe(binding='binding.yaml', levle='core')", "did you mean level?"),
    "value": ("@pytest.mark.shenhe(binding='binding.yaml', level='cor')", "'cor' is not a valid Level"),
    "rule": ("@pytest.mark.shenhe(binding='binding.yaml', rules=['cn-dsp/1'])", "cn-dsp/1"),
    "position": ("@pytest.mark.shenhe('binding.yaml')", "found a positional argument"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_usage_errors(mistake: str, project: pytest.Pytester) -> None:
    marker, words = MISTAKES[mistake]
    project.makepyfile(test_law=f"import pytest\n\n{marker}\ndef test_law(shenhe_rule):\n    shenhe_rule.check()\n")
    result = run(project, "test_law.py")
    assert result.ret != pytest.ExitCode.OK
    printed = result.stdout.str() + result.stderr.str()
    assert words in printed
    assert "Traceback" not in printed


def test_a_missing_binding_is_a_usage_error(project: pytest.Pytester) -> None:
    result = run(project, "--shenhe", "none.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "none.yaml: no such file" in result.stderr.str()


@pytest.mark.costly
def test_workers_of_xdist_conclude_the_same(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    project.makepyfile(test_law=MARKED.format(settings=""))
    with SampleServer(faults=["publish-anonymous"]) as server:
        chosen = ("binding.yaml", "test_law.py", "--shenhe-base-url", server.url)
        alone, together = run(project, *chosen), run_separately(project, *chosen, "-n", "2", "--dist", "loadgroup")
    assert {node.partition("@")[0]: outcome for node, outcome in outcomes(together).items()} == outcomes(alone)
    assert outcomes(alone)["test_law.py::test_law[cn-dsp-2023/9.2]"] == "FAILED"
