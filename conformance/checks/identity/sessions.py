"""Sessions: what was signed out of, and what a deleted account left behind, opens nothing any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Content
from ...provider import Accepted, Capabilities, Operation, Provider, Result
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..registry import check
from ..scope import accounts_can_go, has_renditions

_ACCESS = "cn-pipl/51"
FIRST, SECOND = "the session of its registration", "a session of a later sign-in"
SIGN_IN_AGAIN = "a new sign-in"


@dataclass(frozen=True)
class Door:
    """Something that only the holder of an account may see, and how a session asks for it."""

    name: str
    operation: Operation
    ask: Callable[[Provider, Account, Content], Result[Any]]


def _records(provider: Provider, account: Account, content: Content) -> Result[Any]:
    kinds = provider.capabilities.record_kinds
    return provider.records(account, kinds[0] if kinds else "unlabelled-copy")


def _files(provider: Provider, account: Account, content: Content) -> Result[Any]:
    return provider.fetch(account, content)


def _conversations(provider: Provider, account: Account, content: Content) -> Result[Any]:
    return provider.chat_history(account)


DOORS = (
    Door("its files", Operation.FETCH, _files),
    Door("its records", Operation.RECORDS, _records),
    Door("its conversations", Operation.CHAT_HISTORY, _conversations),
)


@dataclass(frozen=True)
class KeptSession(Case):
    """A session kept after its end, and the operation that it is tried on."""

    session: str = SECOND

    def __str__(self) -> str:
        return f"{self.facet}, by {self.session}"


def _has_doors(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that shows account holders something that is theirs alone."""
    if any(door.operation in capabilities.operations for door in DOORS):
        return None
    return Absent("no operation shows an account what is its own", elsewhere=True)


def _doors(capabilities: Capabilities) -> list[Door]:
    return [door for door in DOORS if door.operation in capabilities.operations]


def _signed_out_of(capabilities: Capabilities) -> Iterator[KeptSession]:
    for door in _doors(capabilities):
        yield KeptSession(door.name)


@dataclass(frozen=True)
class _Sessions:
    """One account with its sessions, something of its making, the doors that each session opened, and those at which
    no session is shown: what opens them is no session of the account.
    """

    sessions: dict[str, Account]
    content: Content
    opened: frozenset[tuple[str, str]]
    without: frozenset[str]


def _opens(probe: Probe, door: Door, account: Account, content: Content) -> bool:
    operation = getattr(probe.provider, door.operation.value)
    if door.operation is Operation.FETCH:
        return isinstance(probe.observe(operation, account, content), Accepted)
    if door.operation is Operation.RECORDS:
        kinds = probe.capabilities.record_kinds
        return isinstance(probe.observe(operation, account, kinds[0] if kinds else "unlabelled-copy"), Accepted)
    return isinstance(probe.observe(operation, account), Accepted)


def _with_sessions(probe: Probe, account: Account) -> _Sessions:
    """An account's sessions and what they open, as the control of everything that is tried later."""
    content = probe.some_content(account)
    sessions = {FIRST: account}
    if probe.offers(Operation.SIGN_IN):
        further = probe.setup(probe.provider.sign_in, account)
        if dict(further.credentials) != dict(account.credentials):
            sessions[SECOND] = further
    doors = list(_doors(probe.capabilities))
    asked = [door for door in doors if _is_asked_by_session(probe, door, account, content)]
    opened = frozenset(
        (door.name, name)
        for door in asked
        for name, session in sessions.items()
        if _opens(probe, door, session, content)
    )
    return _Sessions(sessions, content, opened, frozenset(door.name for door in doors if door not in asked))


def _is_asked_by_session(probe: Probe, door: Door, account: Account, content: Content) -> bool:
    """Whether the request identifies its sender: a response that is open to everyone shows nothing about a session."""
    try:
        probe.must_differ(
            lambda provider: door.ask(provider, account, content),
            lambda provider: door.ask(provider, None, content),  # type: ignore[arg-type]
            "which account asks",
            write=f"`{{{{ account.… }}}}` in the auth of operations.{door.operation.value}",
        )
    except Undecided:
        return False
    return True


