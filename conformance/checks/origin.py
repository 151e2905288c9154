"""The verification tool: it knows what the provider's own system made, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from shenhe.labels import ImplicitFields, write_label
from shenhe.rulebook import Behaviour

from ..engine.conversation import said
from ..engine.probe import Probe
from ..provider import Capabilities, Media, Operation, Refused
from ..verdict import Level
from .outcome import Absent, NotJudged, Undecided, Violation
from .prompted import Prompted
from .registry import check
from .requests import PLAIN, picture, tone
from .scope import files, makes_anything, makes_files
from .uploads import FOREIGN_PRODUCER


def _has_tool(capabilities: Capabilities) -> Absent | None:
    """Concerns providers whose verification tool can be asked."""
    if Operation.VERIFY_ORIGIN in capabilities.operations:
        return None
    return Absent("the binding has no operation verify_origin")


def _media(capabilities: Capabilities) -> Iterator[Prompted]:
    seen = set()
    for service, media_type in files(capabilities):
        if media_type not in seen:
            seen.add(media_type)
            yield Prompted(media_type, service, media_type, PLAIN)


@check(
    rules=("us-states/ca-sb942.detection-tool",),
    behaviour=Behaviour.DISCLOSURE,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE, Operation.VERIFY_ORIGIN),
    applies=(_has_tool, makes_anything, makes_files),
    cases=_media,
)
def tool_tells_own_files_from_others(probe: Probe, case: Prompted) -> None:
    """The verification tool recognises what the provider made, and does not claim what others made."""
    made = probe.generated(case.service, case.media_type, case.prompt)[1]
    own = _recognises(probe, made)
    claimed = next((name for name, media in _of_others() if _recognises(probe, media)), None)
    if claimed is not None:
        raise Violation(f"the tool takes {claimed} for the provider's own")
    if not own:
        raise Violation(f"the tool does not recognise a file of type {made.media_type} that the provider just made")
    probe.counts.controls += 1


def _recognises(probe: Probe, media: Media) -> bool:
    answer = probe.attempt(probe.provider.verify_origin, None, media)
    if isinstance(answer, Refused):
        if answer.status in {401, 403}:
            raise Undecided(f"the tool is not open to everybody: {said(answer)}")
        raise NotJudged(f"the tool declined a file of type {media.media_type}: {said(answer)}")
    return answer.value.own


def _of_others() -> list[tuple[str, Media]]:
    """A picture without label, and a picture and a sound that bear the label of another producer."""
    fields = ImplicitFields(FOREIGN_PRODUCER, "P20250901-0001")
    return [
        ("a picture without any label", picture()),
        *(
            (f"{what} labelled by another producer", Media(_labelled(blank, fields), blank.media_type))
            for what, blank in (("a picture", picture()), ("a sound", tone()))
        ),
    ]


def _labelled(blank: Media, fields: ImplicitFields) -> bytes:
    return write_label(blank.data, fields, media_type=blank.media_type)
