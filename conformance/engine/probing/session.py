"""What the probes of one run share: the provider, what may be spent on it, and what was made once for all of them."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from threading import RLock
from typing import Any
from urllib.parse import urlsplit

from shenhe.rulebook import Service

from ...checks.outcome import Undecided
from ...checks.people import Person, Taken
from ...entities import Identity, IdentityMethod, Subject
from ...evidence.export.fresh import can_change
from ...exchange import Exchange
from ...provider import Accepted, Capabilities, Provider, Refused, Unavailable
from ...report import Stopped
from ..cases.coverage import Covered
from ..scheduler import Turns
from .names import Names
from .recording import Kept
from .watch import Watch

#: The strength at which every value occurs, and the one at which every two values meet.
SINGLES, PAIRS = 1, 2
#: Operations that a provider may charge for.
PAID = frozenset({"generate", "edit"})
_NOT_SIGNED_IN = 401
#: So often accounts and content are made again where the provider knows the old ones no longer.
_RENEWALS = 2
#: So many calls in a row without any answer, and the provider is taken to be gone.
_GONE_AFTER = 6


class RunStopped(BaseException):
    """Nothing more may be sent. Not an ``Exception``: no property may swallow it."""

    def __init__(self, stopped: Stopped) -> None:
        super().__init__(stopped.reason)
        self.stopped = stopped


def interrupted() -> Stopped:
    """The stop of a run that its user ended."""
    return Stopped(kind="interrupted", reason="interrupted before it was finished")


def lost_target(reason: str) -> Stopped:
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
    """What the probes of one run share, from several threads if need be. ``on`` is the day whose law applies; ``salt``
    makes the generated names, people and words new in every run.
    """

    provider: Provider
    seed: int = 0
    on: date = field(default_factory=date.today)
    bounds: Bounds = field(default_factory=Bounds)
    requests: int = 0
    generations: int = 0
    salt: str = ""
    strength: int = PAIRS

    def __post_init__(self) -> None:
        self.capabilities: Capabilities = self.provider.capabilities
        if self.strength != PAIRS:
            self.capabilities = replace(self.capabilities, strength=self.strength)
        #: The combinations of the cases that were judged.
        self.covered = Covered()
        #: The holder of each account, by the account's id. The account presents the documents of this person.
        self.holders: dict[str, Person] = {}
        #: What each of these accounts was registered with.
        self.profiles: dict[str, Mapping[str, str]] = {}
        #: Numbers and names of people who do not exist, as they were presented.
        self.invented: set[str] = set()
        self.kept: dict[tuple[object, object], Kept] = {}
        #: What must hold in every response.
        self.watch = Watch(self.provider)
        #: Why no account could be verified, once that was tried.
        self.unverifiable = ""
        #: The identity method that verified an account, and the medium that could be had: they are taken again.
        self.identity_method: IdentityMethod | None = None
        self.plain_medium: tuple[Service, str] | None = None
        #: Why nothing more is sent, once a run has to stop.
        self.stopped: Stopped | None = None
        #: Why no paid call is sent any more; other requests still are.
        self.unpaid = ""
        self._taken = Taken()
        #: Hours by which the provider's clock was moved.
        self.passed = 0.0
        #: When the run ends, by :func:`time.monotonic`.
        self.until = math.inf if self.bounds.seconds is None else time.monotonic() + self.bounds.seconds
        end_by: Callable[[float], None] | None = getattr(self.provider, "end_by", None)
        if end_by is not None:
            end_by(self.until)
        #: Requests in a row that got no response, by host; the first host of a run is the provider's own.
        self._unanswered: Counter[str] = Counter()
        self._home = ""
        self._lock = RLock()
        #: Whose turn it is, where several checks run at once.
        self.turns = Turns()
        self._made: Counter[object] = Counter()
        self._turned_away = False
        #: How often accounts and content were made again.
        self.renewals = 0

    def names(self, scope: str = "") -> Names:
        """The words and people of one check: the same whatever runs in parallel, and used by no other check."""
        return self._names(scope)

    def names_for(self, key: object, apart: str = "") -> Names:
        """The words and people for what is made once per run, whichever check makes it."""
        with self._lock:
            self._made[apart, key] += 1
            scope = f"once {key!r} {apart}{self._made[apart, key]}"
        return self._names(scope, apart)

    def _names(self, scope: str, apart: str = "") -> Names:
        return Names(self.seed, scope, salt=self.salt, taken=self._taken, apart=apart)

    @property
    def today(self) -> date:
        """The day by the provider's clock: the day of the run, and the time that passed since."""
        return self.on + timedelta(hours=self.passed)

    def presents(self, values: Iterable[object]) -> None:
        """Remember the numbers and names of invented people among what is sent."""
        if self.capabilities.identities != "synthetic":
            return
        for value in values:
            match value:
                case Identity():
                    said: Iterable[object] = (value.number, value.name)
                case Subject():
                    said = (value.id, value.number, value.name)
                case Mapping():
                    said = value.values()
                case _:
                    continue
            self.invented.update(each for each in said if isinstance(each, str) and can_change(each))

    def forget(self) -> None:
        """Forget what was kept from earlier cases, unless it is lasting: make it again when it is next needed."""
        self.kept = {place: each for place, each in self.kept.items() if each.lasting}

    def made(self, kind: str) -> bool:
        """Whether something was made once for the run whose key begins with this word."""
        with self._lock:
            kept = [key for (_, key), each in self.kept.items() if each.undecided is None]
        return any(isinstance(key, tuple) and key[:1] == (kind,) for key in kept)

    def turned_away(self, result: Refused) -> None:
        """Note that something a case builds on was refused because the session has ended."""
        self._turned_away = self._turned_away or result.status == _NOT_SIGNED_IN

    def begins_anew(self) -> bool:
        """Whether accounts and content are made again because the provider knows the old ones no longer, as after a
        restart that loses them. It is believed only a few times per run.
        """
        with self._lock:
            if not self._turned_away or not self.kept or self.renewals >= _RENEWALS:
                return False
            self._turned_away = False
            self.renewals += 1
            self.kept.clear()
            return True

    def answered(self, result: Accepted[Any] | Refused | Unavailable) -> None:
        """Count one call, and give up on a provider that is not there any more.

        Only the provider's own host counts: a host of media that does not answer leaves the rest of the run as it is.
        """
        with self._lock:
            self.requests += max(1, len(result.exchanges))
            for exchange in result.exchanges:
                host = _host(exchange)
                self._home = self._home or host
                self._unanswered[host] = self._unanswered[host] + 1 if exchange.response is None else 0
            if isinstance(result, Accepted | Refused) or result.status is not None:
                self._unanswered[self._home] = 0
            elif self._unanswered[self._home] >= _GONE_AFTER:
                raise RunStopped(self.lost(result.reason))

    def lost(self, reason: str) -> Stopped:
        """The stop of a run whose provider no longer responds; where the run's own time cut the request, that."""
        return Stopped(kind="budget", reason=self._all_seconds) if self._late else lost_target(reason)

    @property
    def _late(self) -> bool:
        return time.monotonic() >= self.until

    @property
    def _all_seconds(self) -> str:
        return f"{self.bounds.seconds:g} seconds have passed, which is all this run may take"

    def may_ask(self, operation: str) -> None:
        """Raise :class:`RunStopped` once the run has spent its budget, and :class:`Undecided` if only paid calls
        are used up: other checks may still go on."""
        if self.stopped:
            raise RunStopped(self.stopped)
        most = self.bounds
        if most.requests is not None and self.requests >= most.requests:
            raise _spent(f"{most.requests} requests were sent, the maximum of this run")
        if self._late:
            raise _spent(self._all_seconds)
        if operation not in PAID:
            return
        with self._lock:
            if most.generations is not None and self.generations >= most.generations:
                self.unpaid = f"{most.generations} generations were sent, the maximum of this run"
                raise Undecided(self.unpaid, lasting=True)
            self.generations += 1


def _host(exchange: Exchange) -> str:
    """Scheme and authority of the URL of a request; of a call in Python, ``python:``."""
    parts = urlsplit(exchange.request.url)
    return f"{parts.scheme}://{parts.netloc}"
