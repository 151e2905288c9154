"""The label in a file's metadata: that it is there, what it says, in which form, and where."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from shenhe.labels import Deviation, Label, Labels, Weight, read_labels
from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import GenerationRequest
from ...evidence import exhibits
from ...provider import Capabilities, Operation
from ...verdict import Level
from ..faces import ON, faces, generated_file, is_small, number_of, with_faces
from ..outcome import NeedsReview, NotJudged, Violation
from ..prompted import PAIRS, Prompted, crossed, crossed_with_faces, drawn, file_prompts, refuse_to_guess
from ..registry import Property, check
from ..requests import PROMPTS
from ..scope import files, makes_anything, makes_files

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def _file_cases(capabilities: Capabilities) -> Iterator[Prompted]:
    for service, media_type in files(capabilities):
        yield from crossed(capabilities, service, media_type, file_prompts(capabilities, service, media_type))


def _all_faces(capabilities: Capabilities) -> Iterator[Prompted]:
    """Every file as it is made, and by every face that is more than a small picture of it."""
    for case in _as_handed_out(capabilities):
        if not is_small(case.face):
            yield case


def _as_handed_out(capabilities: Capabilities) -> Iterator[Prompted]:
    yield from _file_cases(capabilities)
    for service, media_type in files(capabilities):
        yield from with_faces(capabilities, Prompted(media_type, service, media_type, PROMPTS[0]))
        if capabilities.strength > PAIRS:
            prompts, among = (
                file_prompts(capabilities, service, media_type),
                list(faces(capabilities, service, media_type)),
            )
            yield from crossed_with_faces(capabilities, service, media_type, prompts, among)


def _fresh_from_the_producer(capabilities: Capabilities) -> Iterator[Prompted]:
    """Every file by the faces on which no platform has passed it on."""
    return (case for case in _all_faces(capabilities) if not case.face.startswith(ON))


def _drawn_files(capabilities: Capabilities) -> SearchStrategy[Prompted]:
    return drawn(files(capabilities))


def field_check(
    *rules: str,
    level: Level = Level.CORE,
    cases: Callable[[Capabilities], Iterator[Prompted]] = _all_faces,
    strategy: Callable[[Capabilities], SearchStrategy[Prompted]] | None = _drawn_files,
) -> Callable[[Property[Prompted]], Property[Prompted]]:
    """Register a check of what every generated file carries: each medium that is no text, by a few prompts and drawn
    ones.
    """
    return check(
        rules=rules,
        behaviour=Behaviour.LABELING,
        level=level,
        needs=(Operation.GENERATE,),
        applies=(makes_anything, makes_files),
        cases=cases,
        strategy=strategy,
        shares=True,
    )


@field_check("cn-labeling-2025/5.1", cases=_as_handed_out)
def file_carries_implicit_label(probe: Probe, case: Prompted) -> None:
    """Every generated file carries the AIGC field in its metadata."""
    made, labels = generated_file(probe, case)
    if not labels.aigc:
        refuse_to_guess(labels)
        others = ", ".join(sorted({label.scheme for label in labels.implicit})) or "no other mark either"
        seen = f"the {_named(case)} holds no AIGC field in its metadata ({others})"
        if is_small(case.face):
            reason = f"{seen}; a person has to say whether it is a separate file or part of the page that shows it"
            raise NeedsReview(reason, *exhibits.carriers(labels, made))
        raise Violation(seen, *exhibits.carriers(labels, made))


def _one_of_each_kind(capabilities: Capabilities) -> Iterator[Prompted]:
    """One picture, one sound and one film: whatever keeps files keeps those of a kind alike."""
    kinds: dict[str, Prompted] = {}
    for service, media_type in files(capabilities):
        kinds.setdefault(media_type.partition("/")[0], Prompted(media_type, service, media_type, PROMPTS[0]))
    yield from kinds.values()


@check(
    rules=("cn-labeling-2025/5.1",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, makes_files),
    cases=_one_of_each_kind,
)
def file_made_again_carries_implicit_label(probe: Probe, case: Prompted) -> None:
    """A file that is generated again, of the same prompt, carries the AIGC field in its metadata too."""
    probe.generated(case.service, case.media_type, case.prompt)
    made = probe.made(probe.account(), GenerationRequest(case.service, case.media_type, case.prompt))[1]
    labels = read_labels(made.data, media_type=made.media_type)
    if not labels.aigc:
        refuse_to_guess(labels)
        seen = f"the {case.media_type} file made again of the same prompt holds no AIGC field in its metadata"
        raise Violation(seen, *exhibits.carriers(labels, made))


@field_check("cn-dsp-2023/16.1", "eu-ai-act-50/50.2")
def file_is_marked_for_machines(probe: Probe, case: Prompted) -> None:
    """Every generated file carries a machine-readable mark: an AIGC field, C2PA or an IPTC source type."""
    made, labels = generated_file(probe, case)
    if not labels.implicit and b"c2pa" in made.data:
        labels = _credentialed(made.data, made.media_type)
    if not labels.implicit:
        refuse_to_guess(labels)
        raise Violation(f"the {_named(case)} carries no machine-readable mark", *exhibits.carriers(labels, made))


@field_check("cn-labeling-2025/gb-e.b")
def implicit_label_has_prescribed_form(probe: Probe, case: Prompted) -> None:
    """The AIGC field is a single JSON string with the keys of Annex E."""
    must_have_prescribed_form(_fields_of_file(probe, case))


def must_have_prescribed_form(labels: Iterable[Label]) -> None:
    """Raise :class:`Violation` for a field that is not one JSON string with the keys of Annex E."""
    for label in labels:
        broken = [
            deviation
            for deviation in label.breaks("gb-e.b")
            if deviation.weight is Weight.MUST
            and not (deviation is Deviation.NUMBER_FOR_STRING and only_label_is_a_number(label))
        ]
        if broken:
            raise Violation(" ".join(deviation.sentence for deviation in broken), exhibits.field(label))
        if not label.fields:
            raise Violation("the field holds none of the keys of Annex E where they belong", exhibits.field(label))


@field_check("cn-labeling-2025/gb-e.c")
def label_value_says_generated(probe: Probe, case: Prompted) -> None:
    """`Label` is the string "1" in a file that the provider itself generated."""
    for label in _readable_fields(probe, case):
        value = label.fields.get("Label", "")
        if value != "1":
            meaning = {"2": "may be AI-generated", "3": "suspected to be AI-generated"}.get(value, "nothing defined")
            raise Violation(f"Label is {value!r}, which says: {meaning}", exhibits.field(label))
        if only_label_is_a_number(label):
            raise Violation("Label is the number 1, but the string 1 is prescribed", exhibits.field(label))


@field_check("cn-labeling-2025/gb-e.content-producer")
def producer_is_named(probe: Probe, case: Prompted) -> None:
    """`ContentProducer` names the provider or gives its code."""
    for label in _readable_fields(probe, case):
        if not label.fields.get("ContentProducer", "").strip():
            raise Violation("ContentProducer is absent or empty", exhibits.field(label))


def _every_work(capabilities: Capabilities) -> Iterator[Prompted]:
    """Every file as it is made, and the further works of a batch."""
    yield from _file_cases(capabilities)
    for service, media_type in files(capabilities):
        among = with_faces(capabilities, Prompted(media_type, service, media_type, PROMPTS[0]))
        yield from (case for case in among if number_of(case.face) is not None)


@field_check("cn-labeling-2025/gb-e.produce-id", cases=_every_work, strategy=None)
def produce_id_is_unique(probe: Probe, case: Prompted) -> None:
    """`ProduceID` is present and differs between files, those of one batch included."""
    (first,) = _readable_fields(probe, case)[:1]
    number = first.fields.get("ProduceID", "").strip()
    if not number:
        raise Violation("ProduceID is absent or empty", exhibits.field(first))
    (second,) = _readable_fields(probe, _another_work(probe, case))[:1]
    if second.fields.get("ProduceID", "").strip() == number:
        raise Violation(f"two files carry the same ProduceID {number!r}", exhibits.field(first), exhibits.field(second))


def _another_work(probe: Probe, case: Prompted) -> Prompted:
    """The first work of the same batch, or a file of another prompt."""
    if case.face:
        return replace(case, face="")
    # All checks share the files of other prompts; a file whose prompt begins alike is made for the first medium only.
    first_medium = files(probe.capabilities)[0] == (case.service, case.media_type)
    if first_medium and case.prompt == probe.names.vary(PROMPTS[0]) and not case.options:
        return replace(case, prompt=f"{case.prompt} ({probe.names.token()})")
    return _of_another_prompt(probe, case)


def _of_another_prompt(probe: Probe, case: Prompted) -> Prompted:
    """Another listed case of the same medium, whose file is there already."""
    prompts = file_prompts(probe.capabilities, case.service, case.media_type)
    listed = crossed(probe.capabilities, case.service, case.media_type, prompts)
    among = (each.varied(probe.names.vary) for each in listed)
    return next(each for each in among if each.prompt != case.prompt)


@field_check("cn-labeling-2025/gb-e.propagator", cases=_fresh_from_the_producer)
def propagator_repeats_producer(probe: Probe, case: Prompted) -> None:
    """When the field is first written, its propagator values repeat the producer values."""
    for label in _readable_fields(probe, case):
        for ours, theirs in (("ContentProducer", "ContentPropagator"), ("ProduceID", "PropagateID")):
            if not label.fields.get(ours, "").strip():
                raise NotJudged(f"{ours} is empty, so there is no value to repeat")
            if label.fields.get(theirs, "") != label.fields[ours]:
                seen = label.fields.get(theirs)
                raise Violation(f"{theirs} is {seen!r}, {ours} is {label.fields[ours]!r}", exhibits.field(label))


@field_check("cn-labeling-2025/gb-e.j")
def field_characters_allowed(probe: Probe, case: Prompted) -> None:
    """The values of the AIGC field use only the characters 0x21, 0x23-0x5B and 0x5D-0x7E."""
    must_use_allowed_characters(_readable_fields(probe, case))


def must_use_allowed_characters(labels: Iterable[Label]) -> None:
    """Raise :class:`Violation` for a field with other characters."""
    for label in labels:
        if Deviation.ILLEGAL_CHARACTER in label.deviations:
            raise Violation(Deviation.ILLEGAL_CHARACTER.sentence, exhibits.field(label))


@field_check("cn-labeling-2025/provider-code")
def provider_code_is_well_formed(probe: Probe, case: Prompted) -> None:
    """A producer's code has the prescribed form and a valid check character."""
    must_have_valid_code(_readable_fields(probe, case))


