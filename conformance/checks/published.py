"""Publications, and where they are seen: what checks of reports and removal begin with.

What is unlawful a provider decides for itself. Its test environment knows test content by a harmless marker,
which the binding names and which stands in the title of what is published here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shenhe.rulebook import Service

from ..engine.probe import Probe
from ..provider import (
    Accepted,
    Account,
    Capabilities,
    Content,
    GenerationRequest,
    Operation,
    Publication,
    Refused,
    View,
)
from .outcome import Case, Undecided
from .scope import is_text, media

SEARCH = "search"
"""The name of the search where a case is about a surface."""
MARKERS = {"unlawful": "[test: unlawful]", "intimate": "[test: intimate]"}
"""What stands in a title where the binding names no marker."""


@dataclass(frozen=True)
class Surface(Case):
    """A place where a publication is seen; the facet is its name."""


def surfaces(capabilities: Capabilities) -> Iterator[Surface]:
    """Every surface of a provider, the search among them."""
    for surface in capabilities.surfaces:
        yield Surface(surface)
    if Operation.SEARCH in capabilities.operations:
        yield Surface(SEARCH)


@dataclass(frozen=True)
class Published:
    """A publication under a title that occurs once in the run."""

    account: Account
    content: Content
    publication: Publication
    title: str
    token: str


def made_public(probe: Probe, marker: str | None, *, picture: bool = False) -> Published:
    """Something that an account of its own published; ``marker`` names what its title says it is."""
    account = probe.fresh_account()
    content = _picture(probe, account) if picture else probe.some_content(account)
    return publish(probe, account, content, marker)


def publish(probe: Probe, account: Account, content: Content, marker: str | None) -> Published:
    """``content`` published under a title of its own; ``marker`` names what the title says it is."""
    token = probe.names.token()
    words = "" if marker is None else probe.capabilities.markers.get(marker, MARKERS[marker]) + " "
    title = f"{words}{token}"
    return Published(account, content, probe.setup(probe.provider.publish, account, content, title), title, token)


def _picture(probe: Probe, account: Account) -> Content:
    """A picture of the account's making, where the provider makes any: all surfaces can show one."""
    kinds: list[tuple[Service, str]] = [kind for kind in media(probe.capabilities) if not is_text(kind[1])]
    pictures = [kind for kind in kinds if kind[1].startswith("image/")]
    for service, media_type in (pictures or kinds)[:1]:
        return probe.setup(
            probe.provider.generate, account, GenerationRequest(service, media_type, "a quiet lake at dawn")
        )
    return probe.some_content(account)


def seen_on(probe: Probe, published: Published, surface: str) -> View | None:
    """What the public sees of the publication there; ``None`` where it is not seen."""
    if surface == SEARCH:
        found = probe.observe(probe.provider.search, None, published.token)
        if isinstance(found, Refused):
            return None
        return View(text=published.title) if published.publication.id in found.value.publications else None
    answer = probe.observe(probe.provider.view, None, published.publication, surface)
    return answer.value if isinstance(answer, Accepted) else None


def same(before: View, after: View | None, published: Published) -> bool:
    """Whether what is seen now is still the publication, and no notice in its place."""
    if after is None:
        return False
    if before.media is not None and after.media is not None and before.media.data == after.media.data:
        return True
    if published.token in before.text:
        return published.token in after.text
    return bool(before.text) and before.text == after.text


def must_be_seen(probe: Probe, published: Published, surface: str) -> View:
    """The publication as it is seen before anything happens to it: the control of every removal."""
    if surface == SEARCH:
        seen = seen_on(probe, published, surface)
        if seen is None:
            raise Undecided("the search does not list what was just published")
    else:
        answer = probe.observe(probe.provider.view, None, published.publication, surface)
        seen = probe.declared(f"the surface {surface}", answer)
        if seen.media is None and not seen.text:
            raise Undecided(f"the binding extracts neither text nor bytes from the surface {surface}")
    probe.counts.controls += 1
    return seen
