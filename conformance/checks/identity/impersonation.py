"""Whose token it is: a request that names one account and is signed by another is the other's, whatever it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account
from ...provider import Accepted, Capabilities, Operation
from ..outcome import Absent, Case, NotJudged, Undecided, Violation
from ..published import must_be_public
from ..registry import Applies, check
from ..scope import edits_persons, publishes
from .consent import SEPARATE_CONSENT, Edit, edit_request
from .real_name import publish_something

UNVERIFIED, ANOTHER, DELETED = (
    "token of an unverified account",
    "token of another account",
    "token of a deleted account",
)
_TITLE = "秋天的湖"


def names_accounts(operation: Operation) -> Applies:
    """Concerns a provider whose requests for this operation name the account, in addition to being signed."""

    def applies(capabilities: Capabilities) -> Absent | None:
        if operation in capabilities.accounts_named:
            return None
        return Absent(f"requests for {operation.value} name only the account that signs them", elsewhere=True)

    return applies


def forged(account: Account, signer: Account) -> Account:
    """The account, in requests that another signs."""
    return replace(account, signed_by=signer)


def _tokens(capabilities: Capabilities, living: str) -> Iterator[Case]:
    """One that is good, and a deleted account's where accounts can be deleted."""
    yield Case(living)
    if Operation.DELETE_ACCOUNT in capabilities.operations and capabilities.identities == "synthetic":
        yield Case(DELETED)


def _deleted(probe: Probe) -> Account:
    account = probe.disposable_account()
    probe.setup(probe.provider.delete_account, account)
    return account


@check(
    rules=("cn-dsp-2023/9.2",),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH,),
    applies=(publishes, names_accounts(Operation.PUBLISH)),
    cases=lambda capabilities: _tokens(capabilities, UNVERIFIED),
)
def token_of_another_publishes_nothing(probe: Probe, case: Case) -> None:
    """A request for a verified account cannot publish with the token of an unverified or deleted account."""
    verified = probe.account()
    contents = [probe.some_content(verified)]
    if case.facet == DELETED:
        signer = probe.disposable_account()
        contents.append(probe.some_content(signer))
        probe.setup(probe.provider.delete_account, signer)
    else:
        signer = probe.unverified_account()
        # An account that must be verified before it makes anything has no content to try with.
        own = probe.own_content(signer)
        contents += [own] if own is not None else []
    forgery = forged(verified, signer)
    probe.must_send_account(Operation.PUBLISH, forgery, verified, contents[0], _TITLE)
    for content in contents:
        answer = probe.attempt(probe.provider.publish, forgery, content, _TITLE)
        if isinstance(answer, Accepted):
            must_be_public(probe, answer.value)
            raise Violation(f"a verified account was named, and the {case.facet} published")
    probe.control(probe.provider.publish, verified, contents[0], _TITLE)


@check(
    rules=("cn-dsp-2023/9.1",),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH, Operation.VERIFY_IDENTITY),
    applies=(publishes, names_accounts(Operation.VERIFY_IDENTITY)),
    cases=lambda capabilities: _tokens(capabilities, ANOTHER),
)
def token_of_another_verifies_nobody(probe: Probe, case: Case) -> None:
    """An account is not verified by an identity that a different account submits in its name."""
    account = probe.registered()
    if isinstance(publish_something(probe, probe.provider, account, _TITLE), Accepted):
        raise NotJudged("an account can publish before it is verified, so publishing does not show verification")
    signer = _deleted(probe) if case.facet == DELETED else probe.another_account()
    identity = probe.identity(probe.identity_methods()[0])
    forgery = forged(account, signer)
    probe.must_send_account(Operation.VERIFY_IDENTITY, forgery, account, identity)
    answer = probe.attempt(probe.provider.verify_identity, forgery, identity)
    # A provider may go by the token alone: then it was the signer's identity, and the account is as it was.
    if isinstance(answer, Accepted) and isinstance(publish_something(probe, probe.provider, account, _TITLE), Accepted):
        raise Violation(f"an identity submitted with the {case.facet} verified an account, which can now publish")
    probe.control(probe.provider.verify_identity, account, probe.identity(probe.identity_methods()[0], account))


@dataclass(frozen=True)
class SignedEdit(Edit):
    """An edit, and whose token signs it."""

    token: str = ANOTHER


def _edits(capabilities: Capabilities) -> Iterator[SignedEdit]:
    for number, scope in enumerate(capabilities.edit_scopes):
        for case in list(_tokens(capabilities, ANOTHER))[: 1 if number else None]:
            yield SignedEdit(f"{scope}, {case.facet}", scope, "让这个人微笑", token=case.facet)


@check(
    rules=(SEPARATE_CONSENT,),
    behaviour=Behaviour.CONSENT,
    needs=(Operation.EDIT,),
    applies=(edits_persons, names_accounts(Operation.EDIT)),
    cases=_edits,
)
def token_of_another_opens_no_edit(probe: Probe, case: SignedEdit) -> None:
    """Consent given to one account does not serve a request signed with another account's token."""
    owner, subject = probe.account(), probe.subject()
    signer = _deleted(probe) if case.token == DELETED else probe.reporter()
    if signer == owner:
        raise Undecided("two verified accounts are needed", lasting=True)
    request = edit_request(case, subject, probe.consent(owner, subject, case.scope))
    probe.must_send_account(Operation.EDIT, forged(owner, signer), owner, request)
    if isinstance(probe.attempt(probe.provider.edit, forged(owner, signer), request), Accepted):
        raise Violation(
            f"the {case.scope} was edited with the {case.token}, on a consent given to the account that was named"
        )
    probe.once(("signed by its owner", case.scope), lambda: probe.control(probe.provider.edit, owner, request))
