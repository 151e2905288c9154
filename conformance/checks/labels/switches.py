"""Labels cannot be switched off by a field that the target's own responses name."""

from __future__ import annotations

from collections.abc import Iterator

from shenhe.labels import read_labels
from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import GenerationRequest, Media
from ...provider import Capabilities, Operation, Refused
from ...verdict import Level
from ..outcome import Violation
from ..prompted import Prompted, decoded, excerpt, labels_of_its_own
from ..registry import check
from ..requests import PROMPTS
from ..responses.own_fields import switches_of_labels
from ..scope import files, labels_texts_themselves, makes_anything, makes_files, makes_text, texts


def _first_text(capabilities: Capabilities) -> Iterator[Prompted]:
    for service, media_type in texts(capabilities)[:1]:
        yield Prompted(media_type, service, media_type, PROMPTS[0])


def _first_file(capabilities: Capabilities) -> Iterator[Prompted]:
    for service, media_type in files(capabilities)[:1]:
        yield Prompted(media_type, service, media_type, PROMPTS[0])


def _switched_off(probe: Probe, case: Prompted) -> tuple[Media, Media, str] | None:
    """What a request makes plainly and with the switches; ``None`` where no response names a switch, or the provider
    refuses them.
    """
    _, plain = probe.generated(case.service, case.media_type, case.prompt)
    switches = switches_of_labels(probe.recorded)
    probe.counts.shared += 1
    if not switches:
        return None
    asked = probe.claiming({}, {}, switches)
    account, request = probe.account(), GenerationRequest(case.service, case.media_type, case.prompt)
    answer = probe.attempt(asked.generate, account, request)
    if isinstance(answer, Refused):
        return None
    named = ", ".join(f"{name}: {str(value).lower()}" for name, value in switches.items())
    return plain, probe.bytes_of(account, answer.value), named


@check(
    rules=("cn-labeling-2025/4.1.1",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, makes_text, labels_texts_themselves),
    cases=_first_text,
)
def text_label_cannot_be_switched_off(probe: Probe, case: Prompted) -> None:
    """Sending back a response field switched off does not remove the label of a text."""
    made = _switched_off(probe, case)
    if made is None:
        return
    plain, bare, switches = made
    text = decoded(bare)
    if labels_of_its_own(decoded(plain), case.prompt) and not labels_of_its_own(text, case.prompt):
        raise Violation(f"with {switches} in the request, the text carries no label", excerpt(text))


@check(
    rules=("cn-labeling-2025/5.1",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, makes_files),
    cases=_first_file,
)
def file_label_cannot_be_switched_off(probe: Probe, case: Prompted) -> None:
    """Sending back a response field switched off does not remove the label from a file's metadata."""
    made = _switched_off(probe, case)
    if made is None:
        return
    plain, bare, switches = made
    if _is_marked(plain) and not _is_marked(bare):
        raise Violation(f"with {switches} in the request, the file holds no AIGC field in its metadata")


def _is_marked(made: Media) -> bool:
    return bool(read_labels(made.data, media_type=made.media_type).aigc)
