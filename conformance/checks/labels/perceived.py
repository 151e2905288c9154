"""Labels that people see in pictures and hear in sounds: level ``full``, since looking costs time and an extra.

Where the reader of pictures is not installed, or could not read one, these are inconclusive and never passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from shenhe.labels import Deviation, Label, Labels
from shenhe.rulebook import Behaviour, Service

from ...engine.probing.probe import Probe
from ...entities import GenerationRequest, Media
from ...evidence import exhibits
from ...provider import Capabilities, Operation
from ...report import Evidence
from ...verdict import Level
from ..faces import faces, is_small, labels_on, media_on_face, number_of, renditions, with_faces
from ..outcome import Absent, NeedsReview, NotJudged, Undecided, Violation
from ..prompted import EDITED, Prompted, crossed, file_prompts
from ..registry import Property, check
from ..requests import PROMPTS
from ..scope import files, is_export, makes_anything

#: The work of a batch that is looked at: what the first shows, the response shows.
_SECOND = 2


@dataclass(frozen=True)
class Kind:
    """What a provider makes for a service, by how its media types begin, and what that is called."""

    what: str
    service: Service
    begins: tuple[str, ...]

    def cases(self, capabilities: Capabilities) -> Iterator[Prompted]:
        """Each media type of the kind, by prompts and options."""
        for begin in self.begins:
            for made, media_type in files(capabilities):
                if made is self.service and media_type.startswith(begin):
                    cases = list(perceivable(capabilities, self.service, media_type))
                    yield from cases
                    yield from _handed_out(capabilities, cases[0])
                    if EDITED in faces(capabilities, self.service, media_type):
                        yield Prompted(media_type, self.service, media_type, PROMPTS[0], face=EDITED)

    def made(self, capabilities: Capabilities) -> Absent | None:
        """Concerns a provider that makes anything of the kind."""
        return None if any(self.cases(capabilities)) else Absent(f"the provider declares no {self.what}")


def perceivable(capabilities: Capabilities, service: Service, media_type: str) -> Iterator[Prompted]:
    """Two prompts, and every option away from its default: as few as show each of them, of the cases that other checks
    ask for already.
    """
    prompts = file_prompts(capabilities, service, media_type)
    left = list(crossed(capabilities, service, media_type, prompts))
    wanted: set[tuple[str, Any]] = {("", prompt) for prompt in prompts[:2]}.union(*(case.options for case in left))
    # The plainest first: what others show is compared with it.
    best = left[0]
    while wanted:
        wanted -= _shows(best)
        left.remove(best)
        yield best
        best = max(left, key=lambda case: len(wanted & _shows(case)), default=best)


def _handed_out(capabilities: Capabilities, plainest: Prompted) -> Iterator[Prompted]:
    """Other renditions that show or sound like the work, and the second of a batch. What leaves as a copy is another
    rule's matter.
    """
    service, media_type = plainest.service, plainest.media_type
    copies = [face for face in _copies(capabilities, service, media_type) if not is_export(face, media_type)]
    for case in with_faces(capabilities, plainest):
        if number_of(case.face) == _SECOND or case.face in copies:
            yield case


def _copies(capabilities: Capabilities, service: Service, media_type: str) -> list[str]:
    """The renditions that show or sound like the original: no small pictures, which represent it."""
    represents = is_small if not media_type.startswith("audio/") else lambda face: False
    return [face for face in renditions(capabilities, service) if not represents(face)]


def _shows(case: Prompted) -> set[tuple[str, Any]]:
    return {("", case.prompt), *case.options}


PICTURES = Kind("pictures of persons", Service.BIOMETRIC_IMAGE_VIDEO, ("image/",))
_VOICES = Kind("voices", Service.VOICE, ("audio/",))
FILMS = Kind("films of persons", Service.BIOMETRIC_IMAGE_VIDEO, ("video/",))
#: A virtual scene is judged by its start frame, captured as a picture, or by a film of it.
SCENES = Kind("virtual scenes", Service.DIGITAL_PERSON_SCENE, ("image/", "video/"))
_OTHER_PICTURES = Kind("pictures without persons", Service.NON_BIOMETRIC_IMAGE_VIDEO, ("image/",))
_OTHER_SOUNDS = Kind("sounds other than voices", Service.NON_VOICE_AUDIO, ("audio/",))


def perceived_check(kind: Kind, *rules: str) -> Callable[[Property[Prompted]], Property[Prompted]]:
    """Register a check of all content of one kind that a provider makes.

    What it sees in a rendition whose name does not say that it is a copy is put to a person.
    """
    register = check(
        rules=rules,
        behaviour=Behaviour.LABELING,
        level=Level.FULL,
        needs=(Operation.GENERATE,),
        applies=(makes_anything, kind.made),
        cases=kind.cases,
    )

    def registered(judge: Property[Prompted]) -> Property[Prompted]:
        return register(_of_renditions(judge))

    return registered


def _of_renditions(judge: Property[Prompted]) -> Property[Prompted]:
    @wraps(judge)
    def judged(probe: Probe, case: Prompted) -> None:
        try:
            judge(probe, case)
        except Violation as violation:
            if not case.face or case.face == EDITED or number_of(case.face) is not None:
                raise
            raise NeedsReview(
                f"{violation.seen} (rendition {case.face}); a person has to say whether that is the work itself",
                *violation.evidence,
            ) from None

    return judged


@perceived_check(PICTURES, "cn-dsp-2023/17.1.3", "cn-labeling-2025/4.1.3", "cn-labeling-2025/gb-5.2.a")
def picture_shows_label(probe: Probe, case: Prompted) -> None:
    """A generated image shows a label that names both AI (AI, 人工智能) and generation (生成, 合成)."""
    labels = labels_on(_made(probe, case))
    if not _shown(labels):
        _must_have_been_read(labels)
        raise Violation("the image shows no label with both elements", *_looked_for(labels))


@perceived_check(PICTURES, "cn-labeling-2025/gb-5.2.d")
def picture_label_stands_at_edge(probe: Probe, case: Prompted) -> None:
    """The label of an image is at an edge or in a corner."""
    labels = shown_labels(probe, case)
    if all(Deviation.NOT_AT_EDGE in label.deviations for label in labels):
        place = labels[0].fields.get("position", "")
        where = "in the middle of the picture" if place == "inside" else f"at the {place}"
        raise Violation(f"the label is {where}, expected at an edge or in a corner", *exhibits.seen(labels[0]))


@perceived_check(PICTURES, "cn-labeling-2025/gb-5.2.e")
def picture_label_is_high_enough(probe: Probe, case: Prompted) -> None:
    """The label's characters are at least 5 % as high as the shortest side of the image."""
    must_be_high_enough(shown_labels(probe, case), Deviation.TOO_SMALL, Deviation.SIZE_UNDECIDED)


