"""Files delivered in addition to those just made: downloaded copies, edited files and files edited again. They carry
the label in their metadata too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shenhe.labels import read_labels
from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Media
from ...evidence import exhibits
from ...provider import Capabilities, Operation
from ...verdict import Level
from ..faces import edited, edited_again, generated_file, rendition_of, renditions
from ..identity.consent import Edit
from ..outcome import Absent, Case, NotJudged, Violation
from ..prompted import Prompted, refuse_to_guess
from ..registry import check
from ..requests import PROMPTS
from ..scope import EXPORTS, edits_persons, files, makes_files
from .implicit import must_be_one

_IN_METADATA = "cn-labeling-2025/5.1"
#: What leaves the provider as the file itself; a thumbnail is another.
_COPIES = (*EXPORTS, "share")


@dataclass(frozen=True)
class Copied(Prompted):
    """One file, and the rendition in which it is fetched again."""

    rendition: str


def _hands_out_copies(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that hands out copies of files."""
    if set(_COPIES) & set(capabilities.all_renditions):
        return None
    return Absent("the provider declares no rendition to download, copy, export or share")


def _copies(capabilities: Capabilities) -> Iterator[Copied]:
    for service, media_type in files(capabilities):
        for rendition in renditions(capabilities, service):
            if rendition in _COPIES:
                yield Copied(f"{media_type} by {rendition}", service, media_type, PROMPTS[0], rendition)


@check(
    rules=(_IN_METADATA,),
    behaviour=Behaviour.LABELING,
    needs=(Operation.GENERATE, Operation.FETCH),
    applies=(makes_files, _hands_out_copies),
    cases=_copies,
    shares=True,
)
def copied_file_keeps_implicit_label(probe: Probe, case: Copied) -> None:
    """A downloaded, copied, exported or shared file keeps the AIGC field in its metadata."""
    if not generated_file(probe, case)[1].aigc:
        raise NotJudged("the file just made holds no AIGC field that a copy could keep")
    copy = probe.declared(f"the rendition {case.rendition}", rendition_of(probe, case, case.rendition))
    _must_hold_the_field(copy, f"the {case.media_type} file had by {case.rendition}")


@check(
    rules=(_IN_METADATA,),
    behaviour=Behaviour.LABELING,
    needs=(Operation.EDIT,),
    applies=(edits_persons,),
    cases=lambda capabilities: [Edit(scope, scope, "让这个人微笑") for scope in capabilities.edit_scopes],
)
def edited_file_carries_implicit_label(probe: Probe, case: Edit) -> None:
    """An edited face or voice carries the AIGC field in its metadata."""
    _must_hold_the_field(edited(probe, case.scope), f"the edited {case.scope}")


@check(
    rules=("cn-labeling-2025/gb-6.1.c",),
    behaviour=Behaviour.LABELING,
    level=Level.FULL,
    needs=(Operation.EDIT,),
    applies=(edits_persons,),
    cases=lambda capabilities: [Case(scope) for scope in capabilities.edit_scopes],
)
def work_edited_again_has_one_label(probe: Probe, case: Case) -> None:
    """An edited file that was labelled before holds exactly one AIGC field."""
    made = edited_again(probe, case.facet)
    labels = read_labels(made.data, media_type=made.media_type)
    if not labels.aigc:
        raise NotJudged("the edited work holds no AIGC field, which another check judges")
    must_be_one(labels.aigc)


def _must_hold_the_field(made: Media, what: str) -> None:
    labels = read_labels(made.data, media_type=made.media_type)
    if not labels.aigc:
        refuse_to_guess(labels)
        raise Violation(f"{what} holds no AIGC field in its metadata", *exhibits.carriers(labels, made))
