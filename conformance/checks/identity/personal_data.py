"""Personal data: no other account sees what an account holder, a consenting person or a reporter gave the provider."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shenhe.rulebook import Behaviour

from ...engine.probing.conversation import Forgets
from ...engine.probing.probe import Probe
from ...entities import (
    Account,
    Consent,
    Content,
    EditRequest,
    Publication,
    ReportRequest,
    Subject,
    Ticket,
    TicketState,
    View,
)
from ...provider import Accepted, Capabilities, Operation, Refused
from ...verdict import Level
from ..canaries import Canaries, account_of_known, consenting, of_account, report_with_contact
from ..outcome import Case, NotJudged, Undecided, Violation
from ..published import made_public, publish
from ..registry import check
from ..reposts import sharer
from ..requests import STATEMENTS, statements
from ..scope import publishes
from ..tickets import decided, kind_of_report, report_of
from .consent import Edit, edit_request
from .impersonation import forged

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_MADE_PUBLIC, _LEAKED = "cn-pipl/25", "cn-pipl/51"

PUBLISHER, CONSENTED, REPORTER = "the account that published", "the person who consented", "the person who reported"
HOLDER, MEMBER = "the holder of an identity number", "the holder of a telephone number"
#: The kinds of record in which an author may see that something of theirs was reported, and what became of it.
_SENT_TO_AUTHORS = ("reported", "removed")
#: Numbers this near to one another follow from one another.
_NEIGHBOURS = 10_000
#: So many characters of a number that is not counted up are more than anybody tries.
_UNGUESSABLE = 8


@dataclass(frozen=True)
class Confided(Case):
    """Whose data may not be seen; ``statement`` is what a reporter writes."""

    statement: str = STATEMENTS[0]

    def __str__(self) -> str:
        return self.facet if self.statement == STATEMENTS[0] else f"{self.facet}, who wrote {self.statement[:80]!r}"


def _has_accounts(capabilities: Capabilities) -> bool:
    return capabilities.identities == "supplied" or Operation.REGISTER in capabilities.operations


def _consents_are_taken(capabilities: Capabilities) -> bool:
    wanted = {Operation.EDIT, Operation.GRANT_CONSENT} if capabilities.identities == "synthetic" else {Operation.EDIT}
    return _has_accounts(capabilities) and bool(capabilities.edit_scopes) and wanted <= capabilities.operations


# --- the public ----------------------------------------------------------------------------------------------


def _made_public_by(capabilities: Capabilities) -> Iterator[Confided]:
    if _has_accounts(capabilities):
        yield Confided(PUBLISHER)
    if _consents_are_taken(capabilities):
        yield Confided(CONSENTED)
    if Operation.REPORT in capabilities.operations:
        yield Confided(REPORTER)


@check(
    rules=(_MADE_PUBLIC,),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.VIEW),
    applies=(publishes,),
    cases=_made_public_by,
)
def public_pages_tell_nothing_of_people(probe: Probe, case: Confided) -> None:
    """Public pages, files and searches never reveal the personal data that people gave the provider."""
    account, canaries, content = _confided_by(probe, case)
    published = publish(probe, account, content, None)
    if case.facet == REPORTER:
        request, canaries = report_with_contact(probe, published.publication, case.statement)
        probe.setup(probe.provider.report, probe.reporter(), request)
    begin, rendered, seen = len(probe.recorded), [], False
    for surface in probe.capabilities.surfaces:
        answer = probe.attempt(probe.provider.view, None, published.publication, surface)
        if isinstance(answer, Accepted):
            seen = seen or answer.value.media is not None or bool(answer.value.text)
            rendered += _parts(answer.value)
    if not seen:
        raise Undecided("no surface shows the publication, so a leak could not be observed there")
    probe.counts.controls += 1
    if probe.offers(Operation.SEARCH):
        probe.attempt(probe.provider.search, None, published.token)
    canaries.must_not_stand_in(probe, begin, case.facet, "what is public", rendered=rendered)
    if case.facet == PUBLISHER:
        _reposts_tell_nothing(probe, published.publication)
    if probe.offers(Operation.SEARCH):
        _not_found_by(probe, canaries, published.publication, case.facet)


def _reposts_tell_nothing(probe: Probe, publication: Publication) -> None:
    """Nor do the pages of a repost tell anything of who made it."""
    other = sharer(probe)
    if other is None or other.id not in probe.session.profiles:
        return
    repost = probe.observe(probe.provider.share, other, publication)
    begin = len(probe.recorded)
    if isinstance(repost, Accepted):
        for surface in probe.capabilities.surfaces:
            probe.attempt(probe.provider.view, None, repost.value, surface)
        of_account(probe, other).must_not_stand_in(probe, begin, "the account that reposted", "the page of a repost")


def _confided_by(probe: Probe, case: Confided) -> tuple[Account, Canaries, Content]:
    """An account and content that it made, for which a person gave personal data."""
    if case.facet == REPORTER:
        account = probe.fresh_account()
        return account, Canaries({}), probe.some_content(account)
    account = account_of_known(probe)
    if case.facet == PUBLISHER:
        return account, of_account(probe, account), probe.some_content(account)
    subject, canaries = consenting(probe)
    request = _lawful_edit(probe, account, subject)
    return account, canaries, probe.setup(probe.provider.edit, account, request)


def _lawful_edit(probe: Probe, account: Account, subject: Subject) -> EditRequest:
    scope = probe.capabilities.edit_scopes[0]
    return edit_request(Edit(scope, scope, "让这个人微笑"), subject, probe.consent(account, subject, scope))


def _parts(view: View) -> list[bytes]:
    parts = [view.text.encode("utf-8", "replace"), *(notice.encode("utf-8", "replace") for notice in view.notices)]
    return [*parts, view.media.data] if view.media is not None else parts


def _not_found_by(probe: Probe, canaries: Canaries, publication: Publication, whose: str) -> None:
    """A person's number does not lead to what they published, unless a search for anything else does so too."""
    probe.must_send_query()
    for what, datum in canaries.data.items():
        if _finds(probe, datum, publication):
            if _finds(probe, probe.names.token(), publication):
                raise NotJudged("a search for unrelated words finds the publication too")
            canaries.leave_out(probe)
            raise Violation(f"a search for the {what.replace('_', ' ')} of {whose} finds their publications")