def must_have_valid_code(labels: Iterable[Label]) -> None:
    """Raise :class:`Violation` for a producer's code that is malformed."""
    for label in labels:
        if not label.fields.get("ContentProducer", "").strip():
            raise NotJudged("no producer is named")
        broken = label.breaks("provider-code")
        if broken:
            seen = label.fields["ContentProducer"]
            raise Violation(f"{' '.join(d.sentence for d in broken)} The code is {seen!r}.", exhibits.field(label))


@field_check("cn-labeling-2025/gb-6.1.c")
def one_implicit_label_a_file(probe: Probe, case: Prompted) -> None:
    """A file holds exactly one implicit label."""
    must_be_one(_fields_of_file(probe, case))


def must_be_one(labels: tuple[Label, ...]) -> None:
    """Raise :class:`Violation` for a file with several fields."""
    if len(labels) > 1:
        carriers = ", ".join(label.carrier for label in labels)
        raise Violation(f"the file holds {len(labels)} AIGC fields ({carriers})", *map(exhibits.field, labels))


#: What leaves the field without the name by which a reader finds it.
_UNNAMED = frozenset({Deviation.FIELD_NAME_CASE, Deviation.NOT_WRAPPED})


@field_check("cn-labeling-2025/gb-e.a", level=Level.EXTENDED)
def field_is_named_aigc(probe: Probe, case: Prompted) -> None:
    """The name or keyword of the metadata field contains `AIGC` in this spelling."""
    must_be_named(_fields_of_file(probe, case))


