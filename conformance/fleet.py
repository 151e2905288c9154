"""Many providers: a folder of bindings, each judged by a process of its own, to one report each and one ``fleet.json``.

Whoever holds many bindings (an app store, a regulator) did not write them all. So each provider is asked by a process that has a bound
on time and memory, knows only the variables that its binding names, and can fail, hang or die without the others noticing::

    out/
      fleet.json                      the whole, ranked: :class:`Fleet`
      providers/NAME/report.json      what `shenhe check` would have written
      providers/NAME/outcome.json     what makes a second run pass over a provider that is done

The process's own side is :mod:`.fleet_worker`.
"""

from __future__ import annotations

import contextlib
import fcntl
import fnmatch
import hashlib
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shenhe.rulebook import Rulebook, RulebookError, load_rulebook
from shenhe.rulebook.document import DocumentError, read_yaml

from .baseline import Baseline, apply_baseline
from .bindings.template import variables
from .report import Report, Target, Timing, parse_report, read_report_bytes
from .verdict import ExitCode, VerdictName

#: How a provider's turn ended. Only of the first three is there a report.
#: ``checked``: to its end. ``cut short``: a bound that the run was given was reached. ``gone``: the provider stopped answering, or never
#: did. ``not usable``: its binding cannot be used. ``stopped``: the process did not end in its time. ``broken``: the process ended
#: without a result. ``not run``: the fleet was interrupted.
Outcome = Literal["checked", "cut short", "gone", "not usable", "stopped", "broken", "not run"]
#: Outcomes that a second run with the same command leaves as they are, if anything was judged.
KEPT: frozenset[Outcome] = frozenset({"checked", "cut short"})
#: Seconds that a process has, beyond the time it may ask, to start, to finish its last request and to write its report.
LAST_WORDS = 20.0
#: No answer of a worker, and no file of an outcome, comes near this many bytes.
LONGEST = 4 * 1024 * 1024
#: As many bytes of a binding as its hash is over.
_BINDING_BYTES = 4_000_000
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_OPEN = ("review", "inconclusive")
#: What the interpreter needs of its environment; nothing that a binding could ask for.
_NEEDED = ("PATH", "SYSTEMROOT", "VIRTUAL_ENV", "TMPDIR")