def _finds(probe: Probe, query: str, publication: Publication) -> bool:
    found = probe.attempt(probe.provider.search, None, query)
    return isinstance(found, Accepted) and publication.id in found.value.publications


# --- other accounts ------------------------------------------------------------------------------------------


#: Why people report, by which a service may treat a report differently.
_GROUNDS = ("该内容侵权，盗用了我的作品。[测试]", "该内容泄露了我的隐私。[测试]", "This post defames me. [test]")


def _told_to_others(capabilities: Capabilities) -> Iterator[Confided]:
    if {Operation.PUBLISH, Operation.REPORT} <= capabilities.operations and capabilities.surfaces:
        yield Confided(REPORTER)
        yield from (Confided(REPORTER, ground) for ground in _GROUNDS)
    if _consents_are_taken(capabilities):
        yield Confided(CONSENTED)
    if _has_accounts(capabilities) and Operation.VERIFY_IDENTITY in capabilities.operations:
        yield Confided(HOLDER)
    if capabilities.identities == "synthetic" and Operation.REGISTER in capabilities.operations:
        yield Confided(MEMBER)


def _drawn_reporters(capabilities: Capabilities) -> SearchStrategy[Confided]:
    """Each report has other words; the other cases have nothing to vary."""
    facets = [case.facet for case in _told_to_others(capabilities)]
    facet = REPORTER if REPORTER in facets else facets[0]
    return statements().map(lambda statement: Confided(facet, statement))


@check(
    rules=(_LEAKED,),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.EXTENDED,
    cases=_told_to_others,
    strategy=_drawn_reporters,
    pays=True,
    waits=True,
)
def others_are_told_nothing_of_people(probe: Probe, case: Confided) -> None:
    """Responses and errors never reveal one person's data to another account."""
    if case.facet == REPORTER:
        _author_learns_nothing(probe, case)
    elif case.facet == CONSENTED:
        _borrower_learns_nothing(probe)
    elif case.facet == MEMBER:
        _newcomer_learns_nothing(probe)
    else:
        _namesake_learns_nothing(probe)


def _author_learns_nothing(probe: Probe, case: Confided) -> None:
    """Whose publication is reported and removed does not learn who did it, not by an appeal either; nor does who
    reposted it.
    """
    published = made_public(probe, "unlawful")
    publications = [(published.account, published.publication)]
    other = sharer(probe)
    repost = probe.observe(probe.provider.share, other, published.publication) if other is not None else None
    if other is not None and isinstance(repost, Accepted):
        publications.append((other, repost.value))
    request, canaries = report_with_contact(probe, published.publication, case.statement)
    answer = probe.observe(probe.provider.report, probe.reporter(), request)
    if isinstance(answer, Refused):
        raise NotJudged(f"the report was refused: {answer.status} {answer.reason}")
    probe.counts.controls += 1
    if probe.offers(Operation.REPORT_STATUS):
        decided(probe, probe.reporter(), answer.value)
    begin = len(probe.recorded)
    probe.counts.shared += 1
    for author, publication in publications:
        probe.observe(probe.provider.view, author, publication, probe.capabilities.surfaces[0])
        # The records of an operator are for no author.
        if probe.offers(Operation.RECORDS) and probe.sends_account(Operation.RECORDS, author, _SENT_TO_AUTHORS[0]):
            for kind in _SENT_TO_AUTHORS:
                probe.observe(probe.provider.records, author, kind)
        if probe.offers(Operation.APPEAL):
            appeal = probe.observe(probe.provider.appeal, author, publication, "Please look again. [test]")
            if isinstance(appeal, Accepted) and probe.offers(Operation.REPORT_STATUS):
                probe.observe(probe.provider.report_status, author, appeal.value)
    canaries.must_not_stand_in(probe, begin, REPORTER, "an answer to the author, or to who reposted it")


