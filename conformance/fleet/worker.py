"""The worker's side of :mod:`.process`: bounds itself, checks the one provider of its job, and answers with a
result.

The job comes on standard input, so that its variables stand in no process's environment. Standard input stays open:
when it ends, the fleet is gone, and so is this process.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from pathlib import Path

from shenhe.core.document import DocumentError
from shenhe.rulebook import RulebookError

from ..bindings import load_binding
from ..engine.runner import run_checks
from ..engine.selection import NothingToCheck
from ..engine.target import TargetRefused
from ..evidence.partial import PartialReport
from ..evidence.redaction import class_and_place
from ..report import Report
from .process import LONGEST, Job
from .results import Outcome, Result, summary_of

_DETAIL = 2000


def work(job: Job) -> Result:
    """The result of one provider, whose report is then where the job says. Raises nothing.

    The report is written as checks finish, so that the fleet has it even if this process is ended.
    """
    path = Path(job.report)
    try:
        binding = load_binding(Path(job.binding), environ=job.environ)
        if binding.sha256 != job.sha256:
            return Result(outcome="not usable", detail="its binding was changed while the fleet was running")
        with binding.connect() as provider:
            report = run_checks(
                provider,
                packs=job.options.packs,
                level=job.options.level,
                rules=job.options.rules,
                seed=job.options.seed,
                examples=job.options.examples,
                on=job.options.on,
                max_requests=job.options.max_requests,
                max_seconds=job.options.max_seconds,
                max_generations=job.options.max_generations,
                listen=PartialReport(path, lambda trouble: None),
            )
        report.write(path)
        return summary_of(report, *_ended(report), path.read_bytes())
    except (DocumentError, TargetRefused, NothingToCheck, RulebookError) as error:
        return Result(outcome="not usable", detail=str(error)[:_DETAIL])
    except MemoryError:
        return Result(outcome="broken", detail=f"it needs more than {job.memory >> 20} MiB of memory")
    except OSError as error:
        return Result(
            outcome="broken", detail=f"its report cannot be written: {error.strerror or type(error).__name__}"
        )
    # An error here concerns only this provider. The text of an exception may hold what no report may.
    except Exception as error:
        return Result(outcome="broken", detail=f"shenhe broke on it: {class_and_place(error)}")


def _ended(report: Report) -> tuple[Outcome, str]:
    """How the run of a report ended."""
    stopped = report.stopped
    if stopped is not None:
        return "gone" if stopped.kind == "gone" else "cut short", stopped.reason[:_DETAIL]
    if not report.summary.probes.decided:
        return "checked", next((result.reason for result in report.checks if result.reason), "")[:_DETAIL]
    return "checked", ""


def _end_with_the_fleet() -> None:
    while os.read(0, 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    # Libraries that print must not write into the answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    job = Job.model_validate_json(sys.stdin.buffer.readline(LONGEST))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Only the soft limit: processes that read files set stricter ones for themselves.
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(
        resource.RLIMIT_AS, (job.memory if hard == resource.RLIM_INFINITY else min(job.memory, hard), hard)
    )
    threading.Thread(target=_end_with_the_fleet, daemon=True).start()
    result = work(job)
    answers.write(result.model_dump_json().encode())
    answers.close()


if __name__ == "__main__":
    main()
