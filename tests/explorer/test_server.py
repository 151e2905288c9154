"""The web server without a browser: what it answers, whom it refuses, and what each click leads to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from typer.testing import CliRunner

from shenhe.cli.explore import first_state
from shenhe.cli.main import app as command_line
from shenhe.core.errors import ShenheError
from shenhe.reports.explorer import panel, views
from shenhe.reports.explorer.app import create_app
from shenhe.reports.explorer.desk import Desk, Here
from shenhe.reports.explorer.layout import VIEWS, page
from shenhe.reports.explorer.opened import OpenError, find, page_of
from shenhe.reports.explorer.state import Policy, State
from shenhe.reports.explorer.wiring.controls import moved_state
from shenhe.reports.explorer.wiring.following import drilled
from shenhe.reports.explorer.wiring.running import request_of
from shenhe.reports.explorer.wiring.viewing import spread
from shenhe.reports.explorer.words import LANGUAGES, words
from shenhe.reports.explorer.work import Request, Result, Workshop, provider_table, timeline
from shenhe.simulator import load_scenario

from .conftest import quietly

HERE = {"Host": "127.0.0.1:8321"}


@pytest.fixture
def served(state: State, shop: Workshop) -> Iterator[tuple[FlaskClient, Desk]]:
    app, desk = create_app(state, Here(shop))
    yield app.server.test_client(), desk
    desk.close()


def test_pages_come_with_a_strict_policy(served: tuple[FlaskClient, Desk]) -> None:
    answer = served[0].get("/?lang=zh", headers=HERE)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'sha256-" in policy
    assert "http" not in policy


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8321", "127.0.0.1.evil.example"])
def test_other_names_are_refused(served: tuple[FlaskClient, Desk], host: str) -> None:
    """A page on the web can point its own name at this machine."""
    assert served[0].get("/", headers={"Host": host}).status_code == 403


def test_requests_of_other_sites_are_refused(served: tuple[FlaskClient, Desk]) -> None:
    answer = served[0].post("/_dash-update-component", headers={**HERE, "Origin": "http://evil.example"}, json={})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/opened/0",
        "/opened/../../etc/passwd",
        "/decision/../../etc/passwd",
        "/decision/unknown",
        "/assets/../state.py",
        "/assets/%2e%2e/state.py",
        "/_dash-component-suites/shenhe/../../etc/passwd",
    ],
)
def test_no_path_reaches_a_file(served: tuple[FlaskClient, Desk], path: str) -> None:
    answer = served[0].get(path, headers=HERE)
    assert b"root:" not in answer.data
    assert b"class State" not in answer.data
    # Dash gives its own shell to addresses it does not know; that holds nothing of the path.
    assert answer.status_code in (400, 404) or b"_dash-config" in answer.data or answer.status_code >= 400


def test_large_requests_are_refused(served: tuple[FlaskClient, Desk]) -> None:
    answer = served[0].post("/_dash-update-component", headers=HERE, data=b"x" * 3_000_000)
    assert answer.status_code == 413


def call(client: FlaskClient, output: str, inputs: list[dict[str, Any]], state: list[dict[str, Any]]) -> Any:
    """Call a callback as the browser does."""
    names = output.strip(".").split("...")
    outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
    answer = client.post(
        "/_dash-update-component",
        headers=HERE,
        json={
            "output": output,
            "outputs": outputs if output.startswith("..") else outputs[0],
            "inputs": inputs,
            "state": state,
            "changedPropIds": [f"{inputs[0]['id']}.{inputs[0]['property']}"],
        },
    )
    assert answer.status_code == 200, answer.data
    return answer.json["response"]


def value(name: str, what: str, given: Any) -> dict[str, Any]:
    return {"id": name, "property": what, "value": given}


STARTING = [
    value("auto", "value", ["auto"]),
    *(value(name, "data", None) for name in ("owner", "ran")),
    value("address", "search", "?lang=en"),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_drawn_for_the_state_of_a_link(
    served: tuple[FlaskClient, Desk], state: State, language: str
) -> None:
    moved = state.changed(0, "policy.referral", 0.25)
    link = value("address", "hash", f"#{moved.link()}")
    drawn = call(served[0], "root.children", [value("address", "search", f"?lang={language}")], [link])
    text = json.dumps(drawn, ensure_ascii=False)
    assert words(language)["title"] in text  # type: ignore[arg-type]
    assert '"policy.referral": 0.25' in text
    broken = call(served[0], "root.children", [value("address", "search", "")], [value("address", "hash", "#!!")])
    assert "could not be read" in json.dumps(broken)


def test_a_run_is_started_watched_and_shown(served: tuple[FlaskClient, Desk], state: State) -> None:
    client, desk = served
    began = call(
        client,
        "..job.data...problem.children...problem.hidden...owner.data...ran.data..",
        [value("state", "data", state.to_json()), value("run", "n_clicks", None)],
        STARTING,
    )
    job = began["job"]["data"]
    assert began["problem"]["hidden"] is True
    desk.wait(job)
    shown = call(client, "overview.children", [value("result", "data", job)], [value("address", "search", "?lang=en")])
    assert "B − A" in json.dumps(shown, ensure_ascii=False)


def test_policies_that_cannot_be_run_say_why(served: tuple[FlaskClient, Desk], state: State) -> None:
    impossible = state.changed(1, "policy.detection.inspection_rate", 50.0)
    began = call(
        served[0],
        "..job.data...problem.children...problem.hidden...owner.data...ran.data..",
        [value("state", "data", impossible.to_json()), value("run", "n_clicks", None)],
        STARTING,
    )
    assert began["job"]["data"] is None
    assert "inspection_ceiling" in json.dumps(began["problem"])


def test_markets_that_differ_are_not_compared(state: State) -> None:
    other = replace(state, policies=(Policy("cn-2023"), Policy("cn-2023", {"horizon": 100.0})))
    with pytest.raises(ShenheError, match="horizon"):
        request_of(other)


NOTHING: dict[str, Any] = {"from": None, "size": None, "replications": None, "seed": None}


def lever(path: str, given: Any) -> tuple[dict[str, str], list[tuple[str, Any]]]:
    identity = {"type": "lever", "path": path}
    return identity, [(f"{json.dumps(identity)}.value", given)]


def test_moving_a_lever_changes_the_policy_that_is_edited(state: State) -> None:
    trigger, moved = lever("policy.evidence.specificity", 1)
    found = moved_state(state, 1, trigger, moved, NOTHING, True)
    assert found is not None
    assert dict(found[0].policies[1].changes)["policy.evidence.specificity"] == 1.0
    assert isinstance(found[0].policies[1].changes["policy.evidence.specificity"], float)
    assert found[0].policies[0] == state.policies[0]


def test_drawing_the_levers_changes_nothing(state: State) -> None:
    trigger, moved = lever("policy.staff.inspectors", 200)
    assert moved_state(state, 1, trigger, moved, NOTHING, True) is None
    assert moved_state(state, 1, "size", [], {**NOTHING, "size": state.size}, True) is None
    assert moved_state(state, 1, "add", [], NOTHING, False) is None


def test_undo_add_remove_and_start(state: State) -> None:
    undo = {"what": "undo", "place": 1, "path": "policy.staff.inspectors"}
    found = moved_state(state, 1, undo, [], NOTHING, True)
    assert found is not None
    assert not found[0].policies[1].changes
    added = moved_state(state, 1, "add", [], NOTHING, True)
    assert added is not None
    assert (len(added[0].policies), added[1]) == (3, 2)
    removed = moved_state(added[0], 2, "remove", [], NOTHING, True)
    assert removed is not None
    assert removed[0] == state
    started = moved_state(state, 1, "from", [], {**NOTHING, "from": "cn-2022-draft"}, True)
    assert started is not None
    assert started[0].policies[1] == Policy("cn-2022-draft")


def test_a_click_on_a_figure_leads_to_its_providers(result: Result) -> None:
    point = {"customdata": [1, 600.0, "1 – 2"], "x": "2024-09-01"}
    place, size, about = drilled({"name": "time-sanctions-size-0", "point": point}, result) or (None, None, {})
    assert (place, size) == (1, "small")
    assert about == {"outcome": "sanctions", "until": 600.0, "date": "2024-09-01"}
    bar = {"name": "who-size-fines", "point": {"customdata": [1, "giant", ""]}}
    assert drilled(bar, result) == (1, "giant", {})
    for nonsense in ({}, {"name": "time-x-y-z", "point": {}}, {"name": "time-harm-all-0", "point": point}):
        assert drilled(nonsense, result) is None


def test_values_of_a_heat_map_are_whole_where_people_are_counted(state: State) -> None:
    assert spread(state, 0, "policy.staff.inspectors", 50, 400, 4) == (50.0, 150.0, 300.0, 400.0)
    assert spread(state, 0, "policy.referral", 0, 0.3, 4) == (0.0, 0.1, 0.2, 0.3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_view_has_content_in_each_language(
    result: Result, state: State, shop: Workshop, request_made: Request, language: Any
) -> None:
    run = shop.run(request_made.scenarios[0], request_made.replications, request_made.seed, quietly)
    table = provider_table(run, 0)
    about = {"provider": table.rows[0]["provider"], "place": 0, "replication": 0}
    made = [
        views.overview_content(result, language),
        views.over_time_content(result, "wrongful", "behaviour", language, "light"),
        views.over_time_content(result, "harm", "size", language, "light"),
        views.who_content(result, "size", "harm", language, "dark"),
        views.who_content(result, "behaviour", "cases", language, "dark"),
        views.providers_content(table, "sanctions", language),
        views.timeline_content(timeline(run, 0, about["provider"]), about, result.start, language, "light"),
        views.export_content(state, "http://127.0.0.1:8321/?lang=zh#old", language),
        page(language, state, []),
    ]
    text = [json.dumps([part.to_plotly_json() for part in each], default=_plain, ensure_ascii=False) for each in made]
    chinese = [sum("\u4e00" <= character <= "\u9fff" for character in each) for each in text]
    assert all(count > 10 for count in chinese) if language == "zh" else all(count < 10 for count in chinese), chinese


def _plain(part: Any) -> Any:
    return part.to_plotly_json() if hasattr(part, "to_plotly_json") else str(part)


def test_both_languages_have_the_same_words() -> None:
    def keys(data: Any, at: str = "") -> set[str]:
        if not isinstance(data, dict):
            return {at}
        return {key for name, inner in data.items() for key in keys(inner, f"{at}.{name}")}

    only_chinese = ".shown_outcomes"  # in English outcomes are called as everywhere
    en, zh = (
        {key for key in keys(dict(words(language))) if not key.startswith(only_chinese)} for language in LANGUAGES
    )
    assert en == zh
    assert set(words("en")["tabs"]) == set(VIEWS)


def test_every_lever_of_the_policy_can_be_reached(state: State) -> None:
    for group in panel.group_options(state, 0, "en"):
        assert panel.lever_panel(state, 0, group["value"], "", "en"), group
    assert "policy.publicity" in str(panel.lever_panel(state, 0, "", "publicity", "en"))


def test_sliders_leave_whole_people(state: State) -> None:
    found = {each.path: each for each in panel.found_settings(state, 0)}
    low, high, step = panel.slider_range(found["policy.staff.inspectors"], 80, 0.1)
    assert (low, step) == (10.0, 10.0)
    assert high % 10 == 0


def test_only_results_that_were_named_are_opened(tmp_path: Path, state: State, shop: Workshop) -> None:
    inside = tmp_path / "results"
    inside.mkdir()
    (inside / "report.json").write_text("{}", encoding="utf-8")
    found = find([inside])
    assert [each.what for each in found] == ["report"]
    app, desk = create_app(state, Here(shop), opened=found)
    client = app.server.test_client()
    assert client.get("/opened/0", headers=HERE).status_code == 422  # it is no report: a sentence, not a trace
    assert client.get("/opened/1", headers=HERE).status_code == 404
    desk.close()
    for name, what in (("fleet.json", "fleet"), ("chain.json", "chain"), ("run.json", "run")):
        folder = tmp_path / what
        folder.mkdir()
        (folder / name).write_text("{}", encoding="utf-8")
        opened = find([folder])
        assert [each.what for each in opened] == [what]
        with pytest.raises(ShenheError):
            page_of(opened[0])
    assert len(find([tmp_path])) == 4, "folders one level down"
    for place in (tmp_path / "missing", tmp_path / "results" / "empty"):
        with pytest.raises(OpenError):
            find([place])


def test_a_scenario_file_begins_the_explorer(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: cn-2023\nname: mine\ntitle: Mine\n", encoding="utf-8")
    state = first_state([str(path), "cn-2022-draft"])
    assert [policy.scenario for policy in state.policies] == ["mine", "cn-2022-draft"]
    assert state.base(0).name == "mine"
    assert load_scenario("cn-2023", {"population.scale": 0.1}).hash != ""


@pytest.mark.parametrize(
    "words_given", [["--lang", "fr"], ["no-such-scenario"], ["cn-2023"] * 5, ["--open", "/nowhere"]]
)
def test_the_command_refuses_what_it_cannot_open(words_given: list[str]) -> None:
    result = CliRunner().invoke(command_line, ["explore", "--no-browser", *words_given])
    assert result.exit_code != 0