class FleetError(ValueError):
    """The fleet cannot be run as asked; the text says what to write instead."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Options(_Model):
    """What every provider of a fleet is asked, as for :func:`~shenhe.conformance.runner.run_checks`.

    ``on`` is the day whose law applies; none is the day of the run. ``max_seconds`` bounds the asking; the process may last
    ``LAST_WORDS`` longer.
    """

    level: Literal["core", "extended", "full"] = "core"
    packs: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    on: date | None = None
    seed: int = 0
    examples: int = 25
    max_seconds: float = 1800.0
    max_requests: int | None = None
    max_generations: int | None = None


class Result(_Model):
    """What came of one provider, in short; ``report.json`` has the rest.

    ``behaviours`` counts rules by behaviour and verdict. ``failed`` (verdicts fail and error) and ``unverified`` (review and
    inconclusive) are ids of rules in the order of the report; ``judged`` counts the cases that stand behind all verdicts.
    """

    outcome: Outcome
    detail: str = Field(default="", description="why, in a sentence, where the outcome is not `checked` or nothing was judged")
    target: Target | None = None
    report_exit_code: int | None = None
    on: str = ""
    packs: list[str] = []
    counts: dict[VerdictName, int] = {}
    behaviours: dict[str, dict[VerdictName, int]] = {}
    failed: list[str] = []
    unverified: list[str] = []
    judged: int = 0
    requests: int = 0
    report_sha256: str = ""
    timing: Timing | None = None


class Accepted(_Model):
    """What a baseline made of a report, in numbers of problems and entries."""

    baseline: str
    new: int
    accepted: int
    stale: int
    expired: int


class Provider(Result):
    """One provider of a fleet. ``rank`` counts from 1, equals share one, and nobody without a judged case has any.

    ``exit_code`` is that of ``shenhe check`` for this provider, with its baseline where there is one. ``key`` is a hash of all that the
    report depends on; ``report`` is where it stands, from the folder of ``fleet.json``.
    """

    name: str
    binding: str
    binding_sha256: str
    key: str
    rank: int | None
    exit_code: int
    baseline: Accepted | None = None
    report: str | None = None


class Fleet(_Model):
    """``fleet.json``: the providers of a folder in the order of their rank, then those that could not be ranked."""

    format: Literal["shenhe-fleet"] = "shenhe-fleet"
    format_version: Literal[1] = 1
    shenhe_version: str
    rulebook_sha256: str
    options: Options
    on: str = Field(description="the date whose law was asked for, ISO 8601; a kept report may be older, where the law is the same")
    exit_code: int = Field(description="the gravest of the providers': 1, then 2, then 3, then 0")
    providers: list[Provider]

    def write(self, path: Path) -> None:
        """Write as indented UTF-8 JSON with a final newline, by way of a temporary file in the same folder."""
        _replace(path, (self.model_dump_json(indent=1) + "\n").encode())


def json_schema() -> dict[str, Any]:
    """The schema of ``fleet.json``; the published copy (``conformance/fleet.schema.json``) is tested to equal it."""
    schema = Fleet.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:shenhe:schema:fleet:1", **schema}


class Job(_Model):
    """What a worker is told, on its standard input: paths, the variables of this binding alone, options, bytes of memory."""

    binding: str
    sha256: str
    environ: dict[str, str] = Field(repr=False)
    options: Options
    report: str
    memory: int


class _Done(_Model):
    """``outcome.json``."""

    key: str
    result: Result


@dataclass(frozen=True)
class Member:
    """A binding of the folder. ``name`` is that of its folder among the results; ``asked`` are the variables that it names, ``secret``
    those of them that stand outside its target."""

    name: str
    path: Path
    sha256: str
    asked: frozenset[str]
    secret: frozenset[str]


#: Called as ``progress(name, result, done, total, kept)`` when a provider is finished; ``kept`` is true of one that an earlier run
#: finished.
Progress = Callable[[str, Result, int, int, bool], None]


def members(folder: Path) -> list[Member]:
    """The bindings of a folder: its ``*.yaml`` files, by name, without hidden ones and those that say that they are something else
    (``format: shenhe-baseline``).

    A file that cannot be read as YAML is a member too: its provider is told to be not usable. Raises :class:`FleetError` for a folder
    without any.
    """
    if not folder.is_dir():
        raise FleetError(f"{folder} is no folder; name the one that holds the bindings, a *.yaml file each")
    found = [member for path in sorted(folder.glob("*.yaml")) if (member := _member(path)) is not None]
    if not found:
        raise FleetError(f"{folder} holds no binding: expected a *.yaml file for each provider, as `shenhe check` takes one")
    named: dict[str, Member] = {}
    for member in found:
        if (other := named.setdefault(member.name, member)) is not member:
            raise FleetError(f"{other.path.name!r} and {member.path.name!r} would write to the same folder; rename one of them")
    return found


def shared_secrets(fleet: Sequence[Member]) -> dict[str, list[str]]:
    """Variables that several bindings name outside their targets, each with the files that do."""
    users: dict[str, list[str]] = {}
    for member in fleet:
        for name in sorted(member.secret):
            users.setdefault(name, []).append(member.path.name)
    return {name: files for name, files in sorted(users.items()) if len(files) > 1}


def _member(path: Path) -> Member | None:
    if path.name.startswith(".") or (path.exists() and not path.is_file()):
        return None
    digest, data = "", None
    # What cannot be read is told of its provider alone, by whoever comes to ask it.
    with contextlib.suppress(OSError, DocumentError):
        with path.open("rb") as stream:
            digest = hashlib.sha256(stream.read(_BINDING_BYTES)).hexdigest()
        data, _ = read_yaml(path, path.name)
    if isinstance(data, dict) and str(data.get("format", "")).startswith("shenhe-"):
        return None
    asked = [(steps, name) for steps, name, _ in variables(data)]
    public = {"target", "environments"}
    return Member(
        _folder_name(path),
        path,
        digest,
        frozenset(name for _, name in asked),
        frozenset(name for steps, name in asked if steps[0] not in public),
    )


def _folder_name(path: Path) -> str:
    """The stem of a file where that is plain, else what is plain of it with a hash of the whole: no name leads out of the folder."""
    if _PLAIN_NAME.match(path.stem):
        return path.stem
    plain = re.sub(r"[^A-Za-z0-9]+", "-", path.stem).strip("-")[:40]
    return f"{plain or 'provider'}-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}"


def read_variables(folder: Path, fleet: Sequence[Member]) -> dict[str, dict[str, str]]:
    """The variables of each binding from ``NAME.env`` of a folder (none where there is no such file): lines ``NAME=value``, taken as they
    stand; empty lines and those that begin with ``#`` are passed over.

    Raises :class:`FleetError` naming file and line, never the value.
    """
    if not folder.is_dir():
        raise FleetError(f"{folder} is no folder; expected one with a file NAME.env for each NAME.yaml that needs variables")
    return {member.name: _variables_of(folder / f"{member.path.stem}.env") for member in fleet}


def _variables_of(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    with path.open("rb") as stream:
        data = stream.read(LONGEST + 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FleetError(f"{path}: found bytes that are not UTF-8, expected text") from None
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not _VARIABLE.match(name.strip()):
            raise FleetError(f"{path}:{number}: found a line that sets nothing, expected NAME=value")
        found[name.strip()] = value.strip()
    return found


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

    Each process gets those variables of ``environ`` that its binding names; where ``own_environ`` is given (:func:`read_variables`),
    those of its member's name instead, so that no binding can name another's. A member that a run with the same key finished is not run
    again unless ``fresh``. ``memory`` bounds the address space of a process, in bytes. ``baselines`` are by member's name, and judged as
    of ``today``.

    Interrupted (Ctrl-C), it ends its processes and returns what there is, with the others ``not run``. Raises :class:`FleetError` where
    another fleet writes to ``out``, :class:`~shenhe.rulebook.RulebookError` for an unknown pack, ``OSError`` where nothing can be
    written.
    """
    options, today = options or Options(), today or date.today()
    book, day = load_rulebook(), options.on or today
    _must_exist(book, options)
    terms = {"shenhe": version("shenhe"), "rulebook": book.hash, "law": _law(book, day), "options": options.model_dump(mode="json")}
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        dated = options.model_copy(update={"on": day})
        given = {member.name: environ if own_environ is None else own_environ.get(member.name, {}) for member in fleet}
        turns = [_turn(member, out, given[member.name], dated, memory, terms) for member in fleet]
        results = _all(turns, at_once, fresh, last_words, progress)
        found = [_provider(turn, results[turn.member.name], (baselines or {}).get(turn.member.name), today) for turn in turns]
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