@check(
    rules=(_ACCESS,),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.EXTENDED,
    needs=(Operation.SIGN_IN, Operation.SIGN_OUT),
    applies=(_has_doors,),
    cases=_signed_out_of,
)
def ended_session_opens_nothing(probe: Probe, case: KeptSession) -> None:
    """A session opens nothing after signing out; the account's other session still works."""

    def signed_out() -> _Sessions:
        kept = _with_sessions(probe, probe.fresh_account())
        if SECOND not in kept.sessions:
            raise Undecided("operations.sign_in returns the credentials that the account already has", lasting=True)
        probe.setup(probe.provider.sign_out, kept.sessions[SECOND])
        return kept

    kept = probe.once("an account that signed out of one session", signed_out)
    door = next(door for door in DOORS if door.name == case.facet)
    if door.name in kept.without and kept.opened:
        probe.counts.shared += 1
        return
    if (door.name, SECOND) not in kept.opened:
        raise NotJudged(f"no session opened {door.name} before it ended")
    if _tried(probe, door, kept.sessions[SECOND], kept.content):
        raise Violation(f"a session still opens {door.name} after signing out")
    if not _opens(probe, door, kept.sessions[FIRST], kept.content):
        raise Undecided("the session that was not ended opens nothing either, so a refusal proves nothing")
    probe.counts.controls += 1


def _tried(probe: Probe, door: Door, account: Account, content: Content) -> bool:
    return isinstance(probe.attempt(door.ask, probe.provider, account, content), Accepted)


@check(
    rules=(_ACCESS,),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.EXTENDED,
    needs=(Operation.FETCH,),
    applies=(has_renditions,),
    cases=lambda capabilities: [Case("renditions")],
)
def renditions_are_as_private_as_the_work(probe: Probe, case: Case) -> None:
    """An account that cannot fetch the file of another's unpublished content cannot fetch its renditions either."""
    owner, other = probe.account(), probe.another_account()
    if owner == other:
        raise Undecided("two accounts are needed", lasting=True)
    content = probe.some_content(owner)
    probe.must_send_account(Operation.FETCH, owner, other, content)
    probe.control(probe.provider.fetch, owner, content)
    if isinstance(probe.observe(probe.provider.fetch, other, content), Accepted):
        raise NotJudged("another account gets the file itself, as who knows its number may")
    for rendition in probe.capabilities.all_renditions:
        if rendition in ("original", "unlabelled"):
            continue
        if isinstance(probe.attempt(probe.provider.fetch, other, content, rendition), Accepted):
            raise NeedsReview(
                f"another account is refused the file of an unpublished work and gets its rendition {rendition}: a"
                " person has to say whether that is meant for everybody"
            )


def _left_behind(capabilities: Capabilities) -> Iterator[KeptSession]:
    signs_in = Operation.SIGN_IN in capabilities.operations
    for door in _doors(capabilities):
        yield KeptSession(door.name, FIRST)
        if signs_in:
            yield KeptSession(door.name, SECOND)
    if signs_in:
        yield KeptSession("the account", SIGN_IN_AGAIN)


@check(
    rules=(_ACCESS,),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.EXTENDED,
    needs=(Operation.DELETE_ACCOUNT,),
    applies=(_has_doors, accounts_can_go),
    cases=_left_behind,
)
def deleted_account_opens_nothing(probe: Probe, case: KeptSession) -> None:
    """After an account is deleted, its sessions and refresh tokens open nothing of it.

    Whether a cooling-off period lets the holder come back is for a person to say.
    """

    def deleted() -> _Sessions:
        account = probe.disposable_account()
        kept = _with_sessions(probe, account)
        probe.setup(probe.provider.delete_account, account)
        return kept

    kept = probe.once("a deleted account and its sessions", deleted)
    if case.session == SIGN_IN_AGAIN:
        if isinstance(probe.attempt(probe.provider.sign_in, kept.sessions[FIRST]), Accepted):
            raise NeedsReview(
                "a deleted account can be signed in to again; a person has to say whether that is a cooling-off period"
                " that its holder was notified of"
            )
    elif case.session not in kept.sessions:
        raise NotJudged("a sign-in opens no new session")
    else:
        door = next(door for door in DOORS if door.name == case.facet)
        if door.name in kept.without and kept.opened:
            probe.counts.shared += 1
            return
        if (door.name, case.session) not in kept.opened:
            raise NotJudged(f"{case.session} did not open {door.name} before the deletion either")
        if _tried(probe, door, kept.sessions[case.session], kept.content):
            raise NeedsReview(
                f"{case.session} still opens {door.name} after the account was deleted; a person has to say whether a"
                " cooling-off period explains that"
            )
    # Only while others still get in does a refusal say anything about the account.
    probe.once("what an account that stays opens", lambda: _with_sessions(probe, probe.account()))
