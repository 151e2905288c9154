"""``shenhe explain``: what a rule, a check, a deviation, an error or a key of a binding means, and what to do."""

from __future__ import annotations

import difflib
import inspect
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shenhe.core.links import check_link, deviation_link, documentation, error_link, rule_link

from . import completion
from .error_texts import error_texts
from .options import Json
from .output import echo_json

if TYPE_CHECKING:
    from shenhe.conformance.checks.registry import Check
    from shenhe.labels.model import Deviation
    from shenhe.rulebook import Rule


#: The facts that are printed, in this order.
SHOWN = (
    *("behaviour", "keyword", "level", "weight", "obligors", "in_force", "verification", "sources", "penalties"),
    *("seen_by", "operations", "rules", "checks", "faults", "keys", "example", "message", "docs"),
)


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="RULE|CHECK|DEVIATION|ERROR|KEY",
            autocompletion=completion.explainable,
            help="A rule ID, the name of a check, of a label's deviation or of an error, or a key of a binding.",
            show_default=False,
        ),
    ],
    as_json: Json = False,
) -> None:
    """Explain a rule, a check, a deviation of a label, an error, or a key of a binding: what it means, and what to do.

    Example:  shenhe explain cn-dsp-2023/9.2

    Example:  shenhe explain unverified_cannot_publish

    Example:  shenhe explain missing-key

    Example:  shenhe explain TargetRefused

    Example:  shenhe explain target.settling_seconds
    """
    document = explanation(name)
    if as_json:
        echo_json(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print(document)


def explanation(name: str) -> dict[str, Any]:
    """What is known about a name. Raises ``typer.BadParameter`` with similar names for an unknown one."""
    if name in error_texts():
        return _of_error(name)
    from shenhe.conformance.bindings.doctor.advice import advice, keys_like
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
    if keys := keys_like(name):
        return {"kind": "key of a binding", "name": name, "keys": keys, "next": ["shenhe doctor binding.yaml"]}
    known = [f"{section}.{key}" for section, entries in advice().items() for key in entries]
    close = difflib.get_close_matches(
        name, [*book.rules, *checks, *deviations, *error_texts(), *known], n=3, cutoff=0.6
    )
    hint = f"did you mean {', '.join(close)}?" if close else "see `shenhe rules list` and `shenhe check --list`"
    raise typer.BadParameter(f"found no rule, check, deviation, error or key {name!r}; {hint}", param_hint="NAME")


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
        "keyword": rule.keyword.value,
        "obligors": [each.value for each in rule.obligors],
        "in_force": _in_force(rule),
        "verification": f"{rule.verification.value}. {rule.verification_note or ''}".strip(),
        "sources": [" ".join(filter(None, (source.cite, source.url))) for source in rule.sources],
        "penalties": [link.penalty for link in rule.penalties],
        "checks": {check.name: check.title for check in deciding},
        "seen_by": rule.seen_by.value + (f": {rule.seen_by_reason}" if rule.seen_by_reason else ""),
        "faults": _faults({rule.id}),
        "docs": documentation(rule_link(rule.id)),
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
        "docs": documentation(check_link(check.name)),
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
        "docs": documentation(deviation_link(deviation.value)),
        "next": [f"shenhe explain {rule}"] if rule else [],
    }


def _of_error(name: str) -> dict[str, Any]:
    text = error_texts()[name]
    return {
        "kind": "error",
        "name": name,
        "title": text.meaning,
        "text": text.fix,
        "example": text.command or text.python.strip(),
        "message": text.says,
        "docs": documentation(error_link(name)),
        "next": [],
    }


def _in_force(rule: Rule) -> str:
    if rule.valid_from is None:
        return "not yet"
    return f"from {rule.valid_from}" + (f" to {rule.valid_to}" if rule.valid_to else "")


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
    for key in SHOWN:
        value = document.get(key)
        if not value:
            continue
        if isinstance(value, dict):
            console.print(Text(key.replace("_", " "), "dim"))
            for name, title in value.items():
                console.print(Padding(Text.assemble((name, "bold"), f"  {title}"), (0, 0, 0, 2)))
        else:
            text = value if isinstance(value, str) else ", ".join(value)
            console.print(Text.assemble((f"{key.replace('_', ' ')}  ", "dim"), text))
    if document["next"]:
        console.print(Text("\nnext", "dim"))
        for command in document["next"]:
            console.print(Padding(Text(command), (0, 0, 0, 2)))
