"""Running a fleet: several providers at once without affecting each other, resumable, protected from another fleet in
the same folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import fnmatch
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import date
from importlib.metadata import version
from pathlib import Path

from shenhe.rulebook import Rulebook, RulebookError, load_rulebook

from ..evidence.baseline import Baseline, apply_baseline
from ..report import ReportError, parse_report, read_report_bytes
from ..verdict import ExitCode
from .members import FleetError, Member
from .process import worked
from .ranking import gravest, ranked
from .results import BaselineCounts, Fleet, FleetRow, Options, Result, summary_of
from .turns import Turn, terms_of, turn_of

#: Seconds that a process has, beyond the time it may ask, to start, to finish its last request and to write its report.
LAST_WORDS = 20.0
#: Seconds after which the results so far are written again.
_WRITTEN_EVERY = 5.0
_NOT_RUN = Result(outcome="not run", detail="the fleet was ended before its turn")
#: Called as ``progress(name, result, done, total, kept)`` when a provider is finished; ``kept`` is true of one that an
#: earlier run finished.
Progress = Callable[[str, Result, int, int, bool], None]


def run_fleet(
    fleet: Sequence[Member],
    out: Path,
    *,
    environ: Mapping[str, str],
    own_environ: Mapping[str, Mapping[str, str]] | None = None,
    options: Options | None = None,
    at_once: int = 2,
    fresh: bool = False,
    memory: int = 2 << 30,
    baselines: Mapping[str, Baseline] | None = None,
    today: date | None = None,
    last_words: float = LAST_WORDS,
    progress: Progress | None = None,
) -> Fleet:
    """Judge every member, ``at_once`` at a time, and write the results below ``out``.

    Each process gets those variables of ``environ`` that its binding names; where ``own_environ`` is given
    (:func:`read_variables`), those of its member's name instead, so that no binding can name another's. A member that a
    run with the same key finished is not run again unless ``fresh``. ``memory`` bounds the address space of a process,
    in bytes. ``baselines`` are by member's name, and judged as of ``today``.

    Interrupted (Ctrl-C), it ends its processes and returns what there is, with the others ``not run``. Raises
    :class:`FleetError` where another fleet writes to ``out``, :class:`~shenhe.rulebook.RulebookError` for an unknown
    pack, ``OSError`` where nothing can be written.
    """
    options, today = options or Options(), today or date.today()
    book, day = load_rulebook(), options.on or today
    _must_exist(book, options)
    terms = terms_of(book, day, options)
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        dated = options.model_copy(update={"on": day})
        given = {member.name: environ if own_environ is None else own_environ.get(member.name, {}) for member in fleet}
        turns = [turn_of(member, out, given[member.name], dated, memory, terms) for member in fleet]

        def so_far(results: Mapping[str, Result]) -> Fleet:
            """The fleet as it is now, on disk too."""
            found = [
                _provider(turn, results.get(turn.member.name, _NOT_RUN), (baselines or {}).get(turn.member.name), today)
                for turn in turns
            ]
            whole = Fleet(
                shenhe_version=version("shenhe"),
                rulebook_sha256=book.hash,
                options=options,
                on=day.isoformat(),
                exit_code=int(gravest(provider.exit_code for provider in found)),
                providers=ranked(found),
            )
            whole.write(out / "fleet.json")
            return whole

        return so_far(_all(turns, at_once, fresh, last_words, progress, so_far))


def _must_exist(book: Rulebook, options: Options) -> None:
    """Raises :class:`RulebookError` for what no provider can be asked, rather than once for each of them."""
    for pack in options.packs or ():
        book.pack(pack)
    for pattern in options.rules or ():
        if not any(fnmatch.fnmatchcase(name, pattern) for name in book.rules.names):
            raise RulebookError(f"no rule matches {pattern!r}; see `shenhe rules list`")


def _all(
    turns: list[Turn],
    at_once: int,
    fresh: bool,
    last_words: float,
    progress: Progress | None,
    write: Callable[[Mapping[str, Result]], object],
) -> dict[str, Result]:
    """The result of every turn, by name. Ctrl-C leaves those that were not finished ``not run``.

    ``write`` gets the results so far: at once after a failure, else every few seconds.
    """
    results: dict[str, Result] = {}
    due = 0.0

    def finished(turn: Turn, result: Result, kept: bool) -> None:
        nonlocal due
        results[turn.member.name] = result
        if time.monotonic() >= due or (result.failed and not kept):
            # A full disk is reported at the end, when nothing is left to do.
            with contextlib.suppress(OSError):
                write(results)
            due = time.monotonic() + _WRITTEN_EVERY
        if progress is not None:
            progress(turn.member.name, result, len(results), len(turns), kept)

    waiting = []
    for turn in turns:
        kept = None if fresh else turn.kept()
        if kept is None:
            waiting.append(turn)
        else:
            finished(turn, kept, True)
    stop = threading.Event()
    with ThreadPoolExecutor(max(1, at_once), thread_name_prefix="shenhe-fleet") as pool:
        flying: dict[Future[Result], Turn] = {pool.submit(_taken, turn, last_words, stop): turn for turn in waiting}
        try:
            while flying:
                try:
                    done, _ = wait(flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        finished(flying[future], future.result(), False)
                        del flying[future]
                except KeyboardInterrupt:
                    stop.set()
        finally:
            stop.set()
    return results


def _taken(turn: Turn, last_words: float, stop: threading.Event) -> Result:
    """One turn from its start to its outcome on disk. Any error concerns only this provider."""
    if stop.is_set():
        return Result(outcome="not run", detail="the fleet was interrupted before its turn")
    try:
        turn.folder.mkdir(parents=True, exist_ok=True)
        turn.set_aside()
        result = worked(turn.job, turn.job.options.max_seconds + last_words, stop)
        if result.report_exit_code is None:
            result = _with_what_was_found(turn, result)
        turn.keep(result)
    except OSError as error:
        return Result(
            outcome="broken",
            detail=f"it cannot be asked, or its results not written: {error.strerror or type(error).__name__}",
        )
    return result


def _with_what_was_found(turn: Turn, result: Result) -> Result:
    """The result of a process that was ended, with the report that it had written by then, if any."""
    try:
        data = read_report_bytes(turn.report)
        report = parse_report(data, str(turn.report))
    except (OSError, ReportError):
        return result
    return summary_of(report, result.outcome, result.detail, data)


def _provider(turn: Turn, result: Result, baseline: Baseline | None, today: date) -> FleetRow:
    """A result as ``fleet.json`` has it."""
    code, accepted = _exit_code(result), None
    if baseline is not None and result.report_exit_code is not None:
        outcome = apply_baseline(parse_report(read_report_bytes(turn.report), str(turn.report)), baseline, today)
        # What was cut short may have hidden anything: acceptance of what was seen does not make it verified.
        code = outcome.exit_code if result.outcome == "checked" else gravest((outcome.exit_code, ExitCode.NOT_VERIFIED))
        accepted = BaselineCounts(
            baseline=Path(baseline.source).name,
            new=len(outcome.new),
            accepted=len(outcome.accepted),
            stale=len(outcome.stale),
            expired=len(outcome.expired),
        )
    return FleetRow(
        **dict(result),
        name=turn.member.name,
        binding=turn.member.path.name.encode("utf-8", "backslashreplace").decode(),
        binding_sha256=turn.member.sha256,
        key=turn.key,
        rank=None,
        exit_code=int(code),
        baseline=accepted,
        report=f"providers/{turn.member.name}/report.json" if result.report_exit_code is not None else None,
    )


def _exit_code(result: Result) -> ExitCode:
    if result.report_exit_code is not None:
        code = ExitCode(result.report_exit_code)
        whole = result.outcome in {"checked", "cut short", "gone"}
        return code if whole else ExitCode(gravest((code, ExitCode.NOT_VERIFIED)))
    return ExitCode.USAGE if result.outcome == "not usable" else ExitCode.NOT_VERIFIED


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Hold a folder of results against another fleet."""
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FleetError(
                f"another fleet is writing to {out}; wait for it, or give another folder with --out"
            ) from None
        yield
