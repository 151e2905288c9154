"""The session that a property drives: roles, people, what is kept, and time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from shenhe.conformance.checks.labels.perceived import picture_shows_label
from shenhe.conformance.checks.moderation.decisions import ByWhom, report_is_decided
from shenhe.conformance.checks.outcome import NeedsReview, NotJudged, Undecided, Violation
from shenhe.conformance.checks.people import flaw
from shenhe.conformance.checks.prompted import Prompted
from shenhe.conformance.checks.registry import check
from shenhe.conformance.checks.requests import picture
from shenhe.conformance.engine.probing.probe import Probe
from shenhe.conformance.engine.probing.session import Session
from shenhe.conformance.entities import (
    Account,
    Consent,
    Content,
    GenerationRequest,
    Identity,
    Media,
    Publication,
    Subject,
    Ticket,
    TicketState,
    Verification,
)
from shenhe.conformance.provider import Accepted, Capabilities, Operation, ReadyMade, Refused, Result, Unavailable
from shenhe.rulebook import Behaviour, Service

ON = date(2026, 9, 1)


class Provider:
    """A small provider in Python that remembers what it was asked."""

    def __init__(self, *, clock: bool = True, taken: int = 0, **changes: Any) -> None:
        names = ["register", "verify_identity", "generate", "publish", "report", "report_status"]
        operations = {Operation(name) for name in names} | ({Operation.ADVANCE_CLOCK} if clock else set())
        declared: dict[str, Any] = {
            "operations": frozenset(operations),
            "services": (Service.TEXT,),
            "media": {Service.TEXT: ("text/plain",)},
            "identities": "synthetic",
        }
        self.capabilities = Capabilities(**{**declared, **changes})
        self.ready_made = ReadyMade()
        self.taken = taken
        self.registered: list[dict[str, str]] = []
        self.identities: list[Identity] = []
        self.hours = 0.0

    def register(self, profile: Mapping[str, str]) -> Result[Account]:
        self.registered.append(dict(profile))
        if len(self.registered) <= self.taken:
            return Refused(409, "username taken")
        return Accepted(Account(f"a{len(self.registered)}", {"token": "s3cret"}))

    def verify_identity(self, account: Account | None, identity: Identity) -> Result[Verification]:
        self.identities.append(identity)
        return Accepted(Verification(True))

    def generate(self, account: Account | None, request: GenerationRequest) -> Result[Content]:
        return Accepted(Content("g", Media(b"text", "text/plain")))

    def publish(self, account: Account | None, content: Content, title: str) -> Result[Publication]:
        return Accepted(Publication("p"))

    def report(self, account: Account | None, request: Any) -> Result[Ticket]:
        return Accepted(Ticket("t", TicketState.RECEIVED, "R1"))

    def report_status(self, account: Account | None, ticket: Ticket) -> Result[Ticket]:
        return Accepted(Ticket("t", TicketState.REJECTED if self.hours >= 24 else TicketState.RECEIVED))

    def advance_clock(self, hours: float) -> Result[None]:
        self.hours += hours
        return Accepted(None)


def probing(provider: Any, seed: int = 0) -> Probe:
    return Probe(Session(provider, seed=seed, on=ON))


def test_exchanges_carry_their_role() -> None:
    provider = Provider()
    probe = probing(provider)
    account = probe.fresh_account()
    content = probe.control(provider.generate, account, GenerationRequest(Service.TEXT, "text/plain", "x"))
    probe.attempt(provider.publish, None, content, "title")
    probe.observe(provider.report_status, None, Ticket("t", TicketState.RECEIVED))
    assert [(taken.role, taken.exchange.operation) for taken in probe.recorded] == [
        ("set-up", "register"),
        ("set-up", "verify_identity"),
        ("control", "generate"),
        ("probe", "publish"),
        ("observation", "report_status"),
    ]
    assert (probe.counts.sent, probe.counts.accepted, probe.counts.controls) == (1, 1, 1)


def test_shared_set_up_carries_its_exchanges_and_counts_requests_once() -> None:
    provider = Provider()
    session = Session(provider, on=ON)  # type: ignore[arg-type]
    first, second = Probe(session), Probe(session)
    assert first.generated(Service.TEXT, "text/plain", "x") == second.generated(Service.TEXT, "text/plain", "x")
    assert [t.exchange for t in first.recorded] == [t.exchange for t in second.recorded]
    assert (first.counts.sent, first.counts.shared) == (0, 1)
    assert (second.counts.sent, second.counts.shared) == (0, 1)
    assert first.counts.judged
    assert second.counts.judged
    assert session.requests == len(first.recorded)
    session.forget()
    third = Probe(session)
    third.generated(Service.TEXT, "text/plain", "x")
    assert session.requests == 2 * len(first.recorded)


def test_who_registers_presents_their_own_papers() -> None:
    provider = Provider()
    probing(provider).fresh_account()
    (profile,), (identity,) = provider.registered, provider.identities
    assert identity.name == profile["name"]
    assert flaw(identity, ON) is None


def test_names_that_were_used_before_are_left() -> None:
    """A provider that was probed with the same seed before knows its people; somebody new is invented once."""
    provider = Provider(taken=1)
    probe = probing(provider)
    assert probe.fresh_account().id == "a2"
    assert provider.registered[0]["username"] != provider.registered[1]["username"]
    with pytest.raises(Undecided, match="register was refused: 409"):
        probing(Provider(taken=9)).fresh_account()


def test_supplied_accounts_replace_invented_people() -> None:
    provider = Provider(identities="supplied")
    adult, subject = Account("alice"), Subject("s1", "Somebody")
    provider.ready_made = ReadyMade(
        accounts={"verified_adult": adult},
        subjects={"subject": subject},
        consents={"face": Consent("c1", subject, "face")},
    )
    probe = probing(provider)
    assert probe.account() == probe.fresh_account() == adult
    assert probe.subject() == subject
    assert probe.consent(adult, subject, "face").id == "c1"
    for missing in (probe.unverified_account, probe.disposable_account, probe.another_account):
        with pytest.raises(Undecided):
            missing()
    with pytest.raises(Undecided, match="supply them under `subjects`"):
        probe.subject(1)
    assert provider.registered == []


def test_time_passes_by_the_providers_clock_or_not_at_all() -> None:
    with_clock, without = Provider(surfaces=("page",)), Provider(clock=False)
    report_is_decided(probing(with_clock), ByWhom("unfounded report"))
    assert with_clock.hours > 24
    with pytest.raises(NeedsReview, match="has no operation advance_clock"):
        report_is_decided(probing(without), ByWhom("unfounded report"))


def test_claims_need_a_provider_that_is_spoken_to_in_headers() -> None:
    with pytest.raises(NotJudged):
        probing(Provider()).claiming({"X-Verified": "true"}, {})


def test_no_answer_is_undecided_in_every_role() -> None:
    class Silent(Provider):
        def publish(self, account: Account | None, content: Content, title: str) -> Result[Publication]:
            return Unavailable("timeout", status=504)

    provider = Silent()
    for ask in (
        probing(provider).setup,
        probing(provider).control,
        probing(provider).attempt,
        probing(provider).observe,
    ):
        with pytest.raises(Undecided, match="timeout"):
            ask(provider.publish, None, Content("g"), "title")


def test_a_declared_but_absent_feature_is_a_violation() -> None:
    probe = probing(Provider())
    assert probe.declared("it", Accepted(3)) == 3
    for status in (404, 405, 410, 501):
        with pytest.raises(Violation, match="is declared"):
            probe.declared("it", Refused(status))
    with pytest.raises(Undecided):
        probe.declared("it", Refused(403))


def test_a_picture_that_could_not_be_looked_at_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing extra never passes."""
    from shenhe.conformance.checks import faces
    from shenhe.labels import Labels, Refusal

    unread = Labels("image/png", (), (Refusal("png:pixels", "no reader: python -m pip install 'shenhe[media]'"),))
    monkeypatch.setattr(faces, "_looked_at", lambda data, media_type: unread)

    class Painter(Provider):
        def generate(self, account: Account | None, request: GenerationRequest) -> Result[Content]:
            return Accepted(Content("g", picture()))

    case = Prompted("image/png", Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "x")
    with pytest.raises(Undecided, match="pip install"):
        picture_shows_label(probing(Painter()), case)


def test_a_check_needs_a_docstring_and_a_unique_name() -> None:
    def undocumented(probe: Probe, case: Any) -> None:
        return None

    def picture_shows_label(probe: Probe, case: Any) -> None:
        """Something."""

    register = check(rules=("a/b",), behaviour=Behaviour.LABELING, cases=lambda capabilities: [])
    with pytest.raises(TypeError, match="docstring"):
        register(undocumented)
    with pytest.raises(TypeError, match="there is a check"):
        register(picture_shows_label)
