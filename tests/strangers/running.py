"""Runs against strangers, in process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from starlette.applications import Starlette

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import CheckResult, Report, RuleResult

from .styles import app, binding_text
from .town import Town

ON = date(2026, 9, 1)
STYLES = ("json", "rpc", "forms", "headers", "actions", "chat")


def binding(style: str, folder: Path, changes: Mapping[str, Any] | None = None) -> Path:
    """The binding of a style as a file, with keys at dotted paths set to ``changes``, or removed where they are
    ``None``.
    """
    document = yaml.safe_load(binding_text(style))
    for path, value in (changes or {}).items():
        *steps, last = path.split(".")
        place = document
        for step in steps:
            place = place.setdefault(step, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    file = folder / f"{style}.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return file


def run(
    style: str,
    town: Town,
    folder: Path,
    changes: Mapping[str, Any] | None = None,
    *,
    rules: Iterable[str] | None = None,
    level: str = "full",
    examples: int = 2,
    **options: Any,
) -> Report:
    """One run against a town behind an interface."""
    loaded = load_binding(binding(style, folder, changes), environ={})
    with loaded.connect(transport=AsgiTransport(app(style, town))) as provider:
        return run_checks(
            provider,
            on=ON,
            level=level,
            examples=examples,
            rules=None if rules is None else list(rules),
            **options,
        )


def rule(report: Report, name: str) -> RuleResult:
    return next(each for each in report.rules if each.rule == name)


def check(report: Report, name: str) -> CheckResult:
    return next(each for each in report.checks if each.name == name)


def asked(report: Report, usual: Mapping[str, str]) -> dict[str, str]:
    """Check -> what a person is asked of a target, except for reasons that begin as those of the lawful one do."""
    reviews = {each.name: each.reason for each in report.checks if each.verdict == "review"}
    return {name: reason for name, reason in reviews.items() if not reason.startswith(usual.get(name, "-"))}


def failures(report: Report) -> dict[str, str]:
    return {each.name: each.reason for each in report.checks if each.verdict in ("fail", "error")}


@contextmanager
def serving(application: Starlette) -> Iterator[str]:
    """The application on a free loopback port, by its URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
