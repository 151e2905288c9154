"""What the probes of one run share: the provider, what may be spent on it, and what was made once for all of them."""

from __future__ import annotations

import secrets
import time
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import RLock
from typing import Any

from ..checks.outcome import Undecided
from ..checks.people import ROW, Person
from ..provider import Accepted, Capabilities, Provider, Refused, Unavailable
from ..report import Stopped
from .names import Names
from .recording import Kept
from .scheduler import Turns

#: Operations that a provider may charge for.
PAID = frozenset({"generate", "edit"})
#: So many calls in a row without any answer, and the provider is taken to be gone.
_GONE_AFTER = 6
#: Of each row of persons, checks get so many each from the start; what is made once a run is at the end.
_PERSONS_EACH = 1000
_PERSONS_KEPT = 20_000


class RunStopped(BaseException):
    """Nothing more may be sent. Not an ``Exception``: no property may swallow it."""

    def __init__(self, stopped: Stopped) -> None:
        super().__init__(stopped.reason)
        self.stopped = stopped


def interrupted() -> Stopped:
    """The stop of a run that its user ended."""
    return Stopped(kind="interrupted", reason="interrupted before it was finished")


def gone(reason: str) -> Stopped:
    """The stop of a run whose provider no longer responds, with the last failure."""
    return Stopped(kind="gone", reason=f"the provider does not answer: {reason}")


def _spent(reason: str) -> RunStopped:
    return RunStopped(Stopped(kind="budget", reason=reason))


@dataclass(frozen=True)
class Bounds:
    """What a run may spend: requests, seconds, and calls that a provider charges for. ``None`` is no bound."""

    requests: int | None = None
    seconds: float | None = None
    generations: int | None = None


@dataclass
class Session:
    """What the probes of one run share, from several threads if need be. ``on`` is the day whose law applies."""

    provider: Provider
    seed: int = 0
    on: date = field(default_factory=date.today)
    bounds: Bounds = field(default_factory=Bounds)
    requests: int = 0
    generations: int = 0

    def __post_init__(self) -> None:
        self.capabilities: Capabilities = self.provider.capabilities
        #: Whose account it is, by the account's id: who registers as somebody presents that somebody's papers.
        self.holders: dict[str, Person] = {}
        #: What each of these accounts was registered with.
        self.profiles: dict[str, Mapping[str, str]] = {}
        self.kept: dict[object, Kept] = {}
        #: Why nothing more is sent, once a run has to stop.
        self.stopped: Stopped | None = None
        #: Mixed into generated names after a collision with an earlier run; empty before.
        self.salt = ""
        self._began = time.monotonic()
        self._unanswered = 0
        self._lock = RLock()
        #: Whose turn it is, where several checks run at once.
        self.turns = Turns()
        self._made: Counter[object] = Counter()

    def names(self, scope: str = "", number: int = 0) -> Names:
        """The words and people of one check: the same whatever runs beside it, and nobody else's."""
        return self._names(scope, min(number, (ROW - _PERSONS_KEPT) // _PERSONS_EACH - 1) * _PERSONS_EACH)

    def names_for(self, key: object, apart: str = "") -> Names:
        """The words and people for what is made once a run, whoever comes to make it, and when it is made anew."""
        with self._lock:
            self._made[apart, key] += 1
            scope = f"once {key!r} {apart}{self._made[apart, key]}"
        return self._names(scope, ROW - _PERSONS_KEPT + zlib.crc32(scope.encode()) % _PERSONS_KEPT, apart)

    def _names(self, scope: str, first: int, apart: str = "") -> Names:
        return Names(self.seed, scope, first, salt=self.salt, draw_salt=self.draw_salt, apart=apart)

    def draw_salt(self) -> str:
        """The salt of this run, drawn on first use: from then on every generated name contains it."""
        with self._lock:
            self.salt = self.salt or secrets.token_hex(4)
            return self.salt

    def forget(self) -> None:
        """Make what was kept from earlier cases anew when it is next needed."""
        self.kept.clear()

    def answered(self, result: Accepted[Any] | Refused | Unavailable) -> None:
        """Count one call, and give up on a provider that is not there any more."""
        with self._lock:
            self.requests += max(1, len(result.exchanges))
            if isinstance(result, Unavailable) and result.status is None:
                self._unanswered += 1
                if self._unanswered >= _GONE_AFTER:
                    raise RunStopped(gone(result.reason))
            else:
                self._unanswered = 0

    def may_ask(self, operation: str) -> None:
        """Raise :class:`RunStopped` once the run has spent its budget, and :class:`Undecided` if only paid calls
        are used up: other checks may still go on."""
        if self.stopped:
            raise RunStopped(self.stopped)
        most = self.bounds
        if most.requests is not None and self.requests >= most.requests:
            raise _spent(f"{most.requests} requests were sent, which is all this run may send")
        if most.seconds is not None and time.monotonic() - self._began >= most.seconds:
            raise _spent(f"{most.seconds:g} seconds have passed, which is all this run may take")
        if operation not in PAID:
            return
        with self._lock:
            if most.generations is not None and self.generations >= most.generations:
                raise Undecided(
                    f"{most.generations} generations were asked for, which is all this run may pay for", lasting=True
                )
            self.generations += 1
