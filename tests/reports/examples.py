"""Reports and runs made by hand, small enough to know what every view must say of them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shenhe.conformance.report import (
    CheckResult,
    Evidence,
    Finding,
    Probes,
    Report,
    RuleResult,
    Step,
    Summary,
    Target,
    Timing,
    UndecidedRule,
    Words,
)
from shenhe.conformance.verdict import VerdictName
from shenhe.reports.figures.figures import RUNGS
from shenhe.simulator import METRICS, Run, Scenario, load_scenario

#: What a hostile provider might put wherever it can: markup, an end of script, quotes, escapes, turned text, what XML
#: forbids.
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'` [red]x[/red] "
    "\x1b[2J\x1b]0;t\x07 \u202eevil\u2066 \x00\x08\ufffe]]>&amp; {{ 7*7 }} {% raw %}"
)
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="


def rule(name: str, verdict: VerdictName, checks: list[str], **changes: Any) -> RuleResult:
    made: dict[str, Any] = {
        "rule": name,
        "pack": name.split("/")[0],
        "title": Words(en=f"Title of {name}", zh="标题"),
        "text": Words(en=f"Text of {name}.", zh="条文。"),
        "behaviour": "labeling",
        "obligors": ["provider"],
        "keyword": "must",
        "verification": "verified",
        "verdict": verdict,
        "checks": checks,
        "probes": Probes(sent=7, accepted=5, refused=2, controls=3, decided=6, enumerated=4, generated=2),
    }
    return RuleResult(**(made | changes))


def check(name: str, verdict: VerdictName, rules: list[str], **changes: Any) -> CheckResult:
    made: dict[str, Any] = {
        "name": name,
        "title": f"What {name} holds.",
        "level": "core",
        "behaviour": "labeling",
        "rules": rules,
        "verdict": verdict,
        "probes": Probes(sent=7, accepted=5, refused=2, controls=3, decided=6, enumerated=4, generated=2),
    }
    return CheckResult(**(made | changes))


def step(role: str = "probe", **changes: Any) -> Step:
    made: dict[str, Any] = {
        "role": role,
        "operation": "generate",
        "method": "POST",
        "url": "http://127.0.0.1:9/v1/generations",
        "request_headers": {"content-type": "application/json"},
        "request_body": '{"prompt":"秋天"}',
        "status": 201,
        "response_body": "an answer",
        "origin": "binding.yaml:41",
    }
    return Step(**(made | changes))


def finding(**changes: Any) -> Finding:
    made: dict[str, Any] = {
        "expected": "a label with both elements",
        "seen": "no label at all",
        "case": "prompt '秋天'",
        "steps": [step("set-up"), step("control"), step()],
        "evidence": [
            Evidence(title="The text", data="秋天的湖"),
            Evidence(title="The picture", media_type="image/png", data=PIXEL),
        ],
        "curl": 'curl -X POST http://127.0.0.1:9/v1/generations \\\n  --data \'{"prompt":"秋天"}\'',
        "pytest": "def test_replay() -> None:\n    assert True",
    }
    return Finding(**(made | changes))


def report(rules: list[RuleResult], checks: list[CheckResult], **changes: Any) -> Report:
    verdicts = [each.verdict for each in rules]
    code = 1 if "fail" in verdicts else 3 if {"inconclusive", "review", "error"} & set(verdicts) else 0
    made: dict[str, Any] = {
        "shenhe_version": "0.1.0",
        "rulebook_sha256": "a" * 64,
        "packs": sorted({each.pack for each in rules}),
        "on": "2026-01-31",
        "target": Target(
            name="A provider",
            environment="test",
            transport="http",
            binding_sha256="b" * 64,
            services=["text"],
            operations=["generate"],
            markets=["cn"],
            roles=["provider"],
        ),
        "level": "core",
        "seed": 7,
        "examples": 25,
        "summary": Summary(
            counts={verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)},
            exit_code=code,
            requests=1234,
            probes=Probes(sent=7, decided=6, controls=3),
        ),
        "rules": rules,
        "checks": checks,
        "undecided": [
            UndecidedRule(
                rule="p/9",
                pack="p",
                title=Words(en="Management system", zh="管理制度"),
                behaviour="governance",
                seen_by="document",
                reason="only a document shows it",
            )
        ],
        "timing": Timing(started="2026-01-31T10:00:00+00:00", seconds=12.5),
    }
    return Report(**(made | changes))


def lawful() -> Report:
    return report([rule("p/1", "pass", ["one"]), rule("p/2", "pass", ["one"])], [check("one", "pass", ["p/1", "p/2"])])


def mixed() -> Report:
    """One rule of each verdict."""
    return report(
        [
            rule("p/1", "fail", ["labelled"]),
            rule("p/2", "pass", ["kept"]),
            rule("p/3", "inconclusive", ["unsure"], reason="the control was refused"),
            rule("q/1", "review", ["timed"], behaviour="takedown"),
            rule("q/2", "not applicable", ["kept"]),
            rule("q/3", "error", ["broken"], reason="the check raised KeyError"),
        ],
        [
            check("labelled", "fail", ["p/1"], finding=finding()),
            check("kept", "pass", ["p/2", "q/2"]),
            check("unsure", "inconclusive", ["p/3"], reason="the control was refused"),
            check("timed", "review", ["q/1"], reason="no clock to move"),
            check("broken", "error", ["q/3"], reason="the check raised KeyError"),
        ],
    )


def hostile(text: str = HOSTILE) -> Report:
    """A report in which every string that a provider or a binding can choose is ``text``."""
    words = Words(en=text, zh=text)
    bad_step = step(
        operation=text,
        method=text,
        url=text,
        request_headers={text: text},
        request_body=text,
        response_headers={text: text},
        response_body=text,
        error=text,
        origin=text,
    )
    bad = finding(
        expected=text,
        seen=text,
        case=text,
        steps=[bad_step],
        evidence=[
            Evidence(title=text, data=text),
            Evidence(title=text, media_type="image/png", data=text),
            Evidence(title=text, media_type=text, data=PIXEL),
            Evidence(title=text, media_type="image/svg+xml", data=PIXEL),
        ],
        curl=text,
        pytest=text,
    )
    made = report(
        [
            rule(
                f"p/{text}",
                "fail",
                [text],
                title=words,
                text=words,
                behaviour=text,
                obligors=[text],
                reason=text,
            )
        ],
        [
            check(text, "fail", [f"p/{text}"], title=text, behaviour=text, reason=text, finding=bad),
            check("second", "inconclusive", [f"p/{text}"], title=text, reason=text),
        ],
    )
    target = made.target.model_copy(update={"name": text, "environment": text, "transport": text, "services": [text]})
    undecided = made.undecided[0].model_copy(update={"rule": text, "title": words, "reason": text})
    return made.model_copy(update={"target": target, "undecided": [undecided], "on": text, "shenhe_version": text})


def scenario(name: str = "cn-2023", **changes: Any) -> Scenario:
    """A shipped scenario with fewer providers and days; ``changes`` by field."""
    made = load_scenario(name)
    population = made.population.model_copy(update={"providers": 30})
    return made.model_copy(update={"population": population, "horizon": 90.0, **changes})


SERIES = (*RUNGS, "delistings", "relistings", "harm", "backlog")


def run(replications: int = 3, seed: int = 1, name: str = "cn-2023", factor: float = 1.0, **changes: Any) -> Run:
    """A run of three months whose every count is known: in replication ``r`` and month ``m`` it is ``factor * (r +
    m)``.
    """
    world = scenario(name, **changes)
    months = range(3)
    series = pd.DataFrame(
        [
            {"replication": r, "bin": m, "start": 30.0 * m, "end": 30.0 * (m + 1)}
            | dict.fromkeys(SERIES, factor * (r + m))
            for r in range(replications)
            for m in months
        ]
    )
    classes = [item.name for item in world.population.classes]
    outcomes = pd.DataFrame(
        [
            {"replication": r}
            | dict.fromkeys(METRICS, factor * (10.0 + r))
            | {"compliance": 0.5 + 0.1 * r}
            | {f"compliance_{item}": 0.6 + 0.05 * place + 0.01 * r for place, item in enumerate(classes)}
            for r in range(replications)
        ]
    )
    return Run(world, seed, replications, outcomes, pd.DataFrame(), series)
