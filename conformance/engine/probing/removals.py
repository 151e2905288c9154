"""What was removed after an upheld report, and every later response that shows it again, whichever check asked.

A publication is known by a word of its title that no other publication has. It counts as removed once a report of the
usual kind about it was upheld and the declared time for decisions to show has passed. An appeal or a repost ends that:
what is shown after it may be lawful.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ...entities import Account, Publication, ReportRequest, Ticket, TicketState
from ...exchange import Exchange, RecordedExchange
from ...provider import Capabilities

#: Operations whose responses may name what was removed: to reporters, authors and authorities.
_MAY_NAME = frozenset(
    {"report", "report_status", "appeal", "decide", "records", "refutations", "reset", "advance_clock", "app_messages"}
)
#: A word that is long enough to be nothing else.
_WORD = re.compile(r"[A-Za-z0-9]{10,}")


@dataclass(frozen=True)
class SeenAgain:
    """A response that shows what was removed, with all that led to it."""

    token: str
    exchanges: tuple[RecordedExchange, ...]


@dataclass
class _Known:
    """A publication: who published it, and since when it has to be gone, by :func:`time.monotonic`."""

    owner: str
    token: str
    gone_since: float | None = None
    #: It was appealed or reposted, so that it may be seen again.
    excused: bool = False


@dataclass
class Removals:
    """Learns from every call which publications were removed. Not to be used from several threads at once."""

    settling: float = 0.0
    kind: str = "illegal"
    seen: list[SeenAgain] = field(default_factory=list)
    #: Whether a response showed another publication after the first removal: only then does an absence say anything.
    others_seen: bool = False

    @classmethod
    def of(cls, capabilities: Capabilities | None) -> Removals:
        """Those of a provider with these capabilities."""
        if capabilities is None:
            return cls()
        return cls(capabilities.settling_seconds, capabilities.usual_report_kind)

    def __post_init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._tokens: Counter[str] = Counter()
        self._reported: dict[str, str] = {}

    @property
    def removed(self) -> list[str]:
        """The ids of what has to be gone."""
        return [number for number, known in self._known.items() if known.gone_since is not None and not known.excused]

    def learn(self, operation: str, asker: Account | None, args: tuple[Any, ...], value: Any) -> None:
        """Learn what an accepted call says of publications."""
        about = next((each for each in args if isinstance(each, Publication)), None)
        if operation == "publish" and isinstance(value, Publication):
            title = next((each for each in reversed(args) if isinstance(each, str)), "")
            words = _WORD.findall(title)
            if words:
                self._tokens[words[-1]] += 1
                self._known[value.id] = _Known(asker.id if asker is not None else "", words[-1])
        elif operation in ("appeal", "share") and about is not None:
            if (known := self._known.get(about.id)) is not None:
                known.excused = True
        elif isinstance(value, Ticket):
            request = next((each for each in args if isinstance(each, ReportRequest)), None)
            if request is not None and request.kind == self.kind:
                self._reported[value.id] = request.target.id
            known = self._known.get(self._reported.get(value.id, ""))
            if known is not None and known.gone_since is None and value.state is TicketState.UPHELD:
                known.gone_since = time.monotonic() + self.settling

    def look(
        self, operation: str, asker: Account | None, asked: bytes, exchange: Exchange, recorded: list[RecordedExchange]
    ) -> None:
        """Look for what was removed in a response; ``asked`` is what the requests of the call said."""
        response = exchange.response
        if response is None or operation in _MAY_NAME or self.seen:
            return
        removed = [known for known in self._known.values() if known.gone_since is not None]
        if not removed:
            return
        if not self.others_seen:
            self.others_seen = any(
                known.gone_since is None and known.token.encode() in response.body for known in self._known.values()
            )
        now = time.monotonic()
        for known in removed:
            word = known.token.encode()
            if word not in response.body or word in asked or known.excused or now < (known.gone_since or now):
                continue
            if self._tokens[known.token] == 1 and (asker is None or asker.id != known.owner):
                self.seen.append(SeenAgain(known.token, tuple(recorded)))
                return
