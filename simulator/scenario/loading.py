"""Scenarios read from YAML: by file or by shipped name, with what they extend, and with values given on the command
line.

``extends: cn-2023`` starts from another scenario: mappings are merged, lists of named entries (``behaviours``,
``classes``, ``stores``, ``platforms``) are merged by name, other values are replaced.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shenhe.core.document import DocumentError, Locate, dotted, explain, read_yaml, shown, worded

from .law import with_lawful_ladders
from .overriding import Relative, leaves, merged, override
from .policy import Step
from .schema import Scenario
from .values import ScenarioError, placed

MAX_EXTENDS = 8


def load_scenario(
    name: str | Path, overrides: Mapping[str, Any] | None = None, *, check_rules: bool = True, exact: bool = False
) -> Scenario:
    """A scenario by the name of a shipped one or by file, with ``overrides`` by dotted path.

    ``overrides={"policy.detection.inspection_rate": 0.1}`` replaces one value; entries of lists are addressed by
    position or by their name (``population.classes.small.users``). Rule and penalty ids are looked up in the rulebook
    unless ``check_rules`` is false.

    ``exact`` refuses a changed count that ``population.scale`` would round, as the command line does: the run would
    answer another question than the one asked.

    Raises :class:`ScenarioError` when the scenario is unknown, malformed or impossible.
    """
    data, locate = _read(name, 0)
    # Which versions of the law there are depends on the days of the run.
    days = {path: value for path, value in (overrides or {}).items() if path in ("start", "horizon")}
    data = with_lawful_ladders(data, locate.source_name, days)
    before = dict(leaves(data))
    for path, value in (overrides or {}).items():
        override(data, path, value)
    data = with_lawful_ladders(data, "--set", {})
    changed = {path for path in overrides or {} if before.get(path) != dict(leaves(data)).get(path)}
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        raise ScenarioError(_explained(error, locate, overrides or {})) from None
    if check_rules:
        _check_rules(scenario, locate)
    if exact:
        _refuse_rounding(scenario, {path: (overrides or {})[path] for path in changed})
    try:
        scenario.regimes()
    except ScenarioError as error:
        raise ScenarioError(f"{locate.source_name}: changes: {error}") from None
    return scenario


def _refuse_rounding(scenario: Scenario, overrides: Mapping[str, Any]) -> None:
    """Refuse a count that was given on purpose and that ``population.scale`` would round to another one: the run would
    answer another question. Counts of the file itself are rounded, as its scale asks for.
    """
    scale = scenario.population.scale
    for path, (wanted, simulated) in scenario.whole_counts().items():
        exact = wanted * scale
        if path not in overrides or abs(exact - simulated) <= 1e-9 * max(1.0, exact):
            continue
        workable = _workable(scenario, path, wanted)
        hint = f"set {' or '.join(map(str, workable))}, or another scale" if workable else "set another scale"
        raise ScenarioError(
            f"--set {path}={overrides[path]}: found {wanted} at population.scale {scale:g}, which is {exact:g} and"
            f" would be rounded to {simulated}; {hint}"
        )


def _workable(scenario: Scenario, path: str, wanted: int) -> list[int]:
    """The counts next below and above ``wanted`` that ``population.scale`` does not round, in whole or, where
    authorities divide them, in part.
    """
    scale = scenario.population.scale
    *outer, last = path.split(".")

    def exact(number: int) -> bool:
        parts: list[Any] = [scenario]
        for step in outer:
            parts.append(getattr(parts[-1], step))
        changed = parts.pop().model_copy(update={last: number})
        for part, step in zip(reversed(parts), reversed(outer), strict=True):
            changed = part.model_copy(update={step: changed})
        return bool(abs(number * scale - changed.whole_counts()[path][1]) <= 1e-9 * max(1.0, number * scale))

    reach = math.ceil(10 / scale)
    below = next((number for number in range(wanted - 1, max(0, wanted - reach), -1) if exact(number)), None)
    above = next((number for number in range(wanted + 1, wanted + reach) if exact(number)), None)
    return [number for number in (below, above) if number is not None]


def parse_override(text: str) -> tuple[str, Any]:
    """``"policy.staff.inspectors=12"`` as a path and a value; raises :class:`ScenarioError`.

    The value is read as YAML, unless it is relative to the scenario's own: ``+40``, ``+25%``, ``×2`` or ``*2``.
    """
    path, equals, value = text.partition("=")
    if not equals or not path.strip() or not value.strip():
        raise ScenarioError(f"--set {text}: expected PATH=VALUE, such as policy.staff.inspectors=12")
    relative = Relative.parse(value)
    if relative is not None:
        return path.strip(), relative
    try:
        parsed, _ = read_yaml(value, f"--set {path.strip()}")
    except DocumentError as error:
        raise ScenarioError(str(error)) from None
    return path.strip(), parsed


def _read(name: str | Path, depth: int) -> tuple[dict[str, Any], Locate]:
    if depth > MAX_EXTENDS:
        raise ScenarioError(f"{name}: found scenarios that extend each other without end")
    from shenhe import scenarios

    text = str(name)
    looks_like_file = text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text
    if not looks_like_file and text not in scenarios.names():
        known = scenarios.names()
        close = difflib.get_close_matches(text, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"shipped are: {', '.join(known)}."
        raise ScenarioError(f"no scenario is called {text!r}; {hint} A scenario of your own is named by its file.")
    origin = Path(text) if looks_like_file else scenarios.path(text)
    source = text if looks_like_file else f"{text}.yaml"
    try:
        data, locate = read_yaml(origin, source)
    except DocumentError as error:
        raise ScenarioError(str(error)) from None
    except OSError as error:
        raise ScenarioError(f"{text}: cannot be read ({error.strerror or error})") from None
    if not isinstance(data, dict):
        raise ScenarioError(f"{source}:1:1: found {shown(data)}, expected a mapping with name, population, policy, …")
    parent = data.pop("extends", None)
    if parent is None:
        return dict(data), locate
    if not isinstance(parent, str):
        mark = locate(("extends",))
        message = f"found {shown(parent)}, expected the name of a scenario"
        raise ScenarioError(f"{source}:{mark.line}:{mark.column}: extends: {message}")
    near = origin.parent / parent if looks_like_file and isinstance(origin, Path) else parent
    base, _ = _read(str(near) if parent.endswith((".yaml", ".yml")) else parent, depth + 1)
    base.pop("claim", None)  # a claim is about one scenario, not about those made of it
    return merged(base, data), locate


def _explained(error: ValidationError, locate: Locate, overrides: Mapping[str, Any]) -> str:
    lines, in_file = [], []
    for detail in placed(error):
        # The place in the file says little about a value that came from the command line: name the option instead.
        inside = _by_option(detail["loc"], overrides)
        if inside:
            lines.append(f"--set {inside}={overrides[inside]}: {worded(detail, Scenario)}{_nearest(detail)}")
        else:
            in_file.append(_line_error(detail))
    if in_file:
        again = ValidationError.from_exception_data("Scenario", in_file)
        lines += [str(fault) for fault in explain(again, locate, Scenario)]
    return "\n".join(lines)


def _nearest(detail: Any) -> str:
    """The integers beside a number that has a fraction where none may be."""
    value = detail["input"]
    if detail["type"] not in ("int_type", "int_from_float") or not isinstance(value, float) or not math.isfinite(value):
        return ""
    return f"; set {math.floor(value)} or {math.ceil(value)}"


def _line_error(detail: Any) -> Any:
    """One entry of ``ValidationError.errors()`` in the form that builds such an error again."""
    from pydantic_core import InitErrorDetails, PydanticCustomError

    kind: Any = detail["type"]
    context = detail.get("ctx") or {}
    if kind in ("value_error", "assertion_error"):
        kind = PydanticCustomError("value_error", "{error}", {"error": str(context.get("error", detail["msg"]))})
        return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"])
    return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"], ctx=context)


def _by_option(location: Sequence[str | int], overrides: Mapping[str, Any]) -> str | None:
    plain = ".".join(str(step) for step in location)
    for path in overrides:
        wanted = path.split(".")
        if plain == path or plain.startswith(path + "."):
            return path
        # by name instead of position: the last step and the depth agree
        if len(wanted) == len(location) and wanted[-1] == str(location[-1]) and wanted[0] == str(location[0]):
            return path
    return None


def _check_rules(scenario: Scenario, locate: Locate) -> None:
    """Refuse a rule or penalty id that the rulebook does not know, naming the closest ones."""
    from shenhe.rulebook import load_rulebook

    book = load_rulebook()
    named = [(("behaviours", k, "rule"), item.rule, book.rules) for k, item in enumerate(scenario.behaviours)]
    ladders: list[tuple[tuple[str | int, ...], list[Step]]] = [(("ladder",), scenario.policy.ladder)]
    ladders += [(("ladders", n, "steps"), ladder.steps) for n, ladder in enumerate(scenario.policy.ladders)]
    penalties: list[Any] = [
        (("policy", *place, k, "penalty"), step.penalty, book.penalties)
        for place, steps in ladders
        for k, step in enumerate(steps)
    ]
    faults = []
    for place, identity, known in [*named, *penalties]:
        if identity not in known:
            mark = locate(place)
            close = difflib.get_close_matches(identity, list(known), n=3)
            hint = f"closest: {', '.join(close)}" if close else "see shenhe rules list"
            what = "rule" if place[-1] == "rule" else "penalty"
            where = f"{locate.source_name}:{mark.line}:{mark.column}: {dotted(place)}"
            faults.append(f"{where}: found {identity!r}, which is no {what} of the rulebook; {hint}")
    if faults:
        raise ScenarioError("\n".join(faults))
