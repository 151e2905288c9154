"""Running checks against mutants: which checks reach a place, and whether one of them notices what changed there."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import FrameType
from typing import Any
from unittest.mock import patch

from starlette.applications import Starlette

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.checks import all_checks
from shenhe.conformance.checks.registry import Check
from shenhe.conformance.engine import runner
from shenhe.conformance.engine.events import CheckFinished, Event
from shenhe.conformance.engine.selection import chosen_checks
from shenhe.conformance.report import Report
from shenhe.conformance.verdict import Level
from shenhe.rulebook import load_rulebook
from shenhe.sample.appstore import store_binding
from shenhe.sample.variants import sample_binding

from ...sample.tour import tour
from ...sample.visitor import Answer
from ..matrix import ON
from .loading import MODULES, PROVIDER, SUBJECTS, Hit, Subject, copied, source
from .operators import Mutant, mutants_of, mutated
from .typed import fits

EXAMPLES = 5
SEED = 0
#: Processor seconds after which a mutant is given up.
LIMIT = 90.0
_BAD = {"fail": 2, "review": 1}
#: Verdicts of a check that could decide. One that watches the responses of others cannot, when it runs alone.
_DECIDED = ("pass", "not applicable")


@dataclass(frozen=True)
class Tried:
    """What became of one mutant. ``by`` is the check that noticed it."""

    mutant: Mutant
    status: str
    by: str = ""
    seen: str = ""
    seconds: float = 0.0


class Ended(BaseException):
    """A run need not go on."""


class TooLong(BaseException):
    """A mutant does not come to an end."""


def all_mutants(subject: Subject = PROVIDER) -> list[Mutant]:
    """Every mutant of a subject, in the order of its code."""
    return _all_mutants(subject.name)


@cache
def _all_mutants(name: str) -> list[Mutant]:
    subject = SUBJECTS[name]
    return [
        mutant
        for module in subject.modules
        for mutant in mutants_of(module, source(module), fits(module))
        if subject.runs(module, mutant.function)
    ]


def binding_of(subject: Subject) -> Any:
    """The binding of a subject."""
    return store_binding(None) if subject.name == "store" else sample_binding(subject.variant)


def run(
    app: Starlette, names: Sequence[str], *, until_bad: dict[str, str] | None = None, subject: Subject = PROVIDER
) -> Report:
    """These checks against an application; with ``until_bad``, the verdicts of the lawful sample, until one is worse."""

    def chosen(*arguments: object, **options: object) -> list[Check]:
        del arguments, options
        order = {name: place for place, name in enumerate(names)}
        return sorted((check for check in all_checks() if check.name in order), key=lambda check: order[check.name])

    def listen(event: Event) -> None:
        if until_bad is None or not isinstance(event, CheckFinished) or event.result is None:
            return
        if _BAD.get(event.result.verdict, 0) > _BAD.get(until_bad.get(event.name, ""), 0):
            raise _Found(event.name, event.result.reason or "")

    with (
        patch.object(runner, "chosen_checks", chosen),
        load_binding(binding_of(subject), environ={}).connect(transport=AsgiTransport(app)) as provider,
    ):
        return runner.run_checks(
            provider,
            on=ON,
            level=Level.FULL if subject is PROVIDER else Level.EXTENDED,
            # The listed cases of a role's checks are enough: generated ones would take hours.
            examples=EXAMPLES if subject is PROVIDER else 0,
            seed=SEED,
            salt="mutants",
            packs=packs(),
            listen=listen,
        )


class _Found(Ended):
    def __init__(self, check: str, seen: str) -> None:
        super().__init__(check)
        self.check, self.seen = check, seen


@cache
def packs() -> tuple[str, ...]:
    """Every pack, drafts and laws to come too."""
    return tuple(load_rulebook().packs)


def names_of_checks(subject: Subject = PROVIDER) -> list[str]:
    """The checks that concern a subject."""
    provider = load_binding(binding_of(subject), environ={})
    with provider.connect(transport=AsgiTransport(_nothing)) as connected:
        from shenhe.conformance.engine.selection import chosen_rules

        rules = chosen_rules(load_rulebook(), connected.capabilities, packs(), None, ON)
        return [
            check.name
            for check in chosen_checks(rules, Level.FULL, packs(), None)
            if check.absent(connected.capabilities) is None
        ]


async def _nothing(scope: object, receive: object, send: object) -> None:
    raise NotImplementedError


@dataclass(frozen=True)
class Baseline:
    """What the checks come to on the lawful sample, which statements each reaches, and how long each takes."""

    verdicts: dict[str, str]
    reached: dict[str, frozenset[Hit]]
    seconds: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return {
            "verdicts": self.verdicts,
            "seconds": self.seconds,
            "reached": {name: sorted(hits) for name, hits in self.reached.items()},
        }

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> Baseline:
        """A baseline from what :meth:`as_json` gave."""
        reached = {name: frozenset((module, line) for module, line in hits) for name, hits in told["reached"].items()}
        return cls(told["verdicts"], reached, told["seconds"])

    def concerned(self, mutant: Mutant) -> list[str]:
        """The checks that reach a mutant, those that reach the least and take the least first."""
        found = [
            name
            for name, hits in self.reached.items()
            if mutant.statement is None or (mutant.module, mutant.statement) in hits
        ]
        return sorted(found, key=lambda name: (self.seconds[name] * len(self.reached[name]), name))


def baseline(names: Sequence[str], subject: Subject = PROVIDER) -> Baseline:
    """Each check by itself against a lawful copy that counts what is reached."""
    verdicts: dict[str, str] = {}
    reached: dict[str, frozenset[Hit]] = {}
    seconds: dict[str, float] = {}
    for name in names:
        hits: set[Hit] = set()
        with copied({module: source(module) for module in subject.modules}, hits, subject) as create_app:
            began = time.process_time()
            report = run(create_app(), [name], subject=subject)
            seconds[name] = time.process_time() - began
        (result,) = report.checks
        verdicts[name], reached[name] = result.verdict, frozenset(hits)
    return Baseline(verdicts, reached, seconds)


def tried(mutant: Mutant, known: Baseline, subject: Subject = PROVIDER) -> Tried:
    """Put the checks that reach a mutant to it, until one notices something."""
    names = known.concerned(mutant)
    if not names:
        return Tried(mutant, "not reached")
    began = time.process_time()
    tree = mutated(source(mutant.module), mutant)

    def ended(status: str, by: str = "", seen: str = "") -> Tried:
        return Tried(mutant, status, by, seen[:300], round(time.process_time() - began, 2))

    try:
        with _limited(LIMIT), copied({mutant.module: tree}, subject=subject) as create_app:
            report = run(create_app(), names, until_bad=known.verdicts, subject=subject)
    except _Found as found:
        return ended("killed", found.check, found.seen)
    except TooLong:
        return ended("endless")
    except Exception as error:  # the copy cannot even be made
        return ended("broken", seen=f"{type(error).__name__}: {error}")
    worse = [
        result
        for result in report.checks
        if result.verdict != known.verdicts[result.name] and result.verdict not in _DECIDED
    ]
    broken = [result for result in worse if result.verdict == "error"]
    if broken:
        return ended("check broke", broken[0].name, broken[0].reason or "")
    if worse:
        return ended("inconclusive", worse[0].name, worse[0].reason or "")
    # The tour walks through the provider only.
    return ended("survived" if subject is not PROVIDER or tour_differs(mutant) else "unseen")


def tour_differs(mutant: Mutant) -> bool:
    """Whether a walk that meets every behaviour of the sample sees anything of a mutant."""
    with copied({mutant.module: mutated(source(mutant.module), mutant)}) as create_app:
        try:
            return _answers(create_app()) != _lawful_answers()
        except Exception:  # an error of the server, or an answer without what the walk goes on from
            return True


@cache
def _lawful_answers() -> list[Answer]:
    with copied({module: source(module) for module in MODULES}) as create_app:
        return _answers(create_app())


def _answers(app: Starlette) -> list[Answer]:
    return tour(app)


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def over(signum: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
