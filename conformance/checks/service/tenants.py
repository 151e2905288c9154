"""Tenants of a technical supporter: what is made for one names that tenant, and is kept apart from the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shenhe.labels import read_labels
from shenhe.rulebook import Behaviour, Service

from ...engine.probing.probe import Probe
from ...entities import Account, Content, GenerationRequest, Media
from ...evidence import exhibits
from ...operations import TargetRole
from ...provider import Accepted, Capabilities, Operation, Refused
from ...verdict import Level
from ..faces import edit_scope, is_small, items, number_of, renditions
from ..identity.consent import Edit, edit_request
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..published import published_by_another
from ..registry import check
from ..requests import picture, tone
from ..scope import files, makes_anything, makes_files

_LEAKED = "cn-pipl/51"
#: The place of what is made for tenants once per run.
SERVED = "made for a tenant"
_MADE, _EDITED, _SAME = "as made", "as edited", "of a prompt that another tenant sent before"
#: The tenants that a binding may supply, by the names of their accounts.
_SUPPLIED = ("tenant_a", "tenant_b")


def serves_tenants(capabilities: Capabilities) -> Absent | None:
    """Concerns a technical supporter, whose accounts are those of providers."""
    if TargetRole.SUPPORTER in capabilities.roles:
        return None
    return Absent("the binding does not list `supporter` in target.roles")


def _names_producers(capabilities: Capabilities) -> Absent | None:
    """Concerns a supporter whose tenants have their own producer codes."""
    if capabilities.producers_named or capabilities.identities == "supplied":
        return None
    reason = "no request says which producer code a tenant has: use `profile.producer_code` in `operations.register`"
    return Absent(reason, required=True)


@dataclass(frozen=True)
class Tenant:
    """An account of a provider at the supporter, and the words by which labels may name it."""

    account: Account
    code: str
    names: frozenset[str]


def tenants(probe: Probe) -> tuple[Tenant, Tenant]:
    """Two tenants that a run shares: supplied ones, or else new ones."""

    def pair() -> tuple[Tenant, Tenant]:
        ready_made = probe.provider.ready_made
        if set(_SUPPLIED) <= ready_made.accounts.keys():
            one, other = (
                _tenant(ready_made.accounts[role], dict(ready_made.profiles.get(role, {}))) for role in _SUPPLIED
            )
            return one, other
        if probe.capabilities.identities != "synthetic":
            raise Undecided(f"two tenants are needed: supply {' and '.join(_SUPPLIED)} under `accounts`", lasting=True)
        accounts = probe.fresh_account(), probe.another_account()
        one, other = (_tenant(account, dict(probe.session.profiles.get(account.id, {}))) for account in accounts)
        return one, other

    return probe.once("two tenants", pair)


def _tenant(account: Account, profile: dict[str, str]) -> Tenant:
    code = profile.get("producer_code", "")
    return Tenant(account, code, frozenset(filter(None, (code, profile.get("username"), profile.get("name")))))


@dataclass(frozen=True)
class Made(Case):
    """Something that is made for two tenants, and by which face it is looked at."""

    service: Service
    media_type: str
    face: str

    def __str__(self) -> str:
        return f"{self.media_type}, {self.face}"


def _made_cases(capabilities: Capabilities) -> Iterator[Made]:
    for service, media_type in files(capabilities):
        yield Made(media_type, service, media_type, _MADE)
        if Operation.FETCH in capabilities.operations:
            for rendition in renditions(capabilities, service):
                if not is_small(rendition):
                    yield Made(media_type, service, media_type, rendition)
        yield from (Made(media_type, service, media_type, face) for face in items(capabilities, service))
        if edit_scope(capabilities, service, media_type) is not None:
            yield Made(media_type, service, media_type, _EDITED)
    for service, media_type in files(capabilities)[:1]:
        yield Made(media_type, service, media_type, _SAME)


@check(
    rules=("cn-labeling-2025/gb-e.content-producer", "cn-labeling-2025/10.2"),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE,),
    applies=(serves_tenants, _names_producers, makes_anything, makes_files),
    cases=_made_cases,
    pays=True,
)
def label_names_the_tenant(probe: Probe, case: Made) -> None:
    """The label of content made for a tenant names that tenant as producer, not another tenant or the supporter."""
    one, other = tenants(probe)
    words = probe.names.vary("two boats at dawn")
    service, media_type = case.service, case.media_type
    probe.must_send_account(
        Operation.GENERATE, one.account, other.account, GenerationRequest(service, media_type, "a lake")
    )
    for tenant, stranger in ((one, other), (other, one)):
        if not tenant.code:
            raise Undecided(
                "the producer code of a tenant is not known: write it under `accounts.….profile.producer_code`",
                lasting=True,
            )
        media = _media(probe, tenant.account, case, words)
        labels = read_labels(media.data, media_type=media.media_type).aigc
        if not labels:
            raise NotJudged("the file holds no AIGC field")
        named = labels[0].fields.get("ContentProducer", "")
        probe.counts.shared += 1
        if named in tenant.names:
            continue
        whose = "another tenant" if named in stranger.names else "another producer"
        raise Violation(
            f"made for the tenant {tenant.code}, but the label names {whose}: {named!r}", exhibits.field(labels[0])
        )


def _media(probe: Probe, account: Account, case: Made, words: str) -> Media:
    if case.face == _SAME:
        return probe.made(account, GenerationRequest(case.service, case.media_type, words))[1]
    if case.face == _EDITED:
        scope = edit_scope(probe.capabilities, case.service, case.media_type)
        assert scope is not None  # noqa: S101 - otherwise there is no such case
        subject = probe.subject()
        source = tone(2.0) if scope == "voice" else picture(480, 320)
        edit = edit_request(
            Edit(scope, scope, "让这个人微笑", None, source), subject, probe.consent(account, subject, scope)
        )
        answer = probe.attempt(probe.provider.edit, account, edit)
        if isinstance(answer, Refused):
            raise NotJudged(f"the edit was declined: {answer.status} {answer.reason}")
        return probe.bytes_of(account, answer.value)
    content = _content(probe, account, case.service, case.media_type)
    if case.face == _MADE:
        return probe.bytes_of(account, content)
    rendition = case.face
    if (number := number_of(case.face)) is not None:
        if len(content.batch) < number:
            raise NotJudged(f"a batch has no {case.face}")
        content, rendition = Content(content.batch[number - 1]), "original"
    fetched = probe.observe(probe.provider.fetch, account, content, rendition)
    if isinstance(fetched, Refused):
        raise NotJudged(f"there is no {case.face}: {fetched.status} {fetched.reason}")
    return fetched.value


def _content(probe: Probe, account: Account, service: Service, media_type: str) -> Content:
    """Something made for a tenant; each medium once per run and tenant."""
    request = GenerationRequest(service, media_type, probe.names.vary("a lake at dawn"))
    key = (SERVED, account.id, service, media_type)
    return probe.once(key, lambda: probe.setup(probe.provider.generate, account, request))


# --- apart from one another ----------------------------------------------------------------------------------

_PUBLISHED, _UPLOADED, _ANONYMOUS = "published by another tenant", "uploaded by another tenant", "without an account"


def _ways_in(capabilities: Capabilities) -> Iterator[Case]:
    for rendition in dict.fromkeys(("original", *capabilities.all_renditions)):
        if rendition != "unlabelled" and Operation.FETCH in capabilities.operations:
            yield Case(rendition)
    if capabilities.operations.issuperset((Operation.UPLOAD, Operation.FETCH)):
        yield Case(_UPLOADED)
    if Operation.FETCH in capabilities.operations:
        yield Case(_ANONYMOUS)
    if Operation.PUBLISH in capabilities.operations:
        yield Case(_PUBLISHED)


@check(
    rules=(_LEAKED,),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE,),
    applies=(serves_tenants, makes_anything),
    cases=_ways_in,
)
def tenants_cannot_reach_works_of_others(probe: Probe, case: Case) -> None:
    """A tenant can neither fetch nor publish content made for another tenant, nor fetch uploads of another tenant."""
    owner, stranger = (tenant.account for tenant in tenants(probe))
    rendition = case.facet
    if case.facet == _UPLOADED:
        content, rendition = probe.setup(probe.provider.upload, owner, probe.own_file(), False), "original"
    else:
        content = probe.once(("a work of a tenant", owner.id), lambda: probe.some_content(owner))
    if case.facet == _PUBLISHED:
        answer = published_by_another(probe, stranger, owner, content)
        if isinstance(answer, Accepted):
            raise Violation("a tenant published what was made for another tenant")
        probe.control(probe.provider.publish, owner, content, probe.names.token())
        return
    if case.facet == _ANONYMOUS:
        _is_not_handed_out(probe, owner, content)
        return
    probe.must_differ(
        lambda provider: provider.fetch(stranger, content, rendition),
        lambda provider: provider.fetch(owner, content, rendition),
        "which account fetches a work",
        write="`{{ account.… }}` in the auth of operations.fetch",
    )
    own = probe.observe(probe.provider.fetch, owner, content, rendition)
    if isinstance(own, Refused):
        raise NotJudged(f"there is no {rendition} of it: {own.status} {own.reason}")
    probe.counts.controls += 1
    fetched = probe.attempt(probe.provider.fetch, stranger, content, rendition)
    if isinstance(fetched, Accepted) and fetched.value.data == own.value.data:
        whose = case.facet if case.facet == _UPLOADED else f"made for another tenant ({case.facet})"
        raise Violation(f"a tenant fetched what was {whose}")


def _is_not_handed_out(probe: Probe, owner: Account, content: Content) -> None:
    """A work that its tenant fetches with credentials is not handed out without any."""
    try:
        probe.must_send_account(Operation.FETCH, owner, None, content, "original")
    except Undecided:
        raise NotJudged("the binding fetches works without an account") from None
    own = probe.control(probe.provider.fetch, owner, content, "original")
    fetched = probe.attempt(probe.provider.fetch, None, content, "original")
    if isinstance(fetched, Accepted) and fetched.value.data == own.data:
        raise NeedsReview("a work of a tenant is handed out without an account: can its address be guessed?")
