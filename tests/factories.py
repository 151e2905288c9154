"""Reports and runs built by hand, for tests of what shows them: every number and text in them is known."""

from __future__ import annotations

from typing import Any, cast

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

#: Text with a meaning for whatever shows it: a terminal, a workflow log, Markdown, HTML, XML, a template, a shell or a
#: reader of YAML.
HOSTILE = (
    "\x1b[31mred\x1b[0m\x1b[2J\x1b]0;t\x07\r\n::set-output name=x::y\n##[error]no\n::stop-commands::t\n"
    "</code></details></script><script>alert(1)</script><img src=x onerror=alert(2)> "
    "![i](http://evil.test/i.png) [l](javascript:alert(1)) https://evil.test @team #1 | a | b |\n"
    "```\n# heading\n~~~\n`x` **b** <!-- c --> &lt; ]]>&amp; $(touch pwned) `touch pwned` ${{ secrets.X }} %0A "
    "{{ 7*7 }} {% raw %} [red]x[/red] \"' %25 \u202eevil\u2066\u2028end\x00\x08\x7f\x85\ufffe"
)

#: A picture of one pixel, as the base64 text of a PNG file.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="

#: What a check and its rules counted: of the check, listed cases only.
PROBES = Probes(sent=7, accepted=5, refused=2, controls=3, decided=6, enumerated=4, generated=2)
LISTED = Probes(sent=4, accepted=3, refused=1, controls=3, decided=4, enumerated=4)


def rule(name: str, verdict: VerdictName, *checks: str, **changes: Any) -> RuleResult:
    values: dict[str, Any] = {
        "rule": name,
        "pack": name.partition("/")[0],
        "title": Words(en=f"Title of {name}", zh="标题"),
        "text": Words(en=f"Text of {name}.", zh="正文。"),
        "behaviour": "labeling",
        "obligors": ["provider"],
        "keyword": "must",
        "verification": "verified",
        "verdict": verdict,
        "checks": list(checks),
        "probes": PROBES,
    }
    return RuleResult(**(values | changes))


def check(name: str, verdict: VerdictName, *rules: str, **changes: Any) -> CheckResult:
    values: dict[str, Any] = {
        "name": name,
        "title": f"What {name} expects",
        "level": "core",
        "behaviour": "labeling",
        "rules": list(rules),
        "verdict": verdict,
        "probes": LISTED,
    }
    return CheckResult(**(values | changes))


def step(role: str = "probe", **changes: Any) -> Step:
    values: dict[str, Any] = {
        "role": role,
        "operation": "generate",
        "method": "POST",
        "url": "http://127.0.0.1:8000/v1/texts?page=2&q=a%20b",
        "request_headers": {"content-type": "application/json", "authorization": "Bearer ${TOKEN}"},
        "request_body": '{"prompt": "hi"}',
        "status": 200,
        "response_headers": {"content-type": "text/plain"},
        "response_body": "hello",
        "origin": "conformance/my provider.yaml:41",
    }
    return Step(**(values | changes))


def finding(text: str = "hello", **changes: Any) -> Finding:
    """A failure whose response was ``text``."""
    values: dict[str, Any] = {
        "expected": "a text that carries a label",
        "seen": f"a text without a label: {text}",
        "case": f"text/plain {text}",
        "steps": [
            step("set-up", origin="conformance/my provider.yaml:12"),
            step("control"),
            step("probe", response_body=text),
        ],
        "evidence": [
            Evidence(title="The text", data=text),
            Evidence(title="The picture", media_type="image/png", data=PIXEL),
        ],
        "curl": f"curl -X POST 'http://127.0.0.1:8000/v1/texts' -d '{text}'",
        "pytest": "def test_it(): ...",
    }
    return Finding(**(values | changes))


def report(rules: list[RuleResult], checks: list[CheckResult], **changes: Any) -> Report:
    counts: dict[str, int] = {}
    for result in rules:
        counts[result.verdict] = counts.get(result.verdict, 0) + 1
    code = 1 if counts.keys() & {"fail", "error"} else 3 if counts.keys() & {"review", "inconclusive"} else 0
    values: dict[str, Any] = {
        "shenhe_version": "0.1.0",
        "rulebook_sha256": "ab" * 32,
        "packs": sorted({result.pack for result in rules}),
        "on": "2026-01-15",
        "target": Target(
            name="example",
            environment="test",
            transport="http",
            binding_sha256="cd" * 32,
            services=["text"],
            operations=["generate"],
            markets=["cn"],
            roles=["provider"],
        ),
        "level": "core",
        "seed": 7,
        "examples": 25,
        "summary": Summary(
            counts=cast(dict[VerdictName, int], counts), exit_code=code, requests=40, probes=Probes(sent=20)
        ),
        "rules": rules,
        "checks": checks,
        "undecided": [
            undecided("cn-dsp-2023/7", "document"),
            undecided("cn-dsp-2023/14.1", "document"),
            undecided("cn-dsp-2023/15.1", "document"),
            undecided("cn-dsp-2023/16.2", "probe"),
        ],
        "timing": Timing(started="2026-01-15T08:00:00+00:00", seconds=2.5),
    }
    return Report(**(values | changes))


