"""Reports to render, made by hand: one of each verdict, and one whose every free text tries to get out of
where it is put.
"""

from __future__ import annotations

from typing import Any, cast

from shenhe.conformance.report import (
    CheckResult,
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

#: Text that means something to a terminal, a workflow log, Markdown, HTML, XML, a shell, a YAML reader or a
#: person.
HOSTILE = (
    "\x1b[31mred\x1b[0m\r\n::set-output name=x::y\n##[error]no\n::stop-commands::t\n"
    "</code></details><script>alert(1)</script><img src=x onerror=alert(1)> "
    "![i](http://evil.test/i.png) [l](javascript:alert(1)) https://evil.test @team #1 | a | b |\n"
    "```\n# heading\n~~~\n`x` **b** <!-- c --> &lt; ]]> $(touch pwned) `touch pwned` ${{ secrets.X }} %0A "
    "%25 \u202eevil\u2028end\x00\x7f\x85"
)


def rule(name: str, verdict: VerdictName, *checks: str, keyword: str = "must", reason: str = "") -> RuleResult:
    return RuleResult(
        rule=name,
        pack=name.partition("/")[0],
        title=Words(en=f"Title of {name}", zh="标题"),
        text=Words(en=f"Text of {name}.", zh="正文。"),
        behaviour="labeling",
        obligors=["provider"],
        keyword=keyword,
        verification="verified",
        verdict=verdict,
        reason=reason,
        checks=list(checks),
        probes=Probes(sent=4, decided=3),
    )


def step(
    role: str = "probe", *, origin: str = "conformance/my provider.yaml:41", text: str = "hello", **given: Any
) -> Step:
    values: dict[str, Any] = {
        "role": role,
        "operation": "generate",
        "method": "POST",
        "url": "http://127.0.0.1:8000/v1/texts?page=2&q=a%20b",
        "request_headers": {"content-type": "application/json", "authorization": "Bearer ${TOKEN}"},
        "request_body": '{"prompt": "hi"}',
        "status": 200,
        "response_headers": {"content-type": "text/plain"},
        "response_body": text,
        "origin": origin,
    }
    return Step(**(values | given))


def finding(text: str = "hello", **given: Any) -> Finding:
    values: dict[str, Any] = {
        "expected": "a text that carries a label",
        "seen": f"a text without a label: {text}",
        "case": f"text/plain {text}",
        "steps": [
            step("set-up", origin="conformance/my provider.yaml:12"),
            step("control"),
            step("probe", text=text),
        ],
        "curl": f"curl -X POST 'http://127.0.0.1:8000/v1/texts' -d '{text}'",
        "pytest": "def test_it(): ...",
    }
    return Finding(**(values | given))


def check(name: str, verdict: VerdictName, *rules: str, **given: Any) -> CheckResult:
    values: dict[str, Any] = {
        "name": name,
        "title": f"What {name} expects",
        "level": "core",
        "behaviour": "labeling",
        "rules": list(rules),
        "verdict": verdict,
        "probes": Probes(sent=4, decided=3, enumerated=3),
    }
    return CheckResult(**(values | given))


def report(rules: list[RuleResult], checks: list[CheckResult], **given: Any) -> Report:
    counts: dict[str, int] = {}
    for result in rules:
        counts[result.verdict] = counts.get(result.verdict, 0) + 1
    open_ = {result.verdict for result in rules}
    code = 1 if open_ & {"fail", "error"} else 3 if open_ & {"review", "inconclusive"} else 0
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
        "seed": 1,
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
    return Report(**(values | given))


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
    """Every verdict once; two rules decided by one check; one rule kept; one recommendation not followed."""
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


def kept() -> Report:
    """Everything decided and passed."""
    return report(
        [rule(REAL_NAME, "pass", "unverified_cannot_publish")],
        [check("unverified_cannot_publish", "pass", REAL_NAME)],
    )


def hostile() -> Report:
    """Like :func:`mixed`, with hostile text from the provider and from the name of the target."""
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
