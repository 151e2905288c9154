"""Reference pages made from code: commands, law, checks, deviations, errors, levers, the event log, the Python API."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import typer.main

from shenhe.cli.error_texts import ErrorText, error_texts
from shenhe.cli.main import app
from shenhe.conformance.checks import all_checks
from shenhe.conformance.checks.registry import Check
from shenhe.core.errors import ShenheError
from shenhe.core.links import anchor, check_link, rule_link
from shenhe.labels.model import Deviation
from shenhe.rulebook import Pack, Rule, load_rulebook
from shenhe.simulator.kernel.eventlog import ACTORS, Kind
from shenhe.simulator.levers import described_levers, groups

#: Packages whose public names are the Python API, with what each is for.
API = {
    "shenhe.conformance": "Check a target.",
    "shenhe.conformance.bindings": "Reach a target by a binding.",
    "shenhe.labels": "Read and write labels.",
    "shenhe.rulebook": "The law as data.",
    "shenhe.simulator": "Simulate enforcement.",
    "shenhe.simulator.study": "Designed sets of runs.",
    "shenhe.sample": "Sample targets.",
    "shenhe.scenarios": "Shipped scenarios.",
}


def pages() -> dict[str, str]:
    """The pages, by name without ending."""
    book = load_rulebook()
    checks = list(all_checks())
    made = {
        "commands": commands_page(),
        "rules": rules_page(list(book.packs.values())),
        "checks": checks_page(checks),
        "deviations": deviations_page(),
        "errors": errors_page(),
        "levers": levers_page(),
        "event-log": event_log_page(),
        "api": api_page(),
    }
    for pack in book.packs.values():
        made[f"rules/{pack.id}"] = pack_page(pack, checks)
    return made


def cell(text: object) -> str:
    """Text in a cell of a table, as it is."""
    plain = " ".join(str(text).split())
    return re.sub(r"([\\|*_<>\[\]`{}$])", r"\\\1", plain)


def prose(text: str) -> str:
    """Text of the project in a paragraph: code stays code, everything else is no markup."""
    parts = re.split(r"(`[^`\n]+`)", " ".join(text.split()))
    return "".join(part if part.startswith("`") else re.sub(r"([\\*_<>\[\]{}$#|])", r"\\\1", part) for part in parts)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def linked(words: str, link: str) -> str:
    """A link from a page of ``reference/`` to one of the functions of ``core.links``."""
    page, _, place = link.removeprefix("reference/").partition("#")
    return f"[{words}]({page.removesuffix('.html')}.md#{place})"


# --- commands


def commands_page() -> str:
    command: Any = typer.main.get_command(app)
    parts = ["# Commands", "Made from the command line itself. `shenhe COMMAND --help` prints the same."]
    for names, each in leaves(command, ()):
        parts += command_parts(names, each)
    return "\n\n".join(parts) + "\n"


def leaves(command: Any, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield names, command
        return
    for name, each in sorted(inner.items()):
        yield from leaves(each, (*names, name))


def command_parts(names: tuple[str, ...], command: Any) -> list[str]:
    context = command.make_context("shenhe", [], resilient_parsing=True)
    shown = [each for each in command.get_params(context) if each.name != "help"]
    arguments = [each.metavar or each.name.upper() for each in shown if each.param_type_name == "argument"]
    parts = [f"({anchor('command', '-'.join(names))})=", f"## shenhe {' '.join(names)}"]
    parts.append("```text\n" + " ".join(["shenhe", *names, "[OPTIONS]", *arguments]) + "\n```")
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(f"{command.help or ''}\n\n{command.epilog or ''}")):
        if paragraph.startswith("Example:"):
            parts.append("```sh\n" + " ".join(paragraph.removeprefix("Example:").split()) + "\n```")
        elif paragraph.strip():
            parts.append(prose(paragraph))
    rows = [
        (
            ", ".join(f"`{name}`" for name in names_of(each)),
            cell(each.metavar or "") if each.param_type_name == "option" else "",
            prose((each.help or "").replace("|", "/")),
        )
        for each in shown
    ]
    if rows:
        parts.append(table(("option", "value", "meaning"), rows))
    return parts


def names_of(parameter: Any) -> list[str]:
    if parameter.param_type_name == "option":
        return [*parameter.opts, *parameter.secondary_opts]
    return [parameter.metavar or parameter.name.upper()]


# --- law


def rules_page(packs: list[Pack]) -> str:
    rows = [
        (
            linked(cell(pack.id), f"reference/rules/{pack.id}.html#{anchor('pack', pack.id)}"),
            cell(pack.title.en),
            cell(pack.market),
            cell(pack.status.value),
            str(len(pack.rules)),
        )
        for pack in packs
    ]
    listed = "\n".join(["```{toctree}", ":hidden:", "", *(f"rules/{pack.id}" for pack in packs), "```"])
    return (
        "\n\n".join(
            [
                "# Rules",
                "Every rule with its text and its checks. The texts are paraphrases; the official text prevails.",
                table(("pack", "instrument", "market", "status", "rules"), rows),
                listed,
            ]
        )
        + "\n"
    )


def pack_page(pack: Pack, checks: list[Check]) -> str:
    parts = [f"({anchor('pack', pack.id)})=", f"# {prose(pack.title.en)} ({pack.id})", prose(pack.instrument.en)]
    if pack.instrument.zh:
        parts.append(prose(pack.instrument.zh))
    last = {rule.provision: rule.id for rule in pack.rules}
    for rule in pack.rules:
        # Links without a version lead to the last one.
        if rule.id != rule.provision and last[rule.provision] == rule.id:
            parts.append(f"({anchor('rule', rule.provision)})=")
        parts += rule_parts(rule, checks)
    return "\n\n".join(parts) + "\n"


def rule_parts(rule: Rule, checks: list[Check]) -> list[str]:
    deciding = [check for check in checks if check.decides(rule)]
    facts = [
        ("binds", f"{', '.join(each.value for each in rule.obligors)} ({rule.keyword.value})"),
        ("behaviour", rule.behaviour.value),
        (
            "in force",
            f"from {rule.valid_from}" + (f" to {rule.valid_to}" if rule.valid_to else "")
            if rule.valid_from
            else "not yet, or by the pack",
        ),
        ("seen by", rule.seen_by.value),
        ("verification", rule.verification.value),
    ]
    rows = [(name, cell(value)) for name, value in facts]
    if deciding:
        links = [linked(cell(check.name), check_link(check.name)).replace("](", "](../") for check in deciding]
        rows.append(("decided by", ", ".join(links)))
    rows += [("source", cell(source.cite) + (f" <{source.url}>" if source.url else "")) for source in rule.sources]
    parts = [
        f"({anchor('rule', rule.id)})=",
        f"## {rule.id}",
        f"**{prose(rule.title.en)}**",
        prose(rule.text.en),
    ]
    if rule.text.zh:
        parts.append(prose(rule.text.zh))
    return [*parts, table(("", ""), rows)]


# --- checks, deviations, errors


def checks_page(checks: list[Check]) -> str:
    parts = [
        "# List of checks",
        f"The {len(checks)} checks, with the rules that each decides and the operations that it needs.",
    ]
    for check in sorted(checks, key=lambda each: each.name):
        doc = (inspect.getdoc(check.judge) or "").partition("\n\n")[2]
        rows = [
            ("rules", ", ".join(linked(cell(rule), rule_link(rule)) for rule in check.rules)),
            ("behaviour", cell(check.behaviour.value)),
            ("level", cell(check.level.value)),
            ("operations", cell(", ".join(operation.value for operation in check.needs))),
        ]
        parts += [f"({anchor('check', check.name)})=", f"## `{check.name}`", prose(check.title)]
        parts += [prose(doc)] if doc.strip() else []
        parts.append(table(("", ""), rows))
    return "\n\n".join(parts) + "\n"


def deviations_page() -> str:
    parts = ["# Deviations of labels", "Ways in which a label departs from GB 45438-2025 or another scheme."]
    for deviation in Deviation:
        rule = f"cn-labeling-2025/{deviation.rule}" if deviation.rule else ""
        rows = [("weight", deviation.weight.value)]
        if rule in load_rulebook().rules:
            rows.append(("rule", linked(cell(rule), rule_link(rule))))
        parts += [
            f"({anchor('deviation', deviation.value)})=",
            f"## `{deviation.value}`",
            prose(deviation.sentence),
            table(("", ""), rows),
        ]
    return "\n\n".join(parts) + "\n"


def errors() -> list[type[ShenheError]]:
    """Every error that a user can correct, by name."""
    import shenhe.conformance
    import shenhe.labels
    import shenhe.reports
    import shenhe.rulebook
    import shenhe.sample
    import shenhe.simulator

    for package in (
        shenhe.conformance,
        shenhe.labels,
        shenhe.reports,
        shenhe.rulebook,
        shenhe.sample,
        shenhe.simulator,
    ):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "pytest_plugin" not in found.name and "worker" not in found.name:
                import_module(found.name)
    seen: set[type[ShenheError]] = set()
    waiting = [ShenheError]
    while waiting:
        each = waiting.pop()
        if each not in seen and each.__module__.startswith("shenhe."):
            seen.add(each)
            waiting += each.__subclasses__()
    return sorted(seen, key=lambda each: each.__name__)


def errors_page() -> str:
    parts = [
        "# Errors",
        "Every exception that you can correct. The command line prints its text and exits with code 2.",
    ]
    for error in errors():
        text = error_texts()[error.__name__]
        parts += [
            f"({anchor('error', error.__name__)})=",
            f"## `{error.__name__}`",
            prose(text.meaning),
            f"**What to do.** {prose(text.fix)}",
            *_example(text),
            f"In Python: `{error.__module__}.{error.__qualname__}`, a `{error.__bases__[0].__name__}`.",
        ]
    return "\n\n".join(parts) + "\n"


def _example(text: ErrorText) -> list[str]:
    """What causes the error, and the text that follows."""
    if not text.says:
        return []
    files = "".join(f"# {name}\n{content.rstrip()}\n" for name, content in text.files.items())
    given = [f"```yaml\n{files}```"] if files else []
    variables = "".join(f"{name}={value} " for name, value in text.env.items())
    cause = f"```sh\n{variables}{text.command}\n```" if text.command else f"```python\n{text.python.rstrip()}\n```"
    return ["Example:", *given, cause, f"```text\n{text.says} …\n```"]


# --- simulation


def levers_page() -> str:
    parts = [
        "# Levers and parameters",
        "Every parameter of a scenario. `shenhe levers SCENARIO` shows its values and what each rests on.",
    ]
    levers = list(described_levers().values())
    for group in groups().values():
        rows = [
            (f"`{lever.path}`", cell(lever.title["en"]), cell(lever.kind), between(lever.low, lever.high))
            for lever in levers
            if lever.group == group.name
        ]
        if rows:
            parts += [
                f"## {prose(group.title['en'])}",
                prose(group.law["en"]),
                table(("path", "meaning", "form", "allowed"), rows),
            ]
    return "\n\n".join(parts) + "\n"


def between(low: object, high: object) -> str:
    if low is None and high is None:
        return ""
    return f"{'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'}".strip()


def event_log_page() -> str:
    columns = [
        ("replication", "number of the replication, from 0"),
        ("time", "days since the start of the run"),
        ("kind", "code of the event, below"),
        ("provider", "number of the provider"),
        ("case", "number of the case, if it belongs to one"),
        ("actor", "who acts; follows from the kind"),
        ("rule", "ID of the rule, if it is about one"),
        ("value", "a number that depends on the kind, such as an amount in RMB"),
    ]
    kinds = [(str(int(kind)), f"`{kind.name.lower()}`", cell(ACTORS[kind].name.lower())) for kind in Kind]
    return (
        "\n\n".join(
            [
                "# The event log",
                "One row per event, in Parquet files beside `run.json`, or `run.events` as a pandas frame.",
                table(("column", "meaning"), columns),
                "## Kinds of events",
                prose(inspect.getdoc(Kind) or ""),
                table(("code", "kind", "actor"), kinds),
            ]
        )
        + "\n"
    )


# --- Python


def api_page() -> str:
    parts = ["# Python API", "The public names of each package. Everything else may change without notice."]
    for package, purpose in API.items():
        module = import_module(package)
        parts += [f"## {package}", purpose]
        for name in getattr(module, "__all__", []):
            parts.append(signature_of(package, name, getattr(module, name)))
    return "\n\n".join(parts) + "\n"


def signature_of(package: str, name: str, value: Any) -> str:
    """One public name: its signature and its documentation as text."""
    head = f"### `{name}`"
    if inspect.isclass(value) or inspect.isfunction(value):
        try:
            arguments = str(inspect.signature(value))
        except (ValueError, TypeError):
            arguments = ""
        kind = "class " if inspect.isclass(value) else ""
        code = f"```python\n{kind}{package}.{name}{arguments if len(arguments) < 2000 else '(…)'}\n```"
        return "\n\n".join([head, code, *docstring(value)])
    return f"{head}\n\nA value of type `{type(value).__name__}`."


def docstring(value: Any) -> list[str]:
    """The paragraphs of a docstring, its examples and literal blocks as code."""
    if inspect.isclass(value) and value.__doc__ is None:
        return []
    parts = []
    text = re.sub(r":\w+:`[~.]*([^`<]*?)(?: <[^`]*>)?`", r"`\1`", inspect.getdoc(value) or "").replace("``", "`")
    for paragraph in re.split(r"\n\s*\n", text):
        if paragraph.lstrip().startswith(">>>") or paragraph.startswith("    "):
            parts.append(f"```python\n{inspect.cleandoc(paragraph)}\n```")
        elif paragraph.strip():
            parts.append(prose(paragraph.replace("::", ":")))
    return parts
