"""Disclosure in dialogues, interfaces and scenes, judged by what was exchanged and shown, not only by a
file.

GB 45438-2025 asks dialogue for a label in a turn or a notice that stays on show (5.1, 5.6), and a virtual
scene for one in its start frame (5.5); several American states ask companions to disclose at the start and
again every few hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..meaning.passages import read_text_labels
from ..model import Label, Labels, Limits
from ..read import read_labels

Outcome = Literal["disclosed", "not disclosed", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the provider: its text, and seconds since the dialogue began where they are known."""

    text: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Whether people were informed, by which labels, and the reason for the conclusion."""

    outcome: Outcome
    labels: tuple[Label, ...]
    reason: str


def disclosure_in_dialogue(
    turns: Sequence[Turn], *, notice: str | None = None, every_seconds: float | None = None
) -> Disclosure:
    """Whether a dialogue informs people that they talk to a machine.

    ``notice`` is text the interface keeps on show; a conforming one suffices for every turn. Without it the
    first turn has to carry a label and, with ``every_seconds``, a later one at least that often. Turns
    without times leave the repetition inconclusive. No turns at all disclose nothing and are inconclusive.
    """
    kept = tuple(label for label in read_text_labels(notice or "") if label.conformant)
    if kept:
        return Disclosure("disclosed", kept, "a notice that stays on show says it")
    if not turns:
        return Disclosure("inconclusive", (), "there was no turn to judge")
    found = [tuple(x for x in read_text_labels(turn.text) if x.conformant) for turn in turns]
    labels = tuple(label for each in found for label in each)
    if not found[0]:
        return Disclosure("not disclosed", labels, "neither a notice on show nor the first turn says it")
    if every_seconds is None:
        return Disclosure("disclosed", labels, "the first turn says it")
    times = [turn.at for turn in turns]
    if any(time is None for time in times):
        return Disclosure("inconclusive", labels, "the turns have no times, so the repetition cannot be judged")
    last_notice: float | None = None
    for turn, each in zip(turns, found, strict=True):
        if turn.at is None:
            continue
        if last_notice is not None and turn.at - last_notice > every_seconds and not each:
            why = f"at {turn.at:g} s there had been no notice for more than {every_seconds:g} s"
            return Disclosure("not disclosed", labels, why)
        last_notice = turn.at if each else last_notice
    return Disclosure("disclosed", labels, f"the first turn says it, and at least every {every_seconds:g} s again")


def disclosure_in_scene(
    start_frame: bytes | None, *, media_type: str | None = None, limits: Limits | None = None
) -> Disclosure:
    """Whether the start frame of a virtual scene or digital person shows a label (5.5); inconclusive where
    none was captured.
    """
    if start_frame is None:
        return Disclosure("inconclusive", (), "the provider serves no start frame")
    reading: Labels = read_labels(start_frame, media_type=media_type, limits=limits, depth="all")
    seen = tuple(label for label in reading.explicit if label.scheme == "visible")
    if any(label.conformant for label in seen):
        return Disclosure("disclosed", seen, "the start frame shows it")
    if reading.refused or any(label.undecided for label in seen):
        return Disclosure(
            "inconclusive", seen, "; ".join(r.why for r in reading.refused) or "too near the limit to decide"
        )
    return Disclosure("not disclosed", seen, "the start frame shows no conforming label")
