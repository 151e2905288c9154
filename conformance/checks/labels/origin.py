"""The verification tool: it knows what the provider's own system made, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Iterator

from shenhe.labels import ImplicitFields, write_label
from shenhe.rulebook import Behaviour

from ...engine.probing.conversation import said
from ...engine.probing.probe import Probe
from ...entities import Media
from ...provider import Capabilities, Operation, Refused
from ...verdict import Level
from ..outcome import Absent, NeedsReview, NotJudged, Undecided, Violation
from ..prompted import Prompted
from ..registry import check
from ..requests import PLAIN, picture, tone
from ..scope import files, makes_anything, makes_files
from .uploads import FOREIGN_PRODUCER

#: What the formats of pictures are called that can be saved without metadata.
PILLOW_NAMES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


def _has_tool(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider whose verification tool can be asked."""
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
    """The verification tool recognises the provider's content and does not claim the content of others."""
    made = probe.generated(case.service, case.media_type, case.prompt)[1]
    own = recognises(probe, made)
    claimed = next((name for name, media in _of_others() if recognises(probe, media)), None)
    if claimed is not None:
        raise Violation(f"the tool recognises {claimed} as the provider's own")
    if not own:
        raise Violation(f"the tool does not recognise a file of type {made.media_type} that the provider just made")
    probe.counts.controls += 1


def _pictures(capabilities: Capabilities) -> Iterator[Prompted]:
    for case in _media(capabilities):
        if case.media_type in PILLOW_NAMES:
            yield case


def _makes_pictures(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that makes pictures that can be saved without their metadata."""
    return None if any(_pictures(capabilities)) else Absent("the provider declares no PNG, JPEG or WebP pictures")


@check(
    rules=("eu-ai-act-50/code-1.1",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE,),
    applies=(_has_tool, makes_anything, _makes_pictures),
    cases=_pictures,
)
def marking_has_two_layers(probe: Probe, case: Prompted) -> None:
    """A picture whose metadata is gone is still recognised by the provider's tool: a watermark is in the pixels.

    The Code of Practice is voluntary, so a missing second layer is left to a person.
    """
    made = probe.generated(case.service, case.media_type, case.prompt)[1]
    if not recognises(probe, made):
        raise NotJudged("the tool does not recognise the picture with its metadata")
    if recognises(probe, picture()):
        raise Undecided("the tool also recognises another producer's picture, so its response proves nothing")
    probe.counts.controls += 1
    if not recognises(probe, without_metadata(made)):
        raise NeedsReview("without its metadata the picture is not recognised: no second layer of marking is found")


def without_metadata(made: Media) -> Media:
    """The same pixels, saved again."""
    from PIL import Image

    saved = io.BytesIO()
    with Image.open(io.BytesIO(made.data)) as opened:
        pixels = opened.convert("RGB")
    pixels.save(saved, PILLOW_NAMES[made.media_type], quality=90)
    return Media(saved.getvalue(), made.media_type)


def recognises(probe: Probe, media: Media) -> bool:
    """Whether the tool says that the provider made a file. Raises an outcome where it does not answer the public."""
    answer = probe.attempt(probe.provider.verify_origin, None, media)
    if isinstance(answer, Refused):
        if answer.status in {401, 403}:
            raise Undecided(f"the tool is not publicly accessible: {said(answer)}")
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
