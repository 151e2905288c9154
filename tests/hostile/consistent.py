"""Reports that add up, made without a run: what `shenhe check` would write for given verdicts of its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version

from shenhe.conformance.engine.conclusions import by_rule, causes, counts, exit_code, total
from shenhe.conformance.engine.selection import chosen_checks, chosen_rules, left_out_rules, pack_names
from shenhe.conformance.provider import Capabilities, Service
from shenhe.conformance.report import (
    CheckResult,
    Finding,
    Probes,
    Report,
    Selection,
    Step,
    Summary,
    Target,
    Timing,
)
from shenhe.conformance.verdict import Level, VerdictName
from shenhe.rulebook import load_rulebook

TARGET = Target(
    name="example",
    environment="test",
    transport="http",
    binding_sha256="cd" * 32,
    services=["text"],
    operations=["generate"],
    markets=["cn"],
    roles=["provider"],
)


def consistent(
    verdicts: Mapping[str, VerdictName] | None = None,
    *,
    otherwise: VerdictName = "pass",
    level: str = "full",
    rules: Sequence[str] | None = None,
    packs: Sequence[str] | None = None,
    on: str = "2026-01-15",
    started: str = "2026-01-15T08:00:00+00:00",
    target: Target = TARGET,
    text: str = "hello",
) -> Report:
    """The report of a run whose checks ended with ``verdicts``, all others with ``otherwise``. ``text`` is what the
    target says in findings and reasons.
    """
    book, day, grade = load_rulebook(), date.fromisoformat(on), Level(level)
    bound = Capabilities(
        operations=frozenset(),
        services=tuple(Service(name) for name in target.services),
        markets=tuple(target.markets),
        roles=tuple(target.roles),
    )
    chosen = chosen_rules(book, bound, packs, rules, day)
    results = []
    for check in chosen_checks(chosen, grade, packs, rules):
        verdict = (verdicts or {}).get(check.name, otherwise)
        results.append(
            CheckResult(
                name=check.name,
                title=check.title,
                level=check.level.value,
                behaviour=check.behaviour.value,
                rules=[rule.provision for rule in chosen.values() if check.decides(rule)],
                verdict=verdict,
                reason="" if verdict == "pass" else text,
                probes=Probes(sent=4, accepted=4, decided=3, enumerated=3),
                finding=finding(text) if verdict == "fail" else None,
            )
        )
    decided, undecided = by_rule(chosen, results, grade)
    return Report(
        shenhe_version=version("shenhe"),
        rulebook_sha256=book.hash,
        packs=pack_names(chosen, packs),
        on=on,
        target=target,
        level=grade.value,
        seed=1,
        examples=25,
        selection=Selection(
            packs=list(packs) if packs is not None else None,
            rules=list(rules) if rules else None,
            left_out=left_out_rules(book, bound, chosen, packs, rules, grade, day),
        ),
        summary=Summary(
            counts=counts(decided),
            exit_code=int(exit_code(decided, results)),
            requests=40 * len(results),
            probes=total(result.probes for result in results),
        ),
        rules=decided,
        checks=results,
        undecided=undecided,
        causes=causes(results),
        timing=Timing(started=started, seconds=2.5),
    )


def finding(text: str) -> Finding:
    step = Step(role="probe", operation="generate", method="POST", url="http://127.0.0.1:8000/v1", response_body=text)
    return Finding(expected="a label", seen=text, steps=[step], curl="curl …", pytest="def test(): ...")
