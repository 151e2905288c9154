"""Canaries: personal data that people gave to the provider, and finding it where it does not belong.

An invented person gave each datum to this provider in this case, and it occurs nowhere else; where the binding
supplies accounts, the binding lists the data of their holders. A datum that comes back to others is left out of the
report, also from the requests that carried it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..engine.probing.probe import Probe
from ..entities import Account, IdentityMethod, Publication, ReportRequest, Subject
from ..evidence.disguises import forms
from ..evidence.redaction import Redactor, long_enough
from ..exchange import Exchange, Headers, RecordedExchange, body_text
from ..report import Evidence
from .outcome import Undecided, Violation
from .tickets import kind_of_report

#: What an account is registered with, by what it is called here.
_PROFILE = {"phone": "phone_number", "email": "email_address"}
_AROUND = 120


@dataclass
class Canaries:
    """The personal data of one person, by kind (``phone_number`` …), and finding it where it does not belong."""

    data: Mapping[str, str]
    #: What the exchanges have in place of a datum, where it is taken out of them before they are kept.
    kept_as: Mapping[str, str] = field(default_factory=dict)
    _forms: dict[str, tuple[bytes, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self._forms = {what: tuple(dict.fromkeys(forms(datum))) for what, datum in self.data.items()}
        for what, placeholder in self.kept_as.items():
            self._forms[what] += (placeholder.encode(),)

    def must_not_stand_in(
        self, probe: Probe, begin: int, whose: str, where: str, *, rendered: Iterable[bytes] = ()
    ) -> None:
        """Raise :class:`Violation` if one occurs in a response since ``begin``, or in text ``rendered`` from one.

        An answer may repeat what its own request said.
        """
        for number, taken in enumerate(probe.recorded[begin:], begin + 1):
            for what, needles in self._forms.items():
                if _stands(needles, _answered(taken.exchange)) and not _stands(needles, _asked(taken.exchange)):
                    probe.judges(number)
                    self._violated(probe, what, whose, where, taken.exchange)
        for seen in rendered:
            for what, needles in self._forms.items():
                if _stands(needles, seen):
                    self._violated(probe, what, whose, where, None)

    def leave_out(self, probe: Probe) -> Redactor:
        """Take them, and the other personal data of the people of this case, out of the exchanges; by what it
        was done.
        """
        redactor = Redactor({**self.data, **_of_everybody(probe)})
        probe.recorded[:] = [_without(taken, redactor) for taken in probe.recorded]
        return redactor

    def _violated(self, probe: Probe, what: str, whose: str, where: str, exchange: Exchange | None) -> None:
        redactor = self.leave_out(probe)
        places = ["${" + what + "}", *filter(None, [self.kept_as.get(what)])]
        evidence = [] if exchange is None else [_excerpt(redactor.data(_answered(exchange)), what, places)]
        raise Violation(f"{where} reveals the {what.replace('_', ' ')} of {whose}", *evidence)


def _of_everybody(probe: Probe) -> dict[str, str]:
    """The personal data of the invented holders of the accounts in this case: left out together with what
    leaked. They are numbered as they come, so that it is the same whatever other checks run beside this one.
    """
    said = b"\n".join(_asked(taken.exchange) + b"\n" + _answered(taken.exchange) for taken in probe.recorded)
    places = ((said.find(account.encode()), account) for account in probe.session.holders)
    known: dict[str, str] = {}
    for number, (_, account) in enumerate(sorted(place for place in places if place[0] >= 0), 1):
        holder = probe.session.holders[account]
        known |= {
            f"name_{number}": holder.name,
            f"phone_number_{number}": holder.phone,
            f"identity_number_{number}": holder.id_number,
        }
        known |= {
            f"credit_code_{number}": holder.uscc,
            f"email_address_{number}": probe.session.profiles[account]["email"],
        }
    return known


def _answered(exchange: Exchange) -> bytes:
    response = exchange.response
    if response is None:
        return b""
    return b"\n".join((*(f"{name}: {value}".encode() for name, value in response.headers), response.body))


def _asked(exchange: Exchange) -> bytes:
    return exchange.request.url.encode() + b"\n" + exchange.request.body


def _stands(needles: Iterable[bytes], data: bytes) -> bool:
    return any(needle in data for needle in needles)


def _excerpt(answer: bytes, what: str, places: Iterable[str]) -> Evidence:
    text = body_text(answer) or answer.decode("utf-8", "replace")
    at = max(text.find(place) for place in places)
    begin, end = max(0, at - _AROUND), at + _AROUND
    return Evidence(title=f"Around the {what.replace('_', ' ')}, which is left out here", data=f"…{text[begin:end]}…")


def _without(taken: RecordedExchange, redactor: Redactor) -> RecordedExchange:
    """The same exchange without personal data."""
    exchange = taken.exchange
    request = replace(
        exchange.request,
        url=redactor.text(exchange.request.url),
        headers=_read(exchange.request.headers, redactor),
        body=redactor.data(exchange.request.body),
    )
    response = exchange.response
    if response is not None:
        response = replace(response, headers=_read(response.headers, redactor), body=redactor.data(response.body))
    return replace(taken, exchange=replace(exchange, request=request, response=response))


def _read(headers: Headers, redactor: Redactor) -> Headers:
    """Headers without personal data. They were captured already: a placeholder in them is one of ours and stays one."""
    return tuple((name, redactor.text(value)) for name, value in headers)


# --- who confides what ---------------------------------------------------------------------------------------


def account_of_known(probe: Probe) -> Account:
    """A verified account whose holder's data are known: an invented one, else the supplied one."""
    return probe.disposable_account() if probe.capabilities.identities == "synthetic" else probe.fresh_account()


