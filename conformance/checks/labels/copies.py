"""Copies: those that are taken away keep the label, and those without label are given on conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shenhe.labels import Deviation, read_labels
from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Content, GenerationRequest, Media
from ...evidence import exhibits
from ...provider import Capabilities, Operation, Refused
from ...verdict import Level
from ..faces import labels_on, rendition_of, renditions
from ..outcome import NeedsReview, NotJudged, RequestRefused, Undecided, Violation
from ..prompted import Prompted, decoded, excerpt, labels_of_its_own, refuse_to_guess
from ..registry import check
from ..requests import PLAIN, PROMPTS, prompts
from ..scope import (
    exports_text,
    files,
    gives_unlabelled_copies,
    gives_unlabelled_rendition,
    is_export,
    is_text,
    makes_anything,
    makes_files,
    media,
    texts,
)

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


#: Prompts whose answers are exported: a plain one, one that asks for no label, one that asks for several things.
_EXPORTED = (PROMPTS[0], PROMPTS[2], PROMPTS[-3])


#: The rendition of a copy without an explicit label.
UNLABELLED = "unlabelled"

#: What to change where a lawful provider refuses every copy without an explicit label: the duties of Article 9 begin
#: with the first such copy. The refusal itself cannot show it: an agreement sent in the wrong field is refused too.
NEVER_UNLABELLED = (
    "If the target never delivers a copy without an explicit label, remove `{{ request.agreed }}` from"
    " operations.generate"
)


@dataclass(frozen=True)
class Exported(Prompted):
    """One prompt, and the rendition in which the result is fetched."""

    rendition: str

    def combination(self) -> dict[str, str]:
        return {**super().combination(), "channel": self.rendition}


# --- taken away ----------------------------------------------------------------------------------------------


@check(
    rules=("cn-labeling-2025/4.2",),
    behaviour=Behaviour.LABELING,
    needs=(Operation.GENERATE, Operation.FETCH),
    applies=(makes_anything, exports_text),
    cases=lambda capabilities: [
        Exported(f"{media_type} by {rendition}", service, media_type, prompt, rendition)
        for service, media_type in texts(capabilities)
        for rendition in renditions(capabilities, service)
        if is_export(rendition, media_type)
        for prompt in _EXPORTED
    ],
    strategy=lambda capabilities: _drawn_exports(capabilities),
    shares=True,
)
def exported_copy_keeps_label(probe: Probe, case: Exported) -> None:
    """A downloaded, copied or exported file keeps its label, in the file or in the interface around it."""
    _, original = probe.generated(case.service, case.media_type, case.prompt)
    if probe.capabilities.text_labels == "content" and not labels_of_its_own(decoded(original), case.prompt):
        raise NotJudged("the original carries no label that a copy could keep")
    copy = probe.declared(f"the rendition {case.rendition}", rendition_of(probe, case, case.rendition))
    if not _is_read_as_text(copy):
        if not labels_on(copy).explicit:
            raise NeedsReview(
                f"no label is recognised in the copy obtained by {case.rendition}, of type {copy.media_type}: a"
                " person has to open it"
            )
        return
    text = _readable(decoded(copy), copy.media_type)
    if not labels_of_its_own(text, case.prompt):
        raise Violation(f"the original is labelled, but the copy obtained by {case.rendition} is not", excerpt(text))


def _is_read_as_text(copy: Media) -> bool:
    """Whether a copy is words as they are. A PDF or a document of a word processor is not."""
    named = copy.media_type.partition(";")[0].strip()
    return is_text(named) or named.endswith(("json", "xml"))


def _readable(text: str, media_type: str) -> str:
    """What a reader of a copy sees: without comments of HTML and Markdown, and the strings of JSON as they are."""
    if "json" in media_type:
        with suppress(ValueError, RecursionError):
            return "\n".join(_strings(json.loads(text)))
    return _without_comments(text) if "html" in media_type or "markdown" in media_type else text


def _without_comments(text: str) -> str:
    """A page without ``<!-- … -->``; what a comment without end hides is hidden, too."""
    parts, begin = [], 0
    while (start := text.find("<!--", begin)) >= 0:
        parts.append(text[begin:start])
        end = text.find("-->", start)
        if end < 0:
            return "".join(parts)
        begin = end + len("-->")
    return "".join((*parts, text[begin:]))


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _strings(each)
        case list():
            for each in value:
                yield from _strings(each)


def _drawn_exports(capabilities: Capabilities) -> SearchStrategy[Exported]:
    from hypothesis import strategies as st

    among = [
        (service, media_type, rendition)
        for service, media_type in texts(capabilities)
        for rendition in renditions(capabilities, service)
        if is_export(rendition, media_type)
    ]
    return st.tuples(st.sampled_from(among), prompts()).map(
        lambda drawn: Exported(f"{drawn[0][1]} by {drawn[0][2]}", drawn[0][0], drawn[0][1], drawn[1], drawn[0][2])
    )


# --- without explicit label ----------------------------------------------------------------------------------


def _unlabelled_cases(capabilities: Capabilities) -> Iterator[Prompted]:
    for service, media_type in media(capabilities):
        yield Prompted(media_type, service, media_type, PLAIN)


@check(
    rules=("cn-labeling-2025/9.1",),
    behaviour=Behaviour.LABELING,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, gives_unlabelled_copies),
    cases=_unlabelled_cases,
    pays=True,
)
def unlabelled_copy_needs_agreement(probe: Probe, case: Prompted) -> None:
    """Only a user who agreed to the labeling duties gets a copy without an explicit label."""
    # An agreement may last: only a fresh account has surely agreed to nothing.
    account = probe.once("an account that agreed to nothing", probe.fresh_account)
    asked = GenerationRequest(case.service, case.media_type, case.prompt, labelled=False, agreed=False)
    must_express_unlabelled(probe, account, asked)
    # The agreement of another account opens nothing to this one. Where even that is refused, the question remains.
    agreed = probe.account()
    if agreed != account:
        with suppress(Undecided):
            probe.once("an agreement of another account", lambda: _agreed_copy(probe, agreed, asked))
    answer = probe.attempt(probe.provider.generate, account, asked)
    if isinstance(answer, Refused):
        twin = agreed if agreed != account else probe.fresh_account()
        probe.controlled("unlabelled", answer, lambda: _agreed_copy(probe, twin, asked))
        return
    copy = probe.bytes_of(account, answer.value)
    if not is_text(case.media_type):
        if carries_label(copy, case.prompt):
            probe.counts.controls += 1
            return
        _, labelled = probe.generated(case.service, case.media_type, case.prompt)
        if carries_label(labelled, case.prompt):
            raise Violation(
                f"a {case.media_type} file without the label of others was delivered without an agreement",
                *exhibits.unlabelled(labels_on(copy)),
            )
        raise NeedsReview(
            f"the provider answered with a {case.media_type} file; a person has to check whether it shows a label"
        )
    text = decoded(copy)
    if not labels_of_its_own(text, case.prompt):
        if agreed != account:
            # An agreement may last: where both accounts are one to the provider, this one may have agreed.
            probe.must_send_account(Operation.GENERATE, account, agreed, asked)
        raise Violation("a text without a label was delivered without an agreement", excerpt(text))


@check(
    rules=("cn-labeling-2025/9.3",),
    behaviour=Behaviour.LABELING,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, makes_files, gives_unlabelled_copies),
    cases=lambda capabilities: [case for case in _unlabelled_cases(capabilities) if not is_text(case.media_type)],
    pays=True,
)
def unlabelled_copy_keeps_implicit_label(probe: Probe, case: Prompted) -> None:
    """A copy without an explicit label keeps the AIGC field in its metadata."""
    labelled = GenerationRequest(case.service, case.media_type, case.prompt)
    account = probe.account()
    must_express_unlabelled(probe, account, replace(labelled, labelled=False, agreed=True))
    _, original = probe.generated(case.service, case.media_type, case.prompt)
    if not read_labels(original.data, media_type=original.media_type).aigc:
        raise NotJudged("the labelled file holds no AIGC field that a copy could keep")
    copy = _agreed_copy(probe, account, replace(labelled, labelled=False))
    labels = read_labels(copy.data, media_type=copy.media_type)
    if not labels.aigc:
        refuse_to_guess(labels)
        raise Violation("the copy without explicit label has lost its AIGC field too", *exhibits.carriers(labels, copy))


def carries_label(made: Media, prompt: str) -> bool:
    """Whether a text, picture, film or sound carries an explicit label that is recognised."""
    if is_text(made.media_type):
        return bool(labels_of_its_own(decoded(made), prompt))
    incomplete = {Deviation.GENERATION_ELEMENT_MISSING, Deviation.AI_ELEMENT_MISSING}
    return any(not incomplete & set(label.deviations) for label in labels_on(made).explicit)


def _agreed_copy(probe: Probe, account: Account, asked: GenerationRequest) -> Media:
    """The copy that is handed out once the account agrees; each is paid for once per run."""
    request = replace(asked, agreed=True)
    return probe.once(("an agreed copy", request), lambda: _agreed(probe, account, request)[1])


def _agreed(probe: Probe, account: Account, request: GenerationRequest) -> tuple[Content, Media]:
    content = made_under_agreement(probe, account, request)
    return content, probe.bytes_of(account, content)


def made_under_agreement(probe: Probe, account: Account, request: GenerationRequest) -> Content:
    """The control of Article 9: a copy without a label, requested by an account that agrees to the duties."""
    try:
        return probe.control(probe.provider.generate, account, request)
    except RequestRefused as refused:
        raise Undecided(f"{refused.reason}. {NEVER_UNLABELLED}") from None


def _renditions(capabilities: Capabilities) -> Iterator[Prompted]:
    """A text and a file: whether a rendition asks for the agreement depends on little else."""
    for among in (texts(capabilities), files(capabilities)):
        for service, media_type in among[:1]:
            yield Prompted(f"{media_type} by {UNLABELLED}", service, media_type, PLAIN)


@check(
    rules=("cn-labeling-2025/9.1",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE, Operation.FETCH),
    applies=(makes_anything, gives_unlabelled_rendition),
    cases=_renditions,
)
def unlabelled_rendition_needs_agreement(probe: Probe, case: Prompted) -> None:
    """The rendition without an explicit label is delivered only for content made under the agreement."""
    account = probe.fresh_account()
    plain = GenerationRequest(case.service, case.media_type, case.prompt)
    content, original = _made(probe, account, plain)
    answer = probe.attempt(probe.provider.fetch, account, content, UNLABELLED)
    if isinstance(answer, Refused) or answer.value.data == original.data:
        _agreed_rendition(probe, account, replace(plain, labelled=False, agreed=True))
        return
    if not is_text(case.media_type):
        raise NeedsReview(
            f"the rendition {UNLABELLED} of a {case.media_type} file was given without an agreement; a person has to"
            " check whether it shows a label"
        )
    text = decoded(answer.value)
    if not labels_of_its_own(text, case.prompt):
        raise Violation(f"the rendition {UNLABELLED} of a text was given without an agreement", excerpt(text))


@check(
    rules=("cn-labeling-2025/9.3",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE, Operation.FETCH),
    applies=(makes_anything, makes_files, gives_unlabelled_rendition),
    cases=lambda capabilities: [case for case in _renditions(capabilities) if not is_text(case.media_type)],
)
def unlabelled_rendition_keeps_implicit_label(probe: Probe, case: Prompted) -> None:
    """The rendition without an explicit label keeps the AIGC field in its metadata."""
    account = probe.account()
    request = GenerationRequest(case.service, case.media_type, case.prompt, labelled=False, agreed=True)
    must_express_unlabelled(probe, account, request)
    made, copy = _agreed_rendition(probe, account, request)
    probe.counts.shared += 1
    if not read_labels(made.data, media_type=made.media_type).aigc:
        raise NotJudged("the file itself holds no AIGC field that a rendition could keep")
    labels = read_labels(copy.data, media_type=copy.media_type)
    if not labels.aigc:
        refuse_to_guess(labels)
        seen = f"the rendition {UNLABELLED} has lost the AIGC field that the file itself holds"
        raise Violation(seen, *exhibits.carriers(labels, copy))


def _made(probe: Probe, account: Account, request: GenerationRequest) -> tuple[Content, Media]:
    content = probe.setup(probe.provider.generate, account, request)
    return content, probe.bytes_of(account, content)


def _agreed_rendition(probe: Probe, account: Account, request: GenerationRequest) -> tuple[Media, Media]:
    """What is made under the agreement, and its rendition without a label."""
    content, made = _agreed(probe, account, request)
    return made, probe.control(probe.provider.fetch, account, content, UNLABELLED)


def must_express_unlabelled(probe: Probe, account: Account, request: GenerationRequest) -> None:
    """Raise :class:`Undecided` where the binding cannot ask for a copy without label, or cannot say that one agreed."""
    for other, what in (
        (replace(request, labelled=True), "labelled"),
        (replace(request, agreed=not request.agreed), "agreed"),
    ):
        probe.must_differ(
            lambda provider: provider.generate(account, request),
            lambda provider, other=other: provider.generate(account, other),  # type: ignore[misc]
            f"whether a copy is {'to be labelled' if what == 'labelled' else 'requested under the agreement'}",
            write=f"`{{{{ request.{what} }}}}` under operations.generate",
        )