@perceived_check(PICTURES, "cn-labeling-2025/gb-5.2.legible")
def picture_label_is_legible(probe: Probe, case: Prompted) -> None:
    """The label's characters contrast with their background."""
    labels = shown_labels(probe, case)
    if all(Deviation.LOW_CONTRAST in label.deviations for label in labels):
        raise Violation(Deviation.LOW_CONTRAST.sentence, *exhibits.seen(labels[0]))


@perceived_check(FILMS, "cn-dsp-2023/17.1.3", "cn-labeling-2025/4.1.4", "cn-labeling-2025/gb-5.4.a")
def film_shows_label(probe: Probe, case: Prompted) -> None:
    """A generated video shows a label that names both AI (AI, 人工智能) and generation (生成, 合成)."""
    labels = labels_on(_made(probe, case))
    if not _shown(labels):
        _must_have_been_read(labels)
        raise Violation("the video shows no label with both elements in its first seconds", *_looked_for(labels))


@perceived_check(FILMS, "cn-labeling-2025/gb-5.4.c")
def film_label_stands_in_start_frame(probe: Probe, case: Prompted) -> None:
    """The label of a video is visible in its opening frame."""
    labels = shown_labels(probe, case)
    if all(Deviation.NOT_IN_START_FRAME in label.deviations for label in labels):
        raise Violation(
            f"the label is first seen after {labels[0].fields.get('first_seen')} seconds", *exhibits.seen(labels[0])
        )