def of_account(probe: Probe, account: Account) -> Canaries:
    """The data of an account's holder, except the name, which may be public."""
    if account.id not in probe.session.profiles:
        return _of_supplied(probe, account)
    profile, holder = probe.session.profiles[account.id], probe.session.holders[account.id]
    methods = probe.identity_methods()
    known = {"phone_number": holder.phone, "email_address": profile["email"]}
    # The credit code of a company is public, and no personal data.
    if methods[0] is IdentityMethod.ID_CARD:
        known["identity_number"] = holder.identity(methods[0]).number
    return Canaries(known)


def _of_supplied(probe: Probe, account: Account) -> Canaries:
    """The data of this account's holder according to the binding."""
    ready = probe.provider.ready_made
    role = next((role for role, each in ready.accounts.items() if each == account), "verified_adult")
    profile = ready.profiles.get(role, {})
    data = {what: profile[name] for name, what in _PROFILE.items() if profile.get(name)}
    if role in ready.identities:
        data["identity_number"] = ready.identities[role].number
    if not data:
        raise Undecided(
            f"the personal data of the account are unknown: supply `accounts.{role}.profile` (phone, email)",
            lasting=True,
        )
    return _supplied(probe, data, role)


def _supplied(probe: Probe, data: Mapping[str, str], role: str) -> Canaries:
    """Canaries that no check made: most providers hold them to be secrets, which their exchanges do not keep."""
    hide: Callable[[str], str] = getattr(probe.provider, "redacted", lambda datum: f"${{{role}}}")
    return Canaries(data, {what: shown for what, datum in data.items() if (shown := hide(datum)) != datum})


def consenting(probe: Probe) -> tuple[Subject, Canaries]:
    """A person whose name occurs nowhere else."""
    person = probe.subject()
    role = next((role for role, each in probe.provider.ready_made.subjects.items() if each == person), None)
    if role is not None:
        if not long_enough(person.name):
            raise Undecided(
                f"the name of the consenting person is unknown: supply `subjects.{role}.name`", lasting=True
            )
        return person, _supplied(probe, {"name": person.name}, role)
    subject = replace(person, name=probe.names.rare_name())
    return subject, Canaries({"name": subject.name})


def report_with_contact(probe: Probe, publication: Publication, statement: str) -> tuple[ReportRequest, Canaries]:
    token = probe.names.token()
    request = ReportRequest(
        publication, kind_of_report(probe), statement, contact=f"{token}@example.org", signature=probe.names.rare_name()
    )
    return request, Canaries({"contact": request.contact, "signature": request.signature})
