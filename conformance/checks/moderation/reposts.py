"""Removal beyond the original: what users reposted is gone too, and what was removed does not come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Content, View
from ...provider import Accepted, Capabilities, Operation, Refused
from ...verdict import Level
from ..outcome import Case, NeedsReview, NotJudged, Undecided, Violation
from ..own_files import own_file
from ..published import Published, after_settling, gone, made_public, must_be_seen, publish, same, witness
from ..registry import check
from ..reposts import REPOST, SECOND_REPOST, Reposted, reposts, reposts_are_made
from ..scope import publishes, takes_uploads
from ..tickets import report_of, upheld
from .removal import TAKE_IT_DOWN, file_of, takes_intimate_requests


@dataclass(frozen=True)
class OfRepost(Case):
    """A repost, and the surface on which it is looked for; the facet is both."""

    step: str
    surface: str


def _reposts_and_surfaces(capabilities: Capabilities) -> Iterator[OfRepost]:
    for step in (REPOST, SECOND_REPOST):
        for surface in _looked_at(capabilities):
            yield OfRepost(f"{step} on the surface {surface}", step, surface)


def _looked_at(capabilities: Capabilities) -> list[str]:
    """The first surface, and the first that gives the file."""
    return list(dict.fromkeys([*capabilities.surfaces[:1], *capabilities.file_surfaces[:1]]))


@check(
    rules=("cn-dsp-2023/10.4",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, reposts_are_made),
    cases=_reposts_and_surfaces,
    waits=True,
)
def upheld_report_removes_reposts(probe: Probe, case: OfRepost) -> None:
    """Content removed after an upheld report is gone from its reposts and their reposts too."""

    spread = _removed(probe)
    _must_be_gone(probe, spread, case, f"the report was upheld{after_settling(probe)}")


def _removed(probe: Probe) -> _Spread:
    """Something that was reposted and removed after an upheld report; once per run."""

    def removed() -> _Spread:
        spread = _spread(probe, "unlawful")
        upheld(probe, spread.published)
        return spread

    return probe.once("removed with reposts", removed)


@check(
    rules=("cn-dsp-2023/10.4",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, reposts_are_made),
    cases=lambda capabilities: [Case("reposted after its removal")],
    waits=True,
)
def removed_work_is_not_reposted(probe: Probe, case: Case) -> None:
    """Content removed after an upheld report cannot be reposted."""
    spread, surface = _removed(probe), probe.capabilities.surfaces[0]
    answer = probe.attempt(probe.provider.share, probe.another_account(), spread.published.publication)
    if isinstance(answer, Refused):
        probe.counts.controls += 1  # it could be before
        return
    view = probe.observe(probe.provider.view, None, answer.value, surface)
    if isinstance(view, Accepted) and any(same(each.before, view.value, spread.published) for each in spread.reposts):
        raise Violation(f"a removed publication was reposted, and the surface {surface} shows the repost")


@check(
    rules=("us-take-it-down/3.c",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, reposts_are_made, takes_intimate_requests),
    cases=_reposts_and_surfaces,
    waits=True,
)
def intimate_image_leaves_reposts_in_48_hours(probe: Probe, case: OfRepost) -> None:
    """An intimate image is gone from its reposts and their reposts 48 hours after a valid request."""

    def requested() -> _Spread:
        spread = _spread(probe, "intimate")
        answer = probe.attempt(probe.provider.report, probe.reporter(), report_of(spread.published, "intimate"))
        if isinstance(answer, Refused):
            raise Undecided(f"a valid request was refused: {answer.status} {answer.reason}")
        if any(same(repost.before, repost.seen(probe), spread.published) for repost in spread.reposts):
            probe.wait(f"for the {TAKE_IT_DOWN:g} hours of the law to pass", TAKE_IT_DOWN)
        return spread

    spread = probe.once("requested with reposts", requested)
    _must_be_gone(probe, spread, case, "48 hours after a valid request")


@dataclass(frozen=True)
class _Spread:
    """A publication, how the first surface showed it, and its reposts."""

    published: Published
    before: View
    reposts: list[Reposted]


def _spread(probe: Probe, marker: str) -> _Spread:
    published = made_public(probe, marker, picture=True)
    surface = probe.capabilities.surfaces[0]
    before = must_be_seen(probe, published, surface)
    for looked_at in _looked_at(probe.capabilities):
        witness(probe, looked_at)
    return _Spread(published, before, reposts(probe, published, *_looked_at(probe.capabilities)))


def _must_be_gone(probe: Probe, spread: _Spread, case: OfRepost, when: str) -> None:
    found = [each for each in spread.reposts if (each.step, each.surface) == (case.step, case.surface)]
    if not found:
        raise NotJudged(f"{case.step} is not seen on the surface {case.surface} before the removal")
    probe.counts.sent += 1
    if not gone(probe, spread.published, probe.capabilities.surfaces[0], spread.before):
        raise Undecided("the original was not removed, so its reposts prove nothing")
    published = Published(
        spread.published.account,
        spread.published.content,
        found[0].publication,
        spread.published.title,
        spread.published.token,
    )
    if not gone(probe, published, case.surface, found[0].before):
        raise Violation(f"{when}, {case.step} is still seen on the surface {case.surface}")


@check(
    rules=("cn-dsp-2023/10.4",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes,),
    cases=lambda capabilities: [Case("published again by its author")],
    waits=True,
)
def removed_content_does_not_return(probe: Probe, case: Case) -> None:
    """The author of removed content cannot publish it again."""
    published = made_public(probe, "unlawful")
    surface = probe.capabilities.surfaces[0]
    before = must_be_seen(probe, published, surface)
    witness(probe, surface)
    upheld(probe, published)
    if not gone(probe, published, surface, before):
        raise Undecided("the content was not removed, so its return proves nothing")
    if _is_seen_again(probe, published.account, published.content, surface):
        raise NeedsReview(
            "content was removed after an upheld report; its author published it again, and it is seen on the surface"
            f" {surface}; a person has to say whether the spread of removed content is prevented"
        )


@check(
    rules=("cn-dsp-2023/10.4",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.UPLOAD, Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, takes_uploads),
    cases=lambda capabilities: [Case("uploaded again by another account")],
    waits=True,
)
def removed_file_does_not_return(probe: Probe, case: Case) -> None:
    """Another account cannot upload and publish a removed file."""
    account = probe.fresh_account()
    first = own_file("image/png", probe.names.colour())
    published = publish(probe, account, probe.setup(probe.provider.upload, account, first, False), "unlawful")
    surface = probe.capabilities.surfaces[0]
    before = must_be_seen(probe, published, surface)
    file = file_of(probe, published)
    witness(probe, surface)
    upheld(probe, published)
    if not gone(probe, published, surface, before):
        raise Undecided("the file was not removed, so its return proves nothing")
    another = probe.another_account()
    ways = [("the file as it was uploaded", first, False), ("the same file, declared as generated,", first, True)]
    if file.data != first.data:
        ways.append(("the file as it was downloaded", file, True))
    for what, again, declared in ways:
        # The declaration changes nothing about what it is.
        uploaded = probe.attempt(probe.provider.upload, another, again, declared)
        if isinstance(uploaded, Refused):
            continue
        if _is_seen_again(probe, another, uploaded.value, surface):
            raise NeedsReview(
                f"a file was removed after an upheld report; {what} was published again by another account and is seen"
                f" on the surface {surface}; a person has to say whether the spread of removed content is prevented"
            )
    other = own_file("image/png", probe.names.colour())
    publish(probe, another, probe.control(probe.provider.upload, another, other, False), None)


def _is_seen_again(probe: Probe, account: Account, content: Content, surface: str) -> bool:
    """Whether an account can publish this under another title, and a surface shows it."""
    token = probe.names.token()
    answer = probe.attempt(probe.provider.publish, account, content, token)
    if isinstance(answer, Refused):
        return False
    view = probe.observe(probe.provider.view, None, answer.value, surface)
    return isinstance(view, Accepted) and (view.value.media is not None or token in view.value.text)