def _must_exist(book: Rulebook, options: Options) -> None:
    """Raises :class:`RulebookError` for what no provider can be asked, rather than once for each of them."""
    for pack in options.packs or ():
        book.pack(pack)
    for pattern in options.rules or ():
        if not any(fnmatch.fnmatchcase(name, pattern) for name in book.rules):
            raise RulebookError(f"no rule matches {pattern!r}; see `shenhe rules list`")


def gravest(codes: Iterable[int]) -> ExitCode:
    """The exit code of many: a failure before a mistake, a mistake before what is not verified."""
    order = (ExitCode.FAILED, ExitCode.USAGE, ExitCode.NOT_VERIFIED, ExitCode.PASSED)
    return min((ExitCode(code) for code in codes), key=order.index, default=ExitCode.PASSED)


def ranked(providers: Sequence[Provider]) -> list[Provider]:
    """Best first: passed, not verified, failed; then by rules failed and rules not verified. Equals share a rank and stand by name.

    Those of whom nothing was judged follow without a rank: to hang or to hide is no way up.
    """

    def place(provider: Provider) -> tuple[int, int, int]:
        return [0, 3, 1, 2].index(provider.exit_code), len(provider.failed), len(provider.unverified)

    judged = sorted((each for each in providers if each.judged), key=lambda each: (place(each), each.name))
    first = [next(number for number, other in enumerate(judged, 1) if place(other) == place(each)) for each in judged]
    others = sorted((each for each in providers if not each.judged), key=lambda each: each.name)
    return [
        *(each.model_copy(update={"rank": rank}) for each, rank in zip(judged, first, strict=True)),
        *(each.model_copy(update={"rank": None}) for each in others),
    ]


