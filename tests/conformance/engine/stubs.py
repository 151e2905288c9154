"""Providers without a service behind them: each method does one thing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from shenhe.conformance.checks.people import Persons
from shenhe.conformance.checks.requests import picture
from shenhe.conformance.entities import (
    Account,
    Consent,
    Content,
    Disclosure,
    IdentityMethod,
    Media,
    Publication,
    SearchPage,
    Ticket,
    TicketState,
    Verification,
    View,
)
from shenhe.conformance.provider import Accepted, Capabilities, Operation, ReadyMade, Refused
from shenhe.conformance.report import CheckResult, Report
from shenhe.rulebook import Service

ON = date(2026, 9, 1)


PICTURE = picture()


MEDIA = {
    Service.TEXT: ("text/plain",),
    Service.VOICE: ("audio/wav",),
    Service.BIOMETRIC_IMAGE_VIDEO: ("image/png",),
}


def capabilities(**changes: Any) -> Capabilities:
    declared: dict[str, Any] = {
        "operations": frozenset(Operation) - {Operation.RESET},
        "services": tuple(MEDIA),
        "media": MEDIA,
        "surfaces": ("page",),
        "renditions": ("original", "download", "unlabelled"),
        "edit_scopes": ("face", "voice"),
        "identity_methods": (IdentityMethod.ID_CARD, IdentityMethod.PHONE),
        "report_kinds": ("illegal", "intimate"),
        "personas": ("partner",),
        "disclosure_topics": ("agreement", "complaints"),
        "dialogue": True,
        "settling_seconds": 0.0,
        "markets": ("cn", "eu", "us"),
        "roles": ("provider", "platform"),
        "identities": "synthetic",
        "consents_expire": True,
    }
    return Capabilities(**{**declared, **changes})


class Stub:
    """A provider whose every operation gives one answer, unless a subclass says otherwise."""

    def __init__(self, **changes: Any) -> None:
        self.capabilities = capabilities(**changes)
        self.ready_made = ReadyMade()
        self.calls = 0

    def answer(self, name: str) -> Any:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if name not in {operation.value for operation in Operation}:
            raise AttributeError(name)

        def operation(*args: object, **kwargs: object) -> Any:
            self.calls += 1
            return self.answer(name)

        operation.__name__ = name
        return operation


class RefusesAll(Stub):
    def answer(self, name: str) -> Any:
        return Refused(403, "no")


class AcceptsAll(Stub):
    """Says yes to everybody, labels nothing, decides nothing, removes nothing."""

    def answer(self, name: str) -> Any:
        values: Mapping[str, Any] = {
            "register": Account(f"a{self.calls}", {"token": "s3cret-token"}),
            "verify_identity": Verification(True),
            "grant_consent": Consent("c1", Persons().adult().subject(ON), "face"),
            "generate": Content("g1", Media("好的。".encode(), "text/plain")),
            "edit": Content("e1", PICTURE),
            "fetch": PICTURE,
            "publish": Publication("p1"),
            "view": View(text="a page"),
            "upload": Content("u1"),
            "search": SearchPage(("p1",)),
            "report": Ticket("t1", TicketState.RECEIVED),
            "report_status": Ticket("t1", TicketState.RECEIVED),
            "appeal": Ticket("t2", TicketState.RECEIVED),
            "disclosures": Disclosure("agreement", "Welcome."),
        }
        return Accepted(values.get(name))


def results(report: Report) -> dict[str, CheckResult]:
    return {result.name: result for result in report.checks}
