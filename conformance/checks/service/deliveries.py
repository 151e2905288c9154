"""How the works and uploads of tenants travel: archives, callbacks and upload URLs hold and serve one tenant only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shenhe.rulebook import Behaviour, Service

from ...engine.probing.conversation import Divides
from ...engine.probing.probe import Probe
from ...entities import Account, Content, GenerationRequest
from ...provider import Accepted, Capabilities, Operation, Refused
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..registry import Applies, Property, check
from .tenants import serves_tenants, tenants

_LEAKED = "cn-pipl/51"
#: A URL for one upload that still serves after so many hours serves without end.
_LONG = 30 * 24.0


@dataclass(frozen=True)
class Delivered(Case):
    """A medium whose works come in this way."""

    service: Service
    media_type: str


Media = tuple[tuple[Service, str], ...]


def _delivered(media: Callable[[Capabilities], Media]) -> Callable[[Capabilities], Iterator[Delivered]]:
    def cases(capabilities: Capabilities) -> Iterator[Delivered]:
        for service, media_type in media(capabilities):
            yield Delivered(media_type, service, media_type)

    return cases


def _comes(media: Callable[[Capabilities], Media], how: str) -> Applies:
    def applies(capabilities: Capabilities) -> Absent | None:
        return None if media(capabilities) else Absent(f"nothing that is generated comes {how}")

    return applies


def _archived(capabilities: Capabilities) -> Media:
    return capabilities.archived


def _called_back(capabilities: Capabilities) -> Media:
    return capabilities.called_back


def _signed_back(capabilities: Capabilities) -> Media:
    return capabilities.signed_back


def _in_steps(capabilities: Capabilities) -> Absent | None:
    """Concerns a supporter whose uploads take several requests."""
    return None if capabilities.upload_steps else Absent("an upload is one request")


def _delivery_check(
    media: Callable[[Capabilities], Media], how: str
) -> Callable[[Property[Delivered]], Property[Delivered]]:
    """Register a check of works that come in one way, for each of their media."""
    return check(
        rules=(_LEAKED,),
        behaviour=Behaviour.GOVERNANCE,
        level=Level.EXTENDED,
        needs=(Operation.GENERATE,),
        applies=(serves_tenants, _comes(media, how)),
        cases=_delivered(media),
        pays=True,
    )


def _upload_check(facet: str, *, waits: bool = False) -> Callable[[Property[Case]], Property[Case]]:
    """Register a check of uploads that take several requests."""
    return check(
        rules=(_LEAKED,),
        behaviour=Behaviour.GOVERNANCE,
        level=Level.EXTENDED,
        needs=(Operation.UPLOAD,),
        applies=(serves_tenants, _in_steps),
        cases=lambda capabilities: [Case(facet)],
        waits=waits,
    )


def _divided(probe: Probe) -> Divides:
    if not isinstance(probe.provider, Divides):
        raise Undecided("uploads and callbacks can be divided only through a binding", lasting=True)
    return probe.provider


def _made(probe: Probe, account: Account, case: Delivered) -> Content:
    request = GenerationRequest(case.service, case.media_type, probe.names.vary("a lake at dawn"))
    made = probe.attempt(probe.provider.generate, account, request)
    if isinstance(made, Refused):
        raise NotJudged(f"the provider declined the prompt: {made.status} {made.reason}")
    return made.value


@_delivery_check(_archived, "in an archive")
def archives_hold_works_of_one_tenant(probe: Probe, case: Delivered) -> None:
    """An archive for a tenant holds and lists nothing that was made for another tenant."""
    owner, stranger = (tenant.account for tenant in tenants(probe))
    before = _made(probe, owner, case)
    files = {probe.bytes_of(owner, before).data, *(before.media.beside if before.media is not None else ())}
    after = _made(probe, stranger, case)
    probe.counts.shared += 1
    if after.media is None:
        raise NotJudged("the response holds no file")
    numbers = {before.id, *before.batch}
    if numbers & set(after.batch) or any(
        number.encode() in entry for number in numbers for entry in after.media.beside
    ):
        raise Violation("an archive for a tenant lists a work of another tenant")
    if files & set(after.media.beside):
        raise Violation("an archive for a tenant holds the file of another tenant")


@_delivery_check(_called_back, "by a callback")
def callbacks_reach_one_tenant(probe: Probe, case: Delivered) -> None:
    """Content made for a tenant is sent to no callback address of another tenant."""
    provider = _divided(probe)
    owner, stranger = (tenant.account for tenant in tenants(probe))
    _made(probe, owner, case)
    probe.observe(provider.late_callbacks, owner)
    probe.counts.controls += 1
    request = GenerationRequest(case.service, case.media_type, probe.names.vary("a lake at dawn"))
    probe.observe_leniently(probe.provider.generate, stranger, request)

    def arrived() -> bool:
        late = probe.observe(provider.late_callbacks, owner)
        return isinstance(late, Accepted) and bool(late.value)

    if probe.settled(arrived):
        raise Violation("a callback with a work of one tenant went to the address of another tenant")


@_delivery_check(_signed_back, "by a callback whose signature the binding describes")
def callbacks_are_signed(probe: Probe, case: Delivered) -> None:
    """A callback carries the signature that the binding describes, made with the key of its tenant."""
    for tenant in tenants(probe):
        if _made(probe, tenant.account, case).signed is False:
            raise Violation("a callback has no signature, or one that was not made with the key of its tenant")
        probe.counts.shared += 1


@_upload_check("an upload that another tenant ends")
def uploads_serve_the_tenant_that_began_them(probe: Probe, case: Case) -> None:
    """A tenant cannot claim the file of an upload that another tenant began.

    An address that serves once may take the file from anyone: whose the file is shows in who can fetch it.
    """
    provider = _divided(probe)
    owner, stranger = (tenant.account for tenant in tenants(probe))
    file, fetches = probe.own_file(), Operation.FETCH in probe.capabilities.operations
    if not fetches:
        probe.must_differ(
            lambda provider: provider.upload_in_parts(owner, owner, file),
            lambda provider: provider.upload_in_parts(owner, stranger, file),
            "which account ends an upload",
            write="`{{ account.… }}` in the auth of operations.upload, or bind operations.fetch",
        )
    kept = probe.control(provider.upload_in_parts, owner, owner, file)
    ended = probe.attempt(provider.upload_in_parts, owner, stranger, probe.own_file())
    if isinstance(ended, Refused):
        return
    if fetches:
        if isinstance(probe.observe(probe.provider.fetch, stranger, kept, "original"), Accepted):
            raise NotJudged("a tenant fetches the uploads of another anyway")
        if isinstance(probe.observe(probe.provider.fetch, stranger, ended.value, "original"), Refused):
            return
    raise Violation("a tenant claimed the file that another tenant uploaded")


@_upload_check("an upload that is ended a month later", waits=True)
def upload_urls_expire(probe: Probe, case: Case) -> None:
    """A URL issued for one upload no longer works after a month; the law sets no time."""
    provider = _divided(probe)
    owner = tenants(probe)[0].account
    probe.control(provider.upload_in_parts, owner, owner, probe.own_file())

    def wait() -> None:
        probe.wait("upload URLs", _LONG)

    answer = probe.attempt(provider.upload_in_parts, owner, owner, probe.own_file(), wait)
    if isinstance(answer, Accepted):
        raise NeedsReview(
            f"an upload URL still works after {_LONG / 24:g} days; a person has to say whether others can use it"
        )