def undecided(name: str, seen_by: str) -> UndecidedRule:
    return UndecidedRule(
        rule=name,
        pack=name.partition("/")[0],
        title=Words(en=f"Title of {name}", zh="标题"),
        behaviour="governance",
        seen_by=cast(Any, seen_by),
        reason="only a document shows it",
    )


LABELLED = ("cn-dsp-2023/17.1.1", "cn-labeling-2025/4.1.1")
CONSENT = "cn-dsp-2023/14.2"
CODE = "cn-labeling-2025/provider-code"
TAKEDOWN = "us-take-it-down/3.b"
REAL_NAME = "cn-dsp-2023/9.2"
REPORTS = "eu-dsa/16.4"


def mixed(text: str = "hello") -> Report:
    """Every verdict; two rules decided by one check; one recommendation not followed."""
    return report(
        [
            rule(LABELLED[0], "fail", "text_output_is_labelled"),
            rule(LABELLED[1], "fail", "text_output_is_labelled"),
            rule(CODE, "fail", "provider_code_is_well_formed", keyword="should"),
            rule(CONSENT, "inconclusive", "edit_needs_consent", reason=f"no control: {text}"),
            rule(TAKEDOWN, "review", "intimate_image_gone_in_48_hours"),
            rule(REAL_NAME, "pass", "unverified_cannot_publish"),
            rule(REPORTS, "not applicable", "report_is_confirmed"),
            rule("eu-dsa/17", "error", "decision_gives_reasons"),
        ],
        [
            check("text_output_is_labelled", "fail", *LABELLED, finding=finding(text)),
            check("provider_code_is_well_formed", "fail", CODE, finding=finding(text)),
            check("edit_needs_consent", "inconclusive", CONSENT, reason=f"the control was refused: {text}"),
            check("intimate_image_gone_in_48_hours", "review", TAKEDOWN, reason="48 hours would have to pass"),
            check("unverified_cannot_publish", "pass", REAL_NAME),
            check("report_is_confirmed", "not applicable", REPORTS),
            check("decision_gives_reasons", "error", "eu-dsa/17", reason=f"the check broke: {text}"),
        ],
    )


def passing() -> Report:
    """Every rule decided and passed."""
    return report(
        [rule(REAL_NAME, "pass", "unverified_cannot_publish")],
        [check("unverified_cannot_publish", "pass", REAL_NAME)],
    )


def hostile_provider() -> Report:
    """Like :func:`mixed`, with hostile text from the provider and in the name of the target."""
    made = mixed(HOSTILE)
    checks = [
        result.model_copy(
            update={
                "finding": result.finding.model_copy(
                    update={
                        "steps": [
                            *result.finding.steps,
                            step(
                                "probe",
                                url=f"http://127.0.0.1:8000/{HOSTILE}",
                                response_headers={HOSTILE: HOSTILE},
                                status=None,
                                error=HOSTILE,
                                origin=f"{HOSTILE}:7",
                            ),
                        ]
                    }
                )
            }
        )
        if result.finding
        else result
        for result in made.checks
    ]
    return made.model_copy(
        update={
            "checks": checks,
            "target": made.target.model_copy(update={"name": HOSTILE, "environment": HOSTILE}),
        }
    )


def hostile(text: str = HOSTILE) -> Report:
    """A report of a stranger, in which every string is ``text``."""
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
                text,
                title=words,
                text=words,
                behaviour=text,
                obligors=[text],
                reason=text,
            )
        ],
        [
            check(text, "fail", f"p/{text}", title=text, behaviour=text, reason=text, finding=bad),
            check("second", "inconclusive", f"p/{text}", title=text, reason=text),
        ],
    )
    target = made.target.model_copy(update={"name": text, "environment": text, "transport": text, "services": [text]})
    unknown = made.undecided[0].model_copy(update={"rule": text, "title": words, "reason": text})
    return made.model_copy(update={"target": target, "undecided": [unknown], "on": text, "shenhe_version": text})


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
