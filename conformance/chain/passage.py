"""How a file passes one target: it is made or taken in, handed out again, published, and reposted."""

from __future__ import annotations

from dataclasses import dataclass

from shenhe.labels import read_labels
from shenhe.rulebook import Service

from ..checks.outcome import NotJudged, Undecided
from ..checks.own_files import makeable
from ..checks.published import Published, publish
from ..checks.reposts import reposted
from ..checks.scope import EXPORTS, files
from ..entities import Account, Content, GenerationRequest, Media
from ..operations import TargetRole
from ..provider import Accepted, Operation, Refused
from .document import Chain, Station

#: The renditions in which a file leaves a target, the ones that the law names first.
_LEAVES = (*EXPORTS, "share", "original")


@dataclass(frozen=True)
class Held:
    """A file as one target holds it."""

    station: Station
    account: Account
    content: Content


def medium_of(chain: Chain) -> tuple[Service, str]:
    """What is made at the beginning: a picture where the first target makes one and the others take it."""
    made = files(chain.path[0].probe.capabilities)
    if not made:
        raise Undecided(f"{chain.path[0].name} makes no file with metadata", lasting=True)
    for station in chain.path[1:]:
        taken = station.probe.capabilities.uploads
        made = [kind for kind in made if not taken or kind[1] in taken] or made
    known = [kind for kind in made if kind[1] in makeable()] or made
    return next((kind for kind in known if kind[1].startswith("image/")), known[0])


def generated(chain: Chain, what: str = "a lake at dawn") -> tuple[Held, Media]:
    """A new file of the first target."""
    station = chain.path[0]
    probe, (service, media_type) = station.probe, medium_of(chain)
    account = _maker(chain)
    request = GenerationRequest(service, media_type, f"{probe.names.vary(what)} {probe.names.token()}")
    content = probe.setup(probe.provider.generate, account, request)
    return Held(station, account, content), probe.bytes_of(account, content)


def _maker(chain: Chain) -> Account:
    """The account for which the first target makes files: at a supporter that knows its tenants by their codes, that of
    the provider of the chain.
    """
    probe = chain.path[0].probe
    provider = next((each for each in chain.path[1:] if each.role is TargetRole.PROVIDER), None)
    if not probe.capabilities.producers_named or provider is None or not provider.offers(Operation.GENERATE):
        return probe.account()
    code = provider.probe.once("its own code", lambda: _code_of(provider, chain))

    def registered() -> Account:
        account = probe.registered(producer_code=code)
        if probe.offers(Operation.VERIFY_IDENTITY):
            probe.verify(account)
        return account

    return probe.once(("the tenant", code), registered) if code else probe.account()


def beginning_with(station: Station, chain: Chain) -> Chain:
    """The chain as if this target were its first."""
    return Chain(chain.name, (station, *(each for each in chain.path[1:] if each is not station)), ())


def _code_of(provider: Station, chain: Chain) -> str:
    """The producer that a provider names in what it makes; empty where it names none."""
    _, made = generated(beginning_with(provider, chain))
    found = read_labels(made.data, media_type=made.media_type).aigc
    return found[0].fields.get("ContentProducer", "") if found else ""


def taken_in(station: Station, file: Media) -> tuple[Held, str]:
    """A file brought to a target without any declaration, and the notice that its user gets."""
    probe = station.probe
    account = probe.account()
    answer = probe.attempt(probe.provider.upload, account, file, False)
    if isinstance(answer, Refused):
        raise Undecided(f"{station.name} refuses the file: {answer.status} {answer.reason}")
    return Held(station, account, answer.value), answer.notice


def leaves_by(station: Station) -> str | None:
    """The rendition in which a file is fetched from a target to be carried on."""
    if not station.offers(Operation.FETCH):
        return None
    declared = station.probe.capabilities.renditions
    return next((name for name in _LEAVES if name in declared), None)


def handed_out(held: Held, rendition: str) -> Media:
    """The file as its user fetches it."""
    probe = held.station.probe
    return probe.declared(
        f"the rendition {rendition}", probe.attempt(probe.provider.fetch, held.account, held.content, rendition)
    )


def makes_public(station: Station) -> bool:
    """Whether a file can be published at a target and seen there."""
    return station.offers(Operation.PUBLISH, Operation.VIEW) and bool(station.probe.capabilities.surfaces)


def published(held: Held, marker: str | None = None) -> Published:
    """The file made public by its holder."""
    return publish(held.station.probe, held.account, held.content, marker)


def public_file(station: Station, publication: Published) -> Media:
    """The file as the public can download it. Raises :class:`NotJudged` where no surface gives it."""
    probe = station.probe
    for surface in probe.capabilities.file_surfaces:
        seen = probe.observe(probe.provider.view, None, publication.publication, surface)
        if isinstance(seen, Accepted) and seen.value.media is not None:
            return seen.value.media
    raise NotJudged("no surface returns the published file")


def reposts_of(station: Station, publication: Published) -> list[tuple[str, Published]]:
    """The reposts that the target lets be made."""
    probe = station.probe
    return [
        (step, Published(publication.account, publication.content, repost, publication.title, publication.token))
        for step, repost in reposted(probe, publication.account, publication.publication)
    ]
