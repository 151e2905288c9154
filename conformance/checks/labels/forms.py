"""Form of the labels of films and virtual scenes (GB 45438-2025, cl. 5.4 and 5.5), and perceptible labels abroad."""

from __future__ import annotations

from shenhe.labels import Deviation, Label

from ...engine.probing.probe import Probe
from ...evidence import exhibits
from ..outcome import NeedsReview, NotJudged, Violation
from ..prompted import Prompted
from .perceived import FILMS, PICTURES, SCENES, must_be_high_enough, perceived_check, shown_labels

#: The contrast ratio below which the characters of a label in a picture do not stand out.
_LOW_CONTRAST = 1.5


@perceived_check(FILMS, "cn-labeling-2025/gb-5.4.d")
def film_label_is_at_the_edge(probe: Probe, case: Prompted) -> None:
    """The label of a video is at an edge or in a corner of the picture."""
    _must_be_at_the_edge(shown_labels(probe, case))


@perceived_check(FILMS, "cn-labeling-2025/gb-5.4.e")
def film_label_is_legible(probe: Probe, case: Prompted) -> None:
    """The characters of a video's label contrast with their background."""
    _must_contrast(shown_labels(probe, case))


@perceived_check(SCENES, "cn-labeling-2025/gb-5.5.d")
def scene_label_is_at_the_edge(probe: Probe, case: Prompted) -> None:
    """The label of a virtual scene is at an edge or in a corner of its start frame."""
    _must_be_at_the_edge(shown_labels(probe, case))


@perceived_check(SCENES, "cn-labeling-2025/gb-5.5.e")
def scene_label_is_legible(probe: Probe, case: Prompted) -> None:
    """The characters of a virtual scene's label contrast with their background."""
    _must_contrast(shown_labels(probe, case))


@perceived_check(SCENES, "cn-labeling-2025/gb-5.5.f")
def scene_label_is_high_enough(probe: Probe, case: Prompted) -> None:
    """The label's characters are at least 5 % as high as the shortest side of the start frame."""
    labels = [label for label in shown_labels(probe, case) if Deviation.LOW_CONTRAST not in label.deviations]
    if not labels:
        raise NotJudged("the label is too faint to be measured")
    if case.media_type.startswith("video/"):
        must_be_high_enough(labels, Deviation.VIDEO_TOO_SMALL, Deviation.VIDEO_SIZE_UNDECIDED)
    else:
        must_be_high_enough(labels, Deviation.TOO_SMALL, Deviation.SIZE_UNDECIDED)


@perceived_check(PICTURES, "in-2026/label", "kr-2026/31.3", "vn-2026/11.3")
def realistic_picture_says_what_it_is(probe: Probe, case: Prompted) -> None:
    """A realistic picture shows people that AI made it. Words in a language that is not read are left to a person."""
    try:
        shown_labels(probe, case)
    except NotJudged:
        reason = "no label in English or Chinese is read in the picture; one in another language has to be looked at"
        raise NeedsReview(reason) from None


def _must_be_at_the_edge(labels: list[Label]) -> None:
    if all(label.fields.get("position") == "inside" for label in labels):
        raise Violation("the label is neither at an edge nor in a corner", *exhibits.seen(labels[0]))


def _must_contrast(labels: list[Label]) -> None:
    if all(float(label.fields.get("contrast") or 0.0) < _LOW_CONTRAST for label in labels):
        raise Violation(Deviation.LOW_CONTRAST.sentence, *exhibits.seen(labels[0]))
