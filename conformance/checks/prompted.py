"""One prompt for one medium: the case that most checks of labels judge, and reading what was made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shenhe.labels import Deviation, Label, Labels, read_labels, read_text_labels
from shenhe.rulebook import Service

from ..engine.probing.probe import Probe
from ..entities import Media
from ..report import Evidence
from .outcome import Case, Undecided
from .requests import prompts

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class Prompted(Case):
    """One prompt for one medium."""

    service: Service
    media_type: str
    prompt: str

    def __str__(self) -> str:
        shown = self.prompt if len(self.prompt) <= 120 else f"{self.prompt[:100]}… ({len(self.prompt)} characters)"
        return f"{self.facet}, prompt {shown!r}"


def drawn(among: list[tuple[Service, str]]) -> SearchStrategy[Prompted]:
    from hypothesis import strategies as st

    return st.tuples(st.sampled_from(among), prompts()).map(
        lambda drawn: Prompted(drawn[0][1], drawn[0][0], drawn[0][1], drawn[1])
    )


# --- reading -------------------------------------------------------------------------------------------------


def generated_text(probe: Probe, case: Prompted) -> str:
    _, made = probe.generated(case.service, case.media_type, case.prompt)
    return decoded(made)


def decoded(made: Media) -> str:
    charset = re.search(r"charset=\"?([\w-]+)", made.media_type)
    try:
        return made.data.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        return made.data.decode("utf-8", "replace")


def labels_of_its_own(text: str, prompt: str) -> list[Label]:
    """The labels of a text that name both elements, and do not come from the prompt that the text repeats."""
    if read_text_labels(prompt):
        text = text.replace(prompt, "", 1)
    incomplete = {Deviation.GENERATION_ELEMENT_MISSING, Deviation.AI_ELEMENT_MISSING}
    return [
        label
        for label in read_text_labels(text)
        if label.carrier == "text:corner" or not incomplete & set(label.deviations)
    ]


def generated_file(probe: Probe, case: Prompted) -> tuple[Media, Labels]:
    _, made = probe.generated(case.service, case.media_type, case.prompt)
    return made, read_labels(made.data, media_type=made.media_type)


def refuse_to_guess(labels: Labels) -> None:
    if labels.refused:
        refusal = labels.refused[0]
        raise Undecided(f"the file could not be read to its end: {refusal.what}: {refusal.why}")


def excerpt(text: str) -> Evidence:
    shown = text if len(text) <= 800 else f"{text[:400]}\n[…]\n{text[-400:]}"
    return Evidence(title="The text", data=shown)
