"""Labels on what others bring: a platform passes them on as they came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shenhe.labels import ImplicitFields, read_labels, write_label
from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Media
from ...evidence import exhibits
from ...provider import Capabilities, Operation, Refused
from ..outcome import Case, Undecided, Violation
from ..people import uscc
from ..prompted import refuse_to_guess
from ..registry import check
from ..requests import picture, tone
from ..scope import files, returns_files, takes_uploads

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: A producer that is nobody: a code of the prescribed form for a company that does not exist.
FOREIGN_PRODUCER = f"0011{uscc('310101', 'MA0000017')}10001"


@dataclass(frozen=True)
class Uploaded(Case):
    """A labelled file that somebody else made."""

    media_type: str
    produce_id: str
    declared: bool

    def __str__(self) -> str:
        return f"{self.media_type} with ProduceID {self.produce_id}, {'' if self.declared else 'not '}declared as AI"


def _upload_cases(capabilities: Capabilities) -> Iterator[Uploaded]:
    for media_type in _uploadable(capabilities):
        for declared in (True, False):
            yield Uploaded(media_type, media_type, "P20250901-0001", declared)


def _uploadable(capabilities: Capabilities) -> list[str]:
    made = [media_type for _, media_type in files(capabilities)]
    return [media_type for media_type in ("image/png", "audio/wav") if media_type in made] or ["image/png"]


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
    returned = probe.returned(account, content.value)
    labels = read_labels(returned.data, media_type=returned.media_type)
    refuse_to_guess(labels)
    if not labels.aigc:
        raise Violation("the file was uploaded with an AIGC field but returned without one", exhibits.field(before))
    kept = [
        label
        for label in labels.aigc
        if all(label.fields.get(key) == before.fields[key] for key in ("ContentProducer", "ProduceID"))
    ]
    if not kept:
        raise Violation(
            "the producer's name or number differs from the uploaded one",
            exhibits.field(before),
            exhibits.field(labels.aigc[0]),
        )
