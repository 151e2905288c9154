"""What must hold in every response of a run: judged at its end, from what the watch saw while other checks ran."""

from __future__ import annotations

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...provider import Operation
from ...verdict import Level
from ..canaries import Canaries
from ..outcome import Case, NeedsReview, NotJudged, Undecided, Violation
from ..registry import check
from ..scope import publishes

EVERY_RESPONSE = "every response of the run"


@check(
    rules=("cn-pipl/51",),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.EXTENDED,
    cases=lambda capabilities: [Case(EVERY_RESPONSE)],
    ambient=True,
)
def no_response_reveals_others(probe: Probe, case: Case) -> None:
    """No response of the run, errors included, gives anyone the personal data or the credentials of another account.

    An account's own data may come back to it, and a response may repeat what its request said.
    """
    _must_reveal_nothing(probe, public=False)


@check(
    rules=("cn-pipl/25",),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.VIEW),
    applies=(publishes,),
    cases=lambda capabilities: [Case(EVERY_RESPONSE)],
    ambient=True,
)
def no_public_response_reveals_anybody(probe: Probe, case: Case) -> None:
    """No page, file or search of the run shows the personal data that people gave the provider."""
    _must_reveal_nothing(probe, public=True)


def _must_reveal_nothing(probe: Probe, *, public: bool) -> None:
    watch = probe.session.watch
    if not watch.responses:
        raise NotJudged("no other check sent a request")
    probe.counts.shared += 1
    for sighting in watch.revealed:
        if sighting.public is not public:
            continue
        confidence = sighting.confidence
        probe.recorded[:] = sighting.exchanges
        probe.judges(len(probe.recorded))
        exchange = sighting.exchanges[-1].exchange
        leaked = {confidence.what.replace(" ", "_"): confidence.datum} if confidence.datum else {}
        Canaries({**watch.confided_in(sighting.exchanges), **leaked}).leave_out(probe)
        raise Violation(
            f"the response to {exchange.operation} gives {sighting.to} the {confidence.what} of an account that did not"
            " ask"
        )


@check(
    rules=("cn-labeling-2025/5.1", "eu-ai-act-50/50.2"),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    cases=lambda capabilities: [Case(EVERY_RESPONSE)],
    ambient=True,
)
def media_types_are_true(probe: Probe, case: Case) -> None:
    """The media type that a response declares for a file is that of its bytes, so labels are looked for in the right
    place.

    A person has to say whether the wrong type hides a label.
    """
    watch = probe.session.watch
    if not watch.responses:
        raise NotJudged("no other check sent a request")
    probe.counts.shared += 1
    for mistyped in watch.mistyped[:1]:
        probe.recorded[:] = mistyped.exchanges
        probe.judges(len(probe.recorded))
        raise NeedsReview(
            f"a response to {mistyped.exchanges[-1].exchange.operation} says {mistyped.named}, and its bytes are"
            f" {mistyped.found}: who reads the file by its type finds no label in it"
        )


@check(
    rules=("cn-dsp-2023/10.4",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes,),
    cases=lambda capabilities: [Case(EVERY_RESPONSE)],
    ambient=True,
)
def no_response_shows_what_was_removed(probe: Probe, case: Case) -> None:
    """After an upheld report, no response of the run shows the removed content to anyone but its author."""
    removals = probe.session.watch.removals
    if not removals.removed and not removals.seen:
        raise Undecided("no report of this run was upheld, so nothing had to be gone", lasting=True)
    if not removals.others_seen:
        raise Undecided("no response showed another publication after the removal, so an absence proves nothing")
    probe.counts.shared += 1
    probe.counts.controls += 1
    for again in removals.seen:
        probe.recorded[:] = again.exchanges
        probe.judges(len(probe.recorded))
        operation = again.exchanges[-1].exchange.operation
        raise Violation(f"a report was upheld, and a later response to {operation} names the removed publication")
