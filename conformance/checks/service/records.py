"""Records: what a provider has to remember of what it handed out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shenhe.rulebook import Behaviour, Service

from ...engine.probing.probe import Probe, any_medium
from ...entities import Account, GenerationRequest, Record
from ...provider import Capabilities, Operation, Refused
from ...verdict import Level
from ..labels.copies import NEVER_UNLABELLED, carries_label, must_express_unlabelled
from ..outcome import Case, NotJudged, Undecided, Violation
from ..registry import check
from ..requests import PLAIN
from ..scope import gives_unlabelled_copies, makes_anything, media

#: The kind of record that is kept of a copy without explicit label.
UNLABELLED_COPY = "unlabelled-copy"
#: Hours of the six months that have the fewest days (March to August have 184, September to February 181).
_KEPT_FOR = 24.0 * 181


@dataclass(frozen=True)
class RecordAge(Case):
    """When the record of a copy is looked for, and which medium the copy is of: the first where none is named."""

    service: Service | None = None
    media_type: str = ""

    def __str__(self) -> str:
        return f"{self.facet}, {self.media_type}" if self.media_type else self.facet


def _when(capabilities: Capabilities) -> Iterator[RecordAge]:
    yield RecordAge("at once")
    yield RecordAge("six months later")
    for service, media_type in list(media(capabilities))[1:]:
        yield RecordAge("at once", service, media_type)


@check(
    rules=("cn-labeling-2025/9.2",),
    behaviour=Behaviour.RECORDS,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE, Operation.RECORDS),
    applies=(makes_anything, gives_unlabelled_copies),
    cases=_when,
    waits=True,
)
def unlabelled_copies_are_recorded(probe: Probe, case: RecordAge) -> None:
    """Records of copies without an explicit label are kept for at least six months."""
    probe.must_read_any(Operation.RECORDS, ("at", "subject", "text"), "a value that distinguishes records")
    account = probe.fresh_account()
    probe.must_send_record_kind(account, UNLABELLED_COPY)
    before = _records(probe, account)
    service, media_type = any_medium(probe.capabilities)
    if case.service is not None:
        service, media_type = case.service, case.media_type
    request = GenerationRequest(service, media_type, PLAIN, labelled=False, agreed=True)
    must_express_unlabelled(probe, account, request)
    handed_out = probe.attempt(probe.provider.generate, account, request)
    if isinstance(handed_out, Refused):
        raise NotJudged(
            f"no copy without a label is delivered: {handed_out.status} {handed_out.reason}. {NEVER_UNLABELLED}"
        )
    kept = _records(probe, account) - before
    if not kept and UNLABELLED_COPY not in (probe.capabilities.record_kinds or ()):
        raise Undecided(
            f"no record is listed, and the binding does not say that records of kind {UNLABELLED_COPY!r} are listed at"
            " all: declare target.record_kinds",
            lasting=True,
        )
    if case.facet == "at once":
        if not kept:
            if carries_label(probe.bytes_of(account, handed_out.value), PLAIN):
                raise NotJudged(f"the copy ({media_type}) carries a label although it was requested without one")
            raise Violation(
                f"a copy ({media_type}) without an explicit label was delivered, but no record of it is kept"
            )
        probe.counts.controls += 1
        return
    if not kept:
        raise NotJudged("no record is kept at all")
    probe.counts.controls += 1
    probe.wait("for the six months in which records are kept to pass", _KEPT_FOR)
    if not kept & _records(probe, account):
        raise Violation("the record of a copy without an explicit label is gone within six months")


def _records(probe: Probe, account: Account) -> set[Record]:
    answer = probe.observe(probe.provider.records, account, UNLABELLED_COPY)
    if isinstance(answer, Refused):
        raise NotJudged(f"the records of kind {UNLABELLED_COPY!r} are not shown: {answer.status} {answer.reason}")
    return set(answer.value)
