"""Labels that people see in pictures and hear in sounds: level ``full``, since looking costs time and an extra.

Where the reader of pictures is not installed, or could not read one, these are inconclusive and never passed.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from shenhe.rulebook import Behaviour, Service

from ..labels import Deviation, Label, Labels, read_labels
from ..probe import Probe
from ..provider import Capabilities, Media, Operation
from ..registry import Absent, Case, NeedsReview, NotJudged, Undecided, Violation, check
from ..report import Evidence
from ..requests import PROMPTS
from ..scope import files, makes_anything
from ..verdict import Level

_LARGEST_EVIDENCE = 256 * 1024


@dataclass(frozen=True)
class Perceived(Case):
    """One prompt for a picture or a sound."""

    service: Service
    media_type: str
    prompt: str

    def __str__(self) -> str:
        return f"{self.facet}, prompt {self.prompt!r}"


def _pictures(capabilities: Capabilities) -> Iterator[Perceived]:
    yield from _cases(capabilities, Service.BIOMETRIC_IMAGE_VIDEO, "image/")


def _voices(capabilities: Capabilities) -> Iterator[Perceived]:
    yield from _cases(capabilities, Service.VOICE, "audio/")


def _cases(capabilities: Capabilities, service: Service, kind: str) -> Iterator[Perceived]:
    for made, media_type in files(capabilities):
        if made is service and media_type.startswith(kind):
            for prompt in PROMPTS[:2]:
                yield Perceived(media_type, service, media_type, prompt)


def _makes_pictures(capabilities: Capabilities) -> Absent | None:
    return None if any(_pictures(capabilities)) else Absent("the provider makes no pictures of persons")


def _makes_voices(capabilities: Capabilities) -> Absent | None:
    return None if any(_voices(capabilities)) else Absent("the provider makes no voices")


@check(
    rules=("cn-dsp-2023/17.1.3", "cn-labeling-2025/4.1.3", "cn-labeling-2025/gb-5.2.a"),
    behaviour=Behaviour.LABELING,
    level=Level.FULL,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, _makes_pictures),
    cases=_pictures,
)
def picture_shows_label(probe: Probe, case: Perceived) -> None:
    """A generated picture shows a label that names both AI (AI, 人工智能) and generation (生成, 合成)."""
    picture = _made(probe, case)
    labels = _perceived(picture)
    if not _shown(labels):
        _must_have_been_read(labels)
        raise Violation("the picture shows no label with both elements", *_picture(picture))


@check(
    rules=("cn-labeling-2025/gb-5.2.d",),
    behaviour=Behaviour.LABELING,
    level=Level.FULL,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, _makes_pictures),
    cases=_pictures,
)
def picture_label_stands_at_edge(probe: Probe, case: Perceived) -> None:
    """The label of a picture stands at an edge or in a corner."""
    labels = _shown_labels(probe, case)
    if all(Deviation.NOT_AT_EDGE in label.deviations for label in labels):
        raise Violation(f"the label stands at {labels[0].fields.get('position')}", *_cutting(labels[0]))


@check(
    rules=("cn-labeling-2025/gb-5.2.e",),
    behaviour=Behaviour.LABELING,
    level=Level.FULL,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, _makes_pictures),
    cases=_pictures,
)
def picture_label_is_high_enough(probe: Probe, case: Perceived) -> None:
    """The characters of the label are at least 5 % of the picture's shortest side high."""
    labels = _shown_labels(probe, case)
    unfit = {Deviation.TOO_SMALL, Deviation.SIZE_UNDECIDED}
    if not all(unfit & set(label.deviations) for label in labels):
        return
    undecided = [label for label in labels if Deviation.SIZE_UNDECIDED in label.deviations]
    measured = (undecided or labels)[0]
    height = f"the label measures {100 * float(measured.fields.get('ink_height', 0)):.1f} % of the shortest side"
    if undecided:
        raise NeedsReview(f"{height}, too near 5 % for the measurement to decide")
    raise Violation(height, *_cutting(measured))


@check(
    rules=("cn-dsp-2023/17.1.2", "cn-labeling-2025/4.1.2", "cn-labeling-2025/gb-5.3.a"),
    behaviour=Behaviour.LABELING,
    level=Level.FULL,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, _makes_voices),
    cases=_voices,
)
def voice_output_sounds_label(probe: Probe, case: Perceived) -> None:
    """A generated voice comes with the rhythm short-long short-short, or with a spoken notice."""
    labels = _perceived(_made(probe, case))
    if any(label.conformant for label in labels.explicit):
        return
    _must_have_been_read(labels)
    raise NeedsReview("no rhythm is heard; whether a notice is spoken has to be listened to")


def _made(probe: Probe, case: Perceived) -> Media:
    return probe.generated(case.service, case.media_type, case.prompt)[1]


def _shown_labels(probe: Probe, case: Perceived) -> list[Label]:
    labels = _perceived(_made(probe, case))
    shown = _shown(labels)
    if not shown:
        _must_have_been_read(labels)
        raise NotJudged("the picture shows no label to be measured")
    return shown


def _shown(labels: Labels) -> list[Label]:
    incomplete = {Deviation.GENERATION_ELEMENT_MISSING, Deviation.AI_ELEMENT_MISSING}
    return [label for label in labels.explicit if not incomplete & set(label.deviations)]


def _must_have_been_read(labels: Labels) -> None:
    if labels.refused:
        raise Undecided(f"not read: {labels.refused[0].what}: {labels.refused[0].why}", lasting=True)


def _cutting(label: Label) -> list[Evidence]:
    """The part of the picture that was measured, where the reader kept it."""
    if label.evidence is None:
        return []
    data = base64.b64encode(label.evidence).decode("ascii")
    return [Evidence(title=f"The label as read: {label.fields.get('text', '')}", media_type="image/png", data=data)]


def _picture(made: Media) -> list[Evidence]:
    """The picture itself, for a person to look at, unless it would swell the report."""
    if len(made.data) > _LARGEST_EVIDENCE:
        return []
    data = base64.b64encode(made.data).decode("ascii")
    return [Evidence(title="The picture as generated", media_type=made.media_type.partition(";")[0], data=data)]


def _perceived(made: Media) -> Labels:
    return _looked_at(made.data, made.media_type)


@lru_cache(maxsize=32)
def _looked_at(data: bytes, media_type: str) -> Labels:
    """Looking costs a quarter of a second and more: once for all checks that judge the same file."""
    return read_labels(data, media_type=media_type, depth="all")
