"""The label of a text: what it says, and where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from shenhe.labels import Deviation, Label
from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, GenerationRequest
from ...provider import Capabilities, Operation, Refused
from ...verdict import Level
from ..faces import generated_text, publication_of
from ..outcome import NotJudged, Violation
from ..prompted import Prompted, crossed, decoded, drawn, excerpt, labels_of_its_own, words_on_page
from ..registry import check
from ..requests import PROMPTS
from ..scope import labels_texts_themselves, makes_anything, makes_text, publishes, texts
from .exposure import LONG_TALK, converses, sends_turns

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def _text_cases(capabilities: Capabilities) -> Iterator[Prompted]:
    for service, media_type in texts(capabilities):
        yield from crossed(capabilities, service, media_type, PROMPTS)


def _drawn_texts(capabilities: Capabilities) -> SearchStrategy[Prompted]:
    return drawn(texts(capabilities))


@check(
    rules=("cn-dsp-2023/17.1.1", "cn-labeling-2025/4.1.1", "cn-labeling-2025/gb-5.1.b"),
    behaviour=Behaviour.LABELING,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, makes_text),
    cases=_text_cases,
    strategy=_drawn_texts,
    shares=True,
)
def text_output_is_labelled(probe: Probe, case: Prompted) -> None:
    """Generated text, or the interface around it, carries a label that names both AI (AI, 人工智能) and generation
    (生成, 合成).
    """
    if probe.capabilities.text_labels == "interface":
        _interface_is_labelled(probe, case)
        return
    text = generated_text(probe, case)
    if not labels_of_its_own(text, case.prompt):
        raise Violation("the text carries no label with both elements", excerpt(text))


@check(
    rules=("cn-labeling-2025/4.1.1", "cn-dsp-2023/17.1.1"),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, makes_text, labels_texts_themselves, converses),
    cases=lambda capabilities: [
        Prompted(media_type, service, media_type, PROMPTS[0]) for service, media_type in texts(capabilities)[:1]
    ],
)
def later_answers_are_labelled(probe: Probe, case: Prompted) -> None:
    """The text of an answer late in a long conversation carries a label where the first one does."""
    account = probe.account()
    first = GenerationRequest(case.service, case.media_type, case.prompt, dialogue=True)
    request = replace(first, turns=LONG_TALK)
    sends_turns(probe, request)
    if not _text_and_labels(probe, account, first)[1]:
        return  # the interface around a dialogue carries its label
    text, labels = _text_and_labels(probe, account, request)
    if not labels:
        raise Violation(f"the answer after {len(LONG_TALK)} turns carries no label with both elements", excerpt(text))


def _text_and_labels(probe: Probe, account: Account, request: GenerationRequest) -> tuple[str, list[Label]]:
    answer = probe.attempt(probe.provider.generate, account, request)
    if isinstance(answer, Refused):
        raise NotJudged(f"the provider declined to answer: {answer.status} {answer.reason}")
    text = decoded(probe.bytes_of(account, answer.value))
    return text, labels_of_its_own(text, " ".join((*request.turns, request.prompt)))


def _interface_is_labelled(probe: Probe, case: Prompted) -> None:
    """What the answer says beside the text, which the binding declares to be the interface."""
    answer = probe.attempt(
        probe.provider.generate, probe.account(), GenerationRequest(case.service, case.media_type, case.prompt)
    )
    if isinstance(answer, Refused):
        raise NotJudged(f"the provider declined the prompt: {answer.status} {answer.reason}")
    if not labels_of_its_own(answer.notice, ""):
        facets = {"service": case.service.value, "media_type": case.media_type}
        probe.must_read(Operation.GENERATE, "notice", "the interface around a text", **facets)
        raise Violation("the notice beside the text is no label with both elements", excerpt(answer.notice))


@check(
    rules=("cn-labeling-2025/4.1.1",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.VIEW),
    applies=(makes_anything, makes_text, publishes),
    cases=lambda capabilities: [
        Prompted(media_type, service, media_type, PROMPTS[0], face=surface)
        for service, media_type in texts(capabilities)
        for surface in capabilities.surfaces_of.get(service, capabilities.surfaces)
        if capabilities.reads(Operation.VIEW, "text", surface=surface)
    ],
)
def published_text_is_labelled(probe: Probe, case: Prompted) -> None:
    """Where a generated text is published, the text or the page around it says that AI generated it."""
    answer = probe.attempt(probe.provider.view, None, publication_of(probe, case), case.face)
    if isinstance(answer, Refused):
        raise NotJudged(f"the text does not appear on the surface {case.face}: {answer.status} {answer.reason}")
    page, notices = answer.value.text, answer.value.notices
    text = generated_text(probe, replace(case, face=""))
    if not page or not _is_shown(text, words_on_page(page)):
        raise NotJudged(f"the surface {case.face} does not show the whole text")
    if not any(labels_of_its_own(words, case.prompt) for words in (page, *notices)):
        probe.must_read(Operation.VIEW, "notices", "the notice next to a publication", surface=case.face)
        seen = f"the surface {case.face} shows the text, and nothing says that AI generated it"
        raise Violation(seen, excerpt("\n".join((page, *notices))))


def _is_shown(text: str, on_page: str) -> bool:
    """Whether a page shows a text to its end, whatever surrounds it; its label may be missing there."""
    for label in labels_of_its_own(text, ""):
        text = text.replace(label.raw, "")
    words, page = "".join(text.split()), "".join(on_page.split())
    middle = words[len(words) // 4 : -len(words) // 4]
    return bool(middle) and middle in page


@check(
    rules=("cn-labeling-2025/gb-5.1.position",),
    behaviour=Behaviour.LABELING,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, makes_text, labels_texts_themselves),
    cases=_text_cases,
    strategy=_drawn_texts,
    shares=True,
)
def text_label_stands_in_place(probe: Probe, case: Prompted) -> None:
    """The label of a text is legible at its start, in its middle or at its end."""
    text = generated_text(probe, case)
    labels = labels_of_its_own(text, case.prompt)
    if not labels:
        raise NotJudged("the text carries no label whose place could be judged")
    hidden = {Deviation.HIDDEN_CHARACTERS, Deviation.REORDERED}
    if all(hidden & set(label.deviations) for label in labels):
        raise Violation(
            f"the only label is broken up by invisible characters: {ascii(labels[0].raw)[:120]}",
            excerpt(text),
        )
    places = {"start", "middle", "end"}
    if not any(label.fields.get("position") in places for label in labels):
        place = labels[0].fields.get("position")
        raise Violation(f"the label is at {place!r}, expected at the start, in the middle or at the end", excerpt(text))
