"""Platforms: what the public learns about content that others bring, and what the platform adds to its metadata.

Art. 6 of the Labeling Measures knows three cases: the metadata say that content is generated ("is"), the user
declares it ("may be"), or other traces are found ("suspected"). The control of each is an upload without any
of these: a platform that says the same of everything has shown nothing by saying it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from shenhe.labels import Label, Labels, read_labels
from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Media
from ...evidence import exhibits
from ...provider import Capabilities, Operation, Refused
from ...report import Evidence
from ...verdict import Level
from ..faces import is_small
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..own_files import own_file, uploadable
from ..pages import Moment, informed_before, uninformed
from ..prompted import refuse_to_guess
from ..registry import Property, check
from ..scope import is_text, publishes, returns_files, takes_uploads
from . import implicit
from .propagation import (
    ELSEWHERE,
    IS,
    MAY_BE,
    ONCE_MORE,
    SUSPECTED,
    WORDS,
    Brought,
    Journey,
    brought,
    journey_of,
    must_be_told,
    passed_on,
    propagates,
    tier,
)
from .traces import traced

_A_MONTH = 30 * 24.0


def journey_check(
    *rules: str, cases: Callable[[Capabilities], Iterator[Brought]]
) -> Callable[[Property[Brought]], Property[Brought]]:
    """Register a check of what becomes of files that are uploaded and published."""
    return check(
        rules=rules,
        behaviour=Behaviour.LABELING,
        level=Level.EXTENDED,
        needs=(Operation.UPLOAD, Operation.PUBLISH, Operation.VIEW),
        applies=(propagates, publishes, takes_uploads),
        cases=cases,
    )


def _saying(*values: str, files_only: bool = False) -> Callable[[Capabilities], Iterator[Brought]]:
    """The files whose metadata say one of these; ``""``: those that are declared only, texts among them."""

    def cases(capabilities: Capabilities) -> Iterator[Brought]:
        for case in brought(capabilities):
            if case.value in values and not (files_only and is_text(case.media_type)):
                yield case

    return cases


def _can_declare(probe: Probe, file: Media) -> None:
    """Raise :class:`Undecided` where the binding cannot say that an upload is declared to be generated."""
    probe.must_differ(
        lambda provider: provider.upload(None, file, True),
        lambda provider: provider.upload(None, file, False),
        "that an upload is declared to be generated",
        write="`{{ declared }}` under operations.upload",
    )


# --- the three cases -----------------------------------------------------------------------------------------


@journey_check("cn-labeling-2025/6.1.1", cases=_saying(IS))
def upload_with_metadata_is_called_generated(probe: Probe, case: Brought) -> None:
    """An upload whose metadata declares it AI-generated is shown as AI-generated, wherever it is seen."""
    must_be_told(probe, journey_of(probe, case), (IS,), "the metadata say that the file is generated")
    if case == _first_generated(probe.capabilities)[0] and _has_clock(probe.capabilities) is None:
        _seen_early(probe, case)


def _first_generated(capabilities: Capabilities) -> list[Brought]:
    return list(_saying(IS)(capabilities))[:1]


def _has_clock(capabilities: Capabilities) -> Absent | None:
    if Operation.ADVANCE_CLOCK in capabilities.operations:
        return None
    return Absent("the binding has no operation advance_clock, and a month cannot be waited for", elsewhere=True)


@check(
    rules=("cn-labeling-2025/6.1.1",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.UPLOAD, Operation.PUBLISH, Operation.VIEW),
    applies=(propagates, publishes, takes_uploads, _has_clock),
    cases=lambda capabilities: _first_generated(capabilities),
    waits=True,
    ambient=True,
)
def notice_stays(probe: Probe, case: Brought) -> None:
    """The notice beside an upload that is AI-generated is still there a month later."""
    journey, passed = _seen_early(probe, case)
    told = [face for face, words in journey.notices(probe) if tier(words) == IS]
    face = next((each for each in told if not each.step and not each.signed_in), None)
    if face is None or journey.publication is None:
        raise NotJudged("no surface shows the notice")
    left = _A_MONTH - (probe.session.passed - passed)
    if left > 0:
        probe.wait("for a month to pass", left)
    later = probe.observe(probe.provider.view, None, journey.publication, face.surface)
    if isinstance(later, Refused):
        raise NotJudged(f"the upload is not shown a month later: {later.status} {later.reason}")
    words = " ".join(later.value.notices)
    if tier(words) != IS:
        read = f"reads {words[:160]!r}" if words else "sees no notice"
        raise Violation(f"a month later, the public {read}, although the notice was there before ({face})")


def _seen_early(probe: Probe, case: Brought) -> tuple[Journey, float]:
    """A journey that is not forgotten when time passes, and the hours that had passed when it was made."""
    return probe.once(
        "a notice to look at again", lambda: (journey_of(probe, case), probe.session.passed), lasting=True
    )


@journey_check("cn-labeling-2025/6.1.2", cases=_saying(""))
def declared_upload_is_called_possible(probe: Probe, case: Brought) -> None:
    """An upload without metadata that its user declares is shown as possibly AI-generated, wherever it is seen."""
    journey = journey_of(probe, case)
    _can_declare(probe, journey.sent)
    must_be_told(probe, journey, (MAY_BE,), "the user declares the file to be generated")


@journey_check("cn-labeling-2025/6.1.3", cases=_saying(MAY_BE, SUSPECTED))
def weaker_labels_are_told(probe: Probe, case: Brought) -> None:
    """An upload whose metadata says that it may be, or is suspected to be, AI-generated is not shown without notice."""
    why = f"the metadata say that the file {WORDS[case.value]}"
    must_be_told(probe, journey_of(probe, case), (SUSPECTED, MAY_BE, IS), why)


# --- what it offers and adds ---------------------------------------------------------------------------------


@check(
    rules=("cn-labeling-2025/6.1.4",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.UPLOAD,),
    applies=(propagates, takes_uploads),
    cases=lambda capabilities: [Case(media_type) for media_type in uploadable(capabilities)],
)
def uploader_is_reminded_to_declare(probe: Probe, case: Case) -> None:
    """Uploaders can declare generated content and are reminded to do so."""
    account, file = probe.account(), own_file(case.facet, probe.names.colour())
    _can_declare(probe, file)
    reminded = informed_before(probe, Moment.UPLOAD, _reminds)
    answer = probe.attempt(probe.provider.upload, account, file, False)
    if isinstance(answer, Refused):
        raise NotJudged(f"the upload was refused: {answer.status} {answer.reason}")
    notice = answer.notice
    if not reminded and not _reminds(notice):
        probe.must_read(Operation.UPLOAD, "notice", "the notice to an uploader", media_type=file.media_type)
        shown = f"sees the notice {notice[:160]!r}" if notice else "gets no notice"
        reason = f"an uploader {shown}, which is no reminder to declare generated content"
        raise uninformed(probe, Moment.UPLOAD, reason)
    declared = probe.attempt(probe.provider.upload, account, own_file(case.facet, probe.names.colour()), True)
    if isinstance(declared, Refused):
        raise NeedsReview(
            "a file is accepted, and one like it that its user declares is refused"
            f" ({declared.status} {declared.reason}); a person has to say whether the platform takes generated content"
            " of this type at all"
        )
    probe.counts.controls += 1


def _reminds(words: str) -> bool:
    return bool(re.search(r"声明|申报|declare|disclose", words, re.IGNORECASE))


def _with_or_without_traces(capabilities: Capabilities) -> Iterator[Case]:
    yield from (case for case in brought(capabilities) if not is_text(case.media_type))
    yield Case("traces")


@check(
    rules=("cn-labeling-2025/6.2",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.UPLOAD,),
    applies=(propagates, takes_uploads, returns_files),
    cases=_with_or_without_traces,
)
def platform_adds_itself_to_metadata(probe: Probe, case: Case) -> None:
    """The platform adds the category, its own name or code and a content number to the metadata of labelled, declared
    and suspected uploads.
    """
    if not isinstance(case, Brought):
        _suspected_files_say_so(probe)
        return
    journey = journey_of(probe, case)
    if not case.value:
        _can_declare(probe, journey.sent)
    _, labels = passed_on(probe, journey)
    if not labels.aigc:
        if not case.value:
            raise Violation("the file was declared AI-generated, but its metadata do not say so")
        raise NotJudged("the file has lost its metadata")
    _is_had_again(probe, journey)
    label = next((each for each in labels.aigc if each.fields.get("ContentPropagator") != ELSEWHERE), labels.aigc[0])
    _names_the_platform(label, journey)
    expected = (IS,) if case.value == IS else (MAY_BE,) if not case.value else (IS, MAY_BE, SUSPECTED)
    if label.fields.get("Label") not in expected:
        raise Violation(
            f"Label is {label.fields.get('Label')!r} in a file that {WORDS[expected[0]]}", exhibits.field(label)
        )
    _numbers_differ(probe, case, label)
    _names_agree(probe, case, label)


def _is_had_again(probe: Probe, journey: Journey) -> None:
    """A second download still contains the fields that the platform added."""
    for face, file in journey.files(probe):
        if face.step == ONCE_MORE and not is_small(face.surface):
            labels = read_labels(file.data, media_type=file.media_type)
            if not any(each.fields.get("ContentPropagator") not in (ELSEWHERE, None) for each in labels.aigc):
                raise Violation(f"the file that the platform hands out a second time lacks what it added ({face})")


def _names_agree(probe: Probe, case: Brought, label: Label) -> None:
    """Files that came with a field and files that the platform gave one name the same platform."""
    others = [each for each in brought(probe.capabilities) if not is_text(each.media_type)]
    other = next((each for each in others if bool(each.value) != bool(case.value)), None)
    if other is None:
        return
    try:
        _, labels = passed_on(probe, journey_of(probe, other))
    except (NotJudged, Undecided):
        return
    own = label.fields.get("ContentPropagator", "")
    named = {each.fields.get("ContentPropagator", "").strip() for each in labels.aigc} - {"", ELSEWHERE}
    if named and own not in named:
        raise NeedsReview(
            f"the platform is {own!r} in this file and {', '.join(map(repr, sorted(named)))} in another: a person"
            " has to say which is its own name or code",
            exhibits.field(label),
        )


def _numbers_differ(probe: Probe, case: Brought, label: Label) -> None:
    """Another file has another content number."""
    other = next(each for each in brought(probe.capabilities) if each != case and not is_text(each.media_type))
    _, labels = passed_on(probe, journey_of(probe, other))
    number = label.fields["PropagateID"]
    if any(each.fields.get("PropagateID") == number for each in labels.aigc):
        raise Violation(f"two files carry the same PropagateID {number!r}", exhibits.field(label))


def _names_the_platform(label: Label, journey: Journey) -> None:
    raw = exhibits.field(label)
    propagator, number = (label.fields.get(key, "").strip() for key in ("ContentPropagator", "PropagateID"))
    if not propagator or not number:
        raise Violation("the metadata lack the propagator's name or content number", raw)
    before = journey.before
    if propagator == ELSEWHERE or (before is not None and number == before.produce_id):
        raise Violation("the platform did not replace the propagator of the uploaded file", raw)


def _suspected_files_say_so(probe: Probe) -> None:
    """Where the public reads that a file is suspected, its metadata say so too."""
    suspected = [
        each for each in traced(probe) if each.notice_tier == SUSPECTED and not is_text(each.journey.sent.media_type)
    ]
    if not suspected:
        raise NotJudged("no file with metadata is shown as suspected")
    for each in suspected:
        # What the uploader gets back may be the file as it came; the law speaks of what the platform passes on.
        _, labels = passed_on(probe, each.journey)
        if not labels.aigc:
            raise Violation(f"a file with {each.trace} is shown as suspected, but its metadata do not say so")
        _names_the_platform(labels.aigc[0], each.journey)
        if all(label.fields.get("Label") != SUSPECTED for label in labels.aigc):
            raise Violation(
                f"a file with {each.trace} is shown as suspected, and its Label is"
                f" {labels.aigc[0].fields.get('Label')!r}",
                exhibits.field(labels.aigc[0]),
            )


# --- what it leaves alone ------------------------------------------------------------------------------------


@journey_check(
    "cn-dsp-2023/18", "cn-labeling-2025/10.2", "us-states/ca-sb942.platform", cases=_saying(IS, MAY_BE, SUSPECTED)
)
def labels_outlive_reposts_and_downloads(probe: Probe, case: Brought) -> None:
    """The producer's part of a label is the same on every surface, in every repost, with and without an account."""
    journey = journey_of(probe, case)
    small_without, judged = [], 0
    for face, file in journey.files(probe):
        labels = read_labels(file.data, media_type=file.media_type)
        if is_small(face.surface):
            small_without += [] if labels.implicit or labels.explicit else [str(face)]
            continue
        refuse_to_guess(labels)
        judged += 1
        _must_be_the_producers(journey, labels, face)
    if small_without:
        raise NeedsReview(
            f"a small picture of a labelled file carries no label ({'; '.join(small_without)}); a person has to say"
            " whether it is a separate file or part of the page that shows it"
        )
    if not judged:
        raise NotJudged("no surface returns the file")


