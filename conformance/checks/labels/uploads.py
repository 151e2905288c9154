"""Labels on what others bring: a platform passes them on as they came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shenhe.labels import ImplicitFields, read_labels, write_label
from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Content, Media
from ...evidence import exhibits
from ...provider import Accepted, Capabilities, Operation, Refused
from ..faces import AGAIN, ON, is_small
from ..outcome import Case, NotJudged, Undecided, Violation
from ..own_files import uploadable
from ..people import uscc
from ..prompted import refuse_to_guess
from ..registry import check
from ..requests import picture, tone
from ..scope import returns_files, takes_uploads

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: A producer that does not exist: a code of the prescribed form for a company that does not exist.
FOREIGN_PRODUCER = f"0011{uscc('310101', 'MA0000017')}10001"


#: What is brought here; other formats are crossed with all that a label may say in :mod:`.platform`.
_PLAIN = ("image/png", "audio/wav")


@dataclass(frozen=True)
class Uploaded(Case):
    """A labelled file from another producer."""

    media_type: str
    produce_id: str
    declared: bool
    #: How the file is had again: fetched, in a rendition, or on a surface.
    face: str = AGAIN

    def __str__(self) -> str:
        declared = "declared as AI" if self.declared else "not declared as AI"
        return f"{self.media_type} with ProduceID {self.produce_id}, {declared}, {self.face}"


def _upload_cases(capabilities: Capabilities) -> Iterator[Uploaded]:
    for media_type in _uploadable(capabilities):
        for declared in (True, False):
            yield Uploaded(media_type, media_type, "P20250901-0001", declared)
        for face in _faces(capabilities):
            yield Uploaded(media_type, media_type, "P20250901-0001", False, face)


def _faces(capabilities: Capabilities) -> Iterator[str]:
    """Where an upload is delivered, other than to the account that uploaded it."""
    for rendition in capabilities.all_renditions if Operation.FETCH in capabilities.operations else ():
        if rendition not in ("original", "unlabelled") and not is_small(rendition):
            yield rendition
    if {Operation.PUBLISH, Operation.VIEW} <= capabilities.operations:
        for surface in capabilities.surfaces:
            if capabilities.reads(Operation.VIEW, "media", surface=surface) and not is_small(surface):
                yield f"{ON}{surface}"


def _uploadable(capabilities: Capabilities) -> list[str]:
    return [media_type for media_type in uploadable(capabilities) if media_type in _PLAIN] or ["image/png"]


def _drawn_uploads(capabilities: Capabilities) -> SearchStrategy[Uploaded]:
    from hypothesis import strategies as st

    return st.builds(
        lambda media_type, number, declared: Uploaded(media_type, media_type, f"P{number}", declared),
        st.sampled_from(_uploadable(capabilities)),
        st.integers(1, 10**12),
        st.booleans(),
    )


@check(
    rules=("cn-dsp-2023/18", "cn-labeling-2025/10.2", "us-states/ca-sb942.platform"),
    behaviour=Behaviour.LABELING,
    needs=(Operation.UPLOAD,),
    applies=(takes_uploads, returns_files),
    cases=_upload_cases,
    strategy=_drawn_uploads,
)
def upload_keeps_labels(probe: Probe, case: Uploaded) -> None:
    """An uploaded file keeps the producer's label."""
    blank = tone() if case.media_type == "audio/wav" else picture()
    fields = ImplicitFields(FOREIGN_PRODUCER, case.produce_id)
    sent = Media(write_label(blank.data, fields, media_type=case.media_type), case.media_type)
    (before,) = read_labels(sent.data, media_type=sent.media_type).aigc
    account = probe.account()
    content = probe.attempt(probe.provider.upload, account, sent, case.declared)
    if isinstance(content, Refused):
        raise Undecided(f"the upload was refused: {content.status} {content.reason}")
    returned = _returned(probe, account, content.value, case)
    labels = read_labels(returned.data, media_type=returned.media_type)
    refuse_to_guess(labels)
    if not labels.aigc:
        seen = f"the file was uploaded with an AIGC field but returned without one ({case.face})"
        raise Violation(seen, exhibits.field(before))
    kept = [
        label
        for label in labels.aigc
        if all(label.fields.get(key) == before.fields[key] for key in ("ContentProducer", "ProduceID"))
    ]
    if not kept:
        raise Violation(
            "the producer's name or number differs from the uploaded one: "
            f"{exhibits.changed(before, labels.aigc[0], ('ContentProducer', 'ProduceID'))}",
            exhibits.field(before),
            exhibits.field(labels.aigc[0]),
        )


def _returned(probe: Probe, account: Account, content: Content, case: Uploaded) -> Media:
    """The upload as the platform hands it out. Raises :class:`NotJudged` where this face shows no such file."""
    if case.face == AGAIN:
        return probe.returned(account, content)
    if case.face.startswith(ON):
        publication = probe.setup(probe.provider.publish, account, content, f"a lake {probe.names.token()}")
        view = probe.observe(probe.provider.view, None, publication, case.face.removeprefix(ON))
        returned = view.value.media if isinstance(view, Accepted) else None
        if returned is None:
            raise NotJudged(f"nothing is shown {case.face}")
    else:
        fetched = probe.observe(probe.provider.fetch, account, content, case.face)
        if isinstance(fetched, Refused):
            raise NotJudged(f"there is no {case.face} of an upload: {fetched.status} {fetched.reason}")
        returned = fetched.value
    if returned.media_type.partition("/")[0] != case.media_type.partition("/")[0]:
        raise NotJudged(f"{case.face}, the upload is of type {returned.media_type}")
    return returned
