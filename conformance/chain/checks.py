"""What only a whole chain shows: each check follows a file through all targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shenhe.rulebook import Behaviour

from ..checks.labels.propagation import IS, WORDS, tier
from ..checks.outcome import NeedsReview, NotJudged, Undecided, Violation
from ..checks.published import Published, after_settling, gone, must_be_seen, same, seen_on, witness
from ..checks.tickets import decided, upheld
from ..entities import Media, TicketState
from ..evidence import exhibits
from ..operations import TargetRole
from ..provider import Operation, Refused
from ..verdict import Verdict
from . import passage
from .document import Chain, Station
from .result import ChainCheck
from .store_orders import follow_order
from .traces import NOTICE as _SUSPECTED
from .traces import TOOL as _TOOL
from .traces import follow_traces, makers_with_a_tool
from .trail import HopDraft, Trail, label_of

_FIELD, _PASSED_ON, _NOTICE, _OWN = (
    "cn-labeling-2025/5.1",
    "cn-labeling-2025/10.2",
    "cn-labeling-2025/6.1.1",
    "cn-labeling-2025/6.2",
)
_PRODUCER = "cn-labeling-2025/gb-e.content-producer"
_REMOVAL = {TargetRole.PLATFORM: "cn-algorithm-2022/9.2"}
_REMOVAL_AT_PROVIDERS = "cn-dsp-2023/10.4"
_APPEAL = "eu-dsa/20"
_STORE, _MANAGEMENT = "cn-dsp-2023/13.2", "cn-dsp-2023/13.3"
_PRODUCERS_PART = ("ContentProducer", "ProduceID")
_PROPAGATORS_PART = ("ContentPropagator", "PropagateID")


@dataclass(frozen=True)
class ChainProperty:
    """One check of a chain: its name, what is expected, which rules and behaviour it is about, and how it is tried."""

    name: str
    title: str
    rules: tuple[str, ...]
    behaviour: Behaviour
    follow: Callable[[Chain, Trail], None]
    #: Why a chain is not concerned, or ``None``.
    applies: Callable[[Chain], str | None] = lambda chain: None

    def run(self, chain: Chain) -> ChainCheck:
        """Follow the chain once."""
        trail = Trail()
        reason = self.applies(chain)
        if reason is not None:
            trail.skip(chain.path[0], "the chain", reason)
        else:
            with trail.between_hops(chain.path[0]):
                self.follow(chain, trail)
        return trail.result(self.name, self.title, self.rules, self.behaviour.value)


# --- the label -----------------------------------------------------------------------------------------------


class _Carried:
    """A file on its way, with the label that it was born with."""

    def __init__(self, file: Media) -> None:
        self.file = file
        born = label_of(file)
        self.born = dict(born.fields) if born is not None else {}
        self.lost = "" if self.born else "it was made without a label"

    def judge(self, draft: HopDraft, file: Media) -> None:
        """Judge a file that one target hands out; the next one gets it."""
        draft.media, self.file = file, file
        if self.lost:
            raise NotJudged(f"the label was lost before: {self.lost}")
        label = label_of(file)
        if label is None:
            self.lost = f"{draft.station.name}, {draft.step}"
            raise Violation("the file no longer has an AIGC field")
        if changed := [key for key in _PRODUCERS_PART if label.fields.get(key) != self.born.get(key)]:
            self.lost = f"{draft.station.name}, {draft.step}"
            raise Violation(f"{' and '.join(changed)} of the producer changed", exhibits.field(label))
        draft.seen = f"the label names the producer {self.born.get('ContentProducer', '')}"


def _label_survives(chain: Chain, trail: Trail) -> None:
    carried = None
    for station in chain.path:
        held = None
        if carried is None:
            with trail.hop(station, "made", _FIELD) as draft:
                held, file = _first(chain)
                draft.media, carried = file, _Carried(file)
                if carried.lost:
                    raise Violation("the file is made without an AIGC field in its metadata")
                draft.seen = f"the label names the producer {carried.born.get('ContentProducer', '')}"
            if carried is None:
                return
        else:
            with trail.hop(station, "uploaded", _PASSED_ON) as draft:
                held, draft.notice = passage.taken_in(station, carried.file)
                draft.media, draft.seen = carried.file, "the file is accepted"
        if held is None:
            return
        _leaves(station, held, carried, trail)


def _leaves(station: Station, held: passage.Held, carried: _Carried, trail: Trail) -> None:
    """Every way by which the file leaves one target."""
    rendition = passage.leaves_by(station)
    if rendition is not None:
        with trail.hop(station, f"fetched as {rendition}", _PASSED_ON) as draft:
            carried.judge(draft, passage.handed_out(held, rendition))
    if not passage.makes_public(station):
        return
    publication = None
    with trail.hop(station, "published and downloaded without an account", _PASSED_ON) as draft:
        publication = passage.published(held)
        carried.judge(draft, passage.public_file(station, publication))
    for step, repost in passage.reposts_of(station, publication) if publication is not None else ():
        with trail.hop(station, f"{step}, downloaded", _PASSED_ON) as draft:
            carried.judge(draft, passage.public_file(station, repost))


def _platforms_tell(chain: Chain, trail: Trail) -> None:
    _, file = _made(chain)
    for station in _platforms(chain):
        probe = station.probe
        publication = None
        with trail.hop(station, "published", _NOTICE, _OWN) as draft:
            held, draft.notice = passage.taken_in(station, file)
            publication = passage.published(held)
            _adds_itself(draft, file, passage.public_file(station, publication))
        if publication is None:
            continue
        for surface in probe.capabilities.surfaces:
            if not probe.capabilities.reads(Operation.VIEW, "notices", surface=surface):
                continue
            with trail.hop(station, f"seen on the surface {surface}", _NOTICE) as draft:
                seen = probe.declared(
                    f"the surface {surface}", probe.observe(probe.provider.view, None, publication.publication, surface)
                )
                draft.notice = " ".join(seen.notices)
                if tier(draft.notice) != IS:
                    raise Violation(f"the file is labelled, but no page says that it {WORDS[IS]}")
                draft.seen = "the public reads that it is generated"


def _first(chain: Chain) -> tuple[passage.Held, Media]:
    """The file that is carried through all targets, which the store sees too."""
    return chain.path[0].probe.once("the file of the chain", lambda: passage.generated(chain))


def _made(chain: Chain) -> tuple[passage.Held, Media]:
    """A new file of the first target as it leaves it."""
    held, file = passage.generated(chain)
    rendition = passage.leaves_by(chain.path[0])
    return held, passage.handed_out(held, rendition) if rendition is not None else file


def _adds_itself(draft: HopDraft, sent: Media, file: Media) -> None:
    draft.media = file
    before, after = label_of(sent), label_of(file)
    if before is None or after is None:
        raise NotJudged("the file has no label")
    named, number = (after.fields.get(key, "").strip() for key in _PROPAGATORS_PART)
    if not named or not number or [named, number] == [before.fields.get(key) for key in _PROPAGATORS_PART]:
        raise Violation("the platform did not add itself and its content number", exhibits.field(after))
    draft.seen = f"the platform adds itself as {named}"


def _platforms(chain: Chain) -> list[Station]:
    return [
        station for station in chain.path[1:] if passage.makes_public(station) and station.role is TargetRole.PLATFORM
    ]


def _supporter_names_the_provider(chain: Chain, trail: Trail) -> None:
    supporter = next(each for each in chain.path if each.role is TargetRole.SUPPORTER)
    provider = next(each for each in chain.path if each.role is TargetRole.PROVIDER)
    named = {}
    for station in (supporter, provider):
        with trail.hop(station, "made", _PRODUCER) as draft:
            _, draft.media = passage.generated(passage.beginning_with(station, chain))
            label = label_of(draft.media)
            if label is None:
                raise NotJudged("the file is made without an AIGC field")
            named[station.name] = label.fields.get("ContentProducer", "")
            if not named[station.name].strip():
                raise Violation("the label names no producer", exhibits.field(label))
            draft.seen = f"the label names the producer {named[station.name]}"
            if station is provider and named.get(supporter.name) != named[provider.name]:
                raise Violation(
                    f"{supporter.name} names {named.get(supporter.name)!r} in what it makes for {provider.name}, which"
                    f" names itself {named[provider.name]!r}",
                    exhibits.field(label),
                )


# --- removal and return --------------------------------------------------------------------------------------


def _removal_reaches_copies(chain: Chain, trail: Trail) -> None:
    """The same file is public at every target that publishes; removed at the first, it goes at the others too."""
    _, file = _made(chain)
    copies: list[tuple[Station, Published, list[tuple[str, Published]]]] = []
    for station in _publishers(chain):
        with trail.hop(station, "published, and reposted where that is possible") as draft:
            held, _ = passage.taken_in(station, file)
            publication = passage.published(held, "unlawful")
            surface = station.probe.capabilities.surfaces[0]
            must_be_seen(station.probe, publication, surface)
            witness(station.probe, surface)
            reposts = passage.reposts_of(station, publication)
            copies.append((station, publication, reposts))
            draft.seen = f"it is seen on the surface {surface}" + (f", and {len(reposts)} reposts" if reposts else "")
    for place, (station, publication, reposts) in enumerate(copies):
        rule = _REMOVAL.get(station.role, _REMOVAL_AT_PROVIDERS)
        upstream = f" (removed before at {copies[place - 1][0].name})" if place else ""
        with trail.hop(station, f"removed after a report{upstream}", rule) as draft:
            probe, surface = station.probe, station.probe.capabilities.surfaces[0]
            before = seen_on(probe, publication, surface)
            if before is None:
                draft.seen = "it is gone without another report"
            else:
                upheld(probe, publication)
                if not gone(probe, publication, surface, before):
                    raise Violation(
                        f"the report was upheld, but the file is still visible there{after_settling(probe)}"
                    )
                draft.seen = "a report is upheld, and the file is gone"
            for step, repost in reposts:
                view = seen_on(probe, repost, surface)
                if before is not None and same(before, view, repost):
                    raise Violation(f"the file is removed, and {step} is still visible")


def _publishers(chain: Chain) -> list[Station]:
    return [
        station
        for station in chain.path
        if passage.makes_public(station) and station.offers(Operation.UPLOAD, Operation.REPORT)
    ]


def _appeal_restores_labelled(chain: Chain, trail: Trail) -> None:
    _, file = _made(chain)
    for station in _platforms(chain):
        if not station.offers(Operation.REPORT, Operation.APPEAL):
            trail.skip(station, "appealed", "the binding has no operations report and appeal")
        elif station.probe.capabilities.marker("mistaken") is None:
            trail.skip(station, "appealed", "the binding names no phrase `markers.mistaken`")
        else:
            _appeal_at(station, file, trail)


def _appeal_at(station: Station, file: Media, trail: Trail) -> None:
    probe, surface = station.probe, station.probe.capabilities.surfaces[0]
    publication = None
    with trail.hop(station, "removed by mistake") as draft:
        held, _ = passage.taken_in(station, file)
        publication = passage.published(held, "mistaken")
        before = must_be_seen(probe, publication, surface)
        witness(probe, surface)
        upheld(probe, publication)
        if not gone(probe, publication, surface, before):
            raise Undecided("nothing was removed that could be restored")
        draft.seen = "a report is upheld, and the file is gone"
    if publication is None or draft.verdict is not Verdict.PASS:
        return
    with trail.hop(station, "appealed and restored", _APPEAL, _PASSED_ON) as draft:
        statement = "Please look again. [test]"
        answer = probe.attempt(probe.provider.appeal, publication.account, publication.publication, statement)
        if isinstance(answer, Refused):
            raise Violation(f"the author's appeal is refused: {answer.status} {answer.reason}")
        if decided(probe, publication.account, answer.value).state is not TicketState.UPHELD:
            raise NeedsReview("the appeal against a removal by mistake was not upheld")
        if not probe.settled(lambda: same(before, seen_on(probe, publication, surface), publication)):
            raise Violation(f"the appeal was upheld, but the file is not visible again{after_settling(probe)}")
        _Carried(file).judge(draft, passage.public_file(station, publication))
        draft.seen = "the file is seen again, with its label"


def _no_platform(chain: Chain) -> str | None:
    return None if _platforms(chain) else "no target of the path is a platform that publishes"


def _no_tool(chain: Chain) -> str | None:
    if not makers_with_a_tool(chain):
        return "no target of the path makes content and has a verification tool"
    return _no_platform(chain)


def _no_two_publishers(chain: Chain) -> str | None:
    return None if len(_publishers(chain)) > 1 else "fewer than two targets accept uploads, publish and accept reports"


def _no_supporter(chain: Chain) -> str | None:
    makes = [station.role for station in chain.path if station.offers(Operation.GENERATE)]
    wanted = {TargetRole.SUPPORTER, TargetRole.PROVIDER}
    return None if wanted <= set(makes) else "the path has no supporter and provider that both make content"


def _no_store(chain: Chain) -> str | None:
    return None if chain.stores else "the chain has no store"


def _orders_stop_updates(chain: Chain, trail: Trail) -> None:
    file = _first(chain)[1] if chain.path[0].offers(Operation.GENERATE) else None
    for station in chain.stores:
        follow_order(station, trail, _STORE, file)


CHAIN_CHECKS = (
    ChainProperty(
        "label_survives_the_chain",
        "The producer's label is in the file after every hop.",
        (_FIELD, _PASSED_ON),
        Behaviour.LABELING,
        _label_survives,
    ),
    ChainProperty(
        "platforms_tell_what_others_made",
        "A platform says that a labelled file from elsewhere is generated, and adds itself to the label.",
        (_NOTICE, _OWN),
        Behaviour.LABELING,
        _platforms_tell,
        _no_platform,
    ),
    ChainProperty(
        "suspicion_is_told_and_marked",
        "A platform that recognises a file without its label says that it is suspected, and marks it.",
        (_TOOL, _SUSPECTED, _OWN),
        Behaviour.LABELING,
        lambda chain, trail: follow_traces(chain, trail, _platforms(chain)),
        _no_tool,
    ),
    ChainProperty(
        "supporter_names_the_provider",
        "What the supporter makes for a provider names that provider as its producer.",
        (_PRODUCER,),
        Behaviour.LABELING,
        _supporter_names_the_provider,
        _no_supporter,
    ),
    ChainProperty(
        "removal_reaches_every_copy",
        "A file that is removed upstream is removed downstream too, at the latest after a report there.",
        (_REMOVAL_AT_PROVIDERS, "cn-algorithm-2022/9.2"),
        Behaviour.TAKEDOWN,
        _removal_reaches_copies,
        _no_two_publishers,
    ),
    ChainProperty(
        "restored_file_is_labelled",
        "A file that an appeal restores comes back with its label.",
        (_APPEAL, _PASSED_ON),
        Behaviour.TAKEDOWN,
        _appeal_restores_labelled,
        _no_platform,
    ),
    ChainProperty(
        "order_at_the_store_stops_updates",
        "The store lists the app with the file as its sample, and obeys orders to suspend updates and to remove it.",
        (_STORE, _MANAGEMENT),
        Behaviour.GOVERNANCE,
        _orders_stop_updates,
        _no_store,
    ),
)
