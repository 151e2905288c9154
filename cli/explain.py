"""``shenhe explain``: what a rule, a check or a deviation means, and what to do about it."""

from __future__ import annotations

import difflib
import inspect
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .options import Json
from .output import echo_json

if TYPE_CHECKING:
    from shenhe.conformance.checks.registry import Check
    from shenhe.labels.model import Deviation
    from shenhe.rulebook import Rule


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="RULE|CHECK|DEVIATION",
            autocompletion=completion.explainable,
            help="A rule ID, the name of a check, or the name of a label's deviation.",
            show_default=False,
        ),
    ],
    as_json: Json = False,
) -> None:
    """Explain a rule, a check or a deviation of a label: what it expects, and how to see a failure.

    Example:  shenhe explain cn-dsp-2023/9.2

    Example:  shenhe explain unverified_cannot_publish

    Example:  shenhe explain missing-key
    """
    document = explanation(name)
    if as_json:
        echo_json(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print(document)


def explanation(name: str) -> dict[str, Any]:
    """What is known about a name. Raises ``typer.BadParameter`` with similar names for an unknown one."""
    from shenhe.conformance.checks import all_checks
    from shenhe.labels.model import Deviation
    from shenhe.rulebook import load_rulebook

    book = load_rulebook()
    checks = {check.name: check for check in all_checks()}
    deviations = {each.value: each for each in Deviation}
    if name in book.rules:
        return _of_rule(book.rule(name), checks)
    if name in checks:
        return _of_check(checks[name])
    if name in deviations:
        return _of_deviation(deviations[name])
    close = difflib.get_close_matches(name, [*book.rules, *checks, *deviations], n=3, cutoff=0.6)
    hint = f"did you mean {', '.join(close)}?" if close else "see `shenhe rules list` and `shenhe check --list`"
    raise typer.BadParameter(f"found no rule, check or deviation {name!r}; {hint}", param_hint="NAME")


def _of_rule(rule: Rule, checks: dict[str, Check]) -> dict[str, Any]:
    deciding = [check for check in checks.values() if rule.id in check.rules]
    return {
        "kind": "rule",
        "name": rule.id,
        "title": rule.title.en,
        "title_zh": rule.title.zh,
        "text": rule.text.en,
        "text_zh": rule.text.zh,
        "behaviour": rule.behaviour.value,
        "obligors": [each.value for each in rule.obligors],
        "checks": {check.name: check.title for check in deciding},
        "faults": _faults({rule.id}),
        "next": [f"shenhe rules show {rule.id}", *_try({rule.id})],
    }


def _of_check(check: Check) -> dict[str, Any]:
    from shenhe.rulebook import load_rulebook

    book = load_rulebook()
    doc = inspect.getdoc(check.judge) or ""
    return {
        "kind": "check",
        "name": check.name,
        "title": check.title,
        "text": doc.partition("\n\n")[2],
        "behaviour": check.behaviour.value,
        "level": check.level.value,
        "rules": {rule: book.rule(rule).title.en for rule in check.rules},
        "operations": [operation.value for operation in check.needs],
        "faults": _faults(set(check.rules)),
        "next": [f"shenhe explain {check.rules[0]}", *_try(set(check.rules))],
    }


def _of_deviation(deviation: Deviation) -> dict[str, Any]:
    from shenhe.rulebook import load_rulebook

    rule = f"cn-labeling-2025/{deviation.rule}" if deviation.rule else ""
    meaning = {
        "must": "breaks a binding clause",
        "should": "departs from a recommended clause",
        "note": "an unusual form that no clause forbids",
    }
    return {
        "kind": "deviation",
        "name": deviation.value,
        "title": deviation.sentence,
        "weight": f"{deviation.weight.value}: {meaning[deviation.weight.value]}",
        "rules": {rule: load_rulebook().rule(rule).title.en} if rule else {},
        "next": [f"shenhe explain {rule}"] if rule else [],
    }


def _faults(rules: set[str]) -> list[str]:
    """Faults of the sample targets that fail one of the rules."""
    from shenhe.sample.samples import SAMPLES

    return [name for sample in SAMPLES.values() for name, fault in sample.faults.items() if rules & fault.rules]


def _try(rules: set[str]) -> list[str]:
    """A command that shows such a failure on each sample target that has one."""
    from shenhe.sample.samples import SAMPLES

    commands = []
    for sample in SAMPLES.values():
        fault = next((fault for fault in sample.faults.values() if rules & fault.rules), None)
        if fault is not None:
            level = f" --level {fault.level}" if fault.level != "core" else ""
            commands.append(f"shenhe check {sample.name} --fault {fault.name}{level}")
    return commands


def _print(document: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text.assemble((document["name"], "bold"), f"  ({document['kind']})"))
    for key in ("title", "text", "title_zh", "text_zh"):
        if document.get(key):
            console.print(Text(document[key], "bold" if key == "title" else ""))
    console.print()
    for key in ("behaviour", "level", "weight", "obligors", "operations", "rules", "checks", "faults"):
        value = document.get(key)
        if not value:
            continue
        if isinstance(value, dict):
            console.print(Text(key, "dim"))
            for name, title in value.items():
                console.print(Padding(Text.assemble((name, "bold"), f"  {title}"), (0, 0, 0, 2)))
        else:
            text = value if isinstance(value, str) else ", ".join(value)
            console.print(Text.assemble((f"{key}  ", "dim"), text))
    if document["next"]:
        console.print(Text("\nnext", "dim"))
        for command in document["next"]:
            console.print(Padding(Text(command), (0, 0, 0, 2)))
