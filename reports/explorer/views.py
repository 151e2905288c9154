"""What each view shows of a result."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from shenhe.simulator.runs.comparison import BEHAVIOURS, SIZES

from ..pages.language import Language
from . import charts
from .charts import Theme
from .parts import Cell, asking, data_table, details, note, number, picture, spanned
from .series import SERIES, Breakdown
from .state import LETTERS, State
from .words import (
    OUTCOMES,
    behaviour_title,
    class_title,
    event_title,
    outcome_title,
    words,
)
from .work import Heat, ProviderTable, Result, Timeline


def overview_content(result: Result, language: Language) -> list[Any]:
    """The main outcomes of every policy, and the paired differences from A."""
    text = words(language)
    letters = LETTERS[: len(result.arms)]
    heads = [text["outcome"], *letters, *(text["against"].format(letter=letter) for letter in letters[1:])]
    rows = []
    for metric in OUTCOMES:
        unit = result.units.get(metric, "")
        rows.append(
            [
                outcome_title(metric, language) + (f" ({unit})" if unit == "RMB" and language == "en" else ""),
                *(spanned(arm.outcomes[metric], unit, language) for arm in result.arms),
                *(spanned(arm.differences[metric], unit, language, signed=True) for arm in result.arms[1:]),
            ]
        )
    clear = [note(text["clear"])] if len(result.arms) > 1 else []
    return [note(text["mean"]), data_table(text["outcomes_head"], heads, rows), *clear]


def over_time_content(result: Result, outcome: str, by: Breakdown, language: Language, theme: Theme) -> list[Any]:
    """An outcome over time, for the market or by class or behaviour."""
    text = words(language)
    if by not in SERIES[outcome]:
        return [note(text["no_breakdown"])]
    letters = LETTERS[: len(result.arms)]
    title = text["series"][outcome]
    content: list[Any] = []
    for place, (heading, figure) in enumerate(charts.time_figures(result, outcome, by, language, theme, letters)):
        label = f"{title}{f': {heading}' if heading else ''}"
        content += [
            html.H3(heading or title),
            picture(figure, f"time-{outcome}-{by}-{place}", label, language, clicks=True),
        ]
    click = [] if outcome == "harm" else [note(text["click_time"])]
    return [*content, note(text["band"]), *click, details(text["numbers"], _numbers(result, outcome, by, language))]


def _numbers(result: Result, outcome: str, by: Breakdown, language: Language) -> html.Div:
    text = words(language)
    letters = LETTERS[: len(result.arms)]
    rows = []
    for key in result.arms[0].lines[outcome, by]:
        curves = [arm.lines[outcome, by][key] for arm in result.arms]
        for at, day in enumerate(charts.dates(result.start, curves[0].days)):
            cells = [spanned((float(c.mean[at]), float(c.low[at]), float(c.high[at])), "", language) for c in curves]
            rows.append([f"{day} {charts.line_title(key, by, language)}".strip(), *cells])
    return data_table(text["series"][outcome], [text["when"], *letters], rows)


def who_options(by: str, language: Language) -> list[dict[str, str]]:
    """Outcomes that are known by size class, or by behaviour."""
    text = words(language)
    found = SIZES if by == "size" else {name: (title, "") for name, (title, _) in BEHAVIOURS.items()}
    own: Mapping[str, str] = text["series"] | text["columns"] | text["shown_outcomes"] | _CASES[language]
    return [{"value": name, "label": str(own.get(name, title))} for name, (title, _) in found.items()]


_CASES: Mapping[Language, Mapping[str, str]] = {
    "en": {"cases": "Cases opened", "dismissed": "Cases dismissed"},
    "zh": {"cases": "立案数", "dismissed": "撤销的案件"},
}


def who_content(result: Result, by: str, metric: str, language: Language, theme: Theme) -> list[Any]:
    """Paired differences from A by size class or behaviour."""
    text = words(language)
    if len(result.arms) < 2:
        return [note(text["decision_needs"])]
    what = text["size_class" if by == "size" else "behaviour"]
    letters = LETTERS[: len(result.arms)]
    figure = charts.difference_figure(result, by, metric, language, theme, letters)
    title = class_title if by == "size" else behaviour_title
    names = result.sizes if by == "size" else result.behaviours
    unit = SIZES[metric][1] if by == "size" else ""
    rows = []
    for name in names:
        cells = [
            spanned((arm.by_size if by == "size" else arm.by_behaviour)[name, metric], unit, language, signed=True)
            for arm in result.arms[1:]
        ]
        rows.append([title(name, language), *cells])
    heads = [what, *(text["against"].format(letter=letter) for letter in letters[1:])]
    heading = text["who_head"].format(what=what)
    return [
        picture(figure, f"who-{by}-{metric}", heading, language, clicks=True),
        note(text["who_caption"]),
        *([note(text["click_who"])] if by == "size" else []),
        data_table(heading, heads, rows),
        note(text["clear"]),
    ]


def heat_content(found: Heat, asked: Mapping[str, Any], language: Language, theme: Theme) -> list[Any]:
    """The heat map, its numbers as a table, and why cells are blank."""
    text = words(language)
    figure = charts.heat_map(found, (asked["x_title"], asked["y_title"]), language, theme)
    outcome = outcome_title(asked["metric"], language)
    caption = text["heat_caption"].format(outcome=outcome, letter=LETTERS[asked["place"]])
    rows = [
        [f"{y:,.6g}", *(spanned(cell, "", language, signed=True) for cell in row)]
        for y, row in zip(found.ys, found.cells, strict=True)
    ]
    heads = [f"{asked['y_title']} ╲ {asked['x_title']}", *(f"{x:,.6g}" for x in found.xs)]
    return [
        html.H3(outcome),
        picture(figure, f"heat-{asked['metric']}", caption, language),
        note(caption),
        *(note(reason) for reason in found.reasons[:3]),
        details(text["numbers"], data_table(caption, heads, rows)),
    ]


COLUMNS = ("size_class", "status", "users", "violations", "cases", "sanctions", "wrongful", "fines", "downtime", "harm")


def providers_content(found: ProviderTable, sort: str, language: Language) -> list[Any]:
    """The providers, each with a button for its timeline."""
    text = words(language)
    rows: list[list[Cell]] = []
    for row in found.rows:
        button: Cell = {
            "text": f"{row['provider']}",
            "ask": {"what": "provider", "number": int(row["provider"])},
            "label": f"{text['open_provider']} {row['provider']}",
        }
        rows.append([button, *(_cell(name, row[name], language) for name in COLUMNS)])
    heads = [text["columns"][name] for name in ("provider", *COLUMNS)]
    column = text["columns"][sort]
    caption = text["shown"].format(shown=len(found.rows), total=found.total, column=column)
    return [data_table(caption, heads, rows, numbers_from=3)]


def _cell(name: str, value: Any, language: Language) -> str:
    if name == "size_class":
        return class_title(str(value), language)
    if name == "status":
        return str(words(language)["statuses"].get(str(value), value))
    return number(float(value), "", language) if value is not None else "–"


def timeline_content(
    found: Timeline, asked: Mapping[str, Any], start: str, language: Language, theme: Theme
) -> list[Any]:
    """One provider: its sums, its events as a picture, and each event."""
    text = words(language)
    heading = text["timeline"].format(
        provider=asked["provider"], letter=LETTERS[asked["place"]], replication=asked["replication"] + 1
    )
    sums = [[text["columns"][name], _cell(name, found.row[name], language)] for name in COLUMNS]
    if not found.events:
        return [html.H3(heading), note(text["no_events"])]
    first = datetime.date.fromisoformat(start)
    rows = [
        [
            f"{event['time']:.1f}",
            (first + datetime.timedelta(days=float(event["time"]))).isoformat(),
            event_title(str(event["kind"]), language),
            str(event["actor"] or ""),
            "" if event["case"] is None else f"{event['case']:.0f}",
            str(event["rule"] or ""),
            "" if event["value"] is None else f"{event['value']:,.6g}",
        ]
        for event in found.events
    ]
    figure = charts.life(found, start, language, theme)
    return [
        html.H3(heading, id="timeline-heading", tabIndex=-1),
        picture(figure, f"provider-{asked['provider']}", heading, language),
        note(text["timeline_caption"]),
        html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in sums], className="sums"),
        data_table(text["events_more"].format(shown=len(rows), total=found.total), text["event_columns"], rows, 7),
    ]


def export_content(state: State, address: str, language: Language) -> list[Any]:
    """The link, the commands, and files to download."""
    text = words(language)
    link = f"{address.split('#')[0]}#{state.link()}"
    files: list[Any] = [
        asking(text["yaml"].format(letter=LETTERS[place]), {"what": "yaml", "place": place})
        for place in range(len(state.policies))
    ]
    files += [asking(text[kind], {"what": kind, "place": 0}) for kind in ("csv", "xlsx", "parquet")]
    files += [
        asking(text["events_file"].format(letter=LETTERS[place]), {"what": "events", "place": place})
        for place in range(len(state.policies))
    ]
    return [
        html.H3(text["link"]),
        html.Div(
            [html.Code(link, id="link", tabIndex=0), dcc.Clipboard(target_id="link", title=text["link"])],
            className="copy",
        ),
        note(text["link_help"]),
        html.H3(text["command"]),
        *(html.Pre(command, tabIndex=0) for command in state.commands()),
        html.Div(files, className="row files"),
        note(text["figure_hint"]),
    ]


def decision_content(address: str, language: Language) -> list[Any]:
    """The decision page in a frame, and a link to it alone."""
    text = words(language)
    return [
        html.P(html.A(text["decision_open"], href=address, target="_blank", rel="noopener")),
        html.Iframe(src=address, title=text["tabs"]["decision"], className="page"),
    ]