def must_be_named(labels: Iterable[Label]) -> None:
    """Raise :class:`Violation` for a field whose name or keyword is another."""
    for label in labels:
        if broken := _UNNAMED & set(label.deviations):
            raise Violation(" ".join(sorted(deviation.sentence for deviation in broken)), exhibits.field(label))


@field_check("cn-labeling-2025/container", level=Level.EXTENDED)
def field_stands_in_its_place(probe: Probe, case: Prompted) -> None:
    """The metadata field is at the position that the practice guide prescribes for the format."""
    must_stand_in_place(_fields_of_file(probe, case))


def must_stand_in_place(labels: Iterable[Label]) -> None:
    """Raise :class:`Violation` for a field in another place than the one of its format."""
    for label in labels:
        if Deviation.UNUSUAL_PLACE in label.deviations:
            raise Violation(
                f"{Deviation.UNUSUAL_PLACE.sentence} It was found at {label.carrier}.", exhibits.field(label)
            )


def _named(case: Prompted) -> str:
    return f"{case.media_type} file {case.face}".rstrip()


# --- reading -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _credentialed(data: bytes, media_type: str) -> Labels:
    """Content credentials are read together with what takes a decoder: only where no other mark is found."""
    return read_labels(data, media_type=media_type, depth="all")


def _fields_of_file(probe: Probe, case: Prompted) -> tuple[Label, ...]:
    """The AIGC fields of what was generated, at least one."""
    _, labels = generated_file(probe, case)
    if not labels.aigc:
        raise NotJudged("the file holds no AIGC field to be judged")
    return labels.aigc


def _readable_fields(probe: Probe, case: Prompted) -> tuple[Label, ...]:
    """The AIGC fields of generated files, with keys that could be separated."""
    labels = _fields_of_file(probe, case)
    if not all(label.fields for label in labels):
        raise NotJudged("the AIGC field does not have the prescribed form, so its values cannot be read")
    return labels


def only_label_is_a_number(label: Label) -> bool:
    """Whether ``Label`` alone is a JSON number: that is a matter of its value (E c), not of the form (E b)."""
    if Deviation.NUMBER_FOR_STRING not in label.deviations:
        return False
    try:
        field = json.loads(label.raw)
    except ValueError:
        return False
    field = field.get("AIGC", field) if isinstance(field, dict) else {}
    return isinstance(field, dict) and [key for key, value in field.items() if isinstance(value, int | float)] == [
        "Label"
    ]