def _must_be_the_producers(journey: Journey, labels: Labels, face: object) -> None:
    assert journey.before is not None  # noqa: S101 - cases without a label are not among them
    sent = journey.before.as_dict()
    if not labels.aigc:
        before = Evidence(title="The field as uploaded", data=journey.before.json())
        raise Violation(f"the file was uploaded with an AIGC field but returned without one ({face})", before)
    if not any(
        all(label.fields.get(key) == sent[key] for key in ("ContentProducer", "ProduceID", "ReservedCode1"))
        for label in labels.aigc
    ):
        now = labels.aigc[0].fields
        differs = "; ".join(
            f"{key} was {sent[key]!r} and is {now[key][:120]!r}" if key in now else f"{key} is missing"
            for key in ("ContentProducer", "ProduceID", "ReservedCode1")
            if now.get(key) != sent[key]
        )
        raise Violation(
            f"the producer's name, number or protection differs from the uploaded one ({face}): {differs}",
            exhibits.field(labels.aigc[0]),
        )


# --- the form of what it writes ------------------------------------------------------------------------------

#: Files in which the platform writes its own field, and those in which it changes one.
_DECLARED, _ALL = _saying("", files_only=True), _saying("", IS, MAY_BE, SUSPECTED, files_only=True)


def _written(probe: Probe, case: Brought) -> tuple[Label, ...]:
    """The fields of a file that the platform passes on, at least one."""
    _, labels = passed_on(probe, journey_of(probe, case))
    if not labels.aigc:
        raise NotJudged("the file carries no AIGC field to be judged")
    return labels.aigc