def _borrower_learns_nothing(probe: Probe) -> None:
    """An account that names a consent given to another account does not learn whose it is."""
    owner, borrower = account_of_known(probe), probe.another_account()
    subject, canaries = consenting(probe)
    lawful = _lawful_edit(probe, owner, subject)
    probe.control(probe.provider.edit, owner, lawful)
    probe.must_send_account(Operation.EDIT, owner, borrower, lawful)
    stranger = replace(lawful, subject=probe.subject(1))
    begin = len(probe.recorded)
    probe.attempt(probe.provider.edit, borrower, stranger)
    supplied = lawful.consent in probe.provider.ready_made.consents.values()
    if probe.offers(Operation.REVOKE_CONSENT) and lawful.consent is not None and not supplied:
        nameless = Consent(lawful.consent.id, replace(subject, name=""), lawful.consent.scope)
        probe.attempt(probe.provider.revoke_consent, borrower, nameless)
    canaries.must_not_stand_in(probe, begin, CONSENTED, "the answer to another account")


def _namesake_learns_nothing(probe: Probe) -> None:
    """Who presents a number that another account was verified by does not learn whose account that is."""
    if probe.capabilities.identities == "synthetic":
        holder, namesake = probe.registered(), None
        identity = probe.identity(probe.identity_methods()[0], holder)
    else:
        holder, namesake = probe.fresh_account(), probe.provider.ready_made.accounts.get("namesake")
        if namesake is None or "verified_adult" not in probe.provider.ready_made.identities:
            raise Undecided(
                "an account has to be verified by another's number: supply `accounts.namesake` for it, and"
                " `identities.verified_adult`",
                lasting=True,
            )
        identity = probe.provider.ready_made.identities["verified_adult"]
    probe.control(probe.provider.verify_identity, holder, identity)
    canaries = of_account(probe, holder)
    namesake = namesake or probe.registered()
    probe.must_send_account(Operation.VERIFY_IDENTITY, holder, namesake, identity)
    begin = len(probe.recorded)
    probe.attempt(probe.provider.verify_identity, namesake, identity)
    if probe.capabilities.identities == "synthetic":
        # Under another name the answer is another: whose the number is must not be in it either.
        other = replace(identity, name=probe.person().name)
        probe.attempt(probe.provider.verify_identity, probe.registered(), other)
    canaries.must_not_stand_in(probe, begin, HOLDER, "the answer to another account with the same number")


def _newcomer_learns_nothing(probe: Probe) -> None:
    """A person who signs up with the number of an existing account does not learn whose account it is."""
    holder = probe.account()
    if holder.id not in probe.session.profiles:  # a supplied account: what it was registered with is not known
        holder = probe.registered()
    profile, other = probe.session.profiles.get(holder.id), probe.profile_of(probe.person())
    if profile is None or profile["name"] == other["name"]:
        raise NotJudged("no account was registered in this run under another name")
    begin = len(probe.recorded)
    probe.attempt(probe.provider.register, {**other, "phone": profile["phone"]})
    probe.counts.controls += 1
    name = Canaries({"name": profile["name"]})
    name.must_not_stand_in(probe, begin, MEMBER, "the answer to a person who signs up with the same number")


# --- tickets -------------------------------------------------------------------------------------------------

ANOTHER, NOBODY, STRANGERS = "another account", "a request without credentials", "numbers of strangers' tickets"
IN_THE_NAME = "another account that names the owner"
OTHER_RECEIPT = "the receipt of another report"


def _readers(capabilities: Capabilities) -> Iterator[Case]:
    yield from map(Case, (ANOTHER, NOBODY, STRANGERS))
    if Operation.REPORT_STATUS in capabilities.accounts_named:
        yield Case(IN_THE_NAME)
    if capabilities.reads(Operation.REPORT, "receipt"):
        yield Case(OTHER_RECEIPT)


