"""Publications, and where they are seen: what checks of reports and removal begin with.

What is unlawful a provider decides for itself. Its test environment knows test content by a harmless marker,
which the binding names and which is part of the titles published here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shenhe.rulebook import Service

from ..engine.probing.probe import Probe
from ..entities import Account, Content, GenerationRequest, Marker, Media, Publication, View
from ..provider import Accepted, Capabilities, Operation, Refused
from .outcome import Case, Undecided
from .own_files import own_file, uploadable
from .scope import is_text, media

SEARCH = "search"
"""The name of the search where a case is about a surface."""
MARKERS = {name: Marker(f"[test: {name}]") for name in ("unlawful", "intimate")}
"""What a title contains where the binding names no marker."""


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


def harmless(probe: Probe) -> Published:
    """A publication without any reason for removal: of content that such publications share, where the provider
    lets one thing be published more than once.
    """

    def shared() -> tuple[Account, Content]:
        account = probe.fresh_account()
        return account, probe.some_content(account)

    account, content = probe.once("something harmless to publish", shared)
    try:
        return publish(probe, account, content, None)
    except Undecided:
        return made_public(probe, None)


def kinds_of_content(capabilities: Capabilities) -> list[str]:
    """The kinds of content that are made, or else uploaded (``image``, ``text`` …), first what every surface shows."""
    made = [media_type for _, media_type in media(capabilities)] or [*capabilities.uploads]
    kinds = list(dict.fromkeys(media_type.partition("/")[0] for media_type in made))
    return sorted(kinds, key=lambda kind: (kind != "image", kind == "text"))


def made_public(probe: Probe, marker: str | None, *, picture: bool = False, kind: str = "") -> Published:
    """Something that a separate account published; ``marker`` names what its title says it is, and ``kind`` the
    kind of content.
    """
    account = probe.fresh_account()
    if kind and kind != "image":
        content = _of_kind(probe, account, kind)
    else:
        content = _picture(probe, account) if picture or kind else probe.some_content(account)
    return publish(probe, account, content, marker)


def publish(probe: Probe, account: Account, content: Content, marker: str | None) -> Published:
    """``content`` published under a unique title; ``marker`` names what the title says it is."""
    if marker is not None:
        probe.must_send_title(account, content)
    token = probe.names.token()
    title = token if marker is None else (probe.capabilities.marker(marker) or MARKERS[marker]).in_text(token)
    return Published(account, content, probe.setup(probe.provider.publish, account, content, title), title, token)


def published_by_another(
    probe: Probe, stranger: Account, owner: Account, content: Content
) -> Accepted[Publication] | Refused:
    """How the provider answers ``stranger``, who publishes content of ``owner``. Raises :class:`Undecided` where the
    binding does not send who publishes.
    """
    probe.must_differ(
        lambda provider: provider.publish(stranger, content, "a"),
        lambda provider: provider.publish(owner, content, "a"),
        "which account publishes",
        write="`{{ account.… }}` in the auth of operations.publish",
    )
    return probe.attempt(probe.provider.publish, stranger, content, probe.names.token())


def _of_kind(probe: Probe, account: Account, kind: str) -> Content:
    for service, media_type in media(probe.capabilities):
        if media_type.partition("/")[0] == kind:
            request = GenerationRequest(service, media_type, probe.names.vary("a lake at dawn"))
            return probe.setup(probe.provider.generate, account, request)
    if kind == "text" and probe.offers(Operation.UPLOAD):
        words = f"湖水在清晨很安静。 The lake is quiet at dawn, {probe.names.token()}."
        return probe.setup(probe.provider.upload, account, Media(words.encode(), "text/plain"), False)
    for media_type in uploadable(probe.capabilities) if probe.offers(Operation.UPLOAD) else ():
        if media_type.partition("/")[0] == kind:
            file = own_file(media_type, probe.names.colour())
            return probe.setup(probe.provider.upload, account, file, False)
    raise Undecided(f"the provider makes no {kind}")


def _picture(probe: Probe, account: Account, prompt: str = "a lake at dawn") -> Content:
    """A picture of the account's making, where the provider makes any: all surfaces can show one."""
    kinds: list[tuple[Service, str]] = [kind for kind in media(probe.capabilities) if not is_text(kind[1])]
    pictures = [kind for kind in kinds if kind[1].startswith("image/")]
    for service, media_type in (pictures or kinds)[:1]:
        request = GenerationRequest(service, media_type, probe.names.vary(prompt))
        try:
            return probe.setup(probe.provider.generate, account, request)
        except Undecided:
            break  # what makes pictures may be out of order: whatever can be had is seen too
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
            raise Undecided("the search does not list a publication that was just made")
    else:
        answer = probe.observe(probe.provider.view, None, published.publication, surface)
        seen = probe.declared(f"the surface {surface}", answer)
        if seen.media is None and not seen.text:
            raise Undecided(f"the binding extracts neither text nor bytes from the surface {surface}")
    probe.counts.controls += 1
    return seen


# --- presence and absence ------------------------------------------------------------------------------------


def witness(probe: Probe, surface: str) -> tuple[Published, View]:
    """Another publication without any reason for removal, and how the surface shows it.

    It is made before whatever should remove the publication of a case: an absence counts only while it is seen.
    """

    def made() -> Published:
        account = probe.account()
        return publish(probe, account, _picture(probe, account, "a lake at noon"), None)

    other = probe.once("a publication that stays", made)
    return other, probe.once(("how it is seen", surface), lambda: must_be_seen(probe, other, surface))


def gone(probe: Probe, published: Published, surface: str, before: View) -> bool:
    """Whether the publication is gone from a surface, once removals had the declared time to show.

    Raises :class:`Undecided` where nothing comparable is seen there at the same time: then nothing is known.
    """

    looked = 0

    def absent() -> bool:
        nonlocal looked
        seen = seen_on(probe, published, surface)
        looked = len(probe.recorded)
        return not same(before, seen, published) and _others_are_seen(probe, surface)

    if probe.settled(absent):
        probe.judges(looked)  # where it should not be gone, this is what shows it, and not the other publication
        return True
    if same(before, seen_on(probe, published, surface), published):
        return False
    raise Undecided(
        f"comparable content on the surface {surface} is not as it was before either, so an absence proves nothing"
    )


def after_settling(probe: Probe) -> str:
    """For a finding: how long was waited for a decision to show."""
    seconds = probe.capabilities.settling_seconds
    return f" {seconds:g} seconds later" if seconds else ""


def _others_are_seen(probe: Probe, surface: str) -> bool:
    other, before = witness(probe, surface)
    return same(before, seen_on(probe, other, surface), other)


def must_be_public(probe: Probe, publication: Publication) -> None:
    """Raise :class:`Undecided` where a publication that was accepted is shown on no surface: then nothing says that it
    was published. Without operation ``view``, the id in the response is all there is; but an id in a redirect may be
    that of a page to sign in.
    """
    if not probe.offers(Operation.VIEW) or not probe.capabilities.surfaces:
        response = probe.recorded[-1].exchange.response if probe.recorded else None
        if response is not None and response.status // 100 == 3:
            raise Undecided(
                "the response is a redirect, and nothing shows that anything was published: bind operations.view",
                lasting=True,
            )
        return

    def shown() -> bool:
        views = (probe.observe(probe.provider.view, None, publication, name) for name in probe.capabilities.surfaces)
        return any(isinstance(view, Accepted) and (view.value.media or view.value.text) for view in views)

    if not probe.settled(shown):
        raise Undecided("publishing was accepted, and no surface shows the publication: it may be held back for review")
