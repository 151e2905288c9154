"""One prompt for one medium: the case that most checks of labels judge, and reading what was made of it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shenhe.labels import Deviation, Label, Labels, read_labels, read_text_labels
from shenhe.rulebook import Service

from ..engine.cases.covering import covering
from ..entities import Media
from ..provider import Capabilities
from ..report import Evidence
from .outcome import Case, Undecided
from .requests import ONE_OF_EACH_CLASS, PROMPTS, input_class, prompts
from .scope import files

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


#: The strength at which every two values meet; below it, every value occurs in some case.
PAIRS = 2
EDITED = "edited"
"""What an edit makes of a file that the account uploaded."""


@dataclass(frozen=True)
class Prompted(Case):
    """One prompt for one medium. ``face`` is how the result is fetched, if not from the response (:mod:`.faces`)."""

    service: Service
    media_type: str
    prompt: str
    face: str = field(default="", kw_only=True)
    #: Choices among the options of the service; what is not chosen is the default.
    options: tuple[tuple[str, Any], ...] = field(default=(), kw_only=True)

    def __str__(self) -> str:
        shown = self.prompt if len(self.prompt) <= 120 else f"{self.prompt[:100]}… ({len(self.prompt)} characters)"
        face = f" {self.face}" if self.face else ""
        chosen = "".join(f", {name} {value}" for name, value in self.options)
        return f"{self.facet}{face}, prompt {shown!r}{chosen}"

    def combination(self) -> dict[str, str]:
        chosen = {f"option {name}": str(value) for name, value in self.options}
        channel = self.face or "response"
        return {"channel": channel, "format": self.media_type, "input": input_class(self.prompt), **chosen}


def file_prompts(capabilities: Capabilities, service: Service, media_type: str) -> tuple[str, ...]:
    """The prompts that one medium is judged by: the plain one, and kinds that no other medium is requested for as long
    as there are enough of them. All checks of a medium share what is made of them.

    Two kinds, or, where each value need only occur somewhere, as many as it takes to spread every class of input over
    the media.
    """
    among = files(capabilities)
    number = among.index((service, media_type))
    if capabilities.strength < PAIRS:
        spread = -(-len(ONE_OF_EACH_CLASS) // len(among))
        if spread == 1:
            return PROMPTS[0], ONE_OF_EACH_CLASS[number % len(ONE_OF_EACH_CLASS)]
    others = PROMPTS[1:]
    return PROMPTS[0], others[2 * number % len(others)], others[(2 * number + 1) % len(others)]


def crossed(
    capabilities: Capabilities, service: Service, media_type: str, prompts: Sequence[str]
) -> Iterator[Prompted]:
    """Each prompt for one medium, with the options of the service so chosen that every pair of choices occurs."""
    options = capabilities.options.get(service, {})
    for row in covering({"": prompts, **options}, capabilities.strength):
        prompt = str(row.pop(""))
        chosen = tuple((name, value) for name, value in row.items() if value != options[name][0])
        yield Prompted(media_type, service, media_type, prompt, options=chosen)


def crossed_with_faces(
    capabilities: Capabilities, service: Service, media_type: str, prompts: Sequence[str], faces: Sequence[str]
) -> Iterator[Prompted]:
    """The same, with every face of the result: as many values are combined as the run asks for."""
    options = capabilities.options.get(service, {})
    for row in covering({"": prompts, "face": ("", *faces), **options}, capabilities.strength):
        prompt, face = str(row.pop("")), str(row.pop("face"))
        chosen = tuple((name, value) for name, value in row.items() if value != options[name][0])
        if face and face != EDITED:
            yield Prompted(media_type, service, media_type, prompt, face=face, options=chosen)


def drawn(among: list[tuple[Service, str]]) -> SearchStrategy[Prompted]:
    from hypothesis import strategies as st

    return st.tuples(st.sampled_from(among), prompts()).map(
        lambda drawn: Prompted(drawn[0][1], drawn[0][0], drawn[0][1], drawn[1])
    )


# --- reading -------------------------------------------------------------------------------------------------


def decoded(made: Media) -> str:
    charset = re.search(r"charset=\"?([\w-]+)", made.media_type)
    try:
        return made.data.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        return made.data.decode("utf-8", "replace")


def labels_of_its_own(text: str, prompt: str) -> list[Label]:
    """The labels of a text or page that name both elements, and do not come from the prompt that it repeats."""
    if read_text_labels(prompt):
        text = text.replace(prompt, "", 1)
    if _PAGE.search(text):
        explicit = read_labels(text.encode(), media_type="text/html").explicit
        labels = [label for label in explicit if label.scheme == "text"]
    else:
        labels = list(read_text_labels(text))
    incomplete = {Deviation.GENERATION_ELEMENT_MISSING, Deviation.AI_ELEMENT_MISSING}
    return [
        label for label in labels if label.carrier.endswith("text:corner") or not incomplete & set(label.deviations)
    ]


def words_on_page(page: str) -> str:
    """What a reader sees of a page: its text without tags and character references."""
    return html.unescape(_TAG.sub("\n", page)) if _PAGE.search(page) else page


#: A tag of pages. A text that only quotes one is read as a page too: its labels are seen there as well.
_PAGE = re.compile(r"<(?:!doctype html|html|head|body|main|article|section|div|p|h[1-6]|li|title)\b[^<>]{0,400}>", re.I)
_TAG = re.compile(r"<[a-zA-Z!/][^<>]{0,2000}>")


def refuse_to_guess(labels: Labels) -> None:
    if labels.refused:
        refusal = labels.refused[0]
        raise Undecided(f"the file could not be read to its end: {refusal.what}: {refusal.why}")


def excerpt(text: str) -> Evidence:
    shown = text if len(text) <= 800 else f"{text[:400]}\n[…]\n{text[-400:]}"
    return Evidence(title="The text", data=shown)
