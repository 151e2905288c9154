"""Renditions of removed content, and labels of restored content."""

from __future__ import annotations

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import TicketState, View
from ...provider import Accepted, Capabilities, Operation, Refused
from ...verdict import Level
from ..faces import labels_on
from ..labels.exposure import names_ai_and_generation
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..published import SEARCH, kinds_of_content, seen_on
from ..registry import check
from ..scope import has_renditions, makes_files, publishes
from .notices import knows_mistakes, restored
from .removal import removed


@check(
    rules=("cn-dsp-2023/10.4",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT, Operation.FETCH),
    applies=(publishes, has_renditions),
    # Pictures first: they have the most renditions.
    cases=lambda capabilities: [Case(kind) for kind in kinds_of_content(capabilities)[:1]],
    waits=True,
)
def removed_work_leaves_no_rendition(probe: Probe, case: Case) -> None:
    """Renditions of removed content are no longer delivered once its file is not.

    If the author can still fetch the file, renditions that another account can fetch lead to a review.
    """
    published = removed(probe, case.facet)[0]
    author, content = published.account, published.content
    probe.control(probe.provider.fetch, author, probe.some_content(author))
    kept = isinstance(probe.observe(probe.provider.fetch, author, content), Accepted)
    asks = probe.another_account() if kept else author
    if kept:
        probe.must_send_account(Operation.FETCH, author, asks, content)
    for rendition in probe.capabilities.all_renditions:
        if rendition in ("original", "unlabelled"):
            continue
        answer = probe.attempt(probe.provider.fetch, asks, content, rendition)
        if isinstance(answer, Refused) or not answer.value.data:
            continue
        if kept:
            raise NeedsReview(
                f"a report was upheld, and another account gets the rendition {rendition} of the removed work: a person"
                " has to say whether that is for everybody"
            )
        raise Violation(f"a report was upheld and the file is gone, and its rendition {rendition} is still handed out")


def _shows_files(capabilities: Capabilities) -> Absent | None:
    if any(capabilities.reads(Operation.VIEW, "media", surface=surface) for surface in capabilities.surfaces):
        return None
    return Absent("the binding reads the file on no surface", elsewhere=True)


@check(
    rules=("cn-labeling-2025/4.1.3",),
    behaviour=Behaviour.LABELING,
    level=Level.FULL,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.VIEW, Operation.REPORT, Operation.APPEAL),
    applies=(publishes, makes_files, knows_mistakes, _shows_files),
    cases=lambda capabilities: [Case("restored")],
    waits=True,
)
def restored_work_keeps_its_label(probe: Probe, case: Case) -> None:
    """Content restored after an appeal carries the same label and notice as before."""
    back = restored(probe)
    if back.appeal.state is not TicketState.UPHELD:
        raise NotJudged("the appeal against a removal by mistake was not upheld")
    shown = 0
    for surface, before in back.seen.items():
        after = seen_on(probe, back.published, surface) if surface != SEARCH else None
        if after is not None:
            shown += 1
            _must_be_labelled_as(before, after, surface)
    if not shown:
        raise NotJudged("the publication is not back, which another check judges")
    probe.counts.shared += 1


def _must_be_labelled_as(before: View, after: View, surface: str) -> None:
    if _is_told(before) and not _is_told(after):
        raise Violation(f"before the removal, the surface {surface} said that AI made the work; restored, it does not")
    if before.media is None or after.media is None or before.media.data == after.media.data:
        return
    labels = labels_on(after.media)
    if labels_on(before.media).explicit and not labels.explicit:
        if labels.refused:
            raise Undecided(f"not read: {labels.refused[0].what}: {labels.refused[0].why}", lasting=True)
        raise Violation(f"before the removal, the work bore a label on the surface {surface}; restored, it bears none")


def _is_told(view: View) -> bool:
    return names_ai_and_generation(" ".join(view.notices))