def summary_of(report: Report, outcome: Outcome, detail: str, data: bytes) -> Result:
    """The result that a report comes to; ``data`` is the report as written."""
    behaviours: dict[str, dict[VerdictName, int]] = {}
    for rule in report.rules:
        tally = behaviours.setdefault(rule.behaviour, {})
        tally[rule.verdict] = tally.get(rule.verdict, 0) + 1
    return Result(
        outcome=outcome,
        detail=detail,
        target=report.target,
        report_exit_code=report.summary.exit_code,
        on=report.on,
        packs=report.packs,
        counts=report.summary.counts,
        behaviours=behaviours,
        failed=[rule.rule for rule in report.rules if rule.verdict in ("fail", "error")],
        unverified=[rule.rule for rule in report.rules if rule.verdict in _OPEN],
        judged=report.summary.probes.decided,
        requests=report.summary.requests,
        report_sha256=hashlib.sha256(data).hexdigest(),
        timing=report.timing,
    )


# --- one turn ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Turn:
    """A member with all that its turn needs."""

    member: Member
    job: Job
    key: str
    folder: Path

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    @property
    def outcome(self) -> Path:
        return self.folder / "outcome.json"


def _turn(
    member: Member,
    out: Path,
    environ: Mapping[str, str],
    options: Options,
    memory: int,
    terms: dict[str, Any],
) -> _Turn:
    known = {name: environ[name] for name in sorted(member.asked) if name in environ}
    # Where a provider is, is public and decides what is found there; of a secret not even a hash is kept.
    public = {name: known[name] for name in known if name not in member.secret}
    terms = {**terms, "binding": member.sha256, "variables": public}
    key = hashlib.sha256(json.dumps(terms, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogateescape")).hexdigest()
    folder = out / "providers" / member.name
    job = Job(
        binding=str(member.path.absolute()),
        sha256=member.sha256,
        environ=known,
        options=options,
        report=str((folder / "report.json").absolute()),
        memory=memory,
    )
    return _Turn(member, job, key, folder)


def _law(book: Rulebook, day: date) -> str:
    """A hash of the rules in force on a day: a report of another day holds as long as it is the same."""
    names = sorted(rule.id for rule in book.rules_in_force(day))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _all(turns: list[_Turn], at_once: int, fresh: bool, last_words: float, progress: Progress | None) -> dict[str, Result]:
    """The result of every turn, by name. Ctrl-C leaves those that were not finished ``not run``."""
    results: dict[str, Result] = {}

    def finished(turn: _Turn, result: Result, kept: bool) -> None:
        results[turn.member.name] = result
        if progress is not None:
            progress(turn.member.name, result, len(results), len(turns), kept)

    waiting = []
    for turn in turns:
        kept = None if fresh else _kept(turn)
        if kept is None:
            waiting.append(turn)
        else:
            finished(turn, kept, True)
    stop = threading.Event()
    with ThreadPoolExecutor(max(1, at_once), thread_name_prefix="shenhe-fleet") as pool:
        flying: dict[Future[Result], _Turn] = {pool.submit(_taken, turn, last_words, stop): turn for turn in waiting}
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


def _kept(turn: _Turn) -> Result | None:
    """The result of an earlier run with the same key, if its report stands there as it was written."""
    try:
        with turn.outcome.open("rb") as stream:
            done = _Done.model_validate_json(stream.read(LONGEST))
        if done.key != turn.key or done.result.outcome not in KEPT or not done.result.judged:
            return None
        data = read_report_bytes(turn.report)
    except (OSError, ValueError):
        return None
    return done.result if hashlib.sha256(data).hexdigest() == done.result.report_sha256 else None


def _taken(turn: _Turn, last_words: float, stop: threading.Event) -> Result:
    """One turn from its start to its outcome on disk. Whatever goes wrong concerns this provider alone."""
    if stop.is_set():
        return Result(outcome="not run", detail="the fleet was interrupted before its turn")
    try:
        turn.folder.mkdir(parents=True, exist_ok=True)
        for stale in (turn.outcome, turn.report):
            stale.unlink(missing_ok=True)
        result = _worked(turn.job, turn.job.options.max_seconds + last_words, stop)
        _replace(turn.outcome, _Done(key=turn.key, result=result).model_dump_json(indent=1).encode() + b"\n")
    except OSError as error:
        return Result(outcome="broken", detail=f"it cannot be asked, or its results not written: {error.strerror or type(error).__name__}")
    return result


def _worked(job: Job, seconds: float, stop: threading.Event) -> Result:
    """What a process of its own answers to the job within its time."""
    try:
        told = job.model_dump_json().encode() + b"\n"
    except ValueError:
        return Result(outcome="not usable", detail="the name of its file, or a variable that it names, is not UTF-8")
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [sys.executable, "-P", "-m", f"{__package__}.fleet_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _NEEDED if name in os.environ},
        bufsize=0,
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes to the process")
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(told)
        answer, why = _answer(process.stdout.fileno(), time.monotonic() + seconds, stop)
        if why == "interrupted":
            return Result(outcome="not run", detail="the fleet was interrupted before it was finished")
        if why:
            return Result(outcome="stopped", detail=f"it was not finished after {seconds:g} seconds, and was ended")
        try:
            return Result.model_validate_json(answer)
        except ValidationError:
            return Result(outcome="broken", detail=_cause(process))
    finally:
        # The whole session: a process may have started others to read files.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.stdin.close()
        process.stdout.close()
        process.wait()


def _answer(stream: int, deadline: float, stop: threading.Event) -> tuple[bytes, Literal["", "late", "interrupted"]]:
    """All that a process writes until it closes its output, or why it was not waited for."""
    parts, size = [], 0
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while size <= LONGEST:
            left = deadline - time.monotonic()
            if stop.is_set():
                return b"", "interrupted"
            if left <= 0:
                return b"", "late"
            if not selector.select(min(left, 0.2)):
                continue
            part = os.read(stream, 1 << 16)
            if not part:
                break
            parts.append(part)
            size += len(part)
    return b"".join(parts), ""


def _cause(process: subprocess.Popen[bytes]) -> str:
    """Why a process closed its output without an answer."""
    try:
        code = process.wait(2)
    except subprocess.TimeoutExpired:
        return "its process gave no answer that can be read"
    if code < 0:
        return f"its process was ended by signal {-code}, perhaps for want of memory"
    return f"its process ended with code {code} and no answer, perhaps for want of memory"


def _provider(turn: _Turn, result: Result, baseline: Baseline | None, today: date) -> Provider:
    """A result as ``fleet.json`` has it."""
    code, accepted = _exit_code(result), None
    if baseline is not None and result.report_exit_code is not None:
        outcome = apply_baseline(parse_report(read_report_bytes(turn.report), str(turn.report)), baseline, today)
        # What was cut short may have hidden anything: acceptance of what was seen does not make it verified.
        code = outcome.exit_code if result.outcome == "checked" else gravest((outcome.exit_code, ExitCode.NOT_VERIFIED))
        accepted = Accepted(
            baseline=Path(baseline.source).name,
            new=len(outcome.new),
            accepted=len(outcome.accepted),
            stale=len(outcome.stale),
            expired=len(outcome.expired),
        )
    return Provider(
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
        return ExitCode(result.report_exit_code)
    return ExitCode.USAGE if result.outcome == "not usable" else ExitCode.NOT_VERIFIED


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Hold a folder of results against another fleet."""
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FleetError(f"another fleet is writing to {out}; wait for it, or give another folder with --out") from None
        yield


def _replace(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    partial.replace(path)