@check(
    rules=(_LEAKED,),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.REPORT, Operation.REPORT_STATUS),
    applies=(publishes,),
    cases=_readers,
)
def tickets_are_read_by_their_owners(probe: Probe, case: Case) -> None:
    """Only its author can read a ticket: the number is not enough, and counting up finds no other tickets."""
    published = made_public(probe, None)
    request = report_of(published, kind_of_report(probe))
    if case.facet == STRANGERS:
        _strangers_cannot_be_counted(probe, request)
        return
    if case.facet == OTHER_RECEIPT:
        _other_receipts_open_nothing(probe, request)
        return
    reporter = probe.reporter()
    ticket = probe.setup(probe.provider.report, reporter, request)
    probe.control(probe.provider.report_status, reporter, ticket)
    reader = None if case.facet == NOBODY else _another_than(probe, reporter)
    if reader == reporter:
        raise Undecided("two signed-in accounts are needed", lasting=True)
    probe.must_differ(
        lambda provider: provider.report_status(reader, ticket),
        lambda provider: provider.report_status(reporter, ticket),
        "which account reads a ticket",
        write="`{{ account.… }}` in the auth of operations.report_status",
    )
    if reader is not None and case.facet == IN_THE_NAME:
        reader = forged(reporter, reader)
    answer = _read_by_number(probe, reader, ticket)
    if isinstance(answer, Accepted):
        raise Violation(
            f"{case.facet} reads the ticket of a report that a user made (it is {answer.value.state.value})"
        )


def _another_than(probe: Probe, reporter: Account) -> Account:
    """Another signed-in account; if accounts are supplied, the one that published."""
    other = probe.another_account()
    return other if other != reporter else probe.account()


def _strangers_cannot_be_counted(probe: Probe, request: ReportRequest) -> None:
    """Who reports without an account may have nothing but the number: then that is no number one can count to."""
    answers = [probe.observe(probe.provider.report, None, request) for _ in range(2)]
    tickets = [answer.value for answer in answers if isinstance(answer, Accepted)]
    if len(tickets) < len(answers):
        raise NotJudged("reports without an account are refused")
    probe.control(probe.provider.report_status, None, tickets[1])
    answer = _read_by_number(probe, None, tickets[1])
    if isinstance(answer, Refused):
        return
    first, second = (ticket.id for ticket in tickets)
    if first == second:
        raise NotJudged("both reports of one publication have the same ticket")
    if follows(first, second) or len(second) < _UNGUESSABLE:
        raise Violation(
            f"the number is enough to read the ticket of a reporter without an account, and {second!r} can be"
            f" guessed from {first!r}"
        )


def _other_receipts_open_nothing(probe: Probe, request: ReportRequest) -> None:
    """Who reported something else has a receipt too, and it opens no other ticket."""
    reporter = probe.reporter()
    mine = probe.setup(probe.provider.report, reporter, request)
    other = probe.setup(probe.provider.report, reporter, report_of(made_public(probe, None), request.kind))
    probe.control(probe.provider.report_status, reporter, mine)
    answer = probe.attempt(probe.provider.report_status, None, replace(mine, receipt=other.receipt))
    # Where the number is enough, the receipt opens nothing: that is another case.
    if isinstance(answer, Accepted) and mine.id != other.id:
        if isinstance(_read_by_number(probe, None, mine), Accepted):
            return
        alike = f"all are {mine.receipt!r}" if mine.receipt == other.receipt else "any receipt will do"
        raise Violation(f"a ticket is read with the receipt of another report ({alike})")


def _read_by_number(probe: Probe, reader: Account | None, ticket: Ticket) -> Accepted[Ticket] | Refused:
    """What is shown of a ticket to who has its number and nothing else that the report gave.

    Where the request cannot be written so, it carries what the binding takes along, such as the address of the ticket.
    """
    alone = Ticket(ticket.id, TicketState.RECEIVED)
    if isinstance(probe.provider, Forgets):
        with suppress(Undecided):
            return probe.attempt(probe.provider.forgetting(ticket).report_status, reader, alone)
    return probe.attempt(probe.provider.report_status, reader, alone)


def follows(first: str, second: str) -> bool:
    """Whether two numbers given one after the other differ in a counter alone.

    >>> follows("tic_00000041", "tic_00000042"), follows("a8f3", "a8f3"), follows("K2QX7", "9VW0B")
    (True, True, False)
    """
    parts, others = (re.findall(r"\d+|\D+", number) for number in (first, second))
    if len(parts) != len(others):
        return False
    counters = [(part, other) for part, other in zip(parts, others, strict=True) if part != other]
    return all(
        part.isdigit() and other.isdigit() and abs(int(part) - int(other)) <= _NEIGHBOURS for part, other in counters
    )