@perceived_check(FILMS, "cn-labeling-2025/gb-5.4.f")
def film_label_is_high_enough(probe: Probe, case: Prompted) -> None:
    """The label's characters are at least 5 % as high as the shortest side of the frame."""
    must_be_high_enough(shown_labels(probe, case), Deviation.VIDEO_TOO_SMALL, Deviation.VIDEO_SIZE_UNDECIDED)


@perceived_check(FILMS, "cn-labeling-2025/gb-5.4.g")
def film_label_stays_two_seconds(probe: Probe, case: Prompted) -> None:
    """The label of a video stays visible for at least two seconds."""
    labels = shown_labels(probe, case)
    if all(Deviation.TOO_SHORT in label.deviations for label in labels):
        raise Violation(
            f"the label is shown for {labels[0].fields.get('shown_seconds')} seconds", *exhibits.seen(labels[0])
        )


@perceived_check(SCENES, "cn-dsp-2023/17.1.4", "cn-labeling-2025/4.1.5", "cn-labeling-2025/gb-5.5.c")
def scene_shows_label(probe: Probe, case: Prompted) -> None:
    """The opening frame of a virtual scene shows a label that names both AI and generation."""
    labels = labels_on(_made(probe, case))
    if not _shown(labels):
        _must_have_been_read(labels)
        raise Violation("the opening frame shows no label with both elements", *_looked_for(labels))


@perceived_check(_OTHER_PICTURES, "cn-dsp-2023/17.2")
def mark_function_works(probe: Probe, case: Prompted) -> None:
    """A user who asks for a label on an image that needs none gets one."""
    _can_ask_for_a_mark(probe, case)
    labels = labels_on(_made(probe, case))
    if not _shown(labels):
        _must_have_been_read(labels)
        raise Violation("a label was requested, but the image shows none", *_looked_for(labels))


@perceived_check(_OTHER_SOUNDS, "cn-dsp-2023/17.1.5", "cn-labeling-2025/4.1.6")
def other_sound_is_labelled(probe: Probe, case: Prompted) -> None:
    """Generated audio other than speech carries the short-long-short-short rhythm or a spoken notice."""
    _must_sound(probe, case, speech=False)


@perceived_check(
    _VOICES,
    "cn-dsp-2023/17.1.2",
    "cn-labeling-2025/4.1.2",
    "cn-labeling-2025/gb-5.3.a",
    "cn-labeling-2025/gb-5.3.c",
    "cn-labeling-2025/gb-5.3.d",
    "cn-labeling-2025/gb-5.3.f",
)
def voice_output_sounds_label(probe: Probe, case: Prompted) -> None:
    """Generated speech carries the short-long-short-short rhythm or a spoken notice."""
    _must_sound(probe, case, speech=True)


def _can_ask_for_a_mark(probe: Probe, case: Prompted) -> None:
    """Raise :class:`Undecided` where the binding never asks for a mark."""
    request = GenerationRequest(case.service, case.media_type, case.prompt)
    probe.must_differ(
        lambda provider: provider.generate(None, request),
        lambda provider: provider.generate(None, replace(request, labelled=False)),
        "whether a mark is requested",
        write="`{{ request.labelled }}` under operations.generate",
    )


def _exported(capabilities: Capabilities) -> Iterator[Prompted]:
    """What people can perceive a label in, by each rendition in which a copy leaves the provider."""
    for kind in (PICTURES, FILMS, SCENES, _VOICES, _OTHER_SOUNDS):
        for case in kind.cases(capabilities):
            if case.prompt != PROMPTS[0] or case.face:
                continue
            for face in _copies(capabilities, case.service, case.media_type):
                if not is_export(face, case.media_type):
                    continue
                yield replace(case, facet=f"{case.media_type} by {face}", face=face)


