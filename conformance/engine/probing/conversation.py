"""One case's conversation with a provider: every call in its role, with its evidence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, ParamSpec, Protocol, Self, TypeVar, runtime_checkable

from ...checks.outcome import NeedsReview, NotJudged, RequestRefused, Undecided, Violation
from ...entities import Account, Content, Media
from ...exchange import Exchange, ReceivedResponse, RecordedExchange, Role, SentRequest
from ...provider import Accepted, Operation, Provider, Refused, Result, Unavailable, where_to_bind
from .names import Names
from .naming import unnamed
from .recording import Counts, Kept
from .session import Session

P = ParamSpec("P")
T = TypeVar("T")

#: Seconds before the effect of a decision is looked for again, at first.
_FIRST_PAUSE = 0.1
#: The method of an exchange that was a call of a provider in Python.
CALL = "CALL"


@runtime_checkable
class Claims(Protocol):
    """A provider whose requests can be made to carry more than the binding says."""

    def with_extra(
        self, headers: dict[str, str], query: dict[str, str], fields: dict[str, Any] | None = None
    ) -> Provider: ...


@runtime_checkable
class Visits(Protocol):
    """A provider whose responses name addresses that can be visited."""

    def addresses(self, exchanges: Iterable[Exchange]) -> list[str]: ...
    def visit(self, account: Account | None, url: str) -> Result[Media]: ...


@runtime_checkable
class Divides(Protocol):
    """A provider whose uploads can be divided between two accounts, and that keeps callbacks that no call awaited."""

    def upload_in_parts(
        self, begun_by: Account, account: Account, media: Media, paused: Callable[[], None] | None = None
    ) -> Result[Content]: ...
    def late_callbacks(self, account: Account) -> Result[tuple[Media, ...]]: ...


@runtime_checkable
class Proves(Protocol):
    """A provider that can be sent another code than the one that it gave out."""

    def with_code(self, *makes: Callable[[str], str]) -> Provider: ...


@runtime_checkable
class Forgets(Protocol):
    """A provider whose requests can be sent without what earlier responses said of a thing."""

    def forgetting(self, thing: Any) -> Provider: ...


@runtime_checkable
class LeavesUnfinished(Protocol):
    """A provider of whose operations the last request can be left out."""

    def unfinished(self) -> Provider: ...


#: A verdict rests on a probe and on what was observed of it; the rest leads there or shows that it could be otherwise.
_DECIDING: tuple[frozenset[Role], ...] = (
    frozenset({"probe", "observation"}),
    frozenset({"control"}),
    frozenset({"set-up"}),
)


@runtime_checkable
class Previews(Protocol):
    """A provider whose requests can be written without being sent."""

    def preview(self, ask: Callable[[Any], object]) -> object: ...


class Conversation:
    """Calls the provider, records each call with its role, and keeps the evidence.

    Calls are written ``probe.setup(provider.publish, account, content, "title")``: the method, then its
    arguments. ``recorded`` holds the exchanges so far, in order, with their roles.
    """

    def __init__(self, session: Session, names: Names | None = None, *, waits: bool = True) -> None:
        self.session = session
        self.names = names if names is not None else session.names()
        self.waits = waits
        self.provider = session.provider
        self.capabilities = session.capabilities
        self.counts = Counts()
        self.recorded: list[RecordedExchange] = []
        #: How many exchanges there were when a check named the one that it judges, and the number of that one.
        self._judged = (0, 0)
        self._reused: set[int] = set()

    # --- asking --------------------------------------------------------------------------------------------

    def setup(self, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask for something a case builds on. Raises :class:`Undecided` unless it is accepted."""
        result = self._ask("set-up", operation, *args, **kwargs)
        if isinstance(result, Accepted):
            return result.value
        raise self._not_had("set-up", operation, result)

    def control(self, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask for the control of a probe. Raises :class:`Undecided` unless it is accepted: a provider that
        refuses this too has shown nothing by refusing the probe."""
        result = self._ask("control", operation, *args, **kwargs)
        if isinstance(result, Accepted):
            self.counts.controls += 1
            return result.value
        raise self._not_had("the control", operation, result)

    def control_differs(
        self, refusal: Refused, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs
    ) -> bool:
        """Ask for the control of a probe that was refused. ``False`` where the control is refused in the same words,
        raises :class:`Undecided` where it is refused in others.
        """
        result = self._ask("control", operation, *args, **kwargs)
        if isinstance(result, Accepted):
            self.counts.controls += 1
            return True
        if isinstance(result, Refused) and (result.status, result.reason) == (refusal.status, refusal.reason):
            return False
        raise self._not_had("the control", operation, result)

    def attempt(self, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs) -> Accepted[T] | Refused:
        """Ask for what the verdict hangs on. Raises :class:`Undecided` where no usable answer comes."""
        result = self._ask("probe", operation, *args, **kwargs)
        self.counts.sent += 1
        match result:
            case Accepted():
                self.counts.accepted += 1
                return result
            case Refused():
                self.counts.refused += 1
                return result
        self.counts.unavailable += 1
        raise self._not_had("probe", operation, result)

    def observe(self, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs) -> Accepted[T] | Refused:
        """Look at what came of a probe. Raises :class:`Undecided` where no usable answer comes."""
        result = self._ask("observation", operation, *args, **kwargs)
        if isinstance(result, Unavailable):
            raise self._not_had("observation", operation, result)
        return result

    def observe_leniently(
        self, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs
    ) -> Accepted[T] | Refused | None:
        """Look at something that need not respond; ``None`` where no usable answer comes."""
        result = self._ask("observation", operation, *args, **kwargs)
        return None if isinstance(result, Unavailable) else result

    def declared(self, what: str, result: Accepted[T] | Refused) -> T:
        """The value of something the provider declares it offers; what is declared and absent is a violation."""
        if isinstance(result, Accepted):
            return result.value
        if result.no_such_thing:
            raise Violation(f"{what} is declared, but the provider answers {said(result)}")
        raise Undecided(f"{what} was refused: {said(result)}")

    # --- which response a verdict rests on ------------------------------------------------------------------

    def judges(self, response: Exchange | int) -> None:
        """Name the exchange that is judged next, by itself or by its number in ``recorded``, counted from 1.

        Needed only where it is not the last probe or observation: after several surfaces or addresses were read.
        """
        if isinstance(response, Exchange):
            there = (number for number, each in enumerate(self.recorded, 1) if each.exchange is response)
            response = next(there, 0)
        self._judged = (len(self.recorded), response)

    def wrong_step(self) -> int | None:
        """The number of the exchange that a violation raised now rests on; ``None`` before any."""
        count, number = self._judged
        if number and count == len(self.recorded):
            return number
        for roles in _DECIDING:
            for number in range(len(self.recorded), 0, -1):
                if self.recorded[number - 1].role in roles:
                    return number
        return None

    def wait(self, reason: str, hours: float) -> None:
        """Let time pass by the provider's clock. Raises :class:`NeedsReview` where it offers none.

        Only for checks that are registered with ``waits=True``: time passes for everybody, and is moved when no
        other check is under way.
        """
        if not self.waits:
            raise TypeError("a check that advances the clock must be registered with waits=True")
        if Operation.ADVANCE_CLOCK not in self.capabilities.operations:
            raise NeedsReview(
                f"{hours:g} hours would have to pass ({reason}), and the provider has no operation advance_clock"
            )
        begin = len(self.recorded)
        moves = self.session.turns.pass_time(hours, self._move_clock)
        self.recorded[begin:] = [taken for move in moves for taken in move]

    def _move_clock(self, hours: float) -> list[RecordedExchange]:
        """What was exchanged to move the provider's clock; nothing that was made before is relied on afterwards."""
        begin = len(self.recorded)
        self.setup(self.provider.advance_clock, hours)
        self.session.passed += hours
        self.session.forget()
        return self.recorded[begin:]

    def together(self, *parts: Callable[[Self], None]) -> None:
        """Carry out parts of a case that do not depend on one another: at once where checks run at once.

        Raises what the first part raised that saw a violation, or else the first part that raised anything.
        """
        names = [self.session.names_for(("a part", self.names.token()), self.names.apart) for _ in parts]
        probes = [type(self)(self.session, each, waits=self.waits) for each in names]
        raised: dict[int, BaseException] = {}

        def carried_out(number: int) -> None:
            try:
                parts[number](probes[number])
            except BaseException as error:
                raised[number] = error

        self.session.turns.side_by_side([partial(carried_out, number) for number in range(len(parts))])
        first = min(raised, key=lambda number: (not isinstance(raised[number], Violation), number), default=None)
        for number, probe in enumerate(probes):
            self.counts = self.counts.plus(probe.counts)
            if number != first:
                self._include(probe)
        if first is not None:
            # What was seen rests on the exchanges of this part, which come last.
            self._include(probes[first])
            raise raised[first]

    def _include(self, part: Self) -> None:
        there = {id(taken) for taken in self.recorded}
        self.recorded.extend(taken for taken in part.recorded if id(taken) not in there)

    def offers(self, *operations: Operation) -> bool:
        """Whether the provider is bound for all of these operations."""
        return self.capabilities.operations.issuperset(operations)

    def claiming(
        self, headers: dict[str, str], query: dict[str, str], fields: dict[str, Any] | None = None
    ) -> Provider:
        """The same provider, whose requests carry these headers, query values and fields in addition to their own.

        Raises :class:`NotJudged` for one that is not called over HTTP.
        """
        if not isinstance(self.provider, Claims):
            raise NotJudged("this provider is not called over HTTP, so it takes no headers or parameters")
        return self.provider.with_extra(headers, query, fields)

    def must_differ(
        self, one: Callable[[Any], object], other: Callable[[Any], object], what: str, *, write: str
    ) -> None:
        """Raise :class:`Undecided` where the binding writes both requests alike: then ``what`` was never sent, and
        ``write`` is the expression that a template needs. A provider in Python is given its arguments as they are.
        """
        if not isinstance(self.provider, Previews):
            return
        first, second = self.provider.preview(one), self.provider.preview(other)
        if first is not None and first == second:
            raise Undecided(f"the binding never sends {what}: write {write}", lasting=True)

    def must_read(self, operation: Operation, channel: str, what: str, **facets: object) -> None:
        """Raise :class:`Undecided` where the binding does not read ``channel`` from the responses of ``operation``:
        a value that is never read cannot be missing.
        """
        if not self.capabilities.reads(operation, channel, **facets):
            raise Undecided(f"{what} is not read: bind {where_to_bind(operation, channel)}", lasting=True)

    def must_read_any(self, operation: Operation, channels: tuple[str, ...], what: str) -> None:
        """Raise :class:`Undecided` where the binding reads none of these ``channels`` from the responses of
        ``operation``.
        """
        if not any(self.capabilities.reads(operation, channel) for channel in channels):
            where = " or ".join(where_to_bind(operation, channel) for channel in channels)
            raise Undecided(f"{what} is not read: bind {where}", lasting=True)

    def settled(self, done: Callable[[], bool]) -> bool:
        """Whether ``done`` within the time that the provider declares its decisions need to show."""
        deadline = min(time.monotonic() + self.capabilities.settling_seconds, self.session.until)
        pause = _FIRST_PAUSE
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                # A run that ends now saw nothing of what would have come.
                self.session.may_ask("view")
                return False
            time.sleep(min(pause, left))
            pause *= 2
        return True

    # --- keeping -------------------------------------------------------------------------------------------

    def controlled(self, kind: object, answer: Refused, control: Callable[[], object]) -> None:
        """Make the control of a refusal, once for each reason that the provider states: the same words say that the
        same is wrong. A refusal without a reason has its own control.
        """
        words = answer.reason.strip()
        if words:
            self.once(("the control of", kind, answer.status, words), control)
        else:
            control()

    def once(self, key: object, make: Callable[[], T], *, lasting: bool = False) -> T:
        """Make once per run. All cases get the value together with the exchanges that led to it, and count these as
        shared, although a verdict rests on them.

        What is made once is made again when time has passed, unless it is ``lasting``.
        """
        place = self.names.apart, key
        with self.session.turns.making(place):
            kept = self.session.kept.get(place)
            if kept is None:
                begin, before, own = len(self.recorded), replace(self.counts), self.names
                self.names = self.session.names_for(key, own.apart)
                try:
                    value = make()
                except Undecided as undecided:
                    if undecided.lasting:
                        self._keep(place, None, undecided, begin, before)
                    raise
                finally:
                    self.names = own
                self._keep(place, value, None, begin, before, lasting=lasting)
                return value
        self._reuse(kept)
        if kept.undecided is not None:
            raise Undecided(kept.undecided.reason, lasting=True)
        return kept.value  # type: ignore[no-any-return]

    def _reuse(self, kept: Kept) -> None:
        """Count what led to a kept value as shared by this case, once."""
        if id(kept) in self._reused:
            return
        self._reused.add(id(kept))
        there = {id(taken) for taken in self.recorded}
        self.recorded.extend(taken for taken in kept.recorded if id(taken) not in there)
        self.counts = self.counts.plus(kept.counts.reused())

    def _keep(
        self,
        place: tuple[object, object],
        value: object,
        undecided: Undecided | None,
        begin: int,
        before: Counts,
        *,
        lasting: bool = False,
    ) -> None:
        # Shared for the case that made it, too: otherwise counts would depend on which check came first.
        made = self.counts.less(before)
        self.counts = before.plus(made.reused())
        kept = self.session.kept[place] = Kept(value, undecided, tuple(self.recorded[begin:]), made, lasting)
        self._reused.add(id(kept))

    def _ask(
        self, role: Role, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs
    ) -> Accepted[T] | Refused | Unavailable:
        name = getattr(operation, "__name__", "call")
        self.session.may_ask(name)
        self.session.presents(args)
        result: Accepted[T] | Refused | Unavailable
        try:
            result = operation(*args, **kwargs)
        except (NeedsReview, NotJudged, Undecided, Violation):
            raise  # of the check, which was called back in the middle of an operation
        except Exception as error:  # a provider written in Python may raise anything; that is no conduct of its
            result = Unavailable(f"{name} raised {type(error).__name__}", status=500)
        if not result.exchanges:
            result = replace(result, exchanges=(self._as_exchange(name, args, kwargs, result),))
        self.recorded.extend(RecordedExchange(role, exchange) for exchange in result.exchanges)
        self.session.watch.look(name, args, result, self.recorded)
        self.session.answered(result)
        if isinstance(result, Refused) and result.no_such_thing and role in ("probe", "observation"):
            self._must_name(operation, args)
        return result

    def _must_name(self, operation: Callable[..., object], args: tuple[Any, ...]) -> None:
        """Raise :class:`Undecided` if a request for a thing that does not exist never named the thing."""
        provider, name = getattr(operation, "__self__", None), getattr(operation, "__name__", "")
        if name == Operation.VIEW and self.capabilities.reads(Operation.VIEW, "items", surface=args[-1]):
            return  # a list, in which it was looked for
        if isinstance(provider, Previews) and (thing := unnamed(provider.preview, name, args)):
            words, expression = thing
            raise Undecided(
                f"not found, but the request never names {words}: write `{{{{ {expression} }}}}` under"
                f" operations.{name}",
                lasting=True,
            )

    def _as_exchange(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        result: Accepted[Any] | Refused | Unavailable,
    ) -> Exchange:
        """A call of a provider that is not spoken to over HTTP, as evidence."""
        said = ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())])
        for role, identity in self.provider.ready_made.identities.items():
            for secret in filter(None, (identity.number, identity.name)):
                said = said.replace(secret, f"${{{role}}}")
        body = f"{name}({said})".encode()[:4000]
        request = SentRequest(CALL, f"python:{name}", (), body, len(body))
        match result:
            case Accepted(value=value):
                answer = repr(value).encode()[:4000]
                return Exchange(name, request, ReceivedResponse(200, (), answer, len(answer)))
            case Refused(status=status, reason=reason):
                return Exchange(name, request, ReceivedResponse(status, (), reason.encode()[:4000], len(reason)))
        return Exchange(name, request, None, result.reason)

    def _not_had(self, what: str, operation: Callable[..., object], result: Refused | Unavailable) -> Undecided:
        name = getattr(operation, "__name__", "call")
        if isinstance(result, Refused):
            self.session.turned_away(result)
            note = self.session.unverifiable and f" (no account could be verified: {self.session.unverifiable})"
            return RequestRefused(f"{what}: {name} was refused: {said(result)}{note}")
        return Undecided(f"{what}: {name} gave no usable answer: {result.reason}")


def said(result: Refused) -> str:
    """A refusal in the provider's words, cut short."""
    return f"{result.status} {result.reason[:200]}".strip()
