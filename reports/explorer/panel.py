"""The left side of the explorer: policies, what differs, and the levers with unit, range and what they rest on."""

from __future__ import annotations

import json
from typing import Any

from dash import dcc, html

from shenhe.simulator import ScenarioError
from shenhe.simulator.levers import Setting, described_levers, groups, settings

from ..pages.language import Language
from .parts import asking, note
from .state import LETTERS, State
from .words import plain_value, words

MOST = 24
"""Levers shown at once; a search that finds more asks for another word."""


def policy_names(state: State, language: Language) -> list[dict[str, Any]]:
    """The policies as options: letter, and how many levers differ from the scenario."""
    text = words(language)
    return [
        {
            "value": place,
            "label": f"{text['arm_name'].format(letter=LETTERS[place])} · {policy.scenario}"
            + (f" · {len(policy.changes)} ≠" if policy.changes else ""),
        }
        for place, policy in enumerate(state.policies)
    ]


def changes_list(state: State, language: Language) -> list[Any]:
    """What each policy changes in its scenario, with a button to undo each change."""
    text, rows = words(language), []
    for place, policy in enumerate(state.policies):
        letter = LETTERS[place]
        if not policy.changes:
            rows.append(html.Li(text["nothing_differs"].format(letter=letter), className="quiet"))
            continue
        own = dict(state.base(place).parameters())
        for path, value in policy.changes.items():
            lever = _title(path, language)
            rows.append(
                html.Li(
                    [
                        html.B(f"{letter}  "),
                        html.Span(lever, title=path),
                        html.Span(f" {plain_value(own.get(path), language)} → {plain_value(value, language)} "),
                        asking(
                            "×",
                            {"what": "undo", "place": place, "path": path},
                            className="undo",
                            **{"aria-label": text["undo"].format(path=f"{letter} {lever}")},
                        ),
                    ]
                )
            )
    return [html.Ul(rows, className="differs")]


def _title(path: str, language: Language) -> str:
    from shenhe.simulator.levers import lever_of

    lever = lever_of(path)
    where = where_of(path)
    return f"{lever.title[language] if lever else path}{f' ({where})' if where else ''}"


def where_of(path: str) -> str:
    """The entry that a path goes through: the step of the ladder, the size class, the store.

    >>> where_of("policy.ladder.3.fine.high"), where_of("policy.targeting.classes.giant"), where_of("policy.referral")
    ('3', 'giant', '')
    """
    from shenhe.simulator.levers import lever_of

    lever = lever_of(path)
    if lever is None:
        return ""
    pattern, steps = lever.path.split("."), path.split(".")
    if len(pattern) != len(steps):  # a step of a named ladder
        return " ".join([steps[2], *(step for step in steps[3:] if step.isdecimal())])
    return " ".join(step for step, part in zip(steps, pattern, strict=True) if part == "*")


def group_options(state: State, place: int, language: Language) -> list[dict[str, str]]:
    """The groups that this policy has levers of, with the number that differ."""
    have: dict[str, int] = {}
    for each in found_settings(state, place):
        have[each.lever.group] = have.get(each.lever.group, 0) + each.differs
    return [
        {"value": name, "label": group.title[language] + (f" · {have[name]} ≠" if have[name] else "")}
        for name, group in groups().items()
        if name in have
    ]


def found_settings(state: State, place: int) -> list[Setting]:
    """The levers of a policy; as they stand in its scenario while they cannot be where they are."""
    base = state.base(place)
    try:
        return settings(state.scenario(place), base)
    except ScenarioError:
        return settings(base, base)


def lever_panel(state: State, place: int, group: str, search: str, language: Language) -> list[Any]:
    """The levers of a group, or those that a word finds, each with everything a person has to know to move it."""
    text = words(language)
    found = found_settings(state, place)
    wanted = search.strip().lower()
    if wanted:
        shown = [
            each
            for each in found
            if any(
                wanted in part.lower() for part in (each.path, *each.lever.title.values(), *each.lever.meaning.values())
            )
        ]
    else:
        shown = [each for each in found if each.lever.group == group]
    shown = [each for each in shown if each.lever.kind not in ("text", "date")]
    changes = state.policies[place].changes
    rows: list[Any] = []
    if not wanted and group in groups():
        rows.append(note(groups()[group].law[language]))
    rows += [_row(each, changes.get(each.path, each.value), state, place, language) for each in shown[:MOST]]
    if not shown:
        rows.append(note(text["no_lever"]))
    if len(shown) > MOST:
        rows.append(note(text["many"].format(count=len(shown) - MOST)))
    return rows


