"""The watch finds what responses give to the wrong people, and nothing in lawful ones."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.probing.watch import Watch
from shenhe.conformance.entities import (
    Account,
    Identity,
    IdentityMethod,
    Publication,
    ReportRequest,
    Ticket,
    TicketState,
    Verification,
)
from shenhe.conformance.exchange import Exchange, ReceivedResponse, RecordedExchange, SentRequest
from shenhe.conformance.provider import Accepted, Provider, Refused
from shenhe.sample import create_app, sample_binding

ALICE, BOB = Account("acc-alice"), Account("acc-bob")
PHONE = "13912345678"


class _Silent:
    """A provider of which only the accounts are asked for."""

    def __init__(self, moderator: Account | None = None) -> None:
        self.ready_made = type("Ready", (), {"accounts": {"moderator": moderator} if moderator else {}})()

    def redacted(self, text: str) -> str:
        return {"secret-of-alice": "${token_1}", "secret-of-bob": "${token_2}"}.get(text, text)


def exchange(body: Any = "", asked: str = "", operation: str = "view", kind: str = "application/json") -> Exchange:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = SentRequest("POST", "https://api.example/x", (), asked.encode(), len(asked))
    return Exchange(operation, request, ReceivedResponse(200, (("Content-Type", kind),), data, len(data)))


def watch(**options: Any) -> Watch:
    """A watch to which Alice told her phone number."""
    begun = Watch(_Silent(**options))  # type: ignore[arg-type]
    begun.look("register", ({"phone": PHONE},), Accepted(ALICE, (exchange(),)), [])
    begun.look("register", ({"phone": "13800000001"},), Accepted(BOB, (exchange(),)), [])
    return begun


def look(begun: Watch, operation: str, *args: Any, of: Exchange) -> None:
    begun.look(operation, args, Refused(403, "", (of,)), [RecordedExchange("probe", of)])


@pytest.mark.parametrize("asker", [BOB, None])
@pytest.mark.parametrize("written", [PHONE, f"tel:+86{PHONE}", "MTM5MTIzNDU2Nzg="])
def test_number_of_another_account_is_found_in_a_refusal(asker: Account | None, written: str) -> None:
    begun = watch()
    look(begun, "publish", asker, of=exchange({"error": f"owned by {written}"}))
    (sighting,) = begun.revealed
    assert (sighting.confidence.what, sighting.confidence.owner) == ("phone number", ALICE.id)
    assert sighting.exchanges[-1].exchange.operation == "view"


def test_own_number_is_no_finding() -> None:
    begun = watch()
    look(begun, "publish", ALICE, of=exchange({"phone": PHONE}))
    assert begun.revealed == []


def test_response_may_repeat_its_request() -> None:
    begun = watch()
    look(begun, "verify_identity", BOB, of=exchange({"number": PHONE}, asked=f'{{"number": "{PHONE}"}}'))
    assert begun.revealed == []


def test_part_of_a_longer_number_is_no_finding() -> None:
    begun = watch()
    look(begun, "view", BOB, of=exchange({"at": f"{PHONE}123456"}))
    assert begun.revealed == []


def test_what_two_people_told_is_nobodys_own() -> None:
    begun = watch()
    begun.look("register", ({"phone": PHONE},), Accepted(BOB, (exchange(),)), [])
    look(begun, "view", None, of=exchange({"phone": PHONE}))
    assert begun.revealed == []


def test_moderator_may_see_everything() -> None:
    begun = watch(moderator=BOB)
    look(begun, "report_status", BOB, of=exchange({"phone": PHONE}))
    assert begun.revealed == []


def test_forged_request_counts_for_who_signed_it() -> None:
    begun = watch()
    look(begun, "view", Account(ALICE.id, {}, signed_by=BOB), of=exchange({"phone": PHONE}))
    assert len(begun.revealed) == 1


@pytest.mark.parametrize("method", list(IdentityMethod))
def test_numbers_of_every_identity_method_are_watched(method: IdentityMethod) -> None:
    begun = watch()
    identity = Identity(method, "110101199003070000", "某甲")
    begun.look("verify_identity", (ALICE, identity), Accepted(Verification(True), (exchange(),)), [])
    look(begun, "generate", BOB, of=exchange({"trace": "user 110101199003070000"}))
    assert [sighting.confidence.what for sighting in begun.revealed] == ["identity number"]


def test_contact_of_a_reporter_is_not_for_the_author() -> None:
    begun = watch()
    request = ReportRequest(Publication("p1"), "illegal", "…", contact="t0123456789@example.org")
    ticket = Ticket("t1", TicketState.RECEIVED)
    begun.look("report", (ALICE, request), Accepted(ticket, (exchange(),)), [])
    look(begun, "appeal", BOB, of=exchange({"reported_by": request.contact}))
    assert [sighting.confidence.what for sighting in begun.revealed] == ["contact of the reporter"]


def test_receipt_of_a_stranger_may_show_their_contact() -> None:
    begun = watch()
    request = ReportRequest(Publication("p1"), "illegal", "…", contact="t0123456789@example.org")
    begun.look("report", (None, request), Accepted(Ticket("t1", TicketState.RECEIVED), (exchange(),)), [])
    look(begun, "report_status", None, of=exchange({"contact": request.contact}))
    assert begun.revealed == []
    look(begun, "view", None, of=exchange({"contact": request.contact}))
    assert len(begun.revealed) == 1


def test_credentials_of_another_account_are_found() -> None:
    begun = Watch(_Silent())  # type: ignore[arg-type]
    begun.look("register", ({},), Accepted(Account("acc-alice", {"token": "secret-of-alice"}), (exchange(),)), [])
    look(begun, "view", ALICE, of=exchange({"key": "${token_1}"}))
    look(begun, "view", BOB, of=exchange({"key": "$ {token_1}"}))
    assert begun.revealed == []
    look(begun, "view", BOB, of=exchange({"key": "${token_1}"}))
    assert [sighting.confidence.what for sighting in begun.revealed] == ["credentials"]


RIFF = (
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"
)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"


@pytest.mark.parametrize(
    ("named", "data", "true"),
    [
        ("audio/wav", RIFF, True),
        ("audio/x-wav", RIFF, True),
        ("text/html", RIFF, False),
        ("audio/mpeg", RIFF, False),
        ("image/png", PNG, True),
        ("image/jpeg", PNG, False),
        ("application/octet-stream", PNG, True),
        ("text/html; charset=utf-8", b"<!doctype html><p>hello", True),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", True),
    ],
)
def test_types_are_compared_with_bytes(named: str, data: bytes, true: bool) -> None:
    begun = watch()
    begun.look("fetch", (ALICE,), Accepted(None, (exchange(data, kind=named),)), [])
    assert (begun.mistyped == []) is true


@pytest.mark.parametrize("fault", ["cards-carry-tokens", "refused-tickets-name-reporters"])
def test_sample_reveals_what_its_faults_say(fault: str) -> None:
    app = create_app(faults=[fault])
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(app)) as provider:
        begun = Watch(provider)

        def ask(operation: str, *args: Any) -> Any:
            result = getattr(provider, operation)(*args)
            begun.look(operation, args, result, [RecordedExchange("probe", each) for each in result.exchanges])
            return getattr(result, "value", None)

        _a_case(provider, ask)
    assert begun.revealed, fault


def test_lawful_sample_reveals_nothing() -> None:
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        begun = Watch(provider)

        def ask(operation: str, *args: Any) -> Any:
            result = getattr(provider, operation)(*args)
            begun.look(operation, args, result, [RecordedExchange("probe", each) for each in result.exchanges])
            return getattr(result, "value", None)

        _a_case(provider, ask)
    assert (begun.revealed, begun.mistyped) == ([], [])
    assert begun.responses >= 6


def _a_case(provider: Provider, ask: Any) -> None:
    """Somebody publishes, somebody reports, and a third account looks at both."""
    from shenhe.conformance.checks.people import Persons
    from shenhe.conformance.entities import GenerationRequest
    from shenhe.rulebook import Service

    people = Persons("watch")
    accounts = []
    for number in range(3):
        person = people.adult()
        account = ask("register", {"username": f"t{number}", "name": person.name, "phone": person.phone})
        ask("verify_identity", account, person.identity())
        accounts.append(account)
    content = ask("generate", accounts[0], GenerationRequest(Service.TEXT, "text/plain", "a lake"))
    publication = ask("publish", accounts[0], content, "a title")
    request = ReportRequest(publication, "illegal", "…", contact="t0123456789@example.org")
    ticket = ask("report", accounts[1], request)
    ask("view", None, publication, "page")
    ask("report_status", accounts[2], Ticket(ticket.id, TicketState.RECEIVED))


# --- what was removed ----------------------------------------------------------------------------------------

TOKEN, OTHER = "t0123456789", "t9876543210"
GONE = Publication("p1")


def removed(state: TicketState = TicketState.UPHELD, kind: str = "illegal", title: str = f"[test] {TOKEN}") -> Watch:
    """A watch of a run in which Alice published two things and one of them was reported."""
    begun = watch()
    for publication, said in ((GONE, title), (Publication("p2"), f"a lake {OTHER}")):
        begun.look("publish", (ALICE, "content", said), Accepted(publication, (exchange(),)), [])
    ticket = Ticket("k1", TicketState.RECEIVED)
    request = ReportRequest(GONE, kind, "…")
    begun.look("report", (BOB, request), Accepted(ticket, (exchange(),)), [])
    begun.look("report_status", (BOB, ticket), Accepted(Ticket("k1", state), (exchange(),)), [])
    return begun


@pytest.mark.parametrize("asker", [BOB, None])
@pytest.mark.parametrize("operation", ["view", "search", "publish", "fetch", "share"])
def test_removed_publication_is_found_in_any_response(asker: Account | None, operation: str) -> None:
    begun = removed()
    look(begun, operation, asker, of=exchange({"also": [f"[test] {TOKEN}"]}, operation=operation))
    (again,) = begun.removals.seen
    assert (again.token, again.exchanges[-1].exchange.operation) == (TOKEN, operation)


@pytest.mark.parametrize("operation", ["report_status", "records", "appeal", "refutations"])
def test_tickets_and_records_may_name_what_was_removed(operation: str) -> None:
    begun = removed()
    look(begun, operation, BOB, of=exchange({"about": TOKEN}))
    assert begun.removals.seen == []


def test_author_may_see_what_was_removed() -> None:
    begun = removed()
    look(begun, "view", ALICE, of=exchange({"mine": TOKEN}))
    assert begun.removals.seen == []


def test_response_may_repeat_the_title_that_was_searched_for() -> None:
    begun = removed()
    look(begun, "search", None, of=exchange({"nothing found for": TOKEN}, asked=TOKEN))
    assert begun.removals.seen == []


@pytest.mark.parametrize(
    "begun",
    [
        removed(TicketState.RECEIVED),
        removed(TicketState.REJECTED),
        removed(kind="rumour"),
        removed(title=f"a lake {OTHER}"),
        removed(title="a lake"),
    ],
)
def test_nothing_has_to_be_gone_without_an_upheld_report_of_a_single_title(begun: Watch) -> None:
    look(begun, "view", None, of=exchange({"title": f"{TOKEN} {OTHER}"}))
    assert begun.removals.seen == []


@pytest.mark.parametrize("operation", ["appeal", "share"])
def test_publication_that_was_appealed_or_reposted_may_be_seen_again(operation: str) -> None:
    begun = removed()
    begun.look(operation, (ALICE, GONE), Accepted(Ticket("k2", TicketState.RECEIVED), (exchange(),)), [])
    look(begun, "view", None, of=exchange({"title": TOKEN}))
    assert (begun.removals.seen, begun.removals.removed) == ([], [])


def test_decision_may_take_the_declared_time_to_show() -> None:
    begun = removed()
    late = removed()
    late.removals._known["p1"].gone_since = time.monotonic() + 60
    for each in (begun, late):
        look(each, "view", None, of=exchange({"title": TOKEN}))
    assert (len(begun.removals.seen), late.removals.seen) == (1, [])


def test_an_absence_counts_once_another_publication_was_seen() -> None:
    begun = removed()
    look(begun, "view", None, of=exchange({"error": "gone"}))
    assert not begun.removals.others_seen
    look(begun, "view", None, of=exchange({"title": OTHER}))
    assert begun.removals.others_seen
