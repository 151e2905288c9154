"""Deletion: what was made of a person goes when they take their consent back, and what an account published when the
account is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Consent, Content, EditRequest, View
from ...provider import Accepted, Capabilities, Operation
from ...verdict import Level
from ..outcome import Case, NeedsReview, NotJudged, Undecided
from ..published import Published, publish, same, seen_on, surfaces
from ..registry import check
from ..responses.addresses import serving, still_served
from ..scope import accounts_can_go, edits_persons, publishes
from .consent import Edit, edit_request


@dataclass(frozen=True)
class Withdrawn(Case):
    """A consent to edit one scope that is taken back, and a source to edit."""

    scope: str


def _scopes(capabilities: Capabilities) -> Iterator[Withdrawn]:
    for scope in capabilities.edit_scopes:
        yield Withdrawn(scope, scope)


@check(
    rules=("cn-pipl/47",),
    behaviour=Behaviour.CONSENT,
    level=Level.EXTENDED,
    needs=(Operation.EDIT, Operation.FETCH, Operation.GRANT_CONSENT, Operation.REVOKE_CONSENT),
    applies=(edits_persons,),
    cases=_scopes,
)
def withdrawal_deletes_what_was_made(probe: Probe, case: Withdrawn) -> None:
    """When a consent is withdrawn, content made of the person with it is deleted.

    Whether other grounds let the provider keep it is for a person to say.
    """
    account = probe.fresh_account()
    begin = len(probe.recorded)
    withdrawn, kept = (_edited(probe, account, case.scope, index) for index in (0, 1))
    probe.control(probe.provider.fetch, account, withdrawn[1])
    forms = [name for name in probe.capabilities.all_renditions if name not in ("original", "unlabelled")]
    had = [form for form in forms if _is_had(probe, account, withdrawn[1], form)]
    # Deleting the first alone is not enough.
    again = probe.control(probe.provider.edit, account, _edit_of(withdrawn[0], case.scope, "a calm look"))
    public = _published(probe, account, withdrawn[1])
    made = [withdrawn[1].media] if withdrawn[1].media is not None else []
    addresses = serving(probe, begin, made, public[0].token if public is not None else "")
    probe.setup(probe.provider.revoke_consent, account, withdrawn[0])
    after = probe.attempt(probe.provider.fetch, account, withdrawn[1])
    probe.control(probe.provider.fetch, account, kept[1])
    still = ["the file"] if isinstance(after, Accepted) else []
    still += ["a second file"] if _is_had(probe, account, again, "original") else []
    still += [f"its rendition {form}" for form in had if _is_had(probe, account, withdrawn[1], form)]
    still += [f"its publication on the surface {name}" for name in _still_seen(probe, public)]
    still += [f"the address {url}" for url in (still_served(probe, addresses) if addresses else [])]
    if still:
        raise NeedsReview(
            f"after the consent was withdrawn, {', '.join(still)} of the edited {case.scope} can still be fetched; Art."
            " 47 requires deletion, and a person has to say whether another ground allows keeping it"
        )


def _is_had(probe: Probe, account: Account, content: Content, rendition: str) -> bool:
    return isinstance(probe.observe(probe.provider.fetch, account, content, rendition), Accepted)


def _published(probe: Probe, account: Account, content: Content) -> tuple[Published, dict[str, View]] | None:
    """What was made, published, and how each surface shows it; ``None`` where it cannot be published or seen."""
    if not (probe.offers(Operation.PUBLISH, Operation.VIEW) and probe.capabilities.surfaces):
        return None
    try:
        public = publish(probe, account, content, None)
    except Undecided:
        return None
    seen = {surface.facet: seen_on(probe, public, surface.facet) for surface in surfaces(probe.capabilities)}
    return public, {name: view for name, view in seen.items() if view is not None}


def _still_seen(probe: Probe, public: tuple[Published, dict[str, View]] | None) -> list[str]:
    if public is None:
        return []
    published, seen = public
    return [name for name, before in seen.items() if same(before, seen_on(probe, published, name), published)]


def _edited(probe: Probe, account: Account, scope: str, index: int) -> tuple[Consent, Content]:
    """A consent, and what was made with it."""
    subject = probe.subject(index)
    statement = f"I, {subject.name or subject.id}, agree that my {scope} is edited. [test]"
    consent = probe.setup(probe.provider.grant_consent, account, subject, scope, statement)
    return consent, probe.control(probe.provider.edit, account, _edit_of(consent, scope, "a friendly smile"))


def _edit_of(consent: Consent, scope: str, prompt: str) -> EditRequest:
    return edit_request(Edit(scope, scope, prompt), consent.subject, consent)


@check(
    rules=("cn-pipl/47",),
    behaviour=Behaviour.CONSENT,
    level=Level.EXTENDED,
    needs=(Operation.DELETE_ACCOUNT, Operation.PUBLISH, Operation.VIEW),
    applies=(publishes, accounts_can_go),
    cases=lambda capabilities: [Case("published")],
)
def deleted_account_leaves_nothing_public(probe: Probe, case: Case) -> None:
    """Publications of a deleted account disappear from every surface.

    Whether a cooling-off period or another ground lets the provider keep it is for a person to say.
    """
    account = probe.disposable_account()
    public = _published(probe, account, probe.some_content(account))
    if public is None or not public[1]:
        raise NotJudged("no surface shows what the account published")
    probe.setup(probe.provider.delete_account, account)
    probe.counts.sent += 1
    if not probe.settled(lambda: not _still_seen(probe, public)):
        where = ", ".join(_still_seen(probe, public))
        raise NeedsReview(
            f"after its account was deleted, a publication is still seen on {where}; Art. 47 requires deletion, and a"
            " person has to say whether another ground allows keeping it"
        )
