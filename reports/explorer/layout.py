"""The page: policies and levers at the left, results at the right. One function makes it in either language."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from shenhe import scenarios
from shenhe.simulator import load_scenario

from ..pages.language import Language
from .panel import group_options
from .parts import group, labelled, note
from .series import SERIES
from .state import MAX_REPLICATIONS, SIZES, State
from .words import OUTCOMES, class_title, outcome_title, words

VIEWS = ("overview", "time", "who", "heat", "providers", "decision", "files", "export")


def shell() -> html.Div:
    """What every address gets first; the language in the address decides what follows."""
    return html.Div([dcc.Location(id="address", refresh=False), html.Div(id="root")])


def page(language: Language, state: State, opened: list[dict[str, str]], problem: str = "") -> list[Any]:
    """The whole page for a state."""
    text = words(language)
    return [
        html.A(text["skip"], href="#results", className="skip"),
        *_stores(state),
        html.Header(
            [
                html.H1(text["title"]),
                html.A(text["language"], id="other-language", href=f"/?lang={'en' if language == 'zh' else 'zh'}"),
            ]
        ),
        html.P(problem, id="link-problem", className="problem", role="alert", hidden=not problem),
        html.Main(
            [_controls(language, state), _results(language, state, opened)],
            lang="zh-Hans" if language == "zh" else "en",
        ),
        html.Footer(html.P(text["caution"])),
    ]


def _stores(state: State) -> list[Any]:
    return [
        dcc.Store(id="state", data=state.to_json()),
        dcc.Store(id="redraw", data=0),
        dcc.Store(id="job"),
        dcc.Store(id="ran"),
        dcc.Store(id="result"),
        dcc.Store(id="side"),
        dcc.Store(id="side-result"),
        dcc.Store(id="heat-job"),
        dcc.Store(id="heat-result"),
        dcc.Store(id="drill", data={}),
        dcc.Store(id="provider"),
        dcc.Store(id="theme", data="light"),
        dcc.Store(id="owner"),
        dcc.Store(id="saved"),
        dcc.Store(id="asked"),
        dcc.Interval(id="tick", interval=200),
        dcc.Download(id="download"),
    ]


def _controls(language: Language, state: State) -> html.Section:
    text = words(language)
    return html.Section(
        [
            html.H2(text["arms"]),
            note(text["arms_help"]),
            group(text["edit"], dcc.RadioItems(id="edit", options=[], value=min(1, len(state.policies) - 1))),
            html.Div(
                [
                    html.Button(text["add_arm"], id="add", className="small"),
                    html.Button(text["remove_arm"], id="remove", className="small"),
                ],
                className="row",
            ),
            html.Div(id="from-box"),
            html.Details([html.Summary(text["story"]), html.Div(id="story", className="quiet")]),
            html.H2(text["differs"]),
            html.Div(id="differs"),
            html.H2(text["levers"]),
            labelled(
                text["group"],
                dcc.Dropdown(id="group", options=group_options(state, 0, language), value="staff", clearable=False),
            ),
            labelled(
                text["find"],
                dcc.Input(id="find", type="search", value="", debounce=0.3, placeholder=text["find_hint"]),
            ),
            html.Div(id="levers"),
        ],
        id="controls",
        **{"aria-label": text["levers"]},
    )


def _results(language: Language, state: State, opened: list[dict[str, str]]) -> html.Section:
    text = words(language)
    return html.Section(
        [
            _running(language, state),
            group(
                text["view"],
                dcc.RadioItems(
                    id="view",
                    options=[{"value": view, "label": text["tabs"][view]} for view in VIEWS],
                    value="overview",
                    inline=True,
                    className="tabs",
                ),
            ),
            html.Div(id="stale", className="problem", role="status", hidden=True),
            *(
                html.Section(content, id=f"view-{view}", className="view")
                for view, content in _views(language, state, opened)
            ),
        ],
        id="results",
        tabIndex=-1,
    )


def _running(language: Language, state: State) -> html.Div:
    text = words(language)
    sizes = [{"value": size, "label": f"{100 * size:g} %"} for size in SIZES]
    return html.Div(
        [
            html.Div(
                [
                    html.Button(text["run"], id="run", className="primary"),
                    labelled(
                        text["size"],
                        dcc.Dropdown(id="size", options=sizes, value=state.size, clearable=False, searchable=False),
                    ),
                    labelled(
                        text["replications"],
                        dcc.Input(
                            id="replications",
                            type="number",
                            min=2,
                            max=MAX_REPLICATIONS,
                            step=1,
                            value=state.replications,
                            debounce=True,
                        ),
                    ),
                    labelled(
                        text["seed"],
                        dcc.Input(id="seed", type="number", min=0, step=1, value=state.seed, debounce=True),
                    ),
                    dcc.Checklist(id="auto", options=[{"value": "auto", "label": text["auto"]}], value=["auto"]),
                ],
                className="row run-row",
            ),
            html.Div(
                [
                    html.Progress(id="progress", value="0", max="1", **{"aria-label": text["run"]}),
                    html.Span(id="status", role="status"),
                    html.Button(text["cancel"], id="cancel", className="small"),
                ],
                className="row",
                id="progress-row",
            ),
            html.Div(id="problem", className="problem", role="alert", hidden=True),
        ],
        className="running",
    )


def _views(language: Language, state: State, opened: list[dict[str, str]]) -> list[tuple[str, list[Any]]]:
    text = words(language)
    series = [{"value": name, "label": text["series"][name]} for name in SERIES]
    outcomes = [{"value": name, "label": outcome_title(name, language)} for name in OUTCOMES]
    by = [{"value": name, "label": text["breakdowns"][name]} for name in ("all", "size", "behaviour")]
    return [
        ("overview", [html.H2(text["tabs"]["overview"]), html.Div(id="overview")]),
        (
            "time",
            [
                html.H2(text["tabs"]["time"]),
                html.Div(
                    [
                        labelled(
                            text["outcome"],
                            dcc.Dropdown(id="time-outcome", options=series, value="sanctions", clearable=False),
                        ),
                        group(text["by"], dcc.RadioItems(id="time-by", options=by, value="all", inline=True)),
                    ],
                    className="row",
                ),
                html.Div(id="time"),
            ],
        ),
        (
            "who",
            [
                html.H2(text["tabs"]["who"]),
                html.Div(
                    [
                        group(text["by"], dcc.RadioItems(id="who-by", options=by[1:], value="size", inline=True)),
                        labelled(
                            text["outcome"],
                            dcc.Dropdown(id="who-outcome", options=[], value="sanctions", clearable=False),
                        ),
                    ],
                    className="row",
                ),
                html.Div(id="who"),
            ],
        ),
        ("heat", _heat_view(language, outcomes)),
        ("providers", _providers_view(language, state)),
        (
            "decision",
            [
                html.H2(text["tabs"]["decision"]),
                group(text["decision_of"], dcc.RadioItems(id="decision-of", options=[], value=1, inline=True)),
                html.Div(id="decision"),
            ],
        ),
        (
            "files",
            [
                html.H2(text["tabs"]["files"]),
                *(
                    [
                        labelled(
                            text["files_pick"],
                            dcc.Dropdown(id="file", options=opened, value=opened[0]["value"], clearable=False),
                        )
                    ]
                    if opened
                    else [note(text["files_none"]), html.Div(dcc.Dropdown(id="file"), hidden=True)]
                ),
                html.Div(id="file-page"),
            ],
        ),
        ("export", [html.H2(text["tabs"]["export"]), html.Div(id="export")]),
    ]


def _heat_view(language: Language, outcomes: list[dict[str, str]]) -> list[Any]:
    text = words(language)

    def axis(name: str, label: str) -> html.Div:
        return html.Div(
            [
                labelled(label, dcc.Dropdown(id=f"heat-{name}", options=[], clearable=False)),
                labelled(
                    f"{text['from_value']} ({name})",
                    dcc.Input(id=f"heat-{name}-from", type="number", step="any", debounce=True),
                ),
                labelled(
                    f"{text['to_value']} ({name})",
                    dcc.Input(id=f"heat-{name}-to", type="number", step="any", debounce=True),
                ),
            ],
            className="row",
        )

    return [
        html.H2(text["tabs"]["heat"]),
        note(text["heat_help"]),
        axis("x", text["lever_x"]),
        axis("y", text["lever_y"]),
        html.Div(
            [
                labelled(
                    text["outcome"], dcc.Dropdown(id="heat-outcome", options=outcomes, value="harm", clearable=False)
                ),
                labelled(text["steps"], dcc.Input(id="heat-steps", type="number", min=2, max=8, step=1, value=4)),
                html.Button(text["heat_run"], id="heat-run", className="primary"),
            ],
            className="row",
        ),
        html.Div(
            [
                html.Progress(id="heat-progress", value="0", max="1", **{"aria-label": text["heat_run"]}),
                html.Span(id="heat-status", role="status"),
                html.Button(text["cancel"], id="heat-cancel", className="small"),
            ],
            className="row",
            id="heat-row",
            hidden=True,
        ),
        html.Div(id="heat-problem"),
        html.Div(id="heat"),
    ]


SORTS = ("sanctions", "violations", "harm", "fines", "wrongful", "cases", "downtime", "users")


def _providers_view(language: Language, state: State) -> list[Any]:
    text = words(language)
    everything = {"value": "", "label": text["all_classes"]}
    statuses = [everything, *({"value": name, "label": label} for name, label in text["statuses"].items())]
    sizes = [everything, *({"value": name, "label": class_title(name, language)} for name in sizes_of(state))]
    return [
        html.H2(text["tabs"]["providers"]),
        html.Div(
            [
                group(text["policy"], dcc.RadioItems(id="of-policy", options=[], value=0, inline=True)),
                labelled(
                    text["replication"],
                    dcc.Input(id="of-replication", type="number", min=1, step=1, value=1, debounce=True),
                ),
                labelled(text["class"], dcc.Dropdown(id="of-class", options=sizes, value="", clearable=False)),
                labelled(
                    text["status"],
                    dcc.Dropdown(id="of-status", options=statuses, value="", clearable=False),
                ),
                labelled(
                    text["sort"],
                    dcc.Dropdown(
                        id="of-sort",
                        options=[{"value": name, "label": text["columns"][name]} for name in SORTS],
                        value="sanctions",
                        clearable=False,
                    ),
                ),
            ],
            className="row",
        ),
        html.Div(id="drilled"),
        html.Div(id="timeline"),
        html.Div(id="providers"),
    ]


def sizes_of(state: State) -> list[str]:
    """The size classes of all policies."""
    names = [item.name for k in range(len(state.policies)) for item in state.base(k).population.classes]
    return list(dict.fromkeys(names))


def from_box(name: str, state: State, language: Language) -> html.Div:
    """The choice of the scenario that a policy starts from."""
    names = [*scenarios.names(), *(other for other in state.documents if other not in scenarios.names())]
    return labelled(words(language)["from"], dcc.Dropdown(id="from", options=names, value=name, clearable=False))


def story_of(name: str, state: State) -> list[Any]:
    """What a scenario is about, and its sources."""
    if name in scenarios.names():
        scenario = load_scenario(name)
        title, story = scenario.title, scenario.story
    else:
        document = state.documents[name]
        title, story = str(document.get("title", name)), str(document.get("story", ""))
    return [html.P(html.B(title)), html.P(story)]
