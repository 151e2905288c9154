"""The trail of one check: its hops in order, each judged from what was exchanged at one target."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

from shenhe.labels import Label, read_labels

from ..checks.outcome import NeedsReview, NotJudged, Undecided, Violation
from ..engine.probing.session import RunStopped
from ..entities import Media
from ..evidence.export import as_curl, as_pytest, carry_plan_of, needed
from ..exchange import RecordedExchange, to_step
from ..report import CheckResult, Evidence, Finding, Probes
from ..verdict import Verdict
from .document import Station
from .result import ChainCheck, Hop

#: Pictures up to this many bytes are shown whole.
_SHOWN_BYTES = 400_000
#: Exchanges of a hop that a report keeps.
_KEPT = 12


@dataclass
class HopDraft:
    """A hop under way; what is known of it by now."""

    station: Station
    step: str
    rules: Sequence[str]
    verdict: Verdict = Verdict.PASS
    seen: str = ""
    media: Media | None = None
    notice: str = ""
    evidence: tuple[Evidence, ...] = ()
    recorded: list[RecordedExchange] = field(default_factory=list)

    def hop(self) -> Hop:
        """The hop as a report has it."""
        label = label_of(self.media)
        hide = getattr(self.station.probe.provider, "redacted", str)
        return Hop(
            target=self.station.name,
            step=self.step,
            verdict=self.verdict.title,
            seen=hide(self.seen),
            rules=list(self.rules),
            media_type=self.media.media_type if self.media is not None else "",
            label=dict(label.fields) if label is not None else {},
            notice=hide(self.notice),
            picture=_shown(self.media),
            exchanges=[to_step(each.exchange, each.role) for each in self.recorded[-_KEPT:]],
        )


def label_of(media: Media | None) -> Label | None:
    """The AIGC field of a file, if it has one."""
    if media is None:
        return None
    found = read_labels(media.data, media_type=media.media_type).aigc
    return found[0] if found else None


def _shown(media: Media | None) -> str:
    if media is None or not media.media_type.startswith("image/") or len(media.data) > _SHOWN_BYTES:
        return ""
    return f"data:{media.media_type};base64,{base64.b64encode(media.data).decode('ascii')}"


class Judging:
    """A hop while it happens."""

    def __init__(self, trail: Trail, draft: HopDraft, *, only_if_wrong: bool = False) -> None:
        self._trail, self._draft, self._only_if_wrong = trail, draft, only_if_wrong
        self._begin = len(draft.station.probe.recorded)

    def __enter__(self) -> HopDraft:
        return self._draft

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        draft = self._draft
        match raised:
            case None if self._only_if_wrong:
                return True
            case None:
                pass
            case Violation():
                draft.verdict, draft.seen, draft.evidence = Verdict.FAIL, raised.seen, raised.evidence
            case Undecided():
                draft.verdict, draft.seen = Verdict.INCONCLUSIVE, raised.reason
            case NeedsReview():
                draft.verdict, draft.seen = Verdict.REVIEW, raised.reason
            case NotJudged():
                draft.verdict, draft.seen = Verdict.NOT_APPLICABLE, raised.reason
            case RunStopped():
                draft.verdict, draft.seen = Verdict.INCONCLUSIVE, raised.stopped.reason
            case _:
                return False
        draft.recorded = draft.station.probe.recorded[self._begin :]
        self._trail.drafts.append(draft)
        return True


class Trail:
    """The hops of one check."""

    def __init__(self) -> None:
        self.drafts: list[HopDraft] = []

    def hop(self, station: Station, step: str, *rules: str) -> Judging:
        """Judge what happens inside as one hop: an outcome that is raised there becomes its verdict."""
        return Judging(self, HopDraft(station, step, rules))

    def between_hops(self, station: Station) -> Judging:
        """Judge what goes wrong outside of every hop, such as the making of the file, as a separate hop."""
        return Judging(self, HopDraft(station, "before the next hop", ()), only_if_wrong=True)

    def skip(self, station: Station, step: str, reason: str) -> None:
        """A hop that says nothing."""
        self.drafts.append(HopDraft(station, step, (), Verdict.NOT_APPLICABLE, reason))

    @property
    def failed(self) -> HopDraft | None:
        """The first hop that failed."""
        return next((draft for draft in self.drafts if draft.verdict is Verdict.FAIL), None)

    def result(self, name: str, title: str, rules: Sequence[str], behaviour: str) -> ChainCheck:
        """The verdict of the check: the gravest of its hops, and where it was lost."""
        hops = [draft.hop() for draft in self.drafts]
        verdict = max((draft.verdict for draft in self.drafts), default=Verdict.INCONCLUSIVE)
        worst = next((draft for draft in self.drafts if draft.verdict is verdict), None)
        explained = worst is not None and verdict is not Verdict.PASS
        failed = self.failed
        judged = sum(draft.verdict in (Verdict.PASS, Verdict.FAIL) for draft in self.drafts)
        return ChainCheck(
            result=CheckResult(
                name=name,
                title=title,
                level="extended",
                behaviour=behaviour,
                rules=list(rules),
                verdict=verdict.title,
                reason=f"{worst.station.name}, {worst.step}: {worst.seen}" if explained and worst is not None else "",
                probes=Probes(decided=judged, sent=sum(len(draft.recorded) for draft in self.drafts)),
                finding=self._finding(name, title, failed) if failed is not None else None,
            ),
            hops=hops,
            lost_at=f"{failed.station.name}: {failed.step}" if failed is not None else "",
        )

    def _finding(self, name: str, title: str, failed: HopDraft) -> Finding:
        exchanges = [each.exchange for each in failed.recorded]
        return Finding(
            expected=title,
            seen=failed.hop().seen,
            case=f"{failed.station.name}, {failed.step}",
            steps=[to_step(each.exchange, each.role) for each in failed.recorded],
            evidence=list(failed.evidence),
            curl=as_curl(exchanges),
            pytest=as_pytest(exchanges, name),
            variables=sorted(needed(carry_plan_of(exchanges), exchanges)),
        )