def _row(setting: Setting, value: Any, state: State, place: int, language: Language) -> html.Div:
    lever, text = setting.lever, words(language)
    name = json.dumps({"path": setting.path, "type": "lever"}, separators=(",", ":"))
    where = where_of(setting.path)
    title = lever.title[language] + (f" · {where}" if where else "")
    own = setting.baseline if setting.baseline is not None else setting.value
    basis = setting.basis
    facts = [
        html.Span(text["unit_range"].format(unit=lever.unit[language], range=lever.range(language)))
        if lever.kind != "list" and not lever.options
        else html.Span(lever.unit[language]),
        html.Span(text[basis.kind] if basis else text["unstated"], className=f"badge {basis.kind if basis else ''}"),
        html.Span(text["base_value"].format(letter=state.policies[place].scenario, value=plain_value(own, language))),
    ]
    explained = html.Details(
        [
            html.Summary([html.Span(text["levers"], className="hidden"), html.Code(setting.path)]),
            html.P(basis.source if basis else text["unstated"], className="quiet"),
        ]
    )
    control = _control(setting, value, state, title, language)
    single = lever.kind in ("number", "count")
    heading: Any = (
        html.Label(title, htmlFor=name, className="lever-title") if single else html.Div(title, className="lever-title")
    )
    return html.Div(
        [
            heading,
            html.P(lever.meaning[language].replace("`", ""), className="meaning"),
            control,
            html.P(facts, className="facts"),
            explained,
        ],
        className="lever",
        role="group",
        **{"aria-label": title},
    )


def _control(setting: Setting, value: Any, state: State, title: str, language: Language) -> Any:
    lever = setting.lever
    identity = {"type": "lever", "path": setting.path}
    text = words(language)
    if lever.kind == "switch":
        options = [{"value": flag, "label": text["yes" if flag else "no"]} for flag in (True, False)]
        return dcc.RadioItems(id=identity, options=options, value=value, inline=True)
    if lever.kind == "choice":
        return dcc.RadioItems(id=identity, options=list(lever.options), value=value, inline=True)
    if lever.kind == "list" and lever.options:
        return dcc.Checklist(id=identity, options=list(lever.options), value=list(value or ()), inline=True)
    if lever.kind not in ("number", "count"):
        return html.P(plain_value(value, language), className="quiet")
    low, high, step = slider_range(setting, value, state.size)
    return html.Div(
        [
            dcc.Input(
                id=identity,
                type="number",
                value=value,
                min=lever.low,
                max=lever.high,
                step="any" if lever.kind == "number" else 1,
                debounce=True,
                className="lever-number",
            ),
            html.Label(
                [
                    html.Span(title, className="hidden"),
                    dcc.Input(
                        id={"type": "slide", "path": setting.path},
                        type="range",
                        min=low,
                        max=high,
                        step=step,
                        value=min(max(float(value or 0), low), high),
                        className="lever-slide",
                    ),
                ],
                className="slide",
            ),
        ],
        className="number-and-slide",
    )


WHOLE = ("policy.staff.inspectors", "registry.reviewers", "supporters.count")
"""Counts that the size of the simulated market scales to whole numbers."""


def slider_range(setting: Setting, value: Any, size: float) -> tuple[float, float, float]:
    """Ends and step of a slider: the usual range, wide enough for the value; steps that leave whole people."""
    lever = setting.lever
    low, high = lever.usual or (lever.low or 0.0, lever.high if lever.high is not None else 1.0)
    number = float(value) if isinstance(value, int | float) else 0.0
    own = float(setting.value) if isinstance(setting.value, int | float) else 0.0
    low, high = min(low, number, own), max(high, number, own)
    if setting.path in WHOLE:
        step = max(1.0, round(1.0 / size))
        return step, step * max(2, round(high / step)), step
    if lever.kind == "count":
        return low, high, 1.0
    exact = (high - low) / 100.0
    step = 10.0 ** _magnitude(exact)
    return low, high, step * (5.0 if exact >= 5 * step else 2.0 if exact >= 2 * step else 1.0)


def _magnitude(value: float) -> int:
    import math

    return math.floor(math.log10(value)) if value > 0 else 0


def movable(state: State, place: int, language: Language) -> list[dict[str, str]]:
    """Levers that a heat map can vary: the numbers of this policy."""
    return [
        {"value": each.path, "label": _title(each.path, language)}
        for each in found_settings(state, place)
        if each.lever.kind in ("number", "count")
        and isinstance(each.value, int | float)
        and each.path != "population.scale"
    ]


__all__ = [
    "changes_list",
    "described_levers",
    "group_options",
    "lever_panel",
    "movable",
    "policy_names",
    "slider_range",
]
