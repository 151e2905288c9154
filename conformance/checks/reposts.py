"""Reposts: publications that users pass on in their own name, and pass on again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..engine.probing.probe import Probe
from ..entities import Account, Publication, View
from ..provider import Accepted, Capabilities, Operation
from .outcome import Absent, Undecided
from .published import Published

REPOST, SECOND_REPOST = "a repost", "a repost of a repost"


def reposts_are_made(capabilities: Capabilities) -> Absent | None:
    """Concerns a service on which users pass on what others published."""
    return None if Operation.SHARE in capabilities.operations else Absent("nothing can be reposted")


def sharer(probe: Probe) -> Account | None:
    """Another account, which reposts; ``None`` where there is none, or nothing can be reposted."""
    if not probe.offers(Operation.SHARE):
        return None
    try:
        return probe.once("who reposts", probe.another_account)
    except Undecided:
        return None


def reposted(probe: Probe, author: Account, first: Publication) -> Iterator[tuple[str, Publication]]:
    """A repost by another account, and a repost of it by the author, as far as the platform lets them be made."""
    other = sharer(probe)
    if other is None:
        return
    repost = probe.observe(probe.provider.share, other, first)
    if not isinstance(repost, Accepted):
        return
    yield REPOST, repost.value
    again = probe.observe(probe.provider.share, author, repost.value)
    if isinstance(again, Accepted):
        yield SECOND_REPOST, again.value


@dataclass(frozen=True)
class Reposted:
    """A repost, and how one surface showed it before anything happened to it."""

    step: str
    publication: Publication
    surface: str
    before: View

    def seen(self, probe: Probe) -> View | None:
        """How the surface shows it now; ``None`` where it is not seen."""
        answer = probe.observe(probe.provider.view, None, self.publication, self.surface)
        return answer.value if isinstance(answer, Accepted) else None


def reposts(probe: Probe, published: Published, *surfaces: str) -> list[Reposted]:
    """The reposts of a publication that these surfaces show."""
    found = []
    for step, publication in reposted(probe, published.account, published.publication):
        for surface in surfaces:
            answer = probe.observe(probe.provider.view, None, publication, surface)
            if isinstance(answer, Accepted) and (answer.value.media is not None or answer.value.text):
                found.append(Reposted(step, publication, surface, answer.value))
    return found