@journey_check("cn-labeling-2025/gb-6.1.c", cases=_ALL)
def platform_keeps_one_label_a_file(probe: Probe, case: Brought) -> None:
    """A file that the platform passes on holds exactly one implicit label."""
    implicit.must_be_one(_written(probe, case))


@journey_check("cn-labeling-2025/gb-e.a", cases=_DECLARED)
def platform_names_its_field_aigc(probe: Probe, case: Brought) -> None:
    """The name or keyword of a field that the platform writes contains `AIGC` in this spelling."""
    implicit.must_be_named(_written(probe, case))


@journey_check("cn-labeling-2025/gb-e.b", cases=_DECLARED)
def platform_writes_the_prescribed_form(probe: Probe, case: Brought) -> None:
    """A field that the platform writes is a single JSON string with the keys of Annex E."""
    implicit.must_have_prescribed_form(_written(probe, case))


@journey_check("cn-labeling-2025/gb-e.c", cases=_DECLARED)
def platform_writes_value_as_string(probe: Probe, case: Brought) -> None:
    """`Label` is one of the strings "1", "2" and "3" in a field that the platform writes."""
    for label in _written(probe, case):
        value = label.fields.get("Label", "")
        if label.fields and (value not in WORDS or implicit.only_label_is_a_number(label)):
            raise Violation(f"Label is {value!r}, and not one of the strings 1, 2 and 3", exhibits.field(label))


@journey_check("cn-labeling-2025/gb-e.j", cases=_DECLARED)
def platform_writes_allowed_characters(probe: Probe, case: Brought) -> None:
    """The values of a field that the platform writes use only the characters 0x21, 0x23-0x5B and 0x5D-0x7E."""
    implicit.must_use_allowed_characters(_written(probe, case))


@journey_check("cn-labeling-2025/provider-code", cases=_DECLARED)
def platform_code_is_well_formed(probe: Probe, case: Brought) -> None:
    """A code that the platform writes has the prescribed form and a valid check character."""
    implicit.must_have_valid_code(_written(probe, case))


@journey_check("cn-labeling-2025/container", cases=_DECLARED)
def platform_writes_to_the_prescribed_place(probe: Probe, case: Brought) -> None:
    """A field that the platform writes is at the position that the practice guide prescribes for the format."""
    implicit.must_stand_in_place(_written(probe, case))
