"""``shenhe levers``: the parameters of a scenario, explained, with their values and what differs from a baseline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Json, Set
from .output import echo_json
from .simulate import load

if TYPE_CHECKING:
    from shenhe.simulator.levers import DescribedLever, Setting


def levers(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO", help="Scenario name or file. Without one, levers are listed without values."
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="SCENARIO", help="Mark what differs from this scenario."),
    ] = None,
    sets: Set = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME", help="Show only this group, such as staff or ladder. Repeatable."),
    ] = None,
    find: Annotated[
        str | None,
        typer.Option("--find", metavar="TEXT", help="Show only levers with this text in their path or description."),
    ] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Show only what differs from the baseline.")] = False,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Include the market, the public and providers' behaviour, not only the policy."),
    ] = False,
    language: Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of the descriptions.")] = "en",
    as_json: Json = False,
) -> None:
    """List the levers of a policy: what each means, its unit and range, its value, and what the value rests on.

    With --set and no --baseline, the baseline is the scenario without those changes.

    Example:  shenhe levers

    Example:  shenhe levers cn-2023 --group staff

    Example:  shenhe levers cn-2023 --baseline cn-2022-draft --changed

    Example:  shenhe levers cn-2023 --set policy.staff.inspectors=120 --changed

    Example:  shenhe levers cn-2023 --find fine --all --lang zh
    """
    from shenhe.simulator.levers import described_levers, groups

    if language not in ("en", "zh"):
        raise typer.BadParameter(f"found {language!r}, expected en or zh", param_hint="--lang")
    unknown = [name for name in group or () if name not in groups()]
    if unknown:
        raise typer.BadParameter(f"found {unknown[0]!r}, expected one of: {', '.join(groups())}", param_hint="--group")
    if scenario is None and (baseline or sets or changed):
        raise typer.BadParameter("--baseline, --set and --changed need a SCENARIO, such as cn-2023")
    if changed and not (baseline or sets):
        raise typer.BadParameter("--changed needs --baseline or --set to compare with")

    def wanted(lever: DescribedLever, path: str) -> bool:
        if group:
            return lever.group in group and _has(find, lever, path)
        return (everything or bool(find) or changed or lever.of_policy) and _has(find, lever, path)

    if scenario is None:
        chosen = [lever for lever in described_levers().values() if wanted(lever, lever.path)]
        if as_json:
            echo_json(json.dumps([_lever(lever) for lever in chosen], indent=2, ensure_ascii=False))
        else:
            _print([(lever.path, lever, None) for lever in chosen], language, len(described_levers()) - len(chosen))
        return
    found = _settings(scenario, baseline, sets)
    shown = [each for each in found if wanted(each.lever, each.path) and (each.differs or not changed)]
    if as_json:
        echo_json(json.dumps([_setting(each) for each in shown], indent=2, ensure_ascii=False))
    else:
        _print([(each.path, each.lever, each) for each in shown], language, len(found) - len(shown))


def _settings(scenario: str, baseline: str | None, sets: list[str] | None) -> list[Setting]:
    from shenhe.simulator.levers import settings

    loaded = load(scenario, sets)
    if baseline is not None:
        return settings(loaded, load(baseline, None))
    return settings(loaded, load(scenario, None) if sets else None)


def _has(text: str | None, lever: DescribedLever, path: str) -> bool:
    if not text:
        return True
    where = [path, *lever.title.values(), *lever.meaning.values()]
    return any(text.lower() in each.lower() for each in where)


def _lever(lever: DescribedLever) -> dict[str, Any]:
    return {
        "path": lever.path,
        "group": lever.group,
        "title": dict(lever.title),
        "meaning": dict(lever.meaning),
        "unit": dict(lever.unit),
        "kind": lever.kind,
        "low": lever.low,
        "high": lever.high,
        "low_excluded": lever.low_excluded,
        "options": list(lever.options),
        "fixed_during_a_run": lever.fixed,
    }


def _setting(setting: Setting) -> dict[str, Any]:
    basis = {"kind": setting.basis.kind, "source": setting.basis.source} if setting.basis else None
    return {
        **_lever(setting.lever),
        "path": setting.path,
        "value": setting.value,
        "baseline": setting.baseline,
        "differs": setting.differs,
        "basis": basis,
    }


def _print(rows: Sequence[tuple[str, DescribedLever, Setting | None]], language: str, hidden: int) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from shenhe.simulator.levers import groups

    console = Console(highlight=False)
    last, rests_on = None, None
    for path, lever, setting in rows:
        if lever.group != last:
            group = groups()[lever.group]
            console.print(Text(f"\n{group.title[language]}", "bold"), Text(f"  --group {group.name}", "dim"), sep="")
            console.print(Padding(Text(group.law[language], "dim"), (0, 0, 0, 2)))
            last = lever.group
        value = "" if setting is None else f" = {written(setting.value)}"
        line = Text.assemble((path, "cyan"), (value, "bold"))
        if setting is not None and setting.differs:
            line.append(f"  ≠ {written(setting.baseline)}", "yellow")
        console.print(Padding(line, (0, 0, 0, 2)))
        console.print(Padding(Text(f"{lever.title[language]}: {lever.meaning[language]}"), (0, 0, 0, 6)))
        facts = [lever.unit[language], lever.range(language)]
        if setting is not None and setting.basis is not None:
            words = BASIS[language]
            source = words["same"] if setting.basis == rests_on else setting.basis.source
            facts.append(f"{words[setting.basis.kind]}: {source}")
            rests_on = setting.basis
        console.print(Padding(Text(" · ".join(fact for fact in facts if fact), "dim"), (0, 0, 0, 6)))
    if not rows:
        typer.echo("No lever matches.", err=True)
    elif hidden:
        typer.echo(f"\n{len(rows)} shown; {hidden} more with --all or another --group.", err=True)


BASIS = {
    "en": {"datum": "datum", "assumption": "assumption", "same": "as above"},
    "zh": {"datum": "数据", "assumption": "假设", "same": "同上"},
}


def written(value: object) -> str:
    """A value as ``--set`` takes it, shortened where it is long.

    >>> written(True), written(0.25), written(["fine", "warning"]), written(None)
    ('true', '0.25', '[fine, warning]', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, list):
        text = f"[{', '.join(map(str, value))}]"
        return text if len(text) <= 70 else f"{text[:66]}…]"
    return str(value)