def _exports_files(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that hands out copies of pictures, films and sounds."""
    if any(_exported(capabilities)):
        return None
    return Absent("no picture, film or sound can be downloaded, copied or exported", elsewhere=True)


@check(
    rules=("cn-labeling-2025/4.2",),
    behaviour=Behaviour.LABELING,
    level=Level.FULL,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, _exports_files),
    cases=_exported,
)
def exported_file_shows_label(probe: Probe, case: Prompted) -> None:
    """A downloaded, copied or exported picture, film or sound keeps the label that people perceive."""
    original = labels_on(_made(probe, replace(case, face="")))
    if not original.explicit:
        raise NotJudged("no label is perceived in the original that a copy could keep")
    copy = labels_on(_made(probe, case))
    if copy.explicit:
        return
    _must_have_been_read(copy)
    raise Violation(f"the original is labelled, and the file by {case.face} is not", *_looked_for(copy))


def _must_sound(probe: Probe, case: Prompted, *, speech: bool) -> None:
    """A rhythm that is recognised is the prescribed one, clear, and at the start, the end or in the middle.

    In speech, four tones in another order are a label in the wrong order. Music may have them. A service that labels
    the plainest sound by a rhythm does not say it in words in another one.
    """
    labels = labels_on(_made(probe, case))
    conformant = [label for label in labels.explicit if label.conformant]
    if _sounds_clearly(labels):
        return
    _must_have_been_read(labels)
    if conformant:
        raise NeedsReview(
            "the rhythm sounds over the content; a person has to say whether that is a suitable position in its middle",
            *exhibits.seen(conformant[0]),
        )
    rhythms = [label for label in labels.explicit if label.scheme == "rhythm"]
    for label in rhythms:
        if Deviation.WRONG_RHYTHM not in label.deviations:
            raise Violation(Deviation.TOO_QUIET.sentence, *exhibits.seen(label))
        if speech:
            raise Violation(f"the rhythm is {label.raw}, expected ·– ··", *exhibits.seen(label))
    if rhythms:
        raise NeedsReview(
            f"four tones are heard as {rhythms[0].raw}, not as ·– ··; a person has to listen for another notice",
            *exhibits.seen(rhythms[0]),
        )
    plainest = replace(case, prompt=PROMPTS[0], face="", options=())
    if case != plainest and _sounds_clearly(labels_on(_made(probe, plainest))):
        raise Violation("the plainest sound carries the rhythm, and this one does not", *_looked_for(labels))
    raise NeedsReview("no rhythm was found; a person has to listen for a spoken notice", *_looked_for(labels))


def _sounds_clearly(labels: Labels) -> bool:
    """Whether a label is heard that the content is not mixed with, which hides it from recognition now and then."""
    return any(label.conformant and Deviation.OVER_THE_CONTENT not in label.deviations for label in labels.explicit)


def must_be_high_enough(labels: list[Label], too_small: Deviation, undecided: Deviation) -> None:
    """Judge the height of labels: too low is a violation, too near the limit is left to a person."""
    if not all({too_small, undecided} & set(label.deviations) for label in labels):
        return
    near = [label for label in labels if undecided in label.deviations]
    measured = (near or labels)[0]
    ink = measured.fields.get("ink_height")
    height = (
        f"the label measures {100 * float(ink):.1f} % of the shortest side"
        if ink
        else "the label's letters are not clearly separated"
    )
    if near:
        raise NeedsReview(f"{height}, too close to 5 % for this measurement", *exhibits.seen(measured))
    raise Violation(height, *exhibits.seen(measured))


def _made(probe: Probe, case: Prompted) -> Media:
    return media_on_face(probe, case)


def shown_labels(probe: Probe, case: Prompted) -> list[Label]:
    """The complete labels that something generated shows. Raises :class:`NotJudged` where there is none."""
    labels = labels_on(_made(probe, case))
    shown = _shown(labels)
    if not shown:
        _must_have_been_read(labels)
        raise NotJudged("no label is shown that could be measured")
    return shown


def _shown(labels: Labels) -> list[Label]:
    incomplete = {Deviation.GENERATION_ELEMENT_MISSING, Deviation.AI_ELEMENT_MISSING}
    # A rhythm in the sound track of a film is heard, not shown.
    return [label for label in labels.explicit if label.scheme != "rhythm" and not incomplete & set(label.deviations)]


def _must_have_been_read(labels: Labels) -> None:
    if labels.refused:
        raise Undecided(f"not read: {labels.refused[0].what}: {labels.refused[0].why}", lasting=True)


def _looked_for(labels: Labels) -> list[Evidence]:
    """What was looked at, or the labels in it that lack an element."""
    return [each for label in labels.explicit[:2] for each in exhibits.seen(label)] or exhibits.unlabelled(labels)
